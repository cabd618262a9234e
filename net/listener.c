/* Listening sockets, called doors. Who comes in is counted before anything is spent on it; who is
 * too many is reset, which leaves nothing behind in the system either. */
#include "net/listener.h"

#include "base/alloc.h"
#include "net/link_parts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    BACKLOG = 128,     /* waiting for us in the system: a LAN's worth at once */
    CHOSEN_TRIES = 16, /* a port that the system chose may be taken in the other family */
};

struct door {
    uv_tcp_t tcp;
    struct chore chore;
    struct listener *listener;
    struct address address;
    unsigned int taken; /* in this turn */
    bool waiting;       /* somebody stands there until the next */
};

struct listener {
    struct links *links;
    const struct listener_calls *calls;
    void *self;
    struct door *doors[LISTENER_SOCKETS];
    size_t count;
    uint64_t dropped;
    uint64_t say_at; /* mono ms */
    bool said;
    int spare; /* a descriptor for when there is no other; -1: given away */
};

/* ---- who comes in ----------------------------------------------------------------------------*/

static void drop(struct listener *listener, enum listener_drop why, const struct address *from)
{
    uint64_t now = loop_mono_ms(links_loop(listener->links));
    listener->dropped++;
    if (!listener->calls->dropped || (listener->said && now < listener->say_at))
        return;
    uint64_t count = listener->dropped;
    listener->dropped = 0;
    listener->said = true;
    listener->say_at = now + LISTENER_SAYS_MS;
    listener->calls->dropped(listener->self, why, from, count);
}

static bool has_place(const struct listener *listener, const struct address *from,
                      enum listener_drop *why)
{
    *why = LISTENER_DROP_FULL;
    if (links_half_open(listener->links) >= LINK_HALF_OPEN)
        return false;
    *why = LISTENER_DROP_HOST;
    return address_is_loopback(from) ||
           links_half_open_of(listener->links, from) < LINK_HALF_OPEN_PER_HOST;
}

