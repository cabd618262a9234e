#pragma once
/* Receipts as they are kept: of each (acker, author, epoch) the newest.
 *
 * Invariants: the greater high wins, so that replays change nothing; what somebody once said to
 * have stored counts for as long as their receipt is kept; nothing is kept for more than
 * RECEIPT_KEPT_MS, and no more than the bounds below, whoever signs how many. Signatures were
 * checked before. `now` is our wall clock in ms. */
#include "core/ack.h"

enum {
    RECEIPTS_OTHERS = 16384, /* kept for other authors, for whom we carry them: some 4 MB */
    RECEIPTS_OWN = 16384,    /* for us: 500 people and the epochs of a week */
    RECEIPTS_ACKER = 2048,   /* of one acker, within those: nobody pushes out all others */
};
#define RECEIPT_KEPT_MS (UINT64_C(7) * 24 * 3600 * 1000)

/* Entries of one log; empty where low > high. */
struct receipt_range {
    uint64_t low;
    uint64_t high;
};

struct receipts *receipts_new(const struct id *self);
void receipts_free(struct receipts *receipts);

/* Keeps it, where it says anything new; then true, and it is to be passed on. *news is what the
 * acker was not known to have; of what lies below what was known, all of it is in *below. Either
 * may be NULL. */
bool receipts_take(struct receipts *receipts, const struct ack *ack, uint64_t now,
                   struct receipt_range *news, struct receipt_range *below);
/* Forgets what is too old. */
void receipts_expire(struct receipts *receipts, uint64_t now);
size_t receipts_count(const struct receipts *receipts);

/* The receipts for one author, the oldest taken first: NULL begins, and ends. */
const struct ack *receipts_next(const struct receipts *receipts, const struct id *author,
                                const struct ack *after);

/* Whether `acker` has stored this entry, as far as is known. */
bool receipts_has(const struct receipts *receipts, const struct entry_ref *entry,
                  const struct id *acker);

/* What all of some people have of one log: made once, to count for many entries. */
struct receipt_tally {
    size_t of;
    size_t count;
    struct receipt_range *ranges;
};

void receipt_tally_init(struct receipt_tally *tally, const struct receipts *receipts,
                        const struct id *author, const struct epoch_id *epoch,
                        const struct id *expected, size_t count);
void receipt_tally_done(struct receipt_tally *tally);
/* By how many of the `of` the entry is stored. */
size_t receipt_stored_by(const struct receipt_tally *tally, uint64_t seq);
