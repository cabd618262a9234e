/* What a node would open is opened for a moment: ports are bound and let go, and beacons sent of a
 * mesh that nobody is in, so that nobody calls who could not be answered. Where a node runs in the
 * same folder, that one holds the ports and knows the people, and less is looked at. */
#include "app/consult.h"

#include "app/beacons.h"
#include "app/checkup.h"
#include "app/home.h"
#include "app/i18n.h"
#include "app/json.h"
#include "app/peers.h"
#include "base/alloc.h"
#include "base/clean.h"
#include "base/gettext.h"
#include "base/sys.h"
#include "base/text.h"
#include "dialect/native.h"
#include "net/loop.h"
#include "net/timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 900 /* two beacons of the burst, and their way back */, LEFT_COLUMN = 12 };

struct consult {
    const struct options *options;
    struct sys sys;
    struct loop *loop;
    struct timer *timer;
    struct beacons *beacons;
    struct interfaces interfaces;
    uint8_t instance[INSTANCE_BYTES];
    struct doctor_facts *facts;
    struct home home;
    char *data; /* the folder */
    char *history;
    struct store_settings settings;
    bool has_history;
    int status;
};

/* ---- beacons ---------------------------------------------------------------------------------*/

/* As a node that listens where the options say. */
static enum beacons_reach on_reach(void *self, const struct address *own, uint16_t *port)
{
    const struct consult *consult = self;
    const struct options *options = consult->options;
    enum beacons_reach reach = options->listen_count ? BEACONS_UNREACHED : BEACONS_REACHED;
    *port = PEERS_PORT;
    for (size_t i = 0; i < options->listen_count; i++) {
        struct address at;
        const char *host = options->listens[i].host;
        bool named = host[0] && address_parse(host, 0, &at) && !address_is_any(&at);
        bool any = host[0] == '\0' || (!named && address_is_ipv4(&at) == address_is_ipv4(own));
        if (named && address_same_host(&at, own))
            return BEACONS_CHOSEN;
        if (any)
            reach = BEACONS_REACHED;
    }
    return reach;
}

static bool on_own(void *self, struct beacon *into)
{
    const struct consult *consult = self;
    *into = (struct beacon){.hint = 1};
    memcpy(into->instance, consult->instance, INSTANCE_BYTES);
    return true;
}

static void on_event(void *self, const struct node_event *event)
{
    (void)self;
    (void)event; /* of a mesh of our own: nobody is in it */
}

static void on_say(void *self, bool error, const struct message *message)
{
    struct consult *consult = self;
    (void)error;
    (void)message; /* the port of beacons is another program's: whose, is looked up */
    doctor_port_add(consult->facts, BEACONS_PORT, true, DOCTOR_PORT_TAKEN);
}

static void beacons_begin(struct consult *consult)
{
    static const struct beacons_calls calls = {on_reach, on_own, on_event, on_say};
    uint8_t tag[MESH_TAG_BYTES];
    sys_random(&consult->sys, tag, sizeof tag);
    sys_random(&consult->sys, consult->instance, sizeof consult->instance);
    consult->beacons = beacons_new(consult->loop, &consult->sys, tag, &calls, consult);
    beacons_interfaces(consult->beacons, &consult->interfaces);
}

/* ---- ports -----------------------------------------------------------------------------------*/

static enum doctor_port_state state_of(enum port_state state)
{
    switch (state) {
    case PORT_FREE:
        return DOCTOR_PORT_FREE;
    case PORT_TAKEN:
        return DOCTOR_PORT_TAKEN;
    case PORT_FORBIDDEN:
        return DOCTOR_PORT_FORBIDDEN;
    case PORT_NO_ADDRESS:
        return DOCTOR_PORT_NO_ADDRESS;
    }
    return DOCTOR_PORT_FREE;
}

static void port_look(struct consult *consult, const char *host, uint16_t port)
{
    struct address address;
    if (!address_parse(host[0] ? host : "0.0.0.0", port, &address))
        return;
    doctor_port_add(consult->facts, port, false, state_of(port_try(&address, false)));
}

static void ports_look(struct consult *consult)
{
    const struct options *options = consult->options;
    if (options->listen_count == 0)
        port_look(consult, "", PEERS_PORT);
    for (size_t i = 0; i < options->listen_count; i++)
        port_look(consult, options->listens[i].host, options->listens[i].port);
}

/* ---- the folder ------------------------------------------------------------------------------*/

static const char *mesh_of(const struct options *options)
{
    return options->mesh ? options->mesh : "lan";
}

