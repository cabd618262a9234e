/* libuv's loop with its handles inside: they live exactly as long as the loop does. */
#include "net/loop.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <uv.h>

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
    int descriptor;
    bool is_stream;
    bool reading; /* a request is under way */
    void (*call)(void *self, const char *bytes, size_t size);
    void *self;
    char bytes[INPUT_BYTES];
};

struct loop {
    uv_loop_t uv;
    struct watch watches[LOOP_SIGNALS];
    size_t watch_count;
    uv_poll_t poll;
    bool polling;
    void (*readable)(void *self);
    void *readable_self;
    struct input *input;
};

static void must(int result, const char *what)
{
    if (result < 0)
        die("%s: %s", what, uv_strerror(result));
}

struct loop *loop_new(void)
{
    struct loop *loop = xcalloc(1, sizeof *loop);
    must(uv_loop_init(&loop->uv), "the event loop cannot start");
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    for (size_t i = 0; i < loop->watch_count; i++)
        uv_close((uv_handle_t *)&loop->watches[i].handle, NULL);
    if (loop->polling)
        uv_close((uv_handle_t *)&loop->poll, NULL);
    if (loop->input) {
        loop->input->call = NULL;
        if (loop->input->is_stream)
            uv_close(&loop->input->as.handle, NULL);
        else if (loop->input->reading)
            uv_cancel((uv_req_t *)&loop->input->request);
    }
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    must(uv_loop_close(&loop->uv), "the event loop cannot be closed");
    free(loop->input);
    free(loop);
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
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
    must(uv_signal_init(&loop->uv, &watch->handle), "signals cannot be watched");
    must(uv_signal_start(&watch->handle, on_signal, signal), "a signal cannot be watched");
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
    must(uv_poll_init(&loop->uv, &loop->poll, descriptor), "the terminal cannot be watched");
    loop->polling = true;
    must(uv_poll_start(&loop->poll, UV_READABLE, on_poll), "the terminal cannot be watched");
}

/* ---- input of any kind -----------------------------------------------------------------------*/

static void input_give(struct input *input, ssize_t size)
{
    if (input->call)
        input->call(input->self, input->bytes, size > 0 ? (size_t)size : 0);
}

static void file_read(struct input *input, uv_loop_t *uv);

static void on_file(uv_fs_t *request)
{
    struct input *input = request->data;
    uv_loop_t *uv = request->loop;
    ssize_t size = request->result;
    uv_fs_req_cleanup(request);
    input->reading = false;
    input_give(input, size);
    if (size > 0 && input->call)
        file_read(input, uv);
}

static void file_read(struct input *input, uv_loop_t *uv)
{
    uv_buf_t room = uv_buf_init(input->bytes, sizeof input->bytes);
    input->request.data = input;
    input->reading = true;
    must(uv_fs_read(uv, &input->request, input->descriptor, &room, 1, -1, on_file),
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
    if (size < 0)
        uv_read_stop(stream);
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
        must(uv_pipe_init(uv, &input->as.pipe, 0), "the input cannot be watched");
        result = uv_pipe_open(&input->as.pipe, input->descriptor);
    } else if (kind == UV_TCP) {
        must(uv_tcp_init(uv, &input->as.tcp), "the input cannot be watched");
        result = uv_tcp_open(&input->as.tcp, input->descriptor);
    } else {
        return false;
    }
    must(result, "the input cannot be opened");
    input->as.handle.data = input;
    return true;
}

void loop_on_input(struct loop *loop, int descriptor,
                   void (*input)(void *self, const char *bytes, size_t size), void *self)
{
    struct input *new = xcalloc(1, sizeof *new);
    new->descriptor = descriptor;
    new->call = input;
    new->self = self;
    loop->input = new;
    new->is_stream = stream_open(new, &loop->uv);
    if (new->is_stream)
        must(uv_read_start(&new->as.stream, on_room, on_bytes), "the input cannot be read");
    else
        file_read(new, &loop->uv);
}
