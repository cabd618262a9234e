/* Flights: made when something is under way for a log, looked at after every event that touched
 * them, and freed when nothing is left. Rings keep whose turn it is. */
#include "core/sync_parts.h"

/* The ids were chosen by others: mixed with the table's seed, as in log.c. */
static unsigned flight_place(const struct sync *sync, const struct flight_key *key)
{
    uint64_t z = sync->logs->seed, part;
    for (size_t i = 0; i < sizeof *key; i += sizeof part) {
        memcpy(&part, (const uint8_t *)key + i, sizeof part);
        z = (z ^ part ^ (z >> 29)) * 0xbf58476d1ce4e5b9u;
    }
    return (unsigned)(z >> 32);
}

struct flight *flight_find(const struct sync *sync, const struct flight_key *key)
{
    struct flight *flight;
    HASH_FIND_BYHASHVALUE(hh, sync->flights, key, sizeof *key, flight_place(sync, key), flight);
    return flight;
}

struct flight *flight_get(struct sync *sync, struct author *author, const struct epoch_id *epoch)
{
    struct flight_key key = {author->id, *epoch};
    struct flight *flight = flight_find(sync, &key);
    if (flight)
        return flight;
    if (!author_log(author, epoch) && !author_has_room(author))
        return NULL;
    flight = xcalloc(1, sizeof *flight);
    flight->key = key;
    flight->author = author;
    flight->window = SYNC_WINDOW_FIRST;
    flight->born = sync->now.mono_ms;
    author->flights++;
    unsigned place = flight_place(sync, &key);
    HASH_ADD_BYHASHVALUE(hh, sync->flights, key, sizeof key, place, flight);
    flight_touch(sync, flight);
    return flight;
}

void flight_touch(struct sync *sync, struct flight *flight)
{
    if (flight->touched)
        return;
    flight->touched = true;
    flight->touch_next = sync->touched;
    sync->touched = flight;
}

struct log *flight_log(const struct flight *flight)
{
    return author_log(flight->author, &flight->key.epoch);
}

uint64_t flight_tail(const struct flight *flight)
{
    if (flight->count)
        return flight->items[flight->count - 1].entry->fields.seq;
    const struct log *log = flight_log(flight);
    return log ? log->high : 0;
}

/* What is left of a run that was being checked is checked anew: that verdict is on another run. */
static void job_forget(struct flight *flight)
{
    flight->job = 0;
    for (uint32_t i = 0; i < flight->count; i++)
        if (flight->items[i].state == ITEM_CHECKING)
            flight->items[i].state = ITEM_INBOX;
}

void items_cut(struct sync *sync, struct flight *flight, uint32_t at)
{
    bool checking = false;
    for (uint32_t i = at; i < flight->count; i++) {
        struct item *item = &flight->items[i];
        checking = checking || item->state == ITEM_CHECKING;
        sync->held_by[item->held] -= entry_weight(item->entry);
        entry_drop(item->entry);
    }
    if (at < flight->count)
        flight->count = at;
    if (checking)
        job_forget(flight);
    flight_touch(sync, flight);
}

/* Rings. Their order is that of arrival. */

static void ring_mark(struct ring *ring, uint16_t at)
{
    uint64_t bit = UINT64_C(1) << at % 64;
    if (ring->heads[at])
        ring->filled[at / 64] |= bit;
    else
        ring->filled[at / 64] &= ~bit;
}

/* The first filled one from here on, round and round; there is one. */
static uint16_t ring_from(const struct ring *ring, uint16_t at)
{
    for (;;) {
        at = at < SYNC_INTRODUCERS ? at : 0;
        uint64_t left = ring->filled[at / 64] >> at % 64;
        if (left)
            return (uint16_t)(at + __builtin_ctzll(left));
        at = (uint16_t)((at / 64 + 1) * 64);
    }
}

static void check_enter(struct sync *sync, struct flight *flight)
{
    if (flight->in_check)
        return;
    flight->in_check = true;
    flight->check_ring = introducer_of(sync, flight->author);
    DL_APPEND2(sync->checks.heads[flight->check_ring], flight, check_prev, check_next);
    ring_mark(&sync->checks, flight->check_ring);
    sync->checks.count++;
}

