/* The line editor, what was typed before, and drafts. `|` in an expected text is the cursor. */
#include "unit.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "ui/drafts.h"
#include "ui/editor.h"
#include "ui/find.h"
#include "ui/history.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAMILY "\U0001F468\u200D\U0001F469\u200D\U0001F467"
#define FLAG "\U0001F1EA\U0001F1F8"

static struct editor edit;

static int start(void **state)
{
    (void)state;
    editor_init(&edit, 64);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    editor_done(&edit);
    return 0;
}

static void type(const char *text)
{
    for (size_t at = 0; text[at];) {
        int32_t code;
        size_t step = utf8_step(text + at, strlen(text) - at, &code);
        assert_int_equal(editor_insert(&edit, text + at, step, true), 0);
        at += step;
    }
}

/* `a|b`: the text, and where the cursor is. */
static void load(const char *shown)
{
    size_t at = strcspn(shown, "|");
    editor_reset(&edit);
    assert_int_equal(editor_insert(&edit, shown, at, false), 0);
    assert_int_equal(editor_insert(&edit, shown + at + 1, strlen(shown + at + 1), false), 0);
    editor_go(&edit, at);
}

static void shows(const char *expected)
{
    char shown[512];
    snprintf(shown, sizeof shown, "%.*s|%s", (int)edit.cursor, edit.text, edit.text + edit.cursor);
    assert_string_equal(shown, expected);
    assert_int_equal(strlen(edit.text), edit.size);
}

static void moves(const char *from, enum editor_place place, const char *to)
{
    load(from);
    (void)editor_move(&edit, place);
    shows(to);
}

static void the_cursor_moves_by_clusters_and_words(void **state)
{
    (void)state;
    moves("a" FAMILY FLAG "|", EDITOR_LEFT, "a" FAMILY "|" FLAG);
    moves("a" FAMILY "|" FLAG, EDITOR_LEFT, "a|" FAMILY FLAG);
    moves("a|" FAMILY "b", EDITOR_RIGHT, "a" FAMILY "|b");
    moves("xe\u0301|", EDITOR_LEFT, "x|e\u0301");
    moves("é|", EDITOR_LEFT, "|é");
    moves("|", EDITOR_LEFT, "|");
    moves("|", EDITOR_RIGHT, "|");
    moves("uno, dos-tres|", EDITOR_WORD_LEFT, "uno, dos-|tres");
    moves("uno, |", EDITOR_WORD_LEFT, "|uno, ");
    moves("uno|, ñandú x", EDITOR_WORD_RIGHT, "uno, ñandú| x");
    moves("in a/a-b  |c", EDITOR_BLANK_LEFT, "in |a/a-b  c");
    moves("one\ntwo thr|ee\nfour", EDITOR_LINE_START, "one\n|two three\nfour");
    moves("one\ntwo thr|ee\nfour", EDITOR_LINE_END, "one\ntwo three|\nfour");
    moves("one\n|two", EDITOR_LEFT, "one|\ntwo");
    moves("one\ntw|o", EDITOR_START, "|one\ntwo");
    moves("o|ne\ntwo", EDITOR_END, "one\ntwo|");
    load("ab" FAMILY "|");
    editor_go(&edit, 4); /* within the family */
    shows("ab" FAMILY "|");
}

static void a_mark_joins_what_stands_before_it(void **state)
{
    (void)state;
    load("e|x");
    assert_int_equal(editor_insert(&edit, "\u0301", 2, true), 0);
    shows("e\u0301|x");
    load("\U0001F468|\U0001F469");
    assert_int_equal(editor_insert(&edit, "\u200D", 3, true), 0);
    shows("\U0001F468\u200D\U0001F469|"); /* they became one: the cursor is never inside */
    load("\U0001F1EA|x\U0001F1F8");
    assert_true(editor_erase(&edit, EDITOR_RIGHT, false));
    shows(FLAG "|");
}

static void what_is_cut_can_be_put_back(void **state)
{
    (void)state;
    load("uno dos tres|");
    assert_true(editor_erase(&edit, EDITOR_WORD_LEFT, true));
    assert_true(editor_erase(&edit, EDITOR_WORD_LEFT, true));
    shows("uno |");
    assert_true(editor_yank(&edit)); /* both cuts are one piece */
    shows("uno dos tres|");
    load("a b|c d");
    assert_true(editor_erase(&edit, EDITOR_LINE_END, true));
    assert_true(editor_erase(&edit, EDITOR_LINE_START, true));
    assert_false(editor_erase(&edit, EDITOR_LINE_START, true));
    assert_true(editor_yank(&edit));
    shows("a bc d|");
    assert_true(editor_yank_older(&edit));
    shows("dos tres|");
    assert_true(editor_yank_older(&edit));
    shows("a bc d|");
    (void)editor_move(&edit, EDITOR_LEFT);
    assert_false(editor_yank_older(&edit)); /* only right after a yank */
    load("x|y");
    assert_true(editor_erase(&edit, EDITOR_LEFT, false));
    assert_true(editor_yank(&edit)); /* what was not cut is not kept */
    shows("a bc d|y");
}

