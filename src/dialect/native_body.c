/* Bodies of entries, and what is inside a sealed one. core says what a good one holds. */
#include "base/alloc.h"
#include "core/sealed.h"
#include "dialect/native.h"
#include "dialect/native_parts.h"

#include <stdlib.h>

static bool again_in(const Tertulia__Again *from, struct body_again *into)
{
    *into = (struct body_again){.set = from != NULL};
    if (!from)
        return true;
    into->seq = from->seq;
    return fixed_in(&from->epoch, into->epoch.bytes, EPOCH_BYTES);
}

/* NULL where there is none. */
static Tertulia__Again *again_out(const struct body_again *from, Tertulia__Again *into)
{
    tertulia__again__init(into);
    into->epoch = data_out(from->epoch.bytes, EPOCH_BYTES);
    into->seq = from->seq;
    return from->set ? into : NULL;
}

/* Packs any message. */
static bool message_pack(const ProtobufCMessage *message, uint8_t *into, size_t room, size_t *size)
{
    *size = protobuf_c_message_get_packed_size(message);
    if (*size > room)
        return false;
    protobuf_c_message_pack(message, into);
    return true;
}

static bool say_pack(const struct body_say *from, uint8_t *into, size_t room, size_t *size)
{
    Tertulia__Say say = TERTULIA__SAY__INIT;
    Tertulia__Again again;
    say.text = span_out(from->text);
    say.again = again_out(&from->again, &again);
    return message_pack(&say.base, into, room, size);
}

static bool sealed_pack(const struct body_sealed *from, uint8_t *into, size_t room, size_t *size)
{
    Tertulia__Sealed sealed = TERTULIA__SEALED__INIT;
    sealed.ephemeral = data_out(from->ephemeral, sizeof from->ephemeral);
    sealed.slots = span_out(from->slots);
    sealed.commitment = data_out(from->commitment.bytes, HASH_BYTES);
    sealed.box = span_out(from->box);
    return message_pack(&sealed.base, into, room, size);
}

static bool profile_pack(const struct body_profile *from, uint8_t *into, size_t room, size_t *size)
{
    Tertulia__Profile profile = TERTULIA__PROFILE__INIT;
    profile.name = span_out(from->name);
    profile.away = from->away;
    profile.status = span_out(from->status);
    return message_pack(&profile.base, into, room, size);
}

static bool call_pack(const struct body_call *from, uint8_t *into, size_t room, size_t *size)
{
    Tertulia__Call call = TERTULIA__CALL__INIT;
    call.whom = data_out(from->whom.bytes, from->has_whom ? ID_BYTES : 0);
    return message_pack(&call.base, into, room, size);
}

bool body_pack(const struct body *body, uint8_t *into, size_t room, size_t *size)
{
    Tertulia__Leave leave = TERTULIA__LEAVE__INIT;
    Tertulia__Topic topic = TERTULIA__TOPIC__INIT;
    if (!body_well_formed(body))
        die("a body of ours that nobody would show");
    switch (body->kind) {
    case ENTRY_SAY:
    case ENTRY_ACT:
        return say_pack(&body->say, into, room, size);
    case ENTRY_SEALED:
        return sealed_pack(&body->sealed, into, room, size);
    case ENTRY_PROFILE:
        return profile_pack(&body->profile, into, room, size);
    case ENTRY_JOIN:
        *size = 0;
        return true;
    case ENTRY_LEAVE:
        leave.why = span_out(body->why);
        return message_pack(&leave.base, into, room, size);
    case ENTRY_TOPIC:
        topic.text = span_out(body->topic);
        return message_pack(&topic.base, into, room, size);
    case ENTRY_CALL:
        return call_pack(&body->call, into, room, size);
    }
    return false;
}

static bool say_in(const void *message, struct body *into)
{
    const Tertulia__Say *from = message;
    into->say.text = span_of(from->text.data, from->text.len);
    return again_in(from->again, &into->say.again);
}

static bool sealed_in(const void *message, struct body *into)
{
    const Tertulia__Sealed *from = message;
    struct body_sealed *sealed = &into->sealed;
    sealed->slots = span_of(from->slots.data, from->slots.len);
    sealed->box = span_of(from->box.data, from->box.len);
    return fixed_in(&from->ephemeral, sealed->ephemeral, sizeof sealed->ephemeral) &&
           fixed_in(&from->commitment, sealed->commitment.bytes, HASH_BYTES);
}

static bool profile_in(const void *message, struct body *into)
{
    const Tertulia__Profile *from = message;
    into->profile.name = span_of(from->name.data, from->name.len);
    into->profile.away = from->away;
    into->profile.status = span_of(from->status.data, from->status.len);
    return true;
}

static bool join_in(const void *message, struct body *into)
{
    (void)message;
    (void)into;
    return true;
}

static bool leave_in(const void *message, struct body *into)
{
    const Tertulia__Leave *from = message;
    into->why = span_of(from->why.data, from->why.len);
    return true;
}

