/* People and rooms: the sidebar with the keys, its filter, and the quick switcher. */
#include "ui/find.h"
#include "ui/ui_parts.h"

#include <stdio.h>
#include <string.h>

/* ---- which rows ---- */

static bool passes(const struct mini *filter, const char *text)
{
    size_t length;
    return filter->size == 0 ||
           text_find(text, strlen(text), 0, filter->text, filter->size, &length) != FIND_NONE;
}

static bool is_listed(const struct ui *ui, const struct row *row)
{
    return ui->focus != FOCUS_SIDEBAR || passes(&ui->filter, row->label) ||
           (row->address && passes(&ui->filter, row->address));
}

/* The index-th row that the filter leaves. */
static const struct row *listed(const struct ui *ui, const struct model *model, size_t index)
{
    for (size_t i = 0; i < model->row_count; i++)
        if (is_listed(ui, model->rows[i]) && index-- == 0)
            return model->rows[i];
    return NULL;
}

static size_t listed_count(const struct ui *ui, const struct model *model)
{
    size_t count = 0;
    for (size_t i = 0; i < model->row_count; i++)
        count += is_listed(ui, model->rows[i]);
    return count;
}

const struct row *side_selected(const struct ui *ui, const struct model *model)
{
    return ui->focus == FOCUS_SIDEBAR ? listed(ui, model, ui->side_at) : NULL;
}

/* What a row is known by while others come and go. */
static void key_of(const struct row *row, char into[UI_MINI_BYTES])
{
    const char *name = row->conversation ? row->conversation
                       : row->address    ? row->address
                                         : row->label;
    snprintf(into, UI_MINI_BYTES, "%d%s", (int)row->kind, name);
}

static void select_at(struct ui *ui, const struct model *model, size_t index)
{
    const struct row *row = listed(ui, model, index);
    if (!row)
        return;
    ui->side_at = index;
    key_of(row, ui->side_name);
}

void side_follow(struct ui *ui, const struct model *model)
{
    size_t count = 0;
    if (ui->focus != FOCUS_SIDEBAR)
        return;
    for (size_t i = 0; i < model->row_count; i++) {
        char key[UI_MINI_BYTES];
        if (!is_listed(ui, model->rows[i]))
            continue;
        key_of(model->rows[i], key);
        if (strcmp(key, ui->side_name) == 0) {
            ui->side_at = count;
            return;
        }
        count++;
    }
    select_at(ui, model, ui->side_at < count ? ui->side_at : count > 0 ? count - 1 : 0);
}

/* ---- lines ---- */

enum part { PART_PEOPLE, PART_ROOMS, PART_FOUND };

static enum part part(const struct row *row)
{
    switch (row->kind) {
    case ROW_PERSON:
    case ROW_GUEST:
        return PART_PEOPLE;
    case ROW_ROOM:
    case ROW_WHISPER:
        return PART_ROOMS;
    case ROW_FOUND:
        return PART_FOUND;
    }
    die("no such row: %d", (int)row->kind);
}

static const char *part_title(enum part which)
{
    switch (which) {
    case PART_PEOPLE:
        return _("PEOPLE");
    case PART_ROOMS:
        return _("ROOMS");
    case PART_FOUND:
        return _("FOUND");
    }
    die("no such part: %d", (int)which);
}

static bool is_person(const struct row *row)
{
    return row->kind == ROW_PERSON || row->kind == ROW_GUEST;
}

/* All lines, however many; more than `most` are counted only. */
static size_t all_lines(const struct ui *ui, const struct model *model, struct side_line *into,
                        size_t most, size_t *selected)
{
    size_t count = 0, index = 0;
    const struct row *last = NULL;
    for (size_t i = 0; i < model->row_count; i++) {
        const struct row *row = model->rows[i];
        if (!is_listed(ui, row))
            continue;
        if ((!last || part(row) != part(last)) && count < most)
            into[count++] = (struct side_line){.words = part_title(part(row))};
        last = row;
        if (index++ == ui->side_at)
            *selected = count;
        if (count < most)
            into[count++] = (struct side_line){.row = row};
    }
    return count;
}

