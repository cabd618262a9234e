/* A heap, the earliest task on top. */
#include "tests/sim/queue.h"

#include "base/alloc.h"

#include <stdlib.h>

static bool earlier(const struct task *a, const struct task *b)
{
    return a->at != b->at ? a->at < b->at : a->serial < b->serial;
}

void queue_add(struct queue *queue, const struct task *task)
{
    if (queue->count == queue->room) {
        queue->room = queue->room ? queue->room * 2 : 256;
        queue->heap = xrealloc(queue->heap, queue->room, sizeof *queue->heap);
    }
    struct task new = *task;
    new.serial = ++queue->serial;
    size_t at = queue->count++;
    while (at > 0 && earlier(&new, &queue->heap[(at - 1) / 2])) {
        queue->heap[at] = queue->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    queue->heap[at] = new;
}

static void queue_sink(struct queue *queue, const struct task *task)
{
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= queue->count)
            break;
        if (child + 1 < queue->count && earlier(&queue->heap[child + 1], &queue->heap[child]))
            child++;
        if (earlier(task, &queue->heap[child]))
            break;
        queue->heap[at] = queue->heap[child];
        at = child;
    }
    queue->heap[at] = *task;
}

bool queue_take(struct queue *queue, uint64_t until, struct task *into)
{
    if (queue->count == 0 || queue->heap[0].at > until)
        return false;
    *into = queue->heap[0];
    struct task last = queue->heap[--queue->count];
    if (queue->count)
        queue_sink(queue, &last);
    return true;
}

void task_done(struct task *task)
{
    if (task->drop && task->data)
        task->drop(task->data);
    else
        free(task->data);
    task->data = NULL;
}

void queue_done(struct queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        task_done(&queue->heap[i]);
    free(queue->heap);
    *queue = (struct queue){0};
}
