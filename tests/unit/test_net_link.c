/* Links over loopback: how they come up, talk, are held back, and are known by their first bytes.
 * Their ends are in test_net_link_end.c. */
#include "net_ends.h"

#include <malloc.h>

/* ---- up, and talking ---- */

static void two_peers_talk(void **state)
{
    (void)state;
    both_up(LINK_TLS);
    for (int i = 0; i < 2; i++) {
        assert_false(ends[i].plain);
        assert_memory_equal(ends[i].peer, tls_context_key(contexts[1 - i]), TLS_KEY_BYTES);
    }
    assert_memory_equal(ends[0].exported, ends[1].exported, TLS_EXPORTED_BYTES);
    assert_true(ends[LISTENER].sniffs == 1 && ends[CALLER].sniffs == 0);
    struct address own;
    assert_true(link_own_address(ends[CALLER].link, &own));
    assert_true(address_equal(&own, link_address(ends[LISTENER].link)));
    talk(CALLER, sizeof words);
    talk(LISTENER, sizeof words);
    talk(CALLER, 1);
    assert_int_equal(link_queued(ends[CALLER].link), 0);
    uint64_t out = link_bytes_out(ends[CALLER].link);
    assert_int_equal(out, link_bytes_in(ends[LISTENER].link));
    assert_in_range(out, sizeof words, sizeof words * 101 / 100);
}

static void two_guests_talk(void **state)
{
    (void)state;
    both_up(LINK_PLAIN);
    assert_true(ends[0].plain && ends[1].plain);
    talk(LISTENER, sizeof words);
    talk(CALLER, 700);
    assert_int_equal(link_bytes_out(ends[CALLER].link), 700);
    assert_int_equal(ends[LISTENER].sniffs, 0);
}

static void a_greeting_in_up_is_the_first_word(void **state)
{
    (void)state;
    ends[CALLER].greets = "good evening";
    ends[LISTENER].greets = "come in";
    both_up(LINK_TLS);
    UNTIL(ends[CALLER].heard_size == 7 && ends[LISTENER].heard_size == 12);
    assert_memory_equal(buf_bytes(&ends[LISTENER].heard), "good evening", 12);
}

static void one_turn_is_one_write_and_one_record(void **state)
{
    (void)state;
    both_up(LINK_TLS);
    talk(CALLER, 1); /* whatever belongs to the handshake is over */
    uint64_t before = link_bytes_out(ends[CALLER].link);
    int queueds = ends[CALLER].queueds;
    for (int i = 0; i < 100; i++)
        send_all(&ends[CALLER], words, 20);
    assert_int_equal(link_queued(ends[CALLER].link), 2000);
    assert_int_equal(link_bytes_out(ends[CALLER].link), before); /* not yet */
    UNTIL(ends[LISTENER].heard_size == 2001);
    assert_int_equal(link_bytes_out(ends[CALLER].link) - before, 2000 + 22);
    assert_int_equal(ends[CALLER].queueds, queueds + 1);
    assert_int_equal(ends[CALLER].queued, 0);
}

static int turns_seen;

static void turn_count(void *self)
{
    (void)self;
    turns_seen++;
}

/* What a link costs when nothing happens: the loop waits until a timer of 300 ms, and nobody else
 * ends its wait. */
static void idle_links_wake_nobody(void **state)
{
    (void)state;
    both_up(LINK_TLS);
    talk(CALLER, 100000);
    talk(LISTENER, 100);
    for (int i = 0; i < 5; i++)
        turn();
    struct timer *timer = timer_new(loop, world_on_turn, NULL);
    timer_set(timer, loop_mono_ms(loop) + 300);
    turns_seen = 0;
    loop_on_turn(loop, turn_count, NULL);
    loop_run(loop);
    assert_in_range(turns_seen, 2, 4); /* before the wait, after it; the timer's rounding */
    timer_free(timer);
}

/* A byte a turn, as fast as turns go: those of some milliseconds are read together. A machine that
 * was too slow for that is asked again. */
static void crumbs_are_read_in_gulps(void **state)
{
    (void)state;
    enum { BYTES = 400, TRIES = 20 };
    for (int i = 0; i < TRIES; i++) {
        again(LINK_LIMITS);
        both_up(LINK_PLAIN);
        uint64_t began = loop_mono_ms(loop);
        for (size_t byte = 0; byte < BYTES; byte++) {
            send_all(&ends[CALLER], words + byte, 1);
            turn();
        }
        bool quick = loop_mono_ms(loop) - began < BYTES / 2;
        UNTIL(ends[LISTENER].heard_size == BYTES);
        assert_memory_equal(buf_bytes(&ends[LISTENER].heard), words, BYTES);
        if (!quick)
            continue;
        assert_in_range(ends[LISTENER].hearings, 1, BYTES / 2);
        return;
    }
    skip();
}

