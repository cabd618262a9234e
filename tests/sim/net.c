/* Wires as queues of bytes and tasks: written bytes are pumped out in chunks, each arrives after
 * its delay and never before the one ahead of it. */
#include "tests/sim/net.h"

#include "base/alloc.h"
#include "tests/sim/world.h"

#include <stdlib.h>
#include <utlist.h>

enum {
    DIAL_TIMEOUT_MS = 3000, /* an address that answers nothing */
    RESET_MS = 1000,        /* a break is noticed within it */
    TOLD_MS = 10,           /* how much still waits is told so often at most */
    CHUNK_MAX = 16 * 1024,
    PORT = 9999,
};

void net_init(struct net *net, size_t nodes)
{
    *net = (struct net){.nodes = nodes};
    net->cut = xcalloc(nodes, nodes);
}

static void wire_free(struct wire *wire)
{
    for (unsigned side = 0; side < 2; side++) {
        struct held *held, *next;
        DL_FOREACH_SAFE(wire->way[side].held, held, next)
        free(held);
        buf_done(&wire->way[side].out);
        framer_done(&wire->framer[side]);
    }
    free(wire);
}

void net_done(struct net *net)
{
    for (size_t i = 0; i < net->count; i++)
        if (net->wires[i])
            wire_free(net->wires[i]);
    free(net->wires);
    free(net->cut);
}

struct wire *net_wire(const struct net *net, uint32_t number)
{
    return number && number <= net->count ? net->wires[number - 1] : NULL;
}

struct overlay_address net_address(uint32_t node, unsigned interface)
{
    uint32_t host = node + 1;
    return (struct overlay_address){
        {[10] = 0xff, 0xff, 10, (uint8_t)interface, (uint8_t)(host >> 8), (uint8_t)host}, PORT};
}

/* UINT32_MAX for an address of nobody. */
static uint32_t address_node(const struct net *net, const struct overlay_address *address)
{
    uint32_t host = (uint32_t)address->ip[14] << 8 | address->ip[15];
    struct overlay_address right = net_address(host - 1, address->ip[13] % 2);
    if (host == 0 || host > net->nodes || !overlay_address_equal(&right, address))
        return UINT32_MAX;
    return host - 1;
}

static bool is_cut(const struct net *net, uint32_t from, uint32_t to)
{
    return net->cut[from * net->nodes + to];
}

static uint64_t chance(struct world *world, uint64_t bound)
{
    return sys_random_below(&world->sys, bound);
}

static struct task *wire_task(struct world *world, struct wire *wire, unsigned side, uint64_t at,
                              task_run *run, struct task *into)
{
    wire->tasks++;
    *into = (struct task){.at = at > world->now ? at : world->now,
                          .run = run,
                          .number = (uint64_t)wire->number * 2 + side};
    return into;
}

static void later(struct world *world, struct wire *wire, unsigned side, uint64_t at, task_run *run)
{
    struct task task;
    queue_add(&world->queue, wire_task(world, wire, side, at, run, &task));
}

/* The wire and the side of a task: it stays until wire_leave. */
static struct wire *task_wire(struct world *world, const struct task *task, unsigned *side)
{
    *side = task->number % 2;
    return net_wire(&world->net, (uint32_t)(task->number / 2));
}

/* The last one to leave frees it. */
static void wire_sweep(struct world *world, struct wire *wire)
{
    if (wire->tasks || wire->open[0] || wire->open[1])
        return;
    world->net.wires[wire->number - 1] = NULL;
    wire_free(wire);
}

/* The end of a task. */
static void wire_leave(struct world *world, struct wire *wire)
{
    wire->tasks--;
    wire_sweep(world, wire);
}

/* ---- ends ---- */

static void end_run(struct world *world, struct task *task)
{
    unsigned side;
    struct wire *wire = task_wire(world, task, &side);
    if (wire->open[side]) {
        wire->open[side] = false;
        told_down(world, wire, side);
    }
    wire_leave(world, wire);
}

/* This side will find out. */
static void end_after(struct world *world, struct wire *wire, unsigned side, uint64_t us)
{
    later(world, wire, side, world->now + us, end_run);
}

