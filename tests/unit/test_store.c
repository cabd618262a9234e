/* The store as the node sees it: what was stored is there, as it was, where it belongs; frontiers
 * move as core/log moves them; and what failed left nothing. */
#include "unit.h"

#include "store_rig.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int begin(void **state)
{
    struct rig *rig = xcalloc(1, sizeof *rig);
    rig_init(rig);
    rig_open(rig);
    *state = rig;
    return 0;
}

static int end(void **state)
{
    rig_done(*state);
    free(*state);
    return 0;
}

/* ---- logs ---- */

static void what_was_stored_comes_back_as_it_was(void **state)
{
    struct rig *rig = *state;
    struct entry *log[40];
    make_log(&rig->bruno, 1, log, COUNT(log), &signer_fake);
    assert_int_equal(rig_store(rig, log, COUNT(log)), STORE_FINE);

    struct store_answer answer;
    struct frame_range range = rig_range(log[0], 3, 900);
    assert_int_equal(rig_load(rig, EFFECT_LOAD, &range, &answer), 38);
    assert_int_equal(answer.event.kind, EVENT_READ);
    assert_int_equal(answer.event.ticket, 5);
    for (size_t i = 0; i < 38; i++) {
        const struct entry *entry = answer.event.read.entries[i];
        assert_true(hash_equal(&entry->hash, &log[i + 2]->hash));
        assert_memory_equal(entry->bytes, log[i + 2]->bytes, entry_weight(entry));
    }
    store_answer_done(&answer);

    rig_again(rig);
    const struct node_saved_log *saved = rig_log(rig, log[0]);
    assert_non_null(saved);
    assert_int_equal(saved->log.low, 1);
    assert_int_equal(saved->log.high, 40);
    assert_int_equal(saved->log.floor, 1);
    assert_int_equal(saved->log.entries, 40);
    assert_true(hash_equal(&saved->log.head, &log[39]->hash));
    assert_int_equal(saved->log.head_hlc, log[39]->fields.hlc);
    assert_int_equal(saved->log.oldest_hlc, log[0]->fields.hlc);
    uint64_t bytes = 0;
    for (size_t i = 0; i < COUNT(log); i++)
        bytes += entry_weight(log[i]);
    assert_int_equal(saved->log.bytes, bytes);
    assert_int_equal(saved->trail.start, RIG_WALL);
    assert_int_equal(saved->trail.first, RIG_WALL);
    assert_int_equal(saved->trail.last, 7);
    drop_log(log, COUNT(log));
}

static void a_gap_is_stored_by_nobody(void **state)
{
    struct rig *rig = *state;
    struct entry *log[6];
    make_log(&rig->bruno, 1, log, COUNT(log), &signer_fake);
    assert_int_equal(rig_store(rig, log, 3), STORE_FINE);
    assert_int_equal(rig_store(rig, log + 4, 2), STORE_GAP);
    assert_true(store_is_halted(rig->store));
    assert_int_equal(rig_held(rig, log[0], 1, 9), 3);
    store_resume(rig->store);
    assert_int_equal(rig_store(rig, log + 3, 3), STORE_FINE);
    assert_int_equal(rig_held(rig, log[0], 1, 9), 6);
    drop_log(log, COUNT(log));
}

/* One of three effects cannot be: the other two, and the setting beside them, are undone as well.
 */
