/* Completion: the bar in a line is the cursor; what is expected is the span and the candidates. */
#include "unit.h"

#include "base/alloc.h"
#include "base/sys.h"
#include "base/text.h"
#include "core/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world {
    char before[64]; /* what the last wish for a value came with */
    size_t asked;
};

static const char *from(const char *const *list, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (!list[i])
            return NULL;
    return list[index];
}

static const char *candidate(void *self, const struct completion_wish *wish, size_t index)
{
    static const char *const people[] = {"bruno", "Ana María", "Élodie", "ana",
                                         "all",   "o\"neil",   "Ana\tb", "\\o/",
                                         "李雷",  "\xcc\x81x", NULL};
    static const char *const rooms[] = {"#everyone", "#lab", "#two words", NULL};
    static const char *const files[] = {"My Notes/", "notes.txt", "Notes.txt", "my talk.txt", NULL};
    static const char *const settings[] = {"bell", "retention", NULL};
    static const char *const values[] = {"terminal", "off", NULL};
    static const char *const addresses[] = {"192.168.1.7:9999", "192.168.1.9:5555", NULL};
    static const char *const languages[] = {"en", "es", "pt_BR", NULL};
    static const char *const themes[] = {"dark", "light", NULL};
    static const char *const keys[] = {"Ctrl-n", NULL};
    static const char *const actions[] = {"next unread", "redraw", NULL};
    struct world *world = self;
    world->asked++;
    switch (wish->kind) {
    case ARGUMENT_PERSON:
        return from(people, index);
    case ARGUMENT_ROOM:
        return from(rooms, index);
    case ARGUMENT_ADDRESS:
        return from(addresses, index);
    case ARGUMENT_FILE:
        return from(files, index);
    case ARGUMENT_SETTING:
        return from(settings, index);
    case ARGUMENT_VALUE:
        snprintf(world->before, sizeof world->before, "%s", wish->before);
        return from(values, index);
    case ARGUMENT_KEY:
        return from(keys, index);
    case ARGUMENT_ACTION:
        return from(actions, index);
    case ARGUMENT_LANGUAGE:
        return from(languages, index);
    case ARGUMENT_THEME:
        return from(themes, index);
    case ARGUMENT_NONE:
    case ARGUMENT_NAME:
    case ARGUMENT_TEXT:
    case ARGUMENT_PORT:
    case ARGUMENT_DIALECT:
    case ARGUMENT_RANGE:
    case ARGUMENT_COMMAND:
        return NULL;
    }
    return NULL;
}

static const char *es(const char *one, const char *many, uint64_t count)
{
    (void)many;
    (void)count;
    if (strcmp(one, "/whisper /w /msg") == 0)
        return "/susurrar";
    return strcmp(one, "/connect") == 0 ? "/conectar" : one;
}

/* "start-end: <candidate> <candidate>" */
static const char *completed(message_translate *translate, const char *marked)
{
    static char into[4096];
    char line[512];
    struct world world = {0};
    struct completion_source source = {candidate, &world};
    struct command_names *names = command_names_new(translate);
    struct completion completion;
    size_t cursor = strcspn(marked, "|");
    snprintf(line, sizeof line, "%.*s%s", (int)cursor, marked, marked + cursor + 1);
    char *exact = xmemdup(line, strlen(line)); /* so that a byte read past the end is seen */
    line_complete(names, &source, exact, strlen(line), cursor, &completion);
    free(exact);
    size_t length =
        (size_t)snprintf(into, sizeof into, "%zu-%zu:", completion.start, completion.end);
    for (size_t i = 0; i < completion.count; i++)
        length +=
            (size_t)snprintf(into + length, sizeof into - length, " <%s>", completion.texts[i]);
    completion_done(&completion);
    command_names_free(names);
    return into;
}

