/* What nobody means to send, and a node has to stand all the same: bodies that cannot be read,
 * readers without a key, echoes in every shape, and whatever comes while it is catching up, or
 * while it leaves. */
#include "node_world.h"

#include "core/model_make.h"
#include "make.h"

enum { CARLOS = 101, PIPED = 105 };

/* ---- entries ---- */

/* Somebody who is no node: bruno passes on what she signs. */
struct stranger {
    struct identity identity;
    struct entry_tip tip;
};

static struct stranger stranger_new(void)
{
    return (struct stranger){make_person(77), {.epoch = make_epoch(7)}};
}

/* Ana hears it over bruno's end of their link. */
static void pass_on(struct world *world, struct stranger *eva, uint32_t kind, const char *room,
                    struct span body)
{
    enum { BRUNOS_END = 2 };
    struct entry_fields fields = make_fields(&eva->identity, &eva->tip);
    fields.hlc = fields.wall = now_of(world, 0).wall_ms;
    fields.kind = kind;
    fields.room = span_text(room);
    fields.body = body;
    struct entry *entry = entry_make(&fields, &native_codec, &signer_fake, &eva->identity);
    assert_non_null(entry);
    struct frame_entry one = {entry_bytes(entry), entry_signature(entry)};
    struct frame frame = {.kind = FRAME_ENTRIES, .entries = {1, &one}};
    eva->tip = entry_tip(entry);
    frame_carry(world, BRUNOS_END, &frame);
    entry_drop(entry);
    pass(world, 100);
}

static void pass_on_body(struct world *world, struct stranger *eva, const char *room,
                         const struct body *body)
{
    uint8_t bytes[ENTRY_MAX];
    size_t size;
    assert_true(native_codec.body_pack(body, bytes, sizeof bytes, &size));
    pass_on(world, eva, body->kind, room, span_of(bytes, size));
}

static const struct post *last_post(const struct peer *peer)
{
    const struct window *window = &node_model(peer->node)->open->window;
    assert_true(window->count > 0);
    return window->posts[window->count - 1];
}

/* The envelope decides what is stored and passed on; the rest is a placeholder. */
static void test_what_cannot_be_read_has_its_place(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    struct stranger eva = stranger_new();
    give(world, 0, &(struct node_event){.kind = EVENT_OPEN, .open = ROOM_EVERYONE});
    settle(world);
    pass_on(world, &eva, 77, ROOM_EVERYONE, span_text("of a later version"));
    assert_int_equal(said_with(ana, "unreadable #everyone ~"), 1); /* nobody knows her name */
    assert_int_equal(last_post(ana)->kind, POST_UNKNOWN);
    pass_on(world, &eva, ENTRY_SAY, ROOM_EVERYONE, span_text("\xff"));
    assert_int_equal(said_with(ana, "unreadable #everyone ~"), 2);
    assert_int_equal(last_post(ana)->kind, POST_UNKNOWN);         /* whatever it was meant to be */
    pass_on(world, &eva, ENTRY_LEAVE, "#lab", span_text("\xff")); /* leaves nothing, in words */
    pass_on(world, &eva, ENTRY_PROFILE, "", span_text("\xff"));
    pass_on(world, &eva, ENTRY_SAY, "lab", span_text("of no room"));
    pass_on(world, &eva, ENTRY_SAY, "", span_text("of none at all"));
    pass_on(world, &eva, ENTRY_SEALED, "", span_text("of no reader"));
    assert_int_equal(said_with(ana, "unreadable"), 2);
    assert_int_equal(said_with(ana, " of no"), 0);
    size_t unopened = 0, hers = 0;
    for (size_t i = 0; i < ana->disk.count; i++) {
        const struct node_record *record = &ana->disk.kept[i].record;
        hers += id_equal(&record->entry->fields.author, &eva.identity.id);
        unopened += record->sealed == NODE_UNOPENED;
    }
    assert_int_equal(hers, 7); /* and all of it is kept */
    assert_int_equal(unopened, 1);
    /* what follows is read as ever: nothing stopped her log */
    pass_on_body(world, &eva, ROOM_EVERYONE,
                 &(struct body){.kind = ENTRY_SAY, .say = {.text = span_text("hola")}});
    assert_int_equal(said_with(ana, "say #everyone ~"), 1);
    assert_int_equal(last_post(ana)->kind, POST_SAY);
    world_free(world);
}

