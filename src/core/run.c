/* Proof by the last signature, and proof of a fork. */
#include "core/run.h"

#include "base/alloc.h"

/* How many entries from the front link to what is below, and to each other. */
static size_t linked(const struct entry_tip *below, const struct id *author,
                     struct entry *const *run, size_t count)
{
    size_t good = 0;
    struct entry_tip tip;
    if (below) {
        tip = *below;
    } else if (id_equal(&run[0]->fields.author, author)) {
        tip = entry_tip(run[0]); /* the first of a run that may begin anywhere */
        good = 1;
    } else {
        return 0;
    }
    while (good < count && entry_follows(&tip, author, run[good]))
        tip = entry_tip(run[good++]);
    return good;
}

/* PROTOCOL.md "Proof of a run":
 * > A run is kept up to its last valid signature that is reached by unbroken links. */
struct run_verdict run_check(const struct entry_tip *below, const struct id *author,
                             struct entry *const *run, size_t count, const struct signer *signer)
{
    if (count > RUN_MAX)
        die("a run of %zu entries", count);
    struct run_verdict verdict = {0, RUN_WHOLE, 0};
    if (count == 0)
        return verdict;
    size_t reached = linked(below, author, run, count);
    for (verdict.kept = reached; verdict.kept > 0; verdict.kept--) {
        verdict.checks++;
        if (entry_verify(run[verdict.kept - 1], signer))
            break;
    }
    if (verdict.kept < reached)
        verdict.end = RUN_UNSIGNED;
    else if (reached < count)
        verdict.end = RUN_UNLINKED;
    return verdict;
}

size_t run_check_below(const struct entry *lowest, struct entry *const *run, size_t count)
{
    size_t good = 0;
    for (const struct entry *next = lowest; good < count; good++) {
        const struct entry *below = run[count - 1 - good];
        struct entry_tip tip = entry_tip(below);
        if (!entry_follows(&tip, &below->fields.author, next))
            break;
        next = below;
    }
    return good;
}

bool fork_verify(const struct entry *a, const struct entry *b, const struct signer *signer,
                 unsigned *checks)
{
    const struct entry_fields *one = &a->fields;
    const struct entry_fields *other = &b->fields;
    if (!id_equal(&one->author, &other->author) || !epoch_equal(&one->epoch, &other->epoch) ||
        one->seq != other->seq || hash_equal(&a->hash, &b->hash))
        return false;
    *checks += 1;
    if (!entry_verify(a, signer))
        return false;
    *checks += 1;
    return entry_verify(b, signer);
}

/* PROTOCOL.md "Forks":
 * > Of two proofs the one at the lower position is kept; at one position the one whose smaller hash
 * > is smaller; then the one whose larger hash is smaller. */
int fork_compare(const struct entry *a1, const struct entry *b1, const struct entry *a2,
                 const struct entry *b2)
{
    if (a1->fields.seq != a2->fields.seq)
        return a1->fields.seq < a2->fields.seq ? -1 : 1;
    bool turn1 = hash_compare(&a1->hash, &b1->hash) > 0;
    bool turn2 = hash_compare(&a2->hash, &b2->hash) > 0;
    int low = hash_compare(turn1 ? &b1->hash : &a1->hash, turn2 ? &b2->hash : &a2->hash);
    if (low != 0)
        return low;
    return hash_compare(turn1 ? &a1->hash : &b1->hash, turn2 ? &a2->hash : &b2->hash);
}
