/* Cleaning: each trick by name, each honest use beside it, and what must hold for any bytes. */
#include "base/clean.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LITERAL(text) text, sizeof(text) - 1
#define COUNT(table) (sizeof(table) / sizeof *(table))

struct sample {
    const char *bytes;
    size_t length;
    const char *clean;
};

/* What holds for any bytes: UTF-8, visible, bounded, and clean the second time. */
static void assert_fit(const char *clean, size_t length, size_t raw_length, enum clean_form form)
{
    assert_true(utf8_valid(clean, length));
    assert_true(length <= raw_length * CLEAN_FACTOR);
    assert_int_equal(clean[length], '\0');
    for (size_t at = 0; at < length;) {
        int32_t code;
        at += utf8_step(clean + at, length - at, &code);
        assert_true((code >= 0x20 && code != 0x7f && (code < 0x80 || code > 0x9f)) ||
                    (code == '\n' && form == CLEAN_BODY));
    }
    size_t again_length;
    char *again = text_clean(clean, length, form, &again_length);
    assert_int_equal(again_length, length);
    assert_memory_equal(again, clean, length);
    free(again);
}

static void assert_clean(const struct sample *sample, enum clean_form form)
{
    size_t length;
    char *clean = text_clean(sample->bytes, sample->length, form, &length);
    assert_string_equal(clean, sample->clean);
    assert_int_equal(length, strlen(clean));
    assert_fit(clean, length, sample->length, form);
    free(clean);
}

#define KEPT(text)          \
    {                       \
        LITERAL(text), text \
    }

static void test_what_acts_or_hides_is_a_token(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        KEPT(""),
        KEPT("plain, <b>text</b> & ~"),
        KEPT("\u00e1\u6f22\U0001f600\ue000\u2800"),
        KEPT("<U+202E> <FF> <+3> that were typed"),
        {LITERAL("\x1b[31mred\x07"), "<U+001B>[31mred<U+0007>"},
        {LITERAL("a\0b"), "a<U+0000>b"},
        {LITERAL("a\tb\nc\r\n"), "a<U+0009>b<U+000A>c<U+000D><U+000A>"},
        {LITERAL("\x7f\xc2\x80\xc2\x9b\xc2\x9f"), "<U+007F><U+0080><U+009B><U+009F>"},
        {LITERAL("\xff\xc0\xaf.\xe2\x82"), "<FF><C0><AF>.<E2><82>"},
        {LITERAL("\xed\xa0\x80"), "<ED><A0><80>"},
        {LITERAL("a\u202ecba\u202c"), "a<U+202E>cba<U+202C>"},
        {LITERAL("\u2066\u2069\u200e\u200f\u061c"), "<U+2066><U+2069><U+200E><U+200F><U+061C>"},
        {LITERAL("\u2028\u2029"), "<U+2028><U+2029>"},
        {LITERAL("a\u200bn\u2060\ufeff\u00ad\u034f"), "a<U+200B>n<U+2060><U+FEFF><U+00AD><U+034F>"},
        {LITERAL("\u115f\u1160\u3164\uffa0"), "<U+115F><U+1160><U+3164><U+FFA0>"},
        {LITERAL("\u17b4\u180b\u180e\ufff9"), "<U+17B4><U+180B><U+180E><U+FFF9>"},
        {LITERAL("\u0600\U000e0001\U0001d173"), "<U+0600><U+E0001><U+1D173>"},
        {LITERAL("\u0378\uffff\U0010ffff"), "<U+0378><U+FFFF><U+10FFFF>"},
    };
    for (size_t i = 0; i < COUNT(samples); i++)
        assert_clean(&samples[i], CLEAN_LINE);
}

