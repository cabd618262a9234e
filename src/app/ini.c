/* One line after the other; none changes what another means. */
#include "app/ini.h"

#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

/* A part of the text. */
struct part {
    const char *at;
    size_t size;
};

struct reading {
    const struct ini_calls *calls;
    void *self;
    unsigned line;
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct part trimmed(const char *at, size_t size)
{
    while (size > 0 && is_blank(at[0])) {
        at++;
        size--;
    }
    while (size > 0 && is_blank(at[size - 1]))
        size--;
    return (struct part){at, size};
}

static bool copied(struct part part, char into[INI_TEXT_BYTES])
{
    if (part.size >= INI_TEXT_BYTES)
        return false;
    memcpy(into, part.at, part.size);
    into[part.size] = '\0';
    return true;
}

/* Where the = is that parts the line; its size: nowhere. */
static size_t equals_find(struct part line)
{
    size_t first = line.size;
    for (size_t i = 1; i < line.size; i++) {
        if (line.at[i] != '=')
            continue;
        if (is_blank(line.at[i - 1]))
            return i;
        if (first == line.size)
            first = i;
    }
    return first;
}

static struct part unquoted(struct part value)
{
    if (value.size >= 2 && value.at[0] == '"' && value.at[value.size - 1] == '"')
        return (struct part){value.at + 1, value.size - 2};
    return value;
}

static void section_take(const struct reading *reading, struct part line)
{
    char name[INI_TEXT_BYTES];
    if (line.at[line.size - 1] != ']')
        reading->calls->problem(reading->self, reading->line, INI_NO_PAIR);
    else if (!copied(trimmed(line.at + 1, line.size - 2), name))
        reading->calls->problem(reading->self, reading->line, INI_TOO_LONG);
    else
        reading->calls->section(reading->self, reading->line, name);
}

static void pair_take(const struct reading *reading, struct part line)
{
    char key[INI_TEXT_BYTES], value[INI_TEXT_BYTES];
    size_t equals = equals_find(line);
    if (equals == line.size) {
        reading->calls->problem(reading->self, reading->line, INI_NO_PAIR);
        return;
    }
    if (!copied(trimmed(line.at, equals), key) ||
        !copied(unquoted(trimmed(line.at + equals + 1, line.size - equals - 1)), value)) {
        reading->calls->problem(reading->self, reading->line, INI_TOO_LONG);
        return;
    }
    reading->calls->pair(reading->self, reading->line, key, value);
}

static void line_take(const struct reading *reading, const char *at, size_t size)
{
    struct part line = trimmed(at, size);
    bool comment = line.size > 0 && (line.at[0] == '#' || line.at[0] == ';');
    if (!utf8_valid(at, size) || memchr(at, '\0', size))
        reading->calls->problem(reading->self, reading->line, INI_NOT_TEXT);
    else if (line.size == 0 || comment)
        return;
    else if (line.at[0] == '[')
        section_take(reading, line);
    else
        pair_take(reading, line);
}

void ini_read(const char *bytes, size_t size, const struct ini_calls *calls, void *self)
{
    static const char MARK[] = "\xef\xbb\xbf";
    struct reading reading = {calls, self, 0};
    size_t at = size >= 3 && memcmp(bytes, MARK, 3) == 0 ? 3 : 0;
    while (at < size) {
        const char *newline = memchr(bytes + at, '\n', size - at);
        size_t length = newline ? (size_t)(newline - bytes) - at : size - at;
        reading.line++;
        line_take(&reading, bytes + at, length);
        at += length + (newline != NULL);
    }
}
