#pragma once
/* What a program may know of the world: two clocks and randomness, handed about as a value.
 *
 * Nothing below app reads a clock of its own: time is read once per turn of the loop and travels
 * inside the event, so a test or a simulated node is given another `struct sys` and repeats to
 * the bit. */
#include <stddef.h>
#include <stdint.h>

struct sys {
    uint64_t (*mono_us)(void *self);                     /* never goes back */
    int64_t (*wall_ms)(void *self);                      /* since 1970, UTC; may lie */
    void (*random)(void *self, void *into, size_t size); /* unpredictable bytes */
    void *self;
};

/* The machine's own clocks and the kernel's randomness. Dies where the kernel has none. */
struct sys sys_real(void);

/* A world that stands still until it is moved, and whose randomness follows from the seed alone:
 * for tests and simulations, never for keys. */
struct sys_fake {
    uint64_t mono_us;
    int64_t wall_ms;
    uint64_t seed;
};
struct sys sys_fake(struct sys_fake *world);

static inline uint64_t sys_mono_us(const struct sys *sys)
{
    return sys->mono_us(sys->self);
}

static inline int64_t sys_wall_ms(const struct sys *sys)
{
    return sys->wall_ms(sys->self);
}

static inline void sys_random(const struct sys *sys, void *into, size_t size)
{
    sys->random(sys->self, into, size);
}

/* Even over 0 .. bound-1; bound is at least 1. */
uint64_t sys_random_below(const struct sys *sys, uint64_t bound);
