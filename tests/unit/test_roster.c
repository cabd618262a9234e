/* People: who is who, who is there, and what strangers can make us keep. */
#include "unit.h"

#include "base/alloc.h"
#include "core/roster.h"

#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS (UINT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)
#define NOW (UINT64_C(20000) * DAY_MS)

static const struct overlay_address nowhere;

/* The id whose text begins with these characters. */
static struct id id_like(const char *start)
{
    char text[ID_TEXT];
    memset(text, 'a', sizeof text - 1);
    memcpy(text, start, strlen(start));
    text[ID_TEXT - 1] = '\0';
    struct id id;
    assert_true(id_parse(text, &id));
    return id;
}

static struct roster *roster_like(const char *self)
{
    struct sys_fake world = {.seed = 7};
    struct sys sys = sys_fake(&world);
    struct id id = id_like(self);
    return roster_new(&id, &sys);
}

static struct person *add(struct roster *roster, const char *start, const char *name)
{
    struct id id = id_like(start);
    struct person *person = roster_add(roster, &id, false, NOW);
    assert_non_null(person);
    (void)roster_name_set(roster, person, span_text(name));
    return person;
}

static struct person *guest(struct roster *roster, const struct person *host, const char *name,
                            const char *dialect)
{
    struct person *person =
        roster_guest_add(roster, &host->id, span_text(name), span_text(dialect));
    assert_non_null(person);
    roster_here(roster, person, NOW);
    return person;
}

static void assert_label(const struct roster *roster, const struct person *person,
                         const char *expected)
{
    char label[LABEL_BYTES];
    roster_label(roster, person, label);
    assert_string_equal(label, expected);
}

static void assert_finds(const struct roster *roster, const char *typed,
                         const struct person *expected)
{
    struct roster_match match;
    assert_int_equal(roster_find(roster, span_text(typed), &match), ROSTER_ONE);
    assert_int_equal(match.count, 1);
    assert_ptr_equal(match.people[0], expected);
}

static void assert_finds_many(const struct roster *roster, const char *typed, size_t expected)
{
    struct roster_match match;
    assert_int_equal(roster_find(roster, span_text(typed), &match), ROSTER_MANY);
    assert_int_equal(match.total, expected);
}

static void assert_finds_nobody(const struct roster *roster, const char *typed)
{
    struct roster_match match;
    assert_int_equal(roster_find(roster, span_text(typed), &match), ROSTER_NONE);
    assert_int_equal(match.count, 0);
}

/* ---- names ---- */

static void namesakes_carry_their_tags_and_nobody_else_does(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *ana = add(roster, "k7fq", "ana");
    struct person *bruno = add(roster, "brun", "bruno");
    assert_label(roster, ana, "ana");
    struct person *other = add(roster, "zzzz", "ＡＮＡ ");
    assert_label(roster, ana, "ana~k7fq");
    assert_label(roster, other, "ＡＮＡ ~zzzz");
    assert_label(roster, bruno, "bruno");
    (void)roster_name_set(roster, other, span_text("eva"));
    assert_label(roster, ana, "ana");
    (void)roster_name_set(roster, other, span_text("A\u200bna"));
    assert_label(roster, ana, "ana~k7fq");
    roster_forget(roster, other);
    assert_label(roster, ana, "ana");
    (void)roster_name_set(roster, roster_self(roster), span_text("Ana"));
    assert_label(roster, ana, "ana~k7fq");
    assert_label(roster, roster_self(roster), "Ana~self");
    roster_free(roster);
}

static void equal_tags_grow_until_they_differ(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *one = add(roster, "k7fqaaab", "ana");
    struct person *two = add(roster, "k7fqaaac", "ana");
    struct person *three = add(roster, "zzzz", "ana");
    assert_label(roster, one, "ana~k7fqaaab");
    assert_label(roster, two, "ana~k7fqaaac");
    assert_label(roster, three, "ana~zzzz");
    assert_finds(roster, "ana~k7fqaaab", one);
    assert_finds(roster, "ana~zzzz", three);
    assert_finds_many(roster, "ana~k7fq", 2);
    assert_finds_many(roster, "ana", 3);
    roster_free(roster);
}

