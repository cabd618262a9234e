/* store_read: windows of logs and of conversations, each in one view of the file, by keyset and
 * never by offset. What comes back is as good as what came from a peer: envelope and hash are
 * looked at again, and where a log is read, its chain. */
#include "store/read.h"

#include "core/room.h"
#include "store/keep.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- entries ---- */

static struct entry *entry_get(struct db *db, struct span bytes, struct store_answer *into)
{
    struct signature signature;
    struct entry *entry = NULL;
    size_t signed_size = bytes.size - SIGNATURE_BYTES;
    if (bytes.size > SIGNATURE_BYTES) {
        memcpy(signature.bytes, bytes.bytes + signed_size, SIGNATURE_BYTES);
        if (entry_read(span_of(bytes.bytes, signed_size), &signature, &db->net, db->codec,
                       &entry) == ENTRY_FINE) {
            size_t count = into->entry_count++;
            if ((count & (count - 1)) == 0)
                into->entries =
                    xrealloc(into->entries, count ? count * 2 : 1, sizeof *into->entries);
            into->entries[count] = entry;
            return entry;
        }
    }
    db_note(db, SQLITE_CORRUPT);
    return NULL;
}

struct node_record *record_next(struct store_answer *into)
{
    struct node_record *records = (struct node_record *)(uintptr_t)into->event.page.records;
    size_t count = into->event.page.count++;
    if ((count & (count - 1)) == 0)
        records = xrealloc(records, count ? count * 2 : 1, sizeof *records);
    into->event.page.records = records;
    memset(&records[count], 0, sizeof *records);
    return &records[count];
}

static enum node_sealed sealed_of(struct db *db, uint64_t number)
{
    if (number > NODE_UNOPENED)
        db_note(db, SQLITE_CORRUPT);
    return number > NODE_UNOPENED ? NODE_PLAIN : (enum node_sealed)number;
}

static const struct whisper *whisper_get(struct db *db, struct span bytes,
                                         struct store_answer *into)
{
    if (bytes.size == 0)
        return NULL;
    struct whisper *whisper = db->codec->whisper_unpack(bytes);
    if (!whisper) {
        db_note(db, SQLITE_CORRUPT);
        return NULL;
    }
    struct whisper *copy = keep_room(&into->owned, sizeof *copy);
    *copy = *whisper;
    copy->text = keep_span(&into->owned, whisper->text);
    free(whisper);
    return copy;
}

void record_read(struct db *db, sqlite3_stmt *row, int column, const char *conversation,
                 struct store_answer *into, struct node_record *record)
{
    record->key = column_number(row, column);
    record->start = column_number(row, column + 1);
    record->received = column_number(row, column + 2);
    record->live = column_number(row, column + 3);
    record->sealed = sealed_of(db, column_number(row, column + 4));
    record->entry = entry_get(db, column_span(db, row, column + 5), into);
    record->whisper = whisper_get(db, column_span(db, row, column + 6), into);
    record->conversation = conversation;
    if (record->sealed == NODE_OPENED && !record->whisper)
        db_note(db, SQLITE_CORRUPT);
}

/* ---- logs ---- */

struct log_row {
    uint64_t row; /* 0: nothing is held of it */
    uint64_t low, high;
};

static struct log_row log_find(struct db *db, const struct id *author, const struct epoch_id *epoch)
{
    struct log_row log = {0};
    sqlite3_stmt *row =
        db_start(db,
                 "SELECT l.id, low, high FROM authors a JOIN logs l ON l.author=a.id"
                 " WHERE a.author=? AND epoch=?",
                 OBJECT(*author), OBJECT(*epoch));
    if (db_row(db, row)) {
        log = (struct log_row){column_number(row, 0), column_number(row, 1), column_number(row, 2)};
        db_done(row);
    }
    return log;
}

/* A disk that altered one byte is found out here, and not by a peer. */
static void chain_look(struct db *db, const struct log_row *log, const struct store_answer *into)
{
    for (size_t i = 1; i < into->entry_count; i++) {
        const struct entry *below = into->entries[i - 1], *above = into->entries[i];
        uint64_t seq = above->fields.seq;
        bool inside = seq > log->low && seq <= log->high && seq == below->fields.seq + 1;
        if (inside && !hash_equal(&above->fields.prev, &below->hash))
            db_note(db, SQLITE_CORRUPT);
    }
}

static void range_read(struct db *db, const struct frame_range *range, struct store_answer *into)
{
    size_t bytes = 0;
    struct log_row log = log_find(db, &range->author, &range->epoch);
    sqlite3_stmt *row =
        db_start(db, "SELECT bytes FROM entries WHERE log=? AND seq>=? AND seq<=? ORDER BY seq",
                 NUMBER(log.row), NUMBER(range->low), NUMBER(range->high));
    while (bytes < SYNC_PAGE_BYTES && db_row(db, row)) {
        const struct entry *entry = entry_get(db, column_span(db, row, 0), into);
        bytes += entry ? entry_weight(entry) : 0;
    }
    if (row)
        db_done(row);
    chain_look(db, &log, into);
}

