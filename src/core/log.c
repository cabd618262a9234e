/* The table of authors and their epochs' frontiers. A log's totals are always its author's and the
 * table's too: they change together, in log_count_change alone. */
#include "core/log.h"

#include <stdlib.h>
#include <utlist.h>

struct logs *logs_new(uint64_t seed)
{
    struct logs *logs = xcalloc(1, sizeof *logs);
    logs->seed = seed;
    return logs;
}

static void author_free(struct author *author)
{
    for (size_t i = 0; i < author->log_count; i++)
        free(author->logs[i].fork);
    free(author->logs);
    free(author);
}

void logs_free(struct logs *logs)
{
    if (!logs)
        return;
    struct author *author, *next;
    HASH_ITER(hh, logs->table, author, next)
    {
        HASH_DELETE(hh, logs->table, author);
        author_free(author);
    }
    for (size_t i = 0; i < BUCKETS; i++)
        free(logs->buckets[i].authors);
    free(logs);
}

size_t logs_count(const struct logs *logs)
{
    return HASH_COUNT(logs->table);
}

size_t logs_stranger_count(const struct logs *logs)
{
    return logs->stranger_count;
}

struct author *logs_strangers(const struct logs *logs)
{
    return logs->strangers;
}

uint64_t logs_bytes(const struct logs *logs)
{
    return logs->bytes;
}

uint64_t logs_stranger_bytes(const struct logs *logs)
{
    return logs->stranger_bytes;
}

size_t logs_memory(const struct logs *logs)
{
    enum { BLOCK = 16 }; /* what an allocator adds to each piece */
    size_t bytes = sizeof *logs;
    if (logs->table)
        bytes += logs->table->hh.tbl->num_buckets * sizeof(UT_hash_bucket) + sizeof(UT_hash_table);
    for (size_t i = 0; i < BUCKETS; i++)
        bytes += logs->buckets[i].room * sizeof(struct author *) + BLOCK;
    for (struct author *author = logs->table; author; author = author->hh.next) {
        bytes += sizeof *author + BLOCK + author->log_room * sizeof(struct log) + BLOCK;
        for (size_t i = 0; i < author->log_count; i++)
            bytes += author->logs[i].fork ? sizeof(struct log_fork) + BLOCK : 0;
    }
    return bytes;
}

/* Ids are chosen by whoever makes keys: mixed with a seed that they do not know. */
static unsigned place_of(const struct logs *logs, const struct id *id)
{
    uint64_t z;
    memcpy(&z, id->bytes + ID_BYTES - sizeof z, sizeof z);
    z ^= logs->seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (unsigned)(z >> 32);
}

struct author *logs_find(const struct logs *logs, const struct id *id)
{
    struct author *author;
    HASH_FIND_BYHASHVALUE(hh, logs->table, id, sizeof *id, place_of(logs, id), author);
    return author;
}

static void bucket_add(struct logs_bucket *bucket, struct author *author)
{
    if (bucket->count == bucket->room) {
        bucket->room += bucket->room / 4 + 4; /* memory per author counts, and copying is cheap */
        bucket->authors = xrealloc(bucket->authors, bucket->room, sizeof(struct author *));
    }
    bucket->sorted =
        bucket->count == 0 ||
        (bucket->sorted && id_compare(&author->id, &bucket->authors[bucket->count - 1]->id) > 0);
    bucket->authors[bucket->count++] = author;
}

static void bucket_remove(struct logs_bucket *bucket, const struct author *author)
{
    for (uint32_t i = 0; i < bucket->count; i++) {
        if (bucket->authors[i] != author)
            continue;
        bucket->count--;
        bucket->digest_known = false;
        memmove(bucket->authors + i, bucket->authors + i + 1,
                (bucket->count - i) * sizeof(struct author *));
        return;
    }
}

struct author *logs_add(struct logs *logs, const struct id *id)
{
    struct author *author = xcalloc(1, sizeof *author);
    author->id = *id;
    author->rate_left = UINT32_MAX; /* not counted yet */
    unsigned place = place_of(logs, id);
    HASH_ADD_BYHASHVALUE(hh, logs->table, id, sizeof author->id, place, author);
    DL_APPEND(logs->strangers, author);
    logs->stranger_count++;
    bucket_add(&logs->buckets[id->bytes[0]], author);
    return author;
}

