/* What a guest is told: words cut to messages, each with its speaker's name in front, waiting for
 * their turn. Invariant: every message is one line of at most GUEST_OUT bytes whose beginning we
 * wrote, so that no text can pass for a message of its own. */
#include "base/alloc.h"
#include "base/clean.h"
#include "base/text.h"
#include "dialect/guest_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* A date, a label, and what stands around it. */
enum { PREFIX_MAX = DATED_STAMP + 2 + GUEST_LABEL_MAX + 32 };

/* ---- the queue ---- */

static void message_free(struct guest *guest, struct guest_message *message)
{
    guest_take(guest, message);
    free(message);
}

void guest_take(struct guest *guest, struct guest_message *message)
{
    DL_DELETE(guest->queue, message);
    guest->queue_count--;
    guest->queue_bytes -= message->size;
}

void guest_return(struct guest *guest, struct guest_message *message)
{
    DL_PREPEND(guest->queue, message);
    guest->queue_count++;
    guest->queue_bytes += message->size;
}

void guest_words_free(struct guest *guest)
{
    while (guest->queue)
        message_free(guest, guest->queue);
    free(guest->current);
    guest->current = NULL;
}

static void join_to(char *into, struct span head, struct span text)
{
    if (head.size)
        memcpy(into, head.bytes, head.size);
    if (text.size)
        memcpy(into + head.size, text.bytes, text.size);
}

/* NULL where it does not fit. `other`: a head under which it may have come another way. */
static struct guest_message *message_add(struct guest *guest, struct span head, struct span other,
                                         struct span text)
{
    size_t size = head.size + text.size;
    if (guest->queue_count >= GUEST_QUEUE || guest->queue_bytes + size > GUEST_QUEUE_BYTES) {
        guest->lost++;
        return NULL;
    }
    size_t more = other.size ? other.size + text.size : 0;
    struct guest_message *message = xcalloc(1, sizeof *message + size + more);
    message->size = size;
    message->other = more;
    message->since = guest->now.mono_ms;
    message->last = true;
    join_to(message->bytes, head, text);
    if (more)
        join_to(message->bytes + size, other, text);
    DL_APPEND(guest->queue, message);
    guest->queue_count++;
    guest->queue_bytes += size;
    return message;
}

static struct span bytes_of(const struct guest_message *message)
{
    return span_of(message->bytes, message->size);
}

bool guest_put(struct guest *guest, struct span bytes)
{
    struct span none = span_of(NULL, 0);
    return message_add(guest, bytes, none, none) != NULL;
}

void guest_answer(struct guest *guest, const char *text)
{
    guest_answer_with(guest, "", span_of(NULL, 0), text);
}

void guest_answer_with(struct guest *guest, const char *before, struct span name, const char *after)
{
    char whole[GUEST_OUT + 1];
    int wanted = snprintf(whole, sizeof whole, "%s%.*s%s", before, (int)name.size,
                          name.size ? (const char *)name.bytes : "", after);
    size_t size = wanted < 0 ? 0 : (size_t)wanted;
    (void)guest_put(guest, span_of(whole, text_clean_cut(whole, strlen(whole),
                                                         size < GUEST_OUT ? size : GUEST_OUT)));
}

/* ---- whose words ---- */

static enum dialect_style style_of(const struct guest *guest)
{
    const struct dialect *dialect = guest->dialect;
    if (!dialect)
        return STYLE_BAR; /* harmless to whoever may be silent: DIALECTS.md, "neighbour" */
    return guest->role == GUEST_CALLED ? dialect->called_style : dialect->style;
}

/* Whether the text says by itself who it is about. */
static bool is_about(const struct guest_word *word)
{
    return word->kind == WORD_JOINED || word->kind == WORD_LEFT;
}

struct writer {
    char bytes[PREFIX_MAX];
    size_t size;
};

static void write_text(struct writer *writer, const char *text)
{
    size_t size = strlen(text);
    memcpy(writer->bytes + writer->size, text, size);
    writer->size += size;
}

