#pragma once
/* What the node says, in lines for whoever reads or hears them one by one (UX.md, rule 10). Nothing
 * is performed here: lines go to `put`.
 *
 * Invariants: every line is clean and stands by itself. Each line of a message of several begins
 * with who says it, and a name that holds anything but letters, digits and - _ . ~ ' is quoted as
 * one would type it: so nobody's words, and nobody's name, pass for another line. */
#include "app/scan.h"
#include "core/model.h"
#include "core/node.h"

#include <stdbool.h>
#include <stddef.h>

enum { PLAIN_NAME_BYTES = 1024 /* the longest label, quoted and clean; longer is cut */ };

struct plain_words {
    void (*put)(void *self, const char *line, size_t size);
    void *self;
    const struct model *model; /* knows what conversations are called; NULL: nobody does */
    const char *here;          /* where Enter goes: what is said there needs no other word */
    uint64_t began;            /* when we came, by our wall clock */
    int day;                   /* of the last line that has a time: another day has a line */
    unsigned quarters;         /* of the scan that is under way, as was told */
};

/* `wall`: today begins here. */
void plain_words_init(struct plain_words *words,
                      void (*put)(void *self, const char *line, size_t size), void *self,
                      uint64_t wall);

/* A name, quoted where it has to be. */
const char *plain_name(const char *raw, size_t size, char into[PLAIN_NAME_BYTES]);
/* What a conversation is called, ready to be shown. */
const char *plain_title(const struct plain_words *words, const char *conversation,
                        char into[PLAIN_NAME_BYTES]);
/* "#everyone > ", clean; of the words' `here`. */
void plain_prompt(const struct plain_words *words, char *into, size_t size);

/* A sentence of ours. */
void plain_say(struct plain_words *words, bool error, const char *text);
/* The same with gaps, translated already; `texts` may be raw. */
void plain_tell(struct plain_words *words, const char *sentence, const char *one, const char *two,
                const char *three);
/* The sentence and " (14:01)"; above it the day, where it is another one. */
void plain_tell_at(struct plain_words *words, uint64_t wall, const char *sentence, const char *one,
                   const char *two);

void plain_line(struct plain_words *words, const struct node_line *line);
/* The same of a line that the model holds. */
void plain_post(struct plain_words *words, const char *conversation, const struct post *post);
/* `now`: our wall clock. */
void plain_answer(struct plain_words *words, const struct node_answer *answer, uint64_t now);
void plain_scan(struct plain_words *words, const struct scan_event *event);

/* `count` of the `of` who are expected to have what was said last. */
void plain_delivered(struct plain_words *words, const char *conversation, size_t count, size_t of);
