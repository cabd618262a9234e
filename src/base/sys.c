/* The real world and a fake one. This is the only file that reads a clock or asks the kernel for
 * randomness. */
#include "base/sys.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static struct timespec clock_read(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) /* banned elsewhere: this is its one place */
        die("the system has no clock: %s", strerror(errno));
    return now;
}

static uint64_t real_mono_us(void *self)
{
    (void)self;
    struct timespec now = clock_read(CLOCK_MONOTONIC);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static int64_t real_wall_ms(void *self)
{
    (void)self;
    struct timespec now = clock_read(CLOCK_REALTIME);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void real_random(void *self, void *into, size_t size)
{
    (void)self;
    unsigned char *next = into;
    const size_t chunk = 256; /* what getentropy gives at once */
    while (size > 0) {
        size_t part = size < chunk ? size : chunk;
        if (getentropy(next, part) != 0)
            die("the system has no randomness: %s", strerror(errno));
        next += part;
        size -= part;
    }
}

struct sys sys_real(void)
{
    return (struct sys){real_mono_us, real_wall_ms, real_random, NULL};
}

static uint64_t fake_mono_us(void *self)
{
    return ((struct sys_fake *)self)->mono_us;
}

static int64_t fake_wall_ms(void *self)
{
    return ((struct sys_fake *)self)->wall_ms;
}

/* SplitMix64: small, and good enough for choices that nobody attacks. */
static uint64_t fake_next(struct sys_fake *world)
{
    uint64_t z = (world->seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void fake_random(void *self, void *into, size_t size)
{
    unsigned char *next = into;
    while (size > 0) {
        uint64_t word = fake_next(self);
        size_t part = size < sizeof word ? size : sizeof word;
        memcpy(next, &word, part);
        next += part;
        size -= part;
    }
}

struct sys sys_fake(struct sys_fake *world)
{
    return (struct sys){fake_mono_us, fake_wall_ms, fake_random, world};
}

uint64_t sys_random_below(const struct sys *sys, uint64_t bound)
{
    uint64_t word;
    uint64_t uneven = (UINT64_MAX % bound + 1) % bound; /* values past the last whole round */
    do {
        sys_random(sys, &word, sizeof word);
    } while (word > UINT64_MAX - uneven);
    return word % bound;
}
