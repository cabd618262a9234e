/* The command line. A row of the table is an option: what it is called, who has it, what help says
 * and what it does; nothing about an option stands anywhere else. */
#include "app/options.h"

#include "app/i18n.h"
#include "app/range.h"
#include "app/version.h"
#include "base/alloc.h"
#include "base/base32.h"
#include "base/clean.h"
#include "base/gettext.h"
#include "base/i18n.h"
#include "base/sys.h"
#include "base/text.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BOTH = PROGRAM_SCREEN | PROGRAM_DAEMON };
enum { HELP_COLUMN = 26, HELP_WIDTH = 80 };

/* One command line on its way into options. */
struct parse {
    struct options *into;
    const struct program *program;
};

/* What an option does with its value (NULL where it has none). */
typedef enum options_verdict option_take(struct parse *parse, const char *value);

struct option_row {
    int letter; /* 0: none */
    const char *name;
    const char *value; /* what its value is called in help; NULL: it takes none */
    bool value_optional;
    unsigned programs;
    option_take *take;
    const char *help;
};

/* ---- errors ----------------------------------------------------------------------------------*/

static enum options_verdict wrong(const struct parse *parse, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One line on stderr, whatever the arguments contain. */
static enum options_verdict wrong(const struct parse *parse, const char *format, ...)
{
    char line[2048]; /* longer than any sentence; a longer argument is cut */
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    size_t kept = length < 0 ? 0 : strnlen(line, sizeof line);
    char *clean = text_clean(line, kept, CLEAN_LINE, NULL);
    fprintf(stderr, "%s: %s\n", parse->program->name, clean);
    free(clean);
    return OPTIONS_WRONG;
}

/* ---- what the options do ---------------------------------------------------------------------*/

/* Why a name of a person or a mesh will not do, in words; NULL: it will. */
static const char *name_problem(const char *name)
{
    size_t length = strlen(name);
    if (length == 0)
        return _("it is empty");
    if (length > NAME_BYTES)
        return _("it is longer than 64 bytes");
    char *clean = text_clean(name, length, CLEAN_LINE, NULL);
    bool same = strcmp(clean, name) == 0;
    free(clean);
    return same ? NULL : _("it has characters that cannot be shown");
}

static enum options_verdict take_name(struct parse *parse, const char *value)
{
    const char *problem = name_problem(value);
    if (problem)
        return wrong(parse, _("\"%s\" cannot be a name: %s. Choose another with --name."), value,
                     problem);
    parse->into->name = value;
    return OPTIONS_RUN;
}

static enum options_verdict take_mesh(struct parse *parse, const char *value)
{
    const char *problem = name_problem(value);
    if (problem)
        return wrong(parse,
                     _("\"%s\" cannot be the name of a mesh: %s. Choose another with --mesh."),
                     value, problem);
    parse->into->mesh = value;
    return OPTIONS_RUN;
}

static enum options_verdict wrong_port(const struct parse *parse, const char *value)
{
    return wrong(parse, _("\"%s\" has no valid port: a port is a number from 1 to 65535."), value);
}

static enum options_verdict listen_add(struct parse *parse, const char *text,
                                       const struct hostport *where)
{
    struct options *into = parse->into;
    if (into->listen_count == LISTENS_MAX)
        return wrong(parse, _("--listen was given more than %d times."), LISTENS_MAX);
    if (!where->port)
        return wrong_port(parse, text);
    into->listens[into->listen_count++] = *where;
    return OPTIONS_RUN;
}

static enum options_verdict take_listen(struct parse *parse, const char *value)
{
    struct hostport where = {.host = ""};
    if (!strpbrk(value, ":.[")) /* PORT alone */
        return port_parse(value, &where.port) ? listen_add(parse, value, &where)
                                              : wrong_port(parse, value);
    switch (hostport_parse(value, &where)) {
    case HOSTPORT_BAD_PORT:
        return wrong_port(parse, value);
    case HOSTPORT_OK:
        if (where.host[0] == '\0' || host_is_number(where.host))
            return listen_add(parse, value, &where);
        break;
    case HOSTPORT_BAD_HOST:
        break;
    }
    return wrong(parse,
                 _("\"%s\" is no address to listen on: give PORT, ADDRESS:PORT or [IPv6]:PORT."),
                 value);
}

static enum options_verdict call_add(struct parse *parse, const char *text)
{
    struct options *into = parse->into;
    struct hostport where;
    if (into->call_count == CALLS_MAX)
        return wrong(parse, _("More than %d people to call."), CALLS_MAX);
    switch (hostport_parse(text, &where)) {
    case HOSTPORT_BAD_PORT:
        return wrong_port(parse, text);
    case HOSTPORT_OK:
        if (where.host[0] == '\0')
            break;
        into->calls[into->call_count++] = where;
        return OPTIONS_RUN;
    case HOSTPORT_BAD_HOST:
        break;
    }
    return wrong(parse, _("\"%s\" is no address: give HOST, HOST:PORT or [IPv6]:PORT."), text);
}

static enum options_verdict take_home(struct parse *parse, const char *value)
{
    struct stat status;
    if (stat(value, &status) == 0) {
        if (!S_ISDIR(status.st_mode))
            return wrong(parse, _("--home: \"%s\" is not a folder."), value);
        if (access(value, R_OK | W_OK | X_OK) != 0)
            return wrong(parse, _("--home: the folder \"%s\" cannot be used: %s."), value,
                         i18n_error(errno));
    } else if (errno != ENOENT || value[0] == '\0') { /* a new folder is made when it is needed */
        return wrong(parse, _("--home: the folder \"%s\" cannot be used: %s."), value,
                     i18n_error(errno));
    }
    parse->into->home = value;
    return OPTIONS_RUN;
}

static enum options_verdict take_secret_file(struct parse *parse, const char *value)
{
    struct stat status;
    if (stat(value, &status) != 0 || access(value, R_OK) != 0)
        return wrong(parse, _("--secret-file: \"%s\" cannot be read: %s."), value,
                     i18n_error(errno));
    if (!S_ISREG(status.st_mode) || status.st_size == 0)
        return wrong(parse, _("--secret-file: there is no secret in \"%s\"."), value);
    parse->into->secret_file = value;
    return OPTIONS_RUN;
}

static enum options_verdict take_new_secret(struct parse *parse, const char *value)
{
    (void)parse;
    (void)value;
    uint8_t secret[SECRET_BYTES];
    char text[BASE32_LENGTH(SECRET_BYTES) + 1];
    struct sys sys = sys_real();
    sys_random(&sys, secret, sizeof secret);
    base32_encode(secret, sizeof secret, text, sizeof text - 1);
    puts(text);
    return OPTIONS_DONE;
}

/* The folder must be there: a wrong path is told now, not at the first message. What stands there
 * is looked at once more when it is opened (app/transcript.h). */
static enum options_verdict take_transcript(struct parse *parse, const char *value)
{
    struct stat status;
    const char *slash = strrchr(value, '/');
    char *folder = slash ? xstrndup(value, (size_t)(slash - value) + 1) : xstrdup(".");
    bool usable = value[0] != '\0' && access(folder, W_OK | X_OK) == 0;
    int problem = value[0] == '\0' ? ENOENT : errno;
    free(folder);
    if (usable && stat(value, &status) == 0) {
        usable = !S_ISDIR(status.st_mode) && access(value, W_OK) == 0;
        problem = S_ISDIR(status.st_mode) ? EISDIR : EACCES;
    }
    if (!usable)
        return wrong(parse, _("--transcript: \"%s\" cannot be written: %s."), value,
                     i18n_error(problem));
    parse->into->transcript = value;
    return OPTIONS_RUN;
}

/* What needs no network to be known is told now; without a range it is the network's subnets. */
static enum options_verdict take_scan(struct parse *parse, const char *value)
{
    static const struct interface subnet = {.address.ip = {[10] = 0xff, [11] = 0xff, 10},
                                            .prefix = 24};
    struct range range;
    struct message why;
    if (value && !range_parse(value, &subnet, 1, &range, &why)) {
        char text[MESSAGE_TEXT_BYTES];
        message_text(&why, i18n_translate, text, sizeof text);
        return wrong(parse, "--scan: %s", text);
    }
    if (value)
        range_done(&range);
    parse->into->scan = true;
    parse->into->scan_range = value;
    return OPTIONS_RUN;
}

#define SWITCH(field)                                                                \
    static enum options_verdict take_##field(struct parse *parse, const char *value) \
    {                                                                                \
        (void)value;                                                                 \
        parse->into->field = true;                                                   \
        return OPTIONS_RUN;                                                          \
    }
SWITCH(classic)
SWITCH(no_guests)
SWITCH(no_beacon)
SWITCH(no_sandbox)
SWITCH(plain)
SWITCH(demo)
SWITCH(exit_on_eof)
SWITCH(write_config)
SWITCH(log_texts)

static enum options_verdict take_json(struct parse *parse, const char *value)
{
    (void)value;
    parse->into->json = true;
    return OPTIONS_RUN;
}

static enum options_verdict take_verbose(struct parse *parse, const char *value)
{
    (void)value;
    parse->into->verbose++;
    return OPTIONS_RUN;
}

static enum options_verdict take_version(struct parse *parse, const char *value)
{
    (void)value;
    version_print(parse->program);
    return OPTIONS_DONE;
}

static option_take take_help;

/* ---- the table -------------------------------------------------------------------------------*/

/* clang-format off */
static const struct option_row rows[] = {
    {'n', "name", N_("NAME"), false, BOTH, take_name,
     N_("the name that others see (default: the login name)")},
    {'l', "listen", N_("[ADDR:]PORT"), false, BOTH, take_listen,
     N_("listen there; may be given several times (default: 0.0.0.0:9999 and [::]:9999)")},
    {'c', "connect", N_("HOST[:PORT]"), false, BOTH, call_add,
     N_("call somebody; may be given several times")},
    {0, "home", N_("DIR"), false, BOTH, take_home,
     N_("keep everything in one folder (default: the XDG folders)")},
    {0, "mesh", N_("NAME"), false, BOTH, take_mesh,
     N_("the name of the mesh to meet in (default: lan)")},
    {0, "secret-file", N_("FILE"), false, BOTH, take_secret_file,
     N_("only those who have the same secret get in")},
    {0, "new-secret", NULL, false, BOTH, take_new_secret,
     N_("print a new secret for such a file, and leave")},
    {0, "classic", NULL, false, BOTH, take_classic,
     N_("listen on the ports 5555 and 5000 too, for the older plain chats")},
    {0, "no-guests", NULL, false, BOTH, take_no_guests,
     N_("turn away whoever speaks a plain dialect")},
    {0, "no-beacon", NULL, false, BOTH, take_no_beacon,
     N_("neither announce this machine on the network nor listen for others")},
    {0, "no-sandbox", NULL, false, BOTH, take_no_sandbox,
     N_("do not give up the right to start programs and to open other files")},
    {0, "transcript", N_("FILE"), false, BOTH, take_transcript,
     N_("append every message to a text file")},
    {0, "scan", N_("[RANGE]"), true, BOTH, take_scan,
     N_("look for people; a word behind it is the range (192.168.2.121-160:9990-10005)")},
    {0, "plain", NULL, false, PROGRAM_SCREEN, take_plain,
     N_("no full screen: one line an event, for screen readers and simple terminals")},
    {0, "demo", NULL, false, PROGRAM_SCREEN, take_demo,
     N_("a first look with simulated people; nothing leaves this machine")},
    {0, "exit-on-eof", NULL, false, PROGRAM_DAEMON, take_exit_on_eof,
     N_("leave when standard input ends")},
    {0, "json", NULL, false, BOTH, take_json,
     N_("with \"doctor\": say it in JSON")},
    {0, "write-config", NULL, false, PROGRAM_SCREEN, take_write_config,
     N_("write a file of settings with all defaults, and leave")},
    {'v', "verbose", NULL, false, BOTH, take_verbose,
     N_("write a debug log: tertulia into the file \"log\", tertuliad to stderr; twice for more")},
    {0, "log-texts", NULL, false, BOTH, take_log_texts,
     N_("with what people say in that log, which otherwise it has not")},
    {0, "version", NULL, false, BOTH, take_version,
     N_("print the version and the libraries in use, and leave")},
    {'h', "help", NULL, false, BOTH, take_help,
     N_("print this help, and leave")},
};
/* clang-format on */
enum { ROWS = sizeof rows / sizeof *rows };

bool option_at(size_t index, struct option_about *into)
{
    if (index >= ROWS)
        return false;
    const struct option_row *row = &rows[index];
    *into = (struct option_about){row->letter, row->name, row->value, row->programs, row->help};
    return true;
}

/* ---- help ------------------------------------------------------------------------------------*/

/* Prints words from a column on, broken between words by display width. */
static void help_words(const char *text, int column)
{
    size_t used = 0;
    const size_t room = (size_t)(HELP_WIDTH - column);
    while (*text) {
        size_t length = strcspn(text, " ");
        size_t width = text_width(text, length);
        if (used && used + 1 + width > room) {
            printf("\n%*s", column, "");
            used = 0;
        }
        printf("%s%.*s", used ? " " : "", (int)length, text);
        used += width + (used ? 1 : 0);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void help_row(const char *left, const char *words)
{
    size_t width = text_width(left, strlen(left));
    if (width + 2 > HELP_COLUMN)
        printf("%s\n%*s", left, HELP_COLUMN, "");
    else
        printf("%s%*s", left, HELP_COLUMN - (int)width, "");
    help_words(words, HELP_COLUMN);
}

static void help_option(const struct option_row *row)
{
    char left[128];
    char letter[8] = "    ";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    snprintf(left, sizeof left, "  %s--%s%s%s", letter, row->name, row->value ? " " : "",
             row->value ? _(row->value) : "");
    help_row(left, _(row->help));
}

static void help_usage(const struct program *program)
{
    const char *name = program->name;
    printf(_("Usage: %s [options] [PEER[:PORT] ...]\n"), name);
    printf(_("       %s [options] HOST PORT [PEER_HOST PEER_PORT]\n"), name);
    printf(_("       %s [options] doctor\n"), name);
    putchar('\n');
}

static enum options_verdict take_help(struct parse *parse, const char *value)
{
    (void)value;
    const struct program *program = parse->program;
    help_usage(program);
    if (program->kind == PROGRAM_SCREEN)
        help_words(_("A chat for the people of one LAN, with no server: start it, see who is "
                     "there, talk."),
                   0);
    else
        help_words(
            _("The same node with no screen: lines in as one would type them, JSON lines out."), 0);
    putchar('\n');
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].programs & program->kind)
            help_option(&rows[i]);
    putchar('\n');
    help_words(_("Exit status: 0 when all went well, 1 when something failed, 2 for wrong usage."),
               0);
    return OPTIONS_DONE;
}

/* ---- the words behind the options ------------------------------------------------------------*/

static bool all_digits(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* HOST PORT [PEER_HOST PEER_PORT]: the habit of the piped chat's users. */
static enum options_verdict take_host_port(struct parse *parse, int count, char **words)
{
    struct hostport own = {.host = ""};
    struct hostport peer = {.host = ""};
    if (!port_parse(words[1], &own.port))
        return wrong_port(parse, words[1]);
    if (count == 4 && !port_parse(words[3], &peer.port))
        return wrong_port(parse, words[3]);
    if (strcmp(words[0], "localhost") == 0)
        snprintf(own.host, sizeof own.host, "127.0.0.1");
    else if (host_is_number(words[0]))
        snprintf(own.host, sizeof own.host, "%s", words[0]);
    else
        return wrong(parse, _("\"%s\" is no address of this machine to listen on."), words[0]);
    enum options_verdict verdict = listen_add(parse, words[1], &own);
    if (verdict == OPTIONS_RUN && count == 4) {
        char text[HOST_MAX + 10];
        snprintf(text, sizeof text, strchr(words[2], ':') ? "[%s]:%s" : "%s:%s", words[2],
                 words[3]);
        verdict = call_add(parse, text);
    }
    return verdict;
}

static enum options_verdict take_words(struct parse *parse, int count, char **words)
{
    if (count == 0)
        return OPTIONS_RUN;
    if (strcmp(words[0], "doctor") == 0) {
        parse->into->doctor = true;
        return count == 1 ? OPTIONS_RUN : wrong(parse, _("\"doctor\" stands alone."));
    }
    if ((count == 2 || count == 4) && all_digits(words[1]) && (count == 2 || all_digits(words[3])))
        return take_host_port(parse, count, words);
    for (int i = 0; i < count; i++) {
        if (all_digits(words[i]))
            return wrong(parse, _("\"%s\" is a number: people are called as HOST:PORT."), words[i]);
        enum options_verdict verdict = call_add(parse, words[i]);
        if (verdict != OPTIONS_RUN)
            return verdict;
    }
    return OPTIONS_RUN;
}

/* ---- the parser ------------------------------------------------------------------------------*/

/* The rows as getopt wants them; a row's index is its value. */
static void getopt_tables(enum program_kind kind, struct option *longs, char *letters)
{
    *letters++ = ':'; /* errors are ours to tell */
    for (int i = 0; i < ROWS; i++) {
        if (!(rows[i].programs & kind))
            continue;
        int takes = !rows[i].value           ? no_argument
                    : rows[i].value_optional ? optional_argument
                                             : required_argument;
        *longs++ = (struct option){rows[i].name, takes, NULL, 256 + i};
        if (rows[i].letter) {
            *letters++ = (char)rows[i].letter;
            if (takes == required_argument)
                *letters++ = ':';
        }
    }
    *longs = (struct option){0};
    *letters = '\0';
}

static const struct option_row *row_find(int found)
{
    for (int i = 0; i < ROWS; i++)
        if (found == 256 + i || found == rows[i].letter)
            return &rows[i];
    die("getopt found an option that is not in the table: %d", found);
}

static enum options_verdict take_found(struct parse *parse, int found, int argc, char **argv)
{
    if (found == '?' || found == ':') {
        const char *word = argv[optind - 1];
        return found == ':' ? wrong(parse, _("%s needs a value (see --help)."), word)
                            : wrong(parse, _("There is no option %s (see --help)."), word);
    }
    const struct option_row *row = row_find(found);
    const char *value = optarg;
    if (row->value_optional && !value && optind < argc && argv[optind][0] != '-')
        value = argv[optind++];
    return row->take(parse, value);
}

enum options_verdict options_parse(struct options *into, const struct program *program, int argc,
                                   char **argv)
{
    struct option longs[ROWS + 1];
    char letters[2 * ROWS + 2];
    struct parse parse = {into, program};
    *into = (struct options){0};
    getopt_tables(program->kind, longs, letters);
    opterr = 0;
    optind = 0; /* GNU and musl: from the start, also in a test's second call */
    for (;;) {
        int found = getopt_long(argc, argv, letters, longs, NULL);
        if (found == -1)
            break;
        enum options_verdict verdict = take_found(&parse, found, argc, argv);
        if (verdict != OPTIONS_RUN)
            return verdict;
    }
    enum options_verdict verdict = take_words(&parse, argc - optind, argv + optind);
    if (verdict == OPTIONS_RUN && into->json && !into->doctor)
        return wrong(&parse, _("--json goes with \"doctor\"."));
    return verdict;
}
