#pragma once
/* A link's inside, for link.c and link_write.c alone. */
#include "base/buf.h"
#include "net/dial.h"
#include "net/link_parts.h"

enum {
    READ_BYTES = TLS_INCOMING_MAX, /* one large read of a socket */
    CRUMB_BYTES = 4096,            /* what one wake brought, or we said since, is little */
    CRUMBS_MS = 16,                /* so often in so short a time, */
    CRUMBS = 8,                    /* and what comes is read in gulps: */
    GULP_MS = 15,                  /* nothing is read for so long: a frame of a screen */
    /* For guests, who have no pings: whose cable is pulled is gone in 45 s, as a peer is. */
    KEEPALIVE_S = 30,   /* nothing heard for so long: the kernel asks, ten times in ten seconds */
    UNHEARD_MS = 45000, /* what was sent is not acknowledged; a quarter of an hour by default */
};

/* In the order of a link's life. */
enum link_state {
    LINK_NEW,      /* not started */
    LINK_SNIFFING, /* or about to be plain */
    LINK_SHAKING,
    LINK_OPEN,
    LINK_DOWN, /* the program is being told */
    LINK_LEAVING,
    LINK_GONE, /* libuv closes it */
};

struct links {
    struct loop *loop;
    struct tls_context *context;
    struct link_limits limits;
    struct link *all;
    size_t count;
    size_t half_open;
    size_t leaving;
    uint64_t turns;               /* counts the goodbyes, for their order */
    uint8_t read[READ_BYTES];     /* of one read, until it is fed */
    uint8_t plain[TLS_PLAIN_MAX]; /* of one `bytes`; so an idle link needs neither */
};

/* One write that libuv finishes later. */
struct writing {
    uv_write_t request;
    struct link *link;
    struct buf bytes;
};

struct link {
    struct link *prev, *next;
    uv_tcp_t tcp;
    struct links *links;
    const struct link_calls *calls;
    void *self;
    struct chore chore;
    struct timer *timer; /* until it is up, between two gulps, and in LEAVING */
    uint64_t crumbs_at;  /* when the crumbs at hand began, or when a gulp was asked for */
    uint64_t crumbs_out; /* what we had said when they began, or when reading stopped */
    unsigned crumbs;
    bool gulping;
    struct tls *tls;
    struct buf first; /* sniffed */
    struct buf out;   /* queued: plain, not encrypted */
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t turn; /* among those in LEAVING */
    struct address address;
    int write_error; /* the other side is gone; reading finds out how */
    enum link_state state;
    bool dialled;
    bool connected;
    bool handed;  /* the program has it */
    bool resumed; /* reading goes on at the end of the turn, or begins as plain */
    bool writing; /* a write is under way */
    bool written; /* less is queued than `queued` said */
    bool paused;
    bool eof;
    bool lost;     /* its end is told at the end of the turn */
    bool farewell; /* in LEAVING: all was said, and our side is shut */
};

static inline struct link *link_of_chore(struct chore *chore)
{
    return (struct link *)((char *)chore - offsetof(struct link, chore));
}

/* The last callback, and the end. */
void link_down(struct link *link, enum link_down why);
/* No callback; `reset` where nothing shall be waited for. */
void link_gone(struct link *link, bool reset);
/* Writes what there is; says whether the program was called. */
bool link_write(struct link *link);
/* In LEAVING: the next step, where one is due. */
void link_leave_on(struct link *link);
