/* The objects of tertuliad's lines: hostile texts come through as they were said, and nothing in
 * them can act on a terminal. */
#include "unit.h"

#include "app/json.h"
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static const struct id ANA = {{1}};
static const struct id BRUNO = {{2}};

/* The object as a reader of the line gets it. */
static json_t *read_back(const char *event, json_t *members)
{
    size_t size;
    char *text = event_text(event, 0, members, &size);
    assert_int_equal(strlen(text), size);
    assert_null(strchr(text, '\n'));
    json_t *object = json_loadb(text, size, JSON_ALLOW_NUL, NULL);
    assert_non_null(object);
    free(text);
    return object;
}

static const char *string_of(json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static struct node_line plain_line(struct span text)
{
    return (struct node_line){.order = {.author = ANA, .epoch = {{7}}, .seq = 42},
                              .conversation = "#everyone",
                              .kind = ENTRY_SAY,
                              .readable = true,
                              .name = "ana",
                              .text = text,
                              .time = UINT64_C(1772600767089),
                              .live = true};
}

static void a_line_has_all_its_keys(void **state)
{
    (void)state;
    struct node_line line = plain_line(span_text("hola"));
    json_t *object = read_back("message", line_json(&line));
    assert_string_equal(string_of(object, "event"), "message");
    assert_string_equal(string_of(object, "at"), "1970-01-01T00:00:00.000Z");
    assert_string_equal(string_of(object, "room"), "#everyone");
    assert_null(json_object_get(object, "whisper"));
    assert_string_equal(string_of(object, "kind"), "say");
    assert_string_equal(string_of(object, "text"), "hola");
    assert_string_equal(string_of(object, "time"), "2026-03-04T05:06:07.089Z");
    assert_string_equal(string_of(object, "ref"),
                        "aeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:"
                        "a4aaaaaaaaaaaaaaaaaaaaaaaa:42");
    assert_true(json_is_false(json_object_get(object, "own")));
    assert_true(json_is_false(json_object_get(object, "late")));
    assert_int_equal(json_integer_value(json_object_get(object, "skew_ms")), 0);
    json_t *from = json_object_get(object, "from");
    assert_string_equal(string_of(from, "name"), "ana");
    assert_non_null(string_of(from, "id"));
    assert_true(json_is_null(json_object_get(from, "guest")));
    assert_true(json_is_null(json_object_get(from, "host")));
    json_decref(object);
}

static void a_guest_has_a_host_and_no_key(void **state)
{
    (void)state;
    struct node_line line = plain_line(span_text("hi"));
    line.guest = span_text("carlos");
    line.dialect = span_text("dated");
    line.own = true; /* we are the host: the words are the guest's all the same */
    json_t *object = read_back("message", line_json(&line));
    json_t *from = json_object_get(object, "from");
    assert_string_equal(string_of(from, "name"), "carlos");
    assert_string_equal(string_of(from, "guest"), "dated");
    assert_true(json_is_null(json_object_get(from, "id")));
    assert_non_null(string_of(from, "host"));
    assert_true(json_is_false(json_object_get(object, "own")));
    json_decref(object);
}

static void late_is_what_took_long_or_was_said_before_we_came(void **state)
{
    (void)state;
    static const struct {
        bool live, missed, late, wanted;
    } cases[] = {{true, false, false, false},
                 {false, false, false, false},
                 {false, true, false, true},
                 {false, false, true, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct node_line line = plain_line(span_text("hi"));
        line.live = cases[i].live;
        line.missed = cases[i].missed;
        line.late = cases[i].late;
        json_t *object = line_json(&line);
        assert_int_equal(json_is_true(json_object_get(object, "late")), cases[i].wanted);
        json_decref(object);
    }
}

static void a_whisper_is_with_somebody_and_in_no_room(void **state)
{
    (void)state;
    struct node_line line = plain_line(span_text("psst"));
    line.conversation = "@abc,def";
    json_t *object = read_back("message", line_json(&line));
    assert_string_equal(string_of(object, "whisper"), "abc,def");
    assert_null(json_object_get(object, "room"));
    json_decref(object);
}

static void what_cannot_be_read_is_unknown(void **state)
{
    (void)state;
    static const struct {
        uint32_t kind;
        bool readable;
        const char *word;
    } cases[] = {
        {ENTRY_ACT, true, "act"},     {ENTRY_JOIN, true, "join"},   {ENTRY_LEAVE, true, "leave"},
        {ENTRY_TOPIC, true, "topic"}, {ENTRY_CALL, true, "call"},   {ENTRY_SAY, false, "unknown"},
        {99, true, "unknown"},        {99, false, "unknown"},       {ENTRY_SEALED, true, "unknown"},
        {0, true, "unknown"},         {UINT32_MAX, true, "unknown"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct node_line line = plain_line(span_text(""));
        line.kind = cases[i].kind;
        line.readable = cases[i].readable;
        json_t *object = line_json(&line);
        assert_string_equal(string_of(object, "kind"), cases[i].word);
        json_decref(object);
    }
}

/* What a reader gets is what was said, to the byte; what stands in the line is harmless. */
static void hostile_text_comes_through_and_cannot_act(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "\x1b[2J\x07\r\n\t\"\\",
        "\x7f\302\200\302\23331m\302\237|\302\240",         /* DEL and C1; a no-break space stays */
        "\xe2\x80\xae\xe2\x80\x8f\xe2\x81\xa6\xe2\x80\xa8", /* turned, and a line separator */
        "\xef\xbb\xbf\xe2\x80\x8b\xd8\x9c",                 /* nothing to be seen */
        "\xf3\xa0\x81\x81\xf3\xa0\x82\x80", /* tags, past the 16 bits of one escape */
        "ñandú 你好 👩\xe2\x80\x8d👧 é",
        "",
    };
    static const char *const RAW[] = {"\x1b",         "\x7f",         "\xc2\x9b",    "\xe2\x80\xae",
                                      "\xe2\x80\xa8", "\xef\xbb\xbf", "\xf3\xa0\x81"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct node_line line = plain_line(span_text(TEXTS[i]));
        json_t *object = read_back("message", line_json(&line));
        assert_string_equal(string_of(object, "text"), TEXTS[i]);
        json_decref(object);
        size_t size;
        char *text = event_text("message", 0, line_json(&line), &size);
        for (size_t j = 0; j < sizeof RAW / sizeof *RAW; j++)
            assert_null(strstr(text, RAW[j]));
        if (i == 5)
            assert_non_null(strstr(text, "ñandú 你好"));
        free(text);
    }
}

static void zeros_stay_and_broken_bytes_are_replaced(void **state)
{
    (void)state;
    json_t *zero = read_back("x", json_pack("{s:o}", "text", span_json(span_of("a\0b", 3))));
    assert_int_equal(json_string_length(json_object_get(zero, "text")), 3);
    json_decref(zero);
    json_t *bad = span_json(span_of("a\xff\xc3(\xed\xa0\x80", 7));
    assert_string_equal(json_string_value(bad), "a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf"
                                                "\xbd\xef\xbf\xbd");
    json_decref(bad);
    json_t *empty = span_json(span_of(NULL, 0));
    assert_string_equal(json_string_value(empty), "");
    json_decref(empty);
}

static void times_end_with_the_year_9999(void **state)
{
    (void)state;
    static const struct {
        uint64_t at;
        const char *text;
    } cases[] = {{0, "1970-01-01T00:00:00.000Z"},
                 {1, "1970-01-01T00:00:00.001Z"},
                 {UINT64_C(1709210096999), "2024-02-29T12:34:56.999Z"},
                 {UINT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
                 {UINT64_C(253402300800000), "9999-12-31T23:59:59.999Z"},
                 {ENTRY_NUMBER_MAX, "9999-12-31T23:59:59.999Z"},
                 {UINT64_MAX, "9999-12-31T23:59:59.999Z"}};
    char text[TIME_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        time_text(cases[i].at, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void a_receipt_names_who_has_it(void **state)
{
    (void)state;
    struct id who[] = {BRUNO, ANA};
    struct node_receipt receipt = {.ref = {ANA, {{7}}, 3}, .count = 2, .stored_by = who, .of = 5};
    json_t *object = read_back("receipt", receipt_json(&receipt));
    assert_int_equal(json_array_size(json_object_get(object, "stored_by")), 2);
    assert_int_equal(json_integer_value(json_object_get(object, "of")), 5);
    json_decref(object);
}

static void people_and_guests(void **state)
{
    (void)state;
    struct node_peer peer = {.state = NODE_PEER_UP,
                             .id = BRUNO,
                             .name = "bruno~aiaa",
                             .presence = PRESENCE_LINKED,
                             .trust = TRUST_VERIFIED,
                             .found = FOUND_CALLED_US,
                             .address = {{[10] = 0xff, [11] = 0xff, 10, 0, 0, 7}, 9999},
                             .rtt_us = 1500,
                             .seen = 1000};
    json_t *object = read_back("peer", peer_json(&peer, &ANA));
    assert_string_equal(string_of(object, "state"), "up");
    assert_string_equal(string_of(object, "found"), "called-us");
    assert_string_equal(string_of(object, "trust"), "verified");
    assert_string_equal(string_of(object, "address"), "10.0.0.7:9999");
    assert_true(json_real_value(json_object_get(object, "rtt_ms")) == 1.5);
    assert_true(json_is_null(json_object_get(object, "host")));
    json_decref(object);

    peer.state = NODE_PEER_DOWN;
    peer.presence = PRESENCE_GONE;
    peer.rtt_us = 0;
    peer.address.port = 0;
    peer.guest = "dated";
    object = read_back("peer", peer_json(&peer, &ANA));
    assert_string_equal(string_of(object, "state"), "down");
    static const char *const UNKNOWN[] = {"found", "rtt_ms", "address", "id", "away"};
    for (size_t i = 0; i < sizeof UNKNOWN / sizeof *UNKNOWN; i++)
        assert_true(json_is_null(json_object_get(object, UNKNOWN[i])));
    assert_non_null(string_of(object, "host"));
    json_decref(object);
    object = peer_json(&peer, &BRUNO); /* our own guest */
    assert_true(json_is_null(json_object_get(object, "host")));
    json_decref(object);
}

static void answers_are_lists_under_their_commands_name(void **state)
{
    (void)state;
    struct node_room rooms[] = {{"#everyone", true, 3, 9, ""}, {"#lab", false, 0, 0, "tea"}};
    struct node_answer answer = {.command = COMMAND_ROOMS, .count = 2, .rooms = rooms};
    json_t *object = read_back("rooms", answer_json(&answer, &ANA));
    json_t *list = json_object_get(object, "rooms");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(string_of(json_array_get(list, 1), "topic"), "tea");
    json_decref(object);

    struct id people[] = {BRUNO};
    const char *labels[] = {"bruno"};
    bool stored[] = {true};
    answer = (struct node_answer){.command = COMMAND_WHO_GOT,
                                  .count = 1,
                                  .ref = {ANA, {{7}}, 1},
                                  .people = people,
                                  .labels = labels,
                                  .stored = stored};
    object = read_back("who-got", answer_json(&answer, &ANA));
    assert_non_null(string_of(object, "ref"));
    assert_true(json_is_true(
        json_object_get(json_array_get(json_object_get(object, "who-got"), 0), "stored")));
    json_decref(object);

    answer = (struct node_answer){.command = COMMAND_WHO_GOT};
    object = read_back("who-got", answer_json(&answer, &ANA));
    assert_true(json_is_null(json_object_get(object, "ref")));
    assert_int_equal(json_array_size(json_object_get(object, "who-got")), 0);
    json_decref(object);

    struct node_peer peer = {.id = BRUNO, .name = "bruno", .presence = PRESENCE_MESH};
    answer = (struct node_answer){
        .command = COMMAND_VERIFY, .count = 1, .peers = &peer, .verify = "abcdefghijklmnopqrst"};
    object = read_back("verify", answer_json(&answer, &ANA));
    assert_string_equal(string_of(json_array_get(json_object_get(object, "verify"), 0), "verify"),
                        "abcdefghijklmnopqrst");
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_all_its_keys),
        cmocka_unit_test(a_guest_has_a_host_and_no_key),
        cmocka_unit_test(late_is_what_took_long_or_was_said_before_we_came),
        cmocka_unit_test(a_whisper_is_with_somebody_and_in_no_room),
        cmocka_unit_test(what_cannot_be_read_is_unknown),
        cmocka_unit_test(hostile_text_comes_through_and_cannot_act),
        cmocka_unit_test(zeros_stay_and_broken_bytes_are_replaced),
        cmocka_unit_test(times_end_with_the_year_9999),
        cmocka_unit_test(a_receipt_names_who_has_it),
        cmocka_unit_test(people_and_guests),
        cmocka_unit_test(answers_are_lists_under_their_commands_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
