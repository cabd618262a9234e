/* Guests of every kind, whoever calls whom: what their bytes show of them is found out on the way.
 */
#include "guest_life.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dialect *const CALLED[] = {
        NULL, &dialect_dated, &dialect_named, &dialect_join, &dialect_neighbour, &dialect_piped};
    enum { KINDS = 8 }; /* the last ones call us */
    unsigned which = size ? data[0] % KINDS : 0;
    struct life_kind kind = {.role = GUEST_ACCEPTED};
    if (which < sizeof CALLED / sizeof *CALLED)
        kind = (struct life_kind){.role = GUEST_CALLED, .dialect = CALLED[which]};
    return guest_life(&kind, data, size);
}
