/* Writes vectors.json: everything of PROTOCOL.md that can be computed, from fixed seeds, so that
 * the same bytes come out for ever. With `take`, reads what another peer wrote (peer.py write) from
 * stdin, and fails unless all of it is good. */
#include "base/alloc.h"
#include "core/ack.h"
#include "core/beat.h"
#include "core/run.h"
#include "core/sealed.h"
#include "dialect/native.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANA = 1, BRUNO = 2, CARLA = 3, DANI = 4 }; /* a person's seed is 32 times that byte */

static const uint64_t NOON = 1763640000000; /* 20 November 2025 */

static struct hash net;
static struct sys_fake world = {.seed = 1};

static void must(bool holds, const char *what)
{
    if (!holds)
        die("%s", what);
}

/* ---- JSON ---- */

static json_t *hex(const void *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char *text = xmalloc(2 * size + 1);
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[((const uint8_t *)bytes)[i] >> 4];
        text[2 * i + 1] = digits[((const uint8_t *)bytes)[i] & 15];
    }
    json_t *value = json_stringn(text, 2 * size);
    free(text);
    return value;
}

static json_t *hex_span(struct span span)
{
    return hex(span.bytes, span.size);
}

static json_t *text(struct span span)
{
    return json_stringn((const char *)span.bytes, span.size);
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* ---- people, entries ---- */

static struct identity person(unsigned which)
{
    struct identity identity;
    struct seed seed;
    memset(seed.bytes, (int)which, SEED_BYTES);
    identity_init(&identity, &seed);
    return identity;
}

static struct entry_fields fields_after(const struct identity *author,
                                        const struct entry_tip *below)
{
    struct entry_fields fields = {
        .net = net,
        .author = author->id,
        .epoch = below->epoch,
        .seq = below->seq + 1,
        .hlc = NOON + 1000 * below->seq,
        .wall = NOON + 1000 * below->seq - 300,
        .kind = ENTRY_SAY,
        .room = span_text("#everyone"),
    };
    if (below->seq > 0)
        fields.prev = below->hash;
    else
        fields.epoch_start = NOON - 5;
    return fields;
}

static struct entry *entry_of(const struct entry_fields *fields, const struct body *body,
                              const struct identity *author)
{
    uint8_t bytes[ENTRY_MAX];
    size_t size;
    struct entry_fields whole = *fields;
    whole.kind = body->kind;
    must(native_codec.body_pack(body, bytes, sizeof bytes, &size), "a body does not fit");
    whole.body = span_of(bytes, size);
    struct entry *entry = entry_make(&whole, &native_codec, &signer_real, author);
    must(entry != NULL, "an entry does not fit");
    return entry;
}

static struct entry *say(const struct identity *author, const struct entry_tip *below,
                         const char *words)
{
    struct entry_fields fields = fields_after(author, below);
    struct body body = {.kind = ENTRY_SAY, .say = {.text = span_text(words)}};
    return entry_of(&fields, &body, author);
}

static json_t *signed_json(const struct entry *entry)
{
    struct signature signature = entry_signature(entry);
    return json_pack("{s:o, s:o, s:o}", "bytes", hex_span(entry_bytes(entry)), "signature",
                     hex(signature.bytes, SIGNATURE_BYTES), "hash",
                     hex(entry->hash.bytes, HASH_BYTES));
}

static json_t *fields_json(const struct entry_fields *f)
{
    json_t *json = json_pack("{s:o, s:o, s:o, s:o}", "net", hex(f->net.bytes, HASH_BYTES), "author",
                             hex(f->author.bytes, ID_BYTES), "epoch",
                             hex(f->epoch.bytes, EPOCH_BYTES), "seq", number(f->seq));
    if (f->seq > 1)
        json_object_set_new(json, "prev", hex(f->prev.bytes, HASH_BYTES));
    json_object_set_new(json, "hlc", number(f->hlc));
    json_object_set_new(json, "wall", number(f->wall));
    json_object_set_new(json, "kind", number(f->kind));
    json_object_set_new(json, "room", text(f->room));
    if (f->guest.size)
        json_object_set_new(
            json, "guest",
            json_pack("{s:o, s:o}", "name", text(f->guest), "dialect", text(f->dialect)));
    if (f->seq == 1) {
        json_t *opening = json_pack("{s:o}", "start", number(f->epoch_start));
        if (f->last.seq) {
            json_object_set_new(opening, "last_epoch", hex(f->last.epoch.bytes, EPOCH_BYTES));
            json_object_set_new(opening, "last_seq", number(f->last.seq));
            json_object_set_new(opening, "last_hash", hex(f->last.hash.bytes, HASH_BYTES));
        }
        json_object_set_new(json, "opening", opening);
    }
    json_object_set_new(json, "body", hex_span(f->body));
    return json;
}

/* TAKES the entry. */
static json_t *entry_json(struct entry *entry, unsigned author, const char *note)
{
    json_t *json = json_pack("{s:s, s:o}", "note", note, "author_seed", number(author));
    json_object_set_new(json, "fields", fields_json(&entry->fields));
    json_object_update_new(json, signed_json(entry));
    entry_drop(entry);
    return json;
}

/* ---- what the file has ---- */

static json_t *ids(void)
{
    json_t *list = json_array();
    for (unsigned which = ANA; which <= DANI; which++) {
        struct identity someone = person(which);
        char id[ID_TEXT];
        char tag[TAG_TEXT];
        id_text(&someone.id, id);
        id_tag(&someone.id, tag);
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:s, s:s}", "seed", hex(someone.secret, 32), "id",
                            hex(someone.id.bytes, ID_BYTES), "text", id, "tag", tag));
    }
    return list;
}

