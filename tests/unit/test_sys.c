/* The real world moves and surprises; the fake one does neither unless it is told to. */
#include "base/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_fake_time_stands_still(void **state)
{
    (void)state;
    struct sys_fake world = {.mono_us = 5, .wall_ms = -7, .seed = 1};
    struct sys sys = sys_fake(&world);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sys_mono_us(&sys), 5);
        assert_true(sys_wall_ms(&sys) == -7);
    }
    world.mono_us += 1000;
    world.wall_ms = INT64_MAX;
    assert_int_equal(sys_mono_us(&sys), 1005);
    assert_true(sys_wall_ms(&sys) == INT64_MAX);
}

static void test_fake_randomness_is_its_seed(void **state)
{
    (void)state;
    struct sys_fake worlds[] = {{.seed = 42}, {.seed = 42}, {.seed = 43}};
    unsigned char drawn[3][100];
    for (int i = 0; i < 3; i++) {
        struct sys sys = sys_fake(&worlds[i]);
        memset(drawn[i], 0, sizeof drawn[i]);
        sys_random(&sys, drawn[i], 3);
        sys_random(&sys, drawn[i] + 3, 96);
        assert_int_equal(drawn[i][99], 0);
    }
    assert_memory_equal(drawn[0], drawn[1], sizeof drawn[0]);
    assert_memory_not_equal(drawn[0], drawn[2], 3);
    assert_memory_not_equal(drawn[0] + 3, drawn[0] + 11, 8);
}

/* Another machine would replay another history if this ever changed. */
static void test_fake_randomness_never_changes(void **state)
{
    (void)state;
    struct sys_fake world = {.seed = 0};
    struct sys sys = sys_fake(&world);
    uint64_t words[2];
    sys_random(&sys, words, sizeof words);
    assert_true(words[0] == 0xe220a8397b1dcdafu);
    assert_true(words[1] == 0x6e789e6aa1b965f4u);
}

static void test_below(void **state)
{
    (void)state;
    struct sys_fake world = {.seed = 9};
    struct sys sys = sys_fake(&world);
    unsigned drawn[3] = {0};
    for (int i = 0; i < 30000; i++) {
        assert_int_equal(sys_random_below(&sys, 1), 0);
        uint64_t third = sys_random_below(&sys, 3);
        assert_true(third < 3);
        drawn[third]++;
        assert_true(sys_random_below(&sys, (UINT64_MAX / 2) + 2) <= UINT64_MAX / 2 + 1);
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(drawn[i], 9600, 10400);
}

/* Words that come one after the other, to see which are drawn again. */
static void scripted(void *self, void *into, size_t size)
{
    const uint64_t **next = self;
    memcpy(into, (*next)++, size);
}

static void assert_below(const uint64_t *words, size_t used, uint64_t bound, uint64_t expected)
{
    const uint64_t *next = words;
    struct sys sys = {.random = scripted, .self = &next};
    assert_true(sys_random_below(&sys, bound) == expected);
    assert_int_equal(next - words, used);
}

static void test_below_is_even_at_the_edge(void **state)
{
    (void)state;
    const uint64_t top[] = {UINT64_MAX, UINT64_MAX - 1, 5};
    assert_below(top, 2, 3, 2);   /* 2^64 = 1 mod 3: one word is too many */
    assert_below(top, 3, 6, 5);   /* 2^64 = 4 mod 6 */
    assert_below(top, 1, 16, 15); /* a power of two wastes nothing */
    assert_below(top, 1, UINT64_C(1) << 63, UINT64_MAX >> 1);
    assert_below(top, 2, UINT64_MAX, UINT64_MAX - 1);
    assert_below(top, 3, (UINT64_C(1) << 63) + 1, 5);
}

static void test_the_real_world(void **state)
{
    (void)state;
    struct sys sys = sys_real();
    uint64_t before = sys_mono_us(&sys);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = sys_mono_us(&sys);
        assert_true(now >= before);
        before = now;
    }
    assert_true(sys_wall_ms(&sys) > 0);
}

/* More than the kernel gives at once: every byte is drawn, and none behind them is touched. */
static void test_real_randomness(void **state)
{
    (void)state;
    struct sys sys = sys_real();
    unsigned char seen[1001] = {0};
    for (int round = 0; round < 20; round++) {
        unsigned char drawn[1001] = {0};
        sys_random(&sys, drawn, 1000);
        for (int i = 0; i < 1001; i++)
            seen[i] |= drawn[i];
    }
    for (int i = 0; i < 1000; i++)
        assert_int_not_equal(seen[i], 0);
    assert_int_equal(seen[1000], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fake_time_stands_still),
        cmocka_unit_test(test_fake_randomness_is_its_seed),
        cmocka_unit_test(test_fake_randomness_never_changes),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_below_is_even_at_the_edge),
        cmocka_unit_test(test_the_real_world),
        cmocka_unit_test(test_real_randomness),
    };
    return cmocka_run_group_tests_name("sys", tests, NULL, NULL);
}
