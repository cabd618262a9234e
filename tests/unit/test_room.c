/* Conversations: names, members, who is expected, what is unread, and the bounds. */
#include "unit.h"

#include "base/alloc.h"
#include "core/room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS (UINT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)
#define NOW (UINT64_C(20000) * DAY_MS)

static const struct overlay_address nowhere;

static struct id id_of(uint32_t number)
{
    struct id id = {{(uint8_t)(number >> 8), (uint8_t)number, 9}};
    return id;
}

static const struct id self_id = {{0, 0, 9}};

static struct order at_key(uint64_t key)
{
    return (struct order){.key = key, .author = self_id, .seq = 1};
}

static struct roster *roster_make(void)
{
    struct sys_fake world = {.seed = 7};
    struct sys sys = sys_fake(&world);
    return roster_new(&self_id, &sys);
}

static struct person *person_of(struct roster *roster, uint32_t number, uint64_t seen)
{
    struct id id = id_of(number);
    struct person *person = roster_add(roster, &id, false, NOW);
    roster_seen(roster, person, seen, NOW);
    return person;
}

static bool set(struct rooms *rooms, struct room *room, uint32_t who, bool in, uint64_t key)
{
    struct id id = id_of(who);
    struct order at = at_key(key);
    return room_member_set(rooms, room, &id, in, &at, NOW);
}

static bool has(const struct rooms *rooms, const struct room *room, uint32_t who)
{
    struct id id = id_of(who);
    return room_has(rooms, room, &id);
}

/* ---- names ---- */

static void a_room_is_one_however_it_is_written(void **state)
{
    (void)state;
    struct rooms *rooms = rooms_new(&self_id);
    struct room *lab = rooms_open(rooms, span_text("#lab"), NOW);
    assert_ptr_equal(rooms_open(rooms, span_text("#LAB"), NOW), lab);
    assert_ptr_equal(rooms_open(rooms, span_text("＃ｌａｂ"), NOW), lab);
    assert_ptr_equal(rooms_open(rooms, span_text("#la\u200bb"), NOW), lab);
    assert_ptr_equal(rooms_find(rooms, "#lab"), lab);
    assert_null(rooms_find(rooms, "#LAB"));
    assert_ptr_equal(rooms_open(rooms, span_text("#Everyone"), NOW), rooms_everyone(rooms));
    assert_ptr_equal(rooms_restore(rooms, "#lab", NOW), lab);
    rooms_free(rooms);
}

static void bad_names_are_no_rooms(void **state)
{
    (void)state;
    char name[ROOM_MAX + 1];
    char longer[ROOM_MAX + 2] = "#";
    memset(longer + 1, 'x', ROOM_MAX);
    assert_int_equal(room_name_fold(span_text(longer), name), ROOM_NAME_TOO_LONG);
    longer[ROOM_MAX] = '\0';
    assert_int_equal(room_name_fold(span_text(longer), name), ROOM_NAME_FINE);
    assert_int_equal(room_name_fold(span_text(""), name), ROOM_NAME_NO_HASH);
    assert_int_equal(room_name_fold(span_text("lab"), name), ROOM_NAME_NO_HASH);
    assert_int_equal(room_name_fold(span_text("#"), name), ROOM_NAME_EMPTY);
    assert_int_equal(room_name_fold(span_text("# \u200b"), name), ROOM_NAME_EMPTY);
    assert_int_equal(room_name_fold(span_text("#a b"), name), ROOM_NAME_BAD);
    assert_int_equal(room_name_fold(span_of("#a\0b", 4), name), ROOM_NAME_BAD);
    assert_int_equal(room_name_fold(span_text("#a\x1b[m"), name), ROOM_NAME_BAD);
    assert_int_equal(room_name_fold(span_text("#\xff"), name), ROOM_NAME_BAD);
    /* Folding makes it longer: twelve bytes in, far more than fit out. */
    assert_int_equal(room_name_fold(span_text("#ﷺﷺﷺﷺ"), name), ROOM_NAME_TOO_LONG);
    struct rooms *rooms = rooms_new(&self_id);
    assert_null(rooms_open(rooms, span_text("lab"), NOW));
    assert_null(rooms_restore(rooms, "", NOW));
    rooms_free(rooms);
}

