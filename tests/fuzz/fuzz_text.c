/* Any bytes at all through everything that base does with text. The first byte says how long the
 * cuts are; the rest is the text. */
#include "base/alloc.h"
#include "base/clean.h"
#include "base/fold.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    PAIRWISE_MOST = 64, /* bytes of which the square is still quick */
    HEAP_MOST = 11,     /* six tags of a flag, their end, and four marks */
};

#define CHECK(holds)                                              \
    do {                                                          \
        if (!(holds))                                             \
            die("%s:%d: not so: %s", __FILE__, __LINE__, #holds); \
    } while (0)

static bool same(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && memcmp(a, b, a_length) == 0;
}

/* Steps lead through the whole text, and a text is UTF-8 when none of them is a bad byte. What was
 * decoded is written as it was. */
static void check_steps(const char *text, size_t length)
{
    bool valid = true;
    size_t at = 0;
    while (at < length) {
        int32_t code;
        size_t bytes = utf8_step(text + at, length - at, &code);
        CHECK(bytes >= 1 && bytes <= length - at);
        if (code == UTF8_INVALID) {
            CHECK(bytes == 1);
            valid = false;
        } else {
            char back[UTF8_MOST] = {0};
            size_t written = utf8_write(code, back);
            CHECK(same(back, written, text + at, bytes));
        }
        at += bytes;
    }
    CHECK(utf8_valid(text, length) == valid);
}

/* Clusters end where code points do, and widths add up from either side of any of them. */
static void check_clusters(const char *text, size_t length)
{
    size_t width = 0, codes = 0;
    const size_t whole = text_width(text, length);
    for (size_t at = 0; at < length;) {
        struct text_cluster cluster = text_step(text + at, length - at);
        CHECK(cluster.bytes >= 1 && cluster.bytes <= length - at);
        CHECK(cluster.bytes <= TEXT_CLUSTER_MOST * UTF8_MOST);
        CHECK(cluster.width <= TEXT_CLUSTER_MOST * 2);
        at += cluster.bytes;
        width += cluster.width;
        while (codes < at) {
            int32_t code;
            codes += utf8_step(text + codes, length - codes, &code);
        }
        CHECK(codes == at);
        if (length < PAIRWISE_MOST) {
            CHECK(text_width(text, at) == width);
            CHECK(text_width(text + at, length - at) == whole - width);
        }
    }
    CHECK(width == whole);
}

static bool is_boundary(const char *text, size_t length, size_t at)
{
    size_t step = 0;
    while (step < at)
        step += text_step(text + step, length - step).bytes;
    return step == at;
}

/* A cut is as long as it may be and no longer; and cut after cut, the whole text is eaten. */
static void check_cuts(const char *text, size_t length, size_t most)
{
    size_t used;
    size_t cut = text_cut_columns(text, length, most, &used);
    CHECK(used <= most && is_boundary(text, length, cut));
    CHECK(text_width(text, cut) == used);
    CHECK(cut == length || used + text_step(text + cut, length - cut).width > most);

    cut = text_cut(text, length, most);
    CHECK(cut <= most && cut <= length);
    if (length > 0 && text_step(text, length).bytes <= most) {
        CHECK(is_boundary(text, length, cut));
        CHECK(cut == length || cut + text_step(text + cut, length - cut).bytes > most);
    }
    const bool valid = utf8_valid(text, length);
    for (size_t at = 0; most >= UTF8_MOST && at < length; at += cut) {
        cut = text_cut(text + at, length - at, most);
        CHECK(cut > 0);
        CHECK(!valid || utf8_valid(text + at, cut));
    }
}

static void check_shown(const char *text, size_t length, enum clean_form form)
{
    unsigned heap = 0; /* code points in a row that stand in no column */
    for (size_t at = 0; at < length;) {
        int32_t code;
        at += utf8_step(text + at, length - at, &code);
        CHECK(code != UTF8_INVALID);
        CHECK(code >= 0x20 || (code == '\n' && form == CLEAN_BODY));
        CHECK(code < 0x7f || code > 0x9f);
        CHECK(code < 0x202a || code > 0x202e);
        CHECK(code < 0x2066 || code > 0x2069);
        heap = code != '\n' && text_code_width(code) == 0 ? heap + 1 : 0;
        CHECK(heap <= HEAP_MOST);
    }
}

static void check_clean(const char *text, size_t length, enum clean_form form)
{
    size_t once, twice;
    char *clean = text_clean(text, length, form, &once);
    CHECK(once <= length * CLEAN_FACTOR);
    CHECK(clean[once] == '\0' && strlen(clean) == once);
    check_shown(clean, once, form);
    check_clusters(clean, once);
    char *again = text_clean(clean, once, form, &twice);
    CHECK(same(clean, once, again, twice));
    free(clean);
    free(again);
}

/* What is cut out of clean text is clean. */
static void check_clean_cut(const char *clean, size_t length, size_t most)
{
    size_t cut = text_clean_cut(clean, length, most), again;
    CHECK(cut <= text_cut(clean, length, most));
    char *cleaned = text_clean(clean, cut, CLEAN_BODY, &again);
    CHECK(same(clean, cut, cleaned, again));
    free(cleaned);
}

static void check_fold(char *(*fold)(const char *, size_t, size_t *), const char *text,
                       size_t length, size_t factor)
{
    size_t once, twice;
    char *folded = fold(text, length, &once);
    CHECK(once <= length * factor);
    CHECK(folded[once] == '\0');
    CHECK(utf8_valid(folded, once) == utf8_valid(text, length));
    CHECK(utf8_valid(text, length) || same(folded, once, text, length));
    char *again = fold(folded, once, &twice);
    CHECK(same(folded, once, again, twice));
    free(folded);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t most = data[0], length = size - 1;
    char *text = xmemdup(data + 1, length); /* a copy of its own: a byte past the end is seen */
    check_steps(text, length);
    check_clusters(text, length);
    check_cuts(text, length, most);
    check_clean(text, length, CLEAN_LINE);
    check_clean(text, length, CLEAN_BODY);
    check_fold(text_nfc, text, length, FOLD_NFC_FACTOR);
    check_fold(name_fold, text, length, FOLD_NAME_FACTOR);
    /* Cleaned text is sure to be UTF-8, which little else here is for long. */
    size_t cleaned;
    char *clean = text_clean(text, length, CLEAN_BODY, &cleaned);
    check_cuts(clean, cleaned, most);
    check_clean_cut(clean, cleaned, most);
    check_fold(text_nfc, clean, cleaned, FOLD_NFC_FACTOR);
    check_fold(name_fold, clean, cleaned, FOLD_NAME_FACTOR);
    free(clean);
    free(text);
    return 0;
}
