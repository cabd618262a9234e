/* The line editor under any keys at all: after each step the text is what the editor promises, and
 * taking everything back ends where it began.
 *
 * Each byte is a job; some take the next byte as how many bytes of what follows they insert. */
#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"
#include "ui/editor.h"
#include "ui/history.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 300 };

static void text_check(const struct editor *editor)
{
    if (editor->size > LIMIT || editor->text[editor->size] != '\0')
        die("past the limit");
    if (!utf8_valid(editor->text, editor->size) || strlen(editor->text) != editor->size)
        die("not text");
    for (size_t i = 0; i < editor->size; i++)
        if ((unsigned char)editor->text[i] < 0x20 && editor->text[i] != '\n' &&
            editor->text[i] != '\t')
            die("a control character");
    size_t at = 0;
    while (at < editor->cursor)
        at += text_step(editor->text + at, editor->size - at).bytes;
    if (at != editor->cursor)
        die("the cursor is within a cluster");
}

/* A job of the upper half of the bytes: inserts. Returns how much of the data it took. */
static size_t put(struct editor *editor, uint8_t job, const uint8_t *data, size_t size)
{
    size_t length = size > 0 ? data[0] % 64 : 0;
    if (size == 0 || length > size - 1)
        return size;
    const char *bytes = (const char *)data + 1;
    if (editor_insert(editor, bytes, length, job & 1) > length)
        die("more was left out than came");
    return 1 + length;
}

static void job_do(struct editor *editor, struct history *history, uint8_t job)
{
    enum editor_place place = (enum editor_place)(job % (EDITOR_END + 1));
    switch (job / 16) {
    case 0:
        (void)editor_move(editor, place);
        break;
    case 1:
        (void)editor_erase(editor, place, job & 1);
        break;
    case 2:
        (void)(job & 1 ? editor_yank(editor) : editor_yank_older(editor));
        break;
    case 3:
        (void)editor_undo(editor);
        break;
    case 4:
        history_add(history, editor->text, editor->size);
        break;
    case 5:
        (void)history_walk(history, editor, job & 1);
        break;
    case 6:
        editor_go(editor, (size_t)job * 7 % (editor->size + 1));
        break;
    default:
        history_stop(history);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct editor editor;
    struct history history;
    editor_init(&editor, LIMIT);
    history_init(&history);
    size_t jobs = 0;
    for (size_t at = 0; at < size && jobs < EDITOR_UNDO; jobs++) {
        uint8_t job = data[at++];
        if (job >= 0x80)
            at += put(&editor, job, data + at, size - at);
        else
            job_do(&editor, &history, job);
        text_check(&editor);
    }
    while (editor_undo(&editor))
        text_check(&editor);
    if (editor.size != 0 || editor.step_bytes != 0)
        die("not everything was taken back");
    history_done(&history);
    editor_done(&editor);
    return 0;
}
