/* The overlay, rule by rule: which links are taken, and which of two stays. What thousands of nodes
 * make of these rules together, tests/sim/overlay_world.c shows. */
#include "overlay_rig.h"

/* ---- two dials at once ---- */

/* We are 500: of 400's and our dial, ours stays; of 600's and ours, theirs. */
static void crossing_dials_leave_the_higher_keys(void **state)
{
    for (int higher = 0; higher < 2; higher++) {
        for (int ours_first = 0; ours_first < 2; ours_first++) {
            unsigned number = higher ? 600 : 400;
            uint32_t ours = ours_first ? 1 : 2;
            uint32_t theirs = ours_first ? 2 : 1;
            uint32_t loser = higher ? ours : theirs;
            alone(state);
            up(1, number, ours_first ? OUT : IN);
            now += OVERLAY_SIMULTANEOUS_S * SECOND;
            up(2, number, ours_first ? IN : OUT);
            assert_true(closes((int)loser, OVERLAY_WHY_DUPLICATE));
            assert_false(closes(higher ? (int)theirs : (int)ours, ANY));
            if (higher)
                asks(theirs, OVERLAY_LOW);
            else
                answers(ours, true);
            assert_true(overlay_is_active(&overlay, higher ? theirs : ours));
            assert_int_equal(overlay_active(&overlay), 1);
        }
    }
}

static void an_agreed_link_yields_to_the_higher_keys_dial_too(void **state)
{
    (void)state;
    up(1, 600, OUT);
    answers(1, true);
    up(2, 600, IN);
    assert_true(closes(1, OVERLAY_WHY_DUPLICATE));
    asks(2, OVERLAY_LOW);
    assert_true(answered(2, true));
    assert_int_equal(overlay_active(&overlay), 1);
}

/* Later the dialler knows best: it asks when the old link is dead at its end. */
static void a_later_dial_replaces_only_when_it_asks(void **state)
{
    (void)state;
    up(1, 400, OUT);
    answers(1, true);
    now += (OVERLAY_SIMULTANEOUS_S + 1) * SECOND;
    up(2, 400, IN);
    assert_int_equal(effects.count, 0);
    assert_true(overlay_is_active(&overlay, 1));
    up(3, 400, IN);
    assert_true(closes(3, OVERLAY_WHY_DUPLICATE));
    asks(2, OVERLAY_LOW);
    assert_true(closes(1, OVERLAY_WHY_DUPLICATE));
    assert_true(overlay_is_active(&overlay, 2));
    assert_int_equal(overlay_active(&overlay), 1);
    now += MINUTE;
    up(4, 400, OUT); /* by another address, before we knew who it is */
    assert_true(closes(4, OVERLAY_WHY_DUPLICATE));
    assert_true(overlay_is_active(&overlay, 2));
}

static void a_dial_to_ourselves_ends_and_is_forgotten(void **state)
{
    (void)state;
    struct overlay_address address = at(1);
    known(&address, OVERLAY_FROM_USER);
    assert_int_equal(dials(&address), 1);
    up(1, 500, OUT);
    assert_true(closes(1, OVERLAY_WHY_SELF));
    wait_ms(2 * MINUTE);
    tick();
    assert_int_equal(dials(NULL), 0);
    assert_int_equal(overlay.spare_count, 0);
}

static void says_no(uint32_t link, unsigned tells_of, uint32_t hint)
{
    struct overlay_message no = {.kind = OVERLAY_ANSWER};
    no.answer.list.count = 1;
    no.answer.list.told[0] = (struct overlay_told){at(tells_of), 0, hint};
    says(link, &no);
}

/* Each of the two tells of the other, as of somebody else. */
static void who_refuses_at_two_addresses_is_dialled_once_at_each(void **state)
{
    (void)state;
    struct overlay_address one = at(9), other = at(10);
    linked(1, 0);
    beacon(9, overlay_component(&overlay));
    assert_int_equal(dials(&one), 1);
    up_from(5, 9, OUT, &one);
    says_no(5, 10, 1);
    assert_true(closes(5, OVERLAY_WHY_FULL));
    assert_int_equal(dials(&other), 1);
    up_from(6, 9, OUT, &other);
    says_no(6, 9, 2);
    assert_int_equal(dials(NULL), 0);
    unsigned again = 0;
    for (unsigned i = 0; i < 3; i++) { /* in a later cycle, and then it may be tried again */
        wait_ms(OVERLAY_CYCLE_MS);
        for (size_t dial = 0; dial < OVERLAY_DIALS; dial++)
            again += overlay.dials[dial].address.port != 0;
    }
    assert_true(again > 0);
}

/* ---- places ---- */

static void one_host_gets_two_links(void **state)
{
    (void)state;
    struct overlay_address host = at(1);
    for (unsigned i = 1; i <= 2; i++) {
        host.port = (uint16_t)(9000 + i);
        up_from(i, i, IN, &host);
        asks(i, OVERLAY_LOW);
        assert_true(overlay_is_active(&overlay, i));
    }
    host.port = 9003;
    up_from(3, 3, IN, &host);
    assert_true(closes(3, OVERLAY_WHY_ADDRESS));
    now += MINUTE;
    up_from(4, 2, IN, &host); /* the same person anew is not one more */
    asks(4, OVERLAY_LOW);
    assert_true(overlay_is_active(&overlay, 4));
    host.port = 9005;
    known(&host, OVERLAY_FROM_BEACON);
    known(&host, OVERLAY_FROM_USER);
    assert_int_equal(dials(NULL), 0);
}

