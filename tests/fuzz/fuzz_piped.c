/* `piped`: nothing without a bar is ever sent, or the link would be dropped. An odd first byte: we
 * called it. */
#include "guest_life.h"

#include "base/alloc.h"

#include <string.h>

static void told_any(struct span message)
{
    if (!memchr(message.bytes, '|', message.size))
        die("a message without a bar");
}

static void heard_any(const struct guest_event *event)
{
    if (event->kind == GUEST_SAID && event->name.size &&
        memchr(event->name.bytes, '|', event->name.size))
        die("a name with a bar");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct life_kind CALLED = {
        .role = GUEST_CALLED, .dialect = &dialect_piped, .told = told_any, .event = heard_any};
    static const struct life_kind CALLS = {
        .role = GUEST_ACCEPTED, .first = "eva|hola", .told = told_any, .event = heard_any};
    return guest_life(size && data[0] & 1 ? &CALLED : &CALLS, data, size);
}
