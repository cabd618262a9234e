/* The ui's life, its requests, which conversation it shows, and who gets a key. */
#include "base/ascii.h"
#include "base/clean.h"
#include "base/text.h"
#include "base/utf8.h"
#include "ui/ui_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ui *ui_new(const struct ui_config *config)
{
    struct ui *ui = xcalloc(1, sizeof *ui);
    ui->config = *config;
    keys_init(&ui->keys);
    keymap_init(&ui->keymap);
    editor_init(&ui->editor, COMMAND_LINE_BYTES);
    history_init(&ui->history);
    grid_init(&ui->grid);
    ui->theme = theme_at(0);
    ui->view.following = true;
    ui->mouse = true;
    ui->goal = -1;
    ui_resize(ui, 24, 80);
    return ui;
}

void ui_request_done(struct ui_request *request)
{
    free(request->conversation);
    free(request->text);
    *request = (struct ui_request){.kind = request->kind};
}

void ui_free(struct ui *ui)
{
    struct ui_request request;
    if (!ui)
        return;
    while (ui_request(ui, &request))
        ui_request_done(&request);
    menu_close(ui);
    page_done(&ui->page);
    said_done(ui);
    wrap_cache_done(&ui->wraps);
    grid_done(&ui->grid);
    drafts_done(&ui->drafts);
    history_done(&ui->history);
    editor_done(&ui->editor);
    for (size_t i = 0; i < ui->seen_count; i++)
        free(ui->seen[i]);
    free(ui->conversation);
    free(ui->last);
    free(ui->recall_was);
    free(ui);
}

void ui_language(struct ui *ui, const struct command_names *names)
{
    ui->config.names = names;
    ui->stale = true;
    menu_close(ui);
}

void ui_resize(struct ui *ui, int rows, int columns)
{
    rows = rows < 1 ? 1 : rows > GRID_ROWS_MAX ? GRID_ROWS_MAX : rows;
    columns = columns < 1 ? 1 : columns > GRID_COLUMNS_MAX ? GRID_COLUMNS_MAX : columns;
    ui->stale = ui->stale || rows != ui->rows || columns != ui->columns;
    ui->rows = rows;
    ui->columns = columns;
}

/* ---- requests ---- */

/* TAKES the texts. At the bound the newest is dropped: whoever lets 256 wait takes none at all. */
void ui_ask(struct ui *ui, struct ui_request request)
{
    if (ui->request_count == UI_REQUESTS) {
        ui_request_done(&request);
        return;
    }
    ui->requests[(ui->request_first + ui->request_count++) % UI_REQUESTS] = request;
}

bool ui_request(struct ui *ui, struct ui_request *into)
{
    if (ui->request_count == 0)
        return false;
    *into = ui->requests[ui->request_first];
    ui->request_first = (ui->request_first + 1) % UI_REQUESTS;
    ui->request_count--;
    return true;
}

void ui_type(struct ui *ui, const char *line)
{
    if (!ui->conversation)
        return;
    ui_ask(ui, (struct ui_request){.kind = UI_LINE,
                                   .conversation = xstrdup(ui->conversation),
                                   .text = xstrdup(line),
                                   .size = strlen(line)});
}

/* ---- the status line ---- */

static void status_set(struct ui *ui, bool error, const char *text)
{
    char *clean = text_clean(text, strlen(text), CLEAN_LINE, NULL);
    snprintf(ui->status, sizeof ui->status, "%s", clean);
    free(clean);
    ui->has_status = true;
    ui->status_error = error;
    ui->stale = true;
}

void ui_say(struct ui *ui, bool error, const char *text)
{
    status_set(ui, error, text);
    said_add(ui, error, ui->status);
}

void ui_hint(struct ui *ui, const char *text)
{
    status_set(ui, false, text);
}

void ui_tell(struct ui *ui, bool error, const char *format, const char *one, const char *two)
{
    char text[UI_STATUS_BYTES];
    sentence(text, sizeof text, format, one, two, NULL);
    if (error)
        ui_say(ui, true, text);
    else
        ui_hint(ui, text);
}

/* ---- conversations ---- */

