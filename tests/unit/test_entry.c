/* Entries and runs: what is kept was signed by its author, byte for byte, and linked to what we
 * hold. */
#include "unit.h"

#include "core/run.h"
#include "make.h"

#include "tests/sim/signer_fake.h"

#include <stdlib.h>
#include <string.h>

static struct identity ana;
static struct identity bruno;
static struct hash net;

static enum entry_fault read_bytes(const uint8_t *bytes, size_t size, struct entry **into)
{
    struct signature signature = {{0}};
    return entry_read(span_of(bytes, size), &signature, &net, &native_codec, into);
}

/* The same entry as it arrives elsewhere, with one byte changed at `at` of bytes and signature. */
static struct entry *altered(const struct entry *entry, size_t at)
{
    uint8_t bytes[ENTRY_MAX + SIGNATURE_BYTES];
    struct signature signature;
    struct entry *copy;
    memcpy(bytes, entry->bytes, entry_weight(entry));
    bytes[at] ^= 1;
    memcpy(signature.bytes, bytes + entry->size, SIGNATURE_BYTES);
    if (entry_read(span_of(bytes, entry->size), &signature, &net, &native_codec, &copy))
        return NULL;
    return copy;
}

static void travels_unchanged(void **state)
{
    (void)state;
    struct entry *log[3];
    make_log(&ana, 1, log, 3, &signer_real);
    for (size_t i = 0; i < 3; i++) {
        struct entry *copy;
        struct signature signature = entry_signature(log[i]);
        assert_int_equal(entry_read(entry_bytes(log[i]), &signature, &net, &native_codec, &copy),
                         ENTRY_FINE);
        assert_int_equal(copy->size, log[i]->size);
        assert_memory_equal(copy->bytes, log[i]->bytes, entry_weight(copy));
        assert_true(hash_equal(&copy->hash, &log[i]->hash));
        assert_true(entry_verify(copy, &signer_real));
        assert_int_equal(copy->fields.seq, i + 1);
        assert_true(id_equal(&copy->fields.author, &ana.id));
        assert_true(span_equal(copy->fields.room, span_text("#everyone")));
        /* Spans point into the entry itself, not into what it was read from. */
        assert_true(copy->fields.room.bytes > copy->bytes &&
                    copy->fields.room.bytes < copy->bytes + copy->size);
        assert_null(i == 0                                              ? NULL
                    : memcmp(&copy->fields.prev, &log[i - 1]->hash, 32) ? copy
                                                                        : NULL);
        entry_drop(copy);
    }
    drop_log(log, 3);
}

static void references_are_counted(void **state)
{
    (void)state;
    struct entry *log[1];
    make_log(&ana, 1, log, 1, &signer_fake);
    struct entry *again = entry_hold(log[0]);
    entry_drop(log[0]);
    assert_int_equal(again->fields.seq, 1); /* a sanitizer watches */
    entry_drop(again);
    entry_drop(NULL);
}

/* No byte of an entry or its signature can change: it is malformed, or its signature fails. */
static void nothing_can_be_altered(void **state)
{
    (void)state;
    struct entry *log[2];
    make_log(&ana, 1, log, 2, &signer_fake);
    for (size_t which = 0; which < 2; which++)
        for (size_t at = 0; at < entry_weight(log[which]); at++) {
            struct entry *copy = altered(log[which], at);
            assert_false(copy && entry_verify(copy, &signer_fake));
            assert_false(copy && hash_equal(&copy->hash, &log[which]->hash));
            entry_drop(copy);
        }
    drop_log(log, 2);
}

/* Every field that may vary, and the extremes of each. */
static void all_fields_come_back(void **state)
{
    (void)state;
    struct entry_tip tip = {.epoch = make_epoch(3), .seq = ENTRY_NUMBER_MAX - 1};
    struct entry_fields fields = make_fields(&ana, &tip);
    char room[ROOM_MAX + 1];
    char name[GUEST_NAME_MAX + 1];
    memset(room, 'r', sizeof room);
    memset(name, 'n', sizeof name);
    fields.room = span_of(room, ROOM_MAX);
    fields.guest = span_of(name, GUEST_NAME_MAX);
    fields.dialect = span_text("0123456789abcdef");
    fields.kind = UINT32_MAX;
    fields.hlc = 0;
    fields.wall = ENTRY_NUMBER_MAX;
    fields.body = span_text("any bytes \xff\xfe");
    struct entry *entry = entry_make(&fields, &native_codec, &signer_real, &ana);
    struct entry_fields *back = &entry->fields;
    assert_int_equal(back->seq, ENTRY_NUMBER_MAX);
    assert_int_equal(back->hlc, 0);
    assert_int_equal(back->wall, ENTRY_NUMBER_MAX);
    assert_int_equal(back->kind, UINT32_MAX);
    assert_true(span_equal(back->room, fields.room));
    assert_true(span_equal(back->guest, fields.guest));
    assert_true(span_equal(back->dialect, fields.dialect));
    assert_true(span_equal(back->body, fields.body));
    entry_drop(entry);
}

