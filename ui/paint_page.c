/* What lies over the conversation: lists, the switcher, the completion menu. */
#include "base/clean.h"
#include "base/text.h"
#include "ui/ui_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEFT_MOST = 28, /* columns of a list's left side: the longest usage */
    TITLE_ROWS = 2, /* of a list's title: a sentence on a small screen */
};

/* ---- lists ---- */

static int left_width(const struct ui *ui)
{
    int most = 0;
    for (size_t i = 0; i < ui->page.count; i++) {
        const char *left = ui->page.items[i].left;
        int width = left ? (int)text_width(left, strlen(left)) : 0;
        most = width > most ? width : most;
    }
    int room = ui->columns * 2 / 5;
    if (most > LEFT_MOST)
        most = LEFT_MOST;
    return most < room ? most : room;
}

struct item_rows {
    char *text; /* of the right side, clean */
    struct wrap_row rows[GRID_ROWS_MAX];
    size_t count;
    int left; /* columns before it */
};

static void item_make(const struct ui *ui, const struct page_item *item, int left,
                      struct item_rows *into)
{
    size_t size;
    into->left = item->left ? left + 3 : 1;
    struct wrap_shape shape = {.width = ui->columns - into->left - 1};
    bool wide = item->left && (int)text_width(item->left, strlen(item->left)) > left;
    if (shape.width < 1)
        shape.width = 1;
    into->text = text_clean(item->right, strlen(item->right), CLEAN_BODY, &size);
    if (wide) /* the left side has a row of its own */
        shape.first_right = shape.width;
    into->count = wrap_text(into->text, size, &shape, into->rows, GRID_ROWS_MAX);
    if (into->count > GRID_ROWS_MAX)
        into->count = GRID_ROWS_MAX;
}

static int item_height(const struct ui *ui, size_t index, int left)
{
    struct item_rows rows;
    item_make(ui, &ui->page.items[index], left, &rows);
    free(rows.text);
    return (int)rows.count;
}

size_t page_items(const struct ui *ui, bool up)
{
    const struct page *page = &ui->page;
    int left = left_width(ui), rows = 0;
    int room = ui->places.body_end - ui->places.body_top - TITLE_ROWS;
    size_t count = 0;
    for (size_t i = page->selected; i < page->count; i += up ? SIZE_MAX : 1) {
        rows += item_height(ui, i, left);
        if (rows > room)
            break;
        count++;
    }
    return count > 1 ? count - 1 : 1; /* one of them is seen again */
}

static void item_draw(struct ui *ui, const struct page_item *item, int left, int row, bool selected)
{
    struct item_rows rows;
    struct grid *grid = &ui->grid;
    char text[UI_MINI_BYTES];
    item_make(ui, item, left, &rows);
    if (item->left) {
        text_shown(item->left, strlen(item->left), text, sizeof text);
        grid_fit(grid, row, 1, grid->columns, item->style == STYLE_TEXT ? STYLE_KEY : item->style,
                 text);
    }
    for (size_t i = 0; i < rows.count && row < ui->places.body_end; i++, row++) {
        grid_write(grid, row, rows.left, grid->columns, item->style, rows.text + rows.rows[i].start,
                   rows.rows[i].end - rows.rows[i].start);
        if (selected)
            grid_row_style(grid, row, STYLE_SELECTED);
    }
    free(rows.text);
}

/* Moves the top so that what is selected is seen; without targets it is what stands at the top. */
static void page_scroll(struct ui *ui, int left, int height)
{
    struct page *page = &ui->page;
    if (page->selected < page->top)
        page->top = page->selected;
    if (!page->selectable) {
        int rows = 0;
        size_t last = page->count;
        while (last > 0 && rows + item_height(ui, last - 1, left) <= height)
            rows += item_height(ui, --last, left);
        page->selected = page->selected < last ? page->selected : last;
        page->top = page->selected;
        return;
    }
    for (;;) {
        int rows = 0;
        for (size_t i = page->top; i <= page->selected; i++)
            rows += item_height(ui, i, left);
        if (rows <= height || page->top == page->selected)
            return;
        page->top++;
    }
}

