/* Visitors: guests with their sockets. What happens to one only marks it; at the end of the turn
 * its engine is asked what is to be done, and events go to the node from there alone, because the
 * node's own effects come back into this file. Nothing is freed before that. */
#include "app/guests_parts.h"

#include "dialect/dialect.h"
#include "net/dial.h"
#include "net/link.h"
#include "net/loop.h"
#include "net/timer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

/* What silent callers hear, and who may not stay. */
/* not translated: the plain chats speak Spanish */
static const char GREETING[] = "Hola, esto es Tertulia. Escribe y todos te leen; nada va cifrado.";
static const char REFUSAL[] = "Aquí no se admiten invitados: hace falta Tertulia.";

enum {
    TLS_FIRST = 0x16, /* a handshake record, of any version.. */
    TLS_SECOND = 0x03,
};

/* ---- time ---- */

/* What local clocks show, less UTC. */
static int32_t zone_of(struct guests *guests, int64_t wall_ms)
{
    int64_t minute = wall_ms / 60000;
    struct tm local;
    time_t seconds = (time_t)(wall_ms / 1000);
    if (minute != guests->zone_minute && localtime_r(&seconds, &local)) {
        guests->zone_minute = minute;
        guests->zone_s = (int32_t)local.tm_gmtoff;
    }
    return guests->zone_s;
}

struct guest_now visitor_now(const struct visitor *visitor)
{
    struct guests *guests = visitor->guests;
    int64_t wall = loop_wall_ms(guests->loop);
    uint64_t past = wall > 0 ? (uint64_t)wall : 0;
    return (struct guest_now){loop_mono_ms(guests->loop),
                              past < ENTRY_NUMBER_MAX ? past : ENTRY_NUMBER_MAX,
                              zone_of(guests, wall)};
}

void guests_touch(struct guests *guests)
{
    guests->dirty = true;
    loop_again(guests->loop);
}

static void on_ring(void *self)
{
    guests_touch(self);
}

/* ---- visitors ---- */

struct visitor *visitor_new(struct guests *guests, enum guest_role role,
                            const struct address *address)
{
    struct visitor *visitor = xcalloc(1, sizeof *visitor);
    visitor->guests = guests;
    visitor->number = ++guests->numbers | GUEST_NUMBERS;
    visitor->role = role;
    visitor->address = *address;
    visitor->at = UINT64_MAX;
    DL_APPEND(guests->all, visitor);
    guests_touch(guests);
    return visitor;
}

static void visitor_free(struct visitor *visitor)
{
    DL_DELETE(visitor->guests->all, visitor);
    guest_free(visitor->guest);
    free(visitor);
}

struct visitor *visitor_find(const struct guests *guests, uint32_t number)
{
    struct visitor *visitor;
    DL_FOREACH(guests->all, visitor)
    if (visitor->number == number && !visitor->ended)
        return visitor;
    return NULL;
}

void guests_tell(struct guests *guests, const struct node_event *event)
{
    if (!guests->stopped)
        guests->calls->event(guests->self, event);
}

void visitor_tell_down(struct visitor *visitor, bool again)
{
    struct node_event event = {.kind = EVENT_GUEST_DOWN, .link = visitor->number};
    event.guest.is = again;
    if (visitor->told || (visitor->missed && !again))
        guests_tell(visitor->guests, &event);
    visitor->missed = visitor->told && again;
    visitor->told = false;
}

/* Its link, its call and its place with the node; the memory goes at the end of the turn. */
void visitor_end(struct visitor *visitor)
{
    if (visitor->ended)
        return;
    visitor->ended = true;
    if (visitor->dial)
        dial_cancel(visitor->dial);
    if (visitor->link)
        link_close(visitor->link);
    visitor->dial = NULL;
    visitor->link = NULL;
    visitor_tell_down(visitor, false);
    guests_touch(visitor->guests);
}

