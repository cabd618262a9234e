/* The table of plain dialects, what a first message says of its sender, and names that can stand in
 * front of words. Invariant: a label never holds what ends one. */
#include "base/alloc.h"
#include "base/clean.h"
#include "base/text.h"
#include "dialect/guest_parts.h"

#include <stdlib.h>
#include <string.h>

/* Those that a first message can tell, in the order in which they are asked. */
static const struct dialect *const DIALECTS[] = {
    &dialect_join, &dialect_named, &dialect_dated, &dialect_piped, &dialect_neighbour,
};

enum { DIALECT_COUNT = sizeof DIALECTS / sizeof *DIALECTS };

const struct dialect *dialect_find(const char *name)
{
    for (size_t i = 0; i < DIALECT_COUNT; i++)
        if (strcmp(DIALECTS[i]->name, name) == 0)
            return DIALECTS[i];
    return NULL;
}

const struct dialect *dialect_of_port(uint16_t port)
{
    for (size_t i = 0; i < DIALECT_COUNT; i++)
        if (port != 0 && DIALECTS[i]->port == port)
            return DIALECTS[i];
    return NULL;
}

const struct dialect *dialect_of_first(struct span first)
{
    for (size_t i = 0; i < DIALECT_COUNT; i++)
        if (DIALECTS[i]->fits(first))
            return DIALECTS[i];
    return &dialect_plain;
}

/* ---- text ---- */

bool span_begins(struct span text, const char *with)
{
    size_t size = strlen(with);
    return text.size >= size && memcmp(text.bytes, with, size) == 0;
}

bool span_is(struct span text, const char *what)
{
    return text.size == strlen(what) && span_begins(text, what);
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\n';
}

struct span span_trim(struct span text)
{
    while (text.size && is_blank(text.bytes[text.size - 1]))
        text.size--;
    return span_after(text, 0);
}

struct span span_after(struct span text, size_t size)
{
    while (size < text.size && is_blank(text.bytes[size]))
        size++;
    return size < text.size ? span_of(text.bytes + size, text.size - size) : span_of(NULL, 0);
}

size_t span_find(struct span text, const char *what)
{
    size_t size = strlen(what);
    for (size_t at = 0; at + size <= text.size; at++)
        if (memcmp(text.bytes + at, what, size) == 0)
            return at;
    return text.size;
}

/* ---- names ---- */

char *name_clean(struct span name, size_t *size)
{
    name = span_trim(name);
    char *text = text_clean((const char *)name.bytes, name.size, CLEAN_LINE, size);
    *size = span_trim(span_of(text, text_clean_cut(text, *size, GUEST_NAME_MAX))).size;
    text[*size] = '\0';
    return text;
}

/* What may stand in a label for this byte; `next` is the one after it, or a blank. */
static char label_byte(enum dialect_style style, char byte, char next)
{
    switch (style) {
    case STYLE_BAR:
        /* a caller whose first message this is would not be known by it */
        return byte == '|' ? '/' : byte == ' ' ? '_' : byte;
    case STYLE_COLON:
    case STYLE_DATED:
    case STYLE_MSG:
        return byte == ':' && next == ' ' ? ';' : byte;
    }
    die("no such style of a dialect");
}

size_t label_write(enum dialect_style style, struct span who, char into[GUEST_LABEL_MAX])
{
    /* those who read names with a bar take 64 bytes at most for one */
    size_t most = style == STYLE_BAR ? GUEST_NAME_MAX : GUEST_LABEL_MAX;
    size_t size;
    who = span_trim(who);
    char *text = text_clean((const char *)who.bytes, who.size, CLEAN_LINE, &size);
    size = text_clean_cut(text, size, most);
    for (size_t i = 0; i < size; i++)
        into[i] = label_byte(style, text[i], i + 1 < size ? text[i + 1] : ' ');
    free(text);
    if (size == 0)
        into[size++] = '?';
    return size;
}
