/* What scenarios are told with. */
#include "tests/sim/story.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    CYCLES_TO_JOIN = 6,     /* after a long split; DESIGN.md promises 5 once it is noticed */
    CYCLES_TO_CONVERGE = 5, /* invariant 8 */
    STEP_MS = 250,
};

void start_knowing(struct world *world, struct peer *peer, const struct peer *whom)
{
    peer->contact = whom ? (int64_t)whom->number : -1;
    peer_start(world, peer);
}

void start_all(struct world *world, size_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct peer *whom = i ? world_peer(world, (uint32_t)world_chance(world, i)) : NULL;
        start_knowing(world, world_peer(world, i), whom);
        wait_ms(world, world_chance(world, 50));
    }
}

void says(struct world *world, struct peer *peer)
{
    char words[300];
    world_words(world, words, sizeof words);
    peer->words++;
    peer_type(world, peer, peer->room, words);
}

void say_some(struct world *world, struct peer *peer, size_t count)
{
    while (count-- > 0) {
        says(world, peer);
        wait_ms(world, world_chance(world, 20));
    }
}

void wait_ms(struct world *world, uint64_t ms)
{
    world_run(world, ms);
}

uint64_t until(struct world *world, condition *holds, const struct peer *a, const struct peer *b,
               unsigned cycles, const char *what)
{
    uint64_t began = world->now, limit = began + (uint64_t)cycles * CYCLE_MS * 1000;
    while (!world->failed && !holds(world, a, b)) {
        if (world->now >= limit) {
            world_fail(world, "not within %u cycles: %s", cycles, what);
            if (world->options.trace)
                invariants_picture(world, world->options.trace);
            break;
        }
        world_run(world, STEP_MS);
    }
    return (world->now - began) / 1000;
}

void expect(struct world *world, bool holds, const char *what)
{
    if (!holds)
        world_fail(world, "not as expected: %s", what);
}

/* ---- conditions ---- */

bool is_linked(const struct world *world, const struct peer *a, const struct peer *b)
{
    for (uint32_t i = 1; i <= world->net.count; i++) {
        const struct wire *wire = net_wire(&world->net, i);
        if (wire && wire->open[0] && wire->open[1] &&
            ((wire->node[0] == a->number && wire->node[1] == b->number) ||
             (wire->node[1] == a->number && wire->node[0] == b->number)))
            return true;
    }
    return false;
}

bool has_all_of(const struct world *world, const struct peer *a, const struct peer *b)
{
    (void)world;
    for (size_t i = 0; i < b->disk.shelf_count; i++) {
        const struct shelf *theirs = b->disk.shelves[i];
        if (!id_equal(&theirs->author, &b->identity.id))
            continue;
        const struct shelf *ours = disk_shelf(&a->disk, &theirs->author, &theirs->epoch);
        if (!ours || ours->high != theirs->high || ours->low != theirs->low)
            return false;
    }
    return true;
}

size_t entries_of(const struct peer *a, const struct peer *b)
{
    size_t count = 0;
    for (size_t i = 0; i < b->disk.shelf_count; i++)
        if (id_equal(&b->disk.shelves[i]->author, &a->identity.id))
            count += b->disk.shelves[i]->count;
    return count;
}

bool is_connected(const struct world *world, const struct peer *a, const struct peer *b)
{
    (void)a;
    (void)b;
    return invariants_connected(world);
}

bool is_converged(const struct world *world, const struct peer *a, const struct peer *b)
{
    (void)a;
    (void)b;
    return invariants_converged(world);
}

/* When everyone has everything and nobody speaks, nothing is fetched, stored or dropped any more:
 * what retention drops is not fetched again. */
static void all_is_quiet(struct world *world)
{
    enum {
        QUIET_MS = 20000,
        TRIES = 30,       /* a log at a time is trimmed, and there may be many */
        REST_FRAMES = 60, /* a link, both ways: pings, beats, shuffles, and a probe or two */
    };
    for (size_t i = 0; i < world->peer_count; i++)
        if (byzantine_acts(world->peers[i]))
            return;
    uint64_t stored, trims, frames;
    unsigned tries = 0;
    do {
        stored = world->stored;
        trims = world->trims;
        frames = world->frames;
        world_run(world, QUIET_MS);
        if (++tries == TRIES)
            world_fail(world, "no rest: %" PRIu64 " entries stored, %" PRIu64 " trims",
                       world->stored - stored, world->trims - trims);
    } while (!world->failed && (world->stored > stored || world->trims > trims));
    if (!world->failed)
        invariants_stored(world);
    uint64_t each = (world->frames - frames) / (1 + invariants_links(world));
    world->rest_frames = each > world->rest_frames ? each : world->rest_frames;
    if (each > REST_FRAMES)
        world_fail(world, "no rest: %" PRIu64 " frames a link in %d ms", each, QUIET_MS);
}

void all_is_well(struct world *world)
{
    char what[80];
    snprintf(what, sizeof what, "one graph%s%s", world->beacons ? "" : ", without beacons",
             world->copies ? ", two machines share an identity" : "");
    uint64_t joined = until(world, is_connected, NULL, NULL, CYCLES_TO_JOIN, what);
    if (joined > world->joined_ms)
        world->joined_ms = joined;
    uint64_t began = world->now;
    while (!world->failed && !invariants_converged(world)) {
        if (world->now - began > (uint64_t)CYCLES_TO_CONVERGE * CYCLE_MS * 1000) {
            char text[WHY_MAX];
            invariants_explain(world, text, sizeof text);
            world_fail(world, "8: not the same entries within %d cycles: %s", CYCLES_TO_CONVERGE,
                       text);
        }
        world_run(world, STEP_MS);
    }
    uint64_t took = (world->now - began) / 1000;
    if (took > world->converged_ms)
        world->converged_ms = took;
    for (size_t i = 0; i < world->peer_count && !world->failed; i++)
        if (world->peers[i]->alive && peer_honest(world->peers[i]))
            invariants_peer(world, world->peers[i]);
    all_is_quiet(world);
}
