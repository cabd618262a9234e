/* Forks: two logs of one epoch that say different things. Where they part is found by comparing
 * hashes, 32 heights at a time; two signed entries of that place prove it, and end the log there.
 */
#include "core/sync_parts.h"

/* Up to 32 heights over (equal, differ], the last one always among them. */
static void bisect_heights(struct bisect *bisect)
{
    uint64_t span = bisect->differ - bisect->equal;
    bisect->count = span < HEIGHTS_MAX ? (size_t)span : HEIGHTS_MAX;
    uint64_t step = span / bisect->count, rest = span % bisect->count, at = bisect->equal;
    for (size_t i = 0; i < bisect->count; i++) {
        at += step + (i >= bisect->count - rest);
        bisect->ours[i] = (struct frame_height){.seq = at};
    }
}

static struct sync_effect *heights_effect(const struct flight *flight, enum sync_effect_kind kind)
{
    const struct bisect *bisect = flight->bisect;
    struct sync_effect *effect = effect_new(kind);
    effect->owned = xmemdup(bisect->ours, bisect->count * sizeof *bisect->ours);
    effect->frame.heights = (struct frame_heights){.author = flight->key.author,
                                                   .epoch = flight->key.epoch,
                                                   .count = bisect->count,
                                                   .heights = effect->owned};
    return effect;
}

static void bisect_next(struct sync *sync, struct flight *flight)
{
    struct bisect *bisect = flight->bisect;
    bisect->state = BISECT_OURS;
    bisect->deadline = sync->now.mono_ms + SYNC_TIMEOUT_MS;
    bisect_heights(bisect);
    struct sync_effect *effect = heights_effect(flight, SYNC_LOAD_HASHES);
    effect->ticket = bisect->ticket = ticket_new(sync);
    effect->range = (struct frame_range){.author = flight->key.author, .epoch = flight->key.epoch};
    effect_add(sync, effect);
}

void bisect_start(struct sync *sync, struct flight *flight, struct link *link, uint64_t differ,
                  bool hearsay)
{
    const struct log *log = flight_log(flight);
    if (!log || log->low > differ || log->high < differ)
        return; /* dropped in the meantime */
    struct bisect *bisect = flight->bisect = xcalloc(1, sizeof *bisect);
    bisect->link = link;
    bisect->hearsay = hearsay;
    bisect->equal = log->low - 1;
    bisect->differ = differ;
    if (flight->asked)
        ask_end(sync, flight);
    flight_touch(sync, flight);
    bisect_next(sync, flight);
}

void bisect_end(struct sync *sync, struct flight *flight)
{
    if (!flight->bisect)
        return;
    entry_drop(flight->bisect->theirs);
    free(flight->bisect);
    flight->bisect = NULL;
    flight_touch(sync, flight);
}

/* It cannot show where it parts from us: its word on this log is worth nothing. */
static void bisect_blame(struct sync *sync, struct flight *flight)
{
    struct link *link = flight->bisect->link;
    bisect_end(sync, flight);
    flight_blame(sync, flight, link);
}

static struct flight *bisect_find(const struct sync *sync, uint64_t ticket)
{
    for (struct flight *flight = sync->flights; flight; flight = flight->hh.next)
        if (flight->bisect && flight->bisect->ticket == ticket)
            return flight;
    return NULL;
}

void bisect_hashes(struct sync *sync, uint64_t ticket, const struct frame_height *heights,
                   size_t count)
{
    struct flight *flight = bisect_find(sync, ticket);
    if (!flight || flight->bisect->state != BISECT_OURS)
        return;
    struct bisect *bisect = flight->bisect;
    bisect->ticket = 0;
    bisect->count = count < HEIGHTS_MAX ? count : HEIGHTS_MAX;
    if (count == 0) { /* retention was faster */
        bisect_end(sync, flight);
        return;
    }
    memcpy(bisect->ours, heights, bisect->count * sizeof *heights);
    bisect->state = BISECT_THEIRS;
    struct sync_effect *effect = heights_effect(flight, SYNC_SEND);
    effect->frame.kind = FRAME_HEIGHTS;
    link_put(sync, bisect->link, effect, ID_BYTES + bisect->count * 12);
}

/* Narrows (equal, differ] by what they hold; false where nothing of it differs. */
static bool bisect_narrow(struct bisect *bisect, const struct frame_heights *theirs)
{
    bool differs = false;
    size_t at = 0;
    for (size_t i = 0; i < bisect->count; i++) {
        const struct frame_height *ours = &bisect->ours[i];
        while (at < theirs->count && theirs->heights[at].seq < ours->seq)
            at++;
        if (at == theirs->count || theirs->heights[at].seq != ours->seq)
            continue;
        if (!hash_equal(&theirs->heights[at].hash, &ours->hash)) {
            bisect->differ = ours->seq;
            differs = true;
            break;
        }
        bisect->equal = ours->seq;
    }
    return differs;
}

