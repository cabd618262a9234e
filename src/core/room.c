/* Rooms and whispers. Few are looked at often, and all are walked through in order of name, so they
 * lie in one sorted list beside the table that finds them. */
#include "core/room.h"

#include "base/alloc.h"
#include "base/clean.h"
#include "base/fold.h"

#define uthash_malloc(size) xmalloc(size)
#define uthash_fatal(why) die("table: %s", why)
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

/* Who left is kept too, so that an older join does not bring them back. */
struct room_member {
    UT_hash_handle hh;
    struct id id;
    bool in;
    struct order at;
    uint64_t seen;
};

/* A room as the table finds it. */
struct place {
    UT_hash_handle hh;
    struct room room;
};

struct rooms {
    struct id self;
    struct place *places;
    struct room *first; /* in order of name */
    struct room *everyone;
    struct room *pinned;
    size_t room_count;
    size_t whisper_count;
    size_t member_count;
};

/* ---- names ---- */

static bool shows_as_it_is(const char *text, size_t size)
{
    size_t cleaned;
    char *clean = text_clean(text, size, CLEAN_LINE, &cleaned);
    bool same = cleaned == size && memcmp(clean, text, size) == 0;
    free(clean);
    return same;
}

static enum room_name folded_check(const char *folded, size_t size)
{
    if (size == 0 || folded[0] != '#')
        return ROOM_NAME_NO_HASH;
    if (size == 1)
        return ROOM_NAME_EMPTY;
    if (size > ROOM_MAX)
        return ROOM_NAME_TOO_LONG;
    if (memchr(folded, ' ', size) || !shows_as_it_is(folded, size))
        return ROOM_NAME_BAD;
    return ROOM_NAME_FINE;
}

enum room_name room_name_fold(struct span name, char into[ROOM_MAX + 1])
{
    size_t size;
    if (name.size > 4 * ROOM_MAX)
        return ROOM_NAME_TOO_LONG;
    char *folded = name_fold((const char *)name.bytes, name.size, &size);
    enum room_name result = folded_check(folded, size);
    if (result == ROOM_NAME_FINE)
        memcpy(into, folded, size + 1);
    free(folded);
    return result;
}

static int id_order(const void *a, const void *b)
{
    return id_compare(a, b);
}

/* Sorts, and leaves out ourselves and doubles; returns how many are left. */
static size_t people_settle(struct id *people, size_t count, const struct id *self)
{
    size_t kept = 0;
    if (count > 0)
        qsort(people, count, sizeof *people, id_order);
    for (size_t i = 0; i < count; i++)
        if (!id_equal(&people[i], self) && (kept == 0 || !id_equal(&people[i], &people[kept - 1])))
            people[kept++] = people[i];
    return kept;
}

static void whisper_name(const struct id *people, size_t count, char into[CONVERSATION_BYTES])
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        into[at++] = i == 0 ? '@' : ',';
        id_text(&people[i], into + at);
        at += ID_TEXT - 1;
    }
    into[at] = '\0';
}

/* ---- the conversations ---- */

static int name_order(const struct room *a, const struct room *b)
{
    return strcmp(a->name, b->name);
}

static struct room *room_new(struct rooms *rooms, const char *name, enum room_kind kind,
                             uint64_t now)
{
    struct place *place = xcalloc(1, sizeof *place);
    struct room *room = &place->room;
    room->name = xstrdup(name);
    room->kind = kind;
    room->joined = kind == ROOM_WHISPER;
    room->active = now;
    HASH_ADD_KEYPTR(hh, rooms->places, room->name, strlen(room->name), place);
    LL_INSERT_INORDER(rooms->first, room, name_order);
    *(kind == ROOM_WHISPER ? &rooms->whisper_count : &rooms->room_count) += 1;
    return room;
}

static void members_free(struct rooms *rooms, struct room *room)
{
    struct room_member *member, *after;
    HASH_ITER(hh, room->members, member, after)
    {
        HASH_DEL(room->members, member);
        rooms->member_count--;
        free(member);
    }
}

static void place_free(struct rooms *rooms, struct place *place)
{
    members_free(rooms, &place->room);
    HASH_DEL(rooms->places, place);
    free(place->room.name);
    free(place->room.people);
    free(place->room.topic);
    free(place);
}

