#pragma once
/* Links to those who speak a plain dialect: who calls us and is no peer, and whom we call. Each has
 * an engine (dialect/dialect.h) that says what its bytes mean; here it gets a socket and a clock,
 * and what it says becomes events for the node.
 *
 * Invariants: a number is given to one link and never again, and is none of a peer's; who was never
 * anybody is never told of; every call that the node asked for ends in EVENT_GUEST_UP (`asked`) or
 * EVENT_DIAL_FAILED. */
#include "core/node.h"
#include "net/address.h"

struct guests;
struct link;
struct links;
struct loop;

enum {
    GUESTS_ACCEPTED = 256,  /* who called us: DESIGN.md has as many links of peers */
    GUESTS_PER_HOST = 4,    /* of one machine, but our own: as for peers */
    GUESTS_CALLED = 64,     /* whom we called; with the tries at one caller's ports, 16 more */
    GUESTS_SILENT = 32,     /* greeted, and nothing heard: who waits longest goes first */
    GUESTS_REMEMBERED = 64, /* addresses whose dialect is known: as many as anybody calls by hand */
};

struct guests_calls {
    void (*event)(void *self, const struct node_event *event); /* for the node */
    /* A caller begins to speak TLS: the link is theirs to take, by link_pass. */
    void (*native)(void *self, struct link *link);
    /* Our greeting came from there, so it is a peer after all: the call is theirs now. */
    void (*peer)(void *self, const struct overlay_address *address);
    /* What we are called now. */
    const char *(*name)(void *self);
    /* Whether we listen there. */
    bool (*is_ours)(void *self, const struct address *address);
    /* To be kept, for guests_recall after the next start. */
    void (*keep)(void *self, struct span memory);
};

/* `allowed`: else all who are no peers are turned away, with a word. */
struct guests *guests_new(struct loop *loop, struct links *links, bool allowed,
                          const struct guests_calls *calls, void *self);
/* NULL is fine. */
void guests_free(struct guests *guests);

/* Somebody called: TAKES the link. */
void guests_arrived(struct guests *guests, struct link *link);
/* Calls who is there; `dialect` "": whatever it speaks. `link`: such a call that was taken already,
 * TAKEN; or NULL. `fault`: why no peer is there, for the answer. */
void guests_call(struct guests *guests, const struct overlay_address *address, const char *dialect,
                 struct link *link, enum call_fault fault);
/* What was spoken at that address before; NULL: it is not known. */
const char *guests_remembered(const struct guests *guests, const struct overlay_address *address);
/* A peer is there now. */
void guests_forget(struct guests *guests, const struct address *address);
/* All that was remembered by an earlier run; what cannot be read of it is left out. */
void guests_recall(struct guests *guests, struct span memory);

/* EFFECT_GUEST_... */
void guests_do(struct guests *guests, const struct node_effect *effect);
/* To be called at the end of each turn. */
void guests_turn(struct guests *guests);

/* Everyone is let go, without a word to the node. */
void guests_drop(struct guests *guests);
/* The same, once they were told what still waits for them, and goodbye. */
void guests_stop(struct guests *guests);
bool guests_are_gone(const struct guests *guests);