static void a_whisper_goes_by_the_set_of_its_people(void **state)
{
    (void)state;
    struct rooms *rooms = rooms_new(&self_id);
    const struct id forth[] = {id_of(1), id_of(2), self_id, id_of(2)};
    const struct id back[] = {id_of(2), id_of(1)};
    struct room *whisper = rooms_whisper(rooms, forth, 4, NOW);
    assert_non_null(whisper);
    assert_ptr_equal(rooms_whisper(rooms, back, 2, NOW), whisper);
    assert_int_equal(whisper->people_count, 2);
    assert_ptr_not_equal(rooms_whisper(rooms, back, 1, NOW), whisper);
    assert_ptr_equal(rooms_restore(rooms, whisper->name, NOW), whisper);
    assert_ptr_equal(rooms_find(rooms, whisper->name), whisper);
    assert_null(rooms_whisper(rooms, &self_id, 1, NOW));
    assert_null(rooms_whisper(rooms, NULL, 0, NOW));
    assert_true(has(rooms, whisper, 2));
    assert_true(room_has(rooms, whisper, &self_id));
    assert_false(has(rooms, whisper, 3));
    struct id many[SEALED_SLOTS_MAX + 1];
    for (uint32_t i = 0; i < SEALED_SLOTS_MAX + 1; i++)
        many[i] = id_of(i + 1);
    assert_null(rooms_whisper(rooms, many, SEALED_SLOTS_MAX + 1, NOW));
    assert_null(rooms_whisper(rooms, many, SEALED_SLOTS_MAX, NOW));
    assert_non_null(rooms_whisper(rooms, many, READERS_MAX, NOW));
    many[READERS_MAX] = self_id;
    struct room *full = rooms_whisper(rooms, many, READERS_MAX + 1, NOW);
    assert_int_equal(full->people_count, READERS_MAX);
    assert_true(strlen(full->name) < CONVERSATION_BYTES);
    assert_ptr_equal(rooms_restore(rooms, full->name, NOW), full);
    assert_null(rooms_restore(rooms, "@", NOW));
    assert_null(rooms_restore(rooms, "@abc", NOW));
    char twisted[CONVERSATION_BYTES];
    snprintf(twisted, sizeof twisted, "%s", whisper->name);
    twisted[ID_TEXT] = '@';
    assert_null(rooms_restore(rooms, twisted, NOW));
    rooms_free(rooms);
}

/* ---- members ---- */

static void older_words_never_undo_newer_ones(void **state)
{
    (void)state;
    struct rooms *rooms = rooms_new(&self_id);
    struct room *lab = rooms_open(rooms, span_text("#lab"), NOW);
    assert_true(set(rooms, lab, 1, true, 10));
    assert_true(set(rooms, lab, 1, false, 20));
    assert_false(set(rooms, lab, 1, true, 15));
    assert_false(has(rooms, lab, 1));
    assert_int_equal(lab->member_count, 0);
    assert_true(set(rooms, lab, 1, true, 30));
    assert_true(set(rooms, lab, 1, true, 31));
    assert_int_equal(lab->member_count, 1);
    /* A leave that came first. */
    assert_true(set(rooms, lab, 2, false, 20));
    assert_false(set(rooms, lab, 2, true, 10));
    assert_int_equal(lab->member_count, 1);
    bool in;
    struct order at;
    uint64_t seen;
    struct id one = id_of(1);
    struct id three = id_of(3);
    assert_true(room_member(lab, &one, &in, &at, &seen));
    assert_true(in && at.key == 31 && seen == NOW);
    assert_false(room_member(lab, &three, &in, &at, &seen));
    struct order here = at_key(5);
    assert_false(lab->joined);
    assert_true(room_member_set(rooms, lab, &self_id, true, &here, NOW));
    assert_true(lab->joined);
    here.key = 6;
    assert_true(room_member_set(rooms, lab, &self_id, false, &here, NOW));
    assert_false(lab->joined);
    assert_false(set(rooms, rooms_everyone(rooms), 1, false, 99));
    assert_true(has(rooms, rooms_everyone(rooms), 1));
    rooms_free(rooms);
}

