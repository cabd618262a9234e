/* The table of links, and who gets a place in it.
 *
 * Who dialled asks, who was dialled answers; a link is active when both agreed. Invariants: at most
 * one active link to a person, at most OVERLAY_PER_ADDRESS links to a host, and in a sparse mesh no
 * more inbound links than leave OVERLAY_SELF_DIALLED of our own choice: nobody who dials us can
 * displace one that we dialled. */
#include "core/overlay_parts.h"

#include <string.h>

enum {
    INBOUND = OVERLAY_ACTIVE - OVERLAY_SELF_DIALLED, /* active ones that others dialled */
    FORCED_S = 1,                                    /* at least between two forced evictions */
};

struct overlay_link *link_find(struct overlay *overlay, uint32_t number)
{
    for (size_t i = 0; i < OVERLAY_LINKS; i++) {
        struct overlay_link *link = &overlay->links[i];
        if (link->state != OVERLAY_FREE && link->link == number)
            return link;
    }
    return NULL;
}

struct overlay_link *link_to(struct overlay *overlay, const struct id *id,
                             const struct overlay_link *but)
{
    for (size_t i = 0; i < OVERLAY_LINKS; i++) {
        struct overlay_link *link = &overlay->links[i];
        if (link->state != OVERLAY_FREE && link != but && id_equal(&link->id, id))
            return link;
    }
    return NULL;
}

bool link_reaches(const struct overlay *overlay, const struct overlay_address *address,
                  uint32_t hint)
{
    for (size_t i = 0; i < OVERLAY_LINKS; i++) {
        const struct overlay_link *link = &overlay->links[i];
        if (link->state != OVERLAY_FREE && (overlay_address_equal(&link->address, address) ||
                                            (hint && overlay_hint(&link->id) == hint)))
            return true;
    }
    return false;
}

struct overlay_link *link_random(struct overlay *overlay, const struct overlay_link *but)
{
    struct overlay_link *chosen = NULL;
    size_t seen = 0;
    for (size_t i = 0; i < OVERLAY_LINKS; i++) {
        struct overlay_link *link = &overlay->links[i];
        if (link->state == OVERLAY_IS_ACTIVE && link != but && overlay_random(overlay, ++seen) == 0)
            chosen = link;
    }
    return chosen;
}

/* The same among those that we dialled, or among the others. */
static struct overlay_link *link_choose(struct overlay *overlay, bool dialled,
                                        const struct overlay_link *but)
{
    struct overlay_link *chosen = NULL;
    size_t seen = 0;
    for (size_t i = 0; i < OVERLAY_LINKS; i++) {
        struct overlay_link *link = &overlay->links[i];
        if (link->state == OVERLAY_IS_ACTIVE && link->dialled == dialled && link != but &&
            overlay_random(overlay, ++seen) == 0)
            chosen = link;
    }
    return chosen;
}

size_t links_in_state(const struct overlay *overlay, enum overlay_link_state state, bool dialled)
{
    size_t count = 0;
    for (size_t i = 0; i < OVERLAY_LINKS; i++)
        count += overlay->links[i].state == state && overlay->links[i].dialled == dialled;
    return count;
}

/* Somebody worth dialling another time. */
static void link_becomes_spare(struct turn *turn, const struct overlay_link *old,
                               enum overlay_why why)
{
    struct overlay_told told = {old->address, 0, overlay_hint(&old->id)};
    spare_add(turn, &told);
    if (why == OVERLAY_WHY_ENOUGH)
        return;
    address_refuse(turn->overlay, &old->address); /* never straight back after an eviction */
    memory_tried(turn->overlay, &old->address);
}

static bool is_worth_a_spare(enum overlay_why why)
{
    switch (why) {
    case OVERLAY_WHY_FULL:
    case OVERLAY_WHY_ENOUGH:
    case OVERLAY_WHY_EVICTED:
    case OVERLAY_WHY_MANY:
    case OVERLAY_WHY_SWAP:
        return true;
    case OVERLAY_WHY_SELF:
    case OVERLAY_WHY_DUPLICATE:
    case OVERLAY_WHY_ADDRESS:
    case OVERLAY_WHY_SILENT:
    case OVERLAY_WHY_LEFT:
        return false;
    }
    return false; /* a reason of a later version */
}

static void link_close(struct turn *turn, struct overlay_link *link, enum overlay_why why)
{
    struct overlay_link old = *link;
    effect_close(turn, link->link, why);
    *link = (struct overlay_link){0};
    if (is_worth_a_spare(why))
        link_becomes_spare(turn, &old, why);
}

