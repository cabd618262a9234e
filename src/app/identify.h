#pragma once
/* Who took a call of the scan, found out as gently as can be.
 *
 * What speaks first is judged by its word, and nothing is said to it: a name that a neighbour
 * gives, the banner of a mail or a shell server, anything else. What is silent on a port of `dated`
 * or `join` is taken for it. All else hears a TLS hello, which only a peer answers as it should; a
 * silent one is then called once more (twice, where it answered that hello with something else),
 * listened to, and asked its name where `named` lives.
 * PROTOCOL and order are those of DIALECTS: calling. It ends within IDENTIFY_MS. */
#include "core/ids.h"
#include "net/scan.h"

#include <stdbool.h>

struct identify;
struct links;
struct loop;

enum {
    /* How long it may take until they say something: where chats live they are silent or quick; and
     * elsewhere not so long that a peer greets us as a guest (300 ms). */
    IDENTIFY_CHAT_MS = 40,
    IDENTIFY_OTHER_MS = 200,
    IDENTIFY_TLS_MS = 700,    /* from our hello to the end of the handshake, on a slow machine */
    IDENTIFY_LISTEN_MS = 400, /* DIALECTS.md */
    IDENTIFY_NAME_MS = 400,
    IDENTIFY_DIAL_MS = 1000, /* it took a call a moment ago */
    IDENTIFY_MS = IDENTIFY_TLS_MS + 2 * (IDENTIFY_DIAL_MS + IDENTIFY_LISTEN_MS) + IDENTIFY_NAME_MS,
    IDENTIFY_NAME_BYTES = 64,
};

enum identity_kind {
    IDENTITY_NATIVE,  /* it proved the key `id` */
    IDENTITY_GUEST,   /* as far as can be told, of `dialect` */
    IDENTITY_UNKNOWN, /* it took the call and hung up */
    IDENTITY_NO_CHAT, /* it is something else altogether */
};

struct identified {
    enum identity_kind kind;
    const char *dialect;                /* a constant, as in /connect; NULL where it is not known */
    char name[IDENTIFY_NAME_BYTES + 1]; /* "" where it told none; hostile */
    struct id id;                       /* of NATIVE */
};

/* TAKES open->link. `done` comes once, never from inside this call. */
struct identify *identify_new(struct loop *loop, struct links *links, const struct scan_open *open,
                              void (*done)(void *self, const struct identified *identified),
                              void *self);
/* At any time but in `done`, after which it is gone; NULL is fine. */
void identify_free(struct identify *identify);

/* How long to wait for a first word there: the scan's patience. */
uint32_t identify_patience(uint16_t port);
/* What somebody's first word says of them. Pure. */
struct identified identify_word(const uint8_t *bytes, size_t size);
