/* The tables of keys and actions. */
#include "ui/keymap.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/gettext.h"
#include "base/i18n.h"

#include <stdio.h>
#include <string.h>

static const struct action_spec ACTION_SPECS[ACTIONS] = {
    [ACTION_NONE] = {"nothing", NULL, CONTEXT_ALWAYS},
    /* TRANSLATORS: what a key does, for the help screen; no full stop */
    [ACTION_HELP] = {"help", N_("This help"), CONTEXT_ALWAYS},
    [ACTION_NEXT] = {"next", N_("Next conversation"), CONTEXT_ALWAYS},
    [ACTION_PREVIOUS] = {"previous", N_("Previous conversation"), CONTEXT_ALWAYS},
    [ACTION_NUMBER_1] = {"conversation-1", N_("Conversation by its place: Alt-1 to Alt-0"),
                         CONTEXT_ALWAYS},
    [ACTION_NUMBER_2] = {"conversation-2", NULL, CONTEXT_ALWAYS},
    [ACTION_NUMBER_3] = {"conversation-3", NULL, CONTEXT_ALWAYS},
    [ACTION_NUMBER_4] = {"conversation-4", NULL, CONTEXT_ALWAYS},
    [ACTION_NUMBER_5] = {"conversation-5", NULL, CONTEXT_ALWAYS},
    [ACTION_NUMBER_6] = {"conversation-6", NULL, CONTEXT_ALWAYS},
    [ACTION_NUMBER_7] = {"conversation-7", NULL, CONTEXT_ALWAYS},
    [ACTION_NUMBER_8] = {"conversation-8", NULL, CONTEXT_ALWAYS},
    [ACTION_NUMBER_9] = {"conversation-9", NULL, CONTEXT_ALWAYS},
    [ACTION_NUMBER_10] = {"conversation-10", NULL, CONTEXT_ALWAYS},
    [ACTION_UNREAD] = {"next-unread", N_("Next conversation with something new"), CONTEXT_ALWAYS},
    [ACTION_LAST] = {"last", N_("The conversation before this one"), CONTEXT_ALWAYS},
    [ACTION_PAGE_UP] = {"page-up", N_("Older lines"), CONTEXT_ALWAYS},
    [ACTION_PAGE_DOWN] = {"page-down", N_("Newer lines"), CONTEXT_ALWAYS},
    [ACTION_ROW_UP] = {"row-up", N_("One row up"), CONTEXT_ALWAYS},
    [ACTION_ROW_DOWN] = {"row-down", N_("One row down"), CONTEXT_ALWAYS},
    [ACTION_TOP] = {"oldest", N_("To the oldest line held here"), CONTEXT_ALWAYS},
    [ACTION_BOTTOM] = {"newest", N_("To the newest line"), CONTEXT_ALWAYS},
    [ACTION_NEW] = {"new", N_("To where the new lines begin"), CONTEXT_ALWAYS},
    [ACTION_MENTION_NEXT] = {"next-mention", N_("Next line that names you"), CONTEXT_ALWAYS},
    [ACTION_MENTION_PREVIOUS] = {"previous-mention", N_("Line before that names you"),
                                 CONTEXT_ALWAYS},
    [ACTION_SEARCH] = {"search", N_("Find words in this conversation"), CONTEXT_ALWAYS},
    [ACTION_MOUSE] = {"mouse", N_("The mouse for the program, or for the terminal"),
                      CONTEXT_ALWAYS},
    [ACTION_BARE] = {"bare", N_("Nothing but the text, to copy it"), CONTEXT_ALWAYS},
    [ACTION_REDRAW] = {"redraw", N_("Draw the screen anew"), CONTEXT_ALWAYS},
    [ACTION_SUSPEND] = {"suspend", N_("Back to the shell; fg returns"), CONTEXT_ALWAYS},
    [ACTION_INTERRUPT] = {"interrupt", N_("Empty the line; twice on an empty one leaves"),
                          CONTEXT_ALWAYS},
    [ACTION_CANCEL] = {"cancel", N_("Close what is open, stop a scan; then a key: as with Alt"),
                       CONTEXT_ALWAYS},
    [ACTION_ENTER] = {"enter", N_("Send the line, or do the command"), CONTEXT_INPUT},
    [ACTION_NEWLINE] = {"newline", N_("A new line in the message"), CONTEXT_INPUT},
    [ACTION_TAB] = {"complete", N_("Complete; with an empty line, to people and rooms"),
                    CONTEXT_INPUT},
    [ACTION_TAB_BACK] = {"complete-back", N_("Complete, the other way round"), CONTEXT_INPUT},
    [ACTION_OLDER] = {"older", N_("What you typed before"), CONTEXT_INPUT},
    [ACTION_NEWER] = {"newer", N_("What you typed after that"), CONTEXT_INPUT},
    [ACTION_RECALL] = {"recall", N_("Find in what you typed"), CONTEXT_INPUT},
    [ACTION_LEFT] = {"left", N_("Left"), CONTEXT_INPUT},
    [ACTION_RIGHT] = {"right", N_("Right"), CONTEXT_INPUT},
    [ACTION_WORD_LEFT] = {"word-left", N_("A word to the left"), CONTEXT_INPUT},
    [ACTION_WORD_RIGHT] = {"word-right", N_("A word to the right"), CONTEXT_INPUT},
    [ACTION_LINE_START] = {"line-start", N_("To the start of the line"), CONTEXT_INPUT},
    [ACTION_LINE_END] = {"line-end", N_("To the end of the line"), CONTEXT_INPUT},
    [ACTION_ERASE_LEFT] = {"erase-left", N_("Delete to the left"), CONTEXT_INPUT},
    [ACTION_ERASE_RIGHT] = {"erase-right", N_("Delete to the right"), CONTEXT_INPUT},
    [ACTION_CUT_WORD_LEFT] = {"cut-word-left", N_("Cut the word to the left"), CONTEXT_INPUT},
    [ACTION_CUT_WORD_RIGHT] = {"cut-word-right", N_("Cut the word to the right"), CONTEXT_INPUT},
    [ACTION_CUT_START] = {"cut-start", N_("Cut to the start of the line"), CONTEXT_INPUT},
    [ACTION_CUT_END] = {"cut-end", N_("Cut to the end; with an empty line, the quick switcher"),
                        CONTEXT_INPUT},
    [ACTION_YANK] = {"yank", N_("Put back what was cut"), CONTEXT_INPUT},
    [ACTION_YANK_OLDER] = {"yank-older", N_("Then: what was cut before that"), CONTEXT_INPUT},
    [ACTION_UNDO] = {"undo", N_("Take back the last change"), CONTEXT_INPUT},
    [ACTION_SIDE_UP] = {"side-up", N_("Up"), CONTEXT_SIDEBAR},
    [ACTION_SIDE_DOWN] = {"side-down", N_("Down"), CONTEXT_SIDEBAR},
    [ACTION_SIDE_FIRST] = {"side-first", N_("The first"), CONTEXT_SIDEBAR},
    [ACTION_SIDE_LAST] = {"side-last", N_("The last"), CONTEXT_SIDEBAR},
    [ACTION_SIDE_OPEN] = {"side-open", N_("Whisper to them, open the room, connect to a find"),
                          CONTEXT_SIDEBAR},
    [ACTION_SIDE_INFO] = {"side-info", N_("All that is known about them"), CONTEXT_SIDEBAR},
    [ACTION_SIDE_CONNECT] = {"side-connect", N_("Connect to what the scan found"), CONTEXT_SIDEBAR},
    [ACTION_SIDE_DISCONNECT] = {"side-disconnect", N_("Hang up on them"), CONTEXT_SIDEBAR},
    [ACTION_SIDE_BACK] = {"side-back", N_("Back to the input line; letters filter the list"),
                          CONTEXT_SIDEBAR},
    [ACTION_LIST_UP] = {"list-up", N_("Up"), CONTEXT_LIST},
    [ACTION_LIST_DOWN] = {"list-down", N_("Down"), CONTEXT_LIST},
    [ACTION_LIST_PAGE_UP] = {"list-page-up", N_("A screen up"), CONTEXT_LIST},
    [ACTION_LIST_PAGE_DOWN] = {"list-page-down", N_("A screen down"), CONTEXT_LIST},
    [ACTION_LIST_FIRST] = {"list-first", N_("The first"), CONTEXT_LIST},
    [ACTION_LIST_LAST] = {"list-last", N_("The last"), CONTEXT_LIST},
    [ACTION_LIST_OPEN] = {"list-open", N_("Go there"), CONTEXT_LIST},
    [ACTION_LIST_BACK] = {"list-back", N_("Back"), CONTEXT_LIST},
    [ACTION_HIT_OLDER] = {"hit-older", N_("The hit before"), CONTEXT_SEARCH},
    [ACTION_HIT_NEWER] = {"hit-newer", N_("The hit after"), CONTEXT_SEARCH},
    [ACTION_HIT_BACK] = {"hit-back", N_("Back to the input line"), CONTEXT_SEARCH},
};