static void check_leave(struct sync *sync, struct flight *flight)
{
    if (!flight->in_check)
        return;
    flight->in_check = false;
    DL_DELETE2(sync->checks.heads[flight->check_ring], flight, check_prev, check_next);
    ring_mark(&sync->checks, flight->check_ring);
    sync->checks.count--;
}

static void store_enter(struct sync *sync, struct flight *flight)
{
    if (flight->in_store)
        return;
    flight->in_store = true;
    flight->store_ring = introducer_of(sync, flight->author);
    DL_APPEND2(sync->stores.heads[flight->store_ring], flight, store_prev, store_next);
    ring_mark(&sync->stores, flight->store_ring);
    sync->stores.count++;
}

static void store_leave(struct sync *sync, struct flight *flight)
{
    if (!flight->in_store)
        return;
    flight->in_store = false;
    DL_DELETE2(sync->stores.heads[flight->store_ring], flight, store_prev, store_next);
    ring_mark(&sync->stores, flight->store_ring);
    sync->stores.count--;
}

static struct flight *ring_turn(struct ring *ring)
{
    if (ring->count == 0)
        return NULL;
    ring->next = ring_from(ring, (uint16_t)(ring->next + 1));
    return ring->heads[ring->next];
}

struct flight *ring_next_check(struct sync *sync)
{
    struct flight *flight = ring_turn(&sync->checks);
    if (flight)
        check_leave(sync, flight);
    return flight;
}

struct flight *ring_next_store(struct sync *sync)
{
    struct flight *flight = ring_turn(&sync->stores);
    if (flight)
        store_leave(sync, flight);
    return flight;
}

static bool is_linked(const struct sync *sync, const struct id *id)
{
    for (size_t i = 0; i < sync->link_end; i++)
        if (sync->links[i] && id_equal(&sync->links[i]->peer, id))
            return true;
    return false;
}

void author_tidy(struct sync *sync, struct author *author)
{
    if (author->flights == 0 && author->log_count == 0 && !author->vouched &&
        !is_linked(sync, &author->id))
        logs_remove(sync->logs, author);
}

void flight_close(struct sync *sync, struct flight *flight)
{
    bisect_end(sync, flight);
    below_free(flight);
    if (flight->asked)
        ask_end(sync, flight);
    while (flight->offers)
        offer_drop(sync, flight->offers);
    items_cut(sync, flight, 0);
    check_leave(sync, flight);
    store_leave(sync, flight);
    if (flight->touched)
        LL_DELETE2(sync->touched, flight, touch_next);
    HASH_DELETE(hh, sync->flights, flight);
    struct author *author = flight->author;
    author->flights--;
    free(flight->items);
    free(flight);
    author_tidy(sync, author);
}

static bool flight_over(const struct flight *flight)
{
    return !flight->count && !flight->offers && !flight->asked && !flight->bisect && !flight->below;
}

static void flight_update(struct sync *sync, struct flight *flight)
{
    if (flight->announce)
        announce(sync, flight);
    offers_update(sync, flight);
    if (flight_checkable(sync, flight))
        check_enter(sync, flight);
    else
        check_leave(sync, flight);
    if (flight_storable(flight))
        store_enter(sync, flight);
    else
        store_leave(sync, flight);
    if (flight_over(flight))
        flight_close(sync, flight);
}

void flights_update(struct sync *sync)
{
    while (sync->touched) {
        struct flight *flight = sync->touched;
        sync->touched = flight->touch_next;
        flight->touched = false;
        flight_update(sync, flight);
    }
}

/* Its place will be another's. */
static void have_clear(struct flight *flight, const struct link *link)
{
    for (uint32_t i = 0; i < flight->count; i++)
        have_drop(flight->items[i].have, link);
    have_drop(flight->announce_have, link);
}

void flights_leave(struct sync *sync, struct link *link)
{
    struct flight *flight, *next;
    HASH_ITER(hh, sync->flights, flight, next)
    {
        have_clear(flight, link);
        if (flight->bisect && flight->bisect->link == link)
            bisect_end(sync, flight);
        struct offer *offer = offer_find(flight, link);
        if (!offer)
            continue;
        if (flight->asked == offer)
            ask_end(sync, flight);
        offer_drop(sync, offer);
        flight_touch(sync, flight);
    }
}
