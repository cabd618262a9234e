/* Tampering, and inventions of its own. */
#include "tests/sim/byzantine.h"

#include "core/beat.h"
#include "dialect/native.h"

#include <stdlib.h>
#include <utlist.h>

enum {
    HEARD = 16,    /* frames kept to be replayed */
    LOG_MAX = 400, /* entries of a log of its own making */
    ACT_MS = 700,  /* between two inventions */
};

struct byzantine {
    unsigned mischiefs;
    bool calm;
    struct buf heard[HEARD];
    size_t heard_next;
    struct epoch_id epoch; /* of its own log, beside its node's */
    struct entry *log[LOG_MAX];
    size_t log_count;
};

static bool does(struct world *world, const struct byzantine *self, enum mischief mischief,
                 uint64_t odds)
{
    return !self->calm && (self->mischiefs >> mischief & 1) && world_chance(world, odds) == 0;
}

void byzantine_calm(struct peer *peer)
{
    if (peer->byzantine)
        peer->byzantine->calm = true;
}

bool byzantine_acts(const struct peer *peer)
{
    return peer->byzantine && !peer->byzantine->calm;
}

void byzantine_free(struct byzantine *self)
{
    if (!self)
        return;
    for (size_t i = 0; i < HEARD; i++)
        buf_done(&self->heard[i]);
    for (size_t i = 0; i < self->log_count; i++)
        entry_drop(self->log[i]);
    free(self);
}

/* ---- what is heard ---- */

static void own_serve(struct world *world, const struct peer *peer, struct wire *wire,
                      unsigned side, const struct frame_range *range);

void byzantine_hear(struct world *world, struct peer *peer, struct wire *wire, unsigned side,
                    const struct frame *frame)
{
    struct byzantine *self = peer->byzantine;
    if (frame->kind == FRAME_WANT && !self->calm)
        own_serve(world, peer, wire, side, &frame->range);
    if (frame->kind == FRAME_UNKNOWN || !does(world, self, MISCHIEF_REPLAY, 8))
        return;
    struct buf *buf = &self->heard[self->heard_next++ % HEARD];
    buf_eat(buf, buf->length);
    if (!frame_pack(frame, buf))
        die("a frame that was read cannot be written");
}

/* ---- what is sent ---- */

static void send_bytes(struct world *world, struct wire *wire, unsigned side, const void *bytes,
                       size_t size)
{
    if (buf_add(&wire->way[side].out, bytes, size))
        net_written(world, wire, side);
}

static void flip(struct world *world, uint8_t *bytes, size_t size)
{
    bytes[world_chance(world, size)] ^= (uint8_t)(1 + world_chance(world, 255));
}

/* One entry of the frame is altered, left out, or sent twice. */
static void entries_tamper(struct world *world, struct wire *wire, unsigned side,
                           const struct frame *frame)
{
    struct frame tampered = *frame;
    size_t count = frame->entries.count;
    if (count == 0 || count == ENTRIES_MAX)
        return;
    struct frame_entry *list = xcalloc(count + 1, sizeof *list);
    memcpy(list, frame->entries.entries, count * sizeof *list);
    size_t at = (size_t)world_chance(world, count);
    uint8_t *bytes = xmemdup(list[at].bytes.bytes, list[at].bytes.size);
    tampered.entries.entries = list;
    switch (world_chance(world, 4)) {
    case 0:
        flip(world, bytes, list[at].bytes.size);
        list[at].bytes.bytes = bytes;
        break;
    case 1:
        flip(world, list[at].signature.bytes, SIGNATURE_BYTES);
        break;
    case 2:
        memmove(list + at, list + at + 1, (count - at - 1) * sizeof *list);
        tampered.entries.count--;
        break;
    default:
        list[count] = list[at];
        tampered.entries.count++;
        break;
    }
    if (tampered.entries.count)
        perform_send(world, wire, side, &tampered);
    free(bytes);
    free(list);
}

static void heads_tamper(struct world *world, struct wire *wire, unsigned side,
                         const struct frame *frame)
{
    struct frame tampered = *frame;
    size_t count = frame->heads.count;
    struct frame_head *list = xcalloc(count + 1, sizeof *list);
    if (count)
        memcpy(list, frame->heads.heads, count * sizeof *list);
    tampered.heads.heads = list;
    for (size_t i = 0; i < count; i++) {
        uint64_t what = world_chance(world, 4);
        if (what == 0)
            list[i].high += 1 + world_chance(world, 1000);
        else if (what == 1)
            flip(world, list[i].hash.bytes, HASH_BYTES);
        else if (what == 2)
            list[i].low = 1 + world_chance(world, list[i].high);
    }
    perform_send(world, wire, side, &tampered);
    free(list);
}

