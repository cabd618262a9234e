/* One line a thing that happens: when, in or out, what, and its numbers. For developers, so it is
 * not translated. */
#include "app/trace.h"

#include "app/json.h"
#include "app/peers.h"
#include "base/alloc.h"
#include "base/clean.h"
#include "net/address.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct trace {
    int file;
    char *path, *old; /* NULL: stderr */
    uint64_t size;
    uint64_t missed; /* lines that nobody took */
    int level;
    bool texts;
};

/* What it is called, and from which level on it is told. */
struct told {
    const char *name;
    enum trace_level level;
};

/* not translated: a log for developers */
static const struct told EVENTS[] = {
    [EVENT_LINK_UP] = {"link up", TRACE_SOME},
    [EVENT_LINK_DOWN] = {"link down", TRACE_SOME},
    [EVENT_FRAME] = {"frame", TRACE_ALL},
    [EVENT_QUEUED] = {"queued", TRACE_ALL},
    [EVENT_DIAL_FAILED] = {"dial failed", TRACE_SOME},
    [EVENT_ADDRESS] = {"address", TRACE_ALL},
    [EVENT_GUEST_UP] = {"guest up", TRACE_SOME},
    [EVENT_GUEST_ASKS] = {"guest asks", TRACE_ALL},
    [EVENT_GUEST_SAID] = {"guest said", TRACE_ALL},
    [EVENT_GUEST_PRIVATE] = {"guest whispers", TRACE_ALL},
    [EVENT_GUEST_WHO] = {"guest asks who", TRACE_ALL},
    [EVENT_GUEST_RINGS] = {"guest rings", TRACE_ALL},
    [EVENT_GUEST_HERE] = {"guest here", TRACE_ALL},
    [EVENT_GUEST_TICK] = {"guest tick", TRACE_ALL},
    [EVENT_GUEST_TROUBLE] = {"guest trouble", TRACE_SOME},
    [EVENT_GUEST_DOWN] = {"guest down", TRACE_SOME},
    [EVENT_LINE] = {"line", TRACE_ALL},
    [EVENT_OPEN] = {"open", TRACE_ALL},
    [EVENT_SCROLL] = {"scroll", TRACE_ALL},
    [EVENT_STOP] = {"stop", TRACE_SOME},
    [EVENT_CHECKED] = {"checked", TRACE_ALL},
    [EVENT_STORED] = {"stored", TRACE_ALL},
    [EVENT_STORE_FAILED] = {"store failed", TRACE_SOME},
    [EVENT_READ] = {"read", TRACE_ALL},
    [EVENT_HASHES] = {"hashes", TRACE_ALL},
    [EVENT_TRIMMED] = {"trimmed", TRACE_SOME},
    [EVENT_OPENED] = {"opened", TRACE_ALL},
    [EVENT_VERIFIED] = {"verified", TRACE_ALL},
    [EVENT_PAGE] = {"page", TRACE_ALL},
    [EVENT_UNTRIED] = {"untried", TRACE_ALL},
    [EVENT_DISK_BACK] = {"disk back", TRACE_SOME},
    [EVENT_NETWORK] = {"network", TRACE_SOME},
    [EVENT_TIMER] = {"timer", TRACE_ALL},
};
enum { EVENT_COUNT = sizeof EVENTS / sizeof *EVENTS };

