#pragma once
/* The plain dialects: one link to somebody who speaks one of them, bytes to events and back.
 *
 * Pure: no socket, no clock but `now`. Who drives a guest gives it bytes as they come, calls
 * guest_tick when guest_due says so, writes what guest_pull hands out whenever its socket takes
 * more, and does what guest_next says. Messages of a plain dialect have no frames, so one is what
 * arrives within a few milliseconds; the same bytes at the same time give the same events, however
 * they were chunked.
 *
 * Invariants: what comes out in events is UTF-8 that text_clean made harmless, in one line; what
 * goes to a guest is in one line too, and its beginning says truly whose words these are; all that
 * a guest can make us keep ends at a bound below. */
#include "core/body.h"
#include "core/span.h"

enum {
    GUEST_MESSAGE = 1024, /* bytes of one of theirs: what their recv() takes at once */
    GUEST_OUT = 1000,     /* bytes of one of ours: theirs may add a little when they pass it on */
    GUEST_PACE_MS = 40,   /* between two of ours, or their recv() would take both as one */
    /* What comes within so short a time is one message: ten times what a segment cut in two takes
     * on a LAN, a tenth of what a scanner waits for an answer. */
    GUEST_GATHER_MS = 5,
    GUEST_GATHER_MOST_MS = 50, /* of bytes that never pause: 20 messages a second */
    GUEST_HALF_MS = 250,       /* what ends inside a character waits so long for the rest of it; so
                                  does what may become a peer's greeting */
    GUEST_SILENCE_MS = 300,    /* who called and says nothing is spoken to */
    GUEST_LISTEN_MS = 400,     /* whom we called may speak first for so long */
    GUEST_ANSWER_MS = 5000,    /* `dated` has answered by then, or the message was not delivered */
    GUEST_STUCK_MS = 30000,    /* nobody reads at the other end */
    GUEST_HOSTED_MS = 500,     /* a guest's words wait so long for the other way they may take */
    GUEST_RATE = 20,           /* messages a second that are listened to.. */
    GUEST_SPELL_MS = 5000,     /* ..for longer than that; faster ones pass if they are few */
    GUEST_CUT_MS = 10000,      /* between two events that say that something was cut off */
    /* What waits for one guest: 100 lines of each of ten people who all speak at once. */
    GUEST_QUEUE = 1024,
    GUEST_QUEUE_BYTES = 128 * 1024,
    GUEST_LINES = 16,        /* lines of a message that stay apart; the rest become one */
    GUEST_LABEL_MAX = 128,   /* of a speaker's name in front of their words */
    GUEST_ADDRESS_MAX = 64,  /* an IPv6 address with its interface */
    GUEST_PEOPLE_MAX = 1024, /* names that answer a WHO: more is left out, and it says so */
};

/* When it is. */
struct guest_now {
    uint64_t mono_ms; /* never goes back */
    uint64_t wall_ms; /* since 1970, at most ENTRY_NUMBER_MAX */
    int32_t zone_s;   /* what local clocks show, less UTC, now */
};

struct guest;

/* How a dialect writes who says something. */
enum dialect_style {
    STYLE_COLON, /* `name: text` */
    STYLE_BAR,   /* `name|text` */
    STYLE_DATED, /* `YYYY-MM-DD HH:MM:SS: name: text` */
    STYLE_MSG,   /* `MSG text`, under the name of ours that it knows */
};

/* One dialect. */
struct dialect {
    const char *name; /* as in /connect and in entries */
    uint16_t port;    /* whoever listens there speaks it and nothing else; 0: there is none such */
    /* Who called us reads nothing of that link: their listener, at their address, is to be called.
     * 0: they do read it. */
    uint16_t reach_low, reach_high;
    enum dialect_style style;        /* to who called us.. */
    enum dialect_style called_style; /* ..and to whom we called */
    bool spreads;                    /* who called us passes on what they are told */
    bool called_spreads;             /* whom we called does */
    bool notices;                    /* they want to know who comes and goes */
    bool call_each;                  /* a call for each message, and an answer to each: a receipt */
    /* Whether the first message of who called us is of this dialect. NULL: never. */
    bool (*fits)(struct span first);
    /* Our call was taken: what is to be said or awaited first. NULL: nothing. */
    void (*up)(struct guest *guest);
    /* A message, or a line of one: not empty, cleaned, of one line. */
    void (*message)(struct guest *guest, struct span line);
    /* What `up` awaited did not come in time. NULL: it awaits nothing. */
    void (*silence)(struct guest *guest);
    /* Whether our words go to it now. NULL: always. */
    bool (*hears)(const struct guest *guest);
};

