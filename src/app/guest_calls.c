/* Whom we call: because the user asked for it, again when a link was lost, and the listeners of
 * those who call us and never read. Invariant: a call that the node waits for has an answer; nobody
 * is called more than once at the same address; and who only called us is let go when they go. */
#include "app/guests_parts.h"

#include "app/unreached.h"
#include "base/hostport.h"
#include "net/link.h"
#include "net/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
    PROBE_DIAL_MS = 2000, /* a port of somebody who is right there answers sooner */
    PROBE_WAIT_MS = 1000, /* who listens and is no `named` has spoken by then: we do after 300 */
    AGAIN_MS = 2000,      /* a lost link is called again after so long, twice that, and so on.. */
    AGAIN_MOST_MS = 60000,
    TRIED_MS = 10000,          /* a caller's ports are not looked at more often */
    GOODBYE_MS = 2000,         /* for words that wait, on the way out */
    STALE_MS = 30 * 60 * 1000, /* who called us and is not reached for so long is gone */
};

static uint64_t now_of(const struct guests *guests)
{
    return loop_mono_ms(guests->loop);
}

static bool is_each(const struct visitor *visitor)
{
    return visitor->wanted && visitor->wanted->call_each;
}

/* ---- what is known of addresses ---- */

static struct address net_address(const struct overlay_address *address)
{
    struct address into = {.port = address->port};
    memcpy(into.ip, address->ip, sizeof into.ip);
    if (into.ip[0] == 0xfe && (into.ip[1] & 0xc0) == 0x80) { /* core/overlay.h */
        into.scope = (uint32_t)into.ip[2] << 8 | into.ip[3];
        into.ip[2] = into.ip[3] = 0;
    }
    return into;
}

/* Where it stands; else, to be taken, the oldest. */
static size_t remembered_at(const struct guests *guests, const struct address *address)
{
    for (size_t i = 0; i < GUESTS_REMEMBERED; i++)
        if (guests->remembered[i].dialect && address_equal(&guests->remembered[i].address, address))
            return i;
    return guests->remembered_next;
}

/* False where nothing is new. */
static bool remember_as(struct guests *guests, const struct address *address,
                        const struct dialect *dialect)
{
    size_t at = remembered_at(guests, address);
    if (guests->remembered[at].dialect == dialect &&
        address_equal(&guests->remembered[at].address, address))
        return false;
    if (at == guests->remembered_next)
        guests->remembered_next = (at + 1) % GUESTS_REMEMBERED;
    guests->remembered[at].address = *address;
    guests->remembered[at].dialect = dialect;
    return true;
}

/* A line for each, the oldest first: `DIALECT ADDRESS`. */
static void memory_keep(const struct guests *guests)
{
    char text[GUESTS_REMEMBERED * (DIALECT_NAME_MAX + ADDRESS_TEXT + 2)], address[ADDRESS_TEXT];
    size_t size = 0;
    for (size_t i = 0; i < GUESTS_REMEMBERED; i++) {
        size_t at = (guests->remembered_next + i) % GUESTS_REMEMBERED;
        const struct dialect *dialect = guests->remembered[at].dialect;
        if (!dialect)
            continue;
        address_text(&guests->remembered[at].address, address);
        size +=
            (size_t)snprintf(text + size, sizeof text - size, "%s %s\n", dialect->name, address);
    }
    guests->calls->keep(guests->self, span_of(text, size));
}

static void remember(struct guests *guests, const struct address *address,
                     const struct dialect *dialect)
{
    if (remember_as(guests, address, dialect))
        memory_keep(guests);
}

void guests_forget(struct guests *guests, const struct address *address)
{
    size_t at = remembered_at(guests, address);
    if (!guests->remembered[at].dialect || !address_equal(&guests->remembered[at].address, address))
        return;
    guests->remembered[at].dialect = NULL;
    memory_keep(guests);
}

static void line_recall(struct guests *guests, char *line)
{
    struct hostport where;
    struct address address;
    char *blank = strchr(line, ' ');
    if (!blank)
        return;
    *blank = '\0';
    const struct dialect *dialect = dialect_find(line);
    if (dialect && hostport_parse(blank + 1, &where) == HOSTPORT_OK &&
        address_parse(where.host, where.port, &address))
        (void)remember_as(guests, &address, dialect);
}

void guests_recall(struct guests *guests, struct span memory)
{
    char *text = xstrndup((const char *)memory.bytes, memory.size), *end;
    for (char *at = text; (end = strchr(at, '\n')); at = end + 1) {
        *end = '\0';
        line_recall(guests, at);
    }
    free(text);
}

