/* Comparing with a link, in rounds. The caller begins one with its digest; the other side answers
 * with the same where they agree, else with its bucket digests; the caller sends its rows of the
 * buckets that differ, a bounded number each time, and heads settle the rest (sync_heads.c). Where
 * the other side wishes to compare, it sends its digest too.
 *
 * A round that brings nothing makes the next one later: a peer that never agrees costs little. */
#include "core/sync_parts.h"

static struct hash digest_of(struct sync *sync, const struct link *link,
                             uint8_t buckets[BUCKETS][BUCKET_BYTES])
{
    return logs_digest(sync->logs, link->excluded, link->excluded_count, buckets);
}

static void digest_send(struct sync *sync, struct link *link, const struct hash *digest)
{
    struct sync_effect *effect = effect_new(SYNC_SEND);
    effect->frame.kind = FRAME_DIGEST;
    effect->frame.digest = *digest;
    link_put(sync, link, effect, HASH_BYTES);
}

void round_start(struct sync *sync, struct link *link)
{
    link->round_at = 0;
    if (link->lagging || sync->halted)
        return; /* the end of either begins a round */
    uint8_t buckets[BUCKETS][BUCKET_BYTES];
    struct hash digest = digest_of(sync, link, buckets);
    digest_send(sync, link, &digest);
    link->sent = digest;
    link->round = ROUND_ASKED;
    link->again = false;
    link->progress = false;
    /* Should no answer come, and so for every round after it that has to be waited for. */
    link->round_at = sync->now.mono_ms + SYNC_DEFER_MS + SYNC_ROUND_LAST_MS;
}

static void settle(struct sync *sync, struct link *link, const struct hash *digest)
{
    link->round = ROUND_SETTLED;
    link->settled = *digest;
    link->deferred = false;
    link->backoff_ms = SYNC_ROUND_FIRST_MS;
    link->round_at = link->again ? sync->now.mono_ms + SYNC_ROUND_FIRST_MS : 0;
    if (link->round_at == 0 && link->caller)
        link->round_at = sync->now.mono_ms + SYNC_ROUND_REST_MS;
    below_ask_all(sync, link);
}

static void buckets_send(struct sync *sync, struct link *link,
                         uint8_t buckets[BUCKETS][BUCKET_BYTES])
{
    struct sync_effect *effect = effect_new(SYNC_SEND);
    effect->owned = xmemdup(buckets, (size_t)BUCKETS * BUCKET_BYTES);
    effect->frame.kind = FRAME_BUCKETS;
    effect->frame.buckets = effect->owned;
    link_put(sync, link, effect, (size_t)BUCKETS * BUCKET_BYTES);
    link->round = ROUND_WAITING;
    link->deferred = false;
}

/* While it still delivers, a comparison would only find what is on its way. */
static bool link_busy(const struct link *link)
{
    return link->offers > 0;
}

static void digest_answer(struct sync *sync, struct link *link, const struct hash *theirs)
{
    uint8_t buckets[BUCKETS][BUCKET_BYTES];
    struct hash ours = digest_of(sync, link, buckets);
    if (hash_equal(&ours, theirs)) {
        settle(sync, link, &ours);
        digest_send(sync, link, &ours);
    } else if (!link_busy(link) ||
               (link->deferred && sync->now.mono_ms >= link->deferred_at + SYNC_DEFER_MS)) {
        buckets_send(sync, link, buckets);
    } else if (!link->deferred) {
        link->deferred = true;
        link->deferred_at = sync->now.mono_ms;
    }
    link->theirs = *theirs;
}

static void round_soon(struct sync *sync, struct link *link)
{
    uint64_t soon = sync->now.mono_ms + link->backoff_ms;
    link->again = true;
    if (link->round_at == 0 || link->round_at > soon)
        link->round_at = soon;
}

