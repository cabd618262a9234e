#pragma once
/* Peers that break every rule they can: a real node whose frames are tampered with on their way
 * out, and that sends things no node would. They hold their own keys only: whatever they say in
 * somebody else's name is forged. */
#include "tests/sim/world.h"

enum mischief {
    MISCHIEF_FORGE,    /* entries of others are altered */
    MISCHIEF_WITHHOLD, /* and left out */
    MISCHIEF_CLAIM,    /* heads and digests that nothing is behind */
    MISCHIEF_FORK,     /* two entries at one place of its own log */
    MISCHIEF_REPLAY,   /* what was heard is said again, later and elsewhere */
    MISCHIEF_GARBAGE,  /* bytes that are no protocol */
    MISCHIEF_FLOOD,    /* as much as it can, of itself and of invented people */
    MISCHIEF_GOSSIP,   /* lies about addresses, components and receipts */
    MISCHIEF_ASK,      /* more questions than anyone answers */
    MISCHIEF_COUNT,
};

/* From now on the peer does what the bits say. */
void byzantine_make(struct world *world, struct peer *peer, unsigned mischiefs);
/* One of its inventions, now; a mischief that only tampers invents nothing. */
void byzantine_invent(struct world *world, struct peer *peer, enum mischief mischief);
/* It behaves again, but its words do not count. */
void byzantine_calm(struct peer *peer);
/* Whether it is one, and not calm. */
bool byzantine_acts(const struct peer *peer);
void byzantine_free(struct byzantine *byzantine);

void byzantine_send(struct world *world, struct peer *peer, struct wire *wire, unsigned side,
                    const struct frame *frame);
void byzantine_hear(struct world *world, struct peer *peer, struct wire *wire, unsigned side,
                    const struct frame *frame);
