#pragma once
/* All that is known of somebody, as rows of what and how: for a page. In the user's language. */
#include "core/node.h"

typedef void fact_add(void *self, const char *what, const char *text);

/* In order; without what is not known. */
void facts_of_peer(const struct node_peer *peer, fact_add *add, void *self);
