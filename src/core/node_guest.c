/* Guests: who speaks a plain dialect on a link of ours, and what they hear. Their words become
 * entries of ours on their behalf, so that everybody reads them; what is said in the mesh goes to
 * each of them with the speaker's name. node_echo.c says what was heard before, another way.
 *
 * Invariants: a guest speaks under its own name only, no two of ours have the same, and what one
 * says never comes back to it. */
#include "core/guests.h"

#include "base/clean.h"
#include "base/fold.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdio.h>

/* ---- the links ---- */

struct guest_book *guest_book_of(struct node *node)
{
    if (!node->guests)
        node->guests = xcalloc(1, sizeof *node->guests);
    return node->guests;
}

struct guest_link *guest_link_find(const struct node *node, uint32_t number)
{
    for (size_t i = 0; node->guests && number && i < node->guests->count; i++)
        if (node->guests->links[i]->number == number)
            return node->guests->links[i];
    return NULL;
}

/* NULL, and it is hung up on, where there are too many. */
static struct guest_link *link_open(struct node *node, uint32_t number)
{
    struct guest_link *link = guest_link_find(node, number);
    struct guest_book *guests = guest_book_of(node);
    if (link)
        return link;
    if (guests->count == NODE_GUESTS || node->leaving) {
        node_effect(node, EFFECT_GUEST_HANG_UP)->link = number;
        return NULL;
    }
    link = xcalloc(1, sizeof *link);
    link->number = number;
    link->since = node->now.mono_ms;
    guests->links[guests->count++] = link;
    return link;
}

struct person *guest_link_person(const struct node *node, const struct guest_link *link)
{
    if (!link->dialect[0])
        return NULL;
    return roster_guest(node->roster, &node->config.identity->id, span_text(link->name),
                        span_text(link->dialect));
}

/* Whether both lead to the same guest. */
static bool is_same(const struct guest_link *a, const struct guest_link *b)
{
    return a == b ||
           (a->dialect[0] && strcmp(a->dialect, b->dialect) == 0 && strcmp(a->name, b->name) == 0);
}

/* A guest with several links is told on one: whom we called hears there. */
static bool is_ear(const struct node *node, const struct guest_link *link)
{
    for (size_t i = 0; i < node->guests->count; i++) {
        const struct guest_link *other = node->guests->links[i];
        if (other != link && other->called && !link->called && is_same(other, link))
            return false;
    }
    return true;
}

struct guest_link *guest_ear(const struct node *node, const struct person *person)
{
    for (size_t i = 0; node->guests && i < node->guests->count; i++) {
        struct guest_link *link = node->guests->links[i];
        if (guest_link_person(node, link) == person && is_ear(node, link))
            return link;
    }
    return NULL;
}

/* ---- names ---- */

/* A copy in one line, valid and short enough for an entry, whoever made it. */
void guest_name_copy(struct span name, char into[GUEST_NAME_MAX + 1])
{
    size_t size;
    char *clean = text_clean((const char *)name.bytes, name.size, CLEAN_LINE, &size);
    size = text_clean_cut(clean, size, GUEST_NAME_MAX);
    while (size > 0 && clean[size - 1] == ' ')
        size--;
    memcpy(into, clean, size);
    into[size] = '\0';
    free(clean);
}

static bool is_called(const char *name, const char *other)
{
    size_t size, other_size;
    char *folded = name_fold(name, strlen(name), &size);
    char *other_folded = name_fold(other, strlen(other), &other_size);
    bool same = size == other_size && memcmp(folded, other_folded, size) == 0;
    free(folded);
    free(other_folded);
    return same;
}

/* Whether another of our guests has it. */
static bool is_taken(const struct node *node, const struct guest_link *link, const char *name)
{
    for (size_t i = 0; i < node->guests->count; i++) {
        const struct guest_link *other = node->guests->links[i];
        if (other != link && (is_called(name, other->name) || is_called(name, other->wanted)))
            return true;
    }
    return false;
}

