/* Cells. Every row's widths add up to its columns, always. */
#include "ui/grid.h"

#include "base/alloc.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Every byte of it, so that rows of equal cells are equal bytes. */
static void cell_blank(struct cell *cell, enum style style)
{
    *cell = (struct cell){.text = " ", .bytes = 1, .width = 1, .style = (uint8_t)style};
}

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
    if (rows != grid->rows || columns != grid->columns) {
        free(grid->cells);
        grid->cells = xcalloc(count, sizeof *grid->cells);
    }
    grid->rows = rows;
    grid->columns = columns;
    grid->cursor_row = 0;
    grid->cursor_column = 0;
    cell_blank(&grid->cells[0], STYLE_TEXT);
    for (size_t done = 1, more; done < count; done += more) { /* twice as many each time */
        more = done < count - done ? done : count - done;
        memcpy(&grid->cells[done], grid->cells, more * sizeof *grid->cells);
    }
}

bool grid_row_equal(const struct grid *a, const struct grid *b, int row)
{
    return memcmp(grid_cell(a, row, 0), grid_cell(b, row, 0),
                  (size_t)a->columns * sizeof *a->cells) == 0;
}

bool cell_equal(const struct cell *a, const struct cell *b)
{
    return a->style == b->style && a->width == b->width && a->bytes == b->bytes &&
           memcmp(a->text, b->text, a->bytes) == 0;
}

/* A cluster that is about to lose a half loses both. */
static void halves_blank(struct grid *grid, int row, int column, int width)
{
    struct cell *first = grid_cell(grid, row, column);
    if (first->width == 0) {
        cell_blank(first - 1, (enum style)first[-1].style);
        cell_blank(first, (enum style)first->style);
    }
    struct cell *last = grid_cell(grid, row, column + width - 1);
    if (last->width == 2)
        cell_blank(last + 1, (enum style)last[1].style);
}

static void cell_write(struct grid *grid, int row, int column, enum style style, const char *text,
                       struct text_cluster cluster)
{
    halves_blank(grid, row, column, (int)cluster.width);
    struct cell *cell = grid_cell(grid, row, column);
    memcpy(cell->text, text, cluster.bytes);
    cell->text[cluster.bytes] = '\0';
    cell->bytes = (uint8_t)cluster.bytes;
    cell->width = (uint8_t)cluster.width;
    cell->style = (uint8_t)style;
    if (cluster.width == 2) {
        cell[1].text[0] = '\0';
        cell[1].bytes = 0;
        cell[1].width = 0;
        cell[1].style = (uint8_t)style;
    }
}

/* What reaches a cell never acts on a terminal, whatever came in. */
static bool is_shown(const char *text, struct text_cluster cluster)
{
    unsigned char first = (unsigned char)text[0];
    return cluster.width >= 1 && cluster.width <= 2 && cluster.bytes < CELL_BYTES &&
           first >= 0x20 && first != 0x7f && (first < 0x80 || cluster.bytes > 1);
}

/* A cluster too large for a cell is shown as what it begins with. */
static struct text_cluster cluster_cut(const char *text, struct text_cluster cluster)
{
    if (cluster.bytes < CELL_BYTES)
        return cluster;
    size_t bytes = text_cut(text, cluster.bytes, CELL_BYTES - 1);
    size_t width = text_width(text, bytes);
    return (struct text_cluster){bytes, width > 2 ? 0 : (unsigned)width};
}

int grid_write(struct grid *grid, int row, int column, int end, enum style style, const char *text,
               size_t size)
{
    if (end > grid->columns)
        end = grid->columns;
    if (row < 0 || row >= grid->rows || column < 0)
        return column;
    while (size > 0) {
        struct text_cluster cluster = text_step(text, size);
        struct text_cluster cut = cluster_cut(text, cluster);
        if (is_shown(text, cut)) {
            if (column + (int)cut.width > end)
                break;
            cell_write(grid, row, column, style, text, cut);
            column += (int)cut.width;
        }
        text += cluster.bytes;
        size -= cluster.bytes;
    }
    return column;
}

int grid_put(struct grid *grid, int row, int column, enum style style, const char *text)
{
    return grid_write(grid, row, column, grid->columns, style, text, strlen(text));
}

int grid_fit(struct grid *grid, int row, int column, int end, enum style style, const char *text)
{
    size_t size = strlen(text), used;
    if (end > grid->columns)
        end = grid->columns;
    if (column >= end)
        return column;
    size_t room = (size_t)(end - column);
    if (text_width(text, size) <= room)
        return grid_write(grid, row, column, end, style, text, size);
    size_t kept = text_cut_columns(text, size, room - 1, &used);
    column = grid_write(grid, row, column, end, style, text, kept);
    return grid_write(grid, row, column, end, style, "…", strlen("…"));
}

void grid_row_style(struct grid *grid, int row, enum style style)
{
    for (int column = 0; row >= 0 && row < grid->rows && column < grid->columns; column++)
        grid_cell(grid, row, column)->style = (uint8_t)style;
}

void grid_blank(struct grid *grid, int row, int from, int to, enum style style)
{
    if (row < 0 || row >= grid->rows)
        return;
    if (from < 0)
        from = 0;
    if (to > grid->columns)
        to = grid->columns;
    if (from >= to)
        return;
    halves_blank(grid, row, from, 1);
    if (grid_cell(grid, row, to - 1)->width == 2)
        halves_blank(grid, row, to - 1, 1);
    for (int column = from; column < to; column++)
        cell_blank(grid_cell(grid, row, column), style);
}
