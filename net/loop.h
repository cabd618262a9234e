#pragma once
/* The loop that owns everything that waits: signals, descriptors, later links and timers.
 *
 * It calls back on its own thread only, and nothing is freed before its close has come round. */
#include <stdbool.h>
#include <stddef.h>

struct loop;

struct loop *loop_new(void);
/* Closes every handle and waits until they are closed. */
void loop_free(struct loop *loop);

/* Runs until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Calls `heard` whenever the signal arrives. At most LOOP_SIGNALS different ones. */
enum { LOOP_SIGNALS = 8 }; /* TERM HUP INT QUIT WINCH TSTP CONT USR1 */
void loop_on_signal(struct loop *loop, int signal, void (*heard)(void *self, int signal),
                    void *self);

/* Calls `readable` whenever a terminal has something to read; it must read it. Once a loop. */
void loop_on_readable(struct loop *loop, int descriptor, void (*readable)(void *self), void *self);

/* Reads a descriptor of any kind (pipe, file, terminal, socket) to its end. `bytes` of size 0: it
 * ended, or failed; nothing comes after. Once a loop. */
void loop_on_input(struct loop *loop, int descriptor,
                   void (*input)(void *self, const char *bytes, size_t size), void *self);
