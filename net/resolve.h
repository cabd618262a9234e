#pragma once
/* Names of hosts into addresses, off the loop's thread. */
#include "net/address.h"

struct loop;
struct resolve;

enum {
    RESOLVE_ADDRESSES = 8, /* of one name; more would not be tried in the time of a dial */
    RESOLVE_MS = 10000,    /* a name service that is silent for longer has no answer */
};

enum resolve_result {
    RESOLVE_OK,
    RESOLVE_NO_NAME, /* nobody is called that */
    RESOLVE_TIMEOUT, /* nobody answered */
    RESOLVE_TROUBLE, /* this machine cannot ask now */
};

/* `done` comes once, never from inside this call; `count` is 0 unless RESOLVE_OK, and at least 1
 * then. The addresses are in the order in which they shall be tried: families alternate (RFC 8305,
 * 4), none comes twice. Numbers are answered without asking anyone. */
struct resolve *resolve_new(struct loop *loop, const char *host, uint16_t port,
                            void (*done)(void *self, enum resolve_result result,
                                         const struct address *addresses, size_t count),
                            void *self);
/* Before `done` only: it does not come then. */
void resolve_cancel(struct resolve *resolve);

/* That order, of addresses in the order that the system prefers: how many are in `into`. */
size_t resolve_order(const struct address *from, size_t count,
                     struct address into[RESOLVE_ADDRESSES]);
