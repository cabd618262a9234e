/* The table of commands, the names they go by, and what every kind of line means. */
#include "unit.h"

#include "base/alloc.h"
#include "base/sys.h"
#include "base/utf8.h"
#include "core/body.h"
#include "core/command.h"
#include "core/word.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- a language, and a line written out as one text ---- */

/* All commands in another language, as a good translation would have them. */
static const char *const SPANISH[][2] = {
    {"/connect", "/conectar"},
    {"/disconnect", "/desconectar /colgar"},
    {"/scan", "/escanear /explorar"},
    {"/whisper /w /msg", "/susurrar /privado"},
    {"/exit /quit", "/salir"},
    {"/help", "/ayuda"},
    {"/peers", "/pares /vecinos"},
    {"/info", "/info /datos"},
    {"/name", "/nombre"},
    {"/alias", "/apodo /alias"},
    {"/call", "/llamar"},
    {"/me", "/yo"},
    {"/away", "/ausente"},
    {"/join", "/entrar"},
    {"/leave", "/abandonar"},
    {"/invite", "/invitar"},
    {"/rooms", "/salas"},
    {"/topic", "/asunto"},
    {"/search", "/buscar"},
    {"/who-got", "/quién-recibió /quien-recibio"},
    {"/ignore", "/ignorar"},
    {"/block", "/bloquear"},
    {"/verify", "/verificar"},
    {"/trust", "/confiar"},
    {"/clear", "/limpiar"},
    {"/export", "/exportar"},
    {"/set", "/ajustar"},
    {"/bind", "/tecla /atajo"},
    {"/lang", "/idioma"},
    {"/theme", "/tema"},
    {"/doctor", "/diagnóstico /diagnostico"},
    {"/log", "/registro"},
    {"/about", "/acerca"},
};

static const char *spanish(const char *one, const char *many, uint64_t count)
{
    (void)many;
    (void)count;
    for (size_t i = 0; i < sizeof SPANISH / sizeof *SPANISH; i++)
        if (strcmp(SPANISH[i][0], one) == 0)
            return SPANISH[i][1];
    return one;
}

static void put(char *into, size_t size, const char *label, const char *text)
{
    size_t length = strlen(into);
    if (text)
        snprintf(into + length, size - length, " %s=%s", label, text);
}

static const char *command_shown(const struct command *command)
{
    static char into[1024];
    char port[8];
    snprintf(port, sizeof port, "%u", (unsigned)command->port);
    snprintf(into, sizeof into, "%s", command_spec(command->id)->name);
    put(into, sizeof into, "all", command->all ? "yes" : NULL);
    put(into, sizeof into, "who", command->who);
    put(into, sizeof into, "room", command->room);
    put(into, sizeof into, "host", command->host);
    put(into, sizeof into, "port", command->port ? port : NULL);
    put(into, sizeof into, "dialect", command->dialect);
    put(into, sizeof into, "key", command->key);
    put(into, sizeof into, "value", command->value);
    put(into, sizeof into, "about", command->about ? command->about->name : NULL);
    put(into, sizeof into, "text", command->text);
    return into;
}

static const char *line_shown(const struct line *line)
{
    static char into[MESSAGE_TEXT_BYTES + 64];
    char text[MESSAGE_TEXT_BYTES];
    switch (line->kind) {
    case LINE_EMPTY:
        return "nothing";
    case LINE_TEXT:
        snprintf(into, sizeof into, "say %s", line->text);
        return into;
    case LINE_COMMAND:
        return command_shown(&line->command);
    case LINE_ERROR:
        message_text(&line->error, NULL, text, sizeof text);
        snprintf(into, sizeof into, "! %s: %s", line->error.code, text);
        return into;
    }
    return "?";
}

static const char *parsed_bytes(const struct command_names *names, const char *bytes, size_t size)
{
    static char into[MESSAGE_TEXT_BYTES + 64];
    struct line line;
    char *exact = xmemdup(bytes, size); /* so that a byte read past the end is seen */
    line_parse(names, exact, size, &line);
    free(exact);
    snprintf(into, sizeof into, "%s", line_shown(&line));
    line_done(&line);
    return into;
}

static const char *parsed(const char *text)
{
    struct command_names *names = command_names_new(NULL);
    const char *shown = parsed_bytes(names, text, strlen(text));
    command_names_free(names);
    return shown;
}

