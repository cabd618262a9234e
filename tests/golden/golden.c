/* Golden frames: what the screen shows in many situations, sizes and languages, compared cell by
 * cell with the committed pictures, what each cell means included.
 *
 * The program itself runs here, all of src/main.c but its loop and its terminal: keys go in, grids
 * come out, and in between are the demo's people on a clock that moves only when a situation says
 * so. tests/golden/situations/NAME tells what is done; frames/NAME-SIZE-LANGUAGE.txt shows it. */
#include "app/demo.h"
#include "ui/terminal.h"

#include <dirent.h>
#include <libintl.h>
#include <locale.h>
#include <sys/stat.h>

/* Whatever else main.c asks of a terminal is the real one's, and not called. */
#define terminal_open golden_open
#define terminal_close golden_close
#define terminal_size golden_size
#define terminal_is_plain golden_is_plain
#define terminal_capability golden_capability
#define terminal_draw golden_draw
#define terminal_redraw golden_nothing
#define terminal_suspend golden_nothing
#define terminal_bell golden_nothing
#define terminal_mouse golden_mouse
#define terminal_notify golden_notify
#define terminal_title golden_title
#define main tertulia_main
static struct terminal *golden_open(const char **why);
static void golden_close(struct terminal *terminal);
static void golden_size(struct terminal *terminal, int *rows, int *columns);
static bool golden_is_plain(const struct terminal *terminal);
static const char *golden_capability(const char *name);
static void golden_draw(struct terminal *terminal, const struct grid *grid,
                        const struct theme *theme);
static void golden_nothing(struct terminal *terminal);
static void golden_mouse(struct terminal *terminal, bool on);
static void golden_notify(struct terminal *terminal, bool titled, const char *who,
                          const char *text);
static void golden_title(struct terminal *terminal, const char *text);
int tertulia_main(int argc, char **argv);
#include "../../src/main.c"
#undef main

#include "tests/unit/ui_frame.h"

enum {
    LINE = 4096,
    PICTURE = 1 << 20,
    KEY_MS = 3, /* between two keys: nobody waits longer for the rest of a sequence */
};
#define BEGAN INT64_C(1763647332000) /* Thursday 20 November 2025, 14:02:12 UTC */

static struct {
    int rows, columns;
    const struct grid *grid;
    char title[MESSAGE_TEXT_BYTES];
    unsigned bells;
    struct sys_fake fake;
    struct face face;
} golden;

/* ---- a terminal that only looks ---- */

static struct terminal *golden_open(const char **why)
{
    *why = NULL;
    return (struct terminal *)&golden;
}

static void golden_close(struct terminal *terminal)
{
    (void)terminal;
}

static void golden_size(struct terminal *terminal, int *rows, int *columns)
{
    (void)terminal;
    *rows = golden.rows;
    *columns = golden.columns;
}

static bool golden_is_plain(const struct terminal *terminal)
{
    (void)terminal;
    return false;
}

static const char *golden_capability(const char *name)
{
    (void)name;
    return NULL;
}

static void golden_draw(struct terminal *terminal, const struct grid *grid,
                        const struct theme *theme)
{
    (void)terminal;
    (void)theme;
    golden.grid = grid;
}

static void golden_nothing(struct terminal *terminal)
{
    (void)terminal;
    golden.bells++;
}

static void golden_mouse(struct terminal *terminal, bool on)
{
    (void)terminal;
    (void)on;
}

static void golden_notify(struct terminal *terminal, bool titled, const char *who, const char *text)
{
    (void)terminal;
    (void)titled;
    (void)who;
    (void)text;
}

static void golden_title(struct terminal *terminal, const char *text)
{
    (void)terminal;
    snprintf(golden.title, sizeof golden.title, "%s", text);
}

/* ---- time ---- */

static uint64_t now_ms(void)
{
    return golden.fake.mono_us / 1000;
}

static void move(uint64_t to_ms)
{
    golden.fake.wall_ms += (int64_t)(to_ms - now_ms());
    golden.fake.mono_us = to_ms * 1000;
}

static void look(void)
{
    struct model *model = app_model(golden.face.app);
    golden.face.drawn_at = 0; /* whole frames: none waits for its turn */
    if (model->dirty || golden.face.touched)
        draw(&golden.face, model);
}

/* As main.c's loop would, turn by turn. */
static void pass(uint64_t ms)
{
    struct face *face = &golden.face;
    struct demo *demo = app_demo(face->app);
    uint64_t end = now_ms() + ms;
    for (;;) {
        look();
        unsigned wait = ui_wait(face->ui, now_ms());
        uint64_t next = demo_next(demo), keys = wait ? now_ms() + wait : UINT64_MAX;
        if ((next < keys ? next : keys) > end)
            break;
        if (keys <= next) {
            move(keys);
            on_timer(face);
            continue;
        }
        if (next > now_ms())
            move(next);
        demo_run(demo);
    }
    move(end);
    (void)node_model((struct node *)(uintptr_t)app_node(face->app));
}