/* Whether somebody with a key who is there goes by it. */
bool guest_name_is_somebodys(const struct node *node, const char *name)
{
    struct roster_match match;
    if (roster_find(node->roster, span_text(name), &match) == ROSTER_NONE)
        return false;
    for (size_t i = 0; i < match.count; i++) {
        const struct person *one = match.people[i];
        if (!one->guest && is_called(name, person_shown(one)) &&
            roster_presence(node->roster, one, node->now.wall_ms) != PRESENCE_GONE)
            return true;
    }
    return false;
}

bool guest_name_is_tagged(const struct node *node, const char *name)
{
    struct roster_match match;
    const char *tilde = strrchr(name, '~');
    if (!tilde || strlen(tilde) < TAG_TEXT)
        return false;
    return roster_find(node->roster, span_text(name), &match) != ROSTER_NONE;
}

static bool is_free(const struct node *node, const struct guest_link *link, const char *name)
{
    size_t shown;
    char *folded = name_fold(name, strlen(name), &shown);
    free(folded);
    return shown > 0 && !is_taken(node, link, name) && !guest_name_is_somebodys(node, name) &&
           !guest_name_is_tagged(node, name);
}

/* The name, or the first of "name#2", "name#3" that no guest of ours has. */
static void name_settle(const struct node *node, const struct guest_link *link, struct span name,
                        char into[GUEST_NAME_MAX + 1])
{
    enum { NUMBER = 8 };
    char plain[GUEST_NAME_MAX + 1];
    guest_name_copy(name, plain);
    if (!plain[0] || guest_name_is_tagged(node, plain))
        memcpy(plain, "?", 2);
    memcpy(into, plain, sizeof plain);
    plain[text_clean_cut(plain, strlen(plain), GUEST_NAME_MAX - NUMBER)] = '\0';
    for (unsigned i = 2; is_taken(node, link, into); i++)
        snprintf(into, GUEST_NAME_MAX + 1, "%.*s#%u", GUEST_NAME_MAX - NUMBER, plain, i);
}

/* ---- on behalf ---- */

struct word *guest_word_new(struct node *node, const struct guest_link *link, enum entry_kind kind,
                            const char *room, struct span name, struct span text)
{
    struct word *word = node_word(node, kind, room, text);
    word->guest = xstrndup((const char *)name.bytes, name.size);
    memcpy(word->dialect, link->dialect, sizeof word->dialect);
    word->from = link->number;
    word->line = 0;
    return word;
}

/* Our own words have the rest of the queue. */
bool guest_word_fits(struct node *node)
{
    if (!node->halted && !node->leaving && node->waiting_count < NODE_WAITING / 2)
        return true;
    struct message message =
        message_make("guest-unheard",
                     N_("Some of what guests said was left out: more came than can be stored."));
    if (!node->leaving)
        node_notice_seldom(node, &message);
    return false;
}

void guest_host(struct node *node, const struct guest_link *link, enum entry_kind kind,
                struct span name, struct span text, uint64_t wall)
{
    if (!guest_word_fits(node))
        return;
    struct word *word = guest_word_new(node, link, kind, ROOM_EVERYONE, name, text);
    word->wall = wall < ENTRY_NUMBER_MAX ? wall : ENTRY_NUMBER_MAX;
    (void)node_talk(node, word);
}

bool guest_came(struct node *node, const struct guest_link *link, struct span name)
{
    struct guest_book *guests = guest_book_of(node);
    uint64_t now = node->now.mono_ms;
    if (now - guests->notices_at >= GUEST_NOTICES_MS) {
        guests->notices_at = now;
        guests->notices = 0;
    }
    if (link->quiet || guests->notices == GUEST_NOTICES)
        return false;
    guests->notices++;
    guest_host(node, link, ENTRY_JOIN, name, span_text(""), 0);
    return true;
}

void guest_went(struct node *node, const struct guest_link *link, struct span name)
{
    if (!link->quiet)
        guest_host(node, link, ENTRY_LEAVE, name, span_text(""), 0);
}

/* ---- being there ---- */

/* Another link of the same guest, or NULL. */
static struct guest_link *link_other(const struct node *node, const struct guest_link *link)
{
    for (size_t i = 0; i < node->guests->count; i++)
        if (node->guests->links[i] != link && is_same(node->guests->links[i], link))
            return node->guests->links[i];
    return NULL;
}

