#pragma once
/* What entries say, decoded. A body is judged apart from its envelope: a bad one is a placeholder
 * on the screen and nothing else. Texts are valid UTF-8, within their bounds, and still hostile:
 * they are cleaned when shown. */
#include "core/entry.h"

enum {
    TEXT_MAX = 4096,       /* bytes of one message; sealed for 16 it still fits into ENTRY_MAX */
    PERSON_NAME_MAX = 64,  /* a name of any script in one line of the sidebar */
    STATUS_MAX = 256,      /* what `/away why` and `/leave why` say */
    TOPIC_MAX = 512,       /* one line above the pane, twice over */
    SEALED_SLOTS_MAX = 16, /* the author and 15 readers; more people are a room */
    READERS_MAX = SEALED_SLOTS_MAX - 1,
    SLOT_BYTES = 32 + 16, /* a key and its authenticator */
    BOX_PAD = 256,        /* a sealed text tells its length this roughly */
    BOX_TAG = 16,
    WHISPER_MAX = 5120, /* padded plaintext: TEXT_MAX, 15 readers, and their framing */
};

/* An earlier entry of the same author, said again because a fork froze it. */
struct body_again {
    bool set;
    struct epoch_id epoch;
    uint64_t seq;
};

struct body_say {
    struct span text;
    struct body_again again;
};

struct body_sealed {
    uint8_t ephemeral[32]; /* X25519, for this whisper alone */
    struct span slots;     /* 2, 4, 8 or 16 times SLOT_BYTES */
    struct hash commitment;
    struct span box;
};

struct body_profile {
    struct span name;
    bool away;
    struct span status;
};

struct body_call {
    bool has_whom; /* else everyone in the room */
    struct id whom;
};

/* For join there is nothing to say. */
struct body {
    enum entry_kind kind;
    union {
        struct body_say say; /* say and act */
        struct body_sealed sealed;
        struct body_profile profile;
        struct span why;   /* leave */
        struct span topic; /* may be empty: no topic any more */
        struct body_call call;
    };
};

/* Is it a kind that has a body we know? */
bool entry_kind_known(uint32_t kind);

/* An earlier place that can be one. */
bool body_again_fits(const struct body_again *again) __attribute__((warn_unused_result));

/* Everything a body must hold besides its encoding: bounds, UTF-8, sizes. Codecs ask it on both
 * ways; pure. */
bool body_well_formed(const struct body *body) __attribute__((warn_unused_result));
