/* The overlay, rule by rule: what neighbours tell and what is remembered of it, and what those who
 * mean no good achieve by floods, replays and messages out of turn. */
#include "overlay_rig.h"

/* ---- what neighbours tell ---- */

static void tells(uint32_t link, enum overlay_message_kind kind, const struct overlay_list *list)
{
    struct overlay_message message = {.kind = kind, .shuffle = *list};
    says(link, &message);
}

static bool tells_of(const struct overlay_message *message, const struct overlay_address *address)
{
    for (size_t i = 0; i < message->shuffle.count; i++) {
        if (overlay_address_equal(&message->shuffle.told[i].address, address))
            return true;
    }
    return false;
}

static void addresses_are_told_where_they_mean_something(void **state)
{
    (void)state;
    const struct overlay_message *answer = NULL;
    struct overlay_address loopback = ipv4(127, 0, 0, 1);
    struct overlay_address local = {{0xfe, 0x80, 0, 2, [15] = 7}, 9999};
    struct overlay_address plain = at(3);
    up_from(1, 1, IN, &loopback);
    up_from(2, 2, IN, &local);
    up(3, 3, IN);
    loopback.port = 9998;
    up_from(4, 4, IN, &loopback);
    for (unsigned i = 1; i <= 4; i++)
        asks(i, OVERLAY_LOW);
    tells(3, OVERLAY_SHUFFLE, &(struct overlay_list){0});
    assert_int_equal(sends(3, OVERLAY_SHUFFLED, &answer), 1);
    assert_int_equal(answer->shuffle.count, 0); /* not of itself, either */
    tells(1, OVERLAY_SHUFFLE, &(struct overlay_list){0});
    assert_int_equal(sends(1, OVERLAY_SHUFFLED, &answer), 1);
    assert_int_equal(answer->shuffle.count, 2);
    assert_true(tells_of(answer, &loopback) && tells_of(answer, &plain));
}

static void nonsense_is_not_learned(void **state)
{
    (void)state;
    sparse(3, 4);
    struct overlay_list list = {7, {told(60), told(61), told(62), told(63), told(64), told(500)}};
    size_t spares = overlay.spare_count;
    list.told[0].address = ipv4(127, 0, 0, 1);
    list.told[1].address = (struct overlay_address){{0xfe, 0x80, [15] = 7}, 9999};
    list.told[2].address = (struct overlay_address){{0xff, 0x02, [15] = 1}, 9999};
    list.told[3].address = ipv4(239, 1, 2, 3);
    list.told[4].address.port = 0;
    list.told[6].address = ipv4(0, 0, 0, 0);
    tells(1, OVERLAY_SHUFFLE, &list);
    assert_int_equal(overlay.spare_count, spares);
    uint16_t ports = 0;
    for (size_t i = 0; i < OVERLAY_REMEMBERED_4; i++)
        ports |= overlay.memory.ipv4[i][0] == 10 ? 0 : overlay.memory.port[i];
    assert_int_equal(ports, 0);
    tells(2, OVERLAY_SHUFFLED, &(struct overlay_list){1, {told(70)}}); /* we asked for nothing */
    assert_int_equal(overlay.spare_count, spares);
    tells(2, OVERLAY_SHUFFLE, &(struct overlay_list){1, {told(70)}});
    assert_int_equal(overlay.spare_count, spares + 1);
}

static void spares_are_fresh(void **state)
{
    (void)state;
    sparse(3, 4);
    overlay.spare_count = 0;
    struct overlay_list list = {3, {told(60), told(61), told(62)}};
    list.told[1].age_s = OVERLAY_FRESH_S + 1;
    list.told[2].age_s = OVERLAY_FRESH_S - 30;
    tells(1, OVERLAY_SHUFFLE, &list);
    assert_int_equal(overlay.spare_count, 2);
    struct overlay_address other = ipv4(10, 9, 9, 9); /* the first one by another address */
    list.told[0].address = other;
    now += 20 * SECOND;
    tells(1, OVERLAY_SHUFFLE, &list);
    assert_false(overlay_address_equal(&overlay.spares[0].address, &other));
    now += 20 * SECOND;
    tells(1, OVERLAY_SHUFFLE, &(struct overlay_list){1, {list.told[0]}});
    assert_true(overlay_address_equal(&overlay.spares[0].address, &other));
    assert_int_equal(overlay.spare_count, 2);
    overlay.spares[1].seen_s -= OVERLAY_FRESH_S;
    wait_ms(11 * SECOND);
    for (size_t i = 0; i < overlay.spare_count; i++)
        assert_true(overlay_address_equal(&overlay.spares[i].address, &other));
}

