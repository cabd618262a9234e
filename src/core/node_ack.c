/* Receipts: ours for what we store, and those of others on their way to whom they are for. Nothing
 * is signed before its commit, nothing is believed or passed on before its signature was checked,
 * and an ack that was seen is passed on no more. */
#include "core/node_parts.h"

/* ---- ours ---- */

static struct ack_due *due_get(struct node *node, const struct id *author)
{
    struct ack_due *due;
    unsigned place = (unsigned)node_hash(node, author, sizeof *author); /* ids are chosen */
    HASH_FIND_BYHASHVALUE(hh, node->due, author, sizeof *author, place, due);
    if (due)
        return due;
    due = xcalloc(1, sizeof *due);
    due->author = *author;
    HASH_ADD_BYHASHVALUE(hh, node->due, author, sizeof due->author, place, due);
    DL_PREPEND(node->due_first, due); /* at once */
    return due;
}

static void due_free(struct node *node, struct ack_due *due)
{
    HASH_DEL(node->due, due);
    DL_DELETE(node->due_first, due);
    free(due->logs);
    free(due);
}

static void due_note(struct node *node, const struct id *author, const struct log *log)
{
    bool old = log->head_hlc + RECEIPT_KEPT_MS < node->now.wall_ms;
    if (log->high == 0 || old || id_equal(author, &node->config.identity->id))
        return;
    struct ack_due *due = due_get(node, author);
    struct ack_log *found = NULL;
    for (size_t i = 0; i < due->count; i++)
        if (epoch_equal(&due->logs[i].epoch, &log->epoch))
            found = &due->logs[i];
    if (!found) {
        due->logs = xrealloc(due->logs, due->count + 1, sizeof *due->logs);
        found = &due->logs[due->count++];
    }
    *found = (struct ack_log){log->epoch, log->low, log->high, log->head};
}

/* Nobody waits to hear that a name was stored: it is acknowledged with the next words. In a mesh of
 * hundreds, where each ack goes to everyone, that is most of them. */
static bool only_names(const struct sync_effect *kept)
{
    for (size_t i = 0; i < kept->count; i++)
        if (kept->entries[i]->fields.kind != ENTRY_PROFILE)
            return false;
    return true;
}

void node_ack_kept(struct node *node, const struct sync_effect *kept)
{
    if (only_names(kept))
        return;
    const struct author *author = logs_find(node->logs, &kept->range.author);
    const struct log *log = author ? author_log(author, &kept->range.epoch) : NULL;
    if (log)
        due_note(node, &author->id, log);
}

/* Logs of at least `least` entries that we never acknowledged as they are. */
static void due_missing(struct node *node, const struct author *author, uint64_t least)
{
    for (size_t i = 0; i < author->log_count; i++) {
        const struct log *log = &author->logs[i];
        struct entry_ref head = {author->id, log->epoch, log->high};
        if (log->high >= least && !receipts_has(node->receipts, &head, &node->config.identity->id))
            due_note(node, &author->id, log);
    }
}

/* A log of one entry is mostly a name; its author asks us, if it was more. */
void node_ack_start(struct node *node)
{
    for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
        size_t count;
        struct author *const *list = logs_bucket(node->logs, bucket, &count);
        for (size_t i = 0; i < count; i++)
            due_missing(node, list[i], 2);
    }
}

/* What was dropped since, or ended at a fork, is not acknowledged. */
static bool ack_make(const struct node *node, const struct id *author, const struct ack_log *owed,
                     struct ack *into)
{
    const struct author *known = logs_find(node->logs, author);
    const struct log *log = known ? author_log(known, &owed->epoch) : NULL;
    if (!log || log->high < owed->high)
        return false;
    memset(into, 0, sizeof *into);
    into->author = *author;
    into->epoch = owed->epoch;
    into->low = owed->low;
    into->high = owed->high;
    into->head = owed->head;
    ack_sign(into, &node->config.net, node->config.signer, node->config.identity);
    return true;
}

