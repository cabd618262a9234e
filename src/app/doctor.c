/* One function an area, in the order in which a person would look: is there a network, do beacons
 * pass, are the ports ours, what stands in between, who is there, and last this machine itself. */
#include "app/doctor.h"

#include "app/beacons.h"
#include "base/alloc.h"
#include "core/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIB = 1024 * 1024, KIB = 1024, SPAN_TEXT = 48 };

/* ---- facts -----------------------------------------------------------------------------------*/

void doctor_wires(const struct interfaces *now, const struct beacons *beacons,
                  struct doctor_facts *into)
{
    struct beacons_wire wires[INTERFACES_MAX];
    size_t count = beacons_wires(beacons, wires);
    uint32_t last = 0;
    for (size_t i = 0; i < now->count; i++) { /* in the order of their numbers */
        const struct interface *one = &now->all[i];
        if (!one->up || one->loopback || interface_is_virtual(one) || one->number == last)
            continue;
        into->ways++;
        last = one->number;
    }
    for (size_t i = 0; i < count && i < DOCTOR_WIRES; i++) {
        struct doctor_wire *wire = &into->wires[into->wire_count++];
        *wire = (struct doctor_wire){.number = wires[i].on.number,
                                     .sent = wires[i].sent,
                                     .echoed = wires[i].echoed,
                                     .heard = wires[i].heard};
        address_text(&wires[i].on.address, wire->address); /* its port is 0 */
        memcpy(wire->name, wires[i].on.name, sizeof wire->name);
    }
}

void doctor_port_add(struct doctor_facts *facts, uint16_t port, bool udp,
                     enum doctor_port_state state)
{
    if (facts->port_count == DOCTOR_PORTS)
        return;
    facts->ports[facts->port_count++] =
        (struct doctor_port){.port = port, .udp = udp, .state = state};
}

/* ---- saying ----------------------------------------------------------------------------------*/

static struct doctor_word *say(struct doctor_report *report, enum doctor_area area,
                               enum doctor_verdict verdict, const char *code, const char *sentence)
{
    if (report->count == DOCTOR_WORDS)
        die("the doctor says more than %d things", DOCTOR_WORDS);
    struct doctor_word *word = &report->words[report->count++];
    *word = (struct doctor_word){area, verdict, message_make(code, sentence), {0}};
    return word;
}

static void todo(struct doctor_word *word, const char *sentence)
{
    word->todo = message_make("do", sentence);
}

/* A size as people say it: "12 MiB". */
static void add_size(struct message *message, uint64_t bytes)
{
    char text[SPAN_TEXT];
    if (bytes >= (uint64_t)MIB * KIB)
        snprintf(text, sizeof text, "%.1f GiB", /* not translated: a unit */
                 (double)bytes / MIB / KIB);
    else
        snprintf(text, sizeof text, "%.1f MiB", (double)bytes / MIB); /* not translated: a unit */
    message_add(message, text);
}

/* A time without its sign: "3 min 5 s". */
static void add_time(struct message *message, int64_t ms)
{
    char text[SPAN_TEXT];
    uint64_t s = (uint64_t)(ms < 0 ? -ms : ms) / 1000;
    if (s >= 86400)
        snprintf(text, sizeof text, "%" PRIu64 " d %" PRIu64 " h", /* not translated: units */
                 s / 86400, s % 86400 / 3600);
    else if (s >= 3600)
        snprintf(text, sizeof text, "%" PRIu64 " h %" PRIu64 " min", /* not translated: units */
                 s / 3600, s % 3600 / 60);
    else if (s >= 60)
        snprintf(text, sizeof text, "%" PRIu64 " min %" PRIu64 " s", /* not translated: units */
                 s / 60, s % 60);
    else
        snprintf(text, sizeof text, "%" PRIu64 " s", s); /* not translated: units */
    message_add(message, text);
}

/* ---- the network, and beacons on it ----------------------------------------------------------*/

