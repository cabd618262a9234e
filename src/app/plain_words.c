/* Sentences are filled with names that cannot be mistaken, and cleaned once more as a whole. */
#include "app/plain_words.h"

#include "app/i18n.h"
#include "app/peers.h"
#include "base/alloc.h"
#include "base/clean.h"
#include "base/gettext.h"
#include "base/text.h"
#include "base/utf8.h"
#include "core/mention.h"
#include "core/model_make.h"
#include "core/room.h"
#include "core/word.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    WHO_BYTES = 2 * PLAIN_NAME_BYTES + 64, /* a guest and their host */
    SENTENCE_BYTES = 6 * PLAIN_NAME_BYTES, /* two of them and a conversation, or a topic */
    WHEN_BYTES = 64,
    MARKS_BYTES = 512,
    PROMPT_SIGN = sizeof " > ",
};

static struct tm local(uint64_t wall)
{
    time_t seconds = (time_t)(wall / 1000);
    struct tm tm;
    if (!localtime_r(&seconds, &tm))
        tm = (struct tm){.tm_mday = 1};
    return tm;
}

static int day_number(uint64_t wall)
{
    struct tm tm = local(wall);
    return tm.tm_year * 366 + tm.tm_yday;
}

void plain_words_init(struct plain_words *words,
                      void (*put)(void *self, const char *line, size_t size), void *self,
                      uint64_t wall)
{
    *words = (struct plain_words){
        .put = put, .self = self, .here = ROOM_EVERYONE, .began = wall, .day = day_number(wall)};
}

/* ---- small words ---- */

static const char *filled(char *into, size_t size, const char *sentence, const char *one,
                          const char *two, const char *three)
{
    const char *texts[] = {one ? one : "", two ? two : "", three ? three : ""};
    message_fill(sentence, texts, 3, into, size);
    return into;
}

static bool is_one_word(const char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        int32_t code;
        at += utf8_step(text + at, size - at, &code);
        bool sign = code > 0 && code < 0x80 && strchr("-.~'", (int)code);
        if (!sign && !word_may_hold(code))
            return false;
    }
    return size > 0;
}

const char *plain_name(const char *raw, size_t size, char into[PLAIN_NAME_BYTES])
{
    size_t length;
    char *clean = text_clean(raw, size, CLEAN_LINE, &length);
    if (!is_one_word(clean, length)) {
        char *quoted = word_quote(clean, true);
        free(clean);
        clean = quoted;
        length = strlen(quoted);
    }
    bool quoted = clean[0] == '"';
    size_t kept = text_cut(clean, length, PLAIN_NAME_BYTES - 2);
    memcpy(into, clean, kept);
    if (quoted && kept < length)
        into[kept++] = '"';
    into[kept] = '\0';
    free(clean);
    return into;
}

/* What is whispered to is called like a person; a room's name has no blank in it, and begins as no
 * name does that goes without quotes. */
const char *plain_title(const struct plain_words *words, const char *conversation,
                        char into[PLAIN_NAME_BYTES])
{
    const struct conversation *found = words->model ? model_find(words->model, conversation) : NULL;
    const char *title = found ? found->title : conversation;
    if (conversation[0] == '@')
        return plain_name(title, strlen(title), into);
    size_t length;
    char *clean = text_clean(title, strlen(title), CLEAN_LINE, &length);
    length = text_cut(clean, length, PLAIN_NAME_BYTES - 1);
    memcpy(into, clean, length);
    into[length] = '\0';
    free(clean);
    return into;
}

void plain_prompt(const struct plain_words *words, char *into, size_t size)
{
    char title[PLAIN_NAME_BYTES];
    const char *here = words->here;
    const char *form = here[0] != '@'                  ? "%1$s"
                       : guest_conversation_name(here) ? _("%1$s (guest, not encrypted)")
                                                       : _("%1$s (whisper)");
    filled(into, size - PROMPT_SIGN, form, plain_title(words, here, title), NULL, NULL);
    memcpy(into + strlen(into), " > ", PROMPT_SIGN);
}

static const char *while_make(uint64_t ms, char *into, size_t size)
{
    struct message message = message_while(ms);
    message_text(&message, i18n_translate, into, size);
    return into;
}

/* ---- lines ---- */

static void put(struct plain_words *words, const char *lead, const char *text, size_t size)
{
    size_t length, lead_size = strlen(lead);
    char *line = xmalloc(lead_size + size);
    memcpy(line, lead, lead_size);
    if (size > 0)
        memcpy(line + lead_size, text, size);
    char *clean = text_clean(line, lead_size + size, CLEAN_LINE, &length);
    words->put(words->self, clean, length);
    free(clean);
    free(line);
}

