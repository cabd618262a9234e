#pragma once
/* UTF-8 and code points. Strings are (bytes, length) everywhere: they may hold zeros, and need not
 * end with one.
 *
 * Strict: no surrogates, nothing written longer than it needs to be, nothing past U+10FFFF. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    UTF8_INVALID = -1, /* what a byte decodes to that begins no code point */
    UTF8_MOST = 4,     /* bytes of the longest code point */
};

/* Is all of it UTF-8? The empty string is. */
bool utf8_valid(const char *text, size_t length);

/* Decodes the first code point of at least one byte, and returns its length. A byte that begins
 * no code point is a step of one byte, and UTF8_INVALID. */
size_t utf8_step(const char *text, size_t length, int32_t *code);

/* Writes a code point (surrogates left out, up to U+10FFFF), and returns its length. */
size_t utf8_write(int32_t code, char into[static UTF8_MOST]);
