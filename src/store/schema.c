/* The tables, and how a file of an earlier version comes to have them.
 *
 * Version N is what migrations 1 to N make of an empty file, so a new file and an old one end
 * alike. A migration that was released is never changed again: another one follows it. */
#include "store/schema.h"

#include <stdio.h>

/* An entry is kept once, as it was signed, its signature behind it. All else is found by small
 * tables:
 * - `lines`: what a screen shows, in its order; of author and epoch their first 8 bytes.
 * - `texts`: the words. Its rowid is the entry's `place`, which rises with the key, so that the
 *   newest hits are the last ones and come first; what it finds is not kept a second time.
 * - `logs`: a row for each, kept as core/log keeps them, so a start reads no entries. `lowest` and
 *   `top` are the ends of all that is stored, what lies apart or stays local included. */
static const char first_version[] =
    "CREATE TABLE self(id INTEGER PRIMARY KEY CHECK(id=1), net BLOB NOT NULL, name TEXT,"
    "  away INTEGER NOT NULL DEFAULT 0, why TEXT);"
    "CREATE TABLE authors(id INTEGER PRIMARY KEY, author BLOB NOT NULL UNIQUE);"
    "CREATE TABLE logs(id INTEGER PRIMARY KEY, author INTEGER NOT NULL, epoch BLOB NOT NULL,"
    "  low INTEGER NOT NULL, high INTEGER NOT NULL, floor INTEGER NOT NULL, head BLOB NOT NULL,"
    "  head_hlc INTEGER NOT NULL, lowest INTEGER NOT NULL, oldest_hlc INTEGER NOT NULL,"
    "  top INTEGER NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    "  start INTEGER NOT NULL, below INTEGER NOT NULL, first INTEGER NOT NULL,"
    "  last INTEGER NOT NULL, named BLOB NOT NULL, named_seq INTEGER NOT NULL,"
    "  UNIQUE(author, epoch));"
    "CREATE TABLE forks(log INTEGER PRIMARY KEY, seq INTEGER NOT NULL, hlc INTEGER NOT NULL,"
    "  smaller BLOB NOT NULL, larger BLOB NOT NULL, one BLOB NOT NULL, other BLOB NOT NULL);"
    "CREATE TABLE conversations(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE entries(id INTEGER PRIMARY KEY, log INTEGER NOT NULL, seq INTEGER NOT NULL,"
    "  key INTEGER NOT NULL, start INTEGER NOT NULL, received INTEGER NOT NULL,"
    "  live INTEGER NOT NULL, sealed INTEGER NOT NULL, conversation INTEGER, place INTEGER,"
    "  bytes BLOB NOT NULL, opened BLOB, UNIQUE(log, seq));"
    "CREATE UNIQUE INDEX places ON entries(place) WHERE place IS NOT NULL;"
    "CREATE INDEX untried ON entries(id) WHERE sealed=1;"
    "CREATE TABLE lines(conversation INTEGER NOT NULL, key INTEGER NOT NULL,"
    "  author INTEGER NOT NULL, start INTEGER NOT NULL, epoch INTEGER NOT NULL,"
    "  seq INTEGER NOT NULL, entry INTEGER NOT NULL,"
    "  PRIMARY KEY(conversation, key, author, start, epoch, seq)) WITHOUT ROWID;"
    "CREATE VIRTUAL TABLE texts USING fts5(text, tags, guest, content='', columnsize=0,"
    "  tokenize='unicode61 remove_diacritics 2');"
    "CREATE TABLE people(id INTEGER PRIMARY KEY, who BLOB NOT NULL UNIQUE, name BLOB NOT NULL,"
    "  alias BLOB NOT NULL, why BLOB NOT NULL, seen INTEGER NOT NULL, warned INTEGER NOT NULL,"
    "  first_day INTEGER NOT NULL, verified INTEGER NOT NULL, blocked INTEGER NOT NULL,"
    "  ignored INTEGER NOT NULL, whispered INTEGER NOT NULL, two_days INTEGER NOT NULL,"
    "  away INTEGER NOT NULL, profile INTEGER NOT NULL, addresses BLOB NOT NULL);"
    "CREATE VIRTUAL TABLE names USING fts5(name, alias, detail=full,"
    "  tokenize='unicode61 remove_diacritics 2');"
    "CREATE TABLE rooms(conversation TEXT PRIMARY KEY, joined INTEGER NOT NULL,"
    "  spoken INTEGER NOT NULL, unread INTEGER NOT NULL, mentions INTEGER NOT NULL,"
    "  marked INTEGER NOT NULL, mark BLOB NOT NULL, topic TEXT NOT NULL, topic_at BLOB NOT NULL,"
    "  active INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE members(room TEXT NOT NULL, who BLOB NOT NULL, inside INTEGER NOT NULL,"
    "  at BLOB NOT NULL, seen INTEGER NOT NULL, PRIMARY KEY(room, who)) WITHOUT ROWID;"
    "CREATE TABLE acks(acker BLOB NOT NULL, author BLOB NOT NULL, epoch BLOB NOT NULL,"
    "  low INTEGER NOT NULL, high INTEGER NOT NULL, head BLOB NOT NULL, signature BLOB NOT NULL,"
    "  at INTEGER NOT NULL, PRIMARY KEY(acker, author, epoch)) WITHOUT ROWID;"
    "CREATE TABLE kept(kind INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,"
    "  PRIMARY KEY(kind, key)) WITHOUT ROWID;"
    "CREATE TABLE typed(id INTEGER PRIMARY KEY, line BLOB NOT NULL);";