/* What may have several lines: `lead` before each. */
static void put_each(struct plain_words *words, const char *lead, struct span text)
{
    size_t length;
    char *body =
        text_clean(text.size ? (const char *)text.bytes : "", text.size, CLEAN_BODY, &length);
    for (char *at = body, *newline; at; at = newline) {
        size_t left = length - (size_t)(at - body);
        newline = memchr(at, '\n', left);
        put(words, lead, at, newline ? (size_t)(newline++ - at) : left);
    }
    free(body);
}

/* "14:01", and above it the day where that is not the last line's: the day at which the line
 * stands, for the sender's clock may lie. */
static void when_make(struct plain_words *words, uint64_t wall, uint64_t stands,
                      char into[WHEN_BYTES])
{
    struct tm day = local(stands), hour = local(wall);
    int number = day_number(stands);
    if (number != words->day) {
        char text[WHEN_BYTES];
        struct message message = message_day(day.tm_wday, day.tm_mday, day.tm_mon);
        message_text(&message, i18n_translate, text, sizeof text);
        put(words, "", text, strlen(text));
    }
    words->day = number;
    snprintf(into, WHEN_BYTES, "%02d:%02d", hour.tm_hour % 24, hour.tm_min % 60);
}

void plain_say(struct plain_words *words, bool error, const char *text)
{
    if (error)
        plain_tell(words, _("Error: %1$s"), text, NULL, NULL);
    else
        put(words, "", text, strlen(text));
}

void plain_tell(struct plain_words *words, const char *sentence, const char *one, const char *two,
                const char *three)
{
    char text[SENTENCE_BYTES];
    filled(text, sizeof text, sentence, one, two, three);
    put(words, "", text, strlen(text));
}

void plain_tell_at(struct plain_words *words, uint64_t wall, const char *sentence, const char *one,
                   const char *two)
{
    char text[SENTENCE_BYTES], when[WHEN_BYTES], end[WHEN_BYTES + sizeof " ()"];
    when_make(words, wall, wall, when);
    filled(text, sizeof text, sentence, one, two, NULL);
    int size = snprintf(end, sizeof end, " (%s)", when);
    put(words, text, end, (size_t)size);
}

/* ---- what people say ---- */

static const char *who_make(const struct node_line *line, char into[WHO_BYTES])
{
    char name[PLAIN_NAME_BYTES], host[PLAIN_NAME_BYTES];
    if (line->guest.size == 0)
        return plain_name(line->name, strlen(line->name), into);
    return filled(into, WHO_BYTES, _("%1$s (guest of %2$s, not encrypted)"),
                  plain_name((const char *)line->guest.bytes, line->guest.size, name),
                  plain_name(line->name, strlen(line->name), host), NULL);
}

static void mark_add(char *marks, size_t size, const char *text)
{
    size_t length = strlen(marks);
    snprintf(marks + length, size - length, "%s%s", length > 0 ? ", " : " (", text);
}

/* " (late, clock 3 min ahead)" */
static void marks_make(const struct node_line *line, char *into, size_t size)
{
    char off[64], text[256];
    into[0] = '\0';
    if (line->skew_ms != 0) {
        bool behind = line->skew_ms < 0;
        while_make((uint64_t)(behind ? -line->skew_ms : line->skew_ms), off, sizeof off);
        mark_add(into, size - 1,
                 filled(text, sizeof text, behind ? _("clock %1$s behind") : _("clock %1$s ahead"),
                        off, NULL, NULL));
    }
    if (line->late)
        mark_add(into, size - 1, _("late"));
    if (line->again)
        mark_add(into, size - 1, _("said again"));
    if (into[0])
        snprintf(into + strlen(into), size - strlen(into), ")");
}

/* "#lab"; nothing where that is where Enter goes, or a whisper, of which the sentence tells. */
static const char *place_make(const struct plain_words *words, const char *conversation,
                              char into[PLAIN_NAME_BYTES])
{
    into[0] = '\0';
    if (conversation[0] != '@' && strcmp(conversation, words->here) != 0)
        plain_title(words, conversation, into);
    return into;
}

