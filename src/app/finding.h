#pragma once
/* Finding people: beacons and scans, joined to a running node; and what follows when this machine's
 * interfaces change: links that cannot go on end, and everyone known is called anew. */
#include "app/beacons.h"
#include "app/scan.h"

struct finding;
struct peers;

struct finding_config {
    struct loop *loop;
    const struct sys *sys;           /* outlives it, */
    const struct identity *identity; /* and this too */
    struct peers *peers;             /* where the node listens; outlives it too */
    struct span mesh;                /* its name */
    bool beacons;                    /* sent and heard */
};

struct finding_calls {
    void (*event)(void *self, const struct node_event *event);
    void (*say)(void *self, bool error, const struct message *message, uint64_t line);
    void (*scan)(void *self, const struct scan_event *event);
    /* NULL for the moment in which there is none, as the model is. */
    const struct node *(*node)(void *self);
    struct model *(*model)(void *self);
};

/* `calls` outlives it. */
struct finding *finding_new(const struct finding_config *config, const struct finding_calls *calls,
                            void *self);
/* NULL is fine, as in the others. */
void finding_free(struct finding *finding);

/* The node is there and listens: from now on others are told, and heard. */
void finding_begin(struct finding *finding);
/* Nobody is looked for any more. */
void finding_end(struct finding *finding);

/* /scan and what stands behind it, or NULL. */
void finding_scan(struct finding *finding, const char *range, uint64_t line);
/* The scan that is under way, if any, stops. */
void finding_scan_stop(struct finding *finding);
/* For the doctor: beacons_probe.. */
void finding_probe(struct finding *finding);
/* ..and what is known of the interfaces then, wires among them. */
struct doctor_facts;
void finding_facts(const struct finding *finding, struct doctor_facts *into);
/* What is known of somebody changed. */
void finding_peer(struct finding *finding, const struct node_peer *peer);
