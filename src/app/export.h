#pragma once
/* /export: one whole conversation, as the store has it, written to a new file.
 *
 * The ending says the form. .txt: `YYYY-MM-DD HH:MM:SS name: text`, where what goes on below is
 * indented, and no name holds the colon that ends it. .json: an array of what tertuliad says as
 * `message`. .md: a list for every day, in which nothing that was said is markup. Times are the
 * sender's; in .txt and .md in the local zone. Who is ignored or blocked is left out, as
 * everywhere; what comes while it is being written, too.
 *
 * Invariants: nothing that exists is overwritten, and the file has its name only when all of it is
 * on the disk; whatever ends it, nothing half written is left; a page of lines is held and never
 * more; and the loop's thread never waits for the disk. The file is for us alone (0600): it may
 * hold whispers. */
#include "core/message.h"
#include "core/node.h"
#include "store/store.h"

struct clerk;
struct exporter;
struct loop;

enum {
    EXPORT_PAGE = 256, /* lines at a time: names for them are found in well under a frame */
    /* What was typed right before is waited for so long; a disk that is never at rest keeps nobody
     * from exporting. */
    EXPORT_PATIENCE_MS = 2000,
};

struct export_calls {
    /* Once for each exporter_start; `line` is its own. */
    void (*say)(void *self, bool error, const struct message *message, uint64_t line);
    /* As it is now. Asked only while nothing was cancelled. */
    const struct roster *(*roster)(void *self);
};

struct export_wish {
    const char *conversation;
    const char *path; /* as typed: ~/ is the home folder */
    uint64_t line;
    uint64_t began; /* our wall clock: since then we were there */
};

/* What the settings point to outlives it, as the clerk does (NULL: the files are made here). */
struct exporter *exporter_new(struct loop *loop, struct clerk *clerk,
                              const struct store_settings *settings,
                              const struct export_calls *calls, void *self);
/* After the loop's end. NULL is fine, as below. */
void exporter_free(struct exporter *exporter);

/* One at a time: a second is refused. */
void exporter_start(struct exporter *exporter, const struct export_wish *wish);
/* To be called at the end of each turn; `quiet`: all that was typed is in the store. */
void exporter_turn(struct exporter *exporter, bool quiet);
/* What is under way is undone, and the user told; `why` is marked with N_(). */
void exporter_cancel(struct exporter *exporter, const char *why);
/* Nothing is under way. */
bool exporter_is_over(const struct exporter *exporter);