static void an_opening_names_the_epoch_before(void **state)
{
    (void)state;
    struct entry_tip tip = {.epoch = make_epoch(3)};
    struct entry_fields fields = make_fields(&ana, &tip);
    fields.epoch_start = 0;
    fields.last = (struct entry_tip){make_epoch(2), 12, {{9}}};
    struct entry *entry = entry_make(&fields, &native_codec, &signer_real, &ana);
    assert_int_equal(entry->fields.epoch_start, 0);
    assert_int_equal(entry->fields.last.seq, 12);
    assert_memory_equal(&entry->fields.last.epoch, &fields.last.epoch, EPOCH_BYTES);
    assert_memory_equal(&entry->fields.last.hash, &fields.last.hash, HASH_BYTES);
    entry_drop(entry);
}

static void the_largest_fits_and_one_more_does_not(void **state)
{
    (void)state;
    static uint8_t body[ENTRY_MAX];
    struct entry_tip tip = {.epoch = make_epoch(1), .seq = 1};
    struct entry_fields fields = make_fields(&ana, &tip);
    fields.body = span_of(body, 1);
    struct entry *entry = entry_make(&fields, &native_codec, &signer_fake, &ana);
    size_t most = ENTRY_MAX - entry->size; /* the length of the body takes one byte more, too */
    entry_drop(entry);
    fields.body.size = most;
    entry = entry_make(&fields, &native_codec, &signer_fake, &ana);
    assert_non_null(entry);
    assert_int_equal(entry->size, ENTRY_MAX);
    entry_drop(entry);
    fields.body.size++;
    assert_null(entry_make(&fields, &native_codec, &signer_fake, &ana));
    uint8_t large[ENTRY_MAX + 1] = {0};
    struct entry *into;
    assert_int_equal(read_bytes(large, sizeof large, &into), ENTRY_TOO_LARGE);
    assert_null(into);
}

/* A way to write fields wrongly: what the strict reader and the rules of the envelope must refuse.
 */
struct wrong {
    const char *what;
    void (*spoil)(struct entry_fields *fields);
};

static void seq_0(struct entry_fields *fields)
{
    fields->seq = 0;
}
static void seq_large(struct entry_fields *fields)
{
    fields->seq = ENTRY_NUMBER_MAX + 1;
}
static void hlc_large(struct entry_fields *fields)
{
    fields->hlc = ENTRY_NUMBER_MAX + 1;
}
static void wall_large(struct entry_fields *fields)
{
    fields->wall = UINT64_MAX;
}
static void kind_0(struct entry_fields *fields)
{
    fields->kind = 0;
}
static void room_long(struct entry_fields *fields)
{
    static const char text[ROOM_MAX + 1] = "#";
    fields->room = span_of(text, sizeof text);
}
static void room_not_utf8(struct entry_fields *fields)
{
    fields->room = span_text("#\xc3");
}
static void guest_long(struct entry_fields *fields)
{
    static const char text[GUEST_NAME_MAX + 1] = "g";
    fields->guest = span_of(text, sizeof text);
    fields->dialect = span_text("named");
}
static void guest_without_dialect(struct entry_fields *fields)
{
    fields->guest = span_text("eva");
}
static void dialect_not_utf8(struct entry_fields *fields)
{
    fields->guest = span_text("eva");
    fields->dialect = span_text("\xff");
}
static void start_large(struct entry_fields *fields)
{
    fields->seq = 1;
    fields->epoch_start = ENTRY_NUMBER_MAX + 1;
}
static void last_large(struct entry_fields *fields)
{
    fields->seq = 1;
    fields->last = (struct entry_tip){make_epoch(9), ENTRY_NUMBER_MAX + 1, {{1}}};
}
static void last_of_itself(struct entry_fields *fields)
{
    fields->seq = 1;
    fields->last = (struct entry_tip){fields->epoch, 4, {{1}}};
}

