#pragma once
/* A few nodes that only sync: real frames over links in memory, disks in memory, virtual time.
 *
 * Everything that happens is an event in one list, ordered by time and then by arrival, so that a
 * world with the same beginning always goes the same way. After every step of a node it is asserted
 * that nothing it claims is missing on its disk. */
#include "core/sync.h"

enum { WORLD_NODES = 8 };

struct world;

/* What a test may do to a frame on its way; the answer says whether it goes on. `frame` may be
 * changed in place. */
typedef bool (*world_tamper)(void *self, size_t from, size_t to, struct frame *frame);

struct world_node {
    struct sync *sync;
    struct logs *logs;
    struct identity identity;
    struct disk_log *disk;
    struct entry_tip tip; /* of our running epoch */
    uint64_t read_ms;     /* how long things take */
    uint64_t store_ms;
    uint64_t check_ms;
    bool store_swap; /* the second of two commits is over first */
    bool store_fails;
    uint64_t lost_at; /* its disk has lost the entry of this seq, of every log; 0: none */
    unsigned reads;   /* pages */
    unsigned checks;  /* signatures */
    unsigned stored;  /* entries of commits that were confirmed */
    unsigned news;    /* entries that were just said */
    unsigned proved, kept, frozen, ahead, lost, trims;
    uint64_t asked;  /* wants sent */
    uint64_t rounds; /* digests sent */
};

struct world {
    struct world_node nodes[WORLD_NODES];
    size_t count;
    const struct signer *signer;
    struct sync_settings settings;
    uint64_t now; /* ms */
    uint64_t order;
    struct world_event *events;
    bool up[WORLD_NODES][WORLD_NODES];
    uint64_t era[WORLD_NODES][WORLD_NODES]; /* frames of an earlier link never arrive */
    uint64_t delay[WORLD_NODES][WORLD_NODES];
    bool stalled[WORLD_NODES][WORLD_NODES]; /* nothing arrives, and the sender's queue grows */
    uint64_t bytes[WORLD_NODES][WORLD_NODES];
    uint64_t frames[WORLD_NODES][WORLD_NODES];
    uint64_t queued[WORLD_NODES][WORLD_NODES]; /* bytes that did not arrive yet */
    uint64_t queued_most;                      /* of any link, ever */
    world_tamper tamper;
    void *tamper_self;
};

/* The wall clock of a world starts here. */
#define WORLD_START UINT64_C(1700000000000)

struct world *world_new(size_t nodes, const struct signer *signer, uint32_t author_rate);
void world_free(struct world *world);

/* `from` dials `to`. */
void world_link(struct world *world, size_t from, size_t to);
void world_unlink(struct world *world, size_t a, size_t b);
/* Frees the node's memory and reads its disk again. */
void world_restart(struct world *world, size_t node);

/* An entry of the node's own. */
void world_say(struct world *world, size_t node, const char *text);
/* Puts entries onto the node's disk, and tells its logs, as if they had been there at the start:
 * `count` of them by `author`, in `epoch`, from `first` on. They say some `size` bytes each. Made
 * for a node without links. `last` (or NULL) is where the run goes on and ends. */
void world_fill(struct world *world, size_t node, const struct identity *author, uint8_t epoch,
                size_t count, size_t size, struct entry_tip *last);
/* The same for one entry that was made elsewhere. */
void world_put(struct world *world, size_t node, struct entry *entry);
/* An entry of `author` right after `below`. */
struct entry *world_entry(const struct world *world, const struct identity *author,
                          const struct entry_tip *below, size_t size, uint64_t hlc);
/* A person out of a number. */
struct identity world_person(uint32_t number);

/* Hands the node one event now. */
void world_event(struct world *world, size_t node, const struct sync_event *event);
/* Hands the node a frame as if its link to `from` had brought it. */
void world_frame(struct world *world, size_t from, size_t node, const struct frame *frame);
void world_run(struct world *world, uint64_t ms);
/* Until all links agree and nothing is under way: false where that takes longer. */
bool world_settle(struct world *world, uint64_t ms);

/* NULL where the node does not know the log. */
const struct log *world_log(const struct world *world, size_t node, const struct id *author,
                            const struct epoch_id *epoch);
/* The frontier, 0 where there is none. */
uint64_t world_high(const struct world *world, size_t node, const struct id *author, uint8_t epoch);
struct epoch_id world_epoch(uint8_t number);
/* Bytes of all entries on a disk, signatures included. */
uint64_t world_disk_bytes(const struct world *world, size_t node);
/* Asserts that all that the node claims is on its disk, linked and whole. */
void world_assert(const struct world *world, size_t node);
/* Whether both hold the same of every log. */
bool world_same(struct world *world, size_t a, size_t b);
