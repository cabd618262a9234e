#pragma once
/* Cuts a stream of bytes into frames, however the bytes were chunked on their way. Pure.
 *
 * Whole frames inside a chunk are never copied; between two chunks at most one unfinished frame is
 * kept, and an idle link keeps nothing. */
#include "base/buf.h"
#include "core/span.h"

struct framer {
    struct buf held;   /* the beginning of an unfinished frame */
    struct span chunk; /* what is left of the newest chunk */
    bool whole;        /* `held` is the frame that was handed out last */
    bool broken;
};

enum framer_result {
    FRAMER_FRAME,  /* *payload is the next frame without its length, until the next call */
    FRAMER_MORE,   /* the chunk is used up: give another */
    FRAMER_BROKEN, /* a length that no frame has; nothing can be read after it */
};

void framer_init(struct framer *framer);
void framer_done(struct framer *framer);

/* The next bytes of the stream. They must stay until framer_next has answered FRAMER_MORE or
 * FRAMER_BROKEN, and no more may be given before that. */
void framer_give(struct framer *framer, const void *bytes, size_t size);
enum framer_result framer_next(struct framer *framer, struct span *payload)
    __attribute__((warn_unused_result));
