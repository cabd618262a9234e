/* A network of overlays in virtual time, one thread, all chance from the seed.
 *
 * Nobody cheats: a node learns of the world by its own events only, each message takes its time,
 * and nothing says why a dial failed. Who is dead or cut off is silent: a dial to it fails after
 * DIAL_TIMEOUT_MS, about what a LAN takes to give up on an address that answers no ARP.
 *
 * What the figures mean. At the disaster every link to the dead breaks, and each survivor notices
 * that at a moment of its own within NOTICE_MS. A cycle has OVERLAY_CYCLE_MS. *One repair step* is
 * one cycle after the last of them has noticed: every survivor had the time for one round of
 * attempts (three time-outs long), and no more. The first flood then runs over the links that both
 * ends hold for active; its reliability is the share of the living that it reaches, over SOURCES
 * random sources. `cycles` is how many cycles after the notice all the living are one component.
 * The simulated network has no beacons: what re-joins the mesh is what its nodes know. */
#include "overlay_world.h"

#include "base/alloc.h"
#include "core/overlay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    DELAY_MS = 20, /* a message takes 1 to so many ms, the same for one link */
    DIAL_TIMEOUT_MS = 3000,
    NOTICE_MS = 1000,
    JOIN_MS = 10, /* between two newcomers */
    SETTLE_CYCLES = 20,
    REST_CYCLES = 10, /* then, over which the rest is measured */
    SOURCES = 100,
    MOMENT_MS = 60000,
    BORDER_CYCLES = 60,      /* that the seventeenth stays: ten minutes without a flap */
    BORDER_BACK_CYCLES = 36, /* it is fresh for 18, the mesh small for 6, and all agree in 12 */
    PATIENCE_CYCLES = 12,    /* then a mesh counts as broken for good */
    RING = 1 << 17,          /* ms ahead that an event may lie: 131 s */
};

enum happening { H_START, H_TICK, H_DIAL, H_DIAL_FAILED, H_UP, H_DOWN, H_MESSAGE };

struct happening_item {
    struct happening_item *next;
    enum happening kind;
    uint32_t node;
    uint32_t wire;
    uint32_t other; /* of H_DIAL: who is dialled */
    struct id component;
    struct overlay_message *message;
    uint8_t delay;
};

/* A link. Its number at both ends is its index and 1. */
struct wire {
    uint32_t end[2]; /* the dialler first */
    bool open[2];
    uint8_t delay;
};

struct node {
    struct overlay overlay;
    struct id id;
    uint64_t tick_at;
    bool alive;
    uint8_t side; /* who is on different sides does not reach each other */
};

struct world {
    struct sys_fake fake;
    struct sys sys;
    uint64_t now;
    struct node *nodes;
    size_t node_count;
    struct wire *wires;
    size_t wire_count, wire_room;
    struct {
        struct happening_item *first, *last;
    } ring[RING];
    struct happening_item *pool;
    struct overlay_effects effects;
    uint64_t sent, dials, dials_failed, steps;
};

/* ---- the queue ---- */

static struct happening_item *item_new(struct world *world)
{
    struct happening_item *item = world->pool;
    if (item)
        world->pool = item->next;
    else
        item = xmalloc(sizeof *item);
    memset(item, 0, sizeof *item);
    return item;
}

static void item_free(struct world *world, struct happening_item *item)
{
    free(item->message);
    item->next = world->pool;
    world->pool = item;
}

static struct happening_item *happens(struct world *world, uint64_t in_ms, enum happening kind,
                                      uint32_t node)
{
    if (in_ms >= RING)
        die("an event lies too far ahead");
    struct happening_item *item = item_new(world);
    item->kind = kind;
    item->node = node;
    size_t at = (world->now + in_ms) % RING;
    if (world->ring[at].last)
        world->ring[at].last->next = item;
    else
        world->ring[at].first = item;
    world->ring[at].last = item;
    return item;
}

static uint64_t chance(struct world *world, uint64_t bound)
{
    return sys_random_below(&world->sys, bound);
}

/* ---- addresses: 10.x.y.z says which node it is ---- */

static struct overlay_address node_address(uint32_t node)
{
    uint32_t host = node + 1;
    return (struct overlay_address){
        {[10] = 0xff, 0xff, 10, (uint8_t)(host >> 16), (uint8_t)(host >> 8), (uint8_t)host}, 9999};
}