/* The last bytes of a closed side have left: the other side's end comes behind them. */
static void fin_run(struct world *world, struct task *task)
{
    unsigned side;
    struct wire *wire = task_wire(world, task, &side);
    struct way *way = &wire->way[1 - side];
    if (wire->open[side] && is_cut(&world->net, wire->node[1 - side], wire->node[side])) {
        if (!way->dead)
            later(world, wire, side, world->now + 1000000, fin_run);
    } else if (wire->open[side]) {
        wire->open[side] = false;
        told_down(world, wire, side);
    }
    wire_leave(world, wire);
}

static void way_end(struct world *world, struct wire *wire, unsigned side)
{
    struct way *way = &wire->way[side];
    if (way->dead || !way->ending)
        return;
    way->dead = true;
    uint64_t at = world->now + wire->delay_us;
    later(world, wire, 1 - side, at > way->last_at ? at + 1 : way->last_at + 1, fin_run);
}

/* ---- bytes ---- */

static void deliver(struct world *world, struct wire *wire, unsigned to, const uint8_t *bytes,
                    size_t size)
{
    world->net.chunks++;
    world->net.bytes += size;
    if (wire->open[to])
        told_bytes(world, wire, to, bytes, size);
}

static void hold(struct way *way, const uint8_t *bytes, size_t size)
{
    struct held *held = xmalloc(sizeof *held + size);
    held->size = size;
    memcpy(held->bytes, bytes, size);
    DL_APPEND(way->held, held);
}

struct chunk {
    size_t size;
    uint8_t bytes[];
};

static void arrive_run(struct world *world, struct task *task)
{
    unsigned from;
    struct wire *wire = task_wire(world, task, &from);
    struct way *way = &wire->way[from];
    const struct chunk *chunk = task->data;
    if (way->held || is_cut(&world->net, wire->node[from], wire->node[1 - from]))
        hold(way, chunk->bytes, chunk->size);
    else
        deliver(world, wire, 1 - from, chunk->bytes, chunk->size);
    wire_leave(world, wire);
}

static void release_run(struct world *world, struct task *task)
{
    unsigned from;
    struct wire *wire = task_wire(world, task, &from);
    struct way *way = &wire->way[from];
    if (!is_cut(&world->net, wire->node[from], wire->node[1 - from])) {
        struct held *held;
        while ((held = way->held)) {
            DL_DELETE(way->held, held);
            deliver(world, wire, 1 - from, held->bytes, held->size);
            free(held);
        }
    }
    wire_leave(world, wire);
}

static size_t chunk_size(struct world *world, const struct wire *wire, size_t waiting)
{
    size_t most = CHUNK_MAX;
    if (world->net.whole)
        return waiting < most ? waiting : most;
    switch (wire->chunking) {
    case CHUNKS_WHOLE:
        break;
    case CHUNKS_MIXED:
        most = 1 + (size_t)chance(world, chance(world, 4) ? CHUNK_MAX : 64);
        break;
    case CHUNKS_TINY: /* as long as that does not take for ever */
        most = 1 + (size_t)chance(world, waiting > 2048 ? 4096 : 96);
        break;
    }
    return waiting < most ? waiting : most;
}

static void told_run(struct world *world, struct task *task)
{
    unsigned side;
    struct wire *wire = task_wire(world, task, &side);
    wire->way[side].told = false;
    if (wire->open[side])
        told_queued(world, wire, side, wire->way[side].out.length);
    wire_leave(world, wire);
}

static void tell_queued(struct world *world, struct wire *wire, unsigned side)
{
    if (wire->way[side].told || !wire->open[side])
        return;
    wire->way[side].told = true;
    later(world, wire, side, world->now + TOLD_MS * 1000, told_run);
}

static void pump_run(struct world *world, struct task *task);

static void pump_later(struct world *world, struct wire *wire, unsigned side, uint64_t at)
{
    wire->way[side].pumping = true;
    later(world, wire, side, at, pump_run);
}

static void send_chunk(struct world *world, struct wire *wire, unsigned side, size_t size)
{
    struct way *way = &wire->way[side];
    struct chunk *chunk = xmalloc(sizeof *chunk + size);
    chunk->size = size;
    memcpy(chunk->bytes, buf_bytes(&way->out), size);
    buf_eat(&way->out, size);
    uint64_t at = world->now + wire->delay_us;
    if (!world->net.whole)
        at += chance(world, 1 + wire->delay_us / 4);
    way->last_at = at > way->last_at ? at : way->last_at;
    struct task task;
    wire_task(world, wire, side, way->last_at, arrive_run, &task)->data = chunk;
    queue_add(&world->queue, &task);
}

