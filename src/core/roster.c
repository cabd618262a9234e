/* Who there is: the people, their links, presence and trust. Names are in roster_names.c. */
#include "core/roster.h"

#include "base/alloc.h"
#include "core/roster_parts.h"

#include <sodium.h>
#include <stdlib.h>

enum { DAY_MS = 24 * 3600 * 1000 };

/* ---- the tables ---- */

static uint32_t id_place(const struct roster *roster, const struct id *id)
{
    uint64_t hash;
    crypto_shorthash((unsigned char *)&hash, id->bytes, ID_BYTES, roster->key);
    return (uint32_t)hash & roster->id_mask;
}

/* Where the id is, or would be. */
static uint32_t id_find(const struct roster *roster, const struct id *id)
{
    uint32_t place = id_place(roster, id);
    while (roster->by_id[place] != 0 &&
           !id_equal(&roster_at(roster, roster->by_id[place] - 1)->id, id))
        place = (place + 1) & roster->id_mask;
    return place;
}

/* Leaves no hole behind: whoever comes later and was only here because this place was taken, moves
 * up. */
static void id_drop(struct roster *roster, const struct id *id)
{
    uint32_t hole = id_find(roster, id);
    uint32_t place = hole;
    for (;;) {
        place = (place + 1) & roster->id_mask;
        if (roster->by_id[place] == 0)
            break;
        uint32_t wanted = id_place(roster, &roster_at(roster, roster->by_id[place] - 1)->id);
        if (((place - wanted) & roster->id_mask) >= ((place - hole) & roster->id_mask)) {
            roster->by_id[hole] = roster->by_id[place];
            hole = place;
        }
    }
    roster->by_id[hole] = 0;
}

static void ids_rehash(struct roster *roster)
{
    memset(roster->by_id, 0, (roster->id_mask + 1) * sizeof *roster->by_id);
    for (uint32_t i = 0; i < roster->size; i++) {
        const struct person *person = roster_at(roster, i);
        if (person->used && !person->guest)
            roster->by_id[id_find(roster, &person->id)] = i + 1;
    }
}

/* Both tables are at most three quarters full. */
static void tables_grow(struct roster *roster)
{
    uint32_t size = roster->id_mask + 1;
    if (roster->count + 1 <= size / 4 * 3)
        return;
    size *= 2;
    roster->by_id = xrealloc(roster->by_id, size, sizeof *roster->by_id);
    roster->by_name = xrealloc(roster->by_name, size, sizeof *roster->by_name);
    roster->id_mask = size - 1;
    roster->name_mask = size - 1;
    ids_rehash(roster);
    roster_names_rehash(roster);
}

/* ---- the people ---- */

static void chunk_add(struct roster *roster)
{
    uint32_t chunks = roster->size / ROSTER_CHUNK;
    roster->chunks = xrealloc(roster->chunks, chunks + 1, sizeof *roster->chunks);
    roster->chunks[chunks] = xcalloc(ROSTER_CHUNK, sizeof **roster->chunks);
    roster->size += ROSTER_CHUNK;
    for (uint32_t i = roster->size; i > roster->size - ROSTER_CHUNK; i--) {
        struct person *person = roster_at(roster, i - 1);
        person->number = i - 1;
        person->next = roster->free;
        roster->free = i;
    }
}

static struct person *person_new(struct roster *roster, const struct id *id)
{
    tables_grow(roster);
    if (roster->free == 0)
        chunk_add(roster);
    struct person *person = roster_at(roster, roster->free - 1);
    roster->free = person->next;
    *person = (struct person){.id = *id, .number = person->number, .used = true};
    roster->count++;
    roster->changes++;
    return person;
}

static bool is_stranger(const struct person *person)
{
    return !person->guest && !person->self && !person_vouched(person);
}

/* Around every change that vouches for somebody, or does no more. */
static void strangers_recount(struct roster *roster, bool before, const struct person *person)
{
    roster->strangers += is_stranger(person);
    roster->strangers -= before;
}

