/* How keys are called: in the user's language on the screen, in English in settings. */
#include "base/ascii.h"
#include "base/gettext.h"
#include "base/i18n.h"
#include "base/utf8.h"
#include "ui/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct name {
    const char *name;
    const char *stored; /* NULL: the same */
    enum key_kind kind;
    int32_t code;
} NAMES[] = {
    /* TRANSLATORS: what is written on the keys of your language's keyboards; one word each */
    {N_("Enter"), NULL, KEY_ENTER, 0},
    {N_("Tab"), NULL, KEY_TAB, 0},
    {N_("Backspace"), NULL, KEY_BACKSPACE, 0},
    {N_("Esc"), NULL, KEY_ESCAPE, 0},
    {"↑", "Up", KEY_UP, 0},
    {"↓", "Down", KEY_DOWN, 0},
    {"←", "Left", KEY_LEFT, 0},
    {"→", "Right", KEY_RIGHT, 0},
    {N_("Home"), NULL, KEY_HOME, 0},
    {N_("End"), NULL, KEY_END, 0},
    {N_("PgUp"), NULL, KEY_PAGE_UP, 0},
    {N_("PgDn"), NULL, KEY_PAGE_DOWN, 0},
    {N_("Ins"), NULL, KEY_INSERT, 0},
    {N_("Del"), NULL, KEY_DELETE, 0},
    {N_("Space"), NULL, KEY_TEXT, ' '},
    {"PageUp", NULL, KEY_PAGE_UP, 0},
    {"PageDown", NULL, KEY_PAGE_DOWN, 0},
    {"Insert", NULL, KEY_INSERT, 0},
    {"Delete", NULL, KEY_DELETE, 0},
    {"Escape", NULL, KEY_ESCAPE, 0},
    {"Return", NULL, KEY_ENTER, 0},
};
enum { NAME_COUNT = sizeof NAMES / sizeof *NAMES };

static const struct prefix {
    const char *text;
    unsigned modifier;
} PREFIXES[] = {
    {"Ctrl-", KEY_CTRL}, {"Alt-", KEY_ALT}, {"Shift-", KEY_SHIFT}, {"C-", KEY_CTRL},
    {"M-", KEY_ALT},     {"S-", KEY_SHIFT}, {"Meta-", KEY_ALT},    {"^", KEY_CTRL},
};
enum { PREFIX_COUNT = sizeof PREFIXES / sizeof *PREFIXES };

bool key_equal(const struct key *a, const struct key *b)
{
    return a->kind == b->kind && a->modifiers == b->modifiers && a->code == b->code;
}

/* The name without modifiers. */
static void bare_name(const struct key *key, bool stored, char *into, size_t size)
{
    char character[UTF8_MOST + 1] = "";
    for (size_t i = 0; i < NAME_COUNT; i++) {
        const struct name *name = &NAMES[i];
        if (name->kind != key->kind || name->code != key->code)
            continue;
        const char *english = name->stored ? name->stored : name->name;
        snprintf(into, size, "%s", stored ? english : _(name->name));
        return;
    }
    if (key->kind == KEY_FUNCTION) {
        snprintf(into, size, "F%d", (int)key->code);
        return;
    }
    if (key->kind == KEY_TEXT)
        character[utf8_write(key->code, character)] = '\0';
    snprintf(into, size, "%s", character);
}

static void full_name(const struct key *key, bool stored, char into[KEY_NAME_BYTES])
{
    size_t length = 0;
    for (size_t i = 0; i < 3; i++)
        if (key->modifiers & PREFIXES[i].modifier)
            length +=
                (size_t)snprintf(into + length, KEY_NAME_BYTES - length, "%s", PREFIXES[i].text);
    bare_name(key, stored, into + length, KEY_NAME_BYTES - length);
}

void key_label(const struct key *key, char into[KEY_NAME_BYTES])
{
    full_name(key, false, into);
}

void key_stored(const struct key *key, char into[KEY_NAME_BYTES])
{
    full_name(key, true, into);
}

static bool bare_parse(const char *name, struct key *into)
{
    int32_t code;
    size_t size = strlen(name);
    for (size_t i = 0; i < NAME_COUNT; i++) {
        const struct name *known = &NAMES[i];
        if (!ascii_equal(name, known->name) && strcmp(name, _(known->name)) != 0 &&
            !(known->stored && ascii_equal(name, known->stored)))
            continue;
        into->kind = known->kind;
        into->code = known->code;
        return true;
    }
    if ((name[0] | 0x20) == 'f' && size > 1 && size <= 3) {
        char *end;
        unsigned long number = strtoul(name + 1, &end, 10);
        into->kind = KEY_FUNCTION;
        into->code = (int32_t)number;
        return *end == '\0' && number >= 1 && number <= 20;
    }
    into->kind = KEY_TEXT;
    if (size == 0 || utf8_step(name, size, &code) != size || code < 0x20 || code == 0x7f)
        return false;
    into->code = code;
    return true;
}

/* What a terminal sends for it: Ctrl-i is Tab, and Ctrl has no capitals. */
static void normalise(struct key *key)
{
    if (key->kind != KEY_TEXT || !(key->modifiers & KEY_CTRL))
        return;
    if (key->code >= 'A' && key->code <= 'Z')
        key->code += 'a' - 'A';
    enum key_kind kind = key->code == 'i'   ? KEY_TAB
                         : key->code == 'm' ? KEY_ENTER
                         : key->code == 'h' ? KEY_BACKSPACE
                         : key->code == '[' ? KEY_ESCAPE
                                            : KEY_TEXT;
    if (kind == KEY_TEXT)
        return;
    key->kind = kind;
    key->code = 0;
    key->modifiers &= ~(unsigned)KEY_CTRL;
}

bool key_parse(const char *name, struct key *into)
{
    *into = (struct key){.kind = KEY_TEXT};
    for (size_t i = 0; i < PREFIX_COUNT;) {
        size_t size = strlen(PREFIXES[i].text);
        if (ascii_begins(name, PREFIXES[i].text) && name[size] != '\0') {
            into->modifiers |= PREFIXES[i].modifier;
            name += size;
            i = 0;
        } else {
            i++;
        }
    }
    if (!bare_parse(name, into) || (into->kind == KEY_TEXT && (into->modifiers & KEY_SHIFT)))
        return false;
    normalise(into);
    return true;
}
