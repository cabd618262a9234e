#pragma once
/* Signatures and seals are checked on threads of the pool, short ones at once; each answer is an
 * event for the node. */
#include "core/node.h"

struct jobs;
struct loop;

/* All is borrowed, and outlives the jobs. */
struct jobs *jobs_new(struct loop *loop, const struct identity *identity, const struct hash *net,
                      void (*answer)(void *self, const struct node_event *event), void *self);
/* When they are over, or the loop is gone. NULL is fine. */
void jobs_free(struct jobs *jobs);

/* EFFECT_CHECK, _OPEN or _VERIFY. TAKES it. */
void jobs_do(struct jobs *jobs, struct node_effect *effect);
/* Answers what was done at once: behind the event that asked for it. NULL is fine. */
void jobs_answer(struct jobs *jobs);
/* None is under way. */
bool jobs_are_over(const struct jobs *jobs);
