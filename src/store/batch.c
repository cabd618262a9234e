/* The rows of one transaction. Invariant: what `logs` says of entries and bytes is what `entries`
 * has, and every entry that is in a conversation has its row in `lines`. */
#include "store/keep.h"
#include "store/write.h"

#include <stdlib.h>

/* ---- logs ---- */

static uint64_t author_find(struct db *db, const struct id *author, bool make)
{
    uint64_t row = db_number(db, 0, "SELECT id FROM authors WHERE author=?", OBJECT(*author));
    if (row || !make)
        return row;
    db_run(db, "INSERT INTO authors(author) VALUES(?)", OBJECT(*author));
    return (uint64_t)sqlite3_last_insert_rowid(db->handle);
}

static struct held_log *held_find(const struct batch *batch, const struct id *author,
                                  const struct epoch_id *epoch)
{
    struct held_log *log, wanted = {.key = {*author, *epoch}};
    HASH_FIND(hh, batch->logs, &wanted.key, sizeof wanted.key, log);
    return log;
}

static struct held_log *held_add(struct batch *batch, const struct id *author,
                                 const struct epoch_id *epoch)
{
    struct held_log *log = xcalloc(1, sizeof *log);
    log->key.author = *author;
    log->key.epoch = *epoch;
    log->low = log->floor = 1;
    log->trail.first = ORDER_OPEN;
    HASH_ADD(hh, batch->logs, key, sizeof log->key, log);
    return log;
}

static void held_read(struct db *db, sqlite3_stmt *row, struct held_log *log)
{
    log->row = column_number(row, 0);
    log->low = column_number(row, 1);
    log->high = column_number(row, 2);
    log->floor = column_number(row, 3);
    column_object(db, row, 4, &log->head, sizeof log->head);
    log->head_hlc = column_number(row, 5);
    log->lowest = column_number(row, 6);
    log->oldest_hlc = column_number(row, 7);
    log->top = column_number(row, 8);
    log->entries = column_number(row, 9);
    log->bytes = column_number(row, 10);
    log->trail.start = column_number(row, 11);
    log->trail.below = column_number(row, 12);
    log->trail.first = column_number(row, 13);
    log->trail.last = column_number(row, 14);
    column_object(db, row, 15, &log->trail.named, sizeof log->trail.named);
    log->trail.named_seq = column_number(row, 16);
    log->fork = column_number(row, 17);
}

struct held_log *batch_log(struct batch *batch, const struct id *author,
                           const struct epoch_id *epoch)
{
    struct db *db = batch->db;
    struct held_log *log = held_find(batch, author, epoch);
    if (log)
        return log;
    uint64_t who = author_find(db, author, false);
    sqlite3_stmt *row = db_start(
        db,
        "SELECT id, low, high, floor, head, head_hlc, lowest, oldest_hlc, top, entries, bytes,"
        " start, below, first, last, named, named_seq, f.seq"
        " FROM logs LEFT JOIN forks f ON f.log=id WHERE author=? AND epoch=?",
        NUMBER(who), OBJECT(*epoch));
    if (!db_row(db, row))
        return NULL;
    log = held_add(batch, author, epoch);
    log->author = who;
    held_read(db, row, log);
    db_done(row);
    return log;
}

struct held_log *batch_log_make(struct batch *batch, const struct id *author,
                                const struct epoch_id *epoch)
{
    struct db *db = batch->db;
    struct held_log *log = batch_log(batch, author, epoch);
    if (log || !db_fine(db))
        return log;
    static const struct hash none;
    uint64_t who = author_find(db, author, true);
    db_run(db,
           "INSERT INTO logs VALUES(NULL, ?, ?, 1, 0, 1, ?, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0, ?, 0)",
           NUMBER(who), OBJECT(*epoch), OBJECT(none), BYTES(none.bytes, EPOCH_BYTES));
    if (!db_fine(db))
        return NULL;
    log = held_add(batch, author, epoch);
    log->author = who;
    log->row = (uint64_t)sqlite3_last_insert_rowid(db->handle);
    return log;
}

