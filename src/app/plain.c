/* Lines in as the terminal itself edits them, lines out, and a prompt that says where Enter goes.
 *
 * Invariants: what is said always begins at a line's start, and where somebody types, a prompt
 * stands behind it in the same write: so nothing that the terminal echoes ever gets into a line of
 * ours. The terminal does not tell whether something was typed behind the prompt: a prompt is
 * therefore never taken back; the next line begins below it, and what was typed is still there.
 * Nobody here waits for a terminal that does not read (app/output.h). */
#include "app/plain.h"

#include "app/app.h"
#include "app/doctor.h"
#include "app/i18n.h"
#include "app/intake.h"
#include "app/output.h"
#include "app/plain_people.h"
#include "app/plain_places.h"
#include "app/plain_words.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clean.h"
#include "base/gettext.h"
#include "core/command.h"
#include "core/room.h"
#include "net/loop.h"
#include "net/timer.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utlist.h>

enum {
    BURST_MS = 150,    /* between two times that a prompt is left behind: lines gather meanwhile */
    BURST_MAX = 65536, /* bytes of them, or */
    LINE_MOST = 640 * 1024, /* one line: 64 KiB of nothing but tokens, and who says it */
    PROMPT_BYTES = 2048,    /* a long name */
    READ_MS = 1000,         /* between two times that what was told counts as read */
    BELL_MS = 1000,         /* between two, where every line rings */
    UNHEARD_MS = 3000,      /* at the end of a pipe's words, until somebody has them */
    SAID = 256,             /* notices and errors that /log tells */
};

struct said {
    uint64_t wall;
    bool error;
    char *text;
};

struct plain {
    struct app *app;
    struct intake *intake;
    struct output *output;
    struct timer *timer;
    struct plain_words words;
    struct plain_people *people;
    struct buf held;           /* lines, each with its newline, that wait for the end of a burst */
    uint64_t burst_at;         /* when the last one was written */
    uint64_t wake_at;          /* when the next turn has to come, at the latest */
    char *here;                /* where Enter goes */
    char *opened;              /* what the node was told is open */
    char prompt[PROMPT_BYTES]; /* that stands on the last line */
    uint64_t number;           /* of the latest line */
    uint64_t bell_at;          /* not before then */
    struct places places;
    uint64_t read_at; /* when what was told elsewhere last counted as read */
    struct said said[SAID];
    size_t said_next;
    bool prompts; /* somebody types on a terminal, which shows it: own lines are there already */
    bool open;    /* the last line is the prompt's */
    bool ready;
    bool begun; /* what was said before was told */
    bool rings;
    bool crowded;
    bool failed; /* nobody heard what was to be said */
    bool ending;
    uint64_t ended_at;         /* the input; 0: it has not */
    uint64_t said_last, heard; /* the latest line of ours, and the latest that somebody has */
};

static uint64_t now_wall(const struct plain *plain)
{
    int64_t now = loop_wall_ms(app_loop(plain->app));
    return now > 0 ? (uint64_t)now : 0;
}

static uint64_t now_mono(const struct plain *plain)
{
    return loop_mono_ms(app_loop(plain->app));
}

/* ---- out ---- */

/* All that is held, from a line's start on. */
static void burst(struct plain *plain)
{
    struct buf *held = &plain->held;
    if (plain->open)
        output_add(plain->output, "", 0);
    plain->open = false;
    while (held->length > 0) {
        const char *line = (const char *)buf_bytes(held);
        const char *newline = memchr(line, '\n', held->length);
        size_t size = newline ? (size_t)(newline - line) : held->length;
        output_add(plain->output, line, size);
        buf_eat(held, newline ? size + 1 : size);
    }
    plain->burst_at = now_mono(plain);
}

static void on_put(void *self, const char *line, size_t size)
{
    struct plain *plain = self;
    if (plain->held.length > 0 && plain->held.length + size + 1 > BURST_MAX)
        burst(plain);
    if (!buf_add(&plain->held, line, size) || !buf_add(&plain->held, "\n", 1))
        die("a line of ours is longer than it can be");
}

/* Enter was pressed, and the line not read yet: the terminal has shown its newline. */
static bool line_waits(const struct plain *plain)
{
    int waiting = 0;
    return plain->prompts && ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting > 0;
}

static void prompt_put(struct plain *plain)
{
    bool rings = plain->rings;
    plain->rings = false;
    if (!plain->prompts || !plain->begun || plain->crowded || app_is_leaving(plain->app) ||
        line_waits(plain))
        return;
    if (rings)
        (void)output_open(plain->output, "\a", 1);
    plain->open = output_open(plain->output, plain->prompt, strlen(plain->prompt));
}

