/* Stamps and keys: one author's order always holds, and screens agree, whatever clocks say. */
#include "unit.h"

#include "base/sys.h"
#include "core/entry.h"
#include "core/order.h"

#include <stdlib.h>
#include <string.h>

#define T UINT64_C(1700000000000)
enum { MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* ---- stamps ---- */

static void a_stamp_follows_the_clock_and_never_falls(void **state)
{
    (void)state;
    struct hlc hlc = {0};
    assert_int_equal(hlc_next(&hlc, T), T);
    assert_int_equal(hlc_next(&hlc, T), T + 1);
    assert_int_equal(hlc_next(&hlc, T - 5), T + 2);
    assert_int_equal(hlc_next(&hlc, T + 100), T + 100);
}

static void a_clock_set_far_back_is_followed_within_a_minute(void **state)
{
    (void)state;
    struct hlc hlc = {T};
    assert_int_equal(hlc_next(&hlc, T - DAY), T - DAY + HLC_AHEAD_MS);
    assert_int_equal(hlc_next(&hlc, T - DAY), T - DAY + HLC_AHEAD_MS);
    assert_int_equal(hlc_next(&hlc, T - DAY + 1000), T - DAY + HLC_AHEAD_MS + 1);
    assert_int_equal(hlc_next(&hlc, T - DAY + 2 * MINUTE), T - DAY + 2 * MINUTE);
    assert_int_equal(hlc_next(&hlc, T + DAY), T + DAY);
}

static void others_move_a_stamp_by_a_minute_at_most(void **state)
{
    (void)state;
    struct hlc hlc = {0};
    hlc_merge(&hlc, T + 30000, T);
    assert_int_equal(hlc_next(&hlc, T), T + 30001);
    hlc_merge(&hlc, T - HOUR, T);
    assert_int_equal(hlc_next(&hlc, T), T + 30002);
    hlc_merge(&hlc, T + DAY, T);
    assert_int_equal(hlc_next(&hlc, T), T + HLC_AHEAD_MS);
    hlc_merge(&hlc, UINT64_MAX, T);
    assert_int_equal(hlc_next(&hlc, T), T + HLC_AHEAD_MS);
    assert_int_equal(hlc_next(&hlc, UINT64_MAX), ENTRY_NUMBER_MAX);
    assert_true(hlc_next(&hlc, UINT64_MAX) <= ENTRY_NUMBER_MAX);
}

/* ---- keys ---- */

static void a_key_keeps_within_its_bounds(void **state)
{
    (void)state;
    assert_int_equal(order_key(T, T, &ORDER_ANYWHERE), T);
    assert_int_equal(order_key(T - DAY, T, &ORDER_ANYWHERE), T - DAY);
    assert_int_equal(order_key(T + ORDER_AHEAD_MS, T, &ORDER_ANYWHERE), T + ORDER_AHEAD_MS);
    assert_int_equal(order_key(T + DAY, T, &ORDER_ANYWHERE), T + ORDER_AHEAD_MS);
    struct order_bounds bounds = {T + 5, ORDER_OPEN, 0, ORDER_OPEN};
    assert_int_equal(order_key(T, T, &bounds), T + 5);
    bounds = (struct order_bounds){0, T - 5, 0, ORDER_OPEN};
    assert_int_equal(order_key(T, T, &bounds), T - 5);
    bounds = (struct order_bounds){0, ORDER_OPEN, T + 7, ORDER_OPEN};
    assert_int_equal(order_key(T, T, &bounds), T + 7);
    bounds = (struct order_bounds){0, ORDER_OPEN, 0, T - 7};
    assert_int_equal(order_key(T, T, &bounds), T - 7);
    /* The own epoch is stronger than what others say. */
    bounds = (struct order_bounds){T + 5, ORDER_OPEN, 0, T};
    assert_int_equal(order_key(T, T, &bounds), T + 5);
    bounds = (struct order_bounds){0, T - 5, T, ORDER_OPEN};
    assert_int_equal(order_key(T, T, &bounds), T - 5);
    assert_int_equal(order_key(ENTRY_NUMBER_MAX, UINT64_MAX, &ORDER_ANYWHERE), ENTRY_NUMBER_MAX);
}

static void lines_are_sorted_by_key_author_start_epoch_seq(void **state)
{
    (void)state;
    const struct order base = {T, {{5}}, T, {{5}}, 5};
    struct order up[5] = {base, base, base, base, base};
    up[0].key++;
    up[1].author.bytes[0]++;
    up[2].start++;
    up[3].epoch.bytes[0]++;
    up[4].seq++;
    for (int i = 0; i < 5; i++) {
        assert_true(order_compare(&base, &up[i]) < 0);
        assert_true(order_compare(&up[i], &base) > 0);
        for (int j = i + 1; j < 5; j++)
            assert_true(order_compare(&up[i], &up[j]) > 0);
    }
    assert_int_equal(order_compare(&base, &base), 0);
    assert_true(order_same_entry(&base, &up[0]));
    assert_true(order_same_entry(&base, &up[2]));
    assert_false(order_same_entry(&base, &up[1]));
    assert_false(order_same_entry(&base, &up[3]));
    assert_false(order_same_entry(&base, &up[4]));
}

/* ---- marks ---- */

static void skew_and_lateness(void **state)
{
    (void)state;
    assert_int_equal(order_skew(T + SKEW_MS, T, true), 0);
    assert_int_equal(order_skew(T + SKEW_MS + 1, T, true), SKEW_MS + 1);
    assert_int_equal(order_skew(T - SKEW_MS, T, true), 0);
    assert_int_equal(order_skew(T - SKEW_MS - 1, T, true), -SKEW_MS - 1);
    assert_int_equal(order_skew(T - DAY, T, false), 0);
    assert_int_equal(order_skew(T + 3 * MINUTE, T, false), 3 * MINUTE);
    assert_true(order_skew(UINT64_MAX, 0, true) > 0);
    assert_true(order_skew(0, UINT64_MAX, true) < 0);
    assert_true(order_late(T - HOUR, T, T - DAY, false));
    assert_false(order_late(T - HOUR, T, T - DAY, true));
    assert_false(order_late(T - HOUR, T, T - MINUTE, false));
    assert_false(order_late(T - LATE_MS, T, 0, false));
    assert_true(order_late(T - LATE_MS - 1, T, 0, false));
    assert_false(order_late(T + HOUR, T, 0, false));
}

/* ---- many nodes, many clocks ---- */

enum { AUTHORS = 3, EPOCHS = 3, LENGTH = 12, WORLDS = 2000 };

struct said {
    struct order order; /* without its key */
    uint64_t hlc;
};

struct log {
    struct said said[LENGTH];
    size_t low, high; /* of one reader: [low, high) are held */
    uint64_t keys[LENGTH];
};

struct world {
    struct sys sys;
    bool honest; /* clocks never go back, and are never ahead */
    struct log logs[AUTHORS][EPOCHS];
};

/* Authors that talk to each other, each with a clock that may be anything. */
static uint64_t clock_move(struct world *world, uint64_t clock)
{
    clock += sys_random_below(&world->sys, 40000);
    if (world->honest || sys_random_below(&world->sys, 6) != 0)
        return clock;
    const uint64_t jumps[] = {90000, HOUR, DAY};
    uint64_t jump = jumps[sys_random_below(&world->sys, 3)];
    return sys_random_below(&world->sys, 2) ? clock + jump : clock - jump;
}

static void world_say(struct world *world)
{
    struct hlc hlcs[AUTHORS] = {{0}};
    uint64_t clocks[AUTHORS];
    for (size_t a = 0; a < AUTHORS; a++)
        clocks[a] = T + sys_random_below(&world->sys, world->honest ? 1000 : 5 * MINUTE);
    for (size_t e = 0; e < EPOCHS; e++)
        for (size_t s = 0; s < LENGTH; s++)
            for (size_t a = 0; a < AUTHORS; a++) {
                struct said *said = &world->logs[a][e].said[s];
                clocks[a] = clock_move(world, clocks[a]);
                said->hlc = hlc_next(&hlcs[a], clocks[a]);
                said->order =
                    (struct order){0, {{(uint8_t)(9 - a)}}, T + e, {{(uint8_t)(7 * e)}}, s + 1};
                hlc_merge(&hlcs[(a + 1) % AUTHORS], said->hlc, clocks[(a + 1) % AUTHORS]);
            }
}

static struct order_bounds bounds_of(const struct log *log, size_t at)
{
    struct order_bounds bounds = ORDER_ANYWHERE;
    if (log->high > log->low && at == log->high)
        bounds.previous = log->keys[at - 1];
    if (log->high > log->low && at + 1 == log->low)
        bounds.next = log->keys[at + 1];
    return bounds;
}

/* One more entry of the log, above or below what is held. */
static void log_receive(struct world *world, struct log *log, uint64_t received)
{
    bool empty = log->low == log->high;
    bool up = log->low == 0 || (log->high < LENGTH && sys_random_below(&world->sys, 2));
    if (empty)
        log->low = log->high = sys_random_below(&world->sys, LENGTH);
    size_t at = up || empty ? log->high : log->low - 1;
    struct order_bounds bounds = bounds_of(log, at);
    log->keys[at] = order_key(log->said[at].hlc, received, &bounds);
    if (up || empty)
        log->high++;
    else
        log->low--;
}

/* All of it, in some order, on some clock; the result is sorted as a screen does. */
static void world_read(struct world *world, struct order *screen)
{
    uint64_t received = T + 3 * DAY;
    size_t left = AUTHORS * EPOCHS * LENGTH;
    if (!world->honest && sys_random_below(&world->sys, 2))
        received = T - DAY;
    for (size_t a = 0; a < AUTHORS; a++)
        for (size_t e = 0; e < EPOCHS; e++)
            world->logs[a][e].low = world->logs[a][e].high = 0;
    while (left > 0) {
        struct log *log = &world->logs[sys_random_below(&world->sys, AUTHORS)]
                                      [sys_random_below(&world->sys, EPOCHS)];
        if (log->high - log->low == LENGTH)
            continue;
        log_receive(world, log, received);
        received += sys_random_below(&world->sys, 1000);
        left--;
    }
    for (size_t a = 0; a < AUTHORS; a++)
        for (size_t e = 0; e < EPOCHS; e++)
            for (size_t s = 0; s < LENGTH; s++) {
                *screen = world->logs[a][e].said[s].order;
                (screen++)->key = world->logs[a][e].keys[s];
            }
}

static int by_order(const void *a, const void *b)
{
    return order_compare(a, b);
}

enum { ALL = AUTHORS * EPOCHS * LENGTH };

/* Every epoch's entries come in their order. */
static void assert_epochs_in_order(const struct order *screen)
{
    uint64_t next[16][32] = {{0}};
    for (size_t i = 0; i < ALL; i++) {
        uint64_t *expected = &next[screen[i].author.bytes[0]][screen[i].epoch.bytes[0]];
        assert_int_equal(screen[i].seq, ++*expected);
    }
}

static void an_epoch_keeps_its_order_under_any_clock_and_arrival(void **state)
{
    (void)state;
    struct sys_fake fake = {.seed = 20};
    static struct world world;
    static struct order screen[ALL];
    for (int round = 0; round < WORLDS; round++) {
        world.sys = sys_fake(&fake);
        world.honest = false;
        world_say(&world);
        for (int reader = 0; reader < 2; reader++) {
            world_read(&world, screen);
            qsort(screen, ALL, sizeof *screen, by_order);
            assert_epochs_in_order(screen);
        }
    }
}

static void readers_agree_where_no_clock_went_wild(void **state)
{
    (void)state;
    struct sys_fake fake = {.seed = 21};
    static struct world world;
    static struct order one[ALL];
    static struct order two[ALL];
    for (int round = 0; round < WORLDS; round++) {
        world.sys = sys_fake(&fake);
        world.honest = true;
        world_say(&world);
        world_read(&world, one);
        world_read(&world, two);
        qsort(one, ALL, sizeof *one, by_order);
        qsort(two, ALL, sizeof *two, by_order);
        for (size_t i = 0; i < ALL; i++)
            assert_int_equal(order_compare(&one[i], &two[i]), 0);
        assert_epochs_in_order(one);
    }
}

/* Any numbers at all, as a liar signs them: everyone who received them when they were not over two
 * minutes ahead, from their first one on, sorts them alike. */
static void readers_agree_about_liars_too_when_both_began_at_the_first(void **state)
{
    (void)state;
    struct sys_fake fake = {.seed = 22};
    struct sys sys = sys_fake(&fake);
    for (int round = 0; round < WORLDS; round++) {
        uint64_t one = 0;
        uint64_t two = 0;
        for (size_t s = 0; s < LENGTH; s++) {
            uint64_t hlc = sys_random_below(&sys, T + ORDER_AHEAD_MS);
            struct order_bounds bounds = {one, ORDER_OPEN, 0, ORDER_OPEN};
            one = order_key(hlc, T + sys_random_below(&sys, DAY), &bounds);
            bounds.previous = two;
            two = order_key(hlc, T + sys_random_below(&sys, DAY), &bounds);
            assert_int_equal(one, two);
        }
    }
}

/* A clock that runs ahead moves only what it dated ahead: the rest stands at its own time. */
static void who_is_ahead_moves_only_what_was_dated_ahead(void **state)
{
    (void)state;
    struct sys_fake fake = {.seed = 24};
    struct sys sys = sys_fake(&fake);
    size_t moved = 0;
    for (int round = 0; round < WORLDS; round++) {
        struct hlc hlc = {0};
        struct order_bounds bounds = ORDER_ANYWHERE;
        uint64_t now = T;
        uint64_t ahead = sys_random_below(&sys, 5 * MINUTE);
        for (size_t s = 0; s < LENGTH; s++) {
            now += sys_random_below(&sys, MINUTE);
            uint64_t stamp = hlc_next(&hlc, now + ahead);
            uint64_t received = now + sys_random_below(&sys, 4 * MINUTE);
            uint64_t key = order_key(stamp, received, &bounds);
            bounds.previous = key;
            if (stamp <= received + ORDER_AHEAD_MS)
                assert_int_equal(key, stamp);
            else
                moved += key < stamp;
        }
    }
    assert_true(moved > 100);
}

/* Across a restart with the clock set back, whichever epoch arrives first. */
static void epochs_keep_their_order_where_the_later_names_the_earlier(void **state)
{
    (void)state;
    struct sys_fake fake = {.seed = 23};
    struct sys sys = sys_fake(&fake);
    for (int round = 0; round < WORLDS; round++) {
        struct order_bounds bounds = ORDER_ANYWHERE;
        uint64_t keys[2][LENGTH];
        size_t first = sys_random_below(&sys, 2);
        for (size_t e = first, n = 0; n < 2; n++, e = 1 - e) {
            bounds = ORDER_ANYWHERE;
            if (n == 1 && e == 1)
                bounds.after = keys[0][LENGTH - 1];
            if (n == 1 && e == 0)
                bounds.before = keys[1][0];
            for (size_t s = 0; s < LENGTH; s++) {
                keys[e][s] =
                    order_key(T - e * HOUR + sys_random_below(&sys, 2 * HOUR), T + DAY, &bounds);
                bounds.previous = keys[e][s];
            }
        }
        assert_true(keys[0][LENGTH - 1] <= keys[1][0]);
        for (size_t e = 0; e < 2; e++)
            for (size_t s = 1; s < LENGTH; s++)
                assert_true(keys[e][s - 1] <= keys[e][s]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stamp_follows_the_clock_and_never_falls),
        cmocka_unit_test(a_clock_set_far_back_is_followed_within_a_minute),
        cmocka_unit_test(others_move_a_stamp_by_a_minute_at_most),
        cmocka_unit_test(a_key_keeps_within_its_bounds),
        cmocka_unit_test(lines_are_sorted_by_key_author_start_epoch_seq),
        cmocka_unit_test(skew_and_lateness),
        cmocka_unit_test(an_epoch_keeps_its_order_under_any_clock_and_arrival),
        cmocka_unit_test(readers_agree_where_no_clock_went_wild),
        cmocka_unit_test(readers_agree_about_liars_too_when_both_began_at_the_first),
        cmocka_unit_test(who_is_ahead_moves_only_what_was_dated_ahead),
        cmocka_unit_test(epochs_keep_their_order_where_the_later_names_the_earlier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
