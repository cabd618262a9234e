/* Keys, signatures, hashes; the mesh's secret; heart-beats. Known answers come from the standards.
 */
#include "unit.h"

#include "core/beat.h"
#include "core/mesh.h"

#include "tests/sim/signer_fake.h"

#include <stdlib.h>
#include <string.h>

static void bytes_of_hex(const char *hex, uint8_t *into)
{
    for (; *hex; hex += 2) {
        char two[3] = {hex[0], hex[1], '\0'};
        *into++ = (uint8_t)strtoul(two, NULL, 16);
    }
}

static struct identity person(uint8_t number)
{
    struct identity identity;
    struct seed seed;
    memset(seed.bytes, number, SEED_BYTES);
    identity_init(&identity, &seed);
    return identity;
}

/* RFC 8032, 7.1, test 2: the message is one byte. */
static void signs_as_the_rfc_does(void **state)
{
    (void)state;
    struct seed seed;
    struct identity identity;
    struct id id;
    struct signature right;
    bytes_of_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", seed.bytes);
    bytes_of_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", id.bytes);
    bytes_of_hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                 "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
                 right.bytes);
    identity_init(&identity, &seed);
    assert_true(id_equal(&identity.id, &id));
    struct signature signature = signer_real.sign(&identity, "r", span_of(NULL, 0));
    assert_memory_equal(signature.bytes, right.bytes, SIGNATURE_BYTES);
    signature = signer_real.sign(&identity, "", span_of("r", 1)); /* a label is just in front */
    assert_memory_equal(signature.bytes, right.bytes, SIGNATURE_BYTES);
}

