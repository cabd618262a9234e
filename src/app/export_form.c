/* Three forms, one entry of a table each. Whatever is put on paper went through text_clean, but for
 * JSON, whose strings carry all there is. */
#include "app/export_form.h"

#include "app/json.h"
#include "app/transcript.h"
#include "base/alloc.h"
#include "base/ascii.h"
#include "base/clean.h"
#include "base/gettext.h"

#include <stdlib.h>
#include <string.h>

enum { SENTENCE_BYTES = 32 * 1024 /* a topic and a name, cleaned and escaped, and some words */ };

static void put_bytes(struct export_paper *paper, const char *bytes, size_t size)
{
    if (!buf_add(&paper->out, bytes, size))
        die("a line of an export is longer than it can be");
}

static void put(struct export_paper *paper, const char *text)
{
    put_bytes(paper, text, strlen(text));
}

typedef char *make_safe(char *clean); /* TAKES it */

static char *safe_text(struct span text, enum clean_form form, make_safe *safe)
{
    char *clean = text_clean((const char *)text.bytes, text.size, form, NULL);
    return safe ? safe(clean) : clean;
}

/* What somebody is called, a guest with its host. */
static char *safe_who(const struct export_paper *paper, const struct node_line *line,
                      make_safe *safe)
{
    char *author = safe_text(span_text(line->name), CLEAN_LINE, safe);
    if (line->guest.size == 0)
        return author;
    enum { ROOM = LABEL_BYTES * 2 * CLEAN_FACTOR * 2 };
    char *guest = safe_text(line->guest, CLEAN_LINE, safe);
    char *dialect = safe_text(line->dialect, CLEAN_LINE, safe);
    const char *texts[] = {guest, dialect, author};
    char *whole = xmalloc(ROOM);
    message_fill(paper->phrases[EXPORT_GUEST], texts, 3, whole, ROOM);
    free(author);
    free(guest);
    free(dialect);
    return whole;
}

static bool is_words(const struct node_line *line)
{
    return line->readable && (line->kind == ENTRY_SAY || line->kind == ENTRY_ACT);
}

static enum export_phrase phrase_of(const struct node_line *line)
{
    bool text = line->text.size > 0;
    if (!line->readable)
        return EXPORT_UNKNOWN;
    switch ((enum entry_kind)line->kind) {
    case ENTRY_CALL:
        return EXPORT_RANG;
    case ENTRY_JOIN:
        return EXPORT_CAME;
    case ENTRY_LEAVE:
        return text ? EXPORT_LEFT_WHY : EXPORT_LEFT;
    case ENTRY_TOPIC:
        return text ? EXPORT_TOPIC : EXPORT_TOPIC_AWAY;
    case ENTRY_SAY:
    case ENTRY_ACT:
    case ENTRY_SEALED:
    case ENTRY_PROFILE:
        return EXPORT_UNKNOWN;
    }
    return EXPORT_UNKNOWN;
}

/* What happened, as a sentence. */
static void put_sentence(struct export_paper *paper, const struct node_line *line, const char *who,
                         make_safe *safe)
{
    char *text = safe_text(line->text, CLEAN_LINE, safe);
    const char *texts[] = {who, text};
    char *sentence = xmalloc(SENTENCE_BYTES);
    message_fill(paper->phrases[phrase_of(line)], texts, 2, sentence, SENTENCE_BYTES);
    put(paper, sentence);
    free(sentence);
    free(text);
}

/* ---- .txt ---- */

/* The first `: ` of a line is the one behind the name. */
static char *name_safe(char *clean)
{
    static const char COLON[] = "<U+003A>";
    size_t size = strlen(clean);
    struct buf into;
    buf_init(&into, size * (sizeof COLON - 1) + 1);
    for (size_t i = 0; i <= size; i++) {
        bool ends = clean[i] == ':' && (clean[i + 1] == ' ' || clean[i + 1] == '\0');
        if (!buf_add(&into, ends ? COLON : clean + i, ends ? sizeof COLON - 1 : 1))
            die("a name is longer than it can be");
    }
    free(clean);
    clean = xmemdup(buf_bytes(&into), into.length);
    buf_done(&into);
    return clean;
}

static void txt_text(struct export_paper *paper, struct span said)
{
    char *text = safe_text(said, CLEAN_BODY, NULL);
    for (char *at = text; *at;) {
        size_t size = strcspn(at, "\n");
        put_bytes(paper, at, size);
        at += size;
        if (*at == '\n') {
            put(paper, "\n                    "); /* as wide as a stamp and its blank */
            at++;
        }
    }
    free(text);
}

static void txt_line(struct export_paper *paper, const struct node_line *line)
{
    char stamp[DATED_STAMP + 1];
    char *who = safe_who(paper, line, name_safe);
    transcript_stamp(line->time, stamp);
    put(paper, stamp);
    if (!is_words(line)) {
        put(paper, " ");
        put_sentence(paper, line, who, NULL);
    } else {
        put(paper, line->kind == ENTRY_ACT ? " * " : " ");
        put(paper, who);
        put(paper, line->kind == ENTRY_ACT ? " " : ": ");
        txt_text(paper, line->text);
    }
    put(paper, "\n");
    free(who);
}

