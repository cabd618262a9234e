/* What crowds say, made up. */
#include "tests/bench/said.h"

#include "core/room.h"
#include "dialect/native.h"
#include "tests/unit/make.h"

#include <stdio.h>
#include <string.h>

enum { WORDS = 20000 /* in their vocabulary; the first are said most */ };

void said_init(struct said *said, size_t authors, size_t epochs, size_t total,
               const struct signer *signer)
{
    *said = (struct said){.authors = authors,
                          .per_log = total / authors / epochs + 1,
                          .first_ms = UINT64_C(1700000000000),
                          .step_ms = 7776, /* a million in 90 days */
                          .rooms = SAID_ROOMS,
                          .chance = 88172645463325252,
                          .signer = signer};
    if (authors == 0 || authors > SAID_AUTHORS)
        die("so many people do not talk here");
    said_others(said, 0);
}

void said_others(struct said *said, uint8_t crowd)
{
    for (size_t i = 0; i < said->authors; i++) {
        struct seed seed = {{(uint8_t)(i + 1), (uint8_t)((i + 1) >> 8), crowd}};
        identity_init(&said->people[i], &seed);
        said->tips[i] = (struct entry_tip){.epoch = {{0, (uint8_t)i, (uint8_t)(i >> 8)}}};
    }
}

static uint64_t draw(struct said *said, uint64_t below)
{
    said->chance ^= said->chance << 13;
    said->chance ^= said->chance >> 7;
    said->chance ^= said->chance << 17;
    return (said->chance >> 11) % below;
}

/* Words as people use them: word N about 1/N as often as the first. */
static size_t word_draw(struct said *said)
{
    uint64_t bits = draw(said, 15), low = (UINT64_C(1) << bits) - 1;
    size_t word = (size_t)(low + draw(said, UINT64_C(1) << bits));
    return word < WORDS ? word : WORDS - 1;
}

static size_t words_make(struct said *said, char *into, size_t size, size_t words)
{
    size_t at = 0;
    for (size_t i = 0; i < words && at + 24 < size; i++)
        at += (size_t)snprintf(into + at, size - at, "w%zux%c ", word_draw(said),
                               (char)('a' + draw(said, 2)));
    return at;
}

static void text_make(struct said *said, char *into, size_t size)
{
    if (said->line > 0) {
        size_t at = words_make(said, into, said->line + 1, SIZE_MAX);
        memset(into + at, 'x', said->line - at);
        into[said->line] = '\0';
        return;
    }
    size_t at = words_make(said, into, 512, 6 + draw(said, 24));
    if (said->made % 100000 == 7)
        snprintf(into + at, size - at, "aguja");
    if (said->made % 3 == 0)
        snprintf(into + at, size - at, "tertulia");
}

static struct entry_tip *tip_draw(struct said *said, size_t who)
{
    struct entry_tip *tip = &said->tips[who];
    if (tip->seq >= said->per_log) { /* the next epoch */
        tip->seq = 0;
        tip->epoch.bytes[0]++;
    }
    return tip;
}

struct entry *said_next(struct said *said)
{
    char text[ENTRY_MAX] = "", room[16];
    uint8_t bytes[ENTRY_MAX];
    size_t size, who = draw(said, said->authors);
    struct entry_tip *tip = tip_draw(said, who);
    text_make(said, text, sizeof text);
    snprintf(room, sizeof room, said->made % 2 || !said->rooms ? "#everyone" : "#room%zu",
             (size_t)draw(said, said->rooms + !said->rooms));
    struct entry_fields fields = make_fields(&said->people[who], tip);
    struct body body = {.kind = ENTRY_SAY, .say = {.text = span_text(text)}};
    if (!native_codec.body_pack(&body, bytes, sizeof bytes, &size))
        die("a body does not fit");
    fields.body = span_of(bytes, size);
    fields.room = span_text(room);
    fields.hlc = fields.wall = said->first_ms + said->made++ * said->step_ms;
    if (fields.seq == 1)
        fields.epoch_start = fields.hlc;
    struct entry *entry = entry_make(&fields, &native_codec, said->signer, &said->people[who]);
    if (!entry)
        die("an entry does not fit");
    *tip = entry_tip(entry);
    return entry;
}

void said_group_make(struct said *said, struct said_group *group, size_t count)
{
    memset(group, 0, sizeof *group);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = said_next(said);
        const struct entry_fields *fields = &entry->fields;
        memcpy(group->rooms[i], fields->room.bytes, fields->room.size);
        group->records[i] = (struct node_record){.entry = entry,
                                                 .key = fields->hlc,
                                                 .start = said->first_ms,
                                                 .received = fields->hlc,
                                                 .live = true,
                                                 .conversation = group->rooms[i]};
        group->trails[i] = (struct node_trail){.start = said->first_ms, .last = fields->hlc};
    }
    group->effect = (struct node_effect){.kind = EFFECT_STORE,
                                         .store = {.count = count,
                                                   .records = group->records,
                                                   .places = group->places,
                                                   .trails = group->trails}};
}

void said_group_done(struct said_group *group)
{
    for (size_t i = 0; i < group->effect.store.count; i++)
        entry_drop(group->records[i].entry);
}

void said_name(size_t author, char into[16])
{
    snprintf(into, 16, "p%zu", author);
}
