/* Curses. It is told cell by cell what has changed, and finds the shortest way to show it.
 *
 * A curses cell holds one character and four marks, and curses believes wcwidth. Clusters for which
 * that is not enough or not true (joined emoji, flags, skin colours, keycaps) are stand-ins to
 * curses; once it is done they are written in their place by us, and what a terminal that knows no
 * better would then have pushed aside is written again. So a cluster of two columns takes two,
 * whatever the terminal thinks of it. */
#include "ui/terminal.h"

#include "base/alloc.h"
#include "base/gettext.h"
#include "base/text.h"
#include "base/utf8.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#undef columns /* term.h takes the word for itself */

enum {
    CELL_MARKS = CCHARW_MAX - 1, /* beside its character */
    OUT_BYTES = 4096,
    RESTORE_BYTES = 512,
    TITLE_BYTES = 256,
    FATAL_STACK = 64 * 1024, /* for the last steps: our own stack may be what is full */
};

/* Where curses is to leave a place for us: never a blank, so that it blanks it when it is over. */
static const wchar_t STAND_IN = 0xa0;

struct terminal {
    SCREEN *curses;
    struct grid front; /* what it shows */
    bool known;        /* and whether it does */
    int colours;
    bool modern; /* knows modes of xterm: paste, mouse, titles */
    bool mouse;
    int rows, columns;         /* as terminal_size saw it last; 0: it was not asked */
    int flags[2];              /* of the descriptors, while it is away */
    const struct theme *theme; /* that the pairs are of */
    char out[OUT_BYTES];
    size_t out_size;
    char title[TITLE_BYTES];
};

/* ---- given back, whatever happens ---- */

static struct terminal *opened;          /* curses' way to hand out a byte has no argument */
static volatile sig_atomic_t is_ours;    /* the terminal is as we want it, not as it was before */
static struct termios before, meanwhile; /* meanwhile: while it is ours */
static int nowhere = -1;    /* where what is still drawn goes when it was given back at the end */
static int flags_before[2]; /* of what we read from and write to: shells share them */
static char restore[RESTORE_BYTES];
static size_t restore_size;
/* Whatever ends a program at once, where it is not asked to leave in order. */
static const int FATAL[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGABRT, SIGTRAP, SIGSYS,
                            SIGQUIT, SIGXCPU, SIGXFSZ, SIGALRM, SIGUSR1, SIGUSR2};
enum { FATAL_COUNT = sizeof FATAL / sizeof *FATAL };
static struct sigaction fatal_before[FATAL_COUNT];
static char fatal_stack[FATAL_STACK];
static stack_t stack_before;

static const char MODES_ON[] = "\x1b[?2004h\x1b[22;2t";
static const char MODES_OFF[] = "\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[23;2t";
static const char MOUSE_ON[] = "\x1b[?1000h\x1b[?1006h";
static const char MOUSE_OFF[] = "\x1b[?1006l\x1b[?1000l";

/* All of it, also where the terminal is slow and the descriptor does not block. Who is in a `hurry`
 * gives up when the terminal has taken nothing for a second. */
static void bytes_write(const char *bytes, size_t size, bool hurry)
{
    while (size > 0) {
        ssize_t some = write(STDOUT_FILENO, bytes, size);
        if (some > 0) {
            bytes += some;
            size -= (size_t)some;
        } else if (some < 0 && errno == EAGAIN) {
            struct timeval second = {.tv_sec = 1};
            fd_set set;
            FD_ZERO(&set);
            FD_SET(STDOUT_FILENO, &set);
            if (select(STDOUT_FILENO + 1, NULL, &set, NULL, hurry ? &second : NULL) == 0)
                return;
        } else if (some == 0 || errno != EINTR) {
            return;
        }
    }
}

static void flags_keep(int into[2])
{
    into[0] = fcntl(STDIN_FILENO, F_GETFL);
    into[1] = fcntl(STDOUT_FILENO, F_GETFL);
}

