#pragma once
/* What the app's files share. */
#include "app/app.h"
#include "app/home.h"
#include "base/sys.h"

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
    struct settings settings;
    struct store_start kept; /* until the face has taken it */
    struct loop *loop;
    struct timer *timer;
    struct jobs *jobs;
    struct peers *peers;
    struct finding *finding;
    struct demo *demo; /* in place of network and disk; or NULL */
    struct disk *disk;
    struct node *node;
    struct exporter *exporter;
    struct transcript *transcript;   /* or NULL */
    const char *typed_in;            /* the conversation of the line that is handled */
    uint64_t began;                  /* our wall clock, of this node */
    struct message early[EARLY_MAX]; /* notices that the face is told when it is there */
    size_t early_count;
    bool handling; /* an event: none may come from inside */
    bool running;  /* the face hears */
    bool damaged;  /* the history: it is to be replaced */
    bool leaving;
    bool left;
    int status;
};

/* ---- app_keep.c ---- */
void app_language_use(struct app *app);
/* Those that an earlier run kept; what cannot be is as if it had never been chosen. */
void app_settings_take(struct app *app, const struct store_start *start);
/* Into a history that took the place of a damaged one. */
void app_settings_keep(struct app *app);
struct retention_settings app_retention(const struct app *app);
