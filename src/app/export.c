/* A conversation on its way into a file. Jobs read a page and write the one before it; in between,
 * on the loop's thread, the people of the page get their names. So a job sees only what the task
 * itself holds. */
#include "app/export.h"

#include "app/clerk.h"
#include "app/export_form.h"
#include "app/files.h"
#include "app/i18n.h"
#include "base/alloc.h"
#include "base/i18n.h"
#include "core/room.h"
#include "core/twins.h"
#include "net/job.h"
#include "net/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OUT_AT = 64 * 1024 /* bytes of one write */ };

/* Of each line of a page. */
struct speaker {
    char label[LABEL_BYTES];
    bool muted;
};

struct task {
    struct exporter *exporter;
    const struct export_form *form;
    char *path;
    char *conversation;
    uint64_t line;
    uint64_t began;
    uint64_t patience;   /* until then what was typed is waited for */
    const char *stopped; /* why; NULL: it goes on */
    bool busy;
    /* The job's while one is under way: */
    bool undo;
    bool finished;
    bool nowhere; /* there is no such folder */
    int error;
    enum store_fault fault;
    struct store_reader *reader;
    struct clerk_paper *file; /* NULL: not begun, or done */
    struct order last;        /* of the conversation, when it began; key 0: it is empty */
    struct order at;
    bool more;
    struct store_answer page; /* read, and to be written when its speakers are found */
    size_t count;             /* of its lines, those that are wanted */
    struct twins twins;       /* of those that were written */
    struct speaker *speakers;
    struct store_answer spent; /* written: to be dropped on the loop's thread */
    struct export_paper paper;
};

struct exporter {
    struct loop *loop;
    struct clerk *clerk;
    struct store_settings settings;
    const struct export_calls *calls;
    void *self;
    struct task *now;
};

/* ---- jobs: the file ---- */

static bool failed(const struct task *task)
{
    return task->error || task->fault != STORE_FINE;
}

static void flush(struct task *task, size_t most)
{
    struct buf *out = &task->paper.out;
    while (out->length > most && !task->error) {
        ssize_t size = write(clerk_descriptor(task->file), buf_bytes(out), out->length);
        if (size >= 0)
            buf_eat(out, (size_t)size);
        else if (errno != EINTR)
            task->error = errno;
    }
}

static void file_begin(struct task *task)
{
    task->file = clerk_begin(task->exporter->clerk, task->path);
    if (task->file)
        return;
    task->error = errno;
    task->nowhere = errno == ENOENT;
}

static void file_end(struct task *task)
{
    flush(task, 0);
    if (task->error)
        return;
    task->error = clerk_end(task->file);
    task->file = NULL;
    task->finished = !task->error;
}

static void close_all(struct task *task)
{
    store_reader_close(task->reader);
    task->reader = NULL;
    clerk_drop(task->file);
    task->file = NULL;
}

/* ---- jobs: the store ---- */

static struct order order_of(const struct node_record *record)
{
    if (record->local)
        return record->local->order;
    const struct entry_fields *fields = &record->entry->fields;
    return (struct order){record->key, fields->author, record->start, fields->epoch, fields->seq};
}

static void query(struct task *task, enum query_kind kind, struct order at, size_t count)
{
    struct node_effect effect = {.kind = EFFECT_QUERY};
    effect.query.kind = kind;
    effect.query.conversation = task->conversation;
    effect.query.at = at;
    effect.query.count = count;
    store_read(task->reader, &effect, &task->page);
    task->fault = task->page.fault;
}

static void last_find(struct task *task)
{
    query(task, QUERY_UP, (struct order){.key = ORDER_OPEN}, 1);
    if (!failed(task) && task->page.event.page.count)
        task->last = order_of(&task->page.event.page.records[0]);
    task->spent = task->page;
    task->page = (struct store_answer){0};
}

