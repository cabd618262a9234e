/* Peers and their lives: who is there, what they are told, and what time it is for them. */
#include "tests/sim/world.h"

#include "tests/sim/byzantine.h"
#include "tests/sim/invariants.h"
#include "tests/sim/signer_fake.h"

#include "dialect/native.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdlib.h>

#define WORLD_BEGAN_MS INT64_C(1700000000000)

enum { BEACON_MS = 30000 };

/* ---- the world ---- */

static void beacons_run(struct world *world, struct task *task);

struct world *world_new(const struct world_options *options)
{
    struct world *world = xcalloc(1, sizeof *world);
    world->options = *options;
    world->fake.seed = options->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    world->sys = sys_fake(&world->fake);
    world->net_name = mesh_net(span_text("lan"), NULL);
    world->beacons = true;
    truth_init(&world->truth, options->real ? &signer_real : &signer_fake);
    world->truth.net = world->net_name;
    world->truth.self = world;
    world->truth.twice = invariants_twice;
    world->truth.acked = invariants_acked;
    world->peer_room = options->nodes + WORLD_SPARE;
    world->peers = xcalloc(world->peer_room, sizeof(struct peer *));
    net_init(&world->net, world->peer_room);
    for (size_t i = 0; i < options->nodes; i++)
        world_peer_new(world);
    world_later(world, 1000000, NULL, beacons_run, 0);
    return world;
}

static size_t heap_used(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* What a node holds is known exactly when it lets go of it; of one in eight, because the heap is
 * walked each time. */
static void node_end(struct world *world, struct peer *peer)
{
    enum { MEASURED = 8 };
    if ((peer->number + world->options.seed) % MEASURED) {
        node_free(peer->node);
        peer->node = NULL;
        return;
    }
    size_t links = overlay_active(node_overlay(peer->node));
    size_t authors = logs_count(node_logs(peer->node));
    size_t before = heap_used();
    node_free(peer->node);
    size_t bytes = before - heap_used();
    peer->node = NULL;
    if (peer_honest(peer))
        invariants_memory(world, peer, bytes, links, authors);
}

static void peer_end(struct world *world, struct peer *peer)
{
    storage_forget(peer);
    if (peer->node)
        node_end(world, peer);
    peer->alive = false;
    peer->leaving = false;
    peer->crash_after = 0;
    invariants_forget(peer);
}

void world_free(struct world *world)
{
    queue_done(&world->queue);
    for (size_t i = 0; i < world->peer_count; i++) {
        struct peer *peer = world->peers[i];
        peer_end(world, peer);
        storage_lie(peer, false);
        disk_done(&peer->disk);
        byzantine_free(peer->byzantine);
        free(peer);
    }
    free(world->peers);
    net_done(&world->net);
    invariants_done(world);
    truth_done(&world->truth);
    free(world);
}

void world_fail(struct world *world, const char *format, ...)
{
    if (world->failed)
        return;
    world->failed = true;
    int size =
        snprintf(world->why, sizeof world->why, "at %.3f s, node %d: ", (double)world->now / 1e6,
                 world->acting ? (int)world->acting->number : -1);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world->why + size, sizeof world->why - (size_t)size, format, arguments);
    va_end(arguments);
    if (world->options.trace)
        fprintf(world->options.trace, "FAILED %s\n", world->why);
}

uint64_t world_chance(struct world *world, uint64_t bound)
{
    return sys_random_below(&world->sys, bound);
}