static void flags_set(const int flags[2])
{
    fcntl(STDIN_FILENO, F_SETFL, flags[0]);
    fcntl(STDOUT_FILENO, F_SETFL, flags[1]);
}

/* Only what may be done in a signal handler; and once: a second time would put the cursor back to
 * where it was before us, above our last words. */
static void restore_now(void)
{
    if (!is_ours)
        return;
    is_ours = 0;
    bytes_write(restore, restore_size, true);
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    flags_set(flags_before);
    /* Another thread ends the program, and ours may still be drawing, or taking it over. */
    if (nowhere >= 0) {
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDIN_FILENO);
    }
}

static void on_fatal(int number)
{
    restore_now();
    for (size_t i = 0; i < FATAL_COUNT; i++)
        if (FATAL[i] == number)
            sigaction(number, &fatal_before[i], NULL);
    raise(number); /* it waits until we return: then it does what it would have done */
}

static void restore_add(const char *bytes)
{
    size_t size = bytes && bytes != (const char *)-1 ? strlen(bytes) : 0;
    if (size > 0 && size < RESTORE_BYTES - restore_size) {
        memcpy(restore + restore_size, bytes, size);
        restore_size += size;
    }
}

static bool is_modern(void)
{
    return terminal_capability("kmous") || terminal_capability("BE");
}

/* To be called while terminfo has an entry. */
static void restore_prepare(void)
{
    restore_size = 0;
    restore_add(is_modern() ? MODES_OFF : NULL);
    restore_add(tigetstr("sgr0"));
    restore_add(tigetstr("op"));
    restore_add(tigetstr("cnorm"));
    restore_add(tigetstr("rmcup"));
}

static void fatal_watch(void)
{
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = SA_ONSTACK};
    stack_t stack = {.ss_sp = fatal_stack, .ss_size = FATAL_STACK};
    sigfillset(&action.sa_mask);
    sigaltstack(&stack, &stack_before);
    for (size_t i = 0; i < FATAL_COUNT; i++) {
        sigaction(FATAL[i], NULL, &fatal_before[i]);
        if (fatal_before[i].sa_handler != SIG_IGN) /* whoever started us wants it passed over */
            sigaction(FATAL[i], &action, NULL);
    }
}

static void fatal_unwatch(void)
{
    for (size_t i = 0; i < FATAL_COUNT; i++)
        sigaction(FATAL[i], &fatal_before[i], NULL);
    sigaltstack(&stack_before, NULL);
}

/* Where curses has no memory for a pair of colours, it ends the program itself. */
static void exit_watch(void)
{
    static bool watched;
    if (!watched)
        watched = atexit(restore_now) == 0;
}

/* ---- open and closed ---- */

/* Asks terminfo before curses is started: curses itself ends the program where it cannot go on. */
const char *terminal_problem(void)
{
    int result;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return _("A screen needs a terminal. tertulia --plain works without one, and for programs "
                 "there is tertuliad.");
    if (setupterm(NULL, STDOUT_FILENO, &result) != OK)
        return _("The terminal's kind is not known here: set TERM, to xterm-256color for example. "
                 "tertulia --plain works everywhere.");
    const char *place = tigetstr("cup");
    bool can_place = place && place != (const char *)-1;
    restore_prepare();     /* curses leaves no moment for that when it takes the terminal over */
    del_curterm(cur_term); /* curses makes one of its own */
    if (!can_place)
        return _("This terminal cannot place its cursor, so there can be no full screen: "
                 "tertulia --plain works everywhere.");
    return NULL;
}

static void nowhere_close(void)
{
    die_last_words(NULL);
    if (nowhere >= 0)
        close(nowhere);
    nowhere = -1;
}

static void out_flush(struct terminal *terminal)
{
    if (is_ours)
        bytes_write(terminal->out, terminal->out_size, false);
    terminal->out_size = 0;
}