static void test_a_body_has_lines(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        KEPT("one\ntwo\n\n"),
        {LITERAL("one\r\ntwo"), "one\ntwo"},
        {LITERAL("\ra\r\r\nb\n\rc\r"), "<U+000D>a<U+000D>\nb\n<U+000D>c<U+000D>"},
        {LITERAL("\tif\tso"), "    if    so"},
        {LITERAL("\v\f\xc2\x85\u2028"), "<U+000B><U+000C><U+0085><U+2028>"},
        {LITERAL("a\n\u0301"), "a\n\u25cc\u0301"},
        {LITERAL("\t\u0301"), "    \u0301"},
        {LITERAL("\u2764\n\ufe0f"), "\u2764\n<U+FE0F>"},
    };
    for (size_t i = 0; i < COUNT(samples); i++)
        assert_clean(&samples[i], CLEAN_BODY);
}

static void test_marks_do_not_pile_up(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        KEPT("e\u0301 a\u0300\u0301\u0302\u0303"),
        KEPT(" \u0301"),
        KEPT("\u05e9\u05bc\u05c1\u05b8\u0591"),
        /* Burmese: six marks, of which two stand beside */
        KEPT("\u101c\u103b\u103e\u1031\u102c\u1037\u103a"),
        {LITERAL("a\u0300\u0301\u0302\u0303\u0304"), "a\u0300\u0301\u0302\u0303<+1>"},
        {LITERAL("a\u0300\u0301\u0302\u0303\u0304\u20e3\u093fb\u0301"),
         "a\u0300\u0301\u0302\u0303<+3>b\u0301"},
        {LITERAL("\u0301"), "\u25cc\u0301"},
        {LITERAL("\u0301\u0301\u0301\u0301\u0301"), "\u25cc\u0301\u0301\u0301\u0301<+1>"},
        {LITERAL("\x07\u0301"), "<U+0007>\u25cc\u0301"},
        {LITERAL("a\u034f\u0301"), "a<U+034F>\u25cc\u0301"},
        {LITERAL("a\u0300\u0300\u0300\u0300\u0300\u034f\u0301"),
         "a\u0300\u0300\u0300\u0300<+1><U+034F>\u25cc\u0301"},
        {LITERAL("a\xff\u0301"), "a<FF>\u25cc\u0301"},
    };
    for (size_t i = 0; i < COUNT(samples); i++)
        assert_clean(&samples[i], CLEAN_LINE);
}

