/* The process that the program is: its first descriptors, the clerk beside it, which folders are
 * its own when it is confined, and what the debug log says of that. */
#include "app/app_parts.h"

#include "app/clerk.h"
#include "app/confine.h"
#include "app/trace.h"
#include "net/loop.h"

#include <fcntl.h>
#include <unistd.h>

void app_descriptors_guard(void)
{
    int opened;
    do {
        opened = open("/dev/null", O_RDWR);
    } while (opened >= 0 && opened <= STDERR_FILENO);
    if (opened >= 0)
        close(opened);
}

void app_clerk_begin(struct app *app)
{
    if (!app->options->no_sandbox && confine_files_version() > 0)
        app->clerk = clerk_new(app->options->transcript);
}

static void note(struct app *app, const char *text)
{
    int64_t wall = loop_wall_ms(app->loop);
    trace_note(app->trace, wall > 0 ? (uint64_t)wall : 0, "= %s", text);
}

void app_confine(struct app *app)
{
    struct confine_wish wish = {{app->home.data, app->home.state}, {app->home.config}};
    char text[CONFINE_NOTE];
    if (app->options->no_sandbox) {
        note(app, "not confined: --no-sandbox"); /* not translated: the debug log */
        return;
    }
    /* Without a clerk nobody else could open what the user names. */
    struct confined confined = app->clerk || app->demo ? confine(&wish) : confine_calls();
    confine_note(&confined, text);
    note(app, text);
}
