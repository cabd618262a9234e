/* A row is a byte for its table, one for whom it speaks of, one for how many cells are wrong, and
 * these: which, and how. */
#include "store_rows.h"

#include "base/alloc.h"
#include "core/body.h"
#include "store/load.h"
#include "tests/sim/signer_fake.h"
#include "tests/unit/make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WALL INT64_C(1700000000000)
enum { COLUMNS = 20, ROWS = 64 /* of one input */, CELL_MOST = 64 << 10 };

struct rows_world rows_world;

/* ---- what there is ---- */

struct epoch_id rows_epoch(size_t which)
{
    return make_epoch((uint8_t)(which + 7));
}

static struct span body_of(const struct body *body, uint8_t bytes[ENTRY_MAX])
{
    size_t size;
    if (!native_codec.body_pack(body, bytes, ENTRY_MAX, &size))
        die("a body that does not fit");
    return span_of(bytes, size);
}

/* What is said, and by chance a topic, a profile, and words of a guest. */
static struct entry *entry_of(const struct identity *who, const struct entry_tip *tip)
{
    uint8_t bytes[ENTRY_MAX];
    struct entry_fields fields = make_fields(who, tip);
    struct body body = {.kind = ENTRY_SAY, .say = {.text = span_text("hola, ana y bruno")}};
    if (fields.seq == 2)
        body = (struct body){.kind = ENTRY_TOPIC, .topic = span_text("t\xc3\xa9")};
    else if (fields.seq == 3)
        body = (struct body){.kind = ENTRY_PROFILE, .profile = {.name = span_text("bea")}};
    else if (fields.seq == 4)
        fields.guest = span_text("bob"), fields.dialect = span_text("dated");
    if (body.kind == ENTRY_PROFILE)
        fields.room = span_text("");
    fields.kind = body.kind;
    fields.body = body_of(&body, bytes);
    struct entry *entry = entry_make(&fields, &native_codec, &signer_fake, who);
    if (!entry)
        die("an entry that does not fit");
    return entry;
}

void rows_world_init(void)
{
    core_start();
    rows_world.net = make_net();
    for (size_t i = 0; i < ROWS_PEOPLE; i++) {
        rows_world.people[i] = make_person((uint8_t)(i + 1));
        for (size_t j = 0; j < ROWS_EPOCHS; j++) {
            struct entry_tip tip = {.epoch = rows_epoch(j)};
            for (size_t k = 0; k < ROWS_ENTRIES; k++) {
                rows_world.entries[i][j][k] = entry_of(&rows_world.people[i], &tip);
                tip = entry_tip(rows_world.entries[i][j][k]);
            }
        }
    }
}

const char *rows_conversation(uint8_t which)
{
    static char names[8][2 * ID_TEXT + 16];
    static const char *const plain[] = {"#everyone", "#lab", "", "#", "@", "nonsense"};
    enum { PLAIN = sizeof plain / sizeof *plain };
    char self[ID_TEXT], other[ID_TEXT];
    which %= PLAIN + 4;
    if (which < PLAIN)
        return plain[which];
    char *into = names[which - PLAIN];
    id_text(&rows_world.people[0].id, self);
    id_text(&rows_world.people[1].id, other);
    switch (which - PLAIN) {
    case 0:
        snprintf(into, sizeof names[0], "@%s", other);
        break;
    case 1:
        snprintf(into, sizeof names[0], "@%s/dated/bob", self);
        break;
    case 2:
        snprintf(into, sizeof names[0], "@%s/dated/", self);
        break;
    default:
        snprintf(into, sizeof names[0], "@%s,%s", other, self);
        break;
    }
    return into;
}

/* ---- cells ---- */

struct cell {
    enum { CELL_NULL, CELL_NUMBER, CELL_REAL, CELL_BYTES, CELL_TEXT } kind;
    int64_t number;
    double real;
    size_t size;
    uint8_t *bytes; /* on the heap */
};

static struct cell cell_number(int64_t number)
{
    return (struct cell){.kind = CELL_NUMBER, .number = number};
}

