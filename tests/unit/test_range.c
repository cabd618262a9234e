/* Ranges: each way to write one, and each way to get it wrong. */
#include "unit.h"

#include "app/range.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct interface subnets[4];
static size_t subnet_count;

static void subnet(const char *address, uint8_t prefix)
{
    struct interface *into = &subnets[subnet_count++];
    *into = (struct interface){.prefix = prefix, .up = true};
    assert_true(address_parse(address, 0, &into->address));
}

static int start(void **state)
{
    (void)state;
    subnet_count = 0;
    subnet("192.168.7.33", 24);
    return 0;
}

/* 9990-10005 as one word, whatever comes first. */
static void ports_text(const struct range_item *item, char *into, size_t size)
{
    static bool there[65537];
    memset(there, 0, sizeof there);
    for (size_t i = 0; i < item->port_count; i++) {
        assert_false(there[item->ports[i]]);
        there[item->ports[i]] = true;
    }
    into[0] = '\0';
    for (unsigned low = 0, high; low <= 65535; low = high + 1) {
        for (high = low; there[low] && there[high + 1]; high++)
            continue;
        size_t at = strlen(into);
        if (there[low])
            snprintf(into + at, size - at, low == high ? "%s%u" : "%s%u-%u", at ? "," : "", low,
                     high);
    }
}

static const char *read_as(const char *text)
{
    static char answer[4096];
    struct range range;
    struct message why;
    answer[0] = '\0';
    if (!range_parse(text, subnets, subnet_count, &range, &why)) {
        assert_int_equal(range.count, 0);
        char sentence[MESSAGE_TEXT_BYTES];
        assert_true(message_text(&why, NULL, sentence, sizeof sentence) > 20);
        assert_null(strstr(sentence, "%s"));
        return why.code;
    }
    for (size_t i = 0; i < range.count; i++) {
        const struct range_item *item = &range.items[i];
        char where[ADDRESS_TEXT], ports[512];
        size_t at = strlen(answer);
        address_text(&item->first, where);
        ports_text(item, ports, sizeof ports);
        snprintf(answer + at, sizeof answer - at, "%s%s*%u:%s", at ? " " : "",
                 item->name ? item->name : where, item->hosts, ports);
    }
    range_done(&range);
    return answer;
}

static uint64_t size_of(const char *text)
{
    struct range range;
    struct message why;
    assert_true(range_parse(text, subnets, subnet_count, &range, &why));
    uint64_t size = range_size(&range);
    range_done(&range);
    return size;
}

#define USUAL "5000,5555,9990-10005"

