#pragma once
/* Bytes made rows: what may stand in a file that somebody, or a bad disk, has written. */
#include "core/entry.h"
#include "store/store_parts.h"

enum {
    ROWS_PEOPLE = 3, /* the first is ourselves */
    ROWS_EPOCHS = 2,
    ROWS_ENTRIES = 4, /* of each log */
};

/* Whom and what the rows speak of, when they speak of what there is. */
struct rows_world {
    struct hash net;
    struct identity people[ROWS_PEOPLE];
    struct entry *entries[ROWS_PEOPLE][ROWS_EPOCHS][ROWS_ENTRIES];
};

extern struct rows_world rows_world;

/* Once. */
void rows_world_init(void);
struct epoch_id rows_epoch(size_t which);
/* A conversation, or what is none; some are ours with guests. */
const char *rows_conversation(uint8_t which);

/* Puts rows into the tables as the bytes say, until they end or say that they do; how many of them
 * were taken. Each is right but for what the bytes change in it. */
size_t rows_put(sqlite3 *handle, const uint8_t *bytes, size_t size);
/* A small history that is as it should be: what the bytes then put beside it, or in its place, is
 * reached by all who read. */
void rows_put_right(sqlite3 *handle);
/* Tables as of a file that was just made. */
void rows_clear(sqlite3 *handle);
