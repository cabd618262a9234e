#pragma once
/* What the files of core/sync share; nobody else includes it.
 *
 * A *flight* is what is under way for one log: who offers more of it, which window was asked of
 * whom, and the entries between the link and the disk. Whoever changes a flight touches it; at the
 * end of the event every touched one is looked at once (flight_update), and freed where nothing is
 * left of it. So nothing is freed while it is in use. */
#include "core/sync.h"

#include <stdlib.h>
#include <utlist.h>

enum {
    SYNC_NOBODY = SYNC_LINKS, /* introduces whom no link of today did */
    SYNC_INTRODUCERS = SYNC_LINKS + 1,
    SYNC_ENTRIES_ROOM = FRAME_MAX - 16, /* of one frame, counted with */
    SYNC_ENTRY_COST = SIGNATURE_BYTES + 10,
    SYNC_FRAME_COST = 16, /* what a frame takes besides its lists, about */
};

struct flight;
struct link;

/* What one link says to have of a log. */
struct offer {
    struct offer *prev, *next;             /* of the flight's */
    struct offer *ready_prev, *ready_next; /* of those the link could be asked for */
    struct flight *flight;
    struct link *link;
    uint64_t low;
    uint64_t high;
    uint32_t fails; /* windows of it that were no good */
    bool early;     /* its last window ended before all of it came: what is left may still come */
    bool ready;
    uint16_t ring; /* the introducer it is ready under */
};

enum item_state {
    ITEM_INBOX,
    ITEM_CHECKING,
    ITEM_PROVED,
    ITEM_STORING,
    ITEM_STORED, /* but something below it is not */
};

/* An entry between link and disk. */
struct item {
    struct entry *entry;
    uint64_t batch;
    uint64_t have[SYNC_LINKS / 64]; /* links that have it, as they showed us, or from us */
    uint32_t from;                  /* serial of the link it came from; 0: ourselves */
    uint16_t held;                  /* in whose share it is counted */
    enum item_state state;
    bool live;
    bool restart;
};

enum bisect_state {
    BISECT_OURS,   /* our own hashes are being read */
    BISECT_THEIRS, /* they were asked for theirs */
    BISECT_ENTRY,  /* they were asked for the entry where the logs part */
    BISECT_OWN,    /* ours of that place is being read */
};

/* Looking for the place where a link's log and ours part. */
struct bisect {
    enum bisect_state state;
    struct link *link;
    bool hearsay;    /* only a head said so: a frozen log's says something else on purpose */
    uint64_t equal;  /* here and below they are the same */
    uint64_t differ; /* here they are not */
    uint64_t ticket;
    uint64_t deadline;
    size_t count;
    struct frame_height ours[HEIGHTS_MAX];
    struct entry *theirs;
    bool alone; /* others have what does not follow ours either: nobody is asked meanwhile */
};

/* Backfill: entries below a log's low mark. */
struct below {
    struct entry *lowest; /* proved, and ours; NULL while it is read */
    uint64_t ticket;      /* of that reading */
    uint64_t batch;       /* of the commit under way; 0: none */
    size_t count;         /* of entries that came */
    struct entry *entries[RUN_MAX];
    struct log_step step;
};

struct flight_key {
    struct id author;
    struct epoch_id epoch;
};

struct flight {
    UT_hash_handle hh;
    struct flight_key key;
    struct author *author;
    struct offer *offers;
    /* the window that was asked for */
    struct offer *asked;
    uint64_t ask_low, ask_high;
    uint64_t asked_at;
    bool ask_below;
    bool ask_restart;
    uint32_t window;
    /* entries on their way */
    struct item *items; /* contiguous in seq, but where one restarts */
    uint32_t count;
    uint32_t room;
    uint64_t job; /* the check under way; 0: none */
    struct bisect *bisect;
    struct below *below;
    struct flight *check_prev, *check_next;
    struct flight *store_prev, *store_next;
    struct flight *touch_next;
    uint64_t born;
    uint64_t announced_at;
    uint16_t check_ring, store_ring;
    bool in_check, in_store, touched;
    bool announce; /* something was stored that others were not told of */
    uint64_t announce_have[SYNC_LINKS / 64];
};

enum round_state {
    ROUND_NONE,    /* nothing was compared yet */
    ROUND_ASKED,   /* our digest is on its way */
    ROUND_WAITING, /* rows were sent: see what comes of it */
    ROUND_SETTLED,
};

struct excluded {
    uint64_t until;
    bool ours; /* we do not want it; else they do not */
};

enum serve_kind { SERVE_WANT, SERVE_HEIGHTS, SERVE_FORK };

struct serve {
    struct serve *prev, *next;
    enum serve_kind kind;
    struct frame_range range;
    size_t count;
    struct frame_height *heights;
};

