#pragma once
/* The node: one person's program without a face, a disk or a network.
 *
 * Events in, effects out, both plain data: node_handle takes one thing that happened, node_next
 * hands out what is to be done about it, in order. There is no I/O here, no clock and no chance but
 * what comes in, so the same events give the same effects, in the program and in the simulator.
 *
 * Who drives a node does every effect in order, and answers those that have a ticket with the
 * event named beside them. Invariants: nothing of ours is sent before it is stored (an EFFECT_SEND
 * that announces comes only after the EVENT_STORED); an ack never says more than was stored;
 * nothing is shown as somebody's that they did not sign; and all that others can make us keep ends
 * at a named bound. */
#include "core/command.h"
#include "core/order.h"
#include "core/overlay.h"
#include "core/people.h"
#include "core/roster.h"
#include "core/sealed.h"
#include "core/sync.h"

enum {
    NODE_LINKS = 256,             /* DESIGN.md: at most so many */
    NODE_HANDSHAKE_MS = 10000,    /* until hello was said both ways, or the link ends */
    NODE_PING_MS = 15000,         /* nothing heard for so long: ask */
    NODE_DEAD_MS = 45000,         /* nothing heard for so long: it is dead */
    NODE_ACK_MS = 2000,           /* at least between two acks of ours for one author, */
    NODE_ACK_HEAP_MS = 500,       /* and from the second on those for several go together */
    NODE_OPENS = 4,               /* EFFECT_OPEN under way: as many threads do it */
    NODE_VERIFIES = 2,            /* EFFECT_VERIFY under way: one works, one waits */
    NODE_FOUND = 50,              /* lines that /search shows, the newest ones: one screen */
    NODE_CONVERSATION_MAX = 1024, /* bytes of a conversation's name: 15 ids, and then some */
    NODE_GUESTS = 384, /* links of guests: more than net lets in, and 100 that we called */
};

struct node_now {
    uint64_t mono_ms; /* never goes back */
    uint64_t wall_ms; /* since 1970, at most ENTRY_NUMBER_MAX; may lie and jump */
};

/* ---- conversations ----
 *
 * A room goes by its name ("#lab"). A whisper goes by "@" and the ids (52 characters each) of
 * everyone in it but ourselves, in order and with a comma between them. What is said to a guest of
 * ours alone goes by "@", our id, "/", the dialect, "/" and the guest's name: it is not encrypted,
 * and kept by us alone. What belongs in none (profiles, whispers that are not for us) goes by "".
 */

/* ---- what the store keeps ---- */

/* What became of a whisper. */
enum node_sealed {
    NODE_PLAIN,    /* it is none */
    NODE_UNTRIED,  /* it was not tried yet: say so at the next start (EVENT_UNTRIED) */
    NODE_NOT_OURS, /* it is for others */
    NODE_OPENED,   /* it is for us, or by us */
    NODE_UNOPENED, /* it says it is for us, and lies */
};

/* A line that is nobody's entry: what we said to a guest of ours alone, and it to us. */
struct node_local {
    const char *conversation;
    struct order order;         /* key and seq; the author is us, of no epoch */
    uint32_t kind;              /* enum entry_kind */
    struct span guest, dialect; /* it spoke; empty: we did */
    struct span text;
    uint64_t wall;
    uint32_t of; /* 1: the guest says whether it got it.. */
    bool delivered;
};

/* A word of ours for a guest that answers each; kept until it did. */
struct node_owed {
    uint64_t id; /* rises */
    const char *conversation;
    struct order order;
    uint32_t kind; /* enum guest_tells */
    struct span text;
    uint64_t wall;
    const char *dialect;
    struct overlay_address address;
    bool delivered; /* of EFFECT_DROP_OWED */
};

/* An entry with all that is kept beside it, once with it: as it goes to the store (EFFECT_STORE),
 * and as it comes back in a page (EVENT_PAGE). */
