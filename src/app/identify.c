/* DIALECTS.md "Calling": TLS first, then listening, then asking. Each step has its time; whatever
 * happens, the last one ends. */
#include "app/identify.h"

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"
#include "dialect/dialect.h"
#include "net/dial.h"
#include "net/link.h"
#include "net/loop.h"
#include "net/timer.h"

#include <stdlib.h>
#include <string.h>

enum { CHAT_LOW = 9990, CHAT_HIGH = 10005 /* where named, neighbours and peers live */ };

enum step {
    STEP_KNOWN, /* it is to be told */
    STEP_TLS,
    STEP_DIAL,
    STEP_LISTEN,
    STEP_NAME,
};

struct identify {
    struct links *links;
    struct loop *loop;
    struct address address;
    enum step step;
    bool babbled; /* it answered our hello with something that is no TLS */
    bool insisted;
    struct link *link;
    struct dial *dial;
    struct timer *timer;
    struct identified known;
    void (*done)(void *self, const struct identified *identified);
    void *self;
};

/* ---- first words -----------------------------------------------------------------------------*/

static bool begins(const char *text, size_t size, const char *with)
{
    size_t length = strlen(with);
    return size >= length && memcmp(text, with, length) == 0;
}

/* `Vecino 12`, and nothing but blanks behind it. */
static bool is_neighbour(const char *text, size_t size)
{
    size_t at = strlen("Vecino "), from = at;
    if (!begins(text, size, "Vecino "))
        return false;
    while (at < size && text[at] >= '0' && text[at] <= '9')
        at++;
    size_t digits = at - from;
    while (at < size && (text[at] == ' ' || text[at] == '\r' || text[at] == '\n'))
        at++;
    return digits > 0 && at == size;
}

/* A name without blanks, a bar, and a text, in characters: how `piped` says anything, and how a
 * peer greets whom it takes for a guest. */
static bool is_piped(const char *text, size_t size)
{
    const char *bar = memchr(text, '|', size);
    size_t name = bar ? (size_t)(bar - text) : 0;
    return name > 0 && name <= IDENTIFY_NAME_BYTES && !memchr(text, ' ', name) &&
           utf8_valid(text, size);
}

struct identified identify_word(const uint8_t *bytes, size_t size)
{
    struct identified known = {.kind = IDENTITY_NO_CHAT};
    const char *text = (const char *)bytes;
    if (size == 0)
        return known;
    if (is_neighbour(text, size))
        known.dialect = dialect_neighbour.name;
    else if (is_piped(text, size))
        known.dialect = dialect_piped.name;
    if (known.dialect)
        known.kind = IDENTITY_GUEST;
    return known;
}

static bool is_chat_port(uint16_t port)
{
    return port >= CHAT_LOW && port <= CHAT_HIGH;
}

uint32_t identify_patience(uint16_t port)
{
    return is_chat_port(port) ? IDENTIFY_CHAT_MS : IDENTIFY_OTHER_MS;
}

/* ---- steps -----------------------------------------------------------------------------------*/

static void wait(struct identify *identify, enum step step, uint64_t ms)
{
    identify->step = step;
    timer_set(identify->timer, loop_mono_ms(identify->loop) + ms);
}

/* In good order where they are somebody; else at once, whatever they still say. */
static void hang_up(struct identify *identify, bool politely)
{
    struct link *link = identify->link;
    identify->link = NULL;
    if (link && politely)
        link_close(link);
    else
        link_free(link);
}

static void know(struct identify *identify, enum identity_kind kind, const char *dialect)
{
    hang_up(identify, kind != IDENTITY_NO_CHAT);
    identify->known.kind = kind;
    identify->known.dialect = dialect;
    wait(identify, STEP_KNOWN, 0);
}

static void on_dialled(void *self, enum dial_result result, struct link *link);

static void call_again(struct identify *identify)
{
    hang_up(identify, false);
    identify->dial = dial_new(identify->links, &identify->address, 1, on_dialled, identify);
    wait(identify, STEP_DIAL, IDENTIFY_DIAL_MS);
}

static void name_take(struct identify *identify, const uint8_t *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r' || text[size - 1] == ' '))
        size--;
    size_t kept = text_cut(text, size, IDENTIFY_NAME_BYTES);
    memcpy(identify->known.name, text, kept);
    identify->known.name[kept] = '\0';
}

/* A name of `named` is any text of one line, and no more than that. */
static void answer_take(struct identify *identify, const uint8_t *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    struct identified word = identify_word(bytes, size);
    if (word.kind == IDENTITY_GUEST) {
        know(identify, IDENTITY_GUEST, word.dialect);
    } else if (!utf8_valid(text, size) || memchr(text, '\0', size)) {
        know(identify, IDENTITY_NO_CHAT, NULL);
    } else {
        name_take(identify, bytes, size);
        know(identify, IDENTITY_GUEST, dialect_named.name);
    }
}

static void silence(struct identify *identify)
{
    if (identify->babbled && !identify->insisted) { /* or its words were lost on their way, twice */
        identify->insisted = true;
        call_again(identify);
    } else if (identify->babbled) { /* it speaks when it is spoken to, and not as chats do */
        know(identify, IDENTITY_NO_CHAT, NULL);
    } else if (!is_chat_port(identify->address.port)) {
        know(identify, IDENTITY_GUEST, dialect_piped.name);
    } else if (link_send(identify->link, "--name", strlen("--name"))) {
        wait(identify, STEP_NAME, IDENTIFY_NAME_MS);
    } else {
        know(identify, IDENTITY_UNKNOWN, NULL);
    }
}

