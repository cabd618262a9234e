/* What was stored comes into the search many lines at a time: FTS5 writes each time it is given
 * something, and the fewer times, the less is merged. Invariant: of the entries that have a place,
 * `texts` has those up to the row that `indexed` names, and none above. */
#include "store/write.h"

#include <stdlib.h>

uint64_t index_end(struct db *db)
{
    uint64_t none = UINT64_MAX;
    uint64_t end = db_number(db, none, "SELECT entry FROM indexed");
    if (end == none)
        db_note(db, SQLITE_CORRUPT); /* all would come into it once more */
    return end;
}

/* What it weighs. */
static uint64_t waiting_read(struct batch *batch, sqlite3_stmt *row)
{
    const struct db *db = batch->db;
    struct span bytes = column_span(batch->db, row, 4), opened = column_span(batch->db, row, 5);
    struct entry_fields fields;
    bool fits =
        bytes.size > SIGNATURE_BYTES &&
        db->codec->entry_unpack(span_of(bytes.bytes, bytes.size - SIGNATURE_BYTES), &fields);
    if (!fits) {
        db_note(batch->db, SQLITE_CORRUPT);
        return 0;
    }
    void *owned;
    struct whisper *whisper = opened.size ? db->codec->whisper_unpack(opened) : NULL;
    struct line_words words = {.place = column_number(row, 1),
                               .author = column_number(row, 2),
                               .conversation = column_number(row, 3),
                               .text = words_text(db, &fields, whisper, &owned),
                               .guest = words_guest(&fields)};
    words_change(&batch->words, &words, false);
    uint64_t weight = words.text.size;
    free(owned);
    free(whisper);
    return weight;
}

void batch_index(struct batch *batch, uint64_t most)
{
    struct db *db = batch->db;
    uint64_t weight = 0;
    sqlite3_stmt *row =
        db_start(db,
                 "SELECT e.id, e.place, l.author, e.conversation, e.bytes, e.opened"
                 " FROM entries e CROSS JOIN logs l ON l.id=e.log WHERE e.id>? ORDER BY e.id",
                 NUMBER(batch->indexed));
    bool more;
    while ((more = db_row(db, row)) && weight < most) {
        batch->indexed = column_number(row, 0);
        weight += INDEX_ROW + (column_number(row, 1) ? waiting_read(batch, row) : 0);
    }
    if (more)
        db_done(row);
    batch->waiting = !more ? 0 : batch->waiting > weight ? batch->waiting - weight : 1;
    if (weight)
        db_run(db, "UPDATE indexed SET entry=?", NUMBER(batch->indexed));
}

bool store_is_searchable(const struct store *store)
{
    return store->waiting == 0;
}
