/* Two devices of one person, and nobody else: what is said on one is on the other. */
#include "tests/sim/scenarios/scenarios.h"

void two_devices(struct world *world)
{
    struct peer *desk = world_peer(world, 0);
    start_knowing(world, desk, NULL);
    say_some(world, desk, 5);
    wait_ms(world, 1000);
    struct peer *laptop = nemesis_copy(world, desk);
    start_knowing(world, laptop, desk);
    until(world, is_linked, desk, laptop, 4, "the two are linked");
    say_some(world, desk, 5);
    say_some(world, laptop, 5);
    all_is_well(world);
}