static void bad_envelopes_are_refused(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {"seq 0", seq_0},
        {"seq too large", seq_large},
        {"hlc too large", hlc_large},
        {"wall too large", wall_large},
        {"kind 0", kind_0},
        {"room too long", room_long},
        {"room not UTF-8", room_not_utf8},
        {"guest too long", guest_long},
        {"guest without dialect", guest_without_dialect},
        {"dialect not UTF-8", dialect_not_utf8},
        {"epoch starts too late", start_large},
        {"last seq too large", last_large},
        {"an epoch after itself", last_of_itself},
    };
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        uint8_t bytes[ENTRY_MAX];
        struct entry *into;
        struct entry_tip tip = {.epoch = make_epoch(1), .seq = 4};
        struct entry_fields fields = make_fields(&ana, &tip);
        size_t size = native_codec.entry_pack(&fields, bytes, sizeof bytes);
        assert_int_equal(read_bytes(bytes, size, &into), ENTRY_FINE);
        entry_drop(into);
        wrongs[i].spoil(&fields);
        size = native_codec.entry_pack(&fields, bytes, sizeof bytes);
        if (read_bytes(bytes, size, &into) != ENTRY_MALFORMED || into)
            fail_msg("%s was not refused", wrongs[i].what);
    }
}

static void another_mesh_is_another_mesh(void **state)
{
    (void)state;
    struct entry *log[1];
    struct entry *into;
    struct hash other = mesh_net(span_text("lab"), NULL);
    make_log(&ana, 1, log, 1, &signer_fake);
    struct signature signature = entry_signature(log[0]);
    assert_int_equal(entry_read(entry_bytes(log[0]), &signature, &other, &native_codec, &into),
                     ENTRY_OTHER_NET);
    assert_null(into);
    drop_log(log, 1);
}

/* ---- runs ---- */

enum { LONG = RUN_MAX };

static void one_signature_proves_a_run(void **state)
{
    (void)state;
    struct entry *log[LONG];
    struct entry_tip nothing = {.epoch = make_epoch(1)};
    make_log(&ana, 1, log, LONG, &signer_fake);
    struct run_verdict verdict = run_check(&nothing, &ana.id, log, LONG, &signer_fake);
    assert_int_equal(verdict.kept, LONG);
    assert_int_equal(verdict.end, RUN_WHOLE);
    assert_int_equal(verdict.checks, 1);
    /* and so wherever one begins */
    for (size_t held = 1; held < LONG; held += 17) {
        struct entry_tip below = entry_tip(log[held - 1]);
        verdict = run_check(&below, &ana.id, log + held, LONG - held, &signer_fake);
        assert_int_equal(verdict.kept, LONG - held);
        assert_int_equal(verdict.checks, 1);
    }
    verdict = run_check(NULL, &ana.id, log + 5, LONG - 5, &signer_fake);
    assert_int_equal(verdict.kept, LONG - 5);
    verdict = run_check(&nothing, &ana.id, log, 0, &signer_fake);
    assert_int_equal(verdict.kept, 0);
    assert_int_equal(verdict.checks, 0);
    drop_log(log, LONG);
}

/* Whatever byte of whatever entry a relay alters, what was before it is kept and no more: the
 * altered entry breaks the link to its successor, or, as the last, its signature fails. */
static void an_altered_entry_keeps_the_good_prefix(void **state)
{
    (void)state;
    enum { COUNT = 6 };
    struct entry *log[COUNT];
    struct entry_tip nothing = {.epoch = make_epoch(1)};
    make_log(&ana, 1, log, COUNT, &signer_fake);
    for (size_t which = 0; which < COUNT; which++)
        for (size_t at = 0; at < entry_weight(log[which]); at++) {
            struct entry *run[COUNT];
            memcpy(run, log, sizeof run);
            run[which] = altered(log[which], at);
            if (!run[which])
                continue; /* malformed: it does not even become an entry */
            struct run_verdict verdict = run_check(&nothing, &ana.id, run, COUNT, &signer_fake);
            assert_int_equal(verdict.kept, which);
            assert_int_not_equal(verdict.end, RUN_WHOLE);
            assert_true(verdict.checks <= 2);
            entry_drop(run[which]);
        }
    drop_log(log, COUNT);
}