static void a_batch_is_all_or_nothing(void **state)
{
    struct rig *rig = *state;
    static struct rig_batch batches[3];
    struct entry *ana[3], *bruno[3];
    make_log(&rig->ana, 1, ana, 3, &signer_fake);
    make_log(&rig->bruno, 2, bruno, 3, &signer_fake);
    memset(batches, 0, sizeof batches);
    rig_add(&batches[0], ana[0], SYNC_PLACE_ABOVE);
    rig_add(&batches[1], bruno[0], SYNC_PLACE_ABOVE);
    rig_add(&batches[1], bruno[2], SYNC_PLACE_ABOVE);
    rig_add(&batches[2], ana[1], SYNC_PLACE_ABOVE);
    struct store_write writes[4] = {
        {.keep = {STORE_SETTING, "theme", span_text("light")}},
        rig_batch_write(&batches[0]),
        rig_batch_write(&batches[1]),
        rig_batch_write(&batches[2]),
    };
    assert_int_equal(store_write(rig->store, RIG_WALL, writes, 4), STORE_GAP);
    for (size_t i = 0; i < 4; i++) {
        assert_false(writes[i].done);
        assert_int_equal(writes[i].has_answer, i > 0);
        if (i > 0)
            assert_int_equal(writes[i].answer.kind, EVENT_STORE_FAILED);
    }
    assert_int_equal(rig_held(rig, ana[0], 1, 9), 0);
    assert_int_equal(rig_held(rig, bruno[0], 1, 9), 0);

    /* Until the node knows, nothing of entries is taken; what is beside them is. */
    writes[2] = writes[3];
    assert_int_equal(store_write(rig->store, RIG_WALL, writes, 3), STORE_FINE);
    assert_true(writes[0].done);
    assert_false(writes[1].done || writes[2].done);
    assert_int_equal(writes[1].answer.kind, EVENT_STORE_FAILED);
    assert_int_equal(rig_held(rig, ana[0], 1, 9), 0);

    store_resume(rig->store);
    assert_int_equal(store_write(rig->store, RIG_WALL, writes, 3), STORE_FINE);
    assert_true(writes[1].done && writes[2].done);
    assert_int_equal(writes[2].answer.kind, EVENT_STORED);
    assert_int_equal(writes[2].answer.ticket, 77);
    assert_int_equal(rig_held(rig, ana[0], 1, 9), 2);
    rig_again(rig);
    assert_int_equal(rig->start.kept_count, 1);
    assert_true(span_equal(rig->start.kept[0].value, span_text("light")));
    drop_log(ana, 3);
    drop_log(bruno, 3);
}

static void backfill_comes_below_and_moves_the_floor(void **state)
{
    struct rig *rig = *state;
    static struct rig_batch batch;
    struct entry *log[10];
    make_log(&rig->bruno, 1, log, COUNT(log), &signer_fake);
    assert_int_equal(rig_store(rig, log + 6, 4), STORE_FINE); /* an empty log begins anywhere */
    memset(&batch, 0, sizeof batch);
    for (size_t i = 2; i < 6; i++)
        rig_add(&batch, log[i], SYNC_PLACE_BELOW);
    assert_int_equal(rig_write(rig, &batch), STORE_FINE);
    assert_int_equal(rig_held(rig, log[0], 1, 99), 8);
    rig_again(rig);
    const struct node_saved_log *saved = rig_log(rig, log[0]);
    assert_int_equal(saved->log.low, 3);
    assert_int_equal(saved->log.high, 10);
    assert_int_equal(saved->log.oldest_hlc, log[2]->fields.hlc);
    assert_true(hash_equal(&saved->log.head, &log[9]->hash));

    memset(&batch, 0, sizeof batch);
    rig_add(&batch, log[0], SYNC_PLACE_BELOW); /* 2 is missing */
    assert_int_equal(rig_write(rig, &batch), STORE_GAP);
    drop_log(log, COUNT(log));
}

/* It begins anew twice: what is between the gaps stands where it did, and what comes under it does
 * too, whatever the node makes of it. */
static void keys_do_not_fall_under_an_older_gap(void **state)
{
    struct rig *rig = *state;
    static struct rig_batch batch;
    struct entry *log[12];
    make_log(&rig->bruno, 1, log, COUNT(log), &signer_fake);
    assert_int_equal(rig_store(rig, log, 2), STORE_FINE);
    memset(&batch, 0, sizeof batch);
    rig_add(&batch, log[6], SYNC_PLACE_RESTART);
    rig_add(&batch, log[11], SYNC_PLACE_RESTART);
    batch.trails[1].gap = 7;
    batch.trails[1].below = batch.records[0].key;
    assert_int_equal(rig_write(rig, &batch), STORE_FINE);
    rig_again(rig);
    assert_int_equal(rig_log(rig, log[0])->trail.gap, 7);
    memset(&batch, 0, sizeof batch);
    for (size_t i = 2; i < 11; i++) {
        rig_add(&batch, log[i], SYNC_PLACE_BELOW);
        batch.trails[i - 2].gap = 7;
        batch.records[i - 2].key += i < 4 ? UINT64_C(1) << 40 : 0;
        batch.records[i - 2].key = i == 5 ? 1 : batch.records[i - 2].key;
    }
    struct store_write write = rig_batch_write(&batch);
    assert_int_equal(store_write(rig->store, RIG_WALL, &write, 1), STORE_FINE);
    free(write.held);
    struct store_answer answer;
    rig_query(
        rig,
        &(struct node_query){
            .kind = QUERY_UP, .conversation = "#everyone", .at = {.key = UINT64_MAX}, .count = 50},
        &answer);
    const struct node_record *records = answer.event.page.records;
    assert_int_equal(answer.event.page.count, 12);
    for (size_t i = 0; i < 12; i++) /* in order of their keys */
        assert_int_equal(records[i].entry->fields.seq, i + 1);
    store_answer_done(&answer);
    drop_log(log, COUNT(log));
}