/* not translated: a log for developers */
static const struct told EFFECTS[] = {
    [EFFECT_SEND] = {"send", TRACE_ALL},
    [EFFECT_CLOSE] = {"close", TRACE_SOME},
    [EFFECT_DIAL] = {"dial", TRACE_SOME},
    [EFFECT_RESOLVE] = {"resolve", TRACE_SOME},
    [EFFECT_GUEST_NAMED] = {"guest named", TRACE_ALL},
    [EFFECT_GUEST_PEOPLE] = {"guest people", TRACE_ALL},
    [EFFECT_GUEST_WORD] = {"guest word", TRACE_ALL},
    [EFFECT_GUEST_RETRY] = {"guest retry", TRACE_ALL},
    [EFFECT_GUEST_HANG_UP] = {"guest hang up", TRACE_SOME},
    [EFFECT_CHECK] = {"check", TRACE_ALL},
    [EFFECT_OPEN] = {"try to open", TRACE_ALL},
    [EFFECT_VERIFY] = {"verify", TRACE_ALL},
    [EFFECT_STORE] = {"store", TRACE_ALL},
    [EFFECT_STORE_FORK] = {"store fork", TRACE_SOME},
    [EFFECT_LOAD] = {"load", TRACE_ALL},
    [EFFECT_LOAD_FORK] = {"load fork", TRACE_ALL},
    [EFFECT_LOAD_HASHES] = {"load hashes", TRACE_ALL},
    [EFFECT_TRIM] = {"trim", TRACE_SOME},
    [EFFECT_QUERY] = {"query", TRACE_ALL},
    [EFFECT_STORE_OPENED] = {"store opened", TRACE_ALL},
    [EFFECT_STORE_ACKS] = {"store acks", TRACE_ALL},
    [EFFECT_STORE_PERSON] = {"store person", TRACE_ALL},
    [EFFECT_STORE_ROOM] = {"store room", TRACE_ALL},
    [EFFECT_STORE_MEMBER] = {"store member", TRACE_ALL},
    [EFFECT_STORE_SELF] = {"store self", TRACE_ALL},
    [EFFECT_STORE_LOCAL] = {"store local", TRACE_ALL},
    [EFFECT_STORE_OWED] = {"store owed", TRACE_ALL},
    [EFFECT_DROP_OWED] = {"drop owed", TRACE_ALL},
    [EFFECT_TIMER] = {"timer", TRACE_ALL},
    [EFFECT_SHOWN] = {"shown", TRACE_ALL},
    [EFFECT_RECEIPT] = {"receipt", TRACE_ALL},
    [EFFECT_PEER] = {"peer", TRACE_SOME},
    [EFFECT_SAY] = {"say", TRACE_SOME},
    [EFFECT_BACK] = {"back", TRACE_SOME},
    [EFFECT_ANSWER] = {"answer", TRACE_ALL},
    [EFFECT_COMMAND] = {"command", TRACE_ALL},
    [EFFECT_GO] = {"go", TRACE_ALL},
    [EFFECT_BELL] = {"bell", TRACE_ALL},
    [EFFECT_LEAVE] = {"leave", TRACE_SOME},
};
enum { EFFECT_COUNT = sizeof EFFECTS / sizeof *EFFECTS };

/* ---- the file ---- */

