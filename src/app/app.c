/* The whole program but its face. TERM, HUP and INT leave in order. */
#include "app/app.h"

#include "app/disk.h"
#include "app/home.h"
#include "app/i18n.h"
#include "app/jobs.h"
#include "app/peers.h"
#include "base/alloc.h"
#include "base/gettext.h"
#include "base/sys.h"
#include "base/text.h"
#include "base/utf8.h"
#include "core/room.h"
#include "dialect/native.h"
#include "net/loop.h"
#include "net/timer.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EARLY_MAX = LISTENS_MAX + 2 /* each port may be taken, and the history damaged */ };

struct app {
    const struct options *options;
    const struct app_face *face;
    void *self;
    struct sys sys;
    struct home home;
    struct identity identity;
    struct mesh_key key;
    bool secret;
    struct hash net;
    char *history; /* the file */
    char *name;
    struct command_names *names;
    struct loop *loop;
    struct timer *timer;
    struct jobs *jobs;
    struct peers *peers;
    struct disk *disk;
    struct node *node;
    struct message early[EARLY_MAX]; /* notices that the face is told when it is there */
    size_t early_count;
    bool handling; /* an event: none may come from inside */
    bool running;  /* the face hears */
    bool damaged;  /* the history: it is to be replaced */
    bool leaving;
    bool left;
    int status;
};

void app_descriptors_guard(void)
{
    int opened;
    do {
        opened = open("/dev/null", O_RDWR);
    } while (opened >= 0 && opened <= STDERR_FILENO);
    if (opened >= 0)
        close(opened);
}

/* ---- saying things ---- */

static void complain(const char *text)
{
    fprintf(stderr, "tertulia: %s\n", text);
}

/* Before the face is there, what goes wrong is for stderr; what is only worth knowing waits. */
static void say(struct app *app, bool error, const struct message *message, uint64_t line)
{
    char text[MESSAGE_TEXT_BYTES];
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
    say(self, error, message, 0);
}

/* ---- effects ---- */

/* Long because every kind of effect is named. TAKES effect. */
static void perform(struct app *app, struct node_effect *effect)
{
    switch (effect->kind) {
    case EFFECT_SEND:
        peers_send(app->peers, effect->link, effect->frame);
        break;
    case EFFECT_CLOSE:
        peers_close(app->peers, effect->link);
        break;
    case EFFECT_DIAL:
        peers_dial(app->peers, &effect->dial.address, effect->dial.asked);
        break;
    case EFFECT_RESOLVE:
        peers_resolve(app->peers, effect->resolve.host, effect->resolve.port);
        break;
    case EFFECT_CHECK:
    case EFFECT_OPEN:
    case EFFECT_VERIFY:
        jobs_do(app->jobs, effect);
        return;
    case EFFECT_STORE:
    case EFFECT_STORE_FORK:
    case EFFECT_LOAD:
    case EFFECT_LOAD_FORK:
    case EFFECT_LOAD_HASHES:
    case EFFECT_TRIM:
    case EFFECT_QUERY:
    case EFFECT_STORE_OPENED:
    case EFFECT_STORE_ACKS:
    case EFFECT_STORE_PERSON:
    case EFFECT_STORE_ROOM:
    case EFFECT_STORE_MEMBER:
    case EFFECT_STORE_SELF:
        disk_do(app->disk, effect);
        return;
    case EFFECT_TIMER:
        timer_set(app->timer, effect->timer);
        break;
    case EFFECT_SAY:
        say(app, effect->say.error, &effect->say.message, effect->line);
        break;
    case EFFECT_LEAVE:
        app->leaving = true;
        loop_again(app->loop);
        break;
    case EFFECT_SHOWN:
    case EFFECT_RECEIPT:
    case EFFECT_PEER:
    case EFFECT_BACK:
    case EFFECT_ANSWER:
    case EFFECT_COMMAND:
    case EFFECT_GO:
    case EFFECT_BELL:
        if (app->running)
            app->face->effect(app->self, effect);
        break;
    }
    node_effect_free(effect);
}

static void perform_all(struct app *app)
{
    struct node_effect *effect;
    while ((effect = node_next(app->node)))
        perform(app, effect);
}

static struct node_now now(struct app *app)
{
    int64_t wall = loop_wall_ms(app->loop);
    uint64_t past = wall > 0 ? (uint64_t)wall : 0;
    return (struct node_now){loop_mono_ms(app->loop),
                             past < ENTRY_NUMBER_MAX ? past : ENTRY_NUMBER_MAX};
}

void app_event(struct app *app, const struct node_event *event)
{
    if (app->handling)
        die("an event inside an event");
    if (!app->node)
        return; /* its history is being replaced */
    app->handling = true;
    node_handle(app->node, now(app), event);
    perform_all(app);
    app->handling = false;
}

static void on_event(void *self, const struct node_event *event)
{
    app_event(self, event);
}

static void on_ring(void *self)
{
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
    app_event(app, &event);
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
    say(app, false, &message, 0);
}

static uint16_t own_port(const struct app *app)
{
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
                                 .author_rate = 500,
                                 .retention = retention_defaults(),
                                 .names = app->names,
                                 .greet = true};
    const char *name = app->options->name, *saved = start->saved.name;
    if (name && saved && strcmp(name, saved) != 0)
        start->saved.name = NULL; /* what the command line says holds, and is told to everyone */
    app->node = node_new(&config, &start->saved, now(app));
    start->taken = true;
}

/* The history, and a node on top of it. False, and it was said why, where it cannot be used. */
static bool node_begin(struct app *app)
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
        struct message message = store_message(fault, app->history);
        say(app, true, &message, 0);
        store_start_done(&start);
        return false;
    }
    node_make(app, &start);
    if (start.aside)
        say_aside(app, start.aside);
    store_start_done(&start);
    perform_all(app);
    disk_look_after(app->disk);
    return true;
}

