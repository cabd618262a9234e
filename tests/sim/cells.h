#pragma once
/* A small sorted table of values under keys of bytes, cheap to copy whole: copies share what they
 * hold. For everything a disk keeps that is no entry. */
#include <stddef.h>
#include <stdint.h>

struct cell {
    uint32_t references;
    uint32_t key_size;
    void *value; /* one block of memory */
    uint8_t key[];
};

struct cells {
    struct cell **list; /* in order of key */
    size_t count;
    size_t room;
};

/* In place of what was under that key. TAKES value. */
void cells_put(struct cells *cells, const void *key, size_t size, void *value);
/* NULL where nothing is under that key. */
void *cells_get(const struct cells *cells, const void *key, size_t size);
void cells_copy(struct cells *into, const struct cells *from);
void cells_done(struct cells *cells);
