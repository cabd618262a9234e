/* The overlay, rule by rule: the component's beat, taking over, healing, and hostile neighbours. */
#include "overlay_rig.h"

/* ---- whose beat counts ---- */

static void the_lowest_beat_names_the_component(void **state)
{
    (void)state;
    linked(3, 0);
    beats(1, 300, 7);
    struct id lowest = who(300);
    assert_true(id_equal(overlay_component(&overlay), &lowest));
    assert_int_equal(sends(1, OVERLAY_BEAT, NULL), 0);
    assert_int_equal(sends(ANY, OVERLAY_BEAT, NULL), 2);
    beats(2, 200, 1);
    lowest = who(200);
    assert_true(id_equal(overlay_component(&overlay), &lowest));
}

static void a_higher_beat_is_nothing_while_a_lower_one_lives(void **state)
{
    (void)state;
    linked(3, 0);
    beats(1, 600, 99);
    struct id self = who(500);
    assert_true(id_equal(overlay_component(&overlay), &self));
    assert_int_equal(effects.count, 0);
}

static void a_beat_is_passed_on_once(void **state)
{
    (void)state;
    linked(3, 0);
    beats(1, 300, 7);
    wait_ms(6 * SECOND);
    beats(2, 300, 7);
    assert_int_equal(sends(ANY, OVERLAY_BEAT, NULL), 0);
    beats(2, 300, 6);
    assert_int_equal(sends(ANY, OVERLAY_BEAT, NULL), 0);
    beats(2, 300, 8);
    assert_int_equal(sends(ANY, OVERLAY_BEAT, NULL), 2);
    beats(1, 300, 9); /* too soon after the last */
    assert_int_equal(sends(ANY, OVERLAY_BEAT, NULL), 0);
}

static void an_old_name_does_not_come_back_by_replay(void **state)
{
    (void)state;
    linked(3, 0);
    beats(1, 300, 7);
    wait_ms(2 * MINUTE); /* 300 fell silent, and we took over */
    struct id self = who(500);
    assert_true(id_equal(overlay_component(&overlay), &self));
    beats(1, 300, 7);
    assert_true(id_equal(overlay_component(&overlay), &self));
    beats(1, 300, 8); /* it lives */
    assert_false(id_equal(overlay_component(&overlay), &self));
}

static void our_own_beat_of_an_earlier_run_is_outdone(void **state)
{
    (void)state;
    linked(1, 0);
    beats(1, 500, 5000000);
    const struct overlay_message *ours = NULL;
    for (int i = 0; i < 20 && !ours; i++) {
        now = overlay_due(&overlay);
        tick();
        sends(1, OVERLAY_BEAT, &ours);
    }
    assert_non_null(ours);
    assert_true(ours->beat.counter > 5000000);
}

/* ---- who takes over ---- */

static uint64_t first_beat_at;

static void look_for_own_beat(void)
{
    const struct overlay_message *beat;
    struct id self = who(500);
    if (!first_beat_at && sends(ANY, OVERLAY_BEAT, &beat) && id_equal(&beat->beat.id, &self))
        first_beat_at = now;
}

static void a_silent_component_is_taken_over_after_thirty_seconds(void **state)
{
    (void)state;
    linked(2, 0);
    beats(1, 300, 7);
    uint64_t heard = now;
    first_beat_at = 0;
    wait_looking(MINUTE, look_for_own_beat);
    assert_in_range(first_beat_at - heard, 30 * SECOND, 50 * SECOND);
}

static void a_living_component_is_not_taken_over(void **state)
{
    (void)state;
    linked(2, 0);
    first_beat_at = 0;
    for (uint64_t counter = 1; counter <= 12; counter++) {
        beats(1, 300, counter);
        wait_looking(20 * SECOND, look_for_own_beat);
    }
    assert_int_equal(first_beat_at, 0);
}

/* ---- healing ---- */

static size_t dialled;

static void count_dials(void)
{
    dialled += dials(NULL);
}

static void count_dials_of_foreign(void)
{
    struct overlay_address there = at(700);
    dialled += dials(&there);
}

/* Twenty nodes whose places are all taken see the beacon of another component, for so long. Some
 * dial it by chance, as a remembered address. */
