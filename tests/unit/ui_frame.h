#pragma once
/* A frame as text, to be compared with the one in tests/unit/frames/NAME.txt, cell by cell: each
 * row twice, as it is read and, below, a letter for what each column means (`.` plain text). With
 * FRAMES_WRITE set the files are written instead, to be looked at before they are committed. */
#include "base/alloc.h"
#include "ui/grid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_BYTES = 1 << 20 };

/* One letter for each style; different where two could stand for each other. */
static inline char frame_letter(uint8_t style)
{
    static const char letters[] = ".BTqrwgSabcdefnALMhH!-+NPoyxvOuC#|mzKpsE";
    _Static_assert(sizeof letters == STYLES + 1, "a letter for each style");
    return style < STYLES ? letters[style] : '?';
}

static inline size_t frame_trim(const char *text, size_t start, size_t end, char blank)
{
    while (end > start && text[end - 1] == blank)
        end--;
    return end;
}

/* To be freed. */
static inline char *frame_text(const struct grid *grid)
{
    char *text = xcalloc(1, FRAME_BYTES);
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
        start = at;
        for (int column = 0; column < grid->columns; column++)
            text[at++] = frame_letter(grid_cell(grid, row, column)->style);
        at = frame_trim(text, start, at, '.');
        text[at++] = '\n';
    }
    snprintf(text + at, 64, "cursor %d,%d\n", grid->cursor_row, grid->cursor_column);
    return text;
}

static inline void frame_path(const char *name, char *into, size_t size)
{
    const char *sources = getenv("srcdir");
    snprintf(into, size, "%s/tests/unit/frames/%s.txt", sources ? sources : ".", name);
}

/* True where the frame is the committed one; else both are printed. */
static inline bool frame_is(const struct grid *grid, const char *name)
{
    char path[1024];
    frame_path(name, path, sizeof path);
    char *now = frame_text(grid);
    char *then = xcalloc(1, FRAME_BYTES);
    bool write = getenv("FRAMES_WRITE") != NULL;
    FILE *file = fopen(path, write ? "w" : "r");
    bool same = false;
    if (file && write)
        same = fputs(now, file) >= 0;
    else if (file)
        same = fread(then, 1, FRAME_BYTES - 1, file) > 0 && strcmp(now, then) == 0;
    if (file)
        fclose(file);
    if (!same)
        printf("# %s is now:\n%s# and was:\n%s", name, now, then);
    free(now);
    free(then);
    return same;
}