/* ---- what a situation says ---- */

static const struct {
    const char *name;
    const char *bytes;
} KEYS[] = {
    {"Enter", "\r"},          {"Tab", "\t"},          {"S-Tab", "\033[Z"},
    {"Esc", "\033"},          {"Up", "\033[A"},       {"Down", "\033[B"},
    {"Right", "\033[C"},      {"Left", "\033[D"},     {"PgUp", "\033[5~"},
    {"PgDn", "\033[6~"},      {"Home", "\033[H"},     {"End", "\033[F"},
    {"F1", "\033OP"},         {"BS", "\177"},         {"Del", "\033[3~"},
    {"M-Home", "\033[1;3H"},  {"M-End", "\033[1;3F"}, {"M-Enter", "\033\r"},
    {"M-Right", "\033[1;3C"}, {"Less", "<"},
};

static void put(char *into, const char *bytes, size_t size)
{
    size_t length = strlen(into);
    if (length + size + 1 > LINE)
        die("a line of a situation is too long");
    memcpy(into + length, bytes, size);
    into[length + size] = '\0';
}

/* <Enter>, <C-k>, <M-a>; <30*ab> is ab thirty times over. False: it is none of these. */
static bool word_put(char *into, const char *name)
{
    char *end;
    unsigned long times = strtoul(name, &end, 10);
    if (end > name && *end == '*') {
        for (unsigned long i = 0; i < times; i++)
            put(into, end + 1, strlen(end + 1));
        return true;
    }
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        if (strcmp(KEYS[i].name, name) == 0) {
            put(into, KEYS[i].bytes, strlen(KEYS[i].bytes));
            return true;
        }
    if (strlen(name) == 3 && name[1] == '-' && (name[0] == 'C' || name[0] == 'M')) {
        char key[2] = {name[0] == 'M' ? '\033' : (char)(name[2] & 0x1f), name[2]};
        put(into, key, name[0] == 'M' ? 2 : 1);
        return true;
    }
    return false;
}

/* Keys by name, and bytes as \xNN. */
static void decode(const char *text, char into[LINE])
{
    into[0] = '\0';
    while (*text) {
        char name[64] = "";
        const char *close = *text == '<' ? strchr(text, '>') : NULL;
        if (close && (size_t)(close - text) < sizeof name)
            memcpy(name, text + 1, (size_t)(close - text - 1));
        if (name[0] && word_put(into, name)) {
            text = close + 1;
        } else if (strncmp(text, "\\x", 2) == 0) {
            char hex[3] = {text[2], text[2] ? text[3] : '\0', '\0'}, byte;
            byte = (char)strtoul(hex, NULL, 16);
            put(into, &byte, 1);
            text += 4;
        } else {
            put(into, text++, 1);
        }
    }
}

static void feed(const char *bytes, size_t size)
{
    struct face *face = &golden.face;
    ui_feed(face->ui, app_model(face->app), now_ms(), bytes, size);
    requests_do(face);
    face->touched = true;
}

/* A sequence arrives in one piece. */
static size_t sequence(const char *bytes)
{
    if (*bytes != '\033' || !bytes[1])
        return 1;
    if (bytes[1] != '[' && bytes[1] != 'O')
        return 2;
    size_t size = 2;
    while (bytes[size] && !((bytes[size] >= 'A' && bytes[size] <= 'Z') || bytes[size] == '~'))
        size++;
    return size + (bytes[size] != '\0');
}

static void keys_type(const char *bytes)
{
    while (*bytes) {
        size_t size = sequence(bytes);
        feed(bytes, size);
        pass(size == 1 && *bytes == '\033' ? 200 : KEY_MS);
        bytes += size;
    }
}

static void paste(const char *text)
{
    char line[LINE], *words;
    unsigned long lines = strtoul(text, &words, 10);
    feed("\033[200~", 6);
    for (unsigned long i = 1; i <= lines; i++) {
        int size = snprintf(line, sizeof line, "%s %lu%s", words + (*words == ' '), i,
                            i < lines ? "\n" : "");
        feed(line, (size_t)size);
    }
    feed("\033[201~", 6);
}

/* The next word; *text goes behind it and the blank after it. */
static const char *word(char **text)
{
    char *begun = *text;
    *text += strcspn(*text, " ");
    if (**text)
        *(*text)++ = '\0';
    return begun;
}

static unsigned person(char **text)
{
    unsigned who = demo_person(word(text));
    if (who == DEMO_PEOPLE)
        die("a situation names somebody who is not in the demo");
    return who;
}

