/* The node: first contact, words and their receipts, whispers, rooms, and what is answered to lines
 * that cannot be done. */
#include "node_world.h"

#include "core/model.h"

/* ---- links ---- */

static void test_first_contact(void **state)
{
    (void)state;
    struct world *world = two();
    const struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    assert_int_equal(said_count(ana, "up here bruno "), 1);
    assert_int_equal(said_count(bruno, "up here ana "), 1);
    assert_int_equal(overlay_active(node_overlay(ana->node)), 1);
    /* Both said their names to the mesh, and nothing is to be seen of it. */
    assert_int_equal(ana->disk.count, 2);
    assert_int_equal(bruno->disk.count, 2);
    assert_int_equal(ana->shown, 0);
    assert_true(sync_settled(node_sync(ana->node), 1));
    world_free(world);
}

static void test_silent_link_ends(void **state)
{
    (void)state;
    struct world *world = two();
    size_t wires = world->wire_count;
    struct peer *ana = &world->peers[0];
    pass(world, 120000); /* pings keep it */
    assert_int_equal(world->wire_count, wires);
    /* Bruno's cable is out: whatever he sends is lost. */
    struct node *bruno = world->peers[1].node;
    world->peers[1].node = NULL;
    world->peers[1].reachable = false;
    pass(world, NODE_DEAD_MS - NODE_PING_MS - 2000);
    assert_int_equal(said_with(ana, "down "), 0);
    pass(world, NODE_PING_MS + 3000);
    assert_int_equal(said_count(ana, "down here bruno "), 1);
    assert_int_equal(links_open(world), 0);
    node_free(bruno);
    world_free(world);
}

static void test_handshake_time(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    peer_start(world, 0);
    struct node_event event = {.kind = EVENT_LINK_UP, .link = 1};
    event.up.peer.bytes[0] = 9;
    world->wire_count = 1;
    world->wires[0].open = true;
    world->wires[0].peer[1] = 3; /* nobody */
    give(world, 0, &event);
    pass(world, NODE_HANDSHAKE_MS - 100);
    assert_int_equal(links_open(world), 1);
    pass(world, 200);
    assert_int_equal(links_open(world), 0);
    world_free(world);
}

static void test_nothing_before_hello(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    peer_start(world, 0);
    struct node_event event = {.kind = EVENT_LINK_UP, .link = 1};
    world->wire_count = 1;
    world->wires[0].open = true;
    world->wires[0].peer[1] = 3;
    give(world, 0, &event);
    struct frame frame = {.kind = FRAME_PING, .token = 1};
    event = (struct node_event){.kind = EVENT_FRAME, .link = 1, .frame = &frame};
    give(world, 0, &event);
    assert_int_equal(links_open(world), 0);
    world_free(world);
}

static void test_other_mesh(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    peer_add(world, "bruno", "else");
    peer_start(world, 0);
    peer_start(world, 1);
    hear(world, 0, 1);
    settle(world);
    assert_int_equal(links_open(world), 0);
    assert_int_equal(said_with(&world->peers[0], "up "), 0);
    assert_int_equal(said_with(&world->peers[1], "up "), 0);
    world_free(world);
}

static void test_ourselves(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    peer_start(world, 0);
    hear(world, 0, 0);
    settle(world);
    assert_int_equal(world->wire_count, 1);
    assert_int_equal(links_open(world), 0);
    pass(world, 30000);
    assert_int_equal(world->wire_count, 1); /* not again */
    world_free(world);
}

/* The same identity on another machine. */
static void test_another_device(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    peer_add(world, "ana", "lan");
    world->peers[1].identity = world->peers[0].identity;
    peer_start(world, 0);
    peer_start(world, 1);
    hear(world, 0, 1);
    pass(world, 3000);
    assert_int_equal(links_open(world), 1);
    type(world, 0, "from the desk");
    type(world, 1, "from the sofa");
    pass(world, 3000);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(said_count(&world->peers[i], "say #everyone ana from the desk"), 1);
        assert_int_equal(said_count(&world->peers[i], "say #everyone ana from the sofa"), 1);
    }
    world_free(world);
}

