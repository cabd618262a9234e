#pragma once
/* `tertulia doctor` and `tertuliad doctor`: the doctor without a node. */
#include "app/options.h"

/* Says what it found on stdout, as text or with --json as one object; the exit status: 0 where
 * nothing is wrong. */
int consult(const struct options *options);
