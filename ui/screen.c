/* Cells to the terminal, keys from it. Whatever happens, die() included, the terminal is given
 * back. */
#include "ui/screen.h"

#include "base/alloc.h"
#include "base/gettext.h"
#include "ui/grid.h"
#include "ui/layout.h"
#include "ui/terminal.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct screen {
    SCREEN *curses;
    struct grid grid;
};

static void terminal_give_back(void)
{
    endwin();
}

struct screen *screen_open(const char **why)
{
    *why = terminal_problem();
    if (*why)
        return NULL;
    struct screen *screen = xcalloc(1, sizeof *screen);
    screen->curses = newterm(NULL, stdout, stdin);
    if (!screen->curses) {
        free(screen);
        *why = _("The terminal cannot be taken over.");
        return NULL;
    }
    die_last_words(terminal_give_back);
    grid_init(&screen->grid);
    raw(); /* Ctrl-c, Ctrl-s and Ctrl-q are keys: the terminal acts on none of them */
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(25); /* what a key sends arrives at once, on a LAN too */
    return screen;
}

void screen_close(struct screen *screen)
{
    if (!screen)
        return;
    terminal_give_back();
    die_last_words(NULL);
    delscreen(screen->curses);
    grid_done(&screen->grid);
    free(screen);
}

static void size_follow(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
        (size.ws_row != LINES || size.ws_col != COLS))
        resizeterm(size.ws_row, size.ws_col);
}

static attr_t style_attributes(enum style style)
{
    switch (style) {
    case STYLE_BAR:
        return A_REVERSE;
    case STYLE_QUIET:
        return A_DIM;
    case STYLE_INPUT:
        return A_BOLD;
    case STYLE_TEXT:
        break;
    }
    return A_NORMAL;
}

void screen_draw(struct screen *screen, const struct model *model)
{
    struct grid *grid = &screen->grid;
    size_follow();
    grid_clear(grid, LINES, COLS);
    layout_draw(grid, model);
    for (int row = 0; row < grid->rows; row++)
        for (int column = 0; column < grid->columns; column++) {
            const struct cell *cell = grid_cell(grid, row, column);
            if (cell->width == 0)
                continue;
            attr_set(style_attributes((enum style)cell->style), 0, NULL);
            mvaddstr(row, column, cell->text);
        }
    move(grid->cursor_row, grid->cursor_column);
    refresh();
}

bool screen_keys(struct screen *screen)
{
    (void)screen;
    const int ctrl_c = 3;
    bool leave = false;
    for (int key = getch(); key != ERR; key = getch())
        leave = leave || key == ctrl_c;
    return leave;
}
