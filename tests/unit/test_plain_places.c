/* What is told of conversations and people besides single lines: once, and no more of it than
 * somebody listens to. */
#include "unit.h"

#include "plain_rig.h"

#include "app/plain_people.h"
#include "app/plain_places.h"

#include <stdio.h>

/* ---- what was said before ---- */

static const struct who BRUNO = {.label = "bruno"};

static void post(struct conversation *into, enum post_kind kind, const char *text)
{
    struct window *window = &into->window;
    size_t size = strlen(text);
    struct post *post = xcalloc(1, sizeof *post + size);
    post->from = &BRUNO;
    post->kind = kind;
    post->wall = RIG_NOON;
    post->order.key = RIG_NOON - 1;
    post->size = (uint32_t)size;
    memcpy(post->text, text, size);
    window->posts = xrealloc(window->posts, window->count + 1, sizeof *window->posts);
    window->posts[window->count++] = post;
}

static void posts(struct conversation *into, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[16];
        snprintf(text, sizeof text, "%zu", i);
        post(into, POST_SAY, text);
    }
}

static void its_last_lines_are_told_when_it_is_opened_first(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct places places = {0};
    struct conversation *lab = rig_hold(rig, "#lab", "#lab");
    posts(lab, 12);
    rig->model.open = lab;
    rig->words.here = "#lab";
    lab->window.asked = 1;
    assert_int_equal(places_turn(&places, &rig->words, 0), UINT64_MAX);
    rig_said(rig, "");
    lab->window.asked = 0;
    places_turn(&places, &rig->words, 0);
    rig_said(rig, "Said in #lab before you came:\n"
                  "bruno 12:00: 2\nbruno 12:00: 3\nbruno 12:00: 4\nbruno 12:00: 5\n"
                  "bruno 12:00: 6\nbruno 12:00: 7\nbruno 12:00: 8\nbruno 12:00: 9\n"
                  "bruno 12:00: 10\nbruno 12:00: 11\n");
    places_turn(&places, &rig->words, 0);
    rig_said(rig, "");
    struct conversation *empty = rig_hold(rig, "#empty", "#empty");
    rig->model.open = empty;
    places_turn(&places, &rig->words, 0);
    rig_said(rig, "");
    rig->model.open = NULL;
    places_turn(&places, &rig->words, 0);
    places_done(&places);
    rig_free(rig);
}

static void what_was_heard_live_is_not_told_as_before(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct places places = {0};
    struct conversation *lab = rig_hold(rig, "#lab", "#lab");
    struct node_line line = rig_line("hola");
    line.conversation = "#lab";
    assert_true(places_line(&places, &rig->words, &line, 0));
    posts(lab, 1);
    rig->model.open = lab;
    places_turn(&places, &rig->words, 0);
    rig_said(rig, "");
    places_done(&places);
    rig_free(rig);
}

static void every_kind_of_post_is_told_but_of_the_muted(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct who guest = {.label = "carlos", .guest = "carlos", .dialect = "piped", .host = "ana"};
    struct who muted = {.label = "eva", .muted = true};
    struct conversation *lab = rig_hold(rig, "#lab", "#lab");
    for (enum post_kind kind = POST_SAY; kind <= POST_UNKNOWN; kind++)
        post(lab, kind, "x");
    post(lab, POST_SAY, "a guest's");
    lab->window.posts[lab->window.count - 1]->from = &guest;
    post(lab, POST_SAY, "muted");
    lab->window.posts[lab->window.count - 1]->from = &muted;
    post(lab, POST_NOTICE, "of nobody");
    lab->window.posts[lab->window.count - 1]->from = NULL;
    rig->words.here = "#lab";
    for (size_t i = 0; i < lab->window.count; i++)
        plain_post(&rig->words, "#lab", lab->window.posts[i]);
    rig_said(rig,
             "bruno 12:00: x\nbruno 12:00 * x\nbruno rings you (12:00)\nbruno came in (12:00)\n"
             "bruno left: x (12:00)\nbruno set the topic: x (12:00)\n"
             "bruno is now called x (12:00)\nbruno 12:00: x\n"
             "bruno said something that this version cannot show (12:00)\n"
             "carlos (guest of ana, not encrypted) 12:00: a guest's\n");
    rig_free(rig);
}

