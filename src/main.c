/*~ Welcome. Tertulia is a chat for the people of one LAN, with no server. Comments that start like
 * this one are a tour: read them in the order that HACKING.md gives.
 *
 * This file is the only one that knows both the node (app) and the screen (ui). Everything that
 * happens takes one road: bytes, keys, timers and disk results become events, the node answers
 * with effects, app performs them, and the screen is drawn from the model once a turn. */
#include "app/app.h"
#include "app/i18n.h"
#include "base/alloc.h"
#include "base/gettext.h"
#include "net/loop.h"
#include "net/timer.h"
#include "ui/library.h"
#include "ui/terminal.h"
#include "ui/ui.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    KEYS_AT_ONCE = 4096, /* bytes of one read: a paste comes in several */
    FRAME_MS = 16,       /* DESIGN.md: at most 60 frames a second */
    CLOCK_MS = 60000,    /* the clock in the title */
};

struct face {
    struct app *app;
    struct terminal *terminal;
    struct ui *ui;
    struct timer *timer;
    uint64_t drawn_at;
    uint64_t number; /* of the latest line */
    bool touched;    /* something happened since it was drawn */
};

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
    case UI_STOP: /* there is no scan yet */
    case UI_THEME:
    case UI_BIND:
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

static void draw(struct face *face, struct model *model)
{
    char title[MESSAGE_TEXT_BYTES];
    int rows, columns;
    terminal_size(face->terminal, &rows, &columns);
    ui_resize(face->ui, rows, columns);
    ui_follow(face->ui, model);
    if (requests_do(face) && (model = app_model(face->app)))
        ui_follow(face->ui, model);
    if (!model)
        return;
    terminal_draw(face->terminal, ui_draw(face->ui, model), ui_theme(face->ui));
    ui_title(face->ui, model, title, sizeof title);
    terminal_title(face->terminal, title);
    app_drawn(face->app);
    face->drawn_at = loop_mono_ms(app_loop(face->app));
    face->touched = false;
}

/* The next moment at which the screen or the keys want to be looked at. */
static void timer_next(struct face *face)
{
    uint64_t now = loop_mono_ms(app_loop(face->app)), at = now + CLOCK_MS - now % CLOCK_MS;
    unsigned wait = ui_wait(face->ui);
    if (wait && now + wait < at)
        at = now + wait;
    if (face->touched && face->drawn_at + FRAME_MS < at)
        at = face->drawn_at + FRAME_MS;
    timer_set(face->timer, at);
}

static void on_turned(void *self)
{
    struct face *face = self;
    struct model *model = app_model(face->app);
    uint64_t now = loop_mono_ms(app_loop(face->app));
    if (model && (model->dirty || face->touched)) {
        face->touched = true;
        if (now >= face->drawn_at + FRAME_MS)
            draw(face, model);
    }
    timer_next(face);
}

/* ---- what happens ---- */

static void on_keys(void *self)
{
    struct face *face = self;
    char bytes[KEYS_AT_ONCE];
    struct model *model = app_model(face->app);
    int count = terminal_read(face->terminal, bytes, sizeof bytes);
    if (count < 0) {
        app_leave(face->app); /* the terminal is gone */
        return;
    }
    if (!model)
        return;
    ui_feed(face->ui, model, loop_mono_ms(app_loop(face->app)), bytes, (size_t)count);
    requests_do(face);
    face->touched = true;
    face->drawn_at = 0; /* what was typed shows at once */
}

static void on_timer(void *self)
{
    struct face *face = self;
    struct model *model = app_model(face->app);
    if (model && ui_wait(face->ui))
        ui_timeout(face->ui, model, loop_mono_ms(app_loop(face->app)));
    requests_do(face);
    face->touched = true;
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
    face->touched = true;
}

static void on_say(void *self, bool error, const struct message *message, uint64_t line)
{
    struct face *face = self;
    char text[MESSAGE_TEXT_BYTES];
    (void)line;
    message_text(message, i18n_translate, text, sizeof text);
    ui_say(face->ui, error, text);
    face->touched = true;
}

/* ---- answers, as lists ---- */

static void answer_peers(struct face *face, const struct node_answer *answer)
{
    ui_page_open(face->ui, _("People"));
    for (size_t i = 0; i < answer->count; i++) {
        const struct node_peer *peer = &answer->peers[i];
        char right[MESSAGE_TEXT_BYTES] = "", address[APP_ADDRESS_TEXT] = "";
        if (peer->address.port)
            app_address_text(&peer->address, address);
        snprintf(right, sizeof right, "%s%s%s", peer->guest ? peer->guest : "",
                 peer->guest && address[0] ? "  " : "", address);
        ui_page_add(face->ui, peer->presence == PRESENCE_GONE ? STYLE_GONE : STYLE_TEXT, peer->name,
                    right, NULL, NULL);
    }
    if (answer->verify[0])
        ui_page_add(face->ui, STYLE_TRUST, _("To compare aloud"), answer->verify, NULL, NULL);
}

