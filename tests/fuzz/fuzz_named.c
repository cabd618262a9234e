/* `named`: who calls is answered `--name` and `--hb`, and told nothing else. An odd first byte: we
 * called it. */
#include "guest_life.h"

#include "base/alloc.h"

#include <string.h>

static bool is(struct span text, const char *what)
{
    return text.size == strlen(what) && memcmp(text.bytes, what, text.size) == 0;
}

static void told_caller(struct span message)
{
    if (!is(message, "ana") && !is(message, "--hb"))
        die("a caller who never reads is told something");
}

static void heard_from(const struct guest_event *event)
{
    static const char *const COMMANDS[] = {"--name", "--hb", "--co", "--Name", "--HB"};
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
        if (event->kind == GUEST_SAID && is(event->text, COMMANDS[i]))
            die("a command was taken for talk");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct life_kind CALLED = {.role = GUEST_CALLED, .dialect = &dialect_named};
    static const struct life_kind CALLS = {
        .role = GUEST_ACCEPTED, .first = "--hb", .told = told_caller, .event = heard_from};
    return guest_life(size && data[0] & 1 ? &CALLED : &CALLS, data, size);
}