struct roster *roster_new(const struct id *self, const struct sys *sys)
{
    struct roster *roster = xcalloc(1, sizeof *roster);
    roster->id_mask = roster->name_mask = 7;
    roster->by_id = xcalloc(roster->id_mask + 1, sizeof *roster->by_id);
    roster->by_name = xcalloc(roster->name_mask + 1, sizeof *roster->by_name);
    sys_random(sys, roster->key, sizeof roster->key);
    roster->self = person_new(roster, self);
    roster->self->self = true;
    roster->by_id[id_find(roster, self)] = roster->self->number + 1;
    return roster;
}

static void person_empty(struct person *person)
{
    if (person->more) {
        free(person->more->alias);
        free(person->more->why);
    }
    free(person->more);
    free(person->name);
}

void roster_free(struct roster *roster)
{
    if (!roster)
        return;
    for (uint32_t i = 0; i < roster->size; i++)
        person_empty(roster_at(roster, i));
    for (uint32_t i = 0; i < roster->size / ROSTER_CHUNK; i++)
        free(roster->chunks[i]);
    free(roster->chunks);
    free(roster->by_id);
    free(roster->by_name);
    free(roster);
}

struct person *roster_self(const struct roster *roster)
{
    return roster->self;
}

size_t roster_count(const struct roster *roster)
{
    return roster->count;
}

uint64_t roster_changes(const struct roster *roster)
{
    return roster->changes;
}

struct person *roster_person(const struct roster *roster, const struct id *id)
{
    uint32_t found = roster->by_id[id_find(roster, id)];
    return found ? roster_at(roster, found - 1) : NULL;
}

struct person *roster_next(const struct roster *roster, const struct person *after)
{
    for (uint32_t i = after ? after->number + 1 : 0; i < roster->size; i++)
        if (roster_at(roster, i)->used)
            return roster_at(roster, i);
    return NULL;
}

static bool is_linked(const struct person *person)
{
    return person->more && person->more->link_count > 0;
}

static bool may_go(const struct person *person)
{
    return !is_linked(person) && !person->blocked && !person->ignored;
}

/* The one not seen for longest who may be forgotten: a stranger, or a guest of `host`. */
static struct person *oldest(const struct roster *roster, const struct id *host)
{
    struct person *result = NULL;
    for (struct person *one = NULL; (one = roster_next(roster, one)) != NULL;) {
        bool fits = host ? one->guest && id_equal(&one->id, host) : is_stranger(one);
        if (fits && may_go(one) && (!result || one->seen < result->seen))
            result = one;
    }
    return result;
}

static bool stranger_admit(struct roster *roster, bool direct, uint64_t now)
{
    uint32_t people = roster->count - roster->guests;
    if (roster->strangers < ROSTER_STRANGERS && people < ROSTER_PEOPLE)
        return true;
    struct person *place = oldest(roster, NULL);
    if (!place || (!direct && person_seen_lately(place, now)))
        return false;
    roster_forget(roster, place);
    return true;
}

struct person *roster_add(struct roster *roster, const struct id *id, bool direct, uint64_t now)
{
    struct person *person = roster_person(roster, id);
    if (person)
        return person;
    if (!stranger_admit(roster, direct, now))
        return NULL;
    person = person_new(roster, id);
    roster->by_id[id_find(roster, id)] = person->number + 1;
    roster->strangers++;
    return person;
}

static bool is_guest(const struct person *person, const struct id *host, struct span name,
                     struct span dialect)
{
    return person->guest && id_equal(&person->id, host) &&
           span_equal(span_text(person->name), name) &&
           span_equal(span_text(person->more->dialect), dialect);
}

/* One who has an alias is not in the table of names under their own. */
static struct person *hidden_guest(const struct roster *roster, const struct id *host,
                                   struct span name, struct span dialect)
{
    for (struct person *one = NULL; (one = roster_next(roster, one)) != NULL;)
        if (one->hidden && is_guest(one, host, name, dialect))
            return one;
    return NULL;
}

struct person *roster_guest(const struct roster *roster, const struct id *host, struct span name,
                            struct span dialect)
{
    for (uint32_t at = roster_name_first(roster, roster_name_hash(roster, name)); at != 0;) {
        struct person *one = roster_at(roster, at - 1);
        if (is_guest(one, host, name, dialect))
            return one;
        at = one->next;
    }
    return roster->hidden_guests > 0 ? hidden_guest(roster, host, name, dialect) : NULL;
}

