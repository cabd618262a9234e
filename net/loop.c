/* libuv's loop with its handles inside: they live exactly as long as the loop does.
 *
 * The end of a turn is libuv's "prepare": all events of the last wait and all timers are over, and
 * the next wait has not begun. */
#include "net/loop.h"

#include "base/alloc.h"
#include "base/sys.h"
#include "net/job.h"
#include "net/loop_parts.h"

#include <stdlib.h>
#include <utlist.h>

enum { INPUT_BYTES = 4096 }; /* read at a time: many lines, little memory */

struct watch {
    uv_signal_t handle;
    void (*heard)(void *self, int signal);
    void *self;
};

struct input {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_tcp_t tcp;
        uv_tty_t tty;
    } as;
    uv_fs_t request; /* a file is read on the thread pool */
    uv_loop_t *uv;
    int descriptor;
    bool is_stream;
    bool reading; /* a request is under way */
    bool held;
    bool ended;
    void (*call)(void *self, const char *bytes, size_t size);
    void *self;
    char bytes[INPUT_BYTES];
};

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare;
    uv_idle_t idle;
    uv_timer_t patience;
    bool stopping;
    bool closing;
    bool gave_up;
    struct sys sys;
    bool again; /* loop_again */
    bool told;  /* the clocks were read in this turn */
    uint64_t mono_ms;
    int64_t wall_ms;
    void (*turned)(void *self);
    void *turned_self;
    struct chore *chores;
    struct chore mark; /* the end of those that this turn does */
    struct job *jobs;
    struct watch watches[LOOP_SIGNALS];
    size_t watch_count;
    uv_poll_t poll;
    bool polling;
    void (*readable)(void *self);
    void *readable_self;
    struct input *input;
};

void loop_must(int result, const char *what)
{
    if (result < 0)
        die("%s: %s", what, uv_strerror(result));
}

uv_loop_t *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

struct job **loop_jobs(struct loop *loop)
{
    return &loop->jobs;
}

/* ---- turns -----------------------------------------------------------------------------------*/

static void on_idle(uv_idle_t *idle)
{
    uv_idle_stop(idle);
}

void loop_again(struct loop *loop)
{
    loop->again = true;
}

void loop_on_turn(struct loop *loop, void (*turned)(void *self), void *self)
{
    loop->turned = turned;
    loop->turned_self = self;
}

void loop_chore(struct loop *loop, struct chore *chore)
{
    if (chore->waits)
        return;
    chore->waits = true;
    DL_APPEND(loop->chores, chore);
}

void loop_chore_drop(struct loop *loop, struct chore *chore)
{
    if (!chore->waits)
        return;
    chore->waits = false;
    DL_DELETE(loop->chores, chore);
}

/* The list is taken as it is now, behind a mark, so that chores of chores come later. */
static bool chores_run(struct loop *loop)
{
    bool called = false;
    loop->mark.waits = true;
    DL_APPEND(loop->chores, &loop->mark);
    while (loop->chores != &loop->mark) {
        struct chore *chore = loop->chores;
        loop_chore_drop(loop, chore);
        called |= chore->run(chore);
    }
    loop_chore_drop(loop, &loop->mark);
    return called;
}

static void turn_end(struct loop *loop)
{
    if (loop->turned)
        loop->turned(loop->turned_self);
    bool called = chores_run(loop);
    if (called || loop->chores || loop->again)
        uv_idle_start(&loop->idle, on_idle);
    loop->again = false;
    loop->told = false;
}

static void on_prepare(uv_prepare_t *prepare)
{
    turn_end(prepare->data);
}

static void clocks_read(struct loop *loop)
{
    if (loop->told)
        return;
    loop->told = true;
    loop->mono_ms = sys_mono_us(&loop->sys) / 1000;
    loop->wall_ms = sys_wall_ms(&loop->sys);
}

uint64_t loop_mono_ms(struct loop *loop)
{
    clocks_read(loop);
    return loop->mono_ms;
}

