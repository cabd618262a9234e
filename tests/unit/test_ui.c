/* What keys make of the screen's state, and what is asked of the app. */
#include "unit.h"

#include "ui_scene.h"

#include "ui/places.h"
#include "ui/ui.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct scene scene;
static struct command_names *names;
static struct ui *ui;
static uint64_t now;
static char asked[4096];

/* All requests, as "open:#lab line:#lab=hi"; opened conversations are opened. What is to be kept is
 * looked at in test_ui_keep.c. */
static void perform(void)
{
    static const char *const kinds[] = {"line",    "open",   "scroll", "stop",  "leave",
                                        "suspend", "redraw", "mouse",  "theme", "bind"};
    static const char *const ways[] = {"anchor", "go", "end", "up", "down"};
    struct ui_request request;
    while (ui_request(ui, &request)) {
        if (request.kind == UI_TYPED || request.kind == UI_DRAFT) {
            ui_request_done(&request);
            continue;
        }
        size_t at = strlen(asked);
        snprintf(asked + at, sizeof asked - at, "%s%s", at > 0 ? " " : "", kinds[request.kind]);
        at = strlen(asked);
        if (request.kind == UI_SCROLL)
            snprintf(asked + at, sizeof asked - at, "-%s", ways[request.how]);
        else if (request.kind == UI_LINE)
            snprintf(asked + at, sizeof asked - at, ":%s=%s", request.conversation, request.text);
        else if (request.kind == UI_BIND)
            snprintf(asked + at, sizeof asked - at, ":%s=%s", request.key, request.text);
        else if (request.kind == UI_OPEN)
            snprintf(asked + at, sizeof asked - at, ":%s", request.conversation);
        for (size_t i = 0; request.kind == UI_OPEN && i < scene.room_count; i++)
            if (strcmp(scene.rooms[i].name, request.conversation) == 0)
                scene_open(&scene, &scene.rooms[i]);
        ui_request_done(&request);
    }
}

