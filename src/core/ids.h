#pragma once
/* The names that cannot be chosen: of people, of epochs, of entries. Plain values; bytes compare.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    ID_BYTES = 32,    /* an Ed25519 public key */
    ID_TEXT = 52 + 1, /* lower-case base32 without padding, and the zero */
    TAG_TEXT = 4 + 1, /* the first characters of that */
    EPOCH_BYTES = 16,
    HASH_BYTES = 32, /* BLAKE2b-256 */
};

/* A person on a machine. */
struct id {
    uint8_t bytes[ID_BYTES];
};

/* One run of a person's program. */
struct epoch_id {
    uint8_t bytes[EPOCH_BYTES];
};

struct hash {
    uint8_t bytes[HASH_BYTES];
};

/* One entry, wherever it is kept. `seq` starts at 1. */
struct entry_ref {
    struct id author;
    struct epoch_id epoch;
    uint64_t seq;
};

static inline int id_compare(const struct id *a, const struct id *b)
{
    return memcmp(a->bytes, b->bytes, ID_BYTES);
}

static inline bool id_equal(const struct id *a, const struct id *b)
{
    return id_compare(a, b) == 0;
}

void id_text(const struct id *id, char into[ID_TEXT]);
/* What stands behind a name where the name alone would be ambiguous, without the `~`. */
void id_tag(const struct id *id, char into[TAG_TEXT]);
/* Reads what id_text wrote, in either case; false, and `into` undefined, for anything else: every
 * id has one text. */
bool id_parse(const char *text, struct id *into) __attribute__((warn_unused_result));
