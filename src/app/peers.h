#pragma once
/* Links to peers: what the node asks of the network, done over TCP and TLS, and what comes from
 * there as events for the node.
 *
 * Invariants: a number is given to one link and never again; every dial that the node asked for
 * ends in EVENT_LINK_UP or EVENT_DIAL_FAILED, and every search for a host in EVENT_ADDRESS or
 * EVENT_DIAL_FAILED with its ticket; after EVENT_LINK_DOWN, or after peers_close, nothing
 * more comes of a link. */
#include "app/options.h"
#include "core/message.h"
#include "core/node.h"
#include "net/address.h"

struct loop;
struct peers;
struct tls_context;

enum { PEERS_PORT = 9999 /* of who names no other */ };

struct peers_calls {
    void (*event)(void *self, const struct node_event *event); /* for the node */
    void (*say)(void *self, bool error, const struct message *message);
    const char *(*name)(void *self); /* what we are called now */
    /* What guests speak where, to be kept for the next start. */
    void (*keep)(void *self, struct span memory);
};

/* `guests`: they are let in. */
struct peers *peers_new(struct loop *loop, const struct identity *identity, bool guests,
                        const struct peers_calls *calls, void *self);
/* For other links of ours: it lives as long as the peers. */
struct tls_context *peers_context(struct peers *peers);
/* NULL is fine. The loop is still there. */
void peers_free(struct peers *peers);

/* Opens what the options name, or else the default ports. False, and it was said why, where nothing
 * is listened on. */
bool peers_listen(struct peers *peers, const struct options *options)
    __attribute__((warn_unused_result));
/* Where: in the order of the options. */
size_t peers_listening(const struct peers *peers);
const struct address *peers_listening_at(const struct peers *peers, size_t index);

/* The node's effects. */
void peers_send(struct peers *peers, uint32_t link, const struct frame *frame);
void peers_close(struct peers *peers, uint32_t link);
/* To be called at the end of each turn: tells of links that peers_send found too slow. */
void peers_turn(struct peers *peers);
/* `dialect`: as in EFFECT_DIAL. */
void peers_dial(struct peers *peers, const struct overlay_address *address, const char *dialect);
/* EFFECT_GUEST_... */
void peers_guest(struct peers *peers, const struct node_effect *effect);
/* What an earlier run kept. */
void peers_recall(struct peers *peers, struct span memory);
void peers_resolve(struct peers *peers, uint64_t ticket, const char *host, uint16_t port);

/* Links whose own address `keeps` says no of are lost: the node hears of it at the end of the turn.
 */
void peers_lose(struct peers *peers, bool (*keeps)(void *self, const struct address *own),
                void *self);
/* Everyone is let go, without a word to the node: it ends, and another begins. */
void peers_drop(struct peers *peers);
/* Takes no calls any more, makes none, and says goodbye to everyone. */
void peers_stop(struct peers *peers);
/* Nobody is there any more: all goodbyes were said. */
bool peers_are_gone(const struct peers *peers);

/* One of the node's, as net has them; */
struct address peers_address(const struct overlay_address *address);
/* and as it is written. */
void peers_address_text(const struct overlay_address *address, char into[ADDRESS_TEXT]);
