/* Frames about logs. */
#include "dialect/native_parts.h"

static bool author_in(const ProtobufCBinaryData *data, struct id *into)
{
    return fixed_in(data, into->bytes, ID_BYTES);
}

static bool epoch_in(const ProtobufCBinaryData *data, struct epoch_id *into)
{
    return fixed_in(data, into->bytes, EPOCH_BYTES);
}

static bool signed_in(const Tertulia__Signed *from, struct frame_entry *into)
{
    into->bytes = span_of(from->entry.data, from->entry.len);
    return from->entry.len >= 1 && from->entry.len <= ENTRY_MAX &&
           fixed_in(&from->signature, into->signature.bytes, SIGNATURE_BYTES);
}

static void signed_out(const struct frame_entry *from, Tertulia__Signed *into)
{
    tertulia__signed__init(into);
    into->entry = span_out(from->bytes);
    into->signature = data_out(from->signature.bytes, SIGNATURE_BYTES);
}

static bool entries_in(const void *message, struct frame *frame, struct arena *arena)
{
    const Tertulia__Entries *from = message;
    struct frame_entries *into = &frame->entries;
    into->count = from->n_entries;
    into->entries = arena_take(arena, from->n_entries * sizeof *into->entries);
    if (from->n_entries > ENTRIES_MAX || !into->entries)
        return false;
    for (size_t i = 0; i < into->count; i++)
        if (!signed_in(from->entries[i], &into->entries[i]))
            return false;
    return true;
}

static void *entries_out(const struct frame *frame, struct arena *arena)
{
    const struct frame_entries *from = &frame->entries;
    Tertulia__Entries *into = part_make(arena, &tertulia__entries__descriptor);
    Tertulia__Signed *parts = part_take(arena, from->count * sizeof *parts);
    into->n_entries = from->count;
    into->entries = part_take(arena, from->count * sizeof *into->entries);
    for (size_t i = 0; i < from->count; i++) {
        signed_out(&from->entries[i], &parts[i]);
        into->entries[i] = &parts[i];
    }
    return into;
}

static bool ack_in(const Tertulia__Ack *from, struct ack *into)
{
    return author_in(&from->acker, &into->acker) && author_in(&from->author, &into->author) &&
           epoch_in(&from->epoch, &into->epoch) &&
           range_in(from->low, from->high, &into->low, &into->high) &&
           fixed_in(&from->head, into->head.bytes, HASH_BYTES) &&
           fixed_in(&from->signature, into->signature.bytes, SIGNATURE_BYTES);
}

static bool acks_in(const void *message, struct frame *frame, struct arena *arena)
{
    const Tertulia__Acks *from = message;
    struct frame_acks *into = &frame->acks;
    into->count = from->n_acks;
    into->acks = arena_take(arena, from->n_acks * sizeof *into->acks);
    if (from->n_acks > ACKS_MAX || !into->acks)
        return false;
    for (size_t i = 0; i < into->count; i++)
        if (!ack_in(from->acks[i], &into->acks[i]))
            return false;
    return true;
}

static void ack_out(const struct ack *from, Tertulia__Ack *into)
{
    tertulia__ack__init(into);
    into->acker = data_out(from->acker.bytes, ID_BYTES);
    into->author = data_out(from->author.bytes, ID_BYTES);
    into->epoch = data_out(from->epoch.bytes, EPOCH_BYTES);
    into->low = from->low;
    into->high = from->high;
    into->head = data_out(from->head.bytes, HASH_BYTES);
    into->signature = data_out(from->signature.bytes, SIGNATURE_BYTES);
}

static void *acks_out(const struct frame *frame, struct arena *arena)
{
    const struct frame_acks *from = &frame->acks;
    Tertulia__Acks *into = part_make(arena, &tertulia__acks__descriptor);
    Tertulia__Ack *parts = part_take(arena, from->count * sizeof *parts);
    into->n_acks = from->count;
    into->acks = part_take(arena, from->count * sizeof *into->acks);
    for (size_t i = 0; i < from->count; i++) {
        ack_out(&from->acks[i], &parts[i]);
        into->acks[i] = &parts[i];
    }
    return into;
}