static json_t *verify_texts(void)
{
    json_t *list = json_array();
    static const unsigned pairs[][2] = {{ANA, BRUNO}, {BRUNO, ANA}, {CARLA, CARLA}};
    for (size_t i = 0; i < 3; i++) {
        struct identity a = person(pairs[i][0]);
        struct identity b = person(pairs[i][1]);
        char shown[VERIFY_TEXT];
        verify_text(&a.id, &b.id, shown);
        json_array_append_new(list, json_pack("{s:o, s:o, s:s}", "ours", hex(a.id.bytes, ID_BYTES),
                                              "theirs", hex(b.id.bytes, ID_BYTES), "text", shown));
    }
    return list;
}

static json_t *meshes(void)
{
    static const char *const names[][2] = {
        {"lan", NULL}, {"lan", "k7fq2ehmzz4ud3vnxf6n5q2roa"}, {"se\xc3\xb1orita", "short"}};
    uint8_t exported[MESH_EXPORT_BYTES];
    struct identity ana = person(ANA);
    struct identity bruno = person(BRUNO);
    json_t *list = json_array();
    memset(exported, 0xe0, sizeof exported);
    for (size_t i = 0; i < 3; i++) {
        struct span name = span_text(names[i][0]);
        struct mesh_key key;
        uint8_t tag[MESH_TAG_BYTES];
        bool secret = names[i][1];
        must(!secret || mesh_key(name, span_text(names[i][1]), &key), "no memory for a key");
        struct hash its_net = mesh_net(name, secret ? &key : NULL);
        mesh_tag(name, tag);
        json_t *mesh = json_pack("{s:s, s:o, s:o}", "name", names[i][0], "net",
                                 hex(its_net.bytes, HASH_BYTES), "tag", hex(tag, sizeof tag));
        if (secret) {
            struct mesh_proof caller = mesh_prove(&key, MESH_CALLER, exported, &ana.id, &bruno.id);
            struct mesh_proof listener =
                mesh_prove(&key, MESH_LISTENER, exported, &ana.id, &bruno.id);
            json_object_set_new(mesh, "secret", json_string(names[i][1]));
            json_object_set_new(mesh, "key", hex(key.bytes, MESH_KEY_BYTES));
            json_object_set_new(mesh, "proof",
                                json_pack("{s:o, s:o, s:o, s:o, s:o}", "exported",
                                          hex(exported, sizeof exported), "caller",
                                          hex(ana.id.bytes, ID_BYTES), "listener",
                                          hex(bruno.id.bytes, ID_BYTES), "by_caller",
                                          hex(caller.bytes, MESH_PROOF_BYTES), "by_listener",
                                          hex(listener.bytes, MESH_PROOF_BYTES)));
        }
        json_array_append_new(list, mesh);
    }
    return list;
}