/* The prompt as it is to be now; true: that is not the one that stands there. */
static bool prompt_make(struct plain *plain)
{
    char prompt[PROMPT_BYTES];
    plain_prompt(&plain->words, prompt, sizeof prompt);
    bool changed = strcmp(prompt, plain->prompt) != 0;
    memcpy(plain->prompt, prompt, sizeof prompt);
    return changed;
}

static void wake(struct plain *plain, uint64_t at)
{
    if (at < plain->wake_at)
        plain->wake_at = at;
}

/* The end of a turn: what there is to say, and a prompt behind it. */
static void speak(struct plain *plain)
{
    bool waits = plain->held.length > 0;
    bool changed = plain->prompts && prompt_make(plain);
    plain->open = plain->open && !line_waits(plain);
    bool due = !plain->open || now_mono(plain) >= plain->burst_at + BURST_MS || changed;
    if ((waits || changed) && due)
        burst(plain);
    else if (waits)
        wake(plain, plain->burst_at + BURST_MS);
    if (!plain->open)
        prompt_put(plain);
}

static void said_keep(struct plain *plain, bool error, const char *text)
{
    struct said *said = &plain->said[plain->said_next];
    free(said->text);
    *said = (struct said){now_wall(plain), error, xstrdup(text)};
    plain->said_next = (plain->said_next + 1) % SAID;
}

/* ---- what the app says ---- */

static void on_say(void *self, bool error, const struct message *message, uint64_t line)
{
    struct plain *plain = self;
    char text[MESSAGE_TEXT_BYTES];
    (void)line;
    message_text(message, i18n_translate, text, sizeof text);
    said_keep(plain, error, text);
    plain_say(&plain->words, error, text);
}

/* On a terminal the prompt says it. */
static void here_tell(struct plain *plain)
{
    char title[PLAIN_NAME_BYTES];
    if (!plain->prompts)
        plain_tell(&plain->words, _("What you type goes to %s now."),
                   plain_title(&plain->words, plain->here, title), NULL, NULL);
}

static void words_follow(struct plain *plain)
{
    plain->words.model = app_model(plain->app);
}

static void go(struct plain *plain, const char *where)
{
    char *here = xstrdup(where);
    free(plain->here);
    plain->here = here;
    plain->words.here = here;
    here_tell(plain);
}

static void on_ready(void *self)
{
    struct plain *plain = self;
    char name[PLAIN_NAME_BYTES + TAG_TEXT + 1], port[16];
    words_follow(plain);
    free(plain->opened);
    plain->opened = NULL;
    if (plain->ready)
        return;
    plain->ready = true;
    const struct model *model = plain->words.model;
    plain_name(model->name, strlen(model->name), name);
    snprintf(name + strlen(name), TAG_TEXT + 1, "~%s", model->tag);
    snprintf(port, sizeof port, "%u", (unsigned)model->port);
    plain_tell(&plain->words, _("Welcome to Tertulia %1$s. You are %2$s, on port %3$s."),
               PACKAGE_VERSION, name, port);
    plain_say(&plain->words, false,
              _("Type a line and press Enter: everyone here reads it. /peers says who is here, "
                "/help lists the commands, /exit leaves."));
    here_tell(plain);
}

/* Words that could not be kept: who typed them may want them back. */
static void words_back(struct plain *plain, const char *text)
{
    const char *why = _("Not sent: this could not be kept. Send it again.");
    said_keep(plain, true, why);
    plain_say(&plain->words, true, why);
    plain_say(&plain->words, false, text);
}

static void bell(struct plain *plain, const struct node_line *line)
{
    const struct settings *settings = app_settings(plain->app);
    bool all = setting_is(settings, SETTING_BELL, "on");
    uint64_t now = now_mono(plain);
    if (line->own || !line->live || setting_is(settings, SETTING_BELL, "off") ||
        !(all || line->mention) || now < plain->bell_at)
        return;
    plain->bell_at = now + BELL_MS;
    plain->rings = true;
}

/* ---- commands that are not the node's ---- */

static void help_put(struct plain *plain, enum command_id id)
{
    const struct command_spec *spec = command_spec(id);
    const char *name = command_name(app_names(plain->app), id, 0);
    const char *rest = spec->usage ? strchr(_(spec->usage), ' ') : NULL;
    char usage[PLAIN_NAME_BYTES];
    snprintf(usage, sizeof usage, "/%s%s", name ? name : spec->name, rest ? rest : "");
    plain_tell(&plain->words, "%s: %s", usage, _(spec->help), NULL);
}