static void a_log_that_begins_anew_keeps_what_lies_apart(void **state)
{
    struct rig *rig = *state;
    static struct rig_batch batch;
    struct entry *log[10];
    make_log(&rig->bruno, 1, log, COUNT(log), &signer_fake);
    assert_int_equal(rig_store(rig, log, 3), STORE_FINE);
    memset(&batch, 0, sizeof batch);
    rig_add(&batch, log[7], SYNC_PLACE_RESTART);
    rig_add(&batch, log[8], SYNC_PLACE_ABOVE);
    assert_int_equal(rig_write(rig, &batch), STORE_FINE);
    assert_int_equal(rig_held(rig, log[0], 1, 99), 5);
    rig_again(rig);
    const struct node_saved_log *saved = rig_log(rig, log[0]);
    assert_int_equal(saved->log.low, 8);
    assert_int_equal(saved->log.high, 9);
    assert_int_equal(saved->log.entries, 5);
    assert_int_equal(saved->log.oldest_hlc, log[0]->fields.hlc);

    /* What fills the gap meets what is there already, which stays as it is, once. */
    memset(&batch, 0, sizeof batch);
    for (size_t i = 1; i < 7; i++) {
        rig_add(&batch, log[i], SYNC_PLACE_BELOW);
        batch.records[i - 1].key += 1000;
    }
    struct store_write write = rig_batch_write(&batch);
    assert_int_equal(store_write(rig->store, RIG_WALL, &write, 1), STORE_FINE);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(write.answer.held[i], i < 2);
    free(write.held);
    assert_int_equal(rig_held(rig, log[0], 1, 99), 9);
    rig_again(rig);
    saved = rig_log(rig, log[0]);
    assert_int_equal(saved->log.low, 2);
    assert_int_equal(saved->log.entries, 9);
    struct store_answer answer;
    rig_query(
        rig,
        &(struct node_query){
            .kind = QUERY_UP, .conversation = "#everyone", .at = {.key = UINT64_MAX}, .count = 50},
        &answer);
    assert_int_equal(answer.event.page.count, 9);
    assert_int_equal(answer.event.page.records[1].key, log[1]->fields.hlc);
    store_answer_done(&answer);
    drop_log(log, COUNT(log));
}

/* ---- forks ---- */

static struct entry *other_of(const struct identity *who, struct entry *const *log, size_t at)
{
    struct entry_tip below = at ? entry_tip(log[at - 1]) : (struct entry_tip){0};
    below.epoch = log[0]->fields.epoch;
    return make_say(who, &below, "something else", &signer_fake);
}

static enum store_fault fork_write(struct rig *rig, struct entry *one, struct entry *other)
{
    struct entry *two[] = {one, other};
    struct sync_effect sync = {.kind = SYNC_STORE_FORK, .count = 2, .entries = two};
    struct node_effect effect = {.kind = EFFECT_STORE_FORK, .ticket = 9, .sync = &sync};
    return rig_effect(rig, &effect);
}

