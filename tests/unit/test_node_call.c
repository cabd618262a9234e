/* Calls that the user asked for: whatever becomes of one, its line is answered once, with the
 * reason, and never for something that happened later. */
#include "core/node_parts.h"
#include "node_world.h"

/* One error, with this code, for the line that was typed. */
static void one_error(struct peer *peer, const char *code)
{
    char part[64];
    snprintf(part, sizeof part, "error %s ", code);
    if (said_with(peer, part) != 1 || said_with(peer, "error ") != 1 || peer->line != 7)
        fail_msg("not once %s: %zu, of %zu, line %d", code, said_with(peer, part),
                 said_with(peer, "error "), (int)peer->line);
}

static void test_call_in_vain(void **state)
{
    (void)state;
    static const struct {
        enum call_fault fault;
        const char *line;
        const char *code;
    } CALLS[] = {
        {CALL_UNKNOWN, "/connect 127.0.0.1:9777", "no-answer"},
        {CALL_SILENT, "/connect 127.0.0.1:9777", "no-answer"},
        {CALL_REFUSED, "/connect 127.0.0.1:9777", "refused"},
        {CALL_UNREACHABLE, "/connect 127.0.0.1:9777", "unreachable"},
        {CALL_TROUBLE, "/connect 127.0.0.1:9777", "cannot-call"},
        {CALL_MUTE, "/connect 127.0.0.1:9777", "mute"},
        {CALL_STRANGE, "/connect 127.0.0.1:9777", "no-tertulia"},
        {CALL_TLS, "/connect 127.0.0.1:9777", "tls-failed"},
        {CALL_HUNG_UP, "/connect 127.0.0.1:9777", "hung-up"},
        {CALL_UNKNOWN, "/connect nowhere", "no-host"},
        {CALL_NO_NAME, "/connect nowhere", "no-host"},
        {CALL_NAME_UNASKED, "/connect nowhere", "no-name-service"},
        {CALL_SILENT, "/connect several 9777", "no-answer"},
        {CALL_REFUSED, "/connect several 9777", "refused"},
    };
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
        struct world *world = two();
        struct peer *ana = &world->peers[0];
        world->fault = CALLS[i].fault;
        type(world, 0, CALLS[i].line);
        one_error(ana, CALLS[i].code);
        pass(world, 120000); /* it is tried again, and nobody hears of that */
        one_error(ana, CALLS[i].code);
        assert_null(strstr(ana->said->text, "%s"));
        world_free(world);
    }
}

/* Ana calls Bruno, who is there and will not have her, or she will not have him. */
static void test_call_refused(void **state)
{
    (void)state;
    static const struct mesh_key one = {{1}}, other = {{2}};
    static const struct {
        const char *mesh;
        const struct mesh_key *anas;
        const struct mesh_key *brunos;
        const char *code;
    } CALLS[] = {
        {"else", NULL, NULL, "other-mesh"},
        {"lan", NULL, &one, "hung-up"}, /* it may be the secret: nobody says so */
        {"lan", &one, NULL, "no-secret"},
        {"lan", &one, &other, "wrong-secret"},
        {"else", &one, &one, "other-mesh"},
    };
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
        struct world *world = world_new();
        peer_add(world, "ana", "lan");
        peer_add(world, "bruno", CALLS[i].mesh);
        world->peers[0].key = CALLS[i].anas;
        world->peers[1].key = CALLS[i].brunos;
        peer_start(world, 0);
        peer_start(world, 1);
        type(world, 0, "/connect 127.0.0.1:9001");
        one_error(&world->peers[0], CALLS[i].code);
        pass(world, 120000);
        one_error(&world->peers[0], CALLS[i].code);
        assert_int_equal(said_with(&world->peers[0], "notice "), 0);
        assert_int_equal(said_with(&world->peers[1], "error "), 0);
        world_free(world);
    }
}

