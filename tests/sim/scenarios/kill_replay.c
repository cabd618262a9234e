/* Killed at any moment, again and again, while somebody replays and tampers: no word that was
 * accepted is lost, and no place in a log is used twice. */
#include "tests/sim/scenarios/scenarios.h"

enum { KILLS = 60 };

void kill_replay(struct world *world)
{
    size_t honest = world->peer_count - 1;
    struct peer *liar = world_peer(world, (uint32_t)honest);
    byzantine_make(world, liar, 1u << MISCHIEF_REPLAY | 1u << MISCHIEF_FORGE);
    start_all(world, honest);
    start_knowing(world, liar, world_peer(world, 0));
    for (size_t i = 0; i < KILLS; i++) {
        struct peer *peer = world_peer(world, (uint32_t)world_chance(world, honest));
        world->faults++;
        peer->crash_after = 1 + (uint32_t)world_chance(world, 12);
        say_some(world, peer, 1 + (size_t)world_chance(world, 4));
        wait_ms(world, 500 + world_chance(world, 3000));
        peer_crash(world, peer);
        wait_ms(world, world_chance(world, 1000));
        peer_start(world, peer);
        say_some(world, peer, 1);
    }
    byzantine_calm(liar);
    for (uint32_t i = 0; i < honest; i++)
        world_peer(world, i)->crash_after = 0;
    all_is_well(world);
}
