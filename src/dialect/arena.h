#pragma once
/* Memory for one message: taken piece by piece, given back all at once, never more than its budget.
 * protobuf-c decodes into it, so that no frame can make it allocate without bound. */
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ARENA_FIRST = 1024, /* inside the arena itself: most frames need no more */
    ARENA_BLOCK = 16384,
};

struct arena_block;

struct arena {
    uint8_t *at; /* the next free byte of the newest block */
    size_t left; /* bytes free there */
    size_t budget;
    struct arena_block *blocks;
    ProtobufCAllocator allocator; /* takes from this arena; its free does nothing */
    _Alignas(max_align_t) uint8_t first[ARENA_FIRST];
};

/* An arena must not be moved afterwards. `budget` counts what comes besides the first bytes. */
void arena_init(struct arena *arena, size_t budget);
void arena_done(struct arena *arena);
/* Fit for any type, not cleared; NULL where the budget is spent. */
void *arena_take(struct arena *arena, size_t size);