void batch_log_drop(struct batch *batch, struct held_log *log)
{
    db_run(batch->db, "DELETE FROM forks WHERE log=?", NUMBER(log->row));
    db_run(batch->db, "DELETE FROM logs WHERE id=?", NUMBER(log->row));
    HASH_DEL(batch->logs, log);
    free(log);
}

static void held_write(struct db *db, const struct held_log *log)
{
    const struct node_trail *trail = &log->trail;
    db_run(db,
           "UPDATE logs SET low=?, high=?, floor=?, head=?, head_hlc=?, lowest=?, oldest_hlc=?,"
           " top=?, entries=?, bytes=?, start=?, below=?, first=?, last=?, named=?, named_seq=?"
           " WHERE id=?",
           NUMBER(log->low), NUMBER(log->high), NUMBER(log->floor), OBJECT(log->head),
           NUMBER(log->head_hlc), NUMBER(log->lowest), NUMBER(log->oldest_hlc), NUMBER(log->top),
           NUMBER(log->entries), NUMBER(log->bytes), NUMBER(trail->start), NUMBER(trail->below),
           NUMBER(trail->first), NUMBER(trail->last), OBJECT(trail->named),
           NUMBER(trail->named_seq), NUMBER(log->row));
}

void batch_flush(struct batch *batch)
{
    for (struct held_log *log = batch->logs; log; log = log->hh.next) {
        if (log->changed)
            held_write(batch->db, log);
        log->changed = false;
    }
    words_flush(batch->db, &batch->words);
}

void held_free(struct held_log *logs)
{
    struct held_log *log, *next;
    HASH_ITER(hh, logs, log, next)
    {
        HASH_DEL(logs, log);
        free(log);
    }
}

/* ---- places ---- */

static bool place_is_free(struct batch *batch, uint64_t place)
{
    if (batch->highest_place == 0)
        batch->highest_place = db_number(
            batch->db, 1, "SELECT place FROM entries WHERE place>0 ORDER BY place DESC LIMIT 1");
    return place > batch->highest_place ||
           db_number(batch->db, 0, "SELECT 1 FROM entries WHERE place=?", NUMBER(place)) == 0;
}

/* Anybody may give thousands of entries one key, so a place is drawn from a window that doubles
 * until one is free; the first draw is the entry's hash. */
uint64_t batch_place(struct batch *batch, uint64_t key, const struct hash *hash)
{
    enum { DRAWS = 48, WIDEST = 28 }; /* 2^28 places are five hours; most of them are free */
    uint64_t draw;
    memcpy(&draw, hash->bytes, sizeof draw);
    for (unsigned i = 0; i < DRAWS && db_fine(batch->db); i++) {
        unsigned bits = PLACE_BITS + i < WIDEST ? PLACE_BITS + i : WIDEST;
        uint64_t place = place_of_key(key) + (draw & ((UINT64_C(1) << bits) - 1));
        if (place_is_free(batch, place)) {
            if (place > batch->highest_place)
                batch->highest_place = place;
            return place;
        }
        draw = draw * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        draw ^= draw >> 29;
    }
    if (db_fine(batch->db))
        batch->db->fault = STORE_FAILED;
    return 0;
}

/* ---- conversations ---- */

uint64_t batch_conversation(struct batch *batch, const char *name)
{
    struct db *db = batch->db;
    struct span text = span_text(name);
    if (text.size > NODE_CONVERSATION_MAX)
        die("a conversation's name that nobody could have");
    if (batch->conversation_row && strcmp(batch->conversation, name) == 0)
        return batch->conversation_row;
    uint64_t row = db_number(db, 0, "SELECT id FROM conversations WHERE name=?", TEXT(text));
    if (row == 0) {
        db_run(db, "INSERT INTO conversations(name) VALUES(?)", TEXT(text));
        row = (uint64_t)sqlite3_last_insert_rowid(db->handle);
    }
    memcpy(batch->conversation, name, text.size + 1);
    batch->conversation_row = row;
    return row;
}

