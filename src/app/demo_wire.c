/* The wires of the demo: frames as bytes, in order, each after the time its way takes. What TLS
 * proves elsewhere is simply true here: nobody else can hold an end. */
#include "app/demo_parts.h"

#include "dialect/framer.h"
#include "dialect/native.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

enum {
    NEAR_US = 300,           /* from one machine to the next, the fastest */
    FAR_US = 4000,           /* and more, by how far these two are from each other */
    SILENT_US = 1000 * 1000, /* until a call to nobody is given up */
    REFUSED_US = 2000,
};

struct overlay_address demo_address(unsigned last, uint16_t port)
{
    /* 192.0.2.0/24 is set aside for examples (RFC 5737): nobody's, anywhere. */
    struct overlay_address address = {.ip = {[10] = 0xff, 0xff, 192, 0, 2, (uint8_t)last}};
    address.port = port;
    return address;
}

static uint64_t way_us(unsigned a, unsigned b)
{
    unsigned low = a < b ? a : b, high = a < b ? b : a;
    return NEAR_US + (low * 5 + high * 3) % 7 * (FAR_US / 7);
}

static struct demo_wire *wire_find(const struct demo *demo, uint32_t link)
{
    struct demo_wire *wire;
    DL_FOREACH(demo->wires, wire)
    if (wire->number == link / 2)
        return wire;
    return NULL;
}

static uint32_t link_of(const struct demo_wire *wire, unsigned side)
{
    return wire->number * 2 + side;
}

static void wire_free(struct demo *demo, struct demo_wire *wire)
{
    DL_DELETE(demo->wires, wire);
    free(wire);
}

void demo_wires_free(struct demo *demo)
{
    struct demo_wire *wire, *next;
    DL_FOREACH_SAFE(demo->wires, wire, next)
    wire_free(demo, wire);
}

/* ---- what travels ---- */

static void queued_tell(struct demo *demo, const struct demo_wire *wire, unsigned side)
{
    struct node_event event = {.kind = EVENT_QUEUED, .link = link_of(wire, side)};
    event.queued = wire->waiting[side];
    if (wire->open[side])
        demo_give(demo, wire->node[side], &event);
}

static void frame_give(struct demo *demo, const struct demo_wire *wire, unsigned side,
                       const struct buf *bytes)
{
    struct framer framer;
    struct span payload;
    struct frame *frame = NULL;
    framer_init(&framer);
    framer_give(&framer, buf_bytes(bytes), bytes->length);
    if (framer_next(&framer, &payload) == FRAMER_FRAME)
        frame = frame_unpack(payload);
    if (!frame)
        die("the demo sent what cannot be read");
    demo_give(
        demo, wire->node[side],
        &(struct node_event){.kind = EVENT_FRAME, .link = link_of(wire, side), .frame = frame});
    frame_free(frame);
    framer_done(&framer);
}

/* `link` is the end where it arrives. */
static void arrive_run(struct demo *demo, struct demo_task *task)
{
    struct demo_wire *wire = wire_find(demo, task->link);
    unsigned to = task->link % 2;
    if (!wire)
        return;
    wire->waiting[1 - to] -= task->bytes.length;
    if (wire->open[to])
        frame_give(demo, wire, to, &task->bytes);
    wire = wire_find(demo, task->link); /* it may have been cut meanwhile */
    if (wire && wire->waiting[1 - to] == 0)
        queued_tell(demo, wire, 1 - to);
}

void demo_send(struct demo *demo, uint32_t link, const struct frame *frame)
{
    struct demo_wire *wire = wire_find(demo, link);
    unsigned from = link % 2;
    if (!wire || !wire->open[from])
        return;
    struct demo_task *task =
        demo_later(demo, way_us(wire->node[0], wire->node[1]), wire->node[1 - from], arrive_run);
    task->link = link_of(wire, 1 - from);
    if (!frame_pack(frame, &task->bytes))
        die("a frame larger than a frame");
    wire->waiting[from] += task->bytes.length;
}

static void end_run(struct demo *demo, struct demo_task *task)
{
    struct demo_wire *wire = wire_find(demo, task->link);
    if (!wire)
        return;
    bool open = wire->open[task->link % 2];
    wire_free(demo, wire);
    if (open)
        demo_give(demo, task->who,
                  &(struct node_event){.kind = EVENT_LINK_DOWN, .link = task->link});
}

/* The other side gets what was sent before. */
void demo_close(struct demo *demo, uint32_t link)
{
    struct demo_wire *wire = wire_find(demo, link);
    unsigned side = link % 2;
    if (!wire || !wire->open[side])
        return;
    wire->open[side] = false;
    demo_later(demo, way_us(wire->node[0], wire->node[1]), wire->node[1 - side], end_run)->link =
        link_of(wire, 1 - side);
}

/* ---- calls ---- */

static void up_give(struct demo *demo, const struct demo_wire *wire, unsigned side,
                    const uint8_t exported[MESH_EXPORT_BYTES])
{
    const struct demo_node *other = &demo->nodes[wire->node[1 - side]];
    struct node_event event = {.kind = EVENT_LINK_UP, .link = link_of(wire, side)};
    event.up.peer = other->identity->id;
    event.up.dialled = side == 0;
    event.up.address = other->address;
    if (side == 1)
        event.up.address.port = 0;
    memcpy(event.up.exported, exported, MESH_EXPORT_BYTES);
    demo_give(demo, wire->node[side], &event);
}

