/* How links end: in order, by force, by mistake, by silence; and that the program may close or free
 * one in any callback. */
#include "net_ends.h"

#include <signal.h>

static void garbage_is_answered_with_an_alert(void **state)
{
    (void)state;
    int fd = stranger();
    stranger_says(fd, "\x16\x03\x01\x00\x04\x14\x00\x00\x00", 9);
    UNTIL(ends[LISTENER].downs);
    assert_int_equal(ends[LISTENER].why, LINK_DOWN_TLS);
    assert_int_equal(ends[LISTENER].fault, TLS_FAULT_BROKEN);
    uint8_t into[64];
    ssize_t count;
    UNTIL((count = stranger_hears(fd, into, sizeof into)) != -1);
    assert_int_equal(count, 7);
    assert_memory_equal(into, "\x15\x03", 2);
    assert_int_equal(stranger_end(fd), 0);
    nobody_left();
}

/* More than the systems of both sides hold. */
static void a_close_says_everything_first(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        int who = how % 2;
        again((struct link_limits){4 * sizeof words, 10000, 20000, 10000, 250});
        ends[1 - who].deaf = true;
        both_up(how < 2 ? LINK_TLS : LINK_PLAIN);
        for (int i = 0; i < 4; i++)
            send_all(&ends[who], words, sizeof words);
        send_all(&ends[1 - who], words, 300000); /* and what comes meanwhile does no harm */
        inside = true;
        link_close(ends[who].link);
        inside = false;
        ends[who].link = NULL;
        UNTIL(ends[1 - who].downs);
        assert_int_equal(ends[1 - who].why, LINK_DOWN_ENDED);
        assert_int_equal(ends[1 - who].heard_size, 4 * sizeof words);
        assert_int_equal(ends[who].downs, 0);
        nobody_left();
    }
}

/* Whoever ended its own side still gets what was on its way. */
static void half_a_close_still_hears(void **state)
{
    (void)state;
    ends[LISTENER].dialect = LINK_IS_PLAIN;
    ends[LISTENER].greets = "Mensaje recibido";
    int fd = stranger();
    stranger_says(fd, "a line", 6);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    UNTIL(ends[LISTENER].downs);
    char into[64];
    ssize_t count;
    UNTIL((count = stranger_hears(fd, into, sizeof into)) != -1);
    assert_int_equal(count, 16);
    assert_int_equal(stranger_end(fd), 0);
    nobody_left();
}

static void resets_are_told(void **state)
{
    (void)state;
    for (int plain = 0; plain < 2; plain++) {
        again(LINK_LIMITS);
        both_up(plain ? LINK_PLAIN : LINK_TLS);
        link_free(ends[CALLER].link);
        ends[CALLER].link = NULL;
        send_all(&ends[LISTENER], words, 200000); /* into the void */
        UNTIL(ends[LISTENER].downs);
        assert_int_equal(ends[LISTENER].why, LINK_DOWN_CUT);
        nobody_left();
    }
}

/* The other side ended in order and then broke: the system would send us SIGPIPE. */
static void writing_to_nobody_is_no_signal(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_DFL);
    again(LINK_LIMITS);
    ends[LISTENER].dialect = LINK_IS_PLAIN;
    ends[LISTENER].in_bytes = ACT_PAUSE; /* so the end is not seen first */
    int fd = stranger();
    stranger_says(fd, "hello", 5);
    UNTIL(ends[LISTENER].heard_size);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    stranger_breaks(fd);
    for (int i = 0; i < 3; i++) {
        (void)!link_send(ends[LISTENER].link, words, 100);
        turn();
    }
    assert_false(link_send(ends[LISTENER].link, words, 100));
    resume(&ends[LISTENER]);
    UNTIL(ends[LISTENER].downs);
    assert_int_equal(ends[LISTENER].why, LINK_DOWN_CUT);
    nobody_left();
}

static void a_close_does_not_wait_for_ever(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        again((struct link_limits){LINK_QUEUE_MAX, 10000, 30, 10000, 250});
        ends[LISTENER].dialect = LINK_IS_PLAIN;
        int fd = stranger();
        stranger_says(fd, "I never read, and never go", 26);
        UNTIL(ends[LISTENER].ups);
        for (int i = 0; i < 100 && how == 0; i++) { /* more than the system takes */
            (void)!link_send(ends[LISTENER].link, words, LINK_QUEUE_MAX / 2);
            turn();
        }
        link_close(ends[LISTENER].link);
        ends[LISTENER].link = NULL;
        if (how == 2)
            stranger_says(fd, words, 100000); /* and talks on */
        uint64_t start = loop_mono_ms(loop);
        nobody_left();
        assert_true(loop_mono_ms(loop) - start >= 20);
        close(fd);
    }
}

