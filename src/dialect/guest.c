/* One link to somebody who speaks a plain dialect: where a message ends, what its first bytes say,
 * how many are listened to, silence, and the end. What a message means is its dialect's to say.
 *
 * Invariant: a connection that says nothing of its own, as a scanner's, is nobody: no event tells
 * of it. */
#include "base/alloc.h"
#include "base/clean.h"
#include "base/text.h"
#include "base/utf8.h"
#include "dialect/guest_parts.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static const char TLS_HANDSHAKE[] = {0x16, 0x03};

enum { COST_MS = 1000 / GUEST_RATE };

/* ---- events ---- */

static void *copy_to(char **room, struct span text)
{
    char *at = *room;
    if (text.size)
        memcpy(at, text.bytes, text.size);
    *room += text.size;
    return at;
}

/* What is cut out of clean text may begin with marks whose letter stayed behind; and eight bytes of
 * tokens for each of theirs could be more than an entry holds. */
static char *text_whole(struct span text, size_t *size)
{
    char *clean = text_clean((const char *)text.bytes, text.size, CLEAN_BODY, size);
    *size = text_clean_cut(clean, *size, TEXT_MAX);
    return clean;
}

static struct guest_event *event_new(struct guest *guest, enum guest_event_kind kind,
                                     struct span name, struct span text, struct span whole)
{
    struct guest_event *event = xcalloc(1, sizeof *event + name.size + text.size + whole.size);
    char *room = (char *)(event + 1);
    event->kind = kind;
    event->dialect = guest_dialect(guest);
    event->name = span_of(copy_to(&room, name), name.size);
    event->text = span_of(copy_to(&room, text), text.size);
    event->whole = span_of(copy_to(&room, whole), whole.size);
    DL_APPEND(guest->events, event);
    return event;
}

struct guest_event *guest_event(struct guest *guest, enum guest_event_kind kind, struct span name,
                                struct span text)
{
    struct guest_event *event = guest_said(guest, name, text, span_of(NULL, 0));
    event->kind = kind;
    return event;
}

struct guest_event *guest_said(struct guest *guest, struct span name, struct span text,
                               struct span whole)
{
    size_t name_size, text_size;
    char *name_text = name_clean(name, &name_size);
    char *clean = text_whole(text, &text_size);
    struct guest_event *event = event_new(guest, GUEST_SAID, span_of(name_text, name_size),
                                          span_of(clean, text_size), whole);
    free(name_text);
    free(clean);
    return event;
}

struct guest_event *guest_next(struct guest *guest)
{
    struct guest_event *event = guest->events;
    if (event)
        DL_DELETE(guest->events, event);
    return event;
}

void guest_speaks(struct guest *guest, const struct dialect *dialect)
{
    guest->dialect = dialect;
    guest->listens = false;
    guest->deadline = UINT64_MAX;
}

void guest_known(struct guest *guest, const struct dialect *dialect, struct span name)
{
    guest_speaks(guest, dialect);
    guest->known = true;
    (void)guest_event(guest, GUEST_KNOWN, name, span_of(NULL, 0));
}

void guest_await(struct guest *guest, uint64_t ms)
{
    guest->deadline = guest->now.mono_ms + ms;
}

/* ---- the end ---- */

void guest_close(struct guest *guest, enum guest_why why)
{
    guest->leaving = true;
    guest->why = why;
    guest->deadline = UINT64_MAX;
}

void guest_abort(struct guest *guest, enum guest_why why)
{
    if (guest->state != STATE_UP)
        return;
    guest->state = STATE_OVER;
    guest->deadline = UINT64_MAX;
    buf_eat(&guest->in, guest->in.length);
    guest_event(guest, GUEST_HANG_UP, span_of(NULL, 0), span_of(NULL, 0))->why = why;
}

/* What was to be done once nothing waits any more. */
static void settle(struct guest *guest)
{
    if (guest->dialect && guest->dialect->call_each && guest->role == GUEST_CALLED)
        dated_pump(guest);
    if (guest->leaving && guest->state == STATE_UP && !guest->queue)
        guest_abort(guest, guest->why);
}

