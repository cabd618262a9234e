/* Chaos: everything that can go wrong, at once and for long. Then it ends, and all is well. */
#include "tests/sim/scenarios/scenarios.h"

#include <stdlib.h>

enum {
    FAULTS = 200,
};

static const char *const ROOMS[] = {"#everyone", "#lab", "#kitchen"};

static void talk(struct world *world, struct peer *peer)
{
    static const char *const LINES[] = {"/me waves",     "/join #lab", "/join #kitchen", "/leave",
                                        "/away lunch",   "/away",      "/peers",         "/rooms",
                                        "/search words", "/topic tea", "/name nova",     "/who-got",
                                        "/info peer1",   "/nonsense",  "/call peer0"};
    uint64_t what = world_chance(world, 100);
    if (what < 75) {
        says(world, peer);
    } else if (what < 82) {
        peer_whisper(world, peer,
                     world_peer(world, (uint32_t)world_chance(world, world->peer_count)));
    } else if (what < 86) {
        peer->room = ROOMS[world_chance(world, 3)];
        peer_give(world, peer, &(struct node_event){.kind = EVENT_OPEN, .open = peer->room});
    } else {
        peer_type(world, peer, peer->room,
                  LINES[world_chance(world, sizeof LINES / sizeof LINES[0])]);
    }
}

static void talk_run(struct world *world, struct task *task)
{
    uint64_t every_us = task->number;
    if (world->quiet)
        return;
    struct peer *peer = world->peers[world_chance(world, world->peer_count)];
    if (peer->alive)
        talk(world, peer);
    world_later(world, world_chance(world, 2 * every_us), NULL, talk_run, every_us);
}

static void make_byzantine(struct world *world)
{
    enum { HONEST = 6 /* of them at least for each who is not */ };
    size_t most = 1 + world->peer_count / HONEST, count = (size_t)world_chance(world, most + 1);
    for (size_t i = 0; i < count; i++) {
        struct peer *peer = world->peers[world->peer_count - 1 - i];
        unsigned mischiefs = 1 + (unsigned)world_chance(world, (1u << MISCHIEF_COUNT) - 1);
        byzantine_make(world, peer, mischiefs);
    }
}

/* In small meshes they may stay, and go on; else the mesh has to be whole without them. */
static void end_byzantine(struct world *world)
{
    bool stay = world->peer_count + WORLD_SPARE < OVERLAY_MESH && world_chance(world, 2);
    for (size_t i = 0; i < world->peer_count; i++) {
        struct peer *peer = world->peers[i];
        if (!peer->byzantine || stay)
            continue;
        byzantine_calm(peer);
        peer->gone = true;
        peer_crash(world, peer);
    }
}

/* Some keep little, so that others have what they dropped. */
static void small_disks(struct world *world)
{
    uint32_t entries = 5 + (uint32_t)world_chance(world, 100);
    for (size_t i = 0; i < world->peer_count; i++)
        if (world_chance(world, 2))
            world->peers[i]->retention.author_entries = entries;
}

void chaos(struct world *world)
{
    uint64_t faults = world->options.steps ? world->options.steps : FAULTS;
    uint64_t every_ms = 150 + world_chance(world, 1500);
    world->beacons = world_chance(world, 3) > 0;
    if (world_chance(world, 3) == 0)
        small_disks(world);
    make_byzantine(world);
    start_all(world, world->peer_count);
    uint64_t talk_us = (10000 + world_chance(world, 100000)) * world->peer_count;
    world_later(world, 0, NULL, talk_run, talk_us);
    struct nemesis *nemesis = nemesis_new(world, every_ms);
    while (world->faults < faults && !world->failed)
        world_run(world, every_ms);
    world->quiet = true;
    nemesis_end(nemesis);
    end_byzantine(world);
    all_is_well(world);
    nemesis_free(nemesis);
}
