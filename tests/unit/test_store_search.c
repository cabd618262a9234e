/* The search as a user meets it: whatever is typed is words, the newest hits come, and what was
 * dropped is never found again. */
#include "unit.h"

#include "tests/store/facts.h"

#include <time.h>

static int begin(void **state)
{
    struct rig *rig = xcalloc(1, sizeof *rig);
    rig_init(rig);
    rig->settings.name = "Ana María";
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

/* ---- who said what ---- */

struct said {
    const struct identity *who;
    const char *room;
    const char *text;
    uint64_t at; /* 0: a second after the one before */
    enum entry_kind kind;
    const char *guest;
};

static struct entry *said_make(const struct said *said, const struct entry_tip *tip, uint64_t at)
{
    uint8_t bytes[ENTRY_MAX];
    size_t size = 0;
    struct entry_fields fields = make_fields(said->who, tip);
    struct body body = {.kind = said->kind ? said->kind : ENTRY_SAY};
    struct span text = span_text(said->text);
    if (body.kind == ENTRY_TOPIC)
        body.topic = text;
    else if (body.kind == ENTRY_SAY)
        body.say.text = text;
    assert_true(native_codec.body_pack(&body, bytes, sizeof bytes, &size));
    fields.kind = body.kind;
    fields.body = span_of(bytes, size);
    fields.room = span_text(said->room);
    fields.hlc = fields.wall = at;
    if (said->guest) {
        fields.guest = span_text(said->guest);
        fields.dialect = span_text("named");
    }
    return entry_make(&fields, &native_codec, &signer_fake, said->who);
}

static void say_all(struct rig *rig, const struct said *list, size_t count)
{
    static struct rig_batch batch;
    static uint64_t clock = RIG_WALL;
    static uint8_t epoch;
    epoch = (uint8_t)(epoch + 1);
    struct entry_tip tips[2] = {{.epoch = make_epoch(epoch)}, {.epoch = make_epoch(epoch)}};
    memset(&batch, 0, sizeof batch);
    for (size_t i = 0; i < count; i++) {
        struct entry_tip *tip = &tips[list[i].who == &rig->bruno];
        struct entry *entry = said_make(&list[i], tip, list[i].at ? list[i].at : (clock += 1000));
        *tip = entry_tip(entry);
        rig_add(&batch, entry, SYNC_PLACE_ABOVE);
        batch.records[i].conversation = list[i].room;
    }
    assert_int_equal(rig_write(rig, &batch), STORE_FINE);
    for (size_t i = 0; i < count; i++)
        entry_drop(batch.records[i].entry);
}

static size_t search_for(struct rig *rig, const char *words, size_t count,
                         struct store_answer *answer)
{
    rig_query(
        rig,
        &(struct node_query){
            .kind = QUERY_SEARCH, .conversation = "", .count = count, .words = span_text(words)},
        answer);
    assert_int_equal(answer->fault, STORE_FINE);
    assert_false(answer->event.page.failed);
    return answer->event.page.count;
}

static size_t found(struct rig *rig, const char *words)
{
    struct store_answer answer;
    size_t count = search_for(rig, words, 100, &answer);
    store_answer_done(&answer);
    return count;
}

static void some_talk(struct rig *rig)
{
    const struct said talk[] = {
        {.who = &rig->ana, .room = "#everyone", .text = "¿Quién tiene la CANCIÓN de ayer?"},
        {.who = &rig->bruno, .room = "#everyone", .text = "yo: canciones de ayer y de hoy"},
        {.who = &rig->bruno, .room = "#lab", .text = "the \"build\" is broken (again)"},
        {.who = &rig->ana, .room = "#lab", .text = "AND OR NOT NEAR text: tags a1 c1 *"},
        {.who = &rig->ana, .room = "#lab", .text = "what we build", .kind = ENTRY_TOPIC},
        {.who = &rig->bruno, .room = "#lab", .text = "", .kind = ENTRY_JOIN},
        {.who = &rig->bruno, .room = "#everyone", .text = "hola desde lejos", .guest = "Íñigo"},
    };
    const struct node_effect effect = {.kind = EFFECT_STORE_PERSON,
                                       .person = {.person = {.id = rig->bruno.id,
                                                             .name = span_text("Brúno Pérez"),
                                                             .alias = span_text("hermano")}}};
    say_all(rig, talk, sizeof talk / sizeof *talk);
    assert_int_equal(rig_effect(rig, &effect), STORE_FINE);
}

/* ---- words ---- */

static void case_and_accents_do_not_matter(void **state)
{
    struct rig *rig = *state;
    some_talk(rig);
    assert_int_equal(found(rig, "cancion"), 1);
    assert_int_equal(found(rig, "CANCIÓN"), 1);
    assert_int_equal(found(rig, "cancion*"), 2);
    assert_int_equal(found(rig, "ayer"), 2);
    assert_int_equal(found(rig, "ayer hoy"), 1);
    assert_int_equal(found(rig, "ayer mañana"), 0);
    assert_int_equal(found(rig, "build"), 2);
    assert_int_equal(found(rig, ""), 0);
    assert_int_equal(found(rig, "   "), 0);
    assert_int_equal(found(rig, "!!! ¿?"), 0);
    assert_int_equal(found(rig, "!!! ayer"), 2);
}

static void a_phrase_keeps_its_words_together(void **state)
{
    struct rig *rig = *state;
    some_talk(rig);
    assert_int_equal(found(rig, "\"de ayer\""), 2);
    assert_int_equal(found(rig, "\"ayer y\""), 1);
    assert_int_equal(found(rig, "\"ayer de\""), 0);
    assert_int_equal(found(rig, "\"de ayer"), 2);
    assert_int_equal(found(rig, "build-is"), 1);
    assert_int_equal(found(rig, "\"canci*\""), 0);
}

/* Long because of the list: each of these is an error, or a way out, in FTS5's own language. */
static void what_is_typed_is_never_syntax(void **state)
{
    struct rig *rig = *state;
    some_talk(rig);
    static const char *const typed[] = {
        "\"",
        "\"\"",
        "\\\"",
        "\" OR *",
        "a AND",
        "NOT",
        "(",
        ")",
        "text:",
        "tags:a1",
        "tags : a1",
        "guest:x",
        "^hola",
        "{text}: x",
        "-text: x",
        "NEAR(a b)",
        "*",
        "a* b* *",
        "hola\" *",
        "'; DROP",
        "from:",
        "in:",
        "before:",
        "from: in:",
        "\"\\",
        "a\\",
        "in:##",
        "from:\"",
        "in:\"",
        "before:\"",
        "\xff\xfe",
        "\"\xf0\"",
        "in:\xff",
        "from:\xff~~",
        "from:~",
        "from:~~~~~",
        "from:\"a\" OR \"b\"",
        "in:#lab\"",
        "hola) OR (x",
    };
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
        (void)found(rig, typed[i]);
    assert_int_equal(found(rig, "AND OR NOT"), 1);
    assert_int_equal(found(rig, "text: tags"), 1);
    assert_int_equal(found(rig, "a1"), 1); /* the line that says it, not the marks of the index */
    assert_int_equal(found(rig, "c1 NEAR"), 1);
    assert_int_equal(found(rig, "ayer OR build"), 0);
    static const char zero[] = "ayer\0build";
    struct store_answer answer;
    rig_query(rig,
              &(struct node_query){.kind = QUERY_SEARCH,
                                   .conversation = "",
                                   .count = 9,
                                   .words = span_of(zero, sizeof zero - 1)},
              &answer);
    assert_int_equal(answer.fault, STORE_FINE);
    store_answer_done(&answer);
    char *many = xcalloc(1, 40000);
    for (size_t i = 0; i + 3 < 39999; i += 3)
        memcpy(many + i, "hi ", 3);
    (void)found(rig, many);
    memset(many, 'x', 39000);
    (void)found(rig, many);
    memset(many, '"', 39000);
    (void)found(rig, many);
    free(many);
}

/* ---- from, in, before, after ---- */

static void from_knows_names_aliases_tags_and_guests(void **state)
{
    struct rig *rig = *state;
    char query[128], id[ID_TEXT];
    some_talk(rig);
    assert_int_equal(found(rig, "from:bruno"), 3);
    assert_int_equal(found(rig, "from:BRUNO ayer"), 1);
    assert_int_equal(found(rig, "from:Hermano ayer"), 1);
    assert_int_equal(found(rig, "from:\"bruno perez\" ayer"), 1);
    assert_int_equal(found(rig, "ayer from:perez"), 1);
    assert_int_equal(found(rig, "from:maria ayer"), 1); /* ourselves, by the login name */
    assert_int_equal(found(rig, "from:inigo"), 1);
    assert_int_equal(found(rig, "from:nobody"), 0);
    id_text(&rig->bruno.id, id);
    snprintf(query, sizeof query, "from:whatever~%.4s ayer", id);
    assert_int_equal(found(rig, query), 1);
    snprintf(query, sizeof query, "from:%s ayer", id);
    assert_int_equal(found(rig, query), 1);
    assert_int_equal(found(rig, "from:~zzzzz ayer"), 0);

    const struct node_effect self = {.kind = EFFECT_STORE_SELF,
                                     .self = {.name = "Anita", .why = ""}};
    assert_int_equal(rig_effect(rig, &self), STORE_FINE);
    assert_int_equal(found(rig, "from:anita ayer"), 1);
    assert_int_equal(found(rig, "from:maria ayer"), 0);
    const struct person_saved beto = {.id = rig->bruno.id, .name = span_text("Beto")};
    struct node_effect person = {.kind = EFFECT_STORE_PERSON};
    person.person.person = beto;
    assert_int_equal(rig_effect(rig, &person), STORE_FINE);
    assert_int_equal(found(rig, "from:hermano ayer"), 0);
    assert_int_equal(found(rig, "from:beto ayer"), 1);
}

static void in_names_a_room_however_it_is_written(void **state)
{
    struct rig *rig = *state;
    some_talk(rig);
    assert_int_equal(found(rig, "in:#lab build"), 2);
    assert_int_equal(found(rig, "in:#LAB from:bruno"), 1);
    assert_int_equal(found(rig, "in:lab"), 3);
    assert_int_equal(found(rig, "in:#everyone build"), 0);
    assert_int_equal(found(rig, "in:#nowhere build"), 0);
    struct store_answer answer;
    rig_query(rig,
              &(struct node_query){.kind = QUERY_SEARCH,
                                   .conversation = "#lab",
                                   .count = 9,
                                   .words = span_text("from:bruno")},
              &answer);
    assert_int_equal(answer.event.page.count, 1);
    assert_string_equal(answer.event.page.records[0].conversation, "#lab");
    store_answer_done(&answer);
}

static uint64_t local_ms(int year, int month, int day, int hour)
{
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_isdst = -1};
    return (uint64_t)mktime(&tm) * 1000;
}

