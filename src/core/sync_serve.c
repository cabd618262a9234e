/* Answering what others ask for: one question of a link at a time, read from the store page by page
 * as fast as the link takes it. */
#include "core/sync_parts.h"

static struct serve *serve_add(struct link *link, enum serve_kind kind)
{
    if (link->serve_count == SYNC_SERVING)
        return NULL;
    struct serve *serve = xcalloc(1, sizeof *serve);
    serve->kind = kind;
    DL_APPEND(link->serving, serve);
    link->serve_count++;
    return serve;
}

void serve_done(struct link *link)
{
    struct serve *serve = link->serving;
    DL_DELETE(link->serving, serve);
    link->serve_count--;
    free(serve->heights);
    free(serve);
}

static void lack_send(struct sync *sync, struct link *link, const struct frame_range *range)
{
    struct sync_effect *effect = effect_new(SYNC_SEND);
    effect->frame.kind = FRAME_LACK;
    effect->frame.range = *range;
    link_put(sync, link, effect, sizeof *range);
}

static const struct log *range_log(const struct sync *sync, const struct frame_range *range)
{
    const struct author *author = logs_find(sync->logs, &range->author);
    return author ? author_log(author, &range->epoch) : NULL;
}

/* What we hold of the range, from its beginning on; false where that is nothing. */
static bool range_clip(const struct sync *sync, struct frame_range *range)
{
    const struct log *log = range_log(sync, range);
    if (!log || log->high == 0 || range->low < log->low || range->low > log->high)
        return false;
    if (range->high > log->high)
        range->high = log->high;
    return true;
}

void serve_want(struct sync *sync, struct link *link, const struct frame_range *range)
{
    struct frame_range held = *range;
    bool valid = range->low >= 1 && range->low <= range->high && range->high - range->low < RUN_MAX;
    struct serve *serve = NULL;
    if (valid && range_clip(sync, &held))
        serve = serve_add(link, SERVE_WANT);
    if (!serve) {
        lack_send(sync, link, range);
        return;
    }
    link->progress = true; /* they learn something: compare again when they have it */
    if (range->high >= range_log(sync, range)->high)
        reach_wanted(sync, link, &range->author);
    serve->range = *range;
    serve_pump(sync, link);
}

void serve_heights(struct sync *sync, struct link *link, const struct frame_heights *heights)
{
    struct serve *serve = heights->count <= HEIGHTS_MAX ? serve_add(link, SERVE_HEIGHTS) : NULL;
    if (!serve)
        return;
    serve->range.author = heights->author;
    serve->range.epoch = heights->epoch;
    serve->heights = xcalloc(HEIGHTS_MAX, sizeof *serve->heights);
    struct frame_range range = serve->range;
    const struct log *log = range_log(sync, &range);
    for (size_t i = 0; i < heights->count; i++)
        if (log && heights->heights[i].seq >= log->low && heights->heights[i].seq <= log->high)
            serve->heights[serve->count++].seq = heights->heights[i].seq;
    serve_pump(sync, link);
}

void serve_fork(struct sync *sync, struct link *link, const struct flight_key *key)
{
    struct serve *serve;
    DL_FOREACH(link->serving, serve)
    if (serve->kind == SERVE_FORK && id_equal(&serve->range.author, &key->author) &&
        epoch_equal(&serve->range.epoch, &key->epoch))
        return;
    serve = serve_add(link, SERVE_FORK);
    if (!serve)
        return;
    serve->range.author = key->author;
    serve->range.epoch = key->epoch;
    serve_pump(sync, link);
}

static void hashes_send(struct sync *sync, struct link *link, const struct serve *serve,
                        const struct frame_height *heights, size_t count)
{
    struct sync_effect *effect = effect_new(SYNC_SEND);
    if (count)
        effect->owned = xmemdup(heights, count * sizeof *heights);
    effect->frame.kind = FRAME_HASHES;
    effect->frame.heights = (struct frame_heights){.author = serve->range.author,
                                                   .epoch = serve->range.epoch,
                                                   .count = count,
                                                   .heights = effect->owned};
    link_put(sync, link, effect, ID_BYTES + count * sizeof *heights);
}

