/* The node's one entrance and exit: which file an event goes to, and the queue of effects. After
 * every event the timer says when the next one is wanted at the latest. */
#include "core/node_parts.h"

#include "base/text.h"
#include "base/utf8.h"

#include <sodium.h>

/* ---- effects ---- */

/* What an effect keeps lies in a chain of these. */
struct keep {
    struct keep *next;
    max_align_t bytes[];
};

struct node_effect *node_effect(struct node *node, enum node_effect_kind kind)
{
    struct node_effect *effect = xcalloc(1, sizeof *effect);
    effect->kind = kind;
    effect->line = node->line;
    DL_APPEND(node->effects, effect);
    return effect;
}

void *node_effect_room(struct node_effect *effect, size_t count, size_t size)
{
    if (size && count > (SIZE_MAX - sizeof(struct keep)) / size)
        die("an effect of %zu times %zu bytes", count, size);
    struct keep *keep = xcalloc(1, sizeof *keep + count * size);
    keep->next = effect->owned;
    effect->owned = keep;
    return keep->bytes;
}

struct span node_effect_span(struct node_effect *effect, struct span span)
{
    char *copy = node_effect_room(effect, span.size + 1, 1);
    if (span.size)
        memcpy(copy, span.bytes, span.size);
    return span_of(copy, span.size);
}

const char *node_effect_text(struct node_effect *effect, const char *text)
{
    return (const char *)node_effect_span(effect, span_text(text ? text : "")).bytes;
}

void node_effect_free(struct node_effect *effect)
{
    if (!effect)
        return;
    struct sync_effect *held, *next;
    DL_FOREACH_SAFE(effect->held, held, next)
    sync_effect_free(held);
    if (effect->kind == EFFECT_OPEN)
        entry_drop(effect->open);
    if (effect->kind == EFFECT_COMMAND)
        command_done((struct command *)(uintptr_t)effect->command);
    while (effect->owned) {
        struct keep *keep = effect->owned;
        effect->owned = keep->next;
        free(keep);
    }
    free(effect);
}

struct node_effect *node_next(struct node *node)
{
    struct node_effect *effect = node->effects;
    if (effect)
        DL_DELETE(node->effects, effect);
    return effect;
}

static void say(struct node *node, const struct message *message, bool error)
{
    struct node_effect *effect = node_effect(node, EFFECT_SAY);
    effect->say.error = error;
    effect->say.message = *message;
    model_status(&node->model, message, error);
}

void node_error(struct node *node, const struct message *message)
{
    say(node, message, true);
}

void node_notice(struct node *node, const struct message *message)
{
    say(node, message, false);
}

void node_notice_seldom(struct node *node, const struct message *message)
{
    if (node->seldom_at > node->now.mono_ms)
        return;
    node->seldom_at = node->now.mono_ms + NODE_SELDOM_MS;
    node_notice(node, message);
}

/* Ours have the highest bit, so that they are never those of sync. */
uint64_t node_ticket(struct node *node)
{
    return ++node->tickets | UINT64_C(1) << 63;
}

uint64_t node_hash(const struct node *node, const void *bytes, size_t size)
{
    uint64_t hash;
    _Static_assert(sizeof hash == crypto_shorthash_BYTES, "a short hash is one number");
    _Static_assert(sizeof node->trail_key == crypto_shorthash_KEYBYTES, "and its key two");
    crypto_shorthash((unsigned char *)&hash, bytes, size, (const unsigned char *)node->trail_key);
    return hash;
}

/* ---- sync ---- */

struct sync_now node_sync_now(const struct node *node)
{
    return (struct sync_now){node->now.mono_ms, node->now.wall_ms};
}

void node_sync_event(struct node *node, const struct sync_event *event)
{
    sync_handle(node->sync, node_sync_now(node), event);
}

/* ---- beginning and end ---- */