const struct row *ui_row(const struct model *model, const char *conversation)
{
    for (size_t i = 0; i < model->row_count; i++) {
        const struct row *row = model->rows[i];
        if (row->conversation && strcmp(row->conversation, conversation) == 0)
            return row;
    }
    return NULL;
}

const struct conversation *ui_open(const struct ui *ui, const struct model *model)
{
    bool same = model->open && ui->conversation && strcmp(model->open->name, ui->conversation) == 0;
    return same ? model->open : NULL;
}

const char *ui_label(const struct model *model, const char *conversation)
{
    if (model->open && strcmp(model->open->name, conversation) == 0 && model->open->title[0])
        return model->open->title;
    const struct row *row = ui_row(model, conversation);
    return row ? row->label : conversation;
}

static bool was_seen(const struct ui *ui, const char *conversation)
{
    for (size_t i = 0; i < ui->seen_count; i++)
        if (strcmp(ui->seen[i], conversation) == 0)
            return true;
    return false;
}

static void seen_add(struct ui *ui, const char *conversation)
{
    if (was_seen(ui, conversation))
        return;
    if (ui->seen_count == UI_SEEN) {
        free(ui->seen[0]);
        memmove(ui->seen, ui->seen + 1, --ui->seen_count * sizeof(char *));
    }
    ui->seen[ui->seen_count++] = xstrdup(conversation);
}

/* Rooms and whispers with several first, then the people with whom there is something: words of
 * theirs, or of ours that wait to be sent. */
const char *ui_round(const struct ui *ui, const struct model *model, size_t index)
{
    for (int people = 0; people < 2; people++)
        for (size_t i = 0; i < model->row_count; i++) {
            const struct row *row = model->rows[i];
            bool person = row->kind == ROW_PERSON || row->kind == ROW_GUEST;
            bool wanted = row->conversation && person == (people == 1) &&
                          (!person || row->unread > 0 || was_seen(ui, row->conversation) ||
                           drafts_get(&ui->drafts, row->conversation));
            if (wanted && index-- == 0)
                return row->conversation;
        }
    return NULL;
}

static void draft_load(struct ui *ui)
{
    const char *draft = drafts_get(&ui->drafts, ui->conversation);
    menu_close(ui);
    history_stop(&ui->history);
    editor_reset(&ui->editor);
    ui->pasted = ui->asked = false;
    if (draft)
        (void)editor_insert(&ui->editor, draft, strlen(draft), false);
}

/* As it was left: the model's window remembers where one looked. */
static void view_load(struct ui *ui, const struct conversation *open)
{
    ui->view = (struct view){.following = true};
    ui->hit_held = ui->hit_seek = ui->going = ui->cleared = false;
    if (open && !open->window.following)
        ui->view = (struct view){.anchor = open->window.anchor};
}

static void conversation_take(struct ui *ui, const struct model *model, const char *name)
{
    recall_leave(ui);
    draft_keep(ui);
    ui->stale = true;
    char *now = xstrdup(name);
    free(ui->last);
    ui->last = ui->conversation;
    ui->conversation = now;
    seen_add(ui, now);
    draft_load(ui);
    view_load(ui, ui_open(ui, model));
    if (ui->focus != FOCUS_SIDEBAR)
        ui->focus = FOCUS_INPUT;
}

void ui_conversation_set(struct ui *ui, const struct model *model, const char *name)
{
    if (ui->conversation && strcmp(ui->conversation, name) == 0)
        return;
    conversation_take(ui, model, name);
    ui->opening = true;
    ui_ask(ui, (struct ui_request){.kind = UI_OPEN, .conversation = xstrdup(name)});
}

void ui_go(struct ui *ui, const struct model *model, const char *conversation)
{
    recall_leave(ui);
    ui->stale = true;
    ui->focus = FOCUS_INPUT;
    ui_conversation_set(ui, model, conversation);
}

void ui_go_line(struct ui *ui, const struct model *model, const char *conversation,
                const struct order *at)
{
    ui_go(ui, model, conversation);
    ui->view = (struct view){.anchor = *at};
    ui->going = true;
    ui_ask(ui, (struct ui_request){.kind = UI_SCROLL,
                                   .how = UI_SCROLL_GO,
                                   .conversation = xstrdup(conversation),
                                   .at = *at});
}