static void judge_network(const struct doctor_facts *facts, struct doctor_report *report)
{
    struct doctor_word *word;
    if (facts->ways == 0) {
        word = say(report, DOCTOR_NETWORK, DOCTOR_WRONG, "no-network",
                   N_("There is no network: nobody but this machine can be reached."));
        todo(word, N_("Plug in the cable or join the wireless network."));
        return;
    }
    word = say(report, DOCTOR_NETWORK, DOCTOR_FINE, "network", NULL);
    word->what = message_counted(
        "network", NP_("%s interface leads to others.", "%s interfaces lead to others."),
        facts->ways);
}

/* Whether another address of the same interface gets its beacons back. */
static bool passes_otherwise(const struct doctor_facts *facts, const struct doctor_wire *wire)
{
    for (size_t i = 0; i < facts->wire_count; i++)
        if (facts->wires[i].number == wire->number && facts->wires[i].echoed > 0)
            return true;
    return false;
}

static void judge_wire(const struct doctor_facts *facts, const struct doctor_wire *wire,
                       struct doctor_report *report)
{
    enum doctor_verdict bad = passes_otherwise(facts, wire) ? DOCTOR_ADVICE : DOCTOR_WRONG;
    struct doctor_word *word;
    if (wire->echoed > 0) {
        word = say(report, DOCTOR_BEACON, DOCTOR_FINE, "beacon",
                   N_("%s, %s: beacons go out and come back. Heard of others: %s."));
    } else if (wire->sent == 0) {
        word = say(report, DOCTOR_BEACON, bad, "beacon-unsent", N_("%s, %s: no beacon goes out."));
        todo(word, N_("Let UDP 9999 out through the firewall. Until then /scan finds people."));
    } else {
        word = say(report, DOCTOR_BEACON, bad, "beacon-lost",
                   N_("%s, %s: beacons go out and do not come back: multicast does not pass."));
        todo(word, N_("Let UDP 9999 in through the firewall. Until then /scan finds people."));
    }
    message_add(&word->what, wire->name);
    message_add(&word->what, wire->address);
    if (wire->echoed > 0)
        message_add_number(&word->what, wire->heard);
}

static void judge_beacons(const struct doctor_facts *facts, struct doctor_report *report)
{
    struct doctor_word *word;
    if (!facts->beacons) {
        word = say(report, DOCTOR_BEACON, DOCTOR_ADVICE, "beacon-off",
                   N_("Beacons are switched off: nobody finds this machine by itself."));
        todo(word, N_("Leave out --no-beacon."));
        return;
    }
    for (size_t i = 0; i < facts->wire_count; i++)
        judge_wire(facts, &facts->wires[i], report);
    if (facts->wire_count > 0 || facts->ways == 0)
        return;
    word = say(report, DOCTOR_BEACON, DOCTOR_ADVICE, "beacon-nowhere",
               N_("No beacon goes out: what is listened on is on none of these interfaces."));
    todo(word, N_("Leave out the address in --listen."));
}

/* Beacons pass on this machine, and none of people next to it arrives. */
static void judge_quiet(const struct doctor_facts *facts, struct doctor_report *report)
{
    bool echoed = false;
    uint64_t heard = 0;
    for (size_t i = 0; i < facts->wire_count; i++) {
        echoed = echoed || facts->wires[i].echoed > 0;
        heard += facts->wires[i].heard;
    }
    if (!echoed || heard > 0 || facts->near == 0 || facts->quiet_ms < DOCTOR_QUIET_MS)
        return;
    struct doctor_word *word =
        say(report, DOCTOR_BEACON, DOCTOR_ADVICE, "beacon-quiet",
            N_("People of this network are linked, and no beacon of theirs is heard."));
    todo(word,
         N_("Switch off IGMP snooping or multicast filtering in the switch or access point."));
}

/* ---- ports -----------------------------------------------------------------------------------*/