struct node_record {
    struct entry *entry; /* NULL: of a page, and `local` is the line */
    uint64_t key;        /* order on the screen: (key, author, start, epoch, seq) */
    uint64_t start;      /* of its epoch; 0: not known */
    uint64_t received;   /* by our wall clock: unread counts and marks go by it */
    bool live;           /* it was just said, not caught up with */
    enum node_sealed sealed;
    const char *conversation;
    const struct whisper *whisper; /* of NODE_OPENED, else NULL */
    const struct node_local *local;
};

/* What is remembered of a log so that what arrives next finds its place on the screen. The store
 * keeps the one that came with the log's latest record. */
struct node_trail {
    uint64_t start;        /* of the epoch; 0: its opening was not stored */
    uint64_t gap;          /* the highest entry under a gap that was jumped over; 0: not known */
    uint64_t below;        /* keys: of that one; 0: none, */
    uint64_t first;        /* of the lowest one held above it; ORDER_OPEN: none, */
    uint64_t last;         /* and of the highest one */
    struct epoch_id named; /* by the opening, as the author's last epoch before, */
    uint64_t named_seq;    /* and how far that went; 0: none */
};

/* One log as the store knows it at the start. */
struct node_saved_log {
    struct id author;
    struct log log; /* its fork is on the heap; node_new TAKES it */
    struct node_trail trail;
};

/* What is kept of a person besides their entries. */
struct node_saved_person {
    struct person_saved person;
    bool away;
    struct span why;
    uint64_t profile; /* the key of the profile that this is from; 0: none */
};

/* What is kept of a conversation besides its lines. */
struct node_saved_room {
    const char *conversation;
    bool joined; /* rooms: we are in it */
    bool spoken; /* whispers: we wrote in it */
    uint32_t unread;
    uint32_t mentions; /* of those */
    bool marked;       /* `mark` is the first line that came unread */
    struct order mark;
    const char *topic;     /* rooms: "" for none */
    struct order topic_at; /* where it was said; seq 0: nowhere */
    uint64_t active;       /* when something last happened in it */
};

/* Somebody in a room. */
struct node_saved_member {
    const char *room;
    struct id who;
    bool in;
    struct order at; /* the join, leave or words that say so */
    uint64_t seen;   /* our wall clock */
};

struct node_saved_ack {
    struct ack ack;
    uint64_t at; /* our wall clock; after 7 days it may be forgotten */
};

/* Everything a node begins with; all zero for a first start. The texts are copied. */
struct node_saved {
    const char *name; /* our own as last set; NULL: never */
    bool away;
    const char *why;
    size_t log_count;
    struct node_saved_log *logs;
    size_t person_count;
    const struct node_saved_person *people;
    size_t room_count;
    const struct node_saved_room *rooms;
    size_t member_count;
    const struct node_saved_member *members;
    size_t ack_count;
    const struct node_saved_ack *acks;
    size_t owed_count;
    const struct node_owed *owed; /* in order */
};

struct node_config {
    const struct identity *identity; /* outlives the node */
    const struct codec *codec;
    const struct signer *signer;
    const struct sys *sys; /* randomness only; outlives the node */
    struct hash net;
    const struct mesh_key *key; /* of the mesh's secret: copied; NULL: it has none */
    const char *name;           /* what we are called as long as nobody chose a name */
    uint16_t port;              /* where we listen; 0: nowhere */
    uint32_t author_rate;       /* entries a second, 0: no limit */
    struct retention_settings retention;
    const struct command_names *names; /* outlives the node; NULL: English only */
    bool greet; /* say our name to the mesh at the first link, before anything else was said */
};

/* ---- events ---- */

/* Why a call led to nobody. What the network can tell comes with EVENT_DIAL_FAILED, and with an
 * EVENT_LINK_DOWN before hello; all from CALL_OTHER_MESH on the node finds out by itself. */