static void a_name_cannot_pretend_to_have_a_tag(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *ana = add(roster, "k7fq", "ana");
    struct person *liar = add(roster, "zzzz", "ana~k7fq");
    struct person *wide = add(roster, "yyyy", "ana～k7fq");
    struct person *bare = add(roster, "xxxx", "~k7fq");
    assert_label(roster, liar, "ana~k7fq~zzzz");
    assert_label(roster, wide, "ana～k7fq~yyyy");
    assert_label(roster, bare, "~k7fq~xxxx");
    assert_finds(roster, "ana~k7fq", ana);
    assert_finds(roster, "~k7fq", ana);
    assert_finds(roster, "ana~k7fq~zzzz", liar);
    roster_forget(roster, ana);
    assert_finds_nobody(roster, "ana~k7fq");
    assert_finds_nobody(roster, "~k7fq");
    roster_free(roster);
}

static void a_name_cannot_pretend_to_be_an_id(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    char text[ID_TEXT];
    struct person *ana = add(roster, "k7fq", "ana");
    id_text(&ana->id, text);
    struct person *liar = add(roster, "zzzz", text);
    assert_finds(roster, text, ana);
    roster_forget(roster, ana);
    assert_finds_nobody(roster, text);
    (void)liar;
    roster_free(roster);
}

static void names_that_show_nothing_are_no_names(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *nobody = add(roster, "k7fqbcde", "");
    assert_label(roster, nobody, "~k7fqbcde");
    (void)roster_name_set(roster, nobody, span_text("\u200b\u2060 "));
    assert_label(roster, nobody, "~k7fqbcde");
    (void)roster_name_set(roster, nobody, span_of("bru\0no", 6));
    assert_label(roster, nobody, "bru");
    char longer[101];
    memset(longer, 'x', 100);
    longer[100] = '\0';
    (void)roster_name_set(roster, nobody, span_text(longer));
    assert_int_equal(strlen(nobody->name), PERSON_NAME_MAX);
    roster_free(roster);
}

static void a_taken_name_is_warned_of_once(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *ana = add(roster, "k7fq", "ana");
    struct person *eva = add(roster, "evaa", "eva");
    struct id id = id_like("zzzz");
    struct person *new = roster_add(roster, &id, false, NOW);
    assert_ptr_equal(roster_name_set(roster, new, span_text("Ana")), ana);
    assert_null(roster_name_set(roster, new, span_text("Ana")));
    assert_null(roster_name_set(roster, new, span_text("zoe")));
    assert_null(roster_name_set(roster, new, span_text("ana")));
    assert_ptr_equal(roster_name_set(roster, new, span_text("EVA")), eva);
    assert_null(roster_name_set(roster, new, span_text("ana")));
    /* Guests have no key that anybody could pretend to. */
    guest(roster, ana, "carlos", "named");
    assert_null(roster_name_set(roster, new, span_text("carlos")));
    (void)roster_name_set(roster, roster_self(roster), span_text("me"));
    assert_ptr_equal(roster_name_set(roster, new, span_text("ME")), roster_self(roster));
    roster_free(roster);
}

static void an_alias_is_shown_and_the_name_still_found(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *bruno = add(roster, "brun", "bruno");
    assert_false(person_vouched(bruno));
    roster_alias_set(roster, bruno, span_text("the boss"));
    assert_true(person_vouched(bruno));
    assert_label(roster, bruno, "the boss");
    assert_finds(roster, "The  BOSS", bruno);
    assert_finds(roster, "bruno", bruno);
    struct person *other = add(roster, "othe", "bruno");
    assert_label(roster, other, "bruno");
    assert_finds(roster, "bruno", other);
    roster_alias_set(roster, bruno, span_text("\u200b"));
    assert_null(bruno->more);
    assert_false(person_vouched(bruno));
    assert_label(roster, other, "bruno~othe");
    assert_finds_many(roster, "bruno", 2);
    roster_free(roster);
}

