/* Storms: random links, crashes, full disks and a liar, in any order; afterwards all nodes agree
 * within five repair cycles. STORMS=FIRST-LAST looks at other seeds. */
#include "unit.h"

#include "base/sys.h"
#include "sync_stories.h"

/* ---- storms: anything, in any order ---- */

struct storm {
    struct world *world;
    struct sys sys;
    struct sys_fake fake;
    bool liar; /* node 0 alters what it passes on */
};

static bool chance(struct storm *storm, uint64_t of)
{
    return sys_random_below(&storm->sys, of) == 0;
}

static bool storm_tamper(void *self, size_t from, size_t to, struct frame *frame)
{
    struct storm *storm = self;
    (void)to;
    if (!storm->liar || from != 0 || frame->kind != FRAME_ENTRIES)
        return true;
    for (size_t i = 0; i < frame->entries.count; i++)
        if (chance(storm, 40))
            ((uint8_t *)(uintptr_t)frame->entries.entries[i].bytes.bytes)[20] ^= 1;
    return !chance(storm, 10);
}

static void storm_link(struct storm *storm)
{
    struct world *world = storm->world;
    size_t a = sys_random_below(&storm->sys, world->count);
    size_t b = sys_random_below(&storm->sys, world->count);
    if (a == b)
        return;
    if (!world->up[a][b])
        world_link(world, a, b);
    else if (chance(storm, 3))
        world_unlink(world, a, b);
    else
        world->stalled[a][b] = !world->stalled[a][b];
    world->delay[a][b] = 1 + sys_random_below(&storm->sys, 30);
}

static void resume(struct world *world, size_t node)
{
    world->nodes[node].store_fails = false;
    world_event(world, node, &(struct sync_event){.kind = SYNC_RESUME});
}

static void storm_disk(struct storm *storm, size_t at)
{
    struct world_node *node = &storm->world->nodes[at];
    node->store_swap = chance(storm, 2);
    node->store_ms = sys_random_below(&storm->sys, 40);
    node->check_ms = sys_random_below(&storm->sys, 10);
    node->read_ms = sys_random_below(&storm->sys, 10);
    if (node->store_fails)
        resume(storm->world, at);
    else
        node->store_fails = chance(storm, 4);
}

/* An epoch in which something was lost is not gone on with. */
static void storm_say(struct storm *storm, size_t at)
{
    struct world_node *node = &storm->world->nodes[at];
    static unsigned lost[WORLD_NODES];
    if (node->lost != lost[at] || node->ahead) {
        sys_random(&storm->sys, node->tip.epoch.bytes, EPOCH_BYTES);
        node->tip.seq = 0;
        lost[at] = node->lost;
        node->ahead = 0;
    }
    size_t words = 1 + sys_random_below(&storm->sys, 40);
    while (words-- > 0)
        world_say(storm->world, at, "word");
}

static void storm_step(struct storm *storm)
{
    struct world *world = storm->world;
    size_t at = sys_random_below(&storm->sys, world->count);
    switch (sys_random_below(&storm->sys, 8)) {
    case 0:
        if (chance(storm, 3))
            world_restart(world, at);
        break;
    case 1:
        storm_disk(storm, at);
        break;
    case 2:
    case 3:
        if (!world->nodes[at].store_fails)
            storm_say(storm, at);
        break;
    default:
        storm_link(storm);
        break;
    }
    world_run(world, sys_random_below(&storm->sys, chance(storm, 10) ? 5000 : 60));
}

static void storm_end(struct storm *storm)
{
    struct world *world = storm->world;
    storm->liar = false;
    for (size_t a = 0; a < world->count; a++)
        world->nodes[a].store_fails = false;
    world_run(world, 100); /* until the last commit that fails has failed */
    for (size_t a = 0; a < world->count; a++) {
        resume(world, a);
        for (size_t b = 0; b < world->count; b++) {
            world->stalled[a][b] = false;
            if (a < b && world->up[a][b] && chance(storm, 2))
                world_unlink(world, a, b);
        }
    }
    /* Who altered words is met anew: the old links leave it alone for ten minutes. */
    for (size_t b = 1; b < world->count; b++) {
        world_unlink(world, 0, b);
        if (!world->up[b - 1][b])
            world_link(world, b - 1, b);
    }
}

static void storm(uint64_t seed)
{
    struct storm storm = {.fake = {.seed = seed}};
    storm.sys = sys_fake(&storm.fake);
    storm.world = world_of(3 + seed % 4);
    storm.liar = seed % 3 == 0;
    storm.world->tamper = storm_tamper;
    storm.world->tamper_self = &storm;
    for (uint32_t i = 0; i < 6; i++) {
        struct identity author = world_person(i);
        size_t a = sys_random_below(&storm.sys, storm.world->count);
        size_t b = (a + 1) % storm.world->count;
        if (i == 0)
            fill_fork(storm.world, a, b, &author, sys_random_below(&storm.sys, 200),
                      sys_random_below(&storm.sys, 200), 1);
        else
            world_fill(storm.world, a, &author, 1, sys_random_below(&storm.sys, 900), TEXT, NULL);
    }
    for (int i = 0; i < 200; i++)
        storm_step(&storm);
    storm_end(&storm);
    if (!world_settle(storm.world, 50000))
        fail_msg("storm %llu does not settle in five repair cycles", (unsigned long long)seed);
    for (size_t i = 0; i < storm.world->count; i++)
        assert_true(world_same(storm.world, 0, i));
    world_free(storm.world);
}

static void storms(void **state)
{
    (void)state;
    const char *seeds = getenv("STORMS"); /* FIRST-LAST, to look for more */
    unsigned long long first = 1, last = 60;
    if (seeds) {
        char *end;
        first = strtoull(seeds, &end, 10);
        last = *end == '-' ? strtoull(end + 1, NULL, 10) : first;
    }
    for (unsigned long long seed = first; seed <= last; seed++)
        storm(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(storms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