void world_trace(struct world *world, const void *bytes, size_t size)
{
    const uint8_t *next = bytes;
    uint64_t hash = world->trace, word;
    for (; size >= sizeof word; size -= sizeof word, next += sizeof word) {
        memcpy(&word, next, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
        hash ^= hash >> 32;
    }
    for (; size > 0; size--, next++)
        hash = (hash ^ *next) * UINT64_C(0x100000001b3);
    world->trace = hash;
}

void world_later(struct world *world, uint64_t in_us, struct peer *peer, task_run *run,
                 uint64_t number)
{
    queue_add(&world->queue, &(struct task){.at = world->now + in_us,
                                            .run = run,
                                            .number = number,
                                            .node = peer ? peer->number : 0,
                                            .life = peer ? peer->life : 0});
}

void world_run(struct world *world, uint64_t ms)
{
    uint64_t until = world->now + ms * 1000;
    struct task task;
    while (!world->failed && queue_take(&world->queue, until, &task)) {
        world->now = task.at;
        task.run(world, &task);
        task_done(&task);
    }
    if (!world->failed)
        world->now = until;
}

/* ---- who there is ---- */

struct peer *world_peer(const struct world *world, uint32_t number)
{
    return number < world->peer_count ? world->peers[number] : NULL;
}

struct peer *world_peer_new(struct world *world)
{
    if (world->peer_count == world->peer_room)
        die("a world with too many peers");
    struct peer *peer = xcalloc(1, sizeof *peer);
    peer->number = (uint32_t)world->peer_count;
    peer->slow = 1;
    peer->contact = -1;
    peer->retention = retention_defaults();
    peer->room = "#everyone";
    sys_random(&world->sys, &peer->fake.seed, sizeof peer->fake.seed);
    peer->sys = sys_fake(&peer->fake);
    struct seed seed;
    sys_random(&world->sys, seed.bytes, sizeof seed.bytes);
    identity_init(&peer->identity, &seed);
    world->peers[world->peer_count++] = peer;
    return peer;
}

bool world_lives(const struct world *world, uint32_t number, uint32_t life)
{
    const struct peer *peer = world_peer(world, number);
    return peer && peer->alive && peer->life == life;
}

uint32_t world_life(const struct world *world, uint32_t number)
{
    return world_peer(world, number)->life;
}

struct peer *world_owner(const struct world *world, const struct id *id)
{
    for (size_t i = 0; i < world->peer_count; i++)
        if (id_equal(&world->peers[i]->identity.id, id))
            return world->peers[i];
    return NULL;
}

bool world_honest(const struct world *world, const struct id *id)
{
    const struct peer *peer = world_owner(world, id);
    return peer && peer_honest(peer);
}

/* ---- time ---- */

static uint64_t peer_mono_us(const struct world *world, const struct peer *peer)
{
    int64_t passed = (int64_t)(world->now - peer->clock.started);
    return peer->clock.mono_us + (uint64_t)(passed + passed * peer->clock.drift_ppm / 1000000);
}

struct node_now peer_now(const struct world *world, const struct peer *peer)
{
    uint64_t mono = peer_mono_us(world, peer);
    int64_t drifted = (int64_t)((mono - peer->clock.mono_us) / 1000);
    int64_t began = WORLD_BEGAN_MS + (int64_t)(peer->clock.started / 1000);
    return (struct node_now){mono / 1000, (uint64_t)(began + drifted + peer->clock.wall_ms)};
}

void peer_jump(struct world *world, struct peer *peer, int64_t ms)
{
    (void)world;
    peer->clock.wall_ms += ms;
}

void peer_drift(struct world *world, struct peer *peer, int32_t ppm)
{
    struct clock *clock = &peer->clock;
    uint64_t mono = peer_mono_us(world, peer);
    int64_t real = (int64_t)(world->now / 1000) - (int64_t)(clock->started / 1000);
    clock->wall_ms += (int64_t)((mono - clock->mono_us) / 1000) - real;
    clock->mono_us = mono;
    clock->started = world->now;
    clock->drift_ppm = ppm;
}

/* ---- lives ---- */

void peer_give(struct world *world, struct peer *peer, const struct node_event *event)
{
    if (!peer->alive || world->failed)
        return;
    world->steps++;
    world->acting = peer;
    peer->failures_told += event->kind == EVENT_STORE_FAILED;
    world_trace_number(world, world->now);
    world_trace_number(world, (uint64_t)peer->number << 32 | event->kind);
    node_handle(peer->node, peer_now(world, peer), event);
    bool crash = false;
    struct node_effect *effect;
    while ((effect = node_next(peer->node))) {
        crash = crash || (peer->crash_after && --peer->crash_after == 0);
        if (crash)
            node_effect_free(effect);
        else
            perform(world, peer, effect);
    }
    invariants_after(world, peer, event, crash);
    world->acting = NULL;
    if (crash)
        peer_crash(world, peer);
}

struct answer {
    struct node_event event;
};

static void answer_drop(void *data)
{
    struct answer *answer = data;
    if (answer->event.kind == EVENT_STORED)
        free((void *)answer->event.held);
    free(answer);
}

static void answer_run(struct world *world, struct task *task)
{
    const struct answer *answer = task->data;
    if (world_lives(world, task->node, task->life))
        peer_give(world, world_peer(world, task->node), &answer->event);
}

void peer_give_later(struct world *world, struct peer *peer, const struct node_event *event,
                     uint64_t in_us)
{
    struct answer *answer = xmalloc(sizeof *answer);
    answer->event = *event;
    queue_add(&world->queue, &(struct task){.at = world->now + in_us,
                                            .run = answer_run,
                                            .drop = answer_drop,
                                            .node = peer->number,
                                            .life = peer->life,
                                            .data = answer});
}

static struct node_config peer_config(const struct world *world, const struct peer *peer,
                                      const char *name)
{
    return (struct node_config){.identity = &peer->identity,
                                .codec = &native_codec,
                                .signer = &truth_signer,
                                .sys = &peer->sys,
                                .net = world->net_name,
                                .name = name,
                                .port = net_address(peer->number, 0).port,
                                .author_rate = 500,
                                .retention = peer->retention,
                                .greet = !world->silent};
}

static void peer_untried(struct world *world, struct peer *peer)
{
    struct node_event event = {.kind = EVENT_UNTRIED};
    struct entry **entries;
    event.untried.count = disk_untried(&peer->disk, &entries);
    event.untried.entries = entries;
    if (event.untried.count)
        peer_give(world, peer, &event);
    free(entries);
}

void peer_start(struct world *world, struct peer *peer)
{
    if (peer->alive || peer->gone || world->failed)
        return;
    char name[32];
    snprintf(name, sizeof name, "peer%u", peer->number);
    peer->clock.started = world->now;
    peer->clock.mono_us = world_chance(world, UINT64_C(1) << 40);
    peer->life++;
    peer->alive = true;
    struct node_config config = peer_config(world, peer, name);
    struct node_saved saved;
    disk_saved(&peer->disk, peer_now(world, peer).wall_ms, &saved);
    world->acting = peer;
    peer->node = node_new(&config, &saved, peer_now(world, peer));
    saved_done(&saved);
    invariants_started(world, peer);
    world->acting = NULL;
    peer_give(world, peer, &(struct node_event){.kind = EVENT_TIMER});
    peer_untried(world, peer);
    peer_give(world, peer, &(struct node_event){.kind = EVENT_OPEN, .open = peer->room});
    if (peer->contact >= 0)
        peer_hear(world, peer, (uint32_t)peer->contact,
                  world->silent ? FOUND_ASKED : FOUND_REMEMBERED);
}

void peer_crash(struct world *world, struct peer *peer)
{
    if (!peer->alive)
        return;
    world->crashes++;
    storage_crash(world, peer);
    peer_end(world, peer);
    net_crash(world, peer->number);
}

static void stopped_run(struct world *world, struct task *task)
{
    struct peer *peer = world_peer(world, task->node);
    if (!world_lives(world, task->node, task->life) || !peer->leaving)
        return;
    storage_flush(world, peer);
    peer_end(world, peer);
    net_crash(world, peer->number);
}

void peer_stop(struct world *world, struct peer *peer)
{
    if (!peer->alive || peer->leaving)
        return;
    peer->leaving = true;
    peer_give(world, peer, &(struct node_event){.kind = EVENT_STOP});
    if (peer->alive)
        world_later(world, 2000000, peer, stopped_run, 0);
}

/* ---- what users do ---- */

void peer_type(struct world *world, struct peer *peer, const char *conversation, const char *line)
{
    struct node_event event = {.kind = EVENT_LINE};
    event.line.number = ++world->marks;
    event.line.conversation = conversation;
    event.line.bytes = line;
    event.line.size = strlen(line);
    peer_give(world, peer, &event);
}

void peer_hear(struct world *world, struct peer *peer, uint32_t whom, enum found found)
{
    struct node_event event = {.kind = EVENT_ADDRESS};
    event.address.address = net_address(whom, (unsigned)world_chance(world, 2));
    event.address.found = found;
    const struct peer *other = world_peer(world, whom);
    if (found == FOUND_BEACON && other && other->alive) {
        event.address.hint = overlay_hint(&other->identity.id);
        event.address.has_component = true;
        event.address.component = *overlay_component(node_overlay(other->node));
    }
    peer_give(world, peer, &event);
}

void world_words(struct world *world, char *into, size_t size)
{
    uint64_t mark = ++world->marks;
    size_t length = (size_t)world_chance(world, world_chance(world, 10) ? 40 : size - 40);
    int head = snprintf(into, size, "words %llu ", (unsigned long long)mark);
    for (size_t i = 0; i < length && (size_t)head + 1 < size; i++)
        into[head++] = (char)('a' + (mark + i) % 26);
    into[head] = '\0';
}

void peer_whisper(struct world *world, struct peer *from, struct peer *to)
{
    char line[200], whom[ID_TEXT], words[INVARIANTS_WHISPER];
    invariants_whisper(world, from, to, words);
    id_text(&to->identity.id, whom);
    snprintf(line, sizeof line, "/whisper %s %s", whom, words);
    peer_type(world, from, from->room, line);
}

/* ---- beacons ---- */

static void beacon_send(struct world *world, const struct peer *from)
{
    for (size_t i = 0; i < world->peer_count; i++) {
        struct peer *to = world->peers[i];
        bool cut = world->net.cut[from->number * world->net.nodes + to->number];
        if (to != from && to->alive && !cut && world_chance(world, 10))
            peer_hear(world, to, from->number, FOUND_BEACON);
    }
}

static void beacons_run(struct world *world, struct task *task)
{
    uint32_t next = (uint32_t)task->number;
    const struct peer *peer = world_peer(world, next);
    if (world->beacons && peer && peer->alive)
        beacon_send(world, peer);
    uint32_t count = (uint32_t)world->peer_count;
    uint64_t each = (uint64_t)BEACON_MS * 1000 / count;
    world_later(world, each / 2 + world_chance(world, each), NULL, beacons_run, (next + 1) % count);
}

/* ---- what the network says ---- */

bool net_accepts(struct world *world, uint32_t node)
{
    const struct peer *peer = world_peer(world, node);
    return peer && peer->alive && !peer->leaving;
}

bool net_machine_answers(struct world *world, uint32_t node)
{
    const struct peer *peer = world_peer(world, node);
    return peer && !peer->gone;
}

void world_wire_ends(struct world *world, struct wire *wire)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct peer *peer = world_peer(world, wire->node[side]);
        wire->life[side] = peer->life;
        wire->id[side] = peer->identity.id;
    }
}

