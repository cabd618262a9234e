#pragma once
/* What the files of core/node share; nobody else includes it.
 *
 * The way of an entry: node_log.c takes what core/sync says, node_trail.c gives it its place,
 * node_show.c what is seen of it, node_ack.c tells its author that it is stored. Our own begin in
 * node_talk.c. Links live in node_link.c; one that ends is only marked, and freed when the event is
 * over, so that nothing is freed while it is in use. */
#include "core/ack.h"
#include "core/beat.h"
#include "core/mention.h"
#include "core/model_make.h"
#include "core/node.h"
#include "core/receipt.h"
#include "core/room.h"

#include <stdlib.h>
#include <utlist.h>

enum {
    NODE_CALLS = 64,          /* of the user's under way: as many as a command line can name */
    NODE_HEARD = 64,          /* addresses whose source is remembered for who answers there */
    NODE_PENDING = 65536,     /* entries proved and not stored yet whose place is remembered */
    NODE_WAITING = 256,       /* own words on their way to the disk: more than anybody types */
    NODE_SPOKEN = 1024,       /* own lines whose receipts are told one by one */
    NODE_SEEN = 512,          /* lines shown lately, to know lost words that are said again */
    NODE_OPENING = 4096,      /* whispers that wait to be tried: more are tried at the next start */
    NODE_ACKS = 8192,         /* acks being checked or passed on: some 3 MB */
    NODE_FORWARD_MS = 1000,   /* about, until acks are passed on in heaps: nobody waits for them */
    NODE_RECEIPT_MS = 500,    /* at least between two words on the receipts of our lines */
    NODE_KEEP_MS = 5000,      /* unread counts are written no more often than that */
    NODE_EXPIRE_MS = 3600000, /* receipts are looked at for what is too old */
    NODE_EPOCH_MS = 10000,    /* DESIGN.md: at least between two epochs of ours */
    NODE_ADMITTED = 4,        /* authors admitted for being linked, of one address */
    NODE_BEATS = 8,           /* of one link in a cycle, whose signature is looked at */
    NODE_BELL_MS = 1000,
    NODE_SELDOM_MS = 10000,
    NODE_HOUR_MS = 3600000,
};

enum link_state {
    LINK_PROOF, /* of the mesh's secret: nothing else is taken */
    LINK_HELLO,
    LINK_READY,
    LINK_DEAD, /* freed at the end of the event */
};

struct node_link {
    uint32_t number;
    uint16_t slot;
    enum link_state state;
    bool dialled;
    bool known;  /* the overlay, sync and the roster have it */
    bool spared; /* given up, not lost: they are still there */
    enum found found;
    enum call_fault fault; /* why it ended before hello, where that is known */
    struct id peer;
    struct id mesh_id; /* as the overlay knows it */
    uint8_t instance[INSTANCE_BYTES];
    struct overlay_address address;
    uint8_t exported[MESH_EXPORT_BYTES];
    uint64_t since;
    uint64_t heard;
    uint64_t pinged; /* 0: nothing is asked */
    uint64_t ping;
    uint64_t queued; /* bytes of acks since it last wrote something */
    uint64_t asked;  /* for the acks of theirs; 0: never */
    uint64_t beats_at;
    uint32_t beats;
};

/* A call that the user asked for, until somebody was reached or it failed: both are its end. */
struct call {
    struct call *prev, *next;
    char *where;         /* as it was typed */
    const char *dialect; /* "": of anybody; NULL: of peers alone */
    uint64_t line;
    uint64_t ticket;                /* its host is being looked for; 0: no longer */
    struct overlay_address address; /* where it is tried */
    uint64_t since;
};

/* The place of an author's log, shortened; `more` only where the log itself does not say it, or
 * something of it is on its way to the disk. */
