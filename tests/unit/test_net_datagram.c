/* The interfaces, and datagrams to everyone on one of them: loopback, which nothing leaves. */
#include "net_world.h"

#include "net/datagram.h"

#include <unistd.h>

enum { HEARD_MAX = 64 };

struct ears {
    int count;
    size_t size[HEARD_MAX];
    char first[HEARD_MAX];
    struct address from[HEARD_MAX];
    struct datagrams *frees; /* when something is heard */
};

static struct interface lo;
static struct ears ears[2];
static struct datagrams *mouths[2];
static uint16_t wire; /* the port of this run: several test programs run at once */

static void on_heard(void *self, const struct address *from, const uint8_t *bytes, size_t size)
{
    struct ears *into = self;
    assert_true(into->count < HEARD_MAX);
    into->from[into->count] = *from;
    into->first[into->count] = size ? (char)bytes[0] : '-';
    into->size[into->count++] = size;
    if (into->frees)
        datagrams_free(into->frees);
}

static struct datagrams *datagrams_here(struct ears *into)
{
    struct datagrams_config config = {wire, "239.255.84.69", "ff12::5445", on_heard};
    *into = (struct ears){0};
    struct datagrams *made = datagrams_new(loop, &config, into);
    assert_true(datagrams_open(made, &lo, 1));
    return made;
}

static int start(void **state)
{
    (void)state;
    uint16_t port = 0;
    world_open();
    close(stranger_listens("127.0.0.1", 1, &port));
    wire = port;
    for (int i = 0; i < 2; i++)
        mouths[i] = datagrams_here(&ears[i]);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        datagrams_free(mouths[i]);
    world_close();
    return 0;
}

static struct interface on(const char *address, uint8_t prefix, const char *scope)
{
    struct interface interface = {.prefix = prefix, .up = true};
    char text[ADDRESS_TEXT];
    snprintf(text, sizeof text, "%s%s", address, scope);
    assert_true(address_parse(text, 0, &interface.address));
    return interface;
}

static bool covers(const struct interface *interface, const char *address)
{
    struct address other;
    assert_true(address_parse(address, 9999, &other));
    return interface_covers(interface, &other);
}

static void a_subnet_ends_where_its_bits_do(void **state)
{
    (void)state;
    struct interface lan = on("192.168.17.130", 25, "");
    assert_true(covers(&lan, "192.168.17.128"));
    assert_true(covers(&lan, "192.168.17.255"));
    assert_false(covers(&lan, "192.168.17.127"));
    assert_false(covers(&lan, "192.168.16.130"));
    struct interface odd = on("10.1.2.3", 15, "");
    assert_true(covers(&odd, "10.0.255.255"));
    assert_false(covers(&odd, "10.2.0.0"));
    struct interface alone = on("10.1.2.3", 32, "");
    assert_true(covers(&alone, "10.1.2.3"));
    assert_false(covers(&alone, "10.1.2.2"));
    struct interface all = on("10.1.2.3", 0, "");
    assert_true(covers(&all, "203.0.113.9"));
    assert_false(covers(&all, "fe80::1%1"));
    struct interface six = on("fd00:1:2:3::4", 64, "");
    assert_true(covers(&six, "fd00:1:2:3:ffff::1"));
    assert_false(covers(&six, "fd00:1:2:4::4"));
    assert_false(covers(&six, "10.1.2.3"));
    struct interface local = on("fe80::1", 64, "%2");
    assert_true(covers(&local, "fe80::9%2"));
    assert_false(covers(&local, "fe80::9%3"));
}

static void loopback_is_there(void **state)
{
    (void)state;
    struct interfaces one, again;
    interfaces_read(&one);
    interfaces_read(&again);
    assert_true(interfaces_equal(&one, &again));
    struct address self = local("127.0.0.1", 5), other = local("192.0.2.77", 5);
    bool found = false;
    for (size_t i = 0; i < one.count; i++)
        if (address_same_host(&one.all[i].address, &self)) {
            found = true;
            assert_true(one.all[i].loopback && one.all[i].up);
            assert_int_equal(one.all[i].prefix, 8);
            assert_true(covers(&one.all[i], "127.255.255.255"));
            char text[ADDRESS_TEXT];
            address_text(&one.all[i].broadcast, text);
            assert_string_equal(text, "127.255.255.255");
        }
    assert_true(found);
    assert_true(interfaces_own(&one, &self));
    assert_true(interfaces_own(&(struct interfaces){0}, &self));
    assert_false(interfaces_own(&one, &other));
    again.count--;
    assert_false(interfaces_equal(&one, &again));
    again = one;
    again.all[0].up = !again.all[0].up;
    assert_false(interfaces_equal(&one, &again));
}

