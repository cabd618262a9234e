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

/* Ourselves first, then by name. */
static int peer_compare(const void *left, const void *right)
{
    const struct node_peer *a = left;
    const struct node_peer *b = right;
    if (a->self != b->self)
        return b->self - a->self;
    int result = label_compare(a->name, b->name);
    return result != 0 ? result : id_compare(&a->id, &b->id);
}

/* Who is there; who is gone is asked for by /info. */
void node_answer_peers(struct node *node)
{
    struct node_effect *effect = answer_new(node, COMMAND_PEERS);
    struct node_peer *peers = node_effect_room(effect, roster_count(node->roster), sizeof *peers);
    for (const struct person *person = NULL; (person = roster_next(node->roster, person));) {
        enum presence presence = roster_presence(node->roster, person, node->now.wall_ms);
        if (presence != PRESENCE_GONE || person->self)
            peer_fill(node, effect, person, &peers[effect->answer.count++]);
    }
    qsort(peers, effect->answer.count, sizeof *peers, peer_compare);
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

/* Of this run. */
static bool spoken_last(const struct node *node, const struct room *room, struct entry_ref *into)
{
    for (size_t i = node->spoken_count; i-- > 0;) {
        const struct spoken *spoken = &node->spoken[(node->spoken_next + i) % node->spoken_count];
        if (strcmp(spoken->conversation, room->name) != 0)
            continue;
        *into = spoken->ref;
        return true;
    }
    return false;
}

/* Of before: what is on the screen, or near it. */
static bool held_last(const struct node *node, const struct room *room, struct entry_ref *into)
{
    const struct conversation *held = model_find(&node->model, room->name);
    for (size_t i = held && !held->guest ? held->window.count : 0; i-- > 0;) {
        const struct post *post = held->window.posts[i];
        if ((post->kind != POST_SAY && post->kind != POST_ACT) || !post->own || post->from->guest)
            continue;
        *into = (struct entry_ref){post->order.author, post->order.epoch, post->order.seq};
        return true;
    }
    return false;
}

struct holder {
    struct id id;
    const char *label;
    bool stored;
};

/* Whoever still lacks it is what was asked for. */
static int holder_compare(const void *left, const void *right)
{
    const struct holder *a = left;
    const struct holder *b = right;
    if (a->stored != b->stored)
        return a->stored - b->stored;
    int result = label_compare(a->label, b->label);
    return result != 0 ? result : id_compare(&a->id, &b->id);
}

/* What the receipts of `last` say of each of them, in order. */
static struct holder *holders_of(const struct node *node, struct node_effect *effect,
                                 const struct entry_ref *last, const struct id *expected,
                                 size_t count)
{
    struct holder *holders = xcalloc(count, sizeof *holders);
    for (size_t i = 0; i < count; i++) {
        const struct person *person = roster_person(node->roster, &expected[i]);
        char label[LABEL_BYTES] = "";
        if (person)
            roster_label(node->roster, person, label);
        holders[i] = (struct holder){expected[i], node_effect_text(effect, label),
                                     receipts_has(node->receipts, last, &expected[i])};
    }
    if (count > 0)
        qsort(holders, count, sizeof *holders, holder_compare);
    return holders;
}

void node_answer_got(struct node *node, const struct room *room)
{
    struct node_effect *effect = answer_new(node, COMMAND_WHO_GOT);
    struct node_answer *answer = &effect->answer;
    struct entry_ref last;
    if (!spoken_last(node, room, &last) && !held_last(node, room, &last))
        return;
    size_t count;
    struct id *expected = room_expected(node->rooms, room, node->roster, node->now.wall_ms, &count);
    struct id *people = node_effect_room(effect, count, sizeof *people);
    const char **labels = node_effect_room(effect, count, sizeof *labels);
    bool *stored = node_effect_room(effect, count, sizeof *stored);
    struct holder *holders = holders_of(node, effect, &last, expected, count);
    for (size_t i = 0; i < count; i++) {
        people[i] = holders[i].id;
        labels[i] = holders[i].label;
        stored[i] = holders[i].stored;
    }
    free(holders);
    free(expected);
    answer->ref = last;
    answer->count = count;
    answer->people = people;
    answer->labels = labels;
    answer->stored = stored;
}
