#pragma once
/* Beacons, sent and heard: how people of one wire find each other without doing anything.
 *
 * Several at the start and whenever the interfaces change, then one every 30 s: under 100 bytes a
 * second at rest. What is heard is believed as a hint and no more: that somebody of our mesh may be
 * reached at the address it came from, which must be on a wire of ours; and never our own. */
#include "core/message.h"
#include "core/node.h"
#include "dialect/beacon.h"
#include "net/interfaces.h"

struct beacons;
struct loop;

enum {
    BEACONS_PORT = 9999,      /* of UDP: PROTOCOL.md */
    BEACONS_REST_MS = 30000,  /* between two.. */
    BEACONS_JITTER_MS = 3000, /* ..or so much more or less: nobody stays in step with others */
    BEACONS_PROBE_MS = 1000,  /* however often somebody asks */
    BEACONS_BURST_MS = 2000,  /* an interface that flickers starts no more bursts than that */
};

/* Whether who calls that address of ours reaches us. */
enum beacons_reach {
    BEACONS_UNREACHED,
    BEACONS_REACHED, /* as every address of this machine is */
    BEACONS_CHOSEN,  /* it was named, so it is meant to be found, whatever interface it is on */
};

struct beacons_calls {
    /* The port to be called there. */
    enum beacons_reach (*reach)(void *self, const struct address *own, uint16_t *port);
    /* What to announce, but for tag and port. False: nothing now. */
    bool (*own)(void *self, struct beacon *into);
    void (*event)(void *self, const struct node_event *event); /* EVENT_ADDRESS */
    void (*say)(void *self, bool error, const struct message *message);
};

/* For who wants to know whether they get through. */
struct beacons_counts {
    uint64_t sent;   /* datagrams */
    uint64_t echoed; /* our own that came back */
    uint64_t heard;  /* of others, believed */
};

/* `sys` and `calls` outlive it. Nothing is sent before beacons_interfaces. */
struct beacons *beacons_new(struct loop *loop, const struct sys *sys,
                            const uint8_t tag[MESH_TAG_BYTES], const struct beacons_calls *calls,
                            void *self);
/* NULL is fine, as in the others. */
void beacons_free(struct beacons *beacons);

/* They are these now: all is said anew. */
void beacons_interfaces(struct beacons *beacons, const struct interfaces *now);

/* For the doctor: all is said once more, and what comes back is counted anew; not again within
 * BEACONS_PROBE_MS of the last time. NULL is fine. */
void beacons_probe(struct beacons *beacons);
/* Where they go out, and what came of it since the last probe, or the last change of the
 * interfaces: how many are in `into`. Which of an interface's addresses one came back to is not to
 * be told: it counts for all of that family. */
struct beacons_wire {
    struct interface on;
    uint64_t sent, echoed;
    uint64_t heard; /* of others, since the interfaces are what they are */
};
size_t beacons_wires(const struct beacons *beacons, struct beacons_wire into[INTERFACES_MAX]);
/* Another program has the port for itself: nobody is heard. */
bool beacons_are_held(const struct beacons *beacons);
struct beacons_counts beacons_counts(const struct beacons *beacons);

/* On which of them beacons go out: up, with somebody to hear them, reached, and not virtual unless
 * chosen. Loopback where it is chosen, or where there is nothing else and it is reached. How many
 * are in `into`. Pure. */
size_t beacons_choose(const struct interfaces *from, const struct beacons_calls *calls, void *self,
                      struct interface into[INTERFACES_MAX]);

/* An address as the node writes it. */
struct overlay_address address_for_node(const struct address *address);
