/* The native dialect: every frame and body comes back as it went, and nothing else comes in. */
#include "unit.h"

#include "dialect/arena.h"
#include "dialect/framer.h"
#include "dialect/tertulia.pb-c.h"
#include "frame_harm.h"
#include "make.h"

#include "tests/sim/signer_fake.h"

#include <stdlib.h>
#include <string.h>

static uint8_t blob[FRAME_MAX]; /* any bytes */

static void fill(void *into, size_t size, uint8_t first)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)into)[i] = (uint8_t)(first + i * 7);
}

/* ---- frames there and back ---- */

/* With any one field harmed, a frame is refused, or is another good one: it goes out again. */
static void stand_harm(struct span payload)
{
    enum { MOST = 64 /* fields from the start: those of many items are alike */ };
    bool is_there = true;
    for (size_t at = 0; at < MOST && is_there; at++) {
        for (enum harm harm = HARM_GONE; harm < HARMS; harm++) {
            struct buf harmed, out;
            buf_init(&harmed, 4 * FRAME_MAX);
            buf_init(&out, FRAME_MAX);
            size_t left = at;
            harm_message(payload, &left, harm, &harmed);
            is_there = left > MOST; /* it went past zero */
            struct frame *frame = harmed.length > FRAME_MAX - 4
                                      ? NULL
                                      : frame_unpack(span_of(buf_bytes(&harmed), harmed.length));
            if (frame && frame->kind != FRAME_UNKNOWN)
                assert_true(frame_pack(frame, &out));
            frame_free(frame);
            buf_done(&harmed);
            buf_done(&out);
        }
    }
}

/* Packs, cuts, unpacks and packs again: the bytes must be the same. The caller frees the frame. */
static struct frame *there_and_back(const struct frame *frame)
{
    struct buf once;
    struct buf twice;
    struct framer framer;
    struct span payload;
    buf_init(&once, FRAME_MAX);
    buf_init(&twice, FRAME_MAX);
    framer_init(&framer);
    assert_true(frame_pack(frame, &once));
    framer_give(&framer, buf_bytes(&once), once.length);
    assert_int_equal(framer_next(&framer, &payload), FRAMER_FRAME);
    struct frame *back = frame_unpack(payload);
    assert_non_null(back);
    assert_int_equal(back->kind, frame->kind);
    assert_true(frame_pack(back, &twice));
    assert_int_equal(once.length, twice.length);
    assert_memory_equal(buf_bytes(&once), buf_bytes(&twice), once.length);
    stand_harm(payload);
    assert_int_equal(framer_next(&framer, &payload), FRAMER_MORE);
    framer_done(&framer);
    buf_done(&once);
    buf_done(&twice);
    return back;
}

static void frames_of_the_link(void **state)
{
    (void)state;
    struct frame frame = {.kind = FRAME_PROOF};
    fill(&frame.proof, sizeof frame.proof, 1);
    struct frame *back = there_and_back(&frame);
    assert_memory_equal(&back->proof, &frame.proof, sizeof frame.proof);
    frame_free(back);

    frame = (struct frame){.kind = FRAME_HELLO};
    frame.hello.version = 1;
    frame.hello.port = 65535;
    frame.hello.name = span_of("jos\xc3\xa9\0!", 7); /* zeros in texts are kept */
    fill(&frame.hello.net, HASH_BYTES, 2);
    fill(&frame.hello.instance, INSTANCE_BYTES, 3);
    fill(&frame.hello.component, ID_BYTES, 4);
    back = there_and_back(&frame);
    assert_true(span_equal(back->hello.name, frame.hello.name));
    assert_int_equal(back->hello.port, 65535);
    assert_int_equal(back->hello.version, 1);
    assert_memory_equal(&back->hello.net, &frame.hello.net, HASH_BYTES);
    assert_memory_equal(&back->hello.instance, &frame.hello.instance, INSTANCE_BYTES);
    assert_memory_equal(&back->hello.component, &frame.hello.component, ID_BYTES);
    frame_free(back);

    frame = (struct frame){.kind = FRAME_PING, .token = UINT64_MAX};
    back = there_and_back(&frame);
    assert_int_equal(back->token, UINT64_MAX);
    frame_free(back);
    frame = (struct frame){.kind = FRAME_PONG, .token = 0};
    back = there_and_back(&frame);
    assert_int_equal(back->token, 0);
    frame_free(back);
    frame = (struct frame){.kind = FRAME_DISCONNECT, .reason = DISCONNECT_FULL};
    back = there_and_back(&frame);
    assert_int_equal(back->reason, DISCONNECT_FULL);
    frame_free(back);
    frame_free(NULL);
}

