/* The conversation: from its bottom edge upwards, until the pane is full. */
#include "base/text.h"
#include "ui/find.h"
#include "ui/ui_parts.h"

#include <stdio.h>
#include <string.h>

enum { MARKS = WRAP_SPANS + 16 }; /* spans in one line: links, and hits or our name */

struct marks {
    struct wrap_span at[MARKS];
    size_t count;
};

static void marks_find(struct marks *marks, const struct wrapped *wrapped, const char *words,
                       enum style style)
{
    size_t from = 0, length, size = strlen(words);
    while (marks->count < MARKS) {
        size_t at = text_find(wrapped->text, wrapped->size, from, words, size, &length);
        if (at == FIND_NONE)
            return;
        from = at + length;
        marks->at[marks->count++] = (struct wrap_span){(uint32_t)at, (uint32_t)from, style};
    }
}

/* The style at a byte: the last mark that holds it. */
static enum style mark_at(const struct marks *marks, size_t at, enum style base)
{
    for (size_t i = marks->count; i-- > 0;)
        if (marks->at[i].start <= at && at < marks->at[i].end)
            return marks->at[i].style;
    return base;
}

static void row_draw(struct grid *grid, int row, int column, int end, const struct wrapped *wrapped,
                     size_t index, const struct marks *marks, enum style base)
{
    size_t at = wrapped->rows[index].start;
    const size_t stop = wrapped->rows[index].end;
    if (marks->count == 0) {
        grid_write(grid, row, column, end, base, wrapped->text + at, stop - at);
        return;
    }
    while (at < stop) {
        enum style style = mark_at(marks, at, base);
        size_t from = at;
        do
            at += text_step(wrapped->text + at, stop - at).bytes;
        while (at < stop && mark_at(marks, at, base) == style);
        column = grid_write(grid, row, column, end, style, wrapped->text + from, at - from);
    }
}

/* A rule over the pane with words in its middle. */
static void rule_draw(struct ui *ui, int row, enum style style, const char *words)
{
    const struct places *places = &ui->places;
    int width = places->pane_right - places->pane_left - 2;
    int words_width = (int)text_width(words, strlen(words)) + 2;
    int before = (width - words_width) / 2;
    for (int i = 0; i < width; i++)
        grid_put(&ui->grid, row, places->pane_left + 1 + i, style, ui->config.glyphs->rule);
    if (before < 0)
        before = 0;
    int column = grid_put(&ui->grid, row, places->pane_left + 1 + before, style, " ");
    column = grid_fit(&ui->grid, row, column, places->pane_right - 1, style, words);
    grid_put(&ui->grid, row, column, style, " ");
}

/* What leads the first row of a post; returns where its text begins. */
static int lead_draw(struct ui *ui, int row, const struct post *post, const struct pane_post *made)
{
    struct grid *grid = &ui->grid;
    const struct places *places = &ui->places;
    int left = places->pane_left, column = left + made->text_left;
    char hour[6];
    hour_text(post->wall, hour);
    if (made->text_left > 5)
        grid_put(grid, row, left + 1, STYLE_QUIET, hour);
    if (places->name_width > 0 && made->text_left > places->name_width)
        name_put(grid, row, left + 7, left + 7 + places->name_width, made->name_style, made->name);
    else if (made->name[0])
        column = grid_fit(grid, row, column, places->pane_right, made->name_style, made->name) + 1;
    if (made->badge[0])
        column = grid_fit(grid, row, column, places->pane_right, STYLE_BADGE, made->badge) + 2;
    if (made->tick[0]) {
        int width = (int)text_width(made->tick, strlen(made->tick));
        grid_put(grid, row, places->pane_right - width - 1, made->tick_style, made->tick);
    }
    return column;
}

static bool at_hit(const struct ui *ui, const struct post *post)
{
    return ui->focus == FOCUS_HITS && ui->hit_held && order_same_entry(&post->order, &ui->hit);
}

static void marks_make(struct pane *pane, const struct post *post, const struct pane_post *made,
                       struct marks *marks)
{
    const struct ui *ui = pane->ui;
    marks->count = made->wrapped->span_count;
    memcpy(marks->at, made->wrapped->spans, marks->count * sizeof *marks->at);
    if (post->mention && pane->model->name[0])
        marks_find(marks, made->wrapped, pane->model->name, STYLE_MENTION);
    if (ui->focus == FOCUS_SEARCH || ui->focus == FOCUS_HITS)
        marks_find(marks, made->wrapped, ui->mini.text,
                   at_hit(ui, post) ? STYLE_HIT_AT : STYLE_HIT);
}

