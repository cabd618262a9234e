/* Whispers: only author and readers open them, only in the entry they were written for. */
#include "unit.h"

#include "core/sealed.h"
#include "make.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { PEOPLE = 18 };

static struct identity people[PEOPLE]; /* 0 writes */
static struct sys_fake world;
static struct sys sys;

static struct whisper whisper_to(size_t readers, const char *text)
{
    struct whisper whisper = {
        .kind = ENTRY_SAY,
        .text = span_text(text),
        .reader_count = readers,
    };
    for (size_t i = 0; i < readers; i++)
        whisper.readers[i] = people[i + 1].id;
    return whisper;
}

static struct entry_fields place(void)
{
    struct entry_tip tip = {.epoch = make_epoch(1), .seq = 6};
    struct entry_fields fields = make_fields(&people[0], &tip);
    fields.kind = ENTRY_SEALED;
    fields.room = span_text("");
    return fields;
}

static size_t seal(const struct whisper *whisper, struct entry_fields *where, uint8_t *body)
{
    size_t size = 0;
    assert_int_equal(whisper_seal(whisper, where, &native_codec, &sys, body, &size), SEAL_FINE);
    where->body = span_of(body, size);
    return size;
}

static enum open_fault try_open(const struct entry_fields *where, size_t person)
{
    struct whisper *whisper;
    enum open_fault fault = whisper_open(where, &people[person], &native_codec, &whisper);
    assert_int_equal(fault == OPEN_FINE, whisper != NULL);
    free(whisper);
    return fault;
}

static void those_it_is_for_and_nobody_else(void **state)
{
    (void)state;
    uint8_t body[ENTRY_MAX];
    for (size_t readers = 1; readers <= READERS_MAX; readers++) {
        struct whisper whisper = whisper_to(readers, "en voz baja");
        struct entry_fields where = place();
        seal(&whisper, &where, body);
        for (size_t person = 0; person < PEOPLE; person++) {
            struct whisper *got;
            enum open_fault fault = whisper_open(&where, &people[person], &native_codec, &got);
            if (person > readers) {
                assert_int_equal(fault, OPEN_NOT_OURS);
                assert_null(got);
                continue;
            }
            assert_int_equal(fault, OPEN_FINE);
            assert_true(span_equal(got->text, whisper.text));
            assert_int_equal(got->kind, ENTRY_SAY);
            assert_int_equal(got->reader_count, readers);
            assert_memory_equal(got->readers, whisper.readers, readers * ID_BYTES);
            free(got);
        }
    }
}

/* Neither how many it is for nor how long it is can be read off exactly. */
static void sizes_are_blurred(void **state)
{
    (void)state;
    static const size_t slots[READERS_MAX + 1] = {0,  2,  4,  4,  8,  8,  8,  8,
                                                  16, 16, 16, 16, 16, 16, 16, 16};
    static char text[TEXT_MAX + 1];
    uint8_t bytes[ENTRY_MAX];
    for (size_t readers = 1; readers <= READERS_MAX; readers++) {
        struct whisper whisper = whisper_to(readers, "x");
        struct entry_fields where = place();
        seal(&whisper, &where, bytes);
        struct body *body = native_codec.body_unpack(ENTRY_SEALED, where.body);
        assert_int_equal(body->sealed.slots.size, slots[readers] * SLOT_BYTES);
        free(body);
    }
    memset(text, 'x', TEXT_MAX);
    for (size_t length = 1; length <= TEXT_MAX; length += 7) {
        struct whisper whisper = whisper_to(1, "");
        struct entry_fields where = place();
        whisper.text = span_of(text, length);
        seal(&whisper, &where, bytes);
        struct body *body = native_codec.body_unpack(ENTRY_SEALED, where.body);
        size_t padded = body->sealed.box.size - BOX_TAG;
        assert_int_equal(padded % BOX_PAD, 0);
        assert_true(padded > length);
        free(body);
    }
}

