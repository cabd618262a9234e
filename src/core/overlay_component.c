/* The component: the lowest live identity that can be heard is its name.
 *
 * That node floods a signed counter each cycle; who hears one that is no news passes nothing on, so
 * a flood ends and an old beat replayed does nothing. Invariant: the name is never higher than our
 * own identity, and of one name the counter only grows. */
#include "core/overlay_parts.h"

enum {
    TAKE_OVER_MS = 8000,   /* the lowest of all identities waits 0 of them, the highest all */
    HEAL_SPREAD_MS = 5000, /* so that not every node of a half heals at the same moment */
};

static uint64_t short_name(const struct id *id)
{
    uint64_t name = 0;
    for (size_t i = 0; i < sizeof name; i++)
        name = name << 8 | id->bytes[i];
    return name;
}

static bool we_lead(const struct overlay *overlay)
{
    return id_equal(&overlay->best.id, &overlay->self);
}

static bool is_void(const struct overlay *overlay)
{
    return overlay->candidate_at != 0;
}

void component_init(struct overlay *overlay, uint64_t counter)
{
    overlay->counter = counter;
    overlay->best.id = overlay->self;
    overlay->best.counter = counter;
}

const struct id *overlay_component(const struct overlay *overlay)
{
    return &overlay->best.id;
}

static void flood(struct turn *turn, const struct overlay_link *but)
{
    struct overlay *overlay = turn->overlay;
    for (size_t i = 0; i < OVERLAY_LINKS; i++) {
        const struct overlay_link *link = &overlay->links[i];
        if (link->state == OVERLAY_IS_ACTIVE && link != but)
            effect_send(turn, link->link, OVERLAY_BEAT)->beat = overlay->best;
    }
}

void component_greet(struct turn *turn, const struct overlay_link *link)
{
    if (!is_void(turn->overlay)) /* else it would be the last word of someone gone */
        effect_send(turn, link->link, OVERLAY_BEAT)->beat = turn->overlay->best;
}

/* A new name: the counter of the old one is kept, and differences count from now on. */
static void name_change(struct turn *turn)
{
    struct overlay *overlay = turn->overlay;
    overlay->past[overlay->past_next].name = short_name(&overlay->best.id);
    overlay->past[overlay->past_next].counter = overlay->best.counter;
    overlay->past_next = (uint8_t)((overlay->past_next + 1) % OVERLAY_PAST);
    overlay->heal_at = 0;
}

static void beat(struct turn *turn)
{
    struct overlay *overlay = turn->overlay;
    overlay->counter++;
    overlay->best = (struct overlay_beat){.id = overlay->self, .counter = overlay->counter};
    overlay->heard_s = turn->now_s;
    flood(turn, NULL);
}

static void take_over(struct turn *turn)
{
    name_change(turn);
    turn->overlay->candidate_at = 0;
    beat(turn);
}

/* ---- beats ---- */

static bool is_replayed(const struct overlay *overlay, const struct overlay_beat *beat)
{
    if (id_equal(&beat->id, &overlay->best.id))
        return beat->counter <= overlay->best.counter;
    for (size_t i = 0; i < OVERLAY_PAST; i++) {
        if (overlay->past[i].name == short_name(&beat->id) &&
            beat->counter <= overlay->past[i].counter)
            return true;
    }
    return false;
}

static void adopt(struct turn *turn, const struct overlay_link *from,
                  const struct overlay_beat *beat)
{
    struct overlay *overlay = turn->overlay;
    if (!id_equal(&beat->id, &overlay->best.id))
        name_change(turn);
    overlay->best = *beat;
    overlay->heard_s = turn->now_s;
    overlay->candidate_at = 0;
    flood(turn, from);
}

/* Our own words of an earlier run: what we say next must be news. */
static void heard_ourselves(struct overlay *overlay, const struct overlay_beat *beat)
{
    if (beat->counter > overlay->counter)
        overlay->counter = beat->counter;
}

void component_heard(struct turn *turn, const struct overlay_link *link,
                     const struct overlay_beat *beat)
{
    struct overlay *overlay = turn->overlay;
    int order = id_compare(&beat->id, &overlay->best.id);
    if (id_equal(&beat->id, &overlay->self)) {
        heard_ourselves(overlay, beat);
        return;
    }
    if (is_replayed(overlay, beat) || overlay->beats >= OVERLAY_BEATS)
        return;
    if (order == 0 && turn->now_s - overlay->heard_s < OVERLAY_BEAT_S)
        return;
    if (order > 0 && !is_void(overlay))
        return;
    overlay->beats++;
    if (order > 0 && id_compare(&overlay->self, &beat->id) < 0)
        take_over(turn);
    else
        adopt(turn, link, beat);
}

void component_cycle(struct turn *turn)
{
    struct overlay *overlay = turn->overlay;
    overlay->beats = 0;
    if (we_lead(overlay)) {
        beat(turn);
        return;
    }
    if (is_void(overlay) || turn->now_s - overlay->heard_s < OVERLAY_BEAT_LOST_S)
        return;
    uint64_t rank = short_name(&overlay->self) >> 48;
    overlay->candidate_at = turn->now_ms + 1 + rank * TAKE_OVER_MS / 65536;
}

/* ---- other components ---- */

bool component_may_heal(const struct turn *turn)
{
    return turn->now_s - turn->overlay->healed_s >= OVERLAY_HEAL_S;
}

void component_seen(struct turn *turn, const struct overlay_address *address,
                    const struct id *component)
{
    struct overlay *overlay = turn->overlay;
    bool foreign = !id_equal(component, &overlay->best.id);
    bool same_address = overlay_address_equal(address, &overlay->foreign);
    if (foreign && !overlay->heal_at) {
        overlay->heal_at =
            turn->now_ms + OVERLAY_DIFFERENCE_S * 1000u + overlay_random(overlay, HEAL_SPREAD_MS);
        overlay->foreign = *address;
    } else if (!foreign && same_address) {
        overlay->heal_at = 0;
    }
}

static void heal(struct turn *turn)
{
    struct overlay *overlay = turn->overlay;
    uint64_t wait_s = 0;
    if (!component_may_heal(turn))
        wait_s = OVERLAY_HEAL_S - (turn->now_s - overlay->healed_s);
    overlay->heal_at = wait_s ? turn->now_ms + wait_s * 1000 : 0;
    if (!wait_s)
        dial_start(turn, &overlay->foreign, FOR_HEALING);
}

void component_tick(struct turn *turn)
{
    struct overlay *overlay = turn->overlay;
    if (is_void(overlay) && turn->now_ms >= overlay->candidate_at)
        take_over(turn);
    if (overlay->heal_at && turn->now_ms >= overlay->heal_at)
        heal(turn);
}
