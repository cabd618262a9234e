/* The input line: where Enter goes, then the text as one would read it, in as many rows as it has.
 * What is not fit to be shown stands there as the token that others would see. */
#include "base/clean.h"
#include "base/text.h"
#include "ui/ui_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_BYTES = TEXT_CLUSTER_MOST * CLEAN_FACTOR * 4 };

/* ---- the prompt ---- */

struct prompt {
    char text[UI_MINI_BYTES * 2 + 64];
    int width;
    enum style style;
};

static enum style prompt_style(const struct model *model, const char *conversation)
{
    const struct row *row = ui_row(model, conversation);
    if (row && row->dialect)
        return STYLE_INPUT_GUEST;
    return conversation[0] == '@' ? STYLE_INPUT_WHISPER : STYLE_INPUT;
}

static struct prompt prompt_make(const struct ui *ui, const struct model *model)
{
    const struct glyphs *glyphs = ui->config.glyphs;
    struct prompt prompt = {.style = STYLE_INPUT};
    char name[UI_MINI_BYTES], to[UI_MINI_BYTES] = "", where[UI_MINI_BYTES];
    text_shown(model->name, strlen(model->name), name, sizeof name);
    if (ui->conversation) {
        const char *label = ui_label(model, ui->conversation);
        text_shown(label, strlen(label), to, sizeof to);
        prompt.style = prompt_style(model, ui->conversation);
    }
    bool whisper = prompt.style == STYLE_INPUT_WHISPER;
    const char *arrow = whisper ? glyphs->whispers : glyphs->says;
    sentence(where, sizeof where, whisper ? _("%1$s (whisper)") : "%1$s", to, NULL, NULL);
    snprintf(prompt.text, sizeof prompt.text, "%s %s %s %s ", name, arrow, where, glyphs->prompt);
    int half = ui->columns / 2;
    if ((int)text_width(prompt.text, strlen(prompt.text)) > half)
        snprintf(prompt.text, sizeof prompt.text, "%s %s %s ", arrow, where, glyphs->prompt);
    if ((int)text_width(prompt.text, strlen(prompt.text)) > half) { /* the arrow says it, too */
        snprintf(where, sizeof where, "%s", to);
        snprintf(prompt.text, sizeof prompt.text, "%s %s %s ", arrow, where, glyphs->prompt);
    }
    prompt.width = (int)text_width(prompt.text, strlen(prompt.text));
    if (prompt.width > half && half > 4) { /* the name's end goes, never who is meant by it */
        size_t used;
        size_t kept = text_cut_columns(where, strlen(where), (size_t)half / 2, &used);
        where[kept] = '\0';
        snprintf(prompt.text, sizeof prompt.text, "%s %s… %s ", arrow, where, glyphs->prompt);
        prompt.width = (int)text_width(prompt.text, strlen(prompt.text));
    }
    return prompt;
}

/* ---- clusters on rows ---- */

/* Where the next cluster goes. */
struct walk {
    const struct editor *editor;
    int columns, indent;
    size_t at;
    int row, column;
};

static struct walk walk_start(const struct ui *ui, const struct prompt *prompt)
{
    int indent = prompt->width <= ui->columns / 3 ? prompt->width : 2;
    if (indent >= ui->columns)
        indent = 0;
    return (struct walk){.editor = &ui->editor,
                         .columns = ui->columns,
                         .indent = indent,
                         .column = prompt->width < ui->columns ? prompt->width : 0};
}

/* How the cluster at `at` is shown, in `token` unless it is itself; the bytes it takes. */
static const char *cluster_shown(const struct editor *editor, size_t at, size_t *bytes,
                                 char token[TOKEN_BYTES])
{
    const char *text = editor->text + at;
    *bytes = 1;
    if (*text >= 0x20 && *text < 0x7f && (unsigned char)text[1] < 0x80) {
        token[0] = *text;
        token[1] = '\0';
        return token;
    }
    *bytes = text_step(text, editor->size - at).bytes;
    if (*text == '\t')
        return "    ";
    size_t size;
    char *clean = text_clean(text, *bytes, CLEAN_LINE, &size);
    size = text_cut(clean, size, TOKEN_BYTES - 1);
    memcpy(token, clean, size);
    token[size] = '\0';
    free(clean);
    return token;
}

static void row_next(struct walk *walk)
{
    walk->row++;
    walk->column = walk->indent;
}

/* Takes the next cluster: *shown is its text, "" for a newline; row and column are where it goes
 * until the next call. False at the end, with the place behind the last. */
