/* The frame: title, status, progress, and what all painters need. */
#include "base/clean.h"
#include "base/text.h"
#include "ui/ui_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PROGRESS_WORDS = 12, /* columns: with less room what is done goes without saying */
    MINUTE_MS = 60000,
    TITLE_LEFT = 8, /* columns that who we are has at least, whatever else there is to say */
};

/* ---- texts ---- */

static bool is_plain(const char *raw, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (raw[i] < 0x20 || raw[i] == 0x7f)
            return false;
    return true;
}

const char *text_shown(const char *raw, size_t size, char *into, size_t into_size)
{
    char *clean = is_plain(raw, size) ? NULL : text_clean(raw, size, CLEAN_LINE, &size);
    const char *text = clean ? clean : raw;
    size_t length = text_cut(text, size, into_size - 1);
    memcpy(into, text, length);
    into[length] = '\0';
    free(clean);
    return into;
}

int name_put(struct grid *grid, int row, int column, int end, enum style style, const char *name)
{
    size_t size = strlen(name), used;
    const char *tag = strrchr(name, '~');
    size_t tag_size = tag ? strlen(tag) : 0;
    int room = end - column;
    bool fits = (int)text_width(name, size) <= room;
    if (fits || tag_size != TAG_TEXT || room < TAG_TEXT + 2)
        return grid_fit(grid, row, column, end, style, name);
    size_t kept = text_cut_columns(name, size - tag_size, (size_t)room - TAG_TEXT - 1, &used);
    column = grid_write(grid, row, column, end, style, name, kept);
    column = grid_put(grid, row, column, style, "…");
    return grid_put(grid, row, column, style, tag);
}

enum style speaker_style(const struct id *id, const char *guest)
{
    unsigned sum = id->bytes[0];
    for (size_t i = 0; guest && guest[i]; i++)
        sum = sum * 31 + (unsigned char)guest[i];
    return (enum style)(STYLE_SPEAKER + sum % SPEAKERS);
}

void sentence(char *into, size_t size, const char *format, const char *one, const char *two,
              const char *three)
{
    const char *texts[] = {one ? one : "", two ? two : "", three ? three : ""};
    message_fill(format, texts, 3, into, size);
}

/* ---- times ---- */

void ago_text(const struct ui *ui, uint64_t ms, char *into, size_t size)
{
    struct message span = message_while(ms);
    message_text(&span, ui->config.translate, into, size);
}

static struct tm local(uint64_t wall)
{
    time_t seconds = (time_t)(wall / 1000);
    struct tm tm;
    if (!localtime_r(&seconds, &tm))
        tm = (struct tm){.tm_mday = 1};
    return tm;
}

void hour_text(uint64_t wall, char into[6])
{
    struct tm tm = local(wall);
    into[0] = (char)('0' + tm.tm_hour / 10);
    into[1] = (char)('0' + tm.tm_hour % 10);
    into[2] = ':';
    into[3] = (char)('0' + tm.tm_min / 10);
    into[4] = (char)('0' + tm.tm_min % 10);
    into[5] = '\0';
}

int day_number(uint64_t wall)
{
    struct tm tm = local(wall);
    return tm.tm_year * 366 + tm.tm_yday;
}

void day_text(const struct ui *ui, uint64_t wall, char *into, size_t size)
{
    struct tm tm = local(wall);
    struct message day = message_day(tm.tm_wday, tm.tm_mday, tm.tm_mon);
    message_text(&day, ui->config.translate, into, size);
}

/* ---- the title ---- */

/* Who we are: as much of it as there is room for. */
static void title_left(const struct ui *ui, const struct model *model, char *into, size_t size)
{
    char name[UI_MINI_BYTES], port[16] = "";
    const char *dot = ui->config.glyphs->dot;
    text_shown(model->name, strlen(model->name), name, sizeof name);
    if (model->port != 0 && ui->columns >= PLACES_FOLD)
        snprintf(port, sizeof port, " %s %u", dot, (unsigned)model->port);
    snprintf(into, size, "%s%s%s%s ~%s%s%s%s", ui->columns >= PLACES_FOLD ? "tertulia " : "",
             ui->columns >= PLACES_FOLD ? dot : "", ui->columns >= PLACES_FOLD ? " " : "", name,
             model->tag, port, model->away ? " " : "", model->away ? _("(away)") : "");
}

static void title_right(const struct ui *ui, const struct model *model, char *into, size_t size)
{
    char name[UI_MINI_BYTES] = "", people[64] = "", hour[6];
    const struct conversation *open = ui_open(ui, model);
    const char *dot = ui->config.glyphs->dot;
    hour_text(model->now, hour);
    if (ui->conversation) {
        const char *label = ui_label(model, ui->conversation);
        text_shown(label, strlen(label), name, sizeof name);
    }
    if (open && !open->whisper && ui->columns >= PLACES_FOLD) {
        char count[24], text[48];
        snprintf(count, sizeof count, "%zu", open->present);
        sentence(text, sizeof text,
                 ngettext("%1$s person", "%1$s people", (unsigned long)open->present), count, NULL,
                 NULL);
        snprintf(people, sizeof people, " %s %s", dot, text);
    }
    snprintf(into, size, "%s%s %s %s", name, people, dot, hour);
}