/* ---- memory ---- */

static void remember(unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        struct overlay_address address = at(i);
        known(&address, OVERLAY_FROM_MEMORY);
    }
}

static void tell_many(uint32_t link, unsigned first, unsigned count, bool backwards)
{
    for (unsigned i = 0; i < count; i += OVERLAY_TOLD) {
        struct overlay_list list = {0};
        for (unsigned k = i; k < i + OVERLAY_TOLD && k < count; k++)
            list.told[list.count++] = told(first + (backwards ? count - 1 - k : k));
        now += OVERLAY_SHUFFLE_S * SECOND;
        tells(link, OVERLAY_SHUFFLE, &list);
    }
}

static size_t remembered_between(unsigned first, unsigned end)
{
    size_t count = 0;
    for (size_t i = 0; i < OVERLAY_REMEMBERED_4; i++) {
        unsigned number = overlay.memory.ipv4[i][2] * 256u + overlay.memory.ipv4[i][3];
        count += overlay.memory.port[i] && number >= first && number < end;
    }
    return count;
}

static bool remembers(unsigned number)
{
    return remembered_between(number, number + 1) == 1;
}

/* Neither what is heard last nor what is heard most wins: so a half of those remembered before a
 * split are of the other half after it, however long it was. */
static void memory_is_an_even_sample(void **state)
{
    (void)state;
    bool forwards[6000];
    sparse(3, 4);
    tell_many(7, 1000, 5000, false);
    for (int i = 0; i < 20; i++)
        tell_many(7, 1000, 2500, false);
    size_t early = remembered_between(1000, 3500);
    assert_int_equal(remembered_between(0, 6000), OVERLAY_REMEMBERED_4);
    assert_in_range(early, 30, 66);
    for (unsigned i = 1000; i < 6000; i++)
        forwards[i] = remembers(i);
    alone(state);
    sparse(3, 4);
    tell_many(7, 1000, 5000, true);
    for (unsigned i = 1000; i < 6000; i++)
        assert_int_equal(remembers(i), forwards[i]);
}

static void hearsay_never_takes_the_place_of_who_answered(void **state)
{
    (void)state;
    sparse(3, 4);
    remember(200, 48);
    tell_many(7, 1000, 20000, false);
    assert_int_equal(remembered_between(200, 248), 48);
    size_t hearsay = remembered_between(1000, 30000);
    assert_in_range(hearsay, 40, 44);
    remember(400, 500); /* those who answer are many as well, and share what is theirs */
    assert_int_equal(remembered_between(1000, 30000), hearsay);
    assert_in_range(remembered_between(200, 1000), 48, 52);
    assert_true(remembered_between(200, 248) < 20);
}

static void who_answers_gets_half_of_a_full_memory(void **state)
{
    (void)state;
    sparse(3, 4);
    tell_many(7, 1000, 20000, false);
    assert_int_equal(remembered_between(1000, 30000), OVERLAY_REMEMBERED_4 - 4);
    remember(200, 60);
    assert_in_range(remembered_between(1000, 30000), 44, 48);
    assert_true(remembered_between(200, 260) >= 44);
}

/* Two crowds that never met may know of each other by what a user typed, and by that alone. */
static void who_the_user_named_stays(void **state)
{
    (void)state;
    sparse(3, 4);
    remember(200, 200);
    tell_many(7, 1000, 5000, false);
    for (unsigned i = 7000; i < 7000 + OVERLAY_NAMED + 2; i++) {
        struct overlay_address address = at(i);
        known(&address, OVERLAY_FROM_USER);
        for (int k = 0; k < 20; k++) /* hopeless */
            dial_fails(&address);
    }
    remember(10000, 1000);
    tell_many(7, 20000, 5000, true);
    assert_int_equal(remembered_between(7000, 7000 + OVERLAY_NAMED), OVERLAY_NAMED);
    assert_int_equal(remembered_between(0, 30000), OVERLAY_REMEMBERED_4);
}

