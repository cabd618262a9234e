/* Memory: addresses of any age, so that the two halves of a long split still know each other.
 *
 * Of all addresses it ever heard of, a node remembers those with the lowest hash under a key of its
 * own: an even sample, which no repetition can bend and which turns over slowly. Half of it only
 * yields to who answered a dial of ours, so hearsay, however much, takes no more than the other
 * half; and who the user named stays, because two crowds that never met may know of each other by
 * that alone. Invariant: no address is listed twice; IPv4 and IPv6 never take each other's places.
 */
#include "core/overlay_parts.h"

#include <sodium.h>
#include <string.h>

enum {
    PLACES = OVERLAY_REMEMBERED_4 + OVERLAY_REMEMBERED_6,
    HOPELESS = 16,    /* dials in vain after which anyone may take the place */
    FAILS_MAX = 127,  /* what the counter holds */
    SOON_CYCLES = 4,  /* between two tries of who was there not long ago */
    LATE_CYCLES = 30, /* the same for the hopeless: five minutes */
};

/* The places of one family. */
struct family {
    size_t first;
    size_t end;
};

static struct family family_of(const struct overlay_address *address)
{
    if (overlay_is_ipv4(address))
        return (struct family){0, OVERLAY_REMEMBERED_4};
    return (struct family){OVERLAY_REMEMBERED_4, PLACES};
}

static struct overlay_address memory_address(const struct overlay *overlay, size_t place)
{
    const struct overlay_memory *memory = &overlay->memory;
    struct overlay_address address = {{[10] = 0xff, [11] = 0xff}, memory->port[place]};
    if (place < OVERLAY_REMEMBERED_4)
        memcpy(address.ip + 12, memory->ipv4[place], 4);
    else
        memcpy(address.ip, memory->ipv6[place - OVERLAY_REMEMBERED_4], 16);
    return address;
}

/* Where the bar of a place's family is. Whatever changes a place takes it away. */
static uint64_t *memory_bar(struct overlay *overlay, size_t place)
{
    return &overlay->memory.bar[place < OVERLAY_REMEMBERED_4 ? 0 : 1];
}

static void memory_put(struct overlay *overlay, size_t place, const struct overlay_address *address,
                       bool vouched)
{
    struct overlay_memory *memory = &overlay->memory;
    memory->port[place] = address->port;
    if (place < OVERLAY_REMEMBERED_4)
        memcpy(memory->ipv4[place], address->ip + 12, 4);
    else
        memcpy(memory->ipv6[place - OVERLAY_REMEMBERED_4], address->ip, 16);
    *memory_bar(overlay, place) = 0;
    memory->state[place].vouched = vouched;
    memory->state[place].asked = false;
    memory->state[place].fails = 0;
    memory->state[place].tried = (uint8_t)(overlay->cycle - 1); /* due at once */
}

static bool memory_is_at(const struct overlay *overlay, size_t place,
                         const struct overlay_address *address)
{
    const struct overlay_memory *memory = &overlay->memory;
    if (memory->port[place] != address->port)
        return false;
    if (place < OVERLAY_REMEMBERED_4)
        return memcmp(memory->ipv4[place], address->ip + 12, 4) == 0;
    return memcmp(memory->ipv6[place - OVERLAY_REMEMBERED_4], address->ip, 16) == 0;
}

/* PLACES: nowhere. */
static size_t memory_find(const struct overlay *overlay, const struct overlay_address *address)
{
    struct family family = family_of(address);
    for (size_t i = family.first; i < family.end; i++) {
        if (address->port != 0 && memory_is_at(overlay, i, address))
            return i;
    }
    return PLACES;
}

uint64_t address_rank(const struct overlay *overlay, const struct overlay_address *address)
{
    uint8_t bytes[18];
    uint8_t hash[crypto_shorthash_BYTES];
    uint64_t rank = 0;
    memcpy(bytes, address->ip, 16);
    bytes[16] = (uint8_t)(address->port >> 8);
    bytes[17] = (uint8_t)address->port;
    crypto_shorthash(hash, bytes, sizeof bytes, overlay->key);
    for (size_t i = 0; i < sizeof hash; i++)
        rank = rank << 8 | hash[i];
    return rank;
}

/* An empty place, or the one that was dialled in vain most often, from HOPELESS times on. */
static size_t memory_idle_place(const struct overlay *overlay, struct family family)
{
    size_t place = PLACES;
    unsigned fails = HOPELESS - 1;
    for (size_t i = family.first; i < family.end; i++) {
        if (overlay->memory.port[i] == 0)
            return i;
        if (overlay->memory.state[i].fails > fails && !overlay->memory.state[i].asked) {
            fails = overlay->memory.state[i].fails;
            place = i;
        }
    }
    return place;
}

/* The place with the highest rank among the vouched, or among the others. */
static size_t memory_highest(const struct overlay *overlay, struct family family, bool vouched,
                             uint64_t *rank)
{
    size_t highest = PLACES;
    *rank = 0;
    for (size_t i = family.first; i < family.end; i++) {
        if (overlay->memory.state[i].vouched != vouched || overlay->memory.state[i].asked)
            continue;
        struct overlay_address address = memory_address(overlay, i);
        uint64_t one = address_rank(overlay, &address);
        if (one >= *rank) {
            highest = i;
            *rank = one;
        }
    }
    return highest;
}