static void any_altered_bit_is_noticed(const struct signer *signer)
{
    struct identity ana = person(1);
    struct identity bruno = person(2);
    uint8_t text[] = "some words";
    struct span words = span_of(text, sizeof text);
    struct signature signature = signer->sign(&ana, "label", words);
    assert_true(signer->verify(&ana.id, "label", words, &signature));
    assert_false(signer->verify(&bruno.id, "label", words, &signature));
    assert_false(signer->verify(&ana.id, "Label", words, &signature));
    assert_false(signer->verify(&ana.id, "label", span_of(text, sizeof text - 1), &signature));
    for (size_t bit = 0; bit < sizeof text * 8; bit++) {
        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(signer->verify(&ana.id, "label", words, &signature));
        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < SIGNATURE_BYTES * 8; bit++) {
        signature.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(signer->verify(&ana.id, "label", words, &signature));
        signature.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void real_signatures(void **state)
{
    (void)state;
    any_altered_bit_is_noticed(&signer_real);
}

static void fake_signatures(void **state)
{
    (void)state;
    any_altered_bit_is_noticed(&signer_fake);
}

/* A key of low order would verify a signature over anything. */
static void keys_of_low_order_sign_nothing(void **state)
{
    (void)state;
    struct id zero = {{0}};
    struct id one = {{1}};
    struct signature signature = {{1}}; /* R is the neutral element, S is zero */
    assert_false(signer_real.verify(&one, "label", span_text("x"), &signature));
    assert_false(signer_real.verify(&zero, "label", span_text("x"), &signature));
}

/* The empty BLAKE2b-256 is well known; parts are only a way of writing one text. */
static void hashes(void **state)
{
    (void)state;
    struct hash right;
    bytes_of_hex("0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8", right.bytes);
    struct hash empty = hash_of(span_of(NULL, 0));
    assert_true(hash_equal(&empty, &right));
    const struct span parts[] = {span_text("ab"), span_text(""), span_text("c")};
    struct hash split = hash_of_parts(parts, 3);
    struct hash whole = hash_of(span_text("abc"));
    assert_true(hash_equal(&split, &whole));
    assert_false(hash_equal(&split, &empty));
}

static void both_screens_show_the_same(void **state)
{
    (void)state;
    struct identity ana = person(1);
    struct identity bruno = person(2);
    struct identity carla = person(3);
    char ab[VERIFY_TEXT];
    char ba[VERIFY_TEXT];
    char ac[VERIFY_TEXT];
    verify_text(&ana.id, &bruno.id, ab);
    verify_text(&bruno.id, &ana.id, ba);
    verify_text(&ana.id, &carla.id, ac);
    assert_int_equal(strlen(ab), 20);
    assert_string_equal(ab, ba);
    assert_string_not_equal(ab, ac);
}

static void a_mesh_is_its_name_and_its_key(void **state)
{
    (void)state;
    struct mesh_key key;
    struct mesh_key other;
    uint8_t tag[MESH_TAG_BYTES];
    uint8_t other_tag[MESH_TAG_BYTES];
    assert_true(mesh_key(span_text("lan"), span_text("k7fq"), &key));
    assert_true(mesh_key(span_text("lan"), span_text("k7fr"), &other));
    assert_memory_not_equal(key.bytes, other.bytes, MESH_KEY_BYTES);
    assert_true(mesh_key(span_text("lab"), span_text("k7fq"), &other)); /* the name is the salt */
    assert_memory_not_equal(key.bytes, other.bytes, MESH_KEY_BYTES);

    struct hash open = mesh_net(span_text("lan"), NULL);
    struct hash secret = mesh_net(span_text("lan"), &key);
    struct hash another = mesh_net(span_text("lan"), &other);
    assert_false(hash_equal(&open, &secret));
    assert_false(hash_equal(&another, &secret));
    /* A name that ends with a key is not that key's mesh. */
    char name[MESH_NAME_MAX];
    memcpy(name, "lan", 3);
    memcpy(name + 3, key.bytes, MESH_KEY_BYTES);
    struct hash posing = mesh_net(span_of(name, 3 + MESH_KEY_BYTES), NULL);
    assert_false(hash_equal(&posing, &secret));
    mesh_tag(span_text("lan"), tag);
    mesh_tag(span_text("lab"), other_tag);
    assert_memory_not_equal(tag, other_tag, MESH_TAG_BYTES);
}

/* Neither side can send the other's proof back, nor one of another link. */
static void a_proof_is_for_one_link_and_one_side(void **state)
{
    (void)state;
    struct mesh_key key = {{1}};
    struct mesh_key wrong = {{2}};
    uint8_t link[MESH_EXPORT_BYTES] = {3};
    uint8_t other_link[MESH_EXPORT_BYTES] = {4};
    struct id ana = person(1).id;
    struct id bruno = person(2).id;
    struct mesh_proof proof = mesh_prove(&key, MESH_CALLER, link, &ana, &bruno);
    struct mesh_proof same = mesh_prove(&key, MESH_CALLER, link, &ana, &bruno);
    assert_true(mesh_proof_equal(&proof, &same));
    const struct mesh_proof others[] = {
        mesh_prove(&key, MESH_LISTENER, link, &ana, &bruno),
        mesh_prove(&key, MESH_CALLER, link, &bruno, &ana),
        mesh_prove(&key, MESH_CALLER, other_link, &ana, &bruno),
        mesh_prove(&wrong, MESH_CALLER, link, &ana, &bruno),
    };
    for (size_t i = 0; i < 4; i++)
        assert_false(mesh_proof_equal(&proof, &others[i]));
}

static void a_beat_is_its_namers(void **state)
{
    (void)state;
    struct identity ana = person(1);
    struct hash net = mesh_net(span_text("lan"), NULL);
    struct hash other = mesh_net(span_text("lab"), NULL);
    struct overlay_beat beat = {.counter = 7};
    beat_sign(&beat, &net, &signer_real, &ana);
    assert_true(id_equal(&beat.id, &ana.id));
    assert_true(beat_verify(&beat, &net, &signer_real));
    assert_false(beat_verify(&beat, &other, &signer_real));
    beat.counter++;
    assert_false(beat_verify(&beat, &net, &signer_real));
    beat.counter--;
    beat.id = person(2).id;
    assert_false(beat_verify(&beat, &net, &signer_real));
    static const uint64_t impossible[] = {0, UINT64_C(1) << 53};
    for (size_t i = 0; i < 2; i++) {
        beat.counter = impossible[i];
        beat_sign(&beat, &net, &signer_real, &ana);
        assert_false(beat_verify(&beat, &net, &signer_real));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_as_the_rfc_does),
        cmocka_unit_test(real_signatures),
        cmocka_unit_test(fake_signatures),
        cmocka_unit_test(keys_of_low_order_sign_nothing),
        cmocka_unit_test(hashes),
        cmocka_unit_test(both_screens_show_the_same),
        cmocka_unit_test(a_mesh_is_its_name_and_its_key),
        cmocka_unit_test(a_proof_is_for_one_link_and_one_side),
        cmocka_unit_test(a_beat_is_its_namers),
    };
    core_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
