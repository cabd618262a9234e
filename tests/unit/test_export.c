/* /export: all of a conversation or nothing of it, in three forms that no words can break, and
 * never over anything that is there. */
#include "unit.h"

#include "app/export.h"
#include "base/sys.h"
#include "net/job.h"
#include "net/loop.h"
#include "store_rig.h"

#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

enum { SAYS = 8 };

struct world {
    struct rig rig;
    struct loop *loop;
    struct exporter *exporter;
    struct sys_fake fake;
    struct roster *roster;
    struct entry_tip tip; /* of what ana said last, */
    struct entry_tip bruno;
    uint64_t stored; /* so that lines stand in the order in which they were said */
    char path[128];
    struct message says[SAYS];
    bool errors[SAYS];
    uint64_t lines[SAYS];
    size_t said;
    bool quiet;
    size_t turns;
    void (*each)(struct world *world); /* at every turn, or NULL */
};

/* ---- a world ---- */

static void on_say(void *self, bool error, const struct message *message, uint64_t line)
{
    struct world *world = self;
    assert_true(world->said < SAYS);
    world->errors[world->said] = error;
    world->lines[world->said] = line;
    world->says[world->said++] = *message;
}

static const struct roster *on_roster(void *self)
{
    const struct world *world = self;
    assert_non_null(world->roster);
    return world->roster;
}

static void on_turn(void *self)
{
    struct world *world = self;
    world->turns++;
    exporter_turn(world->exporter, world->quiet);
    if (world->each)
        world->each(world);
    loop_stop(world->loop);
}

static void limit(rlim_t bytes)
{
    struct rlimit limits;
    getrlimit(RLIMIT_FSIZE, &limits);
    limits.rlim_cur = bytes < limits.rlim_max ? bytes : limits.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limits), 0);
}

static int begin(void **state)
{
    static const struct export_calls calls = {on_say, on_roster};
    struct world *world = xcalloc(1, sizeof *world);
    struct sys sys = sys_fake(&world->fake);
    signal(SIGXFSZ, SIG_IGN);
    setenv("TZ", "UTC0", 1);
    rig_init(&world->rig);
    rig_open(&world->rig);
    world->loop = loop_new();
    world->exporter = exporter_new(world->loop, NULL, &world->rig.settings, &calls, world);
    world->roster = roster_new(&world->rig.ana.id, &sys);
    (void)roster_name_set(world->roster, roster_self(world->roster), span_text("ana"));
    world->tip.epoch = make_epoch(1);
    world->bruno.epoch = make_epoch(2);
    world->quiet = true;
    loop_on_turn(world->loop, on_turn, world);
    *state = world;
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;
    limit(RLIM_INFINITY);
    if (world->loop)
        while (!loop_free(world->loop))
            ; /* it has patience for people, not for a busy machine */
    exporter_free(world->exporter);
    roster_free(world->roster);
    rig_done(&world->rig);
    free(world);
    return 0;
}

/* ---- what was said ---- */

static struct entry *entry_of(const struct identity *author, struct entry_tip *tip, uint32_t kind,
                              const struct body *body)
{
    uint8_t bytes[ENTRY_MAX];
    size_t size = 0;
    struct entry_fields fields = make_fields(author, tip);
    fields.kind = kind;
    if (body)
        assert_true(native_codec.body_pack(body, bytes, sizeof bytes, &size));
    fields.body = span_of(bytes, size);
    struct entry *entry = entry_make(&fields, &native_codec, &signer_fake, author);
    assert_non_null(entry);
    *tip = entry_tip(entry);
    return entry;
}

static struct rig_batch batch;

/* Into the store, behind all that is there. */
static void store_one(struct world *world, struct entry *entry, const struct whisper *whisper,
                      const char *conversation)
{
    memset(&batch, 0, sizeof batch);
    rig_add(&batch, entry, SYNC_PLACE_ABOVE);
    batch.records[0].key = RIG_WALL + world->stored++;
    batch.records[0].conversation = conversation;
    batch.records[0].whisper = whisper;
    batch.records[0].sealed = whisper ? NODE_OPENED : NODE_PLAIN;
    assert_int_equal(rig_write(&world->rig, &batch), STORE_FINE);
    entry_drop(entry);
}