static void line_do(char *line)
{
    struct demo *demo = app_demo(golden.face.app);
    char decoded[LINE];
    const char *verb = word(&line);
    unsigned who;
    if (strcmp(verb, "wait") == 0) {
        pass(strtoul(line, NULL, 10));
    } else if (strcmp(verb, "script") == 0) {
        demo_hush(demo, false);
    } else if (strcmp(verb, "keys") == 0) {
        decode(line, decoded);
        keys_type(decoded);
    } else if (strcmp(verb, "paste") == 0) {
        paste(line);
    } else if (strcmp(verb, "say") == 0) {
        who = person(&line);
        const char *room = word(&line);
        decode(line, decoded);
        demo_type(demo, who, room, decoded);
        pass(50);
    } else if (strcmp(verb, "whisper") == 0) {
        who = person(&line);
        decode(line, decoded);
        demo_type(demo, who, NULL, decoded);
        pass(50);
    } else if (strcmp(verb, "lost") == 0 || strcmp(verb, "back") == 0) {
        demo_link(demo, person(&line), verb[0] == 'b');
    } else if (strcmp(verb, "size") == 0) {
        char *rows;
        golden.columns = (int)strtol(line, &rows, 10);
        golden.rows = (int)strtol(rows + 1, NULL, 10);
        golden.face.touched = true;
        pass(1);
    } else {
        die("a situation says what nobody understands");
    }
}

/* ---- pictures ---- */

/* Rows as they are read, then a letter for what each cell means (`.` plain text). */
static char *picture(void)
{
    const struct grid *grid = golden.grid;
    char *text = xcalloc(1, PICTURE);
    size_t at = 0;
    for (int row = 0; row < grid->rows; row++) {
        size_t start = at;
        for (int column = 0; column < grid->columns; column++) {
            const struct cell *cell = grid_cell(grid, row, column);
            memcpy(text + at, cell->text, cell->bytes);
            at += cell->bytes;
        }
        at = frame_trim(text, start, at, ' ');
        text[at++] = '\n';
    }
    at += (size_t)snprintf(text + at, 128, "-- %dx%d, cursor %d,%d\n", grid->columns, grid->rows,
                           grid->cursor_column, grid->cursor_row);
    for (int row = 0; row < grid->rows; row++) {
        size_t start = at;
        for (int column = 0; column < grid->columns; column++)
            text[at++] = frame_letter(grid_cell(grid, row, column)->style);
        at = frame_trim(text, start, at, '.');
        text[at++] = '\n';
    }
    snprintf(text + at, sizeof golden.title + 64, "-- %s, %s, %u bells\n", golden.title,
             ui_theme(golden.face.ui)->name, golden.bells);
    return text;
}

/* Situations may be drawn in other sizes and languages than their own, and are only printed then:
 * GOLDEN_FRAMES="120x50-xx", with GOLDEN_LOCALES, the folder of the catalogues. */
static const char *other_frames(void)
{
    return getenv("GOLDEN_FRAMES");
}

/* Every cell with what a theme makes of it, for picture.py. */
static void cells_print(const struct theme *theme)
{
    const struct grid *grid = golden.grid;
    printf("grid %d %d %d %d\n", grid->columns, grid->rows, grid->cursor_column, grid->cursor_row);
    for (int row = 0; row < grid->rows; row++)
        for (int column = 0; column < grid->columns; column++) {
            const struct cell *cell = grid_cell(grid, row, column);
            struct look look = theme_look(theme, cell->style, 256);
            if (cell->bytes)
                printf("cell %d %d %d %d %d %u %s\n", row, column, cell->width, look.front,
                       look.back, look.attributes, cell->text);
        }
}

static void picture_print(const char *path)
{
    char *now = picture();
    printf("%s is:\n%s", path, now);
    free(now);
}

static bool compare(const char *path)
{
    bool write = getenv("GOLDEN_WRITE") != NULL;
    char *now = picture(), *then = xcalloc(1, PICTURE);
    FILE *file = fopen(path, write ? "w" : "r");
    bool same = false;
    if (file && write)
        same = fputs(now, file) >= 0;
    else if (file)
        same = fread(then, 1, PICTURE - 1, file) > 0 && strcmp(now, then) == 0;
    if (file)
        fclose(file);
    if (!same || getenv("GOLDEN_SHOW"))
        printf("%s is:\n%s", path, now);
    if (!same && *then)
        printf("and was:\n%s", then);
    free(now);
    free(then);
    return same;
}

/* ---- one situation in one size and language ---- */

