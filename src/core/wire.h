#pragma once
/* What travels on a link between peers, decoded: one tagged union, mirrored by tertulia.proto.
 *
 * A decoded frame owns what its pointers point to until frame_free (dialect/native.h); one that
 * core sends borrows them until it is packed. Every count and size is within its bound here,
 * whoever sent it. PROTOCOL.md says when each frame is sent and what answers it. */
#include "core/ack.h"
#include "core/body.h"
#include "core/mesh.h"
#include "core/overlay.h"

enum {
    PROTOCOL_VERSION = 1,
    FRAME_MAX = 65536, /* bytes, the 4 of the length included: what one link may make us hold */
    /* How many of a thing one frame holds at most; of each, that many fit into FRAME_MAX, but of
     * entries, which are counted by their bytes as well. */
    ENTRIES_MAX = RUN_MAX,
    ACKS_MAX = 256,
    ROWS_MAX = 1024,
    HEADS_MAX = 512,
    HEIGHTS_MAX = 32,   /* five levels of a bisection in one go */
    BUCKETS = 256,      /* by the first byte of the author's id */
    BUCKET_BYTES = 16,  /* of a bucket's and of a row's digest */
    INSTANCE_BYTES = 8, /* random at each start: tells a twin from ourselves */
};

enum frame_kind {
    FRAME_UNKNOWN, /* of a later version: nothing is done, nothing is wrong */
    FRAME_PROOF,
    FRAME_HELLO,
    FRAME_PING,
    FRAME_PONG,
    FRAME_DISCONNECT,
    /* logs */
    FRAME_ENTRIES,
    FRAME_ACKS,
    FRAME_ACKS_WANTED, /* has no fields: those of who asks */
    FRAME_DIGEST,
    FRAME_BUCKETS,
    FRAME_ROWS,
    FRAME_HEADS,
    FRAME_WANT,
    FRAME_LACK,
    FRAME_HEIGHTS,
    FRAME_HASHES,
    FRAME_FORK,
    FRAME_UNWANTED,
    FRAME_OVERLAY, /* any of core/overlay.h */
};

struct frame_hello {
    uint32_t version;
    struct hash net;
    struct span name; /* UTF-8, at most PERSON_NAME_MAX, may be empty */
    uint16_t port;    /* where the sender listens; 0: nowhere */
    uint8_t instance[INSTANCE_BYTES];
    struct id component;
};

/* Why a link ends. Others may come, and mean what `other` means. */
enum disconnect_reason {
    DISCONNECT_OTHER = 0,
    DISCONNECT_LEAVING = 1,   /* the program ends: no need to look for it */
    DISCONNECT_FULL = 2,      /* no room: try others */
    DISCONNECT_VERSION = 3,   /* protocol versions that do not go together */
    DISCONNECT_NET = 4,       /* another mesh */
    DISCONNECT_UNWELCOME = 5, /* blocked */
    DISCONNECT_MALFORMED = 6, /* what came was not this protocol */
};

/* An entry as it travels. */
struct frame_entry {
    struct span bytes; /* at most ENTRY_MAX, not empty; nothing else is known of them */
    struct signature signature;
};

struct frame_entries {
    size_t count;
    struct frame_entry *entries;
};

struct frame_acks {
    size_t count;
    struct ack *acks; /* numbers and signatures are not checked */
};

/* The hash over the digest of one author's epochs, and whose. */
struct frame_row {
    struct id author;
    uint8_t digest[BUCKET_BYTES];
};

/* The rows of one bucket whose ids come after `after` (or all, from the start), in order of id. */
struct frame_rows {
    uint8_t bucket;
    bool from_start;
    struct id after;
    bool more; /* the next frame of this bucket goes on after the last row here */
    size_t count;
    struct frame_row *rows;
};

/* What one holds of an epoch: everything from low to high. */
struct frame_head {
    struct epoch_id epoch;
    uint64_t low;
    uint64_t high;
    struct hash hash; /* of the entry at high */
};

struct frame_heads {
    struct id author;
    bool answer; /* to heads that came: nothing more is to be answered */
    bool more;   /* another frame with this author's other epochs follows */
    size_t count;
    struct frame_head *heads;
};

/* Of want and lack: the entries [low, high] of one log. */
struct frame_range {
    struct id author;
    struct epoch_id epoch;
    uint64_t low;
    uint64_t high;
};

struct frame_height {
    uint64_t seq;
    struct hash hash; /* in hashes only; heights ask for it */
};

/* Of heights (the question) and hashes (the answer, leaving out what one does not hold). */
struct frame_heights {
    struct id author;
    struct epoch_id epoch;
    size_t count;
    struct frame_height *heights;
};

struct frame_fork {
    struct frame_entry first;
    struct frame_entry second;
};

struct frame {
    enum frame_kind kind;
    union {
        struct mesh_proof proof;
        struct frame_hello hello;
        uint64_t token;  /* ping and pong */
        uint32_t reason; /* disconnect: a disconnect_reason, or one we do not know */
        struct frame_entries entries;
        struct frame_acks acks;
        struct hash digest;
        const uint8_t (*buckets)[BUCKET_BYTES]; /* BUCKETS of them */
        struct frame_rows rows;
        struct frame_heads heads;
        struct frame_range range;     /* want and lack */
        struct frame_heights heights; /* heights and hashes */
        struct frame_fork fork;
        struct id author; /* unwanted */
        struct overlay_message overlay;
    };
};
