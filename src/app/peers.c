/* Three things that come and go: links, dials to one address, and searches for a host by its name,
 * which race over the host's addresses. */
#include "app/peers.h"

#include "app/guests.h"
#include "app/unreached.h"
#include "base/alloc.h"
#include "dialect/framer.h"
#include "dialect/native.h"
#include "net/dial.h"
#include "net/link.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "net/tls.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

enum {
    /* What sync lets wait on a link at most, one answer to a question, and what is small. */
    QUEUE_MAX = 2 * SYNC_QUEUE_MAX + SYNC_PAGE_BYTES + 2 * FRAME_MAX,
};

struct peer {
    UT_hash_handle hh;
    uint32_t number;
    struct peers *peers;
    struct link *link; /* NULL: it ended while its bytes are being read */
    struct framer framer;
    struct overlay_address dialled; /* port 0: it called us */
    bool guest;                     /* where no peer is, a guest is wanted */
    bool up;
    bool reading;
    bool lost; /* the node is to be told at the end of the turn */
};

struct call {
    struct call *prev, *next;
    struct peers *peers;
    struct resolve *resolve;        /* by name: first its addresses, */
    struct dial *dial;              /* then all of them at once */
    struct overlay_address address; /* by name: the first of them */
    uint64_t ticket;                /* of the node's search, or 0 */
    bool guest;
};

struct peers {
    struct loop *loop;
    struct tls_context *context;
    struct links *links;
    struct listener *listener;
    struct guests *guests; /* who calls us is theirs until it begins to speak TLS */
    const struct peers_calls *calls;
    void *self;
    struct peer *all;       /* by number */
    struct call *calls_out; /* the node asks for no more than OVERLAY_DIALS and NODE_CALLS */
    struct link *found;     /* of a search that ended: the node's dial to it is already done */
    uint32_t numbers;
    bool lost; /* somebody is */
    bool stopped;
    bool told; /* of a TLS that cannot be had */
};

/* ---- addresses, in the node's form and in net's ---- */

