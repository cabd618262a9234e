/* Turns of the loop are counted, window by window. */
#include "app/ease.h"

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
