/* Where one looks in a conversation: scrolling by rows, jumps, and the search in it. */
#include "ui/find.h"
#include "ui/ui_parts.h"

#include <string.h>

static void scroll_ask(struct ui *ui, enum ui_scroll how, const struct order *at)
{
    struct ui_request request = {.kind = UI_SCROLL, .how = how};
    if (at)
        request.at = *at;
    request.conversation = xstrdup(ui->conversation);
    ui_ask(ui, request);
}

static void view_set(struct ui *ui, const struct pane *pane, size_t post, int hidden)
{
    const struct window *window = &pane->conversation->window;
    ui->view = (struct view){.following = false, .hidden = hidden};
    ui->view.anchor = window->posts[post]->order;
    ui->going = false;
    scroll_ask(ui, UI_SCROLL_ANCHOR, &ui->view.anchor);
}

void look_end(struct ui *ui, const struct model *model)
{
    (void)model;
    bool followed = ui->view.following;
    ui->view = (struct view){.following = true};
    ui->going = false;
    if (!followed && ui->conversation)
        scroll_ask(ui, UI_SCROLL_END, NULL);
}

/* The post at the bottom edge. */
static size_t bottom_post(const struct ui *ui, const struct pane *pane)
{
    size_t count = pane->conversation->window.count;
    size_t post = ui->view.following ? count : model_line(pane->conversation, &ui->view.anchor);
    return post < count ? post : count - 1;
}

static int rows_of(struct pane *pane, size_t post)
{
    struct pane_post made;
    pane_post(pane, post, &made);
    return made.rows;
}

/* The bottom edge so that the first post is at the top: fewer than a pane are above it. */
static void top_show(struct ui *ui, struct pane *pane)
{
    const struct window *window = &pane->conversation->window;
    int left = pane_height(ui);
    for (size_t post = pane->first; post < window->count; post++) {
        int rows = rows_of(pane, post);
        if (rows >= left) {
            view_set(ui, pane, post, rows - left);
            return;
        }
        left -= rows;
    }
    look_end(ui, pane->model);
}

/* Does all from the first post down to this edge fit into the pane? */
static bool past_top(struct ui *ui, struct pane *pane, size_t post, int hidden)
{
    int rows = -hidden, height = pane_height(ui);
    for (size_t i = post + 1; i-- > pane->first && rows < height;)
        rows += rows_of(pane, i);
    return rows < height;
}

static void look_up(struct ui *ui, struct pane *pane, int rows)
{
    size_t post = bottom_post(ui, pane);
    int hidden = (ui->view.following ? 0 : ui->view.hidden) + rows;
    while (hidden >= rows_of(pane, post) && post > pane->first)
        hidden -= rows_of(pane, post--);
    if (!past_top(ui, pane, post, hidden)) {
        view_set(ui, pane, post, hidden);
        return;
    }
    struct view before = ui->view;
    top_show(ui, pane);
    bool stuck = !before.following && order_compare(&before.anchor, &ui->view.anchor) == 0 &&
                 before.hidden == ui->view.hidden;
    if (pane->conversation->window.more_above && (stuck || ui->view.following))
        scroll_ask(ui, UI_SCROLL_UP, NULL);
}

static void look_down(struct ui *ui, struct pane *pane, int rows)
{
    const struct window *window = &pane->conversation->window;
    size_t post = bottom_post(ui, pane);
    int hidden = ui->view.hidden - rows;
    if (ui->view.following)
        return;
    while (hidden < 0 && post + 1 < window->count)
        hidden += rows_of(pane, ++post);
    if (hidden >= 0 && !(hidden == 0 && post + 1 == window->count && !window->more_below))
        view_set(ui, pane, post, hidden);
    else if (!window->more_below)
        look_end(ui, pane->model);
    else {
        view_set(ui, pane, window->count - 1, 0);
        scroll_ask(ui, UI_SCROLL_DOWN, NULL);
    }
}

void look_rows(struct ui *ui, const struct model *model, int rows)
{
    struct pane pane;
    if (rows < 0)
        ui->cleared = false;
    if (!pane_init(&pane, ui, model) || pane.first >= pane.conversation->window.count)
        return;
    if (rows < 0)
        look_up(ui, &pane, -rows);
    else
        look_down(ui, &pane, rows);
}

void look_top(struct ui *ui, const struct model *model)
{
    struct pane pane;
    ui->cleared = false;
    if (!pane_init(&pane, ui, model) || pane.first >= pane.conversation->window.count)
        return;
    top_show(ui, &pane);
    if (pane.conversation->window.more_above)
        scroll_ask(ui, UI_SCROLL_UP, NULL);
}

/* So that the post is in the middle, or as near to it as there are lines. */
void look_at(struct ui *ui, const struct model *model, size_t post)
{
    struct pane pane;
    if (!pane_init(&pane, ui, model) || post >= pane.conversation->window.count)
        return;
    view_set(ui, &pane, post, 0);
    look_down(ui, &pane, pane_height(ui) / 2);
    if (!ui->view.following && past_top(ui, &pane, bottom_post(ui, &pane), ui->view.hidden))
        top_show(ui, &pane);
}

