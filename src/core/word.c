/* Words and quotes: word_read(word_quote(text)) is text, for every text. */
#include "core/word.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

size_t blanks_skip(const char *line, size_t size, size_t at)
{
    while (at < size && blank_is(line[at]))
        at++;
    return at;
}

static bool backslash_takes(const char *line, size_t size, size_t at)
{
    return line[at] == '\\' && at + 1 < size &&
           (blank_is(line[at + 1]) || line[at + 1] == '"' || line[at + 1] == '\\');
}

enum word_result word_read(const char *line, size_t size, size_t at, struct word *into)
{
    at = blanks_skip(line, size, at);
    *into = (struct word){.start = at, .end = at};
    bool inside = at < size && line[at] == '"';
    into->quoted = inside;
    into->text = xmalloc(size - at + 1);
    for (at += inside; at < size && (inside || !blank_is(line[at])); at++) {
        if (inside && line[at] == '"') {
            inside = false;
            continue;
        }
        if (backslash_takes(line, size, at))
            at++;
        into->text[into->length++] = line[at];
    }
    into->text[into->length] = '\0';
    bool none = into->start == size;
    into->end = at;
    if (inside)
        return WORD_OPEN;
    return none ? WORD_NONE : WORD_OK;
}

void word_done(struct word *word)
{
    free(word->text);
    *word = (struct word){0};
}

static bool quotes_needed(const char *text)
{
    return !*text || strpbrk(text, " \t\n\v\f\r\"\\");
}

char *word_quote(const char *text, bool always)
{
    if (!always && !quotes_needed(text))
        return xstrdup(text);
    char *word = xmalloc(2 * strlen(text) + 3);
    size_t length = 0;
    word[length++] = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            word[length++] = '\\';
        word[length++] = *text;
    }
    word[length++] = '"';
    word[length] = '\0';
    return word;
}
