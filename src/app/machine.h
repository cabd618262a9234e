#pragma once
/* What the system says of this machine's network, read from its own tables. The readers of text are
 * pure and take anything: a line that is not as it should be is passed over. */
#include "net/interfaces.h"

enum {
    MACHINE_TEXT_MAX =
        1 << 20,      /* of one table: some 7,000 connections; the rest is not looked at */
    HOLDER_NAME = 16, /* the kernel keeps no more of a program's name */
};

/* The interface that leads to everywhere else (/proc/net/route), "" where none does; and the
 * router's address, 0 where there is none. */
void route_read(const char *text, char into[INTERFACE_NAME_BYTES], uint32_t *router);

/* Who is known to be on the wire (/proc/net/arp). */
struct neighbours {
    uint32_t there;  /* that answered, the router not counted */
    uint32_t silent; /* that were asked for, and did not */
    bool router;     /* it answered */
};
struct neighbours neighbours_read(const char *text, uint32_t router);

/* The socket that has a port (/proc/net/tcp, udp and their likes): its inode; 0: none. `listening`:
 * only one that takes calls. */
uint64_t socket_read(const char *text, uint16_t port, bool listening);

/* A whole file as text, for free(); NULL where it cannot be read. */
char *machine_text(const char *path);

/* Who holds a port, over TCP or UDP. `pid` 0: not to be known, as a rule for want of rights. Looks
 * through all processes: for other threads. */
struct holder {
    uint32_t pid;
    char name[HOLDER_NAME];
};
struct holder machine_holder(uint16_t port, bool udp);
