/* Fixed pieces of work, by name: `fixed NAME` prints its pieces and its allocations. guard.py runs
 * it in callgrind. The linker leads allocation and node_handle through here (tests.am). */
#include "tests/bench/fixed.h"

#include "core/node.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool counting;
static size_t allocations;
static const struct node *watched;

/* Its name is what callgrind begins and ends to count at. */
__attribute__((noinline)) void fixed_measured(void (*work)(void *), void *self)
{
    counting = true;
    work(self);
    counting = false;
}

void fixed_watch(const struct node *node)
{
    watched = node;
}

/* ---- what the linker puts in the place of others ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void __real_node_handle(struct node *node, struct node_now now, const struct node_event *event);
void __wrap_node_handle(struct node *node, struct node_now now, const struct node_event *event);

void *__wrap_malloc(size_t size)
{
    allocations += counting;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations += counting;
    return __real_calloc(count, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    allocations += counting;
    return __real_reallocarray(old, count, size);
}

struct handling {
    struct node *node;
    struct node_now now;
    const struct node_event *event;
};

static void handle(void *self)
{
    const struct handling *handling = self;
    __real_node_handle(handling->node, handling->now, handling->event);
}

void __wrap_node_handle(struct node *node, struct node_now now, const struct node_event *event)
{
    struct handling handling = {node, now, event};
    if (node == watched)
        fixed_measured(handle, &handling);
    else
        handle(&handling);
}

int main(int count, char **words)
{
    static const struct {
        const char *name;
        size_t (*work)(void);
    } all[] = {
        {"node-hears", fixed_node_hears},       {"node-says", fixed_node_says},
        {"ui-lines", fixed_ui_lines},           {"ui-keys", fixed_ui_keys},
        {"store-commits", fixed_store_commits}, {"store-searches", fixed_store_searches},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (count < 2)
            printf("%s\n", all[i].name);
        else if (strcmp(all[i].name, words[1]) == 0) {
            size_t pieces = all[i].work();
            printf("%zu %zu\n", pieces, allocations);
            return 0;
        }
    }
    return count > 1;
}
