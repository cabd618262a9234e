#pragma once
/* A mesh's name and secret, and what follows from them. Pure; the derived key is the only thing
 * kept of a secret. */
#include "core/crypto.h"

enum {
    MESH_NAME_MAX = 64,    /* fits a beacon's and a human's memory alike */
    MESH_SECRET_MAX = 128, /* text; what `--new-secret` makes has 26 characters */
    MESH_KEY_BYTES = 32,
    MESH_TAG_BYTES = 8,
    MESH_EXPORT_BYTES = 32, /* what TLS exports for this link and no other */
    MESH_PROOF_BYTES = 32,
};

struct mesh_key {
    uint8_t bytes[MESH_KEY_BYTES];
};

struct mesh_proof {
    uint8_t bytes[MESH_PROOF_BYTES];
};

/* The key of a secret: Argon2id, a tenth of a second and 64 MiB on purpose, so off the loop. False
 * where there was no memory for it. */
bool mesh_key(struct span name, struct span secret, struct mesh_key *into)
    __attribute__((warn_unused_result));
/* What every entry, ack and hello of the mesh names. `key` is NULL for a mesh without a secret. */
struct hash mesh_net(struct span name, const struct mesh_key *key);
/* What beacons name: from the name alone, so that it tells nothing of the secret. */
void mesh_tag(struct span name, uint8_t into[MESH_TAG_BYTES]);

enum mesh_role {
    MESH_CALLER = 0,
    MESH_LISTENER = 1,
};

/* That we know the key, for this link and this direction only. `exported` is the TLS exporter's. */
struct mesh_proof mesh_prove(const struct mesh_key *key, enum mesh_role role,
                             const uint8_t exported[MESH_EXPORT_BYTES], const struct id *caller,
                             const struct id *listener);
/* In constant time. */
bool mesh_proof_equal(const struct mesh_proof *a, const struct mesh_proof *b)
    __attribute__((warn_unused_result));
