#pragma once
/* Where things stand on a screen of any size. Pure. Rows and columns from 0; a row of -1 is not
 * there; ends are not included. */
#include <stdbool.h>

enum {
    PLACES_FOLD = 60,       /* narrower than this, the sidebar folds away */
    PLACES_INPUT_ROWS = 5,  /* the input line grows so far */
    PLACES_ROWS_SMALL = 12, /* lower than this, progress and status share a row */
    PLACES_STATUS_ROWS = 3, /* a sentence that does not fit into one row may have so many */
};

struct places_wish {
    int rows, columns;
    int input_rows;  /* that the typed text takes */
    int status_rows; /* that the status takes; 0: one */
    bool progress;   /* something takes a while */
    bool sidebar;    /* it has the keys: where it is folded it takes the pane's place */
    bool bare;       /* nothing but text */
};

struct places {
    int rows, columns;
    int title;
    int side_end; /* the sidebar's columns are [0, side_end); 0: it is folded away */
    int border;   /* -1: there is none */
    int pane_left;
    int pane_right; /* pane_left: there is none */
    int body_top;
    int body_end;
    int progress;
    int status;
    int status_end;
    int input;
    int input_end;
    int name_width; /* of who speaks; 0: names stand in the text */
};

struct places places_of(const struct places_wish *wish);