void guest_dial(struct guest *guest)
{
    if (guest->state != STATE_DOWN)
        return;
    guest->state = STATE_DIALLING;
    (void)guest_event(guest, GUEST_DIAL, span_of(NULL, 0), span_of(NULL, 0));
}

/* A link begins with nothing of the one before, but what waits. */
static void begin(struct guest *guest)
{
    guest->state = STATE_UP;
    guest->listens = guest->leaving = false;
    guest->awaits = guest->asking = guest->joined = guest->answered = false;
    guest->heard = guest->probed = false;
    guest->up_at = guest->now.mono_ms;
    guest->dialect = guest->wanted;
    guest->in_cut = false;
}

struct guest *guest_new(const struct guest_config *config, struct guest_now now)
{
    struct guest *guest = xcalloc(1, sizeof *guest);
    size_t size;
    guest->role = config->role;
    guest->wanted = config->role == GUEST_CALLED ? config->dialect : NULL;
    guest->dialect = guest->wanted;
    guest->port = config->port;
    guest->number = config->number;
    guest->name = name_clean(span_text(config->name), &size);
    guest->greeting = xstrdup(config->greeting);
    size = text_cut(config->our_address, strlen(config->our_address), GUEST_ADDRESS_MAX);
    memcpy(guest->address, config->our_address, size);
    guest->echoes = config->echoes;
    guest->now = now;
    guest->credit_ms = GUEST_SPELL_MS;
    guest->credit_at = now.mono_ms;
    guest->deadline = UINT64_MAX;
    buf_init(&guest->in, GUEST_MESSAGE);
    if (guest->role == GUEST_ACCEPTED) {
        begin(guest);
        guest_await(guest, GUEST_SILENCE_MS);
    } else if (!guest->dialect || !guest->dialect->call_each) {
        guest_dial(guest);
    }
    return guest;
}

static void lines_free(struct guest *guest)
{
    struct guest_line *line, *next;
    DL_FOREACH_SAFE(guest->lines, line, next)
    free(line);
    guest->lines = NULL;
    guest->line_count = 0;
}

void guest_free(struct guest *guest)
{
    if (!guest)
        return;
    struct guest_event *event, *next_event;
    lines_free(guest);
    DL_FOREACH_SAFE(guest->events, event, next_event)
    free(event);
    guest_words_free(guest);
    buf_done(&guest->in);
    free(guest->name);
    free(guest->greeting);
    free(guest->names);
    free(guest);
}

void guest_up(struct guest *guest, struct guest_now now)
{
    guest->now = now;
    if (guest->role != GUEST_CALLED || guest->state != STATE_DIALLING)
        return;
    begin(guest);
    if (!guest->dialect)
        guest_await(guest, GUEST_LISTEN_MS);
    else if (guest->dialect->up)
        guest->dialect->up(guest);
    settle(guest);
}

/* ---- messages ---- */

/* How many messages a second are listened to. */
static bool pay(struct guest *guest)
{
    guest->credit_ms += guest->now.mono_ms - guest->credit_at;
    guest->credit_at = guest->now.mono_ms;
    if (guest->credit_ms > GUEST_SPELL_MS)
        guest->credit_ms = GUEST_SPELL_MS;
    if (guest->credit_ms < COST_MS)
        return false;
    guest->credit_ms -= COST_MS;
    return true;
}

static void cut(struct guest *guest, enum guest_cut what)
{
    uint64_t *at = &guest->cut_at[what];
    if (*at && guest->now.mono_ms + 1 < *at + GUEST_CUT_MS)
        return;
    *at = guest->now.mono_ms + 1;
    guest_event(guest, GUEST_CUT, span_of(NULL, 0), span_of(NULL, 0))->cut = what;
}

/* Whom we called may be a peer who takes us for a guest: it may be so slow that a dialect was taken
 * for theirs. A `piped` passes on that somebody else was greeted so; who is called for that is
 * meant so, whatever is there. */
static bool may_greet(const struct guest *guest)
{
    bool relayed =
        guest->wanted == &dialect_piped || (guest->heard && guest->dialect != &dialect_named);
    return guest->role == GUEST_CALLED && !relayed && guest->greeting[0];
}

/* It says what we say to silent callers ourselves. */
static bool is_greeting(const struct guest *guest, struct span line)
{
    struct span name, text;
    return may_greet(guest) && piped_split(line, &name, &text) &&
           span_begins(text, guest->greeting);
}