int64_t loop_wall_ms(struct loop *loop)
{
    clocks_read(loop);
    return loop->wall_ms;
}

/* ---- its life --------------------------------------------------------------------------------*/

struct loop *loop_new(void)
{
    struct loop *loop = xcalloc(1, sizeof *loop);
    loop->sys = sys_real();
    loop_must(uv_loop_init(&loop->uv), "the event loop cannot start");
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_idle_init(&loop->uv, &loop->idle);
    uv_timer_init(&loop->uv, &loop->patience);
    loop->prepare.data = loop;
    loop->patience.data = loop;
    uv_prepare_start(&loop->prepare, on_prepare);
    return loop;
}

void loop_run(struct loop *loop)
{
    while (!loop->stopping) /* libuv may remember a stop of long ago */
        uv_run(&loop->uv, UV_RUN_DEFAULT);
    turn_end(loop);
    loop->stopping = false;
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
    uv_stop(&loop->uv);
}

static void close_own(struct loop *loop)
{
    loop->closing = true;
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->idle, NULL);
    for (size_t i = 0; i < loop->watch_count; i++)
        uv_close((uv_handle_t *)&loop->watches[i].handle, NULL);
    if (loop->polling)
        uv_close((uv_handle_t *)&loop->poll, NULL);
    if (!loop->input)
        return;
    loop->input->call = NULL;
    if (loop->input->is_stream)
        uv_close(&loop->input->as.handle, NULL);
    else if (loop->input->reading)
        uv_cancel((uv_req_t *)&loop->input->request);
}

static void on_patience(uv_timer_t *timer)
{
    struct loop *loop = timer->data;
    loop->gave_up = true;
    uv_stop(&loop->uv);
}

static void must_close(uv_handle_t *handle, void *self)
{
    const struct loop *loop = self;
    if (!uv_is_closing(handle) && handle != (const uv_handle_t *)&loop->patience)
        die("a %s outlives its loop", uv_handle_type_name(handle->type));
}

