/* Foreign entries: the first byte chooses what the rest is. Whatever the strict reader takes,
 * protobuf-c understands alike and writes again to the same bytes; and whatever protobuf-c reads
 * and writes again to the same bytes, within its bounds, the strict reader takes. */
#include "base/alloc.h"
#include "core/run.h"
#include "core/sealed.h"
#include "dialect/native.h"
#include "dialect/tertulia.pb-c.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
    if (!holds)
        die("%s", what);
}

static bool equal(ProtobufCBinaryData data, const void *bytes, size_t size)
{
    return data.len == size && (size == 0 || memcmp(data.data, bytes, size) == 0);
}

static bool spans_equal(ProtobufCBinaryData data, struct span span)
{
    return equal(data, span.bytes, span.size);
}

static bool written_again(const Tertulia__Envelope *envelope, struct span bytes)
{
    bool same = tertulia__envelope__get_packed_size(envelope) == bytes.size;
    if (same) {
        uint8_t *again = xmalloc(bytes.size);
        tertulia__envelope__pack(envelope, again);
        same = bytes.size == 0 || memcmp(again, bytes.bytes, bytes.size) == 0;
        free(again);
    }
    return same;
}

static bool has_unknown(const ProtobufCMessage *message)
{
    return message && message->n_unknown_fields > 0;
}

/* The rules of PROTOCOL.md "The envelope" that are about sizes and presence, said another way. */
static bool sizes_fit(const Tertulia__Envelope *e)
{
    const Tertulia__Opening *o = e->opening;
    bool guest =
        !e->guest || (e->guest->name.len >= 1 && e->guest->name.len <= GUEST_NAME_MAX &&
                      e->guest->dialect.len >= 1 && e->guest->dialect.len <= DIALECT_NAME_MAX);
    bool last = !o || (!o->last_epoch.len && !o->last_seq && !o->last_hash.len) ||
                (o->last_epoch.len == EPOCH_BYTES && o->last_seq && o->last_hash.len == HASH_BYTES);
    return guest && last && e->net.len == HASH_BYTES && e->author.len == ID_BYTES &&
           e->epoch.len == EPOCH_BYTES && e->seq != 0 && e->kind != 0 && e->room.len <= ROOM_MAX &&
           e->prev.len == (e->seq == 1 ? 0 : HASH_BYTES) && (o != NULL) == (e->seq == 1) &&
           e->body.len <= ENTRY_MAX;
}

static void understood_alike(const Tertulia__Envelope *e, const struct entry_fields *fields)
{
    must(equal(e->net, fields->net.bytes, HASH_BYTES), "net");
    must(equal(e->author, fields->author.bytes, ID_BYTES), "author");
    must(equal(e->epoch, fields->epoch.bytes, EPOCH_BYTES), "epoch");
    must(e->seq == fields->seq && e->hlc == fields->hlc && e->wall == fields->wall, "numbers");
    must(e->seq == 1 || equal(e->prev, fields->prev.bytes, HASH_BYTES), "prev");
    must(e->kind == fields->kind, "kind");
    must(spans_equal(e->room, fields->room) && spans_equal(e->body, fields->body), "spans");
    must((e->guest != NULL) == (fields->guest.size > 0), "guest");
    must(!e->guest || (spans_equal(e->guest->name, fields->guest) &&
                       spans_equal(e->guest->dialect, fields->dialect)),
         "guest's name");
    must(!e->opening ||
             (e->opening->start == fields->epoch_start && e->opening->last_seq == fields->last.seq),
         "opening");
}

static void two_readers_agree(struct span bytes)
{
    struct entry_fields fields;
    bool strict = native_codec.entry_unpack(bytes, &fields);
    Tertulia__Envelope *e = tertulia__envelope__unpack(NULL, bytes.size, bytes.bytes);
    bool loose = e && !has_unknown(&e->base) && !has_unknown((const ProtobufCMessage *)e->guest) &&
                 !has_unknown((const ProtobufCMessage *)e->opening) && sizes_fit(e) &&
                 written_again(e, bytes);
    must(strict == loose, "the two readers disagree");
    if (strict)
        understood_alike(e, &fields);
    if (e)
        tertulia__envelope__free_unpacked(e, NULL);
}

/* Everything that is done to an entry that came in. */
static void received(struct span bytes)
{
    struct identity identity;
    struct seed seed = {{1}};
    struct hash net = mesh_net(span_text("lan"), NULL);
    struct signature signature = {{0}};
    struct entry *entry;
    identity_init(&identity, &seed);
    if (entry_read(bytes, &signature, &net, &native_codec, &entry) != ENTRY_FINE)
        return;
    struct run_verdict verdict = run_check(NULL, &entry->fields.author, &entry, 1, &signer_real);
    must(verdict.kept == 0, "a signature of zeros holds");
    free(native_codec.body_unpack(entry->fields.kind, entry->fields.body));
    struct whisper *whisper;
    must((whisper_open(&entry->fields, &identity, &native_codec, &whisper) == OPEN_FINE) ==
             (whisper != NULL),
         "a whisper that is none");
    free(whisper);
    entry_drop(entry);
}

/* A body that came in goes out again, and the same comes back. */
static void body_returns(uint32_t kind, struct span bytes)
{
    uint8_t *packed = xmalloc(2 * ENTRY_MAX);
    size_t size;
    struct body *body = native_codec.body_unpack(kind, bytes);
    if (body) {
        must(native_codec.body_pack(body, packed, 2 * ENTRY_MAX, &size), "a body does not pack");
        struct body *again = native_codec.body_unpack(kind, span_of(packed, size));
        must(again != NULL, "a body that was read is not read again");
        free(again);
    }
    free(body);
    free(packed);
}

enum { AN_ENTRY = 0, A_WHISPER = 9 }; /* and in between a body of that kind */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 2 * ENTRY_MAX)
        return 0;
    core_start();
    struct span bytes = span_of(data + 1, size - 1);
    unsigned what = data[0] % (A_WHISPER + 1);
    if (what == AN_ENTRY) {
        two_readers_agree(bytes);
        received(bytes);
    } else if (what == A_WHISPER) {
        free(native_codec.whisper_unpack(bytes));
    } else {
        body_returns(what, bytes);
    }
    return 0;
}
