#pragma once
/* A screen as plain data: cells that hold one grapheme cluster each, and what kind of thing it is.
 *
 * Pure: no terminal, no clock. A wide cluster fills its cell and leaves the next one empty; nothing
 * is ever written outside of the grid, nor half a cluster. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GRID_ROWS_MAX = 200, /* larger terminals are used in part */
    GRID_COLUMNS_MAX = 500,
    CELL_BYTES = 44, /* an emoji family with skin colours, or a base with four marks */
    SPEAKERS = 6,    /* colours by which people are told apart: more look alike */
};

/* What a cell means; a theme gives it colours. */
enum style {
    STYLE_TEXT,
    STYLE_BAR, /* the title */
    STYLE_BAR_STRONG,
    STYLE_QUIET, /* times, rules, hints */
    STYLE_INPUT, /* where Enter goes: a room, */
    STYLE_INPUT_WHISPER,
    STYLE_INPUT_GUEST, /* an unencrypted guest */
    STYLE_SELF,        /* our own name */
    STYLE_SPEAKER,     /* others', by which SPEAKERS are told apart: this one and those after it */
    STYLE_SPEAKER_LAST = STYLE_SPEAKER + SPEAKERS - 1,
    STYLE_NOTICE, /* what nobody said: joins, topics, notices */
    STYLE_ACT,
    STYLE_LINK,
    STYLE_MENTION, /* our name in somebody's words, their names in such lines */
    STYLE_HIT,     /* what was searched for */
    STYLE_HIT_AT,  /* the one that is looked at */
    STYLE_BADGE,   /* wrong clocks, late lines, plain dialects */
    STYLE_SENT,    /* receipts: not by all, */
    STYLE_GOT,     /* by all */
    STYLE_NEW,     /* the rule above what is new */
    STYLE_HEADING,
    STYLE_HERE, /* presence */
    STYLE_AWAY,
    STYLE_GONE,
    STYLE_TRUST,
    STYLE_OPEN,    /* the conversation on the screen, in the sidebar */
    STYLE_UNREAD,  /* counts */
    STYLE_CALLING, /* counts of mentions and whispers */
    STYLE_SELECTED,
    STYLE_BORDER,
    STYLE_MENU,
    STYLE_MENU_SELECTED,
    STYLE_KEY, /* keys and commands in help */
    STYLE_PROGRESS,
    STYLE_STATUS,
    STYLE_ERROR,
    STYLES,
};

struct cell {
    char text[CELL_BYTES]; /* zero-ended; empty: the right half of a wide cluster */
    uint8_t bytes;         /* of text */
    uint8_t width;
    uint8_t style; /* enum style */
};

struct grid {
    int rows;
    int columns;
    int cursor_row; /* below 0: no cursor is shown */
    int cursor_column;
    struct cell *cells;
};

void grid_init(struct grid *grid);
void grid_done(struct grid *grid);
/* Blanks it all, in a size cut down to the bounds. */
void grid_clear(struct grid *grid, int rows, int columns);
static inline struct cell *grid_cell(const struct grid *grid, int row, int column)
{
    return &grid->cells[(size_t)row * (size_t)grid->columns + (size_t)column];
}
bool cell_equal(const struct cell *a, const struct cell *b);
/* Whether a row is the same in two grids of one size. False does not say that it differs: of what
 * is equal to the byte this is the quick answer. */
bool grid_row_equal(const struct grid *a, const struct grid *b, int row);

/* Writes clean text from a column on, as much as fits, and returns the column behind it. */
int grid_put(struct grid *grid, int row, int column, enum style style, const char *text);
/* The same for so many bytes, and not past column `end`. */
int grid_write(struct grid *grid, int row, int column, int end, enum style style, const char *text,
               size_t size);
/* The same; what does not fit is cut with an ellipsis. */
int grid_fit(struct grid *grid, int row, int column, int end, enum style style, const char *text);
/* Gives a whole row one style. */
void grid_row_style(struct grid *grid, int row, enum style style);
/* Blanks the columns [from, to) of a row. */
void grid_blank(struct grid *grid, int row, int from, int to, enum style style);
