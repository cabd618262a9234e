/* In a mesh where everyone is linked to everyone nobody pushes what all have from its author; and
 * still nobody lacks a word for long. */
#include "unit.h"

#include "sync_stories.h"

enum { SOON = 300, TOLD = 2 * SYNC_TELL_MS + SOON };

/* Everyone linked to everyone, and node 0 has said a word that all of them passed on. */
static struct world *mesh_of(size_t nodes)
{
    struct world *world = world_of(nodes);
    for (size_t a = 0; a < nodes; a++) {
        sync_whole(world->nodes[a].sync, true);
        for (size_t b = a + 1; b < nodes; b++)
            world_link(world, a, b);
    }
    world_run(world, 100);
    world_say(world, 0, "one");
    world_run(world, TOLD);
    for (size_t i = 0; i < nodes; i++)
        assert_int_equal(world->nodes[i].kept, 1);
    return world;
}

/* Frames between all but node 0. */
static uint64_t others_said(const struct world *world)
{
    uint64_t frames = 0;
    for (size_t a = 1; a < world->count; a++)
        for (size_t b = 1; b < world->count; b++)
            frames += world->frames[a][b];
    return frames;
}

static void all_have(const struct world *world, uint64_t count)
{
    for (size_t i = 0; i < world->count; i++)
        assert_int_equal(world->nodes[i].kept, count);
}

static void the_author_alone_tells_it(void **state)
{
    (void)state;
    struct world *world = mesh_of(5);
    uint64_t before = others_said(world);
    for (int i = 0; i < 10; i++)
        world_say(world, 0, "and more");
    world_run(world, SOON);
    all_have(world, 11);
    assert_int_equal(others_said(world), before);
    world_run(world, TOLD);
    assert_int_equal(others_said(world) - before, 6); /* a word between each two */
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(world->nodes[i].asked, 0);
    world_free(world);
}

/* Who is slow shows nothing by pushing: it says so, once. */
static void whichever_disk_is_the_fastest(void **state)
{
    (void)state;
    struct world *world = mesh_of(4);
    for (size_t i = 0; i < 4; i++)
        world->nodes[i].store_ms = 10 + 40 * i;
    for (int i = 0; i < 3; i++) {
        world_say(world, 1, "one");
        world_run(world, TOLD);
    }
    uint64_t pushed = world->frames[0][2] + world->frames[0][3] + world->frames[2][3] +
                      world->frames[2][0] + world->frames[3][0] + world->frames[3][2];
    world_say(world, 1, "more");
    world_run(world, SOON);
    all_have(world, 5);
    assert_int_equal(world->frames[0][2] + world->frames[0][3] + world->frames[2][3] +
                         world->frames[2][0] + world->frames[3][0] + world->frames[3][2],
                     pushed);
    world_free(world);
}

/* That one's words come by themselves says nothing of those that it only passes on. */
static void only_its_own_words(void **state)
{
    (void)state;
    struct world *world = mesh_of(4);
    world_say(world, 1, "two");
    world_run(world, TOLD);
    world_unlink(world, 0, 2);
    world_unlink(world, 0, 3);
    world_say(world, 0, "three");
    world_run(world, TOLD);
    uint64_t before = world->frames[2][3] + world->frames[3][2];
    world_say(world, 0, "four");
    world_run(world, SOON);
    all_have(world, 4);
    assert_true(world->frames[2][3] + world->frames[3][2] > before);
    world_free(world);
}

static void who_lacks_it_asks_and_has_it_at_once_from_then_on(void **state)
{
    (void)state;
    struct world *world = mesh_of(4);
    world_unlink(world, 0, 3);
    world_say(world, 0, "two");
    world_run(world, SOON);
    assert_int_equal(world->nodes[2].kept, 2);
    assert_int_equal(world->nodes[3].kept, 1);
    world_run(world, TOLD);
    all_have(world, 2);
    world_say(world, 0, "three");
    world_run(world, SOON);
    all_have(world, 3);
    world_free(world);
}

