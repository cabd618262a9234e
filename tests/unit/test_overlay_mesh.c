/* The overlay, rule by rule: the size of the mesh, joining, repairing, swapping. */
#include "overlay_rig.h"

/* ---- the size of the mesh ---- */

static size_t seen_many;   /* goodbyes because we are many */
static uint32_t next_link; /* for dials that are answered */
static unsigned gone;      /* who does not answer */

/* Whoever is dialled answers, and takes us; and so on, until nobody is dialled. */
static void everyone_answers(void)
{
    unsigned numbers[1024];
    size_t count = 0;
    for (size_t done = 0;; done++) {
        seen_many += closes(ANY, OVERLAY_WHY_MANY);
        for (size_t i = 0; i < effects.count; i++) {
            const struct overlay_effect *effect = &effects.list[i];
            assert_true(count < sizeof numbers / sizeof *numbers);
            if (effect->kind == OVERLAY_DIAL)
                numbers[count++] = effect->dial.ip[14] * 256u + effect->dial.ip[15];
            else if (effect->kind == OVERLAY_SEND && effect->send.kind == OVERLAY_ASK)
                numbers[count++] = 1u << 16 | effect->link;
        }
        if (done == count)
            return;
        struct overlay_address address = at(numbers[done]);
        if (numbers[done] >> 16)
            answers(numbers[done] & 0xffff, true);
        else if (numbers[done] == gone)
            dial_fails(&address);
        else
            up(++next_link, numbers[done], OUT);
    }
}

/* For so many half minutes the beacons of people 1 to `last` are heard. */
static void halves_with(unsigned halves, unsigned last)
{
    for (unsigned half = 0; half < halves; half++) {
        for (unsigned i = 1; i <= last; i++) {
            struct id component = *overlay_component(&overlay);
            if (i == gone)
                continue;
            beacon(i, &component);
            everyone_answers();
        }
        wait_looking(MINUTE / 2, everyone_answers);
    }
}

static void sixteen_seventeen_sixteen(void **state)
{
    (void)state;
    next_link = 1000;
    seen_many = 0;
    gone = 0;
    linked(15, 0);
    halves_with(20, 15);
    assert_int_equal(overlay_active(&overlay), 15);
    assert_false(overlay.sparse);
    up(16, 16, IN);
    asks(16, OVERLAY_LOW);
    assert_true(answered(16, true));
    assert_true(overlay.sparse);
    assert_true(overlay_due(&overlay) <= now + SECOND);
    wait_looking(2 * SECOND, everyone_answers);
    assert_in_range(overlay_active(&overlay), 13, 15); /* one a second, not all at once */
    halves_with(20, 16);
    assert_in_range(seen_many, 7, 10);
    assert_in_range(overlay_active(&overlay), OVERLAY_WANTED, OVERLAY_ACTIVE);
    assert_true(overlay.sparse);
    gone = overlay.spares[0].address.ip[15]; /* sixteen are left */
    halves_with(1, 16);
    assert_true(overlay.sparse); /* for a minute, however soon a dial in vain says so */
    halves_with(11, 16);
    assert_false(overlay.sparse);
    assert_int_equal(overlay_active(&overlay), 15);
}

/* Somebody who comes and goes at the border changes nothing. */
static void a_short_absence_changes_nothing(void **state)
{
    (void)state;
    next_link = 1000;
    gone = 0;
    linked(16, 0);
    halves_with(4, 16);
    gone = overlay.spares[0].address.ip[15];
    for (int i = 0; i < 20; i++) {
        unsigned was = gone;
        halves_with(1, 16);
        assert_true(overlay.sparse);
        gone = 0;
        halves_with(1, 16);
        assert_true(overlay.sparse);
        gone = was;
    }
}

static void who_is_told_of_more_than_sixteen_believes_it(void **state)
{
    (void)state;
    struct overlay_message answer = {.kind = OVERLAY_ANSWER};
    linked(3, 0);
    up(4, 4, OUT);
    answer.answer.people = 16;
    says(4, &answer);
    assert_false(overlay.sparse);
    parts(1, OVERLAY_WHY_EVICTED);
    assert_false(overlay.sparse);
    parts(2, OVERLAY_WHY_MANY);
    assert_true(overlay.sparse);
    alone(state);
    up(4, 4, OUT);
    answer.answer.people = 17;
    says(4, &answer);
    assert_true(overlay.sparse);
}

/* The one who asks is counted, or a newcomer would never learn that it is the seventeenth. */
static void answers_count_who_asks(void **state)
{
    (void)state;
    const struct overlay_message *answer = NULL;
    sparse(3, 5);
    for (unsigned i = 9; i <= 16; i++)
        beacon(i, overlay_component(&overlay));
    overlay.spare_count = 7; /* and 8 links, and we: 16 */
    up(17, 17, IN);
    asks(17, OVERLAY_LOW);
    assert_int_equal(sends(17, OVERLAY_ANSWER, &answer), 1);
    assert_int_equal(answer->answer.people, 17);
}

/* ---- joining, leaving, repairing ---- */

