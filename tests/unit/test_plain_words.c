/* What happens, as lines for people: nobody's words pass for another line, whatever is in them. */
#include "unit.h"

#include "plain_rig.h"

#include "core/command.h"

#include <stdio.h>

#define WHISPER "@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SEVERAL WHISPER ",bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define CARLOS WHISPER "/piped/carlos"

/* ---- hostile ---- */

static void nobodys_words_pass_for_another_line(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct node_line line = rig_line("one\ncarla 12:02: two\r\nthree\x1b[2J\x07 \xff\u202e.");
    plain_line(&rig->words, &line);
    rig_said(rig, "bruno 12:02: one\n"
                  "bruno 12:02: carla 12:02: two\n"
                  "bruno 12:02: three<U+001B>[2J<U+0007> <FF><U+202E>.\n");
    line.text = span_text("waves\nand is gone");
    line.kind = ENTRY_ACT;
    plain_line(&rig->words, &line);
    rig_said(rig, "bruno 12:02 * waves\nbruno 12:02 * and is gone\n");
    line.text = span_text("");
    plain_line(&rig->words, &line);
    rig_said(rig, "bruno 12:02 * \n");
    line.kind = ENTRY_TOPIC;
    line.text = span_text("one\ncarla 12:02: two");
    plain_line(&rig->words, &line);
    rig_said(rig, "bruno set the topic: one<U+000A>carla 12:02: two (12:02)\n");
    rig_free(rig);
}

static void nobodys_name_passes_for_a_line(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"bruno", "bruno"},
        {"ana~k7fq", "ana~k7fq"},
        {"o'neil-2.b_c", "o'neil-2.b_c"},
        {"José", "José"},
        {"Мария", "Мария"},
        {"花子", "花子"},
        {"bruno: hola", "\"bruno: hola\""},
        {"bruno whispers to you", "\"bruno whispers to you\""},
        {"bruno\u00a0x", "\"bruno\u00a0x\""},
        {"bruno\u3000x", "\"bruno\u3000x\""},
        {"bruno：", "\"bruno：\""},
        {"(guest", "\"(guest\""},
        {"a\"b", "\"a\\\"b\""},
        {"*", "\"*\""},
        {"#everyone", "\"#everyone\""},
        {"a\nb", "\"a<U+000A>b\""},
        {"\xff", "\"<FF>\""},
        {"", "\"\""},
    };
    char name[PLAIN_NAME_BYTES];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_string_equal(plain_name(names[i][0], strlen(names[i][0]), name), names[i][1]);
}

static void a_long_name_is_cut_and_still_quoted(void **state)
{
    (void)state;
    char raw[5000], name[PLAIN_NAME_BYTES];
    memset(raw, 'x', sizeof raw);
    plain_name(raw, sizeof raw, name);
    assert_int_equal(strlen(name), PLAIN_NAME_BYTES - 2);
    memset(raw, ' ', sizeof raw);
    plain_name(raw, sizeof raw, name);
    assert_int_equal(strlen(name), PLAIN_NAME_BYTES - 1);
    assert_int_equal(name[0], '"');
    assert_int_equal(name[PLAIN_NAME_BYTES - 2], '"');
    memset(raw, '\x01', sizeof raw);
    assert_true(strlen(plain_name(raw, sizeof raw, name)) < PLAIN_NAME_BYTES);
}

/* Everything at its longest: nothing is cut but names, and the words are all there. */
static void the_longest_of_all_fits(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    char *name = xcalloc(1, 5001), *text = xcalloc(1, 65537), room[64] = "#";
    memset(name, ':', 5000);
    memset(text, '\x01', 65536);
    memset(room + 1, 'r', 62);
    struct node_line line = rig_line(text);
    line.name = name;
    line.guest = span_text(name);
    line.conversation = room;
    line.late = line.again = true;
    line.skew_ms = INT64_MIN + 1;
    plain_line(&rig->words, &line);
    assert_true(rig->size > 8 * 65536 + 2 * 1000);
    assert_non_null(strstr(rig->pad, "(guest of \":::"));
    assert_non_null(strstr(rig->pad, "not encrypted) in #rrr"));
    assert_non_null(strstr(rig->pad, "behind, late, said again) 12:02: <U+0001>"));
    rig->size = 0;
    line.kind = ENTRY_ACT;
    line.whisper = true;
    line.conversation = SEVERAL;
    rig_hold(rig, SEVERAL, name);
    plain_line(&rig->words, &line);
    line.kind = ENTRY_TOPIC;
    plain_line(&rig->words, &line);
    rig->words.here = SEVERAL;
    char prompt[2048];
    plain_prompt(&rig->words, prompt, sizeof prompt);
    assert_non_null(strstr(prompt, "\" (whisper) > "));
    free(name);
    free(text);
    rig_free(rig);
}

