/* Lines out of bytes: every chunking gives the same lines, and a bad line harms no other. */
#include "unit.h"

#include "app/lines.h"
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { SEEN_MAX = 16 };

struct seen {
    char *text[SEEN_MAX];
    enum line_problem problem[SEEN_MAX];
    size_t count;
};

static void on_line(void *self, const char *text, size_t length, enum line_problem problem)
{
    struct seen *seen = self;
    assert_true(seen->count < SEEN_MAX);
    assert_int_equal(strlen(text), length);
    seen->text[seen->count] = xstrdup(text);
    seen->problem[seen->count++] = problem;
}

static void seen_done(struct seen *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        free(seen->text[i]);
}

/* Feeds the bytes in chunks of one size, then ends. */
static struct seen feed(const char *bytes, size_t size, size_t chunk)
{
    struct seen seen = {.count = 0};
    struct lines lines;
    lines_init(&lines, on_line, &seen);
    for (size_t at = 0; at < size; at += chunk)
        lines_add(&lines, bytes + at, size - at < chunk ? size - at : chunk);
    lines_end(&lines);
    lines_end(&lines); /* nothing is left for a second end */
    lines_done(&lines);
    return seen;
}

static void every_chunking_gives_the_same_lines(void **state)
{
    (void)state;
    const char text[] = "hola\r\n\nñandú\nno\0pe\nb\xff"
                        "d\na\rb\nlast";
    static const struct {
        const char *text;
        enum line_problem problem;
    } wanted[] = {{"hola", LINE_FINE}, {"", LINE_FINE},     {"ñandú", LINE_FINE},
                  {"", LINE_HAS_NUL},  {"", LINE_NOT_UTF8}, {"a\rb", LINE_FINE},
                  {"last", LINE_FINE}};
    for (size_t chunk = 1; chunk < sizeof text; chunk++) {
        struct seen seen = feed(text, sizeof text - 1, chunk);
        assert_int_equal(seen.count, sizeof wanted / sizeof *wanted);
        for (size_t i = 0; i < seen.count; i++) {
            assert_int_equal(seen.problem[i], wanted[i].problem);
            assert_string_equal(seen.text[i], wanted[i].text);
        }
        seen_done(&seen);
    }
}

static void the_bound_is_exact(void **state)
{
    (void)state;
    static const char *const ends[] = {"\n", "\r\n"};
    static const size_t chunks[] = {7, 4096, 1 << 20};
    for (size_t extra = 0; extra < 3; extra++)
        for (size_t e = 0; e < 2; e++)
            for (size_t c = 0; c < 3; c++) {
                size_t size = LINE_BYTES + extra;
                char *bytes = xmalloc(size + 8);
                memset(bytes, 'x', size);
                memcpy(bytes + size, ends[e], strlen(ends[e]));
                memcpy(bytes + size + strlen(ends[e]), "next\n", 5);
                struct seen seen = feed(bytes, size + strlen(ends[e]) + 5, chunks[c]);
                assert_int_equal(seen.count, 2);
                assert_int_equal(seen.problem[0], extra ? LINE_TOO_LONG : LINE_FINE);
                assert_int_equal(strlen(seen.text[0]), extra ? 0 : LINE_BYTES);
                assert_int_equal(seen.problem[1], LINE_FINE);
                assert_string_equal(seen.text[1], "next");
                seen_done(&seen);
                free(bytes);
            }
}

static void an_endless_line_is_refused_once(void **state)
{
    (void)state;
    size_t size = 5 * LINE_BYTES;
    char *bytes = xmalloc(size);
    memset(bytes, 'y', size);
    struct seen seen = feed(bytes, size, 1000);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.problem[0], LINE_TOO_LONG);
    seen_done(&seen);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_chunking_gives_the_same_lines),
        cmocka_unit_test(the_bound_is_exact),
        cmocka_unit_test(an_endless_line_is_refused_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
