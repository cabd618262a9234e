#pragma once
/* When free memory is given back to the system: once little is done after much was, and now and
 * then where that never comes. The library keeps what it had at its busiest, in an arena for each
 * thread, and has no use for it for hours.
 *
 * Invariants: who only rests is never woken for it, nor is anybody for a line now and then. */
#include <stdbool.h>
#include <stdint.h>

enum {
    EASE_MS = 4000,       /* a window.. */
    EASE_TURNS = 80,      /* ..with fewer turns of the loop than this is quiet: nobody waits */
    EASE_MOST_MS = 60000, /* as long as we are never quiet */
};
#define EASE_NEVER UINT64_MAX

struct ease {
    uint64_t since; /* the window's beginning, and.. */
    unsigned turns; /* ..the turns in it */
    bool busy;      /* much was done, since.. */
    uint64_t began; /* ..then */
};

/* Before the first thread: the library is not to keep more and more at the ends of its arenas. */
void ease_begin(void);
/* Gives it back, where the library can; it takes a moment. */
void ease_now(void);
/* At the end of each turn. Whether it is to be given back now. */
bool ease_turn(struct ease *ease, uint64_t now_ms);
/* When there has to be a turn, whatever happens; EASE_NEVER. */
uint64_t ease_due(const struct ease *ease);
