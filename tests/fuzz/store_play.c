/* The store with rows that were altered, and a node that starts with them. */
#include "store_play.h"
#include "store_rows.h"

#include "base/alloc.h"
#include "core/model.h"
#include "core/room.h"
#include "dialect/native.h"
#include "store/keep.h"
#include "store/load.h"
#include "store/schema.h"
#include "store/write.h"
#include "tests/sim/signer_fake.h"

#include <stdlib.h>
#include <string.h>

#define WALL UINT64_C(1700000001000)
enum { TURNS = 20000 };

/* One connection for the program's life: it is who reads and who writes, by turns. */
static struct db connection;
static struct store_settings settings;

struct life {
    struct node *node;
    struct sys_fake fake;
    struct sys sys;
    struct store store;
    struct store_reader reader;
    struct node_now now;
    size_t turns;
    bool busy; /* an effect is being done: what comes of its answer is done behind it */
};

static void must(bool holds, const char *what)
{
    if (!holds)
        die("%s", what);
}

/* The disk is there, so nothing can be wrong but the rows. */
static void fault_look(enum store_fault fault)
{
    must(fault == STORE_FINE || fault == STORE_CORRUPT || fault == STORE_GAP ||
             fault == STORE_FAILED,
         "a fault that no row can make");
}

static void begin(void)
{
    static const char init[] = "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF";
    const struct store_versions versions = {store_migrations, store_migration_count};
    rows_world_init();
    settings = (struct store_settings){.path = ":memory:",
                                       .net = rows_world.net,
                                       .self = rows_world.people[0].id,
                                       .codec = &native_codec};
    must(db_open(&connection, &settings, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) == STORE_FINE,
         "no file in memory");
    schema_create(&connection, &versions);
    db_script(&connection, init);
    must(db_fault_take(&connection) == STORE_FINE, "no tables in memory");
}

/* ---- what the disk does ---- */

static void store_do(struct life *life, struct store_write *write)
{
    life->store.db = connection;
    enum store_fault fault = store_write(&life->store, WALL, write, 1);
    connection = life->store.db;
    fault_look(fault);
    must(sqlite3_get_autocommit(connection.handle), "a transaction that never ends");
}

static void give(struct life *life, const struct node_event *event);

static void effect_store(struct life *life, const struct node_effect *effect)
{
    struct store_write write = {.effect = effect};
    store_do(life, &write);
    if (write.has_answer)
        give(life, &write.answer);
    free(write.held);
    if (store_is_halted(&life->store)) {
        store_resume(&life->store);
        give(life, &(struct node_event){.kind = EVENT_DISK_BACK});
    }
}

static void page_look(const struct store_answer *answer)
{
    const struct node_event *event = &answer->event;
    if (event->kind != EVENT_PAGE)
        return;
    must(!event->page.failed == (answer->fault == STORE_FINE), "a page that failed, or did not");
    must(event->page.count <= STORE_PAGE_MAX, "a page past its bound");
    for (size_t i = 0; i < event->page.count; i++) {
        const struct node_record *record = &event->page.records[i];
        must(record->entry || record->local, "a line of nothing");
        must(record->sealed != NODE_OPENED || record->whisper, "an opened whisper without words");
        must(record->conversation != NULL, "a line that is nowhere");
    }
}

static void effect_read(struct life *life, const struct node_effect *effect)
{
    struct store_answer answer;
    life->reader.db = connection;
    if (effect)
        store_read(&life->reader, effect, &answer);
    else
        store_read_untried(&life->reader, INT64_MAX, &answer);
    connection = life->reader.db;
    fault_look(answer.fault);
    must(sqlite3_get_autocommit(connection.handle), "a reading that never ends");
    page_look(&answer);
    if (life->node)
        give(life, &answer.event);
    store_answer_done(&answer);
}

/* ---- what other threads do ---- */

static void effect_check(struct life *life, const struct node_effect *effect)
{
    const struct sync_effect *sync = effect->sync;
    struct node_event event = {.kind = EVENT_CHECKED, .ticket = effect->ticket};
    event.verdict = run_check(sync->has_below ? &sync->below : NULL, &sync->range.author,
                              sync->entries, sync->count, &signer_fake);
    give(life, &event);
}

static void effect_open(struct life *life, const struct node_effect *effect)
{
    struct node_event event = {.kind = EVENT_OPENED, .ticket = effect->ticket};
    event.opened.fault = whisper_open(&effect->open->fields, &rows_world.people[0], &native_codec,
                                      &event.opened.whisper);
    give(life, &event);
}

static void effect_verify(struct life *life, const struct node_effect *effect)
{
    struct node_event event = {.kind = EVENT_VERIFIED, .ticket = effect->ticket};
    bool *verified = xcalloc(effect->acks.count + 1, sizeof *verified);
    event.verified = verified;
    for (size_t i = 0; i < effect->acks.count; i++)
        verified[i] = true; /* as if rows that were altered had been signed so */
    give(life, &event);
    free(verified);
}

