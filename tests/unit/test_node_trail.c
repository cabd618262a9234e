/* Where entries of one log stand: their keys never fall along it, whatever order they come in, what
 * our clock does meanwhile and what the disk refuses. */
#include "unit.h"

#include "base/alloc.h"
#include "core/node_parts.h"

#include <stdlib.h>

enum { MINUTE = 60000, LONGEST = 40, ORDERS = 2000, STEPS = 40 };

struct track {
    struct node node;
    struct author *author;
    struct entry *entry;
    uint64_t clock;               /* ours */
    uint64_t keys[LONGEST];       /* of what is stored, by seq */
    struct pending kept[LONGEST]; /* of what got a key */
    bool pending[LONGEST];        /* the node knows it */
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
    HASH_CLEAR(hh, track->node.pending);
    node_trails_free(&track->node);
    logs_free(track->node.logs);
    free(track->entry);
    free(track);
}

/* As core/node_log does it. */
static void proved(struct track *track, uint64_t seq, uint64_t hlc, bool below)
{
    struct pending *pending = &track->kept[seq];
    if (track->pending[seq])
        return;
    memset(pending, 0, sizeof *pending);
    track->pending[seq] = true;
    track->entry->fields.seq = seq;
    track->entry->fields.hlc = hlc;
    track->node.now.wall_ms = track->clock;
    pending->ref.author = track->entry->fields.author;
    pending->ref.epoch = track->entry->fields.epoch;
    pending->ref.seq = seq;
    node_trail_key(&track->node, track->entry, below, pending);
    HASH_ADD(hh, track->node.pending, ref, sizeof pending->ref, pending);
}

/* All of these are on the disk now, and the log is `low` to `high`. */
static void stored(struct track *track, uint64_t first, uint64_t last, uint64_t low, uint64_t high)
{
    struct log *log = author_log_add(track->author, &track->entry->fields.epoch);
    log->low = low;
    log->high = high;
    for (uint64_t seq = first; seq <= last; seq++) {
        if (track->keys[seq] == 0) /* what lay apart keeps its key */
            track->keys[seq] = track->kept[seq].key;
        if (track->pending[seq])
            HASH_DEL(track->node.pending, &track->kept[seq]);
        track->pending[seq] = false;
    }
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
    node_trail_join(&track->node, &track->kept[3]);
    proved(track, 5, hlc + 5, false);
    stored(track, 1, 5, 1, 5);
    assert_ascending(track);
    assert_true(track->keys[5] > track->keys[4]);
    track_free(track);
}

/* What came first did not get to the disk, and the log begins anew lower than that. */
static void test_lost_and_anew_below(void **state)
{
    (void)state;
    struct track *track = track_new();
    uint64_t hlc = track->clock - MINUTE;
    struct trail_more before;
    for (uint64_t seq = 1; seq <= 5; seq++)
        proved(track, seq, hlc + seq, false);
    stored(track, 1, 5, 1, 5);
    for (uint64_t seq = 10; seq <= 12; seq++)
        proved(track, seq, hlc + seq, false);
    track->entry->fields.seq = 10;
    node_trail_jump(&track->node, &track->kept[10], &before);
    node_trail_back(&track->node, track->entry, &before);
    proved(track, 8, hlc + 8, false);
    jump(track, 8);
    for (uint64_t seq = 9; seq <= 13; seq++)
        proved(track, seq, hlc + seq, false);
    stored(track, 8, 13, 8, 13);
    for (uint64_t seq = 7; seq > 5; seq--)
        proved(track, seq, hlc + seq, true);
    stored(track, 6, 7, 1, 13);
    assert_ascending(track);
    for (uint64_t seq = 1; seq <= 13; seq++)
        assert_int_equal(track->keys[seq], hlc + seq);
    track_free(track);
}

/* ---- any order ---- */

/* A log as sync drives it, by the numbers of a seed. */
struct drive {
    struct track *track;
    uint64_t state;
    uint64_t hlc[LONGEST];
    uint64_t way[LONGEST]; /* what is on its way to the disk */
    size_t count;
    bool anew; /* the first of that begins the log anew */
    uint64_t low, high;
};

static uint64_t number(struct drive *drive, uint64_t below)
{
    drive->state ^= drive->state << 13;
    drive->state ^= drive->state >> 7;
    drive->state ^= drive->state << 17;
    return drive->state % below;
}

static void drive_prove(struct drive *drive, uint64_t seq)
{
    if (seq >= LONGEST)
        return;
    proved(drive->track, seq, drive->hlc[seq], false);
    drive->way[drive->count++] = seq;
}