static void secret_world(struct world *world, const struct mesh_key *one,
                         const struct mesh_key *other)
{
    peer_add(world, "ana", "lan");
    peer_add(world, "bruno", "lan");
    world->peers[0].key = one;
    world->peers[1].key = other;
    peer_start(world, 0);
    peer_start(world, 1);
    hear(world, 0, 1);
    settle(world);
}

static void test_secret(void **state)
{
    (void)state;
    struct mesh_key one = {{1}}, other = {{2}};
    struct world *world = world_new();
    secret_world(world, &one, &one);
    pass(world, 3000);
    assert_int_equal(said_count(&world->peers[0], "up here bruno "), 1);
    assert_int_equal(said_count(&world->peers[1], "up here ana "), 1);
    world_free(world);
    world = world_new();
    secret_world(world, &one, &other);
    assert_int_equal(links_open(world), 0);
    assert_int_equal(said_with(&world->peers[1], "notice wrong-secret"), 1);
    assert_int_equal(said_with(&world->peers[0], "up "), 0);
    world_free(world);
    world = world_new();
    secret_world(world, NULL, &other); /* who knows none says hello at once */
    assert_int_equal(links_open(world), 0);
    world_free(world);
}

/* ---- words ---- */

static void test_say(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    type(world, 0, "hola");
    assert_int_equal(said_count(ana, "say #everyone ana hola"), 1);
    assert_int_equal(said_count(bruno, "say #everyone ana hola"), 1);
    type(world, 1, "hi ana!");
    assert_int_equal(said_count(ana, "say #everyone bruno ! hi ana!"), 1);
    assert_int_equal(ana->bells, 1);
    type(world, 0, "/me waves");
    assert_int_equal(said_count(bruno, "act #everyone ana waves"), 1);
    type(world, 0, "//etc");
    assert_int_equal(said_count(bruno, "say #everyone ana /etc"), 1);
    assert_int_equal(bruno->shown, 4);
    world_free(world);
}

static void test_receipt(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    pass(world, 3000);
    world->peers[1].deaf = true; /* Bruno's disk has not answered yet */
    type(world, 0, "hola");
    struct entry_ref hola = ana->last;
    pass(world, 2500);
    assert_int_equal(ana->receipt.count, 0);
    type(world, 0, "/who-got");
    assert_int_equal(said_count(ana, "got bruno no "), 1);
    world->peers[1].deaf = false;
    pass(world, 2500);
    assert_int_equal(ana->receipt.count, 1);
    assert_int_equal(ana->receipt.of, 1);
    assert_memory_equal(&ana->receipt.ref, &hola, sizeof hola);
    type(world, 0, "/who-got");
    assert_int_equal(said_count(ana, "got bruno yes "), 1);
    world_free(world);
}

static void ack_say(struct world *world, struct ack ack, uint64_t high, const struct hash *head)
{
    struct peer *bruno = &world->peers[1];
    struct frame frame = {.kind = FRAME_ACKS, .acks = {1, &ack}};
    ack.low = 1;
    ack.high = high;
    ack.head = *head;
    ack_sign(&ack, &bruno->net, &signer_fake, &bruno->identity);
    uint32_t link = world->wires[0].peer[0] == 0 ? 1 : 2;
    give(world, 0, &(struct node_event){.kind = EVENT_FRAME, .link = link, .frame = &frame});
    pass(world, 100);
}

/* Bruno's disk never answers, and he says that he has it all: only what he can know of counts. */
static void test_false_receipts(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    static const struct hash NOTHING;
    pass(world, 3000);
    world->peers[1].deaf = true;
    type(world, 0, "hola");
    struct entry_ref hola = ana->last;
    struct ack ack = {.author = hola.author, .epoch = hola.epoch};
    const struct log *log = author_log(logs_find(node_logs(ana->node), &hola.author), &hola.epoch);
    struct hash head = log->head;
    ack_say(world, ack, ENTRY_NUMBER_MAX, &NOTHING);
    ack_say(world, ack, hola.seq + 1, &head);
    ack_say(world, ack, hola.seq, &NOTHING);
    type(world, 0, "y otra");
    ack_say(world, ack, hola.seq, &NOTHING);
    type(world, 0, "/who-got");
    assert_int_equal(said_count(ana, "got bruno no "), 1);
    assert_int_equal(ana->receipt.count, 0);
    ack_say(world, ack, hola.seq, &head);
    pass(world, 2500);
    assert_memory_equal(&ana->receipt.ref, &hola, sizeof hola);
    assert_int_equal(ana->receipt.count, 1);
    world_free(world);
}

