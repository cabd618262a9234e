/* The tables of /proc, and who has which file open. Elsewhere than on Linux there are none, and
 * nothing is known. */
#include "app/machine.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LISTEN_STATE = 0x0a, ARP_COMPLETE = 2, READ_BYTES = 65536 };

/* ---- text ------------------------------------------------------------------------------------*/

char *machine_text(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    size_t size = 0, room = READ_BYTES + 1;
    ssize_t got;
    if (file < 0)
        return NULL;
    char *text = xmalloc(room);
    do {
        if (room - size < READ_BYTES + 1) {
            room = 2 * room + READ_BYTES;
            text = xrealloc(text, room, 1);
        }
        got = read(file, text + size, READ_BYTES);
        size += got > 0 ? (size_t)got : 0;
    } while (got > 0 && size < MACHINE_TEXT_MAX);
    close(file);
    text[size] = '\0';
    return text;
}

/* The next line, without its end; NULL: there is none. It is copied, and what is too long cut. */
static const char *line_next(const char *text, char *into, size_t size)
{
    size_t length = strcspn(text, "\n"), kept = length < size ? length : size - 1;
    if (*text == '\0')
        return NULL;
    memcpy(into, text, kept);
    into[kept] = '\0';
    return text + length + (text[length] == '\n');
}

/* The words of a line. */
enum { FIELDS = 16 };

struct fields {
    size_t count;
    char *at[FIELDS];
};

static struct fields fields_of(char *line)
{
    struct fields fields = {0};
    char *rest = line;
    for (char *word; fields.count < FIELDS && (word = strsep(&rest, " \t"));)
        if (*word)
            fields.at[fields.count++] = word;
    return fields;
}

static bool number(const char *text, int base, uint64_t *into)
{
    char *end;
    *into = strtoull(text, &end, base);
    return end != text && *end == '\0';
}

void route_read(const char *text, char into[INTERFACE_NAME_BYTES], uint32_t *router)
{
    char line[256];
    uint64_t best = UINT64_MAX, destination, gateway, metric, mask;
    into[0] = '\0';
    *router = 0;
    while ((text = line_next(text, line, sizeof line))) {
        struct fields of = fields_of(line);
        if (of.count < 8 || !number(of.at[1], 16, &destination) ||
            !number(of.at[2], 16, &gateway) || !number(of.at[6], 10, &metric) ||
            !number(of.at[7], 16, &mask))
            continue;
        /* Half of everything counts more than the whole: so VPNs pass over the route that was
         * there.
         */
        bool half = mask == 0x80 && (destination == 0 || destination == 0x80);
        if (!half && (destination != 0 || mask != 0 || metric >= best))
            continue;
        best = half ? 0 : metric;
        snprintf(into, INTERFACE_NAME_BYTES, "%s", of.at[0]);
        *router = (uint32_t)gateway;
    }
}

struct neighbours neighbours_read(const char *text, uint32_t router)
{
    struct neighbours found = {0};
    char line[256];
    uint64_t flags;
    struct in_addr ip;
    while ((text = line_next(text, line, sizeof line))) {
        struct fields of = fields_of(line);
        if (of.count < 3 || !number(of.at[2], 0, &flags) || inet_pton(AF_INET, of.at[0], &ip) != 1)
            continue;
        if (router != 0 && ip.s_addr == router)
            found.router = flags & ARP_COMPLETE;
        else if (flags & ARP_COMPLETE)
            found.there++;
        else
            found.silent++;
    }
    return found;
}

uint64_t socket_read(const char *text, uint16_t port, bool listening)
{
    char line[512];
    uint64_t at, state, inode;
    while ((text = line_next(text, line, sizeof line))) {
        struct fields of = fields_of(line);
        const char *colon = of.count >= 10 ? strrchr(of.at[1], ':') : NULL;
        if (!colon || !number(colon + 1, 16, &at) || !number(of.at[3], 16, &state) ||
            !number(of.at[9], 10, &inode))
            continue;
        if (at == port && inode != 0 && (!listening || state == LISTEN_STATE))
            return inode;
    }
    return 0;
}

/* ---- who holds a port ------------------------------------------------------------------------*/

static uint64_t socket_find(uint16_t port, bool udp)
{
    static const char *const TABLES[2][2] = {{"/proc/net/tcp", "/proc/net/tcp6"},
                                             {"/proc/net/udp", "/proc/net/udp6"}};
    uint64_t inode = 0;
    for (size_t i = 0; i < 2 && inode == 0; i++) {
        char *text = machine_text(TABLES[udp][i]);
        inode = text ? socket_read(text, port, !udp) : 0;
        free(text);
    }
    return inode;
}

static int is_number(const struct dirent *one)
{
    return one->d_name[0] >= '0' && one->d_name[0] <= '9';
}

/* The numbered entries of a folder, for names_free. */
static int names_of(const char *folder, struct dirent ***into)
{
    return scandir(folder, into, is_number, alphasort);
}

static void names_free(struct dirent **names, int count)
{
    for (int i = 0; i < count; i++)
        free(names[i]);
    if (count >= 0)
        free(names);
}

static bool process_has(const char *pid, const char *socket)
{
    char path[320], to[64];
    struct dirent **names;
    snprintf(path, sizeof path, "/proc/%.32s/fd", pid);
    int count = names_of(path, &names);
    bool has = false;
    for (int i = 0; i < count && !has; i++) {
        snprintf(path, sizeof path, "/proc/%.32s/fd/%.255s", pid, names[i]->d_name);
        ssize_t size = readlink(path, to, sizeof to - 1);
        to[size > 0 ? size : 0] = '\0';
        has = strcmp(to, socket) == 0;
    }
    names_free(names, count);
    return has;
}

static void name_read(const char *pid, char into[HOLDER_NAME])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%.32s/comm", pid);
    char *text = machine_text(path);
    snprintf(into, HOLDER_NAME, "%.*s", text ? (int)strcspn(text, "\n") : 0, text ? text : "");
    free(text);
}

struct holder machine_holder(uint16_t port, bool udp)
{
    struct holder holder = {0};
    struct dirent **names;
    char socket[64];
    uint64_t inode = socket_find(port, udp), pid;
    int count = inode ? names_of("/proc", &names) : -1;
    snprintf(socket, sizeof socket, "socket:[%" PRIu64 "]", inode);
    for (int i = 0; i < count && holder.pid == 0; i++) {
        if (!number(names[i]->d_name, 10, &pid) || !process_has(names[i]->d_name, socket))
            continue;
        holder.pid = (uint32_t)pid;
        name_read(names[i]->d_name, holder.name);
    }
    if (count >= 0)
        names_free(names, count);
    return holder;
}
