/* tertuliad's two streams. Every line that comes in is answered, a bad one with an `error` that
 * ends nothing; every line that goes out is one JSON object with `event` and `at`.
 *
 * Neither side can make the other grow: lines are taken only as fast as what was typed reaches the
 * disk and what is said is read (app/output.h says what happens to what nobody reads). */
#include "app/headless.h"

#include "app/app.h"
#include "app/i18n.h"
#include "app/intake.h"
#include "app/json.h"
#include "app/output.h"
#include "base/alloc.h"
#include "base/gettext.h"
#include "base/i18n.h"
#include "core/command.h"
#include "core/room.h"
#include "net/address.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

enum {
    TYPED_MAX = 1024 * 1024, /* bytes of lines that an answer may still come to */
    USAGE_BYTES = 512,       /* a usage and its line of help, in any language */
    SAID = 256,              /* notices and errors that /log tells */
};

/* A line that was taken, for what it brings about later. */
struct typed {
    struct typed *prev, *next;
    uint64_t number;
    size_t size;
    char text[];
};

struct headless {
    struct app *app;
    struct output *output;
    struct intake *intake;
    struct typed *typed; /* the latest last */
    size_t typed_size;
    uint64_t number;    /* of the latest line */
    uint64_t refused;   /* the last one that was answered with an error */
    json_t *said;       /* for /log */
    char *conversation; /* where text goes */
    bool exit_on_eof;
    bool failed; /* nobody heard what was to be said */
};

/* ---- out ---- */

/* TAKES the members. */
static void event_put(struct headless *headless, const char *event, json_t *members)
{
    int64_t now = loop_wall_ms(app_loop(headless->app));
    size_t size;
    char *text = event_text(event, now > 0 ? (uint64_t)now : 0, members, &size);
    output_add(headless->output, text, size);
    free(text);
}

/* For /log: what the program said of itself, not what it answered. */
static void said_keep(struct headless *headless, bool error, const char *code, const char *text)
{
    int64_t now = loop_wall_ms(app_loop(headless->app));
    char at[TIME_TEXT];
    time_text(now > 0 ? (uint64_t)now : 0, at);
    json_t *said = json_object();
    json_object_set_new(said, "at", json_string(at));
    json_object_set_new(said, "error", json_boolean(error));
    json_object_set_new(said, "code", json_string(code));
    json_object_set_new(said, "text", span_json(span_text(text)));
    if (json_array_size(headless->said) == SAID)
        json_array_remove(headless->said, 0);
    json_array_append_new(headless->said, said);
}

static const struct typed *typed_find(const struct headless *headless, uint64_t number)
{
    const struct typed *typed;
    DL_FOREACH(headless->typed, typed)
    if (typed->number == number)
        return typed;
    return NULL;
}

/* The line that caused it, or null. */
static json_t *command_json(const struct headless *headless, uint64_t number)
{
    const struct typed *typed = number ? typed_find(headless, number) : NULL;
    return typed ? span_json(span_of(typed->text, typed->size)) : json_null();
}

/* TAKES the command. */
static json_t *say_json(const char *code, const char *text, json_t *command)
{
    json_t *object = json_object();
    json_object_set_new(object, "code", json_string(code));
    json_object_set_new(object, "text", span_json(span_text(text)));
    json_object_set_new(object, "command", command);
    return object;
}

static void notice_put(struct headless *headless, const char *code, const char *text,
                       uint64_t number)
{
    event_put(headless, "notice", say_json(code, text, command_json(headless, number)));
}

static void error_put(struct headless *headless, const char *code, const char *text,
                      uint64_t number)
{
    headless->refused = number;
    said_keep(headless, true, code, text);
    event_put(headless, "error", say_json(code, text, command_json(headless, number)));
}

/* With one gap that is filled. */
static void error_put_about(struct headless *headless, const char *code, const char *sentence,
                            const char *about, uint64_t number)
{
    char text[MESSAGE_TEXT_BYTES];
    message_fill(sentence, &about, 1, text, sizeof text);
    error_put(headless, code, text, number);
}

static void on_missed(void *self, uint64_t count)
{
    char text[MESSAGE_TEXT_BYTES];
    struct message message = output_missed_message(count);
    message_text(&message, i18n_translate, text, sizeof text);
    json_t *members = say_json(message.code, text, json_null());
    json_object_set_new(members, "count", json_integer((json_int_t)count));
    event_put(self, "notice", members);
}

