/* Who took a call: strangers of every kind on loopback, and what each of them hears of us. */
#include "net_world.h"

#include "app/identify.h"
#include "net/dial.h"

enum { CONNS = 8 };

/* Somebody with a bare socket. */
struct stranger {
    int fd;
    int conns[CONNS];
    int count;
    const char *greets;  /* whoever calls */
    size_t greets_size;  /* 0: as a text */
    const char *to_tls;  /* answers a TLS hello; "" hangs up then */
    const char *to_name; /* answers --name */
    bool hangs_up;       /* at once */
    bool streams;        /* garbage, without end */
    int lost;            /* greetings that do not arrive */
    bool heard_tls, heard_name;
    size_t heard; /* bytes in all */
};

static struct links *links;
static struct identified known;
static int told;
static struct dial *dial;

static void on_identified(void *self, const struct identified *identified)
{
    assert_ptr_equal(self, &told);
    known = *identified;
    told++;
}

static void hear(struct stranger *stranger, int fd)
{
    char text[2048];
    ssize_t size;
    while ((size = stranger_hears(fd, text, sizeof text)) > 0) {
        stranger->heard += (size_t)size;
        bool tls = text[0] == 0x16 && text[1] == 0x03, name = memcmp(text, "--name", 6) == 0;
        stranger->heard_tls |= tls;
        stranger->heard_name |= name;
        const char *answer = tls ? stranger->to_tls : name ? stranger->to_name : NULL;
        if (answer && *answer)
            (void)!send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        else if (answer)
            shutdown(fd, SHUT_RDWR);
    }
}

static bool serve(struct stranger *stranger)
{
    static const char GARBAGE[4096] = "\xff\xfe\x00\x01garbage\x80";
    int fd = accept4(stranger->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        assert_true(stranger->count < CONNS);
        stranger->conns[stranger->count++] = fd;
        if (stranger->greets && stranger->count > stranger->lost)
            stranger_says(fd, stranger->greets,
                          stranger->greets_size ? stranger->greets_size : strlen(stranger->greets));
        if (stranger->hangs_up)
            shutdown(fd, SHUT_RDWR);
    }
    for (int i = 0; i < stranger->count; i++) {
        if (stranger->streams)
            (void)!send(stranger->conns[i], GARBAGE, sizeof GARBAGE, MSG_NOSIGNAL | MSG_DONTWAIT);
        hear(stranger, stranger->conns[i]);
    }
    return true;
}

static int start(void **state)
{
    (void)state;
    world_open();
    links = links_new(loop, contexts[0], LINK_LIMITS);
    told = 0;
    dial = NULL;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    links_free(links);
    world_close();
    return 0;
}

/* Another address for each: the ports are the chats' own, and the last connections to one live on
 * in the system for a while. */
static const char *host_new(void)
{
    static char text[20];
    static unsigned count;
    count++;
    snprintf(text, sizeof text, "127.3.%u.%u", (unsigned)getpid() % 250, count);
    return text;
}

static struct link *taken;
static bool dialled;

static void on_dialled(void *self, enum dial_result result, struct link *link)
{
    (void)self;
    assert_int_equal(result, DIAL_OK);
    taken = link;
    dialled = true;
}

/* What the engine would hand over, and then what becomes of it. */
static struct identify *begin(const char *host, uint16_t port, struct stranger *stranger,
                              uint32_t patience)
{
    static char word[SCAN_FIRST_WORD];
    struct scan_open open = {.address = local(host, port)};
    dialled = false;
    dial_new(links, &open.address, 1, on_dialled, NULL);
    UNTIL(serve(stranger) && dialled);
    uint64_t until = loop_mono_ms(loop) + patience;
    struct timer *timer = timer_new(loop, world_on_turn, NULL);
    timer_set(timer, until);
    UNTIL(serve(stranger) && loop_mono_ms(loop) >= until);
    timer_free(timer);
    if (stranger->hangs_up) {
        link_free(taken);
        taken = NULL;
    } else if (stranger->greets) {
        open.size = stranger->greets_size ? stranger->greets_size : strlen(stranger->greets);
        memcpy(word, stranger->greets, open.size);
        open.bytes = (const uint8_t *)word;
    }
    open.link = taken;
    return identify_new(loop, links, &open, on_identified, &told);
}

