/* Digests: what two nodes compare to find out where their logs differ. Each depends only on the
 * logs themselves, in order of id and epoch, so that equal logs have equal digests everywhere.
 *
 * PROTOCOL.md describes them: a row is over (epoch, high, hash) of each log, a bucket over (author,
 * row), and the whole over the 256 buckets. */
#include "core/log.h"

#include <stdlib.h>

static void shorten(const struct hash *hash, uint8_t into[BUCKET_BYTES])
{
    memcpy(into, hash->bytes, BUCKET_BYTES);
}

static void row_compute(struct author *author)
{
    enum { PART = EPOCH_BYTES + 8 + HASH_BYTES };
    uint8_t *bytes = xmalloc((size_t)author->log_count * PART);
    size_t size = 0;
    for (size_t i = 0; i < author->log_count; i++) {
        const struct log *log = &author->logs[i];
        if (!log_is_shown(log))
            continue;
        struct hash shown = log_shown(log);
        memcpy(bytes + size, log->epoch.bytes, EPOCH_BYTES);
        put_u64(bytes + size + EPOCH_BYTES, log->high);
        memcpy(bytes + size + EPOCH_BYTES + 8, shown.bytes, HASH_BYTES);
        size += PART;
    }
    struct hash hash = hash_of(span_of(bytes, size));
    shorten(&hash, author->row);
    free(bytes);
    author->row_known = true;
}

static bool author_has_row(const struct author *author)
{
    for (size_t i = 0; i < author->log_count; i++)
        if (log_is_shown(&author->logs[i]))
            return true;
    return false;
}

bool author_row(struct author *author, uint8_t into[BUCKET_BYTES])
{
    if (!author_has_row(author))
        return false;
    if (!author->row_known)
        row_compute(author);
    memcpy(into, author->row, BUCKET_BYTES);
    return true;
}

static int id_order(const void *a, const void *b)
{
    return id_compare(a, b);
}

static void bucket_compute(struct logs *logs, size_t bucket, const struct id *without, size_t count,
                           uint8_t into[BUCKET_BYTES])
{
    enum { PART = ID_BYTES + BUCKET_BYTES };
    size_t authors;
    struct author *const *list = logs_bucket(logs, bucket, &authors);
    uint8_t *bytes = xmalloc(authors * PART);
    size_t size = 0;
    for (size_t i = 0; i < authors; i++) {
        if (count && bsearch(&list[i]->id, without, count, sizeof *without, id_order))
            continue;
        if (!author_row(list[i], bytes + size + ID_BYTES))
            continue;
        memcpy(bytes + size, list[i]->id.bytes, ID_BYTES);
        size += PART;
    }
    struct hash hash = hash_of(span_of(bytes, size));
    shorten(&hash, into);
    free(bytes);
}

/* Whether one of the ids lies in the bucket. */
static bool bucket_lacks(size_t bucket, const struct id *without, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (without[i].bytes[0] == bucket)
            return true;
    return false;
}

void logs_bucket_digest(struct logs *logs, size_t bucket, const struct id *without, size_t count,
                        uint8_t into[BUCKET_BYTES])
{
    struct logs_bucket *known = &logs->buckets[bucket];
    if (bucket_lacks(bucket, without, count)) {
        bucket_compute(logs, bucket, without, count, into);
        return;
    }
    if (!known->digest_known)
        bucket_compute(logs, bucket, NULL, 0, known->digest);
    known->digest_known = true;
    memcpy(into, known->digest, BUCKET_BYTES);
}

struct hash logs_digest(struct logs *logs, const struct id *without, size_t count,
                        uint8_t buckets[BUCKETS][BUCKET_BYTES])
{
    for (size_t i = 0; i < BUCKETS; i++)
        logs_bucket_digest(logs, i, without, count, buckets[i]);
    return hash_of(span_of(buckets, (size_t)BUCKETS * BUCKET_BYTES));
}
