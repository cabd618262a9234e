/* What a screen and a start get of the store: pages in the one order there is, whispers, and all
 * that is kept beside entries. */
#include "unit.h"

#include "store_rig.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int begin(void **state)
{
    struct rig *rig = xcalloc(1, sizeof *rig);
    rig_init(rig);
    rig_open(rig);
    *state = rig;
    return 0;
}

static int end(void **state)
{
    rig_done(*state);
    free(*state);
    return 0;
}

/* ---- pages ---- */

static size_t page(struct rig *rig, enum query_kind kind, const struct order *at, size_t count,
                   struct store_answer *into)
{
    rig_query(
        rig,
        &(struct node_query){.kind = kind, .conversation = "#everyone", .at = *at, .count = count},
        into);
    assert_int_equal(into->fault, STORE_FINE);
    assert_false(into->event.page.failed);
    return into->event.page.count;
}

static struct order order_at(const struct node_record *record)
{
    const struct entry_fields *fields = &record->entry->fields;
    struct order order;
    memset(&order, 0, sizeof order);
    order = (struct order){record->key, fields->author, record->start, fields->epoch, fields->seq};
    return order;
}

/* Long because a walk says nothing by halves. Two people and three epochs, all with the very same
 * keys: what is left is the rest of the order. A walk up in small steps, and one down, see every
 * line once and in order_compare's order. */
static void pages_follow_the_order_through_equal_keys(void **state)
{
    struct rig *rig = *state;
    static struct rig_batch batch;
    struct entry *logs[3][30];
    const struct identity *who[] = {&rig->ana, &rig->bruno, &rig->bruno};
    memset(&batch, 0, sizeof batch);
    for (size_t i = 0; i < 3; i++) {
        make_log(who[i], (uint8_t)(0x7f + i), logs[i], 30, &signer_fake);
        for (size_t j = 0; j < 30; j++) {
            rig_add(&batch, logs[i][j], SYNC_PLACE_ABOVE);
            struct node_record *record = &batch.records[batch.effect.store.count - 1];
            record->key = RIG_WALL + j / 10;
            record->start = i == 1 ? RIG_WALL : 0;
        }
    }
    assert_int_equal(rig_write(rig, &batch), STORE_FINE);

    size_t seen = 0;
    struct order at = {.key = UINT64_MAX};
    for (bool more = true; more;) {
        struct store_answer answer;
        size_t count = page(rig, QUERY_UP, &at, 7, &answer);
        const struct node_record *records = answer.event.page.records;
        for (size_t i = count; i-- > 0; seen++) {
            struct order order = order_at(&records[i]);
            assert_true(order_compare(&order, &at) < 0);
            at = order;
        }
        more = answer.event.page.more;
        store_answer_done(&answer);
    }
    assert_int_equal(seen, 90);

    seen = 0;
    memset(&at, 0, sizeof at);
    for (bool more = true; more;) {
        struct store_answer answer;
        size_t count = page(rig, QUERY_DOWN, &at, 7, &answer);
        for (size_t i = 0; i < count; i++, seen++) {
            struct order order = order_at(&answer.event.page.records[i]);
            assert_true(order_compare(&order, &at) > 0);
            at = order;
        }
        more = answer.event.page.more;
        store_answer_done(&answer);
    }
    assert_int_equal(seen, 90);

    struct store_answer answer;
    at = order_at(&batch.records[45]);
    assert_int_equal(page(rig, QUERY_AROUND, &at, 10, &answer), 10);
    struct order middle = order_at(&answer.event.page.records[5]);
    assert_int_equal(order_compare(&middle, &at), 0);
    assert_true(answer.event.page.more);
    store_answer_done(&answer);
    at.seq = 999; /* a line that retention took */
    assert_int_equal(page(rig, QUERY_AROUND, &at, 10, &answer), 10);
    store_answer_done(&answer);
    memset(&at, 0, sizeof at);
    assert_int_equal(page(rig, QUERY_DOWN, &at, 1, &answer), 1);
    at = order_at(&answer.event.page.records[0]);
    store_answer_done(&answer);
    assert_int_equal(page(rig, QUERY_AROUND, &at, 10, &answer), 5); /* nothing is above it */
    assert_false(answer.event.page.more);
    store_answer_done(&answer);
    for (size_t i = 0; i < 3; i++)
        drop_log(logs[i], 30);
}

