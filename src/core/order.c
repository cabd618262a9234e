/* Hybrid time and the screen's order. Everything is arithmetic on what is handed in. */
#include "core/order.h"

#include "core/entry.h"

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Clocks may say anything; times that entries carry may not. */
static uint64_t ahead(uint64_t time, uint64_t most)
{
    return smaller(smaller(time, ENTRY_NUMBER_MAX) + most, ENTRY_NUMBER_MAX);
}

uint64_t hlc_next(struct hlc *hlc, uint64_t clock)
{
    clock = ahead(clock, 0);
    hlc->last = greater(clock, smaller(hlc->last + 1, ahead(clock, HLC_AHEAD_MS)));
    return hlc->last;
}

void hlc_merge(struct hlc *hlc, uint64_t remote, uint64_t clock)
{
    hlc->last = greater(hlc->last, smaller(remote, ahead(clock, HLC_AHEAD_MS)));
}

uint64_t order_key(uint64_t hlc, uint64_t received, const struct order_bounds *bounds)
{
    uint64_t key = smaller(hlc, ahead(received, ORDER_AHEAD_MS));
    key = smaller(greater(key, bounds->after), bounds->before);
    return smaller(greater(key, bounds->previous), bounds->next);
}

static int number_compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

int order_compare(const struct order *a, const struct order *b)
{
    int result = number_compare(a->key, b->key);
    if (result == 0)
        result = id_compare(&a->author, &b->author);
    if (result == 0)
        result = number_compare(a->start, b->start);
    if (result == 0)
        result = memcmp(a->epoch.bytes, b->epoch.bytes, EPOCH_BYTES);
    return result != 0 ? result : number_compare(a->seq, b->seq);
}

bool order_same_entry(const struct order *a, const struct order *b)
{
    return a->seq == b->seq && epoch_equal(&a->epoch, &b->epoch) &&
           id_equal(&a->author, &b->author);
}

int64_t order_skew(uint64_t wall, uint64_t received, bool live)
{
    int64_t off = (int64_t)ahead(wall, 0) - (int64_t)ahead(received, 0);
    return off > SKEW_MS || (live && off < -SKEW_MS) ? off : 0;
}

bool order_late(uint64_t hlc, uint64_t received, uint64_t since, bool live)
{
    return !live && hlc >= since && received > ahead(hlc, LATE_MS);
}
