#pragma once
/* Receipts: `acker` has durably stored every entry of [low, high] of one log, once. Signed, so that
 * anyone may carry them; the greater high wins, so that replays are harmless. */
#include "core/crypto.h"

#define ACK_LABEL "tertulia-ack-1"

struct ack {
    struct id acker;
    struct id author;
    struct epoch_id epoch;
    uint64_t low; /* 1 <= low <= high <= ENTRY_NUMBER_MAX */
    uint64_t high;
    struct hash head; /* of the entry at high */
    struct signature signature;
};

/* Signs what the other fields say, and sets ack->acker. */
void ack_sign(struct ack *ack, const struct hash *net, const struct signer *signer,
              const struct identity *identity);
/* Whether the numbers make sense and the acker signed them. */
bool ack_verify(const struct ack *ack, const struct hash *net, const struct signer *signer)
    __attribute__((warn_unused_result));
