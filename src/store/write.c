/* store_write: one transaction around whatever the node and the app want kept. */
#include "store/write.h"

#include <stdlib.h>

enum {
    INDEX_CROWD =
        128 * 1024, /* waits for the search: a thousand lines; the next commit takes it in */
    INDEX_MOST = 256 * 1024, /* of one transaction for the search alone: some 30 ms */
};

static bool is_entries(const struct store_write *write)
{
    return write->effect &&
           (write->effect->kind == EFFECT_STORE || write->effect->kind == EFFECT_STORE_FORK);
}

static bool is_trim(const struct store_write *write)
{
    return write->effect && write->effect->kind == EFFECT_TRIM;
}

/* Whether somebody is told, or will remember, that it was kept. What is left may be a few seconds
 * old after a power cut: counts of unread lines, receipts, drafts, and what was dropped. */
static bool must_last(const struct store_write *write)
{
    if (!write->effect)
        return write->keep.kind == STORE_SETTING || write->keep.kind == STORE_GUESTS;
    return is_entries(write) || write->effect->kind == EFFECT_STORE_PERSON ||
           write->effect->kind == EFFECT_STORE_LOCAL || write->effect->kind == EFFECT_STORE_OWED ||
           write->effect->kind == EFFECT_STORE_SELF;
}

/* A commit that must last waits for the disk; one that need not goes with the next that must. */
static void durable_set(struct store *store, const struct store_write *writes, size_t count)
{
    bool durable = false;
    for (size_t i = 0; i < count; i++)
        durable = durable || must_last(&writes[i]);
    if (durable == store->durable)
        return;
    db_script(&store->db, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    store->durable = durable;
}

static void write_begin(struct store_write *write)
{
    write->done = false;
    write->has_answer = is_entries(write) || is_trim(write);
    write->answer = (struct node_event){.kind = EVENT_TRIMMED};
    write->held = NULL;
    if (write->has_answer)
        write->answer.ticket = write->effect->ticket;
}

static void write_do(struct batch *batch, struct store_write *write)
{
    if (!write->effect)
        keep_store(batch, &write->keep);
    else if (is_trim(write))
        trim_store(batch, &write->effect->sync->trim, &write->answer);
    else if (write->effect->kind == EFFECT_STORE)
        entries_store(batch, write->effect, &write->held);
    else if (write->effect->kind == EFFECT_STORE_FORK)
        fork_store(batch, write->effect->sync);
    else
        note_store(batch, write->effect);
}

/* A trim that failed is answered too: it says of nobody that nothing was dropped. */
static void write_end(struct store_write *write, bool done)
{
    write->done = done;
    if (is_entries(write)) {
        write->answer.kind = done ? EVENT_STORED : EVENT_STORE_FAILED;
        write->answer.held = write->held;
    } else if (!done)
        write->answer.trimmed = (struct node_event){0}.trimmed;
}

static enum store_fault transaction_end(struct db *db)
{
    db_run(db, "COMMIT");
    enum store_fault fault = db_fault_take(db);
    if (!sqlite3_get_autocommit(db->handle))
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    /* FTS5 takes too little memory for a damaged index: a good file would be put aside for it. */
    if (fault == STORE_CORRUPT && db->by_index && !words_are_damaged(db))
        fault = STORE_FAILED;
    return fault;
}

static void held_forget(struct store *store)
{
    held_free(store->logs);
    store->logs = NULL;
}

static struct batch batch_begin(struct store *store, uint64_t wall_ms)
{
    db_run(&store->db, "BEGIN IMMEDIATE");
    return (struct batch){.db = &store->db,
                          .wall_ms = wall_ms,
                          .logs = store->logs,
                          .indexed = store->indexed,
                          .waiting = store->waiting};
}

static enum store_fault batch_end(struct store *store, struct batch *batch)
{
    batch_flush(batch);
    enum store_fault fault = transaction_end(&store->db);
    store->logs = batch->logs;
    if (fault != STORE_FINE || HASH_COUNT(batch->logs) > HELD_MOST)
        held_forget(store);
    if (fault == STORE_FINE) {
        store->indexed = batch->indexed;
        store->waiting = batch->waiting;
    }
    return fault;
}

enum store_fault store_write(struct store *store, uint64_t wall_ms, struct store_write *writes,
                             size_t count)
{
    struct db *db = &store->db;
    bool entries = false;
    durable_set(store, writes, count);
    struct batch batch = batch_begin(store, wall_ms);
    for (size_t i = 0; i < count; i++) {
        write_begin(&writes[i]);
        if (store->halted && is_entries(&writes[i]))
            continue;
        entries = entries || is_entries(&writes[i]);
        if (db_fine(db))
            write_do(&batch, &writes[i]);
    }
    bool crowd = batch.waiting >= INDEX_CROWD && !store->crowded_out;
    if (crowd) /* as much as came with this commit at least, so that ever more cannot wait */
        batch_index(&batch, batch.waiting - store->waiting + INDEX_CROWD);
    enum store_fault fault = batch_end(store, &batch);
    store->crowded_out = store->crowded_out || (crowd && fault != STORE_FINE);
    for (size_t i = 0; i < count; i++)
        write_end(&writes[i], fault == STORE_FINE && !(store->halted && is_entries(&writes[i])));
    store->halted = store->halted || (entries && fault != STORE_FINE);
    return fault;
}

enum store_fault store_index(struct store *store, uint64_t wall_ms)
{
    durable_set(store, NULL, 0);
    struct batch batch = batch_begin(store, wall_ms);
    batch_index(&batch, INDEX_MOST);
    enum store_fault fault = batch_end(store, &batch);
    store->crowded_out = store->crowded_out && fault != STORE_FINE;
    return fault;
}

bool store_is_halted(const struct store *store)
{
    return store->halted;
}

/* As a write goes, to the disk and with all that SQLite needs for it. */
bool store_has_room(struct store *store)
{
    struct db *db = &store->db;
    enum { PROBE = -1 };
    durable_set(store, NULL, 0);
    db_run(db, "INSERT OR REPLACE INTO kept VALUES(?, '', zeroblob(?))", NUMBER(PROBE),
           NUMBER(STORE_ROOM_BYTES));
    enum store_fault fault = db_fault_take(db);
    db_run(db, "DELETE FROM kept WHERE kind=?", NUMBER(PROBE));
    enum store_fault again = db_fault_take(db);
    return fault == STORE_FINE && again == STORE_FINE;
}

void store_resume(struct store *store)
{
    store->halted = false;
}
