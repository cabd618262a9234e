/* The version of SQLite. */
#include "store/library.h"

#include <sqlite3.h>
#include <stdio.h>

const char *store_library(void)
{
    static char text[32];
    snprintf(text, sizeof text, "SQLite %s", sqlite3_libversion());
    return text;
}
