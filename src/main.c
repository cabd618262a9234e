/*~ Welcome. Tertulia is a chat for the people of one LAN, with no server. Comments that start like
 * this one are a tour: read them in the order that HACKING.md gives.
 *
 * Only this file and main_pages.c know both the node (app) and the screen (ui). Everything that
 * happens takes one road: bytes, keys, timers and disk results become events, the node answers
 * with effects, app performs them, and the screen is drawn from the model once a turn. */
#include "app/app.h"
#include "app/config.h"
#include "app/consult.h"
#include "app/doctor.h"
#include "app/files.h"
#include "app/home.h"
#include "app/i18n.h"
#include "app/plain.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clean.h"
#include "base/gettext.h"
#include "base/i18n.h"
#include "main_pages.h"
#include "net/loop.h"
#include "net/timer.h"
#include "ui/library.h"
#include "ui/terminal.h"
#include "ui/ui.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

enum {
    KEYS_AT_ONCE = 4096, /* bytes of one read: a paste comes in several */
    KEYS_FED = 64,       /* of those, before what they ask for is done: it fits UI_REQUESTS */
    KEYS_MAX = 1 << 18,  /* that wait; what comes then is not held back any longer */
    LINES_AT_ONCE = 64,  /* between two commits: the node lets some hundred words wait, */
    LINES_MS = 250,      /* or in such a time, where the disk never rests */
    BELL_MS = 1000,      /* between two, where every line rings */
    FRAME_MS = 16,       /* DESIGN.md: at most 60 frames a second */
    CLOCK_MS = 60000,    /* the clock in the title */
    AWAY_MS = 1000,      /* behind a shell, which does not tell a job that runs when it is called */
};

struct face {
    struct app *app;
    struct terminal *terminal;
    struct ui *ui;
    struct timer *timer;
    struct files *files; /* of the folder that completion looks into */
    uint64_t drawn_at;
    unsigned owed;   /* frames that wait for nothing */
    uint64_t number; /* of the latest line */
    struct buf keys; /* not looked at yet: a paste of many lines waits for the disk */
    size_t entered;  /* lines, since `entered_at` */
    uint64_t entered_at;
    uint64_t bell_at; /* not before then */
    bool rung;        /* for the line that comes next */
    bool ready;       /* it was, once */
    bool touched;     /* something happened since it was drawn, */
    bool typed;       /* and that is a key */
};

/* ---- what survives the program ---- */

#define BIND_KEY "bind." /* before a key, in the name of a setting */

static void kept_take(void *self, const struct store_keep *keep)
{
    struct face *face = self;
    char *text = xstrndup((const char *)keep->value.bytes, keep->value.size);
    switch (keep->kind) {
    case STORE_SETTING:
        if (strncmp(keep->key, BIND_KEY, strlen(BIND_KEY)) == 0)
            ui_bound(face->ui, keep->key + strlen(BIND_KEY), text);
        break;
    case STORE_DRAFT:
        ui_draft_set(face->ui, keep->key, text);
        break;
    case STORE_GUESTS: /* not for a face */
        break;
    case STORE_LINE:
        (void)history_add(ui_history(face->ui), text, keep->value.size);
        break;
    }
    free(text);
}

static bool key_first(void *self, const char *key, const char *value)
{
    struct face *face = self;
    return ui_bind_first(face->ui, key, value);
}

static void bind_keep(struct face *face, const char *key, const char *value)
{
    char name[sizeof BIND_KEY + KEY_NAME_BYTES];
    snprintf(name, sizeof name, "%s%s", BIND_KEY, key);
    app_keep(face->app, STORE_SETTING, name, span_text(value));
}

