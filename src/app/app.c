/* The whole program but its face. TERM, HUP and INT leave in order. */
#include "app/app_parts.h"

#include "app/clerk.h"
#include "app/crash.h"
#include "app/demo.h"
#include "app/disk.h"
#include "app/export.h"
#include "app/finding.h"
#include "app/i18n.h"
#include "app/jobs.h"
#include "app/peers.h"
#include "app/trace.h"
#include "app/transcript.h"
#include "app/visit.h"
#include "base/alloc.h"
#include "base/gettext.h"
#include "core/room.h"
#include "dialect/native.h"
#include "net/library.h"
#include "net/loop.h"
#include "net/timer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- saying things ---- */

static void complain(const char *text)
{
    fprintf(stderr, "tertulia: %s\n", text);
}

static void complain_about(const char *sentence, const char *about)
{
    char text[MESSAGE_TEXT_BYTES];
    message_fill(sentence, &about, 1, text, sizeof text);
    complain(text);
}

void app_say(struct app *app, bool error, const struct message *message, uint64_t line)
{
    char text[MESSAGE_TEXT_BYTES];
    if (app->over)
        return;
    if (app->running) {
        app->face->say(app->self, error, message, line);
        return;
    }
    if (!error && app->early_count < EARLY_MAX) {
        app->early[app->early_count++] = *message;
        return;
    }
    message_text(message, i18n_translate, text, sizeof text);
    complain(text);
}

static void on_say(void *self, bool error, const struct message *message)
{
    app_say(self, error, message, 0);
}

static void on_line_say(void *self, bool error, const struct message *message, uint64_t line)
{
    app_say(self, error, message, line);
}

struct node_now app_now(struct app *app)
{
    if (app->demo)
        return demo_now(app->demo);
    int64_t wall = loop_wall_ms(app->loop);
    uint64_t past = wall > 0 ? (uint64_t)wall : 0;
    return (struct node_now){loop_mono_ms(app->loop),
                             past < ENTRY_NUMBER_MAX ? past : ENTRY_NUMBER_MAX};
}

/* ---- events ---- */

void app_event(struct app *app, const struct node_event *event)
{
    if (app->handling)
        die("an event inside an event");
    if (!app->node || app->over)
        return; /* its history is being replaced, or a thread was at work when it left */
    app->handling = true;
    if (app->trace)
        trace_event(app->trace, app_now(app).wall_ms, event);
    node_handle(app->node, app_now(app), event);
    app_perform(app);
    app->handling = false;
    jobs_answer(app->jobs);
}

static void on_event(void *self, const struct node_event *event)
{
    app_event(self, event);
}

static void on_ring(void *self)
{
    struct app *app = self;
    if (app->demo)
        demo_run(app->demo);
    else
        app_event(self, &(struct node_event){.kind = EVENT_TIMER});
}

void app_line(struct app *app, const char *conversation, const char *bytes, size_t size,
              uint64_t number)
{
    struct node_event event = {.kind = EVENT_LINE};
    event.line.number = number;
    event.line.conversation = conversation ? conversation : ROOM_EVERYONE;
    event.line.bytes = bytes;
    event.line.size = size;
    app->typed_in = event.line.conversation;
    app_event(app, &event);
    app->typed_in = NULL;
}

/* ---- the node and its history ---- */

static void on_corrupt(void *self)
{
    struct app *app = self;
    app->damaged = true;
    loop_again(app->loop);
}

/* As long as nobody chose another. */
static const char *own_name(const struct app *app)
{
    return app->options->name ? app->options->name : app->name;
}

static const char *name_now(void *self)
{
    const struct app *app = self;
    return app->node ? node_name(app->node) : own_name(app);
}

static struct store_settings store_settings(const struct app *app)
{
    return (struct store_settings){app->history, app->net, app->identity.id, &native_codec,
                                   own_name(app)};
}

static void say_aside(struct app *app, const char *aside)
{
    struct message message = message_make(
        "history-damaged", N_("The history was damaged. It is kept as %s; what others have is "
                              "fetched from them again."));
    message_add(&message, aside);
    app_say(app, false, &message, 0);
}

static uint16_t own_port(const struct app *app)
{
    if (app->demo)
        return demo_port(app->demo);
    return peers_listening(app->peers) ? peers_listening_at(app->peers, 0)->port : 0;
}

