/* What an entry says, made a line, and brought to where it is seen. A body that cannot be read is a
 * placeholder and nothing else; who is ignored is stored and never shown. */
#include "core/node_parts.h"

#include <stdio.h>

bool node_conversation(const struct entry *entry, char into[CONVERSATION_BYTES])
{
    char name[ROOM_MAX + 1];
    struct span room = entry->fields.room;
    into[0] = '\0';
    if (entry->fields.kind == ENTRY_SEALED || room.size == 0)
        return false;
    if (span_equal(room, span_text(ROOM_EVERYONE)))
        memcpy(name, ROOM_EVERYONE, sizeof ROOM_EVERYONE);
    else if (room_name_fold(room, name) != ROOM_NAME_FINE)
        return false;
    memcpy(into, name, strlen(name) + 1);
    return true;
}

struct room *node_whisper_room(struct node *node, const struct id *author,
                               const struct whisper *whisper)
{
    struct id people[READERS_MAX + 1];
    memcpy(people, whisper->readers, whisper->reader_count * sizeof *people);
    people[whisper->reader_count] = *author;
    return rooms_whisper(node->rooms, people, whisper->reader_count + 1, node->now.wall_ms);
}

/* ---- lines ---- */

static bool called(const struct node *node, const struct body_call *call)
{
    return !call->has_whom || id_equal(&call->whom, &node->config.identity->id);
}

static void line_body(const struct node *node, const struct body *body, struct node_line *line)
{
    switch (body->kind) {
    case ENTRY_SAY:
    case ENTRY_ACT:
        line->text = body->say.text;
        line->again = body->say.again.set;
        line->again_of = body->say.again;
        line->mention = mention_is(&node->mention, line->text);
        return;
    case ENTRY_LEAVE:
        line->text = body->why;
        return;
    case ENTRY_TOPIC:
        line->text = body->topic;
        return;
    case ENTRY_CALL:
        line->mention = called(node, &body->call);
        return;
    case ENTRY_JOIN:
    case ENTRY_SEALED:
    case ENTRY_PROFILE:
        return;
    }
}

static void line_whisper(const struct whisper *whisper, struct node_line *line)
{
    line->whisper = line->readable = line->mention = true;
    line->kind = whisper->kind;
    line->text = whisper->text;
    line->again = whisper->again.set;
    line->again_of = whisper->again;
}

static void label_of(const struct node *node, const struct id *id, char into[LABEL_BYTES])
{
    const struct person *person = roster_person(node->roster, id);
    if (person) {
        roster_label(node->roster, person, into);
        return;
    }
    into[0] = '~';
    id_tag(id, into + 1);
}

/* What does not depend on what it says. */
static void line_begin(struct node *node, const struct node_record *record, struct shown *into)
{
    const struct entry_fields *fields = &record->entry->fields;
    struct node_line *line = &into->line;
    line->order = (struct order){.key = record->key,
                                 .author = fields->author,
                                 .start = record->start,
                                 .epoch = fields->epoch,
                                 .seq = fields->seq};
    line->conversation = into->conversation;
    line->kind = fields->kind;
    line->time = fields->wall;
    line->received = record->received;
    line->live = record->live;
    line->own = id_equal(&fields->author, &node->config.identity->id);
    line->guest = fields->guest;
    line->dialect = fields->dialect;
    label_of(node, &fields->author, into->label);
    line->name = into->label;
}

static void line_end(const struct node *node, const struct node_record *record,
                     struct node_line *line)
{
    const struct entry_fields *fields = &record->entry->fields;
    if (line->own && line->guest.size == 0) {
        line->mention = false;
        return;
    }
    line->skew_ms = order_skew(fields->wall, record->received, record->live);
    line->late = order_late(fields->hlc, record->received, node->began, record->live);
    line->missed = !record->live && fields->hlc < node->began;
}

void node_line_local(struct node *node, const struct node_local *local, struct shown *into)
{
    struct node_line *line = &into->line;
    memset(into, 0, sizeof *into);
    snprintf(into->conversation, sizeof into->conversation, "%s", local->conversation);
    roster_label(node->roster, roster_self(node->roster), into->label);
    into->local = local;
    line->order = local->order;
    line->conversation = into->conversation;
    line->name = into->label;
    line->kind = local->kind;
    line->whisper = line->readable = line->live = line->own = true;
    line->guest = local->guest;
    line->dialect = local->dialect;
    line->mention = local->guest.size > 0;
    line->text = local->text;
    line->time = line->received = local->wall;
}