/* It may be about to: these are the first bytes of that, and not all. */
static bool is_half_greeting(const struct guest *guest, struct span bytes)
{
    struct span name = bytes, text;
    bool named = piped_split(bytes, &name, &text);
    if (!may_greet(guest) || name.size > GUEST_LABEL_MAX || memchr(name.bytes, ' ', name.size) ||
        memchr(name.bytes, '\n', name.size))
        return false;
    if (!named)
        return !guest->dialect;
    return text.size < strlen(guest->greeting) &&
           memcmp(text.bytes, guest->greeting, text.size) == 0;
}

/* The first that somebody says whose dialect is not known. Whom we called speaks as a server. */
static void line_first(struct guest *guest, struct span line)
{
    const struct dialect *dialect = dialect_of_first(line);
    if (guest->role == GUEST_CALLED && dialect != &dialect_piped && dialect != &dialect_neighbour)
        dialect = &dialect_plain;
    guest_speaks(guest, dialect);
    dialect->message(guest, line);
}

static void lines_pump(struct guest *guest)
{
    while (guest->lines && !guest->asking && !guest->leaving && guest->state == STATE_UP) {
        struct guest_line *line = guest->lines;
        DL_DELETE(guest->lines, line);
        guest->line_count--;
        struct span text = span_of(line->bytes, line->size);
        if (!pay(guest))
            cut(guest, CUT_FLOOD);
        else if (is_greeting(guest, text))
            guest_abort(guest, WHY_PEER);
        else if (guest->dialect)
            guest->dialect->message(guest, text);
        else
            line_first(guest, text);
        guest->heard = true;
        free(line);
    }
}

/* NULL where there is nothing in it, or too much waits. */
static struct guest_line *line_new(struct guest *guest, struct span text)
{
    if (span_trim(text).size == 0)
        return NULL;
    if (guest->line_count >= GUEST_LINES_MOST) {
        cut(guest, CUT_FLOOD);
        return NULL;
    }
    guest->line_count++;
    struct guest_line *line = xmalloc(sizeof *line + text.size);
    line->size = text.size;
    memcpy(line->bytes, text.bytes, text.size);
    return line;
}

static void line_add(struct guest *guest, struct span text)
{
    struct guest_line *line = line_new(guest, text);
    if (line)
        DL_APPEND(guest->lines, line);
}

void guest_line_back(struct guest *guest, struct span rest)
{
    struct guest_line *line = line_new(guest, rest);
    if (line)
        DL_PREPEND(guest->lines, line);
}

/* A message of `dated` is one, whatever is in it: there a line could be taken for another's. */
static void lines_of(struct guest *guest, char *text, size_t size)
{
    uint64_t when;
    if (dated_parse(span_of(text, size), 0, &when))
        for (size_t i = 0; i < size; i++)
            text[i] = text[i] == '\n' ? ' ' : text[i];
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end ? (size_t)(end - text) - at : size - at;
        line_add(guest, span_of(text + at, length));
        at += length + 1;
    }
}

/* Bytes at the end that may be the beginning of a character. */
static size_t half_character(struct span bytes)
{
    const uint8_t *end = bytes.bytes + bytes.size;
    for (size_t back = 1; back < UTF8_MOST && back <= bytes.size; back++) {
        uint8_t byte = end[-(ptrdiff_t)back];
        size_t whole = byte >= 0xf5   ? 1
                       : byte >= 0xf0 ? 4
                       : byte >= 0xe0 ? 3
                       : byte >= 0xc2 ? 2
                                      : 1;
        if (whole > 1)
            return whole > back ? back : 0;
        if (byte < 0x80 || byte >= 0xc0)
            return 0;
    }
    return 0;
}

static void message_end(struct guest *guest)
{
    struct span bytes = span_of(buf_bytes(&guest->in), guest->in.length);
    bool was_cut = guest->in_cut;
    guest->in_cut = false;
    if (was_cut)
        bytes.size -= half_character(bytes);
    if (!guest->dialect && !utf8_valid((const char *)bytes.bytes, bytes.size)) {
        guest_abort(guest, WHY_NO_TEXT);
        return;
    }
    size_t size;
    char *text = text_clean((const char *)bytes.bytes, bytes.size, CLEAN_BODY, &size);
    guest->in_lines = bytes.size && bytes.bytes[bytes.size - 1] == '\n';
    buf_eat(&guest->in, guest->in.length);
    if (was_cut)
        cut(guest, CUT_LONG);
    lines_of(guest, text, size);
    free(text);
    lines_pump(guest);
}

