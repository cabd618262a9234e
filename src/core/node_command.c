/* What the user types, done: words and rooms here, people in node_trust.c. A line is said, done, or
 * answered with an error that says what to do; nothing else happens to it. */
#include "core/node_parts.h"

#include "base/utf8.h"

/* ---- saying things ---- */

void node_refuse(struct node *node, const char *code, const char *sentence, const char *argument)
{
    struct message message = message_make(code, sentence);
    if (argument)
        message_add(&message, argument);
    node_error(node, &message);
}

/* The conversation where Enter goes, if we are in it. */
static struct room *room_here(struct node *node)
{
    const char *name = node->line_to;
    struct room *room = rooms_find(node->rooms, name);
    if (!room && name[0] == '@')
        room = rooms_restore(node->rooms, name, node->now.wall_ms);
    if (!room) {
        node_refuse(node, "no-conversation", N_("There is no conversation %s. /rooms lists them."),
                    name);
        return NULL;
    }
    if (room->joined)
        return room;
    node_refuse(node, "not-joined", N_("You are not in %s. /join it first."), name);
    return NULL;
}

/* What whispering to them changes here. */
static void whispered_to(struct node *node, struct room *room)
{
    room_spoke(room, node->now.wall_ms);
    node_room_changed(node, room);
    for (size_t i = 0; i < room->people_count; i++) {
        struct person *person = node_person(node, &room->people[i], true);
        if (!person || person->self || person->whispered)
            continue;
        roster_whispered(node->roster, person);
        node_person_vouch(node, person);
        node_person_keep(node, person);
    }
}

void node_say(struct node *node, struct room *room, enum entry_kind kind, struct span text)
{
    struct word *word = node_word(node, kind, room->name, text);
    word->back = xstrndup(node->line_bytes, node->line_size);
    word->back_to = xstrdup(node->line_to);
    if (room->kind == ROOM_WHISPER) {
        word->sealed = true;
        word->reader_count = room->people_count;
        word->readers = xmemdup(room->people, room->people_count * sizeof *room->people);
    }
    if (node_talk(node, word) && room->kind == ROOM_WHISPER)
        whispered_to(node, room);
}

static void say_here(struct node *node, enum entry_kind kind, const char *text)
{
    struct room *room = room_here(node);
    if (room)
        node_say(node, room, kind, span_text(text));
}

/* ---- rooms ---- */

static void go(struct node *node, const struct room *room)
{
    struct node_effect *effect = node_effect(node, EFFECT_GO);
    effect->go = node_effect_text(effect, room->name);
}

static void room_join(struct node *node, const char *name)
{
    struct room *room = rooms_open(node->rooms, span_text(name), node->now.wall_ms);
    if (!room) {
        node_refuse(node, "bad-room",
                    N_("There can be no room %s: a name is # and up to 63 letters without blanks."),
                    name);
        return;
    }
    if (!room->joined) {
        room->joined = true;
        node_room_changed(node, room);
        (void)model_hold(&node->model, room, true);
        node_say(node, room, ENTRY_JOIN, span_text(""));
    }
    go(node, room);
}

static void room_quit(struct node *node)
{
    struct room *room = room_here(node);
    if (!room)
        return;
    if (room == rooms_everyone(node->rooms)) {
        node_refuse(node, "cannot-leave", N_("Everyone is always in %s. /exit leaves the program."),
                    room->name);
        return;
    }
    if (room->kind == ROOM_PUBLIC) {
        node_say(node, room, ENTRY_LEAVE, span_text(""));
        room->joined = false;
        room_read(room);
        node_room_changed(node, room);
    }
    model_drop(&node->model, room->name);
    if (node->shown == room)
        node_open(node, NULL);
    go(node, rooms_everyone(node->rooms));
}

static void topic(struct node *node, const char *text)
{
    struct room *room = room_here(node);
    if (!room)
        return;
    if (!text) {
        struct message message =
            message_make("topic", room->topic ? N_("The topic of %s: %s") : N_("%s has no topic."));
        message_add(&message, room->name);
        if (room->topic)
            message_add(&message, room->topic);
        node_notice(node, &message);
    } else if (room->kind == ROOM_WHISPER) {
        node_refuse(node, "no-topic", N_("Only rooms have a topic."), NULL);
    } else if (strlen(text) > TOPIC_MAX) {
        node_refuse(node, "too-long", N_("A topic has at most 512 bytes."), NULL);
    } else {
        node_say(node, room, ENTRY_TOPIC, span_text(text));
    }
}

/* ---- ourselves ---- */

static void self_tell(struct node *node)
{
    node_self_keep(node);
    model_touch(&node->model, MODEL_ALL);
    node_person_tell(node, roster_self(node->roster), NODE_PEER_CHANGED);
    node_talk_profile(node);
}

static void name_set(struct node *node, const char *name)
{
    size_t size = strlen(name);
    if (size == 0 || size > PERSON_NAME_MAX || !utf8_valid(name, size)) {
        node_refuse(node, "bad-name", N_("A name has 1 to 64 bytes."), NULL);
        return;
    }
    struct person *self = roster_self(node->roster);
    free(node->name);
    node->name = xstrndup(name, size);
    mention_done(&node->mention);
    mention_init(&node->mention, span_text(node->name), &node->config.identity->id);
    (void)roster_name_set(node->roster, self, span_text(node->name));
    self_tell(node);
    struct message message = message_make("name", N_("You are %s now."));
    message_add(&message, node->name);
    node_notice(node, &message);
}

