#pragma once
/* How nodes come to hold the same entries: digests, windows, live push, forks, quotas.
 *
 * A pure state machine: sync_handle takes what happened, sync_next hands out what to do. Invariant:
 * no frontier, push or announcement ever says more than the store has confirmed; whatever is known
 * of a peer ends with its link; and no queue grows past the bounds below, whoever sends. While the
 * store fails, what others just said is still pushed on, and nothing else.
 *
 * The long way of an entry: FRAME (entries) -> CHECK -> CHECKED -> STORE, PROVED -> STORED -> KEPT,
 * and then SEND to every other link. */
#include "core/log.h"
#include "core/retention.h"
#include "core/run.h"

enum {
    SYNC_LINKS = 256,             /* DESIGN.md: at most so many */
    SYNC_QUEUE_MAX = 1024 * 1024, /* bytes waiting on a link: beyond, no live pushing */
    SYNC_QUEUE_LOW = 128 * 1024,  /* below, a link that was slow is in step again */
    SYNC_SERVE_MAX = 256 * 1024,  /* bytes waiting on a link while answers to wants are read */
    SYNC_PAGE_BYTES = 128 * 1024, /* read from the store at a time */
    SYNC_WINDOW_FIRST = 64,       /* entries of a log's first window; doubled up to RUN_MAX */
    SYNC_WINDOWS = 4,             /* asked of one link at once: it never idles, nor is it flooded */
    SYNC_WINDOWS_MOST = 32,       /* and where logs are short */
    SYNC_WANTED = 512,            /* entries asked of one link at once in more than SYNC_WINDOWS */
    SYNC_OFFERS = 2048,           /* logs one link can interest us in at once: 250 KB */
    SYNC_ITEMS = 1024,            /* entries of one log on their way to the disk: four windows */
    SYNC_HELD_MAX = 32 * 1024 * 1024, /* bytes of all entries on their way to the disk */
    SYNC_HELD_LEAST = 128 * 1024,     /* of it, what every introducing link has in any case */
    SYNC_CHECKS = 4,                  /* runs being checked: as many threads do it */
    SYNC_CROWD_MS = 16,      /* in which a crowd's words are gathered: one frame on a screen */
    SYNC_CROWD = 8,          /* words in them that are a crowd: 500 a second */
    SYNC_CROWD_MOST = 64,    /* so many wait no longer */
    SYNC_STORES = 2,         /* commits under way: one works, one waits */
    SYNC_BATCH = 256,        /* entries of one commit: it is over within some 20 ms */
    SYNC_EXCLUDED = 4096,    /* authors left out of one link's digests: 200 KB */
    SYNC_SERVING = 64,       /* questions of one link that wait: twice what we ask */
    SYNC_ROWS = 8192,        /* sent in one round: 450 KB; fewer, the longer nothing comes of it */
    SYNC_TIMEOUT_MS = 10000, /* without one entry that was asked for: the link is left alone */
    SYNC_QUIET_FIRST_MS = 5000,  /* for so long; doubled */
    SYNC_QUIET_LAST_MS = 60000,  /* up to this */
    SYNC_RETRY_MS = 600000,      /* until what was broken or unwanted is tried again */
    SYNC_ROUND_FIRST_MS = 1000,  /* between two rounds on a link that do not agree; doubled */
    SYNC_ROUND_LAST_MS = 30000,  /* up to this */
    SYNC_ROUND_REST_MS = 30000,  /* between two that agree, if anything changed */
    SYNC_DEFER_MS = 30000,       /* a digest waits so long while its link still delivers */
    SYNC_JUMP_MS = 2000,         /* before a log is begun anew above a gap: others may fill it */
    SYNC_ANNOUNCE_MS = 1000,     /* between two words on one log that is being fetched */
    SYNC_TELL_MS = 1000,         /* about, until who is not pushed to is told */
    SYNC_TRIM_MS = 10000,        /* between two looks at what may be dropped */
    SYNC_RATE_SECONDS = 10,      /* how long an author may be faster than author_rate */
    SYNC_FRESH_MS = 60000,       /* an entry so young counts for author_rate wherever it is from */
    SYNC_STRANGERS_FIRST = 1000, /* new authors that a new link may bring at once */
    SYNC_STRANGERS_PER_MINUTE = 10, /* and then */
    SYNC_FORKS = 64,                /* proofs of forks under way */
    SYNC_RELAYS = 256,              /* entries being checked only to be passed on */
    SYNC_RELAY_LOGS = 1024,         /* logs of which it is known how far they were passed on */
    SYNC_BELOW_ASKS = 16, /* links asked in vain for what is below a low mark: a full mesh */
};

struct sync_now {
    uint64_t mono_ms;
    uint64_t wall_ms; /* since 1970 */
};

struct sync_settings {
    struct id self;
    struct hash net;
    const struct codec *codec;
    const struct signer *signer; /* for forks only; runs are checked elsewhere */
    uint32_t author_rate;        /* entries a second; 0: no limit */
    struct retention_settings retention;
};

