/* One array, looked through from end to end: a demo has hundreds of entries, not millions. */
#include "app/demo_store.h"

#include "base/fold.h"
#include "dialect/native.h"

#include <stdlib.h>

struct demo_kept {
    struct node_record record;
    char *conversation;
    struct whisper *whisper; /* with its text behind it; or NULL */
};

/* ---- what is kept ---- */

static struct whisper *whisper_copy(const struct whisper *whisper)
{
    if (!whisper)
        return NULL;
    struct whisper *copy = xmalloc(sizeof *copy + whisper->text.size);
    *copy = *whisper;
    if (whisper->text.size)
        memcpy(copy + 1, whisper->text.bytes, whisper->text.size);
    copy->text = span_of(copy + 1, whisper->text.size);
    return copy;
}

static void where_set(struct demo_kept *kept, const char *conversation,
                      const struct whisper *whisper)
{
    char *old = kept->conversation;
    struct whisper *old_whisper = kept->whisper;
    kept->conversation = xstrdup(conversation ? conversation : "");
    kept->whisper = whisper_copy(whisper);
    kept->record.conversation = kept->conversation;
    kept->record.whisper = kept->whisper;
    free(old);
    free(old_whisper);
}

static void kept_free(struct demo_kept *kept)
{
    entry_drop(kept->record.entry);
    free(kept->conversation);
    free(kept->whisper);
    free(kept);
}

void demo_store_done(struct demo_store *store)
{
    for (size_t i = 0; i < store->count; i++)
        kept_free(store->kept[i]);
    free(store->kept);
    *store = (struct demo_store){0};
}

static const struct entry_fields *fields_of(const struct demo_kept *kept)
{
    return &kept->record.entry->fields;
}

static bool is_of(const struct demo_kept *kept, const struct id *author,
                  const struct epoch_id *epoch)
{
    return id_equal(&fields_of(kept)->author, author) &&
           epoch_equal(&fields_of(kept)->epoch, epoch);
}

static struct demo_kept *find(const struct demo_store *store, const struct id *author,
                              const struct epoch_id *epoch, uint64_t seq)
{
    for (size_t i = store->count; i-- > 0;)
        if (is_of(store->kept[i], author, epoch) && fields_of(store->kept[i])->seq == seq)
            return store->kept[i];
    return NULL;
}

/* Whether it was there already. */
static bool record_keep(struct demo_store *store, const struct node_record *record)
{
    const struct entry_fields *fields = &record->entry->fields;
    if (find(store, &fields->author, &fields->epoch, fields->seq))
        return true;
    if (store->count == store->room) {
        store->room = store->room ? store->room * 2 : 64;
        store->kept = xrealloc(store->kept, store->room, sizeof *store->kept);
    }
    struct demo_kept *kept = xcalloc(1, sizeof *kept);
    kept->record = *record;
    (void)entry_hold(record->entry);
    where_set(kept, record->conversation, record->whisper);
    store->kept[store->count++] = kept;
    return false;
}

static void drop(struct demo_store *store, const struct demo_kept *gone)
{
    size_t left = 0;
    for (size_t i = 0; i < store->count; i++)
        if (store->kept[i] != gone)
            store->kept[left++] = store->kept[i];
    store->count = left;
}

/* ---- trimming ---- */

/* The lowest of a log, which is counted. NULL: there is nothing of it. */
static struct demo_kept *lowest_of(const struct demo_store *store,
                                   const struct retention_trim *trim, uint32_t *entries,
                                   uint64_t *bytes)
{
    struct demo_kept *lowest = NULL;
    *entries = 0;
    *bytes = 0;
    for (size_t i = 0; i < store->count; i++) {
        struct demo_kept *kept = store->kept[i];
        if (!is_of(kept, &trim->author, &trim->epoch))
            continue;
        ++*entries;
        *bytes += entry_weight(kept->record.entry);
        if (!lowest || fields_of(kept)->seq < fields_of(lowest)->seq)
            lowest = kept;
    }
    return lowest;
}

