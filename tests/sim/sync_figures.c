/* What sync costs, measured with the frames of the native dialect: catching up, coming back, few
 * differences among many authors, memory. Prints one JSON object; exit 1 where a target is missed.
 *
 *     sync_figures [--real] [--entries N]
 *
 * --real signs and checks with Ed25519; without, a cheap signer counts the same. */
#include "tests/sim/signer_fake.h"
#include "tests/sim/sync_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRY_TEXT = 100 }; /* characters of a message, about what people write */

static int missed;

static void figure(const char *name, double value, double most)
{
    bool ok = value <= most;
    missed += !ok;
    printf("%s\"%s\": {\"value\": %.3f, \"most\": %.3f, \"ok\": %s}", missed || name ? ", " : "",
           name, value, most, ok ? "true" : "false");
}

static void catch_up(const struct signer *signer, size_t entries)
{
    enum { AUTHORS = 10 };
    struct world *world = world_new(2, signer, 500);
    for (uint32_t i = 0; i < AUTHORS; i++) {
        struct identity author = world_person(i);
        world_fill(world, 0, &author, 1, entries / AUTHORS, ENTRY_TEXT, NULL);
    }
    world_link(world, 1, 0);
    if (!world_settle(world, 600000))
        die("two nodes do not come to agree");
    double bytes = (double)(world->bytes[0][1] + world->bytes[1][0]);
    figure("catch_up_checks", world->nodes[1].checks, 2000);
    figure("catch_up_bytes_ratio", bytes / (double)world_disk_bytes(world, 0), 1.15);
    printf(", \"catch_up_virtual_ms\": %llu", (unsigned long long)world->now);

    world_unlink(world, 0, 1);
    uint64_t before = world->bytes[0][1] + world->bytes[1][0];
    world_link(world, 0, 1);
    world_run(world, 120000);
    figure("reconnect_bytes", (double)(world->bytes[0][1] + world->bytes[1][0] - before), 2048);
    size_t link = sync_link_memory(world->nodes[0].sync, 2);
    figure("memory_per_idle_link", (double)link, 8192);
    world_free(world);
}

static void few_differ(const struct signer *signer)
{
    enum { AUTHORS = 10000, DIFFERENT = 5 };
    struct world *world = world_new(2, signer, 500);
    size_t empty = logs_memory(world->nodes[1].logs);
    for (uint32_t i = 0; i < AUTHORS; i++) {
        struct identity author = world_person(i);
        struct entry_tip tip = {.epoch = world_epoch(1)};
        struct entry *entry = world_entry(world, &author, &tip, ENTRY_TEXT, WORLD_START - 1000);
        world_put(world, 0, entry);
        world_put(world, 1, entry);
        if (i % (AUTHORS / DIFFERENT) == 0) {
            tip = entry_tip(entry);
            world_fill(world, i / (AUTHORS / DIFFERENT) % 2, &author, 1, 1, ENTRY_TEXT, &tip);
        }
        entry_drop(entry);
    }
    figure("memory_per_idle_author", (double)(logs_memory(world->nodes[1].logs) - empty) / AUTHORS,
           512);
    world_link(world, 0, 1);
    if (!world_settle(world, 60000))
        die("five rows do not come to agree");
    figure("five_rows_bytes", (double)(world->bytes[0][1] + world->bytes[1][0]), 24 * 1024);
    world_free(world);
}

int main(int count, char **arguments)
{
    const struct signer *signer = &signer_fake;
    size_t entries = 100000;
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--real") == 0)
            signer = &signer_real;
        else if (strcmp(arguments[i], "--entries") == 0 && i + 1 < count)
            entries = strtoul(arguments[++i], NULL, 10);
        else
            return fprintf(stderr, "usage: sync_figures [--real] [--entries N]\n"), 2;
    }
    printf("{\"signatures\": \"%s\", \"entries\": %zu", signer == &signer_real ? "real" : "fake",
           entries);
    catch_up(signer, entries);
    few_differ(signer);
    printf("}\n");
    return missed ? 1 : 0;
}
