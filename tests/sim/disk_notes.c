/* What a disk keeps beside entries, and what a node begins with after a restart. */
#include "tests/sim/disk.h"

#include <stdlib.h>

/* Copies texts behind a struct, in one block. */
struct packer {
    uint8_t *at;
};

static struct span pack(struct packer *packer, struct span text)
{
    struct span copy = span_of(packer->at, text.size);
    if (text.size)
        memcpy(packer->at, text.bytes, text.size);
    packer->at[text.size] = '\0';
    packer->at += text.size + 1;
    return copy;
}

static const char *pack_text(struct packer *packer, const char *text)
{
    return (const char *)pack(packer, span_text(text ? text : "")).bytes;
}

static size_t length_of(const char *text)
{
    return text ? strlen(text) : 0;
}

static void person_note(struct disk *disk, const struct node_saved_person *person)
{
    const struct person_saved *saved = &person->person;
    struct node_saved_person *copy =
        xcalloc(1, sizeof *copy + saved->name.size + saved->alias.size + person->why.size + 3);
    struct packer packer = {(uint8_t *)(copy + 1)};
    *copy = *person;
    copy->person.name = pack(&packer, saved->name);
    copy->person.alias = pack(&packer, saved->alias);
    copy->why = pack(&packer, person->why);
    cells_put(&disk->people, &saved->id, sizeof saved->id, copy);
}

static void room_note(struct disk *disk, const struct node_saved_room *room)
{
    struct node_saved_room *copy =
        xcalloc(1, sizeof *copy + length_of(room->conversation) + length_of(room->topic) + 2);
    struct packer packer = {(uint8_t *)(copy + 1)};
    *copy = *room;
    copy->conversation = pack_text(&packer, room->conversation);
    copy->topic = pack_text(&packer, room->topic);
    cells_put(&disk->rooms, copy->conversation, strlen(copy->conversation), copy);
}

static void member_note(struct disk *disk, const struct node_saved_member *member)
{
    uint8_t key[NODE_CONVERSATION_MAX + ID_BYTES];
    size_t size = length_of(member->room);
    struct node_saved_member *copy = xcalloc(1, sizeof *copy + size + 1);
    struct packer packer = {(uint8_t *)(copy + 1)};
    *copy = *member;
    copy->room = pack_text(&packer, member->room);
    if (size > NODE_CONVERSATION_MAX)
        die("a room's name that nobody could have");
    memcpy(key, copy->room, size);
    memcpy(key + size, member->who.bytes, ID_BYTES);
    cells_put(&disk->members, key, size + ID_BYTES, copy);
}

static void ack_note(struct disk *disk, const struct ack *ack)
{
    uint8_t key[2 * ID_BYTES + EPOCH_BYTES];
    memcpy(key, ack->acker.bytes, ID_BYTES);
    memcpy(key + ID_BYTES, ack->author.bytes, ID_BYTES);
    memcpy(key + 2 * ID_BYTES, ack->epoch.bytes, EPOCH_BYTES);
    cells_put(&disk->acks, key, sizeof key, xmemdup(ack, sizeof *ack));
}

static void opened_note(struct disk *disk, const struct node_effect *effect)
{
    const struct entry_ref *ref = &effect->opened.ref;
    struct shelf *shelf = disk_shelf(disk, &ref->author, &ref->epoch);
    const struct kept *old = shelf ? shelf_find(shelf, ref->seq) : NULL;
    if (!old)
        return; /* retention was faster */
    struct node_record record = old->record;
    record.sealed = effect->opened.sealed;
    record.conversation = effect->opened.conversation;
    record.whisper = effect->opened.whisper;
    shelf_replace(shelf, &record);
}

static void self_note(struct disk *disk, const struct node_effect *effect)
{
    free(disk->name);
    free(disk->why);
    disk->name = effect->self.name ? xstrdup(effect->self.name) : NULL;
    disk->why = effect->self.why ? xstrdup(effect->self.why) : NULL;
    disk->away = effect->self.away;
}

