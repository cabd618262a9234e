/* One link: where messages end, silence, turns and bounds. Every story is told three times, in
 * chunks of different sizes. */
#include "guest_rig.h"

#include "base/utf8.h"

/* ---- the first bytes ---- */

static void tls_is_for_a_peer(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_feed(rig, "\x16\x03\x01\x02", 4);
    rig_is(rig, rig->chunk == 1 ? "native: \x16\n" : "native\n");
    rig_wait(rig, 60000);
    rig_end(rig);
    rig_is(rig, "");
    rig_free(rig);

    /* a peer that took too long hears nothing more, and calls again */
    rig = rig_caller(state);
    rig_wait(rig, GUEST_SILENCE_MS);
    rig_is(rig, "listens\n> ana|hola\n");
    rig_feed(rig, "\x16\x03\x01", 3);
    rig_is(rig, "hang up 2\n");
    rig_end(rig);
    rig_is(rig, "left\n");
    rig_free(rig);

    /* half of it is waited for, but not for ever */
    rig = rig_caller(state);
    rig_feed(rig, "\x16", 1);
    rig_wait(rig, GUEST_HALF_MS - 1);
    rig_feed(rig, "\x03\x01", 2);
    rig_is(rig, "native: \x16\n");
    rig_free(rig);
    rig = rig_caller(state);
    rig_feed(rig, "\x16", 1);
    rig_wait(rig, GUEST_HALF_MS);
    rig_is(rig, "known plain\nsaid: <U+0016>\n");
    rig_free(rig);
}

static void silence_is_greeted_and_hears(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_wait(rig, GUEST_SILENCE_MS - 1);
    rig_is(rig, "");
    assert_false(rig_say(rig, "bea", "too early"));
    rig_wait(rig, 1);
    rig_is(rig, "listens\n> ana|hola\n");
    assert_true(rig_say(rig, "Bea M", "uno"));
    rig_wait(rig, 100);
    rig_is(rig, "> Bea_M|uno\n");
    rig_wait(rig, 600000);
    rig_is(rig, "");
    rig_hear(rig, "hola");
    rig_is(rig, "known plain\nsaid: hola\n");
    assert_true(rig_say(rig, "Bea M", "dos"));
    rig_wait(rig, 100);
    rig_is(rig, "> Bea M: dos\n");
    rig_end(rig);
    rig_is(rig, "left\n");
    rig_free(rig);
}

/* Somebody at a terminal, with a bare connection: what they hear is not all one line. */
static void who_speaks_in_lines_hears_lines(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "hola\n");
    assert_true(rig_say(rig, "bea", "uno"));
    rig_wait(rig, 100);
    rig_is(rig, "known plain\nsaid: hola\nline> bea: uno\n");
    rig_free(rig);
    rig = rig_caller(state);
    rig_hear(rig, "Vecino 7\n"); /* no program of theirs is told otherwise than before */
    assert_true(rig_say(rig, "bea", "uno"));
    rig_wait(rig, 100);
    rig->log[rig->used] = '\0';
    assert_null(strstr(rig->log, "line> "));
    assert_non_null(strstr(rig->log, "uno"));
    rig_free(rig);
}

static void a_probe_is_nobody(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_wait(rig, 100);
    rig_end(rig); /* connects, and goes */
    rig_is(rig, "");
    rig_free(rig);
    rig = rig_caller(state);
    rig_feed(rig, "--name", 6);
    rig_wait(rig, GUEST_GATHER_MS - 1);
    rig_is(rig, "");
    rig_wait(rig, 1);
    rig_is(rig, "> ana\n");
    rig_end(rig);
    rig_is(rig, "");
    rig_free(rig);
    rig = rig_caller(state);
    rig_hear(rig, " \n\n");
    rig_is(rig, "");
    rig_wait(rig, GUEST_SILENCE_MS); /* that was silence too */
    rig_is(rig, "listens\n> ana|hola\n");
    rig_free(rig);
}

static void what_is_no_text_is_refused(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "\xff\xfe\x01");
    rig_is(rig, "hang up 1\n");
    rig_hear(rig, "hola");
    rig_end(rig);
    rig_is(rig, "");
    rig_free(rig);
    /* of who is somebody already it is shown */
    rig = rig_caller(state);
    rig_hear(rig, "hola");
    rig_hear(rig, "ma\xf1"
                  "ana \xff");
    rig_is(rig, "known plain\nsaid: hola\nsaid: ma<F1>ana <FF>\n");
    rig_free(rig);
}

/* ---- where a message ends ---- */