const char *guests_remembered(const struct guests *guests, const struct overlay_address *address)
{
    struct address wanted = net_address(address);
    for (size_t i = 0; i < GUESTS_REMEMBERED; i++)
        if (guests->remembered[i].dialect && address_equal(&guests->remembered[i].address, &wanted))
            return guests->remembered[i].dialect->name;
    return NULL;
}

static struct visitor *called_at(const struct guests *guests, const struct address *address)
{
    struct visitor *visitor;
    DL_FOREACH(guests->all, visitor)
    if (visitor->role == GUEST_CALLED && !visitor->ended && !visitor->over &&
        address_equal(&visitor->address, address))
        return visitor;
    return NULL;
}

static size_t called_count(const struct guests *guests)
{
    const struct visitor *visitor;
    size_t count = 0;
    DL_FOREACH(guests->all, visitor)
    count += visitor->role == GUEST_CALLED && !visitor->ended && !visitor->probe;
    return count;
}

/* ---- calling ---- */

static void tell_vain(struct visitor *visitor, enum call_fault fault)
{
    if (!visitor->asked)
        return;
    struct node_event event = {.kind = EVENT_DIAL_FAILED,
                               .fault = visitor->fault ? visitor->fault : fault};
    event.dial_failed = visitor->where;
    visitor->asked = false;
    guests_tell(visitor->guests, &event);
}

static void link_take(struct visitor *visitor, struct link *link)
{
    visitor->link = link;
    link_start(link, LINK_PLAIN, &VISITOR_CALLS, visitor);
}

static void on_dialled(void *self, enum dial_result result, struct link *link)
{
    struct visitor *visitor = self;
    visitor->dial = NULL;
    guests_touch(visitor->guests);
    if (result == DIAL_OK) {
        link_take(visitor, link);
        return;
    }
    visitor->failed = fault_of_dial(result);
    visitor->lost = true;
}

void visitor_dial(struct visitor *visitor)
{
    if (visitor->link || visitor->dial)
        return; /* it is there already */
    visitor->dial = dial_new(visitor->guests->links, &visitor->address, 1, on_dialled, visitor);
}

/* At once: the next bytes are for it. */
static void engine_start(struct visitor *visitor, const struct dialect *dialect)
{
    visitor_begin(visitor, dialect);
    guest_up(visitor->guest, visitor_now(visitor));
}

void visitor_taken(struct visitor *visitor)
{
    if (is_each(visitor))
        guest_up(visitor->guest, visitor_now(visitor));
    else if (visitor->probe)
        visitor->at = now_of(visitor->guests) + PROBE_WAIT_MS;
    else
        engine_start(visitor, visitor->wanted);
}

static struct visitor *call(struct guests *guests, const struct address *address,
                            const struct dialect *dialect, struct link *link)
{
    struct visitor *visitor = visitor_new(guests, GUEST_CALLED, address);
    visitor->wanted = dialect;
    if (is_each(visitor)) {
        link_free(link);
        visitor_begin(visitor, dialect);
    } else if (link) {
        link_take(visitor, link);
    } else {
        visitor_dial(visitor);
    }
    return visitor;
}

static void call_refuse(struct guests *guests, const struct overlay_address *address,
                        enum call_fault fault)
{
    struct address nowhere = net_address(address);
    struct visitor *visitor = visitor_new(guests, GUEST_CALLED, &nowhere);
    visitor->asked = visitor->over = visitor->lost = true;
    visitor->where = *address;
    visitor->fault = fault;
}

void guests_call(struct guests *guests, const struct overlay_address *address, const char *dialect,
                 struct link *link, enum call_fault fault)
{
    struct address to = net_address(address);
    struct visitor *visitor = called_at(guests, &to);
    if (!guests->allowed || guests->calls->is_ours(guests->self, &to) ||
        (!visitor && called_count(guests) >= GUESTS_CALLED)) {
        link_free(link);
        call_refuse(guests, address,
                    !guests->allowed                            ? fault ? fault : CALL_NO_GUESTS
                    : visitor                                   ? CALL_OURSELVES
                    : guests->calls->is_ours(guests->self, &to) ? CALL_OURSELVES
                                                                : CALL_NO_ROOM);
        return;
    }
    if (visitor) {
        link_free(link);
        visitor_retry(visitor);
    } else {
        visitor = call(guests, &to, dialect[0] ? dialect_find(dialect) : NULL, link);
    }
    visitor->back = visitor->probe = false;
    visitor->asked = true;
    visitor->where = *address;
    visitor->fault = fault;
    if (is_each(visitor)) /* of which nothing is known before the first word */
        visitor->dialect = visitor->wanted;
    visitor->news = visitor->dialect != NULL;
}

/* ---- who answered ---- */