/* The rows [skip, rows - hidden) of a post, from `row` of the grid on. */
static void post_draw(struct pane *pane, size_t index, struct pane_post *made, int row, int skip,
                      int hidden)
{
    struct ui *ui = pane->ui;
    const struct post *post = pane->conversation->window.posts[index];
    struct marks marks = {.count = 0};
    char day[64];
    int rules = made->day + made->fresh;
    marks_make(pane, post, made, &marks);
    for (int i = skip; i < made->rows - hidden; i++, row++) {
        if (i == 0 && made->day) {
            day_text(ui, post_day(post), day, sizeof day);
            rule_draw(ui, row, STYLE_QUIET, day);
            continue;
        }
        if (i < rules) {
            rule_draw(ui, row, STYLE_NEW, _("new"));
            continue;
        }
        int column = ui->places.pane_left + made->text_left;
        if (i == rules)
            column = lead_draw(ui, row, post, made);
        row_draw(&ui->grid, row, column, ui->places.pane_right, made->wrapped, (size_t)(i - rules),
                 &marks, made->style);
    }
}

/* How much is not seen below, over the pane's last row. */
static void below_draw(struct ui *ui, const struct conversation *open)
{
    const struct places *places = &ui->places;
    const struct glyphs *glyphs = ui->config.glyphs;
    char text[UI_MINI_BYTES * 2], count[24], words[UI_MINI_BYTES] = "";
    size_t below = model_below(open);
    int row = places->body_end - 1;
    if (ui->view.following || ui->bare)
        return;
    snprintf(count, sizeof count, "%zu", below);
    if (below > 0)
        sentence(words, sizeof words, ngettext("%1$s more", "%1$s more", (unsigned long)below),
                 count, NULL, NULL);
    snprintf(text, sizeof text, " %s %s%s%s%s%s ", glyphs->down, words, below > 0 ? " " : "",
             below > 0 ? glyphs->dot : "", below > 0 ? " " : "", _("End to follow"));
    int width = (int)text_width(text, strlen(text));
    int column = places->pane_right - width - 1;
    grid_fit(&ui->grid, row, column < places->pane_left ? places->pane_left : column,
             places->pane_right, STYLE_CALLING, text);
}

/* What an empty conversation says: at first, who is there and three keys. */
static void welcome_draw(struct ui *ui, const struct model *model, const struct conversation *open)
{
    const struct places *places = &ui->places;
    const char *first = ui_round(ui, model, 0);
    bool start = !first || strcmp(first, open->name) == 0;
    const char *const lines[] = {
        start           ? _("Welcome to Tertulia.")
        : open->guest   ? _("What is written here is not encrypted.")
        : open->whisper ? _("Only the two of you can read what is written here.")
                        : _("Nothing was said here yet."),
        !start                 ? ""
        : model->row_count > 1 ? _("Type a line and press Enter: everyone here reads it.")
                               : _("Nobody is here yet: they are being looked for. /scan looks "
                                   "further, /doctor says what may be wrong."),
        start ? _("Tab goes to people and rooms, F1 shows all keys, Ctrl-c twice leaves.") : "",
        start && ui->config.note ? _(ui->config.note) : "",
    };
    int row = places->body_top;
    struct wrap_shape shape = {.width = places->pane_right - places->pane_left - 2};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct wrap_row rows[8];
        size_t count = wrap_text(lines[i], strlen(lines[i]), &shape, rows, 8);
        for (size_t j = 0; j < count && j < 8 && row < places->body_end; j++, row++)
            grid_write(&ui->grid, row, places->pane_left + 1, places->pane_right,
                       i == 0 ? STYLE_HEADING : STYLE_QUIET, lines[i] + rows[j].start,
                       rows[j].end - rows[j].start);
    }
}

void paint_pane(struct ui *ui, const struct model *model)
{
    struct pane pane;
    if (!pane_init(&pane, ui, model))
        return;
    const struct window *window = &pane.conversation->window;
    size_t post = window->count;
    int row = ui->places.body_end, hidden = ui->view.hidden;
    if (pane.first == window->count && window->asked == 0 && !window->more_above && !ui->cleared) {
        welcome_draw(ui, model, pane.conversation);
        return;
    }
    if (ui->view.following)
        hidden = 0;
    else
        post = model_line(pane.conversation, &ui->view.anchor) + 1;
    if (post > window->count)
        post = window->count;
    while (post > pane.first && row > ui->places.body_top) {
        struct pane_post made;
        pane_post(&pane, --post, &made);
        if (!made.wrapped || hidden >= made.rows) {
            hidden = made.wrapped ? hidden - made.rows : hidden;
            continue;
        }
        row -= made.rows - hidden;
        int skip = row < ui->places.body_top ? ui->places.body_top - row : 0;
        post_draw(&pane, post, &made, row + skip, skip, hidden);
        hidden = 0;
    }
    below_draw(ui, pane.conversation);
}
