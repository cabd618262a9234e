/* `dated`: who calls is answered, and hears nothing else; whom we call is told nothing without a
 * date. An odd first byte: we called it. */
#include "guest_life.h"

#include "base/alloc.h"

#include <string.h>

static bool begins(struct span text, const char *with)
{
    return text.size >= strlen(with) && memcmp(text.bytes, with, strlen(with)) == 0;
}

static void told_caller(struct span message)
{
    if (!begins(message, "Mensaje recibido a las "))
        die("a caller is told what is no answer");
}

static void told_called(struct span message)
{
    static const char PATTERN[] = "0000-00-00 00:00:00: ";
    for (size_t i = 0; PATTERN[i]; i++) {
        char byte = i < message.size ? (char)message.bytes[i] : '\0';
        if (PATTERN[i] == '0' ? byte < '0' || byte > '9' : byte != PATTERN[i])
            die("a message without its date");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct life_kind CALLED = {
        .role = GUEST_CALLED, .dialect = &dialect_dated, .told = told_called};
    static const struct life_kind CALLS = {
        .role = GUEST_ACCEPTED, .first = "2025-10-20 16:30:45: hola", .told = told_caller};
    return guest_life(size && data[0] & 1 ? &CALLED : &CALLS, data, size);
}