static void page_read(struct task *task)
{
    query(task, QUERY_DOWN, task->at, EXPORT_PAGE);
    size_t count = task->page.event.page.count;
    const struct node_record *records = task->page.event.page.records;
    task->count = 0;
    while (task->count < count) {
        struct order at = order_of(&records[task->count]);
        if (order_compare(&at, &task->last) > 0)
            break;
        task->at = at;
        task->count++;
    }
    task->more = task->page.event.page.more && task->count == count;
}

/* As the node does it when it shows a line (core/node_show.c). */
static void line_fill(const struct task *task, const struct node_record *record,
                      const struct speaker *speaker, struct node_line *into)
{
    const struct entry_fields *fields = &record->entry->fields;
    bool ours = id_equal(&fields->author, &task->exporter->settings.self);
    *into = (struct node_line){.order = order_of(record),
                               .conversation = task->conversation,
                               .kind = fields->kind,
                               .name = speaker->label,
                               .guest = fields->guest,
                               .dialect = fields->dialect,
                               .time = fields->wall,
                               .received = record->received,
                               .own = ours,
                               .live = record->live};
    if (ours && fields->guest.size == 0)
        return;
    into->skew_ms = order_skew(fields->wall, record->received, record->live);
    into->late = order_late(fields->hlc, record->received, task->began, record->live);
    into->missed = !record->live && fields->hlc < task->began;
}

static void local_fill(const struct task *task, const struct node_local *local,
                       const struct speaker *speaker, struct node_line *into)
{
    *into = (struct node_line){.order = local->order,
                               .conversation = task->conversation,
                               .kind = local->kind,
                               .name = speaker->label,
                               .guest = local->guest,
                               .dialect = local->dialect,
                               .text = local->text,
                               .time = local->wall,
                               .received = local->wall,
                               .own = true,
                               .live = true,
                               .whisper = true,
                               .readable = true};
}

static void line_write(struct task *task, const struct node_line *line)
{
    if (twins_hide(&task->twins, line))
        return;
    task->form->line(&task->paper, line);
    task->paper.written++;
}

static void whisper_fill(const struct whisper *whisper, struct node_line *into)
{
    into->whisper = into->readable = true;
    into->kind = whisper->kind;
    into->text = whisper->text;
}

static void body_fill(const struct body *body, struct node_line *into)
{
    into->readable = true;
    if (body->kind == ENTRY_SAY || body->kind == ENTRY_ACT)
        into->text = body->say.text;
    else if (body->kind == ENTRY_LEAVE)
        into->text = body->why;
    else if (body->kind == ENTRY_TOPIC)
        into->text = body->topic;
}

static void record_write(struct task *task, const struct node_record *record,
                         const struct speaker *speaker)
{
    struct node_line line;
    if (record->local) {
        local_fill(task, record->local, speaker, &line);
        line_write(task, &line);
        flush(task, OUT_AT);
        return;
    }
    const struct entry_fields *fields = &record->entry->fields;
    const struct codec *codec = task->exporter->settings.codec;
    struct body *body = NULL;
    if (speaker->muted || fields->kind == ENTRY_PROFILE ||
        (fields->kind == ENTRY_SEALED && !record->whisper))
        return;
    line_fill(task, record, speaker, &line);
    if (record->whisper)
        whisper_fill(record->whisper, &line);
    else if ((body = codec->body_unpack(fields->kind, fields->body)))
        body_fill(body, &line);
    line_write(task, &line);
    free(body);
    flush(task, OUT_AT);
}

static void page_write(struct task *task)
{
    for (size_t i = 0; i < task->count && !task->error; i++)
        record_write(task, &task->page.event.page.records[i], &task->speakers[i]);
    task->count = 0;
    task->spent = task->page;
    task->page = (struct store_answer){0};
}

static void begin_work(struct task *task)
{
    file_begin(task);
    if (failed(task))
        return;
    task->fault = store_reader_open(&task->exporter->settings, &task->reader);
    if (failed(task))
        return;
    last_find(task);
    task->more = task->last.key > 0;
    if (task->form->begin)
        task->form->begin(&task->paper);
}

