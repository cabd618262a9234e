/* The world of sync_world.h. A disk is a list of logs, each with its entries in order of seq. */
#include "tests/sim/sync_world.h"

#include "core/body.h"
#include "core/mesh.h"
#include "dialect/native.h"

#include <stdlib.h>
#include <utlist.h>

struct disk_log {
    struct disk_log *next;
    UT_hash_handle hh;
    struct {
        struct id author;
        struct epoch_id epoch;
    } key;
    struct entry **entries; /* in order of seq, perhaps with gaps */
    size_t count, room;
    struct entry *fork[2];
    uint64_t floor;
};

enum world_kind { WORLD_BYTES, WORLD_SYNC };

struct world_event {
    struct world_event *prev, *next;
    uint64_t at;
    uint64_t order;
    enum world_kind kind;
    size_t node;
    size_t from;  /* of BYTES */
    uint64_t era; /* of BYTES */
    struct buf bytes;
    struct sync_event event;
    struct sync_effect *effect; /* what is answered: its entries go to disk when it is over */
    struct entry **entries;     /* a page that was read */
    struct frame_height *heights;
    struct retention_trim trim;
};

static uint32_t link_number(size_t other)
{
    return (uint32_t)other + 1;
}

static struct sync_now node_now(const struct world *world)
{
    return (struct sync_now){world->now, WORLD_START + world->now};
}

/* Disks */

static struct disk_log *disk_find(const struct world_node *node, const struct id *author,
                                  const struct epoch_id *epoch)
{
    struct disk_log *log;
    struct disk_log key;
    memset(&key, 0, sizeof key);
    key.key.author = *author;
    key.key.epoch = *epoch;
    HASH_FIND(hh, node->disk, &key.key, sizeof key.key, log);
    return log;
}

static struct disk_log *disk_get(struct world_node *node, const struct id *author,
                                 const struct epoch_id *epoch)
{
    struct disk_log *log = disk_find(node, author, epoch);
    if (log)
        return log;
    log = xcalloc(1, sizeof *log);
    log->key.author = *author;
    log->key.epoch = *epoch;
    HASH_ADD(hh, node->disk, key, sizeof log->key, log);
    return log;
}