bool loop_free(struct loop *loop)
{
    if (!loop)
        return true;
    if (!loop->closing)
        close_own(loop);
    uv_walk(&loop->uv, must_close, loop);
    for (struct job *job = loop->jobs; job; job = job_next(job))
        job_cancel(job);
    loop->gave_up = false;
    uv_update_time(&loop->uv); /* who did not run it for long has not been patient for long */
    uv_timer_start(&loop->patience, on_patience, LOOP_PATIENCE_MS, 0);
    uv_unref((uv_handle_t *)&loop->patience);
    while (uv_loop_alive(&loop->uv) && !loop->gave_up) /* again where it had been stopped before */
        uv_run(&loop->uv, UV_RUN_DEFAULT);
    if (loop->gave_up) /* what was ready while this machine let us wait is taken */
        uv_run(&loop->uv, UV_RUN_NOWAIT);
    if (uv_loop_alive(&loop->uv))
        return false; /* a thread still writes into it */
    uv_close((uv_handle_t *)&loop->patience, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    loop_must(uv_loop_close(&loop->uv), "the event loop cannot be closed");
    free(loop->input);
    free(loop);
    return true;
}

/* ---- signals ---------------------------------------------------------------------------------*/

static void on_signal(uv_signal_t *handle, int signal)
{
    struct watch *watch = handle->data;
    watch->heard(watch->self, signal);
}

void loop_on_signal(struct loop *loop, int signal, void (*heard)(void *self, int signal),
                    void *self)
{
    if (loop->watch_count == LOOP_SIGNALS)
        die("more than %d signals are watched", LOOP_SIGNALS);
    struct watch *watch = &loop->watches[loop->watch_count++];
    watch->heard = heard;
    watch->self = self;
    watch->handle.data = watch;
    loop_must(uv_signal_init(&loop->uv, &watch->handle), "signals cannot be watched");
    loop_must(uv_signal_start(&watch->handle, on_signal, signal), "a signal cannot be watched");
}

/* ---- a terminal ------------------------------------------------------------------------------*/

static void on_poll(uv_poll_t *handle, int status, int events)
{
    (void)status; /* whoever reads sees the error too */
    (void)events;
    struct loop *loop = handle->data;
    loop->readable(loop->readable_self);
}

void loop_on_readable(struct loop *loop, int descriptor, void (*readable)(void *self), void *self)
{
    loop->readable = readable;
    loop->readable_self = self;
    loop->poll.data = loop;
    loop_must(uv_poll_init(&loop->uv, &loop->poll, descriptor), "the terminal cannot be watched");
    loop->polling = true;
    loop_must(uv_poll_start(&loop->poll, UV_READABLE, on_poll), "the terminal cannot be watched");
}

/* ---- input of any kind -----------------------------------------------------------------------*/

static void input_give(struct input *input, ssize_t size)
{
    if (input->call)
        input->call(input->self, input->bytes, size > 0 ? (size_t)size : 0);
}

static void file_read(struct input *input);

static void on_file(uv_fs_t *request)
{
    struct input *input = request->data;
    ssize_t size = request->result;
    uv_fs_req_cleanup(request);
    input->reading = false;
    input->ended = size <= 0;
    input_give(input, size);
    file_read(input);
}

static void file_read(struct input *input)
{
    if (input->held || input->reading || input->ended || !input->call)
        return;
    uv_buf_t room = uv_buf_init(input->bytes, sizeof input->bytes);
    input->request.data = input;
    input->reading = true;
    loop_must(uv_fs_read(input->uv, &input->request, input->descriptor, &room, 1, -1, on_file),
              "the input cannot be read");
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
    (void)wanted;
    struct input *input = handle->data;
    *room = uv_buf_init(input->bytes, sizeof input->bytes);
}

static void on_bytes(uv_stream_t *stream, ssize_t size, const uv_buf_t *room)
{
    (void)room;
    struct input *input = stream->data;
    if (size == 0)
        return; /* libuv's "try again" */
    if (size < 0) {
        input->ended = true;
        uv_read_stop(stream);
    }
    input_give(input, size);
}

/* Opens it as what it is; false where it is no stream. */
static bool stream_open(struct input *input, uv_loop_t *uv)
{
    uv_handle_type kind = uv_guess_handle(input->descriptor);
    int result;
    if (kind == UV_TTY) {
        result = uv_tty_init(uv, &input->as.tty, input->descriptor, 0);
    } else if (kind == UV_NAMED_PIPE) {
        loop_must(uv_pipe_init(uv, &input->as.pipe, 0), "the input cannot be watched");
        result = uv_pipe_open(&input->as.pipe, input->descriptor);
    } else if (kind == UV_TCP) {
        loop_must(uv_tcp_init(uv, &input->as.tcp), "the input cannot be watched");
        result = uv_tcp_open(&input->as.tcp, input->descriptor);
    } else {
        return false;
    }
    loop_must(result, "the input cannot be opened");
    input->as.handle.data = input;
    return true;
}

static void input_read(struct input *input)
{
    if (!input->is_stream)
        file_read(input);
    else if (!input->ended && !input->held)
        loop_must(uv_read_start(&input->as.stream, on_room, on_bytes), "the input cannot be read");
}

void loop_on_input(struct loop *loop, int descriptor,
                   void (*input)(void *self, const char *bytes, size_t size), void *self)
{
    struct input *new = xcalloc(1, sizeof *new);
    new->uv = &loop->uv;
    new->descriptor = descriptor;
    new->call = input;
    new->self = self;
    loop->input = new;
    new->is_stream = stream_open(new, &loop->uv);
    input_read(new);
}

void loop_input_hold(struct loop *loop, bool hold)
{
    struct input *input = loop->input;
    if (!input || input->held == hold)
        return;
    input->held = hold;
    if (hold && input->is_stream)
        uv_read_stop(&input->as.stream);
    else if (!hold)
        input_read(input);
}