static void days_begin_at_midnight_here(void **state)
{
    struct rig *rig = *state;
    setenv("TZ", "America/Santiago", 1);
    tzset();
    const struct said talk[] = {
        {.who = &rig->ana, .room = "#everyone", .text = "one", .at = local_ms(2026, 10, 31, 23)},
        {.who = &rig->ana, .room = "#everyone", .text = "two", .at = local_ms(2026, 11, 1, 0)},
        {.who = &rig->ana, .room = "#everyone", .text = "three", .at = local_ms(2026, 11, 1, 23)},
        {.who = &rig->ana, .room = "#everyone", .text = "four", .at = local_ms(2026, 11, 2, 0)},
    };
    say_all(rig, talk, 4);
    assert_int_equal(found(rig, "before:2026-11-01"), 1);
    assert_int_equal(found(rig, "after:2026-11-01"), 3);
    assert_int_equal(found(rig, "after:2026-11-01 before:2026-11-02"), 2);
    assert_int_equal(found(rig, "after:2026-11-01 before:2026-11-02 from:maria two"), 1);
    assert_int_equal(found(rig, "before:2026-11-31"), 0); /* no day, so a word */
    assert_int_equal(found(rig, "before:yesterday"), 0);
    assert_int_equal(found(rig, "before:1969-12-31"), 0);
}