static void the_last_words_of_who_vanishes_are_told_at_once(void **state)
{
    (void)state;
    struct world *world = mesh_of(3);
    world_unlink(world, 0, 2);
    world_say(world, 0, "two");
    world_run(world, SOON);
    assert_int_equal(world->nodes[1].kept, 2);
    assert_int_equal(world->nodes[2].kept, 1);
    world_unlink(world, 0, 1);
    world_run(world, SOON);
    assert_int_equal(world->nodes[2].kept, 2);
    world_free(world);
}

/* It is not told before it is stored, and then it is pushed: its author is gone. */
static void and_so_they_are_where_a_disk_is_slow(void **state)
{
    (void)state;
    struct world *world = mesh_of(4);
    world_unlink(world, 0, 3);
    world->nodes[1].store_ms = world->nodes[2].store_ms = 1500;
    world_say(world, 3, "busy");
    world_run(world, SOON);
    world_say(world, 0, "two");
    world_run(world, SOON);
    world_unlink(world, 0, 1);
    world_unlink(world, 0, 2);
    assert_int_equal(world->nodes[3].kept, 2);
    while (world->nodes[1].kept < 3)
        world_run(world, 10);
    world_run(world, SOON);
    assert_int_equal(world->nodes[3].kept, 3);
    world_free(world);
}

static void in_a_sparse_mesh_everyone_passes_it_on(void **state)
{
    (void)state;
    struct world *world = mesh_of(4);
    for (size_t i = 0; i < 4; i++)
        sync_whole(world->nodes[i].sync, false);
    world_unlink(world, 0, 3);
    world_say(world, 0, "two");
    world_run(world, SOON);
    all_have(world, 2);
    world_free(world);
}

/* What cannot be stored cannot be told: it is pushed on, as ever. */
static void through_a_full_disk_it_is_passed_on(void **state)
{
    (void)state;
    struct world *world = mesh_of(3);
    world_unlink(world, 0, 2);
    world->nodes[1].store_fails = true;
    world_say(world, 0, "two");
    world_run(world, SOON);
    world_say(world, 0, "three");
    world_run(world, SOON);
    assert_int_equal(world->nodes[2].kept, 3);
    world_free(world);
}

static void so_it_is_where_the_disk_fails_later(void **state)
{
    (void)state;
    struct world *world = mesh_of(3);
    world_unlink(world, 0, 2);
    world->nodes[1].store_ms = 1000;
    world->nodes[1].store_fails = true;
    world_say(world, 2, "busy");
    world_run(world, SOON);
    world_say(world, 0, "two");
    world_run(world, 1000);
    assert_int_equal(world->nodes[2].kept, 3);
    world_free(world);
}

/* What somebody says of an epoch that is over says nothing of the one that begins. */
static void an_epoch_begins_while_one_is_told(void **state)
{
    (void)state;
    for (uint64_t after = SOON; after < TOLD; after += 20) {
        struct world *world = mesh_of(3);
        world->delay[1][2] = world->delay[2][1] = 80;
        world_say(world, 0, "two");
        world_run(world, after);
        world->stalled[0][1] = true;
        world->nodes[0].tip = (struct entry_tip){.epoch = world_epoch(77)};
        world_say(world, 0, "first of the new epoch");
        world_run(world, TOLD + SOON);
        assert_int_equal(world->nodes[1].kept, 3);
        world_free(world);
    }
}

/* It rings a bell like any other. */
static void what_was_told_is_news(void **state)
{
    (void)state;
    struct world *world = mesh_of(3);
    world_unlink(world, 0, 2);
    unsigned before = world->nodes[2].news;
    world_say(world, 0, "two");
    world_run(world, TOLD);
    assert_int_equal(world->nodes[2].kept, 2);
    assert_int_equal(world->nodes[2].news, before + 1);
    world_free(world);
}

static void what_a_slow_disk_tells_is_none(void **state)
{
    (void)state;
    struct world *world = mesh_of(3);
    world_unlink(world, 0, 2);
    world->nodes[1].store_ms = 4000;
    unsigned before = world->nodes[2].news;
    world_say(world, 0, "two");
    world_run(world, 4000 + TOLD);
    assert_int_equal(world->nodes[2].kept, 2);
    assert_int_equal(world->nodes[2].news, before);
    world_free(world);
}

