/* What guests say and are told alone: words that become entries on their behalf, whispers, calls,
 * and whether it came. Invariant: what is for one of them alone goes to that one and is nobody's
 * entry, but for what a guest says to a peer, which is sealed. */
#include "core/guests.h"

#include "base/utf8.h"

#include <stdio.h>

/* ---- for one alone ---- */

/* The conversation with a guest of ours. */
static struct room *room_with(struct node *node, const struct person *person)
{
    char name[GUEST_CONVERSATION];
    guest_conversation(&person->id, person->more->dialect, person->name, name);
    return rooms_guest(node->rooms, name, node->now.wall_ms);
}

/* A line that is nobody's entry: we keep it for ourselves. `guest` NULL: we say it; `of` as in
 * node_local. */
static struct order line_here(struct node *node, struct room *room, const struct person *guest,
                              enum entry_kind kind, struct span text, uint32_t of)
{
    struct guest_book *guests = guest_book_of(node);
    struct shown shown;
    uint64_t now = node->now.wall_ms, age = node->config.retention.age_ms;
    struct node_effect *effect = node_effect(node, EFFECT_STORE_LOCAL);
    struct node_local *local = &effect->local.line;
    if (guests->key < now)
        guests->key = now;
    if (guests->seq == 0) /* above those of the last run, whatever clocks say */
        guests->seq = now;
    *local = (struct node_local){
        .conversation = node_effect_text(effect, room->name),
        .order = {.key = guests->key, .author = node->config.identity->id, .seq = ++guests->seq},
        .kind = kind,
        .text = node_effect_span(effect, text),
        .wall = now,
        .of = of};
    if (guest) {
        local->guest = node_effect_span(effect, span_text(guest->name));
        local->dialect = node_effect_span(effect, span_text(guest->more->dialect));
    }
    effect->local.since = now > age ? now - age : 0;
    node_line_local(node, local, &shown);
    node_line_show(node, &shown);
    return shown.line.order;
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

static void refuse(struct node *node, const char *code, const char *sentence,
                   const struct person *person)
{
    char label[LABEL_BYTES];
    roster_label(node->roster, person, label);
    node_refuse(node, code, sentence, label);
}

/* NULL, and the user was told why, where it is not linked to us. */
static struct guest_link *ear_meant(struct node *node, const struct person *person)
{
    struct guest_link *link = guest_ear(node, person);
    if (link)
        return link;
    if (id_equal(&person->id, &node->config.identity->id)) {
        refuse(node, "guest-gone", N_("%s is not here any more."), person);
        return NULL;
    }
    char host[LABEL_BYTES] = "?", label[LABEL_BYTES];
    const struct person *other = roster_person(node->roster, &person->id);
    if (other)
        roster_label(node->roster, other, host);
    roster_label(node->roster, person, label);
    struct message message =
        message_make("guest-elsewhere",
                     N_("%s is a guest of %s, who alone can reach them. Say it in the room."));
    message_add(&message, label);
    message_add(&message, host);
    node_error(node, &message);
    return NULL;
}

static void say_to(struct node *node, const struct person *person, const struct guest_link *link,
                   enum guest_tells kind, const char *text)
{
    struct room *room = room_with(node, person);
    if (!room)
        return;
    bool rings = kind == GUEST_TELLS_RING;
    struct node_line line = {.own = true, .conversation = room->name};
    room_spoke(room, node->now.wall_ms);
    node_room_changed(node, room);
    line.order =
        line_here(node, room, NULL, rings ? ENTRY_CALL : ENTRY_SAY, span_text(text), link->ticks);
    struct node_guest_word word = {.kind = kind,
                                   .who = span_text(node->name),
                                   .text = span_text(text),
                                   .own = true,
                                   .wall = node->now.wall_ms};
    word.id = guest_owe(node, link, &line, &word);
    if (word.id)
        model_tick(&node->model, room->name, &line.order, false);
    guest_tell(node, link, &word);
}

void node_guest_whisper(struct node *node, const struct person *person, const char *text)
{
    struct guest_link *link = ear_meant(node, person);
    if (!link)
        return;
    if (text && strlen(text) > TEXT_MAX) {
        node_refuse(node, "too-long", N_("Not sent: a message has at most 4,096 bytes. Split it."),
                    NULL);
    } else if (link->spreads) {
        refuse(
            node, "guest-spreads",
            N_("%s passes on all that it is told: nothing can be said there to one alone. Say it "
               "in the room."),
            person);
    } else if (!text) {
        const struct room *room = room_with(node, person);
        if (room)
            node_go(node, room);
    } else {
        say_to(node, person, link, GUEST_TELLS_PRIVATE, text);
        if (!link->warned)
            told(node, "not-encrypted", N_("What goes to %s is not encrypted."), person);
        link->warned = true;
    }
}

void node_guest_whisper_in(struct node *node, const struct room *room, const char *text)
{
    for (size_t i = 0; node->guests && i < node->guests->count; i++) {
        char name[GUEST_CONVERSATION];
        const struct guest_link *link = node->guests->links[i];
        guest_conversation(&node->config.identity->id, link->dialect, link->name, name);
        if (strcmp(name, room->name) != 0)
            continue;
        node_guest_whisper(node, guest_link_person(node, link), text);
        return;
    }
    struct message message = message_make("guest-gone", N_("%s is not here any more."));
    message_add(&message, guest_conversation_name(room->name));
    node_error(node, &message);
}

void node_guest_call(struct node *node, const struct person *person)
{
    const struct guest_link *link = ear_meant(node, person);
    if (!link)
        return;
    say_to(node, person, link, GUEST_TELLS_RING, "");
    told(node, "called", N_("You rang at %s."), person);
}

/* ---- what is asked for them ---- */

/* Whether it leads to that guest, or did and is called again; NULL: to any. */
static bool is_link_of(const struct node *node, const struct guest_link *link,
                       const struct person *person)
{
    if (!person || guest_link_person(node, link) == person)
        return true;
    return link->lost[0] && roster_guest(node->roster, &node->config.identity->id,
                                         span_text(link->wanted), span_text(link->lost)) == person;
}

bool node_guest_hang_up(struct node *node, const struct person *person)
{
    bool any = false;
    for (size_t i = 0; node->guests && i < node->guests->count; i++) {
        const struct guest_link *link = node->guests->links[i];
        if (!is_link_of(node, link, person))
            continue;
        guest_owed_lose(node, link, true);
        node_effect(node, EFFECT_GUEST_HANG_UP)->link = link->number;
        any = true;
    }
    return any;
}

bool node_guest_retry(struct node *node, const struct person *person)
{
    bool any = false;
    for (size_t i = 0; node->guests && i < node->guests->count; i++) {
        const struct guest_link *link = node->guests->links[i];
        if (!link->called || !is_link_of(node, link, person))
            continue;
        node_effect(node, EFFECT_GUEST_RETRY)->link = link->number;
        any = true;
    }
    return any;
}

/* Asked once more, it hears no more of it. */
void node_guest_invite(struct node *node, const struct person *person, const struct room *room)
{
    struct guest_link *link = ear_meant(node, person);
    size_t at = 0;
    if (!link)
        return;
    while (at < GUEST_ROOMS && strcmp(link->rooms[at], room->name) != 0)
        at++;
    if (at < GUEST_ROOMS) {
        link->rooms[at][0] = '\0';
        told(node, "invite", N_("%s does not hear this room any more."), person);
        return;
    }
    for (at = 0; at < GUEST_ROOMS && link->rooms[at][0];)
        at++;
    if (at == GUEST_ROOMS) {
        refuse(node, "too-many-rooms", N_("%s hears as many rooms as a guest can."), person);
        return;
    }
    snprintf(link->rooms[at], sizeof link->rooms[at], "%s", room->name);
    told(node, "invite", N_("%s hears this room from now on, without encryption."), person);
}

/* ---- what they say ---- */

static void said(struct node *node, struct guest_link *link, const struct node_event *event)
{
    char name[GUEST_NAME_MAX + 1];
    struct span text = event->guest.text;
    const struct person *person = guest_link_person(node, link);
    if (!person || person->blocked || text.size == 0 || text.size > TEXT_MAX ||
        !utf8_valid((const char *)text.bytes, text.size))
        return;
    guest_name_copy(event->guest.name, name);
    bool by_itself = !name[0];
    if (by_itself)
        memcpy(name, link->name, sizeof name);
    struct guest_words words = {span_text(name), text, event->guest.wall, by_itself};
    switch (guest_echo_heard(node, link, &words)) {
    case GUEST_ECHO_NEWS:
        link->written |= by_itself || strcmp(name, link->name) == 0;
        guest_host(node, link, ENTRY_SAY, words.name, words.text, words.wall);
        return;
    case GUEST_ECHO_HELD:
    case GUEST_ECHO_AGAIN:
        return;
    }
}

/* Sealed for a peer; its envelope says that a guest of ours speaks. */
static void private_to_peer(struct node *node, const struct guest_link *link,
                            const struct person *peer, struct span text)
{
    struct room *room = rooms_whisper(node->rooms, &peer->id, 1, node->now.wall_ms);
    if (!room || !guest_word_fits(node))
        return;
    struct word *word =
        guest_word_new(node, link, ENTRY_SAY, room->name, span_text(link->name), text);
    word->sealed = true;
    word->reader_count = 1;
    word->readers = xmemdup(&peer->id, sizeof peer->id);
    (void)node_talk(node, word);
}

static void private_to_guest(struct node *node, const struct guest_link *link,
                             const struct person *to, struct span text)
{
    const struct guest_link *ear = guest_ear(node, to);
    char label[LABEL_BYTES];
    if (!ear || ear->spreads) {
        /* not translated: the plain chats speak Spanish */
        guest_tell_notice(node, link, "no se puede: a esa persona no le llega nada en privado.");
        return;
    }
    roster_label(node->roster, guest_link_person(node, link), label);
    guest_tell(node, ear,
               &(struct node_guest_word){.kind = GUEST_TELLS_PRIVATE,
                                         .who = span_text(label),
                                         .text = text,
                                         .hosted = true,
                                         .name = span_text(link->name),
                                         .wall = node->now.wall_ms});
}

static void private(struct node *node, const struct guest_link *link,
                    const struct node_event *event)
{
    struct roster_match match;
    struct span text = event->guest.text;
    const struct person *person = guest_link_person(node, link);
    if (!person || person->blocked || text.size == 0 || text.size > TEXT_MAX ||
        !utf8_valid((const char *)text.bytes, text.size))
        return;
    if (roster_find(node->roster, event->guest.name, &match) != ROSTER_ONE) {
        /* not translated: the plain chats speak Spanish */
        guest_tell_notice(node, link,
                          "no hay nadie que se llame así, o hay varios. WHO dice quién está.");
        return;
    }
    const struct person *to = match.people[0];
    if (to->self) {
        struct room *room = room_with(node, person);
        if (room)
            (void)line_here(node, room, person, ENTRY_SAY, text, 0);
    } else if (to->guest) {
        private_to_guest(node, link, to, text);
    } else {
        private_to_peer(node, link, to, text);
    }
}

static void rings(struct node *node, const struct guest_link *link)
{
    const struct person *person = guest_link_person(node, link);
    struct room *room = person && !person_muted(person) ? room_with(node, person) : NULL;
    if (room)
        (void)line_here(node, room, person, ENTRY_CALL, span_text(""), 0);
}

/* Somebody came or went where the guest is: a guest there, as far as anyone knows. */
static void here(struct node *node, const struct guest_link *link, const struct node_event *event)
{
    char name[GUEST_NAME_MAX + 1];
    guest_name_copy(event->guest.name, name);
    if (!name[0] || !link->dialect[0] || guest_name_is_somebodys(node, name) ||
        guest_name_is_tagged(node, name))
        return;
    const struct person *guest = roster_guest(node->roster, &node->config.identity->id,
                                              span_text(name), span_text(link->dialect));
    bool here = guest && roster_presence(node->roster, guest, node->now.wall_ms) != PRESENCE_GONE;
    if (event->guest.is)
        (void)guest_came(node, link, span_text(name));
    else if (here)
        guest_went(node, link, span_text(name));
}

static void who(struct node *node, const struct guest_link *link)
{
    struct node_effect *effect = node_effect(node, EFFECT_GUEST_PEOPLE);
    size_t room = roster_count(node->roster);
    struct span *names =
        node_effect_room(effect, room < GUEST_WHO ? room : GUEST_WHO, sizeof *names);
    effect->link = link->number;
    for (const struct person *one = NULL; (one = roster_next(node->roster, one));) {
        char label[LABEL_BYTES];
        if (effect->people.count == GUEST_WHO)
            break;
        if (!one->self && roster_presence(node->roster, one, node->now.wall_ms) == PRESENCE_GONE)
            continue;
        roster_label(node->roster, one, label);
        names[effect->people.count++] = node_effect_span(effect, span_text(label));
    }
    effect->people.names = names;
}

/* ---- whether it came ---- */

static void tick_tell(struct node *node, const struct guest_link *link,
                      const struct guest_tick *tick, bool delivered)
{
    char label[LABEL_BYTES] = "";
    const struct person *person = guest_link_person(node, link);
    struct node_effect *effect = node_effect(node, EFFECT_RECEIPT);
    if (person)
        roster_label(node->roster, person, label);
    effect->receipt =
        (struct node_receipt){.ref = {tick->order.author, tick->order.epoch, tick->order.seq},
                              .conversation = node_effect_text(effect, tick->conversation),
                              .of = 1,
                              .guest = node_effect_text(effect, label),
                              .delivered = delivered};
}

/* Whom we call for each word is there as long as the calls are answered. */
static void answered(struct node *node, struct guest_link *link, struct person *person, bool is)
{
    if (is == link->there)
        return;
    if (is) {
        guest_link_there(node, link, person);
        return;
    }
    link->there = false;
    roster_link_down(node->roster, person, link->number, true, node->now.wall_ms);
    node_person_tell(node, person, person_best_link(person) ? NODE_PEER_CHANGED : NODE_PEER_DOWN);
}

static void ticked(struct node *node, struct guest_link *link, const struct node_event *event)
{
    bool delivered = event->guest.is;
    struct person *person = guest_link_person(node, link);
    if (person)
        answered(node, link, person, delivered);
    struct guest_tick *tick = guest_owed(node, event->guest.id);
    if (!tick)
        return;
    tick_tell(node, link, tick, delivered);
    if (tick->conversation[0] == '@')
        model_tick(&node->model, tick->conversation, &tick->order, delivered);
    if (delivered)
        guest_owed_end(node, tick, true);
    if (person && !delivered && !link->missed)
        told(node, "not-delivered",
             N_("Not delivered to %s: nobody answers. It is kept; /retry sends it again."), person);
    link->missed = !delivered;
}

static void trouble(struct node *node, const struct guest_link *link,
                    const struct node_event *event)
{
    static const struct {
        const char *code, *sentence;
    } TROUBLES[] = {
        [GUEST_TOO_LONG] = {"guest-too-long", N_("A message of %s was too long: the rest of it was "
                                                 "left out.")},
        [GUEST_TOO_FAST] = {"guest-too-fast", N_("%s says too much at once: some of it was left "
                                                 "out.")},
        [GUEST_TOO_SLOW] = {"guest-too-slow", N_("%s is told more than it takes: some of it was "
                                                 "left out.")},
        [GUEST_NO_TEXT] = {"guest-no-text", N_("%s called and sent what is no text. It was turned "
                                               "away.")},
        [GUEST_NO_READER] = {"guest-no-reader", N_("%s reads nothing any more, and was hung up "
                                                   "on.")},
    };
    char label[LABEL_BYTES] = "?";
    uint64_t *at = &guest_book_of(node)->troubled_at[event->guest.trouble];
    if (*at && node->now.mono_ms < *at + NODE_SELDOM_MS)
        return;
    *at = node->now.mono_ms;
    const struct person *person = link ? guest_link_person(node, link) : NULL;
    struct message message =
        message_make(TROUBLES[event->guest.trouble].code, TROUBLES[event->guest.trouble].sentence);
    if (person)
        roster_label(node->roster, person, label);
    else
        guest_name_copy(event->guest.name, label);
    message_add(&message, label);
    node_notice(node, &message);
}

/* Long because every kind of event is named. */
void guest_event_do(struct node *node, struct guest_link *link, const struct node_event *event)
{
    switch (event->kind) {
    case EVENT_GUEST_SAID:
        said(node, link, event);
        return;
    case EVENT_GUEST_PRIVATE:
        private
        (node, link, event);
        return;
    case EVENT_GUEST_WHO:
        who(node, link);
        return;
    case EVENT_GUEST_RINGS:
        rings(node, link);
        return;
    case EVENT_GUEST_HERE:
        here(node, link, event);
        return;
    case EVENT_GUEST_TICK:
        ticked(node, link, event);
        return;
    case EVENT_GUEST_TROUBLE:
        trouble(node, link, event);
        return;
    case EVENT_GUEST_UP:
    case EVENT_GUEST_ASKS:
    case EVENT_GUEST_DOWN:
    case EVENT_LINK_UP:
    case EVENT_LINK_DOWN:
    case EVENT_FRAME:
    case EVENT_QUEUED:
    case EVENT_DIAL_FAILED:
    case EVENT_ADDRESS:
    case EVENT_LINE:
    case EVENT_OPEN:
    case EVENT_SCROLL:
    case EVENT_STOP:
    case EVENT_CHECKED:
    case EVENT_STORED:
    case EVENT_STORE_FAILED:
    case EVENT_READ:
    case EVENT_HASHES:
    case EVENT_TRIMMED:
    case EVENT_OPENED:
    case EVENT_VERIFIED:
    case EVENT_PAGE:
    case EVENT_UNTRIED:
    case EVENT_DISK_BACK:
    case EVENT_NETWORK:
    case EVENT_TIMER:
        die("no event of a guest");
    }
}