static void effect_send(const struct node_effect *effect)
{
    struct buf packed;
    buf_init(&packed, FRAME_MAX);
    must(frame_pack(effect->frame, &packed), "a frame past its bound");
    struct frame *back = frame_unpack(span_of(buf_bytes(&packed) + 4, packed.length - 4));
    must(back != NULL, "a frame that nobody can read");
    frame_free(back);
    buf_done(&packed);
}

/* Long because every kind of effect is named. */
static void effect_do(struct life *life, const struct node_effect *effect)
{
    switch (effect->kind) {
    case EFFECT_STORE:
    case EFFECT_STORE_FORK:
    case EFFECT_TRIM:
    case EFFECT_STORE_OPENED:
    case EFFECT_STORE_ACKS:
    case EFFECT_STORE_PERSON:
    case EFFECT_STORE_ROOM:
    case EFFECT_STORE_MEMBER:
    case EFFECT_STORE_SELF:
    case EFFECT_STORE_LOCAL:
    case EFFECT_STORE_OWED:
    case EFFECT_DROP_OWED:
        effect_store(life, effect);
        return;
    case EFFECT_LOAD:
    case EFFECT_LOAD_FORK:
    case EFFECT_LOAD_HASHES:
    case EFFECT_QUERY:
        effect_read(life, effect);
        return;
    case EFFECT_CHECK:
        effect_check(life, effect);
        return;
    case EFFECT_OPEN:
        effect_open(life, effect);
        return;
    case EFFECT_VERIFY:
        effect_verify(life, effect);
        return;
    case EFFECT_SEND:
        effect_send(effect);
        return;
    case EFFECT_CLOSE:
    case EFFECT_DIAL:
    case EFFECT_RESOLVE:
    case EFFECT_GUEST_NAMED:
    case EFFECT_GUEST_PEOPLE:
    case EFFECT_GUEST_WORD:
    case EFFECT_GUEST_RETRY:
    case EFFECT_GUEST_HANG_UP:
    case EFFECT_TIMER:
    case EFFECT_SHOWN:
    case EFFECT_RECEIPT:
    case EFFECT_PEER:
    case EFFECT_SAY:
    case EFFECT_BACK:
    case EFFECT_ANSWER:
    case EFFECT_COMMAND:
    case EFFECT_GO:
    case EFFECT_BELL:
    case EFFECT_LEAVE:
        return;
    }
}

static void effects_do(struct life *life)
{
    struct node_effect *effect;
    life->busy = true;
    while ((effect = node_next(life->node))) {
        must(++life->turns < TURNS, "it never ends");
        effect_do(life, effect);
        node_effect_free(effect);
    }
    life->busy = false;
}

static void give(struct life *life, const struct node_event *event)
{
    node_handle(life->node, life->now, event);
    if (!life->busy)
        effects_do(life);
}

/* ---- a life ---- */

static void pass(struct life *life, uint64_t ms)
{
    life->now.mono_ms += ms;
    life->now.wall_ms += ms;
    give(life, &(struct node_event){.kind = EVENT_TIMER});
}

static void type(struct life *life, const char *conversation, const char *line)
{
    struct node_event event = {.kind = EVENT_LINE};
    event.line.number = 1;
    event.line.conversation = conversation;
    event.line.bytes = line;
    event.line.size = strlen(line);
    give(life, &event);
}

static void look_at(struct life *life, const char *conversation)
{
    static const enum node_scroll ways[] = {NODE_SCROLL_UP, NODE_SCROLL_DOWN, NODE_SCROLL_END};
    give(life, &(struct node_event){.kind = EVENT_OPEN, .open = conversation});
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct node_event event = {.kind = EVENT_SCROLL};
        event.scroll.how = ways[i];
        event.scroll.conversation = conversation;
        give(life, &event);
    }
    (void)node_model(life->node);
    node_drawn(life->node);
}

static void hear(struct life *life, const struct frame *frame)
{
    give(life, &(struct node_event){.kind = EVENT_FRAME, .link = 1, .frame = frame});
}

static void ask(struct life *life, const struct id *author, const struct epoch_id *epoch)
{
    struct frame_height heights[ROWS_ENTRIES];
    struct frame frame = {.kind = FRAME_WANT, .range = {*author, *epoch, 1, ROWS_ENTRIES}};
    hear(life, &frame);
    for (size_t i = 0; i < ROWS_ENTRIES; i++)
        heights[i] = (struct frame_height){.seq = i + 1};
    frame =
        (struct frame){.kind = FRAME_HEIGHTS, .heights = {*author, *epoch, ROWS_ENTRIES, heights}};
    hear(life, &frame);
}

