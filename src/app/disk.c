/* One writer and two readers, each with at most one job under way: entries that sync waits for do
 * not wait for a search. */
#include "app/disk.h"

#include "base/alloc.h"
#include "base/sys.h"
#include "core/room.h"
#include "net/job.h"
#include "net/loop.h"
#include "net/timer.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
    BATCH_ENTRIES = 256, /* DESIGN.md: a commit of some 50 ms at most */
    BATCH_WRITES = 1024, /* of anything: one commit */
    CROWD_ENTRIES = 64,  /* that wait: no more of others' words are waited for, */
    CROWD_MS = 16,       /* nor longer: a whisper is opened when it is stored */
    ROOM_ASK_MS = 2000,  /* between two looks whether there is room again */
    LATE_MAX = 10000,    /* notes that wait for room: more are hours of a busy mesh */
    CHECK_MS = 1000, /* who starts or writes has the disk alone; then the file is looked through, */
    CHECK_BY_MS = 60000, /* or while it is written, where that never ends */
    INDEX_MS = 10000,    /* after the last commit, what is left comes into the search */
    TIDY_MS = 24 * 3600 * 1000,
};

/* One thing to be written or read. */
struct wish {
    struct wish *prev, *next;
    struct node_effect *effect; /* NULL: `keep`, or a look at untried whispers */
    struct store_keep keep;
};

/* What a reader does now. */
struct reading {
    struct disk *disk;
    struct store_reader *reader;
    struct wish *queue;
    struct wish *now;
    struct store_answer answer;
};

enum { READER_LOGS, READER_PAGES, READERS };

struct disk {
    struct loop *loop;
    struct store *store;
    const struct disk_calls *calls;
    void *self;
    struct timer *timer; /* of who waits for room, for more words, the search, and of tidying */
    uint64_t tidy_at;
    uint64_t index_at;
    uint64_t room_at;
    bool indexed; /* the last job was for the search: what is to be stored goes first now */
    bool stopped;
    bool corrupt;
    /* the writer */
    struct wish *queue;
    struct wish *late; /* notes that failed, and all that came after them: in order, once there is
                          room */
    size_t late_count;
    struct wish *after;    /* pages that wait until the queue is empty */
    struct wish *searches; /* wait until the writer has nothing under way, and all can be found */
    bool writing;
    struct store_write *writes; /* of the job under way */
    struct wish *written;       /* the wishes they were made of */
    size_t count;
    uint64_t words_at; /* when the last began that held words of others, */
    bool crowded;      /* and those were several */
    enum store_fault fault;
    uint64_t wall_ms;
    bool more; /* to be tidied */
    bool room;
    struct reading readings[READERS];
    /* whether the file is sound */
    struct timer *check_timer;
    uint64_t check_by;
    struct store_settings settings;
    struct store_reader *checker;
    enum store_fault sound;
    uint64_t untried; /* up to there whispers are those that an earlier run did not try */
};

static void write_next(struct disk *disk);

static void wish_free(struct wish *wish)
{
    node_effect_free(wish->effect);
    free((void *)wish->keep.key);
    free((void *)wish->keep.value.bytes);
    free(wish);
}

static void wishes_free(struct wish **list)
{
    struct wish *wish, *next;
    DL_FOREACH_SAFE(*list, wish, next)
    {
        DL_DELETE(*list, wish);
        wish_free(wish);
    }
}

static void say_corrupt(struct disk *disk)
{
    if (disk->corrupt || disk->stopped)
        return;
    disk->corrupt = true;
    disk->calls->corrupt(disk->self);
}

static void answer(struct disk *disk, const struct node_event *event)
{
    if (!disk->stopped)
        disk->calls->answer(disk->self, event);
}

/* ---- writing ---- */

/* Nobody waits for an answer to it, so nobody would ask again. */
static bool wish_is_note(const struct wish *wish)
{
    return !wish->effect ||
           (wish->effect->kind != EFFECT_STORE && wish->effect->kind != EFFECT_STORE_FORK &&
            wish->effect->kind != EFFECT_TRIM);
}

