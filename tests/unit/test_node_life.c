/* The life of a node: what is stored, restarts, a full disk, copies of oneself, what the screen
 * reads, and what it all weighs. */
#include "node_world.h"

#include "core/model.h"

#include <malloc.h>

/* ---- the disk ---- */

static void test_not_before_stored(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    ana->deaf = true;
    size_t stored = ana->own_stores;
    type(world, 0, "one");
    type(world, 0, "two");
    type(world, 0, "three");
    assert_int_equal(said_with(ana, "say "), 0);
    assert_int_equal(said_with(bruno, "say "), 0);
    ana->deaf = false;
    settle(world);
    assert_int_equal(said_with(bruno, "say #everyone ana "), 3);
    assert_int_equal(ana->own_stores - stored, 2); /* what waited went together */
    world_free(world);
}

static void test_disk_full(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    ana->full = true;
    ana->deaf = true;
    type(world, 0, "first");
    type(world, 0, "/me second");
    ana->deaf = false;
    settle(world);
    assert_int_equal(said_with(ana, "error disk-full"), 1);
    assert_int_equal(said_count(ana, "back #everyone - first"), 1);
    assert_int_equal(said_count(ana, "back #everyone - /me second"), 1);
    type(world, 0, "third");
    assert_int_equal(said_count(ana, "back #everyone - third"), 1);
    assert_int_equal(ana->line, 7);
    pass(world, 20000);
    assert_int_equal(ana->shown, 0);
    assert_int_equal(bruno->shown, 0);
    ana->full = false;
    give(world, 0, &(struct node_event){.kind = EVENT_DISK_BACK});
    type(world, 0, "fourth");
    pass(world, 2000);
    assert_int_equal(said_count(bruno, "say #everyone ana fourth"), 1);
    assert_int_equal(bruno->shown, 1);
    /* It went into an epoch of its own: nobody knows what the full disk really kept. */
    assert_int_equal(ana->last.seq, 1);
    world_free(world);
}

static void test_restart(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    type(world, 0, "/join #lab");
    type(world, 0, "/whisper bruno psst");
    type(world, 0, "/alias bruno jefe");
    type(world, 0, "before");
    struct entry_ref before = ana->last;
    pass(world, 10000);
    peer_kill(world, 0);
    settle(world);
    said_forget(ana);
    pass(world, 3000);
    peer_start(world, 0);
    ana->reachable = false;
    assert_int_equal(ana->shown, 0);
    type(world, 0, "after");
    assert_int_equal(said_count(ana, "say #everyone ana after"), 1);
    assert_false(epoch_equal(&before.epoch, &ana->last.epoch));
    assert_int_equal(ana->last.seq, 1);
    const struct kept *kept = disk_find(&ana->disk, &ana->last);
    assert_memory_equal(&kept->record.entry->fields.last.epoch, &before.epoch, EPOCH_BYTES);
    assert_int_equal(kept->record.entry->fields.last.seq, before.seq);
    pass(world, 4000); /* she knows where Bruno was */
    assert_int_equal(said_count(bruno, "say #everyone ana after"), 1);
    assert_int_equal(ana->shown, 1); /* nothing old comes again */
    type(world, 0, "/rooms");
    assert_int_equal(said_count(ana, "room #lab joined "), 1);
    type(world, 0, "/peers");
    assert_int_equal(said_count(ana, "peer - jefe "), 1);
    world_free(world);
}

/* A crash between the commit and its ack: the ack is made up for. */
/* How well an address did is kept with the person, and ends after 30 days in vain: nobody dials it
 * then. */
