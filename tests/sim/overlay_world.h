#pragma once
/* The overlay alone in a simulated network of thousands: how whole the mesh is after a disaster. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct overlay_point {
    size_t nodes;
    bool border;           /* the last node comes to a full mesh, and goes again */
    unsigned kill;         /* so many per cent vanish at once; 0: the mesh is split instead */
    unsigned split_cycles; /* so long; 0: for a moment, up to a minute, by the seed */
    uint64_t first_seed;
    uint64_t last_seed;
};

/* Runs every seed of a point, prints a JSON line for each one that missed its target, and one with
 * the figures of them all. True: every target was reached. */
bool overlay_point_run(const struct overlay_point *point, FILE *out);

/* The table of points that the project promises, each with its own seeds. */
extern const struct overlay_point overlay_points[];
extern const size_t overlay_point_count;