static void a_record_comes_back_with_all_that_was_beside_it(void **state)
{
    struct rig *rig = *state;
    static struct rig_batch batch;
    struct entry *log[2];
    make_log(&rig->bruno, 1, log, 2, &signer_fake);
    struct whisper whisper = {
        .kind = ENTRY_SAY, .text = span_text("entre nosotros"), .reader_count = 1};
    whisper.readers[0] = rig->ana.id;
    memset(&batch, 0, sizeof batch);
    rig_add(&batch, log[0], SYNC_PLACE_ABOVE);
    rig_add(&batch, log[1], SYNC_PLACE_ABOVE);
    batch.records[0].live = false;
    batch.records[0].start = 0;
    batch.records[1].sealed = NODE_OPENED;
    batch.records[1].whisper = &whisper;
    assert_int_equal(rig_write(rig, &batch), STORE_FINE);
    struct store_answer answer;
    struct order at = {.key = UINT64_MAX};
    assert_int_equal(page(rig, QUERY_UP, &at, 50, &answer), 2);
    const struct node_record *records = answer.event.page.records;
    assert_false(answer.event.page.more);
    assert_int_equal(records[0].start, 0);
    assert_false(records[0].live);
    assert_int_equal(records[0].sealed, NODE_PLAIN);
    assert_null(records[0].whisper);
    assert_int_equal(records[1].start, RIG_WALL);
    assert_true(records[1].live);
    assert_int_equal(records[1].received, RIG_WALL + 5);
    assert_int_equal(records[1].sealed, NODE_OPENED);
    assert_string_equal(records[1].conversation, "#everyone");
    assert_true(span_equal(records[1].whisper->text, whisper.text));
    assert_true(id_equal(&records[1].whisper->readers[0], &rig->ana.id));
    store_answer_done(&answer);
    drop_log(log, 2);
}

static void a_conversation_that_nobody_knows_is_empty(void **state)
{
    struct rig *rig = *state;
    struct store_answer answer;
    rig_query(rig,
              &(struct node_query){.kind = QUERY_AROUND, .conversation = "#nowhere", .count = 9},
              &answer);
    assert_int_equal(answer.event.kind, EVENT_PAGE);
    assert_int_equal(answer.event.page.count, 0);
    assert_false(answer.event.page.failed || answer.event.page.more);
    store_answer_done(&answer);
}

/* ---- whispers ---- */

/* Three whispers by Bruno, as they come. */
static void untried_write(struct rig *rig, struct entry **log)
{
    static struct rig_batch batch;
    make_log(&rig->bruno, 1, log, 3, &signer_fake);
    memset(&batch, 0, sizeof batch);
    for (size_t i = 0; i < 3; i++) {
        rig_add(&batch, log[i], SYNC_PLACE_ABOVE);
        batch.records[i].sealed = NODE_UNTRIED;
        batch.records[i].conversation = "";
    }
    assert_int_equal(rig_write(rig, &batch), STORE_FINE);
}

/* The look at those of an earlier run may come late. */
static void a_whisper_that_came_since_is_being_tried(void **state)
{
    struct rig *rig = *state;
    struct entry *log[3];
    struct store_answer answer;
    uint64_t last = store_untried(rig->store);
    untried_write(rig, log);
    store_read_untried(rig->reader, last, &answer);
    assert_int_equal(answer.event.kind, EVENT_UNTRIED);
    assert_int_equal(answer.event.untried.count, 0);
    store_answer_done(&answer);
    drop_log(log, 3);
}

