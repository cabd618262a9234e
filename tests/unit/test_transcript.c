/* The transcript: two forms and no third, whatever is said; a file that may be full, turned over or
 * gone; and a loop that never waits for it. */
#include "unit.h"

#include "app/transcript.h"
#include "base/alloc.h"
#include "base/sys.h"
#include "core/room.h"
#include "net/job.h"
#include "net/loop.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SAYS = 16, THREADS = 4 /* of libuv's pool, where nobody says otherwise */ };

static const struct id SELF = {{1}}, ANA = {{2}}, BRUNO = {{3}};
static const uint64_t NOON = UINT64_C(1772625600000); /* 2026-03-04 12:00:00 UTC */

struct world {
    struct loop *loop;
    struct transcript *transcript;
    struct sys_fake fake;
    struct roster *roster;
    char folder[64];
    char path[80];
    struct message says[SAYS];
    bool errors[SAYS];
    size_t said;
};

/* ---- a world ---- */

static int on_path(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

static void on_turn(void *self)
{
    struct world *world = self;
    transcript_turn(world->transcript);
    loop_stop(world->loop);
}

static void on_say(void *self, bool error, const struct message *message)
{
    struct world *world = self;
    assert_true(world->said < SAYS);
    world->errors[world->said] = error;
    world->says[world->said++] = *message;
}

static int begin(void **state)
{
    struct world *world = xcalloc(1, sizeof *world);
    struct sys sys = sys_fake(&world->fake);
    signal(SIGXFSZ, SIG_IGN);
    setenv("TZ", "UTC0", 1);
    tzset();
    world->loop = loop_new();
    world->roster = roster_new(&SELF, &sys);
    snprintf(world->folder, sizeof world->folder, "/tmp/test-transcript-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->path, sizeof world->path, "%s/talk.txt", world->folder);
    loop_on_turn(world->loop, on_turn, world);
    *state = world;
    return 0;
}

static void limit(rlim_t bytes)
{
    struct rlimit limits;
    getrlimit(RLIMIT_FSIZE, &limits);
    limits.rlim_cur = bytes < limits.rlim_max ? bytes : limits.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limits), 0);
}

static int end(void **state)
{
    struct world *world = *state;
    limit(RLIM_INFINITY);
    transcript_stop(world->transcript);
    while (!loop_free(world->loop))
        ; /* it has patience for people, not for a busy machine */
    transcript_free(world->transcript);
    roster_free(world->roster);
    nftw(world->folder, on_path, 8, FTW_DEPTH | FTW_PHYS);
    free(world);
    return 0;
}

static void turn(struct world *world)
{
    loop_run(world->loop);
}

static void begin_file(struct world *world, const char *path)
{
    const char *why;
    world->transcript = transcript_open(world->loop, NULL, path, on_say, world, &why);
    assert_non_null(world->transcript);
}

static const char *refused(struct world *world, const char *path)
{
    const char *why = NULL;
    assert_null(transcript_open(world->loop, NULL, path, on_say, world, &why));
    return why;
}

static struct person *known(struct world *world, const struct id *id, const char *name)
{
    struct person *person = roster_add(world->roster, id, false, 1);
    (void)roster_name_set(world->roster, person, span_text(name));
    return person;
}

static void linked(struct world *world, struct person *person, uint8_t last, uint16_t port)
{
    struct overlay_address address = {.ip = {[10] = 255, [11] = 255, [12] = 192, [13] = 168},
                                      .port = port};
    address.ip[14] = 1;
    address.ip[15] = last;
    assert_true(roster_link_up(world->roster, person, last, &address, FOUND_ASKED, 1));
}

static struct node_line line_of(const struct id *author, const char *text)
{
    return (struct node_line){.order = {.author = *author},
                              .conversation = ROOM_EVERYONE,
                              .kind = ENTRY_SAY,
                              .readable = true,
                              .name = "",
                              .own = id_equal(author, &SELF),
                              .text = span_text(text),
                              .time = NOON,
                              .received = NOON + 1500};
}