static void on_ring(void *self)
{
    struct identify *identify = self;
    struct identified known = identify->known;
    void (*done)(void *, const struct identified *) = identify->done;
    void *owner = identify->self;
    switch (identify->step) {
    case STEP_KNOWN:
        identify_free(identify);
        done(owner, &known);
        break;
    case STEP_TLS:
        call_again(identify);
        break;
    case STEP_DIAL:
        dial_cancel(identify->dial);
        identify->dial = NULL;
        know(identify, IDENTITY_UNKNOWN, NULL);
        break;
    case STEP_LISTEN:
        silence(identify);
        break;
    case STEP_NAME:
        know(identify, IDENTITY_GUEST, dialect_named.name);
        break;
    }
}

/* ---- what the link tells ---------------------------------------------------------------------*/

static void on_up(void *self, const uint8_t *peer, const uint8_t *exported)
{
    struct identify *identify = self;
    (void)exported;
    if (!peer)
        return; /* plain: from now on they are listened to */
    memcpy(identify->known.id.bytes, peer, ID_BYTES);
    know(identify, IDENTITY_NATIVE, "native");
}

static void on_bytes(void *self, const uint8_t *bytes, size_t size)
{
    struct identify *identify = self;
    struct identified word = identify_word(bytes, size);
    if (identify->step == STEP_LISTEN)
        know(identify, word.kind, word.dialect);
    else if (identify->step == STEP_NAME)
        answer_take(identify, bytes, size);
}

/* TLS, and not ours, is a web server or the like. What answered our hello with something else may
 * be one that speaks first and was slow. */
static void tls_failed(struct identify *identify, enum tls_fault fault)
{
    switch (fault) {
    case TLS_FAULT_NONE:
    case TLS_FAULT_CUT:
    case TLS_FAULT_BROKEN:
        identify->babbled = fault == TLS_FAULT_BROKEN;
        call_again(identify);
        break;
    case TLS_FAULT_VERSION:
    case TLS_FAULT_ALPN:
    case TLS_FAULT_CERTIFICATE:
    case TLS_FAULT_REFUSED:
    case TLS_FAULT_TOO_MUCH:
    case TLS_FAULT_HERE:
        know(identify, IDENTITY_NO_CHAT, NULL);
        break;
    }
}

static void on_down(void *self, enum link_down why)
{
    struct identify *identify = self;
    enum tls_fault fault = link_fault(identify->link);
    (void)why;
    identify->link = NULL; /* it is gone when this returns */
    switch (identify->step) {
    case STEP_TLS:
        tls_failed(identify, fault);
        break;
    case STEP_LISTEN:
        know(identify, IDENTITY_UNKNOWN, NULL);
        break;
    case STEP_NAME:
        know(identify, IDENTITY_GUEST, dialect_named.name);
        break;
    case STEP_KNOWN:
    case STEP_DIAL:
        break;
    }
}

static const struct link_calls LINK_CALLS = {NULL, on_up, on_bytes, NULL, on_down};

static void on_dialled(void *self, enum dial_result result, struct link *link)
{
    struct identify *identify = self;
    identify->dial = NULL;
    identify->link = link;
    if (result != DIAL_OK) {
        know(identify, IDENTITY_UNKNOWN, NULL);
        return;
    }
    link_start(link, LINK_PLAIN, &LINK_CALLS, identify);
    wait(identify, STEP_LISTEN, IDENTIFY_LISTEN_MS);
}

/* ---- the whole -------------------------------------------------------------------------------*/

/* It said something, or hung up, or keeps still where only one kind does. */
static bool is_clear(struct identify *identify, const struct scan_open *open)
{
    const struct dialect *own = dialect_of_port(open->address.port);
    struct identified word = identify_word(open->bytes, open->size);
    if (open->size > 0)
        know(identify, word.kind, word.dialect);
    else if (!open->link)
        know(identify, IDENTITY_UNKNOWN, NULL);
    else if (own)
        know(identify, IDENTITY_GUEST, own->name);
    else
        return false;
    return true;
}

struct identify *identify_new(struct loop *loop, struct links *links, const struct scan_open *open,
                              void (*done)(void *self, const struct identified *identified),
                              void *self)
{
    struct identify *identify = xcalloc(1, sizeof *identify);
    bool plain = open->size > 0 || dialect_of_port(open->address.port);
    identify->links = links;
    identify->loop = loop;
    identify->address = open->address;
    identify->link = open->link;
    identify->done = done;
    identify->self = self;
    identify->timer = timer_new(identify->loop, on_ring, identify);
    if (open->link)
        link_start(open->link, plain ? LINK_PLAIN : LINK_TLS, &LINK_CALLS, identify);
    if (!is_clear(identify, open))
        wait(identify, STEP_TLS, IDENTIFY_TLS_MS);
    return identify;
}

void identify_free(struct identify *identify)
{
    if (!identify)
        return;
    dial_cancel(identify->dial);
    link_free(identify->link);
    timer_free(identify->timer);
    free(identify);
}
