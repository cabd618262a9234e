/* Sync, as stories of two to five nodes: they come to hold the same whatever links and disks do,
 * and what they claim is always on their disks (the world asserts that after each step). */
#include "unit.h"

#include "sync_stories.h"

/* ---- coming to agree ---- */

static void both_catch_up(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    for (uint32_t i = 0; i < 6; i++) {
        struct identity author = world_person(i);
        world_fill(world, i % 2, &author, 1, 700, TEXT, NULL);
        world_fill(world, (i + 1) % 2, &author, 2, 3, TEXT, NULL);
    }
    uint64_t own = world_disk_bytes(world, 0) + world_disk_bytes(world, 1);
    world_link(world, 0, 1);
    assert_true(world_settle(world, 10000));
    for (size_t node = 0; node < 2; node++) {
        assert_int_equal(world->nodes[node].stored, 3 * 703); /* each once */
        assert_int_equal(world->nodes[node].kept, 3 * 703);
        assert_in_range(world->nodes[node].checks, 6, 3 * 700 / 50);
    }
    assert_true(wire(world) < own * 115 / 100);
    world_free(world);
}

static void nothing_new_costs_nothing(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct identity author = world_person(1);
    world_fill(world, 0, &author, 1, 300, TEXT, NULL);
    world_link(world, 0, 1);
    assert_true(world_settle(world, 10000));
    world_unlink(world, 0, 1);
    uint64_t before = wire(world);
    world_link(world, 1, 0);
    world_run(world, 3600000);
    assert_in_range(wire(world) - before, 40, 2048);
    assert_true(sync_link_memory(world->nodes[0].sync, 2) <= 8192);
    world_free(world);
}

static void words_travel_along_a_chain(void **state)
{
    (void)state;
    struct world *world = world_of(4);
    for (size_t i = 0; i < 3; i++)
        world_link(world, i, i + 1);
    world_run(world, 100);
    uint64_t before = world->now;
    world_say(world, 0, "hola");
    for (int i = 0; i < 30; i++)
        world_say(world, 3, "hallo");
    assert_true(world_settle(world, 5000));
    assert_true(world->now - before < 200); /* pushed, not fetched */
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(world->nodes[i].kept, 31);
        assert_int_equal(world->nodes[i].stored, 31);
        assert_int_equal(world->nodes[i].asked, 0);
    }
    world_free(world);
}

static void a_late_joiner_gets_all_through_others(void **state)
{
    (void)state;
    struct world *world = world_of(4);
    struct identity author = world_person(1);
    world_fill(world, 0, &author, 1, 3000, TEXT, NULL);
    world_link(world, 2, 1);
    world_link(world, 3, 2);
    world_run(world, 1000);
    world_link(world, 1, 0); /* and by now 2 and 3 are at rest */
    assert_true(world_settle(world, 20000));
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(world->nodes[i].stored, 3000);
    world_free(world);
}

static void in_a_mesh_nothing_is_fetched_twice(void **state)
{
    (void)state;
    struct world *world = world_of(5);
    for (uint32_t i = 0; i < 8; i++) {
        struct identity author = world_person(i);
        for (size_t node = 0; node < 4; node++)
            world_fill(world, node, &author, 1, 500, TEXT, NULL);
    }
    uint64_t own = world_disk_bytes(world, 0);
    for (size_t a = 0; a < 5; a++)
        for (size_t b = a + 1; b < 5; b++)
            world_link(world, a, b);
    assert_true(world_settle(world, 20000));
    assert_int_equal(world->nodes[4].stored, 4000);
    uint64_t got = 0;
    for (size_t i = 0; i < 4; i++)
        got += world->bytes[i][4];
    assert_true(got < own * 115 / 100);
    /* And what is said now is kept once by everyone. */
    world_say(world, 2, "hola");
    assert_true(world_settle(world, 5000));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(world->nodes[i].kept, 1);
    world_free(world);
}

static void ours_are_stored_before_they_are_sent(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    world_link(world, 0, 1);
    world_run(world, 100);
    world->nodes[0].store_ms = 500;
    uint64_t frames = world->frames[0][1];
    world_say(world, 0, "one");
    world_say(world, 0, "two");
    world_run(world, 499);
    assert_int_equal(world->frames[0][1], frames);
    assert_int_equal(world->nodes[0].kept, 0);
    world_run(world, 2);
    assert_int_equal(world->nodes[0].kept, 2);
    assert_true(world->frames[0][1] > frames);
    world_free(world);
}

