/* Links to peers: proof, hello, ping, and their end. Nothing of a link is taken before it has said
 * hello, nor before it has proved the mesh's secret where there is one. */
#include "core/node_parts.h"

struct node_link *node_link(const struct node *node, uint32_t number)
{
    for (size_t i = 0; i < node->link_count; i++)
        if (node->links[i]->number == number && node->links[i]->state != LINK_DEAD)
            return node->links[i];
    return NULL;
}

void node_send(struct node *node, const struct node_link *link, const struct frame *frame)
{
    struct node_effect *effect = node_effect(node, EFFECT_SEND);
    struct frame *copy = node_effect_room(effect, 1, sizeof *copy);
    *copy = *frame;
    effect->link = link->number;
    effect->frame = copy;
}

/* ---- the end ---- */

static void close_effect(struct node *node, uint32_t number, enum disconnect_reason reason)
{
    struct node_effect *effect = node_effect(node, EFFECT_CLOSE);
    effect->link = number;
    effect->close = reason;
}

/* The overlay waits for every dial of its, and the user for those that they asked for. */
static void dial_over(struct node *node, const struct node_link *link, bool known)
{
    if (!known)
        node_mesh_event(node, &(struct overlay_event){.kind = OVERLAY_DIAL_FAILED,
                                                      .dial_failed = link->address});
    if (link->fault == CALL_LINKED)
        node_call_doubled(node, link);
    else
        node_call_failed(node, &link->address, link->fault);
    node_calls_go_on(node);
}

static void link_forget(struct node *node, struct node_link *link)
{
    bool known = link->known;
    if (link->state == LINK_READY)
        node->ready_count--;
    link->state = LINK_DEAD;
    link->known = false;
    node->link_died = true;
    node_acks_link_gone(node, link);
    if (link->dialled)
        dial_over(node, link, known);
    if (!known)
        return;
    node_mesh_event(node, &(struct overlay_event){.kind = OVERLAY_LINK_DOWN, .link = link->number});
    node_sync_event(node, &(struct sync_event){.kind = SYNC_LINK_DOWN, .link = link->number});
    struct person *person = roster_person(node->roster, &link->peer);
    if (!person || person->self)
        return;
    roster_link_down(node->roster, person, link->number, !link->spared, node->now.wall_ms);
    node_person_keep(node, person);
    node_person_tell(node, person, person_best_link(person) ? NODE_PEER_CHANGED : NODE_PEER_DOWN);
}

void node_link_down(struct node *node, struct node_link *link, enum call_fault fault)
{
    if (link->state == LINK_DEAD)
        return;
    if (!fault)
        fault = CALL_HUNG_UP;
    if (fault == CALL_HUNG_UP && link->state == LINK_PROOF)
        fault = CALL_SECRET; /* PROTOCOL: "otherwise closes without a word" */
    link->fault = fault;
    link_forget(node, link);
}

void node_link_close(struct node *node, struct node_link *link, enum disconnect_reason reason,
                     bool tell)
{
    if (link->state == LINK_DEAD)
        return;
    link->spared = link->spared || tell; /* they are still there, for others */
    if (tell && link->state != LINK_PROOF)
        node_send(node, link, &(struct frame){.kind = FRAME_DISCONNECT, .reason = reason});
    close_effect(node, link->number, reason);
    link_forget(node, link);
}

void node_links_sweep(struct node *node)
{
    if (!node->link_died)
        return;
    node->link_died = false;
    size_t kept = 0;
    for (size_t i = 0; i < node->link_count; i++) {
        if (node->links[i]->state == LINK_DEAD)
            free(node->links[i]);
        else
            node->links[kept++] = node->links[i];
    }
    node->link_count = kept;
}

/* ---- the beginning ---- */

static void proof_of(const struct node *node, const struct node_link *link, bool ours,
                     struct mesh_proof *into)
{
    const struct id *self = &node->config.identity->id;
    bool caller = ours == link->dialled;
    *into = mesh_prove(&node->key, caller ? MESH_CALLER : MESH_LISTENER, link->exported,
                       link->dialled ? self : &link->peer, link->dialled ? &link->peer : self);
}

static void proof_send(struct node *node, const struct node_link *link)
{
    struct frame frame = {.kind = FRAME_PROOF};
    proof_of(node, link, true, &frame.proof);
    node_send(node, link, &frame);
}