/* The line that is written, or "". */
static const char *text_of(struct world *world, const struct node_line *line)
{
    static char text[64 * 1024];
    struct buf into;
    buf_init(&into, sizeof text - 1);
    assert_true(transcript_line(line, world->roster, &into));
    snprintf(text, sizeof text, "%.*s", (int)into.length, (const char *)buf_bytes(&into));
    assert_int_equal(strlen(text), into.length);
    buf_done(&into);
    return text;
}

static void say(struct world *world, const char *text)
{
    struct node_line line = line_of(&SELF, text);
    transcript_add(world->transcript, &line, world->roster);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char *text = xcalloc(1, 32 * 1024 * 1024);
    assert_true(fread(text, 1, 32 * 1024 * 1024 - 1, file) < 32 * 1024 * 1024 - 1);
    fclose(file);
    return text;
}

static void file_is(const char *path, const char *wanted)
{
    char *text = read_file(path);
    assert_string_equal(text, wanted);
    free(text);
}

static bool was_said(const struct world *world, size_t at, bool error, const char *code)
{
    return at < world->said && world->errors[at] == error &&
           strcmp(world->says[at].code, code) == 0;
}

/* Until all is written, or given up. */
static void finish(struct world *world)
{
    transcript_end(world->transcript);
    while (!transcript_is_over(world->transcript))
        turn(world);
}

static void until_said(struct world *world, size_t count)
{
    while (world->said < count)
        turn(world);
}

/* ---- the forms ---- */

static void nothing_that_is_said_makes_a_second_line(void **state)
{
    struct world *world = *state;
    known(world, &ANA, "an'a\\\n', 9999): \x1b[2J\xe2\x80\xae");
    struct node_line line =
        line_of(&ANA, "hola\nDe ('192.168.1.9', 9999): 2026-03-04 12:00:00: I owe you"
                      "\r\x1b[2K\x07\xe2\x80\xa8\xff - Recibido a 2020-01-01 00:00:00");
    char tag[TAG_TEXT], wanted[1024];
    id_tag(&ANA, tag);
    snprintf(wanted, sizeof wanted,
             "De ('an\\'a\\\\<U+000A>\\', 9999): <U+001B>[2J<U+202E>~%s', 0): 2026-03-04 12:00:00: "
             "hola<U+000A>De ('192.168.1.9', 9999): 2026-03-04 12:00:00: I owe you<U+000D><U+001B>"
             "[2K<U+0007><U+2028><FF> - Recibido a 2020-01-01 00:00:00"
             " - Recibido a 2026-03-04 12:00:01\n",
             tag);
    assert_string_equal(text_of(world, &line), wanted);
}

static void an_address_is_one_of_a_link_and_nothing_else(void **state)
{
    struct world *world = *state;
    char tag[TAG_TEXT], wanted[256];
    struct person *ana = known(world, &ANA, "192.168.1.7");
    struct node_line line = line_of(&ANA, "hola");
    id_tag(&ANA, tag);
    snprintf(wanted, sizeof wanted,
             "De ('192.168.1.7~%s', 0): 2026-03-04 12:00:00: hola - Recibido a "
             "2026-03-04 12:00:01\n",
             tag);
    assert_string_equal(text_of(world, &line), wanted);
    linked(world, ana, 20, 9990);
    assert_string_equal(text_of(world, &line), "De ('192.168.1.20', 9990): 2026-03-04 12:00:00: "
                                               "hola - Recibido a 2026-03-04 12:00:01\n");
    struct node_line stranger = line_of(&BRUNO, "hola");
    id_tag(&BRUNO, tag);
    snprintf(wanted, sizeof wanted,
             "De ('~%s', 0): 2026-03-04 12:00:00: hola - Recibido a 2026-03-04 12:00:01\n", tag);
    assert_string_equal(text_of(world, &stranger), wanted);
}

