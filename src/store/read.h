#pragma once
/* Rows made entries and records again. */
#include "store/store_parts.h"

/* The columns that a record is made of, from `column` on:
 * key, start, received, live, sealed, bytes, opened. */
#define RECORD_COLUMNS "e.key, e.start, received, live, sealed, bytes, opened"
void record_read(struct db *db, sqlite3_stmt *row, int column, const char *conversation,
                 struct store_answer *into, struct node_record *record);

/* A list of records that grows in `into`. */
struct node_record *record_next(struct store_answer *into);

/* EFFECT_QUERY with QUERY_SEARCH (search.c). */
void search_read(struct db *db, const struct node_query *query, struct store_answer *into);

/* Lines that are nobody's entry, from `at` on, which is left out but for LOCALS_AT. How many came.
 * (local.c) */
enum locals_way { LOCALS_UP, LOCALS_DOWN, LOCALS_AT };
size_t locals_read(struct db *db, enum locals_way way, const char *conversation,
                   const struct order *at, size_t count, struct store_answer *into);