static void beginnings_mean_someone_only_where_one_person_has_them(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *daniel = add(roster, "qqqq", "Daniel");
    struct person *elisa = add(roster, "eeee", "Élisa");
    assert_finds(roster, "dan", daniel);
    assert_finds(roster, "é", elisa);
    assert_finds_nobody(roster, "li");
    add(roster, "rrrr", "danilo");
    assert_finds_many(roster, "dan", 2);
    assert_finds(roster, "danie", daniel);
    /* The four letters are somebody's tag as well. */
    struct person *tagged = add(roster, "dani", "x");
    assert_finds_many(roster, "dani", 3);
    assert_finds(roster, "~DANI", tagged);
    assert_finds_nobody(roster, "");
    assert_finds_nobody(roster, " ");
    assert_finds_nobody(roster, "~");
    assert_finds_nobody(roster, "nobody~dani");
    roster_free(roster);
}

static void many_namesakes_stay_apart_at_a_bounded_price(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    char start[9];
    for (unsigned i = 0; i < 300; i++) {
        snprintf(start, sizeof start, "%c%c%c%c", 'a' + i % 26, 'b', 'a' + i / 26, 'x');
        add(roster, start, "ana");
    }
    char seen[300][LABEL_BYTES];
    size_t count = 0;
    for (struct person *one = NULL; (one = roster_next(roster, one)) != NULL;) {
        if (one->self)
            continue;
        roster_label(roster, one, seen[count]);
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(seen[i], seen[count]);
        count++;
    }
    assert_int_equal(count, 300);
    struct roster_match match;
    assert_int_equal(roster_find(roster, span_text("ana"), &match), ROSTER_MANY);
    assert_int_equal(match.count, ROSTER_MATCHES);
    assert_int_equal(match.total, 300);
    roster_free(roster);
}

/* ---- guests ---- */

static void guests_are_their_hosts_and_never_trusted(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *host = add(roster, "host", "carla");
    struct person *carlos = guest(roster, host, "carlos", "named");
    assert_ptr_equal(guest(roster, host, "carlos", "named"), carlos);
    assert_label(roster, carlos, "carlos");
    roster_verify(roster, carlos, true);
    roster_whispered(roster, carlos);
    roster_alias_set(roster, carlos, span_text("charly"));
    assert_int_equal(person_trust(carlos), TRUST_SEEN);
    assert_false(person_vouched(carlos));
    assert_ptr_equal(guest(roster, host, "carlos", "named"), carlos);
    roster_alias_set(roster, carlos, span_text(""));
    roster_block(roster, carlos, true);
    assert_int_equal(person_trust(carlos), TRUST_BLOCKED);
    assert_true(person_muted(carlos));
    assert_null(roster_name_set(roster, carlos, span_text("ana")));
    assert_string_equal(carlos->name, "carlos");
    assert_ptr_equal(roster_person(roster, &carlos->id), host);
    roster_free(roster);
}

static void a_guest_is_never_taken_for_its_host_or_a_namesake(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *ana = add(roster, "k7fq", "ana");
    struct person *named = guest(roster, ana, "ana", "named");
    assert_label(roster, ana, "ana~k7fq");
    assert_label(roster, named, "ana~k7fq.named");
    assert_finds(roster, "ana~k7fq", ana);
    assert_finds(roster, "ana~k7fq.named", named);
    struct person *piped = guest(roster, ana, "ana", "piped");
    assert_label(roster, piped, "ana~k7fq.piped");
    assert_finds(roster, "ana~k7fq.piped", piped);
    assert_finds_many(roster, "ana", 3);
    assert_finds(roster, "~k7fq", ana);
    /* Two hosts, one name. */
    struct person *eva = add(roster, "evaa", "eva");
    struct person *one = guest(roster, ana, "luis", "dated");
    struct person *two = guest(roster, eva, "luis", "dated");
    assert_label(roster, one, "luis~k7fq");
    assert_label(roster, two, "luis~evaa");
    roster_free(roster);
}