static void taken_todo(struct doctor_word *word, const struct doctor_port *port)
{
    if (port->udp)
        todo(word, N_("End that program: who starts later is not heard here. Or use /scan."));
    else if (port->pid == 0)
        todo(word, N_("Root can see whose it is. Or listen on another one with --listen."));
    else
        todo(word, N_("End that program, or listen on another port with --listen."));
}

static void judge_taken(const struct doctor_port *port, struct doctor_report *report)
{
    bool sibling = strncmp(port->holder, PACKAGE, strlen(PACKAGE)) == 0;
    enum doctor_verdict verdict = sibling ? DOCTOR_FINE : port->udp ? DOCTOR_WRONG : DOCTOR_ADVICE;
    struct doctor_word *word = port->pid ? say(report, DOCTOR_PORT, verdict, "port-taken",
                                               N_("%s port %s is held by %s, process %s."))
                                         : say(report, DOCTOR_PORT, verdict, "port-taken",
                                               N_("%s port %s is held by another program."));
    message_add(&word->what, port->udp ? "UDP" : "TCP");
    message_add_number(&word->what, port->port);
    if (port->pid) {
        message_add(&word->what, port->holder);
        message_add_number(&word->what, port->pid);
    }
    if (!sibling)
        taken_todo(word, port);
}

static void judge_port(const struct doctor_port *port, struct doctor_report *report)
{
    struct doctor_word *word = NULL;
    switch (port->state) {
    case DOCTOR_PORT_OURS:
        word = say(report, DOCTOR_PORT, DOCTOR_FINE, "port", N_("%s port %s is ours."));
        break;
    case DOCTOR_PORT_FREE:
        word = say(report, DOCTOR_PORT, DOCTOR_FINE, "port-free", N_("%s port %s is free."));
        break;
    case DOCTOR_PORT_FORBIDDEN:
        word = say(report, DOCTOR_PORT, DOCTOR_WRONG, "port-forbidden",
                   N_("%s port %s: the system does not let us listen there."));
        todo(word, N_("Choose one above 1023 with --listen."));
        break;
    case DOCTOR_PORT_NO_ADDRESS:
        word = say(report, DOCTOR_PORT, DOCTOR_WRONG, "port-address",
                   N_("%s port %s: this machine does not have the address to listen on."));
        todo(word, N_("Leave out the address in --listen."));
        break;
    case DOCTOR_PORT_TAKEN:
        judge_taken(port, report);
        return;
    }
    message_add(&word->what, port->udp ? "UDP" : "TCP");
    message_add_number(&word->what, port->port);
}

/* ---- what stands in between ------------------------------------------------------------------*/

static void firewall_todo(const struct doctor_facts *facts, struct doctor_word *word)
{
    const char *name = facts->firewall_name;
    uint16_t port = facts->port_count ? facts->ports[0].port : BEACONS_PORT;
    if (name && strcmp(name, "ufw") == 0)
        todo(word, N_("If it does not yet: sudo ufw allow %s/tcp; sudo ufw allow 9999/udp"));
    else if (name)
        todo(word, N_("If it does not yet: sudo firewall-cmd --permanent --add-port=%s/tcp "
                      "--add-port=9999/udp; sudo firewall-cmd --reload"));
    else
        todo(word, N_("Look whether it lets in TCP %s and UDP 9999."));
    message_add_number(&word->todo, port);
}

