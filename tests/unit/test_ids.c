/* Ids: one text for every id, and no other text is one. */
#include "unit.h"

#include "core/ids.h"

#include <ctype.h>
#include <string.h>

static struct id numbered(uint8_t seed)
{
    struct id id;
    for (unsigned i = 0; i < ID_BYTES; i++)
        id.bytes[i] = (uint8_t)(seed * 37u + i * 101u + (i * i * seed) % 251u);
    return id;
}

static void text_and_back(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 256; seed++) {
        struct id id = numbered((uint8_t)seed);
        struct id back;
        char text[ID_TEXT];
        char tag[TAG_TEXT];
        id_text(&id, text);
        id_tag(&id, tag);
        assert_int_equal(strlen(text), ID_TEXT - 1);
        assert_memory_equal(text, tag, TAG_TEXT - 1);
        assert_int_equal(strlen(tag), TAG_TEXT - 1);
        assert_true(id_parse(text, &back));
        assert_true(id_equal(&id, &back));
        for (char *c = text; *c; c++)
            *c = (char)toupper((unsigned char)*c);
        assert_true(id_parse(text, &back));
        assert_true(id_equal(&id, &back));
    }
}

static void known_texts(void **state)
{
    (void)state;
    struct id id = {{0}};
    char text[ID_TEXT];
    id_text(&id, text);
    assert_string_equal(text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    memset(id.bytes, 0xff, ID_BYTES);
    id_text(&id, text);
    assert_string_equal(text, "777777777777777777777777777777777777777777777777777q");
}

static void no_other_text_is_an_id(void **state)
{
    (void)state;
    struct id id = numbered(1);
    struct id back;
    char text[ID_TEXT + 1] = "";
    id_text(&id, text);
    static const char bad[] = "0189=- ~\x80\n";
    for (size_t at = 0; at < ID_TEXT - 1; at++) {
        char kept = text[at];
        for (const char *c = bad; *c; c++) {
            text[at] = *c;
            assert_false(id_parse(text, &back));
        }
        text[at] = kept;
    }
    text[ID_TEXT - 1] = 'a'; /* one too many */
    assert_false(id_parse(text, &back));
    text[ID_TEXT - 2] = '\0'; /* one too few */
    assert_false(id_parse(text, &back));
    assert_false(id_parse("", &back));
}

/* The last character has one bit of the id and four spare ones. */
static void spare_bits_must_be_zero(void **state)
{
    (void)state;
    struct id id = {{0}};
    struct id back;
    char text[ID_TEXT];
    unsigned good = 0;
    id_text(&id, text);
    for (const char *c = "abcdefghijklmnopqrstuvwxyz234567"; *c; c++) {
        text[ID_TEXT - 2] = *c;
        good += id_parse(text, &back);
    }
    assert_int_equal(good, 2); /* 'a' and 'q' */
}

static void order_is_that_of_bytes(void **state)
{
    (void)state;
    struct id low = {{0}};
    struct id high = {{0}};
    high.bytes[ID_BYTES - 1] = 1;
    assert_true(id_compare(&low, &high) < 0);
    low.bytes[0] = 0x80; /* bytes are not signed */
    assert_true(id_compare(&low, &high) > 0);
    assert_int_equal(id_compare(&low, &low), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_back),          cmocka_unit_test(known_texts),
        cmocka_unit_test(no_other_text_is_an_id), cmocka_unit_test(spare_bits_must_be_zero),
        cmocka_unit_test(order_is_that_of_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
