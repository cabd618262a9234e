#pragma once
/* What an exported conversation looks like: the forms that /export knows, by their endings.
 *
 * For any thread: nothing is looked up, all it needs is on the paper. Invariants: whatever was said
 * is one item of the form, and no words of one person can pass for those of another, in .txt by
 * where a line begins, in .md because nothing that was said is markup. */
#include "base/buf.h"
#include "core/node.h"

/* Sentences, translated by export_phrases. */
enum export_phrase {
    EXPORT_RANG,
    EXPORT_CAME,
    EXPORT_LEFT,
    EXPORT_LEFT_WHY,
    EXPORT_TOPIC,
    EXPORT_TOPIC_AWAY,
    EXPORT_UNKNOWN,
    EXPORT_GUEST,
    EXPORT_PHRASES,
};

enum {
    EXPORT_DAY = 10, /* YYYY-MM-DD */
    /* What was not written yet, and behind it the longest line: TEXT_MAX, cleaned and escaped. */
    EXPORT_OUT_MAX = 512 * 1024,
};

struct export_paper {
    struct buf out; /* of EXPORT_OUT_MAX */
    char *title;    /* hostile */
    const char *phrases[EXPORT_PHRASES];
    uint64_t written; /* lines that are on it: who calls `line` counts */
    char day[EXPORT_DAY + 1];
};

struct export_form {
    const char *ending;
    void (*begin)(struct export_paper *paper); /* or NULL */
    void (*line)(struct export_paper *paper, const struct node_line *line);
    void (*end)(struct export_paper *paper); /* or NULL */
};

/* The one that the path ends in, in any case; NULL: none. */
const struct export_form *export_form_of(const char *path);
/* In the user's language: on the loop's thread. */
void export_phrases(const char *phrases[EXPORT_PHRASES]);
