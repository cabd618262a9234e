/* Whole nodes: an input is a play of two honest peers and one who lies, in the simulator's world
 * (tests/sim). Each of its bytes is something that happens, or says how: words typed, frames and
 * entries of the liar, guests, cut wires, full disks, crashes, wrong clocks, time. What must always
 * hold (DESIGN.md) is looked at after every step; and at the end, if the input wants that, all is
 * well again within the promised time.
 *
 * The first byte is the seed of what the input does not choose, the second what the liar does by
 * itself, the third says how much disk there is, and how the play ends. */
#include "node_play.h"

#include "base/alloc.h"
#include "base/clean.h"
#include "base/text.h"
#include "core/model.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    HAPPENINGS = 200, /* of one input: some minutes of everybody's time */
    STEP_MS = 2,      /* passes after each */
};

/* ---- what the input says ---- */

uint8_t play_byte(struct play *play)
{
    if (play->size == 0)
        return 0;
    play->size--;
    return *play->next++;
}

uint64_t play_number(struct play *play, uint64_t near)
{
    static const uint64_t EDGES[] = {
        0,          1,      ENTRY_NUMBER_MAX, ENTRY_NUMBER_MAX - 1, UINT64_MAX, UINT64_C(1) << 63,
        UINT32_MAX, RUN_MAX};
    uint8_t which = play_byte(play);
    if (which < 96)
        return which;
    if (which < 224)
        return near + which % 16 - 4;
    return EDGES[which % 8];
}

struct span play_bytes(struct play *play, char *into)
{
    size_t size = play_byte(play);
    size = size < play->size ? size : play->size;
    memcpy(into, play->next, size);
    play->next += size;
    play->size -= size;
    return span_of(into, size);
}

struct span play_text(struct play *play, char *into, size_t most)
{
    size_t size;
    struct span bytes = play_bytes(play, into);
    char *clean = text_clean((const char *)bytes.bytes, bytes.size, CLEAN_LINE, &size);
    size = text_cut(clean, size, most < PLAY_WORDS ? most : PLAY_WORDS - 1);
    memcpy(into, clean, size);
    free(clean);
    return span_of(into, size);
}

/* Chance, as the simulator asks for it: the input says, while it chooses. */
static void chance(void *self, void *into, size_t size)
{
    struct play *play = self;
    struct sys fake = sys_fake(&play->fake);
    uint64_t value;
    sys_random(&fake, into, size);
    if (!play->choosing || size != sizeof value || play->size == 0)
        return;
    uint8_t byte = play_byte(play);
    value = byte;
    if (byte < 240) /* else far away */
        memcpy(into, &value, sizeof value);
}

struct peer *play_peer(struct play *play)
{
    return world_peer(play->world, play_byte(play) % (uint32_t)play->world->peer_count);
}

struct peer *play_honest(struct play *play)
{
    struct peer *peer = play_peer(play);
    return peer->alive && !peer->leaving && peer_honest(peer) ? peer : NULL;
}

/* ---- what happens ---- */

static void pass(struct play *play)
{
    static const uint64_t ms[] = {10, 50, 200, 600, 2100, 5000, 10500, 31000};
    world_run(play->world, ms[play_byte(play) % 8]);
}

static void say(struct play *play)
{
    struct peer *peer = play_honest(play);
    size_t count = 1 + play_byte(play) % 8;
    while (peer && count-- > 0 && peer->alive)
        says(play->world, peer);
}

static const char *room_of(uint8_t which)
{
    static const char *const rooms[] = {"#everyone", "#lab", "#kitchen"};
    return rooms[which % 3];
}

/* What people type; where a name is needed, one that is there. */
static void command(struct play *play)
{
    static const char *const lines[] = {
        "/me waves",
        "/join #lab",
        "/join #kitchen",
        "/leave",
        "/leave because",
        "/away lunch",
        "/away",
        "/peers",
        "/rooms",
        "/search words",
        "/topic tea",
        "/topic \"\"",
        "/name nova",
        "/name peer1",
        "/who-got",
        "/info peer1",
        "/call peer0",
        "/call",
        "/ignore peer1",
        "/block peer3",
        "/block peer1",
        "/verify peer2",
        "/trust peer0",
        "/alias peer2 bea",
        "/invite peer2 #lab",
        "/whisper peer1",
        "/whisper bob hola",
        "/invite bob #lab",
        "/retry",
        "/disconnect peer2",
        "/disconnect bob",
        "/connect 10.0.0.2:9999",
        "/connect 10.0.0.9:9999 dated",
        "/search from:peer1 words",
        "/whisper peer1,peer2 hola",
        "/nonsense",
        "/name bob",
    };
    struct peer *peer = play_honest(play);
    uint8_t which = play_byte(play);
    if (peer)
        peer_type(play->world, peer, peer->room, lines[which % (sizeof lines / sizeof *lines)]);
}

static void line(struct play *play)
{
    char words[PLAY_WORDS];
    struct peer *peer = play_honest(play);
    struct span text = play_bytes(play, words);
    struct node_event event = {.kind = EVENT_LINE};
    if (!peer)
        return;
    event.line.number = ++play->world->marks;
    event.line.conversation = peer->room;
    event.line.bytes = (const char *)text.bytes;
    event.line.size = text.size;
    peer_give(play->world, peer, &event);
}

