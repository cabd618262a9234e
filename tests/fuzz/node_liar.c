/* A liar's frames: whole, within their bounds, and about what there is, or nearly; entries with
 * true signatures of keys that are its own. What a liar can do that has read PROTOCOL.md. */
#include "node_play.h"

#include "base/alloc.h"
#include "core/beat.h"
#include "dialect/native.h"

#include <stdlib.h>
#include <string.h>

enum { LIST = 8 /* of anything in one frame */ };

/* ---- what there is to speak of ---- */

void liar_init(struct play *play)
{
    play->keys[0] = world_peer(play->world, PLAY_LIAR)->identity;
    for (size_t i = 1; i < PLAY_KEYS; i++) {
        struct seed seed;
        memset(seed.bytes, (int)(100 + i), sizeof seed.bytes);
        identity_init(&play->keys[i], &seed);
    }
    for (size_t i = 0; i < PLAY_KEYS; i++)
        for (size_t j = 0; j < PLAY_EPOCHS; j++) {
            struct play_log *log = &play->logs[i][j];
            memset(log->epoch.bytes, (int)(1 + i * PLAY_EPOCHS + j), EPOCH_BYTES);
            log->tip.epoch = log->before.epoch = log->epoch;
        }
}

/* A place of a log that somebody has, or that only the liar knows, or of nobody's. */
static struct entry_ref place_any(struct play *play)
{
    uint8_t which = play_byte(play);
    struct entry_ref place = {{{0}}, {{0}}, 0};
    if (which % 4 == 0) {
        size_t key = which / 4 % PLAY_KEYS, epoch = which / 16 % PLAY_EPOCHS;
        place.author = play->keys[key].id;
        place.epoch = play->logs[key][epoch].epoch;
        place.seq = play->logs[key][epoch].tip.seq;
        return place;
    }
    const struct disk *disk = &play_peer(play)->disk;
    if (disk->shelf_count == 0) {
        memset(place.epoch.bytes, which, EPOCH_BYTES);
        return place;
    }
    const struct shelf *shelf = disk->shelves[which / 4 % disk->shelf_count];
    return (struct entry_ref){shelf->author, shelf->epoch, shelf->high};
}

/* Of the entry that is there; or nearly. */
static struct hash hash_any(struct play *play, const struct entry_ref *place)
{
    const struct said *said = truth_at(&play->world->truth, place);
    struct hash hash = said ? said->hash : (struct hash){{0}};
    uint8_t how = play_byte(play);
    if (how % 4 == 3)
        hash.bytes[how / 8] ^= how;
    return hash;
}

static struct id id_any(struct play *play)
{
    uint8_t which = play_byte(play);
    if (which >= 128)
        return play->keys[which % PLAY_KEYS].id;
    return world_peer(play->world, which % PLAY_PEERS)->identity.id;
}

static struct wire *wire_any(struct play *play, unsigned *side)
{
    const struct world *world = play->world;
    const struct peer *liar = world_peer(world, PLAY_LIAR);
    struct wire *found[PLAY_PEERS + WORLD_SPARE];
    unsigned sides[PLAY_PEERS + WORLD_SPARE];
    size_t count = 0;
    for (uint32_t i = 1; i <= world->net.count && count < sizeof sides / sizeof *sides; i++) {
        struct wire *wire = net_wire(&world->net, i);
        for (unsigned at = 0; wire && at < 2; at++)
            if (wire->node[at] == liar->number && wire->life[at] == liar->life && wire->open[at]) {
                sides[count] = at;
                found[count++] = wire;
                break;
            }
    }
    if (count == 0)
        return NULL;
    size_t which = play_byte(play) % count;
    *side = sides[which];
    return found[which];
}

/* ---- entries ---- */

struct draft {
    struct entry_fields fields;
    uint8_t body[ENTRY_MAX];
    uint8_t packed[ENTRY_MAX];
    char words[PLAY_WORDS], guest[PLAY_WORDS];
};

