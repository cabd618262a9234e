/* Normal forms, by utf8proc's tables. Only the order of marks is made here: utf8proc sorts them one
 * exchange at a time, which a text of nothing but marks turns into minutes. */
#include "base/fold.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum {
    CLASSES = 256,        /* of combining */
    DECOMPOSED_MOST = 18, /* code points of U+FDFA, the longest */
};

struct codes {
    int32_t *at;
    size_t count;
    size_t size;
};

static void codes_reserve(struct codes *codes, size_t more)
{
    if (codes->size - codes->count >= more)
        return;
    codes->size = codes->size * 2 + more;
    codes->at = xrealloc(codes->at, codes->size, sizeof *codes->at);
}

static struct codes codes_of(const char *text, size_t length)
{
    struct codes codes = {0};
    codes_reserve(&codes, length + 1);
    for (size_t at = 0; at < length;)
        at += utf8_step(text + at, length - at, &codes.at[codes.count++]);
    return codes;
}

static char *codes_write(const struct codes *codes, size_t *out)
{
    char *text = xrealloc(NULL, codes->count + 1, UTF8_MOST);
    size_t length = 0;
    for (size_t i = 0; i < codes->count; i++)
        length += utf8_write(codes->at[i], text + length);
    text[length] = '\0';
    *out = length;
    return xrealloc(text, length + 1, 1);
}

static uint8_t class_of(int32_t code)
{
    return (uint8_t)utf8proc_get_property(code)->combining_class;
}

/* By class, and within a class as they came: counted, so that the time is linear. */
static void sort_marks(int32_t *marks, size_t count)
{
    size_t place[CLASSES + 1] = {0};
    for (size_t i = 0; i < count; i++)
        place[class_of(marks[i]) + 1]++;
    for (size_t rank = 1; rank < CLASSES; rank++)
        place[rank] += place[rank - 1];
    int32_t *sorted = xrealloc(NULL, count, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[place[class_of(marks[i])]++] = marks[i];
    memcpy(marks, sorted, count * sizeof *sorted);
    free(sorted);
}

static void order_marks(struct codes *codes)
{
    for (size_t start = 0; start < codes->count;) {
        size_t end = start;
        uint8_t before = 0;
        bool ordered = true;
        for (; end < codes->count; end++) {
            uint8_t rank = class_of(codes->at[end]);
            if (rank == 0)
                break;
            ordered = ordered && rank >= before;
            before = rank;
        }
        if (!ordered)
            sort_marks(codes->at + start, end - start);
        start = end + 1;
    }
}

/* Takes all apart, by the options of utf8proc, and puts the marks in order. */
static struct codes decompose(const struct codes *codes, int options)
{
    struct codes parts = {0};
    codes_reserve(&parts, codes->count + 1);
    for (size_t i = 0; i < codes->count; i++) {
        codes_reserve(&parts, DECOMPOSED_MOST);
        int bound = 0;
        utf8proc_ssize_t count =
            utf8proc_decompose_char(codes->at[i], parts.at + parts.count, DECOMPOSED_MOST,
                                    (utf8proc_option_t)options, &bound);
        if (count < 0 || count > DECOMPOSED_MOST)
            die("a code point has %td parts", count);
        parts.count += (size_t)count;
    }
    order_marks(&parts);
    return parts;
}

static void compose(struct codes *parts)
{
    utf8proc_ssize_t count = utf8proc_normalize_utf32(parts->at, (utf8proc_ssize_t)parts->count,
                                                      UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    if (count < 0)
        die("a text does not compose: %s", utf8proc_errmsg(count));
    parts->count = (size_t)count;
}

static char *copy(const char *text, size_t length, size_t *out)
{
    char *same = xmalloc(length + 1);
    if (length > 0)
        memcpy(same, text, length);
    same[length] = '\0';
    *out = length;
    return same;
}

char *text_nfc(const char *text, size_t length, size_t *out)
{
    if (!utf8_valid(text, length))
        return copy(text, length, out);
    struct codes codes = codes_of(text, length);
    struct codes composed = decompose(&codes, UTF8PROC_DECOMPOSE);
    compose(&composed);
    char *written = codes_write(&composed, out);
    free(codes.at);
    free(composed.at);
    return written;
}

static bool is_space(int32_t code)
{
    utf8proc_category_t category = utf8proc_category(code);
    return (code >= '\t' && code <= '\r') || code == 0x85 || category == UTF8PROC_CATEGORY_ZS ||
           category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

static void squeeze_spaces(struct codes *codes)
{
    size_t kept = 0;
    for (size_t i = 0; i < codes->count; i++) {
        if (!is_space(codes->at[i]))
            codes->at[kept++] = codes->at[i];
        else if (kept > 0 && codes->at[kept - 1] != ' ')
            codes->at[kept++] = ' ';
    }
    if (kept > 0 && codes->at[kept - 1] == ' ')
        kept--;
    codes->count = kept;
}

/* Marks that leave the letter what it is: all but those that make another one of it (nukta) or
 * take its vowel (virama), and one on nothing at all. */
static void drop_accents(struct codes *codes)
{
    enum { NUKTA = 7, VIRAMA = 9 };
    size_t kept = 0;
    for (size_t i = 0; i < codes->count; i++) {
        uint8_t rank = class_of(codes->at[i]);
        if (rank == 0 || rank == NUKTA || rank == VIRAMA || kept == 0)
            codes->at[kept++] = codes->at[i];
    }
    codes->count = kept;
}

/* The marks are put in order before the case goes: U+0345 becomes a letter then, and what stands
 * behind it would be a mark on that. With this, once is enough for any text. */
static char *fold(const char *name, size_t length, bool bare, size_t *out)
{
    if (!utf8_valid(name, length))
        return copy(name, length, out);
    struct codes codes = codes_of(name, length);
    struct codes parts = decompose(&codes, UTF8PROC_DECOMPOSE);
    struct codes folded = decompose(&parts, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
                                                UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
    if (bare)
        drop_accents(&folded);
    compose(&folded);
    squeeze_spaces(&folded);
    char *written = codes_write(&folded, out);
    free(codes.at);
    free(parts.at);
    free(folded.at);
    return written;
}

char *name_fold(const char *name, size_t length, size_t *out)
{
    return fold(name, length, false, out);
}

char *name_fold_bare(const char *name, size_t length, size_t *out)
{
    return fold(name, length, true, out);
}