static bool is_link_local(const uint8_t ip[16])
{
    return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

/* The node keeps the interface inside the address (core/overlay.h). */
static struct overlay_address to_node(const struct address *address)
{
    struct overlay_address into = {.port = address->port};
    memcpy(into.ip, address->ip, sizeof into.ip);
    if (is_link_local(into.ip)) {
        into.ip[2] = (uint8_t)(address->scope >> 8);
        into.ip[3] = (uint8_t)address->scope;
    }
    return into;
}

static struct address to_net(const struct overlay_address *address)
{
    struct address into = {.port = address->port};
    memcpy(into.ip, address->ip, sizeof into.ip);
    if (is_link_local(into.ip)) {
        into.scope = (uint32_t)into.ip[2] << 8 | into.ip[3];
        into.ip[2] = into.ip[3] = 0;
    }
    return into;
}

struct address peers_address(const struct overlay_address *address)
{
    return to_net(address);
}

void peers_address_text(const struct overlay_address *address, char into[ADDRESS_TEXT])
{
    struct address net = to_net(address);
    address_text(&net, into);
}

/* ---- a link ---- */

static struct peer *peer_find(const struct peers *peers, uint32_t number)
{
    struct peer *peer;
    HASH_FIND(hh, peers->all, &number, sizeof number, peer);
    return peer;
}

static void peer_free(struct peer *peer)
{
    HASH_DELETE(hh, peer->peers->all, peer);
    framer_done(&peer->framer);
    free(peer);
}

/* Who is being read is freed when that comes back. */
static void peer_end(struct peer *peer)
{
    peer->link = NULL;
    if (!peer->reading)
        peer_free(peer);
}

static void tell(struct peers *peers, const struct node_event *event)
{
    if (!peers->stopped)
        peers->calls->event(peers->self, event);
}

static void tell_down(const struct peer *peer, enum call_fault fault)
{
    tell(peer->peers,
         &(struct node_event){.kind = EVENT_LINK_DOWN, .link = peer->number, .fault = fault});
}

/* `ticket`: of the search for a host, or 0. */
static void tell_failed(struct peers *peers, const struct overlay_address *address,
                        enum call_fault fault, uint64_t ticket)
{
    struct node_event event = {.kind = EVENT_DIAL_FAILED, .ticket = ticket, .fault = fault};
    event.dial_failed = *address;
    tell(peers, &event);
}

static void on_up(void *self, const uint8_t *key, const uint8_t *exported)
{
    struct peer *peer = self;
    struct node_event event = {.kind = EVENT_LINK_UP, .link = peer->number};
    peer->up = true;
    memcpy(event.up.peer.bytes, key, ID_BYTES);
    memcpy(event.up.exported, exported, sizeof event.up.exported);
    event.up.dialled = peer->dialled.port != 0;
    event.up.address = to_node(link_address(peer->link));
    if (event.up.dialled) {
        guests_forget(peer->peers->guests, link_address(peer->link));
        event.up.address = peer->dialled;
    } else {
        event.up.address.port = 0;
    }
    tell(peer->peers, &event);
}

static void peer_malformed(struct peer *peer)
{
    struct link *link = peer->link;
    tell_down(peer, CALL_STRANGE);
    if (peer->link)
        link_free(link);
    peer->link = NULL;
}

static bool frame_take(struct peer *peer, struct span payload)
{
    struct frame *frame = frame_unpack(payload);
    if (!frame)
        return false;
    struct node_event event = {.kind = EVENT_FRAME, .link = peer->number, .frame = frame};
    tell(peer->peers, &event);
    frame_free(frame);
    return true;
}

static void on_bytes(void *self, const uint8_t *bytes, size_t size)
{
    struct peer *peer = self;
    struct span payload;
    bool more = true;
    peer->reading = true;
    framer_give(&peer->framer, bytes, size);
    while (peer->link && more) {
        enum framer_result result = framer_next(&peer->framer, &payload);
        more = result == FRAMER_FRAME;
        if (result == FRAMER_BROKEN || (more && !frame_take(peer, payload)))
            peer_malformed(peer);
    }
    peer->reading = false;
    if (!peer->link && !peer->lost)
        peer_free(peer);
}

static void on_queued(void *self, size_t left)
{
    struct peer *peer = self;
    struct node_event event = {.kind = EVENT_QUEUED, .link = peer->number};
    event.queued = left;
    tell(peer->peers, &event);
}

static void tls_tell(struct peers *peers)
{
    struct message message = message_make(
        "tls-missing", N_("The OpenSSL of this machine cannot do TLS 1.3 with Ed25519."));
    if (!peers->told)
        peers->calls->say(peers->self, true, &message);
    peers->told = true;
}

static void on_down(void *self, enum link_down why)
{
    struct peer *peer = self;
    enum call_fault fault = fault_of_down(why, link_fault(peer->link));
    if (why == LINK_DOWN_TLS && link_fault(peer->link) == TLS_FAULT_HERE)
        tls_tell(peer->peers);
    peer->link = NULL; /* the node's answer finds no link to close */
    if (peer->up)
        tell_down(peer, fault);
    else if (peer->guest && fault != CALL_TLS && !peer->peers->stopped)
        guests_call(peer->peers->guests, &peer->dialled, "", NULL, fault);
    else if (peer->dialled.port)
        tell_failed(peer->peers, &peer->dialled, fault, 0);
    peer_free(peer);
}

static const struct link_calls LINK_CALLS = {NULL, on_up, on_bytes, on_queued, on_down};

static struct peer *peer_new(struct peers *peers, struct link *link,
                             const struct overlay_address *dialled)
{
    struct peer *peer = xcalloc(1, sizeof *peer);
    peer->peers = peers;
    peer->number = ++peers->numbers;
    peer->link = link;
    if (dialled)
        peer->dialled = *dialled;
    framer_init(&peer->framer);
    HASH_ADD(hh, peers->all, number, sizeof peer->number, peer);
    return peer;
}

static void peer_start(struct peers *peers, struct link *link,
                       const struct overlay_address *dialled, bool guest)
{
    struct peer *peer = peer_new(peers, link, dialled);
    peer->guest = guest;
    link_start(link, LINK_TLS, &LINK_CALLS, peer);
}

/* Who called us says hello in TLS. */
static void on_native(void *self, struct link *link)
{
    link_pass(link, &LINK_CALLS, peer_new(self, link, NULL));
}

void peers_send(struct peers *peers, uint32_t number, const struct frame *frame)
{
    struct peer *peer = peer_find(peers, number);
    struct buf packed;
    if (!peer || !peer->link)
        return; /* it broke in between */
    buf_init(&packed, FRAME_MAX);
    if (!frame_pack(frame, &packed))
        die("a frame is larger than a frame can be");
    /* What does not fit any more is for somebody who has not read for long. */
    if (!link_send(peer->link, buf_bytes(&packed), packed.length)) {
        link_free(peer->link);
        peer->link = NULL;
        peer->lost = true;
        peers->lost = true;
    }
    buf_done(&packed);
}

void peers_turn(struct peers *peers)
{
    struct peer *peer = peers->lost ? peers->all : NULL;
    peers->lost = false;
    guests_turn(peers->guests);
    while (peer) {
        if (!peer->lost) {
            peer = peer->hh.next;
            continue;
        }
        peer->lost = false;
        tell_down(peer, CALL_UNKNOWN);
        peer_free(peer);
        peer = peers->all; /* the node may have closed others */
    }
}

void peers_close(struct peers *peers, uint32_t number)
{
    struct peer *peer = peer_find(peers, number);
    if (!peer || !peer->link)
        return;
    link_close(peer->link);
    peer_end(peer);
}

/* ---- calling ---- */

static struct call *call_new(struct peers *peers, const struct overlay_address *address)
{
    struct call *call = xcalloc(1, sizeof *call);
    call->peers = peers;
    if (address)
        call->address = *address;
    DL_APPEND(peers->calls_out, call);
    return call;
}

static bool is_called(const struct peers *peers, const struct overlay_address *address)
{
    const struct call *call;
    DL_FOREACH(peers->calls_out, call)
    if (call->dial && !call->ticket && overlay_address_equal(&call->address, address))
        return true;
    return false;
}

static void call_free(struct call *call)
{
    DL_DELETE(call->peers->calls_out, call);
    free(call);
}

static void on_dialled(void *self, enum dial_result result, struct link *link)
{
    struct call *call = self;
    struct peers *peers = call->peers;
    struct overlay_address address = call->address;
    bool guest = call->guest;
    call_free(call);
    if (result == DIAL_OK)
        peer_start(peers, link, &address, guest);
    else
        tell_failed(peers, &address, fault_of_dial(result), 0);
}

/* The one that is there already; NULL: none is. */
static struct link *found_take(struct peers *peers, const struct address *address)
{
    struct link *link = peers->found;
    if (!link || !address_equal(link_address(link), address))
        return NULL;
    peers->found = NULL;
    return link;
}

void peers_dial(struct peers *peers, const struct overlay_address *address, const char *dialect)
{
    struct address to = to_net(address);
    struct link *link = found_take(peers, &to);
    const char *known = dialect ? guests_remembered(peers->guests, address) : NULL;
    if (dialect && !dialect[0] && known)
        dialect = known;
    if (dialect && dialect[0]) {
        guests_call(peers->guests, address, dialect, link, CALL_UNKNOWN);
        return;
    }
    if (link) {
        peer_start(peers, link, address, dialect != NULL);
        return;
    }
    struct call *call = call_new(peers, address);
    call->guest = dialect != NULL;
    call->dial = dial_new(peers->links, &to, 1, on_dialled, call);
}

static void tell_found(struct peers *peers, const struct overlay_address *address, uint64_t ticket)
{
    struct node_event event = {.kind = EVENT_ADDRESS, .ticket = ticket};
    event.address.address = *address;
    event.address.found = FOUND_ASKED;
    tell(peers, &event);
}

/* The node is told where the host answered, and as a rule dials there: that is done already. */
static void on_found(void *self, enum dial_result result, struct link *link)
{
    struct call *call = self;
    struct peers *peers = call->peers;
    struct overlay_address address = call->address;
    uint64_t ticket = call->ticket;
    call_free(call);
    if (result != DIAL_OK) {
        tell_failed(peers, &address, fault_of_dial(result), ticket);
        return;
    }
    address = to_node(link_address(link));
    peers->found = link;
    tell_found(peers, &address, ticket);
    link_free(peers->found);
    peers->found = NULL;
}

/* Several addresses of one host race: only the one that answers first is told. */
static void on_resolved(void *self, enum resolve_result result, const struct address *addresses,
                        size_t count)
{
    struct call *call = self;
    struct peers *peers = call->peers;
    call->resolve = NULL;
    if (result == RESOLVE_OK)
        call->address = to_node(&addresses[0]);
    if (result == RESOLVE_OK && count > 1) {
        call->dial = dial_new(peers->links, addresses, count, on_found, call);
        return;
    }
    struct overlay_address address = call->address;
    uint64_t ticket = call->ticket;
    call_free(call);
    if (result == RESOLVE_OK)
        tell_found(peers, &address, ticket);
    else
        tell_failed(peers, &address, fault_of_resolve(result), ticket); /* which is nowhere */
}

void peers_resolve(struct peers *peers, uint64_t ticket, const char *host, uint16_t port)
{
    struct call *call = call_new(peers, NULL);
    call->ticket = ticket;
    call->resolve = resolve_new(peers->loop, host, port ? port : PEERS_PORT, on_resolved, call);
}

/* ---- being called ---- */

static void on_arrived(void *self, struct link *link)
{
    struct peers *peers = self;
    guests_arrived(peers->guests, link);
}

static void on_dropped(void *self, enum listener_drop why, const struct address *from,
                       uint64_t count)
{
    struct peers *peers = self;
    char text[ADDRESS_TEXT] = "?";
    if (from)
        address_text(from, text);
    struct message message =
        why == LISTENER_DROP_FILES
            ? message_make("no-descriptors", N_("Callers were turned away: this program may open "
                                                "no more files. The last one was %s."))
            : message_counted("callers-dropped",
                              NP_("%s caller was turned away: too many at once. It was %s.",
                                  "%s callers were turned away: too many at once. The last one "
                                  "was %s."),
                              count);
    message_add(&message, text);
    peers->calls->say(peers->self, false, &message);
}

static void say_listen(struct peers *peers, bool error, const char *code, const char *sentence,
                       uint16_t asked, uint16_t got)
{
    struct message message = message_make(code, sentence);
    message_add_number(&message, asked);
    if (got)
        message_add_number(&message, got);
    peers->calls->say(peers->self, error, &message);
}

/* One port, on one or both families. */
static bool listen_on(struct peers *peers, const struct address *addresses, size_t count)
{
    uint16_t asked = addresses[0].port, port = asked;
    switch (listener_open(peers->listener, addresses, count, false, &port)) {
    case LISTENER_OK:
        return true;
    case LISTENER_MOVED:
        say_listen(peers, false, "port-taken", N_("Port %s is taken: listening on %s."), asked,
                   port);
        return true;
    case LISTENER_TAKEN:
        say_listen(peers, true, "port-taken",
                   N_("Port %s is taken, and so are 9990 to 10005. Choose another with --listen."),
                   asked, 0);
        return false;
    case LISTENER_NO_ADDRESS:
        say_listen(peers, true, "no-address",
                   N_("Port %s: this machine does not have that address."), asked, 0);
        return false;
    case LISTENER_FORBIDDEN:
        say_listen(peers, true, "forbidden",
                   N_("Port %s: the system does not let us listen there."), asked, 0);
        return false;
    case LISTENER_FULL:
    case LISTENER_FAILED:
        say_listen(peers, true, "listen-failed",
                   N_("Port %s: nothing more can be listened on: too many are open."), asked, 0);
        return false;
    }
    return false;
}

static size_t any_of(uint16_t port, struct address into[2])
{
    bool four = address_parse("0.0.0.0", port, &into[0]);
    bool six = address_parse("::", port, &into[1]);
    return (size_t)four + six;
}

/* The ports of those plain chats that call no other; whoever has them may keep them. */
static void listen_classic(struct peers *peers, const struct hostport *where)
{
    static const uint16_t ports[] = {5555, 5000};
    struct address addresses[2];
    for (size_t i = 0; i < 2; i++) {
        uint16_t port = ports[i];
        size_t count = 1;
        if (!where || where->host[0] == '\0')
            count = any_of(port, addresses);
        else if (!address_parse(where->host, port, &addresses[0]))
            continue;
        if (listener_open(peers->listener, addresses, count, true, &port) != LISTENER_OK)
            say_listen(peers, false, "classic-port",
                       N_("Port %s cannot be had: guests of the plain chat that calls it will not "
                          "find us."),
                       port, 0);
    }
}

static bool is_listened(const struct peers *peers, const struct address *address)
{
    for (size_t i = 0; i < peers_listening(peers); i++)
        if (address_equal(peers_listening_at(peers, i), address))
            return true;
    return false;
}

/* Each address once: the same port cannot be opened twice. */
static void listen_classics(struct peers *peers, const struct options *options)
{
    if (options->listen_count == 0)
        listen_classic(peers, NULL);
    for (size_t i = 0; i < options->listen_count; i++) {
        struct address address;
        const struct hostport *where = &options->listens[i];
        if (!address_parse(where->host[0] ? where->host : "0.0.0.0", 5555, &address) ||
            !is_listened(peers, &address))
            listen_classic(peers, where);
    }
}

static bool listen_all(struct peers *peers, const struct options *options)
{
    static const struct listener_calls calls = {on_arrived, on_dropped};
    struct address addresses[2];
    peers->listener = listener_new(peers->links, &calls, peers);
    if (options->listen_count == 0)
        return listen_on(peers, addresses, any_of(PEERS_PORT, addresses));
    for (size_t i = 0; i < options->listen_count; i++) {
        const struct hostport *where = &options->listens[i];
        size_t count = 1;
        if (where->host[0] == '\0')
            count = any_of(where->port, addresses);
        else if (!address_parse(where->host, where->port, &addresses[0]))
            count = 0;
        if (count == 0) {
            say_listen(peers, true, "no-address",
                       N_("Port %s: this machine does not have that address."), where->port, 0);
            return false;
        }
        if (!listen_on(peers, addresses, count))
            return false;
    }
    return true;
}

bool peers_listen(struct peers *peers, const struct options *options)
{
    if (!listen_all(peers, options))
        return false;
    if (options->classic)
        listen_classics(peers, options);
    return true;
}

size_t peers_listening(const struct peers *peers)
{
    return peers->listener ? listener_count(peers->listener) : 0;
}

const struct address *peers_listening_at(const struct peers *peers, size_t index)
{
    return listener_address(peers->listener, index);
}

/* ---- guests ---- */

static void on_guest(void *self, const struct node_event *event)
{
    tell(self, event);
}

/* It was slow to hear our first bytes: once more, and this time no guest is looked for. The node is
 * told, who may have taken it for a guest and forgotten it: should this call fail, there are more.
 */
static void on_peer(void *self, const struct overlay_address *address)
{
    struct peers *peers = self;
    struct address to = to_net(address);
    if (peers->stopped)
        return;
    tell_found(peers, address, 0);
    if (is_called(peers, address))
        return;
    struct call *call = call_new(peers, address);
    call->dial = dial_new(peers->links, &to, 1, on_dialled, call);
}

static const char *own_name(void *self)
{
    const struct peers *peers = self;
    return peers->calls->name(peers->self);
}

/* Of any address of this machine only the loopback ones are known to be it. */
static bool is_ours(void *self, const struct address *address)
{
    const struct peers *peers = self;
    for (size_t i = 0; i < peers_listening(peers); i++) {
        const struct address *own = peers_listening_at(peers, i);
        bool here = address_same_host(own, address) ||
                    (address_is_any(own) && address_is_loopback(address));
        if (here && own->port == address->port)
            return true;
    }
    return false;
}

static void keep(void *self, struct span memory)
{
    const struct peers *peers = self;
    peers->calls->keep(peers->self, memory);
}

void peers_recall(struct peers *peers, struct span memory)
{
    guests_recall(peers->guests, memory);
}

void peers_guest(struct peers *peers, const struct node_effect *effect)
{
    guests_do(peers->guests, effect);
}

/* ---- the whole ---- */

struct peers *peers_new(struct loop *loop, const struct identity *identity, bool guests,
                        const struct peers_calls *calls, void *self)
{
    static const struct guests_calls guests_calls = {on_guest, on_native, on_peer,
                                                     own_name, is_ours,   keep};
    struct link_limits limits = LINK_LIMITS;
    limits.queue = QUEUE_MAX;
    struct peers *peers = xcalloc(1, sizeof *peers);
    peers->loop = loop;
    peers->context = tls_context_new(identity->secret); /* which begins with the seed */
    peers->calls = calls;
    peers->self = self;
    peers->links = links_new(loop, peers->context, limits);
    peers->guests = guests_new(loop, peers->links, guests, &guests_calls, peers);
    return peers;
}

static void drop(struct peers *peers)
{
    struct peer *peer, *next;
    struct call *call, *next_call;
    DL_FOREACH_SAFE(peers->calls_out, call, next_call)
    {
        dial_cancel(call->dial);
        if (call->resolve)
            resolve_cancel(call->resolve);
        call_free(call);
    }
    HASH_ITER(hh, peers->all, peer, next)
    {
        if (!peer->link)
            continue;
        link_close(peer->link);
        peer_end(peer);
    }
}

void peers_lose(struct peers *peers, bool (*keeps)(void *self, const struct address *own),
                void *self)
{
    links_lose(peers->links, keeps, self);
}

void peers_drop(struct peers *peers)
{
    drop(peers);
    guests_drop(peers->guests);
}

void peers_stop(struct peers *peers)
{
    if (peers->stopped)
        return;
    peers->stopped = true;
    if (peers->listener)
        listener_free(peers->listener);
    peers->listener = NULL;
    drop(peers);
    guests_stop(peers->guests);
}

bool peers_are_gone(const struct peers *peers)
{
    return links_count(peers->links) == 0 && guests_are_gone(peers->guests);
}

struct tls_context *peers_context(struct peers *peers)
{
    return peers->context;
}

void peers_free(struct peers *peers)
{
    if (!peers)
        return;
    peers_stop(peers);
    guests_free(peers->guests);
    links_free(peers->links);
    tls_context_free(peers->context);
    free(peers);
}