static void fork_read(struct db *db, const struct frame_range *range, struct store_answer *into)
{
    struct log_row log = log_find(db, &range->author, &range->epoch);
    sqlite3_stmt *row = db_start(db, "SELECT one, other FROM forks WHERE log=?", NUMBER(log.row));
    if (!db_row(db, row))
        return;
    (void)entry_get(db, column_span(db, row, 0), into);
    (void)entry_get(db, column_span(db, row, 1), into);
    db_done(row);
}

static void hashes_read(struct db *db, const struct frame_heights *wanted,
                        struct store_answer *into)
{
    struct log_row log = log_find(db, &wanted->author, &wanted->epoch);
    struct frame_height *heights = keep_room(&into->owned, wanted->count * sizeof *heights);
    size_t count = 0;
    for (size_t i = 0; log.row && i < wanted->count; i++) {
        uint64_t seq = wanted->heights[i].seq;
        sqlite3_stmt *row = db_start(db, "SELECT bytes FROM entries WHERE log=? AND seq=?",
                                     NUMBER(log.row), NUMBER(seq));
        if (!db_row(db, row))
            continue;
        heights[count++] = (struct frame_height){seq, hash_of(column_span(db, row, 0))};
        db_done(row);
    }
    into->event.hashes.heights = heights;
    into->event.hashes.count = db_fine(db) ? count : 0;
}

/* ---- pages ---- */

/* Both go along the rows of `lines`, and look up the entry of each. */
static const char page_up[] =
    "SELECT " RECORD_COLUMNS " FROM lines l CROSS JOIN entries e ON e.id=l.entry"
    " WHERE l.conversation=? AND (l.key, l.author, l.start, l.epoch, l.seq) < (?, ?, ?, ?, ?)"
    " ORDER BY l.key DESC, l.author DESC, l.start DESC, l.epoch DESC, l.seq DESC LIMIT ?";
static const char page_down[] =
    "SELECT " RECORD_COLUMNS " FROM lines l CROSS JOIN entries e ON e.id=l.entry"
    " WHERE l.conversation=? AND (l.key, l.author, l.start, l.epoch, l.seq) > (?, ?, ?, ?, ?)"
    " ORDER BY l.key, l.author, l.start, l.epoch, l.seq LIMIT ?";
static const char page_at[] =
    "SELECT " RECORD_COLUMNS " FROM lines l CROSS JOIN entries e ON e.id=l.entry"
    " WHERE l.conversation=? AND (l.key, l.author, l.start, l.epoch, l.seq) = (?, ?, ?, ?, ?)"
    " LIMIT ?";

struct page {
    struct db *db;
    struct store_answer *into;
    uint64_t conversation;
    const char *name;
    bool local; /* a conversation with a guest: no line of it is an entry */
    struct order order;
    struct line_at at;
};

/* Up to `count` lines more; the number that came. */
static size_t lines_read(struct page *page, const char *sql, size_t count)
{
    const struct line_at *at = &page->at;
    size_t came = 0;
    if (page->local)
        return locals_read(page->db,
                           sql == page_up     ? LOCALS_UP
                           : sql == page_down ? LOCALS_DOWN
                                              : LOCALS_AT,
                           page->name, &page->order, count, page->into);
    sqlite3_stmt *row =
        db_start(page->db, sql, NUMBER(page->conversation), NUMBER(at->key), NUMBER(at->author),
                 NUMBER(at->start), NUMBER(at->epoch), NUMBER(at->seq), NUMBER(count));
    while (db_row(page->db, row)) {
        record_read(page->db, row, 0, page->name, page->into, record_next(page->into));
        came++;
    }
    return came;
}

static void turn(struct node_record *records, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct node_record record = records[i];
        records[i] = records[count - 1 - i];
        records[count - 1 - i] = record;
    }
}

/* One line more than is asked for says whether there is more. */
static void lines_up(struct page *page, size_t count)
{
    struct node_event *event = &page->into->event;
    event->page.more = lines_read(page, page_up, count + 1) > count;
    event->page.count -= event->page.more;
    turn((struct node_record *)(uintptr_t)event->page.records, event->page.count);
}

static void lines_down(struct page *page, size_t count, bool *more)
{
    *more = lines_read(page, page_down, count + 1) > count;
    page->into->event.page.count -= *more;
}

