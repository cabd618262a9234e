/* Clusters, columns and cuts, by the texts that terminals get wrong. */
#include "base/text.h"

#include "base/utf8.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include <wchar.h>

#include <cmocka.h>

#define LITERAL(text) text, sizeof(text) - 1
#define COUNT(table) (sizeof(table) / sizeof *(table))

/* "bytes:columns" of each cluster. */
static void describe(const char *text, size_t length, char *into, size_t size)
{
    size_t at = 0, written = 0;
    into[0] = '\0';
    while (at < length) {
        struct text_cluster cluster = text_step(text + at, length - at);
        assert_in_range(cluster.bytes, 1, length - at);
        at += cluster.bytes;
        written += (size_t)snprintf(into + written, size - written, "%s%zu:%u", written ? " " : "",
                                    cluster.bytes, cluster.width);
        assert_true(written < size);
    }
}

static const struct {
    const char *text;
    size_t length;
    const char *clusters;
} cluster_samples[] = {
    {LITERAL(""), ""},
    {LITERAL("ab c"), "1:1 1:1 1:1 1:1"},
    {LITERAL("\u00e9\u6f22\uff21"), "2:1 3:2 3:2"},
    {LITERAL("e\u0301x"), "3:1 1:1"},
    {LITERAL("\u0301"), "2:0"},
    {LITERAL("\u00b1\u00a7"), "2:1 2:1"}, /* ambiguous width is narrow */
    {LITERAL("\r\n\n\r"), "2:0 1:0 1:0"},
    {LITERAL("a\0b"), "1:1 1:0 1:1"},
    {LITERAL("a\xff\xc3z"), "1:1 1:1 1:1 1:1"},
    {LITERAL("\xff\u0301"), "1:1 2:0"},
    {LITERAL("\u0301\xff"), "2:0 1:1"},
    /* emoji */
    {LITERAL("\U0001f600\U0001f600"), "4:2 4:2"},
    {LITERAL("\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466!"), "25:2 1:1"},
    {LITERAL("\U0001f469\U0001f3fd\u200d\u2764\ufe0f\u200d\U0001f468\U0001f3fb"), "28:2"},
    {LITERAL("\U0001f3f3\ufe0f\u200d\U0001f308"), "14:2"},
    {LITERAL("\u2764"), "3:1"},
    {LITERAL("\u2764\ufe0f"), "6:2"},
    {LITERAL("\u2764\ufe0f\ufe0f"), "9:2"},
    {LITERAL("\u2764\ufe0e"), "6:1"},
    {LITERAL("\u261d\U0001f3ff"), "7:2"},
    {LITERAL("\u261d\ufe0f\U0001f3ff"), "10:2"},
    {LITERAL("\U0001f44d\U0001f3ff"), "8:2"},
    {LITERAL("\U0001f44d\U0001f3ff\U0001f3ff"), "12:4"},
    {LITERAL("\U0001f3ff"), "4:2"},
    {LITERAL("a\U0001f3ff"), "5:3"},
    {LITERAL("a\ufe0f"), "4:1"},
    {LITERAL("a\u200db"), "4:1 1:1"},
    {LITERAL("a\u200d\U0001f466"), "4:1 4:2"},
    {LITERAL("\u00a9\u200d\u00ae"), "7:2"},
    {LITERAL("1\ufe0f\u20e3"
             "1\u20e3"
             "#\ufe0f"),
     "7:2 4:1 4:2"},
    /* flags */
    {LITERAL("\U0001f1ea\U0001f1f8\U0001f1f5\U0001f1f9\U0001f1fa"), "8:2 8:2 4:1"},
    {LITERAL("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"), "28:2"},
    /* scripts */
    {LITERAL("\uac00"), "3:2"},
    {LITERAL("\u1100\u1161\u11a8\u1100"), "9:2 3:2"},
    {LITERAL("\uac00\u11a8"), "6:2"},
    {LITERAL("\u1161"), "3:0"},
    {LITERAL("\u0915\u093f\u0915"), "6:2 3:1"}, /* a mark with room of its own */
    {LITERAL("\u0915\u094d\u0937"), "6:1 3:1"},
    {LITERAL("\u0e01\u0e49\u0e33"), "9:2"},
    {LITERAL("\u0d4e\u0d15"), "6:2"}, /* a sign that leans on the next letter */
    {LITERAL("\u0d4e\u2764\ufe0f"), "9:3"},
    {LITERAL("\uff76\uff9e"), "6:2"},
    {LITERAL("\u4dc0\u3248"), "3:2 3:2"},
};

static void test_clusters(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cluster_samples); i++) {
        char clusters[200];
        describe(cluster_samples[i].text, cluster_samples[i].length, clusters, sizeof clusters);
        assert_string_equal(clusters, cluster_samples[i].clusters);
    }
}

static void test_no_cluster_is_endless(void **state)
{
    (void)state;
    static const char *const links[] = {"\u0301", "\U0001f3ff",      "\u1100", "\u1161",
                                        "\u0d4e", "\U000e0061",      "\u200d", "\uff9e",
                                        "\u0e33", "\u200d\U0001f466"};
    for (size_t i = 0; i < COUNT(links); i++) {
        char text[4 + 1000 * 8] = "\U0001f466";
        for (int count = 0; count < 1000; count++)
            memcpy(text + strlen(text), links[i], strlen(links[i]) + 1);
        for (size_t at = 0; text[at];) {
            struct text_cluster cluster = text_step(text + at, strlen(text) - at);
            assert_in_range(cluster.bytes, 1, TEXT_CLUSTER_MOST * UTF8_MOST);
            assert_in_range(cluster.width, 0, TEXT_CLUSTER_MOST * 2);
            at += cluster.bytes;
        }
    }
}

