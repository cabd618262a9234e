/* A guest's life, as bytes tell it: those below 8 are what happens, all others are what it sends.
 */
#include "guest_life.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clean.h"
#include "base/utf8.h"
#include "core/crypto.h"

#include <stdlib.h>
#include <string.h>

enum { NOTES = 8 << 20, TURNS = 20000 };

struct life {
    const struct life_kind *kind;
    struct guest *guest;
    struct echoes *echoes;
    struct guest_now now;
    struct buf notes; /* all that came of it */
    uint64_t said;    /* ids */
    bool who;         /* it asked who is there */
};

static void must(bool holds, const char *what)
{
    if (!holds)
        die("%s", what);
}

static void note(struct life *life, const void *bytes, size_t size)
{
    must(buf_add(&life->notes, bytes, size), "too much comes of too little");
}

static void is_harmless(struct span text, size_t most)
{
    size_t size;
    const char *bytes = text.size ? (const char *)text.bytes : "";
    must(text.size <= most, "a text past its bound");
    must(utf8_valid(bytes, text.size), "a text that is no UTF-8");
    must(text.size == 0 || !memchr(bytes, '\n', text.size), "a text of two lines");
    char *clean = text_clean(bytes, text.size, CLEAN_BODY, &size);
    must(size == text.size && memcmp(clean, bytes, size) == 0, "a text that is not clean");
    free(clean);
}

static void take_event(struct life *life, struct guest_event *event)
{
    must(event->dialect || event->kind != GUEST_KNOWN, "somebody without a dialect");
    must(event->name.size <= GUEST_NAME_MAX, "a name too long");
    if (event->kind != GUEST_NATIVE) {
        is_harmless(event->name, GUEST_NAME_MAX);
        is_harmless(event->text, TEXT_MAX);
        is_harmless(event->whole, (size_t)GUEST_MESSAGE * CLEAN_FACTOR);
        note(life, &event->kind, sizeof event->kind);
        note(life, event->name.bytes, event->name.size);
        note(life, event->text.bytes, event->text.size);
        note(life, &event->wall_ms, sizeof event->wall_ms);
        note(life, &event->id, sizeof event->id);
        note(life, &event->cut, sizeof event->cut);
        note(life, &event->why, sizeof event->why);
    }
    life->who = life->who || event->kind == GUEST_WHO;
    if (life->kind->event)
        life->kind->event(event);
    must(!event->dated || event->wall_ms <= ENTRY_NUMBER_MAX, "a time that is none");
    if (event->whole.size)
        guest_relay(life->guest, life->now, event->whole);
    free(event);
}

static void drain(struct life *life)
{
    char bytes[GUEST_OUT];
    bool any = true;
    for (int turns = 0; any; turns++) {
        struct guest_event *event;
        must(turns < TURNS, "it never ends");
        any = false;
        guest_tick(life->guest, life->now);
        while ((event = guest_next(life->guest))) {
            take_event(life, event);
            any = true;
        }
        size_t size = guest_pull(life->guest, life->now, bytes);
        if (size == 0)
            continue;
        any = true;
        must(size <= GUEST_OUT, "a message too long");
        must(bytes[size - 1] != '\n' || !life->kind->told, "a line, to who speaks in none");
        is_harmless(span_of(bytes, size - (bytes[size - 1] == '\n')), GUEST_OUT);
        if (life->kind->told)
            life->kind->told(span_of(bytes, size));
        note(life, bytes, size);
    }
}

static void pass(struct life *life, uint64_t ms)
{
    uint64_t end = life->now.mono_ms + ms;
    drain(life);
    for (uint64_t due; (due = guest_due(life->guest)) <= end; drain(life)) {
        must(due > life->now.mono_ms, "due, and nothing to do");
        life->now.wall_ms += due - life->now.mono_ms;
        life->now.mono_ms = due;
    }
    life->now.wall_ms += end - life->now.mono_ms;
    life->now.mono_ms = end;
    drain(life);
}

