/* Entries from links: what is new waits in its log's flight until a run of it is checked. Nothing
 * unproved leaves this file, and nothing is taken that the next check could not link. */
#include "core/sync_parts.h"

static bool share_full(const struct sync *sync, uint16_t ring)
{
    uint64_t share = SYNC_HELD_MAX / (sync->link_count + 1);
    return sync->held_by[ring] > 2 * (share > SYNC_HELD_LEAST ? share : SYNC_HELD_LEAST);
}

static struct item *item_append(struct sync *sync, struct flight *flight, struct entry *entry)
{
    if (flight->count == flight->room) {
        flight->room = flight->room ? flight->room * 2 : 4;
        flight->items = xrealloc(flight->items, flight->room, sizeof *flight->items);
    }
    struct item *item = &flight->items[flight->count++];
    *item = (struct item){.entry = entry_hold(entry)};
    item->held = introducer_of(sync, flight->author);
    sync->held_by[item->held] += entry_weight(entry);
    flight_touch(sync, flight);
    return item;
}

/* One more word that was just said. */
static void crowd_count(struct author *author, uint64_t now)
{
    if (now >= author->crowd_at + SYNC_CROWD_MS) {
        author->crowded = author->crowd >= SYNC_CROWD && now < author->crowd_at + 2 * SYNC_CROWD_MS;
        author->crowd_at = now;
        author->crowd = 0;
    }
    author->crowd++;
}

/* The link told of it, so it is caught up with, and comes late where another link was asked. What
 * others tell says nothing of it: they may lie. */
static bool is_offered(const struct flight *flight, const struct link *link, uint64_t seq)
{
    const struct offer *offer = offer_find(flight, link);
    return offer && offer->high >= seq;
}

static bool is_fresh(const struct sync *sync, const struct entry *entry)
{
    return entry->fields.hlc + SYNC_FRESH_MS > sync->now.wall_ms;
}

/* It is on its way already. Another entry at the same place is asked for again, should the one we
 * have turn out to be no good. */
static void item_again(struct sync *sync, struct flight *flight, struct link *link,
                       const struct entry *entry)
{
    uint64_t first = flight->items[0].entry->fields.seq;
    uint64_t seq = entry->fields.seq;
    if (seq < first)
        return;
    struct item *item = &flight->items[seq - first];
    if (!hash_equal(&item->entry->hash, &entry->hash)) {
        offer_note(sync, link, flight->author, &flight->key.epoch, seq, seq);
        return;
    }
    have_set(item->have, link);
    if (is_fresh(sync, entry))
        reach_again(sync, link, entry);
    if (item->live || item->state != ITEM_INBOX || is_offered(flight, link, seq))
        return;
    item->live = true; /* somebody says it just now: it waits for no window */
    crowd_count(flight->author, sync->now.mono_ms);
    flight_touch(sync, flight);
}

/* Nothing can be done with it now: ask for it later. */
static void item_later(struct sync *sync, struct flight *flight, struct link *link, uint64_t from,
                       uint64_t seq)
{
    offer_note(sync, link, flight->author, &flight->key.epoch, from, seq);
}

static bool asked_of(const struct flight *flight, const struct link *link, uint64_t seq)
{
    return flight->asked && flight->asked->link == link && !flight->ask_below &&
           seq >= flight->ask_low && seq <= flight->ask_high;
}

/* In a window entries come in order: who leaves one out gets three tries. */
static void window_broken(struct sync *sync, struct flight *flight, struct link *link)
{
    enum { TRIES = 3 };
    struct offer *offer = flight->asked;
    ask_end(sync, flight);
    if (++offer->fails >= TRIES)
        flight_blame(sync, flight, link);
}

/* Whether there is room for it, in memory and in its author's rate. */
static bool item_fits(struct sync *sync, struct flight *flight, bool asked)
{
    if (sync->halted || flight->count >= SYNC_ITEMS ||
        share_full(sync, introducer_of(sync, flight->author)))
        return false;
    return asked || rate_left(sync, flight->author);
}

