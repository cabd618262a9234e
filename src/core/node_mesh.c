/* The overlay's words made frames and links, and frames and links its events. */
#include "core/node_parts.h"

#include "base/hostport.h"

static struct overlay_address asked_for(const struct node *node,
                                        const struct overlay_address *address, bool *asked)
{
    *asked = node_found(node, address) == FOUND_ASKED;
    return *address;
}

/* Where the link was a call of the user's. */
static enum call_fault fault_of(enum overlay_why why)
{
    switch (why) {
    case OVERLAY_WHY_SELF:
        return CALL_OURSELVES;
    case OVERLAY_WHY_DUPLICATE:
        return CALL_LINKED;
    case OVERLAY_WHY_ADDRESS:
        return CALL_CROWDED;
    case OVERLAY_WHY_FULL:
        return CALL_NO_ROOM;
    case OVERLAY_WHY_SILENT:
    case OVERLAY_WHY_ENOUGH:
    case OVERLAY_WHY_EVICTED:
    case OVERLAY_WHY_MANY:
    case OVERLAY_WHY_SWAP:
    case OVERLAY_WHY_LEFT:
        return CALL_UNKNOWN;
    }
    return CALL_UNKNOWN;
}

static void effect_do(struct node *node, const struct overlay_effect *effect)
{
    struct node_link *link = node_link(node, effect->link);
    switch (effect->kind) {
    case OVERLAY_DIAL: {
        struct node_effect *dial = node_effect(node, EFFECT_DIAL);
        dial->dial.address = asked_for(node, &effect->dial, &dial->dial.asked);
        dial->dial.dialect = node_call_dialect(node, &effect->dial);
        return;
    }
    case OVERLAY_CLOSE:
        if (!link)
            return;
        link->spared = true;
        link->fault = fault_of(effect->close);
        node_link_close(node, link, DISCONNECT_OTHER, false);
        return;
    case OVERLAY_SEND:
        if (!link)
            return;
        struct frame frame = {.kind = FRAME_OVERLAY, .overlay = effect->send};
        const struct id *self = &node->config.identity->id;
        struct overlay_beat *beat = &frame.overlay.beat;
        if (frame.overlay.kind == OVERLAY_BEAT && id_equal(&beat->id, self))
            beat_sign(beat, &node->config.net, node->config.signer, node->config.identity);
        node_send(node, link, &frame);
        return;
    }
}

void node_mesh_event(struct node *node, const struct overlay_event *event)
{
    struct overlay_effects effects;
    effects.count = 0;
    overlay_handle(&node->overlay, node->now.mono_ms, event, &effects);
    sync_whole(node->sync, !node->overlay.sparse);
    for (size_t i = 0; i < effects.count; i++)
        effect_do(node, &effects.list[i]);
}

/* Another device of ours: an id that both ends put on the same side of our own, so that they agree
 * which dial stays. */
static struct id twin_id(const struct node *node, const struct node_link *link)
{
    struct id id;
    bool lower = memcmp(link->instance, node->instance, INSTANCE_BYTES) < 0;
    memset(id.bytes, lower ? 0 : 0xff, ID_BYTES);
    memcpy(id.bytes + ID_BYTES / 2, link->instance, INSTANCE_BYTES);
    return id;
}

/* For the overlay another device of somebody is somebody else, or it would be taken for a second
 * link to the first one. Its id differs at the end only, and so stands on the same side of ours. */
static struct id mesh_id(const struct node *node, const struct node_link *link)
{
    struct id id = link->peer;
    const struct id *self = &node->config.identity->id;
    if (id_equal(self, &link->peer))
        return memcmp(link->instance, node->instance, INSTANCE_BYTES) ? twin_id(node, link) : id;
    for (size_t i = 0; i < node->link_count; i++) {
        const struct node_link *other = node->links[i];
        if (other == link || !other->known || !id_equal(&other->peer, &link->peer))
            continue;
        if (memcmp(other->instance, link->instance, INSTANCE_BYTES) == 0)
            return other->mesh_id;
        memcpy(id.bytes + ID_BYTES - INSTANCE_BYTES, link->instance, INSTANCE_BYTES);
    }
    return id;
}

void node_mesh_up(struct node *node, struct node_link *link, const struct frame_hello *hello)
{
    struct overlay_event event = {.kind = OVERLAY_LINK_UP, .link = link->number};
    event.up.id = link->mesh_id = mesh_id(node, link);
    event.up.address = link->address;
    event.up.dialled = link->dialled;
    event.up.component = hello->component;
    node_mesh_event(node, &event);
}

/* Signatures are dear: who sends more beats than the overlay would take in a cycle is not heard. */
static bool beat_holds(struct node *node, struct node_link *link, const struct overlay_beat *beat)
{
    if (node->now.mono_ms >= link->beats_at + OVERLAY_CYCLE_MS) {
        link->beats_at = node->now.mono_ms;
        link->beats = 0;
    }
    return link->beats++ < NODE_BEATS && beat_verify(beat, &node->config.net, node->config.signer);
}

void node_mesh_message(struct node *node, struct node_link *link,
                       const struct overlay_message *message)
{
    if (message->kind == OVERLAY_BEAT && !beat_holds(node, link, &message->beat))
        return;
    if (message->kind == OVERLAY_PART)
        link->spared = true;
    node_mesh_event(node, &(struct overlay_event){
                              .kind = OVERLAY_MESSAGE, .link = link->number, .message = message});
}

/* ---- addresses ---- */

enum found node_found(const struct node *node, const struct overlay_address *address)
{
    for (size_t i = 0; i < NODE_HEARD; i++)
        if (overlay_address_equal(&node->heard[i].address, address))
            return (enum found)node->heard[i].found;
    return FOUND_TOLD;
}

static void heard_note(struct node *node, const struct overlay_address *address, enum found found)
{
    size_t at = 0;
    while (at < NODE_HEARD && !overlay_address_equal(&node->heard[at].address, address))
        at++;
    if (at == NODE_HEARD) {
        at = node->heard_next;
        node->heard_next = (at + 1) % NODE_HEARD;
    }
    node->heard[at].address = *address;
    node->heard[at].found = (uint8_t)found;
}

static enum overlay_source source_of(enum found found)
{
    switch (found) {
    case FOUND_BEACON:
        return OVERLAY_FROM_BEACON;
    case FOUND_SCAN:
    case FOUND_ASKED:
        return OVERLAY_FROM_USER;
    case FOUND_REMEMBERED:
    case FOUND_TOLD:
    case FOUND_CALLED_US:
        return OVERLAY_FROM_MEMORY;
    }
    die("no way to find anybody: %d", (int)found);
}

void node_address(struct node *node, const struct overlay_address *address, enum found found,
                  uint32_t hint, const struct id *component)
{
    if (address->port == 0 || node->leaving)
        return;
    heard_note(node, address, found);
    struct overlay_event event = {.kind = OVERLAY_KNOWN};
    event.known.address = *address;
    event.known.source = source_of(found);
    event.known.hint = hint;
    event.known.has_component = component != NULL;
    if (component)
        event.known.component = *component;
    node_mesh_event(node, &event);
}
