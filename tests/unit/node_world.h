#pragma once
/* Two or three nodes driven by hand: wires that really encode and decode, disks in memory, jobs
 * done in order. Whatever a node shows or says is kept as text, to be looked for. */
#include "unit.h"

#include "base/alloc.h"
#include "core/log.h"
#include "core/node.h"
#include "core/room.h"
#include "dialect/native.h"
#include "node_disk.h"
#include "tests/sim/signer_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { PEERS = 4, WIRES = 64, PORT_FIRST = 9000 };

struct task {
    struct task *prev, *next;
    size_t peer;
    unsigned life;
    struct node_effect *effect; /* a job */
    struct frame *frame;        /* or a frame that came */
    uint32_t link;
    bool down;
};

struct said {
    char *text;
    struct said *next;
};

struct peer {
    struct identity identity;
    struct sys_fake fake;
    struct sys sys;
    struct node *node;
    unsigned life;
    bool reachable;
    bool full;
    bool deaf;    /* its jobs and its disk wait */
    int64_t wall; /* ahead of the others */
    uint64_t timer;
    struct disk disk;
    struct entry *fork[2];
    struct said *said;
    size_t shown, bells, left, stores, own_stores;
    size_t hearsay;        /* acks that came from others than their ackers */
    uint64_t guest_word;   /* the last that is to be answered by a tick */
    struct entry_ref last; /* shown */
    struct node_receipt receipt;
    uint64_t line;
    enum command_id command;
    struct node_answer answer; /* its pointers are gone; the numbers stay */
    const struct mesh_key *key;
    struct hash net;
    const char *name;
};

struct wire {
    bool open;
    bool shut[2]; /* this side closed it: it hears no more; the other hears what was sent before */
    size_t peer[2];
};

struct world {
    uint64_t mono_ms;
    struct peer peers[PEERS];
    size_t count;
    struct wire wires[WIRES];
    size_t wire_count;
    struct task *tasks;
    enum call_fault fault; /* what the network says where nobody is */
};

/* ---- what a peer said ---- */

static void note(struct peer *peer, const char *kind, const char *where, const char *from,
                 struct span text)
{
    size_t size = strlen(kind) + strlen(where) + strlen(from) + text.size + 4;
    struct said *said = xcalloc(1, sizeof *said);
    said->text = xcalloc(1, size);
    snprintf(said->text, size, "%s %s %s %.*s", kind, where, from, (int)text.size,
             text.size ? (const char *)text.bytes : "");
    LL_APPEND(peer->said, said);
}

/* How often; texts end right there. */
static inline size_t said_count(const struct peer *peer, const char *text)
{
    size_t count = 0;
    const struct said *said;
    LL_FOREACH(peer->said, said)
    count += strcmp(said->text, text) == 0;
    return count;
}

static inline size_t said_with(const struct peer *peer, const char *part)
{
    size_t count = 0;
    const struct said *said;
    LL_FOREACH(peer->said, said)
    count += strstr(said->text, part) != NULL;
    return count;
}

static void said_forget(struct peer *peer)
{
    struct said *said, *next;
    LL_FOREACH_SAFE(peer->said, said, next)
    {
        free(said->text);
        free(said);
    }
    peer->said = NULL;
    peer->shown = peer->bells = 0;
}

/* ---- events ---- */

static void effects_do(struct world *world, size_t number);

static struct node_now now_of(const struct world *world, size_t number)
{
    uint64_t wall = UINT64_C(1700000000000) + world->mono_ms;
    return (struct node_now){world->mono_ms, (uint64_t)((int64_t)wall + world->peers[number].wall)};
}

static void give(struct world *world, size_t number, const struct node_event *event)
{
    struct peer *peer = &world->peers[number];
    if (!peer->node)
        return;
    node_handle(peer->node, now_of(world, number), event);
    effects_do(world, number);
}

static void task_add(struct world *world, struct task task)
{
    struct task *copy = xmemdup(&task, sizeof task);
    copy->life = world->peers[task.peer].life;
    DL_APPEND(world->tasks, copy);
}

