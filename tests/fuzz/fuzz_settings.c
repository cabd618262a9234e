/* Settings, whoever wrote them: a file, an earlier run, or /set. Whatever comes, each stays one
 * that is allowed, in its one spelling; what is refused changes nothing.
 *
 * The first byte says what happens and whose program it is, then a name, a zero, and a value. */
#include "app/settings.h"
#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
    if (!holds)
        die("%s", what);
}

static const char *theme(size_t index)
{
    static const char *const themes[] = {"dark", "light", "high-contrast"};
    return index < sizeof themes / sizeof *themes ? themes[index] : NULL;
}

static void value_look(const struct settings *settings, enum setting_id id)
{
    const char *value = setting_value(settings, id), *word;
    must(strnlen(value, SETTING_VALUE_BYTES) < SETTING_VALUE_BYTES, "a value without an end");
    if (!setting_choice(settings, id, 0)) {
        must(value[0] && value[strspn(value, "0123456789")] == '\0', "a number that is none");
        return;
    }
    for (size_t i = 0; (word = setting_choice(settings, id, i)); i++)
        if (strcmp(word, value) == 0)
            return;
    die("\"%s\" is not what %s can be", value, setting_name(id));
}

static void answer_look(const struct message *answer)
{
    char text[MESSAGE_TEXT_BYTES];
    size_t length = message_text(answer, NULL, text, sizeof text);
    must(length > 0 && utf8_valid(text, length), "an answer that is no sentence");
}

/* Whether it was taken. */
static bool happen(struct settings *settings, uint8_t what, const char *name, const char *value,
                   size_t size)
{
    struct message answer;
    enum setting_id id = setting_find(name);
    switch (what) {
    case 0:
        return id != SETTINGS && settings_default(settings, id, value);
    case 1:
        return settings_restore(settings, name, span_of(value, size));
    default: {
        const char *given = what == 2 ? value : NULL;
        enum settings_result result = settings_do(settings, name, given, &id, &answer);
        answer_look(&answer);
        return result == SETTINGS_CHANGED;
    }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings settings, before;
    if (size == 0)
        return 0;
    size_t length = strnlen((const char *)data + 1, size - 1);
    size_t at = 1 + length < size ? 1 + length + 1 : size;
    char *name = xstrndup((const char *)data + 1, length);
    char *value = xcalloc(1, size - at + 1);
    memcpy(value, data + at, size - at);
    bool screen = data[0] & 4;
    settings_init(&settings, screen ? PROGRAM_SCREEN : PROGRAM_DAEMON, screen ? theme : NULL);
    before = settings;
    if (utf8_valid(name, length) && utf8_valid(value, strlen(value)) &&
        !happen(&settings, data[0] % 4, name, value, size - at))
        must(memcmp(settings.values, before.values, sizeof before.values) == 0,
             "what was refused has changed something");
    for (enum setting_id id = 0; id < SETTINGS; id++)
        if (screen || setting_is_for(&settings, id))
            value_look(&settings, id);
    (void)setting_near(&settings, name);
    free(value);
    free(name);
    return 0;
}
