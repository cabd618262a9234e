/* Two nodes of ours in a ring with four that pass everything on for ever:
 *
 *     p0 - p1 - [A] - p2 - p3 - [B] - p0
 *
 * and a third of ours, [C], where p1 is linked too. What one says is heard once by each of ours,
 * reaches everyone, and dies out. */
#include "guest_rig.h"

enum { NODES = 3, LINKS = 2, PLAINS = 4, HEARD = 1 << 16, MESH_MS = 2 };

/* One end of ours: which node of theirs is at the other. */
static const int THEIRS[NODES][LINKS] = {{1, 2}, {3, 0}, {1, -1}};
static const int NEIGHBOURS[PLAINS][2] = {{1, -1}, {0, -1}, {3, -1}, {2, -1}};

/* A guest's words on their way through the mesh. */
struct entry_way {
    uint64_t at;
    int host;
    int link; /* of the host, where they came from; -1: its own user's words */
    char name[80], text[80];
};

struct ring {
    struct echoes *echoes[NODES];
    struct guest *guests[NODES][LINKS];
    struct guest_now now;
    struct entry_way ways[HEARD];
    size_t way_count, way_done;
    size_t said[NODES];  /* lines hosted */
    size_t sends[NODES]; /* messages on our links */
    size_t got[PLAINS];  /* messages at each of theirs */
    int depth;
};

static void plain_gets(struct ring *ring, int plain, int from, struct span bytes);

/* To everyone but where it came from: a node of theirs (0..), or one of ours (-1 - node). */
static void plain_passes(struct ring *ring, int plain, int from, struct span bytes)
{
    assert_true(++ring->depth < 100);
    for (int i = 0; i < 2; i++)
        if (NEIGHBOURS[plain][i] >= 0 && NEIGHBOURS[plain][i] != from)
            plain_gets(ring, NEIGHBOURS[plain][i], plain, bytes);
    for (int node = 0; node < NODES; node++)
        for (int link = 0; link < LINKS; link++)
            if (THEIRS[node][link] == plain && from != -1 - node && ring->guests[node][link])
                guest_feed(ring->guests[node][link], ring->now, bytes.bytes, bytes.size);
    ring->depth--;
}

static void plain_gets(struct ring *ring, int plain, int from, struct span bytes)
{
    ring->got[plain]++;
    assert_non_null(memchr(bytes.bytes, '|', bytes.size)); /* or it would drop the link */
    plain_passes(ring, plain, from, bytes);
}

static void mesh_add(struct ring *ring, int host, int link, struct span name, struct span text)
{
    assert_true(ring->way_count < HEARD);
    struct entry_way *way = &ring->ways[ring->way_count++];
    way->at = ring->now.mono_ms + MESH_MS;
    way->host = host;
    way->link = link;
    snprintf(way->name, sizeof way->name, "%.*s", (int)name.size, (const char *)name.bytes);
    snprintf(way->text, sizeof way->text, "%.*s", (int)text.size, (const char *)text.bytes);
}

/* As app and node do it: words to all guests of every node, and a line to the other links. */
static void node_hears(struct ring *ring, int node, int link, const struct guest_event *event)
{
    if (event->kind != GUEST_SAID)
        return;
    ring->said[node]++;
    for (int other = 0; other < LINKS; other++)
        if (other != link && ring->guests[node][other])
            guest_relay(ring->guests[node][other], ring->now, event->whole);
    mesh_add(ring, node, link, event->name, event->text);
}

/* Everybody hosts that name, so nobody's goes without a tag. */
static void way_end(struct ring *ring, const struct entry_way *way)
{
    char label[100];
    snprintf(label, sizeof label, "%s%s", way->name, way->link < 0 ? "" : "~k7fq");
    for (int node = 0; node < NODES; node++)
        for (int link = 0; link < LINKS; link++) {
            if (!ring->guests[node][link] || (node == way->host && link == way->link))
                continue;
            struct guest_word word = rig_word(label, way->text);
            word.name = span_text(way->name);
            word.hosted = way->link >= 0;
            assert_true(guest_say(ring->guests[node][link], ring->now, &word));
        }
}