bool node_line_make(struct node *node, const struct node_record *record, struct shown *into)
{
    if (record->local) {
        node_line_local(node, record->local, into);
        return true;
    }
    const struct entry_fields *fields = &record->entry->fields;
    memset(into, 0, sizeof *into);
    if (fields->kind == ENTRY_SEALED ? !record->whisper
                                     : !node_conversation(record->entry, into->conversation))
        return false;
    line_begin(node, record, into);
    if (record->whisper) {
        snprintf(into->conversation, sizeof into->conversation, "%s", record->conversation);
        line_whisper(record->whisper, &into->line);
    } else if ((into->body = node->config.codec->body_unpack(fields->kind, fields->body))) {
        into->line.readable = true;
        line_body(node, into->body, &into->line);
    }
    line_end(node, record, &into->line);
    return fields->kind != ENTRY_PROFILE;
}

void node_line_done(struct shown *shown)
{
    free(shown->body);
    shown->body = NULL;
}

void node_line_keep(struct node_effect *effect, struct node_line *line)
{
    line->conversation = node_effect_text(effect, line->conversation);
    line->name = node_effect_text(effect, line->name);
    line->guest = node_effect_span(effect, line->guest);
    line->dialect = node_effect_span(effect, line->dialect);
    line->text = node_effect_span(effect, line->text);
}

/* ---- once ---- */

static uint64_t place_tag(const struct node *node, const struct id *author,
                          const struct epoch_id *epoch, uint64_t seq)
{
    uint8_t bytes[ID_BYTES + EPOCH_BYTES + 8];
    memcpy(bytes, author->bytes, ID_BYTES);
    memcpy(bytes + ID_BYTES, epoch->bytes, EPOCH_BYTES);
    put_u64(bytes + ID_BYTES + EPOCH_BYTES, seq);
    return node_hash(node, bytes, sizeof bytes);
}

/* Whether these are words that were shown before somebody lost them. */
static bool said_before(struct node *node, const struct node_line *line)
{
    const struct order *at = &line->order;
    uint64_t text = node_hash(node, line->text.bytes, line->text.size);
    if (!node->seen)
        node->seen = xcalloc(NODE_SEEN, sizeof *node->seen);
    if (line->again) {
        uint64_t tag = place_tag(node, &at->author, &line->again_of.epoch, line->again_of.seq);
        for (size_t i = 0; i < NODE_SEEN; i++)
            if (node->seen[i].tag == tag && node->seen[i].text == text)
                return true;
    }
    node->seen[node->seen_next].tag = place_tag(node, &at->author, &at->epoch, at->seq);
    node->seen[node->seen_next].text = text;
    node->seen_next = (node->seen_next + 1) % NODE_SEEN;
    return false;
}

/* ---- showing ---- */

static enum post_kind post_kind_of(const struct node_line *line)
{
    if (!line->readable)
        return POST_UNKNOWN;
    switch ((enum entry_kind)line->kind) {
    case ENTRY_SAY:
        return POST_SAY;
    case ENTRY_ACT:
        return POST_ACT;
    case ENTRY_JOIN:
        return POST_JOIN;
    case ENTRY_LEAVE:
        return POST_LEAVE;
    case ENTRY_TOPIC:
        return POST_TOPIC;
    case ENTRY_CALL:
        return POST_CALL;
    case ENTRY_PROFILE:
        return POST_PROFILE;
    case ENTRY_SEALED:
        return POST_UNKNOWN;
    }
    return POST_UNKNOWN;
}

void node_post_make(const struct node *node, const struct shown *shown, struct post_spec *into)
{
    const struct node_line *line = &shown->line;
    *into = (struct post_spec){.order = line->order,
                               .who = line->order.author,
                               .guest = line->guest,
                               .dialect = line->dialect,
                               .kind = post_kind_of(line),
                               .text = line->text,
                               .wall = line->time,
                               .skew_ms = line->skew_ms,
                               .own = line->own && line->guest.size == 0,
                               .late = line->late,
                               .mention = line->mention};
    if (line->again) {
        into->again_epoch = line->again_of.epoch;
        into->again = line->again_of.seq;
    }
    if (shown->local) {
        into->of = into->own ? shown->local->of : 0;
        into->stored_by = into->own && shown->local->delivered;
        return;
    }
    const struct room *room = rooms_find(node->rooms, line->conversation);
    if (!into->own || !room)
        return;
    const struct receipts *receipts = node->receipts;
    const struct order *at = &line->order;
    size_t count;
    struct id *expected = room_expected(node->rooms, room, node->roster, node->now.wall_ms, &count);
    struct entry_ref ref = {at->author, at->epoch, at->seq};
    into->of = (uint32_t)count;
    for (size_t i = 0; i < count; i++)
        into->stored_by += receipts_has(receipts, &ref, &expected[i]);
    free(expected);
}

/* Only what somebody says is unread. */
static bool is_words(const struct node_line *line)
{
    return !line->readable || line->kind == ENTRY_SAY || line->kind == ENTRY_ACT ||
           line->kind == ENTRY_CALL;
}