static void late_add(struct disk *disk, struct wish *wish)
{
    DL_APPEND(disk->late, wish);
    if (++disk->late_count <= LATE_MAX)
        return;
    struct wish *oldest = disk->late;
    DL_DELETE(disk->late, oldest);
    wish_free(oldest);
    disk->late_count--;
}

/* A batch failed: what was noted in it, and after it, is written when there is room. */
static void notes_save(struct disk *disk, struct wish **batch)
{
    struct wish **lists[] = {batch, &disk->queue}, *wish, *next;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        DL_FOREACH_SAFE(*lists[i], wish, next)
    if (wish_is_note(wish)) {
        DL_DELETE(*lists[i], wish);
        late_add(disk, wish);
    }
}

static void write_work(void *self)
{
    struct disk *disk = self;
    disk->fault = store_write(disk->store, disk->wall_ms, disk->writes, disk->count);
}

static size_t wish_entries(const struct wish *wish)
{
    return wish->effect && wish->effect->kind == EFFECT_STORE ? wish->effect->store.count : 1;
}

static bool much_waits(const struct disk *disk)
{
    size_t entries = 0;
    const struct wish *wish;
    DL_FOREACH(disk->queue, wish)
    entries += wish_entries(wish);
    return entries >= CROWD_ENTRIES;
}

static bool wish_is_words(const struct wish *wish)
{
    return wish->effect && wish->effect->kind == EFFECT_STORE;
}

/* What we say to everyone, or to a guest alone. */
static bool wish_is_own(const struct wish *wish)
{
    return (wish_is_words(wish) && wish->effect->store.own) ||
           (wish->effect &&
            (wish->effect->kind == EFFECT_STORE_LOCAL || wish->effect->kind == EFFECT_STORE_OWED));
}

/* Words of others that come in a crowd are committed together, with what is noted besides: each
 * commit is a sync of the disk. Who says one thing at a time is not kept waiting, nor are we, nor
 * is who looks for something. */
static bool crowd_waits(const struct disk *disk)
{
    const struct wish *wish;
    bool over = loop_mono_ms(disk->loop) >= disk->words_at + CROWD_MS;
    if (!disk->crowded || over || disk->after || disk->searches)
        return false;
    DL_FOREACH(disk->queue, wish)
    if (wish_is_own(wish))
        return false;
    return !much_waits(disk);
}

/* As much of the queue as one commit should hold, and at least its first. */
static void batch_make(struct disk *disk)
{
    size_t entries = 0, others = 0, room = 0;
    disk->count = 0;
    while (disk->queue && disk->count < BATCH_WRITES) {
        struct wish *wish = disk->queue;
        entries += wish_entries(wish);
        if (disk->count && entries > BATCH_ENTRIES)
            break;
        DL_DELETE(disk->queue, wish);
        DL_APPEND(disk->written, wish);
        if (wish_is_words(wish) && !wish_is_own(wish))
            others += wish_entries(wish);
        if (disk->count == room) {
            room = room ? room * 2 : 16;
            disk->writes = xrealloc(disk->writes, room, sizeof *disk->writes);
        }
        disk->writes[disk->count++] =
            (struct store_write){.effect = wish->effect, .keep = wish->keep};
    }
    if (others == 0)
        return;
    disk->words_at = loop_mono_ms(disk->loop);
    disk->crowded = others > 1;
}

