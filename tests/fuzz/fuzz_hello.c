/* The first frame of a stranger: whatever is taken for a hello keeps its bounds, and goes out again
 * as one that says the same. */
#include "base/alloc.h"
#include "dialect/native.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_hello(const struct frame_hello *a, const struct frame_hello *b)
{
    if (a->version != b->version || a->port != b->port || !span_equal(a->name, b->name) ||
        !hash_equal(&a->net, &b->net) || !id_equal(&a->component, &b->component) ||
        memcmp(a->instance, b->instance, INSTANCE_BYTES) != 0)
        die("a hello changed on its way");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frame *frame = frame_unpack(span_of(data, size));
    if (frame && frame->kind == FRAME_HELLO) {
        struct buf packed;
        buf_init(&packed, FRAME_MAX);
        if (frame->hello.name.size > PERSON_NAME_MAX || !frame_pack(frame, &packed))
            die("a hello past its bounds");
        struct frame *back = frame_unpack(span_of(buf_bytes(&packed) + 4, packed.length - 4));
        if (!back || back->kind != FRAME_HELLO)
            die("a hello that went out does not come in");
        same_hello(&frame->hello, &back->hello);
        frame_free(back);
        buf_done(&packed);
    }
    frame_free(frame);
    return 0;
}
