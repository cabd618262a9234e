/* People and rooms: what links and entries say of them goes into the roster and the rooms, and from
 * there to the disk. Small changes are written at once, counts that move with every line once in a
 * while. */
#include "core/node_parts.h"

/* ---- people ---- */

struct person *node_person(struct node *node, const struct id *id, bool direct)
{
    struct person *person = roster_person(node->roster, id);
    if (person)
        return person;
    person = roster_add(node->roster, id, direct, node->now.wall_ms);
    if (person && person->number < node->profile_room)
        node->profiles[person->number] = 0; /* somebody else's before */
    return person;
}

static uint64_t profile_of(const struct node *node, const struct person *person)
{
    return person->number < node->profile_room ? node->profiles[person->number] : 0;
}

static void profile_note(struct node *node, const struct person *person, uint64_t key)
{
    if (person->number >= node->profile_room) {
        size_t room = person->number + person->number / 4 + 8;
        node->profiles = xrealloc(node->profiles, room, sizeof *node->profiles);
        memset(node->profiles + node->profile_room, 0,
               (room - node->profile_room) * sizeof *node->profiles);
        node->profile_room = room;
    }
    node->profiles[person->number] = key;
}

void node_person_keep(struct node *node, const struct person *person)
{
    if (person->self || person->guest)
        return;
    struct node_effect *effect = node_effect(node, EFFECT_STORE_PERSON);
    struct node_saved_person *saved = &effect->person;
    person_save(person, &saved->person);
    saved->person.name = node_effect_span(effect, saved->person.name);
    saved->person.alias = node_effect_span(effect, saved->person.alias);
    saved->away = person->away;
    saved->why = node_effect_span(
        effect, span_text(person->more && person->more->why ? person->more->why : ""));
    saved->profile = profile_of(node, person);
}

void node_person_vouch(struct node *node, const struct person *person)
{
    if (person->self || person->guest)
        return;
    const struct author *author = logs_find(node->logs, &person->id);
    bool vouched = person_vouched(person);
    if (vouched == (author && author->vouched))
        return;
    struct sync_event event = {.kind = SYNC_VOUCH};
    event.vouch.author = person->id;
    event.vouch.vouched = vouched;
    node_sync_event(node, &event);
}

void node_peer_fill(const struct node *node, const struct person *person, struct node_peer *into)
{
    const struct person_link *link = person_best_link(person);
    const struct person_more *more = person->more;
    *into = (struct node_peer){.id = person->id,
                               .guest = person->guest && more ? more->dialect : NULL,
                               .presence = roster_presence(node->roster, person, node->now.wall_ms),
                               .trust = person_trust(person),
                               .found = link ? link->found : FOUND_TOLD,
                               .rtt_us = link ? link->rtt_us : 0,
                               .seen = person->seen,
                               .why = more && more->why ? more->why : "",
                               .self = person->self,
                               .away = person->away,
                               .ignored = person->ignored};
    if (link)
        into->address = link->address;
    else if (more && more->address_count)
        into->address = more->addresses[0].address;
}

void node_person_tell(struct node *node, const struct person *person, enum node_peer_state state)
{
    char label[LABEL_BYTES];
    struct node_effect *effect = node_effect(node, EFFECT_PEER);
    node_peer_fill(node, person, &effect->peer);
    roster_label(node->roster, person, label);
    effect->peer.state = state;
    effect->peer.name = node_effect_text(effect, label);
    effect->peer.why = node_effect_text(effect, effect->peer.why);
    if (effect->peer.guest)
        effect->peer.guest = node_effect_text(effect, effect->peer.guest);
    if (state != NODE_PEER_CHANGED)
        node_guest_presence(node, person, state == NODE_PEER_UP);
}

void node_person_name(struct node *node, struct person *person, struct span name)
{
    if (name.size == 0)
        return;
    const struct person *other = roster_name_set(node->roster, person, name);
    if (!other)
        return;
    char label[LABEL_BYTES], known[LABEL_BYTES];
    roster_label(node->roster, person, label);
    roster_label(node->roster, other, known);
    struct message message = message_make(
        "name-taken", N_("%s is not who you know by that name: that is %s. Names are free; the "
                         "tag tells them apart."));
    message_add(&message, label);
    message_add(&message, known);
    node_notice(node, &message);
}