static void ring_turn(struct ring *ring)
{
    for (int node = 0; node < NODES; node++)
        for (int link = 0; link < LINKS; link++) {
            struct guest *guest = ring->guests[node][link];
            struct guest_event *event;
            char bytes[GUEST_OUT];
            if (!guest)
                continue;
            guest_tick(guest, ring->now);
            for (; (event = guest_next(guest)); free(event))
                node_hears(ring, node, link, event);
            size_t size = guest_pull(guest, ring->now, bytes);
            if (size == 0)
                continue;
            ring->sends[node]++;
            plain_gets(ring, THEIRS[node][link], -1 - node, span_of(bytes, size));
        }
    while (ring->way_done < ring->way_count && ring->ways[ring->way_done].at <= ring->now.mono_ms)
        way_end(ring, &ring->ways[ring->way_done++]);
}

static void ring_wait(struct ring *ring, uint64_t ms)
{
    for (uint64_t i = 0; i < ms; i++) {
        ring->now.mono_ms++;
        ring->now.wall_ms++;
        ring_turn(ring);
    }
}

static struct ring *ring_new(int nodes)
{
    struct ring *ring = xcalloc(1, sizeof *ring);
    ring->now = (struct guest_now){.mono_ms = 1000, .wall_ms = UINT64_C(1760978446000)};
    for (int node = 0; node < nodes; node++) {
        ring->echoes[node] = echoes_new();
        for (int link = 0; link < LINKS; link++) {
            if (THEIRS[node][link] < 0)
                continue;
            struct guest_config config = {.role = GUEST_CALLED,
                                          .dialect = &dialect_piped,
                                          .name = "ana",
                                          .greeting = "hola",
                                          .our_address = "",
                                          .number = (uint32_t)(link + 1),
                                          .echoes = ring->echoes[node]};
            ring->guests[node][link] = guest_new(&config, ring->now);
            guest_up(ring->guests[node][link], ring->now);
        }
    }
    return ring;
}

static void ring_free(struct ring *ring)
{
    for (int node = 0; node < NODES; node++) {
        for (int link = 0; link < LINKS; link++)
            guest_free(ring->guests[node][link]);
        echoes_free(ring->echoes[node]);
    }
    free(ring);
}

static void a_thousand_lines_cause_no_storm(void **state)
{
    (void)state;
    enum { LINES = 1000 };
    struct ring *ring = ring_new(2);
    for (unsigned i = 0; i < LINES; i++) {
        char line[64];
        snprintf(line, sizeof line, "localhost:900%u|line %u", i % PLAINS, i);
        plain_passes(ring, (int)(i % PLAINS), 99, span_text(line));
        ring_wait(ring, 60);
    }
    ring_wait(ring, 100000);
    for (int node = 0; node < 2; node++)
        assert_int_equal(ring->said[node], LINES);
    print_message("# sends on our links for %d lines: %zu and %zu\n", LINES, ring->sends[0],
                  ring->sends[1]);
    assert_true(ring->sends[0] + ring->sends[1] <= 4 * LINES);
    for (int plain = 0; plain < PLAINS; plain++)
        assert_in_range(ring->got[plain], LINES * 3 / 4, 4 * LINES);
    /* nothing moves any more */
    size_t sends = ring->sends[0] + ring->sends[1];
    ring_wait(ring, 10000);
    assert_int_equal(sends, ring->sends[0] + ring->sends[1]);
    ring_free(ring);
}

static void what_the_mesh_says_comes_back_as_nobodys(void **state)
{
    (void)state;
    enum { LINES = 50 };
    struct ring *ring = ring_new(3);
    for (unsigned i = 0; i < LINES; i++) {
        char text[32];
        snprintf(text, sizeof text, "word %u", i);
        mesh_add(ring, (int)(i % 3), -1, span_text("bea"), span_text(text));
        ring_wait(ring, 500);
    }
    ring_wait(ring, 10000);
    for (int node = 0; node < NODES; node++)
        assert_int_equal(ring->said[node], 0);
    for (int plain = 0; plain < PLAINS; plain++)
        assert_true(ring->got[plain] >= LINES);
    ring_free(ring);
}