static struct world *three_around_a_slow_disk(void)
{
    struct world *world = world_of(4);
    for (size_t i = 0; i < 3; i++)
        world_link(world, i, 3);
    world_run(world, 100);
    world->nodes[3].store_ms = 500;
    return world;
}

/* Who says one thing does not wait for a disk that is busy with another's; who says more does. */
static void a_busy_disk_holds_up_nobody(void **state)
{
    (void)state;
    struct world *world = three_around_a_slow_disk();
    world_say(world, 0, "busy");
    world_run(world, 100);
    assert_int_equal(world->nodes[1].kept, 0);
    uint64_t frames = world->frames[3][1];
    world_say(world, 2, "hola");
    world_run(world, 100);
    assert_int_equal(world->nodes[1].kept, 1);
    assert_int_equal(world->nodes[3].kept, 0);
    world_say(world, 2, "and more");
    world_run(world, 100);
    assert_int_equal(world->nodes[1].kept, 1);
    world_run(world, 2000);
    assert_int_equal(world->nodes[1].kept, 3);
    assert_int_equal(world->frames[3][1] - frames, 3); /* nothing twice */
    world_free(world);
}

/* A link that came after what was hurried, and before it was stored, is told of it then. */
static void what_was_hurried_is_told_to_a_new_link(void **state)
{
    (void)state;
    struct world *world = three_around_a_slow_disk();
    world_unlink(world, 1, 3);
    world_say(world, 0, "busy");
    world_run(world, 100);
    world_say(world, 2, "hola");
    world_run(world, 100);
    assert_int_equal(world->nodes[0].kept, 2);
    world_link(world, 1, 3);
    world_run(world, 1000);
    assert_int_equal(world->nodes[1].kept, 2);
    world_free(world);
}

/* And where that disk turns out to be full, it is not passed on a second time. */
static void what_was_hurried_is_passed_on_once(void **state)
{
    (void)state;
    struct world *world = three_around_a_slow_disk();
    world->nodes[3].store_fails = true;
    world_say(world, 0, "busy");
    world_run(world, 100);
    uint64_t before = world->bytes[3][1];
    world_say(world, 2, "hola");
    world_run(world, 100);
    uint64_t one = world->bytes[3][1] - before;
    world_run(world, 900);
    assert_in_range(one, 100, 1000);
    assert_int_equal(world->bytes[3][1] - before, 2 * one); /* the busy one, and no more */
    world->nodes[3].store_fails = false;
    world_event(world, 3, &(struct sync_event){.kind = SYNC_RESUME});
    assert_true(world_settle(world, 60000));
    assert_int_equal(world->nodes[1].kept, 2);
    world_free(world);
}

/* Who comes in the place of a link that had an entry does not have it. */
static void a_new_link_is_told_too(void **state)
{
    (void)state;
    struct world *world = world_of(4);
    world_link(world, 0, 1);
    world_link(world, 3, 1);
    world_link(world, 0, 3);
    world_run(world, 100);
    world->nodes[1].store_ms = 500;
    world_say(world, 0, "hola");
    world_run(world, 100); /* by now 1 got it from both */
    world_unlink(world, 3, 1);
    world_link(world, 2, 1);
    world_run(world, 1000);
    assert_int_equal(world->nodes[2].kept, 1);
    world_free(world);
}

/* ---- disks ---- */

static void commits_out_of_order(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    world->nodes[1].store_swap = true;
    world->nodes[1].store_ms = 40;
    struct identity author = world_person(1);
    world_fill(world, 0, &author, 1, 2500, TEXT, NULL);
    world_link(world, 0, 1);
    world_link(world, 1, 2);
    world_run(world, 30);
    for (int i = 0; i < 50; i++)
        world_say(world, 1, "hola");
    assert_true(world_settle(world, 30000));
    assert_int_equal(world_high(world, 2, &author.id, 1), 2500);
    world_free(world);
}

