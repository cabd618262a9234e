/* Posts made rows: what leads a line, its badges, its receipt, and how many rows its text takes. */
#include "base/clean.h"
#include "base/text.h"
#include "ui/ui_parts.h"

#include <stdio.h>
#include <string.h>

enum {
    LINE_BYTES = 8192, /* a sentence with a name and the longest message in it */
    HOUR_WIDTH = 5,
    BADGE_MOST = 32, /* columns */
};

bool pane_init(struct pane *pane, struct ui *ui, const struct model *model)
{
    const struct conversation *open = ui_open(ui, model);
    *pane = (struct pane){.ui = ui, .model = model, .conversation = open};
    pane->width = ui->places.pane_right - ui->places.pane_left;
    if (!open || pane->width < 8 || ui->places.body_end <= ui->places.body_top)
        return false;
    pane->mark = open->marked ? model_line(open, &open->mark) : open->window.count;
    if (ui->cleared) {
        pane->first = model_line(open, &ui->cleared_at);
        while (pane->first < open->window.count &&
               order_compare(&open->window.posts[pane->first]->order, &ui->cleared_at) <= 0)
            pane->first++;
    }
    return true;
}

int pane_height(const struct ui *ui)
{
    return ui->places.body_end - ui->places.body_top;
}

/* ---- what stands before the text ---- */

static void badge_add(char *badge, const char *text)
{
    size_t length = strlen(badge);
    snprintf(badge + length, UI_MINI_BYTES - length, "%s%s", length > 0 ? " " : "", text);
}

static void badges_make(const struct ui *ui, const struct post *post, char *badge)
{
    char text[UI_MINI_BYTES], span[64];
    badge[0] = '\0';
    if (post->from && post->from->guest) {
        text_shown(post->from->dialect, strlen(post->from->dialect), span, 32);
        snprintf(text, sizeof text, "%s %s", ui->config.glyphs->badge, span);
        badge_add(badge, text);
    }
    if (post->skew_ms != 0) {
        uint64_t off = (uint64_t)(post->skew_ms < 0 ? -post->skew_ms : post->skew_ms);
        ago_text(ui, off, span, sizeof span);
        snprintf(text, sizeof text, "%s%s", post->skew_ms < 0 ? "−" : "+", span);
        badge_add(badge, text);
    }
    if (post->late)
        badge_add(badge, _("late"));
    if (post->again != 0)
        badge_add(badge, _("said again"));
}

static void tick_make(const struct ui *ui, const struct post *post, bool whisper,
                      struct pane_post *into)
{
    const struct glyphs *glyphs = ui->config.glyphs;
    into->tick_style = STYLE_SENT;
    switch (post_delivery(post)) {
    case DELIVERY_NONE:
        return;
    case DELIVERY_STORED:
        snprintf(into->tick, sizeof into->tick, "%s", glyphs->sent);
        return;
    case DELIVERY_SOME:
        if (whisper && post->of <= 1)
            snprintf(into->tick, sizeof into->tick, "%s", glyphs->sent);
        else
            snprintf(into->tick, sizeof into->tick, "%s %u/%u", glyphs->got,
                     (unsigned)post->stored_by, (unsigned)post->of);
        return;
    case DELIVERY_ALL:
        into->tick_style = STYLE_GOT;
        snprintf(into->tick, sizeof into->tick, "%s", glyphs->got);
        return;
    }
}

/* Room for the receipt as it will be in the end, so that nothing moves when it comes. */
static int tick_room(const struct ui *ui, const struct post *post, const struct pane_post *made)
{
    char most[32];
    if (!post->own || ui->bare)
        return 0;
    snprintf(most, sizeof most, "%s %u/%u", ui->config.glyphs->got, (unsigned)post->of,
             (unsigned)post->of);
    size_t now = text_width(made->tick, strlen(made->tick));
    size_t room = post->of > 1 ? text_width(most, strlen(most)) : 2;
    return (int)(room > now ? room : now) + 2;
}

/* ---- what was said, as a sentence ---- */

/* How the line of this kind is written; NULL: as it was said. */
static const char *form_of(const struct post *post)
{
    switch (post->kind) {
    case POST_SAY:
    case POST_NOTICE:
        return NULL;
    case POST_ACT:
        return "%1$s %2$s";
    case POST_CALL:
        return post->own ? _("You rang.") : _("%1$s rings you");
    case POST_JOIN:
        return _("%1$s came in");
    case POST_LEAVE:
        return post->size > 0 ? _("%1$s left: %2$s") : _("%1$s left");
    case POST_TOPIC:
        return post->size > 0 ? _("%1$s set the topic: %2$s") : _("%1$s took the topic away");
    case POST_PROFILE:
        return _("%1$s is now called %2$s");
    case POST_UNKNOWN:
        return _("%1$s said something that this version cannot show");
    }
    return NULL;
}

