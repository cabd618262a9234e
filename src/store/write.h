#pragma once
/* One transaction: the logs that it touches, read once and written once, and what it adds. */
#include "store/words.h"

/* A row of `logs`, as it will be. */
struct held_log {
    UT_hash_handle hh;
    struct {
        struct id author;
        struct epoch_id epoch;
    } key;
    uint64_t row;
    uint64_t author; /* its row */
    uint64_t low, high, floor;
    struct hash head;
    uint64_t head_hlc;
    uint64_t lowest, oldest_hlc, top; /* of all that is stored */
    uint64_t entries, bytes;
    struct node_trail trail;
    uint64_t fork; /* the seq of one; 0: none */
    bool changed;  /* in this batch */
};

/* Logs that are held from one batch to the next, so that a busy one is not read each time: with
 * more, all are forgotten. 400 KB. */
enum { HELD_MOST = 1024 };

struct batch {
    struct db *db;
    uint64_t wall_ms;
    struct held_log *logs;
    uint64_t highest_place; /* of all; 0: not known yet */
    uint64_t indexed;       /* as in struct store */
    uint64_t waiting;
    struct word_changes words;
    char conversation[NODE_CONVERSATION_MAX + 1]; /* the last one asked for, */
    uint64_t conversation_row;                    /* and its row; 0: none yet */
};

/* One row of `entries`. */
struct stored {
    uint64_t id; /* 0: there is none */
    uint64_t seq;
    uint64_t key, start;
    uint64_t conversation, place; /* 0: none */
    struct span bytes;            /* the signed ones, then the signature */
    struct span opened;
    struct entry_fields fields;
    void *owned;
};

/* ---- logs and entries (batch.c) ---- */

/* The log; NULL where there is none, or on a fault. */
struct held_log *batch_log(struct batch *batch, const struct id *author,
                           const struct epoch_id *epoch);
/* The same, made where there is none. */
struct held_log *batch_log_make(struct batch *batch, const struct id *author,
                                const struct epoch_id *epoch);
/* As if it had never been; its entries are gone already. */
void batch_log_drop(struct batch *batch, struct held_log *log);
/* Writes what changed. */
void batch_flush(struct batch *batch);
void held_free(struct held_log *logs);
/* A place for an entry of this key that none has: near the key, above it. */
uint64_t batch_place(struct batch *batch, uint64_t key, const struct hash *hash);
uint64_t batch_conversation(struct batch *batch, const char *name);

/* The entry at `seq`, or the lowest from there on. */
void stored_get(struct batch *batch, const struct held_log *log, uint64_t seq, bool or_above,
                struct stored *into);
void stored_done(struct stored *stored);
/* Takes it out of its log and everything. */
void stored_drop(struct batch *batch, struct held_log *log, const struct stored *stored);
/* Takes it off the screen and out of the search. */
void stored_hide(struct batch *batch, const struct held_log *log, const struct stored *stored);
/* Gives the entry in row `id` its line on the screen, and with a place in the search. */
struct store_line {
    uint64_t id;
    uint64_t conversation;
    uint64_t place;
    struct order order;
    struct span text;
    struct span guest;
};
void line_add(struct batch *batch, const struct held_log *log, const struct store_line *line);

/* ---- the search (index.c) ---- */

/* What waits is weighed by its bytes, and so much more for each row. */
enum { INDEX_ROW = 64 };
/* The row up to which `texts` has all. */
uint64_t index_end(struct db *db);
/* What waits comes into it, as much as `most` weighs. */
void batch_index(struct batch *batch, uint64_t most);

/* ---- what is written ---- */

/* *held: for each, whether it was there; NULL: none was. For free(). (entries.c) */
void entries_store(struct batch *batch, const struct node_effect *effect, bool **held);
void fork_store(struct batch *batch, const struct sync_effect *effect);
void opened_store(struct batch *batch, const struct node_effect *effect);
void trim_store(struct batch *batch, const struct retention_trim *trim,
                struct node_event *answer);                             /* trim.c */
void note_store(struct batch *batch, const struct node_effect *effect); /* notes.c */
void self_name_store(struct db *db, struct span name);
void keep_store(struct batch *batch, const struct store_keep *keep);
void local_store(struct db *db, const struct node_local *line, uint64_t since); /* local.c */
void owed_store(struct db *db, const struct node_owed *owed);
void owed_drop(struct db *db, const struct node_owed *owed);