static void a_pause_ends_a_message(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_feed(rig, "ho", 2);
    rig_wait(rig, GUEST_GATHER_MS - 1);
    rig_feed(rig, "la", 2);
    rig_wait(rig, GUEST_GATHER_MS);
    rig_feed(rig, "mundo", 5);
    rig_wait(rig, GUEST_GATHER_MS);
    rig_is(rig, "known plain\nsaid: hola\nsaid: mundo\n");
    /* the end of the link does too */
    rig_feed(rig, "ya", 2);
    rig_end(rig);
    rig_is(rig, "said: ya\nleft\n");
    rig_free(rig);
}

static void a_half_character_is_waited_for(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_feed(rig, "ma\xc3", 3);
    rig_wait(rig, GUEST_HALF_MS - 1);
    rig_is(rig, "");
    rig_feed(rig,
             "\xb1"
             "ana",
             4);
    rig_wait(rig, GUEST_GATHER_MS);
    rig_is(rig, "known plain\nsaid: mañana\n");
    rig_feed(rig, "\xf0\x9f\x8e", 3);
    rig_wait(rig, GUEST_HALF_MS);
    rig_is(rig, "said: <F0><9F><8E>\n");
    rig_free(rig);
}

static void what_never_pauses_ends_too(void **state)
{
    struct rig *rig = rig_caller(state);
    for (int i = 0; i < 50; i++) {
        rig_feed(rig, "xx", 2);
        rig_wait(rig, 2);
    }
    rig_wait(rig, 100);
    rig_is(rig, "known plain\nsaid: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
                "said: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
    rig_free(rig);
}

static void lines_are_messages(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "uno\r\ndos\n\n  tres\n");
    rig_is(rig, "known plain\nsaid: uno\nsaid: dos\nsaid:   tres\n");
    rig_free(rig);
}

static void hostile_text_is_made_harmless(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "a\x1b[2J\x07\tb\xe2\x80\xae");
    rig_is(rig, "known plain\nsaid: a<U+001B>[2J<U+0007>    b<U+202E>\n");
    rig_free(rig);
}

/* ---- bounds ---- */

static void a_long_message_is_cut_off(void **state)
{
    struct rig *rig = rig_caller(state);
    char text[3000];
    memset(text, 'x', sizeof text);
    memcpy(text + 1023, "ñ", 2); /* the cut goes through it */
    rig_feed(rig, text, sizeof text);
    rig_wait(rig, GUEST_GATHER_MS);
    char wanted[1200];
    snprintf(wanted, sizeof wanted, "cut long\nknown plain\nsaid: %.1023s\n", text);
    rig_is(rig, wanted);
    rig_hear(rig, "bien");
    rig_feed(rig, text, 1024); /* as much as may be, but for the half at its end */
    rig_wait(rig, GUEST_HALF_MS);
    snprintf(wanted, sizeof wanted, "said: bien\nsaid: %.1023s<C3>\n", text);
    rig_is(rig, wanted);
    rig_free(rig);
}

static void the_worst_text_fits_an_entry(void **state)
{
    struct rig *rig = rig_caller(state);
    char text[GUEST_MESSAGE];
    memset(text, 1, sizeof text);
    rig_feed(rig, text, sizeof text);
    rig_wait(rig, GUEST_GATHER_MS);
    rig->log[rig->used] = '\0';
    assert_non_null(strstr(rig->log, "known plain\nsaid: <U+0001>"));
    assert_true(rig->used <= TEXT_MAX + 32);
    rig_free(rig);
}

static size_t count_of(const struct rig *rig, const char *what)
{
    size_t count = 0;
    for (const char *at = rig->log; (at = strstr(at, what)); at++)
        count++;
    return count;
}

static void a_flood_is_cut_off_with_one_word(void **state)
{
    struct rig *rig = rig_caller(state);
    /* 10 s at 100 messages a second: what GUEST_SPELL_MS allows, and 20 a second */
    for (int i = 0; i < 1000; i++) {
        rig_feed(rig, "x", 1);
        rig_wait(rig, 10);
    }
    rig->log[rig->used] = '\0';
    assert_in_range(count_of(rig, "said: x"), 295, 301);
    assert_int_equal(count_of(rig, "cut flood"), 1);
    rig->used = 0;
    /* it goes on, so it is said again; and at a talker's pace all is well */
    for (int i = 0; i < 1000; i++) {
        rig_feed(rig, "x", 1);
        rig_wait(rig, 10);
    }
    rig->log[rig->used] = '\0';
    assert_int_equal(count_of(rig, "cut flood"), 1);
    rig_wait(rig, 5000);
    rig->used = 0;
    for (int i = 0; i < 200; i++) {
        rig_feed(rig, "x", 1);
        rig_wait(rig, 50);
    }
    rig->log[rig->used] = '\0';
    assert_int_equal(count_of(rig, "said: x"), 200);
    assert_int_equal(count_of(rig, "cut"), 0);
    rig_free(rig);
}

