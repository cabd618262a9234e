/* While nothing can be stored: what others are just saying is passed on all the same, once its
 * signature was checked. It is not shown, counted, told of in a digest or acknowledged; when there
 * is room again it is fetched. Invariant: no place of a log is passed on twice in a row, so nothing
 * circles between peers whose disks are full. */
#include "core/sync_parts.h"

/* How far a log was passed on. */
struct relay_log {
    UT_hash_handle hh;
    struct flight_key key;
    uint64_t seq;
};

/* An entry whose signature is being checked. In order of arrival: who gets a later one first has to
 * ask for what is missing, and cannot have it from us. */
struct relay {
    struct relay *prev, *next;
    uint64_t ticket; /* 0: checked */
    bool good;
    struct item item;
};

static struct relay_log *relay_log_get(struct sync *sync, const struct flight_key *key)
{
    struct relay_log *log;
    HASH_FIND(hh, sync->relay_logs, key, sizeof *key, log);
    if (log)
        return log;
    if (HASH_COUNT(sync->relay_logs) >= SYNC_RELAY_LOGS) {
        log = sync->relay_logs; /* the oldest */
        HASH_DELETE(hh, sync->relay_logs, log);
        free(log);
    }
    log = xcalloc(1, sizeof *log);
    log->key = *key;
    HASH_ADD(hh, sync->relay_logs, key, sizeof log->key, log);
    return log;
}

static void relay_free(struct sync *sync, struct relay *relay)
{
    DL_DELETE(sync->relays, relay);
    sync->relay_count--;
    entry_drop(relay->item.entry);
    free(relay);
}

void relay_take(struct sync *sync, const struct item *item)
{
    const struct entry_fields *fields = &item->entry->fields;
    if (sync->relay_count >= SYNC_RELAYS || id_equal(&fields->author, &sync->settings.self))
        return;
    struct relay_log *log =
        relay_log_get(sync, &(struct flight_key){fields->author, fields->epoch});
    if (fields->seq <= log->seq)
        return;
    log->seq = fields->seq;
    struct relay *relay = xcalloc(1, sizeof *relay);
    relay->item = *item;
    entry_hold(item->entry);
    DL_APPEND(sync->relays, relay);
    sync->relay_count++;
    struct sync_effect *effect = effect_new(SYNC_CHECK);
    effect->ticket = relay->ticket = ticket_new(sync);
    effect->range.author = fields->author;
    effect->range.epoch = effect->below.epoch = fields->epoch;
    effect_entry(effect, item->entry);
    effect_add(sync, effect);
}

bool relay_checked(struct sync *sync, uint64_t ticket, const struct run_verdict *verdict)
{
    struct relay *relay;
    DL_SEARCH_SCALAR(sync->relays, relay, ticket, ticket);
    if (!relay)
        return false;
    relay->ticket = 0;
    relay->good = verdict->kept == 1;
    while ((relay = sync->relays) && relay->ticket == 0) {
        if (relay->good)
            fresh_add(sync, &relay->item);
        relay_free(sync, relay);
    }
    return true;
}

void relay_begin(struct sync *sync)
{
    struct flight *flight, *next;
    HASH_ITER(hh, sync->flights, flight, next)
    for (uint32_t i = 0; i < flight->count; i++)
        if (flight->items[i].live)
            relay_take(sync, &flight->items[i]);
}

void relay_end(struct sync *sync)
{
    while (sync->relays)
        relay_free(sync, sync->relays);
    struct relay_log *log, *next;
    HASH_ITER(hh, sync->relay_logs, log, next)
    {
        HASH_DELETE(hh, sync->relay_logs, log);
        free(log);
    }
}