/* not translated: names of keys as key_parse reads them */
static const struct {
    const char *keys; /* with a blank between two */
    enum action action;
} DEFAULTS[] = {
    {"F1", ACTION_HELP},
    {"Ctrl-n Alt-Right", ACTION_NEXT},
    {"Ctrl-p Alt-Left", ACTION_PREVIOUS},
    {"Alt-1", ACTION_NUMBER_1},
    {"Alt-2", ACTION_NUMBER_2},
    {"Alt-3", ACTION_NUMBER_3},
    {"Alt-4", ACTION_NUMBER_4},
    {"Alt-5", ACTION_NUMBER_5},
    {"Alt-6", ACTION_NUMBER_6},
    {"Alt-7", ACTION_NUMBER_7},
    {"Alt-8", ACTION_NUMBER_8},
    {"Alt-9", ACTION_NUMBER_9},
    {"Alt-0", ACTION_NUMBER_10},
    {"Alt-a", ACTION_UNREAD},
    {"Alt-/", ACTION_LAST},
    {"PgUp", ACTION_PAGE_UP},
    {"PgDn", ACTION_PAGE_DOWN},
    {"Alt-Up", ACTION_ROW_UP},
    {"Alt-Down", ACTION_ROW_DOWN},
    {"Alt-Home", ACTION_TOP},
    {"Alt-End", ACTION_BOTTOM},
    {"Alt-u", ACTION_NEW},
    {"Alt-n", ACTION_MENTION_NEXT},
    {"Alt-p", ACTION_MENTION_PREVIOUS},
    {"Ctrl-s", ACTION_SEARCH},
    {"Alt-m", ACTION_MOUSE},
    {"Alt-l", ACTION_BARE},
    {"Ctrl-l", ACTION_REDRAW},
    {"Ctrl-z", ACTION_SUSPEND},
    {"Ctrl-c", ACTION_INTERRUPT},
    {"Esc", ACTION_CANCEL},
    {"Enter", ACTION_ENTER},
    {"Alt-Enter Ctrl-j", ACTION_NEWLINE},
    {"Tab", ACTION_TAB},
    {"Shift-Tab", ACTION_TAB_BACK},
    {"Up", ACTION_OLDER},
    {"Down", ACTION_NEWER},
    {"Ctrl-r", ACTION_RECALL},
    {"Left Ctrl-b", ACTION_LEFT},
    {"Right Ctrl-f", ACTION_RIGHT},
    {"Ctrl-Left Alt-b", ACTION_WORD_LEFT},
    {"Ctrl-Right Alt-f", ACTION_WORD_RIGHT},
    {"Ctrl-a Home", ACTION_LINE_START},
    {"Ctrl-e End", ACTION_LINE_END},
    {"Backspace", ACTION_ERASE_LEFT},
    {"Del Ctrl-d", ACTION_ERASE_RIGHT},
    {"Ctrl-w Alt-Backspace", ACTION_CUT_WORD_LEFT},
    {"Alt-d Ctrl-Del", ACTION_CUT_WORD_RIGHT},
    {"Ctrl-u", ACTION_CUT_START},
    {"Ctrl-k", ACTION_CUT_END},
    {"Ctrl-y", ACTION_YANK},
    {"Alt-y", ACTION_YANK_OLDER},
    {"Ctrl-_", ACTION_UNDO},
    {"Up Ctrl-p", ACTION_SIDE_UP},
    {"Down Ctrl-n", ACTION_SIDE_DOWN},
    {"Home", ACTION_SIDE_FIRST},
    {"End", ACTION_SIDE_LAST},
    {"Enter", ACTION_SIDE_OPEN},
    {"i", ACTION_SIDE_INFO},
    {"c", ACTION_SIDE_CONNECT},
    {"d", ACTION_SIDE_DISCONNECT},
    {"Esc Tab Shift-Tab", ACTION_SIDE_BACK},
    {"Up Ctrl-p Shift-Tab", ACTION_LIST_UP},
    {"Down Ctrl-n Tab", ACTION_LIST_DOWN},
    {"PgUp", ACTION_LIST_PAGE_UP},
    {"PgDn", ACTION_LIST_PAGE_DOWN},
    {"Home", ACTION_LIST_FIRST},
    {"End", ACTION_LIST_LAST},
    {"Enter", ACTION_LIST_OPEN},
    {"Esc Ctrl-c", ACTION_LIST_BACK},
    {"n Up", ACTION_HIT_OLDER},
    {"N Down", ACTION_HIT_NEWER},
    {"Esc Enter Ctrl-c", ACTION_HIT_BACK},
};

