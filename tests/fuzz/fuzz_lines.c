/* What is piped into tertuliad: any bytes in any chunks are the same lines, each whole or refused
 * whole; and a line that goes wrong comes back in an object of JSON that is one line, has nothing
 * raw in it that a terminal would obey, and reads back as it was typed.
 *
 * The first byte says how the bytes are chunked; where its highest bit is set, each byte 1 stands
 * for thousands of letters, for lines are long before they are too long. */
#include "app/json.h"
#include "app/lines.h"
#include "base/alloc.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOTES = 4 << 20, LETTERS = 9000, LETTERS_MOST = 20 };

static void must(bool holds, const char *what)
{
    if (!holds)
        die("%s", what);
}

static void note(struct buf *notes, const void *bytes, size_t size)
{
    must(buf_add(notes, bytes, size), "more lines than bytes can make");
}

static void on_line(void *self, const char *text, size_t length, enum line_problem problem)
{
    must(length <= LINE_BYTES, "a line past its bound");
    must(text[length] == '\0', "a line without an end");
    must(problem == LINE_FINE || length == 0, "half of a line");
    must(!memchr(text, '\0', length) && !memchr(text, '\n', length), "a line that is two");
    must(utf8_valid(text, length), "a line that is no text");
    note(self, &problem, sizeof problem);
    note(self, text, length + 1);
}

static struct buf run(const uint8_t *data, size_t size, size_t chunk)
{
    struct lines lines;
    struct buf notes;
    buf_init(&notes, NOTES);
    lines_init(&lines, on_line, &notes);
    for (size_t at = 0; at < size; at += chunk) {
        size_t part = size - at < chunk ? size - at : chunk;
        char *exact = xmemdup(data + at, part);
        lines_add(&lines, exact, part);
        free(exact);
    }
    lines_end(&lines);
    lines_done(&lines);
    return notes;
}

/* The same by the plain rule: what stands between two newlines, without a carriage return before
 * the second, or why not. */
static struct buf split(const uint8_t *data, size_t size)
{
    struct buf notes;
    buf_init(&notes, NOTES);
    for (size_t at = 0, end; at < size; at = end + 1) {
        const uint8_t *newline = memchr(data + at, '\n', size - at);
        end = newline ? (size_t)(newline - data) : size;
        size_t length = end - at;
        if (length > 0 && data[end - 1] == '\r')
            length--;
        const char *text = (const char *)data + at;
        enum line_problem problem = length > LINE_BYTES          ? LINE_TOO_LONG
                                    : memchr(text, '\0', length) ? LINE_HAS_NUL
                                    : !utf8_valid(text, length)  ? LINE_NOT_UTF8
                                                                 : LINE_FINE;
        note(&notes, &problem, sizeof problem);
        if (problem == LINE_FINE)
            note(&notes, text, length);
        note(&notes, "", 1);
    }
    return notes;
}

static bool notes_equal(const struct buf *a, const struct buf *b)
{
    return a->length == b->length && memcmp(buf_bytes(a), buf_bytes(b), a->length) == 0;
}

static void is_harmless(const char *text, size_t size)
{
    must(utf8_valid(text, size), "JSON that is no text");
    for (size_t at = 0; at < size;) {
        int32_t code;
        at += utf8_step(text + at, size - at, &code);
        must(code >= 0x20 && (code < 0x7f || code > 0x9f), "a control character in JSON");
        must(code < 0x202a || code > 0x202e, "JSON that turns the line around");
    }
}

/* As an error answers a line; of any bytes, for what others say is written so as well. */
static void comes_back(const uint8_t *data, size_t size)
{
    size_t length;
    json_t *members = json_object();
    json_object_set_new(members, "command", span_json(span_of(data, size)));
    char *text = event_text("error", size, members, &length);
    must(strlen(text) == length, "JSON with a zero in it");
    is_harmless(text, length);
    json_t *back = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    must(back != NULL, "JSON that cannot be read");
    const json_t *command = json_object_get(back, "command");
    must(json_is_string(command), "the line is gone");
    bool same =
        json_string_length(command) == size && memcmp(json_string_value(command), data, size) == 0;
    must(same || !utf8_valid((const char *)data, size), "the line came back as another");
    json_decref(back);
    free(text);
}

static size_t letters_put(uint8_t *into, const uint8_t *data, size_t size)
{
    size_t length = 0, times = 0;
    for (size_t i = 0; i < size; i++) {
        bool letters = data[i] == 1 && times++ < LETTERS_MOST;
        memset(into + length, letters ? 'x' : data[i], letters ? LETTERS : 1);
        length += letters ? LETTERS : 1;
    }
    return length;
}

static void all_ways(const uint8_t *data, size_t size, size_t chunk)
{
    struct buf whole = run(data, size, size + 1);
    struct buf parts = run(data, size, chunk);
    struct buf right = split(data, size);
    must(notes_equal(&whole, &parts), "chunks change the lines");
    must(notes_equal(&whole, &right), "these are not the lines that were typed");
    buf_done(&whole);
    buf_done(&parts);
    buf_done(&right);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t chunk = (size_t)(data[0] & 127) + 1;
    if (data[0] & 128) {
        uint8_t *longer = xmalloc(size + (size_t)LETTERS * LETTERS_MOST);
        all_ways(longer, letters_put(longer, data + 1, size - 1), chunk * 64);
        free(longer);
    } else {
        all_ways(data + 1, size - 1, chunk);
    }
    comes_back(data + 1, size - 1);
    return 0;
}
