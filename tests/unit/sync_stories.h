#pragma once
/* What the tests of sync share. */
#include "tests/sim/signer_fake.h"
#include "tests/sim/sync_world.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT = 100 };

/* All bytes that were ever sent. */
static inline uint64_t wire(const struct world *world)
{
    uint64_t bytes = 0;
    for (size_t a = 0; a < world->count; a++)
        for (size_t b = 0; b < world->count; b++)
            bytes += world->bytes[a][b];
    return bytes;
}

static inline struct world *world_of(size_t nodes)
{
    return world_new(nodes, &signer_fake, 500);
}

/* The signature is spoilt: everything else about the entry is as it should be. */
static inline struct entry *spoilt(const struct world *world, struct entry *entry)
{
    struct signature signature = entry_signature(entry);
    signature.bytes[3] ^= 1;
    struct entry *bad;
    assert_int_equal(entry_read(entry_bytes(entry), &signature, &world->settings.net,
                                world->settings.codec, &bad),
                     ENTRY_FINE);
    entry_drop(entry);
    return bad;
}

/* A log whose entries from `from` to `to` are signed badly. */
static inline void fill_spoilt(struct world *world, size_t node, const struct identity *author,
                               size_t count, size_t from, size_t to)
{
    struct entry_tip tip = {.epoch = world_epoch(1)};
    for (size_t i = 1; i <= count; i++) {
        struct entry *entry = world_entry(world, author, &tip, TEXT, WORLD_START - 4000000 + i);
        if (i >= from && i <= to)
            entry = spoilt(world, entry);
        tip = entry_tip(entry);
        world_put(world, node, entry);
        entry_drop(entry);
    }
}

/* `a` and `b` hold two logs of one epoch that are the same up to `common`. */
static inline void fill_fork(struct world *world, size_t a, size_t b, const struct identity *author,
                             size_t common, size_t more_a, size_t more_b)
{
    struct entry_tip tip = {.epoch = world_epoch(1)}, other;
    for (size_t i = 0; i < common; i++) {
        struct entry *entry = world_entry(world, author, &tip, TEXT, WORLD_START - 9000000 + i);
        tip = entry_tip(entry);
        world_put(world, a, entry);
        world_put(world, b, entry);
        entry_drop(entry);
    }
    other = tip;
    if (more_a)
        world_fill(world, a, author, 1, more_a, TEXT, &tip);
    if (more_b)
        world_fill(world, b, author, 1, more_b, TEXT + 1, &other);
}
