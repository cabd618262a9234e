/* What was signed, what is on disks, and what nodes say of it. */
#include "tests/sim/invariants.h"

#include "core/ack.h"
#include "core/room.h"

#include <inttypes.h>
#include <stdlib.h>

enum { EVERY = 512 /* steps between two looks at everything of a node */ };

/* ---- 4: no place twice ---- */

static const char *short_id(const struct id *id, char into[ID_TEXT])
{
    id_text(id, into);
    into[6] = '\0';
    return into;
}

void invariants_twice(void *self, const struct said *first, const struct entry *second)
{
    struct world *world = self;
    char who[ID_TEXT];
    if (world_honest(world, &second->fields.author))
        world_fail(world, "4: %s used seq %" PRIu64 " of an epoch twice",
                   short_id(&first->place.author, who), first->place.seq);
}

/* ---- 3: acks and frontiers against the disk ---- */

static uint64_t get_u64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

void invariants_acked(void *self, const struct id *acker, struct span message)
{
    struct world *world = self;
    struct peer *peer = world->acting;
    if (!peer || peer->byzantine)
        return;
    const uint8_t *at = message.bytes + HASH_BYTES + ID_BYTES;
    struct id author;
    struct epoch_id epoch;
    memcpy(author.bytes, at, ID_BYTES);
    memcpy(epoch.bytes, at + ID_BYTES, EPOCH_BYTES);
    at += ID_BYTES + EPOCH_BYTES;
    uint64_t low = get_u64(at), high = get_u64(at + 8);
    const struct shelf *shelf = disk_shelf(&peer->disk, &author, &epoch);
    const struct kept *head = shelf ? shelf_find(shelf, high) : NULL;
    char who[ID_TEXT];
    if (!id_equal(acker, &peer->identity.id))
        world_fail(world, "3: an ack in the name of somebody else");
    else if (!shelf || shelf->once_low > low || shelf->high < high ||
             (head ? memcmp(head->record.entry->hash.bytes, at + 16, HASH_BYTES) != 0
                   : high >= shelf->low)) /* else it was there, and retention was faster */
        world_fail(world, "3: an ack of %s [%" PRIu64 ", %" PRIu64 "] that is not on disk",
                   short_id(&author, who), low, high);
}

/* [low, high] without a gap. */
static bool shelf_whole(const struct shelf *shelf, uint64_t low, uint64_t high)
{
    size_t first = 0, last = shelf->count;
    while (first < last) {
        size_t middle = (first + last) / 2;
        if (shelf->kept[middle]->record.entry->fields.seq < low)
            first = middle + 1;
        else
            last = middle;
    }
    uint64_t count = high - low;
    return first + count < shelf->count && shelf->kept[first]->record.entry->fields.seq == low &&
           shelf->kept[first + count]->record.entry->fields.seq == high;
}

static void log_check(struct world *world, struct peer *peer, const struct id *author,
                      const struct log *log)
{
    char who[ID_TEXT];
    if (log->fork && log->high >= log->fork->seq)
        world_fail(world, "2: node %u: the frontier %" PRIu64 " of %s is past its fork",
                   peer->number, log->high, short_id(author, who));
    if (log->high == 0)
        return;
    const struct shelf *shelf = disk_shelf(&peer->disk, author, &log->epoch);
    const struct kept *head = shelf ? shelf_find(shelf, log->high) : NULL;
    if (!head) {
        if (world->trims == 0 || shelf)
            world_fail(world, "3: node %u: frontier %" PRIu64 " of %s is not on disk", peer->number,
                       log->high, short_id(author, who));
        return;
    }
    if (!hash_equal(&head->record.entry->hash, &log->head))
        world_fail(world, "3: node %u: the head of %s at %" PRIu64 " is another one on disk",
                   peer->number, short_id(author, who), log->high);
    uint64_t low = log->low > shelf->floor ? log->low : shelf->floor;
    if (low <= log->high && !shelf_whole(shelf, low, log->high))
        world_fail(world, "2: node %u: a gap below the frontier %" PRIu64 " of %s", peer->number,
                   log->high, short_id(author, who));
}

static void author_check(struct world *world, struct peer *peer, const struct author *author)
{
    for (size_t i = 0; i < author->log_count; i++)
        log_check(world, peer, &author->id, &author->logs[i]);
}

