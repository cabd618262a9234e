/* Beacons over loopback: what is sent and when, and what is believed. */
#include "net_world.h"

#include "app/beacons.h"
#include "base/sys.h"
#include "core/crypto.h"

#include <unistd.h>

static uint8_t TAG[MESH_TAG_BYTES]; /* of this run: others may be on loopback too */
static struct sys_fake fake;
static struct sys fake_sys;
static struct interfaces here;
static enum beacons_reach reached;
static uint16_t reached_port;
static bool silent;
static struct beacons *beacons;
static int told, said;
static struct node_event last;

static enum beacons_reach on_reach(void *self, const struct address *own, uint16_t *port)
{
    assert_ptr_equal(self, &fake);
    assert_non_null(own);
    *port = reached_port;
    return reached;
}

static bool on_own(void *self, struct beacon *into)
{
    (void)self;
    *into = (struct beacon){.instance = "ourselve", .hint = 7};
    memset(into->component.bytes, 3, sizeof into->component.bytes);
    return !silent;
}

static void on_event(void *self, const struct node_event *event)
{
    (void)self;
    told++;
    last = *event;
}

static void on_say(void *self, bool error, const struct message *message)
{
    (void)self;
    assert_false(error);
    assert_string_equal(message->code, "beacon-port");
    said++;
}

static const struct beacons_calls BEACONS = {on_reach, on_own, on_event, on_say};

/* Another program on the wire, with a bare socket. */
static int bystander(uint16_t port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    int yes = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    return fd;
}

static void utter(int fd, const void *bytes, size_t size)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(BEACONS_PORT)};
    to.sin_addr.s_addr = htonl(0x7fffffff);
    assert_int_equal(sendto(fd, bytes, size, 0, (struct sockaddr *)&to, sizeof to), (ssize_t)size);
}

static struct beacon other(void)
{
    struct beacon beacon = {.port = 4321, .instance = "somebody", .hint = 0x01020304};
    memcpy(beacon.tag, TAG, sizeof TAG);
    memset(beacon.component.bytes, 9, sizeof beacon.component.bytes);
    return beacon;
}

static void utter_beacon(int fd, const struct beacon *beacon)
{
    uint8_t bytes[BEACON_BYTES];
    beacon_pack(beacon, bytes);
    utter(fd, bytes, sizeof bytes);
}

static int start(void **state)
{
    (void)state;
    world_open();
    fake = (struct sys_fake){.seed = 1};
    fake_sys = sys_fake(&fake);
    interfaces_read(&here);
    size_t count = 0; /* nothing of this test leaves the machine */
    for (size_t i = 0; i < here.count; i++)
        if (here.all[i].loopback)
            here.all[count++] = here.all[i];
    here.count = count;
    reached = BEACONS_REACHED;
    reached_port = 9999;
    told = said = 0;
    silent = false;
    beacons = beacons_new(loop, &fake_sys, TAG, &BEACONS, &fake);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    beacons_free(beacons);
    world_close();
    return 0;
}

/* ---- where ---- */

static struct interface wire(const char *name, uint32_t number, const char *address)
{
    struct interface made = {.number = number, .prefix = 24, .up = true, .multicast = true};
    snprintf(made.name, sizeof made.name, "%s", name);
    assert_true(address_parse(address, 0, &made.address));
    if (address_is_ipv4(&made.address)) {
        made.broadcast = made.address;
        made.broadcast.ip[15] = 255;
    }
    return made;
}

static void chosen_are(const struct interfaces *from, const char *names)
{
    static struct interface into[INTERFACES_MAX];
    char text[INTERFACES_MAX * (INTERFACE_NAME_BYTES + 1) + 1] = "";
    size_t at = 0, count = beacons_choose(from, &BEACONS, &fake, into);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(into[i].name);
        text[at++] = ' ';
        memcpy(text + at, into[i].name, length + 1);
        at += length;
    }
    assert_string_equal(text, names);
}

