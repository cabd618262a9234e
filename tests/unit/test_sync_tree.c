/* The tree of words: nobody is sent for long what it gets from somebody else, and whoever misses
 * something by that has it soon. */
#include "unit.h"

#include "sync_stories.h"

static bool entries_count(void *self, size_t from, size_t to, struct frame *frame)
{
    (void)from;
    (void)to;
    if (frame->kind == FRAME_ENTRIES)
        *(size_t *)self += frame->entries.count;
    return true;
}

static struct world *mesh_of(size_t count)
{
    struct world *world = world_of(count);
    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++)
            world_link(world, a, b);
    world_run(world, 1000);
    return world;
}

static void say_slowly(struct world *world, size_t node, int count)
{
    for (int i = 0; i < count; i++) {
        world_say(world, node, "hola");
        world_run(world, 1000);
    }
}

/* Everybody sends everything to everybody at first, and soon each word goes to each once. */
static void words_go_along_a_tree(void **state)
{
    (void)state;
    struct world *world = mesh_of(5);
    size_t sent = 0;
    world->tamper = entries_count;
    world->tamper_self = &sent;
    say_slowly(world, 0, 5);
    assert_true(sent > 20);
    sent = 0;
    say_slowly(world, 0, 10);
    assert_int_equal(sent, 40);
    for (size_t i = 1; i < 5; i++) {
        assert_int_equal(world->nodes[i].kept, 15);
        assert_int_equal(world->nodes[i].asked, 0);
    }
    world_free(world);
}

/* The link that brought it is gone, or silent: a line tells of the first word, and those behind it
 * are sent again. */
static void another_branch_is_found(void **state)
{
    (void)state;
    for (int silent = 0; silent < 2; silent++) {
        struct world *world = mesh_of(3);
        say_slowly(world, 0, 5);
        if (silent)
            world->stalled[0][2] = true;
        else
            world_unlink(world, 0, 2);
        world_say(world, 0, "hola");
        world_run(world, SYNC_LAZY_MS / 2);
        assert_int_equal(world->nodes[2].kept, 5);
        world_run(world, SYNC_LAZY_MS);
        assert_int_equal(world->nodes[2].kept, 6);
        assert_int_equal(world->nodes[2].asked, 1);
        world_say(world, 0, "hola");
        world_run(world, SYNC_LAZY_MS / 2);
        assert_int_equal(world->nodes[2].kept, 7);
        assert_int_equal(world->nodes[2].asked, 1);
        world_free(world);
    }
}

/* What was passed on from a busy disk is told of when it is on it. */
static void a_line_waits_for_the_disk(void **state)
{
    (void)state;
    struct world *world = mesh_of(3);
    say_slowly(world, 0, 5);
    world_unlink(world, 0, 2);
    world->nodes[1].store_ms = 1000;
    world_say(world, 1, "busy");
    world_run(world, 10);
    world_say(world, 0, "hola");
    world_run(world, 980);
    assert_int_equal(world->nodes[2].kept, 5);
    world_run(world, 1000 + 2 * SYNC_LAZY_MS);
    assert_int_equal(world->nodes[2].kept, 7);
    assert_int_equal(world->nodes[2].asked, 1);
    world_free(world);
}

/* It says that it has all that is on our disk, and what is not there yet is owed to it still. */
static void a_line_settles_what_it_says(void **state)
{
    (void)state;
    struct world *world = mesh_of(3);
    say_slowly(world, 0, 5);
    world->stalled[0][2] = true;
    world->nodes[1].store_ms = 1000;
    world_say(world, 1, "busy");
    world_run(world, 10);
    world_say(world, 0, "hola");
    world_run(world, 100);
    const struct author *author = logs_find(world->nodes[1].logs, &world->nodes[0].identity.id);
    const struct log *log = &author->logs[0];
    assert_int_equal(log->high, 5);
    struct frame_head head = {log->epoch, log->low, log->high, log->head};
    struct frame line = {.kind = FRAME_HEADS};
    line.heads =
        (struct frame_heads){.author = author->id, .answer = true, .count = 1, .heads = &head};
    world_frame(world, 2, 1, &line);
    world_run(world, 2000 + 2 * SYNC_LAZY_MS);
    assert_int_equal(world->nodes[2].kept, 7);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_go_along_a_tree),
        cmocka_unit_test(another_branch_is_found),
        cmocka_unit_test(a_line_waits_for_the_disk),
        cmocka_unit_test(a_line_settles_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
