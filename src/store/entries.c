/* Entries into their logs. Invariant: the frontier of a log moves here exactly as core/log moves it
 * when it hears that this was stored; where that would leave a gap, nothing is stored at all. */
#include "store/write.h"

#include <stdlib.h>

/* Where the frontier is after an entry came to that place. */
static void frontier_move(struct batch *batch, struct held_log *log, const struct entry *entry,
                          enum sync_place place)
{
    uint64_t seq = entry->fields.seq;
    if (log->fork && seq >= log->fork)
        return; /* it was under way when the proof came: it stays local */
    bool fits = true;
    switch (place) {
    case SYNC_PLACE_ABOVE:
        fits = log->high == 0 || seq == log->high + 1;
        log->low = log->high ? log->low : seq;
        break;
    case SYNC_PLACE_RESTART:
        fits = seq > log->high;
        log->low = seq;
        break;
    case SYNC_PLACE_BELOW:
        fits = log->high != 0 && seq + 1 == log->low;
        log->low = seq;
        break;
    }
    if (log->floor > log->low)
        log->floor = log->low;
    if (!fits && db_fine(batch->db))
        batch->db->fault = STORE_GAP;
    if (place == SYNC_PLACE_BELOW)
        return;
    log->high = seq;
    log->head = entry->hash;
    log->head_hlc = entry->fields.hlc;
}

static void ends_move(struct held_log *log, const struct entry_fields *fields)
{
    if (log->entries == 0 || fields->seq < log->lowest) {
        log->lowest = fields->seq;
        log->oldest_hlc = fields->hlc;
    }
    if (fields->seq > log->top)
        log->top = fields->seq;
}

/* What was packed is read again by the same codec; 0 for none. */
static size_t opened_pack(const struct db *db, const struct whisper *whisper,
                          uint8_t into[WHISPER_MAX])
{
    return whisper ? db->codec->whisper_pack(whisper, into, WHISPER_MAX) : 0;
}

static struct value number_or_none(uint64_t number)
{
    return number ? NUMBER(number) : NONE;
}

static void record_insert(struct batch *batch, struct held_log *log,
                          const struct node_record *record)
{
    struct db *db = batch->db;
    const struct entry *entry = record->entry;
    const struct entry_fields *fields = &entry->fields;
    uint8_t opened[WHISPER_MAX];
    size_t opened_size = opened_pack(db, record->whisper, opened);
    struct store_line line = {.order = order_of(fields, record->key, record->start),
                              .guest = words_guest(fields)};
    void *owned = NULL;
    if (record->conversation && record->conversation[0]) {
        line.conversation = batch_conversation(batch, record->conversation);
        line.text = words_text(db, fields, record->whisper, &owned);
        line.place = line.text.size ? batch_place(batch, record->key, &entry->hash) : 0;
    }
    db_run(db, "INSERT INTO entries VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
           NUMBER(log->row), NUMBER(fields->seq), NUMBER(record->key), NUMBER(record->start),
           NUMBER(record->received), NUMBER(record->live), NUMBER(record->sealed),
           number_or_none(line.conversation), number_or_none(line.place),
           BYTES(entry->bytes, entry_weight(entry)),
           opened_size ? BYTES(opened, opened_size) : NONE);
    line.id = (uint64_t)sqlite3_last_insert_rowid(db->handle);
    if (line.id > batch->indexed)
        batch->waiting += INDEX_ROW;
    if (line.conversation)
        line_add(batch, log, &line);
    free(owned);
    ends_move(log, fields);
    log->entries++;
    log->bytes += entry_weight(entry);
}

/* What lay apart is taken into the log as it is; what a fork or a gap made stale gives way. */
static bool is_held(struct batch *batch, struct held_log *log, const struct entry *entry)
{
    struct stored old;
    if (log->entries == 0 || entry->fields.seq < log->lowest || entry->fields.seq > log->top)
        return false;
    stored_get(batch, log, entry->fields.seq, false, &old);
    bool same = old.id && span_equal(old.bytes, span_of(entry->bytes, entry_weight(entry)));
    if (old.id && !same)
        stored_drop(batch, log, &old);
    stored_done(&old);
    return same;
}

/* Under an older gap, where the node does not know what stands around it. */
static uint64_t key_between(struct db *db, const struct held_log *log, uint64_t seq, uint64_t key)
{
    uint64_t below =
        db_number(db, 0, "SELECT key FROM entries WHERE log=? AND seq<? ORDER BY seq DESC LIMIT 1",
                  NUMBER(log->row), NUMBER(seq));
    uint64_t above =
        db_number(db, key, "SELECT key FROM entries WHERE log=? AND seq>? ORDER BY seq LIMIT 1",
                  NUMBER(log->row), NUMBER(seq));
    key = key < below ? below : key;
    return key > above ? above : key;
}

