/* What people are called, and who is meant by what somebody types. */
#include "base/alloc.h"
#include "base/fold.h"
#include "base/text.h"
#include "core/roster_parts.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TAG_STEP = 4,      /* tags grow by so many characters, until nobody else's is the same */
    TAG_UNLOOKED = 12, /* 60 bits: for who is not compared with everyone */
    TAG_NAMELESS = 8,
};

/* ---- the table of names ---- */

static uint64_t text_hash(const char *text, size_t size, const uint8_t key[ROSTER_KEY])
{
    uint64_t hash;
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)text, size, key);
    return hash ? hash : 1;
}

uint64_t roster_name_hash(const struct roster *roster, struct span name)
{
    size_t size;
    char *folded = name_fold((const char *)name.bytes, name.size, &size);
    uint64_t hash = size > 0 ? text_hash(folded, size, roster->key) : 0;
    free(folded);
    return hash;
}

uint32_t roster_name_first(const struct roster *roster, uint64_t hash)
{
    return hash ? roster->by_name[(uint32_t)hash & roster->name_mask] : 0;
}

static void name_link(struct roster *roster, struct person *person)
{
    if (person->name_hash == 0)
        return;
    uint32_t *head = &roster->by_name[(uint32_t)person->name_hash & roster->name_mask];
    person->next = *head;
    *head = person->number + 1;
}

void roster_name_drop(struct roster *roster, struct person *person)
{
    if (person->name_hash == 0)
        return;
    uint32_t *at = &roster->by_name[(uint32_t)person->name_hash & roster->name_mask];
    while (*at != person->number + 1)
        at = &roster_at(roster, *at - 1)->next;
    *at = person->next;
    person->name_hash = 0;
}

void roster_name_place(struct roster *roster, struct person *person)
{
    roster_name_drop(roster, person);
    const char *shown = person_shown(person);
    size_t size;
    char *folded = name_fold(shown, strlen(shown), &size);
    person->name_hash = size > 0 ? text_hash(folded, size, roster->key) : 0;
    person->tilde = strchr(folded, '~') != NULL;
    free(folded);
    name_link(roster, person);
    roster->changes++;
}

void roster_names_rehash(struct roster *roster)
{
    memset(roster->by_name, 0, (roster->name_mask + 1) * sizeof *roster->by_name);
    for (uint32_t i = 0; i < roster->size; i++)
        if (roster_at(roster, i)->used)
            name_link(roster, roster_at(roster, i));
}

/* Who else has the same shown name, after `person`; NULL begins. */
static struct person *namesake_next(const struct roster *roster, uint64_t hash,
                                    const struct person *person)
{
    uint32_t at = person ? person->next : roster_name_first(roster, hash);
    while (at != 0 && roster_at(roster, at - 1)->name_hash != hash)
        at = roster_at(roster, at - 1)->next;
    return at ? roster_at(roster, at - 1) : NULL;
}

/* ---- names ---- */

const char *person_shown(const struct person *person)
{
    if (person->more && person->more->alias)
        return person->more->alias;
    return person->name ? person->name : "";
}

/* A copy of what is kept of a name; NULL where nothing is. */
static char *name_copy(struct span name)
{
    const char *text = (const char *)name.bytes;
    size_t size = name.size > 0 ? strnlen(text, name.size) : 0;
    size = size > 0 ? text_cut(text, size, PERSON_NAME_MAX) : 0;
    return size > 0 ? xstrndup(text, size) : NULL;
}

static bool text_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Somebody with a key of their own who is called like `person`, whom we have to do with if we have
 * to do with any. */
static const struct person *rival(const struct roster *roster, const struct person *person)
{
    const struct person *result = NULL;
    for (struct person *one = NULL;
         (one = namesake_next(roster, person->name_hash, one)) != NULL;) {
        if (one == person || one->guest)
            continue;
        if (!result || one->self || (person_vouched(one) && !result->self))
            result = one;
    }
    return result;
}

/* The bit of a name does not change from run to run. */
static uint64_t warning_bit(const char *name)
{
    static const uint8_t key[ROSTER_KEY];
    size_t size;
    char *folded = name_fold(name, strlen(name), &size);
    uint64_t bit = UINT64_C(1) << (text_hash(folded, size, key) % 64);
    free(folded);
    return bit;
}

const struct person *roster_name_set(struct roster *roster, struct person *person, struct span name)
{
    if (person->guest)
        return NULL;
    char *copy = name_copy(name);
    if (text_same(copy, person->name)) {
        free(copy);
        return NULL;
    }
    free(person->name);
    person->name = copy;
    if (person->hidden) {
        roster->changes++;
        return NULL;
    }
    roster_name_place(roster, person);
    if (person->self || person->name_hash == 0)
        return NULL;
    const struct person *other = rival(roster, person);
    if (!other)
        return NULL;
    uint64_t bit = warning_bit(person->name);
    struct person_more *more = person_more(person);
    bool warned = more->warned & bit;
    more->warned |= bit;
    return warned ? NULL : other;
}

