/* The terminal, in a pty, as libvterm sees it: what is drawn is there cell by cell, clusters that
 * libvterm knows nothing of push nothing aside, and it is given back however the program ends.
 *
 * The child tells by the terminal's title which frame is drawn; nothing waits for time. */
#include "unit.h"

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"
#include "ui/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <vterm.h>

enum { ROWS = 12, COLUMNS = 50, FRAMES = 40, STREAM = 1 << 20, LIMIT_MS = 20000 };

enum ending { END_CLOSED, END_DIED, END_CRASHED, END_OVERFLOWN };

static const char *const PIECES[] = {
    "a",
    "word",
    " ",
    "ñandú",
    "漢字",
    "e\u0301\u0301",
    "●",
    "▸ ",
    "✔",
    "⚠",
    "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466",
    "\U0001F1EA\U0001F1F8",
    "1\uFE0F\u20E3",
    "\U0001F44D\U0001F3FD",
    "\u2764\uFE0F",
    "😀",
    "שלום",
    "가각",
    "ไทยนี้",
    "   ",
};

/* The same in parent and child. */
static unsigned next_number(unsigned *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

static void frame_make(struct grid *grid, unsigned number)
{
    unsigned seed = number / 2 + 1;
    grid_clear(grid, ROWS, COLUMNS);
    for (int row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS;) {
            const char *piece = PIECES[next_number(&seed) % (sizeof PIECES / sizeof *PIECES)];
            enum style style = (enum style)(next_number(&seed) % STYLES);
            int end = grid_put(grid, row, column, style, piece);
            column = end > column ? end : column + 1;
        }
        if (number % 2 && row % 3 == 0) /* some rows of the frame before change in part */
            grid_put(grid, row, (int)(next_number(&seed) % COLUMNS), STYLE_ERROR, "x漢😀y");
    }
    grid->cursor_row = (int)(number % ROWS);
    grid->cursor_column = (int)(number % COLUMNS);
}

/* Until there is no stack: not even for a handler of signals. */
static unsigned overflow(unsigned depth)
{
    volatile char much[4096];
    much[depth % sizeof much] = 1;
    return depth == 0 ? 0 : overflow(depth + 1) + (unsigned char)much[0];
}

static _Noreturn void child(enum ending ending)
{
    const char *why;
    struct grid grid;
    char title[32];
    static const int caught[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS, SIGABRT};
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
        signal(caught[i], SIG_DFL); /* cmocka's, and a sanitizer's */
    setenv("TERM", "xterm-256color", 1);
    unsetenv("NO_COLOR");
    struct terminal *terminal = terminal_open(&why);
    if (!terminal)
        _exit(3);
    grid_init(&grid);
    for (unsigned number = 0; number < (ending == END_CLOSED ? FRAMES : 1); number++) {
        char byte;
        frame_make(&grid, number);
        terminal_draw(terminal, &grid, theme_at(number / 10 % 3));
        snprintf(title, sizeof title, "frame %u.", number);
        terminal_title(terminal, title);
        while (terminal_read(terminal, &byte, 1) == 0)
            continue;
    }
    terminal_notify(terminal, false, "a;4;1", "hi; there\x1b]0;x\a\u202e");
    terminal_notify(terminal, true, "b;c\n", "d;e");
    if (ending == END_DIED)
        die("on purpose");
    if (ending == END_CRASHED)
        raise(SIGSEGV);
    if (ending == END_OVERFLOWN)
        _exit((int)overflow(1));
    grid_done(&grid);
    terminal_close(terminal);
    exit(0);
}

struct seen {
    int pty;
    pid_t pid;
    VTerm *vterm;
    VTermScreen *screen;
    char *stream;
    size_t size;
    size_t read; /* of the stream, by who waits */
    struct termios before;
};

static void seen_start(struct seen *seen, enum ending ending)
{
    struct winsize size = {.ws_row = ROWS, .ws_col = COLUMNS};
    *seen = (struct seen){.stream = xcalloc(1, STREAM)};
    seen->pid = forkpty(&seen->pty, NULL, NULL, &size);
    assert_true(seen->pid >= 0);
    if (seen->pid == 0)
        child(ending);
    seen->vterm = vterm_new(ROWS, COLUMNS);
    vterm_set_utf8(seen->vterm, 1);
    seen->screen = vterm_obtain_screen(seen->vterm);
    vterm_screen_enable_altscreen(seen->screen, 1);
    vterm_screen_reset(seen->screen, 1);
}