/* Somebody is there who asks for all that there may be, and has something to say. */
static void meet(struct life *life)
{
    const struct id *peer = &rows_world.people[1].id;
    struct node_event event = {.kind = EVENT_LINK_UP, .link = 1};
    event.up.peer = *peer;
    give(life, &event);
    struct frame frame = {.kind = FRAME_HELLO};
    frame.hello = (struct frame_hello){.version = PROTOCOL_VERSION,
                                       .net = rows_world.net,
                                       .name = span_text("bea"),
                                       .component = *peer};
    hear(life, &frame);
    frame = (struct frame){.kind = FRAME_OVERLAY, .overlay = {.kind = OVERLAY_ASK}};
    hear(life, &frame);
    frame = (struct frame){.kind = FRAME_ACKS_WANTED};
    hear(life, &frame);
    for (size_t i = 0; i < ROWS_PEOPLE; i++)
        for (size_t j = 0; j < ROWS_EPOCHS; j++) {
            struct epoch_id epoch = rows_epoch(j);
            ask(life, &rows_world.people[i].id, &epoch);
        }
    for (size_t i = 0; i < ROWS_ENTRIES; i++) {
        const struct entry *entry = rows_world.entries[1][0][i];
        struct frame_entry sent = {entry_bytes(entry), entry_signature(entry)};
        frame = (struct frame){.kind = FRAME_ENTRIES, .entries = {1, &sent}};
        hear(life, &frame);
    }
}

static void talk(struct life *life)
{
    static const char *const lines[] = {"hola",
                                        "/search ana",
                                        "/search from:bea in:lab hola",
                                        "/who-got",
                                        "/info bea",
                                        "/whisper bea hola",
                                        "/whisper bob hola",
                                        "/topic new",
                                        "/peers"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        type(life, "#everyone", lines[i]);
    for (uint8_t i = 0; i < 10; i++)
        look_at(life, rows_conversation(i));
    type(life, rows_conversation(7), "hola");
    pass(life, 3000);
    pass(life, 60000);
    give(life, &(struct node_event){.kind = EVENT_STOP});
}

static void live(struct life *life)
{
    effect_read(life, NULL);
    meet(life);
    talk(life);
}

static struct node *node_of(struct life *life, const struct node_saved *saved)
{
    struct node_config config = {.identity = &rows_world.people[0],
                                 .codec = &native_codec,
                                 .signer = &signer_fake,
                                 .sys = &life->sys,
                                 .net = rows_world.net,
                                 .name = "ana",
                                 .port = 9999,
                                 .author_rate = 500,
                                 .retention = retention_defaults()};
    config.retention.author_entries = 3;
    return node_new(&config, saved, life->now);
}

/* ---- reading without a node ---- */

static void ask_store(struct life *life, enum query_kind kind, const char *conversation)
{
    struct node_effect effect = {.kind = EFFECT_QUERY, .ticket = 1};
    effect.query = (struct node_query){.kind = kind,
                                       .conversation = conversation,
                                       .at = {.key = WALL, .seq = 2},
                                       .count = 20,
                                       .words = span_text("hola")};
    if (kind == QUERY_UP)
        effect.query.at.key = UINT64_MAX;
    effect_read(life, &effect);
}

static void read_all(struct life *life)
{
    for (uint8_t i = 0; i < 10; i++) {
        ask_store(life, QUERY_UP, rows_conversation(i));
        ask_store(life, QUERY_AROUND, rows_conversation(i));
        ask_store(life, QUERY_SEARCH, rows_conversation(i));
    }
    for (size_t i = 0; i < ROWS_PEOPLE; i++) {
        struct sync_effect sync = {
            .range = {rows_world.people[i].id, rows_epoch(0), 1, ENTRY_NUMBER_MAX}};
        effect_read(life, &(struct node_effect){.kind = EFFECT_LOAD, .sync = &sync});
        effect_read(life, &(struct node_effect){.kind = EFFECT_LOAD_FORK, .sync = &sync});
    }
    effect_read(life, NULL);
}

/* ---- the whole ---- */

static bool start_load(struct store_start *start)
{
    *start = (struct store_start){0};
    load(&connection, WALL, start);
    enum store_fault fault = db_fault_take(&connection);
    fault_look(fault);
    if (!sqlite3_get_autocommit(connection.handle))
        (void)sqlite3_exec(connection.handle, "ROLLBACK", NULL, NULL, NULL);
    return fault == STORE_FINE;
}

int store_play(const uint8_t *data, size_t size, bool lives)
{
    struct store_start start;
    if (size == 0)
        return 0;
    if (!connection.handle)
        begin();
    struct life life = {.fake = {.seed = 1}, .now = {1000, WALL}, .store = {.durable = true}};
    life.sys = sys_fake(&life.fake);
    life.reader.sized = true;
    sqlite3_exec(connection.handle, "BEGIN", NULL, NULL, NULL);
    rows_clear(connection.handle);
    if (data[0] & 128)
        rows_put_right(connection.handle);
    (void)rows_put(connection.handle, data + 1, size - 1);
    sqlite3_exec(connection.handle, "COMMIT", NULL, NULL, NULL);
    if (start_load(&start)) {
        life.node = node_of(&life, &start.saved);
        start.taken = true;
        effects_do(&life);
        if (lives)
            live(&life);
        node_free(life.node);
        life.node = NULL;
    }
    if (data[0] & 1)
        read_all(&life);
    store_start_done(&start);
    held_free(life.store.logs);
    return 0;
}
