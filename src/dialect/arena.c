/* Memory for one message. */
#include "dialect/arena.h"

#include "base/alloc.h"

#include <stdlib.h>

struct arena_block {
    struct arena_block *next;
    _Alignas(max_align_t) uint8_t bytes[];
};

static void *take(void *arena, size_t size)
{
    return arena_take(arena, size);
}

static void keep(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

void arena_init(struct arena *arena, size_t budget)
{
    arena->at = arena->first;
    arena->left = sizeof arena->first;
    arena->budget = budget;
    arena->blocks = NULL;
    arena->allocator = (ProtobufCAllocator){take, keep, arena};
}

void arena_done(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
}

void *arena_take(struct arena *arena, size_t size)
{
    const size_t unit = _Alignof(max_align_t);
    if (size > arena->left + arena->budget)
        return NULL;
    size = (size + unit - 1) / unit * unit;
    if (size > arena->left) {
        size_t larger = size > ARENA_BLOCK ? size : ARENA_BLOCK;
        if (larger > arena->budget)
            return NULL;
        struct arena_block *block = xmalloc(sizeof *block + larger);
        block->next = arena->blocks;
        arena->blocks = block;
        arena->budget -= larger;
        arena->at = block->bytes;
        arena->left = larger;
    }
    void *memory = arena->at;
    arena->at += size;
    arena->left -= size;
    return memory;
}