static void a_fork_ends_the_log_and_stays_known(void **state)
{
    struct rig *rig = *state;
    struct entry *log[8];
    make_log(&rig->bruno, 1, log, COUNT(log), &signer_fake);
    struct entry *other = other_of(&rig->bruno, log, 4);
    assert_int_equal(rig_store(rig, log, 6), STORE_FINE);
    assert_int_equal(fork_write(rig, log[4], other), STORE_FINE);
    rig_again(rig);
    const struct node_saved_log *saved = rig_log(rig, log[0]);
    assert_int_equal(saved->log.high, 4);
    assert_true(hash_equal(&saved->log.head, &log[3]->hash));
    assert_int_equal(saved->log.entries, 6); /* they stay local */
    assert_non_null(saved->log.fork);
    assert_int_equal(saved->log.fork->seq, 5);
    assert_true(hash_compare(&saved->log.fork->smaller, &saved->log.fork->larger) < 0);
    assert_int_equal(saved->log.head_hlc, saved->log.fork->hlc);

    struct store_answer answer;
    struct frame_range range = rig_range(log[0], 5, 5);
    assert_int_equal(rig_load(rig, EFFECT_LOAD_FORK, &range, &answer), 2);
    assert_true(hash_equal(&answer.event.read.entries[0]->hash, &log[4]->hash));
    assert_true(hash_equal(&answer.event.read.entries[1]->hash, &other->hash));
    store_answer_done(&answer);

    /* What was under way is kept beside, and moves nothing. */
    assert_int_equal(rig_store(rig, log + 6, 2), STORE_FINE);
    rig_again(rig);
    assert_int_equal(rig_log(rig, log[0])->log.high, 4);
    assert_int_equal(rig_log(rig, log[0])->log.entries, 8);
    entry_drop(other);
    drop_log(log, COUNT(log));
}

static void a_fork_at_the_first_place_leaves_no_log(void **state)
{
    struct rig *rig = *state;
    struct entry *log[3];
    make_log(&rig->bruno, 1, log, COUNT(log), &signer_fake);
    struct entry *other = other_of(&rig->bruno, log, 0);
    assert_int_equal(rig_store(rig, log, 3), STORE_FINE);
    assert_int_equal(fork_write(rig, log[0], other), STORE_FINE);
    rig_again(rig);
    const struct node_saved_log *saved = rig_log(rig, log[0]);
    assert_int_equal(saved->log.high, 0);
    assert_int_equal(saved->log.low, 1);
    assert_int_equal(saved->log.fork->seq, 1);
    entry_drop(other);
    drop_log(log, COUNT(log));
}

static void another_history_takes_the_place_of_a_stale_one(void **state)
{
    struct rig *rig = *state;
    static struct rig_batch batch;
    struct entry *log[3];
    make_log(&rig->bruno, 1, log, COUNT(log), &signer_fake);
    struct entry *other = other_of(&rig->bruno, log, 2);
    assert_int_equal(rig_store(rig, log, 3), STORE_FINE);
    assert_int_equal(fork_write(rig, log[2], other), STORE_FINE);
    memset(&batch, 0, sizeof batch);
    rig_add(&batch, other, SYNC_PLACE_ABOVE);
    assert_int_equal(rig_write(rig, &batch), STORE_FINE);
    struct store_answer answer;
    struct frame_range range = rig_range(log[0], 3, 3);
    assert_int_equal(rig_load(rig, EFFECT_LOAD, &range, &answer), 1);
    assert_true(hash_equal(&answer.event.read.entries[0]->hash, &other->hash));
    store_answer_done(&answer);
    rig_query(rig,
              &(struct node_query){
                  .kind = QUERY_SEARCH, .conversation = "", .count = 9, .words = span_text("hola")},
              &answer);
    assert_int_equal(answer.event.page.count, 2); /* the third is gone from the search too */
    store_answer_done(&answer);
    entry_drop(other);
    drop_log(log, COUNT(log));
}

static void hashes_are_of_what_is_held(void **state)
{
    struct rig *rig = *state;
    struct entry *log[5];
    make_log(&rig->bruno, 1, log, COUNT(log), &signer_fake);
    assert_int_equal(rig_store(rig, log, 5), STORE_FINE);
    struct frame_height heights[] = {{.seq = 2}, {.seq = 5}, {.seq = 6}};
    struct sync_effect sync = {.frame.heights = {.author = rig->bruno.id,
                                                 .epoch = log[0]->fields.epoch,
                                                 .count = 3,
                                                 .heights = heights}};
    struct node_effect effect = {.kind = EFFECT_LOAD_HASHES, .ticket = 3, .sync = &sync};
    struct store_answer answer;
    store_read(rig->reader, &effect, &answer);
    assert_int_equal(answer.event.kind, EVENT_HASHES);
    assert_int_equal(answer.event.hashes.count, 2);
    assert_int_equal(answer.event.hashes.heights[1].seq, 5);
    assert_true(hash_equal(&answer.event.hashes.heights[1].hash, &log[4]->hash));
    store_answer_done(&answer);
    drop_log(log, COUNT(log));
}

