#pragma once
/* What this layer stands on, by name and version in use: for --version. */
const char *net_library(void);
const char *net_tls_library(void);
