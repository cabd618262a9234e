/* The overlay's one entrance: an event comes in, its rule is applied, what lacks is repaired. */
#include "base/alloc.h"
#include "core/overlay_parts.h"

#include <string.h>

enum {
    CYCLE_JITTER_MS = 500, /* either way: nodes that started together drift apart */
    FIRST_CYCLE_MS = 1000, /* who just started does not wait for a whole cycle */
};

uint32_t overlay_hint(const struct id *id)
{
    uint32_t hint = (uint32_t)id->bytes[0] << 24 | (uint32_t)id->bytes[1] << 16 |
                    (uint32_t)id->bytes[2] << 8 | id->bytes[3];
    return hint ? hint : 1;
}

size_t overlay_active(const struct overlay *overlay)
{
    return links_in_state(overlay, OVERLAY_IS_ACTIVE, true) +
           links_in_state(overlay, OVERLAY_IS_ACTIVE, false);
}

bool overlay_is_active(const struct overlay *overlay, uint32_t link)
{
    for (size_t i = 0; i < OVERLAY_LINKS; i++) {
        if (overlay->links[i].link == link && overlay->links[i].state == OVERLAY_IS_ACTIVE)
            return true;
    }
    return false;
}

/* ---- effects ---- */

/* The bound holds by construction: a turn ends, greets, floods or asks each link at most once, and
 * starts no more dials than there are places. */
static struct overlay_effect *effect_new(struct turn *turn, enum overlay_effect_kind kind)
{
    if (turn->effects->count >= OVERLAY_EFFECTS)
        die("overlay: one event brought about more than %d effects", OVERLAY_EFFECTS);
    struct overlay_effect *effect = &turn->effects->list[turn->effects->count++];
    memset(effect, 0, sizeof *effect);
    effect->kind = kind;
    return effect;
}

void effect_dial(struct turn *turn, const struct overlay_address *address)
{
    effect_new(turn, OVERLAY_DIAL)->dial = *address;
}

void effect_close(struct turn *turn, uint32_t link, enum overlay_why why)
{
    struct overlay_effect *effect = effect_new(turn, OVERLAY_CLOSE);
    effect->link = link;
    effect->close = why;
}

struct overlay_message *effect_send(struct turn *turn, uint32_t link,
                                    enum overlay_message_kind kind)
{
    struct overlay_effect *effect = effect_new(turn, OVERLAY_SEND);
    effect->link = link;
    effect->send.kind = kind;
    return &effect->send;
}

/* ---- messages ---- */

/* Somebody is new; the walk ends with a dial, or goes on. */
static void walk_arrived(struct turn *turn, const struct overlay_link *from,
                         const struct overlay_told *who, uint8_t ttl)
{
    struct overlay *overlay = turn->overlay;
    if (overlay->walks >= OVERLAY_WALKS || !address_is_shared(&who->address, from))
        return;
    overlay->walks++;
    struct overlay_link *next = link_random(overlay, from);
    if (ttl > 0 && next && address_is_shared(&who->address, next)) {
        if (ttl == OVERLAY_WALK_SPARE)
            known_learn(turn, from, &(struct overlay_list){1, {*who}});
        struct overlay_message *walk = effect_send(turn, next->link, OVERLAY_WALK);
        walk->walk.who = *who;
        walk->walk.ttl = ttl > OVERLAY_WALK_TTL ? OVERLAY_WALK_TTL - 1 : (uint8_t)(ttl - 1);
        return;
    }
    known_learn(turn, from, &(struct overlay_list){1, {*who}});
    bool room = overlay_active(overlay) < (overlay->sparse ? OVERLAY_ACTIVE : OVERLAY_MESH);
    if (!room || overlay->walk_dials >= OVERLAY_WALK_DIALS || !spare_knows(overlay, &who->address))
        return;
    overlay->walk_dials++;
    dial_start(turn, &who->address, FOR_WALK);
}

static void shuffle_arrived(struct turn *turn, struct overlay_link *link,
                            const struct overlay_list *list)
{
    if (turn->now_s - link->shuffled_s < OVERLAY_SHUFFLE_S)
        return;
    link->shuffled_s = turn->now_s;
    struct overlay_message *answer = effect_send(turn, link->link, OVERLAY_SHUFFLED);
    known_tell(turn, link, &answer->shuffle);
    known_learn(turn, link, list);
}

static void message_arrived(struct turn *turn, struct overlay_link *link,
                            const struct overlay_message *message)
{
    bool active = link->state == OVERLAY_IS_ACTIVE;
    switch (message->kind) {
    case OVERLAY_ASK:
        link_asked(turn, link, message->ask);
        return;
    case OVERLAY_ANSWER:
        link_answered(turn, link, message);
        return;
    case OVERLAY_WALK:
        if (active)
            walk_arrived(turn, link, &message->walk.who, message->walk.ttl);
        return;
    case OVERLAY_SHUFFLE:
        if (active)
            shuffle_arrived(turn, link, &message->shuffle);
        return;
    case OVERLAY_SHUFFLED:
        if (active && link->shuffling)
            known_learn(turn, link, &message->shuffle);
        link->shuffling = false;
        return;
    case OVERLAY_BEAT:
        if (active)
            component_heard(turn, link, &message->beat);
        return;
    case OVERLAY_PART:
        link_parted(turn, link, message->part);
        return;
    }
}