static void goodbyes_are_few(void **state)
{
    (void)state;
    enum { MANY = LINK_GOODBYES + 20 };
    int fds[MANY];
    listener_starts = LINK_PLAIN;
    for (int i = 0; i < MANY; i++) {
        ends[LISTENER].link = NULL;
        ends[LISTENER].ups = 0;
        fds[i] = stranger();
        UNTIL(ends[LISTENER].ups);
        link_close(ends[LISTENER].link);
        assert_true(links_count(links[LISTENER]) <= LINK_GOODBYES);
    }
    ends[LISTENER].link = NULL;
    assert_int_equal(links_count(links[LISTENER]), LINK_GOODBYES); /* the oldest were cut off */
    for (int i = 0; i < MANY; i++) {
        if (i == MANY - LINK_GOODBYES)
            assert_int_equal(links_count(links[LISTENER]), LINK_GOODBYES);
        close(fds[i]);
        turn();
    }
    nobody_left();
}

static void a_link_may_go_in_any_callback(void **state)
{
    (void)state;
    for (enum act what = ACT_FREE; what <= ACT_CLOSE; what++)
        for (int where = 0; where < 5; where++)
            for (int plain = 0; plain < 2; plain++) {
                again(LINK_LIMITS);
                struct end *end = &ends[LISTENER], *other = &ends[CALLER];
                end->dialect = plain ? LINK_IS_PLAIN : LINK_IS_TLS;
                end->in_sniff = where == 0 ? what : ACT_NONE;
                end->in_up = where == 1 ? what : ACT_NONE;
                end->in_bytes = where == 2 ? what : ACT_NONE;
                end->in_queued = where == 3 ? what : ACT_NONE;
                end->greets = "hello";
                other->greets = "first words";
                call(plain ? LINK_PLAIN : LINK_TLS);
                if (where == 4) { /* in nobody's, and at once */
                    UNTIL(end->link);
                    act(end, what);
                }
                UNTIL(!end->link);
                UNTIL(other->downs);
                assert_int_equal(end->downs, 0);
                assert_int_equal(end->ups, where >= 1 && where <= 3);
                nobody_left();
            }
}

static bool keeps(void *self, const struct address *own)
{
    const bool *answer = self;
    assert_true(address_is_loopback(own));
    return *answer;
}

static void who_has_no_address_any_more_is_lost(void **state)
{
    (void)state;
    for (int plain = 0; plain < 2; plain++) {
        bool answer = true;
        again(LINK_LIMITS);
        both_up(plain ? LINK_PLAIN : LINK_TLS);
        links_lose(links[CALLER], keeps, &answer);
        send_all(&ends[CALLER], words, 100);
        UNTIL(ends[LISTENER].heard_size == 100);
        assert_int_equal(ends[CALLER].downs, 0);
        answer = false;
        inside = true;
        links_lose(links[CALLER], keeps, &answer);
        links_lose(links[CALLER], keeps, &answer);
        inside = false;
        assert_int_equal(ends[CALLER].downs, 0);
        UNTIL(ends[CALLER].downs);
        assert_int_equal(ends[CALLER].why, LINK_DOWN_LOST);
        UNTIL(ends[LISTENER].downs);
        nobody_left();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(garbage_is_answered_with_an_alert, setup, teardown),
        cmocka_unit_test_setup_teardown(a_close_says_everything_first, setup, teardown),
        cmocka_unit_test_setup_teardown(half_a_close_still_hears, setup, teardown),
        cmocka_unit_test_setup_teardown(resets_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(writing_to_nobody_is_no_signal, setup, teardown),
        cmocka_unit_test_setup_teardown(a_close_does_not_wait_for_ever, setup, teardown),
        cmocka_unit_test_setup_teardown(goodbyes_are_few, setup, teardown),
        cmocka_unit_test_setup_teardown(a_link_may_go_in_any_callback, setup, teardown),
        cmocka_unit_test_setup_teardown(who_has_no_address_any_more_is_lost, setup, teardown),
    };
    return cmocka_run_group_tests_name("net_link_end", tests, words_make, contexts_free);
}