/* ---- wires: number * 2 + side + 1 ---- */

static void dial(struct world *world, size_t from, const struct overlay_address *address)
{
    size_t to = (size_t)address->port - PORT_FIRST;
    struct node_event event = {
        .kind = EVENT_DIAL_FAILED, .fault = world->fault, .dial_failed = *address};
    if (to >= world->count || !world->peers[to].reachable || !world->peers[to].node ||
        world->wire_count == WIRES) {
        give(world, from, &event);
        return;
    }
    size_t wire = world->wire_count++;
    world->wires[wire] = (struct wire){.open = true, .peer = {from, to}};
    for (size_t side = 0; side < 2; side++) {
        event = (struct node_event){.kind = EVENT_LINK_UP, .link = (uint32_t)(wire * 2 + side + 1)};
        event.up.peer = world->peers[side ? from : to].identity.id;
        event.up.dialled = side == 0;
        event.up.address = *address;
        if (side)
            event.up.address.port = 0;
        memset(event.up.exported, (int)wire, sizeof event.up.exported);
        give(world, side ? to : from, &event);
    }
}

static void wire_cut(struct world *world, size_t wire, size_t side)
{
    size_t other = 1 - side;
    world->wires[wire].open = false;
    world->wires[wire].shut[side] = true;
    task_add(world, (struct task){.peer = world->wires[wire].peer[other],
                                  .link = (uint32_t)(wire * 2 + other + 1),
                                  .down = true});
}

static void frame_carry(struct world *world, uint32_t link, const struct frame *frame)
{
    size_t wire = (link - 1) / 2, side = (link - 1) % 2;
    struct buf buf;
    buf_init(&buf, FRAME_MAX);
    assert_true(frame_pack(frame, &buf));
    struct frame *copy = frame_unpack(span_of(buf_bytes(&buf) + 4, buf.length - 4));
    assert_non_null(copy);
    buf_done(&buf);
    task_add(world, (struct task){.peer = world->wires[wire].peer[1 - side],
                                  .link = (uint32_t)(wire * 2 + (1 - side) + 1),
                                  .frame = copy});
}

/* ---- effects ---- */

static void shown(struct peer *peer, const struct node_line *line)
{
    char from[200];
    snprintf(from, sizeof from, "%s%s%s", line->name,
             line->late     ? " late"
             : line->missed ? " missed"
                            : "",
             line->mention ? " !" : "");
    peer->shown++;
    peer->last = (struct entry_ref){line->order.author, line->order.epoch, line->order.seq};
    const char *kind = !line->readable             ? "unreadable"
                       : line->kind == ENTRY_SAY   ? "say"
                       : line->kind == ENTRY_ACT   ? "act"
                       : line->kind == ENTRY_JOIN  ? "join"
                       : line->kind == ENTRY_LEAVE ? "leave"
                       : line->kind == ENTRY_TOPIC ? "topic"
                       : line->kind == ENTRY_CALL  ? "call"
                                                   : "other";
    note(peer, kind, line->whisper ? "whisper" : line->conversation, from, line->text);
}

static void answered(struct peer *peer, const struct node_answer *answer)
{
    peer->answer = *answer;
    for (size_t i = 0; answer->peers && i < answer->count; i++)
        note(peer, "peer", "-", answer->peers[i].name, span_text(answer->verify));
    for (size_t i = 0; answer->rooms && i < answer->count; i++)
        note(peer, "room", answer->rooms[i].conversation,
             answer->rooms[i].joined ? "joined" : "known", span_text(answer->rooms[i].topic));
    for (size_t i = 0; answer->lines && i < answer->count; i++)
        note(peer, "found", answer->lines[i].conversation, answer->lines[i].name,
             answer->lines[i].text);
    for (size_t i = 0; answer->people && i < answer->count; i++)
        note(peer, "got", answer->labels[i], answer->stored[i] ? "yes" : "no", span_text(""));
}

