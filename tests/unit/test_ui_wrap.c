/* Text broken into rows, its links, the cache; where things stand; and themes. */
#include "unit.h"

#include "base/alloc.h"
#include "base/clean.h"
#include "base/text.h"
#include "ui/places.h"
#include "ui/theme.h"
#include "ui/wrap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAMILY "\U0001F468\u200D\U0001F469\u200D\U0001F467"

static struct wrap_cache cache;

/* The rows with `|` between them. */
static void wraps_in(const struct wrap_shape *shape, const char *text, const char *expected)
{
    struct wrap_row rows[32];
    char shown[1024] = "";
    size_t count = wrap_text(text, strlen(text), shape, rows, 32);
    for (size_t i = 0; i < count; i++) {
        size_t at = strlen(shown);
        snprintf(shown + at, sizeof shown - at, "%s%.*s", i > 0 ? "|" : "",
                 (int)(rows[i].end - rows[i].start), text + rows[i].start);
    }
    assert_string_equal(shown, expected);
}

static void wraps(int width, const char *text, const char *expected)
{
    wraps_in(&(struct wrap_shape){.width = width}, text, expected);
}

static void rows_break_at_blanks(void **state)
{
    (void)state;
    wraps(10, "", "");
    wraps(10, "one", "one");
    wraps(10, "one two three four", "one two|three four");
    wraps(7, "one two three", "one two|three");
    wraps(10, "ten chars! and", "ten chars!|and");
    wraps(10, "ten chars!   and", "ten chars!|and");
    wraps(10, "a    b", "a    b");
    wraps(10, "  indented", "  indented");
    wraps(4, "trailing    ", "trai|ling    ");
    wraps(10, "one\ntwo\n\nthree", "one|two||three");
    wraps(10, "\n", "|");
    wraps(1, "ab c", "a|b|c");
}

static void long_words_break_between_clusters(void **state)
{
    (void)state;
    wraps(4, "abcdefghij", "abcd|efgh|ij");
    wraps(6, "to abcdefghij", "to|abcdef|ghij");
    wraps(5, "漢字漢字", "漢字|漢字");
    wraps(3, FAMILY FAMILY, FAMILY "|" FAMILY);
    wraps(3, "abe\u0301f", "abe\u0301|f");
    wraps(1, "漢字", "漢|字"); /* wider than the column: one a row */
    wraps(6, "http://x.y/z", "http:/|/x.y/z");
}

static void the_first_row_may_be_shorter(void **state)
{
    (void)state;
    const struct wrap_shape badge = {.width = 12, .first_left = 6};
    const struct wrap_shape both = {.width = 12, .first_left = 4, .first_right = 4};
    const struct wrap_shape none = {.width = 12, .first_right = 12};
    wraps_in(&badge, "hello world again", "hello|world again");
    wraps_in(&badge, "wonderful", "wonder|ful"); /* half of the row is there: it is used */
    wraps_in(&both, "wonderful", "|wonderful");
    wraps_in(&both, "ab cd ef", "ab|cd ef");
    wraps_in(&none, "text", "|text");
    wraps_in(&none, "", "");
}

static void every_cluster_is_on_a_row(void **state)
{
    (void)state;
    const char *text = "a bb  ccc 漢字 " FAMILY "e\u0301e\u0301 dddddddddddddddddd \n x  \n\ny";
    size_t size = strlen(text);
    for (int width = 1; width < 30; width++) {
        struct wrap_row rows[128];
        struct wrap_shape shape = {.width = width, .first_left = width / 3};
        size_t count = wrap_text(text, size, &shape, rows, 128);
        size_t at = 0;
        assert_in_range(count, 1, 128);
        for (size_t i = 0; i < count; i++) {
            size_t bytes = rows[i].end - rows[i].start;
            size_t columns = text_width(text + rows[i].start, bytes);
            for (; at < rows[i].start; at++)
                assert_true(text[at] == ' ' || text[at] == '\n');
            at = rows[i].end;
            while (columns > (size_t)width && bytes > 0 && text[rows[i].start + bytes - 1] == ' ')
                columns--, bytes--; /* blanks at the end of a line may stand out */
            assert_true(columns <= (size_t)width ||
                        text_step(text + rows[i].start, bytes).bytes == bytes);
        }
        assert_int_equal(at, size);
    }
}

static void links_are(const char *text, const char *expected)
{
    struct wrap_span spans[4];
    char shown[512] = "";
    size_t count = wrap_links(text, strlen(text), spans, 4);
    for (size_t i = 0; i < count; i++) {
        size_t at = strlen(shown);
        snprintf(shown + at, sizeof shown - at, "%s%.*s", i > 0 ? " " : "",
                 (int)(spans[i].end - spans[i].start), text + spans[i].start);
    }
    assert_string_equal(shown, expected);
}

static void links_end_where_the_sentence_goes_on(void **state)
{
    (void)state;
    links_are("I do: http://192.168.1.7/build.tar.gz", "http://192.168.1.7/build.tar.gz");
    links_are("(see https://a.b/c_(d)), ok", "https://a.b/c_(d))");
    links_are("(see https://a.b/c), ok", "https://a.b/c");
    links_are("HTTPS://A.B/?q=1. Then www.x.y!", "HTTPS://A.B/?q=1 www.x.y");
    links_are("xhttp://a www. http:// ftp://f", "ftp://f");
    links_are("<http://a/b> \"http://c\"", "http://a/b http://c");
    links_are("http://1 http://2 http://3 http://4 http://5",
              "http://1 http://2 http://3 http://4");
    links_are("http://ñandú.es/año.", "http://ñandú.es/año");
}