static void only_so_many_cuts_are_kept(void **state)
{
    (void)state;
    for (int i = 0; i < EDITOR_KILLS + 5; i++) {
        char text[16];
        snprintf(text, sizeof text, "k%d", i);
        editor_set(&edit, text, strlen(text));
        assert_true(editor_erase(&edit, EDITOR_LINE_START, true));
    }
    assert_int_equal(edit.kill_count, EDITOR_KILLS);
    assert_string_equal(edit.kills[0], "k12");
    assert_string_equal(edit.kills[EDITOR_KILLS - 1], "k5");
}

static void every_change_can_be_taken_back(void **state)
{
    (void)state;
    type("hola a todos");
    shows("hola a todos|");
    assert_true(editor_undo(&edit)); /* by words */
    shows("hola a |");
    assert_true(editor_undo(&edit));
    shows("hola |");
    type("x");
    assert_true(editor_erase(&edit, EDITOR_START, true));
    shows("|");
    assert_true(editor_undo(&edit));
    shows("hola x|");
    editor_set(&edit, "other", 5);
    assert_true(editor_undo(&edit));
    shows("hola x|");
    editor_replace(&edit, 0, 4, "ciao", 4);
    shows("ciao| x");
    assert_true(editor_undo(&edit));
    shows("hola x|");
    while (editor_undo(&edit))
        continue;
    shows("|");
    load("ab|");
    assert_true(editor_yank(&edit));
    assert_true(editor_undo(&edit));
    shows("ab|");
    editor_reset(&edit);
    assert_false(editor_undo(&edit)); /* sent is sent */
}

static void undo_has_a_bound(void **state)
{
    (void)state;
    for (int i = 0; i < 3 * EDITOR_UNDO; i++) {
        assert_int_equal(editor_insert(&edit, "y", 1, false), 0);
        assert_true(editor_erase(&edit, EDITOR_LEFT, false));
    }
    assert_int_equal(edit.step_count, EDITOR_UNDO);
    editor_done(&edit);
    editor_init(&edit, 64 * 1024);
    char *big = xcalloc(1, 60 * 1024 + 1);
    memset(big, 'z', 60 * 1024);
    for (int i = 0; i < 9; i++) {
        editor_set(&edit, big, 60 * 1024);
        editor_set(&edit, "", 0);
        assert_in_range(edit.step_bytes, 0, EDITOR_UNDO_BYTES);
    }
    assert_true(editor_undo(&edit));
    assert_int_equal(edit.size, 60 * 1024);
    free(big);
}

static void pasted_bytes_are_cleaned(void **state)
{
    (void)state;
    static const char bytes[] = "a\r\nb\rc\n\x1b[31md\0\x7f\xc2\x85\xff\te";
    assert_int_equal(editor_insert(&edit, bytes, sizeof bytes - 1, false), 0);
    shows("a\nb\nc\n[31md\uFFFD\te|");
}

static void the_limit_tells_what_was_left_out(void **state)
{
    (void)state;
    char big[100];
    memset(big, 'x', sizeof big);
    assert_int_equal(editor_insert(&edit, big, sizeof big, false), 36);
    assert_int_equal(edit.size, 64);
    assert_int_equal(editor_insert(&edit, "y", 1, true), 1);
    assert_true(editor_erase(&edit, EDITOR_LEFT, false));
    assert_int_equal(editor_insert(&edit, "é", 2, true), 2); /* no half of it */
    assert_int_equal(edit.size, 63);
    assert_int_equal(editor_insert(&edit, "\xff\xff", 2, false), 2);
    editor_replace(&edit, 0, 60, "0123456789", 10);
    assert_int_equal(edit.size, 13);
    assert_true(editor_erase(&edit, EDITOR_END, true));
    editor_set(&edit, big, 62);
    assert_true(editor_yank(&edit)); /* as much as fits */
    assert_int_equal(edit.size, 64);
    shows("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx|");
}

static void history_shows(struct history *history, bool older, const char *expected)
{
    assert_true(history_walk(history, &edit, older));
    shows(expected);
}

