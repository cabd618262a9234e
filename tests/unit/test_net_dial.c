/* Calling: who answers first, who does not, and names. */
#include "net_world.h"

#include "net/dial.h"
#include "net/resolve.h"

#include <sys/resource.h>

static struct links *links;
static struct listener *listener;
static uint16_t port;
static bool inside;
static int dones;
static enum dial_result last_result;
static struct link *last_link;
static struct address last_address;

static void on_down(void *self, enum link_down why)
{
    (void)self;
    (void)why;
}

static void on_up(void *self, const uint8_t *peer, const uint8_t *exported)
{
    (void)self;
    (void)peer;
    (void)exported;
}

static void on_bytes(void *self, const uint8_t *bytes, size_t size)
{
    (void)self;
    (void)bytes;
    (void)size;
}

static const struct link_calls LINK = {.up = on_up, .bytes = on_bytes, .down = on_down};

static void on_arrived(void *self, struct link *link)
{
    (void)self;
    link_start(link, LINK_PLAIN, &LINK, NULL);
}

static const struct listener_calls DOORS = {on_arrived, NULL};

static void on_done(void *self, enum dial_result result, struct link *link)
{
    assert_ptr_equal(self, &dones);
    assert_false(inside);
    assert_int_equal(result == DIAL_OK, link != NULL);
    dones++;
    last_result = result;
    last_link = link;
    if (link) {
        last_address = *link_address(link);
        link_start(link, LINK_PLAIN, &LINK, NULL);
    }
}

static void links_open(struct link_limits limits)
{
    struct address both[2] = {local("127.0.0.1", 0), local("::1", 0)};
    links = links_new(loop, NULL, limits);
    listener = listener_new(links, &DOORS, NULL);
    port = 0;
    assert_int_equal(listener_open(listener, both, 2, true, &port), LISTENER_OK);
    dones = 0;
}

static int descriptors_before;

static int setup(void **state)
{
    (void)state;
    descriptors_before = descriptors();
    world_open();
    links_open(LINK_LIMITS);
    return 0;
}

static void links_close(void)
{
    listener_free(listener);
    UNTIL(links_count(links) == 0);
    links_free(links);
}

static int teardown(void **state)
{
    (void)state;
    links_close();
    world_close();
    assert_int_equal(descriptors(), descriptors_before);
    return 0;
}

static struct dial *dial(const struct address *addresses, size_t count)
{
    inside = true;
    struct dial *made = dial_new(links, addresses, count, on_done, &dones);
    inside = false;
    return made;
}

static void dial_ends(enum dial_result result)
{
    UNTIL(dones);
    assert_int_equal(last_result, result);
    dones = 0;
    for (int i = 0; i < 5; i++)
        turn();
    assert_int_equal(dones, 0); /* told once */
}

static void hang_up(void)
{
    link_free(last_link);
    UNTIL(links_count(links) == 0);
}

/* A port that answers nothing: its queue is full, so the system drops who knocks. */
struct silence {
    int fds[8];
    struct address address;
};

static void silence_make(struct silence *silence, const char *host)
{
    uint16_t silent = 0;
    silence->fds[0] = stranger_listens(host, 0, &silent);
    silence->address = local(host, silent);
    for (int i = 1; i < 8; i++)
        silence->fds[i] = stranger_call(&silence->address);
}

static void silence_break(struct silence *silence)
{
    for (int i = 0; i < 8; i++)
        close(silence->fds[i]);
}

static struct address refused(const char *host)
{
    uint16_t free_port = 0;
    close(stranger_listens(host, 0, &free_port));
    return local(host, free_port);
}

static void somebody_answers(void **state)
{
    (void)state;
    static const char *const hosts[] = {"127.0.0.1", "::1"};
    for (int i = 0; i < 2; i++) {
        struct address to = local(hosts[i], port);
        dial(&to, 1);
        dial_ends(DIAL_OK);
        assert_true(address_equal(&last_address, &to));
        assert_int_equal(links_count(links), 2); /* its two ends */
        hang_up();
    }
}

static void nobody_answers(void **state)
{
    (void)state;
    struct address to[3] = {refused("127.0.0.1"), local("255.255.255.255", 9), refused("::1")};
    dial(to, 1);
    dial_ends(DIAL_REFUSED);
    dial(to + 1, 1);
    dial_ends(DIAL_UNREACHABLE);
    dial(to, 3); /* what says most is told */
    dial_ends(DIAL_REFUSED);
    dial(to + 1, 2);
    dial_ends(DIAL_REFUSED);
    assert_int_equal(links_count(links), 0);
}