/* What is not read elsewhere: where the sidebar is folded away, nothing else would tell. */
static int unread_draw(struct ui *ui, const struct model *model, int row, int column)
{
    uint64_t unread = 0, mentions = 0;
    char text[24];
    for (size_t i = 0; i < model->row_count && ui->places.side_end == 0; i++) {
        unread += model->rows[i]->unread;
        mentions += model->rows[i]->mentions;
    }
    snprintf(text, sizeof text, " %" PRIu64 " ", unread);
    int at = column - (int)text_width(text, strlen(text)) - 1;
    if (unread == 0 || at <= TITLE_LEFT)
        return column;
    grid_put(&ui->grid, row, at, mentions > 0 ? STYLE_CALLING : STYLE_UNREAD, text);
    return at;
}

void paint_title(struct ui *ui, const struct model *model)
{
    struct grid *grid = &ui->grid;
    char left[512], right[512], topic[1024];
    const struct conversation *open = ui_open(ui, model);
    int row = ui->places.title;
    if (row < 0)
        return;
    grid_row_style(grid, row, STYLE_BAR);
    title_left(ui, model, left, sizeof left);
    title_right(ui, model, right, sizeof right);
    int width = (int)text_width(right, strlen(right));
    int column = grid->columns - width - 1;
    if (column > TITLE_LEFT) {
        grid_put(grid, row, column, STYLE_BAR_STRONG, right);
        column = unread_draw(ui, model, row, column);
    }
    int end =
        grid_fit(grid, row, 1, column > TITLE_LEFT ? column - 1 : grid->columns, STYLE_BAR, left);
    if (column <= end)
        return;
    if (!open || !open->topic[0] || column - end < 12)
        return;
    text_shown(open->topic, strlen(open->topic), topic, sizeof topic);
    grid_fit(grid, row, end + 3, column - 2, STYLE_BAR, topic);
}

void ui_title(const struct ui *ui, const struct model *model, char *into, size_t size)
{
    uint64_t unread = 0;
    char name[UI_MINI_BYTES] = "";
    for (size_t i = 0; i < model->row_count; i++)
        unread += model->rows[i]->unread;
    if (ui->conversation) {
        const char *label = ui_label(model, ui->conversation);
        text_shown(label, strlen(label), name, sizeof name);
    }
    if (unread > 0)
        snprintf(into, size, "(%" PRIu64 ") %s - tertulia", unread, name);
    else
        snprintf(into, size, "%s%stertulia", name, name[0] ? " - " : "");
}

/* ---- progress ---- */

void paint_progress(struct ui *ui, const struct model *model)
{
    struct grid *grid = &ui->grid;
    const struct progress *progress = &model->progress;
    const struct glyphs *glyphs = ui->config.glyphs;
    int row = ui->places.progress >= 0 ? ui->places.progress : ui->places.status;
    char text[UI_STATUS_BYTES], raw[UI_STATUS_BYTES], tail[UI_MINI_BYTES] = "", found[64] = "";
    if (row < 0)
        return;
    message_text(&progress->what, ui->config.translate, raw, sizeof raw);
    text_shown(raw, strlen(raw), text, sizeof text);
    uint64_t percent = progress->total > 0 ? progress->done * 100 / progress->total : 0;
    if (progress->found > 0) {
        char count[24];
        snprintf(count, sizeof count, "%" PRIu64, progress->found);
        sentence(found, sizeof found,
                 ngettext("%1$s found", "%1$s found", (unsigned long)progress->found), count, NULL,
                 NULL);
    }
    bool scan = progress->what.code && strncmp(progress->what.code, "scan", 4) == 0;
    if (progress->total > 0)
        snprintf(tail, sizeof tail, "%" PRIu64 " %%  ", percent > 100 ? 100 : percent);
    size_t length = strlen(tail);
    snprintf(tail + length, sizeof tail - length, "%s%s%s", found, found[0] ? "  " : "",
             scan ? _("Esc stops") : "");
    int tail_width = (int)text_width(tail, strlen(tail)), column = 1;
    int room = grid->columns - tail_width - 3;
    /* a stump of a word says nothing */
    if (room >= PROGRESS_WORDS || (int)text_width(text, strlen(text)) <= room)
        column = grid_fit(grid, row, 1, 1 + room, STYLE_PROGRESS, text) + 1;
    int bar = grid->columns - column - tail_width - 2;
    if (bar > 40)
        bar = 40;
    for (int i = 0; i < bar && bar >= 4 && progress->total > 0; i++)
        column =
            grid_put(grid, row, column, STYLE_PROGRESS,
                     (uint64_t)i * 100 < percent * (uint64_t)bar ? glyphs->full : glyphs->empty);
    grid_put(grid, row, column + 1, STYLE_PROGRESS, tail);
}

