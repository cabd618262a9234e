/* A stranger floods: himself, invented people, questions; the others talk on. */
#include "tests/sim/scenarios/scenarios.h"

void flood(struct world *world)
{
    size_t honest = world->peer_count - 1;
    struct peer *stranger = world_peer(world, (uint32_t)honest);
    start_all(world, honest);
    until(world, is_connected, NULL, NULL, 4, "everyone is there");
    byzantine_make(world, stranger, 1u << MISCHIEF_FLOOD | 1u << MISCHIEF_ASK);
    start_knowing(world, stranger, world_peer(world, 0));
    for (size_t i = 0; i < 120; i++) {
        world->faults++;
        says(world, world_peer(world, (uint32_t)world_chance(world, honest)));
        wait_ms(world, 1000);
    }
    all_is_well(world);
}
