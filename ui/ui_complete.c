/* Completion: the first candidate is put in place at once, Tab goes round, any other key takes it.
 */
#include "ui/ui_parts.h"

#include <stdlib.h>
#include <string.h>

void menu_close(struct ui *ui)
{
    if (!ui->menu)
        return;
    completion_done(&ui->completion);
    free(ui->menu_typed);
    ui->menu_typed = NULL;
    ui->menu = false;
}

static void menu_put(struct ui *ui, const char *text)
{
    size_t rest = ui->editor.size - ui->menu_end;
    editor_replace(&ui->editor, ui->menu_start, ui->menu_end, text, strlen(text));
    ui->menu_end = ui->editor.size - rest;
}

void menu_back_out(struct ui *ui)
{
    menu_put(ui, ui->menu_typed);
    menu_close(ui);
}

/* ---- who and what there is ---- */

struct ask {
    const struct ui *ui;
    const struct model *model;
    char name[KEY_NAME_BYTES];
};

/* Those who spoke last first, then everyone who is there; whoever comes twice is offered once. */
static const char *person(const struct ask *ask, size_t index)
{
    enum { RECENT = 200 }; /* lines back: who spoke before that is found by name */
    const struct model *model = ask->model;
    const struct window *window = model->open ? &model->open->window : NULL;
    size_t low = window && window->count > RECENT ? window->count - RECENT : 0;
    for (size_t i = window ? window->count : 0; i-- > low;) {
        const struct who *from = window->posts[i]->from;
        if (from && !from->self && !from->muted && index-- == 0)
            return from->label;
    }
    for (size_t i = 0; i < model->row_count; i++) {
        const struct row *row = model->rows[i];
        if ((row->kind == ROW_PERSON || row->kind == ROW_GUEST) && index-- == 0)
            return row->label;
    }
    return NULL;
}

static const char *room(const struct ask *ask, size_t index)
{
    for (size_t i = 0; i < ask->model->row_count; i++)
        if (ask->model->rows[i]->kind == ROW_ROOM && index-- == 0)
            return ask->model->rows[i]->label;
    return NULL;
}

static const char *address(const struct ask *ask, const struct completion_wish *wish, size_t index)
{
    size_t found = 0;
    for (size_t i = 0; i < ask->model->row_count; i++)
        if (ask->model->rows[i]->address && found++ == index)
            return ask->model->rows[i]->address;
    const struct completion_source *source = &ask->ui->config.source;
    return source->candidate ? source->candidate(source->self, wish, index - found) : NULL;
}

static const char *key(struct ask *ask, size_t index)
{
    if (index >= ask->ui->keymap.count)
        return NULL;
    key_stored(&ask->ui->keymap.list[index].key, ask->name);
    return ask->name;
}

static const char *action(size_t index)
{
    if (index + 1 < ACTIONS)
        return action_spec((enum action)(index + 1))->name;
    return index + 1 == ACTIONS ? KEY_DEFAULT : NULL;
}

static const char *candidate(void *self, const struct completion_wish *wish, size_t index)
{
    struct ask *ask = self;
    const struct completion_source *source = &ask->ui->config.source;
    if (wish->kind == ARGUMENT_PERSON)
        return person(ask, index);
    if (wish->kind == ARGUMENT_ROOM)
        return room(ask, index);
    if (wish->kind == ARGUMENT_ADDRESS)
        return address(ask, wish, index);
    if (wish->kind == ARGUMENT_KEY)
        return key(ask, index);
    if (wish->kind == ARGUMENT_ACTION)
        return action(index);
    if (wish->kind == ARGUMENT_THEME)
        return theme_at(index) ? theme_at(index)->name : NULL;
    return source->candidate ? source->candidate(source->self, wish, index) : NULL;
}

void complete(struct ui *ui, const struct model *model, bool back)
{
    struct editor *editor = &ui->editor;
    if (ui->menu) {
        size_t count = ui->completion.count;
        ui->menu_at = (ui->menu_at + (back ? count - 1 : 1)) % count;
        menu_put(ui, ui->completion.texts[ui->menu_at]);
        return;
    }
    struct ask ask = {.ui = ui, .model = model};
    struct completion_source source = {candidate, &ask};
    line_complete(ui->config.names, &source, editor->text, editor->size, editor->cursor,
                  &ui->completion);
    ui->menu_start = ui->completion.start;
    ui->menu_end = ui->completion.end;
    ui->menu = ui->completion.count > 0;
    if (!ui->menu) {
        completion_done(&ui->completion);
        ui_hint(ui, _("Nothing begins like this."));
        return;
    }
    ui->menu_typed = xstrndup(editor->text + ui->menu_start, ui->menu_end - ui->menu_start);
    ui->menu_at = back ? ui->completion.count - 1 : 0;
    menu_put(ui, ui->completion.texts[ui->menu_at]);
    history_stop(&ui->history);
    if (ui->completion.count == 1)
        menu_close(ui);
}
