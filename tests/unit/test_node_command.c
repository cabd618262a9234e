/* Lines that cannot be done, and what is said of them instead; what is asked of a conversation, a
 * page or a call that is not there; and guests who are not heard, not told, or in trouble. */
#include "node_world.h"

#include "core/model.h"

enum { CARLOS = 101, DANI, EVA, DATED, PIPED };

/* Ana types it there, and this is said exactly once: a code, and what stands before it. */
static void says(struct world *world, const char *where, const char *line, const char *part)
{
    struct peer *ana = &world->peers[0];
    said_forget(ana);
    type_in(world, 0, where, line);
    if (said_with(ana, part) != 1)
        fail_msg("\"%.60s\" in %s: not \"%s\"", line, where, part);
}

/* And nothing at all is said. */
static void says_nothing(struct world *world, const char *where, const char *line)
{
    struct peer *ana = &world->peers[0];
    said_forget(ana);
    type_in(world, 0, where, line);
    if (ana->said)
        fail_msg("\"%s\" in %s: \"%s\"", line, where, ana->said->text);
}

static void whisper_of(const struct peer *peer, char into[CONVERSATION_BYTES])
{
    into[0] = '@';
    id_text(&peer->identity.id, into + 1);
}

/* ---- rooms ---- */

static void test_no_such_conversation(void **state)
{
    (void)state;
    struct world *world = two();
    static const char *const LINES[] = {"hola", "/me x", "/topic x", "/leave", "/who-got"};
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        says(world, "#none", LINES[i], "error no-conversation");
        says(world, "@nobody", LINES[i], "error no-conversation");
    }
    /* a whisper is one with whom it names, whether it was ever opened or not */
    char bruno[CONVERSATION_BYTES];
    whisper_of(&world->peers[1], bruno);
    says(world, bruno, "psst", "say whisper ana psst");
    says(world, bruno, "/topic x", "error no-topic");
    says(world, bruno, "/leave", "go #everyone");
    /* and Enter goes to everyone, if nobody says where */
    struct node_event event = {.kind = EVENT_LINE, .line = {.bytes = "plain", .size = 5}};
    give(world, 0, &event);
    event.line.conversation = "";
    give(world, 0, &event);
    settle(world);
    assert_int_equal(said_count(&world->peers[1], "say #everyone ana plain"), 2);
    says_nothing(world, ROOM_EVERYONE, "");
    says_nothing(world, ROOM_EVERYONE, " \t ");
    world_free(world);
}

static void test_rooms_come_and_go(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    says(world, ROOM_EVERYONE, "/topic", "#everyone has no topic.");
    type(world, 0, "/topic tests");
    says(world, ROOM_EVERYONE, "/topic", "The topic of #everyone: tests");
    says(world, ROOM_EVERYONE, "/join #lab", "join #lab ana");
    says(world, ROOM_EVERYONE, "/join #lab", "go #lab");
    assert_int_equal(said_with(ana, "join #lab"), 0); /* she is in it */
    give(world, 0, &(struct node_event){.kind = EVENT_OPEN, .open = "#lab"});
    assert_string_equal(node_model(ana->node)->open->name, "#lab");
    says(world, "#lab", "/leave", "go #everyone");
    assert_null(node_model(ana->node)->open); /* what is left is not looked at any more */
    says(world, "#lab", "/leave", "error not-joined");
    says(world, "#lab", "/invite bruno", "error no-guest");
    world_free(world);
}

/* ---- people ---- */

