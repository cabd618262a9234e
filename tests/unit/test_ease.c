/* When free memory is given back: after much was done, once, and never because of rest. */
#include "unit.h"

#include "app/ease.h"
#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

#if defined HAVE_MALLOC_TRIM && defined __linux__ && !defined SANITIZED
static long resident_kib(void)
{
    char line[256] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    char *second = strchr(line, ' ');
    assert_non_null(second);
    return strtol(second, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}
#endif

/* Freed below what is still held, the library would keep it for ever. */
static void what_is_free_is_given_back(void **state)
{
    (void)state;
#if defined HAVE_MALLOC_TRIM && defined __linux__ && !defined SANITIZED
    enum { COUNT = 20000, SIZE = 1000 };
    static void *held[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        held[i] = memset(xmalloc(SIZE), 1, SIZE);
    void *above = xmalloc(SIZE);
    long before = resident_kib();
    for (size_t i = 0; i < COUNT; i++)
        free(held[i]);
    ease_now();
    assert_true(resident_kib() < before - COUNT * SIZE / 1024 * 9 / 10);
    free(above);
#else
    ease_now(); /* harmless */
#endif
}

enum { SECOND = 1000, MINUTE = 60 * SECOND };

/* So many turns, one every `every` ms; how often it was given back. `now` goes on. */
static unsigned turns(struct ease *ease, uint64_t *now, unsigned count, uint64_t every)
{
    unsigned given = 0;
    for (unsigned i = 0; i < count; i++) {
        given += ease_turn(ease, *now);
        *now += every;
    }
    return given;
}

static void rest_wakes_nobody(void **state)
{
    struct ease ease = {0};
    uint64_t now = 5 * MINUTE;
    (void)state;
    for (unsigned i = 0; i < 3600 * 10; i++) { /* ten a second, for an hour */
        assert_int_equal(turns(&ease, &now, 1, SECOND / 10), 0);
        assert_true(ease_due(&ease) == EASE_NEVER);
    }
}

static void a_busy_moment_is_followed_by_one_giving_back(void **state)
{
    struct ease ease = {0};
    uint64_t now = 5 * MINUTE;
    unsigned given = 0, woken = 0;
    (void)state;
    assert_int_equal(turns(&ease, &now, 3000, 1), 0);
    uint64_t over = now;
    while (ease_due(&ease) != EASE_NEVER) { /* nothing else happens */
        assert_true(ease_due(&ease) >= now);
        now = ease_due(&ease);
        given += ease_turn(&ease, now);
        assert_true(++woken <= 3);
    }
    assert_int_equal(given, 1);
    assert_true(now - over <= 2 * EASE_MS);
    now += MINUTE;
    assert_int_equal(turns(&ease, &now, 100, SECOND), 0);
    assert_int_equal(turns(&ease, &now, 3000, 1), 0);
    assert_true(ease_due(&ease) != EASE_NEVER); /* the next busy moment counts as well */
}

static void nothing_is_given_back_in_the_midst_of_it(void **state)
{
    struct ease ease = {0};
    uint64_t now = 5 * MINUTE;
    (void)state;
    assert_int_equal(turns(&ease, &now, 5500, SECOND / 100), 0); /* 55 s */
}

static void who_is_never_quiet_gives_back_each_minute(void **state)
{
    struct ease ease = {0};
    uint64_t now = 0;
    (void)state;
    unsigned given = turns(&ease, &now, 100 * 60 * 10, SECOND / 100); /* ten minutes */
    assert_in_range(given, 8, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_free_is_given_back),
        cmocka_unit_test(rest_wakes_nobody),
        cmocka_unit_test(a_busy_moment_is_followed_by_one_giving_back),
        cmocka_unit_test(nothing_is_given_back_in_the_midst_of_it),
        cmocka_unit_test(who_is_never_quiet_gives_back_each_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