static void said(struct peer *peer, const struct node_effect *effect)
{
    char text[MESSAGE_TEXT_BYTES];
    message_text(&effect->say.message, NULL, text, sizeof text);
    note(peer, effect->say.error ? "error" : "notice", effect->say.message.code, "-",
         span_text(text));
    if (effect->say.error)
        peer->line = effect->line;
}

static void told(struct peer *peer, const struct node_peer *about)
{
    static const char *const STATES[] = {"up", "down", "changed"};
    note(peer, STATES[about->state], about->away ? "away" : "here", about->name,
         span_text(about->why));
}

/* "say 7 bruno hola": what a guest's link is told. */
static void guest_told(struct peer *peer, const struct node_effect *effect)
{
    static const char *const TELLS[] = {
        [GUEST_TELLS_SAY] = "tell",      [GUEST_TELLS_ACT] = "tell-act",
        [GUEST_TELLS_PRIVATE] = "alone", [GUEST_TELLS_JOINED] = "joined",
        [GUEST_TELLS_LEFT] = "left",     [GUEST_TELLS_NOTICE] = "tell-notice",
        [GUEST_TELLS_RING] = "ring",
    };
    char link[16], who[LABEL_BYTES + ROOM_MAX + 4] = "-", names[1024] = "";
    snprintf(link, sizeof link, "%u", (unsigned)effect->link);
    if (effect->kind == EFFECT_GUEST_WORD) {
        const struct node_guest_word *word = &effect->guest;
        snprintf(who, sizeof who, "%.*s%s", (int)word->who.size, (const char *)word->who.bytes,
                 word->own      ? " own"
                 : word->hosted ? " hosted"
                                : "");
        if (word->id)
            peer->guest_word = word->id;
        note(peer, TELLS[word->kind], link, who, word->text);
    } else if (effect->kind == EFFECT_GUEST_PEOPLE) {
        for (size_t i = 0; i < effect->people.count; i++)
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s%.*s", i ? "," : "",
                     (int)effect->people.names[i].size,
                     (const char *)effect->people.names[i].bytes);
        note(peer, "people", link, "-", span_text(names));
    } else if (effect->kind == EFFECT_GUEST_NAMED) {
        note(peer, "named", link, "-", effect->guest.name);
    } else {
        note(peer, effect->kind == EFFECT_GUEST_RETRY ? "retry" : "hang-up", link, "-",
             span_text(""));
    }
}

