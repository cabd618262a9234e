/* Clusters, columns and cuts. A cluster is never empty and never longer than TEXT_CLUSTER_MOST
 * code points, so every step is a step ahead in bounded time. */
#include "base/text.h"

#include "base/utf8.h"

#include <utf8proc.h>

enum { JOINER = 0x200d, EMOJI_SELECTOR = 0xfe0f };

static bool within(int32_t code, int32_t first, int32_t last)
{
    return code >= first && code <= last;
}

bool text_pictograph(int32_t code)
{
    const utf8proc_property_t *property = utf8proc_get_property(code);
    return property->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC &&
           property->category != UTF8PROC_CATEGORY_CN;
}

/* The screen is curses, and curses believes wcwidth: what it counts in another way than we do ends
 * up in the wrong column. So where utf8proc and glibc's C.UTF-8 differ about a character that can
 * reach the screen, glibc is followed:
 * - marks that take room of their own (Mc) count 1, where utf8proc says 0;
 * - vowels and tails of Hangul written in parts count 0: their head has the room of the syllable;
 * - the numbers on black squares and the hexagrams count 2. */
unsigned text_code_width(int32_t code)
{
    if (code == UTF8_INVALID || within(code, 0x20, 0x7e))
        return 1;
    if (within(code, 0x3248, 0x324f) || within(code, 0x4dc0, 0x4dff))
        return 2;
    const utf8proc_property_t *property = utf8proc_get_property(code);
    if (property->boundclass == UTF8PROC_BOUNDCLASS_V ||
        property->boundclass == UTF8PROC_BOUNDCLASS_T)
        return 0;
    if (property->category == UTF8PROC_CATEGORY_MC && property->charwidth == 0)
        return 1;
    return property->charwidth;
}

/* The width of a cluster as far as it has been read. */
struct measure {
    unsigned width;
    unsigned emoji; /* how much of it is the last character that may be part of an emoji */
    int32_t last;   /* the code point before, but for an emoji selector that did its work */
};

static bool is_flag_half(int32_t code)
{
    return within(code, 0x1f1e6, 0x1f1ff);
}

static bool is_keycap(int32_t code)
{
    return within(code, '0', '9') || code == '#' || code == '*';
}

/* Does it make one emoji of itself and what stands before it? */
static bool makes_emoji(int32_t last, int32_t code)
{
    if (code == EMOJI_SELECTOR)
        return text_pictograph(last) || is_keycap(last);
    if (within(code, 0x1f3fb, 0x1f3ff)) /* skin colours */
        return text_pictograph(last);
    if (is_flag_half(code))
        return is_flag_half(last);
    return last == JOINER && text_pictograph(code);
}

static void measure_add(struct measure *measure, int32_t code)
{
    if (makes_emoji(measure->last, code)) {
        measure->width += 2 - measure->emoji;
        measure->emoji = 2;
        if (code == EMOJI_SELECTOR)
            return;
    } else {
        unsigned width = text_code_width(code);
        measure->width += width;
        if (text_pictograph(code) || is_flag_half(code) || is_keycap(code))
            measure->emoji = width;
    }
    measure->last = code;
}

/* Most text is ASCII: no table is asked where no cluster can be longer than a byte. */
static bool is_plain(const char *text, size_t length)
{
    return within(text[0], 0x20, 0x7e) && (length == 1 || within(text[1], 0, 0x7f));
}

struct text_cluster text_step(const char *text, size_t length)
{
    if (is_plain(text, length))
        return (struct text_cluster){1, 1};
    int32_t code;
    size_t at = utf8_step(text, length, &code);
    struct measure measure = {0};
    measure_add(&measure, code);
    int32_t state = 0;
    for (int count = 1; count < TEXT_CLUSTER_MOST && code != UTF8_INVALID && at < length; count++) {
        int32_t next;
        size_t bytes = utf8_step(text + at, length - at, &next);
        if (next == UTF8_INVALID || utf8proc_grapheme_break_stateful(code, next, &state))
            break;
        measure_add(&measure, next);
        code = next;
        at += bytes;
    }
    return (struct text_cluster){at, measure.width};
}

size_t text_width(const char *text, size_t length)
{
    size_t width;
    text_cut_columns(text, length, SIZE_MAX, &width);
    return width;
}

/* Bytes of the whole code points among the first `most` bytes. */
static size_t cut_codes(const char *text, size_t length, size_t most)
{
    size_t at = 0;
    while (at < length) {
        int32_t code;
        size_t bytes = utf8_step(text + at, length - at, &code);
        if (bytes > most - at)
            break;
        at += bytes;
    }
    return at;
}

size_t text_cut(const char *text, size_t length, size_t most)
{
    if (length <= most)
        return length;
    size_t at = 0;
    while (at < length) {
        struct text_cluster cluster = text_step(text + at, length - at);
        if (cluster.bytes > most - at)
            break;
        at += cluster.bytes;
    }
    return at > 0 ? at : cut_codes(text, length, most);
}

size_t text_cut_columns(const char *text, size_t length, size_t most, size_t *used)
{
    size_t at = 0;
    *used = 0;
    while (at < length) {
        struct text_cluster cluster = text_step(text + at, length - at);
        if (cluster.width > most - *used)
            break;
        at += cluster.bytes;
        *used += cluster.width;
    }
    return at;
}
