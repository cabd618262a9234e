/* A queue in front of a file that jobs write. The loop's thread fills `waiting`; a job has
 * `writing`, the descriptor and what goes with them to itself while it is under way. */
#include "app/transcript.h"

#include "app/clerk.h"
#include "app/i18n.h"
#include "app/peers.h"
#include "base/alloc.h"
#include "base/clean.h"
#include "base/gettext.h"
#include "core/room.h"
#include "net/job.h"
#include "net/loop.h"
#include "net/timer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    NO_FILE = -1,                /* in place of an errno */
    QUEUE = TRANSCRIPT_HELD / 2, /* of each of the two */
    IDLE_BYTES = 64 * 1024,      /* more is given back when all was written */
};

struct transcript {
    struct loop *loop;
    struct clerk *clerk;
    char *path;
    transcript_say *say;
    void *self;
    struct timer *timer; /* of the next try, then of the last one */
    struct buf waiting;
    uint64_t missed;    /* left out since the user was told of it last */
    uint64_t under_way; /* lines of the job */
    bool busy;          /* a job is under way */
    bool broken;        /* the user was told so */
    bool retry;         /* the timer says when */
    bool reopen;        /* wanted */
    bool ending;
    bool given_up;
    bool stopped;
    bool incomplete; /* something never came into it */
    /* The job's while one is under way: */
    struct buf writing;
    int descriptor;
    size_t half;      /* bytes of the first line that are in the file */
    bool cut;         /* the file ends inside of a line: somebody was killed */
    bool reopening;   /* this job opens it again first */
    int error;        /* of writing; 0: none */
    int reopen_error; /* of that */
};

/* not translated: the words of the dated chat */
static const char SENT[] = "Enviado a ";
static const char FROM[] = "De (";
static const char RECEIVED[] = " - Recibido a ";

/* ---- lines ---- */

void transcript_stamp(uint64_t wall_ms, char into[DATED_STAMP + 1])
{
    static const uint64_t LAST = UINT64_C(253402300799); /* of the year 9999 */
    time_t seconds = (time_t)(wall_ms / 1000 < LAST ? wall_ms / 1000 : LAST);
    struct tm local;
    bool known = localtime_r(&seconds, &local) != NULL;
    dated_stamp(wall_ms, known ? (int32_t)local.tm_gmtoff : 0, into);
}

static bool put(struct buf *into, const char *text)
{
    return buf_add(into, text, strlen(text));
}

/* In single quotes, as Python would read it again. */
static bool quoted_put(struct buf *into, const char *text)
{
    bool fits = put(into, "'");
    for (; *text; text++)
        fits =
            fits && ((*text != '\'' && *text != '\\') || put(into, "\\")) && buf_add(into, text, 1);
    return fits && put(into, "'");
}

static bool text_put(struct buf *into, struct span text)
{
    size_t size;
    char *clean = text_clean((const char *)text.bytes, text.size, CLEAN_LINE, &size);
    bool fits = buf_add(into, clean, size);
    free(clean);
    return fits;
}

/* NAME~TAG, on the heap; a name that was never heard is empty. */
static char *name_of(const struct id *id, struct span name)
{
    char tag[TAG_TEXT];
    size_t size;
    id_tag(id, tag);
    char *clean = text_clean((const char *)name.bytes, name.size, CLEAN_LINE, &size);
    char *whole = xmalloc(size + sizeof tag + 1);
    snprintf(whole, size + sizeof tag + 1, "%s~%s", clean, tag);
    free(clean);
    return whole;
}

static char *person_name(const struct person *person, const struct id *id)
{
    const char *shown = person ? person_shown(person) : "";
    return name_of(id, span_text(shown ? shown : ""));
}

/* Where a link leads to them; false: none does. */
static bool address_of(const struct person *person, char into[ADDRESS_TEXT], unsigned *port)
{
    const struct person_link *link = person ? person_best_link(person) : NULL;
    if (!link)
        return false;
    struct overlay_address host = link->address;
    *port = host.port;
    host.port = 0;
    peers_address_text(&host, into);
    return true;
}

