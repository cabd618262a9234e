/* A job owns its effect. Entries are counted without locks: on the other thread they are only read.
 *
 * To hand a job to another thread and to be told of its end takes as long as one signature: a short
 * one is done at once where no other is under way, one in a millisecond, so that no key waits for
 * many. */
#include "app/jobs.h"

#include "base/alloc.h"
#include "dialect/native.h"
#include "net/job.h"
#include "net/loop.h"

#include <stdlib.h>

enum { SHORT_BYTES = 4096 /* to be hashed: some microseconds */ };

struct jobs {
    struct loop *loop;
    const struct identity *identity;
    const struct hash *net;
    void (*answer)(void *self, const struct node_event *event);
    void *self;
    size_t count;           /* under way */
    struct task *short_one; /* done, and not answered yet */
    uint64_t short_at;      /* when a job was last done at once */
};

struct task {
    struct jobs *jobs;
    struct node_effect *effect;
    struct node_event event;
    bool *verified;
};

static void work_check(struct task *task)
{
    const struct sync_effect *sync = task->effect->sync;
    task->event.kind = EVENT_CHECKED;
    task->event.verdict = run_check(sync->has_below ? &sync->below : NULL, &sync->range.author,
                                    sync->entries, sync->count, &signer_real);
}

static void work_open(struct task *task)
{
    task->event.kind = EVENT_OPENED;
    task->event.opened.fault = whisper_open(&task->effect->open->fields, task->jobs->identity,
                                            &native_codec, &task->event.opened.whisper);
}

static void work_verify(struct task *task)
{
    size_t count = task->effect->acks.count;
    task->verified = xcalloc(count + 1, sizeof *task->verified);
    for (size_t i = 0; i < count; i++)
        task->verified[i] = ack_verify(&task->effect->acks.acks[i], task->jobs->net, &signer_real);
    task->event.kind = EVENT_VERIFIED;
    task->event.verified = task->verified;
}

static void work(void *self)
{
    struct task *task = self;
    if (task->effect->kind == EFFECT_CHECK)
        work_check(task);
    else if (task->effect->kind == EFFECT_OPEN)
        work_open(task);
    else
        work_verify(task);
}

static void done(void *self, bool ran)
{
    struct task *task = self;
    struct jobs *jobs = task->jobs;
    jobs->count--;
    if (ran)
        jobs->answer(jobs->self, &task->event);
    free(task->verified);
    node_effect_free(task->effect);
    free(task);
}

struct jobs *jobs_new(struct loop *loop, const struct identity *identity, const struct hash *net,
                      void (*answer)(void *self, const struct node_event *event), void *self)
{
    struct jobs *jobs = xcalloc(1, sizeof *jobs);
    *jobs = (struct jobs){
        .loop = loop, .identity = identity, .net = net, .answer = answer, .self = self};
    return jobs;
}

void jobs_free(struct jobs *jobs)
{
    free(jobs);
}

/* One signature, and little else. */
static bool is_short(const struct node_effect *effect)
{
    if (effect->kind == EFFECT_VERIFY)
        return effect->acks.count == 1;
    return effect->kind == EFFECT_CHECK && effect->sync->count == 1 &&
           effect->sync->entries[0]->size <= SHORT_BYTES;
}

void jobs_answer(struct jobs *jobs)
{
    struct task *task = jobs ? jobs->short_one : NULL;
    if (!task)
        return;
    jobs->short_one = NULL;
    done(task, true);
}

void jobs_do(struct jobs *jobs, struct node_effect *effect)
{
    uint64_t now = loop_mono_ms(jobs->loop);
    struct task *task = xcalloc(1, sizeof *task);
    task->jobs = jobs;
    task->effect = effect;
    task->event.ticket = effect->ticket;
    if (jobs->count++ == 0 && now > jobs->short_at && is_short(effect)) {
        jobs->short_at = now;
        jobs->short_one = task;
        work(task);
        return;
    }
    job_start(jobs->loop, work, done, task);
}

bool jobs_are_over(const struct jobs *jobs)
{
    return jobs->count == 0;
}
