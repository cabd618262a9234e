/* Telling others of what has just become durable, or is about to: the entries themselves where they
 * were just said, a line about the log where it was caught up with. Never to who showed that it has
 * them. */
#include "core/sync_parts.h"

void have_set(uint64_t have[SYNC_LINKS / 64], const struct link *link)
{
    have[link->slot / 64] |= UINT64_C(1) << link->slot % 64;
}

bool have_is(const uint64_t have[SYNC_LINKS / 64], const struct link *link)
{
    return have[link->slot / 64] >> link->slot % 64 & 1;
}

void have_drop(uint64_t have[SYNC_LINKS / 64], const struct link *link)
{
    have[link->slot / 64] &= ~(UINT64_C(1) << link->slot % 64);
}

void fresh_add(struct sync *sync, const struct item *item)
{
    if (sync->fresh_count == sync->fresh_room) {
        sync->fresh_room = sync->fresh_room ? sync->fresh_room * 2 : 16;
        sync->fresh = xrealloc(sync->fresh, sync->fresh_room, sizeof *sync->fresh);
    }
    struct fresh *fresh = &sync->fresh[sync->fresh_count++];
    fresh->entry = entry_hold(item->entry);
    fresh->from = item->from;
    memcpy(fresh->have, item->have, sizeof fresh->have);
}

/* Who talks as people do does not wait for a disk that is busy with what others say. Of whoever
 * says more, no entry overtakes the one before: it would have to be asked for. Links that come
 * before it is on the disk get it then. */
void fresh_hurry(struct sync *sync, const struct flight *flight, struct item *item)
{
    if (sync->batch_count == 0 || flight->count > 1 ||
        id_equal(&flight->key.author, &sync->settings.self))
        return;
    fresh_add(sync, item);
    for (size_t i = 0; i < sync->link_end; i++) {
        struct link *link = sync->links[i];
        if (link && !link->lagging && !have_is(item->have, link) &&
            !reach_spares(sync, item->entry, item->from, link))
            have_set(item->have, link);
    }
}

static void entries_send(struct sync *sync, struct link *link, struct sync_effect *effect)
{
    size_t cost = 0;
    struct frame_entry *list = xcalloc(effect->count, sizeof *list);
    for (size_t i = 0; i < effect->count; i++) {
        list[i].bytes = entry_bytes(effect->entries[i]);
        list[i].signature = entry_signature(effect->entries[i]);
        cost += list[i].bytes.size + SYNC_ENTRY_COST;
    }
    effect->owned = list;
    effect->frame.kind = FRAME_ENTRIES;
    effect->frame.entries = (struct frame_entries){effect->count, list};
    link_put(sync, link, effect, cost);
}

void entries_add(struct sync *sync, struct link *link, struct sync_effect **effect, size_t *room,
                 struct entry *entry)
{
    size_t cost = entry->size + SYNC_ENTRY_COST;
    if (*effect && ((*effect)->count == ENTRIES_MAX || cost > *room))
        entries_flush(sync, link, effect);
    if (!*effect) {
        *effect = effect_new(SYNC_SEND);
        *room = SYNC_ENTRIES_ROOM;
    }
    effect_entry(*effect, entry);
    *room -= cost;
}

void entries_flush(struct sync *sync, struct link *link, struct sync_effect **effect)
{
    if (*effect)
        entries_send(sync, link, *effect);
    *effect = NULL;
}

static void fresh_push(struct sync *sync, struct link *link)
{
    struct sync_effect *effect = NULL;
    size_t room = 0;
    for (size_t i = 0; i < sync->fresh_count && !link->lagging; i++) {
        const struct fresh *fresh = &sync->fresh[i];
        if (have_is(fresh->have, link) || fresh->from == link->serial ||
            link_refuses(sync, link, &fresh->entry->fields.author) ||
            reach_spares(sync, fresh->entry, fresh->from, link))
            continue;
        entries_add(sync, link, &effect, &room, fresh->entry);
    }
    entries_flush(sync, link, &effect);
}

void fresh_flush(struct sync *sync)
{
    if (sync->fresh_count == 0)
        return;
    for (size_t i = 0; i < sync->link_end; i++)
        if (sync->links[i])
            fresh_push(sync, sync->links[i]);
    for (size_t i = 0; i < sync->fresh_count; i++)
        entry_drop(sync->fresh[i].entry);
    sync->fresh_count = 0;
}

void announce_to(struct sync *sync, struct link *link, const struct id *author,
                 const struct log *log)
{
    struct sync_effect *effect = effect_new(SYNC_SEND);
    struct frame_head *head = xcalloc(1, sizeof *head);
    *head = (struct frame_head){log->epoch, log->low, log->high, log_shown(log)};
    effect->owned = head;
    effect->frame.kind = FRAME_HEADS;
    effect->frame.heads = (struct frame_heads){.author = *author, .answer = true, .count = 1};
    effect->frame.heads.heads = head;
    link_put(sync, link, effect, ID_BYTES + sizeof *head + 8);
}

/* While a log is being fetched, once a second is enough. */
void announce(struct sync *sync, struct flight *flight)
{
    const struct log *log = flight_log(flight);
    bool busy = flight->count || flight->asked || flight->below;
    if (!log || log->high == 0)
        return;
    if (busy && flight->announced_at && sync->now.mono_ms < flight->announced_at + SYNC_ANNOUNCE_MS)
        return;
    flight->announce = false;
    flight->announced_at = sync->now.mono_ms;
    for (size_t i = 0; i < sync->link_end; i++) {
        struct link *link = sync->links[i];
        if (!link || link->lagging || link_refuses(sync, link, &flight->key.author) ||
            have_is(flight->announce_have, link))
            continue;
        const struct offer *offer = offer_find(flight, link);
        if (!offer || offer->high < log->high || offer->low > log->low)
            announce_to(sync, link, &flight->key.author, log);
    }
}
