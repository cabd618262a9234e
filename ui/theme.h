#pragma once
/* Colours for what cells mean. Pure: numbers, which the terminal makes attributes of. */
#include "ui/grid.h"

enum { LOOK_BOLD = 1, LOOK_DIM = 2, LOOK_UNDERLINE = 4, LOOK_REVERSE = 8, LOOK_ITALIC = 16 };
enum { COLOUR_NONE = -1 }; /* the terminal's own */

struct look {
    short front, back; /* of 256, or of 8 */
    unsigned attributes;
};

struct theme {
    const char *name;
    const struct look *many;  /* of STYLES, in 256 colours */
    const struct look *eight; /* in 8 */
    const struct look *none;  /* without */
};

/* The index-th theme, NULL past the last; the first is the default. */
const struct theme *theme_at(size_t index);
/* NULL: there is none of that name. */
const struct theme *theme_find(const char *name);

/* What a style looks like with so many colours; fewer than 8 are none. */
static inline struct look theme_look(const struct theme *theme, enum style style, int colours)
{
    return (colours >= 256 ? theme->many : colours >= 8 ? theme->eight : theme->none)[style];
}
