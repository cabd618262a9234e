/* Retention: its edges, whose turn it is, and that one call never does much. */
#include "unit.h"

#include "core/retention.h"

#include <string.h>

#define DAY (UINT64_C(24) * 3600 * 1000)
#define WALL (1000 * DAY)
#define MIB (UINT64_C(1024) * 1024)

static struct id number_id(uint32_t number)
{
    struct id id;
    struct hash hash = hash_of(span_of(&number, sizeof number));
    memcpy(id.bytes, hash.bytes, ID_BYTES);
    return id;
}

static struct log *put(struct logs *logs, uint32_t author, uint8_t epoch, uint32_t entries,
                       uint64_t bytes, uint64_t hlc)
{
    struct id id = number_id(author);
    struct log saved = {.low = 1, .floor = 1, .high = entries, .entries = entries, .bytes = bytes};
    memset(saved.epoch.bytes, epoch, EPOCH_BYTES);
    saved.head_hlc = saved.oldest_hlc = hlc;
    assert_true(logs_load(logs, &id, &saved));
    return author_log(logs_find(logs, &id), &saved.epoch);
}

static void vouch(struct logs *logs, uint32_t author)
{
    struct id id = number_id(author);
    logs_vouch(logs, logs_find(logs, &id), true);
}

static struct retention_trim trims[RETENTION_TRIMS];

/* All that a whole sweep says; no call may say more than it should. */
static size_t sweep(struct logs *logs, const struct retention_settings *settings)
{
    struct retention retention;
    retention_init(&retention, settings);
    return retention_step(&retention, logs, WALL, trims, RETENTION_TRIMS);
}

static void ninety_days_to_the_millisecond(void **state)
{
    (void)state;
    struct retention_settings settings = retention_defaults();
    struct logs *logs = logs_new(1);
    struct log *log = put(logs, 1, 1, 10, 1000, WALL);
    log->oldest_hlc = WALL - 90 * DAY;
    assert_int_equal(sweep(logs, &settings), 0);
    log->oldest_hlc--;
    assert_int_equal(sweep(logs, &settings), 1);
    assert_int_equal(trims[0].before, WALL - 90 * DAY);
    assert_int_equal(trims[0].entries, 0);
    assert_false(trims[0].whole);
    log->entries = 1; /* only the head: it stays for ever */
    assert_int_equal(sweep(logs, &settings), 0);
    logs_free(logs);
}

static void an_author_has_its_share(void **state)
{
    (void)state;
    struct retention_settings settings = retention_defaults();
    struct logs *logs = logs_new(1);
    put(logs, 1, 1, 12000, 1000, WALL - 2 * DAY);
    put(logs, 1, 2, 8000, 1000, WALL - DAY);
    put(logs, 2, 1, 10, 10 * MIB, WALL);
    assert_int_equal(sweep(logs, &settings), 0);
    put(logs, 1, 3, 1, 10, WALL);
    put(logs, 2, 2, 1, 7, WALL);
    assert_int_equal(sweep(logs, &settings), 2);
    for (size_t i = 0; i < 2; i++) {
        struct id one = number_id(1);
        assert_int_equal(trims[i].epoch.bytes[0], 1); /* of its logs the oldest gives first */
        bool first = id_equal(&trims[i].author, &one);
        assert_int_equal(trims[i].entries, first ? 1 : 0);
        assert_int_equal(trims[i].bytes, first ? 0 : 7);
    }
    logs_free(logs);
}

static void strangers_share_a_quarter(void **state)
{
    (void)state;
    struct retention_settings settings = retention_defaults();
    settings.author_bytes = UINT64_MAX;
    settings.author_entries = UINT32_MAX;
    struct logs *logs = logs_new(1);
    put(logs, 1, 1, 100, 400 * MIB, WALL);
    vouch(logs, 1);
    put(logs, 2, 1, 100, 100 * MIB, WALL);
    put(logs, 3, 1, 100, 99 * MIB, WALL);
    put(logs, 3, 2, 100, 57 * MIB, WALL);
    assert_int_equal(sweep(logs, &settings), 0);
    put(logs, 4, 1, 100, 1, WALL);
    assert_int_equal(sweep(logs, &settings), 1);
    struct id largest = number_id(2); /* by log, not by author */
    assert_true(id_equal(&trims[0].author, &largest));
    assert_int_equal(trims[0].bytes, 1);
    vouch(logs, 2);
    assert_int_equal(sweep(logs, &settings), 0);
    logs_free(logs);
}

