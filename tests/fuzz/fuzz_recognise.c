/* The first bytes on one port say who calls, however they are cut: the first byte says in how many
 * chunks they come, the second how far apart, all others are the bytes. What is TLS goes to the
 * peers with all its bytes, what is no text is hung up on, and anything else is the dialect that
 * its first message shows. Who says nothing is spoken to. */
#include "guest_life.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clean.h"
#include "base/utf8.h"
#include "core/crypto.h"
#include "dialect/guest_parts.h"

#include <stdlib.h>
#include <string.h>

enum outcome { NOTHING, NATIVE, NO_TEXT, LATE_TLS, SOMEBODY };

struct seen {
    enum outcome outcome;
    const struct dialect *dialect;
    size_t before; /* NATIVE: bytes that came before the last chunk */
    bool greeted;
};

static void must(bool holds, const char *what)
{
    if (!holds)
        die("%s", what);
}

static void look(struct guest *guest, struct guest_now now, struct seen *seen)
{
    char bytes[GUEST_OUT];
    struct guest_event *event;
    guest_tick(guest, now);
    while ((event = guest_next(guest))) {
        if (event->kind == GUEST_NATIVE) {
            seen->outcome = NATIVE;
            seen->before = event->text.size;
        } else if (event->kind == GUEST_HANG_UP && seen->outcome == NOTHING) {
            seen->outcome = event->why == WHY_NO_TEXT    ? NO_TEXT
                            : event->why == WHY_LATE_TLS ? LATE_TLS
                                                         : NOTHING;
        }
        seen->greeted = seen->greeted || event->kind == GUEST_LISTENS;
        free(event);
    }
    while (guest_pull(guest, now, bytes))
        continue;
    if (guest_dialect(guest) && !seen->dialect) {
        seen->dialect = guest_dialect(guest);
        seen->outcome = SOMEBODY;
    }
}

/* All chunks, so many ms apart. */
static struct seen call(const uint8_t *data, size_t size, size_t chunk, uint64_t apart)
{
    struct guest_config config = {
        .role = GUEST_ACCEPTED, .name = "ana", .greeting = "hola", .our_address = "", .number = 1};
    struct guest_now now = {.mono_ms = 1, .wall_ms = UINT64_C(1760978446000)};
    struct seen seen = {NOTHING, NULL, 0, false};
    struct guest *guest = guest_new(&config, now);
    for (size_t at = 0; at < size && seen.outcome == NOTHING; at += chunk) {
        size_t part = size - at < chunk ? size - at : chunk;
        uint8_t *exact = xmemdup(data + at, part);
        guest_feed(guest, now, exact, part);
        free(exact);
        look(guest, now, &seen);
        must(seen.outcome != NATIVE || seen.before + part >= 2, "a peer by half its first bytes");
        bool first = size >= 2 && data[0] == 0x16 && data[1] == 0x03; /* blanks may come before */
        must(seen.outcome != NATIVE || !first || seen.before == at, "bytes of a peer are lost");
        now.mono_ms += apart;
    }
    for (int i = 0; i < 20; i++, now.mono_ms += 100)
        look(guest, now, &seen);
    guest_free(guest);
    return seen;
}

/* What the first line shows, by the table alone; NULL: there is nothing in the bytes. */
static const struct dialect *shown(const uint8_t *data, size_t size)
{
    size_t clean_size;
    const struct dialect *dialect = NULL;
    char *clean = text_clean((const char *)data, size, CLEAN_BODY, &clean_size);
    for (size_t at = 0; at < clean_size && !dialect;) {
        const char *end = memchr(clean + at, '\n', clean_size - at);
        size_t length = end ? (size_t)(end - clean) - at : clean_size - at;
        struct span line = span_of(clean + at, length);
        if (span_trim(line).size)
            dialect = dialect_of_first(line);
        at += length + 1;
    }
    free(clean);
    return dialect;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    if (!started)
        core_start();
    started = true;
    if (size < 2 || size > GUEST_MESSAGE + 2)
        return 0;
    size_t chunk = (size_t)data[0] + 1;
    uint64_t apart = data[1] % GUEST_GATHER_MS; /* still one message */
    data += 2;
    size -= 2;
    bool tls = size >= 2 && data[0] == 0x16 && data[1] == 0x03;
    bool text = utf8_valid((const char *)data, size);
    struct seen whole = call(data, size, GUEST_MESSAGE, 0);
    must((whole.outcome == NATIVE) == tls, "TLS, and nothing else, is a peer");
    must(tls || text || whole.outcome == NO_TEXT || size == 0, "bytes that are no text are taken");
    if (!tls && text)
        must(whole.dialect == shown(data, size) || shown(data, size) == &dialect_plain,
             "not the dialect that it shows"); /* of plain text, a later line may say more */
    must((size > 0 && shown(data, size)) || tls || !text || whole.greeted,
         "who says nothing is not spoken to");
    /* in pieces: a peer's first bytes may be too far apart for one turn, and still be its own */
    struct seen pieces = call(data, size, chunk, apart);
    bool in_time = (size + chunk - 1) / chunk * apart < GUEST_GATHER_MOST_MS;
    if (in_time)
        must(pieces.outcome == whole.outcome && pieces.dialect == whole.dialect,
             "pieces change who it is");
    return 0;
}
