#pragma once
/* TLS 1.3 of a link, as an engine that turns bytes into bytes: no sockets, no loop, no clock.
 *
 * What came from the peer is fed, what must go to it is found in tls_outgoing, and between the two
 * plain bytes are read and written. No plain byte goes either way, and there is no tls_peer, before
 * the handshake proved that the peer holds the one Ed25519 key of its one certificate. All memory
 * of a link is bounded; where a bound is in the way the caller is told to wait. */
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TLS_SEED_BYTES = 32,
    TLS_KEY_BYTES = 32,      /* a raw Ed25519 public key: who somebody is */
    TLS_EXPORTED_BYTES = 32, /* PROTOCOL.md "Mesh and secret" */

    TLS_PLAIN_MAX = 16384,            /* plain bytes in one record: RFC 8446, 5.1 */
    TLS_RECORD_MAX = 16384 + 256 + 5, /* the same as it travels */
    TLS_INCOMING_MAX = 65536,         /* not decrypted yet: one large read of a socket */
    TLS_OUTGOING_MAX = 65536,         /* encrypted, not taken yet: three full records, and */
    TLS_OUTGOING_SPARE = 4096,  /* room for what TLS says by itself: hellos, alerts, updates */
    TLS_HANDSHAKE_MAX = 16384,  /* fed before the link is up: ours is 1 KiB, a wordy one 6 */
    TLS_CERTIFICATE_MAX = 4096, /* ours has 250 bytes; another's extensions may be many */
    TLS_AFTERWARDS_MAX = 64,    /* key updates and tickets in a link's life. Honest peers need
                                 * none: RFC 8446, 5.5, wants one in 24 million records. Each
                                 * costs us more than its sender */
};

/* What the whole program needs once: our certificate and the rules. Outlives its links. */
struct tls_context;
/* One link. */
struct tls;

enum tls_role {
    TLS_CALLER,   /* dialled; its ClientHello comes first */
    TLS_LISTENER, /* was dialled */
};

enum tls_result {
    TLS_OK,
    TLS_MORE,   /* the peer must say more first: feed, then call again */
    TLS_FULL,   /* tls_outgoing must go out first, then call again */
    TLS_ENDED,  /* in this direction nothing comes any more, in good order */
    TLS_FAILED, /* for ever; tls_fault says why. An alert may wait in tls_outgoing */
};

enum tls_fault {
    TLS_FAULT_NONE,
    TLS_FAULT_CUT,         /* the bytes ended before the peer said so */
    TLS_FAULT_BROKEN,      /* no TLS, or TLS with a mistake in it */
    TLS_FAULT_VERSION,     /* nothing newer than TLS 1.2 */
    TLS_FAULT_ALPN,        /* TLS, but not for this protocol */
    TLS_FAULT_CERTIFICATE, /* none, several, or not of a good Ed25519 key */
    TLS_FAULT_REFUSED,     /* the peer sent an alert: it will not */
    TLS_FAULT_TOO_MUCH,    /* larger, or more often, than a bound above allows */
    TLS_FAULT_HERE,        /* not the peer's: tls_context_ready is false */
};

/* Costs next to nothing: OpenSSL is asked for what it takes milliseconds to make when the first
 * link needs it. The certificate is made of the seed alone: the same seed, the same bytes. */
struct tls_context *tls_context_new(const uint8_t seed[TLS_SEED_BYTES])
    __attribute__((warn_unused_result));
/* NULL is fine. */
void tls_context_free(struct tls_context *context);
/* Asks for it now. False where this machine's OpenSSL will not do TLS 1.3 with Ed25519: links fail
 * with TLS_FAULT_HERE then. */
bool tls_context_ready(struct tls_context *context);
/* Our own raw key, TLS_KEY_BYTES, once that was true. */
const uint8_t *tls_context_key(const struct tls_context *context);

struct tls *tls_new(struct tls_context *context, enum tls_role role);
void tls_free(struct tls *tls);

/* How many bytes tls_feed would take now. */
size_t tls_room(const struct tls *tls);
/* Takes all of `size` bytes from the peer, or false and nothing where they are more than tls_room.
 * After the end of the peer's bytes, good or bad, they are dropped. */
bool tls_feed(struct tls *tls, const void *bytes, size_t size) __attribute__((warn_unused_result));
/* The peer's bytes are at their end (the connection closed or broke). */
void tls_feed_end(struct tls *tls);

/* Goes on with the handshake: TLS_OK once the link is up, TLS_MORE or TLS_FAILED. A caller is up
 * when it has proved itself; if the listener refuses it then, that is read as a fault. */
enum tls_result tls_handshake(struct tls *tls) __attribute__((warn_unused_result));
/* Who the peer is: TLS_KEY_BYTES, or NULL before the link is up. */
const uint8_t *tls_peer(const struct tls *tls);
/* The link's own secret, the same at both ends; false before it is up or after a fault. */
bool tls_export(struct tls *tls, uint8_t into[TLS_EXPORTED_BYTES])
    __attribute__((warn_unused_result));

/* 1 to `size` (at least 1) plain bytes from the peer into `into`; *got is 0 unless TLS_OK. `size`
 * of at least TLS_PLAIN_MAX takes a whole record at once. Never TLS_FULL. */
enum tls_result tls_read(struct tls *tls, void *into, size_t size, size_t *got)
    __attribute__((warn_unused_result));
/* Encrypts plain bytes; *taken says how many of them, also where it is not TLS_OK. TLS_OK: all.
 * TLS_MORE: the link is not up. TLS_ENDED: tls_close was called. */
enum tls_result tls_write(struct tls *tls, const void *bytes, size_t size, size_t *taken)
    __attribute__((warn_unused_result));
/* Says that nothing more comes from us; reading goes on. Before the link is up, or after a fault,
 * there is nothing to say. */
void tls_close(struct tls *tls);

/* What must go to the peer. Valid until the next call with this link. */
const struct buf *tls_outgoing(const struct tls *tls);
/* The first `size` bytes of it went out. */
void tls_sent(struct tls *tls, size_t size);
/* Moves it all, with its memory, into *into (not initialised before; the caller's afterwards). */
void tls_outgoing_move(struct tls *tls, struct buf *into);

enum tls_fault tls_fault(const struct tls *tls);
