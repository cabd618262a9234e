#pragma once
/* The store: all that survives the program, in one SQLite file.
 *
 * Synchronous, without threads or locks of its own: a connection belongs to one thread at a time,
 * and calls on it never overlap. `struct store` writes, each `struct store_reader` only reads, and
 * readers never wait for the writer. Invariants: what store_write called done is on the disk (own
 * words, entries of others and forks past a power cut); what failed left nothing at all, not even
 * half of a batch; no log ever has a gap below its frontier; and no file that is not ours is ever
 * written to.
 *
 * Entries are counted without locks: here their bytes are read only. The app drops what it gave and
 * what it got on the loop's thread. */
#include "core/message.h"
#include "core/node.h"

enum {
    STORE_TYPED = 1000,             /* lines of input that are remembered */
    STORE_KEY_MAX = 1024,           /* bytes of a setting's name, or of a draft's conversation */
    STORE_VALUE_MAX = 64 * 1024,    /* bytes of a value: a draft as long as sixteen messages */
    STORE_LOCALS = 20000,           /* lines with guests alone: as many as of one author */
    STORE_PAGE_MAX = 1000,          /* lines of one answer; a screen's window asks for far less */
    STORE_UNTRIED = 4096,           /* whispers handed out at the start: as many as a node queues */
    STORE_WORDS = 32,               /* words of a search; what comes after them is left out */
    STORE_NAMESAKES = 64,           /* people that a name in a search may mean */
    STORE_ROOM_BYTES = 1024 * 1024, /* written in vain to find out that there is room again */
};

struct store;
struct store_reader;

/* What can go wrong. store_message says it to the user. */
enum store_fault {
    STORE_FINE,
    STORE_FULL,       /* no room on the disk: all resumes when there is */
    STORE_FAILED,     /* the disk did not do it */
    STORE_MEMORY,     /* SQLite got no memory */
    STORE_BUSY,       /* another program holds the file */
    STORE_CORRUPT,    /* it contradicts itself */
    STORE_READ_ONLY,  /* the file, its folder or the disk cannot be written to */
    STORE_OWNER,      /* it is somebody else's */
    STORE_NO_FILE,    /* what stands there is no file */
    STORE_NO_FOLDER,  /* there is no such folder, or nobody lets us in */
    STORE_FOREIGN,    /* a database of another program */
    STORE_NEWER,      /* of a later version of this one */
    STORE_OTHER_MESH, /* of ours, but of another mesh */
    STORE_GAP,        /* it would leave a gap: an earlier write failed, or the node is wrong */
    STORE_STOPPED,    /* store_reader_stop */
};

/* The sentence for it. `path` is the file's. */
struct message store_message(enum store_fault fault, const char *path);

struct store_settings {
    const char *path;
    struct hash net;
    struct id self;
    const struct codec *codec;
    const char
        *name; /* what we are called until we choose a name, as node_config has it; or NULL */
};

/* ---- the start ---- */

enum store_keep_kind {
    STORE_SETTING, /* by its name */
    STORE_DRAFT,   /* by its conversation */
    STORE_LINE,    /* of input, the last STORE_TYPED ones in order; no key */
    STORE_GUESTS,  /* what is spoken where, in one value with the key "" (app/guests.h) */
};

struct store_keep {
    enum store_keep_kind kind;
    const char *key;   /* at most STORE_KEY_MAX bytes */
    struct span value; /* at most STORE_VALUE_MAX; size 0: forget it */
};

/* What there is to begin with. */
struct store_start {
    struct node_saved saved;
    bool taken; /* to be set once a node was made of `saved`: what it TAKES is its own then */
    size_t kept_count;
    struct store_keep *kept;
    char *aside;  /* NULL, or where the corrupt file that stood there is kept now: tell the user */
    char *backup; /* NULL, or where the file is kept as it was before it was upgraded */
    void *owned;
};

/* Opens the file, or makes it: mode 0600, in a folder that exists. An older version is copied and
 * upgraded; a corrupt one is kept aside and a new one begun. With any other fault nothing was
 * changed, and there is no store. */
enum store_fault store_open(const struct store_settings *settings, uint64_t wall_ms,
                            struct store **into, struct store_start *start)
    __attribute__((warn_unused_result));
void store_start_done(struct store_start *start);
/* NULL is fine. Readers are closed first. */
void store_close(struct store *store);