/* ---- what the app says ---- */

static void on_ready(void *self)
{
    struct headless *headless = self;
    const struct app *app = headless->app;
    json_t *listen = json_array(), *members = json_object();
    for (size_t i = 0; i < app_listening(app); i++) {
        char text[ADDRESS_TEXT];
        address_text(app_listening_at(app, i), text);
        json_array_append_new(listen, json_string(text));
    }
    json_object_set_new(members, "name", span_json(span_text(node_name(app_node(app)))));
    json_object_set_new(members, "id", id_json(app_id(app)));
    json_object_set_new(members, "listen", listen);
    json_object_set_new(members, "mesh", span_json(span_text(app_mesh(app))));
    json_object_set_new(members, "version", json_string(PACKAGE_VERSION));
    event_put(headless, "ready", members);
}

static void on_say(void *self, bool error, const struct message *message, uint64_t line)
{
    char text[MESSAGE_TEXT_BYTES];
    message_text(message, i18n_translate, text, sizeof text);
    if (error) {
        error_put(self, message->code, text, line);
        return;
    }
    said_keep(self, false, message->code, text);
    notice_put(self, message->code, text, line);
}

/* Where an error has named the line already, that gave the words back. */
static void words_back(struct headless *headless, const struct node_effect *effect)
{
    if (effect->line && effect->line == headless->refused)
        return;
    json_t *members = say_json("not-sent", _("Not sent: this could not be kept. Send it again."),
                               span_json(span_text(effect->back.text)));
    headless->refused = effect->line;
    said_keep(headless, true, "not-sent", _("Not sent: this could not be kept. Send it again."));
    event_put(headless, "error", members);
}

/* From now on text goes there, as on the screen. */
static void go(struct headless *headless, const struct node_effect *effect)
{
    const char *where = effect->go;
    bool whisper = where[0] == '@';
    char text[MESSAGE_TEXT_BYTES];
    const char *texts[] = {where + whisper};
    free(headless->conversation);
    headless->conversation = xstrdup(where);
    message_fill(_("What you type goes to %s now."), texts, 1, text, sizeof text);
    json_t *members = say_json("here", text, command_json(headless, effect->line));
    json_object_set_new(members, whisper ? "whisper" : "room", span_json(span_text(texts[0])));
    event_put(headless, "notice", members);
}

static void answer_put(struct headless *headless, const struct node_effect *effect)
{
    json_t *members = answer_json(&effect->answer, app_id(headless->app));
    json_object_set_new(members, "command", command_json(headless, effect->line));
    event_put(headless, command_spec(effect->answer.command)->name, members);
}

static void on_scan(void *self, const struct scan_event *event)
{
    json_t *members = scan_json(event);
    json_object_set_new(members, "command", command_json(self, event->line));
    event_put(self, "scan", members);
}

static void on_doctor(void *self, const struct doctor_report *report, uint64_t line)
{
    json_t *members = doctor_json(report);
    json_object_set_new(members, "command", command_json(self, line));
    event_put(self, "doctor", members);
}

/* ---- commands that are not the node's ---- */

/* /connect HOST[:PORT] [dialect]: Call someone at an address */
static void help_put(struct headless *headless, const struct command_spec *spec, uint64_t number)
{
    char usage[USAGE_BYTES];
    snprintf(usage, sizeof usage, "/%s", spec->name);
    const char *texts[] = {spec->usage ? _(spec->usage) : usage, _(spec->help)};
    char text[MESSAGE_TEXT_BYTES];
    message_fill("%s: %s", texts, 2, text, sizeof text);
    notice_put(headless, "help", text, number);
}

static void help(struct headless *headless, const struct command_spec *about, uint64_t number)
{
    for (int id = 0; id < COMMAND_COUNT; id++)
        if (!about || about == command_spec((enum command_id)id))
            help_put(headless, command_spec((enum command_id)id), number);
}

static void about(struct headless *headless, uint64_t number)
{
    char text[MESSAGE_TEXT_BYTES];
    const char *texts[] = {PACKAGE_VERSION};
    message_fill(_("Tertulia %s: people who meet regularly to talk, without a server."), texts, 1,
                 text, sizeof text);
    notice_put(headless, "about", text, number);
}