static void acks_store(struct node *node, const struct ack *acks, size_t count)
{
    struct node_effect *effect = node_effect(node, EFFECT_STORE_ACKS);
    struct ack *copy = node_effect_room(effect, count, sizeof *copy);
    memcpy(copy, acks, count * sizeof *copy);
    effect->acks.count = count;
    effect->acks.acks = copy;
}

/* A link that has much to write already gets no more: who is meant asks again on a new one. */
static void acks_send(struct node *node, struct node_link *link, const struct ack *acks,
                      size_t count)
{
    enum { COST = 216 /* of an ack on the wire, about */ };
    if (link->state != LINK_READY || link->queued > SYNC_QUEUE_MAX)
        return;
    for (size_t at = 0; at < count; at += ACKS_MAX) {
        size_t part = count - at < ACKS_MAX ? count - at : ACKS_MAX;
        struct node_effect *effect = node_effect(node, EFFECT_SEND);
        struct frame *frame = node_effect_room(effect, 1, sizeof *frame);
        struct ack *copy = node_effect_room(effect, part, sizeof *copy);
        memcpy(copy, acks + at, part * sizeof *copy);
        frame->kind = FRAME_ACKS;
        frame->acks = (struct frame_acks){part, copy};
        effect->link = link->number;
        effect->frame = frame;
        link->queued += part * COST;
    }
}

static void own_flush(struct node *node)
{
    struct ack acks[ACKS_MAX];
    size_t count = 0;
    uint64_t next = node->now.mono_ms + NODE_ACK_MS + NODE_ACK_HEAP_MS - 1;
    struct ack_due *due;
    while ((due = node->due_first) && due->at <= node->now.mono_ms && count < ACKS_MAX) {
        if (due->count == 0) {
            due_free(node, due);
            continue;
        }
        for (; due->count && count < ACKS_MAX; due->count--)
            count += ack_make(node, &due->author, &due->logs[due->count - 1], &acks[count]);
        if (due->count)
            break;
        due->at = next - next % NODE_ACK_HEAP_MS;
        DL_DELETE(node->due_first, due);
        DL_APPEND(node->due_first, due);
    }
    for (size_t i = 0; i < count; i++)
        (void)receipts_take(node->receipts, &acks[i], node->now.wall_ms, NULL, NULL);
    if (count == 0)
        return;
    acks_store(node, acks, count);
    for (size_t i = 0; i < node->link_count; i++)
        acks_send(node, node->links[i], acks, count);
}

/* ---- those of others ---- */

static struct ack_key key_of(const struct ack *ack)
{
    struct ack_key key;
    memset(&key, 0, sizeof key);
    key.acker = ack->acker;
    key.author = ack->author;
    key.epoch = ack->epoch;
    key.high = ack->high;
    return key;
}

static void way_free(struct node *node, struct ack_way *way)
{
    HASH_DEL(node->ways, way);
    free(way);
}

static void way_mark(struct ack_way *way, const struct node_link *link)
{
    way->have[link->slot / 64] |= UINT64_C(1) << link->slot % 64;
}

static bool way_has(const struct ack_way *way, const struct node_link *link)
{
    return way->have[link->slot / 64] >> link->slot % 64 & 1;
}

/* Its slot will be somebody else's. */
void node_acks_link_gone(struct node *node, const struct node_link *link)
{
    for (struct ack_way *way = node->ways; way; way = way->hh.next)
        way->have[link->slot / 64] &= ~(UINT64_C(1) << link->slot % 64);
}

/* Of our own words: nobody has those that we have not said yet, and whoever has one knows its hash.
 * Of epochs before this start a restored backup may know less than others do. */
static bool ack_is_possible(const struct node *node, const struct ack *ack)
{
    const struct author *self = logs_find(node->logs, &node->config.identity->id);
    if (!self || !id_equal(&ack->author, &self->id))
        return true;
    const struct log *log = author_log(self, &ack->epoch);
    bool runs = node->tip.seq && epoch_equal(&ack->epoch, &node->tip.epoch);
    if (runs && (!log || ack->high > log->high))
        return false;
    if (log && !log->fork && ack->high == log->high && !hash_equal(&ack->head, &log->head))
        return false;
    struct entry_ref head = {ack->author, ack->epoch, ack->high};
    for (size_t i = 0; i < node->spoken_count; i++)
        if (memcmp(&node->spoken[i].ref, &head, sizeof head) == 0)
            return hash_equal(&node->spoken[i].hash, &ack->head);
    return true;
}