/* ---- cycles and events ---- */

static void shuffle_cycle(struct turn *turn)
{
    struct overlay_link *link = link_random(turn->overlay, NULL);
    if (!link)
        return;
    struct overlay_message *shuffle = effect_send(turn, link->link, OVERLAY_SHUFFLE);
    known_tell(turn, link, &shuffle->shuffle);
    link->shuffling = true;
}

static void cycle(struct turn *turn)
{
    struct overlay *overlay = turn->overlay;
    overlay->cycle++;
    overlay->cycle_at = turn->now_ms + OVERLAY_CYCLE_MS - CYCLE_JITTER_MS +
                        overlay_random(overlay, 2 * CYCLE_JITTER_MS);
    overlay->walks = 0;
    overlay->walk_dials = 0;
    links_cycle(turn);
    spares_cycle(turn);
    component_cycle(turn);
    shuffle_cycle(turn);
    repair_cycle(turn);
}

static void address_known(struct turn *turn, const struct overlay_event *event)
{
    const struct overlay_address *address = &event->known.address;
    switch (event->known.source) {
    case OVERLAY_FROM_BEACON:
        spare_add(turn, &(struct overlay_told){*address, 0, event->known.hint});
        memory_add(turn->overlay, address, false);
        if (event->known.has_component)
            component_seen(turn, address, &event->known.component);
        return;
    case OVERLAY_FROM_MEMORY:
        memory_add(turn->overlay, address, true);
        return;
    case OVERLAY_FROM_USER:
        memory_name(turn->overlay, address);
        if (!dial_start(turn, address, FOR_USER))
            dial_asked(turn->overlay, address);
        return;
    case OVERLAY_FROM_USER_IN_VAIN:
        memory_name(turn->overlay, address);
        memory_tried(turn->overlay, address);
        memory_failed(turn->overlay, address);
        return;
    }
}

static void event_apply(struct turn *turn, const struct overlay_event *event)
{
    struct overlay *overlay = turn->overlay;
    struct overlay_link *link = link_find(overlay, event->link);
    switch (event->kind) {
    case OVERLAY_LINK_UP:
        link_up(turn, event);
        return;
    case OVERLAY_LINK_DOWN:
        if (link)
            link_lost(turn, link);
        return;
    case OVERLAY_DIAL_FAILED:
        dial_ended(overlay, &event->dial_failed);
        memory_failed(overlay, &event->dial_failed);
        return;
    case OVERLAY_MESSAGE:
        if (link)
            message_arrived(turn, link, event->message);
        return;
    case OVERLAY_KNOWN:
        address_known(turn, event);
        return;
    case OVERLAY_FORGET:
        memory_give_up(overlay, &event->forget);
        return;
    case OVERLAY_NO_PEER:
        memory_forget(overlay, &event->forget);
        return;
    case OVERLAY_NETWORK:
        memory_anew(overlay);
        repair_anew(turn);
        return;
    case OVERLAY_TICK:
        if (turn->now_ms >= overlay->cycle_at)
            cycle(turn);
        component_tick(turn);
        return;
    }
}

void overlay_handle(struct overlay *overlay, uint64_t now_ms, const struct overlay_event *event,
                    struct overlay_effects *effects)
{
    struct turn turn = {overlay, now_ms, (uint32_t)(now_ms / 1000) + OVERLAY_EPOCH_S, effects};
    event_apply(&turn, event);
    repair(&turn);
}

void overlay_init(struct overlay *overlay, const struct id *self, uint64_t counter,
                  const struct sys *sys, uint64_t now_ms)
{
    *overlay = (struct overlay){.self = *self, .sys = sys};
    sys_random(sys, overlay->key, sizeof overlay->key);
    overlay->cycle_at = now_ms + overlay_random(overlay, FIRST_CYCLE_MS);
    overlay->trimmed_s = (uint32_t)(now_ms / 1000) + OVERLAY_EPOCH_S;
    component_init(overlay, counter);
}

uint64_t overlay_due(const struct overlay *overlay)
{
    uint64_t due = overlay->cycle_at;
    if (overlay->candidate_at && overlay->candidate_at < due)
        due = overlay->candidate_at;
    if (overlay->heal_at && overlay->heal_at < due)
        due = overlay->heal_at;
    uint64_t trim_at = ((uint64_t)overlay->trimmed_s + 1 - OVERLAY_EPOCH_S) * 1000;
    if (links_exceed(overlay) && trim_at < due)
        due = trim_at;
    return due;
}