void paint_page(struct ui *ui)
{
    struct grid *grid = &ui->grid;
    const struct places *places = &ui->places;
    struct page *page = &ui->page;
    int row = places->body_top, left = left_width(ui);
    char title[UI_STATUS_BYTES];
    struct wrap_row rows[TITLE_ROWS];
    struct wrap_shape shape = {.width = grid->columns > 3 ? grid->columns - 2 : 1};
    for (int i = places->body_top; i < places->body_end; i++)
        grid_blank(grid, i, 0, grid->columns, STYLE_TEXT);
    text_shown(page->title, strlen(page->title), title, sizeof title);
    size_t title_rows = wrap_text(title, strlen(title), &shape, rows, TITLE_ROWS);
    for (size_t i = 0; i < title_rows && i < TITLE_ROWS && row < places->body_end; i++) {
        bool last = i + 1 == TITLE_ROWS; /* as much as fits */
        if (last)
            grid_fit(grid, row, 1, grid->columns, STYLE_BAR_STRONG, title + rows[i].start);
        else
            grid_write(grid, row, 1, grid->columns, STYLE_BAR_STRONG, title + rows[i].start,
                       rows[i].end - rows[i].start);
        grid_row_style(grid, row++, STYLE_BAR_STRONG);
    }
    if (page->count == 0)
        grid_fit(grid, row, 1, grid->columns, STYLE_QUIET, _("There is nothing to show."));
    if (page->count == 0 || row >= places->body_end)
        return;
    page_scroll(ui, left, places->body_end - row);
    for (size_t i = page->top; i < page->count && row < places->body_end; i++) {
        item_draw(ui, &page->items[i], left, row, page->selectable && i == page->selected);
        row += item_height(ui, i, left);
    }
}

/* ---- menus ---- */

struct menu {
    int top, left, rows, width;
    size_t first; /* of the candidates */
};

/* A box above `bottom` for so many candidates, of which one is selected. */
static struct menu menu_place(const struct ui *ui, int bottom, int left, int width, size_t count,
                              size_t selected)
{
    struct menu menu = {.rows = count < UI_MENU_ROWS ? (int)count : UI_MENU_ROWS, .width = width};
    if (menu.rows > bottom - ui->places.body_top)
        menu.rows = bottom - ui->places.body_top;
    if (menu.width > ui->columns)
        menu.width = ui->columns;
    menu.left = left + menu.width > ui->columns ? ui->columns - menu.width : left;
    menu.top = bottom - menu.rows;
    if (menu.rows > 0 && selected >= (size_t)menu.rows)
        menu.first = selected - (size_t)menu.rows + 1;
    return menu;
}

static void menu_row(struct ui *ui, const struct menu *menu, int index, bool selected,
                     const char *text)
{
    enum style style = selected ? STYLE_MENU_SELECTED : STYLE_MENU;
    int row = menu->top + index;
    grid_blank(&ui->grid, row, menu->left, menu->left + menu->width, style);
    grid_fit(&ui->grid, row, menu->left + 1, menu->left + menu->width - 1, style, text);
}

void paint_menu(struct ui *ui, const struct model *model)
{
    const struct completion *completion = &ui->completion;
    char text[UI_MINI_BYTES];
    int width = 8, bottom = ui->places.status >= 0 ? ui->places.status : ui->places.input;
    for (size_t i = 0; i < completion->count; i++) {
        text_shown(completion->texts[i], strlen(completion->texts[i]), text, sizeof text);
        int one = (int)text_width(text, strlen(text)) + 3;
        width = one > width ? one : width;
    }
    int column = input_column(ui, model, ui->menu_start);
    struct menu menu =
        menu_place(ui, bottom, column > 0 ? column - 1 : 0, width, completion->count, ui->menu_at);
    for (int i = 0; i < menu.rows; i++) {
        size_t index = menu.first + (size_t)i;
        text_shown(completion->texts[index], strlen(completion->texts[index]), text, sizeof text);
        menu_row(ui, &menu, i, index == ui->menu_at, text);
    }
}

void paint_switch(struct ui *ui, const struct model *model)
{
    const struct row *rows[GRID_ROWS_MAX];
    size_t count = switch_rows(ui, model, rows, GRID_ROWS_MAX);
    char label[UI_MINI_BYTES], text[UI_MINI_BYTES + 32];
    int bottom = ui->places.status >= 0 ? ui->places.status : ui->places.input;
    int width = ui->columns < 40 ? ui->columns : 40;
    if (ui->switch_at >= count)
        ui->switch_at = count > 0 ? count - 1 : 0;
    struct menu menu = menu_place(ui, bottom, 1, width, count > 0 ? count : 1, ui->switch_at);
    if (count == 0 && menu.rows > 0)
        menu_row(ui, &menu, 0, false, _("nobody and no room like this"));
    for (int i = 0; i < menu.rows && count > 0; i++) {
        size_t index = menu.first + (size_t)i;
        text_shown(rows[index]->label, strlen(rows[index]->label), label, sizeof label);
        if (rows[index]->unread > 0)
            snprintf(text, sizeof text, "%s  (%u)", label, (unsigned)rows[index]->unread);
        else
            snprintf(text, sizeof text, "%s", label);
        menu_row(ui, &menu, i, index == ui->switch_at, text);
    }
}
