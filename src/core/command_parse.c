/* From a typed line to what it means. Every way out is one of four: nothing, text, a command with
 * all that it needs, or a sentence saying what is wrong; in doubt, the sentence. */
#include "base/alloc.h"
#include "base/ascii.h"
#include "base/hostport.h"
#include "base/utf8.h"
#include "core/body.h"
#include "core/command.h"
#include "core/word.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LISTED = 8 }; /* commands named in one "could be": more would hide the advice */

/* A command line being read, from `at` on. */
struct parse {
    const struct command_names *names;
    const char *line;
    size_t size;
    size_t at;
    size_t start;      /* of the argument being read */
    const char *shown; /* the command's name, as the user knows it */
    const struct command_spec *spec;
    struct command command;
    struct message error; /* counts where a function returns false */
};

static bool fail(struct parse *parse, const char *code, const char *sentence)
{
    parse->error = message_make(code, sentence);
    return false;
}

/* ---- what is wrong ---- */

static bool missing(struct parse *parse)
{
    fail(parse, "missing-argument",
         N_("/%1$s needs more after it, so nothing was done. Write it as: %2$s"));
    message_add(&parse->error, parse->shown);
    message_add_marked(&parse->error, parse->spec->usage);
    return false;
}

static bool quote_open(struct parse *parse)
{
    fail(
        parse, "open-quote",
        N_("A quote is opened in /%1$s and never closed, so nothing was done. Close it with \", or "
           "write \\\" for a quote that is part of a name."));
    message_add(&parse->error, parse->shown);
    return false;
}

static bool too_many(struct parse *parse)
{
    if (parse->spec->usage)
        fail(parse, "too-many-arguments",
             N_("/%1$s does not take as much as that: \"%2$s\" is left over, so nothing was done. "
                "Write it as: %3$s"));
    else
        fail(parse, "too-many-arguments",
             N_("/%1$s takes nothing after it, but \"%2$s\" follows, so nothing was done. Type "
                "/%1$s "
                "alone, or begin the line with // to send it as it is."));
    message_add(&parse->error, parse->shown);
    message_add_bytes(&parse->error, parse->line + parse->start, parse->size - parse->start);
    if (parse->spec->usage)
        message_add_marked(&parse->error, parse->spec->usage);
    return false;
}

static bool bad_port(struct parse *parse, const char *port)
{
    fail(parse, "bad-port",
         N_("\"%1$s\" is not a port, so nobody was called. A port is a number from 1 to 65535, as "
            "in "
            "/%2$s 192.168.1.7:9999"));
    message_add(&parse->error, port);
    message_add(&parse->error, parse->shown);
    return false;
}

/* ---- arguments, one function for each kind ---- */

static bool address_take(struct parse *parse, const char *text)
{
    struct hostport address;
    enum hostport_result result = hostport_parse(text, &address);
    if (result == HOSTPORT_BAD_PORT && !strchr(text, '/')) /* http://… is no slip in the port */
        return bad_port(parse, strrchr(text, ':') + 1);
    if (result != HOSTPORT_OK || address.host[0] == '\0') {
        fail(parse, "bad-address",
             N_("\"%1$s\" is not an address, so nobody was called. Give a name or a number, with a "
                "port if you know it: /%2$s anas-laptop, /%2$s 192.168.1.7:9999, /%2$s "
                "[fe80::1]:9999"));
        message_add(&parse->error, text);
        message_add(&parse->error, parse->shown);
        return false;
    }
    parse->command.host = xstrdup(address.host);
    parse->command.port = address.port;
    return true;
}

static const char *dialect_find(const char *text)
{
    for (const char *const *dialect = COMMAND_DIALECTS; *dialect; dialect++)
        if (ascii_equal(*dialect, text))
            return *dialect;
    return NULL;
}

static bool bad_dialect(struct parse *parse, const char *text)
{
    char known[MESSAGE_ARGUMENT_BYTES + 1];
    size_t length = 0;
    for (const char *const *dialect = COMMAND_DIALECTS; *dialect; dialect++)
        if (length < sizeof known)
            length += (size_t)snprintf(known + length, sizeof known - length, "%s%s",
                                       length > 0 ? ", " : "", *dialect);
    fail(parse, "bad-dialect",
         N_("\"%1$s\" is neither a port nor a dialect that is spoken here, so nobody was called. A "
            "port is a number from 1 to 65535; the dialects are: %2$s"));
    message_add(&parse->error, text);
    message_add(&parse->error, known);
    return false;
}