static void self_init(struct node *node, const struct node_saved *saved)
{
    const struct node_config *config = &node->config;
    const char *name = saved && saved->name ? saved->name : config->name;
    size_t size = strlen(name ? name : "");
    size = text_cut(name ? name : "", size, PERSON_NAME_MAX);
    node->name = xstrndup(name && utf8_valid(name, size) ? name : "", size);
    node->why = xstrdup(saved && saved->why ? saved->why : "");
    node->away = saved && saved->away;
    node->greeted = saved && saved->name;
    mention_init(&node->mention, span_text(node->name), &config->identity->id);
    struct person *self = roster_self(node->roster);
    roster_name_set(node->roster, self, span_text(node->name));
    roster_away(node->roster, self, node->away, span_text(node->why));
}

static void sync_init(struct node *node)
{
    const struct node_config *config = &node->config;
    struct sync_settings settings = {.self = config->identity->id,
                                     .net = config->net,
                                     .codec = config->codec,
                                     .signer = config->signer,
                                     .author_rate = config->author_rate,
                                     .retention = config->retention};
    node->sync = sync_new(&settings, node->logs, node_sync_now(node));
}

static void timer_set(struct node *node);

struct node *node_new(const struct node_config *config, const struct node_saved *saved,
                      struct node_now now)
{
    struct node *node = xcalloc(1, sizeof *node);
    uint64_t seed;
    const struct id *self = &config->identity->id;
    node->config = *config;
    if (!config->names)
        node->config.names = node->names = command_names_new(NULL);
    node->now = now;
    node->began = now.wall_ms;
    node->met = UINT64_MAX;
    node->timer = UINT64_MAX;
    if (config->key)
        node->key = *config->key;
    sys_random(config->sys, node->instance, sizeof node->instance);
    sys_random(config->sys, &seed, sizeof seed);
    sys_random(config->sys, node->trail_key, sizeof node->trail_key);
    node->logs = logs_new(seed);
    node->roster = roster_new(self, config->sys);
    node->rooms = rooms_new(self);
    node->receipts = receipts_new(self);
    overlay_init(&node->overlay, self, now.wall_ms, config->sys, now.mono_ms);
    self_init(node, saved);
    node_restore(node, saved);
    sync_init(node);
    for (const struct person *person = NULL; (person = roster_next(node->roster, person));)
        node_person_vouch(node, person);
    node_ack_start(node);
    node_dial_known(node, saved);
    node->expire_at = now.mono_ms + NODE_EXPIRE_MS;
    node_log_drain(node);
    timer_set(node);
    return node;
}

void node_free(struct node *node)
{
    if (!node)
        return;
    while (node->effects)
        node_effect_free(node_next(node));
    for (size_t i = 0; i < node->link_count; i++)
        free(node->links[i]);
    free(node->links);
    struct commit *commit, *next;
    DL_FOREACH_SAFE(node->commits, commit, next)
    node_commit_free(commit);
    node_pending_free(node);
    node_opens_free(node);
    node_talk_free(node);
    node_acks_free(node);
    node_view_free(node);
    node_calls_free(node);
    node_guests_free(node);
    node_trails_free(node);
    sync_free(node->sync);
    logs_free(node->logs);
    receipts_free(node->receipts);
    rooms_free(node->rooms);
    roster_free(node->roster);
    mention_done(&node->mention);
    sodium_memzero(&node->key, sizeof node->key);
    command_names_free(node->names);
    free(node->profiles);
    free(node->seen);
    free(node->name);
    free(node->why);
    free(node);
}

/* ---- time ---- */

static void sooner(uint64_t *due, uint64_t at)
{
    if (at != 0 && at < *due)
        *due = at;
}

static void timer_set(struct node *node)
{
    uint64_t due = overlay_due(&node->overlay);
    sooner(&due, sync_due(node->sync));
    sooner(&due, node_links_due(node));
    sooner(&due, node_acks_due(node));
    sooner(&due, node_talk_due(node));
    sooner(&due, node_guests_due(node));
    sooner(&due, node->keep_at);
    if (node->leaving)
        due = UINT64_MAX;
    if (due == node->timer)
        return;
    node->timer = due;
    node_effect(node, EFFECT_TIMER)->timer = due;
}

