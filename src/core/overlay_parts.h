#pragma once
/* What the overlay's files share, and nobody else includes: one turn of the machine, its tables. */
#include "core/overlay.h"

/* Every function of the overlay works inside one turn: one event at one moment. */
struct turn {
    struct overlay *overlay;
    uint64_t now_ms;
    uint32_t
        now_s; /* from OVERLAY_EPOCH_S before the clock's zero, so that ages can be taken off */
    struct overlay_effects *effects;
};
enum { OVERLAY_EPOCH_S = 3600 };

/* Why a dial was made. */
enum purpose { FOR_LINKS, FOR_PROBE, FOR_HEALING, FOR_SWAP, FOR_WALK, FOR_USER };

/* Even over 0 .. bound-1. */
static inline size_t overlay_random(const struct overlay *overlay, size_t bound)
{
    return (size_t)sys_random_below(overlay->sys, bound);
}

/* overlay.c: the only place that writes effects. */
void effect_dial(struct turn *turn, const struct overlay_address *address);
void effect_close(struct turn *turn, uint32_t link, enum overlay_why why);
/* The message to fill in, of this kind and otherwise zero. */
struct overlay_message *effect_send(struct turn *turn, uint32_t link,
                                    enum overlay_message_kind kind);

/* overlay_known.c: whom we know without being linked to them. */

bool overlay_is_loopback(const struct overlay_address *address);
bool overlay_is_ipv4(const struct overlay_address *address);
/* Neither nothing nor a group. */
bool address_is_dialable(const struct overlay_address *address);
/* Whether it may be told to who is at the other end, and means the same there. */
bool address_is_shared(const struct overlay_address *address, const struct overlay_link *link);
bool overlay_same_host(const struct overlay_address *a, const struct overlay_address *b);
/* Someone we might dial: never ourselves, somebody linked, or an address being dialled. */
void spare_add(struct turn *turn, const struct overlay_told *told);
void spare_remove(struct overlay *overlay, size_t index);
void spare_forget(struct overlay *overlay, const struct overlay_address *address, uint32_t hint);
bool spare_knows(struct overlay *overlay, const struct overlay_address *address);
/* Not in this cycle again. */
void address_refuse(struct overlay *overlay, const struct overlay_address *address);
bool address_is_refused(const struct overlay *overlay, const struct overlay_address *address);
void spares_cycle(struct turn *turn);
/* A random choice of those we know for who is at the other end of `link`. */
void known_tell(struct turn *turn, const struct overlay_link *link, struct overlay_list *into);
/* What who is at the other end told us. */
void known_learn(struct turn *turn, const struct overlay_link *link,
                 const struct overlay_list *list);

/* overlay_memory.c: addresses of any age. */

/* Its hash under our key. */
uint64_t address_rank(const struct overlay *overlay, const struct overlay_address *address);

/* Vouched: it has just answered a dial of ours. */
void memory_add(struct overlay *overlay, const struct overlay_address *address, bool vouched);
/* The user named it. */
void memory_name(struct overlay *overlay, const struct overlay_address *address);
/* A dial is on its way. */
void memory_tried(struct overlay *overlay, const struct overlay_address *address);
/* None was tried in this cycle. */
void memory_anew(struct overlay *overlay);
void memory_failed(struct overlay *overlay, const struct overlay_address *address);
void memory_forget(struct overlay *overlay, const struct overlay_address *address);
/* The same where the user did not name it. */
void memory_give_up(struct overlay *overlay, const struct overlay_address *address);
enum ripeness {
    RIPE_DUE,
    RIPE_BY_CHANCE,   /* any but the hopeless, and those when they are due */
    RIPE_SINCE_ALARM, /* not tried since */
};
/* The one with the fewest dials in vain of those that are ripe and can be dialled now. */
bool memory_pick(struct overlay *overlay, enum ripeness ripeness, struct overlay_address *into);

/* overlay_links.c: the table of links, and who gets a place in it. */

struct overlay_link *link_find(struct overlay *overlay, uint32_t number);
/* Another link than `but` to the same person, or NULL. */
struct overlay_link *link_to(struct overlay *overlay, const struct id *id,
                             const struct overlay_link *but);
/* Whether one has this address or, where it is not 0, this hint. */
bool link_reaches(const struct overlay *overlay, const struct overlay_address *address,
                  uint32_t hint);
/* A random active link but `but`; NULL: none. */
struct overlay_link *link_random(struct overlay *overlay, const struct overlay_link *but);
size_t links_in_state(const struct overlay *overlay, enum overlay_link_state state, bool dialled);
/* Says goodbye, closes and forgets; who was worth it becomes a spare. */
void link_part(struct turn *turn, struct overlay_link *link, enum overlay_why why);
void link_up(struct turn *turn, const struct overlay_event *event);
void link_lost(struct turn *turn, struct overlay_link *link);
void link_asked(struct turn *turn, struct overlay_link *link, enum overlay_priority priority);
void link_answered(struct turn *turn, struct overlay_link *link,
                   const struct overlay_message *message);
void link_parted(struct turn *turn, struct overlay_link *link, enum overlay_why why);
/* Whether there are more active ones, or more inbound ones, than a sparse mesh gives us. */
bool links_exceed(const struct overlay *overlay);
/* One of those too many goes. */
void link_trim(struct turn *turn);
/* Ends those about which nothing was decided in time. */
void links_cycle(struct turn *turn);

/* overlay_repair.c: what is dialled, and when. */

bool dial_is_underway(const struct overlay *overlay, const struct overlay_address *address);
/* Takes the dial off the list: what it was for, FOR_LINKS where it is not there. */
enum purpose dial_ended(struct overlay *overlay, const struct overlay_address *address);
/* Nobody is linked to it, it is not being dialled, and its host has room. */
bool dial_is_possible(const struct overlay *overlay, const struct overlay_address *address);
/* False where its bounds or an existing link are in the way. */
bool dial_start(struct turn *turn, const struct overlay_address *address, enum purpose purpose);
/* The user wants what may be under way for another reason: its link is not one too many then. */
void dial_asked(struct overlay *overlay, const struct overlay_address *address);
/* How many links we lack; in a full mesh, how many people we know of and lack. */
size_t links_missing(const struct overlay *overlay);
/* People there are, as far as we know. */
size_t people_known(const struct overlay *overlay);
/* At once after whatever may have left us with too few or too many. */
void repair(struct turn *turn);
/* A link that we dialled broke: one of many, perhaps. */
void repair_alarm(struct turn *turn);
/* Everyone known is dialled once. */
void repair_anew(struct turn *turn);
/* Once a cycle: the size of the mesh, the random swap, remembered addresses. */
void repair_cycle(struct turn *turn);

/* overlay_component.c */

void component_init(struct overlay *overlay, uint64_t counter);
/* Tells a link that became active. */
void component_greet(struct turn *turn, const struct overlay_link *link);
void component_heard(struct turn *turn, const struct overlay_link *link,
                     const struct overlay_beat *beat);
/* A beacon: heard from `address`, in that component. */
void component_seen(struct turn *turn, const struct overlay_address *address,
                    const struct id *component);
/* Whether a link across components may be made now. */
bool component_may_heal(const struct turn *turn);
void component_cycle(struct turn *turn);
/* What has its own moment: taking over, healing. */
void component_tick(struct turn *turn);
