/* Lists over the conversation: help, made of the tables; answers, as the app fills them; and the
 * commands that are the screen's own. */
#include "base/ascii.h"
#include "ui/ui_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void page_done(struct page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        free(page->items[i].left);
        free(page->items[i].right);
        free(page->items[i].conversation);
    }
    free(page->items);
    free(page->title);
    *page = (struct page){.count = 0};
}

void ui_page_open(struct ui *ui, const char *title)
{
    recall_leave(ui);
    page_done(&ui->page);
    ui->page.title = xstrdup(title);
    ui->focus = FOCUS_PAGE;
    ui->stale = true;
}

bool ui_page_add(struct ui *ui, enum style style, const char *left, const char *right,
                 const char *conversation, const struct order *at)
{
    struct page *page = &ui->page;
    if (page->count == UI_PAGE_ITEMS)
        return false;
    if (page->count == page->room) {
        page->room = page->room * 2 + 64;
        page->items = xrealloc(page->items, page->room, sizeof *page->items);
    }
    struct page_item item = {.style = style, .has_at = at != NULL};
    item.left = left ? xstrdup(left) : NULL;
    item.right = xstrdup(right);
    item.conversation = conversation ? xstrdup(conversation) : NULL;
    if (at)
        item.at = *at;
    if (conversation && !page->selectable)
        page->selected = page->count;
    page->selectable = page->selectable || conversation;
    page->items[page->count++] = item;
    ui->stale = true;
    return true;
}

/* ---- help ---- */

static void help_keys(struct ui *ui, enum context context)
{
    (void)ui_page_add(ui, STYLE_HEADING, NULL, context_title(context), NULL, NULL);
    for (enum action action = 0; action < ACTIONS; action++) {
        const struct action_spec *spec = action_spec(action);
        char keys[KEY_NAME_BYTES * 2];
        if (spec->context != context || !spec->help)
            continue;
        keymap_keys(&ui->keymap, action, keys, sizeof keys);
        if (keys[0])
            (void)ui_page_add(ui, STYLE_TEXT, keys, _(spec->help), NULL, NULL);
    }
    (void)ui_page_add(ui, STYLE_TEXT, NULL, "", NULL, NULL);
}

/* "/whisper who text", with the name that the language gives it. */
static void usage_make(const struct ui *ui, enum command_id id, char *into, size_t size)
{
    const struct command_spec *spec = command_spec(id);
    const char *name = command_name(ui->config.names, id, 0);
    const char *usage = spec->usage ? _(spec->usage) : "";
    const char *rest = strchr(usage, ' ');
    snprintf(into, size, "/%s%s", name ? name : spec->name, rest ? rest : "");
}

static void help_commands(struct ui *ui)
{
    (void)ui_page_add(ui, STYLE_HEADING, NULL, _("Commands"), NULL, NULL);
    for (enum command_id id = 0; id < COMMAND_COUNT; id++) {
        char usage[UI_MINI_BYTES];
        usage_make(ui, id, usage, sizeof usage);
        (void)ui_page_add(ui, STYLE_TEXT, usage, _(command_spec(id)->help), NULL, NULL);
    }
    (void)ui_page_add(ui, STYLE_TEXT, NULL, "", NULL, NULL);
}

void help_open(struct ui *ui)
{
    ui_page_open(ui, _("Help"));
    (void)ui_page_add(ui, STYLE_TEXT, NULL,
                      _("What you type goes where the line at the bottom says. A line that begins "
                        "with / is a command, // sends one slash."),
                      NULL, NULL);
    (void)ui_page_add(ui, STYLE_TEXT, NULL, "", NULL, NULL);
    help_keys(ui, CONTEXT_ALWAYS);
    help_commands(ui);
    for (enum context context = CONTEXT_INPUT; context < CONTEXTS; context++)
        help_keys(ui, context);
}

static void help_about(struct ui *ui, const struct command_spec *about)
{
    enum command_id id = 0;
    char usage[UI_MINI_BYTES], names[UI_MINI_BYTES] = "";
    while (command_spec(id) != about)
        id++;
    usage_make(ui, id, usage, sizeof usage);
    ui_page_open(ui, usage);
    (void)ui_page_add(ui, STYLE_TEXT, NULL, _(about->help), NULL, NULL);
    for (size_t i = 0; command_name(ui->config.names, id, i); i++) {
        size_t length = strlen(names);
        snprintf(names + length, sizeof names - length, "%s/%s", i > 0 ? " " : "",
                 command_name(ui->config.names, id, i));
    }
    (void)ui_page_add(ui, STYLE_TEXT, _("Names"), names, NULL, NULL);
}

/* ---- /bind and /theme ---- */

static void bind_list(struct ui *ui)
{
    ui_page_open(ui, _("/bind key action changes a key, /bind key default brings it back"));
    for (enum action action = 1; action < ACTIONS; action++) {
        char keys[KEY_NAME_BYTES * 2];
        keymap_keys(&ui->keymap, action, keys, sizeof keys);
        (void)ui_page_add(ui, keys[0] ? STYLE_TEXT : STYLE_QUIET, action_spec(action)->name, keys,
                          NULL, NULL);
    }
}

static void bind_show(struct ui *ui, const struct key *key)
{
    char name[KEY_NAME_BYTES], text[UI_MINI_BYTES] = "";
    key_label(key, name);
    for (enum context context = 0; context < CONTEXTS; context++) {
        enum action action = keymap_find(&ui->keymap, context, key);
        size_t length = strlen(text);
        if (action != ACTION_NONE)
            snprintf(text + length, sizeof text - length, "%s%s", length > 0 ? ", " : "",
                     action_spec(action)->name);
    }
    ui_tell(ui, false, text[0] ? "%1$s: %2$s" : _("%1$s does nothing yet."), name, text);
}

