/* Bare sockets whose connects do not wait. What is answered in the call itself, as on loopback,
 * costs nothing more; all else is watched by libuv. SCAN_BURST of them a turn, so that keys and
 * messages come between.
 *
 * An endpoint is a byte: how often it was tried, whether a try is under way, whether it is settled.
 * Invariant: each probe has exactly one endpoint that is under way, or that is settled as open. */
#include "net/scan.h"

#include "base/alloc.h"
#include "net/link_parts.h"
#include "net/timer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

enum {
    SCAN_BURST = 64,      /* calls a turn: a millisecond's work */
    SCAN_LOOKS = 65536,   /* endpoints looked at a turn, most of them settled */
    SCAN_TICK_MS = 5,     /* how exactly a silence is measured */
    SCAN_TROUBLE_MS = 50, /* the system has no place for another one: wait */
    SCAN_WAITING = 1024,  /* hosts that answered and have their turn next; more are found later */
    FILES_KEPT = 40,      /* for all else that the program opens, and half of what is left */
    UNDER_WAY_LEAST = 4,

    TRIES_MASK = 0x0f, /* of an endpoint's byte */
    IS_BUSY = 0x40,
    IS_SETTLED = 0x80,
    HOST_ALIVE = 1,  /* of a host's byte */
    HOST_CHOSEN = 2, /* its other ports had their turn, or wait for it */
};

struct target {
    uint32_t block, host, port; /* the last two counted in the block */
};

enum probe_state { PROBE_CONNECTING, PROBE_LISTENING, PROBE_READY };

struct probe {
    struct probe *prev, *next; /* in the list of its state */
    uv_poll_t poll;
    struct scan *scan;
    int fd;
    enum probe_state state;
    struct target target;
    uint64_t since;
    uint32_t wait_ms; /* LISTENING */
    uint32_t rtt_ms;
};

struct block {
    struct scan_block is;
    uint8_t *hosts;
    uint8_t *endpoints;                   /* by host, then by port */
    struct probe *connecting[SCAN_TRIES]; /* by how long they may take; the oldest first */
    bool answered;                        /* somebody did */
    double srtt, var;                     /* RFC 6298, in ms */
    uint32_t silence_ms;
};

/* A way through all endpoints: port by port, host by host. */
struct course {
    bool knocked; /* the first port of each host is done */
    uint32_t pass;
    struct target at;
};

struct scan {
    uv_idle_t idle;
    struct links *links;
    struct loop *loop;
    struct timer *timer;
    const struct scan_calls *calls;
    void *self;
    struct scan_limits limits;
    size_t block_count;
    struct block *blocks;
    struct course course;
    struct target waiting[SCAN_WAITING]; /* hosts; a ring. `port`: the next one */
    uint32_t waiting_first, waiting_count;
    bool has_again;
    struct target again; /* that the system had no place for */
    uint64_t trouble_until;
    struct probe *listening, *ready;
    uint32_t under_way; /* probes of any state */
    uint32_t handed;
    uint64_t thirds; /* of endpoints */
    struct scan_progress progress;
    bool over;
    uint8_t word[SCAN_FIRST_WORD];
};

/* ---- endpoints -------------------------------------------------------------------------------*/

static uint8_t *endpoint_of(const struct scan *scan, const struct target *target)
{
    const struct block *block = &scan->blocks[target->block];
    return &block->endpoints[(size_t)target->host * block->is.port_count + target->port];
}

static struct address address_of(const struct scan *scan, const struct target *target)
{
    const struct scan_block *block = &scan->blocks[target->block].is;
    struct address address = block->first;
    uint32_t last = 0;
    for (size_t i = 12; i < 16; i++)
        last = last << 8 | address.ip[i];
    last += target->host;
    for (size_t i = 16; i-- > 12; last >>= 8)
        address.ip[i] = (uint8_t)last;
    address.port = block->ports[target->port];
    return address;
}

static void host_alive(struct scan *scan, const struct target *target)
{
    uint8_t *host = &scan->blocks[target->block].hosts[target->host];
    if (!(*host & HOST_ALIVE))
        scan->progress.alive++;
    *host |= HOST_ALIVE;
    if (*host & HOST_CHOSEN || scan->waiting_count == SCAN_WAITING)
        return;
    *host |= HOST_CHOSEN;
    uint32_t place = (scan->waiting_first + scan->waiting_count++) % SCAN_WAITING;
    scan->waiting[place] = (struct target){target->block, target->host, 0};
}

