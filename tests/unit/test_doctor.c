/* What the doctor says to which facts: each thing that can be wrong, alone, is named with what to
 * do about it, and nothing else is. */
#include "unit.h"

#include "app/doctor.h"

#include <stdio.h>
#include <string.h>

static struct doctor_facts facts;
static struct doctor_report report;

static struct doctor_wire wire(const char *name, uint32_t number, uint64_t sent, uint64_t echoed)
{
    struct doctor_wire made = {.number = number, .sent = sent, .echoed = echoed, .heard = 1};
    snprintf(made.name, sizeof made.name, "%s", name);
    snprintf(made.address, sizeof made.address, "10.0.%u.1", (unsigned)number);
    return made;
}

/* Of a node among people, with which all is well. */
static int well(void **state)
{
    (void)state;
    facts = (struct doctor_facts){.running = true,
                                  .beacons = true,
                                  .ways = 1,
                                  .wire_count = 1,
                                  .quiet_ms = 1000000,
                                  .linked = 2,
                                  .near = 2,
                                  .router = true,
                                  .neighbours = 5,
                                  .folder_known = true,
                                  .free = UINT64_C(1) << 40,
                                  .history_known = true,
                                  .history = true,
                                  .history_bytes = 3 << 20};
    facts.wires[0] = wire("eth0", 2, 4, 4);
    doctor_port_add(&facts, 9999, false, DOCTOR_PORT_OURS);
    snprintf(facts.folder, sizeof facts.folder, "somewhere");
    snprintf(facts.route, sizeof facts.route, "eth0");
    doctor_clock_note(&facts.clocks, "bruno", 900);
    return 0;
}

static const struct doctor_word *word(const char *code)
{
    const struct doctor_word *found = NULL;
    doctor_judge(&facts, &report);
    for (size_t i = 0; i < report.count; i++)
        if (strcmp(report.words[i].what.code, code) == 0)
            found = &report.words[i];
    return found;
}

static const char *text_of(const struct message *message)
{
    static char text[MESSAGE_TEXT_BYTES];
    message_text(message, NULL, text, sizeof text);
    return text;
}

/* This code has that verdict, and whatever else is said is no worse than `rest`. */
static const struct doctor_word *is(const char *code, enum doctor_verdict verdict,
                                    enum doctor_verdict rest)
{
    const struct doctor_word *said = word(code);
    if (!said)
        fail_msg("nothing is said of %s", code);
    assert_int_equal(said->verdict, verdict);
    for (size_t i = 0; i < report.count; i++) {
        const struct doctor_word *one = &report.words[i];
        if (one->verdict > rest && strcmp(one->what.code, code) != 0)
            fail_msg("%s: %s", one->what.code, text_of(&one->what));
        assert_int_equal(one->verdict != DOCTOR_FINE, one->todo.one != NULL);
    }
    assert_int_equal(doctor_is_fine(&report), verdict != DOCTOR_WRONG && rest != DOCTOR_WRONG);
    return said;
}

static void where_all_is_well_all_is_fine(void **state)
{
    (void)state;
    static const char *const CODES[] = {"network",  "beacon", "port",    "firewall-none",
                                        "vpn-none", "people", "version", "clock-agrees",
                                        "disk",     "history"};
    for (size_t i = 0; i < sizeof CODES / sizeof *CODES; i++)
        is(CODES[i], DOCTOR_FINE, DOCTOR_FINE);
    assert_int_equal(report.count, sizeof CODES / sizeof *CODES);
    assert_string_equal(text_of(&word("beacon")->what),
                        "eth0, 10.0.2.1: beacons go out and come back. Heard of others: 1.");
}

static void no_network_is_said_before_all_else(void **state)
{
    (void)state;
    facts.ways = facts.wire_count = 0;
    facts.linked = facts.near = facts.neighbours = 0;
    facts.router = false;
    is("no-network", DOCTOR_WRONG, DOCTOR_ADVICE);
    assert_null(word("beacon-nowhere")); /* which would follow from it */
    facts.ways = 1;
    is("beacon-nowhere", DOCTOR_ADVICE, DOCTOR_ADVICE);
}