static void ring_again(void *self)
{
    struct timer **timer = self;
    timer_set(*timer, loop_mono_ms(loop) + 5);
}

static void judge(uint16_t port, struct stranger *stranger)
{
    const char *host = host_new();
    struct timer *timer = timer_new(loop, ring_again, &timer);
    stranger->fd = stranger_listens(host, 5, &port);
    begin(host, port, stranger, 20);
    assert_int_equal(told, 0);
    timer_set(timer, loop_mono_ms(loop));
    UNTIL(serve(stranger) && told == 1);
    timer_free(timer);
    for (int i = 0; i < stranger->count; i++)
        close(stranger->conns[i]);
    close(stranger->fd);
}

static void is(enum identity_kind kind, const char *dialect, const char *name)
{
    assert_int_equal(kind, known.kind);
    if (dialect)
        assert_string_equal(known.dialect, dialect);
    else
        assert_null(known.dialect);
    assert_string_equal(known.name, name);
}

static void who_tells_a_name_is_named(void **state)
{
    (void)state;
    struct stranger criss = {.to_name = "Criss\n", .to_tls = ""};
    judge(9999, &criss);
    is(IDENTITY_GUEST, "named", "Criss");
    assert_true(criss.heard_tls && criss.heard_name);
}

static void who_keeps_still_at_the_chats_ports_is_named_too(void **state)
{
    (void)state;
    struct stranger still = {0};
    judge(10005, &still);
    is(IDENTITY_GUEST, "named", "");
    assert_true(still.heard_name);
    assert_int_equal(still.count, 2);
}

static void who_keeps_still_elsewhere_is_piped(void **state)
{
    (void)state;
    struct stranger still = {0};
    judge(0, &still);
    is(IDENTITY_GUEST, "piped", "");
    assert_false(still.heard_name);
}

static void who_names_us_is_a_neighbour_and_hears_nothing(void **state)
{
    (void)state;
    struct stranger neighbour = {.greets = "Vecino 12"};
    judge(9999, &neighbour);
    is(IDENTITY_GUEST, "neighbour", "");
    assert_int_equal(neighbour.heard, 0);
    assert_int_equal(neighbour.count, 1);
}

/* It was slower than the engine's patience; and so many of its words never arrive. */
static void slow_neighbour(int lost)
{
    struct stranger neighbour = {.to_tls = "Vecino 1", .lost = 1 + lost};
    uint16_t port = 9999;
    struct timer *timer = timer_new(loop, ring_again, &timer);
    const char *host = host_new();
    neighbour.fd = stranger_listens(host, 5, &port);
    begin(host, port, &neighbour, 10);
    neighbour.greets = "Vecino 2";
    timer_set(timer, loop_mono_ms(loop));
    UNTIL(serve(&neighbour) && told == 1);
    timer_free(timer);
    is(IDENTITY_GUEST, "neighbour", "");
    assert_false(neighbour.heard_name);
    assert_int_equal(neighbour.count, 2 + lost);
    for (int i = 0; i < neighbour.count; i++)
        close(neighbour.conns[i]);
    close(neighbour.fd);
}

static void a_slow_neighbour_is_one_too(void **state)
{
    (void)state;
    slow_neighbour(0);
}

static void a_neighbour_whose_words_are_lost_is_one(void **state)
{
    (void)state;
    slow_neighbour(1);
}

static void banners_of_others_are_left_alone(void **state)
{
    (void)state;
    static const char *const BANNERS[] = {"SSH-2.0-OpenSSH_9.2\r\n",
                                          "220 mail.lan ESMTP\r\n",
                                          "HTTP/1.1 400 Bad Request\r\n",
                                          "+OK ready\r\n",
                                          "Vecino",
                                          "Vecino x",
                                          "Vecino 1 | x y",
                                          "\xff\xff"};
    for (size_t i = 0; i < sizeof BANNERS / sizeof *BANNERS; i++) {
        struct stranger server = {.greets = BANNERS[i]};
        told = 0;
        judge(9998, &server);
        is(IDENTITY_NO_CHAT, NULL, "");
        assert_int_equal(server.heard, 0);
    }
}