static struct cell cell_bytes(const void *bytes, size_t size)
{
    return (struct cell){
        .kind = CELL_BYTES, .size = size, .bytes = xmemdup(size ? bytes : "", size + !size)};
}

static struct cell cell_text(const char *text)
{
    struct cell cell = cell_bytes(text, strlen(text));
    cell.kind = CELL_TEXT;
    return cell;
}

static struct cell cell_entry(const struct entry *entry)
{
    return cell_bytes(entry->bytes, entry_weight(entry));
}

static void cell_done(struct cell *cell)
{
    free(cell->bytes);
}

static int cell_bind(sqlite3_stmt *statement, int at, const struct cell *cell)
{
    switch (cell->kind) {
    case CELL_NULL:
        return sqlite3_bind_null(statement, at);
    case CELL_NUMBER:
        return sqlite3_bind_int64(statement, at, cell->number);
    case CELL_REAL:
        return sqlite3_bind_double(statement, at, cell->real);
    case CELL_BYTES:
        return sqlite3_bind_blob64(statement, at, cell->bytes, cell->size, SQLITE_STATIC);
    case CELL_TEXT:
        return sqlite3_bind_text64(statement, at, (const char *)cell->bytes, cell->size,
                                   SQLITE_STATIC, SQLITE_UTF8);
    }
    die("no such cell");
}

/* ---- right rows ---- */

/* Whom a row speaks of. */
struct about {
    size_t who, epoch, entry;
    uint8_t which;
};

static const struct entry *entry_about(const struct about *about)
{
    return rows_world.entries[about->who][about->epoch][about->entry];
}

static int64_t log_about(const struct about *about)
{
    return (int64_t)(1 + about->who * ROWS_EPOCHS + about->epoch);
}

static struct order order_about(const struct about *about)
{
    const struct entry_fields *fields = &entry_about(about)->fields;
    return (struct order){fields->hlc, fields->author, (uint64_t)WALL, fields->epoch, fields->seq};
}

static struct cell cell_order(const struct about *about)
{
    uint8_t bytes[ORDER_BYTES];
    struct order order = order_about(about);
    order_put(&order, bytes);
    return cell_bytes(bytes, sizeof bytes);
}

static void fill_self(const struct about *about, struct cell *into)
{
    *into++ = cell_number(1);
    *into++ = cell_bytes(rows_world.net.bytes, HASH_BYTES);
    *into++ = cell_text("ana");
    *into++ = cell_number(about->which & 1);
    *into++ = cell_text("lunch");
}

static void fill_author(const struct about *about, struct cell *into)
{
    *into++ = cell_number((int64_t)about->who + 1);
    *into++ = cell_bytes(rows_world.people[about->who].id.bytes, ID_BYTES);
}

static void fill_log(const struct about *about, struct cell *into)
{
    const struct entry *head = rows_world.entries[about->who][about->epoch][about->entry];
    struct epoch_id epoch = rows_epoch(about->epoch), none = {{0}};
    *into++ = cell_number(log_about(about));
    *into++ = cell_number((int64_t)about->who + 1);
    *into++ = cell_bytes(epoch.bytes, EPOCH_BYTES);
    *into++ = cell_number(1);                         /* low */
    *into++ = cell_number((int64_t)head->fields.seq); /* high */
    *into++ = cell_number(1);                         /* floor */
    *into++ = cell_bytes(head->hash.bytes, HASH_BYTES);
    *into++ = cell_number((int64_t)head->fields.hlc);
    *into++ = cell_number(1);                         /* lowest */
    *into++ = cell_number(WALL);                      /* oldest_hlc */
    *into++ = cell_number((int64_t)head->fields.seq); /* top */
    *into++ = cell_number((int64_t)head->fields.seq); /* entries */
    *into++ = cell_number(1000);                      /* bytes */
    *into++ = cell_number(WALL);                      /* start */
    *into++ = cell_number(0);                         /* below */
    *into++ = cell_number(WALL);                      /* first */
    *into++ = cell_number((int64_t)head->fields.hlc); /* last */
    *into++ = cell_bytes(none.bytes, EPOCH_BYTES);    /* named */
    *into++ = cell_number(0);
}

