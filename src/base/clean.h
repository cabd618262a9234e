#pragma once
/* Text of strangers, made fit for a screen: what would act, hide or pile up is shown as a token.
 *
 * `<U+202E>` stands for a code point, `<FF>` for a byte that is not UTF-8, `<+12>` for twelve
 * marks above the fourth on one base; a mark with no base sits on U+25CC. The result is UTF-8 of
 * visible characters and spaces, and cleaning it again changes nothing. Text that looks like a
 * token is left as it is: the tokens inform, they are not for reading back. */
#include <stddef.h>

enum {
    /* The result is at most so many times as long: `<U+0001>` for one byte is the worst. */
    CLEAN_FACTOR = 8,
    CLEAN_MARKS = 4, /* on one base: Hebrew with all its points; a curses cell holds no more */
    CLEAN_JOINS = 3, /* in one emoji: a family of four, a couple kissing */
};

enum clean_form {
    CLEAN_LINE, /* names, errors, file names: newlines and tabs are tokens too */
    CLEAN_BODY, /* messages: newlines stay, CR LF is a newline, a tab is four spaces */
};

/* A new string of *cleaned bytes and a zero after them; the caller frees it. Takes any bytes, in
 * time linear to their number. `cleaned` may be NULL: no zero is left inside. */
char *text_clean(const char *bytes, size_t length, enum clean_form form, size_t *cleaned)
    __attribute__((warn_unused_result));

/* As text_cut, of what text_clean made; what is left is as it would make it, and may be nothing. */
size_t text_clean_cut(const char *clean, size_t length, size_t most);