static void test_emoji(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        KEPT("\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"),
        KEPT("\U0001f469\U0001f3fd\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f468\U0001f3fb"),
        KEPT("\U0001f3f3\ufe0f\u200d\U0001f308 \u2764\ufe0f \u2764\ufe0e \u261d\ufe0f\U0001f3ff"),
        KEPT("1\ufe0f\u20e3 #\ufe0f\u20e3 *\u20e3"),
        KEPT("\U0001f1ea\U0001f1f8\U0001f1f5\U0001f1f9 \U0001f1fa"),
        KEPT("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"),
        KEPT("\U0001f3f4\u200d\u2620\ufe0f"),
        /* a fourth join, and a new emoji */
        {LITERAL("\u2764\u200d\u2764\u200d\u2764\u200d\u2764\u200d\u2764\u200d\u2764"),
         "\u2764\u200d\u2764\u200d\u2764\u200d\u2764<U+200D>\u2764\u200d\u2764"},
        {LITERAL("\u2764\u200d"), "\u2764<U+200D>"},
        {LITERAL("\u2764\u200d\u200d\u2764"), "\u2764<U+200D><U+200D>\u2764"},
        {LITERAL("\u2764\u200da\u200d\u2764"), "\u2764<U+200D>a<U+200D>\u2764"},
        {LITERAL("\u2764\ufe0e\u200d\u2764"), "\u2764\ufe0e<U+200D>\u2764"},
        {LITERAL("\u2764\u0301\u200d\u2764"), "\u2764\u0301<U+200D>\u2764"},
        {LITERAL("\u2764\u094d\u200d\u2764"), "\u2764\u094d<U+200D>\u2764"},
        {LITERAL("\u200d\u2764"), "<U+200D>\u2764"},
        {LITERAL("\u2764\u200d\U0001fffd"), "\u2764<U+200D><U+1FFFD>"},
        {LITERAL("\u2764\ufe0f\ufe0f"), "\u2764\ufe0f<U+FE0F>"},
        {LITERAL("a\ufe0f\u6f22\ufe0f\ufe0f"), "a<U+FE0F>\u6f22<U+FE0F><U+FE0F>"},
        {LITERAL("\u2764\u0301\ufe0f"), "\u2764\u0301<U+FE0F>"},
        {LITERAL("\U0001f3ff a\U0001f3ff"), "<U+1F3FF> a<U+1F3FF>"},
        {LITERAL("\U0001f44d\U0001f3ff\U0001f3fb"), "\U0001f44d\U0001f3ff<U+1F3FB>"},
        {LITERAL("1\ufe0f\U0001f3ff"), "1\ufe0f<U+1F3FF>"},
        {LITERAL("\U0001f44d\U0001f3ff\ufe0f"), "\U0001f44d\U0001f3ff<U+FE0F>"},
        {LITERAL("\U000e0067\U000e007f"), "<U+E0067><U+E007F>"},
        {LITERAL("\u2764\U000e0067\U000e007f"), "\u2764<U+E0067><U+E007F>"},
        {LITERAL("\U0001f3f4\U000e0067\U000e0062\U000e007f"),
         "\U0001f3f4<U+E0067><U+E0062><U+E007F>"},
        {LITERAL("\U0001f3f4\U000e0067\U000e0062\U000e0065"),
         "\U0001f3f4<U+E0067><U+E0062><U+E0065>"},
        {LITERAL("\U0001f3f4\U000e0041\U000e0062\U000e0063\U000e007f"),
         "\U0001f3f4<U+E0041><U+E0062><U+E0063><U+E007F>"},
        {LITERAL("\U0001f3f4\U000e0061\U000e0061\U000e0061\U000e0061\U000e0061\U000e0061"
                 "\U000e0061\U000e007f"),
         "\U0001f3f4<U+E0061><U+E0061><U+E0061><U+E0061><U+E0061><U+E0061><U+E0061><U+E007F>"},
    };
    for (size_t i = 0; i < COUNT(samples); i++)
        assert_clean(&samples[i], CLEAN_LINE);
}

static void test_scripts(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        /* Persian keeps apart what is one word; it goes on after vowel marks, too */
        KEPT("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0647\u064e\u200c\u0627"),
        {LITERAL("\u0645\u200c\u200c\u062e"), "\u0645<U+200C><U+200C>\u062e"},
        {LITERAL("\u0645\u094d\u200c\u200c\u062e"), "\u0645\u094d\u200c<U+200C>\u062e"},
        {LITERAL("\u0645\u200c \u200c\u062e"), "\u0645<U+200C> <U+200C>\u062e"},
        {LITERAL("\u0645\u200ca\u200cb"), "\u0645<U+200C>a<U+200C>b"},
        {LITERAL("\u0645\u200d\u062e"), "\u0645<U+200D>\u062e"},
        {LITERAL("\u0645\u202e\u200c\u062e"), "\u0645<U+202E><U+200C>\u062e"},
        {LITERAL("\u0645\u200c\u061c"), "\u0645<U+200C><U+061C>"},
        /* Sinhala and Devanagari bind with a joiner after the virama, or keep apart */
        KEPT("\u0dc1\u0dca\u200d\u0dbb\u0dd3 \u0915\u094d\u200d\u0937 \u0915\u094d\u200c\u0937"),
        {LITERAL("\u0915\u094d\u200d\u200d\u200c\u0937"),
         "\u0915\u094d\u200d<U+200D><U+200C>\u0937"},
        {LITERAL("\u0915\u200d\u0937"), "\u0915<U+200D>\u0937"},
        /* ideographs in a chosen form */
        KEPT("\u845b\U000e0100\u4fae\ufe00"),
        {LITERAL("\u845b\U000e0100\U000e0101"), "\u845b\U000e0100<U+E0101>"},
        {LITERAL("a\U000e0100\u2764\ufe00"), "a<U+E0100>\u2764<U+FE00>"},
        /* Hangul in parts */
        KEPT("\u1112\u1161\u11ab\u1100\u1173\u11af \uac00\u11a8 \u1100\u1100 \u3131\u314f"),
        {LITERAL("\u1161\u11a8"), "<U+1161><U+11A8>"},
        {LITERAL("\u1100\u1161\u1161"), "\u1100\u1161<U+1161>"},
        {LITERAL("\u1100\u1161\u11a8\u11a8"), "\u1100\u1161\u11a8<U+11A8>"},
        {LITERAL("\u1100\u11a8"), "\u1100<U+11A8>"},
        {LITERAL("\uac00\u1161\uac01\u11a8"), "\uac00<U+1161>\uac01<U+11A8>"},
        {LITERAL("\u1100\u0301\u1161"), "\u1100\u0301<U+1161>"},
        {LITERAL("\u1100\u200b\u1161"), "\u1100<U+200B><U+1161>"},
    };
    for (size_t i = 0; i < COUNT(samples); i++)
        assert_clean(&samples[i], CLEAN_LINE);
}