void look_new(struct ui *ui, const struct model *model)
{
    const struct conversation *open = ui_open(ui, model);
    if (!open || !open->marked) {
        ui_hint(ui, _("Nothing is new here."));
        return;
    }
    size_t post = model_line(open, &open->mark);
    if (post < open->window.count && (post > 0 || !open->window.more_above)) {
        look_at(ui, model, post);
        return;
    }
    ui->view = (struct view){.anchor = open->mark};
    ui->going = true;
    scroll_ask(ui, UI_SCROLL_GO, &open->mark);
}

void look_mention(struct ui *ui, const struct model *model, bool up)
{
    struct pane pane;
    if (!pane_init(&pane, ui, model))
        return;
    const struct window *window = &pane.conversation->window;
    size_t from = ui->hit_held ? model_line(pane.conversation, &ui->hit) : window->count;
    for (size_t post = from; up ? post-- > pane.first : ++post < window->count;)
        if (window->posts[post]->mention && post_is_shown(window->posts[post])) {
            ui->hit = window->posts[post]->order;
            ui->hit_held = true;
            look_at(ui, model, post);
            return;
        }
    ui_hint(ui, _("No other line here names you."));
}

/* ---- the search ---- */

void search_begin(struct ui *ui)
{
    ui->focus = FOCUS_SEARCH;
    ui->mini = (struct mini){.size = 0};
    ui->hit_held = ui->hit_seek = false;
}

/* The nearest hit from a post on, itself left out; the window's count: none. */
static size_t hit_find(struct pane *pane, size_t from, bool up)
{
    const struct ui *ui = pane->ui;
    const struct window *window = &pane->conversation->window;
    for (size_t post = from; up ? post-- > pane->first : ++post < window->count;) {
        const struct post *one = window->posts[post];
        size_t length;
        if (post_is_shown(one) &&
            text_find(one->text, one->size, 0, ui->mini.text, ui->mini.size, &length) != FIND_NONE)
            return post;
    }
    return window->count;
}

static void hit_go(struct ui *ui, const struct model *model, bool up)
{
    struct pane pane;
    ui->hit_seek = false;
    if (!pane_init(&pane, ui, model))
        return;
    const struct window *window = &pane.conversation->window;
    size_t from = ui->hit_held ? model_line(pane.conversation, &ui->hit) : window->count;
    size_t post = hit_find(&pane, from, up);
    if (post < window->count) {
        ui->hit = window->posts[post]->order;
        ui->hit_held = true;
        look_at(ui, model, post);
        return;
    }
    if (up ? window->more_above : window->more_below) {
        ui->hit_seek = true;
        ui->hit_up = up;
        scroll_ask(ui, up ? UI_SCROLL_UP : UI_SCROLL_DOWN, NULL);
        ui_hint(ui, _("Looking further... Esc stops."));
        return;
    }
    if (ui->hit_held) {
        ui_hint(ui, up ? _("none older; N newer, Esc back") : _("none newer; n older, Esc back"));
        return;
    }
    ui->focus = FOCUS_INPUT;
    ui_tell(ui, false, _("No older line has \"%1$s\". /search looks in all conversations."),
            ui->mini.text, NULL);
}

void search_key(struct ui *ui, const struct model *model, const struct key *key)
{
    if (mini_key(&ui->mini, key))
        return;
    if (key->kind != KEY_ENTER || ui->mini.size == 0) {
        ui->focus = FOCUS_INPUT;
        return;
    }
    ui->focus = FOCUS_HITS;
    hit_go(ui, model, true);
}

void hits_key(struct ui *ui, const struct model *model, const struct key *key)
{
    enum action action = keymap_find(&ui->keymap, CONTEXT_SEARCH, key);
    if (action == ACTION_HIT_OLDER || action == ACTION_HIT_NEWER) {
        hit_go(ui, model, action == ACTION_HIT_OLDER);
        return;
    }
    enum action always = keymap_find(&ui->keymap, CONTEXT_ALWAYS, key);
    if (action == ACTION_NONE && always >= ACTION_PAGE_UP && always <= ACTION_BOTTOM) {
        (void)ui_always(ui, model, key);
        return;
    }
    ui->focus = FOCUS_INPUT;
    ui->hit_held = ui->hit_seek = false;
    if (action != ACTION_HIT_BACK)
        ui_key(ui, model, ui->now, key);
}

/* ---- what the model made of it ---- */

void look_follow(struct ui *ui, const struct model *model)
{
    const struct conversation *open = ui_open(ui, model);
    if (!open)
        return;
    if (ui->going && open->window.count > 0) {
        size_t post = model_line(open, &ui->view.anchor);
        ui->going = false;
        ui->hit = ui->view.anchor;
        ui->hit_held = true;
        look_at(ui, model, post < open->window.count ? post : open->window.count - 1);
    }
    if (ui->hit_seek && open->window.gave_up) {
        ui->hit_seek = false;
        ui_say(ui, true, _("The history cannot be read now."));
    }
    if (ui->hit_seek && open->window.asked == 0)
        hit_go(ui, model, ui->hit_up);
}
