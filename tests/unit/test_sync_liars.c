/* Sync among liars: what is altered, forged, forked, claimed, withheld or poured out harms nobody
 * but its author and who passes it on. */
#include "unit.h"

#include "dialect/native.h"
#include "sync_stories.h"

/* ---- liars ---- */

struct tamper {
    size_t from;
    uint64_t seq;    /* of the entry that is altered */
    bool dropping;   /* no entries come through */
    bool claiming;   /* heads say more than there is */
    bool scrambling; /* digests are never equal */
    bool trusting;   /* it never compares */
    bool silent;     /* nor says what others ask it to compare */
    unsigned altered;
    unsigned claims;
};

static bool tamper(void *self, size_t from, size_t to, struct frame *frame)
{
    struct tamper *how = self;
    (void)to;
    if (frame->kind == FRAME_DIGEST && how->scrambling)
        frame->digest.bytes[0] ^= 0xff;
    if (from != how->from)
        return true;
    if (frame->kind == FRAME_ENTRIES && how->dropping)
        return false;
    if (frame->kind == FRAME_HEIGHTS && how->trusting)
        return false;
    if (frame->kind == FRAME_HASHES && how->silent)
        return false;
    if (frame->kind == FRAME_HEADS && how->claiming)
        for (size_t i = 0; i < frame->heads.count; i++, how->claims++)
            frame->heads.heads[i].high += 1000;
    if (frame->kind == FRAME_BUCKETS && how->scrambling)
        for (size_t i = 0; i < BUCKETS; i++)
            ((uint8_t *)(uintptr_t)frame->buckets[i])[0] ^= 0xff;
    for (size_t i = 0; frame->kind == FRAME_ENTRIES && i < frame->entries.count; i++) {
        struct frame_entry *entry = &frame->entries.entries[i];
        struct entry *read;
        struct hash net = mesh_net(span_text("lan"), NULL);
        if (!how->seq ||
            entry_read(entry->bytes, &entry->signature, &net, &native_codec, &read) != ENTRY_FINE)
            continue;
        if (read->fields.seq == how->seq) {
            ((uint8_t *)(uintptr_t)entry->bytes.bytes)[entry->bytes.size - 2] ^= 1;
            how->altered++;
        }
        entry_drop(read);
    }
    return true;
}

static void an_altered_entry_is_refused_wherever_it_is(void **state)
{
    (void)state;
    static const uint64_t places[] = {1, 2, 63, 64, 65, 150, 299, 300};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct world *world = world_of(3);
        struct tamper how = {.from = 0, .seq = places[i]};
        world->tamper = tamper;
        world->tamper_self = &how;
        struct identity author = world_person(1);
        world_fill(world, 0, &author, 1, 300, TEXT, NULL);
        world_fill(world, 2, &author, 1, 300, TEXT, NULL);
        world_link(world, 0, 1);
        world_run(world, 30000);
        /* The good prefix is kept, and not one more. */
        assert_int_equal(world_high(world, 1, &author.id, 1), places[i] - 1);
        assert_in_range(how.altered, 1, 8);
        uint64_t asked = world->nodes[1].asked;
        world_run(world, 300000);
        assert_int_equal(world->nodes[1].asked, asked); /* it is left alone */
        world_link(world, 1, 2);
        world_run(world, 5000);
        assert_int_equal(world_high(world, 1, &author.id, 1), 300);
        world_free(world);
    }
}

static void an_altered_entry_below_is_refused(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    struct tamper how = {.from = 2, .seq = 250};
    world->tamper = tamper;
    world->tamper_self = &how;
    struct identity author = world_person(1);
    struct epoch_id epoch = world_epoch(1);
    struct entry_tip start = {.epoch = epoch};
    for (uint64_t i = 1; i <= 600; i++) {
        struct entry *entry = world_entry(world, &author, &start, TEXT, WORLD_START - 9000000 + i);
        start = entry_tip(entry);
        world_put(world, 2, entry);
        if (i >= 500)
            world_put(world, 1, entry);
        entry_drop(entry);
    }
    world_link(world, 1, 2);
    world_run(world, 300000);
    const struct log *log = world_log(world, 1, &author.id, &epoch);
    assert_in_range(log->low, 251, 499);
    assert_in_range(how.altered, 1, 4);
    how.seq = 0;
    world_unlink(world, 1, 2);
    world_link(world, 1, 2);
    world_run(world, 60000);
    assert_int_equal(world_log(world, 1, &author.id, &epoch)->low, 1);
    world_free(world);
}

