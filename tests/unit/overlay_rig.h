#pragma once
/* One overlay, told what happens, and what it does about it: for the tests of its rules. */
#include "unit.h"

#include "core/overlay.h"

#include <string.h>

enum {
    ANY = -1,
    SECOND = 1000,
    MINUTE = 60 * SECOND,
    OUT = 1, /* we dialled */
    IN = 0,
};

static struct sys_fake fake;
static struct sys sys;
static struct overlay overlay;
static struct overlay_effects effects; /* of the last event */
static uint64_t now;                   /* ms */

/* ---- people and addresses out of small numbers ---- */

static inline struct id who(unsigned number)
{
    struct id id;
    memset(id.bytes, 0x55, sizeof id.bytes);
    id.bytes[0] = (uint8_t)(number >> 8);
    id.bytes[1] = (uint8_t)number;
    return id;
}

static inline struct overlay_address ipv4(unsigned a, unsigned b, unsigned c, unsigned d)
{
    return (struct overlay_address){
        {[10] = 0xff, 0xff, (uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d}, 9999};
}

/* Where person `number` listens: each on a host of its own. */
static inline struct overlay_address at(unsigned number)
{
    return ipv4(10, 0, number >> 8, number & 255);
}

static inline struct overlay_told told(unsigned number)
{
    struct id id = who(number);
    return (struct overlay_told){at(number), 0, overlay_hint(&id)};
}

/* ---- what happens ---- */

static inline void give(const struct overlay_event *event)
{
    effects.count = 0;
    overlay_handle(&overlay, now, event, &effects);
}

/* A hello that names `component`. */
static inline void up_in(uint32_t link, unsigned number, int dialled,
                         const struct overlay_address *address, const struct id *component)
{
    struct overlay_event event = {.kind = OVERLAY_LINK_UP, .link = link};
    event.up.id = who(number);
    event.up.address = *address;
    event.up.dialled = dialled;
    event.up.component = *component;
    give(&event);
}

static inline void up_from(uint32_t link, unsigned number, int dialled,
                           const struct overlay_address *address)
{
    struct id component = *overlay_component(&overlay);
    up_in(link, number, dialled, address, &component);
}

static inline void up(uint32_t link, unsigned number, int dialled)
{
    struct overlay_address address = at(number);
    up_from(link, number, dialled, &address);
}

static inline void down(uint32_t link)
{
    give(&(struct overlay_event){.kind = OVERLAY_LINK_DOWN, .link = link});
}

static inline void says(uint32_t link, const struct overlay_message *message)
{
    give(&(struct overlay_event){.kind = OVERLAY_MESSAGE, .link = link, .message = message});
}

static inline void asks(uint32_t link, enum overlay_priority priority)
{
    says(link, &(struct overlay_message){.kind = OVERLAY_ASK, .ask = priority});
}

static inline void answers(uint32_t link, bool yes)
{
    says(link, &(struct overlay_message){.kind = OVERLAY_ANSWER, .answer = {.yes = yes}});
}

static inline void parts(uint32_t link, enum overlay_why why)
{
    says(link, &(struct overlay_message){.kind = OVERLAY_PART, .part = why});
}

static inline void beats(uint32_t link, unsigned number, uint64_t counter)
{
    struct overlay_message message = {.kind = OVERLAY_BEAT};
    message.beat = (struct overlay_beat){.id = who(number), .counter = counter};
    says(link, &message);
}

static inline void dial_fails(const struct overlay_address *address)
{
    struct overlay_event event = {.kind = OVERLAY_DIAL_FAILED};
    event.dial_failed = *address;
    give(&event);
}

static inline void known(const struct overlay_address *address, enum overlay_source source)
{
    struct overlay_event event = {.kind = OVERLAY_KNOWN};
    event.known.address = *address;
    event.known.source = source;
    give(&event);
}

static inline void beacon(unsigned number, const struct id *component)
{
    struct overlay_event event = {.kind = OVERLAY_KNOWN};
    struct id id = who(number);
    event.known.address = at(number);
    event.known.source = OVERLAY_FROM_BEACON;
    event.known.hint = overlay_hint(&id);
    event.known.has_component = true;
    event.known.component = *component;
    give(&event);
}

static inline void tick(void)
{
    give(&(struct overlay_event){.kind = OVERLAY_TICK});
}

/* Ticks as they fall due, until `ms` have passed; `look` sees the effects of each. */
static inline void wait_looking(uint64_t ms, void (*look)(void))
{
    uint64_t end = now + ms;
    while (overlay_due(&overlay) <= end) {
        now = overlay_due(&overlay) > now ? overlay_due(&overlay) : now;
        tick();
        look();
    }
    now = end;
    effects.count = 0;
}

static inline void look_away(void)
{
}

static inline void wait_ms(uint64_t ms)
{
    wait_looking(ms, look_away);
}

/* ---- what it does about it ---- */

static inline size_t sends(int link, enum overlay_message_kind kind,
                           const struct overlay_message **last)
{
    size_t count = 0;
    for (size_t i = 0; i < effects.count; i++) {
        const struct overlay_effect *effect = &effects.list[i];
        if (effect->kind == OVERLAY_SEND && effect->send.kind == kind &&
            (link == ANY || effect->link == (uint32_t)link)) {
            count++;
            if (last)
                *last = &effect->send;
        }
    }
    return count;
}

static inline bool closes(int link, int why)
{
    for (size_t i = 0; i < effects.count; i++) {
        const struct overlay_effect *effect = &effects.list[i];
        if (effect->kind == OVERLAY_CLOSE && (link == ANY || effect->link == (uint32_t)link) &&
            (why == ANY || effect->close == (enum overlay_why)why))
            return true;
    }
    return false;
}

static inline size_t dials(const struct overlay_address *address)
{
    size_t count = 0;
    for (size_t i = 0; i < effects.count; i++) {
        const struct overlay_effect *effect = &effects.list[i];
        count += effect->kind == OVERLAY_DIAL &&
                 (!address || overlay_address_equal(&effect->dial, address));
    }
    return count;
}

static inline bool answered(uint32_t link, bool yes)
{
    const struct overlay_message *answer;
    return sends((int)link, OVERLAY_ANSWER, &answer) == 1 && answer->answer.yes == yes;
}

/* ---- states to start from ---- */

/* We are person 500, at noon of no particular day. */
static inline int alone(void **state)
{
    (void)state;
    struct id self = who(500);
    fake = (struct sys_fake){.seed = 7};
    sys = sys_fake(&fake);
    now = 100 * SECOND;
    overlay_init(&overlay, &self, 1000, &sys, now);
    effects.count = 0;
    return 0;
}

/* Links 1 to `own` that we dialled, then `inbound` more; people have the links' numbers. */
static inline void linked(unsigned own, unsigned inbound)
{
    for (unsigned i = 1; i <= own + inbound; i++) {
        up(i, i, i <= own ? OUT : IN);
        if (i <= own)
            answers(i, true);
        else
            asks(i, OVERLAY_LOW);
    }
}

/* In a mesh of more than 16, whose size was said in an answer. */
static inline void sparse(unsigned own, unsigned inbound)
{
    up(99, 99, OUT);
    says(99, &(struct overlay_message){.kind = OVERLAY_ANSWER, .answer = {.people = 200}});
    linked(own, inbound);
    assert_int_equal(overlay_active(&overlay), own + inbound);
    assert_true(overlay.sparse);
}