static void engine_begin(struct visitor *visitor, const struct dialect *dialect)
{
    struct guests *guests = visitor->guests;
    char own[ADDRESS_TEXT] = "";
    struct address address;
    if (visitor->link && link_own_address(visitor->link, &address)) {
        address.port = 0;
        address_text(&address, own);
    }
    struct guest_config config = {.role = visitor->role,
                                  .dialect = dialect,
                                  .port = visitor->address.port,
                                  .name = guests->calls->name(guests->self),
                                  .greeting = GREETING,
                                  .our_address = own,
                                  .number = visitor->number,
                                  .echoes = guests->echoes};
    visitor->guest = guest_new(&config, visitor_now(visitor));
    guests_touch(guests);
}

void visitor_begin(struct visitor *visitor, const struct dialect *dialect)
{
    if (!visitor->guest)
        engine_begin(visitor, dialect);
}

/* ---- links ---- */

static enum link_dialect on_sniffed(void *self, const uint8_t *bytes, size_t size)
{
    struct visitor *visitor = self;
    struct guests *guests = visitor->guests;
    if (bytes[0] != TLS_FIRST)
        return LINK_IS_PLAIN;
    visitor->half = true;
    if (size < 2)
        return LINK_IS_UNKNOWN;
    if (bytes[1] != TLS_SECOND)
        return LINK_IS_PLAIN;
    struct link *link = visitor->link;
    visitor->link = NULL;
    visitor_end(visitor);
    guests->calls->native(guests->self, link);
    return LINK_IS_TLS;
}

static size_t accepted_count(const struct guests *guests, const struct address *host)
{
    const struct visitor *visitor;
    size_t count = 0;
    DL_FOREACH(guests->all, visitor)
    count += !visitor->ended && visitor->role == GUEST_ACCEPTED && visitor->up &&
             (!host || address_same_host(&visitor->address, host));
    return count;
}

/* Only now it is no peer's. */
static bool is_admitted(const struct visitor *visitor)
{
    const struct guests *guests = visitor->guests;
    const struct address *address = &visitor->address;
    if (!guests->allowed || accepted_count(guests, NULL) > GUESTS_ACCEPTED)
        return false;
    return address_is_loopback(address) || accepted_count(guests, address) <= GUESTS_PER_HOST;
}

static void on_up(void *self, const uint8_t *peer, const uint8_t *exported)
{
    struct visitor *visitor = self;
    (void)peer;
    (void)exported;
    visitor->up = true;
    visitor->half = false;
    guests_touch(visitor->guests);
    if (visitor->role == GUEST_CALLED) {
        visitor_taken(visitor);
    } else if (!is_admitted(visitor)) {
        bool told = link_send(visitor->link, REFUSAL, sizeof REFUSAL - 1);
        (void)told; /* it is hung up on either way */
        visitor_end(visitor);
    }
}

static void on_bytes(void *self, const uint8_t *bytes, size_t size)
{
    struct visitor *visitor = self;
    guests_touch(visitor->guests);
    if (visitor->guest)
        guest_feed(visitor->guest, visitor_now(visitor), bytes, size);
    else
        visitor_end(visitor); /* a try at a port, where somebody speaks first */
}

static void on_queued(void *self, size_t left)
{
    struct visitor *visitor = self;
    if (left == 0)
        guests_touch(visitor->guests);
}

static void on_down(void *self, enum link_down why)
{
    struct visitor *visitor = self;
    (void)why;
    visitor->link = NULL;
    visitor->up = false;
    visitor->lost = true;
    guests_touch(visitor->guests);
}

const struct link_calls VISITOR_CALLS = {on_sniffed, on_up, on_bytes, on_queued, on_down};

void guests_arrived(struct guests *guests, struct link *link)
{
    struct visitor *visitor = visitor_new(guests, GUEST_ACCEPTED, link_address(link));
    visitor->link = link;
    link_start(link, LINK_SNIFF, &VISITOR_CALLS, visitor);
    if (guests->allowed)
        visitor_begin(visitor, NULL);
}