/* Whether somebody is vouched for may follow from the alias: the caller counts strangers. */
void roster_alias_set(struct roster *roster, struct person *person, struct span alias)
{
    char *copy = name_copy(alias);
    if (copy && roster_name_hash(roster, span_text(copy)) == 0) {
        free(copy);
        copy = NULL;
    }
    roster->hidden_guests -= person->guest && person->hidden;
    roster->strangers -= !person->guest && !person->self && !person_vouched(person);
    struct person_more *more = person_more(person);
    free(more->alias);
    more->alias = copy;
    person->hidden = copy != NULL;
    person_more_trim(person);
    roster->strangers += !person->guest && !person->self && !person_vouched(person);
    roster->hidden_guests += person->guest && person->hidden;
    roster_name_place(roster, person);
}

/* ---- labels ---- */

static size_t common_length(const char *a, const char *b)
{
    size_t length = 0;
    while (a[length] && a[length] == b[length])
        length++;
    return length;
}

/* How the person is told from namesakes. */
struct tag {
    size_t length; /* of the id; 0: the name alone does */
    bool dialect;  /* even the whole id would not do */
};

/* Characters that tell the id from all others with so many in common. */
static size_t tag_beyond(size_t common)
{
    size_t length = common / TAG_STEP * TAG_STEP + TAG_STEP;
    return length < ID_TEXT - 1 ? length : ID_TEXT - 1;
}

/* A guest that left is nobody one could mean instead. */
static bool is_gone(const struct person *person)
{
    return person->guest && !person->mesh && !(person->more && person->more->link_count);
}

static struct tag tag_of(const struct roster *roster, const struct person *person)
{
    struct tag tag = {person->tilde ? TAG_STEP : 0, false};
    if (person->name_hash == 0)
        return (struct tag){TAG_NAMELESS, false};
    char own[ID_TEXT] = ""; /* written when there is a namesake: most people have none */
    size_t looked = 0;
    for (struct person *one = NULL;
         (one = namesake_next(roster, person->name_hash, one)) != NULL;) {
        if (one == person ||
            (is_gone(one) && (!is_gone(person) || id_equal(&one->id, &person->id))))
            continue;
        if (looked++ == ROSTER_NAMESAKES) {
            tag.length = tag.length > TAG_UNLOOKED ? tag.length : TAG_UNLOOKED;
            break;
        }
        char other[ID_TEXT];
        if (own[0] == '\0')
            id_text(&person->id, own);
        id_text(&one->id, other);
        bool same = id_equal(&one->id, &person->id);
        size_t length = same ? TAG_STEP : tag_beyond(common_length(own, other));
        tag.dialect |= same && person->guest;
        tag.length = tag.length > length ? tag.length : length;
    }
    return tag;
}

void roster_label(const struct roster *roster, const struct person *person, char into[LABEL_BYTES])
{
    struct tag tag = tag_of(roster, person);
    char id[ID_TEXT] = "";
    if (tag.length)
        id_text(&person->id, id);
    const char *shown = person->name_hash ? person_shown(person) : "";
    bool dialect = tag.dialect && person->more->dialect[0];
    snprintf(into, LABEL_BYTES, "%s%s%.*s%s%s", shown, tag.length ? "~" : "", (int)tag.length, id,
             dialect ? "." : "", dialect ? person->more->dialect : "");
}

