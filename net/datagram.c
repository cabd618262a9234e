/* Two sockets, one a family, bound to the port on all addresses and in the groups on those
 * interfaces that were named. They are closed and made again when the interfaces change: so no
 * membership can be left over or be missing. */
#include "net/datagram.h"

#include "base/alloc.h"
#include "net/loop_parts.h"
#include "net/timer.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND_MS = 1000, ON_WIRE = 1 /* hops */ };

struct ear {
    uv_udp_t udp;
    struct datagrams *of; /* NULL: it is being closed */
};

struct datagrams {
    struct loop *loop;
    struct datagrams_config config;
    void *self;
    struct timer *timer;
    struct ear *four, *six; /* NULL: closed */
    bool deaf;              /* the gate is closed for the rest of this second */
    struct datagram_gate gate;
    uint8_t bytes[DATAGRAM_MAX + 1]; /* one more shows what is too long */
};

/* ---- the gate --------------------------------------------------------------------------------*/

static struct datagram_source *source_find(struct datagram_gate *gate, const struct address *from)
{
    for (uint32_t i = 0; i < gate->source_count; i++) {
        struct datagram_source *source = &gate->sources[i];
        if (memcmp(source->ip, from->ip, sizeof source->ip) == 0 && source->scope == from->scope)
            return source;
    }
    struct datagram_source *source = &gate->sources[gate->source_count++];
    memcpy(source->ip, from->ip, sizeof source->ip);
    source->scope = from->scope;
    source->count = 0;
    return source;
}

enum datagram_verdict datagram_gate(struct datagram_gate *gate, uint64_t now_ms,
                                    const struct address *from)
{
    if (now_ms >= gate->until) {
        gate->until = now_ms + SECOND_MS;
        gate->admitted = gate->read = gate->source_count = 0;
    }
    if (gate->admitted == DATAGRAM_RATE || gate->read == DATAGRAM_READS)
        return DATAGRAM_CLOSE;
    gate->read++;
    struct datagram_source *source = source_find(gate, from);
    if (source->count == DATAGRAM_SOURCE_RATE)
        return DATAGRAM_DROP;
    source->count++;
    gate->admitted++;
    return DATAGRAM_ADMIT;
}

/* ---- hearing ---------------------------------------------------------------------------------*/

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
    const struct ear *ear = handle->data;
    (void)wanted;
    *room = uv_buf_init(ear->of ? (char *)ear->of->bytes : NULL,
                        ear->of ? (unsigned)sizeof ear->of->bytes : 0);
}

static void ear_stop(const struct ear *ear)
{
    if (ear)
        uv_udp_recv_stop((uv_udp_t *)&ear->udp);
}

static void gate_close(struct datagrams *datagrams)
{
    datagrams->deaf = true;
    ear_stop(datagrams->four);
    ear_stop(datagrams->six);
    timer_set(datagrams->timer, datagrams->gate.until);
}

static void on_datagram(uv_udp_t *udp, ssize_t size, const uv_buf_t *room,
                        const struct sockaddr *system, unsigned flags)
{
    struct ear *ear = udp->data;
    struct datagrams *datagrams = ear->of;
    struct address from;
    if (!datagrams || size < 0 || !system || !address_from_system(system, &from))
        return; /* nothing to read, or a word about what was sent earlier */
    switch (datagram_gate(&datagrams->gate, loop_mono_ms(datagrams->loop), &from)) {
    case DATAGRAM_ADMIT:
        if (size <= DATAGRAM_MAX && !(flags & UV_UDP_PARTIAL))
            datagrams->config.heard(datagrams->self, &from, (const uint8_t *)room->base,
                                    (size_t)size);
        break;
    case DATAGRAM_DROP:
        break;
    case DATAGRAM_CLOSE:
        gate_close(datagrams);
        break;
    }
}

static void ear_listen(struct ear *ear)
{
    if (ear)
        uv_udp_recv_start(&ear->udp, on_room, on_datagram);
}

static void on_second(void *self)
{
    struct datagrams *datagrams = self;
    datagrams->deaf = false;
    ear_listen(datagrams->four);
    ear_listen(datagrams->six);
}

/* ---- opening ---------------------------------------------------------------------------------*/

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void ear_close(struct ear **ear)
{
    if (!*ear)
        return;
    (*ear)->of = NULL;
    uv_close((uv_handle_t *)&(*ear)->udp, on_closed);
    *ear = NULL;
}

/* One family; on the port, or where that is held on any, for then it can still speak. `alone` says
 * which. NULL: this machine has not that family. */