static void a_newcomer_is_carried_about(void **state)
{
    (void)state;
    const struct overlay_message *walk = NULL;
    struct overlay_address nowhere = at(6);
    linked(4, 0);
    up(5, 5, IN);
    asks(5, OVERLAY_JOIN);
    for (int link = 1; link <= 4; link++) {
        assert_int_equal(sends(link, OVERLAY_WALK, &walk), 1);
        assert_int_equal(walk->walk.ttl, OVERLAY_WALK_TTL);
        assert_true(overlay_address_equal(&walk->walk.who.address, &(struct overlay_address){0}) ==
                    false);
        assert_int_equal(walk->walk.who.address.ip[15], 5);
    }
    assert_int_equal(sends(5, OVERLAY_WALK, NULL), 0);
    nowhere.port = 0; /* it does not listen, so nobody could dial it */
    up_from(6, 6, IN, &nowhere);
    asks(6, OVERLAY_JOIN);
    assert_int_equal(sends(ANY, OVERLAY_WALK, NULL), 0);
    struct overlay_address loopback = ipv4(127, 0, 0, 1);
    up_from(7, 7, IN, &loopback);
    asks(7, OVERLAY_JOIN);
    assert_int_equal(sends(ANY, OVERLAY_WALK, NULL), 0);
}

static void walks(uint32_t link, unsigned number, uint8_t ttl)
{
    struct overlay_message message = {.kind = OVERLAY_WALK};
    message.walk.who = told(number);
    message.walk.ttl = ttl;
    says(link, &message);
}

static void a_walk_goes_on_and_ends(void **state)
{
    (void)state;
    const struct overlay_message *walk = NULL;
    struct overlay_address end = at(52);
    sparse(3, 4);
    size_t spares = overlay.spare_count;
    walks(1, 50, 6);
    assert_int_equal(sends(ANY, OVERLAY_WALK, &walk), 1);
    assert_int_equal(sends(1, OVERLAY_WALK, NULL), 0);
    assert_int_equal(walk->walk.ttl, 5);
    assert_int_equal(overlay.spare_count, spares);
    walks(1, 51, OVERLAY_WALK_SPARE);
    assert_int_equal(sends(ANY, OVERLAY_WALK, &walk), 1);
    assert_int_equal(overlay.spare_count, spares + 1);
    walks(1, 52, 0);
    assert_int_equal(sends(ANY, OVERLAY_WALK, NULL), 0);
    assert_int_equal(dials(&end), 1);
    up(52, 52, OUT); /* more than we look for, but there is room, and it is new */
    assert_int_equal(sends(52, OVERLAY_ASK, NULL), 1);
    answers(52, true);
    walks(1, 53, 0);
    assert_int_equal(effects.count, 0);
    walks(1, 2, 0); /* we are linked to that one */
    assert_int_equal(effects.count, 0);
    walks(1, 54, 255);
    assert_int_equal(sends(ANY, OVERLAY_WALK, &walk), 1);
    assert_int_equal(walk->walk.ttl, OVERLAY_WALK_TTL - 1);
}

static enum overlay_priority priority_of(unsigned number)
{
    const struct overlay_message *ask = NULL;
    up(number, number, OUT);
    assert_int_equal(sends((int)number, OVERLAY_ASK, &ask), 1);
    return ask->ask;
}

static void priorities(void **state)
{
    (void)state;
    assert_int_equal(priority_of(1), OVERLAY_JOIN);
    answers(1, true);
    assert_int_equal(priority_of(2), OVERLAY_HIGH);
    answers(2, true);
    up(3, 3, OUT);
    answers(3, true);
    assert_int_equal(priority_of(4), OVERLAY_LOW);
}

static void an_eviction_is_no_reason_to_join(void **state)
{
    (void)state;
    struct overlay_address evictor = at(1);
    linked(1, 0);
    parts(1, OVERLAY_WHY_EVICTED);
    assert_true(closes(1, OVERLAY_WHY_LEFT));
    assert_int_equal(dials(&evictor), 0);
    assert_int_equal(priority_of(2), OVERLAY_HIGH);
    answers(2, true);
    down(2);
    assert_int_equal(priority_of(3), OVERLAY_JOIN);
    alone(state);
    sparse(3, 3);
    parts(1, OVERLAY_WHY_EVICTED); /* remembered as well, and not dialled from there either */
    assert_int_equal(dials(&evictor), 0);
}

static void a_lost_link_is_repaired_at_once(void **state)
{
    (void)state;
    struct overlay_address lost = at(1);
    linked(2, 0);
    down(1);
    assert_int_equal(dials(&lost), 1); /* of a few people, each is wanted */
    alone(state);
    sparse(3, 3);
    for (unsigned i = 50; i < 80; i++)
        beacon(i, overlay_component(&overlay));
    assert_int_equal(dials(NULL), 0);
    down(4);
    assert_int_equal(dials(NULL), 4);
    assert_int_equal(dials(&lost), 0);
    struct overlay_address failed = effects.list[0].dial;
    dial_fails(&failed);
    assert_int_equal(dials(NULL), 1);
    assert_int_equal(dials(&failed), 0);
    for (unsigned i = 1; i <= 6; i++)
        down(i);
    size_t under_way = 0;
    for (size_t i = 0; i < OVERLAY_DIALS; i++)
        under_way += overlay.dials[i].address.port != 0;
    assert_int_equal(under_way, OVERLAY_DIALS);
}