static struct overlay_address awaited;
static size_t awaited_dials;

static void count_awaited(void)
{
    awaited_dials += dials(&awaited);
}

/* It was tried already: it is tried again, but not at once. */
static void what_the_user_named_in_vain_is_tried_again(void **state)
{
    (void)state;
    awaited = at(7000);
    awaited_dials = 0;
    known(&awaited, OVERLAY_FROM_USER_IN_VAIN);
    assert_int_equal(dials(&awaited), 0);
    tick();
    wait_looking(OVERLAY_CYCLE_MS / 2, count_awaited);
    assert_int_equal(awaited_dials, 0);
    wait_looking(5 * OVERLAY_CYCLE_MS, count_awaited);
    assert_int_equal(awaited_dials, 1);
    dial_fails(&awaited);
    awaited_dials = dials(&awaited); /* it may be due by now */
    wait_looking(MINUTE, count_awaited);
    assert_true(awaited_dials > 0);
}

/* What is dialled just to see who is there is let go, unless the user asked for it meanwhile. */
static void a_probe_that_the_user_wants_is_kept(void **state)
{
    for (int wanted = 0; wanted < 2; wanted++) {
        alone(state);
        sparse(3, 4);
        awaited = at(7000);
        awaited_dials = 0;
        known(&awaited, OVERLAY_FROM_MEMORY);
        while (awaited_dials == 0)
            wait_looking(OVERLAY_CYCLE_MS, count_awaited);
        if (wanted)
            known(&awaited, OVERLAY_FROM_USER);
        assert_int_equal(dials(&awaited), 0);
        up(900, 7000, OUT);
        assert_int_equal(closes(900, OVERLAY_WHY_ENOUGH), !wanted);
        assert_int_equal(sends(900, OVERLAY_ASK, NULL), wanted);
    }
}

static void forget(const struct overlay_address *address)
{
    struct overlay_event event = {.kind = OVERLAY_FORGET};
    event.forget = *address;
    give(&event);
}

static void what_leads_nowhere_for_long_is_forgotten(void **state)
{
    (void)state;
    sparse(3, 4);
    struct overlay_address heard = at(6000), named = at(7000), unknown = at(8000);
    known(&heard, OVERLAY_FROM_MEMORY);
    known(&named, OVERLAY_FROM_USER_IN_VAIN);
    assert_true(remembers(6000));
    forget(&heard);
    forget(&named);
    forget(&unknown);
    assert_false(remembers(6000));
    assert_true(remembers(7000));
}

static void the_chance_of_a_dial_is_known(void **state)
{
    (void)state;
    struct overlay_address here = at(7), group = ipv4(224, 0, 0, 1), nowhere = {{0}, 0};
    assert_int_equal(overlay_chance(&overlay, &nowhere), OVERLAY_CHANCE_NONE);
    assert_int_equal(overlay_chance(&overlay, &group), OVERLAY_CHANCE_NONE);
    assert_int_equal(overlay_chance(&overlay, &here), OVERLAY_CHANCE_GOOD);
    known(&here, OVERLAY_FROM_USER);
    assert_int_equal(dials(&here), 1);
    assert_int_equal(overlay_chance(&overlay, &here), OVERLAY_CHANCE_UNDERWAY);
    up(1, 7, OUT);
    assert_int_equal(overlay_chance(&overlay, &here), OVERLAY_CHANCE_LINKED);
    struct overlay_address beside = here, other = here;
    beside.port++;
    other.port += 2;
    up_from(2, 8, IN, &beside);
    assert_int_equal(overlay_chance(&overlay, &other), OVERLAY_CHANCE_CROWDED);
    for (unsigned i = 0; i < OVERLAY_DIALS; i++) {
        struct overlay_address one = at(1000 + i);
        assert_int_equal(overlay_chance(&overlay, &one), OVERLAY_CHANCE_GOOD);
        known(&one, OVERLAY_FROM_USER);
    }
    struct overlay_address last = at(2000);
    assert_int_equal(overlay_chance(&overlay, &last), OVERLAY_CHANCE_LATER);
    known(&last, OVERLAY_FROM_USER);
    assert_int_equal(dials(&last), 0);
}