struct link {
    uint32_t number; /* the node's */
    uint32_t serial; /* ours, never used twice; its last byte is the slot */
    uint16_t slot;
    struct id peer;
    bool caller;
    bool lagging;
    uint64_t queued;
    /* comparing */
    enum round_state round;
    uint64_t round_at;
    uint32_t backoff_ms;
    uint8_t rows_next; /* the bucket where the next round goes on */
    bool progress;
    bool again; /* something was left out: compare once more */
    bool deferred;
    uint64_t deferred_at;
    struct hash settled; /* our digest, when it was the other's too */
    struct hash theirs;  /* the last one that was asked about */
    struct hash sent;    /* ours that an answer is awaited to */
    bool heads_going;    /* heads of one author, in several frames */
    struct flight_key heads_after;
    /* authors left out of this link's digest, in order of id */
    size_t excluded_count;
    size_t excluded_room;
    struct id *excluded;
    struct excluded *excluded_notes;
    uint64_t retry_at;
    /* strangers */
    uint32_t tokens;
    uint64_t tokens_at;
    /* asking */
    uint32_t offers;
    uint32_t windows;
    uint64_t wanted; /* entries of them */
    uint64_t progress_at;
    uint64_t quiet_until; /* nothing is asked of it: it kept us waiting */
    uint32_t stalls;      /* how often, since it last answered */
    uint32_t ready_count;
    uint16_t ready_next;
    struct offer **ready; /* by introducer; NULL at rest: it would be half of what a link takes */
    /* answering */
    struct serve *serving;
    uint32_t serve_count;
    uint64_t serve_ticket;
    /* what its owner says itself */
    uint64_t reached[SYNC_LINKS / 64]; /* links that showed that they get it without us */
    uint64_t owed[SYNC_LINKS / 64];    /* and are to be told how far it goes */
    struct epoch_id owed_epoch;
    uint64_t tell_at; /* 0: nobody is owed anything */
    bool tell_late;
};

/* Rings of flights by their author's introducer. */
struct ring {
    uint32_t count;
    uint16_t next;
    uint64_t filled[(SYNC_INTRODUCERS + 63) / 64]; /* a bit for each that has a head */
    struct flight *heads[SYNC_INTRODUCERS];
};

struct job {
    struct job *prev, *next;
    uint64_t ticket;
    struct flight_key key;
    size_t count;
};

/* One log's part of a commit. */
struct part {
    struct flight_key key;
    uint64_t first, last;
    bool below;
    bool own;
};

struct batch {
    struct batch *prev, *next;
    uint64_t ticket;
    size_t count;
    struct part *parts;
    struct proof *proof; /* or this */
};

/* A fork on its way to the disk. */
struct proof {
    struct proof *prev, *next;
    struct flight_key key;
    struct log_fork fork;
    struct hash prefix;
    struct entry *first, *second;
    uint32_t from;   /* serial of the link */
    uint64_t ticket; /* of the reading of our entry below it; 0: not read */
    bool told;       /* whole, by that link; else we compared, and it has one half of it */
    bool storing;
};

/* Durable, and not told to anyone yet. */
struct fresh {
    struct entry *entry;
    uint64_t have[SYNC_LINKS / 64];
    uint32_t from;
};

struct relay;
struct relay_log;

struct sync {
    struct sync_settings settings;
    struct logs *logs;
    struct sync_now now; /* of the event at hand */
    struct link *links[SYNC_LINKS];
    size_t link_end; /* none from here on: most nodes have a few, and every event looks at all */
    uint64_t held_by[SYNC_INTRODUCERS];
    size_t link_count;
    uint32_t serials;
    uint64_t tickets;
    bool halted; /* the store failed */
    bool whole;  /* everyone is linked to everyone */
    struct flight *flights;
    struct flight *touched;
    struct ring checks;
    struct ring stores;
    struct job *jobs;
    size_t job_count;
    uint64_t crowd_due; /* when checks begin that wait for a crowd's words; 0: none does */
    struct batch *batches;
    size_t batch_count;
    struct proof *proofs;
    size_t proof_count;
    struct fresh *fresh;
    size_t fresh_count;
    size_t fresh_room;
    struct relay *relays; /* while halted */
    size_t relay_count;
    struct relay_log *relay_logs;
    struct retention retention;
    size_t trims; /* not answered yet */
    uint64_t trim_at;
    uint64_t rate_at; /* when authors that were too fast are looked at again; 0: none */
    struct epoch_id running;
    bool has_running;
    struct sync_effect *effects;
};

