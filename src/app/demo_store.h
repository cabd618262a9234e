#pragma once
/* A history in memory, for the demo: what one simulated node asked to be kept, until it ends.
 *
 * It is never full, never fails and never outlives the process. Names, trust and receipts are not
 * kept: nobody here starts twice. */
#include "core/node.h"

struct demo_kept;

struct demo_store {
    struct demo_kept **kept; /* in the order in which they came */
    size_t count;
    size_t room;
};

/* What was read; it owns what the event points to. */
struct demo_answer {
    struct node_event event;
    struct entry *entries[4 * RUN_MAX];
    struct frame_height heights[HEIGHTS_MAX];
    struct node_record *records;
    bool *held;
};

void demo_store_done(struct demo_store *store);

/* Does what any effect for the store asks. True where there is an answer, which has to be freed.
 * The answer stays right only until the next call. */
bool demo_store_do(struct demo_store *store, const struct node_effect *effect,
                   struct demo_answer *answer);
void demo_answer_done(struct demo_answer *answer);