static void write_label(struct writer *writer, enum dialect_style style,
                        const struct guest_word *word)
{
    char label[GUEST_LABEL_MAX];
    size_t size = label_write(style, word->who, label);
    memcpy(writer->bytes + writer->size, label, size);
    writer->size += size;
    if (word->kind == WORD_PRIVATE)
        write_text(writer, " (privado)");
}

static void write_speaker(struct writer *writer, enum dialect_style style,
                          const struct guest_word *word)
{
    if (is_about(word) || word->kind == WORD_NOTICE)
        return;
    write_label(writer, style, word);
    write_text(writer, ": ");
}

/* What goes in front of each message of this word. */
static void prefix_write(struct guest *guest, const struct guest_word *word, struct writer *into)
{
    char stamp[DATED_STAMP + 1];
    enum dialect_style style = style_of(guest);
    into->size = 0;
    switch (style) {
    case STYLE_COLON:
        if (guest->dialect != &dialect_join && word->kind == WORD_RING)
            return; /* the very words that ring a bell */
        write_speaker(into, style, word);
        return;
    case STYLE_BAR:
        write_label(into, style, word);
        piped_note(guest, span_of(into->bytes, into->size));
        write_text(into, "|");
        return;
    case STYLE_DATED:
        dated_stamp(word->wall_ms, guest->now.zone_s, stamp);
        write_text(into, stamp);
        write_text(into, ": ");
        if (!word->own || word->kind != WORD_PRIVATE)
            write_speaker(into, style, word);
        return;
    case STYLE_MSG:
        write_text(into, "MSG ");
        if (!word->own)
            write_speaker(into, style, word);
        return;
    }
}

static void about_write(enum dialect_style style, const struct guest_word *word, struct buf *into)
{
    bool came = word->kind == WORD_JOINED;
    char label[GUEST_LABEL_MAX];
    size_t size = label_write(style, word->who, label);
    const char *what = came ? " se unió al chat" : " salió del chat";
    if (style == STYLE_BAR) { /* the name stands in front of it already */
        size = 0;
        what = came ? "entrou no chat" : "saiu do chat";
    }
    if (!buf_add(into, label, size) || !buf_add(into, what, strlen(what)))
        die("a notice longer than any text");
}

/* The text in the words of the guest's chat. */
static void text_write(const struct guest *guest, const struct guest_word *word, struct buf *into)
{
    const char *before = "", *after = "";
    struct span text = word->text;
    text.size = text_clean_cut((const char *)text.bytes, text.size, TEXT_MAX);
    switch (word->kind) {
    case WORD_JOINED:
    case WORD_LEFT:
        about_write(style_of(guest), word, into);
        return;
    case WORD_ACT:
        before = after = "*";
        break;
    case WORD_NOTICE:
        before = "* ";
        break;
    case WORD_RING:
        before = NEIGHBOUR_RINGS;
        text = span_text(guest->address[0] ? guest->address : guest->name);
        break;
    case WORD_SAY:
    case WORD_PRIVATE:
        break;
    }
    size_t size;
    char *clean = text_clean((const char *)text.bytes, text.size, CLEAN_BODY, &size);
    if (!buf_add(into, before, strlen(before)) || !buf_add(into, clean, size) ||
        !buf_add(into, after, strlen(after)))
        die("a text longer than any entry's");
    free(clean);
}

/* ---- cutting ---- */

static void piece_add(struct guest *guest, const struct guest_word *word,
                      const struct writer *prefix, struct span text)
{
    bool hosted = word->hosted && guest_spreads(guest) && guest->echoes;
    struct writer other = {.size = 0};
    if (hosted) {
        struct guest_word itself = *word;
        itself.who = word->name;
        prefix_write(guest, &itself, &other);
    }
    struct guest_message *message = message_add(guest, span_of(prefix->bytes, prefix->size),
                                                span_of(other.bytes, other.size), text);
    if (!message)
        return;
    message->id = word->id;
    message->last = false;
    message->hosted = hosted;
    if (message->hosted)
        message->since += GUEST_HOSTED_MS;
    else if (guest_spreads(guest) && guest->echoes)
        echo_said(guest->echoes, guest->number, bytes_of(message), guest->now.mono_ms);
}

