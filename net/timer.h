#pragma once
/* One moment to be woken at. A timer that is not set wakes nobody. */
#include <stdint.h>

struct loop;
struct timer;

#define TIMER_NEVER UINT64_MAX

struct timer *timer_new(struct loop *loop, void (*ring)(void *self), void *self);
/* May be called from `ring`. */
void timer_free(struct timer *timer);

/* Rings once, at `at` or a little later, on the clock of loop_mono_ms; at once, but never from
 * inside this call, where that has passed. It replaces what was set before; TIMER_NEVER: nothing.
 */
void timer_set(struct timer *timer, uint64_t at);
