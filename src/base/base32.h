#pragma once
/* Base32 as RFC 4648 has it, in lower case and without padding: what people read aloud. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters for `size` bytes, without the zero. */
#define BASE32_LENGTH(size) (((size)*8 + 4) / 5)

/* Writes `characters` characters, at most BASE32_LENGTH(size), and a zero. */
void base32_encode(const uint8_t *bytes, size_t size, char *into, size_t characters);
/* Fills exactly `size` bytes from exactly BASE32_LENGTH(size) characters of either case; false for
 * anything else, spare bits that are set included: so every value has one text. */
bool base32_decode(const char *text, uint8_t *into, size_t size)
    __attribute__((warn_unused_result));
