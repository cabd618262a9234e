/* A short list, the latest first: whoever talks does so in a few conversations. */
#include "app/plain_places.h"

#include "base/alloc.h"
#include "base/gettext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static void place_free(struct places *places, struct place *place)
{
    DL_DELETE(places->list, place);
    places->count--;
    free(place->name);
    free(place);
}

void places_done(struct places *places)
{
    while (places->list)
        place_free(places, places->list);
}

static struct place *place_of(struct places *places, const char *name)
{
    struct place *place;
    DL_FOREACH(places->list, place)
    if (strcmp(place->name, name) == 0)
        break;
    if (place) {
        DL_DELETE(places->list, place);
    } else {
        if (places->count == PLACES)
            place_free(places, places->list->prev);
        place = xcalloc(1, sizeof *place);
        place->name = xstrdup(name);
        places->count++;
    }
    DL_PREPEND(places->list, place);
    return place;
}

/* ---- lines ---- */

static void spoken(struct place *place, const struct node_line *line, uint64_t now)
{
    place->spoken = true;
    place->told = false;
    place->ref = (struct entry_ref){line->order.author, line->order.epoch, line->order.seq};
    place->count = place->of = 0;
    place->due = now + PLACE_DELIVERY_MS;
}

bool places_line(struct places *places, const struct plain_words *words,
                 const struct node_line *line, uint64_t now)
{
    struct place *place = place_of(places, line->conversation);
    if (line->missed && !line->mention) {
        place->missed++;
        places->missed_at = now;
        return false;
    }
    if (line->own && line->live && line->guest.size == 0)
        spoken(place, line, now);
    place->recalled = true;
    place->unread = place->unread || strcmp(line->conversation, words->here) != 0;
    places->unread = places->unread || place->unread;
    return true;
}

const char *places_unread(struct places *places)
{
    struct place *place;
    DL_SEARCH_SCALAR(places->list, place, unread, true);
    places->unread = place;
    if (!place)
        return NULL;
    place->unread = false;
    return place->name;
}

/* ---- what was said before ---- */

/* Not what we heard ourselves, nor, `again`, what was told by itself because it was meant for us.
 */
static bool is_before(const struct plain_words *words, const struct post *post, bool again)
{
    return post->order.key < words->began && !(again && post->mention);
}

/* The last lines of before that the model holds of the open one. */
static void recall(struct plain_words *words, const struct conversation *open, size_t lines,
                   bool again)
{
    char title[PLAIN_NAME_BYTES];
    const struct window *window = &open->window;
    size_t first = window->count, left = lines;
    while (first > 0 && left > 0)
        left -= is_before(words, window->posts[--first], again);
    if (left == lines)
        return;
    plain_tell(words, _("Said in %1$s before you came:"), plain_title(words, open->name, title),
               NULL, NULL);
    for (; first < window->count; first++)
        if (is_before(words, window->posts[first], again))
            plain_post(words, open->name, window->posts[first]);
}

/* What is open for the first time. */
static void opened_recall(struct places *places, struct plain_words *words)
{
    const struct conversation *open = words->model->open;
    if (!open || open->window.asked)
        return;
    struct place *place = place_of(places, open->name);
    if (!place->recalled)
        recall(words, open, PLACE_RECALL, false);
    place->recalled = true;
}

/* The end of it where one listens, and how much there is elsewhere. */
static void missed_tell(struct plain_words *words, const struct place *place)
{
    char title[PLAIN_NAME_BYTES], count[24];
    const struct conversation *open = words->model->open;
    bool is_open = open && strcmp(open->name, place->name) == 0;
    size_t lines = place->missed;
    snprintf(count, sizeof count, "%zu", lines);
    if (lines > (is_open ? PLACE_RECALL : 0))
        plain_tell(words,
                   ngettext("%1$s line came in %2$s that was said before you came",
                            "%1$s lines came in %2$s that were said before you came",
                            (unsigned long)lines),
                   count, plain_title(words, place->name, title), NULL);
    if (is_open && lines > 0)
        recall(words, open, lines < PLACE_RECALL ? lines : PLACE_RECALL, true);
}

/* ---- delivery ---- */

static bool is_ref(const struct entry_ref *a, const struct entry_ref *b)
{
    return a->seq == b->seq && id_equal(&a->author, &b->author) &&
           memcmp(a->epoch.bytes, b->epoch.bytes, sizeof a->epoch.bytes) == 0;
}

void places_receipt(struct places *places, const struct node_receipt *receipt)
{
    struct place *place;
    DL_FOREACH(places->list, place)
    {
        if (!place->spoken || !is_ref(&place->ref, &receipt->ref))
            continue;
        place->count = receipt->guest ? receipt->delivered : receipt->count;
        place->of = receipt->of;
    }
}

/* When all have what was said last, and so what was said before it; and once before that. */
static uint64_t delivered_tell(struct plain_words *words, struct place *place, uint64_t now)
{
    bool all = place->of > 0 && place->count >= place->of;
    if (!place->spoken || (!all && place->told))
        return UINT64_MAX;
    if (!all && now < place->due)
        return place->due;
    place->told = true;
    place->spoken = !all;
    if (place->of > 0)
        plain_delivered(words, place->name, place->count, place->of);
    return UINT64_MAX;
}

/* ---- the turn ---- */

uint64_t places_turn(struct places *places, struct plain_words *words, uint64_t now)
{
    struct place *place;
    uint64_t next = UINT64_MAX, at;
    opened_recall(places, words);
    bool quiet = places->missed_at > 0 && now >= places->missed_at + PLACE_QUIET_MS;
    DL_FOREACH(places->list, place)
    {
        at = delivered_tell(words, place, now);
        next = at < next ? at : next;
        if (quiet) {
            missed_tell(words, place);
            place->missed = 0;
        }
    }
    if (quiet)
        places->missed_at = 0;
    at = places->missed_at > 0 ? places->missed_at + PLACE_QUIET_MS : UINT64_MAX;
    return at < next ? at : next;
}
