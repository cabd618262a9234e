#pragma once
/* What was begun in each conversation and not sent yet.
 *
 * Pure. Invariant: one draft a conversation, none of them empty, at most DRAFTS; beyond that the
 * one that was left alone for longest goes. */
#include <stddef.h>

enum { DRAFTS = 256 }; /* conversations in which one was interrupted */

struct draft {
    struct draft *prev, *next;
    char *conversation;
    char *text;
};

struct drafts {
    struct draft *list; /* the last one changed first */
    size_t count;
};

void drafts_done(struct drafts *drafts);
/* Text of no bytes takes the draft away. The conversation of the one that had to go for it, for
 * free(); mostly NULL. */
char *drafts_set(struct drafts *drafts, const char *conversation, const char *text)
    __attribute__((warn_unused_result));
/* NULL where there is none. */
const char *drafts_get(const struct drafts *drafts, const char *conversation);
