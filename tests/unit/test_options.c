/* The command line: what it makes of right words. What it says to wrong ones is tested on the
 * installed programs (tests/cli), in every language. */
#include "unit.h"

#include "app/options.h"

#include <string.h>

static const struct program screen = {PROGRAM_SCREEN, "tertulia", "curses"};
static const struct program daemon_program = {PROGRAM_DAEMON, "tertuliad", NULL};

enum { WORDS_MAX = 64 };

/* Splits at single spaces and parses. The words live until the next call. */
static enum options_verdict parse(struct options *options, const struct program *program,
                                  const char *line)
{
    static char text[2048];
    static char *words[WORDS_MAX + 1];
    int count = 1;
    words[0] = (char *)(uintptr_t)program->name;
    assert_true(strlen(line) < sizeof text);
    memcpy(text, line, strlen(line) + 1);
    for (char *word = text; word && *word;) {
        char *space = strchr(word, ' ');
        if (space)
            *space++ = '\0';
        assert_true(count < WORDS_MAX);
        words[count++] = word;
        word = space;
    }
    words[count] = NULL;
    return options_parse(options, program, count, words);
}

static void nothing_is_fine(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(&options, &screen, ""), OPTIONS_RUN);
    assert_null(options.name);
    assert_int_equal(options.listen_count, 0);
    assert_int_equal(options.call_count, 0);
    assert_false(options.scan);
}

static void every_option_lands_in_its_place(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(&options, &screen,
                           "-n ana -l 9001 --listen [::1]:9002 -c bruno -c 10.0.0.7:9003 --home . "
                           "--mesh lab --secret-file /etc/passwd --classic --no-guests --no-beacon "
                           "--transcript ./talk.txt --plain --demo -v -v carla:9004"),
                     OPTIONS_RUN);
    assert_string_equal(options.name, "ana");
    assert_int_equal(options.listen_count, 2);
    assert_string_equal(options.listens[0].host, "");
    assert_int_equal(options.listens[0].port, 9001);
    assert_string_equal(options.listens[1].host, "::1");
    assert_int_equal(options.listens[1].port, 9002);
    assert_int_equal(options.call_count, 3);
    assert_string_equal(options.calls[0].host, "bruno");
    assert_int_equal(options.calls[0].port, 0);
    assert_string_equal(options.calls[1].host, "10.0.0.7");
    assert_int_equal(options.calls[1].port, 9003);
    assert_string_equal(options.calls[2].host, "carla");
    assert_string_equal(options.home, ".");
    assert_string_equal(options.mesh, "lab");
    assert_string_equal(options.secret_file, "/etc/passwd");
    assert_string_equal(options.transcript, "./talk.txt");
    assert_true(options.classic && options.no_guests && options.no_beacon);
    assert_true(options.plain && options.demo);
    assert_int_equal(options.verbose, 2);
    assert_int_equal(parse(&options, &daemon_program, "--exit-on-eof"), OPTIONS_RUN);
    assert_true(options.exit_on_eof);
}

static void a_scan_takes_the_word_behind_it(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(&options, &screen, "--scan"), OPTIONS_RUN);
    assert_true(options.scan);
    assert_null(options.scan_range);
    assert_int_equal(parse(&options, &screen, "--scan 192.168.2.121-160:9990-10005 ana"),
                     OPTIONS_RUN);
    assert_string_equal(options.scan_range, "192.168.2.121-160:9990-10005");
    assert_int_equal(options.call_count, 1);
    assert_int_equal(parse(&options, &screen, "--scan=10.0.0.0/24"), OPTIONS_RUN);
    assert_string_equal(options.scan_range, "10.0.0.0/24");
    assert_int_equal(parse(&options, &screen, "ana --scan -v"), OPTIONS_RUN);
    assert_null(options.scan_range);
    assert_int_equal(options.verbose, 1);
    assert_int_equal(options.call_count, 1);
}

static void the_piped_habit_listens_and_calls(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(&options, &screen, "localhost 9000"), OPTIONS_RUN);
    assert_int_equal(options.listen_count, 1);
    assert_string_equal(options.listens[0].host, "127.0.0.1");
    assert_int_equal(options.listens[0].port, 9000);
    assert_int_equal(options.call_count, 0);
    assert_int_equal(parse(&options, &screen, "127.0.0.1 9001 localhost 9000"), OPTIONS_RUN);
    assert_int_equal(options.listens[0].port, 9001);
    assert_int_equal(options.call_count, 1);
    assert_string_equal(options.calls[0].host, "localhost");
    assert_int_equal(options.calls[0].port, 9000);
    assert_int_equal(parse(&options, &screen, "::1 9001 fe80::2 9000"), OPTIONS_RUN);
    assert_string_equal(options.calls[0].host, "fe80::2");
    assert_int_equal(options.calls[0].port, 9000);
    assert_int_equal(parse(&options, &screen, "ana bruno:9000 carla"), OPTIONS_RUN);
    assert_int_equal(options.call_count, 3);
    assert_int_equal(options.listen_count, 0);
}

static void a_doctor_is_asked_for_alone(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(&options, &screen, "doctor"), OPTIONS_RUN);
    assert_true(options.doctor);
    assert_int_equal(parse(&options, &screen, "doctor ana"), OPTIONS_WRONG);
    assert_false(options.json);
    assert_int_equal(parse(&options, &daemon_program, "doctor --json"), OPTIONS_RUN);
    assert_true(options.doctor && options.json);
    assert_int_equal(options.call_count, 0);
    assert_int_equal(parse(&options, &daemon_program, "--json"), OPTIONS_WRONG);
    assert_int_equal(parse(&options, &screen, "--json ana"), OPTIONS_WRONG);
}

static void the_programs_have_their_own_options(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(&options, &daemon_program, "--plain"), OPTIONS_WRONG);
    assert_int_equal(parse(&options, &daemon_program, "--demo"), OPTIONS_WRONG);
    assert_int_equal(parse(&options, &screen, "--exit-on-eof"), OPTIONS_WRONG);
}

static void bounds_hold(void **state)
{
    (void)state;
    struct options options;
    char line[1024] = "";
    for (int i = 0; i < LISTENS_MAX; i++)
        strcat(line, "-l 9000 "); /* banned elsewhere: the line has room for all */
    assert_int_equal(parse(&options, &screen, line), OPTIONS_RUN);
    strcat(line, "-l 9000"); /* banned elsewhere: and for one more */
    assert_int_equal(parse(&options, &screen, line), OPTIONS_WRONG);
    char name[80] = "-n ";
    memset(name + 3, 'a', NAME_BYTES);
    assert_int_equal(parse(&options, &screen, name), OPTIONS_RUN);
    name[3 + NAME_BYTES] = 'a';
    assert_int_equal(parse(&options, &screen, name), OPTIONS_WRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_fine),
        cmocka_unit_test(every_option_lands_in_its_place),
        cmocka_unit_test(a_scan_takes_the_word_behind_it),
        cmocka_unit_test(the_piped_habit_listens_and_calls),
        cmocka_unit_test(a_doctor_is_asked_for_alone),
        cmocka_unit_test(the_programs_have_their_own_options),
        cmocka_unit_test(bounds_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