/* When what has arrived is a whole message. */
static uint64_t message_due(const struct guest *guest)
{
    struct span bytes = span_of(buf_bytes(&guest->in), guest->in.length);
    if (bytes.size == 0)
        return UINT64_MAX;
    bool tls = !guest->dialect && bytes.size == 1 && bytes.bytes[0] == TLS_HANDSHAKE[0];
    if (tls || is_half_greeting(guest, bytes) || (!guest->in_cut && half_character(bytes)))
        return guest->in_last + GUEST_HALF_MS;
    uint64_t pause = guest->in_last + GUEST_GATHER_MS;
    uint64_t most = guest->in_first + GUEST_GATHER_MOST_MS;
    if (most <= guest->in_last)
        most = guest->in_last + 1; /* never between two chunks of one moment */
    return pause < most ? pause : most;
}

/* Whether these are the first bytes of a peer, who needs another link than this. */
static bool is_native(struct guest *guest, struct span chunk)
{
    struct span held = span_of(buf_bytes(&guest->in), guest->in.length);
    char first[sizeof TLS_HANDSHAKE];
    if (guest->dialect || guest->role != GUEST_ACCEPTED || held.size + chunk.size < sizeof first ||
        held.size >= sizeof first)
        return false;
    for (size_t i = 0; i < sizeof first; i++)
        first[i] = (char)(i < held.size ? held.bytes[i] : chunk.bytes[i - held.size]);
    if (memcmp(first, TLS_HANDSHAKE, sizeof first) != 0)
        return false;
    if (guest->listens) {
        guest_abort(guest, WHY_LATE_TLS);
    } else {
        struct span none = span_of(NULL, 0);
        (void)event_new(guest, GUEST_NATIVE, none, held, none);
        guest->state = STATE_OVER;
        guest->deadline = UINT64_MAX;
    }
    return true;
}

void guest_feed(struct guest *guest, struct guest_now now, const void *bytes, size_t size)
{
    guest_at(guest, now);
    if (guest->state != STATE_UP || size == 0 || is_native(guest, span_of(bytes, size)))
        return;
    if (guest->in.length == 0)
        guest->in_first = now.mono_ms;
    guest->in_last = now.mono_ms;
    size_t kept = size < buf_left(&guest->in) ? size : buf_left(&guest->in);
    if (!buf_add(&guest->in, bytes, kept))
        die("a message does not fit where it was measured");
    guest->in_cut |= kept < size;
}

/* ---- time ---- */

void guest_greet(struct guest *guest)
{
    char label[GUEST_LABEL_MAX + 1];
    size_t size = label_write(STYLE_BAR, span_text(guest->name), label);
    label[size] = '\0';
    guest_answer_with(guest, label, span_text("|"), guest->greeting);
}

static void greet(struct guest *guest)
{
    guest->listens = true;
    guest->deadline = UINT64_MAX;
    guest_greet(guest);
    (void)guest_event(guest, GUEST_LISTENS, span_of(NULL, 0), span_of(NULL, 0));
}

/* DIALECTS.md, "Calling". */
static void find_out(struct guest *guest)
{
    bool named = guest->port >= dialect_named.reach_low && guest->port <= dialect_named.reach_high;
    guest_speaks(guest, named ? &dialect_named : &dialect_piped);
    guest->dialect->up(guest);
}

static void silence(struct guest *guest)
{
    guest->deadline = UINT64_MAX;
    if (guest->dialect)
        guest->dialect->silence(guest);
    else if (guest->role == GUEST_ACCEPTED)
        greet(guest);
    else
        find_out(guest);
}

/* Nothing was taken though it could have been. */
static uint64_t stuck_at(const struct guest *guest)
{
    uint64_t ready = guest_ready_at(guest);
    return ready == UINT64_MAX ? ready : ready + GUEST_STUCK_MS;
}

