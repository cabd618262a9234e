/* Addresses as people write them, and as they should not. */
#include "unit.h"

#include "base/hostport.h"

#include <string.h>

static void reads_every_way_of_writing(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *host;
        uint16_t port;
    } cases[] = {
        {"ana.local", "ana.local", 0},
        {"ana.local:9999", "ana.local", 9999},
        {"192.168.1.7:1", "192.168.1.7", 1},
        {"192.168.1.7:65535", "192.168.1.7", 65535},
        {"h:00080", "h", 80},
        {":5555", "", 5555},
        {"[fe80::1%eth0]:9999", "fe80::1%eth0", 9999},
        {"[::1]", "::1", 0},
        {"::1", "::1", 0},
        {"fe80::1:9999", "fe80::1:9999", 0},
        {"fe80::1%eth0", "fe80::1%eth0", 0},
        {"máquina:7", "máquina", 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hostport got;
        assert_int_equal(hostport_parse(cases[i].text, &got), HOSTPORT_OK);
        assert_string_equal(got.host, cases[i].host);
        assert_int_equal(got.port, cases[i].port);
    }
}

static void refuses_bad_ports(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "h:",    "h:0",    "h:65536",  "h:abc",         "h:-1",    "h: 80",  "h:80 ",
        "h:+80", "h:0x50", "h:000080", "h:99999999999", "[::1]:0", "[::1]:", "[::1]:1e3"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hostport got;
        assert_int_equal(hostport_parse(cases[i], &got), HOSTPORT_BAD_PORT);
    }
}

static void refuses_bad_hosts(void **state)
{
    (void)state;
    char long_name[HOST_MAX + 2];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    const char *const cases[] = {"",
                                 "[]",
                                 "[::1",
                                 "[::1]9999",
                                 "a b",
                                 "a\n",
                                 "\x1b[31m",
                                 "a]:80",
                                 long_name,
                                 "[a[b]:80",
                                 "256.1.1.1",
                                 "192.168.1",
                                 "1:2:3",
                                 "http://h:80",
                                 "a/b",
                                 "-h:80",
                                 "fe80::1%",
                                 "[fe80::1%]:80",
                                 "a,b",
                                 "ana@h",
                                 "[ana]:80",
                                 "fe80::1%a b",
                                 "fe80::1%e\x1b",
                                 "fe80::1%eth0%1",
                                 "[fe80::1%a/b]:80",
                                 "fe80::1%a]b"};
    struct hostport got;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(hostport_parse(cases[i], &got), HOSTPORT_BAD_HOST);
    assert_int_equal(hostport_parse(long_name + 1, &got), HOSTPORT_OK);
}

static void knows_numbers_from_names(void **state)
{
    (void)state;
    static const char *const numbers[] = {"127.0.0.1", "::", "::1", "fe80::1%eth0"};
    static const char *const names[] = {"", "localhost", "127.1", "1.2.3.4.5", "fe80::1%", "[::1]"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_true(host_is_number(numbers[i]));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_false(host_is_number(names[i]));
}

static void a_number_too_long_is_none(void **state)
{
    (void)state;
    char groups[64] = {0};
    for (size_t i = 0; i < 48; i++)
        groups[i] = i % 2 ? ':' : '1';
    struct hostport got;
    assert_false(host_is_number(groups));
    assert_int_equal(hostport_parse(groups, &got), HOSTPORT_BAD_HOST);
    assert_int_equal(hostport_parse("a\x7f", &got), HOSTPORT_BAD_HOST);
}

static void a_port_is_digits_only(void **state)
{
    (void)state;
    uint16_t port = 7;
    assert_true(port_parse("65535", &port));
    assert_int_equal(port, 65535);
    static const char *const cases[] = {"", "0", "00000", "65536", "70000", "1.0", "a", "１２"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_false(port_parse(cases[i], &port));
    assert_int_equal(port, 65535);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_way_of_writing), cmocka_unit_test(refuses_bad_ports),
        cmocka_unit_test(refuses_bad_hosts),          cmocka_unit_test(knows_numbers_from_names),
        cmocka_unit_test(a_number_too_long_is_none),  cmocka_unit_test(a_port_is_digits_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