/* A hundred lines of a week are a sentence and the last ten, when no more come. */
static void a_long_talk_of_before_is_summed_up(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct places places = {0};
    struct conversation *everyone = rig_hold(rig, ROOM_EVERYONE, ROOM_EVERYONE);
    struct node_line line = rig_line("before");
    rig->model.open = everyone;
    places_turn(&places, &rig->words, 0);
    line.missed = true;
    line.live = false;
    for (uint64_t i = 0; i < 100; i++) {
        line.conversation = i < 3 ? "#lab" : ROOM_EVERYONE;
        assert_false(places_line(&places, &rig->words, &line, 1000 + i));
    }
    posts(everyone, 97);
    post(everyone, POST_SAY, "ana: told by itself");
    everyone->window.posts[97]->mention = true;
    post(everyone, POST_SAY, "told live");
    everyone->window.posts[98]->order.key = RIG_NOON;
    uint64_t due = places_turn(&places, &rig->words, 1099);
    assert_int_equal(due, 1099 + PLACE_QUIET_MS);
    assert_int_equal(places_turn(&places, &rig->words, due - 1), due);
    rig_said(rig, "");
    assert_int_equal(places_turn(&places, &rig->words, due), UINT64_MAX);
    rig_said(rig, "97 lines came in #everyone that were said before you came\n"
                  "Said in #everyone before you came:\n"
                  "bruno 12:00: 87\nbruno 12:00: 88\nbruno 12:00: 89\nbruno 12:00: 90\n"
                  "bruno 12:00: 91\nbruno 12:00: 92\nbruno 12:00: 93\nbruno 12:00: 94\n"
                  "bruno 12:00: 95\nbruno 12:00: 96\n"
                  "3 lines came in #lab that were said before you came\n");
    line.conversation = ROOM_EVERYONE;
    assert_false(places_line(&places, &rig->words, &line, 5000));
    places_turn(&places, &rig->words, 5000 + PLACE_QUIET_MS);
    rig_said(rig, "Said in #everyone before you came:\nbruno 12:00: 96\n");
    places_done(&places);
    rig_free(rig);
}

static void what_was_meant_for_us_is_told_by_itself(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct places places = {0};
    struct node_line line = rig_line("ana: hola");
    line.missed = line.mention = true;
    assert_true(places_line(&places, &rig->words, &line, 0));
    places_done(&places);
    rig_free(rig);
}

static void what_was_told_elsewhere_counts_as_read_once(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct places places = {0};
    struct node_line line = rig_line("hola");
    assert_true(places_line(&places, &rig->words, &line, 0));
    assert_false(places.unread);
    line.conversation = "#lab";
    assert_true(places_line(&places, &rig->words, &line, 0));
    assert_true(places.unread);
    assert_string_equal(places_unread(&places), "#lab");
    assert_null(places_unread(&places));
    assert_false(places.unread);
    places_done(&places);
    rig_free(rig);
}

static void conversations_without_end_take_no_room(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct places places = {0};
    for (int i = 0; i < 10 * PLACES; i++) {
        char name[16];
        struct node_line line = rig_line("hola");
        snprintf(name, sizeof name, "#%d", i);
        line.conversation = name;
        assert_true(places_line(&places, &rig->words, &line, 0));
    }
    assert_int_equal(places.count, PLACES);
    assert_string_equal(places.list->name, "#639");
    places_done(&places);
    rig_free(rig);
}

/* ---- delivery ---- */

static void speak(struct rig *rig, struct places *places, const char *where, uint64_t seq,
                  uint64_t now)
{
    struct node_line line = rig_line("hola");
    line.order.seq = seq;
    line.conversation = where;
    line.own = true;
    assert_true(places_line(places, &rig->words, &line, now));
}

static void stored(struct places *places, uint64_t seq, size_t count, size_t of)
{
    struct node_receipt receipt = {
        .ref = {.author = rig_id(2), .seq = seq}, .count = count, .of = of};
    places_receipt(places, &receipt);
}

static void that_all_have_it_is_told_once(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct places places = {0};
    speak(rig, &places, ROOM_EVERYONE, 1, 100);
    assert_int_equal(places_turn(&places, &rig->words, 100), 100 + PLACE_DELIVERY_MS);
    stored(&places, 1, 1, 2);
    places_turn(&places, &rig->words, 200);
    rig_said(rig, "");
    stored(&places, 1, 2, 2);
    assert_int_equal(places_turn(&places, &rig->words, 300), UINT64_MAX);
    rig_said(rig, "delivered to all 2\n");
    stored(&places, 1, 2, 3);
    places_turn(&places, &rig->words, 100000);
    rig_said(rig, "");
    places_done(&places);
    rig_free(rig);
}