static void a_flood_of_lines_is_one_too(void **state)
{
    struct rig *rig = rig_caller(state);
    char text[1024];
    for (size_t i = 0; i < sizeof text; i += 2)
        memcpy(text + i, "x\n", 2);
    rig_feed(rig, text, sizeof text);
    rig_wait(rig, GUEST_GATHER_MS);
    rig->log[rig->used] = '\0';
    assert_int_equal(count_of(rig, "said: x"), 100);
    assert_int_equal(count_of(rig, "cut flood"), 1);
    rig_free(rig);
}

static void words_go_one_by_one(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "hola");
    rig_drain(rig);
    rig->used = 0;
    for (int i = 0; i < 3; i++)
        assert_true(rig_say(rig, "bea", i == 0 ? "a" : i == 1 ? "b" : "c"));
    rig_is(rig, "> bea: a\n");
    rig_wait(rig, GUEST_PACE_MS - 1);
    rig_is(rig, "");
    rig_wait(rig, 1);
    rig_is(rig, "> bea: b\n");
    rig_wait(rig, GUEST_PACE_MS);
    rig_is(rig, "> bea: c\n");
    rig_free(rig);
}

static void long_words_are_cut_without_loss(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "hola");
    rig_drain(rig);
    rig->used = 0;
    char text[TEXT_MAX + 1], back[TEXT_MAX + 1];
    for (size_t i = 0; i < TEXT_MAX; i += 4)
        memcpy(text + i, i % 8 ? "ññ" : "🎉", 4);
    text[TEXT_MAX] = '\0';
    assert_true(rig_say(rig, "bea", text));
    rig_wait(rig, 1000);
    rig->log[rig->used] = '\0';
    size_t used = 0, pieces = 0;
    for (const char *at = rig->log; (at = strstr(at, "> bea: ")); pieces++) {
        at += strlen("> bea: ");
        size_t size = strcspn(at, "\n");
        assert_true(utf8_valid(at, size));
        assert_true(size + strlen("bea: ") <= GUEST_OUT);
        memcpy(back + used, at, size);
        used += size;
    }
    assert_int_equal(used, TEXT_MAX);
    assert_memory_equal(back, text, TEXT_MAX);
    assert_int_equal(pieces, 5);
    rig_free(rig);
}

static void no_line_of_a_text_is_without_its_speaker(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "hola");
    rig_drain(rig);
    rig->used = 0;
    assert_true(rig_say(rig, "bea", "uno\r\nana: dos\n\n\x1b]0;x\x07"));
    rig_wait(rig, 1000);
    rig_is(rig, "> bea: uno\n> bea: ana: dos\n> bea: <U+001B>]0;x<U+0007>\n");
    char many[100];
    for (size_t i = 0; i < sizeof many - 1; i++)
        many[i] = i % 2 ? '\n' : (char)('a' + i / 2 % 26);
    many[sizeof many - 1] = '\0';
    assert_true(rig_say(rig, "bea", many));
    rig_wait(rig, 1000);
    rig->log[rig->used] = '\0';
    assert_int_equal(count_of(rig, "> bea: "), GUEST_LINES);
    assert_non_null(strstr(rig->log, "> bea: p q r s t"));
    rig_free(rig);
}

static void a_full_queue_says_what_is_missing(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "hola");
    rig->closed = true;
    unsigned taken = 0;
    for (unsigned i = 0; i < GUEST_QUEUE + 10; i++)
        taken += rig_say(rig, "bea", "x");
    assert_int_equal(taken, GUEST_QUEUE);
    assert_int_equal(guest_waiting(rig->guest), GUEST_QUEUE);
    rig_drain(rig);
    rig->used = 0;
    rig->closed = false;
    rig_wait(rig, 60000);
    rig->log[rig->used] = '\0';
    assert_int_equal(count_of(rig, "> bea: x"), GUEST_QUEUE);

    assert_int_equal(count_of(rig, "lost 10"), 1);
    assert_int_equal(count_of(rig, "> * faltan 10 mensajes"), 1);
    rig_free(rig);

    rig = rig_caller(state); /* bytes are counted too */
    rig_hear(rig, "hola");
    rig->closed = true;
    char text[901];
    memset(text, 'x', 900);
    text[900] = '\0';
    for (taken = 0; rig_say(rig, "bea", text);)
        taken++;
    assert_in_range(taken, 140, 145);
    rig_free(rig);
}