static void judge_firewall(const struct doctor_facts *facts, struct doctor_report *report)
{
    struct doctor_word *word;
    if (facts->firewall == FIREWALL_DROPS || facts->firewall_name) {
        word = say(report, DOCTOR_FIREWALL, DOCTOR_ADVICE, "firewall-drops",
                   N_("A firewall drops what it was not told to let in."));
        firewall_todo(facts, word);
        return;
    }
    switch (facts->firewall) {
    case FIREWALL_NONE:
        say(report, DOCTOR_FIREWALL, DOCTOR_FINE, "firewall-none",
            N_("No firewall of this machine keeps anything out."));
        break;
    case FIREWALL_RULES:
    case FIREWALL_DROPS:
        say(report, DOCTOR_FIREWALL, DOCTOR_FINE, "firewall-rules",
            N_("There are firewall rules; what none of them names comes in."));
        break;
    case FIREWALL_UNREADABLE:
        say(report, DOCTOR_FIREWALL, DOCTOR_FINE, "firewall-unreadable",
            N_("Only root can read the firewall's rules: sudo tertulia doctor"));
        break;
    case FIREWALL_UNKNOWN:
        say(report, DOCTOR_FIREWALL, DOCTOR_FINE, "firewall-unknown",
            N_("The firewall of this system cannot be read."));
        break;
    }
}

static void judge_vpn(const struct doctor_facts *facts, struct doctor_report *report)
{
    if (!facts->route_tunnel) {
        say(report, DOCTOR_VPN, DOCTOR_FINE, "vpn-none",
            N_("No VPN stands between this machine and its network."));
        return;
    }
    struct doctor_word *word =
        say(report, DOCTOR_VPN, DOCTOR_ADVICE, "vpn",
            N_("What leaves this machine goes through %s, a tunnel: some VPNs cut off the local "
               "network."));
    message_add(&word->what, facts->route);
    todo(word, N_("Allow the local network in its settings, or end it while you talk here."));
}

/* ---- people ----------------------------------------------------------------------------------*/

static void judge_nobody(const struct doctor_facts *facts, struct doctor_report *report)
{
    struct doctor_word *word;
    bool isolated = facts->router && facts->neighbours == 0 && facts->silent >= DOCTOR_SILENT;
    if (isolated) {
        word =
            say(report, DOCTOR_PEOPLE, DOCTOR_ADVICE, "isolated",
                N_("Only the router answers here: the access point may keep its clients apart."));
        todo(word, N_("Switch off client isolation there, or meet on another network."));
    } else if (facts->running && facts->neighbours > 0) {
        word = say(report, DOCTOR_PEOPLE, DOCTOR_ADVICE, "nobody", NULL);
        word->what = message_counted(
            "nobody",
            NP_("%s other machine is on this network, and nobody here is linked.",
                "%s other machines are on this network, and nobody here is linked."),
            facts->neighbours);
        todo(word, N_("Look further with /scan; and start Tertulia there."));
    } else if (facts->running) {
        word = say(report, DOCTOR_PEOPLE, DOCTOR_ADVICE, "nobody", N_("Nobody is linked."));
        todo(word, N_("Look further with /scan."));
    }
}

static void judge_people(const struct doctor_facts *facts, struct doctor_report *report)
{
    if (facts->linked == 0) {
        judge_nobody(facts, report);
        return;
    }
    struct doctor_word *word = say(report, DOCTOR_PEOPLE, DOCTOR_FINE, "people", NULL);
    word->what = message_counted("people", NP_("%s person is linked.", "%s people are linked."),
                                 facts->linked);
}

