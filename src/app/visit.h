#pragma once
/* /doctor: the doctor comes to a node that runs. One visit at a time. */
#include "app/doctor.h"
#include "app/options.h"

struct finding;
struct loop;
struct peers;
struct visit;

struct visit_config {
    struct loop *loop;
    const struct options *options;
    struct finding *finding;
    const struct peers *peers;
    const char *folder;
    struct store_settings history;
    struct clerk *clerk; /* who may look at other processes; or NULL */
    /* NULL for the moment in which there is none. */
    const struct node *(*node)(void *self);
    /* What was found, to the line that asked. */
    void (*say)(void *self, bool error, const struct message *message, uint64_t line);
    void (*report)(void *self, const struct doctor_report *report, uint64_t line);
    void *self;
};

enum {
    VISIT_WAIT_MS = 400,        /* a beacon of ours is back within a few; a loaded machine's too */
    VISIT_READ_BYTES = 1 << 26, /* a history of up to so much is read whole: under a second */
};

/* What the config points to outlives it. */
struct visit *visit_new(const struct visit_config *config);
/* Nothing is reported any more; before the loop ends. NULL is fine. */
void visit_stop(struct visit *visit);
/* After it. NULL is fine. */
void visit_free(struct visit *visit);

void visit_ask(struct visit *visit, uint64_t line);
/* Somebody was heard: their clock is known. */
void visit_heard(struct visit *visit, const struct node_line *line);
bool visit_is_over(const struct visit *visit);