/* Badly signed words that a good one follows are proved by it, as far as a window goes. */
static void unsigned_stretches_are_bridged(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct identity author = world_person(1);
    fill_spoilt(world, 0, &author, 500, 2, 200);
    world_link(world, 0, 1);
    assert_true(world_settle(world, 20000));
    assert_int_equal(world_high(world, 1, &author.id, 1), 500);
    assert_in_range(world->nodes[1].checks, 199, 1000);
    world_free(world);
}

static void a_bad_signer_harms_only_its_own_log(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct identity bad = world_person(1), good = world_person(2);
    fill_spoilt(world, 0, &bad, 900, 51, 900);
    world_fill(world, 0, &good, 1, 900, TEXT, NULL);
    world_link(world, 0, 1);
    world_run(world, 10000);
    assert_int_equal(world_high(world, 1, &bad.id, 1), 50);
    assert_int_equal(world_high(world, 1, &good.id, 1), 900);
    /* Left out of digests: the rest agrees, and nothing goes on. */
    assert_true(sync_settled(world->nodes[1].sync, 1));
    assert_true(world->nodes[1].checks < 1000);
    unsigned checks = world->nodes[1].checks;
    uint64_t bytes = wire(world);
    world_run(world, SYNC_RETRY_MS - 20000);
    assert_int_equal(world->nodes[1].checks, checks);
    assert_true(wire(world) - bytes < 200);
    /* After ten minutes it is tried again. */
    world_run(world, 60000);
    assert_in_range(world->nodes[1].checks, checks + 1, checks + 1000);
    assert_int_equal(world_high(world, 1, &bad.id, 1), 50);
    world_free(world);
}

static void forged_words_pushed_live(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    struct identity author = world_person(1);
    struct entry_tip tip = {.epoch = world_epoch(1)};
    for (size_t node = 0; node < 3; node++) {
        tip.seq = 0;
        world_fill(world, node, &author, 1, 10, TEXT, &tip);
    }
    world_link(world, 0, 1);
    world_link(world, 2, 1);
    world_run(world, 100);
    struct entry *real = world_entry(world, &author, &tip, TEXT, WORLD_START);
    struct entry *forged = spoilt(world, world_entry(world, &author, &tip, 5, WORLD_START));
    struct frame_entry bad = {entry_bytes(forged), entry_signature(forged)};
    struct frame_entry good = {entry_bytes(real), entry_signature(real)};
    struct frame first = {.kind = FRAME_ENTRIES, .entries = {1, &bad}};
    struct frame second = {.kind = FRAME_ENTRIES, .entries = {1, &good}};
    world_frame(world, 0, 1, &first);
    world_put(world, 2, real);
    world_frame(world, 2, 1, &second);
    world_run(world, 5000);
    assert_int_equal(world_high(world, 1, &author.id, 1), 11);
    struct epoch_id epoch = world_epoch(1);
    assert_true(hash_equal(&world_log(world, 1, &author.id, &epoch)->head, &real->hash));
    entry_drop(real);
    entry_drop(forged);
    world_free(world);
}

/* An altered head makes us ask where we differ; who never says so keeps nobody's next words away.
 */