static void out_add(struct terminal *terminal, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (terminal->out_size == OUT_BYTES)
            out_flush(terminal);
        terminal->out[terminal->out_size++] = bytes[i];
    }
}

static void out_text(struct terminal *terminal, const char *text)
{
    out_add(terminal, text, strlen(text));
}

static void modes_on(struct terminal *terminal)
{
    if (!terminal->modern)
        return;
    out_text(terminal, MODES_ON);
    if (terminal->mouse)
        out_text(terminal, MOUSE_ON);
    out_flush(terminal);
}

static int colours_wanted(void)
{
    const char *none = getenv("NO_COLOR");
    if ((none && *none) || !has_colors() || start_color() == ERR)
        return 0;
    use_default_colors();
    return COLORS >= 256 && COLOR_PAIRS > STYLES ? 256
           : COLORS >= 8 && COLOR_PAIRS > STYLES ? 8
                                                 : 0;
}

/* Until it was given back once, curses writes each row of a frame by itself: so it is, where nobody
 * sees it, for what it says then would also set back the palette that somebody chose. It believes
 * to have no terminal then, and leaves its modes to us. */
static void frames_join(void)
{
    refresh();
    int ours = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    if (ours >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0) {
        endwin();
        doupdate();
        (void)dup2(ours, STDOUT_FILENO);
    }
    if (ours >= 0)
        close(ours);
}

struct terminal *terminal_open(const char **why)
{
    *why = terminal_problem();
    if (*why)
        return NULL;
    tcgetattr(STDIN_FILENO, &before);
    flags_keep(flags_before);
    struct terminal *terminal = xcalloc(1, sizeof *terminal);
    nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    is_ours = 1;
    die_last_words(restore_now);
    exit_watch();
    fatal_watch();
    terminal->curses = newterm(NULL, stdout, stdin);
    if (!terminal->curses) {
        is_ours = 0;
        fatal_unwatch();
        nowhere_close();
        free(terminal);
        *why = _("The terminal cannot be taken over.");
        return NULL;
    }
    terminal->modern = is_modern();
    terminal->mouse = true;
    grid_init(&terminal->front);
    opened = terminal;
    raw(); /* Ctrl-c, Ctrl-s and Ctrl-q are keys: the terminal acts on none of them */
    noecho();
    nonl();
    typeahead(-1); /* keys that wait do not break off what is drawn: it is bounded already */
    terminal->colours = colours_wanted();
    tcgetattr(STDIN_FILENO, &meanwhile);
    frames_join();
    modes_on(terminal);
    return terminal;
}

/* As it was before, by curses. */
static void give_back(struct terminal *terminal)
{
    out_text(terminal, terminal->modern ? MODES_OFF : "");
    out_flush(terminal);
    endwin();
    is_ours = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    flags_set(flags_before);
}

void terminal_close(struct terminal *terminal)
{
    if (!terminal)
        return;
    if (is_ours)
        give_back(terminal);
    fatal_unwatch();
    opened = NULL;
    nowhere_close();
    delscreen(terminal->curses);
    grid_done(&terminal->front);
    free(terminal);
}

/* Another job has the terminal. */
static bool is_behind(void)
{
    pid_t front = tcgetpgrp(STDIN_FILENO);
    return front >= 0 && front != getpgrp();
}

/* Takes it over again, unless we were let go on behind the shell: `bg`, or to be told to leave. */
static void take_again(struct terminal *terminal)
{
    if (is_behind())
        return;
    is_ours = 1;
    tcsetattr(STDIN_FILENO, TCSANOW, &meanwhile);
    flags_set(terminal->flags);
    modes_on(terminal);
    terminal->title[0] = '\0';
    terminal_redraw(terminal);
}

