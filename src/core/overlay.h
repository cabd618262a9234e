#pragma once
/* The overlay: to whom this node is linked, and how the mesh stays one.
 *
 * Up to 16 people everyone links to everyone; beyond, each keeps 8 links, and by them the mesh is a
 * random graph that repairs itself. A pure state machine: overlay_handle takes what happened and
 * answers with what to do. Invariant: every table is an array inside `struct overlay`, so nothing a
 * neighbour sends can make it grow, and no link is forgotten without a close. */
#include "base/sys.h"
#include "core/crypto.h"
#include "core/ids.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OVERLAY_MESH = 16,  /* people, ourselves included, up to whom everyone links to everyone */
    OVERLAY_ACTIVE = 8, /* links beyond that */
    OVERLAY_WANTED = 6, /* of them; with fewer we look for more, so that 6 to 8 is at rest */
    OVERLAY_FEW = 3,    /* with fewer, our asking is urgent */
    OVERLAY_SELF_DIALLED = 3,  /* of the 8; so who dials us can take 5 at most */
    OVERLAY_PER_ADDRESS = 2,   /* links to one address; loopback is exempt */
    OVERLAY_LINKS = 20,        /* 16, and 4 about which nothing is decided yet */
    OVERLAY_SPARES = 30,       /* addresses heard of within OVERLAY_FRESH_S */
    OVERLAY_REFUSED = 24,      /* that refused are remembered for a cycle: the last ones */
    OVERLAY_REMEMBERED_4 = 96, /* IPv4 addresses of any age: of 10,000 people, 95 % may vanish */
    OVERLAY_REMEMBERED_6 = 16, /* the same for IPv6, mostly the same people's */
    OVERLAY_NAMED = 8, /* of each, kept whatever comes because the user named them: few type more */
    OVERLAY_DIALS = 16,     /* under way at once: half of the half-open links DESIGN.md allows */
    OVERLAY_TOLD = 12,      /* addresses in one message: some 300 bytes */
    OVERLAY_WALK_TTL = 6,   /* hops of a join walk */
    OVERLAY_WALK_SPARE = 3, /* the hop at which a walk leaves the newcomer as a spare */
    OVERLAY_WALKS = 64,     /* taken in one cycle; a crowd's joining, not a flood */
    OVERLAY_WALK_DIALS = 8, /* dialled for walks in one cycle: nobody aims us at a third party */
    OVERLAY_BEATS = 32,     /* passed on in one cycle: several components' meeting, not a flood */
    OVERLAY_PAST = 4,       /* former components whose counters are kept against replays */
    OVERLAY_EFFECTS = 96,   /* of one event: 4 for each link, and every dial */

    OVERLAY_CYCLE_MS = 10000, /* shuffle, beat, and looking after things: the repair cycle */
    OVERLAY_FRESH_S = 180,    /* who nobody was linked to for so long is no spare any more */
    OVERLAY_ASK_S = 10,       /* a link about which nobody asked or answered for so long ends */
    /* Two dials that meet within it resolve by key. Short, because who lost a link that is up
     * here still dials anew at once: beyond it the dialler is believed. */
    OVERLAY_SIMULTANEOUS_S = 2,
    OVERLAY_SHUFFLE_S = 5,     /* at least between two shuffles of one neighbour */
    OVERLAY_SMALL_CYCLES = 6,  /* at most 16 people for so long: back to the full mesh */
    OVERLAY_BEAT_S = 5,        /* at least between two beats of one identity */
    OVERLAY_BEAT_LOST_S = 30,  /* without a beat for so long, the next lowest takes over */
    OVERLAY_DIFFERENCE_S = 10, /* a foreign component for so long makes a healing link */
    OVERLAY_HEAL_S = 30,       /* at least between two healing links */
    OVERLAY_PROBE_CYCLES = 3,  /* in one of so many a remembered address is dialled anyway */
    OVERLAY_PROBES = 8,        /* in a full mesh so many in each */
    OVERLAY_ALARM_LOST = 2,    /* of self-dialled ones lately, and no fewer than are left: alarm */
    OVERLAY_ALARM_CYCLES = 6,  /* for so long everyone known is dialled once */
    OVERLAY_SWAP_ODDS = 300,   /* one in so many swaps a link each cycle: 2 % in a minute */
};

/* Where someone listens. IPv4 is written as ::ffff:a.b.c.d. Link-local addresses carry the
 * interface in bytes 2 and 3 (zero on every wire) and are never told to others. */
struct overlay_address {
    uint8_t ip[16];
    uint16_t port; /* 0: nowhere */
};

/* Someone, as neighbours tell of them: hearsay, until a link proves it. */
struct overlay_told {
    struct overlay_address address;
    uint16_t age_s; /* since somebody was linked to it, or heard its beacon */
    uint32_t hint;  /* overlay_hint of the identity; 0 where it is not known */
};

struct overlay_list {
    uint8_t count;
    struct overlay_told told[OVERLAY_TOLD];
};

/* The counter of a component, signed by the identity that is its name. */
struct overlay_beat {
    struct id id;
    uint64_t counter;
    struct signature signature; /* the node makes it where id is its own, and checks all others */
};