static uint32_t address_node(const struct overlay_address *address)
{
    return ((uint32_t)address->ip[13] << 16 | (uint32_t)address->ip[14] << 8 | address->ip[15]) - 1;
}

static bool reaches(const struct world *world, uint32_t a, uint32_t b)
{
    return world->nodes[a].alive && world->nodes[b].alive &&
           world->nodes[a].side == world->nodes[b].side;
}

/* ---- what nodes do ---- */

static void perform_dial(struct world *world, uint32_t node, const struct overlay_address *address)
{
    uint8_t delay = (uint8_t)(1 + chance(world, DELAY_MS));
    struct happening_item *item = happens(world, 2u * delay, H_DIAL, node);
    item->other = address_node(address);
    item->delay = delay;
    world->dials++;
}

static size_t wire_end(const struct wire *wire, uint32_t node)
{
    return wire->end[0] == node ? 0 : 1;
}

static void perform_close(struct world *world, uint32_t node, uint32_t link)
{
    struct wire *wire = &world->wires[link - 1];
    size_t me = wire_end(wire, node);
    wire->open[me] = false;
    if (wire->open[1 - me])
        happens(world, wire->delay, H_DOWN, wire->end[1 - me])->wire = link;
}

static void perform_send(struct world *world, uint32_t node, uint32_t link,
                         const struct overlay_message *message)
{
    const struct wire *wire = &world->wires[link - 1];
    size_t me = wire_end(wire, node);
    if (!wire->open[me])
        die("a node sends on a link that is closed");
    struct happening_item *item = happens(world, wire->delay, H_MESSAGE, wire->end[1 - me]);
    item->wire = link;
    item->message = xmemdup(message, sizeof *message);
    world->sent++;
}

static void perform(struct world *world, uint32_t node)
{
    for (size_t i = 0; i < world->effects.count; i++) {
        const struct overlay_effect *effect = &world->effects.list[i];
        switch (effect->kind) {
        case OVERLAY_DIAL:
            perform_dial(world, node, &effect->dial);
            break;
        case OVERLAY_CLOSE:
            perform_close(world, node, effect->link);
            break;
        case OVERLAY_SEND:
            perform_send(world, node, effect->link, &effect->send);
            break;
        }
    }
}

static void schedule_tick(struct world *world, uint32_t node)
{
    uint64_t due = overlay_due(&world->nodes[node].overlay);
    if (due <= world->now)
        due = world->now + 1;
    if (world->nodes[node].tick_at > world->now && world->nodes[node].tick_at <= due)
        return;
    world->nodes[node].tick_at = due;
    happens(world, due - world->now, H_TICK, node);
}

static void give(struct world *world, uint32_t node, const struct overlay_event *event)
{
    world->effects.count = 0;
    overlay_handle(&world->nodes[node].overlay, world->now, event, &world->effects);
    perform(world, node);
    schedule_tick(world, node);
}

/* ---- what happens ---- */

static void on_start(struct world *world, uint32_t node)
{
    struct node *me = &world->nodes[node];
    overlay_init(&me->overlay, &me->id, 1, &world->sys, world->now);
    me->alive = true;
    struct overlay_event event = {.kind = OVERLAY_TICK};
    if (node > 0) { /* all that a newcomer knows */
        event.kind = OVERLAY_KNOWN;
        event.known.address = node_address((uint32_t)chance(world, node));
        event.known.source = OVERLAY_FROM_MEMORY;
    }
    give(world, node, &event);
}

static uint32_t wire_new(struct world *world, uint32_t dialler, uint32_t dialled, uint8_t delay)
{
    if (world->wire_count == world->wire_room) {
        world->wire_room = world->wire_room ? 2 * world->wire_room : 1024;
        world->wires = xrealloc(world->wires, world->wire_room, sizeof *world->wires);
    }
    world->wires[world->wire_count] = (struct wire){{dialler, dialled}, {true, true}, delay};
    return (uint32_t)++world->wire_count;
}

static void give_up(struct world *world, uint32_t node, uint32_t wire, uint32_t other,
                    const struct id *component)
{
    struct overlay_event event = {.kind = OVERLAY_LINK_UP, .link = wire};
    event.up.id = world->nodes[other].id;
    event.up.address = node_address(other);
    event.up.dialled = world->wires[wire - 1].end[0] == node;
    event.up.component = *component;
    give(world, node, &event);
}