/* What was due is done; what is due next is asked for again, whatever was asked before. */
static void tick(struct node *node)
{
    uint64_t now = node->now.mono_ms;
    node->timer = 0;
    if (overlay_due(&node->overlay) <= now)
        node_mesh_event(node, &(struct overlay_event){.kind = OVERLAY_TICK});
    node_links_tick(node);
    node_guests_tick(node);
    if (sync_due(node->sync) <= now)
        node_sync_event(node, &(struct sync_event){.kind = SYNC_TICK});
    if (node->keep_at && node->keep_at <= now)
        node_rooms_keep(node);
}

/* ---- events ---- */

static void answer(struct node *node, const struct node_event *event)
{
    struct sync_event told = {.ticket = event->ticket};
    switch (event->kind) {
    case EVENT_CHECKED:
        told.kind = SYNC_CHECKED;
        told.verdict = event->verdict;
        break;
    case EVENT_READ:
        told.kind = SYNC_READ;
        told.read.entries = event->read.entries;
        told.read.count = event->read.count;
        break;
    case EVENT_HASHES:
        told.kind = SYNC_HASHES;
        told.hashes.heights = event->hashes.heights;
        told.hashes.count = event->hashes.count;
        break;
    case EVENT_TRIMMED:
        told.kind = SYNC_TRIMMED;
        told.trimmed.author = event->trimmed.author;
        told.trimmed.epoch = event->trimmed.epoch;
        told.trimmed.lowest = event->trimmed.lowest;
        told.trimmed.lowest_hlc = event->trimmed.lowest_hlc;
        told.trimmed.entries_left = event->trimmed.entries_left;
        told.trimmed.bytes_left = event->trimmed.bytes_left;
        told.trimmed.whole = event->trimmed.whole;
        if (told.trimmed.whole)
            node_trail_drop(node, &told.trimmed.author, &told.trimmed.epoch);
        break;
    case EVENT_LINK_UP:
    case EVENT_LINK_DOWN:
    case EVENT_FRAME:
    case EVENT_QUEUED:
    case EVENT_DIAL_FAILED:
    case EVENT_ADDRESS:
    case EVENT_GUEST_UP:
    case EVENT_GUEST_ASKS:
    case EVENT_GUEST_SAID:
    case EVENT_GUEST_PRIVATE:
    case EVENT_GUEST_WHO:
    case EVENT_GUEST_RINGS:
    case EVENT_GUEST_HERE:
    case EVENT_GUEST_TICK:
    case EVENT_GUEST_TROUBLE:
    case EVENT_GUEST_DOWN:
    case EVENT_LINE:
    case EVENT_OPEN:
    case EVENT_SCROLL:
    case EVENT_STOP:
    case EVENT_STORED:
    case EVENT_STORE_FAILED:
    case EVENT_OPENED:
    case EVENT_VERIFIED:
    case EVENT_PAGE:
    case EVENT_UNTRIED:
    case EVENT_DISK_BACK:
    case EVENT_NETWORK:
    case EVENT_TIMER:
        die("no answer for sync");
    }
    node_sync_event(node, &told);
}

static void queued(struct node *node, struct node_link *link, uint64_t bytes)
{
    link->queued = 0;
    node_sync_event(
        node, &(struct sync_event){.kind = SYNC_QUEUED, .link = link->number, .queued = bytes});
}

static void disk_back(struct node *node)
{
    if (!node->halted)
        return;
    node->halted = false;
    struct message message = message_make("disk-back", N_("There is room on the disk again."));
    node_notice(node, &message);
    node_sync_event(node, &(struct sync_event){.kind = SYNC_RESUME});
}

static void untried(struct node *node, struct entry *const *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct node_record record = {.entry = entries[i], .received = node->now.wall_ms};
        node_open_queue(node, &record, true);
    }
}