/* Where little waits, what the node asks for meanwhile goes with it: one batch for all answers. */
static void write_done(void *self, bool ran)
{
    struct disk *disk = self;
    struct wish *wishes = disk->written;
    struct store_write *writes = disk->writes;
    size_t count = disk->count;
    enum store_fault fault = disk->fault;
    disk->written = NULL;
    disk->writes = NULL;
    disk->writing = false;
    disk->indexed = false;
    disk->index_at = loop_mono_ms(disk->loop) + INDEX_MS;
    if (ran && fault == STORE_FINE && much_waits(disk))
        write_next(disk);
    for (size_t i = 0; i < count; i++) {
        if (ran && writes[i].has_answer)
            answer(disk, &writes[i].answer);
        free(writes[i].held);
    }
    if (ran && fault != STORE_FINE && fault != STORE_CORRUPT)
        notes_save(disk, &wishes);
    wishes_free(&wishes);
    free(writes);
    if (ran && fault == STORE_CORRUPT)
        say_corrupt(disk);
    if (ran)
        write_next(disk);
}

/* ---- when there was no room ---- */

static void room_work(void *self)
{
    struct disk *disk = self;
    disk->room = store_has_room(disk->store);
}

static void room_done(void *self, bool ran)
{
    struct disk *disk = self;
    disk->writing = false;
    if (!ran)
        return;
    if (disk->room && !disk->queue) { /* what waits was asked for before, and fails */
        store_resume(disk->store);
        disk->queue = disk->late;
        disk->late = NULL;
        disk->late_count = 0;
        answer(disk, &(struct node_event){.kind = EVENT_DISK_BACK});
    }
    write_next(disk);
}

static void tidy_work(void *self)
{
    struct disk *disk = self;
    disk->more = store_tidy(disk->store, disk->wall_ms);
}

static void tidy_done(void *self, bool ran)
{
    struct disk *disk = self;
    disk->writing = false;
    if (!disk->more)
        disk->tidy_at = loop_mono_ms(disk->loop) + TIDY_MS;
    if (ran)
        write_next(disk);
}

static void read_next(struct reading *reading);

static void pages_go_on(struct disk *disk)
{
    struct reading *reading = &disk->readings[READER_PAGES];
    DL_CONCAT(reading->queue, disk->after);
    disk->after = NULL;
    read_next(reading);
}

static void searches_go_on(struct disk *disk)
{
    struct reading *reading = &disk->readings[READER_PAGES];
    DL_CONCAT(reading->queue, disk->searches);
    disk->searches = NULL;
    read_next(reading);
}

static void index_work(void *self)
{
    struct disk *disk = self;
    disk->fault = store_index(disk->store, disk->wall_ms);
}

/* Where there is no room for it, a search finds what it can. */
static void index_done(void *self, bool ran)
{
    struct disk *disk = self;
    disk->writing = false;
    disk->index_at = loop_mono_ms(disk->loop) + INDEX_MS;
    if (!ran || disk->stopped)
        return;
    disk->indexed = true;
    if (disk->fault == STORE_CORRUPT)
        say_corrupt(disk);
    if (disk->fault == STORE_FINE)
        disk->index_at = loop_mono_ms(disk->loop);
    if (disk->fault != STORE_FINE || store_is_searchable(disk->store))
        searches_go_on(disk);
    write_next(disk);
}

static void write_start(struct disk *disk, void (*work)(void *self),
                        void (*done)(void *self, bool ran))
{
    disk->writing = true;
    disk->wall_ms = (uint64_t)loop_wall_ms(disk->loop);
    job_start(disk->loop, work, done, disk);
}

/* Notes can fail alone, and then nothing is halted: they wait all the same. */
static bool waits_for_room(const struct disk *disk)
{
    return !disk->queue && (disk->late || store_is_halted(disk->store));
}

static void ring(void *self)
{
    struct disk *disk = self;
    if (disk->writing)
        return; /* the end of the job asks again */
    if (waits_for_room(disk))
        write_start(disk, room_work, room_done);
    else
        write_next(disk);
}

