#pragma once
/* Memory that is given back all at once. */
#include "base/alloc.h"
#include "core/span.h"

/* One block; `*owned` is the last one made, NULL before the first. */
struct keep_block {
    struct keep_block *next;
};

/* `size` bytes, zero. */
void *keep_room(void **owned, size_t size);
/* A copy, with a zero behind it. */
struct span keep_span(void **owned, struct span span);
const char *keep_text(void **owned, struct span text);
void keep_free(void *owned);