static void hello_send(struct node *node, struct node_link *link)
{
    struct frame frame = {.kind = FRAME_HELLO};
    frame.hello = (struct frame_hello){.version = PROTOCOL_VERSION,
                                       .net = node->config.net,
                                       .port = node->config.port,
                                       .component = *overlay_component(&node->overlay)};
    memcpy(frame.hello.instance, node->instance, sizeof node->instance);
    link->state = LINK_HELLO;
    struct node_effect *effect = node_effect(node, EFFECT_SEND);
    struct frame *copy = node_effect_room(effect, 1, sizeof *copy);
    *copy = frame;
    copy->hello.name = node_effect_span(effect, span_text(node->name));
    effect->link = link->number;
    effect->frame = copy;
}

static uint16_t slot_free(const struct node *node)
{
    for (uint16_t slot = 0;; slot++) {
        bool used = false;
        for (size_t i = 0; i < node->link_count && !used; i++)
            used = node->links[i]->slot == slot && node->links[i]->state != LINK_DEAD;
        if (!used)
            return slot;
    }
}

static struct node_link *link_add(struct node *node, const struct node_event *event)
{
    struct node_link *link = xcalloc(1, sizeof *link);
    *link = (struct node_link){.number = event->link,
                               .slot = slot_free(node),
                               .dialled = event->up.dialled,
                               .peer = event->up.peer,
                               .address = event->up.address,
                               .since = node->now.mono_ms,
                               .heard = node->now.mono_ms};
    link->found = FOUND_CALLED_US;
    if (link->dialled)
        link->found = node_found(node, &link->address);
    else
        link->address.port = 0;
    memcpy(link->exported, event->up.exported, sizeof link->exported);
    if (node->link_count == node->link_room) {
        node->link_room = node->link_room ? node->link_room * 2 : 8;
        node->links = xrealloc(node->links, node->link_room, sizeof(struct node_link *));
    }
    node->links[node->link_count++] = link;
    return link;
}

static size_t links_alive(const struct node *node)
{
    size_t count = 0;
    for (size_t i = 0; i < node->link_count; i++)
        count += node->links[i]->state != LINK_DEAD;
    return count;
}

void node_link_up(struct node *node, const struct node_event *event)
{
    const struct person *person = roster_person(node->roster, &event->up.peer);
    if (links_alive(node) >= NODE_LINKS || node->leaving || (person && person->blocked)) {
        bool blocked = person && person->blocked;
        enum disconnect_reason reason = node->leaving ? DISCONNECT_LEAVING
                                        : blocked     ? DISCONNECT_UNWELCOME
                                                      : DISCONNECT_FULL;
        struct node_link nobody = {.number = event->link,
                                   .address = event->up.address,
                                   .fault = blocked ? CALL_BLOCKED : CALL_NO_ROOM};
        if (!node->config.key)
            node_send(node, &nobody, &(struct frame){.kind = FRAME_DISCONNECT, .reason = reason});
        close_effect(node, event->link, reason);
        if (event->up.dialled)
            dial_over(node, &nobody, false);
        return;
    }
    struct node_link *link = link_add(node, event);
    link->state = node->config.key ? LINK_PROOF : LINK_HELLO;
    if (!node->config.key)
        hello_send(node, link);
    else if (link->dialled)
        proof_send(node, link);
}

/* `fault`: what a user who called there is told. */
static void link_refuse(struct node *node, struct node_link *link, enum disconnect_reason reason,
                        bool tell, enum call_fault fault)
{
    link->fault = fault;
    node_link_close(node, link, reason, tell);
}

static void proof_handle(struct node *node, struct node_link *link, const struct mesh_proof *proof)
{
    struct mesh_proof theirs;
    proof_of(node, link, false, &theirs);
    if (!mesh_proof_equal(&theirs, proof)) {
        struct message message =
            message_make("wrong-secret", N_("Somebody who does not know this mesh's secret was "
                                            "turned away."));
        if (!link->dialled)
            node_notice_seldom(node, &message);
        link_refuse(node, link, DISCONNECT_NET, false, CALL_SECRET);
        return;
    }
    if (!link->dialled)
        proof_send(node, link);
    hello_send(node, link);
}

/* ---- hello ---- */

static bool is_loopback(const struct overlay_address *address)
{
    static const uint8_t four[13] = {[10] = 0xff, [11] = 0xff, [12] = 127};
    static const uint8_t six[16] = {[15] = 1};
    return memcmp(address->ip, four, sizeof four) == 0 || memcmp(address->ip, six, sizeof six) == 0;
}

