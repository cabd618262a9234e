/* Making, reading and checking single entries. */
#include "core/entry.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <stdlib.h>

static bool text_fits(struct span text, size_t most)
{
    return text.size <= most && utf8_valid((const char *)text.bytes, text.size);
}

static bool number_fits(uint64_t number)
{
    return number <= ENTRY_NUMBER_MAX;
}

/* PROTOCOL.md "The envelope":
 * > `opening` is there when `seq` is 1 and only then; `prev` is there when `seq` is not 1 and only
 * > then.
 * A codec leaves what is not there all zero, and cannot tell it to be wrongly there: it checks
 * that.
 */
static bool opening_fits(const struct entry_fields *fields)
{
    const struct entry_tip *last = &fields->last;
    if (fields->seq != 1)
        return true;
    return number_fits(fields->epoch_start) && number_fits(last->seq) &&
           (last->seq == 0 || !epoch_equal(&last->epoch, &fields->epoch));
}

static bool envelope_fits(const struct entry_fields *fields)
{
    return fields->seq >= 1 && number_fits(fields->seq) && number_fits(fields->hlc) &&
           number_fits(fields->wall) && fields->kind != 0 && text_fits(fields->room, ROOM_MAX) &&
           text_fits(fields->guest, GUEST_NAME_MAX) &&
           text_fits(fields->dialect, DIALECT_NAME_MAX) &&
           (fields->guest.size == 0) == (fields->dialect.size == 0) && opening_fits(fields);
}

/* Only the bytes are there yet. */
static struct entry *entry_new(struct span bytes)
{
    struct entry *entry = xmalloc(sizeof *entry + bytes.size + SIGNATURE_BYTES);
    entry->references = 1;
    entry->size = (uint32_t)bytes.size;
    if (bytes.size)
        memcpy(entry->bytes, bytes.bytes, bytes.size);
    return entry;
}

static void entry_finish(struct entry *entry, const struct signature *signature)
{
    memcpy(entry->bytes + entry->size, signature->bytes, SIGNATURE_BYTES);
    entry->hash = hash_of(span_of(entry->bytes, entry_weight(entry)));
}

struct entry *entry_make(const struct entry_fields *fields, const struct codec *codec,
                         const struct signer *signer, const struct identity *identity)
{
    if (!id_equal(&fields->author, &identity->id) || !envelope_fits(fields))
        die("an entry of ours that nobody would take");
    uint8_t bytes[ENTRY_MAX];
    size_t size = codec->entry_pack(fields, bytes, sizeof bytes);
    if (size == 0)
        return NULL;
    struct entry *entry = entry_new(span_of(bytes, size));
    struct signature signature = signer->sign(identity, ENTRY_LABEL, entry_bytes(entry));
    entry_finish(entry, &signature);
    if (!codec->entry_unpack(entry_bytes(entry), &entry->fields))
        die("an entry of ours that cannot be read");
    return entry;
}

static enum entry_fault envelope_fault(struct entry *entry, const struct hash *net,
                                       const struct codec *codec)
{
    if (!codec->entry_unpack(entry_bytes(entry), &entry->fields) || !envelope_fits(&entry->fields))
        return ENTRY_MALFORMED;
    return hash_equal(&entry->fields.net, net) ? ENTRY_FINE : ENTRY_OTHER_NET;
}

enum entry_fault entry_read(struct span bytes, const struct signature *signature,
                            const struct hash *net, const struct codec *codec, struct entry **into)
{
    *into = NULL;
    if (bytes.size > ENTRY_MAX)
        return ENTRY_TOO_LARGE;
    struct entry *entry = entry_new(bytes);
    enum entry_fault fault = envelope_fault(entry, net, codec);
    if (fault != ENTRY_FINE) {
        entry_drop(entry);
        return fault;
    }
    entry_finish(entry, signature);
    *into = entry;
    return ENTRY_FINE;
}

struct entry *entry_hold(struct entry *entry)
{
    entry->references++;
    return entry;
}

void entry_drop(struct entry *entry)
{
    if (entry && --entry->references == 0)
        free(entry);
}

struct signature entry_signature(const struct entry *entry)
{
    struct signature signature;
    memcpy(signature.bytes, entry->bytes + entry->size, SIGNATURE_BYTES);
    return signature;
}

struct entry_ref entry_place(const struct entry *entry)
{
    const struct entry_fields *fields = &entry->fields;
    return (struct entry_ref){fields->author, fields->epoch, fields->seq};
}

struct entry_tip entry_tip(const struct entry *entry)
{
    return (struct entry_tip){entry->fields.epoch, entry->fields.seq, entry->hash};
}

bool entry_verify(const struct entry *entry, const struct signer *signer)
{
    struct signature signature = entry_signature(entry);
    return signer->verify(&entry->fields.author, ENTRY_LABEL, entry_bytes(entry), &signature);
}

bool entry_follows(const struct entry_tip *below, const struct id *author, const struct entry *next)
{
    const struct entry_fields *fields = &next->fields;
    if (!id_equal(&fields->author, author) || !epoch_equal(&fields->epoch, &below->epoch) ||
        fields->seq != below->seq + 1)
        return false;
    return below->seq == 0 || hash_equal(&fields->prev, &below->hash);
}
