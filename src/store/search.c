/* The search: what was typed is taken apart here and becomes quoted words for FTS5, so that nothing
 * a user types is ever its syntax. Hits come newest first, straight from the end of the index,
 * whatever they are filtered by: author and conversation are words in it too. */
#include "base/buf.h"
#include "core/room.h"
#include "core/word.h"
#include "store/keep.h"
#include "store/read.h"
#include "store/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { QUERY_BYTES = 64 * 1024 }; /* of what FTS5 is asked: STORE_WORDS long words, quoted */

struct search {
    struct db *db;
    struct buf words; /* `"one" "two"*` */
    struct buf marks; /* ` AND (tags : ...)` */
    size_t word_count;
    bool hopeless; /* somebody or something that nobody knows */
    bool limited;  /* by a day, at least */
    uint64_t from; /* places */
    uint64_t before;
};

static void say(struct search *search, struct buf *into, const char *text)
{
    if (!buf_add(into, text, strlen(text)))
        search->hopeless = true;
}

/* Quoted: FTS5 takes what is inside as text. A zero byte would end it. */
static void say_quoted(struct search *search, struct buf *into, struct span text)
{
    say(search, into, "\"");
    for (size_t i = 0; i < text.size; i++) {
        char c[3] = {(char)text.bytes[i], '\0', '\0'};
        if (c[0] == '\0')
            c[0] = ' ';
        if (c[0] == '"')
            c[1] = '"';
        say(search, into, c);
    }
    say(search, into, "\"");
}

static const char *buf_text(struct search *search, struct buf *buf)
{
    if (!buf_add(buf, "", 1))
        search->hopeless = true;
    return search->hopeless ? "" : (const char *)buf_bytes(buf);
}

/* ---- who ---- */

enum { TAG_LEAST = 4 };

static void author_say(struct search *search, struct buf *into, uint64_t author)
{
    char tag[TAG_BYTES];
    tag_author(author, tag);
    say(search, into, into->length ? " OR " : "");
    say_quoted(search, into, span_text(tag));
}

/* People whose name or alias has these words, in any case and with or without accents. */
static void named_say(struct search *search, struct buf *into, struct span name)
{
    struct db *db = search->db;
    struct buf match;
    buf_init(&match, QUERY_BYTES);
    say_quoted(search, &match, name);
    const char *text = buf_text(search, &match);
    sqlite3_stmt *row =
        db_start(db,
                 "SELECT a.id FROM names n LEFT JOIN people p ON p.id=n.rowid"
                 " JOIN authors a ON a.author=coalesce(p.who, ?) WHERE names MATCH ?"
                 " AND (n.rowid=0 OR p.id IS NOT NULL) LIMIT ?",
                 OBJECT(db->self), TEXT(span_text(text)), NUMBER(STORE_NAMESAKES));
    while (db_row(db, row))
        author_say(search, into, column_number(row, 0));
    buf_done(&match);
}

/* Whose id begins so. */
static void tagged_say(struct search *search, struct buf *into, const char *tag, size_t length)
{
    struct db *db = search->db;
    size_t found = 0;
    sqlite3_stmt *row = db_start(db, "SELECT id, author FROM authors");
    while (db_row(db, row)) {
        struct id id = {{0}};
        char text[ID_TEXT];
        column_object(db, row, 1, &id, sizeof id);
        id_text(&id, text);
        if (length < ID_TEXT && strncasecmp(text, tag, length) == 0 && found++ < STORE_NAMESAKES)
            author_say(search, into, column_number(row, 0));
    }
}

static void from_take(struct search *search, const struct word *word)
{
    struct buf who;
    struct span name = span_of(word->text, word->length);
    const char *tilde = strrchr(word->text, '~');
    const char *tag = tilde ? tilde + 1 : word->text;
    size_t length = strlen(tag);
    struct id id;
    buf_init(&who, QUERY_BYTES);
    bool by_tag = (tilde && length >= TAG_LEAST) || id_parse(word->text, &id);
    if (by_tag)
        tagged_say(search, &who, tag, length);
    else
        named_say(search, &who, name);
    say(search, &search->marks, " AND (");
    if (who.length) {
        say(search, &search->marks, "tags : (");
        say(search, &search->marks, buf_text(search, &who));
        say(search, &search->marks, ")");
    }
    if (!by_tag) { /* a guest's name is kept in their own lines */
        say(search, &search->marks, who.length ? " OR guest : " : "guest : ");
        say_quoted(search, &search->marks, name);
    } else if (who.length == 0) {
        search->hopeless = true;
    }
    say(search, &search->marks, ")");
    buf_done(&who);
}