static void entries_travel_exactly(void **state)
{
    (void)state;
    struct entry *log[ENTRIES_MAX];
    struct frame_entry parts[ENTRIES_MAX];
    struct frame frame = {.kind = FRAME_ENTRIES, .entries = {0, parts}};
    size_t room = NATIVE_ENTRIES_ROOM;
    struct identity ana = make_person(1);
    make_log(&ana, 1, log, ENTRIES_MAX, &signer_fake);
    for (size_t i = 0; i < ENTRIES_MAX && room >= log[i]->size + NATIVE_ENTRY_COST; i++) {
        parts[i] = (struct frame_entry){entry_bytes(log[i]), entry_signature(log[i])};
        room -= log[i]->size + NATIVE_ENTRY_COST;
        frame.entries.count++;
    }
    struct frame *back = there_and_back(&frame);
    assert_int_equal(back->entries.count, frame.entries.count);
    for (size_t i = 0; i < frame.entries.count; i++) {
        assert_true(span_equal(back->entries.entries[i].bytes, parts[i].bytes));
        assert_memory_equal(&back->entries.entries[i].signature, &parts[i].signature, 64);
    }
    frame_free(back);
    drop_log(log, ENTRIES_MAX);
    /* as many of the largest as are said to fit do fit */
    for (size_t i = 0; i < NATIVE_ENTRIES_ROOM / (ENTRY_MAX + NATIVE_ENTRY_COST); i++)
        parts[frame.entries.count = i] = (struct frame_entry){.bytes = span_of(blob, ENTRY_MAX)};
    frame.entries.count++;
    frame_free(there_and_back(&frame));
    /* and of the smallest, where the number ends it first */
    for (size_t i = 0; i < ENTRIES_MAX; i++)
        parts[i] = (struct frame_entry){.bytes = span_of(blob, 1)};
    frame.entries.count = ENTRIES_MAX;
    frame_free(there_and_back(&frame));
}

static struct frame full_acks(struct ack *acks)
{
    for (size_t i = 0; i < ACKS_MAX; i++) {
        fill(&acks[i], sizeof acks[i], (uint8_t)i);
        acks[i].low = 1;
        acks[i].high = ENTRY_NUMBER_MAX;
    }
    return (struct frame){.kind = FRAME_ACKS, .acks = {ACKS_MAX, acks}};
}

