/* overlay_sim: the overlay's figures, for one point or for the whole table.
 *
 *   overlay_sim [--nodes N] [--kill K | --split CYCLES | --border N] [--seeds A-B]
 *
 * `--split 0` cuts the mesh for a moment; `--border N` lets the last of N come and go at the border
 * of the full mesh. Without arguments, the whole table. Each point prints one line of JSON; exit
 * status 1 when one missed its target, 2 for a bad argument. */
#include "overlay_world.h"

#include "core/overlay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool number(const char *text, uint64_t most, uint64_t *into)
{
    char *end;
    *into = strtoull(text, &end, 10);
    return end != text && *end == '\0' && *text != '-' && *into <= most;
}

static bool seeds(const char *text, struct overlay_point *point)
{
    char first[32];
    size_t length = strcspn(text, "-");
    if (length >= sizeof first)
        return false;
    memcpy(first, text, length);
    first[length] = '\0';
    const char *last = text[length] ? text + length + 1 : first;
    return number(first, UINT32_MAX, &point->first_seed) &&
           number(last, UINT32_MAX, &point->last_seed) && point->first_seed <= point->last_seed;
}

static bool option(const char *name, const char *value, struct overlay_point *point)
{
    uint64_t n;
    if (strcmp(name, "--seeds") == 0)
        return seeds(value, point);
    if (strcmp(name, "--nodes") == 0 && number(value, 100000, &n) && n >= 2) {
        point->nodes = (size_t)n;
        return true;
    }
    if (strcmp(name, "--border") == 0 && number(value, OVERLAY_MESH + 1, &n) && n > 2) {
        point->nodes = (size_t)n;
        point->border = true;
        return true;
    }
    if (strcmp(name, "--kill") == 0 && number(value, 99, &n)) {
        point->kill = (unsigned)n;
        return true;
    }
    if (strcmp(name, "--split") == 0 && number(value, 10000, &n)) {
        point->split_cycles = (unsigned)n;
        return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    struct overlay_point point = {.nodes = 1000, .first_seed = 1, .last_seed = 1};
    bool reached = true;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !option(argv[i], argv[i + 1], &point)) {
            fprintf(
                stderr,
                "usage: %s [--nodes N] [--kill K | --split CYCLES | --border N] [--seeds A-B]\n",
                argv[0]);
            return 2;
        }
    }
    if (argc > 1)
        return overlay_point_run(&point, stdout) ? 0 : 1;
    for (size_t i = 0; i < overlay_point_count; i++)
        reached = overlay_point_run(&overlay_points[i], stdout) && reached;
    return reached ? 0 : 1;
}
