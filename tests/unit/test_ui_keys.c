/* Bytes made keys, in any chunks; their names; and what they do. */
#include "unit.h"

#include "base/utf8.h"
#include "ui/keymap.h"
#include "ui/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 1024 };

static void describe(const struct key *key, char *into, size_t size)
{
    static const char *const mouse[] = {"press", "release", "up", "down", "other"};
    char name[KEY_NAME_BYTES];
    switch (key->kind) {
    case KEY_PASTE:
        snprintf(into, size, "{%.*s}", (int)key->size, key->bytes);
        return;
    case KEY_PASTE_END:
        snprintf(into, size, "<end>");
        return;
    case KEY_MOUSE:
        snprintf(into, size, "<%s %d,%d>", mouse[key->mouse], key->row, key->column);
        return;
    case KEY_FOCUS_IN:
    case KEY_FOCUS_OUT:
        snprintf(into, size, key->kind == KEY_FOCUS_IN ? "<in>" : "<out>");
        return;
    case KEY_INVALID:
        snprintf(into, size, "<invalid>");
        return;
    case KEY_TEXT:
    case KEY_ENTER:
    case KEY_TAB:
    case KEY_BACKSPACE:
    case KEY_ESCAPE:
    case KEY_UP:
    case KEY_DOWN:
    case KEY_LEFT:
    case KEY_RIGHT:
    case KEY_HOME:
    case KEY_END:
    case KEY_PAGE_UP:
    case KEY_PAGE_DOWN:
    case KEY_INSERT:
    case KEY_DELETE:
    case KEY_FUNCTION:
        break;
    }
    key_stored(key, name);
    snprintf(into, size, "%s", name);
}

static void drain(struct keys *keys, char *text)
{
    struct key key;
    while (keys_next(keys, &key)) {
        size_t length = strlen(text);
        if (length > 0 && length + 1 < TEXT)
            text[length++] = ' ';
        describe(&key, text + length, TEXT - length);
    }
}

/* Pieces of pasted text lie as the chunks do: `} {` is nothing. */
static void pieces_join(char *text)
{
    for (char *at; (at = strstr(text, "} {")) != NULL;)
        memmove(at, at + 3, strlen(at + 3) + 1);
}

/* Fed in chunks of `chunk` bytes; `timeout`: then nothing comes. */
static void read_as(const char *bytes, size_t size, size_t chunk, bool timeout, char *text)
{
    struct keys keys;
    keys_init(&keys);
    keys_learn(&keys, "\x1b[[5;x", KEY_FUNCTION, 0, 20);
    keys_learn(&keys, "\x1bQ", KEY_HOME, 0, 0);
    text[0] = '\0';
    for (size_t at = 0; at < size; at += chunk) {
        size_t some = size - at < chunk ? size - at : chunk;
        char *exact =
            malloc(some); /* banned elsewhere: so that a sanitizer sees one byte too far */
        assert_non_null(exact);
        memcpy(exact, bytes + at, some);
        keys_feed(&keys, exact, some);
        drain(&keys, text);
        free(exact);
    }
    if (timeout) {
        assert_true(keys_wait(&keys) > 0);
        keys_timeout(&keys);
        drain(&keys, text);
        assert_int_equal(keys_wait(&keys), 0);
    }
    pieces_join(text);
}

static void gives_bytes(const char *bytes, size_t size, bool timeout, const char *expected)
{
    char text[TEXT];
    for (size_t chunk = 1; chunk <= size; chunk++) {
        read_as(bytes, size, chunk, timeout, text);
        assert_string_equal(text, expected);
    }
}

static void gives(const char *bytes, const char *expected)
{
    gives_bytes(bytes, strlen(bytes), false, expected);
}

static void ends(const char *bytes, const char *expected)
{
    gives_bytes(bytes, strlen(bytes), true, expected);
}