static void who_is_expected_was_seen_lately_and_is_no_guest(void **state)
{
    (void)state;
    struct roster *roster = roster_make();
    struct rooms *rooms = rooms_new(&self_id);
    person_of(roster, 3, NOW);
    person_of(roster, 1, NOW - 6 * DAY_MS);
    person_of(roster, 2, NOW - 8 * DAY_MS);
    person_of(roster, 4, 0);
    struct person *host = person_of(roster, 5, NOW);
    struct person *guest =
        roster_guest_add(roster, &host->id, span_text("carlos"), span_text("named"));
    roster_here(roster, guest, NOW);
    size_t count;
    struct id *ids = room_expected(rooms, rooms_everyone(rooms), roster, NOW, &count);
    const struct id all[] = {id_of(1), id_of(3), id_of(5)};
    assert_int_equal(count, 3);
    assert_memory_equal(ids, all, sizeof all);
    free(ids);
    ids = room_expected(rooms, rooms_everyone(rooms), roster, NOW + 2 * DAY_MS, &count);
    assert_int_equal(count, 2);
    free(ids);
    struct person *linked = person_of(roster, 4, 0);
    assert_true(roster_link_up(roster, linked, 1, &nowhere, FOUND_TOLD, NOW - 30 * DAY_MS));
    struct id four = id_of(4);
    assert_true(room_expects(rooms, rooms_everyone(rooms), roster, &four, NOW));
    assert_false(room_expects(rooms, rooms_everyone(rooms), roster, &self_id, NOW));
    rooms_free(rooms);
    roster_free(roster);
}

static void rooms_and_whispers_expect_their_own(void **state)
{
    (void)state;
    struct roster *roster = roster_make();
    struct rooms *rooms = rooms_new(&self_id);
    struct room *lab = rooms_open(rooms, span_text("#lab"), NOW);
    struct order at = at_key(1);
    for (uint32_t i = 1; i < 6; i++)
        person_of(roster, i, NOW);
    assert_true(room_member_set(rooms, lab, &self_id, true, &at, NOW));
    set(rooms, lab, 4, true, 1);
    set(rooms, lab, 2, true, 1);
    set(rooms, lab, 3, true, 1);
    set(rooms, lab, 3, false, 2);
    size_t count;
    struct id *ids = room_expected(rooms, lab, roster, NOW, &count);
    const struct id two[] = {id_of(2), id_of(4)};
    assert_int_equal(count, 2);
    assert_memory_equal(ids, two, sizeof two);
    free(ids);
    assert_null(room_expected(rooms, lab, roster, NOW + 8 * DAY_MS, &count));
    assert_int_equal(count, 0);
    /* The readers of a whisper, however long they are away. */
    const struct id readers[] = {id_of(9), id_of(2)};
    struct room *whisper = rooms_whisper(rooms, readers, 2, NOW);
    ids = room_expected(rooms, whisper, roster, NOW + 99 * DAY_MS, &count);
    const struct id sorted[] = {id_of(2), id_of(9)};
    assert_int_equal(count, 2);
    assert_memory_equal(ids, sorted, sizeof sorted);
    free(ids);
    struct id nine = id_of(9);
    assert_true(room_expects(rooms, whisper, roster, &nine, NOW));
    assert_false(room_expects(rooms, whisper, roster, &self_id, NOW));
    assert_false(room_expects(rooms, lab, roster, &nine, NOW));
    rooms_free(rooms);
    roster_free(roster);
}

