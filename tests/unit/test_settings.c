/* What can be chosen: every value that is let in is one that is allowed, in its one spelling. */
#include "unit.h"

#include "app/i18n.h"
#include "app/settings.h"
#include "base/alloc.h"
#include "core/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *theme(size_t index)
{
    static const char *const themes[] = {"default", "dark", "light"};
    return index < 3 ? themes[index] : NULL;
}

static struct settings settings;

static int start(void **state)
{
    (void)state;
    settings_init(&settings, PROGRAM_SCREEN, theme);
    return 0;
}

/* What is answered to `/set name value`. */
static const char *set(const char *name, const char *value, enum settings_result expected)
{
    static char text[MESSAGE_TEXT_BYTES];
    enum setting_id id;
    struct message answer;
    assert_int_equal(settings_do(&settings, name, value, &id, &answer), expected);
    message_text(&answer, NULL, text, sizeof text);
    return text;
}

static void is(enum setting_id id, const char *value)
{
    assert_string_equal(setting_value(&settings, id), value);
}

static void everything_begins_with_a_value_that_is_allowed(void **state)
{
    (void)state;
    for (enum setting_id id = 0; id < SETTINGS; id++) {
        char allowed[256], value[SETTING_VALUE_BYTES];
        setting_allowed(&settings, id, allowed, sizeof allowed);
        assert_true(allowed[0] != '\0');
        assert_int_equal(setting_find(setting_name(id)), id);
        assert_true(setting_is_for(&settings, id));
        snprintf(value, sizeof value, "%s", setting_value(&settings, id));
        (void)set(setting_name(id), value, SETTINGS_CHANGED);
        is(id, value);
        (void)set(setting_name(id), NULL, SETTINGS_SHOWN);
        assert_true(setting_help(id)[0] != '\0');
    }
    assert_int_equal(setting_number(&settings, SETTING_RETENTION_DAYS), 90);
    assert_int_equal(setting_number(&settings, SETTING_RETENTION_SIZE), 1024);
    assert_int_equal(setting_number(&settings, SETTING_AUTHOR_RATE), 500);
    is(SETTING_BELL, "mentions");
    is(SETTING_THEME, "default");
    is(SETTING_LANGUAGE, "auto");
}

static void a_value_has_one_spelling(void **state)
{
    (void)state;
    assert_string_equal(set("BELL", "OFF", SETTINGS_CHANGED), "bell is off now.");
    is(SETTING_BELL, "off");
    assert_true(setting_is(&settings, SETTING_BELL, "off"));
    assert_string_equal(set("theme", "Light", SETTINGS_CHANGED), "theme is light now.");
    assert_string_equal(set("retention-days", "007", SETTINGS_CHANGED),
                        "retention-days will be 7 from the next start on.");
    is(SETTING_RETENTION_DAYS, "7");
    assert_string_equal(set("mouse", NULL, SETTINGS_SHOWN), "mouse is on. It can be: on, off");
    (void)set("bell", "", SETTINGS_CHANGED);
    is(SETTING_BELL, "mentions");
    (void)set("theme", "", SETTINGS_CHANGED);
    is(SETTING_THEME, "default");
    (void)set("retention-days", "", SETTINGS_CHANGED);
    is(SETTING_RETENTION_DAYS, "90");
}

static void what_is_not_allowed_changes_nothing(void **state)
{
    (void)state;
    static const char *const numbers[] = {
        "0",
        "-1",
        "+1",
        "1e3",
        "1.5",
        " 7",
        "7 ",
        "x",
        "0x10",
        "36501",
        "18446744073709551617",
        "٣",
        "9999999999999999999999999999999999999999",
    };
    (void)set("retention-days", "30", SETTINGS_CHANGED);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        (void)set("retention-days", numbers[i], SETTINGS_REFUSED);
        is(SETTING_RETENTION_DAYS, "30");
    }
    assert_string_equal(set("retention-days", "0", SETTINGS_REFUSED),
                        "retention-days cannot be \"0\", so nothing was changed. It can be: "
                        "1-36500");
    (void)set("author-rate", "0", SETTINGS_CHANGED);
    (void)set("author-rate", "100000", SETTINGS_CHANGED);
    (void)set("author-rate", "100001", SETTINGS_REFUSED);
    (void)set("retention-size", "15", SETTINGS_REFUSED);
    assert_string_equal(set("bell", "ding", SETTINGS_REFUSED),
                        "bell cannot be \"ding\", so nothing was changed. It can be: mentions, "
                        "on, off");
    (void)set("bell", "mentions, on", SETTINGS_REFUSED);
    (void)set("bell", "o", SETTINGS_REFUSED);
    (void)set("theme", "pink", SETTINGS_REFUSED);
    char *monster = xcalloc(1, 65537);
    memset(monster, '9', 65536);
    (void)set("retention-days", monster, SETTINGS_REFUSED);
    (void)set("bell", monster, SETTINGS_REFUSED);
    (void)set("language", monster, SETTINGS_REFUSED);
    (void)set(monster, "on", SETTINGS_REFUSED);
    free(monster);
    is(SETTING_BELL, "mentions");
}

static void a_wrong_name_is_answered_with_the_right_one(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *meant;
    } slips[] = {
        {"bel", "bell"},      {"retention", "retention-days"},
        {"tehme", "theme"},   {"mosue", "mouse"},
        {"Notfiy", "notify"}, {"retention-sise", "retention-size"},
        {"lang", "language"}, {"author_rate", "author-rate"},
    };
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        char expected[256];
        snprintf(expected, sizeof expected,
                 "There is no setting \"%s\", so nothing was changed. Did you mean %s?",
                 slips[i].typed, slips[i].meant);
        assert_string_equal(set(slips[i].typed, "on", SETTINGS_REFUSED), expected);
    }
    assert_string_equal(set("zzz", NULL, SETTINGS_REFUSED),
                        "There is no setting \"zzz\", so nothing was changed. /set alone lists "
                        "them all.");
    (void)set("", NULL, SETTINGS_REFUSED);
}