static int start(void **state)
{
    (void)state;
    scene_init(&scene);
    names = command_names_new(NULL);
    const struct ui_config config = {.names = names, .glyphs = &GLYPHS_UNICODE, .text_max = 100};
    ui = ui_new(&config);
    now = 100000;
    asked[0] = '\0';
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

/* Bytes that come at once, and nothing for a moment; then the app does what is asked, and the
 * screen is drawn. */
static void send(const char *bytes)
{
    ui_feed(ui, &scene.model, now, bytes, strlen(bytes));
    now += keys_wait(ui_keys(ui));
    ui_timeout(ui, &scene.model, now);
    perform();
    ui_follow(ui, &scene.model);
    (void)ui_draw(ui, &scene.model);
}

static void asks(const char *expected)
{
    assert_string_equal(asked, expected);
    asked[0] = '\0';
}

/* A row of the screen, without blanks at its end. */
static const char *row_text(int row)
{
    static char text[4096];
    const struct grid *grid = ui_draw(ui, &scene.model);
    size_t at = 0;
    for (int column = 0; column < grid->columns; column++) {
        const struct cell *cell = grid_cell(grid, row, column);
        memcpy(text + at, cell->text, cell->bytes);
        at += cell->bytes;
    }
    while (at > 0 && text[at - 1] == ' ')
        at--;
    text[at] = '\0';
    return text;
}

static void input_shows(const char *expected)
{
    assert_string_equal(row_text(23), expected);
}

static bool screen_has(const char *expected)
{
    for (int row = 0; row < 24; row++)
        if (strstr(row_text(row), expected))
            return true;
    return false;
}

/* It has more rows than one where it needs them. */
static void status_has(const char *expected)
{
    const char *text = row_text(22);
    for (int row = 21; !strstr(text, expected) && row > 22 - PLACES_STATUS_ROWS; row--) {
        uint8_t style = grid_cell(ui_draw(ui, &scene.model), row, 1)->style;
        if (style != STYLE_STATUS && style != STYLE_ERROR)
            break;
        text = row_text(row);
    }
    if (!strstr(text, expected))
        fail_msg("\"%s\" has no \"%s\"", text, expected);
}

/* ---- where lines go ---- */

static void a_line_goes_where_the_prompt_says(void **state)
{
    (void)state;
    send("hola\r");
    asks("line:#everyone=hola");
    input_shows("ana → #everyone ›");
    send("half a sen");
    send("\x1b"
         "2secret\r"); /* all at once: nothing may reach the first */
    asks("open:#lab line:#lab=secret");
    input_shows("ana → #lab ›");
    send("\x1b/");
    asks("open:#everyone");
    input_shows("ana → #everyone › half a sen");
    send("tence\r");
    asks("line:#everyone=half a sentence");
}

static void what_is_no_command_is_not_sent(void **state)
{
    (void)state;
    send("/frobnicate all\r");
    asks("");
    input_shows("ana → #everyone › /frobnicate all");
    status_has("frobnicate");
    status_has("begin it with //.");
    send("\x15//text\r");
    asks("line:#everyone=//text");
    send("   \r");
    asks("");
    send("\x15/w bruno hi\r");
    asks("line:#everyone=/w bruno hi");
}

static void words_that_could_not_be_kept_come_back(void **state)
{
    (void)state;
    send("later");
    ui_back(ui, "#everyone", "first");
    ui_back(ui, "#lab", "for the lab");
    const char *text = row_text(22);
    assert_string_equal(text, "ana → #everyone › first");
    send("\x1b"
         "2");
    input_shows("ana → #lab › for the lab");
    asks("open:#lab");
}

static void many_pasted_lines_ask_before_they_are_sent(void **state)
{
    (void)state;
    send("\x1b[200~1\r2\r3\r4\r5\r6\x1b[201~");
    asks("");
    send("\r");
    asks("");
    send("x");
    send("\x7f\r");
    asks("");
    send("\r");
    asks("line:#everyone=1\n2\n3\n4\n5\n6");
    send("\x1b[200~1\r2\r3\r4\r5\r\x1b[201~\r");
    asks("line:#everyone=1\n2\n3\n4\n5");
    send("a\x1b\rb\r");
    asks("line:#everyone=a\nb");
}

static void too_much_is_told_and_kept(void **state)
{
    (void)state;
    char text[201];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    send(text);
    send("\r");
    asks("");
    assert_true(screen_has("200 bytes"));
    ui_free(ui);
    const struct ui_config config = {.names = names, .glyphs = &GLYPHS_UNICODE};
    ui = ui_new(&config);
    ui_follow(ui, &scene.model);
    send("\x1b[200~");
    for (int i = 0; i < 700; i++) {
        ui_feed(ui, &scene.model, now, text, 100);
        perform();
    }
    send("\x1b[201~");
    ui_keep(ui);
    assert_int_equal(strlen(drafts_get(ui_drafts(ui), "#everyone")), COMMAND_LINE_BYTES);
    (void)ui_draw(ui, &scene.model);
    assert_true(screen_has("4464"));
}

/* ---- leaving, Esc ---- */

static void ctrl_c_twice_leaves(void **state)
{
    (void)state;
    send("\x04"); /* a shell's way to leave tells ours */
    status_has("/exit");
    send("text\x03");
    asks("");
    input_shows("ana → #everyone ›");
    send("\x1f"); /* and is not lost */
    input_shows("ana → #everyone › text");
    send("\x03");
    now += UI_INTERRUPT_MS + 1;
    send("\x03");
    asks("");
    status_has("Ctrl-c");
    now += UI_INTERRUPT_MS - 1;
    send("\x03");
    asks("leave");
}

static void escape_stands_for_alt(void **state)
{
    (void)state;
    send("\x1b");
    send("2");
    asks("open:#lab");
    send("\x1b");
    send("z"); /* nothing on Alt-z: what was typed is not lost */
    input_shows("ana → #lab › z");
    send("\x15\x1b");
    send("/whisper"); /* never Alt-/, which would say the rest to everyone */
    input_shows("ana → #lab › /whisper");
    send("\x15\x1b");
    now += UI_ESCAPE_MS + 1;
    send("1");
    input_shows("ana → #lab › 1");
    asks("");
    send("\x1b");
    send("\x1b[200~pasted\x1b[201~"); /* in between: Enter is Enter again */
    send("\r");
    asks("line:#lab=1pasted");
}

static void escape_stops_a_scan(void **state)
{
    (void)state;
    scene_progress(&scene);
    send("\x1b");
    asks("stop");
    scene.model.progress.what = message_make("catch-up", "catching up");
    send("\x1b");
    asks("");
    send("\x1a\x0c\x1bm");
    asks("suspend redraw mouse");
}

/* ---- conversations ---- */

static void conversations_go_round(void **state)
{
    (void)state;
    send("\x0e");
    asks("open:#lab");
    send("\x0e");
    asks("open:@bruno"); /* three words of theirs wait */
    send("\x0e");
    asks("open:#everyone");
    send("\x10");
    asks("open:@bruno"); /* still one of the round: it was opened */
    send("\x1b[1;3C");
    asks("open:#everyone");
    send("\x1b"
         "9");
    asks("");
    status_has("not so many");
}

static void what_calls_comes_first(void **state)
{
    (void)state;
    send("\x1b"
         "a");
    asks("open:@bruno"); /* three words to us before twelve to all */
    send("\x1b"
         "a");
    asks("open:#lab");
    send("\x1b"
         "a");
    asks("");
    status_has("nothing new");
}

static void a_room_that_was_left_is_left(void **state)
{
    (void)state;
    scene.model.open = NULL;
    scene.model.room = "";
    send("");
    ui_follow(ui, &scene.model);
    perform();
    asks(""); /* the first of the round is where we are: nothing else to open */
    scene_open(&scene, &scene.rooms[1]); /* somebody else chose */
    ui_follow(ui, &scene.model);
    send("x\r");
    asks("line:#lab=x");
}

static void the_switcher_finds_by_letters(void **state)
{
    (void)state;
    send("\x0b");
    send("car");
    send("\r");
    asks("open:@carla");
    send("\x0b\x1b");
    send("x\r");
    asks("line:@carla=x");
    send("\x0bzzzz\r");
    asks("");
    send("ab\x02\x0b\r"); /* with text it deletes to the end */
    asks("line:@carla=a");
}

/* ---- people ---- */

static void a_whisper_by_keys_alone(void **state)
{
    (void)state;
    send("\t");
    send("\x1b[B\r");
    asks("open:@carla");
    send("psst\r");
    asks("line:@carla=psst");
}

static void letters_filter_and_act(void **state)
{
    (void)state;
    char expected[ID_TEXT + 64], id[ID_TEXT];
    id_text(&scene.rows[0]->id, id);
    send("\t");
    send("i");
    snprintf(expected, sizeof expected, "line:#everyone=/info %s", id);
    asks(expected);
    send("\td");
    asks("");
    status_has("d again");
    send("d");
    snprintf(expected, sizeof expected, "line:#everyone=/disconnect %s", id);
    asks(expected);
    send("da"); /* dani, not a second hanging up */
    asks("");
    status_has("da");
    send("\r");
    asks("open:@dani");
    send("\tcarlos\r");
    asks("");
    status_has("guest");
    send("\x1b\x1b"); /* the filter, then the sidebar */
    send("\x1b");
    send("y\r");
    asks("line:@dani=y");
}

static void a_find_is_connected_to(void **state)
{
    (void)state;
    struct row *row = scene_row(&scene, ROW_FOUND, "pepe", NULL);
    row->address = xstrdup("192.168.1.4:9998");
    row->dialect = xstrdup("piped");
    send("\t");
    send("\x1b[Fc");
    asks("line:#everyone=/connect 192.168.1.4:9998 piped");
    send("\r");
    asks("line:#everyone=/connect 192.168.1.4:9998 piped");
}

static void the_selected_row_stays_itself(void **state)
{
    (void)state;
    send("\t\x1b[B"); /* carla */
    struct row *first = scene.rows[0];
    memmove(scene.rows, scene.rows + 1, 4 * sizeof *scene.rows);
    scene.rows[4] = first;
    ui_follow(ui, &scene.model);
    send("\r");
    asks("open:@carla");
}

static void the_mouse_is_an_extra(void **state)
{
    (void)state;
    send("\x1b[<0;5;9M"); /* #lab's row is the ninth */
    asks("");
    send("\x1b[<0;5;10M");
    asks("open:#lab");
    send("\x1b[<0;40;10M\x1b[<0;5;10m\x1b[<2;5;4M");
    asks("");
}

/* ---- looking ---- */

static struct conversation *lab_with(int count)
{
    struct conversation *lab = &scene.rooms[1];
    for (int i = 0; i < count; i++) {
        char text[64];
        snprintf(text, sizeof text, "line %d", i);
        scene_say(&scene, lab, &scene.people[1], i - count, text);
    }
    send("\x1b"
         "2");
    asked[0] = '\0';
    return lab;
}

static void scrolling_tells_where_one_looks(void **state)
{
    (void)state;
    struct conversation *lab = lab_with(100);
    send("\x1b[5~");
    asks("scroll-anchor");
    send("\x1b[6~");
    asks("scroll-end");
    send("\x1b[1;3H");
    asks("scroll-anchor");
    assert_non_null(strstr(row_text(2), "line 0"));
    lab->window.more_above = true;
    send("\x1b[5~");
    asks("scroll-anchor scroll-up");
    send("\x1b[<65;40;5M");
    asks("scroll-anchor");
    assert_non_null(strstr(row_text(1), "line 2"));
    send("\x1b[F"); /* End, on an empty line */
    asks("scroll-end");
    send("hello\r");
    asks("line:#lab=hello");
    send("\x1b[5~");
    asked[0] = '\0';
    send("x\r"); /* whoever speaks looks at the end */
    asks("line:#lab=x scroll-end");
}

static void rows_scroll_through_long_lines(void **state)
{
    (void)state;
    struct conversation *lab = lab_with(2);
    char text[3000];
    for (size_t i = 0; i < sizeof text; i += 10)
        memcpy(text + i, "word word ", 10);
    text[sizeof text - 1] = '\0';
    memcpy(text + 2990, "the end", 8);
    scene_say(&scene, lab, &scene.people[1], 0, text);
    send("");
    assert_non_null(strstr(row_text(21), "the end"));
    send("\x1b[1;3A");
    assert_null(strstr(row_text(21), "the end"));
    assert_non_null(strstr(row_text(20), "word"));
    for (int i = 0; i < 200; i++)
        send("\x1b[1;3A");
    assert_non_null(strstr(row_text(2), "line 0"));
    for (int i = 0; i < 200; i++)
        send("\x1b[1;3B");
    assert_non_null(strstr(row_text(21), "the end"));
}

static void the_new_rule_and_mentions_are_found(void **state)
{
    (void)state;
    struct conversation *lab = lab_with(100);
    lab->window.posts[10]->mention = lab->window.posts[50]->mention = true;
    send("\x1bp");
    asks("scroll-anchor scroll-anchor");
    assert_non_null(strstr(row_text(11), "line 50"));
    send("\x1bp");
    assert_non_null(strstr(row_text(11), "line 10"));
    send("\x1bp");
    status_has("No other");
    send("\x1bn");
    assert_non_null(strstr(row_text(11), "line 50"));
    asked[0] = '\0';
    lab->marked = true;
    lab->mark = lab->window.posts[30]->order;
    send("\x1bu");
    assert_non_null(strstr(row_text(10), "new"));
    assert_non_null(strstr(row_text(11), "line 30"));
    asked[0] = '\0';
    memset(&lab->mark, 0, sizeof lab->mark); /* above all that is held */
    lab->window.more_above = true;
    send("\x1bu");
    asks("scroll-go");
}

static void the_search_goes_on_in_older_lines(void **state)
{
    (void)state;
    struct conversation *lab = lab_with(60);
    send("\x13LINE 2\r");
    asks("scroll-anchor scroll-anchor");
    assert_non_null(strstr(row_text(11), "line 29"));
    send("n");
    assert_non_null(strstr(row_text(11), "line 28"));
    send("N");
    assert_non_null(strstr(row_text(11), "line 29"));
    send("\x1b");
    asked[0] = '\0';
    lab->window.more_above = true;
    lab->window.asked = 1;
    send("\x13oldest words\r");
    asks("scroll-up");
    status_has("Looking further");
    memcpy(lab->window.posts[0]->text, "oldest", 6); /* no more room in it */
    lab->window.asked = 0;
    lab->window.more_above = false;
    struct post *old = scene_say(&scene, lab, &scene.people[1], -200, "the oldest words of all");
    memmove(lab->window.posts + 1, lab->window.posts,
            (lab->window.count - 1) * sizeof *lab->window.posts);
    lab->window.posts[0] = old;
    ui_follow(ui, &scene.model);
    perform();
    (void)ui_draw(ui, &scene.model);
    assert_non_null(strstr(row_text(2), "the oldest words of all"));
    asked[0] = '\0';
    send("n");
    status_has("none older; N newer");
    send("x"); /* any other key goes on */
    input_shows("ana → #lab › x");
}

static void clear_hides_until_one_looks_up(void **state)
{
    (void)state;
    (void)lab_with(100);
    struct command command = {.id = COMMAND_CLEAR};
    assert_true(ui_command(ui, &scene.model, &command));
    assert_null(strstr(row_text(21), "line 99"));
    scene_say(&scene, &scene.rooms[1], &scene.people[1], 0, "after that");
    assert_non_null(strstr(row_text(21), "after that"));
    send("\x1b[5~");
    assert_non_null(strstr(row_text(10), "line"));
}

static void bare_text_is_for_the_mouse_of_the_terminal(void **state)
{
    (void)state;
    send("\x1bl");
    asks("mouse");
    assert_null(strstr(row_text(0), "tertulia"));
    assert_non_null(strstr(row_text(23), "14:02 bruno +3 min  my clock"));
    send("x"); /* nothing is typed unseen */
    asks("mouse");
    input_shows("ana → #everyone › x");
    send("\x1bl\x1b[5~");
    assert_null(strstr(row_text(0), "tertulia"));
    send("\x1b");
    assert_non_null(strstr(row_text(0), "tertulia"));
}

static void a_hit_elsewhere_is_gone_to(void **state)
{
    (void)state;
    struct conversation *lab = &scene.rooms[1];
    for (int i = 0; i < 50; i++)
        scene_say(&scene, lab, &scene.people[1], i - 50, i == 20 ? "that one" : "others");
    ui_page_open(ui, "/search");
    assert_true(ui_page_add(ui, STYLE_TEXT, NULL, "nothing", NULL, NULL));
    assert_true(
        ui_page_add(ui, STYLE_TEXT, "a", "that one", "#lab", &lab->window.posts[20]->order));
    send("\r");
    asks("open:#lab scroll-go");
    perform();
    send("");
    assert_non_null(strstr(row_text(11), "that one"));
}

/* ---- typing helpers ---- */

static void completion_goes_round_and_back(void **state)
{
    (void)state;
    send("/wh\t");
    input_shows("ana → #everyone › /whisper");
    send("\t");
    input_shows("ana → #everyone › /who");
    send("\x1b[Z");
    input_shows("ana → #everyone › /whisper");
    send("\x1b");
    input_shows("ana → #everyone › /wh");
    send("\x15"
         "b\t");
    input_shows("ana → #everyone › bruno:");
    send("hi\r");
    asks("line:#everyone=bruno: hi");
    send("c\t"); /* who spoke last comes first: carlos after bruno */
    input_shows("ana → #everyone › carlos:");
    send("\t");
    input_shows("ana → #everyone › carla:");
    send("\x15qqq\t");
    status_has("Nothing begins");
    send("\x15/theme l\t");
    input_shows("ana → #everyone › /theme light");
    send("\x15/bind F5 red\t");
    input_shows("ana → #everyone › /bind F5 redraw");
}

static void what_was_typed_is_found_again(void **state)
{
    (void)state;
    send("first one\rsecond\rfirst two\r");
    send("dra\x12");
    send("FIRST");
    input_shows("ana → #everyone › first two");
    send("\x12");
    input_shows("ana → #everyone › first one");
    send("\x1b");
    input_shows("ana → #everyone › dra");
    send("\x15\x1b[A\x1b[A");
    input_shows("ana → #everyone › second");
    send("\x1b[B\x1b[B");
    input_shows("ana → #everyone ›");
}

static void keys_are_bound_by_command(void **state)
{
    (void)state;
    char key[] = "F5", action[] = "next", bad[] = "Ctrl-Foo", none[] = "";
    struct command command = {.id = COMMAND_BIND, .key = key, .value = action};
    assert_true(ui_command(ui, &scene.model, &command));
    send("\x1b[15~");
    asks("bind:F5=next open:#lab");
    command.value = none;
    assert_true(ui_command(ui, &scene.model, &command));
    send("\x1b[15~");
    asks("bind:F5=nothing");
    command.key = bad;
    assert_true(ui_command(ui, &scene.model, &command));
    status_has("is no key");
    command.key = NULL;
    assert_true(ui_command(ui, &scene.model, &command));
    assert_non_null(strstr(row_text(1), "/bind"));
    send("q");
    struct command theme = {.id = COMMAND_THEME, .value = bad};
    assert_true(ui_command(ui, &scene.model, &theme));
    status_has("no theme");
    theme.value = action;
    struct command other = {.id = COMMAND_DOCTOR};
    assert_false(ui_command(ui, &scene.model, &other));
}

static void drafts_and_titles_can_be_kept(void **state)
{
    (void)state;
    char title[128];
    ui_draft_set(ui, "#everyone", "from last time");
    input_shows("ana → #everyone › from last time");
    ui_title(ui, &scene.model, title, sizeof title);
    assert_string_equal(title, "(15) #everyone - tertulia");
    assert_string_equal(drafts_get(ui_drafts(ui), "#everyone"), "from last time");
    assert_false(ui_theme_set(ui, "pink"));
    assert_true(ui_theme_set(ui, "Light"));
    assert_string_equal(ui_theme(ui)->name, "light");
}

static void requests_have_a_bound(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * UI_REQUESTS; i++)
        ui_feed(ui, &scene.model, now, "\x0c", 1);
    struct ui_request request;
    size_t count = 0;
    for (; ui_request(ui, &request); count++)
        ui_request_done(&request);
    assert_int_equal(count, UI_REQUESTS);
}