static void test_address_history(void **state)
{
    (void)state;
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    peer_add(world, "bruno", "lan");
    peer_start(world, 0);
    peer_start(world, 1);
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    struct node_event event = {.kind = EVENT_ADDRESS};
    event.address.address =
        (struct overlay_address){.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1}, .port = 9001};
    event.address.found = FOUND_REMEMBERED;
    give(world, 0, &event);
    pass(world, 30000);
    assert_int_equal(links_open(world), 1);
    assert_int_equal(ana->disk.person_count, 1);
    const struct person_saved *kept = &ana->disk.people[0].person;
    assert_int_equal(kept->address_count, 1);
    assert_int_equal(kept->addresses[0].worked, 1);
    assert_int_equal(kept->addresses[0].failed, 0);
    peer_kill(world, 1);
    pass(world, 600000);
    assert_in_range(kept->addresses[0].failed, 4, 64);
    uint64_t since = kept->addresses[0].since;
    assert_in_range(since, UINT64_C(1700000000000) + 30000, UINT64_C(1700000000000) + 60000);
    /* It begins where it was, and is tried at once. */
    peer_kill(world, 0);
    peer_start(world, 0);
    uint32_t failed = kept->addresses[0].failed;
    pass(world, 600000);
    assert_int_equal(kept->addresses[0].since, since);
    assert_true(kept->addresses[0].failed > failed);
    ana->wall = INT64_C(31) * 24 * 3600 * 1000;
    pass(world, 600000);
    assert_int_equal(kept->address_count, 0);
    ana->reachable = false; /* he still knows where she was */
    peer_start(world, 1);
    pass(world, 1200000);
    assert_int_equal(links_open(world), 0);
    assert_true(bruno->disk.people[0].person.addresses[0].failed > 0);
    world_free(world);
}

/* Where Bruno was, Carla is now: that is one try in vain for Bruno. */
static void test_address_of_another(void **state)
{
    (void)state;
    struct world *world = world_new();
    for (size_t i = 0; i < 3; i++)
        peer_add(world, i == 0 ? "ana" : i == 1 ? "bruno" : "carla", "lan");
    peer_start(world, 0);
    peer_start(world, 1);
    hear(world, 0, 1);
    pass(world, 3000);
    peer_kill(world, 1);
    world->peers[1].identity = world->peers[2].identity;
    world->peers[1].name = "carla";
    disk_done(&world->peers[1].disk);
    world->peers[1].disk = (struct disk){0};
    pass(world, 100);
    uint32_t failed = world->peers[0].disk.people[0].person.addresses[0].failed;
    peer_start(world, 1);
    pass(world, 120000);
    assert_int_equal(said_with(&world->peers[0], "up here carla"), 1);
    const struct disk *disk = &world->peers[0].disk;
    assert_int_equal(disk->person_count, 2);
    assert_string_equal((const char *)disk->people[0].person.name.bytes, "bruno");
    assert_true(disk->people[0].person.addresses[0].failed > failed);
    assert_int_equal(disk->people[0].person.addresses[0].worked, 1);
    assert_int_equal(disk->people[1].person.addresses[0].failed, 0);
    assert_int_equal(disk->people[1].person.addresses[0].worked, 1);
    world_free(world);
}

static void test_ack_after_crash(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    type(world, 0, "hola");
    pass(world, 1000);
    peer_kill(world, 1);
    bruno->disk.ack_count = 0;
    settle(world);
    memset(&ana->receipt, 0, sizeof ana->receipt);
    peer_kill(world, 0);
    ana->disk.ack_count = 0;
    peer_start(world, 0);
    peer_start(world, 1);
    hear(world, 0, 1);
    pass(world, 4000);
    size_t acks = 0;
    for (size_t i = 0; i < ana->disk.ack_count; i++)
        acks += id_equal(&ana->disk.acks[i].ack.acker, &bruno->identity.id) &&
                ana->disk.acks[i].ack.high == 2;
    assert_int_equal(acks, 1);
    world_free(world);
}

