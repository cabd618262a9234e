/* The line editor. One flat buffer: at 64 KiB moving all of it is a few microseconds. Every change
 * goes through change(), so that undo misses none. */
#include "ui/editor.h"

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <wctype.h>

enum { FIRST_ROOM = 256 };

void editor_init(struct editor *editor, size_t limit)
{
    *editor = (struct editor){.limit = limit, .room = FIRST_ROOM};
    editor->text = xcalloc(1, FIRST_ROOM);
}

static void steps_drop(struct editor *editor)
{
    for (size_t i = 0; i < editor->step_count; i++)
        free(editor->steps[(editor->step_first + i) % EDITOR_UNDO].removed);
    editor->step_first = editor->step_count = editor->step_bytes = 0;
}

void editor_done(struct editor *editor)
{
    steps_drop(editor);
    for (size_t i = 0; i < editor->kill_count; i++)
        free(editor->kills[i]);
    free(editor->text);
    *editor = (struct editor){0};
}

void editor_reset(struct editor *editor)
{
    steps_drop(editor);
    editor->size = editor->cursor = 0;
    editor->text[0] = '\0';
    editor->last = EDITOR_DID_OTHER;
}

/* ---- clusters ---- */

static bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7f;
}

static size_t line_start(const struct editor *editor, size_t at)
{
    while (at > 0 && editor->text[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_end(const struct editor *editor, size_t at)
{
    const char *end = memchr(editor->text + at, '\n', editor->size - at);
    return end ? (size_t)(end - editor->text) : editor->size;
}

static size_t cluster_after(const struct editor *editor, size_t at)
{
    return at < editor->size ? at + text_step(editor->text + at, editor->size - at).bytes : at;
}

/* The last boundary before `at`, which is above 0. Clusters are found from the start of the line,
 * but for the common case: between two plain characters there always is one. */
static size_t cluster_before(const struct editor *editor, size_t at)
{
    const char *text = editor->text;
    if (is_plain(text[at - 1]) && (at == 1 || is_plain(text[at - 2])))
        return at - 1;
    size_t found = line_start(editor, at - 1);
    for (size_t next = found; next < at; next = cluster_after(editor, next))
        found = next;
    return found;
}

/* The first boundary from `at` on. */
static size_t boundary_from(const struct editor *editor, size_t at)
{
    const char *text = editor->text;
    if (at >= editor->size)
        return editor->size;
    if (at == 0 || (is_plain(text[at]) && is_plain(text[at - 1])))
        return at;
    size_t found = line_start(editor, at);
    while (found < at)
        found = cluster_after(editor, found);
    return found;
}

/* ---- words ---- */

/* Part of a word: letters, digits and whatever is not ASCII and no space, in any script. */
static bool is_word(const struct editor *editor, size_t at)
{
    int32_t code;
    (void)utf8_step(editor->text + at, editor->size - at, &code);
    if (code < 0x80)
        return (code >= '0' && code <= '9') || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z');
    return !iswspace((wint_t)code) && !iswpunct((wint_t)code);
}

static bool is_blank(const struct editor *editor, size_t at)
{
    char c = editor->text[at];
    return c == ' ' || c == '\n' || c == '\t';
}

static size_t word_left(const struct editor *editor, size_t at,
                        bool (*in_word)(const struct editor *, size_t), bool wanted)
{
    while (at > 0 && in_word(editor, cluster_before(editor, at)) != wanted)
        at = cluster_before(editor, at);
    while (at > 0 && in_word(editor, cluster_before(editor, at)) == wanted)
        at = cluster_before(editor, at);
    return at;
}

static size_t word_right(const struct editor *editor, size_t at)
{
    while (at < editor->size && !is_word(editor, at))
        at = cluster_after(editor, at);
    while (at < editor->size && is_word(editor, at))
        at = cluster_after(editor, at);
    return at;
}

size_t editor_find(const struct editor *editor, enum editor_place place)
{
    size_t at = editor->cursor;
    switch (place) {
    case EDITOR_LEFT:
        return at > 0 ? cluster_before(editor, at) : 0;
    case EDITOR_RIGHT:
        return cluster_after(editor, at);
    case EDITOR_WORD_LEFT:
        return word_left(editor, at, is_word, true);
    case EDITOR_BLANK_LEFT:
        return word_left(editor, at, is_blank, false);
    case EDITOR_WORD_RIGHT:
        return word_right(editor, at);
    case EDITOR_LINE_START:
        return line_start(editor, at);
    case EDITOR_LINE_END:
        return line_end(editor, at);
    case EDITOR_START:
        return 0;
    case EDITOR_END:
        return editor->size;
    }
    die("no such place in a line: %d", (int)place);
}

bool editor_move(struct editor *editor, enum editor_place place)
{
    size_t to = editor_find(editor, place);
    bool moved = to != editor->cursor;
    editor->cursor = to;
    editor->last = EDITOR_DID_OTHER;
    return moved;
}

void editor_go(struct editor *editor, size_t at)
{
    editor->cursor = boundary_from(editor, at);
    editor->last = EDITOR_DID_OTHER;
}

/* ---- changes ---- */

static struct editor_step *step_newest(struct editor *editor)
{
    return &editor->steps[(editor->step_first + editor->step_count - 1) % EDITOR_UNDO];
}

static void step_oldest_drop(struct editor *editor)
{
    struct editor_step *step = &editor->steps[editor->step_first];
    editor->step_bytes -= step->removed_size;
    free(step->removed);
    editor->step_first = (editor->step_first + 1) % EDITOR_UNDO;
    editor->step_count--;
}

static void step_add(struct editor *editor, size_t from, size_t to, size_t added)
{
    size_t removed = to - from;
    while (editor->step_count > 0 &&
           (editor->step_count == EDITOR_UNDO || editor->step_bytes + removed > EDITOR_UNDO_BYTES))
        step_oldest_drop(editor);
    editor->step_count++;
    editor->step_bytes += removed;
    *step_newest(editor) = (struct editor_step){
        .at = from,
        .added = added,
        .removed_size = removed,
        .removed = removed > 0 ? xmemdup(editor->text + from, removed) : NULL,
        .cursor = editor->cursor,
    };
}

static void room_make(struct editor *editor, size_t size)
{
    if (size < editor->room)
        return;
    size_t room = editor->room;
    while (room <= size)
        room *= 2;
    editor->text = xrealloc(editor->text, room, 1);
    editor->room = room;
}

/* [from, to) becomes these bytes, which are clean and fit. */
static void splice(struct editor *editor, size_t from, size_t to, const char *bytes, size_t size)
{
    size_t after = editor->size - to;
    room_make(editor, from + size + after);
    memmove(editor->text + from + size, editor->text + to, after);
    if (size > 0)
        memcpy(editor->text + from, bytes, size);
    editor->size = from + size + after;
    editor->text[editor->size] = '\0';
}

static void change(struct editor *editor, size_t from, size_t to, const char *bytes, size_t size)
{
    step_add(editor, from, to, size);
    splice(editor, from, to, bytes, size);
    editor->cursor = boundary_from(editor, from + size);
}

/* ---- what comes in ---- */

/* How the code point of `bytes` bytes is written in the text; 0: not at all. */
static size_t code_clean(const char *bytes, size_t step, int32_t code, char into[UTF8_MOST])
{
    if (code == UTF8_INVALID)
        code = 0xfffd;
    else if (code == '\r')
        code = '\n';
    else if ((code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7f && code < 0xa0))
        return 0;
    else {
        memcpy(into, bytes, step);
        return step;
    }
    return utf8_write(code, into);
}

/* Writes what fits into `most` bytes of `into`; returns how many bytes of the source that took. */
static size_t bytes_clean(const char *bytes, size_t size, char *into, size_t most, size_t *written)
{
    size_t at = 0;
    *written = 0;
    while (at < size) {
        int32_t code;
        char clean[UTF8_MOST];
        size_t step = utf8_step(bytes + at, size - at, &code);
        size_t length = code_clean(bytes + at, step, code, clean);
        if (*written + length > most)
            break;
        memcpy(into + *written, clean, length);
        *written += length;
        at += step;
        if (code == '\r' && at < size && bytes[at] == '\n')
            at++;
    }
    return at;
}

/* Goes on with the last typed word? */
static bool types_on(struct editor *editor, const char *bytes)
{
    if (editor->last != EDITOR_DID_TYPE || editor->step_count == 0)
        return false;
    const struct editor_step *step = step_newest(editor);
    bool starts_word = *bytes != ' ' && editor->cursor > 0 && is_blank(editor, editor->cursor - 1);
    return !starts_word && step->at + step->added == editor->cursor;
}

static void typed_add(struct editor *editor, const char *bytes, size_t size)
{
    if (types_on(editor, bytes)) {
        splice(editor, editor->cursor, editor->cursor, bytes, size);
        step_newest(editor)->added += size;
        editor->cursor = boundary_from(editor, editor->cursor + size);
    } else {
        change(editor, editor->cursor, editor->cursor, bytes, size);
    }
    editor->last = EDITOR_DID_TYPE;
}

size_t editor_insert(struct editor *editor, const char *bytes, size_t size, bool typed)
{
    char few[64]; /* what keys send: no memory is asked for */
    size_t most = editor->limit - editor->size;
    size_t written;
    char *clean = size * 3 <= sizeof few ? few : xmalloc(size * 3);
    size_t taken = bytes_clean(bytes, size, clean, most, &written);
    if (written > 0 && typed)
        typed_add(editor, clean, written);
    if (written > 0 && !typed) {
        change(editor, editor->cursor, editor->cursor, clean, written);
        editor->last = EDITOR_DID_OTHER;
    }
    if (clean != few)
        free(clean);
    return size - taken;
}

void editor_replace(struct editor *editor, size_t from, size_t to, const char *bytes, size_t size)
{
    size_t written;
    size_t most = editor->limit - (editor->size - (to - from));
    char *clean = xmalloc(size * 3);
    (void)bytes_clean(bytes, size, clean, most, &written);
    change(editor, from, to, clean, written);
    editor->last = EDITOR_DID_OTHER;
    free(clean);
}

void editor_set(struct editor *editor, const char *bytes, size_t size)
{
    editor_replace(editor, 0, editor->size, bytes, size);
}

/* ---- cuts ---- */

static void kill_push(struct editor *editor, char *text)
{
    if (editor->kill_count == EDITOR_KILLS)
        free(editor->kills[--editor->kill_count]);
    memmove(editor->kills + 1, editor->kills, editor->kill_count * sizeof(char *));
    editor->kills[0] = text;
    editor->kill_count++;
}

/* Cuts made one right after the other are one piece. */
static void kill_keep(struct editor *editor, size_t from, size_t to)
{
    char *cut = xstrndup(editor->text + from, to - from);
    if (editor->last != EDITOR_DID_KILL || editor->kill_count == 0) {
        kill_push(editor, cut);
        return;
    }
    const char *old = editor->kills[0];
    size_t old_size = strlen(old), cut_size = to - from;
    if (old_size + cut_size > EDITOR_KILL_BYTES) {
        kill_push(editor, cut);
        return;
    }
    bool before = from < editor->cursor;
    char *both = xmalloc(old_size + cut_size + 1);
    memcpy(both + (before ? cut_size : 0), old, old_size);
    memcpy(both + (before ? 0 : old_size), cut, cut_size);
    both[old_size + cut_size] = '\0';
    free(cut);
    free(editor->kills[0]);
    editor->kills[0] = both;
}

bool editor_erase(struct editor *editor, enum editor_place place, bool keep)
{
    size_t to = editor_find(editor, place);
    size_t low = to < editor->cursor ? to : editor->cursor;
    size_t high = to < editor->cursor ? editor->cursor : to;
    if (low == high)
        return false;
    if (keep)
        kill_keep(editor, low, high);
    change(editor, low, high, NULL, 0);
    editor->last = keep ? EDITOR_DID_KILL : EDITOR_DID_OTHER;
    return true;
}

static void yank(struct editor *editor, size_t from, size_t to, size_t index)
{
    const char *cut = editor->kills[index];
    size_t size = strlen(cut);
    size_t most = editor->limit - (editor->size - (to - from));
    size = text_cut(cut, size, size < most ? size : most);
    change(editor, from, to, cut, size);
    editor->yank_at = from;
    editor->yank_size = size;
    editor->yank_index = index;
    editor->last = EDITOR_DID_YANK;
}

bool editor_yank(struct editor *editor)
{
    if (editor->kill_count == 0)
        return false;
    yank(editor, editor->cursor, editor->cursor, 0);
    return true;
}

bool editor_yank_older(struct editor *editor)
{
    if (editor->last != EDITOR_DID_YANK)
        return false;
    yank(editor, editor->yank_at, editor->yank_at + editor->yank_size,
         (editor->yank_index + 1) % editor->kill_count);
    return true;
}

bool editor_undo(struct editor *editor)
{
    if (editor->step_count == 0)
        return false;
    struct editor_step step = *step_newest(editor);
    editor->step_count--;
    editor->step_bytes -= step.removed_size;
    splice(editor, step.at, step.at + step.added, step.removed, step.removed_size);
    editor->cursor = boundary_from(editor, step.cursor);
    editor->last = EDITOR_DID_OTHER;
    free(step.removed);
    return true;
}