/* Much is said to each question, and the next waits for it: it is read at once, though a crowd's
 * words came before. A machine that was too slow is asked again. */
static void small_questions_are_read_at_once(void **state)
{
    (void)state;
    enum { CROWD = 50, QUESTIONS = 100, ANSWER = 5000, GULP = 15, TRIES = 20 };
    for (int i = 0; i < TRIES; i++) {
        again(LINK_LIMITS);
        both_up(LINK_PLAIN);
        for (size_t word = 0; word < CROWD; word++) {
            send_all(&ends[CALLER], words + word, 1);
            turn();
        }
        uint64_t began = loop_mono_ms(loop);
        for (size_t asked = 1; asked <= QUESTIONS; asked++) {
            send_all(&ends[CALLER], words + asked, 1);
            UNTIL(ends[LISTENER].heard_size == CROWD + asked);
            send_all(&ends[LISTENER], words, ANSWER);
            UNTIL(ends[CALLER].heard_size == asked * ANSWER);
        }
        if (loop_mono_ms(loop) - began < QUESTIONS * GULP / 2)
            return;
    }
    fail();
}

/* ---- bounds ---- */

static void a_queue_is_bounded_and_says_when_it_shrinks(void **state)
{
    (void)state;
    for (int plain = 0; plain < 2; plain++) {
        again((struct link_limits){200000, 10000, 2000, 10000, 250});
        ends[LISTENER].in_up = ACT_PAUSE;
        both_up(plain ? LINK_PLAIN : LINK_TLS);
        struct link *link = ends[CALLER].link;
        size_t sent = 0, refused = 0;
        assert_false(link_send(link, words, 200001));
        assert_false(link_send(link, words, SIZE_MAX));
        assert_true(link_send(link, words, 0));
        for (int i = 0; i < 2000 && refused < 20; i++) {
            if (link_send(link, words + sent % 1000, 10000))
                sent += 10000;
            else
                refused++;
            assert_true(link_queued(link) <= 200000 + 1000);
            turn();
        }
        assert_int_equal(refused, 20); /* the system's own buffers are full */
        int queueds = ends[CALLER].queueds;
        ends[LISTENER].deaf = true;
        assert_int_equal(ends[LISTENER].heard_size, 0);
        resume(&ends[LISTENER]);
        UNTIL(ends[LISTENER].heard_size == sent);
        UNTIL(ends[CALLER].queued == 0);
        assert_true(ends[CALLER].queueds > queueds);
        assert_true(link_send(link, words, 200000));
        UNTIL(ends[LISTENER].heard_size == sent + 200000);
    }
}

static void nothing_comes_while_paused(void **state)
{
    (void)state;
    for (int plain = 0; plain < 2; plain++) {
        again(LINK_LIMITS);
        ends[LISTENER].in_bytes = ACT_PAUSE;
        both_up(plain ? LINK_PLAIN : LINK_TLS);
        send_all(&ends[CALLER], words, 400000);
        size_t heard = 0;
        while (heard < 400000) {
            UNTIL(ends[LISTENER].heard_size > heard);
            heard = ends[LISTENER].heard_size;
            for (int i = 0; i < 3; i++)
                turn();
            assert_int_equal(ends[LISTENER].heard_size, heard);
            resume(&ends[LISTENER]);
        }
        assert_memory_equal(buf_bytes(&ends[LISTENER].heard), words, 400000);
        link_pause(ends[LISTENER].link); /* the end is not seen either */
        link_pause(ends[LISTENER].link);
        link_close(ends[CALLER].link);
        ends[CALLER].link = NULL;
        for (int i = 0; i < 5; i++)
            turn();
        assert_int_equal(ends[LISTENER].downs, 0);
        resume(&ends[LISTENER]);
        UNTIL(ends[LISTENER].downs);
        assert_int_equal(ends[LISTENER].why, LINK_DOWN_ENDED);
        nobody_left();
    }
}