static void ack_heard(struct node *node, const struct node_link *link, const struct ack *ack)
{
    struct ack_way *way;
    struct ack_key key = key_of(ack);
    unsigned place = (unsigned)node_hash(node, &key, sizeof key);
    HASH_FIND_BYHASHVALUE(hh, node->ways, &key, sizeof key, place, way);
    if (way) {
        way_mark(way, link);
        return;
    }
    struct entry_ref head = {ack->author, ack->epoch, ack->high};
    if (id_equal(&ack->acker, &node->config.identity->id) || ack->high > ENTRY_NUMBER_MAX ||
        HASH_COUNT(node->ways) >= NODE_ACKS || receipts_has(node->receipts, &head, &ack->acker) ||
        !ack_is_possible(node, ack))
        return;
    way = xcalloc(1, sizeof *way);
    way->key = key;
    way->ack = *ack;
    way_mark(way, link);
    HASH_ADD_BYHASHVALUE(hh, node->ways, key, sizeof way->key, place, way);
    DL_APPEND(node->unchecked, way);
}

static void verify_start(struct node *node)
{
    if (!node->unchecked || node->verifying >= NODE_VERIFIES)
        return;
    struct ack_job *job = xcalloc(1, sizeof *job);
    struct node_effect *effect = node_effect(node, EFFECT_VERIFY);
    struct ack *acks = node_effect_room(effect, ACKS_MAX, sizeof *acks);
    job->ticket = effect->ticket = node_ticket(node);
    while (node->unchecked && job->count < ACKS_MAX) {
        struct ack_way *way = node->unchecked;
        DL_DELETE(node->unchecked, way);
        acks[job->count] = way->ack;
        job->ways[job->count++] = way;
    }
    effect->acks.count = job->count;
    effect->acks.acks = acks;
    DL_APPEND(node->ack_jobs, job);
    node->verifying++;
}

void node_acks(struct node *node, struct node_link *link, const struct frame_acks *acks)
{
    for (size_t i = 0; i < acks->count; i++)
        ack_heard(node, link, &acks->acks[i]);
    verify_start(node);
}

static void spoken_mark(struct node *node, const struct epoch_id *epoch,
                        const struct receipt_range *range)
{
    if (range->low > range->high)
        return;
    model_stored(&node->model, node->receipts, node->rooms, node->roster, epoch, range->low,
                 range->high, node->now.wall_ms);
    for (size_t i = 0; i < node->spoken_count; i++) {
        struct spoken *spoken = &node->spoken[i];
        if (!epoch_equal(&spoken->ref.epoch, epoch) || spoken->ref.seq < range->low ||
            spoken->ref.seq > range->high)
            continue;
        spoken->due = true;
        node->spoken_due = true;
    }
}

/* Not all at the same moment, or neighbours would tell each other the same. */
static uint64_t forward_time(const struct node *node)
{
    return node->now.mono_ms + NODE_FORWARD_MS / 2 +
           sys_random_below(node->config.sys, NODE_FORWARD_MS);
}

static const struct node_link *link_to(const struct node *node, const struct id *id)
{
    for (size_t i = 0; i < node->link_count; i++)
        if (node->links[i]->state == LINK_READY && id_equal(&node->links[i]->peer, id))
            return node->links[i];
    return NULL;
}

/* Whether both showed that they are linked: then the acker told it there itself. */
static bool hears_acker(const struct node *node, const struct node_link *link,
                        const struct ack *ack)
{
    const struct node_link *acker = link_to(node, &ack->acker);
    return acker && sync_meet(node->sync, acker->number, link->number);
}

/* Where its author is linked to us, it goes there at once; in the next heap, where they should have
 * it already. */
