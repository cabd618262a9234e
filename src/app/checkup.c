/* Everything is read once, in the order of the facts. */
#include "app/checkup.h"

#include "app/clerk.h"
#include "app/machine.h"
#include "base/alloc.h"
#include "net/job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct checkup {
    struct doctor_facts *facts;
    char *folder;
    bool has_history;
    struct store_settings history;
    uint64_t most;
    struct clerk *clerk;
    struct doctor_report *report;
    void (*done)(void *self, const struct doctor_report *report);
    void *self;
};

/* ---- the network -----------------------------------------------------------------------------*/

/* The kernel's own word for what an interface is: ARPHRD_NONE (tun, WireGuard), PPP, and tunnels of
 * one protocol in another. */
static bool is_tunnel(const char *name)
{
    static const unsigned long KINDS[] = {65534, 512, 768, 769, 776, 778};
    char path[64];
    snprintf(path, sizeof path, "/sys/class/net/%s/type", name);
    char *text = machine_text(path);
    unsigned long kind = text ? strtoul(text, NULL, 10) : 0;
    free(text);
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (kind == KINDS[i])
            return true;
    return false;
}

static void network_look(struct doctor_facts *facts)
{
    uint32_t router = 0;
    char *routes = machine_text("/proc/net/route"), *arp = machine_text("/proc/net/arp");
    if (routes)
        route_read(routes, facts->route, &router);
    if (arp) {
        struct neighbours found = neighbours_read(arp, router);
        facts->neighbours = found.there;
        facts->silent = found.silent;
        facts->router = found.router;
    }
    facts->route_tunnel = facts->route[0] && is_tunnel(facts->route);
    free(routes);
    free(arp);
}

static const char *firewall_name(void)
{
    char *ufw = machine_text("/etc/ufw/ufw.conf");
    bool on = ufw && strstr(ufw, "\nENABLED=yes");
    free(ufw);
    if (on)
        return "ufw";
    return access("/run/firewalld", F_OK) == 0 ? "firewalld" : NULL;
}

static void ports_look(struct clerk *clerk, struct doctor_facts *facts)
{
    for (size_t i = 0; i < facts->port_count; i++) {
        struct doctor_port *port = &facts->ports[i];
        if (port->state != DOCTOR_PORT_TAKEN)
            continue;
        struct holder holder = clerk_holder(clerk, port->port, port->udp);
        port->pid = holder.pid;
        memcpy(port->holder, holder.name, sizeof port->holder);
    }
}

/* ---- the disk --------------------------------------------------------------------------------*/

static void folder_look(struct checkup *checkup)
{
    struct doctor_facts *facts = checkup->facts;
    struct statvfs disk;
    if (!checkup->folder || statvfs(checkup->folder, &disk) != 0)
        return;
    snprintf(facts->folder, sizeof facts->folder, "%s", checkup->folder);
    facts->folder_known = true;
    facts->free = (uint64_t)disk.f_bavail * disk.f_frsize;
    facts->read_only = (disk.f_flag & ST_RDONLY) || access(checkup->folder, W_OK) != 0;
}

static void history_look(struct checkup *checkup)
{
    struct doctor_facts *facts = checkup->facts;
    struct store_reader *reader = NULL;
    struct stat status;
    if (!checkup->has_history)
        return;
    snprintf(facts->history_path, sizeof facts->history_path, "%s", checkup->history.path);
    facts->history_known = true;
    facts->history = stat(checkup->history.path, &status) == 0;
    if (!facts->history)
        return;
    facts->history_bytes = (uint64_t)status.st_size;
    facts->fault = store_reader_open(&checkup->history, &reader);
    if (facts->fault == STORE_FINE && facts->history_bytes <= checkup->most)
        facts->fault = store_reader_check(reader);
    store_reader_close(reader);
}

/* ---- the whole -------------------------------------------------------------------------------*/

static void work(void *self)
{
    struct checkup *checkup = self;
    struct doctor_facts *facts = checkup->facts;
    network_look(facts);
    facts->firewall = firewall_read();
    facts->firewall_name = firewall_name();
    ports_look(checkup->clerk, facts);
    folder_look(checkup);
    history_look(checkup);
    doctor_judge(facts, checkup->report);
}

static void done(void *self, bool ran)
{
    struct checkup *checkup = self;
    checkup->done(checkup->self, ran ? checkup->report : NULL);
    free(checkup->facts);
    free(checkup->folder);
    free(checkup->report);
    free(checkup);
}

void checkup_start(struct loop *loop, const struct checkup_wish *wish,
                   void (*told)(void *self, const struct doctor_report *report), void *self)
{
    struct checkup *checkup = xcalloc(1, sizeof *checkup);
    checkup->facts = wish->facts;
    checkup->folder = wish->folder ? xstrdup(wish->folder) : NULL;
    checkup->has_history = wish->history != NULL;
    if (wish->history)
        checkup->history = *wish->history;
    checkup->most = wish->most;
    checkup->clerk = wish->clerk;
    checkup->report = xcalloc(1, sizeof *checkup->report);
    checkup->done = told;
    checkup->self = self;
    job_start(loop, work, done, checkup);
}