static void said_by(struct world *world, bool ana, struct body body)
{
    struct entry *entry = entry_of(ana ? &world->rig.ana : &world->rig.bruno,
                                   ana ? &world->tip : &world->bruno, body.kind, &body);
    store_one(world, entry, NULL, "#everyone");
}

static void say_bytes(struct world *world, bool ana, struct span text)
{
    said_by(world, ana, (struct body){.kind = ENTRY_SAY, .say = {.text = text}});
}

static void say(struct world *world, bool ana, const char *text)
{
    say_bytes(world, ana, span_text(text));
}

static void say_many(struct world *world, size_t count)
{
    for (size_t at = 0; at < count;) {
        struct entry *entries[512];
        size_t size = count - at < 512 ? count - at : 512;
        for (size_t i = 0; i < size; i++, at++) {
            char text[32];
            snprintf(text, sizeof text, "number %zu", at);
            struct body body = {.kind = ENTRY_SAY, .say = {.text = span_text(text)}};
            entries[i] = entry_of(&world->rig.ana, &world->tip, ENTRY_SAY, &body);
        }
        assert_int_equal(rig_store(&world->rig, entries, size), STORE_FINE);
        drop_log(entries, size);
    }
    world->stored += count;
}

static struct person *known(struct world *world, const struct id *id, const char *name)
{
    struct person *person = roster_add(world->roster, id, false, 1);
    (void)roster_name_set(world->roster, person, span_text(name));
    return person;
}

/* ---- exporting ---- */

static void start(struct world *world, const char *conversation, const char *name)
{
    static uint64_t line;
    snprintf(world->path, sizeof world->path, "%s/%s", world->rig.folder, name);
    struct export_wish wish = {conversation, world->path, ++line, RIG_WALL};
    exporter_start(world->exporter, &wish);
}

static void until_over(struct world *world)
{
    while (!exporter_is_over(world->exporter)) {
        loop_again(world->loop);
        loop_run(world->loop);
    }
}

static void whole(struct world *world, const char *conversation, const char *name)
{
    world->said = 0;
    start(world, conversation, name);
    until_over(world);
}

static bool was_said(const struct world *world, bool error, const char *code)
{
    return world->said == 1 && world->errors[0] == error && strcmp(world->says[0].code, code) == 0;
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char *text = xcalloc(1, 8 * 1024 * 1024);
    assert_true(fread(text, 1, 8 * 1024 * 1024 - 1, file) < 8 * 1024 * 1024 - 1);
    fclose(file);
    return text;
}

static void file_is(const struct world *world, const char *wanted)
{
    char *text = read_file(world->path);
    assert_string_equal(text, wanted);
    free(text);
}

static int is_not_the_stores(const struct dirent *entry)
{
    return strncmp(entry->d_name, "tertulia.db", 11) != 0 && strcmp(entry->d_name, ".") != 0 &&
           strcmp(entry->d_name, "..") != 0;
}

static size_t files_in(const struct world *world)
{
    struct dirent **list;
    int count = scandir(world->rig.folder, &list, is_not_the_stores, alphasort);
    assert_true(count >= 0);
    for (int i = 0; i < count; i++)
        free(list[i]);
    free(list);
    return (size_t)count;
}

/* ---- the forms ---- */

#define DAY "2023-11-14"

static void in_txt_no_words_begin_a_line(void **state)
{
    struct world *world = *state;
    known(world, &world->rig.bruno.id, "ana: hola\n2023-11-14 22:13:20 ana:");
    say(world, true, "uno\n2023-11-14 22:13:20 bruno: I owe you\n\ndos\x1b[2J");
    say(world, false, "tres");
    whole(world, "#everyone", "talk.txt");
    assert_true(was_said(world, false, "exported"));
    assert_int_equal(world->says[0].count, 2);
    file_is(world, DAY " 22:13:20 ana: uno\n"
                       "                    2023-11-14 22:13:20 bruno: I owe you\n"
                       "                    \n"
                       "                    dos<U+001B>[2J\n" DAY
                       " 22:13:20 ana<U+003A> hola<U+000A>2023-11-14 22:13:20 ana<U+003A>: tres\n");
}