void byzantine_send(struct world *world, struct peer *peer, struct wire *wire, unsigned side,
                    const struct frame *frame)
{
    struct byzantine *self = peer->byzantine;
    if (frame->kind == FRAME_ENTRIES && does(world, self, MISCHIEF_WITHHOLD, 2))
        return;
    if (frame->kind == FRAME_ENTRIES && does(world, self, MISCHIEF_FORGE, 2)) {
        entries_tamper(world, wire, side, frame);
        return;
    }
    if (frame->kind == FRAME_HEADS && does(world, self, MISCHIEF_CLAIM, 2)) {
        heads_tamper(world, wire, side, frame);
        return;
    }
    if (frame->kind == FRAME_DIGEST && does(world, self, MISCHIEF_CLAIM, 2)) {
        struct frame tampered = *frame;
        flip(world, tampered.digest.bytes, HASH_BYTES);
        perform_send(world, wire, side, &tampered);
        return;
    }
    perform_send(world, wire, side, frame);
}

/* ---- logs of its own ---- */

static struct entry *make(struct world *world, const struct peer *peer, struct entry_fields *fields)
{
    char words[200];
    uint8_t bytes[ENTRY_MAX];
    size_t size;
    world_words(world, words, sizeof words);
    struct body body = {.kind = ENTRY_SAY, .say = {.text = span_text(words)}};
    if (!native_codec.body_pack(&body, bytes, sizeof bytes, &size))
        die("words that do not fit");
    fields->net = world->net_name;
    fields->author = peer->identity.id;
    fields->kind = ENTRY_SAY;
    fields->room = span_text("#everyone");
    fields->hlc = fields->wall = peer_now(world, peer).wall_ms;
    fields->body = span_of(bytes, size);
    struct entry *entry = entry_make(fields, &native_codec, &truth_signer, &peer->identity);
    if (!entry)
        die("an entry that does not fit");
    return entry;
}

/* The next entry of its own log, of which there may be several. */
static struct entry *own_next(struct world *world, const struct peer *peer)
{
    const struct byzantine *self = peer->byzantine;
    struct entry_fields fields = {.epoch = self->epoch, .seq = self->log_count + 1};
    if (self->log_count)
        fields.prev = self->log[self->log_count - 1]->hash;
    else
        fields.epoch_start = peer_now(world, peer).wall_ms;
    return make(world, peer, &fields);
}

static void entry_send(struct world *world, struct wire *wire, unsigned side,
                       const struct entry *entry)
{
    struct frame_entry sent = {entry_bytes(entry), entry_signature(entry)};
    struct frame frame = {.kind = FRAME_ENTRIES, .entries = {1, &sent}};
    perform_send(world, wire, side, &frame);
}

/* Another open wire of its own. */
static struct wire *wire_any(struct world *world, const struct peer *peer, unsigned *side)
{
    for (unsigned tries = 0; tries < 40 && world->net.count; tries++) {
        struct wire *wire =
            net_wire(&world->net, (uint32_t)(1 + world_chance(world, world->net.count)));
        for (*side = 0; wire && *side < 2; ++*side)
            if (wire->node[*side] == peer->number && wire->life[*side] == peer->life &&
                wire->open[*side])
                return wire;
    }
    return NULL;
}

static void own_say(struct world *world, struct peer *peer, size_t count)
{
    struct byzantine *self = peer->byzantine;
    unsigned side;
    struct wire *wire = wire_any(world, peer, &side);
    while (wire && count-- > 0 && self->log_count < LOG_MAX) {
        struct entry *entry = own_next(world, peer);
        self->log[self->log_count++] = entry;
        if (world_chance(world, 20) == 0)
            wire = wire_any(world, peer, &side);
        if (wire)
            entry_send(world, wire, side, entry);
    }
}

/* One thing to these, another to those. */
static void own_fork(struct world *world, struct peer *peer)
{
    struct byzantine *self = peer->byzantine;
    unsigned side;
    if (self->log_count + 1 >= LOG_MAX)
        return;
    struct entry *first = own_next(world, peer), *second = own_next(world, peer);
    struct wire *wire = wire_any(world, peer, &side);
    if (wire)
        entry_send(world, wire, side, first);
    wire = wire_any(world, peer, &side);
    if (wire)
        entry_send(world, wire, side, second);
    bool other = world_chance(world, 2);
    self->log[self->log_count++] = other ? second : first;
    entry_drop(other ? first : second);
}

