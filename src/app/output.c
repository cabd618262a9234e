/* A queue in front of a descriptor that never blocks. libuv says when it can be written to, and,
 * before anything is to be written, when its reader went away. */
#include "app/output.h"

#include "app/i18n.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/gettext.h"
#include "base/sys.h"
#include "net/loop_parts.h"
#include "net/timer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ROOM_ASK_MS = 1000,    /* between two tries while the disk under a file is full */
    IDLE_BYTES = 64 * 1024 /* more is given back when all was read */
};

struct output {
    uv_poll_t poll; /* first: it is closed when the loop comes round */
    struct loop *loop;
    int descriptor;
    int flags; /* the descriptor's before */
    const struct output_calls *calls;
    void *self;
    struct buf held;
    struct timer *timer;
    uint64_t missed;
    bool pollable; /* a file is not: it never blocks for long */
    bool full;     /* the reader has to take something first */
    bool watching; /* for the reader's end */
    int watched;   /* the poll's events now: what it has already is not set anew each turn */
    bool crowded;
    bool gone;
    bool told; /* that it is gone */
};

/* ---- the descriptor ---- */

/* Others may hold the same terminal or pipe: only a way there of our own is made non-blocking. A
 * socket, or what may not be opened once more, is shared all the same. */
static int descriptor_own(int descriptor)
{
    struct stat about;
    char path[32];
    if (fstat(descriptor, &about) == 0 && (S_ISFIFO(about.st_mode) || S_ISCHR(about.st_mode))) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
        int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (own >= 0)
            return own;
    }
    return fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

/* On the other way that there is to say something: the program will end for it. */
static void complain(int descriptor, int error)
{
    char path[32];
    snprintf(path, sizeof path, "/dev/fd/%d", descriptor);
    fputs("tertulia: ", stderr);
    fprintf(stderr, _("\"%s\" cannot be used: %s."), path, i18n_error(error));
    fputc('\n', stderr);
}

static void watch(struct output *output);

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct output *output = (struct output *)poll;
    if (status < 0)
        output->gone = true;
    if (events & UV_WRITABLE)
        output->full = false;
    if (events & UV_DISCONNECT)
        output->watching = false; /* it hung up, and may still read */
    watch(output);
}

static void watch(struct output *output)
{
    int events = (output->watching ? UV_DISCONNECT : 0) | (output->full ? UV_WRITABLE : 0);
    if (output->gone)
        events = 0;
    if (!output->pollable || events == output->watched)
        return;
    output->watched = events;
    if (events == 0)
        uv_poll_stop(&output->poll);
    else
        loop_must(uv_poll_start(&output->poll, events, on_poll), "the output cannot be watched");
}

static void on_timer(void *self)
{
    struct output *output = self;
    output->full = false; /* the turn that ends now tries again */
}