const struct action_spec *action_spec(enum action action)
{
    return &ACTION_SPECS[action];
}

enum action action_find(const char *name)
{
    enum action action = ACTION_NONE;
    while (action < ACTIONS && !ascii_equal(ACTION_SPECS[action].name, name))
        action++;
    return action;
}

const char *context_title(enum context context)
{
    switch (context) {
    case CONTEXT_ALWAYS:
        return _("Keys");
    case CONTEXT_INPUT:
        return _("In the input line");
    case CONTEXT_SIDEBAR:
        return _("Among people and rooms");
    case CONTEXT_LIST:
        return _("In lists like this one");
    case CONTEXT_SEARCH:
        return _("At what was found");
    case CONTEXTS:
        break;
    }
    die("no such place for keys: %d", (int)context);
}

static void default_add(struct keymap *keymap, const char *name, size_t size, enum action action)
{
    char text[KEY_NAME_BYTES];
    struct binding *binding = &keymap->list[keymap->count++];
    snprintf(text, sizeof text, "%.*s", (int)size, name);
    binding->action = action;
    binding->context = ACTION_SPECS[action].context;
    if (!key_parse(text, &binding->key))
        die("no such key: %s", text);
}

void keymap_init(struct keymap *keymap)
{
    keymap->count = keymap->changed = 0;
    for (size_t i = 0; i < sizeof DEFAULTS / sizeof *DEFAULTS; i++)
        for (const char *at = DEFAULTS[i].keys; *at; at += strspn(at, " ")) {
            size_t size = strcspn(at, " ");
            default_add(keymap, at, size, DEFAULTS[i].action);
            at += size;
        }
}