static void say(struct life *life, uint8_t what)
{
    static const char *const TEXTS[] = {"hola", "a|b\nbea: c", "--name", "\x1b[2J", ""};
    struct guest_word word = {.kind = (enum guest_word_kind)(what % (WORD_RING + 1)),
                              .who = span_text(what & 8 ? "bea~k7fq" : "bob: x|\n"),
                              .name = span_text("bea"),
                              .text = span_text(TEXTS[what % 5]),
                              .own = what & 16,
                              .hosted = what & 32,
                              .wall_ms = life->now.wall_ms,
                              .id = ++life->said};
    bool spreads = guest_spreads(life->guest);
    bool taken = guest_say(life->guest, life->now, &word);
    must(!taken || !spreads || word.kind != WORD_PRIVATE, "a secret told to all");
    must(guest_waiting(life->guest) <= GUEST_QUEUE + 1, "a queue past its bound");
}

static void happen(struct life *life, uint8_t op, uint8_t more)
{
    struct span people[2] = {span_text("ana"), span_text("bea: x")};
    switch (op) {
    case 1:
        pass(life, GUEST_GATHER_MS);
        return;
    case 2:
        pass(life, (uint64_t)more * 40);
        return;
    case 3:
        say(life, more);
        return;
    case 4:
        guest_end(life->guest, life->now);
        return;
    case 5:
        guest_retry(life->guest, life->now);
        guest_up(life->guest, life->now);
        return;
    case 6:
        guest_named(life->guest, life->now, span_text(more & 1 ? "eva" : ""));
        return;
    case 7:
        if (more & 1 && life->who)
            guest_people(life->guest, life->now, people, 2);
        else if (more & 2)
            guest_leave(life->guest, life->now);
        return;
    default:
        return;
    }
}

static void feed(struct life *life, const uint8_t *bytes, size_t size, size_t chunk)
{
    for (size_t at = 0; at < size; at += chunk) {
        size_t part = size - at < chunk ? size - at : chunk;
        uint8_t *exact = xmemdup(bytes + at, part);
        guest_feed(life->guest, life->now, exact, part);
        free(exact);
    }
}

static void live(struct life *life, const uint8_t *data, size_t size, size_t chunk)
{
    for (size_t at = 0; at < size;) {
        uint8_t op = data[at];
        if (op > 0 && op < 8) {
            uint8_t more = at + 1 < size ? data[at + 1] : 0;
            happen(life, op, more);
            at += op == 1 || op == 4 || op == 5 ? 1 : 2;
            continue;
        }
        if (op == 0) /* the next byte as it is */
            at++;
        size_t end = at < size ? at + 1 : at;
        while (op != 0 && end < size && data[end] >= 8)
            end++;
        feed(life, data + at, end - at, chunk);
        at = end;
    }
    pass(life, 60000);
    guest_end(life->guest, life->now);
    drain(life);
}

static struct buf run(const struct life_kind *kind, const uint8_t *data, size_t size, uint8_t flags,
                      size_t chunk)
{
    struct life life = {
        .kind = kind, .now = {.mono_ms = 1, .wall_ms = UINT64_C(1760978446000), .zone_s = -18000}};
    life.echoes = flags & 64 ? NULL : echoes_new();
    struct guest_config config = {.role = kind->role,
                                  .dialect = kind->dialect,
                                  .port = flags & 32 ? 9999 : 9000,
                                  .name = "ana",
                                  .greeting = "hola",
                                  .our_address = flags & 16 ? "10.0.0.1" : "",
                                  .number = 1,
                                  .echoes = life.echoes};
    buf_init(&life.notes, NOTES);
    life.guest = guest_new(&config, life.now);
    guest_up(life.guest, life.now);
    if (kind->first) {
        feed(&life, (const uint8_t *)kind->first, strlen(kind->first), strlen(kind->first));
        pass(&life, GUEST_GATHER_MS);
    }
    live(&life, data, size, chunk);
    guest_free(life.guest);
    echoes_free(life.echoes);
    return life.notes;
}

int guest_life(const struct life_kind *kind, const uint8_t *data, size_t size)
{
    static bool started;
    if (!started)
        core_start();
    started = true;
    if (size < 2 || size > 8192)
        return 0;
    struct buf once = run(kind, data + 2, size - 2, data[0], (size_t)data[1] + 1);
    struct buf whole = run(kind, data + 2, size - 2, data[0], size);
    must(once.length == whole.length &&
             memcmp(buf_bytes(&once), buf_bytes(&whole), once.length) == 0,
         "chunks change what is heard");
    buf_done(&once);
    buf_done(&whole);
    return 0;
}