/* Long because it is one table. */
static void what_fits_where_the_cursor_is(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        /* names in text: addressed at the start, mentioned later */
        {"br|", "0-2: <bruno: >"},
        {"  br|", "2-4: <bruno: >"},
        {"hi br|", "3-5: <bruno >"},
        {"hi br| how", "3-5: <bruno>"},
        {"br| how", "0-2: <bruno:>"},
        {"br|uno", "0-2: <bruno: >"},
        {"AN|", "0-2: <Ana María: > <ana: > <Ana\tb: >"},
        {"él|", "0-3: <Élodie: >"},
        {"e\xcc\x81l|", "0-4: <Élodie: >"},
        {"el|", "0-2: <Élodie: >"},
        {"see ana mari|", "4-12: <Ana María >"},
        {"brún|", "0-5: <bruno: >"},
        {"/w elo|", "3-6: <Élodie >"},
        {"李|", "0-3: <李雷: >"},
        {"see Ana M|", "4-9: <Ana María >"},
        {"see Ana |", "4-8: <Ana María > <Ana\tb >"},
        {"one two three four Ana M|", "19-24: <Ana María >"},
        {"zz|", "2-2:"},
        {"hi\nbr|", "3-5: <bruno >"},
        {"see #l|", "4-6: <#lab >"},
        {"#l|", "0-2: <#lab >"},
        {"//br|", "4-4:"},
        {"x|", "1-1:"},
        /* commands */
        {"/wh|", "1-3: <whisper > <who > <who-got >"},
        {"/w|", "1-2: <whisper > <who > <who-got >"},
        {" /wh|", "2-4: <whisper > <who > <who-got >"},
        {"/WHI|", "1-4: <whisper >"},
        {"/m|", "1-2: <msg > <me >"},
        {"/exi| now", "1-4: <exit>"},
        {"/zz|", "3-3:"},
        {"/help wh|", "6-8: <whisper > <who > <who-got >"},
        {"/help /wh|", "6-9: <whisper > <who > <who-got >"},
        /* arguments */
        {"/w br|", "3-5: <bruno >"},
        {"/w an|", "3-5: <\"Ana María\" > <ana > <\"Ana\tb\" >"},
        {"/w \"Ana M|", "3-9: <\"Ana María\" >"},
        {"/w Ana\\ M|", "3-9: <\"Ana María\" >"},
        {"/w o|", "3-4: <\"o\\\"neil\" >"},
        {"/w \\|", "3-4: <\"\\\\o/\" >"},
        {"/whi br|", "5-7: <bruno >"},
        {"/w bob br|", "7-9: <bruno >"},
        {"/w \"Ana María\" see Ana M|", "20-25: <Ana María >"},
        {"/me hugs br|", "9-11: <bruno >"},
        {"/me br|", "4-6: <bruno >"},
        {"/info Ana M|", "6-11: <\"Ana María\" >"},
        {"/info Ana |", "6-10: <\"Ana María\" > <\"Ana\tb\" >"},
        {"/info \"Ana |", "6-11: <\"Ana María\" > <\"Ana\tb\" >"},
        {"/disconnect al|", "12-14: <\"all\" > <all >"},
        {"/join #|", "6-7: <#everyone > <#lab > <\"#two words\" >"},
        {"/connect 192.168.1.9|", "9-20: <192.168.1.9:5555 >"},
        {"/connect h pi|", "11-13: <piped >"},
        {"/connect h 99 n|", "14-15: <native > <named > <neighbour >"},
        {"/connect h 99 dated x|", "21-21:"},
        {"/export n|", "8-9: <notes.txt >"},
        {"/export m|", "8-9: <\"my talk.txt\" >"},
        {"/export M|", "8-9: <\"My Notes/>"},
        {"/set b|", "5-6: <bell >"},
        {"/set bell |", "10-10: <terminal > <off >"},
        {"/set bell t| x", "10-11: <terminal>"},
        {"/bind C|", "6-7: <Ctrl-n >"},
        {"/bind Ctrl-n next u|", "13-19: <\"next unread\" >"},
        {"/lang e|", "6-7: <en > <es >"},
        {"/theme |", "7-7: <dark > <light >"},
        {"/peers br|", "9-9:"},
        {"/zz br|", "6-6:"},
        {"/wh br|", "6-6:"}, /* of two commands, none */
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strcmp(completed(NULL, lines[i][0]), lines[i][1]) != 0)
            fail_msg("%s\n  gives %s\n  not   %s", lines[i][0], completed(NULL, lines[i][0]),
                     lines[i][1]);
}

static void an_empty_word_offers_everyone(void **state)
{
    (void)state;
    const char *all = completed(NULL, "hi |");
    assert_memory_equal(all, "3-3: <bruno > <Ana María >", 26);
    all = completed(NULL, "/w |");
    assert_memory_equal(all, "3-3: <bruno > <\"Ana María\" >", 28);
    all = completed(NULL, "  |"); /* found by fuzzing: nothing but blanks */
    assert_memory_equal(all, "2-2: <bruno: > <Ana María: >", 28);
}

static void a_slash_offers_every_command_in_the_users_words(void **state)
{
    (void)state;
    struct world world = {0};
    struct completion_source source = {candidate, &world};
    struct command_names *names = command_names_new(es);
    struct completion completion;
    line_complete(names, &source, "/", 1, 1, &completion);
    assert_int_equal(completion.count, COMMAND_COUNT);
    assert_string_equal(completion.texts[COMMAND_CONNECT], "conectar ");
    assert_string_equal(completion.texts[COMMAND_SCAN], "scan ");
    assert_int_equal(world.asked, 0);
    completion_done(&completion);
    command_names_free(names);
    assert_string_equal(completed(es, "/su|"), "1-3: <susurrar >");
    assert_string_equal(completed(es, "/w|"), "1-2: <whisper > <who > <who-got >");
}

static void a_value_knows_its_setting(void **state)
{
    (void)state;
    struct world world = {0};
    struct completion_source source = {candidate, &world};
    struct command_names *names = command_names_new(NULL);
    struct completion completion;
    line_complete(names, &source, "/set \"re x\" o", 13, 13, &completion);
    assert_int_equal(completion.count, 1);
    assert_string_equal(world.before, "re x");
    completion_done(&completion);
    command_names_free(names);
}

