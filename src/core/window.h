#pragma once
/* The lines of one conversation that are held in memory: a window over all that the store has.
 *
 * Invariants: posts lie in the order of the screen, no entry twice; between the first and the last
 * of them nothing is missing that was ever shown; no more than the bounds below is held; and the
 * line the reader looks at is never taken away from under them. */
#include "core/order.h"
#include "core/people.h"

#include <stddef.h>

enum {
    WINDOW_POSTS = 2000,            /* ten of the tallest screens */
    WINDOW_BYTES = 2 * 1024 * 1024, /* a hundred of the longest messages beside 1,900 usual ones */
    WINDOW_IDLE_POSTS = 200,        /* of a conversation not on the screen: one screen */
    WINDOW_IDLE_BYTES = 32 * 1024,  /* a thousand of them fit into 32 MiB */
    WINDOW_MARGIN = 300,            /* with fewer posts left above or below, more are asked for */
    WINDOW_PAGE = 100,              /* posts asked for at a time */
    WINDOW_WAITING = 256,           /* posts that come while a page is on its way */
};

/* Who said it, as the screen shows them. */
struct who {
    struct id id;      /* a guest's: its host's */
    const char *guest; /* its name and dialect; NULL: a person of their own */
    const char *dialect;
    const char *label; /* what they are called; hostile */
    const char *host;  /* a guest's: what its host is called */
    enum trust trust;
    bool self;
    bool muted; /* ignored or blocked: what they say is not shown */
};

enum post_kind {
    POST_SAY,
    POST_ACT,
    POST_CALL,
    POST_JOIN,
    POST_LEAVE,
    POST_TOPIC,
    POST_PROFILE, /* a new name */
    POST_NOTICE,  /* of ours, to be seen where it belongs */
    POST_UNKNOWN, /* a placeholder: a kind or body we cannot read */
};

/* A line. It never changes but in what is marked so. */
struct post {
    struct order order;
    const struct who *from; /* NULL: of a notice; the model keeps them */
    uint64_t wall;          /* the sender's own clock, ms */
    int64_t skew_ms;        /* how far that is off ours; 0: not worth a word */
    struct epoch_id again_epoch;
    uint64_t
        again; /* these are lost words, said first at this seq of that epoch; 0: they are not */
    enum post_kind kind;
    bool own;
    bool late;
    bool mention;
    bool unread; /* it came while nobody looked; may change */
    bool twin;   /* a guest's words that another host brought too: not shown (core/twins.h) */
    uint32_t stored_by; /* own ones: by how many of the `of`; may change */
    uint32_t of;        /* 0: nobody is expected to */
    uint32_t size;
    char text[]; /* hostile, not ended by a zero */
};

/* Whether anybody is to see it. */
static inline bool post_is_shown(const struct post *post)
{
    return !post->twin && !(post->from && post->from->muted);
}

/* Where a line of ours is by now. */
enum delivery {
    DELIVERY_NONE,   /* it is not ours */
    DELIVERY_STORED, /* here */
    DELIVERY_SOME,   /* by stored_by of the `of` */
    DELIVERY_ALL,
};

static inline enum delivery post_delivery(const struct post *post)
{
    if (!post->own)
        return DELIVERY_NONE;
    if (post->stored_by == 0)
        return DELIVERY_STORED;
    return post->stored_by < post->of ? DELIVERY_SOME : DELIVERY_ALL;
}

enum window_way {
    WINDOW_UP,     /* older ones; from ORDER_OPEN: the newest */
    WINDOW_DOWN,   /* newer ones */
    WINDOW_AROUND, /* on both sides */
};

struct window {
    struct post **posts;
    size_t count;
    size_t room;
    size_t bytes;
    size_t agains;       /* of the posts, lost words said again */
    struct order top;    /* down to `bottom`, nothing is missing: the first and the last post, or */
    struct order bottom; /* what was left out there because it stands elsewhere */
    bool more_above;     /* older ones are not held */
    bool more_below;     /* newer ones are not held */
    bool following;      /* the last line is looked at, and whatever comes after it */
    bool idle;           /* the conversation is not on the screen */
    bool gave_up;        /* the store failed: nothing is asked until somebody scrolls */
    bool overflown;      /* more came than can wait: the page on its way is of no use */
    struct order anchor; /* unless following: the lowest line looked at */
    size_t beyond;       /* lines known to be below all that is held */
    uint64_t asked;      /* the ticket of the page on its way; 0: none */
    enum window_way asked_way;
    struct post **waiting;
    size_t waiting_count;
};

/* `history`: the store may have lines of it; they are asked for when they are looked at. */
void window_init(struct window *window, bool history);
void window_done(struct window *window);

enum window_take {
    WINDOW_TAKEN,
    WINDOW_TWICE,   /* it is there */
    WINDOW_OUTSIDE, /* not among what is held: it is there when one scrolls to it */
};

/* A line that has just come; TAKES it. */
enum window_take window_take(struct window *window, struct post *post);

/* Which post stands at, or first after, this place: `count` where there is none. */
size_t window_find(const struct window *window, const struct order *at);

/* ---- looking ---- */

/* The lowest line looked at is this one. */
void window_anchor(struct window *window, const struct order *at);
/* The reader wants to be where this line is, held or not. */
void window_go(struct window *window, const struct order *at);
/* The reader is at the end, and stays there. */
void window_follow(struct window *window);
/* The reader is at the first, or last, line that is held, and wants more. */
void window_reach(struct window *window, bool up);
/* How many lines wait below what is looked at. */
size_t window_below(const struct window *window);
/* On the screen, or not: then little is held. */
void window_idle(struct window *window, bool idle);

/* ---- pages ---- */

struct window_wish {
    enum window_way way;
    struct order from; /* not included; of WINDOW_AROUND: included */
    size_t count;
};

/* What is to be asked of the store now; false: nothing. */
bool window_wish(const struct window *window, struct window_wish *into)
    __attribute__((warn_unused_result));
/* It was asked, under a ticket that is not 0. */
void window_asked(struct window *window, uint64_t ticket, const struct window_wish *wish);
/* The answer, in any order; TAKES the posts. `more`: there are others that way. One that was not
 * asked for, or no longer, is dropped. */
void window_page(struct window *window, uint64_t ticket, struct post *const *posts, size_t count,
                 bool more, bool failed);
