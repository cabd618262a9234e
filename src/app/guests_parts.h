#pragma once
/* What guests.c and guest_calls.c share; nobody else includes it. */
#include "app/guests.h"

#include "base/alloc.h"
#include "dialect/dialect.h"

struct dial;
struct timer;

/* The highest bit is set in no number of a peer's. */
#define GUEST_NUMBERS (UINT32_C(1) << 31)

struct visitor {
    struct visitor *prev, *next;
    struct guests *guests;
    uint32_t number;
    enum guest_role role;
    struct link *link;   /* NULL: there is none.. */
    struct dial *dial;   /* ..but a call is under way */
    struct guest *guest; /* NULL: nobody, as far as is known; or its link is no more */
    struct address address;
    const struct dialect *dialect; /* as the node knows it; NULL: not yet */
    char name[GUEST_NAME_MAX + 1]; /* "": it goes by its address */
    bool half;    /* its first byte may be a peer's: nothing is done before the next */
    bool up;      /* its link takes bytes */
    bool lost;    /* its link ended */
    bool listens; /* it was greeted */
    bool known;   /* it is somebody */
    bool told;    /* and the node knows */
    bool missed;  /* the node knows that it is gone, and is called again */
    bool news;    /* it is to be told in this turn */
    bool leaves;  /* it ends in the next turn */
    bool ended;   /* it goes at the end of the turn */
    /* of who called us: */
    const struct dialect
        *found;       /* what its listener speaks; NULL: it was not looked for, or in vain */
    uint32_t same_as; /* that listener's number */
    /* of whom we called: */
    bool back;   /* because they called us: it goes with them */
    bool probe;  /* one of their ports, where nobody may be */
    bool asked;  /* the node waits to hear of `where` */
    bool over;   /* it is not called again */
    bool worked; /* it answered ever */
    bool peer;   /* it greeted us as we do */
    struct overlay_address where;
    enum call_fault fault;        /* why no peer is there */
    enum call_fault failed;       /* why the last call was in vain */
    bool finishes;                /* the program ends */
    const struct dialect *wanted; /* NULL: to be found out */
    unsigned tries;               /* in vain, since it last worked */
    uint64_t at;                  /* when something is due that its engine does not know of */
    uint64_t worked_at;
};

struct lapse {
    struct lapse *prev, *next;
    uint32_t number;
    uint64_t id;
};

struct guests {
    struct loop *loop;
    struct links *links;
    bool allowed;
    const struct guests_calls *calls;
    void *self;
    struct echoes *echoes;
    struct visitor *all;  /* in order of arrival */
    struct lapse *lapses; /* words that no engine took: the node is told at the end of the turn */
    struct timer *timer;
    uint64_t due; /* what the timer is set to */
    uint32_t numbers;
    bool dirty;
    bool ripe; /* something is due, and all that had come by then was read */
    bool stopped;
    int64_t zone_minute;
    int32_t zone_s;
    struct {
        struct address address;
        const struct dialect *dialect;
    } remembered[GUESTS_REMEMBERED];
    size_t remembered_next;
    struct {
        struct address host;
        uint64_t at;
    } tried[GUESTS_REMEMBERED]; /* whose ports were looked at lately */
    size_t tried_next;
};

/* ---- guests.c ---- */

extern const struct link_calls VISITOR_CALLS;
struct guest_now visitor_now(const struct visitor *visitor);
/* There is something to do at the end of this turn. */
void guests_touch(struct guests *guests);
void guests_tell(struct guests *guests, const struct node_event *event);
struct visitor *visitor_new(struct guests *guests, enum guest_role role,
                            const struct address *address);
struct visitor *visitor_find(const struct guests *guests, uint32_t number);
/* Its engine, for the link it has now. */
void visitor_begin(struct visitor *visitor, const struct dialect *dialect);
void visitor_tell_up(struct visitor *visitor);
/* `again`: it is called again by itself. */
void visitor_tell_down(struct visitor *visitor, bool again);
void visitor_end(struct visitor *visitor);

/* ---- guest_calls.c ---- */

/* Our call was taken. */
void visitor_taken(struct visitor *visitor);
/* Whom we called is somebody. */
void visitor_called_known(struct visitor *visitor);
/* Who called us may be reached at a listener of theirs. */
void visitor_call_back(struct visitor *visitor);
/* Its engine wants to call. */
void visitor_dial(struct visitor *visitor);
/* `dated` answered a word, or did not. */
void visitor_answered(struct visitor *visitor, bool delivered);
/* What is due by its own clock. */
void visitor_time(struct visitor *visitor);
/* There is no link any more, and nothing is left to be said of it. */
void visitor_over(struct visitor *visitor);
void visitor_retry(struct visitor *visitor);
/* We hang up, in so many words where its dialect has them. */
void visitor_leave(struct visitor *visitor);
/* The same when all that waits was told, within GUESTS_GOODBYE_MS. */
void visitor_finish(struct visitor *visitor);