struct trail {
    uint64_t tag;
    uint64_t start;
    struct trail_more {
        struct node_trail trail;
        uint64_t top; /* the highest and the lowest seq that got a key */
        uint64_t bottom;
        bool lost; /* the disk failed: what got keys may come again between others */
        struct trail_apart {
            uint64_t low, high; /* seq; 0: there is none */
            uint64_t first, last;
        } apart; /* what got keys above a gap, and does not begin the log anew yet */
    } * more;
};

struct trail_bucket {
    struct trail *trails; /* in order of tag */
    uint32_t count;
    uint32_t room;
};

/* An entry that is proved and not stored. */
struct pending {
    UT_hash_handle hh;
    struct entry_ref ref;
    uint64_t key;
    uint64_t below; /* the key of the entry before it */
    uint64_t received;
    bool live;
    bool shown;
    bool apart; /* there was a gap below */
};

/* A commit under way. `records` hold their entries, and nothing else. */
struct commit {
    struct commit *prev, *next;
    uint64_t ticket;
    size_t sync_count; /* own words: of one store, several of sync's */
    uint64_t *sync_tickets;
    bool own;
    size_t count;
    struct node_record *records;
    uint8_t *places;
    struct trail_more *before; /* of each that begins its log anew; NULL: none does */
};

/* Own words, until they are stored. */
struct word {
    struct word *prev, *next;
    enum entry_kind kind;
    bool sealed;
    char *room;       /* the conversation it goes to; "" for none */
    struct span text; /* of a profile, the status */
    char *name;       /* of a profile */
    struct body_again again;
    bool away;
    size_t reader_count;
    struct id *readers;
    char *guest; /* who says it, if not we: a guest of ours, .. */
    char dialect[DIALECT_NAME_MAX + 1];
    uint64_t wall; /* ..at that time of its own; 0: now */
    uint32_t from; /* the guest's link */
    uint64_t line;
    char *back; /* as it was typed; NULL: nobody typed it */
    char *back_to;
    struct entry *entry; /* once it has its place */
    struct whisper *whisper;
};

/* An own line that others may still be told to have stored. */
struct spoken {
    struct entry_ref ref;
    struct hash hash;
    char *conversation;
    char *text; /* to be said again, should a fork take it */
    enum entry_kind kind;
    bool due; /* its receipts changed */
};

struct ack_key {
    struct id acker;
    struct id author;
    struct epoch_id epoch;
    uint64_t high;
};

/* An ack from the first link that brought it to the last one that it is sent to. */
struct ack_way {
    UT_hash_handle hh;
    struct ack_key key;
    struct ack ack;
    uint64_t have[NODE_LINKS / 64]; /* links that brought it */
    struct ack_way *prev, *next;    /* of those that wait to be checked */
    bool good;                      /* it waits to be passed on */
};

/* Signatures being checked. */
struct ack_job {
    struct ack_job *prev, *next;
    uint64_t ticket;
    size_t count;
    struct ack_way *ways[ACKS_MAX];
};

/* What we owe an author. */
struct ack_log {
    struct epoch_id epoch;
    uint64_t low;
    uint64_t high;
    struct hash head;
};

struct ack_due {
    UT_hash_handle hh;
    struct ack_due *prev, *next; /* in order of `at` */
    struct id author;
    uint64_t at;
    uint32_t count;
    struct ack_log *logs;
};

/* A whisper to be tried, or that is being tried. */
struct opening {
    struct opening *prev, *next;
    uint64_t ticket; /* 0: it waits */
    struct entry *entry;
    uint64_t key;
    uint64_t received;
    bool live;
    bool show;
};

/* What a QUERY was for. */
struct asking {
    struct asking *prev, *next;
    uint64_t ticket;
    uint64_t line; /* of /search */
    struct node_query query;
    char *conversation;
};