/* ---- trimming ---- */

static void a_trim_drops_the_oldest_and_never_the_head(void **state)
{
    struct rig *rig = *state;
    enum store_fault fault;
    struct entry *log[20];
    make_log(&rig->bruno, 1, log, COUNT(log), &signer_fake);
    assert_int_equal(rig_store(rig, log, COUNT(log)), STORE_FINE);
    struct retention_trim trim = {.entries = 5};
    struct store_write write = rig_trim(rig, log[0], &trim, &fault);
    assert_int_equal(fault, STORE_FINE);
    assert_int_equal(write.answer.kind, EVENT_TRIMMED);
    assert_int_equal(write.answer.ticket, 8);
    assert_int_equal(write.answer.trimmed.entries_left, 15);
    assert_int_equal(write.answer.trimmed.lowest, 6);
    assert_int_equal(write.answer.trimmed.lowest_hlc, log[5]->fields.hlc);
    assert_false(write.answer.trimmed.whole);
    uint64_t bytes = 0;
    for (size_t i = 5; i < COUNT(log); i++)
        bytes += entry_weight(log[i]);
    assert_int_equal(write.answer.trimmed.bytes_left, bytes);

    trim = (struct retention_trim){.before = log[9]->fields.hlc};
    write = rig_trim(rig, log[0], &trim, &fault);
    assert_int_equal(write.answer.trimmed.entries_left, 11);
    assert_int_equal(write.answer.trimmed.lowest, 10);
    trim = (struct retention_trim){.bytes = 1};
    write = rig_trim(rig, log[0], &trim, &fault);
    assert_int_equal(write.answer.trimmed.entries_left, 10);
    rig_again(rig);
    assert_int_equal(rig_log(rig, log[0])->log.low, 11);
    assert_int_equal(rig_log(rig, log[0])->log.floor, 11);
    assert_int_equal(rig_log(rig, log[0])->log.entries, 10);
    assert_int_equal(rig_log(rig, log[0])->log.oldest_hlc, log[10]->fields.hlc);

    trim = (struct retention_trim){.before = UINT64_MAX};
    write = rig_trim(rig, log[0], &trim, &fault);
    assert_int_equal(write.answer.trimmed.entries_left, 1);
    assert_int_equal(write.answer.trimmed.lowest, 20);
    assert_int_equal(rig_held(rig, log[0], 1, 99), 1);
    struct store_answer answer;
    rig_query(rig,
              &(struct node_query){
                  .kind = QUERY_SEARCH, .conversation = "", .count = 9, .words = span_text("hola")},
              &answer);
    assert_int_equal(answer.event.page.count, 1);
    store_answer_done(&answer);

    trim = (struct retention_trim){.whole = true};
    write = rig_trim(rig, log[0], &trim, &fault);
    assert_true(write.answer.trimmed.whole);
    rig_again(rig);
    assert_int_equal(rig->start.saved.log_count, 0);
    write = rig_trim(rig, log[0], &trim, &fault); /* again: there is none, as was wished */
    assert_int_equal(fault, STORE_FINE);
    assert_true(write.answer.trimmed.whole);

    /* It may come back, from anywhere on. */
    assert_int_equal(rig_store(rig, log + 15, 5), STORE_FINE);
    assert_int_equal(rig_held(rig, log[0], 1, 99), 5);
    drop_log(log, COUNT(log));
}

