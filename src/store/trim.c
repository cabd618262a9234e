/* What is dropped: entries that retention names, and rows that nothing leads to any more. Each call
 * does a bounded amount, so that our own words never wait long behind it. */
#include "core/receipt.h"
#include "core/room.h"
#include "store/write.h"

enum {
    TRIM_MOST = 512,   /* entries of one trim: 50 ms; what is left is asked for again */
    TIDY_ROWS = 2000,  /* dropped from one table in one call: some ms */
    TIDY_SPARE = 2048, /* free pages that are kept: 8 MB of writing soon */
};

/* The oldest that may go: not the head, which of a frozen log may be the lowest one. */
static void oldest_get(struct batch *batch, const struct held_log *log, bool whole,
                       struct stored *into)
{
    stored_get(batch, log, log->lowest, true, into);
    if (whole || into->id == 0 || into->seq != log->high || log->entries <= 1)
        return;
    stored_done(into);
    stored_get(batch, log, log->high + 1, true, into);
}

static bool trim_goes_on(const struct retention_trim *trim, const struct held_log *log,
                         const struct stored *oldest, uint32_t entries, uint64_t bytes)
{
    if (entries >= TRIM_MOST)
        return false;
    if (trim->whole)
        return true;
    return log->entries > 1 &&
           (oldest->fields.hlc < trim->before || entries < trim->entries || bytes < trim->bytes);
}

/* As log_trim does it. */
static void lowest_set(struct held_log *log, uint64_t lowest, uint64_t oldest_hlc)
{
    log->changed = true;
    log->lowest = lowest;
    log->oldest_hlc = oldest_hlc;
    if (log->high && lowest > log->low)
        log->low = lowest < log->high ? lowest : log->high;
    if (log->high && lowest > log->floor)
        log->floor = lowest < log->low ? lowest : log->low;
}

/* What of it is left, if anything is. */
static void trim_end(struct batch *batch, struct held_log *log, const struct stored *oldest,
                     struct node_event *answer)
{
    bool above = log->high && oldest->seq > log->high;
    struct stored head = {0};
    if (above)
        stored_get(batch, log, log->high, false, &head);
    lowest_set(log, head.id ? log->high : oldest->seq, oldest->fields.hlc);
    stored_done(&head);
    answer->trimmed.lowest = log->lowest;
    answer->trimmed.lowest_hlc = log->oldest_hlc;
    answer->trimmed.entries_left = (uint32_t)log->entries;
    answer->trimmed.bytes_left = log->bytes;
}

static void log_trim_by(struct batch *batch, struct held_log *log,
                        const struct retention_trim *trim, struct node_event *answer)
{
    struct stored oldest;
    uint32_t entries = 0;
    uint64_t bytes = 0;
    for (;;) {
        oldest_get(batch, log, trim->whole, &oldest);
        if (!oldest.id || !db_fine(batch->db) || !trim_goes_on(trim, log, &oldest, entries, bytes))
            break;
        entries++;
        bytes += oldest.bytes.size;
        stored_drop(batch, log, &oldest);
        stored_done(&oldest);
    }
    answer->trimmed.whole = trim->whole && !oldest.id;
    if (oldest.id && db_fine(batch->db))
        trim_end(batch, log, &oldest, answer);
    stored_done(&oldest);
}

void trim_store(struct batch *batch, const struct retention_trim *trim, struct node_event *answer)
{
    answer->trimmed.author = trim->author;
    answer->trimmed.epoch = trim->epoch;
    struct held_log *log = batch_log(batch, &trim->author, &trim->epoch);
    if (!log) {
        answer->trimmed.whole = trim->whole;
        return;
    }
    log_trim_by(batch, log, trim, answer);
    if (answer->trimmed.whole)
        batch_log_drop(batch, log);
}

/* ---- tidying ---- */

/* The tables that strangers can make longer, cut to what a start would read of them. */
static bool tables_cut(struct db *db, uint64_t wall_ms)
{
    uint64_t since = wall_ms > RECEIPT_KEPT_MS ? wall_ms - RECEIPT_KEPT_MS : 0;
    int before = sqlite3_total_changes(db->handle);
    db_run(db,
           "DELETE FROM acks WHERE (acker, author, epoch) IN"
           " (SELECT acker, author, epoch FROM acks WHERE at<? LIMIT ?)",
           NUMBER(since), NUMBER(TIDY_ROWS));
    db_run(db,
           "DELETE FROM members WHERE (room, who) IN (SELECT room, who FROM members"
           " ORDER BY seen DESC, room, who LIMIT ? OFFSET ?)",
           NUMBER(TIDY_ROWS), NUMBER(MEMBERS_MOST));
    db_run(db,
           "DELETE FROM rooms WHERE conversation IN (SELECT conversation FROM rooms"
           " ORDER BY joined DESC, active DESC, conversation LIMIT ? OFFSET ?)",
           NUMBER(TIDY_ROWS), NUMBER(ROOMS_MOST + WHISPERS_MOST));
    db_run(db,
           "DELETE FROM people WHERE id IN (SELECT id FROM people WHERE NOT (verified OR"
           " blocked OR ignored OR whispered OR two_days OR alias<>x'')"
           " ORDER BY seen DESC, id LIMIT ? OFFSET ?)",
           NUMBER(TIDY_ROWS), NUMBER(ROSTER_STRANGERS));
    db_run(db,
           "DELETE FROM names WHERE rowid IN (SELECT rowid FROM names"
           " WHERE rowid>0 AND rowid NOT IN (SELECT id FROM people) LIMIT ?)",
           NUMBER(TIDY_ROWS));
    db_run(db,
           "DELETE FROM conversations WHERE id IN (SELECT id FROM conversations c WHERE NOT"
           " EXISTS (SELECT 1 FROM lines l WHERE l.conversation=c.id) LIMIT ?)",
           NUMBER(TIDY_ROWS));
    db_run(db,
           "DELETE FROM authors WHERE id IN (SELECT id FROM authors a WHERE NOT"
           " EXISTS (SELECT 1 FROM logs l WHERE l.author=a.id) LIMIT ?)",
           NUMBER(TIDY_ROWS));
    db_run(db,
           "DELETE FROM locals WHERE id IN (SELECT id FROM locals ORDER BY key DESC, id DESC"
           " LIMIT ? OFFSET ?)",
           NUMBER(TIDY_ROWS), NUMBER(STORE_LOCALS));
    return sqlite3_total_changes(db->handle) - before >= TIDY_ROWS;
}

bool store_tidy(struct store *store, uint64_t wall_ms)
{
    struct db *db = &store->db;
    db_run(db, "BEGIN IMMEDIATE");
    bool more = tables_cut(db, wall_ms);
    uint64_t spare = db_number(db, 0, "PRAGMA freelist_count");
    if (spare > TIDY_SPARE) {
        db_script(db, "PRAGMA incremental_vacuum(256)"); /* 1 MB */
        more = true;
    }
    db_run(db, "COMMIT");
    enum store_fault fault = db_fault_take(db);
    if (!sqlite3_get_autocommit(db->handle))
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    return fault == STORE_FINE && more;
}