enum overlay_message_kind {
    OVERLAY_ASK,      /* by who dialled: may this link be one of ours? */
    OVERLAY_ANSWER,   /* to that; after a no, the answerer closes */
    OVERLAY_WALK,     /* a newcomer, carried at random through the mesh */
    OVERLAY_SHUFFLE,  /* addresses, for some of the other's */
    OVERLAY_SHUFFLED, /* the answer to that */
    OVERLAY_BEAT,     /* the component lives; only news are passed on */
    OVERLAY_PART,     /* a goodbye: this link ends, nothing is wrong */
};

enum overlay_priority {
    OVERLAY_LOW,  /* where there is room */
    OVERLAY_HIGH, /* we have fewer than OVERLAY_FEW */
    OVERLAY_JOIN, /* we have none: and carry us about */
    OVERLAY_HEAL, /* our components differ */
};

/* Why a link ends, for the other side and for the log. */
enum overlay_why {
    OVERLAY_WHY_SELF,      /* it leads to ourselves */
    OVERLAY_WHY_DUPLICATE, /* another link to the same person stays */
    OVERLAY_WHY_ADDRESS,   /* OVERLAY_PER_ADDRESS */
    OVERLAY_WHY_FULL,      /* no room for it */
    OVERLAY_WHY_SILENT,    /* nobody asked or answered in time */
    OVERLAY_WHY_ENOUGH,    /* it works, and is not needed now */
    OVERLAY_WHY_EVICTED,   /* someone needs the place more */
    OVERLAY_WHY_MANY,      /* we are more than 16 now */
    OVERLAY_WHY_SWAP,      /* the random swap */
    OVERLAY_WHY_LEFT,      /* the other side said goodbye */
};

struct overlay_message {
    enum overlay_message_kind kind;
    union {
        enum overlay_priority ask;
        struct {
            bool yes;
            uint8_t people; /* whom the answerer knows to be there, itself included */
            struct overlay_list list;
        } answer;
        struct {
            struct overlay_told who;
            uint8_t ttl;
        } walk;
        struct overlay_list shuffle; /* of both kinds */
        struct overlay_beat beat;
        enum overlay_why part;
    };
};

enum overlay_event_kind {
    OVERLAY_LINK_UP, /* hello was said both ways */
    OVERLAY_LINK_DOWN,
    OVERLAY_DIAL_FAILED, /* every dial ends in this or in LINK_UP */
    OVERLAY_MESSAGE,     /* in its bounds, and a beat's signature holds */
    OVERLAY_KNOWN,
    OVERLAY_FORGET,  /* this address has led nowhere for long; not where the user named it */
    OVERLAY_NO_PEER, /* whoever is at `forget` is no peer, even if the user named it */
    OVERLAY_NETWORK, /* our own machine has a way to others that it had not: all are tried anew */
    OVERLAY_TICK,    /* overlay_due has come; any other moment is fine too */
};

enum overlay_source {
    OVERLAY_FROM_BEACON,
    OVERLAY_FROM_MEMORY,       /* of an earlier run */
    OVERLAY_FROM_USER,         /* dialled at once */
    OVERLAY_FROM_USER_IN_VAIN, /* it was dialled just now, and nobody answered */
};

struct overlay_event {
    enum overlay_event_kind kind;
    uint32_t link; /* the node's number for a link, for UP, DOWN and MESSAGE */
    union {
        struct {
            struct id id;
            struct overlay_address address; /* dialled: that one; else the port comes from hello */
            bool dialled;                   /* by us */
            struct id component;            /* the other's, from its hello */
        } up;
        struct overlay_address dial_failed;
        struct {
            struct overlay_address address;
            enum overlay_source source;
            uint32_t hint; /* of a beacon, else 0 */
            bool has_component;
            struct id component;
        } known;
        struct overlay_address forget;
        const struct overlay_message *message;
    };
};

enum overlay_effect_kind { OVERLAY_DIAL, OVERLAY_CLOSE, OVERLAY_SEND };

struct overlay_effect {
    enum overlay_effect_kind kind;
    uint32_t link; /* of CLOSE and SEND */
    union {
        struct overlay_address dial;
        enum overlay_why close; /* after everything sent before; no LINK_DOWN needs to follow */
        struct overlay_message send;
    };
};

/* What one event brought about, in order. */
struct overlay_effects {
    size_t count;
    struct overlay_effect list[OVERLAY_EFFECTS];
};

enum overlay_link_state {
    OVERLAY_FREE,
    OVERLAY_UNASKED, /* they dialled: they ask or go */
    OVERLAY_ASKED,   /* we dialled and asked */
    OVERLAY_IS_ACTIVE,
};

/* Seconds here count from OVERLAY_EPOCH_S before the node's clock began. */
struct overlay_link {
    struct id id;
    struct overlay_address address;
    uint8_t state;         /* an overlay_link_state */
    uint8_t dialled : 1;   /* by us */
    uint8_t foreign : 1;   /* its component differed from ours at hello */
    uint8_t swap : 1;      /* when it is active, another one goes */
    uint8_t shuffling : 1; /* we sent it a shuffle and wait for its answer */
    uint32_t link;
    uint32_t since_s;
    uint32_t shuffled_s; /* its last shuffle that we answered */
};