static void item_take(struct sync *sync, struct flight *flight, struct link *link,
                      struct entry *entry)
{
    uint64_t seq = entry->fields.seq;
    uint64_t tail = flight_tail(flight);
    bool asked = asked_of(flight, link, seq);
    bool begins = asked && !flight->count && seq == flight->ask_low;
    if (!asked && sync->halted) {
        struct item passing = {.entry = entry, .from = link->serial};
        have_set(passing.have, link);
        if (rate_left(sync, flight->author))
            relay_take(sync, &passing);
        rate_take(sync, flight->author);
    }
    if (seq <= tail && flight->count) {
        item_again(sync, flight, link, entry);
        return;
    }
    if (seq != tail + 1 && !begins) {
        if (asked && !flight->asked->early)
            window_broken(sync, flight, link);
        else if (!asked)
            item_later(sync, flight, link, tail + 1, seq);
        return;
    }
    if (!item_fits(sync, flight, asked)) {
        if (asked)
            ask_end(sync, flight);
        item_later(sync, flight, link, seq, seq);
        return;
    }
    if (asked)
        flight->asked->early = false;
    if (!asked || is_fresh(sync, entry))
        rate_take(sync, flight->author);
    struct item *item = item_append(sync, flight, entry);
    have_set(item->have, link);
    item->from = link->serial;
    item->live = asked ? reach_is_news(sync, link, entry) : !is_offered(flight, link, seq);
    if (item->live)
        crowd_count(flight->author, sync->now.mono_ms);
    item->restart = seq != tail + 1;
    if (flight->asked && !flight->ask_below && seq == flight->ask_high) /* whoever sent it */
        ask_end(sync, flight);
}

/* At the place of something we hold: only another head is news. */
static void held_handle(struct sync *sync, struct author *author, const struct log *log,
                        struct link *link, const struct entry *entry)
{
    if (is_fresh(sync, entry))
        reach_again(sync, link, entry);
    if (entry->fields.seq != log->high || log_frozen(log) || hash_equal(&entry->hash, &log->head))
        return;
    struct flight *flight = flight_get(sync, author, &log->epoch);
    if (flight && !flight->bisect)
        bisect_start(sync, flight, link, log->high, false);
}

static void entry_handle(struct sync *sync, struct link *link, struct entry *entry)
{
    const struct entry_fields *fields = &entry->fields;
    if (link_excludes(sync, link, &fields->author))
        return;
    struct author *author = author_admit(sync, link, &fields->author);
    if (!author) {
        link_unwanted(sync, link, &fields->author);
        return;
    }
    struct flight_key key = {fields->author, fields->epoch};
    struct flight *flight = flight_find(sync, &key);
    const struct log *log = author_log(author, &fields->epoch);
    if (flight && flight->asked && flight->asked->link == link && fields->seq >= flight->ask_low &&
        fields->seq <= flight->ask_high) {
        link->progress_at = sync->now.mono_ms;
        link->stalls = 0;
    }
    if (flight && bisect_entry(sync, flight, link, entry))
        return;
    if (flight && flight->ask_below && flight->asked->link == link && log &&
        fields->seq < log->low) {
        below_take(sync, flight, entry);
        return;
    }
    if (log && log->high && fields->seq <= log->high) {
        if (fields->seq >= log->low)
            held_handle(sync, author, log, link, entry);
        return;
    }
    if (log && fields->seq > log_limit(log))
        return;
    flight = flight_get(sync, author, &fields->epoch);
    if (flight)
        item_take(sync, flight, link, entry);
    else
        author_tidy(sync, author);
}

/* What cannot be read is as if it had not come. */
void entries_handle(struct sync *sync, struct link *link, const struct frame_entries *frame)
{
    for (size_t i = 0; i < frame->count; i++) {
        struct entry *entry;
        enum entry_fault fault = entry_read(frame->entries[i].bytes, &frame->entries[i].signature,
                                            &sync->settings.net, sync->settings.codec, &entry);
        if (fault != ENTRY_FINE)
            continue;
        entry_handle(sync, link, entry);
        entry_drop(entry);
    }
}