/* Three that follow each other, and an epoch that follows theirs. */
static json_t *chain(void)
{
    struct identity ana = person(ANA);
    struct entry_tip tip = {.epoch = {{0xe1}}};
    struct entry *one = say(&ana, &tip, "hola a todos");
    tip = entry_tip(one);
    struct entry_fields fields = fields_after(&ana, &tip);
    struct body body = {.kind = ENTRY_ACT, .say = {.text = span_text("waves \xf0\x9f\x91\x8b")}};
    struct entry *two = entry_of(&fields, &body, &ana);
    tip = entry_tip(two);
    fields = fields_after(&ana, &tip);
    fields.guest = span_text("eva");
    fields.dialect = span_text("dated");
    body = (struct body){.kind = ENTRY_SAY, .say = {.text = span_text("a guest's words")}};
    struct entry *three = entry_of(&fields, &body, &ana);
    tip = entry_tip(three);
    struct entry_tip next = {.epoch = {{0xe2}}};
    fields = fields_after(&ana, &next);
    fields.epoch_start = NOON + 60000;
    fields.last = tip;
    fields.room = span_text("");
    body = (struct body){.kind = ENTRY_PROFILE,
                         .profile = {span_text("ana"), true, span_text("at lunch")}};
    struct entry *opening = entry_of(&fields, &body, &ana);
    json_t *list = json_array();
    json_array_append_new(list, entry_json(one, ANA, "a first entry, which opens its epoch"));
    json_array_append_new(list, entry_json(two, ANA, "its successor, an act"));
    json_array_append_new(list, entry_json(three, ANA, "said on behalf of a guest"));
    json_array_append_new(list, entry_json(opening, ANA, "the next epoch, a profile"));
    return list;
}

static json_t *kinds(void)
{
    struct identity bruno = person(BRUNO);
    struct entry_tip tip = {{{0xe3}}, 41, {{0x41}}};
    const struct body bodies[] = {
        {.kind = ENTRY_SAY, .say = {.text = span_text("again"), .again = {true, {{0xe0}}, 7}}},
        {.kind = ENTRY_JOIN},
        {.kind = ENTRY_LEAVE, .why = span_text("sleep")},
        {.kind = ENTRY_TOPIC, .topic = span_text("today: soup")},
        {.kind = ENTRY_CALL, .call = {true, person(CARLA).id}},
        {.kind = ENTRY_CALL},
    };
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct entry_fields fields = fields_after(&bruno, &tip);
        fields.room = span_text("#lab");
        json_array_append_new(
            list, entry_json(entry_of(&fields, &bodies[i], &bruno), BRUNO, "prev is made up here"));
    }
    struct entry_fields later = fields_after(&bruno, &tip);
    later.kind = 4000;
    later.hlc = 0;
    later.wall = ENTRY_NUMBER_MAX;
    later.body = span_text("\xff of a later version");
    struct entry *unknown = entry_make(&later, &native_codec, &signer_real, &bruno);
    json_array_append_new(list, entry_json(unknown, BRUNO, "an unknown kind is a good entry"));
    return list;
}

static struct entry *whisper_entry(const struct whisper *whisper, const struct identity *author)
{
    struct sys sys = sys_fake(&world);
    struct entry_tip tip = {{{0xe4}}, 8, {{0x48}}};
    struct entry_fields fields = fields_after(author, &tip);
    uint8_t body[ENTRY_MAX];
    size_t size;
    fields.kind = ENTRY_SEALED;
    fields.room = span_text("");
    must(whisper_seal(whisper, &fields, &native_codec, &sys, body, &size) == SEAL_FINE, "sealing");
    fields.body = span_of(body, size);
    return entry_make(&fields, &native_codec, &signer_real, author);
}

