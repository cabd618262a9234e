/* A copied identity: two more machines with the same key and disk. They are devices of one person:
 * all of them are part of the mesh, nothing forks, and each has what the others say. */
#include "tests/sim/scenarios/scenarios.h"

void copied_identity(struct world *world)
{
    struct peer *ana = world_peer(world, 0);
    start_all(world, world->peer_count);
    until(world, is_connected, NULL, NULL, 4, "everyone is there");
    say_some(world, ana, 5);
    wait_ms(world, 3000);

    struct peer *laptop = nemesis_copy(world, ana), *phone = nemesis_copy(world, ana);
    start_knowing(world, laptop, world_peer(world, 1));
    start_knowing(world, phone, world_peer(world, 1));
    all_is_well(world);
    for (size_t i = 0; i < 20; i++) {
        says(world, ana);
        says(world, laptop);
        says(world, phone);
        wait_ms(world, 1000);
    }
    uint64_t dials = world->dials;
    all_is_well(world);
    expect(world, world->dials - dials < 50 * world->peer_count, "they do not fight over links");
    for (size_t i = 0; i < ana->disk.shelf_count; i++)
        expect(world, !ana->disk.shelves[i]->fork[0], "nobody sees a fork");
}
