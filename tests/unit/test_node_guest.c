/* The node and its guests: whose words they are, who hears them, and what never comes through. */
#include "node_world.h"

#include "core/model.h"

enum { CARLOS = 101, DANI, EVA, DATED, PIPED };

static struct node_event guest_event(enum node_event_kind kind, uint32_t link)
{
    return (struct node_event){.kind = kind, .link = link, .guest = {.dialect = ""}};
}

static void guest_give(struct world *world, size_t number, const struct node_event *event)
{
    give(world, number, event);
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

static void up(struct world *world, size_t number, uint32_t link, const char *dialect,
               const char *name)
{
    struct node_event event = up_of(link, dialect, name);
    guest_give(world, number, &event);
}

static void say_as(struct world *world, size_t number, uint32_t link, const char *name,
                   const char *text)
{
    struct node_event event = guest_event(EVENT_GUEST_SAID, link);
    event.guest.name = span_text(name);
    event.guest.text = span_text(text);
    guest_give(world, number, &event);
}

static void said_by(struct world *world, uint32_t link, const char *text)
{
    say_as(world, 0, link, "", text);
}

static void whisper_by(struct world *world, uint32_t link, const char *whom, const char *text)
{
    struct node_event event = guest_event(EVENT_GUEST_PRIVATE, link);
    event.guest.name = span_text(whom);
    event.guest.text = span_text(text);
    guest_give(world, 0, &event);
}

static void plain_event(struct world *world, enum node_event_kind kind, uint32_t link)
{
    struct node_event event = guest_event(kind, link);
    guest_give(world, 0, &event);
}

static void asks(struct world *world, uint32_t link, const char *name)
{
    struct node_event event = guest_event(EVENT_GUEST_ASKS, link);
    event.guest.name = span_text(name);
    guest_give(world, 0, &event);
}

static size_t lines_of(const struct peer *peer, const char *text)
{
    char line[300];
    snprintf(line, sizeof line, "say #everyone ana %s", text);
    return said_count(peer, line);
}

/* ---- words both ways ---- */

static void test_everybody_reads_everybody(void **state)
{
    (void)state;
    struct world *world = two();
    const struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    up(world, 0, CARLOS, "join", "carlos");
    up(world, 0, DANI, "neighbour", "10.0.0.7");
    pass(world, 100);
    assert_int_equal(said_count(ana, "up here carlos "), 1);
    assert_int_equal(said_count(bruno, "up here carlos "), 1);
    assert_int_equal(said_count(ana, "joined 101 10.0.0.7 hosted "), 1);
    assert_int_equal(said_with(ana, "joined 102"), 0); /* it was not there, or it is itself */
    said_by(world, CARLOS, "hola");
    pass(world, 100);
    assert_int_equal(lines_of(ana, "hola"), 1); /* an entry of ana's, on its behalf */
    assert_int_equal(lines_of(bruno, "hola"), 1);
    assert_int_equal(said_count(ana, "tell 102 carlos hosted hola"), 1);
    assert_int_equal(said_with(ana, "tell 101"), 0); /* never back */
    type(world, 1, "hola carlos");
    type(world, 0, "/me saluda");
    pass(world, 100);
    assert_int_equal(said_count(ana, "tell 101 bruno hola carlos"), 1);
    assert_int_equal(said_count(ana, "tell 102 bruno hola carlos"), 1);
    assert_int_equal(said_count(ana, "tell-act 101 ana own saluda"), 1);
    plain_event(world, EVENT_GUEST_DOWN, CARLOS);
    pass(world, 100);
    assert_int_equal(said_count(ana, "down here carlos "), 1);
    assert_int_equal(said_count(bruno, "down here carlos "), 1);
    assert_int_equal(said_count(ana, "left 102 carlos hosted "), 1);
    world_free(world);
}

/* Rooms and whispers are not theirs, until one is invited; what was said before never is. */
static void test_what_they_do_not_hear(void **state)
{
    (void)state;
    struct world *world = two();
    const struct peer *ana = &world->peers[0];
    type(world, 1, "before");
    pass(world, 100);
    up(world, 0, CARLOS, "join", "carlos");
    for (size_t i = 0; i < 2; i++)
        type(world, i, "/join #lab");
    type(world, 1, "/whisper ana only you");
    type_in(world, 1, "#lab", "in the lab");
    pass(world, 3000);
    assert_int_equal(said_with(ana, "tell 101"), 0);
    type_in(world, 0, "#lab", "/invite carlos");
    type_in(world, 1, "#lab", "now");
    pass(world, 3000);
    assert_int_equal(said_count(ana, "tell 101 bruno (#lab) now"), 1);
    type_in(world, 0, "#lab", "/invite carlos");
    type_in(world, 1, "#lab", "again");
    type_in(world, 0, ROOM_EVERYONE, "/invite carlos");
    pass(world, 3000);
    assert_int_equal(said_with(ana, "tell 101"), 1);
    assert_int_equal(said_with(ana, "error hears-already"), 1);
    type_in(world, 1, "#lab", "/invite carlos"); /* he is ana's */
    assert_int_equal(said_with(&world->peers[1], "error guest-elsewhere"), 1);
    world_free(world);
}

/* A peer who was away has what was said meanwhile; it is no news to guests. */
static void test_history_is_not_for_guests(void **state)
{
    (void)state;
    struct world *world = two();
    const struct peer *ana = &world->peers[0];
    peer_kill(world, 0);
    pass(world, 100);
    for (int i = 0; i < 3; i++)
        type(world, 1, "while you were away");
    pass(world, 120000);
    peer_start(world, 0);
    up(world, 0, CARLOS, "join", "carlos");
    hear(world, 0, 1);
    pass(world, 5000);
    assert_int_equal(said_with(ana, "while you were away"), 3);
    assert_int_equal(said_with(ana, "tell 101"), 0);
    world_free(world);
}

/* Their clocks say when it was said, and may say anything: what was said before a guest came is
 * not told because of that. */
static void test_wrong_clocks_make_no_news(void **state)
{
    (void)state;
    static const int64_t ahead[] = {0, 30000, -30000, 3600000, -3600000, 144000000};
    enum { CLOCKS = sizeof ahead / sizeof *ahead };
    for (size_t i = 0; i < 2 * (size_t)CLOCKS; i++) {
        struct world *world = two();
        const struct peer *ana = &world->peers[0];
        world->peers[1].wall = ahead[i % CLOCKS];
        peer_kill(world, 0);
        type(world, 1, "just before");
        pass(world, 1000);
        peer_start(world, 0);
        world->peers[0].reachable = world->peers[1].reachable = i < CLOCKS;
        up(world, 0, CARLOS, "join", "carlos");
        pass(world, i < CLOCKS ? 0 : 30000); /* alone: as long as a clock is ahead */
        world->peers[0].reachable = world->peers[1].reachable = true;
        hear(world, 0, 1);
        pass(world, 10000);
        assert_int_equal(said_with(ana, "just before"), 1);
        assert_int_equal(said_with(ana, "tell 101"), 0);
        type(world, 1, "and now");
        pass(world, 1000);
        assert_int_equal(said_count(ana, "tell 101 bruno and now"), 1);
        world_free(world);
    }
}

/* Whoever said it had no link for a moment, and the guest was there all the time. */
static void test_what_comes_late_is_told(void **state)
{
    (void)state;
    struct world *world = two();
    const struct peer *ana = &world->peers[0];
    up(world, 0, CARLOS, "join", "carlos");
    pass(world, 10000);
    peer_kill(world, 1);
    peer_start(world, 1);
    world->peers[0].reachable = world->peers[1].reachable = false;
    type(world, 1, "in the gap");
    pass(world, 2000);
    assert_int_equal(said_with(ana, "tell 101"), 0);
    world->peers[0].reachable = world->peers[1].reachable = true;
    hear(world, 0, 1);
    pass(world, 10000);
    assert_int_equal(said_count(ana, "tell 101 bruno in the gap"), 1);
    world_free(world);
}

/* ---- names ---- */

static void test_names_are_unique(void **state)
{
    (void)state;
    struct world *world = two();
    const struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    char id[ID_TEXT], tagged[40];
    id_text(&bruno->identity.id, id);
    snprintf(tagged, sizeof tagged, "bruno~%.4s", id);
    asks(world, CARLOS, "carlos");
    assert_int_equal(said_count(ana, "named 101 - carlos"), 1);
    asks(world, DANI, "Carlos"); /* granted, though not yet known by it */
    up(world, 0, CARLOS, "join", "carlos");
    asks(world, DANI, "CARLOS");
    asks(world, DANI, "ana");
    asks(world, DANI, "Bruno");
    asks(world, DANI, tagged);
    asks(world, DANI, " ");
    assert_int_equal(said_count(ana, "named 102 - "), 6);
    asks(world, DANI, "dani\nMSG x");
    assert_int_equal(said_count(ana, "named 102 - dani<U+000A>MSG x"), 1);
    /* who is not asked gets a number */
    up(world, 0, EVA, "named", "carlos");
    pass(world, 100);
    assert_int_equal(said_count(ana, "up here carlos#2 "), 1);
    up(world, 0, PIPED, "piped", tagged);
    assert_int_equal(said_count(ana, "up here ? "), 1);
    /* it goes, and its name is free */
    plain_event(world, EVENT_GUEST_DOWN, CARLOS);
    asks(world, DANI, "carlos");
    assert_int_equal(said_count(ana, "named 102 - carlos"), 1);
    world_free(world);
}

static void test_nobody_is_forged(void **state)
{
    (void)state;
    struct world *world = two();
    const struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    char id[ID_TEXT], tagged[40];
    id_text(&bruno->identity.id, id);
    snprintf(tagged, sizeof tagged, "bruno~%.4s", id);
    up(world, 0, PIPED, "piped", "10.0.0.7:9000");
    say_as(world, 0, PIPED, tagged, "forged");
    say_as(world, 0, PIPED, "x\x1b[0m\xe2\x80\xae", "fine");
    say_as(world, 0, PIPED, "y", "not \xff text");
    pass(world, 5000);
    assert_int_equal(said_with(ana, "forged") + said_with(bruno, "forged"), 0);
    assert_int_equal(said_with(bruno, "not "), 0);
    assert_int_equal(lines_of(bruno, "fine"), 1);
    assert_int_equal(said_with(bruno, "\x1b"), 0);
    assert_int_equal(said_count(bruno, "up here x<U+001B>[0m<U+202E> "), 1);
    world_free(world);
}

/* ---- once ---- */

/* The same guest at both: two entries, one line, as often as it said it. */
static void test_two_hosts_one_line(void **state)
{
    (void)state;
    struct world *world = two();
    const struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    for (size_t i = 0; i < 2; i++)
        up(world, i, PIPED, "piped", "10.0.0.7:9000");
    up(world, 0, CARLOS, "join", "carlos");
    for (int n = 0; n < 3; n++)
        for (size_t i = 0; i < 2; i++)
            say_as(world, i, PIPED, "10.0.0.7:9000", "eco");
    pass(world, 100);
    for (const struct peer *peer = ana; peer <= bruno; peer++)
        assert_int_equal(said_with(peer, "eco") - said_with(peer, "tell"), 3);
    assert_int_equal(said_with(ana, "tell 101"), 3);
    /* one host is gone: nothing of what the other brings is taken for an echo */
    struct node_event gone = guest_event(EVENT_GUEST_DOWN, PIPED);
    guest_give(world, 1, &gone);
    for (int n = 0; n < 4; n++)
        say_as(world, 0, PIPED, "10.0.0.7:9000", "eco");
    pass(world, 100);
    assert_int_equal(said_with(bruno, "eco") - said_with(bruno, "tell"), 7);
    world_free(world);
}

/* What our users say comes back through whoever passes everything on: before, and after. */
static void test_echoes_are_not_hosted(void **state)
{
    (void)state;
    struct world *world = two();
    const struct peer *ana = &world->peers[0];
    struct node_event event = up_of(PIPED, "piped", "10.0.0.7:9000");
    event.guest.spreads = true;
    guest_give(world, 0, &event);
    type(world, 1, "hola a todos");
    pass(world, 100);
    say_as(world, 0, PIPED, "bruno", "hola a todos"); /* it went round */
    say_as(world, 0, PIPED, "bruno", "all too fast"); /* it is here before the mesh brings it */
    type(world, 1, "all too fast");
    say_as(world, 0, PIPED, "bruno", "who am I"); /* somebody else of that name */
    pass(world, 5000);
    assert_int_equal(said_with(ana, "hola a todos"), 2); /* shown, and told */
    assert_int_equal(said_with(ana, "all too fast"), 2);
    assert_int_equal(lines_of(ana, "who am I"), 1);
    say_as(world, 0, PIPED, "10.0.0.7:9000", "at once"); /* its own words wait for nothing */
    assert_int_equal(lines_of(ana, "at once"), 1);
    /* without names: as it was told them, the name stands in front */
    say_as(world, 0, PIPED, "", "bruno: hola a todos");
    say_as(world, 0, PIPED, "", "bruno: something else");
    plain_event(world, EVENT_GUEST_DOWN, PIPED); /* who said it has said it */
    pass(world, 100);
    assert_int_equal(lines_of(ana, "bruno: hola a todos"), 0);
    assert_int_equal(lines_of(ana, "bruno: something else"), 1);
    world_free(world);
}

/* ---- to one alone ---- */

static void test_whispers(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    up(world, 0, CARLOS, "join", "carlos");
    up(world, 0, DANI, "join", "dani");
    size_t kept = ana->disk.count;
    type(world, 0, "/whisper carlos sólo tú");
    assert_int_equal(said_count(ana, "alone 101 ana own sólo tú"), 1);
    assert_int_equal(said_count(ana, "say whisper ana sólo tú"), 1);
    assert_int_equal(said_with(ana, "notice not-encrypted"), 1);
    type(world, 0, "/whisper carlos y esto");
    assert_int_equal(said_with(ana, "notice not-encrypted"), 1); /* once is enough */
    whisper_by(world, CARLOS, "ana", "sólo ana");
    assert_int_equal(said_count(ana, "say whisper ana ! sólo ana"), 1);
    assert_true(ana->bells > 0);
    whisper_by(world, CARLOS, "dani", "sólo dani");
    assert_int_equal(said_count(ana, "alone 102 carlos hosted sólo dani"), 1);
    pass(world, 3000);
    assert_int_equal(ana->disk.count, kept); /* nothing of it is anybody's entry */
    whisper_by(world, CARLOS, "bruno", "sólo bruno");
    whisper_by(world, CARLOS, "nadie", "¿hola?");
    pass(world, 3000);
    assert_int_equal(ana->disk.count, kept + 1);
    assert_int_equal(said_count(bruno, "say whisper ana ! sólo bruno"), 1);
    assert_int_equal(said_with(ana, "sólo bruno"), 0);
    assert_int_equal(said_with(ana, "tell-notice 101"), 1);
    type(world, 1, "/whisper carlos no");
    assert_int_equal(said_with(bruno, "error guest-elsewhere"), 1);
    assert_int_equal(said_with(bruno, "say whisper bruno no"), 0);
    /* where nothing can be private nothing is said */
    struct node_event event = up_of(PIPED, "piped", "pipa");
    event.guest.spreads = true;
    guest_give(world, 0, &event);
    type(world, 0, "/whisper carlos");
    assert_int_equal(said_with(ana, "go @"), 1);
    type(world, 0, "/whisper pipa");
    assert_int_equal(said_with(ana, "go @"), 1);
    type(world, 0, "/whisper pipa secreto");
    assert_int_equal(said_with(ana, "error guest-spreads"), 2);
    assert_int_equal(said_with(ana, "alone 105"), 0);
    plain_event(world, EVENT_GUEST_DOWN, CARLOS);
    type(world, 0, "/whisper carlos ¿sigues?");
    assert_int_equal(said_with(ana, "error guest-gone"), 1);
    world_free(world);
}

/* Enter in the conversation with a guest says it to the guest, as long as it is there. */
static void test_its_conversation(void **state)
{
    (void)state;
    struct world *world = two();
    const struct peer *ana = &world->peers[0];
    char id[ID_TEXT], name[200];
    id_text(&ana->identity.id, id);
    snprintf(name, sizeof name, "@%s/join/carlos", id);
    up(world, 0, CARLOS, "join", "carlos");
    give(world, 0, &(struct node_event){.kind = EVENT_OPEN, .open = name});
    type_in(world, 0, name, "hola");
    assert_int_equal(said_count(ana, "alone 101 ana own hola"), 1);
    const struct model *model = node_model(ana->node);
    assert_true(model->open && model->open->guest && model->open->whisper);
    assert_string_equal(model->open->title, "carlos");
    assert_int_equal(model->open->window.count, 1);
    type_in(world, 0, name, "/me saluda");
    assert_int_equal(said_with(ana, "error guest-words"), 1);
    plain_event(world, EVENT_GUEST_DOWN, CARLOS);
    type_in(world, 0, name, "¿hola?");
    assert_int_equal(said_with(ana, "error guest-gone"), 1);
    (void)node_model(ana->node);
    world_free(world);
}

static void test_calls_and_lists(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    up(world, 0, CARLOS, "neighbour", "carlos");
    size_t bells = ana->bells;
    plain_event(world, EVENT_GUEST_RINGS, CARLOS);
    assert_int_equal(ana->bells, bells + 1);
    assert_int_equal(said_with(ana, "call whisper ana !"), 1);
    type(world, 0, "/call carlos");
    assert_int_equal(said_with(ana, "ring 101 ana own"), 1);
    plain_event(world, EVENT_GUEST_WHO, CARLOS);
    assert_int_equal(said_with(ana, "people 101 - ana,bruno,carlos"), 1);
    type(world, 0, "/disconnect carlos");
    assert_int_equal(said_with(ana, "hang-up 101"), 1);
    type(world, 0, "/disconnect all");
    assert_int_equal(said_with(ana, "hang-up 101"), 2);
    type(world, 0, "/block carlos");
    assert_int_equal(said_with(ana, "hang-up 101"), 3);
    said_by(world, CARLOS, "still here");
    pass(world, 100);
    assert_int_equal(said_with(ana, "still here"), 0);
    world_free(world);
}

/* ---- receipts ---- */

static void tick(struct world *world, uint64_t id, bool is)
{
    struct node_event event = guest_event(EVENT_GUEST_TICK, DATED);
    event.guest.id = id;
    event.guest.is = is;
    guest_give(world, 0, &event);
}

static void test_ticks(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    struct node_event event = up_of(DATED, "dated", "10.0.0.7");
    event.guest.called = event.guest.quiet = event.guest.ticks = true;
    guest_give(world, 0, &event);
    pass(world, 100);
    assert_int_equal(said_with(ana, "join"), 0); /* it comes and goes with every word */
    type(world, 1, "of bruno");
    assert_int_equal(ana->guest_word, 0); /* nobody here waits for it */
    type(world, 0, "hola");
    uint64_t first = ana->guest_word;
    assert_true(first > 0);
    tick(world, first, false);
    assert_int_equal(said_count(ana, "missed #everyone 10.0.0.7 "), 1);
    assert_int_equal(said_with(ana, "notice not-delivered"), 1);
    assert_int_equal(said_count(ana, "down here 10.0.0.7 "), 1);
    type(world, 0, "otra");
    tick(world, ana->guest_word, false);
    assert_int_equal(said_with(ana, "notice not-delivered"), 1); /* that is known */
    type(world, 0, "/retry");
    assert_int_equal(said_with(ana, "retry 104"), 1);
    tick(world, first, true);
    assert_int_equal(said_count(ana, "delivered #everyone 10.0.0.7 "), 1);
    assert_int_equal(said_count(ana, "up here 10.0.0.7 "), 2);
    tick(world, 999999, true); /* nobody's */
    assert_int_equal(said_with(ana, "delivered #"), 1);
    /* in its own conversation, the line has the tick */
    char id[ID_TEXT], name[200];
    id_text(&ana->identity.id, id);
    snprintf(name, sizeof name, "@%s/dated/10.0.0.7", id);
    give(world, 0, &(struct node_event){.kind = EVENT_OPEN, .open = name});
    type(world, 0, "/whisper 10.0.0.7 sólo tú");
    const struct conversation *held = NULL;
    for (size_t i = 0; (held = model_conversation(node_model(ana->node), i)); i++)
        if (held->guest)
            break;
    assert_non_null(held);
    assert_int_equal(post_delivery(held->window.posts[0]), DELIVERY_STORED);
    tick(world, ana->guest_word, true);
    assert_int_equal(post_delivery(held->window.posts[0]), DELIVERY_ALL);
    world_free(world);
}

/* What was said to one alone, and what was not told yet, is there after the next start. */
static void test_kept_over_a_restart(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    char id[ID_TEXT], name[200];
    id_text(&ana->identity.id, id);
    snprintf(name, sizeof name, "@%s/dated/10.0.0.7", id);
    struct node_event event = up_of(DATED, "dated", "10.0.0.7");
    event.guest.called = event.guest.quiet = event.guest.ticks = true;
    guest_give(world, 0, &event);
    type(world, 0, "/whisper 10.0.0.7 llegó");
    tick(world, ana->guest_word, true);
    type(world, 0, "/whisper 10.0.0.7 no llegó");
    tick(world, ana->guest_word, false);
    type(world, 0, "para todos");
    assert_int_equal(ana->disk.owed_count, 2);
    peer_kill(world, 0);
    peer_start(world, 0);
    give(world, 0, &(struct node_event){.kind = EVENT_OPEN, .open = name});
    pass(world, 10);
    assert_int_equal(said_count(ana, "dial dated  "), 1); /* both are for one */
    const struct conversation *held = node_model(ana->node)->open;
    assert_non_null(held);
    assert_int_equal(held->window.count, 2);
    assert_int_equal(post_delivery(held->window.posts[0]), DELIVERY_ALL);
    assert_int_equal(post_delivery(held->window.posts[1]), DELIVERY_STORED);
    assert_true(held->window.posts[0]->own);
    assert_memory_equal(held->window.posts[1]->text, "no llegó", 8);
    /* another address owes it nothing; its own is told both, in order */
    struct node_event other = event;
    other.link = CARLOS;
    other.guest.address.ip[15] = 77;
    guest_give(world, 0, &other);
    assert_int_equal(said_with(ana, "tell 101"), 0);
    size_t told = said_with(ana, "tell 104") + said_with(ana, "alone 104");
    event.guest.asked = true;
    guest_give(world, 0, &event);
    guest_give(world, 0, &event);
    assert_int_equal(said_with(ana, "tell 104") + said_with(ana, "alone 104"), told + 2);
    uint64_t last = ana->guest_word;
    tick(world, last - 1, true);
    tick(world, last, true);
    assert_int_equal(post_delivery(node_model(ana->node)->open->window.posts[1]), DELIVERY_ALL);
    assert_int_equal(ana->disk.owed_count, 0);
    /* who is let go is owed nothing any more */
    type(world, 0, "/whisper 10.0.0.7 nunca");
    assert_int_equal(ana->disk.owed_count, 1);
    type(world, 0, "/disconnect 10.0.0.7");
    assert_int_equal(ana->disk.owed_count, 0);
    world_free(world);
}

static void test_nothing_to_retry(void **state)
{
    (void)state;
    struct world *world = two();
    type(world, 0, "/retry");
    assert_int_equal(said_with(&world->peers[0], "error nothing-to-retry"), 1);
    type(world, 0, "/retry bruno");
    assert_int_equal(said_with(&world->peers[0], "error nothing-to-retry"), 2);
    world_free(world);
}

/* ---- one guest, several links ---- */

static void test_two_links_of_one(void **state)
{
    (void)state;
    struct world *world = two();
    const struct peer *ana = &world->peers[0];
    up(world, 0, CARLOS, "plain", "10.0.0.7");
    struct node_event event = up_of(DANI, "named", "Criss");
    event.guest.called = event.guest.spreads = true;
    guest_give(world, 0, &event);
    event = up_of(CARLOS, "named", "10.0.0.7");
    event.guest.same_as = DANI;
    guest_give(world, 0, &event);
    pass(world, 100);
    said_by(world, CARLOS, "soy yo");
    type(world, 1, "te leo");
    pass(world, 100);
    assert_int_equal(said_count(ana, "tell 102 bruno te leo"), 1);
    assert_int_equal(said_with(ana, "tell 101"), 0); /* it never reads there */
    assert_int_equal(said_with(ana, "tell 102 Criss"), 0);
    assert_int_equal(said_with(ana, "down here Criss"), 0);
    plain_event(world, EVENT_GUEST_DOWN, DANI);
    assert_int_equal(said_with(ana, "down here Criss"), 0); /* one is left */
    plain_event(world, EVENT_GUEST_DOWN, CARLOS);
    assert_int_equal(said_with(ana, "down here Criss"), 1);
    world_free(world);
}

/* Who hears and has not said a word is nobody. */
static void test_listeners(void **state)
{
    (void)state;
    struct world *world = two();
    const struct peer *ana = &world->peers[0];
    up(world, 0, CARLOS, "", "10.0.0.7");
    type(world, 1, "hola");
    pass(world, 100);
    assert_int_equal(said_with(ana, "tell 101 bruno hola"), 1);
    assert_int_equal(said_with(ana, "up here 10.0.0.7"), 0);
    plain_event(world, EVENT_GUEST_DOWN, CARLOS);
    assert_int_equal(said_with(ana, "join #everyone"), 0);
    world_free(world);
}

/* ---- bounds ---- */

static void test_a_crowd(void **state)
{
    (void)state;
    struct world *world = two();
    const struct peer *ana = &world->peers[0];
    char name[20];
    for (uint32_t i = 0; i < NODE_GUESTS; i++) {
        snprintf(name, sizeof name, "g%u", (unsigned)i);
        up(world, 0, 1000 + i, "join", name);
    }
    pass(world, 1000);
    /* so many at once are not written down one by one */
    assert_true(said_with(ana, "join #everyone") <= 20);
    assert_int_equal(said_with(ana, "hang-up 2"), 0);
    up(world, 0, 2000, "join", "too many");
    assert_int_equal(said_with(ana, "hang-up 2000"), 1);
    for (uint32_t i = 0; i < NODE_GUESTS; i++)
        plain_event(world, EVENT_GUEST_DOWN, 1000 + i);
    up(world, 0, 2001, "join", "room again");
    assert_int_equal(said_with(ana, "hang-up 2001"), 0);
    world_free(world);
}

/* What they say never takes the room of our own words. */
static void test_a_flood(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    char text[20];
    up(world, 0, CARLOS, "join", "carlos");
    pass(world, 100);
    ana->deaf = true; /* its disk is slow */
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "%u", i);
        said_by(world, CARLOS, text);
    }
    type(world, 0, "mine");
    assert_int_equal(said_with(ana, "error busy"), 0);
    assert_true(said_with(ana, "notice guest-unheard") >= 1);
    ana->deaf = false;
    pass(world, 1000);
    assert_int_equal(lines_of(ana, "mine"), 1);
    ana->full = true;
    said_by(world, CARLOS, "lost");
    pass(world, 100);
    said_by(world, CARLOS, "lost too");
    pass(world, 100);
    assert_int_equal(said_with(ana, "back "), 0); /* nobody here typed it */
    world_free(world);
}

