/* What is kept beside entries: people, rooms, receipts, ourselves, settings; each in place of what
 * was kept of it before. */
#include "store/load.h"
#include "store/write.h"

static struct span text_of(const char *text)
{
    return span_text(text ? text : "");
}

/* Names are found by the same words as texts are. */
static void names_store(struct db *db, uint64_t row, const struct person_saved *person)
{
    db_run(db, "INSERT OR REPLACE INTO names(rowid, name, alias) VALUES(?, ?, ?)", NUMBER(row),
           TEXT(person->name), TEXT(person->alias));
}

static void person_insert(struct db *db, uint64_t row, const struct node_saved_person *saved)
{
    const struct person_saved *person = &saved->person;
    uint8_t addresses[ADDRESSES_BYTES];
    uint8_t tries[TRIES_BYTES];
    size_t size = addresses_put(person, addresses), tries_size = tries_put(person, tries);
    db_run(db,
           "INSERT OR REPLACE INTO people"
           " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
           row ? NUMBER(row) : NONE, OBJECT(person->id), SPAN(person->name), SPAN(person->alias),
           SPAN(saved->why), NUMBER(person->seen), NUMBER(person->warned),
           NUMBER(person->first_day), NUMBER(person->verified), NUMBER(person->blocked),
           NUMBER(person->ignored), NUMBER(person->whispered), NUMBER(person->two_days),
           NUMBER(saved->away), NUMBER(saved->profile), BYTES(addresses, size),
           BYTES(tries, tries_size));
}

static void person_store(struct db *db, const struct node_saved_person *saved)
{
    const struct person_saved *person = &saved->person;
    uint64_t row = 0;
    bool named = false;
    sqlite3_stmt *old =
        db_start(db, "SELECT id, name, alias FROM people WHERE who=?", OBJECT(person->id));
    if (db_row(db, old)) {
        row = column_number(old, 0);
        named = span_equal(column_span(db, old, 1), person->name) &&
                span_equal(column_span(db, old, 2), person->alias);
        db_done(old);
    }
    person_insert(db, row, saved);
    if (row == 0)
        row = (uint64_t)sqlite3_last_insert_rowid(db->handle);
    if (!named)
        names_store(db, row, person);
}

static void room_store(struct db *db, const struct node_saved_room *room)
{
    uint8_t mark[ORDER_BYTES], topic_at[ORDER_BYTES];
    order_put(&room->mark, mark);
    order_put(&room->topic_at, topic_at);
    db_run(db, "INSERT OR REPLACE INTO rooms VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
           TEXT(text_of(room->conversation)), NUMBER(room->joined), NUMBER(room->spoken),
           NUMBER(room->unread), NUMBER(room->mentions), NUMBER(room->marked),
           BYTES(mark, sizeof mark), TEXT(text_of(room->topic)), BYTES(topic_at, sizeof topic_at),
           NUMBER(room->active));
}

static void member_store(struct db *db, const struct node_saved_member *member)
{
    uint8_t at[ORDER_BYTES];
    order_put(&member->at, at);
    db_run(db, "INSERT OR REPLACE INTO members VALUES(?, ?, ?, ?, ?)", TEXT(text_of(member->room)),
           OBJECT(member->who), NUMBER(member->in), BYTES(at, sizeof at), NUMBER(member->seen));
}

static void ack_store(struct db *db, const struct ack *ack, uint64_t wall_ms)
{
    db_run(db, "INSERT OR REPLACE INTO acks VALUES(?, ?, ?, ?, ?, ?, ?, ?)", OBJECT(ack->acker),
           OBJECT(ack->author), OBJECT(ack->epoch), NUMBER(ack->low), NUMBER(ack->high),
           OBJECT(ack->head), OBJECT(ack->signature), NUMBER(wall_ms));
}