/* Full frames are within FRAME_MAX, and come back. */
static void full_frames_about_logs(void **state)
{
    (void)state;
    static struct ack acks[ACKS_MAX];
    static struct frame_row rows[ROWS_MAX];
    static struct frame_head heads[HEADS_MAX];
    static struct frame_height heights[HEIGHTS_MAX];
    struct frame frame = full_acks(acks);
    struct frame *back = there_and_back(&frame);
    assert_memory_equal(back->acks.acks[200].head.bytes, acks[200].head.bytes, HASH_BYTES);
    assert_int_equal(back->acks.acks[200].high, ENTRY_NUMBER_MAX);
    frame_free(back);

    for (size_t i = 0; i < ROWS_MAX; i++) {
        rows[i].author.bytes[0] = 77;
        rows[i].author.bytes[1] = (uint8_t)(i >> 8);
        rows[i].author.bytes[2] = (uint8_t)i;
        rows[i].author.bytes[31] = 1; /* behind `after` */
    }
    frame = (struct frame){.kind = FRAME_ROWS, .rows = {77, true, {{0}}, true, ROWS_MAX, rows}};
    frame_free(there_and_back(&frame));
    frame.rows.from_start = false;
    frame.rows.after.bytes[0] = 77;
    back = there_and_back(&frame);
    assert_false(back->rows.from_start);
    assert_true(back->rows.more);
    assert_memory_equal(back->rows.rows, rows, sizeof rows);
    frame_free(back);

    for (size_t i = 0; i < HEADS_MAX; i++) {
        fill(&heads[i], sizeof heads[i], (uint8_t)i);
        heads[i].low = heads[i].high = ENTRY_NUMBER_MAX;
    }
    frame = (struct frame){.kind = FRAME_HEADS, .heads = {{{9}}, true, true, HEADS_MAX, heads}};
    back = there_and_back(&frame);
    assert_true(back->heads.answer && back->heads.more);
    assert_memory_equal(back->heads.heads, heads, sizeof heads);
    frame_free(back);

    for (size_t i = 0; i < HEIGHTS_MAX; i++) {
        heights[i].seq = ENTRY_NUMBER_MAX - i;
        fill(&heights[i].hash, HASH_BYTES, (uint8_t)i);
    }
    frame = (struct frame){.kind = FRAME_HASHES, .heights = {{{1}}, {{2}}, HEIGHTS_MAX, heights}};
    back = there_and_back(&frame);
    assert_memory_equal(back->heights.heights, heights, sizeof heights);
    frame_free(back);
    frame.kind = FRAME_HEIGHTS; /* the question has no hashes */
    back = there_and_back(&frame);
    assert_int_equal(back->heights.heights[3].seq, heights[3].seq);
    assert_int_equal(back->heights.heights[3].hash.bytes[5], 0);
    frame_free(back);
}

static void small_frames_about_logs(void **state)
{
    (void)state;
    static uint8_t buckets[BUCKETS][BUCKET_BYTES];
    struct frame frame = {.kind = FRAME_ACKS_WANTED};
    frame_free(there_and_back(&frame));
    frame = (struct frame){.kind = FRAME_DIGEST};
    fill(&frame.digest, HASH_BYTES, 1);
    struct frame *back = there_and_back(&frame);
    assert_true(hash_equal(&back->digest, &frame.digest));
    frame_free(back);
    fill(buckets, sizeof buckets, 2);
    frame =
        (struct frame){.kind = FRAME_BUCKETS, .buckets = (const uint8_t(*)[BUCKET_BYTES])buckets};
    back = there_and_back(&frame);
    assert_memory_equal(back->buckets, buckets, sizeof buckets);
    frame_free(back);
    static const enum frame_kind ranges[] = {FRAME_WANT, FRAME_LACK};
    for (size_t i = 0; i < 2; i++) {
        frame = (struct frame){.kind = ranges[i], .range = {{{1}}, {{2}}, 3, 4}};
        back = there_and_back(&frame);
        assert_memory_equal(&back->range, &frame.range, sizeof frame.range);
        frame_free(back);
    }
    frame = (struct frame){.kind = FRAME_UNWANTED, .author = {{5}}};
    back = there_and_back(&frame);
    assert_true(id_equal(&back->author, &frame.author));
    frame_free(back);
    frame = (struct frame){.kind = FRAME_FORK};
    frame.fork.first.bytes = span_of(blob, ENTRY_MAX);
    frame.fork.second.bytes = span_of(blob, 1);
    fill(&frame.fork.second.signature, SIGNATURE_BYTES, 9);
    back = there_and_back(&frame);
    assert_true(span_equal(back->fork.first.bytes, frame.fork.first.bytes));
    assert_memory_equal(&back->fork.second.signature, &frame.fork.second.signature, 64);
    frame_free(back);
}

static struct overlay_told told(uint8_t number)
{
    struct overlay_told told = {.address = {.port = number}, .age_s = number, .hint = number};
    if (number % 2) {
        told.address.ip[10] = told.address.ip[11] = 0xff;
        told.address.ip[15] = number;
    } else {
        told.address.ip[0] = 0x20;
        told.address.ip[15] = number;
    }
    return told;
}

