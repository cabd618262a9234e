/* A ring of what guests said lately, by a hash of who and what. What was forgotten is at worst read
 * once more. */
#include "core/twins.h"

#include "base/alloc.h"
#include "core/crypto.h"

#include <stdlib.h>

void twins_done(struct twins *twins)
{
    free(twins->lines);
    *twins = (struct twins){0};
}

static uint64_t number_of(struct hash hash)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 8; i++)
        number = number << 8 | hash.bytes[i];
    return number ? number : 1; /* 0 is an empty place */
}

/* Each part with its size before it, so that none passes for the beginning of the next. */
static uint64_t tag_of(const struct node_line *line)
{
    struct span parts[] = {span_text(line->conversation), line->dialect, line->guest, line->text};
    enum { COUNT = sizeof parts / sizeof *parts };
    uint8_t sizes[8 * (COUNT + 1)];
    struct span all[COUNT + 1] = {{sizes, sizeof sizes}};
    put_u64(sizes, line->kind);
    for (size_t i = 0; i < COUNT; i++) {
        put_u64(sizes + 8 * (i + 1), parts[i].size);
        all[i + 1] = parts[i];
    }
    return number_of(hash_of_parts(all, COUNT + 1));
}

bool twins_hide(struct twins *twins, const struct node_line *line)
{
    if (line->guest.size == 0 || line->whisper)
        return false;
    struct twin twin = {.tag = tag_of(line),
                        .host = number_of(hash_of(span_of(line->order.author.bytes, ID_BYTES))),
                        .key = line->order.key};
    size_t of_host = 1, seen = 0;
    if (!twins->lines)
        twins->lines = xcalloc(TWINS_LINES, sizeof *twins->lines);
    for (size_t i = 0; i < TWINS_LINES; i++) {
        const struct twin *other = &twins->lines[i];
        if (other->tag != twin.tag || !twins_are_near(other->key, twin.key))
            continue;
        of_host += other->host == twin.host;
        seen += other->seen;
    }
    twin.seen = !twins_are_enough(of_host, seen);
    twins->lines[twins->next++ % TWINS_LINES] = twin;
    return !twin.seen;
}