/* ---- which hits ---- */

/* Arrival says nothing about time: who joins late gets old history last. */
static void the_newest_hits_come_in_order_of_the_screen(void **state)
{
    struct rig *rig = *state;
    struct said talk[60];
    for (size_t i = 0; i < 60; i++)
        talk[i] = (struct said){.who = i % 2 ? &rig->bruno : &rig->ana,
                                .room = "#everyone",
                                .text = "needle",
                                .at = RIG_WALL + (i * 37) % 60 * 1000};
    for (size_t i = 0; i < 60; i++) /* keys never fall along a log: a log of its own for each */
        say_all(rig, &talk[i], 1);
    struct store_answer answer;
    assert_int_equal(search_for(rig, "needle", 10, &answer), 10);
    assert_true(answer.event.page.more);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(answer.event.page.records[i].key, RIG_WALL + (50 + i) * 1000);
    store_answer_done(&answer);
    assert_int_equal(search_for(rig, "needle", 60, &answer), 60);
    assert_false(answer.event.page.more);
    store_answer_done(&answer);
}

/* Somebody whose clock stands still gives thousands of lines one place in time. */
static void a_clock_that_stands_still_hides_nobody(void **state)
{
    struct rig *rig = *state;
    static struct rig_batch batch;
    static struct entry *log[3000];
    make_log(&rig->bruno, 9, log, 3000, &signer_fake);
    for (size_t at = 0; at < 3000; at += 500) {
        memset(&batch, 0, sizeof batch);
        for (size_t i = 0; i < 500; i++) {
            rig_add(&batch, log[at + i], SYNC_PLACE_ABOVE);
            batch.records[i].key = RIG_WALL;
        }
        assert_int_equal(rig_write(rig, &batch), STORE_FINE);
    }
    const struct said later = {
        .who = &rig->ana, .room = "#everyone", .text = "hola", .at = RIG_WALL + 3600000};
    say_all(rig, &later, 1);
    struct store_answer answer;
    assert_int_equal(search_for(rig, "hola", STORE_PAGE_MAX, &answer), STORE_PAGE_MAX);
    assert_int_equal(answer.event.page.records[STORE_PAGE_MAX - 1].key, RIG_WALL + 3600000);
    store_answer_done(&answer);
    assert_int_equal(
        db_number(&rig->reader->db, 0, "SELECT count(*) FROM texts WHERE texts MATCH 'hola'"),
        3001);
    /* All of them lie within some seconds: nobody else's hour is taken. */
    assert_true(db_number(&rig->reader->db, 0, "SELECT count(*) FROM entries WHERE place<?",
                          NUMBER((RIG_WALL + 20000) << 4)) >= 3000);
    drop_log(log, 3000);
}

