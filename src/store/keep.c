/* Blocks in a list: what an answer leads to is freed with it. */
#include "store/keep.h"

#include <stdlib.h>

void *keep_room(void **owned, size_t size)
{
    struct keep_block *block = xcalloc(1, sizeof *block + size);
    block->next = *owned;
    *owned = block;
    return block + 1;
}

struct span keep_span(void **owned, struct span span)
{
    uint8_t *copy = keep_room(owned, span.size + 1);
    if (span.size)
        memcpy(copy, span.bytes, span.size);
    return span_of(copy, span.size);
}

const char *keep_text(void **owned, struct span text)
{
    return (const char *)keep_span(owned, text).bytes;
}

void keep_free(void *owned)
{
    for (struct keep_block *block = owned, *next; block; block = next) {
        next = block->next;
        free(block);
    }
}