/* What it says now is not what it said before. */
static void own_rewrite(struct world *world, struct peer *peer)
{
    struct byzantine *self = peer->byzantine;
    if (self->log_count < 2)
        return;
    size_t keep = 1 + (size_t)world_chance(world, self->log_count - 1);
    while (self->log_count > keep)
        entry_drop(self->log[--self->log_count]);
}

/* Its log is asked for: it is given as it is now. */
static void own_serve(struct world *world, const struct peer *peer, struct wire *wire,
                      unsigned side, const struct frame_range *range)
{
    const struct byzantine *self = peer->byzantine;
    if (!epoch_equal(&range->epoch, &self->epoch) || !wire->open[side])
        return;
    for (uint64_t seq = range->low; seq <= range->high && seq <= self->log_count; seq++)
        entry_send(world, wire, side, self->log[seq - 1]);
}

/* And told of. */
static void own_claim(struct world *world, const struct peer *peer)
{
    const struct byzantine *self = peer->byzantine;
    unsigned side;
    struct wire *wire = wire_any(world, peer, &side);
    if (!wire || self->log_count == 0)
        return;
    struct frame_head head = {self->epoch, 1, self->log_count,
                              self->log[self->log_count - 1]->hash};
    struct frame frame = {.kind = FRAME_HEADS};
    frame.heads = (struct frame_heads){
        .author = peer->identity.id, .answer = true, .count = 1, .heads = &head};
    perform_send(world, wire, side, &frame);
}

/* A second entry in its node's own log. */
static void node_fork(struct world *world, struct peer *peer)
{
    const struct disk *disk = &peer->disk;
    if (disk->shelf_count == 0)
        return;
    const struct shelf *shelf = disk->shelves[world_chance(world, disk->shelf_count)];
    if (shelf->count == 0 || !id_equal(&shelf->author, &peer->identity.id))
        return;
    const struct entry *old = shelf->kept[world_chance(world, shelf->count)]->record.entry;
    struct entry_fields fields = {.epoch = old->fields.epoch,
                                  .seq = old->fields.seq,
                                  .prev = old->fields.prev,
                                  .epoch_start = old->fields.epoch_start,
                                  .last = old->fields.last};
    struct entry *entry = make(world, peer, &fields);
    unsigned side;
    struct wire *wire = wire_any(world, peer, &side);
    if (wire)
        entry_send(world, wire, side, entry);
    entry_drop(entry);
}

/* ---- inventions ---- */

static void garbage(struct world *world, struct peer *peer)
{
    unsigned side;
    struct wire *wire = wire_any(world, peer, &side);
    uint8_t bytes[256] = {0};
    if (!wire)
        return;
    size_t size = 1 + (size_t)world_chance(world, sizeof bytes - 4);
    sys_random(&world->sys, bytes, sizeof bytes);
    if (world_chance(world, 2)) { /* with a length that could be one */
        memset(bytes, 0, 2);
        bytes[2] = 0;
        bytes[3] = (uint8_t)size;
        size += 4;
    }
    send_bytes(world, wire, side, bytes, size);
}

static void replay(struct world *world, struct peer *peer)
{
    const struct byzantine *self = peer->byzantine;
    const struct buf *buf = &self->heard[world_chance(world, HEARD)];
    unsigned side;
    struct wire *wire = wire_any(world, peer, &side);
    if (wire && buf->length)
        send_bytes(world, wire, side, buf_bytes(buf), buf->length);
}

/* Somebody new, with something to say. */
static void invent_people(struct world *world, struct peer *peer, size_t count)
{
    unsigned side;
    struct wire *wire = wire_any(world, peer, &side);
    for (size_t i = 0; wire && i < count; i++) {
        struct peer invented = {.clock = peer->clock};
        struct seed seed;
        sys_random(&world->sys, seed.bytes, sizeof seed.bytes);
        identity_init(&invented.identity, &seed);
        struct entry_fields fields = {.seq = 1, .epoch_start = 1};
        sys_random(&world->sys, fields.epoch.bytes, EPOCH_BYTES);
        struct entry *entry = make(world, &invented, &fields);
        entry_send(world, wire, side, entry);
        entry_drop(entry);
    }
}

static const struct id *id_any(struct world *world)
{
    return &world->peers[world_chance(world, world->peer_count)]->identity.id;
}

/* Somebody's epoch, if the byzantine knows one. */
static const struct shelf *shelf_any(struct world *world, const struct peer *peer)
{
    const struct disk *disk = &peer->disk;
    return disk->shelf_count ? disk->shelves[world_chance(world, disk->shelf_count)] : NULL;
}

