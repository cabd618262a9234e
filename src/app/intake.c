/* Bytes wait in `input` until they may become lines; the loop is told to bring no more meanwhile.
 */
#include "app/intake.h"

#include "app/lines.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/gettext.h"
#include "core/command.h"
#include "net/loop.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_AT_ONCE = 64 /* between two commits: the node lets some hundred words wait */ };

struct intake {
    struct app *app;
    const struct intake_calls *calls;
    void *self;
    struct lines lines;
    struct buf input;
    size_t taken; /* lines since the disk had nothing to do */
    bool crowded; /* the reader is slow */
    bool ended;   /* the input is at its end, */
    bool told;    /* and that was told */
    bool leaving; /* what comes after /exit is not for us */
};

static bool is_exit(const struct intake *intake, const char *text, size_t size)
{
    struct line line;
    line_parse(app_names(intake->app), text, size, &line);
    bool is = line.kind == LINE_COMMAND && line.command.id == COMMAND_EXIT;
    line_done(&line);
    return is;
}

static void on_line(void *self, const char *text, size_t length, enum line_problem problem)
{
    struct intake *intake = self;
    const struct intake_calls *calls = intake->calls;
    if (intake->leaving)
        return;
    intake->taken++;
    switch (problem) {
    case LINE_FINE:
        intake->leaving = is_exit(intake, text, length);
        calls->line(intake->self, text, length);
        break;
    case LINE_TOO_LONG:
        calls->refused(intake->self, "line-too-long",
                       _("The line is longer than 64 KiB and was left out."));
        break;
    case LINE_NOT_UTF8:
        calls->refused(intake->self, "not-utf8", _("The line is not UTF-8 and was left out."));
        break;
    case LINE_HAS_NUL:
        calls->refused(intake->self, "has-nul", _("The line holds a NUL byte and was left out."));
        break;
    }
}

static bool must_wait(const struct intake *intake)
{
    return intake->crowded || (intake->taken >= LINES_AT_ONCE && app_is_busy(intake->app));
}

static void ended_tell(struct intake *intake)
{
    if (intake->told)
        return;
    intake->told = true;
    lines_end(&intake->lines);
    if (!intake->leaving)
        intake->calls->ended(intake->self);
}

/* As many lines as may be taken now. */
void intake_turn(struct intake *intake)
{
    struct buf *input = &intake->input;
    if (!app_is_busy(intake->app))
        intake->taken = 0;
    bool leaving = intake->leaving || app_is_leaving(intake->app);
    while (input->length && !leaving && !must_wait(intake)) {
        const char *bytes = (const char *)buf_bytes(input);
        const char *newline = memchr(bytes, '\n', input->length);
        size_t size = newline ? (size_t)(newline - bytes) + 1 : input->length;
        lines_add(&intake->lines, bytes, size);
        buf_eat(input, size);
        leaving = intake->leaving;
    }
    if (leaving)
        buf_eat(input, input->length);
    else if (intake->ended && input->length == 0)
        ended_tell(intake);
    loop_input_hold(app_loop(intake->app), input->length > 0 || intake->crowded);
}

static void on_input(void *self, const char *bytes, size_t size)
{
    struct intake *intake = self;
    intake->ended = size == 0;
    if (!buf_add(&intake->input, bytes, size))
        die("more input came than was asked for");
    intake_turn(intake);
}

void intake_crowded(struct intake *intake, bool crowded)
{
    intake->crowded = crowded;
    loop_again(app_loop(intake->app));
}

void intake_leave(struct intake *intake)
{
    if (intake->leaving)
        return;
    intake->leaving = true;
    app_leave(intake->app);
}

struct intake *intake_new(struct app *app, int descriptor, const struct intake_calls *calls,
                          void *self)
{
    struct intake *intake = xcalloc(1, sizeof *intake);
    intake->app = app;
    intake->calls = calls;
    intake->self = self;
    lines_init(&intake->lines, on_line, intake);
    buf_init(&intake->input, INTAKE_MAX);
    loop_on_input(app_loop(app), descriptor, on_input, intake);
    return intake;
}

void intake_free(struct intake *intake)
{
    if (!intake)
        return;
    lines_done(&intake->lines);
    buf_done(&intake->input);
    free(intake);
}