static bool walk_next(struct walk *walk, const char **shown, int *width, char token[TOKEN_BYTES])
{
    size_t bytes;
    *shown = "";
    *width = 0;
    if (walk->at < walk->editor->size && walk->editor->text[walk->at] != '\n') {
        *shown = cluster_shown(walk->editor, walk->at, &bytes, token);
        *width = (int)text_width(*shown, strlen(*shown));
    }
    bool end = walk->at >= walk->editor->size;
    if ((end || *width > 0) && walk->column + (*width > 0 ? *width : 1) > walk->columns &&
        walk->column > walk->indent)
        row_next(walk);
    return !end;
}

static void walk_past(struct walk *walk, int width)
{
    const struct editor *editor = walk->editor;
    bool newline = editor->text[walk->at] == '\n';
    walk->at += newline ? 1 : text_step(editor->text + walk->at, editor->size - walk->at).bytes;
    walk->column += width;
    if (newline)
        row_next(walk);
}

/* Rows of the text that go into the grid. */
struct window_rows {
    struct grid *grid;
    int first; /* of the text's, */
    int to;    /* where that one goes in the grid, */
    int count;
};

/* The rows, and where what stands at `at` is; those of `window` (NULL: none) are drawn. */
static int walk_all(const struct ui *ui, const struct prompt *prompt, size_t at, int *row,
                    int *column, const struct window_rows *window)
{
    struct walk walk = walk_start(ui, prompt);
    const char *shown;
    char token[TOKEN_BYTES];
    int width;
    *row = *column = 0;
    for (;;) {
        bool more = walk_next(&walk, &shown, &width, token);
        if (walk.at == at) {
            *row = walk.row;
            *column = walk.column;
        }
        if (!more)
            return walk.row + 1;
        int down = window ? walk.row - window->first : -1;
        if (down >= 0 && down < window->count)
            grid_put(window->grid, window->to + down, walk.column, STYLE_TEXT, shown);
        walk_past(&walk, width);
    }
}

static int measure(const struct ui *ui, const struct prompt *prompt, size_t at, int *row,
                   int *column)
{
    return walk_all(ui, prompt, at, row, column, NULL);
}

int input_rows(const struct ui *ui, const struct model *model)
{
    struct prompt prompt = prompt_make(ui, model);
    int row, column;
    return measure(ui, &prompt, 0, &row, &column);
}

int input_column(const struct ui *ui, const struct model *model, size_t at)
{
    struct prompt prompt = prompt_make(ui, model);
    int row, column;
    (void)measure(ui, &prompt, at, &row, &column);
    return column;
}

bool input_row_move(struct ui *ui, const struct model *model, bool up)
{
    struct prompt prompt = prompt_make(ui, model);
    struct walk walk = walk_start(ui, &prompt);
    const char *shown;
    char token[TOKEN_BYTES];
    int row, column, width;
    int rows = measure(ui, &prompt, ui->editor.cursor, &row, &column);
    if (up ? row == 0 : row == rows - 1)
        return false;
    int goal = ui->goal >= 0 ? ui->goal : column;
    int to = up ? row - 1 : row + 1;
    size_t found = ui->editor.cursor;
    for (bool more = true; more && walk.row <= to;) {
        more = walk_next(&walk, &shown, &width, token);
        if (walk.row == to && (walk.column <= goal || found == ui->editor.cursor))
            found = walk.at;
        if (more)
            walk_past(&walk, width);
    }
    editor_go(&ui->editor, found);
    ui->goal = goal;
    return true;
}

/* ---- drawn ---- */

/* The rows from `top` on; where the cursor is, and how many rows there are in all. */
static int text_draw(struct ui *ui, const struct prompt *prompt, int top, int *row, int *column)
{
    struct grid *grid = &ui->grid;
    struct window_rows window = {grid, top, ui->places.input,
                                 ui->places.input_end - ui->places.input};
    for (int i = ui->places.input; i < ui->places.input_end; i++)
        grid_blank(grid, i, 0, grid->columns, STYLE_TEXT);
    grid_put(grid, ui->places.input, 0, prompt->style, top == 0 ? prompt->text : "…");
    return walk_all(ui, prompt, ui->editor.cursor, row, column, &window);
}

int paint_input(struct ui *ui, const struct model *model)
{
    struct grid *grid = &ui->grid;
    struct prompt prompt = prompt_make(ui, model);
    int visible = ui->places.input_end - ui->places.input;
    int row, column;
    int rows = text_draw(ui, &prompt, 0, &row, &column);
    int top = row < visible ? 0 : row - visible + 1;
    if (rows > visible && top > rows - visible)
        top = rows - visible;
    if (top > 0)
        (void)text_draw(ui, &prompt, top, &row, &column);
    if (ui->focus == FOCUS_SIDEBAR || ui->focus == FOCUS_PAGE)
        return rows;
    grid->cursor_row = ui->places.input + row - top;
    grid->cursor_column = column < grid->columns ? column : grid->columns - 1;
    return rows;
}