static void test_nobody_like_that(void **state)
{
    (void)state;
    struct world *world = two();
    static const char *const LINES[] = {"/alias zoe x", "/ignore zoe", "/block zoe",
                                        "/trust zoe",   "/verify zoe", "/disconnect zoe",
                                        "/call zoe",    "/invite zoe", "/retry zoe"};
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++)
        says(world, ROOM_EVERYONE, LINES[i], "error no-such-person");
    static const char *const OURSELVES[] = {"/alias ana x", "/trust ana", "/verify ana",
                                            "/disconnect ana", "/call ana"};
    for (size_t i = 0; i < sizeof OURSELVES / sizeof *OURSELVES; i++)
        says(world, ROOM_EVERYONE, OURSELVES[i], "error yourself");
    says_nothing(world, ROOM_EVERYONE, "/ignore ana");
    says_nothing(world, ROOM_EVERYONE, "/block ana");
    says(world, ROOM_EVERYONE, "/name \"\"", "error ");
    says(world, ROOM_EVERYONE, "/info ana", "peer - ana ");
    world->peers[0].reachable = world->peers[1].reachable = false; /* or the overlay calls again */
    says(world, ROOM_EVERYONE, "/disconnect bruno", "down here bruno");
    says(world, ROOM_EVERYONE, "/disconnect bruno", "error not-linked");
    says(world, ROOM_EVERYONE, "/peers", "peer - ana ");
    world_free(world);
}

static void test_which_one(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    peer_add(world, "bruno", "lan");
    peer_add(world, "bruno", "lan");
    for (size_t i = 0; i < 3; i++)
        peer_start(world, i);
    hear(world, 0, 1);
    hear(world, 0, 2);
    pass(world, 3000);
    struct peer *ana = &world->peers[0];
    assert_true(said_with(ana, "notice name-taken") >= 1);
    says(world, ROOM_EVERYONE, "/whisper bruno psst", "error which-one");
    char id[ID_TEXT], line[ID_TEXT + 32];
    id_text(&world->peers[1].identity.id, id);
    assert_int_equal(said_with(ana, id), 0); /* no more of an id than tells them apart */
    id[4] = '\0';
    assert_int_equal(said_with(ana, id), 1);
    snprintf(line, sizeof line, "/whisper bruno~%s psst", id);
    says(world, ROOM_EVERYONE, line, "say whisper ana psst");
    assert_int_equal(said_with(&world->peers[1], "psst"), 1);
    assert_int_equal(said_with(&world->peers[2], "psst"), 0);
    world_free(world);
}

/* So many that not all of them are named. */
static void test_too_many_to_name(void **state)
{
    (void)state;
    struct world *world = two();
    char name[80];
    for (uint32_t i = 0; i < 16; i++) {
        struct node_event event = {.kind = EVENT_GUEST_UP, .link = 200 + i};
        snprintf(name, sizeof name, "elena-%u-%050u", (unsigned)i, 7u);
        event.guest.dialect = "join";
        event.guest.name = span_text(name);
        give(world, 0, &event);
    }
    settle(world);
    says(world, ROOM_EVERYONE, "/info elena", "error which-one");
    assert_int_equal(said_with(&world->peers[0], "elena-15"), 0);
    assert_int_equal(said_with(&world->peers[0], "elena-0-"), 1);
    world_free(world);
}

/* ---- calls ---- */

/* The ticket of the job that waits. */
static uint64_t ticket_of(const struct world *world, enum node_effect_kind kind)
{
    const struct task *task;
    DL_FOREACH(world->tasks, task)
    if (task->effect && task->effect->kind == kind)
        return task->effect->ticket;
    fail_msg("nothing like that waits");
    return 0;
}

static void test_calls_that_lead_nowhere(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    says(world, ROOM_EVERYONE, "/connect [::1]:9777", "error no-answer");
    assert_int_equal(said_with(ana, "[::1]:9777"), 1);
    ana->deaf = true; /* what is looked up is answered by hand */
    says_nothing(world, ROOM_EVERYONE, "/connect somewhere:9777");
    struct node_event event = {.kind = EVENT_ADDRESS};
    event.address.found = FOUND_ASKED;
    event.address.address =
        (struct overlay_address){.ip = {[10] = 0xff, 0xff, 224, 0, 0, 1}, .port = 9777};
    event.ticket = 999999; /* nobody's */
    give(world, 0, &event);
    assert_null(ana->said);
    event.ticket = ticket_of(world, EFFECT_RESOLVE);
    give(world, 0, &event);
    assert_int_equal(said_with(ana, "error bad-address"), 1);
    /* a failure that nobody asked for says nothing */
    said_forget(ana);
    event = (struct node_event){.kind = EVENT_DIAL_FAILED, .ticket = 999999};
    give(world, 0, &event);
    assert_null(ana->said);
    /* and whoever leaves meanwhile forgets it */
    says_nothing(world, ROOM_EVERYONE, "/connect elsewhere:9777");
    world_free(world);
}

