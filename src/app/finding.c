/* What beacons and scans ask of the node, answered. */
#include "app/finding.h"

#include "app/doctor.h"
#include "app/peers.h"
#include "base/alloc.h"
#include "net/loop.h"
#include "net/timer.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* A connection gets over so long an interruption by itself, in about the same time again; and
     * who roams from one wireless access point to another is not torn from everybody. */
    FINDING_GRACE_MS = 2000,
};

struct finding {
    struct finding_config config;
    const struct finding_calls *calls;
    void *self;
    struct interfaces_watch *watch;
    struct interfaces before; /* what they were at the last change */
    uint64_t since;           /* when that was */
    struct timer *grace;      /* for links whose interface is down */
    struct beacons *beacons;  /* NULL: not wanted, or over */
    struct scanner *scanner;
    bool began;
};

/* ---- beacons ---------------------------------------------------------------------------------*/

/* An address that was named for listening counts more than one that all addresses stand for. */
static enum beacons_reach on_reach(void *self, const struct address *own, uint16_t *port)
{
    struct finding *finding = self;
    enum beacons_reach reach = BEACONS_UNREACHED;
    size_t count = peers_listening(finding->config.peers);
    for (size_t i = 0; i < count && reach != BEACONS_CHOSEN; i++) {
        const struct address *at = peers_listening_at(finding->config.peers, i);
        bool any = address_is_any(at) && address_is_ipv4(at) == address_is_ipv4(own);
        if (address_same_host(at, own))
            reach = BEACONS_CHOSEN;
        else if (any && reach == BEACONS_UNREACHED)
            reach = BEACONS_REACHED;
        else
            continue;
        *port = at->port;
    }
    return reach;
}

static bool on_own(void *self, struct beacon *into)
{
    const struct finding *finding = self;
    const struct node *node = finding->calls->node(finding->self);
    if (!node)
        return false;
    *into = (struct beacon){.hint = overlay_hint(&finding->config.identity->id),
                            .component = *overlay_component(node_overlay(node))};
    memcpy(into->instance, node_instance(node), INSTANCE_BYTES);
    return true;
}

static void on_event(void *self, const struct node_event *event)
{
    struct finding *finding = self;
    finding->calls->event(finding->self, event);
}

static void on_beacons_say(void *self, bool error, const struct message *message)
{
    struct finding *finding = self;
    finding->calls->say(finding->self, error, message, 0);
}

static const struct beacons_calls BEACONS = {on_reach, on_own, on_event, on_beacons_say};

/* ---- links, when the interfaces change --------------------------------------------------------*/

static enum interface_fate fate(const struct finding *finding, const struct address *own)
{
    return interfaces_fate(interfaces_watch_now(finding->watch), own);
}

static bool has_address(void *self, const struct address *own)
{
    return fate(self, own) != INTERFACE_GONE;
}

static bool has_way(void *self, const struct address *own)
{
    return fate(self, own) == INTERFACE_UP;
}

static void on_grace(void *self)
{
    struct finding *finding = self;
    peers_lose(finding->config.peers, has_way, finding);
}

static bool any_is_down(const struct interfaces *now)
{
    for (size_t i = 0; i < now->count; i++)
        if (!now->all[i].up)
            return true;
    return false;
}

static void on_interfaces(void *self, const struct interfaces *now)
{
    struct finding *finding = self;
    bool gained = interfaces_gained(&finding->before, now);
    finding->before = *now;
    finding->since = loop_mono_ms(finding->config.loop);
    if (!finding->began)
        return;
    beacons_interfaces(finding->beacons, now);
    peers_lose(finding->config.peers, has_address, finding);
    timer_set(finding->grace, any_is_down(now)
                                  ? loop_mono_ms(finding->config.loop) + FINDING_GRACE_MS
                                  : TIMER_NEVER);
    if (gained)
        finding->calls->event(finding->self, &(struct node_event){.kind = EVENT_NETWORK});
}

/* ---- scans -----------------------------------------------------------------------------------*/

static void on_say(void *self, bool error, const struct message *message, uint64_t line)
{
    struct finding *finding = self;
    finding->calls->say(finding->self, error, message, line);
}

static void on_scan(void *self, const struct scan_event *event)
{
    struct finding *finding = self;
    finding->calls->scan(finding->self, event);
}

static struct model *on_model(void *self)
{
    struct finding *finding = self;
    return finding->calls->model(finding->self);
}

static const struct node *on_node(void *self)
{
    struct finding *finding = self;
    return finding->calls->node(finding->self);
}

