/* Ports that are taken, families that are not there, and crowds at the door. */
#include "net_world.h"

#include "net/loop_parts.h"

#include <ifaddrs.h>
#include <malloc.h>
#include <sys/resource.h>

enum { CALLS = 300 };

static struct links *links;
static struct listener *listener;
static struct link_limits limits;
static int arrivals, downs, drops, says;
static enum listener_drop last_drop;
static struct address last_from;
static bool from_known;
static struct link *last_link;

static enum link_dialect on_sniffed(void *self, const uint8_t *bytes, size_t size)
{
    (void)self;
    (void)size;
    return bytes[0] == 'p' ? LINK_IS_PLAIN : LINK_IS_UNKNOWN;
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

static void on_down(void *self, enum link_down why)
{
    (void)self;
    (void)why;
    downs++;
}

static const struct link_calls LINK = {on_sniffed, on_up, on_bytes, NULL, on_down};

static void on_arrived(void *self, struct link *link)
{
    assert_ptr_equal(self, &arrivals);
    arrivals++;
    last_link = link;
    last_from = *link_address(link);
    link_start(link, LINK_SNIFF, &LINK, NULL);
}

static void on_dropped(void *self, enum listener_drop why, const struct address *from,
                       uint64_t count)
{
    assert_ptr_equal(self, &arrivals);
    assert_true(count > 0);
    drops += (int)count;
    says++;
    last_drop = why;
    from_known = from != NULL;
    if (from)
        last_from = *from;
}

static const struct listener_calls DOORS = {on_arrived, on_dropped};

static void listener_make(struct link_limits with)
{
    arrivals = downs = drops = says = 0;
    limits = with;
    links = links_new(loop, contexts[0], limits);
    listener = listener_new(links, &DOORS, &arrivals);
}

static int descriptors_before;

static int setup(void **state)
{
    (void)state;
    descriptors_before = descriptors();
    world_open();
    listener_make(LINK_LIMITS);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    listener_free(listener);
    UNTIL(links_count(links) == 0); /* the strangers are gone */
    links_free(links);
    world_close();
    assert_int_equal(descriptors(), descriptors_before);
    return 0;
}

static struct address both[2];

static void families_set(void)
{
    both[0] = local("0.0.0.0", 0);
    both[1] = local("::", 0);
}

static uint16_t opened(const char *host)
{
    struct address address = local(host, 0);
    uint16_t port = 0;
    assert_int_equal(listener_open(listener, &address, 1, true, &port), LISTENER_OK);
    return port;
}

static void calls_from(const char *host, uint16_t port)
{
    struct address to = local(host, port);
    int before = arrivals, fd = stranger_call(&to);
    UNTIL(arrivals > before);
    assert_true(address_same_host(&last_from, &to));
    close(fd);
}

/* ---- ports ---- */

static void one_port_in_both_families(void **state)
{
    (void)state;
    uint16_t port = 0;
    families_set();
    assert_int_equal(listener_open(listener, both, 2, true, &port), LISTENER_OK);
    assert_int_not_equal(port, 0);
    assert_int_equal(listener_count(listener), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(address_same_host(listener_address(listener, i), &both[i]));
        assert_int_equal(listener_address(listener, i)->port, port);
    }
    calls_from("127.0.0.1", port); /* not as ::ffff:127.0.0.1 of the other */
    calls_from("::1", port);
}

static void a_taken_port_moves(void **state)
{
    (void)state;
    struct address here = local("127.0.0.1", 0);
    uint16_t taken = 0;
    int fd = stranger_listens("127.0.0.1", 5, &taken);
    uint16_t port = taken, last = 0;
    assert_int_equal(listener_open(listener, &here, 1, true, &port), LISTENER_TAKEN);
    assert_int_equal(port, taken);
    assert_int_equal(listener_count(listener), 0);
    size_t moved = 0; /* others may hold some of these ports: the order is what counts */
    for (;; moved++) {
        port = taken;
        enum listener_result result = listener_open(listener, &here, 1, false, &port);
        if (result == LISTENER_TAKEN || result == LISTENER_FULL)
            break;
        assert_int_equal(result, LISTENER_MOVED);
        assert_in_range(port, LISTENER_FIRST_PORT, LISTENER_LAST_PORT);
        assert_true(port > last);
        last = port;
        calls_from("127.0.0.1", port);
    }
    assert_in_range(moved, 3, 16);
    assert_int_equal(listener_count(listener), moved);
    close(fd);
}

static void it_moves_to_the_next_and_around(void **state)
{
    (void)state;
    struct address here = local("127.0.0.1", 0);
    uint16_t port = LISTENER_LAST_PORT;
    enum listener_result result = listener_open(listener, &here, 1, true, &port);
    assert_true(result == LISTENER_OK || result == LISTENER_TAKEN); /* ours or another's */
    result = listener_open(listener, &here, 1, false, &port);
    assert_int_equal(result, LISTENER_MOVED);
    assert_in_range(port, LISTENER_FIRST_PORT, LISTENER_LAST_PORT - 1);
    uint16_t next = port;
    assert_int_equal(listener_open(listener, &here, 1, false, &next), LISTENER_MOVED);
    assert_true(next > port);
}

static void all_addresses_move_together(void **state)
{
    (void)state;
    for (int family = 0; family < 2; family++) {
        uint16_t taken = 0, port;
        int fd = stranger_listens(family ? "::1" : "127.0.0.1", 5, &taken);
        struct address addresses[2] = {local("127.0.0.1", 0), local("::1", 0)};
        size_t before = listener_count(listener);
        port = taken;
        assert_int_equal(listener_open(listener, addresses, 2, true, &port), LISTENER_TAKEN);
        assert_int_equal(listener_count(listener), before); /* not half of it */
        assert_int_equal(listener_open(listener, addresses, 2, false, &port), LISTENER_MOVED);
        assert_int_equal(listener_count(listener), before + 2);
        calls_from("127.0.0.1", port);
        calls_from("::1", port);
        close(fd);
    }
}

static void what_cannot_be_listened_on_is_told(void **state)
{
    (void)state;
    uint16_t port = 0;
    struct address addresses[LISTENER_SOCKETS + 1];
    addresses[0] = local("192.0.2.1", 0); /* nobody's: RFC 5737 */
    addresses[1] = local("127.0.0.1", 0);
    assert_int_equal(listener_open(listener, addresses, 1, false, &port), LISTENER_NO_ADDRESS);
    assert_int_equal(port, 0);
    assert_int_equal(listener_open(listener, addresses, 2, false, &port), LISTENER_OK);
    assert_int_equal(listener_count(listener), 1); /* the one that is there */
    calls_from("127.0.0.1", port);
    for (int i = 0; i <= LISTENER_SOCKETS; i++)
        addresses[i] = local("127.0.0.1", 0);
    assert_int_equal(listener_open(listener, addresses, LISTENER_SOCKETS, false, &port),
                     LISTENER_FULL);
    for (int i = 1; i < LISTENER_SOCKETS; i++)
        opened("::1");
    port = 0;
    assert_int_equal(listener_open(listener, addresses, 1, false, &port), LISTENER_FULL);
    assert_int_equal(listener_open(listener, addresses, 0, false, &port), LISTENER_NO_ADDRESS);
}

/* ---- crowds ---- */

static int fds[CALLS];
static bool reset[CALLS];

static void crowd(const char *host, uint16_t port, int count)
{
    struct address to = local(host, port);
    for (int i = 0; i < count; i++) {
        fds[i] = stranger_call(&to);
        reset[i] = false;
    }
}

static void crowd_leaves(int count)
{
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

static int crowd_reset(int count)
{
    int total = 0;
    char byte;
    for (int i = 0; i < count; i++) {
        reset[i] |= stranger_hears(fds[i], &byte, 1) == -2; /* the system says it once */
        total += reset[i];
    }
    return total;
}

/* Each was told that it is over. */
static bool crowd_over(int count)
{
    int total = 0;
    char byte;
    for (int i = 0; i < count; i++) {
        ssize_t heard = stranger_hears(fds[i], &byte, 1);
        reset[i] |= heard == -2 || heard == 0;
        total += reset[i];
    }
    return total == count;
}

static void few_are_half_open(void **state)
{
    (void)state;
    uint16_t port = opened("127.0.0.1");
    crowd("127.0.0.1", port, 100); /* more than are taken in one turn */
    UNTIL(arrivals == LINK_HALF_OPEN && crowd_reset(100) == 100 - LINK_HALF_OPEN);
    assert_int_equal(links_half_open(links), LINK_HALF_OPEN);
    assert_int_equal(links_count(links), LINK_HALF_OPEN);
    assert_int_equal(says, 1); /* one line a second at most */
    assert_int_equal(last_drop, LISTENER_DROP_FULL);
    assert_true(from_known && address_is_loopback(&last_from));
    int silent = 0;
    while (reset[silent])
        silent++;
    stranger_says(fds[silent], "p", 1); /* who is up counts no more */
    UNTIL(links_half_open(links) == LINK_HALF_OPEN - 1);
    struct address to = local("127.0.0.1", port);
    int next = stranger_call(&to);
    UNTIL(arrivals == LINK_HALF_OPEN + 1);
    uint64_t start = loop_mono_ms(loop);
    UNTIL(loop_mono_ms(loop) > start + LISTENER_SAYS_MS); /* then all that was not said is */
    int late = stranger_call(&to);
    UNTIL(says == 2);
    assert_int_equal(drops, 100 - LINK_HALF_OPEN + 1);
    close(next);
    close(late);
    crowd_leaves(100);
}

static void places_come_free(void **state)
{
    (void)state;
    listener_free(listener);
    links_free(links);
    listener_make((struct link_limits){LINK_QUEUE_MAX, 50, 50, 10000, 250});
    uint16_t port = opened("127.0.0.1");
    crowd("127.0.0.1", port, LINK_HALF_OPEN + 5);
    UNTIL(crowd_reset(LINK_HALF_OPEN + 5) == LINK_HALF_OPEN + 5); /* in time, and all of them */
    assert_int_equal(downs, LINK_HALF_OPEN);
    assert_int_equal(links_count(links), 0);
    crowd_leaves(LINK_HALF_OPEN + 5);
    crowd("127.0.0.1", port, 1);
    UNTIL(arrivals == LINK_HALF_OPEN + 1);
    link_free(last_link); /* the program may drop one, too */
    assert_int_equal(links_half_open(links), 0);
    crowd_leaves(1);
}

/* An address of this machine that is not loopback: none on a machine without a network. */
static bool neighbour_address(char host[ADDRESS_TEXT])
{
    struct ifaddrs *all;
    struct address address;
    bool found = false;
    assert_int_equal(getifaddrs(&all), 0);
    for (struct ifaddrs *one = all; one && !found; one = one->ifa_next)
        if (one->ifa_addr && address_from_system(one->ifa_addr, &address) &&
            !address_is_loopback(&address) && address.scope == 0) {
            address.port = 0;
            address_text(&address, host);
            found = true;
        }
    freeifaddrs(all);
    return found;
}

static void fewer_of_one_host(void **state)
{
    (void)state;
    char host[ADDRESS_TEXT];
    if (!neighbour_address(host)) {
        print_message("no address but loopback here: left out\n");
        return;
    }
    uint16_t port = opened(host), other = opened("127.0.0.1");
    crowd(host, port, 20);
    UNTIL(arrivals == LINK_HALF_OPEN_PER_HOST && crowd_reset(20) == 20 - LINK_HALF_OPEN_PER_HOST);
    assert_int_equal(last_drop, LISTENER_DROP_HOST);
    calls_from("127.0.0.1", other); /* others come in all the same */
    crowd_leaves(20);
}

static int spares[4096];

/* Twice: libuv has a descriptor in reserve, or lost it to another thread. */
static void no_descriptor_is_no_end(void **state)
{
    (void)state;
    uint16_t port = opened("127.0.0.1");
    struct rlimit before, tight;
    struct address to = local("127.0.0.1", port);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int lost = 0; lost < 2; lost++) {
        int count = 0, seen = arrivals, first = stranger_call(&to);
        UNTIL(arrivals == seen + 1);
        crowd("127.0.0.1", port, 8); /* they wait in the system */
        int *reserve = &loop_uv(loop)->emfile_fd;
        if (lost) {
            close(*reserve);
            *reserve = -1;
        }
        tight = before;
        tight.rlim_cur = (rlim_t)fds[7] + 20;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
        while ((spares[count] = dup(first)) >= 0)
            count++;
        UNTIL(crowd_over(8));
        assert_int_equal(arrivals, seen + 1);
        assert_int_equal(drops, lost ? says : 0);
        assert_int_equal(says, lost);
        assert_true(!lost || last_drop == LISTENER_DROP_FILES);
        while (count > 0)
            close(spares[--count]);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        int next = stranger_call(&to);
        UNTIL(arrivals == seen + 2); /* it goes on */
        close(next);
        close(first);
        crowd_leaves(8);
    }
}

/* ---- ten thousand ---- */

enum { MULTITUDE = 10000, WAVE = 100 }; /* fewer than wait in the system at once */

static bool wave_is_over(int count)
{
    char byte;
    for (int i = 0; i < count; i++) {
        if (fds[i] < 0)
            continue;
        ssize_t heard = stranger_hears(fds[i], &byte, 1);
        if (heard == -1 && !(errno == ENOTCONN))
            return false;
        close(fds[i]);
        fds[i] = -1;
    }
    return true;
}

/* What is silent is closed, and two that talk meanwhile are not disturbed. */
static void a_multitude_that_is_silent(void **state)
{
    (void)state;
    listener_free(listener);
    links_free(links);
    listener_make((struct link_limits){LINK_QUEUE_MAX, 50, 50, 10000, 250});
    uint16_t port = opened("127.0.0.1");
    struct address to = local("127.0.0.1", port);
    int talker = stranger_call(&to);
    UNTIL(arrivals == 1);
    stranger_says(talker, "p", 1);
    UNTIL(links_half_open(links) == 0);
    struct link *talks = last_link;
    size_t most = 0, memory = 0, before = mallinfo2().uordblks;
    uint64_t start = loop_mono_ms(loop), bytes = link_bytes_in(talks);
    for (int done = 0; done < MULTITUDE; done += WAVE) {
        crowd("127.0.0.1", port, WAVE);
        timer_set(limit, loop_mono_ms(loop) + WORLD_LIMIT_MS);
        while (!wave_is_over(WAVE)) {
            turn();
            most = links_count(links) > most ? links_count(links) : most;
            size_t now = mallinfo2().uordblks;
            memory = now > before + memory ? now - before : memory;
        }
        stranger_says(talker, "pp", 2);
        bytes += 2;
        UNTIL(link_bytes_in(talks) == bytes);
    }
    uint64_t ms = loop_mono_ms(loop) - start;
    print_message("%d silent ones: %llu ms, %zu links, %zu bytes, %d log lines\n", MULTITUDE,
                  (unsigned long long)ms, most, memory, says);
    assert_true(most <= 1 + LINK_HALF_OPEN);
    assert_true(memory < 300000); /* 0 under a sanitizer */
    assert_true((uint64_t)says <= 2 + ms / LISTENER_SAYS_MS);
    assert_int_equal(downs, arrivals - 1);
    close(talker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_port_in_both_families, setup, teardown),
        cmocka_unit_test_setup_teardown(a_taken_port_moves, setup, teardown),
        cmocka_unit_test_setup_teardown(it_moves_to_the_next_and_around, setup, teardown),
        cmocka_unit_test_setup_teardown(all_addresses_move_together, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_listened_on_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(few_are_half_open, setup, teardown),
        cmocka_unit_test_setup_teardown(places_come_free, setup, teardown),
        cmocka_unit_test_setup_teardown(fewer_of_one_host, setup, teardown),
        cmocka_unit_test_setup_teardown(no_descriptor_is_no_end, setup, teardown),
        cmocka_unit_test_setup_teardown(a_multitude_that_is_silent, setup, teardown),
    };
    return cmocka_run_group_tests_name("net_listener", tests, contexts_make, contexts_free);
}