/* ---- what an engine says ---- */

static struct overlay_address node_address(const struct address *address)
{
    struct overlay_address into = {.port = address->port};
    memcpy(into.ip, address->ip, sizeof into.ip);
    if (into.ip[0] == 0xfe && (into.ip[1] & 0xc0) == 0x80) { /* core/overlay.h */
        into.ip[2] = (uint8_t)(address->scope >> 8);
        into.ip[3] = (uint8_t)address->scope;
    }
    return into;
}

/* By its own name; else by its address: with a port where that is the listener's, and it may be one
 * of several there. */
static void name_write(const struct visitor *visitor, char into[ADDRESS_TEXT])
{
    struct address address = visitor->address;
    const struct dialect *dialect = visitor->dialect;
    if (visitor->role == GUEST_ACCEPTED || dialect == &dialect_dated ||
        dialect == &dialect_neighbour)
        address.port = 0;
    address_text(&address, into);
}

/* Another visitor who is the same guest: of `dated`, whoever is at that machine. */
static uint32_t same_as(const struct visitor *visitor)
{
    const struct visitor *other;
    if (visitor->same_as)
        return visitor->same_as;
    if (visitor->dialect != &dialect_dated)
        return 0;
    DL_FOREACH(visitor->guests->all, other)
    if (other != visitor && !other->ended && other->told && other->dialect == &dialect_dated &&
        address_same_host(&other->address, &visitor->address))
        return other->number;
    return 0;
}

void visitor_tell_up(struct visitor *visitor)
{
    const struct dialect *dialect = visitor->dialect;
    char address[ADDRESS_TEXT];
    bool called = visitor->role == GUEST_CALLED;
    struct node_event event = {.kind = EVENT_GUEST_UP, .link = visitor->number};
    name_write(visitor, address);
    event.guest.dialect = dialect ? dialect->name : "";
    event.guest.same_as = same_as(visitor);
    event.guest.address = visitor->asked ? visitor->where : node_address(&visitor->address);
    event.guest.called = called;
    event.guest.asked = visitor->asked;
    event.guest.spreads = dialect && (called ? dialect->called_spreads : dialect->spreads);
    event.guest.quiet = dialect && !dialect->notices;
    event.guest.ticks = called && dialect && dialect->call_each;
    event.guest.name = span_text(visitor->name[0] ? visitor->name : address);
    visitor->asked = false;
    visitor->told = true;
    guests_tell(visitor->guests, &event);
}

/* As long as a visitor is nobody, the node knows nothing of it. */
static void event_tell(struct visitor *visitor, enum node_event_kind kind,
                       const struct guest_event *told)
{
    struct node_event event = {.kind = kind, .link = visitor->number};
    if (!visitor->told && kind != EVENT_GUEST_ASKS)
        return;
    if (kind == EVENT_GUEST_ASKS)
        visitor->told = true;
    event.guest.name = told->name;
    event.guest.text = told->text;
    event.guest.wall = told->dated ? told->wall_ms : 0;
    event.guest.id = told->id;
    event.guest.is =
        told->kind == GUEST_JOINED || told->kind == GUEST_DELIVERED || told->kind == GUEST_KNOWN;
    guests_tell(visitor->guests, &event);
}

static void trouble_tell(struct visitor *visitor, enum guest_trouble trouble, uint64_t count)
{
    char address[ADDRESS_TEXT];
    struct node_event event = {.kind = EVENT_GUEST_TROUBLE, .link = visitor->number};
    address_text(&visitor->address, address);
    event.guest.name = span_text(address);
    event.guest.trouble = trouble;
    event.guest.id = count;
    guests_tell(visitor->guests, &event);
}

