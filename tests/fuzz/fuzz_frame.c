/* A link's bytes: the first byte says how they are chunked, the rest is the stream. Every frame
 * that comes out keeps its bounds, goes out again, and comes back the same. */
#include "base/alloc.h"
#include "dialect/framer.h"
#include "dialect/native.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
    if (!holds)
        die("%s", what);
}

static struct frame *unpack_packed(const struct buf *packed)
{
    return frame_unpack(span_of(buf_bytes(packed) + 4, packed->length - 4));
}

static void comes_back(const struct frame *frame)
{
    struct buf once;
    struct buf twice;
    buf_init(&once, FRAME_MAX);
    buf_init(&twice, FRAME_MAX);
    must(frame_pack(frame, &once), "a frame that came in does not go out");
    struct frame *back = unpack_packed(&once);
    must(back && back->kind == frame->kind, "a frame that went out does not come in");
    must(frame_pack(back, &twice), "it does not go out again");
    must(once.length == twice.length &&
             memcmp(buf_bytes(&once), buf_bytes(&twice), once.length) == 0,
         "it changed on its way");
    frame_free(back);
    buf_done(&once);
    buf_done(&twice);
}

/* Returns how many frames there were, and in *broken how the stream ended. */
static size_t run(const uint8_t *data, size_t size, size_t chunk, bool *broken)
{
    struct framer framer;
    struct span payload;
    size_t count = 0;
    enum framer_result result = FRAMER_MORE;
    framer_init(&framer);
    for (size_t at = 0; at < size && result != FRAMER_BROKEN; at += chunk) {
        size_t part = size - at < chunk ? size - at : chunk;
        uint8_t *exact = xmemdup(data + at, part);
        framer_give(&framer, exact, part);
        while ((result = framer_next(&framer, &payload)) == FRAMER_FRAME) {
            struct frame *frame = frame_unpack(payload);
            if (frame && frame->kind != FRAME_UNKNOWN)
                comes_back(frame);
            frame_free(frame);
            count++;
        }
        free(exact);
    }
    framer_done(&framer);
    *broken = result == FRAMER_BROKEN;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bool broken;
    bool broken_whole;
    size_t count = run(data + 1, size - 1, (size_t)data[0] + 1, &broken);
    must(count == run(data + 1, size - 1, size, &broken_whole), "chunks change what is read");
    must(broken == broken_whole, "chunks change how it ends");
    return 0;
}