static void a_full_disk_stops_everything_until_told(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct identity author = world_person(1);
    world_fill(world, 0, &author, 1, 5000, TEXT, NULL);
    world_link(world, 0, 1);
    world_run(world, 40);
    uint64_t high = world_high(world, 1, &author.id, 1);
    assert_in_range(high, 1, 4999);
    world->nodes[1].store_fails = true;
    world_run(world, 20);
    high = world_high(world, 1, &author.id, 1);
    uint64_t asked = world->nodes[1].asked;
    uint64_t stored = world->nodes[1].stored;
    world_say(world, 1, "lost");
    world_say(world, 0, "not taken");
    world_run(world, 600000);
    assert_int_equal(world_high(world, 1, &author.id, 1), high);
    assert_int_equal(world->nodes[1].asked, asked);
    assert_int_equal(world->nodes[1].stored, stored);
    assert_true(world->nodes[1].lost > 0);
    world->nodes[1].store_fails = false;
    world_event(world, 1, &(struct sync_event){.kind = SYNC_RESUME});
    assert_true(world_settle(world, 60000));
    assert_int_equal(world_high(world, 1, &author.id, 1), 5000);
    world_free(world);
}

static void killed_in_the_middle(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    struct identity author = world_person(1);
    world_fill(world, 0, &author, 1, 5000, TEXT, NULL);
    world_fill(world, 2, &author, 1, 5000, TEXT, NULL);
    world_link(world, 0, 1);
    for (int i = 0; i < 6; i++) {
        world_run(world, 11 + (uint64_t)i);
        world_restart(world, 1);
        world_assert(world, 1);
        world_link(world, 1, i % 2 ? 0 : 2);
    }
    assert_true(world_settle(world, 20000));
    assert_int_equal(world_high(world, 1, &author.id, 1), 5000);
    assert_in_range(world->nodes[1].stored, 5000, 8000);
    world_free(world);
}

/* Its own older epoch is an author's like any other's; what is new goes into a new one. */
static void a_restored_backup(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    world_link(world, 0, 1);
    for (int i = 0; i < 20; i++)
        world_say(world, 0, "before");
    assert_true(world_settle(world, 5000));
    /* Node 2 is the same person's machine, from a backup of long ago. */
    world->nodes[2].identity = world->nodes[0].identity;
    world_restart(world, 2);
    world_link(world, 2, 1);
    world_say(world, 2, "after");
    assert_true(world_settle(world, 5000));
    assert_int_equal(world->nodes[2].kept, 21);
    assert_int_equal(world->nodes[1].frozen, 0);
    assert_int_equal(world->nodes[2].ahead, 0);
    world_free(world);
}

static void a_snapshot_resumed_in_the_same_epoch(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    struct entry_tip tip = world->nodes[0].tip;
    world_link(world, 0, 1);
    world_say(world, 0, "one");
    world_say(world, 0, "two");
    assert_true(world_settle(world, 5000));
    world->nodes[2].identity = world->nodes[0].identity;
    world_restart(world, 2);
    struct entry *first = world_entry(world, &world->nodes[0].identity, &tip, 3, WORLD_START);
    entry_drop(first);
    world->nodes[2].tip = tip;
    world_link(world, 2, 1);
    world_run(world, 100);
    world_unlink(world, 2, 1);
    /* It knows two by now; its program counted none. Told so, it opens the next epoch. */
    world_restart(world, 2);
    world->nodes[2].tip = *(struct entry_tip[]){world->nodes[0].tip};
    world_say(world, 2, "three");
    world_run(world, 50);
    struct entry_tip mine = world->nodes[0].tip;
    world_say(world, 0, "three as well");
    (void)mine;
    world_link(world, 2, 1);
    assert_true(world_settle(world, 20000));
    assert_true(world->nodes[0].frozen + world->nodes[1].frozen > 0);
    world_free(world);
}

static void told_that_our_epoch_went_on_elsewhere(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct identity self = world->nodes[0].identity;
    struct entry_tip tip = world->nodes[0].tip;
    world_say(world, 0, "one");
    world_run(world, 20);
    const struct log *log = world_log(world, 0, &self.id, &tip.epoch);
    assert_int_equal(log->high, 1);
    tip = (struct entry_tip){tip.epoch, log->high, log->head};
    struct entry *two = world_entry(world, &self, &tip, 3, WORLD_START);
    struct frame_entry travelling = {entry_bytes(two), entry_signature(two)};
    struct frame frame = {.kind = FRAME_ENTRIES, .entries = {1, &travelling}};
    world_link(world, 0, 1);
    world_frame(world, 1, 0, &frame);
    world_run(world, 50);
    assert_int_equal(world->nodes[0].ahead, 1);
    entry_drop(two);
    world_free(world);
}

