/* Does what a node asks for, in order: what app and net are in the programs. */
#include "tests/sim/byzantine.h"
#include "tests/sim/invariants.h"
#include "tests/sim/world.h"

#include "dialect/native.h"

#include <stdlib.h>

/* What core/sync lets wait on a link at most, one answer to a question, and what is small. */
enum { OUT_MAX = 2 * SYNC_QUEUE_MAX + SYNC_PAGE_BYTES + 2 * FRAME_MAX };

/* ---- the network ---- */

struct wire *perform_wire(struct world *world, uint32_t link, unsigned *side)
{
    *side = link % 2;
    struct wire *wire = net_wire(&world->net, link / 2);
    return wire && wire->open[*side] ? wire : NULL;
}

void perform_send(struct world *world, struct wire *wire, unsigned side, const struct frame *frame)
{
    struct buf *out = &wire->way[side].out;
    size_t before = out->length;
    if (!frame_pack(frame, out)) {
        world_fail(world, "more than %d bytes wait on a link", WIRE_OUT_MAX);
        return;
    }
    const uint8_t *bytes = buf_bytes(out) + before;
    size_t size = out->length - before;
    invariants_wire(world, bytes, size);
    world_trace(world, bytes, size);
    if (out->length > OUT_MAX && peer_honest(world_peer(world, wire->node[side])))
        world_fail(world, "7: %zu bytes wait on a link", out->length);
    net_written(world, wire, side);
}

static void send(struct world *world, struct peer *peer, const struct node_effect *effect)
{
    unsigned side;
    struct wire *wire = perform_wire(world, effect->link, &side);
    if (!wire)
        return; /* it broke in between */
    if (peer->byzantine) {
        byzantine_send(world, peer, wire, side, effect->frame);
        return;
    }
    invariants_sent(world, peer, effect->frame);
    perform_send(world, wire, side, effect->frame);
}

static void close_link(struct world *world, const struct node_effect *effect)
{
    unsigned side;
    struct wire *wire = perform_wire(world, effect->link, &side);
    if (wire)
        net_close(world, wire, side);
}

/* Only numbers are ever typed here. */
static void resolve(struct world *world, struct peer *peer, const struct node_effect *effect)
{
    struct node_event event = {.ticket = effect->ticket};
    unsigned long parts[4] = {0};
    const char *next = effect->resolve.host;
    for (size_t i = 0; i < 4; i++) {
        char *end;
        parts[i] = strtoul(next, &end, 10);
        next = *end == '.' ? end + 1 : end;
    }
    if (parts[0] == 10)
        event.address.address =
            net_address((uint32_t)(parts[2] * 256 + parts[3] - 1), (unsigned)parts[1]);
    event.kind = parts[0] == 10 ? EVENT_ADDRESS : EVENT_DIAL_FAILED;
    event.address.found = FOUND_ASKED;
    peer_give_later(world, peer, &event, 1000);
}

/* ---- jobs of other threads ---- */

static void effect_drop(void *effect)
{
    node_effect_free(effect);
}

static void job_check(struct world *world, struct peer *peer, const struct node_effect *effect)
{
    const struct sync_effect *sync = effect->sync;
    struct node_event event = {.kind = EVENT_CHECKED, .ticket = effect->ticket};
    event.verdict = run_check(sync->has_below ? &sync->below : NULL, &sync->range.author,
                              sync->entries, sync->count, &truth_signer);
    peer_give(world, peer, &event);
}

static void job_open(struct world *world, struct peer *peer, const struct node_effect *effect)
{
    struct node_event event = {.kind = EVENT_OPENED, .ticket = effect->ticket};
    event.opened.fault =
        whisper_open(&effect->open->fields, &peer->identity, &native_codec, &event.opened.whisper);
    peer_give(world, peer, &event);
}

static void job_verify(struct world *world, struct peer *peer, const struct node_effect *effect)
{
    struct node_event event = {.kind = EVENT_VERIFIED, .ticket = effect->ticket};
    bool *verified = xcalloc(effect->acks.count + 1, sizeof *verified);
    for (size_t i = 0; i < effect->acks.count; i++)
        verified[i] = ack_verify(&effect->acks.acks[i], &world->net_name, &truth_signer);
    event.verified = verified;
    peer_give(world, peer, &event);
    free(verified);
}

