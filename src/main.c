/*~ Welcome. Tertulia is a chat for the people of one LAN, with no server. Comments that start like
 * this one are a tour: read them in the order that HACKING.md gives.
 *
 * This file is the only one that knows both the node (app) and the screen (ui). Everything that
 * happens takes one road: bytes, keys, timers and disk results become events, the node answers
 * with effects, app performs them, and the screen is drawn from the model once a turn. */
#include "app/app.h"
#include "app/i18n.h"
#include "base/gettext.h"
#include "net/loop.h"
#include "ui/library.h"
#include "ui/screen.h"

#include <signal.h>
#include <stdio.h>

struct face {
    struct app *app;
    struct screen *screen;
};

static void on_keys(void *self)
{
    struct face *face = self;
    if (screen_keys(face->screen))
        app_leave(face->app);
}

static void on_resize(void *self, int signal)
{
    struct face *face = self;
    (void)signal;
    screen_draw(face->screen, app_model(face->app));
}

/* What the options promise and this version does not have is refused, not passed over. */
static int refuse(const char *what)
{
    fprintf(stderr, _("tertulia: %s is not part of this version yet.\n"), what);
    return 1;
}

static int screen_run(const struct options *options)
{
    const char *why;
    struct face face = {.screen = screen_open(&why)};
    if (!face.screen) {
        fprintf(stderr, "tertulia: %s\n", why);
        return 1;
    }
    face.app = app_new(options);
    loop_on_readable(app_loop(face.app), 0, on_keys, &face);
    loop_on_signal(app_loop(face.app), SIGWINCH, on_resize, &face);
    screen_draw(face.screen, app_model(face.app));
    int status = app_run(face.app);
    app_free(face.app);
    screen_close(face.screen);
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