void logs_remove(struct logs *logs, struct author *author)
{
    logs_vouch(logs, author, false);
    DL_DELETE(logs->strangers, author);
    logs->stranger_count--;
    logs->bytes -= author->bytes;
    logs->stranger_bytes -= author->bytes;
    bucket_remove(&logs->buckets[author->id.bytes[0]], author);
    HASH_DELETE(hh, logs->table, author);
    author_free(author);
}

void logs_vouch(struct logs *logs, struct author *author, bool vouched)
{
    if (author->vouched == vouched)
        return;
    author->vouched = vouched;
    if (vouched) {
        DL_DELETE(logs->strangers, author);
        author->prev = author->next = NULL;
        logs->stranger_count--;
        logs->stranger_bytes -= author->bytes;
    } else {
        DL_APPEND(logs->strangers, author);
        logs->stranger_count++;
        logs->stranger_bytes += author->bytes;
    }
}

static int author_order(const void *a, const void *b)
{
    return id_compare(&(*(struct author *const *)a)->id, &(*(struct author *const *)b)->id);
}

struct author *const *logs_bucket(struct logs *logs, size_t at, size_t *count)
{
    struct logs_bucket *bucket = &logs->buckets[at];
    if (!bucket->sorted && bucket->count)
        qsort(bucket->authors, bucket->count, sizeof(struct author *), author_order);
    bucket->sorted = true;
    *count = bucket->count;
    return bucket->authors;
}