static void an_idle_link_is_light(void **state)
{
    (void)state;
    enum { PAIRS = 10 };
    static struct end held[2][PAIRS];
    both_up(LINK_TLS);
    for (int i = 0; i < 2; i++) {
        held[i][0] = ends[i];
        ends[i].ups = 0;
    }
    size_t before = mallinfo2().uordblks;
    for (int n = 1; n < PAIRS; n++) {
        listener_starts = LINK_SNIFF;
        for (int i = 0; i < 2; i++) {
            ends[i] = (struct end){.dialect = LINK_IS_TLS, .dialect_at = 2};
            buf_init(&ends[i].heard, sizeof words);
        }
        both_up(LINK_TLS);
        talk(CALLER, 100000);
        talk(LISTENER, 100000);
        for (int i = 0; i < 2; i++) {
            buf_done(&ends[i].heard);
            UNTIL(link_queued(ends[i].link) == 0);
        }
        for (int i = 0; i < 2; i++)
            held[i][n] = ends[i];
    }
    for (int i = 0; i < 3; i++)
        turn(); /* timers are closed */
    size_t each = (mallinfo2().uordblks - before) / (2 * (PAIRS - 1));
    print_message("an idle link: %zu bytes\n", each); /* 0 under a sanitizer */
    assert_in_range(each, 0, 20000);                  /* of 32 KiB, all in */
    for (int i = 0; i < 2; i++) {
        for (int n = 0; n < PAIRS; n++)
            link_free(held[i][n].link);
        ends[i].link = NULL;
    }
}

/* ---- the first bytes ---- */

static void guests_are_known_by_their_first_bytes(void **state)
{
    (void)state;
    static const char line[] = "JOIN somebody";
    ends[LISTENER].dialect = LINK_IS_PLAIN;
    ends[LISTENER].dialect_at = 5;
    ends[LISTENER].greets = "welcome";
    int fd = stranger();
    for (size_t i = 0; i < strlen(line); i++) {
        stranger_says(fd, line + i, 1);
        UNTIL(ends[LISTENER].sniff_size + ends[LISTENER].heard_size > i);
        assert_int_equal(ends[LISTENER].ups, i >= 4);
    }
    UNTIL(ends[LISTENER].heard_size == strlen(line)); /* the sniffed ones again */
    assert_memory_equal(buf_bytes(&ends[LISTENER].heard), line, strlen(line));
    assert_int_equal(ends[LISTENER].sniffs, 5);
    assert_int_equal(links_half_open(links[LISTENER]), 0);
    char into[32];
    UNTIL(stranger_hears(fd, into, sizeof into) == 7);
    assert_memory_equal(into, "welcome", 7);
    close(fd);
    UNTIL(ends[LISTENER].downs);
    assert_int_equal(ends[LISTENER].why, LINK_DOWN_ENDED);
    nobody_left();
}

static void what_cannot_be_known_is_closed(void **state)
{
    (void)state;
    for (int how = 0; how < 5; how++) {
        again(LINK_LIMITS);
        ends[LISTENER].dialect_at = SIZE_MAX;
        int fd = stranger();
        if (how == 0) { /* for ever undecided */
            stranger_says(fd, words, LINK_SNIFF_MAX - 1);
            UNTIL(ends[LISTENER].sniff_size == LINK_SNIFF_MAX - 1);
            assert_int_equal(ends[LISTENER].downs, 0);
            stranger_says(fd, words, 5000);
        } else if (how == 1) { /* refused */
            ends[LISTENER].dialect = LINK_IS_BAD;
            ends[LISTENER].dialect_at = 3;
            stranger_says(fd, "\xff\xfe\xfd", 3);
        } else if (how == 2 || how == 3) { /* gone before */
            stranger_says(fd, "J", 1);
            UNTIL(ends[LISTENER].sniffs);
            if (how == 2)
                close(fd);
            else
                stranger_breaks(fd);
        } else { /* never said a word */
            close(fd);
        }
        static const enum link_down whys[] = {LINK_DOWN_BAD, LINK_DOWN_BAD, LINK_DOWN_ENDED,
                                              LINK_DOWN_CUT, LINK_DOWN_ENDED};
        UNTIL(ends[LISTENER].downs);
        assert_int_equal(ends[LISTENER].why, whys[how]);
        assert_int_equal(ends[LISTENER].ups, 0);
        if (how < 2)
            assert_int_equal(stranger_end(fd), -2);
        nobody_left();
    }
}