static void a_refusal_lets_the_next_go_at_once(void **state)
{
    (void)state;
    links_close();
    links_open((struct link_limits){LINK_QUEUE_MAX, 10000, 2000, 20000, 15000});
    struct address to[4] = {refused("::1"), local("255.255.255.255", 9), refused("127.0.0.1"),
                            local("127.0.0.1", port)};
    uint64_t start = loop_mono_ms(loop);
    dial(to, 4);
    dial_ends(DIAL_OK);
    assert_true(loop_mono_ms(loop) - start < 10000);
    assert_true(address_equal(&last_address, &to[3]));
    hang_up();
}

/* Also while an earlier one is still silent. */
static void a_refusal_beside_silence(void **state)
{
    (void)state;
    links_close();
    links_open((struct link_limits){LINK_QUEUE_MAX, 10000, 2000, 20000, 1500});
    struct silence silence;
    silence_make(&silence, "127.0.0.1");
    struct address to[3] = {silence.address, refused("::1"), local("::1", port)};
    uint64_t start = loop_mono_ms(loop);
    dial(to, 3);
    dial_ends(DIAL_OK);
    assert_in_range(loop_mono_ms(loop) - start, 1500, 2900);
    hang_up();
    silence_break(&silence);
}

static void silence_lets_the_next_go_after_a_moment(void **state)
{
    (void)state;
    links_close();
    links_open((struct link_limits){LINK_QUEUE_MAX, 10000, 2000, 30000, 60});
    struct silence silence[2];
    silence_make(&silence[0], "127.0.0.1");
    silence_make(&silence[1], "::1");
    struct address to[DIAL_ADDRESSES + 1] = {silence[0].address, silence[1].address,
                                             local("::1", port), local("127.0.0.1", port)};
    uint64_t start = loop_mono_ms(loop);
    dial(to, 4);
    dial_ends(DIAL_OK);
    assert_in_range(loop_mono_ms(loop) - start, 120, 20000);
    assert_true(address_equal(&last_address, &to[2]));
    assert_int_equal(links_count(links), 2); /* the others were dropped */
    hang_up();
    for (int i = 0; i <= DIAL_ADDRESSES; i++)
        to[i] = silence[0].address;
    to[DIAL_ADDRESSES] = local("127.0.0.1", port); /* one too many: left out */
    struct dial *endless = dial(to, DIAL_ADDRESSES + 1);
    UNTIL(links_count(links) == DIAL_ADDRESSES);
    assert_int_equal(dones, 0);
    dial_cancel(endless);
    assert_int_equal(links_count(links), 0);
    silence_break(&silence[0]);
    silence_break(&silence[1]);
}

static void silence_ends(void **state)
{
    (void)state;
    links_close();
    links_open((struct link_limits){LINK_QUEUE_MAX, 10000, 2000, 100, 30});
    struct silence silence;
    silence_make(&silence, "127.0.0.1");
    struct address to[2] = {silence.address, refused("127.0.0.1")};
    uint64_t start = loop_mono_ms(loop);
    dial(to, 1);
    dial_ends(DIAL_TIMEOUT);
    assert_true(loop_mono_ms(loop) - start >= 100);
    dial(to, 2);
    dial_ends(DIAL_REFUSED); /* somebody was there at least */
    silence_break(&silence);
}

static void a_dial_can_be_cancelled(void **state)
{
    (void)state;
    struct silence silence;
    silence_make(&silence, "127.0.0.1");
    struct address to[2] = {silence.address, local("127.0.0.1", port)};
    dial_cancel(dial(to, 2)); /* before it began */
    dial_cancel(dial(to + 1, 1));
    struct dial *dialling = dial(to, 1);
    UNTIL(links_count(links) == 1);
    dial_cancel(dialling);
    dial_cancel(NULL);
    assert_int_equal(links_count(links), 0);
    dial_cancel(dial_host(links, "localhost", port, on_done, &dones));
    dialling = dial_host(links, "localhost", port, on_done, &dones);
    turn();
    dial_cancel(dialling);
    for (int i = 0; i < 20; i++)
        turn();
    assert_int_equal(dones, 0);
    silence_break(&silence);
}

static void no_descriptor_is_trouble(void **state)
{
    (void)state;
    struct rlimit before, tight;
    struct address to = local("127.0.0.1", port);
    static int spares[1024];
    int count = 0;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)descriptors() + 20;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    while (count < 1024 && (spares[count] = dup(0)) >= 0)
        count++;
    dial(&to, 1);
    dial_ends(DIAL_TROUBLE);
    while (count > 0)
        close(spares[--count]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    dial(&to, 1);
    dial_ends(DIAL_OK);
    hang_up();
}

