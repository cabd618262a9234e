#pragma once
/* Conversations: rooms with their members and topics, whispers by who is in them; and what of each
 * was not read yet.
 *
 * Invariants: #everyone is always there, and everyone is in it; a room goes by its folded name and
 * a whisper by the set of its people, so that each is one conversation however it is written; what
 * an older entry says never undoes what a newer one said, in whatever order they come; and the
 * number of rooms, whispers and members ends at the bounds below. */
#include "core/order.h"
#include "core/roster.h"

#define ROOM_EVERYONE "#everyone"

enum {
    ROOMS_MOST = 1024,    /* rooms known; anybody can make some */
    WHISPERS_MOST = 1024, /* whispers known; the store has all of them */
    MEMBERS_MOST = 16384, /* in all rooms but #everyone: 32 rooms of 500, some 3 MB */
    MEMBER_ROOMS = 64,    /* one person's: a flooder fills no more */
    /* A room's name, or @ and the whole ids of up to 15, a comma between them, and the zero. */
    CONVERSATION_BYTES = 1 + READERS_MAX * ID_TEXT,
};

/* Why a room cannot be called so. */
enum room_name {
    ROOM_NAME_FINE,
    ROOM_NAME_NO_HASH,  /* it does not begin with # */
    ROOM_NAME_EMPTY,    /* nothing that shows follows */
    ROOM_NAME_TOO_LONG, /* more than ROOM_MAX bytes, once folded */
    ROOM_NAME_BAD,      /* blanks, or what cannot be shown as it is */
};

/* The one form of a room's name: "#Lab" and "#lab" are the same room. */
enum room_name room_name_fold(struct span name, char into[ROOM_MAX + 1])
    __attribute__((warn_unused_result));

enum room_kind { ROOM_PUBLIC, ROOM_WHISPER };

struct room_member; /* of a room that is not #everyone */

/* To be read; written by the functions below only. Stays where it is until rooms_forget. */
struct room {
    char *name; /* the folded name; or @ and ids in order, with a comma between them */
    enum room_kind kind;
    size_t people_count; /* of a whisper: who is in it but ourselves, in order */
    struct id *people;
    char *topic; /* NULL: none */
    struct order topic_at;
    bool guest; /* a whisper with a guest of ours: not encrypted, kept by us alone, and nobody is in
                   it */
    bool joined; /* rooms: we are in it. #everyone and whispers: always */
    bool spoken; /* whispers: we wrote in it */
    uint32_t unread;
    uint32_t mentions; /* of those; in a whisper all of them */
    bool marked; /* `mark` is the first line that came unread; it stands until room_leave_mark */
    struct order mark;
    uint64_t active; /* when something last happened in it */
    struct room_member *members;
    size_t member_count; /* who is in it, ourselves included; not of #everyone */
    struct room *next;   /* in order of name */
};

struct rooms *rooms_new(const struct id *self);
void rooms_free(struct rooms *rooms);
struct room *rooms_everyone(const struct rooms *rooms);
/* All, in order of name; on by `next`. */
struct room *rooms_first(const struct rooms *rooms);
/* By the name of a conversation, as `name` above; NULL where there is none such. */
struct room *rooms_find(const struct rooms *rooms, const char *name);
/* The room of this name, however it is written; made where it is new. NULL for a name that cannot
 * be, or where we are in as many as there may be; else, at the bound, the one with the fewest
 * people goes. */
struct room *rooms_open(struct rooms *rooms, struct span name, uint64_t now);
/* The whisper with these people: in any order, ourselves and doubles left out. NULL where nobody or
 * too many are left. At the bound the one goes that we never wrote in and nothing happened in for
 * longest. */
struct room *rooms_whisper(struct rooms *rooms, const struct id *people, size_t count,
                           uint64_t now);
/* The one with a guest of ours, by its name (guest_conversation). At the bound as above. */
struct room *rooms_guest(struct rooms *rooms, const char *name, uint64_t now);
/* What that is called; NULL-free: GUEST_CONVERSATION bytes always do. */
enum { GUEST_CONVERSATION = 1 + ID_TEXT + 1 + DIALECT_NAME_MAX + 1 + GUEST_NAME_MAX };
void guest_conversation(const struct id *host, const char *dialect, const char *name,
                        char into[GUEST_CONVERSATION]);
/* The guest's name in it; NULL where it is the name of another conversation. */
const char *guest_conversation_name(const char *conversation);
/* The conversation named as `name` above, as it was kept; NULL where it cannot be. */
struct room *rooms_restore(struct rooms *rooms, const char *name, uint64_t now);
/* Not #everyone. */
void rooms_forget(struct rooms *rooms, struct room *room);
/* The conversation on the screen, which is not forgotten by itself; or NULL. */
void rooms_pin(struct rooms *rooms, struct room *room);

/* ---- members ---- */

/* `at` is the entry that says whether they are in: a join or leave, or words said there. False
 * where a later one said otherwise before, or there is no room. Everyone is always in #everyone,
 * and the people of a whisper never change. */
bool room_member_set(struct rooms *rooms, struct room *room, const struct id *who, bool in,
                     const struct order *at, uint64_t now);
bool room_has(const struct rooms *rooms, const struct room *room, const struct id *who);
/* What is kept of one; false where nothing is. */
bool room_member(const struct room *room, const struct id *who, bool *in, struct order *at,
                 uint64_t *seen);

/* Who is expected to store what is said there (DESIGN.md): of a room, its members seen lately; of a
 * whisper, its readers; never ourselves, never guests. */
bool room_expects(const struct rooms *rooms, const struct room *room, const struct roster *roster,
                  const struct id *who, uint64_t now);
/* All of them, in order of id: on the heap, NULL for none. */
struct id *room_expected(const struct rooms *rooms, const struct room *room,
                         const struct roster *roster, uint64_t now, size_t *count);
/* How many people are there: ourselves, and in #everyone the guests, included. */
size_t room_present(const struct rooms *rooms, const struct room *room, const struct roster *roster,
                    uint64_t now);

/* ---- topic and unread ---- */

/* False where a later one was said before. Empty takes it away. */
bool room_topic_set(struct room *room, struct span topic, const struct order *at);
/* A line came that nobody has seen yet. In a whisper each counts as a mention. */
void room_arrived(struct room *room, const struct order *at, bool mention, uint64_t now);
/* The last line was looked at: nothing is unread. The mark stays. */
void room_read(struct room *room);
/* The conversation left the screen: the next unread line gets a new mark. */
void room_leave_mark(struct room *room);
/* We wrote in it. */
void room_spoke(struct room *room, uint64_t now);
