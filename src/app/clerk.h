#pragma once
/* The files that the user names, and what only an unconfined process can know: for a program that
 * has confined itself (app/confine.h) they are opened by a second process, the clerk, which is
 * forked before anything was heard from the network and does nothing else. Without one, the same is
 * done here.
 *
 * Invariants: whoever speaks to the clerk gets a new file of a conversation, which ends in .txt,
 * .json or .md and replaces nothing; the one transcript of the command line; and the name of who
 * holds a port. A file has its own name only when it is said to be whole; whatever ends the
 * program, nothing half written is left. The clerk ends when the program does, however that is. */
#include "app/machine.h"

#include <stdbool.h>
#include <stddef.h>

struct clerk;

enum { CLERK_PATH = 4096 /* what the system takes, with its end */ };

/* To be called when there is no thread and no socket yet. NULL where it cannot be had: then all is
 * as without one. `transcript`: NULL where there is none; it outlives the clerk. */
struct clerk *clerk_new(const char *transcript);
/* NULL is fine, here and below. */
void clerk_free(struct clerk *clerk);

/* Each of these groups is for one thread at a time, and waits for the disk. */

/* A new file that will be called `path`: where it is for now, or NULL and errno (EEXIST: there is
 * one). */
struct clerk_paper *clerk_begin(struct clerk *clerk, const char *path)
    __attribute__((warn_unused_result));
/* To be written to; closed by clerk_end or clerk_drop. */
int clerk_descriptor(const struct clerk_paper *paper);
/* What was written is on the disk and has its name: 0, or errno. TAKES paper. */
int clerk_end(struct clerk_paper *paper) __attribute__((warn_unused_result));
/* Nothing of it is left. TAKES paper. */
void clerk_drop(struct clerk_paper *paper);

/* The transcript, to be read and appended to; -1 and errno. `path` as given to clerk_new. */
int clerk_transcript(struct clerk *clerk, const char *path);

/* As machine_holder. */
struct holder clerk_holder(struct clerk *clerk, uint16_t port, bool udp);
