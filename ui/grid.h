#pragma once
/* A screen as plain data: cells that hold one grapheme cluster each, and what kind of thing it is.
 *
 * Pure: no terminal, no clock. A wide cluster fills its cell and leaves the next one empty; nothing
 * is ever written outside of the grid, nor half a cluster. */
#include <stddef.h>
#include <stdint.h>

enum {
    GRID_ROWS_MAX = 200, /* larger terminals are used in part */
    GRID_COLUMNS_MAX = 500,
    CELL_BYTES = 44, /* an emoji family with skin colours, or a base with four marks */
};

/* What a cell means; a theme gives it colours. */
enum style { STYLE_TEXT, STYLE_BAR, STYLE_QUIET, STYLE_INPUT };

struct cell {
    char text[CELL_BYTES]; /* zero-ended; empty: the right half of a wide cluster */
    uint8_t width;
    uint8_t style; /* enum style */
};

struct grid {
    int rows;
    int columns;
    int cursor_row;
    int cursor_column;
    struct cell *cells;
};

void grid_init(struct grid *grid);
void grid_done(struct grid *grid);
/* Blanks it all, in a size cut down to the bounds. */
void grid_clear(struct grid *grid, int rows, int columns);
struct cell *grid_cell(const struct grid *grid, int row, int column);
/* Writes clean text from a column on, as much as fits, and returns the column behind it. */
int grid_put(struct grid *grid, int row, int column, enum style style, const char *text);
/* Gives a whole row one style. */
void grid_row_style(struct grid *grid, int row, enum style style);
