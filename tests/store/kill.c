/* A writer is killed at moments that nobody chose, again and again over one file: all that it said
 * was stored is there, in order and without a gap, the file opens, and no number is used twice.
 * Speaks TAP.
 *
 *     store_kill [ROUNDS [SEED]]
 *
 * Each round is a life of the program: it opens the file, goes on with its log as it finds it, and
 * every third time begins another epoch; it says over a pipe what was done, and dies. */
#include "tests/store/facts.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { LIVES = 50, GROUP_MOST = 12 };

/* What the writer says of each commit. */
struct word {
    uint8_t epoch;
    uint64_t high;
    struct hash head;
};

struct story {
    struct rig rig;
    uint64_t chance;
    uint8_t epoch;
    uint64_t said[256]; /* of each epoch, as far as the writer said that it was stored */
    struct hash heads[256];
    uint64_t words;
};

static uint64_t draw(struct story *story, uint64_t below)
{
    story->chance = story->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (story->chance >> 33) % below;
}

/* ---- the writer ---- */

static struct entry_tip tip_find(const struct rig *rig, uint8_t epoch)
{
    struct entry_tip tip = {.epoch = make_epoch(epoch)};
    for (size_t i = 0; i < rig->start.saved.log_count; i++) {
        const struct log *log = &rig->start.saved.logs[i].log;
        if (epoch_equal(&log->epoch, &tip.epoch) && log->high)
            tip = (struct entry_tip){log->epoch, log->high, log->head};
    }
    return tip;
}

static void trim_now_and_then(struct rig *rig, const struct entry *entry)
{
    struct sync_effect sync = {
        .kind = SYNC_TRIM,
        .trim = {.author = entry->fields.author, .epoch = entry->fields.epoch, .entries = 3}};
    const struct node_effect effect = {.kind = EFFECT_TRIM, .sync = &sync};
    if (entry->fields.seq % 50 == 0 && rig_effect(rig, &effect) != STORE_FINE)
        _exit(3);
}

/* Until somebody kills it. */
static void writer_run(struct story *story, int out)
{
    struct rig *rig = &story->rig;
    if (rig_try(rig) != STORE_FINE || rig->start.aside)
        _exit(2);
    struct entry_tip tip = tip_find(rig, story->epoch);
    for (;;) {
        static struct rig_batch batch;
        size_t count = 1 + draw(story, GROUP_MOST);
        memset(&batch, 0, sizeof batch);
        for (size_t i = 0; i < count; i++) {
            char text[64];
            snprintf(text, sizeof text, "hola %llu", (unsigned long long)draw(story, 1000000));
            struct entry *entry = make_say(&rig->ana, &tip, text, &signer_fake);
            rig_add(&batch, entry, SYNC_PLACE_ABOVE);
            tip = entry_tip(entry);
        }
        batch.effect.store.own = true;
        if (rig_write(rig, &batch) != STORE_FINE)
            _exit(3);
        struct word word;
        memset(&word, 0, sizeof word);
        word.epoch = story->epoch;
        word.high = tip.seq;
        word.head = tip.hash;
        if (write(out, &word, sizeof word) != sizeof word)
            _exit(4);
        trim_now_and_then(rig, batch.records[count - 1].entry);
        for (size_t i = 0; i < count; i++)
            entry_drop(batch.records[i].entry);
    }
}

/* ---- who kills ---- */

static void words_take(struct story *story, int in)
{
    struct word word;
    while (read(in, &word, sizeof word) == sizeof word) {
        story->said[word.epoch] = word.high;
        story->heads[word.epoch] = word.head;
        story->words++;
    }
}

/* What is being tested here is time, so this waits by the clock: somewhere within the opening, a
 * commit or a checkpoint. */
static void life_end(struct story *story, pid_t child)
{
    struct timespec span = {.tv_nsec = (long)(200000 + draw(story, 80000000))};
    nanosleep(&span, NULL);
    kill(child, SIGKILL);
}

static const char *life(struct story *story)
{
    int ends[2], status;
    if (pipe(ends) != 0)
        die("no pipe");
    if (draw(story, 3) == 0)
        story->epoch++;
    uint64_t chance = draw(story, UINT32_MAX);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        story->chance = chance;
        writer_run(story, ends[1]);
    }
    close(ends[1]);
    life_end(story, child);
    words_take(story, ends[0]);
    close(ends[0]);
    if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
        return "the writer ended by itself";
    return NULL;
}

/* The file as the next life finds it. */
static const char *file_check(struct story *story, bool all)
{
    struct rig *rig = &story->rig;
    if (rig_try(rig) != STORE_FINE || store_reader_open(&rig->settings, &rig->reader) != STORE_FINE)
        return "it does not open any more";
    const char *wrong = rig->start.aside ? "it was taken for a corrupt one" : NULL;
    if (all && !wrong)
        wrong = facts_fail(rig);
    for (size_t epoch = 0; epoch < 256 && !wrong; epoch++) {
        struct entry_tip tip = tip_find(rig, (uint8_t)epoch);
        if (tip.seq < story->said[epoch])
            wrong = "what was stored is gone";
        else if (tip.seq == story->said[epoch] && tip.seq &&
                 !hash_equal(&tip.hash, &story->heads[epoch]))
            wrong = "a number was used twice";
        story->said[epoch] = tip.seq; /* the rest was done, and nobody lived to say so */
        story->heads[epoch] = tip.hash;
    }
    return wrong;
}

/* Each entry follows the one below it: what a peer would be given proves itself. */
static const char *chains_check(struct story *story)
{
    struct rig *rig = &story->rig;
    for (size_t i = 0; i < rig->start.saved.log_count; i++) {
        const struct node_saved_log *log = &rig->start.saved.logs[i];
        struct frame_range range = {log->author, log->log.epoch, log->log.low, log->log.high};
        while (range.low <= range.high) {
            struct store_answer answer;
            size_t count = rig_load(rig, EFFECT_LOAD, &range, &answer);
            enum store_fault fault = answer.fault;
            range.low += count;
            store_answer_done(&answer);
            if (count == 0 || fault != STORE_FINE)
                return "a log has a hole, or is no chain";
        }
    }
    return NULL;
}

int main(int count, char **words)
{
    static struct story story;
    unsigned long lives = count > 1 ? strtoul(words[1], NULL, 10) : LIVES;
    story.chance = count > 2 ? strtoull(words[2], NULL, 10) : 1;
    const char *wrong = NULL;
    core_start();
    rig_init(&story.rig);
    unsigned long done = 0;
    for (; done < lives && !wrong; done++) {
        bool all = done % 10 == 0 || done + 1 == lives;
        wrong = life(&story);
        if (!wrong)
            wrong = file_check(&story, all);
        if (!wrong && all)
            wrong = chains_check(&story);
        rig_close(&story.rig);
    }
    if (wrong)
        printf("# life %lu: %s\n", done, wrong);
    printf("%s 1 - %lu lives ended by kill -9, %llu commits told of\n1..1\n",
           wrong ? "not ok" : "ok", done, (unsigned long long)story.words);
    rig_done(&story.rig);
    return wrong != NULL;
}
