#pragma once
/* People who do not exist, on a network that does not: for a first look, for pictures, for tests.
 *
 * Six of them, each a real node with real signatures, talk with ours over wires in memory; a guest
 * is with them, and a scan finds two more. The demo does what our node asks of network, disk and
 * threads, and tells it what comes of that. Invariants: no socket, no file, no thread: nothing
 * leaves the process; and all that happens follows from the clocks and the randomness of `sys`, so
 * with a fake one the same keys give the same screens. */
#include "core/model.h"
#include "core/node.h"

enum { DEMO_PEOPLE = 6 };

struct demo;

struct demo_calls {
    void (*event)(void *self, const struct node_event *event); /* for our node */
    void (*say)(void *self, bool error, const struct message *message, uint64_t line);
    struct model *(*model)(void *self);
    const char *(*name)(void *self); /* what we are called now */
};

/* All six have talked already. `sys` and `identity`, our own, outlive it. */
struct demo *demo_new(const struct sys *sys, const struct identity *identity, struct hash net,
                      const struct demo_calls *calls, void *self);
/* NULL is fine. */
void demo_free(struct demo *demo);

/* What our node begins with, and where it is said to listen. */
const struct node_saved *demo_saved(const struct demo *demo);
uint16_t demo_port(const struct demo *demo);
struct node_now demo_now(const struct demo *demo);
/* Our node is there: the others find it, and the script begins. */
void demo_begin(struct demo *demo);

/* An effect of our node. True: it is done, and TAKEN; false: it is for the front end. */
bool demo_perform(struct demo *demo, struct node_effect *effect)
    __attribute__((warn_unused_result));
void demo_scan_stop(struct demo *demo);
/* Words of ours are on their way to what is a disk here. */
bool demo_is_busy(const struct demo *demo);

/* Lets happen what is due. Not to be called from inside an event. */
void demo_run(struct demo *demo);
/* When something is due next, in ms of the clock of `sys`. */
uint64_t demo_next(const struct demo *demo);

/* ---- for scripts ---- */

/* From now on nobody says anything of themselves, or they do again. */
void demo_hush(struct demo *demo, bool hushed);
/* One of the people, by their first name in the demo; DEMO_PEOPLE: there is none. */
unsigned demo_person(const char *name);
/* They type a line there; `conversation` NULL: to us alone. */
void demo_type(struct demo *demo, unsigned person, const char *conversation, const char *line);
/* Their network goes away, or comes back. */
void demo_link(struct demo *demo, unsigned person, bool up);