/* The hopeless give way, and whoever answers is not hopeless. */
static void who_never_answers_is_forgotten_for_others(void **state)
{
    (void)state;
    sparse(3, 4);
    remember(200, 200);
    tell_many(7, 1000, 1000, false);
    unsigned number = 1000;
    while (!remembers(number))
        number++;
    struct overlay_address address = at(number);
    for (int i = 0; i < 15; i++)
        dial_fails(&address);
    tell_many(7, 2000, 12, false);
    bool kept = remembers(number);
    dial_fails(&address);
    unsigned before = (unsigned)remembered_between(5000, 5012);
    tell_many(7, 5000, 12, false);
    assert_true(kept);
    assert_false(remembers(number));
    assert_true(remembered_between(5000, 5012) > before);
}

static void families_do_not_take_each_others_places(void **state)
{
    (void)state;
    sparse(3, 4);
    remember(200, 90);
    for (unsigned i = 0; i < 200; i++) {
        struct overlay_address address = {{0x20, 0x01, [15] = (uint8_t)i}, 9999};
        known(&address, OVERLAY_FROM_MEMORY);
    }
    assert_int_equal(remembered_between(200, 290), 90 - 1);
    size_t ipv6 = 0;
    for (size_t i = 0; i < OVERLAY_REMEMBERED_6; i++)
        ipv6 += overlay.memory.ipv6[i][0] == 0x20;
    assert_int_equal(ipv6, OVERLAY_REMEMBERED_6);
}

static size_t probes;

/* All in vain. */
static void count_dials(void)
{
    struct overlay_address failed[OVERLAY_DIALS];
    size_t count = 0;
    for (size_t i = 0; i < effects.count; i++) {
        if (effects.list[i].kind == OVERLAY_DIAL)
            failed[count++] = effects.list[i].dial;
    }
    probes += count;
    for (size_t i = 0; i < count; i++)
        dial_fails(&failed[i]);
}

/* Often at first, then each every five minutes, and never no more. */
static void remembered_addresses_are_tried_for_ever(void **state)
{
    (void)state;
    linked(3, 0);
    remember(200, 5);
    probes = 0;
    wait_looking(10 * MINUTE, count_dials);
    assert_in_range(probes, 5 * 12, 5 * 20);
    wait_looking(300 * MINUTE, count_dials);
    probes = 0;
    wait_looking(60 * MINUTE, count_dials);
    assert_in_range(probes, 5 * 10, 5 * 12);
}

/* In a large mesh it is one address in three cycles, whoever fails: among many who answer, those
 * who are cut off must not wait until all others were tried. */
static void a_large_mesh_tries_few_and_even_those_who_fail(void **state)
{
    (void)state;
    unsigned all = 0;
    unsigned tried = 0;
    sparse(3, 4);
    remember(200, 60);
    for (unsigned cycle = 0; cycle < 900; cycle++) {
        for (unsigned i = 700; i < 712; i++)
            beacon(i, overlay_component(&overlay));
        now = overlay_due(&overlay);
        tick();
        for (size_t i = 0; i < OVERLAY_DIALS; i++) {
            struct overlay_address address = overlay.dials[i].address;
            unsigned number = address.ip[14] * 256u + address.ip[15];
            bool cut_off = number >= 200 && number < 210; /* all others answer */
            if (address.port == 0)
                continue;
            all++;
            tried += cut_off;
            if (cut_off)
                dial_fails(&address);
            else
                up(1000 + all, number, OUT);
        }
    }
    assert_in_range(all, 240, 360);
    assert_in_range(tried, 25, 65); /* ten of about seventy addresses */
}

/* ---- beats and healing ---- */