static void write_next(struct disk *disk)
{
    if (disk->writing || disk->stopped)
        return;
    bool searchable = store_is_searchable(disk->store);
    uint64_t now = loop_mono_ms(disk->loop);
    if (!disk->queue)
        pages_go_on(disk);
    if (searchable)
        searches_go_on(disk);
    if (disk->searches && !(disk->queue && disk->indexed)) {
        write_start(disk, index_work, index_done);
    } else if (disk->queue && crowd_waits(disk)) {
        timer_set(disk->timer, disk->words_at + CROWD_MS);
    } else if (disk->queue) {
        batch_make(disk);
        write_start(disk, write_work, write_done);
    } else if (waits_for_room(disk)) {
        disk->room_at = disk->room_at > now ? disk->room_at : now + ROOM_ASK_MS;
        timer_set(disk->timer, disk->room_at);
    } else if (!searchable && now >= disk->index_at) {
        write_start(disk, index_work, index_done);
    } else if (now >= disk->tidy_at) {
        write_start(disk, tidy_work, tidy_done);
    } else {
        bool index = !searchable && disk->index_at < disk->tidy_at;
        timer_set(disk->timer, index ? disk->index_at : disk->tidy_at);
    }
}

/* ---- reading ---- */

static void read_work(void *self)
{
    struct reading *reading = self;
    if (reading->now->effect)
        store_read(reading->reader, reading->now->effect, &reading->answer);
    else
        store_read_untried(reading->reader, reading->disk->untried, &reading->answer);
}

static void read_done(void *self, bool ran)
{
    struct reading *reading = self;
    struct disk *disk = reading->disk;
    struct wish *wish = reading->now;
    reading->now = NULL;
    if (ran) {
        enum store_fault fault = reading->answer.fault;
        struct store_answer got = reading->answer;
        answer(disk, &got.event);
        store_answer_done(&got);
        if (fault == STORE_CORRUPT)
            say_corrupt(disk);
        read_next(reading);
    }
    wish_free(wish);
}

static void read_next(struct reading *reading)
{
    if (reading->now || !reading->queue)
        return;
    reading->now = reading->queue;
    DL_DELETE(reading->queue, reading->now);
    job_start(reading->disk->loop, read_work, read_done, reading);
}

/* ---- what is asked ---- */

/* What was noted of such a conversation is in its next page, though nobody waited for the note. */
static bool waits_for_notes(const struct disk *disk, const struct node_effect *effect)
{
    return effect->kind == EFFECT_QUERY && !disk_is_idle(disk) &&
           guest_conversation_name(effect->query.conversation);
}

/* A note waits behind those that are late. */
static void write_ask(struct disk *disk, struct wish *wish)
{
    if (disk->late && wish_is_note(wish)) {
        late_add(disk, wish);
        return;
    }
    DL_APPEND(disk->queue, wish);
    write_next(disk);
}

void disk_do(struct disk *disk, struct node_effect *effect)
{
    struct wish *wish = xcalloc(1, sizeof *wish);
    wish->effect = effect;
    bool logs = effect->kind == EFFECT_LOAD || effect->kind == EFFECT_LOAD_FORK ||
                effect->kind == EFFECT_LOAD_HASHES;
    if (waits_for_notes(disk, effect)) {
        DL_APPEND(disk->after, wish);
        return;
    }
    if (effect->kind == EFFECT_QUERY && effect->query.kind == QUERY_SEARCH) {
        DL_APPEND(disk->searches, wish);
        write_next(disk);
        return;
    }
    if (logs || effect->kind == EFFECT_QUERY) {
        struct reading *reading = &disk->readings[logs ? READER_LOGS : READER_PAGES];
        DL_APPEND(reading->queue, wish);
        read_next(reading);
        return;
    }
    write_ask(disk, wish);
}

void disk_keep(struct disk *disk, const struct store_keep *keep)
{
    struct wish *wish = xcalloc(1, sizeof *wish);
    wish->keep = *keep;
    wish->keep.key = keep->key ? xstrdup(keep->key) : NULL;
    wish->keep.value.bytes = keep->value.size ? xmemdup(keep->value.bytes, keep->value.size) : NULL;
    write_ask(disk, wish);
}

