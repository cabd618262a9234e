/* Turns, clocks, timers, jobs of other threads, signals, input; and that a loop leaves nothing. */
#include "net_world.h"

#include "base/sys.h"
#include "net/job.h"

#include <pthread.h>
#include <signal.h>

static int setup(void **state)
{
    (void)state;
    world_open();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_close();
    return 0;
}

/* ---- turns and clocks ---- */

static char order[64];

static void note(char what)
{
    size_t length = strlen(order);
    assert_true(length + 1 < sizeof order);
    order[length] = what;
    order[length + 1] = '\0';
}

static void ring_note(void *self)
{
    note(*(const char *)self);
}

static void turned_note(void *self)
{
    note('|');
    world_on_turn(self);
}

static void a_turn_ends_after_all_its_events(void **state)
{
    (void)state;
    char names[] = "ab";
    struct timer *a = timer_new(loop, ring_note, names), *b = timer_new(loop, ring_note, names + 1);
    order[0] = '\0';
    timer_set(b, 0);
    timer_set(a, 0);
    loop_on_turn(loop, turned_note, NULL);
    turn();
    assert_non_null(strstr(order, "ba|")); /* both in one turn, in the order of their setting */
    timer_free(a);
    timer_free(b);
}

static uint64_t seen_ms[2];

static void ring_clock(void *self)
{
    (void)self;
    seen_ms[0] = loop_mono_ms(loop);
    struct sys sys = sys_real();
    for (uint64_t end = sys_mono_us(&sys) + 5000; sys_mono_us(&sys) < end;)
        continue; /* a slow callback */
    seen_ms[1] = loop_mono_ms(loop);
}

static void the_clocks_stand_still_in_a_turn_and_go_on_after_it(void **state)
{
    (void)state;
    struct timer *timer = timer_new(loop, ring_clock, NULL);
    timer_set(timer, 0);
    seen_ms[0] = 0;
    UNTIL(seen_ms[0]);
    assert_int_equal(seen_ms[0], seen_ms[1]);
    assert_true(loop_mono_ms(loop) >= seen_ms[0] + 5);
    assert_true(loop_wall_ms(loop) > 1600000000000);
    timer_free(timer);
}

static int agains;

static void turned_again(void *self)
{
    (void)self;
    if (agains-- > 0)
        loop_again(loop);
    else
        loop_stop(loop);
}

static void again_means_that_nothing_is_waited_for(void **state)
{
    (void)state;
    agains = 5;
    timer_set(limit, loop_mono_ms(loop) + WORLD_LIMIT_MS);
    loop_on_turn(loop, turned_again, NULL);
    loop_run(loop); /* nothing else would ever wake it */
    assert_true(agains < 0);
    timer_set(limit, TIMER_NEVER);
}

static void ring_again(void *self)
{
    (void)self;
    loop_again(loop);
    note('a');
}

static void again_holds_from_an_event_too(void **state)
{
    (void)state;
    struct timer *timer = timer_new(loop, ring_again, NULL);
    order[0] = '\0';
    timer_set(timer, 0);
    timer_set(limit, loop_mono_ms(loop) + WORLD_LIMIT_MS);
    while (!order[0])
        turn();
    turn();
    assert_string_equal(order, "a");
    timer_set(limit, TIMER_NEVER);
    timer_free(timer);
}

/* ---- timers ---- */

static struct timer *own;
static uint64_t rang_at;
static int rings;

static void ring(void *self)
{
    (void)self;
    rings++;
    rang_at = loop_mono_ms(loop);
}

static void ring_free(void *self)
{
    rings++;
    timer_free(self ? own : NULL);
}

static void timers_ring_once_and_never_early(void **state)
{
    (void)state;
    own = timer_new(loop, ring, NULL);
    for (uint64_t ms = 0; ms < 12; ms += 3) {
        uint64_t at = loop_mono_ms(loop) + ms;
        rings = 0;
        timer_set(own, at);
        assert_int_equal(rings, 0); /* not from inside */
        UNTIL(rings);
        assert_true(rang_at >= at);
        assert_in_range(rang_at - at, 0, 1000);
        loop_again(loop);
        turn();
        assert_int_equal(rings, 1);
    }
    timer_free(own);
}

