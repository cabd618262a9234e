#pragma once
/* The line that is being typed: text, cursor, undo, and what was cut out.
 *
 * Pure. Invariants: the text is UTF-8 without control characters but newlines and tabs; the cursor
 * stands between grapheme clusters; the text never passes the limit; and every change can be taken
 * back until EDITOR_UNDO others were made after it. */
#include <stdbool.h>
#include <stddef.h>

enum {
    EDITOR_UNDO = 256,              /* steps: typed words, cuts, pastes */
    EDITOR_UNDO_BYTES = 256 * 1024, /* what they removed, in all: four texts of the longest */
    EDITOR_KILLS = 8,               /* cuts that can be put back: who would cycle through more? */
    EDITOR_KILL_BYTES = 64 * 1024,  /* of one: a text of the longest */
};

/* Where the cursor can go from where it is. */
enum editor_place {
    EDITOR_LEFT, /* a cluster */
    EDITOR_RIGHT,
    EDITOR_WORD_LEFT,
    EDITOR_WORD_RIGHT,
    EDITOR_BLANK_LEFT, /* to behind the blank before: shell words, as Ctrl-w takes them */
    EDITOR_LINE_START,
    EDITOR_LINE_END,
    EDITOR_START,
    EDITOR_END,
};

/* What was done last: typing goes on in one step of undo, and cuts in one piece. */
enum editor_last { EDITOR_DID_OTHER, EDITOR_DID_TYPE, EDITOR_DID_KILL, EDITOR_DID_YANK };

/* Takes back: `added` bytes at `at` go, and `removed` comes in their place. */
struct editor_step {
    size_t at;
    size_t added;
    size_t removed_size;
    char *removed;
    size_t cursor;
};

struct editor {
    char *text; /* zero-ended */
    size_t size;
    size_t cursor;
    size_t room;
    size_t limit;
    enum editor_last last;
    struct editor_step steps[EDITOR_UNDO]; /* a ring; the newest is first + count - 1 */
    size_t step_first, step_count, step_bytes;
    char *kills[EDITOR_KILLS]; /* the last cut first */
    size_t kill_count;
    size_t yank_at, yank_size, yank_index; /* of the last yank */
};

void editor_init(struct editor *editor, size_t limit);
void editor_done(struct editor *editor);

/* Puts bytes of any kind at the cursor: CR LF and CR become newlines, other controls are dropped,
 * what is not UTF-8 becomes U+FFFD. Returns how many bytes at the end found no room. `typed` ones
 * are taken back by words, not by keys. */
size_t editor_insert(struct editor *editor, const char *bytes, size_t size, bool typed);

/* Where that is. */
size_t editor_find(const struct editor *editor, enum editor_place place);
/* False: it was there already. */
bool editor_move(struct editor *editor, enum editor_place place);
/* To a byte offset: the end of the cluster it lies in. */
void editor_go(struct editor *editor, size_t at);

/* Removes what lies between the cursor and the place; `keep` puts it on the kill ring. */
bool editor_erase(struct editor *editor, enum editor_place place, bool keep);
/* Removes [from, to) and puts the bytes in its place; the cursor goes behind them. */
void editor_replace(struct editor *editor, size_t from, size_t to, const char *bytes, size_t size);
/* All of it becomes this; the cursor goes to its end. */
void editor_set(struct editor *editor, const char *bytes, size_t size);
/* Empty, with no way back: the line was sent. */
void editor_reset(struct editor *editor);

/* The last cut, again at the cursor; and right after that the one before it in its place. */
bool editor_yank(struct editor *editor);
bool editor_yank_older(struct editor *editor);
bool editor_undo(struct editor *editor);
