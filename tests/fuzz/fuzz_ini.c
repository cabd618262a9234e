/* A file of settings that anybody may have written: what is given is text, in order, once, and
 * within its bounds; and what was read, written down again, is read as the same. */
#include "app/ini.h"
#include "base/alloc.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    unsigned line;
    bool again;                                      /* it is read a second time, */
    char key[INI_TEXT_BYTES], value[INI_TEXT_BYTES]; /* and has to be this */
    unsigned pairs;
};

static void line_next(struct told *told, unsigned line)
{
    if (line <= told->line)
        die("line %u comes after line %u", line, told->line);
    told->line = line;
}

static void text_look(const char *text)
{
    size_t size = strlen(text);
    if (size >= INI_TEXT_BYTES || !utf8_valid(text, size) || strchr(text, '\n'))
        die("this is no text of one line");
}

static void on_section(void *self, unsigned line, const char *name)
{
    line_next(self, line);
    text_look(name);
}

static void on_problem(void *self, unsigned line, enum ini_problem problem)
{
    (void)problem;
    line_next(self, line);
}

static void on_pair(void *self, unsigned line, const char *key, const char *value);
static const struct ini_calls CALLS = {on_section, on_pair, on_problem};

/* Not on the first line, where a mark may stand. A key with " =" inside cannot be: that would have
 * parted it. */
static void write_again(const char *key, const char *value)
{
    char text[2 * INI_TEXT_BYTES + 16];
    struct told told = {.again = true};
    snprintf(told.key, sizeof told.key, "%s", key);
    snprintf(told.value, sizeof told.value, "%s", value);
    int length = snprintf(text, sizeof text, "\n%s = \"%s\"\n", key, value);
    ini_read(text, (size_t)length, &CALLS, &told);
    if (told.pairs != 1)
        die("a pair that was written again is none");
}

static void on_pair(void *self, unsigned line, const char *key, const char *value)
{
    struct told *told = self;
    line_next(told, line);
    text_look(key);
    text_look(value);
    told->pairs++;
    if (key[0] == '\0')
        die("a key of nothing");
    if (!told->again)
        write_again(key, value);
    else if (strcmp(key, told->key) != 0 || strcmp(value, told->value) != 0)
        die("a pair that was written again is another");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told told = {0};
    ini_read((const char *)data, size, &CALLS, &told);
    return 0;
}