enum call_fault {
    CALL_UNKNOWN,
    CALL_NO_NAME,      /* the name leads nowhere */
    CALL_NAME_UNASKED, /* no name service says where it leads */
    CALL_REFUSED,      /* the host is there, and nobody listens */
    CALL_UNREACHABLE,  /* no way leads there */
    CALL_SILENT,       /* no answer at all */
    CALL_TROUBLE,      /* this machine cannot call now */
    CALL_MUTE,         /* it took the call and said nothing */
    CALL_STRANGE,      /* what it said is not what a peer says */
    CALL_TLS,          /* it speaks TLS, and no link came of it */
    CALL_HUNG_UP,      /* it took the call, and ended it without a word */
    CALL_OTHER_MESH,
    CALL_SECRET,     /* ended without a word where they should prove that they know the secret */
    CALL_NO_SECRET,  /* we have one, they have none */
    CALL_VERSION,    /* of the protocol */
    CALL_UNWELCOME,  /* they blocked us */
    CALL_FULL,       /* they have no room */
    CALL_LEAVING,    /* their program ends */
    CALL_OURSELVES,  /* it is this very program */
    CALL_BLOCKED,    /* we blocked them */
    CALL_NO_ROOM,    /* we have none */
    CALL_CROWDED,    /* OVERLAY_PER_ADDRESS links lead to that machine */
    CALL_IMPOSSIBLE, /* nobody can have that address */
    CALL_LINKED,     /* there is a link to them: no fault at all */
    CALL_REACHED,    /* nor is this: they answered */
    CALL_NO_GUESTS,  /* no peer is there, and guests are not let in here */
};

enum node_event_kind {
    /* The network. Numbers of links are not 0 and never used twice. */
    EVENT_LINK_UP, /* TLS is done: the peer holds the key of `up.peer` */
    EVENT_LINK_DOWN,
    EVENT_FRAME,       /* a whole one, decoded; a malformed one ends the link instead */
    EVENT_QUEUED,      /* what a link still has to write, whenever that shrank */
    EVENT_DIAL_FAILED, /* every EFFECT_DIAL ends in this or in EVENT_LINK_UP; and with a ticket,
                          of EFFECT_RESOLVE: there is no such host, or nobody answers at any
                          address of it, of which this is the first */
    EVENT_ADDRESS,     /* somebody may be there; with a ticket, of EFFECT_RESOLVE */
    /* Guests: `guest`. Their links have numbers of their own, not 0 and never used twice. */
    EVENT_GUEST_UP,      /* who they are, as far as is known; again whenever that changes */
    EVENT_GUEST_ASKS,    /* to be called `name`: EFFECT_GUEST_NAMED answers */
    EVENT_GUEST_SAID,    /* `text`, by `name` (empty: by itself), at `wall` (0: now) */
    EVENT_GUEST_PRIVATE, /* `text` for `name` alone */
    EVENT_GUEST_WHO,     /* who is there? EFFECT_GUEST_PEOPLE answers */
    EVENT_GUEST_RINGS,   /* it calls us */
    EVENT_GUEST_HERE,    /* `name` came or went, where it is: see `is` */
    EVENT_GUEST_TICK,    /* the word `id` was delivered, or not: see `is` */
    EVENT_GUEST_TROUBLE, /* see `trouble`, and `id`: how many */
    EVENT_GUEST_DOWN,    /* see `is`: it is called again by itself */
    /* The user. */
    EVENT_LINE, /* a line was typed, and Enter pressed */
    EVENT_OPEN, /* a conversation was brought to the screen: it counts as read while it is there */
    EVENT_SCROLL, /* the reader looks elsewhere in a conversation */
    EVENT_STOP,   /* the program is to end: as /exit */
    /* Answers, each with the ticket of its effect. */
    EVENT_CHECKED,      /* to EFFECT_CHECK */
    EVENT_STORED,       /* to EFFECT_STORE and EFFECT_STORE_FORK: durably, all of it */
    EVENT_STORE_FAILED, /* to the same: nothing of it */
    EVENT_READ,         /* to EFFECT_LOAD and EFFECT_LOAD_FORK */
    EVENT_HASHES,       /* to EFFECT_LOAD_HASHES */
    EVENT_TRIMMED,      /* to EFFECT_TRIM */
    EVENT_OPENED,       /* to EFFECT_OPEN */
    EVENT_VERIFIED,     /* to EFFECT_VERIFY */
    EVENT_PAGE,         /* to EFFECT_QUERY */
    /* The disk, of itself. */
    EVENT_UNTRIED,   /* at the start: whispers stored as NODE_UNTRIED */
    EVENT_DISK_BACK, /* there is room again */
    EVENT_NETWORK,   /* there is a way to others that was not there: who was not reached may be */
    EVENT_TIMER,     /* what EFFECT_TIMER asked for; any other moment is fine too */
};

