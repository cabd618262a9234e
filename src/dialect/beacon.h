#pragma once
/* Beacons: datagrams by which peers find each other. Pure.
 *
 * A beacon is a hint and proves nothing: who is really there, the link tells. It carries no name.
 */
#include "core/mesh.h"
#include "core/wire.h"

enum {
    BEACON_BYTES = 63, /* of ours */
    BEACON_MAX = 512,  /* of anybody's: later versions may have more behind what we read */
};

struct beacon {
    uint8_t tag[MESH_TAG_BYTES];
    uint16_t port; /* where the sender listens; never 0 */
    uint8_t instance[INSTANCE_BYTES];
    uint32_t hint; /* overlay_hint of the sender; 0: none */
    struct id component;
};

void beacon_pack(const struct beacon *beacon, uint8_t into[BEACON_BYTES]);
/* False for what is none, of another version, or of another mesh than `tag` names. */
bool beacon_unpack(struct span datagram, const uint8_t tag[MESH_TAG_BYTES], struct beacon *into)
    __attribute__((warn_unused_result));
