#pragma once
/* One TCP connection, with or without TLS over it, and what all of them share.
 *
 * A link is silent until link_start says who listens to it. From then on its owner hears, in this
 * order: `sniffed` as often as it asks for more (of LINK_SNIFF only), `up` once, `bytes` and
 * `queued` as it goes, and at last `down`; nothing comes after that, and the link is gone when
 * `down` returns. No callback comes from inside a function of this file, nor after link_close or
 * link_free; in `down` these two are without effect. What one peer does, and how slowly, is bounded
 * in time and memory by the limits below and is never felt by another. */
#include "net/address.h"
#include "net/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct links;
struct link;

enum {
    LINK_SNIFF_MAX = 1024,     /* first bytes that decide: a guest's longest message */
    LINK_QUEUE_MAX = 1048576,  /* DESIGN.md: a slow link is resynchronised, not buffered for */
    LINK_HANDSHAKE_MS = 10000, /* DESIGN.md; from the connection on until it is up */
    LINK_GOODBYE_MS = 2000,    /* for what is queued at link_close, and for the other's farewell */
    LINK_GOODBYES = 64,        /* under way at once; beyond, the oldest is cut off */
    LINK_HALF_OPEN = 32,       /* DESIGN.md: accepted and not up */
    LINK_HALF_OPEN_PER_HOST = 4, /* DESIGN.md; loopback exempt from this one */
};

/* What tests want to be smaller. */
struct link_limits {
    size_t queue;
    uint32_t handshake_ms;
    uint32_t goodbye_ms;
    uint32_t dial_ms;      /* net/dial.h: DIAL_MS */
    uint32_t dial_next_ms; /* DIAL_NEXT_MS */
};
extern const struct link_limits LINK_LIMITS; /* the real ones */

enum link_start {
    LINK_SNIFF, /* the other's first bytes decide: `sniffed` is asked */
    LINK_TLS,   /* as the caller where we dialled, as the listener where we were */
    LINK_PLAIN, /* up at once */
};

enum link_dialect {
    LINK_IS_UNKNOWN, /* more bytes, please: come LINK_SNIFF_MAX, the link goes down */
    LINK_IS_TLS,
    LINK_IS_PLAIN, /* `up`, and then the same bytes again by `bytes` */
    LINK_IS_BAD,   /* the link goes down */
};

enum link_down {
    LINK_DOWN_ENDED,  /* the other side ended it, in good order */
    LINK_DOWN_CUT,    /* it ended without a farewell; where there is no TLS, by a reset */
    LINK_DOWN_LOST,   /* the network says that it cannot go on */
    LINK_DOWN_SILENT, /* it was not up in time */
    LINK_DOWN_BAD,    /* `sniffed` said so, or could not say in LINK_SNIFF_MAX */
    LINK_DOWN_TLS,    /* link_fault says what was wrong */
};

/* What pointers lead to lives as long as the call. */
struct link_calls {
    /* The first bytes, all that came so far. */
    enum link_dialect (*sniffed)(void *self, const uint8_t *bytes, size_t size);
    /* Bytes may be sent. `peer` (TLS_KEY_BYTES) and `exported` (TLS_EXPORTED_BYTES) are NULL where
     * it is plain. */
    void (*up)(void *self, const uint8_t *peer, const uint8_t *exported);
    void (*bytes)(void *self, const uint8_t *bytes, size_t size); /* at most TLS_PLAIN_MAX */
    /* So much is still to be written; it is less than it was. May be NULL. */
    void (*queued)(void *self, size_t left);
    void (*down)(void *self, enum link_down why);
};

/* ---- what links share ---- */

/* The context is not taken over; it may be NULL where nothing but plain links is wanted. From here
 * on the process ignores SIGPIPE: whoever writes to a pipe hears EPIPE instead. */
struct links *links_new(struct loop *loop, struct tls_context *context, struct link_limits limits);
/* Every listener, dial and link is freed before; those that say goodbye are cut off. */
void links_free(struct links *links);
/* How many there are, those that say goodbye included: the descriptors held. */
size_t links_count(const struct links *links);
/* Of them, those that were accepted and are not up. */
size_t links_half_open(const struct links *links);
/* Those of which `keeps` says no of our own side's address go down at the end of this turn, with
 * LINK_DOWN_LOST; who has not been started is left alone. */
void links_lose(struct links *links, bool (*keeps)(void *self, const struct address *own),
                void *self);

/* ---- one ---- */

/* Once, for a link that a listener or a dial handed over. `calls` and `self` outlive the link. */
void link_start(struct link *link, enum link_start start, const struct link_calls *calls,
                void *self);
/* Somebody else hears of it from now on; also from inside a callback, from the next one on. */
void link_pass(struct link *link, const struct link_calls *calls, void *self);
/* Sniffing has taken long enough (a guest who waits for our first word): it is plain. `up` comes
 * next, and then what was sniffed so far. Without effect where TLS was chosen, or it is up. */
void link_be_plain(struct link *link);

/* Queues bytes; those of one turn leave in one write. False and nothing queued: they do not fit in
 * the limit, or the link is not up (or its `down` is on its way). Nothing larger than the limit
 * ever fits. */
bool link_send(struct link *link, const void *bytes, size_t size)
    __attribute__((warn_unused_result));
/* What is queued and not yet with the system. */
size_t link_queued(const struct link *link);

/* No `bytes` until link_resume; the other side is slowed down by TCP. Its end is not seen either.
 */
void link_pause(struct link *link);
void link_resume(struct link *link);

/* In good order: what is queued still goes out, then a farewell, all within LINK_GOODBYE_MS. The
 * link is no longer the owner's. */
void link_close(struct link *link);
/* At once, with a reset: nothing queued goes out. NULL is fine. */
void link_free(struct link *link);

/* ---- asked of one, until it is gone ---- */

bool link_dialled(const struct link *link); /* by us */
/* The other side: for a link that we dialled, what was dialled. */
const struct address *link_address(const struct link *link);
/* Our own side of it. */
bool link_own_address(const struct link *link, struct address *into)
    __attribute__((warn_unused_result));
/* TLS_FAULT_NONE where TLS had no fault. */
enum tls_fault link_fault(const struct link *link);
/* What went over the wire either way, TLS included. */
uint64_t link_bytes_in(const struct link *link);
uint64_t link_bytes_out(const struct link *link);
