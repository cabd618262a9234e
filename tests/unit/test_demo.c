/* The demo's people do what the demo promises: they talk, answer, store, get lost and come back, on
 * a clock that this test moves; and nothing of it reaches a socket or a file. */
#include "unit.h"

#include "app/app.h"
#include "app/demo.h"
#include "core/room.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINES = 256, TEXT = 256, EVA = 3 };

struct seen {
    char conversation[NODE_CONVERSATION_MAX];
    char name[64];
    char text[TEXT];
    bool whisper, late, own;
    int64_t skew_ms;
};

static struct {
    struct app *app;
    struct sys_fake fake;
    struct seen lines[LINES];
    size_t count;
    size_t stored, of; /* of the newest receipt */
    char said[MESSAGE_TEXT_BYTES];
    bool error;
} world;

static void nothing(void *self)
{
    (void)self;
}

static void on_effect(void *self, const struct node_effect *effect)
{
    (void)self;
    if (effect->kind == EFFECT_RECEIPT) {
        world.stored = effect->receipt.count;
        world.of = effect->receipt.of;
    }
    if (effect->kind != EFFECT_SHOWN)
        return;
    const struct node_line *line = &effect->shown;
    struct seen *seen = &world.lines[world.count++];
    assert_true(world.count < LINES);
    *seen = (struct seen){
        .whisper = line->whisper, .late = line->late, .own = line->own, .skew_ms = line->skew_ms};
    snprintf(seen->conversation, sizeof seen->conversation, "%s", line->conversation);
    snprintf(seen->name, sizeof seen->name, "%s", line->name);
    snprintf(seen->text, sizeof seen->text, "%.*s", (int)line->text.size, line->text.bytes);
}

static void on_say(void *self, bool error, const struct message *message, uint64_t line)
{
    (void)self;
    (void)line;
    message_text(message, NULL, world.said, sizeof world.said);
    world.error = error;
}

static const char *no_themes(size_t index)
{
    return index ? NULL : "colours";
}

static const struct app_face FACE = {nothing, on_effect, on_say, nothing, no_themes, NULL, NULL};
static const struct options OPTIONS = {.name = "ana", .demo = true};

static void begin(uint64_t seed)
{
    memset(&world, 0, sizeof world);
    world.fake = (struct sys_fake){5000000, INT64_C(1763647320000), seed};
    world.app = app_demo_new(&OPTIONS, &FACE, NULL, sys_fake(&world.fake));
    app_begin(world.app);
}

static void end(void)
{
    app_free(world.app);
    world.app = NULL;
}

static int start(void **state)
{
    (void)state;
    begin(1);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    end();
    return 0;
}

static void move(uint64_t to_us)
{
    world.fake.wall_ms += (int64_t)(to_us / 1000) - (int64_t)(world.fake.mono_us / 1000);
    world.fake.mono_us = to_us;
}

static void pass(uint64_t ms)
{
    struct demo *demo = app_demo(world.app);
    uint64_t end = world.fake.mono_us + ms * 1000;
    while (demo_next(demo) <= end / 1000) {
        uint64_t at = demo_next(demo) * 1000;
        if (at > world.fake.mono_us)
            move(at);
        demo_run(demo);
    }
    move(end);
}

static void type(const char *conversation, const char *line)
{
    app_line(world.app, conversation, line, strlen(line), 1);
}

static const struct seen *from(const char *name, size_t after)
{
    for (size_t i = after; i < world.count; i++)
        if (strcmp(world.lines[i].name, name) == 0)
            return &world.lines[i];
    return NULL;
}

static size_t linked(void)
{
    const struct roster *roster = node_roster(app_node(world.app));
    const struct person *one = NULL;
    size_t count = 0;
    while ((one = roster_next(roster, one)))
        count += !one->self && person_best_link(one) != NULL;
    return count;
}

/* ---- who is there ---- */

static void six_people_come(void **state)
{
    (void)state;
    pass(4000);
    assert_int_equal(linked(), DEMO_PEOPLE);
}

