/* What the screen asks to be kept, and what it makes of what was: drafts, typed lines, keys, the
 * log. */
#include "unit.h"

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
static uint64_t now;
static char kept[1 << 18]; /* as "typed=hi line:#lab=hi draft:#lab=ho bind:F5=next" */

static void kept_add(const char *kind, const char *of, const char *text)
{
    size_t at = strlen(kept);
    snprintf(kept + at, sizeof kept - at, "%s%s%s%s=%s", at > 0 ? " " : "", kind, of ? ":" : "",
             of ? of : "", text);
}

static void perform(void)
{
    struct ui_request request;
    while (ui_request(ui, &request)) {
        if (request.kind == UI_TYPED)
            kept_add("typed", NULL, request.text);
        else if (request.kind == UI_DRAFT)
            kept_add("draft", request.conversation, request.text);
        else if (request.kind == UI_LINE)
            kept_add("line", request.conversation, request.text);
        else if (request.kind == UI_BIND)
            kept_add("bind", request.key, request.text);
        for (size_t i = 0; request.kind == UI_OPEN && i < scene.room_count; i++)
            if (strcmp(scene.rooms[i].name, request.conversation) == 0)
                scene_open(&scene, &scene.rooms[i]);
        ui_request_done(&request);
    }
}

static void begin(void)
{
    const struct ui_config config = {.names = names, .glyphs = &GLYPHS_UNICODE, .text_max = 100};
    ui = ui_new(&config);
    kept[0] = '\0';
}

static void follow(void)
{
    perform();
    ui_follow(ui, &scene.model);
    perform();
    (void)ui_draw(ui, &scene.model);
}

