/* The node and its loop. TERM, HUP and INT leave in order. */
#include "app/app.h"

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"
#include "net/loop.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct app {
    struct loop *loop;
    struct model model;
    char *name;
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

/* The login name; it is there without anyone having chosen it, so it is made to fit. */
static char *login_name(void)
{
    const struct passwd *person = getpwuid(getuid());
    const char *name = person ? person->pw_name : getenv("USER");
    if (!name || !*name || !utf8_valid(name, strlen(name)))
        name = "anon";
    return xstrndup(name, text_cut(name, strlen(name), NAME_BYTES));
}

static void on_leave(void *self, int signal)
{
    (void)signal;
    app_leave(self);
}

struct app *app_new(const struct options *options)
{
    struct app *app = xcalloc(1, sizeof *app);
    app->name = options->name ? xstrdup(options->name) : login_name();
    app->model = (struct model){.name = app->name, .room = "#everyone"};
    app->loop = loop_new();
    loop_on_signal(app->loop, SIGTERM, on_leave, app);
    loop_on_signal(app->loop, SIGHUP, on_leave, app);
    loop_on_signal(app->loop, SIGINT, on_leave, app);
    return app;
}

void app_free(struct app *app)
{
    if (!app)
        return;
    loop_free(app->loop);
    free(app->name);
    free(app);
}

int app_run(struct app *app)
{
    loop_run(app->loop);
    return EXIT_SUCCESS;
}

void app_leave(struct app *app)
{
    loop_stop(app->loop);
}

const struct model *app_model(const struct app *app)
{
    return &app->model;
}

struct loop *app_loop(struct app *app)
{
    return app->loop;
}
