/* Cleaning, in one walk. What may be kept depends only on what was written since the last base, so
 * nothing a stranger sends makes it look back; and all it looks ahead is one code point, or one
 * flag. What was written once is kept by the same rules when it is read again. */
#include "base/clean.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdio.h>
#include <utf8proc.h>

enum {
    NOTHING = 0, /* a start, or a token: no code point is written as itself that is zero */
    NON_JOINER = 0x200c,
    JOINER = 0x200d,
    DOTTED_CIRCLE = 0x25cc,
    TEXT_SELECTOR = 0xfe0e,
    EMOJI_SELECTOR = 0xfe0f,
    FLAG = 0x1f3f4,
    TAG = 0xe0000, /* a tag is its ASCII character and this */
    TAG_END = 0xe007f,
    FLAG_TAGS_LEAST = 3, /* a country's two letters and a part's one.. */
    FLAG_TAGS_MOST = 6,  /* ..to four, as ISO 3166-2 has them */
    VIRAMA = 9,          /* the combining class of those that bind letters */
};

enum kind {
    KIND_PLAIN,      /* shown, and a base for marks */
    KIND_MARK,       /* shown on a base, so many */
    KIND_COLOUR,     /* of a skin */
    KIND_SELECTOR,   /* of a variant of its base */
    KIND_JOINER,     /* binds letters after a virama, and emoji */
    KIND_NON_JOINER, /* keeps letters apart */
    KIND_VOWEL,      /* of Hangul written in parts.. */
    KIND_TAIL,       /* ..has its place in the syllable */
    KIND_HIDDEN,     /* never shown as itself */
};

struct cleaner {
    const char *next;
    size_t left;
    enum clean_form form;
    struct buf out;
    int32_t base;   /* what a mark would sit on, or NOTHING */
    int32_t last;   /* the code point written last, or NOTHING */
    unsigned marks; /* on this base */
    unsigned joins; /* in this emoji */
};

static bool within(int32_t code, int32_t first, int32_t last)
{
    return code >= first && code <= last;
}

static bool is_colour(int32_t code)
{
    return within(code, 0x1f3fb, 0x1f3ff);
}

static bool is_selector(int32_t code)
{
    return within(code, 0xfe00, 0xfe0f) || within(code, 0xe0100, 0xe01ef);
}

static bool is_hidden(const utf8proc_property_t *property)
{
    return property->ignorable || property->category == UTF8PROC_CATEGORY_CN ||
           property->category == UTF8PROC_CATEGORY_CC ||
           property->category == UTF8PROC_CATEGORY_CF ||
           property->category == UTF8PROC_CATEGORY_ZL || property->category == UTF8PROC_CATEGORY_ZP;
}

/* Marks that stand beside their letter in a cell of their own, as Burmese has some, are no marks
 * here: they pile up on nothing. */
static bool is_mark(const utf8proc_property_t *property)
{
    return (property->category == UTF8PROC_CATEGORY_MN ||
            property->category == UTF8PROC_CATEGORY_MC ||
            property->category == UTF8PROC_CATEGORY_ME) &&
           (property->boundclass == UTF8PROC_BOUNDCLASS_EXTEND ||
            property->boundclass == UTF8PROC_BOUNDCLASS_SPACINGMARK);
}

static enum kind kind_of(int32_t code)
{
    if (code == JOINER)
        return KIND_JOINER;
    if (code == NON_JOINER)
        return KIND_NON_JOINER;
    if (is_selector(code))
        return KIND_SELECTOR;
    if (is_colour(code))
        return KIND_COLOUR;
    const utf8proc_property_t *property = utf8proc_get_property(code);
    if (code == UTF8_INVALID || is_hidden(property))
        return KIND_HIDDEN;
    if (is_mark(property))
        return KIND_MARK;
    if (property->boundclass == UTF8PROC_BOUNDCLASS_V)
        return KIND_VOWEL;
    if (property->boundclass == UTF8PROC_BOUNDCLASS_T)
        return KIND_TAIL;
    return KIND_PLAIN;
}

static int32_t take(struct cleaner *cleaner)
{
    int32_t code;
    size_t bytes = utf8_step(cleaner->next, cleaner->left, &code);
    cleaner->next += bytes;
    cleaner->left -= bytes;
    return code;
}

static int32_t peek(const struct cleaner *cleaner)
{
    int32_t code = NOTHING;
    if (cleaner->left > 0)
        utf8_step(cleaner->next, cleaner->left, &code);
    return code;
}

static void put(struct cleaner *cleaner, const char *bytes, size_t size)
{
    if (!buf_add(&cleaner->out, bytes, size))
        die("a cleaned text is longer than it can be");
}