/* A new history knows nothing of it. */
static void keep_again(struct face *face)
{
    const struct draft *draft;
    const struct keymap *keymap = ui_keymap(face->ui);
    const struct history *history = ui_history(face->ui);
    DL_FOREACH(ui_drafts(face->ui)->list, draft)
    app_keep(face->app, STORE_DRAFT, draft->conversation, span_text(draft->text));
    for (size_t i = 0; i < history->count; i++)
        app_keep(face->app, STORE_LINE, "", span_text(history->lines[i]));
    for (size_t i = 0; i < keymap->changed; i++) {
        char name[KEY_NAME_BYTES], value[KEYMAP_VALUE_BYTES];
        key_stored(&keymap->list[i].key, name);
        keymap_value(keymap, &keymap->list[i].key, value);
        bind_keep(face, name, value);
    }
}

/* ---- settings ---- */

static const char *theme_name(size_t index)
{
    const struct theme *theme = theme_at(index);
    return theme ? theme->name : NULL;
}

/* What it means to the screen. */
static void setting_apply(struct face *face, enum setting_id id)
{
    const struct settings *settings = app_settings(face->app);
    bool mouse = setting_is(settings, SETTING_MOUSE, "on");
    switch (id) {
    case SETTING_LANGUAGE:
        ui_language(face->ui, app_names(face->app));
        break;
    case SETTING_THEME:
        if (!ui_theme_set(face->ui, setting_value(settings, SETTING_THEME)))
            die("a theme that there is not");
        break;
    case SETTING_MOUSE:
        ui_mouse_set(face->ui, mouse);
        terminal_mouse(face->terminal, mouse);
        break;
    case SETTING_BELL: /* looked at when it is to ring, */
    case SETTING_NOTIFY:
    case SETTING_RETENTION_DAYS: /* and by the node, at the start */
    case SETTING_RETENTION_SIZE:
    case SETTING_AUTHOR_RATE:
    case SETTINGS:
        break;
    }
}

static void settings_page(struct face *face)
{
    const struct settings *settings = app_settings(face->app);
    ui_page_open(face->ui,
                 _("/set key value changes a setting, /set key \"\" brings its default back"));
    for (enum setting_id id = 0; id < SETTINGS; id++) {
        char left[2 * SETTING_VALUE_BYTES], allowed[MESSAGE_TEXT_BYTES], right[MESSAGE_TEXT_BYTES];
        const char *texts[] = {_(setting_help(id)), allowed};
        setting_allowed(settings, id, allowed, sizeof allowed);
        snprintf(left, sizeof left, "%s %s", setting_name(id), setting_value(settings, id));
        message_fill("%1$s (%2$s)", texts, 2, right, sizeof right);
        ui_page_add(face->ui, STYLE_TEXT, left, right, NULL, NULL);
    }
}

static void say(struct face *face, bool error, const struct message *message)
{
    char text[MESSAGE_TEXT_BYTES];
    message_text(message, i18n_translate, text, sizeof text);
    ui_say(face->ui, error, text);
}

static void set(struct face *face, const char *name, const char *value)
{
    enum setting_id id;
    struct message answer;
    enum settings_result result = app_set(face->app, name, value, &id, &answer);
    if (result == SETTINGS_CHANGED)
        setting_apply(face, id);
    if (result == SETTINGS_CHANGED && id == SETTING_LANGUAGE)
        app_language_look(face->app, &answer);
    say(face, result == SETTINGS_REFUSED, &answer);
}

static const char *candidate(void *self, const struct completion_wish *wish, size_t index)
{
    const struct face *face = self;
    const struct settings *settings = app_settings(face->app);
    if (wish->kind == ARGUMENT_FILE)
        return files_candidate(face->files, wish->prefix, index);
    if (wish->kind == ARGUMENT_SETTING)
        return index < SETTINGS ? setting_name((enum setting_id)index) : NULL;
    if (wish->kind == ARGUMENT_LANGUAGE)
        return setting_choice(settings, SETTING_LANGUAGE, index);
    enum setting_id id = wish->kind == ARGUMENT_VALUE ? setting_find(wish->before) : SETTINGS;
    return id < SETTINGS ? setting_choice(settings, id, index) : NULL;
}

/* ---- what the keys ask for ---- */

