/* The table of commands and the names they go by. No two commands share a name: the first to claim
 * it keeps it, and English claims before any language. */
#include "core/command.h"

#include "base/alloc.h"
#include "base/fold.h"

#include <stdlib.h>
#include <string.h>

const char *const COMMAND_DIALECTS[] = {
    "native", "dated", "named", "join", "neighbour", "piped", NULL,
};

/* In the order of a help screen. What translators need to know stands at the first entry. */
static const struct command_spec COMMANDS[COMMAND_COUNT] = {
    [COMMAND_CONNECT] =
        {
            .name = "connect",
            .dashed = "--ch",
            /* TRANSLATORS: what people of your language may type for a command, beside its
             * English names, which always work: "/scan" could become "/escanear /explorar".
             * Each begins with a slash and holds no blank; the first is the one shown in help.
             * Short everyday words, and no two commands share one; a word with accents is given
             * without them too. In the usage that follows, [brackets] hold what may be left
             * out; "all" stays as it is. The line of help has no full stop. */
            .names = N_("/connect"),
            .usage = N_("/connect HOST[:PORT] [dialect]"),
            .help = N_("Call someone at an address"),
            .arguments = {{.kind = ARGUMENT_ADDRESS},
                          {.kind = ARGUMENT_PORT, .optional = true},
                          {.kind = ARGUMENT_DIALECT, .optional = true}},
        },
    [COMMAND_DISCONNECT] =
        {
            .name = "disconnect",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/disconnect"),
            .usage = N_("/disconnect [who|all]"),
            .help = N_("Hang up on someone, or on everyone"),
            .arguments = {{ARGUMENT_PERSON, .shape = ARGUMENT_REST, .optional = true}},
        },
    [COMMAND_SCAN] =
        {
            .name = "scan",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/scan"),
            .usage = N_("/scan [range]"),
            .help = N_("Look for people on the network, or in a range of addresses"),
            .arguments = {{ARGUMENT_RANGE, .shape = ARGUMENT_TRIMMED, .optional = true}},
        },
    [COMMAND_WHISPER] =
        {
            .name = "whisper",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/whisper /w /msg"),
            .usage = N_("/whisper who [text]"),
            .help = N_("Say something that only one person can read"),
            .arguments = {{.kind = ARGUMENT_PERSON},
                          {.kind = ARGUMENT_TEXT, .shape = ARGUMENT_VERBATIM, .optional = true}},
        },
    [COMMAND_EXIT] =
        {
            .name = "exit",
            .dashed = "--ex",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/exit /quit"),
            .help = N_("Leave the program"),
        },
    [COMMAND_HELP] =
        {
            .name = "help",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/help"),
            .usage = N_("/help [command]"),
            .help = N_("Show the keys and commands, or explain one command"),
            .arguments = {{.kind = ARGUMENT_COMMAND, .optional = true}},
        },
    [COMMAND_PEERS] =
        {
            .name = "peers",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/peers /who"),
            .help = N_("List everyone who is here, and how they are connected"),
        },
    [COMMAND_INFO] =
        {
            .name = "info",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/info"),
            .usage = N_("/info who"),
            .help = N_("Tell all that is known about someone"),
            .arguments = {{ARGUMENT_PERSON, .shape = ARGUMENT_REST}},
        },
    [COMMAND_NAME] =
        {
            .name = "name",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/name /nick"),
            .usage = N_("/name new"),
            .help = N_("Change your own name"),
            .arguments = {{ARGUMENT_NAME, .shape = ARGUMENT_REST}},
        },
    [COMMAND_ALIAS] =
        {
            .name = "alias",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/alias"),
            .usage = N_("/alias who new"),
            .help = N_("Give someone a name that only you see (\"\" takes it away)"),
            .arguments = {{.kind = ARGUMENT_PERSON},
                          {ARGUMENT_NAME, .shape = ARGUMENT_REST, .emptiable = true}},
        },
    [COMMAND_CALL] =
        {
            .name = "call",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/call"),
            .usage = N_("/call who"),
            .help = N_("Ring someone's bell"),
            .arguments = {{ARGUMENT_PERSON, .shape = ARGUMENT_REST}},
        },
    [COMMAND_RETRY] =
        {
            .name = "retry",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/retry"),
            .usage = N_("/retry [who]"),
            .help = N_("Send again what did not reach a guest whom you called"),
            .arguments = {{ARGUMENT_PERSON, .shape = ARGUMENT_REST, .optional = true}},
        },
    [COMMAND_ME] =
        {
            .name = "me",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/me"),
            .usage = N_("/me text"),
            .help = N_("Say what you are doing, told as \"ana waves\""),
            .arguments = {{ARGUMENT_TEXT, .shape = ARGUMENT_VERBATIM}},
        },
    [COMMAND_AWAY] =
        {
            .name = "away",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/away"),
            .usage = N_("/away [why]"),
            .help = N_("Tell that you are away and why; alone, that you are back"),
            .arguments = {{ARGUMENT_TEXT, .shape = ARGUMENT_TRIMMED, .optional = true}},
        },
    [COMMAND_JOIN] =
        {
            .name = "join",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/join"),
            .usage = N_("/join #room"),
            .help = N_("Enter a room, or open a new one"),
            .arguments = {{.kind = ARGUMENT_ROOM}},
        },
    [COMMAND_LEAVE] =
        {
            .name = "leave",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/leave"),
            .help = N_("Leave this room"),
        },
    [COMMAND_INVITE] =
        {
            .name = "invite",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/invite"),
            .usage = N_("/invite who"),
            .help = N_("Let a guest hear this room"),
            .arguments = {{ARGUMENT_PERSON, .shape = ARGUMENT_REST}},
        },
    [COMMAND_ROOMS] =
        {
            .name = "rooms",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/rooms"),
            .help = N_("List the rooms"),
        },
    [COMMAND_TOPIC] =
        {
            .name = "topic",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/topic"),
            .usage = N_("/topic [text]"),
            .help = N_("Show this room's topic, or set it (\"\" takes it away)"),
            .arguments = {{ARGUMENT_TEXT, ARGUMENT_TRIMMED, .optional = true, .emptiable = true}},
        },
    [COMMAND_SEARCH] =
        {
            .name = "search",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/search"),
            .usage = N_("/search words"),
            .help = N_("Find words in everything that was ever said"),
            .arguments = {{ARGUMENT_TEXT, .shape = ARGUMENT_TRIMMED}},
        },
    [COMMAND_WHO_GOT] =
        {
            .name = "who-got",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/who-got"),
            .help = N_("Name who has your last message, and who does not have it yet"),
        },
    [COMMAND_IGNORE] =
        {
            .name = "ignore",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/ignore"),
            .usage = N_("/ignore who"),
            .help = N_("Hide what someone says; once more, show it again"),
            .arguments = {{ARGUMENT_PERSON, .shape = ARGUMENT_REST}},
        },
    [COMMAND_BLOCK] =
        {
            .name = "block",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/block"),
            .usage = N_("/block who"),
            .help = N_("Have nothing to do with someone; once more, let them back"),
            .arguments = {{ARGUMENT_PERSON, .shape = ARGUMENT_REST}},
        },
    [COMMAND_VERIFY] =
        {
            .name = "verify",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/verify"),
            .usage = N_("/verify who"),
            .help = N_("Show the code to compare aloud with someone"),
            .arguments = {{ARGUMENT_PERSON, .shape = ARGUMENT_REST}},
        },
    [COMMAND_TRUST] =
        {
            .name = "trust",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/trust"),
            .usage = N_("/trust who"),
            .help = N_("Mark someone as verified, once both codes were the same"),
            .arguments = {{ARGUMENT_PERSON, .shape = ARGUMENT_REST}},
        },
    [COMMAND_CLEAR] =
        {
            .name = "clear",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/clear"),
            .help = N_("Empty this screen; nothing is deleted"),
        },
    [COMMAND_EXPORT] =
        {
            .name = "export",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/export"),
            .usage = N_("/export FILE"),
            .help = N_("Write this conversation to a file"),
            .arguments = {{ARGUMENT_FILE, .shape = ARGUMENT_REST}},
        },
    [COMMAND_SET] =
        {
            .name = "set",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/set"),
            .usage = N_("/set [key [value]]"),
            .help = N_("Show the settings, or change one"),
            .arguments = {{.kind = ARGUMENT_SETTING, .optional = true},
                          {ARGUMENT_VALUE, ARGUMENT_REST, .optional = true, .emptiable = true}},
        },
    [COMMAND_BIND] =
        {
            .name = "bind",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/bind"),
            .usage = N_("/bind [key [action]]"),
            .help = N_("Show what the keys do, or change one (\"\" frees it)"),
            .arguments = {{.kind = ARGUMENT_KEY, .optional = true},
                          {ARGUMENT_ACTION, ARGUMENT_REST, .optional = true, .emptiable = true}},
        },
    [COMMAND_LANG] =
        {
            .name = "lang",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/lang /language"),
            .usage = N_("/lang [language]"),
            .help = N_("Show or change the language"),
            .arguments = {{.kind = ARGUMENT_LANGUAGE, .optional = true}},
        },
    [COMMAND_THEME] =
        {
            .name = "theme",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/theme"),
            .usage = N_("/theme [theme]"),
            .help = N_("Show or change the colours"),
            .arguments = {{.kind = ARGUMENT_THEME, .optional = true}},
        },
    [COMMAND_DOCTOR] =
        {
            .name = "doctor",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/doctor"),
            .help = N_("Find out why people may not be seen, and what to do"),
        },
    [COMMAND_LOG] =
        {
            .name = "log",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/log"),
            .help = N_("Read past notices and errors"),
        },
    [COMMAND_ABOUT] =
        {
            .name = "about",
            /* TRANSLATORS: the command's names, as for /connect */
            .names = N_("/about"),
            .help = N_("Tell what this program is"),
        },
};