/* Whether who is linked is taken as an author, whatever the quota of strangers says. */
static bool link_admits(const struct node *node, const struct node_link *link)
{
    size_t same = 0;
    for (size_t i = 0; i < node->link_count; i++) {
        const struct node_link *other = node->links[i];
        same += other != link && other->known &&
                memcmp(other->address.ip, link->address.ip, sizeof link->address.ip) == 0;
    }
    return same < NODE_ADMITTED || is_loopback(&link->address);
}

static void person_up(struct node *node, struct node_link *link, struct span name)
{
    struct person *person = node_person(node, &link->peer, true);
    if (!person || person->self)
        return;
    bool first = !person_best_link(person);
    if (!roster_link_up(node->roster, person, link->number, &link->address, link->found,
                        node->now.wall_ms))
        first = false;
    if (link->dialled)
        node_person_unreached(node, &link->address, person);
    node_person_name(node, person, name);
    node_person_vouch(node, person);
    node_person_keep(node, person);
    node_person_tell(node, person, first ? NODE_PEER_UP : NODE_PEER_CHANGED);
}

static void link_ready(struct node *node, struct node_link *link, const struct frame_hello *hello)
{
    memcpy(link->instance, hello->instance, sizeof link->instance);
    link->state = LINK_READY;
    link->known = true;
    node->ready_count++;
    node_mesh_up(node, link, hello);
    if (link->state != LINK_READY)
        return; /* the overlay would not have it */
    if (link->dialled) {
        node_call_reached(node, link);
        node_calls_go_on(node);
    }
    person_up(node, link, hello->name);
    if (node->met == UINT64_MAX)
        node->met = node->now.mono_ms;
    struct sync_event event = {.kind = SYNC_LINK_UP, .link = link->number};
    event.up.peer = link->peer;
    event.up.caller = link->dialled;
    event.up.admit = link_admits(node, link);
    node_sync_event(node, &event);
    node_send(node, link, &(struct frame){.kind = FRAME_ACKS_WANTED});
    sys_random(node->config.sys, &link->ping, sizeof link->ping);
    link->pinged = node->now.mono_ms;
    node_send(node, link, &(struct frame){.kind = FRAME_PING, .token = link->ping});
    if (node->config.greet && !node->greeted)
        node_talk_profile(node);
}

/* Who asked for this link is told why it ended; all others here, and seldom. */
static void version_told(struct node *node, const struct node_link *link)
{
    node->clashes++;
    if (link->dialled && node_call_waits(node, &link->address))
        return;
    struct message message = message_make(
        "other-version", N_("Somebody speaks another version of the protocol: one of you needs a "
                            "newer program."));
    node_notice_seldom(node, &message);
}

static void hello_handle(struct node *node, struct node_link *link, const struct frame_hello *hello)
{
    if (hello->version != PROTOCOL_VERSION) {
        version_told(node, link);
        link_refuse(node, link, DISCONNECT_VERSION, true, CALL_VERSION);
        return;
    }
    if (!hash_equal(&hello->net, &node->config.net)) {
        link_refuse(node, link, DISCONNECT_NET, true, CALL_OTHER_MESH);
        return;
    }
    if (!link->dialled)
        link->address.port = hello->port;
    link_ready(node, link, hello);
}

/* ---- frames ---- */

static void ping_heard(struct node *node, struct node_link *link, uint64_t token)
{
    if (link->pinged == 0 || token != link->ping)
        return;
    uint64_t ms = node->now.mono_ms - link->pinged;
    link->pinged = 0;
    struct person *person = roster_person(node->roster, &link->peer);
    if (!person || person->self)
        return;
    roster_rtt(node->roster, person, link->number, ms ? (uint32_t)ms * 1000 : 500);
}

static enum call_fault fault_of(uint32_t reason)
{
    switch (reason) {
    case DISCONNECT_LEAVING:
        return CALL_LEAVING;
    case DISCONNECT_FULL:
        return CALL_FULL;
    case DISCONNECT_VERSION:
        return CALL_VERSION;
    case DISCONNECT_NET:
        return CALL_OTHER_MESH;
    case DISCONNECT_UNWELCOME:
        return CALL_UNWELCOME;
    default: /* a number of theirs, no enum of ours */
        return CALL_HUNG_UP;
    }
}

static void disconnect_heard(struct node *node, struct node_link *link, uint32_t reason)
{
    link->spared = reason != DISCONNECT_LEAVING;
    if (reason == DISCONNECT_VERSION)
        version_told(node, link);
    link_refuse(node, link, DISCONNECT_OTHER, false, fault_of(reason));
}