static void help(struct plain *plain, const struct command_spec *about)
{
    for (enum command_id id = 0; id < COMMAND_COUNT; id++)
        if (!about || about == command_spec(id))
            help_put(plain, id);
}

static void set(struct plain *plain, const char *name, const char *value)
{
    enum setting_id id;
    struct message answer;
    enum settings_result result = app_set(plain->app, name, value, &id, &answer);
    if (result == SETTINGS_CHANGED && id == SETTING_LANGUAGE)
        app_language_look(plain->app, &answer);
    on_say(plain, result == SETTINGS_REFUSED, &answer, 0);
}

static void settings_tell(struct plain *plain)
{
    const struct settings *settings = app_settings(plain->app);
    for (enum setting_id id = 0; id < SETTINGS; id++) {
        char left[2 * SETTING_VALUE_BYTES], allowed[MESSAGE_TEXT_BYTES];
        setting_allowed(settings, id, allowed, sizeof allowed);
        snprintf(left, sizeof left, "%s %s", setting_name(id), setting_value(settings, id));
        plain_tell(&plain->words, "%1$s: %2$s (%3$s)", left, _(setting_help(id)), allowed);
    }
    plain_say(&plain->words, false,
              _("/set key value changes a setting, /set key \"\" brings its default back"));
}

static void log_tell(struct plain *plain)
{
    size_t count = 0;
    for (size_t i = 0; i < SAID; i++) {
        const struct said *said = &plain->said[(plain->said_next + i) % SAID];
        if (!said->text)
            continue;
        plain_tell_at(&plain->words, said->wall, said->error ? _("Error: %1$s") : "%1$s",
                      said->text, NULL);
        count++;
    }
    if (count == 0)
        plain_say(&plain->words, false, _("Nothing was said of the program itself yet."));
}

static void cannot(struct plain *plain, const char *sentence, enum command_id id)
{
    char text[MESSAGE_TEXT_BYTES], name[COMMAND_NAME_BYTES + 2];
    const char *texts[] = {name};
    snprintf(name, sizeof name, "/%s", command_name(app_names(plain->app), id, 0));
    message_fill(sentence, texts, 1, text, sizeof text);
    said_keep(plain, true, text);
    plain_say(&plain->words, true, text);
}

/* Long because every command is named. */
static void command(struct plain *plain, const struct command *command)
{
    struct message languages;
    switch (command->id) {
    case COMMAND_HELP:
        help(plain, command->about);
        return;
    case COMMAND_ABOUT:
        plain_tell(&plain->words,
                   _("Tertulia %s: people who meet regularly to talk, without a server."),
                   PACKAGE_VERSION, NULL, NULL);
        return;
    case COMMAND_SET:
        if (command->key)
            set(plain, command->key, command->value);
        else
            settings_tell(plain);
        return;
    case COMMAND_THEME:
        set(plain, setting_name(SETTING_THEME), command->value);
        return;
    case COMMAND_LANG:
        languages = settings_languages();
        if (command->value)
            set(plain, setting_name(SETTING_LANGUAGE), command->value);
        else
            on_say(plain, false, &languages, 0);
        return;
    case COMMAND_LOG:
        log_tell(plain);
        return;
    case COMMAND_CLEAR:
    case COMMAND_BIND:
        cannot(plain, _("%s is for the full screen: start tertulia without --plain."), command->id);
        return;
    case COMMAND_CONNECT:
    case COMMAND_DISCONNECT:
    case COMMAND_SCAN:
    case COMMAND_WHISPER:
    case COMMAND_EXIT:
    case COMMAND_PEERS:
    case COMMAND_INFO:
    case COMMAND_NAME:
    case COMMAND_ALIAS:
    case COMMAND_CALL:
    case COMMAND_RETRY:
    case COMMAND_ME:
    case COMMAND_AWAY:
    case COMMAND_JOIN:
    case COMMAND_LEAVE:
    case COMMAND_INVITE:
    case COMMAND_ROOMS:
    case COMMAND_TOPIC:
    case COMMAND_SEARCH:
    case COMMAND_WHO_GOT:
    case COMMAND_IGNORE:
    case COMMAND_BLOCK:
    case COMMAND_VERIFY:
    case COMMAND_TRUST:
    case COMMAND_EXPORT:
    case COMMAND_DOCTOR:
    case COMMAND_COUNT:
        cannot(plain, _("%s cannot be done here."), command->id);
        return;
    }
}

