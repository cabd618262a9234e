#pragma once
/* The signature under the heart-beat of a component: its lowest live identity says every 10 s that
 * it is there. Signed, and only an increase is passed on, so that nobody keeps a component alive
 * but the one it is named after. */
#include "core/overlay.h"

#define BEAT_LABEL "tertulia-beat-1"

/* Signs beat->counter, and sets beat->id. */
void beat_sign(struct overlay_beat *beat, const struct hash *net, const struct signer *signer,
               const struct identity *identity);
/* Whether the number makes sense and beat->id signed it. */
bool beat_verify(const struct overlay_beat *beat, const struct hash *net,
                 const struct signer *signer) __attribute__((warn_unused_result));