static void setting_put(struct headless *headless, enum setting_id id,
                        const struct message *message, uint64_t number)
{
    char text[MESSAGE_TEXT_BYTES];
    message_text(message, i18n_translate, text, sizeof text);
    json_t *members = say_json(message->code, text, command_json(headless, number));
    json_object_set_new(members, "key", json_string(setting_name(id)));
    json_object_set_new(members, "value",
                        json_string(setting_value(app_settings(headless->app), id)));
    event_put(headless, "notice", members);
}

static void set(struct headless *headless, const char *name, const char *value, uint64_t number)
{
    enum setting_id id;
    struct message answer;
    if (app_set(headless->app, name, value, &id, &answer) == SETTINGS_REFUSED)
        on_say(headless, true, &answer, number);
    else
        setting_put(headless, id, &answer, number);
}

static void settings_put(struct headless *headless, uint64_t number)
{
    for (enum setting_id id = 0; id < SETTINGS; id++)
        if (setting_is_for(app_settings(headless->app), id))
            set(headless, setting_name(id), NULL, number);
}

static void languages_put(struct headless *headless, uint64_t number)
{
    struct message message = settings_languages();
    setting_put(headless, SETTING_LANGUAGE, &message, number);
}

static void log_put(struct headless *headless, uint64_t number)
{
    json_t *members = json_object();
    json_object_set_new(members, "log", json_deep_copy(headless->said));
    json_object_set_new(members, "command", command_json(headless, number));
    event_put(headless, "log", members);
}

/* Long because every command is named. */
static void command_do(struct headless *headless, const struct command *command, uint64_t number)
{
    char name[COMMAND_NAME_BYTES + 2];
    snprintf(name, sizeof name, "/%s", command_spec(command->id)->name);
    switch (command->id) {
    case COMMAND_HELP:
        help(headless, command->about, number);
        return;
    case COMMAND_ABOUT:
        about(headless, number);
        return;
    case COMMAND_SET:
        if (command->key)
            set(headless, command->key, command->value, number);
        else
            settings_put(headless, number);
        return;
    case COMMAND_LANG:
        if (command->value)
            set(headless, setting_name(SETTING_LANGUAGE), command->value, number);
        else
            languages_put(headless, number);
        return;
    case COMMAND_LOG:
        log_put(headless, number);
        return;
    case COMMAND_CLEAR:
    case COMMAND_BIND:
    case COMMAND_THEME:
        error_put_about(headless, "no-screen", _("%s is for the program with a screen."), name,
                        number);
        return;
    case COMMAND_CONNECT:
    case COMMAND_DISCONNECT:
    case COMMAND_SCAN:
    case COMMAND_WHISPER:
    case COMMAND_EXIT:
    case COMMAND_PEERS:
    case COMMAND_INFO:
    case COMMAND_NAME:
    case COMMAND_ALIAS:
    case COMMAND_CALL:
    case COMMAND_RETRY:
    case COMMAND_ME:
    case COMMAND_AWAY:
    case COMMAND_JOIN:
    case COMMAND_LEAVE:
    case COMMAND_INVITE:
    case COMMAND_ROOMS:
    case COMMAND_TOPIC:
    case COMMAND_SEARCH:
    case COMMAND_WHO_GOT:
    case COMMAND_IGNORE:
    case COMMAND_BLOCK:
    case COMMAND_VERIFY:
    case COMMAND_TRUST:
    case COMMAND_EXPORT:
    case COMMAND_DOCTOR:
    case COMMAND_COUNT:
        error_put_about(headless, "not-here", _("%s cannot be done here."), name, number);
        return;
    }
}