static void fill_fork(const struct about *about, struct cell *into)
{
    const struct entry *one = entry_about(about);
    const struct entry *other = rows_world.entries[about->who][1 - about->epoch][about->entry];
    *into++ = cell_number(log_about(about));
    *into++ = cell_number(ROWS_ENTRIES + 1);
    *into++ = cell_number(WALL);
    *into++ = cell_bytes(one->hash.bytes, HASH_BYTES);
    *into++ = cell_bytes(other->hash.bytes, HASH_BYTES);
    *into++ = cell_entry(one);
    *into++ = cell_entry(other);
}

static void fill_conversation(const struct about *about, struct cell *into)
{
    *into++ = cell_number(about->which % 10 + 1);
    *into++ = cell_text(rows_conversation(about->which));
}

static int64_t row_about(const struct about *about)
{
    return log_about(about) * 100 + (int64_t)about->entry;
}

static void fill_entry(const struct about *about, struct cell *into)
{
    const struct entry *entry = entry_about(about);
    *into++ = cell_number(row_about(about));
    *into++ = cell_number(log_about(about));
    *into++ = cell_number((int64_t)entry->fields.seq);
    *into++ = cell_number((int64_t)entry->fields.hlc);
    *into++ = cell_number(WALL);
    *into++ = cell_number(WALL + 5);
    *into++ = cell_number(1);
    *into++ = cell_number(NODE_PLAIN);
    *into++ = cell_number(1);
    *into++ = cell_number(row_about(about)); /* place */
    *into++ = cell_entry(entry);
    *into++ = (struct cell){.kind = CELL_NULL};
}

static void fill_line(const struct about *about, struct cell *into)
{
    struct order order = order_about(about);
    struct line_at at = line_at(&order);
    *into++ = cell_number(1);
    *into++ = cell_number((int64_t)at.key);
    *into++ = cell_number((int64_t)at.author);
    *into++ = cell_number((int64_t)at.start);
    *into++ = cell_number((int64_t)at.epoch);
    *into++ = cell_number((int64_t)at.seq);
    *into++ = cell_number(row_about(about));
}

static void fill_texts(const struct about *about, struct cell *into)
{
    *into++ = cell_number(row_about(about));
    *into++ = cell_text("hola, ana y bruno");
    *into++ = cell_text("");
    *into++ = cell_text("bob");
}

static void fill_person(const struct about *about, struct cell *into)
{
    uint8_t address[ADDRESS_BYTES] = {[10] = 0xff, 0xff, 10, 0, 0, 7, 0x27, 0x0f};
    uint8_t try[TRY_BYTES] = {0};
    *into++ = cell_number((int64_t)about->who + 1);
    *into++ = cell_bytes(rows_world.people[about->who].id.bytes, ID_BYTES);
    *into++ = cell_bytes("bea", 3);
    *into++ = cell_bytes("b", about->which & 1);
    *into++ = cell_bytes("why", 3);
    *into++ = cell_number(WALL - 1000);
    *into++ = cell_number(0);
    *into++ = cell_number(19000);
    for (size_t i = 0; i < 6; i++) /* verified .. away */
        *into++ = cell_number(about->which >> i & 1);
    *into++ = cell_number(WALL);
    *into++ = cell_bytes(address, sizeof address);
    *into++ = cell_bytes(try, sizeof try);
}

static void fill_names(const struct about *about, struct cell *into)
{
    *into++ = cell_number((int64_t)about->who + 1);
    *into++ = cell_text("bea");
    *into++ = cell_text("b");
}

static void fill_room(const struct about *about, struct cell *into)
{
    *into++ = cell_text(rows_conversation(about->which));
    for (size_t i = 0; i < 5; i++) /* joined .. marked */
        *into++ = cell_number(1);
    *into++ = cell_order(about);
    *into++ = cell_text("topic");
    *into++ = cell_order(about);
    *into++ = cell_number(WALL);
}

