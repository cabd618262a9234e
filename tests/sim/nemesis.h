#pragma once
/* What goes wrong in a world, in any order and number. Every fault ends by itself, or with
 * nemesis_end. */
#include "tests/sim/world.h"

struct nemesis;

/* Faults from now on, one each `every_ms` about; 0: only those that are asked for. */
struct nemesis *nemesis_new(struct world *world, uint64_t every_ms);
/* One of the table's, now: which < nemesis_faults(). */
void nemesis_strike(struct nemesis *nemesis, size_t which);
size_t nemesis_faults(void);
/* No fault any more; all that was broken works, and who was down is up again. */
void nemesis_end(struct nemesis *nemesis);
void nemesis_free(struct nemesis *nemesis);

/* ---- single faults, for stories too ---- */
/* The two groups of a partition cannot reach each other: bit `n % 64` of `group` says where node n
 * is. */
void nemesis_split(struct world *world, uint64_t group);
/* Ends it, and takes away no other cut. */
void nemesis_join(struct world *world);
/* A second machine with the disk and the key of the first; NULL where there is no room. */
struct peer *nemesis_copy(struct world *world, const struct peer *from);