void link_part(struct turn *turn, struct overlay_link *link, enum overlay_why why)
{
    effect_send(turn, link->link, OVERLAY_PART)->part = why;
    link_close(turn, link, why);
}

/* A link that never got a place in the table. */
static void link_refuse(struct turn *turn, const struct overlay_event *event, enum overlay_why why)
{
    effect_send(turn, event->link, OVERLAY_PART)->part = why;
    effect_close(turn, event->link, why);
}

/* An inbound link makes room for one that is needed more. False: there is none. */
static bool evict(struct turn *turn, enum overlay_why why)
{
    struct overlay_link *victim = link_choose(turn->overlay, false, NULL);
    if (victim)
        link_part(turn, victim, why);
    return victim;
}

static void link_activate(struct turn *turn, struct overlay_link *link)
{
    link->state = OVERLAY_IS_ACTIVE;
    link->since_s = turn->now_s;
    component_greet(turn, link);
}

/* ---- a link comes up ---- */

/* Two dials that crossed: the higher key's stays, whichever came up first. */
static bool dials_crossed(const struct turn *turn, const struct overlay_link *old, bool dialled)
{
    return old->dialled != dialled && turn->now_s - old->since_s <= OVERLAY_SIMULTANEOUS_S;
}

/* Whether the new link to somebody we have a link to may go on. Outside of crossing dials the
 * dialler decides: it ends the new link, or it asks, because it knows that the old one is dead. */
static bool duplicate_goes_on(struct turn *turn, const struct overlay_event *event)
{
    struct overlay *overlay = turn->overlay;
    struct overlay_link *old = link_to(overlay, &event->up.id, NULL);
    if (!old)
        return true;
    if (dials_crossed(turn, old, event->up.dialled)) {
        bool ours_stays = id_compare(&overlay->self, &event->up.id) > 0;
        if (ours_stays != event->up.dialled)
            return false;
        link_part(turn, old, OVERLAY_WHY_DUPLICATE);
        return true;
    }
    return !event->up.dialled && !link_to(overlay, &event->up.id, old);
}

static size_t links_to_host(const struct overlay *overlay, const struct overlay_event *event)
{
    size_t count = 0;
    for (size_t i = 0; i < OVERLAY_LINKS; i++) {
        const struct overlay_link *link = &overlay->links[i];
        count += link->state != OVERLAY_FREE && !id_equal(&link->id, &event->up.id) &&
                 overlay_same_host(&link->address, &event->up.address);
    }
    return count;
}

/* A full table gives the place of who dialled us, and asked nothing yet for the longest, to one
 * that we dialled. */
static struct overlay_link *link_place(struct turn *turn, bool dialled)
{
    struct overlay_link *oldest = NULL;
    for (size_t i = 0; i < OVERLAY_LINKS; i++) {
        struct overlay_link *link = &turn->overlay->links[i];
        if (link->state == OVERLAY_FREE)
            return link;
        if (link->state == OVERLAY_UNASKED && (!oldest || link->since_s < oldest->since_s))
            oldest = link;
    }
    if (!dialled || !oldest)
        return NULL;
    link_part(turn, oldest, OVERLAY_WHY_SILENT);
    return oldest;
}

static enum overlay_priority urgency(const struct overlay *overlay)
{
    size_t active = overlay_active(overlay);
    if (active == 0 && !overlay->joined)
        return OVERLAY_JOIN;
    return active < OVERLAY_FEW ? OVERLAY_HIGH : OVERLAY_LOW;
}

/* Whether a link that we dialled is still wanted, now that it is there. */
static bool is_wanted(const struct overlay *overlay, enum purpose purpose)
{
    size_t agreed = overlay_active(overlay) + links_in_state(overlay, OVERLAY_ASKED, true);
    switch (purpose) {
    case FOR_USER:
        return true;
    case FOR_SWAP:
        return agreed <= OVERLAY_ACTIVE;
    case FOR_WALK:
        return agreed < (overlay->sparse ? OVERLAY_ACTIVE : OVERLAY_MESH);
    case FOR_LINKS:
    case FOR_PROBE:
    case FOR_HEALING:
        return overlay->sparse ? links_missing(overlay) > 0 : agreed < OVERLAY_MESH;
    }
    return false;
}