static void line_post(struct node *node, struct room *room, const struct shown *shown)
{
    const struct node_line *line = &shown->line;
    struct post_spec spec;
    node_post_make(node, shown, &spec);
    struct conversation *held = model_hold(&node->model, room, true);
    bool looked_at = model_post(&node->model, held, node->roster, &spec);
    if (looked_at || spec.own || !is_words(line))
        return;
    room_arrived(room, &line->order, line->mention, node->now.wall_ms);
    node_room_changed(node, room);
    if (line->mention)
        node_bell(node);
}

/* Who is ignored said it, who may be heard again; or a guest through another host too. It is held,
 * so that the window counts right. */
static void line_hold(struct node *node, const struct shown *shown)
{
    const struct room *room = rooms_find(node->rooms, shown->line.conversation);
    struct post_spec spec;
    if (!room || !room->joined)
        return;
    node_post_make(node, shown, &spec);
    spec.quiet = true;
    (void)model_post(&node->model, model_hold(&node->model, room, true), node->roster, &spec);
}

void node_line_show(struct node *node, const struct shown *shown)
{
    const struct node_line *line = &shown->line;
    struct room *room = rooms_find(node->rooms, line->conversation);
    const struct person *author = roster_person(node->roster, &line->order.author);
    if (line->guest.size)
        author = roster_guest(node->roster, &line->order.author, line->guest, line->dialect);
    if (author && person_muted(author)) {
        line_hold(node, shown);
        return;
    }
    if (!room || !room->joined)
        return;
    bool again = said_before(node, line);
    line_post(node, room, shown);
    if (again)
        return;
    struct node_effect *effect = node_effect(node, EFFECT_SHOWN);
    effect->shown = *line;
    node_line_keep(effect, &effect->shown);
    node_guest_hear(node, line);
}

void node_show(struct node *node, const struct node_record *record)
{
    struct shown shown;
    if (node_line_make(node, record, &shown))
        node_line_show(node, &shown);
    node_line_done(&shown);
}

/* ---- learning ---- */

static void room_learn(struct node *node, const struct shown *shown)
{
    const struct node_line *line = &shown->line;
    struct room *room = rooms_open(node->rooms, span_text(line->conversation), node->now.wall_ms);
    if (!room || line->guest.size)
        return;
    bool leaves = line->readable && line->kind == ENTRY_LEAVE;
    node_members_learn(node, room, &line->order.author, !leaves, &line->order);
    if (line->readable && line->kind == ENTRY_TOPIC &&
        room_topic_set(room, line->text, &line->order))
        node_room_changed(node, room);
}

static void profile_learn(struct node *node, const struct node_record *record)
{
    const struct entry_fields *fields = &record->entry->fields;
    struct body *body = node->config.codec->body_unpack(fields->kind, fields->body);
    if (body)
        node_person_profile(node, record->entry, record->key, &body->profile);
    free(body);
}

/* Who speaks is there; and hosts say who comes and goes. */
static void guest_learn(struct node *node, const struct node_record *record)
{
    const struct entry_fields *fields = &record->entry->fields;
    bool leaves = fields->kind == ENTRY_LEAVE;
    struct person *guest =
        leaves ? roster_guest(node->roster, &fields->author, fields->guest, fields->dialect)
               : roster_guest_add(node->roster, &fields->author, fields->guest, fields->dialect);
    if (!guest)
        return;
    uint64_t now = node->now.wall_ms;
    bool was = roster_presence(node->roster, guest, now) != PRESENCE_GONE;
    bool own = id_equal(&fields->author, &node->config.identity->id);
    if (!record->live || (own && !node_guest_speaks(node, fields->guest, fields->dialect)))
        roster_seen(node->roster, guest, fields->hlc < now ? fields->hlc : now, now);
    else if (leaves)
        roster_left(node->roster, guest, now);
    else
        roster_here(node->roster, guest, now);
    bool is = roster_presence(node->roster, guest, now) != PRESENCE_GONE;
    if (was != is)
        node_person_tell(node, guest, is ? NODE_PEER_UP : NODE_PEER_DOWN);
}

void node_learn(struct node *node, const struct node_record *record)
{
    const struct entry_fields *fields = &record->entry->fields;
    struct shown shown;
    if (!node_person(node, &fields->author, false))
        return;
    node_person_sign(node, &fields->author, fields->hlc, record->live);
    if (fields->guest.size)
        guest_learn(node, record);
    if (fields->kind == ENTRY_PROFILE && fields->guest.size == 0)
        profile_learn(node, record);
    if (record->sealed != NODE_PLAIN)
        return;
    if (node_line_make(node, record, &shown)) {
        room_learn(node, &shown);
        if (node_guest_again(node, &shown.line))
            line_hold(node, &shown);
        else
            node_line_show(node, &shown);
    }
    node_line_done(&shown);
}