static void told_equal(const struct overlay_told *a, const struct overlay_told *b)
{
    assert_true(overlay_address_equal(&a->address, &b->address));
    assert_int_equal(a->age_s, b->age_s);
    assert_int_equal(a->hint, b->hint);
}

static void frames_of_the_overlay(void **state)
{
    (void)state;
    struct overlay_list list = {.count = OVERLAY_TOLD};
    for (uint8_t i = 0; i < OVERLAY_TOLD; i++)
        list.told[i] = told((uint8_t)(i + 1));
    struct frame *back;
    for (int ask = OVERLAY_LOW; ask <= OVERLAY_HEAL; ask++) {
        struct frame frame = {.kind = FRAME_OVERLAY, .overlay = {.kind = OVERLAY_ASK}};
        frame.overlay.ask = (enum overlay_priority)ask;
        back = there_and_back(&frame);
        assert_int_equal(back->overlay.kind, OVERLAY_ASK);
        assert_int_equal(back->overlay.ask, ask);
        frame_free(back);
    }
    for (int why = OVERLAY_WHY_SELF; why <= OVERLAY_WHY_LEFT; why++) {
        struct frame frame = {.kind = FRAME_OVERLAY, .overlay = {.kind = OVERLAY_PART}};
        frame.overlay.part = (enum overlay_why)why;
        back = there_and_back(&frame);
        assert_int_equal(back->overlay.kind, OVERLAY_PART);
        assert_int_equal(back->overlay.part, why);
        frame_free(back);
    }
    struct frame frame = {.kind = FRAME_OVERLAY, .overlay = {.kind = OVERLAY_ANSWER}};
    frame.overlay.answer.yes = true;
    frame.overlay.answer.people = 255;
    frame.overlay.answer.list = list;
    back = there_and_back(&frame);
    assert_true(back->overlay.answer.yes);
    assert_int_equal(back->overlay.answer.people, 255);
    assert_int_equal(back->overlay.answer.list.count, OVERLAY_TOLD);
    for (size_t i = 0; i < OVERLAY_TOLD; i++)
        told_equal(&back->overlay.answer.list.told[i], &list.told[i]);
    frame_free(back);
    frame.overlay = (struct overlay_message){.kind = OVERLAY_WALK};
    frame.overlay.walk.who = told(7);
    frame.overlay.walk.ttl = OVERLAY_WALK_TTL;
    back = there_and_back(&frame);
    assert_int_equal(back->overlay.kind, OVERLAY_WALK);
    assert_int_equal(back->overlay.walk.ttl, OVERLAY_WALK_TTL);
    told_equal(&back->overlay.walk.who, &frame.overlay.walk.who);
    frame_free(back);
    static const enum overlay_message_kind shuffles[] = {OVERLAY_SHUFFLE, OVERLAY_SHUFFLED};
    for (size_t i = 0; i < 2; i++) {
        frame.overlay = (struct overlay_message){.kind = shuffles[i]};
        frame.overlay.shuffle = list;
        back = there_and_back(&frame);
        assert_int_equal(back->overlay.kind, shuffles[i]);
        assert_int_equal(back->overlay.shuffle.count, OVERLAY_TOLD);
        told_equal(&back->overlay.shuffle.told[11], &list.told[11]);
        frame_free(back);
    }
    frame.overlay = (struct overlay_message){.kind = OVERLAY_BEAT};
    frame.overlay.beat.counter = 7;
    fill(&frame.overlay.beat.id, ID_BYTES, 1);
    fill(&frame.overlay.beat.signature, SIGNATURE_BYTES, 2);
    back = there_and_back(&frame);
    assert_int_equal(back->overlay.beat.counter, 7);
    assert_memory_equal(&back->overlay.beat.id, &frame.overlay.beat.id, ID_BYTES);
    assert_memory_equal(&back->overlay.beat.signature, &frame.overlay.beat.signature, 64);
    frame_free(back);
}

/* ---- what must not come in ---- */