/* Who was found once is found again. */
static void tried_forget(struct guests *guests, const struct address *host)
{
    for (size_t i = 0; i < GUESTS_REMEMBERED; i++)
        if (guests->tried[i].at && address_same_host(&guests->tried[i].host, host))
            guests->tried[i].at = 0;
}

void visitor_called_known(struct visitor *visitor)
{
    struct guests *guests = visitor->guests;
    struct visitor *caller;
    if (visitor->probe && (!visitor->name[0] || strcmp(visitor->name, "Anonimo") == 0)) {
        visitor_end(visitor); /* it listens, and knows nothing of names */
        return;
    }
    visitor->probe = false;
    visitor->wanted = visitor->dialect;
    visitor->worked = true;
    visitor->worked_at = now_of(guests);
    visitor->tries = 0;
    remember(guests, &visitor->address, visitor->dialect);
    tried_forget(guests, &visitor->address);
    if (!visitor->told || !is_each(visitor))
        visitor_tell_up(visitor);
    if (!visitor->back || is_each(visitor))
        return;
    DL_FOREACH(guests->all, caller)
    {
        bool theirs = caller->role == GUEST_ACCEPTED && !caller->ended && caller->told &&
                      (caller->dialect == &dialect_named || caller->dialect == &dialect_plain) &&
                      !caller->found && address_same_host(&caller->address, &visitor->address);
        if (!theirs)
            continue;
        caller->found = caller->dialect = visitor->dialect;
        caller->same_as = visitor->number;
        visitor_tell_up(caller);
    }
}

/* ---- calling back ---- */

/* Whether it is a port of this very program, whatever address leads to it. */
static bool is_ours(const struct visitor *caller, const struct address *address)
{
    const struct guests *guests = caller->guests;
    struct address own, local;
    if (guests->calls->is_ours(guests->self, address))
        return true;
    return caller->link && link_own_address(caller->link, &own) &&
           address_same_host(&own, address) && address_parse("127.0.0.1", address->port, &local) &&
           guests->calls->is_ours(guests->self, &local);
}

static void probe(const struct visitor *caller, uint16_t low, uint16_t high)
{
    struct guests *guests = caller->guests;
    struct address address = caller->address;
    for (uint32_t port = low; port <= high; port++) {
        address.port = (uint16_t)port;
        if (called_at(guests, &address) || is_ours(caller, &address))
            continue;
        struct visitor *visitor = call(guests, &address, &dialect_named, NULL);
        visitor->back = visitor->probe = visitor->over = true;
        visitor->at = now_of(guests) + PROBE_DIAL_MS;
    }
}

static bool was_tried(struct guests *guests, const struct address *host)
{
    uint64_t now = now_of(guests);
    size_t at = guests->tried_next;
    for (size_t i = 0; i < GUESTS_REMEMBERED; i++) {
        if (!guests->tried[i].at || !address_same_host(&guests->tried[i].host, host))
            continue;
        if (now - guests->tried[i].at < TRIED_MS)
            return true;
        at = i;
    }
    if (at == guests->tried_next)
        guests->tried_next = (at + 1) % GUESTS_REMEMBERED;
    guests->tried[at].host = *host;
    guests->tried[at].at = now;
    return false;
}

static void call_back_dated(struct visitor *caller)
{
    struct guests *guests = caller->guests;
    struct address address = caller->address;
    address.port = dialect_dated.port;
    struct visitor *visitor = called_at(guests, &address);
    if (visitor) {
        visitor_retry(visitor); /* it is there, so it may answer again */
        return;
    }
    if (is_ours(caller, &address) || called_count(guests) >= GUESTS_CALLED)
        return;
    visitor = call(guests, &address, &dialect_dated, NULL);
    visitor->back = true;
    visitor->dialect = &dialect_dated;
    visitor->worked_at = now_of(guests);
    visitor_tell_up(visitor);
}

void visitor_call_back(struct visitor *caller)
{
    struct guests *guests = caller->guests;
    const struct dialect *dialect = caller->dialect;
    struct visitor *other;
    if (dialect == &dialect_dated) {
        call_back_dated(caller);
        return;
    }
    if (dialect != &dialect_named && dialect != &dialect_plain)
        return;
    DL_FOREACH(guests->all, other) /* its listener is known already */
    {
        if (other->role != GUEST_CALLED || other->ended || !other->told ||
            other->dialect != &dialect_named ||
            !address_same_host(&other->address, &caller->address))
            continue;
        caller->found = caller->dialect = other->dialect;
        caller->same_as = other->number;
        visitor_tell_up(caller);
        return;
    }
    if (!was_tried(guests, &caller->address))
        probe(caller, dialect_named.reach_low, dialect_named.reach_high);
}

