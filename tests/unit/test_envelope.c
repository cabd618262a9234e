/* Envelopes have one form; bodies come back as they went, and bad ones do not come in. */
#include "unit.h"

#include "core/sealed.h"
#include "dialect/strict.h"
#include "dialect/tertulia.pb-c.h"
#include "make.h"

#include "tests/sim/signer_fake.h"

#include <stdlib.h>
#include <string.h>

static void envelopes_have_one_form(void **state)
{
    (void)state;
    struct identity ana = make_person(1);
    struct entry *log[2];
    struct entry_fields fields;
    uint8_t bytes[ENTRY_MAX];
    make_log(&ana, 1, log, 2, &signer_fake);
    for (size_t which = 0; which < 2; which++) {
        struct span good = entry_bytes(log[which]);
        assert_true(native_codec.entry_unpack(good, &fields));
        /* any field left out, doubled, or moved to the end */
        for (size_t at = 0; at < good.size;) {
            bool number = (good.bytes[at] & 7) == 0;
            size_t size = 2;
            if (number)
                while (good.bytes[at + size - 1] & 0x80)
                    size++;
            else
                size += good.bytes[at + 1];
            unsigned field = good.bytes[at] >> 3;
            bool optional = field == 6 || field == 7 || field == 9 || field == 15;
            memcpy(bytes, good.bytes, at);
            memcpy(bytes + at, good.bytes + at + size, good.size - at - size);
            assert_int_equal(native_codec.entry_unpack(span_of(bytes, good.size - size), &fields),
                             optional);
            memcpy(bytes + good.size - size, good.bytes + at, size);
            if (at + size < good.size)
                assert_false(native_codec.entry_unpack(span_of(bytes, good.size), &fields));
            memcpy(bytes, good.bytes, at + size);
            memcpy(bytes + at + size, good.bytes + at, good.size - at);
            assert_false(native_codec.entry_unpack(span_of(bytes, good.size + size), &fields));
            at += size;
        }
        /* a field more, a number longer than needed, zeros that say nothing */
        memcpy(bytes, good.bytes, good.size);
        memcpy(bytes + good.size, (uint8_t[]){16 << 3 & 0x7f, 1}, 2);
        assert_false(native_codec.entry_unpack(span_of(bytes, good.size + 2), &fields));
        size_t seq = 34 + 34 + 18;
        assert_int_equal(good.bytes[seq], 4 << 3);
        memcpy(bytes, good.bytes, seq + 1);
        bytes[seq + 1] = good.bytes[seq + 1] | 0x80;
        bytes[seq + 2] = 0;
        memcpy(bytes + seq + 3, good.bytes + seq + 2, good.size - seq - 2);
        assert_false(native_codec.entry_unpack(span_of(bytes, good.size + 1), &fields));
        for (size_t cut = 0; cut < good.size; cut++) {
            uint8_t *exact = xmemdup(good.bytes, cut);
            if (native_codec.entry_unpack(span_of(exact, cut), &fields))
                assert_int_equal(fields.body.size, 0); /* only where a whole field was cut off */
            free(exact);
        }
    }
    drop_log(log, 2);
}

static void openings_are_whole(void **state)
{
    (void)state;
    struct identity ana = make_person(1);
    struct entry_tip tip = {.epoch = make_epoch(1)};
    struct entry_fields fields = make_fields(&ana, &tip);
    uint8_t bytes[ENTRY_MAX];
    fields.room = span_text("");
    fields.last = (struct entry_tip){make_epoch(2), 3, {{4}}};
    size_t size = native_codec.entry_pack(&fields, bytes, sizeof bytes);
    size_t opening = size - (2 + 7 + 18 + 2 + 34);
    assert_int_equal(bytes[opening], 11 << 3 | 2);
    assert_true(native_codec.entry_unpack(span_of(bytes, size), &fields));
    bytes[opening + 1] = 7 + 18 + 2; /* without the hash */
    assert_false(native_codec.entry_unpack(span_of(bytes, size - 34), &fields));
    bytes[opening + 1] = 7; /* with none of the three: the first epoch */
    assert_true(native_codec.entry_unpack(span_of(bytes, size - 54), &fields));
    assert_int_equal(fields.last.seq, 0);
    bytes[opening + 1] = 0; /* started in 1970 */
    assert_true(native_codec.entry_unpack(span_of(bytes, size - 61), &fields));
    assert_int_equal(fields.epoch_start, 0);
}

