/* Sealing and opening, PROTOCOL.md "Whispers" step by step. Keys are wiped as soon as they were
 * used. */
#include "core/sealed.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <sodium.h>
#include <stdlib.h>

_Static_assert(SLOT_BYTES == 32 + crypto_box_MACBYTES, "libsodium");
_Static_assert(BOX_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "libsodium");
_Static_assert(WHISPER_MAX % BOX_PAD == 0, "the longest whisper is padded like every other");

enum {
    KEY = 32, /* of every kind here: X25519 keys, the body key, a slot's shared key */
    BOUND = HASH_BYTES + ID_BYTES + EPOCH_BYTES + 8 + KEY + SEALED_SLOTS_MAX * SLOT_BYTES,
};

bool whisper_well_formed(const struct whisper *whisper)
{
    bool call = whisper->kind == ENTRY_CALL;
    if (!call && whisper->kind != ENTRY_SAY && whisper->kind != ENTRY_ACT)
        return false;
    if ((whisper->text.size == 0) != call || whisper->text.size > TEXT_MAX ||
        !utf8_valid((const char *)whisper->text.bytes, whisper->text.size) ||
        !body_again_fits(&whisper->again))
        return false;
    for (size_t i = 1; i < whisper->reader_count && i < READERS_MAX; i++)
        for (size_t j = 0; j < i; j++)
            if (id_equal(&whisper->readers[i], &whisper->readers[j]))
                return false;
    return whisper->reader_count >= 1 && whisper->reader_count <= READERS_MAX;
}

static bool whisper_lists(const struct whisper *whisper, const struct id *reader)
{
    for (size_t i = 0; i < whisper->reader_count; i++)
        if (id_equal(&whisper->readers[i], reader))
            return true;
    return false;
}

/* PROTOCOL.md "Whispers":
 * > net (32) ‖ author (32) ‖ epoch (16) ‖ seq (8) ‖ ephemeral (32) ‖ slots */
static size_t bound_bytes(const struct entry_fields *where, const uint8_t ephemeral[KEY],
                          struct span slots, uint8_t into[BOUND])
{
    uint8_t seq[8];
    put_u64(seq, where->seq);
    const struct span parts[] = {
        span_of(where->net.bytes, HASH_BYTES),
        span_of(where->author.bytes, ID_BYTES),
        span_of(where->epoch.bytes, EPOCH_BYTES),
        span_of(seq, sizeof seq),
        span_of(ephemeral, KEY),
        slots,
    };
    size_t size = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        memcpy(into + size, parts[i].bytes, parts[i].size);
        size += parts[i].size;
    }
    return size;
}

/* PROTOCOL.md "Whispers":
 * > The nonce of a slot is 23 zero bytes and the slot's number, from 0. */
static void slot_nonce(size_t slot, uint8_t into[crypto_box_NONCEBYTES])
{
    memset(into, 0, crypto_box_NONCEBYTES);
    into[crypto_box_NONCEBYTES - 1] = (uint8_t)slot;
}

static bool slot_fill(uint8_t into[SLOT_BYTES], size_t slot, const uint8_t body_key[KEY],
                      const struct id *reader, const uint8_t secret[KEY])
{
    uint8_t theirs[KEY];
    uint8_t shared[KEY];
    uint8_t nonce[crypto_box_NONCEBYTES];
    slot_nonce(slot, nonce);
    if (crypto_sign_ed25519_pk_to_curve25519(theirs, reader->bytes) != 0 ||
        crypto_box_beforenm(shared, theirs, secret) != 0)
        return false;
    crypto_box_easy_afternm(into, body_key, KEY, nonce, shared);
    sodium_memzero(shared, sizeof shared);
    return true;
}

/* PROTOCOL.md "Whispers":
 * > Slot 0 is the author's, the readers' follow in their order, and the rest is filled with random
 * > bytes. */
static size_t slots_fill(uint8_t into[SEALED_SLOTS_MAX * SLOT_BYTES], const struct whisper *whisper,
                         const struct id *author, const uint8_t body_key[KEY],
                         const uint8_t secret[KEY], const struct sys *sys)
{
    size_t count = 2;
    while (count < whisper->reader_count + 1)
        count *= 2;
    for (size_t slot = 0; slot < count; slot++) {
        uint8_t *place = into + slot * SLOT_BYTES;
        if (slot > whisper->reader_count) {
            sys_random(sys, place, SLOT_BYTES);
            continue;
        }
        const struct id *reader = slot == 0 ? author : &whisper->readers[slot - 1];
        if (!slot_fill(place, slot, body_key, reader, secret))
            return 0;
    }
    return count * SLOT_BYTES;
}

/* PROTOCOL.md "Whispers":
 * > The plaintext is padded with one byte 0x80 and then zeros, to the next multiple of 256; padding
 * > is always added. */
static size_t plain_fill(uint8_t into[WHISPER_MAX], const struct whisper *whisper,
                         const struct codec *codec)
{
    size_t size = codec->whisper_pack(whisper, into, WHISPER_MAX);
    size_t padded;
    if (size == 0 || sodium_pad(&padded, into, size, BOX_PAD, WHISPER_MAX) != 0)
        return 0;
    return padded;
}

/* PROTOCOL.md "Whispers":
 * > Its nonce is 24 zero bytes, which is safe because a body key is used once. */
static const uint8_t no_nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];

struct keys {
    uint8_t body[KEY];
    uint8_t secret[KEY]; /* the ephemeral one */
};