/* A whisper of several goes by all of their names. */
static const char *form_of_words(const struct plain_words *words, const struct node_line *line)
{
    bool ours = line->own && line->guest.size == 0;
    bool several =
        strlen(line->conversation) > ID_TEXT && !guest_conversation_name(line->conversation);
    if (line->whisper)
        return ours || several ? _("%1$s whispers to %2$s") : _("%1$s whispers to you");
    return strcmp(line->conversation, words->here) == 0 ? "%1$s" : _("%1$s in %2$s");
}

/* Whatever stands before what was said: "bruno 14:02: ", "bruno in #lab 14:02 * ". Who speaks is
 * heard first, and what they say is never taken for what happened, of which the time stands last.
 */
static void lead_make(struct plain_words *words, const struct node_line *line,
                      char into[SENTENCE_BYTES])
{
    char who[WHO_BYTES], title[PLAIN_NAME_BYTES], marks[MARKS_BYTES], when[WHEN_BYTES];
    char sentence[WHO_BYTES + PLAIN_NAME_BYTES + 64];
    bool act = line->kind == ENTRY_ACT;
    when_make(words, line->time, line->order.key, when);
    marks_make(line, marks, sizeof marks);
    filled(sentence, sizeof sentence, form_of_words(words, line), who_make(line, who),
           plain_title(words, line->conversation, title), NULL);
    int length = snprintf(into, SENTENCE_BYTES, "%s%s %s%s", sentence, marks, when,
                          act && !line->whisper ? " * " : ": ");
    if (act && line->whisper)
        snprintf(into + length, SENTENCE_BYTES - (size_t)length, "* %s ", who);
}

/* What happened, in words; NULL: something was said. */
static const char *form_of(const struct node_line *line)
{
    if (!line->readable)
        return _("%1$s said something that this version cannot show");
    switch ((enum entry_kind)line->kind) {
    case ENTRY_SAY:
    case ENTRY_ACT:
        return NULL;
    case ENTRY_CALL:
        return line->own ? _("You rang.") : _("%1$s rings you");
    case ENTRY_JOIN:
        return _("%1$s came in");
    case ENTRY_LEAVE:
        return line->text.size > 0 ? _("%1$s left: %2$s") : _("%1$s left");
    case ENTRY_TOPIC:
        return line->text.size > 0 ? _("%1$s set the topic: %2$s") : _("%1$s took the topic away");
    case ENTRY_PROFILE:
        return _("%1$s is now called %2$s");
    case ENTRY_SEALED:
        return _("%1$s said something that this version cannot show");
    }
    return _("%1$s said something that this version cannot show");
}

/* "bruno came in (#lab, 14:02)" */
static void happened(struct plain_words *words, const struct node_line *line, const char *form)
{
    char who[WHO_BYTES], place[PLAIN_NAME_BYTES], when[WHEN_BYTES];
    char end[sizeof place + sizeof when + sizeof " (, )"];
    char text[PLAIN_NAME_BYTES], sentence[SENTENCE_BYTES];
    when_make(words, line->time, line->order.key, when);
    place_make(words, line->conversation, place);
    snprintf(end, sizeof end, " (%s%s%s)", place, place[0] ? ", " : "", when);
    size_t size = text_cut((const char *)line->text.bytes, line->text.size, sizeof text - 1);
    if (size > 0)
        memcpy(text, line->text.bytes, size);
    text[size] = '\0';
    filled(sentence, sizeof sentence, form, who_make(line, who), text, NULL);
    put(words, sentence, end, strlen(end));
}

void plain_line(struct plain_words *words, const struct node_line *line)
{
    char lead[SENTENCE_BYTES];
    const char *form = form_of(line);
    if (form) {
        happened(words, line, form);
        return;
    }
    lead_make(words, line, lead);
    put_each(words, lead, line->text);
}

/* A line that came before, as the model holds it. */
void plain_post(struct plain_words *words, const char *conversation, const struct post *post)
{
    static const uint32_t kinds[] = {
        [POST_SAY] = ENTRY_SAY,    [POST_ACT] = ENTRY_ACT,         [POST_CALL] = ENTRY_CALL,
        [POST_JOIN] = ENTRY_JOIN,  [POST_LEAVE] = ENTRY_LEAVE,     [POST_TOPIC] = ENTRY_TOPIC,
        [POST_NOTICE] = ENTRY_SAY, [POST_PROFILE] = ENTRY_PROFILE, [POST_UNKNOWN] = ENTRY_SEALED};
    const struct who *from = post->from;
    if (!from || from->muted)
        return;
    struct node_line line = {.order = post->order,
                             .conversation = conversation,
                             .kind = kinds[post->kind],
                             .whisper = conversation[0] == '@',
                             .readable = post->kind != POST_UNKNOWN,
                             .name = from->label,
                             .text = span_of(post->text, post->size),
                             .time = post->wall,
                             .own = post->own,
                             .late = post->late,
                             .again = post->again != 0,
                             .skew_ms = post->skew_ms};
    if (from->guest) {
        line.guest = span_text(from->guest);
        line.name = from->host ? from->host : "";
    }
    plain_line(words, &line);
}