static void an_untried_whisper_is_tried_at_the_next_start(void **state)
{
    struct rig *rig = *state;
    struct entry *log[3];
    struct store_answer answer;
    untried_write(rig, log);
    rig_again(rig);
    store_read_untried(rig->reader, store_untried(rig->store), &answer);
    assert_int_equal(answer.event.kind, EVENT_UNTRIED);
    assert_int_equal(answer.event.untried.count, 3);
    store_answer_done(&answer);

    struct whisper whisper = {
        .kind = ENTRY_SAY, .text = span_text("un secreto"), .reader_count = 1};
    whisper.readers[0] = rig->ana.id;
    struct node_effect effect = {.kind = EFFECT_STORE_OPENED,
                                 .opened = {.ref = entry_place(log[1]),
                                            .sealed = NODE_OPENED,
                                            .conversation = "@bruno",
                                            .whisper = &whisper}};
    assert_int_equal(rig_effect(rig, &effect), STORE_FINE);
    effect.opened.ref = entry_place(log[2]);
    effect.opened.sealed = NODE_NOT_OURS;
    effect.opened.conversation = "";
    effect.opened.whisper = NULL;
    assert_int_equal(rig_effect(rig, &effect), STORE_FINE);
    effect.opened.ref.seq = 99; /* retention was faster */
    assert_int_equal(rig_effect(rig, &effect), STORE_FINE);

    rig_again(rig);
    store_read_untried(rig->reader, store_untried(rig->store), &answer);
    assert_int_equal(answer.event.untried.count, 1);
    assert_true(hash_equal(&answer.event.untried.entries[0]->hash, &log[0]->hash));
    store_answer_done(&answer);
    rig_query(
        rig,
        &(struct node_query){
            .kind = QUERY_UP, .conversation = "@bruno", .at = {.key = UINT64_MAX}, .count = 5},
        &answer);
    assert_int_equal(answer.event.page.count, 1);
    assert_true(span_equal(answer.event.page.records[0].whisper->text, whisper.text));
    store_answer_done(&answer);
    rig_query(
        rig,
        &(struct node_query){
            .kind = QUERY_SEARCH, .conversation = "", .count = 5, .words = span_text("secreto")},
        &answer);
    assert_int_equal(answer.event.page.count, 1);
    assert_string_equal(answer.event.page.records[0].conversation, "@bruno");
    store_answer_done(&answer);
    drop_log(log, 3);
}

/* ---- beside entries ---- */

/* Long because every field is named. */
static void people_rooms_and_the_rest_survive(void **state)
{
    struct rig *rig = *state;
    struct order at = {.key = 5, .author = rig->bruno.id, .start = 6, .seq = 9};
    struct node_effect effects[] = {
        {.kind = EFFECT_STORE_PERSON,
         .person = {.person = {.id = rig->bruno.id,
                               .name = span_text("Bruno"),
                               .alias = span_text("hermano"),
                               .seen = 77,
                               .warned = UINT64_MAX,
                               .first_day = 19000,
                               .verified = true,
                               .two_days = true,
                               .address_count = 2,
                               .addresses = {{{.ip = {1, 2, 3}, .port = 9999}, 5, 0, 0, 1},
                                             {{.ip = {255}, .port = 65535},
                                              6,
                                              UINT64_C(1700000000000),
                                              UINT32_MAX,
                                              3}}},
                    .away = true,
                    .why = span_text("a comer"),
                    .profile = 12}},
        {.kind = EFFECT_STORE_ROOM,
         .room = {.conversation = "#lab",
                  .joined = true,
                  .unread = 3,
                  .mentions = 1,
                  .marked = true,
                  .mark = at,
                  .topic = "what we build",
                  .topic_at = at,
                  .active = 55}},
        {.kind = EFFECT_STORE_MEMBER,
         .member = {.room = "#lab", .who = rig->bruno.id, .in = true, .at = at, .seen = 44}},
        {.kind = EFFECT_STORE_SELF, .self = {.name = "ana", .away = true, .why = "out"}},
    };
    struct ack ack = {.acker = rig->bruno.id, .author = rig->ana.id, .low = 1, .high = 7};
    struct node_effect acks = {.kind = EFFECT_STORE_ACKS, .acks = {1, &ack}};
    for (int twice = 0; twice < 2; twice++) {
        for (size_t i = 0; i < COUNT(effects); i++)
            assert_int_equal(rig_effect(rig, &effects[i]), STORE_FINE);
        assert_int_equal(rig_effect(rig, &acks), STORE_FINE);
    }
    rig_again(rig);
    const struct node_saved *saved = &rig->start.saved;
    assert_string_equal(saved->name, "ana");
    assert_true(saved->away);
    assert_string_equal(saved->why, "out");
    assert_int_equal(saved->person_count, 1);
    const struct person_saved *person = &saved->people[0].person;
    assert_true(id_equal(&person->id, &rig->bruno.id));
    assert_true(span_equal(person->name, span_text("Bruno")));
    assert_true(span_equal(person->alias, span_text("hermano")));
    assert_int_equal(person->seen, 77);
    assert_true(person->warned == UINT64_MAX);
    assert_int_equal(person->first_day, 19000);
    assert_true(person->verified && person->two_days);
    assert_false(person->blocked || person->ignored || person->whispered);
    assert_int_equal(person->address_count, 2);
    assert_int_equal(person->addresses[1].address.ip[0], 255);
    assert_int_equal(person->addresses[1].address.port, 65535);
    assert_int_equal(person->addresses[0].at, 5);
    assert_int_equal(person->addresses[0].since, 0);
    assert_int_equal(person->addresses[0].failed, 0);
    assert_int_equal(person->addresses[0].worked, 1);
    assert_int_equal(person->addresses[1].since, UINT64_C(1700000000000));
    assert_int_equal(person->addresses[1].failed, UINT32_MAX);
    assert_int_equal(person->addresses[1].worked, 3);
    assert_true(saved->people[0].away);
    assert_true(span_equal(saved->people[0].why, span_text("a comer")));
    assert_int_equal(saved->people[0].profile, 12);
    assert_int_equal(saved->room_count, 1);
    const struct node_saved_room *room = &saved->rooms[0];
    assert_string_equal(room->conversation, "#lab");
    assert_true(room->joined && room->marked && !room->spoken);
    assert_int_equal(room->unread, 3);
    assert_int_equal(room->mentions, 1);
    assert_int_equal(order_compare(&room->mark, &at), 0);
    assert_int_equal(order_compare(&room->topic_at, &at), 0);
    assert_string_equal(room->topic, "what we build");
    assert_int_equal(room->active, 55);
    assert_int_equal(saved->member_count, 1);
    assert_string_equal(saved->members[0].room, "#lab");
    assert_true(saved->members[0].in);
    assert_int_equal(saved->members[0].seen, 44);
    assert_int_equal(order_compare(&saved->members[0].at, &at), 0);
    assert_int_equal(saved->ack_count, 1);
    assert_int_equal(saved->acks[0].ack.high, 7);
    assert_int_equal(saved->acks[0].at, RIG_WALL);
}

