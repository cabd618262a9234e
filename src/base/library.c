/* The version of utf8proc. */
#include "base/library.h"

#include <stdio.h>
#include <utf8proc.h>

const char *base_library(void)
{
    static char text[48];
    snprintf(text, sizeof text, "utf8proc %s (Unicode %s)", utf8proc_version(),
             utf8proc_unicode_version());
    return text;
}