static void said(struct visitor *visitor, const struct guest_event *event)
{
    struct visitor *other;
    if (event->dialect == &dialect_piped && event->whole.size)
        DL_FOREACH(visitor->guests->all, other)
        {
            if (other != visitor && !other->ended && other->guest)
                guest_relay(other->guest, visitor_now(other), event->whole);
        }
    event_tell(visitor, EVENT_GUEST_SAID, event);
}

static void known(struct visitor *visitor, const struct guest_event *event)
{
    struct span name = event->name;
    visitor->dialect = event->dialect;
    visitor->known = true;
    if (name.size && name.size <= GUEST_NAME_MAX) {
        memcpy(visitor->name, name.bytes, name.size);
        visitor->name[name.size] = '\0';
    }
    if (visitor->role == GUEST_CALLED) {
        visitor_called_known(visitor);
        event_tell(visitor, EVENT_GUEST_TICK, event);
        return;
    }
    if (visitor->found) /* its listener said more than its own bytes can */
        visitor->dialect = visitor->found;
    visitor_tell_up(visitor);
    visitor_call_back(visitor);
}

/* Who waits longest and said nothing makes room. */
static void silent_bound(struct guests *guests)
{
    struct visitor *visitor, *oldest = NULL;
    size_t count = 0;
    DL_FOREACH(guests->all, visitor)
    {
        bool silent = !visitor->ended && visitor->listens && !visitor->known;
        count += silent;
        if (silent && !oldest)
            oldest = visitor;
    }
    if (count > GUESTS_SILENT)
        visitor_end(oldest);
}

static void listens(struct visitor *visitor)
{
    if (!visitor->link)
        return; /* its silence and its end came in one turn */
    visitor->listens = true;
    link_be_plain(visitor->link);
    visitor_tell_up(visitor);
    silent_bound(visitor->guests);
}

static void hang_up(struct visitor *visitor, enum guest_why why)
{
    if (why == WHY_NO_TEXT)
        trouble_tell(visitor, GUEST_NO_TEXT, 0);
    else if (why == WHY_PEER)
        visitor->peer = true;
    else if (why == WHY_STUCK)
        trouble_tell(visitor, GUEST_NO_READER, 0);
    if (visitor->link)
        link_close(visitor->link);
    visitor->link = NULL;
    visitor->up = false;
    visitor->lost = true;
}

/* Long because every kind of event is named. */
static void engine_says(struct visitor *visitor, const struct guest_event *event)
{
    switch (event->kind) {
    case GUEST_NATIVE: /* sniffing has seen to that, but for who came late */
        visitor_end(visitor);
        return;
    case GUEST_LISTENS:
        listens(visitor);
        return;
    case GUEST_KNOWN:
        known(visitor, event);
        return;
    case GUEST_ASKS_NAME:
        event_tell(visitor, EVENT_GUEST_ASKS, event);
        return;
    case GUEST_SAID:
        said(visitor, event);
        return;
    case GUEST_PRIVATE:
        event_tell(visitor, EVENT_GUEST_PRIVATE, event);
        return;
    case GUEST_WHO:
        event_tell(visitor, EVENT_GUEST_WHO, event);
        return;
    case GUEST_RINGS:
        event_tell(visitor, EVENT_GUEST_RINGS, event);
        return;
    case GUEST_JOINED:
    case GUEST_GONE:
        event_tell(visitor, EVENT_GUEST_HERE, event);
        return;
    case GUEST_SENT: /* the transcript is written of what is shown */
        return;
    case GUEST_DELIVERED:
    case GUEST_FAILED:
        visitor_answered(visitor, event->kind == GUEST_DELIVERED);
        event_tell(visitor, EVENT_GUEST_TICK, event);
        return;
    case GUEST_CUT:
        trouble_tell(visitor, event->cut == CUT_LONG ? GUEST_TOO_LONG : GUEST_TOO_FAST, 0);
        return;
    case GUEST_LOST:
        trouble_tell(visitor, GUEST_TOO_SLOW, event->count);
        return;
    case GUEST_DIAL:
        visitor_dial(visitor);
        return;
    case GUEST_HANG_UP:
        hang_up(visitor, event->why);
        return;
    case GUEST_LEFT:
        if (visitor->dialect && visitor->dialect->call_each && visitor->role == GUEST_CALLED)
            event_tell(visitor, EVENT_GUEST_TICK, event);
        return;
    }
}

