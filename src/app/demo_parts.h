#pragma once
/* What the demo's files share: who there is, the wires between them, and what is due when. */
#include "app/demo.h"
#include "app/demo_store.h"
#include "base/alloc.h"
#include "base/buf.h"

enum {
    DEMO_NODES = DEMO_PEOPLE + 1,
    DEMO_OWN = DEMO_PEOPLE, /* our node, after those of the people */
    DEMO_GUESTS = 3,
    DEMO_TASKS = 1 << 16, /* ten times what the nodes' own bounds let wait in a demo */
    DEMO_MS = 1000,       /* us */
};

/* Something that happens at a moment. */
struct demo_task {
    struct demo_task *prev, *next;
    uint64_t at_us;
    void (*run)(struct demo *demo, struct demo_task *task);
    unsigned who;
    uint32_t link;
    unsigned side;
    uint64_t number;
    struct overlay_address address;
    struct node_effect *effect; /* or NULL, like these; all are the task's own */
    char *text;
    char *conversation;
    struct buf bytes;
};

/* Two nodes; `side` 0 called side 1. */
struct demo_wire {
    struct demo_wire *prev, *next;
    uint32_t number;
    unsigned node[2];
    bool open[2];
    size_t waiting[2]; /* bytes that this side wrote and the other has not got */
};

struct demo_node {
    struct node *node; /* NULL: ours, which is somebody else's */
    const struct identity *identity;
    struct identity own_identity;
    struct demo_store store;
    struct overlay_address address;
    int64_t skew_ms; /* of its clock */
    bool lost;       /* its network is away */
    uint64_t timer;  /* the number of the newest one */
};

/* Somebody with a plain dialect. */
struct demo_guest {
    const char *name;
    const char *dialect;
    struct overlay_address address;
    unsigned host; /* whose guest it is; DEMO_NODES: nobody's */
    uint32_t link; /* 0: none */
};

struct demo_scan {
    bool on;
    uint64_t line;
    unsigned step;
    unsigned found;
    unsigned fresh;
    bool known; /* one was finished before */
};

struct demo {
    const struct sys *sys;
    const struct demo_calls *calls;
    void *self;
    struct hash net;
    uint64_t ahead_us; /* of the clock of `sys` */
    uint64_t ago_ms;   /* how far back the past is that is being told */
    struct demo_node nodes[DEMO_NODES];
    struct demo_guest guests[DEMO_GUESTS];
    struct demo_wire *wires;
    struct demo_task *tasks; /* in order of time */
    size_t task_count;
    uint32_t number; /* of the latest wire or guest's link */
    size_t stores;   /* of ours, under way */
    struct demo_scan scan;
    bool hushed;
    unsigned answers; /* given */
    struct node_saved saved;
    struct node_saved_room rooms[2];
    struct node_saved_person people[1];
    struct node_saved_member members[1];
};

/* ---- demo.c ---- */
uint64_t demo_us(const struct demo *demo);
struct node_now demo_node_now(const struct demo *demo, unsigned who);
/* The task is the queue's: it is freed when it has run. */
struct demo_task *demo_later(struct demo *demo, uint64_t in_us, unsigned who,
                             void (*run)(struct demo *demo, struct demo_task *task));
void demo_give(struct demo *demo, unsigned who, const struct node_event *event);
/* Lets time pass that nobody waits for. */
void demo_pass(struct demo *demo, uint64_t us);

/* ---- demo_wire.c ---- */
struct overlay_address demo_address(unsigned last, uint16_t port);
void demo_send(struct demo *demo, uint32_t link, const struct frame *frame);
void demo_close(struct demo *demo, uint32_t link);
void demo_dial(struct demo *demo, unsigned who, const struct node_effect *effect);
void demo_resolve(struct demo *demo, unsigned who, const struct node_effect *effect);
/* `who` hears the beacon of `whom`. */
void demo_hear(struct demo *demo, unsigned who, unsigned whom, uint64_t in_us);
void demo_wires_free(struct demo *demo);

/* ---- demo_guests.c ---- */
void demo_guests_init(struct demo *demo);
/* NULL: nobody is there. */
struct demo_guest *demo_guest_at(struct demo *demo, const struct overlay_address *address);
void demo_guest_up(struct demo *demo, struct demo_guest *guest, unsigned host, bool asked);
void demo_guest_say(struct demo *demo, const char *name, const char *text);
void demo_guest_word(struct demo *demo, unsigned who, const struct node_effect *effect);
void demo_guest_hang_up(struct demo *demo, unsigned who, uint32_t link);
void demo_scan(struct demo *demo, const char *range, uint64_t line);

/* ---- demo_people.c ---- */
const char *demo_name(unsigned person);
int64_t demo_skew_ms(unsigned person);
/* What they said before we came. */
void demo_past(struct demo *demo);
/* From now on they speak by themselves. */
void demo_script(struct demo *demo);
/* One of them reads a line. */
void demo_heard(struct demo *demo, unsigned person, const struct node_line *line);
/* The next thing that a guest answers. */
const char *demo_guest_answer(struct demo *demo);
