/* libuv's timers on the program's clock. libuv's own clock is a little behind or ahead of it, so a
 * ring that comes early is put off. */
#include "net/timer.h"

#include "base/alloc.h"
#include "net/loop_parts.h"

#include <stdlib.h>

struct timer {
    uv_timer_t handle;
    struct loop *loop;
    uint64_t at;
    void (*ring)(void *self);
    void *self;
};

static void arm(struct timer *timer);

static void on_ring(uv_timer_t *handle)
{
    struct timer *timer = handle->data;
    if (timer->at > loop_mono_ms(timer->loop)) {
        arm(timer);
        return;
    }
    timer->at = TIMER_NEVER;
    timer->ring(timer->self);
}

static void arm(struct timer *timer)
{
    uint64_t now = loop_mono_ms(timer->loop);
    uv_update_time(loop_uv(timer->loop)); /* it may be as old as this turn */
    uv_timer_start(&timer->handle, on_ring, timer->at > now ? timer->at - now : 0, 0);
}

struct timer *timer_new(struct loop *loop, void (*ring)(void *self), void *self)
{
    struct timer *timer = xcalloc(1, sizeof *timer);
    uv_timer_init(loop_uv(loop), &timer->handle);
    timer->handle.data = timer;
    timer->loop = loop;
    timer->at = TIMER_NEVER;
    timer->ring = ring;
    timer->self = self;
    return timer;
}

static void on_close(uv_handle_t *handle)
{
    free(handle->data);
}

void timer_free(struct timer *timer)
{
    if (timer)
        uv_close((uv_handle_t *)&timer->handle, on_close);
}

void timer_set(struct timer *timer, uint64_t at)
{
    if (timer->at == at)
        return;
    timer->at = at;
    if (at == TIMER_NEVER)
        uv_timer_stop(&timer->handle);
    else
        arm(timer);
}