/* One step: nothing here lasts longer than a page. */
static void work(void *self)
{
    struct task *task = self;
    if (!task->undo && !task->file)
        begin_work(task);
    else if (!task->undo)
        page_write(task);
    bool more = task->more;
    if (!task->undo && !failed(task) && more)
        page_read(task);
    if (!task->undo && !failed(task) && task->count == 0) {
        if (task->form->end)
            task->form->end(&task->paper);
        file_end(task);
    }
    if (task->undo || task->finished || failed(task))
        close_all(task);
}

/* ---- the loop's thread ---- */

static void task_free(struct task *task)
{
    store_answer_done(&task->page);
    store_answer_done(&task->spent);
    buf_done(&task->paper.out);
    twins_done(&task->twins);
    free(task->speakers);
    free(task->paper.title);
    free(task->conversation);
    free(task->path);
    free(task);
}

static void speakers_find(struct task *task, const struct roster *roster)
{
    const struct node_record *records = task->page.event.page.records;
    for (size_t i = 0; i < task->count; i++) {
        const struct node_local *local = records[i].local;
        const struct entry_fields *fields = local ? NULL : &records[i].entry->fields;
        const struct id *author = local ? &local->order.author : &fields->author;
        struct span guest = local ? local->guest : fields->guest;
        struct speaker *speaker = &task->speakers[i];
        const struct person *person = roster_person(roster, author);
        *speaker = (struct speaker){.label = "~"};
        if (person)
            roster_label(roster, person, speaker->label);
        else
            id_tag(author, speaker->label + 1);
        if (guest.size)
            person = roster_guest(roster, author, guest, local ? local->dialect : fields->dialect);
        speaker->muted = person && person_muted(person);
    }
}

static void say_not_written(const struct exporter *exporter, const struct task *task,
                            const char *code, const char *reason, bool marked)
{
    struct message message = message_make(code, N_("%1$s was not written: %2$s."));
    message_add(&message, task->path);
    if (marked)
        message_add_marked(&message, reason);
    else
        message_add(&message, reason);
    exporter->calls->say(exporter->self, true, &message, task->line);
}

static void say_done(const struct exporter *exporter, const struct task *task)
{
    struct message message = message_counted(
        "exported", NP_("%1$s line was written to %2$s.", "%1$s lines were written to %2$s."),
        task->paper.written);
    message_add(&message, task->path);
    exporter->calls->say(exporter->self, false, &message, task->line);
}

static void say_about(const struct exporter *exporter, const char *code, const char *sentence,
                      const char *path, uint64_t line)
{
    struct message message = message_make(code, sentence);
    message_add(&message, path);
    exporter->calls->say(exporter->self, true, &message, line);
}

static void say_end(const struct exporter *exporter, const struct task *task)
{
    if (task->finished)
        say_done(exporter, task);
    else if (task->stopped)
        say_not_written(exporter, task, "export-stopped", task->stopped, true);
    else if (task->error == EEXIST)
        say_about(exporter, "export-exists",
                  N_("%s is there already, and nothing is overwritten. Choose another name."),
                  task->path, task->line);
    else if (task->nowhere)
        say_not_written(exporter, task, "export-failed", N_("there is no such folder"), true);
    else if (task->error)
        say_not_written(exporter, task, "export-failed", i18n_error(task->error), false);
    else
        say_not_written(exporter, task, "export-failed", N_("the history cannot be read"), true);
}

static void task_end(struct exporter *exporter)
{
    struct task *task = exporter->now;
    exporter->now = NULL;
    say_end(exporter, task);
    task_free(task);
}

static void step_done(void *self, bool ran);

static void step(struct task *task)
{
    task->busy = true;
    job_start(task->exporter->loop, work, step_done, task);
}

static void step_done(void *self, bool ran)
{
    struct task *task = self;
    struct exporter *exporter = task->exporter;
    task->busy = false;
    store_answer_done(&task->spent);
    if (!ran) { /* the loop ends: nobody listens any more */
        close_all(task);
        exporter->now = NULL;
        task_free(task);
        return;
    }
    if (task->finished || failed(task) || task->undo) {
        task_end(exporter);
        return;
    }
    task->undo = task->stopped != NULL;
    if (!task->undo)
        speakers_find(task, exporter->calls->roster(exporter->self));
    step(task);
}

