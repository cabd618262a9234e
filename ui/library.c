/* The version of ncurses. */
#include "ui/library.h"

#include <curses.h>

const char *ui_library(void)
{
    return curses_version();
}