/* What was typed here, the terminal has shown. */
static bool is_shown(const struct plain *plain, const struct node_line *line)
{
    bool words = line->kind == ENTRY_SAY || line->kind == ENTRY_ACT || line->kind == ENTRY_CALL;
    bool ours = line->own && line->guest.size == 0;
    return plain->prompts && ours && words && line->live && !line->again;
}

/* Guests come and go as people do: that is told by their rows. */
static bool is_coming(const struct node_line *line)
{
    return line->guest.size > 0 && (line->kind == ENTRY_JOIN || line->kind == ENTRY_LEAVE);
}

static void shown(struct plain *plain, const struct node_line *line)
{
    if (is_coming(line))
        return;
    if (line->whisper) /* it goes by the names of its people */
        words_follow(plain);
    bell(plain, line);
    if (places_line(&plain->places, &plain->words, line, now_mono(plain)) && !is_shown(plain, line))
        plain_line(&plain->words, line);
}

static void on_effect(void *self, const struct node_effect *effect)
{
    struct plain *plain = self;
    if (effect->kind == EFFECT_SHOWN) {
        if (effect->shown.own && effect->shown.live)
            plain->said_last = effect->shown.order.seq;
        shown(plain, &effect->shown);
    } else if (effect->kind == EFFECT_RECEIPT) {
        if (effect->receipt.count > 0 && effect->receipt.ref.seq > plain->heard)
            plain->heard = effect->receipt.ref.seq;
        places_receipt(&plain->places, &effect->receipt);
    } else if (effect->kind == EFFECT_BACK) {
        words_back(plain, effect->back.text);
    } else if (effect->kind == EFFECT_ANSWER) {
        words_follow(plain);
        plain_answer(&plain->words, &effect->answer, now_wall(plain));
    } else if (effect->kind == EFFECT_COMMAND) {
        command(plain, effect->command);
    } else if (effect->kind == EFFECT_GO) {
        words_follow(plain);
        go(plain, effect->go);
    }
}

static void on_scan(void *self, const struct scan_event *event)
{
    struct plain *plain = self;
    plain_scan(&plain->words, event);
}

static void on_doctor(void *self, const struct doctor_report *report, uint64_t line)
{
    struct plain *plain = self;
    (void)line;
    for (size_t i = 0; i < report->count; i++) {
        const struct doctor_word *word = &report->words[i];
        char what[MESSAGE_TEXT_BYTES], todo[MESSAGE_TEXT_BYTES] = "";
        char all[2 * MESSAGE_TEXT_BYTES + 64];
        message_text(&word->what, i18n_translate, what, sizeof what);
        if (word->todo.one)
            message_text(&word->todo, i18n_translate, todo, sizeof todo);
        snprintf(all, sizeof all, "%s: %s%s%s", _(doctor_verdict_name(word->verdict)), what,
                 *todo ? " " : "", todo);
        plain_say(&plain->words, false, all);
    }
}

/* ---- in ---- */

static void on_line(void *self, const char *text, size_t size)
{
    struct plain *plain = self;
    plain->open = false; /* the terminal has shown its newline */
    app_line(plain->app, plain->here, text, size, ++plain->number);
}

static void on_refused(void *self, const char *code, const char *text)
{
    struct plain *plain = self;
    (void)code;
    plain->open = false;
    said_keep(plain, true, text);
    plain_say(&plain->words, true, text);
}

static void on_ended(void *self)
{
    struct plain *plain = self;
    plain->ended_at = now_mono(plain) + 1;
    loop_again(app_loop(plain->app));
}

/* What was typed into a pipe is for somebody: it leaves when one of them has it, or nobody comes.
 */
static void end_follow(struct plain *plain)
{
    bool heard = plain->heard >= plain->said_last;
    uint64_t until = plain->ended_at + UNHEARD_MS;
    if (plain->ended_at == 0 || plain->ending || app_is_busy(plain->app))
        return; /* or its end is a turn, too */
    if (!heard && !app_is_leaving(plain->app) && now_mono(plain) < until) {
        wake(plain, until);
        return;
    }
    plain->ending = true;
    if (!heard)
        plain_say(&plain->words, false,
                  _("Nobody has it yet: it goes out when you start the next time."));
    intake_leave(plain->intake);
}

/* ---- the whole ---- */