static void address_known(struct node *node, const struct node_event *event)
{
    const struct id *component = event->address.has_component ? &event->address.component : NULL;
    if (event->ticket) {
        node_call_found(node, event->ticket, &event->address.address);
        return;
    }
    node_address(node, &event->address.address, event->address.found, event->address.hint,
                 component);
}

/* Long because every kind of event is named. */
static void dispatch(struct node *node, const struct node_event *event)
{
    struct node_link *link = node_link(node, event->link);
    switch (event->kind) {
    case EVENT_LINK_UP:
        node_link_up(node, event);
        break;
    case EVENT_LINK_DOWN:
        if (link)
            node_link_down(node, link, event->fault);
        break;
    case EVENT_FRAME:
        if (link)
            node_frame(node, link, event->frame);
        break;
    case EVENT_QUEUED:
        if (link)
            queued(node, link, event->queued);
        break;
    case EVENT_DIAL_FAILED:
        node_dial_failed(node, event);
        break;
    case EVENT_ADDRESS:
        address_known(node, event);
        break;
    case EVENT_GUEST_UP:
    case EVENT_GUEST_ASKS:
    case EVENT_GUEST_SAID:
    case EVENT_GUEST_PRIVATE:
    case EVENT_GUEST_WHO:
    case EVENT_GUEST_RINGS:
    case EVENT_GUEST_HERE:
    case EVENT_GUEST_TICK:
    case EVENT_GUEST_TROUBLE:
    case EVENT_GUEST_DOWN:
        node_guest(node, event);
        break;
    case EVENT_LINE:
        node_line(node, event);
        break;
    case EVENT_OPEN:
        node_open(node, event->open);
        break;
    case EVENT_SCROLL:
        node_scroll(node, event);
        break;
    case EVENT_STOP:
        node_leave(node);
        break;
    case EVENT_CHECKED:
    case EVENT_READ:
    case EVENT_HASHES:
    case EVENT_TRIMMED:
        answer(node, event);
        break;
    case EVENT_STORED:
    case EVENT_STORE_FAILED:
        node_stored(node, event);
        break;
    case EVENT_OPENED:
        node_opened(node, event->ticket, event->opened.fault, event->opened.whisper);
        break;
    case EVENT_VERIFIED:
        node_verified(node, event->ticket, event->verified);
        break;
    case EVENT_PAGE:
        node_page(node, event);
        break;
    case EVENT_UNTRIED:
        untried(node, event->untried.entries, event->untried.count);
        break;
    case EVENT_DISK_BACK:
        disk_back(node);
        break;
    case EVENT_NETWORK:
        node_mesh_event(node, &(struct overlay_event){.kind = OVERLAY_NETWORK});
        break;
    case EVENT_TIMER:
        tick(node);
        break;
    }
}

void node_handle(struct node *node, struct node_now now, const struct node_event *event)
{
    if (now.mono_ms < node->now.mono_ms)
        die("the steady clock went back");
    if (now.wall_ms > ENTRY_NUMBER_MAX)
        now.wall_ms = ENTRY_NUMBER_MAX;
    node->now = now;
    dispatch(node, event);
    node_log_drain(node);
    node->line = 0;
    node_leave_if_done(node); /* behind the last words on their way to everyone */
    node_acks_tick(node);
    node_links_sweep(node);
    timer_set(node);
}

/* ---- to be read ---- */

const struct roster *node_roster(const struct node *node)
{
    return node->roster;
}

const struct rooms *node_rooms(const struct node *node)
{
    return node->rooms;
}

const struct logs *node_logs(const struct node *node)
{
    return node->logs;
}

const struct overlay *node_overlay(const struct node *node)
{
    return &node->overlay;
}

const struct sync *node_sync(const struct node *node)
{
    return node->sync;
}

const char *node_name(const struct node *node)
{
    return node->name;
}

uint32_t node_clashes(const struct node *node)
{
    return node->clashes;
}

const uint8_t *node_instance(const struct node *node)
{
    return node->instance;
}