static void what_we_said_names_the_room_or_the_readers(void **state)
{
    struct world *world = *state;
    char ana[ID_TEXT], bruno[ID_TEXT], tag[TAG_TEXT], where[256], wanted[256];
    struct node_line line = line_of(&SELF, "hola");
    assert_string_equal(text_of(world, &line), "Enviado a #everyone: 2026-03-04 12:00:00: hola\n");
    id_text(&ANA, ana);
    id_text(&BRUNO, bruno);
    id_tag(&BRUNO, tag);
    linked(world, known(world, &ANA, "ana"), 20, 9990);
    known(world, &BRUNO, "b: 2020-01-01 00:00:00: I owe you");
    snprintf(where, sizeof where, "@%s,%s", ana, bruno);
    line.conversation = where;
    line.whisper = true;
    snprintf(wanted, sizeof wanted,
             "Enviado a 192.168.1.20, 'b: 2020-01-01 00:00:00: I owe you~%s': "
             "2026-03-04 12:00:00: hola\n",
             tag);
    assert_string_equal(text_of(world, &line), wanted);
    snprintf(where, sizeof where, "@%s", ana);
    assert_string_equal(text_of(world, &line),
                        "Enviado a 192.168.1.20: 2026-03-04 12:00:00: hola\n");
}

static void a_guest_goes_by_its_name_and_its_hosts_tag(void **state)
{
    struct world *world = *state;
    char tag[TAG_TEXT], wanted[256];
    struct node_line line = line_of(&SELF, "buenas"); /* hosted here: not our words */
    line.guest = span_text("carlos");
    line.dialect = span_text("dated");
    id_tag(&SELF, tag);
    snprintf(wanted, sizeof wanted,
             "De ('carlos~%s', 0): 2026-03-04 12:00:00: buenas - Recibido a "
             "2026-03-04 12:00:01\n",
             tag);
    assert_string_equal(text_of(world, &line), wanted);
}

static void only_words_are_written(void **state)
{
    struct world *world = *state;
    struct node_line line = line_of(&SELF, "waves");
    line.kind = ENTRY_ACT;
    assert_string_equal(text_of(world, &line),
                        "Enviado a #everyone: 2026-03-04 12:00:00: * waves\n");
    for (line.kind = ENTRY_SEALED; line.kind <= ENTRY_CALL; line.kind++)
        assert_string_equal(text_of(world, &line), "");
    line.kind = ENTRY_SAY;
    line.readable = false;
    assert_string_equal(text_of(world, &line), "");
}

static void times_are_the_zones_of_their_own_moment(void **state)
{
    (void)state;
    char stamp[DATED_STAMP + 1];
    setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
    tzset();
    transcript_stamp(NOON, stamp);
    assert_string_equal(stamp, "2026-03-04 07:00:00");
    transcript_stamp(NOON + UINT64_C(120) * 24 * 3600 * 1000, stamp);
    assert_string_equal(stamp, "2026-07-02 08:00:00");
    transcript_stamp(ENTRY_NUMBER_MAX, stamp); /* one line of a known width, whatever they claim */
    assert_int_equal(strlen(stamp), DATED_STAMP);
    assert_memory_equal(stamp, "9999-12-31", 10);
    transcript_stamp(0, stamp);
    assert_int_equal(strlen(stamp), DATED_STAMP);
}

static void the_longest_text_is_one_line(void **state)
{
    struct world *world = *state;
    char *text = xmalloc(TEXT_MAX + 1);
    memset(text, '\n', TEXT_MAX);
    text[TEXT_MAX] = '\0';
    struct node_line line = line_of(&SELF, text);
    const char *got = text_of(world, &line);
    assert_ptr_equal(strchr(got, '\n'), got + strlen(got) - 1);
    assert_true(strlen(got) > TEXT_MAX * strlen("<U+000A>"));
    free(text);
}

/* ---- the file ---- */

static void what_cannot_be_appended_to_is_refused(void **state)
{
    struct world *world = *state;
    char path[128];
    assert_string_equal(refused(world, world->folder), "it is a folder");
    snprintf(path, sizeof path, "%s/no/talk.txt", world->folder);
    assert_string_equal(refused(world, path), "there is no such file");
    assert_int_equal(mkfifo(world->path, 0600), 0);
    assert_string_equal(refused(world, world->path), "it is nothing to append to");
}