/* A text that comes back from being kept as it was. */
static bool is_text(struct span text, size_t most)
{
    return text.size == 0 || (text.size <= most && !memchr(text.bytes, 0, text.size));
}

/* Makes room for one more guest of `host`. */
static bool guest_admit(struct roster *roster, const struct id *host)
{
    uint32_t hosted = 0;
    struct person *place = NULL;
    for (struct person *one = NULL; (one = roster_next(roster, one)) != NULL;) {
        if (!one->guest)
            continue;
        hosted += id_equal(&one->id, host);
        if (may_go(one) && (!place || one->seen < place->seen))
            place = one;
    }
    if (hosted >= ROSTER_HOST_GUESTS)
        place = oldest(roster, host);
    else if (roster->guests < ROSTER_GUESTS)
        return true;
    if (place)
        roster_forget(roster, place);
    return place != NULL;
}

struct person *roster_guest_add(struct roster *roster, const struct id *host, struct span name,
                                struct span dialect)
{
    if (!is_text(name, GUEST_NAME_MAX) || !is_text(dialect, DIALECT_NAME_MAX) ||
        roster_name_hash(roster, name) == 0)
        return NULL;
    struct person *guest = roster_guest(roster, host, name, dialect);
    if (guest)
        return guest;
    if (!guest_admit(roster, host))
        return NULL;
    guest = person_new(roster, host);
    guest->guest = true;
    roster->guests++;
    guest->name = xstrndup((const char *)name.bytes, name.size);
    if (dialect.size > 0)
        memcpy(person_more(guest)->dialect, dialect.bytes, dialect.size);
    else
        (void)person_more(guest);
    roster_name_place(roster, guest);
    return guest;
}

void roster_forget(struct roster *roster, struct person *person)
{
    if (person->self)
        die("the roster was told to forget ourselves");
    roster->strangers -= is_stranger(person);
    roster->guests -= person->guest;
    roster->hidden_guests -= person->guest && person->hidden;
    roster_name_drop(roster, person);
    if (!person->guest)
        id_drop(roster, &person->id);
    person_empty(person);
    *person = (struct person){.number = person->number, .next = roster->free};
    roster->free = person->number + 1;
    roster->count--;
    roster->changes++;
}

struct person_more *person_more(struct person *person)
{
    if (!person->more)
        person->more = xcalloc(1, sizeof *person->more);
    return person->more;
}

void person_more_trim(struct person *person)
{
    struct person_more *more = person->more;
    if (!more || person->guest || more->alias || more->why || more->warned || more->link_count ||
        more->address_count)
        return;
    free(more);
    person->more = NULL;
}

/* ---- trust ---- */

enum trust person_trust(const struct person *person)
{
    if (person->blocked)
        return TRUST_BLOCKED;
    return person->verified ? TRUST_VERIFIED : TRUST_SEEN;
}

bool person_vouched(const struct person *person)
{
    return !person->guest && (person->verified || person->whispered || person->two_days ||
                              (person->more && person->more->alias));
}

bool person_muted(const struct person *person)
{
    return person->blocked || person->ignored;
}

void roster_verify(struct roster *roster, struct person *person, bool verified)
{
    bool before = is_stranger(person);
    person->verified = verified && !person->guest;
    strangers_recount(roster, before, person);
    roster->changes++;
}

void roster_block(struct roster *roster, struct person *person, bool blocked)
{
    person->blocked = blocked && !person->self;
    roster->changes++;
}

void roster_ignore(struct roster *roster, struct person *person, bool ignored)
{
    person->ignored = ignored && !person->self;
    roster->changes++;
}

void roster_whispered(struct roster *roster, struct person *person)
{
    bool before = is_stranger(person);
    person->whispered = !person->guest;
    strangers_recount(roster, before, person);
}

/* ---- presence ---- */

static void sign_take(struct roster *roster, struct person *person, uint64_t at)
{
    if (at > person->seen)
        person->seen = at;
    roster->changes++;
}