void node_person_unreached(struct node *node, const struct overlay_address *address,
                           const struct person *instead)
{
    const struct person *person = NULL;
    while ((person = roster_next(node->roster, person))) {
        enum roster_unreached unreached = ROSTER_UNREACHED_NOT_THEIRS;
        if (person != instead)
            unreached = roster_unreached(node->roster, person, address, node->now.wall_ms);
        if (unreached == ROSTER_UNREACHED_KEEP || unreached == ROSTER_UNREACHED_FORGOTTEN)
            node_person_keep(node, person);
        if (unreached == ROSTER_UNREACHED_FORGOTTEN && !instead)
            node_mesh_event(node,
                            &(struct overlay_event){.kind = OVERLAY_FORGET, .forget = *address});
    }
}

void node_person_profile(struct node *node, const struct entry *entry, uint64_t key,
                         const struct body_profile *profile)
{
    struct person *person = roster_person(node->roster, &entry->fields.author);
    if (!person || person->self || key < profile_of(node, person))
        return;
    profile_note(node, person, key);
    node_person_name(node, person, profile->name);
    roster_away(node->roster, person, profile->away, profile->status);
    node_person_keep(node, person);
    node_person_tell(node, person, NODE_PEER_CHANGED);
}

void node_person_sign(struct node *node, const struct id *id, uint64_t hlc, bool live)
{
    struct person *person = roster_person(node->roster, id);
    uint64_t now = node->now.wall_ms;
    if (!person || person->self)
        return;
    uint64_t before = person->seen;
    if (live)
        roster_here(node->roster, person, now);
    else
        roster_seen(node->roster, person, hlc < now ? hlc : now, now);
    if (before / NODE_HOUR_MS != person->seen / NODE_HOUR_MS)
        node_person_keep(node, person);
}

void node_self_keep(struct node *node)
{
    struct node_effect *effect = node_effect(node, EFFECT_STORE_SELF);
    effect->self.name = node_effect_text(effect, node->name);
    effect->self.away = node->away;
    effect->self.why = node_effect_text(effect, node->why);
}

/* ---- rooms ---- */

void node_room_changed(struct node *node, const struct room *room)
{
    model_touch(&node->model, MODEL_SIDEBAR);
    for (size_t i = 0; i < node->changed_count; i++)
        if (strcmp(node->changed[i], room->name) == 0)
            return;
    node->changed = xrealloc(node->changed, node->changed_count + 1, sizeof *node->changed);
    node->changed[node->changed_count++] = xstrdup(room->name);
    if (!node->keep_at)
        node->keep_at = node->now.mono_ms + NODE_KEEP_MS;
}

static void room_keep(struct node *node, const struct room *room)
{
    struct node_effect *effect = node_effect(node, EFFECT_STORE_ROOM);
    effect->room = (struct node_saved_room){.conversation = node_effect_text(effect, room->name),
                                            .joined = room->joined,
                                            .spoken = room->spoken,
                                            .unread = room->unread,
                                            .mentions = room->mentions,
                                            .marked = room->marked,
                                            .mark = room->mark,
                                            .topic = node_effect_text(effect, room->topic),
                                            .topic_at = room->topic_at,
                                            .active = room->active};
}

void node_rooms_keep(struct node *node)
{
    for (size_t i = 0; i < node->changed_count; i++) {
        const struct room *room = rooms_find(node->rooms, node->changed[i]);
        if (room)
            room_keep(node, room);
        free(node->changed[i]);
    }
    free(node->changed);
    node->changed = NULL;
    node->changed_count = 0;
    node->keep_at = 0;
}

/* Words of somebody who is known to be there are kept once an hour: they say that they still are.
 */
void node_members_learn(struct node *node, struct room *room, const struct id *who, bool in,
                        const struct order *at)
{
    bool was_in = false;
    struct order was_at;
    uint64_t was_seen = 0, now = node->now.wall_ms;
    bool known = room_member(room, who, &was_in, &was_at, &was_seen);
    if (!room_member_set(node->rooms, room, who, in, at, now))
        return;
    if (known && was_in == in && was_seen / NODE_HOUR_MS == now / NODE_HOUR_MS)
        return;
    if (!room_member(room, who, &was_in, &was_at, &was_seen))
        return; /* of #everyone nothing is kept */
    struct node_effect *effect = node_effect(node, EFFECT_STORE_MEMBER);
    effect->member = (struct node_saved_member){.room = node_effect_text(effect, room->name),
                                                .who = *who,
                                                .in = was_in,
                                                .at = was_at,
                                                .seen = was_seen};
    model_touch(&node->model, MODEL_SIDEBAR | MODEL_TITLE);
}