/* Nobody is there any more: whoever's machine answers says so. */
static void pump_into_nothing(struct world *world, struct wire *wire, unsigned side)
{
    size_t size = wire->way[side].out.length;
    buf_eat(&wire->way[side].out, size);
    if (size && !wire->silent && wire->open[side] &&
        net_machine_answers(world, wire->node[1 - side]))
        end_after(world, wire, side, 2 * wire->delay_us);
}

static void pump_run(struct world *world, struct task *task)
{
    unsigned side;
    struct wire *wire = task_wire(world, task, &side);
    struct way *way = &wire->way[side];
    way->pumping = false;
    if (way->dead) {
        pump_into_nothing(world, wire, side);
    } else if (way->stalled_until > world->now) {
        pump_later(world, wire, side, way->stalled_until);
    } else if (way->out.length) {
        size_t size = chunk_size(world, wire, way->out.length);
        send_chunk(world, wire, side, size);
        tell_queued(world, wire, side);
        if (way->out.length)
            pump_later(world, wire, side, world->now + 1 + size * 1000 / wire->bytes_per_ms);
        else
            way_end(world, wire, side);
    } else {
        way_end(world, wire, side);
    }
    wire_leave(world, wire);
}

void net_written(struct world *world, struct wire *wire, unsigned side)
{
    if (!wire->way[side].pumping)
        pump_later(world, wire, side, world->now);
}

void net_close(struct world *world, struct wire *wire, unsigned side)
{
    if (!wire->open[side])
        return;
    wire->open[side] = false;
    wire->way[side].ending = true;
    net_written(world, wire, side);
}

/* ---- calls ---- */

struct call {
    struct overlay_address address;
    uint64_t token;
    uint32_t target;
    uint32_t delay_us;
};

static struct wire *wire_new(struct world *world, const struct call *call, const struct task *task)
{
    struct net *net = &world->net;
    if (net->count == net->room) {
        net->room = net->room ? net->room * 2 : 64;
        net->wires = xrealloc(net->wires, net->room, sizeof(struct wire *));
    }
    struct wire *wire = xcalloc(1, sizeof *wire);
    net->wires[net->count++] = wire;
    wire->number = (uint32_t)net->count;
    wire->node[0] = task->node;
    wire->node[1] = call->target;
    wire->life[0] = task->life;
    wire->delay_us = call->delay_us;
    wire->bytes_per_ms = chance(world, 8) ? 10000 : (uint32_t)(20 + chance(world, 500));
    wire->chunking = (enum chunking)chance(world, 3);
    wire->silent = chance(world, 3) == 0;
    wire->address[1] = call->address;
    wire->address[0] = net_address(task->node, call->address.ip[13] % 2);
    sys_random(&world->sys, wire->exported, sizeof wire->exported);
    for (unsigned side = 0; side < 2; side++) {
        buf_init(&wire->way[side].out, WIRE_OUT_MAX);
        framer_init(&wire->framer[side]);
        wire->open[side] = true;
    }
    return wire;
}

static bool is_reached(struct world *world, uint32_t from, uint32_t to)
{
    return to != UINT32_MAX && !is_cut(&world->net, from, to) && !is_cut(&world->net, to, from);
}

static void give_up_run(struct world *world, struct task *task)
{
    const struct call *call = task->data;
    if (world_lives(world, task->node, task->life))
        told_dial_failed(world, task->node, call->token, &call->address);
}

static void give_up(struct world *world, const struct task *task, const struct call *call,
                    uint64_t in_us)
{
    struct task failed = {.at = world->now + in_us,
                          .run = give_up_run,
                          .node = task->node,
                          .life = task->life,
                          .data = xmemdup(call, sizeof *call)};
    queue_add(&world->queue, &failed);
}

struct answer {
    struct call call;
    uint32_t wire;
};

/* The handshake is over, if nothing has happened on its way. */
static void connected_run(struct world *world, struct task *task)
{
    unsigned side;
    struct wire *wire = task_wire(world, task, &side);
    const struct answer *answer = task->data;
    bool lives = world_lives(world, task->node, task->life);
    if (lives && wire->open[0] && is_reached(world, wire->node[0], wire->node[1])) {
        told_connected(world, wire, 0, answer->call.token);
    } else if (wire->open[0]) {
        wire->open[0] = false;
        wire->way[0].dead = true;
        if (lives)
            give_up(world, task, &answer->call, (uint64_t)DIAL_TIMEOUT_MS * 1000);
        if (wire->open[1])
            end_after(world, wire, 1, (uint64_t)DIAL_TIMEOUT_MS * 1000);
    } else if (lives) {
        give_up(world, task, &answer->call, 0);
    }
    wire_leave(world, wire);
}

