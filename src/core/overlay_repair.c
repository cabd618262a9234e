/* What is dialled, and when: the mesh repairs itself here.
 *
 * Invariant: a dial is started for an address nobody is linked to, at most OVERLAY_DIALS are under
 * way, and every one of them ends by LINK_UP or DIAL_FAILED. */
#include "core/overlay_parts.h"

enum { DIALS_PER_LACK = 4 }; /* spares tried at once for each link that lacks */

/* ---- dials ---- */

static struct overlay_dial *dial_find(struct overlay *overlay,
                                      const struct overlay_address *address)
{
    for (size_t i = 0; i < OVERLAY_DIALS; i++) {
        if (overlay_address_equal(&overlay->dials[i].address, address))
            return &overlay->dials[i];
    }
    return NULL;
}

bool dial_is_underway(const struct overlay *overlay, const struct overlay_address *address)
{
    for (size_t i = 0; i < OVERLAY_DIALS; i++) {
        if (overlay_address_equal(&overlay->dials[i].address, address))
            return true;
    }
    return false;
}

enum purpose dial_ended(struct overlay *overlay, const struct overlay_address *address)
{
    struct overlay_dial *dial = dial_find(overlay, address);
    if (!dial)
        return FOR_LINKS;
    enum purpose purpose = (enum purpose)dial->purpose;
    *dial = (struct overlay_dial){0};
    return purpose;
}

static size_t dials_underway(const struct overlay *overlay)
{
    size_t count = 0;
    for (size_t i = 0; i < OVERLAY_DIALS; i++)
        count += overlay->dials[i].address.port != 0;
    return count;
}

/* Links and dials to the same host leave room for one more. */
static bool host_has_room(const struct overlay *overlay, const struct overlay_address *address)
{
    if (overlay_is_loopback(address))
        return true;
    size_t count = 0;
    for (size_t i = 0; i < OVERLAY_LINKS; i++)
        count += overlay->links[i].state != OVERLAY_FREE &&
                 overlay_same_host(&overlay->links[i].address, address);
    for (size_t i = 0; i < OVERLAY_DIALS; i++)
        count += overlay->dials[i].address.port != 0 &&
                 overlay_same_host(&overlay->dials[i].address, address);
    return count < OVERLAY_PER_ADDRESS;
}

bool dial_is_possible(const struct overlay *overlay, const struct overlay_address *address)
{
    return address->port != 0 && !link_reaches(overlay, address, 0) &&
           !dial_is_underway(overlay, address) && host_has_room(overlay, address);
}

enum overlay_chance overlay_chance(const struct overlay *overlay,
                                   const struct overlay_address *address)
{
    if (!address_is_dialable(address))
        return OVERLAY_CHANCE_NONE;
    if (link_reaches(overlay, address, 0))
        return OVERLAY_CHANCE_LINKED;
    if (dial_is_underway(overlay, address))
        return OVERLAY_CHANCE_UNDERWAY;
    if (!host_has_room(overlay, address))
        return OVERLAY_CHANCE_CROWDED;
    return dials_underway(overlay) < OVERLAY_DIALS ? OVERLAY_CHANCE_GOOD : OVERLAY_CHANCE_LATER;
}

bool dial_start(struct turn *turn, const struct overlay_address *address, enum purpose purpose)
{
    struct overlay *overlay = turn->overlay;
    static const struct overlay_address nothing;
    struct overlay_dial *dial = dial_find(overlay, &nothing);
    if (!dial || !dial_is_possible(overlay, address))
        return false;
    *dial = (struct overlay_dial){*address, (uint8_t)purpose};
    effect_dial(turn, address);
    struct overlay_address copy = *address; /* it may live in the very spare */
    spare_forget(overlay, &copy, 0);
    memory_tried(overlay, &copy);
    return true;
}

void dial_asked(struct overlay *overlay, const struct overlay_address *address)
{
    struct overlay_dial *dial = address->port ? dial_find(overlay, address) : NULL;
    if (dial)
        dial->purpose = FOR_USER;
}

/* ---- how many ---- */

size_t people_known(const struct overlay *overlay)
{
    if (!overlay->sparse)
        return overlay_active(overlay) + 1;
    size_t people = overlay->spare_count + 1;
    for (size_t i = 0; i < OVERLAY_LINKS; i++) /* who just asks for a place is there as well */
        people += overlay->links[i].state != OVERLAY_FREE;
    return people;
}

static size_t lack(size_t wanted, size_t have)
{
    return wanted > have ? wanted - have : 0;
}

size_t links_missing(const struct overlay *overlay)
{
    size_t own = links_in_state(overlay, OVERLAY_IS_ACTIVE, true) +
                 links_in_state(overlay, OVERLAY_ASKED, true);
    size_t all = own + links_in_state(overlay, OVERLAY_IS_ACTIVE, false);
    if (!overlay->sparse)
        return lack(OVERLAY_MESH, all);
    size_t missing = lack(OVERLAY_WANTED, all);
    size_t own_missing = all < OVERLAY_ACTIVE ? lack(OVERLAY_SELF_DIALLED, own) : 0;
    return missing > own_missing ? missing : own_missing;
}

/* ---- repair ---- */

