/* The history of the input line. */
#include "ui/history.h"

#include "base/alloc.h"
#include "ui/find.h"

#include <stdlib.h>
#include <string.h>

void history_init(struct history *history)
{
    *history = (struct history){0};
}

void history_stop(struct history *history)
{
    free(history->draft);
    history->draft = NULL;
    history->walking = false;
}

void history_done(struct history *history)
{
    history_stop(history);
    for (size_t i = 0; i < history->count; i++)
        free(history->lines[i]);
    free(history->lines);
    history_init(history);
}

static void oldest_drop(struct history *history)
{
    history->bytes -= strlen(history->lines[0]);
    free(history->lines[0]);
    history->count--;
    memmove(history->lines, history->lines + 1, history->count * sizeof(char *));
}

static bool is_blank(const char *text, size_t size)
{
    size_t at = 0;
    while (at < size && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t'))
        at++;
    return at == size;
}

bool history_add(struct history *history, const char *text, size_t size)
{
    const char *last = history_line(history, 0);
    history_stop(history);
    if (is_blank(text, size) || size > HISTORY_BYTES ||
        (last && strlen(last) == size && memcmp(last, text, size) == 0))
        return false;
    while (history->count > 0 &&
           (history->count == HISTORY_LINES || history->bytes + size > HISTORY_BYTES))
        oldest_drop(history);
    if (!history->lines)
        history->lines = xcalloc(HISTORY_LINES, sizeof(char *));
    history->lines[history->count++] = xstrndup(text, size);
    history->bytes += size;
    return true;
}

const char *history_line(const struct history *history, size_t index)
{
    return index < history->count ? history->lines[history->count - 1 - index] : NULL;
}

const char *history_draft(const struct history *history)
{
    return history->walking ? history->draft : NULL;
}

static void walk_begin(struct history *history, const struct editor *editor)
{
    if (history->walking)
        return;
    history->walking = true;
    history->at = HISTORY_NONE;
    history->draft = xstrndup(editor->text, editor->size);
    history->draft_size = editor->size;
}

static bool is_wanted(const struct history *history, size_t index)
{
    const char *line = history_line(history, index);
    return strncmp(line, history->draft, history->draft_size) == 0 && strcmp(line, history->draft);
}

bool history_walk(struct history *history, struct editor *editor, bool older)
{
    walk_begin(history, editor);
    size_t index = history->at; /* HISTORY_NONE + 1 is 0: the newest */
    do {
        if (!older && index == HISTORY_NONE)
            return false;
        index = older ? index + 1 : index - 1;
    } while (index < history->count && !is_wanted(history, index));
    if (older && index >= history->count)
        return false;
    history->at = index;
    const char *line = index == HISTORY_NONE ? history->draft : history_line(history, index);
    editor_set(editor, line, strlen(line));
    return true;
}

size_t history_search(const struct history *history, const char *text, size_t index)
{
    size_t size = strlen(text), length;
    for (; index < history->count; index++) {
        const char *line = history_line(history, index);
        if (text_find(line, strlen(line), 0, text, size, &length) != FIND_NONE)
            return index;
    }
    return HISTORY_NONE;
}
