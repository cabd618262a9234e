/* The model: conversations with their windows, who speaks in them, and what stands around. The rows
 * of the sidebar are in model_rows.c. */
#include "core/model.h"

#include "core/model_parts.h"

#include <stdlib.h>

enum { PEOPLE_SPARE = 64 }; /* whom nobody's line needs, before they are looked for */

char *model_copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

void model_init(struct model *model)
{
    *model = (struct model){.name = "", .room = "", .dirty = MODEL_ALL};
    model->parts = xcalloc(1, sizeof *model->parts);
}

void model_touch(struct model *model, unsigned dirty)
{
    model->dirty |= dirty;
}

void model_drawn(struct model *model)
{
    model->dirty = 0;
}

/* ---- who speaks ---- */

static void who_free(struct model_parts *parts, struct model_who *who)
{
    HASH_DEL(parts->people, who);
    free(who->key);
    free(who->label);
    free(who->host);
    free(who);
}

/* Sets what may change. Who is not known any more keeps the name they had. */
static bool who_update(struct model_who *who, const struct roster *roster)
{
    const struct who *now = &who->who;
    const struct person *host = roster_person(roster, &now->id);
    const struct person *person =
        now->guest ? roster_guest(roster, &now->id, span_text(now->guest), span_text(now->dialect))
                   : host;
    char label[LABEL_BYTES] = "";
    char host_label[LABEL_BYTES] = "";
    if (person)
        roster_label(roster, person, label);
    if (host && now->guest)
        roster_label(roster, host, host_label);
    bool muted = (person && person_muted(person)) || (host && person_muted(host));
    enum trust trust = person ? person_trust(person) : TRUST_SEEN;
    if ((!person || strcmp(label, who->label) == 0) && strcmp(host_label, who->host) == 0 &&
        muted == now->muted && trust == now->trust)
        return false;
    if (person) {
        free(who->label);
        who->label = xstrdup(label);
    }
    free(who->host);
    who->host = xstrdup(host_label);
    who->who.label = who->label;
    who->who.host = now->guest ? who->host : NULL;
    who->who.muted = muted;
    who->who.trust = trust;
    return true;
}

static void key_make(struct model_who *who, const struct post_spec *spec)
{
    size_t dialect = spec->guest.size > 0 ? spec->dialect.size : 0;
    who->key_size = ID_BYTES + dialect + 1 + spec->guest.size;
    who->key = xcalloc(1, who->key_size + 1);
    memcpy(who->key, spec->who.bytes, ID_BYTES);
    if (dialect > 0)
        memcpy(who->key + ID_BYTES, spec->dialect.bytes, dialect);
    if (spec->guest.size > 0)
        memcpy(who->key + ID_BYTES + dialect + 1, spec->guest.bytes, spec->guest.size);
}

/* What to call somebody the roster does not know. */
static char *label_fallback(const struct post_spec *spec)
{
    char tag[1 + TAG_TEXT] = "~";
    if (spec->guest.size > 0)
        return xstrndup((const char *)spec->guest.bytes, spec->guest.size);
    id_tag(&spec->who, tag + 1);
    return xstrdup(tag);
}

static void people_sweep(struct model_parts *parts)
{
    struct model_who *who, *next;
    struct model_place *place, *after;
    HASH_ITER(hh, parts->people, who, next)
    who->used = false;
    HASH_ITER(hh, parts->places, place, after)
    {
        const struct window *window = &place->conversation.window;
        for (size_t i = 0; i < window->count + window->waiting_count; i++) {
            const struct post *post =
                i < window->count ? window->posts[i] : window->waiting[i - window->count];
            if (post->from)
                ((struct model_who *)((char *)post->from - offsetof(struct model_who, who)))->used =
                    true;
        }
    }
    HASH_ITER(hh, parts->people, who, next)
    if (!who->used)
        who_free(parts, who);
    parts->people_kept = HASH_COUNT(parts->people);
}

static const struct who *who_of(struct model *model, const struct roster *roster,
                                const struct post_spec *spec)
{
    struct model_parts *parts = model->parts;
    struct model_who *who = xcalloc(1, sizeof *who);
    struct model_who *known;
    key_make(who, spec);
    HASH_FIND(hh, parts->people, who->key, who->key_size, known);
    if (known) {
        free(who->key);
        free(who);
        return &known->who;
    }
    who->who.id = spec->who;
    if (spec->guest.size > 0) {
        who->who.dialect = who->key + ID_BYTES;
        who->who.guest = who->key + ID_BYTES + spec->dialect.size + 1;
    }
    who->who.self = id_equal(&spec->who, &roster_self(roster)->id) && spec->guest.size == 0;
    who->label = label_fallback(spec);
    who->host = xstrdup("");
    who->who.label = who->label;
    who->who.host = who->who.guest ? who->host : NULL;
    (void)who_update(who, roster);
    HASH_ADD_KEYPTR(hh, parts->people, who->key, who->key_size, who);
    return &who->who;
}