static void a_web_server_is_no_chat(void **state)
{
    (void)state;
    struct stranger web = {.to_tls = "HTTP/1.0 400 Bad request\r\n\r\n"};
    judge(9997, &web);
    is(IDENTITY_NO_CHAT, NULL, "");
    assert_false(web.heard_name);
    struct stranger elsewhere = {.to_tls = "HTTP/1.0 400 Bad request\r\n\r\n"};
    told = 0;
    judge(0, &elsewhere);
    is(IDENTITY_NO_CHAT, NULL, "");
}

/* A TLS alert: handshake failure. */
static void another_tls_is_no_chat(void **state)
{
    (void)state;
    struct stranger https = {0};
    uint16_t port = 9996;
    struct timer *timer = timer_new(loop, ring_again, &timer);
    const char *host = host_new();
    https.fd = stranger_listens(host, 5, &port);
    begin(host, port, &https, 10);
    timer_set(timer, loop_mono_ms(loop));
    UNTIL(serve(&https) && https.heard_tls);
    stranger_says(https.conns[0], "\x15\x03\x03\x00\x02\x02\x28", 7);
    UNTIL(serve(&https) && told == 1);
    timer_free(timer);
    is(IDENTITY_NO_CHAT, NULL, "");
    assert_false(https.heard_name);
    close(https.conns[0]);
    close(https.fd);
}

static void own_ports_are_believed_and_hear_nothing(void **state)
{
    (void)state;
    struct stranger dated = {0}, join = {0};
    judge(5555, &dated);
    is(IDENTITY_GUEST, "dated", "");
    told = 0;
    judge(5000, &join);
    is(IDENTITY_GUEST, "join", "");
    assert_int_equal(dated.heard + join.heard, 0);
    assert_int_equal(dated.count + join.count, 2);
}

static void who_hangs_up_is_unknown(void **state)
{
    (void)state;
    struct stranger hasty = {.hangs_up = true};
    judge(9999, &hasty);
    is(IDENTITY_UNKNOWN, NULL, "");
}

static void garbage_without_end_ends(void **state)
{
    (void)state;
    struct stranger hose = {.streams = true, .greets = "\xff\xfe\x00\x01", .greets_size = 4};
    judge(9999, &hose);
    is(IDENTITY_NO_CHAT, NULL, "");
    struct stranger late = {.to_tls = "\xff\xfe\x01", .to_name = "\xff\xfe\x01"};
    told = 0;
    judge(9994, &late);
    is(IDENTITY_NO_CHAT, NULL, "");
    struct stranger liar = {.to_name = "na\xff me"};
    told = 0;
    judge(9994, &liar);
    is(IDENTITY_NO_CHAT, NULL, "");
}

static void a_long_name_is_cut_between_characters(void **state)
{
    (void)state;
    char name[201];
    for (size_t i = 0; i < 200; i += 2)
        memcpy(name + i, "ñ", 2);
    name[200] = '\0';
    name[0] = 'x';
    name[1] = 'x';
    name[2] = 'x';
    name[3] = 'x';
    struct stranger wordy = {.to_name = name};
    judge(9999, &wordy);
    assert_int_equal(known.kind, IDENTITY_GUEST);
    assert_int_equal(strlen(known.name), 64);
}

static void greeted_as_a_guest_it_is_one(void **state)
{
    (void)state;
    struct stranger greeter = {.to_name = "ana|Hola, soy ana"};
    judge(9999, &greeter);
    is(IDENTITY_GUEST, "piped", "");
}

/* ---- peers ---- */

static struct link *arrived;
static bool up;

static void on_up(void *self, const uint8_t *peer, const uint8_t *exported)
{
    (void)self;
    (void)exported;
    assert_memory_equal(peer, tls_context_key(contexts[0]), TLS_KEY_BYTES);
    up = true;
}