static void they_have_talked_before(void **state)
{
    (void)state;
    demo_hush(app_demo(world.app), true);
    pass(4000);
    assert_true(world.count >= 18);
    assert_non_null(from("美咲", 0));
    for (size_t i = 0; i < world.count; i++)
        assert_false(world.lines[i].own);
}

static void a_demo_repeats_to_the_letter(void **state)
{
    (void)state;
    static struct seen lines[LINES];
    pass(30000);
    type(NULL, "hello");
    pass(30000);
    size_t count = world.count;
    memcpy(lines, world.lines, sizeof lines);
    end();
    begin(1);
    pass(30000);
    type(NULL, "hello");
    pass(30000);
    assert_int_equal(world.count, count);
    assert_memory_equal(world.lines, lines, sizeof lines);
}

static void another_seed_is_other_people(void **state)
{
    (void)state;
    struct id id = *app_id(world.app);
    end();
    begin(2);
    assert_false(id_equal(&id, app_id(world.app)));
}

/* ---- what they do ---- */

static void receipts_count_up_to_all(void **state)
{
    (void)state;
    demo_hush(app_demo(world.app), true);
    pass(4000);
    type(NULL, "who has this?");
    pass(5000);
    assert_int_equal(world.of, DEMO_PEOPLE);
    assert_int_equal(world.stored, DEMO_PEOPLE);
}

static void who_is_mentioned_answers(void **state)
{
    (void)state;
    static const char *const names[] = {"bruno", "carla", "João", "美咲"};
    char line[100];
    pass(65000); /* the script has nothing to say for a while */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t before = world.count;
        snprintf(line, sizeof line, "%s: are you there?", names[i]);
        type(NULL, line);
        pass(4500);
        assert_int_equal(world.count, before + 2); /* nobody else does */
        assert_string_equal(world.lines[before + 1].name, names[i]);
        assert_string_equal(world.lines[before + 1].conversation, ROOM_EVERYONE);
    }
}

static void a_whisper_is_answered_by_a_whisper(void **state)
{
    (void)state;
    pass(4000);
    size_t before = world.count;
    type(NULL, "/whisper eva between us");
    pass(4000);
    const struct seen *answer = from("eva", before);
    assert_non_null(answer);
    assert_true(answer->whisper);
}

static void carla_whispers_by_herself(void **state)
{
    (void)state;
    pass(15000);
    bool any = false;
    for (size_t i = 0; i < world.count; i++)
        any |= world.lines[i].whisper && strcmp(world.lines[i].name, "carla") == 0;
    assert_true(any);
}

static void a_wrong_clock_is_told(void **state)
{
    (void)state;
    pass(20000);
    size_t last = 0;
    for (size_t i = 0; i < world.count; i++)
        if (strcmp(world.lines[i].name, "bruno") == 0)
            last = i;
    assert_true(world.lines[last].skew_ms > 170000 && world.lines[last].skew_ms < 190000);
}

static void a_lost_link_misses_a_line_and_gets_it_later(void **state)
{
    (void)state;
    struct demo *demo = app_demo(world.app);
    demo_hush(demo, true);
    pass(4000);
    demo_link(demo, EVA, false);
    assert_int_equal(linked(), DEMO_PEOPLE - 1);
    type(NULL, "without eva");
    pass(5000);
    assert_int_equal(world.stored, DEMO_PEOPLE - 1);
    demo_type(demo, EVA, ROOM_EVERYONE, "from the tunnel");
    pass(70000);
    size_t before = world.count;
    demo_link(demo, EVA, true);
    pass(8000);
    assert_int_equal(linked(), DEMO_PEOPLE);
    assert_int_equal(world.stored, DEMO_PEOPLE);
    const struct seen *line = from("eva", before);
    assert_non_null(line);
    assert_string_equal(line->text, "from the tunnel");
    assert_true(line->late);
}

static void hushed_they_say_nothing(void **state)
{
    (void)state;
    demo_hush(app_demo(world.app), true);
    pass(4000);
    size_t before = world.count;
    type(NULL, "carla: hello?");
    type(NULL, "/whisper bruno hello?");
    pass(60000);
    assert_int_equal(world.count, before + 2); /* our own */
}

/* ---- finding guests ---- */

