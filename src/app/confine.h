#pragma once
/* What the running program may not do any more, whoever has got hold of it: start programs, trace
 * others, type into the terminal's shell, open files that are not its own.
 *
 * Linux only: a seccomp filter, which the build makes (confine_make.c), no new privileges, and
 * Landlock where the kernel has it. Invariants: nothing here ever stops the program from starting,
 * and what does not hold is told. What the user names later, beside the folders given here, is
 * opened by another process (app/clerk.h). */
#include <stdbool.h>
#include <stddef.h>

enum {
    CONFINE_FOLDERS = 4, /* of each kind: data, state, settings, and one to spare */
    CONFINE_NOTE = 128,
};

struct confine_wish {
    const char *written[CONFINE_FOLDERS]; /* files in them are made, read, written, removed */
    const char *read[CONFINE_FOLDERS];    /* NULL, anywhere in both: none */
};

/* What holds now. */
struct confined {
    bool privileges; /* none is ever gained */
    bool filter;     /* system calls */
    int files;       /* the version of Landlock that guards them; 0: none does */
};

/* The version of Landlock in this kernel; 0: it has none. */
int confine_files_version(void);
/* The calling process from now on, with all threads that it starts later: so to be called before
 * the first. It cannot be undone. */
struct confined confine(const struct confine_wish *wish);
/* The same without the files: for a process whose work is to open them. */
struct confined confine_calls(void);
/* What holds and what does not, in a line of the debug log. */
void confine_note(const struct confined *confined, char into[CONFINE_NOTE]);
