/* PROTOCOL.md "Beacons":
 * > several times at its start and then every 30 s, give or take. */
#include "app/beacons.h"

#include "base/alloc.h"
#include "base/sys.h"
#include "net/datagram.h"
#include "net/loop.h"
#include "net/timer.h"

#include <stdlib.h>
#include <string.h>

static const char GROUP4[] = "239.255.84.69", GROUP6[] = "ff12::5445";

/* A datagram may be lost, and a switch that has just come up loses several. The last one is for
 * addresses of IPv6, which nobody may use in their first two seconds (RFC 4862, 5.4). */
static const uint64_t BURST[] = {0, 300, 1000, 3000};
enum { BURST_COUNT = sizeof BURST / sizeof *BURST, BURST_JITTER_MS = 60 };

struct beacons {
    struct loop *loop;
    const struct sys *sys;
    const struct beacons_calls *calls;
    void *self;
    struct datagrams *datagrams;
    struct timer *timer;
    uint8_t tag[MESH_TAG_BYTES];
    uint8_t instance[INSTANCE_BYTES]; /* our own, as last announced */
    size_t step;                      /* of the burst; BURST_COUNT: it is over */
    uint64_t burst_at;                /* when it began */
    bool burst_since;                 /* there was one */
    bool held;                        /* the port is another program's, and it was said */
    struct beacons_counts counts;
    size_t count;
    struct interface chosen[INTERFACES_MAX];
    struct {
        uint64_t sent, echoed, heard;
    } wires[INTERFACES_MAX]; /* of each of those */
    uint64_t probed_at;
};

/* ---- where -----------------------------------------------------------------------------------*/

static bool has_hearers(const struct interface *interface)
{
    bool ipv4 = address_is_ipv4(&interface->address);
    if (!interface->up || interface->point_to_point)
        return false;
    return ipv4 ? interface->multicast || interface->broadcast.ip[15] != 0
                : interface->multicast && interface->address.scope != 0;
}

static bool is_wanted(const struct interface *interface, const struct beacons_calls *calls,
                      void *self)
{
    uint16_t port;
    enum beacons_reach reach = calls->reach(self, &interface->address, &port);
    if (!has_hearers(interface) || reach == BEACONS_UNREACHED)
        return false;
    return reach == BEACONS_CHOSEN || !(interface->loopback || interface_is_virtual(interface));
}

size_t beacons_choose(const struct interfaces *from, const struct beacons_calls *calls, void *self,
                      struct interface into[INTERFACES_MAX])
{
    size_t count = 0;
    uint16_t port;
    for (size_t i = 0; i < from->count; i++)
        if (is_wanted(&from->all[i], calls, self))
            into[count++] = from->all[i];
    for (size_t i = 0; i < from->count && count == 0; i++) {
        const struct interface *alone = &from->all[i];
        if (alone->loopback && has_hearers(alone) &&
            calls->reach(self, &alone->address, &port) != BEACONS_UNREACHED)
            into[count++] = *alone;
    }
    return count;
}

/* ---- speaking --------------------------------------------------------------------------------*/

static void announce(struct beacons *beacons)
{
    struct beacon beacon;
    uint8_t bytes[BEACON_BYTES];
    if (!beacons->calls->own(beacons->self, &beacon))
        return;
    memcpy(beacon.tag, beacons->tag, MESH_TAG_BYTES);
    memcpy(beacons->instance, beacon.instance, INSTANCE_BYTES);
    for (size_t i = 0; i < beacons->count; i++) {
        const struct interface *on = &beacons->chosen[i];
        if (beacons->calls->reach(beacons->self, &on->address, &beacon.port) == BEACONS_UNREACHED)
            continue;
        beacon_pack(&beacon, bytes);
        unsigned ways = datagrams_send(beacons->datagrams, on, bytes, sizeof bytes);
        beacons->counts.sent += ways;
        beacons->wires[i].sent += ways;
    }
}

static void next_set(struct beacons *beacons)
{
    uint64_t at;
    if (beacons->step < BURST_COUNT)
        at = beacons->burst_at + BURST[beacons->step] +
             sys_random_below(beacons->sys, BURST_JITTER_MS);
    else
        at = loop_mono_ms(beacons->loop) + BEACONS_REST_MS - BEACONS_JITTER_MS +
             sys_random_below(beacons->sys, 2 * BEACONS_JITTER_MS);
    timer_set(beacons->timer, beacons->count > 0 ? at : TIMER_NEVER);
}

static void on_ring(void *self)
{
    struct beacons *beacons = self;
    if (beacons->step < BURST_COUNT)
        beacons->step++;
    announce(beacons);
    next_set(beacons);
}

/* One that is to begin later stays as it is: it tells of this change too. */
static void burst_begin(struct beacons *beacons)
{
    uint64_t now = loop_mono_ms(beacons->loop), soonest = beacons->burst_at + BEACONS_BURST_MS;
    bool first = !beacons->burst_since;
    beacons->burst_since = true;
    if (first || beacons->burst_at <= now) {
        beacons->burst_at = first || soonest < now ? now : soonest;
        beacons->step = 0;
    }
    next_set(beacons);
}