/* The damaged file is put aside when nothing reads it any more, and all begins anew. */
static void history_replace(struct app *app)
{
    char *aside = NULL;
    if (app->node) {
        disk_stop(app->disk);
        peers_drop(app->peers);
        node_free(app->node);
        app->node = NULL;
    }
    if (!disk_is_over(app->disk) || !jobs_are_over(app->jobs))
        return; /* their end is a turn, too */
    disk_free(app->disk);
    app->disk = NULL;
    enum store_fault fault =
        store_set_aside(app->history, (uint64_t)loop_wall_ms(app->loop), &aside);
    app->damaged = false;
    if (fault == STORE_FINE && node_begin(app)) {
        say_aside(app, aside);
        app->face->ready(app->self);
    } else {
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
    peers_stop(app->peers);
    if (app->disk && !disk_is_idle(app->disk))
        return;
    if (app->disk)
        disk_stop(app->disk);
    if (peers_are_gone(app->peers) && !app->left) {
        app->left = true;
        loop_stop(app->loop);
    }
}

static void on_turn(void *self)
{
    struct app *app = self;
    peers_turn(app->peers);
    if (app->damaged)
        history_replace(app);
    app->face->turned(app->self);
    if (app->leaving)
        leave_step(app);
}

static void on_leave(void *self, int signal)
{
    (void)signal;
    app_leave(self);
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

/* The login name; it is there without anyone having chosen it, so it is made to fit. */
static char *login_name(void)
{
    const struct passwd *person = getpwuid(getuid());
    const char *name = person ? person->pw_name : getenv("USER");
    if (!name || !*name || !utf8_valid(name, strlen(name)))
        name = "anon";
    return xstrndup(name, text_cut(name, strlen(name), NAME_BYTES));
}

/* The first line of the file. False, and it was said why, where there is none that will do. */
static bool secret_read(struct app *app, const char *path)
{
    enum { WEAK_CHARACTERS = 22 /* fewer are less than 128 bits, whatever they are */ };
    char text[MESH_SECRET_MAX + 2] = "";
    FILE *file = fopen(path, "re");
    size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    size_t length = strcspn(text, "\r\n");
    struct span mesh = span_text(app_mesh(app));
    if (size == 0 || length == 0 || length > MESH_SECRET_MAX) {
        fprintf(stderr,
                _("tertulia: there is no secret in \"%s\": it is one line of at most 128 bytes.\n"),
                path);
        return false;
    }
    if (length < WEAK_CHARACTERS)
        complain(_("The secret is weak: it can be guessed. tertulia --new-secret makes a good "
                   "one."));
    app->secret = mesh_key(mesh, span_of(text, length), &app->key);
    explicit_bzero(text, sizeof text);
    if (!app->secret)
        complain(_("There is not enough memory for the secret's key."));
    return app->secret;
}

/* Whatever needs no loop. */
static bool home_begin(struct app *app)
{
    bool made;
    char *why = home_open(&app->home, app->options->home);
    if (!why)
        why = home_identity(&app->home, &app->sys, &app->identity, &made);
    if (why) {
        complain(why);
        free(why);
        return false;
    }
    if (app->options->secret_file && !secret_read(app, app->options->secret_file))
        return false;
    app->net = mesh_net(span_text(app_mesh(app)), app->secret ? &app->key : NULL);
    app->history = home_history(&app->home, &app->net);
    return true;
}

/* Whatever needs one. */
static bool loop_begin(struct app *app)
{
    static const struct peers_calls peers_calls = {on_event, on_say};
    app->loop = loop_new();
    loop_on_signal(app->loop, SIGTERM, on_leave, app);
    loop_on_signal(app->loop, SIGHUP, on_leave, app);
    loop_on_signal(app->loop, SIGINT, on_leave, app);
    app->timer = timer_new(app->loop, on_ring, app);
    app->jobs = jobs_new(app->loop, &app->identity, &app->net, on_event, app);
    app->peers = peers_new(app->loop, &app->identity, &peers_calls, app);
    if (!app->peers) {
        complain(_("The OpenSSL of this machine cannot do TLS 1.3 with Ed25519."));
        return false;
    }
    return peers_listen(app->peers, app->options) && node_begin(app);
}

struct app *app_new(const struct options *options, const struct app_face *face, void *self)
{
    struct app *app = xcalloc(1, sizeof *app);
    core_start();
    app->options = options;
    app->face = face;
    app->self = self;
    app->sys = sys_real();
    app->home.lock = -1;
    app->name = login_name();
    app->names = command_names_new(i18n_translate);
    if (home_begin(app) && loop_begin(app))
        return app;
    app_free(app);
    return NULL;
}

void app_free(struct app *app)
{
    if (!app)
        return;
    if (app->disk)
        disk_stop(app->disk);
    peers_free(app->peers);
    if (app->timer)
        timer_free(app->timer);
    if (app->loop && !loop_free(app->loop))
        _exit(app->status); /* a name service that does not answer: the rest is the system's */
    jobs_free(app->jobs);
    disk_free(app->disk);
    node_free(app->node);
    command_names_free(app->names);
    home_done(&app->home);
    identity_done(&app->identity);
    free(app->history);
    free(app->name);
    free(app);
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

int app_run(struct app *app)
{
    app->running = true;
    loop_on_turn(app->loop, on_turn, app);
    app->face->ready(app->self);
    for (size_t i = 0; i < app->early_count; i++)
        app->face->say(app->self, false, &app->early[i], 0);
    call_all(app);
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
    return app->disk && !disk_is_idle(app->disk);
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