static void node_make(struct app *app, struct store_start *start)
{
    struct node_config config = {.identity = &app->identity,
                                 .codec = &native_codec,
                                 .signer = &signer_real,
                                 .sys = &app->sys,
                                 .net = app->net,
                                 .key = app->secret ? &app->key : NULL,
                                 .name = own_name(app),
                                 .port = own_port(app),
                                 .author_rate =
                                     (uint32_t)setting_number(&app->settings, SETTING_AUTHOR_RATE),
                                 .retention = app_retention(app),
                                 .names = app->names,
                                 .greet = true};
    const char *name = app->options->name, *saved = start->saved.name;
    if (name && saved && strcmp(name, saved) != 0)
        start->saved.name = NULL; /* what the command line says holds, and is told to everyone */
    app->began = app_now(app).wall_ms;
    app->node = node_new(&config, &start->saved, app_now(app));
    start->taken = true;
}

/* The history, and a node on top of it. False, and why, where it cannot be used. */
static bool node_begin(struct app *app, struct message *why)
{
    static const struct disk_calls calls = {on_event, on_corrupt};
    struct store_settings settings = store_settings(app);
    struct store_start start = {0};
    struct store *store;
    enum store_fault fault =
        store_open(&settings, (uint64_t)loop_wall_ms(app->loop), &store, &start);
    if (fault == STORE_FINE)
        app->disk = disk_new(app->loop, store, &settings, &calls, app, &fault);
    if (fault != STORE_FINE) {
        *why = store_message(fault, app->history);
        store_start_done(&start);
        return false;
    }
    app_settings_take(app, &start);
    node_make(app, &start);
    if (start.aside)
        say_aside(app, start.aside);
    store_start_done(&app->kept);
    app->kept = start;
    app_perform(app);
    disk_look_after(app->disk);
    return true;
}

/* The people on the command line: as if a line had been typed that nobody can have typed. */
#define CALL_LINE UINT64_MAX
static void call_all(struct app *app)
{
    char line[HOST_MAX + 32];
    for (size_t i = 0; i < app->options->call_count; i++) {
        const struct hostport *where = &app->options->calls[i];
        int size = where->port ? snprintf(line, sizeof line, "/connect %s %u", where->host,
                                          (unsigned)where->port)
                               : snprintf(line, sizeof line, "/connect %s", where->host);
        app_line(app, NULL, line, (size_t)size, CALL_LINE);
    }
}

/* The damaged file is put aside when nothing reads it any more, and all begins anew. */
static void history_replace(struct app *app)
{
    char *aside = NULL;
    struct message why;
    if (app->node) {
        disk_stop(app->disk);
        exporter_cancel(app->exporter, N_("the history is damaged"));
        peers_drop(app->peers);
        node_free(app->node);
        app->node = NULL;
    }
    if (!disk_is_over(app->disk) || !jobs_are_over(app->jobs) || !exporter_is_over(app->exporter))
        return; /* their end is a turn, too */
    disk_free(app->disk);
    app->disk = NULL;
    enum store_fault fault =
        store_set_aside(app->history, (uint64_t)loop_wall_ms(app->loop), &aside);
    app->damaged = false;
    bool opened = fault == STORE_FINE && node_begin(app, &why);
    if (opened) {
        say_aside(app, aside);
        app_settings_keep(app);
        app->face->ready(app->self);
        call_all(app); /* whom the old one knew, the new one does not */
    } else {
        if (fault == STORE_FINE)
            app_say(app, true, &why, 0);
        app->status = EXIT_FAILURE;
        app->leaving = true;
        loop_again(app->loop);
    }
    free(aside);
}

/* ---- the end of a turn ---- */

/* Everyone was told; what is on its way still arrives. */
static void leave_step(struct app *app)
{
    if (!visit_is_over(app->visit))
        return; /* a last answer */
    finding_end(app->finding);
    peers_stop(app->peers);
    exporter_cancel(app->exporter, N_("the program ends"));
    if (!jobs_are_over(app->jobs) || (app->disk && !disk_is_idle(app->disk)))
        return; /* what jobs find is kept, too */
    if (app->disk)
        disk_stop(app->disk);
    transcript_end(app->transcript);
    if (!transcript_is_over(app->transcript) || !exporter_is_over(app->exporter))
        return;
    if (!transcript_is_whole(app->transcript))
        app->status = EXIT_FAILURE;
    if (peers_are_gone(app->peers) && !app->left) {
        app->left = true;
        loop_stop(app->loop);
    }
}

