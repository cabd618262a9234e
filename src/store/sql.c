/* Connections and statements: SQLite behind a few words. Invariant: whatever SQLite answers is
 * looked at, and the first thing that goes wrong stays until somebody took it. */
#include "store/store_parts.h"

#include <errno.h>
#include <stdlib.h>

/* ---- faults ---- */

/* SQLite has one code for many ends of a write; the system's says which. */
static enum store_fault fault_of_system(int error, enum store_fault otherwise)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return STORE_FULL;
    case EROFS:
        return STORE_READ_ONLY;
    default: /* of some hundred */
        return otherwise;
    }
}

static enum store_fault fault_of(sqlite3 *handle, int result)
{
    int error = handle ? sqlite3_system_errno(handle) : 0;
    if (result == SQLITE_IOERR_NOMEM)
        return STORE_MEMORY;
    if (result == SQLITE_IOERR_CORRUPTFS)
        return STORE_CORRUPT;
    switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return STORE_FINE;
    case SQLITE_FULL:
        return STORE_FULL;
    case SQLITE_NOMEM:
        return STORE_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STORE_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
        return STORE_CORRUPT;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return STORE_READ_ONLY;
    case SQLITE_INTERRUPT:
        return STORE_STOPPED;
    case SQLITE_CANTOPEN:
        return fault_of_system(error, STORE_NO_FOLDER);
    default: /* SQLITE_IOERR, and what only a mistake of ours could bring */
        return fault_of_system(error, STORE_FAILED);
    }
}

void db_note(struct db *db, int result)
{
    if (!db_fine(db))
        return;
    db->fault = fault_of(db->handle, result);
    db->by_index = result == SQLITE_CORRUPT_VTAB;
}

enum store_fault db_fault_take(struct db *db)
{
    enum store_fault fault = db->fault;
    db->fault = STORE_FINE;
    return fault;
}

/* ---- connections ---- */

/* What nobody here ever does is not possible either: the file may have been made by an enemy. */
static void limits_set(sqlite3 *handle)
{
    static const struct {
        int what;
        int most;
    } limits[] = {
        {SQLITE_LIMIT_LENGTH, 4 * STORE_ROOM_BYTES},
        {SQLITE_LIMIT_SQL_LENGTH, 16384},
        {SQLITE_LIMIT_COLUMN, 64},
        {SQLITE_LIMIT_EXPR_DEPTH, 64},
        {SQLITE_LIMIT_COMPOUND_SELECT, 4},
        {SQLITE_LIMIT_FUNCTION_ARG, 8},
        {SQLITE_LIMIT_ATTACHED, 0},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 64},
        {SQLITE_LIMIT_VARIABLE_NUMBER, 64},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
        {SQLITE_LIMIT_WORKER_THREADS, 0},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        sqlite3_limit(handle, limits[i].what, limits[i].most);
}

static void options_set(struct db *db)
{
    static const int options[][2] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}, {SQLITE_DBCONFIG_ENABLE_VIEW, 0}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        db_note(db, sqlite3_db_config(db->handle, options[i][0], options[i][1], (int *)NULL));
    sqlite3_extended_result_codes(db->handle, 1);
    db_note(db, sqlite3_busy_timeout(db->handle, STORE_BUSY_MS));
    /* Memory that is mapped counts as ours, and reading it can end in a signal. */
    db_script(db, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY");
}