struct rooms *rooms_new(const struct id *self)
{
    struct rooms *rooms = xcalloc(1, sizeof *rooms);
    rooms->self = *self;
    rooms->everyone = room_new(rooms, ROOM_EVERYONE, ROOM_PUBLIC, 0);
    rooms->everyone->joined = true;
    return rooms;
}

void rooms_free(struct rooms *rooms)
{
    struct place *place, *after;
    if (!rooms)
        return;
    HASH_ITER(hh, rooms->places, place, after)
    place_free(rooms, place);
    free(rooms);
}

struct room *rooms_everyone(const struct rooms *rooms)
{
    return rooms->everyone;
}

struct room *rooms_first(const struct rooms *rooms)
{
    return rooms->first;
}

struct room *rooms_find(const struct rooms *rooms, const char *name)
{
    struct place *place;
    HASH_FIND_STR(rooms->places, name, place);
    return place ? &place->room : NULL;
}

void rooms_forget(struct rooms *rooms, struct room *room)
{
    struct place *place;
    if (room == rooms->everyone)
        die("the rooms were told to forget " ROOM_EVERYONE);
    if (room == rooms->pinned)
        rooms->pinned = NULL;
    HASH_FIND_STR(rooms->places, room->name, place);
    *(room->kind == ROOM_WHISPER ? &rooms->whisper_count : &rooms->room_count) -= 1;
    LL_DELETE(rooms->first, room);
    place_free(rooms, place);
}

void rooms_pin(struct rooms *rooms, struct room *room)
{
    rooms->pinned = room;
}

static bool may_go(const struct rooms *rooms, const struct room *room, enum room_kind kind)
{
    if (room->kind != kind || room == rooms->pinned)
        return false;
    return kind == ROOM_WHISPER || !room->joined;
}

/* Whether `a` is missed less than `b`. */
static bool goes_first(const struct room *a, const struct room *b)
{
    if (a->spoken != b->spoken)
        return b->spoken;
    if (a->member_count != b->member_count)
        return a->member_count < b->member_count;
    return a->active < b->active;
}

/* Forgets the one that is missed least, if any may go. */
static bool room_for_one(struct rooms *rooms, enum room_kind kind)
{
    struct room *place = NULL;
    struct room *one;
    LL_FOREACH(rooms->first, one)
    {
        if (may_go(rooms, one, kind) && (!place || goes_first(one, place)))
            place = one;
    }
    if (place)
        rooms_forget(rooms, place);
    return place != NULL;
}

/* The room that is called so to the letter, as nearly every entry has it: nothing to be folded. */
static struct room *room_as_is(const struct rooms *rooms, struct span name)
{
    char text[ROOM_MAX + 1];
    if (name.size == 0 || name.size > ROOM_MAX || name.bytes[0] != '#' ||
        memchr(name.bytes, '\0', name.size))
        return NULL;
    memcpy(text, name.bytes, name.size);
    text[name.size] = '\0';
    return rooms_find(rooms, text);
}

struct room *rooms_open(struct rooms *rooms, struct span name, uint64_t now)
{
    char folded[ROOM_MAX + 1];
    struct room *known = room_as_is(rooms, name);
    if (known)
        return known;
    if (room_name_fold(name, folded) != ROOM_NAME_FINE)
        return NULL;
    struct room *room = rooms_find(rooms, folded);
    if (room)
        return room;
    if (rooms->room_count >= ROOMS_MOST && !room_for_one(rooms, ROOM_PUBLIC))
        return NULL;
    return room_new(rooms, folded, ROOM_PUBLIC, now);
}

struct room *rooms_whisper(struct rooms *rooms, const struct id *people, size_t count, uint64_t now)
{
    struct id settled[SEALED_SLOTS_MAX];
    if (count == 0 || count > SEALED_SLOTS_MAX)
        return NULL;
    memcpy(settled, people, count * sizeof *people);
    count = people_settle(settled, count, &rooms->self);
    if (count == 0 || count > READERS_MAX)
        return NULL;
    char name[CONVERSATION_BYTES];
    whisper_name(settled, count, name);
    struct room *room = rooms_find(rooms, name);
    if (room)
        return room;
    if (rooms->whisper_count >= WHISPERS_MOST && !room_for_one(rooms, ROOM_WHISPER))
        return NULL;
    room = room_new(rooms, name, ROOM_WHISPER, now);
    room->people = xmemdup(settled, count * sizeof *settled);
    room->people_count = count;
    return room;
}