static size_t address_find(const struct person_more *more, const struct overlay_address *address)
{
    size_t at = 0;
    while (at < more->address_count &&
           !overlay_address_equal(&more->addresses[at].address, address))
        at++;
    return at;
}

/* The first of them from now on, in place of the same one or else of the last. */
static void address_take(struct person_more *more, const struct person_address *taken)
{
    if (taken->address.port == 0)
        return;
    size_t at = address_find(more, &taken->address);
    if (at == more->address_count && at < PERSON_ADDRESSES)
        more->address_count++;
    if (at == PERSON_ADDRESSES)
        at--;
    memmove(more->addresses + 1, more->addresses, at * sizeof *more->addresses);
    more->addresses[0] = *taken;
}

/* Who called us is there, but that says nothing of where they listen. */
static void address_reached(struct person_more *more, const struct overlay_address *address,
                            bool dialled, uint64_t now)
{
    struct person_address taken = {.address = *address};
    size_t at = address_find(more, address);
    if (at < more->address_count)
        taken = more->addresses[at];
    taken.at = now;
    if (dialled) {
        taken.worked += taken.worked < UINT32_MAX;
        taken.failed = 0;
        taken.since = 0;
    }
    address_take(more, &taken);
}

enum roster_unreached roster_unreached(struct roster *roster, const struct person *person,
                                       const struct overlay_address *address, uint64_t now)
{
    struct person_more *more = person->guest ? NULL : person->more;
    size_t at = more ? address_find(more, address) : 0;
    if (!more || at == more->address_count)
        return ROSTER_UNREACHED_NOT_THEIRS;
    struct person_address *tried = &more->addresses[at];
    if (tried->since == 0 || tried->since > now) /* clocks are set back, too */
        tried->since = now ? now : 1;
    if (now - tried->since > PERSON_ADDRESS_MS && tried->since < now) {
        memmove(tried, tried + 1, (--more->address_count - at) * sizeof *tried);
        person_more_trim(roster_at(roster, person->number));
        return ROSTER_UNREACHED_FORGOTTEN;
    }
    tried->failed += tried->failed < UINT32_MAX;
    bool doubled = (tried->failed & (tried->failed - 1)) == 0;
    return doubled ? ROSTER_UNREACHED_KEEP : ROSTER_UNREACHED_NOTED;
}

static void day_take(struct roster *roster, struct person *person, uint64_t now)
{
    bool before = is_stranger(person);
    uint32_t day = (uint32_t)(now / DAY_MS) & 0xfffff;
    if (person->first_day == 0)
        person->first_day = day & 0xfffff;
    else if (person->first_day != day)
        person->two_days = true;
    strangers_recount(roster, before, person);
}

bool roster_link_up(struct roster *roster, struct person *person, uint32_t link,
                    const struct overlay_address *address, enum found found, uint64_t now)
{
    struct person_more *more = person_more(person);
    if (more->link_count == PERSON_LINKS)
        return false;
    more->links[more->link_count++] =
        (struct person_link){.link = link, .since = now, .address = *address, .found = found};
    address_reached(more, address, found != FOUND_CALLED_US, now);
    if (!person->guest)
        day_take(roster, person, now);
    person->mesh = true;
    sign_take(roster, person, now);
    return true;
}

static struct person_link *link_find(const struct person *person, uint32_t link)
{
    for (size_t i = 0; person->more && i < person->more->link_count; i++)
        if (person->more->links[i].link == link)
            return &person->more->links[i];
    return NULL;
}

void roster_link_down(struct roster *roster, struct person *person, uint32_t link, bool gone,
                      uint64_t now)
{
    struct person_link *lost = link_find(person, link);
    if (!lost)
        return;
    struct person_more *more = person->more;
    size_t behind = (size_t)(more->links + more->link_count - lost) - 1;
    memmove(lost, lost + 1, behind * sizeof *lost);
    if (--more->link_count == 0 && gone)
        person->mesh = false;
    sign_take(roster, person, now);
    person_more_trim(person);
}

