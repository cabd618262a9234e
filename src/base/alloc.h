#pragma once
/* Allocation that never returns NULL, and the one way to give up.
 *
 * Running out of memory and a broken invariant are the only errors that end the program here;
 * peers, disks and networks are expected to fail and never come this way. */
#include <stddef.h>

/* At least one byte is allocated, so that the result is always a pointer of one's own. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
/* Dies, like the others, where count * size would overflow. */
void *xrealloc(void *old, size_t count, size_t size);
char *xstrdup(const char *text);
/* Copies at most `length` bytes of `text`, and ends them with a zero. */
char *xstrndup(const char *text, size_t length);
void *xmemdup(const void *bytes, size_t size);

/* Says why on stderr, after the last words (a screen gives the terminal back there), and aborts. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What runs first in die(): one function, or NULL. It must not allocate. */
void die_last_words(void (*words)(void));