static bool on_is_own(void *self, const struct address *address)
{
    struct finding *finding = self;
    size_t count = peers_listening(finding->config.peers);
    if (!interfaces_own(interfaces_watch_now(finding->watch), address))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct address *at = peers_listening_at(finding->config.peers, i);
        bool covers = address_is_any(at) ? address_is_ipv4(at) == address_is_ipv4(address)
                                         : address_same_host(at, address);
        if (covers && at->port == address->port)
            return true;
    }
    return false;
}

static size_t on_subnets(void *self, struct interface into[INTERFACES_MAX])
{
    const struct finding *finding = self;
    const struct interfaces *now = interfaces_watch_now(finding->watch);
    size_t count = 0;
    for (size_t i = 0; i < now->count; i++) {
        const struct interface *one = &now->all[i];
        if (one->up && !one->loopback && !one->point_to_point && !interface_is_virtual(one))
            into[count++] = *one;
    }
    return count;
}

static const struct scanner_calls SCANNER = {on_event, on_say,    on_scan,   on_model,
                                             on_node,  on_is_own, on_subnets};

/* ---- for the doctor --------------------------------------------------------------------------*/

void finding_probe(struct finding *finding)
{
    beacons_probe(finding->beacons);
}

static void near_count(const struct finding *finding, struct doctor_facts *into)
{
    const struct node *node = finding->calls->node(finding->self);
    const struct roster *roster = node ? node_roster(node) : NULL;
    uint64_t now = (uint64_t)loop_wall_ms(finding->config.loop);
    const struct person *person = NULL;
    while (roster && (person = roster_next(roster, person))) {
        if (person->self || !person->more || person->more->link_count == 0)
            continue;
        const struct person_link *link = &person->more->links[0];
        struct address address = peers_address(&link->address);
        bool near = false;
        for (size_t i = 0; i < finding->before.count && !near; i++)
            near = !finding->before.all[i].loopback &&
                   interface_covers(&finding->before.all[i], &address);
        into->linked++;
        into->near += near && !person->guest && link->since + DOCTOR_QUIET_MS <= now &&
                      !interfaces_own(&finding->before, &address);
    }
}

void finding_facts(const struct finding *finding, struct doctor_facts *into)
{
    into->beacons = finding->config.beacons;
    into->quiet_ms = loop_mono_ms(finding->config.loop) - finding->since;
    doctor_wires(interfaces_watch_now(finding->watch), finding->beacons, into);
    if (into->beacons && beacons_are_held(finding->beacons))
        doctor_port_add(into, BEACONS_PORT, true, DOCTOR_PORT_TAKEN);
    near_count(finding, into);
}

/* ---- the whole -------------------------------------------------------------------------------*/

struct finding *finding_new(const struct finding_config *config, const struct finding_calls *calls,
                            void *self)
{
    struct finding *finding = xcalloc(1, sizeof *finding);
    uint8_t tag[MESH_TAG_BYTES];
    finding->config = *config;
    finding->calls = calls;
    finding->self = self;
    finding->scanner = scanner_new(config->loop, &config->identity->id,
                                   peers_context(config->peers), &SCANNER, finding);
    finding->watch = interfaces_watch_new(config->loop, on_interfaces, finding);
    finding->before = *interfaces_watch_now(finding->watch);
    finding->grace = timer_new(config->loop, on_grace, finding);
    mesh_tag(config->mesh, tag);
    if (config->beacons)
        finding->beacons = beacons_new(config->loop, config->sys, tag, &BEACONS, finding);
    return finding;
}

void finding_begin(struct finding *finding)
{
    finding->began = true;
    finding->since = loop_mono_ms(finding->config.loop);
    beacons_interfaces(finding->beacons, interfaces_watch_now(finding->watch));
}

void finding_end(struct finding *finding)
{
    if (!finding)
        return;
    finding->began = false;
    timer_set(finding->grace, TIMER_NEVER);
    scanner_stop(finding->scanner, 0);
    beacons_free(finding->beacons);
    finding->beacons = NULL;
}

void finding_free(struct finding *finding)
{
    if (!finding)
        return;
    beacons_free(finding->beacons);
    scanner_free(finding->scanner);
    interfaces_watch_free(finding->watch);
    timer_free(finding->grace);
    free(finding);
}

void finding_scan(struct finding *finding, const char *range, uint64_t line)
{
    scanner_command(finding->scanner, range, line);
}

void finding_scan_stop(struct finding *finding)
{
    scanner_stop(finding->scanner, 0);
}

void finding_peer(struct finding *finding, const struct node_peer *peer)
{
    if (finding)
        scanner_peer(finding->scanner, peer);
}