/* How well each address of somebody did, in the order of the addresses. */
static const char tries_version[] =
    "ALTER TABLE people ADD COLUMN tries BLOB NOT NULL DEFAULT x'';";

/* What was said to one guest alone, and what a guest that answers each word was not told yet. */
static const char guests_version[] =
    "CREATE TABLE locals(id INTEGER PRIMARY KEY, conversation TEXT NOT NULL, key INTEGER NOT NULL,"
    "  seq INTEGER NOT NULL, kind INTEGER NOT NULL, guest BLOB NOT NULL, dialect BLOB NOT NULL,"
    "  wall INTEGER NOT NULL, of INTEGER NOT NULL, delivered INTEGER NOT NULL, text BLOB NOT NULL,"
    "  UNIQUE(conversation, key, seq));"
    "CREATE INDEX locals_by_key ON locals(key);"
    "CREATE TABLE owed(id INTEGER PRIMARY KEY, conversation TEXT NOT NULL, at BLOB NOT NULL,"
    "  kind INTEGER NOT NULL, wall INTEGER NOT NULL, dialect TEXT NOT NULL, ip BLOB NOT NULL,"
    "  port INTEGER NOT NULL, text BLOB NOT NULL);";

/* The last row of `entries` whose words `texts` has: those above follow later, many at a time. And
 * what is there is merged half as often: searches have time to spare. */
static const char indexed_version[] =
    "CREATE TABLE indexed(id INTEGER PRIMARY KEY CHECK(id=1), entry INTEGER NOT NULL);"
    "INSERT INTO indexed SELECT 1, ifnull(max(id), 0) FROM entries;"
    "INSERT INTO texts(texts, rank) VALUES('automerge', 8);";

const char *const store_migrations[] = {first_version, tries_version, guests_version,
                                        indexed_version};
const size_t store_migration_count = sizeof store_migrations / sizeof *store_migrations;

/* A number cannot be bound to a pragma. */
static void pragma_set(struct db *db, const char *name, size_t value)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA %s=%zu", name, value);
    db_script(db, sql);
}

static void migrate(struct db *db, const struct store_versions *versions, size_t from)
{
    for (size_t i = from; i < versions->count; i++)
        db_script(db, versions->migrations[i]);
    pragma_set(db, "user_version", versions->count);
    db_script(db, "COMMIT");
    if (!sqlite3_get_autocommit(db->handle))
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

void schema_upgrade(struct db *db, const struct store_versions *versions, size_t from)
{
    db_script(db, "BEGIN IMMEDIATE");
    migrate(db, versions, from);
}

void schema_create(struct db *db, const struct store_versions *versions)
{
    db_script(db, "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; PRAGMA page_size=4096;"
                  "BEGIN; PRAGMA auto_vacuum=INCREMENTAL");
    pragma_set(db, "application_id", STORE_APPLICATION);
    migrate(db, versions, 0);
}

void schema_created(struct db *db)
{
    db_script(db, "PRAGMA synchronous=FULL; PRAGMA journal_mode=WAL");
}

size_t schema_version(struct db *db)
{
    return (size_t)db_number(db, 0, "PRAGMA user_version");
}
