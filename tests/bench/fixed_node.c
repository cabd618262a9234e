/* Two nodes that are linked, and one talks: what the node of each does, without disk and wire. */
#include "tests/unit/node_world.h"

#include "tests/bench/fixed.h"

enum { LINES = 400, LINES_A_MS = 10 };

static size_t talk(size_t counted)
{
    struct world *world = two();
    char line[128];
    fixed_watch(world->peers[counted].node);
    for (size_t i = 0; i < LINES; i++) {
        snprintf(line, sizeof line, "line %zu of what ana has to tell, as long as people write", i);
        type(world, 0, line);
        pass(world, LINES_A_MS);
    }
    fixed_watch(NULL);
    if (world->peers[1].shown < LINES)
        die("bruno did not hear all");
    world_free(world);
    return LINES;
}

size_t fixed_node_says(void)
{
    return talk(0);
}

size_t fixed_node_hears(void)
{
    return talk(1);
}