/* A link of Ana's to nobody, dialled for a line of hers; what comes on it is made up. */
static struct world *ana_calls(const struct mesh_key *key)
{
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    world->peers[0].key = key;
    peer_start(world, 0);
    world->peers[0].deaf = true; /* the dial waits for us */
    type(world, 0, "/connect 127.0.0.1:9777");
    struct node_event event = {.kind = EVENT_ADDRESS, .ticket = world->tasks->effect->ticket};
    event.address.found = FOUND_ASKED;
    event.address.address =
        (struct overlay_address){.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1}, .port = 9777};
    give(world, 0, &event);
    event = (struct node_event){.kind = EVENT_LINK_UP, .link = 1};
    event.up.peer.bytes[0] = 9;
    event.up.dialled = true;
    event.up.address =
        (struct overlay_address){.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1}, .port = 9777};
    world->wire_count = 1;
    world->wires[0].open = true;
    world->wires[0].peer[1] = 3; /* nobody */
    give(world, 0, &event);
    return world;
}

static void test_call_ends_early(void **state)
{
    (void)state;
    static const struct mesh_key key = {{1}};
    static const struct {
        uint32_t reason;
        const char *code;
    } ENDS[] = {
        {DISCONNECT_OTHER, "hung-up"},     {DISCONNECT_LEAVING, "leaving"},
        {DISCONNECT_FULL, "full"},         {DISCONNECT_VERSION, "other-version"},
        {DISCONNECT_NET, "other-mesh"},    {DISCONNECT_UNWELCOME, "unwelcome"},
        {DISCONNECT_MALFORMED, "hung-up"}, {1000, "hung-up"},
    };
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
        for (int secret = 0; secret < 2; secret++) {
            struct world *world = ana_calls(secret ? &key : NULL);
            struct frame frame = {.kind = FRAME_DISCONNECT, .reason = ENDS[i].reason};
            give(world, 0, &(struct node_event){.kind = EVENT_FRAME, .link = 1, .frame = &frame});
            one_error(&world->peers[0], ENDS[i].code);
            assert_int_equal(said_with(&world->peers[0], "notice "), 0);
            world_free(world);
        }
    }
    static const struct {
        enum call_fault fault;
        const char *codes[2]; /* without a secret, and with one */
    } DOWNS[] = {
        {CALL_UNKNOWN, {"hung-up", "wrong-secret"}},
        {CALL_HUNG_UP, {"hung-up", "wrong-secret"}},
        {CALL_TLS, {"tls-failed", "tls-failed"}},
        {CALL_STRANGE, {"no-tertulia", "no-tertulia"}},
    };
    for (size_t i = 0; i < sizeof DOWNS / sizeof *DOWNS; i++) {
        for (int secret = 0; secret < 2; secret++) {
            struct world *world = ana_calls(secret ? &key : NULL);
            give(world, 0,
                 &(struct node_event){.kind = EVENT_LINK_DOWN, .link = 1, .fault = DOWNS[i].fault});
            one_error(&world->peers[0], DOWNS[i].codes[secret]);
            world_free(world);
        }
    }
    struct world *world = ana_calls(NULL);
    pass(world, NODE_HANDSHAKE_MS + 100);
    one_error(&world->peers[0], "mute");
    world_free(world);
    world = ana_calls(NULL);
    struct frame frame = {.kind = FRAME_HELLO, .hello = {.version = 2}};
    give(world, 0, &(struct node_event){.kind = EVENT_FRAME, .link = 1, .frame = &frame});
    one_error(&world->peers[0], "other-version");
    assert_int_equal(said_with(&world->peers[0], "notice "), 0);
    world_free(world);
    world = ana_calls(NULL); /* who leaves is told nothing more */
    type(world, 0, "/exit");
    assert_int_equal(world->peers[0].left, 1);
    assert_int_equal(said_with(&world->peers[0], "error "), 0);
    world_free(world);
}

static void test_call_of_somebody_known(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    type(world, 0, "/connect 127.0.0.1:9000");
    one_error(ana, "ourselves");
    said_forget(ana);
    type(world, 0, "/connect 127.0.0.1:9001");
    assert_int_equal(said_with(ana, "notice linked "), 1);
    type(world, 0, "/connect other 9001");
    pass(world, 3000);
    assert_int_equal(said_with(ana, "notice linked "), 2);
    assert_int_equal(said_with(ana, "error "), 0);
    assert_int_equal(links_open(world), 1);
    type(world, 0, "/block bruno");
    said_forget(ana);
    type(world, 0, "/connect 127.0.0.1:9001");
    one_error(ana, "blocked");
    said_forget(bruno);
    type(world, 1, "/connect 127.0.0.1:9000");
    one_error(bruno, "unwelcome");
    type(world, 0, "/block bruno");
    said_forget(ana);
    type(world, 0, "/connect 127.0.0.1:9001");
    pass(world, 3000);
    assert_int_equal(said_with(ana, "up here bruno"), 1);
    assert_int_equal(said_with(ana, "error "), 0);
    world_free(world);
}

