#pragma once
/* A disk in memory for tests of nodes: what was stored, as a node finds it again. */
#include "unit.h"

#include "base/alloc.h"
#include "core/node.h"

#include <stdlib.h>
#include <string.h>

/* What is kept of one entry. */
struct kept {
    struct node_record record;
    char *conversation;
    struct whisper *whisper;
};

struct disk {
    struct kept *kept;
    size_t count;
    struct node_saved_log *logs;
    size_t log_count;
    struct node_saved_person people[16];
    size_t person_count;
    struct node_saved_room rooms[16];
    size_t room_count;
    struct node_saved_member members[16];
    size_t member_count;
    struct node_saved_ack acks[64];
    size_t ack_count;
    struct node_local locals[16];
    size_t local_count;
    struct node_owed owed[16];
    size_t owed_count;
    char *name;
    bool away;
    char *why;
};

/* ---- disks ---- */

static struct node_saved_log *disk_log(struct disk *disk, const struct id *author,
                                       const struct epoch_id *epoch)
{
    for (size_t i = 0; i < disk->log_count; i++)
        if (id_equal(&disk->logs[i].author, author) && epoch_equal(&disk->logs[i].log.epoch, epoch))
            return &disk->logs[i];
    disk->logs = xrealloc(disk->logs, disk->log_count + 1, sizeof *disk->logs);
    struct node_saved_log *log = &disk->logs[disk->log_count++];
    memset(log, 0, sizeof *log);
    log->author = *author;
    log->log.epoch = *epoch;
    log->log.low = 1;
    return log;
}

static struct kept *disk_find(struct disk *disk, const struct entry_ref *ref)
{
    for (size_t i = 0; i < disk->count; i++) {
        struct entry_ref place = entry_place(disk->kept[i].record.entry);
        if (id_equal(&place.author, &ref->author) && epoch_equal(&place.epoch, &ref->epoch) &&
            place.seq == ref->seq)
            return &disk->kept[i];
    }
    return NULL;
}

static void disk_put(struct disk *disk, const struct node_record *record, enum sync_place place,
                     const struct node_trail *trail)
{
    const struct entry_fields *fields = &record->entry->fields;
    struct node_saved_log *row = disk_log(disk, &fields->author, &fields->epoch);
    struct log *log = &row->log;
    assert_int_equal(place, SYNC_PLACE_ABOVE);
    assert_int_equal(fields->seq, log->high + 1);
    struct entry_ref below = {fields->author, fields->epoch, fields->seq - 1};
    const struct kept *under = disk_find(disk, &below);
    assert_true(!under || under->record.key <= record->key);
    log->high = fields->seq;
    log->head = record->entry->hash;
    log->head_hlc = fields->hlc;
    if (fields->seq == 1)
        log->oldest_hlc = fields->hlc;
    log->entries++;
    log->bytes += entry_weight(record->entry);
    row->trail = *trail;
    disk->kept = xrealloc(disk->kept, disk->count + 1, sizeof *disk->kept);
    struct kept *kept = &disk->kept[disk->count++];
    kept->record = *record;
    entry_hold(record->entry);
    kept->record.conversation = kept->conversation = xstrdup(record->conversation);
    kept->whisper = record->whisper ? xmemdup(record->whisper, sizeof *kept->whisper) : NULL;
    if (kept->whisper)
        kept->whisper->text = span_of(xmemdup(kept->whisper->text.bytes, kept->whisper->text.size),
                                      kept->whisper->text.size);
    kept->record.whisper = kept->whisper;
}

static void disk_opened(struct disk *disk, const struct node_effect *effect)
{
    struct kept *kept = disk_find(disk, &effect->opened.ref);
    assert_non_null(kept);
    assert_int_equal(kept->record.sealed, NODE_UNTRIED);
    kept->record.sealed = effect->opened.sealed;
    free(kept->conversation);
    kept->record.conversation = kept->conversation = xstrdup(effect->opened.conversation);
}

static char *text_of(struct span span)
{
    return xstrndup(span.size ? (const char *)span.bytes : "", span.size);
}

static void disk_person(struct disk *disk, const struct node_saved_person *saved)
{
    size_t at = 0;
    while (at < disk->person_count && !id_equal(&disk->people[at].person.id, &saved->person.id))
        at++;
    if (at == disk->person_count)
        disk->person_count++;
    else {
        free((void *)(uintptr_t)disk->people[at].person.name.bytes);
        free((void *)(uintptr_t)disk->people[at].person.alias.bytes);
        free((void *)(uintptr_t)disk->people[at].why.bytes);
    }
    disk->people[at] = *saved;
    disk->people[at].person.name.bytes = (uint8_t *)text_of(saved->person.name);
    disk->people[at].person.alias.bytes = (uint8_t *)text_of(saved->person.alias);
    disk->people[at].why.bytes = (uint8_t *)text_of(saved->why);
}

