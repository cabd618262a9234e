#pragma once
/* The loop that owns everything that waits: signals, descriptors, timers, links, work of other
 * threads.
 *
 * It calls back on its own thread only, and nothing is freed before its close has come round. A
 * *turn* is all that happened between two waits: the clocks are read once in it, and at its end,
 * when every event was told, come first the program's own word (one draw, say) and then the
 * writes. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

struct loop *loop_new(void);
/* Closes every handle and waits until they are closed. Whatever else was made with the loop (links,
 * listeners, dials, timers) is freed before. Jobs that did not start are told so; one that runs is
 * waited for. False, and the loop is still there, where the system keeps a thread for more than
 * LOOP_PATIENCE_MS (a name service that does not answer): try again, or leave by _exit, for exit
 * would wait too. */
bool loop_free(struct loop *loop);
enum { LOOP_PATIENCE_MS = 2000 }; /* who leaves wants the terminal back */

/* Runs until loop_stop. */
void loop_run(struct loop *loop);
/* Ends loop_run at the end of this turn, or the next loop_run at once. */
void loop_stop(struct loop *loop);

/* The clocks, as they were when this turn began. */
uint64_t loop_mono_ms(struct loop *loop);
int64_t loop_wall_ms(struct loop *loop); /* since 1970, UTC; may lie */

/* Called at the end of each turn, before what it wrote goes out. One a loop; NULL takes it away. */
void loop_on_turn(struct loop *loop, void (*turned)(void *self), void *self);
/* The next wait waits for nothing: there will be another turn at once. */
void loop_again(struct loop *loop);

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
/* Holds the input back, or lets it come again; what a read has under way may still come. */
void loop_input_hold(struct loop *loop, bool hold);
