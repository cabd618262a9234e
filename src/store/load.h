#pragma once
/* What a node begins with. */
#include "store/store_parts.h"

/* Fills all of `start` but `aside` and `backup`. */
void load(struct db *db, uint64_t wall_ms, struct store_start *start);

/* Where a line stands, as it is kept. */
enum { ORDER_BYTES = 8 + ID_BYTES + 8 + EPOCH_BYTES + 8 };
void order_put(const struct order *order, uint8_t into[ORDER_BYTES]);

/* Someone's addresses, as they are kept. */
enum { ADDRESS_BYTES = 16 + 2 + 8, ADDRESSES_BYTES = PERSON_ADDRESSES * ADDRESS_BYTES };
size_t addresses_put(const struct person_saved *person, uint8_t into[ADDRESSES_BYTES]);
/* How well they did, in the same order. */
enum { TRY_BYTES = 8 + 4 + 4, TRIES_BYTES = PERSON_ADDRESSES * TRY_BYTES };
size_t tries_put(const struct person_saved *person, uint8_t into[TRIES_BYTES]);
struct order order_get(struct db *db, sqlite3_stmt *row, int column);
/* The next place of a list that grows. */
void *list_next(void *list, size_t *count, size_t size);

/* Words that guests were not told yet. (local.c) */
void owed_load(struct db *db, struct node_saved *saved, void **owned);