/* A random spare that did not refuse in this cycle, and was not seen since then. */
static struct overlay_spare *spare_pick(struct overlay *overlay, uint32_t before_s)
{
    struct overlay_spare *chosen = NULL;
    size_t seen = 0;
    for (size_t i = 0; i < overlay->spare_count; i++) {
        struct overlay_spare *spare = &overlay->spares[i];
        if (spare->seen_s < before_s && !address_is_refused(overlay, &spare->address) &&
            host_has_room(overlay, &spare->address) && overlay_random(overlay, ++seen) == 0)
            chosen = spare;
    }
    return chosen;
}

static bool dial_spare(struct turn *turn, enum purpose purpose)
{
    struct overlay_spare *spare = spare_pick(turn->overlay, UINT32_MAX);
    return spare && dial_start(turn, &spare->address, purpose);
}

static bool dial_memory(struct turn *turn, enum ripeness ripeness, enum purpose purpose)
{
    struct overlay_address address;
    return memory_pick(turn->overlay, ripeness, &address) && dial_start(turn, &address, purpose);
}

/* With more links than our share, one a second goes, so that both sides count before the next. */
static void trim(struct turn *turn)
{
    struct overlay *overlay = turn->overlay;
    if (!links_exceed(overlay) || turn->now_s == overlay->trimmed_s)
        return;
    overlay->trimmed_s = turn->now_s;
    link_trim(turn);
}

/* One more dial for the links that lack. */
static bool dial_for_links(struct turn *turn)
{
    const struct overlay *overlay = turn->overlay;
    if (dial_spare(turn, FOR_LINKS))
        return true;
    return (overlay->sparse || overlay_active(overlay) == 0) &&
           dial_memory(turn, RIPE_DUE, FOR_LINKS);
}

/* One more dial of somebody we have not seen since the alarm. */
static bool dial_for_alarm(struct turn *turn)
{
    struct overlay_spare *spare = spare_pick(turn->overlay, turn->overlay->alarm_s);
    return (spare && dial_start(turn, &spare->address, FOR_PROBE)) ||
           dial_memory(turn, RIPE_SINCE_ALARM, FOR_PROBE);
}

void repair(struct turn *turn)
{
    struct overlay *overlay = turn->overlay;
    if (overlay_active(overlay) >= OVERLAY_MESH)
        overlay->sparse = true;
    if (overlay->sparse)
        trim(turn);
    size_t underway = dials_underway(overlay);
    size_t dials = DIALS_PER_LACK * links_missing(overlay);
    while (underway < dials && underway < OVERLAY_DIALS && dial_for_links(turn))
        underway++;
    while (overlay->alarm_cycle && underway < OVERLAY_DIALS && dial_for_alarm(turn))
        underway++;
}

/* After a disaster everyone known is dialled once, by those too who have found enough links again:
 * somebody may be left who knows nobody alive, and only we know of it. Only links that we dialled
 * count, so that nobody alarms us by dialling us and going. */
void repair_alarm(struct turn *turn)
{
    struct overlay *overlay = turn->overlay;
    if (overlay->lost < UINT8_MAX)
        overlay->lost++;
    if (overlay->alarm_cycle || overlay->lost < OVERLAY_ALARM_LOST ||
        overlay->lost < links_in_state(overlay, OVERLAY_IS_ACTIVE, true))
        return;
    overlay->alarm_cycle = overlay->cycle;
    overlay->alarm_s = turn->now_s;
}

void repair_anew(struct turn *turn)
{
    struct overlay *overlay = turn->overlay;
    overlay->alarm_cycle = overlay->cycle;
    overlay->alarm_s = turn->now_s;
}

static void alarm_cycle(struct overlay *overlay)
{
    overlay->lost /= 2;
    if (overlay->cycle - overlay->alarm_cycle >= OVERLAY_ALARM_CYCLES)
        overlay->alarm_cycle = 0;
}

/* At most 16 people for a minute: the full mesh again. One more than 16 ends it at once, so a
 * person who comes and goes at the border changes nothing. */
static void size_cycle(struct overlay *overlay)
{
    if (!overlay->sparse || people_known(overlay) > OVERLAY_MESH)
        overlay->small_cycles = 0;
    else if (++overlay->small_cycles >= OVERLAY_SMALL_CYCLES)
        overlay->sparse = false;
}

/* Remembered addresses are tried although nothing lacks: it is the only way by which two halves
 * find each other when the beacons do not reach. */
static void probe_cycle(struct turn *turn)
{
    struct overlay *overlay = turn->overlay;
    if (overlay_random(overlay, OVERLAY_PROBE_CYCLES) == 0)
        dial_memory(turn, RIPE_BY_CHANCE, FOR_PROBE);
    if (overlay->sparse)
        return;
    for (size_t i = 0; i < OVERLAY_PROBES; i++) {
        if (!dial_memory(turn, RIPE_DUE, FOR_PROBE))
            return;
    }
}

void repair_cycle(struct turn *turn)
{
    struct overlay *overlay = turn->overlay;
    size_cycle(overlay);
    alarm_cycle(overlay);
    probe_cycle(turn);
    if (overlay->sparse && overlay_active(overlay) >= OVERLAY_WANTED &&
        overlay_random(overlay, OVERLAY_SWAP_ODDS) == 0)
        dial_spare(turn, FOR_SWAP);
}
