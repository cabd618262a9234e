/* Who is in the demo, and what they say: before we come, by themselves, and when they are spoken
 * to. They speak the user's language, through the same road as anybody's words. */
#include "app/demo_parts.h"

#include "base/gettext.h"
#include "core/room.h"

#include <stdio.h>
#include <stdlib.h>

enum { BRUNO, CARLA, DANI, EVA, JOAO, MISAKI, TELMA };
enum {
    LINE_US = 60 * DEMO_MS,   /* between two lines of the past: the disk answers in between */
    REST_US = 2500 * DEMO_MS, /* until all of it is acknowledged */
    MINUTE_MS = 60000,
    ANSWER_FIRST_MS = 1300, /* as long as it takes to read a line and to type another */
    ANSWER_EACH_MS = 400,
    ANSWER_PACES = 4,
};

static const struct {
    const char *name;
    int64_t skew_ms; /* of their clock */
} CAST[DEMO_PEOPLE] = {
    [BRUNO] = {"bruno", 3 * MINUTE_MS},
    [CARLA] = {"carla", 0},
    [DANI] = {"dani", 0},
    [EVA] = {"eva", 0},
    [JOAO] = {"João", 0},
    [MISAKI] = {"美咲", 0},
};

const char *demo_name(unsigned person)
{
    return CAST[person].name;
}

int64_t demo_skew_ms(unsigned person)
{
    return CAST[person].skew_ms;
}

/* ---- the past ---- */

struct past {
    unsigned minutes; /* ago */
    unsigned who;
    const char *room;
    const char *before; /* a command, and a space; or "" */
    const char *text;
};

static const struct past PAST[] = {
    {1209, BRUNO, ROOM_EVERYONE, "/join #lab", ""},
    {1208, JOAO, ROOM_EVERYONE, "/join #lab", ""},
    {1207, CARLA, ROOM_EVERYONE, "/join #lab", ""},
    {1205, CARLA, "#lab", "/topic ", N_("The sensor on the roof")},
    {1204, JOAO, "#lab", "", N_("It says 31 degrees. In the shade, in November.")},
    {1203, CARLA, "#lab", "", N_("Somebody hung a jacket over it.")},
    {1195, BRUNO, ROOM_EVERYONE, "", N_("Does anybody still have the photos of the party?")},
    {1188, CARLA, ROOM_EVERYONE, "", N_("I have all 240 of them, sorry: http://192.0.2.12/party/")},
    {1185, EVA, ROOM_EVERYONE, "", N_("The one with the umbrella goes on the fridge.")},
    {1184, JOAO, ROOM_EVERYONE, "", N_("Please don't 😅")},
    {1183, DANI, ROOM_EVERYONE, "/me ", N_("votes for the fridge")},
    {52, MISAKI, ROOM_EVERYONE, "", N_("Good morning! The meeting room is free until eleven.")},
    {45, BRUNO, ROOM_EVERYONE, "", N_("The printer on the second floor eats paper again.")},
    {40, EVA, ROOM_EVERYONE, "", N_("It only does that with you, bruno.")},
    {33, JOAO, "#lab", "", N_("12.4 degrees since six. The jacket is gone.")},
    {26, CARLA, ROOM_EVERYONE, "", N_("Lunch at one? The place with the lentils.")},
    {25, JOAO, ROOM_EVERYONE, "", N_("Count me in 🍲")},
    {24, MISAKI, ROOM_EVERYONE, "", N_("I bring the dessert.")},
    {12, DANI, ROOM_EVERYONE, "/away ", N_("at lunch already")},
    {6, TELMA, ROOM_EVERYONE, "", N_("hello from the old laptop in the corner")},
    {5, CARLA, ROOM_EVERYONE, "",
     N_("telma's program is from 2019 and knows nothing of Tertulia. We hear each other all the "
        "same.")},
};

/* ---- what they do by themselves ---- */

enum act_kind { ACT_SAY, ACT_WHISPER, ACT_GUEST, ACT_GO, ACT_COME };

struct act {
    uint32_t at_ms;
    enum act_kind kind;
    unsigned who;
    const char *room;
    const char *text; /* %s: how we are called */
};

static const struct act SCRIPT[] = {
    {2500, ACT_SAY, CARLA, ROOM_EVERYONE,
     N_("Welcome, %s! We are six people that your own program makes up: this is a demo, and "
        "nothing leaves your machine.")},
    {6000, ACT_SAY, JOAO, ROOM_EVERYONE,
     N_("Say something, and watch the mark at the end of your line: it counts who has stored "
        "it.")},
    {9000, ACT_GUEST, TELMA, NULL, N_("hello %s, I am the guest of carla")},
    {12000, ACT_WHISPER, CARLA, NULL,
     N_("This is a whisper: only you and I can read it. Answer me, I answer too.")},
    {17000, ACT_SAY, BRUNO, ROOM_EVERYONE,
     N_("My clock is three minutes fast, as your screen says. Lines stand in their order all the "
        "same.")},
    {22000, ACT_SAY, EVA, ROOM_EVERYONE, N_("My train goes into the tunnel in a moment.")},
    {24000, ACT_GO, EVA, NULL, NULL},
    {27000, ACT_SAY, EVA, ROOM_EVERYONE, N_("I write this in the tunnel. It comes when I come.")},
    {31000, ACT_SAY, JOAO, "#lab", N_("%s, are you in the lab today?")},
    {36000, ACT_GUEST, TELMA, NULL,
     N_("there are more old programs like mine here: /scan finds them")},
    {44000, ACT_COME, EVA, NULL, NULL},
    {46000, ACT_SAY, EVA, ROOM_EVERYONE, N_("Back. What did I miss?")},
    {60000, ACT_SAY, MISAKI, ROOM_EVERYONE, N_("F1 shows all keys, and /exit leaves.")},
    {95000, ACT_SAY, BRUNO, "#lab", N_("13.1 degrees. The sun is out.")},
    {150000, ACT_SAY, DANI, ROOM_EVERYONE, "/away"},
    {152000, ACT_SAY, DANI, ROOM_EVERYONE, N_("Back from lunch. The lentils were good.")},
};

