/* A table of receipts, with one list by age for each bound. */
#include "core/receipt.h"

#include "base/alloc.h"

#define uthash_malloc(size) xmalloc(size)
#define uthash_fatal(why) die("table: %s", why)
#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

struct key {
    struct id acker;
    struct id author;
    struct epoch_id epoch;
};

struct receipt {
    UT_hash_handle hh;
    struct key key;
    struct ack ack;
    uint64_t low; /* of all they ever said without a gap: an ack may begin later than the last */
    uint64_t taken;
    struct receipt *prev, *next;             /* by age */
    struct receipt *acker_prev, *acker_next; /* by age, of one acker */
};

struct acker {
    UT_hash_handle hh;
    struct id id;
    size_t count;
    struct receipt *list;
};

struct receipts {
    struct id self;
    struct receipt *table;
    struct acker *ackers;
    struct receipt *own; /* the oldest first, as all lists here */
    struct receipt *others;
    size_t own_count;
    size_t other_count;
};

static const struct receipt_range NOTHING = {1, 0};

struct receipts *receipts_new(const struct id *self)
{
    struct receipts *receipts = xcalloc(1, sizeof *receipts);
    receipts->self = *self;
    return receipts;
}

static struct key key_of(const struct id *acker, const struct id *author,
                         const struct epoch_id *epoch)
{
    return (struct key){*acker, *author, *epoch};
}

static struct receipt *find(const struct receipts *receipts, const struct key *key)
{
    struct receipt *receipt;
    HASH_FIND(hh, receipts->table, key, sizeof *key, receipt);
    return receipt;
}

static bool is_own(const struct receipts *receipts, const struct receipt *receipt)
{
    return id_equal(&receipt->key.author, &receipts->self);
}

/* Puts it at the young end of its lists. */
static void link_in(struct receipts *receipts, struct acker *acker, struct receipt *receipt)
{
    if (is_own(receipts, receipt))
        DL_APPEND(receipts->own, receipt);
    else
        DL_APPEND(receipts->others, receipt);
    DL_APPEND2(acker->list, receipt, acker_prev, acker_next);
}

static void link_out(struct receipts *receipts, struct acker *acker, struct receipt *receipt)
{
    if (is_own(receipts, receipt))
        DL_DELETE(receipts->own, receipt);
    else
        DL_DELETE(receipts->others, receipt);
    DL_DELETE2(acker->list, receipt, acker_prev, acker_next);
}

static struct acker *acker_find(const struct receipts *receipts, const struct id *id)
{
    struct acker *acker;
    HASH_FIND(hh, receipts->ackers, id, sizeof *id, acker);
    return acker;
}

static size_t *count_of(struct receipts *receipts, const struct receipt *receipt)
{
    return is_own(receipts, receipt) ? &receipts->own_count : &receipts->other_count;
}

static void forget(struct receipts *receipts, struct receipt *receipt)
{
    struct acker *acker = acker_find(receipts, &receipt->key.acker);
    link_out(receipts, acker, receipt);
    --*count_of(receipts, receipt);
    if (--acker->count == 0) {
        HASH_DEL(receipts->ackers, acker);
        free(acker);
    }
    HASH_DEL(receipts->table, receipt);
    free(receipt);
}

void receipts_free(struct receipts *receipts)
{
    struct receipt *receipt, *after;
    if (!receipts)
        return;
    HASH_ITER(hh, receipts->table, receipt, after)
    forget(receipts, receipt);
    free(receipts);
}

size_t receipts_count(const struct receipts *receipts)
{
    return receipts->own_count + receipts->other_count;
}

static struct receipt *receipt_new(struct receipts *receipts, const struct key *key)
{
    struct receipt *receipt = xcalloc(1, sizeof *receipt);
    struct acker *acker = acker_find(receipts, &key->acker);
    if (!acker) {
        acker = xcalloc(1, sizeof *acker);
        acker->id = key->acker;
        HASH_ADD(hh, receipts->ackers, id, sizeof acker->id, acker);
    }
    receipt->key = *key;
    HASH_ADD(hh, receipts->table, key, sizeof receipt->key, receipt);
    acker->count++;
    ++*count_of(receipts, receipt);
    link_in(receipts, acker, receipt);
    return receipt;
}

/* The oldest of whoever is past a bound goes; never the youngest, which has just come. */
static void bounds_keep(struct receipts *receipts, const struct receipt *new)
{
    struct acker *acker = acker_find(receipts, &new->key.acker);
    if (acker->count > RECEIPTS_ACKER)
        forget(receipts, acker->list);
    if (receipts->own_count > RECEIPTS_OWN)
        forget(receipts, receipts->own);
    if (receipts->other_count > RECEIPTS_OTHERS)
        forget(receipts, receipts->others);
}