/* ---- the whole ---- */

struct exporter *exporter_new(struct loop *loop, struct clerk *clerk,
                              const struct store_settings *settings,
                              const struct export_calls *calls, void *self)
{
    struct exporter *exporter = xcalloc(1, sizeof *exporter);
    *exporter = (struct exporter){loop, clerk, *settings, calls, self, NULL};
    return exporter;
}

void exporter_free(struct exporter *exporter)
{
    if (exporter && exporter->now)
        task_free(exporter->now); /* it was not begun */
    free(exporter);
}

/* The room, or who is in the whisper. */
static char *title_of(const char *conversation, const struct roster *roster)
{
    if (conversation[0] != '@')
        return xstrdup(conversation);
    if (guest_conversation_name(conversation))
        return xstrdup(guest_conversation_name(conversation));
    struct buf title;
    buf_init(&title, (READERS_MAX + 1) * (LABEL_BYTES + 2));
    bool fits = true;
    for (const char *at = conversation + 1; *at; at += strcspn(at, ",")) {
        char text[ID_TEXT] = "", label[LABEL_BYTES] = "";
        struct id id;
        at += *at == ',';
        memcpy(text, at, strnlen(at, sizeof text - 1));
        const struct person *person = id_parse(text, &id) ? roster_person(roster, &id) : NULL;
        if (person)
            roster_label(roster, person, label);
        else
            snprintf(label, sizeof label, "~%.4s", text);
        fits = fits && (title.length == 0 || buf_add(&title, ", ", 2)) &&
               buf_add(&title, label, strlen(label));
    }
    if (!fits || !buf_add(&title, "", 1))
        die("a whisper has more people than it can have");
    char *whole = xmemdup(buf_bytes(&title), title.length);
    buf_done(&title);
    return whole;
}

void exporter_start(struct exporter *exporter, const struct export_wish *wish)
{
    const struct export_form *form = export_form_of(wish->path);
    if (!form) {
        say_about(exporter, "export-ending",
                  N_("%s ends in none of .txt, .json and .md: the ending says what to write."),
                  wish->path, wish->line);
        return;
    }
    if (exporter->now) {
        say_about(exporter, "export-busy",
                  N_("%s is still being written. Export again when that is done."),
                  exporter->now->path, wish->line);
        return;
    }
    struct task *task = xcalloc(1, sizeof *task);
    task->exporter = exporter;
    task->form = form;
    task->path = files_path(wish->path);
    task->conversation = xstrdup(wish->conversation);
    task->paper.title = title_of(wish->conversation, exporter->calls->roster(exporter->self));
    task->line = wish->line;
    task->began = wish->began;
    task->patience = loop_mono_ms(exporter->loop) + EXPORT_PATIENCE_MS;
    task->speakers = xcalloc(EXPORT_PAGE, sizeof *task->speakers);
    buf_init(&task->paper.out, EXPORT_OUT_MAX);
    export_phrases(task->paper.phrases);
    tzset(); /* here, and not in a job: it reads the environment */
    exporter->now = task;
}

static bool waits(const struct task *task)
{
    return !task->busy && !task->stopped;
}

void exporter_turn(struct exporter *exporter, bool quiet)
{
    struct task *task = exporter ? exporter->now : NULL;
    if (task && waits(task) && (quiet || loop_mono_ms(exporter->loop) >= task->patience))
        step(task);
}

void exporter_cancel(struct exporter *exporter, const char *why)
{
    struct task *task = exporter ? exporter->now : NULL;
    if (!task || task->stopped)
        return;
    task->stopped = why;
    if (!task->busy)
        task_end(exporter);
}

bool exporter_is_over(const struct exporter *exporter)
{
    return !exporter || !exporter->now;
}
