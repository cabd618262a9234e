/* The file of settings, as people leave it: what can be counts, what cannot is told with its line,
 * and nothing stops the program. */
#include "unit.h"

#include "app/config.h"
#include "app/ini.h"
#include "base/alloc.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static struct settings settings;
static struct config config;
static char told[16384]; /* sentences, each on a line */

static const char *theme(size_t index)
{
    static const char *const themes[] = {"default", "dark", "light"};
    return index < 3 ? themes[index] : NULL;
}

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/test-config-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return 0;
}

static int file_remove(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

static int end(void **state)
{
    (void)state;
    config_done(&config);
    nftw(folder, file_remove, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static const char *path(void)
{
    static char text[128];
    snprintf(text, sizeof text, "%s/%s", folder, CONFIG_FILE);
    return text;
}

static void on_say(void *self, const struct message *message)
{
    char text[MESSAGE_TEXT_BYTES];
    size_t length = strlen(told);
    assert_null(self);
    assert_string_equal(message->code, "settings-file");
    message_text(message, NULL, text, sizeof text);
    snprintf(told + length, sizeof told - length, "%s\n", text);
}

static void read_again(enum program_kind program)
{
    config_done(&config);
    told[0] = '\0';
    settings_init(&settings, program, program == PROGRAM_SCREEN ? theme : NULL);
    config_read(&config, folder, &settings, on_say, NULL);
}

static void is(enum setting_id id, const char *value)
{
    assert_string_equal(setting_value(&settings, id), value);
}

/* A file of this, read. */
static void written(const char *text, size_t size)
{
    FILE *file = fopen(path(), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    read_again(PROGRAM_SCREEN);
}

static void reads(const char *text, const char *wanted)
{
    written(text, strlen(text));
    assert_string_equal(told, wanted);
}

static void what_is_there_counts(void **state)
{
    (void)state;
    read_again(PROGRAM_SCREEN);
    assert_string_equal(told, ""); /* no file at all */
    reads("Bell = OFF\n[Settings]\ntheme=light\nmouse = off\nmouse = on\nretention-days = 007\n"
          "language = Español\nnotify =\n",
          "");
    is(SETTING_BELL, "off");
    is(SETTING_THEME, "light");
    is(SETTING_MOUSE, "on"); /* the last one holds */
    is(SETTING_RETENTION_DAYS, "7");
    is(SETTING_LANGUAGE, "es");
    is(SETTING_NOTIFY, "none");
    read_again(PROGRAM_DAEMON); /* the other program's settings are none of its business */
    assert_string_equal(told, "");
    is(SETTING_RETENTION_DAYS, "7");
}

static void what_cannot_be_is_told_with_its_line(void **state)
{
    (void)state;
    reads("# a comment\nbel = on\nzzz = 1\nretention-days = 0\nbell = ding\nbell off\n[keys]\nF5 = "
          "x\n"
          "[settings]\nmouse = off\ncaf\xe9 = 1\n",
          "tertulia.ini, line 2: there is no setting \"bel\". Did you mean bell?\n"
          "tertulia.ini, line 3: there is no setting \"zzz\". /set alone lists them all.\n"
          "tertulia.ini, line 4: this cannot be \"0\". It can be: 1-36500\n"
          "tertulia.ini, line 5: this cannot be \"ding\". It can be: mentions, on, off\n"
          "tertulia.ini, line 6: this is neither \"key = value\" nor a [part], and is left out.\n"
          "tertulia.ini, line 7: there is no part [keys], so what it holds is left out. There are "
          "[settings] and [bind].\n"
          "tertulia.ini, line 11: it is not UTF-8, and is left out.\n");
    is(SETTING_MOUSE, "off");
    is(SETTING_BELL, "mentions");
    assert_int_equal(config.count, 0);
}

static void a_broken_file_does_not_talk_for_ever(void **state)
{
    (void)state;
    char text[4096] = "";
    for (size_t i = 0; i < 200; i++)
        strcat(text, "zzz = 1\n"); /* banned elsewhere: a test's own text */
    written(text, strlen(text));
    size_t lines = 0;
    for (const char *at = told; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, CONFIG_TOLD + 1);
    assert_non_null(strstr(told, "more lines than these"));
}

static void what_is_no_such_file_is_told(void **state)
{
    (void)state;
    char *big = xmalloc(INI_BYTES + 1);
    memset(big, '\n', INI_BYTES + 1);
    memcpy(big, "bell = off", 10);
    written(big, INI_BYTES);
    assert_string_equal(told, "");
    is(SETTING_BELL, "off");
    written(big, INI_BYTES + 1);
    assert_string_equal(told, "tertulia.ini is longer than 64 KiB, and none of it is read.\n");
    is(SETTING_BELL, "mentions");
    free(big);
    assert_int_equal(unlink(path()), 0);
    assert_int_equal(mkdir(path(), 0700), 0);
    read_again(PROGRAM_SCREEN);
    assert_string_equal(told, "tertulia.ini is no file that can be read.\n");
    assert_int_equal(rmdir(path()), 0);
    assert_int_equal(mkfifo(path(), 0600), 0);
    read_again(PROGRAM_SCREEN); /* nobody writes: it is not waited for */
    assert_string_equal(told, "tertulia.ini is no file that can be read.\n");
    assert_int_equal(unlink(path()), 0);
    assert_int_equal(symlink(CONFIG_FILE, path()), 0);
    read_again(PROGRAM_SCREEN);
    assert_string_equal(told, "tertulia.ini cannot be read: its links lead in a circle.\n");
}

static void bindings_wait_for_who_knows_keys(void **state)
{
    (void)state;
    reads("[bind]\nF5 = next\n; F6 = x\nAlt-= = \"\"\nbell = off\n", "");
    assert_int_equal(config.count, 3);
    assert_string_equal(config.binds[0].key, "F5");
    assert_string_equal(config.binds[0].value, "next");
    assert_string_equal(config.binds[1].key, "Alt-=");
    assert_string_equal(config.binds[1].value, "");
    is(SETTING_BELL, "mentions");
    config_refuse(&config, &config.binds[2], on_say, NULL);
    assert_string_equal(told,
                        "tertulia.ini, line 5: \"bell = off\" binds nothing. Keys are written "
                        "like Ctrl-n or F5, and /bind lists what they can do.\n");
}

/* ---- precedence ---- */

static void what_was_chosen_goes_before_the_file(void **state)
{
    (void)state;
    enum setting_id id;
    struct message answer;
    reads("bell = off\nretention-days = 30\n", "");
    assert_true(settings_restore(&settings, "bell", span_text("on")));
    is(SETTING_BELL, "on");
    assert_true(settings.chosen[SETTING_BELL]);
    assert_false(settings.chosen[SETTING_RETENTION_DAYS]);
    assert_int_equal(settings_do(&settings, "bell", "", &id, &answer), SETTINGS_CHANGED);
    is(SETTING_BELL, "off");
    assert_false(settings.chosen[SETTING_BELL]);
    assert_int_equal(settings_do(&settings, "retention-days", "30", &id, &answer),
                     SETTINGS_CHANGED);
    assert_true(settings.chosen[SETTING_RETENTION_DAYS]); /* also where it changes nothing today */
    assert_int_equal(settings_do(&settings, "retention-days", "31", &id, &answer),
                     SETTINGS_CHANGED);
    assert_int_equal(settings_do(&settings, "retention-days", "0", &id, &answer), SETTINGS_REFUSED);
    is(SETTING_RETENTION_DAYS, "31");
    assert_int_equal(settings_do(&settings, "retention-days", "", &id, &answer), SETTINGS_CHANGED);
    is(SETTING_RETENTION_DAYS, "30");
}

/* ---- written ---- */

static void keys_write(FILE *file)
{
    fprintf(file, ";F5 = next\n");
}

/* What is written says nothing that is not so; with the comment signs taken away it says the same
 * of every setting. */
static void what_is_written_is_read_without_a_word(void **state)
{
    (void)state;
    char *where, text[16384];
    assert_null(config_write(folder, theme, keys_write, &where));
    assert_string_equal(where, path());
    free(where);
    struct stat status;
    assert_int_equal(stat(path(), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    read_again(PROGRAM_SCREEN);
    assert_string_equal(told, "");
    FILE *file = fopen(path(), "r");
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    size_t names = 0;
    for (char *at = text; (at = strstr(at, "\n;")); at += 2, names++)
        at[1] = ' ';
    assert_int_equal(names, SETTINGS + 1);
    written(text, size);
    assert_string_equal(told, "");
    assert_int_equal(config.count, 1);
    struct settings fresh;
    settings_init(&fresh, PROGRAM_SCREEN, theme);
    for (enum setting_id id = 0; id < SETTINGS; id++)
        is(id, setting_value(&fresh, id));
}

static void what_is_there_is_never_written_over(void **state)
{
    (void)state;
    char *where;
    written("bell = off\n", 11);
    char *why = config_write(folder, theme, keys_write, &where);
    assert_non_null(strstr(why, "is there already"));
    assert_null(where);
    free(why);
    read_again(PROGRAM_SCREEN);
    is(SETTING_BELL, "off");
    why = config_write("/nowhere/at/all", theme, keys_write, &where);
    assert_non_null(strstr(why, "there is no such file"));
    free(why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_there_counts, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_told_with_its_line, begin, end),
        cmocka_unit_test_setup_teardown(a_broken_file_does_not_talk_for_ever, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_such_file_is_told, begin, end),
        cmocka_unit_test_setup_teardown(bindings_wait_for_who_knows_keys, begin, end),
        cmocka_unit_test_setup_teardown(what_was_chosen_goes_before_the_file, begin, end),
        cmocka_unit_test_setup_teardown(what_is_written_is_read_without_a_word, begin, end),
        cmocka_unit_test_setup_teardown(what_is_there_is_never_written_over, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