static void hosts_cannot_make_us_keep_all_their_guests(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *host = add(roster, "host", "carla");
    struct person *kept = guest(roster, host, "kept", "named");
    assert_true(roster_link_up(roster, kept, 1, &nowhere, FOUND_CALLED_US, NOW));
    struct person *honest = guest(roster, add(roster, "good", "good"), "honest", "named");
    roster_here(roster, honest, NOW);
    char name[32];
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "guest %d", i);
        guest(roster, host, name, "named");
    }
    assert_int_equal(roster_count(roster), 3 + ROSTER_HOST_GUESTS + 1);
    assert_ptr_equal(roster_guest(roster, &host->id, span_text("kept"), span_text("named")), kept);
    assert_non_null(roster_guest(roster, &honest->id, span_text("honest"), span_text("named")));
    for (int i = 0; i < 40000; i++) {
        struct id id = id_like("bbbb");
        memcpy(id.bytes, &(int){i / 200}, sizeof i);
        snprintf(name, sizeof name, "guest %d", i);
        (void)roster_guest_add(roster, &id, span_text(name), span_text("named"));
    }
    assert_int_equal(roster_count(roster), 3 + ROSTER_GUESTS);
    assert_ptr_equal(roster_guest(roster, &host->id, span_text("kept"), span_text("named")), kept);
    assert_null(roster_guest_add(roster, &host->id, span_of("a\0b", 3), span_text("named")));
    assert_null(roster_guest_add(roster, &host->id, span_text("\u200b"), span_text("named")));
    roster_free(roster);
}

/* ---- presence and links ---- */

static void one_person_on_several_links_is_one_row(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *ana = add(roster, "k7fq", "ana");
    struct overlay_address wire = {{0, 1}, 9999};
    struct overlay_address radio = {{0, 2}, 9999};
    size_t before = roster_count(roster);
    assert_int_equal(roster_presence(roster, ana, NOW), PRESENCE_GONE);
    assert_true(roster_link_up(roster, ana, 11, &wire, FOUND_BEACON, NOW));
    assert_true(roster_link_up(roster, ana, 12, &radio, FOUND_CALLED_US, NOW + 1));
    assert_int_equal(person_best_link(ana)->link, 11);
    roster_rtt(roster, ana, 12, 400);
    assert_int_equal(person_best_link(ana)->link, 12);
    roster_rtt(roster, ana, 11, 300);
    assert_int_equal(person_best_link(ana)->link, 11);
    roster_rtt(roster, ana, 11, 30000); /* once is nothing */
    roster_rtt(roster, ana, 12, 0);
    assert_int_equal(person_best_link(ana)->link, 12);
    roster_rtt(roster, ana, 99, 1);
    assert_int_equal(roster_count(roster), before);
    roster_link_down(roster, ana, 12, true, NOW + 5);
    assert_int_equal(roster_presence(roster, ana, NOW + 5), PRESENCE_LINKED);
    assert_int_equal(person_best_link(ana)->link, 11);
    roster_link_down(roster, ana, 99, true, NOW + 6);
    roster_link_down(roster, ana, 11, true, NOW + 7);
    assert_int_equal(roster_presence(roster, ana, NOW + 7), PRESENCE_GONE);
    assert_int_equal(ana->seen, NOW + 7);
    assert_null(person_best_link(ana));
    assert_int_equal(ana->more->address_count, 2);
    assert_memory_equal(&ana->more->addresses[0].address, &radio, sizeof radio);
    roster_free(roster);
}

static void links_and_addresses_of_one_person_are_bounded(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *ana = add(roster, "k7fq", "ana");
    for (uint32_t i = 0; i < 20; i++) {
        struct overlay_address address = {{0, 1}, (uint16_t)(1000 + i)};
        assert_int_equal(roster_link_up(roster, ana, i, &address, FOUND_TOLD, NOW),
                         i < PERSON_LINKS);
    }
    assert_int_equal(ana->more->address_count, PERSON_ADDRESSES);
    assert_int_equal(ana->more->addresses[0].address.port, 1000 + PERSON_LINKS - 1);
    struct overlay_address again = ana->more->addresses[PERSON_ADDRESSES - 1].address;
    roster_link_down(roster, ana, 0, true, NOW);
    assert_true(roster_link_up(roster, ana, 50, &again, FOUND_TOLD, NOW + 1));
    assert_int_equal(ana->more->address_count, PERSON_ADDRESSES);
    assert_int_equal(ana->more->addresses[0].address.port, again.port);
    for (uint32_t i = 0; i < 60; i++)
        roster_link_down(roster, ana, i, true, NOW);
    assert_int_equal(ana->more->link_count, 0);
    roster_free(roster);
}

static struct person_address *address_of(const struct person *person, size_t index)
{
    return &person->more->addresses[index];
}

