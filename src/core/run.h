#pragma once
/* Proof of many entries at once: a run is proved by its last signature, and two entries at one
 * place prove a fork. Pure; the signature checks spent are counted for the caller. */
#include "core/entry.h"

/* Why a run was not kept whole. */
enum run_end {
    RUN_WHOLE,    /* everything was kept */
    RUN_UNLINKED, /* the first entry not kept is not the successor of the one before it */
    RUN_UNSIGNED, /* it links, but no signature from there on holds */
};

struct run_verdict {
    size_t kept;      /* the first so many entries are proved */
    enum run_end end; /* what the entry at `kept` suffers from */
    unsigned checks;  /* signatures verified */
};

/* The longest prefix of the `count` entries (in order of seq, at most RUN_MAX) that links to
 * `below` and ends with a valid signature of `author`.
 * `below` is what we hold right under the run: seq 0 for nothing at all, so that the run has to
 * open its epoch. NULL where the run may begin anywhere (what was before it has expired): then the
 * first entry's prev is not looked at. */
struct run_verdict run_check(const struct entry_tip *below, const struct id *author,
                             struct entry *const *run, size_t count, const struct signer *signer)
    __attribute__((warn_unused_result));

/* Backfill: how many entries at the END of `run` (in order of seq) are proved by `lowest`, a proved
 * entry that the last one comes right before. No signature is needed: prev vouches for them. */
size_t run_check_below(const struct entry *lowest, struct entry *const *run, size_t count)
    __attribute__((warn_unused_result));

/* Whether a and b are two different entries at one place that their author signed both. */
bool fork_verify(const struct entry *a, const struct entry *b, const struct signer *signer,
                 unsigned *checks) __attribute__((warn_unused_result));
/* Which of two proofs for one epoch everyone keeps: below 0 the first, above 0 the second, 0 where
 * they are the same. The lowest position wins, then the smaller pair of hashes; the order within
 * a pair does not matter. */
int fork_compare(const struct entry *a1, const struct entry *b1, const struct entry *a2,
                 const struct entry *b2);