enum store_fault db_open(struct db *db, const struct store_settings *settings, int flags)
{
    *db = (struct db){.net = settings->net, .self = settings->self, .codec = settings->codec};
    int result = sqlite3_open_v2(settings->path, &db->handle,
                                 flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    db_note(db, result);
    if (db_fine(db)) {
        limits_set(db->handle);
        options_set(db);
    }
    enum store_fault fault = db_fault_take(db);
    if (fault != STORE_FINE)
        db_close(db);
    return fault;
}

void db_close(struct db *db)
{
    for (size_t i = 0; i < db->count; i++)
        sqlite3_finalize(db->prepared[i].statement);
    free(db->prepared);
    if (sqlite3_close(db->handle) != SQLITE_OK)
        die("a statement outlived its connection");
    *db = (struct db){0};
}

void db_script(struct db *db, const char *sql)
{
    if (db_fine(db))
        db_note(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

/* ---- statements ---- */

static sqlite3_stmt *prepare(struct db *db, const char *sql)
{
    for (size_t i = 0; i < db->count; i++)
        if (db->prepared[i].sql == sql)
            return db->prepared[i].statement;
    sqlite3_stmt *statement = NULL;
    db_note(db,
            sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
    if (!db_fine(db))
        return NULL;
    db->prepared = xrealloc(db->prepared, db->count + 1, sizeof *db->prepared);
    db->prepared[db->count++] = (struct prepared){sql, statement};
    return statement;
}

static int bind(sqlite3_stmt *statement, int at, const struct value *value)
{
    const void *bytes = value->span.size ? value->span.bytes : (const uint8_t *)"";
    switch (value->kind) {
    case VALUE_NONE:
        return sqlite3_bind_null(statement, at);
    case VALUE_NUMBER:
        return sqlite3_bind_int64(statement, at, (sqlite3_int64)value->number);
    case VALUE_BYTES:
        return sqlite3_bind_blob64(statement, at, bytes, value->span.size, SQLITE_STATIC);
    case VALUE_TEXT:
        return sqlite3_bind_text64(statement, at, bytes, value->span.size, SQLITE_STATIC,
                                   SQLITE_UTF8);
    }
    die("no such kind of a value: %d", (int)value->kind);
}

sqlite3_stmt *db_bind(struct db *db, const char *sql, const struct value *values, size_t count)
{
    sqlite3_stmt *statement = db_fine(db) ? prepare(db, sql) : NULL;
    if (!statement)
        return NULL;
    if (sqlite3_bind_parameter_count(statement) != (int)count)
        die("%zu values for: %s", count, sql);
    for (size_t i = 0; i < count; i++)
        db_note(db, bind(statement, (int)i + 1, &values[i]));
    return db_fine(db) ? statement : NULL;
}

bool db_row(struct db *db, sqlite3_stmt *statement)
{
    if (!statement)
        return false;
    int result = db_fine(db) ? sqlite3_step(statement) : SQLITE_DONE;
    if (result == SQLITE_ROW)
        return true;
    db_note(db, result);
    sqlite3_reset(statement); /* says once more what the step said */
    return false;
}

void db_done(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
}

void db_finish(struct db *db, sqlite3_stmt *statement)
{
    while (db_row(db, statement))
        ;
}

uint64_t db_first(struct db *db, sqlite3_stmt *statement, uint64_t otherwise)
{
    if (!db_row(db, statement))
        return otherwise;
    uint64_t number = column_number(statement, 0);
    db_done(statement);
    return number;
}

uint64_t column_number(sqlite3_stmt *statement, int column)
{
    return (uint64_t)sqlite3_column_int64(statement, column);
}

struct span column_span(struct db *db, sqlite3_stmt *statement, int column)
{
    const void *bytes = sqlite3_column_blob(statement, column);
    int size = sqlite3_column_bytes(statement, column);
    if (bytes && size > 0)
        return span_of(bytes, (size_t)size);
    if (sqlite3_errcode(db->handle) == SQLITE_NOMEM)
        db_note(db, SQLITE_NOMEM);
    return span_of("", 0);
}

void column_object(struct db *db, sqlite3_stmt *statement, int column, void *into, size_t size)
{
    bool kept = sqlite3_column_type(statement, column) == SQLITE_BLOB;
    struct span bytes = column_span(db, statement, column);
    if (kept && bytes.size == size)
        memcpy(into, bytes.bytes, size);
    else
        db_note(db, SQLITE_CORRUPT);
}

/* ---- lines ---- */

static uint64_t first_bytes(const uint8_t *bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number ^ (UINT64_C(1) << 63); /* SQLite's numbers have a sign */
}

struct line_at line_at(const struct order *order)
{
    return (struct line_at){order->key, first_bytes(order->author.bytes), order->start,
                            first_bytes(order->epoch.bytes), order->seq};
}

struct order order_of(const struct entry_fields *fields, uint64_t key, uint64_t start)
{
    return (struct order){key, fields->author, start, fields->epoch, fields->seq};
}
