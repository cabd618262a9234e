#pragma once
/* Texts brought to a form in which they can be compared.
 *
 * All functions give a new string of *out bytes and a zero after them; the caller frees it. Both
 * take time linear to its length, and done twice they change nothing more. Bytes that are not all
 * UTF-8 come back as they are: they are equal to the very same bytes only. */
#include <stddef.h>

enum {
    FOLD_NFC_FACTOR = 3,   /* U+1D160 and its like: 4 bytes become 12 */
    FOLD_NAME_FACTOR = 11, /* U+FDFA: 3 bytes become 33 */
};

/* Composed (Unicode's NFC): looks the same, and is written in one way only. At most FOLD_NFC_FACTOR
 * times as long. */
char *text_nfc(const char *text, size_t length, size_t *out) __attribute__((warn_unused_result));

/* What two names have in common when they differ only in case, width, compatibility forms,
 * invisible code points and spaces (runs are one, none at the ends). For comparing, not for
 * showing. At most FOLD_NAME_FACTOR times as long. */
char *name_fold(const char *name, size_t length, size_t *out) __attribute__((warn_unused_result));

/* The same without accents and vowel points: what somebody types who is in a hurry, or has not
 * their keys. Not for telling names apart. */
char *name_fold_bare(const char *name, size_t length, size_t *out)
    __attribute__((warn_unused_result));
