/* One guest's words through several hosts are seen as often as it said them, in any order. */
#include "unit.h"

#include "core/twins.h"

#include <stdio.h>

static struct node_line line_of(uint8_t host, const char *guest, const char *text, uint64_t key)
{
    return (struct node_line){.conversation = "#everyone",
                              .kind = ENTRY_SAY,
                              .guest = span_text(guest),
                              .dialect = span_text("piped"),
                              .text = span_text(text),
                              .order = {.key = key, .author = {{host}}}};
}

static bool hide(struct twins *twins, uint8_t host, const char *guest, const char *text,
                 uint64_t key)
{
    struct node_line line = line_of(host, guest, text, key);
    return twins_hide(twins, &line);
}

/* What each host says is a letter's place; the answer is how many are seen. */
static int seen_of(const char *hosts)
{
    struct twins twins = {0};
    int seen = 0;
    for (size_t i = 0; hosts[i]; i++)
        seen += !hide(&twins, (uint8_t)hosts[i], "eva", "eco", 1000 + i);
    twins_done(&twins);
    return seen;
}

static void the_host_that_has_most_of_them_counts(void **state)
{
    (void)state;
    static const struct {
        const char *hosts;
        int seen;
    } cases[] = {
        {"a", 1},        {"aa", 2},     {"ab", 1},       {"abc", 1},       {"aabb", 2},
        {"abab", 2},     {"abbb", 3},   {"bbbaaa", 3},   {"aabbb", 3},     {"abcabcc", 3},
        {"aaaabbbb", 4}, {"abbaab", 3}, {"abcdefgh", 1}, {"aabbccdde", 2}, {"", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(seen_of(cases[i].hosts), cases[i].seen);
}

static void only_the_same_words_of_the_same_guest_are_twins(void **state)
{
    (void)state;
    struct twins twins = {0};
    assert_false(hide(&twins, 1, "eva", "eco", 1000));
    assert_false(hide(&twins, 2, "eva", "Eco", 1000));
    assert_false(hide(&twins, 2, "ev", "aeco", 1000));
    assert_false(hide(&twins, 2, "evae", "co", 1000));
    struct node_line other = line_of(2, "eva", "eco", 1000);
    other.dialect = span_text("join");
    assert_false(twins_hide(&twins, &other));
    other = line_of(2, "eva", "eco", 1000);
    other.kind = ENTRY_ACT;
    assert_false(twins_hide(&twins, &other));
    other = line_of(2, "eva", "eco", 1000);
    other.conversation = "#lab";
    assert_false(twins_hide(&twins, &other));
    other = line_of(2, "eva", "eco", 1000);
    other.whisper = true;
    assert_false(twins_hide(&twins, &other));
    assert_true(hide(&twins, 2, "eva", "eco", 1000));
    /* a person's own words are never anybody else's */
    assert_false(hide(&twins, 1, "", "eco", 1000));
    assert_false(hide(&twins, 2, "", "eco", 1000));
    twins_done(&twins);
}

static void a_minute_makes_it_another_occasion(void **state)
{
    (void)state;
    struct twins twins = {0};
    assert_false(hide(&twins, 1, "eva", "eco", 100000));
    assert_true(hide(&twins, 2, "eva", "eco", 100000 - TWINS_MS + 1));
    assert_true(hide(&twins, 3, "eva", "eco", 100000 + TWINS_MS - 1));
    assert_false(hide(&twins, 4, "eva", "eco", 100000 + TWINS_MS));
    assert_false(hide(&twins, 5, "eva", "eco", 100000 - TWINS_MS));
    twins_done(&twins);
}

static void what_was_forgotten_is_read_once_more(void **state)
{
    (void)state;
    struct twins twins = {0};
    char text[16];
    assert_false(hide(&twins, 1, "eva", "eco", 1000));
    for (int i = 0; i < TWINS_LINES - 1; i++) {
        snprintf(text, sizeof text, "%d", i);
        assert_false(hide(&twins, 1, "eva", text, 1000));
    }
    assert_true(hide(&twins, 2, "eva", "eco", 1000));
    assert_false(hide(&twins, 2, "eva", "eco", 1000)); /* a second time, and the first is gone */
    twins_done(&twins);
}

int main(void)
{
    core_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_that_has_most_of_them_counts),
        cmocka_unit_test(only_the_same_words_of_the_same_guest_are_twins),
        cmocka_unit_test(a_minute_makes_it_another_occasion),
        cmocka_unit_test(what_was_forgotten_is_read_once_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
