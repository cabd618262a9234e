#pragma once
/* The words of a command line, and how a name with blanks in it is written as one word.
 *
 * A word ends at a blank. One that begins with " goes to the next " instead, blanks included; what
 * touches the closing " still belongs to it. A backslash takes the blank, quote or backslash after
 * it as it is; before anything else it stands for itself. So word_quote's word always reads back as
 * the text it was made of. */
#include <stdbool.h>
#include <stddef.h>

struct word {
    size_t start, end; /* where it stands in the line, quotes included */
    char *text;        /* unquoted, zero-ended, owned */
    size_t length;
    bool quoted;
};

enum word_result {
    WORD_OK,
    WORD_NONE, /* only blanks were left: the word is empty, at the end */
    WORD_OPEN, /* its closing quote is missing: the word goes to the end */
};

static inline bool blank_is(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The first offset from `at` on that holds no blank, or `size`. */
size_t blanks_skip(const char *line, size_t size, size_t at);

/* The word at or after `at`, for word_done to free whatever the result. */
enum word_result word_read(const char *line, size_t size, size_t at, struct word *into)
    __attribute__((warn_unused_result));
void word_done(struct word *word);

/* `text` as one word: quoted where it must be, or where `always` says so. To be freed. */
char *word_quote(const char *text, bool always);
