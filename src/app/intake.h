#pragma once
/* What is typed, line by line, and no faster than it can be dealt with: lines are taken only as
 * fast as what was typed reaches the disk and what is said is read. Both faces without a screen
 * have it.
 *
 * Invariants: a line is taken whole or refused whole; nothing is taken after /exit; and what waits
 * here never passes INTAKE_MAX. */
#include "app/app.h"

enum { INTAKE_MAX = 64 * 1024 /* read and not taken yet: two reads of the loop's, and to spare */ };

struct intake;

struct intake_calls {
    /* A line; it ends with a zero. */
    void (*line)(void *self, const char *text, size_t size);
    /* One that cannot be taken: a stable word, and why, in the user's language. */
    void (*refused)(void *self, const char *code, const char *text);
    /* All was taken, and no more will come. Once or never. */
    void (*ended)(void *self);
};

/* Begins to read. Before app_run. */
struct intake *intake_new(struct app *app, int descriptor, const struct intake_calls *calls,
                          void *self);
/* NULL is fine. */
void intake_free(struct intake *intake);
/* To be called at the end of each turn. */
void intake_turn(struct intake *intake);
/* Who reads what is said is slow, or no longer: as output_calls has it. */
void intake_crowded(struct intake *intake, bool crowded);
/* As /exit: leaves, and what comes from now on is not for us. */
void intake_leave(struct intake *intake);