static void a_question_left_open_delays_nobody(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    struct tamper how = {.from = 0, .silent = true};
    world->tamper = tamper;
    world->tamper_self = &how;
    struct identity author = world_person(1);
    struct entry_tip tip = {.epoch = world_epoch(1)}, below = tip;
    for (size_t node = 0; node < 3; node++) {
        tip.seq = 0;
        world_fill(world, node, &author, 1, 9, TEXT, &tip);
        below = tip;
        world_fill(world, node, &author, 1, 1, TEXT, &tip);
    }
    world_link(world, 0, 1);
    world_link(world, 2, 1);
    world_run(world, 100);
    struct entry *real = world_entry(world, &author, &tip, TEXT, WORLD_START);
    struct entry *forged = spoilt(world, world_entry(world, &author, &tip, 5, WORLD_START));
    struct entry *altered = spoilt(world, world_entry(world, &author, &below, 5, WORLD_START));
    struct frame_entry entries[] = {{entry_bytes(altered), entry_signature(altered)},
                                    {entry_bytes(forged), entry_signature(forged)}};
    struct frame_entry good = {entry_bytes(real), entry_signature(real)};
    struct frame first = {.kind = FRAME_ENTRIES, .entries = {2, entries}};
    struct frame second = {.kind = FRAME_ENTRIES, .entries = {1, &good}};
    world_frame(world, 0, 1, &first);
    world_put(world, 2, real);
    world_frame(world, 2, 1, &second);
    world_run(world, 2000);
    assert_int_equal(world_high(world, 1, &author.id, 1), 11);
    entry_drop(real);
    entry_drop(forged);
    entry_drop(altered);
    world_free(world);
}

static void who_claims_more_than_it_has(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct tamper how = {.from = 0, .claiming = true};
    world->tamper = tamper;
    world->tamper_self = &how;
    struct identity author = world_person(1);
    world_fill(world, 0, &author, 1, 100, TEXT, NULL);
    world_link(world, 0, 1);
    world_run(world, 1000);
    assert_int_equal(world_high(world, 1, &author.id, 1), 100);
    uint64_t bytes = wire(world);
    world_run(world, 600000);
    assert_true(wire(world) - bytes < 600 * 200);
    assert_true(how.claims < 60);
    world_free(world);
}

static void who_claims_and_withholds(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    struct tamper how = {.from = 0, .dropping = true};
    world->tamper = tamper;
    world->tamper_self = &how;
    struct identity author = world_person(1), other = world_person(2);
    world_fill(world, 0, &author, 1, 2000, TEXT, NULL);
    world_fill(world, 2, &author, 1, 2000, TEXT, NULL);
    world_fill(world, 2, &other, 1, 2000, TEXT, NULL);
    world_link(world, 1, 0);
    world_run(world, 3000);
    world_link(world, 1, 2);
    world_run(world, 2000);
    assert_int_equal(world_high(world, 1, &other.id, 1), 2000); /* nothing else waits */
    world_run(world, 12000);
    assert_int_equal(world_high(world, 1, &author.id, 1), 2000);
    world_free(world);
}

static void withholding_alone_costs_little(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct tamper how = {.from = 0, .dropping = true};
    world->tamper = tamper;
    world->tamper_self = &how;
    struct identity author = world_person(1);
    world_fill(world, 0, &author, 1, 10, TEXT, NULL);
    world_link(world, 1, 0);
    world_run(world, 600000);
    assert_true(world->nodes[1].asked < 30);
    how.dropping = false; /* it was only a bad line */
    world_run(world, 120000);
    assert_int_equal(world_high(world, 1, &author.id, 1), 10);
    world_free(world);
}

/* What all logs of an author may say in a second is shared by them, and a question whose turn comes
 * when nothing is left of it waits. */
static void hundreds_of_short_logs_of_one(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct identity author = world_person(1);
    for (uint8_t e = 1; e <= 250; e++) {
        struct entry_tip tip = {.epoch = world_epoch(e)};
        for (uint64_t i = 0; i < 40; i++) {
            struct entry *entry = world_entry(world, &author, &tip, 5, WORLD_START + i);
            tip = entry_tip(entry);
            world_put(world, 0, entry);
            entry_drop(entry);
        }
    }
    world_link(world, 1, 0);
    assert_true(world_settle(world, 60000));
    world_free(world);
}