/* A relay without the key writes a whole tail of its own: the links hold, no signature does. */
static void a_forged_tail_is_cut_off(void **state)
{
    (void)state;
    enum { GOOD = 4, COUNT = 9 };
    struct entry *run[COUNT];
    struct identity forger = bruno;
    forger.id = ana.id; /* signs with bruno's secret in ana's name */
    struct entry_tip tip = {.epoch = make_epoch(1)};
    struct entry_tip nothing = tip;
    for (size_t i = 0; i < COUNT; i++) {
        run[i] = make_say(i < GOOD ? &ana : &forger, &tip, "words", &signer_real);
        tip = entry_tip(run[i]);
    }
    struct run_verdict verdict = run_check(&nothing, &ana.id, run, COUNT, &signer_real);
    assert_int_equal(verdict.kept, GOOD);
    assert_int_equal(verdict.end, RUN_UNSIGNED);
    assert_int_equal(verdict.checks, COUNT - GOOD + 1);
    verdict = run_check(NULL, &ana.id, run + GOOD, COUNT - GOOD, &signer_real);
    assert_int_equal(verdict.kept, 0);
    assert_int_equal(verdict.end, RUN_UNSIGNED);
    drop_log(run, COUNT);
}

/* A bad signer: what its later, valid signature vouches for is kept. */
static void a_bad_signature_inside_is_vouched_for(void **state)
{
    (void)state;
    struct entry *run[3];
    struct identity careless = bruno;
    careless.id = ana.id;
    struct entry_tip tip = {.epoch = make_epoch(1)};
    struct entry_tip nothing = tip;
    for (size_t i = 0; i < 3; i++) {
        run[i] = make_say(i == 1 ? &careless : &ana, &tip, "words", &signer_real);
        tip = entry_tip(run[i]);
    }
    assert_false(entry_verify(run[1], &signer_real));
    struct run_verdict verdict = run_check(&nothing, &ana.id, run, 3, &signer_real);
    assert_int_equal(verdict.kept, 3);
    assert_int_equal(verdict.checks, 1);
    drop_log(run, 3);
}

static void runs_that_do_not_link(void **state)
{
    (void)state;
    struct entry *log[6];
    struct entry *other[6];
    struct entry *run[6];
    struct entry_tip nothing = {.epoch = make_epoch(1)};
    make_log(&ana, 1, log, 6, &signer_fake);
    make_log(&ana, 2, other, 6, &signer_fake);
    struct entry_tip below = entry_tip(log[1]);

    /* what is below is another entry */
    struct entry_tip wrong = below;
    wrong.hash.bytes[31] ^= 1;
    struct run_verdict verdict = run_check(&wrong, &ana.id, log + 2, 4, &signer_fake);
    assert_int_equal(verdict.kept, 0);
    assert_int_equal(verdict.end, RUN_UNLINKED);
    assert_int_equal(verdict.checks, 0);
    /* a gap below, a gap inside, an entry twice, an order turned round */
    assert_int_equal(run_check(&below, &ana.id, log + 3, 3, &signer_fake).kept, 0);
    assert_int_equal(run_check(&nothing, &ana.id, log + 1, 3, &signer_fake).kept, 0);
    memcpy(run, log, sizeof run);
    run[3] = log[4];
    assert_int_equal(run_check(&nothing, &ana.id, run, 5, &signer_fake).kept, 3);
    run[3] = log[2];
    assert_int_equal(run_check(&nothing, &ana.id, run, 5, &signer_fake).kept, 3);
    /* another epoch, another author */
    run[3] = other[3];
    assert_int_equal(run_check(&nothing, &ana.id, run, 5, &signer_fake).kept, 3);
    assert_int_equal(run_check(&nothing, &bruno.id, log, 5, &signer_fake).kept, 0);
    assert_int_equal(run_check(NULL, &bruno.id, log, 5, &signer_fake).kept, 0);
    drop_log(log, 6);
    drop_log(other, 6);
}

static void backfill_is_proved_from_above(void **state)
{
    (void)state;
    struct entry *log[8];
    make_log(&ana, 1, log, 8, &signer_fake);
    assert_int_equal(run_check_below(log[7], log, 7), 7);
    assert_int_equal(run_check_below(log[7], log + 3, 4), 4);
    assert_int_equal(run_check_below(log[7], log, 6), 0); /* not right below */
    assert_int_equal(run_check_below(log[7], log, 0), 0);
    struct entry *run[7];
    memcpy(run, log, sizeof run);
    run[2] = altered(log[2], log[2]->size + 5); /* in its signature */
    assert_int_equal(run_check_below(log[7], run, 7), 4);
    entry_drop(run[2]);
    drop_log(log, 8);
}

/* ---- forks ---- */