static void ease_step(struct app *app)
{
    if (ease_turn(&app->ease, loop_mono_ms(app->loop)))
        ease_now();
    timer_set(app->ease_timer, ease_due(&app->ease));
}

static void on_turn(void *self)
{
    struct app *app = self;
    if (app->peers)
        peers_turn(app->peers);
    exporter_turn(app->exporter, app->disk && disk_is_idle(app->disk));
    transcript_turn(app->transcript);
    if (app->damaged)
        history_replace(app);
    app->face->turned(app->self);
    if (app->leaving && app->demo)
        loop_stop(app->loop); /* nobody has to be told */
    else if (app->leaving)
        leave_step(app);
    else if (app->demo)
        timer_set(app->timer, demo_next(app->demo));
    ease_step(app);
}

static void on_leave(void *self, int signal)
{
    (void)signal;
    app_leave(self);
}

/* What turns over the transcript sends HUP; so does a terminal that goes away. */
static void on_hangup(void *self, int signal)
{
    struct app *app = self;
    bool stays = app->settings.program == PROGRAM_DAEMON || isatty(STDIN_FILENO);
    if (app->transcript && stays)
        transcript_reopen(app->transcript);
    else
        on_leave(app, signal);
}

void app_leave(struct app *app)
{
    if (!app->node || app->leaving) {
        app->leaving = true;
        loop_again(app->loop);
        return;
    }
    app_event(app, &(struct node_event){.kind = EVENT_STOP});
}

/* ---- the start ---- */

/* Whatever needs no loop. */
static bool home_begin(struct app *app)
{
    bool made;
    bool weak = false;
    const char *secret = app->options->secret_file;
    char *why = home_open(&app->home, app->options->home);
    if (!why)
        why = home_identity(&app->home, &app->sys, &app->identity, &made);
    if (!why && secret)
        why = home_secret(secret, span_text(app_mesh(app)), &app->key, &weak);
    if (why) {
        complain(why);
        free(why);
        return false;
    }
    crash_watch(app->home.state);
    app->secret = secret;
    if (weak)
        complain(_("The secret is weak: it can be guessed. tertulia --new-secret makes a good "
                   "one."));
    app->net = mesh_net(span_text(app_mesh(app)), app->secret ? &app->key : NULL);
    app->history = home_history(&app->home, &app->net);
    return true;
}

/* Where it cannot be had, the rest goes on. */
static void trace_begin(struct app *app)
{
    bool screen = app->settings.program == PROGRAM_SCREEN;
    int level = app->options->verbose + (app->options->log_texts && !app->options->verbose);
    if (level == 0)
        return;
    errno = ENOENT;
    if (!screen || app->home.state)
        app->trace = trace_open(screen ? app->home.state : NULL, level, app->options->log_texts);
    if (!app->trace)
        complain_about(_("The debug log \"log\" cannot be written: %s."), i18n_error(errno));
    trace_note(app->trace, app_now(app).wall_ms, "= tertulia %s, %s, process %ld", PACKAGE_VERSION,
               net_library(), (long)getpid());
}

static const struct roster *on_roster(void *self)
{
    struct app *app = self;
    return node_roster(app->node);
}

/* What is written beside the history. */
static bool papers_begin(struct app *app)
{
    static const struct export_calls calls = {on_line_say, on_roster};
    struct store_settings settings = store_settings(app);
    const char *path = app->options->transcript, *why;
    app->exporter = exporter_new(app->loop, app->clerk, &settings, &calls, app);
    if (path)
        app->transcript = transcript_open(app->loop, app->clerk, path, on_say, app, &why);
    if (path && !app->transcript)
        fprintf(stderr, _("tertulia: the transcript \"%s\" cannot be written: %s.\n"), path, why);
    return !path || app->transcript;
}

static const struct node *on_node(void *self)
{
    return app_node(self);
}

static struct model *on_model(void *self)
{
    return app_model(self);
}