/* sync.c: links, effects, what everyone uses */
struct link *link_of(const struct sync *sync, uint32_t number);
struct link *link_by_serial(const struct sync *sync, uint32_t serial);
struct sync_effect *effect_new(enum sync_effect_kind kind);
void effect_add(struct sync *sync, struct sync_effect *effect);
/* One more entry, which the effect holds. */
void effect_entry(struct sync_effect *effect, struct entry *entry);
/* TAKES effect; `cost` is what its frame weighs on the wire, about. */
void link_put(struct sync *sync, struct link *link, struct sync_effect *effect, size_t cost);
uint64_t ticket_new(struct sync *sync);
/* Where in rings the author's work goes. */
uint16_t introducer_of(const struct sync *sync, const struct author *author);
/* Whether anything of the author is to be taken from the link; a name it tells counts from here. */
struct author *author_admit(struct sync *sync, struct link *link, const struct id *id);
/* Whether author_admit would take a name that is new. */
bool stranger_fits(struct sync *sync, struct link *link);
bool link_excludes(const struct sync *sync, const struct link *link, const struct id *id);
/* They do not want it. */
bool link_refuses(const struct sync *sync, const struct link *link, const struct id *id);
void link_exclude(struct sync *sync, struct link *link, const struct id *id, bool ours);
void link_include(struct link *link, const struct id *id);
void link_unwanted(struct sync *sync, struct link *link, const struct id *id);
uint32_t rate_left(struct sync *sync, struct author *author);
void rate_take(struct sync *sync, struct author *author);

/* sync_flight.c */
struct flight *flight_find(const struct sync *sync, const struct flight_key *key);
/* NULL where the author has no room for one more epoch. */
struct flight *flight_get(struct sync *sync, struct author *author, const struct epoch_id *epoch);
void flight_touch(struct sync *sync, struct flight *flight);
void flights_update(struct sync *sync);
struct log *flight_log(const struct flight *flight);
/* The last seq that is stored, or on its way. */
uint64_t flight_tail(const struct flight *flight);
/* Lets go of the items from the one at `at` on. */
void items_cut(struct sync *sync, struct flight *flight, uint32_t at);
void flight_close(struct sync *sync, struct flight *flight);
/* Forgets a stranger of whom nothing could be had: it was only a name. */
void author_tidy(struct sync *sync, struct author *author);
void flights_leave(struct sync *sync, struct link *link);
/* Takes the next flight off a ring: by turns over introducers, then over their logs. */
struct flight *ring_next_check(struct sync *sync);
struct flight *ring_next_store(struct sync *sync);

/* sync_fetch.c */
void offer_note(struct sync *sync, struct link *link, struct author *author,
                const struct epoch_id *epoch, uint64_t low, uint64_t high);
struct offer *offer_find(const struct flight *flight, const struct link *link);
void offer_drop(struct sync *sync, struct offer *offer);
/* Puts what may be asked for into its link's ring, and takes out what may not. */
void offers_update(struct sync *sync, struct flight *flight);
void asks_pump(struct sync *sync);
void ask_end(struct sync *sync, struct flight *flight);
void lack_handle(struct sync *sync, struct link *link, const struct frame_range *range);
void fetch_tick(struct sync *sync);
/* The link's word on this log is worth nothing: it is left alone for SYNC_RETRY_MS. */
void flight_blame(struct sync *sync, struct flight *flight, struct link *link);

/* sync_below.c */
bool below_wanted(const struct sync *sync, const struct flight *flight, const struct offer *offer);
void below_start(struct sync *sync, struct flight *flight, struct offer *offer);
void below_take(struct sync *sync, struct flight *flight, struct entry *entry);
void below_finish(struct sync *sync, struct flight *flight);
bool below_read(struct sync *sync, uint64_t ticket, struct entry *const *entries, size_t count);
void below_stored(struct sync *sync, struct flight *flight, bool stored);
void below_free(struct flight *flight);
/* Whether the next window below may be asked for, or the first one prepared. */
bool below_idle(const struct flight *flight);
void below_ask_all(struct sync *sync, struct link *link);

/* sync_intake.c */
void entries_handle(struct sync *sync, struct link *link, const struct frame_entries *frame);
void own_handle(struct sync *sync, struct entry *entry);
void checked_handle(struct sync *sync, uint64_t ticket, const struct run_verdict *verdict);
void checks_pump(struct sync *sync);
bool flight_checkable(struct sync *sync, const struct flight *flight);
/* Looks again at what waited for a crowd's words. */
void crowd_tick(struct sync *sync);

/* sync_store.c */
void stores_pump(struct sync *sync);
bool flight_storable(const struct flight *flight);
void stored_handle(struct sync *sync, uint64_t ticket, bool stored);
void store_below(struct sync *sync, struct flight *flight, struct entry *const *entries,
                 size_t count);