/* Ours has the row that no person has. */
void self_name_store(struct db *db, struct span name)
{
    sqlite3_stmt *old = db_start(db, "SELECT name FROM names WHERE rowid=0");
    bool same = db_row(db, old) && span_equal(column_span(db, old, 0), name);
    if (old)
        db_done(old);
    if (!same)
        db_run(db, "INSERT OR REPLACE INTO names(rowid, name, alias) VALUES(0, ?, '')", TEXT(name));
}

static void self_store(struct db *db, const struct node_effect *effect)
{
    db_run(db, "UPDATE self SET name=?, away=?, why=?", TEXT(text_of(effect->self.name)),
           NUMBER(effect->self.away), TEXT(text_of(effect->self.why)));
    self_name_store(db, text_of(effect->self.name));
}

/* Long because every kind of effect is named. */
void note_store(struct batch *batch, const struct node_effect *effect)
{
    struct db *db = batch->db;
    switch (effect->kind) {
    case EFFECT_STORE_ACKS:
        for (size_t i = 0; i < effect->acks.count; i++)
            ack_store(db, &effect->acks.acks[i], batch->wall_ms);
        return;
    case EFFECT_STORE_PERSON:
        person_store(db, &effect->person);
        return;
    case EFFECT_STORE_ROOM:
        room_store(db, &effect->room);
        return;
    case EFFECT_STORE_MEMBER:
        member_store(db, &effect->member);
        return;
    case EFFECT_STORE_SELF:
        self_store(db, effect);
        return;
    case EFFECT_STORE_LOCAL:
        local_store(db, &effect->local.line, effect->local.since);
        return;
    case EFFECT_STORE_OWED:
        owed_store(db, &effect->owed);
        return;
    case EFFECT_DROP_OWED:
        owed_drop(db, &effect->owed);
        return;
    case EFFECT_STORE_OPENED:
        opened_store(batch, effect);
        return;
    case EFFECT_STORE:
    case EFFECT_STORE_FORK:
    case EFFECT_TRIM:
    case EFFECT_SEND:
    case EFFECT_CLOSE:
    case EFFECT_DIAL:
    case EFFECT_RESOLVE:
    case EFFECT_GUEST_NAMED:
    case EFFECT_GUEST_PEOPLE:
    case EFFECT_GUEST_WORD:
    case EFFECT_GUEST_RETRY:
    case EFFECT_GUEST_HANG_UP:
    case EFFECT_CHECK:
    case EFFECT_OPEN:
    case EFFECT_VERIFY:
    case EFFECT_LOAD:
    case EFFECT_LOAD_FORK:
    case EFFECT_LOAD_HASHES:
    case EFFECT_QUERY:
    case EFFECT_TIMER:
    case EFFECT_SHOWN:
    case EFFECT_RECEIPT:
    case EFFECT_PEER:
    case EFFECT_SAY:
    case EFFECT_BACK:
    case EFFECT_ANSWER:
    case EFFECT_COMMAND:
    case EFFECT_GO:
    case EFFECT_BELL:
    case EFFECT_LEAVE:
        break;
    }
    die("an effect that no store knows: %d", (int)effect->kind);
}

static void line_store(struct db *db, struct span line)
{
    db_run(db, "INSERT INTO typed(line) VALUES(?)", SPAN(line));
    db_run(db, "DELETE FROM typed WHERE id<=?",
           NUMBER(sqlite3_last_insert_rowid(db->handle) - STORE_TYPED));
}

void keep_store(struct batch *batch, const struct store_keep *keep)
{
    struct db *db = batch->db;
    struct span key = text_of(keep->key);
    if (key.size > STORE_KEY_MAX || keep->value.size > STORE_VALUE_MAX)
        die("something to keep that is longer than it may be");
    if (keep->kind == STORE_LINE)
        line_store(db, keep->value);
    else if (keep->value.size == 0)
        db_run(db, "DELETE FROM kept WHERE kind=? AND key=?", NUMBER(keep->kind), TEXT(key));
    else
        db_run(db, "INSERT OR REPLACE INTO kept VALUES(?, ?, ?)", NUMBER(keep->kind), TEXT(key),
               SPAN(keep->value));
}
