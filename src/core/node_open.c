/* Whispers are tried once each, off the loop, a few at a time, and fairly: whose author has the
 * fewest waiting goes before a flooder's. What comes of it is stored beside the entry. */
#include "core/node_parts.h"

static void opening_free(struct node *node, struct opening *opening)
{
    DL_DELETE(node->openings, opening);
    node->opening_count--;
    entry_drop(opening->entry);
    free(opening);
}

void node_opens_free(struct node *node)
{
    while (node->openings)
        opening_free(node, node->openings);
}

/* The next one is by somebody else than the last one, if there is any. */
static struct opening *opening_next(struct node *node)
{
    struct opening *opening, *first = NULL;
    DL_FOREACH(node->openings, opening)
    {
        if (opening->ticket)
            continue;
        if (!first)
            first = opening;
        if (!id_equal(&opening->entry->fields.author, &node->opened_last))
            return opening;
    }
    return first;
}

static void openings_pump(struct node *node)
{
    struct opening *opening;
    while (node->opening_jobs < NODE_OPENS && (opening = opening_next(node))) {
        node->opened_last = opening->entry->fields.author;
        opening->ticket = node_ticket(node);
        node->opening_jobs++;
        struct node_effect *effect = node_effect(node, EFFECT_OPEN);
        effect->ticket = opening->ticket;
        effect->open = entry_hold(opening->entry);
    }
}

void node_open_queue(struct node *node, const struct node_record *record, bool show)
{
    if (node->opening_count >= NODE_OPENING)
        return;
    struct opening *opening = xcalloc(1, sizeof *opening);
    opening->entry = entry_hold(record->entry);
    opening->key = record->key;
    opening->received = record->received;
    opening->live = record->live;
    opening->show = show;
    DL_APPEND(node->openings, opening);
    node->opening_count++;
    openings_pump(node);
}

static enum node_sealed sealed_of(enum open_fault fault, bool fits)
{
    switch (fault) {
    case OPEN_FINE:
        return fits ? NODE_OPENED : NODE_UNOPENED;
    case OPEN_NOT_OURS:
        return NODE_NOT_OURS;
    case OPEN_BAD:
        return NODE_UNOPENED;
    }
    die("no such fault of a whisper: %d", (int)fault);
}

static void opened_store(struct node *node, const struct node_record *record)
{
    struct node_effect *effect = node_effect(node, EFFECT_STORE_OPENED);
    effect->opened.ref = entry_place(record->entry);
    effect->opened.sealed = record->sealed;
    effect->opened.conversation = node_effect_text(effect, record->conversation);
    if (!record->whisper)
        return;
    struct whisper *copy = node_effect_room(effect, 1, sizeof *copy);
    *copy = *record->whisper;
    copy->text = node_effect_span(effect, copy->text);
    effect->opened.whisper = copy;
}

void node_opened(struct node *node, uint64_t ticket, enum open_fault fault, struct whisper *whisper)
{
    struct opening *opening;
    DL_SEARCH_SCALAR(node->openings, opening, ticket, ticket);
    if (opening && ticket) {
        const struct entry_fields *fields = &opening->entry->fields;
        struct room *room =
            fault == OPEN_FINE ? node_whisper_room(node, &fields->author, whisper) : NULL;
        struct node_trail trail = node_trail_get(node, &fields->author, &fields->epoch);
        struct node_record record = {.entry = opening->entry,
                                     .key = opening->key ? opening->key : fields->hlc,
                                     .start = trail.start,
                                     .received = opening->received,
                                     .live = opening->live,
                                     .sealed = sealed_of(fault, room != NULL),
                                     .conversation = room ? room->name : "",
                                     .whisper = room ? whisper : NULL};
        opened_store(node, &record);
        if (opening->show && record.sealed == NODE_OPENED)
            node_show(node, &record);
        node->opening_jobs--;
        opening_free(node, opening);
        openings_pump(node);
    }
    free(whisper);
}
