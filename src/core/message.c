/* Sentences for the user. No sentence ever reaches printf: a translation can at worst read oddly.
 */
#include "core/message.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char ELLIPSIS[] = "\xe2\x80\xa6";

/* At most `limit` bytes of `text`, never ending within a character. */
static size_t cut_length(const char *text, size_t length, size_t limit)
{
    if (length <= limit)
        return length;
    while (limit > 0 && ((unsigned char)text[limit] & 0xc0) == 0x80)
        limit--;
    return limit;
}

struct message message_make(const char *code, const char *sentence)
{
    return (struct message){.code = code, .one = sentence};
}

struct message message_counted(const char *code, const char *one, const char *many, uint64_t count)
{
    struct message message = {.code = code, .one = one, .many = many, .count = count};
    message_add_number(&message, count);
    return message;
}

static struct message_argument *next_argument(struct message *message)
{
    if (message->arguments == MESSAGE_ARGUMENTS)
        die("message %s has too many arguments", message->code);
    return &message->argument[message->arguments++];
}

void message_add_bytes(struct message *message, const char *bytes, size_t size)
{
    struct message_argument *argument = next_argument(message);
    size_t room = MESSAGE_ARGUMENT_BYTES;
    if (size > room)
        room -= sizeof ELLIPSIS - 1;
    size_t kept = cut_length(bytes, size, room);
    memcpy(argument->text, bytes, kept);
    if (kept < size) {
        memcpy(argument->text + kept, ELLIPSIS, sizeof ELLIPSIS - 1);
        kept += sizeof ELLIPSIS - 1;
    }
    argument->text[kept] = '\0';
}

void message_add(struct message *message, const char *text)
{
    message_add_bytes(message, text, strlen(text));
}

void message_add_number(struct message *message, uint64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    message_add_bytes(message, digits, (size_t)length);
}

void message_add_marked(struct message *message, const char *marked)
{
    next_argument(message)->marked = marked;
}

struct out {
    char *into;
    size_t size; /* room for the zero left out */
    size_t length;
    bool full; /* nothing more after the first cut, or words would be missing in the middle */
};

static void put(struct out *out, const char *bytes, size_t size)
{
    if (out->full)
        return;
    size_t kept = cut_length(bytes, size, out->size - out->length);
    memcpy(out->into + out->length, bytes, kept);
    out->length += kept;
    out->full = kept < size;
}

/* The length of the gap or `%%` at `at` (0: neither), and which argument fills it: `next` for a
 * plain %s, SIZE_MAX for `%%`. */
static size_t gap_read(const char *at, size_t next, size_t *which)
{
    if (at[1] == '%') {
        *which = SIZE_MAX;
        return 2;
    }
    if (at[1] == 's') {
        *which = next;
        return 2;
    }
    if (at[1] >= '1' && at[1] <= '9' && at[2] == '$' && at[3] == 's') {
        *which = (size_t)(at[1] - '1');
        return 4;
    }
    return 0;
}

size_t message_fill(const char *sentence, const char *const *texts, size_t count, char *into,
                    size_t size)
{
    struct out out = {.into = into, .size = size - 1};
    size_t next = 0;
    for (const char *at = sentence; *at;) {
        size_t plain = strcspn(at, "%");
        put(&out, at, plain);
        at += plain;
        if (!*at)
            break;
        size_t which = 0;
        size_t gap = gap_read(at, next, &which);
        if (gap == 2 && which == next)
            next++;
        if (gap && which == SIZE_MAX)
            put(&out, "%", 1);
        else if (gap && which < count)
            put(&out, texts[which], strlen(texts[which]));
        else
            put(&out, at, gap ? gap : 1);
        at += gap ? gap : 1;
    }
    into[out.length] = '\0';
    return out.length;
}

/* ---- dates ---- */

struct message message_day(int weekday, int day, int month)
{
    static const char *const days[] = {N_("Sunday"),   N_("Monday"), N_("Tuesday"), N_("Wednesday"),
                                       N_("Thursday"), N_("Friday"), N_("Saturday")};
    static const char *const months[] = {N_("January"), N_("February"), N_("March"),
                                         N_("April"),   N_("May"),      N_("June"),
                                         N_("July"),    N_("August"),   N_("September"),
                                         N_("October"), N_("November"), N_("December")};
    /* TRANSLATORS: a date: day of the week, day of the month, month */
    struct message message = message_make("day", N_("%1$s %2$s %3$s"));
    message_add_marked(&message, days[(unsigned)weekday % 7]);
    message_add_number(&message, (uint64_t)day);
    message_add_marked(&message, months[(unsigned)month % 12]);
    return message;
}

struct message message_while(uint64_t ms)
{
    const uint64_t minute = 60000, hour = 60 * minute, day = 24 * hour;
    if (ms < minute / 2)
        return message_make("while", N_("<1 min"));
    uint64_t unit = ms < 90 * minute ? minute : ms < 2 * day ? hour : day;
    struct message message = message_make("while", unit == minute ? N_("%1$s min")
                                                   : unit == hour ? N_("%1$s h")
                                                                  : N_("%1$s d"));
    message_add_number(&message, (ms + unit / 2) / unit);
    return message;
}

/* ---- in words ---- */

/* gettext("") is the catalogue's header: an empty text is never looked up. */
static const char *translated(message_translate *translate, const char *one, const char *many,
                              uint64_t count)
{
    const char *text = translate && *one ? translate(one, many, count) : NULL;
    if (text)
        return text;
    return many && count != 1 ? many : one;
}

size_t message_text(const struct message *message, message_translate *translate, char *into,
                    size_t size)
{
    const char *texts[MESSAGE_ARGUMENTS];
    for (size_t i = 0; i < message->arguments; i++) {
        const struct message_argument *argument = &message->argument[i];
        texts[i] =
            argument->marked ? translated(translate, argument->marked, NULL, 0) : argument->text;
    }
    const char *sentence = translated(translate, message->one, message->many, message->count);
    return message_fill(sentence, texts, message->arguments, into, size);
}