static void where_it_takes_long_it_is_told_how_far_it_got(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct places places = {0};
    speak(rig, &places, ROOM_EVERYONE, 1, 0);
    stored(&places, 1, 1, 2);
    places_turn(&places, &rig->words, PLACE_DELIVERY_MS - 1);
    rig_said(rig, "");
    places_turn(&places, &rig->words, PLACE_DELIVERY_MS);
    rig_said(rig, "delivered to 1 of 2 so far; /who-got says who does not have it yet\n");
    places_turn(&places, &rig->words, 10 * PLACE_DELIVERY_MS);
    rig_said(rig, "");
    stored(&places, 1, 2, 2);
    places_turn(&places, &rig->words, 11 * PLACE_DELIVERY_MS);
    rig_said(rig, "delivered to all 2\n");
    places_done(&places);
    rig_free(rig);
}

/* Of what was said in one go the last word counts; each conversation has its own. */
static void only_the_last_word_is_watched(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct places places = {0};
    speak(rig, &places, ROOM_EVERYONE, 1, 0);
    speak(rig, &places, ROOM_EVERYONE, 2, 0);
    speak(rig, &places, "#lab", 3, 0);
    stored(&places, 1, 2, 2);
    places_turn(&places, &rig->words, 1);
    rig_said(rig, "");
    stored(&places, 3, 1, 1);
    stored(&places, 2, 2, 2);
    places_turn(&places, &rig->words, 2);
    rig_said(rig, "delivered (#lab)\ndelivered to all 2\n");
    places_done(&places);
    rig_free(rig);
}

static void who_is_alone_hears_of_no_delivery(void **state)
{
    (void)state;
    struct rig *rig = rig_new();
    struct places places = {0};
    speak(rig, &places, ROOM_EVERYONE, 1, 0);
    assert_int_equal(places_turn(&places, &rig->words, PLACE_DELIVERY_MS), UINT64_MAX);
    rig_said(rig, "");
    struct node_line guests = rig_line("hola");
    guests.own = true;
    guests.guest = span_text("carlos"); /* we only host them */
    assert_true(places_line(&places, &rig->words, &guests, 0));
    assert_int_equal(places_turn(&places, &rig->words, 0), UINT64_MAX);
    places_done(&places);
    rig_free(rig);
}

/* ---- people ---- */

enum { ROWS = 4 };

struct crowd {
    struct rig *rig;
    struct plain_people *people;
    struct row rows[ROWS];
    struct row *list[ROWS];
};

static struct row crowd_row(enum row_kind kind, const char *label, uint8_t id)
{
    return (struct row){
        .kind = kind, .label = (char *)(uintptr_t)label, .id = rig_id(id), .trust = TRUST_SEEN};
}

static struct crowd crowd_new(void)
{
    struct crowd crowd = {.rig = rig_new(), .people = plain_people_new()};
    crowd.rows[0] = crowd_row(ROW_PERSON, "bruno", 2);
    crowd.rows[1] = crowd_row(ROW_GUEST, "carlos", 2);
    crowd.rows[2] = crowd_row(ROW_ROOM, ROOM_EVERYONE, 0);
    crowd.rows[3] = crowd_row(ROW_FOUND, "127.0.0.1:9999", 0);
    crowd.rows[0].presence = PRESENCE_GONE;
    return crowd;
}

/* What is told when the model has the first rows of these. */
static void follow(struct crowd *crowd, size_t rows, const char *expected)
{
    struct model model = {.rows = crowd->list, .row_count = rows, .now = RIG_NOON};
    model.people_left_out = crowd->rig->model.people_left_out;
    for (size_t i = 0; i < ROWS; i++)
        crowd->list[i] = &crowd->rows[i];
    plain_people_follow(crowd->people, &crowd->rig->words, &model);
    rig_said(crowd->rig, expected);
}

static void crowd_free(struct crowd *crowd)
{
    plain_people_free(crowd->people);
    rig_free(crowd->rig);
}