static void dials_under_way_count_for_their_host(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 3; i++) {
        struct overlay_address host = at(1);
        host.port = (uint16_t)(9000 + i);
        known(&host, OVERLAY_FROM_BEACON);
        assert_int_equal(dials(NULL), i <= OVERLAY_PER_ADDRESS);
    }
}

static void loopback_is_exempt(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 6; i++) {
        struct overlay_address host = i <= 3 ? ipv4(127, 0, 0, 1) : (struct overlay_address){0};
        host.ip[15] = 1;
        host.port = (uint16_t)(9000 + i);
        up_from(i, i, IN, &host);
        asks(i, OVERLAY_LOW);
        assert_true(overlay_is_active(&overlay, i));
    }
}

static void inbound_links_leave_room_for_our_own(void **state)
{
    (void)state;
    sparse(0, 5);
    up(6, 6, IN);
    asks(6, OVERLAY_LOW);
    assert_true(answered(6, false));
    assert_true(closes(6, OVERLAY_WHY_FULL));
    for (unsigned i = 7; i <= 9; i++) {
        up(i, i, OUT);
        assert_int_equal(sends((int)i, OVERLAY_ASK, NULL), 1);
        answers(i, true);
    }
    assert_int_equal(overlay_active(&overlay), 8);
    up(10, 10, OUT);
    assert_true(closes(10, OVERLAY_WHY_ENOUGH));
}

/* Fewer than three of our own: we look for one, although eight minus one is plenty. */
static void own_dials_are_looked_for(void **state)
{
    (void)state;
    sparse(2, 5);
    struct overlay_address spare = at(50);
    known(&spare, OVERLAY_FROM_BEACON);
    assert_int_equal(dials(&spare), 1);
    alone(state);
    sparse(3, 4);
    known(&spare, OVERLAY_FROM_BEACON);
    assert_int_equal(dials(&spare), 0);
}

static void urgent_asks_never_displace_our_own(void **state)
{
    (void)state;
    sparse(3, 5);
    unsigned yes = 0;
    for (unsigned i = 20; i < 220; i++) {
        now += SECOND / 4;
        up(i, i, IN);
        asks(i, i % 2 ? OVERLAY_HIGH : OVERLAY_JOIN);
        yes += answered(i, true);
        assert_int_equal(overlay_active(&overlay), 8);
    }
    assert_in_range(yes, 40, 51); /* one a second */
    for (unsigned i = 1; i <= 3; i++)
        assert_true(overlay_is_active(&overlay, i));
}

static void where_all_links_are_our_own_nobody_is_forced_in(void **state)
{
    (void)state;
    sparse(6, 0);
    for (unsigned i = 7; i <= 8; i++) {
        struct overlay_address address = at(i);
        known(&address, OVERLAY_FROM_USER);
        up(i, i, OUT);
        answers(i, true);
    }
    up(9, 9, IN);
    asks(9, OVERLAY_HIGH);
    assert_true(answered(9, false));
    assert_int_equal(overlay_active(&overlay), 8);
}

/* Who connects and says nothing fills the table, but is in nobody's way for long. */
static void silent_links_make_room(void **state)
{
    (void)state;
    linked(3, 0);
    for (unsigned i = 10; i < 500; i++) {
        up(i, i, IN);
        assert_int_equal(closes((int)i, OVERLAY_WHY_FULL), i >= 10 + OVERLAY_LINKS - 3);
    }
    up(600, 600, OUT);
    assert_true(closes(10, OVERLAY_WHY_SILENT));
    assert_int_equal(sends(600, OVERLAY_ASK, NULL), 1);
    answers(600, true);
    wait_ms(OVERLAY_ASK_S * SECOND + 2 * OVERLAY_CYCLE_MS);
    assert_int_equal(overlay_active(&overlay), 4);
    up(700, 700, IN);
    asks(700, OVERLAY_LOW);
    assert_true(answered(700, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(crossing_dials_leave_the_higher_keys, alone),
        cmocka_unit_test_setup(an_agreed_link_yields_to_the_higher_keys_dial_too, alone),
        cmocka_unit_test_setup(a_later_dial_replaces_only_when_it_asks, alone),
        cmocka_unit_test_setup(a_dial_to_ourselves_ends_and_is_forgotten, alone),
        cmocka_unit_test_setup(who_refuses_at_two_addresses_is_dialled_once_at_each, alone),
        cmocka_unit_test_setup(one_host_gets_two_links, alone),
        cmocka_unit_test_setup(dials_under_way_count_for_their_host, alone),
        cmocka_unit_test_setup(loopback_is_exempt, alone),
        cmocka_unit_test_setup(inbound_links_leave_room_for_our_own, alone),
        cmocka_unit_test_setup(own_dials_are_looked_for, alone),
        cmocka_unit_test_setup(urgent_asks_never_displace_our_own, alone),
        cmocka_unit_test_setup(where_all_links_are_our_own_nobody_is_forced_in, alone),
        cmocka_unit_test_setup(silent_links_make_room, alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