/* A call of a guest's dialect is no matter of what others come to. */
static void test_calls_of_two_kinds(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    type(world, 0, "/connect 127.0.0.1:9777 join");
    pass(world, 100);
    assert_int_equal(said_count(ana, "dial join  "), 1);
    type(world, 0, "/connect 127.0.0.1:9779"); /* nobody is there: only that one ends */
    pass(world, 100);
    assert_int_equal(said_with(ana, "error no-answer"), 1);
    struct node_event event = {.kind = EVENT_DIAL_FAILED, .fault = CALL_REFUSED};
    event.dial_failed =
        (struct overlay_address){.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1}, .port = 9777};
    give(world, 0, &event);
    assert_int_equal(said_with(ana, "error refused"), 1);
    world_free(world);
}

/* ---- looking ---- */

static struct node_event scroll_to(enum node_scroll how, const char *conversation)
{
    struct node_event event = {.kind = EVENT_SCROLL};
    event.scroll.how = how;
    event.scroll.conversation = conversation;
    return event;
}

static void scroll(struct world *world, enum node_scroll how, const char *conversation,
                   const struct order *at)
{
    struct node_event event = scroll_to(how, conversation);
    if (at)
        event.scroll.at = *at;
    give(world, 0, &event);
    settle(world);
}

static void test_a_reader_goes_everywhere(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    char line[20];
    for (int i = 0; i < 30; i++) {
        snprintf(line, sizeof line, "line %d", i);
        type(world, 1, line);
    }
    pass(world, 3000);
    peer_kill(world, 0);
    peer_start(world, 0); /* what is on the screen comes out of the store now */
    give(world, 0, &(struct node_event){.kind = EVENT_OPEN, .open = ROOM_EVERYONE});
    settle(world);
    const struct conversation *held = node_model(ana->node)->open;
    assert_true(held->window.count >= 30);
    assert_true(held->window.following);
    struct order first = held->window.posts[0]->order, nowhere = {.key = 1};
    scroll(world, NODE_SCROLL_UP, ROOM_EVERYONE, NULL);
    assert_false(held->window.following);
    assert_int_equal(model_below(held), held->window.count - 1);
    scroll(world, NODE_SCROLL_DOWN, ROOM_EVERYONE, NULL);
    assert_false(held->window.following);
    assert_int_equal(model_below(held), 0);
    scroll(world, NODE_SCROLL_GO, ROOM_EVERYONE, &first); /* it is held */
    assert_int_equal(model_below(held), held->window.count - 1);
    scroll(world, NODE_SCROLL_GO, ROOM_EVERYONE, &nowhere); /* it is asked of the store */
    assert_true(held->window.count >= 30);
    assert_false(held->window.following);
    scroll(world, NODE_SCROLL_END, ROOM_EVERYONE, NULL);
    assert_true(held->window.following);
    /* of what is not held nothing happens */
    scroll(world, NODE_SCROLL_UP, NULL, NULL);
    scroll(world, NODE_SCROLL_UP, "#none", NULL);
    assert_true(held->window.following);
    give(world, 0, &(struct node_event){.kind = EVENT_OPEN, .open = NULL});
    assert_null(node_model(ana->node)->open);
    scroll(world, NODE_SCROLL_UP, ROOM_EVERYONE, NULL); /* and of what is not looked at, all does */
    assert_false(held->window.following);
    world_free(world);
}