/* A chain: what C stores is told to A by B. */
static void test_chain(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    peer_add(world, "bruno", "lan");
    peer_add(world, "carla", "lan");
    for (size_t i = 0; i < 3; i++)
        peer_start(world, i);
    hear(world, 0, 1);
    hear(world, 2, 1);
    world->peers[0].reachable = world->peers[2].reachable = false;
    pass(world, 4000);
    type(world, 0, "hola");
    pass(world, 6000);
    assert_int_equal(said_count(&world->peers[2], "say #everyone ana hola"), 1);
    assert_int_equal(world->peers[0].receipt.count, 2);
    assert_int_equal(world->peers[0].receipt.of, 2);
    type(world, 0, "/whisper carla only you");
    pass(world, 3000);
    assert_int_equal(said_with(&world->peers[2], "say whisper ana ! only you"), 1);
    assert_int_equal(said_with(&world->peers[1], "only you"), 0);
    world_free(world);
}

/* A longer one: acks are handed on by those whom they do not concern. */
static void test_four_in_a_row(void **state)
{
    (void)state;
    struct world *world = world_new();
    for (size_t i = 0; i < 4; i++) {
        static const char *const NAMES[] = {"ana", "bruno", "carla", "dani"};
        peer_add(world, NAMES[i], "lan");
        peer_start(world, i);
    }
    for (size_t i = 0; i < 4; i++)
        world->peers[i].reachable = false;
    for (size_t i = 1; i < 4; i++) {
        world->peers[i].reachable = true;
        hear(world, i - 1, i);
        world->peers[i].reachable = false;
    }
    pass(world, 4000);
    assert_int_equal(links_open(world), 3);
    type(world, 0, "hola");
    pass(world, 8000);
    assert_int_equal(said_count(&world->peers[3], "say #everyone ana hola"), 1);
    assert_int_equal(world->peers[0].receipt.count, 3);
    world_free(world);
}

/* Four, each linked to each, and each has spoken. */
static struct world *four(void)
{
    struct world *world = world_new();
    static const char *const NAMES[] = {"ana", "bruno", "carla", "dani"};
    for (size_t i = 0; i < 4; i++)
        peer_start(world, peer_add(world, NAMES[i], "lan"));
    for (size_t i = 1; i < 4; i++)
        hear(world, 0, i);
    pass(world, 4000);
    assert_int_equal(links_open(world), 6);
    for (size_t i = 0; i < 4; i++) {
        type(world, i, "hola");
        pass(world, 8000);
    }
    return world;
}

/* Whoever hears an acker hears its acks: only to their author they are told by all. */
static void test_acks_in_a_full_mesh(void **state)
{
    (void)state;
    struct world *world = four();
    size_t before[4];
    for (size_t i = 0; i < 4; i++)
        before[i] = world->peers[i].hearsay;
    type(world, 0, "who has it?");
    pass(world, 8000);
    assert_int_equal(world->peers[0].receipt.count, 3);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(world->peers[i].hearsay, before[i]);
    world_free(world);
}

/* Dani's never reach Ana herself, as if the link had too much to write. */
static void test_acks_by_hearsay(void **state)
{
    (void)state;
    struct world *world = four();
    for (size_t i = 0; i < world->wire_count; i++)
        for (size_t side = 0; side < 2; side++)
            if (world->wires[i].open && world->wires[i].peer[side] == 0 &&
                world->wires[i].peer[1 - side] == 3)
                world->wires[i].shut[side] = true;
    type(world, 0, "who has it?");
    pass(world, 8000);
    assert_int_equal(world->peers[0].receipt.count, 3);
    world_free(world);
}

