/* Between core/sync and the rest: what is proved is shown, what is to be stored gets its columns,
 * what is durable is acknowledged. Nothing here judges an entry. */
#include "core/node_parts.h"

/* ---- entries that are proved and not stored ---- */

static struct entry_ref ref_of(const struct entry *entry)
{
    struct entry_ref ref;
    memset(&ref, 0, sizeof ref);
    ref.author = entry->fields.author;
    ref.epoch = entry->fields.epoch;
    ref.seq = entry->fields.seq;
    return ref;
}

static unsigned place_of(const struct node *node, const struct entry_ref *ref)
{
    return (unsigned)node_hash(node, ref, sizeof *ref);
}

static struct pending *pending_find(const struct node *node, const struct entry *entry)
{
    struct pending *pending;
    struct entry_ref ref = ref_of(entry);
    HASH_FIND_BYHASHVALUE(hh, node->pending, &ref, sizeof ref, place_of(node, &ref), pending);
    return pending;
}

static void pending_drop(struct node *node, struct pending *pending)
{
    HASH_DELETE(hh, node->pending, pending);
    free(pending);
}

/* One that was proved before, and lost on its way to the disk, keeps its place. */
static struct pending *pending_get(struct node *node, const struct entry *entry,
                                   enum sync_place place, bool live)
{
    struct pending *pending = pending_find(node, entry);
    if (pending)
        return pending;
    if (HASH_COUNT(node->pending) >= NODE_PENDING)
        pending_drop(node, node->pending); /* the oldest */
    pending = xcalloc(1, sizeof *pending);
    pending->ref = ref_of(entry);
    node_trail_key(node, entry, place == SYNC_PLACE_BELOW, pending);
    pending->received = node->now.wall_ms;
    pending->live = live;
    unsigned hash = place_of(node, &pending->ref);
    HASH_ADD_BYHASHVALUE(hh, node->pending, ref, sizeof pending->ref, hash, pending);
    return pending;
}

void node_pending_free(struct node *node)
{
    struct pending *pending, *next;
    HASH_ITER(hh, node->pending, pending, next)
    pending_drop(node, pending);
}

static void record_make(struct node *node, struct entry *entry, const struct pending *pending,
                        struct node_record *into)
{
    const struct entry_fields *fields = &entry->fields;
    *into = (struct node_record){.entry = entry,
                                 .key = pending->key,
                                 .received = pending->received,
                                 .live = pending->live,
                                 .sealed = fields->kind == ENTRY_SEALED ? NODE_UNTRIED : NODE_PLAIN,
                                 .conversation = ""};
    into->start = node_trail_get(node, &fields->author, &fields->epoch).start;
}

/* ---- proved ---- */

static void proved(struct node *node, const struct sync_effect *effect)
{
    for (size_t i = 0; i < effect->count; i++) {
        struct entry *entry = effect->entries[i];
        hlc_merge(&node->hlc, entry->fields.hlc, node->now.wall_ms);
        struct pending *pending = pending_get(node, entry, SYNC_PLACE_ABOVE, effect->live);
        if (pending->shown)
            continue;
        pending->shown = true;
        struct node_record record;
        record_make(node, entry, pending, &record);
        node_learn(node, &record);
    }
}

/* ---- to the disk ---- */

void node_commit_free(struct commit *commit)
{
    for (size_t i = 0; i < commit->count; i++)
        entry_drop(commit->records[i].entry);
    free(commit->records);
    free(commit->places);
    free(commit->before);
    free(commit->sync_tickets);
    free(commit);
}

static void commit_entry(struct commit *commit, const struct node_record *record, uint8_t place)
{
    size_t count = commit->count;
    if ((count & (count - 1)) == 0) {
        size_t room = count ? count * 2 : 1;
        commit->records = xrealloc(commit->records, room, sizeof *commit->records);
        commit->places = xrealloc(commit->places, room, 1);
    }
    commit->records[count] = *record;
    entry_hold(record->entry);
    commit->places[count] = place;
    commit->count++;
}

static void commit_ticket(struct commit *commit, uint64_t ticket)
{
    commit->sync_tickets = xrealloc(commit->sync_tickets, commit->sync_count + 1, sizeof ticket);
    commit->sync_tickets[commit->sync_count++] = ticket;
}

