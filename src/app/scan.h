#pragma once
/* What /scan does: a range looked through, and what was found there kept until the next scan of it.
 *
 * One scan at a time. Its finds show in the model as they come, first as an address and then, when
 * it is known, with what it speaks and how it is called; what turns out to be no chat goes again.
 * A peer that was found is told to the node, which links to it; guests wait to be chosen. */
#include "app/identify.h"
#include "core/command.h"
#include "core/message.h"
#include "core/model.h"
#include "core/node.h"
#include "net/interfaces.h"

struct identity;
struct loop;
struct scanner;
struct tls_context;

enum {
    SCAN_FINDS = MODEL_FOUND, /* more than that is a trap, or no place to look for people */
    SCAN_IDENTIFIED_AT_ONCE = 32,
    SCAN_SHOWN_MS = 200,     /* between two states of the progress line.. */
    SCAN_TOLD_MS = 1000,     /* ..and two `progress` of tertuliad */
    SCAN_CONFIRM_MS = 60000, /* a large range is scanned when it is asked for again by then */
};

enum scan_state { SCAN_STARTED, SCAN_PROGRESS, SCAN_FOUND, SCAN_DONE, SCAN_STOPPED };

/* Somebody, or something unknown, that takes calls at an address. */
struct scan_find {
    char address[MODEL_ADDRESS];
    const char *name;    /* NULL: none is known */
    const char *dialect; /* as in /connect; NULL: not known */
    const struct id *id; /* of a peer; else NULL */
    bool is_new;         /* it was not there in the scan before */
};

/* As tertuliad's `scan`. */
struct scan_event {
    enum scan_state state;
    uint64_t line; /* that asked for it */
    const char *range;
    uint64_t tried, total, found;
    const struct scan_find *find; /* of FOUND */
    uint64_t fresh;               /* of DONE: how many are new, */
    size_t gone_count;            /* and who was there in the scan before and is not now: */
    const char *const *gone;      /* their addresses */
};

struct scanner_calls {
    void (*event)(void *self, const struct node_event *event); /* EVENT_ADDRESS */
    void (*say)(void *self, bool error, const struct message *message, uint64_t line);
    void (*scan)(void *self, const struct scan_event *event);
    /* Both NULL for the moment in which there is no node. */
    struct model *(*model)(void *self);
    const struct node *(*node)(void *self);
    /* Whether it is a port of this very program. */
    bool (*is_own)(void *self, const struct address *address);
    /* The subnets that are looked through when no range is given: how many. */
    size_t (*subnets)(void *self, struct interface into[INTERFACES_MAX]);
};

/* `calls` and the context outlive it. */
struct scanner *scanner_new(struct loop *loop, const struct id *self_id,
                            struct tls_context *context, const struct scanner_calls *calls,
                            void *self);
/* NULL is fine. */
void scanner_free(struct scanner *scanner);

/* /scan, with what was typed behind it, or NULL. */
void scanner_command(struct scanner *scanner, const char *range, uint64_t line);
/* Ends the scan that is under way, if any; what was found stays. */
void scanner_stop(struct scanner *scanner, uint64_t line);
/* Somebody is linked, or not any more, or called something else. */
void scanner_peer(struct scanner *scanner, const struct node_peer *peer);

/* Its end in a sentence. */
struct message scan_message(const struct scan_event *event);