/* ---- conversations ---- */

static int by_name(const struct model_place *a, const struct model_place *b)
{
    return strcmp(a->conversation.name, b->conversation.name);
}

static void place_free(struct model_parts *parts, struct model_place *place)
{
    struct conversation *conversation = &place->conversation;
    HASH_DEL(parts->places, place);
    window_done(&conversation->window);
    free(conversation->name);
    free(conversation->title);
    free(conversation->topic);
    free(place);
}

void model_done(struct model *model)
{
    struct model_parts *parts = model->parts;
    struct model_place *place, *next;
    struct model_who *who, *after;
    if (!parts)
        return;
    HASH_ITER(hh, parts->places, place, next)
    place_free(parts, place);
    HASH_ITER(hh, parts->people, who, after)
    who_free(parts, who);
    model_rows_free(model);
    model_found_clear(model);
    free(parts->name);
    free(parts);
    *model = (struct model){.name = "", .room = ""};
}

const struct conversation *model_conversation(const struct model *model, size_t index)
{
    const struct model_place *place = model->parts->places;
    while (place && index-- > 0)
        place = place->hh.next;
    return place ? &place->conversation : NULL;
}

struct conversation *model_find(const struct model *model, const char *name)
{
    struct model_place *place;
    HASH_FIND_STR(model->parts->places, name, place);
    return place ? &place->conversation : NULL;
}

struct conversation *model_hold(struct model *model, const struct room *room, bool history)
{
    struct conversation *known = model_find(model, room->name);
    if (known)
        return known;
    struct model_place *place = xcalloc(1, sizeof *place);
    struct conversation *conversation = &place->conversation;
    conversation->name = xstrdup(room->name);
    conversation->title = xstrdup(room->kind == ROOM_PUBLIC ? room->name : "");
    conversation->topic = xstrdup("");
    conversation->whisper = room->kind == ROOM_WHISPER;
    conversation->guest = room->guest;
    window_init(&conversation->window, history);
    HASH_ADD_KEYPTR_INORDER(hh, model->parts->places, conversation->name,
                            strlen(conversation->name), place, by_name);
    model->dirty |= MODEL_SIDEBAR;
    return conversation;
}

static struct conversation *open_of(const struct model *model)
{
    return model->open ? model_find(model, model->open->name) : NULL;
}

void model_open(struct model *model, struct conversation *conversation)
{
    struct conversation *last = open_of(model);
    if (last == conversation)
        return;
    if (last) {
        window_idle(&last->window, true);
        for (size_t i = 0; i < last->window.count; i++)
            last->window.posts[i]->unread = false;
    }
    if (conversation)
        window_idle(&conversation->window, false);
    model->open = conversation;
    model->room = conversation ? conversation->title : "";
    model->dirty |= MODEL_TITLE | MODEL_LINES | MODEL_SIDEBAR;
}

void model_drop(struct model *model, const char *name)
{
    struct model_place *place;
    HASH_FIND_STR(model->parts->places, name, place);
    if (!place)
        return;
    if (model->open == &place->conversation)
        model_open(model, NULL);
    place_free(model->parts, place);
    model->dirty |= MODEL_SIDEBAR;
}

/* ---- lines ---- */

size_t model_below(const struct conversation *conversation)
{
    return window_below(&conversation->window);
}

size_t model_line(const struct conversation *conversation, const struct order *at)
{
    return window_find(&conversation->window, at);
}

static struct post *post_new(struct model *model, const struct roster *roster,
                             const struct post_spec *spec)
{
    struct post *post = xmalloc(sizeof *post + spec->text.size);
    *post = (struct post){
        .order = spec->order,
        .from = spec->kind == POST_NOTICE ? NULL : who_of(model, roster, spec),
        .wall = spec->wall,
        .skew_ms = spec->skew_ms,
        .again_epoch = spec->again_epoch,
        .again = spec->again,
        .kind = spec->kind,
        .own = spec->own,
        .late = spec->late,
        .mention = spec->mention,
        .stored_by = spec->stored_by,
        .of = spec->of,
        .size = (uint32_t)spec->text.size,
    };
    if (spec->text.size > 0)
        memcpy(post->text, spec->text.bytes, spec->text.size);
    return post;
}

/* Before lines are made: those that are not held yet need their people too. */
static void people_bound(struct model_parts *parts)
{
    if (HASH_COUNT(parts->people) > 2 * parts->people_kept + PEOPLE_SPARE)
        people_sweep(parts);
}