/* A whisper for some of the honest, as an author would seal it. */
static bool body_seal(struct play *play, struct draft *draft, uint8_t how)
{
    size_t size;
    struct whisper whisper = {.kind = how & 64 ? ENTRY_ACT : ENTRY_SAY,
                              .text = play_text(play, draft->words, PLAY_WORDS)};
    for (uint32_t i = 0; i < PLAY_HONEST; i++)
        if (how >> i & 1)
            whisper.readers[whisper.reader_count++] = world_peer(play->world, i)->identity.id;
    if (!whisper_well_formed(&whisper) ||
        whisper_seal(&whisper, &draft->fields, &native_codec, &play->world->sys, draft->body,
                     &size) != SEAL_FINE)
        return false;
    draft->fields.body = span_of(draft->body, size);
    draft->fields.kind = ENTRY_SEALED;
    draft->fields.room = span_text("");
    return true;
}

static struct body body_any(struct play *play, struct draft *draft, uint8_t how)
{
    struct body body = {.kind = (enum entry_kind)(how % 8 + 1)};
    struct span text = play_text(play, draft->words, PLAY_WORDS);
    switch (body.kind) {
    case ENTRY_SAY:
    case ENTRY_ACT:
        body.say.text = text;
        if (how & 64)
            body.say.again = (struct body_again){true, play->logs[0][how >> 7].epoch, 1 + how % 4};
        break;
    case ENTRY_PROFILE:
        body.profile.name = span_of(text.bytes, text.size < PERSON_NAME_MAX ? text.size : 0);
        body.profile.away = how & 64;
        break;
    case ENTRY_LEAVE:
        body.why = text;
        break;
    case ENTRY_TOPIC:
        body.topic = text;
        break;
    case ENTRY_CALL:
        body.call.has_whom = how & 64;
        body.call.whom = world_peer(play->world, how >> 7)->identity.id;
        break;
    case ENTRY_SEALED:
    case ENTRY_JOIN:
        break;
    }
    return body;
}

/* Sealed, well formed, or any bytes at all. */
static void body_fill(struct play *play, struct draft *draft)
{
    uint8_t how = play_byte(play);
    size_t size;
    draft->fields.kind = how % 8 + 1;
    if (how % 8 + 1 == ENTRY_SEALED && body_seal(play, draft, how))
        return;
    if (how < 224) {
        struct body body = body_any(play, draft, how);
        draft->fields.kind = body.kind;
        if (body_well_formed(&body) &&
            native_codec.body_pack(&body, draft->body, sizeof draft->body, &size)) {
            draft->fields.body = span_of(draft->body, size);
            return;
        }
    }
    draft->fields.kind = play_byte(play);
    draft->fields.body = play_bytes(play, draft->words);
}

static void guest_fill(struct play *play, struct draft *draft)
{
    static const char *const dialects[] = {"dated", "named", "join", "piped", "x"};
    draft->fields.guest = play_text(play, draft->guest, GUEST_NAME_MAX);
    draft->fields.dialect = span_text(dialects[play_byte(play) % 5]);
}

/* When it says that it was said: about now, long ago, or never. */
static uint64_t time_any(struct play *play)
{
    static const int64_t aheads[] = {0, 1, -1000, 5000, 60000, 119000, 121000, -86400000, 86400000};
    uint64_t now = peer_now(play->world, world_peer(play->world, 0)).wall_ms;
    uint8_t which = play_byte(play);
    if (which >= 240)
        return play_number(play, now);
    return now + (uint64_t)aheads[which % (sizeof aheads / sizeof *aheads)];
}

static struct span room_any(uint8_t which)
{
    static const char *const rooms[] = {"#everyone", "#everyone", "#lab",     "#kitchen",
                                        "",          "#LAB",      "nonsense", "#"};
    return span_text(rooms[which % 8]);
}

