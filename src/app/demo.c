/* The demo's clock, its nodes, and what they ask of disk and threads. Nothing is ever done from
 * inside a node: whatever an effect brings about becomes a task, and comes back later. */
#include "app/demo_parts.h"

#include "core/room.h"
#include "dialect/native.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

enum {
    PORT = 9999,
    JOB_US = 200,
    DISK_US = 400,
    MEET_US = 3 * 1000 * DEMO_MS,   /* in which six people find and greet each other */
    HEAR_FIRST_US = 1200 * DEMO_MS, /* the welcome is there to be read */
    HEAR_EACH_US = 90 * DEMO_MS,
    PAST_MS = 21 * 3600 * 1000, /* a little before the first line that is told */
};

/* ---- time ---- */

uint64_t demo_us(const struct demo *demo)
{
    return sys_mono_us(demo->sys) + demo->ahead_us;
}

struct node_now demo_node_now(const struct demo *demo, unsigned who)
{
    int64_t wall = sys_wall_ms(demo->sys) + demo->nodes[who].skew_ms - (int64_t)demo->ago_ms;
    uint64_t past = wall > 0 ? (uint64_t)wall : 0;
    return (struct node_now){demo_us(demo) / DEMO_MS,
                             past < ENTRY_NUMBER_MAX ? past : ENTRY_NUMBER_MAX};
}

struct node_now demo_now(const struct demo *demo)
{
    return demo_node_now(demo, DEMO_OWN);
}

/* ---- tasks ---- */

static void task_free(struct demo_task *task)
{
    node_effect_free(task->effect);
    buf_done(&task->bytes);
    free(task->text);
    free(task->conversation);
    free(task);
}

struct demo_task *demo_later(struct demo *demo, uint64_t in_us, unsigned who,
                             void (*run)(struct demo *demo, struct demo_task *task))
{
    if (demo->task_count++ == DEMO_TASKS)
        die("a demo with too much under way");
    struct demo_task *task = xcalloc(1, sizeof *task);
    task->at_us = demo_us(demo) + in_us;
    task->who = who;
    task->run = run;
    buf_init(&task->bytes, FRAME_MAX);
    struct demo_task *before = demo->tasks ? demo->tasks->prev : NULL; /* the last one */
    while (before && before->at_us > task->at_us)
        before = before == demo->tasks ? NULL : before->prev;
    if (before)
        DL_APPEND_ELEM(demo->tasks, before, task);
    else
        DL_PREPEND(demo->tasks, task);
    return task;
}

static void first_run(struct demo *demo)
{
    struct demo_task *task = demo->tasks;
    DL_DELETE(demo->tasks, task);
    demo->task_count--;
    task->run(demo, task);
    task_free(task);
}

void demo_run(struct demo *demo)
{
    while (demo->tasks && demo->tasks->at_us <= demo_us(demo))
        first_run(demo);
}

uint64_t demo_next(const struct demo *demo)
{
    if (!demo->tasks)
        return UINT64_MAX;
    uint64_t at = demo->tasks->at_us > demo->ahead_us ? demo->tasks->at_us - demo->ahead_us : 0;
    return (at + DEMO_MS - 1) / DEMO_MS;
}

void demo_pass(struct demo *demo, uint64_t us)
{
    uint64_t end = demo_us(demo) + us;
    while (demo->tasks && demo->tasks->at_us <= end) {
        uint64_t now = demo_us(demo);
        if (demo->tasks->at_us > now)
            demo->ahead_us += demo->tasks->at_us - now;
        first_run(demo);
    }
    uint64_t now = demo_us(demo);
    if (end > now)
        demo->ahead_us += end - now;
}

/* ---- effects ---- */

static void timer_run(struct demo *demo, struct demo_task *task)
{
    if (task->number == demo->nodes[task->who].timer)
        demo_give(demo, task->who, &(struct node_event){.kind = EVENT_TIMER});
}