/* Zeros and empty bytes are left out, and a guest is whole. */
static void nothing_is_said_needlessly(void **state)
{
    (void)state;
    struct identity ana = make_person(1);
    struct entry_tip tip = {.epoch = make_epoch(1), .seq = 1};
    struct entry_fields fields = make_fields(&ana, &tip);
    uint8_t bytes[ENTRY_MAX];
    enum { HLC = 34 + 34 + 18 + 2 + 34 };
    fields.hlc = 0;
    fields.wall = 0;
    fields.room = span_text("");
    size_t size = native_codec.entry_pack(&fields, bytes, sizeof bytes);
    assert_true(native_codec.entry_unpack(span_of(bytes, size), &fields));
    static const uint8_t needless[][2] = {{6 << 3, 0}, {7 << 3, 0}};
    for (size_t i = 0; i < 2; i++) {
        uint8_t more[ENTRY_MAX];
        memcpy(more, bytes, HLC);
        memcpy(more + HLC, needless[i], 2);
        memcpy(more + HLC + 2, bytes + HLC, size - HLC);
        assert_false(native_codec.entry_unpack(span_of(more, size + 2), &fields));
    }
    static const struct {
        size_t size;
        uint8_t bytes[8];
        bool good;
    } tails[] = {
        {2, {9 << 3 | 2, 0}, false},                         /* an empty room */
        {2, {15 << 3 | 2, 0}, false},                        /* an empty body */
        {2, {10 << 3 | 2, 0}, false},                        /* an empty guest */
        {5, {10 << 3 | 2, 3, 1 << 3 | 2, 1, 'e'}, false},    /* without a dialect */
        {5, {10 << 3 | 2, 3, 2 << 3 | 2, 1, 'd'}, false},    /* without a name */
        {8, {10 << 3 | 2, 6, 10, 1, 'e', 18, 1, 'd'}, true}, /* with both */
        {3, {9 << 3 | 2, 1, 'r'}, true},
    };
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        memcpy(bytes + size, tails[i].bytes, tails[i].size);
        assert_int_equal(native_codec.entry_unpack(span_of(bytes, size + tails[i].size), &fields),
                         tails[i].good);
    }
}

static struct body *body_back(const struct body *body)
{
    uint8_t bytes[ENTRY_MAX];
    uint8_t again[ENTRY_MAX];
    size_t size;
    size_t size_again;
    assert_true(native_codec.body_pack(body, bytes, sizeof bytes, &size));
    struct body *back = native_codec.body_unpack(body->kind, span_of(bytes, size));
    memset(bytes, 0xee, size); /* the body points into itself, not here */
    assert_non_null(back);
    assert_int_equal(back->kind, body->kind);
    assert_true(native_codec.body_pack(back, again, sizeof again, &size_again));
    assert_int_equal(size, size_again);
    return back;
}

static void bodies_come_back(void **state)
{
    (void)state;
    struct body body = {.kind = ENTRY_SAY, .say = {.text = span_of("a\0b", 3)}};
    struct body *back = body_back(&body);
    assert_true(span_equal(back->say.text, body.say.text));
    assert_false(back->say.again.set);
    free(back);
    body.kind = ENTRY_ACT;
    body.say.again = (struct body_again){true, make_epoch(3), 12};
    back = body_back(&body);
    assert_true(back->say.again.set);
    assert_int_equal(back->say.again.seq, 12);
    assert_memory_equal(&back->say.again.epoch, &body.say.again.epoch, EPOCH_BYTES);
    free(back);
    body = (struct body){.kind = ENTRY_PROFILE,
                         .profile = {span_text("ana"), true, span_text("at lunch")}};
    back = body_back(&body);
    assert_true(span_equal(back->profile.name, body.profile.name));
    assert_true(back->profile.away);
    assert_true(span_equal(back->profile.status, body.profile.status));
    free(back);
    body = (struct body){.kind = ENTRY_JOIN};
    free(body_back(&body));
    body = (struct body){.kind = ENTRY_LEAVE, .why = span_text("bye")};
    back = body_back(&body);
    assert_true(span_equal(back->why, body.why));
    free(back);
    body = (struct body){.kind = ENTRY_TOPIC, .topic = span_text("")};
    free(body_back(&body));
    body = (struct body){.kind = ENTRY_CALL};
    back = body_back(&body);
    assert_false(back->call.has_whom);
    free(back);
    body.call = (struct body_call){true, make_person(2).id};
    back = body_back(&body);
    assert_true(id_equal(&back->call.whom, &body.call.whom));
    free(back);
}

static bool say_taken(const void *text, size_t size)
{
    uint8_t bytes[2 * ENTRY_MAX];
    Tertulia__Say say = TERTULIA__SAY__INIT;
    say.text = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)text};
    size_t packed = tertulia__say__pack(&say, bytes);
    struct body *body = native_codec.body_unpack(ENTRY_SAY, span_of(bytes, packed));
    free(body);
    return body != NULL;
}