static void all_of_it_is_bounded(void **state)
{
    (void)state;
    struct retention_settings settings = retention_defaults();
    settings.author_bytes = UINT64_MAX;
    struct logs *logs = logs_new(1);
    for (uint32_t i = 1; i <= 3; i++) {
        put(logs, i, 1, 100, i * 200 * MIB, WALL);
        vouch(logs, i);
    }
    struct retention retention;
    retention_init(&retention, &settings);
    assert_int_equal(retention_step(&retention, logs, WALL, trims, RETENTION_TRIMS), 1);
    struct id largest = number_id(3);
    assert_true(id_equal(&trims[0].author, &largest));
    assert_int_equal(trims[0].bytes, 1200 * MIB - 1024 * MIB);
    logs_free(logs);
}

static void old_stale_epochs_go_whole(void **state)
{
    (void)state;
    struct retention_settings settings = retention_defaults();
    struct logs *logs = logs_new(1);
    for (uint8_t i = 1; i <= LOGS_STALE_KEPT; i++)
        put(logs, 1, i, 1, 100, WALL - 200 * DAY + i);
    put(logs, 1, 100, 1, 100, WALL);
    assert_int_equal(sweep(logs, &settings), 0);
    put(logs, 1, 99, 1, 100, WALL - 200 * DAY);
    assert_int_equal(sweep(logs, &settings), 1);
    assert_true(trims[0].whole);
    assert_int_equal(trims[0].epoch.bytes[0], 99);
    logs_free(logs);
}

static void one_call_is_short(void **state)
{
    (void)state;
    struct retention_settings settings = retention_defaults();
    struct logs *logs = logs_new(1);
    enum { AUTHORS = 5000 };
    for (uint32_t i = 0; i < AUTHORS; i++)
        put(logs, i, 1, 5, 500, WALL - 91 * DAY);
    struct retention retention;
    retention_init(&retention, &settings);
    assert_int_equal(retention_step(&retention, logs, WALL, trims, 3), 3);
    /* The sweep goes on where it was, and comes round to everyone. */
    size_t seen = 3, calls = 0;
    struct id last = trims[2].author;
    while (seen < AUTHORS) {
        size_t count = retention_step(&retention, logs, WALL, trims, 100);
        assert_in_range(count, 1, RETENTION_TRIMS);
        assert_true(id_compare(&trims[0].author, &last) > 0);
        last = trims[count - 1].author;
        seen += count;
        calls++;
    }
    assert_int_equal(seen, AUTHORS);
    assert_in_range(calls, AUTHORS / RETENTION_TRIMS, AUTHORS / RETENTION_TRIMS + 2);
    logs_free(logs);
}

static void what_lies_below_is_wanted_while_it_would_be_kept(void **state)
{
    (void)state;
    struct retention_settings settings = retention_defaults();
    struct logs *logs = logs_new(1);
    struct log *log = put(logs, 1, 1, 100, 1000, WALL);
    struct id id = number_id(1);
    struct author *author = logs_find(logs, &id);
    assert_false(retention_wants_below(&settings, author, log, WALL));
    log->low = 50;
    assert_true(retention_wants_below(&settings, author, log, WALL));
    log->floor = 50;
    assert_false(retention_wants_below(&settings, author, log, WALL));
    log->floor = 1;
    log->oldest_hlc = WALL - 90 * DAY - 1;
    assert_false(retention_wants_below(&settings, author, log, WALL));
    log->oldest_hlc = WALL;
    author->entries = 20000;
    assert_false(retention_wants_below(&settings, author, log, WALL));
    logs_free(logs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ninety_days_to_the_millisecond),
        cmocka_unit_test(an_author_has_its_share),
        cmocka_unit_test(strangers_share_a_quarter),
        cmocka_unit_test(all_of_it_is_bounded),
        cmocka_unit_test(old_stale_epochs_go_whole),
        cmocka_unit_test(one_call_is_short),
        cmocka_unit_test(what_lies_below_is_wanted_while_it_would_be_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
