/* --version: each layer says what it stands on. */
#include "app/version.h"

#include "base/library.h"
#include "core/library.h"
#include "dialect/library.h"
#include "net/library.h"
#include "store/library.h"

#include <jansson.h>
#include <stdio.h>

void version_print(const struct program *program)
{
    printf("%s %s\n", program->name, PACKAGE_VERSION);
    printf("%s, %s, %s, %s, %s, %s, jansson %s%s%s\n", net_library(), net_tls_library(),
           core_library(), store_library(), dialect_library(), base_library(),
           jansson_version_str(), program->face ? ", " : "", program->face ? program->face : "");
}