static int start(void **state)
{
    (void)state;
    scene_init(&scene);
    names = command_names_new(NULL);
    now = 100000;
    begin();
    follow();
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

static void send(const char *bytes)
{
    ui_feed(ui, &scene.model, now, bytes, strlen(bytes));
    ui_timeout(ui, &scene.model, now + keys_wait(ui_keys(ui)));
    follow();
}

/* So much time goes by. */
static void wait_ms(uint64_t ms)
{
    now += ms;
    ui_timeout(ui, &scene.model, now);
    perform();
}

static void keeps(const char *expected)
{
    assert_string_equal(kept, expected);
    kept[0] = '\0';
}

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

/* ---- drafts ---- */

static void a_draft_is_kept_soon_and_not_with_every_key(void **state)
{
    (void)state;
    assert_int_equal(ui_wait(ui, now), 0);
    send("h");
    assert_int_equal(ui_wait(ui, now), UI_DRAFT_MS);
    wait_ms(UI_DRAFT_MS - 1);
    keeps("");
    send("o");
    assert_int_equal(ui_wait(ui, now), 1); /* who types on and on is kept too */
    wait_ms(1);
    keeps("draft:#everyone=ho");
    assert_int_equal(ui_wait(ui, now), 0);
    wait_ms(UI_DRAFT_MS);
    keeps("");
    send("\x7f");
    send("o"); /* as it was kept: nothing to do */
    assert_int_equal(ui_wait(ui, now), 0);
    send("\x15");
    wait_ms(UI_DRAFT_MS);
    keeps("draft:#everyone="); /* emptied: to be forgotten */
}

static void time_that_a_flood_takes_is_time(void **state)
{
    (void)state;
    send("x");
    for (int i = 0; i < 10; i++) { /* turns of the loop, each of which asks */
        now += UI_DRAFT_MS / 10;
        assert_int_equal(ui_wait(ui, now), i < 9 ? UI_DRAFT_MS - (i + 1) * (UI_DRAFT_MS / 10) : 1);
    }
    wait_ms(0);
    keeps("draft:#everyone=x");
    ui_feed(ui, &scene.model, now, "\x1b", 1);
    unsigned wait = ui_wait(ui, now);
    assert_in_range(wait, 1, 1000);
    assert_int_equal(ui_wait(ui, now + wait - 1), 1);
    ui_timeout(ui, &scene.model, now + wait - 1); /* some other timer: too early */
    assert_int_equal(ui_wait(ui, now + wait - 1), 1);
    ui_timeout(ui, &scene.model, now + wait);
    assert_int_equal(ui_wait(ui, now + wait), 0);
}

static void a_draft_is_kept_where_one_leaves(void **state)
{
    (void)state;
    send("half a sen");
    send("\x1b"
         "2");
    keeps("draft:#everyone=half a sen");
    send("lab");
    ui_keep(ui);
    perform();
    keeps("draft:#lab=lab");
    ui_keep(ui);
    perform();
    keeps("");
    send("\x1b"
         "3whisper\x1b"
         "1");
    keeps("draft:@bruno=whisper");
    input_shows("ana → #everyone › half a sen");
    assert_string_equal(drafts_get(ui_drafts(ui), "@bruno"), "whisper");
}

static void enter_keeps_the_line_before_it_goes(void **state)
{
    (void)state;
    send("hola\r");
    keeps("typed=hola line:#everyone=hola"); /* no draft of it was ever kept */
    send("adios");
    wait_ms(UI_DRAFT_MS);
    send("\r");
    keeps("draft:#everyone=adios typed=adios line:#everyone=adios draft:#everyone=");
    send("adios\r"); /* the same again is one line of the history */
    keeps("line:#everyone=adios");
    send("/nonsense\r"); /* and what was not sent is still a draft */
    keeps("");
    wait_ms(UI_DRAFT_MS);
    keeps("draft:#everyone=/nonsense");
}

static void what_lies_under_a_look_back_is_the_draft(void **state)
{
    (void)state;
    send("first\rsecond\r");
    kept[0] = '\0';
    send("s");
    send("\x1b[A"); /* second, and "s" below it */
    input_shows("ana → #everyone › second");
    wait_ms(UI_DRAFT_MS);
    keeps("draft:#everyone=s");
    send("\x1b"
         "2");
    send("\x1b"
         "1");
    input_shows("ana → #everyone › s");
    send("\x12"
         "fir");
    input_shows("ana → #everyone › first");
    ui_go(ui, &scene.model, "#lab"); /* somebody else chose */
    follow();
    keeps("");
    send("\x1b"
         "1");
    input_shows("ana → #everyone › s");
    send("\x12"
         "fir");
    ui_page_open(ui, "an answer"); /* comes in between */
    send("\x1b");
    input_shows("ana → #everyone › s");
    send("\x12"
         "fir\x1b[C!"); /* taken */
    wait_ms(UI_DRAFT_MS);
    keeps("draft:#everyone=first!");
}

static void words_that_come_back_are_kept_at_once(void **state)
{
    (void)state;
    send("later");
    ui_back(ui, "#everyone", "first");
    ui_back(ui, "@carla", "psst");
    ui_back(ui, "@carla", "hey");
    perform();
    keeps("draft:#everyone=first\nlater draft:@carla=psst draft:@carla=hey\npsst");
}

static void drafts_of_an_earlier_run_are_there(void **state)
{
    (void)state;
    ui_free(ui);
    begin();
    ui_draft_set(ui, "@dani", "to dani");
    ui_draft_set(ui, "#everyone", "two\nrows");
    follow();
    keeps("");
    assert_string_equal(row_text(22), "ana → #everyone › two");
    send("\x1b"
         "4"); /* who has a draft is one of the round */
    keeps("");
    scene_open(&scene, scene_room(&scene, "@dani", "dani"));
    follow();
    input_shows("ana ⇒ dani (whisper) › to dani");
    send("\r");
    keeps("typed=to dani line:@dani=to dani draft:@dani=");
}

static void the_draft_left_alone_longest_goes_from_the_disk_too(void **state)
{
    (void)state;
    char name[32];
    for (int i = 0; i < DRAFTS; i++) {
        snprintf(name, sizeof name, "#room%d", i);
        ui_draft_set(ui, name, "x");
    }
    perform();
    keeps("");
    send("y");
    wait_ms(UI_DRAFT_MS);
    keeps("draft:#everyone=y draft:#room0=");
    ui_draft_set(ui, "#more", "z"); /* a disk that held too many */
    perform();
    keeps("draft:#room1=");
    assert_int_equal(ui_drafts(ui)->count, DRAFTS);
}

/* ---- keys ---- */

static void bind(char *key, char *action)
{
    struct command command = {.id = COMMAND_BIND, .key = key, .value = action};
    assert_true(ui_command(ui, &scene.model, &command));
    perform();
}

static void keys_come_back_as_they_were_bound(void **state)
{
    (void)state;
    char tab[] = "Tab", f5[] = "F5", next[] = "next", up[] = "side-up", none[] = "";
    char back[] = "default", undo[] = "undo";
    bind(f5, next);
    keeps("bind:F5=next");
    bind(f5, up); /* another place: both hold */
    keeps("bind:F5=side-up next");
    bind(tab, none);
    keeps("bind:Tab=nothing");
    bind(tab, undo);
    keeps("bind:Tab=nothing undo");
    struct keymap was = *ui_keymap(ui);
    ui_free(ui);
    begin();
    ui_bound(ui, "F5", "side-up next");
    ui_bound(ui, "Tab", "nothing undo");
    ui_bound(ui, "F6", "of-a-later-version  last");
    ui_bound(ui, "no such key", "last");
    for (enum context context = 0; context < CONTEXTS; context++) {
        struct key key;
        assert_true(key_parse("F5", &key));
        assert_int_equal(keymap_find(ui_keymap(ui), context, &key),
                         keymap_find(&was, context, &key));
        assert_true(key_parse("Tab", &key));
        assert_int_equal(keymap_find(ui_keymap(ui), context, &key),
                         keymap_find(&was, context, &key));
    }
    struct key f6;
    assert_true(key_parse("F6", &f6));
    assert_int_equal(keymap_find(ui_keymap(ui), CONTEXT_ALWAYS, &f6), ACTION_LAST);
    bind(tab, back);
    keeps("bind:Tab=");
    follow();
    send("/the\t");
    input_shows("ana → #everyone › /theme");
    send("\x15/bind Tab def\t");
    input_shows("ana → #everyone › /bind Tab default");
}

/* ---- the log ---- */

static void log_shows(void)
{
    struct command command = {.id = COMMAND_LOG};
    assert_true(ui_command(ui, &scene.model, &command));
}

static void what_was_said_can_be_read_again(void **state)
{
    (void)state;
    log_shows();
    assert_string_equal(row_text(2), " There is nothing to show.");
    send("q");
    ui_say(ui, false, "first of all");
    ui_say(ui, true, "it did \x1b[31m not work");
    send("/nonsense\r"); /* the screen's own errors too */
    send("\x15\t\x1b");
    send("\x04"); /* hints are none */
    scene.model.now += 24 * 60 * SCENE_MINUTE;
    follow();
    ui_say(ui, true, "a day later");
    log_shows();
    (void)ui_draw(ui, &scene.model);
    assert_string_equal(row_text(2), " Thursday 20 November");
    assert_string_equal(row_text(3), " 14:02  first of all");
    assert_string_equal(row_text(4), " 14:02  it did <U+001B>[31m not work");
    assert_non_null(strstr(row_text(5), "nonsense"));
    assert_string_equal(row_text(7), " Friday 21 November");
    assert_string_equal(row_text(8), " 14:02  a day later");
    assert_string_equal(row_text(9), "");
}

static void the_log_has_a_bound_and_opens_at_its_end(void **state)
{
    (void)state;
    char text[32];
    for (int i = 0; i < UI_SAID + 100; i++) {
        snprintf(text, sizeof text, "number %d.", i);
        ui_say(ui, false, text);
    }
    log_shows();
    snprintf(text, sizeof text, "number %d.", UI_SAID + 99);
    assert_non_null(strstr(row_text(21), text));
    send("\x1b[H");
    assert_non_null(strstr(row_text(3), "number 100."));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    setenv("TZ", "UTC0", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        TEST(a_draft_is_kept_soon_and_not_with_every_key),
        TEST(time_that_a_flood_takes_is_time),
        TEST(a_draft_is_kept_where_one_leaves),
        TEST(enter_keeps_the_line_before_it_goes),
        TEST(what_lies_under_a_look_back_is_the_draft),
        TEST(words_that_come_back_are_kept_at_once),
        TEST(drafts_of_an_earlier_run_are_there),
        TEST(the_draft_left_alone_longest_goes_from_the_disk_too),
        TEST(keys_come_back_as_they_were_bound),
        TEST(what_was_said_can_be_read_again),
        TEST(the_log_has_a_bound_and_opens_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