static bool acks_wanted_in(const void *message, struct frame *into, struct arena *arena)
{
    (void)message;
    (void)into;
    (void)arena;
    return true;
}

static void *acks_wanted_out(const struct frame *from, struct arena *arena)
{
    (void)from;
    return part_make(arena, &tertulia__acks_wanted__descriptor);
}

static bool digest_in(const void *message, struct frame *into, struct arena *arena)
{
    const Tertulia__Digest *from = message;
    (void)arena;
    return fixed_in(&from->hash, into->digest.bytes, HASH_BYTES);
}

static void *digest_out(const struct frame *from, struct arena *arena)
{
    Tertulia__Digest *into = part_make(arena, &tertulia__digest__descriptor);
    into->hash = data_out(from->digest.bytes, HASH_BYTES);
    return into;
}

static bool buckets_in(const void *message, struct frame *into, struct arena *arena)
{
    const Tertulia__Buckets *from = message;
    (void)arena;
    into->buckets = (const uint8_t(*)[BUCKET_BYTES])from->digests.data;
    return from->digests.len == BUCKETS * BUCKET_BYTES;
}

static void *buckets_out(const struct frame *from, struct arena *arena)
{
    Tertulia__Buckets *into = part_make(arena, &tertulia__buckets__descriptor);
    into->digests = data_out(from->buckets, BUCKETS * BUCKET_BYTES);
    return into;
}

/* PROTOCOL.md "Rows":
 * > Rows are in order of id, without a double, all of one bucket, and all come after `after`. */
static bool row_in(const Tertulia__Row *from, struct frame_row *into, uint8_t bucket,
                   const struct id *above)
{
    return author_in(&from->author, &into->author) &&
           fixed_in(&from->digest, into->digest, BUCKET_BYTES) && into->author.bytes[0] == bucket &&
           (!above || id_compare(above, &into->author) < 0);
}

static bool rows_in(const void *message, struct frame *frame, struct arena *arena)
{
    const Tertulia__Rows *from = message;
    struct frame_rows *into = &frame->rows;
    into->bucket = (uint8_t)from->bucket;
    into->more = from->more;
    into->from_start = from->after.len == 0;
    into->count = from->n_rows;
    into->rows = arena_take(arena, from->n_rows * sizeof *into->rows);
    if (from->bucket >= BUCKETS || from->n_rows > ROWS_MAX || !into->rows ||
        (!into->from_start &&
         (!author_in(&from->after, &into->after) || into->after.bytes[0] != into->bucket)))
        return false;
    const struct id *above = into->from_start ? NULL : &into->after;
    for (size_t i = 0; i < into->count; i++) {
        if (!row_in(from->rows[i], &into->rows[i], into->bucket, above))
            return false;
        above = &into->rows[i].author;
    }
    return true;
}

static void *rows_out(const struct frame *frame, struct arena *arena)
{
    const struct frame_rows *from = &frame->rows;
    Tertulia__Rows *into = part_make(arena, &tertulia__rows__descriptor);
    Tertulia__Row *parts = part_take(arena, from->count * sizeof *parts);
    into->bucket = from->bucket;
    into->more = from->more;
    if (!from->from_start)
        into->after = data_out(from->after.bytes, ID_BYTES);
    into->n_rows = from->count;
    into->rows = part_take(arena, from->count * sizeof *into->rows);
    for (size_t i = 0; i < from->count; i++) {
        tertulia__row__init(&parts[i]);
        parts[i].author = data_out(from->rows[i].author.bytes, ID_BYTES);
        parts[i].digest = data_out(from->rows[i].digest, BUCKET_BYTES);
        into->rows[i] = &parts[i];
    }
    return into;
}

