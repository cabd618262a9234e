/* First a beacon goes out, as always; when it has had time to come back, the facts are collected,
 * and the checkup does the rest. */
#include "app/visit.h"

#include "app/checkup.h"
#include "app/finding.h"
#include "app/peers.h"
#include "base/alloc.h"
#include "net/loop.h"
#include "net/timer.h"

#include <stdio.h>
#include <stdlib.h>

struct visit {
    struct visit_config config;
    struct timer *timer;
    struct doctor_clocks clocks;
    uint64_t line;
    bool under_way;
    bool stopped;
};

static bool is_listening(const struct peers *peers, uint16_t port)
{
    for (size_t i = 0; i < peers_listening(peers); i++)
        if (peers_listening_at(peers, i)->port == port)
            return true;
    return false;
}

static bool is_listed(const struct doctor_facts *facts, uint16_t port)
{
    for (size_t i = 0; i < facts->port_count; i++)
        if (!facts->ports[i].udp && facts->ports[i].port == port)
            return true;
    return false;
}

/* Those that are ours, and those that were to be. */
static void ports_list(const struct visit *visit, struct doctor_facts *facts)
{
    const struct options *options = visit->config.options;
    const struct peers *peers = visit->config.peers;
    for (size_t i = 0; i < peers_listening(peers); i++) {
        uint16_t port = peers_listening_at(peers, i)->port;
        if (!is_listed(facts, port))
            doctor_port_add(facts, port, false, DOCTOR_PORT_OURS);
    }
    for (size_t i = 0; i < options->listen_count || i == 0; i++) {
        uint16_t port = options->listen_count ? options->listens[i].port : PEERS_PORT;
        if (!is_listening(peers, port) && !is_listed(facts, port))
            doctor_port_add(facts, port, false, DOCTOR_PORT_TAKEN);
    }
}

static void on_report(void *self, const struct doctor_report *report)
{
    struct visit *visit = self;
    visit->under_way = false;
    if (report && !visit->stopped)
        visit->config.report(visit->config.self, report, visit->line);
}

static void on_time(void *self)
{
    struct visit *visit = self;
    const struct node *node = visit->config.node(visit->config.self);
    struct checkup_wish wish = {.facts = xcalloc(1, sizeof *wish.facts),
                                .folder = visit->config.folder,
                                .history = &visit->config.history,
                                .most = VISIT_READ_BYTES,
                                .clerk = visit->config.clerk};
    wish.facts->running = true;
    wish.facts->clocks = visit->clocks;
    wish.facts->clashes = node ? node_clashes(node) : 0;
    ports_list(visit, wish.facts);
    finding_facts(visit->config.finding, wish.facts);
    checkup_start(visit->config.loop, &wish, on_report, visit);
}

void visit_ask(struct visit *visit, uint64_t line)
{
    struct message busy = message_make("doctor-runs", N_("The doctor is at work already."));
    if (visit->under_way) {
        visit->config.say(visit->config.self, true, &busy, line);
        return;
    }
    visit->under_way = true;
    visit->line = line;
    finding_probe(visit->config.finding);
    timer_set(visit->timer, loop_mono_ms(visit->config.loop) + VISIT_WAIT_MS);
}

/* What is fetched later says nothing: only who is heard as they speak. */
void visit_heard(struct visit *visit, const struct node_line *line)
{
    char name[LABEL_BYTES];
    bool guest = line->guest.size > 0;
    if (!visit || !line->live || (line->own && !guest))
        return;
    snprintf(name, sizeof name, "%.*s", guest ? (int)line->guest.size : (int)sizeof name - 1,
             guest ? (const char *)line->guest.bytes : line->name);
    doctor_clock_note(&visit->clocks, name, (int64_t)(line->time - line->received));
}

bool visit_is_over(const struct visit *visit)
{
    return !visit || !visit->under_way;
}

struct visit *visit_new(const struct visit_config *config)
{
    struct visit *visit = xcalloc(1, sizeof *visit);
    visit->config = *config;
    visit->timer = timer_new(config->loop, on_time, visit);
    return visit;
}

void visit_stop(struct visit *visit)
{
    if (!visit)
        return;
    visit->stopped = true;
    timer_free(visit->timer);
    visit->timer = NULL;
}

void visit_free(struct visit *visit)
{
    free(visit);
}
