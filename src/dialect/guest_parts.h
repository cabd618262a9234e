#pragma once
/* The inside of a guest, for the files that make it up: one for each dialect, and guest*.c.
 *
 * A dialect reads what is here, and changes it by the functions below only. */
#include "base/buf.h"
#include "dialect/dialect.h"

/* Names that are remembered of one link: as many as may talk at once in a busy room. */
enum { GUEST_NAMES = 32 };

/* Lines of theirs that wait: all that can be in one message, and as many again. */
enum { GUEST_LINES_MOST = GUEST_MESSAGE };

/* What waits to be pulled. */
struct guest_message {
    struct guest_message *prev, *next;
    uint64_t since; /* it could go from then on */
    uint64_t id;    /* of its word */
    bool last;      /* of its word */
    bool hosted;    /* a guest's words: not to go where they went another way */
    bool heard;     /* of another link, to be passed on: it is not ours */
    bool told;      /* that it failed */
    size_t size;
    size_t other; /* behind it, of hosted: the same as the guest itself would say it */
    char bytes[];
};

/* A line of theirs that waits for guest_named. */
struct guest_line {
    struct guest_line *prev, *next;
    size_t size;
    char bytes[];
};

enum guest_state {
    STATE_DOWN,     /* no link; called: until guest_retry, or `dated`'s next word */
    STATE_DIALLING, /* GUEST_DIAL was said */
    STATE_UP,
    STATE_OVER, /* GUEST_HANG_UP or GUEST_NATIVE was said */
};

struct guest {
    enum guest_role role;
    const struct dialect *dialect; /* NULL: not known */
    const struct dialect *wanted;  /* what we called it for; NULL: to be found out */
    uint16_t port;
    uint32_t number;
    char *name;
    char *greeting;
    char address[GUEST_ADDRESS_MAX + 1];
    struct echoes *echoes;
    struct guest_now now;
    enum guest_state state;
    bool listens;       /* greeted, and nothing heard yet */
    bool known;         /* GUEST_KNOWN was said */
    bool heard;         /* a message came over this link */
    bool probed;        /* `named`: all that it ever said is --name */
    bool leaving;       /* hang up when the queue is empty.. */
    enum guest_why why; /* ..and say why */
    uint64_t up_at;
    uint64_t deadline; /* of silence; UINT64_MAX: nothing is awaited */

    /* in */
    struct buf in;              /* the message that is arriving */
    uint64_t in_first, in_last; /* when its first and last bytes came */
    bool in_cut;                /* there was more of it */
    bool in_lines;              /* the last one ended its line */
    struct guest_line *lines;
    size_t line_count;
    uint64_t credit_ms; /* what GUEST_RATE and GUEST_SPELL_MS still allow */
    uint64_t credit_at;
    uint64_t cut_at[2]; /* when each enum guest_cut was last said, and 1; 0: never */

    /* out */
    struct guest_message *queue;
    size_t queue_count, queue_bytes;
    uint64_t pulled_at; /* the next goes GUEST_PACE_MS later */
    bool paced;         /* something was pulled ever */
    uint64_t lost;      /* since it was last said */
    struct guest_event *events;

    /* the dialects' own */
    struct guest_message *current;   /* `dated`: sent, and not answered yet */
    bool answered;                   /* `dated`: it was */
    bool awaits;                     /* `named`: their name; `neighbour`: ours */
    bool asking;                     /* `join`: guest_named is awaited */
    bool joined;                     /* `join`: as.. */
    char called[GUEST_NAME_MAX + 1]; /* ..that */
    /* `piped`: in front of what was heard and said there lately; each ends with a zero */
    char (*names)[GUEST_NAME_MAX + 1];
    size_t name_next;
};

/* ---- guest.c ---- */

/* Appends an event; texts are copied. */
struct guest_event *guest_event(struct guest *guest, enum guest_event_kind kind, struct span name,
                                struct span text);
/* GUEST_SAID, with the whole message. */
struct guest_event *guest_said(struct guest *guest, struct span name, struct span text,
                               struct span whole);