static void each_way_to_write_one(void **state)
{
    (void)state;
    static const struct {
        const char *text, *read;
    } CASES[] = {
        {"192.168.2.121-160:9990-10005", "192.168.2.121*40:9990-10005"},
        {"10.0.0.0/24:9999", "10.0.0.0*256:9999"},
        {"10.0.0.77/24:9999", "10.0.0.0*256:9999"},
        {"10.0.0.77/32:9999", "10.0.0.77*1:9999"},
        {"10.0.0.77/31:9999", "10.0.0.76*2:9999"},
        {"192.168.1.200-192.168.2.20:1", "192.168.1.200*77:1"},
        {"10.0.0.9-9:5", "10.0.0.9*1:5"},
        {"10.0.0.7", "10.0.0.7*1:" USUAL},
        {"10.0.0.7:9999,5000-5002,80", "10.0.0.7*1:80,5000-5002,9999"},
        {"10.0.0.7:9999,9998-10000,9999", "10.0.0.7*1:9998-10000"},
        {"10.0.0.7:65535", "10.0.0.7*1:65535"},
        {"lab", "lab*1:" USUAL},
        {"my-host.lan:9999", "my-host.lan*1:9999"},
        {"lab:1-2, 10.0.0.1 10.0.0.2:7,,", "lab*1:1-2 10.0.0.1*1:" USUAL " 10.0.0.2*1:7"},
        {"fd00::7", "fd00::7*1:" USUAL},
        {"[fd00::7]:9999,5", "fd00::7*1:5,9999"},
        {"[fd00::7]", "fd00::7*1:" USUAL},
        {"[fd00::/120]:1", "fd00::*256:1"},
        {"fd00::1234/112", "fd00::*65536:" USUAL},
        {"fe80::1%1", "fe80::1%lo*1:" USUAL},
        {"", "192.168.7.1*254:" USUAL},
        {"   ", "192.168.7.1*254:" USUAL},
        {":9999", "192.168.7.1*254:9999"},
        {":9999,5", "192.168.7.1*254:5,9999"},
        {"--anywhere", "192.168.7.1*254:" USUAL},
        {"127.0.1.0/24:9990-10005", "127.0.1.0*256:9990-10005"},
        {"8.8.8.8:53 --anywhere", "8.8.8.8*1:53"},
        {"--anywhere 8.8.8.8:53", "8.8.8.8*1:53"},
        {"10.0.0.1:7 --anywhere 8", "10.0.0.1*1:7-8"},
        {"10.255.255.255", "10.255.255.255*1:" USUAL},
        {"255.255.255.255:1 --anywhere", "255.255.255.255*1:1"},
        {"[]:7", "192.168.7.1*254:7"}, /* as :7 */
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_string_equal(read_as(CASES[i].text), CASES[i].read);
}

/* Long because each way is a line of it. */
static void each_way_to_get_it_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *code;
    } CASES[] = {
        {"10.0.0.160-121", "bad-range"},
        {"10.0.0.1-256", "bad-range"},
        {"10.0.0.1-", "bad-range"},
        {"-10.0.0.1", "bad-range"},
        {"10.0.0.1-2-3", "bad-range"},
        {"10.0.0.1-99999999999999999999", "bad-range"},
        {"10.0.0.1-4294967297", "bad-range"},
        {"10.0.1-2.1", "bad-range"},
        {"10.0.0", "bad-range"},
        {"10.0.0.256", "bad-range"},
        {"10.0.0.0/33", "bad-range"},
        {"10.0.0.0/", "bad-range"},
        {"10.0.0.0/24/24", "bad-range"},
        {"10.0.0.0/-1", "bad-range"},
        {"lab/24", "bad-range"},
        {"10.0.0.1:0", "bad-range"},
        {"10.0.0.1:65536", "bad-range"},
        {"10.0.0.1:4294967376", "bad-range"},
        {"10.0.0.1:18446744073709551617", "bad-range"},
        {"10.0.0.1:5-4", "bad-range"},
        {"10.0.0.1:5-", "bad-range"},
        {"10.0.0.1:", "bad-range"},
        {"10.0.0.1:http", "bad-range"},
        {"10.0.0.1:80x", "bad-range"},
        {"9999", "bad-range"},
        {"10.0.0.1,9999", "bad-range"},
        {"[fd00::7", "bad-range"},
        {"[]", "bad-range"},
        {"[lab:9]", "bad-range"},
        {"10.0.0.1:99999999999", "bad-range"},
        {"10.0.0.1-4.5", "bad-range"},
        {"fd00::/129", "bad-range"},
        {"fd00::/112/7", "bad-range"},
        {"[fd00::7]9999", "bad-range"},
        {"http://10.0.0.1", "bad-range"},
        {"a b\"c", "bad-range"},
        {"--everywhere", "bad-range"},
        {"8.8.8.8", "range-far"},
        {"10.0.0.1:1 8.8.8.0/30:1", "range-far"},
        {"9.255.255.255-10.0.0.1:1", "range-far"},
        {"10.255.255.255-11.0.0.0:1", "range-far"},
        {"172.15.255.255", "range-far"},
        {"172.32.0.0", "range-far"},
        {"192.167.255.255", "range-far"},
        {"169.253.0.1", "range-far"},
        {"100.64.0.1", "range-far"},
        {"0.0.0.0", "range-far"},
        {"255.255.255.255", "range-far"},
        {"2001:db8::1", "range-far"},
        {"::", "range-far"},
        {"0.0.0.0/0:1", "range-too-large"},
        {"0.0.0.0/0:1-65535 --anywhere", "range-too-large"},
        {"10.0.0.0/8:1", "range-too-large"},
        {"10.0.0.0/16:1-21", "range-too-large"},
        {"10.0.0.0/12", "range-too-large"},
        {"fd00::/111", "range-too-large"},
        {"fd00::/0", "range-too-large"},
        {"10.0.0.0/24:1-65535", "range-too-large"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (strcmp(read_as(CASES[i].text), CASES[i].code) != 0)
            fail_msg("%s: %s", CASES[i].text, read_as(CASES[i].text));
}

static void what_is_near_ends_exactly(void **state)
{
    (void)state;
    static const char *const NEAR[] = {"10.0.0.0",       "10.255.255.255", "172.16.0.0",
                                       "172.31.255.255", "192.168.0.0",    "192.168.255.255",
                                       "169.254.0.0",    "127.9.9.9",      "::1",
                                       "fc00::",         "fdff::1",        "fe80::1%1"};
    static const char *const FAR[] = {"11.0.0.0", "128.0.0.0", "fe00::1", "fec0::1", "::2"};
    struct address address;
    for (size_t i = 0; i < sizeof NEAR / sizeof *NEAR; i++) {
        assert_true(address_parse(NEAR[i], 0, &address));
        assert_true(range_is_near(&address));
    }
    for (size_t i = 0; i < sizeof FAR / sizeof *FAR; i++) {
        assert_true(address_parse(FAR[i], 0, &address));
        assert_false(range_is_near(&address));
    }
}

static void the_likeliest_port_is_first(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"", "10.0.0.1:9990-10005", "10.0.0.1:1-3,9998-9999,4"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct range range;
        struct message why;
        assert_true(range_parse(TEXTS[i], subnets, subnet_count, &range, &why));
        assert_int_equal(range.items[0].ports[0], 9999);
        range_done(&range);
    }
}