static void who_reads_nothing_is_given_up(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "hola");
    rig_wait(rig, 100000);
    rig->used = 0;
    rig->closed = true;
    assert_true(rig_say(rig, "bea", "x"));
    rig_wait(rig, GUEST_STUCK_MS - 1);
    rig_is(rig, "");
    rig_wait(rig, 1);
    rig_is(rig, "hang up 3\n");
    rig_end(rig);
    rig_is(rig, "left\n");
    assert_false(rig_say(rig, "bea", "x"));
    rig_free(rig);

    /* who reads slowly is not */
    rig = rig_caller(state);
    rig_hear(rig, "hola");
    for (int i = 0; i < 10; i++)
        assert_true(rig_say(rig, "bea", "x"));
    rig->closed = true;
    for (int i = 0; i < 9; i++) {
        rig_wait(rig, GUEST_STUCK_MS - 1);
        char bytes[GUEST_OUT];
        assert_int_equal(guest_pull(rig->guest, rig->now, bytes), 6);
    }
    rig_drain(rig);
    rig->log[rig->used] = '\0';
    assert_int_equal(count_of(rig, "hang up"), 0);
    rig_free(rig);
}

static void we_leave_in_order(void **state)
{
    struct rig *rig = rig_caller(state);
    rig_hear(rig, "hola");
    rig_say(rig, "bea", "x");
    rig_say(rig, "bea", "y");
    rig_drain(rig);
    rig->used = 0;
    guest_leave(rig->guest, rig->now);
    rig_is(rig, "hang up 0\n");
    rig_end(rig);
    rig_is(rig, "left\n");
    guest_leave(rig->guest, rig->now);
    guest_retry(rig->guest, rig->now);
    rig_hear(rig, "hola");
    rig_is(rig, "");
    rig_free(rig);
}

static void an_end_without_a_beginning_is_fine(void **state)
{
    struct rig *rig = rig_new(*(size_t *)*state, &(struct guest_config){.role = GUEST_CALLED});
    rig_is(rig, "dial\n");
    rig_hear(rig, "too early");
    rig_end(rig); /* it could not be reached */
    rig_is(rig, "");
    guest_up(rig->guest, rig->now);
    rig_is(rig, "");
    guest_retry(rig->guest, rig->now);
    guest_retry(rig->guest, rig->now);
    rig_is(rig, "dial\n");
    guest_leave(rig->guest, rig->now);
    guest_up(rig->guest, rig->now);
    rig_wait(rig, 10000);
    rig_is(rig, "");
    rig_free(rig);
    guest_free(NULL);
}

/* Where bytes come one by one, what comes first looks like the words of a guest. */
static void a_peer_that_greets_in_pieces_is_no_guest(void **state)
{
    static const char *const pieces[] = {"br", "uno", "|", "h", "ol"};
    struct rig *rig = rig_called(state, NULL, 9000);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        rig_hear(rig, pieces[i]);
        rig_wait(rig, GUEST_HALF_MS - GUEST_GATHER_MS - 1);
        rig_is(rig, "");
    }
    rig_hear(rig, "a");
    rig_is(rig, "hang up 5\n");
    rig_free(rig);
    rig = rig_called(state, NULL, 9999); /* when a name is awaited */
    rig_wait(rig, 2 * GUEST_LISTEN_MS);
    rig_hear(rig, "bruno|ho");
    rig_wait(rig, GUEST_GATHER_MOST_MS);
    rig_hear(rig, "la");
    rig_is(rig, "> --name\nhang up 5\n");
    rig_free(rig);
    rig = rig_called(state, NULL, 9000); /* somebody who says as much, and no more */
    rig_hear(rig, "localhost:9000|ho");
    rig_is(rig, "");
    rig_wait(rig, GUEST_HALF_MS);
    rig_is(rig, "known piped <localhost:9000>\nsaid <localhost:9000>: ho\n");
    rig_hear(rig, "localhost:9000|h");
    rig_is(rig, "said <localhost:9000>: h\n");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(tls_is_for_a_peer),
        rig_test(a_peer_that_greets_in_pieces_is_no_guest),
        rig_test(silence_is_greeted_and_hears),
        rig_test(who_speaks_in_lines_hears_lines),
        rig_test(a_probe_is_nobody),
        rig_test(what_is_no_text_is_refused),
        rig_test(a_pause_ends_a_message),
        rig_test(a_half_character_is_waited_for),
        rig_test(what_never_pauses_ends_too),
        rig_test(lines_are_messages),
        rig_test(hostile_text_is_made_harmless),
        rig_test(a_long_message_is_cut_off),
        rig_test(the_worst_text_fits_an_entry),
        rig_test(a_flood_is_cut_off_with_one_word),
        rig_test(a_flood_of_lines_is_one_too),
        rig_test(words_go_one_by_one),
        rig_test(long_words_are_cut_without_loss),
        rig_test(no_line_of_a_text_is_without_its_speaker),
        rig_test(a_full_queue_says_what_is_missing),
        rig_test(who_reads_nothing_is_given_up),
        rig_test(we_leave_in_order),
        rig_test(an_end_without_a_beginning_is_fine),
    };
    core_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