static void bind(struct ui *ui, const struct command *command)
{
    struct key key;
    if (!command->key) {
        bind_list(ui);
        return;
    }
    if (!key_parse(command->key, &key)) {
        ui_tell(ui, true, _("\"%1$s\" is no key. Keys are written like Ctrl-n, Alt-x, F5, PgUp."),
                command->key, NULL);
        return;
    }
    if (!command->value) {
        bind_show(ui, &key);
        return;
    }
    bool back = ascii_equal(command->value, KEY_DEFAULT);
    enum action action = command->value[0] ? action_find(command->value) : ACTION_NONE;
    if (action == ACTIONS && !back) {
        ui_tell(ui, true,
                _("\"%1$s\" is nothing that a key can do. /bind alone lists what there is."),
                command->value, NULL);
        return;
    }
    if (back) {
        keymap_unbind(&ui->keymap, &key);
    } else if (!keymap_bind(&ui->keymap, &key, action)) {
        ui_say(ui, true, _("There is no room for more keys."));
        return;
    }
    char value[KEYMAP_VALUE_BYTES];
    keymap_value(&ui->keymap, &key, value);
    struct ui_request request = {.kind = UI_BIND, .text = xstrdup(value)};
    key_stored(&key, request.key);
    ui_ask(ui, request);
    bind_show(ui, &key);
}

static void theme(struct ui *ui, const char *name)
{
    char names[UI_MINI_BYTES] = "";
    for (size_t i = 0; theme_at(i); i++) {
        size_t length = strlen(names);
        snprintf(names + length, sizeof names - length, "%s%s", i > 0 ? ", " : "",
                 theme_at(i)->name);
    }
    if (!name) {
        ui_tell(ui, false, _("The theme is %1$s; there are: %2$s."), ui->theme->name, names);
        return;
    }
    if (!ui_theme_set(ui, name)) {
        ui_tell(ui, true, _("There is no theme \"%1$s\", only: %2$s."), name, names);
        return;
    }
    ui_ask(ui, (struct ui_request){.kind = UI_THEME, .text = xstrdup(ui->theme->name)});
}

/* Nothing up to the last line is shown any more; it is all there when one looks up. */
static void clear(struct ui *ui, const struct model *model)
{
    const struct conversation *open = ui_open(ui, model);
    if (!open || open->window.count == 0)
        return;
    ui->cleared = true;
    ui->cleared_at = open->window.posts[open->window.count - 1]->order;
    look_end(ui, model);
}

bool ui_command(struct ui *ui, const struct model *model, const struct command *command)
{
    ui->stale = true;
    if (command->id == COMMAND_HELP && command->about)
        help_about(ui, command->about);
    else if (command->id == COMMAND_HELP)
        help_open(ui);
    else if (command->id == COMMAND_BIND)
        bind(ui, command);
    else if (command->id == COMMAND_THEME)
        theme(ui, command->value);
    else if (command->id == COMMAND_CLEAR)
        clear(ui, model);
    else if (command->id == COMMAND_LOG)
        log_open(ui);
    else
        return false;
    return true;
}

/* ---- keys ---- */

/* The next item with a target, or just the next one. */
static void page_step(struct page *page, long step)
{
    long at = (long)page->selected;
    do
        at += step;
    while (at >= 0 && at < (long)page->count && page->selectable && !page->items[at].conversation);
    if (at >= 0 && at < (long)page->count)
        page->selected = (size_t)at;
}

static void page_go(struct ui *ui, const struct model *model)
{
    const struct page_item *item = &ui->page.items[ui->page.selected];
    if (ui->page.count == 0 || !item->conversation) {
        ui->focus = FOCUS_INPUT;
        return;
    }
    char *conversation = xstrdup(item->conversation);
    if (item->has_at)
        ui_go_line(ui, model, conversation, &item->at);
    else
        ui_go(ui, model, conversation);
    free(conversation);
}

void page_key(struct ui *ui, const struct model *model, const struct key *key)
{
    struct page *page = &ui->page;
    enum action action = keymap_find(&ui->keymap, CONTEXT_LIST, key);
    if (action == ACTION_LIST_UP || action == ACTION_LIST_DOWN)
        page_step(page, action == ACTION_LIST_UP ? -1 : 1);
    else if (action == ACTION_LIST_PAGE_UP || action == ACTION_LIST_PAGE_DOWN)
        for (size_t i = page_items(ui, action == ACTION_LIST_PAGE_UP); i > 0; i--)
            page_step(page, action == ACTION_LIST_PAGE_UP ? -1 : 1);
    else if (action == ACTION_LIST_FIRST || action == ACTION_LIST_LAST)
        for (size_t i = 0; i < page->count; i++)
            page_step(page, action == ACTION_LIST_FIRST ? -1 : 1);
    else if (action == ACTION_LIST_OPEN)
        page_go(ui, model);
    else if (action == ACTION_LIST_BACK || (key->kind == KEY_TEXT && key->modifiers == 0)) {
        ui->focus = FOCUS_INPUT;
        if (action != ACTION_LIST_BACK && !(key->code == 'q' || key->code == ' '))
            ui_key(ui, model, ui->now, key);
    } else {
        (void)ui_always(ui, model, key);
    }
}
