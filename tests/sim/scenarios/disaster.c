/* Four of five vanish at once, while people talk: whatever any of the others has, all of them have
 * soon. */
#include "tests/sim/scenarios/scenarios.h"

enum {
    LIVE_ON = 5,      /* one of so many */
    LINES = 20,       /* before, and as many right after */
    CYCLES_TO_ALL = 4 /* until every entry is everywhere */
};

static struct peer *anyone(struct world *world)
{
    struct peer *peer;
    do {
        peer = world_peer(world, (uint32_t)world_chance(world, world->peer_count));
    } while (!peer->alive);
    return peer;
}

static bool is_one_again(const struct world *world, const struct peer *a, const struct peer *b)
{
    return is_connected(world, a, b) && is_converged(world, a, b);
}

void disaster(struct world *world)
{
    size_t count = world->peer_count;
    world->beacons = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct peer *whom = i ? world_peer(world, (uint32_t)world_chance(world, i)) : NULL;
        start_knowing(world, world_peer(world, i), whom);
        if (i % 8 == 0)
            wait_ms(world, 20);
    }
    wait_ms(world, 60000);
    until(world, is_connected, NULL, NULL, 6, "one mesh");
    for (size_t i = 0; i < LINES; i++)
        says(world, anyone(world));
    wait_ms(world, world_chance(world, 30)); /* some are on their way */
    for (uint32_t i = 0; i < count; i++)
        if (i % LIVE_ON) {
            peer_crash(world, world_peer(world, i));
            world->faults++;
        }
    for (size_t i = 0; i < LINES; i++)
        says(world, anyone(world));
    until(world, is_one_again, NULL, NULL, CYCLES_TO_ALL, "everything is everywhere");
    all_is_well(world);
}