void guest_conversation(const struct id *host, const char *dialect, const char *name,
                        char into[GUEST_CONVERSATION])
{
    char id[ID_TEXT];
    id_text(host, id);
    snprintf(into, GUEST_CONVERSATION, "@%s/%s/%s", id, dialect, name);
}

const char *guest_conversation_name(const char *conversation)
{
    if (conversation[0] != '@' || strlen(conversation) < ID_TEXT || conversation[ID_TEXT] != '/')
        return NULL;
    const char *slash = strchr(conversation + ID_TEXT + 1, '/');
    return slash && slash[1] ? slash + 1 : NULL;
}

struct room *rooms_guest(struct rooms *rooms, const char *name, uint64_t now)
{
    struct room *room = rooms_find(rooms, name);
    if (room)
        return room;
    if (strlen(name) >= GUEST_CONVERSATION ||
        (rooms->whisper_count >= WHISPERS_MOST && !room_for_one(rooms, ROOM_WHISPER)))
        return NULL;
    room = room_new(rooms, name, ROOM_WHISPER, now);
    room->guest = true;
    return room;
}

struct room *rooms_restore(struct rooms *rooms, const char *name, uint64_t now)
{
    struct id people[READERS_MAX];
    size_t count = 0;
    if (name[0] != '@')
        return rooms_open(rooms, span_text(name), now);
    if (guest_conversation_name(name))
        return rooms_guest(rooms, name, now);
    for (const char *at = name; *at != '\0'; at += ID_TEXT) {
        char text[ID_TEXT];
        if (count == READERS_MAX || *at != (count == 0 ? '@' : ',') || strlen(at + 1) < ID_TEXT - 1)
            return NULL;
        memcpy(text, at + 1, ID_TEXT - 1);
        text[ID_TEXT - 1] = '\0';
        if (!id_parse(text, &people[count++]))
            return NULL;
    }
    return rooms_whisper(rooms, people, count, now);
}

/* ---- members ---- */

static struct room_member *member_find(const struct room *room, const struct id *who)
{
    struct room_member *member;
    HASH_FIND(hh, room->members, who, sizeof *who, member);
    return member;
}

static size_t rooms_of(const struct rooms *rooms, const struct id *who)
{
    size_t count = 0;
    const struct room *room;
    LL_FOREACH(rooms->first, room)
    count += member_find(room, who) != NULL;
    return count;
}

static struct room_member *member_add(struct rooms *rooms, struct room *room, const struct id *who)
{
    bool self = id_equal(who, &rooms->self);
    if (!self && (rooms->member_count >= MEMBERS_MOST || rooms_of(rooms, who) >= MEMBER_ROOMS))
        return NULL;
    struct room_member *member = xcalloc(1, sizeof *member);
    member->id = *who;
    HASH_ADD(hh, room->members, id, sizeof member->id, member);
    rooms->member_count++;
    return member;
}

bool room_member_set(struct rooms *rooms, struct room *room, const struct id *who, bool in,
                     const struct order *at, uint64_t now)
{
    if (room->kind == ROOM_WHISPER || room == rooms->everyone)
        return false;
    struct room_member *member = member_find(room, who);
    if (member && order_compare(at, &member->at) < 0)
        return false;
    if (!member)
        member = member_add(rooms, room, who);
    if (!member)
        return false;
    room->member_count += in;
    room->member_count -= member->in;
    member->in = in;
    member->at = *at;
    if (now > member->seen)
        member->seen = now;
    if (now > room->active)
        room->active = now;
    if (id_equal(who, &rooms->self))
        room->joined = in;
    return true;
}

bool room_member(const struct room *room, const struct id *who, bool *in, struct order *at,
                 uint64_t *seen)
{
    const struct room_member *member = member_find(room, who);
    if (!member)
        return false;
    *in = member->in;
    *at = member->at;
    *seen = member->seen;
    return true;
}