static void on_scan(void *self, const struct scan_event *event)
{
    struct app *app = self;
    struct message over = scan_message(event);
    if (app->face->scan)
        app->face->scan(app->self, event);
    else if (event->state == SCAN_DONE || event->state == SCAN_STOPPED)
        app_say(app, false, &over, event->line);
}

static void finding_make(struct app *app)
{
    static const struct finding_calls calls = {on_event, on_line_say, on_scan, on_node, on_model};
    struct finding_config config = {.loop = app->loop,
                                    .sys = &app->sys,
                                    .identity = &app->identity,
                                    .peers = app->peers,
                                    .mesh = span_text(app_mesh(app)),
                                    .beacons = !app->options->no_beacon};
    app->finding = finding_new(&config, &calls, app);
}

static void on_report(void *self, const struct doctor_report *report, uint64_t line)
{
    struct app *app = self;
    app->face->doctor(app->self, report, line);
}

static void visit_make(struct app *app)
{
    struct visit_config config = {.loop = app->loop,
                                  .options = app->options,
                                  .finding = app->finding,
                                  .peers = app->peers,
                                  .folder = app->home.data,
                                  .history = store_settings(app),
                                  .clerk = app->clerk,
                                  .node = on_node,
                                  .say = on_line_say,
                                  .report = on_report,
                                  .self = app};
    app->visit = visit_new(&config);
}

void app_scan_stop(struct app *app)
{
    if (app->demo)
        demo_scan_stop(app->demo);
    else
        finding_scan_stop(app->finding);
}

/* The end of its turn does the rest. */
static void on_eased(void *self)
{
    (void)self;
}

static void loop_make(struct app *app)
{
    app->loop = loop_new();
    loop_on_signal(app->loop, SIGTERM, on_leave, app);
    loop_on_signal(app->loop, SIGHUP, on_hangup, app);
    loop_on_signal(app->loop, SIGINT, on_leave, app);
    app->timer = timer_new(app->loop, on_ring, app);
    app->ease_timer = timer_new(app->loop, on_eased, app);
}

static void on_keep(void *self, struct span memory)
{
    app_keep(self, STORE_GUESTS, "", memory);
}

/* Whatever needs one. */
static bool loop_begin(struct app *app)
{
    static const struct peers_calls peers_calls = {on_event, on_say, name_now, on_keep};
    bool guests = !app->options->no_guests && !app->secret;
    loop_make(app);
    app->jobs = jobs_new(app->loop, &app->identity, &app->net, on_event, app);
    app->peers = peers_new(app->loop, &app->identity, guests, &peers_calls, app);
    app_config_take(app);
    trace_begin(app);
    if (!papers_begin(app) || !peers_listen(app->peers, app->options))
        return false;
    finding_make(app);
    visit_make(app);
    app_confine(app); /* the node starts threads */
    return true;
}

static struct app *app_make(const struct options *options, const struct app_face *face, void *self,
                            struct sys sys)
{
    struct app *app = xcalloc(1, sizeof *app);
    ease_begin();
    core_start();
    app->options = options;
    app->face = face;
    app->self = self;
    app->sys = sys;
    app->home.lock = -1;
    app->name = home_login_name();
    app->names = command_names_new(i18n_translate);
    settings_init(&app->settings, face->themes ? PROGRAM_SCREEN : PROGRAM_DAEMON, face->themes);
    return app;
}

struct app *app_prepare(const struct options *options, const struct app_face *face, void *self)
{
    if (options->demo) {
        struct app *demo = app_demo_new(options, face, self, sys_real());
        app_confine(demo);
        return demo;
    }
    struct app *app = app_make(options, face, self, sys_real());
    app_clerk_begin(app);
    if (home_begin(app) && loop_begin(app))
        return app;
    app_free(app);
    return NULL;
}

const struct model *app_preview(struct app *app)
{
    struct store_start nothing = {0};
    if (app->demo || access(app->history, F_OK) == 0)
        return NULL;
    node_make(app, &nothing);
    return node_model(app->node);
}

bool app_open(struct app *app, struct message *why)
{
    if (app->demo)
        return true;
    node_free(app->node); /* the preview's */
    app->node = NULL;
    return node_begin(app, why);
}

struct app *app_new(const struct options *options, const struct app_face *face, void *self)
{
    struct message why;
    struct app *app = app_prepare(options, face, self);
    if (!app || app_open(app, &why))
        return app;
    app_say(app, true, &why, 0);
    app_free(app);
    return NULL;
}