extern const struct dialect dialect_dated;
extern const struct dialect dialect_named;
extern const struct dialect dialect_join;
extern const struct dialect dialect_neighbour;
extern const struct dialect dialect_piped;
/* Text without any sign of what wrote it. It is never called by its name. */
extern const struct dialect dialect_plain;

/* By the name that /connect takes. NULL: there is no such, or it is `native`. */
const struct dialect *dialect_find(const char *name);
/* The one that a port belongs to alone. NULL: anything may listen there. */
const struct dialect *dialect_of_port(uint16_t port);
/* What a caller's first message says; dialect_plain where it says nothing. Cleaned, not empty. */
const struct dialect *dialect_of_first(struct span first);

/* ---- what was heard and said lately, by all guests of one node that pass words on ---- */

enum {
    ECHO_AGAIN_MS = 3000, /* a line heard again within so short a time went round in a circle */
    ECHO_SAID_MS = 60000, /* what we said ourselves may still come back */
};

struct echoes;
struct echoes *echoes_new(void);
void echoes_free(struct echoes *echoes);

/* ---- one guest ---- */

enum guest_role { GUEST_ACCEPTED, GUEST_CALLED };

/* Everything is copied but `echoes`, which outlives the guest. */
struct guest_config {
    enum guest_role role;
    const struct dialect *dialect; /* of GUEST_CALLED; NULL: to be found out */
    uint16_t port;                 /* of GUEST_CALLED: theirs */
    const char *name;              /* our own */
    const char *greeting;          /* what silent callers hear: a sentence */
    const char *our_address;       /* as they see it; "" where it is not known */
    uint32_t number;               /* of the link: no two guests of one node share it */
    struct echoes *echoes;
};

enum guest_event_kind {
    GUEST_NATIVE, /* it is TLS: this guest is over. `text`: bytes that came before the last chunk */
    GUEST_LISTENS, /* a caller was silent and was greeted: it hears from now on */
    /* It is somebody: in `dialect`, called `name` (empty: by its address). May come again, when it
     * shows that it speaks something else, or says its name. */
    GUEST_KNOWN,
    GUEST_ASKS_NAME, /* `join`: to be called `name`; nothing more of it comes before guest_named */
    GUEST_SAID,      /* `text`, by `name` (empty: by itself) */
    GUEST_PRIVATE,   /* `text` for `name` alone */
    GUEST_WHO,       /* who is there? Answer with GUEST_PEOPLE */
    GUEST_RINGS,     /* it calls us: a bell */
    GUEST_JOINED,    /* `name` came, where it is.. */
    GUEST_GONE,      /* ..and went */
    GUEST_SENT,      /* `dated`: `text` was handed out just now, as it is: for the transcript */
    GUEST_DELIVERED, /* `dated`: the word `id` was answered, with all its parts */
    GUEST_FAILED,    /* `dated`: the word `id` was not; it is kept */
    GUEST_CUT,       /* something of theirs was cut off: see `cut` */
    GUEST_LOST,      /* `count` of our messages did not fit into its queue */
    GUEST_DIAL,      /* call it (again), and answer with guest_up or guest_end */
    GUEST_HANG_UP,   /* close the link after what was pulled, and say guest_end: see `why` */
    GUEST_LEFT,      /* it was known or listened, and its link is no more */
};

enum guest_cut { CUT_LONG, CUT_FLOOD };

enum guest_why {
    WHY_DONE,     /* it left, or all was said */
    WHY_NO_TEXT,  /* its first bytes are no text */
    WHY_LATE_TLS, /* a peer that took too long: it was greeted as a guest */
    WHY_STUCK,    /* it reads nothing */
    WHY_NO_ANSWER,
    WHY_PEER, /* whom we called greets as we do, or who called took us for `named`: a peer */
};

