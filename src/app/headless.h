#pragma once
/* A node with no screen: lines in as one would type them, JSON lines out (DESIGN: tertuliad). */
#include "app/options.h"

/* Runs it to its end; the exit status. */
int headless_run(const struct options *options);