static void what_was_dropped_is_not_found(void **state)
{
    struct rig *rig = *state;
    some_talk(rig);
    struct store_answer answer;
    assert_int_equal(search_for(rig, "canciones", 9, &answer), 1);
    struct sync_effect sync = {.kind = SYNC_TRIM};
    sync.trim.author = answer.event.page.records[0].entry->fields.author;
    sync.trim.epoch = answer.event.page.records[0].entry->fields.epoch;
    sync.trim.entries = 2;
    store_answer_done(&answer);
    const struct node_effect effect = {.kind = EFFECT_TRIM, .sync = &sync};
    assert_int_equal(rig_effect(rig, &effect), STORE_FINE);
    assert_int_equal(found(rig, "canciones"), 0);
    assert_int_equal(found(rig, "broken"), 0);
    assert_int_equal(found(rig, "lejos"), 1);
    assert_int_equal(found(rig, "from:bruno"), 1);
    /* The index itself agrees: it is what FTS5 says of itself. */
    db_script(&rig->store->db, "INSERT INTO texts(texts) VALUES('integrity-check')");
    assert_int_equal(db_fault_take(&rig->store->db), STORE_FINE);
}

/* ---- what waits ---- */

/* Lines that FTS5 has by now, whoever asks. */
static uint64_t indexed(struct rig *rig, const char *match)
{
    return db_number(&rig->reader->db, 99, "SELECT count(*) FROM texts WHERE texts MATCH ?",
                     TEXT(span_text(match)));
}

static void trim_oldest(struct rig *rig, const struct entry *entry, bool whole)
{
    enum store_fault fault;
    const struct retention_trim trim = {.entries = 2, .whole = whole};
    (void)rig_trim(rig, entry, &trim, &fault);
    assert_int_equal(fault, STORE_FINE);
}

static void little_waits_until_somebody_searches(void **state)
{
    struct rig *rig = *state;
    some_talk(rig);
    assert_false(store_is_searchable(rig->store));
    assert_int_equal(indexed(rig, "hola"), 0);
    rig_again(rig); /* it waits over a start, too */
    assert_false(store_is_searchable(rig->store));
    assert_int_equal(found(rig, "hola"), 1);
    assert_true(store_is_searchable(rig->store));
    assert_int_equal(indexed(rig, "hola"), 1);
    assert_int_equal(indexed(rig, "tags : a*"), 6); /* who came said nothing */
    rig_again(rig);
    assert_true(store_is_searchable(rig->store));
    assert_int_equal(found(rig, "hola"), 1);
    some_talk(rig);
    assert_int_equal(found(rig, "hola from:hermano in:#everyone"), 2);
}