static void what_happened_is_told_in_words(void **state)
{
    struct world *world = *state;
    const struct body happened[] = {
        {.kind = ENTRY_JOIN},
        {.kind = ENTRY_TOPIC, .topic = span_text("tea *now*")},
        {.kind = ENTRY_TOPIC, .topic = span_text("")},
        {.kind = ENTRY_ACT, .say = {.text = span_text("waves")}},
        {.kind = ENTRY_CALL},
        {.kind = ENTRY_LEAVE, .why = span_text("")},
        {.kind = ENTRY_LEAVE, .why = span_text("home")},
        {.kind = ENTRY_PROFILE, .profile = {.name = span_text("x")}},
    };
    for (size_t i = 0; i < sizeof happened / sizeof *happened; i++)
        said_by(world, true, happened[i]);
    store_one(world, entry_of(&world->rig.ana, &world->tip, 77, NULL), NULL, "#everyone");
    whole(world, "#everyone", "talk.txt");
    assert_int_equal(world->says[0].count, 8);
    file_is(world, DAY " 22:13:20 ana came in\n" DAY " 22:13:20 ana set the topic: tea *now*\n" DAY
                       " 22:13:20 ana took the topic away\n" DAY " 22:13:20 * ana waves\n" DAY
                       " 22:13:20 ana rang\n" DAY " 22:13:20 ana left\n" DAY
                       " 22:13:20 ana left: home\n" DAY
                       " 22:13:20 ana said something that this version cannot show\n");
    whole(world, "#everyone", "talk.md");
    char *text = read_file(world->path);
    assert_non_null(strstr(text, "- 22:13:20 ana set the topic: tea \\*now\\*\n"));
    assert_non_null(strstr(text, "- 22:13:20 \\* **ana** waves\n"));
    free(text);
}

static void in_md_nothing_that_is_said_is_markup(void **state)
{
    struct world *world = *state;
    known(world, &world->rig.bruno.id, "**b**]");
    say(world, true, "# no\n    code\n\n- a\n1. b\n> q\n---\n===\n|a|b|\n`x`\n<b>&lt;\\");
    say(world, false, "[a](http://x.y) e-mail v1.2. :-) www.x.y _i_ ~~s~~ ![z](q) $m$ #1 @me");
    whole(world, "#everyone", "talk.md");
    file_is(world,
            "# \\#everyone\n\n## " DAY "\n\n"
            "- 22:13:20 **ana**: \\# no\\\n"
            "  &nbsp;    code\\\n"
            "  &nbsp;\\\n"
            "  \\- a\\\n"
            "  1\\. b\\\n"
            "  \\> q\\\n"
            "  \\---\\\n"
            "  \\=\\=\\=\\\n"
            "  \\|a\\|b\\|\\\n"
            "  \\`x\\`\\\n"
            "  \\<b\\>\\&lt;\\\\\n"
            "- 22:13:20 **\\*\\*b\\*\\*\\]**: \\[a\\]\\(http\\://x\\.y\\) e-mail v1\\.2\\. "
            "\\:-\\) www\\.x\\.y \\_i\\_ \\~\\~s\\~\\~ !\\[z\\]\\(q\\) \\$m\\$ \\#1 \\@me\n");
}

