/* Receipts: the newest counts, replays do nothing, and nobody makes us keep more than the bounds.
 */
#include "unit.h"

#include "base/alloc.h"
#include "base/sys.h"
#include "core/receipt.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS (UINT64_C(24) * 3600 * 1000)
#define NOW (UINT64_C(20000) * DAY_MS)

static const struct id self_id = {{1}};
static const struct epoch_id epoch = {{7}};

static struct id id_of(uint32_t number)
{
    struct id id = {{9}};
    memcpy(id.bytes + 1, &number, sizeof number);
    return id;
}

static struct ack ack_of(uint32_t acker, uint64_t low, uint64_t high)
{
    return (struct ack){
        .acker = id_of(acker), .author = self_id, .epoch = epoch, .low = low, .high = high};
}

static bool take(struct receipts *receipts, uint32_t acker, uint64_t low, uint64_t high)
{
    struct ack ack = ack_of(acker, low, high);
    return receipts_take(receipts, &ack, NOW, NULL, NULL);
}

static bool has(const struct receipts *receipts, uint32_t acker, uint64_t seq)
{
    struct entry_ref ref = {self_id, epoch, seq};
    struct id id = id_of(acker);
    return receipts_has(receipts, &ref, &id);
}

static void the_greater_high_wins_and_replays_do_nothing(void **state)
{
    (void)state;
    struct receipts *receipts = receipts_new(&self_id);
    assert_true(take(receipts, 1, 5, 10));
    assert_false(take(receipts, 1, 5, 10));
    assert_false(take(receipts, 1, 5, 9));
    assert_false(take(receipts, 1, 1, 9));
    assert_false(take(receipts, 1, 6, 10));
    assert_false(has(receipts, 1, 4));
    assert_true(has(receipts, 1, 5));
    assert_true(has(receipts, 1, 10));
    assert_false(has(receipts, 1, 11));
    assert_true(take(receipts, 1, 2, 10)); /* it took up older ones */
    assert_true(has(receipts, 1, 2));
    assert_false(take(receipts, 1, 5, 10));
    assert_true(take(receipts, 1, 2, 12));
    assert_int_equal(receipts_count(receipts), 1);
    const struct ack *kept = receipts_next(receipts, &self_id, NULL);
    assert_int_equal(kept->high, 12);
    assert_null(receipts_next(receipts, &self_id, kept));
    receipts_free(receipts);
}

static void what_was_stored_once_counts_on(void **state)
{
    (void)state;
    struct receipts *receipts = receipts_new(&self_id);
    take(receipts, 1, 1, 10);
    take(receipts, 1, 8, 20); /* their retention dropped the oldest */
    assert_true(has(receipts, 1, 1));
    assert_int_equal(receipts_next(receipts, &self_id, NULL)->low, 8);
    take(receipts, 1, 21, 30);
    assert_true(has(receipts, 1, 1));
    take(receipts, 1, 50, 60); /* a gap: what is in it was never said */
    assert_false(has(receipts, 1, 40));
    assert_true(has(receipts, 1, 50));
    receipts_free(receipts);
}

static void news_are_what_was_not_known(void **state)
{
    (void)state;
    struct receipts *receipts = receipts_new(&self_id);
    struct receipt_range news;
    struct receipt_range below;
    struct ack ack = ack_of(1, 5, 10);
    assert_true(receipts_take(receipts, &ack, NOW, &news, &below));
    assert_true(news.low == 5 && news.high == 10 && below.low > below.high);
    ack = ack_of(1, 3, 12);
    assert_true(receipts_take(receipts, &ack, NOW, &news, &below));
    assert_true(news.low == 11 && news.high == 12 && below.low == 3 && below.high == 4);
    ack = ack_of(1, 1, 12);
    assert_true(receipts_take(receipts, &ack, NOW, &news, &below));
    assert_true(news.low > news.high && below.low == 1 && below.high == 2);
    ack = ack_of(1, 11, 15);
    assert_true(receipts_take(receipts, &ack, NOW, &news, &below));
    assert_true(news.low == 13 && news.high == 15 && below.low > below.high);
    ack = ack_of(1, 90, 91);
    assert_true(receipts_take(receipts, &ack, NOW, &news, &below));
    assert_true(news.low == 90 && news.high == 91);
    assert_false(receipts_take(receipts, &ack, NOW, &news, &below));
    assert_true(news.low > news.high && below.low > below.high);
    receipts_free(receipts);
}