/* ---- links ---- */

static void a_link_that_dies_in_a_window(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    struct identity author = world_person(1);
    world_fill(world, 0, &author, 1, 2000, 2000, NULL);
    world_fill(world, 2, &author, 1, 2000, 2000, NULL);
    world_link(world, 1, 0);
    world_link(world, 1, 2);
    world_run(world, 12); /* a window of such entries is several frames long */
    world_unlink(world, 1, 0);
    assert_true(world_settle(world, 20000));
    assert_int_equal(world->nodes[1].stored, 2000);
    world_free(world);
}

/* It was asked for, and comes when another one has been asked: it is no more news than it was. */
static void a_late_answer_is_no_news(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    struct identity author = world_person(1);
    world_fill(world, 0, &author, 1, 10, TEXT, NULL);
    world_fill(world, 2, &author, 1, 10, TEXT, NULL);
    for (size_t from = 0; from < 3; from += 2) {
        world_link(world, 1, from);
        while (world->nodes[1].asked == from / 2)
            world_run(world, 1);
        world->stalled[from][1] = true;
    }
    world->stalled[0][1] = false;
    world_run(world, 1000);
    assert_int_equal(world_high(world, 1, &author.id, 1), 10);
    assert_int_equal(world->nodes[1].news, 0);
    world_say(world, 0, "hola");
    world_run(world, 1000);
    assert_int_equal(world->nodes[1].news, 1);
    world_free(world);
}

