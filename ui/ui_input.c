/* Keys in the input line. */
#include "base/utf8.h"
#include "ui/ui_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_LINES = 5 }; /* a paste of more asks before Enter sends it */

/* What is sent of it: a paste's last newline is nobody's. */
static size_t size_sent(const struct editor *editor)
{
    size_t size = editor->size;
    while (size > 0 && editor->text[size - 1] == '\n')
        size--;
    return size;
}

static size_t lines_of(const struct editor *editor)
{
    size_t lines = 1;
    for (size_t i = 0; i < size_sent(editor); i++)
        lines += editor->text[i] == '\n';
    return lines;
}

static void changed(struct ui *ui)
{
    history_stop(&ui->history);
    ui->asked = false;
    ui->goal = -1;
    if (ui->editor.size == 0)
        ui->pasted = false;
}

/* ---- Enter ---- */

static bool asks_first(struct ui *ui)
{
    char count[24];
    size_t lines = lines_of(&ui->editor);
    if (!ui->pasted || ui->asked || lines <= ASK_LINES)
        return false;
    ui->asked = true;
    snprintf(count, sizeof count, "%zu", lines);
    ui_tell(ui, false,
            _("%1$s lines: Enter again sends them as one message, Ctrl-c takes them away."), count,
            NULL);
    return true;
}

static bool too_long(struct ui *ui)
{
    char size[24], most[24];
    if (ui->config.text_max == 0 || ui->editor.size <= ui->config.text_max ||
        ui->editor.text[0] == '/')
        return false;
    snprintf(size, sizeof size, "%zu", ui->editor.size);
    snprintf(most, sizeof most, "%zu", ui->config.text_max);
    ui_tell(ui, true,
            _("Too long for one message: %1$s bytes, and %2$s fit. Cut some, or send it in parts."),
            size, most);
    return true;
}

/* What cannot be done says why, and stays where it can be mended. */
static bool is_refused(struct ui *ui)
{
    struct line line;
    char text[MESSAGE_TEXT_BYTES];
    line_parse(ui->config.names, ui->editor.text, ui->editor.size, &line);
    bool refused = line.kind == LINE_ERROR || line.kind == LINE_EMPTY;
    if (line.kind == LINE_ERROR) {
        message_text(&line.error, ui->config.translate, text, sizeof text);
        ui_say(ui, true, text);
    }
    line_done(&line);
    return refused;
}

static void enter(struct ui *ui, const struct model *model)
{
    struct editor *editor = &ui->editor;
    if (editor->size == 0 || !ui->conversation || asks_first(ui) || too_long(ui) || is_refused(ui))
        return;
    size_t size = size_sent(editor);
    if (history_add(&ui->history, editor->text, size)) /* first: wherever the program ends */
        ui_ask(ui, (struct ui_request){
                       .kind = UI_TYPED, .text = xstrndup(editor->text, size), .size = size});
    ui_ask(ui, (struct ui_request){.kind = UI_LINE,
                                   .conversation = xstrdup(ui->conversation),
                                   .text = xstrndup(editor->text, size),
                                   .size = size});
    editor_reset(editor);
    changed(ui);
    draft_keep(ui);
    if (!ui->view.following)
        look_end(ui, model);
}

/* ---- pastes ---- */

void input_paste(struct ui *ui, const char *bytes, size_t size)
{
    size_t left = editor_insert(&ui->editor, bytes, size, false);
    menu_close(ui);
    changed(ui);
    ui->pasted = true;
    ui->lost = left > 0 ? ui->lost + left : 0;
    if (left > 0) {
        char count[24];
        snprintf(count, sizeof count, "%zu", ui->lost);
        ui_tell(ui, true, _("The paste is too long: its last %1$s bytes were left out."), count,
                NULL);
    }
}

/* ---- the history ---- */

static void walk(struct ui *ui, const struct model *model, bool older)
{
    if (input_row_move(ui, model, older))
        return;
    ui->goal = -1;
    ui->asked = false;
    if (!history_walk(&ui->history, &ui->editor, older) && older)
        ui_hint(ui, _("Nothing older begins like this."));
}

static void recall_show(struct ui *ui, size_t from)
{
    size_t found = ui->mini.size > 0 ? history_search(&ui->history, ui->mini.text, from) : from;
    const char *line = history_line(&ui->history, found);
    if (ui->mini.size == 0 || !line) {
        if (ui->mini.size > 0)
            ui_hint(ui, _("Nothing that you typed has this."));
        return;
    }
    ui->recall_at = found;
    editor_set(&ui->editor, line, strlen(line));
}

static void recall_begin(struct ui *ui)
{
    ui->focus = FOCUS_RECALL;
    ui->mini = (struct mini){.size = 0};
    ui->recall_at = 0;
    ui->recall_was = xstrdup(ui->editor.text);
}

static void recall_end(struct ui *ui, bool back)
{
    ui->focus = FOCUS_INPUT;
    if (back)
        editor_set(&ui->editor, ui->recall_was, strlen(ui->recall_was));
    free(ui->recall_was);
    ui->recall_was = NULL;
    changed(ui);
}

void recall_leave(struct ui *ui)
{
    if (ui->focus == FOCUS_RECALL)
        recall_end(ui, true);
}

