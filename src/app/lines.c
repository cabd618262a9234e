/* Lines out of a stream of bytes. What is held never passes LINE_BYTES. */
#include "app/lines.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <string.h>

void lines_init(struct lines *lines,
                void (*line)(void *self, const char *text, size_t length,
                             enum line_problem problem),
                void *self)
{
    *lines = (struct lines){.line = line, .self = self};
    buf_init(&lines->held, LINE_BYTES + 2); /* its carriage return, and the zero behind it */
}

void lines_done(struct lines *lines)
{
    buf_done(&lines->held);
}

static enum line_problem problem_of(const char *text, size_t length)
{
    if (length > LINE_BYTES)
        return LINE_TOO_LONG;
    if (memchr(text, '\0', length))
        return LINE_HAS_NUL;
    return utf8_valid(text, length) ? LINE_FINE : LINE_NOT_UTF8;
}

static void line_give(struct lines *lines)
{
    struct buf *held = &lines->held;
    size_t length = held->length;
    if (length > 0 && buf_bytes(held)[length - 1] == '\r')
        length--;
    enum line_problem problem =
        lines->too_long ? LINE_TOO_LONG : problem_of((const char *)buf_bytes(held), length);
    if (problem == LINE_FINE) {
        if (!buf_add(held, "", 1))
            die("a line that is longer than was measured");
        char *text = (char *)held->room + held->start;
        text[length] = '\0';
        lines->line(lines->self, text, length, problem);
    } else {
        lines->line(lines->self, "", 0, problem);
    }
    buf_eat(held, held->length);
    lines->too_long = false;
}

static void part_hold(struct lines *lines, const char *bytes, size_t size)
{
    if (lines->too_long || buf_add(&lines->held, bytes, size))
        return;
    lines->too_long = true;
    buf_eat(&lines->held, lines->held.length);
}

void lines_add(struct lines *lines, const char *bytes, size_t size)
{
    while (size > 0) {
        const char *newline = memchr(bytes, '\n', size);
        size_t part = newline ? (size_t)(newline - bytes) : size;
        part_hold(lines, bytes, part);
        if (!newline)
            return;
        line_give(lines);
        bytes += part + 1;
        size -= part + 1;
    }
}

void lines_end(struct lines *lines)
{
    if (lines->held.length > 0 || lines->too_long)
        line_give(lines);
}
