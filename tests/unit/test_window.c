/* The window over a conversation: sorted, whole, bounded, and still under the reader's eyes. */
#include "unit.h"

#include "base/alloc.h"
#include "base/sys.h"
#include "core/entry.h"
#include "core/window.h"

#include <stdlib.h>
#include <string.h>

static struct order at_key(uint64_t key)
{
    return (struct order){.key = key, .author = {{1}}, .seq = key};
}

static struct post *post_sized(uint64_t key, size_t size)
{
    struct post *post = xcalloc(1, sizeof *post + size);
    post->order = at_key(key);
    post->size = (uint32_t)size;
    return post;
}

static struct post *post_at(uint64_t key)
{
    return post_sized(key, 10);
}

static void fill(struct window *window, uint64_t low, uint64_t high)
{
    for (uint64_t key = low; key <= high; key++)
        assert_int_equal(window_take(window, post_at(key)), WINDOW_TAKEN);
}

static uint64_t key_of(const struct window *window, size_t at)
{
    return window->posts[at]->order.key;
}

static struct window window_make(bool history)
{
    struct window window;
    window_init(&window, history);
    window_idle(&window, false);
    return window;
}

/* Answers what the window wishes with these keys; returns the way it asked for. */
static enum window_way answer(struct window *window, uint64_t low, uint64_t high, bool more)
{
    struct post *posts[2000];
    struct window_wish wish;
    assert_true(window_wish(window, &wish));
    window_asked(window, 1, &wish);
    size_t count = 0;
    for (uint64_t key = low; key <= high; key++)
        posts[count++] = post_at(key);
    window_page(window, 1, posts, count, more, false);
    return wish.way;
}

