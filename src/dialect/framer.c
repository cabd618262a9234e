/* From chunks to frames. */
#include "dialect/framer.h"

#include "base/alloc.h"
#include "core/wire.h"

enum { LENGTH = 4 };

void framer_init(struct framer *framer)
{
    *framer = (struct framer){0};
    buf_init(&framer->held, FRAME_MAX);
}

void framer_done(struct framer *framer)
{
    buf_done(&framer->held);
}

void framer_give(struct framer *framer, const void *bytes, size_t size)
{
    if (framer->chunk.size > 0 && !framer->broken)
        die("a chunk on top of another");
    framer->chunk = span_of(bytes, size);
}

/* PROTOCOL.md "Frames":
 * > The length is 4 bytes, the highest first, and counts the bytes after it: from 1 to 65532. */
static size_t frame_length(const uint8_t bytes[LENGTH])
{
    uint32_t length =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    return length >= 1 && length <= FRAME_MAX - LENGTH ? length : 0;
}

/* Moves bytes of the chunk behind those held, until `size` are held. False where they end first. */
static bool hold(struct framer *framer, size_t size)
{
    size_t lacking = size - framer->held.length;
    size_t moved = lacking < framer->chunk.size ? lacking : framer->chunk.size;
    if (!buf_add(&framer->held, framer->chunk.bytes, moved))
        die("a frame larger than a frame");
    framer->chunk = span_of(framer->chunk.bytes + moved, framer->chunk.size - moved);
    return moved == lacking;
}

static enum framer_result broken(struct framer *framer)
{
    framer->broken = true;
    buf_done(&framer->held);
    return FRAMER_BROKEN;
}

/* Goes on with the frame whose beginning is held. */
static enum framer_result next_held(struct framer *framer, struct span *payload)
{
    if (framer->held.length < LENGTH && !hold(framer, LENGTH))
        return FRAMER_MORE;
    size_t length = frame_length(buf_bytes(&framer->held));
    if (length == 0)
        return broken(framer);
    if (!hold(framer, LENGTH + length))
        return FRAMER_MORE;
    framer->whole = true;
    *payload = span_of(buf_bytes(&framer->held) + LENGTH, length);
    return FRAMER_FRAME;
}

enum framer_result framer_next(struct framer *framer, struct span *payload)
{
    if (framer->broken)
        return FRAMER_BROKEN;
    if (framer->whole) {
        framer->whole = false;
        buf_done(&framer->held);
    }
    if (framer->held.length > 0)
        return next_held(framer, payload);
    struct span *chunk = &framer->chunk;
    if (chunk->size == 0)
        return FRAMER_MORE;
    if (chunk->size < LENGTH)
        return next_held(framer, payload);
    size_t length = frame_length(chunk->bytes);
    if (length == 0)
        return broken(framer);
    if (chunk->size < LENGTH + length)
        return next_held(framer, payload);
    *payload = span_of(chunk->bytes + LENGTH, length);
    *chunk = span_of(chunk->bytes + LENGTH + length, chunk->size - LENGTH - length);
    return FRAMER_FRAME;
}