/* Everything but making and wiping the keys and the plaintext. */
static enum seal_fault seal(const struct whisper *whisper, const struct entry_fields *where,
                            const struct codec *codec, const struct sys *sys, struct keys *keys,
                            uint8_t plain[WHISPER_MAX], uint8_t into[ENTRY_MAX], size_t *size)
{
    uint8_t slots[SEALED_SLOTS_MAX * SLOT_BYTES];
    uint8_t box[WHISPER_MAX + BOX_TAG];
    uint8_t bound[BOUND];
    struct body body = {.kind = ENTRY_SEALED};
    struct body_sealed *sealed = &body.sealed;

    size_t padded = plain_fill(plain, whisper, codec);
    if (padded == 0)
        return SEAL_TOO_LONG;
    sys_random(sys, keys->secret, KEY);
    sys_random(sys, keys->body, KEY);
    crypto_scalarmult_base(sealed->ephemeral, keys->secret);
    size_t filled = slots_fill(slots, whisper, &where->author, keys->body, keys->secret, sys);
    if (filled == 0)
        return SEAL_BAD_KEY;
    sealed->slots = span_of(slots, filled);
    sealed->commitment = hash_of(span_of(keys->body, KEY));
    size_t bound_size = bound_bytes(where, sealed->ephemeral, sealed->slots, bound);
    crypto_aead_xchacha20poly1305_ietf_encrypt(box, NULL, plain, padded, bound, bound_size, NULL,
                                               no_nonce, keys->body);
    sealed->box = span_of(box, padded + BOX_TAG);
    return codec->body_pack(&body, into, ENTRY_MAX, size) ? SEAL_FINE : SEAL_TOO_LONG;
}

enum seal_fault whisper_seal(const struct whisper *whisper, const struct entry_fields *where,
                             const struct codec *codec, const struct sys *sys,
                             uint8_t into[ENTRY_MAX], size_t *size)
{
    if (!whisper_well_formed(whisper) || whisper_lists(whisper, &where->author))
        die("a whisper that nobody would open");
    struct keys keys;
    uint8_t plain[WHISPER_MAX];
    enum seal_fault fault = seal(whisper, where, codec, sys, &keys, plain, into, size);
    sodium_memzero(&keys, sizeof keys);
    sodium_memzero(plain, sizeof plain);
    return fault;
}

/* The body key, from whichever slot our key opens. */
static bool slots_open(const struct body_sealed *sealed, const struct identity *identity,
                       uint8_t body_key[KEY])
{
    uint8_t secret[KEY];
    uint8_t shared[KEY];
    uint8_t nonce[crypto_box_NONCEBYTES];
    bool found = false;
    if (crypto_sign_ed25519_sk_to_curve25519(secret, identity->secret) == 0 &&
        crypto_box_beforenm(shared, sealed->ephemeral, secret) == 0) {
        size_t count = sealed->slots.size / SLOT_BYTES;
        for (size_t slot = 0; slot < count && !found; slot++) {
            slot_nonce(slot, nonce);
            found = crypto_box_open_easy_afternm(body_key, sealed->slots.bytes + slot * SLOT_BYTES,
                                                 SLOT_BYTES, nonce, shared) == 0;
        }
        sodium_memzero(shared, sizeof shared);
    }
    sodium_memzero(secret, sizeof secret);
    return found;
}

/* The plaintext, if the body key is the one everybody else has and the box is this entry's. */
static struct whisper *box_open(const struct body_sealed *sealed, const struct entry_fields *where,
                                const uint8_t body_key[KEY], const struct codec *codec)
{
    uint8_t bound[BOUND];
    uint8_t plain[WHISPER_MAX];
    struct whisper *whisper = NULL;
    size_t padded = sealed->box.size - BOX_TAG;
    size_t size;
    struct hash commitment = hash_of(span_of(body_key, KEY));
    if (!hash_equal(&commitment, &sealed->commitment))
        return NULL;
    size_t bound_size = bound_bytes(where, sealed->ephemeral, sealed->slots, bound);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed->box.bytes,
                                                   sealed->box.size, bound, bound_size, no_nonce,
                                                   body_key) == 0 &&
        sodium_unpad(&size, plain, padded, BOX_PAD) == 0)
        whisper = codec->whisper_unpack(span_of(plain, size));
    sodium_memzero(plain, sizeof plain);
    return whisper;
}

/* PROTOCOL.md "Whispers":
 * > A reader that is not in the list drops the whisper, and so does everyone where the author is in
 * > the list. */
static bool ours(const struct whisper *whisper, const struct id *author, const struct id *us)
{
    return !whisper_lists(whisper, author) && (id_equal(author, us) || whisper_lists(whisper, us));
}

enum open_fault whisper_open(const struct entry_fields *entry, const struct identity *identity,
                             const struct codec *codec, struct whisper **into)
{
    *into = NULL;
    struct body *body = entry->kind == ENTRY_SEALED && entry->room.size == 0
                            ? codec->body_unpack(ENTRY_SEALED, entry->body)
                            : NULL;
    if (!body)
        return OPEN_BAD;
    enum open_fault fault = OPEN_NOT_OURS;
    uint8_t body_key[KEY];
    if (slots_open(&body->sealed, identity, body_key)) {
        struct whisper *whisper = box_open(&body->sealed, entry, body_key, codec);
        sodium_memzero(body_key, sizeof body_key);
        fault = OPEN_BAD;
        if (whisper && ours(whisper, &entry->author, &identity->id)) {
            *into = whisper;
            fault = OPEN_FINE;
        } else {
            free(whisper);
        }
    }
    free(body);
    return fault;
}