static void a_timer_is_set_anew_and_taken_back(void **state)
{
    (void)state;
    own = timer_new(loop, ring, NULL);
    char name = 'x';
    struct timer *other = timer_new(loop, ring_note, &name);
    uint64_t now = loop_mono_ms(loop);
    order[0] = '\0';
    rings = 0;
    timer_set(own, now + 3);
    timer_set(own, TIMER_NEVER);
    timer_set(other, now + 3600000);
    timer_set(other, now + 10);
    UNTIL(order[0]);
    assert_int_equal(rings, 0);
    timer_set(own, 1); /* long past */
    UNTIL(rings);
    timer_set(own, 1); /* the same moment again rings again */
    UNTIL(rings == 2);
    timer_free(own);
    timer_free(other);
}

static void a_timer_can_be_freed_while_it_rings(void **state)
{
    (void)state;
    own = timer_new(loop, ring_free, &own);
    rings = 0;
    timer_set(own, 0);
    UNTIL(rings);
    timer_free(NULL);
}

/* ---- jobs ---- */

struct work {
    pthread_t thread;
    bool worked;
    int done;
    bool ran;
    int gate[2];  /* a pipe: work waits until it is closed; -1: it does not */
    int begun[2]; /* another: work says there that it waits */
};

static void work(void *self)
{
    struct work *job = self;
    char byte;
    if (job->gate[0] >= 0 &&
        (write(job->begun[1], "b", 1) != 1 || read(job->gate[0], &byte, 1) != 0))
        die("a pipe of the test is broken");
    job->thread = pthread_self();
    job->worked = true;
}

static void work_done(void *self, bool ran)
{
    struct work *job = self;
    assert_int_equal(job->worked, ran);
    job->done++;
    job->ran = ran;
}

static void work_opens(struct work *job)
{
    close(job->gate[1]);
}

static void work_over(struct work *job)
{
    close(job->gate[0]);
    close(job->begun[0]);
    close(job->begun[1]);
}

static void jobs_leave_the_thread_and_come_back(void **state)
{
    (void)state;
    struct work jobs[20] = {0};
    int done = 0;
    for (int i = 0; i < 20; i++) {
        jobs[i].gate[0] = -1;
        job_start(loop, work, work_done, &jobs[i]);
        assert_int_equal(jobs[i].done, 0);
    }
    while (done < 20) {
        UNTIL(jobs[done].done);
        done++;
    }
    for (int i = 0; i < 20; i++) {
        assert_true(jobs[i].ran && jobs[i].done == 1);
        assert_false(pthread_equal(jobs[i].thread, pthread_self()));
    }
}

/* More than there are threads: the last ones cannot have begun. */
enum { THREADS = 4, JOBS = THREADS + 3 };

static void jobs_held(struct work jobs[JOBS], struct job *handles[JOBS])
{
    int gate[2], begun[2];
    char byte;
    assert_int_equal(pipe(gate), 0);
    assert_int_equal(pipe(begun), 0);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct work){.gate = {gate[0], gate[1]}, .begun = {begun[0], begun[1]}};
        handles[i] = job_start(loop, work, work_done, &jobs[i]);
    }
    for (int i = 0; i < THREADS; i++) /* until every thread has its own */
        assert_int_equal(read(begun[0], &byte, 1), 1);
}

static void a_job_that_did_not_start_can_be_cancelled(void **state)
{
    (void)state;
    struct work jobs[JOBS];
    struct job *handles[JOBS];
    jobs_held(jobs, handles);
    job_cancel(handles[JOBS - 1]);
    assert_int_equal(jobs[JOBS - 1].done, 0); /* not from inside */
    UNTIL(jobs[JOBS - 1].done);
    assert_false(jobs[JOBS - 1].ran);
    work_opens(&jobs[0]);
    for (int i = 0; i < JOBS - 1; i++) {
        UNTIL(jobs[i].done);
        assert_true(jobs[i].ran);
    }
    assert_int_equal(jobs[JOBS - 1].done, 1);
    work_over(&jobs[0]);
}

