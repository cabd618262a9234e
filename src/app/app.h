#pragma once
/* A running node with its loop, its disk and its links, for whichever face is put on it.
 *
 * One road: whatever happens becomes an event, node_handle answers with effects, and each is done
 * in order. What is for people to see goes to the face. */
#include "app/options.h"
#include "app/settings.h"
#include "core/model.h"
#include "core/node.h"
#include "store/store.h"

struct address;
struct app;
struct demo;
struct loop;
struct doctor_report;
struct scan_event;

/* What a face is told, always on the loop's thread. */
struct app_face {
    /* Everything is there: the node listens. Again when a damaged history was replaced: what was
     * kept in it (app_keep) is to be kept once more. */
    void (*ready)(void *self);
    /* One of EFFECT_SHOWN, _RECEIPT, _PEER, _BACK, _ANSWER, _COMMAND, _GO, _BELL; borrowed. */
    void (*effect)(void *self, const struct node_effect *effect);
    /* `line` is the number that app_line was given, or 0. */
    void (*say)(void *self, bool error, const struct message *message, uint64_t line);
    /* The end of a turn of the loop: draw. */
    void (*turned)(void *self);
    setting_words *themes; /* NULL: it has no screen */
    /* How a scan goes. NULL: its end is said, and the model tells the rest. */
    void (*scan)(void *self, const struct scan_event *event);
    /* What the doctor found. */
    void (*doctor)(void *self, const struct doctor_report *report, uint64_t line);
};

/* Makes everything that the options say; calls nothing of the face yet. NULL, and one line on
 * stderr said why, where that cannot be. What the options point to outlives the app. */
struct app *app_new(const struct options *options, const struct app_face *face, void *self)
    __attribute__((warn_unused_result));
void app_free(struct app *app);
/* The same in two steps, for who has something to show in between: all but the history; */
struct app *app_prepare(const struct options *options, const struct app_face *face, void *self)
    __attribute__((warn_unused_result));
/* what will be seen in a history that is new, until app_open; NULL where there is one already; */
const struct model *app_preview(struct app *app);
/* and the history: false, and why, where it cannot be had. */
bool app_open(struct app *app, struct message *why) __attribute__((warn_unused_result));
/* The same for a demo (app/demo.h), with these clocks and this chance; it cannot fail. */
struct app *app_demo_new(const struct options *options, const struct app_face *face, void *self,
                         struct sys sys) __attribute__((warn_unused_result));
/* NULL: it is none. */
struct demo *app_demo(struct app *app);

/* What app_run does before it waits for anything: for who turns a demo by hand. */
void app_begin(struct app *app);
/* Runs until somebody leaves; then the exit status. */
int app_run(struct app *app);
/* As /exit: everyone is told, and app_run ends when all is done. */
void app_leave(struct app *app);

/* A line was typed. `conversation` NULL: the room where everybody is. `number` comes back with what
 * the line brings about. */
void app_line(struct app *app, const char *conversation, const char *bytes, size_t size,
              uint64_t number);
/* Ends the scan that is under way, if any. */
void app_scan_stop(struct app *app);
/* Anything else that the user does: EVENT_OPEN, EVENT_SCROLL. */
void app_event(struct app *app, const struct node_event *event);

/* ---- what survives the program ---- */

/* Hands out all that earlier runs kept, lines oldest first; once, before app_run. */
void app_kept(struct app *app, void (*take)(void *self, const struct store_keep *keep), void *self);
/* The keys of the settings' file, in its order; once, before app_run. `take` answers whether it can
 * be; where it cannot, the user is told. */
void app_file_keys(struct app *app, bool (*take)(void *self, const char *key, const char *value),
                   void *self);
/* Keeps a draft, a line of input, or a setting that is not in the table; soon, and also when the
 * program leaves right now. A value of no bytes is forgotten. What is too long is cut. */
void app_keep(struct app *app, enum store_keep_kind kind, const char *key, struct span value);

const struct settings *app_settings(const struct app *app);
/* settings_do; what was changed is kept, and what it means to the app done: after another language
 * texts are in that one. The rest is the face's. */
enum settings_result app_set(struct app *app, const char *name, const char *value,
                             enum setting_id *id, struct message *answer)
    __attribute__((warn_unused_result));
/* Behind a change of the language: where its texts are not installed, the answer says so instead.
 */
void app_language_look(const struct app *app, struct message *answer);

/* Something is on its way to the disk: what was typed, among other things. */
bool app_is_busy(const struct app *app);
/* Everyone was told; what is typed now would reach nobody. */
bool app_is_leaving(const struct app *app);

/* NULL for the moment in which a damaged history is replaced. */
struct model *app_model(struct app *app);
/* It was drawn as it is. */
void app_drawn(struct app *app);
/* An address as it is written. */
enum { APP_ADDRESS_TEXT = 80 };
void app_address_text(const struct overlay_address *address, char into[APP_ADDRESS_TEXT]);
struct loop *app_loop(struct app *app);
const struct node *app_node(const struct app *app);
const struct id *app_id(const struct app *app);
const char *app_mesh(const struct app *app);
const struct command_names *app_names(const struct app *app);
/* Where the node listens. */
size_t app_listening(const struct app *app);
const struct address *app_listening_at(const struct app *app, size_t index);

/* 0, 1 and 2 are open afterwards, so that no descriptor of ours is ever taken for one of them. To
 * be called first. */
void app_descriptors_guard(void);