static void do_scroll(struct face *face, const struct ui_request *request)
{
    static const enum node_scroll ways[] = {[UI_SCROLL_ANCHOR] = NODE_SCROLL_ANCHOR,
                                            [UI_SCROLL_GO] = NODE_SCROLL_GO,
                                            [UI_SCROLL_END] = NODE_SCROLL_END,
                                            [UI_SCROLL_UP] = NODE_SCROLL_UP,
                                            [UI_SCROLL_DOWN] = NODE_SCROLL_DOWN};
    struct node_event event = {.kind = EVENT_SCROLL};
    event.scroll.how = ways[request->how];
    event.scroll.conversation = request->conversation;
    event.scroll.at = request->at;
    app_event(face->app, &event);
}

/* Long because every kind of request is named. */
static void request_do(struct face *face, const struct ui_request *request)
{
    struct node_event event = {.kind = EVENT_OPEN, .open = request->conversation};
    switch (request->kind) {
    case UI_LINE:
        app_line(face->app, request->conversation, request->text, request->size, ++face->number);
        face->entered++;
        break;
    case UI_OPEN:
        app_event(face->app, &event);
        break;
    case UI_SCROLL:
        do_scroll(face, request);
        break;
    case UI_LEAVE:
        app_leave(face->app);
        break;
    case UI_SUSPEND:
        terminal_suspend(face->terminal);
        break;
    case UI_REDRAW:
        terminal_redraw(face->terminal);
        break;
    case UI_MOUSE:
        terminal_mouse(face->terminal, request->on);
        break;
    case UI_THEME:
        set(face, setting_name(SETTING_THEME), request->text);
        break;
    case UI_BIND:
        bind_keep(face, request->key, request->text);
        break;
    case UI_TYPED:
        app_keep(face->app, STORE_LINE, "", span_of(request->text, request->size));
        break;
    case UI_DRAFT:
        app_keep(face->app, STORE_DRAFT, request->conversation, span_text(request->text));
        break;
    case UI_STOP:
        app_scan_stop(face->app);
        break;
    }
}

static bool requests_do(struct face *face)
{
    struct ui_request request;
    bool any = false;
    while (ui_request(face->ui, &request)) {
        request_do(face, &request);
        ui_request_done(&request);
        any = true;
    }
    return any;
}

/* ---- drawing ---- */

static void show(struct face *face, const struct model *model)
{
    char title[MESSAGE_TEXT_BYTES];
    terminal_draw(face->terminal, ui_draw(face->ui, model), ui_theme(face->ui));
    face->drawn_at = loop_mono_ms(app_loop(face->app));
    face->owed -= face->owed > 0;
    face->touched = face->typed = false;
    ui_title(face->ui, model, title, sizeof title);
    terminal_title(face->terminal, title);
}

/* In a crowd of words a key does not wait for them to be drawn, which is soon. */
static bool echo(struct face *face, const struct model *model)
{
    bool early = loop_mono_ms(app_loop(face->app)) < face->drawn_at + FRAME_MS;
    const struct grid *grid = early && face->typed ? ui_echo(face->ui, model) : NULL;
    if (!grid)
        return false;
    terminal_draw(face->terminal, grid, ui_theme(face->ui));
    face->touched = model->dirty != 0;
    face->typed = false;
    face->owed = 0;
    return true;
}

static void draw(struct face *face, struct model *model)
{
    int rows, columns;
    terminal_size(face->terminal, &rows, &columns);
    ui_resize(face->ui, rows, columns);
    if (echo(face, model))
        return;
    ui_follow(face->ui, model);
    if (requests_do(face) && (model = app_model(face->app)))
        ui_follow(face->ui, model);
    if (!model)
        return;
    show(face, model);
    app_drawn(face->app);
}

/* ---- keys ---- */

