#pragma once
/* Short cuts that tests of entries share: people and entries out of small numbers. */
#include "base/alloc.h"
#include "core/body.h"
#include "core/entry.h"
#include "dialect/native.h"

/* The person whose seed is 32 times this byte. */
static inline struct identity make_person(uint8_t number)
{
    struct identity identity;
    struct seed seed;
    memset(seed.bytes, number, sizeof seed.bytes);
    identity_init(&identity, &seed);
    return identity;
}

static inline struct hash make_net(void)
{
    return mesh_net(span_text("lan"), NULL);
}

static inline struct epoch_id make_epoch(uint8_t number)
{
    struct epoch_id epoch;
    memset(epoch.bytes, number, sizeof epoch.bytes);
    return epoch;
}

/* Fields of a say in #everyone right after `below`; the body stays empty. */
static inline struct entry_fields make_fields(const struct identity *author,
                                              const struct entry_tip *below)
{
    struct entry_fields fields = {
        .net = make_net(),
        .author = author->id,
        .epoch = below->epoch,
        .seq = below->seq + 1,
        .hlc = 1700000000000u + below->seq,
        .wall = 1700000000000u + below->seq,
        .kind = ENTRY_SAY,
        .room = span_text("#everyone"),
    };
    if (below->seq > 0)
        fields.prev = below->hash;
    else
        fields.epoch_start = 1700000000000u;
    return fields;
}

/* Such an entry that says `text`. */
static inline struct entry *make_say(const struct identity *author, const struct entry_tip *below,
                                     const char *text, const struct signer *signer)
{
    uint8_t bytes[ENTRY_MAX];
    size_t size;
    struct entry_fields fields = make_fields(author, below);
    struct body body = {.kind = ENTRY_SAY, .say = {.text = span_text(text)}};
    if (!native_codec.body_pack(&body, bytes, sizeof bytes, &size))
        die("a test's body does not fit");
    fields.body = span_of(bytes, size);
    struct entry *entry = entry_make(&fields, &native_codec, signer, author);
    if (!entry)
        die("a test's entry does not fit");
    return entry;
}

/* `count` entries from the opening of `epoch` on. */
static inline void make_log(const struct identity *author, uint8_t epoch, struct entry **into,
                            size_t count, const struct signer *signer)
{
    struct entry_tip tip = {.epoch = make_epoch(epoch)};
    for (size_t i = 0; i < count; i++) {
        into[i] = make_say(author, &tip, "hola", signer);
        tip = entry_tip(into[i]);
    }
}

static inline void drop_log(struct entry **log, size_t count)
{
    for (size_t i = 0; i < count; i++)
        entry_drop(log[i]);
}
