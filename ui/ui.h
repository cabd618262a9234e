#pragma once
/* The screen's own state, and what keys make of it. Keys and the model come in; a grid of cells and
 * requests go out. Nothing is performed here: no terminal, no clock, no node.
 *
 * Invariants: a line goes to the conversation that its prompt named when Enter was pressed; what
 * was typed is in the editor, a draft, the history or on its way, and never gone; and what is drawn
 * depends on this state and the model alone. */
#include "core/command.h"
#include "core/model.h"
#include "ui/drafts.h"
#include "ui/glyph.h"
#include "ui/grid.h"
#include "ui/history.h"
#include "ui/keymap.h"
#include "ui/theme.h"

enum {
    UI_REQUESTS = 256,      /* waiting: more keys than one read brings */
    UI_PAGE_ITEMS = 4096,   /* of a list: every person and room that we know */
    UI_INTERRUPT_MS = 2000, /* Ctrl-c twice within this leaves */
    UI_ESCAPE_MS = 2000,    /* Esc, then a key: as with Alt */
    UI_TOLD_MS = 10000,     /* what the node says stays at least so long, whatever is typed */
    UI_SEEN = 64,           /* conversations opened in this run: the round of next and previous */
    UI_MENU_ROWS = 8,       /* of completion */
    UI_MINI_BYTES = 256,    /* words searched for, names switched to */
    UI_STATUS_BYTES = MESSAGE_TEXT_BYTES,
    UI_DRAFT_MS = 2000, /* of typing that a kill may take away: not a commit for every key */
    UI_SAID = 256,      /* sentences that /log shows: what one asks about is among the last */
};

struct ui;

struct ui_config {
    const struct command_names *names; /* outlives the ui, or ui_language */
    struct completion_source
        source; /* people, rooms, keys, actions and themes the ui knows itself */
    const struct glyphs *glyphs;
    message_translate *translate; /* NULL: English */
    size_t text_max;              /* bytes that one message may have */
    const char *note;             /* N_(): a line of the welcome; NULL: none */
};

struct ui *ui_new(const struct ui_config *config);
void ui_free(struct ui *ui);
/* The language has changed. */
void ui_language(struct ui *ui, const struct command_names *names);

/* ---- in ---- */

void ui_resize(struct ui *ui, int rows, int columns);
/* Bytes from the terminal. `now`: a clock in ms that never goes back. */
void ui_feed(struct ui *ui, const struct model *model, uint64_t now, const char *bytes,
             size_t size);
/* In how many ms from `now` on ui_timeout wants to be called; 0: not at all. At any other moment it
 * does nothing. */
unsigned ui_wait(const struct ui *ui, uint64_t now);
void ui_timeout(struct ui *ui, const struct model *model, uint64_t now);
/* What terminfo knows of this terminal's keys. */
struct keys *ui_keys(struct ui *ui);
/* One key, for whoever has decoded it already. */
void ui_key(struct ui *ui, const struct model *model, uint64_t now, const struct key *key);

/* The model has changed: once before each ui_draw. */
void ui_follow(struct ui *ui, const struct model *model);
/* Show this conversation (of EFFECT_GO); `model` as it is now. */
void ui_go(struct ui *ui, const struct model *model, const char *conversation);
/* And in it this line (a hit of /search). */
void ui_go_line(struct ui *ui, const struct model *model, const char *conversation,
                const struct order *at);
/* Words that could not be kept come back into their conversation's input line. */
void ui_back(struct ui *ui, const char *conversation, const char *text);
/* A sentence for the status line, until the next key; and for /log. */
void ui_say(struct ui *ui, bool error, const char *text);
/* /help, /bind, /theme, /clear, /log and, with a range or none, whatever else only the screen can
 * do: true when it was one of these. */
bool ui_command(struct ui *ui, const struct model *model, const struct command *command);

/* ---- lists: answers, help, the log ---- */

void ui_page_open(struct ui *ui, const char *title);
/* `left` may be NULL: `right` has the whole row. With a conversation, Enter goes there, and to `at`
 * unless that is NULL. False: the list is full. Texts are cleaned when they are shown. */
bool ui_page_add(struct ui *ui, enum style style, const char *left, const char *right,
                 const char *conversation, const struct order *at);

/* ---- out ---- */

enum ui_request_kind {
    UI_LINE,    /* a line was entered: `conversation`, `text`, `size` */
    UI_OPEN,    /* `conversation` is to be brought to the screen */
    UI_SCROLL,  /* `how`, `conversation`, `at` */
    UI_STOP,    /* the scan is to stop */
    UI_LEAVE,   /* the program is to end */
    UI_SUSPEND, /* back to the shell for a while */
    UI_REDRAW,  /* all of it: the terminal shows something else */
    UI_MOUSE,   /* `on`: whose the mouse is */
    UI_THEME,   /* `text` names the theme: to be used and kept */
    UI_BIND,    /* `key` and `text` (for ui_bound): to be kept; "": to be forgotten */
    UI_TYPED,   /* `text`, `size`: a line for the input history; right before its UI_LINE */
    UI_DRAFT,   /* `conversation` and `text`: to be kept; "": to be forgotten */
};

/* As the node has it. */
enum ui_scroll {
    UI_SCROLL_ANCHOR, /* the lowest line looked at is this one */
    UI_SCROLL_GO,     /* the reader wants to be there, held or not */
    UI_SCROLL_END,    /* at the end, and stays there */
    UI_SCROLL_UP,     /* at the first line that is held, and wants more */
    UI_SCROLL_DOWN,   /* at the last one */
};

struct ui_request {
    enum ui_request_kind kind;
    char *conversation; /* owned, like text */
    char *text;
    size_t size;
    char key[KEY_NAME_BYTES];
    enum ui_scroll how;
    struct order at;
    bool on;
};

/* The next thing to do, in order; ui_request_done frees it. */
bool ui_request(struct ui *ui, struct ui_request *into) __attribute__((warn_unused_result));
void ui_request_done(struct ui_request *request);

/* Draws the screen; it stays until the next call. */
const struct grid *ui_draw(struct ui *ui, const struct model *model);
/* The same with only what was typed anew, whatever else changed meanwhile; NULL: more has to be
 * drawn. */
const struct grid *ui_echo(struct ui *ui, const struct model *model);
const struct theme *ui_theme(const struct ui *ui);
/* For the terminal's title: "(3) #lab - tertulia". Clean. */
void ui_title(const struct ui *ui, const struct model *model, char *into, size_t size);

/* ---- what is kept across runs: at the start, and whenever it has to be kept anew ---- */

/* Asks for the draft in the input line to be kept now, if it was not yet: the program leaves. */
void ui_keep(struct ui *ui);
/* All that were asked to be kept. */
const struct drafts *ui_drafts(const struct ui *ui);
void ui_draft_set(struct ui *ui, const char *conversation, const char *text);
struct history *ui_history(struct ui *ui);
const struct keymap *ui_keymap(const struct ui *ui);
/* What a UI_BIND asked to be kept. */
void ui_bound(struct ui *ui, const char *key, const char *value);
/* The same for this machine, before: what a key is without /bind. False: it cannot be. */
bool ui_bind_first(struct ui *ui, const char *key, const char *value)
    __attribute__((warn_unused_result));
bool ui_theme_set(struct ui *ui, const char *name) __attribute__((warn_unused_result));
/* Whose the mouse is at first; the terminal is told by the caller. */
void ui_mouse_set(struct ui *ui, bool on);
