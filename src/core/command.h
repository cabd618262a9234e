#pragma once
/* What one can type: the table of commands, their names, what a typed line means, and completion.
 *
 * Nothing here does anything: a line becomes plain data, or a sentence that says why not. A line
 * that looks like a command and is none never becomes text to send. */
#include "core/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COMMAND_ARGUMENTS = 3,          /* /connect HOST PORT DIALECT is the longest */
    COMMAND_LINE_BYTES = 64 * 1024, /* a frame holds no more */
    COMMAND_NAME_BYTES = 32,        /* of a command, in any language: it is typed */
    COMMAND_NAMES = 384,            /* English ones, and eight of the language for each command */
    COMMAND_SLIPS = 3,              /* of the fingers: so many make another word */
    COMPLETIONS = 64,               /* candidates in one answer: more than a menu shows */
    COMPLETION_SCAN = 16384,        /* candidates looked at: everyone of the largest mesh we keep */
    COMPLETION_WORDS = 4,           /* words of text that may be the start of one name */
};

enum command_id {
    COMMAND_CONNECT,
    COMMAND_DISCONNECT,
    COMMAND_SCAN,
    COMMAND_WHISPER,
    COMMAND_EXIT,
    COMMAND_HELP,
    COMMAND_PEERS,
    COMMAND_INFO,
    COMMAND_NAME,
    COMMAND_ALIAS,
    COMMAND_CALL,
    COMMAND_RETRY,
    COMMAND_ME,
    COMMAND_AWAY,
    COMMAND_JOIN,
    COMMAND_LEAVE,
    COMMAND_INVITE,
    COMMAND_ROOMS,
    COMMAND_TOPIC,
    COMMAND_SEARCH,
    COMMAND_WHO_GOT,
    COMMAND_IGNORE,
    COMMAND_BLOCK,
    COMMAND_VERIFY,
    COMMAND_TRUST,
    COMMAND_CLEAR,
    COMMAND_EXPORT,
    COMMAND_SET,
    COMMAND_BIND,
    COMMAND_LANG,
    COMMAND_THEME,
    COMMAND_DOCTOR,
    COMMAND_LOG,
    COMMAND_ABOUT,
    COMMAND_COUNT,
};

/* What an argument names: which field of `struct command` it fills, and what completes it. */
enum argument_kind {
    ARGUMENT_NONE,
    ARGUMENT_PERSON,   /* who */
    ARGUMENT_NAME,     /* text: a new name */
    ARGUMENT_TEXT,     /* text */
    ARGUMENT_ROOM,     /* room */
    ARGUMENT_ADDRESS,  /* host, port */
    ARGUMENT_PORT,     /* port, or a dialect in its place */
    ARGUMENT_DIALECT,  /* dialect */
    ARGUMENT_RANGE,    /* value: as it was typed, for the scanner to read */
    ARGUMENT_FILE,     /* value */
    ARGUMENT_COMMAND,  /* about */
    ARGUMENT_SETTING,  /* key */
    ARGUMENT_VALUE,    /* value: of the setting before it */
    ARGUMENT_KEY,      /* key: of the keyboard */
    ARGUMENT_ACTION,   /* value: of the key before it */
    ARGUMENT_LANGUAGE, /* value */
    ARGUMENT_THEME,    /* value */
};

/* How much of the line an argument takes. */
enum argument_shape {
    ARGUMENT_WORD,    /* up to a blank; "…" and \ keep blanks inside (core/word.h) */
    ARGUMENT_REST,    /* all that is left: one quoted word, or else as it is without outer blanks */
    ARGUMENT_TRIMMED, /* all that is left without outer blanks; "" alone is the empty text */
    ARGUMENT_VERBATIM, /* all that is left after one blank, to the byte */
};

struct argument_spec {
    enum argument_kind kind; /* ARGUMENT_NONE ends the list */
    enum argument_shape shape;
    bool optional;
    bool emptiable; /* "" is an answer of its own: take away what was there */
};