/* Long because every kind of effect is named. True where the effect is kept for later. */
static bool effect_do(struct world *world, size_t number, struct node_effect *effect)
{
    struct peer *peer = &world->peers[number];
    switch (effect->kind) {
    case EFFECT_SEND:
        if (world->wires[(effect->link - 1) / 2].open)
            frame_carry(world, effect->link, effect->frame);
        return false;
    case EFFECT_CLOSE:
        if (world->wires[(effect->link - 1) / 2].open)
            wire_cut(world, (effect->link - 1) / 2, (effect->link - 1) % 2);
        return false;
    case EFFECT_DIAL:
    case EFFECT_RESOLVE:
    case EFFECT_CHECK:
    case EFFECT_OPEN:
    case EFFECT_VERIFY:
    case EFFECT_STORE:
    case EFFECT_STORE_FORK:
    case EFFECT_LOAD:
    case EFFECT_LOAD_FORK:
    case EFFECT_LOAD_HASHES:
    case EFFECT_QUERY:
        task_add(world, (struct task){.peer = number, .effect = effect});
        return true;
    case EFFECT_STORE_OPENED:
        disk_opened(&peer->disk, effect);
        return false;
    case EFFECT_STORE_ACKS:
        for (size_t i = 0; i < effect->acks.count; i++)
            disk_ack(&peer->disk, &effect->acks.acks[i]);
        return false;
    case EFFECT_STORE_PERSON:
        disk_person(&peer->disk, &effect->person);
        return false;
    case EFFECT_STORE_ROOM:
        disk_room(&peer->disk, &effect->room);
        return false;
    case EFFECT_STORE_MEMBER:
        disk_member(&peer->disk, &effect->member);
        return false;
    case EFFECT_STORE_LOCAL:
        disk_local(&peer->disk, &effect->local.line);
        return false;
    case EFFECT_STORE_OWED:
        disk_owed(&peer->disk, &effect->owed);
        return false;
    case EFFECT_DROP_OWED:
        disk_owed_drop(&peer->disk, &effect->owed);
        return false;
    case EFFECT_STORE_SELF:
        free(peer->disk.name);
        free(peer->disk.why);
        peer->disk.name = xstrdup(effect->self.name);
        peer->disk.why = xstrdup(effect->self.why);
        peer->disk.away = effect->self.away;
        return false;
    case EFFECT_TIMER:
        peer->timer = effect->timer;
        return false;
    case EFFECT_SHOWN:
        shown(peer, &effect->shown);
        return false;
    case EFFECT_RECEIPT:
        peer->receipt = effect->receipt;
        if (effect->receipt.guest)
            note(peer, effect->receipt.delivered ? "delivered" : "missed",
                 effect->receipt.conversation, effect->receipt.guest, span_text(""));
        return false;
    case EFFECT_PEER:
        told(peer, &effect->peer);
        return false;
    case EFFECT_SAY:
        said(peer, effect);
        return false;
    case EFFECT_BACK:
        note(peer, "back", effect->back.conversation, "-", span_text(effect->back.text));
        return false;
    case EFFECT_ANSWER:
        answered(peer, &effect->answer);
        return false;
    case EFFECT_COMMAND:
        peer->command = effect->command->id;
        return false;
    case EFFECT_GO:
        note(peer, "go", effect->go, "-", span_text(""));
        return false;
    case EFFECT_BELL:
        peer->bells++;
        return false;
    case EFFECT_LEAVE:
        peer->left++;
        return false;
    case EFFECT_GUEST_NAMED:
    case EFFECT_GUEST_PEOPLE:
    case EFFECT_GUEST_WORD:
    case EFFECT_GUEST_RETRY:
    case EFFECT_GUEST_HANG_UP:
        guest_told(peer, effect);
        return false;
    case EFFECT_TRIM:
        fail_msg("nothing here expires");
    }
    return false;
}

static void effects_do(struct world *world, size_t number)
{
    struct node_effect *effect;
    while ((effect = node_next(world->peers[number].node)))
        if (!effect_do(world, number, effect))
            node_effect_free(effect);
}

/* ---- jobs ---- */

static void job_store(struct world *world, size_t number, const struct node_effect *effect)
{
    struct peer *peer = &world->peers[number];
    struct node_event event = {.ticket = effect->ticket};
    event.kind = peer->full ? EVENT_STORE_FAILED : EVENT_STORED;
    peer->stores++;
    peer->own_stores += effect->store.own;
    for (size_t i = 0; !peer->full && i < effect->store.count; i++)
        disk_put(&peer->disk, &effect->store.records[i], (enum sync_place)effect->store.places[i],
                 &effect->store.trails[i]);
    give(world, number, &event);
}

static void job_load(struct world *world, size_t number, const struct node_effect *effect)
{
    struct entry *entries[RUN_MAX];
    const struct frame_range *range = &effect->sync->range;
    struct node_event event = {.kind = EVENT_READ, .ticket = effect->ticket};
    event.read.entries = entries;
    for (uint64_t seq = range->low; seq <= range->high && event.read.count < RUN_MAX; seq++) {
        struct entry_ref ref = {range->author, range->epoch, seq};
        struct kept *kept = disk_find(&world->peers[number].disk, &ref);
        if (!kept)
            break;
        entries[event.read.count++] = kept->record.entry;
    }
    give(world, number, &event);
}

static void job_store_fork(struct world *world, size_t number, const struct node_effect *effect)
{
    for (size_t i = 0; i < 2; i++) {
        entry_drop(world->peers[number].fork[i]);
        world->peers[number].fork[i] = entry_hold(effect->sync->entries[i]);
    }
    give(world, number, &(struct node_event){.kind = EVENT_STORED, .ticket = effect->ticket});
}

