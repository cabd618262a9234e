/* Datagrams: what is taken for a beacon goes out again as the same bytes. The first 8 bytes of the
 * input are the mesh's tag. */
#include "base/alloc.h"
#include "dialect/beacon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct beacon beacon;
    uint8_t again[BEACON_BYTES];
    if (size < MESH_TAG_BYTES)
        return 0;
    struct span datagram = span_of(data + MESH_TAG_BYTES, size - MESH_TAG_BYTES);
    if (!beacon_unpack(datagram, data, &beacon))
        return 0;
    beacon_pack(&beacon, again);
    if (memcmp(again, datagram.bytes, sizeof again) != 0)
        die("a beacon changed on its way");
    return 0;
}
