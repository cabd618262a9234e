/* The table of settings. */
#include "app/settings.h"

#include "app/i18n.h"
#include "base/ascii.h"
#include "base/i18n.h"
#include "core/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BOTH = PROGRAM_SCREEN | PROGRAM_DAEMON };

struct setting_spec {
    const char *name;
    unsigned programs;
    const char *const *words; /* the default first, NULL at the end; or a number: */
    uint64_t low, high, initial;
    bool at_start; /* a change counts from the next start on */
    const char *help;
};

static const char *const SWITCH[] = {"on", "off", NULL};
static const char *const BELL[] = {"mentions", "on", "off", NULL};
static const char *const NOTIFY[] = {"none", "osc9", "osc777", NULL};

/* What limits a number says why. */
enum {
    DAYS_MOST = 36500,       /* a hundred years */
    SIZE_LEAST = 16,         /* MiB: what one author may have, and some more */
    SIZE_MOST = 1024 * 1024, /* a tebibyte: SQLite takes more, no laptop does */
    RATE_MOST = 100000,      /* a second: more than a disk takes is no limit */
};

/* clang-format off */
static const struct setting_spec SPECS[SETTINGS] = {
    [SETTING_LANGUAGE] = {"language", BOTH, .help =
        /* TRANSLATORS: what a setting is for, in the list of /set; no full stop. Words that it may
         * be set to (auto, on, off, osc9) stay as they are. */
        N_("The language of the program; auto takes the one of your system")},
    [SETTING_THEME] = {"theme", PROGRAM_SCREEN, .help =
        N_("The colours")},
    [SETTING_BELL] = {"bell", PROGRAM_SCREEN, BELL, .help =
        N_("When it rings: when somebody whispers to you or names you, at every line, or never")},
    [SETTING_NOTIFY] = {"notify", PROGRAM_SCREEN, NOTIFY, .help =
        N_("A note on your desktop when somebody whispers to you or names you, in the way that "
           "your terminal knows")},
    [SETTING_MOUSE] = {"mouse", PROGRAM_SCREEN, SWITCH, .help =
        N_("The wheel scrolls and a click opens; off: the terminal selects text")},
    [SETTING_RETENTION_DAYS] = {"retention-days", BOTH, NULL, 1, DAYS_MOST, 90, true, .help =
        N_("For how many days messages are kept here")},
    [SETTING_RETENTION_SIZE] = {"retention-size", BOTH, NULL, SIZE_LEAST, SIZE_MOST, 1024, true,
        .help = N_("How many MiB all messages together may take up")},
    [SETTING_AUTHOR_RATE] = {"author-rate", BOTH, NULL, 0, RATE_MOST, 500, true, .help =
        N_("How many messages a second are taken from one person; 0 takes all")},
};
/* clang-format on */

/* ---- what a setting may be ---- */

static bool is_number(enum setting_id id)
{
    return SPECS[id].high > 0;
}

const char *setting_name(enum setting_id id)
{
    return SPECS[id].name;
}

const char *setting_help(enum setting_id id)
{
    return SPECS[id].help;
}

enum setting_id setting_find(const char *name)
{
    enum setting_id id = 0;
    while (id < SETTINGS && !ascii_equal(SPECS[id].name, name))
        id++;
    return id;
}

bool setting_is_for(const struct settings *settings, enum setting_id id)
{
    return (SPECS[id].programs & settings->program) != 0;
}

static const char *listed(const char *const *words, size_t index)
{
    for (; *words; words++)
        if (index-- == 0)
            return *words;
    return NULL;
}

const char *setting_choice(const struct settings *settings, enum setting_id id, size_t index)
{
    if (is_number(id))
        return NULL;
    if (id == SETTING_LANGUAGE)
        return index == 0 ? "auto" : i18n_language_at(index - 1);
    if (id == SETTING_THEME)
        return settings->themes ? settings->themes(index) : NULL;
    return listed(SPECS[id].words, index);
}

void setting_allowed(const struct settings *settings, enum setting_id id, char *into, size_t size)
{
    size_t length = 0;
    const char *word;
    into[0] = '\0';
    if (is_number(id))
        snprintf(into, size, "%" PRIu64 "-%" PRIu64, SPECS[id].low, SPECS[id].high);
    for (size_t i = 0; (word = setting_choice(settings, id, i)) && length < size; i++)
        length +=
            (size_t)snprintf(into + length, size - length, "%s%s", length > 0 ? ", " : "", word);
}

static void initial_text(const struct settings *settings, enum setting_id id,
                         char into[SETTING_VALUE_BYTES])
{
    const char *word = setting_choice(settings, id, 0);
    if (is_number(id))
        snprintf(into, SETTING_VALUE_BYTES, "%" PRIu64, SPECS[id].initial);
    else
        snprintf(into, SETTING_VALUE_BYTES, "%s", word ? word : "");
}

/* Digits and nothing else, so that "1e3" and "-1" are no numbers. */
static bool number_parse(enum setting_id id, const char *text, char into[SETTING_VALUE_BYTES])
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits] != '\0' || digits > 18)
        return false;
    uint64_t number = strtoull(text, NULL, 10);
    if (number < SPECS[id].low || number > SPECS[id].high)
        return false;
    snprintf(into, SETTING_VALUE_BYTES, "%" PRIu64, number);
    return true;
}

