#pragma once
/* The debug log (-v): what the node was told and what it asked for, a line each.
 *
 * Invariants: no words that people say are in it unless they were asked for; it grows to
 * TRACE_BYTES and is then put aside once; and it never makes the program wait for its reader. */
#include "core/node.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    TRACE_BYTES = 4 * 1024 * 1024, /* of a file: hours of -v, minutes of -vv */
    TRACE_LINE = 2048,             /* of a line: a pipe with room for it does not block */
};

enum trace_level { TRACE_SOME = 1, TRACE_ALL };

struct trace;

/* Into a file of this folder, "log" and, when that is full, "log.old"; NULL: to stderr. `texts`:
 * with the words. NULL where the file cannot be had: errno says why. */
struct trace *trace_open(const char *folder, int level, bool texts)
    __attribute__((warn_unused_result));
void trace_close(struct trace *trace);

/* What happens at `wall_ms`, our clock. NULL is no trace: who would ask the clock for it looks
 * first. */
void trace_note(struct trace *trace, uint64_t wall_ms, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void trace_event(struct trace *trace, uint64_t wall_ms, const struct node_event *event);
void trace_effect(struct trace *trace, uint64_t wall_ms, const struct node_effect *effect);
