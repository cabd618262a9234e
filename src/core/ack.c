/* What is signed in a receipt: plain bytes in a fixed order, so that no encoding can be disputed.
 */
#include "core/ack.h"

#include "core/entry.h"

enum { ACK_SIGNED = 3 * 32 + EPOCH_BYTES + 2 * 8 + HASH_BYTES };

/* PROTOCOL.md "Receipts":
 * > net (32) ‖ acker (32) ‖ author (32) ‖ epoch (16) ‖ low (8) ‖ high (8) ‖ head (32) */
static void ack_bytes(const struct ack *ack, const struct hash *net, uint8_t into[ACK_SIGNED])
{
    uint8_t low[8];
    uint8_t high[8];
    put_u64(low, ack->low);
    put_u64(high, ack->high);
    const struct span parts[] = {
        span_of(net->bytes, HASH_BYTES),
        span_of(ack->acker.bytes, ID_BYTES),
        span_of(ack->author.bytes, ID_BYTES),
        span_of(ack->epoch.bytes, EPOCH_BYTES),
        span_of(low, sizeof low),
        span_of(high, sizeof high),
        span_of(ack->head.bytes, HASH_BYTES),
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        memcpy(into, parts[i].bytes, parts[i].size);
        into += parts[i].size;
    }
}

void ack_sign(struct ack *ack, const struct hash *net, const struct signer *signer,
              const struct identity *identity)
{
    uint8_t bytes[ACK_SIGNED];
    ack->acker = identity->id;
    ack_bytes(ack, net, bytes);
    ack->signature = signer->sign(identity, ACK_LABEL, span_of(bytes, sizeof bytes));
}

bool ack_verify(const struct ack *ack, const struct hash *net, const struct signer *signer)
{
    if (ack->low < 1 || ack->high < ack->low || ack->high > ENTRY_NUMBER_MAX)
        return false;
    uint8_t bytes[ACK_SIGNED];
    ack_bytes(ack, net, bytes);
    return signer->verify(&ack->acker, ACK_LABEL, span_of(bytes, sizeof bytes), &ack->signature);
}