static void frame_ready(struct node *node, struct node_link *link, const struct frame *frame)
{
    switch (frame->kind) {
    case FRAME_UNKNOWN:
        return;
    case FRAME_PROOF:
        if (!node->config.key)
            return;
        node_link_close(node, link, DISCONNECT_MALFORMED, true);
        return;
    case FRAME_HELLO:
        node_link_close(node, link, DISCONNECT_MALFORMED, true);
        return;
    case FRAME_PING:
        node_send(node, link, &(struct frame){.kind = FRAME_PONG, .token = frame->token});
        return;
    case FRAME_PONG:
        ping_heard(node, link, frame->token);
        return;
    case FRAME_DISCONNECT:
        disconnect_heard(node, link, frame->reason);
        return;
    case FRAME_ACKS:
        node_acks(node, link, &frame->acks);
        return;
    case FRAME_ACKS_WANTED:
        node_acks_wanted(node, link);
        return;
    case FRAME_OVERLAY:
        node_mesh_message(node, link, &frame->overlay);
        return;
    case FRAME_ENTRIES:
    case FRAME_DIGEST:
    case FRAME_BUCKETS:
    case FRAME_ROWS:
    case FRAME_HEADS:
    case FRAME_WANT:
    case FRAME_LACK:
    case FRAME_HEIGHTS:
    case FRAME_HASHES:
    case FRAME_FORK:
    case FRAME_UNWANTED:
        node_sync_event(
            node, &(struct sync_event){.kind = SYNC_FRAME, .link = link->number, .frame = frame});
        return;
    }
}

/* Before hello. */
static void frame_early(struct node *node, struct node_link *link, const struct frame *frame)
{
    bool proof = link->state == LINK_PROOF;
    if (proof && frame->kind == FRAME_PROOF)
        proof_handle(node, link, &frame->proof);
    else if (!proof && frame->kind == FRAME_HELLO)
        hello_handle(node, link, &frame->hello);
    else if (!proof && frame->kind == FRAME_DISCONNECT)
        disconnect_heard(node, link, frame->reason);
    else if (proof && frame->kind == FRAME_DISCONNECT)
        link_refuse(node, link, DISCONNECT_MALFORMED, true, fault_of(frame->reason));
    else if (proof && frame->kind == FRAME_HELLO)
        link_refuse(node, link, DISCONNECT_MALFORMED, true, CALL_NO_SECRET);
    else if (proof ||
             (frame->kind != FRAME_UNKNOWN && (frame->kind != FRAME_PROOF || node->config.key)))
        link_refuse(node, link, DISCONNECT_MALFORMED, true, CALL_STRANGE);
}

void node_frame(struct node *node, struct node_link *link, const struct frame *frame)
{
    link->heard = node->now.mono_ms;
    if (link->state == LINK_READY)
        frame_ready(node, link, frame);
    else
        frame_early(node, link, frame);
}

/* ---- time ---- */

static uint64_t link_due(const struct node_link *link)
{
    if (link->state == LINK_DEAD)
        return UINT64_MAX;
    if (link->state != LINK_READY)
        return link->since + NODE_HANDSHAKE_MS;
    bool asked = link->pinged && link->pinged >= link->heard;
    return link->heard + (asked ? NODE_DEAD_MS : NODE_PING_MS);
}

uint64_t node_links_due(const struct node *node)
{
    uint64_t due = UINT64_MAX;
    for (size_t i = 0; i < node->link_count; i++) {
        uint64_t at = link_due(node->links[i]);
        due = at < due ? at : due;
    }
    return due;
}

static void link_tick(struct node *node, struct node_link *link)
{
    uint64_t silent = node->now.mono_ms - link->heard;
    if (link->state != LINK_READY) {
        link_refuse(node, link, DISCONNECT_OTHER, false, CALL_MUTE);
    } else if (silent >= NODE_DEAD_MS) {
        node_link_close(node, link, DISCONNECT_OTHER, false);
    } else {
        sys_random(node->config.sys, &link->ping, sizeof link->ping);
        link->pinged = node->now.mono_ms;
        node_send(node, link, &(struct frame){.kind = FRAME_PING, .token = link->ping});
    }
}

void node_links_tick(struct node *node)
{
    size_t count = node->link_count;
    for (size_t i = 0; i < count; i++)
        if (link_due(node->links[i]) <= node->now.mono_ms)
            link_tick(node, node->links[i]);
}