static void the_longest_for_the_most_fits(void **state)
{
    (void)state;
    static char text[TEXT_MAX];
    uint8_t body[ENTRY_MAX];
    struct whisper whisper = whisper_to(READERS_MAX, "");
    struct entry_fields where = place();
    memset(text, 'x', sizeof text);
    whisper.text = span_of(text, sizeof text);
    whisper.again = (struct body_again){true, make_epoch(5), ENTRY_NUMBER_MAX};
    where.seq = ENTRY_NUMBER_MAX;
    where.hlc = where.wall = ENTRY_NUMBER_MAX;
    seal(&whisper, &where, body);
    struct entry *entry = entry_make(&where, &native_codec, &signer_real, &people[0]);
    assert_non_null(entry);
    for (size_t person = 0; person <= READERS_MAX; person++)
        assert_int_equal(try_open(&entry->fields, person), OPEN_FINE);
    struct whisper *got;
    assert_int_equal(whisper_open(&entry->fields, &people[3], &native_codec, &got), OPEN_FINE);
    assert_true(got->again.set);
    assert_int_equal(got->again.seq, ENTRY_NUMBER_MAX);
    free(got);
    entry_drop(entry);
}

/* The same box in another mesh, of another author, in another epoch, at another place: nothing. */
static void it_is_bound_to_its_entry(void **state)
{
    (void)state;
    uint8_t body[ENTRY_MAX];
    struct whisper whisper = whisper_to(3, "only here");
    struct entry_fields where = place();
    seal(&whisper, &where, body);
    struct entry_fields moved = where;
    moved.net.bytes[0] ^= 1;
    assert_int_equal(try_open(&moved, 1), OPEN_BAD);
    moved = where;
    moved.author = people[2].id; /* a reader passes it on as its own */
    assert_int_equal(try_open(&moved, 1), OPEN_BAD);
    moved = where;
    moved.epoch.bytes[15] ^= 1;
    assert_int_equal(try_open(&moved, 1), OPEN_BAD);
    moved = where;
    moved.seq++;
    assert_int_equal(try_open(&moved, 1), OPEN_BAD);
    moved = where;
    moved.room = span_text("#everyone");
    assert_int_equal(try_open(&moved, 1), OPEN_BAD);
    moved = where;
    moved.kind = ENTRY_SAY;
    assert_int_equal(try_open(&moved, 1), OPEN_BAD);
    assert_int_equal(try_open(&where, 1), OPEN_FINE);
}

/* Nothing in the body can be altered without everybody noticing, readers whose own slot was not
 * touched included: slots are bound too. */
static void nothing_can_be_altered(void **state)
{
    (void)state;
    uint8_t body[ENTRY_MAX];
    struct whisper whisper = whisper_to(2, "as it was");
    struct entry_fields where = place();
    size_t size = seal(&whisper, &where, body);
    for (size_t at = 0; at < size; at++) {
        body[at] ^= 1;
        for (size_t person = 0; person <= 2; person++)
            assert_int_not_equal(try_open(&where, person), OPEN_FINE);
        body[at] ^= 1;
    }
}

static void bad_bodies_are_placeholders(void **state)
{
    (void)state;
    uint8_t body[ENTRY_MAX];
    struct whisper whisper = whisper_to(2, "cut off");
    struct entry_fields where = place();
    size_t size = seal(&whisper, &where, body);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *exact = xmemdup(body, cut); /* a sanitizer sees one byte too far */
        where.body = span_of(exact, cut);
        assert_int_not_equal(try_open(&where, 1), OPEN_FINE);
        free(exact);
    }
}

/* ---- a hostile author builds boxes by hand ---- */

struct forged {
    uint8_t secret[32];
    uint8_t body_key[32];
    uint8_t slots[2 * SLOT_BYTES];
    struct body body;
    uint8_t plain[BOX_PAD];
    uint8_t box[BOX_PAD + BOX_TAG];
    uint8_t bytes[ENTRY_MAX];
};

static void forge_slot(struct forged *forged, size_t slot, const uint8_t key[32],
                       const struct id *reader)
{
    uint8_t theirs[32];
    uint8_t shared[32];
    uint8_t nonce[crypto_box_NONCEBYTES] = {[crypto_box_NONCEBYTES - 1] = (uint8_t)slot};
    assert_int_equal(crypto_sign_ed25519_pk_to_curve25519(theirs, reader->bytes), 0);
    assert_int_equal(crypto_box_beforenm(shared, theirs, forged->secret), 0);
    crypto_box_easy_afternm(forged->slots + slot * SLOT_BYTES, key, 32, nonce, shared);
}

