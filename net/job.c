/* libuv's thread pool. A job is in its loop's list from job_start until `done`. */
#include "net/job.h"

#include "base/alloc.h"
#include "net/loop_parts.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <utlist.h>

enum {
    JOB_RANK =
        10 /* steps of nice(2) below the loop's thread: a tenth of its share, if both want all */
};

struct job {
    struct job *prev, *next;
    uv_work_t request;
    struct loop *loop;
    bool ran; /* the pool's thread writes it before libuv tells the loop's */
    void (*work)(void *self);
    void (*done)(void *self, bool ran);
    void *self;
};

struct job *job_next(const struct job *job)
{
    return job->next;
}

/* A key that was pressed does not wait for a disk. Only where a thread has a rank of its own. */
static void make_way(void)
{
#ifdef __linux__
    static _Thread_local bool made;
    if (!made)
        (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + JOB_RANK);
    made = true;
#endif
}

static void on_work(uv_work_t *request)
{
    struct job *job = request->data;
    make_way();
    job->ran = true;
    job->work(job->self);
}

static void on_done(uv_work_t *request, int status)
{
    (void)status; /* cancelled is what did not run */
    struct job *job = request->data;
    struct job **jobs = loop_jobs(job->loop);
    DL_DELETE(*jobs, job);
    job->done(job->self, job->ran);
    free(job);
}

struct job *job_start(struct loop *loop, void (*work)(void *self),
                      void (*done)(void *self, bool ran), void *self)
{
    struct job *job = xcalloc(1, sizeof *job);
    struct job **jobs = loop_jobs(loop);
    job->loop = loop;
    job->work = work;
    job->done = done;
    job->self = self;
    job->request.data = job;
    DL_APPEND(*jobs, job);
    loop_must(uv_queue_work(loop_uv(loop), &job->request, on_work, on_done),
              "no work can be handed to another thread");
    return job;
}

void job_cancel(struct job *job)
{
    uv_cancel((uv_req_t *)&job->request);
}
