#pragma once
/* What text measures on a screen, and where it may be cut.
 *
 * The unit is the grapheme cluster: what a reader takes for one character. Every function takes
 * any bytes at all: a byte that is not UTF-8 is a cluster of its own, one column wide. A walk from
 * the end of one cluster finds the same ones as a walk from the start, so widths add up. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Code points in a cluster. The longest in honest use are families of four with skin colours
     * and four marks, under 20; Unicode alone sets no end, and a screen cell must have one. */
    TEXT_CLUSTER_MOST = 32,
};

struct text_cluster {
    size_t bytes;
    unsigned width; /* in columns */
};

/* The first cluster of at least one byte. Its width is the sum of its code points', but an emoji
 * sequence (joined, flag, keycap, with a skin colour, or made an emoji by U+FE0F) is 2. */
struct text_cluster text_step(const char *text, size_t length);

/* Columns of all of it. */
size_t text_width(const char *text, size_t length);

/* Columns of one code point by itself, UTF8_INVALID included: 0, 1 or 2. Controls, which text_clean
 * never leaves in a text, are 0. */
unsigned text_code_width(int32_t code);

/* Can it begin an emoji sequence? Assigned code points only. */
bool text_pictograph(int32_t code);

/* Bytes of the longest beginning of at most `most` bytes that ends between clusters. Where the
 * first cluster alone is larger, it ends between code points; so it moves on whenever most >= 4. */
size_t text_cut(const char *text, size_t length, size_t most);

/* The longest beginning of at most `most` columns that ends between clusters: its bytes, and the
 * columns it fills. Clusters of no width that follow belong to it. */
size_t text_cut_columns(const char *text, size_t length, size_t most, size_t *used);