void ui_follow(struct ui *ui, const struct model *model)
{
    const char *open = model->open ? model->open->name : NULL;
    ui->wall = model->now;
    bool same = open && ui->conversation && strcmp(open, ui->conversation) == 0;
    ui->stale = ui->stale || !same || ui->opening;
    if (same && ui->opening && !ui->going)
        view_load(ui, model->open);
    if (same)
        ui->opening = false;
    else if (open && !ui->opening)
        conversation_take(ui, model, open);
    else if (!open && !ui->opening && ui_round(ui, model, 0)) /* left, or forgotten */
        ui_conversation_set(ui, model, ui_round(ui, model, 0));
    side_follow(ui, model);
    look_follow(ui, model);
    if (ui->told != model->status_number) {
        ui->told = model->status_number;
        ui->told_at = model->now;
    }
}

void ui_back(struct ui *ui, const char *conversation, const char *text)
{
    ui->stale = true;
    if (ui->conversation && strcmp(conversation, ui->conversation) == 0) {
        if (ui->editor.size > 0) /* the words that came back stand first */
            editor_replace(&ui->editor, 0, 0, "\n", 1);
        editor_replace(&ui->editor, 0, 0, text, strlen(text));
        (void)editor_move(&ui->editor, EDITOR_END);
        draft_keep(ui);
        return;
    }
    const char *draft = drafts_get(&ui->drafts, conversation);
    char *both = xcalloc(1, strlen(text) + (draft ? strlen(draft) : 0) + 2);
    size_t size = strlen(text);
    memcpy(both, text, size);
    if (draft) {
        both[size] = '\n';
        memcpy(both + size + 1, draft, strlen(draft));
    }
    draft_put(ui, conversation, both);
    free(both);
}

/* ---- words of one line ---- */

void mini_add(struct mini *mini, const char *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        int32_t code;
        size_t step = utf8_step(bytes + at, size - at, &code);
        bool fits = mini->size + step < sizeof mini->text;
        if (fits && code >= 0x20 && (code < 0x7f || code >= 0xa0)) {
            memcpy(mini->text + mini->size, bytes + at, step);
            mini->size += step;
        }
        at += step;
    }
    mini->text[mini->size] = '\0';
}

static void mini_cut(struct mini *mini)
{
    size_t at = 0, last = 0;
    while (at < mini->size) {
        last = at;
        at += text_step(mini->text + at, mini->size - at).bytes;
    }
    mini->size = last;
    mini->text[last] = '\0';
}

bool mini_key(struct mini *mini, const struct key *key)
{
    char bytes[UTF8_MOST];
    if (key->kind == KEY_TEXT && key->modifiers == 0) {
        mini_add(mini, bytes, utf8_write(key->code, bytes));
        return true;
    }
    if (key->kind == KEY_TEXT && key->modifiers == KEY_CTRL && key->code == 'u') {
        *mini = (struct mini){.size = 0};
        return true;
    }
    if (key->kind != KEY_BACKSPACE || mini->size == 0)
        return false;
    mini_cut(mini);
    return true;
}

/* ---- what works everywhere ---- */

static void step_conversation(struct ui *ui, const struct model *model, bool next)
{
    size_t count = 0, here = 0;
    for (const char *name; (name = ui_round(ui, model, count)) != NULL; count++)
        if (ui->conversation && strcmp(name, ui->conversation) == 0)
            here = count;
    if (count > 0)
        ui_conversation_set(ui, model,
                            ui_round(ui, model, (here + (next ? 1 : count - 1)) % count));
}

/* Who calls us before who only talks. */
static void go_unread(struct ui *ui, const struct model *model)
{
    const struct row *best = NULL;
    for (size_t i = 0; i < model->row_count; i++) {
        const struct row *row = model->rows[i];
        if (row->conversation && row->unread > 0 && !row->open &&
            (!best || (row->mentions > 0 && best->mentions == 0)))
            best = row;
    }
    if (best)
        ui_conversation_set(ui, model, best->conversation);
    else
        ui_hint(ui, _("There is nothing new elsewhere."));
}

