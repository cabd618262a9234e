/* What need not be pushed. In a small mesh everyone is linked to everyone, and what somebody says
 * reaches all by itself: who shows that it does is not pushed the same by us. Should it be lost on
 * its way, one of the two ends of our link tells the other a second later how far the log goes, the
 * caller first; who then asks for what it lacks is pushed to again from there on. */
#include "core/sync_parts.h"

/* The link to the author itself; none where it has several: who hears one may not hear the other.
 */
static struct link *home_of(const struct sync *sync, const struct id *author)
{
    struct link *home = NULL;
    for (size_t i = 0; i < sync->link_end && sync->whole; i++)
        if (sync->links[i] && id_equal(&sync->links[i]->peer, author)) {
            if (home)
                return NULL;
            home = sync->links[i];
        }
    return home;
}

static bool owes_any(const struct link *home)
{
    uint64_t any = 0;
    for (size_t i = 0; i < SYNC_LINKS / 64; i++)
        any |= home->owed[i];
    return any != 0;
}

/* Says how far we have stored it; to those who called us only where it is `late`. */
static void tell(struct sync *sync, struct link *home, bool late)
{
    const struct author *author = logs_find(sync->logs, &home->peer);
    const struct log *log = author ? author_log(author, &home->owed_epoch) : NULL;
    for (size_t i = 0; i < sync->link_end; i++) {
        struct link *link = sync->links[i];
        if (!link || !have_is(home->owed, link) || !(late || link->caller))
            continue;
        have_drop(home->owed, link);
        if (log && log->high && !link->lagging && !link_refuses(sync, link, &home->peer))
            announce_to(sync, link, &home->peer, log);
    }
}

/* Many authors are told of at once: their moments are the same ones. */
static void owe(struct sync *sync, struct link *home, const struct link *link,
                const struct epoch_id *epoch)
{
    if (!epoch_equal(&home->owed_epoch, epoch))
        tell(sync, home, true);
    home->owed_epoch = *epoch;
    have_set(home->owed, link);
    if (home->tell_at)
        return;
    uint64_t soonest = sync->now.mono_ms + SYNC_TELL_MS / 2;
    home->tell_at = (soonest / SYNC_TELL_MS + 1) * SYNC_TELL_MS;
    home->tell_late = false;
}

/* Who still waits for answers of ours would have this one last; and what cannot be stored cannot be
 * told. */
bool reach_spares(struct sync *sync, const struct entry *entry, uint32_t from,
                  const struct link *link)
{
    if (sync->halted || link->serving)
        return false;
    struct link *home = link_by_serial(sync, from);
    if (!home || !have_is(home->reached, link) || home_of(sync, &entry->fields.author) != home)
        return false;
    owe(sync, home, link, &entry->fields.epoch);
    return true;
}

void reach_again(struct sync *sync, const struct link *link, const struct entry *entry)
{
    struct link *home = home_of(sync, &entry->fields.author);
    if (!home || home == link)
        return;
    have_set(home->reached, link);
    owe(sync, home, link, &entry->fields.epoch);
}

void reach_told(struct sync *sync, const struct link *link, const struct id *author,
                const struct epoch_id *epoch)
{
    struct link *home = home_of(sync, author);
    if (!home || home == link)
        return;
    have_set(home->reached, link);
    if (epoch_equal(&home->owed_epoch, epoch))
        have_drop(home->owed, link);
}

bool sync_meet(const struct sync *sync, uint32_t one, uint32_t other)
{
    const struct link *a = link_of(sync, one), *b = link_of(sync, other);
    return a && b && home_of(sync, &a->peer) == a && home_of(sync, &b->peer) == b &&
           have_is(a->reached, b) && have_is(b->reached, a);
}

bool reach_is_news(const struct sync *sync, const struct link *link, const struct entry *entry)
{
    return sync->whole && link->round == ROUND_SETTLED &&
           entry->fields.hlc + 3 * SYNC_TELL_MS > sync->now.wall_ms;
}

void reach_wanted(struct sync *sync, const struct link *link, const struct id *author)
{
    struct link *home = home_of(sync, author);
    if (home)
        have_drop(home->reached, link);
}

void reach_tick(struct sync *sync, struct link *home)
{
    if (home->tell_at == 0 || home->tell_at > sync->now.mono_ms)
        return;
    tell(sync, home, home->tell_late);
    home->tell_late = !home->tell_late;
    home->tell_at = owes_any(home) ? home->tell_at + SYNC_TELL_MS / 2 : 0;
}

void reach_leave(struct sync *sync, struct link *link)
{
    for (size_t i = 0; i < sync->link_end; i++)
        if (sync->links[i]) {
            have_drop(sync->links[i]->reached, link);
            have_drop(sync->links[i]->owed, link);
        }
    tell(sync, link, true); /* nobody else may know what it said last */
}
