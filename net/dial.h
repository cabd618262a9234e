#pragma once
/* Calling somebody: one host, at one or several addresses, as RFC 8305 ("happy eyeballs") has it.
 * The first address that answers wins; the others are dropped. */
#include "net/address.h"

struct link;
struct links;
struct dial;

enum {
    DIAL_ADDRESSES = 8, /* of one host */
    DIAL_NEXT_MS = 250, /* RFC 8305, 5: the next address is tried while the last one is silent */
    /* For all of it, the name included: it spans three lost SYNs (7 s), and who waits for it has
     * heard of nothing for long enough. */
    DIAL_MS = 10000,
};

enum dial_result {
    DIAL_OK,
    DIAL_REFUSED,     /* the host is there and nobody listens */
    DIAL_UNREACHABLE, /* no way leads there */
    DIAL_TIMEOUT,     /* no answer */
    DIAL_NO_NAME,     /* the name leads nowhere */
    DIAL_TROUBLE,     /* this machine cannot call now: no descriptors, no name service */
};

/* `link` is the caller's to start or free, and NULL unless DIAL_OK; link_address says which address
 * it was. Of several failures the one that says most is told: refused before unreachable before
 * timeout. `done` comes once, and never from inside dial_new. */
typedef void dial_done(void *self, enum dial_result result, struct link *link);

/* In this order; 1 to DIAL_ADDRESSES of them (more are left out). */
struct dial *dial_new(struct links *links, const struct address *addresses, size_t count,
                      dial_done *done, void *self);
/* A name or a number. */
struct dial *dial_host(struct links *links, const char *host, uint16_t port, dial_done *done,
                       void *self);
/* Before `done` only: it does not come then. */
void dial_cancel(struct dial *dial);