static json_t *whisper_json(size_t readers, enum entry_kind kind, const char *words)
{
    struct identity dani = person(DANI);
    struct whisper whisper = {.kind = kind, .text = span_text(words), .reader_count = readers};
    json_t *seeds = json_array();
    for (unsigned i = 0; i < readers; i++) {
        whisper.readers[i] = person(ANA + 16 * i).id;
        json_array_append_new(seeds, number(ANA + 16 * i));
    }
    struct sys_fake same = world; /* what sealing will draw */
    struct sys sys = sys_fake(&same);
    uint8_t drawn[2][32];
    sys_random(&sys, drawn[0], 32);
    sys_random(&sys, drawn[1], 32);
    json_t *dummies = json_array();
    size_t slots = 2;
    while (slots < readers + 1)
        slots *= 2;
    for (size_t i = readers + 1; i < slots; i++) {
        uint8_t dummy[SLOT_BYTES];
        sys_random(&sys, dummy, SLOT_BYTES);
        json_array_append_new(dummies, hex(dummy, SLOT_BYTES));
    }
    json_t *json = entry_json(whisper_entry(&whisper, &dani), DANI, "");
    json_object_set_new(json, "reader_seeds", seeds);
    json_object_set_new(json, "ephemeral_secret", hex(drawn[0], 32));
    json_object_set_new(json, "body_key", hex(drawn[1], 32));
    json_object_set_new(json, "dummies", dummies);
    json_object_set_new(json, "whisper_kind", number(kind));
    json_object_set_new(json, "text", json_string(words));
    return json;
}

static json_t *whispers(void)
{
    static char longest[TEXT_MAX + 1];
    json_t *list = json_array();
    memset(longest, 'z', TEXT_MAX);
    json_array_append_new(list, whisper_json(1, ENTRY_SAY, "entre nosotros"));
    json_array_append_new(list, whisper_json(2, ENTRY_ACT, "nods"));
    json_array_append_new(list, whisper_json(5, ENTRY_CALL, ""));
    json_array_append_new(list, whisper_json(READERS_MAX, ENTRY_SAY, longest));
    return list;
}

static struct ack ack_of(uint64_t low, uint64_t high)
{
    struct identity bruno = person(BRUNO);
    struct ack ack = {.author = person(ANA).id, .epoch = {{0xe1}}, .low = low, .high = high};
    memset(ack.head.bytes, 0x77, HASH_BYTES);
    ack_sign(&ack, &net, &signer_real, &bruno);
    return ack;
}

static json_t *ack_json(const struct ack *ack)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "acker",
                     hex(ack->acker.bytes, ID_BYTES), "author", hex(ack->author.bytes, ID_BYTES),
                     "epoch", hex(ack->epoch.bytes, EPOCH_BYTES), "low", number(ack->low), "high",
                     number(ack->high), "head", hex(ack->head.bytes, HASH_BYTES), "signature",
                     hex(ack->signature.bytes, SIGNATURE_BYTES));
}

static json_t *acks(void)
{
    struct ack small = ack_of(1, 3);
    struct ack large = ack_of(3, ENTRY_NUMBER_MAX);
    return json_pack("[o, o]", ack_json(&small), ack_json(&large));
}

static json_t *beats(void)
{
    struct identity ana = person(ANA);
    struct overlay_beat beat = {.counter = NOON};
    beat_sign(&beat, &net, &signer_real, &ana);
    return json_pack("[{s:o, s:o, s:o}]", "component", hex(beat.id.bytes, ID_BYTES), "counter",
                     number(beat.counter), "signature", hex(beat.signature.bytes, SIGNATURE_BYTES));
}

/* All proofs of one epoch, the one everybody keeps first. */
static json_t *forks(void)
{
    enum { PROOFS = 3 };
    struct identity carla = person(CARLA);
    struct entry_tip low = {{{0xe5}}, 4, {{4}}};
    struct entry_tip high = {{{0xe5}}, 5, {{5}}};
    struct entry *pairs[PROOFS][2] = {
        {say(&carla, &low, "one"), say(&carla, &low, "other")},
        {say(&carla, &low, "third"), say(&carla, &low, "fourth")},
        {say(&carla, &high, "later"), say(&carla, &high, "too")},
    };
    unsigned checks = 0;
    json_t *list = json_array();
    for (size_t i = 0; i < PROOFS; i++) {
        must(fork_verify(pairs[i][0], pairs[i][1], &signer_real, &checks), "no fork");
        for (size_t j = i;
             j > 0 && fork_compare(pairs[j][0], pairs[j][1], pairs[j - 1][0], pairs[j - 1][1]) < 0;
             j--)
            for (size_t k = 0; k < 2; k++) {
                struct entry *swap = pairs[j][k];
                pairs[j][k] = pairs[j - 1][k];
                pairs[j - 1][k] = swap;
            }
    }
    for (size_t i = 0; i < PROOFS; i++) {
        json_array_append_new(
            list, json_pack("[o, o]", signed_json(pairs[i][0]), signed_json(pairs[i][1])));
        entry_drop(pairs[i][0]);
        entry_drop(pairs[i][1]);
    }
    return list;
}