/* It needs no other try. */
static void settle(struct scan *scan, const struct target *target)
{
    uint8_t *endpoint = endpoint_of(scan, target);
    unsigned before = (*endpoint & TRIES_MASK) - 1u;
    scan->thirds += before < SCAN_TRIES ? SCAN_TRIES - before : 0;
    *endpoint = (uint8_t)((*endpoint & TRIES_MASK) | IS_SETTLED);
}

static void unanswered(struct scan *scan, const struct target *target)
{
    uint8_t *endpoint = endpoint_of(scan, target);
    if ((*endpoint & TRIES_MASK) <= SCAN_TRIES)
        scan->thirds++;
    *endpoint &= TRIES_MASK;
}

/* RFC 6298, 2, with bounds of our own. */
static void silence_learn(struct block *block, uint32_t rtt_ms)
{
    double rtt = rtt_ms;
    if (!block->answered) {
        block->srtt = rtt;
        block->var = rtt / 2;
    } else {
        double off = block->srtt > rtt ? block->srtt - rtt : rtt - block->srtt;
        block->var += (off - block->var) / 4;
        block->srtt += (rtt - block->srtt) / 8;
    }
    block->answered = true;
    double silence = block->srtt + 4 * block->var;
    block->silence_ms = silence < SCAN_FLOOR_MS     ? SCAN_FLOOR_MS
                        : silence > SCAN_CEILING_MS ? SCAN_CEILING_MS
                                                    : (uint32_t)silence;
}

/* The host said something, be it no. */
static void answered(struct scan *scan, const struct target *target, uint32_t rtt_ms)
{
    silence_learn(&scan->blocks[target->block], rtt_ms);
    host_alive(scan, target);
    settle(scan, target);
}

/* ---- what comes next -------------------------------------------------------------------------*/

/* The ports of hosts that answered. */
static bool waiting_next(struct scan *scan, struct target *into)
{
    while (scan->waiting_count > 0) {
        struct target *at = &scan->waiting[scan->waiting_first];
        while (at->port < scan->blocks[at->block].is.port_count) {
            *into = *at;
            at->port++;
            if (*endpoint_of(scan, into) == 0) /* not tried, by whomever */
                return true;
        }
        scan->waiting_first = (scan->waiting_first + 1) % SCAN_WAITING;
        scan->waiting_count--;
    }
    return false;
}

static bool course_is_over(const struct course *course)
{
    return course->pass == SCAN_TRIES_ALIVE;
}

static void course_step(struct scan *scan)
{
    struct course *course = &scan->course;
    struct target *at = &course->at;
    const struct scan_block *block = &scan->blocks[at->block].is;
    if (++at->host < block->hosts)
        return;
    at->host = 0;
    if (course->knocked && ++at->port < block->port_count)
        return;
    at->port = 0;
    if (++at->block < scan->block_count)
        return;
    at->block = 0;
    course->pass += course->knocked;
    course->knocked = true;
}

enum wish { WISH_TRY, WISH_PASS, WISH_WAIT };

static enum wish wish_of(const struct scan *scan)
{
    const struct course *course = &scan->course;
    uint8_t endpoint = *endpoint_of(scan, &course->at);
    uint8_t host = scan->blocks[course->at.block].hosts[course->at.host];
    if (endpoint & IS_SETTLED || (endpoint & TRIES_MASK) > course->pass)
        return WISH_PASS;
    if (course->pass >= SCAN_TRIES && !(host & HOST_ALIVE))
        return WISH_PASS;
    return endpoint & IS_BUSY ? WISH_WAIT : WISH_TRY;
}

/* False: nothing can be tried now. */
static bool course_next(struct scan *scan, uint32_t *looks, struct target *into)
{
    for (; !course_is_over(&scan->course) && *looks > 0; (*looks)--) {
        enum wish wish = wish_of(scan);
        if (wish == WISH_WAIT)
            return false;
        *into = scan->course.at;
        course_step(scan);
        if (wish == WISH_TRY)
            return true;
    }
    return false;
}

static bool target_next(struct scan *scan, uint32_t *looks, struct target *into)
{
    if (scan->has_again) {
        scan->has_again = false;
        *into = scan->again;
        return true;
    }
    return waiting_next(scan, into) || course_next(scan, looks, into);
}

/* ---- probes ----------------------------------------------------------------------------------*/

static void go(struct scan *scan);