static void in_json_a_line_is_what_tertuliad_says(void **state)
{
    struct world *world = *state;
    say(world, true, "\"quoted\"\n\x1b[2J\xe2\x80\xae");
    say(world, false, "dos");
    whole(world, "#everyone", "talk.JSON");
    assert_true(was_said(world, false, "exported"));
    char *text = read_file(world->path);
    assert_null(strchr(text, '\x1b'));
    assert_null(strstr(text, "\xe2\x80\xae"));
    free(text);
    static const char *const KEYS[] = {"event", "at",  "room", "kind", "from",    "time",
                                       "text",  "ref", "own",  "late", "skew_ms", "encrypted"};
    json_t *list = json_load_file(world->path, 0, NULL);
    assert_int_equal(json_array_size(list), 2);
    for (size_t i = 0; i < 2; i++) {
        json_t *line = json_array_get(list, i);
        assert_int_equal(json_object_size(line), sizeof KEYS / sizeof *KEYS);
        for (size_t j = 0; j < sizeof KEYS / sizeof *KEYS; j++)
            assert_non_null(json_object_get(line, KEYS[j]));
        assert_string_equal(json_string_value(json_object_get(line, "event")), "message");
    }
    json_t *first = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(first, "text")),
                        "\"quoted\"\n\x1b[2J\xe2\x80\xae");
    assert_true(json_is_true(json_object_get(first, "own")));
    json_decref(list);
}

static void a_conversation_without_a_line_is_an_empty_one(void **state)
{
    struct world *world = *state;
    whole(world, "#nobody", "talk.json");
    assert_true(was_said(world, false, "exported"));
    file_is(world, "[\n]\n");
    whole(world, "#nobody", "talk.txt");
    file_is(world, "");
}

static void a_whisper_is_exported_with_its_words_and_nobody_elses(void **state)
{
    struct world *world = *state;
    char conversation[1 + ID_TEXT], wanted[256];
    struct whisper whisper = {
        .kind = ENTRY_SAY, .text = span_text("entre nosotros"), .reader_count = 1};
    whisper.readers[0] = world->rig.bruno.id;
    conversation[0] = '@';
    id_text(&world->rig.bruno.id, conversation + 1);
    struct entry *entry = make_say(&world->rig.ana, &world->tip, "sealed", &signer_fake);
    world->tip = entry_tip(entry);
    store_one(world, entry, &whisper, conversation);
    say(world, true, "to everyone");
    whole(world, conversation, "talk.md");
    char tag[TAG_TEXT];
    id_tag(&world->rig.bruno.id, tag);
    snprintf(wanted, sizeof wanted, "# \\~%s\n\n## " DAY "\n\n- 22:13:20 **ana**: entre nosotros\n",
             tag);
    file_is(world, wanted);
}

static void who_is_ignored_is_left_out(void **state)
{
    struct world *world = *state;
    struct person *bruno = known(world, &world->rig.bruno.id, "bruno");
    roster_ignore(world->roster, bruno, true);
    say(world, true, "uno");
    say(world, false, "dos");
    whole(world, "#everyone", "talk.txt");
    assert_int_equal(world->says[0].count, 1);
    file_is(world, DAY " 22:13:20 ana: uno\n");
}

static void the_longest_text_fits_every_form(void **state)
{
    static const char *const NAMES[] = {"a.txt", "a.json", "a.md"};
    struct world *world = *state;
    char text[TEXT_MAX];
    for (size_t i = 0; i < 3; i++) {
        memset(text, "\n\x01*"[i], sizeof text);
        say_bytes(world, true, span_of(text, sizeof text));
    }
    for (size_t i = 0; i < 3; i++) {
        whole(world, "#everyone", NAMES[i]);
        assert_true(was_said(world, false, "exported"));
        assert_int_equal(world->says[0].count, 3);
    }
}

/* ---- much of it ---- */

static void ten_thousand_lines_come_in_order_and_once(void **state)
{
    enum { MANY = 10000 };
    struct world *world = *state;
    say_many(world, MANY);
    whole(world, "#everyone", "talk.txt");
    assert_int_equal(world->says[0].count, MANY);
    char *text = read_file(world->path), wanted[64];
    size_t number = 0;
    for (char *at = text; *at; at = strchr(at, '\n') + 1) {
        snprintf(wanted, sizeof wanted, " ana: number %zu\n", number++);
        assert_memory_equal(at + 19, wanted, strlen(wanted));
    }
    assert_int_equal(number, MANY);
    free(text);
    assert_true(world->turns > MANY / EXPORT_PAGE / 2); /* page by page */
}

