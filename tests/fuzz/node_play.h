#pragma once
/* A play of several nodes that an input tells: what its bytes choose, and the liar's part. */
#include "tests/sim/byzantine.h"
#include "tests/sim/invariants.h"
#include "tests/sim/nemesis.h"
#include "tests/sim/story.h"

enum {
    PLAY_HONEST = 2, /* peers; the next one lies */
    PLAY_LIAR = PLAY_HONEST,
    PLAY_PEERS,
    PLAY_KEYS = 3, /* that the liar signs with; the first is its own */
    PLAY_EPOCHS = 2,
    PLAY_GUESTS = 4,  /* links to guests that one peer has */
    PLAY_WORDS = 512, /* bytes of a text that comes from the input */
};

/* A log that only the liar knows. */
struct play_log {
    struct epoch_id epoch;
    struct entry_tip tip;
    struct entry_tip before; /* the tip before it: who goes on from there forks */
};

struct play_guests {
    uint32_t life; /* of the peer: with it they all go */
    uint32_t links[PLAY_GUESTS];
    bool ending[PLAY_GUESTS]; /* it was hung up on */
    uint64_t word;            /* the last id that wants an answer */
};

struct play {
    struct world *world;
    struct nemesis *nemesis;
    const uint8_t *next;
    size_t size;
    bool choosing; /* chance is what the input says */
    struct sys_fake fake;
    struct identity keys[PLAY_KEYS];
    struct play_log logs[PLAY_KEYS][PLAY_EPOCHS];
    struct play_guests guests[PLAY_PEERS + WORLD_SPARE];
    uint32_t guest_links; /* so far */
};

/* What the input says next; zeros behind its end. */
uint8_t play_byte(struct play *play);
uint64_t play_number(struct play *play, uint64_t near);
/* A text as long as the next byte says, any bytes; into must hold PLAY_WORDS. */
struct span play_bytes(struct play *play, char *into);
/* The same, valid UTF-8 in one line, and not more than `most`: what the dialects let through. */
struct span play_text(struct play *play, char *into, size_t most);
struct peer *play_peer(struct play *play);
/* One that is honest and there; NULL: nobody is. */
struct peer *play_honest(struct play *play);

/* Sends what no honest node would, in frames that keep their form. (node_liar.c) */
void liar_init(struct play *play);
void liar_entries(struct play *play);
void liar_frame(struct play *play);

/* What happens to a guest of somebody. (node_guests.c) */
void guests_happen(struct play *play);
void guests_told(struct world *world, struct peer *peer, const struct node_effect *effect);
