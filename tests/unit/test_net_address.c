/* Addresses as text, as the system's structures, and compared. */
#include "unit.h"

#include "net/address.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct address parsed(const char *host, uint16_t port)
{
    struct address address;
    if (!address_parse(host, port, &address))
        fail_msg("%s is no address", host);
    return address;
}

static void numbers_are_read_and_shown(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        uint16_t port;
        const char *text;
    } cases[] = {
        {"192.168.1.7", 9999, "192.168.1.7:9999"},
        {"0.0.0.0", 1, "0.0.0.0:1"},
        {"255.255.255.255", 65535, "255.255.255.255:65535"},
        {"10.0.0.1", 0, "10.0.0.1"},
        {"::1", 9999, "[::1]:9999"},
        {"::", 0, "::"},
        {"2001:DB8:0:0:0:0:0:1", 5, "[2001:db8::1]:5"},
        {"::ffff:192.168.1.7", 9999, "192.168.1.7:9999"}, /* one form each */
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535,
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
        {"fe80::1", 7, "[fe80::1]:7"},
        {"fe80::1%lo", 7, "[fe80::1%lo]:7"},
        {"fe80::1%4000000000", 7, "[fe80::1%4000000000]:7"}, /* an interface that is gone */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[ADDRESS_TEXT];
        struct address address = parsed(cases[i].host, cases[i].port);
        address_text(&address, text);
        assert_string_equal(text, cases[i].text);
    }
    static const char *const bad[] = {
        "",           "a",          "1.2.3",
        "1.2.3.4.5",  "1.2.3.4:5",  "[::1]",
        ":::1",       "fe80::1%",   "fe80::1%no such interface",
        "1.2.3.4%lo", "fe80::1%-1", "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001",
        "01.2.3.4",   " ::1",       "fe80::1%0"};
    struct address address;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (address_parse(bad[i], 1, &address))
            fail_msg("'%s' is taken", bad[i]);
}

static void the_scope_is_for_link_local_ones(void **state)
{
    (void)state;
    unsigned int lo = if_nametoindex("lo");
    assert_int_equal(parsed("fe80::1%lo", 1).scope, lo);
    assert_int_equal(parsed("fe80::1", 1).scope, 0);
    assert_int_equal(parsed("febf::1%lo", 1).scope, lo);
    assert_int_equal(parsed("fec0::1%lo", 1).scope, 0);
    assert_int_equal(parsed("::1%lo", 1).scope, 0);
}

static void the_system_gives_back_what_it_got(void **state)
{
    (void)state;
    static const char *const hosts[] = {"192.168.1.7", "::1", "fe80::1%lo", "0.0.0.0", "::"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct address address = parsed(hosts[i], 9990), back;
        struct sockaddr_storage system;
        address_to_system(&address, &system);
        bool ipv4 = strchr(hosts[i], '.') != NULL;
        assert_int_equal(address_is_ipv4(&address), ipv4);
        assert_int_equal(system.ss_family, ipv4 ? AF_INET : AF_INET6);
        assert_true(address_from_system((struct sockaddr *)&system, &back));
        assert_true(address_equal(&address, &back));
    }
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    memcpy(&mapped.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1", 16);
    struct address address, ten = parsed("10.0.0.1", 9);
    assert_true(address_from_system((struct sockaddr *)&mapped, &address));
    assert_true(address_equal(&address, &ten));
    memcpy(&mapped.sin6_addr, "\x20\1", 2);
    mapped.sin6_scope_id = 3; /* the system says one of any */
    assert_true(address_from_system((struct sockaddr *)&mapped, &address));
    assert_int_equal(address.scope, 0);
    struct sockaddr_un other = {.sun_family = AF_UNIX};
    assert_false(address_from_system((struct sockaddr *)&other, &address));
}

static void addresses_are_compared(void **state)
{
    (void)state;
    struct address a = parsed("10.0.0.1", 1), b = parsed("10.0.0.1", 2), c = parsed("10.0.0.2", 1);
    assert_true(address_same_host(&a, &b) && !address_equal(&a, &b));
    assert_true(!address_same_host(&a, &c));
    struct address d = parsed("fe80::1%1", 1), e = parsed("fe80::1%2", 1);
    assert_false(address_same_host(&d, &e)); /* two machines */
    static const char *const here[] = {"127.0.0.1", "127.255.0.9", "::1"};
    static const char *const there[] = {"128.0.0.1", "126.0.0.1", "::2", "::", "0.0.0.0"};
    for (size_t i = 0; i < 3; i++) {
        a = parsed(here[i], 1);
        assert_true(address_is_loopback(&a) && !address_is_any(&a));
    }
    for (size_t i = 0; i < 5; i++) {
        a = parsed(there[i], 1);
        assert_false(address_is_loopback(&a));
        assert_int_equal(address_is_any(&a), i >= 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_and_shown),
        cmocka_unit_test(the_scope_is_for_link_local_ones),
        cmocka_unit_test(the_system_gives_back_what_it_got),
        cmocka_unit_test(addresses_are_compared),
    };
    return cmocka_run_group_tests_name("net_address", tests, NULL, NULL);
}