static void away_set(struct node *node, const char *why)
{
    if (why && strlen(why) > STATUS_MAX) {
        node_refuse(node, "too-long", N_("Why you are away has at most 256 bytes."), NULL);
        return;
    }
    free(node->why);
    node->why = xstrdup(why ? why : "");
    node->away = why != NULL;
    roster_away(node->roster, roster_self(node->roster), node->away, span_text(node->why));
    self_tell(node);
    struct message message =
        message_make("away", why ? N_("You are away: everyone can see it.") : N_("You are back."));
    node_notice(node, &message);
}

/* ---- links ---- */

enum { PORT_NATIVE = 9999, PORT_DATED = 5555, PORT_JOIN = 5000 };

/* Whoever is not called as a peer is the front end's to call. False: it is. */
static bool do_connect(struct node *node, const struct command *command)
{
    bool guest = command->port == PORT_DATED || command->port == PORT_JOIN;
    if (command->dialect)
        guest = strcmp(command->dialect, "native") != 0;
    if (guest)
        return false;
    struct node_effect *effect = node_effect(node, EFFECT_RESOLVE);
    effect->resolve.host = node_effect_text(effect, command->host);
    effect->resolve.port = command->port ? command->port : PORT_NATIVE;
    node->asked_line = node->line;
    return true;
}

void node_dial_failed(struct node *node, const struct overlay_address *address)
{
    static const struct overlay_address nowhere;
    bool known = !overlay_address_equal(address, &nowhere);
    if (known)
        node_mesh_event(
            node, &(struct overlay_event){.kind = OVERLAY_DIAL_FAILED, .dial_failed = *address});
    if (!node->asked_line || (known && node_found(node, address) != FOUND_ASKED))
        return;
    node->line = node->asked_line;
    node->asked_line = 0;
    node_refuse(node, known ? "no-answer" : "no-host",
                known ? N_("Nobody answers there. Is the program running, and is a firewall in "
                           "between? /doctor looks.")
                      : N_("There is no such host. Check the name, or give its address."),
                NULL);
}

/* ---- the line ---- */

static bool do_me(struct node *node, const struct command *command)
{
    say_here(node, ENTRY_ACT, command->text);
    return true;
}

static bool do_join(struct node *node, const struct command *command)
{
    room_join(node, command->room);
    return true;
}

static bool do_leave(struct node *node, const struct command *command)
{
    (void)command;
    room_quit(node);
    return true;
}

static bool do_topic(struct node *node, const struct command *command)
{
    topic(node, command->text);
    return true;
}

static bool do_who_got(struct node *node, const struct command *command)
{
    (void)command;
    struct room *room = room_here(node);
    if (room)
        node_answer_got(node, room);
    return true;
}

static bool do_name(struct node *node, const struct command *command)
{
    name_set(node, command->text);
    return true;
}

static bool do_away(struct node *node, const struct command *command)
{
    away_set(node, command->text);
    return true;
}

static bool do_peers(struct node *node, const struct command *command)
{
    (void)command;
    node_answer_peers(node);
    return true;
}

static bool do_rooms(struct node *node, const struct command *command)
{
    (void)command;
    node_answer_rooms(node);
    return true;
}

static bool do_search(struct node *node, const struct command *command)
{
    node_search(node, command->text);
    return true;
}

static bool do_exit(struct node *node, const struct command *command)
{
    (void)command;
    node_leave(node);
    return true;
}

/* Those about people are in node_trust.c; what is in neither table is the front end's. */
static node_command *const COMMANDS[COMMAND_COUNT] = {
    [COMMAND_ME] = do_me,         [COMMAND_JOIN] = do_join,       [COMMAND_LEAVE] = do_leave,
    [COMMAND_TOPIC] = do_topic,   [COMMAND_WHO_GOT] = do_who_got, [COMMAND_NAME] = do_name,
    [COMMAND_AWAY] = do_away,     [COMMAND_PEERS] = do_peers,     [COMMAND_ROOMS] = do_rooms,
    [COMMAND_SEARCH] = do_search, [COMMAND_EXIT] = do_exit,       [COMMAND_CONNECT] = do_connect,
};

/* TAKES what the command owns. */
static void command_do(struct node *node, struct command *command)
{
    node_command *run = COMMANDS[command->id];
    if (run ? run(node, command) : node_command_people(node, command)) {
        command_done(command);
        return;
    }
    struct node_effect *effect = node_effect(node, EFFECT_COMMAND);
    struct command *copy = node_effect_room(effect, 1, sizeof *copy);
    *copy = *command;
    effect->command = copy;
}

void node_line(struct node *node, const struct node_event *event)
{
    struct line line;
    node->line = event->line.number;
    node->line_to = event->line.conversation && event->line.conversation[0]
                        ? event->line.conversation
                        : ROOM_EVERYONE;
    node->line_bytes = event->line.bytes;
    node->line_size = event->line.size;
    line_parse(node->config.names, event->line.bytes, event->line.size, &line);
    switch (line.kind) {
    case LINE_EMPTY:
        line_done(&line);
        break;
    case LINE_TEXT:
        say_here(node, ENTRY_SAY, line.text);
        line_done(&line);
        break;
    case LINE_ERROR:
        node_error(node, &line.error);
        line_done(&line);
        break;
    case LINE_COMMAND:
        command_do(node, &line.command);
        break;
    }
    node->line_to = NULL;
    node->line_bytes = NULL;
}