static void fill_member(const struct about *about, struct cell *into)
{
    *into++ = cell_text(rows_conversation(about->which));
    *into++ = cell_bytes(rows_world.people[about->who].id.bytes, ID_BYTES);
    *into++ = cell_number(1);
    *into++ = cell_order(about);
    *into++ = cell_number(WALL);
}

static void fill_ack(const struct about *about, struct cell *into)
{
    const struct entry *entry = entry_about(about);
    uint8_t signature[SIGNATURE_BYTES] = {0};
    *into++ = cell_bytes(rows_world.people[about->which % ROWS_PEOPLE].id.bytes, ID_BYTES);
    *into++ = cell_bytes(entry->fields.author.bytes, ID_BYTES);
    *into++ = cell_bytes(entry->fields.epoch.bytes, EPOCH_BYTES);
    *into++ = cell_number(1);
    *into++ = cell_number((int64_t)entry->fields.seq);
    *into++ = cell_bytes(entry->hash.bytes, HASH_BYTES);
    *into++ = cell_bytes(signature, sizeof signature);
    *into++ = cell_number(WALL);
}

static void fill_kept(const struct about *about, struct cell *into)
{
    *into++ = cell_number(about->which % 5);
    *into++ = cell_text(about->which & 1 ? "bell" : rows_conversation(about->which));
    *into++ = cell_bytes("on", 2);
}

static void fill_typed(const struct about *about, struct cell *into)
{
    *into++ = cell_number(about->which);
    *into++ = cell_bytes("hola", 4);
}

static void fill_local(const struct about *about, struct cell *into)
{
    *into++ = cell_number(about->which);
    *into++ = cell_text(rows_conversation(7)); /* the guest's */
    *into++ = cell_number(WALL + about->which);
    *into++ = cell_number(about->which);
    *into++ = cell_number(ENTRY_SAY);
    *into++ = cell_bytes("bob", about->which & 1 ? 3 : 0);
    *into++ = cell_bytes("dated", about->which & 1 ? 5 : 0);
    *into++ = cell_number(WALL);
    *into++ = cell_number(1);
    *into++ = cell_number(0);
    *into++ = cell_bytes("hola", 4);
}

static void fill_owed(const struct about *about, struct cell *into)
{
    uint8_t ip[16] = {[10] = 0xff, 0xff, 10, 0, 0, 7};
    *into++ = cell_number(about->which);
    *into++ = cell_text(rows_conversation(7));
    *into++ = cell_order(about);
    *into++ = cell_number(GUEST_TELLS_PRIVATE);
    *into++ = cell_number(WALL);
    *into++ = cell_text("dated");
    *into++ = cell_bytes(ip, sizeof ip);
    *into++ = cell_number(9999);
    *into++ = cell_bytes("hola", 4);
}

/* ---- tables ---- */

static const struct table {
    const char *into; /* as SQL names it */
    size_t columns;
    void (*fill)(const struct about *about, struct cell *into);
} TABLES[] = {
    {"self", 5, fill_self},
    {"authors", 2, fill_author},
    {"logs", 19, fill_log},
    {"forks", 7, fill_fork},
    {"conversations", 2, fill_conversation},
    {"entries", 12, fill_entry},
    {"lines", 7, fill_line},
    {"people", 17, fill_person},
    {"rooms", 10, fill_room},
    {"members", 5, fill_member},
    {"acks", 8, fill_ack},
    {"kept", 3, fill_kept},
    {"typed", 2, fill_typed},
    {"locals", 11, fill_local},
    {"owed", 9, fill_owed},
    {"names(rowid, name, alias)", 3, fill_names},
    {"texts(rowid, text, tags, guest)", 4, fill_texts},
};
enum { TABLE_COUNT = sizeof TABLES / sizeof *TABLES };

static sqlite3_stmt *prepared(sqlite3 *handle, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL))
        die("%s: %s", sql, sqlite3_errmsg(handle));
    return statement;
}