struct guest_event {
    struct guest_event *prev, *next;
    enum guest_event_kind kind;
    const struct dialect *dialect;
    struct span name;
    struct span text;
    /* GUEST_SAID: the message as it came, in one line; of `piped`, what guest_relay is to pass on
     * to all others of the kind (empty: nothing). */
    struct span whole;
    bool dated;       /* GUEST_SAID: the sender's clock said.. */
    uint64_t wall_ms; /* ..that */
    uint64_t id;
    uint64_t count;
    enum guest_cut cut;
    enum guest_why why;
};

/* What happens in the mesh, as a guest is told. */
enum guest_word_kind {
    WORD_SAY,
    WORD_ACT,
    WORD_PRIVATE, /* for this guest alone */
    WORD_JOINED,  /* `who` came.. */
    WORD_LEFT,    /* ..and went */
    WORD_NOTICE,  /* the program itself says `text` */
    WORD_RING,    /* `who` calls it */
};

struct guest_word {
    enum guest_word_kind kind;
    struct span who; /* how the speaker is called here, as roster_label has it */
    struct span text;
    bool own;         /* our own user speaks */
    bool hosted;      /* a guest's words, ours or another host's, .. */
    struct span name; /* ..and how that guest calls itself, without any tag */
    uint64_t wall_ms; /* the speaker's clock */
    uint64_t id;      /* comes back in events; 0: it does not matter */
};

/* A caller is there already; one to be called begins with GUEST_DIAL, `dated` with its first word.
 */
struct guest *guest_new(const struct guest_config *config, struct guest_now now);
void guest_free(struct guest *guest);

/* What happens to the link. After guest_end a guest that we called can be called again. */
void guest_up(struct guest *guest, struct guest_now now);
void guest_feed(struct guest *guest, struct guest_now now, const void *bytes, size_t size);
void guest_end(struct guest *guest, struct guest_now now);
/* Whoever owed an answer by now is given up: only when all that has arrived was fed. */
void guest_tick(struct guest *guest, struct guest_now now);
/* When guest_tick or guest_pull have something to do, by the mono clock; UINT64_MAX: never. */
uint64_t guest_due(const struct guest *guest);
/* The next message to be written, and its size; 0: none yet. Only when all before was written. */
size_t guest_pull(struct guest *guest, struct guest_now now, char into[GUEST_OUT])
    __attribute__((warn_unused_result));
/* The next event, in order, or NULL. The caller frees it with free(). */
struct guest_event *guest_next(struct guest *guest) __attribute__((warn_unused_result));

/* Tells it a word. False where it does not hear, where what is private could not be kept so, and
 * where not all of it fits into the queue. */
bool guest_say(struct guest *guest, struct guest_now now, const struct guest_word *word);
/* A line of another `piped` link, unchanged. */
void guest_relay(struct guest *guest, struct guest_now now, struct span whole);
/* Answers GUEST_ASKS_NAME, soon: it is called `name` now; empty: somebody else is. */
void guest_named(struct guest *guest, struct guest_now now, struct span name);
/* Answers GUEST_WHO. */
void guest_people(struct guest *guest, struct guest_now now, const struct span *names,
                  size_t count);
/* What failed is tried again; a guest that we called is called again. */
void guest_retry(struct guest *guest, struct guest_now now);
/* We leave: says so where it can be said, then GUEST_HANG_UP. */
void guest_leave(struct guest *guest, struct guest_now now);

/* What it speaks, as far as is known. NULL: not yet. */
const struct dialect *guest_dialect(const struct guest *guest);
/* Whether words go to it now. */
bool guest_hears(const struct guest *guest);
/* Whether what it is told it tells others, so that nothing can be private. */
bool guest_spreads(const struct guest *guest);
/* Messages that wait. */
size_t guest_waiting(const struct guest *guest);

/* ---- the transcript, in the two forms of `dated` ---- */

enum { DATED_STAMP = 19 }; /* YYYY-MM-DD HH:MM:SS */

/* Local time, with a zero. */
void dated_stamp(uint64_t wall_ms, int32_t zone_s, char into[DATED_STAMP + 1]);
/* What was sent (of GUEST_SENT) and received (of GUEST_SAID, `whole`), as one line without its end,
 * on the heap. */
char *transcript_sent(const char *ip, struct span message) __attribute__((warn_unused_result));
char *transcript_received(const char *ip, uint16_t port, struct span message, struct guest_now now)
    __attribute__((warn_unused_result));