static void bad_bodies_are_refused(void **state)
{
    (void)state;
    char text[TEXT_MAX + 1];
    memset(text, 't', sizeof text);
    assert_true(say_taken(text, TEXT_MAX));
    assert_false(say_taken(text, TEXT_MAX + 1));
    assert_false(say_taken(text, 0));
    assert_false(say_taken("\xed\xa0\x80", 3)); /* a surrogate */
    assert_null(native_codec.body_unpack(0, span_of("", 0)));
    assert_null(native_codec.body_unpack(9, span_of("", 0)));
    assert_null(native_codec.body_unpack(UINT32_MAX, span_of("", 0)));
    /* unknown fields are for later versions, and do no harm */
    static const uint8_t later[] = {1 << 3 | 2, 2, 'h', 'i', 15 << 3, 1};
    struct body *body = native_codec.body_unpack(ENTRY_SAY, span_of(later, sizeof later));
    assert_non_null(body);
    assert_int_equal(body->say.text.size, 2);
    free(body);
    static const uint8_t nothing[] = {0xff};
    for (uint32_t kind = ENTRY_SAY; kind <= ENTRY_CALL; kind++)
        assert_null(native_codec.body_unpack(kind, span_of(nothing, 1)));
    static const uint8_t short_id[] = {1 << 3 | 2, 1, 9};
    assert_null(native_codec.body_unpack(ENTRY_CALL, span_of(short_id, 3)));
}

/* Each body with one part that is no good. */
static void every_part_of_a_body_is_looked_at(void **state)
{
    (void)state;
    static uint8_t many[2 * ENTRY_MAX];
    uint8_t bytes[2 * ENTRY_MAX];
    size_t size;
    struct body body = {.kind = ENTRY_SAY, .say = {.text = span_text("hi")}};
    assert_false(native_codec.body_pack(&body, bytes, 3, &size)); /* a byte short */
    assert_int_equal(size, 4);
    assert_true(native_codec.body_pack(&body, bytes, 4, &size));
    assert_null(native_codec.body_unpack(ENTRY_SAY, span_of(many, ENTRY_MAX + 1)));
    Tertulia__Again again = TERTULIA__AGAIN__INIT;
    Tertulia__Say say = TERTULIA__SAY__INIT;
    say.text = (ProtobufCBinaryData){2, many};
    say.again = &again;
    again.seq = 1;
    for (size_t epoch = 15; epoch <= 17; epoch++) {
        again.epoch = (ProtobufCBinaryData){epoch, many};
        size = tertulia__say__pack(&say, bytes);
        struct body *back = native_codec.body_unpack(ENTRY_SAY, span_of(bytes, size));
        assert_int_equal(back != NULL, epoch == 16);
        free(back);
    }
    again.epoch.len = 16;
    again.seq = 0;
    size = tertulia__say__pack(&say, bytes);
    assert_null(native_codec.body_unpack(ENTRY_SAY, span_of(bytes, size)));
    static const size_t sealed[][3] = {{32, 32, 1}, {31, 32, 0}, {32, 31, 0}, {33, 32, 0}};
    for (size_t i = 0; i < sizeof sealed / sizeof *sealed; i++) {
        Tertulia__Sealed one = TERTULIA__SEALED__INIT;
        one.ephemeral = (ProtobufCBinaryData){sealed[i][0], many};
        one.commitment = (ProtobufCBinaryData){sealed[i][1], many};
        one.slots = (ProtobufCBinaryData){2 * SLOT_BYTES, many};
        one.box = (ProtobufCBinaryData){BOX_TAG + BOX_PAD, many};
        size = tertulia__sealed__pack(&one, bytes);
        struct body *back = native_codec.body_unpack(ENTRY_SEALED, span_of(bytes, size));
        assert_int_equal(back != NULL, sealed[i][2]);
        free(back);
    }
}

static bool whisper_taken(const Tertulia__Whisper *message)
{
    uint8_t bytes[2 * ENTRY_MAX];
    size_t size = tertulia__whisper__pack(message, bytes);
    struct whisper *whisper = native_codec.whisper_unpack(span_of(bytes, size));
    free(whisper);
    return whisper != NULL;
}