static void check_work(void *self)
{
    struct disk *disk = self;
    disk->sound = store_reader_check(disk->checker);
}

static void check_done(void *self, bool ran)
{
    struct disk *disk = self;
    store_reader_close(disk->checker);
    disk->checker = NULL;
    if (ran && disk->sound == STORE_CORRUPT)
        say_corrupt(disk);
}

static void check_begin(void *self)
{
    struct disk *disk = self;
    uint64_t now = loop_mono_ms(disk->loop);
    if (!disk_is_idle(disk) && now < disk->check_by) {
        timer_set(disk->check_timer, now + CHECK_MS);
        return;
    }
    enum store_fault fault = store_reader_open(&disk->settings, &disk->checker);
    if (fault == STORE_FINE)
        job_start(disk->loop, check_work, check_done, disk);
    else if (fault == STORE_CORRUPT)
        say_corrupt(disk);
}

void disk_look_after(struct disk *disk)
{
    if (disk->untried) {
        struct wish *untried = xcalloc(1, sizeof *untried);
        DL_APPEND(disk->readings[READER_LOGS].queue, untried);
        read_next(&disk->readings[READER_LOGS]);
    }
    uint64_t now = loop_mono_ms(disk->loop);
    disk->check_by = now + CHECK_BY_MS;
    timer_set(disk->check_timer, now + CHECK_MS);
    write_next(disk);
}

/* ---- the whole ---- */

struct disk *disk_new(struct loop *loop, struct store *store, const struct store_settings *settings,
                      const struct disk_calls *calls, void *self, enum store_fault *fault)
{
    struct disk *disk = xcalloc(1, sizeof *disk);
    disk->loop = loop;
    disk->store = store;
    disk->calls = calls;
    disk->self = self;
    disk->timer = timer_new(loop, ring, disk);
    disk->check_timer = timer_new(loop, check_begin, disk);
    disk->settings = *settings;
    *fault = STORE_FINE;
    disk->index_at = loop_mono_ms(loop) + INDEX_MS;
    disk->untried = store_untried(store);
    for (size_t i = 0; i < READERS && *fault == STORE_FINE; i++) {
        disk->readings[i].disk = disk;
        *fault = store_reader_open(settings, &disk->readings[i].reader);
    }
    if (*fault == STORE_FINE)
        return disk;
    disk_free(disk);
    return NULL;
}

static void timers_free(struct disk *disk)
{
    timer_free(disk->timer);
    timer_free(disk->check_timer);
}

void disk_free(struct disk *disk)
{
    if (!disk)
        return;
    if (!disk->stopped)
        timers_free(disk);
    wishes_free(&disk->queue);
    wishes_free(&disk->late);
    wishes_free(&disk->after);
    wishes_free(&disk->searches);
    for (size_t i = 0; i < READERS; i++) {
        wishes_free(&disk->readings[i].queue);
        store_reader_close(disk->readings[i].reader);
    }
    store_close(disk->store);
    free(disk);
}

bool disk_is_idle(const struct disk *disk)
{
    return !disk->writing && (disk->stopped || !disk->queue);
}

bool disk_is_busy(const struct disk *disk)
{
    return disk->writing || (disk->queue && !crowd_waits(disk));
}

bool disk_is_over(const struct disk *disk)
{
    bool reads = disk->checker;
    for (size_t i = 0; i < READERS; i++)
        reads = reads || disk->readings[i].now;
    return disk->stopped && !disk->writing && !reads;
}

void disk_stop(struct disk *disk)
{
    if (disk->stopped)
        return;
    disk->stopped = true;
    timers_free(disk);
    for (size_t i = 0; i < READERS; i++) {
        wishes_free(&disk->readings[i].queue);
        store_reader_stop(disk->readings[i].reader);
    }
    if (disk->checker)
        store_reader_stop(disk->checker);
}