static bool heads_in(const void *message, struct frame *frame, struct arena *arena)
{
    const Tertulia__Heads *from = message;
    struct frame_heads *into = &frame->heads;
    into->answer = from->answer;
    into->more = from->more;
    into->count = from->n_heads;
    into->heads = arena_take(arena, from->n_heads * sizeof *into->heads);
    if (from->n_heads > HEADS_MAX || !into->heads || !author_in(&from->author, &into->author))
        return false;
    for (size_t i = 0; i < into->count; i++) {
        const Tertulia__Head *head = from->heads[i];
        struct frame_head *place = &into->heads[i];
        if (!epoch_in(&head->epoch, &place->epoch) ||
            !range_in(head->low, head->high, &place->low, &place->high) ||
            !fixed_in(&head->hash, place->hash.bytes, HASH_BYTES))
            return false;
    }
    return true;
}

static void *heads_out(const struct frame *frame, struct arena *arena)
{
    const struct frame_heads *from = &frame->heads;
    Tertulia__Heads *into = part_make(arena, &tertulia__heads__descriptor);
    Tertulia__Head *parts = part_take(arena, from->count * sizeof *parts);
    into->author = data_out(from->author.bytes, ID_BYTES);
    into->answer = from->answer;
    into->more = from->more;
    into->n_heads = from->count;
    into->heads = part_take(arena, from->count * sizeof *into->heads);
    for (size_t i = 0; i < from->count; i++) {
        tertulia__head__init(&parts[i]);
        parts[i].epoch = data_out(from->heads[i].epoch.bytes, EPOCH_BYTES);
        parts[i].low = from->heads[i].low;
        parts[i].high = from->heads[i].high;
        parts[i].hash = data_out(from->heads[i].hash.bytes, HASH_BYTES);
        into->heads[i] = &parts[i];
    }
    return into;
}

static bool log_range_in(const void *message, struct frame *frame, struct arena *arena)
{
    const Tertulia__Range *from = message;
    struct frame_range *into = &frame->range;
    (void)arena;
    return author_in(&from->author, &into->author) && epoch_in(&from->epoch, &into->epoch) &&
           range_in(from->low, from->high, &into->low, &into->high);
}

static void *log_range_out(const struct frame *frame, struct arena *arena)
{
    const struct frame_range *from = &frame->range;
    Tertulia__Range *into = part_make(arena, &tertulia__range__descriptor);
    into->author = data_out(from->author.bytes, ID_BYTES);
    into->epoch = data_out(from->epoch.bytes, EPOCH_BYTES);
    into->low = from->low;
    into->high = from->high;
    return into;
}

/* Of both questions and answers: only the latter have hashes. */
static bool any_heights_in(const Tertulia__Heights *from, struct frame_heights *into, bool hashes,
                           struct arena *arena)
{
    into->count = from->n_heights;
    into->heights = arena_take(arena, from->n_heights * sizeof *into->heights);
    if (from->n_heights > HEIGHTS_MAX || !into->heights ||
        !author_in(&from->author, &into->author) || !epoch_in(&from->epoch, &into->epoch))
        return false;
    for (size_t i = 0; i < into->count; i++) {
        const Tertulia__Height *height = from->heights[i];
        struct frame_height *place = &into->heights[i];
        *place = (struct frame_height){0};
        if (!seq_in(height->seq, &place->seq) ||
            !fixed_in(&height->hash, place->hash.bytes, hashes ? HASH_BYTES : 0))
            return false;
    }
    return true;
}