static json_t *frame_json(const char *note, const struct frame *frame)
{
    struct buf buf;
    buf_init(&buf, FRAME_MAX);
    must(frame_pack(frame, &buf), "a frame does not fit");
    json_t *json = json_pack("{s:s, s:o}", "note", note, "bytes", hex(buf_bytes(&buf), buf.length));
    buf_done(&buf);
    return json;
}

static json_t *frames(void)
{
    struct identity ana = person(ANA);
    struct frame hello = {.kind = FRAME_HELLO};
    struct frame ping = {.kind = FRAME_PING, .token = 77};
    struct frame wanted = {.kind = FRAME_ACKS_WANTED};
    struct entry_tip tip = {.epoch = {{0xe1}}};
    struct entry *entry = say(&ana, &tip, "hola a todos");
    struct frame_entry part = {entry_bytes(entry), entry_signature(entry)};
    struct frame entries = {.kind = FRAME_ENTRIES, .entries = {1, &part}};
    struct frame ask = {.kind = FRAME_OVERLAY, .overlay = {.kind = OVERLAY_ASK}};
    hello.hello.version = PROTOCOL_VERSION;
    hello.hello.net = net;
    hello.hello.name = span_text("ana");
    hello.hello.port = 9999;
    memset(hello.hello.instance, 0x11, INSTANCE_BYTES);
    hello.hello.component = ana.id;
    ask.overlay.ask = OVERLAY_JOIN;
    json_t *list = json_array();
    json_array_append_new(list, frame_json("hello", &hello));
    json_array_append_new(list, frame_json("ping, token 77", &ping));
    json_array_append_new(list, frame_json("acks wanted: an empty message", &wanted));
    json_array_append_new(list, frame_json("entries: the first of the chain", &entries));
    json_array_append_new(list, frame_json("ask, to join", &ask));
    entry_drop(entry);
    return list;
}

/* ---- what must be refused ---- */

/* An entry out of bytes that are no good, honestly signed by ana. */
static json_t *bad_bytes(const char *why, const uint8_t *bytes, size_t size)
{
    struct identity ana = person(ANA);
    struct signature signature =
        signer_real.sign(&ana, ENTRY_LABEL, span_of(bytes, size <= ENTRY_MAX ? size : 0));
    struct entry *entry;
    must(entry_read(span_of(bytes, size), &signature, &net, &native_codec, &entry) != ENTRY_FINE,
         why);
    return json_pack("{s:s, s:o, s:o}", "why", why, "bytes", hex(bytes, size), "signature",
                     hex(signature.bytes, SIGNATURE_BYTES));
}

struct misfit {
    const char *why;
    void (*spoil)(struct entry_fields *fields);
};

static void spoil_kind(struct entry_fields *fields)
{
    fields->kind = 0;
}
static void spoil_seq(struct entry_fields *fields)
{
    fields->seq = ENTRY_NUMBER_MAX + 1;
}
static void spoil_time(struct entry_fields *fields)
{
    fields->hlc = ENTRY_NUMBER_MAX + 1;
}
static void spoil_room(struct entry_fields *fields)
{
    fields->room = span_text("#\xed\xa0\x80");
}
static void spoil_guest(struct entry_fields *fields)
{
    fields->guest = span_text("eva");
}
static void spoil_net(struct entry_fields *fields)
{
    fields->net = mesh_net(span_text("elsewhere"), NULL);
}
static void spoil_last(struct entry_fields *fields)
{
    fields->seq = 1;
    fields->last = (struct entry_tip){fields->epoch, 3, {{3}}};
}

