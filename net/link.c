/* What comes in on a link, and how it ends. What goes out is in link_write.c.
 *
 * A state changes before its callback is made, and after each callback the state is looked at
 * again: the program may have closed or freed the link in it. The memory lives until libuv has let
 * go of the handle. */
#include "net/link.h"

#include "base/alloc.h"
#include "net/link_state.h"
#include "net/timer.h"

#include <signal.h>
#include <stdlib.h>
#include <utlist.h>

const struct link_limits LINK_LIMITS = {LINK_QUEUE_MAX, LINK_HANDSHAKE_MS, LINK_GOODBYE_MS, DIAL_MS,
                                        DIAL_NEXT_MS};

/* ---- what links share ------------------------------------------------------------------------*/

struct links *links_new(struct loop *loop, struct tls_context *context, struct link_limits limits)
{
    struct links *links = xcalloc(1, sizeof *links);
    signal(SIGPIPE, SIG_IGN); /* libuv writes as to a file: a peer that is gone would kill us */
    links->loop = loop;
    links->context = context;
    links->limits = limits;
    return links;
}

void links_free(struct links *links)
{
    if (!links)
        return;
    struct link *link, *next;
    DL_FOREACH_SAFE(links->all, link, next)
    {
        if (link->state != LINK_LEAVING)
            die("a link outlives what links share");
        link_gone(link, true);
    }
    free(links);
}

size_t links_count(const struct links *links)
{
    return links->count;
}

static bool is_half_open(const struct link *link)
{
    return link->handed && !link->dialled && link->state < LINK_OPEN;
}

size_t links_half_open(const struct links *links)
{
    return links->half_open;
}

size_t links_half_open_of(const struct links *links, const struct address *host)
{
    const struct link *link;
    size_t count = 0;
    DL_FOREACH(links->all, link)
    count += is_half_open(link) && address_same_host(&link->address, host);
    return count;
}

static bool is_started(const struct link *link)
{
    return link->state == LINK_SNIFFING || link->state == LINK_SHAKING || link->state == LINK_OPEN;
}

void links_lose(struct links *links, bool (*keeps)(void *self, const struct address *own),
                void *self)
{
    struct link *link;
    struct address own;
    DL_FOREACH(links->all, link)
    {
        if (!is_started(link) || !link_own_address(link, &own) || keeps(self, &own))
            continue;
        link->lost = true;
        loop_chore(links->loop, &link->chore);
    }
}

struct loop *links_loop(struct links *links)
{
    return links->loop;
}

const struct link_limits *links_limits(const struct links *links)
{
    return &links->limits;
}

/* ---- the beginning ---------------------------------------------------------------------------*/

static void on_late(void *self);
static bool on_chore(struct chore *chore);

struct link *link_new(struct links *links, const struct address *dialled)
{
    struct link *link = xcalloc(1, sizeof *link);
    link->links = links;
    link->state = LINK_NEW;
    link->chore.run = on_chore;
    link->dialled = dialled != NULL;
    if (dialled)
        link->address = *dialled;
    buf_init(&link->out, links->limits.queue);
    buf_init(&link->first, LINK_SNIFF_MAX);
    loop_must(uv_tcp_init(loop_uv(links->loop), &link->tcp), "no connection can be made");
    link->tcp.data = link;
    DL_APPEND(links->all, link);
    links->count++;
    return link;
}

uv_tcp_t *link_tcp(struct link *link)
{
    return &link->tcp;
}

/* Only Linux knows it; elsewhere it takes longer. */
static void unheard_limit(struct link *link)
{
#ifdef TCP_USER_TIMEOUT
    unsigned limit = UNHEARD_MS;
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&link->tcp, &fd) == 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
#else
    (void)link;
#endif
}

bool link_connected(struct link *link)
{
    struct sockaddr_storage system;
    int size = sizeof system;
    link->connected = true;
    uv_tcp_nodelay(&link->tcp, 1); /* we join small writes ourselves */
    uv_tcp_keepalive(&link->tcp, 1, KEEPALIVE_S);
    unheard_limit(link);
    if (link->dialled)
        return true;
    return uv_tcp_getpeername(&link->tcp, (struct sockaddr *)&system, &size) == 0 &&
           address_from_system((const struct sockaddr *)&system, &link->address);
}

static void time_set(struct link *link, uint32_t ms)
{
    if (!link->timer)
        link->timer = timer_new(link->links->loop, on_late, link);
    timer_set(link->timer, loop_mono_ms(link->links->loop) + ms);
}

static void time_drop(struct link *link)
{
    timer_free(link->timer);
    link->timer = NULL;
}

void link_hand_over(struct link *link)
{
    link->handed = true;
    link->links->half_open += is_half_open(link);
    time_set(link, link->links->limits.handshake_ms);
}

