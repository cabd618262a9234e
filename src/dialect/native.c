/* Frames: the outside, and those that are about the link itself. */
#include "dialect/native.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "dialect/envelope.h"
#include "dialect/native_parts.h"
#include "dialect/strict.h"

#include <stdlib.h>

const struct codec native_codec = {
    .entry_pack = envelope_pack,
    .entry_unpack = envelope_unpack,
    .body_pack = body_pack,
    .body_unpack = body_unpack,
    .whisper_pack = whisper_pack,
    .whisper_unpack = whisper_unpack,
};

bool fixed_in(const ProtobufCBinaryData *data, void *into, size_t size)
{
    if (data->len != size)
        return false;
    if (size)
        memcpy(into, data->data, size);
    return true;
}

bool text_in(const ProtobufCBinaryData *data, size_t most, struct span *into)
{
    *into = span_of(data->data, data->len);
    return data->len <= most && utf8_valid((const char *)data->data, data->len);
}

bool seq_in(uint64_t number, uint64_t *into)
{
    *into = number;
    return number >= 1 && number <= ENTRY_NUMBER_MAX;
}

bool range_in(uint64_t low, uint64_t high, uint64_t *into_low, uint64_t *into_high)
{
    return seq_in(low, into_low) && seq_in(high, into_high) && low <= high;
}

ProtobufCBinaryData data_out(const void *bytes, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)bytes};
}

ProtobufCBinaryData span_out(struct span span)
{
    return data_out(span.bytes, span.size);
}

void *part_take(struct arena *arena, size_t size)
{
    void *memory = arena_take(arena, size);
    if (!memory)
        die("a frame of ours that is too large to be packed");
    return memory;
}

void *part_make(struct arena *arena, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = part_take(arena, type->sizeof_message);
    protobuf_c_message_init(type, message);
    return message;
}

static bool proof_in(const void *message, struct frame *into, struct arena *arena)
{
    const Tertulia__Proof *from = message;
    (void)arena;
    return fixed_in(&from->mac, into->proof.bytes, MESH_PROOF_BYTES);
}

static void *proof_out(const struct frame *from, struct arena *arena)
{
    Tertulia__Proof *into = part_make(arena, &tertulia__proof__descriptor);
    into->mac = data_out(from->proof.bytes, MESH_PROOF_BYTES);
    return into;
}

static bool hello_in(const void *message, struct frame *frame, struct arena *arena)
{
    const Tertulia__Hello *from = message;
    struct frame_hello *into = &frame->hello;
    (void)arena;
    into->version = from->version;
    into->port = (uint16_t)from->port;
    return from->port <= UINT16_MAX && fixed_in(&from->net, into->net.bytes, HASH_BYTES) &&
           text_in(&from->name, PERSON_NAME_MAX, &into->name) &&
           fixed_in(&from->instance, into->instance, INSTANCE_BYTES) &&
           fixed_in(&from->component, into->component.bytes, ID_BYTES);
}

static void *hello_out(const struct frame *frame, struct arena *arena)
{
    const struct frame_hello *from = &frame->hello;
    Tertulia__Hello *into = part_make(arena, &tertulia__hello__descriptor);
    into->version = from->version;
    into->net = data_out(from->net.bytes, HASH_BYTES);
    into->name = span_out(from->name);
    into->port = from->port;
    into->instance = data_out(from->instance, INSTANCE_BYTES);
    into->component = data_out(from->component.bytes, ID_BYTES);
    return into;
}

static bool ping_in(const void *message, struct frame *into, struct arena *arena)
{
    (void)arena;
    into->token = ((const Tertulia__Ping *)message)->token;
    return true;
}

static void *ping_out(const struct frame *from, struct arena *arena)
{
    Tertulia__Ping *into = part_make(arena, &tertulia__ping__descriptor);
    into->token = from->token;
    return into;
}

static bool pong_in(const void *message, struct frame *into, struct arena *arena)
{
    (void)arena;
    into->token = ((const Tertulia__Pong *)message)->token;
    return true;
}

static void *pong_out(const struct frame *from, struct arena *arena)
{
    Tertulia__Pong *into = part_make(arena, &tertulia__pong__descriptor);
    into->token = from->token;
    return into;
}

static bool disconnect_in(const void *message, struct frame *into, struct arena *arena)
{
    (void)arena;
    into->reason = ((const Tertulia__Disconnect *)message)->reason;
    return true;
}

