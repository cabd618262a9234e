/* A walk over the text by clusters. Each word that might begin the name is folded cluster by
 * cluster, the name was folded in the same way, and so every spelling of it is found. */
#include "core/mention.h"

#include "base/alloc.h"
#include "base/fold.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdlib.h>

enum { TAG_LEAST = 4 };

/* ---- kinds of characters ---- */

struct span32 {
    int32_t first, last;
};

/* What is no part of a word, beyond ASCII: blanks, punctuation, arrows, signs, emoji. Letters of
 * rare scripts count as such; so does their punctuation, and a name beside it is missed. */
static const struct span32 APART[] = {
    {0x80, 0xa9},     {0xab, 0xb4},     {0xb6, 0xb9},       {0xbb, 0xbf},     {0xd7, 0xd7},
    {0xf7, 0xf7},     {0x37e, 0x37e},   {0x387, 0x387},     {0x55a, 0x55f},   {0x589, 0x58a},
    {0x5be, 0x5be},   {0x5c0, 0x5c0},   {0x5c3, 0x5c3},     {0x5f3, 0x5f4},   {0x60c, 0x60d},
    {0x61b, 0x61f},   {0x66a, 0x66d},   {0x6d4, 0x6d4},     {0x964, 0x965},   {0xe4f, 0xe4f},
    {0xe5a, 0xe5b},   {0x104a, 0x104f}, {0x1361, 0x1368},   {0x17d4, 0x17da}, {0x1800, 0x180a},
    {0x2000, 0x206f}, {0x20a0, 0x20c0}, {0x2190, 0x2bff},   {0x2e00, 0x2e7f}, {0x3000, 0x3004},
    {0x3008, 0x3020}, {0x3030, 0x3030}, {0x303d, 0x303f},   {0x30a0, 0x30a0}, {0x30fb, 0x30fb},
    {0xfe10, 0xfe19}, {0xfe30, 0xfe6f}, {0xff01, 0xff0f},   {0xff1a, 0xff20}, {0xff3b, 0xff3e},
    {0xff40, 0xff40}, {0xff5b, 0xff65}, {0x1f000, 0x1faff},
};

/* Scripts whose words simply follow each other: Thai to Burmese, Khmer, kana, ideographs. */
static const struct span32 CLOSE[] = {
    {0xe00, 0xeff},   {0x1000, 0x109f}, {0x1780, 0x17ff},   {0x3005, 0x3007},   {0x3021, 0x302f},
    {0x3031, 0x303c}, {0x3040, 0x30ff}, {0x31f0, 0x31ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
    {0xf900, 0xfaff}, {0xff66, 0xff9f}, {0x1b000, 0x1b16f}, {0x20000, 0x323af},
};

static bool is_in(const struct span32 *spans, size_t count, int32_t code)
{
    for (size_t i = 0; i < count; i++)
        if (code >= spans[i].first && code <= spans[i].last)
            return true;
    return false;
}

enum letter {
    LETTER_NONE,  /* no part of a word */
    LETTER_WORD,  /* goes on to the next blank or sign */
    LETTER_CLOSE, /* stands in a word, and may end it anywhere */
};

static enum letter letter_of(int32_t code)
{
    if (code >= 0 && code < 0x80)
        return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
                       (code >= 'A' && code <= 'Z') || code == '_'
                   ? LETTER_WORD
                   : LETTER_NONE;
    if (code == UTF8_INVALID || is_in(APART, sizeof APART / sizeof *APART, code))
        return LETTER_NONE;
    return is_in(CLOSE, sizeof CLOSE / sizeof *CLOSE, code) ? LETTER_CLOSE : LETTER_WORD;
}

bool word_may_hold(int32_t code)
{
    return letter_of(code) != LETTER_NONE;
}

/* A cluster of the text: where it is, and what its first code point is. */
struct cluster {
    size_t at;
    size_t bytes; /* 0: past the end */
    int32_t code;
    enum letter letter;
};

static struct cluster cluster_at(struct span text, size_t at)
{
    struct cluster cluster = {at, 0, ' ', LETTER_NONE};
    if (at < text.size) {
        const char *bytes = (const char *)text.bytes + at;
        cluster.bytes = text_step(bytes, text.size - at).bytes;
        if (cluster.bytes == 1)
            cluster.code = *bytes;
        if (cluster.bytes > 1 || cluster.code < 0)
            utf8_step(bytes, text.size - at, &cluster.code);
        cluster.letter = letter_of(cluster.code);
    }
    return cluster;
}

static bool is_blank(int32_t code)
{
    return code == ' ' || (code >= '\t' && code <= '\r') || code == 0xa0 || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
           code == 0x202f || code == 0x205f || code == 0x3000;
}

/* ---- folding, a cluster at a time ---- */

enum { CLUSTER_FOLDED = TEXT_CLUSTER_MOST * UTF8_MOST * FOLD_NAME_FACTOR };

/* The cluster folded, or " " for a blank; returns its bytes. */
static size_t cluster_fold(struct span text, const struct cluster *cluster,
                           char into[CLUSTER_FOLDED])
{
    const char *bytes = (const char *)text.bytes + cluster->at;
    if (is_blank(cluster->code)) {
        into[0] = ' ';
        return 1;
    }
    if (cluster->bytes == 1 && cluster->code < 0x80) {
        char c = *bytes;
        into[0] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        return 1;
    }
    size_t size;
    char *folded = name_fold(bytes, cluster->bytes, &size);
    memcpy(into, folded, size);
    free(folded);
    return size;
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

static bool is_plain(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)bytes[i] >= 0x80)
            return false;
    return true;
}

