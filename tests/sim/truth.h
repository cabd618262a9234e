#pragma once
/* What everyone ever signed, as only a simulation can know it: the measure of all invariants.
 *
 * Every signature of a simulated world is made through `truth_signer`, so an entry that is not
 * here was not said by its author, whatever its signature looks like. One truth at a time: signers
 * have no place for a pointer of their own. */
#include "base/alloc.h"
#include "core/entry.h"

#define uthash_malloc(size) xmalloc(size)
#define uthash_fatal(why) die("table: %s", why)
#include <uthash.h>

/* A signed entry. */
struct said {
    UT_hash_handle hh;
    UT_hash_handle at; /* by place */
    struct hash hash;
    struct entry_ref place;
    struct entry *entry; /* the one copy that all disks share */
};

/* Somebody's acts are judged by whoever is `acting`: two devices share one identity. */
struct truth {
    struct said *by_hash;
    struct said *by_place;
    const struct signer *signer; /* that does the work */
    struct hash net;
    uint64_t entries;
    uint64_t checks; /* signatures of entries that were looked at */
    void *self;      /* of the two below */
    /* An entry that is at a place where its author has said something else. */
    void (*twice)(void *self, const struct said *first, const struct entry *second);
    void (*acked)(void *self, const struct id *acker, struct span message);
};

/* `net` has to be set before anything is signed. */
void truth_init(struct truth *truth, const struct signer *signer);
void truth_done(struct truth *truth);
/* Signs and checks as the truth's signer does, and takes note. */
extern const struct signer truth_signer;

/* NULL: nobody signed it. */
const struct said *truth_find(const struct truth *truth, const struct hash *hash);
const struct said *truth_find_bytes(const struct truth *truth, struct span bytes,
                                    const struct signature *signature);
/* The first that was said there. */
const struct said *truth_at(const struct truth *truth, const struct entry_ref *place);
/* The entry is the author's, although its own signature is none: a later one vouches for it. */
void truth_vouch(struct truth *truth, const struct entry *entry);
