#pragma once
/* When something was said, as far as wrong clocks let us know, and where it stands on the screen.
 *
 * Two tools: a hybrid clock that stamps our own entries, and a key that every entry gets once, when
 * it arrives. Invariant: along one epoch the keys never fall, in whatever order its entries arrive
 * and whatever their clocks say; and where they were not dated ahead, the key of an entry is its
 * hybrid time, on every screen alike. All times are ms since 1970, at most ENTRY_NUMBER_MAX. */
#include "core/ids.h"

enum {
    HLC_AHEAD_MS = 60000, /* so far ahead of our clock others can move our stamps, and no further */
    ORDER_AHEAD_MS = 120000, /* an entry from further in the future stands where it arrived */
    SKEW_MS = 60000,         /* a clock that differs by less is right enough */
    LATE_MS = 60000,         /* what takes longer to arrive was not simply sent */
};
#define ORDER_OPEN UINT64_MAX /* no bound above */

/* ---- the stamps of our own entries ---- */

struct hlc {
    uint64_t last; /* the greatest time stamped or merged; of an earlier run too */
};

/* The stamp of the next own entry. It never falls but where the clock was set back by more than
 * HLC_AHEAD_MS. */
uint64_t hlc_next(struct hlc *hlc, uint64_t clock);
/* Takes note of a stamp seen, so that an answer to it is stamped after it. */
void hlc_merge(struct hlc *hlc, uint64_t remote, uint64_t clock);

/* ---- keys ---- */

/* Between which keys an entry's own has to lie. Of the same epoch: those of the nearest entries
 * held below and above it. Of the author's other epochs: that of the entry which its epoch's
 * opening names as the last before it; and, where an opening names it or one after it so, that
 * opening's.
 */
struct order_bounds {
    uint64_t previous; /* 0: none is held */
    uint64_t next;     /* ORDER_OPEN: none is held */
    uint64_t after;    /* 0 */
    uint64_t before;   /* ORDER_OPEN */
};
#define ORDER_ANYWHERE ((struct order_bounds){0, ORDER_OPEN, 0, ORDER_OPEN})

/* The key of an entry, once and for all, when it arrives. Within its own epoch it always keeps its
 * place; among others as well, where the two do not contradict each other. previous <= next. */
uint64_t order_key(uint64_t hlc, uint64_t received, const struct order_bounds *bounds);

/* ---- the place on the screen ---- */

/* What lines are sorted by; and which entry it is. */
struct order {
    uint64_t key;
    struct id author;
    uint64_t start; /* of the epoch; 0 where its opening is not held */
    struct epoch_id epoch;
    uint64_t seq;
};

int order_compare(const struct order *a, const struct order *b);

/* Whether both are of the same entry, wherever it stands. */
bool order_same_entry(const struct order *a, const struct order *b);

/* ---- marks ---- */

/* How far the sender's clock is off ours, or 0 where it is right or nothing can be said. Of what
 * was not sent to us `live`, only a time in the future says something. */
int64_t order_skew(uint64_t wall, uint64_t received, bool live);
/* Whether it came long after it was said, although we were there since `since`. */
bool order_late(uint64_t hlc, uint64_t received, uint64_t since, bool live);
