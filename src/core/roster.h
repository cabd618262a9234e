#pragma once
/* Everyone we know of: people by their keys, guests by their host and name.
 *
 * Invariants: one person is one row, however many links lead to it; a name never makes anyone
 * trusted; a guest is never more than what its host says, and never trusted; and what strangers can
 * make us keep ends at the bounds below. Texts are copied, and may be hostile: they are cleaned
 * when shown. `now` is our wall clock in ms. */
#include "base/sys.h"
#include "core/body.h"
#include "core/entry.h"
#include "core/overlay.h"
#include "core/people.h"

enum {
    ROSTER_STRANGERS = 10000, /* people nobody here vouches for (DESIGN.md, "Strangers") */
    ROSTER_PEOPLE = 65536,    /* with those who are vouched for: two days of links make them */
    ROSTER_GUESTS = 1024,     /* a host can invent as many as it likes */
    ROSTER_HOST_GUESTS = 256, /* of one host: as many as the links it may have */
    PERSON_LINKS = 8,         /* two ways of two interfaces, twice over */
    PERSON_ADDRESSES = 4, /* kept of who is not linked: a laptop's wire, its radio, two old ones */
    ROSTER_MATCHES = 16,  /* candidates listed to who typed a name that is several people's */
    /* Looked at to tell namesakes apart; with more, tags are as long as need be for any number. */
    ROSTER_NAMESAKES = 64,
    /* A name or alias, ~, a whole id, a dot, a dialect, and the zero. */
    LABEL_BYTES = PERSON_NAME_MAX + 1 + ID_TEXT + 1 + DIALECT_NAME_MAX + 1,
};
/* Without any sign for so long, who is not linked to us is gone: whoever is there acknowledges what
 * others say, so only a silent mesh lasts so long. */
#define PRESENCE_SILENT_MS (UINT64_C(30) * 60 * 1000)
/* An address where nobody was reached for so long, however often, is forgotten. */
#define PERSON_ADDRESS_MS (UINT64_C(30) * 24 * 3600 * 1000)
/* Who was not seen for so long is expected nowhere, and may be forgotten for a newcomer. */
#define PERSON_LATELY_MS (UINT64_C(7) * 24 * 3600 * 1000)

struct person_link {
    uint32_t link;   /* the node's number */
    uint32_t rtt_us; /* smoothed; 0: not measured yet */
    uint64_t since;
    struct overlay_address address;
    enum found found;
};

/* Where they were reached, and how well that went since. */
struct person_address {
    struct overlay_address address;
    uint64_t at;     /* the last link */
    uint64_t since;  /* the first dial in vain after the last that was not; 0: none was */
    uint32_t failed; /* how many these are */
    uint32_t worked; /* dials that led there, in all */
};

/* What most people do not have. */
struct person_more {
    char *alias;                        /* our name for them */
    char *why;                          /* they are away */
    char dialect[DIALECT_NAME_MAX + 1]; /* guests */
    uint64_t warned;                    /* names taken from others, a bit for each */
    uint8_t link_count;
    uint8_t address_count;
    struct person_link links[PERSON_LINKS];
    struct person_address addresses[PERSON_ADDRESSES]; /* the last one first */
};

/* To be read; only the roster writes. It stays where it is until it is forgotten. */
struct person {
    struct id id;             /* a guest's: its host's */
    char *name;               /* their own; NULL: not known */
    struct person_more *more; /* or NULL */
    uint64_t name_hash;       /* of the shown name, folded; 0: nothing to show */
    uint64_t seen;            /* the last sign of them; 0: none */
    uint32_t next;            /* among those whose names lie in one place */
    uint32_t number;
    uint32_t first_day : 20; /* since 1970, of the first link; 0: none */
    bool used : 1;
    bool self : 1;
    bool guest : 1;
    bool verified : 1;
    bool blocked : 1;
    bool ignored : 1;
    bool whispered : 1; /* we to them */
    bool two_days : 1;  /* linked directly on two of them */
    bool away : 1;
    bool mesh : 1;   /* there when last seen */
    bool tilde : 1;  /* the shown name could be taken for one with a tag */
    bool hidden : 1; /* the shown name is an alias */
};

/* With nobody in it but ourselves. Only randomness is taken from `sys`, and only now. */
struct roster *roster_new(const struct id *self, const struct sys *sys);
void roster_free(struct roster *roster);

/* ---- who there is ---- */

struct person *roster_self(const struct roster *roster);
/* NULL where nobody is known by this key; never a guest. */
struct person *roster_person(const struct roster *roster, const struct id *id);
/* Makes them known. NULL where there is no room: then `direct`, for who is linked to us, takes the
 * place of the stranger not seen for longest, and others only one of who was not seen lately. */
struct person *roster_add(struct roster *roster, const struct id *id, bool direct, uint64_t now);
struct person *roster_guest(const struct roster *roster, const struct id *host, struct span name,
                            struct span dialect);
/* NULL for an empty name, or where all of its host's guests are linked to us. */
struct person *roster_guest_add(struct roster *roster, const struct id *host, struct span name,
                                struct span dialect);