static void go_number(struct ui *ui, const struct model *model, size_t index)
{
    const char *name = ui_round(ui, model, index);
    if (name)
        ui_conversation_set(ui, model, name);
    else
        ui_hint(ui, _("There are not so many conversations."));
}

/* Ctrl-c: the first empties the line, or says so; a second one soon after leaves. */
static void interrupt(struct ui *ui)
{
    bool leaves = ui->editor.size == 0 && ui->now < ui->interrupt_until;
    ui->interrupt_until = ui->now + UI_INTERRUPT_MS;
    if (leaves) {
        ui_ask(ui, (struct ui_request){.kind = UI_LEAVE});
        return;
    }
    char undo[KEY_NAME_BYTES];
    keymap_keys(&ui->keymap, ACTION_UNDO, undo, sizeof undo);
    if (ui->editor.size > 0) {
        editor_set(&ui->editor, "", 0);
        ui_tell(ui, false, _("The line is empty; %1$s brings it back. Ctrl-c again leaves."), undo,
                NULL);
    } else {
        ui_hint(ui, _("Ctrl-c again leaves."));
    }
}

static bool is_scan(const struct model *model)
{
    return model->progress.on && model->progress.what.code &&
           ascii_begins(model->progress.what.code, "scan");
}

/* Nothing but text, and the mouse left to the terminal, which selects. */
void ui_bare(struct ui *ui, bool on)
{
    if (ui->bare == on)
        return;
    ui->bare = on;
    if (ui->mouse)
        ui_ask(ui, (struct ui_request){.kind = UI_MOUSE, .on = !on});
}

/* Esc with nothing open: what comes next is as with Alt. */
static void cancel(struct ui *ui, const struct model *model)
{
    if (ui->bare)
        ui_bare(ui, false);
    else if (is_scan(model))
        ui_ask(ui, (struct ui_request){.kind = UI_STOP});
    else {
        ui->escape_until = ui->now + UI_ESCAPE_MS;
        ui_hint(ui, _("A key within two seconds is taken as with Alt."));
    }
}

static void mouse_turn(struct ui *ui)
{
    ui->mouse = !ui->mouse;
    ui_ask(ui, (struct ui_request){.kind = UI_MOUSE, .on = ui->mouse});
    ui_hint(ui, ui->mouse ? _("The wheel scrolls, a click opens.")
                          : _("The mouse is the terminal's now: it selects text."));
}

/* Long because it is a table: one line for each action. */
static bool always_action(struct ui *ui, const struct model *model, enum action action)
{
    int page = pane_height(ui) > 2 ? pane_height(ui) - 2 : 1;
    if (action >= ACTION_NUMBER_1 && action <= ACTION_NUMBER_10) {
        go_number(ui, model, (size_t)(action - ACTION_NUMBER_1));
        return true;
    }
    if (action == ACTION_HELP)
        help_open(ui);
    else if (action == ACTION_NEXT || action == ACTION_PREVIOUS)
        step_conversation(ui, model, action == ACTION_NEXT);
    else if (action == ACTION_UNREAD)
        go_unread(ui, model);
    else if (action == ACTION_LAST && ui->last) {
        char *last = xstrdup(ui->last);
        ui_conversation_set(ui, model, last);
        free(last);
    } else if (action == ACTION_PAGE_UP || action == ACTION_PAGE_DOWN)
        look_rows(ui, model, action == ACTION_PAGE_UP ? -page : page);
    else if (action == ACTION_ROW_UP || action == ACTION_ROW_DOWN)
        look_rows(ui, model, action == ACTION_ROW_UP ? -1 : 1);
    else if (action == ACTION_TOP)
        look_top(ui, model);
    else if (action == ACTION_BOTTOM)
        look_end(ui, model);
    else if (action == ACTION_NEW)
        look_new(ui, model);
    else if (action == ACTION_MENTION_NEXT || action == ACTION_MENTION_PREVIOUS)
        look_mention(ui, model, action == ACTION_MENTION_PREVIOUS);
    else if (action == ACTION_SEARCH)
        search_begin(ui);
    else if (action == ACTION_MOUSE)
        mouse_turn(ui);
    else if (action == ACTION_BARE)
        ui_bare(ui, !ui->bare);
    else if (action == ACTION_REDRAW)
        ui_ask(ui, (struct ui_request){.kind = UI_REDRAW});
    else if (action == ACTION_SUSPEND)
        ui_ask(ui, (struct ui_request){.kind = UI_SUSPEND});
    else if (action == ACTION_INTERRUPT)
        interrupt(ui);
    else if (action == ACTION_CANCEL)
        cancel(ui, model);
    else
        return false;
    return true;
}

