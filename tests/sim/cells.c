/* An array in order of key. */
#include "tests/sim/cells.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int key_compare(const struct cell *cell, const void *key, size_t size)
{
    size_t least = cell->key_size < size ? cell->key_size : size;
    int order = memcmp(cell->key, key, least);
    if (order != 0)
        return order;
    return cell->key_size < size ? -1 : cell->key_size > size;
}

static size_t place_of(const struct cells *cells, const void *key, size_t size, bool *found)
{
    size_t low = 0, high = cells->count;
    *found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = key_compare(cells->list[middle], key, size);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void cell_drop(struct cell *cell)
{
    if (--cell->references)
        return;
    free(cell->value);
    free(cell);
}

void cells_put(struct cells *cells, const void *key, size_t size, void *value)
{
    bool found;
    size_t at = place_of(cells, key, size, &found);
    struct cell *cell = xmalloc(sizeof *cell + size);
    cell->references = 1;
    cell->key_size = (uint32_t)size;
    cell->value = value;
    memcpy(cell->key, key, size);
    if (found) {
        cell_drop(cells->list[at]);
        cells->list[at] = cell;
        return;
    }
    if (cells->count == cells->room) {
        cells->room = cells->room ? cells->room * 2 : 8;
        cells->list = xrealloc(cells->list, cells->room, sizeof(struct cell *));
    }
    memmove(cells->list + at + 1, cells->list + at, (cells->count - at) * sizeof(struct cell *));
    cells->list[at] = cell;
    cells->count++;
}

void *cells_get(const struct cells *cells, const void *key, size_t size)
{
    bool found;
    size_t at = place_of(cells, key, size, &found);
    return found ? cells->list[at]->value : NULL;
}

void cells_copy(struct cells *into, const struct cells *from)
{
    *into = (struct cells){.count = from->count, .room = from->count};
    into->list = xcalloc(from->count + 1, sizeof(struct cell *));
    for (size_t i = 0; i < from->count; i++) {
        into->list[i] = from->list[i];
        into->list[i]->references++;
    }
}

void cells_done(struct cells *cells)
{
    for (size_t i = 0; i < cells->count; i++)
        cell_drop(cells->list[i]);
    free(cells->list);
    *cells = (struct cells){0};
}
