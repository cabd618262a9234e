/* What a first message says of who sent it, dates, and names that stand in front of words. */
#include "unit.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "core/crypto.h"
#include "dialect/guest_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void a_first_message_tells_the_dialect(void **state)
{
    (void)state;
    static const struct {
        const char *first;
        const struct dialect *dialect;
    } cases[] = {
        {"JOIN ana", &dialect_join},
        {"JOIN", &dialect_join},
        {"JOIN ana|b", &dialect_join},
        {"MSG hola", &dialect_join},
        {"MSG", &dialect_join},
        {"EXIT", &dialect_join},
        {"EXIT ", &dialect_join},
        {"EXITO", &dialect_plain},
        {"JOINT", &dialect_plain},
        {"join us", &dialect_plain},
        {"WHO", &dialect_plain},
        {"--name", &dialect_named},
        {"--NaMe", &dialect_named},
        {"--co", &dialect_named},
        {"--hb", &dialect_named},
        {"--names", &dialect_plain},
        {"--ch", &dialect_plain},
        {"2025-10-20 16:30:45: hola", &dialect_dated},
        {"2025-10-20 16:30:45: a|b", &dialect_dated},
        {"2025-10-20 16:30:45:", &dialect_dated},
        {"2024-02-29 00:00:00: x", &dialect_dated},
        {"2025-02-29 00:00:00: x", &dialect_plain},
        {"2025-13-20 16:30:45: hola", &dialect_plain},
        {"2025-10-20 24:30:45: hola", &dialect_plain},
        {"2025-10-2O 16:30:45: hola", &dialect_plain},
        {"localhost:9001|hola", &dialect_piped},
        {"ana|", &dialect_piped},
        {"ana|con | dentro", &dialect_piped},
        {"ñandú|hola", &dialect_piped},
        {"|hola", &dialect_plain},
        {"ana maría|hola", &dialect_plain},
        {"0123456789012345678901234567890123456789012345678901234567890123|x", &dialect_piped},
        {"01234567890123456789012345678901234567890123456789012345678901234|x", &dialect_plain},
        {"Vecino 7", &dialect_neighbour},
        {"Vecino 254", &dialect_neighbour},
        {"Vecino 7|a", &dialect_plain},
        {"Vecino", &dialect_plain},
        {"Vecino ", &dialect_plain},
        {"Vecino siete", &dialect_plain},
        {"Vecino 7 y yo", &dialect_plain},
        {"Vecino 123456", &dialect_plain},
        {"Estás siendo llamado desde 10.0.0.7", &dialect_neighbour},
        {"Vecino -7", &dialect_plain},
        {"2025-10-20 16:60:45: hola", &dialect_plain},
        {"2025-10-20 16:30:61: hola", &dialect_plain},
        {"2025-10-00 16:30:45: hola", &dialect_plain},
        {"2025-12-32 16:30:45: hola", &dialect_plain},
        {"2025-1 -20 16:30:45: hola", &dialect_plain},
        {"", &dialect_plain},
        {"hola", &dialect_plain},
        {"GET / HTTP/1.1", &dialect_plain},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (dialect_of_first(span_text(cases[i].first)) != cases[i].dialect)
            fail_msg("%s is %s", cases[i].first, dialect_of_first(span_text(cases[i].first))->name);
}

static void dialects_are_found(void **state)
{
    (void)state;
    assert_ptr_equal(dialect_find("dated"), &dialect_dated);
    assert_ptr_equal(dialect_find("named"), &dialect_named);
    assert_ptr_equal(dialect_find("join"), &dialect_join);
    assert_ptr_equal(dialect_find("neighbour"), &dialect_neighbour);
    assert_ptr_equal(dialect_find("piped"), &dialect_piped);
    assert_null(dialect_find("native"));
    assert_null(dialect_find("plain"));
    assert_null(dialect_find(""));
    assert_ptr_equal(dialect_of_port(5555), &dialect_dated);
    assert_ptr_equal(dialect_of_port(5000), &dialect_join);
    assert_null(dialect_of_port(9999));
    assert_null(dialect_of_port(0));
}

/* Against the machine's own calendar. */
static void dates_are_those_of_the_calendar(void **state)
{
    (void)state;
    static const struct {
        uint64_t s;
        int32_t zone_s;
        const char *stamp;
    } cases[] = {
        {0, 0, "1970-01-01 00:00:00"},
        {0, -18000, "1970-01-01 00:00:00"}, /* there was nothing before */
        {951782400, 0, "2000-02-29 00:00:00"},
        {951868800, 0, "2000-03-01 00:00:00"},
        {1735689599, 0, "2024-12-31 23:59:59"},
        {1735689599, 1, "2025-01-01 00:00:00"},
        {1760978445, 0, "2025-10-20 16:40:45"},
        {1760978445, -18000, "2025-10-20 11:40:45"},
        {1760978445, 20700, "2025-10-20 22:25:45"},
        {4107542400, 0, "2100-03-01 00:00:00"},
        {UINT64_C(253402300799), 0, "9999-12-31 23:59:59"},
        {UINT64_C(253402300799), 3600, "9999-12-31 23:59:59"},
        {UINT64_C(9007199254740), 0, "9999-12-31 23:59:59"},
    };
    char stamp[DATED_STAMP + 1];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dated_stamp(cases[i].s * 1000 + 999, cases[i].zone_s, stamp);
        assert_string_equal(stamp, cases[i].stamp);
    }
    char message[64];
    for (uint64_t s = 1; s < 4000000000; s += 1000003) {
        uint64_t back;
        dated_stamp(s * 1000, 3600, stamp);
        snprintf(message, sizeof message, "%s: x", stamp);
        assert_true(dated_parse(span_text(message), 3600, &back));
        assert_int_equal(back, s * 1000);
    }
    uint64_t back;
    assert_true(dated_parse(span_text("0001-01-01 00:00:00: x"), 0, &back));
    assert_int_equal(back, 0);
    assert_false(dated_parse(span_text("0000-01-01 00:00:00: x"), 0, &back));
    assert_false(dated_parse(span_text("2025-10-20 16:40:45"), 0, &back));
    assert_false(dated_parse(span_text("2025-00-20 16:40:45: x"), 0, &back));
    assert_false(dated_parse(span_text("2025-04-31 16:40:45: x"), 0, &back));
}

