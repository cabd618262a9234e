#pragma once
/* A simulated world: peers with a real node each, their disks, clocks and users, in one thread and
 * virtual time. Invariant: everything follows from the seed, so a failure repeats to the bit. */
#include "core/node.h"
#include "tests/sim/disk.h"
#include "tests/sim/net.h"
#include "tests/sim/queue.h"
#include "tests/sim/truth.h"

#include <stdio.h>

enum {
    WORLD_SPARE = 6,  /* peers that may come later: copies of an identity */
    CYCLE_MS = 10000, /* a repair cycle (DESIGN.md, "Overlay") */
    WHY_MAX = 400,
    TOUCHED = 8,
};

struct byzantine;

/* A machine's clocks, as wrong as a nemesis makes them. */
struct clock {
    uint64_t started; /* us of the world */
    uint64_t mono_us; /* then */
    int64_t wall_ms;  /* ahead of the world's */
    int32_t drift_ppm;
};

struct peer {
    uint32_t number;
    uint32_t life; /* grows with each start */
    bool alive;
    bool gone; /* for good: its machine does not answer either */
    bool leaving;
    struct identity identity;
    struct sys_fake fake;
    struct sys sys;
    struct clock clock;
    struct retention_settings retention;
    struct node *node;
    uint64_t timer; /* the serial of the newest one */
    /* the disk */
    struct disk disk;     /* as it says it is */
    struct disk *durable; /* as a crash would show it, where it lies; else NULL */
    struct write *writes;
    bool writing;
    bool full;
    bool refusing; /* a commit has failed, and the node was not told yet that there is room */
    uint64_t failures;
    uint64_t failures_told;
    uint32_t slow; /* times slower than usual */
    bool restored; /* its disk was older than it said: words of its own may be lost */
    /* what a nemesis plans */
    uint32_t crash_after;        /* effects; 0: not */
    struct byzantine *byzantine; /* NULL: it is honest */
    uint64_t words;              /* said by its user */
    int64_t contact;             /* whose address its user has written down; -1: nobody's */
    const char *room;            /* where its user is */
    size_t bytes;                /* of memory, allocated by its node */
    /* invariants.c */
    struct shown *shown; /* lines, in this life */
    size_t touched_count;
    struct id touched[TOUCHED]; /* authors whose logs the disk has changed */
};

struct world_options {
    uint64_t seed;
    size_t nodes;
    uint64_t steps; /* 0: as many as the scenario likes */
    uint64_t every; /* steps between two looks at everything of a node; 0: as many as usual */
    bool real;      /* Ed25519 */
    FILE *trace;
};

struct world {
    struct world_options options;
    uint64_t now; /* us since the world began */
    struct queue queue;
    struct net net;
    struct truth truth;
    struct sys_fake fake;
    struct sys sys; /* of the network, the users and all that goes wrong */
    struct hash net_name;
    bool beacons;
    bool silent; /* nobody says a name by themselves */
    bool quiet;  /* users say nothing more */
    /* Of what nodes ask for the guests' sake; NULL: nobody has guests here. */
    void (*guests)(struct world *world, struct peer *peer, const struct node_effect *effect);
    void *self; /* of that */
    struct peer **peers;
    size_t peer_count;
    size_t peer_room;
    struct peer *acting; /* whose node runs */
    struct whispered *whispered;
    uint64_t marks;
    uint64_t trace;
    uint64_t steps;
    uint64_t faults;
    size_t copies; /* of identities */
    bool failed;
    char why[WHY_MAX];
    /* figures */
    uint64_t frames;
    uint64_t dials;
    uint64_t crashes;
    uint64_t stores_failed;
    uint64_t stored; /* entries */
    uint64_t opened;
    uint64_t shown;
    uint64_t receipts;
    uint64_t trims;
    uint64_t errors;
    uint64_t converged_ms; /* the longest */
    uint64_t joined_ms;    /* the longest */
    size_t bytes_most;
    uint64_t rest_frames; /* of a link in 20 s of silence, the most */
};