static void claim(struct world *world, struct peer *peer, struct wire *wire, unsigned side)
{
    const struct shelf *shelf = shelf_any(world, peer);
    struct frame_head head = {.low = 1, .high = 1 + world_chance(world, 1000)};
    sys_random(&world->sys, head.epoch.bytes, EPOCH_BYTES);
    sys_random(&world->sys, head.hash.bytes, HASH_BYTES);
    struct frame frame = {.kind = FRAME_HEADS};
    frame.heads = (struct frame_heads){
        .author = *id_any(world), .answer = world_chance(world, 2), .count = 1, .heads = &head};
    if (shelf && world_chance(world, 3)) {
        frame.heads.author = shelf->author;
        head.epoch = shelf->epoch;
        head.high += world_chance(world, 2) ? shelf->high : 0;
    }
    perform_send(world, wire, side, &frame);
}

static void refuse(struct world *world, struct wire *wire, unsigned side)
{
    struct frame frame = {.kind = FRAME_UNWANTED, .author = *id_any(world)};
    perform_send(world, wire, side, &frame);
}

static void ask(struct world *world, struct peer *peer, struct wire *wire, unsigned side)
{
    const struct shelf *shelf = shelf_any(world, peer);
    struct frame frame = {.kind = world_chance(world, 3) ? FRAME_WANT : FRAME_LACK};
    for (size_t i = 0; shelf && i < 100; i++) {
        uint64_t low = 1 + world_chance(world, shelf->high + 2);
        frame.range = (struct frame_range){shelf->author, shelf->epoch, low,
                                           low + world_chance(world, 2 * RUN_MAX)};
        perform_send(world, wire, side, &frame);
    }
}

static void heights(struct world *world, struct peer *peer, struct wire *wire, unsigned side)
{
    const struct shelf *shelf = shelf_any(world, peer);
    struct frame_height list[4];
    if (!shelf)
        return;
    for (size_t i = 0; i < 4; i++) {
        list[i].seq = 1 + i * 3 + world_chance(world, 3);
        sys_random(&world->sys, list[i].hash.bytes, HASH_BYTES);
    }
    struct frame frame = {.kind = world_chance(world, 2) ? FRAME_HEIGHTS : FRAME_HASHES};
    frame.heights = (struct frame_heights){shelf->author, shelf->epoch, 4, list};
    perform_send(world, wire, side, &frame);
}

/* An ack that says too much: in its own name, or forged. */
static void lie_ack(struct world *world, struct peer *peer, struct wire *wire, unsigned side)
{
    const struct shelf *shelf = shelf_any(world, peer);
    if (!shelf)
        return;
    struct ack ack = {.author = shelf->author, .epoch = shelf->epoch, .low = 1};
    ack.high = shelf->high + 1 + world_chance(world, 5);
    ack_sign(&ack, &world->net_name, &truth_signer, &peer->identity);
    if (world_chance(world, 2))
        ack.acker = *id_any(world);
    struct frame frame = {.kind = FRAME_ACKS, .acks = {1, &ack}};
    perform_send(world, wire, side, &frame);
}

static struct overlay_address address_any(struct world *world)
{
    struct overlay_address address = net_address((uint32_t)world_chance(world, 5000), 0);
    address.ip[12] = (uint8_t)(world_chance(world, 2) ? 10 : 192);
    return address;
}

static void lie_overlay(struct world *world, struct wire *wire, unsigned side)
{
    struct frame frame = {.kind = FRAME_OVERLAY};
    struct overlay_message *message = &frame.overlay;
    switch (world_chance(world, 3)) {
    case 0:
        message->kind = OVERLAY_SHUFFLE;
        message->shuffle.count = OVERLAY_TOLD;
        for (size_t i = 0; i < OVERLAY_TOLD; i++)
            message->shuffle.told[i].address = address_any(world);
        break;
    case 1:
        message->kind = OVERLAY_WALK;
        message->walk.who.address = address_any(world);
        message->walk.ttl = OVERLAY_WALK_TTL;
        break;
    default: /* a component that is nobody's, or somebody's */
        message->kind = OVERLAY_BEAT;
        message->beat.id = world_chance(world, 2) ? *id_any(world) : (struct id){{0}};
        message->beat.counter = ENTRY_NUMBER_MAX - world_chance(world, 1000);
        sys_random(&world->sys, message->beat.signature.bytes, SIGNATURE_BYTES);
        break;
    }
    perform_send(world, wire, side, &frame);
}

