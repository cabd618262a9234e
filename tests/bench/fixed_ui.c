/* A screen of 80x24 and its cells: lines that come, each drawn; keys, each drawn. */
#include "tests/bench/fixed.h"
#include "tests/unit/ui_scene.h"

#include "ui/ui.h"

#include <locale.h>
#include <stdio.h>
#include <time.h>

enum { LINES = 300, KEYS = 600, ROWS = 24, COLUMNS = 80 };

struct shown {
    struct scene scene;
    struct command_names *names;
    struct ui *ui;
};

static void draw(void *self)
{
    struct shown *shown = self;
    ui_follow(shown->ui, &shown->scene.model);
    (void)ui_draw(shown->ui, &shown->scene.model);
}

static void shown_init(struct shown *shown)
{
    setenv("TZ", "UTC", 1);
    tzset();
    setlocale(LC_ALL, "C.UTF-8");
    scene_init(&shown->scene);
    shown->names = command_names_new(NULL);
    const struct ui_config config = {
        .names = shown->names, .glyphs = &GLYPHS_UNICODE, .text_max = 4096};
    shown->ui = ui_new(&config);
    ui_resize(shown->ui, ROWS, COLUMNS);
    draw(shown);
}

static void shown_done(struct shown *shown)
{
    ui_free(shown->ui);
    command_names_free(shown->names);
    scene_done(&shown->scene);
}

size_t fixed_ui_lines(void)
{
    static struct shown shown;
    char line[256];
    shown_init(&shown);
    for (int i = 0; i < LINES; i++) {
        snprintf(line, sizeof line,
                 "line %d of a long evening, that with its name and time is wider than the pane is,"
                 " so it is wrapped: caf\xc3\xa9 \xe2\x98\x95 \xe4\xbd\xa0\xe5\xa5\xbd",
                 i);
        (void)scene_say(&shown.scene, &shown.scene.rooms[0], &shown.scene.people[i % 4], i, line);
        shown.scene.model.dirty = MODEL_LINES;
        fixed_measured(draw, &shown);
    }
    shown_done(&shown);
    return LINES;
}

static void key(void *self)
{
    struct shown *shown = self;
    ui_feed(shown->ui, &shown->scene.model, 1000, "x", 1);
    draw(shown);
}

size_t fixed_ui_keys(void)
{
    static struct shown shown;
    shown_init(&shown);
    for (int i = 0; i < KEYS; i++) {
        if (i % 50 == 49)
            ui_feed(shown.ui, &shown.scene.model, 1000, "\x15", 1);
        shown.scene.model.dirty = 0;
        fixed_measured(key, &shown);
    }
    shown_done(&shown);
    return KEYS;
}