void terminal_suspend(struct terminal *terminal)
{
    struct sigaction stop = {.sa_handler = SIG_DFL}, stop_before;
    if (!is_ours)
        return;
    flags_keep(terminal->flags);
    give_back(terminal);
    sigaction(SIGTSTP, &stop, &stop_before);
    kill(0, SIGTSTP); /* all of the job, as the terminal itself would: a script around us too */
    sigaction(SIGTSTP, &stop_before, NULL);
    take_again(terminal);
}

bool terminal_is_away(const struct terminal *terminal)
{
    (void)terminal;
    return !is_ours;
}

/* ---- what it is ---- */

void terminal_size(struct terminal *terminal, int *rows, int *columns)
{
    struct winsize size;
    *rows = LINES;
    *columns = COLS;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        *rows = size.ws_row;
        *columns = size.ws_col;
    }
    terminal->rows = *rows;
    terminal->columns = *columns;
}

int terminal_colours(const struct terminal *terminal)
{
    return terminal->colours;
}

bool terminal_is_plain(const struct terminal *terminal)
{
    const char *name = getenv("TERM");
    (void)terminal;
    return strcmp(nl_langinfo(CODESET), "UTF-8") != 0 || (name && strcmp(name, "linux") == 0);
}

const char *terminal_capability(const char *name)
{
    const char *value = tigetstr(name);
    return value && value != (const char *)-1 && *value ? value : NULL;
}