/* Who is not here any more is not called for its own sake. */
static void callers_gone(struct guests *guests, const struct visitor *gone)
{
    struct visitor *visitor;
    DL_FOREACH(guests->all, visitor)
    if (visitor != gone && visitor->role == GUEST_ACCEPTED && !visitor->ended &&
        visitor->same_as == gone->same_as)
        return;
    visitor = visitor_find(guests, gone->same_as);
    if (visitor && visitor->back)
        visitor_leave(visitor);
}

/* ---- the end of a link ---- */

void visitor_answered(struct visitor *visitor, bool delivered)
{
    if (!delivered)
        return;
    visitor->worked = true;
    visitor->worked_at = now_of(visitor->guests);
}

static void again(struct visitor *visitor)
{
    uint64_t wait = AGAIN_MS;
    for (unsigned i = 0; i < visitor->tries && wait < AGAIN_MOST_MS; i++)
        wait *= 2;
    visitor->tries++;
    visitor->at = now_of(visitor->guests) + (wait < AGAIN_MOST_MS ? wait : AGAIN_MOST_MS);
}

/* Of a call for each word there is never a link for long. */
static void each_over(struct visitor *visitor)
{
    uint64_t now = now_of(visitor->guests);
    if (visitor->over || (visitor->back && now - visitor->worked_at > STALE_MS))
        visitor_end(visitor);
}

/* Who was reached there is looked for again. */
static void listener_gone(const struct visitor *gone)
{
    struct visitor *visitor;
    DL_FOREACH(gone->guests->all, visitor)
    {
        if (visitor->same_as != gone->number || visitor->role != GUEST_ACCEPTED)
            continue;
        visitor->found = NULL;
        visitor->same_as = 0;
        visitor->at = now_of(gone->guests) + TRIED_MS;
    }
}

void visitor_over(struct visitor *visitor)
{
    if (visitor->role == GUEST_ACCEPTED) {
        if (visitor->same_as && visitor->found)
            callers_gone(visitor->guests, visitor);
        visitor_end(visitor);
        return;
    }
    if (is_each(visitor)) {
        each_over(visitor);
        return;
    }
    guest_free(visitor->guest);
    visitor->guest = NULL;
    visitor->listens = visitor->known = false;
    listener_gone(visitor);
    bool calls_again = visitor->worked && !visitor->over && !visitor->back && !visitor->peer;
    if (visitor->told || !calls_again)
        visitor_tell_down(visitor, calls_again);
    if (visitor->peer && !visitor->back && !visitor->over) {
        visitor->asked = false;
        guests_forget(visitor->guests, &visitor->address);
        visitor->guests->calls->peer(visitor->guests->self, &visitor->where);
    }
    tell_vain(visitor, visitor->failed ? visitor->failed : CALL_HUNG_UP);
    if (calls_again)
        again(visitor);
    else
        visitor_end(visitor);
}

void visitor_retry(struct visitor *visitor)
{
    if (visitor->role != GUEST_CALLED || visitor->over)
        return;
    if (is_each(visitor)) {
        guest_retry(visitor->guest, visitor_now(visitor));
    } else if (!visitor->link && !visitor->dial) {
        visitor->tries = 0;
        visitor->at = now_of(visitor->guests);
    }
    guests_touch(visitor->guests);
}

void visitor_leave(struct visitor *visitor)
{
    visitor->over = true;
    if (visitor->guest)
        guest_leave(visitor->guest, visitor_now(visitor));
    /* not here: the node itself may be what asked for it */
    visitor->leaves = !visitor->link || !visitor->guest || !visitor->up;
    guests_touch(visitor->guests);
}

void visitor_finish(struct visitor *visitor)
{
    bool waits = visitor->guest && visitor->up && guest_waiting(visitor->guest) > 0;
    visitor->finishes = true;
    visitor->at = now_of(visitor->guests) + (visitor->over ? 0 : GOODBYE_MS);
    if (!waits && !visitor->over)
        visitor_leave(visitor);
}

/* ---- time ---- */

static void finish_time(struct visitor *visitor, bool due)
{
    if (due)
        visitor_end(visitor);
    else if (!visitor->over && visitor->guest && guest_waiting(visitor->guest) == 0)
        visitor_leave(visitor);
}

void visitor_time(struct visitor *visitor)
{
    bool due = visitor->at <= now_of(visitor->guests);
    if (visitor->finishes) {
        finish_time(visitor, due);
        return;
    }
    if (!due)
        return;
    visitor->at = UINT64_MAX;
    if (visitor->role == GUEST_ACCEPTED)
        visitor_call_back(visitor);
    else if (visitor->probe && visitor->up)
        engine_start(visitor, &dialect_named);
    else if (visitor->probe)
        visitor_end(visitor);
    else if (!visitor->link && !visitor->dial)
        visitor_dial(visitor);
}