/* What went wrong with a guest. */
enum guest_trouble {
    GUEST_TOO_LONG,  /* a message of theirs was cut */
    GUEST_TOO_FAST,  /* some of theirs were not listened to */
    GUEST_TOO_SLOW,  /* so many of ours did not fit into its queue */
    GUEST_NO_TEXT,   /* a stranger sent what is no text: `name` is an address */
    GUEST_NO_READER, /* nothing is read there */
};

/* Where the reader of a conversation looks, as far as the node has to know. */
enum node_scroll {
    NODE_SCROLL_ANCHOR, /* the lowest line looked at is this one */
    NODE_SCROLL_GO,     /* the reader wants to be where this one is, held or not */
    NODE_SCROLL_END,    /* at the end, and stays there */
    NODE_SCROLL_UP,     /* at the first line that is held, and wants more */
    NODE_SCROLL_DOWN,   /* at the last one */
};

struct node_event {
    enum node_event_kind kind;
    uint32_t link;
    uint64_t ticket;
    enum call_fault fault; /* of DIAL_FAILED and LINK_DOWN */
    /* Everything is borrowed for the call. */
    union {
        struct {
            struct id peer;
            bool dialled;                        /* by us */
            struct overlay_address address;      /* dialled: the one that was; else port 0 */
            uint8_t exported[MESH_EXPORT_BYTES]; /* by TLS, for this link alone */
        } up;
        const struct frame *frame;
        uint64_t queued;
        struct overlay_address dial_failed;
        struct {
            struct overlay_address address;
            enum found found;
            uint32_t hint; /* of a beacon, else 0 */
            bool has_component;
            struct id component;
        } address;
        struct {
            uint64_t number; /* whatever the front end calls it; comes back with what it brings */
            const char *conversation; /* where Enter goes */
            const char *bytes;        /* any bytes at all */
            size_t size;
        } line;
        const char *open; /* a conversation; "" or NULL: none is on the screen */
        struct {
            enum node_scroll how;
            const char *conversation;
            struct order at; /* of ANCHOR and GO */
        } scroll;
        struct run_verdict verdict;
        struct {
            struct entry *const *entries; /* in order of seq; a fork's two */
            size_t count;
        } read;
        struct {
            const struct frame_height *heights; /* those that are held, with their hashes */
            size_t count;
        } hashes;
        struct {
            struct id author;
            struct epoch_id epoch;
            uint64_t lowest;       /* what is stored now begins there */
            uint64_t lowest_hlc;   /* of the oldest that may still go */
            uint32_t entries_left; /* of what is stored, all of it counted */
            uint64_t bytes_left;
            bool whole;
        } trimmed;
        struct {
            enum open_fault fault;
            struct whisper *whisper; /* of OPEN_FINE; TAKEN */
        } opened;
        const bool *held; /* of EVENT_STORED, for each record: it was stored before; NULL: none */
        const bool *verified; /* for each ack of the effect: its signature holds */
        struct {
            const struct node_record *records; /* in order of the screen */
            size_t count;
            bool more; /* there is more in that direction */
            bool failed;
        } page;
        struct {
            struct entry *const *entries;
            size_t count;
        } untried;
        struct {
            /* Of EVENT_GUEST_UP: */
            const char *dialect; /* "": it hears, and is nobody yet */
            uint32_t same_as;    /* another link of this guest; 0: there is none */
            struct overlay_address address;
            bool called;  /* by us.. */
            bool asked;   /* ..and by EFFECT_DIAL, of this address */
            bool spreads; /* it tells others what it is told */
            bool quiet;   /* it comes and goes with every word: nobody is told */
            bool ticks;   /* it says of each word whether it came */
            /* And of all: */
            struct span name; /* of UP: its own, or its address */
            struct span text;
            uint64_t wall;
            uint64_t id;
            bool is;
            enum guest_trouble trouble;
        } guest;
    };
};

