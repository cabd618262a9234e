/* Preloaded into a program under test (LD_PRELOAD): while it runs, its clock is moved and its disk
 * is slow or fails.
 *
 * What is to happen stands in the file that CHAOS_WILL names, three numbers that the test changes
 * whenever it likes. Invariants: without that file nothing changes; only the wall clock moves,
 * never the steady one; and only files are touched, never sockets, pipes or what is printed. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct will {
    int64_t clock_ms; /* added to the wall clock */
    int32_t sync_ms;  /* how much longer each commit takes */
    int32_t error;    /* what each write fails with; 0: none does */
};

static const struct will nothing;
static const volatile struct will *will = &nothing;

__attribute__((constructor)) static void will_read(void)
{
    const char *path = getenv("CHAOS_WILL");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof *will, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED)
        will = mapped;
}

/* The function of that name that we stand before. POSIX lets a data pointer hold one. */
#define BEFORE(name, type) ((type)(uintptr_t)dlsym(RTLD_NEXT, name))

int clock_gettime(clockid_t clock, struct timespec *into) /* banned elsewhere: it moves the clock */
{
    typedef int (*real)(clockid_t, struct timespec *);
    static real next;
    if (!next)
        next = BEFORE("clock_gettime", real);
    int result = next(clock, into);
    if (result == 0 && clock == CLOCK_REALTIME && will->clock_ms) {
        int64_t ns = into->tv_nsec + will->clock_ms % 1000 * 1000000;
        into->tv_sec += will->clock_ms / 1000 + (ns >= 1000000000) - (ns < 0);
        into->tv_nsec = (ns + 1000000000) % 1000000000;
    }
    return result;
}

static int failing(void)
{
    int error = will->error;
    if (error)
        errno = error;
    return error;
}

static void wait_long(void)
{
    int32_t ms = will->sync_ms;
    if (ms > 0)
        nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

#define WRITE(name, offset)                                                \
    ssize_t name(int file, const void *from, size_t size, offset at)       \
    {                                                                      \
        typedef ssize_t (*real)(int, const void *, size_t, offset);        \
        return failing() ? -1 : BEFORE(#name, real)(file, from, size, at); \
    }
WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)

#define CUT(name, offset)                                        \
    int name(int file, offset size)                              \
    {                                                            \
        typedef int (*real)(int, offset);                        \
        return failing() ? -1 : BEFORE(#name, real)(file, size); \
    }
CUT(ftruncate, off_t)
CUT(ftruncate64, off64_t)

#define SYNC(name)                                         \
    int name(int file)                                     \
    {                                                      \
        typedef int (*real)(int);                          \
        wait_long();                                       \
        return failing() ? -1 : BEFORE(#name, real)(file); \
    }
SYNC(fsync)
SYNC(fdatasync)