static struct entry *twin(const struct identity *author, const struct entry *below,
                          const char *text)
{
    struct entry_tip tip = {.epoch = make_epoch(1)};
    if (below)
        tip = entry_tip(below);
    return make_say(author, &tip, text, &signer_real);
}

static void a_fork_is_two_signed_entries_at_one_place(void **state)
{
    (void)state;
    struct entry *base = twin(&ana, NULL, "base");
    struct entry *a = twin(&ana, base, "one");
    struct entry *b = twin(&ana, base, "other");
    struct entry *same = altered(a, a->size); /* a bad signature is another hash, but no fork */
    struct entry *later = twin(&ana, a, "later");
    struct entry *strange = twin(&bruno, base, "one");
    unsigned checks = 0;
    assert_true(fork_verify(a, b, &signer_real, &checks));
    assert_true(fork_verify(b, a, &signer_real, &checks));
    assert_int_equal(checks, 4);
    assert_false(fork_verify(a, a, &signer_real, &checks));
    assert_false(fork_verify(a, later, &signer_real, &checks));
    assert_false(fork_verify(a, strange, &signer_real, &checks));
    assert_int_equal(checks, 4); /* those cost nothing */
    assert_false(fork_verify(a, same, &signer_real, &checks));
    assert_false(fork_verify(same, b, &signer_real, &checks));
    struct entry *all[] = {base, a, b, same, later, strange};
    drop_log(all, 6);
}

static int sign_of(int number)
{
    return (number > 0) - (number < 0);
}

/* Everyone keeps the same proof, whichever came first and however its pair was turned. */
static void everyone_chooses_the_same_fork(void **state)
{
    (void)state;
    enum { COUNT = 5 };
    struct entry *base = twin(&ana, NULL, "base");
    struct entry *at[COUNT];
    static const char *const texts[COUNT] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < COUNT; i++)
        at[i] = twin(&ana, base, texts[i]);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++)
            for (size_t k = 0; k < COUNT; k++)
                for (size_t l = 0; l < COUNT; l++) {
                    if (i == j || k == l)
                        continue;
                    int one = sign_of(fork_compare(at[i], at[j], at[k], at[l]));
                    assert_int_equal(one, -sign_of(fork_compare(at[k], at[l], at[i], at[j])));
                    assert_int_equal(one, sign_of(fork_compare(at[j], at[i], at[k], at[l])));
                    assert_int_equal(one, sign_of(fork_compare(at[i], at[j], at[l], at[k])));
                    bool same = (i == k && j == l) || (i == l && j == k);
                    assert_int_equal(one == 0, same);
                }
    /* the pair with the smallest hash of all never loses */
    size_t smallest = 0;
    for (size_t i = 1; i < COUNT; i++)
        if (hash_compare(&at[i]->hash, &at[smallest]->hash) < 0)
            smallest = i;
    size_t x = (smallest + 1) % COUNT;
    size_t y = (smallest + 2) % COUNT;
    assert_true(fork_compare(at[smallest], at[x], at[x], at[y]) < 0);
    /* a lower place beats any hash */
    struct entry *high1 = twin(&ana, at[0], "x");
    struct entry *high2 = twin(&ana, at[0], "y");
    assert_true(fork_compare(at[0], at[1], high1, high2) < 0);
    assert_true(fork_compare(high1, high2, at[0], at[1]) > 0);
    entry_drop(base);
    entry_drop(high1);
    entry_drop(high2);
    drop_log(at, COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(travels_unchanged),
        cmocka_unit_test(references_are_counted),
        cmocka_unit_test(nothing_can_be_altered),
        cmocka_unit_test(all_fields_come_back),
        cmocka_unit_test(an_opening_names_the_epoch_before),
        cmocka_unit_test(the_largest_fits_and_one_more_does_not),
        cmocka_unit_test(bad_envelopes_are_refused),
        cmocka_unit_test(another_mesh_is_another_mesh),
        cmocka_unit_test(one_signature_proves_a_run),
        cmocka_unit_test(an_altered_entry_keeps_the_good_prefix),
        cmocka_unit_test(a_forged_tail_is_cut_off),
        cmocka_unit_test(a_bad_signature_inside_is_vouched_for),
        cmocka_unit_test(runs_that_do_not_link),
        cmocka_unit_test(backfill_is_proved_from_above),
        cmocka_unit_test(a_fork_is_two_signed_entries_at_one_place),
        cmocka_unit_test(everyone_chooses_the_same_fork),
    };
    core_start();
    ana = make_person(1);
    bruno = make_person(2);
    net = make_net();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
