#pragma once
/* Tertulia's own dialect: core's structs to the bytes of tertulia.proto and back, with protobuf-c.
 *
 * Whatever comes out of here has every count, size and number within the bounds of core/wire.h and
 * core/body.h, whoever sent it. Pure. */
#include "base/buf.h"
#include "core/entry.h"
#include "core/wire.h"

enum {
    /* What decoding one frame may take besides the frame: the fullest honest one takes a third. */
    NATIVE_BUDGET = 512 * 1024,
    /* What a frame adds to the bytes of each entry, at most: its signature and its framing. */
    NATIVE_ENTRY_COST = SIGNATURE_BYTES + 8,
    /* What is left for entries, counted so. */
    NATIVE_ENTRIES_ROOM = FRAME_MAX - 16,
};

extern const struct codec native_codec;

/* Appends the length and the frame. False, and nothing is changed, where `into` has no room. The
 * frame keeps its bounds, and is not FRAME_UNKNOWN. */
bool frame_pack(const struct frame *frame, struct buf *into) __attribute__((warn_unused_result));

/* A frame without its length, as the framer gives it. NULL where it is malformed: the link is to be
 * closed. The result owns everything it points to. */
struct frame *frame_unpack(struct span payload) __attribute__((warn_unused_result));
/* Frees what frame_unpack made. NULL is fine. */
void frame_free(struct frame *frame);