static int by_time(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

/* The middle one: who is off alone is off himself. */
static int64_t clocks_middle(const struct doctor_clocks *clocks)
{
    int64_t all[DOCTOR_CLOCKS];
    for (size_t i = 0; i < clocks->count; i++)
        all[i] = clocks->all[i].off_ms;
    qsort(all, clocks->count, sizeof *all, by_time);
    int64_t low = all[(clocks->count - 1) / 2], high = all[clocks->count / 2];
    return low / 2 + high / 2;
}

static bool is_off(int64_t ms)
{
    return ms >= DOCTOR_CLOCK_MS || ms <= -DOCTOR_CLOCK_MS;
}

/* We are off all others: two of them at least. */
static void say_own_clock(int64_t middle, struct doctor_report *report)
{
    struct doctor_word *word =
        say(report, DOCTOR_CLOCK, DOCTOR_WRONG, "clock",
            middle > 0 ? N_("This clock is %s behind those of the people here.")
                       : N_("This clock is %s ahead of those of the people here."));
    add_time(&word->what, middle);
    todo(word, N_("Let the network set it: sudo timedatectl set-ntp true"));
}

static void say_clock(const struct doctor_clock *clock, struct doctor_report *report)
{
    struct doctor_word *word =
        say(report, DOCTOR_CLOCK, DOCTOR_ADVICE, "clock-of",
            clock->off_ms > 0 ? N_("The clock of %s is %s ahead of this one.")
                              : N_("The clock of %s is %s behind this one."));
    message_add(&word->what, clock->name);
    add_time(&word->what, clock->off_ms);
    todo(word, N_("Tell them; or compare yours with a watch."));
}

static void judge_clocks(const struct doctor_facts *facts, struct doctor_report *report)
{
    const struct doctor_clocks *clocks = &facts->clocks;
    if (clocks->count == 0) {
        say(report, DOCTOR_CLOCK, DOCTOR_FINE, "clock-unknown",
            N_("Nobody has said anything yet by which to compare the clocks."));
        return;
    }
    int64_t middle = clocks_middle(clocks);
    bool fine = true;
    if (clocks->count >= 2 && is_off(middle)) {
        say_own_clock(middle, report);
        return;
    }
    for (size_t i = 0; i < clocks->count; i++) {
        if (!is_off(clocks->all[i].off_ms))
            continue;
        say_clock(&clocks->all[i], report);
        fine = false;
    }
    if (fine)
        say(report, DOCTOR_CLOCK, DOCTOR_FINE, "clock-agrees",
            N_("The clocks of the people here agree with this one."));
}

static void judge_versions(const struct doctor_facts *facts, struct doctor_report *report)
{
    if (facts->clashes > 0) {
        struct doctor_word *word =
            say(report, DOCTOR_VERSION, DOCTOR_ADVICE, "other-version",
                N_("Somebody here speaks another version of the protocol than ours, which is %s."));
        message_add_number(&word->what, PROTOCOL_VERSION);
        todo(word, N_("Bring the older program up to date."));
    } else if (facts->linked > 0) {
        struct doctor_word *word = say(report, DOCTOR_VERSION, DOCTOR_FINE, "version",
                                       N_("All speak version %s of the protocol."));
        message_add_number(&word->what, PROTOCOL_VERSION);
    }
}

/* ---- this machine ----------------------------------------------------------------------------*/

static void judge_disk(const struct doctor_facts *facts, struct doctor_report *report)
{
    struct doctor_word *word;
    if (facts->why[0]) {
        word = say(report, DOCTOR_DISK, DOCTOR_WRONG, "folder", "%s");
        message_add(&word->what, facts->why);
        todo(word, N_("Mend that, or choose another folder with --home."));
        return;
    }
    if (!facts->folder_known)
        return;
    if (facts->read_only) {
        word = say(report, DOCTOR_DISK, DOCTOR_WRONG, "disk-read-only",
                   N_("Nothing can be written in \"%s\"."));
        todo(word, N_("Make that disk writable, or choose another folder with --home."));
        message_add(&word->what, facts->folder);
        return;
    }
    bool none = facts->free < (uint64_t)DOCTOR_NO_ROOM_MIB * MIB;
    bool few = facts->free < (uint64_t)DOCTOR_FEW_MIB * MIB;
    word = say(report, DOCTOR_DISK,
               none  ? DOCTOR_WRONG
               : few ? DOCTOR_ADVICE
                     : DOCTOR_FINE,
               few ? "disk-full" : "disk", N_("There is room for %s in \"%s\"."));
    add_size(&word->what, facts->free);
    message_add(&word->what, facts->folder);
    if (few)
        todo(word, N_("Make room: where nothing can be kept, nothing of yours is said."));
}

static void judge_history(const struct doctor_facts *facts, struct doctor_report *report)
{
    struct doctor_word *word;
    if (!facts->history_known)
        return;
    if (!facts->history) {
        say(report, DOCTOR_HISTORY, DOCTOR_FINE, "history-none", N_("There is no history yet."));
    } else if (facts->fault != STORE_FINE) {
        word = say(report, DOCTOR_HISTORY, DOCTOR_WRONG, "history", NULL);
        word->what = store_message(facts->fault, facts->history_path);
        if (facts->fault == STORE_CORRUPT)
            todo(word, N_("Start Tertulia: it puts the file aside, and others give the rest."));
        else
            todo(word, N_("Mend that, or choose another folder with --home."));
    } else {
        word = say(report, DOCTOR_HISTORY, DOCTOR_FINE, "history", N_("The history is sound: %s."));
        add_size(&word->what, facts->history_bytes);
    }
}

static void judge_other(const struct doctor_facts *facts, struct doctor_report *report)
{
    if (!facts->other_pid)
        return;
    struct doctor_word *word =
        say(report, DOCTOR_PEOPLE, DOCTOR_FINE, "runs",
            N_("Tertulia runs here already, as process %s: /doctor there knows more."));
    message_add_number(&word->what, facts->other_pid);
}

/* ---- the whole -------------------------------------------------------------------------------*/

void doctor_judge(const struct doctor_facts *facts, struct doctor_report *into)
{
    into->count = 0;
    judge_other(facts, into);
    judge_network(facts, into);
    judge_beacons(facts, into);
    judge_quiet(facts, into);
    for (size_t i = 0; i < facts->port_count; i++)
        judge_port(&facts->ports[i], into);
    judge_firewall(facts, into);
    judge_vpn(facts, into);
    judge_people(facts, into);
    if (facts->running) {
        judge_versions(facts, into);
        judge_clocks(facts, into);
    }
    judge_disk(facts, into);
    judge_history(facts, into);
}

bool doctor_is_fine(const struct doctor_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->words[i].verdict == DOCTOR_WRONG)
            return false;
    return true;
}