static void why_keep(struct consult *consult, char *why)
{
    if (why)
        snprintf(consult->facts->why, sizeof consult->facts->why, "%s", why);
    free(why);
}

/* A history is the key's own. Neither is made where there is none. */
static void history_find(struct consult *consult)
{
    const struct options *options = consult->options;
    struct mesh_key key;
    struct identity identity;
    bool made, weak;
    char *why = NULL;
    if (options->secret_file)
        why = home_secret(options->secret_file, span_text(mesh_of(options)), &key, &weak);
    if (!why) {
        consult->settings.net =
            mesh_net(span_text(mesh_of(options)), options->secret_file ? &key : NULL);
        consult->history = home_history(&consult->home, &consult->settings.net);
        consult->has_history = true;
    }
    if (!why && home_has_identity(&consult->home)) {
        why = home_identity(&consult->home, &consult->sys, &identity, &made);
        consult->settings.self = identity.id;
        if (!why)
            identity_done(&identity);
    }
    consult->settings.path = consult->history;
    consult->settings.codec = &native_codec;
    why_keep(consult, why);
}

static void folder_look(struct consult *consult)
{
    consult->data = home_data(consult->options->home);
    if (consult->data)
        consult->facts->other_pid = home_holder(consult->data);
    if (consult->facts->other_pid)
        return;
    char *why = home_open(&consult->home, consult->options->home);
    if (why)
        why_keep(consult, why);
    else
        history_find(consult);
}

/* ---- what it says ----------------------------------------------------------------------------*/

static const char *verdict_name(enum doctor_verdict verdict)
{
    return _(doctor_verdict_name(verdict));
}

static void sentence_print(const char *left, const struct message *message)
{
    char text[MESSAGE_TEXT_BYTES];
    if (!message->one)
        return;
    message_text(message, i18n_translate, text, sizeof text);
    char *clean = text_clean(text, strlen(text), CLEAN_LINE, NULL);
    int gap = LEFT_COLUMN - (int)text_width(left, strlen(left));
    printf("%s%*s%s\n", left, gap > 1 ? gap : 1, "", clean);
    free(clean);
}

static void report_print(const struct doctor_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        sentence_print(verdict_name(report->words[i].verdict), &report->words[i].what);
        sentence_print("", &report->words[i].todo);
    }
}

static void on_report(void *self, const struct doctor_report *report)
{
    struct consult *consult = self;
    consult->status = report && doctor_is_fine(report) ? EXIT_SUCCESS : EXIT_FAILURE;
    if (report && consult->options->json) {
        size_t size;
        char *text =
            event_text("doctor", (uint64_t)loop_wall_ms(consult->loop), doctor_json(report), &size);
        puts(text);
        free(text);
    } else if (report) {
        report_print(report);
    }
    loop_stop(consult->loop);
}

/* ---- the whole -------------------------------------------------------------------------------*/

static void on_time(void *self)
{
    struct consult *consult = self;
    bool ours = !consult->facts->other_pid && !consult->facts->why[0];
    struct checkup_wish wish = {.facts = consult->facts,
                                .folder = consult->facts->why[0] ? NULL : consult->data,
                                .history = ours && consult->has_history ? &consult->settings : NULL,
                                .most = UINT64_MAX};
    doctor_wires(&consult->interfaces, consult->beacons, consult->facts);
    consult->facts = NULL;
    checkup_start(consult->loop, &wish, on_report, consult);
}

int consult(const struct options *options)
{
    struct consult consult = {
        .options = options, .sys = sys_real(), .home = {.lock = -1}, .status = EXIT_FAILURE};
    core_start();
    consult.facts = xcalloc(1, sizeof *consult.facts);
    consult.facts->beacons = !options->no_beacon;
    consult.loop = loop_new();
    consult.timer = timer_new(consult.loop, on_time, &consult);
    interfaces_read(&consult.interfaces);
    folder_look(&consult);
    ports_look(&consult);
    if (!options->no_beacon)
        beacons_begin(&consult);
    timer_set(consult.timer, loop_mono_ms(consult.loop) + (options->no_beacon ? 0 : WAIT_MS));
    loop_run(consult.loop);
    beacons_free(consult.beacons);
    timer_free(consult.timer);
    if (!loop_free(consult.loop))
        _exit(consult.status);
    home_done(&consult.home);
    free(consult.data);
    free(consult.history);
    return fflush(stdout) == 0 ? consult.status : EXIT_FAILURE;
}