static void sizes_are_counted(void **state)
{
    (void)state;
    assert_int_equal(size_of("127.0.1.0/24:9990-10005"), 4096);
    assert_int_equal(size_of(""), 254 * RANGE_USUAL_PORTS);
    assert_int_equal(size_of("10.0.0.0/16:9990-10005"), 16 * 65536);
    assert_int_equal(size_of("10.0.0.0/16"), RANGE_USUAL_PORTS * 65536);
    assert_int_equal(size_of("lab:1-65535"), 65535);
    assert_true(size_of("10.0.0.0/16:9999") <= RANGE_ASK);
    assert_true(size_of("10.0.0.0/16:9999,9998") > RANGE_ASK);
}

static void the_usual_hosts_are_those_around_us(void **state)
{
    (void)state;
    subnet_count = 0;
    subnet("10.20.30.40", 8);
    subnet("10.20.30.41", 24); /* the same */
    subnet("192.168.5.200", 26);
    subnet("10.9.9.1", 31);
    assert_string_equal(read_as(":1"), "10.20.30.1*254:1 192.168.5.193*62:1 10.9.9.0*2:1");
    subnet_count = 0;
    subnet("10.9.9.1", 32);
    subnet("fd00::1", 64);
    assert_string_equal(read_as(""), "no-network");
    subnet_count = 0;
    assert_string_equal(read_as(":9999"), "no-network");
    assert_string_equal(read_as("10.0.0.1:1"), "10.0.0.1*1:1");
}

static void more_words_than_have_a_place(void **state)
{
    (void)state;
    char text[8192] = "";
    for (int i = 0; i < RANGE_ITEMS; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "10.0.0.%d:1 ", i);
    assert_true(size_of(text) == RANGE_ITEMS);
    snprintf(text + strlen(text), sizeof text - strlen(text), "10.0.0.200:1");
    assert_string_equal(read_as(text), "bad-range");
    snprintf(strrchr(text, ' '), 4, " :2"); /* the usual ones are not asked for by name */
    assert_int_equal(size_of(text), RANGE_ITEMS);
    memset(text, 'a', 400);
    text[400] = '\0';
    assert_string_equal(read_as(text), "bad-range");
    text[300] = '\0';
    assert_string_equal(read_as(text), "bad-range"); /* longer than a name can be */
    memset(text, '9', 320);
    text[320] = '\0';
    assert_string_equal(read_as(text), "bad-range");
    char many[2000] = "10.0.0.1:1-65535";
    while (strlen(many) < 1900)
        snprintf(many + strlen(many), sizeof many - strlen(many), ",1-65535");
    assert_int_equal(size_of(many), 65535);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_way_to_write_one, start),
        cmocka_unit_test_setup(each_way_to_get_it_wrong, start),
        cmocka_unit_test_setup(what_is_near_ends_exactly, start),
        cmocka_unit_test_setup(the_likeliest_port_is_first, start),
        cmocka_unit_test_setup(sizes_are_counted, start),
        cmocka_unit_test_setup(the_usual_hosts_are_those_around_us, start),
        cmocka_unit_test_setup(more_words_than_have_a_place, start),
    };
    return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
