/* Logs: frontiers, digests, staleness, and what a known author costs. */
#include "unit.h"

#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct id number_id(uint32_t number)
{
    struct id id = {{0}};
    struct hash hash = hash_of(span_of(&number, sizeof number));
    memcpy(id.bytes, hash.bytes, ID_BYTES);
    return id;
}

static struct epoch_id number_epoch(uint8_t number)
{
    struct epoch_id epoch;
    memset(epoch.bytes, number, sizeof epoch.bytes);
    return epoch;
}

static struct log_step step_to(uint8_t epoch, uint64_t first, uint64_t last, uint64_t hlc)
{
    struct log_step step = {.first = first, .first_hlc = hlc, .last_hlc = hlc};
    step.last.epoch = number_epoch(epoch);
    step.last.seq = last;
    memset(step.last.hash.bytes, (int)(last % 251) + epoch, HASH_BYTES);
    step.entries = (uint32_t)(last - first + 1);
    step.bytes = step.entries * 100;
    return step;
}

static struct log *grow(struct logs *logs, uint32_t author, uint8_t epoch, uint64_t first,
                        uint64_t last, uint64_t hlc)
{
    struct id id = number_id(author);
    struct author *known = logs_find(logs, &id);
    if (!known)
        known = logs_add(logs, &id);
    struct epoch_id name = number_epoch(epoch);
    struct log *log = author_log_add(known, &name);
    struct log_step step = step_to(epoch, first, last, hlc);
    log_append(logs, known, log, &step, false);
    return log;
}

static struct hash digest(struct logs *logs)
{
    uint8_t buckets[BUCKETS][BUCKET_BYTES];
    return logs_digest(logs, NULL, 0, buckets);
}

static void assert_same(struct logs *a, struct logs *b, bool same)
{
    struct hash one = digest(a), other = digest(b);
    assert_int_equal(hash_equal(&one, &other), same);
}

static void order_does_not_matter(void **state)
{
    (void)state;
    struct logs *a = logs_new(1), *b = logs_new(99);
    for (uint32_t i = 0; i < 2000; i++) {
        grow(a, i, (uint8_t)(1 + i % 3), 1, 5, 10);
        grow(a, i, 7, 1, 2, 10);
    }
    for (uint32_t i = 2000; i-- > 0;) {
        grow(b, i, 7, 1, 2, 10);
        assert_same(a, b, false);
        grow(b, i, (uint8_t)(1 + i % 3), 1, 3, 10);
        grow(b, i, (uint8_t)(1 + i % 3), 4, 5, 10);
    }
    assert_same(a, b, true);
    grow(b, 1234, 7, 3, 3, 10);
    assert_same(a, b, false);
    grow(a, 1234, 7, 3, 3, 10);
    assert_same(a, b, true);
    logs_free(a);
    logs_free(b);
}

/* The layout of PROTOCOL.md, put together by hand. */
static void digests_are_those_of_the_protocol(void **state)
{
    (void)state;
    struct logs *logs = logs_new(1);
    const struct log *log = grow(logs, 1, 9, 1, 300, 10);
    uint8_t row[EPOCH_BYTES + 8 + HASH_BYTES];
    memcpy(row, log->epoch.bytes, EPOCH_BYTES);
    memcpy(row + EPOCH_BYTES, (uint8_t[]){0, 0, 0, 0, 0, 0, 1, 44}, 8);
    memcpy(row + EPOCH_BYTES + 8, log->head.bytes, HASH_BYTES);
    struct hash hash = hash_of(span_of(row, sizeof row));
    struct id id = number_id(1);
    uint8_t bucket[ID_BYTES + BUCKET_BYTES];
    memcpy(bucket, id.bytes, ID_BYTES);
    memcpy(bucket + ID_BYTES, hash.bytes, BUCKET_BYTES);
    struct hash full = hash_of(span_of(bucket, sizeof bucket));
    struct hash empty = hash_of(span_of(NULL, 0));
    uint8_t buckets[BUCKETS][BUCKET_BYTES];
    for (size_t i = 0; i < BUCKETS; i++)
        memcpy(buckets[i], i == id.bytes[0] ? full.bytes : empty.bytes, BUCKET_BYTES);
    struct hash all = hash_of(span_of(buckets, sizeof buckets)), ours = digest(logs);
    assert_memory_equal(all.bytes, ours.bytes, HASH_BYTES);
    logs_free(logs);
}

