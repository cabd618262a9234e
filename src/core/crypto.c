/* Keys, signatures and hashes. No state: everything follows from the arguments. */
#include "core/crypto.h"

#include "base/alloc.h"
#include "base/base32.h"

#include <sodium.h>

_Static_assert(sizeof((struct identity *)0)->secret == crypto_sign_SECRETKEYBYTES, "libsodium");
_Static_assert(SEED_BYTES == crypto_sign_SEEDBYTES, "libsodium");
_Static_assert(SIGNATURE_BYTES == crypto_sign_BYTES, "libsodium");
_Static_assert(ID_BYTES == crypto_sign_PUBLICKEYBYTES, "libsodium");

void core_start(void)
{
    if (sodium_init() < 0)
        die("libsodium does not start");
}

void identity_init(struct identity *identity, const struct seed *seed)
{
    crypto_sign_seed_keypair(identity->id.bytes, identity->secret, seed->bytes);
}

void identity_done(struct identity *identity)
{
    sodium_memzero(identity->secret, sizeof identity->secret);
}

struct hash hash_of_parts(const struct span *parts, size_t count)
{
    crypto_generichash_state state;
    struct hash hash;
    crypto_generichash_init(&state, NULL, 0, sizeof hash.bytes);
    for (size_t i = 0; i < count; i++)
        crypto_generichash_update(&state, parts[i].bytes, parts[i].size);
    crypto_generichash_final(&state, hash.bytes, sizeof hash.bytes);
    return hash;
}

struct hash hash_of(struct span bytes)
{
    struct hash hash;
    crypto_generichash(hash.bytes, sizeof hash.bytes, bytes.bytes, bytes.size, NULL, 0);
    return hash;
}

/* Ed25519 needs its message in one piece. Copying 8 KiB costs a hundredth of the signature. */
static size_t labelled(uint8_t into[SIGNED_MAX], const char *label, struct span bytes)
{
    size_t size = strlen(label);
    if (bytes.size > SIGNED_MAX - size)
        die("%zu bytes are too many to sign", bytes.size);
    memcpy(into, label, size);
    if (bytes.size)
        memcpy(into + size, bytes.bytes, bytes.size);
    return size + bytes.size;
}

static struct signature real_sign(const struct identity *identity, const char *label,
                                  struct span bytes)
{
    uint8_t message[SIGNED_MAX];
    size_t size = labelled(message, label, bytes);
    struct signature signature;
    crypto_sign_detached(signature.bytes, NULL, message, size, identity->secret);
    return signature;
}

static bool real_verify(const struct id *id, const char *label, struct span bytes,
                        const struct signature *signature)
{
    uint8_t message[SIGNED_MAX];
    size_t size = labelled(message, label, bytes);
    return crypto_sign_verify_detached(signature->bytes, message, size, id->bytes) == 0;
}

const struct signer signer_real = {real_sign, real_verify};

/* PROTOCOL.md "Comparing keys":
 * > h(0) = BLAKE2b-256("tertulia-verify-1" ‖ low ‖ high)
 * > h(n) = BLAKE2b-256(h(n-1) ‖ low ‖ high)
 *
 * > The text is the first 20 base32 characters of h(16384). */
void verify_text(const struct id *a, const struct id *b, char into[VERIFY_TEXT])
{
    const struct id *low = id_compare(a, b) <= 0 ? a : b;
    const struct id *high = low == a ? b : a;
    struct span parts[] = {
        span_text("tertulia-verify-1"),
        span_of(low->bytes, ID_BYTES),
        span_of(high->bytes, ID_BYTES),
    };
    struct hash hash = hash_of_parts(parts, 3);
    for (int round = 0; round < VERIFY_ROUNDS; round++) {
        parts[0] = span_of(hash.bytes, HASH_BYTES);
        hash = hash_of_parts(parts, 3);
    }
    base32_encode(hash.bytes, HASH_BYTES, into, VERIFY_TEXT - 1);
}