static void job_load_fork(struct world *world, size_t number, const struct node_effect *effect)
{
    struct node_event event = {.kind = EVENT_READ, .ticket = effect->ticket};
    event.read.entries = world->peers[number].fork;
    event.read.count = world->peers[number].fork[0] ? 2 : 0;
    give(world, number, &event);
}

static void job_hashes(struct world *world, size_t number, const struct node_effect *effect)
{
    const struct frame_heights *asked = &effect->sync->frame.heights;
    struct frame_height heights[HEIGHTS_MAX];
    struct node_event event = {.kind = EVENT_HASHES, .ticket = effect->ticket};
    event.hashes.heights = heights;
    for (size_t i = 0; i < asked->count; i++) {
        struct entry_ref ref = {asked->author, asked->epoch, asked->heights[i].seq};
        const struct kept *kept = disk_find(&world->peers[number].disk, &ref);
        if (kept)
            heights[event.hashes.count++] =
                (struct frame_height){ref.seq, kept->record.entry->hash};
    }
    give(world, number, &event);
}

static void job_query(struct world *world, size_t number, const struct node_effect *effect)
{
    struct disk *disk = &world->peers[number].disk;
    struct node_record *records = xcalloc(disk->count + disk->local_count + 1, sizeof *records);
    struct node_event event = {.kind = EVENT_PAGE, .ticket = effect->ticket};
    event.page.records = records;
    for (size_t i = 0; i < disk->count; i++) {
        const struct kept *kept = &disk->kept[i];
        bool fits = effect->query.kind != QUERY_SEARCH
                        ? strcmp(kept->conversation, effect->query.conversation) == 0
                        : memmem(kept->record.entry->bytes, kept->record.entry->size,
                                 effect->query.words.bytes, effect->query.words.size) != NULL;
        if (fits)
            records[event.page.count++] = kept->record;
    }
    for (size_t i = 0; i < disk->local_count; i++) {
        const struct node_local *line = &disk->locals[i];
        if (effect->query.kind != QUERY_SEARCH &&
            strcmp(line->conversation, effect->query.conversation) == 0)
            records[event.page.count++] = (struct node_record){
                .key = line->order.key, .conversation = line->conversation, .local = line};
    }
    give(world, number, &event);
    free(records);
}

static void job_check(struct world *world, size_t number, const struct node_effect *effect)
{
    const struct sync_effect *sync = effect->sync;
    struct node_event event = {.kind = EVENT_CHECKED, .ticket = effect->ticket};
    event.verdict = run_check(sync->has_below ? &sync->below : NULL, &sync->range.author,
                              sync->entries, sync->count, &signer_fake);
    give(world, number, &event);
}

static void job_open(struct world *world, size_t number, const struct node_effect *effect)
{
    struct node_event event = {.kind = EVENT_OPENED, .ticket = effect->ticket};
    event.opened.fault = whisper_open(&effect->open->fields, &world->peers[number].identity,
                                      &native_codec, &event.opened.whisper);
    give(world, number, &event);
}

static void job_verify(struct world *world, size_t number, const struct node_effect *effect)
{
    struct node_event event = {.kind = EVENT_VERIFIED, .ticket = effect->ticket};
    bool good[ACKS_MAX];
    for (size_t i = 0; i < effect->acks.count; i++)
        good[i] = ack_verify(&effect->acks.acks[i], &world->peers[number].net, &signer_fake);
    event.verified = good;
    give(world, number, &event);
}

/* "nowhere" is no host, "several" one with many addresses where nobody is, "other" another address
 * of this machine; ports say who is meant. */
static void job_resolve(struct world *world, size_t number, const struct node_effect *effect)
{
    const char *host = effect->resolve.host;
    struct node_event event = {.kind = EVENT_ADDRESS, .ticket = effect->ticket};
    event.address.address = (struct overlay_address){.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1},
                                                     .port = effect->resolve.port};
    event.address.found = FOUND_ASKED;
    struct overlay_address address = event.address.address;
    if (strcmp(host, "other") == 0)
        event.address.address.ip[15] = 2;
    if (strcmp(host, "nowhere") == 0 || strcmp(host, "several") == 0)
        event = (struct node_event){
            .kind = EVENT_DIAL_FAILED, .ticket = effect->ticket, .fault = world->fault};
    if (strcmp(host, "several") == 0)
        event.dial_failed = address;
    give(world, number, &event);
}