static void it_is_ours_alone_and_appended_to(void **state)
{
    struct world *world = *state;
    struct stat status;
    char link[96];
    begin_file(world, world->path);
    assert_int_equal(stat(world->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    say(world, "one");
    say(world, "two");
    finish(world);
    transcript_stop(world->transcript);
    transcript_free(world->transcript);
    snprintf(link, sizeof link, "%s/link", world->folder);
    assert_int_equal(symlink("talk.txt", link), 0);
    begin_file(world, link);
    say(world, "three");
    finish(world);
    file_is(world->path, "Enviado a #everyone: 2026-03-04 12:00:00: one\n"
                         "Enviado a #everyone: 2026-03-04 12:00:00: two\n"
                         "Enviado a #everyone: 2026-03-04 12:00:00: three\n");
    assert_int_equal(world->said, 0);
    assert_true(transcript_is_whole(world->transcript));
}

static void what_was_cut_off_is_not_gone_on_with(void **state)
{
    struct world *world = *state;
    FILE *file = fopen(world->path, "we");
    fputs("Enviado a #everyone: 2026-03-04 1", file);
    fclose(file);
    begin_file(world, world->path);
    say(world, "one");
    finish(world);
    file_is(world->path, "Enviado a #everyone: 2026-03-04 1\n"
                         "Enviado a #everyone: 2026-03-04 12:00:00: one\n");
}

/* ---- trouble ---- */

static void a_full_disk_is_told_once_and_talk_goes_on(void **state)
{
    struct world *world = *state;
    begin_file(world, "/dev/full");
    say(world, "one");
    until_said(world, 1);
    assert_true(was_said(world, 0, true, "transcript-failed"));
    say(world, "two");
    turn(world); /* it is not tried again at once, and not told again */
    assert_int_equal(world->said, 1);
    finish(world);
    assert_int_equal(world->said, 2);
    assert_true(was_said(world, 1, true, "transcript-incomplete"));
    assert_int_equal(world->says[1].count, 2);
    assert_false(transcript_is_whole(world->transcript));
}

/* The disk takes half a line and then no more; when there is room, the other half follows. */
static void a_line_that_was_cut_by_a_full_disk_is_finished(void **state)
{
    struct world *world = *state;
    begin_file(world, world->path);
    limit(60);
    say(world, "one");
    say(world, "two");
    until_said(world, 1);
    assert_true(was_said(world, 0, true, "transcript-failed"));
    file_is(world->path, "Enviado a #everyone: 2026-03-04 12:00:00: one\n"
                         "Enviado a #eve");
    say(world, "three");
    limit(RLIM_INFINITY);
    until_said(world, 2);
    assert_true(was_said(world, 1, false, "transcript-back"));
    assert_int_equal(world->says[1].count, 0);
    file_is(world->path, "Enviado a #everyone: 2026-03-04 12:00:00: one\n"
                         "Enviado a #everyone: 2026-03-04 12:00:00: two\n"
                         "Enviado a #everyone: 2026-03-04 12:00:00: three\n");
    assert_true(transcript_is_whole(world->transcript));
}

/* And where it is turned over meanwhile, the line is whole in the new file. */
static void a_cut_line_is_whole_in_the_next_file(void **state)
{
    struct world *world = *state;
    char old[96];
    begin_file(world, world->path);
    limit(60);
    say(world, "one");
    say(world, "two");
    until_said(world, 1);
    snprintf(old, sizeof old, "%s/talk.1", world->folder);
    assert_int_equal(rename(world->path, old), 0);
    limit(RLIM_INFINITY);
    transcript_reopen(world->transcript);
    until_said(world, 3);
    assert_true(was_said(world, 1, false, "transcript-reopened"));
    assert_true(was_said(world, 2, false, "transcript-back"));
    file_is(old, "Enviado a #everyone: 2026-03-04 12:00:00: one\nEnviado a #eve");
    file_is(world->path, "Enviado a #everyone: 2026-03-04 12:00:00: two\n");
}

static void turned_over_it_loses_and_doubles_nothing(void **state)
{
    enum { ROUNDS = 20, LINES = 500 };
    struct world *world = *state;
    char old[ROUNDS][96], text[32];
    begin_file(world, world->path);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < LINES; i++) {
            snprintf(text, sizeof text, "%zu", round * LINES + i);
            say(world, text);
            if (i == LINES / 3) {
                loop_again(world->loop);
                turn(world); /* a job is under way now, or is over */
            }
            if (i == LINES / 2) {
                snprintf(old[round], sizeof old[round], "%s/talk.%zu", world->folder, round);
                assert_int_equal(rename(world->path, old[round]), 0);
                transcript_reopen(world->transcript);
            }
        }
        until_said(world, 1);
        assert_true(was_said(world, 0, false, "transcript-reopened"));
        world->said = 0;
    }
    finish(world);
    size_t number = 0;
    for (size_t i = 0; i <= ROUNDS; i++) {
        char *whole = read_file(i < ROUNDS ? old[i] : world->path);
        for (char *at = whole; *at; at = strchr(at, '\n') + 1) {
            snprintf(text, sizeof text, ": %zu\n", number++);
            assert_memory_equal(at + strlen("Enviado a #everyone: 2026-03-04 12:00:00"), text,
                                strlen(text));
        }
        free(whole);
    }
    assert_int_equal(number, ROUNDS * LINES);
}