/* Links that we dialled are counted; who called us is there, which says nothing of their door. */
static void addresses_have_a_history(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *ana = add(roster, "k7fq", "ana"), *zoe = add(roster, "zzzz", "zoe");
    struct overlay_address wire = {{0, 1}, 9999}, radio = {{0, 2}, 9999};
    assert_int_equal(roster_unreached(roster, ana, &wire, NOW), ROSTER_UNREACHED_NOT_THEIRS);
    assert_true(roster_link_up(roster, ana, 1, &wire, FOUND_TOLD, NOW));
    assert_true(roster_link_up(roster, ana, 2, &radio, FOUND_CALLED_US, NOW));
    assert_true(roster_link_up(roster, ana, 3, &wire, FOUND_BEACON, NOW + 1));
    assert_int_equal(address_of(ana, 0)->worked, 2);
    assert_int_equal(address_of(ana, 1)->worked, 0);
    assert_int_equal(roster_unreached(roster, zoe, &wire, NOW), ROSTER_UNREACHED_NOT_THEIRS);
    size_t kept = 0;
    for (uint64_t i = 0; i < 100; i++)
        kept += roster_unreached(roster, ana, &wire, NOW + 2 + i) == ROSTER_UNREACHED_KEEP;
    assert_int_equal(kept, 7); /* 1, 2, 4 .. 64: the disk is spared */
    assert_int_equal(address_of(ana, 0)->failed, 100);
    assert_int_equal(address_of(ana, 0)->since, NOW + 2);
    assert_int_equal(address_of(ana, 1)->failed, 0);
    /* It comes back with the person. */
    struct person_saved saved;
    person_save(ana, &saved);
    struct roster *again = roster_like("self");
    assert_true(roster_restore(again, &saved));
    struct person *back = roster_person(again, &ana->id);
    assert_memory_equal(back->more->addresses, ana->more->addresses, 2 * sizeof saved.addresses[0]);
    roster_free(again);
    /* Being called changes nothing, reaching them does. */
    assert_true(roster_link_up(roster, ana, 4, &wire, FOUND_CALLED_US, NOW + 200));
    assert_int_equal(address_of(ana, 0)->failed, 100);
    assert_int_equal(address_of(ana, 0)->at, NOW + 200);
    assert_true(roster_link_up(roster, ana, 5, &wire, FOUND_REMEMBERED, NOW + 300));
    assert_int_equal(address_of(ana, 0)->failed, 0);
    assert_int_equal(address_of(ana, 0)->since, 0);
    assert_int_equal(address_of(ana, 0)->worked, 3);
    roster_free(roster);
}

static void an_address_in_vain_for_30_days_is_forgotten(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *ana = add(roster, "k7fq", "ana");
    struct overlay_address wire = {{0, 1}, 9999}, radio = {{0, 2}, 9999};
    assert_true(roster_link_up(roster, ana, 1, &wire, FOUND_TOLD, NOW - 100 * DAY_MS));
    assert_true(roster_link_up(roster, ana, 2, &radio, FOUND_TOLD, NOW - 99 * DAY_MS));
    roster_link_down(roster, ana, 1, true, NOW);
    roster_link_down(roster, ana, 2, true, NOW);
    /* However long ago it worked: the days count from the first time that it did not. */
    assert_int_equal(roster_unreached(roster, ana, &wire, NOW), ROSTER_UNREACHED_KEEP);
    assert_int_equal(roster_unreached(roster, ana, &wire, NOW + 30 * DAY_MS),
                     ROSTER_UNREACHED_KEEP);
    assert_int_equal(ana->more->address_count, 2);
    assert_int_equal(roster_unreached(roster, ana, &wire, NOW + 30 * DAY_MS + 1),
                     ROSTER_UNREACHED_FORGOTTEN);
    assert_int_equal(ana->more->address_count, 1);
    assert_memory_equal(&address_of(ana, 0)->address, &radio, sizeof radio);
    assert_int_equal(roster_unreached(roster, ana, &wire, NOW), ROSTER_UNREACHED_NOT_THEIRS);
    /* A clock that was set back begins anew. */
    assert_int_equal(roster_unreached(roster, ana, &radio, NOW), ROSTER_UNREACHED_KEEP);
    assert_int_equal(roster_unreached(roster, ana, &radio, NOW - 50 * DAY_MS),
                     ROSTER_UNREACHED_KEEP);
    assert_int_equal(address_of(ana, 0)->since, NOW - 50 * DAY_MS);
    assert_int_equal(roster_unreached(roster, ana, &radio, NOW), ROSTER_UNREACHED_FORGOTTEN);
    assert_null(ana->more);
    roster_free(roster);
}

