/* Asking: who offers what, and whose turn it is. A log is asked of one link at a time, so that
 * nothing comes twice; a link is asked for few windows at once, by turns over who introduced their
 * authors, so that a flood of authors delays only who brought it. */
#include "core/sync_parts.h"

struct offer *offer_find(const struct flight *flight, const struct link *link)
{
    struct offer *offer;
    DL_FOREACH(flight->offers, offer)
    if (offer->link == link)
        return offer;
    return NULL;
}

static void offer_unready(struct offer *offer)
{
    if (!offer->ready)
        return;
    offer->ready = false;
    offer->link->ready_count--;
    DL_DELETE2(offer->link->ready[offer->ring], offer, ready_prev, ready_next);
}

static void offer_ready(struct sync *sync, struct offer *offer)
{
    if (offer->ready)
        return;
    if (!offer->link->ready)
        offer->link->ready = xcalloc(SYNC_INTRODUCERS, sizeof *offer->link->ready);
    offer->ready = true;
    offer->link->ready_count++;
    offer->ring = introducer_of(sync, offer->flight->author);
    DL_APPEND2(offer->link->ready[offer->ring], offer, ready_prev, ready_next);
}

void offer_drop(struct sync *sync, struct offer *offer)
{
    struct flight *flight = offer->flight;
    struct link *link = offer->link;
    if (flight->asked == offer)
        ask_end(sync, flight);
    offer_unready(offer);
    DL_DELETE(flight->offers, offer);
    free(offer);
    flight_touch(sync, flight);
    link->offers--;
    if (link->offers > 0)
        return;
    free(link->ready);
    link->ready = NULL;
    round_progress(sync, link);
}

void offer_note(struct sync *sync, struct link *link, struct author *author,
                const struct epoch_id *epoch, uint64_t low, uint64_t high)
{
    struct flight_key key = {author->id, *epoch};
    struct flight *flight = flight_find(sync, &key);
    struct offer *offer = flight ? offer_find(flight, link) : NULL;
    if (!offer && link->offers == SYNC_OFFERS) {
        link->again = true;
        return;
    }
    if (!flight)
        flight = flight_get(sync, author, epoch);
    if (!flight)
        return;
    flight_touch(sync, flight);
    if (!offer) {
        offer = xcalloc(1, sizeof *offer);
        *offer = (struct offer){
            .flight = flight, .link = link, .low = low, .high = high, .fails = link->stalls};
        DL_APPEND(flight->offers, offer);
        link->offers++;
    }
    if (low < offer->low)
        offer->low = low;
    if (high > offer->high)
        offer->high = high;
}

/* What an offer has to be to be asked for now. */
struct terms {
    uint64_t tail;
    uint64_t limit;
    uint64_t lowest; /* of all useful offers */
    uint32_t fails;  /* of the best of them */
    bool above;      /* they all begin above a gap */
};

static bool offer_useful(const struct terms *terms, const struct offer *offer)
{
    return offer->high > terms->tail && terms->tail < terms->limit && offer->low <= terms->limit;
}

static bool offer_fits(const struct terms *terms, const struct offer *offer)
{
    if (!offer_useful(terms, offer))
        return false;
    return terms->above ? offer->low == terms->lowest : offer->low <= terms->tail + 1;
}

static struct terms flight_terms(const struct flight *flight)
{
    const struct log *log = flight_log(flight);
    struct terms terms = {.tail = flight_tail(flight),
                          .limit = log ? log_limit(log) : ENTRY_NUMBER_MAX,
                          .lowest = UINT64_MAX,
                          .fails = UINT32_MAX};
    struct offer *offer;
    DL_FOREACH(flight->offers, offer)
    if (offer_useful(&terms, offer) && offer->low < terms.lowest)
        terms.lowest = offer->low;
    terms.above = terms.lowest > terms.tail + 1;
    DL_FOREACH(flight->offers, offer)
    if (offer_fits(&terms, offer) && offer->fails < terms.fails)
        terms.fails = offer->fails;
    return terms;
}