/* ---- the status line ---- */

/* A line in which something is asked, with the cursor in it. */
static void mini_draw(struct ui *ui, int row, const char *what, const char *hint)
{
    struct grid *grid = &ui->grid;
    int column = grid_fit(grid, row, 1, grid->columns - 8, STYLE_INPUT, what);
    column = grid_put(grid, row, column + 1, STYLE_INPUT, ui->config.glyphs->prompt) + 1;
    column = grid_put(grid, row, column, STYLE_TEXT, ui->mini.text);
    grid->cursor_row = row;
    grid->cursor_column = column < grid->columns ? column : grid->columns - 1;
    int width = (int)text_width(hint, strlen(hint));
    if (column + 3 + width < grid->columns)
        grid_put(grid, row, grid->columns - width - 1, STYLE_QUIET, hint);
}

/* A few keys, as many as fit. */
static void hints_draw(struct ui *ui, int row)
{
    static const struct {
        enum action action;
        const char *words, *typing; /* on an empty line, and on another */
    } hints[] = {
        {ACTION_HELP, N_("help"), N_("help")},
        {ACTION_TAB, N_("people and rooms"), N_("completes")},
        {ACTION_SEARCH, N_("search"), N_("search")},
        {ACTION_CUT_END, N_("go to"), NULL},
        {ACTION_INTERRUPT, N_("leave"), N_("empties the line")},
    };
    int column = 1;
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        char keys[KEY_NAME_BYTES * 2], text[UI_MINI_BYTES];
        keymap_keys(&ui->keymap, hints[i].action, keys, sizeof keys);
        const char *words = ui->editor.size > 0 ? hints[i].typing : hints[i].words;
        keys[strcspn(keys, ",")] = '\0';
        if (!keys[0] || !words)
            continue;
        snprintf(text, sizeof text, "%s %s", keys, _(words));
        int width = (int)text_width(text, strlen(text));
        if (column + width >= ui->grid.columns)
            return;
        column = grid_put(&ui->grid, row, column, STYLE_QUIET, text) + 3;
    }
}

/* Where something is typed or looked for, that line is all. */
static bool mini_of(struct ui *ui, int row)
{
    switch (ui->focus) {
    case FOCUS_SWITCH:
        mini_draw(ui, row, _("go to"), _("Enter goes, Esc back"));
        return true;
    case FOCUS_SEARCH:
        mini_draw(ui, row, _("search here"), _("Enter finds, Esc back"));
        return true;
    case FOCUS_RECALL:
        mini_draw(ui, row, _("typed before"), _("Ctrl-r older, Enter takes it, Esc back"));
        return true;
    case FOCUS_HITS:
        if (ui->has_status && ui->status_error)
            return false;
        mini_draw(ui, row, _("search here"),
                  ui->has_status ? ui->status : _("n older, N newer, Esc back"));
        return true;
    case FOCUS_SIDEBAR:
        if (ui->has_status || ui->filter.size == 0)
            return false;
        grid_fit(&ui->grid, row,
                 grid_put(&ui->grid, row, grid_put(&ui->grid, row, 1, STYLE_INPUT, _("only")) + 1,
                          STYLE_INPUT, ui->config.glyphs->prompt) +
                     1,
                 ui->grid.columns, STYLE_TEXT, ui->filter.text);
        return true;
    case FOCUS_PAGE:
    case FOCUS_INPUT:
        return false;
    }
    return false;
}

/* The sentence of the status line; false: there is none. */
static bool status_text(const struct ui *ui, const struct model *model, enum style *style,
                        char into[UI_STATUS_BYTES])
{
    char raw[UI_STATUS_BYTES];
    const char *hint = NULL;
    if (ui->has_status) {
        *style = ui->status_error ? STYLE_ERROR : STYLE_STATUS;
        snprintf(into, UI_STATUS_BYTES, "%s", ui->status);
        return true;
    }
    if (ui->focus == FOCUS_SIDEBAR && ui->filter.size == 0)
        hint = _("Enter opens, i info, c connect, d hang up, letters filter, Esc back");
    if (ui->focus == FOCUS_PAGE)
        hint = ui->page.selectable ? _("Arrows choose, Enter goes there, Esc back")
                                   : _("Arrows, PgUp and PgDn scroll, Esc back");
    if (hint) {
        *style = STYLE_QUIET;
        snprintf(into, UI_STATUS_BYTES, "%s", hint);
        return true;
    }
    bool read = ui->read > 0 && ui->read == model->status_number;
    if (!model->has_status || read || ui->focus != FOCUS_INPUT)
        return false;
    *style = model->status_is_error ? STYLE_ERROR : STYLE_STATUS;
    message_text(&model->status, ui->config.translate, raw, sizeof raw);
    text_shown(raw, strlen(raw), into, UI_STATUS_BYTES);
    return true;
}