static void presence_follows_the_last_sign(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *ana = add(roster, "k7fq", "ana");
    roster_here(roster, ana, NOW);
    assert_int_equal(roster_presence(roster, ana, NOW + 1), PRESENCE_MESH);
    assert_int_equal(roster_presence(roster, ana, NOW + PRESENCE_SILENT_MS), PRESENCE_MESH);
    assert_int_equal(roster_presence(roster, ana, NOW + PRESENCE_SILENT_MS + 1), PRESENCE_GONE);
    assert_int_equal(roster_presence(roster, ana, NOW - DAY_MS), PRESENCE_MESH);
    roster_away(roster, ana, true, span_text("lunch"));
    assert_int_equal(roster_presence(roster, ana, NOW), PRESENCE_AWAY);
    assert_string_equal(ana->more->why, "lunch");
    roster_left(roster, ana, NOW + 1);
    assert_int_equal(roster_presence(roster, ana, NOW + 1), PRESENCE_GONE);
    roster_away(roster, ana, false, span_text("ignored"));
    assert_null(ana->more);
    roster_seen(roster, ana, NOW + DAY_MS, NOW + 10);
    assert_int_equal(ana->seen, NOW + 10);
    roster_seen(roster, ana, 5, NOW + 20);
    assert_int_equal(ana->seen, NOW + 10);
    assert_int_equal(roster_presence(roster, ana, NOW + 10), PRESENCE_GONE);
    /* A link that was given up for another says nothing about them. */
    assert_true(roster_link_up(roster, ana, 1, &nowhere, FOUND_TOLD, NOW + 20));
    roster_link_down(roster, ana, 1, false, NOW + 30);
    assert_int_equal(roster_presence(roster, ana, NOW + 30), PRESENCE_MESH);
    roster_free(roster);
}

static void guests_are_there_no_longer_than_their_host(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *host = add(roster, "host", "carla");
    struct person *far = guest(roster, host, "carlos", "named");
    struct person *near = guest(roster, roster_self(roster), "luis", "named");
    roster_here(roster, far, NOW);
    assert_int_equal(roster_presence(roster, far, NOW), PRESENCE_GONE);
    roster_here(roster, host, NOW);
    assert_int_equal(roster_presence(roster, far, NOW), PRESENCE_MESH);
    roster_left(roster, host, NOW);
    assert_int_equal(roster_presence(roster, far, NOW), PRESENCE_GONE);
    assert_true(roster_link_up(roster, near, 3, &nowhere, FOUND_CALLED_US, NOW));
    assert_int_equal(roster_presence(roster, near, NOW), PRESENCE_LINKED);
    roster_link_down(roster, near, 3, true, NOW);
    assert_int_equal(roster_presence(roster, near, NOW), PRESENCE_GONE);
    roster_free(roster);
}

/* ---- strangers ---- */

static void who_is_vouched_for(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *ana = add(roster, "k7fq", "ana");
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(roster_link_up(roster, ana, i, &nowhere, FOUND_BEACON, NOW + i * HOUR_MS));
        assert_false(person_vouched(ana));
    }
    assert_true(roster_link_up(roster, ana, 3, &nowhere, FOUND_BEACON, NOW + DAY_MS));
    assert_true(person_vouched(ana));
    struct person *eva = add(roster, "evaa", "eva");
    roster_verify(roster, eva, true);
    assert_true(person_vouched(eva));
    assert_int_equal(person_trust(eva), TRUST_VERIFIED);
    roster_block(roster, eva, true);
    assert_int_equal(person_trust(eva), TRUST_BLOCKED);
    roster_block(roster, eva, false);
    roster_verify(roster, eva, false);
    assert_false(person_vouched(eva));
    roster_ignore(roster, eva, true);
    assert_true(person_muted(eva));
    roster_whispered(roster, eva);
    assert_true(person_vouched(eva));
    roster_free(roster);
}

