#pragma once
/* The two ends of links over loopback for tests: each notes what it is told, and checks what holds
 * of every link. It may free, close or pause its link in any callback. */
#include "net_world.h"

#include "net/dial.h"

enum { CALLER, LISTENER };

enum act { ACT_NONE, ACT_FREE, ACT_CLOSE, ACT_PAUSE };

struct end {
    struct link *link; /* NULL: gone */
    int sniffs, ups, downs;
    size_t sniff_size;
    uint8_t sniffed[LINK_SNIFF_MAX];
    bool plain;
    uint8_t peer[TLS_KEY_BYTES];
    uint8_t exported[TLS_EXPORTED_BYTES];
    struct buf heard;
    bool deaf; /* counts, and keeps nothing */
    size_t heard_size;
    int hearings;
    int queueds;
    size_t queued;
    enum link_down why;
    enum tls_fault fault;
    const char *greets; /* said in `up` */
    enum link_dialect dialect;
    size_t dialect_at; /* known from so many bytes on */
    bool paused;
    enum act in_sniff, in_up, in_bytes, in_queued;
};

static struct links *links[2];
static struct listener *listener;
static struct end ends[2];
static bool inside; /* a function of links */
static uint16_t port;
static uint8_t words[3000000];

static inline bool act(struct end *end, enum act what)
{
    assert_false(inside);
    assert_int_equal(end->downs, 0);
    switch (what) {
    case ACT_NONE:
        return false;
    case ACT_FREE:
        link_free(end->link);
        break;
    case ACT_CLOSE:
        link_close(end->link);
        break;
    case ACT_PAUSE:
        link_pause(end->link);
        end->paused = true;
        return false;
    }
    end->link = NULL;
    return true;
}

static inline enum link_dialect on_sniffed(void *self, const uint8_t *bytes, size_t size)
{
    struct end *end = self;
    assert_non_null(end->link);
    assert_true(size > end->sniff_size && size <= LINK_SNIFF_MAX);
    assert_int_equal(end->ups, 0);
    memcpy(end->sniffed, bytes, size);
    end->sniff_size = size;
    end->sniffs++;
    act(end, end->in_sniff);
    return size < end->dialect_at ? LINK_IS_UNKNOWN : end->dialect;
}

static inline void on_up(void *self, const uint8_t *peer, const uint8_t *exported)
{
    struct end *end = self;
    assert_non_null(end->link);
    assert_int_equal(end->ups++, 0);
    assert_int_equal(end->heard_size, 0);
    assert_int_equal(!peer, !exported);
    end->plain = !peer;
    if (peer) {
        memcpy(end->peer, peer, TLS_KEY_BYTES);
        memcpy(end->exported, exported, TLS_EXPORTED_BYTES);
    }
    if (!act(end, end->in_up) && end->greets)
        assert_true(link_send(end->link, end->greets, strlen(end->greets)));
}

static inline void on_bytes(void *self, const uint8_t *bytes, size_t size)
{
    struct end *end = self;
    assert_non_null(end->link);
    assert_int_equal(end->ups, 1);
    assert_false(end->paused);
    assert_in_range(size, 1, TLS_PLAIN_MAX);
    end->heard_size += size;
    end->hearings++;
    if (!end->deaf)
        assert_true(buf_add(&end->heard, bytes, size));
    act(end, end->in_bytes);
}

static inline void on_queued(void *self, size_t left)
{
    struct end *end = self;
    assert_non_null(end->link);
    assert_int_equal(left, link_queued(end->link));
    end->queueds++;
    end->queued = left;
    act(end, end->in_queued);
}

static inline void on_down(void *self, enum link_down why)
{
    struct end *end = self;
    assert_false(inside);
    assert_non_null(end->link);
    assert_int_equal(end->downs++, 0);
    end->why = why;
    end->fault = link_fault(end->link);
    assert_false(link_send(end->link, "x", 1));
    link_free(end->link); /* no harm */
    link_close(end->link);
    end->link = NULL;
}

static const struct link_calls CALLS = {on_sniffed, on_up, on_bytes, on_queued, on_down};

/* ---- the world ---- */

static enum link_start listener_starts;

static inline void on_arrived(void *self, struct link *link)
{
    (void)self;
    assert_false(link_dialled(link));
    assert_true(address_is_loopback(link_address(link)));
    ends[LISTENER].link = link;
    inside = true;
    link_start(link, listener_starts, &CALLS, &ends[LISTENER]);
    inside = false;
}