static void forge_box(struct forged *forged, struct entry_fields *where, size_t length)
{
    uint8_t bound[HASH_BYTES + ID_BYTES + EPOCH_BYTES + 8 + 32 + sizeof forged->slots];
    uint8_t nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES] = {0};
    uint8_t *next = bound;
    size_t size;
    struct body_sealed *sealed = &forged->body.sealed;
    crypto_scalarmult_base(sealed->ephemeral, forged->secret);
    sealed->slots = span_of(forged->slots, sizeof forged->slots);
    next = (uint8_t *)memcpy(next, where->net.bytes, HASH_BYTES) + HASH_BYTES;
    next = (uint8_t *)memcpy(next, where->author.bytes, ID_BYTES) + ID_BYTES;
    next = (uint8_t *)memcpy(next, where->epoch.bytes, EPOCH_BYTES) + EPOCH_BYTES;
    put_u64(next, where->seq);
    next = (uint8_t *)memcpy(next + 8, sealed->ephemeral, 32) + 32;
    memcpy(next, forged->slots, sizeof forged->slots);
    memset(forged->plain + length, 0, sizeof forged->plain - length);
    if (length < sizeof forged->plain)
        forged->plain[length] = 0x80;
    crypto_aead_xchacha20poly1305_ietf_encrypt(forged->box, NULL, forged->plain, BOX_PAD, bound,
                                               sizeof bound, NULL, nonce, forged->body_key);
    sealed->box = span_of(forged->box, sizeof forged->box);
    assert_true(native_codec.body_pack(&forged->body, forged->bytes, ENTRY_MAX, &size));
    where->body = span_of(forged->bytes, size);
}

static void forged_init(struct forged *forged)
{
    memset(forged, 0, sizeof *forged);
    memset(forged->secret, 0x55, 32);
    memset(forged->body_key, 0x66, 32);
    forged->body.kind = ENTRY_SEALED;
    forged->body.sealed.commitment = hash_of(span_of(forged->body_key, 32));
    forge_slot(forged, 0, forged->body_key, &people[0].id);
    forge_slot(forged, 1, forged->body_key, &people[1].id);
}

static void a_reader_who_is_not_listed_drops_it(void **state)
{
    (void)state;
    struct forged forged;
    struct entry_fields where = place();
    struct whisper whisper = whisper_to(1, "for person 1, it says");
    forged_init(&forged);
    size_t length = native_codec.whisper_pack(&whisper, forged.plain, BOX_PAD);
    forge_box(&forged, &where, length);
    assert_int_equal(try_open(&where, 1), OPEN_FINE); /* the forgery itself is sound */
    assert_int_equal(try_open(&where, 0), OPEN_FINE);

    whisper.readers[0] = people[2].id;
    length = native_codec.whisper_pack(&whisper, forged.plain, BOX_PAD);
    forge_box(&forged, &where, length);
    assert_int_equal(try_open(&where, 1), OPEN_BAD);

    whisper.readers[0] = people[1].id;
    whisper.readers[1] = people[0].id; /* the author as a reader of its own */
    whisper.reader_count = 2;
    length = native_codec.whisper_pack(&whisper, forged.plain, BOX_PAD);
    forge_box(&forged, &where, length);
    assert_int_equal(try_open(&where, 1), OPEN_BAD);
    assert_int_equal(try_open(&where, 0), OPEN_BAD);
}

/* Two readers can never be given two keys, and so two texts, for one box. */
static void another_body_key_is_noticed(void **state)
{
    (void)state;
    struct forged forged;
    struct entry_fields where = place();
    struct whisper whisper = whisper_to(1, "one text");
    uint8_t other[32] = {7};
    forged_init(&forged);
    size_t length = native_codec.whisper_pack(&whisper, forged.plain, BOX_PAD);
    forge_slot(&forged, 1, other, &people[1].id);
    forge_box(&forged, &where, length);
    assert_int_equal(try_open(&where, 1), OPEN_BAD);
    assert_int_equal(try_open(&where, 0), OPEN_FINE);
    /* even where the key fits the box */
    forged_init(&forged);
    forged.body.sealed.commitment = hash_of(span_of(other, 32));
    length = native_codec.whisper_pack(&whisper, forged.plain, BOX_PAD);
    forge_box(&forged, &where, length);
    assert_int_equal(try_open(&where, 1), OPEN_BAD);
}

