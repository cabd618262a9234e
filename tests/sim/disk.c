/* Shelves in order of author and epoch, each with its entries in order of seq. Frontiers are kept
 * as core/log keeps them, but from what was stored alone: the two are compared (invariants.c). */
#include "tests/sim/disk.h"

#include <stdlib.h>

/* ---- what is kept of one entry ---- */

static struct kept *kept_new(const struct node_record *record, struct entry *entry)
{
    const char *conversation = record->conversation ? record->conversation : "";
    const struct whisper *whisper = record->whisper;
    size_t length = strlen(conversation) + 1;
    size_t text = whisper ? whisper->text.size : 0;
    struct kept *kept = xcalloc(1, sizeof *kept + sizeof *whisper + length + text);
    kept->references = 1;
    kept->record = *record;
    kept->record.entry = entry_hold(entry);
    struct whisper *own = (struct whisper *)(kept + 1);
    char *names = (char *)(own + 1);
    memcpy(names, conversation, length);
    kept->record.conversation = names;
    kept->record.whisper = NULL;
    if (whisper) {
        *own = *whisper;
        if (text)
            memcpy(names + length, whisper->text.bytes, text);
        own->text = span_of(names + length, text);
        kept->record.whisper = own;
    }
    return kept;
}

static void kept_drop(struct kept *kept)
{
    if (--kept->references)
        return;
    entry_drop(kept->record.entry);
    free(kept);
}

/* ---- shelves ---- */

