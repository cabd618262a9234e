/* The version of protobuf-c. */
#include "dialect/library.h"

#include <protobuf-c/protobuf-c.h>
#include <stdio.h>

const char *dialect_library(void)
{
    static char text[32];
    snprintf(text, sizeof text, "protobuf-c %s", protobuf_c_version());
    return text;
}
