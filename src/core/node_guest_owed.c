/* What our user said to guests that answer each word: whether it came, and what is still owed. It
 * is in the store before it is told, and out of it when it was answered, so it outlives the link,
 * the guest and the program. Invariant: a word is told on one link at a time, in order. */
#include "core/guests.h"

#include <stdio.h>

/* A ring by id: the slot of this one. */
static struct guest_tick *slot(const struct guest_book *guests, uint64_t id)
{
    return &guests->ticks[id % GUEST_TICKS];
}

static void tick_clear(struct guest_tick *tick)
{
    free(tick->conversation);
    free(tick->text);
    *tick = (struct guest_tick){0};
}

static void effect_fill(struct node_effect *effect, const struct guest_tick *tick)
{
    effect->owed = (struct node_owed){
        .id = tick->id,
        .conversation = node_effect_text(effect, tick->conversation),
        .order = tick->order,
        .kind = tick->kind,
        .text = node_effect_span(effect, span_text(tick->text ? tick->text : "")),
        .wall = tick->wall,
        .dialect = node_effect_text(effect, tick->dialect),
        .address = tick->address};
}

struct guest_tick *guest_owed(const struct node *node, uint64_t id)
{
    const struct guest_book *guests = node->guests;
    if (!guests || !guests->ticks || id == 0 || slot(guests, id)->id != id)
        return NULL;
    return slot(guests, id);
}

void guest_owed_end(struct node *node, struct guest_tick *tick, bool delivered)
{
    struct node_effect *effect = node_effect(node, EFFECT_DROP_OWED);
    effect_fill(effect, tick);
    effect->owed.delivered = delivered;
    tick_clear(tick);
}

/* The oldest of four full queues is given up for it, if it still waits. */
static struct guest_tick *tick_new(struct node *node, uint64_t id)
{
    struct guest_book *guests = guest_book_of(node);
    if (!guests->ticks)
        guests->ticks = xcalloc(GUEST_TICKS, sizeof *guests->ticks);
    struct guest_tick *tick = slot(guests, id);
    if (tick->id)
        guest_owed_end(node, tick, false);
    tick->id = id;
    if (id > guests->tick_last)
        guests->tick_last = id;
    return tick;
}

/* Of others' words nobody here waits for a receipt. A call of long ago is none. */
uint64_t guest_owe(struct node *node, const struct guest_link *link, const struct node_line *line,
                   const struct node_guest_word *word)
{
    if (!link->ticks || !line->own || line->guest.size)
        return 0;
    struct guest_tick *tick = tick_new(node, node->guests->tick_last + 1);
    tick->order = line->order;
    tick->conversation = xstrdup(line->conversation);
    tick->kind = word->kind;
    tick->wall = word->wall;
    tick->address = link->address;
    tick->link = link->number;
    memcpy(tick->dialect, link->dialect, sizeof tick->dialect);
    if (word->kind != GUEST_TELLS_RING) {
        tick->text = xstrndup((const char *)word->text.bytes, word->text.size);
        effect_fill(node_effect(node, EFFECT_STORE_OWED), tick);
    }
    return tick->id;
}

static bool is_for(const struct guest_tick *tick, const struct guest_link *link)
{
    return tick->id && tick->link == 0 && tick->text && strcmp(tick->dialect, link->dialect) == 0 &&
           overlay_address_equal(&tick->address, &link->address);
}

void guest_owed_tell(struct node *node, const struct guest_link *link)
{
    struct guest_book *guests = node->guests;
    for (size_t i = 1; guests->ticks && i <= GUEST_TICKS; i++) { /* the oldest first */
        struct guest_tick *tick = slot(guests, guests->tick_last + i);
        if (!is_for(tick, link))
            continue;
        tick->link = link->number;
        guest_tell(node, link,
                   &(struct node_guest_word){.kind = tick->kind,
                                             .who = span_text(node->name),
                                             .text = span_text(tick->text),
                                             .own = true,
                                             .wall = tick->wall,
                                             .id = tick->id});
    }
}

void guest_owed_lose(struct node *node, const struct guest_link *link, bool given_up)
{
    struct guest_book *guests = node->guests;
    for (size_t i = 0; guests->ticks && i < GUEST_TICKS; i++) {
        struct guest_tick *tick = &guests->ticks[i];
        if (!tick->id || tick->link != link->number)
            continue;
        tick->link = 0;
        if (given_up || !tick->text)
            guest_owed_end(node, tick, false);
    }
}

void guest_owed_free(struct guest_book *guests)
{
    for (size_t i = 0; guests->ticks && i < GUEST_TICKS; i++)
        tick_clear(&guests->ticks[i]);
    free(guests->ticks);
}

/* ---- the start ---- */

/* One call for each address, though many words wait. */
static bool is_first_there(const struct node_saved *saved, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (overlay_address_equal(&saved->owed[i].address, &saved->owed[index].address) &&
            strcmp(saved->owed[i].dialect, saved->owed[index].dialect) == 0)
            return false;
    return true;
}

static void owed_restore(struct node *node, const struct node_owed *owed)
{
    struct guest_tick *tick = tick_new(node, owed->id);
    tick->order = owed->order;
    tick->conversation = xstrdup(owed->conversation);
    tick->text = xstrndup((const char *)owed->text.bytes, owed->text.size);
    tick->kind = (enum guest_tells)owed->kind;
    tick->wall = owed->wall;
    tick->address = owed->address;
    snprintf(tick->dialect, sizeof tick->dialect, "%s", owed->dialect);
}

void node_guests_restore(struct node *node, const struct node_saved *saved)
{
    for (size_t i = 0; saved && i < saved->owed_count; i++) {
        owed_restore(node, &saved->owed[i]);
        if (!is_first_there(saved, i))
            continue;
        struct node_effect *effect = node_effect(node, EFFECT_DIAL);
        effect->dial.address = saved->owed[i].address;
        effect->dial.dialect = node_effect_text(effect, saved->owed[i].dialect);
    }
}