static void test_a_search_that_fails(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    type(world, 1, "needle");
    says(world, ROOM_EVERYONE, "/search needle", "found #everyone bruno needle");
    type(world, 0, "/ignore bruno");
    says_nothing(world, ROOM_EVERYONE, "/search needle");
    type(world, 0, "/ignore bruno");
    ana->deaf = true;
    says_nothing(world, ROOM_EVERYONE, "/search needle");
    struct node_event event = {.kind = EVENT_PAGE, .ticket = 999999};
    event.page.failed = true;
    give(world, 0, &event);
    assert_null(ana->said); /* nobody asked for that page */
    event.ticket = ticket_of(world, EFFECT_QUERY);
    give(world, 0, &event);
    assert_int_equal(said_with(ana, "error search-failed"), 1);
    world_free(world); /* with a page that never came */
}

static void test_who_got_nothing(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    ana->answer.command = COMMAND_COUNT;
    type(world, 0, "/who-got");
    assert_int_equal(ana->answer.command, COMMAND_WHO_GOT);
    assert_int_equal(ana->answer.count, 0);
    type(world, 0, "/join #lab");
    type_in(world, 0, "#lab", "of the lab");
    pass(world, 3000);
    says_nothing(world, ROOM_EVERYONE, "/who-got"); /* of this room nothing was said */
    type(world, 0, "hola");
    pass(world, 3000);
    says(world, ROOM_EVERYONE, "/who-got", "got bruno yes");
    world_free(world);
}

/* ---- guests ---- */

static struct node_event guest_event(enum node_event_kind kind, uint32_t link)
{
    return (struct node_event){.kind = kind, .link = link, .guest = {.dialect = ""}};
}

static void guest_give(struct world *world, const struct node_event *event)
{
    give(world, 0, event);
    settle(world);
}

static struct node_event up_of(uint32_t link, const char *dialect, const char *name)
{
    struct node_event event = guest_event(EVENT_GUEST_UP, link);
    event.guest.dialect = dialect;
    event.guest.name = span_text(name);
    event.guest.address = (struct overlay_address){.ip = {[10] = 0xff, 0xff, 127, 0, 0, 9},
                                                   .port = (uint16_t)(5000 + link)};
    return event;
}

static void up(struct world *world, uint32_t link, const char *dialect, const char *name)
{
    struct node_event event = up_of(link, dialect, name);
    guest_give(world, &event);
}

static void down(struct world *world, uint32_t link, bool again)
{
    struct node_event event = guest_event(EVENT_GUEST_DOWN, link);
    event.guest.is = again;
    guest_give(world, &event);
}

static void words(struct world *world, enum node_event_kind kind, uint32_t link, const char *name,
                  struct span text)
{
    struct node_event event = guest_event(kind, link);
    event.guest.name = span_text(name);
    event.guest.text = text;
    guest_give(world, &event);
}

static void test_a_guest_in_trouble(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    static const char *const NOTICES[] = {
        [GUEST_TOO_LONG] = "notice guest-too-long",   [GUEST_TOO_FAST] = "notice guest-too-fast",
        [GUEST_TOO_SLOW] = "notice guest-too-slow",   [GUEST_NO_TEXT] = "notice guest-no-text",
        [GUEST_NO_READER] = "notice guest-no-reader",
    };
    up(world, CARLOS, "join", "carlos");
    for (int i = GUEST_TOO_LONG; i <= GUEST_NO_READER; i++) {
        struct node_event event = guest_event(EVENT_GUEST_TROUBLE, CARLOS);
        event.guest.trouble = (enum guest_trouble)i;
        said_forget(ana);
        guest_give(world, &event);
        guest_give(world, &event);
        assert_int_equal(said_with(ana, NOTICES[i]), 1); /* seldom, however often it happens */
        assert_int_equal(said_with(ana, "carlos"), 1);
        pass(world, 10000);
        event.link = 0; /* nobody yet: by its address */
        event.guest.name = span_text("10.0.0.7");
        guest_give(world, &event);
        assert_int_equal(said_with(ana, NOTICES[i]), 2);
        assert_int_equal(said_with(ana, "10.0.0.7"), 1);
    }
    world_free(world);
}