static void job_do(struct world *world, size_t number, struct node_effect *effect)
{
    if (effect->kind == EFFECT_DIAL && effect->dial.dialect && effect->dial.dialect[0]) {
        note(&world->peers[number], "dial", effect->dial.dialect, "", span_text(""));
        return; /* guests are the test's to bring */
    }
    if (effect->kind == EFFECT_DIAL)
        dial(world, number, &effect->dial.address);
    else if (effect->kind == EFFECT_RESOLVE)
        job_resolve(world, number, effect);
    else if (effect->kind == EFFECT_CHECK)
        job_check(world, number, effect);
    else if (effect->kind == EFFECT_OPEN)
        job_open(world, number, effect);
    else if (effect->kind == EFFECT_VERIFY)
        job_verify(world, number, effect);
    else if (effect->kind == EFFECT_STORE)
        job_store(world, number, effect);
    else if (effect->kind == EFFECT_LOAD)
        job_load(world, number, effect);
    else if (effect->kind == EFFECT_STORE_FORK)
        job_store_fork(world, number, effect);
    else if (effect->kind == EFFECT_LOAD_FORK)
        job_load_fork(world, number, effect);
    else if (effect->kind == EFFECT_LOAD_HASHES)
        job_hashes(world, number, effect);
    else if (effect->kind == EFFECT_QUERY)
        job_query(world, number, effect);
    else
        fail_msg("no such job");
}

static void hearsay_count(struct world *world, const struct task *task)
{
    const struct wire *wire = &world->wires[(task->link - 1) / 2];
    const struct id *from = &world->peers[wire->peer[task->link % 2]].identity.id;
    for (size_t i = 0; i < task->frame->acks.count; i++)
        world->peers[task->peer].hearsay += !id_equal(&task->frame->acks.acks[i].acker, from);
}

static void task_do(struct world *world, struct task *task)
{
    struct peer *peer = &world->peers[task->peer];
    struct node_event event = {.kind = EVENT_FRAME, .link = task->link, .frame = task->frame};
    bool alive = peer->node && peer->life == task->life;
    if (task->down)
        event.kind = EVENT_LINK_DOWN;
    if (alive && task->effect)
        job_do(world, task->peer, task->effect);
    else if (alive && !world->wires[(task->link - 1) / 2].shut[(task->link - 1) % 2])
        give(world, task->peer, &event);
    if (task->frame && task->frame->kind == FRAME_ACKS)
        hearsay_count(world, task);
    node_effect_free(task->effect);
    frame_free(task->frame);
    free(task);
}

/* Everything that can happen without time passing. */
static void settle(struct world *world)
{
    size_t steps = 0;
    struct task *task = world->tasks;
    while (task) {
        struct task *next = task->next;
        if (!world->peers[task->peer].deaf || !task->effect) {
            DL_DELETE(world->tasks, task);
            task_do(world, task);
            next = world->tasks;
            assert_true(++steps < 100000);
        }
        task = next;
    }
}

static void pass(struct world *world, uint64_t ms)
{
    uint64_t until = world->mono_ms + ms;
    size_t steps = 0;
    settle(world);
    for (;;) {
        uint64_t due = until;
        for (size_t i = 0; i < world->count; i++)
            if (world->peers[i].node && world->peers[i].timer < due)
                due = world->peers[i].timer;
        if (due > world->mono_ms)
            world->mono_ms = due;
        if (world->mono_ms >= until)
            return;
        for (size_t i = 0; i < world->count; i++)
            if (world->peers[i].node && world->peers[i].timer <= world->mono_ms)
                give(world, i, &(struct node_event){.kind = EVENT_TIMER});
        settle(world);
        assert_true(++steps < 100000);
    }
}

/* ---- lives ---- */

