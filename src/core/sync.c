/* The front of core/sync: links, effects, quotas, and which file an event goes to. */
#include "core/sync_parts.h"

struct sync *sync_new(const struct sync_settings *settings, struct logs *logs, struct sync_now now)
{
    struct sync *sync = xcalloc(1, sizeof *sync);
    sync->settings = *settings;
    sync->logs = logs;
    sync->now = now;
    sync->trim_at = now.mono_ms + SYNC_TRIM_MS;
    retention_init(&sync->retention, &settings->retention);
    struct author *self = logs_find(logs, &settings->self);
    logs_vouch(logs, self ? self : logs_add(logs, &settings->self), true);
    return sync;
}

struct link *link_of(const struct sync *sync, uint32_t number)
{
    for (size_t i = 0; i < sync->link_end; i++)
        if (sync->links[i] && sync->links[i]->number == number)
            return sync->links[i];
    return NULL;
}

struct link *link_by_serial(const struct sync *sync, uint32_t serial)
{
    struct link *link = sync->links[serial % SYNC_LINKS];
    return link && link->serial == serial ? link : NULL;
}

uint16_t introducer_of(const struct sync *sync, const struct author *author)
{
    const struct link *link = link_by_serial(sync, author->introducer);
    return link ? link->slot : SYNC_NOBODY;
}

uint64_t ticket_new(struct sync *sync)
{
    return ++sync->tickets;
}

struct sync_effect *effect_new(enum sync_effect_kind kind)
{
    struct sync_effect *effect = xcalloc(1, sizeof *effect);
    effect->kind = kind;
    return effect;
}

void effect_add(struct sync *sync, struct sync_effect *effect)
{
    DL_APPEND(sync->effects, effect);
}

void effect_entry(struct sync_effect *effect, struct entry *entry)
{
    size_t count = effect->count;
    if ((count & (count - 1)) == 0) /* a power of two: it is full */
        effect->entries = xrealloc(effect->entries, count ? count * 2 : 1, sizeof(struct entry *));
    effect->entries[effect->count++] = entry_hold(entry);
}

struct sync_effect *sync_next(struct sync *sync)
{
    struct sync_effect *effect = sync->effects;
    if (effect)
        DL_DELETE(sync->effects, effect);
    return effect;
}

void sync_effect_free(struct sync_effect *effect)
{
    if (!effect)
        return;
    for (size_t i = 0; i < effect->count; i++)
        entry_drop(effect->entries[i]);
    free(effect->entries);
    free(effect->places);
    free(effect->owned);
    free(effect);
}

/* Where even answers wait too long, the link is far behind: what is left out now is found again by
 * the next comparison. */
void link_put(struct sync *sync, struct link *link, struct sync_effect *effect, size_t cost)
{
    if (link->queued > 2 * SYNC_QUEUE_MAX) {
        link->again = true;
        sync_effect_free(effect);
        return;
    }
    link->queued += cost + SYNC_FRAME_COST;
    effect->link = link->number;
    effect_add(sync, effect);
    if (link->queued > SYNC_QUEUE_MAX)
        link->lagging = true;
}

/* Quotas */

bool stranger_fits(struct sync *sync, struct link *link)
{
    const uint64_t each = 60000 / SYNC_STRANGERS_PER_MINUTE;
    uint64_t more = (sync->now.mono_ms - link->tokens_at) / each;
    link->tokens_at += more * each;
    uint64_t tokens = link->tokens + more;
    link->tokens = tokens > SYNC_STRANGERS_FIRST ? SYNC_STRANGERS_FIRST : (uint32_t)tokens;
    return link->tokens > 0 && logs_stranger_count(sync->logs) < STRANGERS_MAX;
}

struct author *author_admit(struct sync *sync, struct link *link, const struct id *id)
{
    struct author *author = logs_find(sync->logs, id);
    if (!author) {
        if (!stranger_fits(sync, link))
            return NULL;
        link->tokens--;
        author = logs_add(sync->logs, id);
    }
    if (!link_by_serial(sync, author->introducer))
        author->introducer = link->serial;
    return author;
}