static void here(struct world *world, uint32_t link, const char *name, bool is)
{
    struct node_event event = guest_event(EVENT_GUEST_HERE, link);
    event.guest.name = span_text(name);
    event.guest.is = is;
    guest_give(world, &event);
    pass(world, 100);
}

/* Whom a guest's server tells of is a guest there, as far as anyone knows. */
static void test_who_is_there_where_a_guest_is(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    char id[ID_TEXT], tagged[40];
    struct node_event event = up_of(CARLOS, "join", "10.0.0.7");
    event.guest.called = event.guest.spreads = true;
    guest_give(world, &event);
    here(world, CARLOS, "eva", false); /* nobody knew of her */
    assert_int_equal(said_with(ana, "leave #everyone"), 0);
    here(world, CARLOS, "eva", true);
    assert_int_equal(said_with(ana, "up here eva"), 1);
    here(world, CARLOS, "eva", false);
    assert_int_equal(said_with(ana, "down here eva"), 1);
    here(world, CARLOS, "eva", false); /* she went already */
    assert_int_equal(said_with(ana, "leave #everyone"), 1);
    said_forget(ana);
    id_text(&world->peers[1].identity.id, id);
    snprintf(tagged, sizeof tagged, "bruno~%.4s", id);
    here(world, CARLOS, "bruno", true); /* nobody comes under another's name, or under none */
    here(world, CARLOS, tagged, true);
    here(world, CARLOS, " ", true);
    up(world, DANI, "", "10.0.0.8");
    here(world, DANI, "eva", true); /* and nobody is where nobody speaks yet */
    assert_null(ana->said);
    /* who leads there goes, and with it all that were there */
    here(world, CARLOS, "eva", true);
    assert_int_equal(said_with(ana, "up here eva"), 1);
    down(world, CARLOS, false);
    assert_int_equal(said_with(ana, "down here eva"), 1);
    world_free(world);
}

static void test_words_that_are_none(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    char *large = xmalloc(TEXT_MAX + 1);
    memset(large, 'x', TEXT_MAX + 1);
    up(world, CARLOS, "join", "carlos");
    up(world, DANI, "", "10.0.0.8");
    pass(world, 100);
    const struct span bad[] = {span_of(NULL, 0), span_of(large, TEXT_MAX + 1),
                               span_text("\xed\xa0\x80")};
    said_forget(ana);
    for (size_t i = 0; i < 3; i++) {
        words(world, EVENT_GUEST_SAID, CARLOS, "", bad[i]);
        words(world, EVENT_GUEST_PRIVATE, CARLOS, "ana", bad[i]);
    }
    words(world, EVENT_GUEST_SAID, DANI, "", span_text("nobody yet"));
    words(world, EVENT_GUEST_PRIVATE, DANI, "ana", span_text("nobody yet"));
    words(world, EVENT_GUEST_RINGS, DANI, "", span_of(NULL, 0));
    words(world, EVENT_GUEST_SAID, 999, "", span_text("no link"));
    assert_null(ana->said);
    words(world, EVENT_GUEST_SAID, CARLOS, "", span_of(large, TEXT_MAX)); /* as much as anybody */
    pass(world, 100);
    assert_int_equal(said_with(ana, "say #everyone ana xxx"), 1);
    /* who is ignored rings in vain, who is blocked says nothing at all */
    type(world, 0, "/ignore carlos");
    said_forget(ana);
    words(world, EVENT_GUEST_RINGS, CARLOS, "", span_of(NULL, 0));
    assert_null(ana->said);
    assert_int_equal(ana->bells, 0);
    type(world, 0, "/ignore carlos");
    type(world, 0, "/block carlos");
    said_forget(ana);
    words(world, EVENT_GUEST_SAID, CARLOS, "", span_text("blocked"));
    words(world, EVENT_GUEST_PRIVATE, CARLOS, "ana", span_text("blocked"));
    words(world, EVENT_GUEST_RINGS, CARLOS, "", span_of(NULL, 0));
    pass(world, 100);
    assert_null(ana->said);
    free(large);
    world_free(world);
}

