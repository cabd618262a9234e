/* Where things stand on the screen: title above, conversation between, input below. */
#include "ui/layout.h"

#include "base/gettext.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static void title_draw(struct grid *grid, const struct model *model)
{
    char left[256];
    snprintf(left, sizeof left, " tertulia · %s", model->name);
    grid_row_style(grid, 0, STYLE_BAR);
    int end = grid_put(grid, 0, 0, STYLE_BAR, left);
    int width = (int)text_width(model->room, strlen(model->room));
    if (end + 1 + width < grid->columns)
        grid_put(grid, 0, grid->columns - width - 1, STYLE_BAR, model->room);
}

/* Words from one row on, broken between words; returns the row behind the last. */
static int words_draw(struct grid *grid, int row, int rows_end, const char *text)
{
    int column = 1;
    while (*text && row < rows_end) {
        size_t length = strcspn(text, " ");
        char word[128];
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        int width = (int)text_width(word, strlen(word));
        if (column > 1 && column + width >= grid->columns) {
            row++;
            column = 1;
        }
        if (row < rows_end)
            column = grid_put(grid, row, column, STYLE_TEXT, word) + 1;
        text += length;
        text += strspn(text, " ");
    }
    return row + 1;
}

static void input_draw(struct grid *grid, const struct model *model)
{
    char prompt[256];
    int row = grid->rows - 1;
    snprintf(prompt, sizeof prompt, "%s → %s › ", model->name, model->room);
    grid->cursor_row = row;
    grid->cursor_column = grid_put(grid, row, 0, STYLE_INPUT, prompt);
    if (grid->cursor_column >= grid->columns)
        grid->cursor_column = grid->columns - 1;
}

void layout_draw(struct grid *grid, const struct model *model)
{
    int end = grid->rows - 2;
    title_draw(grid, model);
    if (end > 1) {
        int row = words_draw(grid, 1, end, _("Welcome to Tertulia."));
        words_draw(grid, row, end,
                   _("Nobody can be reached: this version has no links yet. Ctrl-c leaves."));
        grid_row_style(grid, end, STYLE_BAR);
    }
    input_draw(grid, model);
}
