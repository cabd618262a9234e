/* Where entries stand on the screen: per log the keys of its ends. Most logs' keys are the hybrid
 * times that core/log has anyway, so only what differs is kept, and an idle author costs one short
 * row in order of a keyed hash. */
#include "core/node_parts.h"

static uint64_t tag_of(const struct node *node, const struct id *author,
                       const struct epoch_id *epoch)
{
    uint8_t bytes[ID_BYTES + EPOCH_BYTES];
    memcpy(bytes, author->bytes, ID_BYTES);
    memcpy(bytes + ID_BYTES, epoch->bytes, EPOCH_BYTES);
    return node_hash(node, bytes, sizeof bytes);
}

static uint32_t bucket_index(const struct trail_bucket *bucket, uint64_t tag)
{
    uint32_t low = 0, high = bucket->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (bucket->trails[middle].tag < tag)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct trail *trail_find(const struct node *node, uint64_t tag)
{
    const struct trail_bucket *bucket = &node->trails[tag >> 56];
    uint32_t at = bucket_index(bucket, tag);
    return at < bucket->count && bucket->trails[at].tag == tag ? &bucket->trails[at] : NULL;
}

static struct trail *trail_add(struct node *node, uint64_t tag)
{
    struct trail_bucket *bucket = &node->trails[tag >> 56];
    uint32_t at = bucket_index(bucket, tag);
    if (bucket->count == bucket->room) {
        bucket->room += bucket->room / 8 + 2; /* memory per author counts, and copying is cheap */
        bucket->trails = xrealloc(bucket->trails, bucket->room, sizeof *bucket->trails);
    }
    memmove(bucket->trails + at + 1, bucket->trails + at,
            (bucket->count++ - at) * sizeof *bucket->trails);
    bucket->trails[at] = (struct trail){.tag = tag};
    return &bucket->trails[at];
}

static const struct log *log_of(const struct node *node, const struct id *author,
                                const struct epoch_id *epoch)
{
    const struct author *known = logs_find(node->logs, author);
    return known ? author_log(known, epoch) : NULL;
}

/* What the log itself says. */
static struct node_trail trail_plain(const struct log *log, uint64_t start)
{
    struct node_trail trail = {.start = start, .first = ORDER_OPEN};
    if (log && log->high) {
        trail.first = log->oldest_hlc;
        trail.last = log->head_hlc;
    }
    return trail;
}

struct node_trail node_trail_get(const struct node *node, const struct id *author,
                                 const struct epoch_id *epoch)
{
    const struct trail *trail = trail_find(node, tag_of(node, author, epoch));
    if (trail && trail->more)
        return trail->more->trail;
    return trail_plain(log_of(node, author, epoch), trail ? trail->start : 0);
}

static bool trail_equal(const struct node_trail *a, const struct node_trail *b)
{
    return a->start == b->start && a->below == b->below && a->first == b->first &&
           a->last == b->last && a->named_seq == b->named_seq && epoch_equal(&a->named, &b->named);
}

/* The row of a log, with all that can be kept of it. */
static struct trail *trail_get(struct node *node, const struct id *author,
                               const struct epoch_id *epoch)
{
    uint64_t tag = tag_of(node, author, epoch);
    struct trail *row = trail_find(node, tag);
    if (!row)
        row = trail_add(node, tag);
    if (row->more)
        return row;
    const struct log *log = log_of(node, author, epoch);
    row->more = xcalloc(1, sizeof *row->more);
    row->more->trail = trail_plain(log, row->start);
    row->more->top = log ? log->high : 0;
    row->more->bottom = log && log->high ? log->low : UINT64_MAX;
    return row;
}

void node_trail_tidy(struct node *node, const struct id *author, const struct epoch_id *epoch)
{
    struct trail *row = trail_find(node, tag_of(node, author, epoch));
    const struct log *log = log_of(node, author, epoch);
    if (!row || !row->more || !log || row->more->apart.high || row->more->top != log->high ||
        row->more->bottom != log->low)
        return;
    struct node_trail plain = trail_plain(log, row->start);
    if (!trail_equal(&row->more->trail, &plain))
        return;
    free(row->more);
    row->more = NULL;
}

void node_trail_restore(struct node *node, const struct id *author, const struct epoch_id *epoch,
                        const struct node_trail *trail)
{
    struct trail *row = trail_get(node, author, epoch);
    row->start = trail->start;
    row->more->trail = *trail;
    node_trail_tidy(node, author, epoch);
}

void node_trail_drop(struct node *node, const struct id *author, const struct epoch_id *epoch)
{
    uint64_t tag = tag_of(node, author, epoch);
    struct trail *row = trail_find(node, tag);
    if (!row)
        return;
    struct trail_bucket *bucket = &node->trails[tag >> 56];
    free(row->more);
    size_t at = (size_t)(row - bucket->trails);
    memmove(row, row + 1, (--bucket->count - at) * sizeof *row);
}

void node_trails_free(struct node *node)
{
    for (size_t i = 0; i < 256; i++) {
        struct trail_bucket *bucket = &node->trails[i];
        for (size_t j = 0; j < bucket->count; j++)
            free(bucket->trails[j].more);
        free(bucket->trails);
    }
}

/* ---- keys ---- */

/* After the entry that the opening names as the author's last, where that is the end of what is
 * held of its epoch; at the least, after the beginning of it. */
static uint64_t bound_after(const struct node *node, const struct author *author,
                            const struct node_trail *trail)
{
    const struct log *log = trail->named_seq ? author_log(author, &trail->named) : NULL;
    if (!log || log->high == 0 || log->low > trail->named_seq)
        return 0;
    struct node_trail named = node_trail_get(node, &author->id, &trail->named);
    if (log->high <= trail->named_seq)
        return named.last;
    return named.first == ORDER_OPEN ? 0 : named.first;
}

/* Before the openings that name this entry, or one after it. */
static uint64_t bound_before(const struct node *node, const struct author *author,
                             const struct entry_fields *fields)
{
    uint64_t before = ORDER_OPEN;
    for (size_t i = 0; i < author->log_count; i++) {
        const struct log *log = &author->logs[i];
        if (log->low != 1 || log->high == 0 || epoch_equal(&log->epoch, &fields->epoch))
            continue;
        struct node_trail other = node_trail_get(node, &author->id, &log->epoch);
        if (other.named_seq >= fields->seq && epoch_equal(&other.named, &fields->epoch) &&
            other.first < before)
            before = other.first;
    }
    return before;
}

static void opening_learn(struct node_trail *trail, const struct entry_fields *fields)
{
    if (fields->seq != 1)
        return;
    trail->start = fields->epoch_start;
    trail->named = fields->last.epoch;
    trail->named_seq = fields->last.seq;
}

/* The newest words of an epoch that is already held are looked at no further: nobody names them. */
static bool is_newest(const struct author *author, const struct entry_fields *fields)
{
    for (size_t i = 0; i < author->log_count; i++)
        if (author->logs[i].head_hlc > fields->hlc)
            return false;
    return true;
}

/* The keys on both sides of it, and where the trail goes on. */
static void key_below(struct trail_more *more, uint64_t seq, struct order_bounds *bounds)
{
    if (seq > more->trail.gap) /* under that lies what was there before the gap */
        bounds->previous = more->trail.below;
    bounds->next = more->trail.first;
}

static void key_apart(const struct trail_more *more, uint64_t seq, struct order_bounds *bounds)
{
    const struct trail_apart *apart = &more->apart;
    bounds->previous = apart->high && seq >= apart->low ? apart->last : more->trail.last;
    if (apart->high && seq < apart->low)
        bounds->next = apart->first;
}

static bool is_of_log(const struct entry_ref *ref, const struct id *author,
                      const struct epoch_id *epoch)
{
    return epoch_equal(&ref->epoch, epoch) && id_equal(&ref->author, author);
}

/* Between others that have their keys and were lost on their way to the disk. Seldom, so that all
 * are looked at. */
static void key_between(const struct node *node, const struct trail_more *more,
                        const struct entry_ref *ref, struct order_bounds *bounds)
{
    for (const struct pending *other = node->pending; other; other = other->hh.next) {
        if (!is_of_log(&other->ref, &ref->author, &ref->epoch))
            continue;
        if (other->ref.seq < ref->seq && other->key > bounds->previous)
            bounds->previous = other->key;
        if (other->ref.seq > ref->seq && other->key < bounds->next)
            bounds->next = other->key;
    }
    if (bounds->previous == 0)
        bounds->previous = more->trail.last;
}

static bool is_between(const struct trail_more *more, uint64_t seq)
{
    const struct trail_apart *apart = &more->apart;
    return more->lost && (seq <= more->top || (seq > apart->low && seq < apart->high));
}

static void apart_add(struct trail_apart *apart, uint64_t seq, uint64_t key)
{
    if (apart->high == 0 || seq < apart->low) {
        apart->low = seq;
        apart->first = key;
    }
    if (seq > apart->high) {
        apart->high = seq;
        apart->last = key;
    }
}

static void main_add(struct trail_more *more, uint64_t seq, uint64_t key, bool below)
{
    struct node_trail *trail = &more->trail;
    if (!below && key > trail->last)
        trail->last = key;
    if (key < trail->first)
        trail->first = key;
    more->top = seq > more->top ? seq : more->top;
    more->bottom = seq < more->bottom ? seq : more->bottom;
}

void node_trail_key(struct node *node, const struct entry *entry, bool below, struct pending *into)
{
    const struct entry_fields *fields = &entry->fields;
    const struct author *author = logs_find(node->logs, &fields->author);
    struct trail *row = trail_get(node, &fields->author, &fields->epoch);
    struct trail_more *more = row->more;
    struct order_bounds bounds = ORDER_ANYWHERE;
    uint64_t seq = fields->seq;
    if (more->top && seq < more->bottom) /* of what was shown already, it is the beginning */
        below = true;
    into->apart = !below && (seq > more->top + 1 || (more->apart.high && seq >= more->apart.low));
    opening_learn(&more->trail, fields);
    row->start = more->trail.start;
    into->below = more->trail.last;
    if (below) {
        key_below(more, seq, &bounds);
    } else if (is_between(more, seq)) {
        key_between(node, more, &into->ref, &bounds);
    } else if (into->apart) {
        key_apart(more, seq, &bounds);
    } else {
        bounds.previous = more->trail.last;
        bounds.next = more->apart.high ? more->apart.first : ORDER_OPEN;
    }
    if (author) {
        bounds.after = bound_after(node, author, &more->trail);
        if (author->log_count > 1 && !is_newest(author, fields))
            bounds.before = bound_before(node, author, fields);
    }
    into->key = order_key(fields->hlc, node->now.wall_ms, &bounds);
    if (into->apart)
        apart_add(&more->apart, seq, into->key);
    else
        main_add(more, seq, into->key, below);
}

void node_trail_jump(struct node *node, const struct pending *pending, struct trail_more *before)
{
    const struct entry_ref *ref = &pending->ref;
    struct trail_more *more = trail_get(node, &ref->author, &ref->epoch)->more;
    const struct log *log = log_of(node, &ref->author, &ref->epoch);
    *before = *more;
    more->trail.below = pending->below;
    if (more->apart.high && ref->seq >= more->apart.low) {
        more->trail.below = more->trail.last;
        more->top = more->apart.high;
        more->trail.last = more->apart.last;
        more->apart.high = 0;
    }
    more->trail.first = pending->key;
    more->bottom = ref->seq;
    more->trail.gap = log ? log->high : 0;
}

/* All that came above the gap, then and since. */
void node_trail_back(struct node *node, const struct entry *entry, const struct trail_more *before)
{
    struct trail_more *more = trail_get(node, &entry->fields.author, &entry->fields.epoch)->more;
    struct trail_apart apart = before->apart;
    apart_add(&apart, more->bottom, more->trail.first);
    apart_add(&apart, more->top, more->trail.last);
    if (more->apart.high)
        apart_add(&apart, more->apart.high, more->apart.last);
    struct node_trail *trail = &more->trail;
    trail->gap = before->trail.gap;
    trail->below = before->trail.below;
    trail->first = before->trail.first;
    trail->last = before->trail.last;
    more->top = before->top;
    more->bottom = before->bottom;
    more->apart = apart;
    more->lost = true;
    for (struct pending *pending = node->pending; pending; pending = pending->hh.next)
        if (is_of_log(&pending->ref, &entry->fields.author, &entry->fields.epoch) &&
            pending->ref.seq >= apart.low)
            pending->apart = true;
}

/* What was lost takes its place in the log after all, with the key that it got. */
void node_trail_join(struct node *node, struct pending *pending)
{
    const struct entry_ref *ref = &pending->ref;
    struct trail_more *more = trail_get(node, &ref->author, &ref->epoch)->more;
    if (more->top && ref->seq < more->bottom) {
        if (pending->key > more->trail.first)
            pending->key = more->trail.first; /* our clock went back meanwhile */
        main_add(more, ref->seq, pending->key, true);
    } else if (more->apart.high && ref->seq >= more->apart.low) {
        more->top = more->apart.high;
        more->trail.last = more->apart.last;
        more->apart.high = 0;
    }
}
