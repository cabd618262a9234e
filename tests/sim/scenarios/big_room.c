/* A room of hundreds: many talk, some come and go, everyone has everything. */
#include "tests/sim/scenarios/scenarios.h"

enum { LINES = 60 };

void big_room(struct world *world)
{
    size_t count = world->peer_count;
    world->beacons = false;
    world->net.whole = true;
    for (uint32_t i = 0; i < count; i++) {
        const struct peer *whom = i ? world_peer(world, (uint32_t)world_chance(world, i)) : NULL;
        start_knowing(world, world_peer(world, i), whom);
        if (i % 8 == 0)
            wait_ms(world, 20);
    }
    wait_ms(world, 30000);
    until(world, is_connected, NULL, NULL, 6, "one mesh");
    for (size_t i = 0; i < LINES; i++) {
        uint32_t who = (uint32_t)world_chance(world, count);
        says(world, world_peer(world, who));
        wait_ms(world, 200);
        if (i % 10 == 0) {
            world->faults++;
            peer_crash(world, world_peer(world, who));
            peer_start(world, world_peer(world, who));
        }
    }
    all_is_well(world);
}
