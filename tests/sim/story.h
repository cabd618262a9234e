#pragma once
/* Words for scenarios, so that they read like what they tell. Time passes in `wait` and `until`
 * only; after the first thing that fails everything else does nothing. */
#include "tests/sim/byzantine.h"
#include "tests/sim/invariants.h"
#include "tests/sim/nemesis.h"
#include "tests/sim/world.h"

struct scenario {
    const char *name;
    const char *story; /* one line */
    size_t least;      /* nodes, unless --nodes says otherwise */
    size_t most;
    void (*tell)(struct world *world);
};

extern const struct scenario SCENARIOS[]; /* the last one has no name */

/* The first `count` peers start, and everyone knows one who was there before. */
void start_all(struct world *world, size_t count);
void start_knowing(struct world *world, struct peer *peer, const struct peer *whom);
/* A line that nobody said before, into the room the peer is in. */
void says(struct world *world, struct peer *peer);
void say_some(struct world *world, struct peer *peer, size_t count);
void wait_ms(struct world *world, uint64_t ms);

typedef bool condition(const struct world *world, const struct peer *a, const struct peer *b);
/* Waits for it, at most `cycles` repair cycles; fails as `what` where it does not come. Returns the
 * ms it took. */
uint64_t until(struct world *world, condition *holds, const struct peer *a, const struct peer *b,
               unsigned cycles, const char *what);
void expect(struct world *world, bool holds, const char *what);

/* ---- conditions ---- */
bool is_linked(const struct world *world, const struct peer *a, const struct peer *b);
/* a holds all that b's user has said (and b still has). */
bool has_all_of(const struct world *world, const struct peer *a, const struct peer *b);
bool is_connected(const struct world *world, const struct peer *a, const struct peer *b);
bool is_converged(const struct world *world, const struct peer *a, const struct peer *b);

/* Faults are over: first one graph, then the same entries everywhere within 5 cycles. */
void all_is_well(struct world *world);
/* Entries of a's identity that b's disk holds. */
size_t entries_of(const struct peer *a, const struct peer *b);
