/* Turns of the loop are counted, window by window; and what glibc has for the rest. */
#include "app/ease.h"

#ifdef HAVE_MALLOC_TRIM
#include <malloc.h>
#endif

/* glibc raises both by itself when something large is freed, and what is free at the end of a
 * thread's arena is the one thing that malloc_trim lets stand. */
void ease_begin(void)
{
#ifdef HAVE_MALLOC_TRIM
    enum { END_MOST = 256 * 1024, LARGE = 1024 * 1024 };
    (void)mallopt(M_TRIM_THRESHOLD, END_MOST);
    (void)mallopt(M_MMAP_THRESHOLD, LARGE); /* as it would be soon */
#endif
}

void ease_now(void)
{
#ifdef HAVE_MALLOC_TRIM
    (void)malloc_trim(0);
#endif
}

bool ease_turn(struct ease *ease, uint64_t now_ms)
{
    bool now = false;
    if (now_ms - ease->since >= EASE_MS) {
        bool quiet = ease->turns < EASE_TURNS;
        now = ease->busy && (quiet || now_ms - ease->began >= EASE_MOST_MS);
        ease->busy = ease->busy && !now;
        ease->since = now_ms;
        ease->turns = 0;
    }
    if (++ease->turns >= EASE_TURNS && !ease->busy) {
        ease->busy = true;
        ease->began = now_ms;
    }
    return now;
}

uint64_t ease_due(const struct ease *ease)
{
    return ease->busy ? ease->since + EASE_MS : EASE_NEVER;
}