void digest_handle(struct sync *sync, struct link *link, const struct hash *theirs)
{
    if (!link->caller) {
        digest_answer(sync, link, theirs);
        return;
    }
    uint8_t buckets[BUCKETS][BUCKET_BYTES];
    struct hash ours = digest_of(sync, link, buckets);
    bool asked = link->round == ROUND_ASKED;
    bool agreed = asked && hash_equal(&link->sent, theirs);
    if (hash_equal(&ours, theirs) && !asked) {
        round_start(sync, link); /* they wish to compare, and are to hear that it is the same */
    } else if (hash_equal(&ours, theirs)) {
        settle(sync, link, &ours);
    } else if (agreed) {
        link->again = true; /* equal when it answered; something has come since */
        settle(sync, link, theirs);
    } else if (!asked) {
        round_soon(sync, link); /* they wish to compare */
    }
}

static void rows_send(struct sync *sync, struct link *link, uint8_t bucket, const struct id *after,
                      const struct frame_row *rows, size_t count, bool more)
{
    struct sync_effect *effect = effect_new(SYNC_SEND);
    effect->frame.kind = FRAME_ROWS;
    effect->frame.rows =
        (struct frame_rows){.bucket = bucket, .from_start = !after, .more = more, .count = count};
    if (after)
        effect->frame.rows.after = *after;
    if (count)
        effect->owned = xmemdup(rows, count * sizeof *rows);
    effect->frame.rows.rows = effect->owned;
    link_put(sync, link, effect, count * (sizeof *rows + 6) + ID_BYTES);
}

/* All rows of a bucket, in as many frames as it takes; how much that is, in rows. */
static size_t bucket_send(struct sync *sync, struct link *link, uint8_t bucket)
{
    struct frame_row *rows = xcalloc(ROWS_MAX, sizeof *rows);
    size_t count, filled = 0, frames = 0;
    struct id after;
    struct author *const *list = logs_bucket(sync->logs, bucket, &count);
    for (size_t i = 0; i < count; i++) {
        if (link_excludes(sync, link, &list[i]->id) || link_refuses(sync, link, &list[i]->id) ||
            !author_row(list[i], rows[filled].digest))
            continue;
        rows[filled++].author = list[i]->id;
        if (filled < ROWS_MAX)
            continue;
        rows_send(sync, link, bucket, frames ? &after : NULL, rows, filled, true);
        after = rows[filled - 1].author;
        filled = 0;
        frames++;
    }
    rows_send(sync, link, bucket, frames ? &after : NULL, rows, filled, false);
    free(rows);
    return frames * ROWS_MAX + filled + 1;
}

void buckets_handle(struct sync *sync, struct link *link, const uint8_t (*theirs)[BUCKET_BYTES])
{
    if (!link->caller)
        return;
    if (link->round != ROUND_ASKED) {
        round_soon(sync, link); /* two digests met; theirs is an answer to what is past */
        return;
    }
    uint8_t ours[BUCKETS][BUCKET_BYTES];
    digest_of(sync, link, ours);
    size_t slower = link->backoff_ms / SYNC_ROUND_FIRST_MS;
    size_t sent = 0, most = SYNC_ROWS / (slower * slower);
    uint8_t bucket = link->rows_next;
    for (size_t i = 0; i < BUCKETS; i++, bucket++) {
        if (memcmp(ours[bucket], theirs[bucket], BUCKET_BYTES) == 0)
            continue;
        if (sent >= most) {
            link->again = true;
            break;
        }
        sent += bucket_send(sync, link, bucket);
    }
    link->rows_next = bucket;
    link->round = ROUND_WAITING;
    link->round_at = sync->now.mono_ms + link->backoff_ms;
}

static bool rows_in_order(const struct frame_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct id *below = i ? &rows->rows[i - 1].author : &rows->after;
        if (rows->rows[i].author.bytes[0] != rows->bucket ||
            ((i > 0 || !rows->from_start) && id_compare(&rows->rows[i].author, below) <= 0))
            return false;
    }
    return true;
}

