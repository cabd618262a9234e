#pragma once
/* Settings as people write them: sections, `key = value`, comments.
 *
 * Pure. Invariant: every line of the text is a pair, a section, a problem, a comment or empty, and
 * is given at most once, in order; what is given is UTF-8 without a NUL. */
#include <stddef.h>

enum {
    INI_BYTES = 64 * 1024, /* of a file: every setting and key a hundred times over */
    INI_TEXT_BYTES = 256,  /* of a section, a key or a value: longer than any that there is */
};

enum ini_problem {
    INI_NOT_TEXT, /* not UTF-8, or with a NUL */
    INI_NO_PAIR,  /* neither `key = value` nor a section that is closed */
    INI_TOO_LONG, /* a text of more than INI_TEXT_BYTES */
};

/* Texts live until the call returns. Lines count from 1. */
struct ini_calls {
    void (*section)(void *self, unsigned line, const char *name);
    void (*pair)(void *self, unsigned line, const char *key, const char *value);
    void (*problem)(void *self, unsigned line, enum ini_problem problem);
};

/* Any bytes at all. Lines end with LF or CRLF, the first may begin with a byte order mark. A
 * comment is a line that begins with # or ;. Blanks around keys and values do not count, nor does
 * one pair of quotes around the value. The first = that has a blank before it parts the two, or
 * else the first of all that something stands before: so = itself can be a key. */
void ini_read(const char *bytes, size_t size, const struct ini_calls *calls, void *self);