/* ---- keys ---- */

static void mouse_key(struct ui *ui, const struct model *model, const struct key *key)
{
    if (key->mouse == MOUSE_WHEEL_UP || key->mouse == MOUSE_WHEEL_DOWN) {
        bool up = key->mouse == MOUSE_WHEEL_UP;
        struct key arrow = {.kind = up ? KEY_UP : KEY_DOWN};
        if (ui->focus == FOCUS_PAGE)
            page_key(ui, model, &arrow);
        else
            look_rows(ui, model, up ? -3 : 3);
        return;
    }
    if (key->mouse != MOUSE_PRESS || key->column >= ui->places.side_end)
        return;
    const struct row *row = side_row_at(ui, model, key->row);
    if (!row)
        return;
    recall_leave(ui);
    side_open(ui, model, row);
}

static void focused_key(struct ui *ui, const struct model *model, const struct key *key)
{
    switch (ui->focus) {
    case FOCUS_INPUT:
        input_key(ui, model, key);
        return;
    case FOCUS_SIDEBAR:
        side_key(ui, model, key);
        return;
    case FOCUS_PAGE:
        page_key(ui, model, key);
        return;
    case FOCUS_SWITCH:
        switch_key(ui, model, key);
        return;
    case FOCUS_SEARCH:
        search_key(ui, model, key);
        return;
    case FOCUS_HITS:
        hits_key(ui, model, key);
        return;
    case FOCUS_RECALL:
        recall_key(ui, key);
        return;
    }
}

bool ui_always(struct ui *ui, const struct model *model, const struct key *key)
{
    enum action action = keymap_find(&ui->keymap, CONTEXT_ALWAYS, key);
    return always_action(ui, model, action);
}

/* After Esc a key is tried with Alt first; where that does nothing it is what it is. */
static bool escaped_key(struct ui *ui, const struct model *model, const struct key *key)
{
    bool command = key->kind == KEY_TEXT && key->code == '/'; /* begins a line, always */
    bool escaped = ui->now < ui->escape_until && !(key->modifiers & KEY_ALT) && !command &&
                   key->kind != KEY_ESCAPE && ui->focus == FOCUS_INPUT;
    ui->escape_until = 0;
    if (!escaped)
        return false;
    struct key alt = *key;
    alt.modifiers |= KEY_ALT;
    enum action action = keymap_find(&ui->keymap, CONTEXT_INPUT, &alt);
    if (action == ACTION_NONE)
        return ui_always(ui, model, &alt);
    return input_action(ui, model, action);
}

static void paste_key(struct ui *ui, const struct model *model, const struct key *key)
{
    if (ui->focus == FOCUS_SEARCH || ui->focus == FOCUS_SWITCH || ui->focus == FOCUS_RECALL) {
        mini_add(&ui->mini, key->bytes, key->size);
        return;
    }
    (void)model;
    ui->focus = FOCUS_INPUT;
    input_paste(ui, key->bytes, key->size);
}

static void key_take(struct ui *ui, const struct model *model, const struct key *key)
{
    if (key->kind == KEY_FOCUS_IN || key->kind == KEY_FOCUS_OUT || key->kind == KEY_PASTE_END)
        return;
    if (key->kind == KEY_PASTE) {
        ui->escape_until = 0;
        paste_key(ui, model, key);
        return;
    }
    ui->has_status = false;
    if (ui->read != ui->told && model->now >= ui->told_at + UI_TOLD_MS) {
        ui->read = ui->told; /* who types has seen it by now */
        ui->stale = true;
    }
    if (key->kind == KEY_INVALID)
        ui_say(ui, true,
               _("The keyboard sent something that is not UTF-8: set the terminal's "
                 "encoding to UTF-8."));
    else if (key->kind == KEY_MOUSE)
        mouse_key(ui, model, key);
    else if (!escaped_key(ui, model, key))
        focused_key(ui, model, key);
}