static void a_beacon_that_is_lost_is_named_with_its_wire(void **state)
{
    (void)state;
    facts.wires[facts.wire_count++] = wire("wlan0", 3, 4, 0);
    const struct doctor_word *said = is("beacon-lost", DOCTOR_WRONG, DOCTOR_FINE);
    assert_string_equal(
        text_of(&said->what),
        "wlan0, 10.0.3.1: beacons go out and do not come back: multicast does not pass.");
    assert_non_null(strstr(text_of(&said->todo), "UDP 9999"));
    facts.wires[1].sent = 0;
    is("beacon-unsent", DOCTOR_WRONG, DOCTOR_FINE);
    facts.wires[1] = wire("eth0", 2, 2, 0); /* the other family passes: nobody is out of reach */
    is("beacon-lost", DOCTOR_ADVICE, DOCTOR_FINE);
}

static void beacons_may_be_unwanted(void **state)
{
    (void)state;
    facts.beacons = false;
    facts.wire_count = 0;
    is("beacon-off", DOCTOR_ADVICE, DOCTOR_FINE);
    assert_null(word("beacon-nowhere"));
}

/* Our own come back, and none of theirs comes: it is lost between us. */
static void a_switch_that_swallows_beacons_is_suspected(void **state)
{
    (void)state;
    assert_null(word("beacon-quiet"));
    facts.wires[0].heard = 0;
    is("beacon-quiet", DOCTOR_ADVICE, DOCTOR_FINE);
    facts.quiet_ms = DOCTOR_QUIET_MS - 1; /* they may not have been due yet */
    assert_null(word("beacon-quiet"));
    facts.quiet_ms = DOCTOR_QUIET_MS;
    facts.near = 0; /* they are elsewhere */
    assert_null(word("beacon-quiet"));
    facts.near = 1;
    facts.wires[0].echoed = 0; /* then that is it */
    assert_null(word("beacon-quiet"));
}

static void a_port_of_somebody_else_is_named(void **state)
{
    (void)state;
    struct doctor_port *port = &facts.ports[facts.port_count];
    doctor_port_add(&facts, 9998, false, DOCTOR_PORT_TAKEN);
    const struct doctor_word *said = is("port-taken", DOCTOR_ADVICE, DOCTOR_FINE);
    assert_string_equal(text_of(&said->what), "TCP port 9998 is held by another program.");
    port->pid = 77;
    snprintf(port->holder, sizeof port->holder, "nginx");
    said = is("port-taken", DOCTOR_ADVICE, DOCTOR_FINE);
    assert_string_equal(text_of(&said->what), "TCP port 9998 is held by nginx, process 77.");
    snprintf(port->holder, sizeof port->holder, "tertuliad");
    is("port-taken", DOCTOR_FINE, DOCTOR_FINE);
    snprintf(port->holder, sizeof port->holder, "nginx");
    port->udp = true; /* beacons are not heard */
    is("port-taken", DOCTOR_WRONG, DOCTOR_FINE);
    port->state = DOCTOR_PORT_FORBIDDEN;
    is("port-forbidden", DOCTOR_WRONG, DOCTOR_FINE);
    port->state = DOCTOR_PORT_NO_ADDRESS;
    is("port-address", DOCTOR_WRONG, DOCTOR_FINE);
    port->state = DOCTOR_PORT_FREE;
    is("port-free", DOCTOR_FINE, DOCTOR_FINE);
}

static void a_firewall_gets_its_own_advice(void **state)
{
    (void)state;
    facts.firewall = FIREWALL_RULES;
    is("firewall-rules", DOCTOR_FINE, DOCTOR_FINE);
    facts.firewall = FIREWALL_UNREADABLE;
    is("firewall-unreadable", DOCTOR_FINE, DOCTOR_FINE);
    facts.firewall = FIREWALL_UNKNOWN;
    is("firewall-unknown", DOCTOR_FINE, DOCTOR_FINE);
    facts.firewall = FIREWALL_DROPS;
    is("firewall-drops", DOCTOR_ADVICE, DOCTOR_FINE);
    facts.firewall = FIREWALL_UNREADABLE; /* but its settings are not */
    facts.firewall_name = "ufw";
    facts.ports[0].port = 9990;
    const struct doctor_word *said = is("firewall-drops", DOCTOR_ADVICE, DOCTOR_FINE);
    assert_non_null(strstr(text_of(&said->todo), "ufw allow 9990/tcp"));
    facts.firewall_name = "firewalld";
    said = is("firewall-drops", DOCTOR_ADVICE, DOCTOR_FINE);
    assert_non_null(strstr(text_of(&said->todo), "--add-port=9990/tcp"));
}

