/* Invariant 8: who is connected, and whether they hold the same. */
#include "tests/sim/byzantine.h"
#include "tests/sim/invariants.h"

#include <inttypes.h>
#include <stdlib.h>

static bool counts(const struct peer *peer)
{
    return peer->alive && peer_honest(peer) && !peer->leaving;
}

static bool wire_works(const struct world *world, const struct wire *wire)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct peer *peer = world_peer(world, wire->node[side]);
        if (!wire->open[side] || wire->way[side].dead || !counts(peer) ||
            peer->life != wire->life[side])
            return false;
    }
    return true;
}

size_t invariants_links(const struct world *world)
{
    size_t count = 0;
    for (uint32_t i = 1; i <= world->net.count; i++) {
        const struct wire *wire = net_wire(&world->net, i);
        count += wire && wire_works(world, wire);
    }
    return count;
}

static uint32_t root_of(uint32_t *parent, uint32_t node)
{
    while (parent[node] != node)
        node = parent[node] = parent[parent[node]];
    return node;
}

bool invariants_connected(const struct world *world)
{
    uint32_t *parent = xcalloc(world->peer_count, sizeof *parent);
    for (uint32_t i = 0; i < world->peer_count; i++)
        parent[i] = i;
    for (uint32_t i = 1; i <= world->net.count; i++) {
        const struct wire *wire = net_wire(&world->net, i);
        if (wire && wire_works(world, wire))
            parent[root_of(parent, wire->node[0])] = root_of(parent, wire->node[1]);
    }
    uint32_t first = UINT32_MAX;
    bool one = true;
    for (uint32_t i = 0; i < world->peer_count; i++) {
        if (!counts(world->peers[i]))
            continue;
        if (first == UINT32_MAX)
            first = root_of(parent, i);
        one = one && root_of(parent, i) == first;
    }
    free(parent);
    return one;
}

/* The next log from `at` on that is to be compared. */
static const struct log *log_next(const struct author *author, size_t *at)
{
    while (author && *at < author->log_count) {
        const struct log *log = &author->logs[(*at)++];
        if (log_is_shown(log))
            return log;
    }
    return NULL;
}

/* With the same end, and the same proof where it is a fork's; and `low`: with the same beginning.
 */
static bool log_same(const struct log *a, const struct log *b, bool low)
{
    struct hash one = log_shown(a), other = log_shown(b);
    return epoch_equal(&a->epoch, &b->epoch) && a->high == b->high && hash_equal(&one, &other) &&
           (!low || a->low == b->low);
}

static bool keeps_all(const struct peer *peer)
{
    return peer->retention.author_entries == retention_defaults().author_entries;
}

/* What is below a low mark comes from a link: two machines of one person have none with each other,
 * and whoever is between them may keep less. */
static bool same_beginnings(const struct peer *a, const struct peer *b)
{
    return keeps_all(a) && keeps_all(b) && !id_equal(&a->identity.id, &b->identity.id);
}

static bool author_same(const struct world *world, const struct peer *a, const struct peer *b,
                        const struct id *id, char *into, size_t size)
{
    const struct author *one = logs_find(node_logs(a->node), id);
    const struct author *other = logs_find(node_logs(b->node), id);
    bool low = world_honest(world, id) && same_beginnings(a, b);
    size_t i = 0, j = 0;
    for (;;) {
        const struct log *x = log_next(one, &i), *y = log_next(other, &j);
        if (!x && !y)
            return true;
        if (x && y && log_same(x, y, low))
            continue;
        snprintf(into, size,
                 "of node %d, node %u has log %zu [%" PRIu64 ", %" PRIu64
                 "], node %u log %zu [%" PRIu64 ", %" PRIu64 "]%s",
                 (int)world_owner(world, id)->number, a->number, i, x ? x->low : 0, x ? x->high : 0,
                 b->number, j, y ? y->low : 0, y ? y->high : 0,
                 x && y && epoch_equal(&x->epoch, &y->epoch) ? ", same epoch" : "");
        return false;
    }
}

static bool converged(const struct world *world, char *into, size_t size)
{
    const struct peer *first = NULL;
    for (size_t i = 0; i < world->peer_count; i++) /* of those who keep all, if there is one */
        if (counts(world->peers[i]) &&
            (!first || (keeps_all(world->peers[i]) && !keeps_all(first))))
            first = world->peers[i];
    for (size_t i = 0; i < world->peer_count; i++) {
        const struct peer *peer = world->peers[i];
        if (!counts(peer))
            continue;
        for (size_t j = 0; j < world->peer_count && peer != first; j++)
            if (!byzantine_acts(world->peers[j]) &&
                !author_same(world, first, peer, &world->peers[j]->identity.id, into, size))
                return false;
    }
    return true;
}

bool invariants_converged(const struct world *world)
{
    char text[WHY_MAX];
    return converged(world, text, sizeof text);
}

void invariants_explain(const struct world *world, char *into, size_t size)
{
    into[0] = '\0';
    converged(world, into, size);
}

static void log_as_stored(struct world *world, const struct peer *peer, const struct log *log,
                          const struct id *author)
{
    const struct shelf *shelf = disk_shelf(&peer->disk, author, &log->epoch);
    if (log->high == 0 || (shelf && shelf->low == log->low && shelf->high == log->high))
        return;
    world_fail(world,
               "3: node %u knows [%" PRIu64 ", %" PRIu64 "] of node %d, its disk holds [%" PRIu64
               ", %" PRIu64 "]",
               peer->number, log->low, log->high, (int)world_owner(world, author)->number,
               shelf ? shelf->low : 0, shelf ? shelf->high : 0);
}

void invariants_stored(struct world *world)
{
    for (size_t i = 0; i < world->peer_count; i++)
        for (size_t j = 0; counts(world->peers[i]) && j < world->peer_count; j++) {
            const struct id *id = &world->peers[j]->identity.id;
            const struct author *author = logs_find(node_logs(world->peers[i]->node), id);
            for (size_t k = 0; author && k < author->log_count; k++)
                log_as_stored(world, world->peers[i], &author->logs[k], id);
        }
}

static void peer_picture(const struct world *world, const struct peer *peer, FILE *out)
{
    const struct overlay *overlay = node_overlay(peer->node);
    const struct peer *named = world_owner(world, overlay_component(overlay));
    fprintf(out, "node %u: active %zu%s, component %d, spares %zu, wires to", peer->number,
            overlay_active(overlay), overlay->sparse ? " (sparse)" : "",
            named ? (int)named->number : -1, overlay->spare_count);
    for (uint32_t i = 1; i <= world->net.count; i++) {
        const struct wire *wire = net_wire(&world->net, i);
        for (unsigned side = 0; wire && side < 2; side++)
            if (wire->node[side] == peer->number && wire->open[side])
                fprintf(out, " %u%s", wire->node[1 - side], wire_works(world, wire) ? "" : "?");
    }
    fprintf(out, "\n");
}

void invariants_picture(const struct world *world, FILE *out)
{
    for (size_t i = 0; i < world->peer_count; i++)
        if (world->peers[i]->alive)
            peer_picture(world, world->peers[i], out);
}
