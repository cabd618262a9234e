/* What the screen reads: names, rows, lines and counts, up to date and cheap to keep so. */
#include "unit.h"

#include "base/alloc.h"
#include "core/model_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS (UINT64_C(24) * 3600 * 1000)
#define NOW (UINT64_C(20000) * DAY_MS)

static const struct overlay_address nowhere;

struct scene {
    struct roster *roster;
    struct rooms *rooms;
    struct receipts *receipts;
    struct model model;
    struct id self;
};

/* The id whose text begins with these characters. */
static struct id id_like(const char *start)
{
    char text[ID_TEXT];
    memset(text, 'a', sizeof text - 1);
    memcpy(text, start, strlen(start));
    text[ID_TEXT - 1] = '\0';
    struct id id;
    assert_true(id_parse(text, &id));
    return id;
}

static void scene_init(struct scene *scene)
{
    struct sys_fake world = {.seed = 7};
    struct sys sys = sys_fake(&world);
    scene->self = id_like("self");
    scene->roster = roster_new(&scene->self, &sys);
    scene->rooms = rooms_new(&scene->self);
    scene->receipts = receipts_new(&scene->self);
    (void)roster_name_set(scene->roster, roster_self(scene->roster), span_text("ana"));
    model_init(&scene->model);
}

static void scene_done(struct scene *scene)
{
    model_done(&scene->model);
    receipts_free(scene->receipts);
    rooms_free(scene->rooms);
    roster_free(scene->roster);
}

static struct person *person(struct scene *scene, const char *start, const char *name)
{
    struct id id = id_like(start);
    struct person *person = roster_add(scene->roster, &id, false, NOW);
    (void)roster_name_set(scene->roster, person, span_text(name));
    return person;
}

static void refresh(struct scene *scene, uint64_t now)
{
    model_refresh(&scene->model, scene->roster, scene->rooms, now);
}

static struct post_spec said(const struct id *who, uint64_t key, const char *text)
{
    return (struct post_spec){
        .order = {.key = key, .author = *who, .seq = key}, .who = *who, .text = span_text(text)};
}

static struct conversation *everyone(struct scene *scene)
{
    return model_hold(&scene->model, rooms_everyone(scene->rooms), false);
}

/* "kind label unread" of all rows, one after the other. */
static void assert_rows(struct scene *scene, const char *expected)
{
    static const char *const KINDS[] = {"P", "G", "R", "W", "F"};
    char text[2048] = "";
    for (size_t i = 0; i < scene->model.row_count; i++) {
        const struct row *row = scene->model.rows[i];
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%s%s:%s", i > 0 ? " " : "", KINDS[row->kind],
                 row->label);
    }
    assert_string_equal(text, expected);
}

/* ---- rows ---- */

static void rows_are_by_presence_and_guests_under_their_host(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    struct person *carla = person(&scene, "carl", "Carla");
    struct person *bruno = person(&scene, "brun", "bruno");
    struct person *dani = person(&scene, "dani", "dani");
    struct person *eva = person(&scene, "evaa", "eva");
    struct person *fay = person(&scene, "fayy", "fay");
    person(&scene, "olda", "old");
    assert_true(roster_link_up(scene.roster, carla, 1, &nowhere, FOUND_BEACON, NOW));
    roster_rtt(scene.roster, carla, 1, 400);
    roster_verify(scene.roster, carla, true);
    roster_here(scene.roster, bruno, NOW);
    roster_here(scene.roster, dani, NOW);
    roster_away(scene.roster, dani, true, span_text("lunch"));
    roster_seen(scene.roster, eva, NOW - DAY_MS, NOW);
    roster_seen(scene.roster, fay, NOW - 1000, NOW);
    roster_here(scene.roster,
                roster_guest_add(scene.roster, &carla->id, span_text("carlos"), span_text("named")),
                NOW);
    struct person *own =
        roster_guest_add(scene.roster, &scene.self, span_text("luis"), span_text("piped"));
    assert_true(roster_link_up(scene.roster, own, 2, &nowhere, FOUND_CALLED_US, NOW));
    refresh(&scene, NOW);
    assert_rows(&scene, "P:bruno P:Carla G:carlos P:dani G:luis P:fay P:eva R:#everyone");
    const struct row *row = scene.model.rows[1];
    assert_int_equal(row->presence, PRESENCE_LINKED);
    assert_int_equal(row->trust, TRUST_VERIFIED);
    assert_int_equal(row->rtt_us, 400);
    assert_true(id_equal(&row->id, &carla->id));
    assert_int_equal(row->conversation[0], '@');
    assert_string_equal(scene.model.rows[2]->via, "Carla");
    assert_string_equal(scene.model.rows[2]->dialect, "named");
    assert_null(scene.model.rows[2]->conversation);
    assert_string_equal(scene.model.rows[3]->why, "lunch");
    assert_int_equal(scene.model.rows[3]->presence, PRESENCE_AWAY);
    assert_null(scene.model.rows[4]->via);
    assert_int_equal(scene.model.rows[6]->seen, NOW - DAY_MS);
    scene_done(&scene);
}

