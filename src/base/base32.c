/* Base32. Every run of bytes has exactly one text, and base32_decode takes no other. */
#include "base/base32.h"

#include <string.h>

static const char ALPHABET[] = "abcdefghijklmnopqrstuvwxyz234567";
enum { DIGIT_BITS = 5 };

void base32_encode(const uint8_t *bytes, size_t size, char *into, size_t characters)
{
    unsigned held = 0, bits = 0;
    size_t at = 0;
    for (size_t i = 0; i < characters; i++) {
        if (bits < DIGIT_BITS) {
            held = held << 8 | (at < size ? bytes[at++] : 0u);
            bits += 8;
        }
        bits -= DIGIT_BITS;
        into[i] = ALPHABET[held >> bits & 31u];
    }
    into[characters] = '\0';
}

static int digit_value(char c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= '2' && c <= '7')
        return c - '2' + 26;
    return -1;
}

bool base32_decode(const char *text, uint8_t *into, size_t size)
{
    if (strlen(text) != BASE32_LENGTH(size))
        return false;
    unsigned held = 0;
    unsigned bits = 0;
    size_t filled = 0;
    for (; *text; text++) {
        int value = digit_value(*text);
        if (value < 0)
            return false;
        held = held << DIGIT_BITS | (unsigned)value;
        bits += DIGIT_BITS;
        if (bits >= 8) {
            bits -= 8;
            into[filled++] = (uint8_t)(held >> bits);
            held &= (1u << bits) - 1;
        }
    }
    return held == 0;
}