static void clusters_are_never_cut(void **state)
{
    (void)state;
    /* the cursor inside a character, or between a letter and its mark: as if before it */
    assert_string_equal(completed(NULL, "br\xc3|\xa9"), "0-2: <bruno: >");
    assert_string_equal(completed(NULL, "bre|\xcc\x81"), "0-2: <bruno: >");
    /* a mark on the blank: the word does not begin between clusters */
    assert_string_equal(completed(NULL, "/w \xcc\x81|"), "5-5:");
    assert_string_equal(completed(NULL, "\xcc\x81|"), "0-2: <\xcc\x81x: >");
}

static const char *many(void *self, const struct completion_wish *wish, size_t index)
{
    static char name[32];
    (void)wish;
    ++*(size_t *)self;
    snprintf(name, sizeof name, "%s%zu", index % 2 ? "ana" : "bob", index);
    return name;
}

static void answers_are_bounded(void **state)
{
    (void)state;
    size_t asked = 0;
    struct completion_source source = {many, &asked};
    struct command_names *names = command_names_new(NULL);
    struct completion completion;
    line_complete(names, &source, "an", 2, 2, &completion);
    assert_int_equal(completion.count, COMPLETIONS);
    assert_string_equal(completion.texts[0], "ana1: ");
    completion_done(&completion);
    assert_in_range(asked, 2 * COMPLETIONS - 2, 2 * COMPLETIONS + 2);
    asked = 0;
    line_complete(names, &source, "eva", 3, 3, &completion);
    assert_int_equal(completion.count, 0);
    assert_int_equal(asked, COMPLETION_SCAN);
    completion_done(&completion);
    asked = 0;
    char word[2000];
    memset(word, 'a', sizeof word);
    line_complete(names, &source, word, sizeof word, sizeof word, &completion);
    assert_int_equal(asked + completion.count, 0);
    line_complete(names, &source, "\xff", 1, 1, &completion);
    assert_int_equal(asked + completion.count, 0);
    line_complete(names, &source, NULL, 0, 0, &completion);
    assert_int_equal(completion.count, 0);
    command_names_free(names);
}

/* Whatever stands in the line: the span lies between clusters and ends at the cursor, and a person
 * chosen for an argument is the person the line then names. */
static void what_is_chosen_is_what_is_meant(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", "A",  "b",  "\"", "\\",      " ",
                                         "o", "an", "ll", "é",  "\xcc\x81"};
    static const char *const begin[] = {"/w ", "/info ", "/disconnect ", "/invite ", "", "/me "};
    struct sys_fake fake = {.seed = 5};
    struct sys sys = sys_fake(&fake);
    struct world world = {0};
    struct completion_source source = {candidate, &world};
    struct command_names *names = command_names_new(NULL);
    size_t checked = 0;
    for (size_t round = 0; round < 20000; round++) {
        char line[256];
        size_t which = sys_random_below(&sys, 6);
        size_t length = (size_t)snprintf(line, sizeof line, "%s", begin[which]);
        for (uint64_t count = sys_random_below(&sys, 6); count > 0; count--)
            length += (size_t)snprintf(line + length, sizeof line - length, "%s",
                                       pieces[sys_random_below(&sys, 11)]);
        struct completion completion;
        line_complete(names, &source, line, length, length, &completion);
        assert_true(completion.start <= completion.end && completion.end == length);
        if (length > 0)
            assert_int_equal(text_cut(line, length, completion.start), completion.start);
        for (size_t i = 0; i < completion.count && which < 4 && completion.start > 2; i++) {
            char chosen[512];
            snprintf(chosen, sizeof chosen, "%.*s%s%s", (int)completion.start, line,
                     completion.texts[i], which == 0 ? "x" : "");
            struct line parsed;
            line_parse(names, chosen, strlen(chosen), &parsed);
            bool text = which == 0 && completion.start > 3; /* in what is whispered */
            if (!text) {
                bool known = false;
                assert_int_equal(parsed.kind, LINE_COMMAND);
                struct completion_wish wish = {.kind = ARGUMENT_PERSON};
                for (size_t j = 0; candidate(&world, &wish, j); j++)
                    known = known || (parsed.command.who &&
                                      strcmp(parsed.command.who, candidate(&world, &wish, j)) == 0);
                assert_true(known || parsed.command.all);
                checked++;
            }
            line_done(&parsed);
        }
        completion_done(&completion);
    }
    assert_true(checked > 5000);
    command_names_free(names);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_where_the_cursor_is),
        cmocka_unit_test(an_empty_word_offers_everyone),
        cmocka_unit_test(a_slash_offers_every_command_in_the_users_words),
        cmocka_unit_test(a_value_knows_its_setting),
        cmocka_unit_test(clusters_are_never_cut),
        cmocka_unit_test(answers_are_bounded),
        cmocka_unit_test(what_is_chosen_is_what_is_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
