/* A history in a file: groups that are committed, and searches in it. */
#include "tests/bench/fixed.h"
#include "tests/bench/said.h"
#include "tests/unit/store_rig.h"

enum { AUTHORS = 10, GROUPS = 10, GROUP = 100, SEARCHES = 20 };

struct commit {
    struct store *store;
    struct store_write write;
};

static void commit(void *self)
{
    struct commit *commit = self;
    if (store_write(commit->store, RIG_WALL, &commit->write, 1) != STORE_FINE)
        die("nothing can be stored");
}

static void fill(struct rig *rig, void (*run)(void (*)(void *), void *))
{
    static struct said said;
    static struct said_group group;
    said_init(&said, AUTHORS, 1, GROUPS * GROUP, &signer_fake);
    for (int i = 0; i < GROUPS; i++) {
        said_group_make(&said, &group, GROUP);
        struct commit one = {rig->store, {.effect = &group.effect}};
        run(commit, &one);
        free(one.write.held);
        said_group_done(&group);
    }
}

/* All of it can be found then. */
static void make_searchable(void *self)
{
    struct store *store = self;
    while (!store_is_searchable(store))
        if (store_index(store, RIG_WALL) != STORE_FINE)
            die("the search cannot be made");
}

size_t fixed_store_commits(void)
{
    static struct rig rig;
    core_start();
    rig_init(&rig);
    rig_open(&rig);
    fill(&rig, fixed_measured);
    fixed_measured(make_searchable, rig.store);
    rig_done(&rig);
    return GROUPS * GROUP;
}

static void plainly(void (*work)(void *), void *self)
{
    work(self);
}

struct search {
    struct store_reader *reader;
    struct node_effect effect;
    struct store_answer answer;
};

static void search(void *self)
{
    struct search *search = self;
    store_read(search->reader, &search->effect, &search->answer);
}

size_t fixed_store_searches(void)
{
    static const char *const words[] = {"tertulia", "w0xa w1xb", "w1*", "tertulia from:p7",
                                        "aguja"};
    static struct rig rig;
    core_start();
    rig_init(&rig);
    rig_open(&rig);
    fill(&rig, plainly);
    make_searchable(rig.store);
    for (size_t i = 0; i < SEARCHES; i++) {
        struct search one = {.reader = rig.reader,
                             .effect = {.kind = EFFECT_QUERY,
                                        .query = {.kind = QUERY_SEARCH,
                                                  .conversation = "",
                                                  .count = 100,
                                                  .words = span_text(words[i % 5])}}};
        fixed_measured(search, &one);
        if (one.answer.fault != STORE_FINE)
            die("a search failed");
        store_answer_done(&one.answer);
    }
    rig_done(&rig);
    return SEARCHES;
}
