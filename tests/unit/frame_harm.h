#pragma once
/* A frame with one field of it harmed, at any depth, and the lengths around it put right: so that
 * the harm itself is what a reader has to notice. */
#include "base/alloc.h"
#include "base/buf.h"
#include "core/span.h"
#include "core/wire.h"

enum harm { HARM_GONE, HARM_SHORTER, HARM_LONGER, HARM_HUGE, HARM_TWICE, HARMS };

/* A number in base 128; its bytes, 0 where there is none. */
static size_t harm_number(struct span from, uint64_t *into)
{
    *into = 0;
    for (size_t i = 0; i < from.size && i < 10; i++) {
        *into |= (uint64_t)(from.bytes[i] & 0x7f) << (7 * i);
        if (!(from.bytes[i] & 0x80))
            return i + 1;
    }
    return 0;
}

static void harm_add(struct buf *into, const void *bytes, size_t size)
{
    if (!buf_add(into, bytes, size))
        die("a harmed frame is too large");
}

static void harm_add_number(struct buf *into, uint64_t number)
{
    do {
        uint8_t byte = (uint8_t)((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
        harm_add(into, &byte, 1);
        number >>= 7;
    } while (number > 0);
}

/* The first field of what is left: its tag, and what is in it. False: there is none. */
struct harm_field {
    uint64_t tag, number;
    struct span content;
    size_t size; /* of all of it */
};

static bool harm_next(struct span left, struct harm_field *field)
{
    size_t tag = harm_number(left, &field->tag), kind = field->tag & 7;
    if (tag == 0 || field->tag >> 3 == 0 || (kind != 0 && kind != 2))
        return false;
    size_t more = harm_number(span_of(left.bytes + tag, left.size - tag), &field->number);
    size_t inside = kind == 2 ? (size_t)field->number : 0;
    if (more == 0 || inside > left.size - tag - more)
        return false;
    field->content = span_of(left.bytes + tag + more, inside);
    field->size = tag + more + inside;
    return true;
}

static bool harm_is_message(struct span from)
{
    struct harm_field field;
    bool any = from.size > 0;
    for (size_t at = 0; at < from.size; at += field.size)
        if (!harm_next(span_of(from.bytes + at, from.size - at), &field))
            return false;
    return any;
}

static void harm_put(struct buf *into, const struct harm_field *field, struct span content)
{
    harm_add_number(into, field->tag);
    if ((field->tag & 7) == 0) {
        harm_add_number(into, field->number);
        return;
    }
    harm_add_number(into, content.size);
    harm_add(into, content.bytes, content.size);
}

static void harm_do(struct buf *into, const struct harm_field *field, enum harm harm)
{
    struct harm_field other = *field;
    struct buf longer;
    switch (harm) {
    case HARM_GONE:
    case HARMS:
        return;
    case HARM_SHORTER:
        other.number /= 2;
        harm_put(into, &other, span_of(field->content.bytes, field->content.size / 2));
        return;
    case HARM_LONGER:
    case HARM_HUGE:
        other.number = harm == HARM_HUGE ? UINT64_MAX : field->number + 1;
        buf_init(&longer, 2 * FRAME_MAX);
        harm_add(&longer, field->content.bytes, field->content.size);
        for (size_t i = 0; i < (harm == HARM_HUGE ? 9000 : 1); i++)
            harm_add(&longer, "x", 1);
        harm_put(into, &other, span_of(buf_bytes(&longer), longer.length));
        buf_done(&longer);
        return;
    case HARM_TWICE:
        harm_put(into, field, field->content);
        harm_put(into, field, field->content);
        return;
    }
}

/* The message with its `*left`-th field harmed, counted from outside in. */
static void harm_message(struct span from, size_t *left, enum harm harm, struct buf *into)
{
    struct harm_field field;
    for (size_t at = 0; at < from.size; at += field.size) {
        if (!harm_next(span_of(from.bytes + at, from.size - at), &field))
            die("a frame of ours that cannot be read");
        if ((*left)-- == 0) {
            harm_do(into, &field, harm);
        } else if ((field.tag & 7) == 2 && harm_is_message(field.content)) {
            struct buf inside;
            buf_init(&inside, 4 * FRAME_MAX);
            harm_message(field.content, left, harm, &inside);
            harm_put(into, &field, span_of(buf_bytes(&inside), inside.length));
            buf_done(&inside);
        } else {
            harm_put(into, &field, field.content);
        }
    }
}