struct world *world_new(const struct world_options *options);
void world_free(struct world *world);

/* What must hold does not: the first word counts. */
void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t world_chance(struct world *world, uint64_t bound);
void world_trace(struct world *world, const void *bytes, size_t size);
static inline void world_trace_number(struct world *world, uint64_t number)
{
    world_trace(world, &number, sizeof number);
}

/* Lets things happen for so long, or until something has failed. */
void world_run(struct world *world, uint64_t ms);
/* After `in_us`; `peer` may be NULL. */
void world_later(struct world *world, uint64_t in_us, struct peer *peer, task_run *run,
                 uint64_t number);

/* ---- peers ---- */
struct peer *world_peer(const struct world *world, uint32_t number);
/* One more, with an identity of its own. */
struct peer *world_peer_new(struct world *world);
bool world_lives(const struct world *world, uint32_t number, uint32_t life);
uint32_t world_life(const struct world *world, uint32_t number);
/* Whose identity this is, the first of them; NULL: nobody's. */
struct peer *world_owner(const struct world *world, const struct id *id);
bool world_honest(const struct world *world, const struct id *id);

void peer_start(struct world *world, struct peer *peer);
/* The power goes. */
void peer_crash(struct world *world, struct peer *peer);
/* As its user would end it; it is over a little later. */
void peer_stop(struct world *world, struct peer *peer);
void peer_give(struct world *world, struct peer *peer, const struct node_event *event);
/* The same after `in_us`, if it still lives; nothing in the event may be borrowed, and `held` of
 * EVENT_STORED is TAKEN. */
void peer_give_later(struct world *world, struct peer *peer, const struct node_event *event,
                     uint64_t in_us);
/* A line typed with the conversation on the screen. */
void peer_type(struct world *world, struct peer *peer, const char *conversation, const char *line);
/* It hears of an address. */
void peer_hear(struct world *world, struct peer *peer, uint32_t whom, enum found found);
struct node_now peer_now(const struct world *world, const struct peer *peer);
/* Its wall clock is set. */
void peer_jump(struct world *world, struct peer *peer, int64_t ms);
/* From now on its clocks go so much too fast. */
void peer_drift(struct world *world, struct peer *peer, int32_t ppm);
static inline bool peer_honest(const struct peer *peer)
{
    return !peer->byzantine;
}

/* ---- words ---- */
/* Something to say that nobody said before. */
void world_words(struct world *world, char *into, size_t size);
/* `/whisper` from one to another; only the two may ever read it. */
void peer_whisper(struct world *world, struct peer *from, struct peer *to);

/* perform.c: does what the node asks for. TAKES effect. */
void perform(struct world *world, struct peer *peer, struct node_effect *effect);
/* The wire of a node's link, and the node's side of it; NULL where it is gone. */
struct wire *perform_wire(struct world *world, uint32_t link, unsigned *side);
/* Puts a frame on a wire as an honest codec does. */
void perform_send(struct world *world, struct wire *wire, unsigned side, const struct frame *frame);
static inline uint32_t link_number(const struct wire *wire, unsigned side)
{
    return wire->number * 2 + side;
}

/* storage.c: the queue before a disk. TAKES effect. */
void storage_write(struct world *world, struct peer *peer, struct node_effect *effect);
void storage_read(struct world *world, struct peer *peer, struct node_effect *effect);
/* What a crash leaves of what was under way. */
void storage_crash(struct world *world, struct peer *peer);
/* Nothing waits any more. */
void storage_forget(struct peer *peer);
/* All of it is done. */
void storage_flush(struct world *world, struct peer *peer);
void storage_full(struct world *world, struct peer *peer, bool full);
/* From now on until it is honest again, what it says to be durable is not. */
void storage_lie(struct peer *peer, bool lie);

/* net.c asks for this. */
void world_wire_ends(struct world *world, struct wire *wire);
