#pragma once
/* What must be true of every file that the store has written, whatever happened to it. */
#include "tests/unit/store_rig.h"

/* Each counts what contradicts itself; every line that tests say has the word "hola". */
static const char *const facts[] = {
    "SELECT count(*) FROM entries WHERE log NOT IN (SELECT id FROM logs)",
    "SELECT count(*) FROM logs l WHERE entries<>(SELECT count(*) FROM entries WHERE log=l.id)",
    "SELECT count(*) FROM logs l WHERE bytes<>"
    "(SELECT total(length(bytes)) FROM entries WHERE log=l.id)",
    "SELECT count(*) FROM logs l WHERE high>0 AND high-low+1<>"
    "(SELECT count(*) FROM entries WHERE log=l.id AND seq>=low AND seq<=high)",
    "SELECT count(*) FROM logs l WHERE entries>0 AND lowest<>"
    "(SELECT min(seq) FROM entries WHERE log=l.id)",
    "SELECT count(*) FROM logs l WHERE entries>0 AND top<"
    "(SELECT max(seq) FROM entries WHERE log=l.id)",
    "SELECT abs((SELECT count(*) FROM entries WHERE conversation IS NOT NULL)-"
    "(SELECT count(*) FROM lines))",
    "SELECT count(*) FROM lines l WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.id=l.entry"
    " AND e.conversation=l.conversation AND e.key=l.key AND e.start=l.start AND e.seq=l.seq)",
    "SELECT count(*) FROM entries WHERE id<=(SELECT entry FROM indexed) AND place NOT IN"
    " (SELECT rowid FROM texts WHERE texts MATCH 'hola')",
    "SELECT count(*) FROM (SELECT rowid AS r FROM texts WHERE texts MATCH 'hola')"
    " WHERE r NOT IN (SELECT place FROM entries WHERE place IS NOT NULL"
    "  AND id<=(SELECT entry FROM indexed))",
    "SELECT count(*) FROM logs WHERE author NOT IN (SELECT id FROM authors)",
};

/* NULL, or the fact that does not hold. */
static inline const char *facts_fail(struct rig *rig)
{
    struct db *db = &rig->store->db;
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (db_number(db, 99, facts[i]) != 0)
            return facts[i];
    db_script(db, "INSERT INTO texts(texts) VALUES('integrity-check')");
    if (db_fault_take(db) != STORE_FINE)
        return "the index of words contradicts itself";
    return store_reader_check(rig->reader) == STORE_FINE ? NULL : "quick_check";
}