static void timer_set(struct demo *demo, unsigned who, uint64_t mono_ms)
{
    uint64_t now = demo_us(demo), number = ++demo->nodes[who].timer;
    if (mono_ms == UINT64_MAX)
        return;
    uint64_t at = mono_ms * DEMO_MS;
    demo_later(demo, at > now ? at - now : 100, who, timer_run)->number = number;
}

static void check(struct demo *demo, unsigned who, const struct node_effect *effect)
{
    const struct sync_effect *sync = effect->sync;
    struct node_event event = {.kind = EVENT_CHECKED, .ticket = effect->ticket};
    event.verdict = run_check(sync->has_below ? &sync->below : NULL, &sync->range.author,
                              sync->entries, sync->count, &signer_real);
    demo_give(demo, who, &event);
}

static void verify(struct demo *demo, unsigned who, const struct node_effect *effect)
{
    struct node_event event = {.kind = EVENT_VERIFIED, .ticket = effect->ticket};
    bool *verified = xcalloc(effect->acks.count + 1, sizeof *verified);
    for (size_t i = 0; i < effect->acks.count; i++)
        verified[i] = ack_verify(&effect->acks.acks[i], &demo->net, &signer_real);
    event.verified = verified;
    demo_give(demo, who, &event);
    free(verified);
}

static void job_run(struct demo *demo, struct demo_task *task)
{
    const struct node_effect *effect = task->effect;
    struct node_event event = {.kind = EVENT_OPENED, .ticket = effect->ticket};
    if (effect->kind == EFFECT_CHECK) {
        check(demo, task->who, effect);
    } else if (effect->kind == EFFECT_VERIFY) {
        verify(demo, task->who, effect);
    } else {
        event.opened.fault = whisper_open(&effect->open->fields, demo->nodes[task->who].identity,
                                          &native_codec, &event.opened.whisper);
        demo_give(demo, task->who, &event);
    }
}

static void store_run(struct demo *demo, struct demo_task *task)
{
    struct demo_answer answer;
    if (task->who == DEMO_OWN)
        demo->stores--;
    if (!demo_store_do(&demo->nodes[task->who].store, task->effect, &answer))
        return;
    demo_give(demo, task->who, &answer.event);
    demo_answer_done(&answer);
}

static bool own_command(struct demo *demo, const struct node_effect *effect)
{
    struct message export =
        message_make("demo-export", N_("Nothing of a demo is written to a file."));
    struct message doctor = message_make(
        "demo-doctor", N_("There is no network in a demo that a doctor could look at."));
    if (effect->command->id == COMMAND_SCAN)
        demo_scan(demo, effect->command->value, effect->line);
    else if (effect->command->id == COMMAND_EXPORT)
        demo->calls->say(demo->self, true, &export, effect->line);
    else if (effect->command->id == COMMAND_DOCTOR)
        demo->calls->say(demo->self, true, &doctor, effect->line);
    else
        return false;
    return true;
}