struct app *app_demo_new(const struct options *options, const struct app_face *face, void *self,
                         struct sys sys)
{
    static const struct demo_calls calls = {on_event, on_line_say, on_model, name_now};
    struct app *app = app_make(options, face, self, sys);
    struct store_start start = {0};
    struct seed seed;
    struct message message = message_make(
        "demo", N_("A demo: nobody here is real, nothing leaves this machine. /exit leaves it."));
    sys_random(&app->sys, seed.bytes, sizeof seed.bytes);
    identity_init(&app->identity, &seed);
    app->net = mesh_net(span_text("lan"), NULL);
    loop_make(app);
    app->demo = demo_new(&app->sys, &app->identity, app->net, &calls, app);
    start.saved = *demo_saved(app->demo);
    node_make(app, &start);
    app_perform(app);
    app_say(app, false, &message, 0);
    return app;
}

struct demo *app_demo(struct app *app)
{
    return app->demo;
}

void app_free(struct app *app)
{
    if (!app)
        return;
    app->over = true;
    if (app->disk)
        disk_stop(app->disk);
    visit_stop(app->visit);
    finding_free(app->finding);
    peers_free(app->peers);
    transcript_stop(app->transcript);
    timer_free(app->timer);
    timer_free(app->ease_timer);
    if (app->loop && !loop_free(app->loop)) {
        /* A name service that does not answer keeps a thread, and with it the loop. The history is
         * closed as always, where no thread works with it; the rest is the system's. */
        if (app->disk && disk_is_over(app->disk))
            disk_free(app->disk);
        _exit(app->status);
    }
    /* The end of a terminal is read before its HUP comes: by then nobody would hear it any more. */
    signal(SIGHUP, SIG_IGN);
    jobs_free(app->jobs);
    exporter_free(app->exporter);
    transcript_free(app->transcript);
    disk_free(app->disk);
    store_start_done(&app->kept);
    config_done(&app->config);
    visit_free(app->visit);
    trace_close(app->trace);
    node_free(app->node);
    demo_free(app->demo);
    command_names_free(app->names);
    home_done(&app->home);
    identity_done(&app->identity);
    clerk_free(app->clerk);
    free(app->history);
    free(app->name);
    free(app);
}

void app_begin(struct app *app)
{
    app->running = true;
    store_start_done(&app->kept);
    loop_on_turn(app->loop, on_turn, app);
    app->face->ready(app->self);
    for (size_t i = 0; i < app->early_count; i++)
        app->face->say(app->self, false, &app->early[i], 0);
    call_all(app);
    if (app->demo) {
        demo_begin(app->demo);
        return;
    }
    finding_begin(app->finding);
    if (app->options->scan)
        finding_scan(app->finding, app->options->scan_range, CALL_LINE);
}

int app_run(struct app *app)
{
    app_begin(app);
    loop_run(app->loop);
    return app->status;
}

struct model *app_model(struct app *app)
{
    return app->node ? node_model(app->node) : NULL;
}

void app_drawn(struct app *app)
{
    if (app->node)
        node_drawn(app->node);
}

void app_address_text(const struct overlay_address *address, char into[APP_ADDRESS_TEXT])
{
    _Static_assert((int)APP_ADDRESS_TEXT >= (int)ADDRESS_TEXT, "an address fits");
    peers_address_text(address, into);
}

struct loop *app_loop(struct app *app)
{
    return app->loop;
}

const struct node *app_node(const struct app *app)
{
    return app->node;
}

const struct id *app_id(const struct app *app)
{
    return &app->identity.id;
}

const char *app_mesh(const struct app *app)
{
    return app->options->mesh ? app->options->mesh : "lan";
}

const struct command_names *app_names(const struct app *app)
{
    return app->names;
}

bool app_is_busy(const struct app *app)
{
    return app->demo ? demo_is_busy(app->demo) : app->disk && disk_is_busy(app->disk);
}

bool app_is_leaving(const struct app *app)
{
    return app->leaving;
}

size_t app_listening(const struct app *app)
{
    return peers_listening(app->peers);
}

const struct address *app_listening_at(const struct app *app, size_t index)
{
    return peers_listening_at(app->peers, index);
}