static struct frame line_of(const struct world *world, size_t author, uint64_t more,
                            struct frame_head *head)
{
    const struct author *a = logs_find(world->nodes[1].logs, &world->nodes[author].identity.id);
    const struct log *log = &a->logs[0];
    *head = (struct frame_head){log->epoch, log->low, log->high + more, log->head};
    struct frame line = {.kind = FRAME_HEADS};
    line.heads = (struct frame_heads){.author = a->id, .answer = true, .count = 1, .heads = head};
    return line;
}

/* Somebody says that there is more of a log than there is, and gives nothing of it but what is
 * known: what its author sends itself is news at once. */
static void a_claim_holds_up_no_words(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    world_link(world, 0, 1);
    world_link(world, 2, 1);
    world_run(world, 100);
    for (int i = 0; i < 5; i++)
        world_say(world, 0, "hola");
    world_run(world, 1000);
    world->stalled[2][1] = true;
    struct frame_head head;
    struct frame lie = line_of(world, 0, 1000, &head);
    struct entry_tip none = {.epoch = head.epoch};
    struct entry *old = world_entry(world, &world->nodes[0].identity, &none, 5, WORLD_START);
    struct frame_entry fe = {entry_bytes(old), entry_signature(old)};
    struct frame again = {.kind = FRAME_ENTRIES, .entries = {1, &fe}};
    world_frame(world, 2, 1, &lie);
    for (unsigned i = 0; i < 12; i++) {
        world_say(world, 0, "hola");
        world_run(world, 1000);
        assert_int_equal(world->nodes[1].kept, 6 + i);
        assert_int_equal(world->nodes[1].news, 6 + i);
        world_run(world, 4000);
        world_frame(world, 2, 1, &again);
    }
    entry_drop(old);
    world_free(world);
}

struct caught {
    struct world *world;
    struct entry *entry;
};

static bool entry_catch(void *self, size_t from, size_t to, struct frame *frame)
{
    if (from == 0 && to == 2 && frame->kind == FRAME_ENTRIES) {
        const struct frame_entry *sent = &frame->entries.entries[0];
        struct caught *caught = self;
        entry_drop(caught->entry);
        caught->entry = NULL;
        assert_int_equal(entry_read(sent->bytes, &sent->signature, &caught->world->settings.net,
                                    caught->world->settings.codec, &caught->entry),
                         ENTRY_FINE);
    }
    return true;
}

/* And where it gives the first of what it claims, that does not wait for the rest either. */
static void a_window_begun_holds_up_no_words(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    world_link(world, 0, 1);
    world_link(world, 0, 2);
    world_link(world, 2, 1);
    world_run(world, 100);
    world_say(world, 0, "hola");
    world_run(world, 1000);
    struct caught caught = {world, NULL};
    world->tamper = entry_catch;
    world->tamper_self = &caught;
    world->stalled[2][1] = world->stalled[0][1] = true;
    struct frame_head head;
    struct frame lie = line_of(world, 0, 1000, &head);
    world_frame(world, 2, 1, &lie);
    world_say(world, 0, "hola");
    world_run(world, 100);
    assert_non_null(caught.entry);
    struct frame_entry begun = {entry_bytes(caught.entry), entry_signature(caught.entry)};
    world_frame(world, 2, 1, &(struct frame){.kind = FRAME_ENTRIES, .entries = {1, &begun}});
    world_run(world, 1000);
    assert_int_equal(world->nodes[1].kept, 1); /* it may be anything */
    world->stalled[0][1] = false;
    world_run(world, 100);
    assert_int_equal(world->nodes[1].kept, 2);
    world_say(world, 0, "hola");
    world_run(world, 100);
    assert_int_equal(world->nodes[1].kept, 3);
    assert_int_equal(world->nodes[1].news, 3);
    entry_drop(caught.entry);
    world_free(world);
}

