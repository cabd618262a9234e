/* What guests bring that came another way already: our own words that went round through them, and
 * one guest's words that come through several hosts (twins.c). Tables of fixed size, because guests
 * may say anything; what was forgotten so is at worst read once more. */
#include "core/guests.h"

#include "base/clean.h"

#include <stdio.h>

/* ---- words of one name ---- */

/* What dialects write in place of what would end a name is all one here. */
static char squashed(char byte)
{
    return byte == ' ' ? '_' : byte == '|' ? '/' : byte == ':' ? ';' : byte;
}

static bool is_label(struct span name, const char *label)
{
    size_t size = strlen(label);
    if (name.size != size)
        return false;
    for (size_t i = 0; i < size; i++)
        if (squashed((char)name.bytes[i]) != squashed(label[i]))
            return false;
    return true;
}

static uint64_t tag_of(const struct node *node, struct span name, struct span text)
{
    uint8_t bytes[LABEL_BYTES + TEXT_MAX + 8];
    size_t size = name.size < LABEL_BYTES ? name.size : LABEL_BYTES;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)squashed((char)name.bytes[i]);
    bytes[size++] = 0;
    size_t room = sizeof bytes - size;
    size_t more = text.size < room ? text.size : room;
    if (more)
        memcpy(bytes + size, text.bytes, more);
    uint64_t tag = node_hash(node, bytes, size + more);
    return tag ? tag : 1;
}

static struct span trimmed(struct span text)
{
    while (text.size && (text.bytes[0] == ' ' || text.bytes[0] == '\n'))
        text = span_of(text.bytes + 1, text.size - 1);
    while (text.size && (text.bytes[text.size - 1] == ' ' || text.bytes[text.size - 1] == '\n'))
        text.size--;
    return text;
}

/* ---- what guests are told ---- */

static void saying_add(struct node *node, uint64_t tag)
{
    struct guest_book *guests = node->guests;
    struct guest_held *held, *next;
    if (!guests->sayings)
        guests->sayings = xcalloc(GUEST_SAYINGS, sizeof *guests->sayings);
    guests->sayings[guests->saying_next++ % GUEST_SAYINGS] =
        (struct guest_saying){tag, node->now.mono_ms};
    DL_FOREACH_SAFE(guests->held, held, next)
    {
        if (held->tag != tag)
            continue;
        DL_DELETE(guests->held, held);
        guests->held_count--;
        free(held->name);
        free(held->text);
        free(held);
    }
}

static bool was_said(const struct node *node, uint64_t tag)
{
    const struct guest_book *guests = node->guests;
    for (size_t i = 0; guests->sayings && i < GUEST_SAYINGS; i++)
        if (guests->sayings[i].tag == tag &&
            node->now.mono_ms - guests->sayings[i].at < GUEST_TWICE_MS)
            return true;
    return false;
}

static void line_said(struct node *node, const struct node_guest_word *word, struct span line)
{
    line = trimmed(line);
    if (line.size == 0)
        return;
    const uint8_t *tilde = word->who.size ? memrchr(word->who.bytes, '~', word->who.size) : NULL;
    saying_add(node, tag_of(node, word->who, line));
    if (tilde) /* in another place it may need no tag */
        saying_add(node,
                   tag_of(node, span_of(word->who.bytes, (size_t)(tilde - word->who.bytes)), line));
}

/* As dialects write it: line by line, and what somebody does between stars. */
void guest_echo_said(struct node *node, const struct node_guest_word *word)
{
    size_t size;
    char *text = text_clean((const char *)word->text.bytes, word->text.size, CLEAN_BODY, &size);
    if (word->kind == GUEST_TELLS_ACT) {
        char *starred = xcalloc(size + 3, 1);
        snprintf(starred, size + 3, "*%s*", text);
        free(text);
        text = starred;
        size += 2;
    }
    size_t at = 0;
    for (unsigned i = 0; at < size && i < GUEST_LINES_TOLD; i++) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end && i + 1 < GUEST_LINES_TOLD ? (size_t)(end - text) - at : size - at;
        line_said(node, word, span_of(text + at, length));
        at += length + 1;
    }
    free(text);
}

/* ---- what guests say ---- */

/* Whether somebody else than this guest goes by it, whose words may have come round to it. Of other
 * guests where it says no name of its own: `piped` ones pass each other's words on by design. */
