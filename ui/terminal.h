#pragma once
/* Whether there is a terminal at all, and one that can show a full screen. */

/* NULL where it can; else why not and what to do, in the user's language. */
const char *terminal_problem(void);
