/* Signatures: one alone is checked at once, all others on other threads, and each is answered. */
#include "net_world.h"

#include "app/jobs.h"
#include "core/crypto.h"
#include "make.h"

enum { ENTRIES = 3 };

static struct jobs *jobs;
static struct identity bea;
static struct entry *entries[ENTRIES];
static uint64_t answered[8]; /* tickets, in order */
static size_t kept[8];
static size_t answers;

static void on_answer(void *self, const struct node_event *event)
{
    (void)self;
    assert_int_equal(event->kind, EVENT_CHECKED);
    answered[answers] = event->ticket;
    kept[answers++] = event->verdict.kept;
}

static int setup(void **state)
{
    (void)state;
    static struct hash net;
    net = make_net();
    world_open();
    bea = make_person(2);
    make_log(&bea, 1, entries, ENTRIES, &signer_real);
    jobs = jobs_new(loop, &bea, &net, on_answer, NULL);
    answers = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jobs_free(jobs);
    drop_log(entries, ENTRIES);
    world_close();
    return 0;
}

/* A check of the first so many, whose author is `who`. */
static void check(uint64_t ticket, const struct identity *who, size_t count)
{
    struct node_effect *effect = xcalloc(1, sizeof *effect);
    struct sync_effect *sync = xcalloc(1, sizeof *sync);
    sync->kind = SYNC_CHECK;
    sync->range.author = who->id;
    sync->range.epoch = sync->below.epoch = make_epoch(1);
    sync->has_below = true;
    sync->count = count;
    sync->entries = xcalloc(count, sizeof *sync->entries);
    for (size_t i = 0; i < count; i++)
        sync->entries[i] = entry_hold(entries[i]);
    *effect = (struct node_effect){.kind = EFFECT_CHECK, .ticket = ticket, .sync = sync};
    sync->prev = sync;
    effect->held = sync;
    jobs_do(jobs, effect);
}

/* The loop's clock stands still within a turn. */
static void a_ms_passes(void)
{
    uint64_t before = loop_mono_ms(loop);
    struct timer *wake = timer_new(loop, world_on_turn, NULL);
    timer_set(wake, before + 2);
    UNTIL(loop_mono_ms(loop) > before);
    timer_free(wake);
}

static void one_alone_is_checked_at_once(void **state)
{
    (void)state;
    struct identity eva = make_person(3);
    check(7, &bea, 1);
    assert_int_equal(answers, 0); /* never inside the event that asked */
    jobs_answer(jobs);
    assert_int_equal(answers, 1);
    assert_int_equal(answered[0], 7);
    assert_int_equal(kept[0], 1);
    assert_true(jobs_are_over(jobs));
    jobs_answer(jobs);
    assert_int_equal(answers, 1);
    a_ms_passes();
    check(8, &eva, 1);
    jobs_answer(jobs);
    assert_int_equal(answers, 2);
    assert_int_equal(kept[1], 0); /* she did not sign it */
}

static void many_leave_the_thread(void **state)
{
    (void)state;
    check(1, &bea, ENTRIES);
    jobs_answer(jobs);
    assert_int_equal(answers, 0);
    a_ms_passes();
    check(2, &bea, 1); /* unless it is over by now, another is under way */
    jobs_answer(jobs);
    UNTIL(answers == 2);
    assert_true(jobs_are_over(jobs));
    a_ms_passes();
    check(3, &bea, 1);
    check(4, &bea, 1); /* the second of a millisecond */
    jobs_answer(jobs);
    assert_int_equal(answers, 3);
    assert_int_equal(answered[2], 3);
    UNTIL(answers == 4);
    for (size_t i = 0; i < answers; i++)
        assert_int_equal(kept[i], answered[i] == 1 ? ENTRIES : 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_alone_is_checked_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(many_leave_the_thread, setup, teardown),
    };
    core_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