static void characters_and_controls(void **state)
{
    (void)state;
    gives("a ñ中😀", "a Space ñ 中 😀");
    gives("\r\t\x7f\b", "Enter Tab Backspace Backspace");
    gives("\x01\x0e\x1f\x1a\x0a", "Ctrl-a Ctrl-n Ctrl-_ Ctrl-z Ctrl-j");
    gives_bytes("\0", 1, false, "Ctrl-Space");
    gives("\x1c\x1d\x1e", "Ctrl-\\ Ctrl-] Ctrl-^");
}

static void broken_utf8_is_told_and_costs_nothing_else(void **state)
{
    (void)state;
    gives("\xc3x", "<invalid> x");
    gives("\xe2\x82\r", "<invalid> Enter");
    gives("\xff\xfe", "<invalid> <invalid>");
    gives("\x80z", "<invalid> z");
    gives("\xed\xa0\x80z", "<invalid> z"); /* half a surrogate */
    gives("\xf0\x9f\x1b[A", "<invalid> Up");
    ends("\xc3", "<invalid>");
}

static void alt_is_escape_before_a_key(void **state)
{
    (void)state;
    gives("\x1bx\x1bX\x1bñ\x1b\r\x1b\x7f", "Alt-x Alt-X Alt-ñ Alt-Enter Alt-Backspace");
    gives("\x1b\x01\x1b/\x1b"
          "1\x1b\t",
          "Ctrl-Alt-a Alt-/ Alt-1 Alt-Tab");
    ends("\x1b", "Esc");
    ends("\x1b[", "Alt-[");
    ends("\x1bO", "Alt-O");
    ends("\x1b]", "Alt-]");
    ends("\x1bP", "Alt-P");
    ends("\x1b\x1b", "Esc");
    ends("\x1b\xc3", "<invalid>");
    gives("\x1b\x1bx", "Esc Alt-x");
    gives("\x1b\x1b\x1bx", "Esc Esc Alt-x");
    gives("\x1bPhi\x1b]\x1b]x", "Alt-P h i Alt-] Alt-] x");
    gives("\x1b\x1b[A", "Alt-Up");
    gives("\x1b\x1bOC", "Alt-Right");
}

static void the_keys_of_many_terminals(void **state)
{
    (void)state;
    gives("\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F", "Up Down Right Left Home End");
    gives("\x1bOA\x1bOB\x1bOC\x1bOD\x1bOH\x1bOF", "Up Down Right Left Home End");
    gives("\x1b[1~\x1b[2~\x1b[3~\x1b[4~\x1b[5~\x1b[6~\x1b[7~\x1b[8~",
          "Home Ins Del End PgUp PgDn Home End");
    gives("\x1b[1;5C\x1b[1;3D\x1b[1;6A\x1b[3;5~\x1b[1;3H",
          "Ctrl-Right Alt-Left Ctrl-Shift-Up Ctrl-Del Alt-Home");
    gives("\x1b[Z\x1b[1;5Z", "Shift-Tab Ctrl-Shift-Tab");
    gives("\x1bOP\x1b[11~\x1b[[A\x1b[[E\x1b[15~\x1b[24~\x1b[34~", "F1 F1 F1 F5 F5 F12 F20");
    gives("\x1b[7^\x1b[3$\x1b[5@\x1bOd\x1b[a", "Ctrl-Home Shift-Del Ctrl-Shift-PgUp Ctrl-Left "
                                               "Shift-Up");
    gives("\x1bO5C\x1bO1;5D", "Ctrl-Right Ctrl-Left");
    gives("\x1bOM\x1bOj\x1bOy", "Enter * 9");
    gives("\x1b[97;5u\x1b[65;5u\x1b[13;3u\x1b[27;1u\x1b[27;5;46~\x1b[9;2u",
          "Ctrl-a Ctrl-a Alt-Enter Esc Ctrl-. Shift-Tab");
    gives("\x1bQ", "Home"); /* learned; all letters but it are Alt */
}