/* ---- hearing ---------------------------------------------------------------------------------*/

struct overlay_address address_for_node(const struct address *address)
{
    struct overlay_address into = {.port = address->port};
    memcpy(into.ip, address->ip, sizeof into.ip);
    if (address->scope) { /* core/overlay.h: the interface is kept inside */
        into.ip[2] = (uint8_t)(address->scope >> 8);
        into.ip[3] = (uint8_t)address->scope;
    }
    return into;
}

/* A beacon from beyond a router is none of ours, and could send us anywhere. Where it came in, or
 * NULL. */
static const struct interface *near(const struct beacons *beacons, const struct address *from)
{
    for (size_t i = 0; i < beacons->count; i++)
        if (interface_covers(&beacons->chosen[i], from))
            return &beacons->chosen[i];
    return NULL;
}

static void count(struct beacons *beacons, const struct interface *on, bool own)
{
    bool ipv4 = address_is_ipv4(&on->address);
    for (size_t i = 0; i < beacons->count; i++) {
        const struct interface *one = &beacons->chosen[i];
        if (one->number != on->number || address_is_ipv4(&one->address) != ipv4)
            continue;
        beacons->wires[i].echoed += own;
        beacons->wires[i].heard += !own;
    }
}

static void on_heard(void *self, const struct address *from, const uint8_t *bytes, size_t size)
{
    struct beacons *beacons = self;
    struct beacon beacon;
    const struct interface *on = near(beacons, from);
    if (!on || !beacon_unpack(span_of(bytes, size), beacons->tag, &beacon))
        return;
    bool own = memcmp(beacon.instance, beacons->instance, INSTANCE_BYTES) == 0;
    count(beacons, on, own);
    if (own) {
        beacons->counts.echoed++;
        return;
    }
    struct node_event event = {.kind = EVENT_ADDRESS};
    struct address address = *from;
    address.port = beacon.port;
    event.address.address = address_for_node(&address);
    event.address.found = FOUND_BEACON;
    event.address.hint = beacon.hint;
    event.address.has_component = true;
    event.address.component = beacon.component;
    beacons->counts.heard++;
    beacons->calls->event(beacons->self, &event);
}

/* ---- the whole -------------------------------------------------------------------------------*/

static void say_held(struct beacons *beacons)
{
    struct message message = message_make(
        "beacon-port", N_("Another program holds UDP port %s, so people who start later are not "
                          "heard here; they may hear you. /scan looks for them."));
    message_add_number(&message, BEACONS_PORT);
    beacons->calls->say(beacons->self, false, &message);
}

void beacons_interfaces(struct beacons *beacons, const struct interfaces *now)
{
    if (!beacons)
        return;
    beacons->count = beacons_choose(now, beacons->calls, beacons->self, beacons->chosen);
    memset(beacons->wires, 0, sizeof beacons->wires);
    bool held = !datagrams_open(beacons->datagrams, beacons->chosen, beacons->count);
    if (held && !beacons->held)
        say_held(beacons);
    beacons->held = held;
    burst_begin(beacons);
}

void beacons_probe(struct beacons *beacons)
{
    uint64_t now = beacons ? loop_mono_ms(beacons->loop) : 0;
    if (!beacons || (beacons->probed_at && now < beacons->probed_at + BEACONS_PROBE_MS))
        return;
    beacons->probed_at = now;
    for (size_t i = 0; i < beacons->count; i++)
        beacons->wires[i].sent = beacons->wires[i].echoed = 0;
    announce(beacons);
}

size_t beacons_wires(const struct beacons *beacons, struct beacons_wire into[INTERFACES_MAX])
{
    for (size_t i = 0; beacons && i < beacons->count; i++)
        into[i] = (struct beacons_wire){beacons->chosen[i], beacons->wires[i].sent,
                                        beacons->wires[i].echoed, beacons->wires[i].heard};
    return beacons ? beacons->count : 0;
}

bool beacons_are_held(const struct beacons *beacons)
{
    return beacons && beacons->held;
}

struct beacons_counts beacons_counts(const struct beacons *beacons)
{
    return beacons ? beacons->counts : (struct beacons_counts){0};
}

struct beacons *beacons_new(struct loop *loop, const struct sys *sys,
                            const uint8_t tag[MESH_TAG_BYTES], const struct beacons_calls *calls,
                            void *self)
{
    struct datagrams_config config = {BEACONS_PORT, GROUP4, GROUP6, on_heard};
    struct beacons *beacons = xcalloc(1, sizeof *beacons);
    beacons->loop = loop;
    beacons->sys = sys;
    beacons->calls = calls;
    beacons->self = self;
    memcpy(beacons->tag, tag, MESH_TAG_BYTES);
    beacons->datagrams = datagrams_new(loop, &config, beacons);
    beacons->timer = timer_new(loop, on_ring, beacons);
    return beacons;
}

void beacons_free(struct beacons *beacons)
{
    if (!beacons)
        return;
    datagrams_free(beacons->datagrams);
    timer_free(beacons->timer);
    free(beacons);
}
