/* Lines to readers of every kind: nothing here blocks, nothing grows, and a gap says that it is
 * one. */
#include "unit.h"

#include "app/output.h"
#include "base/alloc.h"
#include "net/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE = 1000, LINES = OUTPUT_MAX / (LINE + 1) };

struct world {
    struct loop *loop;
    struct output *output;
    int reader, writer;
    size_t crowds;
    bool crowded;
    uint64_t missed;
    size_t gaps;
    size_t gone;
};

static void on_crowded(void *self, bool crowded)
{
    struct world *world = self;
    world->crowds++;
    world->crowded = crowded;
}

static void on_missed(void *self, uint64_t count)
{
    struct world *world = self;
    world->missed += count;
    world->gaps++;
    output_add(world->output, "GAP", 3);
}

static void on_gone(void *self)
{
    struct world *world = self;
    world->gone++;
}

static void on_turn(void *self)
{
    struct world *world = self;
    output_turn(world->output);
    loop_stop(world->loop);
}

static struct world begin_with(int reader, int writer)
{
    struct world world = {.reader = reader, .writer = writer};
    signal(SIGPIPE, SIG_IGN); /* the loop of the programs does */
    world.loop = loop_new();
    return world;
}

static void begin_output(struct world *world)
{
    static const struct output_calls calls = {on_crowded, on_missed, on_gone};
    world->output = output_new(world->loop, world->writer, &calls, world);
    loop_on_turn(world->loop, on_turn, world);
}

static struct world begin(void)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    return begin_with(ends[0], ends[1]);
}

static void end(struct world *world)
{
    output_free(world->output);
    while (!loop_free(world->loop))
        ; /* it has patience for people, not for a busy machine */
    if (world->reader >= 0)
        close(world->reader);
    close(world->writer);
}

static void turn(struct world *world)
{
    loop_again(world->loop);
    loop_run(world->loop);
}

/* Waits until something happens. */
static void wait_turn(struct world *world)
{
    loop_run(world->loop);
}

static void add_number(struct world *world, size_t number)
{
    char line[LINE + 1];
    memset(line, 'x', LINE);
    int size = snprintf(line, sizeof line, "%zu", number);
    line[size] = ' ';
    output_add(world->output, line, LINE);
}

/* All that waits in the pipe, behind what `into` holds already. */
static void read_all(struct world *world, char **into, size_t *length)
{
    fcntl(world->reader, F_SETFL, O_NONBLOCK);
    for (;;) {
        *into = xrealloc(*into, *length + 65537, 1);
        ssize_t size = read(world->reader, *into + *length, 65536);
        if (size <= 0)
            break;
        *length += (size_t)size;
    }
    (*into)[*length] = '\0';
}

static void lines_arrive_at_the_end_of_the_turn(void **state)
{
    (void)state;
    struct world world = begin();
    char *text = NULL;
    size_t length = 0;
    begin_output(&world);
    output_add(world.output, "one", 3);
    output_add(world.output, "", 0);
    output_add(world.output, "two", 3);
    turn(&world);
    read_all(&world, &text, &length);
    assert_string_equal(text, "one\n\ntwo\n");
    assert_int_equal(world.gone + world.gaps + world.crowds, 0);
    free(text);
    end(&world);
}

static void a_reader_that_stands_still_is_told_of_the_gap(void **state)
{
    (void)state;
    struct world world = begin();
    char *text = NULL;
    size_t length = 0, numbers = 0, added = (size_t)LINES * 3;
    begin_output(&world);
    for (size_t i = 0; i < added; i++) {
        add_number(&world, i);
        if (i % 100 == 0)
            turn(&world);
    }
    assert_true(world.crowded);
    assert_int_equal(world.crowds, 1);
    assert_int_equal(world.gaps, 0);
    while (world.crowded) {
        read_all(&world, &text, &length);
        wait_turn(&world);
    }
    output_add(world.output, "after", 5);
    turn(&world);
    read_all(&world, &text, &length);
    while (strcmp(text + length - 6, "after\n") != 0) {
        wait_turn(&world);
        read_all(&world, &text, &length);
    }
    assert_int_equal(world.gaps, 1);
    char *rest = text, *line;
    bool gap = false;
    while ((line = strsep(&rest, "\n")) && *line) {
        if (strcmp(line, "GAP") == 0) {
            gap = true;
            continue;
        }
        if (strcmp(line, "after") == 0) {
            assert_true(gap);
            continue;
        }
        assert_int_equal(strlen(line), LINE);
        assert_int_equal(strtoul(line, NULL, 10), numbers++);
        assert_false(gap); /* nothing from before it comes behind it */
    }
    assert_int_equal(numbers + world.missed, added);
    assert_true(numbers * (LINE + 1) <= OUTPUT_MAX + 1024 * 1024); /* the pipe holds some */
    assert_true(numbers * (LINE + 1) > OUTPUT_MAX - LINE - 1);
    free(text);
    end(&world);
}