/* Long because every kind of effect is named. */
void disk_note(struct disk *disk, const struct node_effect *effect)
{
    switch (effect->kind) {
    case EFFECT_STORE_OPENED:
        opened_note(disk, effect);
        return;
    case EFFECT_STORE_ACKS:
        for (size_t i = 0; i < effect->acks.count; i++)
            ack_note(disk, &effect->acks.acks[i]);
        return;
    case EFFECT_STORE_PERSON:
        person_note(disk, &effect->person);
        return;
    case EFFECT_STORE_ROOM:
        room_note(disk, &effect->room);
        return;
    case EFFECT_STORE_MEMBER:
        member_note(disk, &effect->member);
        return;
    case EFFECT_STORE_SELF:
        self_note(disk, effect);
        return;
    case EFFECT_STORE_LOCAL:
    case EFFECT_STORE_OWED:
    case EFFECT_DROP_OWED:
        return; /* nobody has guests here */
    case EFFECT_SEND:
    case EFFECT_CLOSE:
    case EFFECT_DIAL:
    case EFFECT_RESOLVE:
    case EFFECT_GUEST_NAMED:
    case EFFECT_GUEST_PEOPLE:
    case EFFECT_GUEST_WORD:
    case EFFECT_GUEST_RETRY:
    case EFFECT_GUEST_HANG_UP:
    case EFFECT_CHECK:
    case EFFECT_OPEN:
    case EFFECT_VERIFY:
    case EFFECT_STORE:
    case EFFECT_STORE_FORK:
    case EFFECT_LOAD:
    case EFFECT_LOAD_FORK:
    case EFFECT_LOAD_HASHES:
    case EFFECT_TRIM:
    case EFFECT_QUERY:
    case EFFECT_TIMER:
    case EFFECT_SHOWN:
    case EFFECT_RECEIPT:
    case EFFECT_PEER:
    case EFFECT_SAY:
    case EFFECT_BACK:
    case EFFECT_ANSWER:
    case EFFECT_COMMAND:
    case EFFECT_GO:
    case EFFECT_BELL:
    case EFFECT_LEAVE:
        die("an effect that no disk knows");
    }
}

/* ---- the start ---- */

static struct log_fork *fork_of(const struct shelf *shelf)
{
    if (!shelf->fork[0])
        return NULL;
    struct log_fork *fork = xcalloc(1, sizeof *fork);
    const struct entry *a = shelf->fork[0], *b = shelf->fork[1];
    bool turn = hash_compare(&a->hash, &b->hash) > 0;
    fork->seq = a->fields.seq;
    fork->smaller = turn ? b->hash : a->hash;
    fork->larger = turn ? a->hash : b->hash;
    fork->hlc = a->fields.hlc < b->fields.hlc ? a->fields.hlc : b->fields.hlc;
    return fork;
}

static struct log log_of(const struct shelf *shelf)
{
    struct log log = {.epoch = shelf->epoch,
                      .low = shelf->low,
                      .high = shelf->high,
                      .floor = shelf->floor,
                      .entries = (uint32_t)shelf->count,
                      .fork = fork_of(shelf)};
    for (size_t i = 0; i < shelf->count; i++)
        log.bytes += entry_weight(shelf->kept[i]->record.entry);
    const struct kept *head = shelf->high ? shelf_find(shelf, shelf->high) : NULL;
    if (shelf->count)
        log.oldest_hlc = shelf->kept[0]->record.entry->fields.hlc;
    if (head) {
        log.head = head->record.entry->hash;
        log.head_hlc = head->record.entry->fields.hlc;
    }
    if (log_frozen(&log))
        log.head_hlc = log.fork->hlc;
    return log;
}

static void *values_of(const struct cells *cells, size_t size)
{
    uint8_t *list = xcalloc(cells->count + 1, size);
    for (size_t i = 0; i < cells->count; i++)
        memcpy(list + i * size, cells->list[i]->value, size);
    return list;
}

static struct node_saved_ack *acks_of(const struct cells *cells, uint64_t wall_ms)
{
    struct node_saved_ack *list = xcalloc(cells->count + 1, sizeof *list);
    for (size_t i = 0; i < cells->count; i++)
        list[i] = (struct node_saved_ack){*(const struct ack *)cells->list[i]->value, wall_ms};
    return list;
}

void disk_saved(const struct disk *disk, uint64_t wall_ms, struct node_saved *into)
{
    *into = (struct node_saved){.name = disk->name,
                                .away = disk->away,
                                .why = disk->why,
                                .log_count = disk->shelf_count,
                                .person_count = disk->people.count,
                                .room_count = disk->rooms.count,
                                .member_count = disk->members.count,
                                .ack_count = disk->acks.count};
    into->logs = xcalloc(disk->shelf_count + 1, sizeof *into->logs);
    for (size_t i = 0; i < disk->shelf_count; i++) {
        const struct shelf *shelf = disk->shelves[i];
        into->logs[i] = (struct node_saved_log){
            .author = shelf->author, .log = log_of(shelf), .trail = shelf->trail};
    }
    into->people = values_of(&disk->people, sizeof(struct node_saved_person));
    into->rooms = values_of(&disk->rooms, sizeof(struct node_saved_room));
    into->members = values_of(&disk->members, sizeof(struct node_saved_member));
    into->acks = acks_of(&disk->acks, wall_ms);
}

void saved_done(struct node_saved *saved)
{
    free(saved->logs);
    free((void *)(uintptr_t)saved->people);
    free((void *)(uintptr_t)saved->rooms);
    free((void *)(uintptr_t)saved->members);
    free((void *)(uintptr_t)saved->acks);
}