/* Whether this message, in the field of Frame with this number, is taken. */
static bool taken(unsigned number, const ProtobufCMessage *message)
{
    uint8_t *bytes = xmalloc(2 * FRAME_MAX);
    size_t size = protobuf_c_message_get_packed_size(message);
    size_t at = 0;
    unsigned tag = number << 3 | 2;
    if (tag >= 0x80) {
        bytes[at++] = (uint8_t)(tag | 0x80);
        tag >>= 7;
    }
    bytes[at++] = (uint8_t)tag;
    for (size_t left = size;; left >>= 7) {
        bytes[at] = (uint8_t)(left & 0x7f);
        if (left < 0x80)
            break;
        bytes[at++] |= 0x80;
    }
    at++;
    assert_true(at + size <= 2 * FRAME_MAX);
    protobuf_c_message_pack(message, bytes + at);
    struct frame *frame = frame_unpack(span_of(bytes, at + size));
    free(bytes);
    frame_free(frame);
    return frame != NULL;
}

static ProtobufCBinaryData of(size_t size)
{
    return (ProtobufCBinaryData){size, blob};
}

static void sizes_in_frames_are_exact(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 8, 16, 31, 32, 33, 63, 64, 65};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i];
        Tertulia__Proof proof = TERTULIA__PROOF__INIT;
        proof.mac = of(size);
        assert_int_equal(taken(1, &proof.base), size == 32);
        Tertulia__Digest digest = TERTULIA__DIGEST__INIT;
        digest.hash = of(size);
        assert_int_equal(taken(19, &digest.base), size == 32);
        Tertulia__Unwanted unwanted = TERTULIA__UNWANTED__INIT;
        unwanted.author = of(size);
        assert_int_equal(taken(28, &unwanted.base), size == 32);
        Tertulia__Range range = TERTULIA__RANGE__INIT;
        range.author = of(32);
        range.epoch = of(size);
        range.low = range.high = 1;
        assert_int_equal(taken(23, &range.base), size == 16);
        Tertulia__Signed entry = TERTULIA__SIGNED__INIT;
        Tertulia__Signed *list[] = {&entry};
        Tertulia__Entries entries = TERTULIA__ENTRIES__INIT;
        entries.n_entries = 1;
        entries.entries = list;
        entry.entry = of(1);
        entry.signature = of(size);
        assert_int_equal(taken(16, &entries.base), size == 64);
        Tertulia__Hello hello = TERTULIA__HELLO__INIT;
        hello.net = hello.component = of(32);
        hello.instance = of(size);
        assert_int_equal(taken(2, &hello.base), size == 8);
    }
    Tertulia__Buckets buckets = TERTULIA__BUCKETS__INIT;
    buckets.digests = of(4096);
    assert_true(taken(20, &buckets.base));
    buckets.digests = of(4095);
    assert_false(taken(20, &buckets.base));
}

static void bounds_of_hello(void **state)
{
    (void)state;
    Tertulia__Hello hello = TERTULIA__HELLO__INIT;
    hello.net = hello.component = of(32);
    hello.instance = of(8);
    hello.port = 65535;
    uint8_t name[PERSON_NAME_MAX + 1];
    memset(name, 'n', sizeof name);
    hello.name = (ProtobufCBinaryData){PERSON_NAME_MAX, name};
    assert_true(taken(2, &hello.base));
    hello.name.len++;
    assert_false(taken(2, &hello.base));
    hello.name = (ProtobufCBinaryData){2, (uint8_t[]){0xc3, 0x28}};
    assert_false(taken(2, &hello.base));
    hello.name.len = 0;
    hello.port = 65536;
    assert_false(taken(2, &hello.base));
}

static void bounds_of_entries(void **state)
{
    (void)state;
    Tertulia__Signed entry = TERTULIA__SIGNED__INIT;
    Tertulia__Signed *list[ENTRIES_MAX + 1];
    for (size_t i = 0; i < ENTRIES_MAX + 1; i++)
        list[i] = &entry;
    Tertulia__Entries entries = TERTULIA__ENTRIES__INIT;
    entries.entries = list;
    entries.n_entries = 1;
    entry.signature = of(64);
    entry.entry = of(ENTRY_MAX);
    assert_true(taken(16, &entries.base));
    entry.entry = of(ENTRY_MAX + 1);
    assert_false(taken(16, &entries.base));
    entry.entry = of(0);
    assert_false(taken(16, &entries.base));
    entry.entry = of(1);
    entries.n_entries = ENTRIES_MAX;
    assert_true(taken(16, &entries.base));
    entries.n_entries++;
    assert_false(taken(16, &entries.base));
}

