/* Spares: fresh hearsay, and how it travels.
 *
 * Somebody was linked to each spare within OVERLAY_FRESH_S, so the dead leave by themselves.
 * Invariant: no spare is ourselves, linked, or being dialled, and no address is listed twice. */
#include "core/overlay_parts.h"

#include <string.h>

enum {
    ALIAS_S = 30,   /* a person's other address must be so much fresher to take the place */
    TELL_LINKS = 4, /* of our own links in one telling, beyond the full mesh */
};

static const uint8_t IPV4_PREFIX[12] = {[10] = 0xff, [11] = 0xff};
static const uint8_t IPV6_LOOPBACK[16] = {[15] = 1};

bool overlay_is_ipv4(const struct overlay_address *address)
{
    return memcmp(address->ip, IPV4_PREFIX, sizeof IPV4_PREFIX) == 0;
}

bool overlay_is_loopback(const struct overlay_address *address)
{
    if (overlay_is_ipv4(address))
        return address->ip[12] == 127;
    return memcmp(address->ip, IPV6_LOOPBACK, sizeof IPV6_LOOPBACK) == 0;
}

bool overlay_same_host(const struct overlay_address *a, const struct overlay_address *b)
{
    return memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

static bool is_link_local(const struct overlay_address *address)
{
    return address->ip[0] == 0xfe && (address->ip[1] & 0xc0) == 0x80;
}

bool address_is_dialable(const struct overlay_address *address)
{
    static const uint8_t nothing[16];
    if (address->port == 0 || address->ip[0] == 0xff)
        return false;
    if (overlay_is_ipv4(address))
        return address->ip[12] != 0 && address->ip[12] < 224;
    return memcmp(address->ip, nothing, sizeof nothing) != 0;
}

bool address_is_shared(const struct overlay_address *address, const struct overlay_link *link)
{
    if (!address_is_dialable(address) || is_link_local(address))
        return false;
    return !overlay_is_loopback(address) || overlay_is_loopback(&link->address);
}

/* ---- spares ---- */

static struct overlay_spare *spare_find(struct overlay *overlay,
                                        const struct overlay_address *address, uint32_t hint)
{
    for (size_t i = 0; i < overlay->spare_count; i++) {
        struct overlay_spare *spare = &overlay->spares[i];
        if (overlay_address_equal(&spare->address, address) || (hint && spare->hint == hint))
            return spare;
    }
    return NULL;
}

/* A full table loses the older one of two by chance: fresh, and still random. */
static struct overlay_spare *spare_place(struct overlay *overlay)
{
    if (overlay->spare_count < OVERLAY_SPARES)
        return &overlay->spares[overlay->spare_count++];
    struct overlay_spare *one = &overlay->spares[overlay_random(overlay, OVERLAY_SPARES)];
    struct overlay_spare *other = &overlay->spares[overlay_random(overlay, OVERLAY_SPARES)];
    return one->seen_s < other->seen_s ? one : other;
}

static void spare_refresh(struct overlay_spare *spare, const struct overlay_told *told,
                          uint32_t seen_s)
{
    bool same = overlay_address_equal(&spare->address, &told->address);
    if (same && spare->seen_s < seen_s)
        spare->seen_s = seen_s;
    if (same && spare->hint == 0)
        spare->hint = told->hint;
    if (!same && spare->seen_s + ALIAS_S < seen_s)
        *spare = (struct overlay_spare){told->address, told->hint, seen_s};
}

void spare_add(struct turn *turn, const struct overlay_told *told)
{
    struct overlay *overlay = turn->overlay;
    if (!address_is_dialable(&told->address) || told->age_s > OVERLAY_FRESH_S ||
        told->hint == overlay_hint(&overlay->self) ||
        link_reaches(overlay, &told->address, told->hint) ||
        dial_is_underway(overlay, &told->address))
        return;
    uint32_t seen_s = turn->now_s - told->age_s;
    struct overlay_spare *spare = spare_find(overlay, &told->address, told->hint);
    if (spare)
        spare_refresh(spare, told, seen_s);
    else
        *spare_place(overlay) = (struct overlay_spare){told->address, told->hint, seen_s};
}

void spare_remove(struct overlay *overlay, size_t index)
{
    overlay->spares[index] = overlay->spares[--overlay->spare_count];
}

void spare_forget(struct overlay *overlay, const struct overlay_address *address, uint32_t hint)
{
    struct overlay_spare *spare;
    while ((spare = spare_find(overlay, address, hint)))
        spare_remove(overlay, (size_t)(spare - overlay->spares));
}

bool spare_knows(struct overlay *overlay, const struct overlay_address *address)
{
    return spare_find(overlay, address, 0);
}

static uint32_t refused_mark(const struct overlay *overlay, const struct overlay_address *address)
{
    uint32_t mark = (uint32_t)address_rank(overlay, address);
    return mark ? mark : 1;
}

/* Kept apart from the spares, which come and go with what others tell: one person may have two
 * addresses, and whoever hears of each from the other would never come to rest. */
void address_refuse(struct overlay *overlay, const struct overlay_address *address)
{
    if (address_is_refused(overlay, address))
        return;
    overlay->refused[overlay->refused_next] = refused_mark(overlay, address);
    overlay->refused_next = (uint8_t)((overlay->refused_next + 1) % OVERLAY_REFUSED);
}

bool address_is_refused(const struct overlay *overlay, const struct overlay_address *address)
{
    uint32_t mark = refused_mark(overlay, address);
    for (size_t i = 0; i < OVERLAY_REFUSED; i++)
        if (overlay->refused[i] == mark)
            return true;
    return false;
}

void spares_cycle(struct turn *turn)
{
    struct overlay *overlay = turn->overlay;
    memset(overlay->refused, 0, sizeof overlay->refused);
    for (size_t i = overlay->spare_count; i-- > 0;)
        if (turn->now_s - overlay->spares[i].seen_s > OVERLAY_FRESH_S)
            spare_remove(overlay, i);
}

/* ---- telling and learning ---- */

/* The first `wanted` places of `items` become an even choice of all. */
static void choose(const struct overlay *overlay, uint8_t *items, size_t count, size_t wanted)
{
    for (size_t i = 0; i < wanted && i < count; i++) {
        size_t other = i + overlay_random(overlay, count - i);
        uint8_t swap = items[i];
        items[i] = items[other];
        items[other] = swap;
    }
}

static void tell_links(struct turn *turn, const struct overlay_link *to, size_t most,
                       struct overlay_list *into)
{
    struct overlay *overlay = turn->overlay;
    uint8_t items[OVERLAY_LINKS];
    size_t count = 0;
    for (uint8_t i = 0; i < OVERLAY_LINKS; i++) {
        const struct overlay_link *link = &overlay->links[i];
        if (link->state == OVERLAY_IS_ACTIVE && !id_equal(&link->id, &to->id) &&
            address_is_shared(&link->address, to))
            items[count++] = i;
    }
    choose(overlay, items, count, most);
    for (size_t i = 0; i < count && i < most; i++) {
        const struct overlay_link *link = &overlay->links[items[i]];
        into->told[into->count++] =
            (struct overlay_told){link->address, 0, overlay_hint(&link->id)};
    }
}

static void tell_spares(struct turn *turn, const struct overlay_link *to, struct overlay_list *into)
{
    struct overlay *overlay = turn->overlay;
    uint8_t items[OVERLAY_SPARES];
    size_t count = 0;
    for (uint8_t i = 0; i < overlay->spare_count; i++) {
        const struct overlay_spare *spare = &overlay->spares[i];
        if (address_is_shared(&spare->address, to) && spare->hint != overlay_hint(&to->id) &&
            turn->now_s - spare->seen_s <= OVERLAY_FRESH_S)
            items[count++] = i;
    }
    choose(overlay, items, count, OVERLAY_TOLD);
    for (size_t i = 0; i < count && into->count < OVERLAY_TOLD; i++) {
        const struct overlay_spare *spare = &overlay->spares[items[i]];
        into->told[into->count++] = (struct overlay_told){
            spare->address, (uint16_t)(turn->now_s - spare->seen_s), spare->hint};
    }
}

void known_tell(struct turn *turn, const struct overlay_link *link, struct overlay_list *into)
{
    into->count = 0;
    tell_links(turn, link, turn->overlay->sparse ? TELL_LINKS : OVERLAY_TOLD, into);
    tell_spares(turn, link, into);
}

void known_learn(struct turn *turn, const struct overlay_link *link,
                 const struct overlay_list *list)
{
    for (size_t i = 0; i < list->count && i < OVERLAY_TOLD; i++) {
        const struct overlay_told *told = &list->told[i];
        if (!address_is_shared(&told->address, link) ||
            told->hint == overlay_hint(&turn->overlay->self))
            continue;
        spare_add(turn, told);
        memory_add(turn->overlay, &told->address, false);
    }
}
