/* Bounded bytes. start + length <= size, and length <= limit, always. */
#include "base/buf.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static const size_t SMALLEST = 256; /* first allocation: most lines and frames fit */

void buf_init(struct buf *buf, size_t limit)
{
    *buf = (struct buf){.limit = limit};
}

void buf_done(struct buf *buf)
{
    free(buf->room);
    buf_init(buf, buf->limit);
}

/* Moving to the front happens only when the bytes eaten are at least as many as those that move,
 * so that eating byte by byte stays cheap. */
static void make_room(struct buf *buf, size_t size)
{
    size_t wanted = buf->length + size;
    if (buf->start + wanted <= buf->size)
        return;
    if (buf->start >= buf->length && wanted <= buf->size) {
        memmove(buf->room, buf->room + buf->start, buf->length);
    } else {
        size_t larger = buf->size ? buf->size : SMALLEST;
        while (larger < wanted)
            larger = larger > SIZE_MAX / 2 ? wanted : larger * 2;
        if (larger > buf->limit)
            larger = buf->limit;
        uint8_t *room = xmalloc(larger);
        if (buf->length)
            memcpy(room, buf->room + buf->start, buf->length);
        free(buf->room);
        buf->room = room;
        buf->size = larger;
    }
    buf->start = 0;
}

uint8_t *buf_extend(struct buf *buf, size_t size)
{
    if (size > buf_left(buf))
        return NULL;
    make_room(buf, size);
    uint8_t *end = buf->room + buf->start + buf->length;
    buf->length += size;
    return end;
}

bool buf_add(struct buf *buf, const void *bytes, size_t size)
{
    if (size == 0)
        return true;
    uint8_t *end = buf_extend(buf, size);
    if (!end)
        return false;
    memcpy(end, bytes, size);
    return true;
}

void buf_eat(struct buf *buf, size_t size)
{
    if (size >= buf->length) {
        buf->start = 0;
        buf->length = 0;
        return;
    }
    buf->start += size;
    buf->length -= size;
}
