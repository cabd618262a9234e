/* Whole frames, compared cell by cell; and what holds for every frame of any size. */
#include "unit.h"

#include "ui_frame.h"
#include "ui_scene.h"

#include "ui/ui.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct scene scene;
static struct command_names *names;
static struct ui *ui;

static int start(void **state)
{
    (void)state;
    scene_init(&scene);
    names = command_names_new(NULL);
    const struct ui_config config = {.names = names, .glyphs = &GLYPHS_UNICODE, .text_max = 4096};
    ui = ui_new(&config);
    ui_follow(ui, &scene.model);
    (void)ui_draw(ui, &scene.model);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    ui_free(ui);
    command_names_free(names);
    scene_done(&scene);
    return 0;
}

static const struct grid *drawn(int rows, int columns)
{
    struct ui_request request;
    ui_resize(ui, rows, columns);
    ui_follow(ui, &scene.model);
    while (ui_request(ui, &request)) {
        for (size_t i = 0; request.kind == UI_OPEN && i < scene.room_count; i++)
            if (strcmp(scene.rooms[i].name, request.conversation) == 0)
                scene_open(&scene, &scene.rooms[i]);
        ui_request_done(&request);
    }
    ui_follow(ui, &scene.model);
    return ui_draw(ui, &scene.model);
}

/* Keys one after the other, each drawn as it would be. */
static void press(const char *keys)
{
    for (const char *at = keys; *at; at++)
        ui_feed(ui, &scene.model, 1000, at, 1);
    ui_timeout(ui, &scene.model, 1000 + keys_wait(ui_keys(ui)));
}

static void send(const char *bytes)
{
    ui_feed(ui, &scene.model, 1000, bytes, strlen(bytes));
}

static void is(const char *name, int rows, int columns)
{
    assert_true(frame_is(drawn(rows, columns), name));
}

static void the_picture(void **state)
{
    (void)state;
    is("start-40x10", 10, 40);
    is("start-80x24", 24, 80);
    is("start-200x50", 50, 200);
    is("start-30x6", 6, 30);
}

static void a_scan_and_its_finds(void **state)
{
    (void)state;
    scene_progress(&scene);
    struct row *row = scene_row(&scene, ROW_FOUND, "pepe", NULL);
    row->address = xstrdup("192.168.1.4:9998");
    row->dialect = xstrdup("piped");
    is("scan-80x24", 24, 80);
    is("scan-40x10", 10, 40);
}

static void an_empty_start_welcomes(void **state)
{
    (void)state;
    scene_open(&scene, &scene.rooms[2]);
    is("whisper-empty-80x24", 24, 80);
    for (size_t i = 0; i < scene.rooms[0].window.count; i++)
        free(scene.rooms[0].window.posts[i]);
    scene.rooms[0].window.count = 0;
    scene_open(&scene, &scene.rooms[0]);
    is("welcome-80x24", 24, 80);
    is("welcome-40x10", 10, 40);
}

static void the_sidebar_has_the_keys(void **state)
{
    (void)state;
    send("\t\x1b[B\x1b[B");
    is("sidebar-80x24", 24, 80);
    is("sidebar-40x10", 10, 40);
    send("ar");
    is("sidebar-filter-80x24", 24, 80);
    send("zz");
    is("sidebar-nobody-80x24", 24, 80);
}

static void a_whisper_is_prompted_in_another_colour(void **state)
{
    (void)state;
    send("\t\r");
    send("hola ñandú 漢字");
    is("whisper-80x24", 24, 80);
}

static void menus_lie_over_the_pane(void **state)
{
    (void)state;
    send("hi /w");
    send("\x15/");
    send("\t\t");
    is("complete-80x24", 24, 80);
    is("complete-40x10", 10, 40);
    press("\x1b");
    send("\x15\x0b");
    is("switcher-80x24", 24, 80);
    send("xyzzy");
    is("switcher-nobody-40x10", 10, 40);
}

