#pragma once
/* The terminal: the only place that knows curses. It shows grids and gives the terminal back. */
#include "core/model.h"

#include <stdbool.h>

struct screen;

/* Takes the terminal over. NULL where that cannot be; then *why says in the user's language what to
 * do, and nothing was changed. */
struct screen *screen_open(const char **why);
/* Gives the terminal back as it was. NULL is fine. */
void screen_close(struct screen *screen);

/* Draws the model, in whatever size the terminal has now. */
void screen_draw(struct screen *screen, const struct model *model);
/* Reads the keys that are there; true when one of them leaves. */
bool screen_keys(struct screen *screen);
