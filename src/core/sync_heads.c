/* Heads: what two nodes hold of one author, epoch by epoch. Who hears of more than it has asks for
 * it; who hears of less, says what it has; where heads differ at one height, the fork is looked
 * for. */
#include "core/sync_parts.h"

static struct frame_head head_of(const struct log *log)
{
    return (struct frame_head){log->epoch, log->low, log->high, log_shown(log)};
}

/* The list goes out in frames that fit, in order of epoch. */
static void list_send(struct sync *sync, struct link *link, const struct id *author, bool answer,
                      const struct frame_head *heads, size_t count)
{
    size_t at = 0;
    do {
        size_t part = count - at < HEADS_MAX ? count - at : HEADS_MAX;
        struct sync_effect *effect = effect_new(SYNC_SEND);
        if (part)
            effect->owned = xmemdup(heads + at, part * sizeof *heads);
        effect->frame.kind = FRAME_HEADS;
        effect->frame.heads = (struct frame_heads){.author = *author,
                                                   .answer = answer,
                                                   .more = at + part < count,
                                                   .count = part,
                                                   .heads = effect->owned};
        link_put(sync, link, effect, ID_BYTES + part * (sizeof *heads + 8));
        at += part;
    } while (at < count);
}

static void all_send(struct sync *sync, struct link *link, struct author *author,
                     const struct id *id, bool answer)
{
    struct frame_head *heads = xcalloc(author ? author->log_count : 0, sizeof *heads);
    size_t count = 0;
    for (size_t i = 0; author && i < author->log_count; i++)
        if (log_is_shown(&author->logs[i]))
            heads[count++] = head_of(&author->logs[i]);
    list_send(sync, link, id, answer, heads, count);
    free(heads);
}

void heads_send(struct sync *sync, struct link *link, struct author *author, const struct id *id)
{
    all_send(sync, link, author, id, false);
}

void heads_tell(struct sync *sync, struct link *link, struct author *author)
{
    all_send(sync, link, author, &author->id, true);
}

/* Ours is not the same as theirs any more. Where ours is frozen they need the proof; and where both
 * are as long, what is below it is compared as well: the author may have forked more than once. */
static void head_differs(struct sync *sync, struct link *link, struct author *author,
                         const struct log *ours, const struct frame_head *theirs)
{
    struct flight_key key = {author->id, ours->epoch};
    if (ours->fork)
        serve_fork(sync, link, &key);
    if (ours->high == 0 || theirs->high != ours->high)
        return;
    struct flight *flight = flight_get(sync, author, &theirs->epoch);
    if (flight && !flight->bisect)
        bisect_start(sync, flight, link, ours->high, true);
}

static void head_take(struct sync *sync, struct link *link, struct author *author,
                      const struct frame_head *theirs, bool answer)
{
    const struct log *ours = author_log(author, &theirs->epoch);
    uint64_t high = theirs->high;
    if (ours && high > log_limit(ours))
        high = log_limit(ours);
    bool more = !ours || high > ours->high;
    bool lower = ours && ours->high && theirs->low < ours->low &&
                 retention_wants_below(&sync->settings.retention, author, ours, sync->now.wall_ms);
    if ((more || lower) && theirs->low <= high)
        offer_note(sync, link, author, &theirs->epoch, theirs->low, high);
    if (!ours)
        return;
    struct hash shown = log_shown(ours);
    if (theirs->high != ours->high || !hash_equal(&theirs->hash, &shown))
        head_differs(sync, link, author, ours, theirs);
    else if (answer)
        reach_told(sync, link, &author->id, &ours->epoch);
}

/* Whether they would learn anything from our head. */
static bool head_is_news(const struct log *ours, const struct frame_head *theirs)
{
    if (!theirs)
        return true;
    struct hash shown = log_shown(ours);
    return ours->high > theirs->high || ours->low < theirs->low ||
           (ours->high == theirs->high && !hash_equal(&shown, &theirs->hash));
}

static int epoch_order(const struct epoch_id *a, const struct epoch_id *b)
{
    return memcmp(a->bytes, b->bytes, EPOCH_BYTES);
}

/* Of our epochs those within what this frame covers: after the frame before, up to its own last. */
static void answer_send(struct sync *sync, struct link *link, struct author *author,
                        const struct frame_heads *heads, const struct epoch_id *after)
{
    struct frame_head *news = xcalloc(author->log_count, sizeof *news);
    size_t count = 0, at = 0;
    for (size_t i = 0; i < author->log_count; i++) {
        const struct log *log = &author->logs[i];
        if (!log_is_shown(log) || (after && epoch_order(&log->epoch, after) <= 0))
            continue;
        while (at < heads->count && epoch_order(&heads->heads[at].epoch, &log->epoch) < 0)
            at++;
        if (at == heads->count && heads->more)
            break;
        bool same = at < heads->count && epoch_equal(&heads->heads[at].epoch, &log->epoch);
        if (head_is_news(log, same ? &heads->heads[at] : NULL))
            news[count++] = head_of(log);
    }
    if (count)
        list_send(sync, link, &author->id, true, news, count);
    free(news);
}

static bool heads_in_order(const struct frame_heads *heads, const struct epoch_id *after)
{
    for (size_t i = 0; i < heads->count; i++) {
        const struct epoch_id *below = i ? &heads->heads[i - 1].epoch : after;
        if (below && epoch_order(&heads->heads[i].epoch, below) <= 0)
            return false;
        if (heads->heads[i].low < 1 || heads->heads[i].low > heads->heads[i].high ||
            heads->heads[i].high > ENTRY_NUMBER_MAX)
            return false;
    }
    return !heads->more || heads->count > 0;
}

void heads_handle(struct sync *sync, struct link *link, const struct frame_heads *heads)
{
    bool goes_on = link->heads_going && id_equal(&link->heads_after.author, &heads->author);
    struct epoch_id after = link->heads_after.epoch;
    link->heads_going = false;
    if (!heads_in_order(heads, goes_on ? &after : NULL) ||
        link_excludes(sync, link, &heads->author))
        return;
    link_include(link, &heads->author);
    struct author *author = logs_find(sync->logs, &heads->author);
    if (heads->count)
        author = author_admit(sync, link, &heads->author);
    if (heads->count && !author)
        link_unwanted(sync, link, &heads->author);
    if (!author)
        return;
    for (size_t i = 0; i < heads->count; i++)
        head_take(sync, link, author, &heads->heads[i], heads->answer);
    if (!heads->answer)
        answer_send(sync, link, author, heads, goes_on ? &after : NULL);
    author_tidy(sync, author);
    if (!heads->more)
        return;
    link->heads_going = true;
    link->heads_after = (struct flight_key){heads->author, heads->heads[heads->count - 1].epoch};
}