static void people_come_and_go_once(void **state)
{
    (void)state;
    struct crowd crowd = crowd_new();
    follow(&crowd, 1, "");
    crowd.rows[0].presence = PRESENCE_MESH;
    follow(&crowd, 4, "bruno is here (12:00)\ncarlos is here (guest, not encrypted) (12:00)\n");
    crowd.rows[0].presence = PRESENCE_LINKED;
    follow(&crowd, 4, "");
    crowd.rows[0].presence = PRESENCE_GONE;
    follow(&crowd, 4, "bruno is gone (12:00)\n");
    follow(&crowd, 1, "carlos is gone (12:00)\n");
    follow(&crowd, 0, "");
    crowd.rows[1].via = (char *)(uintptr_t) "bruno: x";
    follow(&crowd, 4, "carlos is here (guest of \"bruno: x\", not encrypted) (12:00)\n");
    crowd_free(&crowd);
}

static void who_is_away_is_so_until_they_are_back(void **state)
{
    (void)state;
    struct crowd crowd = crowd_new();
    struct row *bruno = &crowd.rows[0];
    bruno->presence = PRESENCE_AWAY;
    bruno->why = (char *)(uintptr_t) "lunch\ncarla 12:00: hola";
    follow(&crowd, 1, "bruno is away: lunch<U+000A>carla 12:00: hola (12:00)\n");
    follow(&crowd, 1, "");
    bruno->presence = PRESENCE_LINKED;
    follow(&crowd, 1, "bruno is back (12:00)\n");
    bruno->presence = PRESENCE_AWAY;
    bruno->why = NULL;
    follow(&crowd, 1, "bruno is away (12:00)\n");
    bruno->presence = PRESENCE_GONE;
    follow(&crowd, 1, "bruno is gone (12:00)\n");
    crowd_free(&crowd);
}

static void a_new_name_is_told_with_the_old_one(void **state)
{
    (void)state;
    struct crowd crowd = crowd_new();
    crowd.rows[0].presence = PRESENCE_LINKED;
    follow(&crowd, 1, "bruno is here (12:00)\n");
    crowd.rows[0].label = (char *)(uintptr_t) "bruno II";
    follow(&crowd, 1, "bruno is now called \"bruno II\" (12:00)\n");
    follow(&crowd, 0, "\"bruno II\" is gone (12:00)\n");
    crowd_free(&crowd);
}

static void who_is_ignored_is_not_gone_and_not_told_of(void **state)
{
    (void)state;
    struct crowd crowd = crowd_new();
    crowd.rows[0].presence = PRESENCE_LINKED;
    follow(&crowd, 1, "bruno is here (12:00)\n");
    crowd.rows[0].ignored = true;
    follow(&crowd, 1, "");
    crowd.rows[0].presence = PRESENCE_AWAY;
    follow(&crowd, 1, "");
    crowd.rows[0].ignored = false;
    crowd.rows[0].trust = TRUST_BLOCKED;
    follow(&crowd, 1, "");
    crowd.rows[0].trust = TRUST_SEEN;
    follow(&crowd, 1, "bruno is away (12:00)\n");
    crowd_free(&crowd);
}

/* The model has rows for so many only: who has none is not gone. */
static void nobody_is_gone_because_there_are_too_many(void **state)
{
    (void)state;
    struct crowd crowd = crowd_new();
    follow(&crowd, 2, "carlos is here (guest, not encrypted) (12:00)\n");
    crowd.rig->model.people_left_out = 1;
    follow(&crowd, 0, "");
    crowd_free(&crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_last_lines_are_told_when_it_is_opened_first),
        cmocka_unit_test(what_was_heard_live_is_not_told_as_before),
        cmocka_unit_test(every_kind_of_post_is_told_but_of_the_muted),
        cmocka_unit_test(a_long_talk_of_before_is_summed_up),
        cmocka_unit_test(what_was_meant_for_us_is_told_by_itself),
        cmocka_unit_test(what_was_told_elsewhere_counts_as_read_once),
        cmocka_unit_test(conversations_without_end_take_no_room),
        cmocka_unit_test(that_all_have_it_is_told_once),
        cmocka_unit_test(where_it_takes_long_it_is_told_how_far_it_got),
        cmocka_unit_test(only_the_last_word_is_watched),
        cmocka_unit_test(who_is_alone_hears_of_no_delivery),
        cmocka_unit_test(people_come_and_go_once),
        cmocka_unit_test(who_is_away_is_so_until_they_are_back),
        cmocka_unit_test(a_new_name_is_told_with_the_old_one),
        cmocka_unit_test(who_is_ignored_is_not_gone_and_not_told_of),
        cmocka_unit_test(nobody_is_gone_because_there_are_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
