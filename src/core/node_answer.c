/* What is answered to /peers, /rooms, /info, /verify and /who-got: as data, for the front end to
 * put into words. */
#include "core/node_parts.h"

static struct node_effect *answer_new(struct node *node, enum command_id command)
{
    struct node_effect *effect = node_effect(node, EFFECT_ANSWER);
    effect->answer.command = command;
    return effect;
}

static void peer_fill(const struct node *node, struct node_effect *effect,
                      const struct person *person, struct node_peer *into)
{
    char label[LABEL_BYTES];
    node_peer_fill(node, person, into);
    into->state = NODE_PEER_CHANGED;
    roster_label(node->roster, person, label);
    into->name = node_effect_text(effect, label);
    into->why = node_effect_text(effect, into->why);
    if (!into->guest)
        return;
    const struct person *host = roster_person(node->roster, &person->id);
    into->guest = node_effect_text(effect, into->guest);
    if (host) {
        roster_label(node->roster, host, label);
        into->host = node_effect_text(effect, label);
    }
}

/* Who is there, by name as the roster has them; who is gone is asked for by /info. */
void node_answer_peers(struct node *node)
{
    struct node_effect *effect = answer_new(node, COMMAND_PEERS);
    struct node_peer *peers = node_effect_room(effect, roster_count(node->roster), sizeof *peers);
    for (const struct person *person = NULL; (person = roster_next(node->roster, person));) {
        enum presence presence = roster_presence(node->roster, person, node->now.wall_ms);
        if (presence != PRESENCE_GONE || person->self)
            peer_fill(node, effect, person, &peers[effect->answer.count++]);
    }
    effect->answer.peers = peers;
}

void node_answer_info(struct node *node, const struct person *person, enum command_id command)
{
    struct node_effect *effect = answer_new(node, command);
    struct node_peer *peer = node_effect_room(effect, 1, sizeof *peer);
    peer_fill(node, effect, person, peer);
    effect->answer.count = 1;
    effect->answer.peers = peer;
    if (!person->self && !person->guest)
        verify_text(&node->config.identity->id, &person->id, effect->answer.verify);
}

void node_answer_rooms(struct node *node)
{
    struct node_effect *effect = answer_new(node, COMMAND_ROOMS);
    size_t count = 0;
    for (struct room *room = rooms_first(node->rooms); room; room = room->next)
        count += room->kind == ROOM_PUBLIC;
    struct node_room *rooms = node_effect_room(effect, count, sizeof *rooms);
    for (struct room *room = rooms_first(node->rooms); room; room = room->next)
        if (room->kind == ROOM_PUBLIC)
            rooms[effect->answer.count++] = (struct node_room){
                .conversation = node_effect_text(effect, room->name),
                .joined = room->joined,
                .members = room_present(node->rooms, room, node->roster, node->now.wall_ms),
                .unread = room->unread,
                .topic = node_effect_text(effect, room->topic)};
    effect->answer.rooms = rooms;
}

/* ---- who has our last line ---- */

static const struct spoken *spoken_last(const struct node *node, const struct room *room)
{
    for (size_t i = node->spoken_count; i-- > 0;) {
        size_t at = (node->spoken_next + i) % node->spoken_count;
        if (strcmp(node->spoken[at].conversation, room->name) == 0)
            return &node->spoken[at];
    }
    return NULL;
}

void node_answer_got(struct node *node, const struct room *room)
{
    const struct spoken *spoken = spoken_last(node, room);
    struct node_effect *effect = answer_new(node, COMMAND_WHO_GOT);
    struct node_answer *answer = &effect->answer;
    if (!spoken)
        return;
    size_t count;
    struct id *expected = room_expected(node->rooms, room, node->roster, node->now.wall_ms, &count);
    struct id *people = node_effect_room(effect, count, sizeof *people);
    const char **labels = node_effect_room(effect, count, sizeof *labels);
    bool *stored = node_effect_room(effect, count, sizeof *stored);
    for (size_t i = 0; i < count; i++) {
        const struct person *person = roster_person(node->roster, &expected[i]);
        char label[LABEL_BYTES] = "";
        people[i] = expected[i];
        if (person)
            roster_label(node->roster, person, label);
        labels[i] = node_effect_text(effect, label);
        stored[i] = receipts_has(node->receipts, &spoken->ref, &expected[i]);
    }
    free(expected);
    answer->ref = spoken->ref;
    answer->count = count;
    answer->people = people;
    answer->labels = labels;
    answer->stored = stored;
}