void recall_key(struct ui *ui, const struct key *key)
{
    bool again = key->kind == KEY_TEXT && key->modifiers == KEY_CTRL && key->code == 'r';
    bool back = key->kind == KEY_ESCAPE || (key->kind == KEY_TEXT && key->modifiers == KEY_CTRL &&
                                            (key->code == 'g' || key->code == 'c'));
    if (again) {
        recall_show(ui, ui->recall_at + 1);
        return;
    }
    if (mini_key(&ui->mini, key)) {
        recall_show(ui, 0);
        return;
    }
    recall_end(ui, back);
}

/* ---- actions ---- */

static bool place_of(enum action action, enum editor_place *place)
{
    static const struct {
        enum action action;
        enum editor_place place;
    } moves[] = {
        {ACTION_LEFT, EDITOR_LEFT},
        {ACTION_RIGHT, EDITOR_RIGHT},
        {ACTION_WORD_LEFT, EDITOR_WORD_LEFT},
        {ACTION_WORD_RIGHT, EDITOR_WORD_RIGHT},
        {ACTION_LINE_START, EDITOR_LINE_START},
        {ACTION_LINE_END, EDITOR_LINE_END},
        {ACTION_ERASE_LEFT, EDITOR_LEFT},
        {ACTION_ERASE_RIGHT, EDITOR_RIGHT},
        {ACTION_CUT_WORD_LEFT, EDITOR_BLANK_LEFT},
        {ACTION_CUT_WORD_RIGHT, EDITOR_WORD_RIGHT},
        {ACTION_CUT_START, EDITOR_LINE_START},
        {ACTION_CUT_END, EDITOR_LINE_END},
    };
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
        if (moves[i].action == action) {
            *place = moves[i].place;
            return true;
        }
    return false;
}

/* On an empty line some keys have nothing to edit, and do something else. */
static bool empty_action(struct ui *ui, const struct model *model, enum action action)
{
    if (ui->editor.size > 0)
        return false;
    if (action == ACTION_LINE_END)
        look_end(ui, model);
    else if (action == ACTION_ERASE_RIGHT) /* Ctrl-d: who tries to leave a shell's way */
        ui_hint(ui, _("/exit leaves, or Ctrl-c twice."));
    else if (action == ACTION_TAB || action == ACTION_TAB_BACK) {
        ui->focus = FOCUS_SIDEBAR;
        ui->filter = (struct mini){.size = 0};
        side_follow(ui, model);
    } else if (action == ACTION_CUT_END) {
        ui->focus = FOCUS_SWITCH;
        ui->mini = (struct mini){.size = 0};
        ui->switch_at = 0;
    } else
        return false;
    return true;
}

static void edit(struct ui *ui, enum action action, enum editor_place place)
{
    struct editor *editor = &ui->editor;
    ui->only_text = true;
    if (action <= ACTION_LINE_END) {
        (void)editor_move(editor, place);
        ui->goal = -1;
        return;
    }
    bool keep = action >= ACTION_CUT_WORD_LEFT;
    if (action == ACTION_CUT_END && editor->text[editor->cursor] == '\n')
        place = EDITOR_RIGHT; /* at the end of a line it is the newline that goes */
    if (editor_erase(editor, place, keep))
        changed(ui);
}

bool input_action(struct ui *ui, const struct model *model, enum action action)
{
    enum editor_place place;
    if (empty_action(ui, model, action))
        return true;
    if (place_of(action, &place))
        edit(ui, action, place);
    else if (action == ACTION_ENTER)
        enter(ui, model);
    else if (action == ACTION_NEWLINE) {
        (void)editor_insert(&ui->editor, "\n", 1, false);
        changed(ui);
    } else if (action == ACTION_TAB || action == ACTION_TAB_BACK)
        complete(ui, model, action == ACTION_TAB_BACK);
    else if (action == ACTION_OLDER || action == ACTION_NEWER)
        walk(ui, model, action == ACTION_OLDER);
    else if (action == ACTION_RECALL)
        recall_begin(ui);
    else if (action == ACTION_YANK || action == ACTION_YANK_OLDER) {
        if (action == ACTION_YANK ? editor_yank(&ui->editor) : editor_yank_older(&ui->editor))
            changed(ui);
    } else if (action == ACTION_UNDO) {
        if (!editor_undo(&ui->editor))
            ui_hint(ui, _("There is nothing to take back."));
        changed(ui);
    } else
        return false;
    return true;
}

static void type(struct ui *ui, const struct key *key)
{
    char bytes[UTF8_MOST];
    size_t size = utf8_write(key->code, bytes);
    if (editor_insert(&ui->editor, bytes, size, true) > 0)
        ui_say(ui, true, _("The line is full."));
    changed(ui);
    ui->only_text = true;
}

void input_key(struct ui *ui, const struct model *model, const struct key *key)
{
    enum action action = keymap_find(&ui->keymap, CONTEXT_INPUT, key);
    if (ui->menu && key->kind == KEY_ESCAPE) {
        menu_back_out(ui);
        return;
    }
    if (ui->menu && (action == ACTION_OLDER || action == ACTION_NEWER)) {
        complete(ui, model, action == ACTION_OLDER);
        return;
    }
    if (action != ACTION_TAB && action != ACTION_TAB_BACK)
        menu_close(ui);
    if (action == ACTION_NONE && ui_always(ui, model, key))
        return;
    ui_bare(ui, false); /* nothing is typed unseen */
    if (action != ACTION_NONE)
        (void)input_action(ui, model, action);
    else if (key->kind == KEY_TEXT && key->modifiers == 0)
        type(ui, key);
}
