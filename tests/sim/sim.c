/* sim: whole nodes in a simulated world.
 *
 *   sim --scenario NAME [--nodes N|A-B] [--seeds A-B] [--steps K] [--first] [--real] [--trace]
 *
 * One JSON line for each seed that failed, with the command that repeats it, and one at the end.
 * Every tenth seed runs twice and must do the same twice; every sixteenth has real signatures.
 * Exit status 1 when anything failed, 2 for a bad argument. */
#include "tests/sim/overlay_world.h"
#include "tests/sim/story.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    TWICE = 10,
    REAL = 16,
};

struct request {
    const struct scenario *scenario;
    const char *program;
    uint64_t first_seed, last_seed;
    size_t least, most;
    uint64_t steps;
    bool trace;
    bool overlay;
    bool real;        /* signatures, in every seed */
    bool until_first; /* failure */
};

struct totals {
    uint64_t seeds, steps, faults, failures, twice, real;
    uint64_t least_faults, frames, bytes, entries, crashes, stores_failed, shown, receipts;
    uint64_t converged_ms, joined_ms, rest_frames, node_bytes;
};

static bool number(const char *text, const char **end, uint64_t *into)
{
    char *after;
    *into = strtoull(text, &after, 10);
    *end = after;
    return after != text && *text != '-';
}

static bool range(const char *text, uint64_t *first, uint64_t *last)
{
    const char *end;
    if (!number(text, &end, first))
        return false;
    *last = *first;
    if (*end == '-' && !number(end + 1, &end, last))
        return false;
    return *end == '\0' && *first <= *last;
}

static const struct scenario *scenario_find(const char *name)
{
    for (const struct scenario *scenario = SCENARIOS; scenario->name; scenario++)
        if (strcmp(scenario->name, name) == 0)
            return scenario;
    return NULL;
}

static bool option(const char *name, const char *value, struct request *request)
{
    uint64_t first, last;
    if (strcmp(name, "--scenario") == 0) {
        request->scenario = scenario_find(value);
        request->overlay = strcmp(value, "overlay") == 0;
        return request->scenario || request->overlay;
    }
    if (!range(value, &first, &last))
        return false;
    if (strcmp(name, "--seeds") == 0) {
        request->first_seed = first;
        request->last_seed = last;
    } else if (strcmp(name, "--nodes") == 0 && first >= 1 && last <= 10000) {
        request->least = (size_t)first;
        request->most = (size_t)last;
    } else if (strcmp(name, "--steps") == 0) {
        request->steps = first;
    } else {
        return false;
    }
    return true;
}

static bool flag(const char *name, struct request *request)
{
    if (strcmp(name, "--trace") == 0)
        request->trace = true;
    else if (strcmp(name, "--real") == 0)
        request->real = true;
    else if (strcmp(name, "--first") == 0)
        request->until_first = true;
    else
        return false;
    return true;
}

static int usage(void)
{
    fprintf(stderr, "usage: sim --scenario NAME [--nodes N|A-B] [--seeds A-B] [--steps K] "
                    "[--first] [--real] [--trace]\nscenarios:\n");
    for (const struct scenario *scenario = SCENARIOS; scenario->name; scenario++)
        fprintf(stderr, "  %-16s %s\n", scenario->name, scenario->story);
    fprintf(stderr, "  %-16s %s\n", "overlay", "thousands of overlays after a disaster");
    return 2;
}

/* A world of that seed, told to its end; for world_free. */
static struct world *seed_tell(const struct request *request, uint64_t seed)
{
    struct world_options options = {.seed = seed, .steps = request->steps};
    struct sys_fake fake = {.seed = seed * 77 + 5};
    struct sys sys = sys_fake(&fake);
    options.nodes =
        request->least + (size_t)sys_random_below(&sys, request->most - request->least + 1);
    options.real = request->real || seed % REAL == 7;
    options.trace = request->trace ? stderr : NULL;
    struct world *world = world_new(&options);
    request->scenario->tell(world);
    return world;
}

static void print_text(const char *text)
{
    for (; *text; text++)
        if (*text == '"' || *text == '\\' || (unsigned char)*text < ' ')
            printf("\\u%04x", (unsigned)*text);
        else
            putchar(*text);
}