/* In a room, everybody is called or one is. */
static void test_who_is_called(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    struct stranger eva = stranger_new();
    pass_on_body(world, &eva, ROOM_EVERYONE,
                 &(struct body){.kind = ENTRY_PROFILE, .profile = {.name = span_text("eva")}});
    struct body call = {.kind = ENTRY_CALL};
    pass_on_body(world, &eva, ROOM_EVERYONE, &call);
    assert_int_equal(said_count(ana, "call #everyone eva ! "), 1);
    pass(world, 2000);
    call.call.has_whom = true;
    call.call.whom = world->peers[1].identity.id;
    pass_on_body(world, &eva, ROOM_EVERYONE, &call);
    assert_int_equal(said_count(ana, "call #everyone eva "), 1);
    call.call.whom = ana->identity.id;
    pass_on_body(world, &eva, ROOM_EVERYONE, &call);
    assert_int_equal(said_count(ana, "call #everyone eva ! "), 2);
    assert_int_equal(ana->bells, 2);
    world_free(world);
}

/* An id that is no point of the curve: nothing can be sealed for it, and the words come back. */
static void test_a_reader_without_a_key(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    char name[CONVERSATION_BYTES] = "@";
    struct id none = {{0}};
    id_text(&none, name + 1);
    type_in(world, 0, name, "psst");
    pass(world, 100);
    assert_int_equal(said_with(ana, "error cannot-seal"), 1);
    assert_int_equal(said_with(ana, "back @"), 1);
    type(world, 0, "hola"); /* and nothing stands in the way of what follows */
    assert_int_equal(said_with(&world->peers[1], "say #everyone ana hola"), 1);
    world_free(world);
}

/* ---- frames out of turn ---- */

enum { ANAS_END = 1 };

static void hear_frame(struct world *world, const struct frame *frame)
{
    give(world, 0, &(struct node_event){.kind = EVENT_FRAME, .link = ANAS_END, .frame = frame});
    settle(world);
}

static void test_frames_that_are_not_for_now(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    said_forget(ana);
    hear_frame(world, &(struct frame){.kind = FRAME_UNKNOWN}); /* of a later version */
    hear_frame(world, &(struct frame){.kind = FRAME_PROOF});   /* of a secret that nobody has */
    hear_frame(world, &(struct frame){.kind = FRAME_PONG, .token = 99}); /* nothing was asked */
    assert_int_equal(links_open(world), 1);
    assert_null(ana->said);
    struct frame hello = {.kind = FRAME_HELLO,
                          .hello = {.version = 1, .net = make_net(), .name = span_text("eva")}};
    hear_frame(world, &hello);          /* who said it has said it */
    assert_false(world->wires[0].open); /* and another is called */
    assert_int_equal(said_with(ana, "eva"), 0);
    pass(world, 3000);
    world_free(world);
}

static void test_a_second_proof(void **state)
{
    (void)state;
    struct mesh_key key = {{1}};
    struct world *world = world_new();
    for (size_t i = 0; i < 2; i++) {
        peer_add(world, i ? "bruno" : "ana", "lan");
        world->peers[i].key = &key;
        world->peers[i].net = mesh_net(span_text("lan"), &key);
        peer_start(world, i);
    }
    hear(world, 0, 1);
    pass(world, 3000);
    assert_int_equal(links_open(world), 1);
    hear_frame(world, &(struct frame){.kind = FRAME_UNKNOWN});
    assert_int_equal(links_open(world), 1);
    hear_frame(world, &(struct frame){.kind = FRAME_PROOF});
    assert_false(world->wires[0].open); /* and another is called */
    world_free(world);
}

/* ---- receipts of others ---- */

static size_t acks_of(const struct peer *peer, const struct id *acker)
{
    size_t count = 0;
    for (size_t i = 0; i < peer->disk.ack_count; i++)
        count += id_equal(&peer->disk.acks[i].ack.acker, acker);
    return count;
}

/* Nothing of it is kept or passed on that its acker did not sign, or that says no more. */
static void test_receipts_that_nobody_signed(void **state)
{
    (void)state;
    struct world *world = two();
    const struct peer *ana = &world->peers[0];
    struct identity eva = make_person(77), zoe = make_person(78);
    struct ack good = {.author = zoe.id, .epoch = make_epoch(5), .low = 1, .high = 9};
    ack_sign(&good, &ana->net, &signer_fake, &eva);
    struct ack bad = good;
    bad.high = 10;
    struct ack less = {.author = zoe.id, .epoch = make_epoch(5), .low = 1, .high = 8};
    ack_sign(&less, &ana->net, &signer_fake, &eva);
    struct ack all[] = {bad, good, less};
    for (size_t i = 0; i < 3; i++) {
        hear_frame(world, &(struct frame){.kind = FRAME_ACKS, .acks = {1, &all[i]}});
        pass(world, 3000);
        assert_int_equal(acks_of(ana, &eva.id), i > 0);
    }
    for (size_t i = 0; i < ana->disk.ack_count; i++)
        if (id_equal(&ana->disk.acks[i].ack.acker, &eva.id))
            assert_int_equal(ana->disk.acks[i].ack.high, 9);
    struct ack ours = good; /* nor what we would have signed ourselves */
    ack_sign(&ours, &ana->net, &signer_fake, &ana->identity);
    size_t own = acks_of(ana, &ana->identity.id);
    hear_frame(world, &(struct frame){.kind = FRAME_ACKS, .acks = {1, &ours}});
    pass(world, 3000);
    assert_int_equal(acks_of(ana, &ana->identity.id), own);
    world_free(world);
}

