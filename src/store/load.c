/* The start: small tables read once, no entry among them. What cannot be is a corrupt file. */
#include "store/load.h"

#include "core/receipt.h"
#include "core/room.h"
#include "store/keep.h"

#include <stdlib.h>

/* ---- values of several bytes ---- */

static uint64_t get_u64(const uint8_t from[8])
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | from[i];
    return value;
}

void order_put(const struct order *order, uint8_t into[ORDER_BYTES])
{
    put_u64(into, order->key);
    memcpy(into + 8, order->author.bytes, ID_BYTES);
    put_u64(into + 8 + ID_BYTES, order->start);
    memcpy(into + 16 + ID_BYTES, order->epoch.bytes, EPOCH_BYTES);
    put_u64(into + 16 + ID_BYTES + EPOCH_BYTES, order->seq);
}

struct order order_get(struct db *db, sqlite3_stmt *row, int column)
{
    uint8_t bytes[ORDER_BYTES] = {0};
    struct order order;
    column_object(db, row, column, bytes, sizeof bytes);
    memset(&order, 0, sizeof order);
    order.key = get_u64(bytes);
    memcpy(order.author.bytes, bytes + 8, ID_BYTES);
    order.start = get_u64(bytes + 8 + ID_BYTES);
    memcpy(order.epoch.bytes, bytes + 16 + ID_BYTES, EPOCH_BYTES);
    order.seq = get_u64(bytes + 16 + ID_BYTES + EPOCH_BYTES);
    return order;
}

size_t addresses_put(const struct person_saved *person, uint8_t into[ADDRESSES_BYTES])
{
    for (size_t i = 0; i < person->address_count; i++) {
        const struct person_address *from = &person->addresses[i];
        uint8_t *at = into + i * ADDRESS_BYTES;
        memcpy(at, from->address.ip, 16);
        at[16] = (uint8_t)(from->address.port >> 8);
        at[17] = (uint8_t)from->address.port;
        put_u64(at + 18, from->at);
    }
    return person->address_count * ADDRESS_BYTES;
}

static void addresses_get(struct db *db, sqlite3_stmt *row, int column, struct person_saved *into)
{
    struct span bytes = column_span(db, row, column);
    if (bytes.size % ADDRESS_BYTES != 0 || bytes.size > ADDRESSES_BYTES) {
        db_note(db, SQLITE_CORRUPT);
        return;
    }
    into->address_count = bytes.size / ADDRESS_BYTES;
    for (size_t i = 0; i < into->address_count; i++) {
        const uint8_t *at = bytes.bytes + i * ADDRESS_BYTES;
        memcpy(into->addresses[i].address.ip, at, 16);
        into->addresses[i].address.port = (uint16_t)(at[16] << 8 | at[17]);
        into->addresses[i].at = get_u64(at + 18);
    }
}

size_t tries_put(const struct person_saved *person, uint8_t into[TRIES_BYTES])
{
    for (size_t i = 0; i < person->address_count; i++) {
        const struct person_address *from = &person->addresses[i];
        put_u64(into + i * TRY_BYTES, from->since);
        put_u64(into + i * TRY_BYTES + 8, (uint64_t)from->failed << 32 | from->worked);
    }
    return person->address_count * TRY_BYTES;
}

/* A file of the first version knows nothing of them. */
static void tries_get(struct db *db, sqlite3_stmt *row, int column, struct person_saved *into)
{
    struct span bytes = column_span(db, row, column);
    if (bytes.size == 0)
        return;
    if (bytes.size != into->address_count * TRY_BYTES) {
        db_note(db, SQLITE_CORRUPT);
        return;
    }
    for (size_t i = 0; i < into->address_count; i++) {
        uint64_t counts = get_u64(bytes.bytes + i * TRY_BYTES + 8);
        into->addresses[i].since = get_u64(bytes.bytes + i * TRY_BYTES);
        into->addresses[i].failed = (uint32_t)(counts >> 32);
        into->addresses[i].worked = (uint32_t)counts;
    }
}

/* ---- lists ---- */

