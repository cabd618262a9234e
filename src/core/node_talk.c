/* Our own words: from what was typed to an entry on disk. What waits together is stored together,
 * one commit after the other, so that a commit that fails never leaves a gap below one that does
 * not. Invariant: nothing that was typed is lost: it is stored and shown, or given back. */
#include "core/node_parts.h"

struct word *node_word(struct node *node, enum entry_kind kind, const char *conversation,
                       struct span text)
{
    struct word *word = xcalloc(1, sizeof *word);
    word->kind = kind;
    word->room = xstrdup(conversation);
    word->text =
        span_of(xmemdup(text.bytes ? text.bytes : (const uint8_t *)"", text.size), text.size);
    word->line = node->line;
    return word;
}

void node_word_free(struct word *word)
{
    free(word->room);
    free(word->name);
    free(word->guest);
    free((void *)(uintptr_t)word->text.bytes);
    free(word->readers);
    free(word->back);
    free(word->back_to);
    free(word->whisper);
    entry_drop(word->entry);
    free(word);
}

static void words_free(struct word **list)
{
    while (*list) {
        struct word *word = *list;
        DL_DELETE(*list, word);
        node_word_free(word);
    }
}

void node_talk_free(struct node *node)
{
    words_free(&node->waiting);
    words_free(&node->storing);
    for (size_t i = 0; i < node->spoken_count; i++) {
        free(node->spoken[i].conversation);
        free(node->spoken[i].text);
    }
    free(node->spoken);
    if (node->own_commit)
        node_commit_free(node->own_commit);
}

/* ---- words that cannot be said ---- */

/* TAKES word. */
static void word_back(struct node *node, struct word *word)
{
    if (word->kind == ENTRY_PROFILE)
        node->greeted = false;
    if (word->back) {
        struct node_effect *effect = node_effect(node, EFFECT_BACK);
        effect->line = word->line;
        effect->back.conversation = node_effect_text(effect, word->back_to);
        effect->back.text = node_effect_text(effect, word->back);
    }
    node_word_free(word);
}

static void word_refuse(struct node *node, struct word *word, const char *code,
                        const char *sentence)
{
    struct message message = message_make(code, sentence);
    uint64_t line = node->line;
    node->line = word->line;
    node_error(node, &message);
    node->line = line;
    word_back(node, word);
}

static bool body_of(const struct word *word, struct body *into)
{
    *into = (struct body){.kind = word->kind};
    switch (word->kind) {
    case ENTRY_SAY:
    case ENTRY_ACT:
        into->say.text = word->text;
        into->say.again = word->again;
        break;
    case ENTRY_PROFILE:
        into->profile.name = span_text(word->name ? word->name : "");
        into->profile.away = word->away;
        into->profile.status = word->text;
        break;
    case ENTRY_LEAVE:
        into->why = word->text;
        break;
    case ENTRY_TOPIC:
        into->topic = word->text;
        break;
    case ENTRY_CALL: /* of everyone in the room: who is called alone is whispered to */
    case ENTRY_JOIN:
        break;
    case ENTRY_SEALED:
        return false;
    }
    return body_well_formed(into);
}

static struct whisper *whisper_of(const struct word *word)
{
    struct whisper *whisper = xcalloc(1, sizeof *whisper);
    whisper->kind = word->kind;
    whisper->text = word->text;
    whisper->again = word->again;
    whisper->reader_count = word->reader_count;
    memcpy(whisper->readers, word->readers, word->reader_count * sizeof *word->readers);
    return whisper;
}

static bool word_fits(const struct word *word)
{
    struct body body;
    if (!word->sealed)
        return body_of(word, &body);
    if (word->reader_count == 0 || word->reader_count > READERS_MAX)
        die("a whisper for nobody, or for too many");
    struct whisper *whisper = whisper_of(word);
    bool fits = whisper_well_formed(whisper);
    free(whisper);
    return fits;
}

bool node_talk(struct node *node, struct word *word)
{
    if (node->halted) {
        word_refuse(node, word, "disk-full",
                    N_("Not sent: there is no room on the disk to keep it. Make room, and send it "
                       "again."));
        return false;
    }
    if (word->text.size > TEXT_MAX) {
        word_refuse(node, word, "too-long",
                    N_("Not sent: a message has at most 4,096 bytes. Split it."));
        return false;
    }
    if (!word_fits(word)) {
        word_refuse(node, word, "bad-text", N_("Not sent: that cannot be said like this."));
        return false;
    }
    if (node->leaving || node->waiting_count >= NODE_WAITING) {
        word_refuse(node, word, "busy", N_("Not sent: too much waits already. Try again."));
        return false;
    }
    if (!node->greeted && word->kind != ENTRY_PROFILE)
        node_talk_profile(node);
    DL_APPEND(node->waiting, word);
    node->waiting_count++;
    return true;
}