/* The node holds no more words than it can; nobody who types by hand ever waits here. */
static bool lines_wait(struct face *face)
{
    uint64_t now = loop_mono_ms(app_loop(face->app));
    if (!app_is_busy(face->app) || now >= face->entered_at + LINES_MS) {
        face->entered = 0;
        face->entered_at = now;
    }
    return face->entered >= LINES_AT_ONCE;
}

static void keys_take(struct face *face)
{
    struct model *model;
    while (face->keys.length > 0 && (model = app_model(face->app)) && !lines_wait(face)) {
        size_t size = face->keys.length < KEYS_FED ? face->keys.length : KEYS_FED;
        ui_feed(face->ui, model, loop_mono_ms(app_loop(face->app)),
                (const char *)buf_bytes(&face->keys), size);
        buf_eat(&face->keys, size);
        requests_do(face);
        face->touched = face->typed = true;
        face->owed = 2; /* what was typed shows at once, and so does what it brings */
    }
}

static uint64_t frame_due(const struct face *face)
{
    return face->owed ? 0 : face->drawn_at + FRAME_MS;
}

/* The next moment at which the screen or the keys want to be looked at. */
static void timer_next(struct face *face)
{
    uint64_t now = loop_mono_ms(app_loop(face->app)), at = now + CLOCK_MS - now % CLOCK_MS;
    unsigned wait = ui_wait(face->ui, now);
    if (wait && now + wait < at)
        at = now + wait;
    if (terminal_is_away(face->terminal) && now + AWAY_MS < at)
        at = now + AWAY_MS;
    if (face->keys.length > 0 && face->entered_at + LINES_MS < at)
        at = face->entered_at + LINES_MS;
    if (face->touched && frame_due(face) < at)
        at = frame_due(face);
    timer_set(face->timer, at);
}

static void on_turned(void *self)
{
    struct face *face = self;
    struct model *model = app_model(face->app);
    face->touched = face->touched || (model && model->dirty);
    if (model && face->touched && loop_mono_ms(app_loop(face->app)) >= frame_due(face))
        draw(face, model);
    keys_take(face);
    if (app_is_leaving(face->app)) {
        ui_keep(face->ui);
        requests_do(face);
    }
    timer_next(face);
}

/* ---- what happens ---- */

static void on_keys(void *self)
{
    struct face *face = self;
    char bytes[KEYS_AT_ONCE];
    int count = terminal_read(face->terminal, bytes, sizeof bytes);
    if (count < 0) {
        app_leave(face->app); /* the terminal is gone */
        return;
    }
    if (buf_left(&face->keys) < sizeof bytes) {
        face->entered = 0;
        keys_take(face);
    }
    if (!buf_add(&face->keys, bytes, (size_t)count))
        ui_say(face->ui, true, _("The line is full."));
    keys_take(face);
}

static void on_timer(void *self)
{
    struct face *face = self;
    struct model *model = app_model(face->app);
    if (model)
        ui_timeout(face->ui, model, loop_mono_ms(app_loop(face->app)));
    requests_do(face);
    face->touched = true;
}

/* Sent by somebody else: Ctrl-z is a key here. */
static void on_stop(void *self, int signal)
{
    struct face *face = self;
    (void)signal;
    terminal_suspend(face->terminal);
}

static void on_resize(void *self, int signal)
{
    struct face *face = self;
    if (signal == SIGCONT)
        terminal_redraw(face->terminal);
    face->touched = true;
}

static void on_ready(void *self)
{
    struct face *face = self;
    ui_follow(face->ui, app_model(face->app));
    if (face->ready)
        keep_again(face);
    face->ready = true;
    face->touched = true;
}

static void on_say(void *self, bool error, const struct message *message, uint64_t line)
{
    struct face *face = self;
    (void)line;
    say(face, error, message);
    face->touched = true;
}

/* ---- calling the user ---- */

static void bell(struct face *face)
{
    uint64_t now = loop_mono_ms(app_loop(face->app));
    if (setting_is(app_settings(face->app), SETTING_BELL, "off") || now < face->bell_at)
        return;
    face->bell_at = now + BELL_MS;
    terminal_bell(face->terminal);
}

