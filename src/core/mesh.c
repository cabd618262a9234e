/* A mesh's name and secret. */
#include "core/mesh.h"

#include <sodium.h>

_Static_assert(MESH_PROOF_BYTES == crypto_auth_hmacsha256_BYTES, "libsodium");

/* PROTOCOL.md "Mesh and secret":
 * > key = Argon2id(secret, salt, 2 passes, 65536 KiB, 1 lane, version 0x13), 32 bytes */
enum { PASSES = 2, MEMORY = 64 << 20 };

bool mesh_key(struct span name, struct span secret, struct mesh_key *into)
{
    const struct span parts[] = {span_text("tertulia-salt-1"), name};
    struct hash salt = hash_of_parts(parts, 2);
    return crypto_pwhash(into->bytes, MESH_KEY_BYTES, (const char *)secret.bytes, secret.size,
                         salt.bytes, PASSES, MEMORY, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

/* PROTOCOL.md "Mesh and secret":
 * > net = BLAKE2b-256("tertulia-net-1" ‖ the name's length in one byte ‖ name ‖ key) */
struct hash mesh_net(struct span name, const struct mesh_key *key)
{
    uint8_t length = (uint8_t)name.size;
    const struct span parts[] = {
        span_text("tertulia-net-1"),
        span_of(&length, 1),
        name,
        span_of(key ? key->bytes : NULL, key ? MESH_KEY_BYTES : 0),
    };
    return hash_of_parts(parts, 4);
}

/* PROTOCOL.md "Mesh and secret":
 * > tag = the first 8 bytes of BLAKE2b-256("tertulia-tag-1" ‖ name) */
void mesh_tag(struct span name, uint8_t into[MESH_TAG_BYTES])
{
    const struct span parts[] = {span_text("tertulia-tag-1"), name};
    struct hash hash = hash_of_parts(parts, 2);
    memcpy(into, hash.bytes, MESH_TAG_BYTES);
}

/* PROTOCOL.md "Mesh and secret":
 * > HMAC-SHA-256(key, "tertulia-proof-1" ‖ role (1) ‖ exported (32) ‖ caller (32) ‖ listener (32))
 */
struct mesh_proof mesh_prove(const struct mesh_key *key, enum mesh_role role,
                             const uint8_t exported[MESH_EXPORT_BYTES], const struct id *caller,
                             const struct id *listener)
{
    static const char label[] = "tertulia-proof-1";
    uint8_t who = (uint8_t)role;
    crypto_auth_hmacsha256_state state;
    struct mesh_proof proof;
    crypto_auth_hmacsha256_init(&state, key->bytes, MESH_KEY_BYTES);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)label, strlen(label));
    crypto_auth_hmacsha256_update(&state, &who, 1);
    crypto_auth_hmacsha256_update(&state, exported, MESH_EXPORT_BYTES);
    crypto_auth_hmacsha256_update(&state, caller->bytes, ID_BYTES);
    crypto_auth_hmacsha256_update(&state, listener->bytes, ID_BYTES);
    crypto_auth_hmacsha256_final(&state, proof.bytes);
    sodium_memzero(&state, sizeof state);
    return proof;
}

bool mesh_proof_equal(const struct mesh_proof *a, const struct mesh_proof *b)
{
    return sodium_memcmp(a->bytes, b->bytes, MESH_PROOF_BYTES) == 0;
}
