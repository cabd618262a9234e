/* The queue before a disk: one write after the other, reads beside them; an answer comes some time
 * after it is true, and a crash may come between. */
#include "tests/sim/invariants.h"
#include "tests/sim/world.h"

#include <stdlib.h>
#include <utlist.h>

enum { ANSWER_US = 50 /* from the disk back to the loop */ };

static void write_run(struct world *world, struct task *task);

static uint64_t latency_us(struct world *world, const struct peer *peer)
{
    uint64_t usual = 100 + world_chance(world, world_chance(world, 20) ? 2000 : 30000);
    return usual * peer->slow;
}

static void write_next(struct world *world, struct peer *peer)
{
    if (peer->writing || !peer->writes)
        return;
    peer->writing = true;
    world_later(world, latency_us(world, peer), peer, write_run, 0);
}

/* One that waits. */
struct write {
    struct write *prev, *next;
    struct node_effect *effect;
    uint64_t failures_told; /* when it was asked for */
};

static void write_free(struct write *write)
{
    node_effect_free(write->effect);
    free(write);
}

void storage_write(struct world *world, struct peer *peer, struct node_effect *effect)
{
    struct write *write = xcalloc(1, sizeof *write);
    write->effect = effect;
    write->failures_told = peer->failures_told;
    DL_APPEND(peer->writes, write);
    write_next(world, peer);
}

/* After one commit has failed, no other may succeed that was asked for without knowing of it: it
 * would leave a gap. And none does until the node was told that there is room again. */
static bool refuses(const struct peer *peer, const struct write *write)
{
    return peer->full || peer->refusing || write->failures_told < peer->failures;
}

static void back_run(struct world *world, struct task *task)
{
    struct peer *peer = world_peer(world, task->node);
    if (peer->full || !world_lives(world, task->node, task->life))
        return;
    peer->refusing = false;
    peer_give(world, peer, &(struct node_event){.kind = EVENT_DISK_BACK});
}

static void store(struct world *world, struct peer *peer, const struct write *write,
                  struct node_event *event)
{
    const struct node_effect *effect = write->effect;
    if (refuses(peer, write)) {
        event->kind = EVENT_STORE_FAILED;
        peer->refusing = true;
        peer->failures++;
        world->stores_failed++;
        if (!peer->full)
            world_later(world, 2 * ANSWER_US, peer, back_run, 0);
        return;
    }
    event->kind = EVENT_STORED;
    invariants_touch(peer, effect);
    const char *wrong;
    if (effect->kind == EFFECT_STORE) {
        bool *held = xcalloc(effect->store.count, sizeof *held);
        event->held = held;
        world->stored += effect->store.count;
        wrong = disk_store(&peer->disk, &world->truth, effect, held);
    } else {
        world->stored++;
        wrong = disk_store_fork(&peer->disk, &world->truth, effect->sync);
    }
    if (wrong)
        world_fail(world, "node %u: %s", peer->number, wrong);
}

/* Whether it has an answer, in *event. */
static bool write_do(struct world *world, struct peer *peer, const struct write *write,
                     struct node_event *event)
{
    const struct node_effect *effect = write->effect;
    *event = (struct node_event){.ticket = effect->ticket};
    if (effect->kind == EFFECT_STORE || effect->kind == EFFECT_STORE_FORK) {
        store(world, peer, write, event);
        return true;
    }
    if (effect->kind == EFFECT_TRIM) {
        event->kind = EVENT_TRIMMED;
        invariants_touch(peer, effect);
        world->trims++;
        disk_trim(&peer->disk, &effect->sync->trim, event);
        return true;
    }
    if (!peer->full)
        disk_note(&peer->disk, effect);
    return false;
}

/* An answer takes its way back to the loop, but none overtakes another. */
static void write_run(struct world *world, struct task *task)
{
    struct peer *peer = world_peer(world, task->node);
    if (!world_lives(world, task->node, task->life))
        return;
    peer->writing = false;
    struct write *write = peer->writes;
    if (!write)
        return;
    DL_DELETE(peer->writes, write);
    struct node_event event;
    if (write_do(world, peer, write, &event))
        peer_give_later(world, peer, &event, ANSWER_US);
    write_free(write);
    write_next(world, peer);
}

/* ---- reads ---- */

struct reading {
    struct node_effect *effect;
    struct node_event event;
    struct entry *entries[4 * RUN_MAX];
    struct frame_height heights[HEIGHTS_MAX];
    struct node_record *records;
};

static void reading_drop(void *data)
{
    struct reading *reading = data;
    for (size_t i = 0; i < reading->event.read.count && reading->event.kind == EVENT_READ; i++)
        entry_drop(reading->entries[i]);
    for (size_t i = 0; i < reading->event.page.count && reading->event.kind == EVENT_PAGE; i++)
        entry_drop(reading->records[i].entry);
    free(reading->records);
    node_effect_free(reading->effect);
    free(reading);
}

