/* A fault now and then, drawn from a table of them by their weights. */
#include "tests/sim/nemesis.h"

#include <stdlib.h>

struct nemesis {
    struct world *world;
    uint64_t every_ms;
    bool over;
    struct disk *backup; /* somebody's, of some time ago */
    uint32_t backup_of;
};

#define DAY_MS INT64_C(86400000)

static struct peer *anyone(struct world *world)
{
    return world->peers[world_chance(world, world->peer_count)];
}

static struct peer *anyone_alive(struct world *world)
{
    for (size_t tries = 0; tries < 20; tries++) {
        struct peer *peer = anyone(world);
        if (peer->alive && !peer->leaving)
            return peer;
    }
    return NULL;
}

static struct wire *wire_any(struct world *world)
{
    for (size_t tries = 0; tries < 40 && world->net.count; tries++) {
        struct wire *wire =
            net_wire(&world->net, (uint32_t)(1 + world_chance(world, world->net.count)));
        if (wire && wire->open[0] && wire->open[1])
            return wire;
    }
    return NULL;
}

/* Short times are likelier than long ones. */
static uint64_t some_us(struct world *world, uint64_t most_ms)
{
    uint64_t most = world_chance(world, 4) ? most_ms / 8 : most_ms;
    return 1000 + world_chance(world, most * 1000);
}

/* ---- machines ---- */

static void start_run(struct world *world, struct task *task)
{
    peer_start(world, world_peer(world, task->node));
}

static void start_later(struct world *world, struct peer *peer, uint64_t most_ms)
{
    world_later(world, some_us(world, most_ms), peer, start_run, 0);
}

static void fault_crash(struct nemesis *nemesis)
{
    struct peer *peer = anyone_alive(nemesis->world);
    if (!peer)
        return;
    peer_crash(nemesis->world, peer);
    start_later(nemesis->world, peer, 30000);
}

/* In the middle of what it is doing, soon. */
static void revive_run(struct world *world, struct task *task)
{
    struct peer *peer = world_peer(world, task->node);
    peer->crash_after = 0;
    peer_start(world, peer);
}

static void fault_crash_at(struct nemesis *nemesis)
{
    struct peer *peer = anyone_alive(nemesis->world);
    if (!peer)
        return;
    peer->crash_after = 1 + (uint32_t)world_chance(nemesis->world, 40);
    world_later(nemesis->world, 1000000 + some_us(nemesis->world, 20000), peer, revive_run, 0);
}

static void fault_stop(struct nemesis *nemesis)
{
    struct peer *peer = anyone_alive(nemesis->world);
    if (!peer)
        return;
    peer_stop(nemesis->world, peer);
    world_later(nemesis->world, 2100000 + some_us(nemesis->world, 40000), peer, start_run, 0);
}

/* ---- clocks ---- */

static void fault_jump(struct nemesis *nemesis)
{
    struct world *world = nemesis->world;
    int64_t most = world_chance(world, 3) ? 200000 : DAY_MS;
    int64_t ms = (int64_t)world_chance(world, (uint64_t)(2 * most)) - most;
    peer_jump(world, anyone(world), ms);
}

static void fault_drift(struct nemesis *nemesis)
{
    struct world *world = nemesis->world;
    int32_t ppm = (int32_t)world_chance(world, 2001) - 1000;
    peer_drift(world, anyone(world), world_chance(world, 5) ? ppm : ppm * 40);
}

/* ---- links ---- */

static void fault_break(struct nemesis *nemesis)
{
    struct wire *wire = wire_any(nemesis->world);
    if (wire)
        net_break(nemesis->world, wire);
}

static void fault_half_open(struct nemesis *nemesis)
{
    struct wire *wire = wire_any(nemesis->world);
    if (wire)
        net_half_open(nemesis->world, wire, (unsigned)world_chance(nemesis->world, 2));
}

static void fault_stall(struct nemesis *nemesis)
{
    struct world *world = nemesis->world;
    struct wire *wire = wire_any(world);
    if (wire)
        net_stall(world, wire, (unsigned)world_chance(world, 2),
                  world->now + some_us(world, 40000));
}

