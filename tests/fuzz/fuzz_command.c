/* The input line: any bytes parse, complete at any cursor, and end in a sentence or in plain data.
 *
 * The first byte chooses the cursor, the rest is the line. */
#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"
#include "core/body.h"
#include "core/command.h"
#include "core/word.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *candidate(void *self, const struct completion_wish *wish, size_t index)
{
    static const char *const list[] = {"bruno", "Ana María", "all", "a\"b\\", "#lab", "dir one/"};
    (void)self;
    (void)wish;
    return index < sizeof list / sizeof *list ? list[index] : NULL;
}

static void message_check(const struct message *message)
{
    char text[MESSAGE_TEXT_BYTES];
    size_t length = message_text(message, NULL, text, sizeof text);
    if (!length || !utf8_valid(text, length))
        die("message %s is not text", message->code);
    for (size_t cut = 1; cut < 64; cut++)
        if (message_text(message, NULL, text, cut) >= cut)
            die("message %s does not fit", message->code);
}

static void command_check(const struct command *command)
{
    const struct argument_spec *argument = command_spec(command->id)->arguments;
    if (argument[0].kind == ARGUMENT_PERSON && !argument[0].optional && !command->who)
        die("nobody");
    if (command->who) {
        char *word = word_quote(command->who, false);
        struct word back;
        if (word_read(word, strlen(word), 0, &back) != WORD_OK || back.end != strlen(word) ||
            strcmp(back.text, command->who) != 0)
            die("a quoted name does not read back");
        word_done(&back);
        free(word);
    }
    if (command->room && (command->room[0] != '#' || strlen(command->room) > ROOM_MAX))
        die("a room that is none");
}

static void text_check(const char *text, const char *line, size_t size)
{
    size_t start = blanks_skip(line, size, 0);
    bool slash = start < size && line[start] == '/';
    bool doubled = slash && start + 1 < size && line[start + 1] == '/';
    size_t dropped = doubled && start == 0;
    if (slash && !doubled)
        die("a command became text");
    if (strlen(text) != size - dropped || memcmp(text, line + dropped, size - dropped) != 0)
        die("text was changed");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct command_names *names;
    struct completion_source source = {candidate, NULL};
    if (!names)
        names = command_names_new(NULL);
    if (size == 0)
        return 0;
    char *line = xmemdup(data + 1, size - 1);
    struct line parsed;
    line_parse(names, line, size - 1, &parsed);
    switch (parsed.kind) {
    case LINE_TEXT:
        text_check(parsed.text, line, size - 1);
        break;
    case LINE_COMMAND:
        command_check(&parsed.command);
        break;
    case LINE_ERROR:
        message_check(&parsed.error);
        break;
    case LINE_EMPTY:
        if (blanks_skip(line, size - 1, 0) != size - 1)
            die("something became nothing");
        break;
    }
    line_done(&parsed);
    struct completion completion;
    line_complete(names, &source, line, size - 1, size - 1 - data[0] % size, &completion);
    if (completion.start > completion.end || completion.end > size - 1)
        die("a span outside the line");
    completion_done(&completion);
    free(line);
    return 0;
}