/* ---- what people say ---- */

static void a_line_says_where_unless_it_is_here(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct node_line line = rig_line("hola");
    plain_line(&rig->words, &line);
    rig->words.here = "#lab";
    plain_line(&rig->words, &line);
    line.kind = ENTRY_ACT;
    plain_line(&rig->words, &line);
    rig_said(rig, "bruno 12:02: hola\nbruno in #everyone 12:02: hola\n"
                  "bruno in #everyone 12:02 * hola\n");
    rig_free(rig);
}

static void a_whisper_is_told_from_both_ends(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct node_line line = rig_line("psst");
    rig_hold(rig, WHISPER, "bruno");
    rig_hold(rig, SEVERAL, "bruno, carla");
    line.whisper = line.mention = true;
    line.conversation = WHISPER;
    plain_line(&rig->words, &line);
    line.conversation = SEVERAL;
    plain_line(&rig->words, &line);
    line.name = "ana";
    line.own = true;
    line.conversation = WHISPER;
    plain_line(&rig->words, &line);
    line.kind = ENTRY_ACT;
    plain_line(&rig->words, &line);
    rig_said(rig, "bruno whispers to you 12:02: psst\n"
                  "bruno whispers to \"bruno, carla\" 12:02: psst\n"
                  "ana whispers to bruno 12:02: psst\n"
                  "ana whispers to bruno 12:02: * ana psst\n");
    rig_free(rig);
}

static void a_guest_is_marked_as_one(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct node_line line = rig_line("buenas");
    line.guest = span_text("carlos");
    line.dialect = span_text("piped");
    line.name = "ana";
    line.own = true; /* we are the host: the words are the guest's all the same */
    plain_line(&rig->words, &line);
    rig_hold(rig, CARLOS, "carlos");
    line.whisper = true;
    line.conversation = CARLOS;
    plain_line(&rig->words, &line);
    rig_said(rig, "carlos (guest of ana, not encrypted) 12:02: buenas\n"
                  "carlos (guest of ana, not encrypted) whispers to you 12:02: buenas\n");
    rig_free(rig);
}

static void marks_say_what_is_odd_about_the_time(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct node_line line = rig_line("hola");
    line.skew_ms = 180000;
    plain_line(&rig->words, &line);
    line.skew_ms = -5 * 3600000;
    line.late = true;
    plain_line(&rig->words, &line);
    line.skew_ms = 0;
    line.again = true;
    line.kind = ENTRY_ACT;
    plain_line(&rig->words, &line);
    rig_said(rig, "bruno (clock 3 min ahead) 12:02: hola\n"
                  "bruno (clock 5 h behind, late) 12:02: hola\n"
                  "bruno (late, said again) 12:02 * hola\n");
    rig_free(rig);
}

/* By where it stands: the sender's clock may lie. */
static void another_day_has_a_line(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct node_line line = rig_line("hola");
    line.time -= 40 * RIG_DAY;
    plain_line(&rig->words, &line);
    line.order.key += RIG_DAY;
    plain_line(&rig->words, &line);
    plain_line(&rig->words, &line);
    plain_tell_at(&rig->words, RIG_NOON + 12 * RIG_DAY, "%1$s left", "bruno", NULL);
    line.order.key = 0;
    plain_line(&rig->words, &line);
    rig_said(rig, "bruno 12:02: hola\n"
                  "Friday 21 November\nbruno 12:02: hola\nbruno 12:02: hola\n"
                  "Tuesday 2 December\nbruno left (12:00)\n"
                  "Thursday 1 January\nbruno 12:02: hola\n");
    rig_free(rig);
}

static void what_happens_is_a_sentence(void **state)
{
    (void)state;
    static const struct {
        uint32_t kind;
        const char *text, *expected;
    } cases[] = {
        {ENTRY_JOIN, "", "bruno came in (12:02)\n"},
        {ENTRY_LEAVE, "", "bruno left (12:02)\n"},
        {ENTRY_LEAVE, "tired", "bruno left: tired (12:02)\n"},
        {ENTRY_TOPIC, "news", "bruno set the topic: news (12:02)\n"},
        {ENTRY_TOPIC, "", "bruno took the topic away (12:02)\n"},
        {ENTRY_CALL, "", "bruno rings you (12:02)\n"},
        {77, "x", "bruno said something that this version cannot show (12:02)\n"},
    };
    struct rig *rig = rig_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct node_line line = rig_line(cases[i].text);
        line.kind = cases[i].kind;
        plain_line(&rig->words, &line);
        rig_said(rig, cases[i].expected);
    }
    struct node_line line = rig_line("x");
    line.readable = false;
    line.conversation = "#lab";
    plain_line(&rig->words, &line);
    rig_said(rig, "bruno said something that this version cannot show (#lab, 12:02)\n");
    line.readable = true;
    line.kind = ENTRY_CALL;
    line.conversation = WHISPER;
    line.whisper = true;
    plain_line(&rig->words, &line);
    rig_said(rig, "bruno rings you (12:02)\n");
    rig_free(rig);
}