static void on_crowded(void *self, bool crowded)
{
    struct plain *plain = self;
    plain->crowded = crowded;
    intake_crowded(plain->intake, crowded);
}

static void on_missed(void *self, uint64_t count)
{
    struct plain *plain = self;
    struct message message = output_missed_message(count);
    on_say(plain, false, &message, 0);
    burst(plain);
}

/* A pipe whose reader left, or a terminal that is gone, which is a way to leave. */
static void on_gone(void *self)
{
    struct plain *plain = self;
    plain->failed = !plain->prompts;
    intake_leave(plain->intake);
}

static void on_timer(void *self)
{
    (void)self; /* the turn that it ends does it all */
}

/* After a stop the shell has written below the prompt. */
static void on_continued(void *self, int signal)
{
    struct plain *plain = self;
    (void)signal;
    plain->open = false;
}

static void open_tell(struct plain *plain, const char *name)
{
    struct node_event event = {.kind = EVENT_OPEN, .open = name};
    free(plain->opened);
    plain->opened = xstrdup(name);
    app_event(plain->app, &event);
}

/* What is open counts as read, and so does what was told of another. */
static void open_follow(struct plain *plain)
{
    const char *name;
    uint64_t now = now_mono(plain);
    if (plain->places.unread && now < plain->read_at + READ_MS) {
        wake(plain, plain->read_at + READ_MS);
    } else if (plain->places.unread) {
        plain->read_at = now;
        while ((name = places_unread(&plain->places)))
            open_tell(plain, name);
    }
    if (!plain->opened || strcmp(plain->opened, plain->here) != 0)
        open_tell(plain, plain->here);
}

static void model_follow(struct plain *plain)
{
    words_follow(plain);
    if (!plain->words.model)
        return;
    open_follow(plain);
    words_follow(plain);
    if (plain->words.model->dirty & MODEL_SIDEBAR)
        plain_people_follow(plain->people, &plain->words, plain->words.model);
    wake(plain, places_turn(&plain->places, &plain->words, now_mono(plain)));
    const struct conversation *open = plain->words.model->open;
    plain->begun = plain->begun || !open || !open->window.asked;
    app_drawn(plain->app);
}

static void on_turned(void *self)
{
    struct plain *plain = self;
    plain->wake_at = UINT64_MAX;
    intake_turn(plain->intake);
    model_follow(plain);
    end_follow(plain);
    speak(plain);
    output_turn(plain->output);
    if (plain->wake_at != UINT64_MAX)
        timer_set(plain->timer, plain->wake_at);
}

static void plain_done(struct plain *plain)
{
    output_free(plain->output);
    timer_free(plain->timer);
    app_free(plain->app);
    intake_free(plain->intake);
    plain_people_free(plain->people);
    places_done(&plain->places);
    for (size_t i = 0; i < SAID; i++)
        free(plain->said[i].text);
    buf_done(&plain->held);
    free(plain->here);
    free(plain->opened);
    free(plain);
}

static void plain_init(struct plain *plain)
{
    static const struct output_calls calls = {on_crowded, on_missed, on_gone};
    static const struct intake_calls intake_calls = {on_line, on_refused, on_ended};
    struct loop *loop = app_loop(plain->app);
    plain->prompts = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    plain->people = plain_people_new();
    plain->here = xstrdup(ROOM_EVERYONE);
    plain_words_init(&plain->words, on_put, plain, now_wall(plain));
    plain->words.here = plain->here;
    buf_init(&plain->held, BURST_MAX + LINE_MOST);
    plain->timer = timer_new(loop, on_timer, plain);
    plain->output = output_new(loop, STDOUT_FILENO, &calls, plain);
    plain->intake = intake_new(plain->app, STDIN_FILENO, &intake_calls, plain);
    loop_on_signal(loop, SIGCONT, on_continued, plain);
}

int plain_run(const struct options *options, setting_words *themes)
{
    const struct app_face face = {on_ready, on_effect, on_say,   on_turned,
                                  themes,   on_scan,   on_doctor};
    struct plain *plain = xcalloc(1, sizeof *plain);
    plain->app = app_new(options, &face, plain);
    if (!plain->app) {
        free(plain);
        return EXIT_FAILURE;
    }
    plain_init(plain);
    int status = app_run(plain->app);
    const char *bye = _("Goodbye.");
    burst(plain);
    if ((!output_end(plain->output, bye, strlen(bye)) && !plain->prompts) || plain->failed)
        status = EXIT_FAILURE;
    plain_done(plain);
    return status;
}