/* Ours are proved by being ours; nothing unproved may stand in their way. */
void own_handle(struct sync *sync, struct entry *entry)
{
    const struct entry_fields *fields = &entry->fields;
    struct author *author = logs_find(sync->logs, &fields->author);
    if (!author || !id_equal(&fields->author, &sync->settings.self))
        die("an entry of ours by somebody else");
    struct flight *flight = flight_get(sync, author, &fields->epoch);
    if (!flight)
        die("an epoch of ours too many");
    sync->running = fields->epoch;
    sync->has_running = true;
    uint32_t proved = 0;
    while (proved < flight->count && flight->items[proved].state >= ITEM_PROVED)
        proved++;
    items_cut(sync, flight, proved);
    if (fields->seq != flight_tail(flight) + 1)
        die("an entry of ours out of order");
    struct item *item = item_append(sync, flight, entry);
    item->state = ITEM_PROVED;
    item->live = true;
    store_own(sync, flight);
}

/* Checking */

static uint32_t items_in(const struct flight *flight, enum item_state state, uint32_t *first)
{
    uint32_t count = 0;
    for (uint32_t i = flight->count; i-- > 0;) {
        if (flight->items[i].state != state)
            continue;
        *first = i;
        count++;
    }
    return count;
}

/* A signature proves all that its author said before it: where words come in a crowd, those of a
 * moment are checked, drawn and committed together. Who talks at the pace of people never waits,
 * nor for whoever does not. */
static bool crowd_waits(struct sync *sync, const struct author *author)
{
    uint64_t due = author->crowd_at + SYNC_CROWD_MS;
    if (!author->crowded || author->crowd >= SYNC_CROWD_MOST || due <= sync->now.mono_ms)
        return false;
    if (sync->crowd_due == 0 || due < sync->crowd_due)
        sync->crowd_due = due;
    return true;
}

void crowd_tick(struct sync *sync)
{
    if (sync->crowd_due == 0 || sync->crowd_due > sync->now.mono_ms)
        return;
    sync->crowd_due = 0;
    for (struct flight *flight = sync->flights; flight; flight = flight->hh.next)
        if (flight->author->crowded)
            flight_touch(sync, flight);
}

/* A window is checked when it is whole: its last signature proves all of it. */
bool flight_checkable(struct sync *sync, const struct flight *flight)
{
    uint32_t first = 0;
    uint32_t inbox = items_in(flight, ITEM_INBOX, &first);
    if (inbox == 0 || flight->job)
        return false;
    if (flight->items[first].live)
        return !crowd_waits(sync, flight->author);
    return inbox >= RUN_MAX || !flight->asked || flight->ask_below;
}

static struct entry_tip tip_below(const struct flight *flight, uint32_t first)
{
    if (first > 0)
        return entry_tip(flight->items[first - 1].entry);
    const struct log *log = flight_log(flight);
    struct entry_tip tip = {.epoch = flight->key.epoch};
    if (log && log->high) {
        tip.seq = log->high;
        tip.hash = log->head;
    }
    return tip;
}

static void check_start(struct sync *sync, struct flight *flight)
{
    uint32_t first = 0;
    uint32_t count = items_in(flight, ITEM_INBOX, &first);
    if (count > RUN_MAX)
        count = RUN_MAX;
    struct sync_effect *effect = effect_new(SYNC_CHECK);
    effect->ticket = ticket_new(sync);
    effect->range.author = flight->key.author;
    effect->range.epoch = flight->key.epoch;
    effect->below = tip_below(flight, first);
    effect->has_below =
        first > 0 || flight->items[first].entry->fields.seq == effect->below.seq + 1;
    for (uint32_t i = first; i < first + count; i++) {
        flight->items[i].state = ITEM_CHECKING;
        effect_entry(effect, flight->items[i].entry);
    }
    struct job *job = xcalloc(1, sizeof *job);
    *job = (struct job){.ticket = effect->ticket, .key = flight->key, .count = count};
    flight->job = job->ticket;
    DL_APPEND(sync->jobs, job);
    sync->job_count++;
    effect_add(sync, effect);
}