/* Typing draws the input alone: whatever comes between, the screen is what all of it would be. */
static void what_is_typed_is_drawn_as_all_would_be(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "a",      "b",      " ",       "\u00e9",  "\u4e2d", "\U0001f600",
        "\x7f",   "\x02",   "\x06",    "\x01",    "\x05",   "\x0b",
        "\x17",   "\x15",   "\x19",    "\t",      "\r",     "\x1b",
        "\x1b[A", "\x1b[B", "\x1b[5~", "\x1b[6~", "\x1bOP", "\x1b\r",
        "\x12",   "\x1bl",  "/",       "h",       "\x1f",   "\x1b[200~one\ntwo\x1b[201~"};
    uint32_t chance = 1;
    (void)lab_with(100);
    for (int i = 0; i < 4000; i++) {
        chance = chance * 1664525u + 1013904223u;
        size_t kinds = chance >> 31 ? 12 : sizeof keys / sizeof *keys; /* words, most of the time */
        send(keys[(size_t)((uint64_t)(chance << 1) * kinds >> 32)]);
        asked[0] = '\0';
        scene.model.dirty = 0;
        const struct grid *grid = ui_draw(ui, &scene.model);
        size_t size = (size_t)(grid->rows * grid->columns) * sizeof *grid->cells;
        struct grid light = *grid;
        light.cells = xmemdup(grid->cells, size);
        ui_resize(ui, 24, 81);
        ui_resize(ui, 24, 80);
        grid = ui_draw(ui, &scene.model);
        assert_int_equal(light.cursor_row, grid->cursor_row);
        assert_int_equal(light.cursor_column, grid->cursor_column);
        for (size_t at = 0; at < (size_t)(grid->rows * grid->columns); at++)
            assert_true(cell_equal(&light.cells[at], &grid->cells[at]));
        free(light.cells);
    }
}