/* One link is gone: what was shown of it holds no more. */
static void test_acks_around_a_gap(void **state)
{
    (void)state;
    struct world *world = four();
    for (size_t i = 0; i < world->wire_count; i++)
        if (world->wires[i].open && world->wires[i].peer[0] + world->wires[i].peer[1] == 5)
            wire_cut(world, i, 0); /* Carla's and Dani's: the only sum of 5 */
    world->peers[2].reachable = world->peers[3].reachable = false;
    assert_int_equal(links_open(world), 5);
    type(world, 2, "psst");
    pass(world, 8000);
    assert_int_equal(said_count(&world->peers[3], "say #everyone carla psst"), 1);
    assert_int_equal(world->peers[2].receipt.count, 3);
    world->peers[2].hearsay = world->peers[3].hearsay = 0;
    type(world, 0, "who has it?");
    pass(world, 8000);
    assert_true(world->peers[2].hearsay > 0); /* Dani's */
    assert_true(world->peers[3].hearsay > 0); /* Carla's */
    world_free(world);
}

static void part(struct world *world, size_t one, size_t other)
{
    for (size_t i = 0; i < world->wire_count; i++) {
        struct wire *wire = &world->wires[i];
        bool theirs = (wire->peer[0] == one && wire->peer[1] == other) ||
                      (wire->peer[0] == other && wire->peer[1] == one);
        for (size_t side = 0; side < 2 && wire->open && theirs; side++)
            task_add(world, (struct task){.peer = wire->peer[side],
                                          .link = (uint32_t)(i * 2 + side + 1),
                                          .down = true});
        wire->open = wire->open && !theirs;
    }
    world->peers[one].reachable = world->peers[other].reachable = false;
    settle(world);
}

/* The author is two links away from whoever hears it, and what was shown of the links before holds
 * no more: those between say nothing themselves. */
static void test_acks_around_two_gaps(void **state)
{
    (void)state;
    struct world *world = four();
    part(world, 3, 0);
    part(world, 3, 1);
    part(world, 0, 2);
    assert_int_equal(links_open(world), 3); /* Ana, Bruno, Carla, Dani in a row */
    for (int i = 0; i < 3; i++) {
        type(world, 3, "who has it?");
        pass(world, 8000);
        assert_int_equal(world->peers[3].receipt.count, 3);
    }
    world_free(world);
}

/* What was acknowledged while one was away is asked for. */
static void test_acks_wanted(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    peer_add(world, "bruno", "lan");
    peer_add(world, "carla", "lan");
    for (size_t i = 0; i < 3; i++)
        peer_start(world, i);
    hear(world, 0, 1);
    hear(world, 2, 1);
    pass(world, 4000);
    type(world, 0, "hola");
    pass(world, 4000);
    peer_kill(world, 2); /* Carla has it, and goes */
    peer_kill(world, 0);
    world->peers[0].disk.ack_count = 0;
    pass(world, 1000);
    peer_start(world, 0);
    pass(world, 4000);
    size_t carlas = 0;
    for (size_t i = 0; i < world->peers[0].disk.ack_count; i++)
        carlas += id_equal(&world->peers[0].disk.acks[i].ack.acker, &world->peers[2].identity.id);
    assert_int_equal(carlas, 1);
    world_free(world);
}

static void test_whisper(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    char to[CONVERSATION_BYTES] = "@";
    id_text(&bruno->identity.id, to + 1);
    type(world, 0, "/whisper bruno psst");
    assert_int_equal(said_count(ana, "say whisper ana psst"), 1);
    assert_int_equal(said_count(bruno, "say whisper ana ! psst"), 1);
    assert_int_equal(bruno->bells, 1);
    type(world, 0, "/whisper bruno");
    char gone[sizeof to + 16];
    snprintf(gone, sizeof gone, "go %s - ", to);
    assert_int_equal(said_count(ana, gone), 1);
    type_in(world, 0, to, "more");
    assert_int_equal(said_count(bruno, "say whisper ana ! more"), 1);
    pass(world, 3000);
    assert_string_equal(ana->receipt.conversation ? "@" : "", "@");
    assert_int_equal(ana->receipt.count, 1);
    assert_true(person_vouched(roster_person(node_roster(ana->node), &bruno->identity.id)));
    /* Ana's own is stored opened; Bruno's is noted when it was opened. */
    size_t opened = 0;
    for (size_t i = 0; i < bruno->disk.count; i++)
        opened += bruno->disk.kept[i].record.sealed == NODE_OPENED;
    assert_int_equal(opened, 2);
    type(world, 0, "/call bruno");
    assert_int_equal(said_with(bruno, "call whisper ana !"), 1);
    world_free(world);
}