static void rooms_whispers_and_finds_follow(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    struct person *bruno = person(&scene, "brun", "bruno");
    struct person *carla = person(&scene, "carl", "carla");
    roster_here(scene.roster, bruno, NOW);
    struct room *lab = rooms_open(scene.rooms, span_text("#lab"), NOW);
    rooms_open(scene.rooms, span_text("#other"), NOW);
    struct order at = {.key = 1, .author = scene.self, .seq = 1};
    assert_true(room_member_set(scene.rooms, lab, &scene.self, true, &at, NOW));
    room_arrived(lab, &at, false, NOW);
    struct room *one = rooms_whisper(scene.rooms, &bruno->id, 1, NOW);
    room_arrived(one, &at, false, NOW);
    struct room *gone = rooms_whisper(scene.rooms, &carla->id, 1, NOW);
    room_arrived(gone, &at, false, NOW);
    const struct id both[] = {carla->id, bruno->id};
    struct room *two = rooms_whisper(scene.rooms, both, 2, NOW);
    model_hold(&scene.model, two, false);
    assert_true(model_found(&scene.model, "192.168.1.9:9999", NULL, NULL));
    assert_true(model_found(&scene.model, "192.168.1.8:5000", "pc", "join"));
    assert_true(model_found(&scene.model, "192.168.1.9:9999", "zoe", NULL));
    refresh(&scene, NOW);
    assert_rows(&scene, "P:bruno P:carla R:#everyone R:#lab W:bruno, carla F:zoe F:pc");
    assert_int_equal(scene.model.rows[0]->unread, 1);
    assert_int_equal(scene.model.rows[0]->mentions, 1);
    assert_string_equal(scene.model.rows[0]->conversation, one->name);
    assert_int_equal(scene.model.rows[3]->unread, 1);
    assert_int_equal(scene.model.rows[3]->mentions, 0);
    assert_string_equal(scene.model.rows[6]->dialect, "join");
    /* Who has nothing to say and was never seen has no row; nor has an old scan. */
    room_read(gone);
    model_found_clear(&scene.model);
    refresh(&scene, NOW);
    assert_rows(&scene, "P:bruno R:#everyone R:#lab W:bruno, carla");
    scene_done(&scene);
}

static void rows_are_bounded(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    char start[8];
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(start, sizeof start, "%c%c%c%c", 'b' + i % 20, 'b' + i / 20 % 20, 'b' + i / 400,
                 'x');
        roster_here(scene.roster, person(&scene, start, start), NOW);
    }
    refresh(&scene, NOW);
    assert_int_equal(scene.model.people_left_out, 3000 - MODEL_PEOPLE_ROWS);
    assert_int_equal(scene.model.row_count, MODEL_PEOPLE_ROWS + 1);
    for (int i = 0; i < 2 * MODEL_FOUND; i++) {
        char address[32];
        snprintf(address, sizeof address, "10.0.%d.%d:9999", i / 256, i % 256);
        assert_int_equal(model_found(&scene.model, address, NULL, NULL), i < MODEL_FOUND);
    }
    scene_done(&scene);
}

/* ---- lines ---- */