/* ---- answers ---- */

struct list {
    char text[SENTENCE_BYTES];
    size_t count;
};

static void list_add(struct list *list, const char *item)
{
    size_t length = strlen(list->text);
    if (*item)
        snprintf(list->text + length, sizeof list->text - length, "%s%s",
                 list->count++ > 0 ? ", " : "", item);
}

static void presence_add(struct list *list, const struct node_peer *peer, uint64_t now)
{
    char text[MESSAGE_TEXT_BYTES], ago[64];
    switch (peer->presence) {
    case PRESENCE_LINKED:
        list_add(list, peer->self ? _("this is you") : _("here"));
        return;
    case PRESENCE_MESH:
        list_add(list, peer->self ? _("this is you") : _("here, by way of others"));
        return;
    case PRESENCE_AWAY:
        list_add(list, peer->self ? _("this is you") : "");
        list_add(list, peer->why && peer->why[0]
                           ? filled(text, sizeof text, _("away: %1$s"), peer->why, NULL, NULL)
                           : _("away"));
        return;
    case PRESENCE_GONE:
        if (peer->self) {
            list_add(list, _("this is you"));
        } else if (peer->seen > 0 && now > peer->seen) {
            while_make(now - peer->seen, ago, sizeof ago);
            list_add(list,
                     filled(text, sizeof text, _("gone, last seen %1$s ago"), ago, NULL, NULL));
        } else {
            list_add(list, _("gone"));
        }
        return;
    }
}

static void peer_tell(struct plain_words *words, const struct node_peer *peer, uint64_t now)
{
    struct list list = {.count = 0};
    char name[PLAIN_NAME_BYTES], text[MESSAGE_TEXT_BYTES];
    const char *host = peer->host ? peer->host : "";
    presence_add(&list, peer, now);
    if (peer->guest)
        list_add(&list, filled(text, sizeof text,
                               peer->host ? _("guest of %2$s that speaks %1$s, not encrypted")
                                          : _("guest that speaks %1$s, not encrypted"),
                               peer->guest, plain_name(host, strlen(host), name), NULL));
    if (peer->trust == TRUST_VERIFIED)
        list_add(&list, _("verified"));
    if (peer->trust == TRUST_BLOCKED)
        list_add(&list, _("blocked"));
    if (peer->ignored)
        list_add(&list, _("ignored"));
    if (peer->rtt_us > 0) {
        snprintf(text, sizeof text, "%" PRIu64 ".%" PRIu64 " ms", peer->rtt_us / 1000,
                 peer->rtt_us % 1000 / 100);
        list_add(&list, text);
    }
    if (peer->address.port) {
        peers_address_text(&peer->address, text);
        list_add(&list, text);
    }
    plain_tell(words, "%1$s: %2$s", plain_name(peer->name, strlen(peer->name), name), list.text,
               NULL);
}

static void answer_peers(struct plain_words *words, const struct node_answer *answer, uint64_t now)
{
    for (size_t i = 0; i < answer->count; i++)
        peer_tell(words, &answer->peers[i], now);
    if (answer->verify[0])
        plain_tell(words, "%1$s: %2$s", _("To compare aloud"), answer->verify, NULL);
}

static void answer_rooms(struct plain_words *words, const struct node_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        const struct node_room *room = &answer->rooms[i];
        struct list list = {.count = 0};
        char text[MESSAGE_TEXT_BYTES], count[24];
        list_add(&list, room->joined ? _("you are in it") : _("you are not in it"));
        snprintf(count, sizeof count, "%zu", room->members);
        list_add(&list, filled(text, sizeof text,
                               ngettext("%1$s person", "%1$s people", (unsigned long)room->members),
                               count, NULL, NULL));
        if (room->topic && room->topic[0])
            list_add(&list, filled(text, sizeof text, _("topic: %1$s"), room->topic, NULL, NULL));
        plain_tell(words, "%1$s: %2$s", room->conversation, list.text, NULL);
    }
}