static void test_away_and_name(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    type(world, 0, "/away lunch");
    pass(world, 1000);
    assert_int_equal(said_count(bruno, "changed away ana lunch"), 1);
    assert_true(ana->disk.away);
    peer_kill(world, 1);
    peer_start(world, 1);
    const struct person *her = roster_person(node_roster(bruno->node), &ana->identity.id);
    assert_true(her->away);
    assert_string_equal(her->more->why, "lunch");
    pass(world, 1000);
    type(world, 0, "/away");
    pass(world, 1000);
    assert_true(said_count(bruno, "changed here ana ") >= 1);
    type(world, 0, "/name anita");
    pass(world, 1000);
    type(world, 0, "hola");
    assert_int_equal(said_count(bruno, "say #everyone anita hola"), 1);
    assert_string_equal(ana->disk.name, "anita");
    world_free(world);
}

static void test_rooms(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    type(world, 0, "/join #lab");
    assert_int_equal(said_count(ana, "go #lab - "), 1);
    type_in(world, 0, "#lab", "anybody?");
    assert_int_equal(said_count(ana, "say #lab ana anybody?"), 1);
    assert_int_equal(said_with(bruno, "anybody?"), 0); /* he is not in it */
    type_in(world, 1, "#lab", "me");
    assert_int_equal(said_with(bruno, "error not-joined"), 1);
    type(world, 1, "/join #LAB");
    type_in(world, 1, "#lab", "me");
    assert_int_equal(said_count(ana, "say #lab bruno me"), 1);
    type_in(world, 0, "#lab", "/topic tests");
    type(world, 1, "/rooms");
    assert_int_equal(said_count(bruno, "room #lab joined tests"), 1);
    assert_int_equal(said_count(bruno, "room #everyone joined "), 1);
    type_in(world, 0, "#lab", "/leave");
    assert_int_equal(said_count(bruno, "leave #lab ana "), 1);
    type_in(world, 0, "#lab", "still?");
    assert_int_equal(said_with(ana, "error not-joined"), 1);
    type(world, 0, "/leave");
    assert_int_equal(said_with(ana, "error cannot-leave"), 1);
    world_free(world);
}

static void test_late(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *bruno = &world->peers[1];
    world->peers[0].reachable = bruno->reachable = false;
    world->wires[0].open = false;
    for (uint32_t side = 0; side < 2; side++)
        give(world, side, &(struct node_event){.kind = EVENT_LINK_DOWN, .link = side + 1});
    type(world, 0, "into the void");
    assert_int_equal(said_with(bruno, "void"), 0);
    pass(world, 120000);
    world->peers[0].reachable = true;
    hear(world, 1, 0);
    pass(world, 4000);
    assert_int_equal(said_count(bruno, "say #everyone ana late into the void"), 1);
    type(world, 0, "nobody waited");
    assert_int_equal(said_count(bruno, "say #everyone ana nobody waited"), 1);
    world_free(world);
}

/* ---- lines that cannot be done ---- */

static void test_errors(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    static const char *const LINES[][2] = {
        {"/frobnicate", "error "},
        {"/whisper nobody hi", "error no-such-person"},
        {"/whisper ana hi", "error yourself"},
        {"/info zoe", "error no-such-person"},
        {"/join #", "error "},
        {"/disconnect", "error who"},
        {"/connect nowhere", "error no-host"},
        {"/connect 127.0.0.1:9777", "error no-answer"},
    };
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        said_forget(ana);
        ana->line = 0;
        type(world, 0, LINES[i][0]);
        settle(world);
        if (said_with(ana, LINES[i][1]) != 1 || ana->line != 7)
            fail_msg("%s: no %s", LINES[i][0], LINES[i][1]);
    }
    assert_int_equal(world->peers[1].shown, 0);
    char *text = xmalloc(TEXT_MAX + 2);
    memset(text, 'x', TEXT_MAX + 1);
    text[TEXT_MAX + 1] = '\0';
    type(world, 0, text);
    assert_int_equal(said_with(ana, "error too-long"), 1);
    assert_int_equal(said_with(ana, "back #everyone"), 1);
    text[TEXT_MAX] = '\0';
    type(world, 0, text);
    assert_int_equal(said_with(ana, "say #everyone ana xxx"), 1);
    free(text);
    world_free(world);
}

