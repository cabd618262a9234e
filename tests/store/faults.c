/* Everything that a disk or a memory can do wrong, at each call where it can: nothing crashes, no
 * batch is there by half, what was called done is there, and what failed is not. Speaks TAP.
 *
 *     store_faults [POINTS]
 *
 * POINTS: how many calls of each kind fail in turn; from the first one on, all of them are tried.
 */
#include "tests/store/facts.h"
#include "tests/store/faulty.h"

#include <glob.h>
#include <limits.h>

enum { BATCHES = 6, ENTRIES = 4 };

struct story {
    struct rig rig;
    struct entry *logs[BATCHES][ENTRIES];
    struct entry *other; /* of a fork of the first log */
    bool done[BATCHES];
    bool opened;
};

static void story_begin(struct story *story)
{
    memset(story, 0, sizeof *story);
    rig_init(&story->rig);
    for (size_t i = 0; i < BATCHES; i++)
        make_log(&story->rig.bruno, (uint8_t)(i + 1), story->logs[i], ENTRIES, &signer_fake);
    struct entry_tip below = entry_tip(story->logs[0][1]);
    story->other = make_say(&story->rig.bruno, &below, "hola, otra vez", &signer_fake);
}

static void story_end(struct story *story)
{
    for (size_t i = 0; i < BATCHES; i++)
        drop_log(story->logs[i], ENTRIES);
    entry_drop(story->other);
    rig_done(&story->rig);
}

/* ---- what is done while things fail ---- */

/* A log of its own, with a setting beside it: both or none. */
static void batch_write(struct story *story, size_t i)
{
    static struct rig_batch batch;
    char key[16];
    snprintf(key, sizeof key, "batch%zu", i);
    memset(&batch, 0, sizeof batch);
    for (size_t j = 0; j < ENTRIES; j++)
        rig_add(&batch, story->logs[i][j], SYNC_PLACE_ABOVE);
    struct store_write writes[] = {{.keep = {STORE_SETTING, key, span_text("x")}},
                                   rig_batch_write(&batch)};
    enum store_fault fault = store_write(story->rig.store, RIG_WALL, writes, 2);
    story->done[i] = writes[1].done;
    if (writes[1].done != (fault == STORE_FINE) ||
        writes[1].answer.kind != (writes[1].done ? EVENT_STORED : EVENT_STORE_FAILED))
        die("an answer that is none");
    if (fault != STORE_FINE && !store_is_halted(story->rig.store))
        die("a store that goes on as if nothing were");
    store_resume(story->rig.store);
}

static void notes_write(struct story *story)
{
    struct rig *rig = &story->rig;
    struct entry *two[] = {story->logs[0][2], story->other};
    struct sync_effect fork = {.kind = SYNC_STORE_FORK, .count = 2, .entries = two};
    struct sync_effect trim = {
        .kind = SYNC_TRIM,
        .trim = {.author = rig->bruno.id, .epoch = story->logs[1][0]->fields.epoch, .entries = 2}};
    struct whisper whisper = {.kind = ENTRY_SAY, .text = span_text("hola"), .reader_count = 1};
    whisper.readers[0] = rig->ana.id;
    struct person_saved bruno = {.id = rig->bruno.id, .name = span_text("bruno")};
    struct ack ack = {.acker = rig->bruno.id, .author = rig->ana.id, .low = 1, .high = 7};
    struct node_effect effects[] = {
        {.kind = EFFECT_STORE_FORK, .sync = &fork},
        {.kind = EFFECT_TRIM, .sync = &trim},
        {.kind = EFFECT_STORE_OPENED,
         .opened = {.ref = entry_place(story->logs[2][1]),
                    .sealed = NODE_OPENED,
                    .conversation = "@ana",
                    .whisper = &whisper}},
        {.kind = EFFECT_STORE_PERSON},
        {.kind = EFFECT_STORE_ROOM, .room = {.conversation = "#lab", .topic = "t"}},
        {.kind = EFFECT_STORE_MEMBER, .member = {.room = "#lab", .who = rig->bruno.id}},
        {.kind = EFFECT_STORE_SELF, .self = {.name = "ana", .why = ""}},
        {.kind = EFFECT_STORE_ACKS, .acks = {1, &ack}},
    };
    effects[3].person.person = bruno;
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
        enum store_fault fault = rig_effect(rig, &effects[i]);
        if (fault == STORE_CORRUPT || fault == STORE_GAP)
            die("a fault of the disk is taken for another: %d", (int)fault);
        store_resume(rig->store);
    }
    (void)store_tidy(rig->store, RIG_WALL);
    if (!store_has_room(rig->store))
        store_resume(rig->store);
}

static void questions_ask(struct story *story)
{
    struct rig *rig = &story->rig;
    struct store_answer answer;
    struct frame_range range = rig_range(story->logs[3][0], 1, ENTRIES);
    (void)rig_load(rig, EFFECT_LOAD, &range, &answer);
    store_answer_done(&answer);
    range = rig_range(story->logs[0][0], 1, ENTRIES);
    (void)rig_load(rig, EFFECT_LOAD_FORK, &range, &answer);
    store_answer_done(&answer);
    rig_query(
        rig,
        &(struct node_query){
            .kind = QUERY_UP, .conversation = "#everyone", .at = {.key = UINT64_MAX}, .count = 5},
        &answer);
    store_answer_done(&answer);
    rig_query(rig,
              &(struct node_query){.kind = QUERY_SEARCH,
                                   .conversation = "",
                                   .count = 5,
                                   .words = span_text("hola from:bruno in:#everyone")},
              &answer);
    store_answer_done(&answer);
    store_read_untried(rig->reader, store_untried(rig->store), &answer);
    store_answer_done(&answer);
}