static struct peer *side_peer(struct world *world, const struct wire *wire, unsigned side)
{
    struct peer *peer = world_peer(world, wire->node[side]);
    return peer && peer->alive && peer->life == wire->life[side] ? peer : NULL;
}

void told_connected(struct world *world, struct wire *wire, unsigned side, uint64_t token)
{
    (void)token;
    struct peer *peer = side_peer(world, wire, side);
    struct node_event event = {.kind = EVENT_LINK_UP, .link = link_number(wire, side)};
    event.up.peer = wire->id[1 - side];
    event.up.dialled = side == 0;
    event.up.address = wire->address[1 - side];
    if (side == 1)
        event.up.address.port = 0;
    memcpy(event.up.exported, wire->exported, sizeof event.up.exported);
    if (peer)
        peer_give(world, peer, &event);
}

static bool frame_take(struct world *world, struct wire *wire, unsigned side, struct peer *peer,
                       struct span payload)
{
    struct frame *frame = frame_unpack(payload);
    if (!frame)
        return false;
    world->frames++;
    struct node_event event = {
        .kind = EVENT_FRAME, .link = link_number(wire, side), .frame = frame};
    world_trace(world, payload.bytes, payload.size);
    if (peer->byzantine)
        byzantine_hear(world, peer, wire, side, frame);
    peer_give(world, peer, &event);
    frame_free(frame);
    return true;
}