struct output *output_new(struct loop *loop, int descriptor, const struct output_calls *calls,
                          void *self)
{
    struct output *output = xcalloc(1, sizeof *output);
    output->loop = loop;
    output->calls = calls;
    output->self = self;
    output->descriptor = descriptor_own(descriptor);
    if (output->descriptor < 0)
        complain(descriptor, errno);
    else
        output->flags = fcntl(output->descriptor, F_GETFL);
    buf_init(&output->held, OUTPUT_MAX);
    output->timer = timer_new(loop, on_timer, output);
    output->gone = output->descriptor < 0;
    if (!output->gone)
        output->pollable = uv_poll_init(loop_uv(loop), &output->poll, output->descriptor) == 0;
    output->watching = output->pollable;
    watch(output);
    return output;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

void output_free(struct output *output)
{
    if (!output)
        return;
    timer_free(output->timer);
    buf_done(&output->held);
    if (output->pollable)
        uv_close((uv_handle_t *)&output->poll, on_closed);
    if (output->descriptor >= 0) {
        if (output->flags >= 0)
            (void)fcntl(output->descriptor, F_SETFL, output->flags);
        close(output->descriptor);
    }
    if (!output->pollable)
        free(output);
}

/* ---- lines ---- */

static bool line_fits(const struct output *output, size_t size)
{
    size_t room = output->held.length < OUTPUT_MAX ? OUTPUT_MAX - output->held.length : 0;
    return output->missed == 0 && size < room;
}

static void text_put(struct output *output, const char *text, size_t size)
{
    if (!buf_add(&output->held, text, size))
        die("a line that fits does not");
}

static void line_put(struct output *output, const char *line, size_t size)
{
    text_put(output, line, size);
    text_put(output, "\n", 1);
}

static void crowd(struct output *output)
{
    bool crowded = output->held.length > (output->crowded ? OUTPUT_CROWDED / 2 : OUTPUT_CROWDED);
    if (crowded == output->crowded)
        return;
    output->crowded = crowded;
    output->calls->crowded(output->self, crowded);
}

void output_add(struct output *output, const char *line, size_t size)
{
    if (output->gone)
        return;
    if (!line_fits(output, size)) {
        output->missed++;
        return;
    }
    line_put(output, line, size);
    crowd(output);
}

bool output_open(struct output *output, const char *text, size_t size)
{
    if (output->gone || !line_fits(output, size))
        return false;
    text_put(output, text, size);
    crowd(output);
    return true;
}

struct message output_missed_message(uint64_t count)
{
    return message_counted("output-dropped",
                           NP_("%s line was left out here, because nobody read. Messages are "
                               "kept: /search finds them.",
                               "%s lines were left out here, because nobody read. Messages are "
                               "kept: /search finds them."),
                           count);
}

/* Once there is room for a good while. */
static void missed_tell(struct output *output)
{
    uint64_t missed = output->missed;
    if (missed == 0 || output->held.length > OUTPUT_MAX / 2)
        return;
    output->missed = 0;
    output->calls->missed(output->self, missed);
}

/* ---- writing ---- */

/* What write(2) said no to. */
static void write_failed(struct output *output, int error)
{
    switch (error) {
    case EAGAIN:
        output->full = true;
        break;
    case ENOSPC:
    case EDQUOT:
        output->full = true;
        timer_set(output->timer, loop_mono_ms(output->loop) + ROOM_ASK_MS);
        break;
    default:
        output->gone = true;
        break;
    }
}

static void write_some(struct output *output)
{
    while (output->held.length && !output->full && !output->gone) {
        ssize_t size = write(output->descriptor, buf_bytes(&output->held), output->held.length);
        if (size >= 0)
            buf_eat(&output->held, (size_t)size);
        else if (errno != EINTR)
            write_failed(output, errno);
    }
    if (output->held.length == 0 && output->held.size > IDLE_BYTES)
        buf_done(&output->held);
}

void output_turn(struct output *output)
{
    write_some(output);
    missed_tell(output);
    write_some(output);
    crowd(output);
    watch(output);
    if (!output->gone || output->told)
        return;
    output->told = true;
    buf_done(&output->held);
    output->calls->gone(output->self);
}

/* A file takes what it takes at once. */
static void reader_await(const struct output *output, uint64_t ms)
{
    struct pollfd ready = {.fd = output->descriptor, .events = POLLOUT};
    (void)poll(&ready, 1, (int)ms);
}

bool output_end(struct output *output, const char *last, size_t size)
{
    struct sys sys = sys_real();
    uint64_t now, until = sys_mono_us(&sys) / 1000 + OUTPUT_LAST_MS;
    bool said = false;
    for (;;) {
        output->full = false;
        write_some(output);
        missed_tell(output);
        if (!said && line_fits(output, size)) {
            line_put(output, last, size);
            said = true;
            continue;
        }
        now = sys_mono_us(&sys) / 1000;
        if (output->held.length == 0 || output->gone || !output->pollable || now >= until)
            break;
        reader_await(output, until - now);
    }
    return said && !output->gone && output->held.length == 0;
}
