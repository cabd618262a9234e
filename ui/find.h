#pragma once
/* Words looked for in a text, whatever the case of either. Pure. */
#include <stddef.h>

#define FIND_NONE ((size_t)-1)

/* Where `words` begin in text[from...], and how many bytes they take there. Words of no bytes are
 * nowhere. */
size_t text_find(const char *text, size_t size, size_t from, const char *words, size_t words_size,
                 size_t *length);