/* ---- the prompt ---- */

static void the_prompt_says_where_enter_goes(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    char prompt[2048];
    plain_prompt(&rig->words, prompt, sizeof prompt);
    assert_string_equal(prompt, "#everyone > ");
    rig_hold(rig, WHISPER, "bruno");
    rig->words.here = WHISPER;
    plain_prompt(&rig->words, prompt, sizeof prompt);
    assert_string_equal(prompt, "bruno (whisper) > ");
    rig_hold(rig, CARLOS, "carlos\x1b[31m > ");
    rig->words.here = CARLOS;
    plain_prompt(&rig->words, prompt, sizeof prompt);
    assert_string_equal(prompt, "\"carlos<U+001B>[31m > \" (guest, not encrypted) > ");
    rig_free(rig);
}

/* ---- answers ---- */

static void people_are_listed_with_all_that_is_known(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    const struct node_peer peers[] = {
        {.name = "ana", .presence = PRESENCE_AWAY, .self = true, .why = "lunch\x1b"},
        {.name = "bruno", .presence = PRESENCE_LINKED, .rtt_us = 1250, .trust = TRUST_VERIFIED},
        {.name = "carla", .presence = PRESENCE_MESH, .ignored = true},
        {.name = "eva x", .presence = PRESENCE_GONE, .seen = RIG_NOON - 720000},
        {.name = "dani", .presence = PRESENCE_GONE, .trust = TRUST_BLOCKED},
        {.name = "carlos", .guest = "piped", .presence = PRESENCE_LINKED},
        {.name = "eli", .guest = "join", .host = "carla x", .presence = PRESENCE_MESH},
    };
    struct node_answer answer = {.command = COMMAND_PEERS, .count = 7, .peers = peers};
    plain_answer(&rig->words, &answer, RIG_NOON);
    rig_said(rig, "ana: this is you, away: lunch<U+001B>\n"
                  "bruno: here, verified, 1.2 ms\n"
                  "carla: here, by way of others, ignored\n"
                  "\"eva x\": gone, last seen 12 min ago\n"
                  "dani: gone, blocked\n"
                  "carlos: here, guest that speaks piped, not encrypted\n"
                  "eli: here, by way of others, guest of \"carla x\" that speaks join, not "
                  "encrypted\n");
    answer = (struct node_answer){.command = COMMAND_INFO, .count = 1, .peers = &peers[4]};
    memcpy(answer.verify, "abcd", 5);
    plain_answer(&rig->words, &answer, RIG_NOON);
    rig_said(rig, "dani: gone, blocked\nTo compare aloud: abcd\n");
    rig_free(rig);
}

static void other_lists_say_when_they_are_empty(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    const struct node_room rooms[] = {
        {.conversation = "#everyone", .joined = true, .members = 2, .topic = "news"},
        {.conversation = "#lab", .members = 1},
    };
    struct node_answer answer = {.command = COMMAND_ROOMS, .count = 2, .rooms = rooms};
    plain_answer(&rig->words, &answer, RIG_NOON);
    rig_said(rig, "#everyone: you are in it, 2 people, topic: news\n"
                  "#lab: you are not in it, 1 person\n");
    struct node_line found = rig_line("hola");
    found.conversation = "#lab";
    answer = (struct node_answer){.command = COMMAND_SEARCH, .count = 1, .lines = &found};
    plain_answer(&rig->words, &answer, RIG_NOON);
    answer.count = 0;
    plain_answer(&rig->words, &answer, RIG_NOON);
    rig_said(rig, "bruno in #lab 12:02: hola\n1 line found\nNothing was found.\n");
    const char *labels[] = {"bruno", "carla"};
    bool stored[] = {true, false};
    answer = (struct node_answer){.command = COMMAND_WHO_GOT, .count = 2, .labels = labels};
    answer.stored = stored;
    plain_answer(&rig->words, &answer, RIG_NOON);
    answer.ref.seq = 1;
    plain_answer(&rig->words, &answer, RIG_NOON);
    answer.count = 0;
    plain_answer(&rig->words, &answer, RIG_NOON);
    rig_said(rig, "You have said nothing here since the start.\n"
                  "bruno: has it\ncarla: not yet\n"
                  "Nobody else is expected to have it.\n");
    rig_free(rig);
}

