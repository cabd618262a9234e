#pragma once
/* One guest's words that came through several hosts are seen once: as often as the host that has
 * them most often, within a minute. The same rule holds wherever lines stand in a row: as they
 * come, in a window (window.c), in what was found and in what is exported. Invariant: a line is
 * hidden only where another host's line of the same guest and the same words is seen. */
#include "core/node.h"

enum {
    TWINS_MS = 60000,   /* DESIGN.md: within so long a time */
    TWINS_LINES = 4096, /* of guests that are known again: 68 a second */
};

struct twin {
    uint64_t tag;
    uint64_t host;
    uint64_t key; /* of its order */
    bool seen;
};

/* All zero to begin with. */
struct twins {
    struct twin *lines; /* a ring, made when there is something in it */
    size_t next;
};

void twins_done(struct twins *twins);
/* Whether this line is hidden, after those that were asked about before. False for all that no
 * guest said. */
bool twins_hide(struct twins *twins, const struct node_line *line);

/* Whether two lines stand near enough to be one. */
static inline bool twins_are_near(uint64_t key, uint64_t other)
{
    return (key > other ? key - other : other - key) < TWINS_MS;
}

/* Of lines near each other: so many came through its host, with this one; so many are seen. */
static inline bool twins_are_enough(size_t of_host, size_t seen)
{
    return of_host <= seen;
}