static void people_present_are_counted(void **state)
{
    (void)state;
    struct roster *roster = roster_make();
    struct rooms *rooms = rooms_new(&self_id);
    struct room *lab = rooms_open(rooms, span_text("#lab"), NOW);
    struct order at = at_key(1);
    roster_here(roster, person_of(roster, 1, NOW), NOW);
    roster_here(roster, person_of(roster, 2, NOW), NOW);
    person_of(roster, 3, NOW);
    struct id one = id_of(1);
    roster_here(roster, roster_guest_add(roster, &one, span_text("g"), span_text("named")), NOW);
    assert_int_equal(room_present(rooms, rooms_everyone(rooms), roster, NOW), 4);
    assert_true(room_member_set(rooms, lab, &self_id, true, &at, NOW));
    set(rooms, lab, 1, true, 1);
    set(rooms, lab, 3, true, 1);
    assert_int_equal(room_present(rooms, lab, roster, NOW), 2);
    const struct id both[] = {id_of(2), id_of(3)};
    assert_int_equal(room_present(rooms, rooms_whisper(rooms, both, 2, NOW), roster, NOW), 2);
    rooms_free(rooms);
    roster_free(roster);
}

/* ---- topic and unread ---- */

static void the_newest_topic_stays_whatever_comes_after(void **state)
{
    (void)state;
    struct rooms *rooms = rooms_new(&self_id);
    struct room *lab = rooms_open(rooms, span_text("#lab"), NOW);
    struct order ten = at_key(10);
    struct order nine = at_key(9);
    struct order also_ten = ten;
    also_ten.author = id_of(1);
    assert_true(room_topic_set(lab, span_text("ten"), &ten));
    assert_false(room_topic_set(lab, span_text("nine"), &nine));
    assert_string_equal(lab->topic, "ten");
    assert_true(room_topic_set(lab, span_text("other"), &also_ten));
    assert_false(room_topic_set(lab, span_text("ten"), &ten));
    assert_string_equal(lab->topic, "other");
    also_ten.seq++;
    assert_true(room_topic_set(lab, span_text(""), &also_ten));
    assert_null(lab->topic);
    rooms_free(rooms);
}

static void unread_counts_by_arrival_and_the_mark_stays(void **state)
{
    (void)state;
    struct rooms *rooms = rooms_new(&self_id);
    struct room *room = rooms_everyone(rooms);
    struct order first = at_key(50);
    struct order late = at_key(10);
    room_arrived(room, &first, false, NOW);
    room_arrived(room, &late, true, NOW);
    assert_int_equal(room->unread, 2);
    assert_int_equal(room->mentions, 1);
    assert_true(room->marked);
    assert_int_equal(room->mark.key, 50);
    room_read(room);
    assert_int_equal(room->unread, 0);
    assert_int_equal(room->mentions, 0);
    assert_true(room->marked);
    room_leave_mark(room);
    assert_false(room->marked);
    room_arrived(room, &late, false, NOW);
    assert_int_equal(room->mark.key, 10);
    struct id one = id_of(1);
    struct room *whisper = rooms_whisper(rooms, &one, 1, NOW);
    room_arrived(whisper, &first, false, NOW);
    assert_int_equal(whisper->mentions, 1);
    rooms_free(rooms);
}

/* ---- bounds ---- */