static void remember(unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        struct overlay_address address = at(i);
        known(&address, OVERLAY_FROM_MEMORY);
    }
}

static void all_dials_fail(unsigned dialled[256])
{
    for (unsigned going = 1; going;) {
        going = 0;
        for (size_t i = 0; i < OVERLAY_DIALS; i++) {
            struct overlay_address address = overlay.dials[i].address;
            if (address.port == 0)
                continue;
            dialled[address.ip[15]]++;
            dial_fails(&address);
            going = 1;
        }
    }
}

/* Everyone known is dialled once; but not because others dial us and go. */
static void a_disaster_makes_us_look_for_everyone(void **state)
{
    (void)state;
    sparse(3, 5);
    overlay.cycle = 5;
    remember(200, 40);
    for (unsigned i = 4; i <= 8; i++)
        down(i);
    assert_int_equal(overlay.alarm_cycle, 0);
    up(20, 20, IN);
    asks(20, OVERLAY_LOW);
    down(1);
    assert_int_equal(overlay.alarm_cycle, 0);
    down(2);
    assert_int_equal(overlay.alarm_cycle, 5);
    for (unsigned i = 30; i < 36; i++) { /* enough links again, and yet */
        up(i, i, i < 32 ? OUT : IN);
        if (i < 32)
            answers(i, true);
        else
            asks(i, OVERLAY_LOW);
    }
    assert_int_equal(overlay_active(&overlay), OVERLAY_ACTIVE);
    unsigned dialled[256] = {0};
    all_dials_fail(dialled);
    for (unsigned i = 200; i < 240; i++)
        assert_int_equal(dialled[i], 1);
    overlay.lost = 0;
    wait_ms((OVERLAY_ALARM_CYCLES + 2) * (uint64_t)OVERLAY_CYCLE_MS);
    assert_int_equal(overlay.alarm_cycle, 0);
}

/* Whoever failed a moment ago, and however often before. */
static void where_the_network_is_another_all_are_dialled_anew(void **state)
{
    (void)state;
    overlay.cycle = 5;
    remember(200, 30);
    for (unsigned turn = 0; turn < 20; turn++) {
        unsigned dialled[256] = {0};
        all_dials_fail(dialled);
        memset(dialled, 0, sizeof dialled);
        give(&(struct overlay_event){.kind = OVERLAY_NETWORK});
        all_dials_fail(dialled);
        for (unsigned i = 200; i < 230; i++)
            assert_int_equal(dialled[i], 1);
    }
}

/* 2 % in a minute: ten in 3,000 cycles. Each leaves us with as many links as before. */
static void links_are_swapped_now_and_then(void **state)
{
    (void)state;
    unsigned swaps = 0;
    sparse(4, 3);
    next_link = 1000;
    gone = 0;
    for (unsigned i = 0; i < 3000; i++) {
        for (unsigned k = 200; k < 220; k++)
            beacon(k, overlay_component(&overlay));
        now = overlay_due(&overlay);
        tick();
        for (size_t done = 0; done < 2; done++) {
            struct overlay_address address = {{0}, 0};
            for (size_t e = 0; e < effects.count; e++)
                address = effects.list[e].kind == OVERLAY_DIAL ? effects.list[e].dial : address;
            if (address.port == 0)
                break;
            up(++next_link, address.ip[14] * 256u + address.ip[15], OUT);
            if (!sends((int)next_link, OVERLAY_ASK, NULL))
                continue;
            answers(next_link, true);
            swaps += closes(ANY, OVERLAY_WHY_SWAP);
        }
        assert_in_range(overlay_active(&overlay), OVERLAY_WANTED, OVERLAY_ACTIVE);
    }
    assert_in_range(swaps, 3, 20);
    assert_true(overlay_is_active(&overlay, 5)); /* who dialled us stays */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sixteen_seventeen_sixteen, alone),
        cmocka_unit_test_setup(a_short_absence_changes_nothing, alone),
        cmocka_unit_test_setup(who_is_told_of_more_than_sixteen_believes_it, alone),
        cmocka_unit_test_setup(answers_count_who_asks, alone),
        cmocka_unit_test_setup(a_newcomer_is_carried_about, alone),
        cmocka_unit_test_setup(a_walk_goes_on_and_ends, alone),
        cmocka_unit_test_setup(priorities, alone),
        cmocka_unit_test_setup(an_eviction_is_no_reason_to_join, alone),
        cmocka_unit_test_setup(a_lost_link_is_repaired_at_once, alone),
        cmocka_unit_test_setup(a_disaster_makes_us_look_for_everyone, alone),
        cmocka_unit_test_setup(where_the_network_is_another_all_are_dialled_anew, alone),
        cmocka_unit_test_setup(links_are_swapped_now_and_then, alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
