/* `join`: a room with a server. To who calls us we are the server: `JOIN name`, `MSG text`, `EXIT`,
 * and two words of our own, `MSG @name text` for one person and `WHO`. Whom we call is one: what it
 * says are lines for people, `name: text` or that somebody came or went.
 *
 * Invariant: nobody speaks here before they have a name that was free. */
#include "base/utf8.h"
#include "dialect/guest_parts.h"

#include <stdlib.h>
#include <string.h>

static const char CAME[] = "se unió al chat";
static const char WENT[] = "salió del chat";

/* ---- a server: who calls us ---- */

static bool fits(struct span first)
{
    struct span bare = span_trim(first);
    return span_begins(first, "JOIN ") || span_begins(first, "MSG ") || span_is(bare, "JOIN") ||
           span_is(bare, "MSG") || span_is(bare, "EXIT");
}

static void usage(struct guest *guest)
{
    guest_answer(guest, "Primero únete: JOIN nombre. Después MSG texto, WHO, y EXIT para salir.");
}

/* What was sent right behind the name arrived with it. */
static struct span name_of(struct guest *guest, struct span rest)
{
    size_t next = span_find(rest, "MSG ");
    if (next == 0 || next == rest.size)
        return rest;
    guest_line_back(guest, span_of(rest.bytes + next, rest.size - next));
    return span_of(rest.bytes, next);
}

static void join(struct guest *guest, struct span rest)
{
    if (guest->joined) {
        guest_answer_with(guest, "Ya estás en el chat como ", span_text(guest->called), ".");
        return;
    }
    size_t size;
    char *name = name_clean(name_of(guest, rest), &size);
    guest->asking = size > 0;
    if (guest->asking)
        (void)guest_event(guest, GUEST_ASKS_NAME, span_of(name, size), span_of(NULL, 0));
    else
        usage(guest);
    free(name);
}

static void say(struct guest *guest, struct span text, struct span line)
{
    if (text.size == 0)
        return;
    size_t blank = span_find(text, " ");
    if (text.bytes[0] != '@' || blank < 2 || blank == text.size) {
        (void)guest_said(guest, span_text(guest->called), text, line);
        return;
    }
    (void)guest_event(guest, GUEST_PRIVATE, span_of(text.bytes + 1, blank - 1),
                      span_after(text, blank));
}

static void command(struct guest *guest, struct span line)
{
    struct span bare = span_trim(line);
    if (span_is(bare, "EXIT")) {
        guest_words_free(guest);
        guest_close(guest, WHY_DONE);
    } else if (span_begins(line, "JOIN ") || span_is(bare, "JOIN")) {
        join(guest, span_after(line, sizeof "JOIN" - 1));
    } else if (!guest->joined) {
        usage(guest);
    } else if (span_is(bare, "WHO")) {
        (void)guest_event(guest, GUEST_WHO, span_of(NULL, 0), span_of(NULL, 0));
    } else if (span_begins(line, "MSG ") || span_is(bare, "MSG")) {
        say(guest, span_after(line, sizeof "MSG" - 1), line);
    } else { /* the rest of something, or somebody without the original's program */
        say(guest, line, line);
    }
}

/* ---- a client: whom we call ---- */

static void up(struct guest *guest)
{
    guest_answer_with(guest, "JOIN ", span_text(guest->name), "");
    guest_known(guest, &dialect_join, span_of(NULL, 0));
}

/* Latin ones: the letters of all other scripts are also eyes and arms of kaomoji. */
static bool is_letter(int32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
           (code >= 'a' && code <= 'z') ||
           (code >= 0xc0 && code <= 0x24f && code != 0xd7 && code != 0xf7);
}

static bool is_name_mark(int32_t code)
{
    return (code >= 0x300 && code <= 0x36f) || (code < 0x80 && memchr("_-.'~@", code, 6));
}

/* Whether a word is what names are made of, and no kaomoji. */
static bool is_name_word(struct span word)
{
    bool letter = false;
    int32_t code;
    for (size_t at = 0; at < word.size;) {
        at += utf8_step((const char *)word.bytes + at, word.size - at, &code);
        if (!is_letter(code) && !is_name_mark(code))
            return false;
        letter |= is_letter(code);
    }
    return letter;
}

static struct span last_word(struct span text)
{
    size_t at = text.size;
    while (at > 0 && text.bytes[at - 1] != ' ')
        at--;
    return span_of(text.bytes + at, text.size - at);
}

/* The words of a name that end what stands in front of a notice, whatever is drawn around them. */
static struct span noticed_name(struct span before)
{
    before = span_trim(before);
    while (before.size && !is_name_word(last_word(before))) {
        before.size -= last_word(before).size;
        before = span_trim(before);
    }
    if (before.size == 0)
        return before;
    struct span left = before;
    while (left.size && is_name_word(last_word(left))) {
        left.size -= last_word(left).size;
        while (left.size && left.bytes[left.size - 1] == ' ')
            left.size--;
    }
    return span_trim(span_of(before.bytes + left.size, before.size - left.size));
}

/* What was sent right behind a notice came with it: nobody's, because where the drawing ends and a
 * name begins cannot be known. */
static void rest(struct guest *guest, struct span text, struct span line)
{
    if (span_find(text, ": ") < text.size)
        (void)guest_said(guest, span_of(NULL, 0), text, line);
}

static bool notice(struct guest *guest, struct span line, const char *words,
                   enum guest_event_kind kind)
{
    size_t at = span_find(line, words);
    if (at == line.size)
        return false;
    struct span before = span_of(line.bytes, at);
    struct span name = noticed_name(before);
    if (name.size == 0 || name.size > GUEST_NAME_MAX || span_find(before, ": ") != before.size)
        return false;
    (void)guest_event(guest, kind, name, line);
    rest(guest, span_after(line, at + strlen(words)), line);
    return true;
}

static void overhear(struct guest *guest, struct span line)
{
    if (notice(guest, line, CAME, GUEST_JOINED) || notice(guest, line, WENT, GUEST_GONE))
        return;
    size_t colon = span_find(line, ": ");
    struct span name = span_of(line.bytes, colon);
    struct span text = span_after(line, colon < line.size ? colon + 2 : line.size);
    if (colon == 0 || colon > GUEST_NAME_MAX || text.size == 0) {
        name = span_of(NULL, 0);
        text = line;
    }
    (void)guest_said(guest, name, text, line);
}

static void message(struct guest *guest, struct span line)
{
    if (guest->role == GUEST_ACCEPTED)
        command(guest, line);
    else
        overhear(guest, line);
}

static bool hears(const struct guest *guest)
{
    return guest->role == GUEST_CALLED || guest->joined;
}

const struct dialect dialect_join = {
    .name = "join",
    .port = 5000,
    .style = STYLE_COLON,
    .called_style = STYLE_MSG,
    .called_spreads = true,
    .notices = true,
    .fits = fits,
    .up = up,
    .message = message,
    .hears = hears,
};