static void code_is(const char *line, const char *code)
{
    char start[64];
    snprintf(start, sizeof start, "! %s: ", code);
    const char *shown = parsed(line);
    if (strncmp(shown, start, strlen(start)) != 0)
        fail_msg("%s gives %s, not %s", line, shown, code);
}

/* ---- names ---- */

/* UX.md, "Commands", and DESIGN.md, "Guests". */
static const char ENGLISH[] =
    "connect disconnect scan whisper exit help peers info name alias call me away join leave rooms "
    "topic search who-got ignore block verify trust clear export set bind lang theme doctor log "
    "about invite retry";

static void every_command_of_the_design_is_there(void **state)
{
    (void)state;
    struct command_names *names = command_names_new(NULL);
    char words[sizeof ENGLISH];
    memcpy(words, ENGLISH, sizeof words);
    size_t count = 0;
    char *rest = words;
    for (char *word; (word = strsep(&rest, " ")); count++) {
        enum command_id id = COMMAND_COUNT;
        assert_int_equal(command_find(names, word, strlen(word), &id), COMMAND_FOUND);
        assert_string_equal(command_spec(id)->name, word);
        assert_string_equal(command_name(names, id, 0), word);
    }
    assert_int_equal(count, COMMAND_COUNT);
    command_names_free(names);
}

static void the_table_is_whole(void **state)
{
    (void)state;
    for (enum command_id id = 0; id < COMMAND_COUNT; id++) {
        const struct command_spec *spec = command_spec(id);
        size_t length = strlen(spec->name);
        assert_int_equal(spec->names[0], '/');
        assert_memory_equal(spec->names + 1, spec->name, length);
        assert_true(spec->names[1 + length] == ' ' || spec->names[1 + length] == '\0');
        assert_true(strlen(spec->help) > 10 && strlen(spec->help) < 80);
        assert_int_not_equal(spec->help[strlen(spec->help) - 1], '.');
        assert_true((spec->usage != NULL) == (spec->arguments[0].kind != ARGUMENT_NONE));
        if (spec->usage) {
            assert_memory_equal(spec->usage + 1, spec->name, length);
            assert_int_equal(spec->usage[1 + length], ' ');
        }
        for (size_t i = 0; i + 1 < COMMAND_ARGUMENTS; i++) {
            bool more = spec->arguments[i + 1].kind != ARGUMENT_NONE;
            if (more) { /* only the last may take the rest, and nothing needed follows an option */
                assert_int_equal(spec->arguments[i].shape, ARGUMENT_WORD);
                assert_true(!spec->arguments[i].optional || spec->arguments[i + 1].optional);
            }
        }
    }
}

static bool starts(const char *text, const char *start)
{
    return strncasecmp(text, start, strlen(start)) == 0;
}

/* What `start` must mean, found the slow way. */
static enum command_match meant(const struct command_names *names, const char *start,
                                enum command_id *into)
{
    size_t commands = 0;
    for (enum command_id id = 0; id < COMMAND_COUNT; id++) {
        bool fits = false;
        for (size_t i = 0; command_name(names, id, i); i++) {
            if (strcasecmp(command_name(names, id, i), start) == 0) {
                *into = id;
                return COMMAND_FOUND;
            }
            fits = fits || starts(command_name(names, id, i), start);
        }
        if (fits)
            *into = id;
        commands += fits;
    }
    return commands == 0 ? COMMAND_UNKNOWN : commands == 1 ? COMMAND_FOUND : COMMAND_AMBIGUOUS;
}

