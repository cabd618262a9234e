#pragma once
/* What the other files of this layer need of the loop: libuv's own, and a place at the end of the
 * turn. */
#include "net/loop.h"

#include <uv.h>

/* Something to be done once, at the end of this turn: part of what it belongs to. */
struct chore {
    struct chore *prev, *next;
    bool waits;                       /* is in the list */
    bool (*run)(struct chore *chore); /* says whether it called the program back */
};

uv_loop_t *loop_uv(struct loop *loop);

/* Runs after the program's own word of this turn; if it waits already, once. A chore that is added
 * by a chore comes in the next turn, which follows at once. */
void loop_chore(struct loop *loop, struct chore *chore);
/* It no longer waits. */
void loop_chore_drop(struct loop *loop, struct chore *chore);

/* Jobs that are not over: job.c keeps the list, the loop cancels them at its end. */
struct job **loop_jobs(struct loop *loop);
struct job *job_next(const struct job *job);

/* Dies when libuv could not do what cannot fail but for want of memory. */
void loop_must(int result, const char *what);