static void *any_heights_out(const struct frame_heights *from, bool hashes, struct arena *arena)
{
    Tertulia__Heights *into = part_make(arena, &tertulia__heights__descriptor);
    Tertulia__Height *parts = part_take(arena, from->count * sizeof *parts);
    into->author = data_out(from->author.bytes, ID_BYTES);
    into->epoch = data_out(from->epoch.bytes, EPOCH_BYTES);
    into->n_heights = from->count;
    into->heights = part_take(arena, from->count * sizeof *into->heights);
    for (size_t i = 0; i < from->count; i++) {
        tertulia__height__init(&parts[i]);
        parts[i].seq = from->heights[i].seq;
        parts[i].hash = data_out(from->heights[i].hash.bytes, hashes ? HASH_BYTES : 0);
        into->heights[i] = &parts[i];
    }
    return into;
}

static bool heights_in(const void *message, struct frame *into, struct arena *arena)
{
    return any_heights_in(message, &into->heights, false, arena);
}

static void *heights_out(const struct frame *from, struct arena *arena)
{
    return any_heights_out(&from->heights, false, arena);
}

static bool hashes_in(const void *message, struct frame *into, struct arena *arena)
{
    return any_heights_in(message, &into->heights, true, arena);
}

static void *hashes_out(const struct frame *from, struct arena *arena)
{
    return any_heights_out(&from->heights, true, arena);
}

static bool fork_in(const void *message, struct frame *frame, struct arena *arena)
{
    const Tertulia__Fork *from = message;
    struct frame_fork *into = &frame->fork;
    (void)arena;
    return from->first && from->second && signed_in(from->first, &into->first) &&
           signed_in(from->second, &into->second);
}

static void *fork_out(const struct frame *frame, struct arena *arena)
{
    const struct frame_fork *from = &frame->fork;
    Tertulia__Fork *into = part_make(arena, &tertulia__fork__descriptor);
    into->first = part_make(arena, &tertulia__signed__descriptor);
    into->second = part_make(arena, &tertulia__signed__descriptor);
    signed_out(&from->first, into->first);
    signed_out(&from->second, into->second);
    return into;
}

static bool unwanted_in(const void *message, struct frame *into, struct arena *arena)
{
    const Tertulia__Unwanted *from = message;
    (void)arena;
    return author_in(&from->author, &into->author);
}

static void *unwanted_out(const struct frame *from, struct arena *arena)
{
    Tertulia__Unwanted *into = part_make(arena, &tertulia__unwanted__descriptor);
    into->author = data_out(from->author.bytes, ID_BYTES);
    return into;
}

const struct part log_parts[LOG_PARTS] = {
    {TERTULIA__FRAME__KIND_ENTRIES, FRAME_ENTRIES, 0, entries_in, entries_out},
    {TERTULIA__FRAME__KIND_ACKS, FRAME_ACKS, 0, acks_in, acks_out},
    {TERTULIA__FRAME__KIND_ACKS_WANTED, FRAME_ACKS_WANTED, 0, acks_wanted_in, acks_wanted_out},
    {TERTULIA__FRAME__KIND_DIGEST, FRAME_DIGEST, 0, digest_in, digest_out},
    {TERTULIA__FRAME__KIND_BUCKETS, FRAME_BUCKETS, 0, buckets_in, buckets_out},
    {TERTULIA__FRAME__KIND_ROWS, FRAME_ROWS, 0, rows_in, rows_out},
    {TERTULIA__FRAME__KIND_HEADS, FRAME_HEADS, 0, heads_in, heads_out},
    {TERTULIA__FRAME__KIND_WANT, FRAME_WANT, 0, log_range_in, log_range_out},
    {TERTULIA__FRAME__KIND_LACK, FRAME_LACK, 0, log_range_in, log_range_out},
    {TERTULIA__FRAME__KIND_HEIGHTS, FRAME_HEIGHTS, 0, heights_in, heights_out},
    {TERTULIA__FRAME__KIND_HASHES, FRAME_HASHES, 0, hashes_in, hashes_out},
    {TERTULIA__FRAME__KIND_FORK, FRAME_FORK, 0, fork_in, fork_out},
    {TERTULIA__FRAME__KIND_UNWANTED, FRAME_UNWANTED, 0, unwanted_in, unwanted_out},
};
