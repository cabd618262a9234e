/* Completion: which word the cursor is in, what may stand there, and how it is then written. What
 * is put into an argument always parses back as the candidate it was made of. */
#include "base/alloc.h"
#include "base/ascii.h"
#include "base/fold.h"
#include "base/text.h"
#include "base/utf8.h"
#include "core/command.h"
#include "core/word.h"

#include <stdlib.h>
#include <string.h>

enum { PREFIX_BYTES = 1024 }; /* a longer word begins no name, room or file here */

struct work {
    const struct command_names *names;
    const struct completion_source *source;
    const char *line;
    size_t size; /* only what is before the cursor */
    bool blank_follows;
    struct completion *into;
};

static bool full(const struct work *work)
{
    return work->into->count == COMPLETIONS;
}

/* Adds `text` and, where no blank stands behind the cursor already, the one that `after` ends
 * with. TAKES the text. */
static void add(struct work *work, char *text, const char *after)
{
    size_t length = strlen(text);
    size_t more = strlen(after);
    if (more > 0 && work->blank_follows)
        more--;
    text = xrealloc(text, length + more + 1, 1);
    memcpy(text + length, after, more);
    text[length + more] = '\0';
    for (size_t i = 0; i < work->into->count; i++)
        if (strcmp(work->into->texts[i], text) == 0) {
            free(text);
            return;
        }
    work->into->texts[work->into->count++] = text;
}

/* ---- what begins with what ---- */

/* A name folded, accents and all, so that the start of a name folds to the start of its fold: a
 * blank at the end of what was typed counts. To be freed. */
static char *fold_start(const char *text, size_t length)
{
    size_t out = 0;
    char *folded = name_fold_bare(text, length, &out);
    if (length > 0 && blank_is(text[length - 1]) && out > 0) {
        folded = xrealloc(folded, out + 2, 1);
        folded[out] = ' ';
        folded[out + 1] = '\0';
    }
    return folded;
}

static bool begins_with(const char *candidate, const char *folded_start)
{
    size_t out = 0;
    char *folded = name_fold_bare(candidate, strlen(candidate), &out);
    bool begins = strncmp(folded, folded_start, strlen(folded_start)) == 0;
    free(folded);
    return begins;
}

/* File names and values are what they are, byte for byte. */
static bool exact_kind(enum argument_kind kind)
{
    return kind == ARGUMENT_FILE || kind == ARGUMENT_VALUE;
}

/* ---- candidates ---- */

/* How a candidate is written where it is put. */
struct manner {
    bool quoted;       /* as a word of a command, or as it is */
    const char *after; /* what follows it */
};

static void candidate_add(struct work *work, enum argument_kind kind, const char *candidate,
                          struct manner manner)
{
    bool folder = kind == ARGUMENT_FILE && *candidate && candidate[strlen(candidate) - 1] == '/';
    bool always = kind == ARGUMENT_PERSON && ascii_equal(candidate, "all");
    char *text = manner.quoted ? word_quote(candidate, always) : xstrdup(candidate);
    if (folder && text[0] == '"')
        text[strlen(text) - 1] = '\0'; /* one goes on typing inside the quotes */
    add(work, text, folder ? "" : manner.after);
}

/* Everyone, every room or whatever it is that begins with `prefix`. */
static void source_add(struct work *work, const struct completion_wish *wish, struct manner manner)
{
    char *folded = fold_start(wish->prefix, strlen(wish->prefix));
    size_t length = strlen(wish->prefix);
    for (size_t i = 0; i < COMPLETION_SCAN && !full(work); i++) {
        const char *candidate = work->source->candidate(work->source->self, wish, i);
        if (!candidate)
            break;
        if (exact_kind(wish->kind) ? strncmp(candidate, wish->prefix, length) == 0
                                   : begins_with(candidate, folded))
            candidate_add(work, wish->kind, candidate, manner);
    }
    free(folded);
}

static void fixed_add(struct work *work, const char *prefix, const char *candidate)
{
    if (!full(work) && ascii_begins(candidate, prefix))
        add(work, xstrdup(candidate), " ");
}

static void commands_add(struct work *work, const char *prefix)
{
    for (enum command_id id = 0; id < COMMAND_COUNT && !full(work); id++) {
        const char *name = command_name_starting(work->names, id, prefix, strlen(prefix));
        if (name)
            add(work, xstrdup(name), " ");
    }
}

static void argument_add(struct work *work, enum command_id id, enum argument_kind kind,
                         const char *prefix, const char *before)
{
    struct completion_wish wish = {.kind = kind, .prefix = prefix, .before = before};
    if (kind == ARGUMENT_COMMAND) {
        commands_add(work, prefix + (prefix[0] == '/'));
        return;
    }
    if (kind == ARGUMENT_DIALECT || kind == ARGUMENT_PORT) {
        for (const char *const *dialect = COMMAND_DIALECTS; *dialect; dialect++)
            fixed_add(work, prefix, *dialect);
        return;
    }
    source_add(work, &wish, (struct manner){.quoted = true, .after = " "});
    if (id == COMMAND_DISCONNECT)
        fixed_add(work, prefix, "all");
}