/* ---- .json ---- */

static void json_begin(struct export_paper *paper)
{
    put(paper, "[");
}

static void json_line(struct export_paper *paper, const struct node_line *line)
{
    size_t size;
    char *text = event_text("message", line->received, line_json(line), &size);
    put(paper, paper->written ? ",\n" : "\n");
    put_bytes(paper, text, size);
    free(text);
}

static void json_end(struct export_paper *paper)
{
    put(paper, "\n]\n");
}

/* ---- .md ---- */

/* What begins something in CommonMark, or in what GitHub adds to it: always, .. */
static bool is_mark(char c)
{
    return c != '\0' && strchr("\\`*_{}[]()<>#|~&$^=@:", c);
}

/* .. or where it stands: lists at the start of a line, numbers before a dot, hosts' names. */
static bool is_mark_there(const char *line, const char *at)
{
    char before = at > line ? at[-1] : ' ';
    if (*at == '-' || *at == '+')
        return before == ' ' && at == line + strspn(line, " ");
    bool number = before >= '0' && before <= '9';
    return *at == '.' && (number || (at[1] != '\0' && at[1] != ' ' && at[1] != '\n'));
}

/* Every line but the first goes on with the paragraph before it, whatever it begins with. */
static char *md_safe(char *clean)
{
    static const char BREAK[] = "\\\n  ", BLANK[] = "&nbsp;";
    const char *line = clean;
    struct buf into;
    bool fits = true;
    buf_init(&into, strlen(clean) * (sizeof BREAK + sizeof BLANK) + 1);
    for (const char *at = clean; *at && fits; at++) {
        if (*at == '\n') {
            line = at + 1;
            fits = buf_add(&into, BREAK, sizeof BREAK - 1);
            if (*line == '\0' || *line == ' ' || *line == '\n')
                fits = fits && buf_add(&into, BLANK, sizeof BLANK - 1);
            continue;
        }
        if (is_mark(*at) || is_mark_there(line, at))
            fits = buf_add(&into, "\\", 1);
        fits = fits && buf_add(&into, at, 1);
    }
    if (!fits || !buf_add(&into, "", 1))
        die("an escaped text is longer than it can be");
    free(clean);
    clean = xmemdup(buf_bytes(&into), into.length);
    buf_done(&into);
    return clean;
}

static void md_begin(struct export_paper *paper)
{
    char *title = safe_text(span_text(paper->title), CLEAN_LINE, md_safe);
    put(paper, "# ");
    put(paper, title);
    put(paper, "\n");
    free(title);
}

static void md_day(struct export_paper *paper, const char *stamp)
{
    if (memcmp(paper->day, stamp, EXPORT_DAY) == 0)
        return;
    memcpy(paper->day, stamp, EXPORT_DAY);
    put(paper, "\n## ");
    put(paper, paper->day);
    put(paper, "\n\n");
}

static void md_line(struct export_paper *paper, const struct node_line *line)
{
    char stamp[DATED_STAMP + 1];
    char *who = safe_who(paper, line, md_safe);
    transcript_stamp(line->time, stamp);
    md_day(paper, stamp);
    put(paper, "- ");
    put(paper, stamp + EXPORT_DAY + 1);
    if (!is_words(line)) {
        put(paper, " ");
        put_sentence(paper, line, who, md_safe);
    } else {
        char *text = safe_text(line->text, CLEAN_BODY, md_safe);
        put(paper, line->kind == ENTRY_ACT ? " \\* **" : " **");
        put(paper, who);
        put(paper, line->kind == ENTRY_ACT ? "** " : "**: ");
        put(paper, text);
        free(text);
    }
    put(paper, "\n");
    free(who);
}

static const struct export_form FORMS[] = {
    {".txt", NULL, txt_line, NULL},
    {".json", json_begin, json_line, json_end},
    {".md", md_begin, md_line, NULL},
};

const struct export_form *export_form_of(const char *path)
{
    size_t size = strlen(path);
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        size_t ending = strlen(FORMS[i].ending);
        if (size >= ending && ascii_equal(path + size - ending, FORMS[i].ending))
            return &FORMS[i];
    }
    return NULL;
}

void export_phrases(const char *phrases[EXPORT_PHRASES])
{
    phrases[EXPORT_RANG] = _("%1$s rang");
    phrases[EXPORT_CAME] = _("%1$s came in");
    phrases[EXPORT_LEFT] = _("%1$s left");
    phrases[EXPORT_LEFT_WHY] = _("%1$s left: %2$s");
    phrases[EXPORT_TOPIC] = _("%1$s set the topic: %2$s");
    phrases[EXPORT_TOPIC_AWAY] = _("%1$s took the topic away");
    phrases[EXPORT_UNKNOWN] = _("%1$s said something that this version cannot show");
    /* TRANSLATORS: a guest's name, the chat it comes from, and whose guest it is */
    phrases[EXPORT_GUEST] = _("%1$s (%2$s, via %3$s)");
}