/* Every beginning of every name, in both cases, and every name with a letter too many. */
static void prefixes_mean_what_they_must(const struct command_names *names, size_t *unique,
                                         size_t *ambiguous)
{
    for (enum command_id id = 0; id < COMMAND_COUNT; id++)
        for (size_t i = 0; command_name(names, id, i); i++)
            for (size_t length = 1; length <= strlen(command_name(names, id, i)); length++) {
                char start[64];
                snprintf(start, sizeof start, "%.*s", (int)length, command_name(names, id, i));
                if (!utf8_valid(start, length))
                    continue;
                enum command_id expected = COMMAND_COUNT, got = COMMAND_COUNT;
                enum command_match match = meant(names, start, &expected);
                assert_int_equal(command_find(names, start, length, &got), match);
                *unique += match == COMMAND_FOUND;
                *ambiguous += match == COMMAND_AMBIGUOUS;
                if (match == COMMAND_FOUND)
                    assert_int_equal(got, expected);
                if (length == strlen(command_name(names, id, i)))
                    assert_int_equal(got, id);
                for (size_t c = 0; c < length; c++)
                    start[c] = (char)toupper((unsigned char)start[c]);
                assert_int_equal(command_find(names, start, length, &got), match);
                start[length] = 'x';
                start[length + 1] = '\0';
                assert_int_equal(command_find(names, start, length + 1, &got),
                                 meant(names, start, &expected));
            }
}

static void any_unique_prefix_is_enough(void **state)
{
    (void)state;
    size_t unique = 0, ambiguous = 0;
    struct command_names *names = command_names_new(NULL);
    prefixes_mean_what_they_must(names, &unique, &ambiguous);
    assert_true(unique > 100 && ambiguous > 20);
    command_names_free(names);
    names = command_names_new(spanish);
    prefixes_mean_what_they_must(names, &unique, &ambiguous);
    command_names_free(names);
}

/* Long because it is one table. */
static void names_and_prefixes_at_the_prompt(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"/w bob hi", "whisper who=bob text=hi"}, /* a whole name, though /who-got begins so too */
        {"/wh bob hi", "! ambiguous-command"},
        {"/whi bob hi", "whisper who=bob text=hi"},
        {"/who", "peers"},
        {"/MSG bob hi", "whisper who=bob text=hi"},
        {"/qu", "exit"},
        {"/q", "exit"},
        {"/name ana", "name text=ana"},
        {"/d all", "! ambiguous-command"},
        {"/di all", "disconnect all=yes"},
        {"/a", "! ambiguous-command"},
        {"/me", "! missing-argument"},
        {"/ｅｘｉｔ", "exit"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!starts(parsed(lines[i][0]), lines[i][1]))
            fail_msg("%s gives %s", lines[i][0], parsed(lines[i][0]));
    assert_string_equal(parsed("/a"),
                        "! ambiguous-command: /a could be /alias, /away, /about, so nothing was "
                        "done. Type a letter more, or press Tab to choose.");
}

