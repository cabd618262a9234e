/* Memory that runs out at a chosen moment, for a real program: preloaded (LD_PRELOAD), it counts
 * what is asked for, in all threads, and gives nothing from the SCARCE_AT-th time on, SCARCE_FOR
 * times. With SCARCE_SHOW, a file, it says there who
 * asked, and below a line "fell" where the program fell, if it did. With SCARCE_TOLD, a file, it
 * only counts, and says there at the end how often it was. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_BYTES = 1 << 16 /* what dlsym itself may want */ };

static void *(*real_malloc)(size_t size);
static void *(*real_calloc)(size_t count, size_t size);
static void *(*real_realloc)(void *old, size_t size);
static void (*real_free)(void *old);

static _Alignas(max_align_t) uint8_t first[FIRST_BYTES];
static size_t first_used;
static bool ready;
static atomic_ulong count;
static unsigned long at, times = 1;
static int told = -1;
static int shown = -1;

static unsigned long number_of(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : otherwise;
}

static bool is_first(const void *old)
{
    const uint8_t *byte = old;
    return byte >= first && byte < first + FIRST_BYTES;
}

static void *first_take(size_t size)
{
    size_t step = _Alignof(max_align_t), rounded = (size + step - 1) / step * step;
    if (rounded < size || rounded > FIRST_BYTES - first_used)
        return NULL;
    first_used += rounded;
    return first + first_used - rounded;
}

/* By address, for a data pointer is no function to a careful compiler. */
static void find(void *into, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(into, &found, sizeof found);
}

/* Out of the way of the program's own numbers. */
static int file_of(const char *name)
{
    const char *path = getenv(name);
    int file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    int high = file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, 500);
    if (high >= 0)
        close(file);
    return high;
}

static _Thread_local bool inside; /* what we ask for ourselves is there */

static void show(void)
{
    void *frames[32];
    inside = true;
    if (shown >= 0)
        backtrace_symbols_fd(frames, backtrace(frames, 32), shown);
    inside = false;
}

static void on_fall(int number)
{
    inside = true;
    (void)!write(shown, "fell\n", 5);
    show();
    signal(number, SIG_DFL);
    raise(number);
}

__attribute__((constructor)) static void begin(void)
{
    find(&real_malloc, "malloc");
    find(&real_calloc, "calloc");
    find(&real_realloc, "realloc");
    find(&real_free, "free");
    at = number_of("SCARCE_AT", 0);
    times = number_of("SCARCE_FOR", 1);
    told = file_of("SCARCE_TOLD");
    shown = file_of("SCARCE_SHOW");
    ready = true;
    void *frame;
    inside = true;
    (void)backtrace(&frame, 1); /* it loads a library the first time: not amid another's loading */
    inside = false;
    if (shown >= 0)
        signal(SIGSEGV, on_fall); /* what the program does about it comes before, and then this */
}

__attribute__((destructor)) static void end(void)
{
    char text[32];
    int size = snprintf(text, sizeof text, "%lu\n", atomic_load(&count));
    if (told >= 0)
        (void)!write(told, text, (size_t)size);
}

static bool is_scarce(void)
{
    if (inside)
        return false;
    unsigned long now = atomic_fetch_add(&count, 1) + 1;
    if (at == 0 || now < at || now - at >= times)
        return false;
    show();
    errno = ENOMEM;
    return true;
}

/* These stand in for the real ones. */
void *malloc(size_t size) /* banned elsewhere: a stand-in */
{
    if (!ready)
        return first_take(size);
    return is_scarce() ? NULL : real_malloc(size);
}

void *calloc(size_t number, size_t size) /* banned elsewhere: a stand-in */
{
    if (!ready) /* fresh, so zero */
        return size && number > SIZE_MAX / size ? NULL : first_take(number * size);
    return is_scarce() ? NULL : real_calloc(number, size);
}

void *realloc(void *old, size_t size) /* banned elsewhere: a stand-in */
{
    if (ready && !is_first(old))
        return is_scarce() ? NULL : real_realloc(old, size);
    void *fresh = ready ? real_malloc(size) : first_take(size);
    size_t left = old ? (size_t)(first + FIRST_BYTES - (uint8_t *)old) : 0;
    if (fresh && old)
        memcpy(fresh, old, size < left ? size : left);
    return fresh;
}

void *reallocarray(void *old, size_t number, size_t size) /* banned elsewhere: a stand-in */
{
    bool fits = size == 0 || number <= SIZE_MAX / size;
    if (!fits)
        errno = ENOMEM;
    return fits ? realloc(old, number * size) : NULL; /* banned elsewhere: its own */
}

void free(void *old)
{
    if (!is_first(old) && ready)
        real_free(old);
}
