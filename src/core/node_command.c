/* What the user types, done: words and rooms here, people in node_trust.c. A line is said, done, or
 * answered with an error that says what to do; nothing else happens to it. What it names is within
 * the bounds of line_parse. */
#include "core/node_parts.h"

#include "base/hostport.h"

#include <stdio.h>

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

/* Nothing but words goes to a guest alone. */
static void say_to_guest(struct node *node, const struct room *room, enum entry_kind kind,
                         struct span text)
{
    if (kind != ENTRY_SAY) {
        node_refuse(node, "guest-words", N_("To a guest alone only words can be said."), NULL);
        return;
    }
    char *words = xstrndup((const char *)text.bytes, text.size);
    node_guest_whisper_in(node, room, words);
    free(words);
}

void node_say(struct node *node, struct room *room, enum entry_kind kind, struct span text)
{
    if (room->guest) {
        say_to_guest(node, room, kind, text);
        return;
    }
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

void node_go(struct node *node, const struct room *room)
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
    node_go(node, room);
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
    node_go(node, rooms_everyone(node->rooms));
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
    struct person *self = roster_self(node->roster);
    free(node->name);
    node->name = xstrdup(name);
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
    free(node->why);
    node->why = xstrdup(why ? why : "");
    node->away = why != NULL;
    roster_away(node->roster, roster_self(node->roster), node->away, span_text(node->why));
    self_tell(node);
    struct message message =
        message_make("away", why ? N_("You are away: everyone can see it.") : N_("You are back."));
    node_notice(node, &message);
}

/* ---- calls ---- */

/* What the user is told: why, and what to do next. */
static const struct {
    const char *code;
    const char *sentence;
} CALL_FAULTS[] = {
    [CALL_UNKNOWN] = {"no-link", N_("No link to %s came about. Try again.")},
    [CALL_NO_NAME] = {"no-host",
                      N_("There is no host for %s. Check the name, or give its address.")},
    [CALL_NAME_UNASKED] = {"no-name-service",
                           N_("The name of %s could not be looked up: no name service answers. "
                              "Give its address.")},
    [CALL_REFUSED] = {"refused", N_("Nobody listens at %s. Is the program running there, and on "
                                    "this port? It is tried again now and then.")},
    [CALL_UNREACHABLE] = {"unreachable", N_("No way leads to %s. Check the network and the "
                                            "address. It is tried again now and then.")},
    [CALL_SILENT] = {"no-answer", N_("Nobody answers at %s. Is the machine on, and is a firewall "
                                     "in between? It is tried again now and then.")},
    [CALL_TROUBLE] = {"cannot-call", N_("%s cannot be called now: this machine has no files or no "
                                        "memory left for it. Close something, and try again.")},
    [CALL_MUTE] = {"mute", N_("Something listens at %s, but it said nothing: it hangs, or it is "
                              "no Tertulia. Check the port.")},
    [CALL_STRANGE] = {"no-tertulia",
                      N_("Something answers at %s, but it is no Tertulia. Check the port.")},
    [CALL_TLS] = {"tls-failed", N_("%s answers, but no secure link came about: it is another "
                                   "program, or one of you needs a newer Tertulia.")},
    [CALL_HUNG_UP] = {"hung-up", N_("%s hung up without a word: its mesh may have a secret "
                                    "(--secret-file), or it is no Tertulia, or too many call it "
                                    "now. It is tried again now and then.")},
    [CALL_OTHER_MESH] = {"other-mesh", N_("%s belongs to another mesh. To meet there, start with "
                                          "its name: --mesh.")},
    [CALL_SECRET] = {"wrong-secret", N_("%s did not accept our secret. Compare the secret, and the "
                                        "mesh's name (--mesh): both must be the same there.")},
    [CALL_NO_SECRET] = {"no-secret", N_("%s belongs to a mesh without a secret. To meet there, "
                                        "start without --secret-file.")},
    [CALL_VERSION] = {"other-version", N_("%s speaks another version of the protocol: one of you "
                                          "needs a newer program.")},
    [CALL_UNWELCOME] = {"unwelcome", N_("Whoever is at %s has blocked you. Ask them to undo it.")},
    [CALL_FULL] = {"full", N_("%s has no room for another link now. Try again later, or call "
                              "somebody else of that mesh.")},
    [CALL_LEAVING] = {"leaving", N_("The program at %s is just ending. Try again later.")},
    [CALL_OURSELVES] = {"ourselves",
                        N_("%s is this program itself. Give somebody else's address.")},
    [CALL_BLOCKED] = {"blocked", N_("You have blocked whoever is at %s. /block lets them back.")},
    [CALL_NO_ROOM] = {"no-room", N_("There are too many links here for one to %s. /disconnect "
                                    "makes room.")},
    [CALL_CROWDED] = {"crowded", N_("There are two links to that machine already, so %s was not "
                                    "called. /disconnect makes room.")},
    [CALL_IMPOSSIBLE] = {"bad-address", N_("Nobody can be at %s. Check the address.")},
    [CALL_LINKED] = {"linked", N_("You are linked to %s already.")},
    [CALL_REACHED] = {"connected", N_("You are linked to %s now.")},
    [CALL_NO_GUESTS] = {"no-guests",
                        N_("%s is no Tertulia, and guests are turned away here: because "
                           "of --no-guests, or of the mesh's secret.")},
};

