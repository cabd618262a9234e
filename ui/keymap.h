#pragma once
/* What the keys do: one table of actions, one of default keys, and what /bind changed.
 *
 * Pure. Invariant: a key does one thing in one place; a key that was freed does nothing there. */
#include "ui/keys.h"

#include <stdio.h>

enum { KEYMAP_BINDINGS = 384 }; /* the defaults, as many of the file, as many of /bind */
#define KEY_DEFAULT "default"   /* to /bind, in an action's place: as it was at first */

/* Where keys go. What a place does not know may be a key of CONTEXT_ALWAYS. */
enum context {
    CONTEXT_ALWAYS,
    CONTEXT_INPUT,
    CONTEXT_SIDEBAR,
    CONTEXT_LIST,   /* help, answers, the quick switcher */
    CONTEXT_SEARCH, /* hits of a search in the conversation */
    CONTEXTS,
};

enum action {
    ACTION_NONE,
    /* always */
    ACTION_HELP,
    ACTION_NEXT,
    ACTION_PREVIOUS,
    ACTION_NUMBER_1,
    ACTION_NUMBER_2,
    ACTION_NUMBER_3,
    ACTION_NUMBER_4,
    ACTION_NUMBER_5,
    ACTION_NUMBER_6,
    ACTION_NUMBER_7,
    ACTION_NUMBER_8,
    ACTION_NUMBER_9,
    ACTION_NUMBER_10,
    ACTION_UNREAD,
    ACTION_LAST,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_ROW_UP,
    ACTION_ROW_DOWN,
    ACTION_TOP,
    ACTION_BOTTOM,
    ACTION_NEW,
    ACTION_MENTION_NEXT,
    ACTION_MENTION_PREVIOUS,
    ACTION_SEARCH,
    ACTION_MOUSE,
    ACTION_BARE,
    ACTION_REDRAW,
    ACTION_SUSPEND,
    ACTION_INTERRUPT,
    ACTION_CANCEL,
    /* in the input line */
    ACTION_ENTER,
    ACTION_NEWLINE,
    ACTION_TAB,
    ACTION_TAB_BACK,
    ACTION_OLDER,
    ACTION_NEWER,
    ACTION_RECALL,
    ACTION_LEFT,
    ACTION_RIGHT,
    ACTION_WORD_LEFT,
    ACTION_WORD_RIGHT,
    ACTION_LINE_START,
    ACTION_LINE_END,
    ACTION_ERASE_LEFT,
    ACTION_ERASE_RIGHT,
    ACTION_CUT_WORD_LEFT,
    ACTION_CUT_WORD_RIGHT,
    ACTION_CUT_START,
    ACTION_CUT_END,
    ACTION_YANK,
    ACTION_YANK_OLDER,
    ACTION_UNDO,
    /* among people and rooms */
    ACTION_SIDE_UP,
    ACTION_SIDE_DOWN,
    ACTION_SIDE_FIRST,
    ACTION_SIDE_LAST,
    ACTION_SIDE_OPEN,
    ACTION_SIDE_INFO,
    ACTION_SIDE_CONNECT,
    ACTION_SIDE_DISCONNECT,
    ACTION_SIDE_BACK,
    /* in lists */
    ACTION_LIST_UP,
    ACTION_LIST_DOWN,
    ACTION_LIST_PAGE_UP,
    ACTION_LIST_PAGE_DOWN,
    ACTION_LIST_FIRST,
    ACTION_LIST_LAST,
    ACTION_LIST_OPEN,
    ACTION_LIST_BACK,
    /* at hits */
    ACTION_HIT_OLDER,
    ACTION_HIT_NEWER,
    ACTION_HIT_BACK,
    ACTIONS,
};

enum { KEYMAP_VALUE_BYTES = 160 }; /* the longest action of each place, and "nothing" */

struct action_spec {
    const char *name; /* as /bind has it */
    const char *help; /* N_(); NULL: it is told with the one before */
    enum context context;
};

const struct action_spec *action_spec(enum action action);
/* ACTIONS: there is none of that name. */
enum action action_find(const char *name);
/* The place's heading in a help screen, translated. */
const char *context_title(enum context context);

struct binding {
    struct key key;
    enum context context;
    enum action action; /* ACTION_NONE: freed */
};

struct keymap {
    struct binding list[KEYMAP_BINDINGS]; /* what /bind said last first, then the defaults */
    size_t count;
    size_t changed; /* of those */
};

void keymap_init(struct keymap *keymap);
enum action keymap_find(const struct keymap *keymap, enum context context, const struct key *key);
/* ACTION_NONE frees the key wherever it does something. False: there is no room. */
bool keymap_bind(struct keymap *keymap, const struct key *key, enum action action)
    __attribute__((warn_unused_result));
/* What was changed of this key, as keymap_restore reads it: "nothing next side-up"; "": it is as it
 * was at first. */
void keymap_value(const struct keymap *keymap, const struct key *key,
                  char into[KEYMAP_VALUE_BYTES]);
/* Words that are no actions (of another version) are passed over. */
void keymap_restore(struct keymap *keymap, const struct key *key, const char *value);
/* One of the machine's own, before anything is bound: it counts as how the key was at first.
 * Actions with a blank between two; "" frees the key. False: one of them is none, or there is no
 * room. */
bool keymap_begin(struct keymap *keymap, const struct key *key, const char *value)
    __attribute__((warn_unused_result));
/* The key is as it was at first. */
void keymap_unbind(struct keymap *keymap, const struct key *key);
/* The names of the first keys that do it, "Ctrl-n, Alt-→"; "" where none does. */
void keymap_keys(const struct keymap *keymap, enum action action, char *into, size_t size);
/* The default keys as lines of the file of settings, each a comment: what it does, and its keys. */
void keymap_write(FILE *file);