static void disk_room(struct disk *disk, const struct node_saved_room *saved)
{
    size_t at = 0;
    while (at < disk->room_count && strcmp(disk->rooms[at].conversation, saved->conversation) != 0)
        at++;
    if (at == disk->room_count)
        disk->room_count++;
    else {
        free((void *)(uintptr_t)disk->rooms[at].conversation);
        free((void *)(uintptr_t)disk->rooms[at].topic);
    }
    disk->rooms[at] = *saved;
    disk->rooms[at].conversation = xstrdup(saved->conversation);
    disk->rooms[at].topic = xstrdup(saved->topic);
}

static void disk_member(struct disk *disk, const struct node_saved_member *saved)
{
    size_t at = 0;
    while (at < disk->member_count && (strcmp(disk->members[at].room, saved->room) != 0 ||
                                       !id_equal(&disk->members[at].who, &saved->who)))
        at++;
    if (at == disk->member_count)
        disk->member_count++;
    else
        free((void *)(uintptr_t)disk->members[at].room);
    disk->members[at] = *saved;
    disk->members[at].room = xstrdup(saved->room);
}

static void disk_ack(struct disk *disk, const struct ack *ack)
{
    size_t at = 0;
    while (at < disk->ack_count && (!id_equal(&disk->acks[at].ack.acker, &ack->acker) ||
                                    !id_equal(&disk->acks[at].ack.author, &ack->author) ||
                                    !epoch_equal(&disk->acks[at].ack.epoch, &ack->epoch)))
        at++;
    if (at == disk->ack_count)
        disk->ack_count++;
    disk->acks[at].ack = *ack;
    disk->acks[at].at = UINT64_C(1700000000000);
}

static struct span copy_of(struct span span)
{
    return span_of(text_of(span), span.size);
}

static void disk_local(struct disk *disk, const struct node_local *line)
{
    assert_true(disk->local_count < 16);
    struct node_local *into = &disk->locals[disk->local_count++];
    *into = *line;
    into->conversation = xstrdup(line->conversation);
    into->guest = copy_of(line->guest);
    into->dialect = copy_of(line->dialect);
    into->text = copy_of(line->text);
}

static void disk_owed(struct disk *disk, const struct node_owed *owed)
{
    assert_true(disk->owed_count < 16);
    struct node_owed *into = &disk->owed[disk->owed_count++];
    *into = *owed;
    into->conversation = xstrdup(owed->conversation);
    into->dialect = xstrdup(owed->dialect);
    into->text = copy_of(owed->text);
}

static void owed_free(const struct node_owed *owed)
{
    free((void *)(uintptr_t)owed->conversation);
    free((void *)(uintptr_t)owed->dialect);
    free((void *)(uintptr_t)owed->text.bytes);
}

static void disk_owed_drop(struct disk *disk, const struct node_owed *owed)
{
    for (size_t i = 0; i < disk->local_count; i++)
        if (owed->delivered && disk->locals[i].order.seq == owed->order.seq)
            disk->locals[i].delivered = true;
    for (size_t i = 0; i < disk->owed_count; i++) {
        if (disk->owed[i].id != owed->id)
            continue;
        owed_free(&disk->owed[i]);
        memmove(&disk->owed[i], &disk->owed[i + 1], (--disk->owed_count - i) * sizeof *disk->owed);
        return;
    }
}

static void disk_done(struct disk *disk)
{
    for (size_t i = 0; i < disk->local_count; i++) {
        free((void *)(uintptr_t)disk->locals[i].conversation);
        free((void *)(uintptr_t)disk->locals[i].guest.bytes);
        free((void *)(uintptr_t)disk->locals[i].dialect.bytes);
        free((void *)(uintptr_t)disk->locals[i].text.bytes);
    }
    for (size_t i = 0; i < disk->owed_count; i++)
        owed_free(&disk->owed[i]);
    for (size_t i = 0; i < disk->count; i++) {
        entry_drop(disk->kept[i].record.entry);
        free(disk->kept[i].conversation);
        if (disk->kept[i].whisper)
            free((void *)(uintptr_t)disk->kept[i].whisper->text.bytes);
        free(disk->kept[i].whisper);
    }
    for (size_t i = 0; i < disk->person_count; i++) {
        free((void *)(uintptr_t)disk->people[i].person.name.bytes);
        free((void *)(uintptr_t)disk->people[i].person.alias.bytes);
        free((void *)(uintptr_t)disk->people[i].why.bytes);
    }
    for (size_t i = 0; i < disk->room_count; i++) {
        free((void *)(uintptr_t)disk->rooms[i].conversation);
        free((void *)(uintptr_t)disk->rooms[i].topic);
    }
    for (size_t i = 0; i < disk->member_count; i++)
        free((void *)(uintptr_t)disk->members[i].room);
    free(disk->kept);
    free(disk->logs);
    free(disk->name);
    free(disk->why);
}