static void test_untried_whisper(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *bruno = &world->peers[1];
    type(world, 0, "/whisper bruno psst");
    size_t at = 0;
    while (bruno->disk.kept[at].record.sealed != NODE_OPENED)
        assert_true(++at < bruno->disk.count);
    peer_kill(world, 1);
    said_forget(bruno);
    bruno->disk.kept[at].record.sealed = NODE_UNTRIED; /* the crash was faster */
    peer_start(world, 1);
    struct node_event event = {.kind = EVENT_UNTRIED};
    struct entry *entry = bruno->disk.kept[at].record.entry;
    event.untried.entries = &entry;
    event.untried.count = 1;
    give(world, 1, &event);
    settle(world);
    assert_int_equal(said_count(bruno, "say whisper ana ! psst"), 1);
    assert_int_equal(bruno->disk.kept[at].record.sealed, NODE_OPENED);
    world_free(world);
}

/* ---- a copy of ourselves ---- */

/* An entry of Ana's at this place, as a copy of her machine would make it. */
static struct entry *copy_says(const struct peer *ana, uint64_t seq, const char *text)
{
    uint8_t bytes[ENTRY_MAX];
    struct body body = {.kind = ENTRY_SAY, .say = {.text = span_text(text)}};
    struct entry_fields fields = {.net = ana->net,
                                  .author = ana->identity.id,
                                  .epoch = ana->last.epoch,
                                  .seq = seq,
                                  .hlc = UINT64_C(1700000050000),
                                  .wall = UINT64_C(1700000050000),
                                  .kind = ENTRY_SAY,
                                  .room = span_text(ROOM_EVERYONE)};
    struct entry_ref below = {fields.author, fields.epoch, seq - 1};
    for (size_t i = 0; i < ana->disk.count; i++) {
        struct entry_ref place = entry_place(ana->disk.kept[i].record.entry);
        if (epoch_equal(&place.epoch, &below.epoch) && place.seq == below.seq)
            fields.prev = ana->disk.kept[i].record.entry->hash;
    }
    assert_true(native_codec.body_pack(&body, bytes, sizeof bytes, &fields.body.size));
    fields.body.bytes = bytes;
    return entry_make(&fields, &native_codec, &signer_fake, &ana->identity);
}

static void entry_give(struct world *world, size_t number, uint32_t link, struct entry *entry)
{
    struct frame_entry sent = {entry_bytes(entry), entry_signature(entry)};
    struct frame frame = {.kind = FRAME_ENTRIES, .entries = {1, &sent}};
    give(world, number, &(struct node_event){.kind = EVENT_FRAME, .link = link, .frame = &frame});
    entry_drop(entry);
    settle(world);
}

/* Resumed from a snapshot: others have more of our running epoch than we remember. */
static void test_ahead(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    type(world, 0, "one");
    struct entry_ref one = ana->last;
    pass(world, 11000);
    entry_give(world, 0, 1, copy_says(ana, one.seq + 1, "forgotten"));
    assert_int_equal(said_count(ana, "say #everyone ana forgotten"), 1);
    type(world, 0, "two");
    assert_int_equal(said_count(ana, "say #everyone ana two"), 1);
    assert_false(epoch_equal(&ana->last.epoch, &one.epoch));
    assert_int_equal(ana->last.seq, 1);
    const struct kept *kept = disk_find(&ana->disk, &ana->last);
    assert_int_equal(kept->record.entry->fields.last.seq, one.seq + 1);
    world_free(world);
}

/* Others have something else at the place of our last words: those are said again. */
static void test_said_again(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    type(world, 0, "one");
    struct entry_ref one = ana->last;
    pass(world, 11000);
    bruno->deaf = ana->deaf = true; /* both are stored before either is heard of */
    entry_give(world, 1, 2, copy_says(ana, one.seq + 1, "from the copy"));
    type(world, 0, "two");
    bruno->deaf = ana->deaf = false;
    pass(world, 60000);
    assert_non_null(bruno->fork[0]);
    assert_int_equal(said_count(bruno, "say #everyone ana two"), 1);
    assert_int_equal(said_count(ana, "say #everyone ana two"), 1); /* and not again here */
    assert_int_equal(said_with(ana, "notice said-again"), 1);
    const struct entry *last = ana->disk.kept[ana->disk.count - 1].record.entry;
    assert_false(epoch_equal(&last->fields.epoch, &one.epoch));
    struct body *body = native_codec.body_unpack(ENTRY_SAY, last->fields.body);
    assert_true(body->say.again.set);
    assert_int_equal(body->say.again.seq, one.seq + 1);
    free(body);
    world_free(world);
}