const struct command_spec *command_spec(enum command_id id)
{
    return &COMMANDS[id];
}

/* ---- names ---- */

struct name {
    enum command_id id;
    size_t rank; /* the smaller, the sooner it is shown */
    char *shown;
    char *folded;
};

struct command_names {
    size_t count;
    size_t next_rank;
    size_t refused;
    struct name list[COMMAND_NAMES];
};

static char *folded_new(const char *text, size_t length)
{
    size_t out = 0;
    return name_fold(text, length, &out);
}

static bool name_fits(const struct command_names *names, const char *text, size_t length)
{
    return length > 0 && length <= COMMAND_NAME_BYTES && text[0] != '/' &&
           names->count < COMMAND_NAMES;
}

/* False where it cannot be a name, or another command has it. */
static bool name_add(struct command_names *names, enum command_id id, const char *text,
                     size_t length)
{
    if (!name_fits(names, text, length))
        return false;
    size_t rank = names->next_rank++;
    char *folded = folded_new(text, length);
    for (size_t i = 0; i < names->count; i++) {
        struct name *known = &names->list[i];
        if (strcmp(known->folded, folded) != 0)
            continue;
        free(folded);
        if (known->id == id && rank < known->rank)
            known->rank = rank;
        return known->id == id;
    }
    names->list[names->count++] = (struct name){id, rank, xstrndup(text, length), folded};
    return true;
}

