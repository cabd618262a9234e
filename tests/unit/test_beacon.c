/* Beacons: every byte in its place, and what is none is ignored. */
#include "unit.h"

#include "dialect/beacon.h"

static const uint8_t LAN[MESH_TAG_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8};

static struct beacon example(void)
{
    struct beacon beacon = {.port = 9999, .hint = 0x11223344};
    memcpy(beacon.tag, LAN, sizeof LAN);
    memset(beacon.instance, 0xaa, sizeof beacon.instance);
    memset(beacon.component.bytes, 0xbb, ID_BYTES);
    return beacon;
}

static void every_byte_has_its_place(void **state)
{
    (void)state;
    struct beacon beacon = example();
    uint8_t bytes[BEACON_BYTES];
    beacon_pack(&beacon, bytes);
    static const uint8_t wanted[] = {
        't', 'e', 'r',  't',  'u',  'l',  'i',  'a',  1,    1,    2,    3,    4,    5,    6,   7, 8,
        39,  15,  0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0x11, 0x22, 0x33, 0x44, 0xbb};
    assert_memory_equal(bytes, wanted, sizeof wanted);
    struct beacon back;
    uint8_t again[BEACON_BYTES];
    assert_true(beacon_unpack(span_of(bytes, sizeof bytes), LAN, &back));
    assert_int_equal(back.port, 9999);
    assert_int_equal(back.hint, 0x11223344);
    beacon_pack(&back, again);
    assert_memory_equal(again, bytes, sizeof bytes);
}

static void later_versions_may_say_more(void **state)
{
    (void)state;
    struct beacon beacon = example();
    struct beacon back;
    uint8_t bytes[BEACON_MAX + 1] = {0};
    beacon_pack(&beacon, bytes);
    assert_true(beacon_unpack(span_of(bytes, BEACON_MAX), LAN, &back));
    assert_false(beacon_unpack(span_of(bytes, BEACON_MAX + 1), LAN, &back));
    for (size_t size = 0; size < BEACON_BYTES; size++)
        assert_false(beacon_unpack(span_of(bytes, size), LAN, &back));
}

static void others_are_ignored(void **state)
{
    (void)state;
    struct beacon beacon = example();
    struct beacon back;
    uint8_t bytes[BEACON_BYTES];
    beacon_pack(&beacon, bytes);
    for (size_t at = 0; at < 17; at++) { /* magic, version, mesh */
        bytes[at] ^= 0x40;
        assert_false(beacon_unpack(span_of(bytes, sizeof bytes), LAN, &back));
        bytes[at] ^= 0x40;
    }
    beacon.port = 0;
    beacon_pack(&beacon, bytes);
    assert_false(beacon_unpack(span_of(bytes, sizeof bytes), LAN, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_has_its_place),
        cmocka_unit_test(later_versions_may_say_more),
        cmocka_unit_test(others_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