void hashes_handle(struct sync *sync, struct link *link, const struct frame_heights *hashes)
{
    struct flight_key key = {hashes->author, hashes->epoch};
    struct flight *flight = flight_find(sync, &key);
    if (!flight || !flight->bisect || flight->bisect->link != link ||
        flight->bisect->state != BISECT_THEIRS)
        return;
    struct bisect *bisect = flight->bisect;
    bool differs = bisect_narrow(bisect, hashes);
    if (!differs && bisect->hearsay) {
        link->again = true; /* a proof is on its way; else comparing gets slower by itself */
        bisect_end(sync, flight);
        return;
    }
    if (!differs) {
        bisect_blame(sync, flight);
        return;
    }
    if (bisect->differ > bisect->equal + 1) {
        bisect_next(sync, flight);
        return;
    }
    bisect->state = BISECT_ENTRY;
    bisect->deadline = sync->now.mono_ms + SYNC_TIMEOUT_MS;
    struct sync_effect *effect = effect_new(SYNC_SEND);
    effect->frame.kind = FRAME_WANT;
    effect->frame.range =
        (struct frame_range){key.author, key.epoch, bisect->differ, bisect->differ};
    link_put(sync, link, effect, sizeof effect->frame.range);
}

bool bisect_entry(struct sync *sync, struct flight *flight, struct link *link, struct entry *entry)
{
    struct bisect *bisect = flight->bisect;
    if (!bisect || bisect->state != BISECT_ENTRY || bisect->link != link ||
        entry->fields.seq != bisect->differ)
        return false;
    bisect->state = BISECT_OWN;
    bisect->theirs = entry_hold(entry);
    bisect->ticket = ticket_new(sync);
    struct sync_effect *effect = effect_new(SYNC_LOAD);
    effect->ticket = bisect->ticket;
    effect->range =
        (struct frame_range){flight->key.author, flight->key.epoch, bisect->differ, bisect->differ};
    effect_add(sync, effect);
    return true;
}

/* Proofs */

static struct log_fork fork_of(const struct entry *a, const struct entry *b)
{
    bool first = hash_compare(&a->hash, &b->hash) < 0;
    return (struct log_fork){
        .seq = a->fields.seq,
        .smaller = first ? a->hash : b->hash,
        .larger = first ? b->hash : a->hash,
        .hlc = a->fields.hlc < b->fields.hlc ? a->fields.hlc : b->fields.hlc,
    };
}

void proof_free(struct sync *sync, struct proof *proof)
{
    DL_DELETE(sync->proofs, proof);
    sync->proof_count--;
    entry_drop(proof->first);
    entry_drop(proof->second);
    free(proof);
}

static bool fork_is_news(const struct sync *sync, const struct flight_key *key,
                         const struct log_fork *fork)
{
    const struct author *author = logs_find(sync->logs, &key->author);
    const struct log *log = author ? author_log(author, &key->epoch) : NULL;
    return author && (log ? log_fork_better(log, fork) : author_has_room(author));
}

/* What is right below the fork has to be what our own log says, or the fork is lower still. Who
 * brought the proof may not know that yet: it is not to blame. */
static void proof_judge(struct sync *sync, struct proof *proof, const struct hash *below)
{
    if (proof->fork.seq > 1 && below && !hash_equal(below, &proof->prefix)) {
        struct link *link = link_by_serial(sync, proof->from);
        struct author *author = logs_find(sync->logs, &proof->key.author);
        struct flight *flight = link ? flight_get(sync, author, &proof->key.epoch) : NULL;
        if (flight && !flight->bisect)
            bisect_start(sync, flight, link, proof->fork.seq - 1, true);
        proof_free(sync, proof);
        return;
    }
    store_proof(sync, proof);
}

static void proof_start(struct sync *sync, struct proof *proof)
{
    const struct author *author = logs_find(sync->logs, &proof->key.author);
    const struct log *log = author_log(author, &proof->key.epoch);
    uint64_t under = proof->fork.seq - 1;
    if (!log || log->high < under || log->low > under || log->high == 0) {
        proof_judge(sync, proof, NULL);
    } else if (log->high == under) {
        proof_judge(sync, proof, &log->head);
    } else {
        proof->ticket = ticket_new(sync);
        struct sync_effect *effect = effect_new(SYNC_LOAD);
        effect->ticket = proof->ticket;
        effect->range = (struct frame_range){proof->key.author, proof->key.epoch, under, under};
        effect_add(sync, effect);
    }
}

static bool proof_known(const struct sync *sync, const struct flight_key *key)
{
    const struct proof *other;
    DL_FOREACH(sync->proofs, other)
    if (id_equal(&other->key.author, &key->author) && epoch_equal(&other->key.epoch, &key->epoch))
        return true;
    return false;
}