/* The next of a log of the liar's, or one more at the place of the last. */
static struct frame_entry entry_next(struct play *play, struct draft *draft)
{
    uint8_t whose = play_byte(play), how = play_byte(play);
    const struct identity *who = &play->keys[whose % PLAY_KEYS];
    struct play_log *log = &play->logs[whose % PLAY_KEYS][whose / 16 % PLAY_EPOCHS];
    const struct entry_tip *below = how & 1 ? &log->before : &log->tip;
    *draft = (struct draft){.fields = {.net = play->world->net_name,
                                       .author = who->id,
                                       .epoch = log->epoch,
                                       .seq = below->seq + 1,
                                       .room = room_any(how >> 1 & 7)}};
    draft->fields.prev = below->hash;
    draft->fields.hlc = draft->fields.wall = time_any(play);
    if (draft->fields.seq == 1)
        draft->fields.epoch_start = how & 16 ? time_any(play) : draft->fields.hlc;
    if (draft->fields.seq == 1 && how & 32)
        draft->fields.last = play->logs[whose % PLAY_KEYS][1 - whose / 16 % PLAY_EPOCHS].tip;
    if (how & 64)
        guest_fill(play, draft);
    if (how & 128)
        draft->fields.seq = play_number(play, draft->fields.seq);
    body_fill(play, draft);
    size_t size = native_codec.entry_pack(&draft->fields, draft->packed, sizeof draft->packed);
    struct frame_entry entry = {.bytes = span_of(draft->packed, size)};
    entry.signature = truth_signer.sign(who, ENTRY_LABEL, entry.bytes);
    struct span parts[] = {entry.bytes, span_of(entry.signature.bytes, SIGNATURE_BYTES)};
    if (!(how & 1))
        log->before = log->tip;
    log->tip = (struct entry_tip){log->epoch, draft->fields.seq, hash_of_parts(parts, 2)};
    return entry;
}

void liar_entries(struct play *play)
{
    static struct draft drafts[4];
    struct frame_entry entries[4];
    unsigned side;
    struct wire *wire = wire_any(play, &side);
    size_t count = 1 + play_byte(play) % 4, kept = 0;
    for (size_t i = 0; i < count; i++) {
        entries[kept] = entry_next(play, &drafts[kept]);
        kept += entries[kept].bytes.size > 0;
    }
    struct frame frame = {.kind = FRAME_ENTRIES, .entries = {kept, entries}};
    if (wire && kept)
        perform_send(play->world, wire, side, &frame);
}

/* ---- frames ---- */

static void heads(struct play *play, struct frame *frame, struct frame_head list[LIST])
{
    size_t count = 1 + play_byte(play) % LIST;
    for (size_t i = 0; i < count; i++) {
        struct entry_ref place = place_any(play);
        frame->heads.author = place.author;
        list[i] = (struct frame_head){.epoch = place.epoch, .low = 1, .high = place.seq};
        if (play_byte(play) & 1) {
            list[i].low = play_number(play, 1);
            list[i].high = play_number(play, place.seq);
        }
        list[i].hash = hash_any(play, &place);
    }
    uint8_t how = play_byte(play);
    frame->heads.answer = how & 1;
    frame->heads.more = how & 2;
    frame->heads.count = count;
    frame->heads.heads = list;
}

static void range(struct play *play, struct frame *frame)
{
    struct entry_ref place = place_any(play);
    frame->range = (struct frame_range){place.author, place.epoch, play_number(play, 1),
                                        play_number(play, place.seq)};
}

static void heights(struct play *play, struct frame *frame, struct frame_height list[LIST])
{
    struct entry_ref place = place_any(play);
    size_t count = 1 + play_byte(play) % LIST;
    for (size_t i = 0; i < count; i++) {
        place.seq = play_number(play, place.seq);
        list[i] = (struct frame_height){place.seq, hash_any(play, &place)};
    }
    frame->heights = (struct frame_heights){place.author, place.epoch, count, list};
}