/* Without the keys rooms are always seen: people who do not fit are counted. */
static size_t people_fold(struct side_line *lines, size_t count, size_t height, size_t left_out)
{
    size_t people = 1;
    while (people < count && lines[people].row && is_person(lines[people].row))
        people++;
    size_t rest = count - people;
    size_t room = height > rest + 2 ? height - rest - 1 : height / 2;
    if (count <= height && left_out == 0)
        return count;
    if (people <= room || people < 3)
        return count;
    struct side_line note = {.left_out = left_out + people - room};
    memmove(lines + room + 1, lines + people, rest * sizeof *lines);
    lines[room] = note;
    return room + 1 + rest;
}

size_t side_lines(struct ui *ui, const struct model *model, struct side_line *into, size_t most)
{
    static struct side_line lines[SIDE_LINES]; /* scratch: nothing of it outlives the call */
    size_t height = (size_t)(ui->places.body_end - ui->places.body_top);
    size_t selected = 0, top = 0;
    size_t count = all_lines(ui, model, lines, SIDE_LINES, &selected);
    if (ui->focus != FOCUS_SIDEBAR)
        count = people_fold(lines, count, height, model->people_left_out);
    else if (count > height && selected > height / 2)
        top = selected - height / 2 < count - height ? selected - height / 2 : count - height;
    size_t shown = count - top < height ? count - top : height;
    if (shown > most)
        shown = most;
    memcpy(into, lines + top, shown * sizeof *into);
    return shown;
}

const struct row *side_row_at(struct ui *ui, const struct model *model, int row)
{
    struct side_line lines[GRID_ROWS_MAX];
    size_t count = side_lines(ui, model, lines, GRID_ROWS_MAX);
    int index = row - ui->places.body_top;
    return index >= 0 && (size_t)index < count ? lines[index].row : NULL;
}

/* ---- what can be done with one ---- */

static void type_two(struct ui *ui, const char *command, const char *name)
{
    char line[UI_MINI_BYTES + MODEL_ADDRESS];
    snprintf(line, sizeof line, "/%s %s", command, name);
    ui_type(ui, line);
}

/* A person by what cannot be mistaken. */
static void type_who(struct ui *ui, const char *command, const struct row *row)
{
    char id[ID_TEXT];
    id_text(&row->id, id);
    type_two(ui, command, row->kind == ROW_GUEST ? row->label : id);
}

static void connect(struct ui *ui, const struct row *row)
{
    char address[MODEL_ADDRESS + 64];
    snprintf(address, sizeof address, "%s%s%s", row->address, row->dialect ? " " : "",
             row->dialect ? row->dialect : "");
    type_two(ui, "connect", address);
    ui_tell(ui, false, _("Connecting to %1$s..."), row->address, NULL);
}

void side_open(struct ui *ui, const struct model *model, const struct row *row)
{
    if (row->conversation) {
        ui->focus = FOCUS_INPUT;
        ui_conversation_set(ui, model, row->conversation);
    } else if (row->address) {
        ui->focus = FOCUS_INPUT; /* c connects and stays: for several */
        ui->filter = (struct mini){.size = 0};
        connect(ui, row);
    } else {
        ui_tell(ui, false,
                _("%1$s is a guest without encryption: only rooms reach them, no whispers."),
                row->label, NULL);
    }
}