static void record_store(struct batch *batch, const struct node_effect *effect, size_t i,
                         bool **held)
{
    const struct node_record *record = &effect->store.records[i];
    const struct entry_fields *fields = &record->entry->fields;
    struct held_log *log = batch_log_make(batch, &fields->author, &fields->epoch);
    if (!log)
        return;
    frontier_move(batch, log, record->entry, (enum sync_place)effect->store.places[i]);
    if (!db_fine(batch->db))
        return;
    log->trail = effect->store.trails[i];
    log->changed = true;
    if (!is_held(batch, log, record->entry)) {
        struct node_record placed = *record;
        if (effect->store.places[i] == SYNC_PLACE_BELOW && fields->seq <= log->trail.gap)
            placed.key = key_between(batch->db, log, fields->seq, record->key);
        record_insert(batch, log, &placed);
        return;
    }
    if (!*held)
        *held = xcalloc(effect->store.count, sizeof **held);
    (*held)[i] = true;
}

/* What is below comes from above, as it was proved. */
void entries_store(struct batch *batch, const struct node_effect *effect, bool **held)
{
    const uint8_t *places = effect->store.places;
    size_t count = effect->store.count;
    for (size_t i = 0; i < count && db_fine(batch->db); i++)
        if (places[i] != SYNC_PLACE_BELOW)
            record_store(batch, effect, i, held);
    for (size_t i = count; i-- > 0 && db_fine(batch->db);)
        if (places[i] == SYNC_PLACE_BELOW)
            record_store(batch, effect, i, held);
}

/* ---- forks ---- */

/* As log_freeze does it. */
static void log_freeze_at(struct held_log *log, uint64_t seq, const struct hash *prefix)
{
    log->fork = seq;
    log->changed = true;
    if (log->high < seq)
        return;
    bool held = log->low < seq;
    log->high = held ? seq - 1 : 0;
    log->low = held ? log->low : 1;
    log->floor = held ? log->floor : 1;
    log->head = *prefix;
}

void fork_store(struct batch *batch, const struct sync_effect *effect)
{
    const struct entry *one = effect->entries[0], *other = effect->entries[1];
    const struct entry_fields *fields = &one->fields;
    bool turn = hash_compare(&one->hash, &other->hash) > 0;
    uint64_t hlc = fields->hlc < other->fields.hlc ? fields->hlc : other->fields.hlc;
    struct held_log *log = batch_log_make(batch, &fields->author, &fields->epoch);
    if (!log)
        return;
    db_run(batch->db, "INSERT OR REPLACE INTO forks VALUES(?, ?, ?, ?, ?, ?, ?)", NUMBER(log->row),
           NUMBER(fields->seq), NUMBER(hlc), BYTES((turn ? other : one)->hash.bytes, HASH_BYTES),
           BYTES((turn ? one : other)->hash.bytes, HASH_BYTES),
           BYTES(one->bytes, entry_weight(one)), BYTES(other->bytes, entry_weight(other)));
    log_freeze_at(log, fields->seq, &fields->prev);
}

/* ---- whispers ---- */

void opened_store(struct batch *batch, const struct node_effect *effect)
{
    struct db *db = batch->db;
    const struct entry_ref *ref = &effect->opened.ref;
    struct held_log *log = batch_log(batch, &ref->author, &ref->epoch);
    struct stored old;
    if (!log)
        return; /* retention was faster */
    stored_get(batch, log, ref->seq, false, &old);
    if (old.id && db_fine(db)) {
        const struct whisper *whisper = effect->opened.whisper;
        const char *name = effect->opened.conversation ? effect->opened.conversation : "";
        uint8_t opened[WHISPER_MAX];
        size_t size = opened_pack(db, whisper, opened);
        struct hash hash = hash_of(old.bytes);
        struct store_line line = {.id = old.id,
                                  .conversation = name[0] ? batch_conversation(batch, name) : 0,
                                  .order = order_of(&old.fields, old.key, old.start)};
        stored_hide(batch, log, &old);
        line.text = whisper && line.conversation ? whisper->text : span_of("", 0);
        line.place = line.text.size ? batch_place(batch, old.key, &hash) : 0;
        db_run(db, "UPDATE entries SET sealed=?, conversation=?, place=?, opened=? WHERE id=?",
               NUMBER(effect->opened.sealed), number_or_none(line.conversation),
               number_or_none(line.place), size ? BYTES(opened, size) : NONE, NUMBER(old.id));
        if (line.conversation)
            line_add(batch, log, &line);
    }
    stored_done(&old);
}