void *list_next(void *list, size_t *count, size_t size)
{
    size_t at = (*count)++;
    if ((at & (at - 1)) == 0)
        list = xrealloc(list, at ? at * 2 : 1, size);
    memset((uint8_t *)list + at * size, 0, size);
    return list;
}

static const char *column_text(struct db *db, sqlite3_stmt *row, int column, void **owned)
{
    return keep_text(owned, column_span(db, row, column));
}

/* ---- logs ---- */

static bool log_can_be(const struct log *log)
{
    return log->high <= ENTRY_NUMBER_MAX && log->low >= 1 && log->floor >= 1 &&
           log->floor <= log->low && (log->high == 0 || log->low <= log->high) &&
           log->head_hlc <= ENTRY_NUMBER_MAX && (!log->fork || log->high < log->fork->seq);
}

static void fork_get(struct db *db, sqlite3_stmt *row, struct log *log)
{
    struct log_fork *fork = log->fork = xcalloc(1, sizeof *fork);
    fork->seq = column_number(row, 1);
    fork->hlc = column_number(row, 2);
    column_object(db, row, 3, &fork->smaller, sizeof fork->smaller);
    column_object(db, row, 4, &fork->larger, sizeof fork->larger);
    if (log_frozen(log))
        log->head_hlc = fork->hlc;
}

static void log_get(struct db *db, sqlite3_stmt *row, struct node_saved_log *into)
{
    struct log *log = &into->log;
    struct node_trail *trail = &into->trail;
    column_object(db, row, 0, &into->author, sizeof into->author);
    column_object(db, row, 1, &log->epoch, sizeof log->epoch);
    log->low = column_number(row, 2);
    log->high = column_number(row, 3);
    log->floor = column_number(row, 4);
    column_object(db, row, 5, &log->head, sizeof log->head);
    log->head_hlc = column_number(row, 6);
    log->oldest_hlc = column_number(row, 7);
    log->entries = (uint32_t)column_number(row, 8);
    log->bytes = column_number(row, 9);
    trail->start = column_number(row, 10);
    trail->below = column_number(row, 11);
    trail->first = column_number(row, 12);
    trail->last = column_number(row, 13);
    column_object(db, row, 14, &trail->named, sizeof trail->named);
    trail->named_seq = column_number(row, 15);
    trail->gap = column_number(row, 16);
}

/* Few logs have one, so they are read by themselves: both in order of the log's row. */
static void logs_get(struct db *db, struct node_saved *saved)
{
    sqlite3_stmt *fork =
        db_start(db, "SELECT log, seq, hlc, smaller, larger FROM forks ORDER BY log");
    bool forked = db_row(db, fork);
    sqlite3_stmt *row = db_start(
        db, "SELECT a.author, epoch, low, high, floor, head, head_hlc, oldest_hlc, entries, bytes,"
            " start, below, first, last, named, named_seq,"
            " CASE below WHEN 0 THEN 0"
            "  ELSE ifnull((SELECT max(seq) FROM entries e WHERE e.log=l.id AND e.seq<low), 0) END,"
            " l.id FROM logs l CROSS JOIN authors a ON a.id=l.author ORDER BY l.id");
    while (db_row(db, row)) {
        saved->logs = list_next(saved->logs, &saved->log_count, sizeof *saved->logs);
        struct log *log = &saved->logs[saved->log_count - 1].log;
        log_get(db, row, &saved->logs[saved->log_count - 1]);
        while (forked && column_number(fork, 0) < column_number(row, 17))
            forked = db_row(db, fork);
        if (forked && column_number(fork, 0) == column_number(row, 17))
            fork_get(db, fork, log);
        if (!log_can_be(log))
            db_note(db, SQLITE_CORRUPT);
    }
    if (forked)
        db_done(fork);
}

/* ---- people and rooms ---- */

