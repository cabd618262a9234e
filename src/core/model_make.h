#pragma once
/* How the node makes the model. Scrolling is the window's own: window_anchor, window_go,
 * window_follow and window_reach on a conversation's window, then model_touch(MODEL_LINES); and
 * then window_wish says what to ask the store for. */
#include "core/model.h"
#include "core/span.h"

struct roster;
struct rooms;
struct room;
struct receipts;

/* Empty, everything dirty. */
void model_init(struct model *model);
void model_done(struct model *model);

/* Brings names, rows and counts up to date with these, where `model->dirty` has MODEL_SIDEBAR or
 * the roster has changed; cheap where not. To be called before drawing. */
void model_refresh(struct model *model, const struct roster *roster, const struct rooms *rooms,
                   uint64_t now);
/* It was drawn. */
void model_drawn(struct model *model);
/* Something changed that is read by model_refresh. */
void model_touch(struct model *model, unsigned dirty);

/* A line that comes, or comes back. Spans borrow. */
struct post_spec {
    struct order order;
    struct id who;     /* its author */
    struct span guest; /* on whose behalf; empty: the author's own words */
    struct span dialect;
    enum post_kind kind; /* of a notice, `who` means nothing */
    struct span text;
    uint64_t wall;
    int64_t skew_ms;
    struct epoch_id again_epoch;
    uint64_t again;
    bool own;
    bool late;
    bool mention;
    bool quiet; /* it is no news: never unread */
    uint32_t stored_by;
    uint32_t of;
};

/* The room's conversation, made where it is new; then `history` says whether the store may have
 * lines of it. */
struct conversation *model_hold(struct model *model, const struct room *room, bool history);
/* NULL where it is not held. */
struct conversation *model_find(const struct model *model, const char *name);
/* The room is forgotten. */
void model_drop(struct model *model, const char *name);
/* Brings it to the screen; NULL: nothing. What was new in the last one is not any more: its room,
 * if there is one, is to be told (room_leave_mark). */
void model_open(struct model *model, struct conversation *conversation);

/* A line came. The answer: somebody is looking right at where it goes, so it is not unread. */
bool model_post(struct model *model, struct conversation *conversation, const struct roster *roster,
                const struct post_spec *spec);
/* The answer to what window_wish asked for. */
void model_page(struct model *model, struct conversation *conversation, const struct roster *roster,
                uint64_t ticket, const struct post_spec *specs, size_t count, bool more,
                bool failed);
/* Own lines [low, high] of an epoch were stored by more people: counts them again. */
void model_stored(struct model *model, const struct receipts *receipts, const struct rooms *rooms,
                  const struct roster *roster, const struct epoch_id *epoch, uint64_t low,
                  uint64_t high, uint64_t now);

/* A line for one guest, which says itself whether it has got it. */
void model_tick(struct model *model, const char *name, const struct order *at, bool delivered);

/* `status` NULL: nothing is to be said any more. */
void model_status(struct model *model, const struct message *status, bool error);
/* NULL: it is over. */
void model_progress(struct model *model, const struct progress *progress);
/* A find of the scan, each address once; `name` and `dialect` may be NULL. False past MODEL_FOUND.
 */
bool model_found(struct model *model, const char *address, const char *name, const char *dialect);
void model_found_clear(struct model *model);
