/* Fills the lists into a page of the manual: man/lists LANGUAGE CATALOGUES < man/NAME.in > NAME.
 *
 * A line `@options@`, or another of the names below, becomes mdoc made of the very table that the
 * program itself uses, in that language; every other line stays as it is. CATALOGUES is a folder as
 * gettext wants one: LANGUAGE/LC_MESSAGES/tertulia.mo. With `--names` behind them it
 * prints all names that have to be in the manual, a kind and a name in each line, for
 * tests/check/manual.py; with `--tables` the rows of the READMEs' tables, for tests/check/docs.py.
 */
#include "app/i18n.h"
#include "app/options.h"
#include "app/settings.h"
#include "base/alloc.h"
#include "base/gettext.h"
#include "core/command.h"
#include "man/language.h"
#include "ui/keymap.h"
#include "ui/theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MOST = 4096, KEYS_MOST = 256, LINE_GOOD = 76 };

/* ---- mdoc ---- */

/* Words for a macro's line: none is a macro itself, and a backslash is one. */
static void words_put(const char *text)
{
    for (const char *at = text; *at;) {
        size_t size = strcspn(at, " ");
        fputs(size <= 3 && *at >= 'A' && *at <= 'Z' ? " \\&" : " ", stdout);
        for (size_t i = 0; i < size; i++)
            fputs(at[i] == '\\' ? "\\e" : (char[2]){at[i], '\0'}, stdout);
        at += size;
        at += strspn(at, " ");
    }
}

/* As roff reads it: whatever is not ASCII is made \[u00F1]. */
static size_t width_of(const char *text, size_t size)
{
    size_t width = 0;
    for (size_t i = 0; i < size; i++)
        width += (text[i] & 0xc0) == 0xc0 ? 8 : (text[i] & 0x80) ? 0 : 1;
    return width;
}

/* A sentence with a capital and a full stop, which the tables leave out. No line is long. */
static void sentence_put(const char *text)
{
    size_t column = 0;
    for (const char *at = text; *at;) {
        size_t size = strcspn(at, " "), width = width_of(at, size);
        if (column > 0 && column + 1 + width > LINE_GOOD) {
            putchar('\n');
            column = 0;
        }
        fputs(column > 0 ? " " : *at == '.' || *at == '\'' ? "\\&" : "", stdout);
        for (size_t i = 0; i < size; i++) {
            bool small = at == text && i == 0 && at[i] >= 'a' && at[i] <= 'z';
            fputs(at[i] == '\\' ? "\\e" : (char[2]){(char)(at[i] - small * 32), '\0'}, stdout);
        }
        column += width + (column > 0);
        at += size;
        at += strspn(at, " ");
    }
    puts(".");
}

static void list_begin(const char *width)
{
    printf(".Bl -tag -width %s\n", width);
}

static void list_end(void)
{
    puts(".El");
}

/* ---- the lists ---- */

static void options_put(unsigned program)
{
    struct option_about option;
    list_begin("Ds");
    for (size_t i = 0; option_at(i, &option); i++) {
        if (!(option.programs & program))
            continue;
        fputs(".It", stdout);
        if (option.letter)
            printf(" Fl %c ,", option.letter);
        printf(" Fl Fl %s", option.name);
        if (option.value) {
            fputs(" Ar", stdout);
            words_put(_(option.value));
        }
        putchar('\n');
        sentence_put(_(option.help));
    }
    list_end();
}

static void options_screen(void)
{
    options_put(PROGRAM_SCREEN);
}

static void options_daemon(void)
{
    options_put(PROGRAM_DAEMON);
}

/* The name that is shown first with its usage, then all others. */
static void commands(void)
{
    struct command_names *names = command_names_new(i18n_translate);
    list_begin("Ds");
    for (enum command_id id = 0; id < COMMAND_COUNT; id++) {
        const struct command_spec *spec = command_spec(id);
        const char *usage = spec->usage ? strchr(_(spec->usage), ' ') : NULL;
        const char *name = command_name(names, id, 0);
        printf(".It Ic /%s", name);
        words_put(usage ? usage + 1 : "");
        for (size_t i = 1; (name = command_name(names, id, i)); i++)
            printf(" , /%s", name);
        if (spec->dashed)
            printf(" , %s", spec->dashed);
        putchar('\n');
        sentence_put(_(spec->help));
    }
    list_end();
    command_names_free(names);
}

static void keys_of(const struct keymap *keymap, enum context context)
{
    fputs(".Ss", stdout);
    words_put(context_title(context));
    putchar('\n');
    list_begin("Ds");
    for (enum action action = 1; action < ACTIONS; action++) {
        const struct action_spec *spec = action_spec(action);
        char keys[KEYS_MOST];
        keymap_keys(keymap, action, keys, sizeof keys);
        if (spec->context != context || !spec->help || !keys[0])
            continue;
        fputs(".It Ic", stdout);
        words_put(keys);
        putchar('\n');
        sentence_put(_(spec->help));
    }
    list_end();
}

static void keys(void)
{
    struct keymap keymap;
    keymap_init(&keymap);
    for (enum context context = 0; context < CONTEXTS; context++)
        keys_of(&keymap, context);
}

