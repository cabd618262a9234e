#pragma once
/* Whether a text calls somebody by their name.
 *
 * Whole words only, in any case and width: `ana`, `@ana`, `ana:`, `ana's`, `(Ana)`; not in `banana`
 * or `ana-maria`, not in addresses (`ana@example.org`, `ana.example.org`, `http://x/ana`), and not
 * in `ana~zzzz`, who is somebody else. Characters of scripts that put no blanks between words may
 * touch the name. Takes any bytes, in time linear to the text times the name. */
#include "core/ids.h"
#include "core/span.h"

#include <stdbool.h>
#include <stdint.h>

struct mention {
    char *name; /* folded; NULL: never mentioned */
    size_t size;
    bool plain; /* ASCII without a blank */
    char id[ID_TEXT];
};

/* A name that shows nothing is never mentioned. */
void mention_init(struct mention *mention, struct span name, const struct id *id);
void mention_done(struct mention *mention);

/* Whether a word may hold this code point: no blank, no punctuation, no sign. */
bool word_may_hold(int32_t code);

bool mention_is(const struct mention *mention, struct span text)
    __attribute__((warn_unused_result));
