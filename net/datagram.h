#pragma once
/* Datagrams to everyone on a wire, and those of everyone else: for beacons.
 *
 * Nothing sent passes a router (a TTL of 1), and one machine's programs hear each other: the port
 * is shared, and what is sent comes back to the sender too. However much arrives, so much is handed
 * out and no more; what one source sends beyond its share is dropped first. */
#include "net/interfaces.h"

struct loop;
struct datagrams;

enum {
    DATAGRAM_MAX = 512,        /* bytes of one; longer ones are dropped */
    DATAGRAM_SOURCE_RATE = 20, /* of one address in a second */
    DATAGRAM_RATE = 200,       /* of all together */
    /* Read in a second, those dropped included: 1 % of a core. The rest is the system's to drop. */
    DATAGRAM_READS = 4000,
    DATAGRAM_INTERFACES = 32, /* addresses that it is open on; more are left out */
};

/* ---- how much is let in: pure ---- */

struct datagram_source {
    uint8_t ip[16];
    uint32_t scope;
    uint32_t count;
};

struct datagram_gate {
    uint64_t until; /* of this second */
    uint32_t admitted;
    uint32_t read;
    uint32_t source_count; /* only who was let in has a place: DATAGRAM_RATE are enough */
    struct datagram_source sources[DATAGRAM_RATE];
};

enum datagram_verdict {
    DATAGRAM_ADMIT,
    DATAGRAM_DROP,
    DATAGRAM_CLOSE, /* nothing more in this second: `until` is its end */
};

/* All zero at the start. */
enum datagram_verdict datagram_gate(struct datagram_gate *gate, uint64_t now_ms,
                                    const struct address *from) __attribute__((warn_unused_result));

/* ---- the sockets ---- */

struct datagrams_config {
    uint16_t port; /* where all of them are sent, and heard */
    const char *group4, *group6;
    /* `from` has the sender's port. What pointers lead to lives as long as the call. */
    void (*heard)(void *self, const struct address *from, const uint8_t *bytes, size_t size);
};

/* Nothing is open yet. The config is copied, its texts are constants. */
struct datagrams *datagrams_new(struct loop *loop, const struct datagrams_config *config,
                                void *self);
/* NULL is fine. */
void datagrams_free(struct datagrams *datagrams);

/* From now on it is these, and all is opened anew; none: it is closed. False where another program
 * holds the port for itself: then others are not heard. */
bool datagrams_open(struct datagrams *datagrams, const struct interface *interfaces, size_t count);

/* To everyone on that wire, by every way there is: IPv4's group and the subnet's broadcast, or for
 * a link-local address IPv6's group. How many ways it went. */
unsigned datagrams_send(struct datagrams *datagrams, const struct interface *interface,
                        const void *bytes, size_t size);
