/* getaddrinfo on libuv's threads. The system cannot be hurried: who cancels, or waits no longer,
 * leaves the question behind, and its memory goes when the answer comes. */
#include "net/resolve.h"

#include "base/alloc.h"
#include "net/loop_parts.h"
#include "net/timer.h"

#include <netdb.h>
#include <stdlib.h>

enum { SEEN_MAX = 64 }; /* addresses of one name that are looked at */

struct resolve {
    uv_getaddrinfo_t request;
    struct loop *loop;
    struct chore chore;
    struct timer *timer;
    bool asking; /* libuv has `request` */
    bool over;   /* nobody waits any more */
    enum resolve_result result;
    uint16_t port;
    size_t count;
    struct address addresses[RESOLVE_ADDRESSES];
    void (*done)(void *self, enum resolve_result result, const struct address *addresses,
                 size_t count);
    void *self;
};

static void let_go(struct resolve *resolve)
{
    timer_free(resolve->timer);
    resolve->timer = NULL;
    loop_chore_drop(resolve->loop, &resolve->chore);
    resolve->over = true;
    if (!resolve->asking)
        free(resolve);
    else
        uv_cancel((uv_req_t *)&resolve->request);
}

void resolve_cancel(struct resolve *resolve)
{
    if (resolve)
        let_go(resolve);
}

static void answer(struct resolve *resolve)
{
    bool good = resolve->result == RESOLVE_OK;
    resolve->done(resolve->self, resolve->result, resolve->addresses, good ? resolve->count : 0);
    let_go(resolve);
}

static bool on_chore(struct chore *chore)
{
    answer((struct resolve *)((char *)chore - offsetof(struct resolve, chore)));
    return true;
}

static void on_late(void *self)
{
    struct resolve *resolve = self;
    resolve->result = RESOLVE_TIMEOUT;
    answer(resolve);
}

/* ---- the order of RFC 8305, 4 ----------------------------------------------------------------*/

static bool is_known(const struct address *list, size_t count, const struct address *address)
{
    for (size_t i = 0; i < count; i++)
        if (address_equal(&list[i], address))
            return true;
    return false;
}

/* The first of one family in `from` that was not taken; NULL: there is none. */
static const struct address *next_of(bool ipv4, const struct address *from, size_t count,
                                     const struct address *taken, size_t taken_count)
{
    for (size_t i = 0; i < count; i++)
        if (address_is_ipv4(&from[i]) == ipv4 && !is_known(taken, taken_count, &from[i]))
            return &from[i];
    return NULL;
}

size_t resolve_order(const struct address *from, size_t count,
                     struct address into[RESOLVE_ADDRESSES])
{
    size_t taken = 0;
    bool ipv4 = count > 0 && address_is_ipv4(&from[0]);
    while (taken < RESOLVE_ADDRESSES) {
        const struct address *next = next_of(ipv4, from, count, into, taken);
        if (!next)
            next = next_of(!ipv4, from, count, into, taken);
        if (!next)
            break;
        into[taken++] = *next;
        ipv4 = !address_is_ipv4(next);
    }
    return taken;
}

static void addresses_take(struct resolve *resolve, const struct addrinfo *info)
{
    struct address seen[SEEN_MAX];
    size_t count = 0;
    for (; info && count < SEEN_MAX; info = info->ai_next)
        if (address_from_system(info->ai_addr, &seen[count]))
            seen[count++].port = resolve->port;
    resolve->count = resolve_order(seen, count, resolve->addresses);
}

/* ---- the question ----------------------------------------------------------------------------*/

static enum resolve_result result_of(int error)
{
    switch (error) {
    case UV_EAI_NONAME:
    case UV_EAI_NODATA:
    case UV_EAI_ADDRFAMILY:
    case UV_EAI_FAIL:
    case UV_EINVAL: /* what no name can look like */
    case UV_ENAMETOOLONG:
        return RESOLVE_NO_NAME;
    default: /* an int of libuv's, no enum of ours */
        return RESOLVE_TROUBLE;
    }
}

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *info)
{
    struct resolve *resolve = request->data;
    resolve->asking = false;
    if (status == 0 && info)
        addresses_take(resolve, info);
    uv_freeaddrinfo(info);
    if (resolve->over) {
        free(resolve);
        return;
    }
    resolve->result = status != 0          ? result_of(status)
                      : resolve->count > 0 ? RESOLVE_OK
                                           : RESOLVE_NO_NAME;
    answer(resolve);
}

static void ask(struct resolve *resolve, const char *host)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    resolve->request.data = resolve;
    int error =
        uv_getaddrinfo(loop_uv(resolve->loop), &resolve->request, on_answer, host, NULL, &hints);
    resolve->asking = error == 0;
    if (error == 0) {
        resolve->timer = timer_new(resolve->loop, on_late, resolve);
        timer_set(resolve->timer, loop_mono_ms(resolve->loop) + RESOLVE_MS);
        return;
    }
    resolve->result = result_of(error);
    loop_chore(resolve->loop, &resolve->chore);
}

struct resolve *resolve_new(struct loop *loop, const char *host, uint16_t port,
                            void (*done)(void *self, enum resolve_result result,
                                         const struct address *addresses, size_t count),
                            void *self)
{
    struct resolve *resolve = xcalloc(1, sizeof *resolve);
    resolve->loop = loop;
    resolve->chore.run = on_chore;
    resolve->port = port;
    resolve->done = done;
    resolve->self = self;
    if (address_parse(host, port, &resolve->addresses[0])) {
        resolve->count = 1;
        resolve->result = RESOLVE_OK;
        loop_chore(loop, &resolve->chore);
    } else {
        ask(resolve, host);
    }
    return resolve;
}
