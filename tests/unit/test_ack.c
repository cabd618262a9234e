/* Receipts: what is signed is exactly what is said. */
#include "unit.h"

#include "core/ack.h"
#include "core/mesh.h"

#include "tests/sim/signer_fake.h"

#include <string.h>

static struct hash net;
static struct identity ana;

static struct ack fresh(uint64_t low, uint64_t high)
{
    struct ack ack = {.low = low, .high = high};
    memset(ack.author.bytes, 7, ID_BYTES);
    memset(ack.epoch.bytes, 8, EPOCH_BYTES);
    memset(ack.head.bytes, 9, HASH_BYTES);
    ack_sign(&ack, &net, &signer_real, &ana);
    return ack;
}

static void holds(void **state)
{
    (void)state;
    struct ack ack = fresh(3, 9);
    assert_true(id_equal(&ack.acker, &ana.id));
    assert_true(ack_verify(&ack, &net, &signer_real));
    struct hash other = mesh_net(span_text("lab"), NULL);
    assert_false(ack_verify(&ack, &other, &signer_real));
    assert_false(ack_verify(&ack, &net, &signer_fake));
}

/* One bit anywhere, in every field and in the signature. */
static void nothing_can_be_altered(void **state)
{
    (void)state;
    const struct ack good = fresh(3, 9);
    static const struct {
        size_t at;
        size_t size;
    } fields[] = {
        {offsetof(struct ack, acker), ID_BYTES},
        {offsetof(struct ack, author), ID_BYTES},
        {offsetof(struct ack, epoch), EPOCH_BYTES},
        {offsetof(struct ack, low), 8},
        {offsetof(struct ack, high), 8},
        {offsetof(struct ack, head), HASH_BYTES},
        {offsetof(struct ack, signature), SIGNATURE_BYTES},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        for (size_t at = fields[i].at; at < fields[i].at + fields[i].size; at++) {
            struct ack ack = good;
            ((uint8_t *)&ack)[at] ^= 2;
            assert_false(ack_verify(&ack, &net, &signer_real));
        }
}

/* [3, 9] of one log must not read as [9, 3] or as another log's. */
static void low_and_high_are_not_mixed_up(void **state)
{
    (void)state;
    struct ack ack = fresh(9, 9);
    struct ack other = fresh(3, 9);
    other.signature = ack.signature;
    assert_false(ack_verify(&other, &net, &signer_real));
}

static void numbers_must_make_sense(void **state)
{
    (void)state;
    const uint64_t most = (UINT64_C(1) << 53) - 1;
    static const uint64_t bad[][2] = {{0, 3}, {4, 3}, {1, UINT64_C(1) << 53}, {1, UINT64_MAX}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct ack ack = fresh(bad[i][0], bad[i][1]);
        assert_false(ack_verify(&ack, &net, &signer_real));
    }
    struct ack ack = fresh(most, most);
    assert_true(ack_verify(&ack, &net, &signer_real));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds),
        cmocka_unit_test(nothing_can_be_altered),
        cmocka_unit_test(low_and_high_are_not_mixed_up),
        cmocka_unit_test(numbers_must_make_sense),
    };
    core_start();
    struct seed seed = {{1}};
    identity_init(&ana, &seed);
    net = mesh_net(span_text("lan"), NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
