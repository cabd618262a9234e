/* Two tables over all signed entries: by their hash, and the first at each place. */
#include "tests/sim/truth.h"

#include "core/ack.h"
#include "dialect/native.h"

#include <stdlib.h>

static struct truth *today; /* signers are functions without a self */

void truth_init(struct truth *truth, const struct signer *signer)
{
    *truth = (struct truth){.signer = signer};
    today = truth;
}

void truth_done(struct truth *truth)
{
    struct said *said, *next;
    HASH_CLEAR(at, truth->by_place);
    HASH_ITER(hh, truth->by_hash, said, next)
    {
        HASH_DELETE(hh, truth->by_hash, said);
        entry_drop(said->entry);
        free(said);
    }
    today = NULL;
}

const struct said *truth_find(const struct truth *truth, const struct hash *hash)
{
    struct said *said;
    HASH_FIND(hh, truth->by_hash, hash, sizeof *hash, said);
    return said;
}

const struct said *truth_find_bytes(const struct truth *truth, struct span bytes,
                                    const struct signature *signature)
{
    struct span parts[] = {bytes, span_of(signature->bytes, SIGNATURE_BYTES)};
    struct hash hash = hash_of_parts(parts, 2);
    return truth_find(truth, &hash);
}

const struct said *truth_at(const struct truth *truth, const struct entry_ref *place)
{
    struct said *said;
    HASH_FIND(at, truth->by_place, place, sizeof *place, said);
    return said;
}

/* TAKES entry. */
static void note(struct truth *truth, struct entry *entry)
{
    if (truth_find(truth, &entry->hash)) {
        entry_drop(entry);
        return;
    }
    struct said *said = xcalloc(1, sizeof *said);
    said->hash = entry->hash;
    said->place = entry_place(entry);
    said->entry = entry;
    const struct said *first = truth_at(truth, &said->place);
    HASH_ADD(hh, truth->by_hash, hash, sizeof said->hash, said);
    if (!first)
        HASH_ADD(at, truth->by_place, place, sizeof said->place, said);
    else
        truth->twice(truth->self, first, entry);
    truth->entries++;
}

static struct entry *read_entry(const struct truth *truth, struct span bytes,
                                const struct signature *signature)
{
    struct entry *entry;
    if (entry_read(bytes, signature, &truth->net, &native_codec, &entry) != ENTRY_FINE)
        return NULL; /* a byzantine peer's: nobody will take it */
    return entry;
}

void truth_vouch(struct truth *truth, const struct entry *entry)
{
    struct signature signature = entry_signature(entry);
    struct entry *copy = read_entry(truth, entry_bytes(entry), &signature);
    if (copy)
        note(truth, copy);
}

static bool label_is(const char *label, const char *wanted)
{
    return strcmp(label, wanted) == 0;
}

static struct signature truth_sign(const struct identity *identity, const char *label,
                                   struct span bytes)
{
    struct signature signature = today->signer->sign(identity, label, bytes);
    if (label_is(label, ENTRY_LABEL)) {
        struct entry *entry = read_entry(today, bytes, &signature);
        if (entry)
            note(today, entry);
    } else if (label_is(label, ACK_LABEL)) {
        today->acked(today->self, &identity->id, bytes);
    }
    return signature;
}

static bool truth_verify(const struct id *id, const char *label, struct span bytes,
                         const struct signature *signature)
{
    today->checks += label_is(label, ENTRY_LABEL);
    return today->signer->verify(id, label, bytes, signature);
}

const struct signer truth_signer = {truth_sign, truth_verify};