/* With a fault somewhere in it, twice opened. */
static void story_run(struct story *story)
{
    struct rig *rig = &story->rig;
    for (size_t half = 0; half < 2; half++) {
        if (rig_try(rig) == STORE_FINE) {
            story->opened = true;
            for (size_t i = 0; i < BATCHES / 2; i++)
                batch_write(story, half * BATCHES / 2 + i);
            if (store_reader_open(&rig->settings, &rig->reader) == STORE_FINE) {
                if (half)
                    notes_write(story);
                questions_ask(story);
            }
        }
        rig_close(rig);
    }
}

/* ---- what is true afterwards ---- */

static bool aside_stands(const struct rig *rig)
{
    char pattern[128];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*.corrupt-*", rig->folder);
    bool stands = glob(pattern, 0, NULL, &found) == 0;
    globfree(&found);
    return stands;
}

static bool setting_stands(const struct rig *rig, size_t i)
{
    char key[16];
    snprintf(key, sizeof key, "batch%zu", i);
    for (size_t j = 0; j < rig->start.kept_count; j++)
        if (strcmp(rig->start.kept[j].key, key) == 0)
            return true;
    return false;
}

/* NULL, or what went wrong. */
static const char *story_check(struct story *story, enum faulty_mode mode)
{
    struct rig *rig = &story->rig;
    if (aside_stands(rig))
        return "a good file was put aside";
    if (rig_try(rig) != STORE_FINE || store_reader_open(&rig->settings, &rig->reader) != STORE_FINE)
        return "it does not open any more";
    const char *wrong = facts_fail(rig);
    for (size_t i = 0; i < BATCHES && !wrong; i++) {
        const struct node_saved_log *log = rig_log(rig, story->logs[i][0]);
        size_t stored = log ? log->log.entries : 0;
        bool there = setting_stands(rig, i);
        if (stored != (there ? ENTRIES : 0) && !(i == 1 && stored == ENTRIES - 2))
            wrong = "half of a batch";
        else if (story->done[i] && !there)
            wrong = "what was done is gone";
        else if (!story->done[i] && there && mode != FAULTY_DEAD)
            wrong = "what failed is there"; /* a disk that dies may have written before it did */
    }
    return wrong;
}

static bool point_try(enum faulty_mode mode, unsigned at, const char **wrong)
{
    static struct story story;
    story_begin(&story);
    long before = faulty_memory();
    faulty_set(mode, at);
    story_run(&story);
    bool hit = faulty_end();
    *wrong = faulty_memory() == before ? story_check(&story, mode) : "SQLite's memory leaks";
    story_end(&story);
    return hit;
}

/* Of one story in which none of them fails. */
static unsigned calls_count(enum faulty_mode mode)
{
    const char *wrong;
    (void)point_try(mode, UINT_MAX, &wrong);
    if (wrong)
        die("without any fault: %s", wrong);
    return faulty_calls();
}

/* What is announced is synced before it is called done; a draft waits for the next that is. */
static bool syncs_fit(void)
{
    static struct story story;
    story_begin(&story);
    rig_open(&story.rig);
    batch_write(&story, 0);
    unsigned before = faulty_syncs();
    batch_write(&story, 1);
    bool entries = faulty_syncs() > before;
    struct store_write draft = {.keep = {STORE_DRAFT, "#lab", span_text("x")}};
    before = faulty_syncs();
    bool fine = store_write(story.rig.store, RIG_WALL, &draft, 1) == STORE_FINE;
    bool drafts = faulty_syncs() > before;
    before = faulty_syncs();
    batch_write(&story, 2);
    entries = entries && faulty_syncs() > before;
    story_end(&story);
    return fine && entries && !drafts;
}

int main(int count, char **words)
{
    static const struct {
        enum faulty_mode mode;
        const char *name;
    } modes[] = {{FAULTY_ERROR, "an I/O error"},       {FAULTY_DEAD, "a disk that dies"},
                 {FAULTY_SHORT, "a short write"},      {FAULTY_FULL, "a full disk"},
                 {FAULTY_MEMORY, "too little memory"}, {FAULTY_STARVED, "no memory any more"}};
    unsigned points = count > 1 ? (unsigned)strtoul(words[1], NULL, 10) : UINT_MAX;
    unsigned all = 0, failed = 0;
    core_start();
    faulty_start();
    printf("1..%zu\n", sizeof modes / sizeof *modes + 1);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        const char *wrong = NULL;
        unsigned calls = calls_count(modes[i].mode), tried = 0;
        unsigned step = points < calls ? calls / points : 1;
        unsigned at = 1;
        for (; at <= calls && !wrong; at += step, tried++)
            (void)point_try(modes[i].mode, at, &wrong);
        if (wrong)
            printf("# at call %u: %s\n", at - step, wrong);
        printf("%s %zu - %s at %u of %u calls\n", wrong ? "not ok" : "ok", i + 1, modes[i].name,
               tried, calls);
        fflush(stdout);
        failed += wrong != NULL;
        all += tried;
    }
    bool synced = syncs_fit();
    printf("%s %zu - entries are synced, drafts are not\n", synced ? "ok" : "not ok",
           sizeof modes / sizeof *modes + 1);
    failed += !synced;
    printf("# %u points\n", all);
    return failed != 0;
}