void roster_rtt(struct roster *roster, struct person *person, uint32_t link, uint32_t us)
{
    struct person_link *measured = link_find(person, link);
    if (!measured)
        return;
    if (us == 0)
        us = 1;
    /* As TCP does it: an eighth of the new one, so that one late answer does not change the row. */
    measured->rtt_us =
        measured->rtt_us == 0 ? us : (uint32_t)(((uint64_t)measured->rtt_us * 7 + us + 7) / 8);
    roster->changes++;
}

void roster_here(struct roster *roster, struct person *person, uint64_t now)
{
    person->mesh = true;
    sign_take(roster, person, now);
}

void roster_left(struct roster *roster, struct person *person, uint64_t now)
{
    person->mesh = false;
    sign_take(roster, person, now);
}

void roster_seen(struct roster *roster, struct person *person, uint64_t at, uint64_t now)
{
    sign_take(roster, person, at < now ? at : now);
}

void roster_away(struct roster *roster, struct person *person, bool away, struct span why)
{
    person->away = away;
    if (person->more) {
        free(person->more->why);
        person->more->why = NULL;
    }
    if (away && why.size > 0 && why.size <= STATUS_MAX)
        person_more(person)->why = xstrndup((const char *)why.bytes, why.size);
    person_more_trim(person);
    roster->changes++;
}

static bool is_there(const struct person *person, uint64_t now)
{
    return person->self || is_linked(person) ||
           (person->mesh && now <= person->seen + PRESENCE_SILENT_MS);
}

enum presence roster_presence(const struct roster *roster, const struct person *person,
                              uint64_t now)
{
    if (!is_there(person, now))
        return PRESENCE_GONE;
    if (person->guest && !is_linked(person)) {
        const struct person *host = roster_person(roster, &person->id);
        if (!host || !is_there(host, now))
            return PRESENCE_GONE;
    }
    if (person->away)
        return PRESENCE_AWAY;
    return person->self || is_linked(person) ? PRESENCE_LINKED : PRESENCE_MESH;
}

bool person_seen_lately(const struct person *person, uint64_t now)
{
    return person->self || is_linked(person) ||
           (person->seen > 0 && now <= person->seen + PERSON_LATELY_MS);
}

const struct person_link *person_best_link(const struct person *person)
{
    const struct person_link *best = NULL;
    for (size_t i = 0; person->more && i < person->more->link_count; i++) {
        const struct person_link *one = &person->more->links[i];
        /* 0 is not measured: one less than it is the most. Links lie in order of age. */
        if (!best || one->rtt_us - 1 < best->rtt_us - 1)
            best = one;
    }
    return best;
}

/* ---- over a restart ---- */

static struct span text_or_none(const char *text)
{
    return text ? span_text(text) : span_of("", 0);
}

void person_save(const struct person *person, struct person_saved *into)
{
    const struct person_more *more = person->more;
    *into = (struct person_saved){
        .id = person->id,
        .name = text_or_none(person->name),
        .alias = text_or_none(more ? more->alias : NULL),
        .seen = person->seen,
        .warned = more ? more->warned : 0,
        .first_day = person->first_day,
        .verified = person->verified,
        .blocked = person->blocked,
        .ignored = person->ignored,
        .whispered = person->whispered,
        .two_days = person->two_days,
        .address_count = more ? more->address_count : 0,
    };
    for (size_t i = 0; i < into->address_count; i++)
        into->addresses[i] = more->addresses[i];
}

static void more_restore(struct person *person, const struct person_saved *saved)
{
    for (size_t i = saved->address_count; i > 0; i--)
        address_take(person_more(person), &saved->addresses[i - 1]);
    if (saved->warned)
        person_more(person)->warned |= saved->warned;
}

bool roster_restore(struct roster *roster, const struct person_saved *saved)
{
    struct person *person = roster_add(roster, &saved->id, false, saved->seen);
    if (!person)
        return false;
    bool before = is_stranger(person);
    person->seen = saved->seen;
    person->first_day = saved->first_day & 0xfffff;
    person->verified = saved->verified;
    person->blocked = saved->blocked;
    person->ignored = saved->ignored;
    person->whispered = saved->whispered;
    person->two_days = saved->two_days;
    strangers_recount(roster, before, person);
    roster_alias_set(roster, person, saved->alias);
    (void)roster_name_set(roster, person, saved->name);
    more_restore(person, saved);
    return true;
}
