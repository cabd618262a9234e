#pragma once
/* What was typed before, and how one walks through it without losing what one was typing.
 *
 * Pure. Invariant: at most HISTORY_LINES lines and HISTORY_BYTES are kept; the oldest go. */
#include "ui/editor.h"

enum {
    HISTORY_LINES = 1000,       /* weeks of talk */
    HISTORY_BYTES = 512 * 1024, /* eight lines of the longest, or a thousand usual ones */
};
#define HISTORY_NONE ((size_t)-1)

struct history {
    char **lines; /* oldest first */
    size_t count, bytes;
    bool walking;
    size_t at;         /* the line that is shown */
    char *draft;       /* what was there when the walk began; it also is the prefix */
    size_t draft_size; /* of that, what has to begin a line to be shown */
};

void history_init(struct history *history);
void history_done(struct history *history);
/* A line that was entered. False: it was not kept, as it is blank, or the last one again. Ends a
 * walk. */
bool history_add(struct history *history, const char *text, size_t size);
/* The index-th line from the newest, or NULL. */
const char *history_line(const struct history *history, size_t index);

/* What was being typed, if that is not in the editor: NULL, or the draft under a walk. */
const char *history_draft(const struct history *history);
/* Puts the next older (or newer) line that begins with what was typed into the editor; the newest
 * one's successor is what was typed. False: there is none. */
bool history_walk(struct history *history, struct editor *editor, bool older);
/* The text was changed: what is shown now is what is being typed. */
void history_stop(struct history *history);

/* The newest line from the index-th newest on that holds `text` in any case; HISTORY_NONE: none. */
size_t history_search(const struct history *history, const char *text, size_t index);