static void job_run(struct world *world, struct task *task)
{
    const struct node_effect *effect = task->data;
    struct peer *peer = world_peer(world, task->node);
    if (!world_lives(world, task->node, task->life))
        return;
    if (effect->kind == EFFECT_CHECK)
        job_check(world, peer, effect);
    else if (effect->kind == EFFECT_OPEN)
        job_open(world, peer, effect);
    else
        job_verify(world, peer, effect);
}

/* Threads finish in any order. TAKES effect. */
static void job_start(struct world *world, struct peer *peer, struct node_effect *effect)
{
    uint64_t us = world_chance(world, world_chance(world, 20) ? 500 : 50000);
    queue_add(&world->queue, &(struct task){.at = world->now + us,
                                            .run = job_run,
                                            .node = peer->number,
                                            .life = peer->life,
                                            .data = effect,
                                            .drop = effect_drop});
}

/* ---- time ---- */

static void timer_run(struct world *world, struct task *task)
{
    struct peer *peer = world_peer(world, task->node);
    if (world_lives(world, task->node, task->life) && peer->timer == task->number)
        peer_give(world, peer, &(struct node_event){.kind = EVENT_TIMER});
}

static void timer_set(struct world *world, struct peer *peer, uint64_t mono_ms)
{
    peer->timer++;
    if (mono_ms == UINT64_MAX)
        return;
    uint64_t now = peer_now(world, peer).mono_ms;
    uint64_t us = mono_ms > now ? (mono_ms - now) * 1000 : 0;
    us = (uint64_t)((int64_t)us - (int64_t)(us / 1000) * peer->clock.drift_ppm / 1000);
    world_later(world, us ? us : 100, peer, timer_run, peer->timer);
}

/* ---- all of them ---- */

/* Long because every kind of effect is named. */
void perform(struct world *world, struct peer *peer, struct node_effect *effect)
{
    world_trace_number(world, (uint64_t)effect->kind << 32 | effect->link);
    switch (effect->kind) {
    case EFFECT_SEND:
        send(world, peer, effect);
        break;
    case EFFECT_CLOSE:
        close_link(world, effect);
        break;
    case EFFECT_DIAL:
        net_dial(world, peer->number, &effect->dial.address, 0);
        break;
    case EFFECT_RESOLVE:
        resolve(world, peer, effect);
        break;
    case EFFECT_GUEST_NAMED:
    case EFFECT_GUEST_PEOPLE:
    case EFFECT_GUEST_WORD:
    case EFFECT_GUEST_RETRY:
    case EFFECT_GUEST_HANG_UP:
        invariants_guest(world, effect);
        if (world->guests)
            world->guests(world, peer, effect);
        break;
    case EFFECT_CHECK:
    case EFFECT_OPEN:
    case EFFECT_VERIFY:
        job_start(world, peer, effect);
        return;
    case EFFECT_STORE:
    case EFFECT_STORE_FORK:
    case EFFECT_TRIM:
    case EFFECT_STORE_OPENED:
    case EFFECT_STORE_ACKS:
    case EFFECT_STORE_PERSON:
    case EFFECT_STORE_ROOM:
    case EFFECT_STORE_MEMBER:
    case EFFECT_STORE_SELF:
    case EFFECT_STORE_LOCAL:
    case EFFECT_STORE_OWED:
    case EFFECT_DROP_OWED:
        storage_write(world, peer, effect);
        return;
    case EFFECT_LOAD:
    case EFFECT_LOAD_FORK:
    case EFFECT_LOAD_HASHES:
    case EFFECT_QUERY:
        storage_read(world, peer, effect);
        return;
    case EFFECT_TIMER:
        timer_set(world, peer, effect->timer);
        break;
    case EFFECT_SHOWN:
        invariants_shown(world, peer, &effect->shown);
        break;
    case EFFECT_RECEIPT:
        invariants_receipt(world, peer, &effect->receipt);
        break;
    case EFFECT_SAY:
        invariants_said(world, peer, &effect->say.message, effect->say.error);
        break;
    case EFFECT_LEAVE:
    case EFFECT_PEER:
    case EFFECT_BACK:
    case EFFECT_ANSWER:
    case EFFECT_COMMAND:
    case EFFECT_GO:
    case EFFECT_BELL:
        break;
    }
    node_effect_free(effect);
}