/* Backfill is proved from above, so its keys are found from above. */
static void commit_fill(struct node *node, struct commit *commit, const struct sync_effect *effect)
{
    commit_ticket(commit, effect->ticket);
    struct node_record *records = xcalloc(effect->count, sizeof *records);
    for (size_t n = 0; n < effect->count; n++) {
        bool below = effect->places[0] == SYNC_PLACE_BELOW;
        size_t i = below ? effect->count - 1 - n : n;
        struct entry *entry = effect->entries[i];
        struct pending *pending =
            pending_get(node, entry, (enum sync_place)effect->places[i], commit->own);
        if (effect->places[i] == SYNC_PLACE_RESTART) {
            if (!commit->before)
                commit->before = xcalloc(effect->count, sizeof *commit->before);
            node_trail_jump(node, pending, &commit->before[i]);
        } else if (below || pending->apart) {
            node_trail_join(node, pending);
        }
        record_make(node, entry, pending, &records[i]);
    }
    for (size_t i = 0; i < effect->count; i++)
        commit_entry(commit, &records[i], effect->places[i]);
    free(records);
}

static void record_keep(struct node *node, struct node_effect *effect, struct node_record *record)
{
    char conversation[CONVERSATION_BYTES];
    const struct word *word = node_word_of(node, record->entry);
    if (word && word->whisper) {
        record->sealed = NODE_OPENED;
        record->conversation = node_effect_text(effect, word->room);
        struct whisper *copy = node_effect_room(effect, 1, sizeof *copy);
        *copy = *word->whisper;
        copy->text = node_effect_span(effect, copy->text);
        record->whisper = copy;
    } else if (node_conversation(record->entry, conversation)) {
        record->conversation = node_effect_text(effect, conversation);
    }
}

/* Makes the effect; the commit waits for its answer. */
static void commit_send(struct node *node, struct commit *commit, struct sync_effect *held)
{
    struct node_effect *effect = node_effect(node, EFFECT_STORE);
    effect->held = held;
    effect->ticket = commit->ticket = node_ticket(node);
    effect->store.own = commit->own;
    effect->store.count = commit->count;
    struct node_record *records = node_effect_room(effect, commit->count, sizeof *records);
    struct node_trail *trails = node_effect_room(effect, commit->count, sizeof *trails);
    uint8_t *places = node_effect_room(effect, commit->count, 1);
    for (size_t i = 0; i < commit->count; i++) {
        records[i] = commit->records[i];
        places[i] = commit->places[i];
        record_keep(node, effect, &records[i]);
        const struct entry_fields *fields = &records[i].entry->fields;
        trails[i] = node_trail_get(node, &fields->author, &fields->epoch);
    }
    effect->store.records = records;
    effect->store.places = places;
    effect->store.trails = trails;
    DL_APPEND(node->commits, commit);
}

/* Own words that wait together are stored together: all of them, or none. */
static void store(struct node *node, struct sync_effect *effect, struct sync_effect **own_held)
{
    bool own = node_word_of(node, effect->entries[0]) != NULL;
    if (!own) {
        struct commit *commit = xcalloc(1, sizeof *commit);
        commit_fill(node, commit, effect);
        struct sync_effect *held = NULL;
        DL_APPEND(held, effect);
        commit_send(node, commit, held);
        return;
    }
    if (!node->own_commit)
        node->own_commit = xcalloc(1, sizeof *node->own_commit);
    node->own_commit->own = true;
    commit_fill(node, node->own_commit, effect);
    DL_APPEND(*own_held, effect);
}

/* ---- from the disk ---- */

/* `held`: it lay apart below a gap, and was shown when it came there. */
static void record_stored(struct node *node, const struct commit *commit, size_t i, bool held)
{
    const struct node_record *record = &commit->records[i];
    struct pending *pending = pending_find(node, record->entry);
    bool show = !pending || !pending->shown;
    if (pending)
        pending_drop(node, pending);
    if (commit->own || held)
        return;
    if (show)
        node_learn(node, record);
    if (record->sealed == NODE_UNTRIED)
        node_open_queue(node, record, true);
}

/* What the log says by itself from now on is not kept twice. */
static void trails_tidy(struct node *node, const struct commit *commit)
{
    for (size_t i = 0; i < commit->count; i++) {
        const struct entry_fields *fields = &commit->records[i].entry->fields;
        if (i && epoch_equal(&fields->epoch, &commit->records[i - 1].entry->fields.epoch))
            continue;
        node_trail_tidy(node, &fields->author, &fields->epoch);
    }
}

/* What was to begin anew did not. */
static void jumps_undo(struct node *node, const struct commit *commit)
{
    for (size_t i = commit->count; commit->before && i-- > 0;)
        if (commit->places[i] == SYNC_PLACE_RESTART)
            node_trail_back(node, commit->records[i].entry, &commit->before[i]);
}

/* Their places are never used again. */
static void pending_forget(struct node *node, const struct commit *commit)
{
    for (size_t i = 0; i < commit->count; i++) {
        struct pending *pending = pending_find(node, commit->records[i].entry);
        if (pending)
            pending_drop(node, pending);
    }
}

