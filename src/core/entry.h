#pragma once
/* Entries: the signed items that logs are made of.
 *
 * An entry keeps the exact bytes that were signed, and these are what is stored and passed on; its
 * decoded fields never change after it was made. One allocation each, shared by counting: the
 * loop's thread takes and drops references, any thread may read. Holding an entry says that its
 * envelope is well formed and its hash is right; it says nothing about its signature until
 * entry_verify or run_check said so. */
#include "core/crypto.h"

enum {
    ENTRY_MAX = 8192,      /* signed bytes of one entry: the longest text, sealed for 16, fits */
    ROOM_MAX = 64,         /* bytes of a room's name */
    GUEST_NAME_MAX = 64,   /* and of a guest's: the piped dialect's longest */
    DIALECT_NAME_MAX = 16, /* our own are at most 9 */
    RUN_MAX = 256, /* entries of one window: the most signature checks one answer can cost */
};
/* seq and every time: exact in any language's numbers, and safe to add minutes to. */
#define ENTRY_NUMBER_MAX ((UINT64_C(1) << 53) - 1)

#define ENTRY_LABEL "tertulia-entry-1"

/* Others may come: an entry of an unknown kind is kept, relayed and shown as a placeholder. */
enum entry_kind {
    ENTRY_SAY = 1,
    ENTRY_ACT = 2,
    ENTRY_SEALED = 3,
    ENTRY_PROFILE = 4,
    ENTRY_JOIN = 5,
    ENTRY_LEAVE = 6,
    ENTRY_TOPIC = 7,
    ENTRY_CALL = 8,
};

/* The end of something held: the entry with this hash at this position of this epoch. */
struct entry_tip {
    struct epoch_id epoch;
    uint64_t seq; /* 0: nothing yet, and the hash means nothing */
    struct hash hash;
};

/* The envelope, decoded. Texts and body point into the entry's own bytes. Times are ms since 1970.
 */
struct entry_fields {
    struct hash net;
    struct id author;
    struct epoch_id epoch;
    uint64_t seq;     /* from 1 */
    struct hash prev; /* zero where seq is 1 */
    uint64_t hlc;
    uint64_t wall;
    uint32_t kind; /* an entry_kind, or one we do not know; never 0 */
    struct span room;
    struct span guest; /* on whose behalf: empty for the author's own words */
    struct span dialect;
    struct span body;
    /* Of the entry with seq 1 only: */
    uint64_t epoch_start;
    struct entry_tip last; /* of the author's own epochs, the last it knew; seq 0: none */
};

struct entry {
    struct entry_fields fields;
    struct hash hash; /* BLAKE2b-256 of bytes and signature: what the next one's prev says */
    uint32_t references;
    uint32_t size;
    uint8_t bytes[]; /* `size` signed bytes, then the signature */
};

/* What makes an envelope unfit. Any but ENTRY_FINE: it is not stored and not passed on. */
enum entry_fault {
    ENTRY_FINE,
    ENTRY_TOO_LARGE,
    ENTRY_MALFORMED, /* the bytes are no envelope, or not in its one form */
    ENTRY_OTHER_NET,
};

struct body;    /* core/body.h */
struct whisper; /* core/sealed.h */

/* Fields to bytes and back; dialect/native gives one. Everything is pure.
 * Packing answers the size written, or 0 where `room` is too small. */
struct codec {
    size_t (*entry_pack)(const struct entry_fields *fields, uint8_t *into, size_t room);
    /* False unless the bytes are exactly what entry_pack writes; the spans point into them. */
    bool (*entry_unpack)(struct span bytes, struct entry_fields *into);
    /* An empty body is possible: then *size is 0 and the answer true. */
    bool (*body_pack)(const struct body *body, uint8_t *into, size_t room, size_t *size);
    /* On the heap, freed with free(); NULL for a bad body or an unknown kind. */
    struct body *(*body_unpack)(uint32_t kind, struct span bytes);
    size_t (*whisper_pack)(const struct whisper *whisper, uint8_t *into, size_t room);
    /* The same as body_unpack. */
    struct whisper *(*whisper_unpack)(struct span bytes);
};

/* Signs `fields` as they stand (fields->author is the identity's). Dies on fields that would not be
 * well formed: our own code fills them. NULL only where they do not fit into ENTRY_MAX. */
struct entry *entry_make(const struct entry_fields *fields, const struct codec *codec,
                         const struct signer *signer, const struct identity *identity)
    __attribute__((warn_unused_result));
/* Bytes from outside: the envelope is checked, the signature is not. On ENTRY_FINE *into has one
 * reference, else it is NULL. */
enum entry_fault entry_read(struct span bytes, const struct signature *signature,
                            const struct hash *net, const struct codec *codec, struct entry **into)
    __attribute__((warn_unused_result));
/* One more reference to the same. */
struct entry *entry_hold(struct entry *entry);
/* One less; the last one frees. NULL is fine. */
void entry_drop(struct entry *entry);

static inline struct span entry_bytes(const struct entry *entry)
{
    return span_of(entry->bytes, entry->size);
}

/* Bytes of the entry and its signature, as they count for quotas. */
static inline size_t entry_weight(const struct entry *entry)
{
    return entry->size + SIGNATURE_BYTES;
}

struct signature entry_signature(const struct entry *entry);
struct entry_ref entry_place(const struct entry *entry);
struct entry_tip entry_tip(const struct entry *entry);

/* Whether the author signed these bytes. The only check that makes an entry the author's by itself.
 */
bool entry_verify(const struct entry *entry, const struct signer *signer)
    __attribute__((warn_unused_result));

/* Whether `next` is the successor of what ends at `below`: same log, next seq, right prev. With
 * below->seq 0: whether it opens an epoch. */
bool entry_follows(const struct entry_tip *below, const struct id *author, const struct entry *next)
    __attribute__((warn_unused_result));
