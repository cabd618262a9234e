/* Whatever stands where the store's file should be: a clear fault for each, and not one byte of it
 * is lost. */
#include "unit.h"

#include "store/schema.h"
#include "store_rig.h"

#include <fcntl.h>
#include <sys/wait.h>

static int begin(void **state)
{
    struct rig *rig = xcalloc(1, sizeof *rig);
    rig_init(rig);
    *state = rig;
    return 0;
}

static int end(void **state)
{
    rig_done(*state);
    free(*state);
    return 0;
}

/* ---- files ---- */

struct bytes {
    uint8_t *bytes;
    size_t size;
};

static struct bytes file_read(const char *path)
{
    struct stat status;
    struct bytes file = {0};
    int in = open(path, O_RDONLY);
    if (in < 0)
        return file;
    assert_int_equal(fstat(in, &status), 0);
    file.size = (size_t)status.st_size;
    file.bytes = xmalloc(file.size + 1);
    assert_int_equal(read(in, file.bytes, file.size), file.size);
    close(in);
    return file;
}

static void file_write(const char *path, const void *bytes, size_t size)
{
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(out >= 0);
    assert_int_equal(write(out, bytes, size), size);
    close(out);
}

static bool file_is(const char *path, const struct bytes *was)
{
    struct bytes now = file_read(path);
    bool same = now.bytes && now.size == was->size && memcmp(now.bytes, was->bytes, now.size) == 0;
    free(now.bytes);
    return same;
}

static const char *beside(const struct rig *rig, const char *ending)
{
    static char path[256];
    snprintf(path, sizeof path, "%s%s", rig->path, ending);
    return path;
}

/* A store with some entries, closed, so that all of it is in one file. */
static void filled(struct rig *rig, size_t count)
{
    static struct entry *log[512];
    make_log(&rig->bruno, 1, log, count, &signer_fake);
    rig_open(rig);
    assert_int_equal(rig_store(rig, log, count), STORE_FINE);
    rig_close(rig);
    drop_log(log, count);
}

static void refused_untouched(struct rig *rig, enum store_fault fault)
{
    struct bytes was = file_read(rig->path);
    assert_int_equal(rig_try(rig), fault);
    assert_null(rig->store);
    assert_true(file_is(rig->path, &was));
    assert_int_not_equal(access(beside(rig, "-wal"), F_OK), 0);
    free(was.bytes);
}

/* ---- what may stand there ---- */