static void help_is_made_of_the_tables(void **state)
{
    (void)state;
    send("\x1bOP");
    is("help-80x24", 24, 80);
    is("help-40x10", 10, 40);
    for (int i = 0; i < 60; i++)
        send("\x1b[B");
    is("help-down-80x24", 24, 80);
    send("\x1b[F");
    is("help-end-80x24", 24, 80);
}

static void lists_show_where_one_can_go(void **state)
{
    (void)state;
    ui_page_open(ui, "/search build");
    assert_true(ui_page_add(ui, STYLE_TEXT, "13:59 ana", "hi! who has the build?", "#everyone",
                            &scene.rooms[0].window.posts[1]->order));
    assert_true(ui_page_add(ui, STYLE_TEXT, "14:01 carla",
                            "I do: http://192.168.1.7/build.tar.gz \x1b[31m and so on, so that it "
                            "does not fit into one row of this list",
                            "#everyone", &scene.rooms[0].window.posts[2]->order));
    send("\x1b[B");
    is("list-80x24", 24, 80);
}

static void hits_are_marked(void **state)
{
    (void)state;
    send("\x13");
    send("A");
    is("search-80x24", 24, 80);
    send("\r");
    send("nn");
    is("hits-80x24", 24, 80);
}

static void many_lines(int count)
{
    for (int i = 0; i < count; i++) {
        char text[64];
        snprintf(text, sizeof text, "line %d with enough words to be broken in two", i);
        scene_say(&scene, &scene.rooms[1], &scene.people[1 + i % 2], i - count, text);
    }
    scene_open(&scene, &scene.rooms[1]);
}

static void scrolled_up_it_stays(void **state)
{
    (void)state;
    many_lines(100);
    (void)drawn(24, 80);
    send("\x1b[5~\x1b[5~");
    is("scrolled-80x24", 24, 80);
    char *before = frame_text(drawn(24, 80));
    struct conversation *lab = &scene.rooms[1];
    lab->window.anchor = lab->window.posts[50]->order;
    scene_say(&scene, lab, &scene.people[1], 0, "one more");
    char *after = frame_text(drawn(24, 80));
    assert_string_equal(before, after);
    free(before);
    free(after);
    send("\x1b[1;3H");
    is("top-80x24", 24, 80);
}

static void only_text_to_copy(void **state)
{
    (void)state;
    send("\x1bl");
    is("bare-80x24", 24, 80);
}

static void hostile_text_is_shown(void **state)
{
    (void)state;
    struct conversation *room = &scene.rooms[0];
    struct who *evil = scene_who(&scene, "\x1b]0;x\a\u202Eevil", 3);
    scene_say(&scene, room, evil, 0, "a\x1b[2Jb\xff\xc3 \u202Ertl\u202C z\u200Bw\rc\tt\nnext line");
    scene_say(&scene, room, &scene.people[1], 0,
              "\U0001F468\u200D\U0001F469\u200D\U0001F467 \U0001F1EA\U0001F1F8 1\uFE0F\u20E3 "
              "\U0001F44D\U0001F3FD \u2764\uFE0F e\u0301\u0301\u0301\u0301\u0301\u0301x "
              "漢字とかな混じり文、全角文字の折り返し。שלום עולם مرحبا");
    char marks[600] = "o";
    for (size_t i = 1; i + 2 < sizeof marks; i += 2)
        memcpy(marks + i, "\u0301", 2);
    scene_say(&scene, room, &scene.people[2], 0, marks);
    scene_row(&scene, ROW_PERSON, "\x1b[31m\u202Eevil name that is long", "@evil");
    scene.model.has_status = scene.model.status_is_error = true;
    scene.model.status = message_make("x", "\x1b[0m%s");
    message_add(&scene.model.status, "\a\u202E");
    free(scene.rooms[0].topic);
    scene.rooms[0].topic = xstrdup("\x1b]2;topic\a");
    is("hostile-80x24", 24, 80);
    is("hostile-40x10", 10, 40);
}

