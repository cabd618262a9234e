#pragma once
/* Words of ours (dialects, settings, commands' English names) compared without regard to case, the
 * same in every locale. For names of people there is base/fold.h. */
#include <stdbool.h>
#include <stddef.h>

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Does `text` begin with `start`? */
static inline bool ascii_begins(const char *text, const char *start)
{
    size_t at = 0;
    while (start[at] && ascii_lower(text[at]) == ascii_lower(start[at]))
        at++;
    return start[at] == '\0';
}

static inline bool ascii_equal(const char *a, const char *b)
{
    return ascii_begins(a, b) && ascii_begins(b, a);
}
