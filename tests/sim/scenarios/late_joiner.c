/* A late joiner: hundreds of lines were said before anybody knew of her. */
#include "tests/sim/scenarios/scenarios.h"

enum { LINES = 300 };

void late_joiner(struct world *world)
{
    size_t others = world->peer_count - 1;
    struct peer *late = world_peer(world, (uint32_t)others);
    start_all(world, others);
    until(world, is_connected, NULL, NULL, 4, "the others are one mesh");
    for (size_t i = 0; i < LINES; i++)
        say_some(world, world_peer(world, (uint32_t)world_chance(world, others)), 1);
    all_is_well(world);

    start_knowing(world, late, world_peer(world, 0));
    for (uint32_t i = 0; i < others; i++)
        until(world, has_all_of, late, world_peer(world, i), 2, "she has what was said before");
    for (uint32_t i = 0; i < others; i++) /* so few are all linked to each other */
        for (uint32_t j = 0; j < i; j++)
            until(world, is_linked, world_peer(world, i), world_peer(world, j), 4,
                  "everyone has a link to everyone");
    says(world, late);
    all_is_well(world);
}