static void line_cut(struct guest *guest, const struct guest_word *word,
                     const struct writer *prefix, struct span line)
{
    while (line.size) {
        const char *text = (const char *)line.bytes;
        size_t room = GUEST_OUT - prefix->size, size = text_cut(text, line.size, room);
        size_t clean = text_clean_cut(text, line.size, room); /* no joiner that joins nothing */
        if (clean)
            piece_add(guest, word, prefix, span_of(line.bytes, clean));
        line = span_of(line.bytes + size, line.size - size);
    }
}

/* Lines stay apart, each with its speaker, as long as they are few; and all in one message where
 * each is a call. */
static void lines_cut(struct guest *guest, const struct guest_word *word,
                      const struct writer *prefix, struct span text)
{
    unsigned left = guest->dialect && guest->dialect->call_each ? 1 : GUEST_LINES;
    for (text = span_trim(text); text.size; text = span_after(text, 0)) {
        uint8_t *bytes = (uint8_t *)(uintptr_t)text.bytes;
        if (--left == 0)
            for (size_t i = 0; i < text.size; i++)
                bytes[i] = bytes[i] == '\n' ? ' ' : bytes[i];
        const uint8_t *end = memchr(bytes, '\n', text.size);
        size_t size = end ? (size_t)(end - bytes) : text.size;
        line_cut(guest, word, prefix, span_of(bytes, size));
        text = span_of(bytes + size, text.size - size);
    }
}

/* Says first how much was left out, once there is room for more than that. */
static void lost_tell(struct guest *guest)
{
    char text[96];
    struct writer prefix;
    if (guest->lost == 0 || (guest->dialect && guest->dialect->call_each) ||
        guest->queue_count > GUEST_QUEUE / 2 || guest->queue_bytes > GUEST_QUEUE_BYTES / 2)
        return;
    guest_event(guest, GUEST_LOST, span_of(NULL, 0), span_of(NULL, 0))->count = guest->lost;
    snprintf(text, sizeof text, "* faltan %llu mensajes: no cabían",
             (unsigned long long)guest->lost);
    guest->lost = 0;
    struct guest_word word = {.kind = WORD_NOTICE,
                              .who = span_text(guest->name),
                              .text = span_text(text),
                              .wall_ms = guest->now.wall_ms};
    prefix_write(guest, &word, &prefix);
    (void)message_add(guest, span_of(prefix.bytes, prefix.size), span_of(NULL, 0), span_text(text));
}

bool guest_say(struct guest *guest, struct guest_now now, const struct guest_word *word)
{
    guest_at(guest, now);
    bool about = is_about(word) || word->kind == WORD_NOTICE;
    if (!guest_hears(guest) || (word->kind == WORD_PRIVATE && guest_spreads(guest)) ||
        (about && guest->dialect && !guest->dialect->notices))
        return false;
    struct buf text;
    struct writer prefix;
    buf_init(&text, (size_t)CLEAN_FACTOR * TEXT_MAX + 64);
    lost_tell(guest);
    prefix_write(guest, word, &prefix);
    text_write(guest, word, &text);
    uint64_t lost = guest->lost;
    struct guest_message *before = guest->queue ? guest->queue->prev : NULL;
    lines_cut(guest, word, &prefix, span_of(buf_bytes(&text), text.length));
    if (guest->queue && guest->queue->prev != before)
        guest->queue->prev->last = true;
    buf_done(&text);
    guest_at(guest, now);
    return lost == guest->lost;
}

