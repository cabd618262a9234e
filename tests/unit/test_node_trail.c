/* Where entries of one log stand: their keys never fall along it, whatever order they come in, what
 * our clock does meanwhile and what the disk refuses. */
#include "unit.h"

#include "base/alloc.h"
#include "core/node_parts.h"

#include <stdlib.h>

enum { MINUTE = 60000, LONGEST = 40 };

struct track {
    struct node node;
    struct author *author;
    struct entry *entry;
    uint64_t clock;               /* ours */
    uint64_t keys[LONGEST];       /* of what is stored, by seq */
    struct pending kept[LONGEST]; /* of what got a key */
};

static struct track *track_new(void)
{
    struct track *track = xcalloc(1, sizeof *track);
    track->entry = xcalloc(1, sizeof *track->entry);
    track->node.logs = logs_new(1);
    track->clock = UINT64_C(1700000000000);
    track->entry->fields.author.bytes[0] = 7;
    track->entry->fields.epoch.bytes[0] = 1;
    track->author = logs_add(track->node.logs, &track->entry->fields.author);
    return track;
}

static void track_free(struct track *track)
{
    node_trails_free(&track->node);
    logs_free(track->node.logs);
    free(track->entry);
    free(track);
}

static void proved(struct track *track, uint64_t seq, uint64_t hlc, bool below)
{
    track->entry->fields.seq = seq;
    track->entry->fields.hlc = hlc;
    track->node.now.wall_ms = track->clock;
    track->kept[seq].ref.author = track->entry->fields.author;
    track->kept[seq].ref.epoch = track->entry->fields.epoch;
    track->kept[seq].ref.seq = seq;
    node_trail_key(&track->node, track->entry, below, &track->kept[seq]);
}

/* All of these are on the disk now, and the log is `low` to `high`. */
static void stored(struct track *track, uint64_t first, uint64_t last, uint64_t low, uint64_t high)
{
    struct log *log = author_log_add(track->author, &track->entry->fields.epoch);
    log->low = low;
    log->high = high;
    for (uint64_t seq = first; seq <= last; seq++)
        if (track->keys[seq] == 0) /* what lay apart keeps its key */
            track->keys[seq] = track->kept[seq].key;
}

static void assert_ascending(const struct track *track)
{
    uint64_t last = 0;
    for (size_t seq = 1; seq < LONGEST; seq++) {
        if (track->keys[seq] == 0)
            continue;
        assert_true(track->keys[seq] >= last);
        last = track->keys[seq];
    }
}

static void jump(struct track *track, uint64_t seq)
{
    struct trail_more before;
    assert_true(track->kept[seq].apart);
    node_trail_jump(&track->node, &track->kept[seq], &before);
}

/* The log begins anew twice, and then what was left out comes, past what lay between. */
static void test_two_gaps(void **state)
{
    (void)state;
    struct track *track = track_new();
    uint64_t hlc = track->clock - MINUTE;
    for (uint64_t seq = 1; seq <= 5; seq++)
        proved(track, seq, hlc + seq, false);
    stored(track, 1, 5, 1, 5);
    for (uint64_t seq = 10; seq <= 12; seq++)
        proved(track, seq, hlc + seq, false);
    jump(track, 10);
    stored(track, 10, 12, 10, 12);
    proved(track, 20, hlc + 20, false);
    jump(track, 20);
    stored(track, 20, 20, 20, 20);
    for (uint64_t seq = 19; seq > 5; seq--)
        proved(track, seq, hlc + seq, true);
    stored(track, 6, 19, 1, 20);
    assert_ascending(track);
    assert_int_equal(track->keys[9], hlc + 9);
    track_free(track);
}

/* What came first, above a gap, did not get to the disk; then our clock goes on, and all comes from
 * the beginning. Their clocks are hours ahead. */
static void test_lost_above_a_gap(void **state)
{
    (void)state;
    struct track *track = track_new();
    uint64_t hlc = track->clock + 600 * (uint64_t)MINUTE;
    struct trail_more before;
    for (uint64_t seq = 3; seq <= 4; seq++)
        proved(track, seq, hlc + seq, false);
    node_trail_jump(&track->node, &track->kept[3], &before);
    node_trail_back(&track->node, track->entry, &before);
    track->clock += 1000;
    proved(track, 1, hlc + 1, false);
    proved(track, 2, hlc + 2, false);
    assert_true(track->kept[3].apart);
    node_trail_join(&track->node, &track->kept[3]);
    proved(track, 5, hlc + 5, false);
    assert_false(track->kept[5].apart);
    stored(track, 1, 5, 1, 5);
    assert_ascending(track);
    assert_true(track->keys[5] > track->keys[4]);
    track_free(track);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_gaps),
        cmocka_unit_test(test_lost_above_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