static void way_good(struct node *node, struct ack_way *way)
{
    const struct ack *ack = &way->ack;
    way->good = true;
    if (!node->forward_at)
        node->forward_at = forward_time(node);
    for (size_t i = 0; i < node->link_count; i++) {
        struct node_link *link = node->links[i];
        if (way_has(way, link) || !id_equal(&link->peer, &ack->author) ||
            hears_acker(node, link, ack))
            continue;
        acks_send(node, link, ack, 1);
        way_mark(way, link);
    }
}

static bool ack_believe(struct node *node, const struct ack *ack)
{
    struct receipt_range news = {1, 0}, below = {1, 0};
    if (!receipts_take(node->receipts, ack, node->now.wall_ms, &news, &below))
        return false;
    struct person *acker = roster_person(node->roster, &ack->acker);
    if (acker && !acker->self && id_equal(&ack->author, &node->config.identity->id))
        roster_here(node->roster, acker, node->now.wall_ms);
    if (id_equal(&ack->author, &node->config.identity->id)) {
        spoken_mark(node, &ack->epoch, &news);
        spoken_mark(node, &ack->epoch, &below);
    }
    return true;
}

void node_verified(struct node *node, uint64_t ticket, const bool *verified)
{
    struct ack news[ACKS_MAX];
    size_t count = 0;
    struct ack_job *job;
    DL_SEARCH_SCALAR(node->ack_jobs, job, ticket, ticket);
    if (!job)
        return;
    DL_DELETE(node->ack_jobs, job);
    node->verifying--;
    for (size_t i = 0; i < job->count; i++) {
        struct ack_way *way = job->ways[i];
        if (verified[i] && ack_believe(node, &way->ack)) {
            news[count++] = way->ack;
            way_good(node, way);
        } else {
            way_free(node, way);
        }
    }
    free(job);
    if (count)
        acks_store(node, news, count);
    verify_start(node);
}

/* One that says more has come since. */
static bool is_old(const struct node *node, const struct ack *ack)
{
    struct entry_ref next = {ack->author, ack->epoch, ack->high + 1};
    return receipts_has(node->receipts, &next, &ack->acker);
}

/* That somebody was told already is only likely: whom it is for is told all the same, and where
 * that is nobody we are linked to, everyone who may be on the way there. */
static bool is_owed(const struct node *node, const struct node_link *link, const struct ack *ack)
{
    if (id_equal(&link->peer, &ack->acker))
        return false;
    bool ours = id_equal(&ack->author, &node->config.identity->id);
    return id_equal(&link->peer, &ack->author) || !(ours || link_to(node, &ack->author)) ||
           !hears_acker(node, link, ack);
}

static void forward(struct node *node)
{
    struct ack acks[ACKS_MAX];
    struct ack_way *way, *next;
    HASH_ITER(hh, node->ways, way, next)
    if (way->good && is_old(node, &way->ack))
        way_free(node, way);
    for (size_t i = 0; i < node->link_count; i++) {
        struct node_link *link = node->links[i];
        size_t count = 0;
        for (way = node->ways; way; way = way->hh.next) {
            if (!way->good || way_has(way, link) || !is_owed(node, link, &way->ack))
                continue;
            acks[count++] = way->ack;
            if (count < ACKS_MAX)
                continue;
            acks_send(node, link, acks, count);
            count = 0;
        }
        if (count)
            acks_send(node, link, acks, count);
    }
    HASH_ITER(hh, node->ways, way, next)
    if (way->good)
        way_free(node, way);
    node->forward_at = 0;
}

void node_acks_wanted(struct node *node, struct node_link *link)
{
    if (link->asked && node->now.mono_ms < link->asked + OVERLAY_CYCLE_MS)
        return;
    link->asked = node->now.mono_ms;
    const struct author *author = logs_find(node->logs, &link->peer);
    if (author)
        due_missing(node, author, 1);
    struct ack acks[ACKS_MAX];
    size_t count = 0;
    for (const struct ack *ack = NULL;
         (ack = receipts_next(node->receipts, &link->peer, ack)) != NULL;) {
        acks[count++] = *ack;
        if (count < ACKS_MAX)
            continue;
        acks_send(node, link, acks, count);
        count = 0;
    }
    if (count)
        acks_send(node, link, acks, count);
}