static void call_run(struct world *world, struct task *task)
{
    const struct call *call = task->data;
    if (!world_lives(world, task->node, task->life))
        return;
    if (!is_reached(world, task->node, call->target)) {
        give_up(world, task, call, (uint64_t)DIAL_TIMEOUT_MS * 1000 - 2 * call->delay_us);
        return;
    }
    if (!net_accepts(world, call->target)) {
        bool answers = net_machine_answers(world, call->target);
        give_up(world, task, call, answers ? call->delay_us : (uint64_t)DIAL_TIMEOUT_MS * 1000);
        return;
    }
    struct wire *wire = wire_new(world, call, task);
    world_wire_ends(world, wire);
    struct answer *answer = xmalloc(sizeof *answer);
    *answer = (struct answer){*call, wire->number};
    struct task connected;
    wire_task(world, wire, 0, world->now + call->delay_us, connected_run, &connected);
    connected.node = task->node;
    connected.life = task->life;
    connected.data = answer;
    queue_add(&world->queue, &connected);
    told_connected(world, wire, 1, 0);
}

void net_dial(struct world *world, uint32_t node, const struct overlay_address *address,
              uint64_t token)
{
    world->dials++;
    struct call *call = xmalloc(sizeof *call);
    *call =
        (struct call){.address = *address,
                      .token = token,
                      .target = address_node(&world->net, address),
                      .delay_us = 200 + (uint32_t)chance(world, chance(world, 6) ? 3000 : 60000)};
    struct task task = {.at = world->now + 2 * call->delay_us,
                        .run = call_run,
                        .node = node,
                        .life = world_life(world, node),
                        .data = call};
    queue_add(&world->queue, &task);
}

/* ---- what goes wrong ---- */

static void wire_kill(struct wire *wire)
{
    wire->way[0].dead = true;
    wire->way[1].dead = true;
}

void net_crash(struct world *world, uint32_t node)
{
    for (uint32_t i = 1; i <= world->net.count; i++) {
        struct wire *wire = net_wire(&world->net, i);
        if (!wire || (wire->node[0] != node && wire->node[1] != node))
            continue;
        wire_kill(wire);
        for (unsigned side = 0; side < 2; side++) {
            if (!wire->open[side])
                continue;
            if (wire->node[side] == node)
                wire->open[side] = false;
            else if (chance(world, 3))
                end_after(world, wire, side, wire->delay_us + chance(world, 20000));
        }
        wire_sweep(world, wire);
    }
}

void net_break(struct world *world, struct wire *wire)
{
    wire_kill(wire);
    for (unsigned side = 0; side < 2; side++)
        if (wire->open[side])
            end_after(world, wire, side, chance(world, RESET_MS * 1000));
}

void net_half_open(struct world *world, struct wire *wire, unsigned side)
{
    wire_kill(wire);
    wire->silent = true;
    if (wire->open[side])
        end_after(world, wire, side, 0);
}

void net_stall(struct world *world, struct wire *wire, unsigned side, uint64_t until)
{
    (void)world;
    wire->way[side].stalled_until = until;
}

static void wire_release(struct world *world, struct wire *wire, unsigned side)
{
    if (wire->way[side].held)
        later(world, wire, side, world->now, release_run);
}

static void releases(struct world *world)
{
    for (uint32_t i = 1; i <= world->net.count; i++) {
        struct wire *wire = net_wire(&world->net, i);
        for (unsigned side = 0; wire && side < 2; side++)
            wire_release(world, wire, side);
    }
}

void net_cut(struct world *world, uint32_t from, uint32_t to, bool cut)
{
    world->net.cut[from * world->net.nodes + to] = cut;
    if (!cut)
        releases(world);
}

void net_heal(struct world *world)
{
    memset(world->net.cut, 0, world->net.nodes * world->net.nodes);
    releases(world);
    for (uint32_t i = 1; i <= world->net.count; i++) {
        struct wire *wire = net_wire(&world->net, i);
        if (!wire)
            continue;
        wire->silent = false;
        wire->bytes_per_ms = 10000;
        for (unsigned side = 0; side < 2; side++) {
            wire->way[side].stalled_until = 0;
            pump_later(world, wire, side, world->now);
        }
    }
}