static size_t finds(const char **address)
{
    const struct model *model = app_model(world.app);
    size_t count = 0;
    for (size_t i = 0; i < model->row_count; i++)
        if (model->rows[i]->kind == ROW_FOUND) {
            count++;
            *address = model->rows[i]->address;
        }
    return count;
}

static void a_scan_finds_somebody_to_talk_with(void **state)
{
    (void)state;
    const char *address = NULL;
    char line[100];
    demo_hush(app_demo(world.app), true);
    pass(4000);
    type(NULL, "/scan");
    pass(1000);
    assert_true(app_model(world.app)->progress.on);
    type(NULL, "/scan");
    assert_true(world.error);
    pass(6000);
    assert_false(app_model(world.app)->progress.on);
    assert_int_equal(finds(&address), 3);
    snprintf(line, sizeof line, "/connect %s", address);
    type(NULL, line);
    pass(1000);
    assert_int_equal(linked(), DEMO_PEOPLE + 1);
}

static void a_scan_stops(void **state)
{
    (void)state;
    const char *address;
    pass(2000);
    type(NULL, "/scan");
    pass(300);
    app_scan_stop(world.app);
    assert_false(app_model(world.app)->progress.on);
    pass(6000);
    assert_int_equal(finds(&address), 0);
    type(NULL, "/scan stop");
    assert_true(world.error);
}

static void a_guest_answers_whispers(void **state)
{
    (void)state;
    pass(4000);
    type(NULL, "/connect 192.0.2.40:9992 named");
    pass(1000);
    size_t before = world.count;
    type(NULL, "/whisper rosa hello");
    pass(4000);
    bool any = false;
    for (size_t i = before; i < world.count; i++)
        any |= strstr(world.lines[i].conversation, "/named/rosa") &&
               strcmp(world.lines[i].text, "hello") != 0;
    assert_true(any);
}

static void nobody_else_is_anywhere(void **state)
{
    (void)state;
    pass(4000);
    type(NULL, "/connect 192.168.1.1:9999");
    pass(3000);
    assert_true(world.error);
    type(NULL, "/connect 192.0.2.99:9999");
    world.error = false;
    pass(3000);
    assert_true(world.error);
}

/* ---- nothing leaves ---- */

static void there_is_no_socket(void **state)
{
    enum { DESCRIPTORS = 64 };
    char path[64], target[300];
    (void)state;
    pass(30000);
    for (int i = 0; i < DESCRIPTORS; i++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", i);
        ssize_t size = readlink(path, target, sizeof target - 1);
        target[size > 0 ? size : 0] = '\0';
        if (i > STDERR_FILENO)
            assert_null(strstr(target, "socket:"));
        assert_null(strstr(target, ".db"));
    }
}

static void nothing_is_exported(void **state)
{
    (void)state;
    pass(4000);
    type(NULL, "/export demo-export.txt");
    assert_true(world.error);
    pass(4000);
    assert_int_not_equal(access("demo-export.txt", F_OK), 0);
}

static void it_may_end_at_any_moment(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        end();
        begin(i);
        pass(i * 137);
        type(NULL, "in the middle");
    }
}

int main(void)
{
    setenv("HOME", "/nonexistent", 1);
    setenv("XDG_DATA_HOME", "/nonexistent", 1);
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(six_people_come),
        TEST(they_have_talked_before),
        TEST(a_demo_repeats_to_the_letter),
        TEST(another_seed_is_other_people),
        TEST(receipts_count_up_to_all),
        TEST(who_is_mentioned_answers),
        TEST(a_whisper_is_answered_by_a_whisper),
        TEST(carla_whispers_by_herself),
        TEST(a_wrong_clock_is_told),
        TEST(a_lost_link_misses_a_line_and_gets_it_later),
        TEST(hushed_they_say_nothing),
        TEST(a_scan_finds_somebody_to_talk_with),
        TEST(a_scan_stops),
        TEST(a_guest_answers_whispers),
        TEST(nobody_else_is_anywhere),
        TEST(there_is_no_socket),
        TEST(nothing_is_exported),
        TEST(it_may_end_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