struct node {
    struct node_config config;
    struct command_names *names; /* ours, where the config has none */
    struct mesh_key key;
    struct node_now now;
    uint64_t began;      /* by the wall clock */
    uint64_t met;        /* mono: when somebody was linked first; UINT64_MAX: nobody was */
    uint64_t line;       /* the line at hand; 0: none */
    const char *line_to; /* where its Enter goes */
    const char *line_bytes;
    size_t line_size;
    struct node_effect *effects;
    uint64_t tickets;
    uint64_t timer;
    uint8_t instance[INSTANCE_BYTES];
    bool leaving; /* nothing more is said; what was said is stored and sent first */
    bool left;    /* everyone was told */

    struct logs *logs;
    struct sync *sync;
    struct overlay overlay;
    struct roster *roster;
    struct rooms *rooms;
    struct receipts *receipts;
    struct model model;

    struct node_link **links;
    size_t link_count;
    size_t link_room;
    size_t ready_count;
    bool link_died;
    struct {
        struct overlay_address address;
        uint8_t found;
    } heard[NODE_HEARD];
    size_t heard_next;
    struct call *calls;
    size_t call_count;

    /* ourselves */
    char *name;
    char *why;
    bool away;
    bool greeted; /* the mesh was told our name as it is */
    struct mention mention;
    struct hlc hlc;
    bool open; /* an epoch of ours runs */
    uint64_t opened_at;
    bool opened_ever;
    struct entry_tip tip;   /* of it */
    uint64_t own_start;     /* when it began */
    struct entry_tip named; /* what its opening names */
    struct word *waiting;
    struct word *storing; /* have their place, and are on their way to the disk */
    size_t waiting_count;
    struct commit *own_commit; /* being filled */
    bool halted;               /* the disk is full */
    bool told_halted;
    struct spoken *spoken; /* a ring */
    size_t spoken_count;
    size_t spoken_next;
    bool spoken_due;
    uint64_t receipt_at; /* not before */

    /* entries */
    uint64_t trail_key[2];
    struct trail_bucket trails[256];
    struct pending *pending;
    struct commit *commits;
    struct opening *openings;
    size_t opening_count;
    size_t opening_jobs;
    struct id opened_last; /* whose whisper was tried last */
    struct {
        uint64_t tag;
        uint64_t text;
    } * seen; /* a ring, made when there is something in it */
    size_t seen_next;

    /* acks */
    struct ack_due *due, *due_first;
    struct ack_way *ways;
    struct ack_way *unchecked; /* of them, in order of arrival */
    struct ack_job *ack_jobs;
    size_t verifying;
    uint64_t forward_at; /* 0: nothing waits */
    uint64_t expire_at;

    /* people and rooms */
    uint64_t *profiles; /* by the person's number: the key of the profile its name is from */
    size_t profile_room;
    struct room *shown; /* the conversation on the screen */
    bool rooms_changed;
    char **changed; /* conversations to be written */
    size_t changed_count;
    uint64_t keep_at; /* 0: nothing is to be written */
    uint64_t bell_at;
    uint32_t clashes; /* hellos of another version */
    uint64_t seldom_at;
    struct asking *asking;
    struct guest_book *guests; /* NULL: there was never one */
    uint64_t catching_up; /* entries that were missing at the most; 0: the progress is not ours */
};

/* ---- node.c: effects ---- */

/* Appends one; the rest is the caller's to fill. */
struct node_effect *node_effect(struct node *node, enum node_effect_kind kind);
/* Memory that lives as long as the effect, all zero; and copies in it, of texts with a zero. */
void *node_effect_room(struct node_effect *effect, size_t count, size_t size);
const char *node_effect_text(struct node_effect *effect, const char *text);
struct span node_effect_span(struct node_effect *effect, struct span span);
uint64_t node_ticket(struct node *node);
void node_error(struct node *node, const struct message *message);
void node_notice(struct node *node, const struct message *message);
/* For what strangers can bring about: at most one of them in NODE_SELDOM_MS. */
void node_notice_seldom(struct node *node, const struct message *message);
/* Hands an event to sync, and what comes of it to node_log.c. */
void node_sync_event(struct node *node, const struct sync_event *event);
struct sync_now node_sync_now(const struct node *node);
uint64_t node_hash(const struct node *node, const void *bytes, size_t size);

