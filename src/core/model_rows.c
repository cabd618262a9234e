/* The sidebar: people by presence, guests under their host, rooms, whispers with several, and what
 * the scan found. Made anew whenever anything of it changed: few know more than some hundred
 * people.
 */
#include "core/model_parts.h"

#include <stdlib.h>
#include <utlist.h>

/* Someone who may get a row. */
struct draft {
    const struct person *person;
    const struct room *whisper;
    enum presence presence;
    char *label;
};

struct drafts {
    struct draft *at;
    size_t count;
};

static void row_free(struct row *row)
{
    free(row->label);
    free(row->conversation);
    free(row->via);
    free(row->why);
    free(row->dialect);
    free(row->address);
    free(row);
}

void model_rows_free(struct model *model)
{
    for (size_t i = 0; i < model->row_count; i++)
        row_free(model->rows[i]);
    free(model->rows);
    model->rows = NULL;
    model->row_count = 0;
}

/* The row is filled by the caller. */
static struct row *row_add(struct model *model, enum row_kind kind, const char *label,
                           const char *conversation)
{
    const size_t step = 64;
    if (model->row_count % step == 0)
        model->rows = xrealloc(model->rows, model->row_count + step, sizeof *model->rows);
    struct row *row = xcalloc(1, sizeof *row);
    row->kind = kind;
    row->label = xstrdup(label);
    row->conversation = model_copy(conversation);
    row->open = conversation && model->open && strcmp(model->open->name, conversation) == 0;
    model->rows[model->row_count++] = row;
    return row;
}

/* ---- people ---- */

static void conversation_of(const struct person *person, char into[GUEST_CONVERSATION])
{
    into[0] = '@';
    if (person->guest)
        guest_conversation(&person->id, person->more->dialect, person->name, into);
    else
        id_text(&person->id, into + 1);
}

static const struct room *whisper_with(const struct rooms *rooms, const struct person *person)
{
    char name[GUEST_CONVERSATION];
    conversation_of(person, name);
    return rooms_find(rooms, name);
}

/* Who is here, was lately, or has said something that waits to be read. */
static bool is_wanted(const struct draft *draft, uint64_t now)
{
    if (draft->person->self)
        return false;
    if (draft->presence != PRESENCE_GONE || (draft->whisper && draft->whisper->unread > 0))
        return true;
    /* of guests who left, those with whom something was said alone */
    return (!draft->person->guest || draft->whisper) && !draft->person->blocked &&
           person_seen_lately(draft->person, now);
}

static struct drafts drafts_of(const struct model *model, const struct roster *roster,
                               const struct rooms *rooms, bool guests)
{
    struct drafts drafts = {xcalloc(roster_count(roster), sizeof *drafts.at), 0};
    for (const struct person *one = NULL; (one = roster_next(roster, one)) != NULL;) {
        struct draft draft = {one, whisper_with(rooms, one),
                              roster_presence(roster, one, model->now), NULL};
        if (one->guest != guests || !is_wanted(&draft, model->now))
            continue;
        char label[LABEL_BYTES];
        roster_label(roster, one, label);
        draft.label = xstrdup(label);
        drafts.at[drafts.count++] = draft;
    }
    return drafts;
}

static void drafts_free(struct drafts *drafts)
{
    for (size_t i = 0; i < drafts->count; i++)
        free(drafts->at[i].label);
    free(drafts->at);
}

static int same_label_compare(const struct draft *a, const struct draft *b)
{
    int result = label_compare(a->label, b->label);
    return result != 0 ? result : id_compare(&a->person->id, &b->person->id);
}

/* Who is there by name, so that rows do not jump; then who left, the last one first. */
static int people_compare(const void *left, const void *right)
{
    const struct draft *a = left;
    const struct draft *b = right;
    bool a_gone = a->presence == PRESENCE_GONE;
    bool b_gone = b->presence == PRESENCE_GONE;
    if (a_gone != b_gone)
        return a_gone - b_gone;
    if (a_gone && a->person->seen != b->person->seen)
        return a->person->seen < b->person->seen ? 1 : -1;
    return same_label_compare(a, b);
}

/* By host, so that those of one lie together. */
static int guests_compare(const void *left, const void *right)
{
    const struct draft *a = left;
    const struct draft *b = right;
    int result = id_compare(&a->person->id, &b->person->id);
    return result != 0 ? result : same_label_compare(a, b);
}

