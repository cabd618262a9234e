/* The bounded buffer: nothing is lost, nothing passes the limit, and a refusal changes nothing. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_holds(const struct buf *buf, const char *bytes)
{
    assert_int_equal(buf->length, strlen(bytes));
    assert_memory_equal(buf_bytes(buf), bytes, buf->length);
}

static void test_a_refusal_changes_nothing(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 5);
    assert_true(buf_add(&buf, "abcd", 4));
    assert_false(buf_add(&buf, "ef", 2));
    assert_null(buf_extend(&buf, 2));
    assert_null(buf_extend(&buf, SIZE_MAX));
    assert_holds(&buf, "abcd");
    assert_int_equal(buf_left(&buf), 1);
    assert_true(buf_add(&buf, "e", 1));
    assert_int_equal(buf_left(&buf), 0);
    assert_true(buf_add(&buf, "", 0));
    assert_holds(&buf, "abcde");
    buf_eat(&buf, 2);
    assert_true(buf_add(&buf, "fg", 2));
    assert_holds(&buf, "cdefg");
    assert_true(buf.size <= buf.limit);
    buf_done(&buf);
}

static void test_empty_ones(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 0);
    assert_non_null(buf_bytes(&buf));
    assert_true(buf_add(&buf, NULL, 0));
    assert_false(buf_add(&buf, "x", 1));
    buf_eat(&buf, 0);
    buf_eat(&buf, 7);
    assert_int_equal(buf.length, 0);
    buf_done(&buf);

    buf_init(&buf, 10);
    assert_true(buf_add(&buf, "abc", 3));
    buf_eat(&buf, SIZE_MAX);
    assert_int_equal(buf.length, 0);
    assert_true(buf_add(&buf, "0123456789", 10));
    buf_done(&buf);
    assert_int_equal(buf.limit, 10);
    assert_null(buf.room);
    assert_true(buf_add(&buf, "again", 5));
    assert_holds(&buf, "again");
    buf_done(&buf);
    buf_done(&buf);
}

static void test_extend_is_counted(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    assert_true(buf_add(&buf, "head:", 5));
    memcpy(buf_extend(&buf, 4), "tail", 4);
    assert_holds(&buf, "head:tail");
    buf_done(&buf);
}

/* What it must be like: numbered bytes, of which `eaten` to `added` are there. */
static uint8_t numbered(size_t at)
{
    return (uint8_t)(at * 7 + at / 251);
}

static void test_any_order_of_adding_and_eating(void **state)
{
    (void)state;
    enum { LIMIT = 3000 };
    struct buf buf;
    buf_init(&buf, LIMIT);
    size_t added = 0, eaten = 0;
    uint32_t chance = 1;
    for (int turn = 0; turn < 20000; turn++) {
        chance = chance * 1664525u + 1013904223u;
        size_t size = (chance >> 8) % (turn % 50 == 0 ? 2000 : 90);
        if (chance >> 31) {
            uint8_t bytes[2000];
            for (size_t i = 0; i < size; i++)
                bytes[i] = numbered(added + i);
            bool fits = size <= LIMIT - (added - eaten);
            assert_int_equal(buf_add(&buf, bytes, size), fits);
            added += fits ? size : 0;
        } else {
            buf_eat(&buf, size);
            eaten += size < added - eaten ? size : added - eaten;
        }
        assert_int_equal(buf.length, added - eaten);
        assert_true(buf.start + buf.length <= buf.size);
        assert_true(buf.size <= LIMIT);
        for (size_t i = 0; i < buf.length; i += 13)
            assert_int_equal(buf_bytes(&buf)[i], numbered(eaten + i));
    }
    assert_true(added > 100 * LIMIT);
    buf_done(&buf);
}

/* A link's queue never grows by being used long, only by being full; and it keeps its room. */
static void test_a_short_queue_stays_small(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1 << 20);
    const uint8_t *room = NULL;
    for (int turn = 0; turn < 100000; turn++) {
        assert_true(buf_add(&buf, "0123456789", 10));
        if (buf.length > 100)
            buf_eat(&buf, 11);
        if (turn == 100)
            room = buf.room;
    }
    assert_true(buf.size <= 512);
    assert_ptr_equal(buf.room, room);
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_refusal_changes_nothing),
        cmocka_unit_test(test_empty_ones),
        cmocka_unit_test(test_extend_is_counted),
        cmocka_unit_test(test_any_order_of_adding_and_eating),
        cmocka_unit_test(test_a_short_queue_stays_small),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
