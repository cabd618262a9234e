#pragma once
/* Bytes that live somewhere else: a place and a size, never owned, never ended by a zero. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *bytes; /* anything where size is 0 */
    size_t size;
};

static inline struct span span_of(const void *bytes, size_t size)
{
    return (struct span){bytes, size};
}

/* The text without its zero. */
static inline struct span span_text(const char *text)
{
    return span_of(text, strlen(text));
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}