/* Nothing can be said alone to who passes everything on, or to who has another host. */
static void test_guests_nobody_reaches(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    struct node_event event = up_of(PIPED, "piped", "pipa");
    event.guest.spreads = true;
    guest_give(world, &event);
    up(world, CARLOS, "join", "carlos");
    event = up_of(EVA, "join", "eva");
    give(world, 1, &event);
    pass(world, 3000);
    said_forget(ana);
    words(world, EVENT_GUEST_PRIVATE, CARLOS, "pipa", span_text("sólo tú"));
    words(world, EVENT_GUEST_PRIVATE, CARLOS, "eva", span_text("sólo tú"));
    assert_int_equal(said_with(ana, "tell-notice 101"), 2);
    assert_int_equal(said_with(ana, "sólo tú"), 0);
    says(world, ROOM_EVERYONE, "/call eva", "error guest-elsewhere");
    says(world, ROOM_EVERYONE, "/disconnect eva", "error not-linked");
    static const char *const PEERS_ONLY[] = {"/trust carlos", "/verify carlos"};
    for (size_t i = 0; i < 2; i++)
        says(world, ROOM_EVERYONE, PEERS_ONLY[i], "error a-guest");
    says(world, ROOM_EVERYONE, "/info carlos", "peer - carlos ");
    assert_string_equal(ana->answer.verify, ""); /* there is no key to compare */
    says(world, ROOM_EVERYONE, "/peers", "peer - eva ");
    /* while the disk is full nothing of theirs is kept, for whomever it is */
    ana->full = true;
    type(world, 0, "it fills up");
    pass(world, 100);
    said_forget(ana);
    words(world, EVENT_GUEST_PRIVATE, CARLOS, "bruno", span_text("sólo bruno"));
    pass(world, 100);
    assert_int_equal(said_with(&world->peers[1], "sólo bruno"), 0);
    assert_int_equal(said_with(ana, "notice guest-unheard"), 1);
    world_free(world);
}

/* Who left and who is called alike: the one who is there is meant. */
static void test_a_guest_that_left_is_in_nobodys_way(void **state)
{
    (void)state;
    struct world *world = two();
    up(world, CARLOS, "join", "bruno");
    pass(world, 100);
    says(world, ROOM_EVERYONE, "/info bruno", "error which-one");
    down(world, CARLOS, false);
    pass(world, 100);
    says(world, ROOM_EVERYONE, "/info bruno", "peer - bruno ");
    says(world, ROOM_EVERYONE, "/whisper bruno psst", "say whisper ana psst");
    assert_int_equal(said_with(&world->peers[1], "psst"), 1);
    world_free(world);
}

static void test_a_guest_in_many_rooms(void **state)
{
    (void)state;
    struct world *world = two();
    char room[8], line[16];
    up(world, CARLOS, "join", "carlos");
    for (int i = 0; i < 5; i++) {
        snprintf(room, sizeof room, "#r%d", i);
        snprintf(line, sizeof line, "/join %s", room);
        type(world, 0, line);
        says(world, room, "/invite carlos", i < 4 ? "notice invite" : "error too-many-rooms");
    }
    says(world, "#r2", "/invite carlos", "does not hear this room any more");
    says(world, "#r4", "/invite carlos", "hears this room from now on");
    says(world, "#r4", "hola", "tell 101 ana (#r4) own hola");
    says(world, "#r2", "hola", "say #r2 ana hola");
    assert_int_equal(said_with(&world->peers[0], "tell 101"), 0);
    /* of a whisper, or a room that was left, nobody hears */
    char bruno[CONVERSATION_BYTES];
    whisper_of(&world->peers[1], bruno);
    says(world, bruno, "/invite carlos", "error not-joined");
    type(world, 0, "/whisper bruno psst");
    says(world, bruno, "/invite carlos", "error not-joined");
    says(world, "#r0", "/leave", "go #everyone");
    says(world, "#r0", "/invite carlos", "error not-joined");
    world_free(world);
}