/* ---- with guests ---- */

static enum store_fault local_write(struct rig *rig, const char *conversation, uint64_t key,
                                    uint64_t seq, const char *text)
{
    bool theirs = seq % 2 == 0;
    struct node_effect effect = {.kind = EFFECT_STORE_LOCAL};
    effect.local.since = 100;
    effect.local.line = (struct node_local){.conversation = conversation,
                                            .order = {.key = key, .seq = seq},
                                            .kind = ENTRY_SAY,
                                            .guest = span_text(theirs ? "eva" : ""),
                                            .dialect = span_text(theirs ? "join" : ""),
                                            .text = span_text(text),
                                            .wall = key + 1,
                                            .of = !theirs};
    return rig_effect(rig, &effect);
}

/* The texts of a page, in its order. */
static void locals_are(struct rig *rig, enum query_kind kind, const char *conversation,
                       uint64_t key, uint64_t seq, size_t count, const char *wanted, bool more)
{
    char got[64] = "";
    struct store_answer answer;
    struct node_query query = {
        .kind = kind, .conversation = conversation, .at = {.key = key, .seq = seq}, .count = count};
    rig_query(rig, &query, &answer);
    assert_int_equal(answer.fault, STORE_FINE);
    assert_false(answer.event.page.failed);
    for (size_t i = 0; i < answer.event.page.count; i++) {
        const struct node_local *line = answer.event.page.records[i].local;
        assert_non_null(line);
        assert_null(answer.event.page.records[i].entry);
        assert_string_equal(line->conversation, conversation);
        assert_true(id_equal(&line->order.author, &rig->ana.id));
        assert_int_equal(line->wall, line->order.key + 1);
        assert_int_equal(line->guest.size, line->order.seq % 2 == 0 ? 3 : 0);
        assert_int_equal(line->text.size, 1);
        assert_true(i + 1 < sizeof got);
        got[i] = (char)line->text.bytes[0];
    }
    assert_string_equal(got, wanted);
    assert_int_equal(answer.event.page.more, more);
    store_answer_done(&answer);
}