void guest_at(struct guest *guest, struct guest_now now)
{
    guest->now = now;
    if (guest->state == STATE_UP && message_due(guest) <= now.mono_ms)
        message_end(guest);
    settle(guest);
}

void guest_tick(struct guest *guest, struct guest_now now)
{
    guest_at(guest, now);
    /* whoever has begun to speak is not silent */
    if (guest->state == STATE_UP && guest->deadline <= now.mono_ms && guest->in.length == 0)
        silence(guest);
    if (stuck_at(guest) <= now.mono_ms)
        guest_abort(guest, WHY_STUCK);
    settle(guest);
}

uint64_t guest_due(const struct guest *guest)
{
    if (guest->state != STATE_UP)
        return UINT64_MAX;
    uint64_t due = message_due(guest);
    if (guest->in.length == 0 && guest->deadline < due)
        due = guest->deadline;
    uint64_t ready = guest_ready_at(guest);
    if (ready <= guest->now.mono_ms) /* only a socket that takes it is waited for */
        ready = stuck_at(guest);
    return ready < due ? ready : due;
}

/* ---- the link ---- */

void guest_end(struct guest *guest, struct guest_now now)
{
    guest->now = now;
    if (guest->state == STATE_UP && guest->in.length > 0)
        message_end(guest);
    lines_free(guest);
    buf_eat(&guest->in, guest->in.length);
    guest->state = guest->role == GUEST_CALLED ? STATE_DOWN : STATE_OVER;
    guest->deadline = UINT64_MAX;
    if (guest->role == GUEST_CALLED && guest->dialect && guest->dialect->call_each) {
        dated_end(guest);
        return;
    }
    bool was_there = guest->known || guest->listens;
    guest->known = guest->listens = false;
    guest_words_free(guest);
    if (was_there)
        (void)guest_event(guest, GUEST_LEFT, span_of(NULL, 0), span_of(NULL, 0));
}

void guest_retry(struct guest *guest, struct guest_now now)
{
    guest->now = now;
    if (guest->role != GUEST_CALLED)
        return;
    if (!guest->wanted || !guest->wanted->call_each || guest->queue)
        guest_dial(guest);
}

void guest_named(struct guest *guest, struct guest_now now, struct span name)
{
    guest->now = now;
    if (!guest->asking)
        return;
    guest->asking = false;
    size_t size;
    char *clean = name_clean(name, &size);
    memcpy(guest->called, clean, size + 1);
    free(clean);
    guest->joined = size > 0;
    if (guest->joined) {
        guest_known(guest, &dialect_join, span_text(guest->called));
        guest_answer_with(guest, "Te uniste como ", span_text(guest->called),
                          ". Esta conexión no está cifrada. WHO dice quién está, y MSG @nombre "
                          "texto es para una sola persona.");
    } else {
        guest_answer(guest, "Ese nombre no está libre. Envía JOIN con otro nombre.");
    }
    lines_pump(guest);
    settle(guest);
}

void guest_leave(struct guest *guest, struct guest_now now)
{
    guest->now = now;
    guest_words_free(guest);
    if (guest->state == STATE_DIALLING)
        guest->state = STATE_DOWN;
    if (guest->state != STATE_UP)
        return;
    if (guest->role == GUEST_CALLED && guest->dialect == &dialect_join)
        guest_answer(guest, "EXIT");
    guest_close(guest, WHY_DONE);
    settle(guest);
}

/* ---- to be read ---- */

const struct dialect *guest_dialect(const struct guest *guest)
{
    return guest->dialect;
}

bool guest_hears(const struct guest *guest)
{
    if (!guest->dialect)
        return guest->listens && guest->state == STATE_UP;
    if (guest->role == GUEST_CALLED && guest->dialect->call_each)
        return true;
    return guest->state == STATE_UP && !guest->leaving &&
           (!guest->dialect->hears || guest->dialect->hears(guest));
}

bool guest_spreads(const struct guest *guest)
{
    if (!guest->dialect)
        return true;
    return guest->role == GUEST_CALLED ? guest->dialect->called_spreads : guest->dialect->spreads;
}

size_t guest_waiting(const struct guest *guest)
{
    return guest->queue_count;
}