static void read_entries(struct peer *peer, struct reading *reading)
{
    const struct sync_effect *sync = reading->effect->sync;
    struct node_event *event = &reading->event;
    event->kind = EVENT_READ;
    event->read.entries = reading->entries;
    if (reading->effect->kind == EFFECT_LOAD) {
        event->read.count = disk_load(&peer->disk, &sync->range, reading->entries, 4 * RUN_MAX);
    } else {
        const struct shelf *shelf =
            disk_shelf(&peer->disk, &sync->range.author, &sync->range.epoch);
        for (size_t i = 0; shelf && shelf->fork[0] && i < 2; i++)
            reading->entries[event->read.count++] = shelf->fork[i];
    }
    for (size_t i = 0; i < event->read.count; i++)
        entry_hold(reading->entries[i]);
}

static void read_page(struct peer *peer, struct reading *reading)
{
    struct node_event *event = &reading->event;
    size_t room = reading->effect->query.count;
    event->kind = EVENT_PAGE;
    reading->records = xcalloc(room + 1, sizeof *reading->records);
    event->page.records = reading->records;
    event->page.count =
        disk_query(&peer->disk, &reading->effect->query, reading->records, room, &event->page.more);
    for (size_t i = 0; i < event->page.count; i++)
        entry_hold(reading->records[i].entry);
}

static void read_do(struct peer *peer, struct reading *reading)
{
    if (reading->effect->kind == EFFECT_QUERY) {
        read_page(peer, reading);
    } else if (reading->effect->kind == EFFECT_LOAD_HASHES) {
        reading->event.kind = EVENT_HASHES;
        reading->event.hashes.heights = reading->heights;
        reading->event.hashes.count =
            disk_hashes(&peer->disk, &reading->effect->sync->frame.heights, reading->heights);
    } else {
        read_entries(peer, reading);
    }
}

static void told_run(struct world *world, struct task *task)
{
    struct reading *reading = task->data;
    if (world_lives(world, task->node, task->life))
        peer_give(world, world_peer(world, task->node), &reading->event);
}

static void read_run(struct world *world, struct task *task)
{
    struct reading *reading = task->data;
    struct peer *peer = world_peer(world, task->node);
    if (!world_lives(world, task->node, task->life))
        return;
    read_do(peer, reading);
    struct task told = *task;
    told.at = world->now + latency_us(world, peer) / 2;
    told.run = told_run;
    task->data = NULL;
    queue_add(&world->queue, &told);
}

void storage_read(struct world *world, struct peer *peer, struct node_effect *effect)
{
    struct reading *reading = xcalloc(1, sizeof *reading);
    reading->effect = effect;
    reading->event.ticket = effect->ticket;
    queue_add(&world->queue, &(struct task){.at = world->now + latency_us(world, peer),
                                            .run = read_run,
                                            .node = peer->number,
                                            .life = peer->life,
                                            .data = reading,
                                            .drop = reading_drop});
}

/* ---- ends ---- */

static void writes_do(struct world *world, struct peer *peer, bool all)
{
    while (peer->writes && (all || world_chance(world, 3))) {
        struct write *write = peer->writes;
        struct node_event event;
        DL_DELETE(peer->writes, write);
        if (write_do(world, peer, write, &event) && event.kind == EVENT_STORED)
            free((void *)event.held);
        write_free(write);
    }
    storage_forget(peer);
}

void storage_forget(struct peer *peer)
{
    struct write *write, *next;
    DL_FOREACH_SAFE(peer->writes, write, next)
    write_free(write);
    peer->writes = NULL;
    peer->writing = false;
    peer->refusing = false;
    peer->failures = peer->failures_told = 0;
}

/* Some of what was not answered yet may have been done all the same. */
void storage_crash(struct world *world, struct peer *peer)
{
    writes_do(world, peer, false);
    if (!peer->durable)
        return;
    disk_done(&peer->disk);
    peer->disk = *peer->durable;
    free(peer->durable);
    peer->durable = NULL;
    peer->restored = true;
}

void storage_flush(struct world *world, struct peer *peer)
{
    writes_do(world, peer, true);
}

void storage_full(struct world *world, struct peer *peer, bool full)
{
    bool back = peer->full && !full;
    peer->full = full;
    if (back && peer->alive) /* behind the last of the bad news */
        world_later(world, 2 * ANSWER_US, peer, back_run, 0);
}

void storage_lie(struct peer *peer, bool lie)
{
    if (peer->durable) {
        disk_done(peer->durable);
        free(peer->durable);
        peer->durable = NULL;
    }
    if (!lie)
        return;
    peer->durable = xmalloc(sizeof *peer->durable);
    disk_copy(peer->durable, &peer->disk);
}
