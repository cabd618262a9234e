/* A language for the programs that run before anything is installed. */
#include "man/language.h"

#include "app/i18n.h"
#include "base/alloc.h"
#include "base/gettext.h"

#include <string.h>

void language_use(const char *code, const char *catalogues)
{
#if defined ENABLE_NLS && ENABLE_NLS
    bindtextdomain(PACKAGE, catalogues);
#else
    (void)catalogues;
#endif
    i18n_language_set(code);
    if (strcmp(i18n_language(), code) != 0)
        die("there is no catalogue of %s in %s", code, catalogues);
}