void node_talk_profile(struct node *node)
{
    if (node->halted)
        return;
    node->greeted = true;
    if (node->name[0] == '\0')
        return;
    struct word *word = node_word(node, ENTRY_PROFILE, "", span_text(node->why));
    word->name = xstrdup(node->name);
    word->away = node->away;
    (void)node_talk(node, word);
}

/* ---- the log of ours ---- */

/* The author's last epoch that we know of: the one that began last. */
static uint64_t last_own(const struct node *node, struct entry_tip *tip)
{
    const struct author *self = logs_find(node->logs, &node->config.identity->id);
    uint64_t last = 0;
    *tip = (struct entry_tip){.seq = 0};
    for (size_t i = 0; self && i < self->log_count; i++) {
        const struct log *log = &self->logs[i];
        uint64_t start = node_trail_get(node, &self->id, &log->epoch).start;
        if (log->high == 0 || (tip->seq && start <= last))
            continue;
        last = start;
        *tip = (struct entry_tip){log->epoch, log->high, log->head};
    }
    return last;
}

static void epoch_open(struct node *node)
{
    uint64_t last = last_own(node, &node->named);
    uint64_t clock = node->now.wall_ms;
    if (node->own_start > last)
        last = node->own_start;
    node->own_start = clock > last ? clock : last + 1;
    if (node->own_start > ENTRY_NUMBER_MAX)
        node->own_start = ENTRY_NUMBER_MAX;
    node->tip = (struct entry_tip){.seq = 0};
    sys_random(node->config.sys, node->tip.epoch.bytes, EPOCH_BYTES);
    node->open = true;
    node->opened_ever = true;
    node->opened_at = node->now.mono_ms;
}

/* False where no epoch can be opened now. */
static bool epoch_ready(struct node *node)
{
    if (node->open)
        return true;
    if (node->opened_ever && !node->leaving && node->now.mono_ms < node->opened_at + NODE_EPOCH_MS)
        return false;
    const struct author *self = logs_find(node->logs, &node->config.identity->id);
    if (self && !author_has_room(self))
        return false;
    epoch_open(node);
    return true;
}

static void fields_fill(struct node *node, const struct word *word, struct entry_fields *fields)
{
    *fields = (struct entry_fields){.net = node->config.net,
                                    .author = node->config.identity->id,
                                    .epoch = node->tip.epoch,
                                    .seq = node->tip.seq + 1,
                                    .hlc = hlc_next(&node->hlc, node->now.wall_ms),
                                    .wall = node->now.wall_ms,
                                    .kind = word->sealed ? ENTRY_SEALED : word->kind};
    if (node->tip.seq)
        fields->prev = node->tip.hash;
    else {
        fields->epoch_start = node->own_start;
        fields->last = node->named;
    }
    if (!word->sealed)
        fields->room = span_text(word->room);
    if (!word->guest)
        return;
    fields->guest = span_text(word->guest);
    fields->dialect = span_text(word->dialect);
    if (word->wall)
        fields->wall = word->wall;
}

/* NULL where it cannot be said. */
static struct entry *entry_of(struct node *node, struct word *word)
{
    const struct node_config *config = &node->config;
    struct entry_fields fields;
    uint8_t bytes[ENTRY_MAX];
    size_t size;
    fields_fill(node, word, &fields);
    if (word->sealed) {
        free(word->whisper);
        word->whisper = whisper_of(word);
        if (whisper_seal(word->whisper, &fields, config->codec, config->sys, bytes, &size) !=
            SEAL_FINE)
            return NULL;
    } else {
        struct body body;
        if (!body_of(word, &body) || !config->codec->body_pack(&body, bytes, sizeof bytes, &size))
            return NULL;
    }
    fields.body = span_of(bytes, size);
    return entry_make(&fields, config->codec, config->signer, config->identity);
}

bool node_talk_pump(struct node *node)
{
    bool any = false;
    if (node->storing || !node->waiting || !epoch_ready(node))
        return false;
    while (node->waiting) {
        struct word *word = node->waiting;
        DL_DELETE(node->waiting, word);
        node->waiting_count--;
        word->entry = entry_of(node, word);
        if (!word->entry) {
            word_refuse(node, word, "cannot-seal",
                        N_("Not sent: it is too long for so many readers, or one of them has no "
                           "key that a whisper can be sealed for."));
            continue;
        }
        node->tip = entry_tip(word->entry);
        DL_APPEND(node->storing, word);
        node_sync_event(node, &(struct sync_event){.kind = SYNC_OWN, .own = word->entry});
        any = true;
    }
    return any;
}