static void load(struct sync *sync, struct link *link, const struct serve *serve,
                 enum sync_effect_kind kind)
{
    struct sync_effect *effect = effect_new(kind);
    effect->ticket = link->serve_ticket = ticket_new(sync);
    effect->range = serve->range;
    if (kind == SYNC_LOAD_HASHES) {
        effect->owned = xmemdup(serve->heights, serve->count * sizeof *serve->heights);
        effect->frame.heights = (struct frame_heights){.author = serve->range.author,
                                                       .epoch = serve->range.epoch,
                                                       .count = serve->count,
                                                       .heights = effect->owned};
    }
    effect_add(sync, effect);
}

static void want_begin(struct sync *sync, struct link *link, struct serve *serve)
{
    struct frame_range held = serve->range;
    if (!range_clip(sync, &held)) {
        lack_send(sync, link, &serve->range);
        serve_done(link);
        return;
    }
    struct serve page = {.range = held};
    load(sync, link, &page, SYNC_LOAD);
}

void serve_pump(struct sync *sync, struct link *link)
{
    while (link->serving && link->serve_ticket == 0 && link->queued <= SYNC_SERVE_MAX) {
        struct serve *serve = link->serving;
        switch (serve->kind) {
        case SERVE_WANT:
            want_begin(sync, link, serve);
            break;
        case SERVE_HEIGHTS:
            if (serve->count) {
                load(sync, link, serve, SYNC_LOAD_HASHES);
                break;
            }
            hashes_send(sync, link, serve, NULL, 0);
            serve_done(link);
            break;
        case SERVE_FORK:
            load(sync, link, serve, SYNC_LOAD_FORK);
            break;
        }
    }
}

static struct link *serve_find(const struct sync *sync, uint64_t ticket)
{
    for (size_t i = 0; i < sync->link_end; i++)
        if (sync->links[i] && sync->links[i]->serve_ticket == ticket)
            return sync->links[i];
    return NULL;
}

/* A page, in order; what is left of the range is read next, or is not there. A page that begins
 * with something else is of a damaged file, and would again be that. */
static void page_send(struct sync *sync, struct link *link, struct serve *serve,
                      struct entry *const *entries, size_t count)
{
    struct sync_effect *effect = NULL;
    size_t room = 0;
    uint64_t low = serve->range.low;
    for (size_t i = 0; i < count; i++) {
        if (entries[i]->fields.seq != serve->range.low)
            break;
        entries_add(sync, link, &effect, &room, entries[i]);
        serve->range.low++;
    }
    entries_flush(sync, link, &effect);
    if (serve->range.low > low && serve->range.low <= serve->range.high)
        return;
    if (serve->range.low <= serve->range.high)
        lack_send(sync, link, &serve->range);
    serve_done(link);
}

static void proof_send(struct sync *sync, struct link *link, struct entry *const *entries)
{
    link->progress = true;
    struct sync_effect *effect = effect_new(SYNC_SEND);
    effect_entry(effect, entries[0]);
    effect_entry(effect, entries[1]);
    effect->frame.kind = FRAME_FORK;
    effect->frame.fork.first.bytes = entry_bytes(entries[0]);
    effect->frame.fork.first.signature = entry_signature(entries[0]);
    effect->frame.fork.second.bytes = entry_bytes(entries[1]);
    effect->frame.fork.second.signature = entry_signature(entries[1]);
    link_put(sync, link, effect, entries[0]->size + entries[1]->size + 2 * SYNC_ENTRY_COST);
}

bool serve_read(struct sync *sync, uint64_t ticket, struct entry *const *entries, size_t count)
{
    struct link *link = serve_find(sync, ticket);
    if (!link)
        return false;
    link->serve_ticket = 0;
    struct serve *serve = link->serving;
    if (serve->kind == SERVE_WANT) {
        page_send(sync, link, serve, entries, count);
    } else {
        if (count == 2)
            proof_send(sync, link, entries);
        serve_done(link);
    }
    serve_pump(sync, link);
    return true;
}

bool serve_hashes(struct sync *sync, uint64_t ticket, const struct frame_height *heights,
                  size_t count)
{
    struct link *link = serve_find(sync, ticket);
    if (!link)
        return false;
    link->serve_ticket = 0;
    hashes_send(sync, link, link->serving, heights, count < HEIGHTS_MAX ? count : HEIGHTS_MAX);
    serve_done(link);
    serve_pump(sync, link);
    return true;
}
