#pragma once
/* A store in a folder of its own, and short ways to say what a node would. */
#include "core/room.h"
#include "store/store_parts.h"
#include "tests/sim/signer_fake.h"
#include "tests/unit/make.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RIG_WALL UINT64_C(1700000000000)

struct rig {
    char folder[64];
    char path[128];
    struct store_settings settings;
    struct identity ana, bruno;
    struct store *store;
    struct store_reader *reader;
    struct store_start start;
};

static inline int rig_unlink(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void rig_init(struct rig *rig)
{
    *rig = (struct rig){.ana = make_person(1), .bruno = make_person(2)};
    snprintf(rig->folder, sizeof rig->folder, "/tmp/test-store-XXXXXX");
    if (!mkdtemp(rig->folder))
        die("no folder to test in");
    snprintf(rig->path, sizeof rig->path, "%s/tertulia.db", rig->folder);
    rig->settings = (struct store_settings){
        .path = rig->path, .net = make_net(), .self = rig->ana.id, .codec = &native_codec};
}

static inline enum store_fault rig_try(struct rig *rig)
{
    return store_open(&rig->settings, RIG_WALL, &rig->store, &rig->start);
}

static inline void rig_open(struct rig *rig)
{
    if (rig_try(rig) != STORE_FINE || store_reader_open(&rig->settings, &rig->reader) != STORE_FINE)
        die("the store of a test does not open");
}

static inline void rig_close(struct rig *rig)
{
    store_start_done(&rig->start);
    store_reader_close(rig->reader);
    store_close(rig->store);
    rig->reader = NULL;
    rig->store = NULL;
}

static inline void rig_done(struct rig *rig)
{
    rig_close(rig);
    nftw(rig->folder, rig_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void rig_again(struct rig *rig)
{
    rig_close(rig);
    rig_open(rig);
}

/* ---- writing ---- */

/* An effect of records that go above; fields of each may be changed before it is written. */
struct rig_batch {
    struct node_effect effect;
    struct node_record records[512];
    struct node_trail trails[512];
    uint8_t places[512];
};

static inline struct node_record rig_record(struct entry *entry)
{
    return (struct node_record){.entry = entry,
                                .key = entry->fields.hlc,
                                .start = RIG_WALL,
                                .received = RIG_WALL + 5,
                                .live = true,
                                .conversation = "#everyone"};
}

static inline void rig_add(struct rig_batch *batch, struct entry *entry, enum sync_place place)
{
    size_t at = batch->effect.store.count++;
    batch->records[at] = rig_record(entry);
    batch->places[at] = (uint8_t)place;
    batch->trails[at] = (struct node_trail){.start = RIG_WALL, .first = RIG_WALL, .last = 7};
}

static inline struct store_write rig_batch_write(struct rig_batch *batch)
{
    batch->effect.kind = EFFECT_STORE;
    batch->effect.ticket = 77;
    batch->effect.store.records = batch->records;
    batch->effect.store.places = batch->places;
    batch->effect.store.trails = batch->trails;
    return (struct store_write){.effect = &batch->effect};
}

static inline enum store_fault rig_write(struct rig *rig, struct rig_batch *batch)
{
    struct store_write write = rig_batch_write(batch);
    return store_write(rig->store, RIG_WALL, &write, 1);
}

static inline enum store_fault rig_store(struct rig *rig, struct entry *const *log, size_t count)
{
    static struct rig_batch batch;
    memset(&batch, 0, sizeof batch);
    for (size_t i = 0; i < count; i++)
        rig_add(&batch, log[i], SYNC_PLACE_ABOVE);
    return rig_write(rig, &batch);
}

static inline enum store_fault rig_effect(struct rig *rig, const struct node_effect *effect)
{
    struct store_write write = {.effect = effect};
    return store_write(rig->store, RIG_WALL, &write, 1);
}

static inline struct store_write rig_trim(struct rig *rig, const struct entry *entry,
                                          const struct retention_trim *how, enum store_fault *fault)
{
    struct sync_effect sync = {.kind = SYNC_TRIM, .trim = *how};
    sync.trim.author = entry->fields.author;
    sync.trim.epoch = entry->fields.epoch;
    struct node_effect effect = {.kind = EFFECT_TRIM, .ticket = 8, .sync = &sync};
    struct store_write write = {.effect = &effect};
    *fault = store_write(rig->store, RIG_WALL, &write, 1);
    return write;
}

/* ---- reading ---- */

static inline struct frame_range rig_range(const struct entry *entry, uint64_t low, uint64_t high)
{
    return (struct frame_range){entry->fields.author, entry->fields.epoch, low, high};
}

/* Answers how many came. */
static inline size_t rig_load(struct rig *rig, enum node_effect_kind kind,
                              const struct frame_range *range, struct store_answer *into)
{
    struct sync_effect sync = {.range = *range};
    struct node_effect effect = {.kind = kind, .ticket = 5, .sync = &sync};
    store_read(rig->reader, &effect, into);
    return into->event.read.count;
}

static inline size_t rig_held(struct rig *rig, const struct entry *entry, uint64_t low,
                              uint64_t high)
{
    struct store_answer answer;
    struct frame_range range = rig_range(entry, low, high);
    size_t count = rig_load(rig, EFFECT_LOAD, &range, &answer);
    if (answer.fault != STORE_FINE)
        die("a test cannot read its store: fault %d", (int)answer.fault);
    store_answer_done(&answer);
    return count;
}

/* As the app does it: what is not in the search yet comes into it first. */
static inline void rig_query(struct rig *rig, const struct node_query *query,
                             struct store_answer *into)
{
    if (query->kind == QUERY_SEARCH && rig->store && !store_is_searchable(rig->store))
        (void)!store_index(rig->store, RIG_WALL);
    struct node_effect effect = {.kind = EFFECT_QUERY, .ticket = 6, .query = *query};
    store_read(rig->reader, &effect, into);
}

/* Of the log of this entry, what a start would say. */
static inline const struct node_saved_log *rig_log(const struct rig *rig, const struct entry *entry)
{
    for (size_t i = 0; i < rig->start.saved.log_count; i++) {
        const struct node_saved_log *log = &rig->start.saved.logs[i];
        if (id_equal(&log->author, &entry->fields.author) &&
            epoch_equal(&log->log.epoch, &entry->fields.epoch))
            return log;
    }
    return NULL;
}