static void a_trim_and_a_store_of_one_batch_agree(void **state)
{
    struct rig *rig = *state;
    static struct rig_batch batch;
    struct entry *log[6];
    make_log(&rig->bruno, 1, log, COUNT(log), &signer_fake);
    assert_int_equal(rig_store(rig, log, 4), STORE_FINE);
    struct sync_effect sync = {
        .kind = SYNC_TRIM,
        .trim = {.author = rig->bruno.id, .epoch = log[0]->fields.epoch, .entries = 3}};
    struct node_effect effect = {.kind = EFFECT_TRIM, .sync = &sync};
    memset(&batch, 0, sizeof batch);
    rig_add(&batch, log[4], SYNC_PLACE_ABOVE);
    rig_add(&batch, log[5], SYNC_PLACE_ABOVE);
    struct store_write writes[] = {
        {.effect = &effect}, rig_batch_write(&batch), {.effect = &effect}};
    assert_int_equal(store_write(rig->store, RIG_WALL, writes, 3), STORE_FINE);
    assert_int_equal(writes[0].answer.trimmed.lowest, 4);
    assert_int_equal(writes[2].answer.trimmed.lowest, 6);
    assert_int_equal(writes[2].answer.trimmed.entries_left, 1);
    rig_again(rig);
    assert_int_equal(rig_log(rig, log[0])->log.low, 6);
    assert_int_equal(rig_log(rig, log[0])->log.high, 6);
    drop_log(log, COUNT(log));
}

/* What a fork left above the head is dropped like the rest; the head, now the lowest, stays. */
static void a_frozen_log_is_trimmed_above_its_head(void **state)
{
    struct rig *rig = *state;
    enum store_fault fault;
    struct entry *log[9];
    make_log(&rig->bruno, 1, log, COUNT(log), &signer_fake);
    struct entry *other = other_of(&rig->bruno, log, 4);
    assert_int_equal(rig_store(rig, log, COUNT(log)), STORE_FINE);
    assert_int_equal(fork_write(rig, log[4], other), STORE_FINE);
    struct store_write write =
        rig_trim(rig, log[0], &(struct retention_trim){.entries = 5}, &fault);
    assert_int_equal(write.answer.trimmed.lowest, 4);
    assert_int_equal(write.answer.trimmed.lowest_hlc, log[6]->fields.hlc);
    assert_int_equal(write.answer.trimmed.entries_left, 4);
    rig_again(rig);
    assert_int_equal(rig_log(rig, log[0])->log.low, 4);
    assert_int_equal(rig_log(rig, log[0])->log.high, 4);
    assert_int_equal(rig_log(rig, log[0])->log.oldest_hlc, log[6]->fields.hlc);
    write = rig_trim(rig, log[0], &(struct retention_trim){.before = UINT64_MAX}, &fault);
    assert_int_equal(write.answer.trimmed.entries_left, 1);
    assert_int_equal(write.answer.trimmed.lowest_hlc, log[3]->fields.hlc);
    assert_int_equal(rig_held(rig, log[0], 4, 4), 1);
    entry_drop(other);
    drop_log(log, COUNT(log));
}

int main(void)
{
    core_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_stored_comes_back_as_it_was, begin, end),
        cmocka_unit_test_setup_teardown(a_gap_is_stored_by_nobody, begin, end),
        cmocka_unit_test_setup_teardown(a_batch_is_all_or_nothing, begin, end),
        cmocka_unit_test_setup_teardown(backfill_comes_below_and_moves_the_floor, begin, end),
        cmocka_unit_test_setup_teardown(keys_do_not_fall_under_an_older_gap, begin, end),
        cmocka_unit_test_setup_teardown(a_log_that_begins_anew_keeps_what_lies_apart, begin, end),
        cmocka_unit_test_setup_teardown(a_fork_ends_the_log_and_stays_known, begin, end),
        cmocka_unit_test_setup_teardown(a_fork_at_the_first_place_leaves_no_log, begin, end),
        cmocka_unit_test_setup_teardown(another_history_takes_the_place_of_a_stale_one, begin, end),
        cmocka_unit_test_setup_teardown(hashes_are_of_what_is_held, begin, end),
        cmocka_unit_test_setup_teardown(a_trim_drops_the_oldest_and_never_the_head, begin, end),
        cmocka_unit_test_setup_teardown(a_trim_and_a_store_of_one_batch_agree, begin, end),
        cmocka_unit_test_setup_teardown(a_frozen_log_is_trimmed_above_its_head, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
