#pragma once
/* The store on threads of the pool: what is to be written goes there in batches, reads go beside,
 * and each answer comes back as an event for the node. The loop's thread never waits for the disk.
 *
 * Invariants: writes are done in the order in which they were asked for, and answered in it; after
 * a failure nothing is taken until the node was told of all of them, and then it is told that there
 * is room again (EVENT_DISK_BACK). Notes, which have no answer, wait until then, in their order. */
#include "core/node.h"
#include "store/store.h"

struct disk;
struct loop;

struct disk_calls {
    void (*answer)(void *self, const struct node_event *event); /* for the node */
    /* The file contradicts itself: nothing more should be asked of it. Once. */
    void (*corrupt)(void *self);
};

/* TAKES the store. NULL where no reader could be opened; then *fault says why. */
struct disk *disk_new(struct loop *loop, struct store *store, const struct store_settings *settings,
                      const struct disk_calls *calls, void *self, enum store_fault *fault);
/* When disk_is_over, or the loop is gone: a job may run until then. NULL is fine. */
void disk_free(struct disk *disk);

/* Any effect for the store: see store_write and store_read. TAKES it. */
void disk_do(struct disk *disk, struct node_effect *effect);
/* A setting, draft or line of input. Copied. */
void disk_keep(struct disk *disk, const struct store_keep *keep);
/* What is done once after the start: whispers that nobody tried yet, whether the file is sound, and
 * tidying up. */
void disk_look_after(struct disk *disk);
/* No write waits or is under way. */
bool disk_is_idle(const struct disk *disk);
/* It works, or is about to: what it waits with for company keeps nobody who has more. */
bool disk_is_busy(const struct disk *disk);
/* Nothing more is done or answered; what is under way ends soon. */
void disk_stop(struct disk *disk);
/* It was stopped, and nothing is under way any more. */
bool disk_is_over(const struct disk *disk);