static void what_is_unknown_is_swallowed_whole(void **state)
{
    (void)state;
    gives("\x1b[?62;1;2cx", "x");
    gives("\x1b[1;2Ryx", "Shift-F3 y x");
    gives("\x1b[?2026;2$yx", "x");
    gives("\x1b[>41;351;0cx", "x");
    gives("\x1b[201~x\x1b[99~y\x1b[5;Ez", "x y z");
    gives("\x1b]11;rgb:0000/0000/0000\x1b\\x", "x");
    gives("\x1b]11;rgb:0000\ax", "x");
    gives("\x1bP1+r544e=1b\x1b\\x", "x");
    gives("\x1b]1half\x1b[Ax", "Up x");
    gives("\x1b[1;\x1b[Ax", "Up x");
    gives("\x1b[12\rx", "Enter x");
    gives("\x1bOXx\x1b[[Zy", "x y");
    ends("\x1b[1;5", "");
    ends("\x1b]0;title", "");
    char longest[200] = "\x1b[";
    memset(longest + 2, '1', 150);
    memcpy(longest + 152, "Ax", 3);
    gives(longest, "x");
}

static void endless_strings_end(void **state)
{
    (void)state;
    static char bytes[KEYS_STRING + 64] = "\x1b]1";
    char text[TEXT];
    memset(bytes + 3, 'z', KEYS_STRING);
    memcpy(bytes + 3 + KEYS_STRING - 1, "abc", 4);
    read_as(bytes, strlen(bytes), 7, false, text);
    assert_string_equal(text, "a b c");
}

static void pasted_text_is_never_a_key(void **state)
{
    (void)state;
    gives("\x1b[200~a\r\x1b[Ab\x03\x1b[201~c", "{a\r\x1b[Ab\x03} <end> c");
    gives("\x1b[200~\x1b[201\x1b[201~x", "{\x1b[201} <end> x");
    gives("\x1b[200~\x1b[201~x", "<end> x");
    gives("\x1b[200~\x1b\x1b[201~x", "{\x1b} <end> x");
    ends("\x1b[200~lost\x1b", "{lost} <end>"); /* Esc ends what never ended */
    char text[TEXT];
    read_as("\x1b[200~waits", 11, 3, false, text);
    assert_string_equal(text, "{waits}");
}

static void mouse_and_focus(void **state)
{
    (void)state;
    gives("\x1b[<0;10;5M\x1b[<0;10;5m\x1b[<64;1;1M\x1b[<65;300;200M",
          "<press 4,9> <release 4,9> <up 0,0> <down 199,299>");
    gives("\x1b[<35;3;3M\x1b[<2;3;3M\x1b[<0;0;0Mx", "<other 2,2> <other 2,2> x");
    gives("\x1b[M !!\x1b[M#!!\x1b[M`\"!", "<press 0,0> <release 0,0> <up 0,1>");
    gives("\x1b[I\x1b[O", "<in> <out>");
}

/* A slow line: the timeout came, and then the rest of an arrow, all at once. */
static void the_late_rest_of_a_sequence_is_not_typed(void **state)
{
    (void)state;
    struct keys keys;
    char text[TEXT] = "";
    keys_init(&keys);
    keys_feed(&keys, "\x1b", 1);
    drain(&keys, text);
    assert_int_equal(keys_wait(&keys), KEYS_ESCAPE_MS);
    keys_timeout(&keys);
    drain(&keys, text);
    keys_feed(&keys, "[A", 2);
    drain(&keys, text);
    assert_string_equal(text, "Esc Up");
    keys_feed(&keys, "\x1b", 1);
    drain(&keys, text);
    keys_timeout(&keys);
    keys_feed(&keys, "[", 1); /* by hand */
    drain(&keys, text);
    keys_feed(&keys, "A", 1);
    drain(&keys, text);
    assert_string_equal(text, "Esc Up Esc [ A");
}

/* ---- names ---- */

static void reads_as(const char *name, const char *stored)
{
    struct key key;
    char text[KEY_NAME_BYTES];
    assert_true(key_parse(name, &key));
    key_stored(&key, text);
    assert_string_equal(text, stored);
}