static void a_slow_link_is_left_out_and_comes_back(void **state)
{
    (void)state;
    struct world *world = world_new(3, &signer_fake, 0);
    char text[3000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    world_link(world, 0, 1);
    world_link(world, 0, 2);
    world_run(world, 100);
    world->stalled[0][1] = true;
    for (int i = 0; i < 3000; i++) {
        world_say(world, 0, text);
        world_run(world, 3);
    }
    world_run(world, 50);
    assert_int_equal(world->nodes[2].kept, 3000);
    assert_true(world->queued_most < SYNC_QUEUE_MAX + 2 * FRAME_MAX);
    world->stalled[0][1] = false;
    assert_true(world_settle(world, 60000));
    assert_int_equal(world->nodes[1].kept, 3000);
    assert_true(world->queued_most < SYNC_QUEUE_MAX + 2 * FRAME_MAX);
    world_free(world);
}

static void many_large_entries_never_queue_up(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct identity author = world_person(1);
    world_fill(world, 0, &author, 1, 2500, 4000, NULL);
    world->delay[0][1] = 100;
    world_link(world, 1, 0);
    assert_true(world_settle(world, 60000));
    assert_int_equal(world->nodes[1].stored, 2500);
    assert_true(world->queued_most <= SYNC_SERVE_MAX + SYNC_PAGE_BYTES + 2 * FRAME_MAX);
    world_free(world);
}

/* ---- gaps, and what was dropped ---- */

/* A damaged file: what a page begins with is not what was asked for, and would never be. */
static void a_hole_in_the_file_is_read_once(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct identity author = world_person(1);
    world_fill(world, 0, &author, 1, 20, 20, NULL);
    world->nodes[0].lost_at = 7;
    world->nodes[0].read_ms = 1;
    world_link(world, 1, 0);
    world_run(world, 60000);
    assert_in_range(world->nodes[0].reads, 2, 50);
    assert_int_equal(world_high(world, 1, &author.id, 1), 6);
    world_free(world);
}

static void the_highest_numbers(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct identity author = world_person(1);
    struct entry_tip tip = {.epoch = world_epoch(1), .seq = ENTRY_NUMBER_MAX - 100};
    world_fill(world, 0, &author, 1, 100, TEXT, &tip);
    assert_true(tip.seq == ENTRY_NUMBER_MAX);
    world_link(world, 0, 1);
    assert_true(world_settle(world, 5000));
    assert_true(world_high(world, 1, &author.id, 1) == ENTRY_NUMBER_MAX);
    assert_int_equal(world->nodes[1].stored, 100);
    world_free(world);
}

static void a_gap_that_nobody_fills(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    struct identity author = world_person(1);
    struct entry_tip tip = {.epoch = world_epoch(1)};
    struct epoch_id epoch = world_epoch(1);
    world_fill(world, 2, &author, 1, 600, TEXT, &tip);
    tip.seq = 0;
    world_fill(world, 1, &author, 1, 100, TEXT, &tip);
    /* Node 0 has only the newest of it. */
    struct entry_tip start = {.epoch = epoch};
    for (uint64_t i = 0; i < 600; i++) {
        struct entry *entry = world_entry(world, &author, &start, TEXT,
                                          WORLD_START - 3600000 - 600 * 1000 + i * 1000);
        start = entry_tip(entry);
        if (i >= 499)
            world_put(world, 0, entry);
        entry_drop(entry);
    }
    world_link(world, 0, 1);
    world_run(world, 1000);
    world_run(world, 20000);
    const struct log *log = world_log(world, 1, &author.id, &epoch);
    assert_int_equal(log->high, 600);
    assert_int_equal(log->low, 500);
    /* Who has it all comes back: the rest is filled in, proved from above. */
    unsigned checks = world->nodes[1].checks;
    world_link(world, 1, 2);
    world_run(world, 120000);
    log = world_log(world, 1, &author.id, &epoch);
    assert_int_equal(log->low, 1);
    assert_int_equal(log->high, 600);
    assert_int_equal(world->nodes[1].checks, checks); /* and without a signature */
    world_free(world);
}

static void what_retention_dropped_is_not_fetched_back(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct identity author = world_person(1);
    world_fill(world, 0, &author, 1, 25000, 20, NULL);
    world_link(world, 1, 0);
    assert_true(world_settle(world, 60000));
    world_run(world, 300000);
    struct epoch_id epoch = world_epoch(1);
    for (size_t node = 0; node < 2; node++) {
        const struct log *log = world_log(world, node, &author.id, &epoch);
        assert_int_equal(log->high, 25000);
        assert_int_equal(log->low, 5001);
        assert_int_equal(log->entries, 20000);
    }
    assert_int_equal(world->nodes[1].stored, 25000);
    uint64_t bytes = wire(world);
    world_unlink(world, 0, 1);
    world_link(world, 0, 1);
    world_run(world, 300000);
    assert_true(wire(world) - bytes < 2048);
    world_free(world);
}

/* More authors than are compared in one round, one way and the other. */
static void thousands_of_rows(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    for (uint32_t i = 0; i < 900; i++) {
        struct identity author = world_person(i);
        world_fill(world, i % 2, &author, 1, 1, TEXT, NULL);
        world_fill(world, 1 - i % 2, &author, 2, 1, TEXT, NULL);
    }
    world_link(world, 0, 1);
    assert_true(world_settle(world, 300000));
    assert_int_equal(world->nodes[0].stored, 900);
    assert_int_equal(world->nodes[1].stored, 900);
    world_free(world);
}

/* One author with more epochs than fit into one frame of heads. */
static void hundreds_of_epochs(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct identity author = world_person(1);
    for (uint32_t i = 0; i < 900; i++) {
        struct entry_tip tip = {{{0}}, 0, {{0}}};
        struct hash hash = hash_of(span_of(&i, sizeof i));
        memcpy(tip.epoch.bytes, hash.bytes, EPOCH_BYTES);
        for (size_t j = 0; j < 1 + i % 3; j++) {
            struct entry *entry = world_entry(world, &author, &tip, 5, WORLD_START - 1000 + j);
            tip = entry_tip(entry);
            if (j < 1 || i % 5 == 0)
                world_put(world, i % 2, entry);
            if (i % 3 == 2)
                world_put(world, 1 - i % 2, entry);
            else if (i % 5 == 0 && j == 0)
                world_put(world, 1 - i % 2, entry);
            entry_drop(entry);
        }
    }
    world_link(world, 1, 0);
    assert_true(world_settle(world, 300000));
    world_free(world);
}

/* The same world goes the same way, to the byte. */
static void it_repeats(void **state)
{
    (void)state;
    uint64_t bytes[2];
    for (size_t run = 0; run < 2; run++) {
        struct world *world = world_of(4);
        free(xmalloc(run * 12345 + 1)); /* memory lies elsewhere */
        for (uint32_t i = 0; i < 50; i++) {
            struct identity author = world_person(i);
            world_fill(world, i % 4, &author, 1, 20 + i, TEXT, NULL);
        }
        for (size_t a = 0; a < 4; a++)
            for (size_t b = a + 1; b < 4; b++)
                world_link(world, a, b);
        world_run(world, 25);
        world_unlink(world, 1, 2);
        world_say(world, 1, "hola");
        assert_true(world_settle(world, 20000));
        bytes[run] = wire(world) * 1000003 + world->order;
        world_free(world);
    }
    assert_int_equal(bytes[0], bytes[1]);
}

/* A thousand words a second are proved by a few signatures; words at the pace of people each by
 * their own, at once. */
static void a_crowd_is_proved_together(void **state)
{
    (void)state;
    enum { WORDS = 320, PEOPLE_MS = 40, FEW = WORDS / SYNC_CROWD };
    struct world *world = world_of(2);
    world_link(world, 0, 1);
    world_run(world, 100);
    struct world_node *other = &world->nodes[1];
    for (int i = 0; i < WORDS; i++) {
        world_say(world, 0, "much");
        world_run(world, 1);
    }
    assert_true(world_settle(world, 5000));
    assert_int_equal(other->stored, WORDS);
    assert_in_range(other->checks, 1, FEW);
    world_run(world, 1000);
    for (unsigned i = 1; i <= 10; i++) {
        unsigned checks = other->checks;
        world_say(world, 0, "well");
        world_run(world, PEOPLE_MS / 2);
        assert_int_equal(other->stored, WORDS + i);
        assert_int_equal(other->checks, checks + 1);
        world_run(world, PEOPLE_MS / 2);
    }
    world_free(world);
}

/* Words that one says are there in milliseconds, however much another one says meanwhile. */
static void nobody_waits_for_the_crowd_of_another(void **state)
{
    (void)state;
    enum { WORDS = 20, CROWDED = 40, SOON = SYNC_CROWD_MS / 2 };
    struct world *world = world_of(3);
    world_link(world, 0, 1);
    world_link(world, 2, 1);
    world_run(world, 100);
    world_say(world, 2, "well");
    for (int i = 0; i < CROWDED; i++) {
        world_say(world, 0, "much");
        world_run(world, 1);
    }
    const struct author *author = logs_find(world->nodes[1].logs, &world->nodes[2].identity.id);
    for (uint64_t seq = 2; seq < 2 + WORDS; seq++) {
        world_say(world, 2, "well");
        for (int ms = 0; ms < SOON; ms++) {
            world_say(world, 0, "much");
            world_run(world, 1);
        }
        assert_int_equal(author->logs[0].high, seq);
        world_run(world, 3);
    }
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_catch_up),
        cmocka_unit_test(nothing_new_costs_nothing),
        cmocka_unit_test(words_travel_along_a_chain),
        cmocka_unit_test(a_late_joiner_gets_all_through_others),
        cmocka_unit_test(in_a_mesh_nothing_is_fetched_twice),
        cmocka_unit_test(ours_are_stored_before_they_are_sent),
        cmocka_unit_test(a_busy_disk_holds_up_nobody),
        cmocka_unit_test(what_was_hurried_is_told_to_a_new_link),
        cmocka_unit_test(what_was_hurried_is_passed_on_once),
        cmocka_unit_test(a_new_link_is_told_too),
        cmocka_unit_test(commits_out_of_order),
        cmocka_unit_test(a_full_disk_stops_everything_until_told),
        cmocka_unit_test(killed_in_the_middle),
        cmocka_unit_test(a_restored_backup),
        cmocka_unit_test(a_snapshot_resumed_in_the_same_epoch),
        cmocka_unit_test(told_that_our_epoch_went_on_elsewhere),
        cmocka_unit_test(a_link_that_dies_in_a_window),
        cmocka_unit_test(a_late_answer_is_no_news),
        cmocka_unit_test(a_slow_link_is_left_out_and_comes_back),
        cmocka_unit_test(many_large_entries_never_queue_up),
        cmocka_unit_test(the_highest_numbers),
        cmocka_unit_test(a_gap_that_nobody_fills),
        cmocka_unit_test(a_hole_in_the_file_is_read_once),
        cmocka_unit_test(what_retention_dropped_is_not_fetched_back),
        cmocka_unit_test(thousands_of_rows),
        cmocka_unit_test(hundreds_of_epochs),
        cmocka_unit_test(it_repeats),
        cmocka_unit_test(a_crowd_is_proved_together),
        cmocka_unit_test(nobody_waits_for_the_crowd_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
