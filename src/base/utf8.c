/* UTF-8, strictly: utf8proc judges each step, and nothing is ever skipped unseen. */
#include "base/utf8.h"

#include <utf8proc.h>

static bool is_ascii(char byte)
{
    return (unsigned char)byte < 0x80;
}

size_t utf8_step(const char *text, size_t length, int32_t *code)
{
    if (is_ascii(*text)) {
        *code = *text;
        return 1;
    }
    size_t seen = length < UTF8_MOST ? length : UTF8_MOST;
    utf8proc_ssize_t bytes =
        utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)seen, code);
    if (bytes > 0)
        return (size_t)bytes;
    *code = UTF8_INVALID;
    return 1;
}

bool utf8_valid(const char *text, size_t length)
{
    int32_t code = 0;
    for (size_t at = 0; at < length && code != UTF8_INVALID;)
        at += utf8_step(text + at, length - at, &code);
    return code != UTF8_INVALID;
}

size_t utf8_write(int32_t code, char into[static UTF8_MOST])
{
    return (size_t)utf8proc_encode_char(code, (utf8proc_uint8_t *)into);
}