void mention_init(struct mention *mention, struct span name, const struct id *id)
{
    *mention = (struct mention){0};
    id_text(id, mention->id);
    char *folded = xmalloc(name.size * FOLD_NAME_FACTOR + CLUSTER_FOLDED);
    size_t size = 0;
    for (size_t at = 0; at < name.size;) {
        struct cluster cluster = cluster_at(name, at);
        size_t added = cluster_fold(name, &cluster, folded + size);
        bool again = added == 1 && folded[size] == ' ' && (size == 0 || folded[size - 1] == ' ');
        size += again ? 0 : added;
        at += cluster.bytes;
    }
    while (size > 0 && folded[size - 1] == ' ')
        size--;
    if (size > 0)
        mention->name = xmemdup(folded, size);
    mention->size = size;
    mention->plain = is_plain(folded, size) && !memchr(folded, ' ', size);
    free(folded);
}

void mention_done(struct mention *mention)
{
    free(mention->name);
    *mention = (struct mention){0};
}

/* Where the name that begins at `at` ends; 0 where it is not there. */
static size_t name_end(const struct mention *mention, struct span text, size_t at)
{
    size_t matched = 0;
    bool blank = false;
    while (matched < mention->size) {
        struct cluster cluster = cluster_at(text, at);
        char folded[CLUSTER_FOLDED];
        if (cluster.bytes == 0)
            return 0;
        size_t size = cluster_fold(text, &cluster, folded);
        bool again = blank && size == 1 && folded[0] == ' ';
        if (!again) {
            if (size > mention->size - matched ||
                memcmp(folded, mention->name + matched, size) != 0)
                return 0;
            matched += size;
        }
        blank = size == 1 && folded[0] == ' ';
        at += cluster.bytes;
    }
    return at;
}

/* ---- what stands around it ---- */

/* May a word end between these two? */
static bool is_edge(enum letter before, enum letter after)
{
    return before != LETTER_WORD || after != LETTER_WORD;
}

/* Signs that join what stands on both sides into one word, or one address. */
static bool joins(int32_t code)
{
    return code == '.' || code == '@' || code == '-' || code == 0x2010 || code == 0x2011;
}

static bool starts_here(const struct cluster *before, const struct cluster *before_that,
                        const struct cluster *first)
{
    if (!is_edge(before->letter, first->letter))
        return false;
    return !(joins(before->code) && before_that->letter == LETTER_WORD);
}