static void bad_plaintexts_are_noticed(void **state)
{
    (void)state;
    struct forged forged;
    struct entry_fields where = place();
    struct whisper whisper = whisper_to(1, "fine");
    forged_init(&forged);
    memset(forged.plain, 0, BOX_PAD); /* no padding mark at all */
    forge_box(&forged, &where, BOX_PAD);
    assert_int_equal(try_open(&where, 1), OPEN_BAD);
    forge_box(&forged, &where, 0); /* an empty message */
    assert_int_equal(try_open(&where, 1), OPEN_BAD);
    whisper.kind = ENTRY_TOPIC;
    forge_box(&forged, &where, native_codec.whisper_pack(&whisper, forged.plain, BOX_PAD));
    assert_int_equal(try_open(&where, 1), OPEN_BAD);
    whisper.kind = ENTRY_CALL; /* with a text */
    forge_box(&forged, &where, native_codec.whisper_pack(&whisper, forged.plain, BOX_PAD));
    assert_int_equal(try_open(&where, 1), OPEN_BAD);
    whisper.kind = ENTRY_SAY;
    whisper.text = span_text("bad \xe2\x82");
    forge_box(&forged, &where, native_codec.whisper_pack(&whisper, forged.plain, BOX_PAD));
    assert_int_equal(try_open(&where, 1), OPEN_BAD);
    whisper.text = span_text("twice");
    whisper.readers[1] = whisper.readers[0];
    whisper.reader_count = 2;
    forge_box(&forged, &where, native_codec.whisper_pack(&whisper, forged.plain, BOX_PAD));
    assert_int_equal(try_open(&where, 1), OPEN_BAD);
    whisper.reader_count = 0;
    forge_box(&forged, &where, native_codec.whisper_pack(&whisper, forged.plain, BOX_PAD));
    assert_int_equal(try_open(&where, 1), OPEN_BAD);
    assert_int_equal(try_open(&where, 0), OPEN_BAD);
}

/* An ephemeral key that makes every shared secret the same must open nothing for anyone. */
static void weak_ephemeral_keys_open_nothing(void **state)
{
    (void)state;
    struct forged forged;
    struct entry_fields where = place();
    struct whisper whisper = whisper_to(1, "weak");
    forged_init(&forged);
    forge_box(&forged, &where, native_codec.whisper_pack(&whisper, forged.plain, BOX_PAD));
    struct body body = forged.body;
    size_t size;
    memset(body.sealed.ephemeral, 0, 32);
    assert_true(native_codec.body_pack(&body, forged.bytes, ENTRY_MAX, &size));
    where.body = span_of(forged.bytes, size);
    for (size_t person = 0; person < 3; person++)
        assert_int_equal(try_open(&where, person), OPEN_NOT_OURS);
}

static void bad_readers_are_refused(void **state)
{
    (void)state;
    uint8_t body[ENTRY_MAX];
    size_t size;
    struct entry_fields where = place();
    struct whisper whisper = whisper_to(2, "to nobody");
    /* neither the neutral element nor what is no point at all can be sealed for */
    static const struct id bad[] = {{{1}}, {{0}}, {{2}}};
    for (size_t i = 0; i < 3; i++) {
        whisper.readers[1] = bad[i];
        assert_int_equal(whisper_seal(&whisper, &where, &native_codec, &sys, body, &size),
                         SEAL_BAD_KEY);
    }
}

/* Each bound of what is inside, and one past it. */
static void a_whisper_has_its_bounds(void **state)
{
    (void)state;
    static char text[TEXT_MAX + 1];
    memset(text, 'x', sizeof text);
    struct whisper whisper = whisper_to(1, "x");
    assert_true(whisper_well_formed(&whisper));
    whisper.text = span_of(text, TEXT_MAX);
    assert_true(whisper_well_formed(&whisper));
    whisper.text.size++;
    assert_false(whisper_well_formed(&whisper));
    whisper = whisper_to(1, "\xff");
    assert_false(whisper_well_formed(&whisper));
    whisper = whisper_to(1, "x");
    whisper.kind = ENTRY_CALL; /* which has no words */
    assert_false(whisper_well_formed(&whisper));
    whisper = whisper_to(1, "");
    assert_false(whisper_well_formed(&whisper));
    static const uint64_t SEQS[][2] = {
        {0, 0}, {1, 1}, {ENTRY_NUMBER_MAX, 1}, {ENTRY_NUMBER_MAX + 1, 0}};
    for (size_t i = 0; i < sizeof SEQS / sizeof *SEQS; i++) {
        whisper = whisper_to(1, "x");
        whisper.again = (struct body_again){.set = true, .seq = SEQS[i][0]};
        assert_int_equal(whisper_well_formed(&whisper), SEQS[i][1]);
    }
    whisper = whisper_to(READERS_MAX, "x");
    assert_true(whisper_well_formed(&whisper));
    whisper.reader_count++;
    assert_false(whisper_well_formed(&whisper));
    whisper.reader_count = 0;
    assert_false(whisper_well_formed(&whisper));
}

