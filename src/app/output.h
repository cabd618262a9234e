#pragma once
/* Lines for a reader that may be slow, stand still or go away: nobody here ever waits for it.
 *
 * Invariants: lines arrive whole and in order; what is held never passes OUTPUT_MAX; and where
 * lines had to be left out, the reader is told how many, at the place where they are missing. */
#include "core/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct output;

enum {
    OUTPUT_CROWDED = 256 * 1024, /* from here on nothing more should be asked for: see `crowded` */
    /* All 20,000 entries that are kept of an author, as lines. What comes then is left out until
     * half of it was read, so that there are few gaps and not one behind every line. */
    OUTPUT_MAX = 8 * 1024 * 1024,
    OUTPUT_LAST_MS = 5000, /* output_end: for who still reads when everything else is over */
};

struct output_calls {
    /* Much waits for the reader: who makes lines by asking should hold back; or no longer. */
    void (*crowded)(void *self, bool crowded);
    /* There is room again after `count` lines were left out: say so now, by output_add. */
    void (*missed)(void *self, uint64_t count);
    /* Nobody reads any more, and nobody will. Once. */
    void (*gone)(void *self);
};

/* The descriptor is of any kind and stays the caller's; who shares it keeps it as it is. */
struct output *output_new(struct loop *loop, int descriptor, const struct output_calls *calls,
                          void *self);
/* Before the loop's end. NULL is fine. */
void output_free(struct output *output);

/* `line` without its newline, in one piece of the output or not at all. */
void output_add(struct output *output, const char *line, size_t size);
/* The same, but what comes next stands right behind it: a prompt. False: there is no room for it,
 * or nobody reads; the reader misses nothing by that. */
bool output_open(struct output *output, const char *text, size_t size);
/* What to say of lines that were left out (output_calls, `missed`). */
struct message output_missed_message(uint64_t count);
/* Writes what can be written now; to be called at the end of each turn. */
void output_turn(struct output *output);
/* The loop is over: writes the rest, behind it this line, and waits for the reader, OUTPUT_LAST_MS
 * at most. False where something could not be told. */
bool output_end(struct output *output, const char *last, size_t size)
    __attribute__((warn_unused_result));
