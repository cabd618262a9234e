#pragma once
/* The words of entries, for the search. */
#include "store/store_parts.h"

/* Those of the lines of one batch: they go into the index at its end, in order of place, which is
 * how FTS5 likes them. */
struct word_change;
struct word_changes {
    struct word_change *list;
    size_t count;
};

/* What is said there, for who searches; empty: it is not to be found, and gets no place. It stays
 * until free(*owned). */
struct span words_text(const struct db *db, const struct entry_fields *fields,
                       const struct whisper *whisper, void **owned);

/* On whose behalf it is said, for who searches. What is sealed names nobody: whoever is told there
 * is inside. */
struct span words_guest(const struct entry_fields *fields);

/* What a search finds a line by. */
struct line_words {
    uint64_t place;
    uint64_t author;       /* rows of `authors` */
    uint64_t conversation; /* and `conversations` */
    struct span text;
    struct span guest;
};

/* `remove` takes out exactly what was put in for it before. */
void words_change(struct word_changes *changes, const struct line_words *line, bool remove);
/* Into the index, where nothing went wrong; then forgotten. */
void words_flush(struct db *db, struct word_changes *changes);

/* Whether the index contradicts itself: it is read from end to end. */
bool words_are_damaged(struct db *db);

/* The marks of author and conversation: words that nobody can type. */
enum { TAG_BYTES = 24 };
void tag_author(uint64_t author, char into[TAG_BYTES]);
void tag_conversation(uint64_t conversation, char into[TAG_BYTES]);
/* The lowest place of an entry of this key. Those of lower keys are below it, as long as not
 * thousands came within one ms. */
enum { PLACE_BITS = 4 }; /* 16 places for one ms: a busy mesh needs one or two */
uint64_t place_of_key(uint64_t key);