static void bad_fields(json_t *list)
{
    static const struct misfit misfits[] = {
        {"kind 0", spoil_kind},
        {"a seq past 2^53 - 1", spoil_seq},
        {"a time past 2^53 - 1", spoil_time},
        {"a room that is not UTF-8", spoil_room},
        {"a guest without a dialect", spoil_guest},
        {"another mesh", spoil_net},
        {"an epoch that follows itself", spoil_last},
    };
    struct identity ana = person(ANA);
    struct entry_tip tip = {{{0xe6}}, 2, {{2}}};
    for (size_t i = 0; i < sizeof misfits / sizeof *misfits; i++) {
        uint8_t bytes[ENTRY_MAX];
        struct entry_fields fields = fields_after(&ana, &tip);
        misfits[i].spoil(&fields);
        size_t size = native_codec.entry_pack(&fields, bytes, sizeof bytes);
        json_array_append_new(list, bad_bytes(misfits[i].why, bytes, size));
    }
}

/* What only the encoding does wrong. All numbers of fields here are below 16: a tag is one byte. */
static void bad_forms(json_t *list)
{
    struct identity ana = person(ANA);
    struct entry_tip tip = {{{0xe6}}, 2, {{2}}};
    struct entry_fields fields = fields_after(&ana, &tip);
    uint8_t good[ENTRY_MAX];
    uint8_t bytes[2 * ENTRY_MAX] = {0};
    enum { NET = 34, SEQ = 34 + 34 + 18, PREV = SEQ + 2 };
    size_t size = native_codec.entry_pack(&fields, good, sizeof good);
    memcpy(bytes, good, NET);
    memcpy(bytes + NET, good, size);
    json_array_append_new(list, bad_bytes("a field twice", bytes, size + NET));
    memcpy(bytes, good + NET, size - NET);
    json_array_append_new(list, bad_bytes("no net", bytes, size - NET));
    memcpy(bytes + size - NET, good, NET);
    json_array_append_new(list, bad_bytes("fields out of order", bytes, size));
    memcpy(bytes, good, size);
    memcpy(bytes + size, (uint8_t[]){14 << 3, 1}, 2);
    json_array_append_new(list, bad_bytes("an unknown field", bytes, size + 2));
    memcpy(bytes, good, SEQ + 1);
    memcpy(bytes + SEQ + 1, (uint8_t[]){0x83, 0}, 2);
    memcpy(bytes + SEQ + 3, good + PREV, size - PREV);
    json_array_append_new(list, bad_bytes("a number longer than it needs to be", bytes, size + 1));
    memcpy(bytes, good, PREV);
    memcpy(bytes + PREV, good + PREV + 34, size - PREV - 34);
    json_array_append_new(list, bad_bytes("neither prev nor opening", bytes, size - 34));
    json_array_append_new(list, bad_bytes("cut off", good, size - 1));
    memset(bytes, 0, ENTRY_MAX + 1);
    json_array_append_new(list, bad_bytes("one byte too many", bytes, ENTRY_MAX + 1));
}

/* Good bytes under a signature that is not their author's. */
static void bad_signatures(json_t *list)
{
    struct identity ana = person(ANA);
    struct identity bruno = person(BRUNO);
    struct entry_tip tip = {.epoch = {{0xe1}}};
    struct entry *entry = say(&ana, &tip, "hola a todos");
    struct signature wrong[3] = {
        entry_signature(entry),
        signer_real.sign(&bruno, ENTRY_LABEL, entry_bytes(entry)),
        signer_real.sign(&ana, "tertulia-entry-2", entry_bytes(entry)),
    };
    static const char *const why[3] = {"an altered signature", "another person's signature",
                                       "a signature under another label"};
    wrong[0].bytes[0] ^= 1;
    for (size_t i = 0; i < 3; i++) {
        must(!signer_real.verify(&ana.id, ENTRY_LABEL, entry_bytes(entry), &wrong[i]), why[i]);
        json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "why", why[i], "bytes",
                                              hex_span(entry_bytes(entry)), "signature",
                                              hex(wrong[i].bytes, SIGNATURE_BYTES)));
    }
    entry_drop(entry);
}