static void lines_carry_who_said_them_under_todays_name(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    struct person *bruno = person(&scene, "brun", "bruno");
    struct conversation *room = everyone(&scene);
    model_open(&scene.model, room);
    struct post_spec spec = said(&bruno->id, 10, "hola");
    assert_true(model_post(&scene.model, room, scene.roster, &spec));
    spec = said(&bruno->id, 5, "late one");
    spec.late = true;
    spec.skew_ms = -70000;
    assert_true(model_post(&scene.model, room, scene.roster, &spec));
    spec = said(&bruno->id, 20, "buenas");
    spec.guest = span_text("carlos");
    spec.dialect = span_text("named");
    (void)model_post(&scene.model, room, scene.roster, &spec);
    struct id unknown = id_like("zzzz");
    spec = said(&unknown, 30, "who am I");
    (void)model_post(&scene.model, room, scene.roster, &spec);
    spec = said(&unknown, 31, "somebody came");
    spec.kind = POST_NOTICE;
    (void)model_post(&scene.model, room, scene.roster, &spec);
    struct post **posts = room->window.posts;
    assert_int_equal(room->window.count, 5);
    assert_memory_equal(posts[0]->text, "late one", 8);
    assert_true(posts[0]->late);
    assert_int_equal(posts[0]->skew_ms, -70000);
    assert_string_equal(posts[0]->from->label, "bruno");
    assert_ptr_equal(posts[0]->from, posts[1]->from);
    assert_string_equal(posts[2]->from->label, "carlos");
    assert_string_equal(posts[2]->from->host, "bruno");
    assert_string_equal(posts[2]->from->dialect, "named");
    assert_string_equal(posts[3]->from->label, "~zzzz");
    assert_null(posts[4]->from);
    assert_null(posts[1]->from->guest);
    /* A namesake comes, and somebody is blocked: the lines there are say so. */
    person(&scene, "othe", "bruno");
    roster_block(scene.roster, bruno, true);
    refresh(&scene, NOW);
    assert_string_equal(posts[0]->from->label, "bruno~brun");
    assert_string_equal(posts[2]->from->host, "bruno~brun");
    assert_true(posts[0]->from->muted && posts[2]->from->muted);
    assert_int_equal(posts[0]->from->trust, TRUST_BLOCKED);
    assert_false(posts[3]->from->muted);
    /* Who is forgotten keeps their name. */
    roster_forget(scene.roster, bruno);
    refresh(&scene, NOW);
    assert_string_equal(posts[0]->from->label, "bruno~brun");
    scene_done(&scene);
}

static void people_nobodys_line_needs_are_dropped(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    struct conversation *room = everyone(&scene);
    model_open(&scene.model, room);
    for (uint64_t key = 1; key < 20000; key++) {
        struct id id = {{1}};
        memcpy(id.bytes + 1, &key, sizeof key);
        struct post_spec spec = said(&id, key, "x");
        (void)model_post(&scene.model, room, scene.roster, &spec);
        assert_int_equal(room->window.posts[0]->from->label[0], '~');
    }
    size_t labels = 0;
    for (size_t i = 0; i < room->window.count; i++)
        labels += room->window.posts[i]->from->label[0] == '~';
    assert_int_equal(labels, WINDOW_POSTS);
    assert_in_range(HASH_COUNT(scene.model.parts->people), WINDOW_POSTS, 3 * WINDOW_POSTS);
    scene_done(&scene);
}

static void unread_is_what_nobody_looks_at(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    struct person *bruno = person(&scene, "brun", "bruno");
    struct conversation *room = everyone(&scene);
    struct room *lab = rooms_open(scene.rooms, span_text("#lab"), NOW);
    struct conversation *other = model_hold(&scene.model, lab, false);
    model_open(&scene.model, room);
    struct post_spec spec = said(&bruno->id, 10, "1");
    assert_true(model_post(&scene.model, room, scene.roster, &spec));
    assert_false(room->window.posts[0]->unread);
    assert_false(model_post(&scene.model, other, scene.roster, &spec));
    assert_true(other->window.posts[0]->unread);
    window_anchor(&room->window, &spec.order);
    spec = said(&bruno->id, 11, "2");
    assert_false(model_post(&scene.model, room, scene.roster, &spec));
    assert_int_equal(model_below(room), 1);
    assert_true(room->window.posts[1]->unread);
    spec = said(&scene.self, 12, "mine");
    spec.own = true;
    (void)model_post(&scene.model, other, scene.roster, &spec);
    assert_false(other->window.posts[1]->unread);
    assert_int_equal(model_line(room, &spec.order), 2);
    model_open(&scene.model, other);
    assert_false(room->window.posts[1]->unread);
    assert_string_equal(scene.model.room, "#lab");
    model_open(&scene.model, NULL);
    assert_string_equal(scene.model.room, "");
    scene_done(&scene);
}

static void conversations_off_the_screen_hold_little(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    struct conversation *room = everyone(&scene);
    model_open(&scene.model, room);
    for (uint64_t key = 1; key <= 1000; key++) {
        struct post_spec spec = said(&scene.self, key, "x");
        (void)model_post(&scene.model, room, scene.roster, &spec);
    }
    assert_int_equal(room->window.count, 1000);
    model_open(&scene.model, NULL);
    assert_in_range(room->window.count, 50, WINDOW_IDLE_POSTS);
    assert_true(room->window.bytes <= WINDOW_IDLE_BYTES);
    struct window_wish wish;
    assert_false(window_wish(&room->window, &wish));
    model_open(&scene.model, room);
    assert_true(window_wish(&room->window, &wish));
    window_asked(&room->window, 5, &wish);
    struct post_spec old = said(&scene.self, 700, "page");
    model_page(&scene.model, room, scene.roster, 5, &old, 1, false, false);
    assert_memory_equal(room->window.posts[0]->text, "page", 4);
    assert_false(room->window.more_above);
    scene_done(&scene);
}