static void ranges_make_sense(void **state)
{
    (void)state;
    static const uint64_t ranges[][3] = {{1, 1, 1},
                                         {1, 9, 1},
                                         {0, 1, 0},
                                         {2, 1, 0},
                                         {1, ENTRY_NUMBER_MAX, 1},
                                         {1, ENTRY_NUMBER_MAX + 1, 0}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        Tertulia__Range range = TERTULIA__RANGE__INIT;
        range.author = of(32);
        range.epoch = of(16);
        range.low = ranges[i][0];
        range.high = ranges[i][1];
        assert_int_equal(taken(23, &range.base), ranges[i][2]);
        Tertulia__Head head = TERTULIA__HEAD__INIT;
        Tertulia__Head *heads[] = {&head};
        Tertulia__Heads all = TERTULIA__HEADS__INIT;
        all.author = of(32);
        all.n_heads = 1;
        all.heads = heads;
        head.epoch = of(16);
        head.hash = of(32);
        head.low = ranges[i][0];
        head.high = ranges[i][1];
        assert_int_equal(taken(22, &all.base), ranges[i][2]);
    }
}

static void rows_are_in_order(void **state)
{
    (void)state;
    uint8_t ids[3][32] = {{5, 1}, {5, 2}, {5, 3}};
    Tertulia__Row row[3];
    Tertulia__Row *list[3];
    Tertulia__Rows rows = TERTULIA__ROWS__INIT;
    for (size_t i = 0; i < 3; i++) {
        tertulia__row__init(&row[i]);
        row[i].author = (ProtobufCBinaryData){32, ids[i]};
        row[i].digest = of(16);
        list[i] = &row[i];
    }
    rows.bucket = 5;
    rows.n_rows = 3;
    rows.rows = list;
    assert_true(taken(21, &rows.base));
    ids[1][1] = 1; /* one twice */
    assert_false(taken(21, &rows.base));
    ids[1][1] = 4; /* out of order */
    assert_false(taken(21, &rows.base));
    ids[1][1] = 2;
    ids[2][0] = 6; /* of another bucket */
    assert_false(taken(21, &rows.base));
    ids[2][0] = 5;
    rows.bucket = 261;
    assert_false(taken(21, &rows.base));
    rows.bucket = 5;
    uint8_t after[32] = {5, 1}; /* not before the first */
    rows.after = (ProtobufCBinaryData){32, after};
    assert_false(taken(21, &rows.base));
    after[1] = 0;
    assert_true(taken(21, &rows.base));
    after[0] = 4;
    assert_false(taken(21, &rows.base));
    rows.after.len = 31;
    assert_false(taken(21, &rows.base));
}

static bool address_taken(const uint8_t *ip, size_t size, uint32_t port, uint32_t age)
{
    Tertulia__Told one = TERTULIA__TOLD__INIT;
    Tertulia__Walk walk = TERTULIA__WALK__INIT;
    one.ip = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)ip};
    one.port = port;
    one.age = age;
    walk.who = &one;
    return taken(42, &walk.base);
}