static void answer_search(struct plain_words *words, const struct node_answer *answer)
{
    char count[24];
    for (size_t i = 0; i < answer->count; i++)
        plain_line(words, &answer->lines[i]);
    snprintf(count, sizeof count, "%zu", answer->count);
    if (answer->count == 0)
        plain_say(words, false, _("Nothing was found."));
    else
        plain_tell(words,
                   ngettext("%1$s line found", "%1$s lines found", (unsigned long)answer->count),
                   count, NULL, NULL);
}

static void answer_who_got(struct plain_words *words, const struct node_answer *answer)
{
    if (answer->ref.seq == 0) {
        plain_say(words, false, _("You have said nothing here since the start."));
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        char name[PLAIN_NAME_BYTES];
        plain_tell(words, "%1$s: %2$s",
                   plain_name(answer->labels[i], strlen(answer->labels[i]), name),
                   answer->stored[i] ? _("has it") : _("not yet"), NULL);
    }
    if (answer->count == 0)
        plain_say(words, false, _("Nobody else is expected to have it."));
}

void plain_answer(struct plain_words *words, const struct node_answer *answer, uint64_t now)
{
    if (answer->command == COMMAND_ROOMS)
        answer_rooms(words, answer);
    else if (answer->command == COMMAND_SEARCH)
        answer_search(words, answer);
    else if (answer->command == COMMAND_WHO_GOT)
        answer_who_got(words, answer);
    else
        answer_peers(words, answer, now);
}

/* ---- scans and receipts ---- */

/* A long one says three times how far it is. */
static void scan_progress_tell(struct plain_words *words, const struct scan_event *event)
{
    char percent[24];
    unsigned quarters = event->total > 0 ? (unsigned)(event->tried * 4 / event->total) : 0;
    if (quarters <= words->quarters || quarters > 3)
        return;
    words->quarters = quarters;
    snprintf(percent, sizeof percent, "%u", quarters * 25);
    plain_tell(words, _("%1$s %% of the scan is done."), percent, NULL, NULL);
}

void plain_scan(struct plain_words *words, const struct scan_event *event)
{
    const struct scan_find *find = event->find;
    const char *dialect = find && !find->id ? find->dialect : NULL;
    char name[PLAIN_NAME_BYTES] = "";
    struct message over;
    char text[MESSAGE_TEXT_BYTES];
    switch (event->state) {
    case SCAN_STARTED:
        words->quarters = 0;
        plain_tell(words, _("Looking for people in %1$s. /scan stop ends it."), event->range, NULL,
                   NULL);
        return;
    case SCAN_PROGRESS:
        scan_progress_tell(words, event);
        return;
    case SCAN_FOUND:
        if (find->name)
            plain_name(find->name, strlen(find->name), name);
        plain_tell(words,
                   find->name && dialect ? _("Found at %1$s: %2$s (guest, speaks %3$s)")
                   : find->name          ? _("Found at %1$s: %2$s")
                   : dialect             ? _("Found at %1$s: a guest who speaks %3$s")
                   : find->id            ? _("Found at %1$s: somebody who runs Tertulia")
                                         : _("Found at %1$s: it is not known who"),
                   find->address, name, dialect);
        return;
    case SCAN_DONE:
    case SCAN_STOPPED:
        over = scan_message(event);
        message_text(&over, i18n_translate, text, sizeof text);
        plain_say(words, false, text);
        return;
    }
}

void plain_delivered(struct plain_words *words, const char *conversation, size_t count, size_t of)
{
    char title[PLAIN_NAME_BYTES], place[PLAIN_NAME_BYTES], text[SENTENCE_BYTES];
    char stored[24], people[24], end[sizeof place + sizeof " ()"] = "";
    if (place_make(words, conversation, place)[0])
        snprintf(end, sizeof end, " (%s)", place);
    plain_title(words, conversation, title);
    snprintf(stored, sizeof stored, "%zu", count);
    snprintf(people, sizeof people, "%zu", of);
    if (count == 0 && conversation[0] == '@')
        filled(text, sizeof text, _("%1$s does not have it yet"), title, NULL, NULL);
    else if (count < of)
        filled(text, sizeof text,
               _("delivered to %1$s of %2$s so far; /who-got says who does not have it yet"),
               stored, people, NULL);
    else if (conversation[0] == '@')
        filled(text, sizeof text, _("delivered to %1$s"), title, NULL, NULL);
    else
        filled(text, sizeof text, ngettext("delivered", "delivered to all %1$s", (unsigned long)of),
               people, NULL, NULL);
    put(words, text, end, strlen(end));
}
