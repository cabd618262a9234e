/* Answers as lists on a page of the screen. Whatever others chose is cleaned by the page. */
#include "main_pages.h"

#include "app/app.h"
#include "app/facts.h"
#include "app/i18n.h"
#include "base/alloc.h"
#include "base/gettext.h"
#include "ui/ui.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* That it is a guest, whose, and what that means. */
static void guest_text(const struct node_peer *peer, const char *address,
                       char into[MESSAGE_TEXT_BYTES])
{
    const char *texts[] = {peer->guest, peer->host ? peer->host : "?", address};
    /* TRANSLATORS: of a guest: the chat it comes from, whose guest it is, its address or nothing */
    message_fill(_("%1$s, a guest of %2$s, not encrypted  %3$s"), texts, 3, into,
                 MESSAGE_TEXT_BYTES);
}

static void answer_peers(struct ui *ui, const struct node_answer *answer)
{
    ui_page_open(ui, _("People"));
    for (size_t i = 0; i < answer->count; i++) {
        const struct node_peer *peer = &answer->peers[i];
        char right[MESSAGE_TEXT_BYTES] = "", address[APP_ADDRESS_TEXT] = "";
        if (peer->address.port)
            app_address_text(&peer->address, address);
        if (peer->guest)
            guest_text(peer, address, right);
        else
            snprintf(right, sizeof right, "%s", address);
        ui_page_add(ui, peer->presence == PRESENCE_GONE ? STYLE_GONE : STYLE_TEXT, peer->name,
                    right, NULL, NULL);
    }
}

static void fact(void *self, const char *what, const char *text)
{
    struct ui *ui = self;
    ui_page_add(ui, STYLE_TEXT, what, text, NULL, NULL);
}

static void answer_info(struct ui *ui, const struct node_answer *answer)
{
    ui_page_open(ui, answer->peers[0].name);
    facts_of_peer(&answer->peers[0], fact, ui);
    if (answer->verify[0])
        ui_page_add(ui, STYLE_TRUST, _("To compare aloud"), answer->verify, NULL, NULL);
}

static void answer_rooms(struct ui *ui, const struct node_answer *answer)
{
    ui_page_open(ui, _("Rooms"));
    for (size_t i = 0; i < answer->count; i++)
        ui_page_add(ui, answer->rooms[i].joined ? STYLE_TEXT : STYLE_QUIET,
                    answer->rooms[i].conversation, answer->rooms[i].topic,
                    answer->rooms[i].conversation, NULL);
}

/* A guest's words are its own, and it is said whose guest it is. */
static char *speaker_text(const struct node_line *line)
{
    enum { ROOM = 3 * LABEL_BYTES };
    if (line->guest.size == 0)
        return xstrdup(line->name);
    char *guest = xstrndup((const char *)line->guest.bytes, line->guest.size);
    char *dialect = xstrndup((const char *)line->dialect.bytes, line->dialect.size);
    const char *texts[] = {guest, dialect, line->name};
    char *whole = xmalloc(ROOM);
    message_fill(_("%1$s (%2$s, via %3$s)"), texts, 3, whole, ROOM);
    free(guest);
    free(dialect);
    return whole;
}

/* When, and who. */
static void hit_text(const struct node_line *line, char *into, size_t size)
{
    time_t seconds = (time_t)(line->time / 1000);
    struct tm tm;
    char when[32] = "";
    char *who = speaker_text(line);
    if (localtime_r(&seconds, &tm))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
    snprintf(into, size, "%s %s", when, who);
    free(who);
}

static void answer_search(struct ui *ui, const struct node_answer *answer)
{
    ui_page_open(ui, _("Found"));
    for (size_t i = answer->count; i-- > 0;) {
        const struct node_line *line = &answer->lines[i];
        const char *room = line->whisper ? "" : line->conversation;
        size_t size = strlen(room) + line->text.size + 2;
        char left[MESSAGE_TEXT_BYTES], *text = xmalloc(size);
        hit_text(line, left, sizeof left);
        snprintf(text, size, "%s%s%.*s", room, *room ? " " : "", (int)line->text.size,
                 (const char *)line->text.bytes);
        ui_page_add(ui, STYLE_TEXT, left, text, line->conversation, &line->order);
        free(text);
    }
}

static void answer_who_got(struct ui *ui, const struct node_answer *answer)
{
    ui_page_open(ui, _("Who has your last message"));
    if (answer->count == 0)
        ui_page_add(ui, STYLE_TEXT, NULL,
                    answer->ref.seq == 0 ? _("You have said nothing here since the start.")
                                         : _("Nobody else is expected to have it."),
                    NULL, NULL);
    for (size_t i = 0; i < answer->count; i++)
        ui_page_add(ui, answer->stored[i] ? STYLE_GOT : STYLE_SENT, answer->labels[i],
                    answer->stored[i] ? _("has it") : _("not yet"), NULL, NULL);
}

void page_answer(struct ui *ui, const struct node_answer *answer)
{
    if (answer->command == COMMAND_ROOMS)
        answer_rooms(ui, answer);
    else if (answer->command == COMMAND_SEARCH)
        answer_search(ui, answer);
    else if (answer->command == COMMAND_WHO_GOT)
        answer_who_got(ui, answer);
    else if ((answer->command == COMMAND_INFO || answer->command == COMMAND_VERIFY) &&
             answer->count == 1)
        answer_info(ui, answer);
    else
        answer_peers(ui, answer);
}

static void doctor_sentence(struct ui *ui, enum style style, const char *left,
                            const struct message *message)
{
    char text[MESSAGE_TEXT_BYTES];
    if (!message->one)
        return;
    message_text(message, i18n_translate, text, sizeof text);
    ui_page_add(ui, style, left, text, NULL, NULL);
}

void page_doctor(struct ui *ui, const struct doctor_report *report)
{
    static const enum style LOOKS[] = {
        [DOCTOR_FINE] = STYLE_GOT, [DOCTOR_ADVICE] = STYLE_SENT, [DOCTOR_WRONG] = STYLE_ERROR};
    ui_page_open(ui, doctor_is_fine(report) ? _("The doctor found nothing wrong")
                                            : _("The doctor found something wrong"));
    for (size_t i = 0; i < report->count; i++) {
        const struct doctor_word *word = &report->words[i];
        doctor_sentence(ui, LOOKS[word->verdict], _(doctor_verdict_name(word->verdict)),
                        &word->what);
        doctor_sentence(ui, STYLE_TEXT, "", &word->todo);
    }
}