static void where_no_new_file_can_be_the_old_one_goes_on(void **state)
{
    struct world *world = *state;
    char old[96];
    begin_file(world, world->path);
    say(world, "one");
    snprintf(old, sizeof old, "%s/talk.1", world->folder);
    assert_int_equal(rename(world->path, old), 0);
    assert_int_equal(mkdir(world->path, 0700), 0);
    transcript_reopen(world->transcript);
    until_said(world, 1);
    assert_true(was_said(world, 0, true, "transcript-kept"));
    say(world, "two");
    finish(world);
    file_is(old, "Enviado a #everyone: 2026-03-04 12:00:00: one\n"
                 "Enviado a #everyone: 2026-03-04 12:00:00: two\n");
}

/* ---- a disk that stands still ---- */

static void block_work(void *self)
{
    const int *reader = self;
    char byte;
    assert_int_equal(read(*reader, &byte, 1), 1);
}

static void block_done(void *self, bool ran)
{
    (void)self;
    assert_true(ran);
}

static void a_disk_that_stands_still_costs_bounded_memory(void **state)
{
    enum { TOO_MANY = 2 * TRANSCRIPT_HELD / 1000 };
    struct world *world = *state;
    int ends[2];
    char text[1001];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(pipe(ends), 0);
    begin_file(world, world->path);
    for (size_t i = 0; i < THREADS; i++)
        job_start(world->loop, block_work, block_done, &ends[0]);
    for (size_t i = 0; i < TOO_MANY; i++) {
        say(world, text);
        transcript_turn(world->transcript);
    }
    say(world, "this alone would fit");
    assert_int_equal(world->said, 1);
    assert_true(was_said(world, 0, true, "transcript-slow"));
    assert_int_equal(write(ends[1], "goon", THREADS), THREADS);
    until_said(world, 2);
    assert_true(was_said(world, 1, false, "transcript-back"));
    uint64_t missing = world->says[1].count;
    say(world, "after");
    finish(world);
    char *whole = read_file(world->path);
    uint64_t lines = 0;
    assert_null(strstr(whole, "would fit")); /* one gap, not many */
    for (char *at = whole; (at = strchr(at, '\n')); at++)
        lines++;
    free(whole);
    assert_int_equal(lines + missing, TOO_MANY + 2);
    assert_true(missing > 0 && lines * 1000 > TRANSCRIPT_HELD / 4);
    assert_false(transcript_is_whole(world->transcript));
    close(ends[0]);
    close(ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_that_is_said_makes_a_second_line),
        TEST(an_address_is_one_of_a_link_and_nothing_else),
        TEST(what_we_said_names_the_room_or_the_readers),
        TEST(a_guest_goes_by_its_name_and_its_hosts_tag),
        TEST(only_words_are_written),
        TEST(times_are_the_zones_of_their_own_moment),
        TEST(the_longest_text_is_one_line),
        TEST(what_cannot_be_appended_to_is_refused),
        TEST(it_is_ours_alone_and_appended_to),
        TEST(what_was_cut_off_is_not_gone_on_with),
        TEST(a_full_disk_is_told_once_and_talk_goes_on),
        TEST(a_line_that_was_cut_by_a_full_disk_is_finished),
        TEST(a_cut_line_is_whole_in_the_next_file),
        TEST(turned_over_it_loses_and_doubles_nothing),
        TEST(where_no_new_file_can_be_the_old_one_goes_on),
        TEST(a_disk_that_stands_still_costs_bounded_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
