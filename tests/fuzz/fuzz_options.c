/* The command lines of both programs: the first byte says whose, the rest are words with a zero
 * behind each. What is taken keeps its bounds, and what is not says why in one clean line. */
#include "app/options.h"
#include "app/range.h"
#include "base/alloc.h"
#include "base/clean.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS = 200 /* more than there is room for */ };

static void must(bool holds, const char *what)
{
    if (!holds)
        die("%s", what);
}

/* What is said goes into memory for as long, so that it can be looked at: where the library has
 * streams that can be put in the place of others. */
struct said {
    FILE *out, *err;
    char *text[2];
    size_t size[2];
};

#ifdef __GLIBC__
static void said_begin(struct said *said)
{
    *said = (struct said){.out = stdout, .err = stderr};
    stdout = open_memstream(&said->text[0], &said->size[0]);
    stderr = open_memstream(&said->text[1], &said->size[1]);
    if (!stdout || !stderr)
        abort();
}

static void said_end(struct said *said)
{
    fclose(stdout);
    fclose(stderr);
    stdout = said->out;
    stderr = said->err;
}
#else
static void said_begin(struct said *said)
{
    *said = (struct said){0};
}

static void said_end(struct said *said)
{
    (void)said;
}
#endif

static void wrong_look(const struct said *said)
{
    size_t size;
    must(said->size[1] > 1 && said->text[1][said->size[1] - 1] == '\n', "nothing says why");
    char *clean = text_clean(said->text[1], said->size[1] - 1, CLEAN_LINE, &size);
    must(size == said->size[1] - 1 && memcmp(clean, said->text[1], size) == 0,
         "what says why is not clean");
    free(clean);
}

static void where_look(const struct hostport *where)
{
    must(strnlen(where->host, sizeof where->host) <= HOST_MAX, "a host without an end");
}

static void run_look(const struct options *options)
{
    must(options->listen_count <= LISTENS_MAX && options->call_count <= CALLS_MAX,
         "more places than there is room for");
    for (size_t i = 0; i < options->listen_count; i++) {
        where_look(&options->listens[i]);
        must(options->listens[i].port != 0, "to listen on port 0");
        must(!options->listens[i].host[0] || host_is_number(options->listens[i].host),
             "to listen on a name");
    }
    for (size_t i = 0; i < options->call_count; i++) {
        where_look(&options->calls[i]);
        must(options->calls[i].host[0] != '\0', "to call nobody");
    }
    must(!options->name || (options->name[0] && strlen(options->name) <= NAME_BYTES),
         "a name past its bound");
    must(!options->mesh || (options->mesh[0] && strlen(options->mesh) <= NAME_BYTES),
         "a mesh past its bound");
    must(!options->scan_range || options->scan, "a range, and no scan");
    must(!options->json || options->doctor, "JSON of nobody");
}

static void said_look(const struct said *said, enum options_verdict verdict)
{
    switch (verdict) {
    case OPTIONS_RUN:
        must(said->size[0] + said->size[1] == 0, "something is said of what is fine");
        break;
    case OPTIONS_DONE:
        must(said->size[0] > 0 && said->size[1] == 0, "nothing was printed");
        break;
    case OPTIONS_WRONG:
        must(said->size[0] == 0, "what is wrong is said on stdout");
        wrong_look(said);
        break;
    }
}

static void parse(const struct program *program, int count, char **words)
{
    struct options options;
    struct said said;
    said_begin(&said);
    enum options_verdict verdict = options_parse(&options, program, count, words);
    said_end(&said);
    if (verdict == OPTIONS_RUN)
        run_look(&options);
    if (said.err)
        said_look(&said, verdict);
    free(said.text[0]);
    free(said.text[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct program programs[] = {{PROGRAM_SCREEN, "tertulia", "curses 6"},
                                              {PROGRAM_DAEMON, "tertuliad", NULL}};
    char *words[WORDS + 2];
    int count = 1;
    if (size == 0)
        return 0;
    const struct program *program = &programs[data[0] % 2];
    words[0] = xstrdup(program->name);
    for (size_t at = 1; at < size && count <= WORDS;) {
        size_t length = strnlen((const char *)data + at, size - at);
        words[count++] = xstrndup((const char *)data + at, length);
        at += length + 1;
    }
    words[count] = NULL;
    char *owned[WORDS + 2];
    memcpy(owned, words, sizeof words);
    parse(program, count, words);
    for (int i = 0; i < count; i++)
        free(owned[i]);
    return 0;
}