static sqlite3_stmt *insert_of(sqlite3 *handle, size_t table)
{
    static sqlite3_stmt *statements[TABLE_COUNT];
    char sql[200] = "", marks[2 * COLUMNS + 1] = "";
    if (!statements[table]) {
        for (size_t i = 0; i < TABLES[table].columns; i++)
            memcpy(marks + 2 * i, ",?", 3);
        /* what is indexed for the search has no rows that could be replaced */
        snprintf(sql, sizeof sql, "INSERT OR %s INTO %s VALUES(%s)",
                 strcmp(TABLES[table].into, "texts") > 0 ? "IGNORE" : "REPLACE", TABLES[table].into,
                 marks + 1);
        statements[table] = prepared(handle, sql);
    }
    return statements[table];
}

void rows_clear(sqlite3 *handle)
{
    static sqlite3_stmt *statements[TABLE_COUNT];
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        char sql[100];
        int length = (int)strcspn(TABLES[i].into, "(");
        bool texts = strncmp(TABLES[i].into, "texts", 5) == 0; /* it keeps no words to go by */
        snprintf(sql, sizeof sql,
                 texts ? "INSERT INTO %.*s(texts) VALUES('delete-all')" : "DELETE FROM %.*s",
                 length, TABLES[i].into);
        if (!statements[i])
            statements[i] = prepared(handle, sql);
        sqlite3_step(statements[i]);
        if (sqlite3_reset(statements[i]) != SQLITE_OK)
            die("%s: %s", sql, sqlite3_errmsg(handle));
    }
}

/* ---- wrong cells ---- */

struct input {
    const uint8_t *next;
    size_t size;
};

static uint8_t byte(struct input *input)
{
    if (input->size == 0)
        return 0;
    input->size--;
    return *input->next++;
}

static uint64_t number(struct input *input)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | byte(input);
    return value;
}

/* A number where those that break things are near at hand. */
static int64_t cell_number_wrong(struct input *input)
{
    static const uint64_t EDGES[] = {0,
                                     1,
                                     2,
                                     3,
                                     4,
                                     5,
                                     6,
                                     7,
                                     255,
                                     UINT32_MAX,
                                     UINT64_C(1) << 32,
                                     ENTRY_NUMBER_MAX,
                                     ENTRY_NUMBER_MAX + 1,
                                     INT64_MAX,
                                     UINT64_C(1) << 63,
                                     UINT64_MAX};
    uint8_t which = byte(input);
    if (which < 224)
        return (int64_t)EDGES[which % (sizeof EDGES / sizeof *EDGES)];
    return (int64_t)number(input);
}

static struct cell cell_of_input(struct input *input)
{
    size_t size = byte(input);
    size = size < input->size ? size : input->size;
    struct cell cell = cell_bytes(input->next, size);
    input->next += size;
    input->size -= size;
    return cell;
}

static struct cell cell_long(uint8_t times, uint8_t what)
{
    struct cell cell = {.kind = CELL_BYTES, .size = (size_t)times * 256};
    cell.bytes = xmalloc(cell.size + 1);
    memset(cell.bytes, what, cell.size);
    return cell;
}

