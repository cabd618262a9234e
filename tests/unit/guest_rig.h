#pragma once
/* A guest without a network: what it says is fed in chunks of one size, what comes of it is written
 * down as one text, and time goes only when it is told to.
 *
 * A test that includes this runs with several chunk sizes and must not see a difference. */
#include "unit.h"

#include "base/alloc.h"
#include "core/crypto.h"
#include "dialect/dialect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RIG_LOG = 256 * 1024 };

struct rig {
    struct guest *guest;
    struct guest_now now;
    size_t chunk;
    bool closed; /* its socket takes nothing */
    char log[RIG_LOG];
    size_t used;
};

static inline void rig_note(struct rig *rig, const char *what, struct span text)
{
    rig->used += (size_t)snprintf(rig->log + rig->used, sizeof rig->log - rig->used, "%s%.*s\n",
                                  what, (int)text.size, text.size ? (const char *)text.bytes : "");
    assert_true(rig->used < sizeof rig->log);
}

static inline void rig_event(struct rig *rig, const struct guest_event *event)
{
    static const char *const KINDS[] = {
        [GUEST_NATIVE] = "native",  [GUEST_LISTENS] = "listens", [GUEST_KNOWN] = "known",
        [GUEST_ASKS_NAME] = "asks", [GUEST_SAID] = "said",       [GUEST_PRIVATE] = "private",
        [GUEST_WHO] = "who",        [GUEST_RINGS] = "rings",     [GUEST_JOINED] = "joined",
        [GUEST_GONE] = "gone",      [GUEST_SENT] = "sent",       [GUEST_DELIVERED] = "delivered",
        [GUEST_FAILED] = "failed",  [GUEST_CUT] = "cut",         [GUEST_LOST] = "lost",
        [GUEST_DIAL] = "dial",      [GUEST_HANG_UP] = "hang up", [GUEST_LEFT] = "left",
    };
    char head[512];
    size_t used = (size_t)snprintf(head, sizeof head, "%s", KINDS[event->kind]);
    if (event->kind == GUEST_KNOWN)
        used += (size_t)snprintf(head + used, sizeof head - used, " %s", event->dialect->name);
    if (event->name.size)
        used += (size_t)snprintf(head + used, sizeof head - used, " <%.*s>", (int)event->name.size,
                                 (const char *)event->name.bytes);
    if (event->dated)
        used += (size_t)snprintf(head + used, sizeof head - used, " at %llu",
                                 (unsigned long long)event->wall_ms);
    if (event->kind == GUEST_DELIVERED || event->kind == GUEST_FAILED || event->kind == GUEST_LOST)
        used += (size_t)snprintf(head + used, sizeof head - used, " %llu",
                                 (unsigned long long)(event->id + event->count));
    if (event->kind == GUEST_CUT)
        used += (size_t)snprintf(head + used, sizeof head - used, " %s",
                                 event->cut == CUT_LONG ? "long" : "flood");
    if (event->kind == GUEST_HANG_UP)
        used += (size_t)snprintf(head + used, sizeof head - used, " %d", (int)event->why);
    if (event->text.size)
        snprintf(head + used, sizeof head - used, ": ");
    rig_note(rig, head, event->text);
}

/* Everything that is due now, out. */
static inline void rig_drain(struct rig *rig)
{
    char bytes[GUEST_OUT];
    size_t size;
    for (bool any = true; any;) {
        struct guest_event *event;
        any = false;
        guest_tick(rig->guest, rig->now);
        for (; (event = guest_next(rig->guest)); free(event)) {
            rig_event(rig, event);
            any = true;
        }
        if (!rig->closed && (size = guest_pull(rig->guest, rig->now, bytes)) > 0) {
            assert_true(size <= GUEST_OUT);
            bool ends = bytes[size - 1] == '\n'; /* who speaks in lines hears lines */
            assert_null(memchr(bytes, '\n', size - ends));
            rig_note(rig, ends ? "line> " : "> ", span_of(bytes, size - ends));
            any = true;
        }
    }
}

