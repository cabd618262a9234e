/* Normal forms: what must be equal, what must not, and that twice is once. */
#include "base/fold.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LITERAL(text) text, sizeof(text) - 1
#define COUNT(table) (sizeof(table) / sizeof *(table))

typedef char *fold_function(const char *, size_t, size_t *);

struct sample {
    const char *text;
    size_t length;
    const char *folded;
    size_t folded_length;
};

static void assert_folds(fold_function *fold, const struct sample *sample)
{
    size_t length;
    char *folded = fold(sample->text, sample->length, &length);
    assert_int_equal(length, sample->folded_length);
    assert_memory_equal(folded, sample->folded, length);
    assert_int_equal(folded[length], '\0');
    free(folded);
}

#define FOLDS(text, folded)            \
    {                                  \
        LITERAL(text), LITERAL(folded) \
    }

static void test_nfc(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        FOLDS("", ""),
        FOLDS("plain a\0b", "plain a\0b"),
        FOLDS("e\u0301", "\u00e9"),
        FOLDS("\u00e9", "\u00e9"),
        FOLDS("a\u0323\u0307 a\u0307\u0323", "\u1ea1\u0307 \u1ea1\u0307"),
        FOLDS("q\u0307\u0323\u0307", "q\u0323\u0307\u0307"),
        FOLDS("\u1112\u1161\u11ab", "\ud55c"),
        FOLDS("\u212b\u2126", "\u00c5\u03a9"),
        FOLDS("\u0958", "\u0915\u093c"), /* not composed again: Unicode says so */
        FOLDS("\u2adc", "\u2add\u0338"), /* nor this one */
        FOLDS("\ufb01\uff21", "\ufb01\uff21"),
        FOLDS("\u0344", "\u0308\u0301"),
        FOLDS("e\u0301\xff", "e\u0301\xff"),
        FOLDS("\xed\xa0\x80", "\xed\xa0\x80"),
    };
    for (size_t i = 0; i < COUNT(samples); i++)
        assert_folds(text_nfc, &samples[i]);
}

static void test_names(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        FOLDS("", ""),
        FOLDS("Ana", "ana"),
        FOLDS("\uff21\uff4e\uff41", "ana"),
        FOLDS("\U0001d400na", "ana"),
        FOLDS("  Ana \t\u00a0\u3000 Mar\u00eda\n", "ana mar\u00eda"),
        FOLDS("mari\u0301a", "mar\u00eda"),
        FOLDS("a\u200bn\u00ada\ufe0f\u034f", "ana"),
        FOLDS("\u200b \u200b", ""),
        FOLDS("a \u200b b", "a b"),
        FOLDS("Stra\u00dfe \ufb01n \u03a3\u03c2", "strasse fin \u03c3\u03c3"),
        FOLDS("\uff76\uff9e", "\u30ac"),
        FOLDS("a\0B", "a\0b"),
        FOLDS("\u3164", ""),
        /* one text written in two orders, and a mark that becomes a letter */
        FOLDS("\u03b1\u0301\u0345", "\u03ac\u03b9"),
        FOLDS("\u03b1\u0345\u0301", "\u03ac\u03b9"),
        FOLDS("A\xff", "A\xff"), /* not UTF-8: equal to itself only */
        FOLDS("\xc3\u200b\xa9", "\xc3\u200b\xa9"),
        /* other letters are other names, however alike */
        FOLDS("\u0430n\u0430", "\u0430n\u0430"),
        FOLDS("anna", "anna"),
        FOLDS("\u00e0na", "\u00e0na"),
    };
    for (size_t i = 0; i < COUNT(samples); i++)
        assert_folds(name_fold, &samples[i]);
}

static void test_bare_names(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        FOLDS("\u00c9lodie", "elodie"),
        FOLDS("A\u0303o \u00d1and\u00fa", "ao nandu"),
        FOLDS("\u0e01\u0e34\u0e48", "\u0e01\u0e34"),       /* a tone, not a vowel */
        FOLDS("\u05e9\u05c1\u05b8", "\u05e9"),             /* points */
        FOLDS("\u0915\u093c\u094d", "\u0915\u093c\u094d"), /* other letters: they stay */
        FOLDS("\u0301x\u0301", "\u0301x"),                 /* on nothing at all */
        FOLDS("\uac00", "\uac00"),
        FOLDS("\u00e9\xff", "\u00e9\xff"),
    };
    for (size_t i = 0; i < COUNT(samples); i++)
        assert_folds(name_fold_bare, &samples[i]);
}

static void assert_once_is_enough(fold_function *fold, const char *text, size_t length,
                                  size_t factor)
{
    size_t once, twice;
    char *folded = fold(text, length, &once);
    char *again = fold(folded, once, &twice);
    assert_true(utf8_valid(folded, once));
    assert_true(once <= length * factor);
    assert_int_equal(once, twice);
    assert_memory_equal(folded, again, once);
    free(folded);
    free(again);
}

static void test_once_is_enough(void **state)
{
    (void)state;
    static const int32_t company[] = {'a', ' ', 0x301, 0x345, 0x3b1, 0x1161, 0x200b, 0x323};
    for (int32_t code = 0; code <= 0x10ffff; code++) {
        if (code == 0xd800)
            code = 0xe000;
        char text[3 * UTF8_MOST];
        size_t length = utf8_write(company[code % 7], text);
        size_t alone = utf8_write(code, text + length);
        size_t more = utf8_write(company[(code / 7) % 8], text + length + alone);
        assert_once_is_enough(text_nfc, text + length, alone, FOLD_NFC_FACTOR);
        assert_once_is_enough(name_fold, text + length, alone, FOLD_NAME_FACTOR);
        assert_once_is_enough(name_fold, text, length + alone + more, FOLD_NAME_FACTOR);
        assert_once_is_enough(name_fold_bare, text, length + alone + more, FOLD_NAME_FACTOR);
    }
}

/* Marks out of order by the hundred thousand: sorted by exchanging neighbours they would take
 * minutes, and the alarm would end the test. */
static void test_floods(void **state)
{
    (void)state;
    enum { HALF = 1 << 18 };
    char *text = xmalloc(4 * HALF);
    for (size_t i = 0; i < HALF; i++) {
        memcpy(text + 2 * i, "\u0301", 2);
        memcpy(text + 2 * (HALF + i), "\u0323", 2);
    }
    alarm(60);
    size_t length;
    char *composed = text_nfc(text, 4 * HALF, &length);
    assert_int_equal(length, 4 * HALF);
    assert_memory_equal(composed, text + 2 * HALF, 2 * HALF);
    assert_memory_equal(composed + 2 * HALF, text, 2 * HALF);
    char *folded = name_fold(text, 4 * HALF, &length);
    assert_int_equal(length, 4 * HALF);
    alarm(0);
    free(composed);
    free(folded);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nfc),        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bare_names), cmocka_unit_test(test_once_is_enough),
        cmocka_unit_test(test_floods),
    };
    return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