/* A row of theirs that ours differs from. `ours` is NULL where we know nothing of the author. */
static void row_differs(struct sync *sync, struct link *link, const struct frame_row *theirs,
                        struct author *ours)
{
    if (link_excludes(sync, link, &theirs->author))
        return;
    link_include(link, &theirs->author);
    if (!ours && !stranger_fits(sync, link))
        link_unwanted(sync, link, &theirs->author);
    else
        heads_send(sync, link, ours, &theirs->author);
}

static void row_compare(struct sync *sync, struct link *link, const struct frame_row *theirs,
                        struct author *ours)
{
    uint8_t row[BUCKET_BYTES];
    if (!ours || !author_row(ours, row) || memcmp(row, theirs->digest, BUCKET_BYTES) != 0)
        row_differs(sync, link, theirs, ours);
}

/* They have no row of that author: they are told what there is. */
static void row_missing(struct sync *sync, struct link *link, struct author *ours)
{
    uint8_t row[BUCKET_BYTES];
    if (author_row(ours, row) && !link_refuses(sync, link, &ours->id) &&
        !link_excludes(sync, link, &ours->id))
        heads_tell(sync, link, ours);
}

/* Both lists are in order of id: one walk over both. What queues up too much for the link is left
 * for the next round. */
void rows_handle(struct sync *sync, struct link *link, const struct frame_rows *rows)
{
    if (!rows_in_order(rows))
        return;
    size_t count, at = 0, next = 0;
    struct author *const *known = logs_bucket(sync->logs, rows->bucket, &count);
    struct author **list = count ? xmemdup(known, count * sizeof *known) : NULL;
    const struct id *last = rows->count ? &rows->rows[rows->count - 1].author : &rows->after;
    while (!rows->from_start && at < count && id_compare(&list[at]->id, &rows->after) <= 0)
        at++;
    for (; link->queued < SYNC_QUEUE_MAX / 2;) {
        bool ours = at < count && (!rows->more || id_compare(&list[at]->id, last) <= 0);
        bool theirs = next < rows->count;
        if (!ours && !theirs)
            break;
        int order = !ours ? 1 : !theirs ? -1 : id_compare(&list[at]->id, &rows->rows[next].author);
        if (order < 0)
            row_missing(sync, link, list[at]);
        else
            row_compare(sync, link, &rows->rows[next], order == 0 ? list[at] : NULL);
        at += order <= 0;
        next += order >= 0;
    }
    free(list);
}

void round_progress(struct sync *sync, struct link *link)
{
    if (link->deferred) {
        struct hash theirs = link->theirs;
        link->deferred = false;
        digest_answer(sync, link, &theirs);
    }
    if (!link->caller || link->round != ROUND_WAITING || !link->progress)
        return;
    link->backoff_ms = SYNC_ROUND_FIRST_MS;
    link->round_at = sync->now.mono_ms;
}

static void round_due(struct sync *sync, struct link *link)
{
    uint8_t buckets[BUCKETS][BUCKET_BYTES];
    struct hash ours = digest_of(sync, link, buckets);
    if (link->round == ROUND_SETTLED && !link->again && hash_equal(&ours, &link->settled)) {
        link->round_at = sync->now.mono_ms + SYNC_ROUND_REST_MS;
        return;
    }
    if (link->progress)
        link->backoff_ms = SYNC_ROUND_FIRST_MS;
    else if (link->round == ROUND_WAITING)
        link->backoff_ms *= 2;
    if (link->backoff_ms > SYNC_ROUND_LAST_MS)
        link->backoff_ms = SYNC_ROUND_LAST_MS;
    round_start(sync, link);
}

void round_tick(struct sync *sync, struct link *link)
{
    if (link->deferred && sync->now.mono_ms >= link->deferred_at + SYNC_DEFER_MS) {
        struct hash theirs = link->theirs;
        digest_answer(sync, link, &theirs);
    }
    if (link->round_at && link->round_at <= sync->now.mono_ms)
        round_due(sync, link);
}