enum action keymap_find(const struct keymap *keymap, enum context context, const struct key *key)
{
    for (size_t i = 0; i < keymap->count; i++)
        if (keymap->list[i].context == context && key_equal(&keymap->list[i].key, key))
            return keymap->list[i].action;
    return ACTION_NONE;
}

static void changed_drop(struct keymap *keymap, const struct key *key, enum context context)
{
    for (size_t i = 0; i < keymap->changed; i++) {
        struct binding *binding = &keymap->list[i];
        if (binding->context != context || !key_equal(&binding->key, key))
            continue;
        memmove(binding, binding + 1, (keymap->count - i - 1) * sizeof *binding);
        keymap->count--;
        keymap->changed--;
        return;
    }
}

static bool bind_in(struct keymap *keymap, const struct key *key, enum context context,
                    enum action action)
{
    changed_drop(keymap, key, context);
    if (keymap->count == KEYMAP_BINDINGS)
        return false;
    memmove(keymap->list + 1, keymap->list, keymap->count * sizeof *keymap->list);
    keymap->list[0] = (struct binding){*key, context, action};
    keymap->count++;
    keymap->changed++;
    return true;
}

bool keymap_bind(struct keymap *keymap, const struct key *key, enum action action)
{
    if (action != ACTION_NONE)
        return bind_in(keymap, key, ACTION_SPECS[action].context, action);
    bool done = true;
    for (enum context context = 0; context < CONTEXTS; context++)
        if (keymap_find(keymap, context, key) != ACTION_NONE)
            done = bind_in(keymap, key, context, ACTION_NONE) && done;
    return done;
}