static void acks(struct play *play, struct frame *frame, struct ack list[LIST])
{
    size_t count = 1 + play_byte(play) % LIST;
    for (size_t i = 0; i < count; i++) {
        struct entry_ref place = place_any(play);
        uint8_t how = play_byte(play);
        list[i] = (struct ack){.author = place.author, .epoch = place.epoch};
        list[i].low = how & 1 ? play_number(play, 1) : 1;
        list[i].high = how & 2 ? play_number(play, place.seq) : place.seq;
        list[i].head = hash_any(play, &place);
        ack_sign(&list[i], &play->world->net_name, &truth_signer, &play->keys[how / 4 % PLAY_KEYS]);
        if (how & 128)
            list[i].acker = id_any(play);
    }
    frame->acks.count = count;
    frame->acks.acks = list;
}

static void rows(struct play *play, struct frame *frame, struct frame_row list[LIST])
{
    uint8_t how = play_byte(play);
    size_t count = how % (LIST + 1);
    for (size_t i = 0; i < count; i++) {
        list[i].author = id_any(play);
        memset(list[i].digest, play_byte(play), BUCKET_BYTES);
    }
    frame->rows = (struct frame_rows){.bucket = play_byte(play),
                                      .from_start = how & 64,
                                      .more = how & 128,
                                      .count = count,
                                      .rows = list};
    if (count && how & 32)
        frame->rows.bucket = list[0].author.bytes[0];
    if (!frame->rows.from_start)
        frame->rows.after = id_any(play);
}

static void entry_of(struct play *play, struct frame_entry *into)
{
    struct entry_ref place = place_any(play);
    place.seq = play_number(play, place.seq);
    const struct said *said = truth_at(&play->world->truth, &place);
    *into = (struct frame_entry){.bytes = span_text("no entry at all")};
    if (said)
        *into = (struct frame_entry){entry_bytes(said->entry), entry_signature(said->entry)};
}

/* Of two entries: somebody's that are there, or one that the liar makes for it. */
static void fork_of(struct play *play, struct frame *frame)
{
    static struct draft draft;
    entry_of(play, &frame->fork.first);
    entry_of(play, &frame->fork.second);
    if (play_byte(play) & 1) {
        struct frame_entry made = entry_next(play, &draft);
        if (made.bytes.size)
            frame->fork.second = made;
    }
}

/* What somebody said, said again, altered or not. */
static void again(struct play *play, struct frame *frame, struct frame_entry list[LIST],
                  uint8_t altered[ENTRY_MAX])
{
    size_t count = 1 + play_byte(play) % LIST;
    for (size_t i = 0; i < count; i++)
        entry_of(play, &list[i]);
    uint8_t how = play_byte(play);
    if (how & 1) {
        size_t size = list[0].bytes.size;
        memcpy(altered, list[0].bytes.bytes, size);
        altered[play_number(play, 0) % size] ^= how | 1;
        list[0].bytes.bytes = altered;
    }
    frame->entries.count = count;
    frame->entries.entries = list;
}

static struct overlay_told told_any(struct play *play)
{
    uint8_t which = play_byte(play);
    struct overlay_told told = {.address = net_address(which % 16, 0), .age_s = play_byte(play)};
    if (which >= 192)
        memset(told.address.ip + 12, which, 4);
    told.hint = which & 32 ? which : 0;
    return told;
}