/* ---- entries ---- */

static void stored_read(struct db *db, sqlite3_stmt *row, struct stored *into)
{
    into->id = column_number(row, 0);
    into->seq = column_number(row, 1);
    into->key = column_number(row, 2);
    into->start = column_number(row, 3);
    into->conversation = column_number(row, 4);
    into->place = column_number(row, 5);
    into->bytes = keep_span(&into->owned, column_span(db, row, 6));
    into->opened = keep_span(&into->owned, column_span(db, row, 7));
    bool fits = into->bytes.size > SIGNATURE_BYTES &&
                db->codec->entry_unpack(
                    span_of(into->bytes.bytes, into->bytes.size - SIGNATURE_BYTES), &into->fields);
    if (!fits)
        db_note(db, SQLITE_CORRUPT);
}

void stored_get(struct batch *batch, const struct held_log *log, uint64_t seq, bool or_above,
                struct stored *into)
{
    struct db *db = batch->db;
    *into = (struct stored){0};
    sqlite3_stmt *row =
        db_start(db,
                 "SELECT id, seq, key, start, conversation, place, bytes, opened FROM entries"
                 " WHERE log=? AND seq>=? ORDER BY seq LIMIT 1",
                 NUMBER(log->row), NUMBER(seq));
    if (!db_row(db, row))
        return;
    if (or_above || column_number(row, 1) == seq)
        stored_read(db, row, into);
    db_done(row);
}

void stored_done(struct stored *stored)
{
    keep_free(stored->owned);
    stored->owned = NULL;
}

void line_add(struct batch *batch, const struct held_log *log, const struct store_line *line)
{
    struct line_at at = line_at(&line->order);
    struct line_words words = {line->place, log->author, line->conversation, line->text,
                               line->guest};
    db_run(batch->db, "INSERT INTO lines VALUES(?, ?, ?, ?, ?, ?, ?)", NUMBER(line->conversation),
           NUMBER(at.key), NUMBER(at.author), NUMBER(at.start), NUMBER(at.epoch), NUMBER(at.seq),
           NUMBER(line->id));
    if (line->place && line->id > batch->indexed)
        batch->waiting += line->text.size;
    else if (line->place)
        words_change(&batch->words, &words, false);
}

void stored_hide(struct batch *batch, const struct held_log *log, const struct stored *stored)
{
    struct db *db = batch->db;
    const struct entry_fields *fields = &stored->fields;
    if (stored->conversation == 0 || !db_fine(db))
        return;
    struct order order = order_of(fields, stored->key, stored->start);
    struct line_at at = line_at(&order);
    db_run(db,
           "DELETE FROM lines WHERE conversation=? AND key=? AND author=? AND start=? AND epoch=?"
           " AND seq=?",
           NUMBER(stored->conversation), NUMBER(at.key), NUMBER(at.author), NUMBER(at.start),
           NUMBER(at.epoch), NUMBER(at.seq));
    if (stored->place == 0 || stored->id > batch->indexed)
        return;
    void *owned;
    struct whisper *whisper =
        stored->opened.size ? db->codec->whisper_unpack(stored->opened) : NULL;
    struct span text = words_text(db, fields, whisper, &owned);
    struct line_words words = {stored->place, log->author, stored->conversation, text,
                               words_guest(fields)};
    words_change(&batch->words, &words, true);
    free(owned);
    free(whisper);
}

void stored_drop(struct batch *batch, struct held_log *log, const struct stored *stored)
{
    stored_hide(batch, log, stored);
    db_run(batch->db, "DELETE FROM entries WHERE id=?", NUMBER(stored->id));
    log->changed = true;
    log->entries--;
    log->bytes -= stored->bytes.size;
}