static void expect_component(unsigned number)
{
    struct id id = who(number);
    assert_true(id_equal(overlay_component(&overlay), &id));
}

static void until_void(void)
{
    while (!overlay.candidate_at) {
        now = overlay_due(&overlay);
        tick();
    }
}

static void the_next_lowest_takes_over(void **state)
{
    (void)state;
    linked(2, 0);
    beats(1, 300, 7);
    wait_ms(29 * SECOND);
    expect_component(300);
    until_void();
    expect_component(300);
    up(5, 5, IN);
    asks(5, OVERLAY_LOW);
    assert_int_equal(sends(5, OVERLAY_BEAT, NULL), 0); /* the last word of someone gone */
    now = overlay_due(&overlay);
    tick();
    expect_component(500);
    assert_int_equal(sends(ANY, OVERLAY_BEAT, NULL), 3);
    beats(1, 300, 7); /* replayed */
    expect_component(500);
    beats(1, 300, 8);
    expect_component(300);
}

static void in_between_anyone_lower_takes_over(void **state)
{
    (void)state;
    linked(2, 0);
    beats(1, 300, 7);
    until_void();
    beats(1, 300, 7);
    assert_int_equal(effects.count, 0);
    beats(1, 450, 1);
    expect_component(450);
    assert_int_equal(sends(2, OVERLAY_BEAT, NULL), 1);
    until_void();
    beats(1, 600, 1); /* we are lower, and alive */
    expect_component(500);
    assert_int_equal(sends(1, OVERLAY_BEAT, NULL), 1);
    beats(1, 450, 1);
    beats(2, 300, 6);
    expect_component(500);
}

static void beats_of_ever_lower_identities_are_bounded(void **state)
{
    (void)state;
    size_t passed = 0;
    linked(2, 0);
    for (unsigned i = 499; i > 300; i--) {
        beats(1, i, 1);
        passed += sends(2, OVERLAY_BEAT, NULL);
    }
    assert_int_equal(passed, OVERLAY_BEATS);
}

static void a_lasting_difference_makes_one_link(void **state)
{
    (void)state;
    struct id foreign = who(300);
    struct overlay_address there = at(50);
    sparse(3, 4);
    overlay.cycle_at = now + 60 * MINUTE; /* nothing else happens */
    uint64_t began = now;
    beacon(50, &foreign);
    assert_int_equal(effects.count, 0);
    assert_in_range(overlay_due(&overlay), began + 10 * SECOND, began + 15 * SECOND);
    uint64_t due = overlay_due(&overlay);
    beacon(51, &foreign);
    assert_int_equal(overlay_due(&overlay), due);
    now = began + 10 * SECOND - 1;
    tick();
    assert_int_equal(effects.count, 0);
    now = due;
    tick();
    assert_int_equal(dials(&there), 1);
    up_in(50, 50, OUT, &there, &foreign);
    const struct overlay_message *ask = NULL;
    assert_int_equal(sends(50, OVERLAY_ASK, &ask), 1);
    assert_int_equal(ask->ask, OVERLAY_HEAL);
    uint64_t healed = now;
    beacon(51, &foreign);
    now += 15 * SECOND;
    tick();
    assert_int_equal(dials(NULL), 0);
    assert_in_range(overlay_due(&overlay), healed + 29 * SECOND, healed + 31 * SECOND);
    now = healed + 31 * SECOND;
    tick();
    assert_int_equal(dials(NULL), 1);
}

static void a_difference_that_ends_makes_none(void **state)
{
    (void)state;
    struct id foreign = who(300);
    struct id ours;
    sparse(3, 4);
    overlay.cycle_at = now + 60 * MINUTE;
    ours = *overlay_component(&overlay);
    beacon(50, &foreign);
    beacon(51, &ours); /* somebody else's says nothing about that one */
    assert_true(overlay.heal_at != 0);
    beacon(50, &ours);
    assert_true(overlay.heal_at == 0);
    beacon(50, &foreign);
    beats(1, 300, 1); /* now we are of that component ourselves */
    assert_true(overlay.heal_at == 0);
    now += MINUTE;
    tick();
    assert_int_equal(dials(NULL), 0);
}