static void notify(struct face *face, const struct node_line *line)
{
    const struct settings *settings = app_settings(face->app);
    if (setting_is(settings, SETTING_NOTIFY, "none"))
        return;
    char *who = text_clean(line->name, strlen(line->name), CLEAN_LINE, NULL);
    char *text = text_clean((const char *)line->text.bytes, line->text.size, CLEAN_LINE, NULL);
    terminal_notify(face->terminal, setting_is(settings, SETTING_NOTIFY, "osc777"), who, text);
    free(who);
    free(text);
}

/* A whisper that was sent from elsewhere is nowhere to be seen: the status line says that it went.
 */
static void sent(struct face *face, const struct node_line *line)
{
    const struct model *model = app_model(face->app);
    const struct conversation *to;
    if (model->open && strcmp(model->open->name, line->conversation) == 0)
        return;
    for (size_t i = 0; (to = model_conversation(model, i)); i++) {
        if (strcmp(to->name, line->conversation) != 0)
            continue;
        struct message message = message_make("sent", N_("To %s: %s"));
        message_add(&message, to->title);
        message_add_bytes(&message, (const char *)line->text.bytes, line->text.size);
        say(face, false, &message);
    }
}

/* The node has rung for a line before it shows it. */
static void shown(struct face *face, const struct node_line *line)
{
    bool words = line->kind == ENTRY_SAY || line->kind == ENTRY_ACT || line->kind == ENTRY_CALL;
    if (line->text.size && words && line->own && line->live && line->whisper)
        sent(face, line);
    if (face->rung && line->mention)
        notify(face, line);
    face->rung = false;
    if (words && !line->own && line->live &&
        setting_is(app_settings(face->app), SETTING_BELL, "on"))
        bell(face);
}

static void command(struct face *face, const struct command *command)
{
    if (ui_command(face->ui, app_model(face->app), command))
        return;
    if (command->id == COMMAND_SET && !command->key) {
        settings_page(face);
        return;
    }
    if (command->id == COMMAND_LANG && !command->value) {
        struct message message = settings_languages();
        say(face, false, &message);
        return;
    }
    if (command->id == COMMAND_SET || command->id == COMMAND_LANG) {
        set(face, command->key ? command->key : setting_name(SETTING_LANGUAGE), command->value);
        return;
    }
    char text[MESSAGE_TEXT_BYTES];
    const char *version = PACKAGE_VERSION;
    if (command->id == COMMAND_ABOUT) {
        message_fill(_("Tertulia %s: people who meet regularly to talk, without a server."),
                     &version, 1, text, sizeof text);
        ui_say(face->ui, false, text);
    }
}

static void on_effect(void *self, const struct node_effect *effect)
{
    struct face *face = self;
    face->touched = true;
    if (effect->kind == EFFECT_BACK)
        ui_back(face->ui, effect->back.conversation, effect->back.text);
    else if (effect->kind == EFFECT_ANSWER)
        page_answer(face->ui, &effect->answer);
    else if (effect->kind == EFFECT_COMMAND)
        command(face, effect->command);
    else if (effect->kind == EFFECT_GO)
        ui_go(face->ui, app_model(face->app), effect->go);
    else if (effect->kind == EFFECT_SHOWN)
        shown(face, &effect->shown);
    else if (effect->kind == EFFECT_BELL) {
        face->rung = true;
        bell(face);
    }
}

static void on_doctor(void *self, const struct doctor_report *report, uint64_t line)
{
    struct face *face = self;
    (void)line;
    page_doctor(face->ui, report);
    face->touched = true;
}

static const struct app_face FACE = {on_ready,   on_effect, on_say,   on_turned,
                                     theme_name, NULL,      on_doctor};

/* ---- the whole ---- */

