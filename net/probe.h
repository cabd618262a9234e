#pragma once
/* What the system lets in: asked of it directly, and nothing is sent. */
#include "net/address.h"

/* A packet filter in front of what comes in to this machine. */
enum firewall {
    FIREWALL_NONE,
    FIREWALL_RULES,      /* there are rules; what none of them names is let in */
    FIREWALL_DROPS,      /* what none of them names is not */
    FIREWALL_UNREADABLE, /* only root is told */
    FIREWALL_UNKNOWN,    /* this system cannot be asked */
};

/* Blocks for a moment only: one question to the kernel. */
enum firewall firewall_read(void);

enum port_state {
    PORT_FREE,
    PORT_TAKEN,
    PORT_FORBIDDEN,
    PORT_NO_ADDRESS, /* this machine has not that address */
};

/* Opens it, and lets it go at once. `shared`: as datagrams of everyone are heard, beside others
 * that share it too; else as calls are taken. */
enum port_state port_try(const struct address *address, bool shared)
    __attribute__((warn_unused_result));