void guest_relay(struct guest *guest, struct guest_now now, struct span whole)
{
    struct span name, text;
    guest_at(guest, now);
    if (!guest_hears(guest) || guest->dialect != &dialect_piped ||
        !piped_split(whole, &name, &text))
        return;
    if (whole.size > GUEST_OUT) {
        struct writer prefix = {.size = 0};
        struct guest_word word = {.kind = WORD_SAY, .who = name};
        prefix_write(guest, &word, &prefix);
        line_cut(guest, &word, &prefix, text);
        return;
    }
    if (guest_put(guest, whole))
        guest->queue->prev->heard = true;
}

void guest_people(struct guest *guest, struct guest_now now, const struct span *names, size_t count)
{
    char label[GUEST_LABEL_MAX], text[GUEST_OUT];
    guest_at(guest, now);
    size_t shown = count < GUEST_PEOPLE_MAX ? count : GUEST_PEOPLE_MAX;
    size_t size = (size_t)snprintf(text, sizeof text, "Aquí están (%zu): ", count);
    for (size_t i = 0; i < shown; i++) {
        size_t used = label_write(STYLE_COLON, names[i], label);
        if (size + used + 2 > sizeof text) {
            (void)guest_put(guest, span_of(text, size));
            size = 0;
        }
        memcpy(text + size, label, used);
        size += used;
        text[size++] = i + 1 < shown ? ',' : shown < count ? ';' : '.';
        if (i + 1 < shown)
            text[size++] = ' ';
    }
    (void)guest_put(guest, span_of(text, size));
}

/* ---- turns ---- */

static uint64_t paced_at(const struct guest *guest)
{
    return guest->paced ? guest->pulled_at + GUEST_PACE_MS : 0;
}

uint64_t guest_ready_at(const struct guest *guest)
{
    const struct guest_message *message;
    uint64_t at = UINT64_MAX;
    if (guest->state != STATE_UP || guest->current)
        return at;
    DL_FOREACH(guest->queue, message)
    {
        if (message->since < at)
            at = message->since;
        if (!message->hosted)
            break;
    }
    if (at == UINT64_MAX)
        return at;
    if (at < guest->up_at)
        at = guest->up_at;
    return at > paced_at(guest) ? at : paced_at(guest);
}

/* Whether that link has had it some other way. */
static bool is_carried(const struct guest *guest, const struct guest_message *message)
{
    uint64_t now = guest->now.mono_ms;
    return message->hosted &&
           (echo_carried(guest->echoes, guest->number, bytes_of(message), now) ||
            echo_carried(guest->echoes, guest->number,
                         span_of(message->bytes + message->size, message->other), now));
}

struct guest_message *guest_ready(struct guest *guest)
{
    struct guest_message *message, *next;
    uint64_t now = guest->now.mono_ms;
    if (guest->state != STATE_UP || guest->current || now < paced_at(guest))
        return NULL;
    DL_FOREACH_SAFE(guest->queue, message, next)
    {
        if (message->since > now)
            continue;
        if (!is_carried(guest, message))
            return message;
        message_free(guest, message);
    }
    return NULL;
}

size_t guest_pull(struct guest *guest, struct guest_now now, char into[GUEST_OUT])
{
    guest_at(guest, now);
    struct guest_message *message = guest_ready(guest);
    if (!message)
        return 0;
    struct span bytes = bytes_of(message);
    size_t size = message->size;
    memcpy(into, message->bytes, size);
    if (guest->dialect == &dialect_plain && guest->in_lines && size < GUEST_OUT)
        into[size++] = '\n'; /* somebody at a terminal, to whom all would be one line */
    guest_take(guest, message);
    guest->pulled_at = now.mono_ms;
    guest->paced = true;
    if (guest_spreads(guest) && guest->echoes) {
        if (message->heard)
            echo_passed(guest->echoes, guest->number, bytes, now.mono_ms);
        else
            echo_said(guest->echoes, guest->number, bytes, now.mono_ms);
    }
    if (guest->dialect && guest->dialect->call_each && guest->role == GUEST_CALLED)
        dated_sent(guest, message);
    else
        free(message);
    lost_tell(guest);
    guest_at(guest, now);
    return size;
}