static size_t shelf_index(const struct shelf *shelf, uint64_t seq)
{
    size_t low = 0, high = shelf->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (shelf->kept[middle]->record.entry->fields.seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t kept_seq(const struct shelf *shelf, size_t at)
{
    return shelf->kept[at]->record.entry->fields.seq;
}

const struct kept *shelf_find(const struct shelf *shelf, uint64_t seq)
{
    size_t at = shelf_index(shelf, seq);
    return at < shelf->count && kept_seq(shelf, at) == seq ? shelf->kept[at] : NULL;
}

void shelf_replace(struct shelf *shelf, const struct node_record *record)
{
    size_t at = shelf_index(shelf, record->entry->fields.seq);
    struct kept *old = shelf->kept[at];
    shelf->kept[at] = kept_new(record, record->entry);
    kept_drop(old);
}

static void shelf_free(struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->count; i++)
        kept_drop(shelf->kept[i]);
    free(shelf->kept);
    entry_drop(shelf->fork[0]);
    entry_drop(shelf->fork[1]);
    free(shelf);
}

static struct shelf *shelf_copy(const struct shelf *from)
{
    struct shelf *shelf = xmemdup(from, sizeof *from);
    shelf->room = from->count;
    shelf->kept = xcalloc(from->count + 1, sizeof(struct kept *));
    for (size_t i = 0; i < from->count; i++) {
        shelf->kept[i] = from->kept[i];
        shelf->kept[i]->references++;
    }
    for (size_t i = 0; i < 2; i++)
        if (from->fork[i])
            entry_hold(from->fork[i]);
    return shelf;
}

static size_t disk_index(const struct disk *disk, const struct id *author,
                         const struct epoch_id *epoch, bool *found)
{
    size_t low = 0, high = disk->shelf_count;
    *found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct shelf *shelf = disk->shelves[middle];
        int order = id_compare(&shelf->author, author);
        if (order == 0)
            order = memcmp(&shelf->epoch, epoch, sizeof *epoch);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct shelf *disk_shelf(const struct disk *disk, const struct id *author,
                         const struct epoch_id *epoch)
{
    bool found;
    size_t at = disk_index(disk, author, epoch, &found);
    return found ? disk->shelves[at] : NULL;
}

static struct shelf *shelf_get(struct disk *disk, const struct id *author,
                               const struct epoch_id *epoch)
{
    bool found;
    size_t at = disk_index(disk, author, epoch, &found);
    if (found)
        return disk->shelves[at];
    if (disk->shelf_count == disk->shelf_room) {
        disk->shelf_room = disk->shelf_room ? disk->shelf_room * 2 : 8;
        disk->shelves = xrealloc(disk->shelves, disk->shelf_room, sizeof(struct shelf *));
    }
    memmove(disk->shelves + at + 1, disk->shelves + at,
            (disk->shelf_count - at) * sizeof(struct shelf *));
    disk->shelf_count++;
    struct shelf *shelf = xcalloc(1, sizeof *shelf);
    *shelf = (struct shelf){.author = *author, .epoch = *epoch, .low = 1, .floor = 1};
    disk->shelves[at] = shelf;
    return shelf;
}

static void shelf_remove(struct disk *disk, struct shelf *shelf)
{
    bool found;
    size_t at = disk_index(disk, &shelf->author, &shelf->epoch, &found);
    disk->shelf_count--;
    memmove(disk->shelves + at, disk->shelves + at + 1,
            (disk->shelf_count - at) * sizeof(struct shelf *));
    shelf_free(shelf);
}

void disk_done(struct disk *disk)
{
    for (size_t i = 0; i < disk->shelf_count; i++)
        shelf_free(disk->shelves[i]);
    free(disk->shelves);
    cells_done(&disk->people);
    cells_done(&disk->rooms);
    cells_done(&disk->members);
    cells_done(&disk->acks);
    free(disk->name);
    free(disk->why);
    *disk = (struct disk){0};
}

void disk_copy(struct disk *into, const struct disk *from)
{
    *into = *from;
    into->shelf_room = from->shelf_count;
    into->shelves = xcalloc(from->shelf_count + 1, sizeof(struct shelf *));
    for (size_t i = 0; i < from->shelf_count; i++)
        into->shelves[i] = shelf_copy(from->shelves[i]);
    cells_copy(&into->people, &from->people);
    cells_copy(&into->rooms, &from->rooms);
    cells_copy(&into->members, &from->members);
    cells_copy(&into->acks, &from->acks);
    into->name = from->name ? xstrdup(from->name) : NULL;
    into->why = from->why ? xstrdup(from->why) : NULL;
}

/* ---- storing ---- */

static bool links(const struct kept *below, const struct kept *above)
{
    return hash_equal(&above->record.entry->fields.prev, &below->record.entry->hash);
}

/* Invariants 2 and 6 around a place. */
static const char *shelf_check(const struct shelf *shelf, size_t at)
{
    const struct kept *kept = shelf->kept[at];
    for (size_t i = at ? at : 1; i <= at + 1 && i < shelf->count; i++) {
        const struct kept *low = shelf->kept[i - 1], *high = shelf->kept[i];
        bool parted = shelf->fork[0] && kept_seq(shelf, i - 1) < shelf->fork[0]->fields.seq &&
                      kept_seq(shelf, i) >= shelf->fork[0]->fields.seq;
        if (low->record.key > high->record.key && !parted) /* another history of a liar's */
            return "keys fall along an epoch";
        uint64_t seq = kept_seq(shelf, i);
        bool inside = seq > shelf->low && seq <= shelf->high;
        if (inside && seq == kept_seq(shelf, i - 1) + 1 && !links(low, high))
            return "what is stored is not a chain";
    }
    return kept->record.key == 0 ? "an entry without a key" : NULL;
}

static const char *shelf_put(struct shelf *shelf, const struct node_record *record,
                             struct entry *entry, bool *held)
{
    uint64_t seq = entry->fields.seq;
    size_t at = shelf_index(shelf, seq);
    if (at < shelf->count && kept_seq(shelf, at) == seq) {
        *held = hash_equal(&shelf->kept[at]->record.entry->hash, &entry->hash);
        if (*held)
            return NULL; /* it lay apart */
        kept_drop(shelf->kept[at]);
        shelf->kept[at] = kept_new(record, entry);
        return NULL;
    }
    if (shelf->count == shelf->room) {
        shelf->room = shelf->room ? shelf->room * 2 : 8;
        shelf->kept = xrealloc(shelf->kept, shelf->room, sizeof(struct kept *));
    }
    memmove(shelf->kept + at + 1, shelf->kept + at, (shelf->count - at) * sizeof(struct kept *));
    shelf->count++;
    shelf->kept[at] = kept_new(record, entry);
    return shelf_check(shelf, at);
}

/* Where the frontier is after an entry came to that place. */
static const char *shelf_move(struct shelf *shelf, uint64_t seq, enum sync_place place)
{
    if (shelf->fork[0] && seq >= shelf->fork[0]->fields.seq)
        return NULL; /* it was under way when the proof came: it stays local */
    switch (place) {
    case SYNC_PLACE_ABOVE:
        if (shelf->high && seq != shelf->high + 1)
            return "a gap below a frontier";
        if (shelf->high == 0)
            shelf->low = shelf->once_low = seq;
        shelf->high = seq;
        return NULL;
    case SYNC_PLACE_BELOW:
        if (seq + 1 != shelf->low)
            return "a gap above what is stored below";
        shelf->low = seq;
        shelf->once_low = seq < shelf->once_low ? seq : shelf->once_low;
        shelf->floor = seq < shelf->floor ? seq : shelf->floor;
        return NULL;
    case SYNC_PLACE_RESTART:
        if (seq <= shelf->high)
            return "a log begins anew below its frontier";
        shelf->low = shelf->high = shelf->once_low = seq;
        return NULL;
    }
    return "no such place";
}

/* As the store does under an older gap. */
static uint64_t key_between(const struct shelf *shelf, uint64_t seq, uint64_t key)
{
    size_t at = shelf_index(shelf, seq);
    if (at > 0 && key < shelf->kept[at - 1]->record.key)
        key = shelf->kept[at - 1]->record.key;
    return at < shelf->count && key > shelf->kept[at]->record.key ? shelf->kept[at]->record.key
                                                                  : key;
}

static const char *record_store(struct disk *disk, const struct truth *truth,
                                const struct node_record *record, enum sync_place place,
                                const struct node_trail *trail, bool *held)
{
    const struct entry_fields *fields = &record->entry->fields;
    const struct said *said = truth_find(truth, &record->entry->hash);
    if (!said)
        return "something is stored that its author did not sign";
    struct shelf *shelf = shelf_get(disk, &fields->author, &fields->epoch);
    const char *wrong = shelf_move(shelf, fields->seq, place);
    if (wrong)
        return wrong;
    shelf->trail = *trail;
    struct node_record placed = *record;
    if (place == SYNC_PLACE_BELOW && fields->seq <= trail->gap)
        placed.key = key_between(shelf, fields->seq, record->key);
    return shelf_put(shelf, &placed, said->entry, held);
}

const char *disk_store(struct disk *disk, const struct truth *truth,
                       const struct node_effect *effect, bool *held)
{
    const char *wrong = NULL;
    const size_t count = effect->store.count;
    const uint8_t *places = effect->store.places;
    for (size_t i = 0; i < count && !wrong; i++)
        if (places[i] != SYNC_PLACE_BELOW)
            wrong = record_store(disk, truth, &effect->store.records[i], places[i],
                                 &effect->store.trails[i], &held[i]);
    for (size_t i = count; i-- > 0 && !wrong;) /* from above, as they are proved */
        if (places[i] == SYNC_PLACE_BELOW)
            wrong = record_store(disk, truth, &effect->store.records[i], places[i],
                                 &effect->store.trails[i], &held[i]);
    return wrong;
}

const char *disk_store_fork(struct disk *disk, const struct truth *truth,
                            const struct sync_effect *effect)
{
    struct entry *const *two = effect->entries;
    if (effect->count != 2)
        return "a proof of a fork has two entries";
    const struct said *said[2] = {truth_find(truth, &two[0]->hash),
                                  truth_find(truth, &two[1]->hash)};
    if (!said[0] || !said[1])
        return "a fork is stored that its author did not sign";
    uint64_t seq = two[0]->fields.seq;
    if (two[1]->fields.seq != seq || hash_equal(&two[0]->hash, &two[1]->hash))
        return "a proof of a fork that is none";
    struct shelf *shelf = shelf_get(disk, &two[0]->fields.author, &two[0]->fields.epoch);
    for (size_t i = 0; i < 2; i++) {
        entry_drop(shelf->fork[i]);
        shelf->fork[i] = entry_hold(said[i]->entry);
    }
    if (shelf->high >= seq) {
        bool held = shelf->low < seq;
        shelf->high = held ? seq - 1 : 0;
        shelf->low = held ? shelf->low : 1;
        shelf->floor = held ? shelf->floor : 1;
    }
    return NULL;
}

/* ---- trimming ---- */

/* The oldest that may go: not the head, which of a frozen log may be the lowest one. */
static size_t trim_at(const struct shelf *shelf)
{
    return shelf->high && kept_seq(shelf, 0) == shelf->high && shelf->count > 1;
}

static bool trim_goes_on(const struct retention_trim *trim, const struct shelf *shelf,
                         uint32_t entries, uint64_t bytes)
{
    if (shelf->count <= 1 || entries >= RETENTION_ENTRIES)
        return false;
    return shelf->kept[trim_at(shelf)]->record.entry->fields.hlc < trim->before ||
           entries < trim->entries || bytes < trim->bytes;
}

void disk_trim(struct disk *disk, const struct retention_trim *trim, struct node_event *event)
{
    struct shelf *shelf = disk_shelf(disk, &trim->author, &trim->epoch);
    event->trimmed.author = trim->author;
    event->trimmed.epoch = trim->epoch;
    if (trim->whole) {
        event->trimmed.whole = true;
        if (shelf)
            shelf_remove(disk, shelf);
        return;
    }
    if (!shelf || shelf->count == 0)
        return;
    uint32_t entries = 0;
    uint64_t bytes = 0;
    while (trim_goes_on(trim, shelf, entries, bytes)) {
        size_t at = trim_at(shelf);
        entries++;
        bytes += entry_weight(shelf->kept[at]->record.entry);
        kept_drop(shelf->kept[at]);
        shelf->count--;
        memmove(shelf->kept + at, shelf->kept + at + 1,
                (shelf->count - at) * sizeof(struct kept *));
    }
    uint64_t lowest = kept_seq(shelf, 0);
    event->trimmed.entries_left = (uint32_t)shelf->count;
    for (size_t i = 0; i < shelf->count; i++)
        event->trimmed.bytes_left += entry_weight(shelf->kept[i]->record.entry);
    event->trimmed.lowest = lowest;
    event->trimmed.lowest_hlc = shelf->kept[trim_at(shelf)]->record.entry->fields.hlc;
    if (shelf->high && lowest > shelf->low)
        shelf->low = lowest < shelf->high ? lowest : shelf->high;
    if (shelf->high && lowest > shelf->floor)
        shelf->floor = lowest < shelf->low ? lowest : shelf->low;
}

/* ---- reading ---- */

size_t disk_load(const struct disk *disk, const struct frame_range *range, struct entry **into,
                 size_t room)
{
    const struct shelf *shelf = disk_shelf(disk, &range->author, &range->epoch);
    size_t count = 0, bytes = 0;
    for (size_t at = shelf ? shelf_index(shelf, range->low) : 0;
         shelf && at < shelf->count && count < room; at++) {
        struct entry *entry = shelf->kept[at]->record.entry;
        if (entry->fields.seq > range->high || (count && bytes >= SYNC_PAGE_BYTES))
            break;
        bytes += entry_weight(entry);
        into[count++] = entry;
    }
    return count;
}

size_t disk_hashes(const struct disk *disk, const struct frame_heights *wanted,
                   struct frame_height *into)
{
    const struct shelf *shelf = disk_shelf(disk, &wanted->author, &wanted->epoch);
    size_t count = 0;
    for (size_t i = 0; shelf && i < wanted->count; i++) {
        const struct kept *kept = shelf_find(shelf, wanted->heights[i].seq);
        if (kept)
            into[count++] = (struct frame_height){wanted->heights[i].seq, kept->record.entry->hash};
    }
    return count;
}

struct row {
    struct order order;
    const struct kept *kept;
};

static int row_order(const void *a, const void *b)
{
    return order_compare(&((const struct row *)a)->order, &((const struct row *)b)->order);
}

static struct order order_of(const struct node_record *record)
{
    const struct entry_fields *fields = &record->entry->fields;
    return (struct order){record->key, fields->author, record->start, fields->epoch, fields->seq};
}

static bool is_wanted(const struct node_query *query, const struct node_record *record)
{
    bool anywhere = query->kind == QUERY_SEARCH && query->conversation[0] == '\0';
    if (record->conversation[0] == '\0' ||
        (!anywhere && strcmp(record->conversation, query->conversation) != 0))
        return false;
    if (query->kind != QUERY_SEARCH)
        return true;
    struct span text = record->whisper ? record->whisper->text : record->entry->fields.body;
    return query->words.size && text.size &&
           memmem(text.bytes, text.size, query->words.bytes, query->words.size);
}

static struct row *rows_of(const struct disk *disk, const struct node_query *query, size_t *count)
{
    size_t room = 64;
    struct row *lines = xcalloc(room, sizeof *lines);
    *count = 0;
    for (size_t i = 0; i < disk->shelf_count; i++) {
        const struct shelf *shelf = disk->shelves[i];
        for (size_t j = 0; j < shelf->count; j++) {
            if (!is_wanted(query, &shelf->kept[j]->record))
                continue;
            if (*count == room)
                lines = xrealloc(lines, room *= 2, sizeof *lines);
            lines[(*count)++] = (struct row){order_of(&shelf->kept[j]->record), shelf->kept[j]};
        }
    }
    qsort(lines, *count, sizeof *lines, row_order);
    return lines;
}

/* [*first, *end) of the lines, which are in order. */
static void query_window(const struct node_query *query, const struct row *lines, size_t count,
                         size_t *first, size_t *end)
{
    size_t before = 0;
    while (before < count && order_compare(&lines[before].order, &query->at) < 0)
        before++;
    size_t after = before;
    if (after < count && order_compare(&lines[after].order, &query->at) == 0)
        after++;
    size_t half = query->count / 2;
    switch (query->kind) {
    case QUERY_UP:
        *end = query->at.key == UINT64_MAX ? count : before;
        *first = *end > query->count ? *end - query->count : 0;
        return;
    case QUERY_DOWN:
        *first = after;
        *end = count - after > query->count ? after + query->count : count;
        return;
    case QUERY_AROUND:
        *first = before > half ? before - half : 0;
        *end = count - after > half ? after + half : count;
        return;
    case QUERY_SEARCH:
        *end = count;
        *first = count > query->count ? count - query->count : 0;
        return;
    }
}

size_t disk_query(const struct disk *disk, const struct node_query *query, struct node_record *into,
                  size_t room, bool *more)
{
    size_t count, first = 0, end = 0;
    struct row *lines = rows_of(disk, query, &count);
    query_window(query, lines, count, &first, &end);
    if (end - first > room)
        end = first + room;
    *more = query->kind == QUERY_DOWN ? end < count : first > 0;
    for (size_t i = first; i < end; i++)
        into[i - first] = lines[i].kept->record;
    free(lines);
    return end - first;
}

size_t disk_untried(const struct disk *disk, struct entry ***into)
{
    size_t count = 0, room = 0;
    *into = NULL;
    for (size_t i = 0; i < disk->shelf_count; i++)
        for (size_t j = 0; j < disk->shelves[i]->count; j++) {
            const struct node_record *record = &disk->shelves[i]->kept[j]->record;
            if (record->sealed != NODE_UNTRIED)
                continue;
            if (count == room) {
                room = room ? room * 2 : 8;
                *into = xrealloc(*into, room, sizeof(struct entry *));
            }
            (*into)[count++] = record->entry;
        }
    return count;
}
