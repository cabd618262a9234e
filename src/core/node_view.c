/* What is on the screen: which conversation, where in it, and the pages of history it needs, asked
 * of the store and brought to the model's windows. */
#include "core/node_parts.h"
#include "core/twins.h"

static void asking_free(struct node *node, struct asking *asking)
{
    DL_DELETE(node->asking, asking);
    free(asking->conversation);
    free(asking);
}

void node_view_free(struct node *node)
{
    while (node->asking)
        asking_free(node, node->asking);
    for (size_t i = 0; i < node->changed_count; i++)
        free(node->changed[i]);
    free(node->changed);
    model_done(&node->model);
}

static uint64_t ask(struct node *node, const struct node_query *query)
{
    struct asking *asking = xcalloc(1, sizeof *asking);
    struct node_effect *effect = node_effect(node, EFFECT_QUERY);
    effect->ticket = asking->ticket = node_ticket(node);
    asking->line = node->line;
    asking->conversation = xstrdup(query->conversation);
    asking->query = *query;
    effect->query = *query;
    effect->query.conversation = node_effect_text(effect, query->conversation);
    effect->query.words = node_effect_span(effect, query->words);
    DL_APPEND(node->asking, asking);
    return asking->ticket;
}

static enum query_kind kind_of(enum window_way way)
{
    switch (way) {
    case WINDOW_UP:
        return QUERY_UP;
    case WINDOW_DOWN:
        return QUERY_DOWN;
    case WINDOW_AROUND:
        return QUERY_AROUND;
    }
    die("no such way through a window: %d", (int)way);
}

static void wish(struct node *node, struct conversation *held)
{
    struct window_wish wanted;
    if (!window_wish(&held->window, &wanted))
        return;
    struct node_query query = {.kind = kind_of(wanted.way),
                               .conversation = held->name,
                               .at = wanted.from,
                               .count = wanted.count};
    window_asked(&held->window, ask(node, &query), &wanted);
}

/* ---- looking ---- */

/* Whoever looks at the end of a conversation has read it. */
static void read_if_seen(struct node *node, struct room *room, const struct conversation *held)
{
    if (!held->window.following || (room->unread == 0 && room->mentions == 0))
        return;
    room_read(room);
    node_room_changed(node, room);
}

void node_open(struct node *node, const char *conversation)
{
    struct room *room = NULL;
    if (conversation && conversation[0])
        room = rooms_restore(node->rooms, conversation, node->now.wall_ms);
    if (node->shown && node->shown != room)
        room_leave_mark(node->shown);
    node->shown = room;
    rooms_pin(node->rooms, room);
    struct conversation *held = room ? model_hold(&node->model, room, true) : NULL;
    model_open(&node->model, held);
    if (!held)
        return;
    read_if_seen(node, room, held);
    wish(node, held);
}

void node_scroll(struct node *node, const struct node_event *event)
{
    const char *name = event->scroll.conversation;
    struct conversation *held = name ? model_find(&node->model, name) : NULL;
    struct room *room = name ? rooms_find(node->rooms, name) : NULL;
    if (!held || !room)
        return;
    switch (event->scroll.how) {
    case NODE_SCROLL_ANCHOR:
        window_anchor(&held->window, &event->scroll.at);
        break;
    case NODE_SCROLL_GO:
        window_go(&held->window, &event->scroll.at);
        break;
    case NODE_SCROLL_END:
        window_follow(&held->window);
        break;
    case NODE_SCROLL_UP:
        window_reach(&held->window, true);
        break;
    case NODE_SCROLL_DOWN:
        window_reach(&held->window, false);
        break;
    }
    model_touch(&node->model, MODEL_LINES);
    if (room == node->shown)
        read_if_seen(node, room, held);
    wish(node, held);
}

/* ---- pages ---- */

static bool is_muted(const struct node *node, const struct node_line *line)
{
    const struct person *author = roster_person(node->roster, &line->order.author);
    return author && person_muted(author);
}

static void page_window(struct node *node, const struct asking *asking,
                        const struct node_event *event)
{
    struct conversation *held = model_find(&node->model, asking->conversation);
    if (!held)
        return;
    size_t count = 0, room = event->page.count + 1;
    struct shown *shown = xcalloc(room, sizeof *shown);
    struct post_spec *specs = xcalloc(room, sizeof *specs);
    for (size_t i = 0; i < event->page.count; i++) {
        if (node_line_make(node, &event->page.records[i], &shown[i]))
            node_post_make(node, &shown[i], &specs[count++]);
    }
    model_page(&node->model, held, node->roster, asking->ticket, specs, count, event->page.more,
               event->page.failed);
    for (size_t i = 0; i < event->page.count; i++)
        node_line_done(&shown[i]);
    free(shown);
    free(specs);
    wish(node, held);
}

static void page_search(struct node *node, const struct node_event *event)
{
    if (event->page.failed) {
        node_refuse(node, "search-failed", N_("The history cannot be searched now."), NULL);
        return;
    }
    struct node_effect *effect = node_effect(node, EFFECT_ANSWER);
    struct node_line *lines = node_effect_room(effect, event->page.count, sizeof *lines);
    struct twins twins = {0};
    effect->answer.command = COMMAND_SEARCH;
    for (size_t i = 0; i < event->page.count; i++) {
        struct shown shown;
        if (node_line_make(node, &event->page.records[i], &shown) && !is_muted(node, &shown.line) &&
            !twins_hide(&twins, &shown.line)) {
            struct node_line *line = &lines[effect->answer.count++];
            *line = shown.line;
            node_line_keep(effect, line);
        }
        node_line_done(&shown);
    }
    twins_done(&twins);
    effect->answer.lines = lines;
}

void node_page(struct node *node, const struct node_event *event)
{
    struct asking *asking;
    DL_SEARCH_SCALAR(node->asking, asking, ticket, event->ticket);
    if (!asking)
        return;
    node->line = asking->line;
    if (asking->query.kind == QUERY_SEARCH)
        page_search(node, event);
    else
        page_window(node, asking, event);
    asking_free(node, asking);
}

void node_search(struct node *node, const char *words)
{
    struct node_query query = {
        .kind = QUERY_SEARCH, .conversation = "", .count = NODE_FOUND, .words = span_text(words)};
    (void)ask(node, &query);
}

/* ---- the model ---- */

/* What links are known to have and we have not; little of it is not worth a line. */
static void catch_up_tell(struct node *node)
{
    enum { WORTH = 256 };
    uint64_t missing = sync_missing(node->sync);
    bool ours = node->model.progress.on && node->catching_up;
    if (missing < WORTH) {
        if (ours)
            model_progress(&node->model, NULL);
        node->catching_up = 0;
        return;
    }
    if (node->model.progress.on && !ours)
        return; /* a scan has the line */
    if (missing > node->catching_up)
        node->catching_up = missing;
    struct progress progress = {.on = true,
                                .what = message_make("catching-up", N_("Catching up")),
                                .done = node->catching_up - missing,
                                .total = node->catching_up};
    model_progress(&node->model, &progress);
}

struct model *node_model(struct node *node)
{
    catch_up_tell(node);
    node->model.port = node->config.port;
    model_refresh(&node->model, node->roster, node->rooms, node->now.wall_ms);
    return &node->model;
}

void node_drawn(struct node *node)
{
    model_drawn(&node->model);
}