static void addresses_have_one_form(void **state)
{
    (void)state;
    static const uint8_t v4[4] = {192, 168, 1, 2};
    static const uint8_t v6[16] = {0x20, 1};
    static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 10};
    static const uint8_t local[16] = {0xfe, 0xbf};
    static const uint8_t beside[16] = {0xfe, 0xc0};
    assert_true(address_taken(v4, 4, 1, 0));
    assert_true(address_taken(v6, 16, 65535, 65535));
    assert_false(address_taken(mapped, 16, 1, 0));
    assert_false(address_taken(local, 16, 1, 0));
    assert_true(address_taken(beside, 16, 1, 0));
    assert_false(address_taken(v6, 15, 1, 0));
    assert_false(address_taken(v4, 4, 0, 0));
    assert_false(address_taken(v4, 4, 65536, 0));
    assert_false(address_taken(v4, 4, 1, 65536));
    Tertulia__Walk walk = TERTULIA__WALK__INIT;
    assert_false(taken(42, &walk.base)); /* of nobody */
    Tertulia__Told one = TERTULIA__TOLD__INIT;
    one.ip = (ProtobufCBinaryData){4, (uint8_t *)(uintptr_t)v4};
    one.port = 1;
    walk.who = &one;
    walk.ttl = OVERLAY_WALK_TTL + 1;
    assert_false(taken(42, &walk.base));
    Tertulia__Told *list[OVERLAY_TOLD + 1];
    for (size_t i = 0; i < OVERLAY_TOLD + 1; i++)
        list[i] = &one;
    Tertulia__Shuffle shuffle = TERTULIA__SHUFFLE__INIT;
    shuffle.told = list;
    shuffle.n_told = OVERLAY_TOLD;
    assert_true(taken(43, &shuffle.base));
    shuffle.n_told++;
    assert_false(taken(43, &shuffle.base));
}

/* What protobuf-c may take for one frame ends, and every piece is whole and apart from the others.
 */
static void an_arena_keeps_its_budget(void **state)
{
    (void)state;
    enum { BUDGET = 3 * ARENA_BLOCK };
    for (size_t size = 1; size < ARENA_BLOCK; size = size * 5 + 3) {
        struct arena arena;
        uint8_t *piece;
        uint8_t *last = NULL;
        size_t taken_bytes = 0;
        arena_init(&arena, BUDGET);
        while ((piece = arena.allocator.alloc(&arena, size)) != NULL) {
            assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
            memset(piece, 0xaa, size);
            if (last)
                assert_int_equal(last[size - 1], 0xbb);
            last = piece;
            memset(last, 0xbb, size);
            taken_bytes += size;
            assert_true(taken_bytes <= BUDGET + ARENA_FIRST);
        }
        assert_true(taken_bytes > 0);
        assert_null(arena_take(&arena, SIZE_MAX));
        arena_done(&arena);
    }
    struct arena arena;
    arena_init(&arena, 2 * ARENA_BLOCK);
    assert_null(arena_take(&arena, 2 * ARENA_BLOCK + 1));
    assert_non_null(arena_take(&arena, 2 * ARENA_BLOCK));
    assert_null(arena_take(&arena, ARENA_FIRST + 1));
    assert_non_null(arena_take(&arena, 0));
    arena_done(&arena);
}

static void a_frame_has_its_room(void **state)
{
    (void)state;
    struct frame frame = {.kind = FRAME_PING, .token = 7};
    struct buf buf;
    buf_init(&buf, FRAME_MAX);
    assert_true(frame_pack(&frame, &buf));
    size_t size = buf.length;
    struct frame *back = frame_unpack(span_of(buf_bytes(&buf) + 4, size - 4));
    assert_non_null(back);
    frame_free(back);
    buf_done(&buf);
    buf_init(&buf, size);
    assert_true(frame_pack(&frame, &buf));
    assert_false(frame_pack(&frame, &buf)); /* and what is there stays as it is */
    assert_int_equal(buf.length, size);
    buf_done(&buf);
    /* one field, and longer than a frame can be */
    uint8_t *bytes = xcalloc(1, FRAME_MAX);
    size = FRAME_MAX - 4;
    memcpy(bytes, (uint8_t[]){15 << 3 | 2, 0xf8, 0xff, 3}, 4);
    back = frame_unpack(span_of(bytes, size));
    assert_non_null(back); /* of a later version */
    assert_int_equal(back->kind, FRAME_UNKNOWN);
    frame_free(back);
    bytes[1]++;
    assert_null(frame_unpack(span_of(bytes, size + 1)));
    free(bytes);
}