static bool vouched_are_few(const struct overlay *overlay, struct family family)
{
    size_t count = 0;
    for (size_t i = family.first; i < family.end; i++)
        count += overlay->memory.state[i].vouched;
    return count < (family.end - family.first) / 2;
}

/* Where an address that is not there yet may go; PLACES: nowhere. */
static size_t memory_place(struct overlay *overlay, struct family family, uint64_t rank,
                           bool vouched)
{
    size_t place = memory_idle_place(overlay, family);
    if (place < PLACES)
        return place;
    uint64_t highest;
    bool owed = vouched && vouched_are_few(overlay, family);
    place = memory_highest(overlay, family, vouched && !owed, &highest);
    if (!vouched)
        *memory_bar(overlay, family.first) = place < PLACES ? highest : 1;
    return owed || rank < highest ? place : PLACES;
}

void memory_add(struct overlay *overlay, const struct overlay_address *address, bool vouched)
{
    if (!address_is_dialable(address))
        return;
    struct family family = family_of(address);
    uint64_t rank = address_rank(overlay, address);
    uint64_t bar = *memory_bar(overlay, family.first);
    if (!vouched && bar && rank > bar)
        return;
    size_t place = memory_find(overlay, address);
    if (place == PLACES) {
        place = memory_place(overlay, family, rank, vouched);
        if (place < PLACES)
            memory_put(overlay, place, address, vouched);
    } else if (vouched) {
        overlay->memory.state[place].fails = 0;
        overlay->memory.state[place].vouched = true;
        *memory_bar(overlay, place) = 0;
    }
}

void memory_name(struct overlay *overlay, const struct overlay_address *address)
{
    if (!address_is_dialable(address))
        return;
    struct family family = family_of(address);
    size_t place = memory_find(overlay, address), named = 0;
    uint64_t highest;
    for (size_t i = family.first; i < family.end; i++)
        named += overlay->memory.state[i].asked;
    if (named == OVERLAY_NAMED) {
        memory_add(overlay, address, false);
        return;
    }
    if (place == PLACES) {
        place = memory_idle_place(overlay, family);
        if (place == PLACES)
            place = memory_highest(overlay, family, false, &highest);
        if (place == PLACES)
            place = memory_highest(overlay, family, true, &highest);
        memory_put(overlay, place, address, false);
    }
    overlay->memory.state[place].asked = true;
}

void memory_tried(struct overlay *overlay, const struct overlay_address *address)
{
    size_t place = memory_find(overlay, address);
    if (place < PLACES)
        overlay->memory.state[place].tried = (uint8_t)overlay->cycle;
}

void memory_anew(struct overlay *overlay)
{
    for (size_t place = 0; place < PLACES; place++)
        overlay->memory.state[place].tried = (uint8_t)(overlay->cycle - 1);
}

void memory_failed(struct overlay *overlay, const struct overlay_address *address)
{
    size_t place = memory_find(overlay, address);
    if (place == PLACES || overlay->memory.state[place].fails == FAILS_MAX)
        return;
    overlay->memory.state[place].fails++;
    *memory_bar(overlay, place) = 0;
}

void memory_forget(struct overlay *overlay, const struct overlay_address *address)
{
    size_t place = memory_find(overlay, address);
    if (place < PLACES)
        memory_put(overlay, place, &(struct overlay_address){0}, false);
}

void memory_give_up(struct overlay *overlay, const struct overlay_address *address)
{
    size_t place = memory_find(overlay, address);
    if (place < PLACES && !overlay->memory.state[place].asked)
        memory_forget(overlay, address);
}

/* Soon again at first, rarely for the hopeless. */
static bool memory_is_due(const struct overlay *overlay, size_t place)
{
    uint8_t waited = (uint8_t)(overlay->cycle - overlay->memory.state[place].tried);
    unsigned fails = overlay->memory.state[place].fails;
    if (fails == 0)
        return waited >= 1;
    if (fails >= HOPELESS)
        return waited >= LATE_CYCLES;
    return waited >= (fails == 1 ? 2 : SOON_CYCLES);
}

static bool memory_is_ripe(const struct overlay *overlay, size_t place, enum ripeness ripeness)
{
    uint8_t waited = (uint8_t)(overlay->cycle - overlay->memory.state[place].tried);
    switch (ripeness) {
    case RIPE_BY_CHANCE:
        return waited >= 1 &&
               (overlay->memory.state[place].fails < HOPELESS || waited >= LATE_CYCLES);
    case RIPE_DUE:
        return memory_is_due(overlay, place);
    case RIPE_SINCE_ALARM:
        return waited > overlay->cycle - overlay->alarm_cycle;
    }
    return false;
}

bool memory_pick(struct overlay *overlay, enum ripeness ripeness, struct overlay_address *into)
{
    unsigned fewest = FAILS_MAX + 1;
    size_t seen = 0; /* as good as the best so far: one of them by chance */
    for (size_t place = 0; place < PLACES; place++) {
        unsigned fails = overlay->memory.state[place].fails;
        if (ripeness == RIPE_BY_CHANCE)
            fails = 0; /* who fails is tried as often as who answers */
        if (overlay->memory.port[place] == 0 || fails > fewest ||
            !memory_is_ripe(overlay, place, ripeness))
            continue;
        struct overlay_address address = memory_address(overlay, place);
        if (!dial_is_possible(overlay, &address))
            continue;
        seen = fails < fewest ? 0 : seen;
        fewest = fails;
        if (overlay_random(overlay, ++seen) == 0)
            *into = address;
    }
    return seen > 0;
}
