/* A whisper to somebody away: it waits with those who cannot read it. */
#include "tests/sim/scenarios/scenarios.h"

void whisper_away(struct world *world)
{
    struct peer *ana = world_peer(world, 0), *eva = world_peer(world, 1);
    start_all(world, world->peer_count);
    until(world, is_connected, NULL, NULL, 4, "everyone is there");
    say_some(world, ana, 1);
    say_some(world, eva, 1);
    all_is_well(world);

    peer_stop(world, eva);
    wait_ms(world, 5000);
    peer_whisper(world, ana, eva);
    uint64_t mark = world->marks - 1;
    wait_ms(world, 5000);
    peer_crash(world, ana); /* and the author is gone before she is back */
    wait_ms(world, 30000);
    expect(world, !invariants_whispered(world, mark), "nobody has read it");
    peer_start(world, eva);
    for (uint32_t i = 2; i < world->peer_count; i++)
        peer_hear(world, eva, i, FOUND_REMEMBERED);
    until(world, has_all_of, eva, ana, 5, "it was kept for her");
    wait_ms(world, 2000);
    expect(world, invariants_whispered(world, mark), "she reads it");
    peer_start(world, ana);
    all_is_well(world);
}