/* Whether a frame is taken whose message has `more` fields of a later version behind it. */
static bool taken_with(unsigned number, ProtobufCMessage *message, size_t more)
{
    static uint8_t one[] = {1};
    const ProtobufCMessageUnknownField later = {15, PROTOBUF_C_WIRE_TYPE_VARINT, 1, one};
    ProtobufCMessageUnknownField *fields = xcalloc(more + 1, sizeof *fields);
    for (size_t i = 0; i < more; i++)
        fields[i] = later;
    message->n_unknown_fields = (unsigned)more;
    message->unknown_fields = fields;
    bool result = taken(number, message);
    message->n_unknown_fields = 0;
    message->unknown_fields = NULL;
    free(fields);
    return result;
}

/* Fields of later versions are skipped as long as all of the frame is within what one may take, and
 * then the frame is refused: wherever in it the last piece of memory is spent. */
static void a_budget_that_is_spent_refuses_the_frame(unsigned number, ProtobufCMessage *message)
{
    size_t fits = 0, most = 30000;
    assert_true(taken_with(number, message, fits));
    assert_false(taken_with(number, message, most));
    while (most - fits > 1) {
        size_t middle = (fits + most) / 2;
        *(taken_with(number, message, middle) ? &fits : &most) = middle;
    }
    assert_true(fits > 1000);
    for (size_t more = most; more < most + 100; more++)
        assert_false(taken_with(number, message, more));
}

static void later_versions_have_a_budget(void **state)
{
    (void)state;
    Tertulia__Signed entry = TERTULIA__SIGNED__INIT, *entry_list[] = {&entry};
    Tertulia__Entries entries = TERTULIA__ENTRIES__INIT;
    entry.entry = of(1);
    entry.signature = of(64);
    entries.n_entries = 1;
    entries.entries = entry_list;
    a_budget_that_is_spent_refuses_the_frame(16, &entries.base);
    Tertulia__Ack ack = TERTULIA__ACK__INIT, *ack_list[] = {&ack};
    Tertulia__Acks acks = TERTULIA__ACKS__INIT;
    ack.acker = ack.author = ack.head = of(32);
    ack.epoch = of(16);
    ack.low = ack.high = 1;
    ack.signature = of(64);
    acks.n_acks = 1;
    acks.acks = ack_list;
    a_budget_that_is_spent_refuses_the_frame(17, &acks.base);
    Tertulia__Row row = TERTULIA__ROW__INIT, *row_list[] = {&row};
    Tertulia__Rows rows = TERTULIA__ROWS__INIT;
    row.author = of(32);
    row.digest = of(16);
    rows.bucket = blob[0];
    rows.n_rows = 1;
    rows.rows = row_list;
    a_budget_that_is_spent_refuses_the_frame(21, &rows.base);
    Tertulia__Head head = TERTULIA__HEAD__INIT, *head_list[] = {&head};
    Tertulia__Heads heads = TERTULIA__HEADS__INIT;
    heads.author = head.hash = of(32);
    head.epoch = of(16);
    head.low = head.high = 1;
    heads.n_heads = 1;
    heads.heads = head_list;
    a_budget_that_is_spent_refuses_the_frame(22, &heads.base);
    Tertulia__Height height = TERTULIA__HEIGHT__INIT, *height_list[] = {&height};
    Tertulia__Heights heights = TERTULIA__HEIGHTS__INIT;
    heights.author = height.hash = of(32);
    heights.epoch = of(16);
    height.seq = 1;
    heights.n_heights = 1;
    heights.heights = height_list;
    a_budget_that_is_spent_refuses_the_frame(26, &heights.base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_of_the_link),      cmocka_unit_test(entries_travel_exactly),
        cmocka_unit_test(full_frames_about_logs),  cmocka_unit_test(small_frames_about_logs),
        cmocka_unit_test(frames_of_the_overlay),   cmocka_unit_test(sizes_in_frames_are_exact),
        cmocka_unit_test(bounds_of_hello),         cmocka_unit_test(bounds_of_entries),
        cmocka_unit_test(ranges_make_sense),       cmocka_unit_test(rows_are_in_order),
        cmocka_unit_test(addresses_have_one_form), cmocka_unit_test(an_arena_keeps_its_budget),
        cmocka_unit_test(a_frame_has_its_room),    cmocka_unit_test(later_versions_have_a_budget),
    };
    core_start();
    fill(blob, sizeof blob, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
