/* Between proof and disk: commits are filled by turns, and only what the store has confirmed, with
 * all that is below it, moves a frontier. */
#include "core/sync_parts.h"

bool flight_storable(const struct flight *flight)
{
    for (uint32_t i = 0; i < flight->count; i++)
        if (flight->items[i].state == ITEM_PROVED)
            return true;
    return false;
}

static struct batch *batch_new(struct sync *sync, struct sync_effect *effect)
{
    struct batch *batch = xcalloc(1, sizeof *batch);
    batch->ticket = effect->ticket = ticket_new(sync);
    DL_APPEND(sync->batches, batch);
    return batch;
}

static void batch_part(struct batch *batch, const struct part *part)
{
    batch->parts = xrealloc(batch->parts, batch->count + 1, sizeof *part);
    batch->parts[batch->count++] = *part;
}

static void effect_place(struct sync_effect *effect, struct entry *entry, enum sync_place place)
{
    effect_entry(effect, entry);
    effect->places = xrealloc(effect->places, effect->count, 1);
    effect->places[effect->count - 1] = (uint8_t)place;
}

/* At most `most` proved entries of the flight. */
static void batch_take(struct batch *batch, struct sync_effect *effect, struct flight *flight,
                       uint32_t most)
{
    struct part part = {.key = flight->key};
    for (uint32_t i = 0; i < flight->count && most > 0; i++) {
        struct item *item = &flight->items[i];
        if (item->state != ITEM_PROVED)
            continue;
        item->state = ITEM_STORING;
        item->batch = batch->ticket;
        part.last = item->entry->fields.seq;
        if (part.first == 0)
            part.first = part.last;
        part.own = part.own || item->from == 0;
        effect_place(effect, item->entry, item->restart ? SYNC_PLACE_RESTART : SYNC_PLACE_ABOVE);
        most--;
    }
    batch_part(batch, &part);
}

static void store_start(struct sync *sync)
{
    enum { TURN = 64 }; /* entries of one log, then it is another's turn */
    struct sync_effect *effect = effect_new(SYNC_STORE);
    struct batch *batch = batch_new(sync, effect);
    sync->batch_count++;
    struct flight *flight;
    while (effect->count < SYNC_BATCH && (flight = ring_next_store(sync)) != NULL) {
        size_t room = SYNC_BATCH - effect->count;
        batch_take(batch, effect, flight, room < TURN ? (uint32_t)room : TURN);
        flight_touch(sync, flight);
        if (sync->stores.count == 0)
            flights_update(sync); /* what has more enters its ring again, at the end */
    }
    effect_add(sync, effect);
}

void stores_pump(struct sync *sync)
{
    while (sync->batch_count < SYNC_STORES && sync->stores.count > 0)
        store_start(sync);
}

/* At once and by itself: somebody is waiting for it. */
void store_own(struct sync *sync, struct flight *flight)
{
    struct sync_effect *effect = effect_new(SYNC_STORE);
    struct batch *batch = batch_new(sync, effect);
    sync->batch_count++;
    batch_take(batch, effect, flight, SYNC_ITEMS);
    effect_add(sync, effect);
}

void store_below(struct sync *sync, struct flight *flight, struct entry *const *entries,
                 size_t count)
{
    struct sync_effect *effect = effect_new(SYNC_STORE);
    struct batch *batch = batch_new(sync, effect);
    sync->batch_count++;
    const struct entry *first = entries[0], *last = entries[count - 1];
    batch_part(batch, &(struct part){.key = flight->key, .below = true});
    struct below *below = flight->below;
    below->batch = batch->ticket;
    below->step = (struct log_step){.first = first->fields.seq,
                                    .last = entry_tip(last),
                                    .first_hlc = first->fields.hlc,
                                    .last_hlc = last->fields.hlc,
                                    .entries = (uint32_t)count};
    for (size_t i = 0; i < count; i++) {
        below->step.bytes += entry_weight(entries[i]);
        effect_place(effect, entries[i], SYNC_PLACE_BELOW);
    }
    entry_drop(below->lowest);
    below->lowest = entry_hold(entries[0]);
    effect_add(sync, effect);
}

void store_proof(struct sync *sync, struct proof *proof)
{
    struct sync_effect *effect = effect_new(SYNC_STORE_FORK);
    struct batch *batch = batch_new(sync, effect);
    sync->batch_count++;
    batch->proof = proof;
    proof->storing = true;
    effect->range =
        (struct frame_range){proof->key.author, proof->key.epoch, proof->fork.seq, proof->fork.seq};
    effect_entry(effect, proof->first);
    effect_entry(effect, proof->second);
    effect_add(sync, effect);
}

