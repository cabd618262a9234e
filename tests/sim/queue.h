#pragma once
/* Virtual time: what will happen, in order of its moment and then of its making, so that a world
 * repeats to the bit. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;
struct task;

/* What is to be done. */
typedef void task_run(struct world *world, struct task *task);

struct task {
    uint64_t at;     /* us of the world's time */
    uint64_t serial; /* the older one first */
    task_run *run;
    void *data;           /* goes with the task; may be NULL */
    void (*drop)(void *); /* how; NULL: free() */
    uint64_t number;      /* whatever `run` needs */
    uint32_t node;
    uint32_t life; /* of that node: what a crash makes void */
};

struct queue {
    struct task *heap;
    size_t count;
    size_t room;
    uint64_t serial;
};

void queue_add(struct queue *queue, const struct task *task);
/* The first one, if it is not later than `until`; then for task_done. */
bool queue_take(struct queue *queue, uint64_t until, struct task *into);
/* Frees its data, if `run` did not set it to NULL. */
void task_done(struct task *task);
void queue_done(struct queue *queue);
