/* Ten thousand whole nodes: they find together, and what a few of them say is with everybody. */
#include "tests/sim/scenarios/scenarios.h"

enum {
    SPEAKERS = 3,
    AT_ONCE = 50,     /* start together */
    WHOLE_CYCLES = 6, /* from the last start */
};

static bool all_have(const struct world *world, const struct peer *speaker, const struct peer *b)
{
    (void)b;
    for (size_t i = 0; i < world->peer_count; i++)
        if (!has_all_of(world, world->peers[i], speaker))
            return false;
    return true;
}

void crowd(struct world *world)
{
    size_t count = world->peer_count;
    world->beacons = false;
    world->silent = true;
    for (uint32_t i = 0; i < count; i++) {
        const struct peer *whom = i ? world_peer(world, (uint32_t)world_chance(world, i)) : NULL;
        start_knowing(world, world_peer(world, i), whom);
        if (i % AT_ONCE == 0)
            wait_ms(world, 20);
    }
    world->joined_ms = until(world, is_connected, NULL, NULL, WHOLE_CYCLES, "one mesh");
    for (uint32_t i = 0; i < SPEAKERS; i++) {
        struct peer *speaker = world_peer(world, (uint32_t)world_chance(world, count));
        says(world, speaker);
        until(world, all_have, speaker, NULL, 1, "everybody has it");
    }
}