/* While others' words wait for their frame, what is typed does not. */
static void an_echo_is_the_row_of_the_input_alone(void **state)
{
    (void)state;
    enum { ROWS = 23 * 80 * sizeof(struct cell) };
    struct conversation *lab = lab_with(20);
    send("a"); /* the first letter changes which keys are of use */
    struct cell *before = xmemdup(ui_draw(ui, &scene.model)->cells, ROWS);
    scene_say(&scene, lab, &scene.people[1], 0, "one of a crowd");
    ui_feed(ui, &scene.model, now, "b", 1);
    assert_memory_equal(ui_echo(ui, &scene.model)->cells, before, ROWS);
    input_shows("ana → #lab › ab");
    ui_feed(ui, &scene.model, now, "\r", 1); /* asks for more than a row */
    assert_null(ui_echo(ui, &scene.model));
    assert_true(screen_has("one of a crowd"));
    free(before);
}
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    setenv("TZ", "UTC0", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        TEST(a_line_goes_where_the_prompt_says),
        TEST(what_is_no_command_is_not_sent),
        TEST(words_that_could_not_be_kept_come_back),
        TEST(many_pasted_lines_ask_before_they_are_sent),
        TEST(too_much_is_told_and_kept),
        TEST(ctrl_c_twice_leaves),
        TEST(escape_stands_for_alt),
        TEST(escape_stops_a_scan),
        TEST(conversations_go_round),
        TEST(what_calls_comes_first),
        TEST(a_room_that_was_left_is_left),
        TEST(the_switcher_finds_by_letters),
        TEST(a_whisper_by_keys_alone),
        TEST(letters_filter_and_act),
        TEST(a_find_is_connected_to),
        TEST(the_selected_row_stays_itself),
        TEST(the_mouse_is_an_extra),
        TEST(scrolling_tells_where_one_looks),
        TEST(rows_scroll_through_long_lines),
        TEST(the_new_rule_and_mentions_are_found),
        TEST(the_search_goes_on_in_older_lines),
        TEST(clear_hides_until_one_looks_up),
        TEST(bare_text_is_for_the_mouse_of_the_terminal),
        TEST(a_hit_elsewhere_is_gone_to),
        TEST(completion_goes_round_and_back),
        TEST(what_was_typed_is_found_again),
        TEST(keys_are_bound_by_command),
        TEST(drafts_and_titles_can_be_kept),
        TEST(requests_have_a_bound),
        TEST(what_is_typed_is_drawn_as_all_would_be),
        TEST(an_echo_is_the_row_of_the_input_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