static void lines_with_a_guest_come_back_in_pages(void **state)
{
    struct rig *rig = *state;
    char id[ID_TEXT], eva[200], bob[200], text[2] = "a";
    id_text(&rig->ana.id, id);
    snprintf(eva, sizeof eva, "@%s/join/eva", id);
    snprintf(bob, sizeof bob, "@%s/join/bob", id);
    for (uint64_t i = 1; i <= 6; i++, text[0]++) /* two of each key */
        assert_int_equal(local_write(rig, eva, 1000 + i / 2, i, text), STORE_FINE);
    assert_int_equal(local_write(rig, bob, 1001, 50, "x"), STORE_FINE);
    rig_again(rig);
    locals_are(rig, QUERY_UP, eva, ORDER_OPEN, 0, 4, "cdef", true);
    locals_are(rig, QUERY_UP, eva, 1001, 3, 4, "ab", false);
    locals_are(rig, QUERY_UP, eva, 1001, 2, 4, "a", false);
    locals_are(rig, QUERY_DOWN, eva, 1001, 2, 3, "cde", true);
    locals_are(rig, QUERY_DOWN, eva, 1002, 4, 9, "ef", false);
    locals_are(rig, QUERY_AROUND, eva, 1001, 3, 3, "bcd", true);
    locals_are(rig, QUERY_UP, bob, ORDER_OPEN, 0, 9, "x", false);
    locals_are(rig, QUERY_UP, "#everyone", ORDER_OPEN, 0, 9, "", false);
    /* what is too old goes when the next comes */
    assert_int_equal(local_write(rig, bob, 99, 60, "y"), STORE_FINE);
    locals_are(rig, QUERY_UP, bob, ORDER_OPEN, 0, 9, "x", false);
    for (uint64_t i = 0; i < 30; i++)
        assert_int_equal(local_write(rig, eva, 2000 + i, 100 + i, "z"), STORE_FINE);
    while (store_tidy(rig->store, RIG_WALL))
        continue;
    assert_int_equal(db_number(&rig->store->db, 0, "SELECT count(*) FROM locals"), 37);
}

static void what_guests_are_owed_survives(void **state)
{
    struct rig *rig = *state;
    char id[ID_TEXT], eva[200];
    id_text(&rig->ana.id, id);
    snprintf(eva, sizeof eva, "@%s/dated/eva", id);
    struct node_effect effect = {.kind = EFFECT_STORE_OWED};
    effect.owed = (struct node_owed){.id = 7,
                                     .conversation = eva,
                                     .order = {.key = 1001, .author = rig->ana.id, .seq = 3},
                                     .kind = GUEST_TELLS_PRIVATE,
                                     .text = span_text("hola"),
                                     .wall = 1234,
                                     .dialect = "dated",
                                     .address = {.ip = {1, 2, 3}, .port = 5555}};
    assert_int_equal(local_write(rig, eva, 1001, 3, "hola"), STORE_FINE);
    assert_int_equal(rig_effect(rig, &effect), STORE_FINE);
    effect.owed.id = 5;
    effect.owed.conversation = "#everyone";
    assert_int_equal(rig_effect(rig, &effect), STORE_FINE);
    rig_again(rig);
    assert_int_equal(rig->start.saved.owed_count, 2);
    const struct node_owed *owed = rig->start.saved.owed;
    assert_int_equal(owed[0].id, 5);
    assert_int_equal(owed[1].id, 7);
    assert_string_equal(owed[1].conversation, eva);
    assert_int_equal(owed[1].order.key, 1001);
    assert_int_equal(owed[1].order.seq, 3);
    assert_int_equal(owed[1].kind, GUEST_TELLS_PRIVATE);
    assert_int_equal(owed[1].wall, 1234);
    assert_string_equal(owed[1].dialect, "dated");
    assert_int_equal(owed[1].address.ip[2], 3);
    assert_int_equal(owed[1].address.port, 5555);
    assert_true(span_equal(owed[1].text, span_text("hola")));
    effect = (struct node_effect){.kind = EFFECT_DROP_OWED};
    effect.owed = owed[1];
    effect.owed.delivered = true;
    assert_int_equal(rig_effect(rig, &effect), STORE_FINE);
    assert_int_equal(db_number(&rig->store->db, 0, "SELECT delivered FROM locals"), 1);
    rig_again(rig);
    assert_int_equal(rig->start.saved.owed_count, 1);
}

static void settings_drafts_and_typed_lines_survive(void **state)
{
    struct rig *rig = *state;
    for (int i = 0; i < STORE_TYPED + 5; i++) {
        char line[32];
        snprintf(line, sizeof line, "line %d", i);
        struct store_write write = {.keep = {STORE_LINE, NULL, span_text(line)}};
        assert_int_equal(store_write(rig->store, RIG_WALL, &write, 1), STORE_FINE);
    }
    struct store_write writes[] = {
        {.keep = {STORE_SETTING, "theme", span_text("dark")}},
        {.keep = {STORE_DRAFT, "#lab", span_text("not yet")}},
        {.keep = {STORE_SETTING, "theme", span_text("light")}},
        {.keep = {STORE_DRAFT, "#everyone", span_text("gone")}},
        {.keep = {STORE_DRAFT, "#everyone", span_of("", 0)}},
    };
    assert_int_equal(store_write(rig->store, RIG_WALL, writes, COUNT(writes)), STORE_FINE);
    rig_again(rig);
    assert_int_equal(rig->start.kept_count, STORE_TYPED + 2);
    assert_string_equal(rig->start.kept[0].key, "theme");
    assert_true(span_equal(rig->start.kept[0].value, span_text("light")));
    assert_int_equal(rig->start.kept[1].kind, STORE_DRAFT);
    assert_string_equal(rig->start.kept[1].key, "#lab");
    assert_true(span_equal(rig->start.kept[2].value, span_text("line 5")));
    assert_true(span_equal(rig->start.kept[STORE_TYPED + 1].value, span_text("line 1004")));
}