/* True where the letter did something; else it filters. */
static bool row_action(struct ui *ui, const struct row *row, enum action action)
{
    bool person = is_person(row);
    if (action == ACTION_SIDE_INFO && person) {
        type_who(ui, "info", row);
        ui->focus = FOCUS_INPUT;
    } else if (action == ACTION_SIDE_CONNECT && row->address) {
        connect(ui, row);
    } else if (action == ACTION_SIDE_DISCONNECT && person && row->presence == PRESENCE_LINKED) {
        if (!ui->side_ask) {
            ui->side_ask = true;
            ui_tell(ui, false, _("Hang up on %1$s? d again does; other letters filter."),
                    row->label, NULL);
            return true;
        }
        type_who(ui, "disconnect", row);
        ui->filter = (struct mini){.size = 0};
    } else {
        return false;
    }
    ui->side_ask = false;
    return true;
}

static void side_step(struct ui *ui, const struct model *model, enum action action)
{
    size_t count = listed_count(ui, model), at = ui->side_at;
    if (count == 0)
        return;
    if (action == ACTION_SIDE_UP)
        at = at > 0 ? at - 1 : count - 1;
    else if (action == ACTION_SIDE_DOWN)
        at = at + 1 < count ? at + 1 : 0;
    else
        at = action == ACTION_SIDE_FIRST ? 0 : count - 1;
    select_at(ui, model, at);
}

static bool side_action(struct ui *ui, const struct model *model, enum action action)
{
    const struct row *row = side_selected(ui, model);
    if (action >= ACTION_SIDE_UP && action <= ACTION_SIDE_LAST) {
        side_step(ui, model, action);
        return true;
    }
    if (action == ACTION_SIDE_BACK) {
        if (ui->filter.size == 0)
            ui->focus = FOCUS_INPUT;
        ui->filter = (struct mini){.size = 0};
        return true;
    }
    if (action == ACTION_SIDE_OPEN) {
        if (row)
            side_open(ui, model, row);
        return true;
    }
    bool fresh = ui->filter.size == 0;
    return row && fresh && action != ACTION_NONE && row_action(ui, row, action);
}

void side_key(struct ui *ui, const struct model *model, const struct key *key)
{
    enum action action = keymap_find(&ui->keymap, CONTEXT_SIDEBAR, key);
    bool asked = ui->side_ask;
    if (side_action(ui, model, action)) {
        ui->side_ask = ui->side_ask && !asked;
        return;
    }
    if (asked && key->kind == KEY_TEXT && key->modifiers == 0) /* d began a name */
        mini_add(&ui->filter, "d", 1);
    ui->side_ask = false;
    if (mini_key(&ui->filter, key))
        select_at(ui, model, 0);
    else
        (void)ui_always(ui, model, key);
}

/* ---- the quick switcher ---- */

static bool is_offered(const struct ui *ui, const struct row *row)
{
    return row->conversation && passes(&ui->mini, row->label);
}

/* Conversations with something new first, then as they stand in the sidebar. */
size_t switch_rows(const struct ui *ui, const struct model *model, const struct row **into,
                   size_t most)
{
    size_t count = 0;
    for (int unread = 1; unread >= 0; unread--)
        for (size_t i = 0; i < model->row_count && count < most; i++) {
            const struct row *row = model->rows[i];
            if (is_offered(ui, row) && (row->unread > 0) == (unread == 1))
                into[count++] = row;
        }
    return count;
}

void switch_key(struct ui *ui, const struct model *model, const struct key *key)
{
    const struct row *rows[GRID_ROWS_MAX];
    size_t count = switch_rows(ui, model, rows, GRID_ROWS_MAX);
    enum action action = keymap_find(&ui->keymap, CONTEXT_LIST, key);
    if (mini_key(&ui->mini, key)) {
        ui->switch_at = 0;
        return;
    }
    if (count > 0 && (action == ACTION_LIST_UP || action == ACTION_LIST_DOWN)) {
        ui->switch_at = (ui->switch_at + (action == ACTION_LIST_UP ? count - 1 : 1)) % count;
        return;
    }
    ui->focus = FOCUS_INPUT;
    if (action == ACTION_LIST_OPEN && ui->switch_at < count)
        ui_conversation_set(ui, model, rows[ui->switch_at]->conversation);
}