static size_t status_wrap(const struct ui *ui, const char *text,
                          struct wrap_row rows[PLACES_STATUS_ROWS])
{
    struct wrap_shape shape = {.width = ui->columns > 3 ? ui->columns - 2 : 1};
    return wrap_text(text, strlen(text), &shape, rows, PLACES_STATUS_ROWS);
}

static int status_rows(const struct ui *ui, const struct model *model)
{
    struct wrap_row rows[PLACES_STATUS_ROWS];
    char text[UI_STATUS_BYTES];
    enum style style;
    if (!status_text(ui, model, &style, text))
        return 1;
    size_t count = status_wrap(ui, text, rows);
    return count < PLACES_STATUS_ROWS ? (int)count : PLACES_STATUS_ROWS;
}

static void status_draw(struct ui *ui, enum style style, const char *text)
{
    struct wrap_row rows[PLACES_STATUS_ROWS];
    size_t count = status_wrap(ui, text, rows), room = sizeof rows / sizeof *rows;
    int row = ui->places.status;
    for (size_t i = 0; i < count && i < room && row < ui->places.status_end; i++, row++) {
        if (row + 1 == ui->places.status_end) /* all that is left, as far as it fits */
            grid_fit(&ui->grid, row, 1, ui->grid.columns, style, text + rows[i].start);
        else
            grid_write(&ui->grid, row, 1, ui->grid.columns, style, text + rows[i].start,
                       rows[i].end - rows[i].start);
    }
}

void paint_status(struct ui *ui, const struct model *model)
{
    int row = ui->places.status;
    char text[UI_STATUS_BYTES];
    enum style style;
    bool asks = ui->focus == FOCUS_SWITCH || ui->focus == FOCUS_SEARCH || ui->focus == FOCUS_RECALL;
    if (row < 0 && asks) { /* the smallest screens: over the input */
        row = ui->places.input;
        grid_blank(&ui->grid, row, 0, ui->grid.columns, STYLE_TEXT);
    }
    if (row < 0 || mini_of(ui, row))
        return;
    if (status_text(ui, model, &style, text))
        status_draw(ui, style, text);
    else if (model->progress.on && ui->places.progress < 0)
        paint_progress(ui, model);
    else
        hints_draw(ui, row);
}

/* ---- all of it ---- */

/* Every key is drawn before the next is looked at; most change one row, the first and the last
 * letter the hints too. */
const struct grid *ui_echo(struct ui *ui, const struct model *model)
{
    bool light = !ui->stale && model->now / MINUTE_MS == ui->minute;
    if (light && ui->hinted && ui->places.status >= 0) {
        for (int row = ui->places.status; row < ui->places.status_end; row++)
            grid_blank(&ui->grid, row, 0, ui->grid.columns, STYLE_TEXT);
        paint_status(ui, model);
        ui->hinted = false;
    }
    return light && paint_input(ui, model) == ui->input_rows ? &ui->grid : NULL;
}

const struct grid *ui_draw(struct ui *ui, const struct model *model)
{
    if (model->dirty == 0 && ui_echo(ui, model))
        return &ui->grid;
    struct places_wish wish = {.rows = ui->rows,
                               .columns = ui->columns,
                               .progress = model->progress.on,
                               .sidebar = ui->focus == FOCUS_SIDEBAR,
                               .bare = ui->bare && ui->focus == FOCUS_INPUT};
    wish.input_rows = ui->input_rows = input_rows(ui, model);
    wish.status_rows = status_rows(ui, model);
    ui->places = places_of(&wish);
    ui->stale = !ui_is_calm(ui);
    ui->hinted = false;
    ui->minute = model->now / MINUTE_MS;
    grid_clear(&ui->grid, ui->rows, ui->columns);
    ui->grid.cursor_row = -1;
    paint_pane(ui, model);
    if (wish.bare)
        return &ui->grid;
    paint_title(ui, model);
    paint_side(ui, model);
    if (ui->focus == FOCUS_PAGE)
        paint_page(ui);
    paint_input(ui, model);
    paint_status(ui, model);
    if (ui->places.progress >= 0)
        paint_progress(ui, model);
    if (ui->focus == FOCUS_SWITCH)
        paint_switch(ui, model);
    if (ui->menu && ui->focus == FOCUS_INPUT)
        paint_menu(ui, model);
    return &ui->grid;
}