/* In any order, what is kept at the end is the same, and nothing ever counts less than before. */
static void any_order_ends_the_same(void **state)
{
    (void)state;
    struct sys_fake fake = {.seed = 5};
    struct sys sys = sys_fake(&fake);
    for (int round = 0; round < 2000; round++) {
        struct receipts *receipts = receipts_new(&self_id);
        struct ack acks[8];
        uint64_t greatest = 0;
        for (size_t i = 0; i < 8; i++) {
            uint64_t high = 1 + sys_random_below(&sys, 15);
            acks[i] = ack_of(1, 1 + sys_random_below(&sys, high), high);
            greatest = high > greatest ? high : greatest;
        }
        for (size_t i = 8; i > 1; i--) {
            size_t other = sys_random_below(&sys, i);
            struct ack swap = acks[other];
            acks[other] = acks[i - 1];
            acks[i - 1] = swap;
        }
        bool counted[20] = {false};
        for (size_t i = 0; i < 8; i++) {
            (void)receipts_take(receipts, &acks[i], NOW, NULL, NULL);
            (void)receipts_take(receipts, &acks[i], NOW, NULL, NULL);
            const struct ack *kept = receipts_next(receipts, &self_id, NULL);
            for (uint64_t seq = kept->low; seq <= kept->high; seq++)
                counted[seq] = true;
        }
        const struct ack *kept = receipts_next(receipts, &self_id, NULL);
        assert_int_equal(kept->high, greatest);
        for (uint64_t seq = 1; seq < 16; seq++)
            assert_true(!has(receipts, 1, seq) || counted[seq]);
        for (uint64_t seq = kept->low; seq <= kept->high; seq++)
            assert_true(has(receipts, 1, seq));
        receipts_free(receipts);
    }
}

static void only_those_expected_are_counted(void **state)
{
    (void)state;
    struct receipts *receipts = receipts_new(&self_id);
    take(receipts, 1, 1, 10);
    take(receipts, 2, 5, 20);
    take(receipts, 3, 1, 20);
    const struct id expected[] = {id_of(1), id_of(2), id_of(4)};
    struct receipt_tally tally;
    receipt_tally_init(&tally, receipts, &self_id, &epoch, expected, 3);
    assert_int_equal(tally.of, 3);
    assert_int_equal(receipt_stored_by(&tally, 1), 1);
    assert_int_equal(receipt_stored_by(&tally, 5), 2);
    assert_int_equal(receipt_stored_by(&tally, 11), 1);
    assert_int_equal(receipt_stored_by(&tally, 21), 0);
    receipt_tally_done(&tally);
    struct epoch_id other = {{8}};
    receipt_tally_init(&tally, receipts, &self_id, &other, expected, 3);
    assert_int_equal(receipt_stored_by(&tally, 5), 0);
    receipt_tally_done(&tally);
    receipt_tally_init(&tally, receipts, &self_id, &epoch, NULL, 0);
    assert_int_equal(receipt_stored_by(&tally, 5), 0);
    assert_int_equal(tally.of, 0);
    receipt_tally_done(&tally);
    receipts_free(receipts);
}