static const char *label(enum dialect_style style, const char *who)
{
    static char into[GUEST_LABEL_MAX + 1];
    into[label_write(style, span_text(who), into)] = '\0';
    return into;
}

static void a_label_cannot_be_taken_for_more(void **state)
{
    (void)state;
    assert_string_equal(label(STYLE_COLON, "ana~k7fq"), "ana~k7fq");
    assert_string_equal(label(STYLE_COLON, "bob: hola"), "bob; hola");
    assert_string_equal(label(STYLE_COLON, "bob:"), "bob;");
    assert_string_equal(label(STYLE_COLON, "bob: "), "bob;");
    assert_string_equal(label(STYLE_COLON, "10.0.0.7:9001"), "10.0.0.7:9001");
    assert_string_equal(label(STYLE_COLON, "a\nbob"), "a<U+000A>bob");
    assert_string_equal(label(STYLE_COLON, "\x1b[31mx"), "<U+001B>[31mx");
    assert_string_equal(label(STYLE_BAR, "ana|bob"), "ana/bob");
    assert_string_equal(label(STYLE_BAR, " Ana María "), "Ana_María");
    assert_string_equal(label(STYLE_BAR, "10.0.0.7:9001"), "10.0.0.7:9001");
    assert_string_equal(label(STYLE_COLON, ""), "?");
    assert_string_equal(label(STYLE_BAR, "  "), "?");
    char huge[4000];
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_int_equal(strlen(label(STYLE_COLON, huge)), GUEST_LABEL_MAX);
    assert_int_equal(strlen(label(STYLE_BAR, huge)), 64);
}

