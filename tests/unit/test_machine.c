/* The system's tables, as they are and as they should never be; ports that are had, held and
 * denied.
 */
#include "net_world.h"

#include "app/machine.h"
#include "net/probe.h"

#include <stdlib.h>
#include <unistd.h>

#define ROUTE_HEAD \
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
#define ROUTE_ETH0 "eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
#define ROUTE_WLAN "wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
#define ROUTE_LAN "eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
#define ROUTE_HALF "tun0\t00000000\t0101080A\t0003\t0\t0\t0\t00000080\t0\t0\t0\n"

static void route_is(const char *text, const char *name, uint32_t router)
{
    char into[INTERFACE_NAME_BYTES];
    uint32_t got;
    route_read(text, into, &got);
    assert_string_equal(into, name);
    assert_int_equal(got, router);
}

static void the_way_out_is_the_cheapest(void **state)
{
    (void)state;
    route_is("", "", 0);
    route_is(ROUTE_HEAD ROUTE_LAN, "", 0);
    route_is(ROUTE_HEAD ROUTE_LAN ROUTE_ETH0, "eth0", 0x0100A8C0);
    route_is(ROUTE_HEAD ROUTE_WLAN ROUTE_ETH0, "eth0", 0x0100A8C0);
    route_is(ROUTE_HEAD ROUTE_ETH0 ROUTE_WLAN, "eth0", 0x0100A8C0);
    route_is(ROUTE_HEAD ROUTE_HALF ROUTE_ETH0, "tun0", 0x0101080A);
    route_is(ROUTE_HEAD ROUTE_ETH0 ROUTE_HALF, "tun0", 0x0101080A);
    route_is("eth0\t00000000\teth0 00000000 x", "", 0);
    route_is("eth0 0 0 3 0 0 0\n\n\n\t\t\n", "", 0); /* cut short */
    route_is("a-name-longer-than-any-interface 0 0 3 0 0 0 0", "a-name-longer-t", 0);
}

static void neighbours_answer_or_do_not(void **state)
{
    (void)state;
    static const char TABLE[] =
        "IP address       HW type     Flags       HW address            Mask     Device\n"
        "192.168.0.1      0x1         0x2         aa:bb:cc:dd:ee:ff     *        eth0\n"
        "192.168.0.7      0x1         0x2         aa:bb:cc:dd:ee:01     *        eth0\n"
        "192.168.0.8      0x1         0x6         aa:bb:cc:dd:ee:02     *        eth0\n"
        "192.168.0.9      0x1         0x0         00:00:00:00:00:00     *        eth0\n"
        "no address       0x1         0x2\n"
        "192.168.0.10     0x1";
    struct neighbours found = neighbours_read(TABLE, 0x0100A8C0);
    assert_int_equal(found.there, 2);
    assert_int_equal(found.silent, 1);
    assert_true(found.router);
    found = neighbours_read(TABLE, 0x0900A8C0); /* a router that does not answer */
    assert_false(found.router);
    assert_int_equal(found.there, 3);
    assert_int_equal(found.silent, 0);
    found = neighbours_read(TABLE, 0);
    assert_int_equal(found.there, 3);
    assert_false(found.router);
}

static void a_socket_is_found_by_its_port(void **state)
{
    (void)state;
    static const char TABLE[] =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
        "timeout "
        "inode\n"
        "   0: 0100007F:270F 0100007F:1234 01 00000000:00000000 00:00000000 00000000  1000        "
        "0 "
        "111 1 0000000000000000 20 0 0 10 -1\n"
        "   1: 00000000:270F 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        "
        "0 "
        "222 1 0000000000000000 100 0 0 10 0\n"
        "   2: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A "
        "00000000:00000000 00:00000000 00000000     0        0 333 1\n"
        "   3: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        "
        "0 "
        "0 1\n"
        "   4: 00000000:1F90";
    assert_int_equal(socket_read(TABLE, 9999, true), 222);
    assert_int_equal(socket_read(TABLE, 9999, false), 111);
    assert_int_equal(socket_read(TABLE, 22, true), 333);
    assert_int_equal(socket_read(TABLE, 80, true), 0); /* nobody's any more */
    assert_int_equal(socket_read(TABLE, 8080, false), 0);
    assert_int_equal(socket_read("", 0, false), 0);
}

static void a_file_is_read_up_to_a_bound(void **state)
{
    (void)state;
    char *text = machine_text("/proc/self/comm");
    assert_non_null(text);
    assert_non_null(strchr(text, '\n'));
    free(text);
    assert_null(machine_text("/proc/self/no-such-file"));
    text = machine_text("/dev/zero");
    assert_non_null(text);
    free(text);
}

static void a_port_is_free_taken_or_nobodys_here(void **state)
{
    (void)state;
    struct address at;
    uint16_t port = 0;
    int fd = stranger_listens("127.0.0.1", 1, &port);
    assert_true(address_parse("127.0.0.1", port, &at));
    assert_int_equal(port_try(&at, false), PORT_TAKEN);
    assert_int_equal(port_try(&at, true), PORT_FREE); /* of datagrams it is another one */
    struct holder holder = machine_holder(port, false);
    assert_int_equal(holder.pid, getpid());
    assert_non_null(strstr("test_machine lt-test_machine", holder.name));
    assert_int_equal(machine_holder(port, true).pid, 0);
    close(fd);
    assert_int_equal(port_try(&at, false), PORT_FREE);
    assert_int_equal(machine_holder(port, false).pid, 0);
    assert_true(address_parse("192.0.2.77", port, &at));
    assert_int_equal(port_try(&at, false), PORT_NO_ADDRESS);
}

static void the_firewall_can_be_asked(void **state)
{
    (void)state;
    assert_in_range(firewall_read(), FIREWALL_NONE, FIREWALL_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_way_out_is_the_cheapest),
        cmocka_unit_test(neighbours_answer_or_do_not),
        cmocka_unit_test(a_socket_is_found_by_its_port),
        cmocka_unit_test(a_file_is_read_up_to_a_bound),
        cmocka_unit_test(a_port_is_free_taken_or_nobodys_here),
        cmocka_unit_test(the_firewall_can_be_asked),
    };
    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