void invariants_peer(struct world *world, struct peer *peer)
{
    const struct logs *logs = node_logs(peer->node);
    for (const struct author *author = logs->table; author; author = author->hh.next)
        author_check(world, peer, author);
}

void invariants_touch(struct peer *peer, const struct node_effect *effect)
{
    if (peer->touched_count >= TOUCHED)
        return;
    if (effect->kind != EFFECT_STORE) {
        peer->touched[peer->touched_count++] =
            effect->kind == EFFECT_TRIM ? effect->sync->trim.author : effect->sync->range.author;
        return;
    }
    for (size_t i = 0; i < effect->store.count && peer->touched_count < TOUCHED; i++) {
        const struct id *id = &effect->store.records[i].entry->fields.author;
        if (peer->touched_count == 0 || !id_equal(id, &peer->touched[peer->touched_count - 1]))
            peer->touched[peer->touched_count++] = *id;
    }
}

static void touched_check(struct world *world, struct peer *peer)
{
    if (peer->touched_count == TOUCHED) {
        invariants_peer(world, peer);
    } else {
        for (size_t i = 0; i < peer->touched_count; i++) {
            const struct author *author = logs_find(node_logs(peer->node), &peer->touched[i]);
            if (author)
                author_check(world, peer, author);
        }
    }
    peer->touched_count = 0;
}

/* One link to each of the others, and no more than there are places. */
static void overlay_check(struct world *world, const struct peer *peer)
{
    const struct overlay *overlay = node_overlay(peer->node);
    for (size_t i = 0; i < OVERLAY_LINKS; i++)
        for (size_t j = 0; j < i; j++)
            if (overlay->links[i].state == OVERLAY_IS_ACTIVE &&
                overlay->links[j].state == OVERLAY_IS_ACTIVE &&
                id_equal(&overlay->links[i].id, &overlay->links[j].id))
                world_fail(world, "two active links to the same node");
}

void invariants_after(struct world *world, struct peer *peer, const struct node_event *event,
                      bool crashed)
{
    if (crashed || peer->byzantine)
        return;
    bool disk = event->kind == EVENT_STORED || event->kind == EVENT_STORE_FAILED ||
                event->kind == EVENT_TRIMMED;
    if (disk)
        touched_check(world, peer);
    if (world->steps % (world->options.every ? world->options.every : EVERY))
        return;
    invariants_peer(world, peer);
    overlay_check(world, peer);
}

void invariants_started(struct world *world, struct peer *peer)
{
    peer->touched_count = 0;
    invariants_peer(world, peer);
    for (size_t i = 0; i < peer->disk.shelf_count; i++) {
        const struct shelf *shelf = peer->disk.shelves[i];
        const struct author *author = logs_find(node_logs(peer->node), &shelf->author);
        const struct log *log = author ? author_log(author, &shelf->epoch) : NULL;
        if (!log || log->high != shelf->high || log->low != shelf->low)
            world_fail(world, "3: node %u has not taken over what is on its disk", peer->number);
    }
}

/* ---- 7: memory ---- */

/* The sum of what core's named bounds allow in a world of this size: the tables that every node
 * has, windows of lines, entries on their way to the disk, and what each link and author costs. */
enum {
    NODE_BYTES = 3 * 1024 * 1024,
    LINK_BYTES = 64 * 1024,
    AUTHOR_BYTES = 16 * 1024,
};

void invariants_memory(struct world *world, const struct peer *peer, size_t bytes, size_t links,
                       size_t authors)
{
    size_t most = NODE_BYTES + links * LINK_BYTES + authors * AUTHOR_BYTES;
    if (bytes > most)
        world_fail(world, "7: node %u holds %zu bytes, with %zu links and %zu authors",
                   peer->number, bytes, links, authors);
    if (bytes > world->bytes_most)
        world->bytes_most = bytes;
}

/* ---- 1 and 3: what is told to others ---- */