static void link_leave(struct node *node, struct guest_link *link)
{
    struct person *person = guest_link_person(node, link);
    struct guest_link *other = link_other(node, link);
    if (person) {
        roster_link_down(node->roster, person, link->number, true, node->now.wall_ms);
        node_person_tell(node, person,
                         person_best_link(person) ? NODE_PEER_CHANGED : NODE_PEER_DOWN);
    }
    if (link->written && other)
        other->written = true;
    else if (link->written)
        guest_went(node, link, span_text(link->name));
    link->told = link->there = link->written = false;
    link->dialect[0] = link->name[0] = '\0';
}

/* Those whose words it brought are as far away as it is, unless another brings them too. */
static void heard_leave(struct node *node, const struct guest_link *link)
{
    if (!link->spreads || !link->dialect[0])
        return;
    for (size_t i = 0; i < node->guests->count; i++)
        if (node->guests->links[i] != link &&
            strcmp(node->guests->links[i]->dialect, link->dialect) == 0)
            return;
    const struct person *one = NULL;
    while ((one = roster_next(node->roster, one))) {
        if (!one->guest || person_best_link(one) ||
            !id_equal(&one->id, &node->config.identity->id) ||
            strcmp(one->more->dialect, link->dialect) != 0 ||
            roster_presence(node->roster, one, node->now.wall_ms) == PRESENCE_GONE)
            continue;
        roster_left(node->roster,
                    roster_guest(node->roster, &one->id, span_text(one->name),
                                 span_text(one->more->dialect)),
                    node->now.wall_ms);
        node_person_tell(node, one, NODE_PEER_DOWN);
    }
}

void guest_link_there(struct node *node, struct guest_link *link, struct person *person)
{
    bool first = !person_best_link(person);
    if (!roster_link_up(node->roster, person, link->number, &link->address,
                        link->called ? FOUND_ASKED : FOUND_CALLED_US, node->now.wall_ms))
        first = false;
    link->there = true;
    node_person_tell(node, person, first ? NODE_PEER_UP : NODE_PEER_CHANGED);
}

static void link_arrive(struct node *node, struct guest_link *link)
{
    struct person *person = roster_guest_add(node->roster, &node->config.identity->id,
                                             span_text(link->name), span_text(link->dialect));
    if (!person || person->blocked) {
        node_effect(node, EFFECT_GUEST_HANG_UP)->link = link->number;
        return;
    }
    guest_link_there(node, link, person);
    link->told = true;
    if (!link_other(node, link))
        link->written = guest_came(node, link, span_text(link->name));
}

/* The name under which this link is known from now on. */
static void name_of_up(const struct node *node, const struct guest_link *link,
                       const struct node_event *event, char into[GUEST_NAME_MAX + 1])
{
    const struct guest_link *same = guest_link_find(node, event->guest.same_as);
    if (same && same != link && strcmp(same->dialect, event->guest.dialect) == 0)
        memcpy(into, same->name, sizeof same->name);
    else
        name_settle(node, link, event->guest.name, into);
}

static void up(struct node *node, const struct node_event *event)
{
    struct guest_link *link = link_open(node, event->link);
    char name[GUEST_NAME_MAX + 1];
    if (!link)
        return;
    if (event->guest.asked)
        node_call_answered(node, &event->guest.address);
    link->address = event->guest.address;
    link->called = event->guest.called;
    link->spreads = event->guest.spreads;
    link->quiet = event->guest.quiet;
    link->ticks = event->guest.ticks;
    if (!event->guest.dialect[0])
        return;
    name_of_up(node, link, event, name);
    if (link->told && strcmp(name, link->name) == 0 &&
        strcmp(event->guest.dialect, link->dialect) == 0)
        return;
    struct person *before = guest_link_person(node, link);
    link_leave(node, link);
    if (before && !person_best_link(before) && !person_muted(before) && !before->hidden)
        roster_forget(node->roster, before); /* nobody left: more is known of the same guest */
    memcpy(link->name, name, sizeof link->name);
    snprintf(link->dialect, sizeof link->dialect, "%s", event->guest.dialect);
    link->wanted[0] = link->lost[0] = '\0';
    link_arrive(node, link);
    if (link->told && link->ticks)
        guest_owed_tell(node, link);
}