static void only_where_neighbours_are(void **state)
{
    (void)state;
    static struct interfaces all;
    all = (struct interfaces){.count = 9};
    all.all[0] = wire("lo", 1, "127.0.0.1");
    all.all[0].loopback = true;
    all.all[1] = wire("eth0", 2, "192.168.1.7");
    all.all[2] = wire("wlan0", 3, "192.168.2.7");
    all.all[2].up = false;
    all.all[3] = wire("docker0", 4, "172.17.0.1");
    all.all[4] = wire("tun0", 5, "10.8.0.2");
    all.all[4].point_to_point = true;
    all.all[5] = wire("eth0-6", 2, "fe80::7%2");
    all.all[6] = wire("eth0-g", 2, "fd00::7"); /* its link-local address speaks for it */
    all.all[7] = wire("veth1a", 6, "10.0.3.1");
    all.all[8] = wire("dumb0", 7, "10.9.9.9"); /* neither multicast nor broadcast */
    all.all[8].multicast = false;
    all.all[8].broadcast = (struct address){0};
    chosen_are(&all, " eth0 eth0-6");
    reached = BEACONS_CHOSEN;
    chosen_are(&all, " lo eth0 docker0 eth0-6 veth1a");
    reached = BEACONS_UNREACHED;
    chosen_are(&all, "");
    reached = BEACONS_REACHED;
    all.all[1].up = all.all[5].up = false;
    chosen_are(&all, " lo"); /* better than nobody */
}

/* ---- what is said ---- */

static void a_start_is_told_several_times(void **state)
{
    (void)state;
    int fd = bystander(BEACONS_PORT);
    uint8_t bytes[600];
    struct beacon heard;
    uint64_t began = loop_mono_ms(loop);
    beacons_interfaces(beacons, &here);
    UNTIL(beacons_counts(beacons).sent == 6); /* the group and the broadcast, each time */
    assert_in_range(loop_mono_ms(loop) - began, 1000, 10000);
    UNTIL(beacons_counts(beacons).sent == 8);
    assert_in_range(loop_mono_ms(loop) - began, 3000, 20000);
    assert_int_equal(recv(fd, bytes, sizeof bytes, 0), BEACON_BYTES);
    assert_true(beacon_unpack(span_of(bytes, BEACON_BYTES), TAG, &heard));
    assert_memory_equal(heard.instance, "ourselve", INSTANCE_BYTES);
    assert_int_equal(heard.port, 9999);
    assert_int_equal(heard.hint, 7);
    assert_int_equal(heard.component.bytes[31], 3);
    UNTIL(beacons_counts(beacons).echoed == 8);
    assert_int_equal(told, 0); /* we are not somebody else */
    close(fd);
}

static void nothing_is_said_where_nobody_could_come(void **state)
{
    (void)state;
    silent = true;
    beacons_interfaces(beacons, &here);
    uint64_t began = loop_mono_ms(loop);
    struct timer *timer = timer_new(loop, world_on_turn, NULL);
    timer_set(timer, began + 1500);
    while (loop_mono_ms(loop) < began + 1500)
        turn();
    timer_free(timer);
    assert_int_equal(beacons_counts(beacons).sent, 0);
    reached = BEACONS_UNREACHED;
    beacons_interfaces(beacons, &here);
    turn();
    assert_int_equal(beacons_counts(beacons).sent, 0);
}

/* A change right after the first one waits; it is told all the same. */
static void an_interface_that_flickers_does_not_shout(void **state)
{
    (void)state;
    beacons_interfaces(beacons, &here);
    UNTIL(beacons_counts(beacons).sent == 2);
    uint64_t began = loop_mono_ms(loop);
    for (int i = 0; i < 50; i++) {
        beacons_interfaces(beacons, &here);
        loop_again(loop);
        turn();
    }
    assert_int_equal(beacons_counts(beacons).sent, 2);
    UNTIL(beacons_counts(beacons).sent == 4);
    assert_in_range(loop_mono_ms(loop) - began, 1500, 10000);
    UNTIL(beacons_counts(beacons).sent == 10);
}

/* ---- what is believed ---- */

static void a_neighbour_becomes_an_address(void **state)
{
    (void)state;
    struct beacon beacon = other();
    int fd = bystander(BEACONS_PORT);
    beacons_interfaces(beacons, &here);
    utter_beacon(fd, &beacon);
    UNTIL(told == 1);
    assert_int_equal(last.kind, EVENT_ADDRESS);
    assert_int_equal(last.ticket, 0);
    assert_int_equal(last.address.found, FOUND_BEACON);
    assert_int_equal(last.address.address.port, 4321);
    assert_int_equal(last.address.address.ip[12], 127);
    assert_int_equal(last.address.hint, 0x01020304);
    assert_true(last.address.has_component);
    assert_int_equal(last.address.component.bytes[0], 9);
    close(fd);
}

