/* Allocation that dies cleanly. The only state is the function that runs before the end. */
#include "base/alloc.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void (*last_words)(void);

void die_last_words(void (*words)(void))
{
    last_words = words;
}

/* Memory is short in all threads at once: the first to die has the last words, and the others
 * wait for the end that it makes. */
static void die_alone(void)
{
    static int dying;
    static _Thread_local bool is_first;
    if (!is_first && __atomic_exchange_n(&dying, 1, __ATOMIC_SEQ_CST) != 0)
        while (__atomic_load_n(&dying, __ATOMIC_SEQ_CST))
            ; /* some milliseconds, and of a program that ends */
    is_first = true;
}

_Noreturn void die(const char *format, ...)
{
    die_alone();
    void (*words)(void) = last_words;
    last_words = NULL; /* they may die as well: then not again */
    if (words)
        words();
    va_list arguments;
    va_start(arguments, format);
    fputs("tertulia: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    abort();
}

static void *or_die(void *memory, size_t count, size_t size)
{
    if (!memory)
        die("out of memory (%zu times %zu bytes)", count, size);
    return memory;
}

void *xmalloc(size_t size)
{
    return or_die(malloc(size ? size : 1), 1, size);
}

void *xcalloc(size_t count, size_t size)
{
    return or_die(calloc(count ? count : 1, size ? size : 1), count, size);
}

void *xrealloc(void *old, size_t count, size_t size)
{
    return or_die(reallocarray(old, count ? count : 1, size ? size : 1), count, size);
}

char *xstrdup(const char *text)
{
    return xmemdup(text, strlen(text) + 1);
}

char *xstrndup(const char *text, size_t length)
{
    size_t kept = strnlen(text, length);
    char *copy = xmalloc(kept + 1);
    memcpy(copy, text, kept);
    copy[kept] = '\0';
    return copy;
}

void *xmemdup(const void *bytes, size_t size)
{
    void *copy = xmalloc(size);
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}
