/* The sidebar: one line a person, room or find. */
#include "base/text.h"
#include "ui/ui_parts.h"

#include <stdio.h>
#include <string.h>

static const char *mark_of(const struct ui *ui, const struct row *row, enum style *style)
{
    const struct glyphs *glyphs = ui->config.glyphs;
    *style = STYLE_HERE;
    if (row->kind == ROW_ROOM || row->kind == ROW_WHISPER) {
        *style = STYLE_OPEN;
        return row->open ? glyphs->open : " ";
    }
    if (row->kind == ROW_FOUND)
        return "+";
    if (row->kind == ROW_GUEST && row->via)
        return glyphs->guest;
    switch (row->presence) {
    case PRESENCE_LINKED:
        return glyphs->here;
    case PRESENCE_MESH:
        return glyphs->mesh;
    case PRESENCE_AWAY:
        *style = STYLE_AWAY;
        return glyphs->away;
    case PRESENCE_GONE:
        break;
    }
    *style = STYLE_GONE;
    return glyphs->gone;
}

static void rtt_text(uint32_t us, char *into, size_t size)
{
    if (us < 9950)
        snprintf(into, size, "%u.%ums", (unsigned)((us + 50) / 1000),
                 (unsigned)((us + 50) % 1000 / 100));
    else
        snprintf(into, size, "%ums", (unsigned)((us + 500) / 1000));
}

/* What stands at the right: the one thing that matters most. */
static void right_make(const struct ui *ui, const struct model *model, const struct row *row,
                       char *into, size_t size, enum style *style)
{
    char text[UI_MINI_BYTES];
    *style = STYLE_QUIET;
    into[0] = '\0';
    if (row->unread > 0) {
        *style = row->mentions > 0 ? STYLE_CALLING : STYLE_UNREAD;
        snprintf(into, size, row->unread > 999 ? "999+" : "%u", (unsigned)row->unread);
    } else if (row->kind == ROW_FOUND) {
        snprintf(into, size, "%s", row->dialect ? row->dialect : "");
    } else if (row->kind == ROW_GUEST && row->via) {
        text_shown(row->via, strlen(row->via), text, sizeof text);
        sentence(into, size, _("via %1$s"), text, NULL, NULL);
    } else if (row->kind == ROW_GUEST) {
        snprintf(into, size, "%s", row->dialect ? row->dialect : "");
    } else if (row->kind != ROW_PERSON) {
        return;
    } else if (row->presence == PRESENCE_AWAY) {
        snprintf(into, size, "%s", _("away"));
    } else if (row->presence == PRESENCE_GONE && row->seen > 0 && model->now > row->seen) {
        ago_text(ui, model->now - row->seen, into, size);
    } else if (row->presence == PRESENCE_LINKED && row->rtt_us > 0) {
        rtt_text(row->rtt_us, into, size);
    }
}

static enum style label_style(const struct row *row)
{
    bool person = row->kind == ROW_PERSON || row->kind == ROW_GUEST;
    if (row->open)
        return STYLE_OPEN;
    if (row->ignored || (person && row->presence == PRESENCE_GONE))
        return STYLE_GONE;
    return row->mentions > 0 ? STYLE_OPEN : STYLE_TEXT;
}

static void row_draw(struct ui *ui, const struct model *model, int row, const struct row *what)
{
    struct grid *grid = &ui->grid;
    const struct glyphs *glyphs = ui->config.glyphs;
    int end = ui->places.side_end;
    char label[UI_MINI_BYTES], right[UI_MINI_BYTES];
    enum style mark_style, right_style;
    const char *mark = mark_of(ui, what, &mark_style);
    int column = grid_put(grid, row, 1 + (what->kind == ROW_GUEST && what->via), mark_style, mark);
    right_make(ui, model, what, right, sizeof right, &right_style);
    text_shown(what->label, strlen(what->label), label, sizeof label);
    int width = (int)text_width(right, strlen(right));
    int trust = what->trust == TRUST_SEEN ? 0 : 2;
    int stop = end - (width > 0 ? width + 2 : 1) - trust;
    int name = (int)text_width(label, strlen(label));
    if (stop < column + 1 + (name < end / 3 ? name : end / 3)) { /* the name matters more */
        stop = end - 1 - trust;
        right[0] = '\0';
    }
    column = name_put(grid, row, column + 1, stop, label_style(what), label);
    if (what->trust != TRUST_SEEN)
        grid_put(grid, row, column + 1, what->trust == TRUST_VERIFIED ? STYLE_TRUST : STYLE_BADGE,
                 what->trust == TRUST_VERIFIED ? glyphs->verified : glyphs->blocked);
    if (right[0])
        grid_put(grid, row, end - width - 1, right_style, right);
}

static void nobody_draw(struct ui *ui)
{
    enum { ROWS = 3 };
    const char *words = _("nobody like this");
    struct wrap_shape shape = {.width = ui->places.side_end - 2};
    struct wrap_row rows[ROWS];
    size_t count = wrap_text(words, strlen(words), &shape, rows, ROWS);
    int row = ui->places.body_top;
    for (size_t i = 0; i < count && i < ROWS && row < ui->places.body_end; i++, row++)
        grid_write(&ui->grid, row, 1, ui->places.side_end, STYLE_QUIET, words + rows[i].start,
                   rows[i].end - rows[i].start);
}

void paint_side(struct ui *ui, const struct model *model)
{
    struct grid *grid = &ui->grid;
    const struct places *places = &ui->places;
    struct side_line lines[GRID_ROWS_MAX];
    if (places->side_end == 0)
        return;
    size_t count = side_lines(ui, model, lines, GRID_ROWS_MAX);
    const struct row *selected = side_selected(ui, model);
    for (int row = places->body_top; places->border >= 0 && row < places->body_end; row++)
        grid_put(grid, row, places->border, STYLE_BORDER, ui->config.glyphs->vertical);
    for (size_t i = 0; i < count; i++) {
        int row = places->body_top + (int)i;
        if (lines[i].words) {
            grid_fit(grid, row, 1, places->side_end, STYLE_HEADING, lines[i].words);
        } else if (lines[i].left_out > 0) {
            char number[24], text[UI_MINI_BYTES];
            snprintf(number, sizeof number, "%zu", lines[i].left_out);
            sentence(text, sizeof text,
                     ngettext("%1$s more", "%1$s more", (unsigned long)lines[i].left_out), number,
                     NULL, NULL);
            grid_fit(grid, row, 3, places->side_end, STYLE_QUIET, text);
        } else {
            row_draw(ui, model, row, lines[i].row);
        }
        if (selected && lines[i].row == selected)
            for (int column = 0; column < places->side_end; column++)
                grid_cell(grid, row, column)->style = STYLE_SELECTED;
    }
    if (ui->focus == FOCUS_SIDEBAR && count == 0)
        nobody_draw(ui);
}