/* More of the stream; false at its end. */
static bool more(struct seen *seen)
{
    struct pollfd poll_for = {.fd = seen->pty, .events = POLLIN};
    char bytes[4096];
    if (poll(&poll_for, 1, LIMIT_MS) <= 0)
        fail_msg("the child says nothing any more");
    ssize_t size = read(seen->pty, bytes, sizeof bytes);
    if (size <= 0)
        return false;
    assert_true(seen->size + (size_t)size < STREAM);
    vterm_input_write(seen->vterm, bytes, (size_t)size);
    memcpy(seen->stream + seen->size, bytes, (size_t)size);
    seen->size += (size_t)size;
    return true;
}

static void wait_for(struct seen *seen, const char *text)
{
    char *found;
    while ((found = memmem(seen->stream + seen->read, seen->size - seen->read, text,
                           strlen(text))) == NULL)
        assert_true(more(seen));
    seen->read = (size_t)(found - seen->stream);
}

static int seen_end(struct seen *seen)
{
    int status;
    while (more(seen))
        continue;
    assert_int_equal(waitpid(seen->pid, &status, 0), seen->pid);
    return status;
}

static void seen_done(struct seen *seen)
{
    vterm_free(seen->vterm);
    close(seen->pty);
    free(seen->stream);
}

/* Does libvterm hold such a cluster in one cell, as wide as we say? */
static bool is_simple(const struct cell *cell)
{
    size_t count = 0, at = 0;
    int32_t first = 0, code = 0;
    while (at < cell->bytes) {
        at += utf8_step(cell->text + at, cell->bytes - at, &code);
        first = count++ == 0 ? code : first;
        if (count > 1 && text_code_width(code) != 0)
            return false;
    }
    return text_code_width(first) == cell->width && count <= 3 && first < 0x1f000 &&
           !memmem(cell->text, cell->bytes, "\uFE0F", 3);
}

static void cell_compare(const struct seen *seen, const struct grid *grid, int row, int column)
{
    const struct cell *cell = grid_cell(grid, row, column);
    VTermScreenCell there;
    char text[64];
    size_t size = 0;
    vterm_screen_get_cell(seen->screen, (VTermPos){.row = row, .col = column}, &there);
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && there.chars[i]; i++)
        size += utf8_write((int32_t)there.chars[i], text + size);
    text[size] = '\0';
    if (size == 0)
        memcpy(text, " ", 2);
    if (strcmp(text, cell->text) != 0)
        fail_msg("row %d, column %d: \"%s\", not \"%s\"", row, column, text, cell->text);
    assert_int_equal(there.width, cell->width);
}

/* Of what libvterm cannot hold, at least the beginning is in its place. */
static void start_compare(const struct seen *seen, const struct cell *cell, int row, int column)
{
    VTermScreenCell there;
    int32_t code;
    (void)utf8_step(cell->text, cell->bytes, &code);
    vterm_screen_get_cell(seen->screen, (VTermPos){.row = row, .col = column}, &there);
    assert_int_equal(there.chars[0], code);
}

static void frame_compare(const struct seen *seen, const struct grid *grid)
{
    VTermPos cursor;
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < COLUMNS; column++) {
            const struct cell *cell = grid_cell(grid, row, column);
            bool edge = column + cell->width == COLUMNS; /* libvterm drops marks there */
            if (cell->width > 0 && is_simple(cell) && !(edge && cell->bytes > 3))
                cell_compare(seen, grid, row, column);
            else if (cell->width > 0)
                start_compare(seen, cell, row, column);
        }
    vterm_state_get_cursorpos(vterm_obtain_state(seen->vterm), &cursor);
    assert_int_equal(cursor.row, grid->cursor_row);
    assert_int_equal(cursor.col, grid->cursor_column);
}