static void tidying_drops_what_nothing_leads_to(void **state)
{
    struct rig *rig = *state;
    enum store_fault fault;
    struct ack ack = {.acker = rig->bruno.id, .author = rig->ana.id, .low = 1, .high = 7};
    struct node_effect acks = {.kind = EFFECT_STORE_ACKS, .acks = {1, &ack}};
    struct entry *log[2];
    make_log(&rig->bruno, 1, log, 2, &signer_fake);
    assert_int_equal(rig_effect(rig, &acks), STORE_FINE);
    assert_int_equal(rig_store(rig, log, 2), STORE_FINE);
    while (store_tidy(rig->store, RIG_WALL + 1000))
        ;
    assert_int_equal(db_number(&rig->store->db, 0, "SELECT count(*) FROM acks"), 1);
    assert_int_equal(db_number(&rig->store->db, 0, "SELECT count(*) FROM authors"), 1);
    assert_int_equal(db_number(&rig->store->db, 0, "SELECT count(*) FROM conversations"), 1);
    (void)rig_trim(rig, log[0], &(struct retention_trim){.whole = true}, &fault);
    while (store_tidy(rig->store, RIG_WALL + 8 * 24 * 3600 * UINT64_C(1000)))
        ;
    assert_int_equal(db_number(&rig->store->db, 9, "SELECT count(*) FROM acks"), 0);
    assert_int_equal(db_number(&rig->store->db, 9, "SELECT count(*) FROM authors"), 0);
    assert_int_equal(db_number(&rig->store->db, 9, "SELECT count(*) FROM conversations"), 0);
    assert_int_equal(db_number(&rig->store->db, 9, "SELECT count(*) FROM entries"), 0);
    assert_int_equal(db_number(&rig->store->db, 9, "SELECT count(*) FROM lines"), 0);
    assert_int_equal(store_reader_check(rig->reader), STORE_FINE);
    drop_log(log, 2);
}

static void there_is_room_and_a_reader_can_be_stopped(void **state)
{
    struct rig *rig = *state;
    struct store_answer answer;
    assert_true(store_has_room(rig->store));
    assert_true(store_size(rig->store) > 0);
    assert_int_equal(store_reader_check(rig->reader), STORE_FINE);
    store_reader_stop(rig->reader);
    assert_int_equal(store_reader_check(rig->reader), STORE_STOPPED);
    rig_query(
        rig,
        &(struct node_query){
            .kind = QUERY_UP, .conversation = "#everyone", .at = {.key = UINT64_MAX}, .count = 5},
        &answer);
    assert_int_equal(answer.fault, STORE_STOPPED);
    assert_true(answer.event.page.failed);
    store_answer_done(&answer);
}

int main(void)
{
    core_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_follow_the_order_through_equal_keys, begin, end),
        cmocka_unit_test_setup_teardown(a_record_comes_back_with_all_that_was_beside_it, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_conversation_that_nobody_knows_is_empty, begin, end),
        cmocka_unit_test_setup_teardown(a_whisper_that_came_since_is_being_tried, begin, end),
        cmocka_unit_test_setup_teardown(an_untried_whisper_is_tried_at_the_next_start, begin, end),
        cmocka_unit_test_setup_teardown(people_rooms_and_the_rest_survive, begin, end),
        cmocka_unit_test_setup_teardown(lines_with_a_guest_come_back_in_pages, begin, end),
        cmocka_unit_test_setup_teardown(what_guests_are_owed_survives, begin, end),
        cmocka_unit_test_setup_teardown(settings_drafts_and_typed_lines_survive, begin, end),
        cmocka_unit_test_setup_teardown(tidying_drops_what_nothing_leads_to, begin, end),
        cmocka_unit_test_setup_teardown(there_is_room_and_a_reader_can_be_stopped, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
