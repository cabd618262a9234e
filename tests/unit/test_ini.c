/* What people leave in a file of settings. */
#include "unit.h"

#include "app/ini.h"
#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All that was told, as one text: "2[bind] 3 key=value 4?". */
static char told[4096];

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void tell(const char *format, ...)
{
    size_t length = strlen(told);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(told + length, sizeof told - length, format, arguments);
    va_end(arguments);
}

static void on_section(void *self, unsigned line, const char *name)
{
    (void)self;
    tell("%u[%s] ", line, name);
}

static void on_pair(void *self, unsigned line, const char *key, const char *value)
{
    (void)self;
    tell("%u<%s><%s> ", line, key, value);
}

static void on_problem(void *self, unsigned line, enum ini_problem problem)
{
    static const char *const words[] = {
        [INI_NOT_TEXT] = "not text", [INI_NO_PAIR] = "no pair", [INI_TOO_LONG] = "too long"};
    (void)self;
    tell("%u:%s ", line, words[problem]);
}

static void reads_bytes(const char *bytes, size_t size, const char *wanted)
{
    static const struct ini_calls calls = {on_section, on_pair, on_problem};
    char *exact = xmemdup(bytes, size); /* so that a sanitizer sees one byte too far */
    told[0] = '\0';
    ini_read(exact, size, &calls, NULL);
    free(exact);
    assert_string_equal(told, wanted);
}

static void reads(const char *text, const char *wanted)
{
    reads_bytes(text, strlen(text), wanted);
}

static void lines_end_as_on_any_system(void **state)
{
    (void)state;
    reads("\xef\xbb\xbf"
          "bell = off\r\nmouse=on\r\n\r\n[bind]\r\nF5 = next", /* no newline */
          "1<bell><off> 2<mouse><on> 4[bind] 5<F5><next> ");
    reads("", "");
    reads("\xef\xbb\xbf", "");
    reads("\n\n \t\n", "");
    reads("\r", "");
    reads("a=b\n\xef\xbb\xbfmouse=on\n", "1<a><b> 2<\xef\xbb\xbfmouse><on> ");
}

static void comments_are_whole_lines(void **state)
{
    (void)state;
    reads("# a = b\n; a = b\n  # a\n\t;\na = b # c\na = #b ; c\n#", "5<a><b # c> 6<a><#b ; c> ");
    reads("[#room]\n[;]", "1[#room] 2[;] ");
}

static void the_first_equals_with_a_blank_parts(void **state)
{
    (void)state;
    reads("a=b=c\na = b=c\n a b  =  c d \na =\na=\n", /* as it is written */
          "1<a><b=c> 2<a><b=c> 3<a b><c d> 4<a><> 5<a><> ");
    reads("= = next\nAlt-= = next\nCtrl-==next\n", "1<=><next> 2<Alt-=><next> 3<Ctrl-><=next> ");
    reads("= next\n=\n==\n", "1:no pair 2:no pair 3<=><> ");
}

static void one_pair_of_quotes_is_taken_off(void **state)
{
    (void)state;
    reads("a = \"\"\na = \" b \"\na = \"\na = \"b\na = b\"\na = \"\"b\"\"\n",
          "1<a><> 2<a>< b > 3<a><\"> 4<a><\"b> 5<a><b\"> 6<a><\"b\"> ");
}

static void what_is_neither_is_told_with_its_line(void **state)
{
    (void)state;
    reads("bell off\n[bind\n[]\n[ bind ]\n[\n]\n", /* and nothing ends the reading */
          "1:no pair 2:no pair 3[] 4[bind] 5:no pair 6:no pair ");
}

static void what_is_no_text_is_told_with_its_line(void **state)
{
    (void)state;
    static const char nul[] = "a = b\na\0 = c\n# d\0\ne = f\n";
    reads("a = caf\xe9\n# caf\xe9\nb = c\n\xff\xfe\n\xed\xa0\x80=1",
          "1:not text 2:not text 3<b><c> 4:not text 5:not text ");
    reads_bytes(nul, sizeof nul - 1, "1<a><b> 2:not text 3:not text 4<e><f> ");
}

static void a_long_text_is_refused_whole(void **state)
{
    (void)state;
    char text[2 * INI_TEXT_BYTES + 64], wanted[2 * INI_TEXT_BYTES];
    char most[INI_TEXT_BYTES];
    memset(most, 'x', sizeof most);
    most[sizeof most - 1] = '\0';
    snprintf(text, sizeof text, "a = %s\n", most);
    snprintf(wanted, sizeof wanted, "1<a><%s> ", most);
    reads(text, wanted);
    snprintf(text, sizeof text, "a = %sx\nb = c\n", most);
    reads(text, "1:too long 2<b><c> ");
    snprintf(text, sizeof text, "%sx = a\n[%sx]\n", most, most);
    reads(text, "1:too long 2:too long ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_as_on_any_system),
        cmocka_unit_test(comments_are_whole_lines),
        cmocka_unit_test(the_first_equals_with_a_blank_parts),
        cmocka_unit_test(one_pair_of_quotes_is_taken_off),
        cmocka_unit_test(what_is_neither_is_told_with_its_line),
        cmocka_unit_test(what_is_no_text_is_told_with_its_line),
        cmocka_unit_test(a_long_text_is_refused_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