/* ---- node_link.c ---- */

struct node_link *node_link(const struct node *node, uint32_t number);
void node_link_up(struct node *node, const struct node_event *event);
/* `fault`: as far as the network can tell. */
void node_link_down(struct node *node, struct node_link *link, enum call_fault fault);
void node_frame(struct node *node, struct node_link *link, const struct frame *frame);
void node_send(struct node *node, const struct node_link *link, const struct frame *frame);
/* Says why where the other side may hear it. */
void node_link_close(struct node *node, struct node_link *link, enum disconnect_reason reason,
                     bool tell);
void node_links_tick(struct node *node);
uint64_t node_links_due(const struct node *node);
/* Frees those that ended in this event. */
void node_links_sweep(struct node *node);

/* ---- node_command.c: calls that the user asked for ---- */

/* EVENT_ADDRESS with a ticket, and EVENT_DIAL_FAILED. */
void node_call_found(struct node *node, uint64_t ticket, const struct overlay_address *address);
void node_dial_failed(struct node *node, const struct node_event *event);
/* A link that we dialled ended before hello, or there never was one. */
void node_call_failed(struct node *node, const struct overlay_address *address,
                      enum call_fault fault);
/* Whether a user waits for what becomes of this address. */
bool node_call_waits(const struct node *node, const struct overlay_address *address);
/* What a user who waits for it wants to find there; NULL: a peer, or nobody waits. */
const char *node_call_dialect(const struct node *node, const struct overlay_address *address);
/* A guest is there. */
void node_call_answered(struct node *node, const struct overlay_address *address);
/* It led to somebody, or to somebody to whom there is another link. */
void node_call_reached(struct node *node, const struct node_link *link);
void node_call_doubled(struct node *node, const struct node_link *link);
/* A dial ended, so there may be room for one that waits. */
void node_calls_go_on(struct node *node);
void node_calls_free(struct node *node);

/* ---- node_mesh.c: the overlay ---- */

void node_mesh_event(struct node *node, const struct overlay_event *event);
void node_mesh_up(struct node *node, struct node_link *link, const struct frame_hello *hello);
void node_mesh_message(struct node *node, struct node_link *link,
                       const struct overlay_message *message);
void node_address(struct node *node, const struct overlay_address *address, enum found found,
                  uint32_t hint, const struct id *component);
enum found node_found(const struct node *node, const struct overlay_address *address);

/* ---- node_trail.c ---- */

struct node_trail node_trail_get(const struct node *node, const struct id *author,
                                 const struct epoch_id *epoch);
/* As the store says it. */
void node_trail_restore(struct node *node, const struct id *author, const struct epoch_id *epoch,
                        const struct node_trail *trail);
/* Forgets what the log says by itself. */
void node_trail_tidy(struct node *node, const struct id *author, const struct epoch_id *epoch);
void node_trail_drop(struct node *node, const struct id *author, const struct epoch_id *epoch);
void node_trails_free(struct node *node);
/* Gives an entry that arrived its key: above all of its log, above a gap, or `below`; the trail
 * moves. */
void node_trail_key(struct node *node, const struct entry *entry, bool below, struct pending *into);
/* The entry begins its log anew, after a gap; and it does not after all. */
void node_trail_jump(struct node *node, const struct pending *pending, struct trail_more *before);
void node_trail_back(struct node *node, const struct entry *entry, const struct trail_more *before);
/* The entry, `apart` or below all, takes its place in the log after all. */
void node_trail_join(struct node *node, struct pending *pending);

/* ---- node_log.c ---- */