/* Its name is kept for it, and whoever means it by that name means this. */
static void lose(struct node *node, struct guest_link *link)
{
    if (link->dialect[0]) {
        memcpy(link->wanted, link->name, sizeof link->wanted);
        memcpy(link->lost, link->dialect, sizeof link->lost);
    }
    link_leave(node, link);
}

static void down(struct node *node, struct guest_link *link, bool again)
{
    struct guest_book *guests = node->guests;
    guest_held_drop(node, link);
    heard_leave(node, link);
    guest_owed_lose(node, link, false);
    if (again) {
        lose(node, link);
        return;
    }
    link_leave(node, link);
    for (size_t i = 0; i < guests->count; i++) {
        if (guests->links[i] != link)
            continue;
        memmove(&guests->links[i], &guests->links[i + 1],
                (--guests->count - i) * sizeof *guests->links);
        break;
    }
    free(link);
}

static void asks(struct node *node, const struct node_event *event)
{
    struct guest_link *link = link_open(node, event->link);
    char name[GUEST_NAME_MAX + 1];
    if (!link)
        return;
    guest_name_copy(event->guest.name, name);
    bool fine = is_free(node, link, name);
    struct node_effect *effect = node_effect(node, EFFECT_GUEST_NAMED);
    effect->link = link->number;
    effect->guest.name = node_effect_span(effect, span_text(fine ? name : ""));
    if (fine)
        memcpy(link->wanted, name, sizeof name);
}

/* ---- telling them ---- */

void guest_tell(struct node *node, const struct guest_link *link,
                const struct node_guest_word *word)
{
    struct node_effect *effect = node_effect(node, EFFECT_GUEST_WORD);
    effect->link = link->number;
    effect->guest = *word;
    effect->guest.who = node_effect_span(effect, word->who);
    effect->guest.text = node_effect_span(effect, word->text);
    effect->guest.name = node_effect_span(effect, word->name);
}

/* Only for its own eyes, in the language of the plain chats. */
void guest_tell_notice(struct node *node, const struct guest_link *link, const char *text)
{
    guest_tell(node, link,
               &(struct node_guest_word){.kind = GUEST_TELLS_NOTICE,
                                         .who = span_text(node->name),
                                         .text = span_text(text),
                                         .wall = node->now.wall_ms});
}

static bool is_invited(const struct guest_link *link, const char *room)
{
    for (size_t i = 0; i < GUEST_ROOMS; i++)
        if (strcmp(link->rooms[i], room) == 0)
            return true;
    return false;
}

static bool kind_of(const struct node_line *line, enum guest_tells *into)
{
    if (!line->readable)
        return false;
    switch ((enum entry_kind)line->kind) {
    case ENTRY_SAY:
        *into = GUEST_TELLS_SAY;
        return true;
    case ENTRY_ACT:
        *into = GUEST_TELLS_ACT;
        return true;
    case ENTRY_JOIN:
    case ENTRY_LEAVE: /* with a key, people come and go by their links */
        *into = line->kind == ENTRY_JOIN ? GUEST_TELLS_JOINED : GUEST_TELLS_LEFT;
        return line->guest.size > 0;
    case ENTRY_CALL:
    case ENTRY_TOPIC:
    case ENTRY_PROFILE:
    case ENTRY_SEALED:
        return false;
    }
    return false;
}

/* "bruno (#lab)": of other rooms it is said where. */
static void who_write(const struct node *node, const struct node_line *line, char *into,
                      size_t room)
{
    char label[LABEL_BYTES];
    const struct person *guest = NULL;
    if (line->guest.size)
        guest = roster_guest(node->roster, &line->order.author, line->guest, line->dialect);
    snprintf(label, sizeof label, "%s", line->name);
    if (guest)
        roster_label(node->roster, guest, label);
    if (strcmp(line->conversation, ROOM_EVERYONE) == 0)
        snprintf(into, room, "%s", label);
    else
        snprintf(into, room, "%s (%s)", label, line->conversation);
}