bool ui_is_calm(const struct ui *ui)
{
    return ui->focus == FOCUS_INPUT && !ui->menu && !ui->has_status && !ui->bare;
}

void ui_key(struct ui *ui, const struct model *model, uint64_t now, const struct key *key)
{
    bool calm = ui_is_calm(ui), empty = ui->editor.size == 0;
    ui->now = now;
    ui->only_text = false;
    key_take(ui, model, key);
    ui->hinted = ui->hinted || empty != (ui->editor.size == 0);
    ui->stale = ui->stale || !calm || !ui->only_text || !ui_is_calm(ui);
    draft_watch(ui);
}

static void keys_drain(struct ui *ui, const struct model *model, uint64_t now)
{
    struct key key;
    while (keys_next(&ui->keys, &key))
        ui_key(ui, model, now, &key);
}

void ui_feed(struct ui *ui, const struct model *model, uint64_t now, const char *bytes, size_t size)
{
    ui->fed_at = now;
    keys_feed(&ui->keys, bytes, size);
    keys_drain(ui, model, now);
}

/* When the keys give up waiting for the rest of one; 0: they do not wait. */
static uint64_t keys_due(const struct ui *ui)
{
    unsigned wait = keys_wait(&ui->keys);
    return wait > 0 ? ui->fed_at + wait : 0;
}

unsigned ui_wait(const struct ui *ui, uint64_t now)
{
    uint64_t due = keys_due(ui);
    if (due == 0 || (ui->draft_at > 0 && ui->draft_at < due))
        due = ui->draft_at;
    if (due == 0)
        return 0;
    return due > now ? (unsigned)(due - now) : 1;
}

void ui_timeout(struct ui *ui, const struct model *model, uint64_t now)
{
    ui->now = now;
    if (keys_due(ui) > 0 && now >= keys_due(ui)) {
        keys_timeout(&ui->keys);
        keys_drain(ui, model, now);
    }
    if (ui->draft_at > 0 && now >= ui->draft_at)
        draft_keep(ui);
}

struct keys *ui_keys(struct ui *ui)
{
    return &ui->keys;
}

/* ---- what is kept ---- */

void ui_keep(struct ui *ui)
{
    draft_keep(ui);
}

const struct drafts *ui_drafts(const struct ui *ui)
{
    return &ui->drafts;
}

void ui_draft_set(struct ui *ui, const char *conversation, const char *text)
{
    char *gone = drafts_set(&ui->drafts, conversation, text);
    if (gone) /* more were kept than there is room for */
        ui_ask(ui,
               (struct ui_request){.kind = UI_DRAFT, .conversation = gone, .text = xstrdup("")});
    if (ui->conversation && strcmp(ui->conversation, conversation) == 0)
        draft_load(ui);
}

struct history *ui_history(struct ui *ui)
{
    return &ui->history;
}

const struct keymap *ui_keymap(const struct ui *ui)
{
    return &ui->keymap;
}

void ui_bound(struct ui *ui, const char *name, const char *value)
{
    struct key key;
    if (key_parse(name, &key))
        keymap_restore(&ui->keymap, &key, value);
}

bool ui_bind_first(struct ui *ui, const char *name, const char *value)
{
    struct key key;
    return key_parse(name, &key) && keymap_begin(&ui->keymap, &key, value);
}

void ui_mouse_set(struct ui *ui, bool on)
{
    ui->mouse = on;
}

const struct theme *ui_theme(const struct ui *ui)
{
    return ui->theme;
}

bool ui_theme_set(struct ui *ui, const char *name)
{
    const struct theme *theme = theme_find(name);
    ui->stale = true;
    if (theme)
        ui->theme = theme;
    return theme != NULL;
}
