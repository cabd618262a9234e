#pragma once
/* The terminal: the one place that knows curses. Grids go out, bytes come in, and whatever happens
 * the terminal is given back as it was. */
#include "ui/grid.h"
#include "ui/theme.h"

#include <stdbool.h>

/* NULL where there is a terminal that can show a full screen; else why not and what to do, in the
 * user's language. */
const char *terminal_problem(void);

struct terminal;

/* Takes the terminal over. NULL where that cannot be; then *why says what to do, and nothing was
 * changed. Only one at a time. */
struct terminal *terminal_open(const char **why);
/* Gives it back. NULL is fine. */
void terminal_close(struct terminal *terminal);

/* How large it is now. */
void terminal_size(struct terminal *terminal, int *rows, int *columns);
/* How many colours are used: 0 (none, or NO_COLOR), 8, 256... */
int terminal_colours(const struct terminal *terminal);
/* Its font has little of Unicode, or it is not told in UTF-8 what to show. */
bool terminal_is_plain(const struct terminal *terminal);
/* What terminfo says of it, such as what a key sends; NULL: nothing. */
const char *terminal_capability(const char *name);

/* What was typed: how many bytes; 0: nothing now; -1: the terminal is gone. */
int terminal_read(struct terminal *terminal, char *into, size_t size)
    __attribute__((warn_unused_result));

/* Shows the grid: only what has changed goes out. Another size than the terminal's is cut. */
void terminal_draw(struct terminal *terminal, const struct grid *grid, const struct theme *theme);
/* The screen shows something else than we think: the next drawing is of all of it. */
void terminal_redraw(struct terminal *terminal);

/* Back to the shell; returns when the user does, or when we are to go on behind the shell. */
void terminal_suspend(struct terminal *terminal);
/* So it is: nothing is shown. A terminal_draw takes it over as soon as the user is back. */
bool terminal_is_away(const struct terminal *terminal);
void terminal_mouse(struct terminal *terminal, bool on);
void terminal_bell(struct terminal *terminal);
/* A note on the desktop that `who` said `text`, where the terminal knows how: by OSC 777, which has
 * a title, or by OSC 9. */
void terminal_notify(struct terminal *terminal, bool titled, const char *who, const char *text);
void terminal_title(struct terminal *terminal, const char *text);