static size_t dials_of_twenty(unsigned seconds)
{
    struct id foreign = who(100);
    dialled = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        alone(NULL);
        fake.seed = seed;
        sparse(5, 3);
        for (unsigned i = 0; i < 20; i++) {
            struct id ours = *overlay_component(&overlay);
            beacon(700, i <= seconds ? &foreign : &ours);
            wait_looking(SECOND, count_dials_of_foreign);
        }
    }
    return dialled;
}

static void a_difference_heals_when_it_lasts(void **state)
{
    (void)state;
    size_t passing = dials_of_twenty(5);
    size_t lasting = dials_of_twenty(20);
    assert_in_range(passing, 0, 14);
    assert_int_equal(lasting, 20);
}

static void healing_links_have_a_rate(void **state)
{
    (void)state;
    struct id foreign = who(100);
    sparse(5, 3);
    dialled = 0;
    for (unsigned i = 0; i < 50; i++) { /* less than a minute: then we would be few again */
        for (unsigned k = 0; k < 20; k++)
            beacon(700 + k, &foreign);
        wait_looking(SECOND, count_dials);
        for (unsigned k = 0; k < 20; k++) {
            struct overlay_address there = at(700 + k);
            dial_fails(&there);
        }
    }
    assert_in_range(dialled, 1, 6); /* two of them, and what chance adds */
}

/* ---- hostile neighbours ---- */

static struct overlay_message random_message(void)
{
    struct overlay_message message;
    sys_random(&sys, &message, sizeof message);
    message.kind = (enum overlay_message_kind)sys_random_below(&sys, OVERLAY_PART + 1);
    switch (message.kind) {
    case OVERLAY_ASK:
        message.ask = (enum overlay_priority)sys_random_below(&sys, OVERLAY_HEAL + 1);
        break;
    case OVERLAY_ANSWER:
        message.answer.yes = sys_random_below(&sys, 2);
        message.answer.list.count = (uint8_t)sys_random_below(&sys, OVERLAY_TOLD + 1);
        break;
    case OVERLAY_SHUFFLE:
    case OVERLAY_SHUFFLED:
        message.shuffle.count = (uint8_t)sys_random_below(&sys, OVERLAY_TOLD + 1);
        break;
    case OVERLAY_PART:
        message.part = (enum overlay_why)sys_random_below(&sys, OVERLAY_WHY_LEFT + 1);
        break;
    case OVERLAY_WALK:
    case OVERLAY_BEAT:
        break;
    }
    return message;
}

static void no_flood_outgrows_its_table(void **state)
{
    (void)state;
    linked(4, 4);
    for (uint32_t i = 0; i < 20000; i++) {
        struct overlay_message message = random_message();
        uint32_t link = (uint32_t)sys_random_below(&sys, 12) + 1;
        says(link, &message);
        assert_true(effects.count <= OVERLAY_EFFECTS);
        assert_true(overlay.spare_count <= OVERLAY_SPARES);
        assert_true(overlay_active(&overlay) <= OVERLAY_LINKS);
        if (i % 50 == 0)
            wait_ms(SECOND);
        if (i % 97 == 0)
            up(100 + i, 1000 + i % 300, i % 2 ? OUT : IN);
    }
}

static void walks_dial_no_third_party_without_end(void **state)
{
    (void)state;
    sparse(3, 2);
    dialled = 0;
    for (unsigned i = 0; i < 500; i++) {
        struct overlay_message walk = {.kind = OVERLAY_WALK};
        walk.walk.who = told(1000 + i);
        says(1, &walk);
        dialled += dials(NULL);
    }
    assert_true(dialled <= OVERLAY_WALK_DIALS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_lowest_beat_names_the_component, alone),
        cmocka_unit_test_setup(a_higher_beat_is_nothing_while_a_lower_one_lives, alone),
        cmocka_unit_test_setup(a_beat_is_passed_on_once, alone),
        cmocka_unit_test_setup(an_old_name_does_not_come_back_by_replay, alone),
        cmocka_unit_test_setup(our_own_beat_of_an_earlier_run_is_outdone, alone),
        cmocka_unit_test_setup(a_silent_component_is_taken_over_after_thirty_seconds, alone),
        cmocka_unit_test_setup(a_living_component_is_not_taken_over, alone),
        cmocka_unit_test_setup(a_difference_heals_when_it_lasts, alone),
        cmocka_unit_test_setup(healing_links_have_a_rate, alone),
        cmocka_unit_test_setup(no_flood_outgrows_its_table, alone),
        cmocka_unit_test_setup(walks_dial_no_third_party_without_end, alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