static void begin(const char *language)
{
    static struct options options = {.name = "ana", .demo = true};
    struct face *face = &golden.face;
    golden.fake = (struct sys_fake){5000000, BEGAN, 7};
    golden.bells = 0;
    golden.title[0] = '\0';
    memset(face, 0, sizeof *face);
    buf_init(&face->keys, KEYS_MAX);
    i18n_language_set(language);
    face->app = app_demo_new(&options, &FACE, face, sys_fake(&golden.fake));
    demo_hush(app_demo(face->app), true);
    if (!terminal_begin(face, &options))
        die("no screen");
    app_begin(face->app);
    look();
}

static void end(void)
{
    struct face *face = &golden.face;
    app_free(face->app);
    ui_free(face->ui);
    buf_done(&face->keys);
}

static bool situation(const char *script, const char *frame, const char *path)
{
    char *text = xstrdup(script), *next = text;
    char language[16], *rows;
    golden.columns = (int)strtol(frame, &rows, 10);
    golden.rows = (int)strtol(rows + 1, &rows, 10);
    snprintf(language, sizeof language, "%s", rows + 1);
    begin(language);
    for (char *line = next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (*line && *line != '#' && strncmp(line, "frames ", 7) != 0)
            line_do(line);
    }
    golden.face.touched = true;
    look();
    const char *theme = getenv("GOLDEN_CELLS");
    bool same = theme || other_frames() ? true : compare(path);
    if (theme)
        cells_print(theme_find(theme));
    else if (other_frames())
        picture_print(path);
    end();
    free(text);
    return same;
}

/* ---- all of them ---- */

static const char *sources(void)
{
    const char *srcdir = getenv("srcdir");
    return srcdir ? srcdir : ".";
}

/* The catalogues of the build, where gettext looks for them. */
static void catalogue(const char *language)
{
    char path[1024], target[5000], *base = realpath(sources(), NULL);
    snprintf(path, sizeof path, "golden.locale/%s", language);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "golden.locale/%s/LC_MESSAGES", language);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "golden.locale/%s/LC_MESSAGES/" PACKAGE ".mo", language);
    snprintf(target, sizeof target, "%s/po/%s.gmo", base, language);
    unlink(path);
    if (symlink(target, path) != 0)
        die("no place for a catalogue");
    free(base);
}

static bool speaks(const char *language)
{
    for (size_t i = 0; i18n_language_at(i); i++)
        if (strcmp(i18n_language_at(i), language) == 0)
            return true;
    return false;
}

static unsigned run(const char *name, const char *script, unsigned number, bool *fine)
{
    char frames[LINE], path[1024], *rest;
    const char *list = strstr(script, "frames ");
    if (!list)
        die("a situation without frames");
    list = other_frames() ? other_frames() : list + 7;
    snprintf(frames, sizeof frames, "%.*s", (int)strcspn(list, "\n"), list);
    for (char *frame = strtok_r(frames, " ", &rest); frame; frame = strtok_r(NULL, " ", &rest)) {
        const char *language = strchr(frame, '-') + 1;
        bool skip = !other_frames() && !speaks(language), same = true;
        snprintf(path, sizeof path, "%s/tests/golden/frames/%s-%s.txt", sources(), name, frame);
        if (!skip)
            same = situation(script, frame, path);
        printf("%sok %u - %s %s%s\n", same ? "" : "not ", ++number, name, frame,
               skip ? " # SKIP this build does not speak it" : "");
        *fine = *fine && same;
    }
    return number;
}

static char *file_read(const char *path)
{
    char *text = xcalloc(1, PICTURE);
    FILE *file = fopen(path, "r");
    if (!file || fread(text, 1, PICTURE - 1, file) == 0)
        die("a situation that cannot be read");
    fclose(file);
    return text;
}

static bool is_wanted(const char *name, int argc, char **argv)
{
    bool wanted = argc < 2;
    for (int i = 1; i < argc; i++)
        wanted = wanted || strncmp(name, argv[i], strlen(argv[i])) == 0;
    return wanted && name[0] != '.';
}

int main(int argc, char **argv)
{
    char path[1024];
    struct dirent **all;
    unsigned number = 0;
    bool fine = true;
    setenv("TZ", "UTC", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    i18n_start();
    bindtextdomain(PACKAGE, other_frames() ? getenv("GOLDEN_LOCALES") : "golden.locale");
    mkdir("golden.locale", 0755);
    for (size_t i = 1; i18n_language_at(i); i++)
        catalogue(i18n_language_at(i));
    snprintf(path, sizeof path, "%s/tests/golden/situations", sources());
    int count = scandir(path, &all, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (is_wanted(all[i]->d_name, argc, argv)) {
            snprintf(path, sizeof path, "%s/tests/golden/situations/%s", sources(), all[i]->d_name);
            char *script = file_read(path);
            number = run(all[i]->d_name, script, number, &fine);
            free(script);
        }
        free(all[i]);
    }
    free(all);
    printf("1..%u\n", number);
    return fine && number ? EXIT_SUCCESS : EXIT_FAILURE;
}