static uint64_t drive_tail(const struct drive *drive)
{
    return drive->count ? drive->way[drive->count - 1] : drive->high;
}

static void drive_above(struct drive *drive)
{
    for (uint64_t left = 1 + number(drive, 3); left > 0; left--)
        drive_prove(drive, drive_tail(drive) + 1);
}

/* There is a gap, and nobody fills it. */
static void drive_anew(struct drive *drive)
{
    uint64_t seq = drive->high + 2 + number(drive, 6);
    if (drive->count || seq >= LONGEST)
        return;
    drive->anew = true;
    drive_prove(drive, seq);
    drive_above(drive);
}

static void drive_stored(struct drive *drive, size_t count)
{
    struct track *track = drive->track;
    uint64_t last = drive->way[count - 1];
    if (drive->anew || drive->high == 0)
        drive->low = drive->way[0];
    drive->high = last;
    stored(track, drive->way[0], last, drive->low, last);
    track->author->logs[0].oldest_hlc = drive->hlc[drive->low];
    track->author->logs[0].head_hlc = drive->hlc[last];
    drive->count -= count;
    memmove(drive->way, drive->way + count, drive->count * sizeof *drive->way);
    const struct entry_fields *fields = &track->entry->fields;
    node_trail_tidy(&track->node, &fields->author, &fields->epoch);
}

/* More may come while the disk is at work; where it fails, all of that is lost. */
static void drive_commit(struct drive *drive, bool fails)
{
    struct track *track = drive->track;
    size_t count = drive->count;
    struct trail_more before;
    for (size_t i = 0; i < count; i++) {
        struct pending *pending = &track->kept[drive->way[i]];
        if (i == 0 && drive->anew)
            node_trail_jump(&track->node, pending, &before);
        else if (pending->apart)
            node_trail_join(&track->node, pending);
    }
    if (count && number(drive, 2))
        drive_above(drive);
    if (count && fails) {
        track->entry->fields.seq = drive->way[0];
        if (drive->anew)
            node_trail_back(&track->node, track->entry, &before);
        drive->count = 0;
    } else if (count) {
        drive_stored(drive, count);
    }
    drive->anew = false;
}

/* As the store does under an older gap, where other words of the log lie already. */
static void drive_between(struct drive *drive, uint64_t seq)
{
    struct track *track = drive->track;
    const struct entry_fields *fields = &track->entry->fields;
    uint64_t *key = &track->kept[seq].key;
    if (seq > node_trail_get(&track->node, &fields->author, &fields->epoch).gap)
        return;
    for (uint64_t other = 1; other < LONGEST; other++) {
        uint64_t held = track->keys[other];
        bool below = other < seq;
        if (held && below == (held > *key))
            *key = held;
    }
}

static void drive_below(struct drive *drive)
{
    if (drive->count)
        return;
    for (uint64_t left = 1 + number(drive, 4); left > 0 && drive->low > 1; left--) {
        uint64_t seq = --drive->low;
        proved(drive->track, seq, drive->hlc[seq], true);
        node_trail_join(&drive->track->node, &drive->track->kept[seq]);
        drive_between(drive, seq);
        stored(drive->track, seq, seq, seq, drive->high);
        drive->track->author->logs[0].oldest_hlc = drive->hlc[drive->low];
    }
}

static void drive_step(struct drive *drive)
{
    drive->track->clock += number(drive, 2) * number(drive, 5000);
    drive->track->clock -= (number(drive, 6) == 0) * number(drive, 8000);
    switch (number(drive, 6)) {
    case 0:
    case 1:
        drive_above(drive);
        break;
    case 2:
        drive_anew(drive);
        break;
    case 3:
        drive_below(drive);
        break;
    default:
        drive_commit(drive, number(drive, 3) == 0);
    }
}

/* Our clock goes on, and back at times; every second author's is hours ahead. */
static void test_any_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= ORDERS; seed++) {
        struct drive drive = {.track = track_new(), .state = seed * UINT64_C(0x9e3779b97f4a7c15)};
        uint64_t hlc = drive.track->clock - MINUTE + (seed % 2) * 600 * (uint64_t)MINUTE;
        for (size_t seq = 1; seq < LONGEST; seq++)
            drive.hlc[seq] = hlc += number(&drive, 3000);
        for (int step = 0; step < STEPS; step++) {
            drive_step(&drive);
            assert_ascending(drive.track);
        }
        track_free(drive.track);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_gaps),
        cmocka_unit_test(test_lost_above_a_gap),
        cmocka_unit_test(test_lost_and_anew_below),
        cmocka_unit_test(test_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
