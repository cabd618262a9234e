#pragma once
/* What may be dropped now. Pure and in small steps: one call looks at a bounded number of authors
 * and says at most a bounded number of things, so that it can run between two keystrokes.
 *
 * The store finds the entries; here is only decided how far it goes. The head of a log never
 * expires, so that everyone can adopt every log. */
#include "core/log.h"

enum {
    RETENTION_AUTHORS = 1024, /* looked at in one call: well under a millisecond */
    RETENTION_TRIMS = 16,     /* said in one call: the disk has other work too */
    RETENTION_ENTRIES = 4096, /* dropped by one trim: a commit of some 50 ms */
};

struct retention_settings {
    uint64_t age_ms;         /* 90 days */
    uint32_t author_entries; /* 20,000 */
    uint64_t author_bytes;   /* 10 MiB */
    uint64_t total_bytes;    /* 1 GiB */
};
/* The defaults of DESIGN.md. */
struct retention_settings retention_defaults(void);

/* Drop the oldest of a log, in order of seq, as long as one of these holds: it is dated before
 * `before`; fewer than `entries` were dropped; fewer than `bytes` were dropped. Never the head, and
 * never more than RETENTION_ENTRIES. The head of a frozen log is what lies right below the fork:
 * what was stored above goes like the rest. With `whole`: the log, head and all. */
struct retention_trim {
    struct id author;
    struct epoch_id epoch;
    uint64_t before;
    uint32_t entries;
    uint64_t bytes;
    bool whole;
};

struct retention {
    struct retention_settings settings;
    struct id next;    /* where the sweep goes on */
    struct id fattest; /* of this sweep: who has most bytes */
    uint64_t fattest_bytes;
    struct id over; /* of the sweep before; bytes 0: nobody */
    uint64_t over_bytes;
    bool started;
};

void retention_init(struct retention *retention, const struct retention_settings *settings);
/* What is to be dropped, at most `room` of them (and RETENTION_TRIMS); the number. Call it again
 * when the store has answered all of them (log_trim, author_log_drop). */
size_t retention_step(struct retention *retention, struct logs *logs, uint64_t wall_ms,
                      struct retention_trim *into, size_t room);
/* Whether an entry right below this log's lowest would be kept if we had it. */
bool retention_wants_below(const struct retention_settings *settings, const struct author *author,
                           const struct log *log, uint64_t wall_ms);