/* Once it led to somebody, a call is over: what becomes of the link later is not its answer. */
static void test_call_is_answered_once(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    peer_add(world, "bruno", "lan");
    peer_start(world, 0);
    peer_start(world, 1);
    type(world, 0, "/connect 127.0.0.1:9001");
    pass(world, 3000);
    assert_int_equal(said_with(&world->peers[0], "up here bruno"), 1);
    assert_int_equal(said_with(&world->peers[0], "notice connected"), 1);
    assert_int_equal(said_with(&world->peers[0], "notice "), 1);
    peer_kill(world, 1);
    pass(world, 300000);
    assert_int_equal(said_with(&world->peers[0], "down "), 1);
    assert_int_equal(said_with(&world->peers[0], "error "), 0);
    /* Two for the same: both hear of it. */
    type(world, 0, "/connect 127.0.0.1:9001");
    one_error(&world->peers[0], "no-answer");
    world_free(world);
}

/* Both call each other at once: one of the links goes, and each hears once that there is one. */
static void test_calls_cross(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    peer_add(world, "bruno", "lan");
    for (size_t i = 0; i < 2; i++) {
        peer_start(world, i);
        world->peers[i].deaf = true;
    }
    type(world, 0, "/connect 127.0.0.1:9001");
    type(world, 1, "/connect 127.0.0.1:9000");
    world->peers[0].deaf = world->peers[1].deaf = false;
    pass(world, 3000);
    assert_int_equal(world->wire_count, 2);
    assert_int_equal(links_open(world), 1);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(said_with(&world->peers[i], "up here "), 1);
        assert_int_equal(said_with(&world->peers[i], "notice "), 1);
        assert_int_equal(said_with(&world->peers[i], "error "), 0);
    }
    world_free(world);
}

/* More calls than the overlay makes at once wait; more than are remembered are refused. */
static void test_many_calls(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    char line[64];
    ana->deaf = true;
    for (size_t i = 0; i < NODE_CALLS + 3; i++) {
        snprintf(line, sizeof line, "/connect 127.0.0.1:%d", 20000 + (int)i);
        type(world, 0, line);
    }
    assert_int_equal(said_with(ana, "error busy "), 3);
    said_forget(ana);
    ana->deaf = false;
    world->fault = CALL_REFUSED;
    settle(world); /* each as soon as there is room for it */
    assert_int_equal(said_with(ana, "error refused "), NODE_CALLS);
    for (size_t i = 0; i < NODE_CALLS; i++) {
        snprintf(line, sizeof line, "127.0.0.1:%d.", 20000 + (int)i);
        assert_int_equal(said_with(ana, line), 1);
    }
    world_free(world);
}

/* Whoever hangs up before hello leaves no dial behind that would be waited for. */
static void test_dials_do_not_leak(void **state)
{
    (void)state;
    struct mesh_key one = {{1}}, other = {{2}};
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    peer_add(world, "bruno", "lan");
    world->peers[0].key = &one;
    world->peers[1].key = &other;
    peer_start(world, 0);
    peer_start(world, 1);
    for (size_t i = 0; i < OVERLAY_DIALS + 4; i++) {
        said_forget(&world->peers[0]);
        type(world, 0, i % 2 ? "/connect 127.0.0.1:9001" : "/connect other 9001");
        one_error(&world->peers[0], "wrong-secret");
    }
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call_in_vain),
        cmocka_unit_test(test_call_refused),
        cmocka_unit_test(test_call_ends_early),
        cmocka_unit_test(test_call_of_somebody_known),
        cmocka_unit_test(test_call_is_answered_once),
        cmocka_unit_test(test_calls_cross),
        cmocka_unit_test(test_many_calls),
        cmocka_unit_test(test_dials_do_not_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