static void an_address_is_up_down_or_gone(void **state)
{
    (void)state;
    struct interface lan = on("192.168.1.5", 24, "");
    struct address own = local("192.168.1.5", 7), other = local("192.168.1.6", 7);
    struct address loopback = local("127.0.0.9", 7);
    struct interfaces now = {.count = 1, .all = {lan}}, before = {.count = 1, .all = {lan}};
    now.all[0].up = before.all[0].up = true;
    assert_int_equal(interfaces_fate(&now, &own), INTERFACE_UP);
    assert_int_equal(interfaces_fate(&now, &other), INTERFACE_GONE);
    assert_int_equal(interfaces_fate(&now, &loopback), INTERFACE_UP);
    assert_false(interfaces_gained(&before, &now));
    before.all[0].up = false;
    assert_int_equal(interfaces_fate(&before, &own), INTERFACE_DOWN);
    assert_true(interfaces_gained(&before, &now)); /* the cable is back */
    assert_false(interfaces_gained(&now, &before));
    before = now; /* the same address on a second interface: one of the two is enough */
    before.all[before.count++] = lan;
    assert_int_equal(interfaces_fate(&before, &own), INTERFACE_UP);
    assert_false(interfaces_gained(&now, &before));
    before = now;
    before.all[0].address = other;
    assert_true(interfaces_gained(&before, &now));
    memcpy(now.all[0].name, "veth1", 6);
    assert_false(interfaces_gained(&before, &now));
    now.all[0].name[0] = '\0';
    now.all[0].loopback = true;
    assert_false(interfaces_gained(&before, &now));
    now.all[0].loopback = false;
    before.count = 0; /* the system did not say: nothing is torn, everyone tried */
    assert_int_equal(interfaces_fate(&before, &own), INTERFACE_UP);
    assert_true(interfaces_gained(&before, &now));
    for (before.count = 0; before.count < INTERFACES_MAX; before.count++)
        before.all[before.count] = lan;
    assert_int_equal(interfaces_fate(&before, &other), INTERFACE_UP); /* there may be more */
}

static void on_change(void *self, const struct interfaces *now)
{
    (void)self;
    (void)now;
    fail_msg("nothing changed");
}

static void a_watch_knows_what_is_there(void **state)
{
    (void)state;
    struct interfaces here;
    struct interfaces_watch *watch = interfaces_watch_new(loop, on_change, NULL);
    interfaces_read(&here);
    assert_true(interfaces_equal(interfaces_watch_now(watch), &here));
    turn();
    interfaces_watch_free(watch);
    interfaces_watch_free(NULL);
}

static void everyone_on_the_wire_hears_who_speaks_too(void **state)
{
    (void)state;
    unsigned ways = datagrams_send(mouths[0], &lo, "hello", 5);
    assert_int_equal(ways, 2); /* the group, and the broadcast */
    UNTIL(ears[0].count == 2 && ears[1].count == 2);
    for (int i = 0; i < 4; i++) {
        struct ears *hearer = &ears[i / 2];
        assert_int_equal(hearer->size[i % 2], 5);
        assert_true(address_is_loopback(&hearer->from[i % 2]));
        assert_int_equal(hearer->from[i % 2].port, wire);
    }
}

static void who_is_closed_hears_nothing_and_opens_again(void **state)
{
    (void)state;
    assert_true(datagrams_open(mouths[1], NULL, 0));
    assert_int_equal(datagrams_send(mouths[1], &lo, "x", 1), 0);
    assert_true(datagrams_send(mouths[0], &lo, "x", 1) > 0);
    UNTIL(ears[0].count == 2);
    assert_int_equal(ears[1].count, 0);
    assert_true(datagrams_open(mouths[1], &lo, 1));
    assert_int_equal(datagrams_send(mouths[0], &lo, "y", 1), 2);
    UNTIL(ears[1].count == 2);
    assert_int_equal(ears[1].first[0], 'y');
}

static void a_hearer_may_end_it_all(void **state)
{
    (void)state;
    ears[1].frees = mouths[1];
    datagrams_send(mouths[0], &lo, "x", 1);
    UNTIL(ears[0].count == 2 && ears[1].count > 0);
    mouths[1] = NULL;
    turn();
    assert_int_equal(ears[1].count, 1);
}

static void what_is_too_long_or_empty_harms_nobody(void **state)
{
    (void)state;
    static const char longest[DATAGRAM_MAX + 1] = "L";
    datagrams_send(mouths[0], &lo, longest, sizeof longest);
    datagrams_send(mouths[0], &lo, longest, sizeof longest - 1);
    datagrams_send(mouths[0], &lo, "", 0);
    UNTIL(ears[1].count == 4);
    assert_int_equal(ears[1].size[0], DATAGRAM_MAX);
    assert_int_equal(ears[1].size[3], 0);
}