static void left_out_authors_are_as_if_unknown(void **state)
{
    (void)state;
    struct logs *a = logs_new(1), *b = logs_new(2);
    uint8_t buckets[BUCKETS][BUCKET_BYTES];
    for (uint32_t i = 0; i < 300; i++) {
        grow(a, i, 1, 1, 1, 10);
        if (i != 77)
            grow(b, i, 1, 1, 1, 10);
    }
    struct id without = number_id(77);
    struct hash one = logs_digest(a, &without, 1, buckets), other = digest(b);
    assert_memory_equal(one.bytes, other.bytes, HASH_BYTES);
    assert_same(a, b, false);
    logs_free(a);
    logs_free(b);
}

static void stale_epochs_leave(void **state)
{
    (void)state;
    const uint64_t day = 24u * 3600 * 1000;
    struct logs *a = logs_new(1), *b = logs_new(1);
    grow(a, 1, 1, 1, 9, 1000);
    grow(a, 1, 2, 1, 9, 1000 + 100 * day);
    struct id id = number_id(1);
    struct author *author = logs_find(a, &id);
    assert_false(author->logs[0].stale); /* exactly 100 days is not more */
    grow(a, 1, 2, 10, 10, 1001 + 100 * day);
    assert_true(author->logs[0].stale);
    assert_false(log_is_shown(&author->logs[0]));
    grow(b, 1, 2, 1, 10, 1001 + 100 * day);
    assert_same(a, b, true);
    logs_free(a);
    logs_free(b);
}

static void a_fork_ends_a_log(void **state)
{
    (void)state;
    struct logs *a = logs_new(1), *b = logs_new(1);
    struct log *log = grow(a, 1, 1, 1, 50, 1000);
    struct id id = number_id(1);
    struct author *author = logs_find(a, &id);
    struct log_fork fork = {.seq = 31, .hlc = 500};
    memset(fork.smaller.bytes, 5, HASH_BYTES);
    memset(fork.larger.bytes, 9, HASH_BYTES);
    struct log_step prefix = step_to(1, 1, 30, 1000);
    assert_true(log_fork_better(log, &fork));
    log_freeze(a, author, log, &fork, &prefix.last.hash);
    assert_int_equal(log->high, 30);
    assert_int_equal(log_limit(log), 30);
    assert_int_equal(log->head_hlc, 500);
    assert_false(log_fork_better(log, &fork));
    fork.larger.bytes[0] = 8;
    assert_true(log_fork_better(log, &fork));
    fork.seq = 32;
    assert_false(log_fork_better(log, &fork));

    /* Who has the same entries and not the proof is told apart, until it has it too. */
    struct log *other = grow(b, 1, 1, 1, 30, 1000);
    assert_same(a, b, false);
    log_freeze(b, logs_find(b, &id), other, log->fork, &prefix.last.hash);
    assert_same(a, b, true);

    /* A fork below all that is held: nothing is held any more. */
    fork.seq = 5;
    struct log *short_one = grow(a, 2, 1, 1, 1, 1000);
    struct id two = number_id(2);
    short_one->low = short_one->high = 10;
    log_freeze(a, logs_find(a, &two), short_one, &fork, &prefix.last.hash);
    assert_int_equal(short_one->high, 0);
    assert_int_equal(log_limit(short_one), 4);
    logs_free(a);
    logs_free(b);
}