static void test_not_ours(void **state)
{
    (void)state;
    struct world *world = two();
    static const struct {
        const char *line;
        enum command_id id;
    } LINES[] = {{"/scan", COMMAND_SCAN},
                 {"/theme light", COMMAND_THEME},
                 {"/help", COMMAND_HELP},
                 {"/doctor", COMMAND_DOCTOR},
                 {"/export x.txt", COMMAND_EXPORT}};
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        world->peers[0].command = COMMAND_COUNT;
        type(world, 0, LINES[i].line);
        assert_int_equal(world->peers[0].command, LINES[i].id);
    }
    world_free(world);
}

/* Whether such a line is among those that a screen has. */
static bool is_seen(struct peer *peer, const char *text)
{
    const struct conversation *held;
    for (size_t i = 0; (held = model_conversation(node_model(peer->node), i)); i++)
        for (size_t j = 0; j < held->window.count; j++) {
            const struct post *post = held->window.posts[j];
            if (post->size == strlen(text) && memcmp(post->text, text, post->size) == 0)
                return post_is_shown(post);
        }
    return false;
}

static void test_people_commands(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    type(world, 0, "/verify bruno");
    type(world, 1, "/verify ana");
    assert_memory_equal(ana->answer.verify, bruno->answer.verify, VERIFY_TEXT);
    assert_int_equal(strlen(ana->answer.verify), VERIFY_TEXT - 1);
    type(world, 0, "/trust bruno");
    assert_true(roster_person(node_roster(ana->node), &bruno->identity.id)->verified);
    assert_true(logs_find(node_logs(ana->node), &bruno->identity.id)->vouched);
    give(world, 0, &(struct node_event){.kind = EVENT_OPEN, .open = ROOM_EVERYONE});
    type(world, 0, "/ignore bruno");
    type(world, 1, "unheard");
    assert_int_equal(said_with(ana, "unheard"), 0);
    assert_false(is_seen(ana, "unheard"));
    type(world, 0, "/ignore bruno");
    assert_true(is_seen(ana, "unheard"));
    type(world, 1, "heard");
    assert_int_equal(said_with(ana, "heard"), 1);
    type(world, 0, "/search heard");
    assert_int_equal(said_count(ana, "found #everyone bruno unheard"), 1);
    type(world, 0, "/block bruno");
    assert_int_equal(links_open(world), 0);
    hear(world, 1, 0);
    pass(world, 2000);
    assert_int_equal(links_open(world), 0);
    type(world, 0, "/block bruno");
    hear(world, 0, 1);
    pass(world, 2000);
    assert_int_equal(links_open(world), 1);
    type(world, 0, "/disconnect bruno");
    assert_int_equal(said_count(ana, "down here bruno "), 2);
    world_free(world);
}

static void test_exit(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    ana->deaf = true;
    type(world, 0, "last words");
    type(world, 0, "/exit");
    assert_int_equal(ana->left, 0); /* they are not stored yet */
    assert_int_equal(said_with(&world->peers[1], "down "), 0);
    ana->deaf = false;
    settle(world);
    assert_int_equal(ana->left, 1);
    assert_int_equal(said_with(&world->peers[1], "down "), 1);
    assert_int_equal(ana->timer, UINT64_MAX);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_contact),
        cmocka_unit_test(test_silent_link_ends),
        cmocka_unit_test(test_handshake_time),
        cmocka_unit_test(test_nothing_before_hello),
        cmocka_unit_test(test_other_mesh),
        cmocka_unit_test(test_ourselves),
        cmocka_unit_test(test_another_device),
        cmocka_unit_test(test_secret),
        cmocka_unit_test(test_say),
        cmocka_unit_test(test_receipt),
        cmocka_unit_test(test_false_receipts),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_four_in_a_row),
        cmocka_unit_test(test_acks_in_a_full_mesh),
        cmocka_unit_test(test_acks_by_hearsay),
        cmocka_unit_test(test_acks_around_a_gap),
        cmocka_unit_test(test_acks_around_two_gaps),
        cmocka_unit_test(test_acks_wanted),
        cmocka_unit_test(test_whisper),
        cmocka_unit_test(test_away_and_name),
        cmocka_unit_test(test_rooms),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_not_ours),
        cmocka_unit_test(test_people_commands),
        cmocka_unit_test(test_exit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