static void a_new_file_is_for_us_alone(void **state)
{
    struct rig *rig = *state;
    struct stat status;
    mode_t mask = umask(0);
    rig_open(rig);
    umask(mask);
    assert_int_equal(stat(rig->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(stat(beside(rig, "-wal"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_null(rig->start.aside);
    assert_null(rig->start.backup);
    assert_null(rig->start.saved.name);
    assert_int_equal(rig->start.saved.log_count + rig->start.saved.person_count, 0);
}

static void an_empty_file_is_a_new_one(void **state)
{
    struct rig *rig = *state;
    file_write(rig->path, "", 0);
    rig_open(rig);
    assert_null(rig->start.aside);
}

static void the_database_of_another_program_is_left_alone(void **state)
{
    struct rig *rig = *state;
    sqlite3 *other;
    assert_int_equal(sqlite3_open(rig->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(other);
    refused_untouched(rig, STORE_FOREIGN);
    assert_int_equal(sqlite3_open(rig->path, &other), SQLITE_OK);
    sqlite3_exec(other, "PRAGMA user_version=1; PRAGMA application_id=7", NULL, NULL, NULL);
    sqlite3_close(other);
    refused_untouched(rig, STORE_FOREIGN);
}

static void a_newer_file_is_refused_politely(void **state)
{
    struct rig *rig = *state;
    filled(rig, 3);
    struct db db;
    assert_int_equal(db_open(&db, &rig->settings, SQLITE_OPEN_READWRITE), STORE_FINE);
    db_script(&db, "PRAGMA user_version=99");
    db_close(&db);
    refused_untouched(rig, STORE_NEWER);
}

static void another_mesh_is_refused(void **state)
{
    struct rig *rig = *state;
    filled(rig, 3);
    rig->settings.net.bytes[0] ^= 1;
    refused_untouched(rig, STORE_OTHER_MESH);
    rig->settings.net.bytes[0] ^= 1;
    rig_open(rig);
}

static void a_folder_or_a_pipe_is_no_file(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(mkdir(rig->path, 0700), 0);
    assert_int_equal(rig_try(rig), STORE_NO_FILE);
    assert_int_equal(rmdir(rig->path), 0);
    assert_int_equal(mkfifo(rig->path, 0600), 0);
    assert_int_equal(rig_try(rig), STORE_NO_FILE);
    assert_int_equal(unlink(rig->path), 0);
    rig->settings.path = beside(rig, "/nowhere/x.db");
    assert_int_equal(rig_try(rig), STORE_NO_FOLDER);
}

/* Somebody without any right, as whom the tests may already run. */
static enum store_fault as_nobody(struct rig *rig)
{
    enum { NOBODY = 65534, EXIT_BASE = 40 };
    int status;
    bool root = geteuid() == 0;
    pid_t child = fork();
    if (child == 0) {
        if (root && setresuid(NOBODY, NOBODY, NOBODY) != 0)
            _exit(1);
        _exit(EXIT_BASE + (int)rig_try(rig));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (enum store_fault)(WEXITSTATUS(status) - EXIT_BASE);
}

static void whoever_may_not_write_is_told_so(void **state)
{
    struct rig *rig = *state;
    enum { NOBODY = 65534 };
    filled(rig, 3);
    struct bytes was = file_read(rig->path);
    if (geteuid() == 0) {
        assert_int_equal(chmod(rig->folder, 0755), 0);
        assert_int_equal(as_nobody(rig), STORE_OWNER);
        assert_int_equal(chown(rig->path, NOBODY, NOBODY), 0);
        assert_int_equal(rig_try(rig), STORE_OWNER);
        assert_int_equal(chown(rig->folder, NOBODY, NOBODY), 0);
    }
    assert_int_equal(chmod(rig->path, 0400), 0);
    assert_int_equal(as_nobody(rig), STORE_READ_ONLY);
    assert_int_equal(chmod(rig->path, 0600), 0);
    assert_int_equal(chmod(rig->folder, 0500), 0);
    assert_int_equal(as_nobody(rig), STORE_READ_ONLY);
    assert_true(file_is(rig->path, &was));
    assert_int_equal(chmod(rig->folder, 0700), 0);
    assert_int_equal(unlink(rig->path), 0);
    assert_int_equal(chmod(rig->folder, 0500), 0);
    assert_int_equal(as_nobody(rig), STORE_READ_ONLY);
    assert_int_equal(chmod(rig->folder, 0000), 0);
    assert_int_not_equal(as_nobody(rig), STORE_FINE);
    assert_int_equal(chmod(rig->folder, 0700), 0);
    free(was.bytes);
}

/* ---- damage ---- */

static void what_is_no_database_is_kept_aside(void **state)
{
    struct rig *rig = *state;
    static const char text[] = "this is my diary and no database, but you may have it renamed";
    struct bytes was = {(uint8_t *)(uintptr_t)text, sizeof text};
    char first[256] = "";
    for (int i = 0; i < 3; i++) {
        file_write(rig->path, text, sizeof text);
        file_write(beside(rig, "-wal"), "stale", 5);
        rig_open(rig);
        assert_non_null(rig->start.aside);
        assert_non_null(strstr(rig->start.aside, ".corrupt-2023-11-1"));
        assert_true(file_is(rig->start.aside, &was));
        assert_string_not_equal(rig->start.aside, first);
        snprintf(first, sizeof first, "%s-wal", rig->start.aside);
        assert_int_equal(access(first, F_OK), 0);
        snprintf(first, sizeof first, "%s", rig->start.aside);
        assert_int_equal(store_reader_check(rig->reader), STORE_FINE);
        rig_close(rig);
    }
}

static void sql_run(const struct rig *rig, const char *sql)
{
    sqlite3 *handle;
    assert_int_equal(sqlite3_open(rig->path, &handle), SQLITE_OK);
    if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sqlite3_errmsg(handle), sql);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

/* What a node would die of, or its links end by, is found out before it is there. */
static void rows_that_cannot_be_are_kept_aside(void **state)
{
    struct rig *rig = *state;
    static const char *const harms[] = {
        /* the same author once more, as text; and the same log */
        "INSERT INTO authors(author) SELECT CAST(author AS TEXT) FROM authors LIMIT 1;"
        "INSERT INTO logs SELECT NULL, (SELECT max(id) FROM authors), epoch, low, high, floor, "
        "head,"
        " head_hlc, lowest, oldest_hlc, top, entries, bytes, start, below, first, last, named,"
        " named_seq FROM logs LIMIT 1",
        "UPDATE logs SET low=high+1",
        "UPDATE logs SET head=x'00'",
        "INSERT INTO acks SELECT a.author, a.author, epoch, 0, 3, head, zeroblob(64), 1800000000000"
        " FROM logs l JOIN authors a ON a.id=l.author",
        "INSERT INTO acks SELECT a.author, a.author, epoch, 3, 2, head, zeroblob(64), 1800000000000"
        " FROM logs l JOIN authors a ON a.id=l.author",
        "INSERT INTO acks SELECT a.author, a.author, epoch, 1, -1, head, zeroblob(64), "
        "1800000000000"
        " FROM logs l JOIN authors a ON a.id=l.author",
    };
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
        filled(rig, 3);
        sql_run(rig, harms[i]);
        rig_open(rig);
        assert_non_null(rig->start.aside);
        assert_int_equal(rig->start.saved.log_count, 0);
        rig_close(rig);
        assert_int_equal(unlink(rig->path), 0);
    }
}

static void a_truncated_file_is_found_out(void **state)
{
    struct rig *rig = *state;
    filled(rig, 200);
    struct bytes whole = file_read(rig->path);
    const size_t sizes[] = {
        1, 15, 99, 100, 511, 4096, 4097, 20000, whole.size / 2, whole.size - 4096};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct bytes part = {whole.bytes, sizes[i]};
        file_write(rig->path, part.bytes, part.size);
        enum store_fault fault = rig_try(rig);
        assert_int_equal(fault, STORE_FINE);
        if (rig->start.aside) {
            assert_true(file_is(rig->start.aside, &part));
        } else { /* what a start reads was there: the check finds the rest */
            assert_int_equal(store_reader_open(&rig->settings, &rig->reader), STORE_FINE);
            assert_int_equal(store_reader_check(rig->reader), STORE_CORRUPT);
            char *aside = NULL;
            rig_close(rig);
            assert_int_equal(store_set_aside(rig->path, RIG_WALL, &aside), STORE_FINE);
            free(aside);
            rig_open(rig);
            assert_int_equal(rig->start.saved.log_count, 0);
        }
        rig_close(rig);
        unlink(rig->path);
    }
    free(whole.bytes);
}

/* All that can be asked; nothing that comes back is other than what was signed. */
static void ask_everything(struct rig *rig, struct entry *const *log, size_t count)
{
    struct store_answer answer;
    struct frame_range range = rig_range(log[0], 1, count);
    (void)rig_load(rig, EFFECT_LOAD, &range, &answer);
    for (size_t i = 0; i < answer.event.read.count; i++) {
        uint64_t seq = answer.event.read.entries[i]->fields.seq;
        assert_true(seq >= 1 && seq <= count);
        if (i + 1 < answer.event.read.count) /* the last one has nothing above it to prove it */
            assert_true(hash_equal(&answer.event.read.entries[i]->hash, &log[seq - 1]->hash));
    }
    store_answer_done(&answer);
    (void)rig_load(rig, EFFECT_LOAD_FORK, &range, &answer);
    store_answer_done(&answer);
    rig_query(
        rig,
        &(struct node_query){
            .kind = QUERY_UP, .conversation = "#everyone", .at = {.key = UINT64_MAX}, .count = 50},
        &answer);
    store_answer_done(&answer);
    rig_query(
        rig,
        &(struct node_query){
            .kind = QUERY_SEARCH, .conversation = "", .count = 50, .words = span_text("hola")},
        &answer);
    store_answer_done(&answer);
    store_read_untried(rig->reader, store_untried(rig->store), &answer);
    store_answer_done(&answer);
    enum store_fault fault = store_reader_check(rig->reader);
    assert_true(fault == STORE_FINE || fault == STORE_CORRUPT);
}

static void flipped_bits_never_crash_and_never_lie(void **state)
{
    struct rig *rig = *state;
    enum { COUNT = 60, FLIPS = 300 };
    static struct entry *log[COUNT + 1];
    uint64_t chance = 12345;
    size_t asides = 0, refused = 0;
    make_log(&rig->bruno, 1, log, COUNT + 1, &signer_fake);
    filled(rig, COUNT);
    struct bytes whole = file_read(rig->path);
    for (int i = 0; i < FLIPS; i++) {
        chance = chance * UINT64_C(6364136223846793005) + 1442695040888963407;
        size_t at = i < 100 ? (size_t)i : (size_t)(chance >> 20) % whole.size;
        uint8_t bit = (uint8_t)(1u << (chance >> 61));
        whole.bytes[at] ^= bit;
        file_write(rig->path, whole.bytes, whole.size);
        enum store_fault fault = rig_try(rig);
        if (fault == STORE_FINE && !rig->start.aside) {
            assert_int_equal(store_reader_open(&rig->settings, &rig->reader), STORE_FINE);
            ask_everything(rig, log, COUNT);
            (void)rig_store(rig, &log[COUNT], 1);
            (void)store_tidy(rig->store, RIG_WALL);
        } else if (fault != STORE_FINE) {
            refused++;
            assert_true(file_is(rig->path, &whole));
        } else {
            asides++;
            assert_true(file_is(rig->start.aside, &whole));
        }
        rig_close(rig);
        unlink(rig->path);
        unlink(beside(rig, "-wal"));
        whole.bytes[at] ^= bit;
    }
    assert_true(asides > 5);
    assert_true(refused > 0); /* flips that make it another program's, or a newer one's */
    free(whole.bytes);
    drop_log(log, COUNT + 1);
}

/* SQLite has no checksum of what lies in its rows: the chain of the log is one. */
static void an_altered_word_is_not_passed_on(void **state)
{
    struct rig *rig = *state;
    filled(rig, 20);
    struct bytes whole = file_read(rig->path);
    for (size_t i = 0; i + 4 < whole.size; i++)
        if (memcmp(whole.bytes + i, "hola", 4) == 0)
            whole.bytes[i] = 'b';
    file_write(rig->path, whole.bytes, whole.size);
    free(whole.bytes);
    rig_open(rig);
    assert_int_equal(store_reader_check(rig->reader), STORE_FINE);
    struct entry *log[1];
    struct store_answer answer;
    make_log(&rig->bruno, 1, log, 1, &signer_fake);
    struct frame_range range = rig_range(log[0], 1, 20);
    assert_int_equal(rig_load(rig, EFFECT_LOAD, &range, &answer), 0);
    assert_int_equal(answer.fault, STORE_CORRUPT);
    store_answer_done(&answer);
    drop_log(log, 1);
}

/* ---- versions ---- */

static const char second_version[] =
    "ALTER TABLE entries ADD COLUMN colour TEXT; CREATE TABLE novelties(id INTEGER PRIMARY KEY)";

/* One more than there are. */
static struct store_versions versions_with(const char *list[8], const char *next)
{
    assert_true(store_migration_count < 8);
    for (size_t i = 0; i < store_migration_count; i++)
        list[i] = NULL; /* they are there already */
    list[store_migration_count] = next;
    return (struct store_versions){list, store_migration_count + 1};
}

static void an_older_file_is_copied_and_upgraded(void **state)
{
    struct rig *rig = *state;
    const char *list[8];
    char copy[32];
    struct store_versions versions = versions_with(list, second_version);
    filled(rig, 30);
    assert_int_equal(
        store_open_versions(&rig->settings, &versions, RIG_WALL, &rig->store, &rig->start),
        STORE_FINE);
    assert_non_null(rig->start.backup);
    snprintf(copy, sizeof copy, ".v%zu-2023-11-1", store_migration_count);
    assert_non_null(strstr(rig->start.backup, copy));
    assert_int_equal(rig->start.saved.log_count, 1);
    assert_int_equal(rig->start.saved.logs[0].log.high, 30);
    assert_int_equal(db_number(&rig->store->db, 0, "PRAGMA user_version"),
                     store_migration_count + 1);
    char backup[256];
    snprintf(backup, sizeof backup, "%s", rig->start.backup);
    rig_close(rig);
    refused_untouched(rig, STORE_NEWER); /* by the program of the version before */
    rig->settings.path = backup;
    rig_open(rig);
    assert_int_equal(rig->start.saved.logs[0].log.high, 30);
    assert_int_equal(store_reader_check(rig->reader), STORE_FINE);
}

/* Of the first version, which knew addresses, and not how well they did. */
static void people_of_the_first_version_are_kept(void **state)
{
    struct rig *rig = *state;
    struct node_effect effect = {.kind = EFFECT_STORE_PERSON};
    struct person_saved *person = &effect.person.person;
    person->id = rig->bruno.id;
    person->name = span_text("Bruno");
    person->address_count = 2;
    person->addresses[0].address.port = 9999;
    person->addresses[1] = (struct person_address){{{1}, 9998}, 7, 8, 9, 10};
    filled(rig, 3);
    rig_open(rig);
    assert_int_equal(rig_effect(rig, &effect), STORE_FINE);
    db_script(&rig->store->db, "ALTER TABLE people DROP COLUMN tries; DROP TABLE locals;"
                               "DROP TABLE owed; DROP TABLE indexed; PRAGMA user_version=1");
    rig_again(rig);
    assert_non_null(rig->start.backup);
    assert_int_equal(rig->start.saved.person_count, 1);
    person = (struct person_saved *)(uintptr_t)&rig->start.saved.people[0].person;
    assert_int_equal(person->address_count, 2);
    assert_int_equal(person->addresses[1].address.port, 9998);
    assert_int_equal(person->addresses[1].at, 7);
    assert_int_equal(person->addresses[1].since, 0);
    assert_int_equal(person->addresses[1].failed, 0);
    assert_int_equal(person->addresses[1].worked, 0);
    assert_int_equal(rig_effect(rig, &effect), STORE_FINE);
    rig_again(rig);
    assert_int_equal(rig->start.saved.people[0].person.addresses[1].failed, 9);
}

static void an_upgrade_that_fails_changes_nothing(void **state)
{
    struct rig *rig = *state;
    const char *list[8];
    struct store_versions versions =
        versions_with(list, "CREATE TABLE novelties(x); INSERT INTO nowhere VALUES(1)");
    filled(rig, 30);
    assert_int_equal(
        store_open_versions(&rig->settings, &versions, RIG_WALL, &rig->store, &rig->start),
        STORE_FAILED);
    rig_open(rig);
    assert_int_equal(rig->start.saved.logs[0].log.high, 30);
    assert_int_equal(db_number(&rig->store->db, 9,
                               "SELECT count(*) FROM sqlite_schema"
                               " WHERE name='novelties'"),
                     0);
}

/* ---- words ---- */

static void every_fault_has_its_sentence(void **state)
{
    (void)state;
    char text[MESSAGE_TEXT_BYTES];
    for (int i = STORE_FULL; i <= STORE_STOPPED; i++) {
        struct message message = store_message((enum store_fault)i, "/where/tertulia.db");
        assert_true(message_text(&message, NULL, text, sizeof text) > 10);
        assert_non_null(strstr(text, "/where/tertulia.db"));
        assert_null(strstr(text, "%"));
    }
}

int main(void)
{
    core_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_file_is_for_us_alone, begin, end),
        cmocka_unit_test_setup_teardown(an_empty_file_is_a_new_one, begin, end),
        cmocka_unit_test_setup_teardown(the_database_of_another_program_is_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_newer_file_is_refused_politely, begin, end),
        cmocka_unit_test_setup_teardown(another_mesh_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_folder_or_a_pipe_is_no_file, begin, end),
        cmocka_unit_test_setup_teardown(whoever_may_not_write_is_told_so, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_database_is_kept_aside, begin, end),
        cmocka_unit_test_setup_teardown(rows_that_cannot_be_are_kept_aside, begin, end),
        cmocka_unit_test_setup_teardown(a_truncated_file_is_found_out, begin, end),
        cmocka_unit_test_setup_teardown(flipped_bits_never_crash_and_never_lie, begin, end),
        cmocka_unit_test_setup_teardown(an_altered_word_is_not_passed_on, begin, end),
        cmocka_unit_test_setup_teardown(an_older_file_is_copied_and_upgraded, begin, end),
        cmocka_unit_test_setup_teardown(people_of_the_first_version_are_kept, begin, end),
        cmocka_unit_test_setup_teardown(an_upgrade_that_fails_changes_nothing, begin, end),
        cmocka_unit_test(every_fault_has_its_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