/* ---- where ---- */

static void conversation_take(struct search *search, const char *name)
{
    char tag[TAG_BYTES];
    uint64_t row = db_number(search->db, 0, "SELECT id FROM conversations WHERE name=?",
                             TEXT(span_text(name)));
    if (row == 0)
        search->hopeless = true;
    tag_conversation(row, tag);
    say(search, &search->marks, " AND (tags : ");
    say_quoted(search, &search->marks, span_text(tag));
    say(search, &search->marks, ")");
}

static void in_take(struct search *search, const struct word *word)
{
    char typed[NODE_CONVERSATION_MAX], name[ROOM_MAX + 1];
    int size = snprintf(typed, sizeof typed, "%s%s", word->text[0] == '#' ? "" : "#", word->text);
    bool fits = size > 0 && (size_t)size < sizeof typed;
    if (!fits || room_name_fold(span_text(typed), name) != ROOM_NAME_FINE)
        search->hopeless = true;
    else
        conversation_take(search, name);
}

/* ---- when ---- */

static bool digits_take(const char **at, size_t count, int *into)
{
    *into = 0;
    for (size_t i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *into = *into * 10 + (**at - '0');
    }
    return true;
}

/* The first ms of that day here. */
static bool day_parse(const char *text, uint64_t *ms)
{
    struct tm day = {.tm_isdst = -1};
    if (!digits_take(&text, 4, &day.tm_year) || *text++ != '-' ||
        !digits_take(&text, 2, &day.tm_mon) || *text++ != '-' ||
        !digits_take(&text, 2, &day.tm_mday) || *text != '\0')
        return false;
    int month = day.tm_mon, date = day.tm_mday;
    if (day.tm_year < 1970 || month < 1 || month > 12 || date < 1 || date > 31)
        return false;
    day.tm_year -= 1900;
    day.tm_mon--;
    time_t seconds = mktime(&day);
    *ms = seconds > 0 ? (uint64_t)seconds * 1000 : 0;
    return day.tm_mday == date; /* there is no 31 November */
}

/* ---- words ---- */

static void word_take(struct search *search, const struct word *word)
{
    size_t length = word->length;
    bool beginning = !word->quoted && length > 1 && word->text[length - 1] == '*';
    if (length == 0 || search->word_count == STORE_WORDS)
        return;
    search->word_count++;
    say(search, &search->words, " ");
    say_quoted(search, &search->words, span_of(word->text, length - beginning));
    say(search, &search->words, beginning ? "*" : "");
}

static bool day_take(struct search *search, const struct word *word, bool before)
{
    uint64_t ms;
    if (!day_parse(word->text, &ms))
        return false;
    uint64_t place = place_of_key(ms);
    if (before && place < search->before)
        search->before = place;
    if (!before && place > search->from)
        search->from = place;
    search->limited = true;
    return true;
}

/* What stands behind `from:` and the like; false where it is a word like any other. */
static bool mark_take(struct search *search, const char *line, size_t size, size_t *at)
{
    static const char *const names[] = {"from:", "in:", "before:", "after:"};
    enum { FROM, IN, BEFORE, AFTER, NAMES };
    size_t which = 0;
    struct word word;
    while (which < NAMES && (size - *at <= strlen(names[which]) ||
                             strncasecmp(line + *at, names[which], strlen(names[which])) != 0))
        which++;
    size_t start = which < NAMES ? *at + strlen(names[which]) : size;
    if (start >= size || blank_is(line[start]))
        return false;
    enum word_result result = word_read(line, size, start, &word);
    bool taken = result != WORD_NONE;
    if (taken && (which == BEFORE || which == AFTER))
        taken = day_take(search, &word, which == BEFORE);
    else if (taken && which == FROM)
        from_take(search, &word);
    else if (taken)
        in_take(search, &word);
    if (taken)
        *at = word.end;
    word_done(&word);
    return taken;
}