/* ---- a turn ---- */

/* As much as the socket and the pace take. */
static bool words_write(struct visitor *visitor)
{
    char bytes[GUEST_OUT];
    if (visitor->ended || !visitor->guest || !visitor->up || link_queued(visitor->link) > 0)
        return false;
    size_t size = guest_pull(visitor->guest, visitor_now(visitor), bytes);
    return size > 0 && link_send(visitor->link, bytes, size);
}

static bool engine_hear(struct visitor *visitor)
{
    struct guest_event *event;
    bool any = false;
    while (visitor->guest && !visitor->ended && (event = guest_next(visitor->guest))) {
        engine_says(visitor, event);
        free(event);
        any = true;
    }
    return any;
}

static void visitor_turn(struct visitor *visitor)
{
    if (visitor->leaves)
        visitor_end(visitor);
    if ((visitor->half && !visitor->lost) || visitor->ended)
        return;
    visitor_time(visitor);
    if (visitor->news && !visitor->ended) {
        visitor->news = false;
        visitor_tell_up(visitor);
    }
    if (visitor->guest)
        guest_tick(visitor->guest, visitor_now(visitor));
    bool again = true;
    while (again) {
        again = engine_hear(visitor);
        if (visitor->lost) {
            visitor->lost = false;
            again = true;
            if (visitor->guest)
                guest_end(visitor->guest, visitor_now(visitor));
            else
                visitor_over(visitor);
            continue;
        }
        again |= words_write(visitor);
    }
    if (!visitor->ended && visitor->guest && !visitor->link && !visitor->dial)
        visitor_over(visitor);
}

static void lapses_tell(struct guests *guests)
{
    struct lapse *lapse;
    while ((lapse = guests->lapses)) {
        DL_DELETE(guests->lapses, lapse);
        struct node_event event = {.kind = EVENT_GUEST_TICK, .link = lapse->number};
        event.guest.id = lapse->id;
        guests_tell(guests, &event);
        free(lapse);
    }
}

static uint64_t visitor_due(const struct visitor *visitor)
{
    uint64_t due = visitor->guest && !visitor->half ? guest_due(visitor->guest) : UINT64_MAX;
    return visitor->at < due ? visitor->at : due;
}

static void timer_next(struct guests *guests)
{
    const struct visitor *visitor;
    uint64_t due = UINT64_MAX;
    DL_FOREACH(guests->all, visitor)
    {
        uint64_t at = visitor_due(visitor);
        due = at < due ? at : due;
    }
    if (due == guests->due)
        return;
    guests->due = due;
    timer_set(guests->timer, due);
}

/* Before anything is done because of silence, one more turn goes by: in it all that has arrived is
 * read. */
void guests_turn(struct guests *guests)
{
    struct visitor *visitor, *next;
    bool due = guests->due <= loop_mono_ms(guests->loop);
    if (!guests->dirty)
        return;
    if (due && !guests->ripe) { /* we may have stood still, whatever woke us */
        guests->ripe = true;
        guests_touch(guests);
        return;
    }
    guests->dirty = guests->ripe = false;
    if (due)
        guests->due = 0; /* the timer is set anew */
    DL_FOREACH_SAFE(guests->all, visitor, next)
    visitor_turn(visitor);
    lapses_tell(guests);
    DL_FOREACH_SAFE(guests->all, visitor, next)
    if (visitor->ended)
        visitor_free(visitor);
    timer_next(guests);
}

/* ---- the node's effects ---- */