static void every_kind_of_line(void **state)
{
    (void)state;
    struct conversation *room = &scene.rooms[0];
    const struct who *carla = &scene.people[2];
    uint64_t next_day = SCENE_NOW + 11 * 60 * SCENE_MINUTE;
    scene_post(&scene, room, carla, POST_ACT, SCENE_NOW, "waves");
    scene_post(&scene, room, carla, POST_CALL, SCENE_NOW, "");
    scene_post(&scene, room, carla, POST_JOIN, SCENE_NOW, "");
    scene_post(&scene, room, carla, POST_LEAVE, SCENE_NOW, "dinner %1$s");
    scene_post(&scene, room, carla, POST_TOPIC, SCENE_NOW, "the build");
    scene_post(&scene, room, carla, POST_PROFILE, SCENE_NOW, "Carla María");
    scene_post(&scene, room, carla, POST_UNKNOWN, SCENE_NOW, "");
    scene_post(&scene, room, NULL, POST_NOTICE, SCENE_NOW, "2 lines could not be kept");
    struct post *post = scene_post(&scene, room, carla, POST_SAY, next_day, "Ana: good morning");
    post->mention = post->late = true;
    post = scene_say(&scene, room, &scene.people[0], 0, "only here");
    post->order.key = next_day;
    post->of = 3;
    post = scene_say(&scene, room, &scene.people[0], 0, "everywhere");
    post->order.key = next_day;
    post->of = post->stored_by = 3;
    scene.people[3].muted = true;
    is("kinds-80x24", 24, 80);
    is("kinds-40x10", 10, 40);
}

/* A line said at 23:59 belongs to the evening, though a clock that is ahead has put it behind
 * midnight; and who is late with one does not begin the day again. */