/* Whatever table the code asks, these never come through between two letters. */
static void test_every_hidden_code_point(void **state)
{
    (void)state;
    static const struct {
        int32_t first, last;
    } ranges[] = {
        {0, 0x1f},          {0x7f, 0x9f},       {0xad, 0xad},         {0x34f, 0x34f},
        {0x600, 0x605},     {0x61c, 0x61c},     {0x6dd, 0x6dd},       {0x70f, 0x70f},
        {0x115f, 0x11ff},   {0x17b4, 0x17b5},   {0x180b, 0x180f},     {0x200b, 0x200f},
        {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},     {0xfdd0, 0xfdef},
        {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},     {0xfff0, 0xfffb},
        {0xfffe, 0xffff},   {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},   {0x1f3fb, 0x1f3ff},
        {0x1fffe, 0x1ffff}, {0xe0000, 0xe0fff}, {0x10fffe, 0x10ffff},
    };
    for (size_t i = 0; i < COUNT(ranges); i++) {
        for (int32_t code = ranges[i].first; code <= ranges[i].last; code++) {
            char raw[8] = "x", clean[20];
            size_t length = 1 + utf8_write(code, raw + 1);
            raw[length++] = 'x';
            snprintf(clean, sizeof clean, "x<U+%04X>x", (unsigned)code);
            assert_clean(&(struct sample){raw, length, clean}, CLEAN_LINE);
        }
    }
}

static void test_every_code_point_alone_and_in_company(void **state)
{
    (void)state;
    for (int32_t code = 0; code <= 0x10ffff; code++) {
        if (code == 0xd800)
            code = 0xe000;
        char raw[3 * UTF8_MOST];
        size_t length = utf8_write(code, raw);
        length += utf8_write(code, raw + length);
        length += utf8_write(0x301, raw + length);
        size_t cleaned;
        char *clean = text_clean(raw, length, CLEAN_BODY, &cleaned);
        assert_fit(clean, cleaned, length, CLEAN_BODY);
        free(clean);
    }
}

/* All that means something to the cleaner, thrown together: a fixed seed, the same every time. */
static void test_any_mixture(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "a",          "1",
        " ",          "\t",
        "\r",         "\n",
        "\x1b",       "\xff",
        "\u0301",     "\u0301\u0302\u0303",
        "\u20e3",     "\u093f",
        "\u094d",     "\u0915",
        "\u200d",     "\u200c",
        "\ufe0e",     "\ufe0f",
        "\u2764",     "\U0001f468",
        "\U0001f3ff", "\U0001f3f4",
        "\U000e0061", "\U000e0061\U000e0061\U000e0061\U000e007f",
        "\U0001f1ea", "\u1100",
        "\u1161",     "\u11a8",
        "\uac00",     "\u0645",
        "\u064e",     "\u6f22",
        "\U000e0100", "\u202e",
        "\u034f",     "\u0d4e",
        "\u25cc",     "<+1>",
        "\u115f",     "\u0378",
        "\xe2",       "\x82",
    };
    uint32_t chance = 7;
    for (int round = 0; round < 100000; round++) {
        char raw[16 * 20];
        size_t length = 0;
        for (int piece = 0; piece < 16; piece++) {
            chance = chance * 1664525u + 1013904223u;
            const char *next = pieces[(chance >> 16) % COUNT(pieces)];
            memcpy(raw + length, next, strlen(next));
            length += strlen(next);
        }
        enum clean_form form = round % 2 ? CLEAN_BODY : CLEAN_LINE;
        size_t cleaned;
        char *clean = text_clean(raw, length, form, &cleaned);
        assert_fit(clean, cleaned, length, form);
        free(clean);
    }
}