static void healing_goes_before_bounds_but_seldom(void **state)
{
    (void)state;
    struct id foreign = who(300);
    struct id ours;
    struct overlay_address there;
    sparse(3, 5);
    ours = *overlay_component(&overlay);
    for (unsigned i = 20; i < 80; i++) {
        bool first = i == 20 || i == 50;
        there = at(i);
        up_in(i, i, IN, &there, &foreign);
        asks(i, OVERLAY_HEAL);
        assert_true(answered(i, first));
        assert_int_equal(overlay_active(&overlay), 8);
        now += SECOND;
    }
    now += MINUTE;
    there = at(90);
    up_in(90, 90, IN, &there, &ours); /* it only says so */
    asks(90, OVERLAY_HEAL);
    assert_true(answered(90, false));
    there = at(91);
    up_in(91, 91, OUT, &there, &foreign);
    assert_int_equal(sends(91, OVERLAY_ASK, NULL), 1);
    there = at(92);
    up_in(92, 92, OUT, &there, &foreign);
    assert_true(closes(92, OVERLAY_WHY_ENOUGH));
    answers(91, true);
    assert_true(overlay_is_active(&overlay, 91));
    assert_int_equal(overlay_active(&overlay), 8);
}

/* ---- floods ---- */

static void walks(uint32_t link, unsigned number, uint8_t ttl)
{
    struct overlay_message message = {.kind = OVERLAY_WALK};
    message.walk.who = told(number);
    message.walk.ttl = ttl;
    says(link, &message);
}

static void a_flood_of_walks_is_bounded(void **state)
{
    (void)state;
    size_t passed = 0;
    size_t dialled = 0;
    sparse(3, 4);
    for (unsigned i = 0; i < 1000; i++) {
        walks(7, 1000 + i, (uint8_t)i);
        passed += sends(ANY, OVERLAY_WALK, NULL);
        dialled += dials(NULL);
    }
    assert_in_range(passed, OVERLAY_WALKS - 8, OVERLAY_WALKS);
    assert_true(dialled <= OVERLAY_WALK_DIALS);
    alone(state);
    sparse(3, 4);
    dialled = 0;
    for (unsigned i = 0; i < 1000; i++) {
        walks(7, 1000 + i, 0);
        dialled += dials(NULL);
    }
    assert_int_equal(dialled, OVERLAY_WALK_DIALS);
}

static void a_flood_of_shuffles_is_answered_once(void **state)
{
    (void)state;
    size_t answers_sent = 0;
    sparse(3, 4);
    for (unsigned i = 0; i < 1000; i++) {
        struct overlay_list list = {255, {told(1000 + i)}}; /* more than there can be */
        tells(7, OVERLAY_SHUFFLE, &list);
        answers_sent += sends(ANY, OVERLAY_SHUFFLED, NULL);
    }
    assert_int_equal(answers_sent, 1);
    assert_true(overlay.spare_count <= OVERLAY_SPARES);
}

/* Before it has a place, and out of turn, a neighbour can do nothing but leave. */
static void messages_out_of_turn_do_nothing(void **state)
{
    (void)state;
    sparse(3, 4);
    up(20, 20, IN);
    for (int kind = OVERLAY_ANSWER; kind <= OVERLAY_BEAT; kind++) {
        struct overlay_message message = {.kind = (enum overlay_message_kind)kind};
        if (kind == OVERLAY_ANSWER)
            message.answer.yes = true;
        if (kind == OVERLAY_WALK)
            message.walk.who = told(60);
        if (kind == OVERLAY_BEAT)
            message.beat = (struct overlay_beat){.id = who(2), .counter = 1};
        says(20, &message);
        assert_int_equal(effects.count, 0);
    }
    assert_false(overlay_is_active(&overlay, 20));
    asks(1, OVERLAY_JOIN); /* it has its place; and we dialled it */
    asks(5, OVERLAY_JOIN);
    answers(1, false);
    assert_int_equal(effects.count, 0);
    assert_int_equal(overlay_active(&overlay), 7);
    parts(77, OVERLAY_WHY_LEFT); /* nobody's link */
    down(77);
    assert_int_equal(effects.count, 0);
}