static void entry_sent(struct world *world, const struct peer *peer, const struct frame_entry *sent)
{
    const struct said *said = truth_find_bytes(&world->truth, sent->bytes, &sent->signature);
    char who[ID_TEXT];
    if (!said) {
        world_fail(world, "1: an entry is sent that its author did not sign");
        return;
    }
    const struct entry_ref *place = &said->place;
    const struct shelf *shelf = disk_shelf(&peer->disk, &place->author, &place->epoch);
    const struct kept *kept = shelf ? shelf_find(shelf, place->seq) : NULL;
    bool trimmed = world->trims && (!shelf || place->seq < shelf->floor);
    /* What others say is passed on by whoever cannot store it, or is about to store it next. */
    bool next = place->seq == (shelf ? shelf->high : 0) + 1;
    bool passed = (peer->refusing || next) && !id_equal(&place->author, &peer->identity.id);
    if (!trimmed && !passed && (!kept || !hash_equal(&kept->record.entry->hash, &said->hash)))
        world_fail(world, "3: %s:%" PRIu64 " is sent and not on disk",
                   short_id(&place->author, who), place->seq);
}

static void heads_sent(struct world *world, const struct peer *peer,
                       const struct frame_heads *heads)
{
    char who[ID_TEXT];
    for (size_t i = 0; i < heads->count; i++) {
        const struct frame_head *head = &heads->heads[i];
        const struct shelf *shelf = disk_shelf(&peer->disk, &heads->author, &head->epoch);
        const struct kept *kept = shelf ? shelf_find(shelf, head->high) : NULL;
        bool frozen = shelf && shelf->fork[0] && shelf->fork[0]->fields.seq == head->high + 1;
        if (!kept || (!frozen && !hash_equal(&kept->record.entry->hash, &head->hash)))
            world_fail(world, "3: a head of %s at %" PRIu64 " is told and not on disk",
                       short_id(&heads->author, who), head->high);
    }
}

static void fork_sent(struct world *world, const struct frame_fork *fork)
{
    if (!truth_find_bytes(&world->truth, fork->first.bytes, &fork->first.signature) ||
        !truth_find_bytes(&world->truth, fork->second.bytes, &fork->second.signature))
        world_fail(world, "1: a fork is told of that its author did not make");
}

void invariants_sent(struct world *world, struct peer *peer, const struct frame *frame)
{
    if (frame->kind == FRAME_ENTRIES) {
        for (size_t i = 0; i < frame->entries.count; i++)
            entry_sent(world, peer, &frame->entries.entries[i]);
    } else if (frame->kind == FRAME_HEADS) {
        heads_sent(world, peer, &frame->heads);
    } else if (frame->kind == FRAME_FORK) {
        fork_sent(world, &frame->fork);
    }
}

/* ---- 5: whispers ---- */

struct whispered {
    UT_hash_handle hh;
    uint64_t mark;
    struct id from;
    struct id to;
    bool shown; /* to its reader */
};

#define WHISPER_MARK "zqwhisperqz "

void invariants_whisper(struct world *world, const struct peer *from, const struct peer *to,
                        char into[INVARIANTS_WHISPER])
{
    struct whispered *whispered = xcalloc(1, sizeof *whispered);
    whispered->mark = ++world->marks;
    whispered->from = from->identity.id;
    whispered->to = to->identity.id;
    HASH_ADD(hh, world->whispered, mark, sizeof whispered->mark, whispered);
    snprintf(into, INVARIANTS_WHISPER, WHISPER_MARK "%" PRIu64 ".", whispered->mark);
}

bool invariants_whispered(const struct world *world, uint64_t mark)
{
    struct whispered *whispered;
    mark = mark ? mark : world->marks;
    HASH_FIND(hh, world->whispered, &mark, sizeof mark, whispered);
    return whispered && whispered->shown;
}

void invariants_wire(struct world *world, const uint8_t *bytes, size_t size)
{
    if (memmem(bytes, size, WHISPER_MARK, sizeof WHISPER_MARK - 1))
        world_fail(world, "5: a whisper is readable on a wire");
}

void invariants_guest(struct world *world, const struct node_effect *effect)
{
    const struct span *text = &effect->guest.text;
    if (effect->kind == EFFECT_GUEST_WORD &&
        memmem(text->bytes, text->size, WHISPER_MARK, sizeof WHISPER_MARK - 1))
        world_fail(world, "5: a guest is told a whisper of others");
}

