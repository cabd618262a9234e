/* Reads what another peer wrote (peer.py write) from stdin, and fails unless all of it is good. */
#include "base/alloc.h"
#include "core/ack.h"
#include "core/run.h"
#include "core/sealed.h"
#include "dialect/native.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static struct hash net;

static void must(bool holds, const char *what)
{
    if (!holds)
        die("%s", what);
}

/* The person whose seed is 32 times that byte. */
static struct identity person(unsigned which)
{
    struct identity identity;
    struct seed seed;
    memset(seed.bytes, (int)which, SEED_BYTES);
    identity_init(&identity, &seed);
    return identity;
}

/* At most `room` bytes of a text in hexadecimal; returns how many. */
static size_t unhex(const json_t *object, const char *key, uint8_t *into, size_t room)
{
    const char *digits = json_string_value(json_object_get(object, key));
    must(digits != NULL, key);
    size_t size = strlen(digits) / 2;
    must(size <= room, key);
    for (size_t i = 0; i < size; i++) {
        const char two[3] = {digits[2 * i], digits[2 * i + 1], '\0'};
        into[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    return size;
}

static struct entry *take_entry(const json_t *json)
{
    uint8_t bytes[ENTRY_MAX];
    struct signature signature;
    struct entry *entry;
    size_t size = unhex(json, "bytes", bytes, sizeof bytes);
    must(unhex(json, "signature", signature.bytes, SIGNATURE_BYTES) == SIGNATURE_BYTES,
         "signature");
    must(entry_read(span_of(bytes, size), &signature, &net, &native_codec, &entry) == ENTRY_FINE,
         "an entry of the other peer is malformed");
    return entry;
}

static void take_chain(const json_t *list)
{
    struct entry *run[RUN_MAX] = {0};
    size_t count = json_array_size(list);
    must(count >= 3 && count <= RUN_MAX, "the other peer's chain");
    for (size_t i = 0; i < count; i++) {
        run[i] = take_entry(json_array_get(list, i));
        must(entry_verify(run[i], &signer_real), "a signature of the other peer");
        struct body *body = native_codec.body_unpack(run[i]->fields.kind, run[i]->fields.body);
        must(body != NULL, "a body of the other peer");
        free(body);
    }
    struct entry_tip nothing = {.epoch = run[0]->fields.epoch};
    struct run_verdict verdict =
        run_check(&nothing, &run[0]->fields.author, run, count, &signer_real);
    must(verdict.kept == count, "the other peer's chain does not hold");
    for (size_t i = 0; i < count; i++)
        entry_drop(run[i]);
}

static void take_whispers(const json_t *list)
{
    must(json_array_size(list) > 0, "the other peer's whispers");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *json = json_array_get(list, i);
        const json_t *seeds = json_object_get(json, "opened_by");
        struct span words = span_text(json_string_value(json_object_get(json, "text")));
        struct entry *entry = take_entry(json);
        must(entry_verify(entry, &signer_real), "a whisper's signature");
        must(json_array_size(seeds) > 1, "a whisper for nobody");
        for (size_t j = 0; j < json_array_size(seeds); j++) {
            struct whisper *whisper;
            struct identity us = person((unsigned)json_integer_value(json_array_get(seeds, j)));
            must(whisper_open(&entry->fields, &us, &native_codec, &whisper) == OPEN_FINE,
                 "a whisper of the other peer does not open");
            must(span_equal(whisper->text, words),
                 "a whisper of the other peer says something else");
            free(whisper);
        }
        entry_drop(entry);
    }
}

static void take_ack(const json_t *json)
{
    struct ack ack = {0};
    must(unhex(json, "acker", ack.acker.bytes, ID_BYTES) == ID_BYTES &&
             unhex(json, "author", ack.author.bytes, ID_BYTES) == ID_BYTES &&
             unhex(json, "epoch", ack.epoch.bytes, EPOCH_BYTES) == EPOCH_BYTES &&
             unhex(json, "head", ack.head.bytes, HASH_BYTES) == HASH_BYTES &&
             unhex(json, "signature", ack.signature.bytes, SIGNATURE_BYTES) == SIGNATURE_BYTES,
         "the other peer's ack");
    ack.low = (uint64_t)json_integer_value(json_object_get(json, "low"));
    ack.high = (uint64_t)json_integer_value(json_object_get(json, "high"));
    must(ack_verify(&ack, &net, &signer_real), "the other peer's ack does not hold");
}

int main(void)
{
    json_error_t error;
    core_start();
    net = mesh_net(span_text("lan"), NULL);
    json_t *all = json_loadf(stdin, 0, &error);
    must(all != NULL, error.text);
    take_chain(json_object_get(all, "chain"));
    take_whispers(json_object_get(all, "whispers"));
    take_ack(json_object_get(all, "ack"));
    json_decref(all);
    return 0;
}
