#pragma once
/* All logs that this node knows: per author its epochs, per epoch what is durably stored.
 *
 * Invariant: everything here is on disk. What was received and is not committed yet lives in
 * core/sync; a frontier moves only by log_append, log_prepend, log_trim and log_freeze, each called
 * when the store has answered. Lists that others can see are in order of id, never of memory. */
#include "base/alloc.h"
#include "core/entry.h"
#include "core/wire.h"

#define uthash_malloc(size) xmalloc(size)
#define uthash_fatal(why) die("table: %s", why)
#include <uthash.h>

enum {
    LOGS_PER_AUTHOR =
        1024,             /* ten starts of the program a day, for the 100 days until one is stale */
    LOGS_STALE_KEPT = 32, /* of those: enough for who comes back late and offers one again */
    STRANGERS_MAX = 10000, /* authors nobody here vouches for; with their heads some 100 MB */
};
/* An epoch leaves rows and digests when its head is so much older than its author's newest one. */
#define LOG_STALE_MS (UINT64_C(100) * 24 * 3600 * 1000)

/* Two entries at one place: the epoch ends right before it. */
struct log_fork {
    uint64_t seq;
    struct hash smaller; /* of the two entries' hashes */
    struct hash larger;
    uint64_t hlc; /* the earlier of both: the head's, for every node alike */
};

/* What is held of one epoch: all of [low, high]. With high 0: nothing. */
struct log {
    struct epoch_id epoch;
    uint64_t low;
    uint64_t high;
    struct hash head; /* of the entry at high */
    uint64_t head_hlc;
    uint64_t oldest_hlc; /* of the lowest entry stored */
    uint64_t floor;      /* retention dropped what is below: it is not wanted back */
    uint64_t bytes;      /* all that is stored, what lies apart below `low` included */
    struct log_fork *fork;
    uint32_t entries;
    uint8_t asked_below; /* links that were asked for what is below `low` */
    bool stale;
};

/* A known author: on the heap, where it stays until logs_remove. */
struct author {
    UT_hash_handle hh;
    struct id id;
    struct log *logs; /* in order of epoch; moves when one is added or dropped */
    uint32_t log_count;
    uint32_t log_room;
    struct author *prev, *next; /* among strangers, in order of arrival */
    uint64_t bytes;
    uint64_t rate_at; /* ms; core/sync counts an author's entries here */
    uint32_t rate_left;
    uint32_t crowd;    /* words just said since crowd_at: core/sync's too */
    uint64_t crowd_at; /* ms */
    uint32_t entries;
    uint32_t introducer; /* serial number of the link that told of it first; 0: gone */
    uint32_t flights;    /* what core/sync has under way */
    uint8_t row[BUCKET_BYTES];
    bool row_known; /* `row` is of today */
    bool vouched;
    bool crowded; /* before crowd_at they were many */
};

/* The authors whose ids start with one byte. */
struct logs_bucket {
    struct author **authors; /* in order of id where `sorted` */
    uint32_t count;
    uint32_t room;
    bool sorted;
    bool digest_known;
    uint8_t digest[BUCKET_BYTES]; /* with every row */
};

struct logs {
    struct author *table;
    struct author *strangers;
    uint64_t seed;
    uint64_t bytes;
    uint64_t stranger_bytes;
    size_t stranger_count;
    struct logs_bucket buckets[BUCKETS];
};

/* `seed` decides where authors lie in memory, so that nobody can aim at one place; nothing else
 * follows from it. */
struct logs *logs_new(uint64_t seed);
void logs_free(struct logs *logs);

size_t logs_count(const struct logs *logs);
size_t logs_stranger_count(const struct logs *logs);
/* The first of those nobody vouches for; go on by `next`. */
struct author *logs_strangers(const struct logs *logs);
uint64_t logs_bytes(const struct logs *logs);
uint64_t logs_stranger_bytes(const struct logs *logs);
/* Bytes of memory taken by all of it, the allocator's share estimated. */
size_t logs_memory(const struct logs *logs);

/* NULL where the author is not known. */
struct author *logs_find(const struct logs *logs, const struct id *id);
/* A new author, a stranger until logs_vouch. The id must not be known yet. */
struct author *logs_add(struct logs *logs, const struct id *id);
/* Forgets the author and its logs. */
void logs_remove(struct logs *logs, struct author *author);
void logs_vouch(struct logs *logs, struct author *author, bool vouched);
/* The authors whose ids start with the byte `bucket`, in order of id; valid until one is added. */
struct author *const *logs_bucket(struct logs *logs, size_t bucket, size_t *count);

/* NULL where nothing is known of that epoch. */
struct log *author_log(const struct author *author, const struct epoch_id *epoch);
/* Whether one more epoch would be taken; forgetting stale ones may make room (retention.h). */
bool author_has_room(const struct author *author);
/* The log of that epoch, made where it is new. Pointers to the author's other logs end here. */
struct log *author_log_add(struct author *author, const struct epoch_id *epoch);
void author_log_drop(struct logs *logs, struct author *author, struct log *log);
/* Takes over what the store says it holds; pointers in `saved` (its fork) are TAKEN. For the start:
 * false where the numbers cannot be. */
bool logs_load(struct logs *logs, const struct id *author, const struct log *saved)
    __attribute__((warn_unused_result));

/* One run of entries that the store has just committed. */
struct log_step {
    uint64_t first; /* the seq of the first of them; those in between are all there */
    struct entry_tip last;
    uint64_t first_hlc;
    uint64_t last_hlc;
    uint32_t entries;
    uint64_t bytes;
};

/* The step goes on right above `high`; into an empty log or with `restart` it may begin anywhere
 * above, and then is all that the log holds. */
void log_append(struct logs *logs, struct author *author, struct log *log,
                const struct log_step *step, bool restart);
/* The step ends right below `low`. */
void log_prepend(struct logs *logs, struct author *author, struct log *log,
                 const struct log_step *step);
/* The store dropped the oldest; what it still has begins at `lowest`, and is so much. The head is
 * never dropped. */
void log_trim(struct logs *logs, struct author *author, struct log *log, uint64_t lowest,
              uint64_t lowest_hlc, uint32_t entries_left, uint64_t bytes_left);
/* Whether this proof is to be kept instead of what the log has. */
bool log_fork_better(const struct log *log, const struct log_fork *fork);
/* Ends the log before fork->seq; `prefix` is the hash of the entry right below. Where that is below
 * our `low` nothing is held any more: what can still be had is fetched anew. */
void log_freeze(struct logs *logs, struct author *author, struct log *log,
                const struct log_fork *fork, const struct hash *prefix);

/* The highest seq that may ever be stored: below a fork, if there is one. */
uint64_t log_limit(const struct log *log);
static inline bool log_frozen(const struct log *log)
{
    return log->fork && log->high + 1 == log->fork->seq;
}
/* What heads and digests say in place of the head's hash: of a frozen log, a hash over the proof
 * too, so that who has the proof and who has not find out. */
struct hash log_shown(const struct log *log);

/* Whether others are told of this log. */
bool log_is_shown(const struct log *log);
/* The digest of the author's row; false where it has none. */
bool author_row(struct author *author, uint8_t into[BUCKET_BYTES]);
/* The digest of a bucket, without the rows of the `count` ids in `without` (in order of id). */
void logs_bucket_digest(struct logs *logs, size_t bucket, const struct id *without, size_t count,
                        uint8_t into[BUCKET_BYTES]);
/* All bucket digests, and the hash over them. */
struct hash logs_digest(struct logs *logs, const struct id *without, size_t count,
                        uint8_t buckets[BUCKETS][BUCKET_BYTES]);
