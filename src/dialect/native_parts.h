#pragma once
/* What the files of the native dialect share: nobody else includes it.
 *
 * `_in` functions read a decoded protobuf message into core's struct, and say whether it is within
 * its bounds; `_out` functions fill a protobuf message that lives in the arena. Tables join them to
 * the kinds of frames. */
#include "core/wire.h"
#include "dialect/arena.h"
#include "dialect/tertulia.pb-c.h"

/* Exactly `size` bytes. */
bool fixed_in(const ProtobufCBinaryData *data, void *into, size_t size)
    __attribute__((warn_unused_result));
/* UTF-8 of at most `most` bytes. */
bool text_in(const ProtobufCBinaryData *data, size_t most, struct span *into)
    __attribute__((warn_unused_result));
/* 1 .. ENTRY_NUMBER_MAX */
bool seq_in(uint64_t number, uint64_t *into) __attribute__((warn_unused_result));
/* 1 <= low <= high <= ENTRY_NUMBER_MAX */
bool range_in(uint64_t low, uint64_t high, uint64_t *into_low, uint64_t *into_high)
    __attribute__((warn_unused_result));

/* Borrowed for packing, which only reads. */
ProtobufCBinaryData data_out(const void *bytes, size_t size);
ProtobufCBinaryData span_out(struct span span);

/* Room for our own structs while packing, where a spent budget is a broken invariant. */
void *part_take(struct arena *arena, size_t size);
/* An empty protobuf message of this type in the arena. */
void *part_make(struct arena *arena, const ProtobufCMessageDescriptor *type);

/* One kind of frame: its field in Frame, and how its message is read and filled. */
struct part {
    Tertulia__Frame__KindCase number;
    enum frame_kind kind;
    enum overlay_message_kind overlay; /* where kind is FRAME_OVERLAY */
    bool (*in)(const void *message, struct frame *into, struct arena *arena);
    void *(*out)(const struct frame *from, struct arena *arena); /* the message, in the arena */
};

enum { LINK_PARTS = 5, LOG_PARTS = 13, OVERLAY_PARTS = 7 };
extern const struct part log_parts[LOG_PARTS];
extern const struct part overlay_parts[OVERLAY_PARTS];

/* As struct codec has them. */
bool body_pack(const struct body *body, uint8_t *into, size_t room, size_t *size);
struct body *body_unpack(uint32_t kind, struct span bytes);
size_t whisper_pack(const struct whisper *whisper, uint8_t *into, size_t room);
struct whisper *whisper_unpack(struct span bytes);
