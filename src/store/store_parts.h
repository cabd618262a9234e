#pragma once
/* What the files of this layer share: a connection, its statements, and the first thing that went
 * wrong on it.
 *
 * The fault is sticky: after one, statements do nothing and rows do not come, until db_fault_take;
 * so code runs straight through, and asks once at the end whether all of it was done. */
#include "store/store.h"

#include <sqlite3.h>

enum {
    STORE_APPLICATION = 0x74657274,     /* "tert": marks the file as ours */
    STORE_BUSY_MS = 3000,               /* until who holds the file beside us is too slow */
    STORE_WAL_PAGES = 1000,             /* after so many the log goes into the file: 4 MB */
    STORE_WAL_BYTES = 16 * 1024 * 1024, /* more of the log's file is given back then */
    STORE_CACHE_KIB = 2048,             /* of the writer; a reader has half */
    STORE_NAME_MAX = 4096,              /* of a path */
};

struct prepared {
    const char *sql;
    sqlite3_stmt *statement;
};

/* One connection. */
struct db {
    sqlite3 *handle;
    enum store_fault fault;
    bool by_index; /* it is FTS5 that says STORE_CORRUPT */
    size_t count;
    struct prepared *prepared; /* in order of first use */
    struct hash net;
    struct id self;
    const struct codec *codec;
};

struct store {
    uint64_t untried; /* store_untried */
    struct db db;
    struct held_log *logs; /* write.h */
    uint64_t indexed;      /* the row up to which `texts` has the words of `entries` */
    uint64_t waiting;      /* what the rows above it weigh (write.h), at most */
    bool crowded_out;      /* a commit failed that was to bring it in as well */
    bool halted;
    bool durable; /* what `synchronous` says now */
};

struct store_reader {
    struct db db;
    bool sized;  /* its cache */
    int stopped; /* by __atomic: the one thing that another thread may write */
};

static inline bool reader_is_stopped(struct store_reader *reader)
{
    return __atomic_load_n(&reader->stopped, __ATOMIC_SEQ_CST) != 0;
}

/* What makes a file of version N out of one of version N - 1, for each N from 1 on. */
struct store_versions {
    const char *const *migrations;
    size_t count;
};

/* store_open by another list, as a later version will have it. */
enum store_fault store_open_versions(const struct store_settings *settings,
                                     const struct store_versions *versions, uint64_t wall_ms,
                                     struct store **into, struct store_start *start)
    __attribute__((warn_unused_result));

/* ---- lines (sql.c) ---- */

/* Where a line stands, as `lines` has it: of author and epoch the first 8 bytes, as numbers that
 * compare like them. Who finds two ids that begin alike gains nothing: of their lines of one key
 * the wrong one may stand first. */
struct line_at {
    uint64_t key, author, start, epoch, seq;
};
struct line_at line_at(const struct order *order);
struct order order_of(const struct entry_fields *fields, uint64_t key, uint64_t start);

/* ---- connections (sql.c) ---- */

/* `flags` are SQLite's. On a fault nothing is open. */
enum store_fault db_open(struct db *db, const struct store_settings *settings, int flags)
    __attribute__((warn_unused_result));
void db_close(struct db *db);
/* The fault so far, and a fresh start. */
enum store_fault db_fault_take(struct db *db);
/* Takes note of a result of SQLite's, unless something went wrong before. */
void db_note(struct db *db, int result);
static inline bool db_fine(const struct db *db)
{
    return db->fault == STORE_FINE;
}
/* Statements without parameters or rows, one after the other. */
void db_script(struct db *db, const char *sql);

/* ---- statements ---- */

/* What is bound to a `?`. */
struct value {
    enum { VALUE_NONE, VALUE_NUMBER, VALUE_BYTES, VALUE_TEXT } kind;
    uint64_t number;
    struct span span;
};
#define NONE ((struct value){.kind = VALUE_NONE})
#define NUMBER(n) ((struct value){.kind = VALUE_NUMBER, .number = (uint64_t)(n)})
#define BYTES(bytes, size) ((struct value){.kind = VALUE_BYTES, .span = span_of(bytes, size)})
#define SPAN(s) ((struct value){.kind = VALUE_BYTES, .span = (s)})
#define TEXT(s) ((struct value){.kind = VALUE_TEXT, .span = (s)})
#define OBJECT(o) BYTES(&(o), sizeof(o))

/* The statement with its values, at its start; NULL after a fault. `sql` is a constant: it is
 * prepared once, and found again by its address. What values lead to must stay until its last row
 * was seen. */
sqlite3_stmt *db_bind(struct db *db, const char *sql, const struct value *values, size_t count);
#define db_start(db, sql, ...)                            \
    db_bind(db, sql, (const struct value[]){__VA_ARGS__}, \
            sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value))
/* The next row. After the last one, or a fault, false, and the statement is done. */
bool db_row(struct db *db, sqlite3_stmt *statement);
/* No further row is wanted. */
void db_done(sqlite3_stmt *statement);
/* To its end. */
#define db_run(db, ...) db_finish(db, db_start(db, __VA_ARGS__))
void db_finish(struct db *db, sqlite3_stmt *statement);
/* The one number of its one row, or `otherwise`. */
#define db_number(db, otherwise, ...) db_first(db, db_start(db, __VA_ARGS__), otherwise)
uint64_t db_first(struct db *db, sqlite3_stmt *statement, uint64_t otherwise);

uint64_t column_number(sqlite3_stmt *statement, int column);
/* Until the next row. */
struct span column_span(struct db *db, sqlite3_stmt *statement, int column);
/* Exactly `size` bytes, and no text, which SQLite takes for another value than the same bytes: what
 * is there once could be there twice. Else the file is corrupt. */
void column_object(struct db *db, sqlite3_stmt *statement, int column, void *into, size_t size);