void checks_pump(struct sync *sync)
{
    struct flight *flight;
    while (sync->job_count < SYNC_CHECKS && (flight = ring_next_check(sync)) != NULL)
        check_start(sync, flight);
}

static void proved_tell(struct sync *sync, struct flight *flight, uint32_t first, uint32_t count)
{
    struct sync_effect *effect = NULL;
    for (uint32_t i = first; i < first + count; i++) {
        struct item *item = &flight->items[i];
        item->state = ITEM_PROVED;
        if (item->live)
            fresh_hurry(sync, flight, item);
        if (!effect || effect->live != item->live) {
            effect = effect_new(SYNC_PROVED);
            effect->live = item->live;
            effect->link = 0;
            effect->range.author = flight->key.author;
            effect->range.epoch = flight->key.epoch;
            effect_add(sync, effect);
        }
        effect_entry(effect, item->entry);
    }
    if (sync->has_running && id_equal(&flight->key.author, &sync->settings.self) &&
        epoch_equal(&flight->key.epoch, &sync->running))
        effect_add(sync, effect_new(SYNC_AHEAD));
}

/* Not one entry of what a link sent holds. */
static void run_bad(struct sync *sync, struct flight *flight, struct link *link, uint64_t last,
                    uint32_t count, enum run_end end)
{
    const struct log *log = flight_log(flight);
    if (end == RUN_UNLINKED && log && log->high && flight->count == 0) {
        if (flight->bisect)
            flight->bisect->alone = true;
        else
            bisect_start(sync, flight, link, log->high, false);
        return;
    }
    offer_note(sync, link, flight->author, &flight->key.epoch, flight_tail(flight) + 1, last);
    struct offer *offer = offer_find(flight, link);
    if (!offer)
        return;
    offer->fails++;
    if (end == RUN_UNSIGNED && (last >= offer->high || count >= RUN_MAX)) {
        flight_blame(sync, flight, link);
        return;
    }
    uint32_t window = flight->window > count ? flight->window : count;
    flight->window = window < RUN_MAX / 2 ? window * 2 : RUN_MAX;
}

static void verdict_apply(struct sync *sync, struct flight *flight, uint32_t count,
                          const struct run_verdict *verdict)
{
    uint32_t first = 0;
    if (items_in(flight, ITEM_CHECKING, &first) != count || verdict->kept > count)
        die("a verdict on something else");
    uint32_t kept = (uint32_t)verdict->kept;
    if (kept)
        proved_tell(sync, flight, first, kept);
    if (kept == count) {
        flight->window = flight->window < RUN_MAX / 2 ? flight->window * 2 : RUN_MAX;
        return;
    }
    uint64_t last = flight->items[first + count - 1].entry->fields.seq;
    struct link *link = link_by_serial(sync, flight->items[first + kept].from);
    items_cut(sync, flight, first + kept);
    if (flight->asked && !flight->ask_below)
        ask_end(sync, flight); /* it goes on above what was just cut */
    if (!link)
        return;
    if (kept == 0)
        run_bad(sync, flight, link, last, count, verdict->end);
    else
        offer_note(sync, link, flight->author, &flight->key.epoch, flight_tail(flight) + 1, last);
}

void checked_handle(struct sync *sync, uint64_t ticket, const struct run_verdict *verdict)
{
    struct job *job;
    if (relay_checked(sync, ticket, verdict))
        return;
    DL_SEARCH_SCALAR(sync->jobs, job, ticket, ticket);
    if (!job)
        return;
    DL_DELETE(sync->jobs, job);
    sync->job_count--;
    struct flight *flight = flight_find(sync, &job->key);
    if (flight && flight->job == ticket) {
        flight->job = 0;
        verdict_apply(sync, flight, (uint32_t)job->count, verdict);
        flight_touch(sync, flight);
    }
    free(job);
}