static void person_get(struct db *db, sqlite3_stmt *row, void **owned,
                       struct node_saved_person *into)
{
    struct person_saved *person = &into->person;
    column_object(db, row, 0, &person->id, sizeof person->id);
    person->name = keep_span(owned, column_span(db, row, 1));
    person->alias = keep_span(owned, column_span(db, row, 2));
    into->why = keep_span(owned, column_span(db, row, 3));
    person->seen = column_number(row, 4);
    person->warned = column_number(row, 5);
    person->first_day = (uint32_t)column_number(row, 6);
    person->verified = column_number(row, 7);
    person->blocked = column_number(row, 8);
    person->ignored = column_number(row, 9);
    person->whispered = column_number(row, 10);
    person->two_days = column_number(row, 11);
    into->away = column_number(row, 12);
    into->profile = column_number(row, 13);
    addresses_get(db, row, 14, person);
    tries_get(db, row, 15, person);
}

/* Who is vouched for comes first: the roster has room for all of them, and then for the strangers
 * who were seen last. */
static void people_get(struct db *db, struct node_saved *saved, void **owned)
{
    struct node_saved_person *list = NULL;
    sqlite3_stmt *row =
        db_start(db,
                 "SELECT who, name, alias, why, seen, warned, first_day, verified, blocked,"
                 " ignored, whispered, two_days, away, profile, addresses, tries FROM people"
                 " ORDER BY verified OR whispered OR two_days OR alias<>x'' DESC, seen DESC,"
                 " id LIMIT ?",
                 NUMBER(ROSTER_PEOPLE));
    while (db_row(db, row)) {
        list = list_next(list, &saved->person_count, sizeof *list);
        person_get(db, row, owned, &list[saved->person_count - 1]);
    }
    saved->people = list;
}

static void room_get(struct db *db, sqlite3_stmt *row, void **owned, struct node_saved_room *into)
{
    into->conversation = column_text(db, row, 0, owned);
    into->joined = column_number(row, 1);
    into->spoken = column_number(row, 2);
    into->unread = (uint32_t)column_number(row, 3);
    into->mentions = (uint32_t)column_number(row, 4);
    into->marked = column_number(row, 5);
    into->mark = order_get(db, row, 6);
    into->topic = column_text(db, row, 7, owned);
    into->topic_at = order_get(db, row, 8);
    into->active = column_number(row, 9);
}

static void rooms_get(struct db *db, struct node_saved *saved, void **owned)
{
    struct node_saved_room *list = NULL;
    sqlite3_stmt *row = db_start(db,
                                 "SELECT conversation, joined, spoken, unread, mentions, marked,"
                                 " mark, topic, topic_at, active FROM rooms"
                                 " ORDER BY joined DESC, active DESC, conversation LIMIT ?",
                                 NUMBER(ROOMS_MOST + WHISPERS_MOST));
    while (db_row(db, row)) {
        list = list_next(list, &saved->room_count, sizeof *list);
        room_get(db, row, owned, &list[saved->room_count - 1]);
    }
    saved->rooms = list;
}

static void members_get(struct db *db, struct node_saved *saved, void **owned)
{
    struct node_saved_member *list = NULL;
    sqlite3_stmt *row = db_start(
        db, "SELECT room, who, inside, at, seen FROM members ORDER BY seen DESC, room, who LIMIT ?",
        NUMBER(MEMBERS_MOST));
    while (db_row(db, row)) {
        list = list_next(list, &saved->member_count, sizeof *list);
        struct node_saved_member *member = &list[saved->member_count - 1];
        member->room = column_text(db, row, 0, owned);
        column_object(db, row, 1, &member->who, sizeof member->who);
        member->in = column_number(row, 2);
        member->at = order_get(db, row, 3);
        member->seen = column_number(row, 4);
    }
    saved->members = list;
}

/* Who asks for it would end the link because of one that cannot be. */
static bool ack_can_be(const struct ack *ack)
{
    return ack->low >= 1 && ack->low <= ack->high && ack->high <= ENTRY_NUMBER_MAX;
}