/* ---- effects ---- */

enum node_effect_kind {
    /* The network. */
    EFFECT_SEND,         /* `frame` on `link` */
    EFFECT_CLOSE,        /* after everything sent before; no EVENT_LINK_DOWN needs to follow */
    EFFECT_DIAL,         /* a peer, or a guest, at `dial` */
    EFFECT_RESOLVE,      /* `resolve`, by its ticket: where the host answers by EVENT_ADDRESS
                            (FOUND_ASKED), or EVENT_DIAL_FAILED; the address all zero where there is
                            no such host */
    EFFECT_GUEST_NAMED,  /* `guest`: its name from now on; empty: another has it, or none may */
    EFFECT_GUEST_PEOPLE, /* `people`, for who asked */
    EFFECT_GUEST_WORD,   /* `guest`, as it is told */
    EFFECT_GUEST_RETRY,  /* what was not delivered goes once more, and who is not there is called */
    EFFECT_GUEST_HANG_UP, /* EVENT_GUEST_DOWN follows */
    /* Jobs for any thread, by their ticket. */
    EFFECT_CHECK,  /* run_check of `sync` */
    EFFECT_OPEN,   /* whisper_open of `open` */
    EFFECT_VERIFY, /* ack_verify of `acks` */
    /* The store. */
    EFFECT_STORE,      /* `store`: one commit, all or nothing */
    EFFECT_STORE_FORK, /* `sync`: two entries, in place of an older proof of that epoch */
    EFFECT_LOAD,       /* `sync`: sync.h says what each of these four asks for */
    EFFECT_LOAD_FORK,
    EFFECT_LOAD_HASHES,
    EFFECT_TRIM,
    EFFECT_QUERY,        /* `query` */
    EFFECT_STORE_OPENED, /* `opened`: what became of a whisper that was stored as NODE_UNTRIED */
    EFFECT_STORE_ACKS,   /* `acks`: in place of older ones of (acker, author, epoch); no answer, */
    EFFECT_STORE_PERSON, /* as for `person`: all that is kept of them, */
    EFFECT_STORE_ROOM,   /* `room`, */
    EFFECT_STORE_MEMBER, /* `member`, */
    EFFECT_STORE_SELF,   /* `self`, */
    EFFECT_STORE_LOCAL,  /* `local`: and what is older than `since` is not kept any longer, */
    EFFECT_STORE_OWED,   /* and `owed` */
    EFFECT_DROP_OWED,    /* `owed`: it was answered, or is not to be said any more */
    EFFECT_TIMER, /* `timer`: when EVENT_TIMER is wanted, on the mono clock; replaces the last one
                   */
    /* The front end. */
    EFFECT_SHOWN,   /* `shown`: a line of some conversation, each once in a run of the program */
    EFFECT_RECEIPT, /* `receipt`: more people have a line of ours */
    EFFECT_PEER,    /* `peer`: a link came or went, or something about them changed */
    EFFECT_SAY,     /* `say`: something to tell the user, notice or error */
    EFFECT_BACK,    /* `back`: words that could not be kept: put them back into the input line */
    EFFECT_ANSWER,  /* `answer`: to /peers, /rooms, /search, /info, /who-got */
    EFFECT_COMMAND, /* `command`: not the node's to do */
    EFFECT_GO,      /* `go`: show this conversation (of /whisper who, /join) */
    EFFECT_BELL,
    EFFECT_LEAVE, /* everybody was told: end when all is sent */
};