static void on_dial(struct world *world, const struct happening_item *item)
{
    if (!reaches(world, item->node, item->other)) {
        happens(world, DIAL_TIMEOUT_MS - 2u * item->delay, H_DIAL_FAILED, item->node)->other =
            item->other;
        return;
    }
    uint32_t wire = wire_new(world, item->node, item->other, item->delay);
    struct happening_item *up = happens(world, item->delay, H_UP, item->node);
    up->wire = wire;
    up->other = item->other;
    up->component = *overlay_component(&world->nodes[item->other].overlay);
    struct id component = *overlay_component(&world->nodes[item->node].overlay);
    give_up(world, item->other, wire, item->node, &component);
}

static void on_link(struct world *world, const struct happening_item *item)
{
    struct wire *wire = &world->wires[item->wire - 1];
    size_t me = wire_end(wire, item->node);
    if (!wire->open[me])
        return;
    struct overlay_event event = {.link = item->wire};
    if (item->kind == H_DOWN) {
        wire->open[me] = false;
        event.kind = OVERLAY_LINK_DOWN;
    } else {
        if (!reaches(world, item->node, wire->end[1 - me]))
            return;
        event.kind = OVERLAY_MESSAGE;
        event.message = item->message;
    }
    give(world, item->node, &event);
}

static void on_tick(struct world *world, uint32_t node)
{
    if (world->nodes[node].tick_at != world->now)
        return;
    world->nodes[node].tick_at = 0;
    give(world, node, &(struct overlay_event){.kind = OVERLAY_TICK});
}

static void on_dial_failed(struct world *world, const struct happening_item *item)
{
    struct overlay_event event = {.kind = OVERLAY_DIAL_FAILED};
    event.dial_failed = node_address(item->other);
    world->dials_failed++;
    give(world, item->node, &event);
}

static void on_up(struct world *world, const struct happening_item *item)
{
    if (!reaches(world, item->node, item->other)) {
        /* the cut came between: the hello never arrives, and the dial is given up */
        world->wires[item->wire - 1].open[0] = false;
        happens(world, DIAL_TIMEOUT_MS, H_DIAL_FAILED, item->node)->other = item->other;
        return;
    }
    give_up(world, item->node, item->wire, item->other, &item->component);
}

static void happen(struct world *world, const struct happening_item *item)
{
    world->steps++;
    if (item->kind == H_START) {
        on_start(world, item->node);
        return;
    }
    if (!world->nodes[item->node].alive)
        return;
    switch (item->kind) {
    case H_START:
        return;
    case H_TICK:
        on_tick(world, item->node);
        return;
    case H_DIAL:
        on_dial(world, item);
        return;
    case H_DIAL_FAILED:
        on_dial_failed(world, item);
        return;
    case H_UP:
        on_up(world, item);
        return;
    case H_DOWN:
    case H_MESSAGE:
        on_link(world, item);
        return;
    }
}

static void run_ms(struct world *world, uint64_t ms)
{
    for (uint64_t end = world->now + ms; world->now < end; world->now++) {
        size_t at = world->now % RING;
        struct happening_item *item;
        while ((item = world->ring[at].first)) {
            world->ring[at].first = item->next;
            if (!item->next)
                world->ring[at].last = NULL;
            happen(world, item);
            item_free(world, item);
        }
    }
}

/* ---- a world begins and ends ---- */

static struct world *world_new(size_t nodes, uint64_t seed)
{
    struct world *world = xcalloc(1, sizeof *world);
    world->fake.seed = seed * 0x9e3779b97f4a7c15u;
    world->sys = sys_fake(&world->fake);
    world->now = 1000;
    world->nodes = xcalloc(nodes, sizeof *world->nodes);
    world->node_count = nodes;
    for (size_t i = 0; i < nodes; i++)
        sys_random(&world->sys, world->nodes[i].id.bytes, ID_BYTES);
    return world;
}

static void world_free(struct world *world)
{
    for (size_t at = 0; at < RING; at++) {
        while (world->ring[at].first) {
            struct happening_item *item = world->ring[at].first;
            world->ring[at].first = item->next;
            item_free(world, item);
        }
    }
    while (world->pool) {
        struct happening_item *item = world->pool;
        world->pool = item->next;
        free(item);
    }
    free(world->wires);
    free(world->nodes);
    free(world);
}