/* Long because every kind of effect is named. */
static void on_effect(void *self, const struct node_effect *effect)
{
    struct headless *headless = self;
    switch (effect->kind) {
    case EFFECT_SHOWN:
        event_put(headless, "message", line_json(&effect->shown));
        return;
    case EFFECT_RECEIPT:
        event_put(headless, "receipt", receipt_json(&effect->receipt));
        return;
    case EFFECT_PEER:
        event_put(headless, "peer", peer_json(&effect->peer, app_id(headless->app)));
        return;
    case EFFECT_BACK:
        words_back(headless, effect);
        return;
    case EFFECT_ANSWER:
        answer_put(headless, effect);
        return;
    case EFFECT_COMMAND:
        command_do(headless, effect->command, effect->line);
        return;
    case EFFECT_GO:
        go(headless, effect);
        return;
    case EFFECT_BELL: /* who reads lines hears nothing, and every message is one anyway */
    case EFFECT_SEND:
    case EFFECT_CLOSE:
    case EFFECT_DIAL:
    case EFFECT_RESOLVE:
    case EFFECT_GUEST_NAMED:
    case EFFECT_GUEST_PEOPLE:
    case EFFECT_GUEST_WORD:
    case EFFECT_GUEST_RETRY:
    case EFFECT_GUEST_HANG_UP:
    case EFFECT_CHECK:
    case EFFECT_OPEN:
    case EFFECT_VERIFY:
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
    case EFFECT_STORE_LOCAL:
    case EFFECT_STORE_OWED:
    case EFFECT_DROP_OWED:
    case EFFECT_TIMER:
    case EFFECT_SAY:
    case EFFECT_LEAVE:
        return;
    }
}

/* ---- in ---- */

static void typed_drop(struct headless *headless, struct typed *typed)
{
    DL_DELETE(headless->typed, typed);
    headless->typed_size -= typed->size;
    free(typed);
}

/* Of lines that came before so many others, an answer is known to be late, and not to which. */
static uint64_t typed_add(struct headless *headless, const char *text, size_t size)
{
    struct typed *typed = xmalloc(sizeof *typed + size);
    typed->number = ++headless->number;
    typed->size = size;
    memcpy(typed->text, text, size);
    DL_APPEND(headless->typed, typed);
    headless->typed_size += size;
    while (headless->typed_size > TYPED_MAX)
        typed_drop(headless, headless->typed);
    return typed->number;
}

static void on_line(void *self, const char *text, size_t size)
{
    struct headless *headless = self;
    app_line(headless->app, headless->conversation, text, size, typed_add(headless, text, size));
}

static void on_refused(void *self, const char *code, const char *text)
{
    struct headless *headless = self;
    said_keep(headless, true, code, text);
    event_put(headless, "error", say_json(code, text, json_string("")));
}

static void on_ended(void *self)
{
    struct headless *headless = self;
    if (headless->exit_on_eof)
        intake_leave(headless->intake);
}

/* ---- the whole ---- */

static void on_crowded(void *self, bool crowded)
{
    struct headless *headless = self;
    intake_crowded(headless->intake, crowded);
}

/* As in any pipe whose reader left, but in order: what is under way is finished. */
static void on_gone(void *self)
{
    struct headless *headless = self;
    headless->failed = true;
    intake_leave(headless->intake);
}

static void on_turned(void *self)
{
    struct headless *headless = self;
    intake_turn(headless->intake);
    output_turn(headless->output);
}

static void headless_done(struct headless *headless)
{
    output_free(headless->output);
    app_free(headless->app);
    intake_free(headless->intake);
    while (headless->typed)
        typed_drop(headless, headless->typed);
    json_decref(headless->said);
    free(headless->conversation);
}

int headless_run(const struct options *options)
{
    static const struct app_face face = {on_ready, on_effect, on_say,   on_turned,
                                         NULL,     on_scan,   on_doctor};
    static const struct output_calls calls = {on_crowded, on_missed, on_gone};
    static const struct intake_calls intake_calls = {on_line, on_refused, on_ended};
    struct headless headless = {.exit_on_eof = options->exit_on_eof};
    headless.app = app_new(options, &face, &headless);
    if (!headless.app)
        return EXIT_FAILURE;
    headless.conversation = xstrdup(ROOM_EVERYONE);
    headless.said = json_array();
    headless.output = output_new(app_loop(headless.app), STDOUT_FILENO, &calls, &headless);
    headless.intake = intake_new(headless.app, STDIN_FILENO, &intake_calls, &headless);
    int status = app_run(headless.app);
    size_t size;
    char *bye =
        event_text("bye", (uint64_t)loop_wall_ms(app_loop(headless.app)), json_object(), &size);
    if (!output_end(headless.output, bye, size) || headless.failed)
        status = EXIT_FAILURE;
    free(bye);
    headless_done(&headless);
    return status;
}
