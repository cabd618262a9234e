/* Opening: a file is looked at, made, copied and upgraded, or kept aside; and what a node begins
 * with is read from it. Invariant: where no file stood, one stands whole or none does. */
#include "store/file.h"
#include "store/load.h"
#include "store/schema.h"
#include "store/write.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- one try ---- */

static void writer_set(struct db *db)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=OFF;"
             "PRAGMA wal_autocheckpoint=%d; PRAGMA journal_size_limit=%d; PRAGMA cache_size=-%d",
             STORE_WAL_PAGES, STORE_WAL_BYTES, STORE_CACHE_KIB);
    db_script(db, sql);
    if (db_fine(db) && sqlite3_db_readonly(db->handle, "main") != 0)
        db->fault = STORE_READ_ONLY;
}

/* All of the file, as it is now, into one of its own. */
static void backup(struct db *db, const char *to)
{
    sqlite3 *copy = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    enum store_fault made = file_make(to);
    if (made != STORE_FINE) {
        db->fault = made;
        return;
    }
    int result = sqlite3_open_v2(to, &copy, flags, NULL);
    sqlite3_backup *job =
        result == SQLITE_OK ? sqlite3_backup_init(copy, "main", db->handle, "main") : NULL;
    if (job)
        (void)sqlite3_backup_step(job, -1);
    if (job)
        result = sqlite3_backup_finish(job);
    else if (copy && result == SQLITE_OK)
        result = sqlite3_errcode(copy);
    db_note(db, result);
    sqlite3_close(copy);
}

static void version_fit(struct db *db, const struct store_versions *versions,
                        const struct store_settings *settings, uint64_t wall_ms,
                        struct store_start *start)
{
    size_t version = schema_version(db);
    if (!db_fine(db) || version == versions->count)
        return;
    if (version == 0) { /* ours by its mark, and yet not made by us */
        db->fault = STORE_CORRUPT;
        return;
    }
    if (version > versions->count) {
        db->fault = STORE_NEWER;
        return;
    }
    char why[32];
    snprintf(why, sizeof why, "v%zu", version);
    start->backup = file_free_name(settings->path, why, wall_ms);
    if (!start->backup) {
        db->fault = STORE_FAILED;
        return;
    }
    backup(db, start->backup);
    schema_upgrade(db, versions, version);
}

/* The mesh that the file belongs to; a new one belongs to ours from now on. */
static void mesh_fit(struct db *db)
{
    struct hash net;
    sqlite3_stmt *row = db_start(db, "SELECT net FROM self");
    if (db_row(db, row)) {
        column_object(db, row, 0, &net, sizeof net);
        db_done(row);
        if (db_fine(db) && !hash_equal(&net, &db->net))
            db->fault = STORE_OTHER_MESH;
        return;
    }
    db_run(db, "INSERT INTO self(id, net) VALUES(1, ?)", OBJECT(db->net));
}

/* By what the search finds us until we choose a name. */
static void name_fit(struct db *db, const struct store_settings *settings)
{
    if (settings->name && db_number(db, 1, "SELECT name IS NULL FROM self"))
        self_name_store(db, span_text(settings->name));
}

/* Beside where it will stand, and on the disk once, before it has its name: whatever ends this
 * leaves nothing that is taken for a history. */
static enum store_fault store_make(const struct store_settings *settings,
                                   const struct store_versions *versions)
{
    char path[STORE_NAME_MAX];
    struct store_settings unborn = *settings;
    struct db db;
    unborn.path = path;
    enum store_fault fault = file_unborn(settings->path, path);
    if (fault == STORE_FINE)
        fault = db_open(&db, &unborn, SQLITE_OPEN_READWRITE);
    if (fault != STORE_FINE)
        return fault;
    schema_create(&db, versions);
    mesh_fit(&db);
    name_fit(&db, settings);
    schema_created(&db);
    fault = db_fault_take(&db);
    db_close(&db);
    return fault == STORE_FINE ? file_born(path, settings->path) : fault;
}

static void start_empty(struct store_start *start)
{
    char *aside = start->aside;
    start->aside = NULL;
    store_start_done(start);
    *start = (struct store_start){.aside = aside};
}