static void a_tunnel_for_everything_is_suspected(void **state)
{
    (void)state;
    facts.route_tunnel = true;
    snprintf(facts.route, sizeof facts.route, "wg0");
    const struct doctor_word *said = is("vpn", DOCTOR_ADVICE, DOCTOR_FINE);
    assert_non_null(strstr(text_of(&said->what), "wg0"));
}

static void who_is_alone_hears_what_to_try(void **state)
{
    (void)state;
    facts.linked = facts.near = 0;
    const struct doctor_word *said = is("nobody", DOCTOR_ADVICE, DOCTOR_FINE);
    assert_non_null(strstr(text_of(&said->what), "5 other machines"));
    facts.neighbours = 0;
    facts.silent = DOCTOR_SILENT - 1;
    is("nobody", DOCTOR_ADVICE, DOCTOR_FINE);
    assert_null(word("isolated"));
    facts.silent = DOCTOR_SILENT; /* as after a scan */
    is("isolated", DOCTOR_ADVICE, DOCTOR_FINE);
    assert_null(word("nobody"));
    facts.router = false; /* nobody answers at all: it is not the access point's choice */
    assert_null(word("isolated"));
    facts.router = true;
    facts.neighbours = 1;
    assert_null(word("isolated"));
}

static void a_clock_alone_is_off_itself_and_against_all_it_is_ours(void **state)
{
    (void)state;
    facts.clocks.count = 0;
    is("clock-unknown", DOCTOR_FINE, DOCTOR_FINE);
    doctor_clock_note(&facts.clocks, "bruno", -DOCTOR_CLOCK_MS + 1);
    is("clock-agrees", DOCTOR_FINE, DOCTOR_FINE);
    doctor_clock_note(&facts.clocks, "bruno", -DOCTOR_CLOCK_MS);
    const struct doctor_word *said = is("clock-of", DOCTOR_ADVICE, DOCTOR_FINE);
    assert_string_equal(text_of(&said->what), "The clock of bruno is 1 min 0 s behind this one.");
    doctor_clock_note(&facts.clocks, "carla", 100);
    is("clock-of", DOCTOR_ADVICE, DOCTOR_FINE);
    doctor_clock_note(&facts.clocks, "dani", 7200000);
    is("clock-of", DOCTOR_ADVICE, DOCTOR_FINE); /* the middle one is right */
    doctor_clock_note(&facts.clocks, "carla", 7205000);
    said = is("clock", DOCTOR_WRONG, DOCTOR_FINE);
    assert_string_equal(text_of(&said->what),
                        "This clock is 2 h 0 min behind those of the people here.");
    facts.clocks.count = 0;
    doctor_clock_note(&facts.clocks, "bruno", INT64_MIN + 1);
    doctor_clock_note(&facts.clocks, "carla", INT64_MIN + 1);
    is("clock", DOCTOR_WRONG, DOCTOR_FINE);
    facts.running = false; /* then nobody was heard */
    assert_null(word("clock"));
}

static void clocks_are_bounded_and_the_latest_stay(void **state)
{
    (void)state;
    static struct doctor_clocks clocks;
    char name[24];
    for (int i = 0; i < 3 * DOCTOR_CLOCKS; i++) {
        snprintf(name, sizeof name, "p%d", i);
        doctor_clock_note(&clocks, name, i);
        doctor_clock_note(&clocks, "always", 1000 + i);
    }
    assert_int_equal(clocks.count, DOCTOR_CLOCKS);
    assert_string_equal(clocks.all[DOCTOR_CLOCKS - 1].name, "always");
    assert_int_equal(clocks.all[DOCTOR_CLOCKS - 1].off_ms, 1000 + 3 * DOCTOR_CLOCKS - 1);
    assert_string_equal(clocks.all[0].name, "p65");
    for (size_t i = 0; i + 1 < clocks.count; i++)
        assert_int_equal(clocks.all[i].off_ms, 65 + i);
}

static void another_version_is_named(void **state)
{
    (void)state;
    facts.clashes = 1;
    is("other-version", DOCTOR_ADVICE, DOCTOR_FINE);
    assert_null(word("version"));
}