static void link_ask(struct turn *turn, struct overlay_link *link, enum purpose purpose)
{
    struct overlay *overlay = turn->overlay;
    enum overlay_priority priority = urgency(overlay);
    if (link->foreign && component_may_heal(turn)) {
        priority = OVERLAY_HEAL;
        overlay->healed_s = turn->now_s;
    } else if (!is_wanted(overlay, purpose)) {
        link_part(turn, link, OVERLAY_WHY_ENOUGH);
        return;
    }
    bool full = overlay->sparse && overlay_active(overlay) >= OVERLAY_ACTIVE;
    link->swap = overlay->sparse && (purpose == FOR_SWAP || full);
    link->state = OVERLAY_ASKED;
    effect_send(turn, link->link, OVERLAY_ASK)->ask = priority;
}

static enum overlay_why link_fault(struct turn *turn, const struct overlay_event *event,
                                   struct overlay_link **place)
{
    struct overlay *overlay = turn->overlay;
    if (id_equal(&event->up.id, &overlay->self))
        return OVERLAY_WHY_SELF;
    if (!duplicate_goes_on(turn, event))
        return OVERLAY_WHY_DUPLICATE;
    if (!overlay_is_loopback(&event->up.address) &&
        links_to_host(overlay, event) >= OVERLAY_PER_ADDRESS)
        return OVERLAY_WHY_ADDRESS;
    *place = link_place(turn, event->up.dialled);
    return OVERLAY_WHY_FULL;
}

void link_up(struct turn *turn, const struct overlay_event *event)
{
    struct overlay *overlay = turn->overlay;
    enum purpose purpose = FOR_LINKS;
    if (event->up.dialled)
        purpose = dial_ended(overlay, &event->up.address);
    struct overlay_link *link = NULL;
    enum overlay_why fault = link_fault(turn, event, &link);
    if (!link) {
        link_refuse(turn, event, fault);
        if (fault == OVERLAY_WHY_SELF) {
            memory_forget(overlay, &event->up.address);
            spare_forget(overlay, &event->up.address, 0);
        }
        return;
    }
    *link = (struct overlay_link){
        .id = event->up.id,
        .address = event->up.address,
        .state = OVERLAY_UNASKED,
        .dialled = event->up.dialled,
        .foreign = !id_equal(&event->up.component, overlay_component(overlay)),
        .link = event->link,
        .since_s = turn->now_s,
        .shuffled_s = turn->now_s - OVERLAY_SHUFFLE_S,
    };
    spare_forget(overlay, &link->address, overlay_hint(&link->id));
    memory_add(overlay, &link->address, link->dialled);
    if (link->dialled)
        link_ask(turn, link, purpose);
}

/* ---- asking and answering ---- */

static bool forced_room(struct turn *turn, bool full)
{
    if (!full)
        return true;
    turn->overlay->forced_s = turn->now_s;
    return evict(turn, OVERLAY_WHY_EVICTED);
}

/* Whether the asker gets a place; it may cost another one its place. */
static bool ask_granted(struct turn *turn, const struct overlay_link *link,
                        enum overlay_priority priority)
{
    struct overlay *overlay = turn->overlay;
    if (!overlay->sparse)
        return overlay_active(overlay) < OVERLAY_MESH;
    bool full = overlay_active(overlay) >= OVERLAY_ACTIVE ||
                links_in_state(overlay, OVERLAY_IS_ACTIVE, false) >= INBOUND;
    switch (priority) {
    case OVERLAY_LOW:
        return !full;
    case OVERLAY_HIGH:
    case OVERLAY_JOIN:
        if (full && turn->now_s - overlay->forced_s < FORCED_S)
            return false;
        return forced_room(turn, full);
    case OVERLAY_HEAL:
        if (!link->foreign || !component_may_heal(turn))
            return !full;
        overlay->healed_s = turn->now_s;
        return forced_room(turn, full);
    }
    return false;
}

static void walk_start(struct turn *turn, const struct overlay_link *newcomer)
{
    struct overlay *overlay = turn->overlay;
    for (size_t i = 0; i < OVERLAY_LINKS; i++) {
        const struct overlay_link *link = &overlay->links[i];
        if (link->state != OVERLAY_IS_ACTIVE || link == newcomer ||
            !address_is_shared(&newcomer->address, link))
            continue;
        struct overlay_message *walk = effect_send(turn, link->link, OVERLAY_WALK);
        walk->walk.who = (struct overlay_told){newcomer->address, 0, overlay_hint(&newcomer->id)};
        walk->walk.ttl = OVERLAY_WALK_TTL;
    }
}

