#pragma once
/* The ports where we are reached. However many call, those that are not up yet are few
 * (LINK_HALF_OPEN in all, LINK_HALF_OPEN_PER_HOST of one host); whoever is too many is closed. */
#include "net/address.h"

struct link;
struct links;
struct listener;

enum {
    LISTENER_SOCKETS = 16,      /* two families, and every port somebody could name */
    LISTENER_FIRST_PORT = 9990, /* DESIGN.md: where a taken port falls to */
    LISTENER_LAST_PORT = 10005,
    LISTENER_TURN = 64,      /* taken from one socket in one turn: others have their turn too */
    LISTENER_SAYS_MS = 1000, /* `dropped` at most so often, for all reasons together */
};

enum listener_drop {
    LISTENER_DROP_FULL,  /* LINK_HALF_OPEN */
    LISTENER_DROP_HOST,  /* LINK_HALF_OPEN_PER_HOST */
    LISTENER_DROP_FILES, /* no descriptor is left; libuv closes most of these without a word */
};

struct listener_calls {
    /* Somebody called: start the link, or free it. It is counted as half open until it is up. */
    void (*arrived)(void *self, struct link *link);
    /* `count` were closed since this was last said, the last one for `why`; `from` is NULL where
     * it is not known. For the log. May be NULL. */
    void (*dropped)(void *self, enum listener_drop why, const struct address *from, uint64_t count);
};

enum listener_result {
    LISTENER_OK,
    LISTENER_MOVED,      /* the port was taken: another one is listened on */
    LISTENER_TAKEN,      /* and so were all others that may be had */
    LISTENER_NO_ADDRESS, /* this machine has not that address, or not that family */
    LISTENER_FORBIDDEN,  /* the system does not let us */
    LISTENER_FULL,       /* LISTENER_SOCKETS */
    LISTENER_FAILED,     /* no descriptors, no memory */
};

/* `calls` and `self` outlive the listener. */
struct listener *listener_new(struct links *links, const struct listener_calls *calls, void *self);
/* Its links live on. */
void listener_free(struct listener *listener);

/* Listens on all of the addresses, all on the one port `*port`, or on none. A family that this
 * machine has not is left out as long as one is left. Where the port is taken on any of them:
 * unless `exact`, all move to the next of LISTENER_FIRST_PORT to LISTENER_LAST_PORT, around, that
 * is free on all. Port 0: one that the system chooses. *port is then the one that was found. */
enum listener_result listener_open(struct listener *listener, const struct address *addresses,
                                   size_t count, bool exact, uint16_t *port)
    __attribute__((warn_unused_result));

/* Where it listens, in the order of opening. */
size_t listener_count(const struct listener *listener);
const struct address *listener_address(const struct listener *listener, size_t index);