/* ---- the end ---------------------------------------------------------------------------------*/

static void on_closed(uv_handle_t *handle)
{
    struct link *link = handle->data;
    tls_free(link->tls);
    buf_done(&link->out);
    buf_done(&link->first);
    free(link);
}

static void state_set(struct link *link, enum link_state state)
{
    struct links *links = link->links;
    links->half_open -= is_half_open(link);
    links->leaving -= link->state == LINK_LEAVING;
    link->state = state;
    links->half_open += is_half_open(link);
    links->leaving += state == LINK_LEAVING;
}

/* With a reset the system forgets the connection at once, on both sides. */
void link_gone(struct link *link, bool reset)
{
    if (link->state == LINK_GONE)
        return;
    state_set(link, LINK_GONE);
    time_drop(link);
    loop_chore_drop(link->links->loop, &link->chore);
    DL_DELETE(link->links->all, link);
    link->links->count--;
    if (!reset || !link->connected || uv_tcp_close_reset(&link->tcp, on_closed) != 0)
        uv_close((uv_handle_t *)&link->tcp, on_closed);
}

static void read_start(struct link *link);

static void gulp(struct link *link)
{
    link->crumbs_at = loop_mono_ms(link->links->loop);
    if (!link->paused && !link->eof)
        read_start(link);
}

static void on_late(void *self)
{
    struct link *link = self;
    if (link->state == LINK_LEAVING)
        link_gone(link, true);
    else if (link->state == LINK_OPEN)
        gulp(link);
    else
        link_down(link, LINK_DOWN_SILENT);
}

/* The oldest goodbye, where there are too many: links are in the order of their beginning, but a
 * list of 64 is searched soon. */
static void goodbyes_bound(struct links *links)
{
    struct link *link, *oldest = NULL;
    if (links->leaving <= LINK_GOODBYES)
        return;
    DL_FOREACH(links->all, link)
    if (link->state == LINK_LEAVING && (!oldest || link->turn < oldest->turn))
        oldest = link;
    link_gone(oldest, true);
}

/* From here on nobody is told anything. */
static void leave(struct link *link)
{
    state_set(link, LINK_LEAVING);
    link->calls = NULL;
    link->paused = false;
    link->turn = ++link->links->turns;
    time_set(link, link->links->limits.goodbye_ms);
    buf_done(&link->first);
    if (!link->eof)
        read_start(link);
    loop_chore(link->links->loop, &link->chore);
    goodbyes_bound(link->links);
}

static bool worth_a_goodbye(const struct link *link, enum link_down why)
{
    switch (why) {
    case LINK_DOWN_ENDED:
        return true;
    case LINK_DOWN_TLS:
        return link_queued(link) > 0; /* an alert says what was wrong */
    case LINK_DOWN_CUT:
    case LINK_DOWN_LOST:
    case LINK_DOWN_SILENT:
    case LINK_DOWN_BAD:
        return false;
    }
    return false;
}

void link_down(struct link *link, enum link_down why)
{
    const struct link_calls *calls = link->calls;
    bool goodbye = worth_a_goodbye(link, why);
    if (!goodbye || why == LINK_DOWN_TLS)
        buf_done(&link->out);
    state_set(link, LINK_DOWN);
    if (calls)
        calls->down(link->self, why);
    if (goodbye)
        leave(link);
    else
        link_gone(link, true);
}

void link_close(struct link *link)
{
    if (link->state == LINK_OPEN)
        leave(link);
    else
        link_free(link);
}

void link_free(struct link *link)
{
    if (link && link->state != LINK_DOWN && link->state != LINK_LEAVING)
        link_gone(link, true);
}

/* ---- what comes in ---------------------------------------------------------------------------*/

static void come_up(struct link *link)
{
    uint8_t exported[TLS_EXPORTED_BYTES];
    const uint8_t *peer = link->tls ? tls_peer(link->tls) : NULL;
    if (link->tls && !tls_export(link->tls, exported)) {
        link_down(link, LINK_DOWN_TLS);
        return;
    }
    time_drop(link);
    state_set(link, LINK_OPEN);
    link->calls->up(link->self, peer, peer ? exported : NULL);
}

/* The first bytes of a plain link, which were sniffed. */
static void first_give(struct link *link)
{
    if (link->state != LINK_OPEN || link->paused || link->first.length == 0)
        return;
    struct buf first = link->first;
    buf_init(&link->first, LINK_SNIFF_MAX);
    link->calls->bytes(link->self, buf_bytes(&first), first.length);
    buf_done(&first);
}

static void be_plain(struct link *link)
{
    come_up(link);
    first_give(link);
}