void doctor_clock_note(struct doctor_clocks *clocks, const char *name, int64_t off_ms)
{
    size_t at = 0;
    while (at < clocks->count && strcmp(clocks->all[at].name, name) != 0)
        at++;
    if (at == clocks->count && at == DOCTOR_CLOCKS)
        at = 0;
    size_t last = at < clocks->count ? clocks->count - 1 : clocks->count++;
    memmove(&clocks->all[at], &clocks->all[at + 1], (last - at) * sizeof *clocks->all);
    snprintf(clocks->all[last].name, sizeof clocks->all[last].name, "%s", name);
    clocks->all[last].off_ms = off_ms;
}

const char *doctor_area_word(enum doctor_area area)
{
    static const char *const WORDS[] = {
        [DOCTOR_NETWORK] = "network",   [DOCTOR_BEACON] = "beacon",   [DOCTOR_PORT] = "port",
        [DOCTOR_FIREWALL] = "firewall", [DOCTOR_VPN] = "vpn",         [DOCTOR_PEOPLE] = "people",
        [DOCTOR_CLOCK] = "clock",       [DOCTOR_VERSION] = "version", [DOCTOR_DISK] = "disk",
        [DOCTOR_HISTORY] = "history"};
    return WORDS[area];
}

const char *doctor_verdict_word(enum doctor_verdict verdict)
{
    static const char *const WORDS[] = {
        [DOCTOR_FINE] = "ok", [DOCTOR_ADVICE] = "advice", [DOCTOR_WRONG] = "wrong"};
    return WORDS[verdict];
}

const char *doctor_verdict_name(enum doctor_verdict verdict)
{
    static const char *const NAMES[] = {
        [DOCTOR_FINE] = N_("fine"), [DOCTOR_ADVICE] = N_("advice"), [DOCTOR_WRONG] = N_("wrong")};
    return NAMES[verdict];
}