static void put_code(struct cleaner *cleaner, int32_t code)
{
    char bytes[UTF8_MOST];
    put(cleaner, bytes, utf8_write(code, bytes));
    cleaner->last = code;
}

static void put_base(struct cleaner *cleaner, int32_t code)
{
    if (cleaner->last != JOINER)
        cleaner->joins = 0;
    put_code(cleaner, code);
    cleaner->base = code;
    cleaner->marks = 0;
}

static void put_token(struct cleaner *cleaner, const char *token, size_t size)
{
    put(cleaner, token, size);
    cleaner->base = NOTHING;
    cleaner->last = NOTHING;
}

/* By hand, because printf would take most of the time that cleaning takes. */
static void put_hex(struct cleaner *cleaner, const char *prefix, uint32_t value, unsigned digits)
{
    char token[sizeof "<U+10FFFF>"];
    size_t size = 0;
    for (; prefix[size]; size++)
        token[size] = prefix[size];
    while (value >> (4 * digits))
        digits++;
    while (digits-- > 0)
        token[size++] = "0123456789ABCDEF"[(value >> (4 * digits)) & 0xf];
    token[size++] = '>';
    put_token(cleaner, token, size);
}

static void put_hidden(struct cleaner *cleaner, int32_t code)
{
    if (code == UTF8_INVALID)
        put_hex(cleaner, "<", (uint8_t)cleaner->next[-1], 2);
    else
        put_hex(cleaner, "<U+", (uint32_t)code, 4);
}

static void clean_mark(struct cleaner *cleaner, int32_t code)
{
    if (cleaner->base == NOTHING)
        put_base(cleaner, DOTTED_CIRCLE);
    if (cleaner->marks < CLEAN_MARKS) {
        cleaner->marks++;
        put_code(cleaner, code);
        return;
    }
    size_t more = 1;
    for (; cleaner->left > 0 && kind_of(peek(cleaner)) == KIND_MARK; more++)
        take(cleaner);
    char token[32];
    put_token(cleaner, token, (size_t)snprintf(token, sizeof token, "<+%zu>", more));
}

/* How many bytes of tags make a flag of one part of a country follow, or 0. */
static size_t flag_tags(const char *text, size_t length)
{
    size_t at = 0;
    for (size_t tags = 0; at < length && tags <= FLAG_TAGS_MOST; tags++) {
        int32_t code;
        at += utf8_step(text + at, length - at, &code);
        if (code == TAG_END)
            return tags >= FLAG_TAGS_LEAST ? at : 0;
        if (!within(code, TAG + '0', TAG + '9') && !within(code, TAG + 'a', TAG + 'z'))
            return 0;
    }
    return 0;
}

static void clean_plain(struct cleaner *cleaner, int32_t code)
{
    put_base(cleaner, code);
    size_t tags = code == FLAG ? flag_tags(cleaner->next, cleaner->left) : 0;
    if (tags == 0)
        return;
    put(cleaner, cleaner->next, tags);
    cleaner->last = TAG_END;
    cleaner->next += tags;
    cleaner->left -= tags;
}

static bool colour_fits(const struct cleaner *cleaner)
{
    return text_pictograph(cleaner->base) &&
           (cleaner->last == cleaner->base || cleaner->last == EMOJI_SELECTOR);
}

static bool is_keycap(int32_t code)
{
    return within(code, '0', '9') || code == '#' || code == '*';
}

/* Those of text and emoji make a symbol or keycap the one or the other; all but the rare rest of
 * the first sixteen choose between forms of an ideograph. */
static bool selector_fits(const struct cleaner *cleaner, int32_t code)
{
    int32_t base = cleaner->base;
    if (base == NOTHING || cleaner->last != base)
        return false;
    if (code == TEXT_SELECTOR || code == EMOJI_SELECTOR)
        return text_pictograph(base) || is_keycap(base);
    return utf8proc_category(base) == UTF8PROC_CATEGORY_LO && text_code_width(base) == 2;
}

static bool after_virama(const struct cleaner *cleaner)
{
    return utf8proc_get_property(cleaner->last)->combining_class == VIRAMA &&
           !text_pictograph(cleaner->base);
}

static bool joiner_fits(struct cleaner *cleaner)
{
    if (after_virama(cleaner))
        return true;
    bool emoji = text_pictograph(cleaner->base) &&
                 (cleaner->last == cleaner->base || cleaner->last == EMOJI_SELECTOR ||
                  is_colour(cleaner->last));
    if (!emoji || cleaner->joins == CLEAN_JOINS || !text_pictograph(peek(cleaner)))
        return false;
    cleaner->joins++;
    return true;
}