/* Everyone joins, one behind the other, and the mesh comes to rest. */
static void world_settle(struct world *world, size_t nodes)
{
    for (uint32_t i = 0; i < nodes; i++) {
        happens(world, 0, H_START, i);
        run_ms(world, JOIN_MS);
    }
    run_ms(world, SETTLE_CYCLES * OVERLAY_CYCLE_MS);
    world->sent = 0;
    world->dials = 0;
    run_ms(world, REST_CYCLES * OVERLAY_CYCLE_MS);
}

/* ---- looking at it ---- */

struct shape {
    uint32_t *parent; /* union and find */
    uint32_t *size;
};

static uint32_t shape_root(const struct shape *shape, uint32_t node)
{
    while (shape->parent[node] != node) {
        shape->parent[node] = shape->parent[shape->parent[node]];
        node = shape->parent[node];
    }
    return node;
}

static bool wire_is_whole(const struct world *world, size_t index)
{
    const struct wire *wire = &world->wires[index];
    return wire->open[0] && wire->open[1] && reaches(world, wire->end[0], wire->end[1]) &&
           overlay_is_active(&world->nodes[wire->end[0]].overlay, (uint32_t)index + 1) &&
           overlay_is_active(&world->nodes[wire->end[1]].overlay, (uint32_t)index + 1);
}

static struct shape shape_new(const struct world *world)
{
    struct shape shape = {xcalloc(world->node_count, sizeof(uint32_t)),
                          xcalloc(world->node_count, sizeof(uint32_t))};
    for (uint32_t i = 0; i < world->node_count; i++) {
        shape.parent[i] = i;
        shape.size[i] = 1;
    }
    for (size_t i = 0; i < world->wire_count; i++) {
        if (!wire_is_whole(world, i))
            continue;
        uint32_t a = shape_root(&shape, world->wires[i].end[0]);
        uint32_t b = shape_root(&shape, world->wires[i].end[1]);
        if (a != b) {
            shape.parent[b] = a;
            shape.size[a] += shape.size[b];
        }
    }
    return shape;
}

static void shape_free(struct shape *shape)
{
    free(shape->parent);
    free(shape->size);
}

static size_t living(const struct world *world)
{
    size_t count = 0;
    for (size_t i = 0; i < world->node_count; i++)
        count += world->nodes[i].alive;
    return count;
}

static uint32_t random_living(struct world *world)
{
    uint32_t node;
    do {
        node = (uint32_t)chance(world, world->node_count);
    } while (!world->nodes[node].alive);
    return node;
}

/* The share of the living that floods from random sources reach. */
static double reliability(struct world *world)
{
    struct shape shape = shape_new(world);
    double reached = 0;
    for (int i = 0; i < SOURCES; i++)
        reached += shape.size[shape_root(&shape, random_living(world))];
    shape_free(&shape);
    return reached / SOURCES / (double)living(world);
}

static bool is_whole(struct world *world)
{
    struct shape shape = shape_new(world);
    bool whole = shape.size[shape_root(&shape, random_living(world))] == living(world);
    shape_free(&shape);
    return whole;
}

/* ---- disasters ---- */

static void wires_break(struct world *world)
{
    for (size_t i = 0; i < world->wire_count; i++) {
        const struct wire *wire = &world->wires[i];
        if (reaches(world, wire->end[0], wire->end[1]))
            continue;
        for (size_t end = 0; end < 2; end++) {
            if (wire->open[end] && world->nodes[wire->end[end]].alive)
                happens(world, chance(world, NOTICE_MS), H_DOWN, wire->end[end])->wire =
                    (uint32_t)i + 1;
        }
    }
}

static void kill_share(struct world *world, unsigned per_cent)
{
    size_t victims = world->node_count * per_cent / 100;
    while (victims > 0) {
        uint32_t node = random_living(world);
        world->nodes[node].alive = false;
        victims--;
    }
    wires_break(world);
    run_ms(world, NOTICE_MS);
}

static void split(struct world *world, uint64_t ms)
{
    size_t half = world->node_count / 2;
    while (half > 0) {
        uint32_t node = random_living(world);
        half -= world->nodes[node].side == 0;
        world->nodes[node].side = 1;
    }
    wires_break(world);
    run_ms(world, ms);
    for (size_t i = 0; i < world->node_count; i++)
        world->nodes[i].side = 0;
}

/* ---- points ---- */