static enum link_down why_of(const struct link *link)
{
    return tls_fault(link->tls) == TLS_FAULT_CUT ? LINK_DOWN_CUT : LINK_DOWN_TLS;
}

static void tls_shake(struct link *link)
{
    enum tls_result result = tls_handshake(link->tls);
    if (result == TLS_OK)
        come_up(link);
    else if (result != TLS_MORE)
        link_down(link, why_of(link));
}

/* Whatever the engine can make of what it was fed. */
static void tls_go(struct link *link)
{
    if (link->state == LINK_SHAKING)
        tls_shake(link);
    while (link->state == LINK_OPEN && !link->paused) {
        uint8_t *plain = link->links->plain;
        size_t got;
        enum tls_result result = tls_read(link->tls, plain, TLS_PLAIN_MAX, &got);
        if (result == TLS_OK)
            link->calls->bytes(link->self, plain, got);
        else if (result == TLS_ENDED)
            link_down(link, LINK_DOWN_ENDED);
        else if (result == TLS_FAILED)
            link_down(link, why_of(link));
        else
            break;
    }
    bool lives = link->state == LINK_SHAKING || link->state == LINK_OPEN;
    if (lives && tls_outgoing(link->tls)->length > 0) /* hellos, or the answer to a key update */
        loop_chore(link->links->loop, &link->chore);
}

static void be_tls(struct link *link)
{
    if (!link->links->context)
        die("TLS is asked for without a certificate");
    state_set(link, LINK_SHAKING);
    link->resumed = true; /* the first word is the caller's */
    link->tls = tls_new(link->links->context, link->dialled ? TLS_CALLER : TLS_LISTENER);
    if (!tls_feed(link->tls, buf_bytes(&link->first), link->first.length))
        die("the first bytes of a link do not fit");
    buf_done(&link->first);
}

static void sniff(struct link *link)
{
    switch (link->calls->sniffed(link->self, buf_bytes(&link->first), link->first.length)) {
    case LINK_IS_UNKNOWN:
        if (link->state == LINK_SNIFFING && buf_left(&link->first) == 0)
            link_down(link, LINK_DOWN_BAD);
        break;
    case LINK_IS_TLS:
        if (link->state != LINK_SNIFFING)
            break;
        be_tls(link);
        tls_go(link);
        break;
    case LINK_IS_PLAIN:
        if (link->state == LINK_SNIFFING)
            be_plain(link);
        break;
    case LINK_IS_BAD:
        if (link->state == LINK_SNIFFING)
            link_down(link, LINK_DOWN_BAD);
        break;
    }
}

static void take(struct link *link, const uint8_t *bytes, size_t size)
{
    link->bytes_in += size;
    switch (link->state) {
    case LINK_SNIFFING:
        if (!buf_add(&link->first, bytes, size))
            die("more was read than there is room for");
        sniff(link);
        break;
    case LINK_SHAKING:
    case LINK_OPEN:
        if (!link->tls)
            link->calls->bytes(link->self, bytes, size);
        else if (!tls_feed(link->tls, bytes, size))
            die("more was read than there is room for");
        else
            tls_go(link);
        break;
    case LINK_NEW:
    case LINK_DOWN:
    case LINK_LEAVING: /* read only so that the other side is not reset */
    case LINK_GONE:
        break;
    }
}

/* The other side's bytes are over: `error` is UV_EOF or what went wrong. */
static void end(struct link *link, int error)
{
    bool broken = link->write_error != 0 || error != UV_EOF;
    if (link->write_error)
        error = link->write_error;
    uv_read_stop((uv_stream_t *)&link->tcp);
    link->eof = true;
    if (link->state == LINK_LEAVING) {
        link_leave_on(link);
    } else if (broken && error != UV_ECONNRESET && error != UV_EPIPE) {
        link_down(link, LINK_DOWN_LOST);
    } else if (link->tls) {
        tls_feed_end(link->tls);
        tls_go(link);
    } else {
        link_down(link, broken ? LINK_DOWN_CUT : LINK_DOWN_ENDED);
    }
}

static size_t read_room(const struct link *link)
{
    if (link->state == LINK_SNIFFING)
        return buf_left(&link->first);
    if (link->state == LINK_LEAVING)
        return READ_BYTES;
    if (!link->tls)
        return TLS_PLAIN_MAX;
    return tls_room(link->tls) < READ_BYTES ? tls_room(link->tls) : READ_BYTES;
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
    (void)wanted;
    struct link *link = handle->data;
    *room = uv_buf_init((char *)link->links->read, (unsigned int)read_room(link));
}

/* Who sends a thousand lines a second does not wake us a thousand times: they wait together in the
 * system for a moment. Bulk comes in large pieces by itself, and who talks as people do is read at
 * once; and so is who is told much: small questions wait for large answers. */