/* Does what sync has to say, until it has nothing more. */
void node_log_drain(struct node *node);
void node_stored(struct node *node, const struct node_event *event);
void node_commit_free(struct commit *commit);
void node_pending_free(struct node *node);

/* ---- node_open.c: whispers ---- */

void node_open_queue(struct node *node, const struct node_record *record, bool show);
void node_opened(struct node *node, uint64_t ticket, enum open_fault fault,
                 struct whisper *whisper);
void node_opens_free(struct node *node);

/* ---- node_show.c ---- */

/* A line, with what it points to. */
struct shown {
    struct node_line line;
    struct body *body;
    const struct node_local *local; /* or NULL */
    char label[LABEL_BYTES];
    char conversation[CONVERSATION_BYTES];
};

/* The conversation of an entry that is no whisper; false, and "", where it has none. */
bool node_conversation(const struct entry *entry, char into[CONVERSATION_BYTES]);
/* That of a whisper. NULL where it cannot be. */
struct room *node_whisper_room(struct node *node, const struct id *author,
                               const struct whisper *whisper);
/* False where there is nothing to see of it. */
bool node_line_make(struct node *node, const struct node_record *record, struct shown *into);
/* The same of a line that is nobody's entry. */
void node_line_local(struct node *node, const struct node_local *local, struct shown *into);
void node_line_done(struct shown *shown);
/* Copies all that the line points to into what the effect keeps. */
void node_line_keep(struct node_effect *effect, struct node_line *line);
/* What an entry says to us is so from now on; what can be read of it at once is shown. */
void node_learn(struct node *node, const struct node_record *record);
/* A line to the front end and to the model. */
void node_show(struct node *node, const struct node_record *record);
void node_line_show(struct node *node, const struct shown *shown);
/* The same line for the model alone. */
void node_post_make(const struct node *node, const struct shown *shown, struct post_spec *into);

/* ---- node_talk.c ---- */

/* A new word with copies of its texts, to be filled and then said. */
struct word *node_word(struct node *node, enum entry_kind kind, const char *conversation,
                       struct span text);
/* TAKES word. It is stored as soon as it can be; false where it is given back at once. */
bool node_talk(struct node *node, struct word *word);
/* Our name and status as they are now. */
void node_talk_profile(struct node *node);
/* Gives what waits its place in the log, if it can; true where it did. */
bool node_talk_pump(struct node *node);
uint64_t node_talk_due(const struct node *node);
/* The word that this entry of ours was made of; NULL: it is not on its way. */
struct word *node_word_of(const struct node *node, const struct entry *entry);
void node_words_stored(struct node *node, const struct commit *commit);
void node_words_lost(struct node *node, const struct commit *commit);
/* A fork took what was said from `seq` on. */
void node_words_again(struct node *node, const struct epoch_id *epoch, uint64_t seq);
void node_word_free(struct word *word);
void node_talk_free(struct node *node);

/* ---- node_ack.c ---- */

void node_ack_kept(struct node *node, const struct sync_effect *kept);
/* At the start: what was stored and never acknowledged. */
void node_ack_start(struct node *node);
void node_acks(struct node *node, struct node_link *link, const struct frame_acks *acks);
void node_acks_link_gone(struct node *node, const struct node_link *link);
void node_acks_wanted(struct node *node, struct node_link *link);
void node_verified(struct node *node, uint64_t ticket, const bool *verified);
void node_acks_tick(struct node *node);
uint64_t node_acks_due(const struct node *node);
void node_acks_free(struct node *node);
/* A line of ours is stored; a receipt for some came. */
void node_spoken_add(struct node *node, const struct entry *entry, const struct word *word);

/* ---- node_guest.c ---- */

