/* The sweep over authors, and what it finds too old or too much. */
#include "core/retention.h"

#define DAY_MS (UINT64_C(24) * 3600 * 1000)
#define MIB (UINT64_C(1024) * 1024)

enum { STRANGERS_SHARE = 4 }; /* all of them together: one part in four */

struct retention_settings retention_defaults(void)
{
    return (struct retention_settings){
        .age_ms = 90 * DAY_MS,
        .author_entries = 20000,
        .author_bytes = 10 * MIB,
        .total_bytes = 1024 * MIB,
    };
}

void retention_init(struct retention *retention, const struct retention_settings *settings)
{
    *retention = (struct retention){.settings = *settings};
}

struct trims {
    struct retention_trim *list;
    size_t count;
    size_t room;
};

static bool trims_full(const struct trims *trims)
{
    return trims->count == trims->room;
}

static bool log_has_spare(const struct log *log)
{
    return log->entries > 1;
}

static void trim_add(struct trims *trims, const struct author *author, const struct log *log,
                     const struct retention_trim *what)
{
    if (trims_full(trims))
        return;
    struct retention_trim *trim = &trims->list[trims->count++];
    *trim = *what;
    trim->author = author->id;
    trim->epoch = log->epoch;
}

static bool is_older(const struct log *a, const struct log *b)
{
    return !b || a->head_hlc < b->head_hlc;
}

static const struct log *oldest_with_spare(const struct author *author)
{
    const struct log *found = NULL;
    for (size_t i = 0; i < author->log_count; i++)
        if (log_has_spare(&author->logs[i]) && is_older(&author->logs[i], found))
            found = &author->logs[i];
    return found;
}

static void trim_aged(struct trims *trims, const struct author *author, uint64_t before)
{
    for (size_t i = 0; i < author->log_count; i++) {
        const struct log *log = &author->logs[i];
        if (log_has_spare(log) && log->oldest_hlc < before)
            trim_add(trims, author, log, &(struct retention_trim){.before = before});
    }
}

/* Of its logs the one whose head is oldest gives first. */
static void trim_oldest(struct trims *trims, const struct author *author, uint32_t entries,
                        uint64_t bytes)
{
    const struct log *log = oldest_with_spare(author);
    if (!log)
        return;
    struct retention_trim trim = {.entries = entries < log->entries ? entries : log->entries - 1,
                                  .bytes = bytes < log->bytes ? bytes : log->bytes};
    trim_add(trims, author, log, &trim);
}

static void trim_stale(struct trims *trims, const struct author *author)
{
    size_t stale = 0;
    const struct log *found = NULL;
    for (size_t i = 0; i < author->log_count; i++) {
        stale += author->logs[i].stale;
        if (author->logs[i].stale && is_older(&author->logs[i], found))
            found = &author->logs[i];
    }
    if (stale > LOGS_STALE_KEPT)
        trim_add(trims, author, found, &(struct retention_trim){.whole = true});
}

static void author_step(const struct retention_settings *settings, const struct author *author,
                        uint64_t wall_ms, struct trims *trims)
{
    uint64_t before = wall_ms > settings->age_ms ? wall_ms - settings->age_ms : 0;
    size_t count = trims->count;
    trim_aged(trims, author, before);
    trim_stale(trims, author);
    bool many = author->entries > settings->author_entries;
    bool much = author->bytes > settings->author_bytes;
    if (trims->count == count && (many || much))
        trim_oldest(trims, author, many ? author->entries - settings->author_entries : 0,
                    much ? author->bytes - settings->author_bytes : 0);
}

/* The largest log of a stranger, where strangers hold more than their share. */
static void strangers_step(const struct retention *retention, const struct logs *logs,
                           struct trims *trims)
{
    uint64_t share = retention->settings.total_bytes / STRANGERS_SHARE;
    if (logs_stranger_bytes(logs) <= share)
        return;
    const struct author *owner = NULL;
    const struct log *largest = NULL;
    for (const struct author *author = logs_strangers(logs); author; author = author->next)
        for (size_t i = 0; i < author->log_count; i++) {
            const struct log *log = &author->logs[i];
            if (!log_has_spare(log) || (largest && log->bytes <= largest->bytes))
                continue;
            owner = author;
            largest = log;
        }
    if (largest)
        trim_add(trims, owner, largest,
                 &(struct retention_trim){.bytes = logs_stranger_bytes(logs) - share});
}

static void total_step(struct retention *retention, const struct logs *logs, struct trims *trims)
{
    uint64_t total = retention->settings.total_bytes;
    if (logs_bytes(logs) <= total || retention->over_bytes == 0)
        return;
    const struct author *author = logs_find(logs, &retention->over);
    retention->over_bytes = 0;
    if (author)
        trim_oldest(trims, author, 0, logs_bytes(logs) - total);
}

/* One round over all authors is a sweep; at its end it is known who has most. */
static void sweep_end(struct retention *retention)
{
    retention->started = false;
    retention->over = retention->fattest;
    retention->over_bytes = retention->fattest_bytes;
    retention->fattest_bytes = 0;
}

static void sweep_author(struct retention *retention, const struct author *author, uint64_t wall_ms,
                         struct trims *trims)
{
    author_step(&retention->settings, author, wall_ms, trims);
    if (author->bytes > retention->fattest_bytes && oldest_with_spare(author)) {
        retention->fattest = author->id;
        retention->fattest_bytes = author->bytes;
    }
    retention->next = author->id;
    retention->started = true;
}

static void sweep(struct retention *retention, struct logs *logs, uint64_t wall_ms,
                  struct trims *trims)
{
    size_t seen = 0;
    for (size_t bucket = retention->started ? retention->next.bytes[0] : 0; bucket < BUCKETS;
         bucket++) {
        size_t count;
        struct author *const *list = logs_bucket(logs, bucket, &count);
        for (size_t i = 0; i < count; i++) {
            if (retention->started && id_compare(&list[i]->id, &retention->next) <= 0)
                continue;
            if (seen == RETENTION_AUTHORS || trims_full(trims))
                return;
            sweep_author(retention, list[i], wall_ms, trims);
            seen++;
        }
    }
    sweep_end(retention);
}

size_t retention_step(struct retention *retention, struct logs *logs, uint64_t wall_ms,
                      struct retention_trim *into, size_t room)
{
    struct trims trims = {into, 0, room < RETENTION_TRIMS ? room : RETENTION_TRIMS};
    strangers_step(retention, logs, &trims);
    sweep(retention, logs, wall_ms, &trims);
    if (trims.count == 0)
        total_step(retention, logs, &trims);
    return trims.count;
}

bool retention_wants_below(const struct retention_settings *settings, const struct author *author,
                           const struct log *log, uint64_t wall_ms)
{
    return log->low > log->floor && log->oldest_hlc + settings->age_ms >= wall_ms &&
           author->entries < settings->author_entries && author->bytes < settings->author_bytes;
}