static void every_part_of_a_whisper_is_looked_at(void **state)
{
    (void)state;
    uint8_t ids[READERS_MAX + 1][ID_BYTES] = {{0}};
    ProtobufCBinaryData readers[READERS_MAX + 1];
    Tertulia__Again again = TERTULIA__AGAIN__INIT;
    Tertulia__Whisper whisper = TERTULIA__WHISPER__INIT;
    for (uint8_t i = 0; i < READERS_MAX + 1; i++) {
        ids[i][0] = (uint8_t)(i + 1);
        readers[i] = (ProtobufCBinaryData){ID_BYTES, ids[i]};
    }
    whisper.kind = ENTRY_SAY;
    whisper.text = (ProtobufCBinaryData){2, ids[0]};
    whisper.n_readers = READERS_MAX;
    whisper.readers = readers;
    assert_true(whisper_taken(&whisper));
    whisper.n_readers = READERS_MAX + 1;
    assert_false(whisper_taken(&whisper));
    whisper.n_readers = 2;
    ids[1][0] = ids[0][0]; /* one twice */
    assert_false(whisper_taken(&whisper));
    ids[1][0] = 9;
    readers[1].len = ID_BYTES - 1;
    assert_false(whisper_taken(&whisper));
    readers[1].len = ID_BYTES;
    static const uint32_t kinds[] = {0, ENTRY_JOIN, ENTRY_CALL + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        whisper.kind = kinds[i];
        assert_false(whisper_taken(&whisper));
    }
    whisper.kind = ENTRY_ACT;
    assert_true(whisper_taken(&whisper));
    whisper.again = &again;
    again.seq = 7;
    again.epoch = (ProtobufCBinaryData){EPOCH_BYTES, ids[0]};
    assert_true(whisper_taken(&whisper));
    again.epoch.len--;
    assert_false(whisper_taken(&whisper));
    assert_null(native_codec.whisper_unpack(span_text("\xff")));
    /* and none is written where it has no place */
    struct whisper own = {.kind = ENTRY_SAY, .text = span_text("hi"), .reader_count = 1};
    uint8_t bytes[64];
    size_t size = native_codec.whisper_pack(&own, bytes, sizeof bytes);
    assert_true(size > 0);
    assert_int_equal(native_codec.whisper_pack(&own, bytes, size), size);
    assert_int_equal(native_codec.whisper_pack(&own, bytes, size - 1), 0);
}

static void numbers_end_where_they_end(void **state)
{
    (void)state;
    struct identity ana = make_person(1);
    struct entry_tip tip = {.epoch = make_epoch(1)};
    struct entry_fields fields = make_fields(&ana, &tip), back;
    uint8_t bytes[ENTRY_MAX];
    size_t size = native_codec.entry_pack(&fields, bytes, sizeof bytes);
    assert_int_equal(native_codec.entry_pack(&fields, bytes, size), size);
    assert_int_equal(native_codec.entry_pack(&fields, bytes, size - 1), 0);
    /* a kind is a number of 32 bits */
    fields.kind = UINT32_MAX;
    size = native_codec.entry_pack(&fields, bytes, sizeof bytes);
    assert_true(native_codec.entry_unpack(span_of(bytes, size), &back));
    assert_int_equal(back.kind, UINT32_MAX);
    uint8_t *end = memmem(bytes, size, "\x40\xff\xff\xff\xff\x0f", 6);
    assert_non_null(end);
    end[5] = 0x1f;
    assert_false(native_codec.entry_unpack(span_of(bytes, size), &back));
    /* any other has 64, in 10 bytes at most */
    fields.hlc = UINT64_MAX;
    size = native_codec.entry_pack(&fields, bytes, sizeof bytes);
    assert_true(native_codec.entry_unpack(span_of(bytes, size), &back));
    assert_true(back.hlc == UINT64_MAX);
    end = memmem(bytes, size, "\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
    assert_non_null(end);
    end[10] = 0x03;
    assert_false(native_codec.entry_unpack(span_of(bytes, size), &back));
    static const struct {
        size_t size;
        uint8_t bytes[16];
        bool good;
    } cases[] = {
        {3, {0x0a, 1, 'x'}, true},
        {3, {0x08, 1, 'x'}, false},      /* a number, no bytes */
        {3, {0x02, 1, 'x'}, false},      /* of no field */
        {4, {0x0a, 1, 'x', 'y'}, false}, /* and something behind it */
        {3, {0x0a, 2, 'x'}, false},
        {2, {0x0a, 0x80}, false},
        {1, {0x8a}, false},
        {0, {0}, false},
        {4, {0x0a, 0x81, 0, 'x'}, false}, /* longer than needed */
        {12, {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 'x'}, false},
        {12, {0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 'x'}, false},
        {13, {0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *exact = xmemdup(cases[i].bytes, cases[i].size);
        assert_int_equal(strict_is_single(span_of(exact, cases[i].size)), cases[i].good);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(envelopes_have_one_form),
        cmocka_unit_test(openings_are_whole),
        cmocka_unit_test(nothing_is_said_needlessly),
        cmocka_unit_test(bodies_come_back),
        cmocka_unit_test(bad_bodies_are_refused),
        cmocka_unit_test(every_part_of_a_body_is_looked_at),
        cmocka_unit_test(every_part_of_a_whisper_is_looked_at),
        cmocka_unit_test(numbers_end_where_they_end),
    };
    core_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
