/* The version of libsodium. */
#include "core/library.h"

#include <sodium.h>
#include <stdio.h>

const char *core_library(void)
{
    static char text[32];
    snprintf(text, sizeof text, "libsodium %s", sodium_version_string());
    return text;
}