static void keys_are_called_by_their_names(void **state)
{
    (void)state;
    static const char *const bad[] = {"",         "Ctrl-", "xx",  "F0",      "F21",
                                      "Ctrl-Foo", "\xff",  "f1x", "Shift-a", "Alt-\n"};
    struct key key = {.kind = KEY_LEFT, .modifiers = KEY_ALT};
    char text[KEY_NAME_BYTES];
    reads_as("ctrl-N", "Ctrl-n");
    reads_as("C-x", "Ctrl-x");
    reads_as("^x", "Ctrl-x");
    reads_as("M-/", "Alt-/");
    reads_as("Alt-N", "Alt-N");
    reads_as("Alt-→", "Alt-Right");
    reads_as("alt-ctrl-left", "Ctrl-Alt-Left");
    reads_as("PageUp", "PgUp");
    reads_as("pgup", "PgUp");
    reads_as("S-Tab", "Shift-Tab");
    reads_as("Ctrl-i", "Tab");
    reads_as("f12", "F12");
    reads_as("f", "f");
    reads_as("ñ", "ñ");
    reads_as("space", "Space");
    reads_as("^", "^");
    reads_as("-", "-");
    reads_as("C--", "Ctrl--");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (key_parse(bad[i], &key))
            fail_msg("\"%s\" is no key", bad[i]);
    key_label(&(struct key){.kind = KEY_LEFT, .modifiers = KEY_ALT}, text);
    assert_string_equal(text, "Alt-←");
}

/* ---- what they do ---- */

static enum action does(const struct keymap *keymap, enum context context, const char *name)
{
    struct key key;
    assert_true(key_parse(name, &key));
    return keymap_find(keymap, context, &key);
}

static bool bind(struct keymap *keymap, const char *name, enum action action)
{
    struct key key;
    assert_true(key_parse(name, &key));
    return keymap_bind(keymap, &key, action);
}

static void every_action_has_a_name_and_a_key(void **state)
{
    (void)state;
    static struct keymap keymap;
    char keys[128];
    keymap_init(&keymap);
    assert_in_range(keymap.count, 1, KEYMAP_BINDINGS / 2);
    for (enum action action = 1; action < ACTIONS; action++) {
        assert_non_null(action_spec(action)->name);
        assert_int_equal(action_find(action_spec(action)->name), action);
        keymap_keys(&keymap, action, keys, sizeof keys);
        assert_string_not_equal(keys, "");
    }
    assert_int_equal(action_find("fly"), ACTIONS);
    for (size_t i = 0; i < keymap.count; i++) /* nothing twice */
        assert_int_equal(keymap_find(&keymap, keymap.list[i].context, &keymap.list[i].key),
                         keymap.list[i].action);
}

static void keys_can_be_bound_and_freed(void **state)
{
    (void)state;
    static struct keymap keymap;
    char keys[128];
    keymap_init(&keymap);
    assert_int_equal(does(&keymap, CONTEXT_ALWAYS, "Ctrl-n"), ACTION_NEXT);
    assert_int_equal(does(&keymap, CONTEXT_SIDEBAR, "Ctrl-n"), ACTION_SIDE_DOWN);
    assert_int_equal(does(&keymap, CONTEXT_INPUT, "Ctrl-n"), ACTION_NONE);
    assert_true(bind(&keymap, "Ctrl-n", ACTION_UNREAD));
    assert_int_equal(does(&keymap, CONTEXT_ALWAYS, "Ctrl-n"), ACTION_UNREAD);
    assert_int_equal(does(&keymap, CONTEXT_SIDEBAR, "Ctrl-n"), ACTION_SIDE_DOWN);
    keymap_keys(&keymap, ACTION_UNREAD, keys, sizeof keys);
    assert_string_equal(keys, "Ctrl-n, Alt-a");
    keymap_keys(&keymap, ACTION_NEXT, keys, sizeof keys);
    assert_string_equal(keys, "Alt-→");
    assert_true(bind(&keymap, "Ctrl-n", ACTION_NONE));
    assert_int_equal(does(&keymap, CONTEXT_ALWAYS, "Ctrl-n"), ACTION_NONE);
    assert_int_equal(does(&keymap, CONTEXT_SIDEBAR, "Ctrl-n"), ACTION_NONE);
    assert_true(bind(&keymap, "Ctrl-n", ACTION_NEXT));
    assert_int_equal(does(&keymap, CONTEXT_ALWAYS, "Ctrl-n"), ACTION_NEXT);
    size_t before = keymap.count;
    for (int i = 0; i < 1000; i++)
        assert_true(bind(&keymap, "F9", i % 2 ? ACTION_HELP : ACTION_NEXT));
    assert_int_equal(keymap.count, before + 1);
    keymap_keys(&keymap, ACTION_LEFT, keys, 8);
    assert_string_equal(keys, "←");
    size_t refused = 0;
    for (int32_t code = 0x4e00; code < 0x4e00 + KEYMAP_BINDINGS; code++) {
        struct key key = {.kind = KEY_TEXT, .code = code};
        refused += !keymap_bind(&keymap, &key, ACTION_HELP);
    }
    assert_int_equal(keymap.count, KEYMAP_BINDINGS);
    assert_true(refused > 0);
}

