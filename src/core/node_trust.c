/* Commands about people: whom one means, what one thinks of them, and hanging up. */
#include "core/node_parts.h"

#include <stdio.h>

/* ---- whom one means ---- */

static void ambiguous(struct node *node, const char *typed, const struct roster_match *match)
{
    char names[MESSAGE_ARGUMENT_BYTES + 1] = "", label[LABEL_BYTES];
    for (size_t i = 0; i < match->count; i++) {
        size_t used = strlen(names);
        roster_label(node->roster, match->people[i], label);
        if (used + strlen(label) + 3 > sizeof names)
            break;
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", label);
    }
    struct message message =
        message_make("which-one", N_("%s could be several people: %s. Add a tag."));
    message_add(&message, typed);
    message_add(&message, names);
    node_error(node, &message);
}

/* Guests that left stand in nobody's way. */
static enum roster_find find(const struct node *node, const char *typed, struct roster_match *into)
{
    struct person *there = NULL;
    enum roster_find result = roster_find(node->roster, span_text(typed), into);
    for (size_t i = 0; i < into->count; i++) {
        struct person *one = into->people[i];
        if (one->guest && roster_presence(node->roster, one, node->now.wall_ms) == PRESENCE_GONE)
            continue;
        if (there)
            return result;
        there = one;
    }
    if (result != ROSTER_MANY || into->total > into->count || !there)
        return result;
    *into = (struct roster_match){1, 1, {there}};
    return ROSTER_ONE;
}

/* NULL where nobody is meant, or more than one; the user was told. */
static struct person *person_meant(struct node *node, const char *typed)
{
    struct roster_match match;
    switch (find(node, typed, &match)) {
    case ROSTER_ONE:
        return match.people[0];
    case ROSTER_MANY:
        ambiguous(node, typed, &match);
        return NULL;
    case ROSTER_NONE:
        node_refuse(node, "no-such-person", N_("Nobody here is called %s. /peers lists everyone."),
                    typed);
        return NULL;
    }
    die("no such result of a search");
}

/* The same, but guests and we ourselves are none either. */
static struct person *peer_meant(struct node *node, const char *typed)
{
    struct person *person = person_meant(node, typed);
    if (!person)
        return NULL;
    if (person->self) {
        node_refuse(node, "yourself", N_("That is you."), NULL);
        return NULL;
    }
    if (person->guest) {
        node_refuse(node, "a-guest",
                    N_("%s is a guest of somebody: nobody can know who that is. That works with "
                       "people who run this program."),
                    typed);
        return NULL;
    }
    return person;
}

/* NULL where that is nobody, several, or no guest. */
static const struct person *guest_meant(struct node *node, const char *typed)
{
    struct roster_match match;
    if (find(node, typed, &match) != ROSTER_ONE)
        return NULL;
    return match.people[0]->guest ? match.people[0] : NULL;
}

static void told(struct node *node, const char *code, const char *sentence,
                 const struct person *person)
{
    char label[LABEL_BYTES];
    struct message message = message_make(code, sentence);
    roster_label(node->roster, person, label);
    message_add(&message, label);
    node_notice(node, &message);
}

static void changed(struct node *node, const struct person *person)
{
    node_person_vouch(node, person);
    node_person_keep(node, person);
    node_person_tell(node, person, NODE_PEER_CHANGED);
    model_touch(&node->model, MODEL_ALL);
}

/* ---- talking to one ---- */

/* `text` NULL: nothing yet, but what is typed from now on goes there. */
static void whisper(struct node *node, const char *who, enum entry_kind kind, const char *text)
{
    struct person *person = peer_meant(node, who);
    if (!person)
        return;
    struct room *room = rooms_whisper(node->rooms, &person->id, 1, node->now.wall_ms);
    if (!room)
        die("no whisper with one person");
    if (!text) {
        node_go(node, room);
        return;
    }
    node_say(node, room, kind, span_text(text));
    if (kind == ENTRY_CALL)
        told(node, "called", N_("You rang at %s."), person);
}

/* ---- what one thinks of them ---- */

static void alias_set(struct node *node, const char *who, const char *alias)
{
    struct person *person = person_meant(node, who);
    if (!person)
        return;
    if (person->self) {
        node_refuse(node, "yourself", N_("That is you. /name changes your own name."), NULL);
        return;
    }
    roster_alias_set(node->roster, person, span_text(alias));
    changed(node, person);
    told(node, "alias", N_("For you, that is %s now."), person);
}

static void ignore(struct node *node, const char *who)
{
    struct person *person = person_meant(node, who);
    if (!person || person->self)
        return;
    roster_ignore(node->roster, person, !person->ignored);
    changed(node, person);
    told(node, "ignore",
         person->ignored ? N_("What %s says is hidden.") : N_("What %s says is shown again."),
         person);
}

static void hang_up(struct node *node, const struct id *peer, enum disconnect_reason reason)
{
    for (size_t i = 0; i < node->link_count; i++)
        if (!peer || id_equal(&node->links[i]->peer, peer))
            node_link_close(node, node->links[i], reason, true);
}