static void rooms_are_bounded_and_ours_stay(void **state)
{
    (void)state;
    struct rooms *rooms = rooms_new(&self_id);
    struct room *ours = rooms_open(rooms, span_text("#ours"), NOW);
    struct room *seen = rooms_open(rooms, span_text("#seen"), NOW);
    struct room *busy = rooms_open(rooms, span_text("#busy"), NOW);
    struct order at = at_key(1);
    assert_true(room_member_set(rooms, ours, &self_id, true, &at, NOW));
    set(rooms, busy, 1, true, 1);
    set(rooms, busy, 2, true, 1);
    rooms_pin(rooms, seen);
    char name[16];
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "#r%d", i);
        struct room *room = rooms_open(rooms, span_text(name), NOW + (uint64_t)i);
        assert_non_null(room);
        set(rooms, room, 3 + (uint32_t)i / MEMBER_ROOMS, true, 1);
    }
    size_t count = 0;
    for (struct room *one = rooms_first(rooms); one; one = one->next) {
        assert_true(!one->next || strcmp(one->name, one->next->name) < 0);
        count++;
    }
    assert_int_equal(count, ROOMS_MOST);
    assert_ptr_equal(rooms_find(rooms, "#ours"), ours);
    assert_ptr_equal(rooms_find(rooms, "#seen"), seen);
    assert_ptr_equal(rooms_find(rooms, "#busy"), busy);
    assert_ptr_equal(rooms_find(rooms, "#everyone"), rooms_everyone(rooms));
    assert_null(rooms_find(rooms, "#r0"));
    assert_non_null(rooms_find(rooms, "#r2999"));
    rooms_forget(rooms, seen);
    assert_null(rooms_find(rooms, "#seen"));
    rooms_free(rooms);
}

static void whispers_are_bounded_and_those_we_answered_stay(void **state)
{
    (void)state;
    struct rooms *rooms = rooms_new(&self_id);
    struct id friend = id_of(60000);
    struct room *kept = rooms_whisper(rooms, &friend, 1, NOW);
    room_spoke(kept, NOW);
    for (uint32_t i = 1; i < 3000; i++) {
        struct id id = id_of(i);
        struct order at = at_key(i);
        room_arrived(rooms_whisper(rooms, &id, 1, NOW + i), &at, false, NOW + i);
    }
    size_t count = 0;
    for (struct room *one = rooms_first(rooms); one; one = one->next)
        count += one->kind == ROOM_WHISPER;
    assert_int_equal(count, WHISPERS_MOST);
    assert_ptr_equal(rooms_whisper(rooms, &friend, 1, NOW), kept);
    rooms_free(rooms);
}

static void members_are_bounded_for_one_and_for_all(void **state)
{
    (void)state;
    struct rooms *rooms = rooms_new(&self_id);
    char name[16];
    uint32_t taken = 0;
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "#r%d", i);
        taken += set(rooms, rooms_open(rooms, span_text(name), NOW), 1, true, 1);
    }
    assert_int_equal(taken, MEMBER_ROOMS);
    struct room *big = rooms_open(rooms, span_text("#big"), NOW);
    for (uint32_t i = 2; i < 20000; i++)
        taken += set(rooms, big, i, true, 1);
    assert_int_equal(taken, MEMBERS_MOST);
    /* We can always join. */
    struct order at = at_key(1);
    assert_true(room_member_set(rooms, big, &self_id, true, &at, NOW));
    assert_true(big->joined);
    rooms_forget(rooms, big);
    assert_true(set(rooms, rooms_open(rooms, span_text("#new"), NOW), 2, true, 1));
    rooms_free(rooms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_room_is_one_however_it_is_written),
        cmocka_unit_test(bad_names_are_no_rooms),
        cmocka_unit_test(a_whisper_goes_by_the_set_of_its_people),
        cmocka_unit_test(older_words_never_undo_newer_ones),
        cmocka_unit_test(who_is_expected_was_seen_lately_and_is_no_guest),
        cmocka_unit_test(rooms_and_whispers_expect_their_own),
        cmocka_unit_test(people_present_are_counted),
        cmocka_unit_test(the_newest_topic_stays_whatever_comes_after),
        cmocka_unit_test(unread_counts_by_arrival_and_the_mark_stays),
        cmocka_unit_test(rooms_are_bounded_and_ours_stay),
        cmocka_unit_test(whispers_are_bounded_and_those_we_answered_stay),
        cmocka_unit_test(members_are_bounded_for_one_and_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
