#pragma once
/* What this layer stands on, by name and version in use: for --version. */
const char *dialect_library(void);
