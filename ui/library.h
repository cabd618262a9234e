#pragma once
/* What this layer stands on, by name and version in use: for --version. */
const char *ui_library(void);