/* ---- what our own lines have ---- */

void node_spoken_add(struct node *node, const struct entry *entry, const struct word *word)
{
    bool words = word->kind == ENTRY_SAY || word->kind == ENTRY_ACT;
    if (!words && !(word->kind == ENTRY_CALL && word->sealed))
        return;
    if (node->spoken_count < NODE_SPOKEN) {
        if ((node->spoken_count & (node->spoken_count - 1)) == 0)
            node->spoken = xrealloc(node->spoken, node->spoken_count ? node->spoken_count * 2 : 1,
                                    sizeof *node->spoken);
        node->spoken_next = node->spoken_count++;
    } else {
        free(node->spoken[node->spoken_next].conversation);
        free(node->spoken[node->spoken_next].text);
    }
    struct spoken *spoken = &node->spoken[node->spoken_next];
    *spoken = (struct spoken){.ref = entry_place(entry), .hash = entry->hash, .kind = word->kind};
    spoken->conversation = xstrdup(word->room);
    if (words)
        spoken->text = xstrndup((const char *)word->text.bytes, word->text.size);
    node->spoken_next = (node->spoken_next + 1) % node->spoken_count;
}

static void receipt_tell(struct node *node, const struct spoken *spoken)
{
    const struct room *room = rooms_find(node->rooms, spoken->conversation);
    if (!room)
        return;
    size_t of;
    struct id *expected = room_expected(node->rooms, room, node->roster, node->now.wall_ms, &of);
    struct node_effect *effect = node_effect(node, EFFECT_RECEIPT);
    struct id *stored = node_effect_room(effect, of + 1, sizeof *stored);
    for (size_t i = 0; i < of; i++)
        if (receipts_has(node->receipts, &spoken->ref, &expected[i]))
            stored[effect->receipt.count++] = expected[i];
    effect->receipt.ref = spoken->ref;
    effect->receipt.conversation = node_effect_text(effect, spoken->conversation);
    effect->receipt.stored_by = stored;
    effect->receipt.of = of;
    free(expected);
}

static void receipts_tell(struct node *node)
{
    node->spoken_due = false;
    node->receipt_at = node->now.mono_ms + NODE_RECEIPT_MS;
    for (size_t i = 0; i < node->spoken_count; i++) {
        size_t at = (node->spoken_next + i) % node->spoken_count;
        if (node->spoken[at].due)
            receipt_tell(node, &node->spoken[at]);
        node->spoken[at].due = false;
    }
}

/* ---- time ---- */

static bool due_waits(const struct node *node)
{
    return node->due && node->ready_count > 0;
}

void node_acks_tick(struct node *node)
{
    uint64_t now = node->now.mono_ms;
    if (due_waits(node))
        own_flush(node);
    if (node->forward_at && node->forward_at <= now)
        forward(node);
    if (node->spoken_due && node->receipt_at <= now)
        receipts_tell(node);
    if (node->expire_at > now)
        return;
    node->expire_at = now + NODE_EXPIRE_MS;
    receipts_expire(node->receipts, node->now.wall_ms);
}

uint64_t node_acks_due(const struct node *node)
{
    uint64_t at = node->expire_at;
    if (node->forward_at && node->forward_at < at)
        at = node->forward_at;
    if (node->spoken_due && node->receipt_at < at)
        at = node->receipt_at;
    if (due_waits(node) && node->due_first->at < at)
        at = node->due_first->at;
    return at;
}

void node_acks_free(struct node *node)
{
    struct ack_due *due, *next_due;
    HASH_ITER(hh, node->due, due, next_due)
    due_free(node, due);
    struct ack_way *way, *next;
    HASH_ITER(hh, node->ways, way, next)
    way_free(node, way);
    struct ack_job *job, *next_job;
    DL_FOREACH_SAFE(node->ack_jobs, job, next_job)
    free(job);
}