static void peer_start(struct world *world, size_t number)
{
    struct peer *peer = &world->peers[number];
    struct disk *disk = &peer->disk;
    struct node_config config = {.identity = &peer->identity,
                                 .codec = &native_codec,
                                 .signer = &signer_fake,
                                 .sys = &peer->sys,
                                 .net = peer->net,
                                 .key = peer->key,
                                 .name = peer->name,
                                 .port = (uint16_t)(PORT_FIRST + number),
                                 .retention = retention_defaults(),
                                 .greet = true};
    struct node_saved saved = {.name = disk->name,
                               .away = disk->away,
                               .why = disk->why,
                               .log_count = disk->log_count,
                               .logs = disk->logs,
                               .person_count = disk->person_count,
                               .people = disk->people,
                               .room_count = disk->room_count,
                               .rooms = disk->rooms,
                               .member_count = disk->member_count,
                               .members = disk->members,
                               .ack_count = disk->ack_count,
                               .acks = disk->acks,
                               .owed_count = disk->owed_count,
                               .owed = disk->owed};
    peer->life++;
    peer->reachable = true;
    peer->node = node_new(&config, &saved, now_of(world, number));
    effects_do(world, number);
}

static inline void peer_kill(struct world *world, size_t number)
{
    struct peer *peer = &world->peers[number];
    node_free(peer->node);
    peer->node = NULL;
    peer->life++;
    for (size_t i = 0; i < world->wire_count; i++)
        for (size_t side = 0; side < 2; side++)
            if (world->wires[i].open && world->wires[i].peer[side] == number)
                wire_cut(world, i, side);
}

static size_t peer_add(struct world *world, const char *name, const char *mesh)
{
    size_t number = world->count++;
    struct peer *peer = &world->peers[number];
    struct seed seed;
    memset(seed.bytes, (int)(number + 1), sizeof seed.bytes);
    identity_init(&peer->identity, &seed);
    peer->fake.seed = number + 100;
    peer->sys = sys_fake(&peer->fake);
    peer->net = mesh_net(span_text(mesh), NULL);
    peer->name = name;
    return number;
}

static struct world *world_new(void)
{
    core_start();
    struct world *world = xcalloc(1, sizeof *world);
    world->mono_ms = 1000;
    return world;
}

static void world_free(struct world *world)
{
    struct task *task, *next;
    DL_FOREACH_SAFE(world->tasks, task, next)
    {
        node_effect_free(task->effect);
        frame_free(task->frame);
        free(task);
    }
    for (size_t i = 0; i < world->count; i++) {
        node_free(world->peers[i].node);
        said_forget(&world->peers[i]);
        disk_done(&world->peers[i].disk);
        entry_drop(world->peers[i].fork[0]);
        entry_drop(world->peers[i].fork[1]);
    }
    free(world);
}

static void hear(struct world *world, size_t number, size_t of)
{
    struct node_event event = {.kind = EVENT_ADDRESS};
    event.address.address = (struct overlay_address){.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1},
                                                     .port = (uint16_t)(PORT_FIRST + of)};
    event.address.found = FOUND_ASKED;
    give(world, number, &event);
    settle(world);
}

static void type_in(struct world *world, size_t number, const char *conversation, const char *line)
{
    struct node_event event = {.kind = EVENT_LINE};
    event.line.number = 7;
    event.line.conversation = conversation;
    event.line.bytes = line;
    event.line.size = strlen(line);
    give(world, number, &event);
    settle(world);
}

static void type(struct world *world, size_t number, const char *line)
{
    type_in(world, number, ROOM_EVERYONE, line);
}

/* Ana and Bruno, linked. */
static struct world *two(void)
{
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    peer_add(world, "bruno", "lan");
    peer_start(world, 0);
    peer_start(world, 1);
    hear(world, 0, 1);
    pass(world, 3000);
    return world;
}

static inline size_t links_open(const struct world *world)
{
    size_t count = 0;
    for (size_t i = 0; i < world->wire_count; i++)
        count += world->wires[i].open;
    return count;
}
