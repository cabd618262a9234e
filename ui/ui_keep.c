/* What outlives the screen: drafts, asked to be kept some seconds after they were begun; and the
 * sentences that stood in the status line.
 *
 * Invariant: the drafts that the ui holds are those that were asked to be kept; only the text in
 * the input line is newer, by UI_DRAFT_MS at most. */
#include "ui/ui_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- drafts ---- */

/* What is being typed: it may lie under something older that is being looked at. */
static const char *draft_text(const struct ui *ui)
{
    if (ui->focus == FOCUS_RECALL)
        return ui->recall_was;
    const char *under = history_draft(&ui->history);
    return under ? under : ui->editor.text;
}

static bool draft_is_kept(const struct ui *ui)
{
    const char *kept = ui->conversation ? drafts_get(&ui->drafts, ui->conversation) : NULL;
    return !ui->conversation || strcmp(draft_text(ui), kept ? kept : "") == 0;
}

static void draft_ask(struct ui *ui, const char *conversation, const char *text)
{
    ui_ask(ui, (struct ui_request){.kind = UI_DRAFT,
                                   .conversation = xstrdup(conversation),
                                   .text = xstrdup(text),
                                   .size = strlen(text)});
}

void draft_put(struct ui *ui, const char *conversation, const char *text)
{
    char *gone = drafts_set(&ui->drafts, conversation, text);
    draft_ask(ui, conversation, text);
    if (gone)
        draft_ask(ui, gone, "");
    free(gone);
}

void draft_keep(struct ui *ui)
{
    ui->draft_at = 0;
    if (!draft_is_kept(ui))
        draft_put(ui, ui->conversation, draft_text(ui));
}

/* The time runs from the first change, so that who types on and on loses no more than others. */
void draft_watch(struct ui *ui)
{
    if (draft_is_kept(ui))
        ui->draft_at = 0;
    else if (ui->draft_at == 0)
        ui->draft_at = ui->now + UI_DRAFT_MS;
}

/* ---- the log ---- */

void said_add(struct ui *ui, bool error, const char *text)
{
    struct said *said = &ui->said[(ui->said_first + ui->said_count) % UI_SAID];
    if (ui->said_count < UI_SAID)
        ui->said_count++;
    else
        ui->said_first = (ui->said_first + 1) % UI_SAID;
    free(said->text);
    *said = (struct said){ui->wall, error, xstrdup(text)};
}

void said_done(struct ui *ui)
{
    for (size_t i = 0; i < UI_SAID; i++)
        free(ui->said[i].text);
}

/* The newest is at the end, and seen at once. */
void log_open(struct ui *ui)
{
    int day = -1;
    ui_page_open(ui, _("Notices and errors of this run"));
    for (size_t i = 0; i < ui->said_count; i++) {
        const struct said *said = &ui->said[(ui->said_first + i) % UI_SAID];
        char hour[6], text[UI_MINI_BYTES];
        if (day_number(said->wall) != day) {
            day = day_number(said->wall);
            day_text(ui, said->wall, text, sizeof text);
            (void)ui_page_add(ui, STYLE_HEADING, NULL, text, NULL, NULL);
        }
        hour_text(said->wall, hour);
        (void)ui_page_add(ui, said->error ? STYLE_ERROR : STYLE_TEXT, hour, said->text, NULL, NULL);
    }
    ui->page.selected = ui->page.count > 0 ? ui->page.count - 1 : 0;
}