/* ---- names within text ---- */

static size_t word_start_before(const char *line, size_t from, size_t at)
{
    while (at > from && !blank_is(line[at - 1]))
        at--;
    return at;
}

/* Rooms after a #, else people, whose name begins with what stands between `start` and the cursor.
 * Somebody `addressed` is set off from what is said to them. */
static bool text_try(struct work *work, size_t start, bool addressed)
{
    char *prefix = xstrndup(work->line + start, work->size - start);
    bool room = prefix[0] == '#';
    struct completion_wish wish = {
        .kind = room ? ARGUMENT_ROOM : ARGUMENT_PERSON, .prefix = prefix, .before = ""};
    work->into->start = start;
    source_add(work, &wish, (struct manner){.after = addressed && !room ? ": " : " "});
    free(prefix);
    return work->into->count > 0;
}

/* Names may hold blanks: what fits from further back fits better. `from` is where the text begins;
 * whoever is named first in a line is addressed. */
static void text_complete(struct work *work, size_t from, bool addressing)
{
    size_t starts[COMPLETION_WORDS];
    size_t count = 0;
    size_t at = work->size;
    do {
        at = word_start_before(work->line, from, at);
        starts[count++] = at;
        while (at > from && blank_is(work->line[at - 1]))
            at--;
    } while (at > from && count < COMPLETION_WORDS);
    while (count-- > 0)
        if (work->size - starts[count] <= PREFIX_BYTES &&
            text_try(work, starts[count], addressing && starts[count] == from))
            return;
}

/* ---- words of a command ---- */

/* Completes the argument that the cursor is in; `at` is behind the command's name. */
static void arguments_complete(struct work *work, enum command_id id, size_t at)
{
    const struct argument_spec *argument = command_spec(id)->arguments;
    char *before = xstrdup("");
    for (size_t i = 0; i < COMMAND_ARGUMENTS && argument[i].kind != ARGUMENT_NONE; i++) {
        struct word word;
        enum word_result result = word_read(work->line, work->size, at, &word);
        bool rest = argument[i].shape != ARGUMENT_WORD;
        bool here = rest || word.end == work->size;
        if (here && argument[i].kind == ARGUMENT_TEXT) {
            text_complete(work, word.start, false);
        } else if (here && word.length <= PREFIX_BYTES) {
            bool whole = result != WORD_OK || word.end == work->size;
            char *prefix = whole ? xstrdup(word.text)
                                 : xstrndup(work->line + word.start, work->size - word.start);
            work->into->start = word.start;
            argument_add(work, id, argument[i].kind, prefix, before);
            free(prefix);
        }
        at = word.end;
        free(before);
        before = xstrdup(word.text);
        word_done(&word);
        if (here)
            break;
    }
    free(before);
}

static void command_complete(struct work *work, size_t slash)
{
    size_t end = slash + 1;
    while (end < work->size && !blank_is(work->line[end]))
        end++;
    char *word = xstrndup(work->line + slash + 1, end - slash - 1);
    enum command_id id = COMMAND_HELP;
    if (end == work->size) {
        work->into->start = slash + 1;
        commands_add(work, word);
    } else if (command_find(work->names, word, strlen(word), &id) == COMMAND_FOUND) {
        arguments_complete(work, id, end);
    }
    free(word);
}

void line_complete(const struct command_names *names, const struct completion_source *source,
                   const char *line, size_t size, size_t cursor, struct completion *into)
{
    size_t end = size ? text_cut(line, size, cursor < size ? cursor : size) : 0;
    *into = (struct completion){.start = end, .end = end};
    struct work work = {.names = names,
                        .source = source,
                        .line = line,
                        .size = end,
                        .blank_follows = end < size && blank_is(line[end]),
                        .into = into};
    if (size == 0 || size > COMMAND_LINE_BYTES || memchr(line, '\0', size) ||
        !utf8_valid(line, size))
        return;
    size_t start = blanks_skip(line, end, 0);
    bool slash = start < end && line[start] == '/';
    if (slash && (start + 1 == end || line[start + 1] != '/'))
        command_complete(&work, start);
    else
        text_complete(&work, start, true);
    if (text_cut(line, size, into->start) != into->start) /* a mark sits on the blank before it */
        completion_done(into);
    if (into->count == 0)
        into->start = into->end = end;
}

void completion_done(struct completion *completion)
{
    for (size_t i = 0; i < completion->count; i++)
        free(completion->texts[i]);
    *completion = (struct completion){0};
}
