/* What goes out on a link: what one turn queued is encrypted together and written at its end, as
 * far as the system takes it; the rest waits for libuv. At most one write is under way. */
#include "net/link.h"

#include "base/alloc.h"
#include "net/link_state.h"

#include <stdlib.h>

size_t link_queued(const struct link *link)
{
    size_t encrypted = link->tls ? tls_outgoing(link->tls)->length : 0;
    return link->out.length + encrypted +
           uv_stream_get_write_queue_size((const uv_stream_t *)&link->tcp);
}

bool link_send(struct link *link, const void *bytes, size_t size)
{
    size_t queued = link_queued(link), limit = link->links->limits.queue;
    if (link->state != LINK_OPEN || link->write_error || queued > limit || size > limit - queued)
        return false;
    loop_chore(link->links->loop, &link->chore);
    return buf_add(&link->out, bytes, size);
}

/* True where a fault ended the link. */
static bool encrypt(struct link *link)
{
    size_t taken;
    if (!link->tls || link->out.length == 0)
        return false;
    enum tls_result result = tls_write(link->tls, buf_bytes(&link->out), link->out.length, &taken);
    buf_eat(&link->out, taken);
    if (link->out.length == 0)
        buf_done(&link->out);
    if (result != TLS_FAILED)
        return false;
    link_down(link, LINK_DOWN_TLS);
    return true;
}

/* Nothing more can be written. Reading tells how it ended, and may still find what was said
 * before. */
static void write_failed(struct link *link, int error)
{
    link->write_error = error;
    buf_done(&link->out);
    if (link->state == LINK_LEAVING)
        link_gone(link, true);
}

static const struct buf *outgoing(const struct link *link)
{
    return link->tls ? tls_outgoing(link->tls) : &link->out;
}

static void outgoing_eat(struct link *link, size_t size)
{
    link->bytes_out += size;
    if (link->tls) {
        tls_sent(link->tls, size);
        return;
    }
    buf_eat(&link->out, size);
    if (link->out.length == 0)
        buf_done(&link->out);
}

static void on_written(uv_write_t *request, int status)
{
    struct writing *writing = request->data;
    struct link *link = writing->link;
    size_t size = writing->bytes.length;
    buf_done(&writing->bytes);
    free(writing);
    link->writing = false;
    if (link->state == LINK_GONE)
        return;
    if (status < 0) {
        write_failed(link, status);
        return;
    }
    link->bytes_out += size;
    link->written = true;
    loop_chore(link->links->loop, &link->chore);
}

/* TAKES what the system did not. */
static void write_later(struct link *link)
{
    struct writing *writing = xcalloc(1, sizeof *writing);
    writing->link = link;
    if (link->tls) {
        tls_outgoing_move(link->tls, &writing->bytes);
    } else {
        writing->bytes = link->out;
        buf_init(&link->out, link->links->limits.queue);
    }
    writing->request.data = writing;
    uv_buf_t bytes = uv_buf_init((char *)writing->bytes.room + writing->bytes.start,
                                 (unsigned int)writing->bytes.length);
    link->writing = true;
    int error = uv_write(&writing->request, (uv_stream_t *)&link->tcp, &bytes, 1, on_written);
    if (error < 0) /* libuv will not call on_written */
        on_written(&writing->request, error);
}

/* As much as the system takes; true where a fault ended the link. */
static bool write_now(struct link *link)
{
    while (!link->writing && link->write_error == 0) {
        if (encrypt(link))
            return true;
        const struct buf *bytes = outgoing(link);
        if (bytes->length == 0)
            break;
        uv_buf_t part =
            uv_buf_init((char *)bytes->room + bytes->start, (unsigned int)bytes->length);
        int written = uv_try_write((uv_stream_t *)&link->tcp, &part, 1);
        if (written < 0 && written != UV_EAGAIN) {
            write_failed(link, written);
            break;
        }
        if (written > 0) {
            outgoing_eat(link, (size_t)written);
            link->written = true;
        }
        if (outgoing(link)->length > 0)
            write_later(link);
    }
    return false;
}

static void on_shut(uv_shutdown_t *request, int status)
{
    struct link *link = request->data;
    free(request);
    if (status < 0 && link->state == LINK_LEAVING)
        link_gone(link, true);
}

/* Our side says that it is over, and waits for the other to say so: whoever closes with bytes
 * unread resets the connection, and the other may lose what we said last. */
static void farewell(struct link *link)
{
    uv_shutdown_t *request = xcalloc(1, sizeof *request);
    link->farewell = true;
    request->data = link;
    if (uv_shutdown(request, (uv_stream_t *)&link->tcp, on_shut) < 0) {
        free(request);
        link_gone(link, true);
    }
}

void link_leave_on(struct link *link)
{
    if (!link->farewell && link->write_error == 0) {
        if (link->tls && link->out.length == 0) {
            tls_close(link->tls);
            write_now(link);
        }
        if (link->state != LINK_LEAVING || link_queued(link) > 0 || link->writing)
            return;
        farewell(link);
    }
    if (link->state == LINK_LEAVING && link->eof)
        link_gone(link, false);
}

bool link_write(struct link *link)
{
    if (link->state != LINK_SHAKING && link->state != LINK_OPEN && link->state != LINK_LEAVING)
        return false;
    if (write_now(link))
        return true;
    bool written = link->written;
    link->written = false;
    if (link->state == LINK_LEAVING)
        link_leave_on(link);
    if (!written || link->state != LINK_OPEN || !link->calls->queued)
        return false;
    link->calls->queued(link->self, link_queued(link));
    return true;
}