static void call_free(struct node *node, struct call *call)
{
    DL_DELETE(node->calls, call);
    node->call_count--;
    free(call->where);
    free(call);
}

void node_calls_free(struct node *node)
{
    while (node->calls)
        call_free(node, node->calls);
}

/* What is said answers the line that asked for it. */
static void call_end(struct node *node, struct call *call, enum call_fault fault)
{
    uint64_t line = node->line;
    struct message message = message_make(CALL_FAULTS[fault].code, CALL_FAULTS[fault].sentence);
    message_add(&message, call->where);
    node->line = call->line;
    if (fault == CALL_LINKED || fault == CALL_REACHED)
        node_notice(node, &message);
    else if (!node->leaving)
        node_error(node, &message);
    node->line = line;
    call_free(node, call);
}

static void call_new(struct node *node, const char *host, uint16_t port, const char *dialect)
{
    char where[HOST_MAX + sizeof "[]:65535"];
    snprintf(where, sizeof where, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, (unsigned)port);
    if (node->call_count == NODE_CALLS) {
        node_refuse(node, "busy",
                    N_("Too many calls are under way. Call %s when some of them are "
                       "over."),
                    where);
        return;
    }
    struct call *call = xcalloc(1, sizeof *call);
    struct node_effect *effect = node_effect(node, EFFECT_RESOLVE);
    call->where = xstrdup(where);
    call->dialect = dialect;
    call->line = node->line;
    call->since = node->now.mono_ms;
    call->ticket = effect->ticket = node_ticket(node);
    effect->resolve.host = node_effect_text(effect, host);
    effect->resolve.port = port;
    DL_APPEND(node->calls, call);
    node->call_count++;
}

static struct call *call_of(const struct node *node, uint64_t ticket)
{
    struct call *call;
    DL_FOREACH(node->calls, call)
    if (ticket && call->ticket == ticket)
        return call;
    return NULL;
}

/* Guests are no matter of the overlay's. */
static void guest_dial(struct node *node, const struct call *call)
{
    struct node_effect *effect = node_effect(node, EFFECT_DIAL);
    effect->dial.address = call->address;
    effect->dial.asked = true;
    effect->dial.dialect = call->dialect;
}

/* The overlay dials, unless there is a reason not to. */
static void call_place(struct node *node, struct call *call)
{
    if (call->dialect && call->dialect[0]) {
        guest_dial(node, call);
        return;
    }
    switch (overlay_chance(&node->overlay, &call->address)) {
    case OVERLAY_CHANCE_LINKED:
        call_end(node, call, CALL_LINKED);
        return;
    case OVERLAY_CHANCE_CROWDED:
        call_end(node, call, CALL_CROWDED);
        return;
    case OVERLAY_CHANCE_NONE:
        call_end(node, call, CALL_IMPOSSIBLE);
        return;
    case OVERLAY_CHANCE_UNDERWAY: /* for other reasons: it ends alike for us */
    case OVERLAY_CHANCE_LATER:
    case OVERLAY_CHANCE_GOOD:
        node_address(node, &call->address, FOUND_ASKED, 0, NULL);
        return;
    }
}

void node_call_found(struct node *node, uint64_t ticket, const struct overlay_address *address)
{
    struct call *call = call_of(node, ticket);
    if (!call)
        return;
    call->ticket = 0;
    call->address = *address;
    call_place(node, call);
}

void node_calls_go_on(struct node *node)
{
    struct call *call, *next;
    DL_FOREACH_SAFE(node->calls, call, next)
    if (!call->ticket && !(call->dialect && call->dialect[0]) &&
        overlay_chance(&node->overlay, &call->address) != OVERLAY_CHANCE_UNDERWAY)
        call_place(node, call);
}