static void a_name_is_cut_between_characters(void **state)
{
    (void)state;
    size_t size;
    char *name = name_clean(span_text("  ñ\x01 \n"), &size);
    assert_string_equal(name, "ñ<U+0001>");
    free(name);
    char many[200] = "x";
    for (size_t i = 1; i + 2 < sizeof many; i += 2)
        memcpy(many + i, "ñ", 3);
    name = name_clean(span_text(many), &size);
    assert_int_equal(size, 63);
    assert_true(utf8_valid(name, size));
    free(name);
    name = name_clean(span_text("\xff\xfe"), &size);
    assert_string_equal(name, "<FF><FE>");
    free(name);
    name = name_clean(span_text(" \xcc\x81x"), &size); /* an accent without its letter */
    assert_string_equal(name, "\xe2\x97\x8c\xcc\x81x");
    free(name);
    name = name_clean(span_text(""), &size);
    assert_int_equal(size, 0);
    free(name);
}

static void the_transcript_has_two_forms(void **state)
{
    (void)state;
    struct guest_now now = {.wall_ms = UINT64_C(1760978446000), .zone_s = -18000};
    char *line = transcript_sent("10.0.0.7", span_text("2025-10-20 16:30:45: Hola mundo"));
    assert_string_equal(line, "Enviado a 10.0.0.7: 2025-10-20 16:30:45: Hola mundo");
    free(line);
    line = transcript_received("10.0.0.7", 54321, span_text("2025-10-20 16:30:45: Hola"), now);
    assert_string_equal(line, "De ('10.0.0.7', 54321): 2025-10-20 16:30:45: Hola - Recibido a "
                              "2025-10-20 11:40:46");
    free(line);
    line = transcript_sent("10.0.0.7", span_of(NULL, 0)); /* and of nothing too */
    assert_string_equal(line, "Enviado a 10.0.0.7: ");
    free(line);
    line = transcript_received("10.0.0.7", 1, span_of(NULL, 0), now);
    assert_string_equal(line, "De ('10.0.0.7', 1):  - Recibido a 2025-10-20 11:40:46");
    free(line);
}

static void what_went_round_is_no_news(void **state)
{
    (void)state;
    struct echoes *echoes = echoes_new();
    struct span line = span_text("ana|hola");
    assert_true(echo_news(echoes, 1, line, 1000));
    assert_false(echo_news(echoes, 1, line, 1000));
    assert_false(echo_news(echoes, 2, line, 3999));
    assert_false(echo_news(echoes, 1, line, 6998)); /* the circle goes on */
    assert_true(echo_news(echoes, 1, line, 9998));
    assert_true(echo_news(echoes, 1, span_text("ana|hola "), 9998));
    assert_true(echo_carried(echoes, 1, line, 69997));
    assert_false(echo_carried(echoes, 1, line, 69998));
    assert_false(echo_carried(echoes, 3, line, 9998));
    /* what we said ourselves is none for a minute */
    echo_said(echoes, 3, span_text("bea|sí"), 10000);
    assert_false(echo_news(echoes, 1, span_text("bea|sí"), 69999));
    assert_true(echo_ours(echoes, span_text("bea|sí"), 69999));
    assert_true(echo_carried(echoes, 3, span_text("bea|sí"), 69999));
    assert_true(echo_news(echoes, 1, span_text("bea|sí"), 73000));
    /* passed on, it is heard again as if it came anew */
    echo_passed(echoes, 2, span_text("x|y"), 80000);
    assert_false(echo_news(echoes, 1, span_text("x|y"), 82999));
    /* it remembers a busy minute, and never grows */
    char text[32];
    for (unsigned i = 0; i < 2500; i++) {
        snprintf(text, sizeof text, "x|%u", i);
        assert_true(echo_news(echoes, 1, span_text(text), 100000));
    }
    unsigned forgotten = 0;
    for (unsigned i = 0; i < 2500; i++) {
        snprintf(text, sizeof text, "x|%u", i);
        forgotten += !echo_carried(echoes, 1, span_text(text), 100000);
    }
    assert_true(forgotten < 250);
    echoes_free(echoes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_message_tells_the_dialect),
        cmocka_unit_test(dialects_are_found),
        cmocka_unit_test(dates_are_those_of_the_calendar),
        cmocka_unit_test(a_label_cannot_be_taken_for_more),
        cmocka_unit_test(a_name_is_cut_between_characters),
        cmocka_unit_test(the_transcript_has_two_forms),
        cmocka_unit_test(what_went_round_is_no_news),
    };
    core_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