static bool dialect_take(struct parse *parse, const char *text)
{
    if (parse->command.dialect)
        return too_many(parse);
    parse->command.dialect = dialect_find(text);
    return parse->command.dialect || bad_dialect(parse, text);
}

static bool port_take(struct parse *parse, const char *text)
{
    if (!strchr("0123456789-+", text[0]))
        return dialect_take(parse, text);
    if (parse->command.port)
        return too_many(parse);
    return port_parse(text, &parse->command.port) || bad_port(parse, text);
}

static bool control_in(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

static bool name_take(struct parse *parse, const char *text)
{
    bool blank = *text && text[strspn(text, " ")] == '\0';
    if (blank || strlen(text) > PERSON_NAME_MAX || control_in(text)) {
        fail(parse, "bad-name",
             N_("That cannot be a name, so nothing was changed: a name is one line of at most %1$s "
                "bytes (a letter is 1 to 4). Write it as: %2$s"));
        message_add_number(&parse->error, PERSON_NAME_MAX);
        message_add_marked(&parse->error, parse->spec->usage);
        return false;
    }
    parse->command.text = xstrdup(text);
    return true;
}

static bool room_take(struct parse *parse, const char *text)
{
    const char *bare = text + (text[0] == '#');
    if (!*bare || strlen(bare) + 1 > ROOM_MAX || control_in(bare) || strpbrk(bare, " #,")) {
        fail(parse, "bad-room",
             N_("\"%1$s\" cannot be a room's name, so no room was entered. It is one word of at "
                "most "
                "%2$s bytes with no comma and no other #: /%3$s #lab"));
        message_add(&parse->error, text);
        message_add_number(&parse->error, ROOM_MAX);
        message_add(&parse->error, parse->shown);
        return false;
    }
    size_t length = strlen(bare);
    parse->command.room = xmalloc(length + 2);
    parse->command.room[0] = '#';
    memcpy(parse->command.room + 1, bare, length + 1);
    return true;
}

static bool person_take(struct parse *parse, const char *text)
{
    bool quoted = parse->line[parse->start] == '"';
    if (parse->spec == command_spec(COMMAND_DISCONNECT) && !quoted && ascii_equal(text, "all"))
        parse->command.all = true;
    else
        parse->command.who = xstrdup(text);
    return true;
}

/* What cannot be said in several parts must fit into one entry; words said may be cut. */
static size_t text_most(const struct command_spec *spec)
{
    if (spec == command_spec(COMMAND_AWAY))
        return STATUS_MAX;
    if (spec == command_spec(COMMAND_TOPIC))
        return TOPIC_MAX;
    return spec == command_spec(COMMAND_ME) ? TEXT_MAX : COMMAND_LINE_BYTES;
}

static bool text_take(struct parse *parse, const char *text)
{
    size_t most = text_most(parse->spec);
    if (strlen(text) > most) {
        fail(parse, "text-too-long",
             N_("That is too long for /%1$s, so nothing was done: it has %2$s bytes, and %3$s is "
                "the "
                "most (a letter is 1 to 4). Shorten it and try again."));
        message_add(&parse->error, parse->shown);
        message_add_number(&parse->error, strlen(text));
        message_add_number(&parse->error, most);
        return false;
    }
    parse->command.text = xstrdup(text);
    return true;
}

static bool key_take(struct parse *parse, const char *text)
{
    parse->command.key = xstrdup(text);
    return true;
}

static bool value_take(struct parse *parse, const char *text)
{
    parse->command.value = xstrdup(text);
    return true;
}

static bool about_take(struct parse *parse, const char *text);

static bool (*const TAKE[])(struct parse *parse, const char *text) = {
    [ARGUMENT_PERSON] = person_take,   [ARGUMENT_NAME] = name_take,
    [ARGUMENT_TEXT] = text_take,       [ARGUMENT_ROOM] = room_take,
    [ARGUMENT_ADDRESS] = address_take, [ARGUMENT_PORT] = port_take,
    [ARGUMENT_DIALECT] = dialect_take, [ARGUMENT_RANGE] = value_take,
    [ARGUMENT_FILE] = value_take,      [ARGUMENT_COMMAND] = about_take,
    [ARGUMENT_SETTING] = key_take,     [ARGUMENT_VALUE] = value_take,
    [ARGUMENT_KEY] = key_take,         [ARGUMENT_ACTION] = value_take,
    [ARGUMENT_LANGUAGE] = value_take,  [ARGUMENT_THEME] = value_take,
};

/* ---- cutting the line into arguments ---- */

static bool only_blanks(const struct parse *parse, size_t at)
{
    return blanks_skip(parse->line, parse->size, at) == parse->size;
}

static char *rest_trimmed(struct parse *parse)
{
    size_t end = parse->size;
    while (end > parse->start && blank_is(parse->line[end - 1]))
        end--;
    parse->at = parse->size;
    return xstrndup(parse->line + parse->start, end - parse->start);
}

/* The word at parse->start, or NULL where its quote is open. With `alone`, also where more follows:
 * then it is not the whole of the rest. */
static char *word_taken(struct parse *parse, bool alone, enum word_result *result)
{
    struct word word;
    *result = word_read(parse->line, parse->size, parse->start, &word);
    if (*result == WORD_OPEN || (alone && !only_blanks(parse, word.end))) {
        word_done(&word);
        return NULL;
    }
    parse->at = word.end;
    return word.text;
}

/* The text of the next argument, to be freed; NULL only with a quote that is open. */
static char *argument_read(struct parse *parse, enum argument_shape shape)
{
    size_t from = parse->at;
    enum word_result result = WORD_OK;
    char *text = NULL;
    parse->start = blanks_skip(parse->line, parse->size, from);
    switch (shape) {
    case ARGUMENT_WORD:
        return word_taken(parse, false, &result);
    case ARGUMENT_REST:
        text = word_taken(parse, true, &result);
        return text || result == WORD_OPEN ? text : rest_trimmed(parse);
    case ARGUMENT_TRIMMED:
        text = rest_trimmed(parse);
        if (strcmp(text, "\"\"") == 0)
            text[0] = '\0';
        return text;
    case ARGUMENT_VERBATIM:
        if (only_blanks(parse, from))
            return rest_trimmed(parse);
        parse->at = parse->size;
        return xstrndup(parse->line + from + 1, parse->size - from - 1);
    }
    die("argument of no shape");
}

static bool argument_parse(struct parse *parse, const struct argument_spec *argument)
{
    char *text = argument_read(parse, argument->shape);
    if (!text)
        return quote_open(parse);
    bool given = *text || (argument->emptiable && parse->start < parse->size);
    bool good = given ? TAKE[argument->kind](parse, text) : argument->optional || missing(parse);
    free(text);
    return good;
}

static bool arguments_parse(struct parse *parse)
{
    const struct argument_spec *argument = parse->spec->arguments;
    for (size_t i = 0; i < COMMAND_ARGUMENTS && argument[i].kind != ARGUMENT_NONE; i++)
        if (!argument_parse(parse, &argument[i]))
            return false;
    parse->start = blanks_skip(parse->line, parse->size, parse->at);
    return parse->start == parse->size || too_many(parse);
}

/* ---- which command ---- */

static bool letters_differ(char a, char b)
{
    return (a | 0x20) != (b | 0x20); /* the case is left out, for ASCII */
}

/* How many letters must be added, dropped, changed or swapped with a neighbour to get from one to
 * the other; both have at most COMMAND_NAME_BYTES. */
static size_t typing_distance(const char *a, const char *b)
{
    size_t row[3][COMMAND_NAME_BYTES + 1];
    size_t width = strlen(b);
    for (size_t y = 0; y <= width; y++)
        row[0][y] = y;
    for (size_t x = 1; a[x - 1]; x++) {
        size_t *now = row[x % 3], *above = row[(x + 2) % 3], *twice = row[(x + 1) % 3];
        now[0] = x;
        for (size_t y = 1; y <= width; y++) {
            size_t least = above[y - 1] + letters_differ(a[x - 1], b[y - 1]);
            if (above[y] + 1 < least)
                least = above[y] + 1;
            if (now[y - 1] + 1 < least)
                least = now[y - 1] + 1;
            if (x > 1 && y > 1 && !letters_differ(a[x - 1], b[y - 2]) &&
                !letters_differ(a[x - 2], b[y - 1]) && twice[y - 2] + 1 < least)
                least = twice[y - 2] + 1;
            now[y] = least;
        }
    }
    return row[strlen(a) % 3][width];
}

bool command_near(const char *word, const char *name, size_t *nearest)
{
    if (strlen(word) > COMMAND_NAME_BYTES || strlen(name) > COMMAND_NAME_BYTES)
        return false;
    size_t distance = typing_distance(word, name);
    bool near = distance < *nearest && 2 * distance < strlen(name); /* of a short word, half */
    if (near)
        *nearest = distance;
    return near;
}

/* The name that was probably meant, or NULL. */
static const char *name_near(const struct command_names *names, const char *word)
{
    const char *best = NULL;
    size_t nearest = COMMAND_SLIPS;
    for (enum command_id id = 0; id < COMMAND_COUNT; id++) {
        const char *name;
        for (size_t i = 0; (name = command_name(names, id, i)); i++)
            if (command_near(word, name, &nearest))
                best = name;
    }
    return best;
}

static bool unknown(struct parse *parse, const char *word)
{
    const char *near = name_near(parse->names, word);
    if (parse->spec)
        fail(parse, "unknown-command",
             N_("There is no command /%1$s to explain. /help alone lists them all."));
    else if (near)
        fail(parse, "unknown-command",
             N_("There is no command /%1$s, so nothing was sent. Did you mean /%2$s? To send the "
                "line "
                "as it is, begin it with //."));
    else
        fail(parse, "unknown-command",
             N_("There is no command /%1$s, so nothing was sent. /help lists them all; to send the "
                "line as it is, begin it with //."));
    message_add(&parse->error, word);
    if (near && !parse->spec)
        message_add(&parse->error, near);
    return false;
}

static bool ambiguous(struct parse *parse, const char *word)
{
    char list[MESSAGE_ARGUMENT_BYTES + 1];
    size_t length = 0;
    size_t listed = 0;
    for (enum command_id id = 0; id < COMMAND_COUNT && length < sizeof list; id++) {
        const char *name = command_name_starting(parse->names, id, word, strlen(word));
        if (name && listed++ < LISTED)
            length += (size_t)snprintf(list + length, sizeof list - length, "%s/%s",
                                       length > 0 ? ", " : "", name);
    }
    if (listed > LISTED && length < sizeof list)
        snprintf(list + length, sizeof list - length, ", \xe2\x80\xa6");
    fail(parse, "ambiguous-command",
         N_("/%1$s could be %2$s, so nothing was done. Type a letter more, or press Tab to "
            "choose."));
    message_add(&parse->error, word);
    message_add(&parse->error, list);
    return false;
}

/* The command that `word` names, or what to say instead. */
static bool command_named(struct parse *parse, const char *word, enum command_id *id)
{
    switch (command_find(parse->names, word, strlen(word), id)) {
    case COMMAND_FOUND:
        return true;
    case COMMAND_UNKNOWN:
        return unknown(parse, word);
    case COMMAND_AMBIGUOUS:
        return ambiguous(parse, word);
    }
    return false;
}

/* What the users of `named` type has no short forms: "--" begins many an honest line. */
static bool dashed_find(const char *word, enum command_id *into)
{
    for (enum command_id id = 0; id < COMMAND_COUNT; id++) {
        const char *dashed = command_spec(id)->dashed;
        if (dashed && ascii_equal(dashed, word)) {
            *into = id;
            return true;
        }
    }
    return false;
}

static bool about_take(struct parse *parse, const char *text)
{
    enum command_id id = COMMAND_HELP;
    if (!dashed_find(text, &id) && !command_named(parse, text + (text[0] == '/'), &id))
        return false;
    parse->command.about = command_spec(id);
    return true;
}

/* ---- the line ---- */

static bool line_refused(const char *bytes, size_t size, struct message *error)
{
    if (size > COMMAND_LINE_BYTES)
        *error = message_make("line-too-long",
                              N_("That line is longer than 64 KiB, so nothing was sent. Send it in "
                                 "parts, or put it into a file and tell where that is."));
    else if (memchr(bytes, '\0', size))
        *error = message_make(
            "nul-byte", N_("That line holds a zero byte, so nothing was sent. Only text can be "
                           "sent: take the zero byte out and try again."));
    else if (!utf8_valid(bytes, size))
        *error =
            message_make("invalid-utf8",
                         N_("That line is not UTF-8 text, so nothing was sent. Set the terminal, "
                            "or the program it comes from, to UTF-8 and try again."));
    else
        return false;
    return true;
}

/* The command at the start of the line, parse->at behind its name; false with an error. */
static bool command_begin(struct parse *parse, const char *word, bool dashed)
{
    enum command_id id = COMMAND_HELP;
    if (!dashed && !*word)
        return fail(
            parse, "lone-slash",
            N_("A / alone is no command, so nothing was sent. /help lists them all; to send "
               "the line as it is, begin it with //."));
    if (dashed && !dashed_find(word, &id))
        return false;
    if (!dashed && !command_named(parse, word, &id))
        return false;
    const char *shown = dashed ? NULL : command_name_starting(parse->names, id, word, strlen(word));
    parse->shown = shown ? shown : command_name(parse->names, id, 0);
    parse->spec = command_spec(id);
    parse->command.id = id;
    return true;
}

static size_t word_end(const char *line, size_t size, size_t at)
{
    while (at < size && !blank_is(line[at]))
        at++;
    return at;
}

/* Is it a command, whatever may be wrong with it? `dashed` tells of which kind. A blank before the
 * slash does not make text of it: it could be a whisper, and everyone would read it. Before two
 * slashes it does, as in pasted code. */
static bool command_is(const char *bytes, size_t size, size_t start, bool *dashed)
{
    enum command_id id = COMMAND_HELP;
    *dashed = false;
    if (bytes[start] == '/')
        return start == 0 || start + 1 == size || bytes[start + 1] != '/';
    char *word = xstrndup(bytes + start, word_end(bytes, size, start) - start);
    *dashed = dashed_find(word, &id);
    free(word);
    return *dashed;
}

static void command_line_parse(struct parse *parse, size_t start, bool dashed, struct line *into)
{
    size_t from = start + !dashed;
    parse->at = word_end(parse->line, parse->size, from);
    char *word = xstrndup(parse->line + from, parse->at - from);
    bool good = command_begin(parse, word, dashed) && arguments_parse(parse);
    free(word);
    if (good) {
        into->kind = LINE_COMMAND;
        into->command = parse->command;
    } else {
        into->kind = LINE_ERROR;
        into->error = parse->error;
        command_done(&parse->command);
    }
}

void line_parse(const struct command_names *names, const char *bytes, size_t size,
                struct line *into)
{
    *into = (struct line){.kind = LINE_EMPTY};
    if (size == 0)
        return;
    into->kind = LINE_ERROR;
    if (line_refused(bytes, size, &into->error))
        return;
    size_t start = blanks_skip(bytes, size, 0);
    bool dashed = false;
    if (start == size) { /* nothing but blanks */
        into->kind = LINE_EMPTY;
    } else if (size >= 2 && bytes[0] == '/' && bytes[1] == '/') {
        into->kind = LINE_TEXT;
        into->text = xstrndup(bytes + 1, size - 1);
    } else if (command_is(bytes, size, start, &dashed)) {
        struct parse parse = {.names = names, .line = bytes, .size = size};
        command_line_parse(&parse, start, dashed, into);
    } else {
        into->kind = LINE_TEXT;
        into->text = xstrndup(bytes, size);
    }
}

void command_done(struct command *command)
{
    free(command->who);
    free(command->text);
    free(command->room);
    free(command->host);
    free(command->key);
    free(command->value);
    *command = (struct command){0};
}

void line_done(struct line *line)
{
    switch (line->kind) {
    case LINE_TEXT:
        free(line->text);
        break;
    case LINE_COMMAND:
        command_done(&line->command);
        break;
    case LINE_EMPTY:
    case LINE_ERROR:
        break;
    }
    line->kind = LINE_EMPTY;
}
