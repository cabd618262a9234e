/* Code point by code point: folding whole texts would lose where in the text something stands. */
#include "ui/find.h"

#include "base/utf8.h"

#include <wctype.h>

static size_t lower_step(const char *text, size_t size, int32_t *code)
{
    size_t bytes = utf8_step(text, size, code);
    if (*code >= 'A' && *code <= 'Z')
        *code += 'a' - 'A';
    else if (*code >= 0x80)
        *code = (int32_t)towlower((wint_t)*code);
    return bytes;
}

/* Bytes of the text that are the words; 0: it does not begin with them. */
static size_t match(const char *text, size_t size, const char *words, size_t words_size)
{
    size_t at = 0, word = 0;
    while (word < words_size) {
        int32_t a, b;
        if (at == size)
            return 0;
        at += lower_step(text + at, size - at, &a);
        word += lower_step(words + word, words_size - word, &b);
        if (a != b)
            return 0;
    }
    return at;
}

size_t text_find(const char *text, size_t size, size_t from, const char *words, size_t words_size,
                 size_t *length)
{
    while (words_size > 0 && from < size) {
        int32_t code;
        *length = match(text + from, size - from, words, words_size);
        if (*length > 0)
            return from;
        from += utf8_step(text + from, size - from, &code);
    }
    return FIND_NONE;
}
