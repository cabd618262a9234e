/* What a body must hold, whoever wrote it. */
#include "core/body.h"

#include "base/utf8.h"

bool entry_kind_known(uint32_t kind)
{
    return kind >= ENTRY_SAY && kind <= ENTRY_CALL;
}

static bool text_fits(struct span text, size_t least, size_t most)
{
    return text.size >= least && text.size <= most &&
           utf8_valid((const char *)text.bytes, text.size);
}

bool body_again_fits(const struct body_again *again)
{
    return !again->set || (again->seq >= 1 && again->seq <= ENTRY_NUMBER_MAX);
}

/* PROTOCOL.md "Whispers":
 * > There are 2, 4, 8 or 16 slots of 48 bytes.
 *
 * > The box is 16 bytes longer than a multiple of 256 that is at least 256 and at most 5120. */
static bool sealed_fits(const struct body_sealed *sealed)
{
    size_t slots = sealed->slots.size / SLOT_BYTES;
    size_t padded = sealed->box.size - BOX_TAG;
    return sealed->slots.size % SLOT_BYTES == 0 &&
           (slots == 2 || slots == 4 || slots == 8 || slots == SEALED_SLOTS_MAX) &&
           sealed->box.size > BOX_TAG && padded % BOX_PAD == 0 && padded <= WHISPER_MAX;
}

bool body_well_formed(const struct body *body)
{
    switch (body->kind) {
    case ENTRY_SAY:
    case ENTRY_ACT:
        return text_fits(body->say.text, 1, TEXT_MAX) && body_again_fits(&body->say.again);
    case ENTRY_SEALED:
        return sealed_fits(&body->sealed);
    case ENTRY_PROFILE:
        return text_fits(body->profile.name, 1, PERSON_NAME_MAX) &&
               text_fits(body->profile.status, 0, STATUS_MAX);
    case ENTRY_LEAVE:
        return text_fits(body->why, 0, STATUS_MAX);
    case ENTRY_TOPIC:
        return text_fits(body->topic, 0, TOPIC_MAX);
    case ENTRY_JOIN:
    case ENTRY_CALL:
        return true;
    }
    return false;
}