static struct id id_number(uint32_t number)
{
    struct id id = {{0}};
    memcpy(id.bytes, &number, sizeof number);
    id.bytes[31] = 1;
    return id;
}

static void strangers_are_bounded_and_friends_are_not_forgotten(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct person *friend = add(roster, "k7fq", "ana");
    roster_verify(roster, friend, true);
    struct person *linked = add(roster, "link", "bea");
    assert_true(roster_link_up(roster, linked, 1, &nowhere, FOUND_BEACON, NOW));
    struct person *blocked = add(roster, "blck", "bad");
    roster_block(roster, blocked, true);
    uint32_t number = 0;
    struct person *one;
    struct id id;
    while ((id = id_number(number), one = roster_add(roster, &id, false, NOW)) != NULL) {
        roster_seen(roster, one, NOW - 1000 + number % 1000, NOW);
        number++;
        assert_true(number <= ROSTER_STRANGERS);
    }
    assert_int_equal(number, ROSTER_STRANGERS - 2); /* bea and bad are strangers too */
    size_t full = roster_count(roster);
    /* Who is linked to us always gets in; the others once somebody was not seen for a week. */
    id = id_number(1000000);
    one = roster_add(roster, &id, true, NOW);
    assert_non_null(one);
    roster_here(roster, one, NOW);
    id = id_number(1000001);
    assert_null(roster_add(roster, &id, false, NOW));
    one = roster_add(roster, &id, false, NOW + PERSON_LATELY_MS + 1);
    assert_non_null(one);
    roster_here(roster, one, NOW + PERSON_LATELY_MS + 1);
    assert_int_equal(roster_count(roster), full);
    /* Whoever is vouched for makes room. */
    id = id_number(number - 1);
    one = roster_person(roster, &id);
    assert_non_null(one);
    roster_alias_set(roster, one, span_text("x"));
    id = id_number(1000002);
    one = roster_add(roster, &id, false, NOW);
    assert_non_null(one);
    roster_here(roster, one, NOW);
    id = id_number(1000003);
    assert_null(roster_add(roster, &id, false, NOW));
    assert_ptr_equal(roster_person(roster, &friend->id), friend);
    assert_ptr_equal(roster_person(roster, &linked->id), linked);
    assert_ptr_equal(roster_person(roster, &blocked->id), blocked);
    roster_free(roster);
}

static void the_table_holds_through_random_coming_and_going(void **state)
{
    (void)state;
    struct sys_fake world = {.seed = 42};
    struct sys sys = sys_fake(&world);
    struct roster *roster = roster_like("self");
    bool there[500] = {false};
    size_t count = 1;
    for (int step = 0; step < 40000; step++) {
        uint32_t number = (uint32_t)sys_random_below(&sys, 500);
        struct id id = id_number(number);
        struct person *person = roster_person(roster, &id);
        assert_int_equal(person != NULL, there[number]);
        if (person && sys_random_below(&sys, 2)) {
            roster_forget(roster, person);
            count--;
        } else {
            person = roster_add(roster, &id, false, NOW);
            count += !there[number];
            char name[8];
            snprintf(name, sizeof name, "n%u", (unsigned)sys_random_below(&sys, 40));
            (void)roster_name_set(roster, person, span_text(name));
        }
        there[number] = roster_person(roster, &id) != NULL;
        assert_int_equal(roster_count(roster), count);
    }
    /* Labels are all different, and each finds its owner. */
    for (struct person *one = NULL; (one = roster_next(roster, one)) != NULL;) {
        char label[LABEL_BYTES];
        roster_label(roster, one, label);
        struct roster_match match;
        enum roster_find found = roster_find(roster, span_text(label), &match);
        if (found == ROSTER_ONE)
            assert_ptr_equal(match.people[0], one);
        else
            assert_true(!strchr(label, '~') && found == ROSTER_MANY);
        assert_true(strchr(label, '~') == NULL || found == ROSTER_ONE);
    }
    roster_free(roster);
}