static void low_marks_move(void **state)
{
    (void)state;
    struct logs *logs = logs_new(1);
    struct log *log = grow(logs, 1, 1, 501, 600, 1000);
    struct id id = number_id(1);
    struct author *author = logs_find(logs, &id);
    assert_int_equal(log->low, 501);
    assert_int_equal(logs_bytes(logs), 10000);
    struct log_step below = step_to(1, 401, 500, 900);
    log_prepend(logs, author, log, &below);
    assert_int_equal(log->low, 401);
    assert_int_equal(log->floor, 1);
    assert_int_equal(log->entries, 200);
    log_trim(logs, author, log, 551, 950, 50, 5000);
    assert_int_equal(log->low, 551);
    assert_int_equal(log->floor, 551);
    assert_int_equal(logs_bytes(logs), 5000);
    assert_int_equal(logs_stranger_bytes(logs), 5000);
    logs_vouch(logs, author, true);
    assert_int_equal(logs_stranger_bytes(logs), 0);
    assert_int_equal(logs_stranger_count(logs), 0);
    log_trim(logs, author, log, 9999, 950, 1, 100); /* never past the head */
    assert_int_equal(log->low, 600);
    logs_remove(logs, author);
    assert_int_equal(logs_bytes(logs), 0);
    assert_int_equal(logs_count(logs), 0);
    logs_free(logs);
}

static void a_disk_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct logs *logs = logs_new(1);
    struct id id = number_id(1);
    struct log good = {.epoch = number_epoch(1), .low = 5, .high = 9, .floor = 2, .entries = 5};
    struct log bad = good;
    bad.low = 10;
    assert_false(logs_load(logs, &id, &bad));
    bad = good;
    bad.low = 0;
    assert_false(logs_load(logs, &id, &bad));
    bad = good;
    bad.high = ENTRY_NUMBER_MAX + 1;
    assert_false(logs_load(logs, &id, &bad));
    bad = good;
    bad.fork = xcalloc(1, sizeof *bad.fork);
    bad.fork->seq = 9;
    assert_false(logs_load(logs, &id, &bad));
    bad.fork = xcalloc(1, sizeof *bad.fork); /* a proof of no place */
    assert_false(logs_load(logs, &id, &bad));
    bad = good;
    bad.floor = 6;
    assert_false(logs_load(logs, &id, &bad));
    bad = good;
    bad.head_hlc = ENTRY_NUMBER_MAX + 1;
    assert_false(logs_load(logs, &id, &bad));
    assert_true(logs_load(logs, &id, &good));
    assert_false(logs_load(logs, &id, &good)); /* twice */
    logs_free(logs);
}

/* What is dropped is as if it had never been there, and its author's other epochs stay. */
static void dropped_epochs_leave_nothing(void **state)
{
    (void)state;
    struct logs *a = logs_new(1), *b = logs_new(1);
    struct id id = number_id(1);
    struct log_fork fork = {.seq = 31};
    struct log_step prefix = step_to(2, 1, 30, 1000);
    grow(a, 1, 1, 1, 9, 1000);
    log_freeze(a, logs_find(a, &id), grow(a, 1, 2, 1, 30, 1000), &fork, &prefix.last.hash);
    grow(a, 1, 3, 1, 7, 1000);
    grow(b, 1, 1, 1, 9, 1000);
    grow(b, 1, 3, 1, 7, 1000);
    assert_same(a, b, false);
    struct author *author = logs_find(a, &id);
    author_log_drop(a, author, &author->logs[1]);
    assert_same(a, b, true);
    assert_int_equal(author->log_count, 2);
    assert_int_equal(logs_bytes(a), logs_bytes(b));
    struct epoch_id gone = number_epoch(2), kept = number_epoch(3);
    assert_null(author_log(author, &gone));
    assert_int_equal(author_log(author, &kept)->high, 7);
    logs_free(a);
    logs_free(b);
    logs_free(NULL);
}

/* Everyone comes to the same proof, whichever came first: the lowest place, then the hashes. */
static void proofs_have_an_order(void **state)
{
    (void)state;
    struct logs *logs = logs_new(1);
    struct log *log = grow(logs, 1, 1, 1, 50, 1000);
    struct id id = number_id(1);
    static const struct log_fork PROOFS[] = {/* the best comes first */
                                             {.seq = 30, .smaller = {{7}}, .larger = {{9}}},
                                             {.seq = 31, .smaller = {{1}}, .larger = {{5}}},
                                             {.seq = 31, .smaller = {{1}}, .larger = {{6}}},
                                             {.seq = 31, .smaller = {{2}}, .larger = {{3}}},
                                             {.seq = 32, .smaller = {{0}}, .larger = {{1}}}};
    enum { COUNT = sizeof PROOFS / sizeof *PROOFS };
    static const struct hash prefix;
    for (size_t i = COUNT; i-- > 0;) {
        assert_true(log_fork_better(log, &PROOFS[i]));
        log_freeze(logs, logs_find(logs, &id), log, &PROOFS[i], &prefix);
        for (size_t j = i; j < COUNT; j++)
            assert_false(log_fork_better(log, &PROOFS[j]));
    }
    assert_int_equal(log->high, 29);
    logs_free(logs);
}