/* A good entry with a whisper in it that ana must not take. */
static json_t *bad_whisper(const char *why, struct entry_fields *fields)
{
    struct identity dani = person(DANI);
    struct identity ana = person(ANA);
    struct whisper *whisper;
    struct entry *entry = entry_make(fields, &native_codec, &signer_real, &dani);
    must(entry && whisper_open(&entry->fields, &ana, &native_codec, &whisper) != OPEN_FINE, why);
    json_t *json = entry_json(entry, DANI, why);
    json_object_set_new(json, "reader_seed", number(ANA));
    return json;
}

static json_t *bad_whispers(void)
{
    struct identity dani = person(DANI);
    struct whisper whisper = {.kind = ENTRY_SAY, .text = span_text("psst"), .reader_count = 1};
    json_t *list = json_array();
    whisper.readers[0] = person(ANA).id;
    struct entry *good = whisper_entry(&whisper, &dani);
    struct entry_fields fields = good->fields;
    fields.seq++;
    json_array_append_new(list, bad_whisper("the body of another entry", &fields));
    fields.seq--;
    fields.room = span_text("#everyone");
    json_array_append_new(list, bad_whisper("in a room", &fields));
    fields.room = span_text("");
    uint8_t bytes[ENTRY_MAX];
    static const struct {
        const char *why;
        size_t at;
    } places[] = {{"an altered ephemeral key", 5},
                  {"an altered slot of someone else", 34 + 3 + 7},
                  {"an altered slot", 34 + 3 + 48 + 7},
                  {"an altered commitment", 34 + 3 + 96 + 2 + 7},
                  {"an altered box", 34 + 3 + 96 + 34 + 3 + 7}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        memcpy(bytes, good->fields.body.bytes, good->fields.body.size);
        bytes[places[i].at] ^= 1;
        fields.body = span_of(bytes, good->fields.body.size);
        json_array_append_new(list, bad_whisper(places[i].why, &fields));
    }
    memcpy(bytes, good->fields.body.bytes, good->fields.body.size);
    memset(bytes + 2, 0, 32);
    json_array_append_new(list, bad_whisper("a weak ephemeral key", &fields));
    whisper.readers[0] = person(BRUNO).id;
    struct entry *other = whisper_entry(&whisper, &dani);
    fields = other->fields;
    json_array_append_new(list, bad_whisper("for someone else", &fields));
    entry_drop(good);
    entry_drop(other);
    return list;
}

static json_t *bad_acks(void)
{
    json_t *list = json_array();
    static const uint64_t numbers[][2] = {{0, 3}, {4, 3}, {1, ENTRY_NUMBER_MAX + 1}};
    for (size_t i = 0; i < 3; i++) {
        struct ack ack = ack_of(numbers[i][0], numbers[i][1]);
        must(!ack_verify(&ack, &net, &signer_real), "a bad ack");
        json_array_append_new(list, ack_json(&ack));
    }
    struct ack ack = ack_of(1, 3);
    ack.high = 4;
    must(!ack_verify(&ack, &net, &signer_real), "an altered ack");
    json_array_append_new(list, ack_json(&ack));
    return list;
}

static int make(void)
{
    json_t *all = json_object();
    json_t *bad_entries = json_array();
    json_object_set_new(all, "net", hex(net.bytes, HASH_BYTES));
    json_object_set_new(all, "ids", ids());
    json_object_set_new(all, "verify", verify_texts());
    json_object_set_new(all, "meshes", meshes());
    json_object_set_new(all, "chain", chain());
    json_object_set_new(all, "kinds", kinds());
    json_object_set_new(all, "whispers", whispers());
    json_object_set_new(all, "acks", acks());
    json_object_set_new(all, "beats", beats());
    json_object_set_new(all, "forks", forks());
    json_object_set_new(all, "frames", frames());
    bad_fields(bad_entries);
    bad_forms(bad_entries);
    bad_signatures(bad_entries);
    json_object_set_new(all, "bad",
                        json_pack("{s:o, s:o, s:o}", "entries", bad_entries, "whispers",
                                  bad_whispers(), "acks", bad_acks()));
    must(json_dumpf(all, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII) == 0, "writing");
    putchar('\n');
    json_decref(all);
    return 0;
}

int main(void)
{
    core_start();
    net = mesh_net(span_text("lan"), NULL);
    return make();
}