static void link_answer(struct turn *turn, struct overlay_link *link, bool yes)
{
    size_t people = people_known(turn->overlay);
    struct overlay_message *answer = effect_send(turn, link->link, OVERLAY_ANSWER);
    answer->answer.yes = yes;
    answer->answer.people = people > UINT8_MAX ? UINT8_MAX : (uint8_t)people;
    known_tell(turn, link, &answer->answer.list);
}

void link_asked(struct turn *turn, struct overlay_link *link, enum overlay_priority priority)
{
    if (link->state != OVERLAY_UNASKED)
        return;
    struct overlay_link *old = link_to(turn->overlay, &link->id, link);
    if (old) /* they ask anew, so they have lost it */
        link_part(turn, old, OVERLAY_WHY_DUPLICATE);
    bool yes = ask_granted(turn, link, priority);
    link_answer(turn, link, yes);
    if (!yes) {
        link_close(turn, link, OVERLAY_WHY_FULL);
        return;
    }
    link_activate(turn, link);
    if (priority == OVERLAY_JOIN)
        walk_start(turn, link);
}

/* A random link that we dialled goes, for the one that was just made; else any. */
static void swap_away(struct turn *turn, const struct overlay_link *made)
{
    struct overlay *overlay = turn->overlay;
    struct overlay_link *victim = link_choose(overlay, true, made);
    if (!victim)
        victim = link_choose(overlay, false, made);
    if (victim)
        link_part(turn, victim, OVERLAY_WHY_SWAP);
}

void link_answered(struct turn *turn, struct overlay_link *link,
                   const struct overlay_message *message)
{
    struct overlay *overlay = turn->overlay;
    if (link->state != OVERLAY_ASKED)
        return;
    if (message->answer.people > OVERLAY_MESH)
        overlay->sparse = true;
    if (!message->answer.yes) {
        known_learn(turn, link, &message->answer.list);
        link_close(turn, link, OVERLAY_WHY_FULL);
        return;
    }
    overlay->joined = true;
    link_activate(turn, link);
    known_learn(turn, link, &message->answer.list);
    if (link->swap && overlay_active(overlay) > OVERLAY_WANTED)
        swap_away(turn, link);
}

/* ---- a link ends ---- */

void link_parted(struct turn *turn, struct overlay_link *link, enum overlay_why why)
{
    if (why == OVERLAY_WHY_MANY)
        turn->overlay->sparse = true;
    struct overlay_link old = *link;
    link_close(turn, link, OVERLAY_WHY_LEFT);
    if (is_worth_a_spare(why))
        link_becomes_spare(turn, &old, why);
}

void link_lost(struct turn *turn, struct overlay_link *link)
{
    struct overlay *overlay = turn->overlay;
    struct overlay_link old = *link;
    *link = (struct overlay_link){0};
    if (old.state != OVERLAY_IS_ACTIVE)
        return;
    if (overlay_active(overlay) == 0)
        overlay->joined = false;
    if (old.dialled)
        repair_alarm(turn);
    if (!overlay->sparse) { /* in a large mesh there are better ones than who just vanished */
        struct overlay_told told = {old.address, 0, overlay_hint(&old.id)};
        spare_add(turn, &told);
    }
}

bool links_exceed(const struct overlay *overlay)
{
    return overlay->sparse && (overlay_active(overlay) > OVERLAY_ACTIVE ||
                               links_in_state(overlay, OVERLAY_IS_ACTIVE, false) > INBOUND);
}

void link_trim(struct turn *turn)
{
    if (links_in_state(turn->overlay, OVERLAY_IS_ACTIVE, false) > INBOUND)
        link_part(turn, link_choose(turn->overlay, false, NULL), OVERLAY_WHY_MANY);
    else
        link_part(turn, link_choose(turn->overlay, true, NULL), OVERLAY_WHY_MANY);
}

void links_cycle(struct turn *turn)
{
    for (size_t i = 0; i < OVERLAY_LINKS; i++) {
        struct overlay_link *link = &turn->overlay->links[i];
        bool open = link->state == OVERLAY_UNASKED || link->state == OVERLAY_ASKED;
        if (open && turn->now_s - link->since_s >= OVERLAY_ASK_S)
            link_part(turn, link, OVERLAY_WHY_SILENT);
    }
}