/* One line, as tertuliad's `message` has it. Texts are as they came: hostile. */
struct node_line {
    struct order order; /* which entry it is, and its place */
    const char *conversation;
    uint32_t kind; /* an entry_kind, of a whisper the one inside */
    bool whisper;
    bool readable;     /* else a placeholder: an unknown kind, or a body that is none */
    const char *name;  /* the author's, by roster_label */
    struct span guest; /* on whose behalf; empty: the author's own words */
    struct span dialect;
    struct span text;  /* what was said, the topic, the new name, why they left or are away */
    uint64_t time;     /* the sender's own clock */
    uint64_t received; /* ours */
    bool own;
    bool live;
    bool late;    /* it took long to come, although we were there */
    bool missed;  /* it was said before we were there */
    bool mention; /* of us, or a whisper to us */
    bool again;   /* lost words said again: those of `again_of` */
    struct body_again again_of;
    bool away;       /* of a profile */
    int64_t skew_ms; /* how far their clock is off ours; 0: not worth a word */
};

struct node_receipt {
    struct entry_ref ref; /* a line of ours */
    const char *conversation;
    size_t count;
    const struct id *stored_by;
    size_t of;         /* how many are expected to store it */
    const char *guest; /* of a guest instead: who has.. */
    bool delivered;    /* ..or has not got it */
};

/* What happens in the mesh, as a guest is told. */
enum guest_tells {
    GUEST_TELLS_SAY,
    GUEST_TELLS_ACT,
    GUEST_TELLS_PRIVATE, /* for this guest alone */
    GUEST_TELLS_JOINED,  /* `who` came.. */
    GUEST_TELLS_LEFT,    /* ..and went */
    GUEST_TELLS_NOTICE,  /* the program itself says `text` */
    GUEST_TELLS_RING,    /* `who` calls it */
};

struct node_guest_word {
    enum guest_tells kind;
    struct span who; /* how the speaker is called */
    struct span text;
    bool own;         /* our user speaks */
    bool hosted;      /* a guest speaks, of ours or of another host, */
    struct span name; /* whose own name is this; of NAMED: the guest's */
    uint64_t wall;    /* by the speaker's clock */
    uint64_t id;      /* for EVENT_GUEST_TICK; 0: it does not matter */
};

enum node_peer_state { NODE_PEER_UP, NODE_PEER_DOWN, NODE_PEER_CHANGED };

struct node_peer {
    enum node_peer_state state; /* UP: the first link to them; DOWN: the last one went */
    struct id id;               /* a guest's: its host's */
    const char *name;
    const char *guest; /* the dialect; NULL: a peer */
    const char *host;  /* in answers, a guest's: what its host is called; else NULL */
    enum presence presence;
    enum trust trust;
    enum found found;
    struct overlay_address address; /* port 0: not known */
    uint64_t rtt_us;                /* 0: not known */
    uint64_t seen;                  /* our wall clock; 0: never */
    const char *why;                /* they are away; "" without a word */
    bool self, away, ignored;
};

struct node_room {
    const char *conversation;
    bool joined;
    size_t members; /* seen in the last 7 days, ourselves included */
    uint32_t unread;
    const char *topic;
};

/* What a command's line asked for. Of these only what belongs to the command is there. */
struct node_answer {
    enum command_id command;
    size_t count;
    const struct node_peer *peers; /* /peers, /info */
    const struct node_room *rooms;
    const struct node_line *lines; /* /search, newest last */
    struct entry_ref ref;          /* /who-got: the line that is meant; seq 0: there is none */
    const struct id *people;       /* of it: who is expected, */
    const char *const *labels;     /* how they are called, */
    const bool *stored;            /* and who has it */
    char verify[VERIFY_TEXT];      /* /info, /verify: to be compared aloud */
};

