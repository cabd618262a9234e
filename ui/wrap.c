/* Breaking lines. A blank at which a row ends is on no row; a word wider than the column is broken
 * between clusters. */
#include "ui/wrap.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/clean.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct work {
    const char *text;
    size_t size;
    const struct wrap_shape *shape;
    struct wrap_row *into;
    size_t most;
    size_t count;
};

static size_t room_in(const struct work *work)
{
    const struct wrap_shape *shape = work->shape;
    int room = shape->width;
    if (work->count == 0)
        room -= shape->first_left + shape->first_right;
    return room < 0 ? 0 : (size_t)room;
}

static void row_add(struct work *work, size_t start, size_t end)
{
    if (work->count < work->most)
        work->into[work->count] = (struct wrap_row){(uint32_t)start, (uint32_t)end};
    work->count++;
}

/* Where the row that begins at `start` ends, within [start, end); *next: where the next begins. */
static size_t row_end(const struct work *work, size_t start, size_t end, size_t *next)
{
    size_t room = room_in(work), used = 0, at = start;
    size_t broken = 0; /* behind the last word that fits; 0: none does */
    while (at < end) {
        struct text_cluster cluster = text_step(work->text + at, end - at);
        bool blank = work->text[at] == ' ';
        if (blank && at > start && work->text[at - 1] != ' ')
            broken = at;
        if (used + cluster.width > room && !blank)
            break;
        used += cluster.width;
        at += cluster.bytes;
    }
    *next = at;
    if (at == end)
        return end;
    if (broken > 0) {
        *next = broken;
        while (*next < end && work->text[*next] == ' ')
            ++*next;
        return broken;
    }
    bool first_is_short = work->count == 0 && room < (size_t)work->shape->width;
    if (at == start && !first_is_short)
        *next = at + text_step(work->text + at, end - at).bytes; /* wider than the column */
    if (at > start && first_is_short && room < (size_t)work->shape->width / 2)
        *next = start; /* better whole on the next row */
    return *next;
}

static void line_wrap(struct work *work, size_t start, size_t end)
{
    do {
        size_t next;
        row_add(work, start, row_end(work, start, end, &next));
        start = next;
    } while (start < end);
}

size_t wrap_text(const char *clean, size_t size, const struct wrap_shape *shape,
                 struct wrap_row *into, size_t most)
{
    struct work work = {.text = clean, .size = size, .shape = shape, .into = into, .most = most};
    size_t start = 0;
    for (;;) {
        const char *newline = memchr(clean + start, '\n', size - start);
        size_t end = newline ? (size_t)(newline - clean) : size;
        line_wrap(&work, start, end);
        if (!newline)
            return work.count;
        start = end + 1;
    }
}

/* ---- links ---- */

/* How long the scheme that the text begins with is; 0: none. */
static size_t scheme(const char *text)
{
    static const char *const known[] = {"https://", "http://", "ftp://", "www."};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (ascii_begins(text, known[i]))
            return strlen(known[i]);
    return 0;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (unsigned char)c >= 0x80;
}

/* Up to a blank, without the marks of the sentence around it. */
static size_t link_end(const char *text, size_t size, size_t start)
{
    size_t end = start;
    bool opened = false;
    while (end < size && (unsigned char)text[end] > ' ' && !strchr("<>\"", text[end]))
        opened = text[end++] == '(' || opened;
    while (end > start && (strchr(".,;:!?'", text[end - 1]) || (text[end - 1] == ')' && !opened)))
        end--;
    return end;
}

size_t wrap_links(const char *clean, size_t size, struct wrap_span *into, size_t most)
{
    size_t count = 0;
    for (size_t at = 0; at < size && count < most; at++) {
        char c = ascii_lower(clean[at]);
        if ((c != 'h' && c != 'f' && c != 'w') || (at > 0 && is_word(clean[at - 1])))
            continue;
        size_t length = scheme(clean + at);
        size_t end = length > 0 ? link_end(clean, size, at) : 0;
        if (end <= at + length)
            continue;
        into[count++] = (struct wrap_span){(uint32_t)at, (uint32_t)end, STYLE_LINK};
        at = end - 1;
    }
    return count;
}

/* ---- the cache ---- */

/* FNV-1a; what has the same number is compared byte by byte. */
static size_t slot_of(const char *raw, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)raw[i]) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32) % WRAP_CACHE;
}

static size_t weight(const struct wrapped *wrapped)
{
    return sizeof *wrapped + wrapped->raw_size + wrapped->size +
           wrapped->row_count * sizeof *wrapped->rows;
}

static void slot_free(struct wrap_cache *cache, size_t slot)
{
    struct wrapped *old = cache->slots[slot];
    if (!old)
        return;
    cache->bytes -= weight(old);
    free(old->raw);
    free(old->text);
    free(old->rows);
    free(old);
    cache->slots[slot] = NULL;
}

void wrap_cache_done(struct wrap_cache *cache)
{
    for (size_t i = 0; i < WRAP_CACHE; i++)
        slot_free(cache, i);
}

static void rows_make(struct wrapped *wrapped, const struct wrap_shape *shape)
{
    struct wrap_row few[64];
    size_t count = wrap_text(wrapped->text, wrapped->size, shape, few, 64);
    wrapped->shape = *shape;
    wrapped->rows = xrealloc(wrapped->rows, count, sizeof *few);
    wrapped->row_count = count;
    if (count <= 64)
        memcpy(wrapped->rows, few, count * sizeof *few);
    else
        (void)wrap_text(wrapped->text, wrapped->size, shape, wrapped->rows, count);
}

static struct wrapped *wrapped_new(const char *raw, size_t size)
{
    struct wrapped *wrapped = xcalloc(1, sizeof *wrapped);
    wrapped->raw = xmemdup(raw, size);
    wrapped->raw_size = size;
    wrapped->text = text_clean(raw, size, CLEAN_BODY, &wrapped->size);
    wrapped->span_count = wrap_links(wrapped->text, wrapped->size, wrapped->spans, WRAP_SPANS);
    return wrapped;
}

static bool same_shape(const struct wrap_shape *a, const struct wrap_shape *b)
{
    return a->width == b->width && a->first_left == b->first_left &&
           a->first_right == b->first_right;
}

const struct wrapped *wrap_get(struct wrap_cache *cache, const char *raw, size_t size,
                               const struct wrap_shape *shape)
{
    size_t slot = slot_of(raw, size);
    struct wrapped *held = cache->slots[slot];
    if (held && held->raw_size == size && memcmp(held->raw, raw, size) == 0) {
        if (!same_shape(&held->shape, shape)) {
            cache->bytes -= weight(held);
            rows_make(held, shape);
            cache->bytes += weight(held);
        }
        return held;
    }
    slot_free(cache, slot);
    held = wrapped_new(raw, size);
    rows_make(held, shape);
    if (cache->bytes + weight(held) > WRAP_CACHE_BYTES)
        wrap_cache_done(cache);
    cache->slots[slot] = held;
    cache->bytes += weight(held);
    return held;
}
