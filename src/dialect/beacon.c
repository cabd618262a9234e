/* PROTOCOL.md "Beacons":
 * > "tertulia" (8) ‖ version 1 (1) ‖ mesh tag (8) ‖ port (2) ‖ instance (8) ‖ hint (4) ‖ component
 * (32) */
#include "dialect/beacon.h"

static const char MAGIC[] = "tertulia";

enum { /* where each field begins */
       AT_VERSION = 8,
       AT_TAG = 9,
       AT_PORT = AT_TAG + MESH_TAG_BYTES,
       AT_INSTANCE = AT_PORT + 2,
       AT_HINT = AT_INSTANCE + INSTANCE_BYTES,
       AT_COMPONENT = AT_HINT + 4,
};
_Static_assert(AT_COMPONENT + ID_BYTES == BEACON_BYTES, "all of it has a place");

void beacon_pack(const struct beacon *beacon, uint8_t into[BEACON_BYTES])
{
    memcpy(into, MAGIC, AT_VERSION);
    into[AT_VERSION] = PROTOCOL_VERSION;
    memcpy(into + AT_TAG, beacon->tag, MESH_TAG_BYTES);
    into[AT_PORT] = (uint8_t)(beacon->port >> 8);
    into[AT_PORT + 1] = (uint8_t)beacon->port;
    memcpy(into + AT_INSTANCE, beacon->instance, INSTANCE_BYTES);
    for (int i = 0; i < 4; i++)
        into[AT_HINT + i] = (uint8_t)(beacon->hint >> (24 - 8 * i));
    memcpy(into + AT_COMPONENT, beacon->component.bytes, ID_BYTES);
}

bool beacon_unpack(struct span datagram, const uint8_t tag[MESH_TAG_BYTES], struct beacon *into)
{
    const uint8_t *bytes = datagram.bytes;
    if (datagram.size < BEACON_BYTES || datagram.size > BEACON_MAX ||
        memcmp(bytes, MAGIC, AT_VERSION) != 0 || bytes[AT_VERSION] != PROTOCOL_VERSION ||
        memcmp(bytes + AT_TAG, tag, MESH_TAG_BYTES) != 0)
        return false;
    memcpy(into->tag, bytes + AT_TAG, MESH_TAG_BYTES);
    into->port = (uint16_t)(bytes[AT_PORT] << 8 | bytes[AT_PORT + 1]);
    memcpy(into->instance, bytes + AT_INSTANCE, INSTANCE_BYTES);
    into->hint = 0;
    for (int i = 0; i < 4; i++)
        into->hint = into->hint << 8 | bytes[AT_HINT + i];
    memcpy(into->component.bytes, bytes + AT_COMPONENT, ID_BYTES);
    return into->port != 0;
}