static bool says_more(const struct receipt *known, const struct ack *ack)
{
    return ack->high > known->ack.high || (ack->high == known->ack.high && ack->low < known->low);
}

/* What is new in `ack`, and how far down all that is known reaches with it. */
static uint64_t compare(const struct receipt *known, const struct ack *ack,
                        struct receipt_range *news, struct receipt_range *below)
{
    if (ack->low > known->ack.high + 1) {
        *news = (struct receipt_range){ack->low, ack->high};
        return ack->low;
    }
    *news = (struct receipt_range){known->ack.high + 1, ack->high};
    if (ack->low >= known->low)
        return known->low;
    *below = (struct receipt_range){ack->low, known->low - 1};
    return ack->low;
}

bool receipts_take(struct receipts *receipts, const struct ack *ack, uint64_t now,
                   struct receipt_range *news, struct receipt_range *below)
{
    struct receipt_range ignored;
    news = news ? news : &ignored;
    below = below ? below : &ignored;
    *news = *below = NOTHING;
    struct key key = key_of(&ack->acker, &ack->author, &ack->epoch);
    struct receipt *receipt = find(receipts, &key);
    if (receipt && !says_more(receipt, ack))
        return false;
    if (receipt) {
        struct acker *acker = acker_find(receipts, &key.acker);
        receipt->low = compare(receipt, ack, news, below);
        link_out(receipts, acker, receipt);
        link_in(receipts, acker, receipt);
    } else {
        receipt = receipt_new(receipts, &key);
        receipt->low = ack->low;
        *news = (struct receipt_range){ack->low, ack->high};
    }
    receipt->ack = *ack;
    receipt->taken = now;
    bounds_keep(receipts, receipt);
    return true;
}

/* Clocks jump: what seems to come from the future is not older than anything. */
static void list_expire(struct receipts *receipts, struct receipt **list, uint64_t now)
{
    while (*list && (*list)->taken + RECEIPT_KEPT_MS < now)
        forget(receipts, *list);
}

void receipts_expire(struct receipts *receipts, uint64_t now)
{
    list_expire(receipts, &receipts->own, now);
    list_expire(receipts, &receipts->others, now);
}

/* The receipt that holds this ack. */
static const struct receipt *holder(const struct receipts *receipts, const struct ack *ack)
{
    struct key key = key_of(&ack->acker, &ack->author, &ack->epoch);
    return find(receipts, &key);
}

const struct ack *receipts_next(const struct receipts *receipts, const struct id *author,
                                const struct ack *after)
{
    const struct receipt *one;
    if (after)
        one = holder(receipts, after)->next;
    else
        one = id_equal(author, &receipts->self) ? receipts->own : receipts->others;
    while (one && !id_equal(&one->key.author, author))
        one = one->next;
    return one ? &one->ack : NULL;
}

static bool range_has(struct receipt_range range, uint64_t seq)
{
    return range.low <= seq && seq <= range.high;
}

static struct receipt_range range_of(const struct receipts *receipts, const struct id *acker,
                                     const struct id *author, const struct epoch_id *epoch)
{
    struct key key = key_of(acker, author, epoch);
    const struct receipt *receipt = find(receipts, &key);
    return receipt ? (struct receipt_range){receipt->low, receipt->ack.high} : NOTHING;
}

bool receipts_has(const struct receipts *receipts, const struct entry_ref *entry,
                  const struct id *acker)
{
    return range_has(range_of(receipts, acker, &entry->author, &entry->epoch), entry->seq);
}

void receipt_tally_init(struct receipt_tally *tally, const struct receipts *receipts,
                        const struct id *author, const struct epoch_id *epoch,
                        const struct id *expected, size_t count)
{
    *tally = (struct receipt_tally){.of = count};
    if (count == 0)
        return;
    tally->ranges = xcalloc(count, sizeof *tally->ranges);
    for (size_t i = 0; i < count; i++) {
        struct receipt_range range = range_of(receipts, &expected[i], author, epoch);
        if (range.low <= range.high)
            tally->ranges[tally->count++] = range;
    }
}

void receipt_tally_done(struct receipt_tally *tally)
{
    free(tally->ranges);
    *tally = (struct receipt_tally){0};
}

size_t receipt_stored_by(const struct receipt_tally *tally, uint64_t seq)
{
    size_t count = 0;
    for (size_t i = 0; i < tally->count; i++)
        count += range_has(tally->ranges[i], seq);
    return count;
}