/* Given in turn, whoever is asked. */
static const char *const MENTIONED[] = {
    N_("Yes, %s? I am listening."),
    N_("Good question, %s. Ask me again after the coffee."),
    N_("I think so too."),
    N_("%s: let me look... yes, that is right."),
    N_("No idea, honestly. João knows such things."),
};
static const char *const WHISPERED[] = {
    N_("Nobody else reads this. Not even the others in this demo."),
    N_("Between us: the dessert is from the shop."),
    N_("I keep it to myself."),
    N_("Ha! Tell me more."),
};
static const char *const HEARD[] = {
    N_("Hello, %s!"),
    N_("True."),
    N_("I have read it, %s. Look: everybody here has it now."),
    N_("Somebody should write that down. Ah, it is written down."),
};
static const char *const GUEST_SAYS[] = {
    N_("yes, I hear you"),
    N_("my program shows your name in front of it"),
    N_("is anybody else there?"),
};

/* ---- speaking ---- */

/* Their words in the user's language, for free(). */
static char *words(const struct demo *demo, const char *before, const char *text)
{
    char filled[MESSAGE_TEXT_BYTES];
    const char *name = demo->calls->name(demo->self);
    message_fill(*text ? _(text) : "", &name, 1, filled, sizeof filled);
    size_t size = strlen(before) + strlen(filled) + 1;
    char *line = xmalloc(size);
    snprintf(line, size, "%s%s", before, filled);
    return line;
}

void demo_past(struct demo *demo)
{
    demo_guest_up(demo, &demo->guests[0], CARLA, false);
    for (size_t i = 0; i < sizeof PAST / sizeof *PAST; i++) {
        const struct past *line = &PAST[i];
        char *text = words(demo, line->before, line->text);
        demo->ago_ms = (uint64_t)line->minutes * MINUTE_MS;
        if (line->who == TELMA)
            demo_guest_say(demo, demo->guests[0].name, text);
        else
            demo_type(demo, line->who, line->room, text);
        demo_pass(demo, LINE_US);
        free(text);
    }
    demo->ago_ms = 0;
    demo_pass(demo, REST_US);
}

static void act_run(struct demo *demo, struct demo_task *task)
{
    const struct act *act = &SCRIPT[task->number];
    if (demo->hushed)
        return;
    char *text = act->text ? words(demo, "", act->text) : NULL;
    switch (act->kind) {
    case ACT_SAY:
        demo_type(demo, act->who, act->room, text);
        break;
    case ACT_WHISPER:
        demo_type(demo, act->who, NULL, text);
        break;
    case ACT_GUEST:
        demo_guest_say(demo, demo->guests[0].name, text);
        break;
    case ACT_GO:
    case ACT_COME:
        demo_link(demo, act->who, act->kind == ACT_COME);
        break;
    }
    free(text);
}

void demo_script(struct demo *demo)
{
    for (size_t i = 0; i < sizeof SCRIPT / sizeof *SCRIPT; i++)
        demo_later(demo, (uint64_t)SCRIPT[i].at_ms * DEMO_MS, DEMO_OWN, act_run)->number = i;
}

/* ---- answering ---- */

static const char *pick(struct demo *demo, const char *const *list, size_t count)
{
    return list[demo->answers++ % count];
}
#define PICK(demo, list) pick(demo, list, sizeof(list) / sizeof *(list))

const char *demo_guest_answer(struct demo *demo)
{
    return _(PICK(demo, GUEST_SAYS));
}

static void answer_run(struct demo *demo, struct demo_task *task)
{
    demo_type(demo, task->who, task->conversation, task->text);
}

/* Whether it is for one of the people. */
static bool names_somebody(struct span text)
{
    for (unsigned i = 0; i < DEMO_PEOPLE; i++)
        if (memmem(text.bytes, text.size, CAST[i].name, strlen(CAST[i].name)))
            return true;
    return false;
}

/* Whispers and mentions are answered by whom they are for, other words now and then by one. */
void demo_heard(struct demo *demo, unsigned person, const struct node_line *line)
{
    bool words_of_ours = (line->kind == ENTRY_SAY || line->kind == ENTRY_ACT) && line->live &&
                         !line->guest.size &&
                         id_equal(&line->order.author, &demo->nodes[DEMO_OWN].identity->id);
    bool turn = person == (line->order.seq + CARLA) % DEMO_PEOPLE && person != DANI &&
                !names_somebody(line->text);
    const char *text;
    if (!words_of_ours || demo->hushed)
        return;
    if (line->whisper)
        text = PICK(demo, WHISPERED);
    else if (line->mention)
        text = PICK(demo, MENTIONED);
    else if (turn)
        text = PICK(demo, HEARD);
    else
        return;
    uint64_t ms = ANSWER_FIRST_MS + demo->answers % ANSWER_PACES * ANSWER_EACH_MS;
    struct demo_task *task = demo_later(demo, ms * DEMO_MS, person, answer_run);
    task->text = words(demo, "", text);
    task->conversation = line->whisper ? NULL : xstrdup(line->conversation);
}