/* Whether the flight may ask for anything above its tail at all. */
static bool flight_asks(struct sync *sync, const struct flight *flight, const struct terms *terms)
{
    if (flight->asked || (flight->bisect && flight->bisect->alone) || sync->halted ||
        flight->count + flight->window > SYNC_ITEMS)
        return false;
    if (terms->above && terms->tail > 0 &&
        (flight->count || sync->now.mono_ms < flight->born + SYNC_JUMP_MS))
        return false; /* another link may fill the gap */
    if (rate_left(sync, flight->author))
        return true;
    if (sync->rate_at == 0)
        sync->rate_at = sync->now.mono_ms + 1000;
    return false;
}

/* Offers stay while entries are on their way: they say whom not to tell, and where to ask again. */
static void offers_clean(struct sync *sync, struct flight *flight)
{
    bool busy = flight->count || flight->asked || flight->bisect || !below_idle(flight);
    struct terms terms = flight_terms(flight);
    struct offer *offer, *next;
    DL_FOREACH_SAFE(flight->offers, offer, next)
    {
        bool bad = link_excludes(sync, offer->link, &flight->key.author);
        bool useful = offer_useful(&terms, offer) || below_wanted(sync, flight, offer);
        if (bad || (!busy && !useful))
            offer_drop(sync, offer);
    }
}

void offers_update(struct sync *sync, struct flight *flight)
{
    offers_clean(sync, flight);
    if (!flight->offers && below_idle(flight))
        below_free(flight);
    struct terms terms = flight_terms(flight);
    bool asks = flight_asks(sync, flight, &terms);
    bool idle =
        !flight->asked && !flight->bisect && !flight->count && below_idle(flight) && !sync->halted;
    struct offer *offer;
    DL_FOREACH(flight->offers, offer)
    {
        bool comparing = flight->bisect && flight->bisect->link == offer->link;
        bool above = asks && !comparing && offer_fits(&terms, offer) && offer->fails == terms.fails;
        bool below = idle && terms.lowest == UINT64_MAX && below_wanted(sync, flight, offer);
        if (above || below)
            offer_ready(sync, offer);
        else
            offer_unready(offer);
    }
}

static void want_send(struct sync *sync, struct flight *flight)
{
    struct sync_effect *effect = effect_new(SYNC_SEND);
    effect->frame.kind = FRAME_WANT;
    effect->frame.range = (struct frame_range){flight->key.author, flight->key.epoch,
                                               flight->ask_low, flight->ask_high};
    link_put(sync, flight->asked->link, effect, ID_BYTES + EPOCH_BYTES + 16);
}

static void ask_begin(struct sync *sync, struct offer *offer, uint64_t low, uint64_t high)
{
    struct flight *flight = offer->flight;
    flight->asked = offer;
    flight->ask_low = low;
    flight->ask_high = high;
    flight->asked_at = sync->now.mono_ms;
    offer->link->windows++;
    offer->link->wanted += high - low + 1;
    offers_update(sync, flight);
    want_send(sync, flight);
}

void ask_end(struct sync *sync, struct flight *flight)
{
    if (!flight->asked)
        return;
    flight->asked->link->windows--;
    flight->asked->link->wanted -= flight->ask_high - flight->ask_low + 1;
    flight->asked->early = flight_tail(flight) < flight->ask_high;
    flight->asked = NULL;
    flight->ask_below = false;
    flight->ask_restart = false;
    flight_touch(sync, flight);
}

static void ask_above(struct sync *sync, struct offer *offer, const struct terms *terms)
{
    struct flight *flight = offer->flight;
    uint64_t low = terms->above ? terms->lowest : terms->tail + 1;
    uint64_t most = rate_left(sync, flight->author);
    if (most > flight->window)
        most = flight->window;
    uint64_t high = low + most - 1;
    if (high > offer->high)
        high = offer->high;
    if (high > terms->limit)
        high = terms->limit;
    flight->ask_restart = terms->above && terms->tail > 0;
    ask_begin(sync, offer, low, high);
}

static void ask_below(struct sync *sync, struct offer *offer)
{
    struct flight *flight = offer->flight;
    const struct log *log = flight_log(flight);
    if (!flight->below) {
        below_start(sync, flight, offer);
        return;
    }
    uint64_t high = log->low - 1;
    uint64_t low = high >= flight->window ? high - flight->window + 1 : 1;
    if (low < offer->low)
        low = offer->low;
    if (low < log->floor)
        low = log->floor;
    flight->ask_below = true;
    ask_begin(sync, offer, low, high);
}

