/* Sentences with gaps: filled as they should be, and never harmful whatever a translation says. */
#include "unit.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "core/message.h"

#include <stdlib.h>
#include <string.h>

static const char *fill(const char *sentence)
{
    static char into[256];
    static const char *const texts[] = {"ana", "50%s", "%1$s"};
    size_t length = message_fill(sentence, texts, 3, into, sizeof into);
    assert_int_equal(length, strlen(into));
    return into;
}

static void gaps_are_filled(void **state)
{
    (void)state;
    assert_string_equal(fill(""), "");
    assert_string_equal(fill("nothing"), "nothing");
    assert_string_equal(fill("%s and %s"), "ana and 50%s");
    assert_string_equal(fill("%2$s before %1$s"), "50%s before ana");
    assert_string_equal(fill("%1$s%1$s%3$s"), "anaana%1$s");
    assert_string_equal(fill("100%% of %s"), "100% of ana");
    assert_string_equal(fill("%%s %%1$s"), "%s %1$s");
    assert_string_equal(fill("¿%s?"), "¿ana?");
}

static void a_bad_translation_stays_readable(void **state)
{
    (void)state;
    static const char *const same[] = {
        "%",
        "%d",
        "%n",
        "%9$s",
        "%0$s",
        "%1$",
        "%1",
        "%1$n",
        "%-5s",
        "%10$s",
        "%999999999999$s",
        "%*s",
        "%.3s",
        "%l",
        "%1$1$s",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_string_equal(fill(same[i]), same[i]);
    assert_string_equal(fill("%s %s %s %s %s"), "ana 50%s %1$s %s %s");
    assert_string_equal(fill("%s%"), "ana%");
    assert_string_equal(fill("%%%"), "%%");
}

static void what_does_not_fit_is_cut_between_characters(void **state)
{
    (void)state;
    char into[16];
    static const char *const texts[] = {"señor", "x"};
    memset(into, '!', sizeof into);
    assert_int_equal(message_fill("a%s", texts, 1, into, 5), 3);
    assert_memory_equal(into, "ase\0", 4);
    assert_int_equal(message_fill("a%s", texts, 1, into, 6), 5);
    assert_string_equal(into, "aseñ");
    assert_int_equal(message_fill("ab%s", texts, 1, into, 1), 0);
    assert_string_equal(into, "");
    /* nothing follows a cut, even where it would fit */
    assert_int_equal(message_fill("seññ%2$s", texts, 2, into, 6), 4);
    assert_string_equal(into, "señ");
    assert_int_equal(into[15], '!');
}

static const char *in_spanish(const char *one, const char *many, uint64_t count)
{
    assert_int_not_equal(*one, '\0');
    if (strcmp(one, "%1$s person") == 0)
        return count == 1 ? "%1$s persona" : "%1$s personas";
    if (strcmp(one, "Write it as: %s") == 0)
        return "Escríbelo así: %s";
    if (strcmp(one, "/name new") == 0)
        return "/nombre nuevo";
    return many && count != 1 ? many : one;
}

static const char *text_of(const struct message *message, message_translate *translate)
{
    static char into[MESSAGE_TEXT_BYTES];
    message_text(message, translate, into, sizeof into);
    return into;
}

static void marked_arguments_are_translated_and_others_are_not(void **state)
{
    (void)state;
    struct message message = message_make("usage", N_("Write it as: %s"));
    message_add_marked(&message, N_("/name new"));
    assert_string_equal(message.code, "usage");
    assert_string_equal(text_of(&message, NULL), "Write it as: /name new");
    assert_string_equal(text_of(&message, in_spanish), "Escríbelo así: /nombre nuevo");
    message = message_make("usage", N_("Write it as: %s"));
    message_add(&message, "/name new");
    assert_string_equal(text_of(&message, in_spanish), "Escríbelo así: /name new");
    message = message_make("usage", "");
    message_add_marked(&message, "");
    assert_string_equal(text_of(&message, in_spanish), "");
}

static void what_is_counted_has_two_forms(void **state)
{
    (void)state;
    static const uint64_t counts[] = {0, 1, 2, UINT64_MAX};
    static const char *const english[] = {"0 people", "1 person", "2 people",
                                          "18446744073709551615 people"};
    static const char *const spanish[] = {"0 personas", "1 persona", "2 personas",
                                          "18446744073709551615 personas"};
    for (size_t i = 0; i < 4; i++) {
        struct message message =
            message_counted("people", NP_("%1$s person", "%1$s people"), counts[i]);
        assert_string_equal(text_of(&message, NULL), english[i]);
        assert_string_equal(text_of(&message, in_spanish), spanish[i]);
    }
}

static void arguments_are_bounded_and_stay_whole_characters(void **state)
{
    (void)state;
    char text[1024];
    for (size_t lead = 0; lead < 4; lead++) {
        memset(text, 'a', lead);
        for (size_t at = lead; at + 4 < sizeof text; at += 4)
            memcpy(text + at, "\xf0\x9f\x98\x80", 4);
        struct message message = message_make("long", "%s");
        message_add_bytes(&message, text, lead + 4 * 100);
        const char *kept = message.argument[0].text;
        assert_in_range(strlen(kept), MESSAGE_ARGUMENT_BYTES - 4, MESSAGE_ARGUMENT_BYTES);
        assert_true(utf8_valid(kept, strlen(kept)));
        assert_string_equal(kept + strlen(kept) - 3, "…");
    }
    memset(text, 'b', sizeof text);
    struct message message = message_make("exact", "%s");
    message_add_bytes(&message, text, MESSAGE_ARGUMENT_BYTES);
    assert_int_equal(strlen(message.argument[0].text), MESSAGE_ARGUMENT_BYTES);
    assert_int_equal(message.argument[0].text[MESSAGE_ARGUMENT_BYTES - 1], 'b');
    message_add_bytes(&message, text, 0);
    assert_string_equal(message.argument[1].text, "");
}

static void a_copy_is_a_message_of_its_own(void **state)
{
    (void)state;
    struct message *first = xmalloc(sizeof *first);
    *first = message_make("copy", "%s, %s");
    char name[] = "ana";
    message_add(first, name);
    message_add_number(first, 7);
    memset(name, 'x', 3);
    struct message second = *first;
    free(first);
    assert_string_equal(text_of(&second, NULL), "ana, 7");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_are_filled),
        cmocka_unit_test(a_bad_translation_stays_readable),
        cmocka_unit_test(what_does_not_fit_is_cut_between_characters),
        cmocka_unit_test(marked_arguments_are_translated_and_others_are_not),
        cmocka_unit_test(what_is_counted_has_two_forms),
        cmocka_unit_test(arguments_are_bounded_and_stay_whole_characters),
        cmocka_unit_test(a_copy_is_a_message_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