/* Where the seq is, or belongs. */
static size_t disk_index(const struct disk_log *log, uint64_t seq)
{
    size_t low = 0, high = log->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (log->entries[middle]->fields.seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct entry *disk_entry(const struct disk_log *log, uint64_t seq)
{
    size_t at = log ? disk_index(log, seq) : 0;
    return log && at < log->count && log->entries[at]->fields.seq == seq ? log->entries[at] : NULL;
}

static void disk_put(struct world_node *node, struct entry *entry)
{
    struct disk_log *log = disk_get(node, &entry->fields.author, &entry->fields.epoch);
    size_t at = disk_index(log, entry->fields.seq);
    if (at < log->count && log->entries[at]->fields.seq == entry->fields.seq)
        return;
    if (log->count == log->room) {
        log->room = log->room ? log->room * 2 : 16;
        log->entries = xrealloc(log->entries, log->room, sizeof *log->entries);
    }
    memmove(log->entries + at + 1, log->entries + at, (log->count - at) * sizeof *log->entries);
    log->entries[at] = entry_hold(entry);
    log->count++;
}

static void disk_free(struct world_node *node)
{
    struct disk_log *log, *next;
    HASH_ITER(hh, node->disk, log, next)
    {
        HASH_DELETE(hh, node->disk, log);
        for (size_t i = 0; i < log->count; i++)
            entry_drop(log->entries[i]);
        entry_drop(log->fork[0]);
        entry_drop(log->fork[1]);
        free(log->entries);
        free(log);
    }
}

uint64_t world_disk_bytes(const struct world *world, size_t node)
{
    uint64_t bytes = 0;
    for (struct disk_log *log = world->nodes[node].disk; log; log = log->hh.next)
        for (size_t i = 0; i < log->count; i++)
            bytes += entry_weight(log->entries[i]);
    return bytes;
}

/* Events in time */

static int event_order(const struct world_event *a, const struct world_event *b)
{
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void event_add(struct world *world, struct world_event *event)
{
    event->order = ++world->order;
    /* From the end: most are later than all others. */
    struct world_event *last = world->events ? world->events->prev : NULL;
    while (last && event_order(event, last) < 0)
        last = last == world->events ? NULL : last->prev;
    if (last)
        DL_APPEND_ELEM(world->events, last, event);
    else
        DL_PREPEND(world->events, event);
}

static struct world_event *event_new(struct world *world, size_t node, uint64_t after)
{
    struct world_event *event = xcalloc(1, sizeof *event);
    event->node = node;
    event->at = world->now + after;
    event->kind = WORLD_SYNC;
    buf_init(&event->bytes, FRAME_MAX + 4);
    return event;
}

static void event_free(struct world_event *event)
{
    buf_done(&event->bytes);
    sync_effect_free(event->effect);
    free(event->entries);
    free(event->heights);
    free(event);
}

/* What effects bring about */

static void send(struct world *world, size_t node, const struct sync_effect *effect)
{
    size_t to = effect->link - 1;
    struct world_event *event = event_new(world, to, world->delay[node][to]);
    event->kind = WORLD_BYTES;
    event->from = node;
    event->era = world->era[node][to];
    if (!frame_pack(&effect->frame, &event->bytes))
        die("a frame that does not fit");
    world->bytes[node][to] += event->bytes.length;
    world->frames[node][to]++;
    world->queued[node][to] += event->bytes.length;
    if (world->queued[node][to] > world->queued_most)
        world->queued_most = world->queued[node][to];
    world->nodes[node].asked += effect->frame.kind == FRAME_WANT;
    world->nodes[node].rounds += effect->frame.kind == FRAME_DIGEST;
    event_add(world, event);
}

static void check(struct world *world, size_t node, struct sync_effect *effect)
{
    struct world_event *event = event_new(world, node, world->nodes[node].check_ms);
    event->event.kind = SYNC_CHECKED;
    event->event.ticket = effect->ticket;
    event->event.verdict =
        run_check(effect->has_below ? &effect->below : NULL, &effect->range.author, effect->entries,
                  effect->count, world->signer);
    world->nodes[node].checks += event->event.verdict.checks;
    event->effect = effect; /* the entries live until the answer */
    event_add(world, event);
}

static void store(struct world *world, size_t node, struct sync_effect *effect)
{
    struct world_node *self = &world->nodes[node];
    uint64_t after = self->store_ms;
    if (self->store_swap)
        after += effect->ticket % 2 ? 0 : self->store_ms + 1;
    struct world_event *event = event_new(world, node, after);
    event->event.kind = self->store_fails ? SYNC_STORE_FAILED : SYNC_STORED;
    event->event.ticket = effect->ticket;
    event->effect = effect;
    event_add(world, event);
}

static void load(struct world *world, size_t node, const struct sync_effect *effect)
{
    struct world_node *self = &world->nodes[node];
    const struct disk_log *log = disk_find(self, &effect->range.author, &effect->range.epoch);
    struct world_event *event = event_new(world, node, self->read_ms);
    event->event.kind = SYNC_READ;
    event->event.ticket = effect->ticket;
    event->entries = xcalloc(RUN_MAX, sizeof(struct entry *));
    size_t count = 0, bytes = 0;
    self->reads++;
    if (effect->kind == SYNC_LOAD_FORK && log && log->fork[0]) {
        event->entries[count++] = log->fork[0];
        event->entries[count++] = log->fork[1];
    }
    for (uint64_t seq = effect->range.low; effect->kind == SYNC_LOAD && seq <= effect->range.high;
         seq++) {
        struct entry *entry = disk_entry(log, seq);
        if (seq == self->lost_at)
            continue;
        if (!entry || count == RUN_MAX || bytes >= SYNC_PAGE_BYTES)
            break;
        event->entries[count++] = entry;
        bytes += entry_weight(entry);
    }
    event->event.read.entries = event->entries;
    event->event.read.count = count;
    event_add(world, event);
}

static void load_hashes(struct world *world, size_t node, const struct sync_effect *effect)
{
    struct world_node *self = &world->nodes[node];
    const struct frame_heights *asked = &effect->frame.heights;
    const struct disk_log *log = disk_find(self, &asked->author, &asked->epoch);
    struct world_event *event = event_new(world, node, self->read_ms);
    event->event.kind = SYNC_HASHES;
    event->event.ticket = effect->ticket;
    event->heights = xcalloc(HEIGHTS_MAX, sizeof *event->heights);
    for (size_t i = 0; i < asked->count; i++) {
        const struct entry *entry = disk_entry(log, asked->heights[i].seq);
        if (entry)
            event->heights[event->event.hashes.count++] =
                (struct frame_height){entry->fields.seq, entry->hash};
    }
    event->event.hashes.heights = event->heights;
    event_add(world, event);
}

static bool trim_one(const struct retention_trim *trim, const struct entry *entry, uint32_t entries,
                     uint64_t bytes)
{
    return entries < RETENTION_ENTRIES &&
           (entry->fields.hlc < trim->before || entries < trim->entries || bytes < trim->bytes);
}

static void trim(struct world *world, size_t node, const struct sync_effect *effect)
{
    struct world_event *event = event_new(world, node, world->nodes[node].store_ms);
    event->event.kind = SYNC_TRIMMED;
    event->trim = effect->trim;
    event_add(world, event);
}

/* The entries go when the node hears of it, as commits do. */
static void disk_trim(struct world_node *self, struct world_event *event)
{
    const struct retention_trim *what = &event->trim;
    struct disk_log *log = disk_get(self, &what->author, &what->epoch);
    event->event.trimmed.author = what->author;
    event->event.trimmed.epoch = what->epoch;
    event->event.trimmed.whole = what->whole;
    uint32_t entries = 0;
    uint64_t bytes = 0;
    while (log->count > entries + (what->whole ? 0u : 1u) &&
           (what->whole || trim_one(what, log->entries[entries], entries, bytes)))
        bytes += entry_weight(log->entries[entries++]);
    for (uint32_t i = 0; i < entries; i++)
        entry_drop(log->entries[i]);
    log->count -= entries;
    memmove(log->entries, log->entries + entries, log->count * sizeof *log->entries);
    event->event.trimmed.entries_left = (uint32_t)log->count;
    for (size_t i = 0; i < log->count; i++)
        event->event.trimmed.bytes_left += entry_weight(log->entries[i]);
    if (log->count) {
        event->event.trimmed.lowest = log->entries[0]->fields.seq;
        event->event.trimmed.lowest_hlc = log->entries[0]->fields.hlc;
        log->floor = log->entries[0]->fields.seq;
    }
    self->trims++;
}

static void kept(struct world *world, size_t node, const struct sync_effect *effect)
{
    struct world_node *self = &world->nodes[node];
    const struct disk_log *log = disk_find(self, &effect->range.author, &effect->range.epoch);
    for (size_t i = 0; i < effect->count; i++)
        if (!disk_entry(log, effect->entries[i]->fields.seq))
            die("kept, and not on disk");
    self->kept += (unsigned)effect->count;
}

/* True where the effect lives on, in an event. */
static bool perform(struct world *world, size_t node, struct sync_effect *effect)
{
    struct world_node *self = &world->nodes[node];
    switch (effect->kind) {
    case SYNC_SEND:
        send(world, node, effect);
        return false;
    case SYNC_CHECK:
        check(world, node, effect);
        return true;
    case SYNC_STORE:
    case SYNC_STORE_FORK:
        store(world, node, effect);
        return true;
    case SYNC_LOAD:
    case SYNC_LOAD_FORK:
        load(world, node, effect);
        return false;
    case SYNC_LOAD_HASHES:
        load_hashes(world, node, effect);
        return false;
    case SYNC_TRIM:
        trim(world, node, effect);
        return false;
    case SYNC_PROVED:
        self->proved += (unsigned)effect->count;
        self->news += effect->live ? (unsigned)effect->count : 0;
        return false;
    case SYNC_KEPT:
        kept(world, node, effect);
        return false;
    case SYNC_FROZEN:
        self->frozen++;
        return false;
    case SYNC_AHEAD:
        self->ahead++;
        return false;
    case SYNC_OWN_LOST:
        self->lost++;
        return false;
    }
    return false;
}

static void perform_all(struct world *world, size_t node)
{
    struct sync_effect *effect;
    while ((effect = sync_next(world->nodes[node].sync)) != NULL)
        if (!perform(world, node, effect))
            sync_effect_free(effect);
}

void world_event(struct world *world, size_t node, const struct sync_event *event)
{
    sync_handle(world->nodes[node].sync, node_now(world), event);
    perform_all(world, node);
}

/* Before the node hears that it is stored, it is. */
static void disk_commit(struct world_node *node, const struct sync_effect *effect)
{
    if (effect->kind == SYNC_STORE_FORK) {
        struct disk_log *log = disk_get(node, &effect->range.author, &effect->range.epoch);
        for (size_t i = 0; i < 2; i++) {
            entry_drop(log->fork[i]);
            log->fork[i] = entry_hold(effect->entries[i]);
        }
        return;
    }
    for (size_t i = 0; i < effect->count; i++)
        disk_put(node, effect->entries[i]);
    node->stored += (unsigned)effect->count;
}

static void deliver(struct world *world, const struct world_event *event)
{
    if (!world->up[event->from][event->node] || event->era != world->era[event->from][event->node])
        return;
    struct frame *frame =
        frame_unpack(span_of(buf_bytes(&event->bytes) + 4, event->bytes.length - 4));
    if (!frame)
        die("a frame that cannot be read");
    if (!world->tamper || world->tamper(world->tamper_self, event->from, event->node, frame))
        world_frame(world, event->from, event->node, frame);
    frame_free(frame);
    world->queued[event->from][event->node] -= event->bytes.length;
    struct sync_event queued = {.kind = SYNC_QUEUED,
                                .link = link_number(event->node),
                                .queued = world->queued[event->from][event->node]};
    world_event(world, event->from, &queued);
}

void world_frame(struct world *world, size_t from, size_t node, const struct frame *frame)
{
    world_event(
        world, node,
        &(struct sync_event){.kind = SYNC_FRAME, .link = link_number(from), .frame = frame});
}

static void happen(struct world *world, struct world_event *event)
{
    if (event->kind == WORLD_BYTES) {
        deliver(world, event);
        return;
    }
    if (event->event.kind == SYNC_STORED)
        disk_commit(&world->nodes[event->node], event->effect);
    if (event->event.kind == SYNC_TRIMMED)
        disk_trim(&world->nodes[event->node], event);
    world_event(world, event->node, &event->event);
    world_assert(world, event->node);
}

/* Stalled links keep their frames, in order. */
static bool event_waits(const struct world *world, const struct world_event *event)
{
    return event->kind == WORLD_BYTES && world->stalled[event->from][event->node];
}

static struct world_event *event_next(struct world *world)
{
    struct world_event *event;
    DL_FOREACH(world->events, event)
    if (!event_waits(world, event))
        return event;
    return NULL;
}

static void tick(struct world *world, size_t node)
{
    world_event(world, node, &(struct sync_event){.kind = SYNC_TICK});
}

/* The next moment at which anything happens, at most `until`. */
static uint64_t moment_next(struct world *world, uint64_t until)
{
    struct world_event *event = event_next(world);
    uint64_t at = event && event->at < until ? event->at : until;
    for (size_t i = 0; i < world->count; i++) {
        uint64_t due = sync_due(world->nodes[i].sync);
        at = due < at ? due : at;
    }
    return at < world->now ? world->now : at;
}

void world_run(struct world *world, uint64_t ms)
{
    uint64_t until = world->now + ms;
    while (world->now < until || (event_next(world) && event_next(world)->at <= until)) {
        world->now = moment_next(world, until);
        struct world_event *event;
        while ((event = event_next(world)) != NULL && event->at <= world->now) {
            DL_DELETE(world->events, event);
            happen(world, event);
            event_free(event);
        }
        for (size_t i = 0; i < world->count; i++)
            if (sync_due(world->nodes[i].sync) <= world->now)
                tick(world, i);
        if (world->now == until && !(event_next(world) && event_next(world)->at <= until))
            break;
    }
}

static bool settled(struct world *world)
{
    for (size_t a = 0; a < world->count; a++) {
        if (sync_missing(world->nodes[a].sync))
            return false;
        for (size_t b = 0; b < world->count; b++)
            if (world->up[a][b] &&
                (!sync_settled(world->nodes[a].sync, link_number(b)) || !world_same(world, a, b)))
                return false;
    }
    return !event_next(world);
}

bool world_settle(struct world *world, uint64_t ms)
{
    enum { STEP = 20 };
    for (uint64_t spent = 0; spent < ms; spent += STEP) {
        world_run(world, STEP);
        if (settled(world))
            return true;
    }
    return false;
}

/* Making worlds */

static void node_start(struct world *world, size_t i)
{
    struct world_node *node = &world->nodes[i];
    struct sync_settings settings = world->settings;
    settings.self = node->identity.id;
    node->sync = sync_new(&settings, node->logs, node_now(world));
    node->tip = (struct entry_tip){.epoch = world_epoch((uint8_t)(200 + i))};
    world->order++;
    memcpy(node->tip.epoch.bytes + 1, &world->order, sizeof world->order); /* never used before */
}

struct world *world_new(size_t nodes, const struct signer *signer, uint32_t author_rate)
{
    struct world *world = xcalloc(1, sizeof *world);
    world->count = nodes;
    world->signer = signer;
    world->settings = (struct sync_settings){.net = mesh_net(span_text("lan"), NULL),
                                             .codec = &native_codec,
                                             .signer = signer,
                                             .author_rate = author_rate,
                                             .retention = retention_defaults()};
    for (size_t i = 0; i < nodes; i++) {
        struct world_node *node = &world->nodes[i];
        node->identity = world_person((uint32_t)(900000 + i));
        node->logs = logs_new(i + 1);
        node->store_ms = 2;
        node->read_ms = 1;
        node->check_ms = 1;
        node_start(world, i);
        for (size_t j = 0; j < WORLD_NODES; j++)
            world->delay[i][j] = 1;
    }
    return world;
}

void world_free(struct world *world)
{
    struct world_event *event, *next;
    DL_FOREACH_SAFE(world->events, event, next)
    event_free(event);
    for (size_t i = 0; i < world->count; i++) {
        sync_free(world->nodes[i].sync);
        logs_free(world->nodes[i].logs);
        disk_free(&world->nodes[i]);
    }
    free(world);
}

static void link_event(struct world *world, size_t node, size_t other, bool caller)
{
    struct sync_event event = {.kind = SYNC_LINK_UP, .link = link_number(other)};
    event.up.peer = world->nodes[other].identity.id;
    event.up.caller = caller;
    event.up.admit = true;
    world_event(world, node, &event);
}

void world_link(struct world *world, size_t from, size_t to)
{
    world->up[from][to] = world->up[to][from] = true;
    world->era[from][to]++;
    world->era[to][from]++;
    world->queued[from][to] = world->queued[to][from] = 0;
    link_event(world, to, from, false);
    link_event(world, from, to, true);
}

void world_unlink(struct world *world, size_t a, size_t b)
{
    if (!world->up[a][b])
        return;
    world->up[a][b] = world->up[b][a] = false;
    world->stalled[a][b] = world->stalled[b][a] = false;
    world_event(world, a, &(struct sync_event){.kind = SYNC_LINK_DOWN, .link = link_number(b)});
    world_event(world, b, &(struct sync_event){.kind = SYNC_LINK_DOWN, .link = link_number(a)});
}

/* The contiguous run up to the last entry, as a store would find it. */
static struct log disk_state(const struct disk_log *log)
{
    struct log saved = {.epoch = log->key.epoch, .low = 1, .floor = log->floor ? log->floor : 1};
    if (log->fork[0]) {
        saved.fork = xcalloc(1, sizeof *saved.fork);
        const struct entry *a = log->fork[0], *b = log->fork[1];
        bool first = hash_compare(&a->hash, &b->hash) < 0;
        *saved.fork =
            (struct log_fork){a->fields.seq, first ? a->hash : b->hash, first ? b->hash : a->hash,
                              a->fields.hlc < b->fields.hlc ? a->fields.hlc : b->fields.hlc};
    }
    size_t end = saved.fork ? disk_index(log, saved.fork->seq) : log->count;
    if (end == 0)
        return saved;
    size_t begin = end - 1;
    while (begin > 0 && log->entries[begin - 1]->fields.seq + 1 == log->entries[begin]->fields.seq)
        begin--;
    saved.low = log->entries[begin]->fields.seq;
    saved.high = log->entries[end - 1]->fields.seq;
    saved.head = log->entries[end - 1]->hash;
    saved.head_hlc = log->entries[end - 1]->fields.hlc;
    saved.oldest_hlc = log->entries[0]->fields.hlc;
    saved.entries = (uint32_t)log->count;
    for (size_t i = 0; i < log->count; i++)
        saved.bytes += entry_weight(log->entries[i]);
    if (saved.fork && saved.high + 1 == saved.fork->seq)
        saved.head_hlc = saved.fork->hlc;
    return saved;
}

void world_restart(struct world *world, size_t i)
{
    struct world_node *node = &world->nodes[i];
    for (size_t other = 0; other < world->count; other++)
        world_unlink(world, i, other);
    struct world_event *event, *next;
    DL_FOREACH_SAFE(world->events, event, next)
    if (event->node == i && event->kind == WORLD_SYNC) {
        DL_DELETE(world->events, event);
        event_free(event);
    }
    sync_free(node->sync);
    logs_free(node->logs);
    node->logs = logs_new(world->now);
    for (struct disk_log *log = node->disk; log; log = log->hh.next) {
        struct log saved = disk_state(log);
        if (!logs_load(node->logs, &log->key.author, &saved))
            die("a disk that cannot be");
    }
    node_start(world, i);
}

/* Entries */

struct identity world_person(uint32_t number)
{
    struct identity identity;
    struct seed seed = {{0}};
    memcpy(seed.bytes, &number, sizeof number);
    identity_init(&identity, &seed);
    return identity;
}

struct epoch_id world_epoch(uint8_t number)
{
    struct epoch_id epoch;
    memset(epoch.bytes, number, sizeof epoch.bytes);
    return epoch;
}

struct entry *world_entry(const struct world *world, const struct identity *author,
                          const struct entry_tip *below, size_t size, uint64_t hlc)
{
    static char text[TEXT_MAX];
    memset(text, 'a', sizeof text);
    uint8_t bytes[ENTRY_MAX];
    size_t packed;
    struct body body = {.kind = ENTRY_SAY};
    body.say.text = span_of(text, size);
    if (!native_codec.body_pack(&body, bytes, sizeof bytes, &packed))
        die("a body that does not fit");
    struct entry_fields fields = {.net = world->settings.net,
                                  .author = author->id,
                                  .epoch = below->epoch,
                                  .seq = below->seq + 1,
                                  .hlc = hlc,
                                  .wall = hlc,
                                  .kind = ENTRY_SAY,
                                  .room = span_text("#everyone"),
                                  .body = span_of(bytes, packed)};
    if (below->seq)
        fields.prev = below->hash;
    else
        fields.epoch_start = hlc;
    struct entry *entry = entry_make(&fields, &native_codec, world->signer, author);
    if (!entry)
        die("an entry that does not fit");
    return entry;
}

void world_say(struct world *world, size_t i, const char *text)
{
    struct world_node *node = &world->nodes[i];
    struct entry *entry =
        world_entry(world, &node->identity, &node->tip, strlen(text), WORLD_START + world->now);
    node->tip = entry_tip(entry);
    world_event(world, i, &(struct sync_event){.kind = SYNC_OWN, .own = entry});
    entry_drop(entry);
}

void world_put(struct world *world, size_t i, struct entry *entry)
{
    struct world_node *node = &world->nodes[i];
    disk_put(node, entry);
    struct author *author = logs_find(node->logs, &entry->fields.author);
    if (!author)
        author = logs_add(node->logs, &entry->fields.author);
    struct log *log = author_log_add(author, &entry->fields.epoch);
    struct log_step step = {.first = entry->fields.seq,
                            .last = entry_tip(entry),
                            .first_hlc = entry->fields.hlc,
                            .last_hlc = entry->fields.hlc,
                            .entries = 1,
                            .bytes = entry_weight(entry)};
    log_append(node->logs, author, log, &step, false);
}

void world_fill(struct world *world, size_t node, const struct identity *author, uint8_t epoch,
                size_t count, size_t size, struct entry_tip *last)
{
    struct entry_tip tip = {.epoch = world_epoch(epoch)};
    if (last && last->seq)
        tip = *last;
    /* A second each, the last of them an hour ago. */
    uint64_t start = WORLD_START - 3600000 - count * 1000;
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = world_entry(world, author, &tip, size, start + i * 1000);
        tip = entry_tip(entry);
        world_put(world, node, entry);
        entry_drop(entry);
    }
    if (last)
        *last = tip;
}

/* Looking */

const struct log *world_log(const struct world *world, size_t node, const struct id *id,
                            const struct epoch_id *epoch)
{
    const struct author *author = logs_find(world->nodes[node].logs, id);
    return author ? author_log(author, epoch) : NULL;
}

uint64_t world_high(const struct world *world, size_t node, const struct id *author, uint8_t epoch)
{
    struct epoch_id id = world_epoch(epoch);
    const struct log *log = world_log(world, node, author, &id);
    return log ? log->high : 0;
}

static void log_assert(const struct world_node *node, const struct author *author,
                       const struct log *log)
{
    if (log->high == 0)
        return;
    const struct disk_log *disk = disk_find(node, &author->id, &log->epoch);
    size_t low = disk ? disk_index(disk, log->low) : 0;
    size_t high = disk ? disk_index(disk, log->high) : 0;
    if (!disk || high >= disk->count || disk->entries[low]->fields.seq != log->low ||
        disk->entries[high]->fields.seq != log->high || high - low != log->high - log->low)
        die("a frontier over a gap");
    if (!hash_equal(&disk->entries[high]->hash, &log->head))
        die("a head that is not what is stored");
}

void world_assert(const struct world *world, size_t i)
{
    const struct world_node *node = &world->nodes[i];
    for (const struct author *author = node->logs->table; author; author = author->hh.next)
        for (size_t j = 0; j < author->log_count; j++)
            log_assert(node, author, &author->logs[j]);
}

bool world_same(struct world *world, size_t a, size_t b)
{
    static uint8_t buckets[BUCKETS][BUCKET_BYTES];
    struct hash one = logs_digest(world->nodes[a].logs, NULL, 0, buckets);
    struct hash other = logs_digest(world->nodes[b].logs, NULL, 0, buckets);
    return hash_equal(&one, &other);
}
