#pragma once
/* What a node's store would hold: entries by log, and all that is kept beside them.
 *
 * Plain data in memory; a copy of it is what a crash may bring back. It does what it is told, all
 * or nothing, and judges nothing but what no store could do: those faults it says. */
#include "core/node.h"
#include "tests/sim/cells.h"
#include "tests/sim/truth.h"

/* One stored entry, shared by the copies of a disk. */
struct kept {
    uint32_t references;
    struct node_record record; /* its texts are in the same block of memory */
};

/* One log. */
struct shelf {
    struct id author;
    struct epoch_id epoch;
    struct kept **kept; /* in order of seq */
    size_t count;
    size_t room;
    uint64_t low; /* the frontier, as node_saved_log has it */
    uint64_t high;
    uint64_t floor;
    uint64_t once_low; /* [once_low, high] was all there at some time */
    struct node_trail trail;
    struct entry *fork[2];
};

struct disk {
    struct shelf **shelves; /* in order of author and epoch */
    size_t shelf_count;
    size_t shelf_room;
    struct cells people;
    struct cells rooms;
    struct cells members;
    struct cells acks;
    char *name;
    bool away;
    char *why;
};

void disk_done(struct disk *disk);
void disk_copy(struct disk *into, const struct disk *from);

/* NULL where nothing of that log is kept. */
struct shelf *disk_shelf(const struct disk *disk, const struct id *author,
                         const struct epoch_id *epoch);
const struct kept *shelf_find(const struct shelf *shelf, uint64_t seq);
/* Another record for the entry that is there. */
void shelf_replace(struct shelf *shelf, const struct node_record *record);

/* Each answers NULL, or what is wrong with what it was told (a constant). Entries must be known to
 * `truth`. `held` says of each record, all false before, whether it was there already. */
const char *disk_store(struct disk *disk, const struct truth *truth,
                       const struct node_effect *effect, bool *held);
const char *disk_store_fork(struct disk *disk, const struct truth *truth,
                            const struct sync_effect *effect);
/* Everything without an answer: STORE_OPENED, _ACKS, _PERSON, _ROOM, _MEMBER, _SELF. */
void disk_note(struct disk *disk, const struct node_effect *effect);
/* Fills event->trimmed. */
void disk_trim(struct disk *disk, const struct retention_trim *trim, struct node_event *event);

/* What is there of [low, high], the first ones of up to SYNC_PAGE_BYTES; at most `room`. */
size_t disk_load(const struct disk *disk, const struct frame_range *range, struct entry **into,
                 size_t room);
size_t disk_hashes(const struct disk *disk, const struct frame_heights *wanted,
                   struct frame_height *into);
/* Up to `room` records, in order of the screen; all of them are the disk's. */
size_t disk_query(const struct disk *disk, const struct node_query *query, struct node_record *into,
                  size_t room, bool *more);
/* Whispers that were not tried; the caller frees the array only. */
size_t disk_untried(const struct disk *disk, struct entry ***into);

/* What a node begins with; borrows from the disk until saved_done. */
void disk_saved(const struct disk *disk, uint64_t wall_ms, struct node_saved *into);
void saved_done(struct node_saved *saved);
