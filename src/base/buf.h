#pragma once
/* A run of bytes that grows at its end and is eaten from its front, never past its limit. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *room; /* everything allocated */
    size_t size;   /* of room */
    size_t start;  /* the first byte not eaten yet */
    size_t length; /* bytes from start on */
    size_t limit;  /* length never passes it */
};

/* An empty buffer that will hold `limit` bytes at most; nothing is allocated yet. */
void buf_init(struct buf *buf, size_t limit);
/* Frees the bytes and leaves an empty buffer with the same limit. */
void buf_done(struct buf *buf);

/* All of `size` bytes, or false and nothing at all where the limit is in the way. */
bool buf_add(struct buf *buf, const void *bytes, size_t size) __attribute__((warn_unused_result));
/* `size` bytes at the end to write into, already counted, or NULL where the limit is in the way. */
uint8_t *buf_extend(struct buf *buf, size_t size) __attribute__((warn_unused_result));

/* The bytes not eaten yet: valid until the buffer is changed. */
static inline const uint8_t *buf_bytes(const struct buf *buf)
{
    return buf->room ? buf->room + buf->start : (const uint8_t *)"";
}

/* How many more bytes it would take. */
static inline size_t buf_left(const struct buf *buf)
{
    return buf->limit - buf->length;
}

/* Drops `size` bytes, at most what is there, from the front. */
void buf_eat(struct buf *buf, size_t size);