static bool is_anothers(const struct node *node, const struct guest_link *link, struct span name,
                        bool by_itself)
{
    bool tagged = name.size && memchr(name.bytes, '~', name.size);
    for (const struct person *one = NULL; (one = roster_next(node->roster, one));) {
        char label[LABEL_BYTES];
        const char *dialect = one->guest && one->more ? one->more->dialect : "";
        if (one->guest && !by_itself && strcmp(dialect, link->dialect) == 0)
            continue;
        if (tagged)
            roster_label(node->roster, one, label);
        if (is_label(name, tagged ? label : person_shown(one)) &&
            (one->self || roster_presence(node->roster, one, node->now.wall_ms) != PRESENCE_GONE))
            return true;
    }
    return false;
}

/* "name: text", as who passes words on without a name of theirs was told them. */
static bool split(struct span text, struct span *name, struct span *rest)
{
    const uint8_t *colon = memmem(text.bytes, text.size, ": ", 2);
    if (!colon || colon == text.bytes || colon > text.bytes + LABEL_BYTES)
        return false;
    *name = span_of(text.bytes, (size_t)(colon - text.bytes));
    *rest = trimmed(span_of(colon + 2, text.size - name->size - 2));
    return true;
}

static void held_host(struct node *node, struct guest_held *held)
{
    const struct guest_link *link = guest_link_find(node, held->number);
    DL_DELETE(node->guests->held, held);
    node->guests->held_count--;
    if (link)
        guest_host(node, link, ENTRY_SAY, span_text(held->name), span_text(held->text), held->wall);
    free(held->name);
    free(held->text);
    free(held);
}

static void hold(struct node *node, const struct guest_link *link, const struct guest_words *words,
                 uint64_t tag)
{
    struct guest_book *guests = node->guests;
    if (guests->held_count == GUEST_HELD)
        held_host(node, guests->held);
    struct guest_held *held = xcalloc(1, sizeof *held);
    held->tag = tag;
    held->due = node->now.mono_ms + GUEST_HELD_MS;
    held->number = link->number;
    held->wall = words->wall ? words->wall : node->now.wall_ms;
    held->name = xstrndup((const char *)words->name.bytes, words->name.size);
    held->text = xstrndup((const char *)words->text.bytes, words->text.size);
    DL_APPEND(guests->held, held);
    guests->held_count++;
}

enum guest_echo guest_echo_heard(struct node *node, const struct guest_link *link,
                                 const struct guest_words *words)
{
    char name[GUEST_NAME_MAX + 1] = "";
    struct span who = words->name, text = trimmed(words->text);
    memcpy(name, who.bytes, who.size < GUEST_NAME_MAX ? who.size : GUEST_NAME_MAX);
    if (!words->by_itself && guest_name_is_tagged(node, name))
        return GUEST_ECHO_AGAIN;
    if (!link->spreads || (words->by_itself && !split(text, &who, &text)))
        return GUEST_ECHO_NEWS;
    if (!is_anothers(node, link, who, words->by_itself))
        return GUEST_ECHO_NEWS;
    uint64_t tag = tag_of(node, who, text);
    if (was_said(node, tag))
        return GUEST_ECHO_AGAIN;
    hold(node, link, words, tag);
    return GUEST_ECHO_HELD;
}

/* ---- time ---- */

uint64_t node_guests_due(const struct node *node)
{
    return node->guests && node->guests->held ? node->guests->held->due : UINT64_MAX;
}

void node_guests_tick(struct node *node)
{
    while (node_guests_due(node) <= node->now.mono_ms)
        held_host(node, node->guests->held);
}

/* Who has gone still said it. */
void guest_held_drop(struct node *node, const struct guest_link *link)
{
    struct guest_held *held, *next;
    DL_FOREACH_SAFE(node->guests->held, held, next)
    if (held->number == link->number)
        held_host(node, held);
}

bool node_guest_again(struct node *node, const struct node_line *line)
{
    return line->guest.size && twins_hide(&guest_book_of(node)->twins, line);
}

void guest_echo_free(struct guest_book *guests)
{
    struct guest_held *held, *next;
    DL_FOREACH_SAFE(guests->held, held, next)
    {
        free(held->name);
        free(held->text);
        free(held);
    }
    twins_done(&guests->twins);
    free(guests->sayings);
}