static void errors_are_called_so(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    plain_say(&rig->words, true, "it went wrong");
    plain_say(&rig->words, false, "it did not");
    plain_tell(&rig->words, "%1$s, %2$s, %3$s", "a\x1b", "%1$s", NULL);
    rig_said(rig, "Error: it went wrong\nit did not\na<U+001B>, %1$s, \n");
    rig_free(rig);
}

/* ---- scans and receipts ---- */

static void a_scan_is_told_modestly(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct scan_event event = {.state = SCAN_STARTED, .range = "10.0.0.0/24", .total = 1000};
    plain_scan(&rig->words, &event);
    event.state = SCAN_PROGRESS;
    for (event.tried = 0; event.tried <= event.total; event.tried++)
        plain_scan(&rig->words, &event);
    rig_said(rig, "Looking for people in 10.0.0.0/24. /scan stop ends it.\n"
                  "25 % of the scan is done.\n50 % of the scan is done.\n"
                  "75 % of the scan is done.\n");
    const struct id id = rig_id(2);
    struct scan_find finds[] = {
        {.address = "10.0.0.1:9999", .name = "bruno", .dialect = "native", .id = &id},
        {.address = "10.0.0.2:9999", .name = "x y", .dialect = "named"},
        {.address = "10.0.0.3:9000", .dialect = "piped"},
        {.address = "10.0.0.4:9999", .id = &id},
        {.address = "10.0.0.5:9000"},
    };
    event.state = SCAN_FOUND;
    for (size_t i = 0; i < 5; i++) {
        event.find = &finds[i];
        plain_scan(&rig->words, &event);
    }
    rig_said(rig, "Found at 10.0.0.1:9999: bruno\n"
                  "Found at 10.0.0.2:9999: \"x y\" (guest, speaks named)\n"
                  "Found at 10.0.0.3:9000: a guest who speaks piped\n"
                  "Found at 10.0.0.4:9999: somebody who runs Tertulia\n"
                  "Found at 10.0.0.5:9000: it is not known who\n");
    event.state = SCAN_DONE;
    event.found = 4;
    plain_scan(&rig->words, &event);
    assert_non_null(strstr(rig->pad, "10.0.0.0/24 is over. Found: 4"));
    rig->size = 0;
    event = (struct scan_event){.state = SCAN_STARTED, .range = "again", .total = 4};
    plain_scan(&rig->words, &event);
    event.state = SCAN_PROGRESS;
    event.tried = 2;
    plain_scan(&rig->words, &event);
    rig_said(rig, "Looking for people in again. /scan stop ends it.\n50 % of the scan is done.\n");
    rig_free(rig);
}

static void delivery_is_counted(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    rig_hold(rig, WHISPER, "bruno x");
    plain_delivered(&rig->words, ROOM_EVERYONE, 1, 1);
    plain_delivered(&rig->words, ROOM_EVERYONE, 7, 7);
    plain_delivered(&rig->words, "#lab", 6, 7);
    plain_delivered(&rig->words, WHISPER, 1, 1);
    plain_delivered(&rig->words, WHISPER, 0, 1);
    rig_said(rig, "delivered\ndelivered to all 7\n"
                  "delivered to 6 of 7 so far; /who-got says who does not have it yet (#lab)\n"
                  "delivered to \"bruno x\"\n\"bruno x\" does not have it yet\n");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobodys_words_pass_for_another_line),
        cmocka_unit_test(nobodys_name_passes_for_a_line),
        cmocka_unit_test(a_long_name_is_cut_and_still_quoted),
        cmocka_unit_test(the_longest_of_all_fits),
        cmocka_unit_test(a_line_says_where_unless_it_is_here),
        cmocka_unit_test(a_whisper_is_told_from_both_ends),
        cmocka_unit_test(a_guest_is_marked_as_one),
        cmocka_unit_test(marks_say_what_is_odd_about_the_time),
        cmocka_unit_test(another_day_has_a_line),
        cmocka_unit_test(what_happens_is_a_sentence),
        cmocka_unit_test(the_prompt_says_where_enter_goes),
        cmocka_unit_test(people_are_listed_with_all_that_is_known),
        cmocka_unit_test(other_lists_say_when_they_are_empty),
        cmocka_unit_test(errors_are_called_so),
        cmocka_unit_test(a_scan_is_told_modestly),
        cmocka_unit_test(delivery_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
