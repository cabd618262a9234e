/* A sorted array of lines. New ones come at its end, nearly always, so it is searched from there.
 */
#include "core/window.h"

#include "base/alloc.h"
#include "core/entry.h"
#include "core/twins.h"

#include <stdlib.h>

void window_init(struct window *window, bool history)
{
    *window = (struct window){.more_above = history, .following = true, .idle = true};
}

static void waiting_drop(struct window *window)
{
    for (size_t i = 0; i < window->waiting_count; i++)
        free(window->waiting[i]);
    free(window->waiting);
    window->waiting = NULL;
    window->waiting_count = 0;
}

/* Nothing is held, and no page that is on its way is of use. */
static void window_empty(struct window *window)
{
    for (size_t i = 0; i < window->count; i++)
        free(window->posts[i]);
    free(window->posts);
    window->posts = NULL;
    window->count = window->room = window->bytes = window->agains = window->beyond = 0;
    window->asked = 0;
    window->overflown = false;
    waiting_drop(window);
}

void window_done(struct window *window)
{
    window_empty(window);
}

/* ---- what is held ---- */

static size_t weight(const struct post *post)
{
    return sizeof *post + post->size;
}

size_t window_find(const struct window *window, const struct order *at)
{
    size_t low = 0;
    size_t high = window->count;
    if (high > 0 && order_compare(&window->posts[high - 1]->order, at) < 0)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (order_compare(&window->posts[middle]->order, at) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The post that is looked at, as long as any is held. */
static size_t anchor_index(const struct window *window)
{
    if (window->following)
        return window->count - 1;
    size_t at = window_find(window, &window->anchor);
    return at < window->count ? at : window->count - 1;
}

static void post_out(struct window *window, size_t at)
{
    struct post *post = window->posts[at];
    window->bytes -= weight(post);
    window->agains -= post->again != 0;
    free(post);
    window->count--;
    memmove(window->posts + at, window->posts + at + 1,
            (window->count - at) * sizeof(struct post *));
}

static void top_drop(struct window *window)
{
    post_out(window, 0);
    window->top = window->posts[0]->order;
    window->more_above = true;
}

static void bottom_drop(struct window *window)
{
    post_out(window, window->count - 1);
    window->bottom = window->posts[window->count - 1]->order;
    window->more_below = true;
    window->beyond++;
}

static size_t most_posts(const struct window *window)
{
    return window->idle ? WINDOW_IDLE_POSTS : WINDOW_POSTS;
}

static size_t most_bytes(const struct window *window)
{
    return window->idle ? WINDOW_IDLE_BYTES : WINDOW_BYTES;
}

/* What is furthest from the reader goes. */
static void window_trim(struct window *window)
{
    while (window->count > 1 &&
           (window->count > most_posts(window) || window->bytes > most_bytes(window))) {
        size_t above = anchor_index(window);
        if (above >= window->count - 1 - above)
            top_drop(window);
        else
            bottom_drop(window);
    }
}

/* What is held reaches as far as this. */
static void reach_to(struct window *window, const struct order *at)
{
    if (window->count == 0 || order_compare(at, &window->top) < 0)
        window->top = *at;
    if (window->count == 0 || order_compare(at, &window->bottom) > 0)
        window->bottom = *at;
}

/* Whether both are the same words of the same guest, whoever hosts it. */
static bool are_twins(const struct post *a, const struct post *b)
{
    return b->from && b->from->guest && a->kind == b->kind && a->size == b->size &&
           memcmp(a->text, b->text, a->size) == 0 && strcmp(a->from->guest, b->from->guest) == 0 &&
           strcmp(a->from->dialect, b->from->dialect) == 0;
}

static void twins_count(const struct post *post, const struct post *other, size_t *of_host,
                        size_t *seen)
{
    if (!are_twins(post, other))
        return;
    *of_host += id_equal(&post->from->id, &other->from->id);
    *seen += !other->twin;
}

/* What is shown already stays so: only of the new one it is asked, which stands at `at`. */
static bool is_twin(const struct window *window, const struct post *post, size_t at)
{
    size_t of_host = 1, seen = 0;
    if (!post->from || !post->from->guest)
        return false;
    for (size_t i = at; i < window->count; i++) {
        if (!twins_are_near(window->posts[i]->order.key, post->order.key))
            break;
        twins_count(post, window->posts[i], &of_host, &seen);
    }
    for (size_t i = at; i-- > 0;) {
        if (!twins_are_near(window->posts[i]->order.key, post->order.key))
            break;
        twins_count(post, window->posts[i], &of_host, &seen);
    }
    return twins_are_enough(of_host, seen);
}

static void window_put(struct window *window, struct post *post, size_t at)
{
    post->twin = is_twin(window, post, at);
    reach_to(window, &post->order);
    if (window->count == window->room) {
        window->room = window->room * 2 + 16;
        window->posts = xrealloc(window->posts, window->room, sizeof(struct post *));
    }
    memmove(window->posts + at + 1, window->posts + at,
            (window->count - at) * sizeof(struct post *));
    window->posts[at] = post;
    window->count++;
    window->bytes += weight(post);
    window->agains += post->again != 0;
}

/* Are these the same words, said twice because a fork froze the first? */
static bool said_again(const struct post *a, const struct post *b)
{
    return a->again != 0 && a->again == b->order.seq &&
           epoch_equal(&a->again_epoch, &b->order.epoch) &&
           id_equal(&a->order.author, &b->order.author);
}

static bool is_there(const struct window *window, const struct post *post, size_t at)
{
    if (at < window->count && order_same_entry(&window->posts[at]->order, &post->order))
        return true;
    if (post->again == 0 && window->agains == 0)
        return false;
    for (size_t i = 0; i < window->count; i++)
        if (said_again(post, window->posts[i]) || said_again(window->posts[i], post))
            return true;
    return false;
}

/* Is it in a part of the conversation that is not held? What comes is shown even where nothing can
 * be read back. */
static bool is_outside(const struct window *window, size_t at)
{
    if (window->count == 0 && window->gave_up)
        return false;
    return (at == 0 && window->more_above) || (at == window->count && window->more_below);
}

/* A page may have been read before this was stored; when it is here we know. */
static void wait_for_page(struct window *window, struct post *post)
{
    if (window->waiting_count == WINDOW_WAITING) {
        window->overflown = true;
        free(post);
        return;
    }
    if (!window->waiting)
        window->waiting = xcalloc(WINDOW_WAITING, sizeof(struct post *));
    window->waiting[window->waiting_count++] = post;
}

/* Before anything is asked, the last ones may not be on the disk yet when it is: no more of them
 * than of a conversation that is not on the screen. */
static void latest_only(struct window *window)
{
    enum { LATEST = WINDOW_WAITING / 2 };
    size_t bytes = 0, first = window->waiting_count;
    while (first > 0 && window->waiting_count - first < LATEST &&
           (bytes += weight(window->waiting[first - 1])) <= WINDOW_IDLE_BYTES)
        first--;
    for (size_t i = 0; i < first; i++)
        free(window->waiting[i]);
    window->waiting_count -= first;
    if (first > 0)
        memmove(window->waiting, window->waiting + first,
                window->waiting_count * sizeof(struct post *));
}

enum window_take window_take(struct window *window, struct post *post)
{
    size_t at = window_find(window, &post->order);
    if (is_there(window, post, at)) {
        free(post);
        return WINDOW_TWICE;
    }
    if (is_outside(window, at)) {
        if (window->asked != 0) {
            wait_for_page(window, post);
        } else if (window->count == 0) {
            latest_only(window);
            wait_for_page(window, post);
        } else {
            window->beyond += window->count > 0 && at == window->count;
            free(post);
        }
        return WINDOW_OUTSIDE;
    }
    window_put(window, post, at);
    window_trim(window);
    return WINDOW_TAKEN;
}

/* ---- looking ---- */

void window_anchor(struct window *window, const struct order *at)
{
    window->following = false;
    window->anchor = *at;
    window->gave_up = false;
}

void window_go(struct window *window, const struct order *at)
{
    size_t place = window_find(window, at);
    window_anchor(window, at);
    if (place < window->count && order_compare(&window->posts[place]->order, at) == 0)
        return;
    window_empty(window);
    window->more_above = window->more_below = true;
}

void window_follow(struct window *window)
{
    window->following = true;
    window->gave_up = false;
    if (!window->more_below)
        return;
    window_empty(window);
    window->more_above = true;
    window->more_below = false;
}

void window_reach(struct window *window, bool up)
{
    window->gave_up = false;
    if (window->count > 0)
        window_anchor(window, &window->posts[up ? 0 : window->count - 1]->order);
}

size_t window_below(const struct window *window)
{
    if (window->following)
        return 0;
    if (window->count == 0)
        return window->beyond;
    return window->count - 1 - anchor_index(window) + window->beyond;
}

void window_idle(struct window *window, bool idle)
{
    window->idle = idle;
    window->gave_up = false;
    window_trim(window);
}

/* ---- pages ---- */

/* Where the window is nearly full, less has to do, or what came above would push out what is asked
 * for below. */
static size_t margin(const struct window *window)
{
    bool full =
        window->count > most_posts(window) / 4 * 3 || window->bytes > most_bytes(window) / 4 * 3;
    return full && window->count / 4 < WINDOW_MARGIN ? window->count / 4 : WINDOW_MARGIN;
}

bool window_wish(const struct window *window, struct window_wish *into)
{
    *into = (struct window_wish){.count = WINDOW_PAGE};
    if (window->asked != 0 || window->gave_up || window->idle)
        return false;
    if (window->count == 0) {
        into->way = window->following ? WINDOW_UP : WINDOW_AROUND;
        into->from = window->anchor;
        if (window->following)
            into->from = (struct order){.key = ORDER_OPEN};
        return window->more_above || window->more_below;
    }
    size_t at = anchor_index(window);
    if (window->more_above && at < margin(window)) {
        into->way = WINDOW_UP;
        into->from = window->top;
        return true;
    }
    into->way = WINDOW_DOWN;
    into->from = window->bottom;
    return window->more_below && window->count - 1 - at < margin(window);
}

void window_asked(struct window *window, uint64_t ticket, const struct window_wish *wish)
{
    window->asked = ticket;
    window->asked_way = wish->way;
}

/* The page says how far what is held reaches now; an empty one that there is nothing that way. */
static void ends_move(struct window *window, bool more, bool empty)
{
    switch (window->asked_way) {
    case WINDOW_UP:
        window->more_above = more && !empty;
        break;
    case WINDOW_DOWN:
        window->more_below = more && !empty;
        if (!window->more_below)
            window->beyond = 0;
        break;
    case WINDOW_AROUND:
        /* What is beyond both ends is asked for next, and then we know. */
        window->more_above = window->more_below = !empty;
        break;
    }
}

static void page_put(struct window *window, struct post *post)
{
    size_t at = window_find(window, &post->order);
    if (is_there(window, post, at)) {
        reach_to(window, &post->order);
        free(post);
        return;
    }
    if (at == window->count && window->beyond > 0)
        window->beyond--;
    window_put(window, post, at);
}

void window_page(struct window *window, uint64_t ticket, struct post *const *posts, size_t count,
                 bool more, bool failed)
{
    bool wanted = ticket != 0 && ticket == window->asked;
    bool useful = wanted && !failed && !window->overflown;
    for (size_t i = 0; i < count; i++) {
        if (useful)
            page_put(window, posts[i]);
        else
            free(posts[i]);
    }
    if (!wanted)
        return;
    window->asked = 0;
    window->overflown = false;
    window->gave_up = failed;
    if (useful)
        ends_move(window, more, count == 0);
    struct post **waiting = window->waiting;
    size_t waiting_count = window->waiting_count;
    window->waiting = NULL;
    window->waiting_count = 0;
    for (size_t i = 0; i < waiting_count; i++)
        (void)window_take(window, waiting[i]);
    free(waiting);
    window_trim(window);
}
