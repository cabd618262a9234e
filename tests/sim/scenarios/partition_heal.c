/* A partition: two halves talk on for minutes, and meet again. */
#include "tests/sim/scenarios/scenarios.h"

void partition_heal(struct world *world)
{
    size_t count = world->peer_count;
    start_all(world, count);
    until(world, is_connected, NULL, NULL, 6, "everyone is there");
    say_some(world, world_peer(world, 0), 5);

    nemesis_split(world, UINT64_C(0x5555555555555555));
    world->faults++;
    uint64_t lasts = 1000 + world_chance(world, 300000);
    for (uint64_t end = world->now + lasts * 1000; world->now < end && !world->failed;) {
        says(world, world_peer(world, (uint32_t)world_chance(world, count)));
        wait_ms(world, world_chance(world, 3000));
    }
    nemesis_join(world);
    all_is_well(world);
    for (uint32_t i = 0; i < count; i++)
        expect(world, has_all_of(world, world_peer(world, 0), world_peer(world, i)),
               "both halves have the words of the other");
}