static void midnight_is_where_it_is_shown(void **state)
{
    (void)state;
    enum { SECOND = 1000 };
    const uint64_t midnight = SCENE_NOW + (9 * 60 + 58) * SCENE_MINUTE;
    static const struct {
        int64_t wall, key;
        const char *text;
    } lines[] = {
        {-20 * SECOND, -20 * SECOND, "the last"},   {-10 * SECOND, 15 * SECOND, "and one"},
        {20 * SECOND, 20 * SECOND, "the first"},    {-5 * SECOND, 30 * SECOND, "late for it"},
        {60 * SECOND, 60 * SECOND, "and the next"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        scene_post(&scene, &scene.rooms[0], &scene.people[2], POST_SAY,
                   midnight + (uint64_t)lines[i].wall, lines[i].text)
            ->order.key = midnight + (uint64_t)lines[i].key;
    char *frame = frame_text(ui_draw(ui, &scene.model));
    const char *rule = strstr(frame, "Friday 21 November");
    assert_non_null(rule);
    assert_null(strstr(rule + 1, "Friday 21 November"));
    assert_true(strstr(frame, "and one") < rule);
    assert_non_null(strstr(rule, "the first"));
    free(frame);
}

static bool says(const char *words)
{
    char *frame = frame_text(ui_draw(ui, &scene.model));
    bool found = strstr(frame, words);
    free(frame);
    return found;
}

static void what_was_read_makes_room(void **state)
{
    (void)state;
    scene.model.status = message_make("x", "something new");
    scene.model.has_status = true;
    scene.model.status_number = 1;
    ui_follow(ui, &scene.model);
    send("a"); /* it came while somebody was typing */
    assert_true(says("something new"));
    scene.model.now += UI_TOLD_MS;
    assert_true(says("something new"));
    send("b");
    assert_false(says("something new"));
    scene.model.status_number = 2;
    ui_follow(ui, &scene.model);
    assert_true(says("something new"));
}

static void who_is_ignored_names_nobody(void **state)
{
    (void)state;
    struct post *post = scene_say(&scene, &scene.rooms[0], &scene.people[3], 0, "Ana, here");
    post->mention = true;
    scene.people[3].muted = true;
    send("\x1bp");
    assert_true(says("No other line here names you."));
    scene.people[3].muted = false;
    send("\x1bp");
    assert_false(says("No other line here names you."));
}

static void the_input_grows_to_five_rows(void **state)
{
    (void)state;
    send("\x1b[200~one\ntwo\x1b three\nfour\n\xe2\x80\xae five\nsix\nseven\x1b[201~");
    is("paste-80x24", 24, 80);
    send("\r");
    is("paste-asks-80x24", 24, 80);
    send("\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A");
    is("paste-up-80x24", 24, 80);
}

static void names_keep_their_tags(void **state)
{
    (void)state;
    struct who *long_one = scene_who(&scene, "alexandra-maria~k7fq", 5);
    scene_say(&scene, &scene.rooms[0], long_one, 0, "hello");
    scene_row(&scene, ROW_PERSON, "alexandra-maria~k7fq", "@a")->rtt_us = 12345;
    scene_row(&scene, ROW_PERSON, "アレクサンドラさん~ab2c", "@b")->unread = 1200;
    is("names-80x24", 24, 80);
}

static void many_people_leave_room_for_rooms(void **state)
{
    (void)state;
    struct row *rooms[2] = {scene.rows[5], scene.rows[6]};
    scene.model.row_count = 5;
    for (int i = 0; i < 30; i++) {
        char name[32];
        snprintf(name, sizeof name, "person%d", i);
        scene_row(&scene, ROW_PERSON, name, NULL)->presence = PRESENCE_MESH;
    }
    scene.rows[scene.model.row_count++] = rooms[0];
    scene.rows[scene.model.row_count++] = rooms[1];
    is("crowd-80x24", 24, 80);
}

static void signs_of_poor_fonts(void **state)
{
    (void)state;
    ui_free(ui);
    const struct ui_config config = {.names = names, .glyphs = &GLYPHS_ASCII, .text_max = 4096};
    ui = ui_new(&config);
    scene_progress(&scene);
    scene.model.away = true;
    is("ascii-80x24", 24, 80);
}

/* Whatever is open, in any size: rows add up, the cursor is inside, nothing that acts is in it. */
static void every_size_holds(void **state)
{
    (void)state;
    static const char *const keys[] = {"",      "\t",      "\x0b", "\x15\x13x", "\x1b[B\x1bOP",
                                       "\x1bl", "\x1bl/\t"};
    scene_progress(&scene);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        send(keys[i]);
        for (int rows = 1; rows < 16; rows++)
            for (int columns = 1; columns < 90; columns += rows < 4 ? 1 : 5) {
                const struct grid *grid = drawn(rows, columns);
                assert_int_equal(grid->rows, rows);
                for (int row = 0; row < rows; row++) {
                    int width = 0;
                    for (int column = 0; column < columns; column++) {
                        const struct cell *cell = grid_cell(grid, row, column);
                        width += cell->width;
                        assert_true(cell->width == 0 || (unsigned char)cell->text[0] >= 0x20);
                    }
                    assert_int_equal(width, columns);
                }
                assert_true(grid->cursor_row < rows && grid->cursor_column < columns);
            }
        press("\x1b");
    }
}

/* Long because it lists keys: every frame is whole, whatever is pressed, in any order and size. */
static void any_keys_at_all(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "a",
        "b ",
        "ñ",
        "漢",
        "/",
        "/w",
        "~",
        "\t",
        "\x1b[Z",
        "\r",
        "\x1b\r",
        "\x03",
        "\x0b",
        "\x13",
        "\x12",
        "\x15",
        "\x17",
        "\x19",
        "\x1f",
        "\x0e",
        "\x10",
        "\x1b[A",
        "\x1b[B",
        "\x1b[C",
        "\x1b[D",
        "\x1b[5~",
        "\x1b[6~",
        "\x1b[1;3H",
        "\x1b[1;3F",
        "\x1b[H",
        "\x1b[F",
        "\x1bOP",
        "\x1b"
        "a",
        "\x1b/",
        "\x1b"
        "1",
        "\x1b"
        "2",
        "\x1bu",
        "\x1bn",
        "\x1bp",
        "\x1bl",
        "\x1bm",
        "\x1b",
        "\x7f",
        "\x04",
        "\x1b[200~x\ry\x1b[201~",
        "\x1b[<64;30;5M",
        "\x1b[<65;30;5M",
        "\x1b[<0;5;5M",
        "n",
        "N",
        "i",
        "c",
        "d",
        "q",
        "\xff",
        "\x1by",
        "\x1b[1;5D",
        "e\u0301",
        "\u200D",
    };
    unsigned seed = 7;
    uint64_t now = 1000;
    for (int i = 0; i < 60; i++)
        scene_say(&scene, &scene.rooms[1], &scene.people[1 + i % 3], i - 100, "some words to find");
    scene_row(&scene, ROW_FOUND, "pepe", NULL)->address = xstrdup("192.168.1.4:9998");
    for (int i = 0; i < 30000; i++) {
        seed = seed * 1664525 + 1013904223;
        now += (seed >> 24) * 10;
        const char *keys = pieces[(seed >> 8) % (sizeof pieces / sizeof *pieces)];
        ui_feed(ui, &scene.model, now, keys, strlen(keys));
        ui_timeout(ui, &scene.model, now + keys_wait(ui_keys(ui)));
        if (i % 100 == 0)
            scene_say(&scene, &scene.rooms[(seed >> 9) % 2], &scene.people[1], 0, "one more");
        const struct grid *grid = drawn(1 + (int)(seed >> 20) % 30, 1 + (int)(seed >> 12) % 100);
        assert_true(grid->cursor_row < grid->rows && grid->cursor_column < grid->columns);
        for (int row = 0; row < grid->rows; row++) {
            int width = 0;
            for (int column = 0; column < grid->columns; column++)
                width += grid_cell(grid, row, column)->width;
            assert_int_equal(width, grid->columns);
        }
    }
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    setenv("TZ", "UTC0", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_picture, start, stop),
        cmocka_unit_test_setup_teardown(a_scan_and_its_finds, start, stop),
        cmocka_unit_test_setup_teardown(an_empty_start_welcomes, start, stop),
        cmocka_unit_test_setup_teardown(the_sidebar_has_the_keys, start, stop),
        cmocka_unit_test_setup_teardown(a_whisper_is_prompted_in_another_colour, start, stop),
        cmocka_unit_test_setup_teardown(menus_lie_over_the_pane, start, stop),
        cmocka_unit_test_setup_teardown(help_is_made_of_the_tables, start, stop),
        cmocka_unit_test_setup_teardown(lists_show_where_one_can_go, start, stop),
        cmocka_unit_test_setup_teardown(hits_are_marked, start, stop),
        cmocka_unit_test_setup_teardown(scrolled_up_it_stays, start, stop),
        cmocka_unit_test_setup_teardown(only_text_to_copy, start, stop),
        cmocka_unit_test_setup_teardown(hostile_text_is_shown, start, stop),
        cmocka_unit_test_setup_teardown(every_kind_of_line, start, stop),
        cmocka_unit_test_setup_teardown(midnight_is_where_it_is_shown, start, stop),
        cmocka_unit_test_setup_teardown(what_was_read_makes_room, start, stop),
        cmocka_unit_test_setup_teardown(who_is_ignored_names_nobody, start, stop),
        cmocka_unit_test_setup_teardown(the_input_grows_to_five_rows, start, stop),
        cmocka_unit_test_setup_teardown(names_keep_their_tags, start, stop),
        cmocka_unit_test_setup_teardown(many_people_leave_room_for_rooms, start, stop),
        cmocka_unit_test_setup_teardown(signs_of_poor_fonts, start, stop),
        cmocka_unit_test_setup_teardown(every_size_holds, start, stop),
        cmocka_unit_test_setup_teardown(any_keys_at_all, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