struct figures {
    double reliability; /* of the first flood after one repair step */
    unsigned cycles;    /* until whole */
    bool settled;       /* before the disaster: one component, one name, nobody over the bounds */
    double links;       /* at rest, a node */
    uint64_t moment_ms;
    double sent;  /* messages a node and cycle, at rest */
    double dials; /* the same */
    uint64_t steps;
};

static bool node_is_settled(const struct world *world, const struct node *node)
{
    size_t most = world->node_count <= OVERLAY_MESH ? OVERLAY_MESH - 1 : OVERLAY_ACTIVE;
    size_t least = world->node_count <= OVERLAY_MESH ? world->node_count - 1 : OVERLAY_FEW;
    size_t active = overlay_active(&node->overlay);
    return active <= most && active >= least;
}

/* One component that agrees on its name, and links within their bounds. A few may be between two
 * states at any moment: one in a thousand. */
static bool is_settled(struct world *world, struct figures *figures)
{
    const struct id *name = overlay_component(&world->nodes[0].overlay);
    size_t links = 0;
    size_t unsettled = 0;
    for (size_t i = 0; i < world->node_count; i++) {
        const struct node *node = &world->nodes[i];
        links += overlay_active(&node->overlay);
        unsettled += !node_is_settled(world, node);
        if (!id_equal(name, overlay_component(&node->overlay)))
            return false;
    }
    figures->links = (double)links / (double)world->node_count;
    return unsettled * 1000 <= world->node_count && is_whole(world);
}

static struct figures seed_run(const struct overlay_point *point, uint64_t seed)
{
    struct figures figures = {0};
    struct world *world = world_new(point->nodes, seed);
    world_settle(world, point->nodes);
    figures.sent = (double)world->sent / REST_CYCLES / (double)point->nodes;
    figures.dials = (double)world->dials / REST_CYCLES / (double)point->nodes;
    figures.settled = is_settled(world, &figures);
    if (point->kill > 0) {
        kill_share(world, point->kill);
    } else {
        figures.moment_ms = point->split_cycles ? point->split_cycles * (uint64_t)OVERLAY_CYCLE_MS
                                                : 1 + chance(world, MOMENT_MS);
        split(world, figures.moment_ms);
    }
    do {
        run_ms(world, OVERLAY_CYCLE_MS);
        if (figures.cycles++ == 0)
            figures.reliability = reliability(world);
    } while (!is_whole(world) && figures.cycles < PATIENCE_CYCLES);
    figures.steps = world->steps;
    world_free(world);
    return figures;
}

/* Whether each of the first `count` holds from `least` to `most` links. */
static bool links_between(const struct world *world, size_t count, size_t least, size_t most)
{
    for (size_t i = 0; i < count; i++) {
        size_t active = overlay_active(&world->nodes[i].overlay);
        if (active < least || active > most)
            return false;
    }
    return true;
}

/* Sixteen are a full mesh, the seventeenth makes it sparse, and when it has gone the mesh is full
 * again; `cycles` counts from its going. */
static struct figures border_run(const struct overlay_point *point, uint64_t seed)
{
    struct figures figures = {.reliability = 1};
    struct world *world = world_new(point->nodes, seed);
    size_t rest = point->nodes - 1;
    world_settle(world, rest);
    figures.settled = links_between(world, rest, rest - 1, rest - 1);
    happens(world, 0, H_START, (uint32_t)rest);
    for (int i = 0; i < BORDER_CYCLES; i++) {
        run_ms(world, OVERLAY_CYCLE_MS);
        bool sparse = links_between(world, point->nodes, OVERLAY_FEW, OVERLAY_ACTIVE);
        figures.settled = figures.settled && (i < 2 || sparse) && is_whole(world);
    }
    world->nodes[rest].alive = false;
    wires_break(world);
    run_ms(world, NOTICE_MS);
    do {
        run_ms(world, OVERLAY_CYCLE_MS);
        figures.settled = figures.settled && is_whole(world);
        figures.cycles++;
    } while (!links_between(world, rest, rest - 1, rest - 1) &&
             figures.cycles <= BORDER_BACK_CYCLES);
    figures.steps = world->steps;
    world_free(world);
    return figures;
}

/* The least reliability and the most cycles that are promised. */
static double target_reliability(const struct overlay_point *point)
{
    if (point->kill == 0)
        return 0;
    return point->kill <= 80 ? 0.99995 : point->kill <= 90 ? 0.997 : 0.92;
}