/* Lines of one log, 100 at a time; `text` is what each of them says. */
static void say_many(struct rig *rig, struct entry_tip *tip, const char *text, size_t count)
{
    static struct rig_batch batch;
    struct said said = {.who = &rig->bruno, .text = text, .room = "#everyone"};
    while (count > 0) {
        memset(&batch, 0, sizeof batch);
        for (size_t i = 0; i < 100 && count > 0; i++, count--) {
            struct entry *entry = said_make(&said, tip, RIG_WALL + tip->seq * 100);
            *tip = entry_tip(entry);
            rig_add(&batch, entry, SYNC_PLACE_ABOVE);
        }
        assert_int_equal(rig_write(rig, &batch), STORE_FINE);
        for (size_t i = 0; i < batch.effect.store.count; i++)
            entry_drop(batch.records[i].entry);
    }
}

static void a_crowd_does_not_wait(void **state)
{
    struct rig *rig = *state;
    struct entry_tip tip = {.epoch = make_epoch(77)};
    say_many(rig, &tip, "hola", 1000);
    assert_int_equal(indexed(rig, "hola"), 0);
    say_many(rig, &tip, "hola", 1000);
    assert_true(indexed(rig, "hola") >= 1000);
    assert_null(facts_fail(rig));
    char text[4001];
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "hola ", 5);
    text[sizeof text - 1] = '\0';
    say_many(rig, &tip, text, 300); /* long lines are a crowd sooner */
    assert_int_equal(indexed(rig, "hola"), 2300);
    assert_true(store_is_searchable(rig->store));
}

/* Its row is free then, and the next entry gets it. */
static void what_is_dropped_while_it_waits_never_comes(void **state)
{
    struct rig *rig = *state;
    struct entry *log[4], *later[2];
    make_log(&rig->bruno, 1, log, 4, &signer_fake);
    make_log(&rig->ana, 1, later, 2, &signer_fake);
    assert_int_equal(rig_store(rig, log, 4), STORE_FINE);
    trim_oldest(rig, log[0], false);
    assert_null(facts_fail(rig));
    assert_int_equal(found(rig, "hola"), 2);
    trim_oldest(rig, log[0], true);
    assert_int_equal(indexed(rig, "hola"), 0);
    assert_int_equal(rig_store(rig, later, 2), STORE_FINE);
    assert_null(facts_fail(rig));
    assert_int_equal(found(rig, "hola"), 2);
    assert_null(facts_fail(rig));
    drop_log(log, 4);
    drop_log(later, 2);
}

/* The commit that was to take all of it into the search does not come to its end. */
static void a_commit_that_fails_leaves_what_waits(void **state)
{
    struct rig *rig = *state;
    struct entry_tip tip = {.epoch = make_epoch(78)};
    static struct entry *log[514];
    make_log(&rig->ana, 1, log, 514, &signer_fake);
    struct entry *gap[512];
    memcpy(gap, log, 511 * sizeof *gap);
    gap[511] = log[513];
    say_many(rig, &tip, "hola", 1900);
    assert_int_equal(rig_store(rig, gap, 512), STORE_GAP);
    assert_false(store_is_searchable(rig->store));
    store_resume(rig->store);
    assert_int_equal(rig_store(rig, log, 512), STORE_FINE);
    assert_int_equal(indexed(rig, "hola"), 0); /* the next one has enough to do with itself */
    assert_int_equal(found(rig, "hola"), 100);
    assert_int_equal(indexed(rig, "hola"), 2412);
    assert_null(facts_fail(rig));
    drop_log(log, 514);
}