static void the_cache_gives_what_was_asked(void **state)
{
    (void)state;
    const struct wrap_shape wide = {.width = 40}, narrow = {.width = 5};
    const struct wrapped *first = wrap_get(&cache, "one two\x1b", 8, &wide);
    assert_string_equal(first->text, "one two<U+001B>");
    assert_int_equal(first->row_count, 1);
    assert_ptr_equal(wrap_get(&cache, "one two\x1b", 8, &wide), first);
    assert_int_equal(wrap_get(&cache, "one two\x1b", 8, &narrow)->row_count, 4);
    assert_int_equal(wrap_get(&cache, "one two", 7, &narrow)->row_count, 2);
    for (int i = 0; i < 3000; i++) {
        char text[64];
        int size = snprintf(text, sizeof text, "http://x/%d", i);
        const struct wrapped *made = wrap_get(&cache, text, (size_t)size, &wide);
        assert_string_equal(made->text, text);
        assert_int_equal(made->span_count, 1);
    }
    char *big = xcalloc(1, 8192);
    for (int i = 0; i < 200; i++) {
        memset(big, 0x1b, 8192);
        snprintf(big, 8192, "%d", i);
        (void)wrap_get(&cache, big, 8192, &narrow);
        assert_in_range(cache.bytes, 1, WRAP_CACHE_BYTES + 8192 * (CLEAN_FACTOR + 20));
    }
    free(big);
    wrap_cache_done(&cache);
    assert_int_equal(cache.bytes, 0);
}

/* ---- places ---- */

static void places_hold_in_every_size(void **state)
{
    (void)state;
    for (int rows = 1; rows < 210; rows += rows < 20 ? 1 : 13)
        for (int columns = 1; columns < 510; columns += columns < 120 ? 1 : 37)
            for (int kind = 0; kind < 8; kind++) {
                struct places_wish wish = {.rows = rows,
                                           .columns = columns,
                                           .input_rows = 1 + kind * 3,
                                           .progress = kind & 1,
                                           .sidebar = kind & 2};
                struct places places = places_of(&wish);
                assert_true(places.input >= 0 && places.input < places.input_end);
                assert_int_equal(places.input_end, rows);
                assert_in_range(places.input_end - places.input, 1, PLACES_INPUT_ROWS);
                assert_true(places.body_top <= places.body_end && places.body_end <= places.input);
                assert_true(places.pane_left <= places.pane_right);
                assert_true(places.side_end <= columns);
                assert_true(rows < 4 || places.body_end > places.body_top);
            }
}

static void the_sizes_that_are_promised(void **state)
{
    (void)state;
    struct places small =
        places_of(&(struct places_wish){.rows = 10, .columns = 40, .progress = true});
    assert_int_equal(small.side_end, 0);
    assert_int_equal(small.progress, -1);
    assert_int_equal(small.body_end - small.body_top, 7);
    struct places usual =
        places_of(&(struct places_wish){.rows = 24, .columns = 80, .progress = true});
    assert_int_equal(usual.side_end, 20);
    assert_int_equal(usual.progress, 21);
    assert_int_equal(usual.pane_left, 21);
    struct places folded =
        places_of(&(struct places_wish){.rows = 10, .columns = 59, .sidebar = true});
    assert_int_equal(folded.side_end, 59);
    assert_int_equal(folded.pane_left, folded.pane_right);
    struct places bare = places_of(&(struct places_wish){.rows = 24, .columns = 80, .bare = true});
    assert_int_equal(bare.body_end - bare.body_top, 24);
    assert_int_equal(bare.input, -1);
}

/* ---- themes ---- */

static void themes_say_something_for_every_style(void **state)
{
    (void)state;
    size_t count = 0;
    for (; theme_at(count); count++) {
        const struct theme *theme = theme_at(count);
        assert_ptr_equal(theme_find(theme->name), theme);
        for (enum style style = 0; style < STYLES; style++) {
            struct look eight = theme_look(theme, style, 8);
            struct look none = theme_look(theme, style, 0);
            assert_in_range(theme_look(theme, style, 256).front + 1, 0, 256);
            assert_in_range(eight.front + 1, 0, 8);
            assert_in_range(eight.back + 1, 0, 8);
            assert_true(none.front == COLOUR_NONE && none.back == COLOUR_NONE);
        }
        /* what must not be missed is told without colours too */
        assert_true(theme_look(theme, STYLE_CALLING, 0).attributes != 0);
        assert_true(theme_look(theme, STYLE_SELECTED, 0).attributes != 0);
        assert_true(theme_look(theme, STYLE_INPUT_WHISPER, 0).attributes !=
                    theme_look(theme, STYLE_INPUT, 0).attributes);
    }
    assert_int_equal(count, 4);
    assert_null(theme_find("pink"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_break_at_blanks),
        cmocka_unit_test(long_words_break_between_clusters),
        cmocka_unit_test(the_first_row_may_be_shorter),
        cmocka_unit_test(every_cluster_is_on_a_row),
        cmocka_unit_test(links_end_where_the_sentence_goes_on),
        cmocka_unit_test(the_cache_gives_what_was_asked),
        cmocka_unit_test(places_hold_in_every_size),
        cmocka_unit_test(the_sizes_that_are_promised),
        cmocka_unit_test(themes_say_something_for_every_style),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