/* A program that will not share the port. */
static void a_held_port_is_told_and_one_can_still_speak(void **state)
{
    (void)state;
    struct sockaddr_storage system;
    struct address any = local("0.0.0.0", wire);
    address_to_system(&any, &system);
    datagrams_open(mouths[0], NULL, 0);
    datagrams_open(mouths[1], NULL, 0);
    turn();
    int holder = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(holder, (struct sockaddr *)&system, sizeof system), 0);
    assert_false(datagrams_open(mouths[0], &lo, 1));
    assert_true(datagrams_send(mouths[0], &lo, "x", 1) > 0);
    char byte = 0;
    assert_int_equal(recv(holder, &byte, 1, 0), 1);
    assert_int_equal(byte, 'x');
    close(holder);
    assert_true(datagrams_open(mouths[0], &lo, 1));
}

/* ---- the gate ---- */

static struct address source(unsigned number)
{
    char text[ADDRESS_TEXT];
    snprintf(text, sizeof text, "10.0.%u.%u", number / 256, number % 256);
    return local(text, 9999);
}

static unsigned admitted(struct datagram_gate *gate, uint64_t now, unsigned who, unsigned times)
{
    struct address from = source(who);
    unsigned count = 0;
    for (unsigned i = 0; i < times; i++)
        count += datagram_gate(gate, now, &from) == DATAGRAM_ADMIT;
    return count;
}

static void a_flooder_takes_its_share_and_no_more(void **state)
{
    (void)state;
    static struct datagram_gate gate;
    gate = (struct datagram_gate){0};
    assert_int_equal(admitted(&gate, 1000, 1, 1500), DATAGRAM_SOURCE_RATE);
    assert_int_equal(admitted(&gate, 1500, 2, 1), 1);
    struct address port = source(1); /* another port is the same source */
    port.port = 7;
    assert_int_equal(datagram_gate(&gate, 1600, &port), DATAGRAM_DROP);
    assert_int_equal(admitted(&gate, 1999, 1, 5), 0);
    assert_int_equal(admitted(&gate, 2000, 1, 25), DATAGRAM_SOURCE_RATE);
}

static void all_together_have_a_bound(void **state)
{
    (void)state;
    static struct datagram_gate gate;
    gate = (struct datagram_gate){0};
    unsigned count = 0;
    for (unsigned who = 0; who < 1000; who++)
        count += admitted(&gate, 5000, who, 3);
    assert_int_equal(count, DATAGRAM_RATE);
    struct address from = source(2000);
    assert_int_equal(datagram_gate(&gate, 5999, &from), DATAGRAM_CLOSE);
    assert_int_equal(gate.until, 6000);
    assert_int_equal(datagram_gate(&gate, 6000, &from), DATAGRAM_ADMIT);
}

static void reading_has_a_bound_too(void **state)
{
    (void)state;
    static struct datagram_gate gate;
    gate = (struct datagram_gate){0};
    struct address from = source(1), other = source(2);
    enum datagram_verdict last = DATAGRAM_ADMIT;
    unsigned count = 0;
    for (; count < 10 * DATAGRAM_READS && last != DATAGRAM_CLOSE; count++)
        last = datagram_gate(&gate, 9, &from);
    assert_int_equal(count, DATAGRAM_READS + 1);
    assert_int_equal(datagram_gate(&gate, 10, &other), DATAGRAM_CLOSE);
}

static void a_flood_on_the_wire_ends_with_the_second(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++)
        datagrams_send(mouths[0], &lo, "f", 1);
    UNTIL(ears[1].count == DATAGRAM_SOURCE_RATE);
    uint64_t began = loop_mono_ms(loop);
    while (ears[1].count == DATAGRAM_SOURCE_RATE) {
        datagrams_send(mouths[0], &lo, "f", 1);
        turn();
    }
    assert_true(loop_mono_ms(loop) - began < 10000);
}

int main(void)
{
    struct interfaces here;
    interfaces_read(&here);
    for (size_t i = 0; i < here.count; i++)
        if (here.all[i].loopback && here.all[i].broadcast.ip[15])
            lo = here.all[i];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_subnet_ends_where_its_bits_do),
        cmocka_unit_test_setup_teardown(an_address_is_up_down_or_gone, start, stop),
        cmocka_unit_test_setup_teardown(loopback_is_there, start, stop),
        cmocka_unit_test_setup_teardown(a_watch_knows_what_is_there, start, stop),
        cmocka_unit_test_setup_teardown(everyone_on_the_wire_hears_who_speaks_too, start, stop),
        cmocka_unit_test_setup_teardown(who_is_closed_hears_nothing_and_opens_again, start, stop),
        cmocka_unit_test_setup_teardown(a_hearer_may_end_it_all, start, stop),
        cmocka_unit_test_setup_teardown(what_is_too_long_or_empty_harms_nobody, start, stop),
        cmocka_unit_test_setup_teardown(a_held_port_is_told_and_one_can_still_speak, start, stop),
        cmocka_unit_test(a_flooder_takes_its_share_and_no_more),
        cmocka_unit_test(all_together_have_a_bound),
        cmocka_unit_test(reading_has_a_bound_too),
        cmocka_unit_test_setup_teardown(a_flood_on_the_wire_ends_with_the_second, start, stop),
    };
    return cmocka_run_group_tests_name("datagram", tests, NULL, NULL);
}
