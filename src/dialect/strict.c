/* The wire format, strictly. */
#include "dialect/strict.h"

enum { WIRE_NUMBER = 0, WIRE_BYTES = 2, VARINT_MAX = 10 };

/* PROTOCOL.md "The envelope":
 * > numbers in as few bytes as they need */
static bool read_varint(struct span *bytes, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < bytes->size && i < VARINT_MAX; i++) {
        uint64_t seven = bytes->bytes[i] & 0x7fu;
        if (i == VARINT_MAX - 1 && seven > 1)
            return false; /* past 64 bits */
        *value |= seven << (7 * i);
        if (bytes->bytes[i] < 0x80) {
            bool shortest = i == 0 || seven != 0;
            *bytes = span_of(bytes->bytes + i + 1, bytes->size - i - 1);
            return shortest;
        }
    }
    return false;
}

static bool read_span(struct span *bytes, struct span *value)
{
    uint64_t size;
    if (!read_varint(bytes, &size) || size > bytes->size)
        return false;
    *value = span_of(bytes->bytes, (size_t)size);
    *bytes = span_of(bytes->bytes + size, bytes->size - (size_t)size);
    return true;
}

static bool read_value(struct span *bytes, const struct strict_field *field, void *into)
{
    uint8_t *place = (uint8_t *)into + field->offset;
    uint64_t number;
    struct span span;
    if (field->type == STRICT_NUMBER) {
        if (!read_varint(bytes, &number) || number == 0)
            return false;
        memcpy(place, &number, sizeof number);
        return true;
    }
    if (!read_span(bytes, &span))
        return false;
    if (field->type == STRICT_BYTES) {
        if (span.size != field->size)
            return false;
        memcpy(place, span.bytes, span.size);
        return true;
    }
    memcpy(place, &span, sizeof span);
    return field->type == STRICT_MESSAGE || (span.size >= 1 && span.size <= field->size);
}

bool strict_read(struct span bytes, const struct strict_field *fields, size_t count, void *into,
                 unsigned *present)
{
    *present = 0;
    for (size_t next = 0; bytes.size > 0; next++) {
        unsigned tag = bytes.bytes[0];
        unsigned wire;
        while (next < count && fields[next].number < tag >> 3)
            next++;
        if (next == count || fields[next].number != tag >> 3)
            return false; /* unknown, twice, or out of order */
        wire = fields[next].type == STRICT_NUMBER ? WIRE_NUMBER : WIRE_BYTES;
        bytes = span_of(bytes.bytes + 1, bytes.size - 1);
        if ((tag & 7) != wire || !read_value(&bytes, &fields[next], into))
            return false;
        *present |= 1u << fields[next].number;
    }
    return true;
}

bool strict_is_single(struct span bytes)
{
    uint64_t tag;
    struct span value;
    return read_varint(&bytes, &tag) && (tag & 7) == WIRE_BYTES && tag >> 3 != 0 &&
           read_span(&bytes, &value) && bytes.size == 0;
}