/* A proof that somebody has forked, whose second half nobody signed. */
static void lie_fork(struct world *world, struct peer *peer, struct wire *wire, unsigned side)
{
    const struct shelf *shelf = shelf_any(world, peer);
    if (!shelf || shelf->count == 0)
        return;
    struct entry *entry = shelf->kept[world_chance(world, shelf->count)]->record.entry;
    struct span body = entry->fields.body;
    uint8_t *forged = xmemdup(entry->bytes, entry->size);
    if (body.size)
        flip(world, forged + (body.bytes - entry->bytes), body.size);
    struct frame frame = {.kind = FRAME_FORK};
    frame.fork.first = (struct frame_entry){entry_bytes(entry), entry_signature(entry)};
    frame.fork.second = (struct frame_entry){span_of(forged, entry->size), entry_signature(entry)};
    if (world_chance(world, 2))
        sys_random(&world->sys, frame.fork.second.signature.bytes, SIGNATURE_BYTES);
    perform_send(world, wire, side, &frame);
    free(forged);
}

static void claims(struct world *world, struct peer *peer, struct wire *wire, unsigned side)
{
    uint64_t what = world_chance(world, 8);
    if (what == 0)
        refuse(world, wire, side);
    else if (what < 3)
        heights(world, peer, wire, side);
    else
        claim(world, peer, wire, side);
}

static void invent_fork(struct world *world, struct peer *peer)
{
    own_say(world, peer, 1 + (size_t)world_chance(world, 4));
    if (world_chance(world, 3) == 0)
        own_fork(world, peer);
    if (world_chance(world, 4) == 0)
        node_fork(world, peer);
    if (world_chance(world, 8) == 0)
        own_rewrite(world, peer);
    own_claim(world, peer);
}

static void invent_flood(struct world *world, struct peer *peer)
{
    own_say(world, peer, 1 + (size_t)world_chance(world, 100));
    invent_people(world, peer, (size_t)world_chance(world, 8));
}

void byzantine_invent(struct world *world, struct peer *peer, enum mischief mischief)
{
    unsigned side;
    struct wire *wire = wire_any(world, peer, &side);
    if (!wire)
        return;
    switch (mischief) {
    case MISCHIEF_FORK:
        invent_fork(world, peer);
        return;
    case MISCHIEF_FLOOD:
        invent_flood(world, peer);
        return;
    case MISCHIEF_REPLAY:
        replay(world, peer);
        return;
    case MISCHIEF_GARBAGE:
        garbage(world, peer);
        return;
    case MISCHIEF_CLAIM:
        claims(world, peer, wire, side);
        return;
    case MISCHIEF_FORGE:
        lie_fork(world, peer, wire, side);
        return;
    case MISCHIEF_ASK:
        ask(world, peer, wire, side);
        return;
    case MISCHIEF_GOSSIP:
        lie_ack(world, peer, wire, side);
        lie_overlay(world, wire, side);
        return;
    case MISCHIEF_WITHHOLD:
    case MISCHIEF_COUNT:
        return;
    }
}

static void act(struct world *world, struct peer *peer)
{
    struct byzantine *self = peer->byzantine;
    unsigned side;
    if (does(world, self, MISCHIEF_FORK, 3))
        invent_fork(world, peer);
    if (does(world, self, MISCHIEF_FLOOD, 10))
        invent_flood(world, peer);
    if (does(world, self, MISCHIEF_REPLAY, 2))
        replay(world, peer);
    if (does(world, self, MISCHIEF_GARBAGE, 20))
        garbage(world, peer);
    struct wire *wire = wire_any(world, peer, &side);
    if (wire && does(world, self, MISCHIEF_CLAIM, 3))
        claims(world, peer, wire, side);
    if (wire && does(world, self, MISCHIEF_FORGE, 3))
        lie_fork(world, peer, wire, side);
    if (wire && does(world, self, MISCHIEF_ASK, 6))
        ask(world, peer, wire, side);
    if (wire && does(world, self, MISCHIEF_GOSSIP, 3)) {
        lie_ack(world, peer, wire, side);
        lie_overlay(world, wire, side);
    }
}

static void act_run(struct world *world, struct task *task)
{
    struct peer *peer = world_peer(world, task->node);
    if (peer->gone)
        return;
    if (peer->alive && !peer->byzantine->calm)
        act(world, peer);
    world_later(world, world_chance(world, 2 * ACT_MS * 1000), peer, act_run, 0);
}

void byzantine_make(struct world *world, struct peer *peer, unsigned mischiefs)
{
    struct byzantine *self = xcalloc(1, sizeof *self);
    self->mischiefs = mischiefs;
    for (size_t i = 0; i < HEARD; i++)
        buf_init(&self->heard[i], FRAME_MAX);
    sys_random(&world->sys, self->epoch.bytes, EPOCH_BYTES);
    peer->byzantine = self;
    world_later(world, 1000000, peer, act_run, 0);
}