static void acks_get(struct db *db, uint64_t wall_ms, struct node_saved *saved)
{
    struct node_saved_ack *list = NULL;
    uint64_t since = wall_ms > RECEIPT_KEPT_MS ? wall_ms - RECEIPT_KEPT_MS : 0;
    sqlite3_stmt *row =
        db_start(db,
                 "SELECT acker, author, epoch, low, high, head, signature, at FROM acks WHERE at>=?"
                 " ORDER BY at LIMIT ?",
                 NUMBER(since), NUMBER(RECEIPTS_OTHERS + RECEIPTS_OWN));
    while (db_row(db, row)) {
        list = list_next(list, &saved->ack_count, sizeof *list);
        struct node_saved_ack *into = &list[saved->ack_count - 1];
        column_object(db, row, 0, &into->ack.acker, sizeof into->ack.acker);
        column_object(db, row, 1, &into->ack.author, sizeof into->ack.author);
        column_object(db, row, 2, &into->ack.epoch, sizeof into->ack.epoch);
        into->ack.low = column_number(row, 3);
        into->ack.high = column_number(row, 4);
        column_object(db, row, 5, &into->ack.head, sizeof into->ack.head);
        column_object(db, row, 6, &into->ack.signature, sizeof into->ack.signature);
        into->at = column_number(row, 7);
        if (!ack_can_be(&into->ack))
            db_note(db, SQLITE_CORRUPT);
    }
    saved->acks = list;
}

/* ---- ourselves ---- */

static void self_get(struct db *db, struct node_saved *saved, void **owned)
{
    sqlite3_stmt *row = db_start(db, "SELECT name, away, why FROM self");
    if (!db_row(db, row))
        return;
    bool named = sqlite3_column_type(row, 0) != SQLITE_NULL;
    saved->name = named ? column_text(db, row, 0, owned) : NULL;
    saved->away = column_number(row, 1);
    saved->why = named ? column_text(db, row, 2, owned) : NULL;
    db_done(row);
}

static enum store_keep_kind kept_kind(uint64_t number)
{
    return number == STORE_DRAFT || number == STORE_GUESTS ? (enum store_keep_kind)number
                                                           : STORE_SETTING;
}

static void kept_get(struct db *db, struct store_start *start)
{
    sqlite3_stmt *row = db_start(db, "SELECT kind, key, value FROM kept WHERE kind>=0");
    while (db_row(db, row)) {
        start->kept = list_next(start->kept, &start->kept_count, sizeof *start->kept);
        start->kept[start->kept_count - 1] =
            (struct store_keep){.kind = kept_kind(column_number(row, 0)),
                                .key = column_text(db, row, 1, &start->owned),
                                .value = keep_span(&start->owned, column_span(db, row, 2))};
    }
    row = db_start(db, "SELECT line FROM typed ORDER BY id");
    while (db_row(db, row)) {
        start->kept = list_next(start->kept, &start->kept_count, sizeof *start->kept);
        start->kept[start->kept_count - 1] =
            (struct store_keep){.kind = STORE_LINE,
                                .key = "",
                                .value = keep_span(&start->owned, column_span(db, row, 0))};
    }
}

void load(struct db *db, uint64_t wall_ms, struct store_start *start)
{
    struct node_saved *saved = &start->saved;
    db_script(db, "BEGIN"); /* one view of all of it, and one lock */
    self_get(db, saved, &start->owned);
    logs_get(db, saved);
    people_get(db, saved, &start->owned);
    rooms_get(db, saved, &start->owned);
    members_get(db, saved, &start->owned);
    acks_get(db, wall_ms, saved);
    owed_load(db, saved, &start->owned);
    kept_get(db, start);
    db_script(db, "COMMIT");
}

void store_start_done(struct store_start *start)
{
    struct node_saved *saved = &start->saved;
    for (size_t i = 0; i < saved->log_count && !start->taken; i++)
        free(saved->logs[i].log.fork);
    free(saved->logs);
    free((void *)(uintptr_t)saved->people);
    free((void *)(uintptr_t)saved->rooms);
    free((void *)(uintptr_t)saved->members);
    free((void *)(uintptr_t)saved->acks);
    free((void *)(uintptr_t)saved->owed);
    free(start->kept);
    free(start->aside);
    free(start->backup);
    keep_free(start->owned);
    *start = (struct store_start){0};
}