static void a_language_adds_names_and_takes_none(void **state)
{
    (void)state;
    struct command_names *names = command_names_new(spanish);
    assert_int_equal(command_names_refused(names), 0);
    assert_string_equal(command_name(names, COMMAND_WHISPER, 0), "susurrar");
    assert_string_equal(command_name(names, COMMAND_WHISPER, 1), "privado");
    assert_string_equal(command_name(names, COMMAND_WHISPER, 2), "whisper");
    assert_string_equal(command_name(names, COMMAND_WHISPER, 4), "msg");
    assert_null(command_name(names, COMMAND_WHISPER, 5));
    assert_string_equal(command_name(names, COMMAND_ALIAS, 1), "alias");
    assert_null(command_name(names, COMMAND_ALIAS, 2));
    static const char *const lines[][2] = {
        {"/susurrar eva hola", "whisper who=eva text=hola"},
        {"/su eva hola", "whisper who=eva text=hola"},
        {"/whisper eva hola", "whisper who=eva text=hola"},
        {"/QUIÉN-RECIBIÓ", "who-got"},
        {"/quie\xcc\x81n", "who-got"}, /* the accent as a code point of its own */
        {"/salir", "exit"},
        {"/con h", "! ambiguous-command: /con could be /conectar, /confiar,"},
        {"/ayuda susurrar", "help about=whisper"},
        {"/susurrar", "! missing-argument: /susurrar needs"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!starts(parsed_bytes(names, lines[i][0], strlen(lines[i][0])), lines[i][1]))
            fail_msg("%s", lines[i][0]);
    command_names_free(names);
}

static const char *hostile(const char *one, const char *many, uint64_t count)
{
    (void)many;
    (void)count;
    if (strcmp(one, "/scan") == 0)
        return "/exit //x  exit escanear /" /* four refused: exit twice, //x, / */;
    if (strcmp(one, "/peers /who") == 0)
        return "/an-impossibly-long-name-of-a-command /escanear";
    if (strcmp(one, "/me") == 0)
        return "";
    return strcmp(one, "/set") == 0 ? " \t/ajustar\n" : one;
}

static void a_bad_translation_takes_no_command_away(void **state)
{
    (void)state;
    struct command_names *names = command_names_new(hostile);
    assert_int_equal(command_names_refused(names), 6);
    assert_string_equal(parsed_bytes(names, "/exit", 5), "exit");
    assert_string_equal(parsed_bytes(names, "/escan", 6), "scan");
    assert_string_equal(parsed_bytes(names, "/me x", 5), "me text=x");
    assert_string_equal(parsed_bytes(names, "/ajustar", 8), "set");
    command_names_free(names);
}

static const char *endless(const char *one, const char *many, uint64_t count)
{
    (void)one;
    (void)many;
    (void)count;
    static char list[16 * 1024];
    static unsigned next;
    list[0] = '\0';
    for (size_t length = 0; length + 16 < sizeof list;)
        length += (size_t)snprintf(list + length, sizeof list - length, "/n%u ", next++);
    return list;
}

static void names_are_bounded(void **state)
{
    (void)state;
    struct command_names *names = command_names_new(endless);
    assert_true(command_names_refused(names) > 1000);
    assert_string_equal(parsed_bytes(names, "/about", 6), "about");
    command_names_free(names);
}

/* ---- lines ---- */

/* Long because it is one table. */
static void good_lines(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        /* text */
        {"hola a todos", "say hola a todos"},
        {"  indented, and trailing  ", "say   indented, and trailing  "},
        {"//text", "say /text"},
        {"//", "say /"},
        {"///", "say //"},
        {"//exit", "say /exit"},
        {"a/b", "say a/b"},
        {" // a comment\n\tof pasted code", "say  // a comment\n\tof pasted code"},
        {"two\nlines", "say two\nlines"},
        {"two\n/exit", "say two\n/exit"},
        {"--chat is on", "say --chat is on"},
        {"--c", "say --c"},
        {"--exit", "say --exit"},
        {"-", "say -"},
        {"", "nothing"},
        {" \t\r\n ", "nothing"},
        /* a blank before a command makes no text of it */
        {" /exit", "exit"},
        {"\n/w bob secret", "whisper who=bob text=secret"},
        /* connect */
        {"/connect anas-laptop", "connect host=anas-laptop"},
        {"/connect máquina.local:9999", "connect host=máquina.local port=9999"},
        {"/connect 192.168.1.7:9999", "connect host=192.168.1.7 port=9999"},
        {"/connect 192.168.1.7 9999", "connect host=192.168.1.7 port=9999"},
        {"/connect 192.168.1.7:1 join", "connect host=192.168.1.7 port=1 dialect=join"},
        {"/connect 192.168.1.7 65535 PIPED", "connect host=192.168.1.7 port=65535 dialect=piped"},
        {"/connect 192.168.1.7 dated", "connect host=192.168.1.7 dialect=dated"},
        {"/connect [::1]:9999", "connect host=::1 port=9999"},
        {"/connect [::1]", "connect host=::1"},
        {"/connect ::1", "connect host=::1"},
        {"/connect fe80::1%eth0 9990 native", "connect host=fe80::1%eth0 port=9990 dialect=native"},
        {"/connect ::ffff:10.0.0.1", "connect host=::ffff:10.0.0.1"},
        {"--ch 10.0.0.1 9999", "connect host=10.0.0.1 port=9999"},
        {"--CH 10.0.0.1", "connect host=10.0.0.1"},
        {"  --ex  ", "exit"},
        {"--EX", "exit"},
        {"/disconnect", "disconnect"},
        {"/disconnect ALL ", "disconnect all=yes"},
        {"/disconnect \"all\"", "disconnect who=all"},
        {"/disconnect Ana María", "disconnect who=Ana María"},
        {"/scan", "scan"},
        {"/scan  10.0.0.1-9:9990-10005, lab ", "scan value=10.0.0.1-9:9990-10005, lab"},
        /* whispers: the rest as it is */
        {"/whisper bob  hi \\o/ \"x\" ", "whisper who=bob text= hi \\o/ \"x\" "},
        {"/w \"Ana María\" hola", "whisper who=Ana María text=hola"},
        {"/w Ana\\ María hola", "whisper who=Ana María text=hola"},
        {"/w \"a\\\"b\\\\c\" x", "whisper who=a\"b\\c text=x"},
        {"/w \"a\"b x", "whisper who=ab text=x"},
        {"/w o\"neil x", "whisper who=o\"neil text=x"},
        {"/w \\o/ x", "whisper who=\\o/ text=x"},
        {"/w bob\nint main\n\t{", "whisper who=bob text=int main\n\t{"},
        {"/w bob /exit", "whisper who=bob text=/exit"},
        {"/whisper bob", "whisper who=bob"},
        {"/whisper bob  \n ", "whisper who=bob"},
        {"/w bob~k7fq x", "whisper who=bob~k7fq text=x"},
        {"/w all x", "whisper who=all text=x"},
        {"/exit", "exit"},
        {"/exit \n", "exit"},
        {"/help", "help"},
        {"/help scan", "help about=scan"},
        {"/help /MSG", "help about=whisper"},
        {"/help --ch", "help about=connect"},
        {"/peers", "peers"},
        {"/info Ana María ", "info who=Ana María"},
        {"/info \"Ana María\"", "info who=Ana María"},
        {"/info \"Ana\" María", "info who=\"Ana\" María"},
        {"/name Ana María", "name text=Ana María"},
        {"/name \"Ana María\"", "name text=Ana María"},
        {"/alias bob el jefe", "alias who=bob text=el jefe"},
        {"/alias \"Ana María\" \"a b\"", "alias who=Ana María text=a b"},
        {"/alias bob \"\"", "alias who=bob text="},
        {"/call bob", "call who=bob"},
        {"/me waves\nand bows", "me text=waves\nand bows"},
        {"/me  waves ", "me text= waves "},
        {"/away", "away"},
        {"/away  ", "away"},
        {"/away \"\"", "away"},
        {"/away to \"lunch\" ", "away text=to \"lunch\""},
        {"/join #lab", "join room=#lab"},
        {"/join lab", "join room=#lab"},
        {"/join #ñandú", "join room=#ñandú"},
        {"/leave", "leave"},
        {"/invite Vecino 3", "invite who=Vecino 3"},
        {"/rooms", "rooms"},
        {"/topic", "topic"},
        {"/topic \"\"", "topic text="},
        {"/topic \"a\" b", "topic text=\"a\" b"},
        {"/search \"exact words\" more", "search text=\"exact words\" more"},
        {"/who-got", "who-got"},
        {"/ignore bob", "ignore who=bob"},
        {"/block bob", "block who=bob"},
        {"/verify bob", "verify who=bob"},
        {"/trust bob", "trust who=bob"},
        {"/clear", "clear"},
        {"/export my file.txt", "export value=my file.txt"},
        {"/export \"my file.txt\"", "export value=my file.txt"},
        {"/export my\\ file.txt", "export value=my file.txt"},
        {"/export C:\\temp\\x", "export value=C:\\temp\\x"},
        {"/set", "set"},
        {"/set bell", "set key=bell"},
        {"/set bell a b", "set key=bell value=a b"},
        {"/set bell \"\"", "set key=bell value="},
        {"/bind", "bind"},
        {"/bind ctrl-x", "bind key=ctrl-x"},
        {"/bind ctrl-x next unread", "bind key=ctrl-x value=next unread"},
        {"/lang", "lang"},
        {"/lang es", "lang value=es"},
        {"/theme light", "theme value=light"},
        {"/doctor", "doctor"},
        {"/log", "log"},
        {"/about", "about"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_string_equal(parsed(lines[i][0]), lines[i][1]);
}

/* Long because it is one table. */
static void bad_lines(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"/", "lone-slash"},
        {" / ", "lone-slash"},
        {"/ exit", "lone-slash"},
        {"/\nexit", "lone-slash"},
        {"/nosuch", "unknown-command"},
        {"/usr/bin/ls is there", "unknown-command"},
        {"/exit/", "unknown-command"},
        {"/:)", "unknown-command"},
        {"/--ch h", "unknown-command"},
        {"/\xe2\x80\x8d", "unknown-command"}, /* folds to nothing, which begins every name */
        {"/whisperwhisperwhisperwhisperwhisperwhisper", "unknown-command"},
        {"/help nosuch", "unknown-command"},
        {"/help a", "ambiguous-command"},
        {"/s", "ambiguous-command"},
        {"--ch", "missing-argument"},
        {"/connect", "missing-argument"},
        {"/whisper", "missing-argument"},
        {"/whisper \"\" hi", "missing-argument"},
        {"/info", "missing-argument"},
        {"/info \"\"", "missing-argument"},
        {"/name", "missing-argument"},
        {"/name \"\"", "missing-argument"},
        {"/alias", "missing-argument"},
        {"/alias bob", "missing-argument"},
        {"/call ", "missing-argument"},
        {"/me", "missing-argument"},
        {"/me  ", "missing-argument"},
        {"/join", "missing-argument"},
        {"/invite", "missing-argument"},
        {"/search \"\"", "missing-argument"},
        {"/ignore", "missing-argument"},
        {"/block", "missing-argument"},
        {"/verify", "missing-argument"},
        {"/trust", "missing-argument"},
        {"/export", "missing-argument"},
        {"/exit now", "too-many-arguments"},
        {"--ex now", "too-many-arguments"},
        {"/peers x", "too-many-arguments"},
        {"/help scan set", "too-many-arguments"},
        {"/join #a #b", "too-many-arguments"},
        {"/lang es en", "too-many-arguments"},
        {"/connect h 1 join x", "too-many-arguments"},
        {"/connect h:1 2", "too-many-arguments"},
        {"/connect h join dated", "too-many-arguments"},
        {"/leave #lab", "too-many-arguments"},
        {"/whisper \"Ana hi", "open-quote"},
        {"/info \"Ana", "open-quote"},
        {"/info \"", "open-quote"},
        {"/alias bob \"x", "open-quote"},
        {"/export \"a\\\"", "open-quote"},
        {"/connect h:0", "bad-port"},
        {"/connect h:65536", "bad-port"},
        {"/connect h:abc", "bad-port"},
        {"/connect h:", "bad-port"},
        {"/connect h 0", "bad-port"},
        {"/connect h 65536", "bad-port"},
        {"/connect h -1", "bad-port"},
        {"/connect h 99999999999999999999", "bad-port"},
        {"/connect [::1]:0", "bad-port"},
        {"/connect h abc", "bad-dialect"},
        {"/connect h 1 abc", "bad-dialect"},
        {"/connect h 1 2", "bad-dialect"},
        {"/connect :9999", "bad-address"},
        {"/connect http://h", "bad-address"},
        {"/connect h/24", "bad-address"},
        {"/connect ana@h", "bad-address"},
        {"/connect [::1", "bad-address"},
        {"/connect []:1", "bad-address"},
        {"/connect 1:2:3", "bad-address"},
        {"/connect ::1::2", "bad-address"},
        {"/connect fe80::1%", "bad-address"},
        {"/connect 256.1.1.1", "bad-address"},
        {"/connect 192.168.1", "bad-address"},
        {"/connect 9999", "bad-address"},
        {"/connect -x", "bad-address"},
        {"/connect \"a b\"", "bad-address"},
        {"/join #", "bad-room"},
        {"/join ##a", "bad-room"},
        {"/join a,b", "bad-room"},
        {"/join \"a b\"", "bad-room"},
        {"/join \"a\tb\"", "bad-room"},
        {"/name \"a\nb\"", "bad-name"},
        {"/name a\tb", "bad-name"},
        {"/name a\x1b[0m", "bad-name"},
        {"/name \"  \"", "bad-name"},
        {"/alias bob a\x7f", "bad-name"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        code_is(lines[i][0], lines[i][1]);
}

/* What happened, why, and what to do next: said to the letter, with no gap left open. */
/* Long because it is one table. */
static void errors_say_what_to_do(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"/wisper bob x", "unknown-command: There is no command /wisper, so nothing was sent. Did "
                          "you mean /whisper? To send the line as it is, begin it with //."},
        {"/EXTI", "unknown-command: There is no command /EXTI, so nothing was sent. Did you mean "
                  "/exit? To send the line as it is, begin it with //."},
        {"/usr/bin", "unknown-command: There is no command /usr/bin, so nothing was sent. /help "
                     "lists them all; to send the line as it is, begin it with //."},
        {"/xw a b", "unknown-command: There is no command /xw, so nothing was sent. /help "
                    "lists them all; to send the line as it is, begin it with //."},
        {"/help zz", "unknown-command: There is no command /zz to explain. /help alone lists them "
                     "all."},
        {"/msg", "missing-argument: /msg needs more after it, so nothing was done. Write it as: "
                 "/whisper who [text]"},
        {"/exit now!",
         "too-many-arguments: /exit takes nothing after it, but \"now!\" follows, so "
         "nothing was done. Type /exit alone, or begin the line with // to send it as "
         "it is."},
        {"/join #a #b c",
         "too-many-arguments: /join does not take as much as that: \"#b c\" is left "
         "over, so nothing was done. Write it as: /join #room"},
        {"/connect h:0", "bad-port: \"0\" is not a port, so nobody was called. A port is a number "
                         "from 1 to 65535, as in /connect 192.168.1.7:9999"},
        {"/connect h x",
         "bad-dialect: \"x\" is neither a port nor a dialect that is spoken here, so "
         "nobody was called. A port is a number from 1 to 65535; the dialects are: "
         "native, dated, named, join, neighbour, piped"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_string_equal(parsed(lines[i][0]) + 2, lines[i][1]);
}

static void lines_have_a_bound_and_hold_text_only(void **state)
{
    (void)state;
    struct command_names *names = command_names_new(NULL);
    char *line = xmalloc(COMMAND_LINE_BYTES + 1);
    memset(line, 'a', COMMAND_LINE_BYTES + 1);
    assert_true(starts(parsed_bytes(names, line, COMMAND_LINE_BYTES + 1), "! line-too-long"));
    struct line whole;
    line_parse(names, line, COMMAND_LINE_BYTES, &whole);
    assert_int_equal(whole.kind, LINE_TEXT);
    assert_int_equal(strlen(whole.text), COMMAND_LINE_BYTES);
    line_done(&whole);
    line[0] = '/';
    assert_true(starts(parsed_bytes(names, line, COMMAND_LINE_BYTES), "! unknown-command"));
    assert_true(starts(parsed_bytes(names, "a\0b", 3), "! nul-byte"));
    assert_true(starts(parsed_bytes(names, "\0", 1), "! nul-byte"));
    assert_true(starts(parsed_bytes(names, "/w b \xff", 6), "! invalid-utf8"));
    assert_true(starts(parsed_bytes(names, "\xc3", 1), "! invalid-utf8"));
    assert_true(starts(parsed_bytes(names, "\xed\xa0\x80", 3), "! invalid-utf8"));
    line_parse(names, NULL, 0, &whole);
    assert_int_equal(whole.kind, LINE_EMPTY);
    free(line);
    command_names_free(names);
}

static void names_have_a_bound(void **state)
{
    (void)state;
    char line[256];
    char name[ROOM_MAX + 2];
    memset(name, 'n', sizeof name);
    name[PERSON_NAME_MAX] = '\0';
    snprintf(line, sizeof line, "/name %s", name);
    assert_true(starts(parsed(line), "name text=n"));
    snprintf(line, sizeof line, "/name %sn", name);
    code_is(line, "bad-name");
    name[ROOM_MAX - 1] = '\0';
    snprintf(line, sizeof line, "/join %s", name);
    assert_true(starts(parsed(line), "join room=#n"));
    snprintf(line, sizeof line, "/join #%s", name);
    assert_true(starts(parsed(line), "join room=#n"));
    snprintf(line, sizeof line, "/join #%sn", name);
    code_is(line, "bad-room");
}

static void what_must_fit_into_one_entry_has_a_bound(void **state)
{
    (void)state;
    static const struct {
        const char *begin;
        size_t most;
    } commands[] = {{"/away ", STATUS_MAX}, {"/topic ", TOPIC_MAX}, {"/me ", TEXT_MAX}};
    for (size_t i = 0; i < 3; i++) {
        char line[TEXT_MAX + 32];
        size_t length = strlen(commands[i].begin);
        memset(line, 'a', sizeof line);
        memcpy(line, commands[i].begin, length);
        line[length + commands[i].most] = '\0';
        assert_true(starts(parsed(line), commands[i].begin + 1));
        line[length + commands[i].most] = 'a';
        line[length + commands[i].most + 1] = '\0';
        code_is(line, "text-too-long");
    }
}

/* ---- any line at all ---- */

static size_t awkward_text(const struct sys *sys, char *into, size_t size)
{
    static const char *const pieces[] = {"\"", "\\", " ",  "\n", "/", "//", "a",   "ñ",    "#",
                                         "😀",  "\t", "--", ",",  ":", "1",  "all", "\\\"", "%s"};
    size_t length = 0;
    for (uint64_t count = sys_random_below(sys, 12); count > 0; count--) {
        const char *piece = pieces[sys_random_below(sys, sizeof pieces / sizeof *pieces)];
        if (length + strlen(piece) + 1 >= size)
            break;
        memcpy(into + length, piece, strlen(piece) + 1);
        length += strlen(piece);
    }
    into[length] = '\0';
    return length;
}

/* The one word that follows, back as it was, whichever way the command takes it. */
static void quoting_reads_back(void **state)
{
    (void)state;
    struct sys_fake world = {.seed = 3};
    struct sys sys = sys_fake(&world);
    struct command_names *names = command_names_new(NULL);
    static const char *const before[] = {"/w ", "/info ", "/disconnect ", "/alias "};
    char *none = word_quote("", false); /* or it would be no word */
    assert_string_equal(none, "\"\"");
    free(none);
    for (size_t round = 0; round < 20000; round++) {
        char name[96], text[512];
        size_t length = awkward_text(&sys, name, sizeof name);
        if (length == 0)
            continue;
        size_t which = sys_random_below(&sys, 4);
        char *word = word_quote(name, strcmp(name, "all") == 0 || sys_random_below(&sys, 2) == 0);
        bool more = which == 0 || which == 3;
        snprintf(text, sizeof text, "%s%s%s", before[which], word, more ? " x y" : "");
        free(word);
        struct line line;
        line_parse(names, text, strlen(text), &line);
        assert_int_equal(line.kind, LINE_COMMAND);
        assert_string_equal(line.command.who, name);
        if (more)
            assert_string_equal(line.command.text, "x y");
        line_done(&line);
    }
    command_names_free(names);
}

/* The one promise that matters most: what begins like a command is never said aloud. */
static void no_command_becomes_text(void **state)
{
    (void)state;
    struct sys_fake world = {.seed = 4};
    struct sys sys = sys_fake(&world);
    struct command_names *names = command_names_new(spanish);
    size_t texts = 0, commands = 0, errors = 0;
    for (size_t round = 0; round < 20000; round++) {
        char text[128] = "/";
        static const char *const begin[] = {"/", "/w ", " /", "//", "", "/me ", "/join ", "--ch "};
        const char *start = begin[sys_random_below(&sys, 8)];
        snprintf(text, sizeof text, "%s", start);
        awkward_text(&sys, text + strlen(start), sizeof text - strlen(start));
        struct line line;
        line_parse(names, text, strlen(text), &line);
        if (line.kind == LINE_TEXT) {
            bool doubled = starts(text, "//");
            size_t blank = blanks_skip(text, strlen(text), 0);
            assert_true(text[blank] != '/' || text[blank + 1] == '/');
            assert_string_equal(line.text, text + doubled);
        }
        texts += line.kind == LINE_TEXT;
        commands += line.kind == LINE_COMMAND;
        errors += line.kind == LINE_ERROR;
        line_done(&line);
    }
    assert_true(texts > 1000 && commands > 1000 && errors > 1000);
    command_names_free(names);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_of_the_design_is_there),
        cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(any_unique_prefix_is_enough),
        cmocka_unit_test(names_and_prefixes_at_the_prompt),
        cmocka_unit_test(a_language_adds_names_and_takes_none),
        cmocka_unit_test(a_bad_translation_takes_no_command_away),
        cmocka_unit_test(names_are_bounded),
        cmocka_unit_test(good_lines),
        cmocka_unit_test(bad_lines),
        cmocka_unit_test(errors_say_what_to_do),
        cmocka_unit_test(lines_have_a_bound_and_hold_text_only),
        cmocka_unit_test(names_have_a_bound),
        cmocka_unit_test(what_must_fit_into_one_entry_has_a_bound),
        cmocka_unit_test(quoting_reads_back),
        cmocka_unit_test(no_command_becomes_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
