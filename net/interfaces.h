#pragma once
/* This machine's interfaces, each with its addresses, and a word when they change.
 *
 * The list is in one order always, so that two lists of the same state are equal. */
#include "net/address.h"

struct loop;
struct interfaces_watch;

enum {
    INTERFACES_MAX = 128, /* addresses in all: a machine full of containers; more is left out */
    INTERFACE_NAME_BYTES = 16, /* IF_NAMESIZE of every system we know */
    /* An interface that comes up does so in several steps, each with a word of its own. */
    INTERFACES_SETTLE_MS = 50,
    INTERFACES_POLL_MS = 5000, /* where the system gives no word by itself */
};

/* One address of one interface. */
struct interface {
    char name[INTERFACE_NAME_BYTES];
    uint32_t number;
    struct address address;   /* port 0 */
    struct address broadcast; /* the subnet's; all zero where it has none */
    uint8_t prefix;           /* how many bits its subnet shares: of 32, or of 128 */
    bool up;                  /* switched on, and the cable is in */
    bool loopback;
    bool multicast;
    bool point_to_point; /* a tunnel: nobody else is on that wire */
};

struct interfaces {
    size_t count;
    struct interface all[INTERFACES_MAX];
};

/* As they are now; none where the system does not say. */
void interfaces_read(struct interfaces *into);
bool interfaces_equal(const struct interfaces *a, const struct interfaces *b);
/* Whether that address is in the subnet of this one: it is reached without a router. */
bool interface_covers(const struct interface *interface, const struct address *address);
/* Whether it is one that programs made for their containers and virtual machines, by its name: who
 * is there is no neighbour, as a rule. */
bool interface_is_virtual(const struct interface *interface);
/* Whether it is an address of this machine; loopback always is. */
bool interfaces_own(const struct interfaces *interfaces, const struct address *address);

/* What became of an address of ours. */
enum interface_fate {
    INTERFACE_UP,
    INTERFACE_DOWN, /* it is still there, and nothing passes */
    INTERFACE_GONE,
};
/* Loopback is always up; so is everything where the system did not say, or said too much. */
enum interface_fate interfaces_fate(const struct interfaces *interfaces, const struct address *own);
/* Whether there is a way to others in `now` that was not in `before`. */
bool interfaces_gained(const struct interfaces *before, const struct interfaces *now);

/* `changed` comes whenever they are not what they were, never from inside this call; `now` stays
 * until the next one. */
struct interfaces_watch *
interfaces_watch_new(struct loop *loop, void (*changed)(void *self, const struct interfaces *now),
                     void *self);
/* NULL is fine. */
void interfaces_watch_free(struct interfaces_watch *watch);
/* What they are, as far as was told. */
const struct interfaces *interfaces_watch_now(const struct interfaces_watch *watch);