static void a_disk_without_room_is_named(void **state)
{
    (void)state;
    facts.free = (uint64_t)DOCTOR_FEW_MIB << 20;
    is("disk", DOCTOR_FINE, DOCTOR_FINE);
    facts.free--;
    const struct doctor_word *said = is("disk-full", DOCTOR_ADVICE, DOCTOR_FINE);
    assert_string_equal(text_of(&said->what), "There is room for 256.0 MiB in \"somewhere\".");
    facts.free = (uint64_t)DOCTOR_NO_ROOM_MIB << 20;
    is("disk-full", DOCTOR_ADVICE, DOCTOR_FINE);
    facts.free--;
    is("disk-full", DOCTOR_WRONG, DOCTOR_FINE);
    facts.read_only = true;
    is("disk-read-only", DOCTOR_WRONG, DOCTOR_FINE);
    snprintf(facts.why, sizeof facts.why, "100 %% of %%s: chmod 700");
    is("folder", DOCTOR_WRONG, DOCTOR_FINE);
    assert_string_equal(text_of(&word("folder")->what), "100 % of %s: chmod 700");
}

static void a_history_that_is_broken_is_named(void **state)
{
    (void)state;
    facts.fault = STORE_CORRUPT;
    is(store_message(STORE_CORRUPT, "x").code, DOCTOR_WRONG, DOCTOR_FINE);
    facts.fault = STORE_FAILED;
    is(store_message(STORE_FAILED, "x").code, DOCTOR_WRONG, DOCTOR_FINE);
    facts.history = false;
    is("history-none", DOCTOR_FINE, DOCTOR_FINE);
    facts.history_known = false;
    assert_null(word("history-none"));
}

/* As much of everything as there can be. */
static void there_is_room_for_all_that_can_be_said(void **state)
{
    (void)state;
    char name[24];
    facts.wire_count = DOCTOR_WIRES;
    for (size_t i = 0; i < DOCTOR_WIRES; i++)
        facts.wires[i] = wire("eth0", (uint32_t)i, 1, 0);
    for (size_t i = 0; i < 2 * DOCTOR_PORTS; i++)
        doctor_port_add(&facts, (uint16_t)(i + 1), false, DOCTOR_PORT_TAKEN);
    facts.clocks.count = 0;
    for (int i = 0; i < DOCTOR_CLOCKS; i++) {
        snprintf(name, sizeof name, "p%d", i);
        doctor_clock_note(&facts.clocks, name, i % 2 ? 86400000 : -86400000);
    }
    facts.other_pid = 7;
    doctor_judge(&facts, &report);
    assert_true(report.count > DOCTOR_WIRES + DOCTOR_PORTS + DOCTOR_CLOCKS);
    assert_false(doctor_is_fine(&report));
    for (size_t i = 0; i < report.count; i++) {
        assert_non_null(doctor_area_word(report.words[i].area));
        assert_non_null(doctor_verdict_word(report.words[i].verdict));
        assert_non_null(doctor_verdict_name(report.words[i].verdict));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(where_all_is_well_all_is_fine, well),
        cmocka_unit_test_setup(no_network_is_said_before_all_else, well),
        cmocka_unit_test_setup(a_beacon_that_is_lost_is_named_with_its_wire, well),
        cmocka_unit_test_setup(beacons_may_be_unwanted, well),
        cmocka_unit_test_setup(a_switch_that_swallows_beacons_is_suspected, well),
        cmocka_unit_test_setup(a_port_of_somebody_else_is_named, well),
        cmocka_unit_test_setup(a_firewall_gets_its_own_advice, well),
        cmocka_unit_test_setup(a_tunnel_for_everything_is_suspected, well),
        cmocka_unit_test_setup(who_is_alone_hears_what_to_try, well),
        cmocka_unit_test_setup(a_clock_alone_is_off_itself_and_against_all_it_is_ours, well),
        cmocka_unit_test_setup(clocks_are_bounded_and_the_latest_stay, well),
        cmocka_unit_test_setup(another_version_is_named, well),
        cmocka_unit_test_setup(a_disk_without_room_is_named, well),
        cmocka_unit_test_setup(a_history_that_is_broken_is_named, well),
        cmocka_unit_test_setup(there_is_room_for_all_that_can_be_said, well),
    };
    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
