/* One call: attempts that run beside each other until one stands. A dial is freed when it is told
 * or cancelled; an attempt's request when libuv has let go of it. */
#include "net/dial.h"

#include "base/alloc.h"
#include "net/link_parts.h"
#include "net/resolve.h"
#include "net/timer.h"

#include <stdlib.h>
#include <string.h>

struct attempt {
    uv_connect_t request;
    struct dial *dial; /* NULL: nobody waits for it any more */
    struct link *link;
};

struct dial {
    struct links *links;
    struct loop *loop;
    struct resolve *resolve;
    struct chore chore;
    struct timer *timer;
    uint64_t over_at; /* mono ms */
    uint64_t next_at;
    struct address addresses[DIAL_ADDRESSES];
    size_t count;
    size_t next; /* the first that was not tried */
    struct attempt *attempts[DIAL_ADDRESSES];
    size_t under_way;
    enum dial_result failure; /* the one that says most; DIAL_OK: none yet */
    dial_done *done;
    void *self;
};

/* ---- the end ---------------------------------------------------------------------------------*/

static void attempt_end(struct dial *dial, size_t index)
{
    struct attempt *attempt = dial->attempts[index];
    dial->attempts[index] = NULL;
    dial->under_way--;
    attempt->dial = NULL;
    link_free(attempt->link);
}

void dial_cancel(struct dial *dial)
{
    if (!dial)
        return;
    for (size_t i = 0; i < dial->next; i++)
        if (dial->attempts[i])
            attempt_end(dial, i);
    resolve_cancel(dial->resolve);
    timer_free(dial->timer);
    loop_chore_drop(dial->loop, &dial->chore);
    free(dial);
}

/* It is gone before it tells, so that nobody can cancel it then. */
static void tell(struct dial *dial, enum dial_result result, struct link *link)
{
    dial_done *done = dial->done;
    void *self = dial->self;
    dial_cancel(dial);
    done(self, result, link);
}

/* ---- attempts --------------------------------------------------------------------------------*/

static enum dial_result result_of(int error)
{
    switch (error) {
    case UV_ECONNREFUSED:
    case UV_ECONNRESET:
        return DIAL_REFUSED;
    case UV_ETIMEDOUT:
        return DIAL_TIMEOUT;
    case UV_EMFILE:
    case UV_ENFILE:
    case UV_ENOBUFS:
    case UV_ENOMEM:
        return DIAL_TROUBLE;
    default: /* an int of libuv's; no route, no family, forbidden, no such address */
        return DIAL_UNREACHABLE;
    }
}

/* The enum's order is that of what says most. */
static void note(struct dial *dial, int error)
{
    enum dial_result result = result_of(error);
    if (dial->failure == DIAL_OK || result < dial->failure)
        dial->failure = result;
}

static size_t index_of(const struct dial *dial, const struct attempt *attempt)
{
    size_t i = 0;
    while (dial->attempts[i] != attempt)
        i++;
    return i;
}

static void go_on(struct dial *dial);

static void on_connected(uv_connect_t *request, int status)
{
    struct attempt *attempt = request->data;
    struct dial *dial = attempt->dial;
    struct link *link = attempt->link;
    if (!dial) {
        free(attempt);
        return;
    }
    dial->attempts[index_of(dial, attempt)] = NULL;
    dial->under_way--;
    free(attempt);
    if (status == 0 && link_connected(link)) {
        link_hand_over(link);
        tell(dial, DIAL_OK, link);
        return;
    }
    link_free(link);
    note(dial, status);
    dial->next_at = 0; /* a failure lets the next one go at once */
    go_on(dial);
}

static void attempt_new(struct dial *dial)
{
    struct sockaddr_storage system;
    const struct address *address = &dial->addresses[dial->next++];
    struct attempt *attempt = xcalloc(1, sizeof *attempt);
    attempt->dial = dial;
    attempt->link = link_new(dial->links, address);
    attempt->request.data = attempt;
    address_to_system(address, &system);
    int error = uv_tcp_connect(&attempt->request, link_tcp(attempt->link),
                               (const struct sockaddr *)&system, on_connected);
    if (error == 0) {
        dial->attempts[dial->next - 1] = attempt;
        dial->under_way++;
        dial->next_at = loop_mono_ms(dial->loop) + links_limits(dial->links)->dial_next_ms;
        return;
    }
    note(dial, error);
    link_free(attempt->link);
    free(attempt);
}

/* Whatever is due; the dial may be over afterwards. */
static void go_on(struct dial *dial)
{
    uint64_t now = loop_mono_ms(dial->loop);
    if (now >= dial->over_at) {
        tell(dial, dial->failure == DIAL_OK ? DIAL_TIMEOUT : dial->failure, NULL);
        return;
    }
    while (dial->next < dial->count && (dial->under_way == 0 || now >= dial->next_at))
        attempt_new(dial);
    if (dial->count > 0 && dial->under_way == 0) {
        tell(dial, dial->failure, NULL);
        return;
    }
    bool more = dial->next < dial->count && dial->next_at < dial->over_at;
    timer_set(dial->timer, more ? dial->next_at : dial->over_at);
}

static void on_time(void *self)
{
    go_on(self);
}

static bool on_chore(struct chore *chore)
{
    go_on((struct dial *)((char *)chore - offsetof(struct dial, chore)));
    return true;
}

/* ---- the beginning ---------------------------------------------------------------------------*/

static struct dial *dial_make(struct links *links, dial_done *done, void *self)
{
    struct dial *dial = xcalloc(1, sizeof *dial);
    dial->links = links;
    dial->loop = links_loop(links);
    dial->chore.run = on_chore;
    dial->timer = timer_new(dial->loop, on_time, dial);
    dial->over_at = loop_mono_ms(dial->loop) + links_limits(links)->dial_ms;
    dial->done = done;
    dial->self = self;
    loop_chore(dial->loop, &dial->chore);
    return dial;
}

static void addresses_set(struct dial *dial, const struct address *addresses, size_t count)
{
    dial->count = count < DIAL_ADDRESSES ? count : DIAL_ADDRESSES;
    memcpy(dial->addresses, addresses, dial->count * sizeof *addresses);
}

struct dial *dial_new(struct links *links, const struct address *addresses, size_t count,
                      dial_done *done, void *self)
{
    struct dial *dial = dial_make(links, done, self);
    addresses_set(dial, addresses, count);
    return dial;
}

static void on_resolved(void *self, enum resolve_result result, const struct address *addresses,
                        size_t count)
{
    static const enum dial_result results[] = {
        [RESOLVE_OK] = DIAL_OK,
        [RESOLVE_NO_NAME] = DIAL_NO_NAME,
        [RESOLVE_TIMEOUT] = DIAL_TIMEOUT,
        [RESOLVE_TROUBLE] = DIAL_TROUBLE,
    };
    struct dial *dial = self;
    dial->resolve = NULL;
    if (result != RESOLVE_OK) {
        tell(dial, results[result], NULL);
        return;
    }
    addresses_set(dial, addresses, count);
    go_on(dial);
}

struct dial *dial_host(struct links *links, const char *host, uint16_t port, dial_done *done,
                       void *self)
{
    struct dial *dial = dial_make(links, done, self);
    dial->resolve = resolve_new(dial->loop, host, port, on_resolved, dial);
    return dial;
}