enum { FLOOD_TURNS = 300, FLOOD = EXPORT_PAGE + 1 };

static void say_more(struct world *world)
{
    if (world->turns < FLOOD_TURNS)
        say_many(world, FLOOD);
}

/* So it ends, however much is said: what one page holds it would run after for ever. */
static void what_comes_meanwhile_is_left_out(void **state)
{
    struct world *world = *state;
    say_many(world, 4 * EXPORT_PAGE);
    world->each = say_more;
    whole(world, "#everyone", "talk.txt");
    assert_true(was_said(world, false, "exported"));
    char *text = read_file(world->path);
    uint64_t lines = 0;
    for (char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    free(text);
    assert_int_equal(world->says[0].count, lines);
    assert_true(lines < world->stored); /* what was said before its first job looked is in it */
}

static void what_was_typed_before_is_waited_for(void **state)
{
    struct world *world = *state;
    world->quiet = false;
    start(world, "#everyone", "talk.txt");
    for (size_t i = 0; i < 5; i++) {
        loop_again(world->loop);
        loop_run(world->loop);
    }
    assert_int_equal(files_in(world), 0);
    say(world, true, "typed before");
    world->quiet = true;
    until_over(world);
    file_is(world, DAY " 22:13:20 ana: typed before\n");
}

/* ---- nothing is overwritten, nothing is left ---- */

static void another_ending_is_refused(void **state)
{
    struct world *world = *state;
    const char *const names[] = {"talk", "talk.html", "talk.txt.gz", "txt", "talk.jso"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        whole(world, "#everyone", names[i]);
        assert_true(was_said(world, true, "export-ending"));
    }
    assert_int_equal(files_in(world), 0);
}

static void what_is_there_stays(void **state)
{
    struct world *world = *state;
    say(world, true, "uno");
    whole(world, "#everyone", "talk.txt");
    say(world, true, "dos");
    whole(world, "#everyone", "talk.txt");
    assert_true(was_said(world, true, "export-exists"));
    assert_true(world->lines[0] > 1);
    file_is(world, DAY " 22:13:20 ana: uno\n");
    char link[160];
    snprintf(link, sizeof link, "%s/link.md", world->rig.folder);
    assert_int_equal(symlink("nowhere", link), 0);
    whole(world, "#everyone", "link.md");
    assert_true(was_said(world, true, "export-exists"));
    assert_int_equal(files_in(world), 2);
}

static void make_it(struct world *world)
{
    FILE *file = files_in(world) ? fopen(world->path, "wxe") : NULL;
    if (!file)
        return;
    fputs("theirs", file);
    fclose(file);
}

static void who_was_quicker_is_not_overwritten(void **state)
{
    struct world *world = *state;
    say_many(world, 4 * EXPORT_PAGE);
    world->each = make_it;
    whole(world, "#everyone", "talk.txt");
    assert_true(was_said(world, true, "export-exists"));
    file_is(world, "theirs");
    assert_int_equal(files_in(world), 1);
}

static void a_second_one_waits_its_turn(void **state)
{
    struct world *world = *state;
    say(world, true, "uno");
    start(world, "#everyone", "one.txt");
    start(world, "#everyone", "two.txt");
    assert_true(was_said(world, true, "export-busy"));
    world->said = 0;
    until_over(world);
    assert_true(was_said(world, false, "exported"));
    whole(world, "#everyone", "two.txt");
    assert_true(was_said(world, false, "exported"));
}

static void a_full_disk_leaves_nothing(void **state)
{
    struct world *world = *state;
    say_many(world, 4 * EXPORT_PAGE);
    limit(1000);
    whole(world, "#everyone", "talk.txt");
    limit(RLIM_INFINITY);
    assert_true(was_said(world, true, "export-failed"));
    assert_int_equal(files_in(world), 0);
    whole(world, "#everyone", "none/talk.txt");
    assert_true(was_said(world, true, "export-failed"));
    char text[MESSAGE_TEXT_BYTES];
    message_text(&world->says[0], NULL, text, sizeof text);
    assert_non_null(strstr(text, "there is no such folder"));
}

static void cancel_it(struct world *world)
{
    if (world->turns >= 6)
        exporter_cancel(world->exporter, "the program ends");
}

static void cancelled_it_leaves_nothing(void **state)
{
    struct world *world = *state;
    say_many(world, 10 * EXPORT_PAGE);
    world->each = cancel_it;
    whole(world, "#everyone", "talk.txt");
    assert_true(was_said(world, true, "export-stopped"));
    assert_int_equal(files_in(world), 0);
    exporter_cancel(world->exporter, "the program ends"); /* nothing is under way */
    assert_int_equal(world->said, 1);
    world->quiet = false; /* and where it had not begun */
    world->turns = 0;
    whole(world, "#everyone", "talk.txt");
    assert_true(was_said(world, true, "export-stopped"));
    assert_int_equal(files_in(world), 0);
}

static void the_loops_end_leaves_nothing(void **state)
{
    struct world *world = *state;
    say_many(world, 10 * EXPORT_PAGE);
    start(world, "#everyone", "talk.txt");
    while (files_in(world) == 0) {
        loop_again(world->loop);
        loop_run(world->loop);
    }
    exporter_cancel(world->exporter, "the program ends");
    assert_false(exporter_is_over(world->exporter)); /* a job is under way */
    while (!loop_free(world->loop))
        ; /* it has patience for people, not for a busy machine */
    world->loop = NULL;
    assert_true(exporter_is_over(world->exporter));
    assert_int_equal(files_in(world), 0);
}

static void a_tilde_is_home(void **state)
{
    struct world *world = *state;
    struct export_wish wish = {"#everyone", "~/talk.txt", 1, RIG_WALL};
    setenv("HOME", world->rig.folder, 1);
    say(world, true, "uno");
    exporter_start(world->exporter, &wish);
    until_over(world);
    assert_true(was_said(world, false, "exported"));
    snprintf(world->path, sizeof world->path, "%s/talk.txt", world->rig.folder);
    file_is(world, DAY " 22:13:20 ana: uno\n");
    struct stat status;
    assert_int_equal(stat(world->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void a_history_that_cannot_be_read_is_told(void **state)
{
    struct world *world = *state;
    say(world, true, "uno");
    FILE *file = fopen(world->rig.path, "r+e");
    for (size_t i = 0; i < 64; i++)
        fputs("not what SQLite wrote, not what SQLite wrote, not what SQLite wr", file);
    fclose(file);
    rig_close(&world->rig);
    whole(world, "#everyone", "talk.txt");
    assert_true(was_said(world, true, "export-failed"));
    assert_int_equal(files_in(world), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(in_txt_no_words_begin_a_line),
        TEST(what_happened_is_told_in_words),
        TEST(in_md_nothing_that_is_said_is_markup),
        TEST(in_json_a_line_is_what_tertuliad_says),
        TEST(a_conversation_without_a_line_is_an_empty_one),
        TEST(a_whisper_is_exported_with_its_words_and_nobody_elses),
        TEST(who_is_ignored_is_left_out),
        TEST(the_longest_text_fits_every_form),
        TEST(ten_thousand_lines_come_in_order_and_once),
        TEST(what_comes_meanwhile_is_left_out),
        TEST(what_was_typed_before_is_waited_for),
        TEST(another_ending_is_refused),
        TEST(what_is_there_stays),
        TEST(who_was_quicker_is_not_overwritten),
        TEST(a_second_one_waits_its_turn),
        TEST(a_full_disk_leaves_nothing),
        TEST(cancelled_it_leaves_nothing),
        TEST(the_loops_end_leaves_nothing),
        TEST(a_tilde_is_home),
        TEST(a_history_that_cannot_be_read_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