static void person_row(struct model *model, const struct draft *draft, const char *via)
{
    const struct person *person = draft->person;
    const struct person_link *link = person_best_link(person);
    char name[GUEST_CONVERSATION];
    conversation_of(person, name);
    struct row *row = row_add(model, person->guest ? ROW_GUEST : ROW_PERSON, draft->label,
                              person->guest && via ? NULL : name);
    row->id = person->id;
    row->presence = draft->presence;
    row->trust = person_trust(person);
    row->ignored = person->ignored;
    row->rtt_us = link ? link->rtt_us : 0;
    row->seen = person->seen;
    row->via = model_copy(via);
    row->why =
        draft->presence == PRESENCE_AWAY && person->more ? model_copy(person->more->why) : NULL;
    row->dialect = person->guest ? xstrdup(person->more->dialect) : NULL;
    row->unread = draft->whisper ? draft->whisper->unread : 0;
    row->mentions = draft->whisper ? draft->whisper->mentions : 0;
}

/* The guests of one host, of those that lie in order of their host. */
static void guest_rows(struct model *model, const struct drafts *guests, const struct id *host,
                       const char *via)
{
    size_t low = 0;
    size_t high = guests->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (id_compare(&guests->at[middle].person->id, host) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < guests->count && id_equal(&guests->at[low].person->id, host); low++)
        person_row(model, &guests->at[low], via);
}

static void people_rows(struct model *model, const struct roster *roster, const struct rooms *rooms)
{
    struct drafts people = drafts_of(model, roster, rooms, false);
    struct drafts guests = drafts_of(model, roster, rooms, true);
    bool ours = false;
    qsort(people.at, people.count, sizeof *people.at, people_compare);
    qsort(guests.at, guests.count, sizeof *guests.at, guests_compare);
    size_t left = people.count + guests.count;
    for (size_t i = 0; i < people.count && model->row_count < MODEL_PEOPLE_ROWS; i++) {
        const struct draft *one = &people.at[i];
        if (one->presence == PRESENCE_GONE && !ours) {
            guest_rows(model, &guests, &roster_self(roster)->id, NULL);
            ours = true;
        }
        person_row(model, one, NULL);
        guest_rows(model, &guests, &one->person->id, one->label);
    }
    if (!ours && model->row_count < MODEL_PEOPLE_ROWS)
        guest_rows(model, &guests, &roster_self(roster)->id, NULL);
    model->people_left_out = left > model->row_count ? left - model->row_count : 0;
    drafts_free(&people);
    drafts_free(&guests);
}

/* ---- rooms ---- */

static void room_row(struct model *model, const struct room *room, enum row_kind kind)
{
    const struct conversation *held = model_find(model, room->name);
    struct row *row = row_add(model, kind, held ? held->title : room->name, room->name);
    row->unread = room->unread;
    row->mentions = room->mentions;
}

static bool has_row_of_own(const struct room *room, const struct roster *roster)
{
    if (room->guest) /* a guest that is gone and said nothing new has none: search has no hit */
        return false;
    return room->people_count > 1 || !roster_person(roster, &room->people[0]);
}

static void rooms_rows(struct model *model, const struct roster *roster, const struct rooms *rooms)
{
    const struct room *everyone = rooms_everyone(rooms);
    const struct room *room;
    room_row(model, everyone, ROW_ROOM);
    LL_FOREACH(rooms_first(rooms), room)
    if (room->kind == ROOM_PUBLIC && room->joined && room != everyone)
        room_row(model, room, ROW_ROOM);
    LL_FOREACH(rooms_first(rooms), room)
    if (room->kind == ROOM_WHISPER && has_row_of_own(room, roster))
        room_row(model, room, ROW_WHISPER);
}

static void found_rows(struct model *model)
{
    for (size_t i = 0; i < model->parts->found_count; i++) {
        const struct model_find *find = &model->parts->found[i];
        struct row *row = row_add(model, ROW_FOUND, find->name ? find->name : find->address, NULL);
        row->address = xstrdup(find->address);
        row->dialect = model_copy(find->dialect);
    }
}

void model_rows_make(struct model *model, const struct roster *roster, const struct rooms *rooms)
{
    model_rows_free(model);
    people_rows(model, roster, rooms);
    rooms_rows(model, roster, rooms);
    found_rows(model);
}