static void halt(struct node *node)
{
    if (node->halted)
        return;
    node->halted = true;
    struct message message = message_make(
        "disk-full", N_("Nothing can be stored: the disk is full, or does not answer. What you "
                        "say is not sent until there is room."));
    node_error(node, &message);
}

void node_stored(struct node *node, const struct node_event *from)
{
    bool stored = from->kind == EVENT_STORED;
    uint64_t ticket = from->ticket;
    struct commit *commit;
    DL_SEARCH_SCALAR(node->commits, commit, ticket, ticket);
    if (!stored)
        halt(node);
    struct sync_event event = {.kind = stored ? SYNC_STORED : SYNC_STORE_FAILED};
    if (!commit) { /* a fork's */
        event.ticket = ticket;
        node_sync_event(node, &event);
        return;
    }
    DL_DELETE(node->commits, commit);
    if (!stored)
        jumps_undo(node, commit);
    if (commit->own && !stored)
        pending_forget(node, commit);
    for (size_t i = 0; i < commit->sync_count; i++) {
        event.ticket = commit->sync_tickets[i];
        node_sync_event(node, &event);
    }
    for (size_t i = 0; stored && i < commit->count; i++)
        record_stored(node, commit, i, from->held && from->held[i]);
    if (commit->own && stored)
        node_words_stored(node, commit);
    else if (commit->own)
        node_words_lost(node, commit);
    trails_tidy(node, commit);
    node_commit_free(commit);
}

/* ---- what sync says ---- */

static void frozen(struct node *node, const struct frame_range *range)
{
    struct person *person = roster_person(node->roster, &range->author);
    char label[LABEL_BYTES] = "";
    const struct author *author = logs_find(node->logs, &range->author);
    const struct log *log = author ? author_log(author, &range->epoch) : NULL;
    if (!log || log->high == 0) /* what is below is fetched anew: so are keys */
        node_trail_drop(node, &range->author, &range->epoch);
    if (id_equal(&range->author, &node->config.identity->id)) {
        node_words_again(node, &range->epoch, range->high + 1);
        return;
    }
    if (!person)
        return;
    roster_label(node->roster, person, label);
    struct message message = message_make(
        "fork", N_("%s signed two different histories. What both have in common is kept."));
    message_add(&message, label);
    node_notice_seldom(node, &message);
}

static void pass(struct node *node, enum node_effect_kind kind, struct sync_effect *effect)
{
    struct node_effect *passed = node_effect(node, kind);
    passed->ticket = effect->ticket;
    passed->link = effect->link;
    passed->sync = effect;
    DL_APPEND(passed->held, effect);
    if (kind == EFFECT_SEND)
        passed->frame = &effect->frame;
}

/* Long because every kind of effect is named. TAKES effect. */
static void effect_do(struct node *node, struct sync_effect *effect, struct sync_effect **own_held)
{
    switch (effect->kind) {
    case SYNC_SEND:
        if (!node_link(node, effect->link))
            break;
        pass(node, EFFECT_SEND, effect);
        return;
    case SYNC_CHECK:
        pass(node, EFFECT_CHECK, effect);
        return;
    case SYNC_STORE:
        store(node, effect, own_held);
        return;
    case SYNC_STORE_FORK:
        pass(node, EFFECT_STORE_FORK, effect);
        return;
    case SYNC_LOAD:
        pass(node, EFFECT_LOAD, effect);
        return;
    case SYNC_LOAD_FORK:
        pass(node, EFFECT_LOAD_FORK, effect);
        return;
    case SYNC_LOAD_HASHES:
        pass(node, EFFECT_LOAD_HASHES, effect);
        return;
    case SYNC_TRIM:
        pass(node, EFFECT_TRIM, effect);
        return;
    case SYNC_PROVED:
        proved(node, effect);
        break;
    case SYNC_KEPT:
        node_ack_kept(node, effect);
        break;
    case SYNC_FROZEN:
        frozen(node, &effect->range);
        break;
    case SYNC_AHEAD:
    case SYNC_OWN_LOST:
        node->open = false;
        break;
    }
    sync_effect_free(effect);
}

void node_log_drain(struct node *node)
{
    struct sync_effect *own_held = NULL;
    do {
        struct sync_effect *effect;
        while ((effect = sync_next(node->sync)))
            effect_do(node, effect, &own_held);
        if (node->own_commit) {
            commit_send(node, node->own_commit, own_held);
            node->own_commit = NULL;
            own_held = NULL;
        }
    } while (node_talk_pump(node));
}
