/* Three whose disks are full stand between two who can never reach each other: what is said still
 * comes through at once, and does not circle; when there is room again everyone has everything. */
#include "tests/sim/scenarios/scenarios.h"

enum { LINES = 25 };

void full_disks(struct world *world)
{
    struct peer *ana = world_peer(world, 0), *bruno = world_peer(world, 1),
                *carla = world_peer(world, 2), *dani = world_peer(world, 3),
                *eva = world_peer(world, 4);
    net_cut(world, ana->number, carla->number, true);
    net_cut(world, carla->number, ana->number, true);
    start_knowing(world, bruno, NULL);
    start_knowing(world, dani, bruno);
    start_knowing(world, eva, dani);
    start_knowing(world, ana, bruno);
    start_knowing(world, carla, dani);
    until(world, is_connected, NULL, NULL, 4, "everyone is linked");
    wait_ms(world, 30000); /* and has compared */

    storage_full(world, bruno, true);
    storage_full(world, dani, true);
    storage_full(world, eva, true);
    uint64_t frames = world->frames;
    for (size_t i = 0; i < LINES; i++) {
        say_some(world, ana, 1);
        say_some(world, carla, 1);
    }
    until(world, has_all_of, carla, ana, 1, "ana's words come through full disks");
    until(world, has_all_of, ana, carla, 1, "carla's words come through full disks");
    expect(world, !has_all_of(world, bruno, ana), "bruno has no room for them");
    wait_ms(world, 30000);
    expect(world, world->frames - frames < LINES * 100, "what was said does not circle");

    storage_full(world, bruno, false);
    storage_full(world, dani, false);
    storage_full(world, eva, false);
    until(world, has_all_of, bruno, ana, 4, "bruno has room, and so the words");
    say_some(world, bruno, 2);
    until(world, has_all_of, carla, bruno, 1, "bruno talks again");
    all_is_well(world);
}