/* Puts a file that store_reader_check found corrupt aside, as NAME.corrupt-DATE; no connection may
 * be open. *aside is where it went, for free(). */
enum store_fault store_set_aside(const char *path, uint64_t wall_ms, char **aside)
    __attribute__((warn_unused_result));

/* ---- writing ---- */

/* One thing to be written, and what became of it. */
struct store_write {
    /* EFFECT_STORE, _STORE_FORK, _TRIM, _STORE_OPENED, _STORE_ACKS, _STORE_PERSON, _STORE_ROOM,
     * _STORE_MEMBER, _STORE_SELF, _STORE_LOCAL, _STORE_OWED, _DROP_OWED; or NULL: `keep` */
    const struct node_effect *effect;
    struct store_keep keep;
    /* Out: */
    bool done;
    bool has_answer;          /* STORE, STORE_FORK and TRIM have one, whatever became of them: */
    struct node_event answer; /* for the node, in order */
    bool *held;               /* what answer.held leads to, for free(); or NULL */
};

/* All of it in one transaction; a fault undoes all of it. After a fault, nothing of STORE and
 * STORE_FORK is taken any more until store_resume (the rest still is, by itself): what the node
 * asked for without knowing of the fault would leave gaps. */
enum store_fault store_write(struct store *store, uint64_t wall_ms, struct store_write *writes,
                             size_t count) __attribute__((warn_unused_result));
/* Whether that is so. */
bool store_is_halted(const struct store *store);
/* Whether a megabyte can be written now; to be asked every few seconds while halted. */
bool store_has_room(struct store *store) __attribute__((warn_unused_result));
/* Takes STORE and STORE_FORK again. To be called when the node has been told of every failure, and
 * right before it gets EVENT_DISK_BACK. */
void store_resume(struct store *store);

/* Forgets what nothing leads to any more, receipts that expired, strangers too many; gives free
 * pages back to the disk. Some ms; true: there is more to do. Once after the start, then daily. */
bool store_tidy(struct store *store, uint64_t wall_ms);
/* Whether a search would find all that was stored; where it would not, what is missing comes into
 * it, some thousand lines at a time and some 30 ms; to be called until it would, and where nothing
 * was written for long. What is written does the same for itself, many lines at a time. A fault
 * changes nothing. */
bool store_is_searchable(const struct store *store);
enum store_fault store_index(struct store *store, uint64_t wall_ms)
    __attribute__((warn_unused_result));
/* Bytes of the file, without its log. */
uint64_t store_size(const struct store *store);

/* ---- reading ---- */

/* One more connection to a file that a store has open. */
enum store_fault store_reader_open(const struct store_settings *settings,
                                   struct store_reader **into) __attribute__((warn_unused_result));
void store_reader_close(struct store_reader *reader);
/* From any thread: what the reader does now ends soon, with STORE_STOPPED; and all later calls. */
void store_reader_stop(struct store_reader *reader);

/* What was read; it owns what the event points to. */
struct store_answer {
    struct node_event event; /* with the effect's ticket; always fit for the node */
    enum store_fault fault;  /* CORRUPT is worth a word to the user, and a check */
    size_t entry_count;
    struct entry **entries;
    void *owned;
};

/* EFFECT_LOAD, _LOAD_FORK, _LOAD_HASHES or _QUERY. A search takes words, "phrases", beginnings*,
 * from:WHO, in:#ROOM, before:YYYY-MM-DD and after:YYYY-MM-DD (days of the local zone); all of them
 * must fit, case and accents do not matter. Of lines with the same key (a millisecond) it is open
 * which are left out at the end of a page. */
void store_read(struct store_reader *reader, const struct node_effect *effect,
                struct store_answer *into);
/* For the start: where the whispers end that an earlier run did not try; 0: it tried all. */
uint64_t store_untried(const struct store *store);
/* EVENT_UNTRIED: those. What was stored since is being tried already. */
void store_read_untried(struct store_reader *reader, uint64_t last, struct store_answer *into);
/* On the loop's thread. */
void store_answer_done(struct store_answer *answer);

/* Reads the whole file and says whether it contradicts itself: seconds, where it is large. */
enum store_fault store_reader_check(struct store_reader *reader)
    __attribute__((warn_unused_result));