/* The same bytes several times; of what is long by now, once. */
static struct cell cell_again(const struct cell *old, uint8_t times)
{
    if (old->size > CELL_MOST)
        times = 1;
    struct cell cell = {.kind = CELL_BYTES, .size = old->size * times};
    cell.bytes = xmalloc(cell.size + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(cell.bytes + i * old->size, old->size ? old->bytes : (const uint8_t *)"", old->size);
    return cell;
}

/* Long because there are so many ways. */
static void cell_change(struct cell *cell, struct input *input)
{
    uint8_t how = byte(input);
    struct cell old = *cell;
    switch (how % 13) {
    case 0:
        *cell = (struct cell){.kind = CELL_NULL};
        break;
    case 1:
        *cell = cell_number(cell_number_wrong(input));
        break;
    case 2:
        *cell = cell_of_input(input);
        break;
    case 3:
        *cell = cell_of_input(input);
        cell->kind = CELL_TEXT;
        break;
    case 4: /* the same bytes, as text or not */
        cell->kind = cell->kind == CELL_TEXT ? CELL_BYTES : CELL_TEXT;
        old.bytes = NULL;
        if (!cell->bytes)
            *cell = cell_text("7");
        break;
    case 5: /* one bit of it */
        if (cell->size)
            cell->bytes[byte(input) % cell->size] ^= (uint8_t)(1 << byte(input) % 8);
        old.bytes = NULL;
        break;
    case 6: /* its end is gone */
        if (cell->size)
            cell->size -= 1 + byte(input) % cell->size;
        old.bytes = NULL;
        break;
    case 7:
        *cell = cell_text(rows_conversation(byte(input)));
        break;
    case 8:
        *cell = cell_bytes(rows_world.people[byte(input) % ROWS_PEOPLE].id.bytes, ID_BYTES);
        break;
    case 9:
        *cell = cell_entry(rows_world.entries[byte(input) % ROWS_PEOPLE][byte(input) % ROWS_EPOCHS]
                                             [byte(input) % ROWS_ENTRIES]);
        break;
    case 10:
        *cell = cell_long(byte(input), byte(input));
        break;
    case 11:
        *cell = cell_again(&old, (uint8_t)(byte(input) % 32));
        break;
    default:
        *cell = (struct cell){.kind = CELL_REAL, .real = (double)(int64_t)number(input) / 3};
        break;
    }
    cell_done(&old);
}

static bool row_put(sqlite3 *handle, struct input *input, size_t table)
{
    struct cell cells[COLUMNS] = {0};
    uint8_t about_byte = byte(input), wrong = byte(input) % 8;
    struct about about = {(about_byte & 3) % ROWS_PEOPLE, about_byte >> 2 & 1, about_byte >> 4 & 3,
                          about_byte};
    TABLES[table].fill(&about, cells);
    while (wrong-- > 0)
        cell_change(&cells[byte(input) % TABLES[table].columns], input);
    sqlite3_stmt *insert = insert_of(handle, table);
    bool bound = true;
    for (size_t i = 0; i < TABLES[table].columns; i++)
        bound = cell_bind(insert, (int)i + 1, &cells[i]) == SQLITE_OK && bound;
    bool done = bound && sqlite3_step(insert) == SQLITE_DONE;
    sqlite3_reset(insert);
    for (size_t i = 0; i < TABLES[table].columns; i++)
        cell_done(&cells[i]);
    return done;
}

/* The number of a table among TABLES. */
static uint8_t table_of(const char *name)
{
    for (uint8_t i = 0; i < TABLE_COUNT; i++)
        if (strcmp(TABLES[i].into, name) == 0)
            return i;
    die("no table %s", name);
}

static void row_right(sqlite3 *handle, const char *name, uint8_t about)
{
    uint8_t bytes[] = {about, 0};
    struct input input = {bytes, sizeof bytes};
    (void)row_put(handle, &input, table_of(name));
}

void rows_put_right(sqlite3 *handle)
{
    row_right(handle, "self", 0);
    for (uint8_t i = 0; i < 10; i++)
        row_right(handle, "conversations", i);
    for (uint8_t i = 0; i < 8; i++)
        row_right(handle, "rooms", i);
    for (uint8_t who = 0; who < ROWS_PEOPLE; who++) {
        row_right(handle, "authors", who);
        row_right(handle, "people", who);
        row_right(handle, "logs", (uint8_t)((ROWS_ENTRIES - 1) << 4 | who));
        for (uint8_t i = 0; i < ROWS_ENTRIES; i++) {
            row_right(handle, "entries", (uint8_t)(i << 4 | who));
            row_right(handle, "lines", (uint8_t)(i << 4 | who));
        }
    }
}

size_t rows_put(sqlite3 *handle, const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, size};
    size_t taken = 0;
    for (size_t i = 0; i < ROWS && input.size; i++) {
        uint8_t table = byte(&input);
        if (table % 32 < TABLE_COUNT)
            taken += row_put(handle, &input, table % 32);
    }
    return taken;
}
