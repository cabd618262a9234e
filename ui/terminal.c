/* Asks terminfo before curses is started: curses itself ends the program where it cannot go on. */
#include "ui/terminal.h"

#include "base/gettext.h"

#include <curses.h>
#include <term.h>
#include <unistd.h>

const char *terminal_problem(void)
{
    int result;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return _("A screen needs a terminal. For programs and pipes there is tertuliad.");
    if (setupterm(NULL, STDOUT_FILENO, &result) != OK)
        return _("The terminal's kind is not known here: set TERM, to xterm-256color for example.");
    const char *place = tigetstr("cup");
    bool can_place = place && place != (const char *)-1;
    del_curterm(cur_term); /* curses makes one of its own */
    if (!can_place)
        return _("This terminal cannot place its cursor: a full screen is not possible here.");
    return NULL;
}
