/* Base32: the RFC's own examples, and one text for every value. */
#include "unit.h"

#include "base/base32.h"

#include <string.h>

static void encodes_as_the_rfc_says(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *text;
    } cases[] = {{"", ""},
                 {"f", "my"},
                 {"fo", "mzxq"},
                 {"foo", "mzxw6"},
                 {"foob", "mzxw6yq"},
                 {"fooba", "mzxw6ytb"},
                 {"foobar", "mzxw6ytboi"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        uint8_t back[32];
        size_t size = strlen(cases[i].bytes);
        base32_encode((const uint8_t *)cases[i].bytes, size, text, BASE32_LENGTH(size));
        assert_string_equal(text, cases[i].text);
        assert_true(base32_decode(text, back, size));
        assert_memory_equal(back, cases[i].bytes, size);
    }
}

static void a_beginning_can_be_had_alone(void **state)
{
    (void)state;
    char text[5];
    base32_encode((const uint8_t *)"foobar", 6, text, 4);
    assert_string_equal(text, "mzxw");
}

static void takes_either_case_and_nothing_else(void **state)
{
    (void)state;
    uint8_t back[3];
    assert_true(base32_decode("MZXW6", back, 3));
    assert_memory_equal(back, "foo", 3);
    static const char *const wrong[] = {
        "mzxw",  "mzxw66", "mzxw1", "mzxw8", "mzxw=",
        "mzx 6", "mzxw[",  "mzxw`", "mzxw{", "mzxw7" /* a spare bit is set */};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(base32_decode(wrong[i], back, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_as_the_rfc_says),
        cmocka_unit_test(a_beginning_can_be_had_alone),
        cmocka_unit_test(takes_either_case_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