static void nor_is_what_a_newcomer_asks_for(void **state)
{
    (void)state;
    struct world *world = mesh_of(3);
    world_unlink(world, 0, 2);
    world_unlink(world, 1, 2);
    unsigned before = world->nodes[2].news;
    world_say(world, 0, "two");
    world_run(world, SOON);
    world_link(world, 2, 1);
    world_run(world, SOON);
    assert_int_equal(world->nodes[2].kept, 2);
    assert_int_equal(world->nodes[2].news, before);
    world_free(world);
}

/* Who waits for an answer would have to wait longer for what it is told of. */
static void who_waits_for_an_answer_is_pushed_to(void **state)
{
    (void)state;
    struct world *world = mesh_of(3);
    struct identity other = world_person(5);
    world_fill(world, 1, &other, 1, 1, TEXT, NULL);
    world->nodes[1].read_ms = 25000;
    world_unlink(world, 1, 2);
    world_link(world, 1, 2);
    world_run(world, 11000); /* asked for in vain, and the question still waits there */
    assert_int_equal(world->nodes[2].asked, 1);
    world_say(world, 0, "two");
    world_run(world, TOLD);
    world_unlink(world, 0, 2);
    world_say(world, 0, "three");
    world_run(world, SOON);
    all_have(world, 3);
    world_free(world);
}

/* Of who speaks from two places it is not known which of them somebody hears. */
static void who_speaks_from_two_places_is_passed_on(void **state)
{
    (void)state;
    struct world *world = world_of(4);
    world->nodes[3].identity = world->nodes[0].identity;
    world_restart(world, 3);
    for (size_t a = 0; a < 4; a++) {
        sync_whole(world->nodes[a].sync, true);
        for (size_t b = a + 1; b < 4; b++)
            if (a > 0 || b < 3)
                world_link(world, a, b);
    }
    world_run(world, 100);
    world_say(world, 0, "one");
    world_run(world, TOLD);
    world_unlink(world, 0, 2);
    world_unlink(world, 3, 2);
    unsigned before = world->nodes[2].kept;
    world_say(world, 0, "two");
    world_run(world, SOON);
    assert_int_equal(world->nodes[2].kept, before + 1);
    world_free(world);
}

/* Whoever comes anew into the place of a link owes and is owed nothing. */
static void a_new_link_is_told_as_ever(void **state)
{
    (void)state;
    struct world *world = mesh_of(3);
    world_unlink(world, 1, 2);
    world_unlink(world, 0, 2);
    world_link(world, 2, 1);
    world_run(world, SOON);
    world_say(world, 0, "two");
    world_run(world, SOON);
    all_have(world, 2);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_author_alone_tells_it),
        cmocka_unit_test(whichever_disk_is_the_fastest),
        cmocka_unit_test(only_its_own_words),
        cmocka_unit_test(who_lacks_it_asks_and_has_it_at_once_from_then_on),
        cmocka_unit_test(the_last_words_of_who_vanishes_are_told_at_once),
        cmocka_unit_test(and_so_they_are_where_a_disk_is_slow),
        cmocka_unit_test(in_a_sparse_mesh_everyone_passes_it_on),
        cmocka_unit_test(through_a_full_disk_it_is_passed_on),
        cmocka_unit_test(so_it_is_where_the_disk_fails_later),
        cmocka_unit_test(an_epoch_begins_while_one_is_told),
        cmocka_unit_test(what_was_told_is_news),
        cmocka_unit_test(what_a_slow_disk_tells_is_none),
        cmocka_unit_test(nor_is_what_a_newcomer_asks_for),
        cmocka_unit_test(who_waits_for_an_answer_is_pushed_to),
        cmocka_unit_test(who_speaks_from_two_places_is_passed_on),
        cmocka_unit_test(a_new_link_is_told_as_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