static void what_is_drawn_is_there(void **state)
{
    (void)state;
    struct seen seen;
    struct grid grid;
    seen_start(&seen, END_CLOSED);
    grid_init(&grid);
    for (unsigned number = 0; number < FRAMES; number++) {
        char title[32];
        snprintf(title, sizeof title, "\x1b]2;frame %u.\a", number);
        wait_for(&seen, title);
        frame_make(&grid, number);
        frame_compare(&seen, &grid);
        assert_int_equal(write(seen.pty, "x", 1), 1);
    }
    grid_done(&grid);
    int status = seen_end(&seen);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    /* Notes on the desktop: a name is one field, and nothing in it ends the sequence. */
    assert_non_null(strstr(seen.stream, "\x1b]9;a,4,1: hi; there]0;x\u202e\a"));
    assert_non_null(strstr(seen.stream, "\x1b]777;notify;b,c;d;e\a"));
    for (size_t i = 0; i < seen.size; i++) /* nothing that acts but what curses itself says */
        if ((unsigned char)seen.stream[i] < 0x20)
            assert_non_null(strchr("\x1b\a\b\r\n\t\x0f", seen.stream[i]));
    seen_done(&seen);
}

/* What the end of the stream has to say, and the terminal's modes. */
static void is_given_back(struct seen *seen)
{
    static const char *const needed[] = {"\x1b[?1049l", "\x1b[?2004l", "\x1b[?1000l"};
    const char *last = NULL;
    for (const char *at = seen->stream; (at = strstr(at, "\x1b]2;frame 0.\a")) != NULL; at++)
        last = at;
    assert_non_null(last);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        const char *at = strstr(last, needed[i]);
        assert_non_null(at);
        assert_null(strstr(at + 1, needed[i])); /* twice, it would put the cursor over the words */
    }
}

static void ends_well(enum ending ending, int signal)
{
    struct seen seen;
    struct termios after;
    int slave;
    seen_start(&seen, ending);
    slave = open(ptsname(seen.pty), O_RDWR | O_NOCTTY); /* so that its modes outlive the child */
    assert_true(slave >= 0);
    wait_for(&seen, "\x1b]2;frame 0.\a");
    assert_int_equal(tcgetattr(slave, &after), 0);
    assert_false(after.c_lflag & (ICANON | ECHO | ISIG));
    assert_int_equal(write(seen.pty, "x", 1), 1);
    int status;
    assert_int_equal(waitpid(seen.pid, &status, 0), seen.pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signal);
    assert_int_equal(tcgetattr(slave, &after), 0);
    assert_true((after.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG));
    close(slave);
    while (more(&seen))
        continue;
    is_given_back(&seen);
    if (ending == END_DIED) /* why is said on the shell's screen, where it stays */
        assert_true(strstr(seen.stream, "on purpose") > strstr(seen.stream, "\x1b[?1049l"));
    seen_done(&seen);
}

static void it_is_given_back_however_we_end(void **state)
{
    (void)state;
    ends_well(END_DIED, SIGABRT);
    ends_well(END_CRASHED, SIGSEGV);
    ends_well(END_OVERFLOWN, SIGSEGV);
}

/* In terminals that can do nothing. */
static void some_terminals_cannot(void **state)
{
    (void)state;
    int pty;
    char said[1024] = "";
    size_t size = 0;
    pid_t pid = forkpty(&pty, NULL, NULL, NULL);
    if (pid == 0) {
        setenv("TERM", "dumb", 1);
        const char *dumb = terminal_problem();
        printf("%s\n", dumb ? dumb : "fine");
        setenv("TERM", "no-such-terminal", 1);
        const char *unknown = terminal_problem();
        printf("%s\n", unknown ? unknown : "fine");
        fflush(stdout);
        _exit(0);
    }
    for (ssize_t some; (some = read(pty, said + size, sizeof said - 1 - size)) > 0;)
        size += (size_t)some;
    waitpid(pid, NULL, 0);
    close(pty);
    assert_non_null(strstr(said, "--plain"));
    assert_non_null(strstr(said, "set TERM"));
    assert_null(strstr(said, "fine"));
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_drawn_is_there),
        cmocka_unit_test(it_is_given_back_however_we_end),
        cmocka_unit_test(some_terminals_cannot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