static void crumbs_count(struct link *link, size_t size)
{
    uint64_t now = loop_mono_ms(link->links->loop);
    bool waited = link->gulping && now <= link->crumbs_at + 1; /* it was there when we asked */
    if (now >= link->crumbs_at + CRUMBS_MS) {
        link->crumbs_at = now;
        link->crumbs_out = link->bytes_out;
        link->crumbs = 0;
    }
    link->crumbs++;
    bool answered = link->bytes_out - link->crumbs_out >= CRUMB_BYTES;
    link->gulping = size < CRUMB_BYTES && !answered && (waited || link->crumbs >= CRUMBS);
    if (!link->gulping || link->state != LINK_OPEN || link->paused)
        return;
    link->crumbs = 0;
    link->crumbs_out = link->bytes_out;
    uv_read_stop((uv_stream_t *)&link->tcp);
    time_set(link, GULP_MS);
}

/* libuv would read on and on: others, and keys, have their turn between two large pieces. */
static void piece_end(struct link *link)
{
    if (link->state != LINK_OPEN || link->paused)
        return;
    uv_read_stop((uv_stream_t *)&link->tcp);
    link->resumed = true;
    loop_chore(link->links->loop, &link->chore);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *room)
{
    struct link *link = stream->data;
    if (size > 0) {
        take(link, (const uint8_t *)room->base, (size_t)size);
        crumbs_count(link, (size_t)size);
        if ((size_t)size == room->len)
            piece_end(link);
    } else if (size < 0) {
        end(link, (int)size);
    }
}

static void read_start(struct link *link)
{
    uv_read_start((uv_stream_t *)&link->tcp, on_room, on_read);
}

/* ---- what the program asks for ---------------------------------------------------------------*/

void link_start(struct link *link, enum link_start start, const struct link_calls *calls,
                void *self)
{
    if (link->state != LINK_NEW || !link->handed)
        die("a link is started twice");
    link->calls = calls;
    link->self = self;
    state_set(link, LINK_SNIFFING);
    if (start == LINK_TLS)
        be_tls(link);
    if (start == LINK_PLAIN)
        link_be_plain(link);
    else
        read_start(link);
    if (start == LINK_TLS)
        loop_chore(link->links->loop, &link->chore);
}

void link_pass(struct link *link, const struct link_calls *calls, void *self)
{
    link->calls = calls;
    link->self = self;
}

void link_be_plain(struct link *link)
{
    if (link->state != LINK_SNIFFING)
        return;
    link->resumed = true;
    uv_read_stop((uv_stream_t *)&link->tcp);
    loop_chore(link->links->loop, &link->chore);
}

void link_pause(struct link *link)
{
    if (link->state != LINK_OPEN || link->paused)
        return;
    link->paused = true;
    uv_read_stop((uv_stream_t *)&link->tcp);
}

void link_resume(struct link *link)
{
    if (link->state != LINK_OPEN || !link->paused)
        return;
    link->paused = false;
    link->resumed = true;
    loop_chore(link->links->loop, &link->chore);
}

/* True where the program may have been called. */
static bool go_on(struct link *link)
{
    if (!link->resumed || link->state == LINK_LEAVING)
        return false;
    link->resumed = false;
    if (link->state == LINK_SNIFFING)
        be_plain(link);
    else if (link->tls)
        tls_go(link);
    else
        first_give(link);
    if (link->state == LINK_OPEN && !link->paused && !link->eof)
        read_start(link);
    return true;
}

/* Whatever waited for the end of the turn: reading that was held back first, for it may end the
 * link. */
static bool on_chore(struct chore *chore)
{
    struct link *link = link_of_chore(chore);
    if (link->lost && is_started(link)) {
        link_down(link, LINK_DOWN_LOST);
        return true;
    }
    bool called = go_on(link);
    if (!link->resumed) /* what go_on asked for follows here */
        loop_chore_drop(link->links->loop, chore);
    return link_write(link) || called;
}

/* ---- asked of one ----------------------------------------------------------------------------*/

bool link_dialled(const struct link *link)
{
    return link->dialled;
}

const struct address *link_address(const struct link *link)
{
    return &link->address;
}

bool link_own_address(const struct link *link, struct address *into)
{
    struct sockaddr_storage system;
    int size = sizeof system;
    return uv_tcp_getsockname(&link->tcp, (struct sockaddr *)&system, &size) == 0 &&
           address_from_system((const struct sockaddr *)&system, into);
}

enum tls_fault link_fault(const struct link *link)
{
    return link->tls ? tls_fault(link->tls) : TLS_FAULT_NONE;
}

uint64_t link_bytes_in(const struct link *link)
{
    return link->bytes_in;
}

uint64_t link_bytes_out(const struct link *link)
{
    return link->bytes_out;
}