static struct probe **list_of(struct probe *probe)
{
    struct scan *scan = probe->scan;
    unsigned tries = *endpoint_of(scan, &probe->target) & TRIES_MASK;
    switch (probe->state) {
    case PROBE_CONNECTING:
        return &scan->blocks[probe->target.block]
                    .connecting[tries < SCAN_TRIES ? tries - 1 : SCAN_TRIES - 1];
    case PROBE_LISTENING:
        return &scan->listening;
    case PROBE_READY:
        return &scan->ready;
    }
    die("a probe in no state");
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Its descriptor stays open; -1 where it was closed already. */
static int probe_end(struct probe *probe)
{
    int fd = probe->fd;
    struct probe **list = list_of(probe);
    DL_DELETE(*list, probe);
    probe->scan->under_way--;
    uv_close((uv_handle_t *)&probe->poll, on_closed);
    return fd;
}

/* With a reset, so that neither side remembers anything of it. */
static void reset(int fd)
{
    const struct linger now = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static void probe_state(struct probe *probe, enum probe_state state)
{
    struct probe **list = list_of(probe);
    DL_DELETE(*list, probe);
    probe->state = state;
    list = list_of(probe);
    DL_APPEND(*list, probe);
}

/* The connection becomes a link, unless the other side has ended it. */
static void deliver(struct probe *probe)
{
    struct scan *scan = probe->scan;
    struct scan_open open = {
        .address = address_of(scan, &probe->target), .rtt_ms = probe->rtt_ms, .bytes = scan->word};
    int fd = probe_end(probe);
    ssize_t size = recv(fd, scan->word, sizeof scan->word, MSG_PEEK);
    bool ended = size == 0 || (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
    open.size = size > 0 ? (size_t)size : 0;
    if (ended) {
        reset(fd);
    } else {
        open.link = link_new(scan->links, &open.address);
        if (uv_tcp_open(link_tcp(open.link), fd) != 0) {
            link_free(open.link);
            open.link = NULL;
            close(fd);
        } else if (link_connected(open.link)) {
            link_hand_over(open.link);
        } else {
            link_free(open.link);
            open.link = NULL;
        }
    }
    scan->handed += open.link != NULL;
    scan->calls->open(scan->self, &open);
}

static void deliver_or_wait(struct probe *probe)
{
    uv_poll_stop(&probe->poll);
    probe_state(probe, PROBE_READY);
    if (probe->scan->handed < probe->scan->limits.handed)
        deliver(probe);
}

/* A call from a port to itself, which TCP allows: nobody is there. */
static bool is_ourselves(int fd)
{
    struct sockaddr_storage own, peer;
    struct address a, b;
    socklen_t own_size = sizeof own, peer_size = sizeof peer;
    return getsockname(fd, (struct sockaddr *)&own, &own_size) == 0 &&
           getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0 &&
           address_from_system((struct sockaddr *)&own, &a) &&
           address_from_system((struct sockaddr *)&peer, &b) && address_equal(&a, &b);
}

static int error_of(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

static void on_event(uv_poll_t *poll, int status, int events);

static void connected(struct probe *probe)
{
    struct scan *scan = probe->scan;
    answered(scan, &probe->target, probe->rtt_ms);
    if (is_ourselves(probe->fd)) {
        reset(probe_end(probe));
        return;
    }
    scan->progress.open++;
    probe->since = loop_mono_ms(scan->loop);
    probe->wait_ms = scan->calls->patience(scan->self, address_of(scan, &probe->target).port);
    probe_state(probe, PROBE_LISTENING);
    uv_poll_start(&probe->poll, UV_READABLE, on_event);
}

/* The connect that was under way came to its end. */
static void resolved(struct probe *probe, int error)
{
    struct scan *scan = probe->scan;
    const struct target target = probe->target;
    if (error == 0) {
        connected(probe);
        return;
    }
    reset(probe_end(probe));
    if (error == ECONNREFUSED || error == ECONNRESET)
        answered(scan, &target, probe->rtt_ms);
    else if (error == ETIMEDOUT)
        unanswered(scan, &target);
    else
        settle(scan, &target); /* no way leads there */
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct probe *probe = poll->data;
    struct scan *scan = probe->scan;
    (void)status;
    (void)events;
    if (probe->state == PROBE_CONNECTING) {
        probe->rtt_ms = (uint32_t)(loop_mono_ms(scan->loop) - probe->since);
        resolved(probe, error_of(probe->fd));
    } else if (probe->state == PROBE_LISTENING) {
        deliver_or_wait(probe);
    }
    go(scan);
}

static struct probe *probe_new(struct scan *scan, const struct target *target, int fd)
{
    struct probe *probe = xcalloc(1, sizeof *probe);
    probe->scan = scan;
    probe->target = *target;
    probe->fd = fd;
    probe->since = loop_mono_ms(scan->loop);
    probe->poll.data = probe;
    loop_must(uv_poll_init(loop_uv(scan->loop), &probe->poll, fd), "a socket cannot be watched");
    scan->under_way++;
    struct probe **list = list_of(probe);
    DL_APPEND(*list, probe);
    return probe;
}

/* ---- one try ---------------------------------------------------------------------------------*/

/* The system has no place for it now: the same one again, a little later. */
static void trouble(struct scan *scan, const struct target *target)
{
    uint8_t *endpoint = endpoint_of(scan, target);
    *endpoint = (uint8_t)((*endpoint & TRIES_MASK) - 1);
    scan->again = *target;
    scan->has_again = true;
    scan->trouble_until = loop_mono_ms(scan->loop) + SCAN_TROUBLE_MS;
}

static bool is_trouble(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
           error == EAGAIN;
}

/* On loopback the answer, mostly a no, is there when the call returns, and need not be watched for.
 */
static int outcome(int fd)
{
    struct pollfd answer = {.fd = fd, .events = POLLOUT};
    int error = error_of(fd);
    if (error == 0)
        error = poll(&answer, 1, 0) == 1 ? error_of(fd) : EINPROGRESS;
    return error;
}

/* 0: it stands; EINPROGRESS: it is under way; or what is wrong. *fd is open in the first two. */
static int call(const struct address *address, int *fd)
{
    struct sockaddr_storage system;
    address_to_system(address, &system);
    socklen_t size =
        system.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    *fd = socket(system.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return errno;
    int error = connect(*fd, (struct sockaddr *)&system, size) == 0 ? 0 : errno;
    if (error == EINPROGRESS && address_is_loopback(address))
        error = outcome(*fd);
    if (error != 0 && error != EINPROGRESS)
        close(*fd);
    return error;
}

static void attempt(struct scan *scan, const struct target *target)
{
    struct address address = address_of(scan, target);
    int fd;
    uint8_t *endpoint = endpoint_of(scan, target);
    *endpoint = (uint8_t)(*endpoint + 1) | IS_BUSY;
    int error = call(&address, &fd);
    if (error == EINPROGRESS)
        uv_poll_start(&probe_new(scan, target, fd)->poll, UV_WRITABLE, on_event);
    else if (error == 0)
        connected(probe_new(scan, target, fd));
    else if (is_trouble(error))
        trouble(scan, target);
    else if (error == ECONNREFUSED || error == ECONNRESET)
        answered(scan, target, 0);
    else
        settle(scan, target);
}

/* ---- turns -----------------------------------------------------------------------------------*/

static bool has_room(const struct scan *scan)
{
    return scan->under_way + scan->handed < scan->limits.under_way &&
           loop_mono_ms(scan->loop) >= scan->trouble_until;
}

static void end_if_over(struct scan *scan)
{
    if (scan->over || scan->under_way > 0 || scan->waiting_count > 0 || scan->has_again ||
        !course_is_over(&scan->course))
        return;
    scan->over = true;
    uv_idle_stop(&scan->idle);
    timer_set(scan->timer, TIMER_NEVER);
    scan->calls->done(scan->self);
}

static void on_idle(uv_idle_t *idle)
{
    struct scan *scan = idle->data;
    uint32_t looks = SCAN_LOOKS;
    struct target target;
    for (int i = 0; i < SCAN_BURST; i++) {
        bool next = has_room(scan) && target_next(scan, &looks, &target);
        if (!next && looks > 0) {
            uv_idle_stop(idle); /* until something ends */
            break;
        }
        if (!next)
            break; /* and on with the looking */
        attempt(scan, &target);
    }
    end_if_over(scan);
}

/* Something ended, so something else may begin. */
static void go(struct scan *scan)
{
    if (!scan->over)
        uv_idle_start(&scan->idle, on_idle);
}

static void silences_end(struct scan *scan, struct block *block, uint64_t now)
{
    for (uint32_t tries = 0; tries < SCAN_TRIES; tries++) {
        uint64_t silence = (uint64_t)block->silence_ms * (tries + 1);
        struct probe *probe;
        if (silence > SCAN_CEILING_MS)
            silence = SCAN_CEILING_MS;
        while ((probe = block->connecting[tries]) && probe->since + silence <= now) {
            const struct target target = probe->target;
            reset(probe_end(probe));
            unanswered(scan, &target);
        }
    }
}

static void on_tick(void *self)
{
    struct scan *scan = self;
    uint64_t now = loop_mono_ms(scan->loop);
    struct probe *probe, *next;
    for (size_t i = 0; i < scan->block_count; i++)
        silences_end(scan, &scan->blocks[i], now);
    DL_FOREACH_SAFE(scan->listening, probe, next)
    if (probe->since + probe->wait_ms <= now)
        deliver_or_wait(probe);
    while (scan->ready && scan->handed < scan->limits.handed)
        deliver(scan->ready);
    timer_set(scan->timer, now + SCAN_TICK_MS);
    go(scan);
}

void scan_release(struct scan *scan)
{
    if (scan->handed == 0)
        die("a link is released that was never handed over");
    scan->handed--;
    go(scan);
}

/* ---- the whole -------------------------------------------------------------------------------*/

/* The limit that programs begin with is for those that still use select(); it is raised as far as
 * the user may. */
static uint32_t under_way_most(uint32_t wanted)
{
    struct rlimit files;
    rlim_t enough = 2 * (rlim_t)wanted + FILES_KEPT;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return UNDER_WAY_LEAST;
    if (files.rlim_cur < enough && files.rlim_cur < files.rlim_max) {
        struct rlimit more = files;
        more.rlim_cur = files.rlim_max < enough ? files.rlim_max : enough;
        if (setrlimit(RLIMIT_NOFILE, &more) == 0)
            files = more;
    }
    rlim_t most = files.rlim_cur > FILES_KEPT ? (files.rlim_cur - FILES_KEPT) / 2 : 0;
    return most < UNDER_WAY_LEAST ? UNDER_WAY_LEAST : most < wanted ? (uint32_t)most : wanted;
}

static void block_init(struct block *block, const struct scan_block *from)
{
    if (from->hosts == 0 || from->port_count == 0)
        die("a scan of nothing");
    block->is = *from;
    block->hosts = xcalloc(from->hosts, 1);
    block->endpoints = xcalloc((size_t)from->hosts * from->port_count, 1);
    block->silence_ms = SCAN_START_MS;
}

struct scan *scan_new(struct links *links, const struct scan_block *blocks, size_t count,
                      struct scan_limits limits, const struct scan_calls *calls, void *self)
{
    struct scan *scan = xcalloc(1, sizeof *scan);
    uint64_t hosts = 0;
    scan->links = links;
    scan->loop = links_loop(links);
    scan->calls = calls;
    scan->self = self;
    scan->block_count = count;
    scan->blocks = xcalloc(count, sizeof *scan->blocks);
    for (size_t i = 0; i < count; i++) {
        block_init(&scan->blocks[i], &blocks[i]);
        hosts += blocks[i].hosts;
        scan->progress.total += (uint64_t)blocks[i].hosts * blocks[i].port_count;
    }
    scan->limits = limits;
    uint64_t wanted = limits.under_way ? limits.under_way : SCAN_UNDER_WAY;
    if (wanted > hosts * SCAN_PER_HOST)
        wanted = hosts * SCAN_PER_HOST;
    scan->limits.under_way = under_way_most((uint32_t)wanted);
    if (scan->limits.handed > (scan->limits.under_way + 1) / 2)
        scan->limits.handed = (scan->limits.under_way + 1) / 2;
    uv_idle_init(loop_uv(scan->loop), &scan->idle);
    scan->idle.data = scan;
    scan->timer = timer_new(scan->loop, on_tick, scan);
    timer_set(scan->timer, loop_mono_ms(scan->loop) + SCAN_TICK_MS);
    if (count == 0)
        scan->course.pass = SCAN_TRIES_ALIVE;
    go(scan);
    return scan;
}

static void on_scan_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void scan_free(struct scan *scan)
{
    if (!scan)
        return;
    for (size_t i = 0; i < scan->block_count; i++)
        for (size_t tries = 0; tries < SCAN_TRIES; tries++)
            while (scan->blocks[i].connecting[tries])
                reset(probe_end(scan->blocks[i].connecting[tries]));
    while (scan->listening)
        reset(probe_end(scan->listening));
    while (scan->ready)
        reset(probe_end(scan->ready));
    for (size_t i = 0; i < scan->block_count; i++) {
        free(scan->blocks[i].hosts);
        free(scan->blocks[i].endpoints);
    }
    free(scan->blocks);
    timer_free(scan->timer);
    uv_close((uv_handle_t *)&scan->idle, on_scan_closed);
}

struct scan_progress scan_progress(const struct scan *scan)
{
    struct scan_progress progress = scan->progress;
    progress.tried = scan->over ? progress.total : scan->thirds / SCAN_TRIES;
    return progress;
}