static void test_code_widths(void **state)
{
    (void)state;
    static const struct {
        int32_t code;
        unsigned width;
    } samples[] = {
        {UTF8_INVALID, 1}, {0, 0},       {'\n', 0},     {0x1b, 0},     {0x7f, 0},   {0x9f, 0},
        {' ', 1},          {'~', 1},     {0xa0, 1},     {0x301, 0},    {0x3000, 2}, {0x378, 1},
        {0xe000, 1},       {0x1100, 2},  {0x1161, 0},   {0xd7b0, 0},   {0x11a8, 0}, {0xd7cb, 0},
        {0x93f, 1},        {0x302e, 2},  {0x20e3, 0},   {0xfe0f, 0},   {0x200d, 0}, {0x4dff, 2},
        {0x1f1e6, 1},      {0x1f3fb, 2}, {0x110000, 1}, {0x10ffff, 1},
    };
    for (size_t i = 0; i < COUNT(samples); i++)
        assert_int_equal(text_code_width(samples[i].code), samples[i].width);
}

/* Curses believes wcwidth. The two libraries may know different versions of Unicode: what only one
 * of them knows is left out, and a few may have changed. */
static void test_curses_agrees(void **state)
{
    (void)state;
#ifdef __GLIBC__
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        skip();
    int compared = 0, differ = 0;
    for (int32_t code = 0x20; code <= 0x10ffff; code++) {
        utf8proc_category_t category = utf8proc_category(code);
        int width = wcwidth((wchar_t)code);
        if (width < 0 || category == UTF8PROC_CATEGORY_CN || category == UTF8PROC_CATEGORY_CF)
            continue;
        compared++;
        differ += (unsigned)width != text_code_width(code);
    }
    setlocale(LC_CTYPE, "C");
    assert_true(compared > 200000);
    assert_in_range(differ, 0, 100);
#else
    skip();
#endif
}

static void test_pictographs(void **state)
{
    (void)state;
    static const int32_t yes[] = {0xa9, 0x2764, 0x2642, 0x1f468, 0x1f3f4, 0x1f9d1};
    static const int32_t no[] = {UTF8_INVALID, 0,      '1',     '#',    0x1f1e6, 0x1f3fb,
                                 0x200d,       0xfe0f, 0x1fffd, 0x25cc, 0x6f22,  0x110000};
    for (size_t i = 0; i < COUNT(yes); i++)
        assert_true(text_pictograph(yes[i]));
    for (size_t i = 0; i < COUNT(no); i++)
        assert_false(text_pictograph(no[i]));
}

static void test_cut_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length, most, cut;
    } samples[] = {
        {LITERAL(""), 0, 0},
        {LITERAL("abc"), 0, 0},
        {LITERAL("abc"), 2, 2},
        {LITERAL("abc"), 3, 3},
        {LITERAL("abc"), SIZE_MAX, 3},
        {LITERAL("ae\u0301"), 3, 1},
        {LITERAL("ae\u0301"), 4, 4},
        {LITERAL("\u6f22\u6f22"), 5, 3},
        {LITERAL("\u6f22\u6f22"), 2, 0},
        {LITERAL("a\U0001f1ea\U0001f1f8"), 8, 1},
        /* the first one is too large: between code points then */
        {LITERAL("\U0001f468\u200d\U0001f469"), 4, 4},
        {LITERAL("\U0001f468\u200d\U0001f469"), 10, 7},
        {LITERAL("\U0001f468\u200d\U0001f469"), 3, 0},
        {LITERAL("e\u0301\u0301\u0301"), 4, 3},
        {LITERAL("\xff\xff\xff"), 2, 2},
        {LITERAL("\xf0\x9f\x98"), 1, 1},
        {LITERAL("a\0b"), 2, 2},
    };
    for (size_t i = 0; i < COUNT(samples); i++)
        assert_int_equal(text_cut(samples[i].text, samples[i].length, samples[i].most),
                         samples[i].cut);
}

static void test_cut_columns(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length, most, cut, used;
    } samples[] = {
        {LITERAL(""), 5, 0, 0},
        {LITERAL("abc"), 0, 0, 0},
        {LITERAL("abc"), 2, 2, 2},
        {LITERAL("abc"), SIZE_MAX, 3, 3},
        {LITERAL("a\u6f22"), 2, 1, 1},
        {LITERAL("a\u6f22"), 3, 4, 3},
        {LITERAL("e\u0301f"), 1, 3, 1},
        {LITERAL("\u0301f"), 0, 2, 0},
        {LITERAL("a\nb"), 1, 2, 1},
        {LITERAL("\u2764\ufe0fa"), 1, 0, 0},
        {LITERAL("\u2764\ufe0fa"), 2, 6, 2},
    };
    for (size_t i = 0; i < COUNT(samples); i++) {
        size_t used;
        assert_int_equal(
            text_cut_columns(samples[i].text, samples[i].length, samples[i].most, &used),
            samples[i].cut);
        assert_int_equal(used, samples[i].used);
    }
    assert_int_equal(text_width(LITERAL("ana \u6f22\U0001f1ea\U0001f1f8\xff")), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clusters),    cmocka_unit_test(test_no_cluster_is_endless),
        cmocka_unit_test(test_code_widths), cmocka_unit_test(test_curses_agrees),
        cmocka_unit_test(test_pictographs), cmocka_unit_test(test_cut_bytes),
        cmocka_unit_test(test_cut_columns),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