/* Whom we called is called again by its name, even while the call is lost. */
static void test_only_whom_we_called_is_retried(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    up(world, CARLOS, "join", "carlos");
    says(world, ROOM_EVERYONE, "/retry carlos", "error nothing-to-retry");
    struct node_event event = up_of(DATED, "dated", "10.0.0.7");
    event.guest.called = event.guest.quiet = event.guest.ticks = true;
    guest_give(world, &event);
    event = up_of(DANI, "named", "dani");
    event.guest.called = true;
    guest_give(world, &event);
    says(world, ROOM_EVERYONE, "/retry dani", "retry 102");
    assert_int_equal(said_with(ana, "retry 104"), 0);
    down(world, DANI, true);
    says(world, ROOM_EVERYONE, "/retry dani", "retry 102");
    says(world, ROOM_EVERYONE, "/retry", "retry 104");
    assert_int_equal(said_with(ana, "retry 102"), 1);
    assert_int_equal(said_with(ana, "retry 101"), 0);
    /* a ring is told once: when the link goes it is not owed any more */
    says(world, ROOM_EVERYONE, "/call 10.0.0.7", "ring 104");
    assert_int_equal(ana->disk.owed_count, 0);
    uint64_t ring = ana->guest_word;
    type(world, 0, "/whisper 10.0.0.7 sigue");
    assert_int_equal(ana->disk.owed_count, 1);
    down(world, DATED, false);
    assert_int_equal(ana->disk.owed_count, 1);
    event = guest_event(EVENT_GUEST_TICK, CARLOS);
    event.guest.id = ring;
    event.guest.is = true;
    said_forget(ana);
    guest_give(world, &event);
    assert_int_equal(said_with(ana, "delivered"), 0);
    /* nor is anything owed to another dialect at the same address */
    event = up_of(DATED, "join", "10.0.0.7");
    event.guest.ticks = true;
    guest_give(world, &event);
    assert_int_equal(said_with(ana, "sigue"), 0);
    says(world, ROOM_EVERYONE, "/call carlos", "ring 101");
    down(world, CARLOS, false);
    says(world, ROOM_EVERYONE, "/call carlos", "error guest-gone");
    says(world, ROOM_EVERYONE, "/disconnect carlos", "error not-linked");
    world_free(world);
}

static void test_too_long_for_one_alone(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    char id[ID_TEXT], name[200];
    id_text(&ana->identity.id, id);
    snprintf(name, sizeof name, "@%s/join/carlos", id);
    up(world, DANI, "join", "dani");
    up(world, CARLOS, "join", "carlos");
    char *text = xmalloc(TEXT_MAX + 2);
    memset(text, 'x', TEXT_MAX + 1);
    text[TEXT_MAX + 1] = '\0';
    says(world, name, text, "error too-long");
    says(world, name, text + 1, "alone 101 ana own xxx");
    free(text);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_such_conversation),
        cmocka_unit_test(test_rooms_come_and_go),
        cmocka_unit_test(test_nobody_like_that),
        cmocka_unit_test(test_which_one),
        cmocka_unit_test(test_too_many_to_name),
        cmocka_unit_test(test_calls_that_lead_nowhere),
        cmocka_unit_test(test_calls_of_two_kinds),
        cmocka_unit_test(test_a_reader_goes_everywhere),
        cmocka_unit_test(test_a_search_that_fails),
        cmocka_unit_test(test_who_got_nothing),
        cmocka_unit_test(test_a_guest_in_trouble),
        cmocka_unit_test(test_who_is_there_where_a_guest_is),
        cmocka_unit_test(test_words_that_are_none),
        cmocka_unit_test(test_guests_nobody_reaches),
        cmocka_unit_test(test_a_guest_that_left_is_in_nobodys_way),
        cmocka_unit_test(test_a_guest_in_many_rooms),
        cmocka_unit_test(test_only_whom_we_called_is_retried),
        cmocka_unit_test(test_too_long_for_one_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
