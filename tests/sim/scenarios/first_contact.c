/* First contact: two people who have never met start the program, and talk. */
#include "tests/sim/scenarios/scenarios.h"

void first_contact(struct world *world)
{
    struct peer *ana = world_peer(world, 0), *bruno = world_peer(world, 1);
    peer_start(world, ana);
    wait_ms(world, world_chance(world, 20000));
    peer_start(world, bruno);
    until(world, is_linked, ana, bruno, 4, "the beacon brings them together");

    says(world, ana);
    wait_ms(world, 300);
    expect(world, has_all_of(world, bruno, ana), "bruno has what ana said within 300 ms");
    says(world, bruno);
    wait_ms(world, 300);
    expect(world, has_all_of(world, ana, bruno), "ana has the answer within 300 ms");

    uint64_t receipts = world->receipts;
    say_some(world, ana, 10);
    wait_ms(world, 5000);
    expect(world, world->receipts > receipts, "what ana said is counted");
    all_is_well(world);
}