static bool reader_put(struct buf *into, const struct id *id, const struct roster *roster)
{
    char address[ADDRESS_TEXT];
    unsigned port;
    const struct person *person = roster_person(roster, id);
    if (address_of(person, address, &port))
        return put(into, address);
    char *name = person_name(person, id);
    bool fits = quoted_put(into, name);
    free(name);
    return fits;
}

/* The ids of a whisper's name (core/node.h), each as its person. */
static bool readers_put(struct buf *into, const char *ids, const struct roster *roster)
{
    bool fits = true;
    for (const char *at = ids; *at && fits; at += strcspn(at, ",")) {
        char text[ID_TEXT] = "";
        struct id id;
        at += *at == ',';
        memcpy(text, at, strnlen(at, sizeof text - 1));
        if (!id_parse(text, &id))
            continue;
        fits = (at == ids || put(into, ", ")) && reader_put(into, &id, roster);
    }
    return fits;
}

static bool sent_put(struct buf *into, const struct node_line *line, const struct roster *roster)
{
    const char *where = line->conversation;
    return put(into, SENT) && (where[0] == '@' ? readers_put(into, where + 1, roster)
                                               : text_put(into, span_text(where)));
}

static bool from_put(struct buf *into, const struct node_line *line, const struct roster *roster)
{
    const struct id *author = &line->order.author;
    char address[ADDRESS_TEXT], number[16];
    unsigned port = 0;
    const struct person *person = roster_person(roster, author);
    if (line->guest.size)
        person = roster_guest(roster, author, line->guest, line->dialect);
    char *name = NULL;
    if (!address_of(person, address, &port))
        name = line->guest.size ? name_of(author, line->guest) : person_name(person, author);
    snprintf(number, sizeof number, ", %u)", port);
    bool fits = put(into, FROM) && quoted_put(into, name ? name : address) && put(into, number);
    free(name);
    return fits;
}

/* `: ` and the dated message. */
static bool dated_put(struct buf *into, const struct node_line *line)
{
    char stamp[DATED_STAMP + 1];
    transcript_stamp(line->time, stamp);
    return put(into, ": ") && put(into, stamp) &&
           put(into, line->kind == ENTRY_ACT ? ": * " : ": ") && text_put(into, line->text);
}

static bool line_put(struct buf *into, const struct node_line *line, const struct roster *roster)
{
    char stamp[DATED_STAMP + 1];
    if (line->own && line->guest.size == 0)
        return sent_put(into, line, roster) && dated_put(into, line) && put(into, "\n");
    transcript_stamp(line->received, stamp);
    return from_put(into, line, roster) && dated_put(into, line) && put(into, RECEIVED) &&
           put(into, stamp) && put(into, "\n");
}

static bool is_words(const struct node_line *line)
{
    return line->readable && (line->kind == ENTRY_SAY || line->kind == ENTRY_ACT);
}

bool transcript_line(const struct node_line *line, const struct roster *roster, struct buf *into)
{
    struct buf whole;
    if (!is_words(line))
        return true;
    buf_init(&whole, buf_left(into));
    bool fits = line_put(&whole, line, roster) && buf_add(into, buf_bytes(&whole), whole.length);
    buf_done(&whole);
    return fits;
}

/* ---- the file: at the start, and in jobs ---- */

/* Not our own terminal, not a pipe: those can keep a writer for ever. */
static bool is_fit(int descriptor)
{
    struct stat about;
    return fstat(descriptor, &about) == 0 &&
           (S_ISREG(about.st_mode) || (S_ISCHR(about.st_mode) && !isatty(descriptor)));
}

/* -1 where it cannot be. */
static int file_open(struct clerk *clerk, const char *path, bool *cut, int *error)
{
    char last = '\n';
    struct stat about;
    int descriptor = clerk_transcript(clerk, path);
    *error = errno == ENXIO ? NO_FILE : errno; /* a socket */
    if (descriptor < 0)
        return -1;
    if (!is_fit(descriptor)) {
        close(descriptor);
        *error = NO_FILE;
        return -1;
    }
    if (fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0)
        (void)!pread(descriptor, &last, 1, about.st_size - 1);
    *cut = last != '\n';
    *error = 0;
    return descriptor;
}