/* Every EVENT_GUEST_... */
void node_guest(struct node *node, const struct node_event *event);
/* A line is shown, or a peer comes or goes: guests are told. */
void node_guest_hear(struct node *node, const struct node_line *line);
void node_guest_presence(struct node *node, const struct person *person, bool came);
/* What is stored now is what this link said; 0: nobody's. */
void node_guest_from(struct node *node, uint32_t number);
/* Whether that link is still there, and brings words of this guest. */
bool node_guest_speaks(const struct node *node, struct span name, struct span dialect);
/* To a guest of ours alone; the user is told where that cannot be. `text` NULL: shows that
 * conversation. */
void node_guest_whisper(struct node *node, const struct person *person, const char *text);
void node_guest_whisper_in(struct node *node, const struct room *room, const char *text);
void node_guest_call(struct node *node, const struct person *person);
/* NULL: on all guests. False where there is nobody to hang up on, or to call no more. */
bool node_guest_hang_up(struct node *node, const struct person *person);
/* False where there is none that can be called again. */
bool node_guest_retry(struct node *node, const struct person *person);
void node_guest_invite(struct node *node, const struct person *person, const struct room *room);
void node_guests_free(struct node *node);
/* Words that an earlier run could not tell; whom they are for is called. */
void node_guests_restore(struct node *node, const struct node_saved *saved);
/* node_echo.c: whether this line of a guest came through another host already. */
bool node_guest_again(struct node *node, const struct node_line *line);
uint64_t node_guests_due(const struct node *node);
void node_guests_tick(struct node *node);

/* ---- node_people.c ---- */

/* Known from now on; NULL where there is no room. */
struct person *node_person(struct node *node, const struct id *id, bool direct);
void node_person_keep(struct node *node, const struct person *person);
/* Our own name and status. */
void node_self_keep(struct node *node);
/* Trust may have changed. */
void node_person_vouch(struct node *node, const struct person *person);
void node_person_tell(struct node *node, const struct person *person, enum node_peer_state state);
/* A dial to this address was in vain, or it led to `instead`, whoever it was of before. */
void node_person_unreached(struct node *node, const struct overlay_address *address,
                           const struct person *instead);
void node_person_name(struct node *node, struct person *person, struct span name);
void node_person_profile(struct node *node, const struct entry *entry, uint64_t key,
                         const struct body_profile *profile);
void node_peer_fill(const struct node *node, const struct person *person, struct node_peer *into);
/* Somebody said something, `live` or some time ago. */
void node_person_sign(struct node *node, const struct id *id, uint64_t hlc, bool live);
void node_room_changed(struct node *node, const struct room *room);
void node_rooms_keep(struct node *node);
void node_members_learn(struct node *node, struct room *room, const struct id *who, bool in,
                        const struct order *at);
void node_restore(struct node *node, const struct node_saved *saved);
/* Where people were reached before, they may be again. */
void node_dial_known(struct node *node, const struct node_saved *saved);
void node_bell(struct node *node);

/* ---- node_command.c, node_trust.c, node_answer.c, node_view.c ---- */

/* An error for the line at hand; `argument` may be NULL. */
void node_refuse(struct node *node, const char *code, const char *sentence, const char *argument);
void node_say(struct node *node, struct room *room, enum entry_kind kind, struct span text);
/* What is typed from now on goes there. */
void node_go(struct node *node, const struct room *room);
/* Does a command; false where it is not the node's after all. */
typedef bool node_command(struct node *node, const struct command *command);
bool node_command_people(struct node *node, const struct command *command);

void node_line(struct node *node, const struct node_event *event);
void node_leave(struct node *node);
/* Hangs up on everyone when no own words are on their way any more. */
void node_leave_if_done(struct node *node);
void node_answer_peers(struct node *node);
void node_answer_rooms(struct node *node);
void node_answer_info(struct node *node, const struct person *person, enum command_id command);
void node_answer_got(struct node *node, const struct room *room);
void node_search(struct node *node, const char *words);
void node_page(struct node *node, const struct node_event *event);
void node_open(struct node *node, const char *conversation);
void node_scroll(struct node *node, const struct node_event *event);
void node_view_free(struct node *node);
