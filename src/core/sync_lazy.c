/* Who gets an author's words from somebody else sooner is spared ours: the words go along a tree of
 * links, and along the others now and then a line that says how far we have them. Whoever misses
 * something by that asks for it, and then gets the words again. It begins with everybody getting
 * everything; what is forgotten is as in the beginning. */
#include "core/sync_parts.h"

/* The links that are spared the words of one author. */
struct lazy {
    UT_hash_handle hh;
    struct id author;
    uint64_t links[SYNC_LINKS / 64];
    uint64_t owed[SYNC_LINKS / 64]; /* of them, who is to be told a line.. */
    struct epoch_id epoch;          /* ..of this log, */
    uint64_t seq;                   /* when we have stored up to there */
};

struct lazy *lazy_find(const struct sync *sync, const struct id *author)
{
    struct lazy *lazy;
    HASH_FIND(hh, sync->lazies, author, sizeof *author, lazy);
    return lazy;
}

static void lazy_free(struct sync *sync, struct lazy *lazy)
{
    HASH_DELETE(hh, sync->lazies, lazy);
    free(lazy);
}

static bool is_any(const uint64_t set[SYNC_LINKS / 64])
{
    for (size_t i = 0; i < SYNC_LINKS / 64; i++)
        if (set[i])
            return true;
    return false;
}

/* False where the log is still on its way to the disk. */
static bool lines_send(struct sync *sync, struct lazy *lazy)
{
    const struct author *author = logs_find(sync->logs, &lazy->author);
    const struct log *log = author ? author_log(author, &lazy->epoch) : NULL;
    struct flight_key key = {lazy->author, lazy->epoch};
    if ((!log || log->high < lazy->seq) && flight_find(sync, &key))
        return false;
    for (size_t i = 0; log && log->high && i < sync->link_end; i++) {
        struct link *link = sync->links[i];
        if (link && slot_is(lazy->owed, link) && !link->lagging &&
            !link_refuses(sync, link, &lazy->author))
            announce_to(sync, link, &lazy->author, log);
    }
    memset(lazy->owed, 0, sizeof lazy->owed);
    return true;
}

static struct lazy *lazy_get(struct sync *sync, const struct id *author)
{
    struct lazy *lazy = lazy_find(sync, author);
    if (lazy)
        return lazy;
    if (HASH_COUNT(sync->lazies) >= SYNC_LAZY) {
        (void)lines_send(sync, sync->lazies); /* the oldest: what it owes is told now */
        lazy_free(sync, sync->lazies);
    }
    lazy = xcalloc(1, sizeof *lazy);
    lazy->author = *author;
    HASH_ADD(hh, sync->lazies, author, sizeof lazy->author, lazy);
    return lazy;
}

static void owe(struct sync *sync, struct lazy *lazy, const struct link *link,
                const struct entry *entry)
{
    if (!is_any(lazy->owed))
        lazy->seq = 0;
    lazy->epoch = entry->fields.epoch;
    if (lazy->seq < entry->fields.seq)
        lazy->seq = entry->fields.seq;
    slot_set(lazy->owed, link);
    if (sync->lazy_at == 0)
        sync->lazy_at = sync->now.mono_ms + SYNC_LAZY_MS;
}

static bool lazy_fits(const struct lazy *lazy, const struct epoch_id *epoch)
{
    return !is_any(lazy->owed) || epoch_equal(&lazy->epoch, epoch);
}

/* It has it from somebody else, and a line tells it the same of us. */
void lazy_again(struct sync *sync, struct link *link, const struct entry *entry)
{
    if (id_equal(&entry->fields.author, &sync->settings.self))
        return;
    struct lazy *lazy = lazy_get(sync, &entry->fields.author);
    slot_set(lazy->links, link);
    if (lazy_fits(lazy, &entry->fields.epoch))
        owe(sync, lazy, link, entry);
}

void lazy_told(struct sync *sync, struct link *link, const struct id *author,
               const struct frame_head *line)
{
    if (id_equal(author, &sync->settings.self))
        return;
    struct lazy *lazy = lazy_get(sync, author);
    slot_set(lazy->links, link);
    if (epoch_equal(&lazy->epoch, &line->epoch) && line->high >= lazy->seq)
        slot_clear(lazy->owed, link);
}

void lazy_asked(struct sync *sync, const struct link *link, const struct id *author)
{
    struct lazy *lazy = lazy_find(sync, author);
    if (lazy)
        slot_clear(lazy->links, link);
}

bool lazy_spares(struct sync *sync, struct lazy *lazy, const struct link *link,
                 const struct entry *entry)
{
    if (!lazy || sync->halted || !slot_is(lazy->links, link) ||
        !lazy_fits(lazy, &entry->fields.epoch))
        return false;
    owe(sync, lazy, link, entry);
    return true;
}

void lazy_leave(struct sync *sync, const struct link *link)
{
    struct lazy *lazy, *next;
    HASH_ITER(hh, sync->lazies, lazy, next)
    {
        slot_clear(lazy->links, link);
        slot_clear(lazy->owed, link);
        if (!is_any(lazy->links) && !is_any(lazy->owed))
            lazy_free(sync, lazy);
    }
}

void lazy_tick(struct sync *sync)
{
    if (sync->lazy_at == 0 || sync->lazy_at > sync->now.mono_ms)
        return;
    sync->lazy_at = 0;
    for (struct lazy *lazy = sync->lazies; lazy; lazy = lazy->hh.next)
        if (is_any(lazy->owed) && !lines_send(sync, lazy))
            sync->lazy_at = sync->now.mono_ms + SYNC_LAZY_MS;
}

void lazies_free(struct sync *sync)
{
    while (sync->lazies)
        lazy_free(sync, sync->lazies);
}