static void trim(struct demo_store *store, const struct retention_trim *trim,
                 struct node_event *event)
{
    uint32_t entries = 0, left;
    uint64_t bytes = 0, bytes_left;
    struct demo_kept *lowest;
    event->trimmed.author = trim->author;
    event->trimmed.epoch = trim->epoch;
    event->trimmed.whole = trim->whole;
    while ((lowest = lowest_of(store, trim, &left, &bytes_left))) {
        bool goes =
            fields_of(lowest)->hlc < trim->before || entries < trim->entries || bytes < trim->bytes;
        if (!trim->whole && (left == 1 || !goes || entries == RETENTION_ENTRIES))
            break;
        entries++;
        bytes += entry_weight(lowest->record.entry);
        drop(store, lowest);
        kept_free(lowest);
    }
    event->trimmed.entries_left = left;
    event->trimmed.bytes_left = bytes_left;
    event->trimmed.lowest = lowest ? fields_of(lowest)->seq : 0;
    event->trimmed.lowest_hlc = lowest ? fields_of(lowest)->hlc : 0;
}

/* ---- reading logs ---- */

static size_t load(const struct demo_store *store, const struct frame_range *range,
                   struct entry **into, size_t room)
{
    size_t count = 0, bytes = 0;
    for (uint64_t seq = range->low; seq <= range->high && count < room; seq++) {
        const struct demo_kept *kept = find(store, &range->author, &range->epoch, seq);
        if (!kept || bytes >= SYNC_PAGE_BYTES)
            break;
        bytes += entry_weight(kept->record.entry);
        into[count++] = entry_hold(kept->record.entry);
    }
    return count;
}

static size_t hashes(const struct demo_store *store, const struct frame_heights *wanted,
                     struct frame_height *into)
{
    size_t count = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        uint64_t seq = wanted->heights[i].seq;
        const struct demo_kept *kept = find(store, &wanted->author, &wanted->epoch, seq);
        if (kept)
            into[count++] = (struct frame_height){seq, kept->record.entry->hash};
    }
    return count;
}

/* ---- reading conversations ---- */

static struct order order_of(const struct node_record *record)
{
    const struct entry_fields *fields = &record->entry->fields;
    return (struct order){record->key, fields->author, record->start, fields->epoch, fields->seq};
}

static bool has_word(struct span text, struct span word)
{
    size_t size, word_size;
    char *folded = name_fold((const char *)text.bytes, text.size, &size);
    char *wanted = name_fold((const char *)word.bytes, word.size, &word_size);
    bool has = memmem(folded, size, wanted, word_size) != NULL;
    free(folded);
    free(wanted);
    return has;
}

/* All of them, in any order. */
static bool has_words(struct span text, struct span words)
{
    const uint8_t *at = words.bytes, *end = words.bytes + words.size;
    bool any = false;
    while (at < end) {
        const uint8_t *space = memchr(at, ' ', (size_t)(end - at));
        const uint8_t *last = space ? space : end;
        if (last > at && !has_word(text, span_of(at, (size_t)(last - at))))
            return false;
        any = any || last > at;
        at = space ? space + 1 : end;
    }
    return any;
}

static bool is_found(const struct node_record *record, struct span words)
{
    const struct entry_fields *fields = &record->entry->fields;
    if (record->whisper)
        return has_words(record->whisper->text, words);
    if (fields->kind != ENTRY_SAY && fields->kind != ENTRY_ACT)
        return false;
    struct body *body = native_codec.body_unpack(fields->kind, fields->body);
    bool found = body && has_words(body->say.text, words);
    free(body);
    return found;
}

static bool is_wanted(const struct node_query *query, const struct node_record *record)
{
    bool search = query->kind == QUERY_SEARCH;
    bool anywhere = search && !query->conversation[0];
    return record->conversation[0] &&
           (anywhere || strcmp(record->conversation, query->conversation) == 0) &&
           (!search || is_found(record, query->words));
}

static int by_order(const void *a, const void *b)
{
    const struct order one = order_of(a), other = order_of(b);
    return order_compare(&one, &other);
}