int terminal_read(struct terminal *terminal, char *into, size_t size)
{
    (void)terminal;
    ssize_t some = read(STDIN_FILENO, into, size);
    if (some > 0)
        return (int)some;
    return some < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

/* ---- drawing ---- */

static attr_t attributes_of(struct look look)
{
    static const struct {
        unsigned look;
        attr_t attribute;
    } pairs[] = {
        {LOOK_BOLD, A_BOLD},       {LOOK_DIM, A_DIM},       {LOOK_UNDERLINE, A_UNDERLINE},
        {LOOK_REVERSE, A_REVERSE}, {LOOK_ITALIC, A_ITALIC},
    };
    attr_t attributes = A_NORMAL;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (look.attributes & pairs[i].look)
            attributes |= pairs[i].attribute;
    return attributes;
}

static attr_t style_attributes(const struct terminal *terminal, uint8_t style)
{
    return attributes_of(theme_look(terminal->theme, (enum style)style, terminal->colours));
}

/* The terminal's own colours are curses' pair 0: after any other it writes that it ends. */
static short style_pair(const struct terminal *terminal, uint8_t style)
{
    struct look look = theme_look(terminal->theme, (enum style)style, terminal->colours);
    return terminal->colours > 0 && (look.front >= 0 || look.back >= 0) ? (short)(style + 1) : 0;
}

static void theme_use(struct terminal *terminal, const struct theme *theme)
{
    if (terminal->theme == theme)
        return;
    terminal->theme = theme;
    for (enum style style = 0; terminal->colours > 0 && style < STYLES; style++) {
        struct look look = theme_look(theme, style, terminal->colours);
        init_pair((short)(style + 1), look.front, look.back);
    }
    terminal_redraw(terminal);
}

/* The cluster as curses can have it; false: it cannot. */
static bool curses_text(const struct cell *cell, wchar_t into[CELL_MARKS + 2])
{
    size_t at = 0, count = 0;
    while (at < cell->bytes) {
        int32_t code;
        at += utf8_step(cell->text + at, cell->bytes - at, &code);
        int width = wcwidth((wchar_t)code);
        bool first = count == 0;
        bool fine = first ? width == cell->width && !(width == 2 && text_pictograph(code))
                          : width == 0 && count <= CELL_MARKS;
        if (!fine)
            return false;
        into[count++] = (wchar_t)code;
    }
    into[count] = L'\0';
    return true;
}

/* Tells curses of a cell; false where it got a stand-in. */
static bool cell_show(const struct terminal *terminal, int row, int column, const struct cell *cell)
{
    wchar_t text[CELL_MARKS + 2];
    cchar_t shown;
    bool fits = curses_text(cell, text);
    attr_t attributes = style_attributes(terminal, cell->style);
    short pair = style_pair(terminal, cell->style);
    if (!fits) {
        text[0] = STAND_IN;
        text[1] = L'\0';
    }
    setcchar(&shown, text, attributes, pair, NULL);
    mvadd_wch(row, column, &shown);
    if (!fits && cell->width == 2)
        mvadd_wch(row, column + 1, &shown);
    return fits;
}

/* Tells curses what has changed in a row; true where something of it has to be written by us. */
static bool row_show(struct terminal *terminal, const struct grid *grid, int row)
{
    bool changed = false, ours = false;
    wchar_t text[CELL_MARKS + 2];
    if (terminal->known && grid_row_equal(grid, &terminal->front, row))
        return false;
    for (int column = 0; column < grid->columns; column++) {
        const struct cell *cell = grid_cell(grid, row, column);
        struct cell *front = grid_cell(&terminal->front, row, column);
        bool same = terminal->known && cell_equal(cell, front);
        if (cell->width == 0) {
            changed = changed || !same;
            *front = *cell;
            continue;
        }
        bool multi = cell->bytes > 1;
        if (same) {
            ours = ours || (multi && !curses_text(cell, text));
            continue;
        }
        changed = true;
        ours = !cell_show(terminal, row, column, cell) || ours;
        *front = *cell;
    }
    return changed && ours;
}

/* curses' own way to hand out a byte has no argument. */
static int out_byte(int byte)
{
    char one = (char)byte;
    out_add(opened, &one, 1);
    return byte;
}

static void go_to(int row, int column)
{
    tputs(tparm(tigetstr("cup"), (long)row, (long)column, 0L, 0L, 0L, 0L, 0L, 0L, 0L), 1, out_byte);
}

static void cell_out(struct terminal *terminal, const struct cell *cell, size_t bytes)
{
    vid_puts(style_attributes(terminal, cell->style), style_pair(terminal, cell->style), NULL,
             out_byte);
    out_add(terminal, cell->text, bytes);
}

/* Columns that a terminal takes for it which knows no clusters. */
static int naive_width(const struct cell *cell)
{
    int width = 0;
    for (size_t at = 0; at < cell->bytes;) {
        int32_t code;
        at += utf8_step(cell->text + at, cell->bytes - at, &code);
        int one = wcwidth((wchar_t)code);
        width += one > 0 ? one : 0;
    }
    return width;
}

/* Writes a cluster in its place; returns the column up to which a naive terminal then has shown
 * something of it. At the right edge only its first character is written: it would wrap. */
static int cluster_out(struct terminal *terminal, const struct grid *grid, int row, int column)
{
    const struct cell *cell = grid_cell(grid, row, column);
    int naive = naive_width(cell);
    size_t bytes = cell->bytes;
    int32_t code;
    if (column + naive > grid->columns) {
        bytes = utf8_step(cell->text, cell->bytes, &code);
        naive = 0;
    }
    go_to(row, column);
    cell_out(terminal, cell, bytes);
    return column + naive;
}

/* Writes what curses could not, and again what a naive terminal pushed aside with it. */
static void row_out(struct terminal *terminal, const struct grid *grid, int row)
{
    wchar_t text[CELL_MARKS + 2];
    int pushed = 0;     /* cells before this column are written again */
    bool there = false; /* the terminal's cursor is where the next cell goes */
    for (int column = 0; column < grid->columns; column++) {
        const struct cell *cell = grid_cell(grid, row, column);
        if (cell->width == 0)
            continue;
        if (cell->bytes > 1 && !curses_text(cell, text)) {
            int end = cluster_out(terminal, grid, row, column);
            pushed = end > pushed ? end : pushed;
            there = false;
        } else if (column < pushed) {
            if (!there)
                go_to(row, column);
            cell_out(terminal, cell, cell->bytes);
            there = true;
        }
    }
}

static void size_follow(struct terminal *terminal, const struct grid *grid)
{
    if (terminal->rows && (terminal->rows != LINES || terminal->columns != COLS)) {
        resizeterm(terminal->rows, terminal->columns);
        terminal_redraw(terminal);
    }
    if (grid->rows != terminal->front.rows || grid->columns != terminal->front.columns) {
        grid_clear(&terminal->front, grid->rows, grid->columns);
        terminal_redraw(terminal);
    }
}

static void cursor_show(const struct grid *grid)
{
    bool shown = grid->cursor_row >= 0 && grid->cursor_row < LINES && grid->cursor_column < COLS;
    curs_set(shown ? 1 : 0);
    if (shown)
        move(grid->cursor_row, grid->cursor_column);
}

void terminal_draw(struct terminal *terminal, const struct grid *grid, const struct theme *theme)
{
    bool ours[GRID_ROWS_MAX];
    bool any = false;
    if (!is_ours)
        take_again(terminal);
    if (!is_ours)
        return;
    theme_use(terminal, theme);
    size_follow(terminal, grid);
    if (!terminal->known) {
        erase();
        clearok(curscr, TRUE);
    }
    for (int row = 0; row < grid->rows; row++) {
        ours[row] = row_show(terminal, grid, row);
        any = any || ours[row];
    }
    terminal->known = true;
    cursor_show(grid);
    refresh();
    if (!any)
        return;
    for (int row = 0; row < grid->rows; row++)
        if (ours[row])
            row_out(terminal, grid, row);
    vid_puts(A_NORMAL, 0, NULL, out_byte);
    if (grid->cursor_row >= 0)
        go_to(grid->cursor_row, grid->cursor_column);
    out_flush(terminal);
}

void terminal_redraw(struct terminal *terminal)
{
    terminal->known = false;
}

/* ---- besides the screen ---- */

void terminal_mouse(struct terminal *terminal, bool on)
{
    terminal->mouse = on;
    if (terminal->modern)
        out_text(terminal, on ? MOUSE_ON : MOUSE_OFF);
    out_flush(terminal);
}

void terminal_bell(struct terminal *terminal)
{
    out_text(terminal, "\a");
    out_flush(terminal);
}

/* Text within a sequence: nothing that could end it. */
static void text_out(struct terminal *terminal, const char *text, size_t most)
{
    size_t size = text_cut(text, strlen(text), most);
    for (size_t at = 0; at < size;) {
        int32_t code;
        size_t step = utf8_step(text + at, size - at, &code);
        if (code >= 0x20 && (code < 0x7f || code >= 0xa0))
            out_add(terminal, text + at, step);
        at += step;
    }
}

/* Without semicolons: what follows one is another field, and to some another command. */
static void who_out(struct terminal *terminal, const char *who)
{
    char plain[TITLE_BYTES];
    snprintf(plain, sizeof plain, "%s", who);
    for (char *at = plain; (at = strchr(at, ';'));)
        *at = ',';
    text_out(terminal, plain, TITLE_BYTES);
}

void terminal_notify(struct terminal *terminal, bool titled, const char *who, const char *text)
{
    if (!terminal->modern)
        return;
    out_text(terminal, titled ? "\x1b]777;notify;" : "\x1b]9;");
    who_out(terminal, who);
    out_text(terminal, titled ? ";" : ": ");
    text_out(terminal, text, TITLE_BYTES);
    out_text(terminal, "\a");
    out_flush(terminal);
}

void terminal_title(struct terminal *terminal, const char *text)
{
    if (!terminal->modern || strncmp(terminal->title, text, TITLE_BYTES - 1) == 0)
        return;
    snprintf(terminal->title, sizeof terminal->title, "%s", text);
    out_text(terminal, "\x1b]2;");
    text_out(terminal, text, TITLE_BYTES);
    out_text(terminal, "\a");
    out_flush(terminal);
}
