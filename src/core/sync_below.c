/* Backfill: what retention would keep and we lack below a log's low mark, fetched downwards. Each
 * window is proved by the `prev` of our lowest entry, so it costs no signature. */
#include "core/sync_parts.h"

bool below_wanted(const struct sync *sync, const struct flight *flight, const struct offer *offer)
{
    const struct log *log = flight_log(flight);
    return log && log->high && offer->low < log->low && offer->high + 1 >= log->low &&
           retention_wants_below(&sync->settings.retention, flight->author, log, sync->now.wall_ms);
}

bool below_idle(const struct flight *flight)
{
    const struct below *below = flight->below;
    return !below || (below->lowest && !below->batch);
}

void below_start(struct sync *sync, struct flight *flight, struct offer *offer)
{
    (void)offer; /* it is chosen again when our own lowest entry is at hand */
    const struct log *log = flight_log(flight);
    struct below *below = flight->below = xcalloc(1, sizeof *below);
    below->ticket = ticket_new(sync);
    struct sync_effect *effect = effect_new(SYNC_LOAD);
    effect->ticket = below->ticket;
    effect->range = (struct frame_range){flight->key.author, flight->key.epoch, log->low, log->low};
    effect_add(sync, effect);
    offers_update(sync, flight);
}

static void below_clear(struct below *below)
{
    for (size_t i = 0; i < below->count; i++)
        entry_drop(below->entries[i]);
    below->count = 0;
}

void below_free(struct flight *flight)
{
    if (!flight->below)
        return;
    below_clear(flight->below);
    entry_drop(flight->below->lowest);
    free(flight->below);
    flight->below = NULL;
}

static struct flight *below_find(const struct sync *sync, uint64_t ticket)
{
    for (struct flight *flight = sync->flights; flight; flight = flight->hh.next)
        if (flight->below && flight->below->ticket == ticket)
            return flight;
    return NULL;
}

bool below_read(struct sync *sync, uint64_t ticket, struct entry *const *entries, size_t count)
{
    struct flight *flight = below_find(sync, ticket);
    if (!flight)
        return false;
    const struct log *log = flight_log(flight);
    flight->below->ticket = 0;
    /* Retention may have been faster: then there is nothing to go on from. */
    if (!log || count != 1 || entries[0]->fields.seq != log->low)
        below_free(flight);
    else
        flight->below->lowest = entry_hold(entries[0]);
    flight_touch(sync, flight);
    return true;
}

void below_take(struct sync *sync, struct flight *flight, struct entry *entry)
{
    struct below *below = flight->below;
    uint64_t seq = entry->fields.seq;
    uint64_t next = below->count ? below->entries[below->count - 1]->fields.seq + 1 : seq;
    if (seq != next || below->count == RUN_MAX || seq < flight->ask_low)
        return;
    below->entries[below->count++] = entry_hold(entry);
    if (seq == flight->ask_high)
        below_finish(sync, flight);
}

/* The window is over, whole or not. */
void below_finish(struct sync *sync, struct flight *flight)
{
    struct below *below = flight->below;
    struct offer *offer = flight->asked;
    struct link *link = offer->link;
    const struct log *log = flight_log(flight);
    bool whole = below->count && below->entries[below->count - 1]->fields.seq == flight->ask_high;
    bool fits = log && log->low == below->lowest->fields.seq;
    size_t good = whole && fits ? run_check_below(below->lowest, below->entries, below->count) : 0;
    ask_end(sync, flight);
    if (good) {
        store_below(sync, flight, below->entries + below->count - good, good);
        flight->window = flight->window < RUN_MAX / 2 ? flight->window * 2 : RUN_MAX;
    } else if (whole && fits) {
        flight_blame(sync, flight, link);
    } else if (fits) {
        offer_drop(sync, offer);
    } else {
        below_clear(below);
        below_free(flight);
        flight_touch(sync, flight);
        return;
    }
    below_clear(below);
}

void below_stored(struct sync *sync, struct flight *flight, bool stored)
{
    struct below *below = flight->below;
    struct log *log = flight_log(flight);
    below->batch = 0;
    if (stored && log && log->low == below->step.last.seq + 1) {
        log_prepend(sync->logs, flight->author, log, &below->step);
        flight->announce = true; /* others may have asked us in vain */
        memset(flight->announce_have, 0, sizeof flight->announce_have);
    } else {
        below_free(flight);
    }
    flight_touch(sync, flight);
}

/* Once for each log and link, and only until so many had nothing: digests do not tell of low marks.
 * Who gets more later says so by itself. */
void below_ask_all(struct sync *sync, struct link *link)
{
    enum { ASKED = 64 }; /* authors at a time: the rest when the digests agree next */
    size_t asked = 0;
    for (size_t bucket = 0; bucket < BUCKETS && asked < ASKED; bucket++) {
        size_t count;
        struct author *const *list = logs_bucket(sync->logs, bucket, &count);
        for (size_t i = 0; i < count && asked < ASKED; i++) {
            bool ask = false;
            for (size_t j = 0; j < list[i]->log_count; j++) {
                struct log *log = &list[i]->logs[j];
                if (log->high == 0 || log->asked_below == SYNC_BELOW_ASKS ||
                    !retention_wants_below(&sync->settings.retention, list[i], log,
                                           sync->now.wall_ms))
                    continue;
                log->asked_below++;
                ask = true;
            }
            if (!ask || link_refuses(sync, link, &list[i]->id))
                continue;
            heads_send(sync, link, list[i], &list[i]->id);
            asked++;
        }
    }
}