void keymap_unbind(struct keymap *keymap, const struct key *key)
{
    for (enum context context = 0; context < CONTEXTS; context++)
        changed_drop(keymap, key, context);
}

/* A key that was freed somewhere is freed wherever it does something, and then bound: the same. */
void keymap_value(const struct keymap *keymap, const struct key *key, char into[KEYMAP_VALUE_BYTES])
{
    size_t length = 0;
    into[0] = '\0';
    for (int bound = 0; bound < 2; bound++)
        for (size_t i = 0; i < keymap->changed && length < KEYMAP_VALUE_BYTES; i++) {
            const struct binding *binding = &keymap->list[i];
            bool wanted = (binding->action != ACTION_NONE) == (bound == 1);
            if (!wanted || !key_equal(&binding->key, key) || (bound == 0 && length > 0))
                continue;
            length += (size_t)snprintf(into + length, KEYMAP_VALUE_BYTES - length, "%s%s",
                                       length > 0 ? " " : "", ACTION_SPECS[binding->action].name);
        }
}

void keymap_restore(struct keymap *keymap, const struct key *key, const char *value)
{
    char name[KEY_NAME_BYTES];
    for (const char *at = value + strspn(value, " "); *at; at += strspn(at, " ")) {
        size_t size = strcspn(at, " ");
        snprintf(name, sizeof name, "%.*s", (int)size, at);
        enum action action = action_find(name);
        if (action < ACTIONS && !keymap_bind(keymap, key, action))
            return; /* there is no room for more */
        at += size;
    }
}

/* The words of "nothing next"; false: one is no action. */
static bool value_is_known(const char *value)
{
    char name[KEY_NAME_BYTES];
    for (const char *at = value + strspn(value, " "); *at; at += strspn(at, " ")) {
        size_t size = strcspn(at, " ");
        snprintf(name, sizeof name, "%.*s", (int)size, at);
        if (size >= sizeof name || action_find(name) == ACTIONS)
            return false;
        at += size;
    }
    return true;
}

bool keymap_begin(struct keymap *keymap, const struct key *key, const char *value)
{
    if (!value_is_known(value) || keymap->count + CONTEXTS > KEYMAP_BINDINGS / 3 * 2)
        return false;
    keymap_restore(keymap, key, *value ? value : ACTION_SPECS[ACTION_NONE].name);
    keymap->changed = 0;
    return true;
}

void keymap_keys(const struct keymap *keymap, enum action action, char *into, size_t size)
{
    enum context context = ACTION_SPECS[action].context;
    size_t length = 0;
    into[0] = '\0';
    for (size_t i = 0; i < keymap->count; i++) {
        const struct binding *binding = &keymap->list[i];
        char name[KEY_NAME_BYTES];
        if (binding->action != action || keymap_find(keymap, context, &binding->key) != action)
            continue;
        key_label(&binding->key, name);
        size_t more = strlen(name) + (length > 0 ? 2 : 0);
        if (length + more >= size)
            break;
        length +=
            (size_t)snprintf(into + length, size - length, "%s%s", length > 0 ? ", " : "", name);
    }
}

void keymap_write(FILE *file)
{
    struct keymap keymap;
    enum action last = ACTION_NONE;
    keymap_init(&keymap);
    for (size_t i = 0; i < keymap.count; i++) {
        const struct binding *binding = &keymap.list[i];
        const struct action_spec *spec = action_spec(binding->action);
        char name[KEY_NAME_BYTES];
        key_stored(&binding->key, name);
        if (binding->action != last && spec->help)
            fprintf(file, "\n# %s\n", _(spec->help));
        fprintf(file, ";%s = %s\n", name, spec->name);
        last = binding->action;
    }
}
