/* How fast the store is, beside SQLite without it: the same rows into the same tables, at the same
 * durability, in the same groups, by turns in one run. Prints TAP; `# ` lines are the figures.
 *
 *     store_bench [ENTRIES [FOLDER]]
 *     store_bench --raw ENTRIES AUTHORS [BYTES-OF-A-LINE]
 *
 * FOLDER keeps the filled file, for a second run. */
#include "base/alloc.h"
#include "core/room.h"
#include "dialect/native.h"
#include "store/store_parts.h"
#include "tests/bench/said.h"
#include "tests/sim/signer_fake.h"
#include "tests/unit/make.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    AUTHORS = 100,
    EPOCHS = 20, /* of each, so that a start has 2,000 logs to read */
    GROUP = 100,
    TURNS = 100,
};

static const uint64_t first_ms = UINT64_C(1700000000000);

struct bench {
    char folder[1024];
    char path[1100];
    char raw_path[1100];
    struct store_settings settings;
    struct said said;
    size_t total; /* entries to begin with */
    struct store *store;
    size_t test;
    bool failed;
};

/* ---- figures ---- */

static double now_ms(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at); /* banned elsewhere: a bench is about the clock */
    return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

/* Of this thread: what a busy machine cannot blur. */
static double cpu_ms(void)
{
    struct timespec at;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at); /* banned elsewhere: a bench is about the clock */
    return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static int double_order(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static double median(double *list, size_t count)
{
    qsort(list, count, sizeof *list, double_order);
    return list[count / 2];
}

static void check(struct bench *bench, bool fine, const char *what, double figure, double most)
{
    bench->test++;
    bench->failed = bench->failed || !fine;
    printf("%s %zu - %s: %.2f (target %.2f)\n", fine ? "ok" : "not ok", bench->test, what, figure,
           most);
    fflush(stdout);
}

static void at_most(struct bench *bench, const char *what, double figure, double most)
{
    check(bench, figure <= most, what, figure, most);
}

static double group_store(struct bench *bench, struct said_group *group)
{
    struct store_write write = {.effect = &group->effect};
    double begin = now_ms();
    if (store_write(bench->store, first_ms, &write, 1) != STORE_FINE)
        die("nothing can be stored");
    free(write.held);
    return now_ms() - begin;
}

/* ---- SQLite alone ---- */

struct raw {
    sqlite3 *handle;
    sqlite3_stmt *begin, *commit, *entry, *line, *text;
    sqlite3_int64 place;
};

static sqlite3_stmt *raw_statement(struct raw *raw, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(raw->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK)
        die("%s: %s", sql, sqlite3_errmsg(raw->handle));
    return statement;
}

static void raw_open(struct raw *raw, const char *path)
{
    if (sqlite3_open_v2(path, &raw->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        die("no raw file");
    sqlite3_exec(raw->handle, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", NULL, NULL, NULL);
    raw->begin = raw_statement(raw, "BEGIN IMMEDIATE");
    raw->commit = raw_statement(raw, "COMMIT");
    raw->entry = raw_statement(raw, "INSERT INTO entries VALUES(NULL,?,?,?,?,?,?,?,?,?,?,NULL)");
    raw->line = raw_statement(raw, "INSERT INTO lines VALUES(?,?,?,?,?,?,?)");
    raw->text = raw_statement(raw, "INSERT INTO texts(rowid,text,tags,guest) VALUES(?,?,?,?)");
}

static void raw_step(struct raw *raw, sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE)
        die("raw: %s", sqlite3_errmsg(raw->handle));
    sqlite3_reset(statement);
}

static void raw_entry(struct raw *raw, const struct node_record *record, struct span text,
                      size_t log)
{
    const struct entry_fields *fields = &record->entry->fields;
    const sqlite3_int64 numbers[] = {(sqlite3_int64)log,
                                     raw->place >> 4,
                                     (sqlite3_int64)record->key,
                                     (sqlite3_int64)record->start,
                                     (sqlite3_int64)record->received,
                                     1,
                                     0,
                                     1,
                                     raw->place};
    for (int i = 0; i < 9; i++)
        sqlite3_bind_int64(raw->entry, i + 1, numbers[i]);
    sqlite3_bind_blob(raw->entry, 10, record->entry->bytes, (int)entry_weight(record->entry),
                      SQLITE_STATIC);
    raw_step(raw, raw->entry);
    struct order order = order_of(fields, record->key, record->start);
    struct line_at at = line_at(&order);
    const uint64_t line[] = {1 + log % SAID_ROOMS,
                             at.key,
                             at.author,
                             at.start,
                             at.epoch,
                             at.seq,
                             (uint64_t)sqlite3_last_insert_rowid(raw->handle)};
    for (int i = 0; i < 7; i++)
        sqlite3_bind_int64(raw->line, i + 1, (sqlite3_int64)line[i]);
    raw_step(raw, raw->line);
    char tags[48];
    int size = snprintf(tags, sizeof tags, "a%zu c%zu", log % AUTHORS, 1 + log % SAID_ROOMS);
    sqlite3_bind_int64(raw->text, 1, raw->place);
    sqlite3_bind_text(raw->text, 2, (const char *)text.bytes, (int)text.size, SQLITE_STATIC);
    sqlite3_bind_text(raw->text, 3, tags, size, SQLITE_STATIC);
    sqlite3_bind_text(raw->text, 4, "", 0, SQLITE_STATIC);
    raw_step(raw, raw->text);
    raw->place += 7776 * 16;
}

/* What it needs of a line is at hand before the clock runs. */
static double raw_store(struct raw *raw, const struct said_group *group)
{
    size_t count = group->effect.store.count;
    struct body *bodies[SAID_GROUP];
    for (size_t i = 0; i < count; i++)
        bodies[i] = native_codec.body_unpack(ENTRY_SAY, group->records[i].entry->fields.body);
    double begin = now_ms();
    raw_step(raw, raw->begin);
    for (size_t i = 0; i < count; i++) {
        const struct entry_fields *fields = &group->records[i].entry->fields;
        const uint8_t *epoch = fields->epoch.bytes; /* said.c numbers them */
        size_t log = 1000000 + ((size_t)epoch[2] << 16 | (size_t)epoch[1] << 8 | epoch[0]);
        raw_entry(raw, &group->records[i], bodies[i]->say.text, log);
    }
    raw_step(raw, raw->commit);
    double took = now_ms() - begin;
    for (size_t i = 0; i < count; i++)
        free(bodies[i]);
    return took;
}

static void raw_close(struct raw *raw)
{
    sqlite3_stmt *all[] = {raw->begin, raw->commit, raw->entry, raw->line, raw->text};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sqlite3_finalize(all[i]);
    sqlite3_close(raw->handle);
}

static void copy_file(const char *from, const char *to)
{
    static char bytes[1024 * 1024];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t size;
    while ((size = read(in, bytes, sizeof bytes)) > 0)
        if (write(out, bytes, (size_t)size) != size)
            die("no room for a copy");
    fsync(out);
    close(in);
    close(out);
}

/* ---- the measurements ---- */

static void store_begin(struct bench *bench)
{
    struct store_start start;
    enum store_fault fault = store_open(&bench->settings, first_ms, &bench->store, &start);
    if (fault != STORE_FINE)
        die("the store does not open: %d", (int)fault);
    store_start_done(&start);
}

static void fill(struct bench *bench)
{
    static struct said_group group;
    double took = 0;
    store_begin(bench);
    for (size_t left = bench->total; left > 0;) {
        size_t count = left < SAID_GROUP ? left : SAID_GROUP;
        said_group_make(&bench->said, &group, count);
        took += group_store(bench, &group);
        said_group_done(&group);
        left -= count;
    }
    store_close(bench->store);
    printf("# filled with %zu entries: %.0f a second, groups of %d\n", bench->total,
           (double)bench->total / took * 1e3, SAID_GROUP);
    fflush(stdout);
}

/* ms until all that was stored can be found. */
static double make_searchable(struct bench *bench)
{
    double began = now_ms();
    while (!store_is_searchable(bench->store))
        if (store_index(bench->store, first_ms) != STORE_FINE)
            die("the search cannot be made");
    return now_ms() - began;
}

static void commits(struct bench *bench)
{
    static struct said_group groups[TURNS];
    double store[TURNS], raw_took[TURNS], store_all = 0, raw_all = 0;
    double store_cpu = 0, raw_cpu = 0;
    struct raw raw = {0};
    store_begin(bench);
    (void)make_searchable(bench);
    raw_open(&raw, bench->raw_path);
    raw.place = (sqlite3_int64)(first_ms + (bench->said.made + 1) * 7776) << 4;
    for (size_t i = 0; i < TURNS; i++)
        said_group_make(&bench->said, &groups[i], GROUP);
    for (size_t i = 0; i < TURNS; i++) { /* by turns: what is wrong with the machine hits both */
        double before = cpu_ms();
        store_all += store[i] = group_store(bench, &groups[i]);
        double between = cpu_ms();
        raw_all += raw_took[i] = raw_store(&raw, &groups[i]);
        store_cpu += between - before;
        raw_cpu += cpu_ms() - between;
        said_group_done(&groups[i]);
    }
    double before = cpu_ms();
    store_all += make_searchable(bench); /* raw SQLite did it all the while */
    store_cpu += cpu_ms() - before;
    double ratio = raw_all / store_all;
    printf("# a group of %d: %.2f ms, raw %.2f ms (medians); %.0f and %.0f rows a second\n", GROUP,
           median(store, TURNS), median(raw_took, TURNS), TURNS * GROUP * 1e3 / store_all,
           TURNS * GROUP * 1e3 / raw_all);
    printf("# CPU a row: %.1f us, raw %.1f us\n", store_cpu * 1e3 / (TURNS * GROUP),
           raw_cpu * 1e3 / (TURNS * GROUP));
    check(bench, ratio >= 0.8, "commits, of raw SQLite's rate", ratio, 0.8);
    raw_close(&raw);
    store_close(bench->store);
}

static double ask(struct bench *bench, struct store_reader *reader, const struct node_query *query,
                  size_t *count)
{
    enum { RUNS = 21 };
    double took[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        struct node_effect effect = {.kind = EFFECT_QUERY, .query = *query};
        struct store_answer answer;
        double begin = now_ms();
        store_read(reader, &effect, &answer);
        took[i] = now_ms() - begin;
        *count = answer.event.page.count;
        if (answer.fault != STORE_FINE)
            bench->failed = true;
        store_answer_done(&answer);
    }
    return median(took, RUNS);
}

static void searches(struct bench *bench)
{
    static const struct {
        const char *words;
        double most;
    } asked[] = {
        {"aguja", 5},
        {"w19000xa", 5},
        {"tertulia", 30},
        {"w0xa", 30},
        {"w0xa w1xb", 30},
        {"\"w0xa w1xb\"", 100},
        {"tertulia aguja", 30},
        {"tertulia from:p7", 30},
        {"tertulia in:#room3", 30},
        {"from:p7 in:#room3", 30},
        {"tertulia before:2023-12-20", 30},
        {"before:2023-12-20", 30},
        {"w1900*", 30},
    };
    struct store_reader *reader;
    store_begin(bench);
    (void)make_searchable(bench);
    if (store_reader_open(&bench->settings, &reader) != STORE_FINE)
        die("no reader");
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        size_t count;
        char what[128];
        struct node_query query = {.kind = QUERY_SEARCH,
                                   .conversation = "",
                                   .count = 100,
                                   .words = span_text(asked[i].words)};
        double took = ask(bench, reader, &query, &count);
        snprintf(what, sizeof what, "ms to search %s (%zu hits)", asked[i].words, count);
        at_most(bench, what, took, asked[i].most);
    }
    size_t count;
    struct node_query end = {
        .kind = QUERY_UP, .conversation = "#everyone", .at = {.key = UINT64_MAX}, .count = 100};
    at_most(bench, "ms to open a conversation at its end", ask(bench, reader, &end, &count), 5);
    end.at.key = first_ms + bench->total / 2 * 7776;
    at_most(bench, "ms to a page in its middle", ask(bench, reader, &end, &count), 5);
    store_reader_close(reader);
    store_close(bench->store);
}

static long resident_kib(void)
{
    long pages = 0, all = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%ld %ld", &all, &pages) != 2) /* banned elsewhere: two numbers */
        pages = 0;
    if (file)
        fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* In a process of its own, so that its memory is that of a start. */
static void start_once(struct bench *bench, double *took, long *kib)
{
    int ends[2];
    struct {
        double took;
        long kib;
    } result = {0, 0};
    if (pipe(ends) != 0)
        die("no pipe");
    pid_t child = fork();
    if (child == 0) {
        long before = resident_kib();
        double begin = now_ms();
        struct store_start start;
        struct store_reader *reader;
        size_t count;
        if (store_open(&bench->settings, first_ms, &bench->store, &start) != STORE_FINE ||
            store_reader_open(&bench->settings, &reader) != STORE_FINE)
            _exit(1);
        struct node_effect effect = {.kind = EFFECT_QUERY,
                                     .query = {.kind = QUERY_UP,
                                               .conversation = "#everyone",
                                               .at = {.key = UINT64_MAX},
                                               .count = 100}};
        struct store_answer answer;
        store_read(reader, &effect, &answer);
        count = answer.event.page.count;
        result.took = now_ms() - begin;
        result.kib = resident_kib() - before;
        if (count != 100 || write(ends[1], &result, sizeof result) != sizeof result)
            _exit(1);
        _exit(0);
    }
    close(ends[1]);
    if (read(ends[0], &result, sizeof result) != sizeof result)
        bench->failed = true;
    close(ends[0]);
    waitpid(child, NULL, 0);
    *took = result.took;
    *kib = result.kib;
}

static void starts(struct bench *bench)
{
    enum { RUNS = 11 };
    double took[RUNS];
    long kib = 0;
    for (size_t i = 0; i < RUNS; i++)
        start_once(bench, &took[i], &kib);
    at_most(bench, "ms to the first frame's data", median(took, RUNS), 60);
    printf("# memory of the store then: %ld KiB\n", kib);
}

static void sizes(struct bench *bench)
{
    struct stat status;
    struct store_start start;
    if (stat(bench->path, &status) != 0 ||
        store_open(&bench->settings, first_ms, &bench->store, &start) != STORE_FINE)
        die("the file is gone");
    uint64_t bytes = 0;
    for (size_t i = 0; i < start.saved.log_count; i++)
        bytes += start.saved.logs[i].log.bytes;
    printf("# %.1f MB of entries in a file of %.1f MB\n", (double)bytes / 1e6,
           (double)status.st_size / 1e6);
    at_most(bench, "bytes of the file, of the entries' own", (double)status.st_size / (double)bytes,
            2.2);
    struct sync_effect sync = {.kind = SYNC_TRIM,
                               .trim = {.author = start.saved.logs[0].author,
                                        .epoch = start.saved.logs[0].log.epoch,
                                        .before = UINT64_MAX}};
    struct node_effect effect = {.kind = EFFECT_TRIM, .sync = &sync};
    struct store_write write = {.effect = &effect};
    double begin = now_ms();
    if (store_write(bench->store, first_ms, &write, 1) != STORE_FINE)
        bench->failed = true;
    printf("# a trim of %u entries: %.1f ms\n",
           start.saved.logs[0].log.entries - write.answer.trimmed.entries_left, now_ms() - begin);
    store_start_done(&start);
    store_close(bench->store);
}

/* SQLite alone into a new file with our tables, for who measures more than the store: ms, and those
 * of CPU. */
static int raw_alone(struct bench *bench, size_t total)
{
    static struct said_group group;
    struct raw raw = {0};
    double took = 0, used = 0;
    store_begin(bench);
    store_close(bench->store);
    snprintf(bench->raw_path, sizeof bench->raw_path, "%s", bench->path);
    raw_open(&raw, bench->raw_path);
    raw.place = (sqlite3_int64)first_ms << 4;
    for (size_t left = total; left > 0;) {
        size_t count = left < GROUP ? left : GROUP;
        said_group_make(&bench->said, &group, count);
        double before = cpu_ms();
        took += raw_store(&raw, &group);
        used += cpu_ms() - before;
        said_group_done(&group);
        left -= count;
    }
    raw_close(&raw);
    unlink(bench->path);
    rmdir(bench->folder);
    printf("%.3f %.3f\n", took, used);
    return 0;
}

/* ---- in all ---- */

static void bench_init(struct bench *bench, size_t total, size_t authors, const char *folder)
{
    bench->total = total;
    snprintf(bench->folder, sizeof bench->folder, "%s", folder ? folder : "/tmp/bench-XXXXXX");
    if (!folder && !mkdtemp(bench->folder))
        die("no folder");
    snprintf(bench->path, sizeof bench->path, "%s/bench.db", bench->folder);
    snprintf(bench->raw_path, sizeof bench->raw_path, "%s/raw.db", bench->folder);
    said_init(&bench->said, authors, authors == AUTHORS ? EPOCHS : 1, bench->total, &signer_fake);
    bench->settings = (struct store_settings){.path = bench->path,
                                              .net = make_net(),
                                              .self = bench->said.people[0].id,
                                              .codec = &native_codec};
}

static void people_fill(struct bench *bench)
{
    store_begin(bench);
    for (size_t i = 0; i < AUTHORS; i++) {
        char name[16];
        said_name(i, name);
        struct node_effect effect = {
            .kind = EFFECT_STORE_PERSON,
            .person = {.person = {.id = bench->said.people[i].id, .name = span_text(name)}}};
        struct store_write write = {.effect = &effect};
        if (store_write(bench->store, first_ms, &write, 1) != STORE_FINE)
            die("no people");
    }
    store_close(bench->store);
}

int main(int count, char **words)
{
    static struct bench bench;
    struct stat status;
    core_start();
    if (count >= 4 && strcmp(words[1], "--raw") == 0) {
        bench_init(&bench, strtoull(words[2], NULL, 10), strtoull(words[3], NULL, 10), NULL);
        bench.said.line = count > 4 ? strtoull(words[4], NULL, 10) : 0;
        return raw_alone(&bench, bench.total);
    }
    bench_init(&bench, count > 1 ? (size_t)strtoull(words[1], NULL, 10) : 1000000, AUTHORS,
               count > 2 ? words[2] : NULL);
    bool filled = stat(bench.path, &status) == 0;
    if (!filled) {
        fill(&bench);
        people_fill(&bench);
    }
    starts(&bench);
    searches(&bench);
    if (!filled) {
        copy_file(bench.path, bench.raw_path);
        commits(&bench);
        unlink(bench.raw_path);
    }
    sizes(&bench);
    printf("1..%zu\n", bench.test);
    if (count <= 2) {
        unlink(bench.path);
        rmdir(bench.folder);
    }
    return bench.failed;
}
