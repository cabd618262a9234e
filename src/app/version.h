#pragma once
/* Which program this is, and what it runs on. */
#include "app/options.h"

/* `tertulia 0.1.0`, and the libraries in use, on stdout. */
void version_print(const struct program *program);