static void lines_are_sorted_and_come_once(void **state)
{
    (void)state;
    struct window window = window_make(false);
    const uint64_t keys[] = {5, 1, 9, 5, 3, 9, 7, 1};
    size_t twice = 0;
    for (size_t i = 0; i < 8; i++)
        twice += window_take(&window, post_at(keys[i])) == WINDOW_TWICE;
    assert_int_equal(twice, 3);
    assert_int_equal(window.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(key_of(&window, i), 1 + 2 * i);
    struct order six = at_key(6);
    assert_int_equal(window_find(&window, &six), 3);
    assert_int_equal(window_below(&window), 0);
    window_done(&window);
}

static void a_reader_at_the_end_sees_the_newest(void **state)
{
    (void)state;
    struct window window = window_make(false);
    fill(&window, 1, WINDOW_POSTS + 500);
    assert_int_equal(window.count, WINDOW_POSTS);
    assert_int_equal(key_of(&window, WINDOW_POSTS - 1), WINDOW_POSTS + 500);
    assert_true(window.more_above);
    assert_false(window.more_below);
    assert_int_equal(window_take(&window, post_at(3)), WINDOW_OUTSIDE);
    struct window_wish wish;
    assert_false(window_wish(&window, &wish));
    window_done(&window);
}

static void who_scrolled_up_keeps_the_line(void **state)
{
    (void)state;
    struct window window = window_make(false);
    fill(&window, 1001, 3000);
    struct order anchor = at_key(1100);
    window_anchor(&window, &anchor);
    assert_int_equal(window_below(&window), 1900);
    assert_int_equal(window_take(&window, post_at(3001)), WINDOW_TAKEN);
    assert_int_equal(window_below(&window), 1901);
    /* There is no place for it below, and the line above is looked at. */
    assert_int_equal(window.count, WINDOW_POSTS);
    assert_int_equal(key_of(&window, 0), 1001);
    assert_true(window.more_below);
    for (uint64_t key = 3002; key < 6000; key++)
        (void)window_take(&window, post_at(key));
    assert_int_equal(window_below(&window), 1901 + 2998);
    assert_int_equal(key_of(&window, window_find(&window, &anchor)), 1100);
    /* A late line above moves nothing below. */
    struct post *late = post_at(1050);
    late->order.author.bytes[0] = 9;
    assert_int_equal(window_take(&window, late), WINDOW_TAKEN);
    assert_int_equal(window_below(&window), 1901 + 2998);
    window_follow(&window);
    assert_int_equal(window_below(&window), 0);
    assert_int_equal(answer(&window, 5900, 5999, true), WINDOW_UP);
    assert_int_equal(key_of(&window, window.count - 1), 5999);
    window_done(&window);
}

static void history_is_asked_for_when_it_is_looked_at(void **state)
{
    (void)state;
    struct window window;
    struct window_wish wish;
    window_init(&window, true);
    assert_false(window_wish(&window, &wish));
    assert_int_equal(window_take(&window, post_at(500)), WINDOW_OUTSIDE);
    window_idle(&window, false);
    assert_true(window_wish(&window, &wish));
    assert_int_equal(wish.way, WINDOW_UP);
    assert_int_equal(wish.from.key, ORDER_OPEN);
    window_asked(&window, 7, &wish);
    assert_false(window_wish(&window, &wish));
    /* What comes meanwhile is not lost, whether the page has it or not. */
    assert_int_equal(window_take(&window, post_at(600)), WINDOW_OUTSIDE);
    assert_int_equal(window_take(&window, post_at(550)), WINDOW_OUTSIDE);
    struct post *posts[2] = {post_at(550), post_at(500)};
    window_page(&window, 7, posts, 2, true, false);
    assert_int_equal(window.count, 3);
    assert_int_equal(key_of(&window, 2), 600);
    assert_int_equal(answer(&window, 400, 499, true), WINDOW_UP);
    assert_int_equal(answer(&window, 300, 399, false), WINDOW_UP);
    assert_false(window_wish(&window, &wish));
    assert_int_equal(window_take(&window, post_at(1)), WINDOW_TAKEN);
    window_done(&window);
}

/* It is shown before it is stored: the page that is asked for next does not have it. */
static void what_came_right_before_is_there(void **state)
{
    (void)state;
    struct window window = window_make(true);
    for (uint64_t key = 1; key <= 1000; key++)
        assert_int_equal(window_take(&window, post_at(key)), WINDOW_OUTSIDE);
    assert_int_equal(window.count, 0);
    assert_int_equal(answer(&window, 800, 995, true), WINDOW_UP);
    assert_int_equal(window.count, 201);
    assert_int_equal(key_of(&window, 0), 800);
    assert_int_equal(key_of(&window, 200), 1000);
    window_done(&window);
    window = window_make(true);
    for (uint64_t key = 1; key <= 1000; key++) /* and weighs no more than what is not looked at */
        (void)window_take(&window, post_sized(key, 4096));
    assert_in_range(window.waiting_count, 2, WINDOW_IDLE_BYTES / 4096 + 1);
    assert_int_equal(answer(&window, 1, 0, false), WINDOW_UP);
    assert_int_equal(key_of(&window, window.count - 1), 1000);
    window_done(&window);
}

static void answers_that_nobody_waits_for_are_dropped(void **state)
{
    (void)state;
    struct window window = window_make(true);
    struct window_wish wish;
    assert_true(window_wish(&window, &wish));
    window_asked(&window, 7, &wish);
    struct order at = at_key(100);
    window_go(&window, &at);
    struct post *stray = post_at(1);
    window_page(&window, 7, &stray, 1, false, false);
    assert_int_equal(window.count, 0);
    assert_true(window_wish(&window, &wish));
    assert_int_equal(wish.way, WINDOW_AROUND);
    assert_int_equal(wish.from.key, 100);
    stray = post_at(2);
    window_page(&window, 0, &stray, 1, false, false);
    window_asked(&window, 8, &wish);
    stray = post_at(3);
    window_page(&window, 7, &stray, 1, false, false);
    assert_int_equal(window.asked, 8);
    window_go(&window, &at);
    assert_int_equal(window.count, 0);
    assert_int_equal(answer(&window, 50, 149, true), WINDOW_AROUND);
    assert_int_equal(key_of(&window, window_find(&window, &at)), 100);
    assert_int_equal(answer(&window, 1, 49, false), WINDOW_UP);
    assert_int_equal(answer(&window, 150, 160, false), WINDOW_DOWN);
    assert_false(window_wish(&window, &wish));
    assert_int_equal(window_below(&window), 60);
    window_done(&window);
}

static void empty_answers_end_the_asking(void **state)
{
    (void)state;
    struct window window = window_make(true);
    struct window_wish wish;
    (void)answer(&window, 1, 0, true);
    assert_false(window_wish(&window, &wish));
    fill(&window, 1, 3);
    struct order at = at_key(100);
    window_go(&window, &at);
    (void)answer(&window, 1, 0, true);
    assert_false(window_wish(&window, &wish));
    window_done(&window);
}

static void a_store_that_fails_is_not_asked_again_by_itself(void **state)
{
    (void)state;
    struct window window = window_make(true);
    struct window_wish wish;
    assert_true(window_wish(&window, &wish));
    window_asked(&window, 7, &wish);
    (void)window_take(&window, post_at(50));
    window_page(&window, 7, NULL, 0, true, true);
    assert_false(window_wish(&window, &wish));
    /* What is said now is shown all the same. */
    assert_int_equal(window.count, 1);
    assert_int_equal(window_take(&window, post_at(51)), WINDOW_TAKEN);
    window_reach(&window, true);
    assert_true(window_wish(&window, &wish));
    assert_int_equal(wish.from.key, 50);
    window_done(&window);
}

static void more_than_can_wait_asks_anew(void **state)
{
    (void)state;
    struct window window = window_make(true);
    struct window_wish wish;
    assert_true(window_wish(&window, &wish));
    window_asked(&window, 7, &wish);
    for (uint64_t key = 1; key <= WINDOW_WAITING + 1; key++)
        assert_int_equal(window_take(&window, post_at(key)), WINDOW_OUTSIDE);
    struct post *old = post_at(1);
    window_page(&window, 7, &old, 1, false, false);
    assert_int_equal(window.count, 0);
    assert_int_equal(answer(&window, 200, WINDOW_WAITING + 1, true), WINDOW_UP);
    assert_int_equal(key_of(&window, window.count - 1), WINDOW_WAITING + 1);
    window_done(&window);
}

static void long_lines_count_by_their_bytes(void **state)
{
    (void)state;
    struct window window = window_make(false);
    struct window_wish wish;
    for (uint64_t key = 1; key <= 1500; key++)
        (void)window_take(&window, post_sized(key, 4096));
    assert_true(window.bytes <= WINDOW_BYTES);
    assert_in_range(window.count, WINDOW_BYTES / 5000, WINDOW_BYTES / 4096);
    /* In the middle, neither end asks for what the other would have to give up. */
    struct order middle = at_key(key_of(&window, window.count / 2));
    window.more_below = true;
    window_anchor(&window, &middle);
    assert_false(window_wish(&window, &wish));
    window_idle(&window, true);
    assert_true(window.bytes <= WINDOW_IDLE_BYTES);
    assert_true(key_of(&window, window_find(&window, &middle)) == middle.key);
    window_done(&window);
}

static void lost_words_said_again_show_once(void **state)
{
    (void)state;
    struct window window = window_make(true);
    (void)answer(&window, 10, 20, true);
    struct post *again = post_at(30);
    again->again = 15;
    assert_int_equal(window_take(&window, again), WINDOW_TWICE);
    again = post_at(31);
    again->again = 5;
    assert_int_equal(window_take(&window, again), WINDOW_TAKEN);
    again = post_at(32);
    again->again = 15;
    again->order.author.bytes[0] = 9;
    assert_int_equal(window_take(&window, again), WINDOW_TAKEN);
    /* The first ones come later; the page that held nothing else is not asked for for ever. */
    assert_int_equal(answer(&window, 5, 5, true), WINDOW_UP);
    assert_int_equal(window.count, 13);
    struct window_wish wish;
    assert_true(window_wish(&window, &wish));
    assert_int_equal(wish.from.key, 5);
    window_done(&window);
}

/* ---- against a store that knows everything ---- */

enum { LINES = 6000 };

struct store {
    bool there[LINES]; /* by key */
    bool asked[LINES]; /* as it was when the page was read */
    struct window_wish wish;
    uint64_t ticket;
};

static struct window world;

static void store_ask(struct store *store)
{
    if (store->ticket == world.asked && world.asked != 0)
        return;
    if (!window_wish(&world, &store->wish))
        return;
    memcpy(store->asked, store->there, sizeof store->asked);
    window_asked(&world, ++store->ticket, &store->wish);
}

static size_t collect(const struct store *store, int64_t from, int step, size_t most,
                      struct post **posts, bool *more)
{
    size_t count = 0;
    *more = false;
    for (int64_t key = from; key >= 0 && key < LINES; key += step) {
        if (!store->asked[key])
            continue;
        *more = count == most;
        if (*more)
            break;
        posts[count++] = post_at((uint64_t)key);
    }
    return count;
}

static void store_answer(struct store *store)
{
    struct post *posts[2 * WINDOW_PAGE];
    bool more = false;
    size_t count = 0;
    if (world.asked != store->ticket || store->ticket == 0)
        return;
    uint64_t key = store->wish.from.key;
    int64_t from = key == ORDER_OPEN ? LINES : (int64_t)key;
    switch (store->wish.way) {
    case WINDOW_UP:
        count = collect(store, from - 1, -1, store->wish.count, posts, &more);
        break;
    case WINDOW_DOWN:
        count = collect(store, from + 1, 1, store->wish.count, posts, &more);
        break;
    case WINDOW_AROUND:
        count = collect(store, from, -1, store->wish.count / 2, posts, &more);
        count += collect(store, from + 1, 1, store->wish.count / 2, posts + count, &more);
        break;
    }
    window_page(&world, store->ticket, posts, count, more, false);
}

/* Sorted, bounded, and with nothing missing between the first and the last. */
static void assert_whole(const struct store *store)
{
    assert_true(world.count <= WINDOW_POSTS && world.bytes <= WINDOW_BYTES);
    if (world.count == 0)
        return;
    size_t at = 0;
    uint64_t last = key_of(&world, world.count - 1);
    for (uint64_t key = key_of(&world, 0); key <= last; key++)
        if (store->there[key])
            assert_int_equal(key_of(&world, at++), key);
    assert_int_equal(at, world.count);
    for (uint64_t key = last + 1; key < LINES && !world.more_below; key++)
        assert_false(store->there[key] && world.asked == 0);
    for (uint64_t key = 0; key < key_of(&world, 0) && !world.more_above; key++)
        assert_false(store->there[key] && world.asked == 0);
}

static void step(struct sys *sys, struct store *store, uint64_t *newest)
{
    uint64_t key = sys_random_below(sys, 100) < 90 && *newest + 1 < LINES
                       ? ++*newest
                       : sys_random_below(sys, *newest + 1);
    struct order at = at_key(sys_random_below(sys, *newest + 1));
    bool still = !world.following && world.count > 0;
    struct order anchor = world.anchor;
    size_t held = still ? window_find(&world, &anchor) : 0;
    still = still && held < world.count && order_compare(&world.posts[held]->order, &anchor) == 0;
    switch (sys_random_below(sys, 40)) {
    case 0:
        window_follow(&world);
        break;
    case 1:
        window_go(&world, &at);
        break;
    case 2:
    case 3:
        window_reach(&world, sys_random_below(sys, 2));
        break;
    case 4:
        if (world.count > 0)
            window_anchor(&world, &world.posts[sys_random_below(sys, world.count)]->order);
        break;
    case 5:
    case 6:
    case 7:
        store_ask(store);
        break;
    case 8:
    case 9:
        store_answer(store);
        break;
    default:
        if (!store->there[key])
            (void)window_take(&world, post_at(key));
        store->there[key] = true;
        if (still) /* the reader's line was not taken away */
            assert_int_equal(
                order_compare(&world.posts[window_find(&world, &anchor)]->order, &anchor), 0);
    }
}

static void nothing_is_ever_missing_in_between(void **state)
{
    (void)state;
    struct sys_fake fake = {.seed = 3};
    static struct store store;
    for (int round = 0; round < 30; round++) {
        struct sys sys = sys_fake(&fake);
        memset(&store, 0, sizeof store);
        uint64_t newest = 0;
        for (uint64_t key = 0; key < 500; key += 1 + sys_random_below(&sys, 3)) {
            store.there[key] = true;
            newest = key;
        }
        world = window_make(true);
        for (int i = 0; i < 6000; i++) {
            step(&sys, &store, &newest);
            if (i % 8 == 0)
                assert_whole(&store);
        }
        /* Whoever goes to the end sees the newest lines, after a bounded number of questions. */
        window_follow(&world);
        int asked = 0;
        do {
            assert_true(asked++ < 50);
            store_ask(&store);
            store_answer(&store);
        } while (world.asked != 0 || window_wish(&world, &store.wish));
        assert_whole(&store);
        while (!store.there[newest])
            newest--;
        assert_int_equal(key_of(&world, world.count - 1), newest);
        window_done(&world);
    }
}

/* ---- guests of several hosts ---- */

static struct post *said(const struct who *who, uint64_t key)
{
    struct post *post = post_sized(key, 3);
    memcpy(post->text, "eco", 3);
    post->from = who;
    post->order.author = who->id;
    return post;
}

static size_t shown_count(const struct window *window)
{
    size_t count = 0;
    for (size_t i = 0; i < window->count; i++)
        count += post_is_shown(window->posts[i]);
    return count;
}

static const struct who by_ana = {.id = {{1}}, .guest = "eva", .dialect = "piped"};
static const struct who by_bruno = {.id = {{2}}, .guest = "eva", .dialect = "piped"};

/* As they came and as pages bring them, in any order: held all, shown once per occasion. */
static void one_guest_through_two_hosts_is_shown_once(void **state)
{
    (void)state;
    struct window window = window_make(true);
    assert_int_equal(window_take(&window, said(&by_ana, 1000)), WINDOW_OUTSIDE);
    struct window_wish wish;
    assert_true(window_wish(&window, &wish));
    window_asked(&window, 1, &wish);
    struct post *newest[] = {said(&by_bruno, 200000), said(&by_ana, 200010), said(&by_ana, 200020)};
    window_page(&window, 1, newest, 3, true, false);
    assert_int_equal(window.count, 3);
    assert_int_equal(shown_count(&window), 2);
    /* what was hidden counts: it is known to have come through bruno already */
    assert_int_equal(window_take(&window, said(&by_bruno, 200030)), WINDOW_TAKEN);
    assert_int_equal(shown_count(&window), 2);
    assert_int_equal(window_take(&window, said(&by_bruno, 200040)), WINDOW_TAKEN);
    assert_int_equal(shown_count(&window), 3);
    /* the next page up: near by, and a minute before */
    assert_true(window_wish(&window, &wish));
    window_asked(&window, 2, &wish);
    struct post *older[] = {said(&by_ana, 100000), said(&by_ana, 199990), said(&by_bruno, 99000)};
    window_page(&window, 2, older, 3, false, false);
    assert_int_equal(window.count, 8);
    assert_int_equal(shown_count(&window), 4);
    window_done(&window);
}

static void other_words_and_people_with_a_key_have_no_twins(void **state)
{
    (void)state;
    static const struct who other = {.id = {{2}}, .guest = "Eva", .dialect = "piped"};
    static const struct who elsewhere = {.id = {{2}}, .guest = "eva", .dialect = "join"};
    static const struct who ana = {.id = {{1}}}, bruno = {.id = {{2}}};
    const struct who *all[] = {&by_ana, &other, &elsewhere, &ana, &bruno};
    struct window window = window_make(false);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_int_equal(window_take(&window, said(all[i], 1000 + i)), WINDOW_TAKEN);
    struct post *act = said(&by_bruno, 1010), *longer = said(&by_bruno, 1011);
    act->kind = POST_ACT;
    longer->size = 2;
    assert_int_equal(window_take(&window, act), WINDOW_TAKEN);
    assert_int_equal(window_take(&window, longer), WINDOW_TAKEN);
    assert_int_equal(shown_count(&window), 7);
    window_done(&window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_guest_through_two_hosts_is_shown_once),
        cmocka_unit_test(other_words_and_people_with_a_key_have_no_twins),
        cmocka_unit_test(lines_are_sorted_and_come_once),
        cmocka_unit_test(a_reader_at_the_end_sees_the_newest),
        cmocka_unit_test(who_scrolled_up_keeps_the_line),
        cmocka_unit_test(history_is_asked_for_when_it_is_looked_at),
        cmocka_unit_test(what_came_right_before_is_there),
        cmocka_unit_test(answers_that_nobody_waits_for_are_dropped),
        cmocka_unit_test(empty_answers_end_the_asking),
        cmocka_unit_test(a_store_that_fails_is_not_asked_again_by_itself),
        cmocka_unit_test(more_than_can_wait_asks_anew),
        cmocka_unit_test(long_lines_count_by_their_bytes),
        cmocka_unit_test(lost_words_said_again_show_once),
        cmocka_unit_test(nothing_is_ever_missing_in_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
