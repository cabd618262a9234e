/* Guests of the honest: people on plain dialects, as the engine of a link tells the node of them.
 * Their texts are clean and within their bounds, for dialect/guest.c makes them so; nothing else of
 * what they do has to make sense. */
#include "node_play.h"

#include "base/alloc.h"

#include <string.h>

static const struct kind {
    const char *dialect;
    bool spreads, quiet, ticks;
} KINDS[] = {
    {"", false, false, false},     {"dated", false, true, true},
    {"named", true, false, false}, {"join", false, false, false},
    {"piped", true, false, false}, {"neighbour", false, false, false},
};

static struct play_guests *guests_of(struct play *play, const struct peer *peer)
{
    struct play_guests *guests = &play->guests[peer->number];
    if (guests->life != peer->life)
        *guests = (struct play_guests){.life = peer->life};
    return guests;
}

/* What the node asks for: who is hung up on goes, and what wants an answer is remembered. */
void guests_told(struct world *world, struct peer *peer, const struct node_effect *effect)
{
    struct play_guests *guests = guests_of(world->self, peer);
    size_t at = 0;
    while (at < PLAY_GUESTS && (guests->links[at] == 0 || guests->links[at] != effect->link))
        at++;
    if (at == PLAY_GUESTS) {
        world_fail(world, "a guest is told something that is not there");
        return;
    }
    if (effect->kind == EFFECT_GUEST_HANG_UP)
        guests->ending[at] = true;
    if (effect->kind == EFFECT_GUEST_WORD && effect->guest.id)
        guests->word = effect->guest.id;
}

static void down(struct play *play, struct peer *peer, size_t at, bool again)
{
    struct play_guests *guests = guests_of(play, peer);
    struct node_event event = {.kind = EVENT_GUEST_DOWN, .link = guests->links[at]};
    event.guest.is = again;
    guests->ending[at] = false;
    if (!again)
        guests->links[at] = 0;
    peer_give(play->world, peer, &event);
}

static void up(struct play *play, struct peer *peer, size_t at)
{
    struct play_guests *guests = guests_of(play, peer);
    char name[PLAY_WORDS];
    uint8_t how = play_byte(play);
    const struct kind *kind = &KINDS[how % (sizeof KINDS / sizeof *KINDS)];
    if (guests->links[at] == 0)
        guests->links[at] = ++play->guest_links;
    struct node_event event = {.kind = EVENT_GUEST_UP, .link = guests->links[at]};
    event.guest.dialect = kind->dialect;
    event.guest.spreads = kind->spreads;
    event.guest.quiet = kind->quiet;
    event.guest.ticks = kind->ticks;
    event.guest.called = how & 64;
    event.guest.asked = how & 128;
    event.guest.same_as = how & 32 ? guests->links[(at + 1) % PLAY_GUESTS] : 0;
    event.guest.address = net_address(40 + (uint32_t)at, 0);
    event.guest.name = play_text(play, name, GUEST_NAME_MAX);
    if (event.guest.name.size == 0)
        event.guest.name = span_text("10.0.0.41");
    peer_give(play->world, peer, &event);
}

/* One of the things that it says, asks or does. */
static void act(struct play *play, struct peer *peer, size_t at)
{
    static const enum node_event_kind kinds[] = {
        EVENT_GUEST_SAID, EVENT_GUEST_SAID,  EVENT_GUEST_PRIVATE,
        EVENT_GUEST_WHO,  EVENT_GUEST_RINGS, EVENT_GUEST_HERE,
        EVENT_GUEST_ASKS, EVENT_GUEST_TICK,  EVENT_GUEST_TROUBLE};
    struct play_guests *guests = guests_of(play, peer);
    char name[PLAY_WORDS], text[PLAY_WORDS];
    uint8_t how = play_byte(play);
    struct node_event event = {.kind = kinds[how % (sizeof kinds / sizeof *kinds)],
                               .link = guests->links[at]};
    event.guest.dialect = "";
    event.guest.is = how & 64;
    event.guest.name = how & 128 ? span_text("peer1") : play_text(play, name, GUEST_NAME_MAX);
    event.guest.text = play_text(play, text, PLAY_WORDS);
    event.guest.id = guests->word;
    event.guest.trouble = (enum guest_trouble)(how / 16 % (GUEST_NO_READER + 1));
    peer_give(play->world, peer, &event);
}

void guests_happen(struct play *play)
{
    struct peer *peer = play_honest(play);
    uint8_t what = play_byte(play);
    size_t at = what / 4 % PLAY_GUESTS;
    if (!peer)
        return;
    const struct play_guests *guests = guests_of(play, peer);
    for (size_t i = 0; i < PLAY_GUESTS && peer->alive; i++)
        if (guests->ending[i])
            down(play, peer, i, false);
    if (guests->links[at] == 0 || what % 4 == 0)
        up(play, peer, at);
    else if (what % 4 == 3)
        down(play, peer, at, what & 64);
    else
        act(play, peer, at);
}