static void who_shares_the_descriptor_keeps_it_as_it_was(void **state)
{
    (void)state;
    int ends[2];
    struct world world = begin();
    begin_output(&world);
    assert_int_equal(fcntl(world.writer, F_GETFL) & O_NONBLOCK, 0);
    end(&world);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0); /* cannot be opened again */
    world = begin_with(ends[0], ends[1]);
    begin_output(&world);
    output_free(world.output);
    world.output = NULL;
    assert_int_equal(fcntl(world.writer, F_GETFL) & O_NONBLOCK, 0);
    end(&world);
}

static void a_reader_that_left_is_noticed_with_nothing_to_say(void **state)
{
    (void)state;
    struct world world = begin();
    begin_output(&world);
    turn(&world);
    assert_int_equal(world.gone, 0);
    close(world.reader);
    world.reader = -1;
    while (world.gone == 0)
        wait_turn(&world);
    output_add(world.output, "nobody", 6);
    turn(&world);
    assert_int_equal(world.gone, 1);
    assert_false(output_end(world.output, "bye", 3));
    end(&world);
}

static void a_reader_that_leaves_in_the_middle_is_noticed(void **state)
{
    (void)state;
    struct world world = begin();
    begin_output(&world);
    for (size_t i = 0; i < 1000; i++)
        add_number(&world, i);
    turn(&world);
    close(world.reader);
    world.reader = -1;
    while (world.gone == 0)
        wait_turn(&world);
    assert_int_equal(world.gone, 1);
    end(&world);
}

/* A reader on another process, who reads all there is. */
static pid_t reader_fork(struct world *world)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char bytes[4096];
        ssize_t size;
        size_t all = 0;
        close(world->writer);
        while ((size = read(world->reader, bytes, sizeof bytes)) > 0)
            all += (size_t)size;
        _exit(all == 3000 * (LINE + 1) + 4 ? 0 : 1);
    }
    close(world->reader);
    world->reader = -1;
    return child;
}

static void the_end_waits_for_who_still_reads(void **state)
{
    (void)state;
    int status;
    struct world world = begin();
    pid_t child = reader_fork(&world);
    begin_output(&world);
    for (size_t i = 0; i < 3000; i++)
        add_number(&world, i);
    assert_true(output_end(world.output, "bye", 3));
    end(&world);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_file_takes_everything_at_once(void **state)
{
    (void)state;
    char name[] = "test_output_XXXXXX";
    int file = mkstemp(name);
    assert_true(file >= 0);
    unlink(name);
    struct world world = begin_with(dup(file), file);
    assert_int_equal(write(file, "before\n", 7), 7); /* it goes on behind this */
    begin_output(&world);
    output_add(world.output, "one", 3);
    turn(&world);
    assert_true(output_end(world.output, "bye", 3));
    char text[32] = "";
    assert_int_equal(pread(file, text, sizeof text - 1, 0), 15);
    assert_string_equal(text, "before\none\nbye\n");
    end(&world);
}

static void a_full_disk_is_waited_for_and_not_taken_for_the_end(void **state)
{
    (void)state;
    int full = open("/dev/full", O_WRONLY);
    if (full < 0)
        skip();
    struct world world = begin_with(-1, full);
    begin_output(&world);
    output_add(world.output, "one", 3);
    turn(&world);
    assert_int_equal(world.gone, 0);
    assert_false(output_end(world.output, "bye", 3)); /* at once: it does not spin */
    end(&world);
}

static int lowest_free(void)
{
    int copy = dup(STDIN_FILENO), number = copy;
    close(copy);
    return number;
}

static void where_no_descriptor_is_left_it_says_so_and_is_gone(void **state)
{
    (void)state;
    struct world world = begin();
    struct rlimit before, none;
    FILE *told = tmpfile();
    int stderr_kept = dup(STDERR_FILENO);
    assert_non_null(told);
    assert_true(dup2(fileno(told), STDERR_FILENO) >= 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)lowest_free();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    begin_output(&world);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(dup2(stderr_kept, STDERR_FILENO) >= 0);
    close(stderr_kept);
    char text[128] = "", wanted[128];
    snprintf(wanted, sizeof wanted, "tertulia: \"/dev/fd/%d\" cannot be used: %s.\n", world.writer,
             strerror(EMFILE));
    rewind(told);
    assert_true(fread(text, 1, sizeof text - 1, told) > 0);
    assert_string_equal(text, wanted);
    fclose(told);
    output_add(world.output, "one", 3);
    turn(&world);
    assert_int_equal(world.gone, 1);
    assert_false(output_end(world.output, "bye", 3));
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_arrive_at_the_end_of_the_turn),
        cmocka_unit_test(a_reader_that_stands_still_is_told_of_the_gap),
        cmocka_unit_test(who_shares_the_descriptor_keeps_it_as_it_was),
        cmocka_unit_test(a_reader_that_left_is_noticed_with_nothing_to_say),
        cmocka_unit_test(a_reader_that_leaves_in_the_middle_is_noticed),
        cmocka_unit_test(the_end_waits_for_who_still_reads),
        cmocka_unit_test(a_file_takes_everything_at_once),
        cmocka_unit_test(a_full_disk_is_waited_for_and_not_taken_for_the_end),
        cmocka_unit_test(where_no_descriptor_is_left_it_says_so_and_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