/* Time passes, and never more of it than up to the next thing that is due. */
static inline void rig_wait(struct rig *rig, uint64_t ms)
{
    uint64_t end = rig->now.mono_ms + ms;
    rig_drain(rig);
    for (;;) {
        uint64_t due = guest_due(rig->guest);
        if (due > end)
            break;
        if (due <= rig->now.mono_ms)
            fail_msg("a guest is due at %llu, and has nothing to do", (unsigned long long)due);
        rig->now.wall_ms += due - rig->now.mono_ms;
        rig->now.mono_ms = due;
        rig_drain(rig);
    }
    rig->now.wall_ms += end - rig->now.mono_ms;
    rig->now.mono_ms = end;
    rig_drain(rig);
}

static inline void rig_feed(struct rig *rig, const void *bytes, size_t size)
{
    for (size_t at = 0; at < size; at += rig->chunk) {
        size_t part = size - at < rig->chunk ? size - at : rig->chunk;
        uint8_t *exact = xmemdup((const uint8_t *)bytes + at, part);
        guest_feed(rig->guest, rig->now, exact, part);
        free(exact);
    }
}

/* It says one thing, and is silent for a moment. */
static inline void rig_hear(struct rig *rig, const char *text)
{
    rig_feed(rig, text, strlen(text));
    rig_wait(rig, GUEST_GATHER_MS);
}

static inline void rig_end(struct rig *rig)
{
    guest_end(rig->guest, rig->now);
    rig_drain(rig);
}

static inline struct guest_word rig_word(const char *who, const char *text)
{
    return (struct guest_word){.kind = WORD_SAY,
                               .who = span_text(who),
                               .name = span_text(who),
                               .text = span_text(text),
                               .wall_ms = UINT64_C(1760978445000)}; /* 2025-10-20 16:40:45 UTC */
}

static inline bool rig_tell(struct rig *rig, struct guest_word word)
{
    return guest_say(rig->guest, rig->now, &word);
}

static inline bool rig_say(struct rig *rig, const char *who, const char *text)
{
    return rig_tell(rig, rig_word(who, text));
}

/* What came since the last look, exactly. */
#define rig_is(rig, wanted)                      \
    do {                                         \
        rig_drain(rig);                          \
        (rig)->log[(rig)->used] = '\0';          \
        assert_string_equal((rig)->log, wanted); \
        (rig)->used = 0;                         \
    } while (0)

static inline struct rig *rig_new(size_t chunk, const struct guest_config *config)
{
    struct rig *rig = xcalloc(1, sizeof *rig);
    struct guest_config full = *config;
    full.name = config->name ? config->name : "ana";
    full.greeting = config->greeting ? config->greeting : "hola";
    full.our_address = config->our_address ? config->our_address : "10.0.0.1";
    rig->chunk = chunk;
    rig->now = (struct guest_now){.mono_ms = 1000, .wall_ms = UINT64_C(1760978446000)};
    rig->guest = guest_new(&full, rig->now);
    return rig;
}

static inline void rig_free(struct rig *rig)
{
    guest_free(rig->guest);
    free(rig);
}

static inline struct rig *rig_caller(void **state)
{
    return rig_new(*(size_t *)*state, &(struct guest_config){.role = GUEST_ACCEPTED});
}

/* One that we called, and that took the call. */
static inline struct rig *rig_called(void **state, const struct dialect *dialect, uint16_t port)
{
    struct rig *rig =
        rig_new(*(size_t *)*state,
                &(struct guest_config){.role = GUEST_CALLED, .dialect = dialect, .port = port});
    rig_is(rig, "dial\n");
    guest_up(rig->guest, rig->now);
    return rig;
}

/* Whole, byte by byte, and in threes. */
static inline size_t *rig_chunk(size_t which)
{
    static size_t chunks[] = {1 << 20, 1, 3};
    return &chunks[which];
}

/* The same test for each of them. */
#define rig_test(test)                                                                           \
    {#test, test, NULL, NULL, rig_chunk(0)}, {#test " (bytes)", test, NULL, NULL, rig_chunk(1)}, \
    {                                                                                            \
#test " (threes)", test, NULL, NULL, rig_chunk(2)                                        \
    }
