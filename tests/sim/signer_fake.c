/* Signatures that prove nothing, for simulations. */
#include "tests/sim/signer_fake.h"

#include <sodium.h>

static struct signature fake(const struct id *id, const char *label, struct span bytes)
{
    struct signature signature;
    crypto_generichash_state state;
    crypto_generichash_init(&state, id->bytes, ID_BYTES, SIGNATURE_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)label, strlen(label));
    crypto_generichash_update(&state, bytes.bytes, bytes.size);
    crypto_generichash_final(&state, signature.bytes, SIGNATURE_BYTES);
    return signature;
}

static struct signature fake_sign(const struct identity *identity, const char *label,
                                  struct span bytes)
{
    return fake(&identity->id, label, bytes);
}

static bool fake_verify(const struct id *id, const char *label, struct span bytes,
                        const struct signature *signature)
{
    struct signature right = fake(id, label, bytes);
    return memcmp(right.bytes, signature->bytes, SIGNATURE_BYTES) == 0;
}

const struct signer signer_fake = {fake_sign, fake_verify};