static void history_keeps_the_draft(void **state)
{
    (void)state;
    struct history history;
    history_init(&history);
    assert_false(history_walk(&history, &edit, true));
    history_add(&history, "/scan", 5);
    history_add(&history, "hola", 4);
    history_add(&history, "hola", 4);
    history_add(&history, " \n", 2);
    history_add(&history, "/set", 4);
    assert_int_equal(history.count, 3);
    type("");
    history_shows(&history, true, "/set|");
    history_shows(&history, true, "hola|");
    history_shows(&history, true, "/scan|");
    assert_false(history_walk(&history, &edit, true));
    history_shows(&history, false, "hola|");
    history_shows(&history, false, "/set|");
    history_shows(&history, false, "|");
    assert_false(history_walk(&history, &edit, false));
    history_stop(&history);
    type("/s"); /* only what begins so */
    history_shows(&history, true, "/set|");
    history_shows(&history, true, "/scan|");
    assert_false(history_walk(&history, &edit, true));
    shows("/scan|");
    history_shows(&history, false, "/set|");
    history_shows(&history, false, "/s|");
    history_done(&history);
}

static void history_is_bounded_and_searched(void **state)
{
    (void)state;
    struct history history;
    history_init(&history);
    for (int i = 0; i < HISTORY_LINES + 10; i++) {
        char line[32];
        snprintf(line, sizeof line, "Línea %d", i);
        history_add(&history, line, strlen(line));
    }
    assert_int_equal(history.count, HISTORY_LINES);
    assert_string_equal(history_line(&history, 0), "Línea 1009");
    assert_string_equal(history_line(&history, HISTORY_LINES - 1), "Línea 10");
    assert_null(history_line(&history, HISTORY_LINES));
    size_t at = history_search(&history, "LÍNEA 99", 0);
    assert_string_equal(history_line(&history, at), "Línea 999");
    at = history_search(&history, "línea 99", at + 1);
    assert_string_equal(history_line(&history, at), "Línea 998");
    assert_true(history_search(&history, "nope", 0) == HISTORY_NONE);
    char *big = xcalloc(1, HISTORY_BYTES);
    memset(big, 'b', HISTORY_BYTES - 4);
    history_add(&history, big, HISTORY_BYTES - 4);
    assert_int_equal(history.count, 1);
    free(big);
    history_done(&history);
}

static void words_are_found_in_any_case(void **state)
{
    (void)state;
    size_t length;
    const char *text = "El ÑANDÚ corre";
    assert_int_equal(text_find(text, strlen(text), 0, "ñandú", strlen("ñandú"), &length), 3);
    assert_int_equal(length, strlen("ÑANDÚ"));
    assert_true(text_find(text, strlen(text), 4, "ñandú", 7, &length) == FIND_NONE);
    assert_true(text_find(text, strlen(text), 0, "", 0, &length) == FIND_NONE);
    assert_true(text_find("a\xff", 2, 0, "a\xff!", 3, &length) == FIND_NONE);
    assert_int_equal(text_find("aab", 3, 0, "ab", 2, &length), 1);
}

static void drafts_are_kept_by_conversation(void **state)
{
    (void)state;
    struct drafts drafts = {0};
    assert_null(drafts_get(&drafts, "#lab"));
    assert_null(drafts_set(&drafts, "#lab", "half a sen"));
    assert_null(drafts_set(&drafts, "@bruno", "x"));
    assert_null(drafts_set(&drafts, "#lab", "half a sentence"));
    assert_string_equal(drafts_get(&drafts, "#lab"), "half a sentence");
    assert_null(drafts_set(&drafts, "@bruno", ""));
    assert_null(drafts_get(&drafts, "@bruno"));
    assert_int_equal(drafts.count, 1);
    for (int i = 0; i < DRAFTS; i++) {
        char name[16];
        snprintf(name, sizeof name, "#%d", i);
        char *gone = drafts_set(&drafts, name, "y");
        if (i + 1 < DRAFTS)
            assert_null(gone);
        else
            assert_string_equal(gone, "#lab"); /* left alone for longest */
        free(gone);
    }
    assert_int_equal(drafts.count, DRAFTS);
    assert_null(drafts_get(&drafts, "#lab"));
    assert_string_equal(drafts_get(&drafts, "#0"), "y");
    drafts_done(&drafts);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_cursor_moves_by_clusters_and_words, start, stop),
        cmocka_unit_test_setup_teardown(a_mark_joins_what_stands_before_it, start, stop),
        cmocka_unit_test_setup_teardown(what_is_cut_can_be_put_back, start, stop),
        cmocka_unit_test_setup_teardown(only_so_many_cuts_are_kept, start, stop),
        cmocka_unit_test_setup_teardown(every_change_can_be_taken_back, start, stop),
        cmocka_unit_test_setup_teardown(undo_has_a_bound, start, stop),
        cmocka_unit_test_setup_teardown(pasted_bytes_are_cleaned, start, stop),
        cmocka_unit_test_setup_teardown(the_limit_tells_what_was_left_out, start, stop),
        cmocka_unit_test_setup_teardown(history_keeps_the_draft, start, stop),
        cmocka_unit_test_setup_teardown(history_is_bounded_and_searched, start, stop),
        cmocka_unit_test(words_are_found_in_any_case),
        cmocka_unit_test(drafts_are_kept_by_conversation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