static char *repeat(const char *unit, size_t count, size_t *length)
{
    *length = strlen(unit) * count;
    char *text = xmalloc(*length);
    for (size_t at = 0; at < *length; at += strlen(unit))
        memcpy(text + at, unit, strlen(unit));
    return text;
}

/* A megabyte of each takes hundredths of a second. Were one of them to take time by the square of
 * its length, the alarm would end the test. */
static void test_floods(void **state)
{
    (void)state;
    static const char *const units[] = {"\x01",
                                        "\xff",
                                        "\u0301",
                                        "\u034f\u0301",
                                        "\u200d",
                                        "\U0001f468\u200d",
                                        "\U000e0061",
                                        "\U0001f3f4\U000e0061",
                                        "\u1161",
                                        "\u1100",
                                        "\u0645\u200c",
                                        "\u094d\u200d",
                                        "a"};
    alarm(120);
    for (size_t i = 0; i < COUNT(units); i++) {
        size_t length, cleaned;
        char *raw = repeat(units[i], (1 << 20) / strlen(units[i]), &length);
        char *clean = text_clean(raw, length, CLEAN_LINE, &cleaned);
        assert_fit(clean, cleaned, length, CLEAN_LINE);
        free(clean);
        free(raw);
    }
    alarm(0);
}

static void test_ten_thousand_marks(void **state)
{
    (void)state;
    size_t length;
    char *raw = repeat("\u0301", 10000, &length);
    char *clean = text_clean(raw, length, CLEAN_LINE, NULL);
    assert_string_equal(clean, "\u25cc\u0301\u0301\u0301\u0301<+9996>");
    free(clean);
    free(raw);
}

/* What bound to what was cut off goes with it; and whatever is left is clean. */
static void test_cut_text_is_clean(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length, most, cut;
    } samples[] = {
        {LITERAL("ana"), 3, 3},
        {LITERAL("ana"), 2, 2},
        {LITERAL("\u062f\u200c\u062f"), 7, 7},
        {LITERAL("\u062f\u200c\u062f"), 5, 2},
        {LITERAL("a\u062f\u200c\u062f"), 6, 3},
        {LITERAL("a\u0301b"), 3, 3},
        /* one emoji that is larger than all */
        {LITERAL("\U0001f468\u200d\U0001f469\u200d\U0001f466"), 14, 11},
        {LITERAL("\U0001f468\u200d\U0001f469\u200d\U0001f466"), 7, 4},
        {LITERAL("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"), 24, 4},
        {LITERAL("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007fa"), 28,
         28},
    };
    for (size_t i = 0; i < COUNT(samples); i++) {
        size_t cut = text_clean_cut(samples[i].text, samples[i].length, samples[i].most);
        assert_int_equal(cut, samples[i].cut);
        char *left = xstrndup(samples[i].text, cut);
        assert_fit(left, cut, cut, CLEAN_LINE);
        free(left);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_acts_or_hides_is_a_token),
        cmocka_unit_test(test_a_body_has_lines),
        cmocka_unit_test(test_marks_do_not_pile_up),
        cmocka_unit_test(test_emoji),
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_cut_text_is_clean),
        cmocka_unit_test(test_every_hidden_code_point),
        cmocka_unit_test(test_every_code_point_alone_and_in_company),
        cmocka_unit_test(test_any_mixture),
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_ten_thousand_marks),
    };
    return cmocka_run_group_tests_name("clean", tests, NULL, NULL);
}