/* Whatever comes in whatever order: bounds hold, and no turn has more effects than it may. */
static void noise_breaks_nothing(void **state)
{
    static const size_t noises = 200000;
    size_t most = 0;
    alone(state);
    for (size_t i = 0; i < noises; i++) {
        uint32_t link = overlay.links[sys_random_below(&sys, OVERLAY_LINKS)].link;
        unsigned number = (unsigned)sys_random_below(&sys, 60);
        struct overlay_message message = {
            .kind = (enum overlay_message_kind)sys_random_below(&sys, OVERLAY_PART + 1)};
        struct id component = who(290 + number);
        struct overlay_address address = at(number);
        now += sys_random_below(&sys, 400);
        switch (sys_random_below(&sys, 8)) {
        case 0:
        case 1:
            up_in((uint32_t)i + 100, number, number % 2, &address, &component);
            break;
        case 2:
            down(link);
            break;
        case 3:
            dial_fails(&address);
            break;
        case 4:
            beacon(number, &component);
            break;
        case 5:
            tick();
            break;
        default:
            if (message.kind == OVERLAY_BEAT)
                message.beat = (struct overlay_beat){.id = component, .counter = i};
            if (message.kind == OVERLAY_WALK)
                message.walk.who = told(number);
            if (message.kind == OVERLAY_ASK)
                message.ask = (enum overlay_priority)(number % 4);
            if (message.kind == OVERLAY_ANSWER)
                message.answer.yes = number % 3;
            says(link, &message);
        }
        most = effects.count > most ? effects.count : most;
        assert_true(overlay_active(&overlay) <= OVERLAY_MESH);
        assert_true(id_compare(overlay_component(&overlay), &overlay.self) <= 0);
    }
    assert_in_range(most, 10, OVERLAY_EFFECTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(addresses_are_told_where_they_mean_something, alone),
        cmocka_unit_test_setup(nonsense_is_not_learned, alone),
        cmocka_unit_test_setup(spares_are_fresh, alone),
        cmocka_unit_test_setup(memory_is_an_even_sample, alone),
        cmocka_unit_test_setup(hearsay_never_takes_the_place_of_who_answered, alone),
        cmocka_unit_test_setup(who_answers_gets_half_of_a_full_memory, alone),
        cmocka_unit_test_setup(who_the_user_named_stays, alone),
        cmocka_unit_test_setup(what_the_user_named_in_vain_is_tried_again, alone),
        cmocka_unit_test_setup(a_probe_that_the_user_wants_is_kept, alone),
        cmocka_unit_test_setup(what_leads_nowhere_for_long_is_forgotten, alone),
        cmocka_unit_test_setup(the_chance_of_a_dial_is_known, alone),
        cmocka_unit_test_setup(who_never_answers_is_forgotten_for_others, alone),
        cmocka_unit_test_setup(families_do_not_take_each_others_places, alone),
        cmocka_unit_test_setup(remembered_addresses_are_tried_for_ever, alone),
        cmocka_unit_test_setup(a_large_mesh_tries_few_and_even_those_who_fail, alone),
        cmocka_unit_test_setup(the_next_lowest_takes_over, alone),
        cmocka_unit_test_setup(in_between_anyone_lower_takes_over, alone),
        cmocka_unit_test_setup(beats_of_ever_lower_identities_are_bounded, alone),
        cmocka_unit_test_setup(a_lasting_difference_makes_one_link, alone),
        cmocka_unit_test_setup(a_difference_that_ends_makes_none, alone),
        cmocka_unit_test_setup(healing_goes_before_bounds_but_seldom, alone),
        cmocka_unit_test_setup(a_flood_of_walks_is_bounded, alone),
        cmocka_unit_test_setup(a_flood_of_shuffles_is_answered_once, alone),
        cmocka_unit_test_setup(messages_out_of_turn_do_nothing, alone),
        cmocka_unit_test_setup(noise_breaks_nothing, alone),
    };
    return cmocka_run_group_tests_name("overlay_known", tests, NULL, NULL);
}