static void link_malformed(struct world *world, struct wire *wire, unsigned side, struct peer *peer)
{
    const struct peer *other = world_peer(world, wire->node[1 - side]);
    if (peer_honest(other))
        world_fail(world, "an honest peer sent what cannot be read");
    net_close(world, wire, side);
    peer_give(world, peer,
              &(struct node_event){.kind = EVENT_LINK_DOWN, .link = link_number(wire, side)});
}

void told_bytes(struct world *world, struct wire *wire, unsigned side, const uint8_t *bytes,
                size_t size)
{
    struct peer *peer = side_peer(world, wire, side);
    struct framer *framer = &wire->framer[side];
    struct span payload;
    framer_give(framer, bytes, size);
    while (peer && wire->open[side]) {
        switch (framer_next(framer, &payload)) {
        case FRAMER_MORE:
            return;
        case FRAMER_FRAME:
            if (!frame_take(world, wire, side, peer, payload))
                link_malformed(world, wire, side, peer);
            break;
        case FRAMER_BROKEN:
            link_malformed(world, wire, side, peer);
            return;
        }
        peer = side_peer(world, wire, side);
    }
}

void told_queued(struct world *world, struct wire *wire, unsigned side, size_t queued)
{
    struct peer *peer = side_peer(world, wire, side);
    struct node_event event = {.kind = EVENT_QUEUED, .link = link_number(wire, side)};
    event.queued = queued;
    if (peer)
        peer_give(world, peer, &event);
}

void told_down(struct world *world, struct wire *wire, unsigned side)
{
    struct peer *peer = side_peer(world, wire, side);
    if (peer)
        peer_give(world, peer,
                  &(struct node_event){.kind = EVENT_LINK_DOWN, .link = link_number(wire, side)});
}

void told_dial_failed(struct world *world, uint32_t node, uint64_t token,
                      const struct overlay_address *address)
{
    (void)token;
    struct node_event event = {.kind = EVENT_DIAL_FAILED};
    event.dial_failed = *address;
    peer_give(world, world_peer(world, node), &event);
}