/* It speaks `dialect` and is called `name`: GUEST_KNOWN. */
void guest_known(struct guest *guest, const struct dialect *dialect, struct span name);
/* It speaks `dialect`; whether it is anybody is not known yet. */
void guest_speaks(struct guest *guest, const struct dialect *dialect);
/* Hangs up when all that waits was pulled. */
void guest_close(struct guest *guest, enum guest_why why);
/* What silent callers hear, so that a peer knows us for one. */
void guest_greet(struct guest *guest);
/* It is so late, and what came up to now may be a whole message. Silence is judged by guest_tick
 * alone: a program that stood still has answers that it has not read yet. */
void guest_at(struct guest *guest, struct guest_now now);
/* Hangs up now. */
void guest_abort(struct guest *guest, enum guest_why why);
/* GUEST_DIAL, where there is no link and none is coming. */
void guest_dial(struct guest *guest);
/* The rest of a line is a line of its own: the next one, and it counts as one. */
void guest_line_back(struct guest *guest, struct span rest);
/* Something is awaited for so long. */
void guest_await(struct guest *guest, uint64_t ms);

/* ---- guest_words.c ---- */

/* Bytes of one message exactly as they are; at most GUEST_OUT. False where the queue is full. */
bool guest_put(struct guest *guest, struct span bytes);
/* The same for a text. */
void guest_answer(struct guest *guest, const char *text);
/* A text of ours in front of what a stranger chose. */
void guest_answer_with(struct guest *guest, const char *before, struct span name,
                       const char *after);
void guest_words_free(struct guest *guest);
/* The message that may go now; NULL: none. */
struct guest_message *guest_ready(struct guest *guest);
/* When one may; UINT64_MAX: never. */
uint64_t guest_ready_at(const struct guest *guest);
/* Takes it out of the queue. */
void guest_take(struct guest *guest, struct guest_message *message);
/* Puts it back in front. */
void guest_return(struct guest *guest, struct guest_message *message);

/* ---- dialect.c ---- */

/* A stranger's name in one line, at most GUEST_NAME_MAX bytes, without blanks at its ends; on the
 * heap, with its size. */
char *name_clean(struct span name, size_t *size);
/* How a speaker is called in front of their words: nothing in it can be taken for the end of it.
 * Returns its size. */
size_t label_write(enum dialect_style style, struct span who, char into[GUEST_LABEL_MAX]);
bool span_begins(struct span text, const char *with);
bool span_is(struct span text, const char *what);
/* The rest after so many bytes, without blanks in front. */
struct span span_after(struct span text, size_t size);
struct span span_trim(struct span text);
/* Where `what` begins in it; its size: nowhere. */
size_t span_find(struct span text, const char *what);

/* ---- dated.c ---- */

/* `YYYY-MM-DD HH:MM:SS: ` in front: what it says, in UTC. */
bool dated_parse(struct span text, int32_t zone_s, uint64_t *wall_ms);
/* A message was pulled on the link to whom we called; TAKES it. */
void dated_sent(struct guest *guest, struct guest_message *sent);
/* That link ended, or could not be. */
void dated_end(struct guest *guest);
/* Calls if there is something to say. */
void dated_pump(struct guest *guest);

/* ---- piped.c ---- */

bool piped_split(struct span line, struct span *name, struct span *text);

/* Words with that name in front are on this link. */
void piped_note(struct guest *guest, struct span name);

/* ---- neighbour.c ---- */

/* What rings a bell there; an address follows. */
extern const char NEIGHBOUR_RINGS[];
/* `Vecino N` and nothing else. */
bool neighbour_name(struct span text);
bool neighbour_rings(struct span text);

/* ---- echo.c ---- */

/* Whether these bytes, heard now, are news: not said by us within ECHO_SAID_MS, and not heard by
 * anyone within ECHO_AGAIN_MS. `number` of the link has carried them from now on. */
bool echo_news(struct echoes *echoes, uint32_t number, struct span bytes, uint64_t now_ms);
/* Whether we said them ourselves within ECHO_SAID_MS. */
bool echo_ours(const struct echoes *echoes, struct span bytes, uint64_t now_ms);
/* We say them there, or are about to. */
void echo_said(struct echoes *echoes, uint32_t number, struct span bytes, uint64_t now_ms);
/* We pass them on there. */
void echo_passed(struct echoes *echoes, uint32_t number, struct span bytes, uint64_t now_ms);
/* Whether that link carried them, either way, within ECHO_SAID_MS. */
bool echo_carried(const struct echoes *echoes, uint32_t number, struct span bytes, uint64_t now_ms);
