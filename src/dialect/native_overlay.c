/* Frames of the overlay. */
#include "dialect/native_parts.h"

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

enum { V4 = 4, V6 = 16, V4_AT = 12 };

static bool is_v4(const uint8_t ip[V6])
{
    return memcmp(ip, v4_prefix, sizeof v4_prefix) == 0;
}

/* fe80::/10: means something on one machine only. */
static bool is_link_local(const uint8_t ip[V6])
{
    return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

static bool ip_in(const ProtobufCBinaryData *data, uint8_t into[V6])
{
    if (data->len == V4) {
        memcpy(into, v4_prefix, sizeof v4_prefix);
        memcpy(into + V4_AT, data->data, V4);
        return true;
    }
    return fixed_in(data, into, V6) && !is_v4(into) && !is_link_local(into);
}

static bool told_in(const Tertulia__Told *from, struct overlay_told *into)
{
    into->address.port = (uint16_t)from->port;
    into->age_s = (uint16_t)from->age;
    into->hint = from->hint;
    return from->port >= 1 && from->port <= UINT16_MAX && from->age <= UINT16_MAX &&
           ip_in(&from->ip, into->address.ip);
}

static void told_out(const struct overlay_told *from, Tertulia__Told *into)
{
    bool v4 = is_v4(from->address.ip);
    tertulia__told__init(into);
    into->ip = data_out(from->address.ip + (v4 ? V4_AT : 0), v4 ? V4 : V6);
    into->port = from->address.port;
    into->age = from->age_s;
    into->hint = from->hint;
}

static bool list_in(size_t count, Tertulia__Told *const *from, struct overlay_list *into)
{
    if (count > OVERLAY_TOLD)
        return false;
    into->count = (uint8_t)count;
    for (size_t i = 0; i < count; i++)
        if (!told_in(from[i], &into->told[i]))
            return false;
    return true;
}

static Tertulia__Told **list_out(const struct overlay_list *from, struct arena *arena)
{
    Tertulia__Told **into = part_take(arena, from->count * sizeof *into);
    for (size_t i = 0; i < from->count; i++) {
        into[i] = part_take(arena, sizeof *into[i]);
        told_out(&from->told[i], into[i]);
    }
    return into;
}

static bool ask_in(const void *message, struct frame *into, struct arena *arena)
{
    const Tertulia__Ask *from = message;
    bool known = from->priority <= OVERLAY_HEAL;
    (void)arena;
    into->overlay.kind = OVERLAY_ASK;
    into->overlay.ask = known ? (enum overlay_priority)from->priority : OVERLAY_LOW;
    return true;
}

static void *ask_out(const struct frame *from, struct arena *arena)
{
    Tertulia__Ask *into = part_make(arena, &tertulia__ask__descriptor);
    into->priority = from->overlay.ask;
    return into;
}

static bool answer_in(const void *message, struct frame *into, struct arena *arena)
{
    const Tertulia__Answer *from = message;
    (void)arena;
    into->overlay.kind = OVERLAY_ANSWER;
    into->overlay.answer.yes = from->yes;
    into->overlay.answer.people = (uint8_t)from->people;
    return from->people <= UINT8_MAX &&
           list_in(from->n_told, from->told, &into->overlay.answer.list);
}

static void *answer_out(const struct frame *from, struct arena *arena)
{
    Tertulia__Answer *into = part_make(arena, &tertulia__answer__descriptor);
    into->yes = from->overlay.answer.yes;
    into->people = from->overlay.answer.people;
    into->n_told = from->overlay.answer.list.count;
    into->told = list_out(&from->overlay.answer.list, arena);
    return into;
}

static bool walk_in(const void *message, struct frame *into, struct arena *arena)
{
    const Tertulia__Walk *from = message;
    (void)arena;
    into->overlay.kind = OVERLAY_WALK;
    into->overlay.walk.ttl = (uint8_t)from->ttl;
    return from->who && from->ttl <= OVERLAY_WALK_TTL &&
           told_in(from->who, &into->overlay.walk.who);
}

static void *walk_out(const struct frame *from, struct arena *arena)
{
    Tertulia__Walk *into = part_make(arena, &tertulia__walk__descriptor);
    into->ttl = from->overlay.walk.ttl;
    into->who = part_take(arena, sizeof *into->who);
    told_out(&from->overlay.walk.who, into->who);
    return into;
}

static bool shuffle_in(const void *message, struct frame *into, struct arena *arena)
{
    const Tertulia__Shuffle *from = message;
    (void)arena;
    into->overlay.kind = OVERLAY_SHUFFLE;
    return list_in(from->n_told, from->told, &into->overlay.shuffle);
}

static bool shuffled_in(const void *message, struct frame *into, struct arena *arena)
{
    bool good = shuffle_in(message, into, arena);
    into->overlay.kind = OVERLAY_SHUFFLED;
    return good;
}

static void *shuffle_out(const struct frame *from, struct arena *arena)
{
    Tertulia__Shuffle *into = part_make(arena, &tertulia__shuffle__descriptor);
    into->n_told = from->overlay.shuffle.count;
    into->told = list_out(&from->overlay.shuffle, arena);
    return into;
}

/* Not the signature: that takes the net as well, core/beat.h. */
static bool beat_in(const void *message, struct frame *into, struct arena *arena)
{
    const Tertulia__Beat *from = message;
    struct overlay_beat *beat = &into->overlay.beat;
    (void)arena;
    into->overlay.kind = OVERLAY_BEAT;
    return fixed_in(&from->component, beat->id.bytes, ID_BYTES) &&
           seq_in(from->counter, &beat->counter) &&
           fixed_in(&from->signature, beat->signature.bytes, SIGNATURE_BYTES);
}

static void *beat_out(const struct frame *from, struct arena *arena)
{
    const struct overlay_beat *beat = &from->overlay.beat;
    Tertulia__Beat *into = part_make(arena, &tertulia__beat__descriptor);
    into->component = data_out(beat->id.bytes, ID_BYTES);
    into->counter = beat->counter;
    into->signature = data_out(beat->signature.bytes, SIGNATURE_BYTES);
    return into;
}

/* On the wire the reasons count from 1: 0 is none. */
static bool part_in(const void *message, struct frame *into, struct arena *arena)
{
    const Tertulia__Part *from = message;
    bool given = from->why >= 1 && from->why <= OVERLAY_WHY_LEFT;
    (void)arena;
    into->overlay.kind = OVERLAY_PART;
    into->overlay.part = given ? (enum overlay_why)(from->why - 1) : OVERLAY_WHY_LEFT;
    return true;
}

static void *part_out(const struct frame *from, struct arena *arena)
{
    Tertulia__Part *into = part_make(arena, &tertulia__part__descriptor);
    if (from->overlay.part != OVERLAY_WHY_LEFT)
        into->why = (uint32_t)from->overlay.part + 1;
    return into;
}

const struct part overlay_parts[OVERLAY_PARTS] = {
    {TERTULIA__FRAME__KIND_ASK, FRAME_OVERLAY, OVERLAY_ASK, ask_in, ask_out},
    {TERTULIA__FRAME__KIND_ANSWER, FRAME_OVERLAY, OVERLAY_ANSWER, answer_in, answer_out},
    {TERTULIA__FRAME__KIND_WALK, FRAME_OVERLAY, OVERLAY_WALK, walk_in, walk_out},
    {TERTULIA__FRAME__KIND_SHUFFLE, FRAME_OVERLAY, OVERLAY_SHUFFLE, shuffle_in, shuffle_out},
    {TERTULIA__FRAME__KIND_SHUFFLED, FRAME_OVERLAY, OVERLAY_SHUFFLED, shuffled_in, shuffle_out},
    {TERTULIA__FRAME__KIND_BEAT, FRAME_OVERLAY, OVERLAY_BEAT, beat_in, beat_out},
    {TERTULIA__FRAME__KIND_PART, FRAME_OVERLAY, OVERLAY_PART, part_in, part_out},
};