static int config_begin(const struct options *options)
{
    char *folder, *path = NULL;
    char *why = home_config(options->home, &folder);
    if (!why)
        why = config_write(folder, theme_name, keymap_write, &path);
    if (why)
        fprintf(stderr, "tertulia: %s\n", why);
    else
        printf("%s\n", path);
    int status = why ? 1 : 0;
    free(why);
    free(path);
    free(folder);
    return status;
}

static bool terminal_begin(struct face *face, const struct options *options)
{
    const char *why;
    face->terminal = terminal_open(&why);
    if (!face->terminal) {
        fprintf(stderr, "tertulia: %s\n", why);
        return false;
    }
    struct ui_config config = {.names = app_names(face->app),
                               .source = {candidate, face},
                               .glyphs = terminal_is_plain(face->terminal) ? &GLYPHS_ASCII
                                                                           : &GLYPHS_UNICODE,
                               .translate = i18n_translate,
                               .text_max = TEXT_MAX,
                               .note = options->demo ? N_("This is a demo: the people are made "
                                                          "up, and nothing leaves this machine.")
                                                     : NULL};
    face->ui = ui_new(&config);
    return true;
}

static void settings_apply(struct face *face)
{
    for (enum setting_id id = 0; id < SETTINGS; id++)
        setting_apply(face, id);
}

/* To make a history takes longer than all the rest: who is new sees the screen before. */
static void preview_draw(struct face *face)
{
    const struct model *model = app_preview(face->app);
    int rows, columns;
    if (!model)
        return;
    settings_apply(face);
    terminal_size(face->terminal, &rows, &columns);
    ui_resize(face->ui, rows, columns);
    ui_follow(face->ui, model);
    show(face, model);
}

static bool history_begin(struct face *face)
{
    struct message why;
    if (!app_open(face->app, &why)) {
        char text[MESSAGE_TEXT_BYTES];
        message_text(&why, i18n_translate, text, sizeof text);
        terminal_close(face->terminal);
        face->terminal = NULL;
        fprintf(stderr, "tertulia: %s\n", text);
        return false;
    }
    keys_learn_all(ui_keys(face->ui), terminal_capability);
    app_file_keys(face->app, key_first, face);
    app_kept(face->app, kept_take, face);
    settings_apply(face);
    return true;
}

static int face_run(struct face *face)
{
    struct loop *loop = app_loop(face->app);
    face->timer = timer_new(loop, on_timer, face);
    loop_on_readable(loop, STDIN_FILENO, on_keys, face);
    loop_on_signal(loop, SIGWINCH, on_resize, face);
    loop_on_signal(loop, SIGCONT, on_resize, face);
    loop_on_signal(loop, SIGTSTP, on_stop, face);
    int status = app_run(face->app);
    timer_free(face->timer);
    return status;
}

static int screen_run(const struct options *options)
{
    struct face face = {.owed = 2}; /* the first frame, and the history that comes right after it */
    const char *problem = terminal_problem();
    if (problem) {
        fprintf(stderr, "tertulia: %s\n", problem);
        return 1;
    }
    face.app = app_prepare(options, &FACE, &face);
    if (!face.app)
        return 1;
    int status = 1;
    buf_init(&face.keys, KEYS_MAX);
    face.files = files_new();
    if (terminal_begin(&face, options)) {
        preview_draw(&face);
        status = history_begin(&face) ? face_run(&face) : 1;
    }
    terminal_close(face.terminal);
    app_free(face.app);
    ui_free(face.ui);
    files_free(face.files);
    buf_done(&face.keys);
    return status;
}

int main(int argc, char **argv)
{
    const struct program program = {PROGRAM_SCREEN, "tertulia", ui_library()};
    struct options options;
    app_descriptors_guard();
    i18n_start();
    switch (options_parse(&options, &program, argc, argv)) {
    case OPTIONS_DONE:
        return 0;
    case OPTIONS_WRONG:
        return 2;
    case OPTIONS_RUN:
        break;
    }
    if (options.write_config)
        return config_begin(&options);
    if (options.doctor)
        return consult(&options);
    return options.plain ? plain_run(&options, theme_name) : screen_run(&options);
}