uint64_t node_talk_due(const struct node *node)
{
    if (!node->waiting || node->storing || node->open || !node->opened_ever)
        return UINT64_MAX;
    return node->opened_at + NODE_EPOCH_MS;
}

struct word *node_word_of(const struct node *node, const struct entry *entry)
{
    struct word *word;
    DL_FOREACH(node->storing, word)
    if (word->entry == entry)
        return word;
    return NULL;
}

/* ---- stored, or not ---- */

static void word_stored(struct node *node, const struct node_record *stored)
{
    struct word *word = node_word_of(node, stored->entry);
    if (!word)
        return;
    struct node_record record = *stored;
    record.live = true;
    DL_DELETE(node->storing, word);
    node_guest_from(node, word->from);
    if (word->sealed && word->guest) {
        /* what a guest says to one alone is for that one */
    } else if (word->sealed) {
        record.sealed = NODE_OPENED;
        record.conversation = word->room;
        record.whisper = word->whisper;
        node_show(node, &record);
    } else {
        node_learn(node, &record);
    }
    node_guest_from(node, 0);
    if (word->kind == ENTRY_PROFILE)
        node_self_keep(node);
    if (!word->guest) /* whose words are not said again, and who waits for no receipt */
        node_spoken_add(node, word->entry, word);
    const struct entry_fields *fields = &word->entry->fields;
    const struct author *self = logs_find(node->logs, &fields->author);
    const struct log *log = self ? author_log(self, &fields->epoch) : NULL;
    if (log && log->fork && fields->seq >= log->fork->seq)
        node_words_again(node, &fields->epoch, fields->seq);
    node_word_free(word);
}

void node_words_stored(struct node *node, const struct commit *commit)
{
    for (size_t i = 0; i < commit->count; i++)
        word_stored(node, &commit->records[i]);
}

/* What waited behind it has no place to go either. */
void node_words_lost(struct node *node, const struct commit *commit)
{
    (void)commit; /* nothing else of ours is ever under way */
    struct word *word, *next;
    DL_FOREACH_SAFE(node->storing, word, next)
    {
        DL_DELETE(node->storing, word);
        word_back(node, word);
    }
    DL_FOREACH_SAFE(node->waiting, word, next)
    {
        DL_DELETE(node->waiting, word);
        node->waiting_count--;
        word_back(node, word);
    }
}

void node_leave(struct node *node)
{
    if (node->leaving)
        return;
    node->leaving = true;
    node_rooms_keep(node);
}

void node_leave_if_done(struct node *node)
{
    if (!node->leaving || node->left || node->storing || node->waiting)
        return;
    node->left = true;
    for (size_t i = 0; i < node->link_count; i++)
        node_link_close(node, node->links[i], DISCONNECT_LEAVING, true);
    node_effect(node, EFFECT_LEAVE);
}

/* ---- lost words ---- */

static void spoken_again(struct node *node, struct spoken *spoken)
{
    struct room *room = rooms_find(node->rooms, spoken->conversation);
    char *text = spoken->text;
    spoken->text = NULL;
    if (room) {
        struct word *word = node_word(node, spoken->kind, room->name, span_text(text));
        word->line = 0;
        word->again = (struct body_again){true, spoken->ref.epoch, spoken->ref.seq};
        word->sealed = room->kind == ROOM_WHISPER;
        word->reader_count = room->people_count;
        word->readers = xmemdup(room->people, room->people_count * sizeof *room->people);
        (void)node_talk(node, word);
    }
    free(text);
}

void node_words_again(struct node *node, const struct epoch_id *epoch, uint64_t seq)
{
    if (epoch_equal(&node->tip.epoch, epoch))
        node->open = false;
    bool any = false;
    for (size_t i = 0; i < node->spoken_count; i++) {
        size_t at = (node->spoken_next + i) % node->spoken_count;
        struct spoken *spoken = &node->spoken[at];
        if (!spoken->text || !epoch_equal(&spoken->ref.epoch, epoch) || spoken->ref.seq < seq)
            continue;
        spoken_again(node, spoken);
        any = true;
    }
    if (!any)
        return;
    struct message message = message_make(
        "said-again", N_("Another copy of you spoke at the same time. What you said since is said "
                         "again."));
    node_notice(node, &message);
}