/* ---- catching up, leaving ---- */

/* Bruno was away for 300 words; he learns what there is, and can check none of it. */
static struct peer *far_behind(struct world *world)
{
    struct peer *bruno = &world->peers[1];
    peer_kill(world, 1);
    pass(world, 100);
    for (int i = 0; i < 300; i++)
        type(world, 0, "while you were away");
    pass(world, 3000);
    bruno->deaf = true;
    peer_start(world, 1);
    return bruno;
}

static void test_much_to_catch_up(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *bruno = far_behind(world);
    hear(world, 0, 1);
    pass(world, 3000);
    const struct model *model = node_model(bruno->node);
    assert_true(model->progress.on);
    assert_string_equal(model->progress.what.code, "catching-up");
    assert_true(model->progress.total >= 256);
    assert_int_equal(model->progress.done, 0);
    struct progress scan = {.on = true, .what = message_make("scan", "Scanning"), .total = 9};
    model_progress(node_model(bruno->node), &scan); /* somebody else's line; what was ours ends */
    bruno->deaf = false;
    pass(world, 10000);
    assert_int_equal(said_with(bruno, "while you were away"), 300);
    assert_false(node_model(bruno->node)->progress.on);
    world_free(world);
}

static void test_a_scan_has_the_line(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *bruno = far_behind(world);
    struct progress scan = {.on = true, .what = message_make("scan", "Scanning"), .total = 9};
    model_progress(node_model(bruno->node), &scan);
    hear(world, 0, 1);
    pass(world, 3000);
    assert_string_equal(node_model(bruno->node)->progress.what.code, "scan");
    assert_int_equal(node_model(bruno->node)->progress.total, 9);
    world_free(world);
}

static struct node_event guest_event(enum node_event_kind kind, uint32_t link, const char *name,
                                     const char *text)
{
    struct node_event event = {.kind = kind, .link = link, .guest = {.dialect = "piped"}};
    event.guest.name = span_text(name);
    event.guest.text = span_text(text);
    event.guest.spreads = link == PIPED;
    return event;
}

static void guest_up(struct world *world, uint32_t link, const char *name)
{
    struct node_event event = guest_event(EVENT_GUEST_UP, link, name, "");
    give(world, 0, &event);
    settle(world);
}

static void guest_says(struct world *world, uint32_t link, const char *name, const char *text)
{
    struct node_event event = guest_event(EVENT_GUEST_SAID, link, name, text);
    give(world, 0, &event);
    settle(world);
}

/* Nothing new is begun by who leaves, and what was typed too late comes back. */
static void test_too_late(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    guest_up(world, CARLOS, "carlos");
    pass(world, 100);
    ana->deaf = true;
    type(world, 0, "last words");
    type(world, 0, "/exit");
    said_forget(ana);
    type(world, 0, "too late");
    assert_int_equal(said_with(ana, "error busy"), 1);
    assert_int_equal(said_count(ana, "back #everyone - too late"), 1);
    said_forget(ana);
    guest_says(world, CARLOS, "", "too late as well");
    assert_null(ana->said);
    guest_up(world, PIPED, "pipa");
    assert_int_equal(said_with(ana, "hang-up 105"), 1);
    struct node_event asks = guest_event(EVENT_GUEST_ASKS, PIPED, "pipa", "");
    give(world, 0, &asks);
    assert_int_equal(said_with(ana, "hang-up 105"), 2);
    type(world, 0, "/exit"); /* asked twice, it leaves once */
    ana->deaf = false;
    settle(world);
    assert_int_equal(ana->left, 1);
    assert_int_equal(said_with(&world->peers[1], "last words"), 1);
    assert_int_equal(said_with(&world->peers[1], "too late"), 0);
    world_free(world);
}

/* Who has no name says so to nobody. */
static void test_nobody_in_particular(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_add(world, "", "lan");
    peer_add(world, "bruno", "lan");
    peer_start(world, 0);
    peer_start(world, 1);
    hear(world, 0, 1);
    pass(world, 3000);
    type(world, 0, "hola");
    pass(world, 100);
    assert_int_equal(said_with(&world->peers[1], "say #everyone ~"), 1);
    assert_int_equal(said_with(&world->peers[1], "changed"), 0);
    world_free(world);
}

