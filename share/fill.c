/* Fills the lists into the completion of a shell: share/fill PROGRAM CATALOGUES < SHELL.in > FILE.
 *
 * `@program@`, or another of the names below, becomes what the very table that the program itself
 * uses says of it, in the shell's own words; all else stays as it is. Where a shell shows words of
 * ours, they are there in every language, of which the user's is chosen when they are looked at.
 * CATALOGUES is a folder as gettext wants one (man/language.h). */
#include "app/i18n.h"
#include "app/options.h"
#include "base/alloc.h"
#include "base/gettext.h"
#include "core/command.h"
#include "man/language.h"

#include <stdio.h>
#include <string.h>

enum { LINE_MOST = 4096 };

static const char *program;
static unsigned program_bit;
static const char *catalogues;

/* ---- options, as a shell looks at them ---- */

enum taken {
    TAKES_NOTHING,
    TAKES_FILE,
    TAKES_FOLDER,
    TAKES_HOST,
    TAKES_WORD,    /* that nobody can guess */
    TAKES_PERHAPS, /* such a word, or none */
};

/* By what its value is called in the table. */
static enum taken option_takes(const struct option_about *option)
{
    const char *value = option->value;
    if (!value)
        return TAKES_NOTHING;
    if (strcmp(value, "FILE") == 0)
        return TAKES_FILE;
    if (strcmp(value, "DIR") == 0)
        return TAKES_FOLDER;
    if (strncmp(value, "HOST", 4) == 0)
        return TAKES_HOST;
    return value[0] == '[' && value[strlen(value) - 1] == ']' ? TAKES_PERHAPS : TAKES_WORD;
}

/* The next one of this program from *index on, which moves behind it. */
static bool option_next(size_t *index, struct option_about *option)
{
    while (option_at((*index)++, option))
        if (option->programs & program_bit)
            return true;
    return false;
}

/* Between single quotes, with a backslash before each of these. */
static void text_put(const char *text, const char *escaped)
{
    for (; *text; text++)
        printf("%s%c", strchr(escaped, *text) ? "\\" : "", *text);
}

/* An arm of `case` for each language and, last, for all others: the first letters of its code,
 * which its kinds have in common, between these signs. */
static void each_language(const char *before, const char *after, void (*put)(void))
{
    for (size_t i = 1; i18n_language_at(i); i++) {
        const char *code = i18n_language_at(i);
        language_use(code, catalogues);
        printf("%s%.*s*%s\n", before, (int)strcspn(code, "_"), code, after);
        put();
    }
    language_use(i18n_language_at(0), catalogues);
    printf("%s*%s\n", before, after);
    put();
}

static const char *doctor_help(void)
{
    return _(command_spec(COMMAND_DOCTOR)->help);
}

/* ---- bash: words and patterns ---- */

static void bash_options(void)
{
    struct option_about option;
    for (size_t i = 0, count = 0; option_next(&i, &option); count++) {
        printf(count ? " --%s" : "--%s", option.name);
        if (option.letter)
            printf(" -%c", option.letter);
    }
}

/* A pattern of `case` for the options that take this. */
static void bash_taking(enum taken taken)
{
    struct option_about option;
    size_t count = 0;
    for (size_t i = 0; option_next(&i, &option);) {
        if (option_takes(&option) != taken)
            continue;
        printf(count++ ? " | --%s" : "--%s", option.name);
        if (option.letter)
            printf(" | -%c", option.letter);
    }
    if (count == 0)
        die("no option takes what the completion of bash has a case for");
}

static void bash_file(void)
{
    bash_taking(TAKES_FILE);
}

static void bash_folder(void)
{
    bash_taking(TAKES_FOLDER);
}

static void bash_host(void)
{
    bash_taking(TAKES_HOST);
}

static void bash_word(void)
{
    bash_taking(TAKES_WORD);
}

/* ---- zsh: what _arguments reads ---- */

/* The same for zsh, where a quote in quotes takes more. */
static void zsh_text(const char *text, const char *escaped)
{
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            printf("%s%c", strchr(escaped, *text) ? "\\" : "", *text);
}

