#pragma once
/* What crowds say, made up: entries of many authors, with words as people use them.
 *
 * Invariant: all follows from `struct said` as said_init leaves it, so two benches that begin alike
 * measure the same bytes. */
#include "core/node.h"

enum {
    SAID_AUTHORS = 1000, /* the most that a bench asks for */
    SAID_ROOMS = 10,     /* where it does not ask for another number */
    SAID_GROUP = 256,    /* entries of one group: as many as the app commits at once */
};

struct said {
    struct identity people[SAID_AUTHORS];
    struct entry_tip tips[SAID_AUTHORS];
    size_t authors;
    size_t per_log;    /* entries, before an author's next epoch begins */
    size_t made;       /* so far */
    uint64_t first_ms; /* when the first is said.. */
    uint64_t step_ms;  /* ..and how long after it each next one */
    size_t line;       /* bytes of each text; 0: as people write */
    size_t rooms;      /* half of it is said in so many rooms; 0: all for everyone */
    uint64_t chance;
    const struct signer *signer;
};

/* `total` entries to come, of so many authors with so many epochs each. */
void said_init(struct said *said, size_t authors, size_t epochs, size_t total,
               const struct signer *signer);
/* Other people, who said nothing yet: those of another crowd with this number. */
void said_others(struct said *said, uint8_t crowd);
/* The next one; the caller drops it. */
struct entry *said_next(struct said *said);

/* Entries as the node hands them to the store. Not to be moved once it is made. */
struct said_group {
    struct node_effect effect;
    struct node_record records[SAID_GROUP];
    struct node_trail trails[SAID_GROUP];
    uint8_t places[SAID_GROUP];
    char rooms[SAID_GROUP][ROOM_MAX + 1];
};

void said_group_make(struct said *said, struct said_group *group, size_t count);
void said_group_done(struct said_group *group);

/* What somebody is called there: p0, p1.. */
void said_name(size_t author, char into[16]);
