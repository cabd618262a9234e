/* Sizes. What is least needed goes first: on the smallest screen there are a pane and an input
 * line. */
#include "ui/places.h"

static int side_width(int columns)
{
    if (columns < PLACES_FOLD)
        return 0;
    return columns < 100 ? 20 : columns < 160 ? 26 : 32;
}

static int name_width(int pane)
{
    return pane < 36 ? 0 : pane < 50 ? 8 : pane < 70 ? 10 : pane < 110 ? 12 : 16;
}

static int at_most(int value, int most)
{
    return value < most ? value : most;
}

struct places places_of(const struct places_wish *wish)
{
    struct places places = {.rows = wish->rows,
                            .columns = wish->columns,
                            .title = -1,
                            .border = -1,
                            .progress = -1,
                            .status = -1,
                            .status_end = -1,
                            .input = -1,
                            .input_end = -1,
                            .pane_right = wish->columns,
                            .body_end = wish->rows};
    if (wish->bare)
        return places;
    int tallest = wish->rows / 3 > 0 ? wish->rows / 3 : 1;
    int input = at_most(at_most(wish->input_rows, PLACES_INPUT_ROWS), tallest);
    places.input_end = wish->rows;
    places.input = wish->rows - (input > 0 ? input : 1);
    places.body_end = places.input;
    if (places.body_end >= 3) {
        int status = at_most(wish->status_rows, at_most(PLACES_STATUS_ROWS, places.body_end / 3));
        places.status_end = places.body_end;
        places.body_end -= status > 0 ? status : 1;
        places.status = places.body_end;
    }
    if (places.body_end >= 2) {
        places.title = 0;
        places.body_top = 1;
    }
    if (wish->progress && wish->rows >= PLACES_ROWS_SMALL)
        places.progress = --places.body_end;
    int side = side_width(wish->columns);
    if (side > 0) {
        places.side_end = side;
        places.border = side;
        places.pane_left = side + 1;
    } else if (wish->sidebar) {
        places.side_end = wish->columns;
        places.pane_left = wish->columns;
    }
    places.name_width = name_width(places.pane_right - places.pane_left);
    return places;
}