static void what_is_saved_comes_back(void **state)
{
    (void)state;
    struct roster *roster = roster_like("self");
    struct overlay_address wire = {{0, 1}, 9999};
    struct overlay_address radio = {{0, 2}, 9998};
    add(roster, "othe", "ana");
    struct person *ana = add(roster, "k7fq", "ana");
    roster_alias_set(roster, ana, span_text("anita"));
    assert_true(roster_link_up(roster, ana, 1, &wire, FOUND_BEACON, NOW));
    assert_true(roster_link_up(roster, ana, 2, &radio, FOUND_BEACON, NOW + 1));
    roster_block(roster, ana, true);
    struct person_saved saved;
    person_save(ana, &saved);
    struct roster *again = roster_like("self");
    struct person_saved other;
    struct id id = id_like("othe");
    person_save(roster_person(roster, &id), &other);
    assert_true(roster_restore(again, &other));
    assert_true(roster_restore(again, &saved));
    struct person *back = roster_person(again, &ana->id);
    assert_string_equal(back->name, "ana");
    assert_label(again, back, "anita");
    assert_int_equal(back->seen, NOW + 1);
    assert_int_equal(back->first_day, ana->first_day);
    assert_int_equal(person_trust(back), TRUST_BLOCKED);
    assert_int_equal(back->more->address_count, 2);
    assert_memory_equal(&back->more->addresses[0].address, &radio, sizeof radio);
    assert_int_equal(back->more->warned, ana->more->warned);
    assert_int_not_equal(back->more->warned, 0);
    assert_int_equal(back->more->link_count, 0);
    roster_free(roster);
    roster_free(again);
}

/* ---- memory ---- */

#if defined(__SANITIZE_ADDRESS__)
#define MEASURED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEASURED 0
#endif
#endif
#ifndef MEASURED
#define MEASURED 1
#endif

static void an_idle_author_costs_little(void **state)
{
    (void)state;
    if (!MEASURED) /* a sanitizer's own allocator counts otherwise; the other builds measure it */
        return;
    size_t before = mallinfo2().uordblks;
    struct roster *roster = roster_like("self");
    const uint32_t people = 9000;
    for (uint32_t i = 0; i < people; i++) {
        struct id id = id_number(i);
        struct person *person = roster_add(roster, &id, false, NOW);
        char name[24];
        snprintf(name, sizeof name, "somebody %u", (unsigned)i);
        (void)roster_name_set(roster, person, span_text(name));
        roster_here(roster, person, NOW);
    }
    size_t each = (mallinfo2().uordblks - before) / people;
    print_message("# %zu bytes for each known author\n", each);
    assert_in_range(each, 1, 159);
    roster_free(roster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(namesakes_carry_their_tags_and_nobody_else_does),
        cmocka_unit_test(equal_tags_grow_until_they_differ),
        cmocka_unit_test(a_name_cannot_pretend_to_have_a_tag),
        cmocka_unit_test(a_name_cannot_pretend_to_be_an_id),
        cmocka_unit_test(names_that_show_nothing_are_no_names),
        cmocka_unit_test(a_taken_name_is_warned_of_once),
        cmocka_unit_test(an_alias_is_shown_and_the_name_still_found),
        cmocka_unit_test(beginnings_mean_someone_only_where_one_person_has_them),
        cmocka_unit_test(many_namesakes_stay_apart_at_a_bounded_price),
        cmocka_unit_test(guests_are_their_hosts_and_never_trusted),
        cmocka_unit_test(a_guest_is_never_taken_for_its_host_or_a_namesake),
        cmocka_unit_test(hosts_cannot_make_us_keep_all_their_guests),
        cmocka_unit_test(one_person_on_several_links_is_one_row),
        cmocka_unit_test(links_and_addresses_of_one_person_are_bounded),
        cmocka_unit_test(addresses_have_a_history),
        cmocka_unit_test(an_address_in_vain_for_30_days_is_forgotten),
        cmocka_unit_test(presence_follows_the_last_sign),
        cmocka_unit_test(guests_are_there_no_longer_than_their_host),
        cmocka_unit_test(who_is_vouched_for),
        cmocka_unit_test(strangers_are_bounded_and_friends_are_not_forgotten),
        cmocka_unit_test(the_table_holds_through_random_coming_and_going),
        cmocka_unit_test(what_is_saved_comes_back),
        cmocka_unit_test(an_idle_author_costs_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
