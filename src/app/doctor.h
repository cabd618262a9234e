#pragma once
/* What the doctor says: facts about this machine and who is seen from it, judged. Pure: the same
 * facts get the same words, in the same order, and each wrong comes with what to do about it. */
#include "core/message.h"
#include "core/roster.h"
#include "net/interfaces.h"
#include "net/probe.h"
#include "store/store.h"

enum {
    DOCTOR_WIRES = 16,  /* addresses that beacons leave by; more are not told of */
    DOCTOR_PORTS = 20,  /* as many as can be listened on, the beacon's, and those that were taken */
    DOCTOR_CLOCKS = 32, /* people whose clocks are known: the last ones who spoke */
    DOCTOR_WORDS = DOCTOR_WIRES + DOCTOR_PORTS + DOCTOR_CLOCKS + 16, /* and a few an area */
    DOCTOR_FOLDER = 256,
    DOCTOR_WHY = 255, /* a sentence of another module, as an argument takes it */

    DOCTOR_QUIET_MS = 70000, /* so long two beacons of everyone have been due */
    DOCTOR_CLOCK_MS = 60000, /* UX.md: from then on lines carry a badge */
    DOCTOR_SILENT = 4,       /* so many who do not answer beside the router, and nobody else does */
    DOCTOR_FEW_MIB = 256,    /* of room: a word to the wise */
    DOCTOR_NO_ROOM_MIB = 16, /* a commit may need as much */
};

enum doctor_area {
    DOCTOR_NETWORK,
    DOCTOR_BEACON,
    DOCTOR_PORT,
    DOCTOR_FIREWALL,
    DOCTOR_VPN,
    DOCTOR_PEOPLE,
    DOCTOR_CLOCK,
    DOCTOR_VERSION,
    DOCTOR_DISK,
    DOCTOR_HISTORY,
};

enum doctor_verdict {
    DOCTOR_FINE,
    DOCTOR_ADVICE, /* it works, and could work better or surprise somebody */
    DOCTOR_WRONG,
};

struct doctor_word {
    enum doctor_area area;
    enum doctor_verdict verdict;
    struct message what;
    struct message todo; /* in one line; its sentence is NULL where there is nothing to do */
};

struct doctor_report {
    size_t count;
    struct doctor_word words[DOCTOR_WORDS];
};

/* An address by which beacons leave. */
struct doctor_wire {
    char name[INTERFACE_NAME_BYTES];
    char address[ADDRESS_TEXT];
    uint32_t number; /* of the interface */
    uint64_t sent;   /* datagrams, just now */
    uint64_t echoed; /* of them, that came back */
    uint64_t heard;  /* of others, since the interfaces are what they are */
};

enum doctor_port_state {
    DOCTOR_PORT_OURS,
    DOCTOR_PORT_FREE,
    DOCTOR_PORT_TAKEN, /* by somebody: then it is known who, or it is not */
    DOCTOR_PORT_FORBIDDEN,
    DOCTOR_PORT_NO_ADDRESS,
};

struct doctor_port {
    uint16_t port;
    bool udp;
    enum doctor_port_state state;
    uint32_t pid;
    char holder[16];
};

/* How far a clock is off ours. */
struct doctor_clock {
    char name[LABEL_BYTES];
    int64_t off_ms; /* above 0: theirs is ahead */
};

/* The latest of each person, the latest person last. */
struct doctor_clocks {
    size_t count;
    struct doctor_clock all[DOCTOR_CLOCKS];
};
void doctor_clock_note(struct doctor_clocks *clocks, const char *name, int64_t off_ms);

struct doctor_facts {
    bool running;       /* it is a node that asks: who is linked, is known */
    uint32_t other_pid; /* not running: a node has the same folder; 0: none */
    bool beacons;       /* they are wanted */
    size_t ways;        /* interfaces that lead to others */
    size_t wire_count;
    struct doctor_wire wires[DOCTOR_WIRES];
    uint64_t quiet_ms; /* since the interfaces are what they are */
    size_t port_count;
    struct doctor_port ports[DOCTOR_PORTS];
    enum firewall firewall;
    const char *firewall_name; /* "ufw", "firewalld": one that is on; or NULL */
    char route[INTERFACE_NAME_BYTES];
    bool route_tunnel;
    uint32_t neighbours, silent; /* app/machine.h */
    bool router;
    size_t linked;    /* people, */
    size_t near;      /* and of these on a wire of ours, long enough to have been heard there */
    uint32_t clashes; /* callers of another version */
    struct doctor_clocks clocks;
    char why[DOCTOR_WHY + 1]; /* the folder cannot be used: a sentence; or "" */
    char folder[DOCTOR_FOLDER];
    bool folder_known; /* `free` and `read_only` are */
    bool read_only;
    uint64_t free; /* bytes */
    bool history_known;
    bool history; /* there is one */
    enum store_fault fault;
    uint64_t history_bytes;
    char history_path[DOCTOR_FOLDER];
};

/* One more, where there is room. */
void doctor_port_add(struct doctor_facts *facts, uint16_t port, bool udp,
                     enum doctor_port_state state);
/* The ways and wires. */
struct beacons;
void doctor_wires(const struct interfaces *now, const struct beacons *beacons,
                  struct doctor_facts *into);

void doctor_judge(const struct doctor_facts *facts, struct doctor_report *into);
/* Whether anything is wrong, advice left aside. */
bool doctor_is_fine(const struct doctor_report *report);

/* Words for programs: "beacon", "wrong". */
const char *doctor_area_word(enum doctor_area area);
const char *doctor_verdict_word(enum doctor_verdict verdict);
/* And for people, to be translated. */
const char *doctor_verdict_name(enum doctor_verdict verdict);
