#pragma once
/* The simulated network: connections that carry bytes in order, each way for itself, as slowly, as
 * chopped and as unreliably as a seed wants. Invariant: what arrives is a prefix of what was
 * written, and nobody learns of a break but by silence, by an end, or by a refusal. */
#include "base/buf.h"
#include "core/crypto.h"
#include "core/overlay.h"
#include "dialect/framer.h"

struct world;

enum {
    WIRE_OUT_MAX = 16 * 1024 * 1024, /* a node that lets so much wait has broken its bounds */
    WIRE_EXPORT = 32,
};

/* How a wire chops what it carries. */
enum chunking { CHUNKS_WHOLE, CHUNKS_MIXED, CHUNKS_TINY };

struct held {
    struct held *prev, *next;
    size_t size;
    uint8_t bytes[];
};

/* One direction. */
struct way {
    struct buf out; /* written, and not on its way yet */
    bool pumping;   /* a task will look at it */
    bool told;      /* a task will tell the writer how much still waits */
    bool ending;    /* an end follows what was written */
    bool dead;      /* what is written goes nowhere */
    uint64_t last_at;
    uint64_t stalled_until;
    struct held *held; /* arrived where there was a cut */
};

/* A connection; side 0 called side 1. */
struct wire {
    uint32_t number;
    uint32_t node[2];
    uint32_t life[2];
    bool open[2]; /* as that side sees it */
    struct way way[2];
    uint32_t tasks; /* that know it */
    uint32_t delay_us;
    uint32_t bytes_per_ms;
    enum chunking chunking;
    bool silent; /* a dead end says nothing, ever */
    struct overlay_address address[2];
    struct id id[2]; /* as TLS has proved them */
    struct framer framer[2];
    uint8_t exported[WIRE_EXPORT];
};

struct net {
    struct wire **wires; /* by number; NULL: gone */
    size_t count;
    size_t room;
    uint8_t *cut; /* [from * nodes + to] */
    size_t nodes;
    bool whole; /* chunks are never chopped: for worlds with very many nodes */
    uint64_t bytes;
    uint64_t chunks;
};

void net_init(struct net *net, size_t nodes);
void net_done(struct net *net);

/* NULL where it is gone. */
struct wire *net_wire(const struct net *net, uint32_t number);
/* 10.INTERFACE.x.y says which node it is; every node has two interfaces. */
struct overlay_address net_address(uint32_t node, unsigned interface);

/* A call: told_connected at both ends, or told_dial_failed. */
void net_dial(struct world *world, uint32_t node, const struct overlay_address *address,
              uint64_t token);
/* After something was added to wire->way[side].out. */
void net_written(struct world *world, struct wire *wire, unsigned side);
/* This side is done: the other one gets what was written, and then the end. */
void net_close(struct world *world, struct wire *wire, unsigned side);
/* All wires of a node that has just died. */
void net_crash(struct world *world, uint32_t node);

/* ---- what a nemesis does ---- */
void net_break(struct world *world, struct wire *wire);
/* One side learns that it is over, the other one does not. */
void net_half_open(struct world *world, struct wire *wire, unsigned side);
void net_stall(struct world *world, struct wire *wire, unsigned side, uint64_t until);
void net_cut(struct world *world, uint32_t from, uint32_t to, bool cut);
/* Nothing is cut, stalled or slow any more. */
void net_heal(struct world *world);

/* ---- what the world is told; world.c ---- */
bool net_accepts(struct world *world, uint32_t node);
/* The process is gone but its machine answers. */
bool net_machine_answers(struct world *world, uint32_t node);
void told_connected(struct world *world, struct wire *wire, unsigned side, uint64_t token);
void told_bytes(struct world *world, struct wire *wire, unsigned side, const uint8_t *bytes,
                size_t size);
void told_queued(struct world *world, struct wire *wire, unsigned side, size_t queued);
void told_down(struct world *world, struct wire *wire, unsigned side);
void told_dial_failed(struct world *world, uint32_t node, uint64_t token,
                      const struct overlay_address *address);