static void without_a_screen_there_are_fewer(void **state)
{
    (void)state;
    settings_init(&settings, PROGRAM_DAEMON, NULL);
    assert_false(setting_is_for(&settings, SETTING_THEME));
    assert_string_equal(set("theme", "light", SETTINGS_REFUSED),
                        "theme is for the program with a screen.");
    assert_string_equal(set("bell", NULL, SETTINGS_REFUSED),
                        "bell is for the program with a screen.");
    /* and none that is not there is offered */
    assert_non_null(strstr(set("them", NULL, SETTINGS_REFUSED), "/set alone"));
    (void)set("retention-size", "64", SETTINGS_CHANGED);
    assert_false(settings_restore(&settings, "theme", span_text("light")));
}

static void what_was_kept_is_looked_at(void **state)
{
    (void)state;
    char big[SETTING_VALUE_BYTES + 1];
    memset(big, '1', sizeof big);
    assert_true(settings_restore(&settings, "theme", span_text("dark")));
    is(SETTING_THEME, "dark");
    assert_false(settings_restore(&settings, "theme", span_text("of a later version")));
    assert_false(settings_restore(&settings, "theme", span_text("")));
    assert_false(settings_restore(&settings, "bind.F5", span_text("next")));
    assert_false(settings_restore(&settings, "author-rate", span_of(big, sizeof big)));
    assert_false(settings_restore(&settings, "author-rate", span_of(big, sizeof big - 1)));
    is(SETTING_THEME, "dark");
    is(SETTING_AUTHOR_RATE, "500");
}

/* ---- languages ---- */

static void a_language_goes_by_its_names(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *code;
    } names[] = {
        {"en", "en"},
        {"EN_gb", "en"},
        {"English", "en"},
#if defined ENABLE_NLS && ENABLE_NLS
        {"es", "es"},
        {"es-MX", "es"},
        {"es_ES.UTF-8", "es"},
        {"ESPAÑOL", "es"},
        {"pt", "pt_BR"},
        {"pt-PT", "pt_BR"},
        {"pt_BR", "pt_BR"},
        {"português", "pt_BR"},
#endif
        {"", NULL},
        {"e", NULL},
        {"esp", NULL},
        {"xx", NULL},
        {"est", NULL},
        {"-", NULL},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *found = i18n_language_find(names[i].typed);
        if (names[i].code)
            assert_string_equal(found, names[i].code);
        else
            assert_null(found);
    }
}

/* Every catalogue there is can be chosen, and nothing else. */
static void languages_are_those_of_po(void **state)
{
    (void)state;
#if defined ENABLE_NLS && ENABLE_NLS
    char path[1024], listed[256] = "", ours[256] = "en";
    const char *sources = getenv("srcdir");
    snprintf(path, sizeof path, "%s/po/LINGUAS", sources ? sources : ".");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(listed + 3, 1, sizeof listed - 4, file) > 0);
    fclose(file);
    memcpy(listed, "en ", 3);
    listed[strcspn(listed, "\n")] = '\0';
    for (size_t i = 1; i18n_language_at(i); i++) {
        size_t length = strlen(ours);
        snprintf(ours + length, sizeof ours - length, " %s", i18n_language_at(i));
    }
    assert_string_equal(ours, listed);
#else
    assert_null(i18n_language_at(1));
#endif
}

static void another_language_and_back(void **state)
{
    (void)state;
    i18n_start();
    const char *first = i18n_language();
    i18n_language_set("es");
    assert_string_equal(getenv("LANGUAGE"), "es");
    i18n_language_set("pt_BR");
    assert_string_equal(getenv("LANGUAGE"), "pt_BR");
    i18n_language_set("en");
    assert_string_equal(i18n_language(), "en");
    i18n_language_set(NULL);
    assert_string_equal(i18n_language(), first);
}

static const char *spanish(const char *one, const char *many, uint64_t count)
{
    (void)many;
    (void)count;
    return strcmp(one, "/help") == 0 ? "/ayuda /help" : one;
}

/* For all who hold the names: they stay where they are. */
static void commands_follow_the_language(void **state)
{
    (void)state;
    enum command_id id;
    struct command_names *names = command_names_new(NULL);
    assert_int_equal(command_find(names, "ayuda", 5, &id), COMMAND_UNKNOWN);
    command_names_set(names, spanish);
    assert_int_equal(command_find(names, "AYUDA", 5, &id), COMMAND_FOUND);
    assert_int_equal(id, COMMAND_HELP);
    assert_string_equal(command_name(names, COMMAND_HELP, 0), "ayuda");
    assert_int_equal(command_names_refused(names), 0);
    command_names_set(names, NULL);
    assert_int_equal(command_find(names, "ayuda", 5, &id), COMMAND_UNKNOWN);
    assert_string_equal(command_name(names, COMMAND_HELP, 0), "help");
    assert_int_equal(command_names_refused(names), 0);
    command_names_free(names);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everything_begins_with_a_value_that_is_allowed),
        TEST(a_value_has_one_spelling),
        TEST(what_is_not_allowed_changes_nothing),
        TEST(a_wrong_name_is_answered_with_the_right_one),
        TEST(without_a_screen_there_are_fewer),
        TEST(what_was_kept_is_looked_at),
        TEST(a_language_goes_by_its_names),
        TEST(languages_are_those_of_po),
        TEST(another_language_and_back),
        TEST(commands_follow_the_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