static char *path_of(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = xmalloc(size);
    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

static int file_open(const char *path, uint64_t *size)
{
    struct stat status;
    int file =
        open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    *size = file >= 0 && fstat(file, &status) == 0 ? (uint64_t)status.st_size : 0;
    return file;
}

struct trace *trace_open(const char *folder, int level, bool texts)
{
    struct trace *trace = xcalloc(1, sizeof *trace);
    trace->level = level;
    trace->texts = texts;
    trace->file = STDERR_FILENO;
    if (!folder)
        return trace;
    trace->path = path_of(folder, "log");
    trace->old = path_of(folder, "log.old");
    trace->file = file_open(trace->path, &trace->size);
    if (trace->file >= 0)
        return trace;
    int error = errno;
    trace_close(trace);
    errno = error;
    return NULL;
}

void trace_close(struct trace *trace)
{
    if (!trace)
        return;
    if (trace->path && trace->file >= 0)
        close(trace->file);
    free(trace->path);
    free(trace->old);
    free(trace);
}

static void put_aside(struct trace *trace)
{
    close(trace->file);
    (void)rename(trace->path, trace->old);
    trace->file = file_open(trace->path, &trace->size);
}

/* Whether all of it went; a reader that is slow misses lines. */
static bool bytes_write(struct trace *trace, const char *bytes, size_t size)
{
    struct pollfd wait = {.fd = trace->file, .events = POLLOUT};
    if (trace->path && trace->size + size > TRACE_BYTES)
        put_aside(trace);
    if (trace->file < 0 || poll(&wait, 1, 0) != 1 || !(wait.revents & POLLOUT) ||
        write(trace->file, bytes, size) != (ssize_t)size)
        return false;
    trace->size += size;
    return true;
}

static void line_write(struct trace *trace, uint64_t wall_ms, const char *text)
{
    char line[TRACE_LINE + TIME_TEXT + 2], at[TIME_TEXT];
    time_text(wall_ms, at);
    int size = snprintf(line, sizeof line, "%s %s\n", at, text);
    if (!bytes_write(trace, line, (size_t)size))
        trace->missed++;
}

static void tell(struct trace *trace, uint64_t wall_ms, const char *text)
{
    char missed[64];
    if (trace->missed > 0) {
        uint64_t before = trace->missed;
        /* not translated: a log for developers */
        snprintf(missed, sizeof missed, "(%" PRIu64 " lines missed)", before);
        line_write(trace, wall_ms, missed);
        if (trace->missed > before)
            return;
        trace->missed = 0;
    }
    line_write(trace, wall_ms, text);
}

void trace_note(struct trace *trace, uint64_t wall_ms, const char *format, ...)
{
    char text[TRACE_LINE];
    va_list arguments;
    if (!trace)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    tell(trace, wall_ms, text);
}

/* ---- what is told of a thing ---- */

/* A line on its way: it is cut where it is full. */
struct words {
    char text[TRACE_LINE];
    size_t length;
};

static void add(struct words *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct words *line, const char *format, ...)
{
    va_list arguments;
    size_t left = sizeof line->text - line->length;
    va_start(arguments, format);
    int size = vsnprintf(line->text + line->length, left, format, arguments);
    va_end(arguments);
    if (size > 0)
        line->length += (size_t)size < left ? (size_t)size : left - 1;
}

static void add_address(struct words *line, const struct overlay_address *address)
{
    char text[ADDRESS_TEXT];
    if (address->port == 0)
        return;
    peers_address_text(address, text);
    add(line, " %s", text);
}

static void add_id(struct words *line, const struct id *id)
{
    char tag[TAG_TEXT];
    id_tag(id, tag);
    add(line, " ~%s", tag);
}

static void add_words(const struct trace *trace, struct words *line, const char *bytes, size_t size)
{
    if (!trace->texts) {
        add(line, " %zu bytes", size); /* not translated: a log for developers */
        return;
    }
    char *clean = text_clean(bytes, size, CLEAN_LINE, NULL);
    add(line, " \"%s\"", clean);
    free(clean);
}

static void add_span(const struct trace *trace, struct words *line, struct span text)
{
    add_words(trace, line, text.size ? (const char *)text.bytes : "", text.size);
}

static struct words line_begin(const char *way, const struct told *told, uint32_t link,
                               uint64_t ticket)
{
    struct words line = {.length = 0};
    add(&line, "%s %s", way, told->name);
    if (link > 0)
        add(&line, " link %" PRIu32, link);
    if (ticket > 0)
        add(&line, " ticket %" PRIu64, ticket);
    return line;
}

static void event_add(const struct trace *trace, struct words *line, const struct node_event *event)
{
    enum node_event_kind kind = event->kind;
    if (kind == EVENT_LINK_UP) {
        add_id(line, &event->up.peer);
        add_address(line, &event->up.address);
    } else if (kind == EVENT_FRAME) {
        add(line, " kind %d", (int)event->frame->kind);
    } else if (kind == EVENT_DIAL_FAILED) {
        add_address(line, &event->dial_failed);
    } else if (kind == EVENT_ADDRESS) {
        add_address(line, &event->address.address);
    } else if (kind == EVENT_GUEST_UP) {
        add(line, " %s", event->guest.dialect);
        add_address(line, &event->guest.address);
    } else if (kind == EVENT_GUEST_SAID || kind == EVENT_GUEST_PRIVATE) {
        add_span(trace, line, event->guest.text);
    } else if (kind == EVENT_LINE) {
        add_words(trace, line, event->line.bytes, event->line.size);
    }
    if ((kind == EVENT_DIAL_FAILED || kind == EVENT_LINK_DOWN) && event->fault != CALL_UNKNOWN)
        add(line, " fault %d", (int)event->fault);
}

void trace_event(struct trace *trace, uint64_t wall_ms, const struct node_event *event)
{
    const struct told *told = &EVENTS[event->kind];
    _Static_assert(EVENT_COUNT == EVENT_TIMER + 1, "every event has a name");
    if (!trace || (int)told->level > trace->level)
        return;
    struct words line = line_begin("<", told, event->link, event->ticket);
    event_add(trace, &line, event);
    tell(trace, wall_ms, line.text);
}

static void effect_add(const struct trace *trace, struct words *line,
                       const struct node_effect *effect)
{
    enum node_effect_kind kind = effect->kind;
    if (kind == EFFECT_SEND) {
        add(line, " kind %d", (int)effect->frame->kind);
    } else if (kind == EFFECT_CLOSE) {
        add(line, " reason %d", (int)effect->close);
    } else if (kind == EFFECT_DIAL) {
        add_address(line, &effect->dial.address);
        add(line, " %s", effect->dial.dialect ? effect->dial.dialect : "");
    } else if (kind == EFFECT_STORE) {
        /* not translated: a log for developers */
        add(line, " %zu entries%s", effect->store.count, effect->store.own ? ", ours" : "");
    } else if (kind == EFFECT_SHOWN) {
        add_id(line, &effect->shown.order.author);
        add(line, " kind %" PRIu32, effect->shown.kind);
        add_span(trace, line, effect->shown.text);
    } else if (kind == EFFECT_PEER) {
        add_id(line, &effect->peer.id);
        add(line, " state %d presence %d", (int)effect->peer.state, (int)effect->peer.presence);
        add_address(line, &effect->peer.address);
    } else if (kind == EFFECT_SAY) {
        add(line, " %s %s", effect->say.error ? "error" : "notice", effect->say.message.code);
    } else if (kind == EFFECT_BACK) {
        add_words(trace, line, effect->back.text, strlen(effect->back.text));
    }
}

void trace_effect(struct trace *trace, uint64_t wall_ms, const struct node_effect *effect)
{
    const struct told *told = &EFFECTS[effect->kind];
    _Static_assert(EFFECT_COUNT == EFFECT_LEAVE + 1, "every effect has a name");
    if (!trace || (int)told->level > trace->level)
        return;
    struct words line = line_begin(">", told, effect->link, effect->ticket);
    effect_add(trace, &line, effect);
    tell(trace, wall_ms, line.text);
}