bool room_has(const struct rooms *rooms, const struct room *room, const struct id *who)
{
    if (room == rooms->everyone)
        return true;
    if (room->kind == ROOM_WHISPER)
        return id_equal(who, &rooms->self) ||
               bsearch(who, room->people, room->people_count, sizeof *who, id_order) != NULL;
    const struct room_member *member = member_find(room, who);
    return member && member->in;
}

static bool seen_lately(const struct roster *roster, const struct id *who, uint64_t seen,
                        uint64_t now)
{
    const struct person *person = roster_person(roster, who);
    return (person && person_seen_lately(person, now)) ||
           (seen > 0 && now <= seen + PERSON_LATELY_MS);
}

bool room_expects(const struct rooms *rooms, const struct room *room, const struct roster *roster,
                  const struct id *who, uint64_t now)
{
    if (id_equal(who, &rooms->self) || !room_has(rooms, room, who))
        return false;
    if (room->kind == ROOM_WHISPER)
        return true;
    const struct room_member *member = member_find(room, who);
    return seen_lately(roster, who, member ? member->seen : 0, now);
}

struct id *room_expected(const struct rooms *rooms, const struct room *room,
                         const struct roster *roster, uint64_t now, size_t *count)
{
    size_t most = room->people_count;
    if (room->kind == ROOM_PUBLIC)
        most = room == rooms->everyone ? roster_count(roster) : room->member_count;
    *count = 0;
    if (room->guest)
        return NULL; /* what is for it alone, it answers itself */
    struct id *ids = xcalloc(most > 0 ? most : 1, sizeof *ids);
    if (room->kind == ROOM_WHISPER) {
        memcpy(ids, room->people, most * sizeof *ids);
        *count = most;
    } else if (room == rooms->everyone) {
        for (const struct person *one = NULL; (one = roster_next(roster, one)) != NULL;)
            if (!one->guest && room_expects(rooms, room, roster, &one->id, now))
                ids[(*count)++] = one->id;
    } else {
        const struct room_member *member, *after;
        HASH_ITER(hh, room->members, member, after)
        if (room_expects(rooms, room, roster, &member->id, now))
            ids[(*count)++] = member->id;
    }
    if (*count == 0) {
        free(ids);
        return NULL;
    }
    qsort(ids, *count, sizeof *ids, id_order);
    return ids;
}

static bool is_present(const struct roster *roster, const struct id *who, uint64_t now)
{
    const struct person *person = roster_person(roster, who);
    return person && roster_presence(roster, person, now) != PRESENCE_GONE;
}

size_t room_present(const struct rooms *rooms, const struct room *room, const struct roster *roster,
                    uint64_t now)
{
    size_t count = room->kind == ROOM_WHISPER;
    for (size_t i = 0; i < room->people_count; i++)
        count += is_present(roster, &room->people[i], now);
    if (room == rooms->everyone)
        for (const struct person *one = NULL; (one = roster_next(roster, one)) != NULL;)
            count += roster_presence(roster, one, now) != PRESENCE_GONE;
    const struct room_member *member, *after;
    HASH_ITER(hh, room->members, member, after)
    count += member->in && is_present(roster, &member->id, now);
    return count;
}

/* ---- topic and unread ---- */

bool room_topic_set(struct room *room, struct span topic, const struct order *at)
{
    if (order_compare(at, &room->topic_at) < 0)
        return false;
    free(room->topic);
    room->topic = topic.size > 0 && topic.size <= TOPIC_MAX
                      ? xstrndup((const char *)topic.bytes, topic.size)
                      : NULL;
    room->topic_at = *at;
    return true;
}

void room_arrived(struct room *room, const struct order *at, bool mention, uint64_t now)
{
    room->unread++;
    room->mentions += mention || room->kind == ROOM_WHISPER;
    if (now > room->active)
        room->active = now;
    if (!room->marked) {
        room->marked = true;
        room->mark = *at;
    }
}

void room_read(struct room *room)
{
    room->unread = 0;
    room->mentions = 0;
}

void room_leave_mark(struct room *room)
{
    room->marked = false;
}

void room_spoke(struct room *room, uint64_t now)
{
    room->spoken = true;
    if (now > room->active)
        room->active = now;
}