/* ---- receipts ---- */

static void stored(struct scene *scene, const struct person *acker, uint64_t low, uint64_t high)
{
    struct ack ack = {.acker = acker->id, .author = scene->self, .low = low, .high = high};
    (void)receipts_take(scene->receipts, &ack, NOW, NULL, NULL);
    model_stored(&scene->model, scene->receipts, scene->rooms, scene->roster, &ack.epoch, low, high,
                 NOW);
}

static void receipts_are_counted_and_never_guessed(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    struct person *bruno = person(&scene, "brun", "bruno");
    struct person *carla = person(&scene, "carl", "carla");
    struct person *dani = person(&scene, "dani", "dani");
    roster_here(scene.roster, bruno, NOW);
    roster_here(scene.roster, carla, NOW);
    roster_here(scene.roster, dani, NOW);
    struct conversation *room = everyone(&scene);
    struct room *pair = rooms_whisper(scene.rooms, &bruno->id, 1, NOW);
    struct conversation *whisper = model_hold(&scene.model, pair, false);
    model_open(&scene.model, room);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        struct post_spec spec = said(&scene.self, seq, "mine");
        spec.own = true;
        spec.of = 3;
        (void)model_post(&scene.model, seq == 2 ? whisper : room, scene.roster, &spec);
    }
    struct post_spec theirs = said(&bruno->id, 2, "theirs");
    (void)model_post(&scene.model, room, scene.roster, &theirs);
    const struct post *one = room->window.posts[0];
    const struct post *three = room->window.posts[2];
    assert_int_equal(post_delivery(one), DELIVERY_STORED);
    assert_int_equal(post_delivery(room->window.posts[1]), DELIVERY_NONE);
    model_drawn(&scene.model);
    stored(&scene, bruno, 1, 2);
    assert_true(scene.model.dirty & MODEL_LINES);
    assert_int_equal(one->stored_by, 1);
    assert_int_equal(one->of, 3);
    assert_int_equal(post_delivery(one), DELIVERY_SOME);
    assert_int_equal(three->stored_by, 0);
    /* A whisper counts its readers only. */
    assert_int_equal(post_delivery(whisper->window.posts[0]), DELIVERY_ALL);
    assert_int_equal(whisper->window.posts[0]->of, 1);
    stored(&scene, carla, 1, 3);
    assert_int_equal(one->stored_by, 2);
    model_drawn(&scene.model);
    stored(&scene, carla, 1, 3);
    assert_int_equal(scene.model.dirty, 0);
    stored(&scene, dani, 1, 1);
    assert_int_equal(post_delivery(one), DELIVERY_ALL);
    assert_int_equal(three->stored_by, 1);
    /* Who comes later takes nothing back, and is expected to have the rest. */
    roster_here(scene.roster, person(&scene, "evaa", "eva"), NOW);
    stored(&scene, dani, 1, 3);
    assert_int_equal(post_delivery(one), DELIVERY_ALL);
    assert_int_equal(three->stored_by, 2);
    assert_int_equal(three->of, 4);
    scene_done(&scene);
}

static void a_member_who_left_is_not_counted_for_one_who_did_not_answer(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    struct person *bruno = person(&scene, "brun", "bruno");
    struct person *carla = person(&scene, "carl", "carla");
    struct person *dani = person(&scene, "dani", "dani");
    struct room *lab = rooms_open(scene.rooms, span_text("#lab"), NOW);
    struct order at = {.key = 1, .seq = 1};
    const struct person *all[] = {bruno, carla, dani};
    for (size_t i = 0; i < 3; i++)
        assert_true(room_member_set(scene.rooms, lab, &all[i]->id, true, &at, NOW));
    struct conversation *held = model_hold(&scene.model, lab, false);
    struct post_spec spec = said(&scene.self, 1, "mine");
    spec.own = true;
    (void)model_post(&scene.model, held, scene.roster, &spec);
    stored(&scene, bruno, 1, 1);
    at.key = 2;
    assert_true(room_member_set(scene.rooms, lab, &bruno->id, false, &at, NOW));
    stored(&scene, carla, 1, 1);
    assert_int_equal(held->window.posts[0]->stored_by, 1);
    assert_int_equal(held->window.posts[0]->of, 2);
    assert_int_equal(post_delivery(held->window.posts[0]), DELIVERY_SOME);
    scene_done(&scene);
}

