/* A chain of three: the two at its ends can never reach each other, and still talk. */
#include "tests/sim/scenarios/scenarios.h"

void chain_of_three(struct world *world)
{
    struct peer *ana = world_peer(world, 0), *bruno = world_peer(world, 1),
                *carla = world_peer(world, 2);
    net_cut(world, ana->number, carla->number, true);
    net_cut(world, carla->number, ana->number, true);
    start_knowing(world, ana, NULL);
    start_knowing(world, bruno, ana);
    start_knowing(world, carla, bruno);
    until(world, is_connected, NULL, NULL, 4, "bruno is linked to both");

    for (size_t i = 0; i < 20; i++) {
        say_some(world, ana, 2);
        say_some(world, carla, 2);
    }
    until(world, has_all_of, carla, ana, 1, "ana's words come through bruno");
    until(world, has_all_of, ana, carla, 1, "carla's words come through bruno");
    peer_whisper(world, ana, carla);
    uint64_t mark = world->marks - 1;
    wait_ms(world, 3000);
    expect(world, invariants_whispered(world, mark), "a whisper comes through bruno");

    peer_crash(world, bruno);
    say_some(world, ana, 5);
    wait_ms(world, 60000);
    expect(world, !has_all_of(world, carla, ana), "without bruno there is no way");
    peer_start(world, bruno);
    until(world, has_all_of, carla, ana, 5, "bruno is back, and so are the words");
    all_is_well(world);
}
