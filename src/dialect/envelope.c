/* PROTOCOL.md "The envelope":
 * > Whoever reads an envelope and writes it again must get the same bytes. */
#include "dialect/envelope.h"

#include "dialect/strict.h"
#include "dialect/tertulia.pb-c.h"

static ProtobufCBinaryData bytes_of(const void *bytes, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)bytes}; /* packing only reads */
}

static void opening_fill(Tertulia__Opening *opening, const struct entry_fields *fields)
{
    const struct entry_tip *last = &fields->last;
    opening->start = fields->epoch_start;
    if (last->seq == 0)
        return;
    opening->last_epoch = bytes_of(last->epoch.bytes, EPOCH_BYTES);
    opening->last_seq = last->seq;
    opening->last_hash = bytes_of(last->hash.bytes, HASH_BYTES);
}

size_t envelope_pack(const struct entry_fields *fields, uint8_t *into, size_t room)
{
    Tertulia__Envelope envelope = TERTULIA__ENVELOPE__INIT;
    Tertulia__Guest guest = TERTULIA__GUEST__INIT;
    Tertulia__Opening opening = TERTULIA__OPENING__INIT;
    envelope.net = bytes_of(fields->net.bytes, HASH_BYTES);
    envelope.author = bytes_of(fields->author.bytes, ID_BYTES);
    envelope.epoch = bytes_of(fields->epoch.bytes, EPOCH_BYTES);
    envelope.seq = fields->seq;
    envelope.hlc = fields->hlc;
    envelope.wall = fields->wall;
    envelope.kind = fields->kind;
    envelope.room = bytes_of(fields->room.bytes, fields->room.size);
    envelope.body = bytes_of(fields->body.bytes, fields->body.size);
    if (fields->seq == 1) {
        opening_fill(&opening, fields);
        envelope.opening = &opening;
    } else {
        envelope.prev = bytes_of(fields->prev.bytes, HASH_BYTES);
    }
    if (fields->guest.size > 0) {
        guest.name = bytes_of(fields->guest.bytes, fields->guest.size);
        guest.dialect = bytes_of(fields->dialect.bytes, fields->dialect.size);
        envelope.guest = &guest;
    }
    size_t size = tertulia__envelope__get_packed_size(&envelope);
    return size <= room ? tertulia__envelope__pack(&envelope, into) : 0;
}

enum { NET = 1, AUTHOR, EPOCH, SEQ, PREV, HLC, WALL, KIND, ROOM, GUEST, OPENING, BODY = 15 };
enum { NAME = 1, DIALECT };
enum { START = 1, LAST_EPOCH, LAST_SEQ, LAST_HASH };

#define BIT(number) (1u << (number))

/* The fields, and what is decoded in a second step. */
struct draft {
    struct entry_fields fields;
    uint64_t kind;
    struct span guest;
    struct span opening;
};

#define IN(member) offsetof(struct draft, member)

static const struct strict_field envelope_fields[] = {
    {NET, STRICT_BYTES, IN(fields.net), HASH_BYTES},
    {AUTHOR, STRICT_BYTES, IN(fields.author), ID_BYTES},
    {EPOCH, STRICT_BYTES, IN(fields.epoch), EPOCH_BYTES},
    {SEQ, STRICT_NUMBER, IN(fields.seq), 0},
    {PREV, STRICT_BYTES, IN(fields.prev), HASH_BYTES},
    {HLC, STRICT_NUMBER, IN(fields.hlc), 0},
    {WALL, STRICT_NUMBER, IN(fields.wall), 0},
    {KIND, STRICT_NUMBER, IN(kind), 0},
    {ROOM, STRICT_SPAN, IN(fields.room), ROOM_MAX},
    {GUEST, STRICT_MESSAGE, IN(guest), 0},
    {OPENING, STRICT_MESSAGE, IN(opening), 0},
    {BODY, STRICT_SPAN, IN(fields.body), ENTRY_MAX},
};

static const struct strict_field guest_fields[] = {
    {NAME, STRICT_SPAN, IN(fields.guest), GUEST_NAME_MAX},
    {DIALECT, STRICT_SPAN, IN(fields.dialect), DIALECT_NAME_MAX},
};

static const struct strict_field opening_fields[] = {
    {START, STRICT_NUMBER, IN(fields.epoch_start), 0},
    {LAST_EPOCH, STRICT_BYTES, IN(fields.last.epoch), EPOCH_BYTES},
    {LAST_SEQ, STRICT_NUMBER, IN(fields.last.seq), 0},
    {LAST_HASH, STRICT_BYTES, IN(fields.last.hash), HASH_BYTES},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool guest_read(struct draft *draft)
{
    unsigned present;
    return strict_read(draft->guest, guest_fields, COUNT(guest_fields), draft, &present) &&
           present == (BIT(NAME) | BIT(DIALECT));
}

static bool opening_read(struct draft *draft)
{
    unsigned present;
    const unsigned last = BIT(LAST_EPOCH) | BIT(LAST_SEQ) | BIT(LAST_HASH);
    return strict_read(draft->opening, opening_fields, COUNT(opening_fields), draft, &present) &&
           ((present & last) == last || (present & last) == 0);
}

/* What must be there, and what must not. */
static bool complete(unsigned present, uint64_t seq)
{
    const unsigned always = BIT(NET) | BIT(AUTHOR) | BIT(EPOCH) | BIT(SEQ) | BIT(KIND);
    const unsigned either = BIT(PREV) | BIT(OPENING);
    return (present & always) == always && (present & either) == BIT(seq == 1 ? OPENING : PREV);
}

bool envelope_unpack(struct span bytes, struct entry_fields *into)
{
    struct draft draft = {0};
    unsigned present;
    if (!strict_read(bytes, envelope_fields, COUNT(envelope_fields), &draft, &present) ||
        !complete(present, draft.fields.seq) || draft.kind > UINT32_MAX ||
        ((present & BIT(GUEST)) && !guest_read(&draft)) || !opening_read(&draft))
        return false;
    draft.fields.kind = (uint32_t)draft.kind;
    *into = draft.fields;
    return true;
}