/* ---- guests that are remembered ---- */

static void test_a_guests_conversation_is_restored(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    guest_up(world, CARLOS, "carlos");
    type(world, 0, "/whisper carlos hola");
    pass(world, 6000);
    peer_kill(world, 0);
    peer_start(world, 0);
    type(world, 0, "/info carlos");
    assert_int_equal(said_with(ana, "peer - carlos "), 1);
    assert_int_equal(ana->answer.count, 1);
    type(world, 0, "/whisper carlos otra vez"); /* known, and not here */
    assert_int_equal(said_with(ana, "error guest-gone"), 1);
    guest_up(world, CARLOS, "carlos");
    type(world, 0, "/whisper carlos otra vez");
    assert_int_equal(said_with(ana, "alone 101 ana own otra vez"), 1);
    world_free(world);
}

/* ---- echoes ---- */

static size_t hosted(const struct world *world, const char *text)
{
    char line[300];
    snprintf(line, sizeof line, "say #everyone ana %s", text);
    return said_count(&world->peers[0], line);
}

/* However a dialect wrote the name down, and with whatever blanks around. */
static void test_an_echo_is_known_in_every_shape(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    peer_add(world, "bea|x y:z", "lan");
    peer_start(world, 0);
    peer_start(world, 1);
    hear(world, 0, 1);
    pass(world, 3000);
    guest_up(world, PIPED, "pipa");
    guest_up(world, CARLOS, "carlos");
    type(world, 1, "eco\n\n  dos ");
    pass(world, 100);
    guest_says(world, PIPED, "bea/x_y;z", "eco");
    guest_says(world, PIPED, "bea/x_y;z", " dos \n");
    guest_says(world, PIPED, "", "bea/x_y;z: dos");
    guest_says(world, PIPED, "bea/x_y;Z", "eco"); /* that is somebody else */
    guest_says(world, PIPED, "carlos", "eco");    /* of the same dialect: it may say so */
    pass(world, 5000);
    assert_int_equal(hosted(world, "eco"), 2);
    assert_int_equal(hosted(world, "dos") + hosted(world, " dos \n"), 0);
    assert_int_equal(hosted(world, "bea/x_y;z: dos"), 0);
    /* without a name in front it is nobody's but its own */
    static const char *const OWN[] = {
        "dos", ": dos", "bea/x_y;z:dos",
        "a name that is longer than any could be, because it goes on and on, and on, and on, and "
        "on, and on, and on, and on, and on, and on, and on, and on, and on, and on, and on, and "
        "on, and on, and on, and on, and on, and on, and on: dos"};
    for (size_t i = 0; i < sizeof OWN / sizeof *OWN; i++) {
        guest_says(world, PIPED, "", OWN[i]);
        assert_int_equal(hosted(world, OWN[i]), 1);
    }
    /* and after a minute nothing is an echo any more */
    pass(world, 61000);
    guest_says(world, PIPED, "bea/x_y;z", "eco");
    pass(world, 5000);
    assert_int_equal(hosted(world, "eco"), 3);
    world_free(world);
}

/* So many wait that the oldest cannot: it is said rather than lost. */
static void test_more_echoes_than_can_wait(void **state)
{
    (void)state;
    struct world *world = two();
    char text[16];
    guest_up(world, PIPED, "pipa");
    pass(world, 100);
    for (int i = 0; i <= 128; i++) {
        snprintf(text, sizeof text, "n%d", i);
        guest_says(world, PIPED, "bruno", text);
    }
    assert_int_equal(hosted(world, "n0"), 1);
    assert_int_equal(hosted(world, "n1"), 0);
    type(world, 1, "n5"); /* that was one */
    pass(world, 5000);
    assert_int_equal(hosted(world, "n4"), 1);
    assert_int_equal(hosted(world, "n5"), 0);
    assert_int_equal(hosted(world, "n128"), 1);
    guest_says(world, PIPED, "bruno", "never to be known");
    world_free(world); /* with one that waits */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_cannot_be_read_has_its_place),
        cmocka_unit_test(test_who_is_called),
        cmocka_unit_test(test_a_reader_without_a_key),
        cmocka_unit_test(test_frames_that_are_not_for_now),
        cmocka_unit_test(test_a_second_proof),
        cmocka_unit_test(test_receipts_that_nobody_signed),
        cmocka_unit_test(test_much_to_catch_up),
        cmocka_unit_test(test_a_scan_has_the_line),
        cmocka_unit_test(test_too_late),
        cmocka_unit_test(test_nobody_in_particular),
        cmocka_unit_test(test_a_guests_conversation_is_restored),
        cmocka_unit_test(test_an_echo_is_known_in_every_shape),
        cmocka_unit_test(test_more_echoes_than_can_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