/* Long because every kind of effect is named. True: TAKES effect. */
static bool perform(struct demo *demo, unsigned who, struct node_effect *effect)
{
    bool own = who == DEMO_OWN;
    switch (effect->kind) {
    case EFFECT_SEND:
        demo_send(demo, effect->link, effect->frame);
        break;
    case EFFECT_CLOSE:
        demo_close(demo, effect->link);
        break;
    case EFFECT_DIAL:
        demo_dial(demo, who, effect);
        break;
    case EFFECT_RESOLVE:
        demo_resolve(demo, who, effect);
        break;
    case EFFECT_GUEST_WORD:
        demo_guest_word(demo, who, effect);
        break;
    case EFFECT_GUEST_HANG_UP:
        demo_guest_hang_up(demo, who, effect->link);
        break;
    case EFFECT_GUEST_NAMED:
    case EFFECT_GUEST_PEOPLE:
    case EFFECT_GUEST_RETRY:
        break; /* no guest here asks for any of it */
    case EFFECT_CHECK:
    case EFFECT_OPEN:
    case EFFECT_VERIFY:
        demo_later(demo, JOB_US, who, job_run)->effect = effect;
        return true;
    case EFFECT_STORE:
    case EFFECT_STORE_FORK:
    case EFFECT_LOAD:
    case EFFECT_LOAD_FORK:
    case EFFECT_LOAD_HASHES:
    case EFFECT_TRIM:
    case EFFECT_QUERY:
    case EFFECT_STORE_OPENED:
    case EFFECT_STORE_ACKS:
    case EFFECT_STORE_PERSON:
    case EFFECT_STORE_ROOM:
    case EFFECT_STORE_MEMBER:
    case EFFECT_STORE_SELF:
    case EFFECT_STORE_LOCAL:
    case EFFECT_STORE_OWED:
    case EFFECT_DROP_OWED:
        demo->stores += own;
        demo_later(demo, DISK_US, who, store_run)->effect = effect;
        return true;
    case EFFECT_TIMER:
        timer_set(demo, who, effect->timer);
        break;
    case EFFECT_SHOWN:
        if (own)
            return false;
        demo_heard(demo, who, &effect->shown);
        break;
    case EFFECT_COMMAND:
        if (own && !own_command(demo, effect))
            return false;
        break;
    case EFFECT_SAY:
    case EFFECT_LEAVE:
    case EFFECT_RECEIPT:
    case EFFECT_PEER:
    case EFFECT_BACK:
    case EFFECT_ANSWER:
    case EFFECT_GO:
    case EFFECT_BELL:
        if (own)
            return false;
        break;
    }
    node_effect_free(effect);
    return true;
}

bool demo_perform(struct demo *demo, struct node_effect *effect)
{
    return perform(demo, DEMO_OWN, effect);
}

static void perform_all(struct demo *demo, unsigned who)
{
    struct node_effect *effect;
    while ((effect = node_next(demo->nodes[who].node)))
        if (!perform(demo, who, effect))
            die("an effect that nobody does");
}

void demo_give(struct demo *demo, unsigned who, const struct node_event *event)
{
    if (who == DEMO_OWN) {
        demo->calls->event(demo->self, event);
        return;
    }
    node_handle(demo->nodes[who].node, demo_node_now(demo, who), event);
    perform_all(demo, who);
}

/* ---- the people ---- */

unsigned demo_person(const char *name)
{
    unsigned person = 0;
    while (person < DEMO_PEOPLE && strcmp(demo_name(person), name) != 0)
        person++;
    return person;
}

static void type_to_us(struct demo *demo, unsigned person, const char *line)
{
    char whom[ID_TEXT];
    id_text(&demo->nodes[DEMO_OWN].identity->id, whom);
    size_t size = strlen(line) + sizeof whom + 16;
    char *whisper = xmalloc(size);
    snprintf(whisper, size, "/whisper %s %s", whom, line);
    demo_type(demo, person, ROOM_EVERYONE, whisper);
    free(whisper);
}

void demo_type(struct demo *demo, unsigned person, const char *conversation, const char *line)
{
    struct node_event event = {.kind = EVENT_LINE};
    if (!conversation) {
        type_to_us(demo, person, line);
        return;
    }
    event.line.conversation = conversation;
    event.line.bytes = line;
    event.line.size = strlen(line);
    demo_give(demo, person, &event);
}

static void person_make(struct demo *demo, unsigned who)
{
    struct demo_node *node = &demo->nodes[who];
    struct seed seed;
    sys_random(demo->sys, seed.bytes, sizeof seed.bytes);
    identity_init(&node->own_identity, &seed);
    node->identity = &node->own_identity;
    node->skew_ms = demo_skew_ms(who);
    node->address = demo_address(11 + who, PORT);
    struct node_config config = {.identity = node->identity,
                                 .codec = &native_codec,
                                 .signer = &signer_real,
                                 .sys = demo->sys,
                                 .net = demo->net,
                                 .name = demo_name(who),
                                 .port = PORT,
                                 .author_rate = 500,
                                 .retention = retention_defaults(),
                                 .greet = true};
    node->node = node_new(&config, NULL, demo_node_now(demo, who));
    perform_all(demo, who);
}

