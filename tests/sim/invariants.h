#pragma once
/* DESIGN.md, "What must always hold", as assertions: each is asked where something could break it,
 * about what was touched there; and now and then about everything. A breach is world_fail. */
#include "tests/sim/world.h"

enum { INVARIANTS_WHISPER = 64 };

void invariants_done(struct world *world);

/* ---- at signatures ---- */
void invariants_twice(void *world, const struct said *first, const struct entry *second);
void invariants_acked(void *world, const struct id *acker, struct span message);

/* ---- around a step ---- */
void invariants_after(struct world *world, struct peer *peer, const struct node_event *event,
                      bool crashed);
void invariants_started(struct world *world, struct peer *peer);
/* The peer has ended: its screen is dark. */
void invariants_forget(struct peer *peer);
/* The disk is about to change by this. */
void invariants_touch(struct peer *peer, const struct node_effect *effect);

/* What a node has held when it ended. */
void invariants_memory(struct world *world, const struct peer *peer, size_t bytes, size_t links,
                       size_t authors);

/* ---- at effects ---- */
void invariants_sent(struct world *world, struct peer *peer, const struct frame *frame);
void invariants_wire(struct world *world, const uint8_t *bytes, size_t size);
void invariants_shown(struct world *world, struct peer *peer, const struct node_line *line);
/* What a guest is told. */
void invariants_guest(struct world *world, const struct node_effect *effect);
void invariants_receipt(struct world *world, struct peer *peer, const struct node_receipt *receipt);
void invariants_said(struct world *world, struct peer *peer, const struct message *message,
                     bool error);

/* ---- whispers ---- */
/* Words that only these two may read. */
void invariants_whisper(struct world *world, const struct peer *from, const struct peer *to,
                        char into[INVARIANTS_WHISPER]);
/* Whether the whisper that was made last, or `mark`, has been shown to its reader. */
bool invariants_whispered(const struct world *world, uint64_t mark);

/* ---- everything ---- */
/* The frontiers of a node against its disk. */
void invariants_peer(struct world *world, struct peer *peer);
/* How many links there are, both ends counted as one. */
size_t invariants_links(const struct world *world);
/* Links between honest peers that live make one graph. */
bool invariants_connected(const struct world *world);
/* All honest peers that live hold the same of every honest author. */
bool invariants_converged(const struct world *world);
/* To be called at rest: fails where a node's frontiers are not those of its disk. */
void invariants_stored(struct world *world);
/* In words: who differs from whom. */
void invariants_explain(const struct world *world, char *into, size_t size);
/* Who is linked to whom, as a few lines of text. */
void invariants_picture(const struct world *world, FILE *out);