/* Adds each name of "/one /other". */
static void names_add(struct command_names *names, enum command_id id, const char *list)
{
    static const char BLANKS[] = " \t\n\v\f\r";
    for (const char *at = list + strspn(list, BLANKS); *at; at += strspn(at, BLANKS)) {
        size_t length = strcspn(at, BLANKS);
        size_t slash = *at == '/';
        if (!name_add(names, id, at + slash, length - slash))
            names->refused++;
        at += length;
    }
}

static void names_drop(struct command_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->list[i].shown);
        free(names->list[i].folded);
    }
    names->count = names->refused = 0;
}

struct command_names *command_names_new(message_translate *translate)
{
    struct command_names *names = xcalloc(1, sizeof *names);
    command_names_set(names, translate);
    return names;
}

void command_names_set(struct command_names *names, message_translate *translate)
{
    names_drop(names);
    names->next_rank = COMMAND_NAMES; /* behind whatever the language brings */
    for (enum command_id id = 0; id < COMMAND_COUNT; id++)
        names_add(names, id, COMMANDS[id].names);
    names->next_rank = 0;
    for (enum command_id id = 0; translate && id < COMMAND_COUNT; id++)
        names_add(names, id, translate(COMMANDS[id].names, NULL, 0));
}

void command_names_free(struct command_names *names)
{
    if (!names)
        return;
    names_drop(names);
    free(names);
}

size_t command_names_refused(const struct command_names *names)
{
    return names->refused;
}

/* The name of `id` with the smallest rank from `rank` on whose folded form begins with `folded`. */
static const struct name *name_from(const struct command_names *names, enum command_id id,
                                    size_t rank, const char *folded)
{
    const struct name *best = NULL;
    for (size_t i = 0; i < names->count; i++) {
        const struct name *name = &names->list[i];
        if (name->id == id && name->rank >= rank && (!best || name->rank < best->rank) &&
            strncmp(name->folded, folded, strlen(folded)) == 0)
            best = name;
    }
    return best;
}

const char *command_name(const struct command_names *names, enum command_id id, size_t index)
{
    const struct name *name = name_from(names, id, 0, "");
    while (name && index-- > 0)
        name = name_from(names, id, name->rank + 1, "");
    return name ? name->shown : NULL;
}

const char *command_name_starting(const struct command_names *names, enum command_id id,
                                  const char *start, size_t size)
{
    if (size > COMMAND_NAME_BYTES)
        return NULL;
    char *folded = folded_new(start, size);
    const struct name *name = name_from(names, id, 0, folded);
    free(folded);
    return name ? name->shown : NULL;
}

static enum command_match folded_find(const struct command_names *names, const char *folded,
                                      enum command_id *into)
{
    size_t commands = 0;
    for (size_t i = 0; i < names->count; i++) {
        const struct name *name = &names->list[i];
        if (strcmp(name->folded, folded) == 0) {
            *into = name->id;
            return COMMAND_FOUND;
        }
        if (strncmp(name->folded, folded, strlen(folded)) != 0 ||
            (commands > 0 && *into == name->id))
            continue;
        *into = name->id;
        commands++;
    }
    if (commands == 1)
        return COMMAND_FOUND;
    return commands == 0 ? COMMAND_UNKNOWN : COMMAND_AMBIGUOUS;
}

enum command_match command_find(const struct command_names *names, const char *word, size_t size,
                                enum command_id *into)
{
    if (size > COMMAND_NAME_BYTES)
        return COMMAND_UNKNOWN;
    char *folded = folded_new(word, size);
    enum command_match match = *folded ? folded_find(names, folded, into) : COMMAND_UNKNOWN;
    free(folded);
    return match;
}