static void a_loop_ends_its_jobs_and_its_patience(void **state)
{
    struct work jobs[JOBS];
    struct job *handles[JOBS];
    jobs_held(jobs, handles);
    timer_free(limit);
    assert_false(loop_free(loop)); /* the threads hang */
    int told = 0;
    for (int i = 0; i < JOBS; i++) {
        assert_false(jobs[i].ran);
        told += jobs[i].done;
    }
    assert_int_equal(told, JOBS - THREADS);
    work_opens(&jobs[0]);
    assert_true(loop_free(loop));
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(jobs[i].done, 1);
    work_over(&jobs[0]);
    setup(state);
}

/* ---- signals and input ---- */

static int heard_signal;

static void on_signal(void *self, int signal)
{
    assert_ptr_equal(self, &heard_signal);
    heard_signal = signal;
}

static void signals_are_told(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGWINCH, SIGTSTP, SIGCONT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        loop_on_signal(loop, signals[i], on_signal, &heard_signal);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        heard_signal = 0;
        assert_int_equal(raise(signals[i]), 0);
        UNTIL(heard_signal);
        assert_int_equal(heard_signal, signals[i]);
    }
}

static size_t input_bytes;
static int input_ends;

static void on_input(void *self, const char *bytes, size_t size)
{
    (void)self;
    (void)bytes;
    assert_int_equal(input_ends, 0);
    input_bytes += size;
    input_ends += size == 0;
    if (size > 0)
        loop_input_hold(loop, true);
}

static void input_can_be_held(void **state)
{
    (void)state;
    char words[6000] = "many lines";
    FILE *file = tmpfile();
    for (int kind = 0; kind < 2; kind++) { /* a pipe, a file */
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        int into = kind == 0 ? ends[1] : fileno(file), from = kind == 0 ? ends[0] : fileno(file);
        assert_int_equal(write(into, words, sizeof words), (ssize_t)sizeof words);
        close(ends[1]);
        lseek(from, 0, SEEK_SET);
        input_bytes = 0;
        input_ends = 0;
        loop_on_input(loop, from, on_input, NULL);
        UNTIL(input_bytes > 0);
        size_t before = input_bytes;
        assert_true(before < sizeof words);
        for (int i = 0; i < 5; i++) {
            loop_again(loop);
            turn();
        }
        assert_int_equal(input_bytes, before);
        loop_input_hold(loop, true);
        for (int i = 0; i < 4 && !input_ends; i++) {
            loop_input_hold(loop, false);
            UNTIL(input_bytes > before || input_ends);
            before = input_bytes;
        }
        assert_int_equal(input_bytes, sizeof words);
        assert_int_equal(input_ends, 1);
        loop_input_hold(loop, false);
        world_close();
        if (kind == 1)
            close(ends[0]);
        world_open();
    }
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_turn_ends_after_all_its_events, setup, teardown),
        cmocka_unit_test_setup_teardown(the_clocks_stand_still_in_a_turn_and_go_on_after_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(again_means_that_nothing_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(again_holds_from_an_event_too, setup, teardown),
        cmocka_unit_test_setup_teardown(timers_ring_once_and_never_early, setup, teardown),
        cmocka_unit_test_setup_teardown(a_timer_is_set_anew_and_taken_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_timer_can_be_freed_while_it_rings, setup, teardown),
        cmocka_unit_test_setup_teardown(jobs_leave_the_thread_and_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_job_that_did_not_start_can_be_cancelled, setup, teardown),
        cmocka_unit_test_setup_teardown(a_loop_ends_its_jobs_and_its_patience, setup, teardown),
        cmocka_unit_test_setup_teardown(signals_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(input_can_be_held, setup, teardown),
    };
    return cmocka_run_group_tests_name("net_loop", tests, NULL, NULL);
}