static bool topic_in(const void *message, struct body *into)
{
    const Tertulia__Topic *from = message;
    into->topic = span_of(from->text.data, from->text.len);
    return true;
}

static bool call_in(const void *message, struct body *into)
{
    const Tertulia__Call *from = message;
    into->call.has_whom = from->whom.len > 0;
    return !into->call.has_whom || fixed_in(&from->whom, into->call.whom.bytes, ID_BYTES);
}

/* By kind. */
static const struct {
    const ProtobufCMessageDescriptor *message;
    bool (*in)(const void *message, struct body *into);
} kinds[ENTRY_CALL + 1] = {
    [ENTRY_SAY] = {&tertulia__say__descriptor, say_in},
    [ENTRY_ACT] = {&tertulia__say__descriptor, say_in},
    [ENTRY_SEALED] = {&tertulia__sealed__descriptor, sealed_in},
    [ENTRY_PROFILE] = {&tertulia__profile__descriptor, profile_in},
    [ENTRY_JOIN] = {&tertulia__join__descriptor, join_in},
    [ENTRY_LEAVE] = {&tertulia__leave__descriptor, leave_in},
    [ENTRY_TOPIC] = {&tertulia__topic__descriptor, topic_in},
    [ENTRY_CALL] = {&tertulia__call__descriptor, call_in},
};

/* Copies a text behind the struct that points to it, so that one free() frees both. */
static void span_move(struct span *span, uint8_t **next)
{
    if (span->size)
        memcpy(*next, span->bytes, span->size);
    span->bytes = *next;
    *next += span->size;
}

static void body_texts_move(struct body *body, uint8_t *next)
{
    switch (body->kind) {
    case ENTRY_SAY:
    case ENTRY_ACT:
        span_move(&body->say.text, &next);
        return;
    case ENTRY_SEALED:
        span_move(&body->sealed.slots, &next);
        span_move(&body->sealed.box, &next);
        return;
    case ENTRY_PROFILE:
        span_move(&body->profile.name, &next);
        span_move(&body->profile.status, &next);
        return;
    case ENTRY_LEAVE:
        span_move(&body->why, &next);
        return;
    case ENTRY_TOPIC:
        span_move(&body->topic, &next);
        return;
    case ENTRY_JOIN:
    case ENTRY_CALL:
        return;
    }
}

struct body *body_unpack(uint32_t kind, struct span bytes)
{
    if (!entry_kind_known(kind) || bytes.size > ENTRY_MAX)
        return NULL;
    struct arena arena;
    struct body *body = NULL;
    struct body draft = {.kind = (enum entry_kind)kind};
    arena_init(&arena, NATIVE_BUDGET);
    ProtobufCMessage *message =
        protobuf_c_message_unpack(kinds[kind].message, &arena.allocator, bytes.size, bytes.bytes);
    if (message && kinds[kind].in(message, &draft) && body_well_formed(&draft)) {
        body = xmalloc(sizeof *body + bytes.size); /* texts are never longer than the bytes */
        *body = draft;
        body_texts_move(body, (uint8_t *)(body + 1));
    }
    arena_done(&arena);
    return body;
}

size_t whisper_pack(const struct whisper *whisper, uint8_t *into, size_t room)
{
    Tertulia__Whisper message = TERTULIA__WHISPER__INIT;
    Tertulia__Again again;
    ProtobufCBinaryData readers[READERS_MAX];
    size_t size;
    message.kind = whisper->kind;
    message.text = span_out(whisper->text);
    message.n_readers = whisper->reader_count;
    message.readers = readers;
    message.again = again_out(&whisper->again, &again);
    for (size_t i = 0; i < whisper->reader_count; i++)
        readers[i] = data_out(whisper->readers[i].bytes, ID_BYTES);
    return message_pack(&message.base, into, room, &size) ? size : 0;
}

static bool whisper_in(const Tertulia__Whisper *from, struct whisper *into)
{
    if (from->n_readers > READERS_MAX || !entry_kind_known(from->kind) ||
        !again_in(from->again, &into->again))
        return false;
    into->kind = (enum entry_kind)from->kind;
    into->text = span_of(from->text.data, from->text.len);
    into->reader_count = from->n_readers;
    for (size_t i = 0; i < from->n_readers; i++)
        if (!fixed_in(&from->readers[i], into->readers[i].bytes, ID_BYTES))
            return false;
    return whisper_well_formed(into);
}

struct whisper *whisper_unpack(struct span bytes)
{
    struct arena arena;
    struct whisper *whisper = NULL;
    struct whisper draft = {0};
    arena_init(&arena, NATIVE_BUDGET);
    Tertulia__Whisper *message =
        tertulia__whisper__unpack(&arena.allocator, bytes.size, bytes.bytes);
    if (message && whisper_in(message, &draft)) {
        uint8_t *next;
        whisper = xmalloc(sizeof *whisper + bytes.size);
        next = (uint8_t *)(whisper + 1);
        *whisper = draft;
        span_move(&whisper->text, &next);
    }
    arena_done(&arena);
    return whisper;
}