bool model_post(struct model *model, struct conversation *conversation, const struct roster *roster,
                const struct post_spec *spec)
{
    people_bound(model->parts);
    bool looked_at = conversation == model->open && conversation->window.following;
    struct post *post = post_new(model, roster, spec);
    post->unread = !looked_at && !spec->own && !spec->quiet;
    (void)window_take(&conversation->window, post);
    model->dirty |= MODEL_SIDEBAR;
    if (conversation == model->open)
        model->dirty |= MODEL_LINES;
    return looked_at;
}

void model_page(struct model *model, struct conversation *conversation, const struct roster *roster,
                uint64_t ticket, const struct post_spec *specs, size_t count, bool more,
                bool failed)
{
    people_bound(model->parts);
    struct post **posts = xcalloc(count + 1, sizeof(struct post *));
    for (size_t i = 0; i < count; i++)
        posts[i] = post_new(model, roster, &specs[i]);
    window_page(&conversation->window, ticket, posts, count, more, failed);
    free(posts);
    if (conversation == model->open)
        model->dirty |= MODEL_LINES;
}

/* Once everyone had it, it stays so, whoever comes later. */
static bool post_counts(const struct post *post, const struct epoch_id *epoch, uint64_t low,
                        uint64_t high)
{
    return post->own && post->order.seq >= low && post->order.seq <= high &&
           epoch_equal(&post->order.epoch, epoch) && post_delivery(post) != DELIVERY_ALL;
}

void model_tick(struct model *model, const char *name, const struct order *at, bool delivered)
{
    struct conversation *conversation = model_find(model, name);
    if (!conversation)
        return;
    size_t index = window_find(&conversation->window, at);
    struct post *post =
        index < conversation->window.count ? conversation->window.posts[index] : NULL;
    if (!post || order_compare(&post->order, at) != 0)
        return;
    post->of = 1;
    post->stored_by = delivered;
    if (conversation == model->open)
        model->dirty |= MODEL_LINES;
}

static size_t first_counting(const struct window *window, const struct epoch_id *epoch,
                             uint64_t low, uint64_t high)
{
    size_t at = 0;
    while (at < window->count && !post_counts(window->posts[at], epoch, low, high))
        at++;
    return at;
}

static bool window_count(struct window *window, const struct receipt_tally *tally,
                         const struct epoch_id *epoch, uint64_t low, uint64_t high)
{
    bool changed = false;
    for (size_t i = 0; i < window->count; i++) {
        struct post *post = window->posts[i];
        if (!post_counts(post, epoch, low, high))
            continue;
        uint32_t stored_by = (uint32_t)receipt_stored_by(tally, post->order.seq);
        changed |= post->stored_by != stored_by || post->of != tally->of;
        post->stored_by = stored_by;
        post->of = (uint32_t)tally->of;
    }
    return changed;
}

void model_stored(struct model *model, const struct receipts *receipts, const struct rooms *rooms,
                  const struct roster *roster, const struct epoch_id *epoch, uint64_t low,
                  uint64_t high, uint64_t now)
{
    struct model_place *place, *next;
    HASH_ITER(hh, model->parts->places, place, next)
    {
        struct conversation *conversation = &place->conversation;
        struct window *window = &conversation->window;
        const struct room *room = rooms_find(rooms, conversation->name);
        if (!room || first_counting(window, epoch, low, high) == window->count)
            continue;
        size_t count;
        struct id *expected = room_expected(rooms, room, roster, now, &count);
        struct receipt_tally tally;
        receipt_tally_init(&tally, receipts, &roster_self(roster)->id, epoch, expected, count);
        if (window_count(window, &tally, epoch, low, high) && conversation == model->open)
            model->dirty |= MODEL_LINES;
        receipt_tally_done(&tally);
        free(expected);
    }
}

/* ---- up to date ---- */

static void text_set(char **into, char *now, struct model *model, unsigned dirty)
{
    if (*into && strcmp(*into, now) == 0) {
        free(now);
        return;
    }
    free(*into);
    *into = now;
    model->dirty |= dirty;
}

static void self_refresh(struct model *model, const struct roster *roster)
{
    const struct person *self = roster_self(roster);
    text_set(&model->parts->name, xstrdup(person_shown(self)), model, MODEL_TITLE);
    model->name = model->parts->name;
    model->away = self->away;
    id_tag(&self->id, model->tag);
}