static void they_are_kept_for_a_week(void **state)
{
    (void)state;
    struct receipts *receipts = receipts_new(&self_id);
    struct ack one = ack_of(1, 1, 1);
    struct ack two = ack_of(2, 1, 1);
    two.author = id_of(99);
    assert_true(receipts_take(receipts, &one, NOW, NULL, NULL));
    assert_true(receipts_take(receipts, &two, NOW + DAY_MS, NULL, NULL));
    receipts_expire(receipts, NOW + RECEIPT_KEPT_MS);
    assert_int_equal(receipts_count(receipts), 2);
    receipts_expire(receipts, NOW + RECEIPT_KEPT_MS + 1);
    assert_int_equal(receipts_count(receipts), 1);
    receipts_expire(receipts, NOW - 30 * DAY_MS);
    assert_int_equal(receipts_count(receipts), 1);
    assert_false(has(receipts, 1, 1));
    one.high = 2;
    assert_true(receipts_take(receipts, &one, NOW, NULL, NULL));
    /* A newer one lives anew, and does not keep those alive that came between. */
    struct ack between = ack_of(3, 1, 1);
    between.author = two.author;
    assert_true(receipts_take(receipts, &between, NOW + DAY_MS, NULL, NULL));
    two.high = 5;
    assert_true(receipts_take(receipts, &two, NOW + 2 * DAY_MS, NULL, NULL));
    receipts_expire(receipts, NOW + DAY_MS + RECEIPT_KEPT_MS + 1);
    assert_int_equal(receipts_count(receipts), 1);
    receipts_free(receipts);
}

static struct ack ack_for(uint32_t acker, uint32_t author, uint32_t start)
{
    struct ack ack = ack_of(acker, 1, 1);
    ack.author = id_of(author);
    memcpy(ack.epoch.bytes, &start, sizeof start);
    return ack;
}

static void nobody_pushes_out_all_others(void **state)
{
    (void)state;
    struct receipts *receipts = receipts_new(&self_id);
    struct ack honest = ack_for(1, 500, 0);
    assert_true(receipts_take(receipts, &honest, NOW, NULL, NULL));
    for (uint32_t i = 0; i < 3 * RECEIPTS_OTHERS; i++) {
        struct ack ack = ack_for(2, 600, i);
        assert_true(receipts_take(receipts, &ack, NOW, NULL, NULL));
    }
    assert_int_equal(receipts_count(receipts), 1 + RECEIPTS_ACKER);
    struct entry_ref ref = {honest.author, honest.epoch, 1};
    assert_true(receipts_has(receipts, &ref, &honest.acker));
    /* Ours are apart from those we carry. */
    assert_true(take(receipts, 3, 1, 1));
    for (uint32_t i = 0; i < 3 * RECEIPTS_OTHERS; i++) {
        struct ack ack = ack_for(1000 + i, 600, 0);
        assert_true(receipts_take(receipts, &ack, NOW, NULL, NULL));
    }
    assert_int_equal(receipts_count(receipts), 1 + RECEIPTS_OTHERS);
    assert_true(has(receipts, 3, 1));
    for (uint32_t i = 0; i < 2 * RECEIPTS_OWN; i++)
        assert_true(take(receipts, 1000 + i, 1, 1));
    assert_int_equal(receipts_count(receipts), RECEIPTS_OWN + RECEIPTS_OTHERS);
    assert_true(has(receipts, 1000 + 2 * RECEIPTS_OWN - 1, 1));
    receipts_free(receipts);
}

static void those_for_one_author_are_found(void **state)
{
    (void)state;
    struct receipts *receipts = receipts_new(&self_id);
    struct id author = id_of(7);
    for (uint32_t i = 0; i < 50; i++) {
        struct ack ack = ack_for(i, 7 + i % 2, i);
        assert_true(receipts_take(receipts, &ack, NOW, NULL, NULL));
        take(receipts, i, 1, 1);
    }
    size_t count = 0;
    const struct ack *one = NULL;
    while ((one = receipts_next(receipts, &author, one)) != NULL) {
        assert_true(id_equal(&one->author, &author));
        count++;
    }
    assert_int_equal(count, 25);
    count = 0;
    while ((one = receipts_next(receipts, &self_id, one)) != NULL)
        count++;
    assert_int_equal(count, 50);
    receipts_free(receipts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_greater_high_wins_and_replays_do_nothing),
        cmocka_unit_test(what_was_stored_once_counts_on),
        cmocka_unit_test(news_are_what_was_not_known),
        cmocka_unit_test(any_order_ends_the_same),
        cmocka_unit_test(only_those_expected_are_counted),
        cmocka_unit_test(they_are_kept_for_a_week),
        cmocka_unit_test(nobody_pushes_out_all_others),
        cmocka_unit_test(those_for_one_author_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
