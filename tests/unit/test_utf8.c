/* UTF-8: what is accepted is counted to the last code point, so nothing more is. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LITERAL(text) text, sizeof(text) - 1
#define COUNT(table) (sizeof(table) / sizeof *(table))

struct sample {
    const char *bytes;
    size_t length;
};

static void test_what_is_not_utf8(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        {LITERAL("\x80")},             /* nothing to continue */
        {LITERAL("\xbf")},             /* nothing to continue */
        {LITERAL("\xc3")},             /* cut short */
        {LITERAL("\xe2\x82")},         /* cut short */
        {LITERAL("\xf0\x9f\x98")},     /* cut short */
        {LITERAL("\xc3(")},            /* broken off */
        {LITERAL("\xe2\x82x")},        /* broken off */
        {LITERAL("\xf0\x9f\x98x")},    /* broken off */
        {LITERAL("\xc3\0")},           /* broken off by a zero */
        {LITERAL("\xc0\x80")},         /* a zero written long */
        {LITERAL("\xc1\xbf")},         /* DEL written long */
        {LITERAL("\xe0\x80\x80")},     /* written long */
        {LITERAL("\xe0\x9f\xbf")},     /* written long */
        {LITERAL("\xf0\x8f\xbf\xbf")}, /* written long */
        {LITERAL("\xed\xa0\x80")},     /* the first surrogate */
        {LITERAL("\xed\xbf\xbf")},     /* the last one */
        {LITERAL("\xf4\x90\x80\x80")}, /* U+110000 */
        {LITERAL("\xf7\xbf\xbf\xbf")}, /* far past it */
        {LITERAL("\xf8\x88\x80\x80\x80")},
        {LITERAL("\xfe")},
        {LITERAL("\xff")},
    };
    for (size_t i = 0; i < COUNT(samples); i++) {
        char text[16] = "ok";
        memcpy(text + 2, samples[i].bytes, samples[i].length);
        memcpy(text + 2 + samples[i].length, "ok", 2);
        int32_t code = 0;
        assert_false(utf8_valid(samples[i].bytes, samples[i].length));
        assert_false(utf8_valid(text, samples[i].length + 4));
        assert_int_equal(utf8_step(samples[i].bytes, samples[i].length, &code), 1);
        assert_int_equal(code, UTF8_INVALID);
    }
}

/* A length is believed, whatever stands behind it. */
static void test_nothing_is_read_past_the_end(void **state)
{
    (void)state;
    const char text[] = "\xf0\x9f\x98\x80";
    int32_t code;
    for (size_t length = 1; length < 4; length++) {
        assert_int_equal(utf8_step(text, length, &code), 1);
        assert_int_equal(code, UTF8_INVALID);
    }
    assert_int_equal(utf8_step(text, 4, &code), 4);
    assert_int_equal(code, 0x1f600);
}

static void test_what_is_utf8(void **state)
{
    (void)state;
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid(LITERAL("a\0b")));
    assert_true(utf8_valid(LITERAL("\u00e9\u0800\uffff\U00010000\U0010ffff")));
    assert_false(utf8_valid(LITERAL("a\0\xff")));
}

static void test_every_code_point_there_and_back(void **state)
{
    (void)state;
    for (int32_t code = 0; code <= 0x10ffff; code++) {
        if (code == 0xd800)
            code = 0xe000;
        char text[UTF8_MOST + 1] = {0};
        size_t length = utf8_write(code, text);
        int32_t back;
        size_t expected = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        assert_int_equal(length, expected);
        assert_int_equal(utf8_step(text, length, &back), length);
        assert_int_equal(back, code);
        assert_true(utf8_valid(text, length));
    }
}

/* How many sequences of one lead byte and so many continuation bytes are one code point. */
static size_t count_valid(unsigned lead_first, unsigned lead_last, unsigned more)
{
    size_t valid = 0;
    for (unsigned lead = lead_first; lead <= lead_last; lead++) {
        for (unsigned rest = 0; rest < 1u << (6 * more); rest++) {
            char text[UTF8_MOST] = {(char)lead};
            for (unsigned i = 0; i < more; i++)
                text[1 + i] = (char)(0x80 | ((rest >> (6 * (more - 1 - i))) & 0x3f));
            int32_t code;
            valid += utf8_step(text, more + 1, &code) == more + 1 && code != UTF8_INVALID;
        }
    }
    return valid;
}

static void test_there_are_no_others(void **state)
{
    (void)state;
    assert_int_equal(count_valid(0x00, 0xff, 0), 0x80);
    assert_int_equal(count_valid(0x80, 0xff, 1), 0x800 - 0x80);
    assert_int_equal(count_valid(0x80, 0xff, 2), 0x10000 - 0x800 - 0x800);
    assert_int_equal(count_valid(0xf0, 0xff, 3), 0x100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_utf8),
        cmocka_unit_test(test_nothing_is_read_past_the_end),
        cmocka_unit_test(test_what_is_utf8),
        cmocka_unit_test(test_every_code_point_there_and_back),
        cmocka_unit_test(test_there_are_no_others),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