static enum guest_word_kind word_kind(enum guest_tells kind)
{
    switch (kind) {
    case GUEST_TELLS_SAY:
        return WORD_SAY;
    case GUEST_TELLS_ACT:
        return WORD_ACT;
    case GUEST_TELLS_PRIVATE:
        return WORD_PRIVATE;
    case GUEST_TELLS_JOINED:
        return WORD_JOINED;
    case GUEST_TELLS_LEFT:
        return WORD_LEFT;
    case GUEST_TELLS_NOTICE:
        return WORD_NOTICE;
    case GUEST_TELLS_RING:
        return WORD_RING;
    }
    die("no such word for a guest");
}

/* What could not be told at all was not delivered either. */
static void word_do(struct visitor *visitor, const struct node_guest_word *told)
{
    struct guest_word word = {.kind = word_kind(told->kind),
                              .who = told->who,
                              .text = told->text,
                              .own = told->own,
                              .hosted = told->hosted,
                              .name = told->name,
                              .wall_ms = told->wall,
                              .id = told->id};
    if (visitor->guest && guest_say(visitor->guest, visitor_now(visitor), &word))
        return;
    if (told->id == 0)
        return;
    struct lapse *lapse = xcalloc(1, sizeof *lapse);
    lapse->number = visitor->number;
    lapse->id = told->id;
    DL_APPEND(visitor->guests->lapses, lapse);
}

void guests_do(struct guests *guests, const struct node_effect *effect)
{
    struct visitor *visitor = visitor_find(guests, effect->link);
    if (!visitor)
        return;
    guests_touch(guests);
    if (effect->kind == EFFECT_GUEST_WORD)
        word_do(visitor, &effect->guest);
    else if (effect->kind == EFFECT_GUEST_NAMED && visitor->guest)
        guest_named(visitor->guest, visitor_now(visitor), effect->guest.name);
    else if (effect->kind == EFFECT_GUEST_PEOPLE && visitor->guest)
        guest_people(visitor->guest, visitor_now(visitor), effect->people.names,
                     effect->people.count);
    else if (effect->kind == EFFECT_GUEST_RETRY)
        visitor_retry(visitor);
    else if (effect->kind == EFFECT_GUEST_HANG_UP)
        visitor_leave(visitor);
}

/* ---- the whole ---- */

struct guests *guests_new(struct loop *loop, struct links *links, bool allowed,
                          const struct guests_calls *calls, void *self)
{
    struct guests *guests = xcalloc(1, sizeof *guests);
    guests->loop = loop;
    guests->links = links;
    guests->allowed = allowed;
    guests->calls = calls;
    guests->self = self;
    guests->echoes = echoes_new();
    guests->timer = timer_new(loop, on_ring, guests);
    guests->due = UINT64_MAX;
    guests->zone_minute = -1;
    return guests;
}

void guests_drop(struct guests *guests)
{
    struct visitor *visitor, *next;
    struct lapse *lapse, *after;
    DL_FOREACH_SAFE(guests->all, visitor, next)
    {
        visitor->told = visitor->missed = false;
        visitor_end(visitor);
    }
    DL_FOREACH_SAFE(guests->lapses, lapse, after)
    free(lapse);
    guests->lapses = NULL;
}

void guests_stop(struct guests *guests)
{
    struct visitor *visitor;
    if (guests->stopped)
        return;
    guests->stopped = true;
    DL_FOREACH(guests->all, visitor)
    visitor_finish(visitor);
    guests_touch(guests);
}

bool guests_are_gone(const struct guests *guests)
{
    return !guests->all;
}

void guests_free(struct guests *guests)
{
    struct visitor *visitor, *next;
    if (!guests)
        return;
    guests_drop(guests);
    DL_FOREACH_SAFE(guests->all, visitor, next)
    visitor_free(visitor);
    timer_free(guests->timer);
    echoes_free(guests->echoes);
    free(guests);
}