/* 2, 4, 8 or 16 slots, and a box that tells nothing but about how long it is. */
static void a_sealed_body_has_its_bounds(void **state)
{
    (void)state;
    static uint8_t bytes[2 * WHISPER_MAX];
    static const struct {
        size_t slots, box;
        bool good;
    } CASES[] = {
        {2 * SLOT_BYTES, BOX_PAD + BOX_TAG, true},
        {16 * SLOT_BYTES, WHISPER_MAX + BOX_TAG, true},
        {2 * SLOT_BYTES, WHISPER_MAX + BOX_PAD + BOX_TAG, false},
        {2 * SLOT_BYTES, BOX_TAG, false},
        {2 * SLOT_BYTES, 0, false},
        {2 * SLOT_BYTES, BOX_PAD + BOX_TAG + 1, false},
        {3 * SLOT_BYTES, BOX_PAD + BOX_TAG, false},
        {2 * SLOT_BYTES + 1, BOX_PAD + BOX_TAG, false},
        {0, BOX_PAD + BOX_TAG, false},
        {32 * SLOT_BYTES, BOX_PAD + BOX_TAG, false},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct body body = {.kind = ENTRY_SEALED};
        body.sealed.slots = span_of(bytes, CASES[i].slots);
        body.sealed.box = span_of(bytes, CASES[i].box);
        assert_int_equal(body_well_formed(&body), CASES[i].good);
    }
}

static void two_whispers_have_nothing_in_common(void **state)
{
    (void)state;
    uint8_t one[ENTRY_MAX];
    uint8_t other[ENTRY_MAX];
    struct whisper whisper = whisper_to(1, "the same words");
    struct entry_fields where = place();
    seal(&whisper, &where, one);
    struct body *first = native_codec.body_unpack(ENTRY_SEALED, where.body);
    seal(&whisper, &where, other);
    struct body *second = native_codec.body_unpack(ENTRY_SEALED, where.body);
    assert_memory_not_equal(first->sealed.ephemeral, second->sealed.ephemeral, 32);
    assert_memory_not_equal(&first->sealed.commitment, &second->sealed.commitment, HASH_BYTES);
    assert_memory_not_equal(first->sealed.slots.bytes, second->sealed.slots.bytes, 32);
    assert_memory_not_equal(first->sealed.box.bytes, second->sealed.box.bytes, 32);
    free(first);
    free(second);
}

static void calls_and_acts_whisper_too(void **state)
{
    (void)state;
    uint8_t body[ENTRY_MAX];
    struct entry_fields where = place();
    struct whisper whisper = whisper_to(1, "");
    whisper.kind = ENTRY_CALL;
    seal(&whisper, &where, body);
    assert_int_equal(try_open(&where, 1), OPEN_FINE);
    whisper.kind = ENTRY_ACT;
    whisper.text = span_text("nods");
    seal(&whisper, &where, body);
    assert_int_equal(try_open(&where, 1), OPEN_FINE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_it_is_for_and_nobody_else),
        cmocka_unit_test(sizes_are_blurred),
        cmocka_unit_test(the_longest_for_the_most_fits),
        cmocka_unit_test(it_is_bound_to_its_entry),
        cmocka_unit_test(nothing_can_be_altered),
        cmocka_unit_test(bad_bodies_are_placeholders),
        cmocka_unit_test(a_reader_who_is_not_listed_drops_it),
        cmocka_unit_test(another_body_key_is_noticed),
        cmocka_unit_test(bad_plaintexts_are_noticed),
        cmocka_unit_test(weak_ephemeral_keys_open_nothing),
        cmocka_unit_test(bad_readers_are_refused),
        cmocka_unit_test(two_whispers_have_nothing_in_common),
        cmocka_unit_test(a_whisper_has_its_bounds),
        cmocka_unit_test(a_sealed_body_has_its_bounds),
        cmocka_unit_test(calls_and_acts_whisper_too),
    };
    core_start();
    world.seed = 11;
    sys = sys_fake(&world);
    for (uint8_t i = 0; i < PEOPLE; i++)
        people[i] = make_person((uint8_t)(i + 1));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