static void test_the_call_ends(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    type(world, 0, "/connect 127.0.0.1:7 dated");
    pass(world, 100);
    struct node_event event = up_of(DATED, "dated", "127.0.0.1");
    event.guest.address.ip[15] = 1;
    event.guest.address.port = 7;
    event.guest.called = event.guest.asked = true;
    guest_give(world, 0, &event);
    pass(world, 60000);
    assert_int_equal(said_with(ana, "error"), 0);
    assert_int_equal(said_count(ana, "up here 127.0.0.1 "), 1);
    type(world, 0, "/connect 127.0.0.1:8 join");
    event = (struct node_event){.kind = EVENT_DIAL_FAILED, .fault = CALL_NO_GUESTS};
    event.dial_failed =
        (struct overlay_address){.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1}, .port = 8};
    guest_give(world, 0, &event);
    assert_int_equal(said_with(ana, "error no-guests"), 1);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everybody_reads_everybody),
        cmocka_unit_test(test_what_they_do_not_hear),
        cmocka_unit_test(test_history_is_not_for_guests),
        cmocka_unit_test(test_wrong_clocks_make_no_news),
        cmocka_unit_test(test_what_comes_late_is_told),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_nobody_is_forged),
        cmocka_unit_test(test_two_hosts_one_line),
        cmocka_unit_test(test_echoes_are_not_hosted),
        cmocka_unit_test(test_whispers),
        cmocka_unit_test(test_its_conversation),
        cmocka_unit_test(test_calls_and_lists),
        cmocka_unit_test(test_ticks),
        cmocka_unit_test(test_kept_over_a_restart),
        cmocka_unit_test(test_nothing_to_retry),
        cmocka_unit_test(test_two_links_of_one),
        cmocka_unit_test(test_listeners),
        cmocka_unit_test(test_a_crowd),
        cmocka_unit_test(test_a_flood),
        cmocka_unit_test(test_the_call_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