static const struct listener_calls DOORS = {on_arrived, NULL};
static struct link_limits limits;

static inline void links_open(void)
{
    struct address any = local("127.0.0.1", 0);
    for (int i = 0; i < 2; i++) {
        links[i] = links_new(loop, contexts[i], limits);
        ends[i] = (struct end){.dialect = LINK_IS_TLS, .dialect_at = 2};
        buf_init(&ends[i].heard, sizeof words);
    }
    listener_starts = LINK_SNIFF;
    listener = listener_new(links[LISTENER], &DOORS, NULL);
    port = 0;
    assert_int_equal(listener_open(listener, &any, 1, true, &port), LISTENER_OK);
}

static int descriptors_before;

static inline int setup(void **state)
{
    (void)state;
    descriptors_before = descriptors();
    limits = LINK_LIMITS;
    world_open();
    links_open();
    return 0;
}

static inline void links_close(void)
{
    listener_free(listener);
    for (int i = 0; i < 2; i++) {
        if (ends[i].link)
            link_free(ends[i].link);
        buf_done(&ends[i].heard);
        links_free(links[i]);
    }
}

static inline int teardown(void **state)
{
    (void)state;
    links_close();
    world_close();
    assert_int_equal(descriptors(), descriptors_before);
    return 0;
}

/* With other limits. */
static inline void again(struct link_limits with)
{
    links_close();
    limits = with;
    links_open();
}

static enum link_start caller_starts;

static inline void on_dialled(void *self, enum dial_result result, struct link *link)
{
    (void)self;
    assert_int_equal(result, DIAL_OK);
    assert_true(link_dialled(link));
    assert_int_equal(link_address(link)->port, port);
    ends[CALLER].link = link;
    inside = true;
    link_start(link, caller_starts, &CALLS, &ends[CALLER]);
    assert_false(link_send(link, "too early", 9));
    inside = false;
}

static inline void call(enum link_start caller)
{
    struct address to = local("127.0.0.1", port);
    caller_starts = caller;
    inside = true;
    dial_new(links[CALLER], &to, 1, on_dialled, NULL);
    inside = false;
}

static inline void both_up(enum link_start caller)
{
    call(caller);
    if (caller == LINK_PLAIN)
        listener_starts = LINK_PLAIN;
    UNTIL(ends[CALLER].ups && ends[LISTENER].ups);
}

static inline void send_all(struct end *end, const void *bytes, size_t size)
{
    inside = true;
    assert_true(link_send(end->link, bytes, size));
    inside = false;
}

/* Says words[0..size) however long it takes, and waits until the other heard them. */
static inline void talk(int from, size_t size)
{
    struct end *to = &ends[1 - from];
    buf_done(&to->heard);
    to->heard_size = 0;
    for (size_t sent = 0, piece; sent < size; sent += piece) {
        piece = size - sent < 50000 ? size - sent : 50000;
        UNTIL(link_queued(ends[from].link) + piece <= limits.queue);
        send_all(&ends[from], words + sent, piece);
    }
    UNTIL(to->heard_size >= size);
    assert_int_equal(to->heard.length, size);
    assert_memory_equal(buf_bytes(&to->heard), words, size);
}

static inline void nobody_left(void)
{
    UNTIL(links_count(links[0]) == 0 && links_count(links[1]) == 0);
}

static inline void resume(struct end *end)
{
    end->paused = false;
    inside = true;
    link_resume(end->link);
    inside = false;
}

/* ---- strangers ---- */

static inline int stranger(void)
{
    struct address to = local("127.0.0.1", port);
    int fd = stranger_call(&to);
    UNTIL(ends[LISTENER].link);
    return fd;
}

/* Until the stranger's side is told how it ended: 0, or -2 by a reset. */
static inline ssize_t stranger_end(int fd)
{
    uint8_t into[4096];
    ssize_t count;
    UNTIL((count = stranger_hears(fd, into, sizeof into)) == 0 || count == -2);
    close(fd);
    return count;
}

static inline int words_make(void **state)
{
    for (size_t i = 0; i < sizeof words; i++)
        words[i] = (uint8_t)(i * 131 + i / 253);
    return contexts_make(state);
}