struct command_spec {
    const char *name;   /* in English, without the slash: works in every language */
    const char *dashed; /* what a user of `named` types for it, or NULL */
    const char *names;  /* N_(): "/name /other", to be translated to the language's names */
    const char *usage;  /* N_(): with its slash, or NULL where nothing follows the name */
    const char *help;   /* N_(): one line */
    struct argument_spec arguments[COMMAND_ARGUMENTS];
};

/* The entry of `id`, which is below COMMAND_COUNT. In table order a help screen reads well. */
const struct command_spec *command_spec(enum command_id id);

/* The names of the dialects that /connect takes, NULL at the end. */
extern const char *const COMMAND_DIALECTS[];

/* ---- names ---- */

/* All names of all commands in English and one language. */
struct command_names;

/* NULL: English only. A name that another command has already, or that is too long, is left out,
 * so that no translation can take a command away. */
struct command_names *command_names_new(message_translate *translate);
/* Another language for all who hold them; names that were asked for before are gone. */
void command_names_set(struct command_names *names, message_translate *translate);
void command_names_free(struct command_names *names);
/* How many names were left out: 0 with a good translation. */
size_t command_names_refused(const struct command_names *names);
/* The index-th name of `id`, best to show first (the language's own, then English), or NULL. */
const char *command_name(const struct command_names *names, enum command_id id, size_t index);

/* The best name of `id` to show that begins with `start`, or NULL. */
const char *command_name_starting(const struct command_names *names, enum command_id id,
                                  const char *start, size_t size);

enum command_match { COMMAND_FOUND, COMMAND_UNKNOWN, COMMAND_AMBIGUOUS };

/* The command meant by a whole name, or else by the start of names of one command only; in any
 * case and width. */
enum command_match command_find(const struct command_names *names, const char *word, size_t size,
                                enum command_id *into) __attribute__((warn_unused_result));

/* Whether `name` was probably meant by `word`, which is no name: two slips of the fingers at most,
 * and fewer than *nearest, which is then how many there are (begin with COMMAND_SLIPS). */
bool command_near(const char *word, const char *name, size_t *nearest);

/* ---- a typed line ---- */

/* What to do. Fields that a command has no argument for, or that were left out, are NULL, 0, false;
 * texts are owned. */
struct command {
    enum command_id id;
    bool all;   /* /disconnect all */
    char *who;  /* a name, name~tag or id as typed: the roster knows whom it means */
    char *text; /* "" in /topic and /alias: take it away */
    char *room; /* with its # */
    char *host;
    uint16_t port; /* 0: none was given */
    const char *dialect;
    char *key;
    char *value;
    const struct command_spec *about; /* what /help is asked about */
};

void command_done(struct command *command);

enum line_kind {
    LINE_EMPTY,   /* nothing but blanks */
    LINE_TEXT,    /* to be said where Enter goes */
    LINE_COMMAND, /* to be done */
    LINE_ERROR,   /* to be shown; nothing was sent and nothing done */
};

struct line {
    enum line_kind kind;
    union {
        char *text;
        struct command command;
        struct message error;
    };
};

/* Any bytes at all give a line, which line_done frees. Its text may hold newlines. */
void line_parse(const struct command_names *names, const char *bytes, size_t size,
                struct line *into);
void line_done(struct line *line);

/* ---- completion ---- */

/* What is asked of those who know people, rooms and files. */
struct completion_wish {
    enum argument_kind kind;
    const char *prefix; /* what the candidate has to begin with, unquoted; a hint (for files) */
    const char *before; /* the argument before it (the setting of a value), or "" */
};

struct completion_source {
    /* The index-th candidate, best first (people: who spoke last), or NULL past the last one. It
     * stays valid until the next call. Those that do not begin with the prefix are skipped. */
    const char *(*candidate)(void *self, const struct completion_wish *wish, size_t index);
    void *self;
};

/* What may stand in place of the bytes [start, end) of the line, best first. */
struct completion {
    size_t start, end;
    size_t count;
    char *texts[COMPLETIONS]; /* quoted where needed, with what follows: ": ", " " or nothing */
};

/* Completes what is before `cursor` (a byte offset; one inside a character counts as before it).
 * completion_done frees the answer. */
void line_complete(const struct command_names *names, const struct completion_source *source,
                   const char *line, size_t size, size_t cursor, struct completion *into);
void completion_done(struct completion *completion);