static enum style style_of(const struct post *post)
{
    if (post->kind == POST_SAY)
        return STYLE_TEXT;
    return post->kind == POST_ACT ? STYLE_ACT : STYLE_NOTICE;
}

/* The whole line's bytes, raw: in `line`, or the post's own. */
static const char *line_make(const struct post *post, char line[LINE_BYTES], size_t *size)
{
    const char *form = form_of(post);
    if (!form) {
        *size = post->size;
        return post->text;
    }
    char text[LINE_BYTES - 1024];
    size_t most = text_cut(post->text, post->size, sizeof text - 1);
    memcpy(text, post->text, most);
    text[most] = '\0';
    const char *texts[] = {post->from ? post->from->label : "", text};
    *size = message_fill(form, texts, 2, line, LINE_BYTES);
    return line;
}

static bool is_shown(const struct pane *pane, size_t index)
{
    const struct post *post = pane->conversation->window.posts[index];
    return index >= pane->first && post_is_shown(post);
}

/* The time beside it, where it stands there too: a sender's clock may be anything. */
uint64_t post_day(const struct post *post)
{
    enum { CLOSE_MS = 120000 };
    uint64_t key = post->order.key;
    return post->wall <= key && key - post->wall <= CLOSE_MS ? post->wall : key;
}

/* Around midnight the clocks of several people disagree: the first line of a day begins it, and one
 * of the evening behind it ends nothing. */
static bool day_begins(const struct window *window, size_t index)
{
    enum { NEAR = 16 };
    int day = day_number(post_day(window->posts[index]));
    for (size_t i = 1; i <= NEAR && i <= index; i++)
        if (day_number(post_day(window->posts[index - i])) >= day)
            return false;
    return true;
}

/* Is there a rule above it? */
static void rules_find(const struct pane *pane, size_t index, struct pane_post *into)
{
    const struct window *window = &pane->conversation->window;
    into->fresh = index == pane->mark;
    into->day = index == pane->first || day_begins(window, index);
    if (pane->ui->bare)
        into->day = into->fresh = false;
}

static void names_make(const struct post *post, struct pane_post *into)
{
    bool leads = post->from && post->kind == POST_SAY;
    into->style = style_of(post);
    into->name_style = STYLE_NOTICE;
    if (leads) {
        text_shown(post->from->label, strlen(post->from->label), into->name, sizeof into->name);
        into->name_style = post->mention      ? STYLE_MENTION
                           : post->from->self ? STYLE_SELF
                                              : speaker_style(&post->from->id, post->from->guest);
    } else if (post->kind == POST_ACT) {
        snprintf(into->name, sizeof into->name, "*");
    }
}

static int columns_of(const char *text)
{
    return (int)text_width(text, strlen(text));
}

void pane_post(struct pane *pane, size_t index, struct pane_post *into)
{
    struct ui *ui = pane->ui;
    const struct post *post = pane->conversation->window.posts[index];
    char line[LINE_BYTES];
    size_t size;
    *into = (struct pane_post){.rows = 0};
    if (!is_shown(pane, index))
        return;
    names_make(post, into);
    badges_make(ui, post, into->badge);
    if (!ui->bare)
        tick_make(ui, post, pane->conversation->whisper, into);
    int name_width = ui->places.name_width;
    into->text_left = 1 + HOUR_WIDTH + 1 + (name_width > 0 ? name_width + 1 : 0);
    if (into->text_left > pane->width - 4)
        into->text_left = pane->width > 12 ? HOUR_WIDTH + 2 : 1;
    struct wrap_shape shape = {.width = pane->width - into->text_left};
    if (name_width == 0 && into->name[0])
        shape.first_left = columns_of(into->name) + 1;
    if (into->badge[0])
        shape.first_left += columns_of(into->badge) + 2;
    shape.first_right = tick_room(ui, post, into);
    const char *raw = line_make(post, line, &size);
    into->wrapped = wrap_get(&ui->wraps, raw, size, &shape);
    rules_find(pane, index, into);
    into->rows = (int)into->wrapped->row_count + into->day + into->fresh;
}