/* Those without a help of their own are told with the one before. */
static void actions(void)
{
    list_begin("Ds");
    for (enum action action = 0; action < ACTIONS;) {
        const struct action_spec *spec = action_spec(action);
        printf(".It Cm %s", spec->name);
        while (++action < ACTIONS && action > 1 && !action_spec(action)->help)
            printf(" , %s", action_spec(action)->name);
        putchar('\n');
        sentence_put(spec->help ? _(spec->help) : "The key does nothing");
    }
    list_end();
}

static const char *theme_name(size_t index)
{
    const struct theme *theme = theme_at(index);
    return theme ? theme->name : NULL;
}

static void settings(void)
{
    struct settings screen, daemon;
    settings_init(&screen, PROGRAM_SCREEN, theme_name);
    settings_init(&daemon, PROGRAM_DAEMON, NULL);
    list_begin("Ds");
    for (enum setting_id id = 0; id < SETTINGS; id++) {
        char allowed[LINE_MOST];
        setting_allowed(&screen, id, allowed, sizeof allowed);
        printf(".It Va %s\n", setting_name(id));
        sentence_put(_(setting_help(id)));
        printf("It can be: %s.\nThe default is %s.\n", allowed, setting_value(&screen, id));
        if (!setting_is_for(&daemon, id))
            puts("It is for the program with a screen.");
    }
    list_end();
}

static const struct {
    const char *marker;
    void (*put)(void);
} LISTS[] = {
    {"@options@", options_screen}, {"@options of tertuliad@", options_daemon},
    {"@commands@", commands},      {"@keys@", keys},
    {"@actions@", actions},        {"@settings@", settings},
};

/* ---- all names ---- */

/* All keys of an action together, as a page has them. */
static void names_of_keys(void)
{
    struct keymap keymap;
    keymap_init(&keymap);
    for (enum action action = 1; action < ACTIONS; action++) {
        char keys[KEYS_MOST];
        keymap_keys(&keymap, action, keys, sizeof keys);
        if (keys[0] && action_spec(action)->help)
            printf("key %s\n", keys);
    }
}

static void names_put(void)
{
    struct option_about option;
    struct command_names *names = command_names_new(i18n_translate);
    const char *name;
    for (size_t i = 0; option_at(i, &option); i++)
        printf("option --%s\n", option.name);
    for (enum command_id id = 0; id < COMMAND_COUNT; id++)
        for (size_t i = 0; (name = command_name(names, id, i)); i++)
            printf("command /%s\n", name);
    for (enum action action = 0; action < ACTIONS; action++)
        printf("action %s\n", action_spec(action)->name);
    for (enum setting_id id = 0; id < SETTINGS; id++)
        printf("setting %s\n", setting_name(id));
    command_names_free(names);
    names_of_keys();
}

/* ---- the tables of the READMEs ---- */

/* Inside of backquotes; a bar would end the cell. */
static void cell_put(const char *text)
{
    for (; *text; text++)
        printf("%s%c", *text == '|' ? "\\" : "", *text);
}

static void table_options(void)
{
    struct option_about option;
    for (size_t i = 0; option_at(i, &option); i++) {
        fputs("option | ", stdout);
        if (option.letter)
            printf("`-%c`, ", option.letter);
        printf("`--%s", option.name);
        if (option.value) {
            putchar(' ');
            cell_put(_(option.value));
        }
        fputs("` | ", stdout);
        if (option.programs != (PROGRAM_SCREEN | PROGRAM_DAEMON))
            printf("(`%s`) ", option.programs == PROGRAM_SCREEN ? "tertulia" : "tertuliad");
        cell_put(_(option.help));
        puts(" |");
    }
}

static void table_commands(void)
{
    struct command_names *names = command_names_new(i18n_translate);
    for (enum command_id id = 0; id < COMMAND_COUNT; id++) {
        const struct command_spec *spec = command_spec(id);
        const char *usage = spec->usage ? strchr(_(spec->usage), ' ') : NULL;
        const char *name = command_name(names, id, 0);
        printf("command | `/%s", name);
        cell_put(usage ? usage : "");
        putchar('`');
        for (size_t i = 1; (name = command_name(names, id, i)); i++)
            printf(", `/%s`", name);
        fputs(" | ", stdout);
        cell_put(_(spec->help));
        puts(" |");
    }
    command_names_free(names);
}

/* ---- the page ---- */

static void line_fill(const char *line)
{
    size_t size = strcspn(line, "\n");
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++)
        if (strlen(LISTS[i].marker) == size && strncmp(line, LISTS[i].marker, size) == 0) {
            LISTS[i].put();
            return;
        }
    if (line[0] == '@')
        die("there is no list %s", line);
    fputs(line, stdout);
}

int main(int argc, char **argv)
{
    char line[LINE_MOST];
    if (argc < 3)
        die("%s LANGUAGE CATALOGUES < PAGE.in > PAGE", argv[0]);
    i18n_start();
    language_use(argv[1], argv[2]);
    if (argc == 4 && strcmp(argv[3], "--names") == 0) {
        names_put();
        return 0;
    }
    if (argc == 4 && strcmp(argv[3], "--tables") == 0) {
        table_options();
        table_commands();
        return 0;
    }
    while (fgets(line, sizeof line, stdin))
        line_fill(line);
    return fflush(stdout) == 0 && !ferror(stdout) && !ferror(stdin) ? 0 : 1;
}