static void print_failure(const struct request *request, uint64_t seed, const char *why)
{
    printf("{\"failed\":\"%s\",\"seed\":%" PRIu64 ",\"why\":\"", request->scenario->name, seed);
    print_text(why);
    printf("\",\"repeat\":\"%s --scenario %s --nodes %zu-%zu --seeds %" PRIu64 "-%" PRIu64,
           request->program, request->scenario->name, request->least, request->most, seed, seed);
    if (request->steps)
        printf(" --steps %" PRIu64, request->steps);
    printf("%s\"}\n", request->real ? " --real" : "");
    fflush(stdout);
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void totals_add(struct totals *totals, const struct world *world)
{
    if (totals->seeds == 0 || world->faults < totals->least_faults)
        totals->least_faults = world->faults;
    totals->seeds++;
    totals->steps += world->steps;
    totals->faults += world->faults;
    totals->real += world->options.real;
    totals->frames += world->frames;
    totals->bytes += world->net.bytes;
    totals->entries += world->truth.entries;
    totals->crashes += world->crashes;
    totals->stores_failed += world->stores_failed;
    totals->shown += world->shown;
    totals->receipts += world->receipts;
    totals->converged_ms = greater(totals->converged_ms, world->converged_ms);
    totals->joined_ms = greater(totals->joined_ms, world->joined_ms);
    totals->node_bytes = greater(totals->node_bytes, world->bytes_most);
    totals->rest_frames = greater(totals->rest_frames, world->rest_frames);
}

/* The seed at hand, for the last words: a node that dies takes the whole program with it. */
static const struct request *dying;
static uint64_t dying_seed;

static void last_words(void)
{
    if (dying)
        print_failure(dying, dying_seed, "a broken invariant inside the node: see stderr");
}

static void crashed(int signal)
{
    last_words();
    _exit(128 + signal);
}

static void seed_run(const struct request *request, uint64_t seed, struct totals *totals)
{
    dying = request;
    dying_seed = seed;
    struct world *world = seed_tell(request, seed);
    uint64_t trace = world->trace;
    totals_add(totals, world);
    bool failed = world->failed;
    if (failed)
        print_failure(request, seed, world->why);
    world_free(world);
    if (seed % TWICE == 0 && !failed) {
        world = seed_tell(request, seed);
        totals->twice++;
        failed = world->trace != trace;
        if (failed)
            print_failure(request, seed, "the same seed did something else the second time");
        world_free(world);
    }
    totals->failures += failed;
}

static long most_mib(void)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static void print_totals(const struct request *request, const struct totals *totals)
{
    printf("{\"scenario\":\"%s\",\"seeds\":%" PRIu64 ",\"steps\":%" PRIu64 ",\"faults\":%" PRIu64
           ",\"failures\":%" PRIu64 ",\"figures\":{\"least_faults\":%" PRIu64
           ",\"run_twice\":%" PRIu64 ",\"real_signatures\":%" PRIu64 ",\"frames\":%" PRIu64
           ",\"bytes\":%" PRIu64 ",\"entries\":%" PRIu64 ",\"crashes\":%" PRIu64
           ",\"stores_failed\":%" PRIu64 ",\"lines_shown\":%" PRIu64 ",\"receipts\":%" PRIu64
           ",\"slowest_join_ms\":%" PRIu64 ",\"slowest_convergence_ms\":%" PRIu64
           ",\"frames_a_link_at_rest\":%" PRIu64 ",\"most_node_bytes\":%" PRIu64
           ",\"most_mib\":%ld}}\n",
           request->scenario->name, totals->seeds, totals->steps, totals->faults, totals->failures,
           totals->least_faults, totals->twice, totals->real, totals->frames, totals->bytes,
           totals->entries, totals->crashes, totals->stores_failed, totals->shown, totals->receipts,
           totals->joined_ms, totals->converged_ms, totals->rest_frames, totals->node_bytes,
           most_mib());
}

/* The table of its targets, or one size of mesh. */
static int overlay_run(const struct request *request)
{
    bool reached = true;
    for (size_t i = 0; i < overlay_point_count; i++) {
        struct overlay_point point = overlay_points[i];
        if (request->least && point.nodes != request->least)
            continue;
        if (request->last_seed) {
            point.first_seed = request->first_seed;
            point.last_seed = request->last_seed;
        }
        reached = overlay_point_run(&point, stdout) && reached;
    }
    return reached ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct request request = {.program = argv[0]};
    for (int i = 1; i < argc; i++) {
        if (flag(argv[i], &request))
            continue;
        if (i + 1 == argc || !option(argv[i], argv[i + 1], &request))
            return usage();
        i++;
    }
    core_start();
    die_last_words(last_words);
    signal(SIGSEGV, crashed);
    if (request.overlay)
        return overlay_run(&request);
    if (!request.scenario)
        return usage();
    if (request.least == 0) {
        request.least = request.scenario->least;
        request.most = request.scenario->most;
    }
    if (request.last_seed == 0)
        request.first_seed = request.last_seed = 1;
    struct totals totals = {0};
    for (uint64_t seed = request.first_seed; seed <= request.last_seed; seed++) {
        seed_run(&request, seed, &totals);
        if (totals.failures && request.until_first)
            break;
    }
    print_totals(&request, &totals);
    return totals.failures ? 1 : 0;
}
