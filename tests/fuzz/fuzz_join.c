/* `join`: nobody speaks before they have a name; to a server go its three commands only. An odd
 * first byte: we called it. */
#include "guest_life.h"

#include "base/alloc.h"

#include <string.h>

static bool begins(struct span text, const char *with)
{
    return text.size >= strlen(with) && memcmp(text.bytes, with, strlen(with)) == 0;
}

static void told_server(struct span message)
{
    if (!begins(message, "JOIN ") && !begins(message, "MSG ") && !begins(message, "EXIT"))
        die("a server is told what is no command");
}

/* guest_life grants no other name. */
static void heard_client(const struct guest_event *event)
{
    bool speaks = event->kind == GUEST_SAID || event->kind == GUEST_KNOWN;
    if (speaks && (event->name.size != 3 || memcmp(event->name.bytes, "eva", 3) != 0))
        die("somebody speaks without a name");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct life_kind CALLED = {
        .role = GUEST_CALLED, .dialect = &dialect_join, .told = told_server};
    static const struct life_kind CALLS = {
        .role = GUEST_ACCEPTED, .first = "JOIN eva", .event = heard_client};
    return guest_life(size && data[0] & 1 ? &CALLED : &CALLS, data, size);
}