static void fault_slow(struct nemesis *nemesis)
{
    struct wire *wire = wire_any(nemesis->world);
    if (wire)
        wire->bytes_per_ms = 2 + (uint32_t)world_chance(nemesis->world, 30);
}

static void cut_ends(struct world *world, struct task *task)
{
    net_cut(world, (uint32_t)(task->number >> 32), (uint32_t)task->number, false);
}

static void fault_cut(struct nemesis *nemesis)
{
    struct world *world = nemesis->world;
    uint32_t from = anyone(world)->number, to = anyone(world)->number;
    net_cut(world, from, to, true);
    world_later(world, some_us(world, 60000), NULL, cut_ends, (uint64_t)from << 32 | to);
}

static void split_set(struct world *world, uint64_t group, bool cut)
{
    for (uint32_t a = 0; a < world->net.nodes; a++)
        for (uint32_t b = 0; b < world->net.nodes; b++)
            if ((group >> a % 64 & 1) != (group >> b % 64 & 1))
                world->net.cut[a * world->net.nodes + b] = cut;
    net_cut(world, 0, 0, false); /* releases what can go on */
}

void nemesis_split(struct world *world, uint64_t group)
{
    split_set(world, group, true);
}

static void split_ends(struct world *world, struct task *task)
{
    split_set(world, task->number, false);
}

void nemesis_join(struct world *world)
{
    net_heal(world);
}

static void fault_split(struct nemesis *nemesis)
{
    struct world *world = nemesis->world;
    uint64_t group;
    sys_random(&world->sys, &group, sizeof group);
    if (world_chance(world, 2))
        group = UINT64_C(1) << world_chance(world, world->peer_count); /* one alone */
    nemesis_split(world, group);
    world_later(world, some_us(world, 80000), NULL, split_ends, group);
}

/* ---- disks ---- */

static void full_ends(struct world *world, struct task *task)
{
    storage_full(world, world_peer(world, task->node), false);
}

static void fault_full(struct nemesis *nemesis)
{
    struct peer *peer = anyone(nemesis->world);
    storage_full(nemesis->world, peer, true);
    world_later(nemesis->world, some_us(nemesis->world, 20000), peer, full_ends, 0);
}

static void slow_ends(struct world *world, struct task *task)
{
    world_peer(world, task->node)->slow = 1;
}

static void fault_slow_disk(struct nemesis *nemesis)
{
    struct peer *peer = anyone(nemesis->world);
    peer->slow = 20 + (uint32_t)world_chance(nemesis->world, 200);
    world_later(nemesis->world, some_us(nemesis->world, 20000), peer, slow_ends, 0);
}

static void lie_ends(struct world *world, struct task *task)
{
    struct peer *peer = world_peer(world, task->node);
    if (peer->durable && task->number)
        peer_crash(world, peer);
    storage_lie(peer, false);
    peer_start(world, peer);
}

/* Mostly it comes out. */
static void fault_lie(struct nemesis *nemesis)
{
    struct peer *peer = anyone_alive(nemesis->world);
    if (!peer || peer->durable)
        return;
    storage_lie(peer, true);
    world_later(nemesis->world, some_us(nemesis->world, 10000), peer, lie_ends,
                world_chance(nemesis->world, 4));
}

/* Takes a backup, or brings one back. */
static void fault_backup(struct nemesis *nemesis)
{
    struct world *world = nemesis->world;
    if (!nemesis->backup) {
        const struct peer *peer = anyone(world);
        nemesis->backup = xmalloc(sizeof *nemesis->backup);
        nemesis->backup_of = peer->number;
        disk_copy(nemesis->backup, &peer->disk);
        return;
    }
    struct peer *peer = world_peer(world, nemesis->backup_of);
    peer_crash(world, peer);
    disk_done(&peer->disk);
    peer->disk = *nemesis->backup;
    free(nemesis->backup);
    nemesis->backup = NULL;
    peer->restored = true;
    start_later(world, peer, 10000);
}