struct overlay_spare {
    struct overlay_address address;
    uint32_t hint;
    uint32_t seen_s;
};

/* In parallel arrays, so that nothing is lost between their elements. */
struct overlay_memory {
    uint64_t bar[2]; /* of a family: hearsay of a higher rank has no place; 0: not known */
    uint16_t port[OVERLAY_REMEMBERED_4 + OVERLAY_REMEMBERED_6]; /* 0: an empty place */
    uint8_t ipv4[OVERLAY_REMEMBERED_4][4];
    uint8_t ipv6[OVERLAY_REMEMBERED_6][16];
    struct {
        uint8_t vouched : 1; /* it has answered a dial of ours */
        uint8_t fails : 7;   /* dials in vain since the last that was not */
        uint8_t tried;       /* the cycle of the last dial, modulo 256 */
        bool asked;          /* the user named it: it stays */
    } state[OVERLAY_REMEMBERED_4 + OVERLAY_REMEMBERED_6];
};

struct overlay_dial {
    struct overlay_address address; /* port 0: an empty place */
    uint8_t purpose;
};

struct overlay {
    struct id self;
    const struct sys *sys; /* randomness only */
    uint8_t key[16];       /* of the choice of what is remembered: nobody else can aim at it */
    uint64_t cycle_at;     /* ms */
    uint64_t candidate_at; /* ms; 0: a component lives */
    uint64_t heal_at;      /* ms; 0: no foreign component is known */
    uint64_t counter;      /* of our own last beat */
    struct overlay_beat best;
    struct {
        uint64_t name; /* of the component, shortened */
        uint64_t counter;
    } past[OVERLAY_PAST];
    struct overlay_address foreign;
    uint32_t heard_s;  /* the last beat that was news */
    uint32_t healed_s; /* the last healing link */
    uint32_t forced_s; /* the last eviction for an urgent ask */
    uint32_t trimmed_s;
    uint32_t cycle;
    uint32_t alarm_s;     /* when links were last lost in numbers */
    uint32_t alarm_cycle; /* the same as a cycle; 0: nothing is wrong */
    uint8_t lost;         /* self-dialled links that broke lately */
    bool sparse;          /* more than 16 people */
    bool joined;          /* since we last lost everyone */
    uint8_t small_cycles;
    uint8_t walks;      /* in this cycle */
    uint8_t walk_dials; /* in this cycle */
    uint8_t beats;      /* in this cycle */
    uint8_t past_next;
    uint8_t refused_next;
    uint32_t refused[OVERLAY_REFUSED]; /* marks of addresses that refused in this cycle; or 0 */
    struct overlay_link links[OVERLAY_LINKS];
    struct overlay_spare spares[OVERLAY_SPARES];
    size_t spare_count;
    struct overlay_memory memory;
    struct overlay_dial dials[OVERLAY_DIALS];
};
_Static_assert(sizeof(struct overlay) < 4096, "ten thousand of them fit into a simulator");

/* A node that knows nobody. `counter`, at least 1, is greater than any of an earlier run: the wall
 * clock in ms does. `sys` outlives the overlay. */
void overlay_init(struct overlay *overlay, const struct id *self, uint64_t counter,
                  const struct sys *sys, uint64_t now_ms);

/* Appends to `effects`, which the caller empties. `now_ms` never goes back. */
void overlay_handle(struct overlay *overlay, uint64_t now_ms, const struct overlay_event *event,
                    struct overlay_effects *effects);

/* When OVERLAY_TICK is wanted at the latest, in ms. */
uint64_t overlay_due(const struct overlay *overlay);

/* The component's name, for hellos and beacons. */
const struct id *overlay_component(const struct overlay *overlay);

/* How many links both sides agreed on, as far as we know. */
size_t overlay_active(const struct overlay *overlay);

/* Whether this link is one of them. */
bool overlay_is_active(const struct overlay *overlay, uint32_t link);

/* What would become of a dial now. */
enum overlay_chance {
    OVERLAY_CHANCE_GOOD,
    OVERLAY_CHANCE_LINKED,   /* a link leads there already */
    OVERLAY_CHANCE_UNDERWAY, /* it is being dialled, or its hello is awaited */
    OVERLAY_CHANCE_CROWDED,  /* OVERLAY_PER_ADDRESS */
    OVERLAY_CHANCE_LATER,    /* OVERLAY_DIALS are under way */
    OVERLAY_CHANCE_NONE,     /* nobody can be there: a group, port 0 */
};
enum overlay_chance overlay_chance(const struct overlay *overlay,
                                   const struct overlay_address *address);

/* An identity, shortened for addresses and beacons. Never 0. */
uint32_t overlay_hint(const struct id *id);

static inline bool overlay_address_equal(const struct overlay_address *a,
                                         const struct overlay_address *b)
{
    return a->port == b->port && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}
