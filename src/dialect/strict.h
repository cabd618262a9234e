#pragma once
/* Reads protobuf's wire format in its one shortest form, in place: for signed bytes, where two
 * readers must never understand two different things. Nothing is copied and nothing allocated. */
#include "core/span.h"

enum strict_type {
    STRICT_NUMBER,  /* a varint into a uint64_t; never 0 */
    STRICT_BYTES,   /* a copy of exactly `size` bytes */
    STRICT_SPAN,    /* a struct span of 1 .. `size` bytes */
    STRICT_MESSAGE, /* a struct span, possibly empty */
};

/* One field of a message, and where it goes. */
struct strict_field {
    unsigned number; /* 1 .. 15 */
    enum strict_type type;
    size_t offset;
    size_t size;
};

/* Reads a message into the struct at `into`, which is cleared by the caller. `fields` are in order
 * of number. *present gets a bit `1 << number` for each field that is there. False for anything
 * that a protobuf library would write otherwise, or not at all. */
bool strict_read(struct span bytes, const struct strict_field *fields, size_t count, void *into,
                 unsigned *present) __attribute__((warn_unused_result));

/* Whether the bytes are one length-delimited field and nothing else, whatever its number. */
bool strict_is_single(struct span bytes) __attribute__((warn_unused_result));