struct peer *nemesis_copy(struct world *world, const struct peer *from)
{
    if (world->peer_count == world->peer_room || from->byzantine)
        return NULL;
    struct peer *peer = world_peer_new(world);
    world->copies++;
    peer->identity = from->identity;
    disk_done(&peer->disk);
    disk_copy(&peer->disk, &from->disk);
    peer->restored = from->restored;
    peer->retention = from->retention;
    return peer;
}

static void fault_copy(struct nemesis *nemesis)
{
    enum { MOST = 2 };
    struct world *world = nemesis->world;
    struct peer *peer = world->copies < MOST ? nemesis_copy(world, anyone(world)) : NULL;
    if (!peer)
        return;
    const struct peer *contact = anyone(world);
    while (id_equal(&contact->identity.id, &peer->identity.id))
        contact = anyone(world);
    peer->contact = (int64_t)contact->number;
    peer_start(world, peer);
}

/* ---- all of them ---- */

static const struct {
    void (*fault)(struct nemesis *nemesis);
    unsigned weight;
} FAULTS[] = {
    {fault_crash, 10},    {fault_crash_at, 14}, {fault_stop, 5},      {fault_jump, 5},
    {fault_drift, 3},     {fault_break, 14},    {fault_half_open, 8}, {fault_stall, 10},
    {fault_slow, 4},      {fault_cut, 8},       {fault_split, 6},     {fault_full, 6},
    {fault_slow_disk, 4}, {fault_lie, 4},       {fault_backup, 4},    {fault_copy, 1},
};

size_t nemesis_faults(void)
{
    return sizeof FAULTS / sizeof FAULTS[0];
}

void nemesis_strike(struct nemesis *nemesis, size_t which)
{
    nemesis->world->faults++;
    if (nemesis->world->options.trace)
        fprintf(nemesis->world->options.trace, "%.6f fault %zu\n",
                (double)nemesis->world->now / 1e6, which);
    FAULTS[which].fault(nemesis);
}

static void fault_any(struct nemesis *nemesis)
{
    unsigned all = 0;
    for (size_t i = 0; i < sizeof FAULTS / sizeof FAULTS[0]; i++)
        all += FAULTS[i].weight;
    uint64_t draw = world_chance(nemesis->world, all);
    size_t at = 0;
    while (draw >= FAULTS[at].weight)
        draw -= FAULTS[at++].weight;
    nemesis_strike(nemesis, at);
}

static void fault_run(struct world *world, struct task *task)
{
    struct nemesis *nemesis = (struct nemesis *)(uintptr_t)task->number;
    if (nemesis->over)
        return;
    fault_any(nemesis);
    world_later(world, world_chance(world, 2 * nemesis->every_ms * 1000), NULL, fault_run,
                task->number);
}

struct nemesis *nemesis_new(struct world *world, uint64_t every_ms)
{
    struct nemesis *nemesis = xcalloc(1, sizeof *nemesis);
    nemesis->world = world;
    nemesis->every_ms = every_ms;
    if (every_ms)
        world_later(world, 0, NULL, fault_run, (uint64_t)(uintptr_t)nemesis);
    return nemesis;
}

void nemesis_end(struct nemesis *nemesis)
{
    struct world *world = nemesis->world;
    enum { LEAVING_MS = 2500 };
    nemesis->over = true;
    net_heal(world);
    world_run(world, LEAVING_MS);
    for (size_t i = 0; i < world->peer_count && !world->failed; i++) {
        struct peer *peer = world->peers[i];
        peer->crash_after = 0;
        peer->slow = 1;
        storage_lie(peer, false);
        storage_full(world, peer, false);
        peer_start(world, peer);
    }
}

void nemesis_free(struct nemesis *nemesis)
{
    if (!nemesis)
        return;
    if (nemesis->backup) {
        disk_done(nemesis->backup);
        free(nemesis->backup);
    }
    free(nemesis);
}
