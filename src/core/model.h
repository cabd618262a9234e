#pragma once
/* What there is to see: the only thing of core that a screen reads, and never writes.
 *
 * It holds data, not layout: no widths, no colours, no cleaned text. Texts are UTF-8, and hostile.
 * Invariant: what it points to stays until the next event is handled. */
#include "core/ids.h"
#include "core/message.h"
#include "core/people.h"
#include "core/window.h"

enum {
    MODEL_PEOPLE_ROWS = 1024, /* people in the sidebar: ten times what one scrolls through */
    MODEL_FOUND = 1024,       /* finds of a scan: four /24 full of them */
    MODEL_ADDRESS = 300,      /* bytes of an address as text: a host name of DNS, and a port */
};

/* What changed since it was drawn last. */
enum model_dirty {
    MODEL_TITLE = 1,
    MODEL_LINES = 2,
    MODEL_SIDEBAR = 4,
    MODEL_STATUS = 8,
    MODEL_PROGRESS = 16,
    MODEL_ALL = 31,
};

struct conversation {
    char *name;  /* "#lab"; or @ and the ids of who is in it: what goes into events */
    char *title; /* what it is called on the screen */
    char *topic; /* "" for none */
    bool whisper;
    bool guest;  /* of whispers: with a guest of ours, so it is not encrypted and not kept */
    bool joined; /* rooms: we are in it */
    uint32_t unread;
    uint32_t mentions; /* of those; in a whisper all of them */
    bool marked;       /* the `new` rule goes above the line `mark` */
    struct order mark;
    size_t present; /* people there now, ourselves included */
    struct window window;
};

enum row_kind {
    ROW_PERSON, /* with the whisper with them, if there is one */
    ROW_GUEST,  /* under its host's row, or where there is none for it */
    ROW_ROOM,
    ROW_WHISPER, /* with several, or with someone we know no more */
    ROW_FOUND,   /* by the scan: not connected */
};

/* A line of the sidebar. */
struct row {
    enum row_kind kind;
    char *label;
    char *conversation; /* that Enter opens; NULL: none */
    bool open;          /* it is on the screen */
    uint32_t unread;
    uint32_t mentions;
    /* people and guests: */
    struct id id; /* a guest's: its host's */
    enum presence presence;
    enum trust trust;
    bool ignored;
    uint32_t rtt_us; /* 0: not known */
    uint64_t seen;   /* the last sign of them, our wall clock */
    char *via;       /* guests: what the host is called; NULL: it is linked to us */
    char *why;       /* they are away; NULL: without a word */
    /* guests and finds: */
    char *dialect; /* NULL: Tertulia's own */
    /* finds: */
    char *address;
};

/* Work that takes a while. */
struct progress {
    bool on;
    struct message what;
    uint64_t done;
    uint64_t total; /* 0: nobody knows */
    uint64_t found;
};

struct model {
    const char *name; /* our own */
    const char *room; /* the title of the conversation that is open */
    char tag[TAG_TEXT];
    uint16_t port; /* where we listen; 0: nowhere */
    bool away;
    uint64_t now;                    /* our wall clock, ms, of what is shown here */
    const struct conversation *open; /* NULL: none is */
    struct row **rows;               /* people and guests, rooms, whispers, finds */
    size_t row_count;
    size_t people_left_out; /* past MODEL_PEOPLE_ROWS */
    bool has_status;
    bool status_is_error;
    uint32_t status_number; /* another one for each */
    struct message status;
    struct progress progress;
    unsigned dirty;            /* of enum model_dirty */
    struct model_parts *parts; /* core's own */
};

/* All conversations that are held: index from 0; NULL past the last one. In order of name. */
const struct conversation *model_conversation(const struct model *model, size_t index);

/* How many lines wait below what is looked at. */
size_t model_below(const struct conversation *conversation);
/* Which line of the window stands at, or first after, this place: its count where there is none. */
size_t model_line(const struct conversation *conversation, const struct order *at);