/* Words that find room are kept, though there is none for finding them. */
static void where_only_words_have_room_they_are_kept(void **state)
{
    struct rig *rig = *state;
    struct entry_tip tip = {.epoch = make_epoch(79)};
    char text[3001], sql[64];
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = i % 6 == 5 ? ' ' : (char)('a' + i * i / 7 % 26);
    text[sizeof text - 1] = '\0';
    say_many(rig, &tip, text, 42);
    assert_int_equal(rig->store->indexed, 0);
    uint64_t pages = db_number(&rig->store->db, 0, "PRAGMA page_count");
    snprintf(sql, sizeof sql, "PRAGMA max_page_count=%d", (int)pages + 3);
    sqlite3_exec(rig->store->db.handle, sql, NULL, NULL, NULL);
    struct said said = {.who = &rig->bruno, .text = text, .room = "#everyone"};
    struct entry *last = said_make(&said, &tip, RIG_WALL + tip.seq * 100);
    assert_int_equal(rig_store(rig, &last, 1), STORE_FULL);
    store_resume(rig->store);
    assert_int_equal(rig_store(rig, &last, 1), STORE_FINE);
    sqlite3_exec(rig->store->db.handle, "PRAGMA max_page_count=100000", NULL, NULL, NULL);
    assert_int_equal(store_index(rig->store, RIG_WALL), STORE_FINE);
    assert_int_equal(indexed(rig, "tags : a*"), 43);
    entry_drop(last);
}

/* Anybody may write a guest onto the envelope of a whisper: what is taken out of the search is what
 * was put in. */
static void a_whisper_on_anybodys_behalf_is_found_and_forgotten(void **state)
{
    struct rig *rig = *state;
    struct entry_tip tip = {.epoch = make_epoch(80)};
    struct said said = {
        .who = &rig->bruno, .text = "hola", .room = "", .guest = "mallory", .kind = ENTRY_SAY};
    struct entry *sealed = said_make(&said, &tip, RIG_WALL);
    sealed->fields.kind = ENTRY_SEALED;
    struct entry *entry = entry_make(&sealed->fields, &native_codec, &signer_fake, &rig->bruno);
    struct whisper whisper = {.kind = ENTRY_SAY, .text = span_text("secreto"), .reader_count = 1};
    whisper.readers[0] = rig->ana.id;
    struct node_effect effect = {.kind = EFFECT_STORE_OPENED,
                                 .opened = {.ref = entry_place(entry),
                                            .sealed = NODE_OPENED,
                                            .conversation = "@bruno",
                                            .whisper = &whisper}};
    static struct rig_batch batch;
    memset(&batch, 0, sizeof batch);
    rig_add(&batch, entry, SYNC_PLACE_ABOVE);
    batch.records[0].sealed = NODE_UNTRIED;
    batch.records[0].conversation = "";
    assert_int_equal(rig_write(rig, &batch), STORE_FINE);
    for (int twice = 0; twice < 2; twice++) { /* the second time its row is in the search already */
        assert_int_equal(rig_effect(rig, &effect), STORE_FINE);
        assert_int_equal(found(rig, "secreto"), 1);
        assert_int_equal(found(rig, "from:mallory"), 0);
    }
    trim_oldest(rig, entry, true);
    assert_int_equal(found(rig, "secreto"), 0);
    entry_drop(entry);
    entry_drop(sealed);
}

int main(void)
{
    core_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(case_and_accents_do_not_matter, begin, end),
        cmocka_unit_test_setup_teardown(a_phrase_keeps_its_words_together, begin, end),
        cmocka_unit_test_setup_teardown(what_is_typed_is_never_syntax, begin, end),
        cmocka_unit_test_setup_teardown(from_knows_names_aliases_tags_and_guests, begin, end),
        cmocka_unit_test_setup_teardown(in_names_a_room_however_it_is_written, begin, end),
        cmocka_unit_test_setup_teardown(days_begin_at_midnight_here, begin, end),
        cmocka_unit_test_setup_teardown(the_newest_hits_come_in_order_of_the_screen, begin, end),
        cmocka_unit_test_setup_teardown(a_clock_that_stands_still_hides_nobody, begin, end),
        cmocka_unit_test_setup_teardown(what_was_dropped_is_not_found, begin, end),
        cmocka_unit_test_setup_teardown(little_waits_until_somebody_searches, begin, end),
        cmocka_unit_test_setup_teardown(a_crowd_does_not_wait, begin, end),
        cmocka_unit_test_setup_teardown(what_is_dropped_while_it_waits_never_comes, begin, end),
        cmocka_unit_test_setup_teardown(a_commit_that_fails_leaves_what_waits, begin, end),
        cmocka_unit_test_setup_teardown(where_only_words_have_room_they_are_kept, begin, end),
        cmocka_unit_test_setup_teardown(a_whisper_on_anybodys_behalf_is_found_and_forgotten, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