void node_call_failed(struct node *node, const struct overlay_address *address,
                      enum call_fault fault)
{
    struct call *call, *next;
    DL_FOREACH_SAFE(node->calls, call, next)
    if (!call->ticket && overlay_address_equal(&call->address, address))
        call_end(node, call, fault);
}

bool node_call_waits(const struct node *node, const struct overlay_address *address)
{
    const struct call *call;
    DL_FOREACH(node->calls, call)
    if (!call->ticket && overlay_address_equal(&call->address, address))
        return true;
    return false;
}

const char *node_call_dialect(const struct node *node, const struct overlay_address *address)
{
    const struct call *call;
    DL_FOREACH(node->calls, call)
    if (!call->ticket && call->dialect && overlay_address_equal(&call->address, address))
        return call->dialect;
    return NULL;
}

static void call_reached(struct node *node, const struct overlay_address *address)
{
    struct call *call, *next;
    DL_FOREACH_SAFE(node->calls, call, next)
    if (!call->ticket && overlay_address_equal(&call->address, address))
        call_end(node, call, CALL_REACHED);
}

/* Nobody calls a guest as a peer again. */
void node_call_answered(struct node *node, const struct overlay_address *address)
{
    call_reached(node, address);
    node_mesh_event(node,
                    &(struct overlay_event){.kind = OVERLAY_DIAL_FAILED, .dial_failed = *address});
    node_mesh_event(node, &(struct overlay_event){.kind = OVERLAY_NO_PEER, .forget = *address});
    node_calls_go_on(node);
}

void node_call_reached(struct node *node, const struct node_link *link)
{
    call_reached(node, &link->address);
}

/* Of two calls that crossed one goes: each of us was reached all the same. */
void node_call_doubled(struct node *node, const struct node_link *link)
{
    uint64_t since = UINT64_MAX;
    for (size_t i = 0; i < node->link_count; i++) {
        const struct node_link *other = node->links[i];
        if (other != link && other->state == LINK_READY && id_equal(&other->peer, &link->peer))
            since = other->since < since ? other->since : since;
    }
    struct call *call, *next;
    DL_FOREACH_SAFE(node->calls, call, next)
    {
        if (call->ticket || !overlay_address_equal(&call->address, &link->address))
            continue;
        call_end(node, call, since < call->since ? CALL_LINKED : CALL_REACHED);
    }
}

/* Nobody answers at any address: the first is remembered, for later. */
static void search_failed(struct node *node, struct call *call, const struct node_event *event)
{
    static const struct overlay_address nowhere;
    struct overlay_event vain = {.kind = OVERLAY_KNOWN};
    vain.known.address = event->dial_failed;
    vain.known.source = OVERLAY_FROM_USER_IN_VAIN;
    if (!overlay_address_equal(&event->dial_failed, &nowhere))
        node_mesh_event(node, &vain);
    call_end(node, call, event->fault ? event->fault : CALL_NO_NAME);
}

void node_dial_failed(struct node *node, const struct node_event *event)
{
    struct call *call = call_of(node, event->ticket);
    if (event->ticket) {
        if (call)
            search_failed(node, call, event);
        return;
    }
    node_mesh_event(node, &(struct overlay_event){.kind = OVERLAY_DIAL_FAILED,
                                                  .dial_failed = event->dial_failed});
    node_person_unreached(node, &event->dial_failed, NULL);
    node_call_failed(node, &event->dial_failed, event->fault ? event->fault : CALL_SILENT);
    node_calls_go_on(node);
}

/* ---- links ---- */

/* DIALECTS.md, "Calling": where each listens unless told otherwise, and those ports where nobody
 * else does. */
static const struct {
    const char *dialect;
    uint16_t port;
    bool alone;
} PORTS[] = {
    {"native", 9999, false},    {"dated", 5555, true},  {"named", 9999, false},
    {"neighbour", 9999, false}, {"piped", 9000, false}, {"join", 5000, true},
};

static bool do_connect(struct node *node, const struct command *command)
{
    const char *dialect = command->dialect ? command->dialect : "";
    uint16_t port = command->port;
    for (size_t i = 0; i < sizeof PORTS / sizeof *PORTS; i++) {
        if (!command->dialect && PORTS[i].alone && PORTS[i].port == port)
            dialect = PORTS[i].dialect;
        if (!port && strcmp(dialect[0] ? dialect : "native", PORTS[i].dialect) == 0)
            port = PORTS[i].port;
    }
    call_new(node, command->host, port, strcmp(dialect, "native") == 0 ? NULL : dialect);
    return true;
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
    model_status(&node->model, NULL, false); /* what was said of an earlier line */
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