/* Never history: what was just said, or what came late and was said while it was there, and others
 * with us. By the sender's clock, for ours says when it came; where they differ nobody knows, and
 * it hears too little rather than twice what another life of ours told it. */
static bool is_news(const struct node *node, const struct guest_link *link,
                    const struct node_line *line)
{
    int64_t age = (int64_t)node->now.wall_ms - (int64_t)line->time;
    uint64_t since = link->since > node->met ? link->since : node->met;
    int64_t there = since < node->now.mono_ms ? (int64_t)(node->now.mono_ms - since) : 0;
    return line->live ||
           (age >= -GUEST_SKEW_MS && age <= GUEST_LATE_MS && age + GUEST_SKEW_MS <= there);
}

static bool may_hear(const struct node *node, const struct guest_link *link,
                     const struct node_line *line)
{
    const struct guest_link *from = guest_link_find(node, node->guests->from);
    bool everyone = strcmp(line->conversation, ROOM_EVERYONE) == 0;
    if (link->lost[0] || (from && is_same(from, link)))
        return false;
    /* it may have hung up already, and be here on another link */
    if (line->own && span_equal(line->guest, span_text(link->name)) &&
        span_equal(line->dialect, span_text(link->dialect)))
        return false;
    return is_news(node, link, line) && is_ear(node, link) &&
           (everyone || is_invited(link, line->conversation));
}

void node_guest_hear(struct node *node, const struct node_line *line)
{
    char who[LABEL_BYTES + ROOM_MAX + 4];
    struct node_guest_word word = {.text = line->text, .wall = line->time};
    if (!node->guests || line->whisper || !kind_of(line, &word.kind))
        return;
    who_write(node, line, who, sizeof who);
    word.who = span_text(who);
    word.hosted = line->guest.size > 0;
    word.name = line->guest;
    word.own = line->own && !word.hosted;
    if (word.kind == GUEST_TELLS_SAY || word.kind == GUEST_TELLS_ACT)
        guest_echo_said(node, &word);
    for (size_t i = 0; i < node->guests->count; i++) {
        const struct guest_link *link = node->guests->links[i];
        if (!may_hear(node, link, line))
            continue;
        word.id = guest_owe(node, link, line, &word);
        guest_tell(node, link, &word);
    }
}

void node_guest_presence(struct node *node, const struct person *person, bool came)
{
    char label[LABEL_BYTES];
    if (!node->guests || person->guest || person->self)
        return;
    roster_label(node->roster, person, label);
    for (size_t i = 0; i < node->guests->count; i++)
        if (!node->guests->links[i]->lost[0])
            guest_tell(
                node, node->guests->links[i],
                &(struct node_guest_word){.kind = came ? GUEST_TELLS_JOINED : GUEST_TELLS_LEFT,
                                          .who = span_text(label),
                                          .wall = node->now.wall_ms});
}

/* ---- events ---- */

void node_guest(struct node *node, const struct node_event *event)
{
    struct guest_link *link = guest_link_find(node, event->link);
    if (event->kind == EVENT_GUEST_UP)
        up(node, event);
    else if (event->kind == EVENT_GUEST_ASKS)
        asks(node, event);
    else if (event->kind == EVENT_GUEST_DOWN && link)
        down(node, link, event->guest.is);
    else if (link || event->kind == EVENT_GUEST_TROUBLE)
        guest_event_do(node, link, event);
}

bool node_guest_speaks(const struct node *node, struct span name, struct span dialect)
{
    const struct guest_link *link = node->guests ? guest_link_find(node, node->guests->from) : NULL;
    return link && span_equal(span_text(link->dialect), dialect) &&
           (link->spreads || span_equal(span_text(link->name), name));
}

void node_guest_from(struct node *node, uint32_t number)
{
    if (node->guests)
        node->guests->from = number;
}

void node_guests_free(struct node *node)
{
    struct guest_book *guests = node->guests;
    if (!guests)
        return;
    for (size_t i = 0; i < guests->count; i++)
        free(guests->links[i]);
    guest_owed_free(guests);
    guest_echo_free(guests);
    free(guests);
    node->guests = NULL;
}
