/* Cells. Every row's widths add up to its columns, always. */
#include "ui/grid.h"

#include "base/alloc.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const struct cell BLANK = {.text = " ", .width = 1, .style = STYLE_TEXT};

void grid_init(struct grid *grid)
{
    *grid = (struct grid){0};
}

void grid_done(struct grid *grid)
{
    free(grid->cells);
    grid_init(grid);
}

static int within(int value, int most)
{
    return value < 1 ? 1 : value > most ? most : value;
}

void grid_clear(struct grid *grid, int rows, int columns)
{
    rows = within(rows, GRID_ROWS_MAX);
    columns = within(columns, GRID_COLUMNS_MAX);
    size_t count = (size_t)rows * (size_t)columns;
    if (rows != grid->rows || columns != grid->columns)
        grid->cells = xrealloc(grid->cells, count, sizeof *grid->cells);
    grid->rows = rows;
    grid->columns = columns;
    grid->cursor_row = 0;
    grid->cursor_column = 0;
    for (size_t i = 0; i < count; i++)
        grid->cells[i] = BLANK;
}

struct cell *grid_cell(const struct grid *grid, int row, int column)
{
    return &grid->cells[(size_t)row * (size_t)grid->columns + (size_t)column];
}

/* A cluster that is about to lose a half loses both. */
static void halves_blank(struct grid *grid, int row, int column, int width)
{
    struct cell *first = grid_cell(grid, row, column);
    if (first->width == 0) {
        first[-1] = BLANK;
        *first = BLANK;
    }
    struct cell *last = grid_cell(grid, row, column + width - 1);
    if (last->width == 2)
        last[1] = BLANK;
}

static void cell_write(struct grid *grid, int row, int column, enum style style, const char *text,
                       struct text_cluster cluster)
{
    halves_blank(grid, row, column, (int)cluster.width);
    struct cell *cell = grid_cell(grid, row, column);
    memcpy(cell->text, text, cluster.bytes);
    cell->text[cluster.bytes] = '\0';
    cell->width = (uint8_t)cluster.width;
    cell->style = (uint8_t)style;
    if (cluster.width == 2)
        cell[1] = (struct cell){.text = "", .width = 0, .style = (uint8_t)style};
}

int grid_put(struct grid *grid, int row, int column, enum style style, const char *text)
{
    size_t left = strlen(text);
    while (left > 0 && row >= 0 && row < grid->rows && column >= 0) {
        struct text_cluster cluster = text_step(text, left);
        if (cluster.width >= 1 && cluster.width <= 2 && cluster.bytes < CELL_BYTES) {
            if (column + (int)cluster.width > grid->columns)
                break;
            cell_write(grid, row, column, style, text, cluster);
            column += (int)cluster.width;
        }
        text += cluster.bytes;
        left -= cluster.bytes;
    }
    return column;
}

void grid_row_style(struct grid *grid, int row, enum style style)
{
    for (int column = 0; row >= 0 && row < grid->rows && column < grid->columns; column++)
        grid_cell(grid, row, column)->style = (uint8_t)style;
}
