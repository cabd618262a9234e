/* Allocation that never returns NULL, and the one way to give up: watched from outside, in a
 * child that does not come back. */
#include "base/alloc.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Where memory runs out, the sanitizer would end the program before we do; so it only warns. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static const char *after_sanitizer(const char *said)
{
    while (strncmp(said, "==", 2) == 0 && strchr(said, '\n'))
        said = strchr(said, '\n') + 1;
    return said;
}

/* Lets a child do what must end it: it must have said exactly `last` on stderr and aborted. */
static void assert_dies(void (*deed)(void), const char *last)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        signal(SIGABRT, SIG_DFL);
        alarm(20); /* a death that never ends is none */
        dup2(ends[1], STDERR_FILENO);
        deed();
        _exit(0);
    }
    close(ends[1]);
    char said[512];
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], said + length, sizeof said - 1 - length)) > 0)
        length += (size_t)got;
    said[length] = '\0';
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_string_equal(after_sanitizer(said), last);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void say(const char *words)
{
    ssize_t written = write(STDERR_FILENO, words, strlen(words));
    (void)written;
}

static void die_plainly(void)
{
    die("%d of %s", 3, "these");
}

static void restore_screen(void)
{
    say("screen restored\n");
}

static void die_with_a_screen(void)
{
    die_last_words(restore_screen);
    die("so it ends");
}

static void die_again(void)
{
    say("once\n");
    die("in the last words");
}

static void die_twice(void)
{
    die_last_words(die_again);
    die("first");
}

static void die_with_words_taken_back(void)
{
    die_last_words(restore_screen);
    die_last_words(NULL);
    die("in silence");
}

static void test_die_says_why_and_aborts(void **state)
{
    (void)state;
    assert_dies(die_plainly, "tertulia: 3 of these\n");
}

static void test_last_words_come_first_and_once(void **state)
{
    (void)state;
    assert_dies(die_with_a_screen, "screen restored\ntertulia: so it ends\n");
    assert_dies(die_twice, "once\ntertulia: in the last words\n");
    assert_dies(die_with_words_taken_back, "tertulia: in silence\n");
}

/* Volatile, so that no compiler knows better beforehand. */
static volatile size_t too_much = SIZE_MAX / 2;

static void malloc_too_much(void)
{
    free(xmalloc(too_much));
}

static void calloc_too_much(void)
{
    free(xcalloc(too_much, 3));
}

static void realloc_too_much(void)
{
    free(xrealloc(NULL, too_much + 2, 2)); /* 2 bytes, were the overflow not seen */
}

static void test_no_memory_ends_it(void **state)
{
    (void)state;
    char last[100];
    snprintf(last, sizeof last, "tertulia: out of memory (1 times %zu bytes)\n", too_much);
    assert_dies(malloc_too_much, last);
    snprintf(last, sizeof last, "tertulia: out of memory (%zu times 3 bytes)\n", too_much);
    assert_dies(calloc_too_much, last);
    snprintf(last, sizeof last, "tertulia: out of memory (%zu times 2 bytes)\n", too_much + 2);
    assert_dies(realloc_too_much, last);
}

static void test_nothing_is_something(void **state)
{
    (void)state;
    void *empty[] = {xmalloc(0),           xcalloc(0, 8),   xcalloc(8, 0),
                     xrealloc(NULL, 0, 8), xmemdup("x", 0), xmemdup(NULL, 0)};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        assert_non_null(empty[i]);
        free(empty[i]);
    }
    void *shrunk = xrealloc(xmalloc(100), 0, 1);
    assert_non_null(shrunk);
    free(shrunk);
}

static void test_calloc_is_zero(void **state)
{
    (void)state;
    unsigned char *used = xmalloc(64);
    memset(used, 0xee, 64);
    free(used);
    unsigned char *zeros = xcalloc(8, 8);
    for (int i = 0; i < 64; i++)
        assert_int_equal(zeros[i], 0);
    free(zeros);
}

static void test_realloc_keeps(void **state)
{
    (void)state;
    char *text = xmemdup("abc", 4);
    text = xrealloc(text, 1000, 100);
    assert_string_equal(text, "abc");
    memset(text + 99000, 'z', 1000);
    free(text);
}

static void test_copies(void **state)
{
    (void)state;
    char *whole = xstrdup("tertulia");
    assert_string_equal(whole, "tertulia");
    char *part = xstrndup("tertulia", 3);
    assert_string_equal(part, "ter");
    char *all = xstrndup("ter", 100);
    assert_string_equal(all, "ter");
    const char unended[] = {'a', 'b'};
    char *ended = xstrndup(unended, 2);
    assert_string_equal(ended, "ab");
    char *bytes = xmemdup("a\0b", 3);
    assert_memory_equal(bytes, "a\0b", 3);
    free(whole);
    free(part);
    free(all);
    free(ended);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_die_says_why_and_aborts),
        cmocka_unit_test(test_last_words_come_first_and_once),
        cmocka_unit_test(test_no_memory_ends_it),
        cmocka_unit_test(test_nothing_is_something),
        cmocka_unit_test(test_calloc_is_zero),
        cmocka_unit_test(test_realloc_keeps),
        cmocka_unit_test(test_copies),
    };
    return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