static void words_take(struct search *search, struct span typed)
{
    const char *line = (const char *)typed.bytes;
    size_t size = typed.size;
    for (size_t at = blanks_skip(line, size, 0); at < size; at = blanks_skip(line, size, at)) {
        struct word word;
        if (mark_take(search, line, size, &at))
            continue;
        enum word_result result = word_read(line, size, at, &word);
        if (result != WORD_NONE)
            word_take(search, &word);
        at = word.end > at ? word.end : at + 1;
        word_done(&word);
    }
}

/* ---- hits ---- */

/* The conversation of each is looked up last: most hits are never reached. */
#define HIT_COLUMNS RECORD_COLUMNS ", c.name"
static const char hits[] =
    "SELECT " HIT_COLUMNS " FROM texts t CROSS JOIN entries e ON e.place=t.rowid"
    " JOIN conversations c ON c.id=e.conversation WHERE texts MATCH ? AND t.rowid>=? AND t.rowid<?"
    " ORDER BY t.rowid DESC LIMIT ?";
static const char all[] =
    "SELECT " HIT_COLUMNS " FROM entries e JOIN conversations c ON c.id=e.conversation"
    " WHERE e.place>=? AND e.place<? ORDER BY e.place DESC LIMIT ?";

static int record_order(const void *left, const void *right)
{
    const struct node_record *a = left, *b = right;
    struct order one = order_of(&a->entry->fields, a->key, a->start);
    struct order other = order_of(&b->entry->fields, b->key, b->start);
    return order_compare(&one, &other);
}

static void hits_read(struct search *search, const char *match, size_t count,
                      struct store_answer *into)
{
    enum { NAME_COLUMN = 7 };
    struct db *db = search->db;
    struct node_event *event = &into->event;
    sqlite3_stmt *row = match[0] ? db_start(db, hits, TEXT(span_text(match)), NUMBER(search->from),
                                            NUMBER(search->before), NUMBER(count + 1))
                                 : db_start(db, all, NUMBER(search->from), NUMBER(search->before),
                                            NUMBER(count + 1));
    while (!event->page.more && db_row(db, row)) {
        event->page.more = event->page.count == count;
        if (event->page.more)
            break;
        const char *name = keep_text(&into->owned, column_span(db, row, NAME_COLUMN));
        record_read(db, row, 0, name, into, record_next(into));
    }
    if (row)
        db_done(row);
    if (db_fine(db) && event->page.count)
        qsort((void *)(uintptr_t)event->page.records, event->page.count,
              sizeof *event->page.records, record_order);
}

/* All of what FTS5 is asked; NULL where nothing can be found. "" asks for all lines of some days.
 */
static const char *match_make(struct search *search, struct buf *into)
{
    if (search->word_count) {
        say(search, into, "(text : (");
        say(search, into, buf_text(search, &search->words));
        say(search, into, "))");
    }
    if (search->marks.length) {
        buf_eat(&search->marks, search->word_count ? 0 : strlen(" AND "));
        say(search, into, buf_text(search, &search->marks));
    }
    if (into->length == 0 && !search->limited)
        return NULL;
    const char *text = buf_text(search, into);
    return search->hopeless ? NULL : text;
}

void search_read(struct db *db, const struct node_query *query, struct store_answer *into)
{
    size_t count = query->count < STORE_PAGE_MAX ? query->count : STORE_PAGE_MAX;
    struct search search = {.db = db, .before = INT64_MAX};
    struct buf match;
    buf_init(&search.words, QUERY_BYTES);
    buf_init(&search.marks, QUERY_BYTES);
    buf_init(&match, QUERY_BYTES);
    if (query->conversation && query->conversation[0])
        conversation_take(&search, query->conversation);
    words_take(&search, query->words);
    const char *text = match_make(&search, &match);
    if (text && db_fine(db))
        hits_read(&search, text, count, into);
    buf_done(&search.words);
    buf_done(&search.marks);
    buf_done(&match);
}