static void on_bytes(void *self, const uint8_t *bytes, size_t size)
{
    (void)self;
    (void)bytes;
    fail_msg("%zu bytes for a peer that nobody speaks to", size);
}

static void on_down(void *self, enum link_down why)
{
    (void)self;
    assert_int_equal(why, LINK_DOWN_ENDED);
    arrived = NULL;
}

static void on_arrived(void *self, struct link *link)
{
    static const struct link_calls PEER = {NULL, on_up, on_bytes, NULL, on_down};
    (void)self;
    assert_null(arrived);
    arrived = link;
    link_start(link, LINK_TLS, &PEER, NULL);
}

static void a_peer_proves_its_key(void **state)
{
    (void)state;
    static const struct listener_calls DOOR = {on_arrived, NULL};
    struct links *theirs = links_new(loop, contexts[1], LINK_LIMITS);
    struct listener *listener = listener_new(theirs, &DOOR, NULL);
    struct stranger nobody = {.fd = -1};
    const char *host = host_new();
    struct address at = local(host, 9999);
    uint16_t port = 9999;
    assert_int_equal(listener_open(listener, &at, 1, true, &port), LISTENER_OK);
    begin(host, 9999, &nobody, 10);
    UNTIL(told == 1);
    is(IDENTITY_NATIVE, "native", "");
    assert_memory_equal(known.id.bytes, tls_context_key(contexts[1]), ID_BYTES);
    UNTIL(up && !arrived); /* and it was left in good order */
    listener_free(listener);
    links_free(theirs);
}

static void it_may_be_given_up_at_any_step(void **state)
{
    (void)state;
    for (int at = 0; at < 4; at++) {
        struct stranger still = {0};
        uint16_t port = 9999;
        struct timer *timer = timer_new(loop, ring_again, &timer);
        const char *host = host_new();
        still.fd = stranger_listens(host, 5, &port);
        struct identify *identify = begin(host, 9999, &still, 5);
        timer_set(timer, loop_mono_ms(loop));
        UNTIL(serve(&still) && (at == 0 || (at == 1 && still.heard_tls) ||
                                (at == 2 && still.count == 2) || (at == 3 && still.heard_name)));
        identify_free(identify);
        timer_free(timer);
        for (int i = 0; i < still.count; i++)
            close(still.conns[i]);
        close(still.fd);
        assert_int_equal(told, 0);
    }
    identify_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_tells_a_name_is_named, start, stop),
        cmocka_unit_test_setup_teardown(who_keeps_still_at_the_chats_ports_is_named_too, start,
                                        stop),
        cmocka_unit_test_setup_teardown(who_keeps_still_elsewhere_is_piped, start, stop),
        cmocka_unit_test_setup_teardown(who_names_us_is_a_neighbour_and_hears_nothing, start, stop),
        cmocka_unit_test_setup_teardown(a_slow_neighbour_is_one_too, start, stop),
        cmocka_unit_test_setup_teardown(banners_of_others_are_left_alone, start, stop),
        cmocka_unit_test_setup_teardown(a_neighbour_whose_words_are_lost_is_one, start, stop),
        cmocka_unit_test_setup_teardown(a_web_server_is_no_chat, start, stop),
        cmocka_unit_test_setup_teardown(another_tls_is_no_chat, start, stop),
        cmocka_unit_test_setup_teardown(own_ports_are_believed_and_hear_nothing, start, stop),
        cmocka_unit_test_setup_teardown(who_hangs_up_is_unknown, start, stop),
        cmocka_unit_test_setup_teardown(garbage_without_end_ends, start, stop),
        cmocka_unit_test_setup_teardown(a_long_name_is_cut_between_characters, start, stop),
        cmocka_unit_test_setup_teardown(greeted_as_a_guest_it_is_one, start, stop),
        cmocka_unit_test_setup_teardown(a_peer_proves_its_key, start, stop),
        cmocka_unit_test_setup_teardown(it_may_be_given_up_at_any_step, start, stop),
    };
    return cmocka_run_group_tests_name("identify", tests, contexts_make, contexts_free);
}