static void *disconnect_out(const struct frame *from, struct arena *arena)
{
    Tertulia__Disconnect *into = part_make(arena, &tertulia__disconnect__descriptor);
    into->reason = from->reason;
    return into;
}

static const struct part link_parts[LINK_PARTS] = {
    {TERTULIA__FRAME__KIND_PROOF, FRAME_PROOF, 0, proof_in, proof_out},
    {TERTULIA__FRAME__KIND_HELLO, FRAME_HELLO, 0, hello_in, hello_out},
    {TERTULIA__FRAME__KIND_PING, FRAME_PING, 0, ping_in, ping_out},
    {TERTULIA__FRAME__KIND_PONG, FRAME_PONG, 0, pong_in, pong_out},
    {TERTULIA__FRAME__KIND_DISCONNECT, FRAME_DISCONNECT, 0, disconnect_in, disconnect_out},
};

static const struct {
    const struct part *parts;
    size_t count;
} tables[] = {{link_parts, LINK_PARTS}, {log_parts, LOG_PARTS}, {overlay_parts, OVERLAY_PARTS}};

enum { TABLES = sizeof tables / sizeof tables[0] };

static const struct part *part_by_number(Tertulia__Frame__KindCase number)
{
    for (size_t table = 0;; table++) {
        if (table == TABLES)
            die("a kind of frame that is in no table");
        for (size_t i = 0; i < tables[table].count; i++)
            if (tables[table].parts[i].number == number)
                return &tables[table].parts[i];
    }
}

static const struct part *part_of(const struct frame *frame)
{
    for (size_t table = 0;; table++) {
        if (table == TABLES)
            die("a frame of no kind");
        for (size_t i = 0; i < tables[table].count; i++) {
            const struct part *part = &tables[table].parts[i];
            if (part->kind == frame->kind &&
                (part->kind != FRAME_OVERLAY || part->overlay == frame->overlay.kind))
                return part;
        }
    }
}

enum { LENGTH = 4 };

bool frame_pack(const struct frame *frame, struct buf *into)
{
    struct arena arena;
    Tertulia__Frame message = TERTULIA__FRAME__INIT;
    arena_init(&arena, NATIVE_BUDGET);
    const struct part *part = part_of(frame);
    message.kind_case = part->number;
    message.proof = part->out(frame, &arena); /* the union's members are all such pointers */
    size_t size = tertulia__frame__get_packed_size(&message);
    if (size > FRAME_MAX - LENGTH)
        die("a frame of %zu bytes", size);
    uint8_t *bytes = buf_extend(into, LENGTH + size);
    if (bytes) {
        for (int i = 0; i < LENGTH; i++)
            bytes[i] = (uint8_t)(size >> (8 * (LENGTH - 1 - i)));
        tertulia__frame__pack(&message, bytes + LENGTH);
    }
    arena_done(&arena);
    return bytes != NULL;
}

/* A decoded frame, and everything it points to. */
struct unpacked {
    struct frame frame;
    struct arena arena;
};

static bool frame_in(const Tertulia__Frame *from, struct frame *into, struct arena *arena)
{
    if (from->kind_case == TERTULIA__FRAME__KIND__NOT_SET)
        return true; /* of a later version */
    const struct part *part = part_by_number(from->kind_case);
    into->kind = part->kind;
    return part->in(from->proof, into, arena); /* whichever member it is */
}

/* PROTOCOL.md "Frames":
 * > A frame is exactly one field of the message Frame, once: its tag, its length, its bytes. */
struct frame *frame_unpack(struct span payload)
{
    if (payload.size > FRAME_MAX - LENGTH || !strict_is_single(payload))
        return NULL;
    struct unpacked *unpacked = xmalloc(sizeof *unpacked);
    unpacked->frame = (struct frame){.kind = FRAME_UNKNOWN};
    arena_init(&unpacked->arena, NATIVE_BUDGET);
    Tertulia__Frame *message =
        tertulia__frame__unpack(&unpacked->arena.allocator, payload.size, payload.bytes);
    if (message && frame_in(message, &unpacked->frame, &unpacked->arena))
        return &unpacked->frame;
    frame_free(&unpacked->frame);
    return NULL;
}

void frame_free(struct frame *frame)
{
    struct unpacked *unpacked = (struct unpacked *)frame; /* its first member */
    if (!unpacked)
        return;
    arena_done(&unpacked->arena);
    free(unpacked);
}
