#pragma once
/* What tertulia --plain knows of the conversations that somebody listens to: what was told there,
 * what was said there before, and what we said last until everybody has it.
 *
 * Invariants: a line is told once, by itself or among those of before; and of delivery it is told
 * at most twice: how far it got, where it takes long, and that all have it. */
#include "app/plain_words.h"

enum {
    PLACES = 64,               /* more at a time is no listening; then the oldest begins anew */
    PLACE_RECALL = 10,         /* lines of before: what one still listens to */
    PLACE_QUIET_MS = 1000,     /* without another line of before: all that comes at once is there */
    PLACE_DELIVERY_MS = 10000, /* who has not stored a line by then is probably not there */
};

struct place {
    struct place *prev, *next; /* the latest first */
    char *name;
    size_t missed; /* lines of before that came and were not told yet */
    bool recalled; /* what was said there before was told, or something newer */
    bool unread;   /* something was told of it while it was not open */
    /* what we said there last, until everybody has it: */
    bool spoken;
    bool told; /* how many have it so far */
    struct entry_ref ref;
    size_t count, of;
    uint64_t due; /* to tell it, on the mono clock */
};

struct places {
    struct place *list;
    size_t count;
    bool unread;        /* one of them is, or was */
    uint64_t missed_at; /* when the last line of before came; 0: all were told */
};

void places_done(struct places *places);
/* A line came. True: it is to be told by itself, and not with others of before. */
bool places_line(struct places *places, const struct plain_words *words,
                 const struct node_line *line, uint64_t now) __attribute__((warn_unused_result));
void places_receipt(struct places *places, const struct node_receipt *receipt);
/* One that is not open, and was told of; then it is as good as read. NULL: none is left. */
const char *places_unread(struct places *places);
/* Tells what is due, of the words' model; when there is more to tell, UINT64_MAX for never. */
uint64_t places_turn(struct places *places, struct plain_words *words, uint64_t now);
