#pragma once
/* The doctor looks at the machine: what takes a moment of the disk or of /proc, on another thread,
 * and then judges. Nothing is written and nothing is sent. */
#include "app/doctor.h"

struct clerk;
struct loop;

struct checkup_wish {
    struct doctor_facts *facts;     /* what the loop's thread knows; TAKEN */
    const char *folder;             /* where all is kept; copied. NULL: it cannot be used */
    struct store_settings *history; /* what leads to its texts outlives the checkup. NULL: it is not
                                       to be looked at */
    uint64_t most;                  /* bytes: a larger history is not read whole */
    struct clerk *clerk;            /* NULL: other processes are looked at here */
};

/* `done` hears NULL where the loop ended before; never from inside this call. */
void checkup_start(struct loop *loop, const struct checkup_wish *wish,
                   void (*done)(void *self, const struct doctor_report *report), void *self);
