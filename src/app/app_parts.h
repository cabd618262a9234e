#pragma once
/* What the app's files share. */
#include "app/app.h"
#include "app/config.h"
#include "app/ease.h"
#include "app/home.h"
#include "base/sys.h"

enum {
    /* Each port may be taken, the history damaged, and much wrong with the settings' file. */
    EARLY_MAX = LISTENS_MAX + 2 + CONFIG_TOLD + 1,
};

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
    struct config config;    /* until the face has taken its keys */
    struct store_start kept; /* until the face has taken it */
    struct trace *trace;     /* or NULL */
    struct loop *loop;
    struct timer *timer;
    struct ease ease; /* when free memory is given back.. */
    struct timer *ease_timer;
    struct jobs *jobs;
    struct peers *peers;
    struct finding *finding;
    struct visit *visit; /* the doctor's */
    struct demo *demo;   /* in place of network and disk; or NULL */
    struct disk *disk;
    struct clerk *clerk; /* who opens what the user names; or NULL */
    struct node *node;
    struct exporter *exporter;
    struct transcript *transcript;   /* or NULL */
    const char *typed_in;            /* the conversation of the line that is handled */
    uint64_t began;                  /* our wall clock, of this node */
    struct message early[EARLY_MAX]; /* notices that the face is told when it is there */
    size_t early_count;
    bool handling; /* an event: none may come from inside */
    bool running;  /* the face hears */
    bool over;     /* nobody hears anything any more: it is being freed */
    bool damaged;  /* the history: it is to be replaced */
    bool leaving;
    bool left;
    int status;
};

/* Before the face is there, what goes wrong is for stderr; what is only worth knowing waits. */
void app_say(struct app *app, bool error, const struct message *message, uint64_t line);
/* The clocks, as the node reads them. */
struct node_now app_now(struct app *app);

/* ---- app_effects.c ---- */
/* Whatever the node asks for now. */
void app_perform(struct app *app);

/* ---- app_process.c ---- */
/* Before anything is begun, and when all is open that is to be: from then on, and in all threads
 * to come, only what confine.h allows. */
void app_clerk_begin(struct app *app);
void app_confine(struct app *app);

/* ---- app_keep.c ---- */
/* What the file of settings says. */
void app_config_take(struct app *app);
void app_language_use(struct app *app);
/* Those that an earlier run kept; what cannot be is as if it had never been chosen. */
void app_settings_take(struct app *app, const struct store_start *start);
/* Into a history that took the place of a damaged one. */
void app_settings_keep(struct app *app);
struct retention_settings app_retention(const struct app *app);