uint32_t rate_left(struct sync *sync, struct author *author)
{
    uint32_t rate = sync->settings.author_rate;
    if (rate == 0)
        return UINT32_MAX;
    uint64_t most = (uint64_t)rate * SYNC_RATE_SECONDS;
    if (author->rate_left == UINT32_MAX || sync->now.mono_ms - author->rate_at > 1000000) {
        author->rate_left = (uint32_t)most;
        author->rate_at = sync->now.mono_ms;
    }
    uint64_t more = (sync->now.mono_ms - author->rate_at) * rate / 1000;
    author->rate_at += more * 1000 / rate;
    more += author->rate_left;
    author->rate_left = (uint32_t)(more > most ? most : more);
    return author->rate_left;
}

void rate_take(struct sync *sync, struct author *author)
{
    if (sync->settings.author_rate && rate_left(sync, author))
        author->rate_left--;
}

/* Authors left out of a link's digests */

static size_t excluded_index(const struct link *link, const struct id *id)
{
    size_t low = 0, high = link->excluded_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (id_compare(&link->excluded[middle], id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct excluded *excluded_find(const struct sync *sync, const struct link *link,
                                            const struct id *id)
{
    size_t at = excluded_index(link, id);
    if (at == link->excluded_count || !id_equal(&link->excluded[at], id))
        return NULL;
    const struct excluded *note = &link->excluded_notes[at];
    return note->until > sync->now.mono_ms ? note : NULL;
}

bool link_excludes(const struct sync *sync, const struct link *link, const struct id *id)
{
    const struct excluded *note = excluded_find(sync, link, id);
    return note && note->ours;
}

bool link_refuses(const struct sync *sync, const struct link *link, const struct id *id)
{
    const struct excluded *note = excluded_find(sync, link, id);
    return note && !note->ours;
}

static void excluded_remove(struct link *link, size_t at)
{
    size_t after = --link->excluded_count - at;
    memmove(link->excluded + at, link->excluded + at + 1, after * sizeof *link->excluded);
    memmove(link->excluded_notes + at, link->excluded_notes + at + 1,
            after * sizeof *link->excluded_notes);
}

static void excluded_grow(struct link *link)
{
    if (link->excluded_count < link->excluded_room)
        return;
    link->excluded_room += link->excluded_room + 8;
    link->excluded = xrealloc(link->excluded, link->excluded_room, sizeof *link->excluded);
    link->excluded_notes =
        xrealloc(link->excluded_notes, link->excluded_room, sizeof *link->excluded_notes);
}

/* At the bound the digests stay different, and comparing slows down by itself. */
void link_exclude(struct sync *sync, struct link *link, const struct id *id, bool ours)
{
    uint64_t until = sync->now.mono_ms + SYNC_RETRY_MS;
    size_t at = excluded_index(link, id);
    if (at == link->excluded_count || !id_equal(&link->excluded[at], id)) {
        if (link->excluded_count == SYNC_EXCLUDED)
            return;
        excluded_grow(link);
        size_t after = link->excluded_count++ - at;
        memmove(link->excluded + at + 1, link->excluded + at, after * sizeof *link->excluded);
        memmove(link->excluded_notes + at + 1, link->excluded_notes + at,
                after * sizeof *link->excluded_notes);
        link->excluded[at] = *id;
    }
    link->excluded_notes[at] = (struct excluded){until, ours};
    if (link->retry_at == 0)
        link->retry_at = until;
}

void link_include(struct link *link, const struct id *id)
{
    size_t at = excluded_index(link, id);
    if (at < link->excluded_count && id_equal(&link->excluded[at], id))
        excluded_remove(link, at);
}

void link_unwanted(struct sync *sync, struct link *link, const struct id *id)
{
    link_exclude(sync, link, id, true);
    struct sync_effect *effect = effect_new(SYNC_SEND);
    effect->frame.kind = FRAME_UNWANTED;
    effect->frame.author = *id;
    link_put(sync, link, effect, ID_BYTES);
}

/* What was left out for long enough is tried again, by comparing. */
static void excluded_tick(struct sync *sync, struct link *link)
{
    if (link->retry_at == 0 || link->retry_at > sync->now.mono_ms)
        return;
    link->retry_at = 0;
    for (size_t i = link->excluded_count; i-- > 0;) {
        uint64_t until = link->excluded_notes[i].until;
        if (until <= sync->now.mono_ms)
            excluded_remove(link, i);
        else if (link->retry_at == 0 || until < link->retry_at)
            link->retry_at = until;
    }
    link->backoff_ms = SYNC_ROUND_FIRST_MS;
    round_start(sync, link);
}

/* Links */

static void link_up(struct sync *sync, const struct sync_event *event)
{
    uint16_t slot = 0;
    while (slot < SYNC_LINKS && sync->links[slot])
        slot++;
    if (slot == SYNC_LINKS || link_of(sync, event->link))
        die("link %u cannot come up", event->link);
    struct link *link = xcalloc(1, sizeof *link);
    sync->links[slot] = link;
    sync->link_count++;
    if (sync->link_end <= slot)
        sync->link_end = slot + 1u;
    link->number = event->link;
    link->slot = slot;
    link->serial = ++sync->serials * SYNC_LINKS + slot;
    link->peer = event->up.peer;
    link->caller = event->up.caller;
    link->tokens = SYNC_STRANGERS_FIRST;
    link->tokens_at = sync->now.mono_ms;
    link->backoff_ms = SYNC_ROUND_FIRST_MS;
    struct author *author = logs_find(sync->logs, &link->peer);
    if (!author && event->up.admit)
        author = logs_add(sync->logs, &link->peer);
    if (author)
        author->introducer = link->serial; /* nobody but itself answers for what it says */
    if (link->caller)
        round_start(sync, link);
}

static void link_free(struct link *link)
{
    while (link->serving)
        serve_done(link);
    free(link->excluded);
    free(link->excluded_notes);
    free(link);
}

static void link_down(struct sync *sync, struct link *link)
{
    reach_leave(sync, link);
    sync->links[link->slot] = NULL;
    sync->link_count--;
    while (sync->link_end > 0 && !sync->links[sync->link_end - 1])
        sync->link_end--;
    flights_leave(sync, link);
    struct author *author = logs_find(sync->logs, &link->peer);
    if (author)
        author_tidy(sync, author);
    link_free(link);
}

void sync_free(struct sync *sync)
{
    if (!sync)
        return;
    for (size_t i = 0; i < sync->link_end; i++)
        if (sync->links[i])
            link_down(sync, sync->links[i]);
    struct flight *flight, *next;
    HASH_ITER(hh, sync->flights, flight, next)
    flight_close(sync, flight);
    struct job *job, *job_next;
    DL_FOREACH_SAFE(sync->jobs, job, job_next)
    free(job);
    struct batch *batch, *batch_next;
    DL_FOREACH_SAFE(sync->batches, batch, batch_next)
    {
        free(batch->parts);
        free(batch);
    }
    while (sync->proofs)
        proof_free(sync, sync->proofs);
    relay_end(sync);
    for (size_t i = 0; i < sync->fresh_count; i++)
        entry_drop(sync->fresh[i].entry);
    free(sync->fresh);
    while (sync->effects)
        sync_effect_free(sync_next(sync));
    free(sync);
}

/* Events */

static void frame_handle(struct sync *sync, struct link *link, const struct frame *frame)
{
    switch (frame->kind) {
    case FRAME_ENTRIES:
        entries_handle(sync, link, &frame->entries);
        break;
    case FRAME_DIGEST:
        digest_handle(sync, link, &frame->digest);
        break;
    case FRAME_BUCKETS:
        buckets_handle(sync, link, frame->buckets);
        break;
    case FRAME_ROWS:
        rows_handle(sync, link, &frame->rows);
        break;
    case FRAME_HEADS:
        heads_handle(sync, link, &frame->heads);
        break;
    case FRAME_WANT:
        serve_want(sync, link, &frame->range);
        break;
    case FRAME_LACK:
        lack_handle(sync, link, &frame->range);
        break;
    case FRAME_HEIGHTS:
        serve_heights(sync, link, &frame->heights);
        break;
    case FRAME_HASHES:
        hashes_handle(sync, link, &frame->heights);
        break;
    case FRAME_FORK:
        fork_handle(sync, link, &frame->fork);
        break;
    case FRAME_UNWANTED:
        link_exclude(sync, link, &frame->author, false);
        break;
    case FRAME_UNKNOWN:
    case FRAME_PROOF:
    case FRAME_HELLO:
    case FRAME_PING:
    case FRAME_PONG:
    case FRAME_DISCONNECT:
    case FRAME_ACKS:
    case FRAME_ACKS_WANTED:
    case FRAME_OVERLAY:
        break; /* the node's own */
    }
}

static void queued_handle(struct sync *sync, struct link *link, uint64_t queued)
{
    link->queued = queued;
    serve_pump(sync, link);
    if (!link->lagging || link->queued > SYNC_QUEUE_LOW)
        return;
    link->lagging = false;
    round_start(sync, link);
}

static void trimmed_handle(struct sync *sync, const struct sync_event *event)
{
    if (sync->trims)
        sync->trims--;
    struct author *author = logs_find(sync->logs, &event->trimmed.author);
    struct log *log = author ? author_log(author, &event->trimmed.epoch) : NULL;
    if (!log)
        return;
    if (event->trimmed.whole)
        author_log_drop(sync->logs, author, log);
    else
        log_trim(sync->logs, author, log, event->trimmed.lowest, event->trimmed.lowest_hlc,
                 event->trimmed.entries_left, event->trimmed.bytes_left);
}

/* A log that is under way is not dropped whole beneath its flight: the next sweep finds it. */
static void trims_ask(struct sync *sync)
{
    struct retention_trim trims[RETENTION_TRIMS];
    size_t count =
        retention_step(&sync->retention, sync->logs, sync->now.wall_ms, trims, RETENTION_TRIMS);
    for (size_t i = 0; i < count; i++) {
        struct flight_key key = {trims[i].author, trims[i].epoch};
        if (trims[i].whole && flight_find(sync, &key))
            continue;
        struct sync_effect *effect = effect_new(SYNC_TRIM);
        effect->trim = trims[i];
        effect_add(sync, effect);
        sync->trims++;
    }
}

static void resume_handle(struct sync *sync)
{
    sync->halted = false;
    relay_end(sync);
    for (size_t i = 0; i < sync->link_end; i++)
        if (sync->links[i])
            round_start(sync, sync->links[i]);
    struct flight *flight, *next;
    HASH_ITER(hh, sync->flights, flight, next)
    flight_touch(sync, flight);
}

static void tick_handle(struct sync *sync)
{
    for (size_t i = 0; i < sync->link_end; i++) {
        struct link *link = sync->links[i];
        if (!link)
            continue;
        excluded_tick(sync, link);
        round_tick(sync, link);
        reach_tick(sync, link);
    }
    crowd_tick(sync);
    fetch_tick(sync);
    fork_tick(sync);
    if (sync->trim_at > sync->now.mono_ms)
        return;
    sync->trim_at = sync->now.mono_ms + SYNC_TRIM_MS;
    if (sync->trims == 0 && !sync->halted)
        trims_ask(sync);
}

static void vouch_handle(struct sync *sync, const struct id *id, bool vouched)
{
    struct author *author = logs_find(sync->logs, id);
    if (!author && vouched)
        author = logs_add(sync->logs, id);
    if (!author)
        return;
    logs_vouch(sync->logs, author, vouched);
    for (size_t i = 0; vouched && i < SYNC_LINKS; i++) {
        if (!sync->links[i])
            continue;
        link_include(sync->links[i], id); /* it may have been refused as a stranger */
        heads_send(sync, sync->links[i], author, id);
    }
}

static void event_handle(struct sync *sync, const struct sync_event *event)
{
    struct link *link = link_of(sync, event->link);
    switch (event->kind) {
    case SYNC_LINK_UP:
        link_up(sync, event);
        break;
    case SYNC_LINK_DOWN:
        if (link)
            link_down(sync, link);
        break;
    case SYNC_FRAME:
        if (link)
            frame_handle(sync, link, event->frame);
        break;
    case SYNC_QUEUED:
        if (link)
            queued_handle(sync, link, event->queued);
        break;
    case SYNC_CHECKED:
        checked_handle(sync, event->ticket, &event->verdict);
        break;
    case SYNC_STORED:
        stored_handle(sync, event->ticket, true);
        break;
    case SYNC_STORE_FAILED:
        stored_handle(sync, event->ticket, false);
        break;
    case SYNC_READ:
        if (!serve_read(sync, event->ticket, event->read.entries, event->read.count) &&
            !below_read(sync, event->ticket, event->read.entries, event->read.count))
            fork_read(sync, event->ticket, event->read.entries, event->read.count);
        break;
    case SYNC_HASHES:
        if (!serve_hashes(sync, event->ticket, event->hashes.heights, event->hashes.count))
            bisect_hashes(sync, event->ticket, event->hashes.heights, event->hashes.count);
        break;
    case SYNC_TRIMMED:
        trimmed_handle(sync, event);
        break;
    case SYNC_OWN:
        own_handle(sync, event->own);
        break;
    case SYNC_VOUCH:
        vouch_handle(sync, &event->vouch.author, event->vouch.vouched);
        break;
    case SYNC_RESUME:
        resume_handle(sync);
        break;
    case SYNC_TICK:
        tick_handle(sync);
        break;
    }
}

void sync_handle(struct sync *sync, struct sync_now now, const struct sync_event *event)
{
    if (now.mono_ms < sync->now.mono_ms)
        die("the steady clock went back");
    sync->now = now;
    event_handle(sync, event);
    flights_update(sync);
    if (!sync->halted) {
        checks_pump(sync);
        stores_pump(sync);
        asks_pump(sync);
    }
    flights_update(sync);
    fresh_flush(sync);
}

/* Answers */

static void sooner(uint64_t *due, uint64_t at)
{
    if (at != 0 && at < *due)
        *due = at;
}

uint64_t sync_due(const struct sync *sync)
{
    uint64_t due = logs_bytes(sync->logs) ? sync->trim_at : UINT64_MAX;
    sooner(&due, sync->rate_at);
    sooner(&due, sync->crowd_due);
    for (size_t i = 0; i < sync->link_end; i++) {
        const struct link *link = sync->links[i];
        if (!link)
            continue;
        sooner(&due, link->round_at);
        sooner(&due, link->retry_at);
        sooner(&due, link->tell_at);
        sooner(&due, link->deferred ? link->deferred_at + SYNC_DEFER_MS : 0);
    }
    if (sync->flights) /* windows, bisections and jumps have their limits */
        sooner(&due, sync->now.mono_ms + 1000);
    return due;
}

void sync_whole(struct sync *sync, bool whole)
{
    sync->whole = whole;
}

bool sync_settled(const struct sync *sync, uint32_t number)
{
    const struct link *link = link_of(sync, number);
    return link && link->round == ROUND_SETTLED;
}

uint64_t sync_missing(const struct sync *sync)
{
    uint64_t missing = 0;
    for (const struct flight *flight = sync->flights; flight; flight = flight->hh.next) {
        const struct log *log = flight_log(flight);
        uint64_t stored = log ? log->high : 0, high = stored;
        const struct offer *offer;
        DL_FOREACH(flight->offers, offer)
        {
            uint64_t from = offer->low > stored ? offer->low - 1 : stored;
            if (offer->high > high && offer->high - from + stored > high)
                high = offer->high - from + stored;
        }
        missing += high - stored;
    }
    return missing;
}

size_t sync_link_memory(const struct sync *sync, uint32_t number)
{
    const struct link *link = link_of(sync, number);
    if (!link)
        return 0;
    return sizeof *link + (link->ready ? SYNC_INTRODUCERS * sizeof *link->ready : 0) +
           link->excluded_room * (ID_BYTES + sizeof(struct excluded)) +
           link->offers * sizeof(struct offer) + link->serve_count * sizeof(struct serve);
}
