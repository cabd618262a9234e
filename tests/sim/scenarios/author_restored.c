/* An author comes back from a backup: what she said since then is gone from her disk, and comes
 * back to her from the others; she goes on in a new epoch, and nothing forks. */
#include "tests/sim/scenarios/scenarios.h"

static void restore(struct world *world, struct peer *peer, struct disk *backup)
{
    peer_crash(world, peer);
    disk_done(&peer->disk);
    peer->disk = *backup;
    *backup = (struct disk){0};
    peer->restored = true;
    world->faults++;
}

void author_restored(struct world *world)
{
    struct peer *ana = world_peer(world, 0), *bruno = world_peer(world, 1);
    start_all(world, world->peer_count);
    until(world, is_connected, NULL, NULL, 4, "everyone is there");
    say_some(world, ana, 10);
    wait_ms(world, 2000);
    struct disk backup;
    disk_copy(&backup, &ana->disk);
    say_some(world, ana, 10);
    wait_ms(world, 2000);
    size_t said = entries_of(ana, bruno);

    restore(world, ana, &backup);
    peer_start(world, ana);
    say_some(world, ana, 3); /* before she can know of what was lost */
    all_is_well(world);
    expect(world, entries_of(ana, ana) >= said + 3, "her lost words came back to her");
    expect(world, entries_of(ana, bruno) == entries_of(ana, ana), "and nothing is lost elsewhere");
    for (size_t i = 0; i < bruno->disk.shelf_count; i++)
        expect(world, !bruno->disk.shelves[i]->fork[0], "nobody sees a fork");
    disk_done(&backup);
}