enum query_kind {
    QUERY_UP,     /* the lines right before `at`, or the last ones where at.key is UINT64_MAX */
    QUERY_DOWN,   /* the lines right after `at` */
    QUERY_AROUND, /* the line `at`, and half of `count` on each side */
    QUERY_SEARCH, /* `words` in all history, the newest `count` */
};

struct node_query {
    enum query_kind kind;
    const char *conversation; /* "" in QUERY_SEARCH: everywhere */
    struct order at;
    size_t count;
    struct span words;
};

struct node_effect {
    struct node_effect *prev, *next;
    enum node_effect_kind kind;
    uint32_t link;
    uint64_t ticket;
    uint64_t line; /* the line that brought it about; 0: none */
    /* What the pointers lead to lives as long as the effect. */
    union {
        const struct frame *frame;
        enum disconnect_reason close;
        struct {
            struct overlay_address address;
            bool asked; /* by the user, now or ever */
            /* By the user now, in so many words; "": where no peer answers, a guest of any dialect
             * may. NULL: nobody but a peer is wanted. */
            const char *dialect;
        } dial;
        struct {
            const char *host;
            uint16_t port;
        } resolve;
        const struct sync_effect *sync;
        struct entry *open;
        struct {
            size_t count;
            const struct ack *acks;
        } acks;
        struct {
            bool own; /* commit it with synchronous=FULL: it is announced when you answer */
            size_t count;
            const struct node_record *records;
            const uint8_t *places;           /* an enum sync_place for each */
            const struct node_trail *trails; /* for each: its log's, after this commit */
        } store;
        struct node_query query;
        struct {
            struct entry_ref ref;
            enum node_sealed sealed;
            const char *conversation;
            const struct whisper *whisper;
        } opened;
        struct node_saved_person person;
        struct node_saved_room room;
        struct node_saved_member member;
        struct {
            const char *name;
            bool away;
            const char *why;
        } self;
        struct {
            struct node_local line;
            uint64_t since; /* key */
        } local;
        struct node_owed owed;
        uint64_t timer; /* UINT64_MAX: none */
        struct node_line shown;
        struct node_receipt receipt;
        struct node_peer peer;
        struct node_guest_word guest;
        struct {
            size_t count;
            const struct span *names;
        } people;
        struct {
            bool error; /* else a notice */
            struct message message;
        } say;
        struct {
            const char *conversation;
            const char *text; /* as it was typed */
        } back;
        struct node_answer answer;
        const struct command *command;
        const char *go;
    };
    /* The node's own: what the effect keeps alive. */
    struct sync_effect *held;
    void *owned;
};

/* ---- the node ---- */

struct node;
struct model; /* core/model.h */
struct rooms; /* core/room.h */

/* `saved` may be NULL. Effects may wait already: the timer, and dials to where people in `saved`
 * were reached before. Dies where `saved` cannot be. */
struct node *node_new(const struct node_config *config, const struct node_saved *saved,
                      struct node_now now);
void node_free(struct node *node);

/* One thing that happened. Then take the effects. */
void node_handle(struct node *node, struct node_now now, const struct node_event *event);
/* The next thing to do, in order, or NULL. The caller frees it when it is done. */
struct node_effect *node_next(struct node *node) __attribute__((warn_unused_result));
void node_effect_free(struct node_effect *effect);

/* ---- to be read between events ---- */

/* What there is to see, brought up to date; it stays until the next event. Who drives the node adds
 * what only it knows (core/model_make.h: scans, their finds, other progress, its own status). */
struct model *node_model(struct node *node);
/* The model was drawn as it is. */
void node_drawn(struct node *node);
const struct roster *node_roster(const struct node *node);
const struct rooms *node_rooms(const struct node *node);
const struct logs *node_logs(const struct node *node);
const struct overlay *node_overlay(const struct node *node);
const struct sync *node_sync(const struct node *node);
const char *node_name(const struct node *node);
/* Random at each start: for beacons and hellos. */
const uint8_t *node_instance(const struct node *node);
/* How often somebody who speaks another version of the protocol was turned away. */
uint32_t node_clashes(const struct node *node);
