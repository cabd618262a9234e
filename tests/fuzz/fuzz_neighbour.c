/* `neighbour`: its names are no talk, its calls are calls, and we never name ourselves so. An odd
 * first byte: we called it. */
#include "guest_life.h"

#include "base/alloc.h"

#include <string.h>

/* `Vecino` and digits: a name of theirs. */
static bool is_name(struct span text)
{
    size_t at = strlen("Vecino ");
    if (text.size <= at || memcmp(text.bytes, "Vecino ", at) != 0)
        return false;
    while (at < text.size && text.bytes[at] >= '0' && text.bytes[at] <= '9')
        at++;
    return at == text.size;
}

static void told_any(struct span message)
{
    if (is_name(message))
        die("it is told a name");
}

static void heard_any(const struct guest_event *event)
{
    static const char RINGS[] = "Estás siendo llamado desde ";
    if (event->kind == GUEST_SAID && event->text.size >= sizeof RINGS &&
        memcmp(event->text.bytes, RINGS, sizeof RINGS - 1) == 0)
        die("a call was taken for talk");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct life_kind CALLED = {
        .role = GUEST_CALLED, .dialect = &dialect_neighbour, .told = told_any, .event = heard_any};
    static const struct life_kind CALLS = {
        .role = GUEST_ACCEPTED, .first = "Vecino 4", .told = told_any, .event = heard_any};
    return guest_life(size && data[0] & 1 ? &CALLED : &CALLS, data, size);
}
