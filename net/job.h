#pragma once
/* Work that leaves the loop's thread: commits, batches of signatures.
 *
 * `work` sees nothing that the loop's thread touches meanwhile; `done` is told on that thread,
 * exactly once for each job, and never from inside a function of this file but loop_free. */
#include <stdbool.h>

struct loop;
struct job;

/* `ran`: whether `work` was called. Valid until `done`. Jobs start in their order, but several run
 * at once: whoever wants one after the other starts the next in `done`. */
struct job *job_start(struct loop *loop, void (*work)(void *self),
                      void (*done)(void *self, bool ran), void *self);
/* If it has not begun it never will; `done` comes all the same. */
void job_cancel(struct job *job);
