#pragma once
/* What is left when the program ends by a defect: a short report, and a line that says where.
 *
 * Invariant: nothing of what anybody said, typed or is called is in it: a signal, a version, the
 * time, and addresses of the program's own code. */
enum { CRASHES_KEPT = 16 /* reports: who crashes more often has no more to tell */ };

/* From now on; once. Reports go into `folder` as crash-DATE.txt, or, where it is NULL, nowhere.
 * What was to happen at such a signal before happens afterwards; so whoever holds the terminal
 * gives it back first by asking for the signals later than this. */
void crash_watch(const char *folder);