static void connect(struct demo *demo, unsigned who, unsigned whom)
{
    uint8_t exported[MESH_EXPORT_BYTES];
    struct demo_wire *wire = xcalloc(1, sizeof *wire);
    wire->number = ++demo->number;
    wire->node[0] = who;
    wire->node[1] = whom;
    wire->open[0] = wire->open[1] = true;
    DL_APPEND(demo->wires, wire);
    sys_random(demo->sys, exported, sizeof exported);
    up_give(demo, wire, 1, exported);
    up_give(demo, wire, 0, exported);
}

static void failed_run(struct demo *demo, struct demo_task *task)
{
    struct node_event event = {.kind = EVENT_DIAL_FAILED, .fault = (enum call_fault)task->number};
    event.dial_failed = task->address;
    demo_give(demo, task->who, &event);
}

static void connect_run(struct demo *demo, struct demo_task *task)
{
    unsigned whom = (unsigned)task->number;
    task->number = CALL_SILENT;
    if (demo->nodes[task->who].lost || demo->nodes[whom].lost)
        failed_run(demo, task);
    else
        connect(demo, task->who, whom);
}

static void guest_run(struct demo *demo, struct demo_task *task)
{
    demo_guest_up(demo, demo_guest_at(demo, &task->address), task->who, true);
}

static unsigned node_at(const struct demo *demo, const struct overlay_address *address)
{
    unsigned who = 0;
    while (who < DEMO_NODES && !overlay_address_equal(&demo->nodes[who].address, address))
        who++;
    return who;
}

void demo_dial(struct demo *demo, unsigned who, const struct node_effect *effect)
{
    const struct overlay_address *address = &effect->dial.address;
    unsigned whom = node_at(demo, address);
    bool guest = demo_guest_at(demo, address) && effect->dial.dialect;
    struct demo_task *task;
    if (guest)
        task = demo_later(demo, REFUSED_US, who, guest_run);
    else if (whom == who || whom == DEMO_NODES)
        task = demo_later(demo, REFUSED_US, who, failed_run);
    else if (demo->nodes[who].lost || demo->nodes[whom].lost)
        task = demo_later(demo, SILENT_US, who, failed_run);
    else
        task = demo_later(demo, 3 * way_us(who, whom), who, connect_run);
    task->address = *address;
    task->number = task->run == connect_run ? whom
                   : whom == who            ? CALL_OURSELVES
                   : whom == DEMO_NODES     ? CALL_REFUSED
                                            : CALL_SILENT;
}

/* ---- names into addresses ---- */

static void resolved_run(struct demo *demo, struct demo_task *task)
{
    struct node_event event = {.ticket = task->number};
    if (task->address.port) {
        event.kind = EVENT_ADDRESS;
        event.address.address = task->address;
        event.address.found = FOUND_ASKED;
    } else {
        event.kind = EVENT_DIAL_FAILED;
        event.fault = CALL_UNREACHABLE;
    }
    demo_give(demo, task->who, &event);
}

/* Only what is on the demo's own network is anywhere at all. */
void demo_resolve(struct demo *demo, unsigned who, const struct node_effect *effect)
{
    struct demo_task *task = demo_later(demo, REFUSED_US, who, resolved_run);
    char text[32];
    task->number = effect->ticket;
    for (unsigned last = 1; last < 255; last++) {
        snprintf(text, sizeof text, "192.0.2.%u", last);
        if (strcmp(text, effect->resolve.host) == 0)
            task->address = demo_address(last, effect->resolve.port);
    }
}

/* ---- finding each other, and losing ---- */

static void hear_run(struct demo *demo, struct demo_task *task)
{
    const struct demo_node *whom = &demo->nodes[task->number];
    struct node_event event = {.kind = EVENT_ADDRESS};
    if (whom->lost || demo->nodes[task->who].lost)
        return;
    event.address.address = whom->address;
    event.address.found = FOUND_BEACON;
    event.address.hint = overlay_hint(&whom->identity->id);
    event.address.has_component = true;
    event.address.component = *overlay_component(node_overlay(whom->node));
    demo_give(demo, task->who, &event);
}

void demo_hear(struct demo *demo, unsigned who, unsigned whom, uint64_t in_us)
{
    demo_later(demo, in_us, who, hear_run)->number = whom;
}

static void cut(struct demo *demo, unsigned person)
{
    struct demo_wire *wire;
    for (;;) {
        DL_FOREACH(demo->wires, wire)
        if (wire->node[0] == person || wire->node[1] == person)
            break;
        if (!wire)
            return;
        struct demo_wire gone = *wire;
        wire_free(demo, wire);
        for (unsigned side = 0; side < 2; side++)
            if (gone.open[side])
                demo_give(demo, gone.node[side],
                          &(struct node_event){.kind = EVENT_LINK_DOWN,
                                               .link = link_of(&gone, side),
                                               .fault = CALL_SILENT});
    }
}

void demo_link(struct demo *demo, unsigned person, bool up)
{
    enum { AGAIN_US = 100 * 1000 };
    if (demo->nodes[person].lost == !up)
        return;
    demo->nodes[person].lost = !up;
    if (!up) {
        cut(demo, person);
        return;
    }
    for (unsigned who = 0; who < DEMO_NODES; who++)
        if (who != person)
            demo_hear(demo, who, person, AGAIN_US + who * AGAIN_US / 4);
}
