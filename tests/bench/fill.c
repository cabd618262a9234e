/* Fills the history of a home with what crowds say, as if its owner had been there:
 *
 *     fill HOME ENTRIES AUTHORS EPOCHS [--cheap] [--line BYTES] [--rooms N] [--crowd N]
 *     fill --text ENTRIES AUTHORS
 *
 * The newest entry is a minute old, the oldest at most 80 days, so that retention leaves all of it.
 * --crowd N are other people than --crowd M; a home may be filled again with another one.
 * --cheap signs so that nobody believes it, which is enough for a home that tells nobody. Prints
 * the entries' bytes. --text prints what they say, a line each, and fills nothing. Invariant: what
 * is in the file went through the store, as in the program. */
#include "app/home.h"
#include "dialect/native.h"
#include "store/store.h"
#include "tests/bench/said.h"
#include "tests/sim/signer_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t days80_ms = UINT64_C(80) * 86400 * 1000;

static void must(char *why)
{
    if (why)
        die("%s", why);
}

static uint64_t number(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*text == '\0' || *end != '\0')
        die("%s is no number", text);
    return value;
}

static void put(struct store *store, uint64_t now, struct node_effect *effect)
{
    struct store_write write = {.effect = effect};
    if (store_write(store, now, &write, 1) != STORE_FINE)
        die("nothing can be stored");
    free(write.held);
}

/* With names, and vouched for: strangers have a small share of the disk only. */
static void people_fill(struct store *store, uint64_t now, const struct said *said)
{
    for (size_t i = 0; i < said->authors; i++) {
        char name[16];
        said_name(i, name);
        struct node_effect effect = {.kind = EFFECT_STORE_PERSON,
                                     .person = {.person = {.id = said->people[i].id,
                                                           .name = span_text(name),
                                                           .seen = now,
                                                           .verified = true}}};
        put(store, now, &effect);
    }
}

static uint64_t fill(struct store *store, uint64_t now, struct said *said, size_t total)
{
    static struct said_group group;
    uint64_t bytes = 0;
    for (size_t left = total; left > 0;) {
        size_t count = left < SAID_GROUP ? left : SAID_GROUP;
        said_group_make(said, &group, count);
        put(store, now, &group.effect);
        for (size_t i = 0; i < count; i++)
            bytes += entry_weight(group.records[i].entry);
        said_group_done(&group);
        left -= count;
    }
    return bytes;
}

static int text(struct said *said, size_t total)
{
    for (size_t i = 0; i < total; i++) {
        struct entry *entry = said_next(said);
        struct body *body = native_codec.body_unpack(ENTRY_SAY, entry->fields.body);
        if (!body)
            die("no words");
        printf("%.*s\n", (int)body->say.text.size, (const char *)body->say.text.bytes);
        free(body);
        entry_drop(entry);
    }
    return 0;
}

int main(int count, char **words)
{
    static struct said said;
    struct home home;
    struct identity self;
    struct store *store;
    struct store_start start;
    struct sys sys = sys_real();
    bool made, cheap = false;
    core_start();
    if (count == 4 && strcmp(words[1], "--text") == 0) {
        said_init(&said, number(words[3]), 1, number(words[2]), &signer_fake);
        return text(&said, number(words[2]));
    }
    if (count < 5)
        die("fill HOME ENTRIES AUTHORS EPOCHS [--cheap] [--line BYTES] [--rooms N] [--crowd N]");
    size_t total = number(words[2]);
    for (int i = 5; i < count; i++)
        cheap = cheap || strcmp(words[i], "--cheap") == 0;
    said_init(&said, number(words[3]), number(words[4]), total,
              cheap ? &signer_fake : &signer_real);
    said.rooms = 0;
    for (int i = 5; i + 1 < count; i++) {
        if (strcmp(words[i], "--line") == 0)
            said.line = number(words[i + 1]);
        if (strcmp(words[i], "--rooms") == 0)
            said.rooms = number(words[i + 1]);
        if (strcmp(words[i], "--crowd") == 0)
            said_others(&said, (uint8_t)number(words[i + 1]));
    }

    uint64_t now = (uint64_t)sys_wall_ms(&sys);
    said.step_ms = days80_ms / total < 1000 ? days80_ms / total : 1000;
    said.first_ms = now - 60000 - total * said.step_ms;
    must(home_open(&home, words[1]));
    must(home_identity(&home, &sys, &self, &made));
    struct hash net = mesh_net(span_text("lan"), NULL);
    char *path = home_history(&home, &net);
    struct store_settings settings = {
        .path = path, .net = net, .self = self.id, .codec = &native_codec};
    if (store_open(&settings, now, &store, &start) != STORE_FINE)
        die("%s does not open", path);
    store_start_done(&start);
    people_fill(store, now, &said);
    printf("%llu\n", (unsigned long long)fill(store, now, &said, total));
    store_close(store);
    home_done(&home);
    free(path);
    return 0;
}