static enum store_fault open_once(const struct store_settings *settings,
                                  const struct store_versions *versions, uint64_t wall_ms,
                                  struct store **into, struct store_start *start)
{
    bool fresh;
    enum store_fault fault = file_look(settings->path, &fresh);
    if (fault == STORE_FINE && fresh)
        fault = store_make(settings, versions);
    if (fault != STORE_FINE)
        return fault;
    struct store *store = xcalloc(1, sizeof *store);
    struct db *db = &store->db;
    fault = db_open(db, settings, SQLITE_OPEN_READWRITE);
    if (fault == STORE_FINE) {
        version_fit(db, versions, settings, wall_ms, start);
        writer_set(db);
        mesh_fit(db);
        name_fit(db, settings);
        load(db, wall_ms, start);
        store->indexed = index_end(db);
        uint64_t last = db_number(db, 0, "SELECT max(id) FROM entries");
        store->waiting = last > store->indexed ? (last - store->indexed) * INDEX_ROW : 0;
        store->untried = db_number(db, 0, "SELECT max(id) FROM entries WHERE sealed=1");
        fault = db_fault_take(db);
    }
    store->durable = true;
    *into = store;
    if (fault == STORE_FINE)
        return fault;
    *into = NULL;
    store_close(store);
    start_empty(start);
    return fault;
}

/* ---- in all ---- */

enum store_fault store_open_versions(const struct store_settings *settings,
                                     const struct store_versions *versions, uint64_t wall_ms,
                                     struct store **into, struct store_start *start)
{
    *into = NULL;
    *start = (struct store_start){0};
    enum store_fault fault = open_once(settings, versions, wall_ms, into, start);
    if (fault != STORE_CORRUPT)
        return fault;
    if (store_set_aside(settings->path, wall_ms, &start->aside) != STORE_FINE)
        return STORE_CORRUPT;
    fault = open_once(settings, versions, wall_ms, into, start);
    return fault;
}

enum store_fault store_open(const struct store_settings *settings, uint64_t wall_ms,
                            struct store **into, struct store_start *start)
{
    const struct store_versions versions = {store_migrations, store_migration_count};
    return store_open_versions(settings, &versions, wall_ms, into, start);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    held_free(store->logs);
    db_close(&store->db);
    free(store);
}

uint64_t store_size(const struct store *store)
{
    struct db *db = (struct db *)(uintptr_t)&store->db;
    uint64_t pages = db_number(db, 0, "PRAGMA page_count");
    return pages * db_number(db, 0, "PRAGMA page_size");
}

uint64_t store_untried(const struct store *store)
{
    return store->untried;
}

/* ---- readers ---- */

enum store_fault store_reader_open(const struct store_settings *settings,
                                   struct store_reader **into)
{
    struct store_reader *reader = xcalloc(1, sizeof *reader);
    enum store_fault fault = db_open(&reader->db, settings, SQLITE_OPEN_READWRITE);
    if (fault == STORE_FINE) {
        db_script(&reader->db, "PRAGMA query_only=ON");
        fault = db_fault_take(&reader->db);
    }
    *into = reader;
    if (fault == STORE_FINE)
        return fault;
    store_reader_close(reader);
    *into = NULL;
    return fault;
}

void store_reader_close(struct store_reader *reader)
{
    if (!reader)
        return;
    db_close(&reader->db);
    free(reader);
}

void store_reader_stop(struct store_reader *reader)
{
    __atomic_store_n(&reader->stopped, 1, __ATOMIC_SEQ_CST);
    sqlite3_interrupt(reader->db.handle);
}

enum store_fault store_reader_check(struct store_reader *reader)
{
    struct db *db = &reader->db;
    if (reader_is_stopped(reader))
        return STORE_STOPPED;
    sqlite3_stmt *row = db_start(db, "PRAGMA quick_check(1)");
    bool fine = !db_row(db, row) || span_equal(column_span(db, row, 0), span_text("ok"));
    if (row)
        db_done(row);
    enum store_fault fault = db_fault_take(db);
    return fault == STORE_FINE && !fine ? STORE_CORRUPT : fault;
}