/* What a whisper is called: its people. */
static char *title_of(const struct room *room, const struct roster *roster)
{
    if (room->kind == ROOM_PUBLIC)
        return xstrdup(room->name);
    if (room->guest)
        return xstrdup(guest_conversation_name(room->name));
    char *title = xcalloc(room->people_count + 1, LABEL_BYTES + 2);
    size_t size = 0;
    for (size_t i = 0; i < room->people_count; i++) {
        char label[LABEL_BYTES] = "~";
        const struct person *person = roster_person(roster, &room->people[i]);
        if (person)
            roster_label(roster, person, label);
        else
            id_tag(&room->people[i], label + 1);
        size_t length = strlen(label);
        if (i > 0) {
            memcpy(title + size, ", ", 2);
            size += 2;
        }
        memcpy(title + size, label, length);
        size += length;
    }
    return title;
}

static void conversation_refresh(struct model *model, struct conversation *conversation,
                                 const struct room *room, const struct roster *roster,
                                 const struct rooms *rooms)
{
    unsigned title = conversation == model->open ? MODEL_TITLE : 0;
    text_set(&conversation->title, title_of(room, roster), model, title);
    text_set(&conversation->topic, xstrdup(room->topic ? room->topic : ""), model, title);
    size_t present = room_present(rooms, room, roster, model->now);
    if (present != conversation->present || room->joined != conversation->joined)
        model->dirty |= title;
    conversation->present = present;
    conversation->joined = room->joined;
    conversation->unread = room->unread;
    conversation->mentions = room->mentions;
    if (conversation == model->open &&
        (room->marked != conversation->marked ||
         (room->marked && order_compare(&room->mark, &conversation->mark) != 0)))
        model->dirty |= MODEL_LINES;
    conversation->marked = room->marked;
    conversation->mark = room->mark;
}

static void people_refresh(struct model *model, const struct roster *roster)
{
    struct model_who *who, *next;
    HASH_ITER(hh, model->parts->people, who, next)
    if (who_update(who, roster))
        model->dirty |= MODEL_LINES;
}

void model_refresh(struct model *model, const struct roster *roster, const struct rooms *rooms,
                   uint64_t now)
{
    const uint64_t minute = 60000; /* what the screen shows of time */
    struct model_parts *parts = model->parts;
    bool people = parts->roster_changes != roster_changes(roster);
    bool later = now / minute != model->now / minute;
    model->now = now;
    if (!people && !later && !(model->dirty & MODEL_SIDEBAR))
        return;
    parts->roster_changes = roster_changes(roster);
    model->dirty |= MODEL_SIDEBAR | (later ? MODEL_TITLE : 0);
    self_refresh(model, roster);
    if (people)
        people_refresh(model, roster);
    struct model_place *place, *next;
    HASH_ITER(hh, parts->places, place, next)
    {
        const struct room *room = rooms_find(rooms, place->conversation.name);
        if (room)
            conversation_refresh(model, &place->conversation, room, roster, rooms);
        else
            model_drop(model, place->conversation.name);
    }
    model->room = model->open ? model->open->title : "";
    model_rows_make(model, roster, rooms);
}

/* ---- around ---- */

void model_status(struct model *model, const struct message *status, bool error)
{
    model->has_status = status != NULL;
    model->status_is_error = status && error;
    if (status)
        model->status = *status;
    model->status_number += status != NULL;
    model->dirty |= MODEL_STATUS;
}

void model_progress(struct model *model, const struct progress *progress)
{
    model->progress.on = progress && progress->on;
    if (progress)
        model->progress = *progress;
    model->dirty |= MODEL_PROGRESS;
}

bool model_found(struct model *model, const char *address, const char *name, const char *dialect)
{
    struct model_parts *parts = model->parts;
    struct model_find *find = parts->found;
    size_t at = 0;
    while (at < parts->found_count && strcmp(parts->found[at].address, address) != 0)
        at++;
    if (at == MODEL_FOUND || strlen(address) >= MODEL_ADDRESS)
        return false;
    model->dirty |= MODEL_SIDEBAR;
    if (at == parts->found_count) {
        parts->found = xrealloc(parts->found, at + 1, sizeof *parts->found);
        parts->found[parts->found_count++] = (struct model_find){.address = xstrdup(address)};
    }
    find = &parts->found[at];
    free(find->name);
    free(find->dialect);
    find->name = model_copy(name);
    find->dialect = model_copy(dialect);
    return true;
}

void model_found_clear(struct model *model)
{
    struct model_parts *parts = model->parts;
    for (size_t i = 0; i < parts->found_count; i++) {
        free(parts->found[i].address);
        free(parts->found[i].name);
        free(parts->found[i].dialect);
    }
    free(parts->found);
    parts->found = NULL;
    parts->found_count = 0;
    model->dirty |= MODEL_SIDEBAR;
}