static void spare_take(struct listener *listener)
{
    listener->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void spare_give(struct listener *listener)
{
    if (listener->spare >= 0)
        close(listener->spare);
    listener->spare = -1;
}

static void door_open(struct door *door)
{
    struct listener *listener = door->listener;
    struct link *link = link_new(listener->links, NULL);
    enum listener_drop why = LISTENER_DROP_FILES;
    if (uv_accept((uv_stream_t *)&door->tcp, (uv_stream_t *)link_tcp(link)) != 0 ||
        !link_connected(link)) {
        link_free(link); /* it is gone again */
    } else if (listener->spare < 0 || !has_place(listener, link_address(link), &why)) {
        struct address from = *link_address(link);
        link_free(link);
        drop(listener, why, &from);
    } else {
        link_hand_over(link);
        listener->calls->arrived(listener->self, link);
        return;
    }
    if (listener->spare < 0)
        spare_take(listener);
}

/* Without a descriptor libuv takes whoever waits with one that it keeps for that, and closes them.
 * Where another thread snatched that one it asks us again and again, until we give ours. */
static void on_knock(uv_stream_t *stream, int status)
{
    struct door *door = stream->data;
    loop_chore(links_loop(door->listener->links), &door->chore);
    if (status == UV_EMFILE || status == UV_ENFILE)
        spare_give(door->listener);
    else if (status == 0 && door->taken++ >= LISTENER_TURN)
        door->waiting = true; /* libuv takes no other until this one is taken */
    else if (status == 0)
        door_open(door);
}

static bool on_chore(struct chore *chore)
{
    struct door *door = (struct door *)((char *)chore - offsetof(struct door, chore));
    bool called = door->waiting;
    door->taken = 0;
    door->waiting = false;
    if (door->listener->spare < 0)
        spare_take(door->listener);
    if (called)
        door_open(door);
    return called;
}

/* ---- doors -----------------------------------------------------------------------------------*/

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void door_free(struct door *door)
{
    loop_chore_drop(links_loop(door->listener->links), &door->chore);
    uv_close((uv_handle_t *)&door->tcp, on_closed);
}

static int bind_and_listen(struct door *door, uint16_t port)
{
    struct sockaddr_storage system;
    int size = sizeof system;
    door->address.port = port;
    address_to_system(&door->address, &system);
    unsigned int flags = system.ss_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0;
    int result = uv_tcp_bind(&door->tcp, (const struct sockaddr *)&system, flags);
    if (result == 0)
        result = uv_listen((uv_stream_t *)&door->tcp, BACKLOG, on_knock);
    if (result == 0)
        result = uv_tcp_getsockname(&door->tcp, (struct sockaddr *)&system, &size);
    if (result == 0 && !address_from_system((const struct sockaddr *)&system, &door->address))
        result = UV_EINVAL;
    return result;
}

static enum listener_result result_of(int error)
{
    if (error == UV_EADDRINUSE)
        return LISTENER_TAKEN;
    if (error == UV_EADDRNOTAVAIL || error == UV_EAFNOSUPPORT || error == UV_EINVAL ||
        error == UV_ENODEV)
        return LISTENER_NO_ADDRESS;
    if (error == UV_EACCES || error == UV_EPERM)
        return LISTENER_FORBIDDEN;
    return LISTENER_FAILED;
}

static enum listener_result door_add(struct listener *listener, const struct address *address,
                                     uint16_t port)
{
    struct loop *loop = links_loop(listener->links);
    struct door *door = xcalloc(1, sizeof *door);
    loop_must(uv_tcp_init(loop_uv(loop), &door->tcp), "nothing can be listened on");
    door->tcp.data = door;
    door->chore.run = on_chore;
    door->listener = listener;
    door->address = *address;
    int error = bind_and_listen(door, port);
    if (error != 0) {
        door_free(door);
        return result_of(error);
    }
    listener->doors[listener->count++] = door;
    return LISTENER_OK;
}

/* All addresses on one port, or none. */
static enum listener_result doors_add(struct listener *listener, const struct address *addresses,
                                      size_t count, uint16_t *port)
{
    size_t before = listener->count;
    enum listener_result result = LISTENER_NO_ADDRESS;
    uint16_t chosen = *port;
    for (size_t i = 0; i < count; i++) {
        enum listener_result this = door_add(listener, &addresses[i], chosen);
        if (this == LISTENER_OK)
            chosen = listener->doors[listener->count - 1]->address.port;
        if (this == LISTENER_NO_ADDRESS)
            continue;
        result = this;
        if (this != LISTENER_OK)
            break;
    }
    if (result == LISTENER_OK)
        *port = chosen;
    while (result != LISTENER_OK && listener->count > before)
        door_free(listener->doors[--listener->count]);
    return result;
}

static uint16_t port_after(uint16_t port)
{
    bool inside = port >= LISTENER_FIRST_PORT && port < LISTENER_LAST_PORT;
    return inside ? (uint16_t)(port + 1) : LISTENER_FIRST_PORT;
}

enum listener_result listener_open(struct listener *listener, const struct address *addresses,
                                   size_t count, bool exact, uint16_t *port)
{
    uint16_t wanted = *port, tried = wanted;
    int tries = wanted == 0 ? CHOSEN_TRIES : 1 + LISTENER_LAST_PORT - LISTENER_FIRST_PORT;
    if (count > LISTENER_SOCKETS - listener->count)
        return LISTENER_FULL;
    enum listener_result result = doors_add(listener, addresses, count, port);
    for (int i = 0; i < tries && result == LISTENER_TAKEN && (!exact || wanted == 0); i++) {
        tried = wanted == 0 ? 0 : port_after(tried);
        if (tried != 0 && tried == wanted)
            continue;
        *port = tried;
        result = doors_add(listener, addresses, count, port);
        if (result == LISTENER_OK && wanted != 0)
            result = LISTENER_MOVED;
    }
    if (result != LISTENER_OK && result != LISTENER_MOVED)
        *port = wanted;
    return result;
}

/* ---- its life --------------------------------------------------------------------------------*/

struct listener *listener_new(struct links *links, const struct listener_calls *calls, void *self)
{
    struct listener *listener = xcalloc(1, sizeof *listener);
    listener->links = links;
    listener->calls = calls;
    listener->self = self;
    spare_take(listener);
    return listener;
}

void listener_free(struct listener *listener)
{
    if (!listener)
        return;
    while (listener->count > 0)
        door_free(listener->doors[--listener->count]);
    spare_give(listener);
    free(listener);
}

size_t listener_count(const struct listener *listener)
{
    return listener->count;
}

const struct address *listener_address(const struct listener *listener, size_t index)
{
    return &listener->doors[index]->address;
}
