#pragma once
/* Whispers: sealed so that only their author and the listed readers can open them, and bound to the
 * one entry they were written for. Nobody's secret is needed to know who the author is; nothing
 * here gives forward secrecy. */
#include "core/body.h"

/* What is inside. */
struct whisper {
    enum entry_kind kind; /* say, act or call */
    struct span text;     /* empty for a call */
    struct body_again again;
    size_t reader_count; /* 1 .. READERS_MAX, the author never among them */
    struct id readers[READERS_MAX];
};

/* Bounds and UTF-8, no reader twice. */
bool whisper_well_formed(const struct whisper *whisper) __attribute__((warn_unused_result));

enum seal_fault {
    SEAL_FINE,
    SEAL_BAD_KEY,  /* a reader's id is no key that anything can be sealed for */
    SEAL_TOO_LONG, /* it does not fit into one entry */
};

/* The body of a sealed entry for whisper->readers and the author, whose place is in `where`: net,
 * author, epoch and seq must already be those of the entry. `whisper` must be well formed. */
enum seal_fault whisper_seal(const struct whisper *whisper, const struct entry_fields *where,
                             const struct codec *codec, const struct sys *sys,
                             uint8_t into[ENTRY_MAX], size_t *size)
    __attribute__((warn_unused_result));

enum open_fault {
    OPEN_FINE,
    OPEN_NOT_OURS, /* nothing in it is for us, as for most who store it */
    OPEN_BAD,      /* no sealed body at all, or one that is for us and lies: show a placeholder */
};

/* Opens a sealed entry for a reader, or for its author. On OPEN_FINE *into is on the heap (free()),
 * else NULL. About one X25519 and 16 short boxes: off the loop for many. */
enum open_fault whisper_open(const struct entry_fields *entry, const struct identity *identity,
                             const struct codec *codec, struct whisper **into)
    __attribute__((warn_unused_result));
