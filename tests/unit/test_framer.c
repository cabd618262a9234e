/* Streams and frames: where one ends and the next begins, however the bytes arrive. */
#include "unit.h"

#include "base/alloc.h"
#include "dialect/framer.h"
#include "dialect/native.h"

#include <stdlib.h>
#include <string.h>

static uint8_t blob[FRAME_MAX]; /* any bytes */

static void a_frame_is_one_field(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t size;
        uint8_t bytes[16];
        bool good;
    } cases[] = {
        {"a ping", 4, {3 << 3 | 2, 2, 8, 7}, true},
        {"nothing", 0, {0}, false},
        {"two pings", 8, {3 << 3 | 2, 2, 8, 7, 3 << 3 | 2, 2, 8, 7}, false},
        {"a byte behind", 5, {3 << 3 | 2, 2, 8, 7, 0}, false},
        {"a byte too few", 3, {3 << 3 | 2, 2, 8}, false},
        {"an unknown frame", 4, {0xfa, 0x7f, 1, 9}, true},
        {"an unknown number", 3, {0xf8, 0x7f, 1}, false},
        {"field 0", 2, {2, 0}, false},
        {"a ping as a number", 2, {3 << 3, 2}, false},
        {"a length written longer", 5, {3 << 3 | 2, 0x82, 0, 8, 7}, false},
        {"a group", 2, {3 << 3 | 3, 3 << 3 | 4}, false},
        {"an endless number",
         12,
         {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
         false},
        {"an unknown field inside", 6, {3 << 3 | 2, 4, 8, 7, 16, 1}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *exact = xmemdup(cases[i].bytes, cases[i].size);
        struct frame *frame = frame_unpack(span_of(exact, cases[i].size));
        free(exact);
        if ((frame != NULL) != cases[i].good)
            fail_msg("%s", cases[i].what);
        frame_free(frame);
    }
    struct frame *unknown = frame_unpack(span_of((uint8_t[]){0xfa, 0x7f, 1, 9}, 4));
    assert_int_equal(unknown->kind, FRAME_UNKNOWN);
    frame_free(unknown);
}

/* As many empty messages as fit into a frame: refused before they take much memory. */
static void a_small_frame_takes_little_memory(void **state)
{
    (void)state;
    size_t size = FRAME_MAX - 4;
    uint8_t *bytes = xcalloc(1, size);
    uint8_t *at = bytes;
    *at++ = 0x82; /* Entries */
    *at++ = 1;
    size_t inside = size - 5;
    *at++ = (uint8_t)(inside | 0x80);
    *at++ = (uint8_t)(inside >> 7 | 0x80);
    *at++ = (uint8_t)(inside >> 14);
    for (; at + 1 < bytes + size; at += 2)
        *at = 1 << 3 | 2;
    assert_null(frame_unpack(span_of(bytes, size)));
    free(bytes);
}

static void chunks_do_not_matter(void **state)
{
    (void)state;
    enum { FRAMES = 40 };
    struct buf stream;
    buf_init(&stream, 1 << 20);
    for (uint64_t i = 0; i < FRAMES; i++) {
        struct frame frame = {.kind = FRAME_PING, .token = i * 1000003};
        struct frame_entry entry = {.bytes = span_of(blob, 1 + i * 200)};
        if (i % 3 == 0)
            frame = (struct frame){.kind = FRAME_ENTRIES, .entries = {1, &entry}};
        assert_true(frame_pack(&frame, &stream));
    }
    for (size_t chunk = 1; chunk < 9000; chunk = chunk < 12 ? chunk + 1 : chunk * 3 + 1) {
        struct framer framer;
        struct span payload;
        uint64_t count = 0;
        framer_init(&framer);
        for (size_t at = 0; at < stream.length; at += chunk) {
            size_t size = stream.length - at < chunk ? stream.length - at : chunk;
            uint8_t *bytes = xmemdup(buf_bytes(&stream) + at, size);
            framer_give(&framer, bytes, size);
            while (framer_next(&framer, &payload) == FRAMER_FRAME) {
                struct frame *frame = frame_unpack(payload);
                assert_non_null(frame);
                if (count % 3 == 0)
                    assert_int_equal(frame->entries.entries[0].bytes.size, 1 + count * 200);
                else
                    assert_int_equal(frame->token, count * 1000003);
                frame_free(frame);
                count++;
            }
            free(bytes);
        }
        assert_int_equal(count, FRAMES);
        assert_int_equal(framer.held.size, 0); /* nothing is kept between frames */
        framer_done(&framer);
    }
    buf_done(&stream);
}

static void impossible_lengths_break_the_link(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {0, FRAME_MAX - 3, FRAME_MAX, UINT32_MAX};
    for (size_t i = 0; i < 4; i++)
        for (size_t chunk = 1; chunk <= 4; chunk += 3) {
            struct framer framer;
            struct span payload;
            uint8_t bytes[4];
            enum framer_result result = FRAMER_MORE;
            for (size_t j = 0; j < 4; j++)
                bytes[j] = (uint8_t)(lengths[i] >> (24 - 8 * j));
            framer_init(&framer);
            for (size_t at = 0; at < 4; at += chunk) {
                framer_give(&framer, bytes + at, chunk);
                result = framer_next(&framer, &payload);
            }
            assert_int_equal(result, FRAMER_BROKEN);
            framer_give(&framer, "more", 4);
            assert_int_equal(framer_next(&framer, &payload), FRAMER_BROKEN);
            framer_done(&framer);
        }
    /* the longest there is is only waited for */
    struct framer framer;
    struct span payload;
    framer_init(&framer);
    framer_give(&framer, (uint8_t[]){0, 0, 0xff, 0xfc}, 4);
    assert_int_equal(framer_next(&framer, &payload), FRAMER_MORE);
    framer_give(&framer, blob, FRAME_MAX - 4);
    assert_int_equal(framer_next(&framer, &payload), FRAMER_FRAME);
    assert_int_equal(payload.size, FRAME_MAX - 4);
    framer_done(&framer);
}

static void a_full_queue_takes_nothing(void **state)
{
    (void)state;
    struct buf queue;
    struct frame frame = {.kind = FRAME_PING, .token = 1};
    buf_init(&queue, 11);
    assert_true(frame_pack(&frame, &queue)); /* 8 bytes */
    assert_false(frame_pack(&frame, &queue));
    assert_int_equal(queue.length, 8);
    buf_done(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_one_field),
        cmocka_unit_test(a_small_frame_takes_little_memory),
        cmocka_unit_test(chunks_do_not_matter),
        cmocka_unit_test(impossible_lengths_break_the_link),
        cmocka_unit_test(a_full_queue_takes_nothing),
    };
    core_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
