#pragma once
/* Text broken into the rows of a column, by clusters and at blanks, and kept until it is needed in
 * another width.
 *
 * Pure. Invariants: rows hold every cluster of the text in order, but for the blanks at which it
 * was broken; none is wider than its column, but for a single cluster that is; and the cache never
 * holds more than WRAP_CACHE texts and WRAP_CACHE_BYTES. */
#include "ui/grid.h"

enum {
    WRAP_CACHE = 512,               /* texts: two of the tallest screens */
    WRAP_CACHE_BYTES = 1024 * 1024, /* what they take in all; at the bound all go */
    WRAP_SPANS = 32,                /* links in one text: more are not marked */
};

/* The bytes [start, end) of the clean text. */
struct wrap_row {
    uint32_t start, end;
};

/* A column of text: where the first row begins further right, or ends further left. */
struct wrap_shape {
    int width;
    int first_left;  /* columns taken at the start of the first row */
    int first_right; /* and at its end */
};

/* Bytes that are marked. */
struct wrap_span {
    uint32_t start, end;
    enum style style;
};

struct wrapped {
    char *raw; /* what it was made of */
    size_t raw_size;
    char *text; /* clean */
    size_t size;
    struct wrap_row *rows;
    size_t row_count; /* at least 1 */
    struct wrap_span spans[WRAP_SPANS];
    size_t span_count;
    struct wrap_shape shape;
};

/* The rows of clean text, in order: up to `most` are written, and their number, at least 1, is
 * returned. */
size_t wrap_text(const char *clean, size_t size, const struct wrap_shape *shape,
                 struct wrap_row *into, size_t most);
/* Where http://, https://, ftp://, and www. links are. */
size_t wrap_links(const char *clean, size_t size, struct wrap_span *into, size_t most);

struct wrap_cache {
    struct wrapped *slots[WRAP_CACHE];
    size_t bytes;
};

/* What a stranger's text looks like in a column: cleaned, broken, its links found. It stays until
 * the next call. */
const struct wrapped *wrap_get(struct wrap_cache *cache, const char *raw, size_t size,
                               const struct wrap_shape *shape);
void wrap_cache_done(struct wrap_cache *cache);
