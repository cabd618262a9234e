#pragma once
/* Fixed pieces of work, the same to the byte in every run, for guard.py to count.
 *
 * What is prepared is not counted: only what runs inside fixed_measured is, instructions by
 * callgrind, allocations by ourselves. */
#include <stddef.h>

/* Runs it, counted. Calls do not nest. */
void fixed_measured(void (*work)(void *), void *self);

struct node;
/* From now on this node's node_handle is counted; NULL: nobody's. */
void fixed_watch(const struct node *node);

/* Each does its work and says in how many pieces: messages, keys, searches. */
size_t fixed_node_hears(void);
size_t fixed_node_says(void);
size_t fixed_ui_lines(void);
size_t fixed_ui_keys(void);
size_t fixed_store_commits(void);
size_t fixed_store_searches(void);
