/* FTS5 keeps no text here (content=''): what it forgets must be told to it again, so the words of a
 * line follow from the stored entry alone, in a way that never changes within a version. */
#include "store/words.h"

#include "store/keep.h"

#include <stdio.h>
#include <stdlib.h>

struct word_change {
    uint64_t place;
    bool remove;
    size_t number; /* among its batch's */
    struct span text;
    struct span guest;
    char tags[2 * TAG_BYTES];
    void *owned;
};

/* ---- places ---- */

uint64_t place_of_key(uint64_t key)
{
    return key << PLACE_BITS;
}

/* ---- words ---- */

static struct span body_text(const struct body *body)
{
    switch (body->kind) {
    case ENTRY_SAY:
    case ENTRY_ACT:
        return body->say.text;
    case ENTRY_LEAVE:
        return body->why;
    case ENTRY_TOPIC:
        return body->topic;
    case ENTRY_SEALED:
    case ENTRY_PROFILE:
    case ENTRY_JOIN:
    case ENTRY_CALL:
        break;
    }
    return span_of("", 0);
}

struct span words_text(const struct db *db, const struct entry_fields *fields,
                       const struct whisper *whisper, void **owned)
{
    *owned = NULL;
    if (whisper)
        return whisper->text;
    struct body *body = *owned = db->codec->body_unpack(fields->kind, fields->body);
    return body ? body_text(body) : span_of("", 0);
}

struct span words_guest(const struct entry_fields *fields)
{
    return fields->kind == ENTRY_SEALED ? span_of("", 0) : fields->guest;
}

/* Letters and digits only, or the tokenizer would part them. */
void tag_author(uint64_t author, char into[TAG_BYTES])
{
    snprintf(into, TAG_BYTES, "a%llu", (unsigned long long)author);
}

void tag_conversation(uint64_t conversation, char into[TAG_BYTES])
{
    snprintf(into, TAG_BYTES, "c%llu", (unsigned long long)conversation);
}

void words_change(struct word_changes *changes, const struct line_words *line, bool remove)
{
    if ((changes->count & (changes->count - 1)) == 0)
        changes->list =
            xrealloc(changes->list, changes->count ? changes->count * 2 : 1, sizeof *changes->list);
    struct word_change *change = &changes->list[changes->count];
    char author[TAG_BYTES], conversation[TAG_BYTES];
    *change =
        (struct word_change){.place = line->place, .remove = remove, .number = changes->count++};
    change->text = keep_span(&change->owned, line->text);
    change->guest = keep_span(&change->owned, line->guest);
    tag_author(line->author, author);
    tag_conversation(line->conversation, conversation);
    snprintf(change->tags, sizeof change->tags, "%s %s", author, conversation);
}

static int change_order(const void *left, const void *right)
{
    const struct word_change *a = left, *b = right;
    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static void change_do(struct db *db, const struct word_change *change)
{
    struct span tags = span_text(change->tags);
    if (change->remove)
        db_run(db,
               "INSERT INTO texts(texts, rowid, text, tags, guest) VALUES('delete', ?, ?, ?, ?)",
               NUMBER(change->place), TEXT(change->text), TEXT(tags), TEXT(change->guest));
    else
        db_run(db, "INSERT INTO texts(rowid, text, tags, guest) VALUES(?, ?, ?, ?)",
               NUMBER(change->place), TEXT(change->text), TEXT(tags), TEXT(change->guest));
}

void words_flush(struct db *db, struct word_changes *changes)
{
    if (changes->count)
        qsort(changes->list, changes->count, sizeof *changes->list, change_order);
    for (size_t i = 0; i < changes->count; i++) {
        change_do(db, &changes->list[i]);
        keep_free(changes->list[i].owned);
    }
    free(changes->list);
    *changes = (struct word_changes){0};
}

bool words_are_damaged(struct db *db)
{
    db_run(db, "INSERT INTO texts(texts) VALUES('integrity-check')");
    return db_fault_take(db) == STORE_CORRUPT;
}
