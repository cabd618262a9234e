#pragma once
/* Identity keys, signatures and hashes: libsodium behind the few words that core uses.
 *
 * Nothing here keeps state, so every function may run on any thread, once core_start was called.
 * Core signs and verifies only through the `struct signer` it was given: the programs give it
 * signer_real, the simulator may give it a cheap one that lives with the tests. */
#include "base/sys.h"
#include "core/ids.h"
#include "core/span.h"

enum {
    SEED_BYTES = 32,
    SIGNATURE_BYTES = 64,
    /* The longest message that is signed, its label included: an entry and some room. */
    SIGNED_MAX = 8192 + 64,
    VERIFY_TEXT = 20 + 1,    /* base32 characters two people compare aloud, and the zero */
    VERIFY_ROUNDS = 1 << 14, /* a few milliseconds here, 2^64 hashes for who looks for a clash */
};

struct seed {
    uint8_t bytes[SEED_BYTES];
};

struct signature {
    uint8_t bytes[SIGNATURE_BYTES];
};

/* A key pair. The secret never leaves this struct but through sign and unseal. */
struct identity {
    struct id id;
    uint8_t secret[64]; /* libsodium's form: the seed, then the public key */
};

/* Once, before anything else here; dies where libsodium cannot start. */
void core_start(void);

/* The one identity of a seed. */
void identity_init(struct identity *identity, const struct seed *seed);
/* Wipes the secret. */
void identity_done(struct identity *identity);

/* BLAKE2b-256, without a key, over `bytes`. */
struct hash hash_of(struct span bytes);
/* The same over all `count` parts, one behind the other. */
struct hash hash_of_parts(const struct span *parts, size_t count);

static inline int hash_compare(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, HASH_BYTES);
}

static inline bool hash_equal(const struct hash *a, const struct hash *b)
{
    return hash_compare(a, b) == 0;
}

static inline bool epoch_equal(const struct epoch_id *a, const struct epoch_id *b)
{
    return memcmp(a->bytes, b->bytes, EPOCH_BYTES) == 0;
}

/* How signatures are made and checked: of `label` (text, no zero) followed by `bytes`, at most
 * SIGNED_MAX together. Both functions are pure. */
struct signer {
    struct signature (*sign)(const struct identity *identity, const char *label, struct span bytes);
    bool (*verify)(const struct id *id, const char *label, struct span bytes,
                   const struct signature *signature);
};

/* Ed25519 (RFC 8032). */
extern const struct signer signer_real;

/* What both people read aloud to be sure of each other's keys: the same for (a, b) and (b, a).
 * Takes some milliseconds on purpose. */
void verify_text(const struct id *a, const struct id *b, char into[VERIFY_TEXT]);

/* Whole numbers inside what is signed or hashed: 8 bytes, the highest first. */
static inline void put_u64(uint8_t into[8], uint64_t value)
{
    for (int i = 7; i >= 0; i--) {
        into[i] = (uint8_t)value;
        value >>= 8;
    }
}