static void what_is_no_beacon_of_ours_is_nothing(void **state)
{
    (void)state;
    struct beacon strange = other(), mirror = other(), good = other();
    uint8_t bytes[BEACON_MAX + 1] = {0};
    int fd = bystander(0);
    beacons_interfaces(beacons, &here);
    UNTIL(beacons_counts(beacons).sent > 0);
    strange.tag[0]++;
    utter_beacon(fd, &strange);
    memcpy(mirror.instance, "ourselve", INSTANCE_BYTES);
    utter_beacon(fd, &mirror);
    utter(fd, "", 0);
    utter(fd, "tertulia", 8);
    beacon_pack(&good, bytes);
    utter(fd, bytes, BEACON_BYTES - 1);
    utter(fd, bytes, sizeof bytes); /* too long */
    bytes[8]++;
    utter(fd, bytes, BEACON_BYTES); /* another version */
    good.port = 4322;
    utter_beacon(fd, &good);
    UNTIL(told == 1);
    assert_int_equal(last.address.address.port, 4322);
    close(fd);
}

static void who_is_not_on_our_wire_is_not_believed(void **state)
{
    (void)state;
    struct beacon beacon = other();
    int fd = bystander(0);
    for (size_t i = 0; i < here.count; i++)
        if (address_is_ipv4(&here.all[i].address))
            here.all[i].prefix = 32; /* 127.0.0.1 alone is near */
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(0x7f000002);
    int far = socket(AF_INET, SOCK_DGRAM, 0), yes = 1;
    assert_int_equal(bind(far, (struct sockaddr *)&from, sizeof from), 0);
    setsockopt(far, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes);
    beacons_interfaces(beacons, &here);
    utter_beacon(far, &beacon);
    beacon.port = 4323;
    utter_beacon(fd, &beacon);
    UNTIL(told == 1);
    assert_int_equal(last.address.address.port, 4323);
    close(far);
    close(fd);
}

static void a_flood_is_believed_twenty_times_a_second(void **state)
{
    (void)state;
    struct beacon beacon = other();
    int fd = bystander(0);
    beacons_interfaces(beacons, &here);
    UNTIL(beacons_counts(beacons).echoed >= 2);
    for (int i = 0; i < 200; i++)
        utter_beacon(fd, &beacon);
    uint64_t began = loop_mono_ms(loop);
    while (loop_mono_ms(loop) < began + 700) {
        loop_again(loop);
        turn();
    }
    assert_in_range(told, 10, 20); /* our own echo had its share */
    close(fd);
}

static void none_is_fine(void **state)
{
    (void)state;
    beacons_interfaces(NULL, &here);
    beacons_free(NULL);
    assert_int_equal(beacons_counts(NULL).sent, 0);
}

static void a_doctor_sees_what_comes_back(void **state)
{
    (void)state;
    static struct beacons_wire wires[INTERFACES_MAX];
    struct interface first = {.number = 0};
    assert_int_equal(beacons_wires(NULL, wires), 0);
    beacons_probe(NULL);
    assert_false(beacons_are_held(NULL));
    beacons_interfaces(beacons, &here);
    size_t count = beacons_wires(beacons, wires);
    assert_true(count > 0);
    beacons_probe(beacons);
    UNTIL(beacons_wires(beacons, wires) && wires[0].echoed > 0);
    first = wires[0].on;
    assert_true(wires[0].sent > 0 && wires[0].heard == 0);
    uint64_t sent = beacons_counts(beacons).sent;
    beacons_probe(beacons); /* soon again: nothing is sent */
    assert_int_equal(beacons_counts(beacons).sent, sent);
    int fd = bystander(0);
    struct beacon beacon = other();
    utter_beacon(fd, &beacon);
    UNTIL(beacons_wires(beacons, wires) && wires[0].heard == 1);
    assert_int_equal(wires[0].on.number, first.number);
    close(fd);
}

int main(void)
{
    core_start();
    snprintf((char *)TAG, sizeof TAG, "%x", (unsigned)getpid());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_where_neighbours_are, start, stop),
        cmocka_unit_test_setup_teardown(a_start_is_told_several_times, start, stop),
        cmocka_unit_test_setup_teardown(nothing_is_said_where_nobody_could_come, start, stop),
        cmocka_unit_test_setup_teardown(an_interface_that_flickers_does_not_shout, start, stop),
        cmocka_unit_test_setup_teardown(a_neighbour_becomes_an_address, start, stop),
        cmocka_unit_test_setup_teardown(what_is_no_beacon_of_ours_is_nothing, start, stop),
        cmocka_unit_test_setup_teardown(who_is_not_on_our_wire_is_not_believed, start, stop),
        cmocka_unit_test_setup_teardown(a_flood_is_believed_twenty_times_a_second, start, stop),
        cmocka_unit_test_setup_teardown(none_is_fine, start, stop),
        cmocka_unit_test_setup_teardown(a_doctor_sees_what_comes_back, start, stop),
    };
    return cmocka_run_group_tests_name("beacons", tests, NULL, NULL);
}