/* ---- dirt ---- */

static void nothing_is_dirty_without_a_change(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    struct person *bruno = person(&scene, "brun", "bruno");
    struct conversation *room = everyone(&scene);
    model_open(&scene.model, room);
    refresh(&scene, NOW);
    assert_string_equal(scene.model.name, "ana");
    assert_string_equal(scene.model.tag, "self");
    assert_string_equal(scene.model.room, "#everyone");
    assert_int_equal(room->present, 1);
    model_drawn(&scene.model);
    struct row *const *rows = scene.model.rows;
    refresh(&scene, NOW + 1000);
    assert_int_equal(scene.model.dirty, 0);
    assert_ptr_equal(scene.model.rows, rows);
    refresh(&scene, NOW + 60000);
    assert_int_equal(scene.model.dirty, MODEL_SIDEBAR | MODEL_TITLE);
    model_drawn(&scene.model);
    roster_rtt(scene.roster, bruno, 1, 5);
    refresh(&scene, NOW + 60001);
    assert_int_equal(scene.model.dirty, 0);
    roster_here(scene.roster, bruno, NOW + 60001);
    refresh(&scene, NOW + 60001);
    assert_int_equal(scene.model.dirty, MODEL_SIDEBAR | MODEL_TITLE);
    assert_int_equal(room->present, 2);
    model_drawn(&scene.model);
    struct message message = message_make("x", N_("Something."));
    model_status(&scene.model, &message, true);
    assert_int_equal(scene.model.dirty, MODEL_STATUS);
    assert_true(scene.model.has_status && scene.model.status_is_error);
    model_status(&scene.model, NULL, true);
    assert_false(scene.model.has_status || scene.model.status_is_error);
    struct progress progress = {.on = true, .done = 71, .total = 100, .found = 4};
    model_progress(&scene.model, &progress);
    assert_int_equal(scene.model.progress.done, 71);
    model_progress(&scene.model, NULL);
    assert_false(scene.model.progress.on);
    scene_done(&scene);
}

static void the_mark_topic_and_title_follow_the_room(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene);
    struct room *lab = rooms_open(scene.rooms, span_text("#lab"), NOW);
    struct conversation *held = model_hold(&scene.model, lab, false);
    assert_ptr_equal(model_hold(&scene.model, lab, true), held);
    assert_false(held->window.more_above);
    struct conversation *room = everyone(&scene);
    assert_ptr_equal(model_conversation(&scene.model, 0), room);
    assert_ptr_equal(model_conversation(&scene.model, 1), held);
    assert_null(model_conversation(&scene.model, 2));
    model_open(&scene.model, held);
    struct order at = {.key = 4, .seq = 1};
    assert_true(room_topic_set(lab, span_text("tea"), &at));
    room_arrived(lab, &at, true, NOW);
    model_drawn(&scene.model);
    model_touch(&scene.model, MODEL_SIDEBAR);
    refresh(&scene, NOW);
    assert_string_equal(held->topic, "tea");
    assert_true(held->marked);
    assert_int_equal(held->mark.key, 4);
    assert_int_equal(held->unread, 1);
    assert_int_equal(held->mentions, 1);
    assert_true(scene.model.dirty & MODEL_LINES);
    assert_true(scene.model.dirty & MODEL_TITLE);
    /* A room that is forgotten leaves the screen. */
    rooms_forget(scene.rooms, lab);
    model_touch(&scene.model, MODEL_SIDEBAR);
    refresh(&scene, NOW);
    assert_null(scene.model.open);
    assert_null(model_find(&scene.model, "#lab"));
    assert_string_equal(scene.model.room, "");
    scene_done(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_by_presence_and_guests_under_their_host),
        cmocka_unit_test(rooms_whispers_and_finds_follow),
        cmocka_unit_test(rows_are_bounded),
        cmocka_unit_test(lines_carry_who_said_them_under_todays_name),
        cmocka_unit_test(people_nobodys_line_needs_are_dropped),
        cmocka_unit_test(unread_is_what_nobody_looks_at),
        cmocka_unit_test(conversations_off_the_screen_hold_little),
        cmocka_unit_test(receipts_are_counted_and_never_guessed),
        cmocka_unit_test(a_member_who_left_is_not_counted_for_one_who_did_not_answer),
        cmocka_unit_test(nothing_is_dirty_without_a_change),
        cmocka_unit_test(the_mark_topic_and_title_follow_the_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
