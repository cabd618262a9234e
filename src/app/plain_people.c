/* A table of those who are here, as they were told of last, beside the model's rows. */
#include "app/plain_people.h"

#include "base/alloc.h"
#include "base/gettext.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* There are no more of them than rows. */
struct known {
    UT_hash_handle hh;
    char *name;
    bool away;
    bool seen;  /* in the rows that are gone through */
    char key[]; /* the id, and of a guest the name behind it */
};

struct plain_people {
    struct known *known;
};

struct plain_people *plain_people_new(void)
{
    return xcalloc(1, sizeof(struct plain_people));
}

static void known_free(struct plain_people *people, struct known *known)
{
    HASH_DEL(people->known, known);
    free(known->name);
    free(known);
}

void plain_people_free(struct plain_people *people)
{
    while (people && people->known)
        known_free(people, people->known);
    free(people);
}

/* Several hosts may have a guest of one name, and a host several guests. */
static struct known *known_of(struct plain_people *people, const struct row *row, bool *is_new)
{
    struct known *known;
    const char *guest = row->kind == ROW_GUEST ? row->label : "";
    size_t size = sizeof row->id.bytes + strlen(guest);
    struct known *fresh = xcalloc(1, sizeof *fresh + size);
    memcpy(fresh->key, row->id.bytes, sizeof row->id.bytes);
    memcpy(fresh->key + sizeof row->id.bytes, guest, strlen(guest));
    HASH_FIND(hh, people->known, fresh->key, size, known);
    *is_new = !known;
    if (known) {
        free(fresh);
        return known;
    }
    fresh->name = xstrdup(row->label);
    HASH_ADD(hh, people->known, key, size, fresh);
    return fresh;
}

static void name_tell(struct plain_words *words, uint64_t now, const char *sentence,
                      const char *name, const char *other)
{
    char one[PLAIN_NAME_BYTES], two[PLAIN_NAME_BYTES];
    plain_tell_at(words, now, sentence, plain_name(name, strlen(name), one),
                  other ? plain_name(other, strlen(other), two) : NULL);
}

static void here_tell(struct plain_words *words, uint64_t now, const struct row *row)
{
    if (row->kind != ROW_GUEST)
        name_tell(words, now, _("%1$s is here"), row->label, NULL);
    else if (row->via)
        name_tell(words, now, _("%1$s is here (guest of %2$s, not encrypted)"), row->label,
                  row->via);
    else
        name_tell(words, now, _("%1$s is here (guest, not encrypted)"), row->label, NULL);
}

static void away_tell(struct plain_words *words, uint64_t now, const struct row *row)
{
    char name[PLAIN_NAME_BYTES];
    bool why = row->why && row->why[0];
    plain_tell_at(words, now, why ? _("%1$s is away: %2$s") : _("%1$s is away"),
                  plain_name(row->label, strlen(row->label), name), row->why);
}

static void row_follow(struct plain_people *people, struct plain_words *words, uint64_t now,
                       const struct row *row)
{
    bool is_new, away = row->presence == PRESENCE_AWAY;
    struct known *known = known_of(people, row, &is_new);
    known->seen = true;
    if (is_new && !away)
        here_tell(words, now, row);
    if (strcmp(known->name, row->label) != 0)
        name_tell(words, now, _("%1$s is now called %2$s"), known->name, row->label);
    if (away && !known->away)
        away_tell(words, now, row);
    else if (!away && known->away)
        name_tell(words, now, _("%1$s is back"), row->label, NULL);
    known->away = away;
    free(known->name);
    known->name = xstrdup(row->label);
}

static bool is_here(const struct row *row)
{
    return (row->kind == ROW_PERSON || row->kind == ROW_GUEST) && row->presence != PRESENCE_GONE;
}

/* Who is no longer listened to is not gone. */
static void row_mute(struct plain_people *people, const struct row *row)
{
    bool is_new;
    known_free(people, known_of(people, row, &is_new));
}

void plain_people_follow(struct plain_people *people, struct plain_words *words,
                         const struct model *model)
{
    struct known *known, *next;
    for (size_t i = 0; i < model->row_count; i++) {
        const struct row *row = model->rows[i];
        if (is_here(row) && (row->ignored || row->trust == TRUST_BLOCKED))
            row_mute(people, row);
        else if (is_here(row))
            row_follow(people, words, model->now, row);
    }
    HASH_ITER(hh, people->known, known, next)
    {
        bool seen = known->seen;
        known->seen = false;
        if (seen)
            continue;
        if (model->people_left_out == 0) /* else they may be here, without a row */
            name_tell(words, model->now, _("%1$s is gone"), known->name, NULL);
        known_free(people, known);
    }
}