/* The value in its one spelling; false: it cannot be that. */
static bool value_parse(const struct settings *settings, enum setting_id id, const char *text,
                        char into[SETTING_VALUE_BYTES])
{
    if (is_number(id))
        return number_parse(id, text, into);
    const char *word;
    for (size_t i = 0; (word = setting_choice(settings, id, i)); i++)
        if (ascii_equal(word, text))
            break;
    if (!word && id == SETTING_LANGUAGE)
        word = i18n_language_find(text);
    if (!word || strlen(word) >= SETTING_VALUE_BYTES)
        return false;
    snprintf(into, SETTING_VALUE_BYTES, "%s", word);
    return true;
}

/* ---- what it is ---- */

void settings_init(struct settings *settings, enum program_kind program, setting_words *themes)
{
    *settings = (struct settings){.program = program, .themes = themes};
    for (enum setting_id id = 0; id < SETTINGS; id++) {
        initial_text(settings, id, settings->initial[id]);
        memcpy(settings->values[id], settings->initial[id], SETTING_VALUE_BYTES);
    }
}

bool settings_default(struct settings *settings, enum setting_id id, const char *value)
{
    if (*value && !value_parse(settings, id, value, settings->initial[id]))
        return false;
    memcpy(settings->values[id], settings->initial[id], SETTING_VALUE_BYTES);
    return true;
}

const char *setting_value(const struct settings *settings, enum setting_id id)
{
    return settings->values[id];
}

bool setting_is(const struct settings *settings, enum setting_id id, const char *value)
{
    return strcmp(settings->values[id], value) == 0;
}

uint64_t setting_number(const struct settings *settings, enum setting_id id)
{
    return strtoull(settings->values[id], NULL, 10);
}

bool settings_restore(struct settings *settings, const char *name, struct span value)
{
    char text[SETTING_VALUE_BYTES];
    enum setting_id id = setting_find(name);
    if (id == SETTINGS || value.size >= sizeof text)
        return false;
    memcpy(text, value.bytes, value.size);
    text[value.size] = '\0';
    if (!value_parse(settings, id, text, settings->values[id]))
        return false;
    settings->chosen[id] = true;
    return true;
}

/* ---- /set ---- */

enum setting_id setting_near(const struct settings *settings, const char *name)
{
    enum setting_id best = SETTINGS;
    size_t nearest = COMMAND_SLIPS;
    for (enum setting_id id = 0; id < SETTINGS; id++)
        if (setting_is_for(settings, id) && *name && ascii_begins(SPECS[id].name, name))
            return id;
    for (enum setting_id id = 0; id < SETTINGS; id++)
        if (setting_is_for(settings, id) && command_near(name, SPECS[id].name, &nearest))
            best = id;
    return best;
}

static enum settings_result unknown(const struct settings *settings, const char *name,
                                    struct message *answer)
{
    enum setting_id meant = setting_near(settings, name);
    *answer = message_make("unknown-setting",
                           meant < SETTINGS
                               ? N_("There is no setting \"%1$s\", so nothing was changed. Did you "
                                    "mean %2$s?")
                               : N_("There is no setting \"%1$s\", so nothing was changed. /set "
                                    "alone lists them all."));
    message_add(answer, name);
    if (meant < SETTINGS)
        message_add(answer, SPECS[meant].name);
    return SETTINGS_REFUSED;
}

static void add_allowed(const struct settings *settings, enum setting_id id, struct message *answer)
{
    char allowed[MESSAGE_ARGUMENT_BYTES + 1];
    setting_allowed(settings, id, allowed, sizeof allowed);
    message_add(answer, allowed);
}

static enum settings_result refused(const struct settings *settings, enum setting_id id,
                                    const char *value, struct message *answer)
{
    *answer = message_make("bad-value", N_("%1$s cannot be \"%2$s\", so nothing was changed. It "
                                           "can be: %3$s"));
    message_add(answer, SPECS[id].name);
    message_add(answer, value);
    add_allowed(settings, id, answer);
    return SETTINGS_REFUSED;
}

static enum settings_result shown(const struct settings *settings, enum setting_id id,
                                  struct message *answer)
{
    *answer = message_make("setting", N_("%1$s is %2$s. It can be: %3$s"));
    message_add(answer, SPECS[id].name);
    message_add(answer, settings->values[id]);
    add_allowed(settings, id, answer);
    return SETTINGS_SHOWN;
}

enum settings_result settings_do(struct settings *settings, const char *name, const char *value,
                                 enum setting_id *id, struct message *answer)
{
    *id = setting_find(name);
    if (*id == SETTINGS)
        return unknown(settings, name, answer);
    if (!setting_is_for(settings, *id)) {
        *answer = message_make("no-screen", N_("%s is for the program with a screen."));
        message_add(answer, SPECS[*id].name);
        return SETTINGS_REFUSED;
    }
    if (!value)
        return shown(settings, *id, answer);
    if (!*value)
        memcpy(settings->values[*id], settings->initial[*id], SETTING_VALUE_BYTES);
    else if (!value_parse(settings, *id, value, settings->values[*id]))
        return refused(settings, *id, value, answer);
    settings->chosen[*id] = *value != '\0';
    *answer = message_make("setting", SPECS[*id].at_start
                                          ? N_("%1$s will be %2$s from the next start on.")
                                          : N_("%1$s is %2$s now."));
    message_add(answer, SPECS[*id].name);
    message_add(answer, settings->values[*id]);
    return SETTINGS_CHANGED;
}

struct message settings_languages(void)
{
    char list[MESSAGE_ARGUMENT_BYTES + 1] = "";
    const char *code;
    size_t length = 0;
    for (size_t i = 0; (code = i18n_language_at(i)) && length < sizeof list; i++)
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%s",
                                   length > 0 ? ", " : "", code);
    struct message message = message_make("language", N_("The language is %1$s; there are: %2$s."));
    message_add(&message, i18n_language_name(i18n_language()));
    message_add(&message, list);
    return message;
}