static struct proof *proof_new(struct sync *sync, const struct link *link, struct entry *first,
                               struct entry *second, bool told)
{
    struct proof *proof = xcalloc(1, sizeof *proof);
    proof->key = (struct flight_key){first->fields.author, first->fields.epoch};
    proof->fork = fork_of(first, second);
    proof->prefix = first->fields.prev;
    proof->from = link->serial;
    proof->told = told;
    proof->first = entry_hold(first);
    proof->second = entry_hold(second);
    DL_APPEND(sync->proofs, proof);
    sync->proof_count++;
    return proof;
}

/* Two entries of one place, about a known author. False where they prove nothing; what is no news
 * is not even checked, so that saying it again and again costs nothing. */
static bool proof_take(struct sync *sync, struct link *link, struct entry *first,
                       struct entry *second, bool told)
{
    unsigned checks = 0;
    struct log_fork fork = fork_of(first, second);
    struct flight_key key = {first->fields.author, first->fields.epoch};
    if (sync->proof_count == SYNC_FORKS || proof_known(sync, &key) ||
        !fork_is_news(sync, &key, &fork))
        return true;
    if (!hash_equal(&first->fields.prev, &second->fields.prev) ||
        !fork_verify(first, second, sync->settings.signer, &checks))
        return false;
    proof_start(sync, proof_new(sync, link, first, second, told));
    return true;
}

static void bisect_own(struct sync *sync, struct flight *flight, struct entry *const *entries,
                       size_t count)
{
    struct bisect *bisect = flight->bisect;
    bool ours = count == 1 && entries[0]->fields.seq == bisect->differ;
    if (ours && !proof_take(sync, bisect->link, entries[0], bisect->theirs, false))
        bisect_blame(sync, flight);
    else
        bisect_end(sync, flight);
}

void fork_read(struct sync *sync, uint64_t ticket, struct entry *const *entries, size_t count)
{
    struct flight *flight = bisect_find(sync, ticket);
    if (flight) {
        bisect_own(sync, flight, entries, count);
        return;
    }
    struct proof *proof;
    DL_SEARCH_SCALAR(sync->proofs, proof, ticket, ticket);
    if (!proof)
        return;
    proof->ticket = 0;
    proof_judge(sync, proof, count == 1 ? &entries[0]->hash : NULL);
}

void fork_handle(struct sync *sync, struct link *link, const struct frame_fork *fork)
{
    struct entry *first, *second;
    const struct hash *net = &sync->settings.net;
    const struct codec *codec = sync->settings.codec;
    enum entry_fault one =
        entry_read(fork->first.bytes, &fork->first.signature, net, codec, &first);
    enum entry_fault other =
        entry_read(fork->second.bytes, &fork->second.signature, net, codec, &second);
    if (one == ENTRY_FINE && other == ENTRY_FINE &&
        !link_excludes(sync, link, &first->fields.author) &&
        logs_find(sync->logs, &first->fields.author) &&
        !proof_take(sync, link, first, second, true))
        link_unwanted(sync, link, &first->fields.author);
    entry_drop(first);
    entry_drop(second);
}

/* Everyone is told, but who told us. Who said the other half is told too: it may be comparing as
 * well, and finds nothing that differs any more once our log ends below. */
static void proof_tell(struct sync *sync, const struct proof *proof)
{
    for (size_t i = 0; i < sync->link_end; i++) {
        struct link *link = sync->links[i];
        if (link && !(proof->told && link->serial == proof->from) && !link->lagging)
            serve_fork(sync, link, &proof->key);
    }
}

static void proof_apply(struct sync *sync, const struct proof *proof)
{
    struct author *author = logs_find(sync->logs, &proof->key.author);
    struct log *log = author ? author_log_add(author, &proof->key.epoch) : NULL;
    if (!log || !log_fork_better(log, &proof->fork))
        return;
    struct flight *flight = flight_find(sync, &proof->key);
    for (uint32_t i = 0; flight && i < flight->count; i++)
        if (flight->items[i].entry->fields.seq >= proof->fork.seq)
            items_cut(sync, flight, i);
    if (flight && flight->asked)
        ask_end(sync, flight);
    log_freeze(sync->logs, author, log, &proof->fork, &proof->prefix);
    struct sync_effect *effect = effect_new(SYNC_FROZEN);
    effect->range =
        (struct frame_range){proof->key.author, proof->key.epoch, log->low, proof->fork.seq - 1};
    effect_add(sync, effect);
    struct link *link = link_by_serial(sync, proof->from);
    if (link)
        link->progress = true;
    proof_tell(sync, proof);
}

void proof_stored(struct sync *sync, struct proof *proof, bool stored)
{
    if (stored)
        proof_apply(sync, proof);
    proof_free(sync, proof);
}

void fork_tick(struct sync *sync)
{
    struct flight *flight, *next;
    HASH_ITER(hh, sync->flights, flight, next)
    {
        struct bisect *bisect = flight->bisect;
        bool waits = bisect && (bisect->state == BISECT_THEIRS || bisect->state == BISECT_ENTRY);
        if (!waits || bisect->deadline > sync->now.mono_ms)
            continue;
        bisect->link->again = true; /* perhaps the line is bad: at the next comparison */
        bisect_end(sync, flight);
    }
}