static void block(struct node *node, const char *who)
{
    struct person *person = person_meant(node, who);
    if (!person || person->self)
        return;
    roster_block(node->roster, person, !person->blocked);
    changed(node, person);
    if (person->blocked && person->guest)
        (void)node_guest_hang_up(node, person);
    else if (person->blocked)
        hang_up(node, &person->id, DISCONNECT_UNWELCOME);
    told(node, "block",
         person->blocked ? N_("You have nothing to do with %s any more.") : N_("%s is let back."),
         person);
}

static void trust(struct node *node, const char *who)
{
    struct person *person = peer_meant(node, who);
    if (!person)
        return;
    roster_verify(node->roster, person, true);
    changed(node, person);
    told(node, "trust", N_("%s is verified."), person);
}

static void info(struct node *node, const char *who, enum command_id id)
{
    struct person *person = id == COMMAND_VERIFY ? peer_meant(node, who) : person_meant(node, who);
    if (person)
        node_answer_info(node, person, id);
}

/* ---- hanging up ---- */

static void disconnect(struct node *node, const struct command *command)
{
    if (command->all) {
        hang_up(node, NULL, DISCONNECT_OTHER);
        (void)node_guest_hang_up(node, NULL);
        return;
    }
    const char *who = command->who;
    if (!who) {
        node_refuse(node, "who", N_("On whom? /disconnect who, or /disconnect all."), NULL);
        return;
    }
    struct person *person = peer_meant(node, who);
    if (!person)
        return;
    if (person_best_link(person))
        hang_up(node, &person->id, DISCONNECT_OTHER);
    else
        node_refuse(node, "not-linked", N_("No link of yours leads to %s."), who);
}

static bool do_whisper(struct node *node, const struct command *command)
{
    const struct person *guest = guest_meant(node, command->who);
    if (guest)
        node_guest_whisper(node, guest, command->text);
    else
        whisper(node, command->who, ENTRY_SAY, command->text);
    return true;
}

static bool do_call(struct node *node, const struct command *command)
{
    const struct person *guest = guest_meant(node, command->who);
    if (guest)
        node_guest_call(node, guest);
    else
        whisper(node, command->who, ENTRY_CALL, "");
    return true;
}

static bool do_disconnect(struct node *node, const struct command *command)
{
    const struct person *guest = command->who ? guest_meant(node, command->who) : NULL;
    if (!guest)
        disconnect(node, command);
    else if (!node_guest_hang_up(node, guest))
        node_refuse(node, "not-linked", N_("No link of yours leads to %s."), command->who);
    return true;
}

/* To one guest, or to all of them. */
static bool do_retry(struct node *node, const struct command *command)
{
    const struct person *person = command->who ? person_meant(node, command->who) : NULL;
    if ((!command->who || person) && !node_guest_retry(node, person))
        node_refuse(node, "nothing-to-retry",
                    N_("There is no guest whom you called, so there is nothing to send again."),
                    NULL);
    return true;
}

static bool do_invite(struct node *node, const struct command *command)
{
    const struct room *room = rooms_find(node->rooms, node->line_to);
    struct person *person = person_meant(node, command->who);
    if (!person)
        return true;
    if (!person->guest)
        node_refuse(node, "no-guest",
                    N_("%s needs no invitation: rooms are open to everyone who "
                       "runs this program."),
                    command->who);
    else if (!room || room->kind != ROOM_PUBLIC || !room->joined)
        node_refuse(node, "not-joined", N_("You are not in %s. /join it first."), node->line_to);
    else if (room == rooms_everyone(node->rooms))
        node_refuse(node, "hears-already", N_("%s hears this room as it is."), command->who);
    else
        node_guest_invite(node, person, room);
    return true;
}

static bool do_info(struct node *node, const struct command *command)
{
    info(node, command->who, command->id);
    return true;
}

static bool do_alias(struct node *node, const struct command *command)
{
    alias_set(node, command->who, command->text);
    return true;
}

static bool do_ignore(struct node *node, const struct command *command)
{
    ignore(node, command->who);
    return true;
}

static bool do_block(struct node *node, const struct command *command)
{
    block(node, command->who);
    return true;
}

static bool do_trust(struct node *node, const struct command *command)
{
    trust(node, command->who);
    return true;
}

static node_command *const COMMANDS[COMMAND_COUNT] = {
    [COMMAND_WHISPER] = do_whisper,       [COMMAND_CALL] = do_call,     [COMMAND_INFO] = do_info,
    [COMMAND_DISCONNECT] = do_disconnect, [COMMAND_VERIFY] = do_info,   [COMMAND_ALIAS] = do_alias,
    [COMMAND_IGNORE] = do_ignore,         [COMMAND_BLOCK] = do_block,   [COMMAND_TRUST] = do_trust,
    [COMMAND_RETRY] = do_retry,           [COMMAND_INVITE] = do_invite,
};

bool node_command_people(struct node *node, const struct command *command)
{
    node_command *run = COMMANDS[command->id];
    return run && run(node, command);
}