static void a_guest_elsewhere_is_told_to_links_that_have_not_heard(void **state)
{
    (void)state;
    struct ring *ring = ring_new(2);
    /* A hears of somebody in another mesh's corner: its host is C, who has no link here */
    mesh_add(ring, 2, 0, span_text("eva"), span_text("hola"));
    ring_wait(ring, GUEST_HOSTED_MS - 10);
    assert_int_equal(ring->sends[0] + ring->sends[1], 0);
    ring_wait(ring, 5000);
    assert_int_equal(ring->said[0] + ring->said[1], 0);
    for (int plain = 0; plain < PLAINS; plain++)
        assert_true(ring->got[plain] >= 1);
    assert_true(ring->sends[0] + ring->sends[1] <= 4);
    ring_free(ring);
}

static void the_same_words_may_be_said_again_later(void **state)
{
    (void)state;
    struct ring *ring = ring_new(2);
    for (int i = 0; i < 3; i++) {
        plain_passes(ring, 0, 99, span_text("localhost:9000|ok"));
        ring_wait(ring, 10000);
    }
    assert_int_equal(ring->said[0], 3);
    assert_int_equal(ring->said[1], 3);
    /* and at once they go for an echo */
    plain_passes(ring, 0, 99, span_text("localhost:9000|ya"));
    ring_wait(ring, 1000);
    plain_passes(ring, 0, 99, span_text("localhost:9000|ya"));
    ring_wait(ring, 1000);
    assert_int_equal(ring->said[0], 4);
    ring_free(ring);
}

/* What one link will only say later, another may hear already: from another host of the same ring.
 */
static void what_waits_to_be_said_is_ours_already(void **state)
{
    struct echoes *echoes = echoes_new();
    for (int dialect = 0; dialect < 2; dialect++) {
        struct rig *rigs[2];
        for (uint32_t i = 0; i < 2; i++) {
            struct guest_config config = {.role = GUEST_CALLED,
                                          .dialect = dialect ? &dialect_named : &dialect_piped,
                                          .number = i + 1,
                                          .echoes = echoes};
            rigs[i] = rig_new(*(size_t *)*state, &config);
            guest_up(rigs[i]->guest, rigs[i]->now);
            rig_hear(rigs[i], dialect ? "Criss" : "x:1|a");
            rig_wait(rigs[i], 4000);
            rigs[i]->used = 0;
        }
        rigs[0]->closed = true;
        assert_true(rig_say(rigs[0], "bea", "hola"));
        rig_hear(rigs[1], dialect ? "bea: hola" : "bea|hola");
        rig_is(rigs[1], "");
        rig_hear(rigs[1], dialect ? "bea: otra" : "bea|otra");
        rig_is(rigs[1], dialect ? "said: bea: otra\n" : "said <bea>: otra\n");
        for (int i = 0; i < 2; i++)
            rig_free(rigs[i]);
    }
    /* whoever has only echoes to say is somebody all the same */
    struct rig *rig =
        rig_new(*(size_t *)*state,
                &(struct guest_config){.role = GUEST_ACCEPTED, .number = 3, .echoes = echoes});
    rig_wait(rig, 5000);
    rig_is(rig, "listens\n> ana|hola\n");
    rig_hear(rig, "bea|hola");
    rig_is(rig, "known piped <bea>\n");
    rig_end(rig);
    rig_is(rig, "left\n");
    rig_free(rig);
    echoes_free(echoes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_lines_cause_no_storm),
        cmocka_unit_test(what_the_mesh_says_comes_back_as_nobodys),
        cmocka_unit_test(a_guest_elsewhere_is_told_to_links_that_have_not_heard),
        cmocka_unit_test(the_same_words_may_be_said_again_later),
        rig_test(what_waits_to_be_said_is_ours_already),
    };
    core_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