/* [*first, *end) of those that are wanted, which are in order. */
static void page_cut(const struct node_query *query, const struct node_record *records,
                     size_t count, size_t *first, size_t *end)
{
    size_t before = 0, after, half = query->count / 2;
    struct order order;
    while (before < count &&
           (order = order_of(&records[before]), order_compare(&order, &query->at) < 0))
        before++;
    after = before;
    if (after < count &&
        (order = order_of(&records[after]), order_compare(&order, &query->at) == 0))
        after++;
    *first = 0;
    *end = count;
    switch (query->kind) {
    case QUERY_UP:
        *end = query->at.key == UINT64_MAX ? count : before;
        *first = *end > query->count ? *end - query->count : 0;
        break;
    case QUERY_DOWN:
        *first = after;
        *end = count - after > query->count ? after + query->count : count;
        break;
    case QUERY_AROUND:
        *first = before > half ? before - half : 0;
        *end = count - after > half ? after + half : count;
        break;
    case QUERY_SEARCH:
        *first = count > query->count ? count - query->count : 0;
        break;
    }
}

static void page_read(const struct demo_store *store, const struct node_query *query,
                      struct demo_answer *answer)
{
    size_t count = 0, first, end;
    struct node_record *records = xcalloc(store->count + 1, sizeof *records);
    for (size_t i = 0; i < store->count; i++)
        if (is_wanted(query, &store->kept[i]->record))
            records[count++] = store->kept[i]->record;
    if (count)
        qsort(records, count, sizeof *records, by_order);
    page_cut(query, records, count, &first, &end);
    answer->records = records;
    answer->event.kind = EVENT_PAGE;
    answer->event.page.records = records + first;
    answer->event.page.count = end - first;
    answer->event.page.more = query->kind == QUERY_DOWN ? end < count : first > 0;
}

/* ---- all of it ---- */

static void opened(struct demo_store *store, const struct node_effect *effect)
{
    const struct entry_ref *ref = &effect->opened.ref;
    struct demo_kept *kept = find(store, &ref->author, &ref->epoch, ref->seq);
    if (!kept)
        return;
    kept->record.sealed = effect->opened.sealed;
    where_set(kept, effect->opened.conversation, effect->opened.whisper);
}

static void store_all(struct demo_store *store, const struct node_effect *effect,
                      struct demo_answer *answer)
{
    answer->held = xcalloc(effect->store.count + 1, sizeof *answer->held);
    for (size_t i = 0; i < effect->store.count; i++)
        answer->held[i] = record_keep(store, &effect->store.records[i]);
    answer->event.kind = EVENT_STORED;
    answer->event.held = answer->held;
}

bool demo_store_do(struct demo_store *store, const struct node_effect *effect,
                   struct demo_answer *answer)
{
    *answer = (struct demo_answer){.event.ticket = effect->ticket};
    if (effect->kind == EFFECT_STORE) {
        store_all(store, effect, answer);
    } else if (effect->kind == EFFECT_TRIM) {
        answer->event.kind = EVENT_TRIMMED;
        trim(store, &effect->sync->trim, &answer->event);
    } else if (effect->kind == EFFECT_LOAD) {
        answer->event.kind = EVENT_READ;
        answer->event.read.entries = answer->entries;
        answer->event.read.count = load(store, &effect->sync->range, answer->entries, 4 * RUN_MAX);
    } else if (effect->kind == EFFECT_LOAD_HASHES) {
        answer->event.kind = EVENT_HASHES;
        answer->event.hashes.heights = answer->heights;
        answer->event.hashes.count = hashes(store, &effect->sync->frame.heights, answer->heights);
    } else if (effect->kind == EFFECT_QUERY) {
        page_read(store, &effect->query, answer);
    } else if (effect->kind == EFFECT_STORE_FORK || effect->kind == EFFECT_LOAD_FORK) {
        die("somebody in the demo told two stories");
    } else {
        if (effect->kind == EFFECT_STORE_OPENED)
            opened(store, effect);
        return false;
    }
    return true;
}

void demo_answer_done(struct demo_answer *answer)
{
    for (size_t i = 0; answer->event.kind == EVENT_READ && i < answer->event.read.count; i++)
        entry_drop(answer->entries[i]);
    free(answer->records);
    free(answer->held);
}