static void whisper_shown(struct world *world, const struct peer *peer,
                          const struct node_line *line)
{
    const uint8_t *text =
        memmem(line->text.bytes, line->text.size, WHISPER_MARK, sizeof WHISPER_MARK - 1);
    if (!text)
        return;
    uint64_t mark = strtoull((const char *)text + sizeof WHISPER_MARK - 1, NULL, 10);
    struct whispered *whispered;
    HASH_FIND(hh, world->whispered, &mark, sizeof mark, whispered);
    const struct id *self = &peer->identity.id;
    if (!line->whisper || !whispered || !id_equal(&whispered->from, &line->order.author) ||
        (!id_equal(self, &whispered->from) && !id_equal(self, &whispered->to)))
        world_fail(world, "5: a whisper is shown to who may not read it, or as another's");
    else if (id_equal(self, &whispered->to))
        whispered->shown = true;
}

/* ---- what is shown ---- */

struct shown {
    UT_hash_handle hh;
    struct entry_ref ref;
};

static bool shown_before(struct peer *peer, const struct entry_ref *ref)
{
    struct shown *shown;
    HASH_FIND(hh, peer->shown, ref, sizeof *ref, shown);
    if (shown)
        return true;
    shown = xcalloc(1, sizeof *shown);
    shown->ref = *ref;
    HASH_ADD(hh, peer->shown, ref, sizeof shown->ref, shown);
    return false;
}

void invariants_forget(struct peer *peer)
{
    struct shown *shown, *next;
    HASH_ITER(hh, peer->shown, shown, next)
    {
        HASH_DELETE(hh, peer->shown, shown);
        free(shown);
    }
}

/* What was said between a node's user and a guest of theirs is nobody's entry, and nobody else's.
 */
static bool shown_local(struct world *world, const struct peer *peer, const struct node_line *line)
{
    static const struct epoch_id none;
    if (!guest_conversation_name(line->conversation) || !epoch_equal(&line->order.epoch, &none))
        return false;
    if (!id_equal(&line->order.author, &peer->identity.id))
        world_fail(world, "1: a line with a guest of somebody else");
    return true;
}

void invariants_shown(struct world *world, struct peer *peer, const struct node_line *line)
{
    world->shown++;
    if (peer->byzantine || shown_local(world, peer, line))
        return;
    struct entry_ref ref = {line->order.author, line->order.epoch, line->order.seq};
    const struct said *said = truth_at(&world->truth, &ref);
    if (!said) {
        world_fail(world, "1: a line is shown that nobody said");
        return;
    }
    if (!world_honest(world, &ref.author))
        return;
    if (shown_before(peer, &ref))
        world_fail(world, "2: a line is shown twice");
    struct span body = said->entry->fields.body;
    if (!line->whisper && line->readable && line->text.size &&
        !memmem(body.bytes, body.size, line->text.bytes, line->text.size))
        world_fail(world, "1: a line shows what its author did not say");
    whisper_shown(world, peer, line);
}

/* Whether anybody with that identity may have stored it. */
static bool has_stored(const struct world *world, const struct id *who, const struct entry_ref *ref)
{
    for (size_t i = 0; i < world->peer_count; i++) {
        const struct peer *peer = world->peers[i];
        if (!id_equal(&peer->identity.id, who))
            continue;
        const struct shelf *shelf = disk_shelf(&peer->disk, &ref->author, &ref->epoch);
        if (peer->byzantine || peer->restored || (shelf && shelf_find(shelf, ref->seq)))
            return true;
    }
    return false;
}

void invariants_receipt(struct world *world, struct peer *peer, const struct node_receipt *receipt)
{
    world->receipts++;
    char who[ID_TEXT];
    if (peer->byzantine || world->trims)
        return;
    for (size_t i = 0; i < receipt->count; i++)
        if (!has_stored(world, &receipt->stored_by[i], &receipt->ref))
            world_fail(world, "3: a receipt counts %s, who has not stored it",
                       short_id(&receipt->stored_by[i], who));
}

void invariants_said(struct world *world, struct peer *peer, const struct message *message,
                     bool error)
{
    world_trace(world, message->code, strlen(message->code));
    world->errors += error;
    if (world->options.trace) {
        char text[MESSAGE_TEXT_BYTES];
        message_text(message, NULL, text, sizeof text);
        fprintf(world->options.trace, "%.6f node %u says: %s\n", (double)world->now / 1e6,
                peer->number, text);
    }
}

void invariants_done(struct world *world)
{
    struct whispered *whispered, *next;
    HASH_ITER(hh, world->whispered, whispered, next)
    {
        HASH_DELETE(hh, world->whispered, whispered);
        free(whispered);
    }
}
