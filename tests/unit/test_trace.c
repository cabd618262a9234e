/* The debug log: nothing of what people say is in it unasked, it does not grow for ever, and nobody
 * waits for its reader. */
#include "unit.h"

#include "app/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static char text[16 * 1024];

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/test-trace-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return 0;
}

static int file_remove(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

static int end(void **state)
{
    (void)state;
    nftw(folder, file_remove, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static const char *inside(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static const char *read_of(const char *name)
{
    FILE *file = fopen(inside(name), "r");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    return text;
}

/* Everything with words in it, once. */
static void all_told(struct trace *trace)
{
    static const char secret[] = "the secret\x1b[31m words";
    struct node_event line = {.kind = EVENT_LINE, .link = 7};
    struct node_event said = {.kind = EVENT_GUEST_SAID, .guest = {.text = span_text(secret)}};
    struct node_event stop = {.kind = EVENT_STOP};
    struct node_effect shown = {.kind = EFFECT_SHOWN, .shown = {.text = span_text(secret)}};
    struct node_effect back = {.kind = EFFECT_BACK, .back = {.text = secret}};
    struct node_effect say = {.kind = EFFECT_SAY};
    line.line.bytes = secret;
    line.line.size = sizeof secret - 1;
    say.say.error = true;
    say.say.message = message_make("no-such", secret);
    trace_event(trace, 1, &line);
    trace_event(trace, 1, &said);
    trace_event(trace, 1, &stop);
    trace_effect(trace, 1, &shown);
    trace_effect(trace, 1, &back);
    trace_effect(trace, 1, &say);
}

static void words_are_in_it_only_when_asked_for(void **state)
{
    (void)state;
    struct trace *trace = trace_open(folder, TRACE_ALL, false);
    assert_non_null(trace);
    all_told(trace);
    trace_close(trace);
    assert_string_equal(read_of("log"), "1970-01-01T00:00:00.001Z < line link 7 21 bytes\n"
                                        "1970-01-01T00:00:00.001Z < guest said 21 bytes\n"
                                        "1970-01-01T00:00:00.001Z < stop\n"
                                        "1970-01-01T00:00:00.001Z > shown ~aaaa kind 0 21 bytes\n"
                                        "1970-01-01T00:00:00.001Z > back 21 bytes\n"
                                        "1970-01-01T00:00:00.001Z > say error no-such\n");
    struct stat status;
    assert_int_equal(stat(inside("log"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    trace = trace_open(folder, TRACE_ALL, true);
    all_told(trace);
    trace_close(trace);
    const char *again = read_of("log");
    assert_non_null(strstr(again, "the secret"));
    assert_null(strchr(again, '\x1b'));
}

static void less_is_told_at_first(void **state)
{
    (void)state;
    struct trace *trace = trace_open(folder, TRACE_SOME, false);
    all_told(trace);
    trace_close(trace);
    assert_string_equal(read_of("log"), "1970-01-01T00:00:00.001Z < stop\n"
                                        "1970-01-01T00:00:00.001Z > back 21 bytes\n"
                                        "1970-01-01T00:00:00.001Z > say error no-such\n");
    all_told(NULL);
    trace_note(NULL, 1, "nothing");
    trace_close(NULL);
}

static void every_kind_has_a_name(void **state)
{
    (void)state;
    struct trace *trace = trace_open(folder, TRACE_ALL, false);
    struct frame frame = {.kind = FRAME_HELLO};
    for (int kind = 0; kind <= EVENT_TIMER; kind++) {
        struct node_event event = {.kind = (enum node_event_kind)kind};
        if (kind == EVENT_FRAME)
            event.frame = &frame;
        if (kind == EVENT_GUEST_UP)
            event.guest.dialect = "named";
        if (kind == EVENT_LINE)
            event.line.bytes = "";
        trace_event(trace, 1, &event);
    }
    for (int kind = 0; kind <= EFFECT_LEAVE; kind++) {
        struct node_effect effect = {.kind = (enum node_effect_kind)kind};
        if (kind == EFFECT_SEND)
            effect.frame = &frame;
        if (kind == EFFECT_BACK)
            effect.back.text = "";
        if (kind == EFFECT_SAY)
            effect.say.message = message_make("x", "y");
        trace_effect(trace, 1, &effect);
    }
    trace_close(trace);
    const char *all = read_of("log");
    size_t lines = 0;
    for (const char *at = all; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, EVENT_TIMER + EFFECT_LEAVE + 2);
    assert_null(strstr(all, "(null)"));
}

static void it_is_put_aside_once_it_is_full(void **state)
{
    (void)state;
    char long_one[1000];
    struct stat status;
    memset(long_one, 'x', sizeof long_one);
    long_one[sizeof long_one - 1] = '\0';
    struct trace *trace = trace_open(folder, TRACE_SOME, false);
    for (int i = 0; i < 3 * TRACE_BYTES / 1000; i++)
        trace_note(trace, 1, "%d %s", i, long_one);
    trace_note(trace, 1, "the last");
    trace_close(trace);
    assert_int_equal(stat(inside("log.old"), &status), 0);
    assert_in_range(status.st_size, TRACE_BYTES - 2000, TRACE_BYTES);
    assert_int_equal(stat(inside("log"), &status), 0);
    assert_in_range(status.st_size, 9, TRACE_BYTES);
    trace = trace_open(folder, TRACE_SOME, false); /* and the next run goes on behind it */
    off_t before = status.st_size;
    trace_note(trace, 1, "more");
    trace_close(trace);
    assert_int_equal(stat(inside("log"), &status), 0);
    assert_int_equal(status.st_size, before + 30);
}

static void a_slow_reader_misses_lines_and_is_told(void **state)
{
    (void)state;
    int ends[2], kept = dup(STDERR_FILENO);
    char read_now[128 * 1024];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    struct trace *trace = trace_open(NULL, TRACE_SOME, false);
    for (int i = 0; i < 10000; i++)
        trace_note(trace, 1, "a line of some length, number %d", i);
    ssize_t size = read(ends[0], read_now, sizeof read_now);
    trace_note(trace, 1, "and now");
    ssize_t more = read(ends[0], text, sizeof text - 1);
    dup2(kept, STDERR_FILENO);
    trace_close(trace);
    close(kept);
    close(ends[0]);
    close(ends[1]);
    assert_true(size > 4096);
    text[more > 0 ? more : 0] = '\0';
    assert_non_null(strstr(text, " lines missed)\n"));
    assert_non_null(strstr(text, "Z and now\n"));
}

static void where_it_cannot_be_it_is_not(void **state)
{
    (void)state;
    assert_null(trace_open("/nowhere/at/all", TRACE_SOME, false));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(symlink("/dev/null", inside("log")), 0);
    assert_null(trace_open(folder, TRACE_SOME, false)); /* nobody else's choice where it goes */
    assert_int_equal(errno, ELOOP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(words_are_in_it_only_when_asked_for, begin, end),
        cmocka_unit_test_setup_teardown(less_is_told_at_first, begin, end),
        cmocka_unit_test_setup_teardown(every_kind_has_a_name, begin, end),
        cmocka_unit_test_setup_teardown(it_is_put_aside_once_it_is_full, begin, end),
        cmocka_unit_test_setup_teardown(a_slow_reader_misses_lines_and_is_told, begin, end),
        cmocka_unit_test_setup_teardown(where_it_cannot_be_it_is_not, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
