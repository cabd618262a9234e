#pragma once
/* What there is to see: the only thing of core that a screen reads, and never writes. */

struct model {
    const char *name; /* our own */
    const char *room; /* the conversation that is open */
};