/* Is it our tag that follows, or none at all? */
static bool tag_is_ours(const struct mention *mention, struct span text, size_t at)
{
    size_t length = 0;
    for (at++; at < text.size && length < ID_TEXT - 1; at++, length++) {
        char c = (char)text.bytes[at];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        if (!((c >= 'a' && c <= 'z') || (c >= '2' && c <= '7')))
            break;
        if (c != mention->id[length])
            return false;
    }
    return length == 0 || length >= TAG_LEAST;
}

static bool ends_here(const struct mention *mention, struct span text, size_t end, enum letter last)
{
    struct cluster after = cluster_at(text, end);
    struct cluster after_that = cluster_at(text, end + after.bytes);
    if (after.bytes == 0)
        return true;
    if (!is_edge(last, after.letter))
        return false;
    if (after.code == '~')
        return tag_is_ours(mention, text, end);
    return !(joins(after.code) && after_that.letter == LETTER_WORD);
}

static bool begins_with(struct span text, const char *start)
{
    size_t size = strlen(start);
    return text.size >= size && memcmp(text.bytes, start, size) == 0;
}

/* A run without blanks that is an address or a path: nobody is meant by a part of it. */
static bool is_address(struct span run)
{
    static const char *const STARTS[] = {"www.", "/", "./", "../", "~/", "mailto:"};
    for (size_t i = 0; i < sizeof STARTS / sizeof *STARTS; i++)
        if (begins_with(run, STARTS[i]))
            return true;
    if (run.size > 0 && memmem(run.bytes, run.size, "://", 3))
        return true;
    /* a.host/path */
    const uint8_t *slash = run.size > 0 ? memchr(run.bytes, '/', run.size) : NULL;
    const uint8_t *dot = slash ? memchr(run.bytes, '.', (size_t)(slash - run.bytes)) : NULL;
    return dot && dot > run.bytes && dot + 1 < slash;
}

/* From `at` to the next blank. */
static struct span run_at(struct span text, size_t at)
{
    size_t end = at;
    for (;;) {
        struct cluster cluster = cluster_at(text, end);
        if (cluster.bytes == 0 || is_blank(cluster.code))
            return span_of(text.bytes + at, end - at);
        end += cluster.bytes;
    }
}

static enum letter letter_before(struct span text, size_t start, size_t end)
{
    enum letter last = LETTER_NONE;
    for (struct cluster one; start < end; start += one.bytes) {
        one = cluster_at(text, start);
        last = one.letter;
    }
    return last;
}

/* In ASCII a plain name is there only where its letters are: most lines need no closer look. */
static bool may_be_there(const struct mention *mention, struct span text)
{
    if (!mention->plain || !is_plain((const char *)text.bytes, text.size))
        return true;
    for (size_t at = 0; at + mention->size <= text.size; at++) {
        size_t same = 0;
        while (same < mention->size && lower(text.bytes[at + same]) == (uint8_t)mention->name[same])
            same++;
        if (same == mention->size)
            return true;
    }
    return false;
}

bool mention_is(const struct mention *mention, struct span text)
{
    struct cluster before_that = {0, 0, ' ', LETTER_NONE};
    struct cluster before = before_that;
    if (mention->size == 0 || !may_be_there(mention, text))
        return false;
    for (size_t at = 0; at < text.size;) {
        if (is_blank(before.code)) {
            struct span run = run_at(text, at);
            if (is_address(run)) {
                at += run.size;
                before_that = before = (struct cluster){at, 0, 'x', LETTER_WORD};
                continue;
            }
        }
        struct cluster first = cluster_at(text, at);
        if (starts_here(&before, &before_that, &first)) {
            size_t end = name_end(mention, text, at);
            if (end > 0 && ends_here(mention, text, end, letter_before(text, at, end)))
                return true;
        }
        before_that = before;
        before = first;
        at += first.bytes;
    }
    return false;
}