/* Of the scripts written as Arabic is: those whose letters join without being told to. */
static bool is_arabic_letter(int32_t code)
{
    const utf8proc_property_t *property = utf8proc_get_property(code);
    return property->bidi_class == UTF8PROC_BIDI_CLASS_AL &&
           (property->category == UTF8PROC_CATEGORY_LO ||
            property->category == UTF8PROC_CATEGORY_LM);
}

static bool non_joiner_fits(const struct cleaner *cleaner)
{
    if (after_virama(cleaner))
        return true;
    return cleaner->last != NON_JOINER && is_arabic_letter(cleaner->base) &&
           is_arabic_letter(peek(cleaner));
}

/* One head, one vowel, one tail, as every syllable of today and the compound signs of old ones
 * have it: chains of either would stand in no column at all. */
static bool vowel_fits(const struct cleaner *cleaner)
{
    return utf8proc_get_property(cleaner->last)->boundclass == UTF8PROC_BOUNDCLASS_L;
}

static bool tail_fits(const struct cleaner *cleaner)
{
    int bound = utf8proc_get_property(cleaner->last)->boundclass;
    return bound == UTF8PROC_BOUNDCLASS_V || bound == UTF8PROC_BOUNDCLASS_LV;
}

static bool fits(struct cleaner *cleaner, enum kind kind, int32_t code)
{
    switch (kind) {
    case KIND_COLOUR:
        return colour_fits(cleaner);
    case KIND_SELECTOR:
        return selector_fits(cleaner, code);
    case KIND_JOINER:
        return joiner_fits(cleaner);
    case KIND_NON_JOINER:
        return non_joiner_fits(cleaner);
    case KIND_VOWEL:
        return vowel_fits(cleaner);
    case KIND_TAIL:
        return tail_fits(cleaner);
    case KIND_PLAIN:
    case KIND_MARK:
        return true;
    case KIND_HIDDEN:
        return false;
    }
    return false;
}

static void clean_code(struct cleaner *cleaner, int32_t code)
{
    enum kind kind = kind_of(code);
    if (!fits(cleaner, kind, code))
        put_hidden(cleaner, code);
    else if (kind == KIND_PLAIN)
        clean_plain(cleaner, code);
    else if (kind == KIND_MARK)
        clean_mark(cleaner, code);
    else
        put_code(cleaner, code);
}

/* What a message has besides a line; false where it is nothing of that. */
static bool clean_layout(struct cleaner *cleaner, int32_t code)
{
    if (cleaner->form == CLEAN_LINE)
        return false;
    if (code == '\r' && peek(cleaner) == '\n')
        return true; /* the newline comes next */
    if (code == '\n') {
        put_token(cleaner, "\n", 1); /* no mark sits on it either */
        return true;
    }
    if (code != '\t')
        return false;
    for (int column = 0; column < 4; column++)
        put_base(cleaner, ' ');
    return true;
}

/* A run of printable ASCII, which is most of what is said, goes in one piece. */
static bool clean_ascii(struct cleaner *cleaner)
{
    size_t run = 0;
    while (run < cleaner->left && within(cleaner->next[run], ' ', '~'))
        run++;
    if (run == 0)
        return false;
    put(cleaner, cleaner->next, run - 1);
    put_base(cleaner, cleaner->next[run - 1]);
    cleaner->next += run;
    cleaner->left -= run;
    return true;
}

char *text_clean(const char *bytes, size_t length, enum clean_form form, size_t *cleaned)
{
    struct cleaner cleaner = {.next = bytes, .left = length, .form = form};
    if (length > (SIZE_MAX - 1) / CLEAN_FACTOR)
        die("a text of %zu bytes is longer than memory", length);
    buf_init(&cleaner.out, length * CLEAN_FACTOR + 1);
    while (cleaner.left > 0) {
        if (clean_ascii(&cleaner))
            continue;
        int32_t code = take(&cleaner);
        if (!clean_layout(&cleaner, code))
            clean_code(&cleaner, code);
    }
    if (cleaned)
        *cleaned = cleaner.out.length;
    put(&cleaner, "", 1);
    return xrealloc(cleaner.out.room, cleaner.out.length, 1);
}

/* What binds to what follows, where that was cut off: a non-joiner of two letters, or, of one
 * emoji that was larger than all, a joiner or some tags. */
static bool is_loose(int32_t code)
{
    return code == NON_JOINER || code == JOINER || within(code, TAG, TAG_END - 1);
}

size_t text_clean_cut(const char *clean, size_t length, size_t most)
{
    size_t kept = text_cut(clean, length, most);
    while (kept > 0 && kept < length) {
        int32_t code;
        size_t last = kept - 1;
        while (last > 0 && ((uint8_t)clean[last] & 0xc0) == 0x80)
            last--;
        utf8_step(clean + last, kept - last, &code);
        if (!is_loose(code))
            break;
        kept = last;
    }
    return kept;
}
