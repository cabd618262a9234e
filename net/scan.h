#pragma once
/* Many addresses and ports tried at once, to see which of them take a call.
 *
 * One port of each host comes first, then the others of hosts that answered, then those of hosts
 * that were silent. How long a silence lasts follows from the answers that came before, in each
 * block by itself. Who was silent is tried twice more, each time for longer; and where the host is
 * there, so that its silence is strange, three times beyond that: a packet that is lost now and
 * then hides nobody. What is held in memory is two bytes an endpoint, and SCAN_UNDER_WAY calls.
 *
 * Who takes a call is listened to for a moment, for many speak first; then the connection, from
 * which nothing was read and on which nothing was said, goes to the owner. */
#include "net/address.h"

struct link;
struct links;
struct scan;

enum {
    SCAN_UNDER_WAY = 2048,  /* DESIGN.md; less where the system allows fewer files */
    SCAN_PER_HOST = 256,    /* under way to one host, where there are few: it may be a small one */
    SCAN_START_MS = 300,    /* a silence, as long as nobody answered.. */
    SCAN_FLOOR_MS = 50,     /* ..and at least: who sleeps on a wireless network wakes up by then */
    SCAN_CEILING_MS = 1000, /* and at most: then the system itself asks again */
    SCAN_TRIES = 3,         /* of who is silent */
    SCAN_TRIES_ALIVE = 6,   /* of a silent port where the host is there */
    SCAN_FIRST_WORD = 1024, /* bytes of what somebody says first that are shown */
};

/* Hosts in a row, each with the same ports. The ports outlive the scan. */
struct scan_block {
    struct address first; /* port 0; the others count up in its last 4 bytes */
    uint32_t hosts;       /* at least 1; they do not count past those bytes */
    const uint16_t *ports;
    uint32_t port_count; /* at least 1 */
};

/* Somebody took the call. */
struct scan_open {
    struct address address;
    uint32_t rtt_ms;
    struct link *link;    /* TAKEN: to be started or freed; NULL where they hung up at once */
    const uint8_t *bytes; /* what they said first: it is still to be read on the link */
    size_t size;
};

struct scan_calls {
    /* How long who listens on that port may take for a first word. */
    uint32_t (*patience)(void *self, uint16_t port);
    /* Not the place for scan_free. */
    void (*open)(void *self, const struct scan_open *open);
    /* Every endpoint has answered, or was tried as often as it is. Once, and last. */
    void (*done)(void *self);
};

struct scan_limits {
    uint32_t under_way; /* 0: SCAN_UNDER_WAY; never more than the open files allow */
    uint32_t handed;    /* links handed over and not released: further ones wait */
};

/* `blocks` are copied. No callback comes from inside a function of this file. */
struct scan *scan_new(struct links *links, const struct scan_block *blocks, size_t count,
                      struct scan_limits limits, const struct scan_calls *calls, void *self);
/* At once, done or not. NULL is fine. */
void scan_free(struct scan *scan);
/* The owner needs one of the links that it was handed no more, and could take another. */
void scan_release(struct scan *scan);

struct scan_progress {
    uint64_t tried; /* of `total`: grows evenly, and reaches it */
    uint64_t total;
    uint64_t open;
    uint64_t alive; /* hosts */
};
struct scan_progress scan_progress(const struct scan *scan);
