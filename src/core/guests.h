#pragma once
/* What node_guest.c and node_echo.c share; nobody else includes it. */
#include "core/node_parts.h"
#include "core/twins.h"

enum {
    GUEST_ROOMS = 4,    /* that a guest was invited to, beside #everyone */
    GUEST_NOTICES = 20, /* joins written down.. */
    GUEST_NOTICES_MS =
        10000,              /* ..in so long a time: a crowd that comes is, one that flaps is not */
    GUEST_LATE_MS = 60000,  /* what came with a digest is told to guests if it is no older.. */
    GUEST_SKEW_MS = 2000,   /* ..and if its clock is as right as clocks are that are set at all */
    GUEST_TICKS = 4096,     /* words of ours whose delivery may still be told: four full queues */
    GUEST_WHO = 1024,       /* names that answer a WHO */
    GUEST_TWICE_MS = 60000, /* as long what was said may come back from who passes it on */
    GUEST_SAYINGS = 2048,   /* lines of everybody in that time */
    GUEST_HELD = 128,       /* lines that may be an echo, and wait for what they would be one of */
    GUEST_HELD_MS = 2000,   /* as long as a busy mesh takes */
    GUEST_LINES_TOLD = 16,  /* lines of one text that go to guests one by one */
};

struct guest_link {
    uint32_t number;
    char name[GUEST_NAME_MAX + 1];
    char dialect[DIALECT_NAME_MAX + 1]; /* "": it is nobody yet */
    char wanted[GUEST_NAME_MAX + 1];    /* that it was granted, until it is known by it (again) */
    char lost[DIALECT_NAME_MAX + 1];    /* what it spoke; "" but while it is called again */
    struct overlay_address address;
    uint64_t since; /* mono */
    bool called, spreads, quiet, ticks;
    bool told;    /* it has a row */
    bool there;   /* and is in it with this link */
    bool written; /* an entry says so: others are to be told when it goes */
    bool missed;  /* the last word did not come to it, and the user knows */
    bool warned;  /* the user knows that nothing is encrypted */
    char rooms[GUEST_ROOMS][ROOM_MAX + 1];
};

/* A word of ours for a guest that answers each, until it did. */
struct guest_tick {
    uint64_t id; /* 0: there is none in this place */
    struct order order;
    char *conversation;
    char *text; /* NULL: it is not to be told again after the link */
    enum guest_tells kind;
    uint64_t wall;
    char dialect[DIALECT_NAME_MAX + 1];
    struct overlay_address address;
    uint32_t link; /* that was told it; 0: to be told when there is one */
};

struct guest_saying {
    uint64_t tag;
    uint64_t at; /* mono */
};

struct guest_held {
    struct guest_held *prev, *next;
    uint64_t tag;
    uint64_t due;
    uint32_t number;
    uint64_t wall;
    char *name;
    char *text;
};

struct guest_book {
    struct guest_link *links[NODE_GUESTS]; /* in order of arrival */
    size_t count;
    uint32_t from;                             /* whose words are being shown */
    uint64_t troubled_at[GUEST_NO_READER + 1]; /* of each trouble, when it was told last */
    uint64_t notices_at;
    unsigned notices;
    uint64_t key, seq;        /* of the last line that is nobody's entry */
    struct guest_tick *ticks; /* a ring by id */
    uint64_t tick_last;
    struct twins twins;
    struct guest_saying *sayings; /* a ring, made when there is something in it */
    size_t saying_next;
    struct guest_held *held;
    size_t held_count;
};

struct guest_book *guest_book_of(struct node *node);
struct guest_link *guest_link_find(const struct node *node, uint32_t number);
/* An entry of ours on behalf of a guest. */
void guest_host(struct node *node, const struct guest_link *link, enum entry_kind kind,
                struct span name, struct span text, uint64_t wall);
/* Whether it is `name~tag` of somebody who is known: no guest is called so. */
bool guest_name_is_tagged(const struct node *node, const char *name);

/* The same, to be filled and then said; and whether there is room for one. */
struct word *guest_word_new(struct node *node, const struct guest_link *link, enum entry_kind kind,
                            const char *room, struct span name, struct span text);
bool guest_word_fits(struct node *node);
/* An entry says that it came, if not too many do: whether it does. */
bool guest_came(struct node *node, const struct guest_link *link, struct span name);
/* It went, and others believe that it is there. */
void guest_went(struct node *node, const struct guest_link *link, struct span name);
/* NULL: it is nobody yet. */
struct person *guest_link_person(const struct node *node, const struct guest_link *link);
/* The link on which a guest of ours hears; NULL: there is none. */
struct guest_link *guest_ear(const struct node *node, const struct person *person);
/* The person is there by this link. */
void guest_link_there(struct node *node, struct guest_link *link, struct person *person);
/* A copy in one line, valid and short enough for an entry, whoever made it. */
void guest_name_copy(struct span name, char into[GUEST_NAME_MAX + 1]);
/* Whether somebody with a key who is there goes by it. */
bool guest_name_is_somebodys(const struct node *node, const char *name);
void guest_tell(struct node *node, const struct guest_link *link,
                const struct node_guest_word *word);
/* Only for its own eyes, in the language of the plain chats. */
void guest_tell_notice(struct node *node, const struct guest_link *link, const char *text);

/* ---- node_guest_owed.c ---- */

/* An id for this line of our user, whose delivery is told; 0: nobody waits for that. */
uint64_t guest_owe(struct node *node, const struct guest_link *link, const struct node_line *line,
                   const struct node_guest_word *word);
/* NULL: it is not waited for any more. */
struct guest_tick *guest_owed(const struct node *node, uint64_t id);
/* It was answered, or nobody wants that any more. */
void guest_owed_end(struct node *node, struct guest_tick *tick, bool delivered);
/* A link to whom words are owed is there: all of them, in order. */
void guest_owed_tell(struct node *node, const struct guest_link *link);
/* The link is gone: its words wait for another; or, `given_up`, for none. */
void guest_owed_lose(struct node *node, const struct guest_link *link, bool given_up);
void guest_owed_free(struct guest_book *guests);

/* ---- node_guest_talk.c ---- */

/* What a guest says or was told; `link` NULL: of one that is nobody's (EVENT_GUEST_TROUBLE). */
void guest_event_do(struct node *node, struct guest_link *link, const struct node_event *event);

/* ---- node_echo.c ---- */

struct guest_words {
    struct span name;
    struct span text;
    uint64_t wall;
    bool by_itself; /* the guest said no name */
};

enum guest_echo {
    GUEST_ECHO_NEWS,
    GUEST_ECHO_HELD, /* nobody can know yet: it is hosted later, or not */
    GUEST_ECHO_AGAIN,
};

/* What a guest says, who may have been told it before by another of ours. */
enum guest_echo guest_echo_heard(struct node *node, const struct guest_link *link,
                                 const struct guest_words *words);
/* Guests are told this now. */
void guest_echo_said(struct node *node, const struct node_guest_word *word);
void guest_held_drop(struct node *node, const struct guest_link *link);
void guest_echo_free(struct guest_book *guests);
