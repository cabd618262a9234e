/* What is nobody's entry: lines of conversations with one guest, and words that a guest which
 * answers each was not told yet. Invariant: a line comes back as it was stored, in its place. */
#include "store/keep.h"
#include "store/load.h"
#include "store/read.h"
#include "store/write.h"

/* ---- lines ---- */

void local_store(struct db *db, const struct node_local *line, uint64_t since)
{
    db_run(db,
           "INSERT OR REPLACE INTO locals(conversation, key, seq, kind, guest, dialect, wall, of,"
           " delivered, text) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
           TEXT(span_text(line->conversation)), NUMBER(line->order.key), NUMBER(line->order.seq),
           NUMBER(line->kind), SPAN(line->guest), SPAN(line->dialect), NUMBER(line->wall),
           NUMBER(line->of), NUMBER(line->delivered), SPAN(line->text));
    db_run(db, "DELETE FROM locals WHERE key<?", NUMBER(since));
}

static const char up[] =
    "SELECT key, seq, kind, guest, dialect, wall, of, delivered, text FROM locals"
    " WHERE conversation=? AND (key, seq) < (?, ?) ORDER BY key DESC, seq DESC LIMIT ?";
static const char down[] =
    "SELECT key, seq, kind, guest, dialect, wall, of, delivered, text FROM locals"
    " WHERE conversation=? AND (key, seq) > (?, ?) ORDER BY key, seq LIMIT ?";
static const char exactly[] =
    "SELECT key, seq, kind, guest, dialect, wall, of, delivered, text FROM locals"
    " WHERE conversation=? AND (key, seq) = (?, ?) LIMIT ?";

static void local_get(struct db *db, sqlite3_stmt *row, const char *conversation,
                      struct store_answer *into)
{
    struct node_local *line = keep_room(&into->owned, sizeof *line);
    struct node_record *record = record_next(into);
    line->conversation = conversation;
    line->order = (struct order){
        .key = column_number(row, 0), .author = db->self, .seq = column_number(row, 1)};
    line->kind = (uint32_t)column_number(row, 2);
    line->guest = keep_span(&into->owned, column_span(db, row, 3));
    line->dialect = keep_span(&into->owned, column_span(db, row, 4));
    line->wall = column_number(row, 5);
    line->of = (uint32_t)column_number(row, 6);
    line->delivered = column_number(row, 7);
    line->text = keep_span(&into->owned, column_span(db, row, 8));
    record->key = line->order.key;
    record->received = line->wall;
    record->live = true;
    record->conversation = conversation;
    record->local = line;
}

size_t locals_read(struct db *db, enum locals_way way, const char *conversation,
                   const struct order *at, size_t count, struct store_answer *into)
{
    const char *sql = way == LOCALS_UP ? up : way == LOCALS_DOWN ? down : exactly;
    uint64_t key = at->key > INT64_MAX ? INT64_MAX : at->key;
    size_t came = 0;
    sqlite3_stmt *row = db_start(db, sql, TEXT(span_text(conversation)), NUMBER(key),
                                 NUMBER(at->seq), NUMBER(count));
    while (db_row(db, row)) {
        local_get(db, row, conversation, into);
        came++;
    }
    return came;
}

/* ---- words ---- */

void owed_store(struct db *db, const struct node_owed *owed)
{
    uint8_t at[ORDER_BYTES];
    order_put(&owed->order, at);
    db_run(db, "INSERT OR REPLACE INTO owed VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", NUMBER(owed->id),
           TEXT(span_text(owed->conversation)), BYTES(at, sizeof at), NUMBER(owed->kind),
           NUMBER(owed->wall), TEXT(span_text(owed->dialect)), OBJECT(owed->address.ip),
           NUMBER(owed->address.port), SPAN(owed->text));
}

void owed_drop(struct db *db, const struct node_owed *owed)
{
    db_run(db, "DELETE FROM owed WHERE id=?", NUMBER(owed->id));
    if (owed->delivered)
        db_run(db, "UPDATE locals SET delivered=1 WHERE conversation=? AND key=? AND seq=?",
               TEXT(span_text(owed->conversation)), NUMBER(owed->order.key),
               NUMBER(owed->order.seq));
}

void owed_load(struct db *db, struct node_saved *saved, void **owned)
{
    struct node_owed *list = NULL;
    sqlite3_stmt *row =
        db_start(db, "SELECT id, conversation, at, kind, wall, dialect, ip, port, text"
                     " FROM owed ORDER BY id");
    while (db_row(db, row)) {
        list = list_next(list, &saved->owed_count, sizeof *list);
        struct node_owed *owed = &list[saved->owed_count - 1];
        owed->id = column_number(row, 0);
        owed->conversation = keep_text(owned, column_span(db, row, 1));
        owed->order = order_get(db, row, 2);
        owed->kind = (uint32_t)column_number(row, 3);
        owed->wall = column_number(row, 4);
        owed->dialect = keep_text(owned, column_span(db, row, 5));
        column_object(db, row, 6, owed->address.ip, sizeof owed->address.ip);
        owed->address.port = (uint16_t)column_number(row, 7);
        owed->text = keep_span(owned, column_span(db, row, 8));
        if (owed->kind > GUEST_TELLS_RING || owed->id == 0 || owed->id > ENTRY_NUMBER_MAX)
            db_note(db, SQLITE_CORRUPT);
    }
    saved->owed = list;
}
