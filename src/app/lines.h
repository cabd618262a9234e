#pragma once
/* Bytes into lines, whatever arrives: a line is given whole or refused whole. */
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum { LINE_BYTES = 65536 }; /* the longest line: a large paste; longer is refused */

enum line_problem { LINE_FINE, LINE_TOO_LONG, LINE_NOT_UTF8, LINE_HAS_NUL };

struct lines {
    struct buf held;
    bool too_long; /* the rest of this line is dropped */
    /* The text ends with a zero, has no newline and no carriage return before it; it is empty where
     * there is a problem. */
    void (*line)(void *self, const char *text, size_t length, enum line_problem problem);
    void *self;
};

void lines_init(struct lines *lines,
                void (*line)(void *self, const char *text, size_t length,
                             enum line_problem problem),
                void *self);
void lines_done(struct lines *lines);
/* Gives every line that these bytes end. */
void lines_add(struct lines *lines, const char *bytes, size_t size);
/* Gives what is left when the input ends without a newline. */
void lines_end(struct lines *lines);
