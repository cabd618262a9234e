#pragma once
/* What roster.c and roster_names.c share. */
#include "core/roster.h"

enum {
    ROSTER_CHUNK =
        64, /* people allocated at once: they never move, and few are allocated in vain */
    ROSTER_KEY = 16,
};

/* People lie in chunks; two tables of their numbers + 1 (0: nothing) find them by key and by shown
 * name. Both are keyed, so that nobody can aim at one place of them. */
struct roster {
    struct person **chunks;
    uint32_t size;      /* people that fit into all chunks */
    uint32_t free;      /* the first unused one, +1; on by `next` */
    uint32_t count;     /* in use */
    uint32_t strangers; /* of them, nobody vouches for */
    uint32_t guests;
    uint32_t hidden_guests; /* of them, with an alias */
    uint32_t *by_id;        /* open: whoever does not find their place free takes the next one */
    uint32_t id_mask;
    uint32_t *by_name; /* heads of lists */
    uint32_t name_mask;
    uint64_t changes;
    struct person *self;
    uint8_t key[ROSTER_KEY];
};

static inline struct person *roster_at(const struct roster *roster, uint32_t number)
{
    return &roster->chunks[number / ROSTER_CHUNK][number % ROSTER_CHUNK];
}

/* The rarely needed part, made where it is missing. */
struct person_more *person_more(struct person *person);
/* Frees it where nothing is in it any more. */
void person_more_trim(struct person *person);

/* The person's shown name has changed: finds it in its new place. */
void roster_name_place(struct roster *roster, struct person *person);
/* Takes it out of the table of names. */
void roster_name_drop(struct roster *roster, struct person *person);
/* After the table has grown. */
void roster_names_rehash(struct roster *roster);
/* What the folded name is found by; 0 for one that shows nothing. */
uint64_t roster_name_hash(const struct roster *roster, struct span name);
/* The first in whose place this hash lies: on by `next`, and compare name_hash. */
uint32_t roster_name_first(const struct roster *roster, uint64_t hash);