static void test_clock_set_back(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    type(world, 0, "today");
    struct entry_ref today = ana->last;
    ana->wall = -INT64_C(24) * 3600 * 1000;
    for (size_t i = 0; i < 3; i++) /* the disks watch that keys never fall */
        type(world, 0, "yesterday");
    assert_int_equal(said_count(bruno, "say #everyone ana yesterday"), 3);
    pass(world, 5000);
    peer_kill(world, 0);
    peer_start(world, 0);
    type(world, 0, "still yesterday");
    pass(world, 5000);
    const struct entry *opening = disk_find(&ana->disk, &ana->last)->record.entry;
    today.seq = 1;
    const struct entry *before = disk_find(&ana->disk, &today)->record.entry;
    assert_int_equal(opening->fields.seq, 1);
    assert_int_equal(opening->fields.epoch_start, before->fields.epoch_start + 1);
    /* Fetched, and by its own clock from before bruno came. */
    assert_int_equal(said_count(bruno, "say #everyone ana missed still yesterday"), 1);
    world_free(world);
}

/* A name of long ago, that comes late, is not taken for news. */
static void test_old_profile(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0], *bruno = &world->peers[1];
    uint8_t bytes[ENTRY_MAX];
    struct body body = {.kind = ENTRY_PROFILE, .profile = {.name = span_text("before")}};
    struct entry_fields fields = {.net = ana->net,
                                  .author = ana->identity.id,
                                  .epoch = {{9}},
                                  .seq = 1,
                                  .hlc = UINT64_C(1600000000000),
                                  .wall = UINT64_C(1600000000000),
                                  .kind = ENTRY_PROFILE,
                                  .epoch_start = UINT64_C(1600000000000)};
    assert_true(native_codec.body_pack(&body, bytes, sizeof bytes, &fields.body.size));
    fields.body.bytes = bytes;
    entry_give(world, 1, 2, entry_make(&fields, &native_codec, &signer_fake, &ana->identity));
    pass(world, 2000);
    assert_non_null(
        author_log(logs_find(node_logs(bruno->node), &ana->identity.id), &fields.epoch));
    const struct person *her = roster_person(node_roster(bruno->node), &ana->identity.id);
    assert_string_equal(person_shown(her), "ana");
    world_free(world);
}

/* ---- the screen ---- */

static const struct conversation *conversation_of(const struct model *model, const char *name)
{
    const struct conversation *held;
    for (size_t i = 0; (held = model_conversation(model, i)); i++)
        if (strcmp(held->name, name) == 0)
            return held;
    return NULL;
}

static void test_model(void **state)
{
    (void)state;
    struct world *world = two();
    struct peer *ana = &world->peers[0];
    type(world, 1, "one");
    type(world, 1, "two");
    const struct conversation *held = conversation_of(node_model(ana->node), ROOM_EVERYONE);
    assert_non_null(held);
    assert_int_equal(held->unread, 2);
    give(world, 0, &(struct node_event){.kind = EVENT_OPEN, .open = ROOM_EVERYONE});
    settle(world);
    const struct model *model = node_model(ana->node);
    assert_ptr_equal(model->open, conversation_of(model, ROOM_EVERYONE));
    assert_int_equal(model->open->unread, 0);
    assert_int_equal(model->open->window.count, 2);
    type(world, 1, "three");
    model = node_model(ana->node);
    assert_int_equal(model->open->unread, 0);
    assert_int_equal(model->open->window.count, 3);
    give(world, 0, &(struct node_event){.kind = EVENT_OPEN, .open = ""});
    type(world, 1, "four");
    pass(world, 6000); /* and it is kept */
    assert_int_equal(ana->disk.rooms[0].unread, 1);
    peer_kill(world, 0);
    peer_start(world, 0);
    model = node_model(ana->node);
    assert_int_equal(conversation_of(model, ROOM_EVERYONE)->unread, 1);
    give(world, 0, &(struct node_event){.kind = EVENT_OPEN, .open = ROOM_EVERYONE});
    settle(world);
    assert_int_equal(node_model(ana->node)->open->window.count, 4);
    world_free(world);
}

