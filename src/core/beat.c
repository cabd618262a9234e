/* What is signed in a heart-beat: plain bytes, as in a receipt. */
#include "core/beat.h"

#include "core/entry.h"

enum { BEAT_SIGNED = HASH_BYTES + ID_BYTES + 8 };

/* PROTOCOL.md "Component":
 * > net (32) ‖ component (32) ‖ counter (8) */
static void beat_bytes(const struct overlay_beat *beat, const struct hash *net,
                       uint8_t into[BEAT_SIGNED])
{
    memcpy(into, net->bytes, HASH_BYTES);
    memcpy(into + HASH_BYTES, beat->id.bytes, ID_BYTES);
    put_u64(into + HASH_BYTES + ID_BYTES, beat->counter);
}

void beat_sign(struct overlay_beat *beat, const struct hash *net, const struct signer *signer,
               const struct identity *identity)
{
    uint8_t bytes[BEAT_SIGNED];
    beat->id = identity->id;
    beat_bytes(beat, net, bytes);
    beat->signature = signer->sign(identity, BEAT_LABEL, span_of(bytes, sizeof bytes));
}

bool beat_verify(const struct overlay_beat *beat, const struct hash *net,
                 const struct signer *signer)
{
    if (beat->counter < 1 || beat->counter > ENTRY_NUMBER_MAX)
        return false;
    uint8_t bytes[BEAT_SIGNED];
    beat_bytes(beat, net, bytes);
    return signer->verify(&beat->id, BEAT_LABEL, span_of(bytes, sizeof bytes), &beat->signature);
}