/* A trim that comes late takes nothing back. */
static void low_marks_never_sink(void **state)
{
    (void)state;
    struct logs *logs = logs_new(1);
    struct log *log = grow(logs, 1, 1, 501, 600, 1000);
    struct id id = number_id(1);
    struct author *author = logs_find(logs, &id);
    log_trim(logs, author, log, 551, 950, 50, 5000);
    log_trim(logs, author, log, 540, 950, 50, 5000);
    assert_int_equal(log->low, 551);
    assert_int_equal(log->floor, 551);
    struct log_step below = step_to(1, 521, 550, 900); /* and what is fetched again is wanted */
    log_prepend(logs, author, log, &below);
    assert_int_equal(log->low, 521);
    assert_int_equal(log->floor, 521);
    logs_free(logs);
}

static void epochs_are_bounded(void **state)
{
    (void)state;
    struct logs *logs = logs_new(1);
    struct id id = number_id(1);
    struct author *author = logs_add(logs, &id);
    uint32_t number = 0;
    while (author_has_room(author)) {
        struct epoch_id epoch = {{0}};
        memcpy(epoch.bytes, &number, sizeof number);
        author_log_add(author, &epoch);
        number++;
    }
    assert_int_equal(number, LOGS_PER_AUTHOR);
    for (uint32_t i = 1; i < author->log_count; i++)
        assert_true(
            memcmp(author->logs[i - 1].epoch.bytes, author->logs[i].epoch.bytes, EPOCH_BYTES) < 0);
    logs_free(logs);
}

/* Counted by the table, and checked against what the allocator says. */
static void a_million_authors(void **state)
{
    (void)state;
    enum { MILLION = 1000000 };
    struct logs *logs = logs_new(1);
    size_t empty = logs_memory(logs);
    for (uint32_t i = 0; i < MILLION; i++)
        grow(logs, i, 1, 1, 3, 10);
    size_t each = (logs_memory(logs) - empty) / MILLION;
    print_message("# %zu bytes for each idle author with one epoch\n", each);
    assert_true(each <= 512);
    struct hash before = digest(logs);
    grow(logs, 4711, 1, 4, 4, 11);
    struct hash after = digest(logs);
    assert_memory_not_equal(before.bytes, after.bytes, HASH_BYTES);
    struct id id = number_id(999999);
    assert_non_null(logs_find(logs, &id));
    logs_free(logs);
}

static void two_epochs_fit_too(void **state)
{
    (void)state;
    struct logs *logs = logs_new(1);
    size_t empty = logs_memory(logs);
    for (uint32_t i = 0; i < 10000; i++) {
        grow(logs, i, 1, 1, 3, 10);
        grow(logs, i, 2, 1, 3, 10);
    }
    assert_true((logs_memory(logs) - empty) / 10000 <= 512);
    logs_free(logs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(digests_are_those_of_the_protocol),
        cmocka_unit_test(left_out_authors_are_as_if_unknown),
        cmocka_unit_test(stale_epochs_leave),
        cmocka_unit_test(a_fork_ends_a_log),
        cmocka_unit_test(low_marks_move),
        cmocka_unit_test(a_disk_that_cannot_be_is_refused),
        cmocka_unit_test(epochs_are_bounded),
        cmocka_unit_test(dropped_epochs_leave_nothing),
        cmocka_unit_test(proofs_have_an_order),
        cmocka_unit_test(low_marks_never_sink),
        cmocka_unit_test(a_million_authors),
        cmocka_unit_test(two_epochs_fit_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