/* ---- names ---- */

static void names_and_numbers(void **state)
{
    (void)state;
    static const char *const hosts[] = {"127.0.0.1", "::1", "localhost"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        inside = true;
        dial_host(links, hosts[i], port, on_done, &dones);
        inside = false;
        dial_ends(DIAL_OK);
        assert_true(address_is_loopback(&last_address));
        assert_int_equal(last_address.port, port);
        hang_up();
    }
    char too_long[300];
    memset(too_long, 'a', sizeof too_long);
    too_long[sizeof too_long - 1] = '\0';
    dial_host(links, too_long, port, on_done, &dones);
    dial_ends(DIAL_NO_NAME);
}

static int resolved;
static enum resolve_result resolve_last;
static struct address addresses[RESOLVE_ADDRESSES];
static size_t address_count;

static void on_resolved(void *self, enum resolve_result result, const struct address *list,
                        size_t count)
{
    (void)self;
    assert_false(inside);
    assert_int_equal(result == RESOLVE_OK, count > 0);
    assert_true(count <= RESOLVE_ADDRESSES);
    resolved++;
    resolve_last = result;
    address_count = count;
    memcpy(addresses, list, count * sizeof *list);
}

static void names_are_resolved_once_each(void **state)
{
    (void)state;
    inside = true;
    resolve_new(loop, "localhost", 99, on_resolved, NULL);
    inside = false;
    resolved = 0;
    UNTIL(resolved);
    assert_int_equal(resolve_last, RESOLVE_OK);
    for (size_t i = 0; i < address_count; i++) {
        assert_int_equal(addresses[i].port, 99);
        for (size_t j = 0; j < i; j++)
            assert_false(address_equal(&addresses[i], &addresses[j]));
    }
    resolve_new(loop, "a name with spaces..", 99, on_resolved, NULL);
    UNTIL(resolved == 2);
    assert_int_not_equal(resolve_last, RESOLVE_OK);
    resolve_cancel(resolve_new(loop, "::1", 99, on_resolved, NULL));
    resolve_cancel(resolve_new(loop, "localhost", 99, on_resolved, NULL));
    resolve_cancel(NULL);
    for (int i = 0; i < 20; i++)
        turn();
    assert_int_equal(resolved, 2);
}

static void families_alternate(void **state)
{
    (void)state;
    static const struct {
        const char *from[10];
        const char *to[RESOLVE_ADDRESSES + 1];
    } cases[] = {
        {{"::1", "::2", "::3", "10.0.0.1"}, {"::1", "10.0.0.1", "::2", "::3"}},
        {{"10.0.0.1", "10.0.0.2", "::1", "::2"}, {"10.0.0.1", "::1", "10.0.0.2", "::2"}},
        {{"10.0.0.1", "10.0.0.1", "::1", "10.0.0.1"}, {"10.0.0.1", "::1"}},
        {{"::1", "::2"}, {"::1", "::2"}},
        {{"::1", "::2", "::3", "::4", "::5", "::6", "::7", "::8", "::9", "10.0.0.1"},
         {"::1", "10.0.0.1", "::2", "::3", "::4", "::5", "::6", "::7"}},
        {{NULL}, {NULL}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address from[10], into[RESOLVE_ADDRESSES];
        size_t count = 0, wanted = 0;
        for (; count < 10 && cases[i].from[count]; count++)
            from[count] = local(cases[i].from[count], 7);
        size_t got = resolve_order(from, count, into);
        for (; cases[i].to[wanted]; wanted++) {
            struct address want = local(cases[i].to[wanted], 7);
            assert_true(wanted < got && address_equal(&into[wanted], &want));
        }
        assert_int_equal(got, wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(somebody_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_lets_the_next_go_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_beside_silence, setup, teardown),
        cmocka_unit_test_setup_teardown(silence_lets_the_next_go_after_a_moment, setup, teardown),
        cmocka_unit_test_setup_teardown(silence_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(a_dial_can_be_cancelled, setup, teardown),
        cmocka_unit_test_setup_teardown(no_descriptor_is_trouble, setup, teardown),
        cmocka_unit_test_setup_teardown(names_and_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(names_are_resolved_once_each, setup, teardown),
        cmocka_unit_test(families_alternate),
    };
    return cmocka_run_group_tests_name("net_dial", tests, contexts_make, contexts_free);
}