static void zsh_value(const struct option_about *option)
{
    static const char *const actions[] = {
        [TAKES_FILE] = "_files", [TAKES_FOLDER] = "_files -/", [TAKES_HOST] = "_hosts",
        [TAKES_WORD] = " ",      [TAKES_PERHAPS] = " ",
    };
    enum taken taken = option_takes(option);
    if (taken == TAKES_NOTHING)
        return;
    fputs(taken == TAKES_PERHAPS ? "::" : ":", stdout);
    zsh_text(_(option->value), ":\\");
    printf(":%s", actions[taken]);
}

/* One with a value can be given again: the last counts, or it is one more. */
static void zsh_option(const struct option_about *option)
{
    const char *name = option->name;
    bool valued = option->value;
    if (option->letter && valued)
        printf("'*'{-%c+,--%s=}'[", option->letter, name);
    else if (option->letter)
        printf("'(-%c --%s)'{-%c,--%s}'[", option->letter, name, option->letter, name);
    else
        printf("'%s--%s%s[", valued ? "*" : "", name, valued ? "=" : "");
    zsh_text(_(option->help), "[]\\");
    putchar(']');
    zsh_value(option);
    puts("'");
}

static void zsh_arm(void)
{
    struct option_about option;
    puts("    options=(");
    for (size_t i = 0; option_next(&i, &option);) {
        fputs("        ", stdout);
        zsh_option(&option);
    }
    fputs("    )\n    doctor='", stdout);
    zsh_text(doctor_help(), "");
    puts("'\n    ;;");
}

static void zsh_languages(void)
{
    each_language("", ")", zsh_arm);
}

/* ---- fish: a line each ---- */

static void fish_option(const struct option_about *option)
{
    static const char *const takes[] = {
        [TAKES_NOTHING] = "",
        [TAKES_FILE] = " -r -F",
        [TAKES_FOLDER] = " -x -a '(__fish_complete_directories)'",
        [TAKES_HOST] = " -x -a '(__fish_print_hostnames)'",
        [TAKES_WORD] = " -x",
        [TAKES_PERHAPS] = "",
    };
    printf("        complete -c %s", program);
    if (option->letter)
        printf(" -s %c", option->letter);
    printf(" -l %s%s -d '", option->name, takes[option_takes(option)]);
    text_put(_(option->help), "'\\");
    puts("'");
}

static void fish_arm(void)
{
    struct option_about option;
    for (size_t i = 0; option_next(&i, &option);)
        fish_option(&option);
    printf("        complete -c %s -n 'not __fish_seen_subcommand_from doctor' -a doctor -d '",
           program);
    text_put(doctor_help(), "'\\");
    puts("'");
}

static void fish_languages(void)
{
    each_language("    case '", "'", fish_arm);
}

/* ---- the template ---- */

static void program_put(void)
{
    fputs(program, stdout);
}

/* The longer ones stand on a line of their own, whose end they bring. */
static const struct {
    const char *marker;
    void (*put)(void);
} LISTS[] = {
    {"@program@", program_put},
    {"@bash options@", bash_options},
    {"@bash options with a file@", bash_file},
    {"@bash options with a folder@", bash_folder},
    {"@bash options with a host@", bash_host},
    {"@bash options with a word@", bash_word},
    {"@zsh languages@\n", zsh_languages},
    {"@fish languages@\n", fish_languages},
};

/* What stands at the start of the text, put; how much of it that was. */
static size_t list_put(const char *text)
{
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++) {
        size_t size = strlen(LISTS[i].marker);
        if (strncmp(text, LISTS[i].marker, size) == 0) {
            LISTS[i].put();
            return size;
        }
    }
    putchar(*text);
    return 1;
}

int main(int argc, char **argv)
{
    char line[LINE_MOST];
    if (argc != 3)
        die("%s PROGRAM CATALOGUES < SHELL.in > FILE", argv[0]);
    program = argv[1];
    program_bit = strcmp(program, "tertuliad") == 0 ? PROGRAM_DAEMON : PROGRAM_SCREEN;
    catalogues = argv[2];
    i18n_start();
    language_use(i18n_language_at(0), catalogues);
    while (fgets(line, sizeof line, stdin))
        for (const char *at = line; *at;)
            at += *at == '@' ? list_put(at) : (size_t)(putchar(*at) != EOF);
    return fflush(stdout) == 0 && !ferror(stdout) && !ferror(stdin) ? 0 : 1;
}