static int letter(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

int label_compare(const char *a, const char *b)
{
    size_t at = 0;
    while (a[at] && letter(a[at]) == letter(b[at]))
        at++;
    int result = letter(a[at]) - letter(b[at]);
    return result != 0 ? result : strcmp(a, b);
}

/* ---- who is meant ---- */

static void match_add(struct roster_match *match, struct person *person)
{
    for (size_t i = 0; i < match->count; i++)
        if (match->people[i] == person)
            return;
    if (match->count < ROSTER_MATCHES)
        match->people[match->count++] = person;
    match->total++;
}

/* The characters of an id that `text` begins with, in lower case. */
static size_t tag_read(const char *text, size_t size, char into[ID_TEXT])
{
    size_t length = 0;
    while (length < size && length < ID_TEXT - 1) {
        char c = text[length];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        if (!((c >= 'a' && c <= 'z') || (c >= '2' && c <= '7')))
            break;
        into[length++] = c;
    }
    into[length] = '\0';
    return length;
}

static bool tag_fits(const struct person *person, const char *tag, size_t length)
{
    char id[ID_TEXT];
    id_text(&person->id, id);
    return memcmp(id, tag, length) == 0;
}

/* Of those that fit, the one whose label was typed to the letter. */
static void match_exact(const struct roster *roster, struct span typed, struct roster_match *match)
{
    for (size_t i = 0; i < match->count && match->total > 1; i++) {
        char label[LABEL_BYTES];
        roster_label(roster, match->people[i], label);
        if (span_equal(span_text(label), typed))
            *match = (struct roster_match){1, 1, {match->people[i]}};
    }
}

/* `name~tag`, `name~tag.dialect` and `~tag`. Whatever looks so is never taken for a name: anybody
 * could call themselves so. False where it does not look so. */
static bool find_tagged(const struct roster *roster, struct span typed, struct roster_match *match)
{
    const char *text = (const char *)typed.bytes;
    const char *tilde = memrchr(text, '~', typed.size);
    if (!tilde)
        return false;
    size_t before = (size_t)(tilde - text);
    size_t after = typed.size - before - 1;
    char tag[ID_TEXT];
    size_t length = tag_read(tilde + 1, after, tag);
    struct span dialect = span_of("", 0);
    if (length < after && tilde[1 + length] == '.')
        dialect = span_of(tilde + 2 + length, after - length - 1);
    if (length < TAG_STEP || (length < after && dialect.size == 0))
        return false;
    uint64_t hash = roster_name_hash(roster, span_of(text, before));
    for (struct person *one = NULL;
         (one = hash ? namesake_next(roster, hash, one) : roster_next(roster, one)) != NULL;) {
        if (!tag_fits(one, tag, length) || (hash == 0 && one->guest))
            continue;
        if (dialect.size == 0 || (one->guest && span_equal(span_text(one->more->dialect), dialect)))
            match_add(match, one);
    }
    match_exact(roster, typed, match);
    return true;
}

static void find_shown(const struct roster *roster, struct span typed, struct roster_match *match)
{
    uint64_t hash = roster_name_hash(roster, typed);
    for (struct person *one = NULL; hash && (one = namesake_next(roster, hash, one)) != NULL;)
        match_add(match, one);
}

/* By the name that our alias hides. */
static void find_hidden(const struct roster *roster, struct span typed, struct roster_match *match)
{
    uint64_t hash = roster_name_hash(roster, typed);
    for (struct person *one = NULL; hash && (one = roster_next(roster, one)) != NULL;)
        if (one->hidden && one->name && roster_name_hash(roster, span_text(one->name)) == hash)
            match_add(match, one);
}

/* Does the folded name begin with the folded text? Most do not by their first letter: ASCII folds
 * to itself in lower case. */
static bool begins(const char *name, const char *start, size_t size)
{
    char first = name[0];
    if (first >= 'A' && first <= 'Z')
        first = (char)(first - 'A' + 'a');
    if (first > ' ' && start[0] > ' ' && first != start[0])
        return false;
    size_t length;
    char *folded = name_fold(name, strlen(name), &length);
    bool result = length >= size && memcmp(folded, start, size) == 0;
    free(folded);
    return result;
}

static void find_beginning(const struct roster *roster, struct span typed,
                           struct roster_match *match)
{
    size_t size;
    char *start = name_fold((const char *)typed.bytes, typed.size, &size);
    char tag[ID_TEXT];
    size_t tag_size = tag_read((const char *)typed.bytes, typed.size, tag);
    bool is_tag = tag_size == typed.size && tag_size >= TAG_STEP;
    for (struct person *one = NULL; size > 0 && (one = roster_next(roster, one)) != NULL;)
        if (begins(person_shown(one), start, size) ||
            (is_tag && !one->guest && tag_fits(one, tag, tag_size)))
            match_add(match, one);
    free(start);
}

static enum roster_find verdict(const struct roster_match *match)
{
    if (match->total == 0)
        return ROSTER_NONE;
    return match->total == 1 ? ROSTER_ONE : ROSTER_MANY;
}

enum roster_find roster_find(const struct roster *roster, struct span typed,
                             struct roster_match *into)
{
    *into = (struct roster_match){0};
    if (typed.size == 0 || typed.size > 4 * (size_t)LABEL_BYTES)
        return ROSTER_NONE;
    /* A whole id is that person's, whoever else calls themselves so. */
    char whole[ID_TEXT];
    struct id id;
    if (typed.size == ID_TEXT - 1 && tag_read((const char *)typed.bytes, typed.size, whole) &&
        id_parse(whole, &id)) {
        struct person *person = roster_person(roster, &id);
        if (person)
            match_add(into, person);
        return verdict(into);
    }
    if (find_tagged(roster, typed, into))
        return verdict(into);
    find_shown(roster, typed, into);
    if (into->total == 0)
        find_hidden(roster, typed, into);
    if (into->total == 0)
        find_beginning(roster, typed, into);
    return verdict(into);
}