/* Not ourselves. */
void roster_forget(struct roster *roster, struct person *person);
/* Everyone, ourselves and guests too, each once, in an order that follows from how they came; NULL
 * begins, and ends. Forgetting the one returned last is fine. */
struct person *roster_next(const struct roster *roster, const struct person *after);
/* People and guests, ourselves included. */
size_t roster_count(const struct roster *roster);
/* Grows with every change that a screen might show. */
uint64_t roster_changes(const struct roster *roster);

/* ---- names ---- */

/* A new name. Returns somebody else of that name (folded) whom the user knows it by, where that is
 * to be warned of: once for each name somebody takes. NULL: nothing to say. Guests keep theirs. */
const struct person *roster_name_set(struct roster *roster, struct person *person,
                                     struct span name);
/* Empty: takes it away. */
void roster_alias_set(struct roster *roster, struct person *person, struct span alias);
/* The name to show, without a tag: the alias, or their own, or "". */
const char *person_shown(const struct person *person);
/* How they are called so that nobody else is: with the tag where the name alone would not do. */
void roster_label(const struct roster *roster, const struct person *person, char into[LABEL_BYTES]);
/* The order of two labels in a list, as strcmp tells it: capitals stand beside their letters. */
int label_compare(const char *a, const char *b);

enum roster_find { ROSTER_NONE, ROSTER_ONE, ROSTER_MANY };

struct roster_match {
    size_t count; /* of people[] */
    size_t total; /* there may be more than are listed */
    struct person *people[ROSTER_MATCHES];
};

/* Whom somebody means who types an id, a label, `name~tag`, `~tag`, a name, an alias, or a
 * beginning of a name or tag that only one person has. Never guesses: what fits several is
 * ROSTER_MANY. */
enum roster_find roster_find(const struct roster *roster, struct span typed,
                             struct roster_match *into) __attribute__((warn_unused_result));

/* ---- trust ---- */

enum trust person_trust(const struct person *person);
/* Whether somebody here has to do with them (DESIGN.md, "Strangers"). */
bool person_vouched(const struct person *person);
/* Whether what they say is not to be shown. */
bool person_muted(const struct person *person);
/* Guests are blocked and ignored like all, but never verified. */
void roster_verify(struct roster *roster, struct person *person, bool verified);
void roster_block(struct roster *roster, struct person *person, bool blocked);
void roster_ignore(struct roster *roster, struct person *person, bool ignored);
/* We whispered to them. */
void roster_whispered(struct roster *roster, struct person *person);

/* ---- presence ---- */

/* One more link leads to them; false, and nothing done, past PERSON_LINKS. `address` is where they
 * listen; port 0: it is not known. */
bool roster_link_up(struct roster *roster, struct person *person, uint32_t link,
                    const struct overlay_address *address, enum found found, uint64_t now)
    __attribute__((warn_unused_result));
/* `gone`: the link was lost, or they said goodbye; not so where one was given up that is not
 * needed, and they are still there for others. */
void roster_link_down(struct roster *roster, struct person *person, uint32_t link, bool gone,
                      uint64_t now);
/* A dial to this address was in vain; whether it is one of theirs, and worth keeping: the first
 * time, twice as often as the last time, and when it is forgotten. */
enum roster_unreached {
    ROSTER_UNREACHED_NOT_THEIRS,
    ROSTER_UNREACHED_NOTED,
    ROSTER_UNREACHED_KEEP,
    ROSTER_UNREACHED_FORGOTTEN,
};
enum roster_unreached roster_unreached(struct roster *roster, const struct person *person,
                                       const struct overlay_address *address, uint64_t now)
    __attribute__((warn_unused_result));
void roster_rtt(struct roster *roster, struct person *person, uint32_t link, uint32_t us);
/* A sign, that came through others, of somebody who is there now. */
void roster_here(struct roster *roster, struct person *person, uint64_t now);
/* They said goodbye. Links of ours still count. */
void roster_left(struct roster *roster, struct person *person, uint64_t now);
/* An older sign: they were there `at` some time up to `now`. */
void roster_seen(struct roster *roster, struct person *person, uint64_t at, uint64_t now);
void roster_away(struct roster *roster, struct person *person, bool away, struct span why);

enum presence roster_presence(const struct roster *roster, const struct person *person,
                              uint64_t now);
bool person_seen_lately(const struct person *person, uint64_t now);
/* The link to use and to show: the fastest, then the oldest. NULL without any. */
const struct person_link *person_best_link(const struct person *person);

/* ---- over a restart ---- */

/* What is worth keeping of a person; spans borrow. */
struct person_saved {
    struct id id;
    struct span name;
    struct span alias;
    uint64_t seen;
    uint64_t warned;
    uint32_t first_day;
    bool verified;
    bool blocked;
    bool ignored;
    bool whispered;
    bool two_days;
    size_t address_count;
    struct person_address addresses[PERSON_ADDRESSES];
};

void person_save(const struct person *person, struct person_saved *into);
/* False where there is no room. Nobody is warned of names that were there before. */
bool roster_restore(struct roster *roster, const struct person_saved *saved)
    __attribute__((warn_unused_result));