static void again_work(struct transcript *transcript)
{
    bool cut;
    int descriptor =
        file_open(transcript->clerk, transcript->path, &cut, &transcript->reopen_error);
    if (descriptor < 0)
        return;
    close(transcript->descriptor);
    transcript->descriptor = descriptor;
    transcript->cut = cut;
    transcript->half = 0; /* a line that was begun in the old file is whole in the new one */
}

/* What write(2) took more of. Only whole lines leave the queue. */
static void written(struct transcript *transcript, size_t size)
{
    struct buf *writing = &transcript->writing;
    transcript->half += size;
    const uint8_t *end = memrchr(buf_bytes(writing), '\n', transcript->half);
    if (!end)
        return;
    size_t whole = (size_t)(end - buf_bytes(writing)) + 1;
    transcript->half -= whole;
    buf_eat(writing, whole);
}

static void write_some(struct transcript *transcript)
{
    const struct buf *writing = &transcript->writing;
    const uint8_t *bytes = buf_bytes(writing) + transcript->half;
    bool cut = transcript->cut;
    ssize_t size = cut ? write(transcript->descriptor, "\n", 1)
                       : write(transcript->descriptor, bytes, writing->length - transcript->half);
    if (size < 0)
        transcript->error = errno == EINTR ? 0 : errno;
    else if (cut)
        transcript->cut = size == 0;
    else
        written(transcript, (size_t)size);
}

static void work(void *self)
{
    struct transcript *transcript = self;
    if (transcript->reopening)
        again_work(transcript);
    while (transcript->writing.length && !transcript->error)
        write_some(transcript);
}

/* ---- what the user is told ---- */

static const char *error_text(int error)
{
    return error == NO_FILE ? _("it is nothing to append to") : i18n_error(error);
}

static void tell(struct transcript *transcript, bool error, struct message *message)
{
    message_add(message, transcript->path);
    transcript->say(transcript->self, error, message);
}

static void tell_broken(struct transcript *transcript, int error)
{
    struct message message =
        error ? message_make("transcript-failed",
                             N_("The transcript %1$s cannot be written: %2$s. Talk goes on, and "
                                "writing is tried again."))
              : message_make("transcript-slow",
                             N_("The disk is too slow for the transcript %s: messages are left "
                                "out of it until that is over. Talk goes on."));
    if (transcript->broken)
        return;
    transcript->broken = true;
    message_add(&message, transcript->path);
    if (error)
        message_add(&message, error_text(error));
    transcript->say(transcript->self, true, &message);
}

static void tell_back(struct transcript *transcript)
{
    struct message message =
        transcript->missed
            ? message_counted("transcript-back",
                              NP_("%1$s message is missing in the transcript %2$s, which is "
                                  "written again now.",
                                  "%1$s messages are missing in the transcript %2$s, which is "
                                  "written again now."),
                              transcript->missed)
            : message_make("transcript-back", N_("The transcript %s is written again, and nothing "
                                                 "is missing in it."));
    transcript->missed = 0;
    transcript->broken = false;
    tell(transcript, false, &message);
}

static void tell_reopened(struct transcript *transcript)
{
    int error = transcript->reopen_error;
    struct message message =
        error ? message_make("transcript-kept", N_("The transcript %1$s cannot be opened again: "
                                                   "%2$s. It goes on in the old file."))
              : message_make("transcript-reopened", N_("The transcript %s was opened again."));
    message_add(&message, transcript->path);
    if (error)
        message_add(&message, error_text(error));
    transcript->say(transcript->self, error != 0, &message);
}

static uint64_t lines_of(const struct buf *buf)
{
    uint64_t count = 0;
    for (size_t i = 0; i < buf->length; i++)
        count += buf_bytes(buf)[i] == '\n';
    return count;
}

/* What is held now will not be written any more. */
static void give_up(struct transcript *transcript)
{
    if (transcript->given_up)
        return;
    transcript->given_up = true;
    uint64_t lost = transcript->missed + lines_of(&transcript->waiting);
    lost += transcript->busy ? transcript->under_way : lines_of(&transcript->writing);
    if (lost == 0)
        return;
    struct message message =
        message_counted("transcript-incomplete",
                        NP_("%1$s message could not be written to the transcript %2$s.",
                            "%1$s messages could not be written to the transcript %2$s."),
                        lost);
    transcript->incomplete = true;
    tell(transcript, true, &message);
}