static void overlay(struct play *play, struct frame *frame)
{
    struct overlay_message *message = &frame->overlay;
    uint8_t how = play_byte(play);
    message->kind = (enum overlay_message_kind)(how % (OVERLAY_PART + 1));
    switch (message->kind) {
    case OVERLAY_ASK:
        message->ask = (enum overlay_priority)(how / 8 % (OVERLAY_HEAL + 1));
        break;
    case OVERLAY_ANSWER:
        message->answer.yes = how & 8;
        message->answer.people = play_byte(play);
        message->answer.list.count = 1;
        message->answer.list.told[0] = told_any(play);
        break;
    case OVERLAY_WALK:
        message->walk.who = told_any(play);
        message->walk.ttl = how / 8 % (OVERLAY_WALK_TTL + 1);
        break;
    case OVERLAY_SHUFFLE:
    case OVERLAY_SHUFFLED:
        message->shuffle.count = how / 8 % OVERLAY_TOLD;
        for (size_t i = 0; i < message->shuffle.count; i++)
            message->shuffle.told[i] = told_any(play);
        break;
    case OVERLAY_BEAT:
        message->beat.counter = play_number(play, 1);
        beat_sign(&message->beat, &play->world->net_name, &truth_signer,
                  &play->keys[how / 8 % PLAY_KEYS]);
        if (how & 128)
            message->beat.id = id_any(play);
        break;
    case OVERLAY_PART:
        message->part = (enum overlay_why)(how / 8 % (OVERLAY_WHY_LEFT + 1));
        break;
    }
}

static void hello(struct play *play, struct frame *frame, char name[PLAY_WORDS])
{
    uint8_t how = play_byte(play);
    frame->hello = (struct frame_hello){.version = how & 1 ? play_byte(play) : PROTOCOL_VERSION,
                                        .net = play->world->net_name,
                                        .name = play_text(play, name, PERSON_NAME_MAX),
                                        .port = (uint16_t)play_number(play, 9999),
                                        .component = id_any(play)};
    if (how & 2)
        frame->hello.net.bytes[0] ^= 1;
    memset(frame->hello.instance, how, INSTANCE_BYTES);
}

/* Long because every kind of frame is named. */
void liar_frame(struct play *play)
{
    unsigned side;
    struct wire *wire = wire_any(play, &side);
    struct frame frame = {.kind = (enum frame_kind)(1 + play_byte(play) % FRAME_OVERLAY)};
    union {
        struct frame_head heads[LIST];
        struct frame_height heights[LIST];
        struct ack acks[LIST];
        struct frame_row rows[LIST];
        struct frame_entry entries[LIST];
        uint8_t buckets[BUCKETS][BUCKET_BYTES];
        char name[PLAY_WORDS];
    } list;
    uint8_t altered[ENTRY_MAX];
    memset(&list, 0, sizeof list);
    switch (frame.kind) {
    case FRAME_HELLO:
        hello(play, &frame, list.name);
        break;
    case FRAME_PING:
    case FRAME_PONG:
        frame.token = play_number(play, 0);
        break;
    case FRAME_DISCONNECT:
        frame.reason = play_byte(play);
        break;
    case FRAME_ENTRIES:
        again(play, &frame, list.entries, altered);
        break;
    case FRAME_ACKS:
        acks(play, &frame, list.acks);
        break;
    case FRAME_DIGEST:
        memset(frame.digest.bytes, play_byte(play), HASH_BYTES);
        break;
    case FRAME_BUCKETS:
        memset(list.buckets, play_byte(play), sizeof list.buckets);
        frame.buckets = list.buckets;
        break;
    case FRAME_ROWS:
        rows(play, &frame, list.rows);
        break;
    case FRAME_HEADS:
        heads(play, &frame, list.heads);
        break;
    case FRAME_WANT:
    case FRAME_LACK:
        range(play, &frame);
        break;
    case FRAME_HEIGHTS:
    case FRAME_HASHES:
        heights(play, &frame, list.heights);
        break;
    case FRAME_FORK:
        fork_of(play, &frame);
        break;
    case FRAME_UNWANTED:
        frame.author = id_any(play);
        break;
    case FRAME_OVERLAY:
        overlay(play, &frame);
        break;
    case FRAME_PROOF:
    case FRAME_ACKS_WANTED:
    case FRAME_UNKNOWN:
        break;
    }
    if (wire)
        perform_send(play->world, wire, side, &frame);
}