static unsigned target_cycles(const struct overlay_point *point)
{
    if (point->border)
        return BORDER_BACK_CYCLES;
    if (point->kill == 0)
        return 5;
    return point->kill <= 80 ? 2 : point->kill <= 90 ? 3 : 4;
}

struct totals {
    uint64_t seeds, steps;
    unsigned failures, most_cycles;
    double worst; /* reliability */
    double reliability, links, sent, dials;
};

static void totals_add(struct totals *totals, const struct figures *figures)
{
    totals->seeds++;
    totals->steps += figures->steps;
    totals->reliability += figures->reliability;
    totals->links += figures->links;
    totals->sent += figures->sent;
    totals->dials += figures->dials;
    if (figures->reliability < totals->worst)
        totals->worst = figures->reliability;
    if (figures->cycles > totals->most_cycles)
        totals->most_cycles = figures->cycles;
}

/* The options of overlay_sim that repeat a point. */
static const char *point_options(const struct overlay_point *point, char into[64])
{
    if (point->border)
        snprintf(into, 64, "--border %zu", point->nodes);
    else if (point->kill)
        snprintf(into, 64, "--nodes %zu --kill %u", point->nodes, point->kill);
    else
        snprintf(into, 64, "--nodes %zu --split %u", point->nodes, point->split_cycles);
    return into;
}

static void print_seed(const struct overlay_point *point, uint64_t seed,
                       const struct figures *figures, FILE *out)
{
    char options[64];
    fprintf(out,
            "{\"failed\":\"overlay\",\"seed\":%" PRIu64 ",\"reliability\":%.6f,\"cycles\":%u,"
            "\"settled\":%s,\"moment_ms\":%" PRIu64 ",\"repeat\":\"%s --seeds %" PRIu64 "\"}\n",
            seed, figures->reliability, figures->cycles, figures->settled ? "true" : "false",
            figures->moment_ms, point_options(point, options), seed);
}

static void print_sum(const struct overlay_point *point, const struct totals *totals, FILE *out)
{
    char options[64];
    double count = (double)totals->seeds;
    fprintf(out,
            "{\"scenario\":\"overlay\",\"point\":\"%s\",\"seeds\":%" PRIu64 ",\"steps\":%" PRIu64
            ",\"failures\":%u,\"figures\":{\"reliability\":%.4f,\"worst_reliability\":%.4f,"
            "\"most_cycles\":%u,\"links\":%.2f,\"messages_per_cycle\":%.1f,"
            "\"dials_per_cycle\":%.2f,\"bytes_per_node\":%zu}}\n",
            point_options(point, options), totals->seeds, totals->steps, totals->failures,
            totals->reliability / count, totals->worst, totals->most_cycles, totals->links / count,
            totals->sent / count, totals->dials / count, sizeof(struct overlay));
    fflush(out);
}

bool overlay_point_run(const struct overlay_point *point, FILE *out)
{
    struct totals totals = {.worst = 1};
    for (uint64_t seed = point->first_seed; seed <= point->last_seed; seed++) {
        struct figures figures = point->border ? border_run(point, seed) : seed_run(point, seed);
        totals_add(&totals, &figures);
        if (figures.settled && figures.cycles <= target_cycles(point) &&
            figures.reliability >= target_reliability(point))
            continue;
        totals.failures++;
        print_seed(point, seed, &figures, out);
        fflush(out);
    }
    print_sum(point, &totals, out);
    return totals.failures == 0;
}

const struct overlay_point overlay_points[] = {
    {.nodes = 10000, .kill = 50, .first_seed = 1, .last_seed = 3},
    {.nodes = 10000, .kill = 70, .first_seed = 1, .last_seed = 3},
    {.nodes = 10000, .kill = 80, .first_seed = 1, .last_seed = 3},
    {.nodes = 10000, .kill = 90, .first_seed = 1, .last_seed = 3},
    {.nodes = 10000, .kill = 95, .first_seed = 1, .last_seed = 3},
    {.nodes = 1000, .split_cycles = 50, .first_seed = 1, .last_seed = 10},
    {.nodes = 9, .first_seed = 1, .last_seed = 200},
    {.nodes = 17, .border = true, .first_seed = 1, .last_seed = 20},
};
const size_t overlay_point_count = sizeof overlay_points / sizeof overlay_points[0];
