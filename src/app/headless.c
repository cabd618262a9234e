/* tertuliad's two streams. Every line that comes in is answered, a bad one with an `error` that
 * ends nothing; every line that goes out is one JSON object with `event` and `at`. */
#include "app/headless.h"

#include "app/app.h"
#include "app/i18n.h"
#include "app/lines.h"
#include "base/alloc.h"
#include "base/gettext.h"
#include "base/i18n.h"
#include "base/sys.h"
#include "core/command.h"
#include "net/loop.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct headless {
    struct app *app;
    struct lines lines;
    struct command_names *names;
    bool exit_on_eof;
    bool leaving; /* what comes after /exit is not for us */
};

/* Our wall clock as RFC 3339 with milliseconds, in UTC. */
static void now_text(char *into, size_t size)
{
    struct sys sys = sys_real();
    int64_t now = sys_wall_ms(&sys);
    time_t seconds = (time_t)(now / 1000);
    struct tm utc;
    char date[32];
    gmtime_r(&seconds, &utc);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(into, size, "%s.%03dZ", date, (int)(now % 1000));
}

/* TAKES the members. A reader that is gone ends the program by its signal, as in any pipe. */
static void event_print(const char *event, json_t *members)
{
    char at[48];
    now_text(at, sizeof at);
    json_t *object = json_pack("{s:s, s:s}", "event", event, "at", at);
    char *text = NULL;
    if (object && members && json_object_update(object, members) == 0)
        text = json_dumps(object, JSON_COMPACT);
    if (!text)
        die("an event cannot be written as JSON: %s", event);
    json_decref(members);
    json_decref(object);
    puts(text);
    fflush(stdout);
    free(text);
}

static void error_print(const char *code, const char *text, const char *command)
{
    event_print("error",
                json_pack("{s:s, s:s, s:s}", "code", code, "text", text, "command", command));
}

static void leave(struct headless *headless)
{
    headless->leaving = true;
    app_leave(headless->app);
}

static void line_take(struct headless *headless, const char *text, size_t length)
{
    struct line line;
    char sentence[MESSAGE_TEXT_BYTES];
    line_parse(headless->names, text, length, &line);
    switch (line.kind) {
    case LINE_EMPTY:
        break;
    case LINE_ERROR:
        message_text(&line.error, i18n_translate, sentence, sizeof sentence);
        error_print(line.error.code, sentence, text);
        break;
    case LINE_COMMAND:
        if (line.command.id == COMMAND_EXIT) {
            leave(headless);
            break;
        }
        __attribute__((fallthrough)); /* every other command is about people */
    case LINE_TEXT:
        error_print("nobody-here",
                    _("Nobody can be reached: this version has no links yet. /exit leaves."), text);
        break;
    }
    line_done(&line);
}

static void on_line(void *self, const char *text, size_t length, enum line_problem problem)
{
    struct headless *headless = self;
    if (headless->leaving)
        return;
    switch (problem) {
    case LINE_FINE:
        line_take(headless, text, length);
        break;
    case LINE_TOO_LONG:
        error_print("line-too-long", _("The line is longer than 64 KiB and was left out."), "");
        break;
    case LINE_NOT_UTF8:
        error_print("not-utf8", _("The line is not UTF-8 and was left out."), "");
        break;
    case LINE_HAS_NUL:
        error_print("has-nul", _("The line holds a NUL byte and was left out."), "");
        break;
    }
}

static void on_input(void *self, const char *bytes, size_t size)
{
    struct headless *headless = self;
    if (size > 0) {
        lines_add(&headless->lines, bytes, size);
        return;
    }
    lines_end(&headless->lines);
    if (headless->exit_on_eof)
        leave(headless);
}

int headless_run(const struct options *options)
{
    struct headless headless = {.app = app_new(options), .exit_on_eof = options->exit_on_eof};
    headless.names = command_names_new(i18n_translate);
    lines_init(&headless.lines, on_line, &headless);
    loop_on_input(app_loop(headless.app), STDIN_FILENO, on_input, &headless);
    event_print("notice",
                json_pack("{s:s, s:s}", "code", "started", "text",
                          _("Started. Nobody can be reached: this version has no links yet.")));
    int status = app_run(headless.app);
    event_print("bye", json_object());
    app_free(headless.app);
    lines_done(&headless.lines);
    command_names_free(headless.names);
    return status;
}