void store_own(struct sync *sync, struct flight *flight);
void store_proof(struct sync *sync, struct proof *proof);

/* sync_push.c */
void have_set(uint64_t have[SYNC_LINKS / 64], const struct link *link);
void have_drop(uint64_t have[SYNC_LINKS / 64], const struct link *link);
bool have_is(const uint64_t have[SYNC_LINKS / 64], const struct link *link);
void fresh_add(struct sync *sync, const struct item *item);
/* What was proved, is live and by somebody else, and goes to the disk after this. */
void fresh_hurry(struct sync *sync, const struct flight *flight, struct item *item);
void fresh_flush(struct sync *sync);
void announce(struct sync *sync, struct flight *flight);
void announce_to(struct sync *sync, struct link *link, const struct id *author,
                 const struct log *log);
/* Collects entries into frames as large as they may be: *effect is NULL at first. */
void entries_add(struct sync *sync, struct link *link, struct sync_effect **effect, size_t *room,
                 struct entry *entry);
void entries_flush(struct sync *sync, struct link *link, struct sync_effect **effect);

/* sync_reach.c */
/* Whether what came from its author over link `from` need not be pushed to this one. */
bool reach_spares(struct sync *sync, const struct entry *entry, uint32_t from,
                  const struct link *link);
/* The link pushed what we have: it needs nothing of the author's from us, nor we from it. */
void reach_again(struct sync *sync, const struct link *link, const struct entry *entry);
/* It says that it has all we have of the log. */
void reach_told(struct sync *sync, const struct link *link, const struct id *author,
                const struct epoch_id *epoch);
/* What we asked the link for was said just now: it told us instead of pushing it. */
bool reach_is_news(const struct sync *sync, const struct link *link, const struct entry *entry);
/* It asks us for the newest. */
void reach_wanted(struct sync *sync, const struct link *link, const struct id *author);
void reach_tick(struct sync *sync, struct link *home);
void reach_leave(struct sync *sync, struct link *link);

/* sync_relay.c: only while halted */
/* An entry that was just said, by whoever the item says it came from. */
void relay_take(struct sync *sync, const struct item *item);
bool relay_checked(struct sync *sync, uint64_t ticket, const struct run_verdict *verdict);
/* What was on its way to the disk is passed on too. */
void relay_begin(struct sync *sync);
void relay_end(struct sync *sync);

/* sync_digest.c */
void round_start(struct sync *sync, struct link *link);
void digest_handle(struct sync *sync, struct link *link, const struct hash *theirs);
void buckets_handle(struct sync *sync, struct link *link, const uint8_t (*theirs)[BUCKET_BYTES]);
void rows_handle(struct sync *sync, struct link *link, const struct frame_rows *rows);
void round_tick(struct sync *sync, struct link *link);
/* Something came of it: compare again soon. */
void round_progress(struct sync *sync, struct link *link);

/* sync_heads.c */
/* A question: all that is held of the author (NULL: nothing), to be answered with what else is. */
void heads_send(struct sync *sync, struct link *link, struct author *author, const struct id *id);
/* The same, and no question. */
void heads_tell(struct sync *sync, struct link *link, struct author *author);
void heads_handle(struct sync *sync, struct link *link, const struct frame_heads *heads);

/* sync_serve.c */
void serve_want(struct sync *sync, struct link *link, const struct frame_range *range);
void serve_heights(struct sync *sync, struct link *link, const struct frame_heights *heights);
void serve_fork(struct sync *sync, struct link *link, const struct flight_key *key);
void serve_pump(struct sync *sync, struct link *link);
bool serve_read(struct sync *sync, uint64_t ticket, struct entry *const *entries, size_t count);
bool serve_hashes(struct sync *sync, uint64_t ticket, const struct frame_height *heights,
                  size_t count);
void serve_done(struct link *link);

/* sync_fork.c */
void bisect_start(struct sync *sync, struct flight *flight, struct link *link, uint64_t differ,
                  bool hearsay);
void bisect_end(struct sync *sync, struct flight *flight);
bool bisect_entry(struct sync *sync, struct flight *flight, struct link *link, struct entry *entry);
void hashes_handle(struct sync *sync, struct link *link, const struct frame_heights *hashes);
void bisect_hashes(struct sync *sync, uint64_t ticket, const struct frame_height *heights,
                   size_t count);
void fork_handle(struct sync *sync, struct link *link, const struct frame_fork *fork);
void fork_read(struct sync *sync, uint64_t ticket, struct entry *const *entries, size_t count);
void proof_stored(struct sync *sync, struct proof *proof, bool stored);
void proof_free(struct sync *sync, struct proof *proof);
void fork_tick(struct sync *sync);