static bool begins(struct keymap *keymap, const char *name, const char *value)
{
    struct key key;
    assert_true(key_parse(name, &key));
    return keymap_begin(keymap, &key, value);
}

/* What the machine's own file says is how a key was at first: /bind changes it, and goes back. */
static void a_machine_has_keys_of_its_own(void **state)
{
    (void)state;
    static struct keymap keymap;
    struct key key;
    char value[KEYMAP_VALUE_BYTES];
    keymap_init(&keymap);
    assert_true(begins(&keymap, "Ctrl-n", "next-unread"));
    assert_true(begins(&keymap, "F6", "help side-down"));
    assert_true(begins(&keymap, "Ctrl-p", ""));
    assert_false(begins(&keymap, "F7", "fly"));
    assert_false(begins(&keymap, "F7", "next fly"));
    assert_int_equal(does(&keymap, CONTEXT_ALWAYS, "F7"), ACTION_NONE);
    assert_int_equal(keymap.changed, 0);
    assert_int_equal(does(&keymap, CONTEXT_ALWAYS, "Ctrl-n"), ACTION_UNREAD);
    assert_int_equal(does(&keymap, CONTEXT_SIDEBAR, "Ctrl-n"), ACTION_SIDE_DOWN);
    assert_int_equal(does(&keymap, CONTEXT_SIDEBAR, "F6"), ACTION_SIDE_DOWN);
    assert_int_equal(does(&keymap, CONTEXT_ALWAYS, "Ctrl-p"), ACTION_NONE);
    assert_int_equal(does(&keymap, CONTEXT_SIDEBAR, "Ctrl-p"), ACTION_NONE);
    assert_true(bind(&keymap, "Ctrl-n", ACTION_BARE));
    assert_int_equal(does(&keymap, CONTEXT_ALWAYS, "Ctrl-n"), ACTION_BARE);
    assert_true(key_parse("Ctrl-n", &key));
    keymap_value(&keymap, &key, value);
    assert_string_equal(value, "bare");
    keymap_unbind(&keymap, &key);
    assert_int_equal(does(&keymap, CONTEXT_ALWAYS, "Ctrl-n"), ACTION_UNREAD);
    for (int i = 0; i < KEYMAP_BINDINGS; i++)
        (void)begins(&keymap, "F9", "help");
    assert_true(bind(&keymap, "F10", ACTION_HELP)); /* there is room for /bind still */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_and_controls),
        cmocka_unit_test(broken_utf8_is_told_and_costs_nothing_else),
        cmocka_unit_test(alt_is_escape_before_a_key),
        cmocka_unit_test(the_keys_of_many_terminals),
        cmocka_unit_test(what_is_unknown_is_swallowed_whole),
        cmocka_unit_test(endless_strings_end),
        cmocka_unit_test(pasted_text_is_never_a_key),
        cmocka_unit_test(mouse_and_focus),
        cmocka_unit_test(the_late_rest_of_a_sequence_is_not_typed),
        cmocka_unit_test(keys_are_called_by_their_names),
        cmocka_unit_test(every_action_has_a_name_and_a_key),
        cmocka_unit_test(keys_can_be_bound_and_freed),
        cmocka_unit_test(a_machine_has_keys_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