void node_bell(struct node *node)
{
    if (node->bell_at > node->now.mono_ms)
        return;
    node->bell_at = node->now.mono_ms + NODE_BELL_MS;
    node_effect(node, EFFECT_BELL);
}

/* ---- the start ---- */

static void person_restore(struct node *node, const struct node_saved_person *saved)
{
    if (!roster_restore(node->roster, &saved->person))
        return;
    struct person *person = roster_person(node->roster, &saved->person.id);
    if (!person || person->self)
        return;
    if (saved->away)
        roster_away(node->roster, person, true, saved->why);
    profile_note(node, person, saved->profile);
}

/* With whom something was said alone is known, here or not. */
static void guest_restore(struct node *node, const struct node_saved_room *saved)
{
    const char *dialect = saved->conversation + ID_TEXT + 1;
    const char *name = guest_conversation_name(saved->conversation);
    struct span of = span_of(dialect, (size_t)(name - 1 - dialect));
    if (of.size > DIALECT_NAME_MAX)
        return;
    struct person *guest =
        roster_guest_add(node->roster, &node->config.identity->id, span_text(name), of);
    if (guest)
        roster_seen(node->roster, guest, saved->active, node->now.wall_ms);
}

static void room_restore(struct node *node, const struct node_saved_room *saved)
{
    struct room *room = rooms_restore(node->rooms, saved->conversation, saved->active);
    if (!room)
        return;
    if (room->guest)
        guest_restore(node, saved);
    if (room != rooms_everyone(node->rooms) && room->kind == ROOM_PUBLIC)
        room->joined = saved->joined;
    room->spoken = saved->spoken;
    room->unread = saved->unread;
    room->mentions = saved->mentions;
    room->marked = saved->marked;
    room->mark = saved->mark;
    if (saved->topic && saved->topic_at.seq)
        (void)room_topic_set(room, span_text(saved->topic), &saved->topic_at);
}

static void member_restore(struct node *node, const struct node_saved_member *saved)
{
    struct room *room = rooms_find(node->rooms, saved->room);
    if (room)
        (void)room_member_set(node->rooms, room, &saved->who, saved->in, &saved->at, saved->seen);
}

static void log_restore(struct node *node, struct node_saved_log *saved)
{
    const struct id *self = &node->config.identity->id;
    if (!logs_load(node->logs, &saved->author, &saved->log))
        die("the store says what cannot be of a log");
    node_trail_restore(node, &saved->author, &saved->log.epoch, &saved->trail);
    if (id_equal(&saved->author, self) && saved->log.head_hlc > node->hlc.last)
        node->hlc.last = saved->log.head_hlc;
    struct person *person = node_person(node, &saved->author, false);
    if (person && !person->self)
        roster_seen(node->roster, person,
                    saved->log.head_hlc < node->now.wall_ms ? saved->log.head_hlc : 0,
                    node->now.wall_ms);
}

void node_restore(struct node *node, const struct node_saved *saved)
{
    model_init(&node->model);
    for (size_t i = 0; saved && i < saved->person_count; i++)
        person_restore(node, &saved->people[i]);
    for (size_t i = 0; saved && i < saved->log_count; i++)
        log_restore(node, &saved->logs[i]);
    for (size_t i = 0; saved && i < saved->room_count; i++)
        room_restore(node, &saved->rooms[i]);
    for (size_t i = 0; saved && i < saved->member_count; i++)
        member_restore(node, &saved->members[i]);
    for (size_t i = 0; saved && i < saved->ack_count; i++)
        (void)receipts_take(node->receipts, &saved->acks[i].ack, saved->acks[i].at, NULL, NULL);
    receipts_expire(node->receipts, node->now.wall_ms);
    node_guests_restore(node, saved);
    for (struct room *room = rooms_first(node->rooms); room; room = room->next)
        if (room->joined)
            (void)model_hold(&node->model, room, true);
}

void node_dial_known(struct node *node, const struct node_saved *saved)
{
    for (size_t i = 0; saved && i < saved->person_count; i++) {
        const struct person_saved *person = &saved->people[i].person;
        for (size_t j = 0; j < person->address_count && !person->blocked; j++)
            node_address(node, &person->addresses[j].address, FOUND_REMEMBERED, 0, NULL);
    }
}