/* Where the epoch is, or belongs. */
static size_t log_index(const struct author *author, const struct epoch_id *epoch)
{
    size_t low = 0, high = author->log_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (memcmp(author->logs[middle].epoch.bytes, epoch->bytes, EPOCH_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct log *author_log(const struct author *author, const struct epoch_id *epoch)
{
    size_t at = log_index(author, epoch);
    if (at == author->log_count || !epoch_equal(&author->logs[at].epoch, epoch))
        return NULL;
    return &author->logs[at];
}

bool author_has_room(const struct author *author)
{
    return author->log_count + author->flights < LOGS_PER_AUTHOR;
}

struct log *author_log_add(struct author *author, const struct epoch_id *epoch)
{
    size_t at = log_index(author, epoch);
    if (at < author->log_count && epoch_equal(&author->logs[at].epoch, epoch))
        return &author->logs[at];
    if (author->log_count == author->log_room) {
        author->log_room += author->log_room / 4 + 1;
        author->logs = xrealloc(author->logs, author->log_room, sizeof(struct log));
    }
    struct log *log = &author->logs[at];
    memmove(log + 1, log, (author->log_count - at) * sizeof *log);
    author->log_count++;
    *log = (struct log){.epoch = *epoch, .low = 1, .floor = 1};
    return log;
}

/* The one place where totals move. */
static void log_count_change(struct logs *logs, struct author *author, struct log *log,
                             uint32_t entries, uint64_t bytes)
{
    uint64_t more = bytes - log->bytes; /* wraps where it is less, and all sums wrap alike */
    author->entries += entries - log->entries;
    author->bytes += more;
    logs->bytes += more;
    if (!author->vouched)
        logs->stranger_bytes += more;
    log->entries = entries;
    log->bytes = bytes;
}

/* By the head's time alone, so that every node that knows the same heads decides the same. */
static void author_refresh(struct logs *logs, struct author *author)
{
    uint64_t newest = 0;
    for (size_t i = 0; i < author->log_count; i++)
        if (author->logs[i].high && author->logs[i].head_hlc > newest)
            newest = author->logs[i].head_hlc;
    for (size_t i = 0; i < author->log_count; i++)
        author->logs[i].stale = author->logs[i].head_hlc + LOG_STALE_MS < newest;
    author->row_known = false;
    logs->buckets[author->id.bytes[0]].digest_known = false;
}

void author_log_drop(struct logs *logs, struct author *author, struct log *log)
{
    log_count_change(logs, author, log, 0, 0);
    free(log->fork);
    size_t at = (size_t)(log - author->logs);
    author->log_count--;
    memmove(log, log + 1, (author->log_count - at) * sizeof *log);
    author_refresh(logs, author);
}

static bool log_possible(const struct log *log)
{
    bool numbers = log->high <= ENTRY_NUMBER_MAX && log->low >= 1 && log->floor <= log->low &&
                   (log->high == 0 || log->low <= log->high) && log->head_hlc <= ENTRY_NUMBER_MAX;
    return numbers && (!log->fork || (log->fork->seq >= 1 && log->high < log->fork->seq));
}

bool logs_load(struct logs *logs, const struct id *id, const struct log *saved)
{
    struct author *author = logs_find(logs, id);
    if (!log_possible(saved) || (author && author_log(author, &saved->epoch))) {
        free(saved->fork);
        return false;
    }
    if (!author)
        author = logs_add(logs, id);
    struct log *log = author_log_add(author, &saved->epoch);
    *log = *saved;
    log->entries = 0;
    log->bytes = 0;
    log_count_change(logs, author, log, saved->entries, saved->bytes);
    author_refresh(logs, author);
    return true;
}

void log_append(struct logs *logs, struct author *author, struct log *log,
                const struct log_step *step, bool restart)
{
    bool opens = log->high == 0 || restart;
    if (step->last.seq > log_limit(log) || step->last.seq < step->first ||
        (opens ? step->first <= log->high : step->first != log->high + 1))
        die("a log would have a gap");
    if (opens)
        log->low = step->first;
    if (log->entries == 0)
        log->oldest_hlc = step->first_hlc;
    log->high = step->last.seq;
    log->head = step->last.hash;
    log->head_hlc = log_frozen(log) ? log->fork->hlc : step->last_hlc;
    log_count_change(logs, author, log, log->entries + step->entries, log->bytes + step->bytes);
    author_refresh(logs, author);
}

void log_prepend(struct logs *logs, struct author *author, struct log *log,
                 const struct log_step *step)
{
    if (step->last.seq + 1 != log->low || step->first > step->last.seq || step->first == 0)
        die("a log would have a gap below");
    log->low = step->first;
    log->oldest_hlc = step->first_hlc;
    if (log->floor > log->low)
        log->floor = log->low;
    log_count_change(logs, author, log, log->entries + step->entries, log->bytes + step->bytes);
}

void log_trim(struct logs *logs, struct author *author, struct log *log, uint64_t lowest,
              uint64_t lowest_hlc, uint32_t entries_left, uint64_t bytes_left)
{
    if (log->high && lowest > log->low)
        log->low = lowest < log->high ? lowest : log->high;
    if (log->high && lowest > log->floor)
        log->floor = lowest < log->low ? lowest : log->low;
    log->oldest_hlc = lowest_hlc;
    log_count_change(logs, author, log, entries_left, bytes_left);
}

bool log_fork_better(const struct log *log, const struct log_fork *fork)
{
    const struct log_fork *old = log->fork;
    if (!old || fork->seq != old->seq)
        return !old || fork->seq < old->seq;
    int order = hash_compare(&fork->smaller, &old->smaller);
    return order < 0 || (order == 0 && hash_compare(&fork->larger, &old->larger) < 0);
}

void log_freeze(struct logs *logs, struct author *author, struct log *log,
                const struct log_fork *fork, const struct hash *prefix)
{
    if (!log->fork)
        log->fork = xmalloc(sizeof *log->fork);
    *log->fork = *fork;
    if (log->high >= fork->seq) {
        bool held = log->low < fork->seq;
        log->high = held ? fork->seq - 1 : 0;
        log->low = held ? log->low : 1;
        log->floor = held ? log->floor : 1;
        log->head = *prefix;
    }
    if (log_frozen(log))
        log->head_hlc = fork->hlc;
    author_refresh(logs, author);
}

uint64_t log_limit(const struct log *log)
{
    return log->fork ? log->fork->seq - 1 : ENTRY_NUMBER_MAX;
}

struct hash log_shown(const struct log *log)
{
    if (!log_frozen(log))
        return log->head;
    struct span parts[] = {span_of(log->head.bytes, HASH_BYTES),
                           span_of(log->fork->smaller.bytes, HASH_BYTES),
                           span_of(log->fork->larger.bytes, HASH_BYTES)};
    return hash_of_parts(parts, 3);
}

bool log_is_shown(const struct log *log)
{
    return log->high > 0 && !log->stale;
}