static void whisper(struct play *play)
{
    struct peer *from = play_honest(play), *to = play_peer(play);
    if (from && to != from)
        peer_whisper(play->world, from, to);
}

static void look(struct play *play)
{
    struct peer *peer = play_honest(play);
    uint8_t how = play_byte(play);
    if (!peer)
        return;
    struct node_event event = {.kind = EVENT_SCROLL};
    if (how & 1) {
        peer->room = room_of(how / 2);
        peer_give(play->world, peer, &(struct node_event){.kind = EVENT_OPEN, .open = peer->room});
        return;
    }
    event.scroll.how = (enum node_scroll)(how / 2 % (NODE_SCROLL_DOWN + 1));
    event.scroll.conversation = peer->room;
    if (how & 64)
        event.scroll.at.key = play_number(play, peer_now(play->world, peer).wall_ms);
    peer_give(play->world, peer, &event);
}

static void hear(struct play *play)
{
    static const enum found ways[] = {FOUND_BEACON, FOUND_SCAN, FOUND_REMEMBERED, FOUND_TOLD,
                                      FOUND_ASKED};
    struct peer *peer = play_honest(play);
    uint8_t how = play_byte(play);
    uint32_t whom = play_byte(play) % (PLAY_PEERS + 4);
    if (!peer)
        return;
    if (how % 8 == 7)
        peer_give(play->world, peer, &(struct node_event){.kind = EVENT_NETWORK});
    else
        peer_hear(play->world, peer, whom, ways[how % 8 % 5]);
}

static void fault(struct play *play)
{
    size_t which = play_byte(play) % nemesis_faults();
    play->choosing = true;
    nemesis_strike(play->nemesis, which);
    play->choosing = false;
}

static void mischief(struct play *play)
{
    struct peer *liar = world_peer(play->world, PLAY_LIAR);
    enum mischief which = (enum mischief)(play_byte(play) % MISCHIEF_COUNT);
    play->choosing = true;
    if (liar->alive)
        byzantine_invent(play->world, liar, which);
    play->choosing = false;
}

static void start(struct play *play)
{
    struct peer *peer = play_peer(play);
    storage_full(play->world, peer, false);
    peer->slow = 1;
    peer_start(play->world, peer);
}

static void happen(struct play *play)
{
    static void (*const happenings[])(struct play * play) = {
        pass,         pass,          say,   say,        command,      line,         whisper,
        look,         hear,          fault, fault,      mischief,     liar_frame,   liar_frame,
        liar_entries, guests_happen, start, liar_frame, liar_entries, guests_happen};
    happenings[play_byte(play) % (sizeof happenings / sizeof *happenings)](play);
}

/* ---- what is looked at ---- */

static void model_look(const struct model *model)
{
    if (model->row_count > 3 * MODEL_PEOPLE_ROWS)
        die("more rows than a sidebar has");
}

/* Everything of everybody, although nothing may have touched it. */
static void nodes_look(const struct play *play)
{
    struct world *world = play->world;
    for (uint32_t i = 0; i < world->peer_count && !world->failed; i++) {
        struct peer *peer = world_peer(world, i);
        if (!peer->alive || !peer_honest(peer))
            continue;
        invariants_peer(world, peer);
        model_look(node_model(peer->node));
        node_drawn(peer->node);
    }
    if (world->failed)
        die("%s", world->why);
}

/* ---- the whole ---- */

/* In small meshes who lied may stay; then it behaves. */
static void ends_well(struct play *play)
{
    struct world *world = play->world;
    struct peer *liar = world_peer(world, PLAY_LIAR);
    world->quiet = true;
    nemesis_end(play->nemesis);
    byzantine_calm(liar);
    liar->gone = true;
    peer_crash(world, liar);
    all_is_well(world);
    nodes_look(play);
}

static void begins(struct play *play)
{
    uint8_t seed = play_byte(play), mischiefs = play_byte(play), how = play_byte(play);
    struct world_options options = {.seed = seed + 1u, .nodes = PLAY_PEERS, .every = 1};
    struct world *world = world_new(&options);
    play->world = world;
    play->fake.seed = seed;
    world->sys = (struct sys){.random = chance, .self = play};
    world->self = play;
    world->guests = guests_told;
    world->beacons = !(how & 2);
    for (uint32_t i = 0; how & 4 && i < PLAY_HONEST; i++)
        world_peer(world, i)->retention.author_entries = 3 + (how >> 4);
    byzantine_make(world, world_peer(world, PLAY_LIAR), mischiefs);
    play->nemesis = nemesis_new(world, 0);
    liar_init(play);
    start_all(world, PLAY_PEERS);
    world_run(world, 500);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    struct play play = {.next = data, .size = size};
    if (!started)
        core_start();
    started = true;
    if (size < 3)
        return 0;
    begins(&play);
    nodes_look(&play);
    for (size_t i = 0; i < HAPPENINGS && play.size; i++) {
        happen(&play);
        world_run(play.world, STEP_MS);
        nodes_look(&play);
    }
    if (data[2] % 8 == 1)
        ends_well(&play);
    nemesis_free(play.nemesis);
    world_free(play.world);
    return 0;
}
