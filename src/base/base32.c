/* Base32. Every run of bytes has exactly one text, and base32_decode takes no other. */
#include "base/base32.h"

#include <string.h>

static const char ALPHABET[] = "abcdefghijklmnopqrstuvwxyz234567";
enum { DIGIT_BITS = 5 };

static unsigned digit_at(const uint8_t *bytes, size_t size, size_t index)
{
    unsigned value = 0;
    for (size_t bit = index * DIGIT_BITS; bit < (index + 1) * DIGIT_BITS; bit++) {
        unsigned one = bit < size * 8 ? ((unsigned)bytes[bit / 8] >> (7 - bit % 8)) & 1u : 0u;
        value = value << 1 | one;
    }
    return value;
}

void base32_encode(const uint8_t *bytes, size_t size, char *into, size_t characters)
{
    for (size_t i = 0; i < characters; i++)
        into[i] = ALPHABET[digit_at(bytes, size, i)];
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