enum sync_event_kind {
    SYNC_LINK_UP, /* hello was said both ways */
    SYNC_LINK_DOWN,
    SYNC_FRAME,  /* one of FRAME_ENTRIES, FRAME_DIGEST .. FRAME_UNWANTED */
    SYNC_QUEUED, /* what a link still has to write, whenever that shrank */
    SYNC_CHECKED,
    SYNC_STORED,       /* durably */
    SYNC_STORE_FAILED, /* none of it is stored; nothing more is until SYNC_RESUME */
    SYNC_READ,
    SYNC_HASHES,
    SYNC_TRIMMED,
    SYNC_OWN, /* a new entry of ours */
    SYNC_VOUCH,
    SYNC_RESUME, /* there is room on the disk again */
    SYNC_TICK,   /* sync_due has come; any other moment is fine too */
};

struct sync_event {
    enum sync_event_kind kind;
    uint32_t link;   /* the node's number of the link */
    uint64_t ticket; /* of the effect that this answers */
    union {
        struct {
            struct id peer;
            bool caller; /* we dialled: of two ends exactly one did */
            bool admit;  /* as an author too, whatever the quota says */
        } up;
        const struct frame *frame;
        uint64_t queued;
        struct run_verdict verdict;
        struct {
            struct entry *const *entries; /* in order of seq; a fork's two; borrowed */
            size_t count;
        } read;
        struct {
            const struct frame_height *heights; /* those that are held, with their hashes */
            size_t count;
        } hashes;
        struct {
            struct id author;
            struct epoch_id epoch;
            uint64_t lowest;       /* what is stored now begins there */
            uint64_t lowest_hlc;   /* of the oldest that may still go */
            uint32_t entries_left; /* of what is stored, all of it counted */
            uint64_t bytes_left;
            bool whole;
        } trimmed;
        struct entry *own; /* borrowed; the seq after the last one of its epoch */
        struct {
            struct id author;
            bool vouched;
        } vouch;
    };
};

enum sync_effect_kind {
    SYNC_SEND,
    SYNC_CHECK,      /* run_check, on any thread; answer SYNC_CHECKED */
    SYNC_STORE,      /* all or nothing; answer SYNC_STORED or SYNC_STORE_FAILED */
    SYNC_STORE_FORK, /* two entries: a proof, replacing an older one of that epoch; the same answers
                      */
    SYNC_LOAD,       /* entries [low, high] of a log, the first ones of up to SYNC_PAGE_BYTES */
    SYNC_LOAD_FORK,  /* the proof of a log; both answer SYNC_READ */
    SYNC_LOAD_HASHES, /* answer SYNC_HASHES */
    SYNC_TRIM,        /* answer SYNC_TRIMMED */
    SYNC_PROVED,      /* these are their author's: they may be shown */
    SYNC_KEPT,        /* these are durable, in this order, and may be acknowledged */
    SYNC_FROZEN,      /* a fork: `range.high` is the last common entry; what is above stays local */
    SYNC_AHEAD,       /* somebody proved an entry in our running epoch: open the next one */
    SYNC_OWN_LOST,    /* our entries could not be stored: say so, and open the next epoch */
};

/* How an entry of SYNC_STORE goes into its log. */
enum sync_place {
    SYNC_PLACE_ABOVE,
    SYNC_PLACE_BELOW,   /* older than all that is held */
    SYNC_PLACE_RESTART, /* above, past a gap: what is held below stays, apart from the log */
};

struct sync_effect {
    struct sync_effect *prev, *next;
    enum sync_effect_kind kind;
    uint32_t link;
    uint64_t ticket;
    struct frame_range range; /* the log, and the seqs where they matter */
    struct frame frame;       /* of SEND; of LOAD_HASHES `heights` */
    bool has_below;           /* of CHECK: else NULL is for run_check's `below` */
    struct entry_tip below;
    struct retention_trim trim;
    bool live; /* of PROVED and KEPT: it was just said, not caught up with */
    size_t count;
    struct entry **entries; /* each with one reference of the effect's */
    uint8_t *places;        /* of STORE: an enum sync_place for each */
    void *owned;            /* what frame points to */
};

struct sync;

/* `logs` outlives it and is changed by it alone. `now` starts its clocks. */
struct sync *sync_new(const struct sync_settings *settings, struct logs *logs, struct sync_now now);
void sync_free(struct sync *sync);

/* One thing that happened. Then take the effects. */
void sync_handle(struct sync *sync, struct sync_now now, const struct sync_event *event);
/* The next thing to do, in order, or NULL. The caller frees it when it is done. */
struct sync_effect *sync_next(struct sync *sync) __attribute__((warn_unused_result));
void sync_effect_free(struct sync_effect *effect);
/* Whether everyone in the mesh is linked to everyone, as far as is known. */
void sync_whole(struct sync *sync, bool whole);
/* Whether the peers of both links showed that each gets what the other says by a link of theirs. */
bool sync_meet(const struct sync *sync, uint32_t one, uint32_t other);
/* When SYNC_TICK is wanted next, on the mono clock; UINT64_MAX: never. */
uint64_t sync_due(const struct sync *sync);

/* Whether this link's and our digests were equal when last compared. */
bool sync_settled(const struct sync *sync, uint32_t link);
/* Entries that links are known to offer and we do not hold yet: for progress on the screen. */
uint64_t sync_missing(const struct sync *sync);
/* Bytes of memory that this link takes here. */
size_t sync_link_memory(const struct sync *sync, uint32_t link);
