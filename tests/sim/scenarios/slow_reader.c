/* One reads far slower than the other talks: live words are held back, and nothing is lost. */
#include "tests/sim/scenarios/scenarios.h"

enum {
    LINES = 900,
    LINE_BYTES = 3000, /* together more than a link may have waiting: */
    WAITING_MAX = SYNC_QUEUE_MAX + 128 * 1024,
};

static void says_much(struct world *world, struct peer *peer)
{
    char words[LINE_BYTES];
    world_words(world, words, sizeof words);
    size_t size = strlen(words);
    memset(words + size, 'w', sizeof words - size - 1);
    words[sizeof words - 1] = '\0';
    peer->words++;
    peer_type(world, peer, peer->room, words);
}

/* What ana has to write, on the link where she has most. */
static size_t waiting(const struct world *world, const struct peer *ana)
{
    size_t most = 0;
    for (size_t i = 0; i < world->net.count; i++)
        for (unsigned side = 0; world->net.wires[i] && side < 2; side++) {
            size_t size = world->net.wires[i]->way[side].out.length;
            if (world->net.wires[i]->node[side] == ana->number && size > most)
                most = size;
        }
    return most;
}

/* Nothing that ana writes is read for a second. */
static void stall(struct world *world, const struct peer *ana)
{
    for (size_t i = 0; i < world->net.count; i++)
        for (unsigned side = 0; world->net.wires[i] && side < 2; side++)
            if (world->net.wires[i]->node[side] == ana->number)
                net_stall(world, world->net.wires[i], side, world->now + 1000 * 1000);
}

void slow_reader(struct world *world)
{
    struct peer *ana = world_peer(world, 0), *bruno = world_peer(world, 1);
    start_knowing(world, ana, NULL);
    start_knowing(world, bruno, ana);
    until(world, is_connected, NULL, NULL, 4, "they meet");
    wait_ms(world, 10000);
    for (size_t i = 0; i < LINES; i++) {
        stall(world, ana);
        says_much(world, ana);
        wait_ms(world, 10);
    }
    expect(world, !has_all_of(world, bruno, ana), "bruno reads nothing for a while");
    expect(world, waiting(world, ana) > SYNC_QUEUE_MAX / 2, "much waits for him");
    expect(world, waiting(world, ana) < WAITING_MAX, "and not without bound");
    until(world, has_all_of, bruno, ana, 4, "he has read all of it");
    wait_ms(world, 5000);
    says(world, ana);
    wait_ms(world, 1000);
    expect(world, has_all_of(world, bruno, ana), "what is said now is with him at once");
    all_is_well(world);
}