/* ---- the same again ---- */

static uint64_t story_hash(void)
{
    struct world *world = two();
    type(world, 0, "hola");
    type(world, 1, "/whisper ana psst");
    pass(world, 60000);
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < world->peers[0].disk.count; i++)
        for (size_t j = 0; j < HASH_BYTES; j++)
            hash =
                (hash ^ world->peers[0].disk.kept[i].record.entry->hash.bytes[j]) * 1099511628211u;
    hash ^= world->wire_count << 8 ^ world->peers[0].timer;
    world_free(world);
    return hash;
}

static void test_repeats(void **state)
{
    (void)state;
    assert_true(story_hash() == story_hash());
}

/* Idle authors: known, with a name, one log each. */
static void test_memory(void **state)
{
    (void)state;
    enum { AUTHORS = 5000 };
    struct world *world = world_new();
    peer_add(world, "ana", "lan");
    struct disk *disk = &world->peers[0].disk;
    disk->logs = xcalloc(AUTHORS, sizeof *disk->logs);
    disk->log_count = AUTHORS;
    struct node_saved_person *people = xcalloc(AUTHORS, sizeof *people);
    char(*names)[24] = xcalloc(AUTHORS, sizeof *names);
    for (size_t i = 0; i < AUTHORS; i++) {
        struct node_saved_log *log = &disk->logs[i];
        struct hash hash = hash_of(span_of(&i, sizeof i));
        memcpy(log->author.bytes, hash.bytes, ID_BYTES);
        log->log.low = 1;
        log->log.high = log->log.entries = 3;
        log->log.bytes = 900;
        log->log.head_hlc = log->log.oldest_hlc = log->trail.first = log->trail.last =
            UINT64_C(1690000000000);
        log->trail.start = log->log.head_hlc - 5;
        people[i].person.id = log->author;
        snprintf(names[i], sizeof names[i], "a name of %zu", i);
        people[i].person.name = span_text(names[i]);
    }
    struct mallinfo2 before = mallinfo2();
    struct node_config config = {.identity = &world->peers[0].identity,
                                 .codec = &native_codec,
                                 .signer = &signer_fake,
                                 .sys = &world->peers[0].sys,
                                 .net = world->peers[0].net,
                                 .name = "ana",
                                 .retention = retention_defaults()};
    struct node_saved saved = {
        .log_count = AUTHORS, .logs = disk->logs, .person_count = AUTHORS, .people = people};
    struct node *node = node_new(&config, &saved, now_of(world, 0));
    struct mallinfo2 after = mallinfo2();
    size_t each = (after.uordblks - before.uordblks) / AUTHORS;
    printf("# %zu bytes for each idle author\n", each);
    assert_true(each == 0 || each <= 512); /* 0: a sanitizer's allocator does not count */
    node_free(node);
    before = mallinfo2();
    node = node_new(&config, NULL, now_of(world, 0));
    after = mallinfo2();
    printf("# %zu bytes for a node that knows nobody\n", after.uordblks - before.uordblks);
    assert_true(after.uordblks - before.uordblks < 64 * 1024);
    node_free(node);
    free(names);
    free(people);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_before_stored), cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_restart),           cmocka_unit_test(test_ack_after_crash),
        cmocka_unit_test(test_address_history),   cmocka_unit_test(test_address_of_another),
        cmocka_unit_test(test_untried_whisper),   cmocka_unit_test(test_ahead),
        cmocka_unit_test(test_said_again),        cmocka_unit_test(test_model),
        cmocka_unit_test(test_repeats),           cmocka_unit_test(test_memory),
        cmocka_unit_test(test_clock_set_back),    cmocka_unit_test(test_old_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