static struct ear *ear_open(struct datagrams *datagrams, const char *any, bool *alone)
{
    struct address address;
    struct sockaddr_storage system;
    struct ear *ear = xcalloc(1, sizeof *ear);
    ear->of = datagrams;
    ear->udp.data = ear;
    if (!address_parse(any, datagrams->config.port, &address))
        die("no address: %s", any);
    uv_udp_init(loop_uv(datagrams->loop), &ear->udp);
    address_to_system(&address, &system);
    unsigned flags = UV_UDP_REUSEADDR | (address_is_ipv4(&address) ? 0 : UV_UDP_IPV6ONLY);
    int result = uv_udp_bind(&ear->udp, (struct sockaddr *)&system, flags);
    *alone = result == UV_EADDRINUSE;
    if (*alone) {
        address.port = 0;
        address_to_system(&address, &system);
        result = uv_udp_bind(&ear->udp, (struct sockaddr *)&system, flags);
    }
    if (result != 0) {
        ear_close(&ear);
        return NULL;
    }
    uv_udp_set_ttl(&ear->udp, ON_WIRE);
    uv_udp_set_multicast_ttl(&ear->udp, ON_WIRE);
    uv_udp_set_multicast_loop(&ear->udp, 1);
    if (address_is_ipv4(&address))
        uv_udp_set_broadcast(&ear->udp, 1);
    if (!datagrams->deaf)
        ear_listen(ear);
    return ear;
}

/* As libuv names an interface: by its address, and IPv6's with the interface behind it. */
static void interface_text(const struct interface *interface, char into[ADDRESS_TEXT])
{
    address_text(&interface->address, into); /* its port is 0 */
}

static bool is_link_local6(const struct interface *interface)
{
    return interface->address.scope != 0;
}

bool datagrams_open(struct datagrams *datagrams, const struct interface *interfaces, size_t count)
{
    bool alone4 = false, alone6 = false;
    ear_close(&datagrams->four);
    ear_close(&datagrams->six);
    for (size_t i = 0; i < count && i < DATAGRAM_INTERFACES; i++) {
        const struct interface *interface = &interfaces[i];
        char text[ADDRESS_TEXT];
        interface_text(interface, text);
        if (address_is_ipv4(&interface->address)) {
            if (!datagrams->four)
                datagrams->four = ear_open(datagrams, "0.0.0.0", &alone4);
            if (datagrams->four) /* twice on one interface fails, and is no matter */
                uv_udp_set_membership(&datagrams->four->udp, datagrams->config.group4, text,
                                      UV_JOIN_GROUP);
        } else if (is_link_local6(interface)) {
            if (!datagrams->six)
                datagrams->six = ear_open(datagrams, "::", &alone6);
            if (datagrams->six)
                uv_udp_set_membership(&datagrams->six->udp, datagrams->config.group6, text,
                                      UV_JOIN_GROUP);
        }
    }
    return !alone4 && !alone6;
}

/* ---- sending ---------------------------------------------------------------------------------*/

static unsigned send_to(struct datagrams *datagrams, struct ear *ear, const struct address *where,
                        const void *bytes, size_t size)
{
    struct sockaddr_storage system;
    char *start = (char *)(uintptr_t)bytes; /* libuv only reads it */
    uv_buf_t buffer = uv_buf_init(start, (unsigned)size);
    struct address to = *where;
    to.port = datagrams->config.port;
    address_to_system(&to, &system);
    return uv_udp_try_send(&ear->udp, &buffer, 1, (const struct sockaddr *)&system) >= 0;
}

static unsigned send_group(struct datagrams *datagrams, struct ear *ear,
                           const struct interface *interface, const char *group, const void *bytes,
                           size_t size)
{
    struct address to;
    char text[ADDRESS_TEXT];
    interface_text(interface, text);
    if (!ear || uv_udp_set_multicast_interface(&ear->udp, text) != 0)
        return 0;
    if (!address_parse(group, 0, &to))
        die("no address: %s", group);
    to.scope = interface->address.scope;
    return send_to(datagrams, ear, &to, bytes, size);
}

unsigned datagrams_send(struct datagrams *datagrams, const struct interface *interface,
                        const void *bytes, size_t size)
{
    unsigned ways = 0;
    if (is_link_local6(interface))
        return send_group(datagrams, datagrams->six, interface, datagrams->config.group6, bytes,
                          size);
    if (!address_is_ipv4(&interface->address) || !datagrams->four)
        return 0;
    ways +=
        send_group(datagrams, datagrams->four, interface, datagrams->config.group4, bytes, size);
    if (interface->broadcast.ip[15] != 0)
        ways += send_to(datagrams, datagrams->four, &interface->broadcast, bytes, size);
    return ways;
}

/* ---- the whole -------------------------------------------------------------------------------*/

struct datagrams *datagrams_new(struct loop *loop, const struct datagrams_config *config,
                                void *self)
{
    struct datagrams *datagrams = xcalloc(1, sizeof *datagrams);
    datagrams->loop = loop;
    datagrams->config = *config;
    datagrams->self = self;
    datagrams->timer = timer_new(loop, on_second, datagrams);
    return datagrams;
}

void datagrams_free(struct datagrams *datagrams)
{
    if (!datagrams)
        return;
    ear_close(&datagrams->four);
    ear_close(&datagrams->six);
    timer_free(datagrams->timer);
    free(datagrams);
}