static void page_read(struct db *db, const struct node_query *query, struct store_answer *into)
{
    size_t count = query->count < STORE_PAGE_MAX ? query->count : STORE_PAGE_MAX;
    struct page page = {.db = db, .into = into, .order = query->at, .at = line_at(&query->at)};
    bool more;
    if (page.at.key > INT64_MAX)
        page.at.key = INT64_MAX;
    page.name = keep_text(&into->owned, span_text(query->conversation));
    page.local = guest_conversation_name(page.name) != NULL;
    page.conversation = db_number(db, 0, "SELECT id FROM conversations WHERE name=?",
                                  TEXT(span_text(query->conversation)));
    switch (query->kind) {
    case QUERY_UP:
        lines_up(&page, count);
        return;
    case QUERY_DOWN:
        lines_down(&page, count, &into->event.page.more);
        return;
    case QUERY_AROUND:
        lines_up(&page, count / 2);
        count -= count / 2;
        if (count)
            count -= lines_read(&page, page_at, 1);
        lines_down(&page, count, &more);
        return;
    case QUERY_SEARCH:
        search_read(db, query, into);
        return;
    }
    die("no such query: %d", (int)query->kind);
}

/* ---- in all ---- */

static void answer_fail(struct store_answer *into)
{
    into->event.page.failed = true;
    into->event.page.count = 0;
    into->event.page.more = false;
}

static void entries_answer(struct store_answer *into, bool fine)
{
    into->event.read.entries = into->entries;
    into->event.read.count = fine ? into->entry_count : 0;
}

static void read_begin(struct store_reader *reader, const struct node_effect *effect,
                       struct store_answer *into)
{
    *into = (struct store_answer){0};
    into->event.ticket = effect ? effect->ticket : 0;
    if (reader_is_stopped(reader))
        reader->db.fault = STORE_STOPPED;
    if (!reader->sized) { /* it makes SQLite read the schema: not at the start, when all wait */
        char sql[64];
        snprintf(sql, sizeof sql, "PRAGMA cache_size=-%d", STORE_CACHE_KIB / 2);
        db_script(&reader->db, sql);
    }
    reader->sized = true;
    db_run(&reader->db, "BEGIN");
}

static void read_end(struct store_reader *reader, struct store_answer *into)
{
    db_run(&reader->db, "COMMIT");
    into->fault = db_fault_take(&reader->db);
    if (!sqlite3_get_autocommit(reader->db.handle))
        (void)sqlite3_exec(reader->db.handle, "ROLLBACK", NULL, NULL, NULL);
}

void store_read(struct store_reader *reader, const struct node_effect *effect,
                struct store_answer *into)
{
    struct db *db = &reader->db;
    read_begin(reader, effect, into);
    if (effect->kind == EFFECT_QUERY) {
        into->event.kind = EVENT_PAGE;
        page_read(db, &effect->query, into);
    } else if (effect->kind == EFFECT_LOAD_HASHES) {
        into->event.kind = EVENT_HASHES;
        hashes_read(db, &effect->sync->frame.heights, into);
    } else if (effect->kind == EFFECT_LOAD) {
        into->event.kind = EVENT_READ;
        range_read(db, &effect->sync->range, into);
    } else if (effect->kind == EFFECT_LOAD_FORK) {
        into->event.kind = EVENT_READ;
        fork_read(db, &effect->sync->range, into);
    } else {
        die("an effect that is no question: %d", (int)effect->kind);
    }
    read_end(reader, into);
    if (into->event.kind == EVENT_READ)
        entries_answer(into, into->fault == STORE_FINE);
    else if (into->event.kind == EVENT_PAGE && into->fault != STORE_FINE)
        answer_fail(into);
}

void store_read_untried(struct store_reader *reader, uint64_t last, struct store_answer *into)
{
    struct db *db = &reader->db;
    read_begin(reader, NULL, into);
    into->event.kind = EVENT_UNTRIED;
    sqlite3_stmt *row =
        db_start(db, "SELECT bytes FROM entries WHERE sealed=1 AND id<=? ORDER BY id LIMIT ?",
                 NUMBER(last), NUMBER(STORE_UNTRIED));
    while (db_row(db, row))
        (void)entry_get(db, column_span(db, row, 0), into);
    read_end(reader, into);
    into->event.untried.entries = into->entries;
    into->event.untried.count = into->fault == STORE_FINE ? into->entry_count : 0;
}

void store_answer_done(struct store_answer *answer)
{
    for (size_t i = 0; i < answer->entry_count; i++)
        entry_drop(answer->entries[i]);
    if (answer->event.kind == EVENT_PAGE)
        free((void *)(uintptr_t)answer->event.page.records);
    free(answer->entries);
    keep_free(answer->owned);
    *answer = (struct store_answer){0};
}