static void who_waits_for_our_first_word_is_a_guest(void **state)
{
    (void)state;
    for (int said = 0; said < 2; said++) {
        again(LINK_LIMITS);
        ends[LISTENER].dialect_at = SIZE_MAX;
        ends[LISTENER].greets = "Tertulia|who is there?";
        int fd = stranger();
        if (said) {
            stranger_says(fd, "h", 1);
            UNTIL(ends[LISTENER].sniffs);
        }
        inside = true;
        link_be_plain(ends[LISTENER].link);
        link_be_plain(ends[LISTENER].link);
        inside = false;
        stranger_says(fd, "ello", 4);
        UNTIL(ends[LISTENER].heard_size == (said ? 5 : 4));
        assert_memory_equal(buf_bytes(&ends[LISTENER].heard), &"hello"[said ? 0 : 1], said ? 5 : 4);
        char into[64];
        UNTIL(stranger_hears(fd, into, sizeof into) == 22);
        link_be_plain(ends[LISTENER].link); /* nothing new */
        turn();
        close(fd);
        UNTIL(ends[LISTENER].downs);
        nobody_left();
    }
}

/* ---- time ---- */

static void who_is_not_up_in_time_goes(void **state)
{
    (void)state;
    static const char *const said[] = {"", "\x16\x03", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03"};
    for (size_t i = 0; i < 4; i++) {
        again((struct link_limits){LINK_QUEUE_MAX, 40, 2000, 10000, 250});
        uint64_t start = loop_mono_ms(loop);
        int fd = -1, blackhole = -1;
        if (i < 3) {
            fd = stranger();
            size_t size = i == 2 ? 10 : strlen(said[i]);
            if (size)
                stranger_says(fd, said[i], size);
        } else { /* we called, and hear nothing */
            uint16_t ours = port;
            port = 0;
            blackhole = stranger_listens("127.0.0.1", 5, &port);
            call(LINK_TLS);
            port = port ? port : ours;
        }
        struct end *end = &ends[i < 3 ? LISTENER : CALLER];
        UNTIL(end->downs);
        assert_int_equal(end->why, LINK_DOWN_SILENT);
        assert_true(loop_mono_ms(loop) - start >= 40);
        if (fd >= 0)
            assert_int_equal(stranger_end(fd), -2);
        if (blackhole >= 0)
            close(blackhole);
        nobody_left();
    }
}

/* A handshake that comes byte by byte is slow, not wrong. */
static void a_slow_handshake_is_one_all_the_same(void **state)
{
    (void)state;
    uint8_t into[4096];
    int fd = stranger();
    struct tls *tls = tls_new(contexts[CALLER], TLS_CALLER);
    size_t count;
    timer_set(limit, loop_mono_ms(loop) + WORLD_LIMIT_MS);
    while (!ends[LISTENER].ups) {
        (void)!tls_handshake(tls);
        if (tls_outgoing(tls)->length > 0) {
            stranger_says(fd, buf_bytes(tls_outgoing(tls)), 1);
            tls_sent(tls, 1);
        }
        uint64_t before = ends[LISTENER].link ? link_bytes_in(ends[LISTENER].link) : 0;
        for (int i = 0; i < 50 && link_bytes_in(ends[LISTENER].link) == before; i++)
            turn();
        ssize_t size = stranger_hears(fd, into, 3);
        if (size > 0)
            assert_true(tls_feed(tls, into, (size_t)size));
    }
    timer_set(limit, TIMER_NEVER);
    assert_memory_equal(ends[LISTENER].peer, tls_context_key(contexts[CALLER]), TLS_KEY_BYTES);
    assert_int_equal(tls_write(tls, "cut", 3, &count), TLS_OK);
    stranger_says(fd, buf_bytes(tls_outgoing(tls)), tls_outgoing(tls)->length);
    close(fd); /* without a farewell */
    UNTIL(ends[LISTENER].downs);
    assert_int_equal(ends[LISTENER].heard_size, 3);
    assert_int_equal(ends[LISTENER].why, LINK_DOWN_CUT);
    tls_free(tls);
    nobody_left();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_peers_talk, setup, teardown),
        cmocka_unit_test_setup_teardown(two_guests_talk, setup, teardown),
        cmocka_unit_test_setup_teardown(a_greeting_in_up_is_the_first_word, setup, teardown),
        cmocka_unit_test_setup_teardown(one_turn_is_one_write_and_one_record, setup, teardown),
        cmocka_unit_test_setup_teardown(crumbs_are_read_in_gulps, setup, teardown),
        cmocka_unit_test_setup_teardown(small_questions_are_read_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(idle_links_wake_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(a_queue_is_bounded_and_says_when_it_shrinks, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nothing_comes_while_paused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_idle_link_is_light, setup, teardown),
        cmocka_unit_test_setup_teardown(guests_are_known_by_their_first_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_known_is_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(who_waits_for_our_first_word_is_a_guest, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_not_up_in_time_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_handshake_is_one_all_the_same, setup, teardown),
    };
    return cmocka_run_group_tests_name("net_link", tests, words_make, contexts_free);
}