static void answer_rooms(struct face *face, const struct node_answer *answer)
{
    ui_page_open(face->ui, _("Rooms"));
    for (size_t i = 0; i < answer->count; i++)
        ui_page_add(face->ui, answer->rooms[i].joined ? STYLE_TEXT : STYLE_QUIET,
                    answer->rooms[i].conversation, answer->rooms[i].topic,
                    answer->rooms[i].conversation, NULL);
}

static void answer_search(struct face *face, const struct node_answer *answer)
{
    ui_page_open(face->ui, _("Found"));
    for (size_t i = answer->count; i-- > 0;) {
        const struct node_line *line = &answer->lines[i];
        char *text = xstrndup((const char *)line->text.bytes, line->text.size);
        ui_page_add(face->ui, STYLE_TEXT, line->name, text, line->conversation, &line->order);
        free(text);
    }
}

static void answer_who_got(struct face *face, const struct node_answer *answer)
{
    ui_page_open(face->ui, _("Who has your last message"));
    for (size_t i = 0; i < answer->count; i++)
        ui_page_add(face->ui, answer->stored[i] ? STYLE_GOT : STYLE_SENT, answer->labels[i],
                    answer->stored[i] ? _("has it") : _("not yet"), NULL, NULL);
}

static void answer(struct face *face, const struct node_answer *answer)
{
    if (answer->command == COMMAND_ROOMS)
        answer_rooms(face, answer);
    else if (answer->command == COMMAND_SEARCH)
        answer_search(face, answer);
    else if (answer->command == COMMAND_WHO_GOT)
        answer_who_got(face, answer);
    else
        answer_peers(face, answer);
}

static void command(struct face *face, const struct command *command)
{
    if (ui_command(face->ui, app_model(face->app), command))
        return;
    char text[MESSAGE_TEXT_BYTES];
    const char *name = command_name(app_names(face->app), command->id, 0);
    message_fill(_("/%s is not part of this version yet."), &name, 1, text, sizeof text);
    ui_say(face->ui, true, text);
}

static void on_effect(void *self, const struct node_effect *effect)
{
    struct face *face = self;
    face->touched = true;
    if (effect->kind == EFFECT_BACK)
        ui_back(face->ui, effect->back.conversation, effect->back.text);
    else if (effect->kind == EFFECT_ANSWER)
        answer(face, &effect->answer);
    else if (effect->kind == EFFECT_COMMAND)
        command(face, effect->command);
    else if (effect->kind == EFFECT_GO)
        ui_go(face->ui, app_model(face->app), effect->go);
    else if (effect->kind == EFFECT_BELL)
        terminal_bell(face->terminal);
}

static const struct app_face FACE = {on_ready, on_effect, on_say, on_turned};

/* ---- the whole ---- */

/* What the options promise and this version does not have is refused, not passed over. */
static int refuse(const char *what)
{
    fprintf(stderr, _("tertulia: %s is not part of this version yet.\n"), what);
    return 1;
}

static bool terminal_begin(struct face *face)
{
    const char *why;
    face->terminal = terminal_open(&why);
    if (!face->terminal) {
        fprintf(stderr, "tertulia: %s\n", why);
        return false;
    }
    struct ui_config config = {.names = app_names(face->app),
                               .glyphs = terminal_is_plain(face->terminal) ? &GLYPHS_ASCII
                                                                           : &GLYPHS_UNICODE,
                               .translate = i18n_translate,
                               .text_max = TEXT_MAX};
    face->ui = ui_new(&config);
    keys_learn_all(ui_keys(face->ui), terminal_capability);
    return true;
}

static int screen_run(const struct options *options)
{
    struct face face = {0};
    const char *problem = terminal_problem();
    if (problem) {
        fprintf(stderr, "tertulia: %s\n", problem);
        return 1;
    }
    face.app = app_new(options, &FACE, &face);
    if (!face.app)
        return 1;
    int status = 1;
    if (terminal_begin(&face)) {
        face.timer = timer_new(app_loop(face.app), on_timer, &face);
        loop_on_readable(app_loop(face.app), STDIN_FILENO, on_keys, &face);
        loop_on_signal(app_loop(face.app), SIGWINCH, on_resize, &face);
        loop_on_signal(app_loop(face.app), SIGCONT, on_resize, &face);
        status = app_run(face.app);
        timer_free(face.timer);
    }
    terminal_close(face.terminal);
    app_free(face.app);
    ui_free(face.ui);
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
    if (options.doctor || options.demo || options.plain)
        return refuse(options.doctor ? "doctor" : options.demo ? "--demo" : "--plain");
    return screen_run(&options);
}