/* ---- jobs ---- */

static void job_done(void *self, bool ran);

static size_t held(const struct transcript *transcript)
{
    return transcript->waiting.length + transcript->writing.length;
}

static void start(struct transcript *transcript)
{
    if (transcript->busy || transcript->stopped || transcript->given_up)
        return;
    if (!transcript->reopen && (held(transcript) == 0 || transcript->retry))
        return;
    if (transcript->writing.length == 0) {
        struct buf empty = transcript->writing;
        transcript->writing = transcript->waiting;
        transcript->waiting = empty;
    }
    transcript->under_way = lines_of(&transcript->writing);
    transcript->busy = true;
    transcript->retry = false;
    transcript->error = 0;
    transcript->reopening = transcript->reopen;
    transcript->reopen = false;
    job_start(transcript->loop, work, job_done, transcript);
}

static void job_done(void *self, bool ran)
{
    struct transcript *transcript = self;
    transcript->busy = false;
    if (!ran || transcript->stopped)
        return;
    if (transcript->writing.length == 0 && transcript->writing.size > IDLE_BYTES)
        buf_done(&transcript->writing);
    if (transcript->reopening)
        tell_reopened(transcript);
    if (transcript->error) {
        tell_broken(transcript, transcript->error);
        transcript->retry = true;
        if (transcript->ending)
            give_up(transcript);
        else
            timer_set(transcript->timer, loop_mono_ms(transcript->loop) + TRANSCRIPT_RETRY_MS);
    } else if (transcript->broken && held(transcript) == 0) {
        tell_back(transcript);
    }
    start(transcript);
}

static void on_timer(void *self)
{
    struct transcript *transcript = self;
    transcript->retry = false;
    if (transcript->ending)
        give_up(transcript);
    start(transcript);
}

/* ---- the whole ---- */

struct transcript *transcript_open(struct loop *loop, struct clerk *clerk, const char *path,
                                   transcript_say *say, void *self, const char **why)
{
    bool cut;
    int error, descriptor = file_open(NULL, path, &cut, &error);
    if (descriptor < 0) {
        *why = error_text(error);
        return NULL;
    }
    struct transcript *transcript = xcalloc(1, sizeof *transcript);
    transcript->loop = loop;
    transcript->clerk = clerk;
    transcript->path = xstrdup(path);
    transcript->say = say;
    transcript->self = self;
    transcript->descriptor = descriptor;
    transcript->cut = cut;
    transcript->timer = timer_new(loop, on_timer, transcript);
    buf_init(&transcript->waiting, QUEUE);
    buf_init(&transcript->writing, QUEUE);
    return transcript;
}

void transcript_stop(struct transcript *transcript)
{
    if (!transcript || transcript->stopped)
        return;
    transcript->stopped = true;
    timer_free(transcript->timer);
}

void transcript_free(struct transcript *transcript)
{
    if (!transcript)
        return;
    close(transcript->descriptor);
    buf_done(&transcript->waiting);
    buf_done(&transcript->writing);
    free(transcript->path);
    free(transcript);
}

void transcript_add(struct transcript *transcript, const struct node_line *line,
                    const struct roster *roster)
{
    if (!transcript || !is_words(line))
        return;
    /* After the first that did not fit all are left out, until the queue is empty: one gap. */
    if (!transcript->missed && transcript_line(line, roster, &transcript->waiting))
        return;
    transcript->missed++;
    transcript->incomplete = true;
    tell_broken(transcript, 0);
}

void transcript_turn(struct transcript *transcript)
{
    if (transcript)
        start(transcript);
}

void transcript_reopen(struct transcript *transcript)
{
    transcript->reopen = true;
    start(transcript);
}

void transcript_end(struct transcript *transcript)
{
    if (!transcript || transcript->ending)
        return;
    transcript->ending = true;
    transcript->retry = false;
    timer_set(transcript->timer, loop_mono_ms(transcript->loop) + TRANSCRIPT_LAST_MS);
    start(transcript);
}

bool transcript_is_over(struct transcript *transcript)
{
    return !transcript || transcript->given_up || (!transcript->busy && held(transcript) == 0);
}

bool transcript_is_whole(const struct transcript *transcript)
{
    return !transcript || !transcript->incomplete;
}