static void ask(struct sync *sync, struct offer *offer)
{
    offer_unready(offer);
    if (link_excludes(sync, offer->link, &offer->flight->key.author)) {
        offer_drop(sync, offer); /* another log of the author's was no good */
        return;
    }
    struct terms terms = flight_terms(offer->flight);
    if (offer_fits(&terms, offer) && rate_left(sync, offer->flight->author) == 0)
        flight_touch(sync, offer->flight); /* its other logs took all: it waits */
    else if (offer_fits(&terms, offer))
        ask_above(sync, offer, &terms);
    else
        ask_below(sync, offer);
}

/* Of all that is on its way to the disk, an introducer fills no more than its share. */
static bool share_full(const struct sync *sync, uint16_t ring)
{
    uint64_t share = SYNC_HELD_MAX / (sync->link_count + 1);
    if (share < SYNC_HELD_LEAST)
        share = SYNC_HELD_LEAST;
    return sync->held_by[ring] > share;
}

static struct offer *link_turn(const struct sync *sync, struct link *link)
{
    for (size_t tries = 0; tries < SYNC_INTRODUCERS && link->ready_count; tries++) {
        link->ready_next = (uint16_t)((link->ready_next + 1) % SYNC_INTRODUCERS);
        if (link->ready[link->ready_next] && !share_full(sync, link->ready_next))
            return link->ready[link->ready_next];
    }
    return NULL;
}

static bool link_idles(const struct link *link)
{
    return link->windows < SYNC_WINDOWS ||
           (link->windows < SYNC_WINDOWS_MOST && link->wanted < SYNC_WANTED);
}

void asks_pump(struct sync *sync)
{
    for (size_t i = 0; i < sync->link_end; i++) {
        struct link *link = sync->links[i];
        while (link && link_idles(link) && !link->lagging &&
               sync->now.mono_ms >= link->quiet_until) {
            struct offer *offer = link_turn(sync, link);
            if (!offer)
                break;
            ask(sync, offer);
        }
    }
}

/* It claimed more than it has: comparing anew tells what is left, more and more slowly. */
void lack_handle(struct sync *sync, struct link *link, const struct frame_range *range)
{
    struct flight_key key = {range->author, range->epoch};
    struct flight *flight = flight_find(sync, &key);
    struct offer *offer = flight ? offer_find(flight, link) : NULL;
    if (!offer || flight->asked != offer || range->high < flight->ask_low ||
        range->low > flight->ask_high)
        return;
    if (flight->ask_below) {
        below_finish(sync, flight);
        return;
    }
    link->again = true;
    ask_end(sync, flight);
    if (offer->high > flight_tail(flight))
        offer_drop(sync, offer);
}

void flight_blame(struct sync *sync, struct flight *flight, struct link *link)
{
    link_unwanted(sync, link, &flight->key.author);
    struct offer *offer = offer_find(flight, link);
    if (offer)
        offer_drop(sync, offer);
    flight_touch(sync, flight);
}

static bool withheld(const struct sync *sync, const struct flight *flight)
{
    uint64_t since = flight->asked_at;
    if (flight->asked->link->progress_at > since)
        since = flight->asked->link->progress_at;
    return sync->now.mono_ms >= since + SYNC_TIMEOUT_MS;
}

/* Another link is asked first, and this one only after a while. */
static void stall(struct sync *sync, struct flight *flight)
{
    struct link *link = flight->asked->link;
    uint64_t quiet = (uint64_t)SYNC_QUIET_FIRST_MS << (link->stalls < 8 ? link->stalls : 8);
    if (link->quiet_until <= sync->now.mono_ms) {
        link->quiet_until =
            sync->now.mono_ms + (quiet < SYNC_QUIET_LAST_MS ? quiet : SYNC_QUIET_LAST_MS);
        link->stalls++;
    }
    flight->asked->fails += link->stalls;
    if (flight->ask_below)
        below_finish(sync, flight);
    else
        ask_end(sync, flight);
}

void fetch_tick(struct sync *sync)
{
    bool rate = sync->rate_at && sync->rate_at <= sync->now.mono_ms;
    if (rate)
        sync->rate_at = 0;
    struct flight *flight, *next;
    HASH_ITER(hh, sync->flights, flight, next)
    {
        if (flight->asked && withheld(sync, flight))
            stall(sync, flight);
        /* Time alone may have made it ready: jumps, rates, shares of memory. */
        if (rate || !flight->asked)
            flight_touch(sync, flight);
    }
}