static void who_never_agrees(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct tamper how = {.from = 1, .scrambling = true};
    world->tamper = tamper;
    world->tamper_self = &how;
    struct identity author = world_person(1);
    world_fill(world, 0, &author, 1, 100, TEXT, NULL);
    world_link(world, 0, 1);
    world_run(world, 60000);
    assert_int_equal(world_high(world, 1, &author.id, 1), 100);
    uint64_t bytes = wire(world), rounds = world->nodes[0].rounds;
    world_run(world, 600000);
    assert_in_range(world->nodes[0].rounds - rounds, 1, 25);
    assert_true(wire(world) - bytes < 600 * 200);
    world_free(world);
}

static void frames_that_make_no_sense(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct identity author = world_person(1);
    world_fill(world, 0, &author, 1, 10, TEXT, NULL);
    world_link(world, 0, 1);
    assert_true(world_settle(world, 5000));
    struct frame_head heads[2] = {{world_epoch(9), 5, 4, {{0}}}, {world_epoch(1), 1, 10, {{0}}}};
    struct frame_row rows[2] = {{.author = author.id}, {.author = author.id}};
    struct frame_height heights[1] = {{.seq = 5}};
    const struct frame frames[] = {
        {.kind = FRAME_HEADS, .heads = {author.id, false, true, 2, heads}},
        {.kind = FRAME_HEADS, .heads = {author.id, false, true, 0, NULL}},
        {.kind = FRAME_ROWS, .rows = {.bucket = author.id.bytes[0], .count = 2, .rows = rows}},
        {.kind = FRAME_ROWS, .rows = {.bucket = 3, .more = true}},
        {.kind = FRAME_WANT, .range = {author.id, world_epoch(1), 1, ENTRY_NUMBER_MAX}},
        {.kind = FRAME_WANT, .range = {author.id, world_epoch(7), 1, 5}},
        {.kind = FRAME_LACK, .range = {author.id, world_epoch(1), 1, 5}},
        {.kind = FRAME_HASHES, .heights = {author.id, world_epoch(1), 1, heights}},
        {.kind = FRAME_HEIGHTS, .heights = {author.id, world_epoch(3), 1, heights}},
        {.kind = FRAME_BUCKETS, .buckets = (uint8_t[BUCKETS][BUCKET_BYTES]){{1}}},
        {.kind = FRAME_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        world_frame(world, 0, 1, &frames[i]);
        world_frame(world, 1, 0, &frames[i]);
        world_run(world, 100);
    }
    world_say(world, 0, "still here");
    assert_true(world_settle(world, 60000));
    assert_int_equal(world->nodes[1].kept, 11);
    world_free(world);
}

/* ---- forks ---- */

static void forks_freeze_alike(void **state)
{
    (void)state;
    static const size_t shapes[][3] = {{40, 10, 10},   {40, 10, 60}, {40, 60, 10}, {0, 5, 7},
                                       {5000, 1, 1},   {1, 1, 1},    {1, 900, 1},  {1200, 300, 5},
                                       {31, 700, 700}, {0, 1, 1}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct world *world = world_of(3);
        struct identity author = world_person(1);
        fill_fork(world, 0, 1, &author, shapes[i][0], shapes[i][1], shapes[i][2]);
        world_link(world, 0, 1);
        world_link(world, 1, 2); /* who has neither branch */
        assert_true(world_settle(world, 60000));
        for (size_t node = 0; node < 3; node++) {
            assert_int_equal(world_high(world, node, &author.id, 1), shapes[i][0]);
            if (node < 2 || shapes[i][0])
                assert_int_equal(world->nodes[node].frozen, 1);
        }
        /* It stays so after a start, and what comes later is not taken. */
        world_restart(world, 0);
        world_link(world, 0, 1);
        assert_true(world_settle(world, 60000));
        assert_int_equal(world_high(world, 0, &author.id, 1), shapes[i][0]);
        world_free(world);
    }
}

/* Who compares first tells the other one, whose own comparing would find nothing any more. */
static void who_has_the_other_half_is_told(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct tamper how = {.from = 1, .trusting = true};
    world->tamper = tamper;
    world->tamper_self = &how;
    struct identity author = world_person(1);
    fill_fork(world, 0, 1, &author, 40, 10, 10);
    world_link(world, 0, 1);
    for (size_t turn = 0; turn < 600 && !world->nodes[0].frozen; turn++)
        world_run(world, 100);
    assert_int_equal(world->nodes[0].frozen, 1);
    world_run(world, 500);
    assert_int_equal(world->nodes[1].frozen, 1);
    assert_int_equal(world_high(world, 1, &author.id, 1), 40);
    world_free(world);
}

static void the_lower_fork_wins(void **state)
{
    (void)state;
    struct world *world = world_of(4);
    struct identity author = world_person(1);
    struct entry_tip tip = {.epoch = world_epoch(1)};
    /* Branches part at 31 (nodes 0 and 1), and at 11 (node 2). */
    fill_fork(world, 0, 1, &author, 30, 5, 5);
    for (uint64_t i = 0; i < 10; i++) {
        struct entry *entry = world_entry(world, &author, &tip, TEXT, WORLD_START - 9000000 + i);
        tip = entry_tip(entry);
        world_put(world, 2, entry);
        entry_drop(entry);
    }
    world_fill(world, 2, &author, 1, 50, TEXT + 2, &tip);
    world_link(world, 0, 1);
    assert_true(world_settle(world, 60000));
    assert_int_equal(world_high(world, 1, &author.id, 1), 30);
    world_link(world, 1, 2);
    world_link(world, 1, 3);
    assert_true(world_settle(world, 60000));
    for (size_t node = 0; node < 4; node++)
        assert_int_equal(world_high(world, node, &author.id, 1), 10);
    world_free(world);
}

/* The proof comes to who holds little of the log yet; what it holds next is another story that
 * parts from it further below. */
static void a_proof_comes_before_its_log(void **state)
{
    (void)state;
    struct world *world = world_of(4);
    struct identity author = world_person(1);
    struct entry_tip tip = {.epoch = world_epoch(1)}, early;
    for (uint64_t i = 1; i <= 30; i++) { /* of which node 3 has ten, and node 2 five */
        struct entry *entry = world_entry(world, &author, &tip, TEXT, WORLD_START - 9000000 + i);
        tip = entry_tip(entry);
        if (i == 10)
            early = tip;
        for (size_t node = 0; node < 4; node++)
            if (i <= (node == 3 ? 10 : node == 2 ? 5 : 30))
                world_put(world, node, entry);
        entry_drop(entry);
    }
    struct entry *one = world_entry(world, &author, &tip, TEXT, WORLD_START);
    struct entry *two = world_entry(world, &author, &tip, TEXT + 1, WORLD_START);
    world_put(world, 0, one);
    world_put(world, 1, two);
    world_fill(world, 3, &author, 1, 20, TEXT + 2, &early);
    world_link(world, 0, 1);
    assert_true(world_settle(world, 60000));
    world_link(world, 3, 2);
    struct frame frame = {.kind = FRAME_FORK};
    frame.fork.first = (struct frame_entry){entry_bytes(one), entry_signature(one)};
    frame.fork.second = (struct frame_entry){entry_bytes(two), entry_signature(two)};
    world_frame(world, 3, 2, &frame);
    world_run(world, 5000);
    assert_int_equal(world->nodes[2].frozen, 1);
    assert_int_equal(world_high(world, 2, &author.id, 1), 30);
    world_link(world, 2, 0);
    assert_true(world_settle(world, 60000));
    for (size_t node = 0; node < 4; node++)
        assert_int_equal(world_high(world, node, &author.id, 1), 10);
    entry_drop(one);
    entry_drop(two);
    world_free(world);
}

static void a_false_proof_freezes_nothing(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    struct identity author = world_person(1);
    struct entry_tip tip = {.epoch = world_epoch(1)};
    world_fill(world, 0, &author, 1, 10, TEXT, &tip);
    world_link(world, 0, 1);
    assert_true(world_settle(world, 5000));
    struct entry *one = world_entry(world, &author, &tip, TEXT, WORLD_START);
    struct entry *two = spoilt(world, world_entry(world, &author, &tip, 5, WORLD_START));
    struct frame frame = {.kind = FRAME_FORK};
    frame.fork.first = (struct frame_entry){entry_bytes(one), entry_signature(one)};
    frame.fork.second = (struct frame_entry){entry_bytes(two), entry_signature(two)};
    world_frame(world, 0, 1, &frame);
    frame.fork.second = frame.fork.first;
    world_frame(world, 1, 0, &frame);
    world_run(world, 1000);
    assert_int_equal(world->nodes[0].frozen + world->nodes[1].frozen, 0);
    assert_int_equal(world_high(world, 1, &author.id, 1), 10);
    entry_drop(one);
    entry_drop(two);
    world_free(world);
}

/* ---- floods ---- */

static void strangers_are_let_in_slowly(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    for (uint32_t i = 0; i < 1500; i++) {
        struct identity author = world_person(i);
        world_fill(world, 0, &author, 1, 2, TEXT, NULL);
    }
    world_link(world, 1, 0);
    world_run(world, 50000);
    /* Who is linked is admitted besides, and ourselves are not strangers. */
    assert_in_range(logs_stranger_count(world->nodes[1].logs), 1000, 1001 + 10);
    assert_true(sync_settled(world->nodes[1].sync, 1)); /* the rest is left out */
    uint64_t bytes = wire(world);
    world_run(world, 500000);
    assert_true(wire(world) - bytes < 4096);
    world_run(world, 200000); /* ten minutes are over: a hundred more */
    assert_in_range(logs_stranger_count(world->nodes[1].logs), 1080, 1140);
    world_free(world);
}

static void who_is_vouched_for_comes_in_at_once(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    for (uint32_t i = 0; i < 1200; i++) {
        struct identity author = world_person(i);
        world_fill(world, 0, &author, 1, 1, TEXT, NULL);
    }
    world_link(world, 1, 0);
    world_run(world, 30000);
    /* One of those who were refused. */
    uint32_t number = 0;
    struct identity friend = world_person(number);
    while (logs_find(world->nodes[1].logs, &friend.id))
        friend = world_person(++number);
    struct sync_event vouch = {.kind = SYNC_VOUCH};
    vouch.vouch.author = friend.id;
    vouch.vouch.vouched = true;
    world_event(world, 1, &vouch);
    world_run(world, 100);
    assert_int_equal(world_high(world, 1, &friend.id, 1), 1);
    world_free(world);
}

/* A name without one good signature behind it leaves nothing behind. */
static void names_alone_are_forgotten(void **state)
{
    (void)state;
    struct world *world = world_of(2);
    world_link(world, 1, 0);
    world_run(world, 1000);
    size_t before = logs_count(world->nodes[1].logs);
    for (uint32_t i = 0; i < 500; i++) {
        struct identity author = world_person(i);
        struct entry_tip tip = {.epoch = world_epoch(1)};
        struct entry *entry = spoilt(world, world_entry(world, &author, &tip, 5, WORLD_START));
        struct frame_entry bad = {entry_bytes(entry), entry_signature(entry)};
        struct frame frame = {.kind = FRAME_ENTRIES, .entries = {1, &bad}};
        world_frame(world, 0, 1, &frame);
        entry_drop(entry);
    }
    world_run(world, 60000);
    assert_int_equal(logs_count(world->nodes[1].logs), before);
    world_free(world);
}

static void a_flooder_is_slowed(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    world_link(world, 0, 1);
    world_link(world, 2, 1);
    world_run(world, 100);
    for (int i = 0; i < 2000; i++) { /* 2,000 a second for 20 s */
        for (int j = 0; j < 20; j++)
            world_say(world, 0, "flood");
        if (i % 100 == 0)
            world_say(world, 2, "word");
        world_run(world, 10);
    }
    const struct log *flood =
        world_log(world, 1, &world->nodes[0].identity.id, &world->nodes[0].tip.epoch);
    assert_in_range(flood->high, 10000, 5000 + 500 * 21);
    const struct log *other =
        world_log(world, 1, &world->nodes[2].identity.id, &world->nodes[2].tip.epoch);
    assert_int_equal(other->high, 20);
    /* Nothing is lost: it comes at the rate that is allowed. */
    world_run(world, 70000);
    flood = world_log(world, 1, &world->nodes[0].identity.id, &world->nodes[0].tip.epoch);
    assert_int_equal(flood->high, 40000);
    world_free(world);
}

/* A link that brings hundreds of authors does not keep another one's few words waiting. */
static void a_crowd_delays_only_itself(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    for (uint32_t i = 0; i < 400; i++) {
        struct identity author = world_person(i);
        world_fill(world, 0, &author, 1, 100, TEXT, NULL);
    }
    struct identity quiet = world_person(7777);
    world_fill(world, 2, &quiet, 1, 100, TEXT, NULL);
    world->nodes[1].store_ms = 50;
    world_link(world, 1, 0);
    world_run(world, 200);
    world_link(world, 1, 2);
    world_run(world, 400);
    assert_int_equal(world_high(world, 1, &quiet.id, 1), 100);
    assert_true(world->nodes[1].stored < 20000);
    assert_true(world_settle(world, 120000));
    assert_int_equal(world->nodes[1].stored, 40100);
    world_free(world);
}

/* Nor does it where another link could be asked for the crowd's words too. */
static void a_crowd_delays_nobody_on_another_link(void **state)
{
    (void)state;
    struct world *world = world_of(3);
    for (uint32_t i = 0; i < 400; i++) {
        struct identity author = world_person(i);
        world_fill(world, 0, &author, 1, 100, TEXT, NULL);
        world_fill(world, 2, &author, 1, 100, TEXT, NULL);
    }
    struct identity quiet = world_person(7777);
    world_fill(world, 2, &quiet, 1, 100, TEXT, NULL);
    world->delay[0][1] = world->delay[2][1] = 50;
    world_link(world, 1, 0);
    world_run(world, 400);
    world_link(world, 1, 2);
    world_run(world, 800);
    assert_int_equal(world_high(world, 1, &quiet.id, 1), 100);
    assert_true(world->nodes[1].stored < 20000);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_altered_entry_is_refused_wherever_it_is),
        cmocka_unit_test(an_altered_entry_below_is_refused),
        cmocka_unit_test(unsigned_stretches_are_bridged),
        cmocka_unit_test(a_bad_signer_harms_only_its_own_log),
        cmocka_unit_test(forged_words_pushed_live),
        cmocka_unit_test(a_question_left_open_delays_nobody),
        cmocka_unit_test(who_claims_more_than_it_has),
        cmocka_unit_test(who_claims_and_withholds),
        cmocka_unit_test(withholding_alone_costs_little),
        cmocka_unit_test(hundreds_of_short_logs_of_one),
        cmocka_unit_test(a_claim_holds_up_no_words),
        cmocka_unit_test(a_window_begun_holds_up_no_words),
        cmocka_unit_test(who_never_agrees),
        cmocka_unit_test(frames_that_make_no_sense),
        cmocka_unit_test(forks_freeze_alike),
        cmocka_unit_test(who_has_the_other_half_is_told),
        cmocka_unit_test(the_lower_fork_wins),
        cmocka_unit_test(a_proof_comes_before_its_log),
        cmocka_unit_test(a_false_proof_freezes_nothing),
        cmocka_unit_test(strangers_are_let_in_slowly),
        cmocka_unit_test(who_is_vouched_for_comes_in_at_once),
        cmocka_unit_test(names_alone_are_forgotten),
        cmocka_unit_test(a_flooder_is_slowed),
        cmocka_unit_test(a_crowd_delays_only_itself),
        cmocka_unit_test(a_crowd_delays_nobody_on_another_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