static void people_meet(struct demo *demo)
{
    for (unsigned who = 0; who < DEMO_PEOPLE; who++)
        for (unsigned whom = who + 1; whom < DEMO_PEOPLE; whom++)
            demo_hear(demo, who, whom, DEMO_MS);
    demo_pass(demo, MEET_US);
}

/* As if we had been here before: we are in the lab, and have compared keys with the first. */
static void saved_make(struct demo *demo)
{
    demo->rooms[0] = (struct node_saved_room){.conversation = ROOM_EVERYONE, .joined = true};
    demo->rooms[1] = (struct node_saved_room){.conversation = "#lab", .joined = true};
    demo->rooms[0].topic = demo->rooms[1].topic = "";
    demo->people[0] = (struct node_saved_person){.why = span_text("")};
    demo->people[0].person = (struct person_saved){.id = demo->nodes[0].identity->id,
                                                   .name = span_text(demo_name(0)),
                                                   .alias = span_text(""),
                                                   .verified = true};
    demo->members[0] = (struct node_saved_member){.room = "#lab",
                                                  .who = demo->nodes[DEMO_OWN].identity->id,
                                                  .in = true,
                                                  .at = {.key = 1, .seq = 1},
                                                  .seen = demo_now(demo).wall_ms};
    demo->members[0].at.author = demo->members[0].who;
    demo->saved.members = demo->members;
    demo->saved.member_count = 1;
    demo->saved.rooms = demo->rooms;
    demo->saved.room_count = 2;
    demo->saved.people = demo->people;
    demo->saved.person_count = 1;
    demo->saved.why = "";
}

/* ---- the whole ---- */

struct demo *demo_new(const struct sys *sys, const struct identity *identity, struct hash net,
                      const struct demo_calls *calls, void *self)
{
    struct demo *demo = xcalloc(1, sizeof *demo);
    demo->sys = sys;
    demo->calls = calls;
    demo->self = self;
    demo->net = net;
    demo->nodes[DEMO_OWN].identity = identity;
    demo->nodes[DEMO_OWN].address = demo_address(10, PORT);
    demo->ago_ms = PAST_MS;
    demo_guests_init(demo);
    for (unsigned who = 0; who < DEMO_PEOPLE; who++)
        person_make(demo, who);
    people_meet(demo);
    demo_past(demo);
    saved_make(demo);
    return demo;
}

void demo_free(struct demo *demo)
{
    if (!demo)
        return;
    struct demo_task *task, *next;
    DL_FOREACH_SAFE(demo->tasks, task, next)
    task_free(task);
    demo_wires_free(demo);
    for (unsigned who = 0; who < DEMO_NODES; who++) {
        node_free(demo->nodes[who].node);
        demo_store_done(&demo->nodes[who].store);
        identity_done(&demo->nodes[who].own_identity);
    }
    free(demo);
}

const struct node_saved *demo_saved(const struct demo *demo)
{
    return &demo->saved;
}

uint16_t demo_port(const struct demo *demo)
{
    return demo->nodes[DEMO_OWN].address.port;
}

void demo_begin(struct demo *demo)
{
    for (unsigned who = 0; who < DEMO_PEOPLE; who++)
        demo_hear(demo, DEMO_OWN, who, HEAR_FIRST_US + who * HEAR_EACH_US);
    demo_script(demo);
}

bool demo_is_busy(const struct demo *demo)
{
    return demo->stores > 0;
}

void demo_hush(struct demo *demo, bool hushed)
{
    demo->hushed = hushed;
}