/* Durable */

static struct sync_effect *kept_new(const struct flight *flight, bool live)
{
    struct sync_effect *effect = effect_new(SYNC_KEPT);
    effect->live = live;
    effect->range.author = flight->key.author;
    effect->range.epoch = flight->key.epoch;
    return effect;
}

static void kept_finish(struct sync *sync, const struct log *log, struct sync_effect *effect)
{
    effect->range.low = log->low;
    effect->range.high = log->high;
    effect->below = (struct entry_tip){log->epoch, log->high, log->head};
    effect_add(sync, effect);
}

static void item_done(struct sync *sync, struct flight *flight, const struct item *item)
{
    if (item->live) {
        fresh_add(sync, item);
        return;
    }
    flight->announce = true;
    memcpy(flight->announce_have, item->have, sizeof item->have);
    struct link *link = link_by_serial(sync, item->from);
    if (link)
        link->progress = true;
}

/* The first `count` items are on disk, and so is all below them. */
static void items_commit(struct sync *sync, struct flight *flight, uint32_t count)
{
    const struct item *first = &flight->items[0], *last = &flight->items[count - 1];
    struct log_step step = {.first = first->entry->fields.seq,
                            .last = entry_tip(last->entry),
                            .first_hlc = first->entry->fields.hlc,
                            .last_hlc = last->entry->fields.hlc,
                            .entries = count};
    struct sync_effect *kept = kept_new(flight, last->live);
    for (uint32_t i = 0; i < count; i++) {
        const struct item *item = &flight->items[i];
        step.bytes += entry_weight(item->entry);
        effect_entry(kept, item->entry);
        item_done(sync, flight, item);
    }
    struct log *log = author_log_add(flight->author, &flight->key.epoch);
    log_append(sync->logs, flight->author, log, &step, first->restart);
    kept_finish(sync, log, kept);
    for (uint32_t i = 0; i < count; i++) {
        sync->held_by[flight->items[i].held] -= entry_weight(flight->items[i].entry);
        entry_drop(flight->items[i].entry);
    }
    flight->count -= count;
    memmove(flight->items, flight->items + count, flight->count * sizeof *flight->items);
}

static bool item_of(const struct item *item, const struct batch *batch, const struct part *part)
{
    uint64_t seq = item->entry->fields.seq;
    return item->state == ITEM_STORING && item->batch == batch->ticket && seq >= part->first &&
           seq <= part->last;
}

static void part_stored(struct sync *sync, struct flight *flight, const struct batch *batch,
                        const struct part *part)
{
    for (uint32_t i = 0; i < flight->count; i++)
        if (item_of(&flight->items[i], batch, part))
            flight->items[i].state = ITEM_STORED;
    uint32_t done = 0;
    while (done < flight->count && flight->items[done].state == ITEM_STORED)
        done++;
    if (done)
        items_commit(sync, flight, done);
}

/* Nothing above what failed may become durable by another commit and leave a gap. */
static void part_failed(struct sync *sync, struct flight *flight, const struct batch *batch,
                        const struct part *part)
{
    for (uint32_t i = 0; i < flight->count; i++)
        if (item_of(&flight->items[i], batch, part)) {
            items_cut(sync, flight, i);
            break;
        }
    if (flight->asked && !flight->ask_below)
        ask_end(sync, flight);
    if (part->own)
        effect_add(sync, effect_new(SYNC_OWN_LOST));
}

static void part_handle(struct sync *sync, const struct batch *batch, const struct part *part,
                        bool stored)
{
    struct flight *flight = flight_find(sync, &part->key);
    if (!flight)
        return;
    flight_touch(sync, flight);
    if (part->below) {
        if (flight->below && flight->below->batch == batch->ticket)
            below_stored(sync, flight, stored);
    } else if (stored) {
        part_stored(sync, flight, batch, part);
    } else {
        part_failed(sync, flight, batch, part);
    }
}

void stored_handle(struct sync *sync, uint64_t ticket, bool stored)
{
    struct batch *batch;
    DL_SEARCH_SCALAR(sync->batches, batch, ticket, ticket);
    if (!batch)
        return;
    DL_DELETE(sync->batches, batch);
    sync->batch_count--;
    if (!stored && !sync->halted) {
        sync->halted = true;
        relay_begin(sync);
    }
    for (size_t i = 0; i < batch->count; i++)
        part_handle(sync, batch, &batch->parts[i], stored);
    if (batch->proof)
        proof_stored(sync, batch->proof, stored);
    free(batch->parts);
    free(batch);
}
