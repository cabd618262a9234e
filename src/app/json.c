/* One function a kind of object; a key that is here never changes its meaning. */
#include "app/json.h"

#include "app/i18n.h"
#include "app/peers.h"
#include "base/alloc.h"
#include "base/base32.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "core/room.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REF_TEXT = ID_TEXT + BASE32_LENGTH(EPOCH_BYTES) + 24 };

static json_t *must(json_t *made)
{
    if (!made)
        die("JSON cannot be made of what was checked");
    return made;
}

/* ---- small things ---- */

void time_text(uint64_t wall_ms, char into[TIME_TEXT])
{
    static const uint64_t LAST = UINT64_C(253402300799999); /* of the year 9999 */
    uint64_t at = wall_ms < LAST ? wall_ms : LAST;
    time_t seconds = (time_t)(at / 1000);
    struct tm utc;
    char date[20];
    gmtime_r(&seconds, &utc);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(into, TIME_TEXT, "%s.%03uZ", date, (unsigned)(at % 1000));
}

static json_t *time_json(uint64_t wall_ms)
{
    char text[TIME_TEXT];
    time_text(wall_ms, text);
    return must(json_string_nocheck(text));
}

/* Each byte that is no part of a character becomes U+FFFD. */
static json_t *bytes_json(struct span text)
{
    static const char REPLACEMENT[] = "\xef\xbf\xbd";
    struct buf into;
    int32_t code;
    buf_init(&into, text.size * (sizeof REPLACEMENT - 1));
    for (size_t at = 0, step; at < text.size; at += step) {
        const char *bytes = (const char *)text.bytes + at;
        step = utf8_step(bytes, text.size - at, &code);
        bool bad = code == UTF8_INVALID;
        if (!buf_add(&into, bad ? REPLACEMENT : bytes, bad ? sizeof REPLACEMENT - 1 : step))
            die("a replaced text is longer than it can be");
    }
    json_t *made = must(json_stringn_nocheck((const char *)buf_bytes(&into), into.length));
    buf_done(&into);
    return made;
}

json_t *span_json(struct span text)
{
    const char *bytes = text.size ? (const char *)text.bytes : "";
    if (!utf8_valid(bytes, text.size))
        return bytes_json(text);
    return must(json_stringn_nocheck(bytes, text.size));
}

static json_t *text_json(const char *text)
{
    return text ? span_json(span_text(text)) : json_null();
}

json_t *id_json(const struct id *id)
{
    char text[ID_TEXT];
    id_text(id, text);
    return must(json_string_nocheck(text));
}

json_t *ref_json(const struct entry_ref *ref)
{
    char author[ID_TEXT], epoch[BASE32_LENGTH(EPOCH_BYTES) + 1], text[REF_TEXT];
    id_text(&ref->author, author);
    base32_encode(ref->epoch.bytes, EPOCH_BYTES, epoch, sizeof epoch - 1);
    snprintf(text, sizeof text, "%s:%s:%" PRIu64, author, epoch, ref->seq);
    return must(json_string_nocheck(text));
}

static json_t *ids_json(const struct id *ids, size_t count)
{
    json_t *list = must(json_array());
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, id_json(&ids[i]));
    return list;
}

static void put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new_nocheck(object, key, must(value)) != 0)
        die("JSON cannot hold %s", key);
}

/* ---- lines ---- */

static const char *kind_word(const struct node_line *line)
{
    if (!line->readable)
        return "unknown";
    switch ((enum entry_kind)line->kind) {
    case ENTRY_SAY:
        return "say";
    case ENTRY_ACT:
        return "act";
    case ENTRY_PROFILE:
        return "profile";
    case ENTRY_JOIN:
        return "join";
    case ENTRY_LEAVE:
        return "leave";
    case ENTRY_TOPIC:
        return "topic";
    case ENTRY_CALL:
        return "call";
    case ENTRY_SEALED:
        return "unknown";
    }
    return "unknown";
}

/* A guest has no key, only a host that answers for it. */
static json_t *from_json(const struct node_line *line)
{
    bool guest = line->guest.size != 0;
    json_t *from = must(json_object());
    put(from, "name", guest ? span_json(line->guest) : text_json(line->name));
    put(from, "id", guest ? json_null() : id_json(&line->order.author));
    put(from, "guest", guest ? span_json(line->dialect) : json_null());
    put(from, "host", guest ? id_json(&line->order.author) : json_null());
    return from;
}

/* A whisper's name is the ids of the others behind an @ (core/node.h). */
static void conversation_put(json_t *object, const char *conversation)
{
    bool whisper = conversation[0] == '@';
    put(object, whisper ? "whisper" : "room", text_json(conversation + whisper));
}

json_t *line_json(const struct node_line *line)
{
    struct entry_ref ref = {line->order.author, line->order.epoch, line->order.seq};
    json_t *object = must(json_object());
    conversation_put(object, line->conversation);
    put(object, "kind", json_string_nocheck(kind_word(line)));
    put(object, "from", from_json(line));
    put(object, "time", time_json(line->time));
    put(object, "text", span_json(line->text));
    put(object, "ref", ref_json(&ref));
    put(object, "own", json_boolean(line->own && line->guest.size == 0));
    put(object, "encrypted",
        json_boolean(line->guest.size == 0 && !guest_conversation_name(line->conversation)));
    put(object, "late", json_boolean(line->late || line->missed));
    put(object, "skew_ms", json_integer(line->skew_ms));
    return object;
}

json_t *receipt_json(const struct node_receipt *receipt)
{
    json_t *object = must(json_object());
    put(object, "ref", ref_json(&receipt->ref));
    put(object, "stored_by", ids_json(receipt->stored_by, receipt->count));
    put(object, "of", json_integer((json_int_t)receipt->of));
    if (!receipt->guest)
        return object;
    put(object, "guest", text_json(receipt->guest));
    put(object, "delivered", json_boolean(receipt->delivered));
    return object;
}

/* ---- people ---- */

static const char *state_word(enum node_peer_state state)
{
    switch (state) {
    case NODE_PEER_UP:
        return "up";
    case NODE_PEER_DOWN:
        return "down";
    case NODE_PEER_CHANGED:
        return "changed";
    }
    return "changed";
}

static const char *presence_word(enum presence presence)
{
    switch (presence) {
    case PRESENCE_LINKED:
        return "linked";
    case PRESENCE_MESH:
        return "mesh";
    case PRESENCE_AWAY:
        return "away";
    case PRESENCE_GONE:
        return "gone";
    }
    return "gone";
}

static const char *trust_word(enum trust trust)
{
    switch (trust) {
    case TRUST_SEEN:
        return "seen";
    case TRUST_VERIFIED:
        return "verified";
    case TRUST_BLOCKED:
        return "blocked";
    }
    return "seen";
}

static const char *found_word(enum found found)
{
    switch (found) {
    case FOUND_BEACON:
        return "beacon";
    case FOUND_SCAN:
        return "scan";
    case FOUND_REMEMBERED:
        return "remembered";
    case FOUND_TOLD:
        return "told";
    case FOUND_ASKED:
        return "asked";
    case FOUND_CALLED_US:
        return "called-us";
    }
    return "told";
}

static json_t *address_json(const struct overlay_address *address)
{
    char text[ADDRESS_TEXT];
    if (address->port == 0)
        return json_null();
    peers_address_text(address, text);
    return must(json_string(text));
}

/* What both an event and a list say of somebody. */
static json_t *person_json(const struct node_peer *peer, const struct id *self)
{
    bool elsewhere = peer->guest && !id_equal(&peer->id, self);
    bool linked = !peer->self && (peer->presence == PRESENCE_LINKED || peer->rtt_us);
    json_t *object = must(json_object());
    put(object, "id", peer->guest ? json_null() : id_json(&peer->id));
    put(object, "name", text_json(peer->name));
    put(object, "address", address_json(&peer->address));
    put(object, "found", linked ? json_string(found_word(peer->found)) : json_null());
    put(object, "guest", text_json(peer->guest));
    put(object, "rtt_ms", peer->rtt_us ? json_real((double)peer->rtt_us / 1000) : json_null());
    put(object, "host", elsewhere ? id_json(&peer->id) : json_null());
    put(object, "encrypted", json_boolean(!peer->guest));
    put(object, "trust", json_string(trust_word(peer->trust)));
    put(object, "presence", json_string(presence_word(peer->presence)));
    put(object, "seen", peer->seen ? time_json(peer->seen) : json_null());
    put(object, "away", peer->away ? text_json(peer->why ? peer->why : "") : json_null());
    put(object, "ignored", json_boolean(peer->ignored));
    put(object, "self", json_boolean(peer->self));
    return object;
}

json_t *peer_json(const struct node_peer *peer, const struct id *self)
{
    json_t *object = person_json(peer, self);
    put(object, "state", json_string(state_word(peer->state)));
    return object;
}

/* ---- answers ---- */

static json_t *room_json(const struct node_room *room)
{
    json_t *object = must(json_object());
    put(object, "room", text_json(room->conversation));
    put(object, "joined", json_boolean(room->joined));
    put(object, "members", json_integer((json_int_t)room->members));
    put(object, "topic", text_json(room->topic));
    return object;
}

static json_t *got_json(const struct node_answer *answer, size_t index)
{
    json_t *object = must(json_object());
    put(object, "id", id_json(&answer->people[index]));
    put(object, "name", text_json(answer->labels[index]));
    put(object, "stored", json_boolean(answer->stored[index]));
    return object;
}

static json_t *info_json(const struct node_answer *answer, size_t index, const struct id *self)
{
    json_t *object = person_json(&answer->peers[index], self);
    put(object, "verify", answer->verify[0] ? text_json(answer->verify) : json_null());
    return object;
}

static json_t *item_json(const struct node_answer *answer, size_t index, const struct id *self)
{
    if (answer->command == COMMAND_INFO || answer->command == COMMAND_VERIFY)
        return info_json(answer, index, self);
    if (answer->peers)
        return person_json(&answer->peers[index], self);
    if (answer->rooms)
        return room_json(&answer->rooms[index]);
    if (answer->lines)
        return line_json(&answer->lines[index]);
    return got_json(answer, index);
}

json_t *answer_json(const struct node_answer *answer, const struct id *self)
{
    json_t *object = must(json_object());
    json_t *list = must(json_array());
    for (size_t i = 0; i < answer->count; i++)
        if (json_array_append_new(list, item_json(answer, i, self)) != 0)
            die("JSON cannot hold a list");
    if (answer->command == COMMAND_WHO_GOT)
        put(object, "ref", answer->ref.seq ? ref_json(&answer->ref) : json_null());
    put(object, command_spec(answer->command)->name, list);
    return object;
}

/* ---- scans ---- */

static const char *scan_word(enum scan_state state)
{
    switch (state) {
    case SCAN_STARTED:
        return "started";
    case SCAN_PROGRESS:
        return "progress";
    case SCAN_FOUND:
        return "found";
    case SCAN_DONE:
        return "done";
    case SCAN_STOPPED:
        return "stopped";
    }
    return "done";
}

static json_t *gone_json(const struct scan_event *event)
{
    json_t *list = must(json_array());
    if (event->state != SCAN_DONE) {
        json_decref(list);
        return json_null();
    }
    for (size_t i = 0; i < event->gone_count; i++)
        if (json_array_append_new(list, text_json(event->gone[i])) != 0)
            die("JSON cannot hold a list");
    return list;
}

json_t *scan_json(const struct scan_event *event)
{
    const struct scan_find *find = event->find;
    json_t *object = must(json_object());
    put(object, "state", json_string(scan_word(event->state)));
    put(object, "range", text_json(event->range));
    put(object, "tried", json_integer((json_int_t)event->tried));
    put(object, "total", json_integer((json_int_t)event->total));
    put(object, "found", json_integer((json_int_t)event->found));
    put(object, "address", find ? text_json(find->address) : json_null());
    put(object, "name", find && find->name ? text_json(find->name) : json_null());
    put(object, "dialect", find && find->dialect ? text_json(find->dialect) : json_null());
    put(object, "id", find && find->id ? id_json(find->id) : json_null());
    put(object, "new", find ? json_boolean(find->is_new) : json_null());
    put(object, "gone", gone_json(event));
    return object;
}

/* ---- the doctor ---- */

static json_t *sentence_json(const struct message *message)
{
    char text[MESSAGE_TEXT_BYTES];
    if (!message->one)
        return json_null();
    message_text(message, i18n_translate, text, sizeof text);
    return text_json(text);
}

static json_t *word_json(const struct doctor_word *word)
{
    json_t *object = must(json_object());
    put(object, "area", json_string(doctor_area_word(word->area)));
    put(object, "verdict", json_string(doctor_verdict_word(word->verdict)));
    put(object, "code", json_string(word->what.code));
    put(object, "text", sentence_json(&word->what));
    put(object, "do", sentence_json(&word->todo));
    return object;
}

json_t *doctor_json(const struct doctor_report *report)
{
    json_t *object = must(json_object());
    json_t *list = must(json_array());
    for (size_t i = 0; i < report->count; i++)
        if (json_array_append_new(list, word_json(&report->words[i])) != 0)
            die("JSON cannot hold a list");
    put(object, "doctor", list);
    return object;
}

/* ---- written out ---- */

/* Controls and what turns, hides or joins text: nothing that one should meet raw on a terminal.
 * jansson has escaped those below the space already. */
static bool is_risky(int32_t code)
{
    static const int32_t RANGES[][2] = {
        {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},   {0x180e, 0x180e}, {0x200b, 0x200f},
        {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
    };
    for (size_t i = 0; i < sizeof RANGES / sizeof *RANGES; i++)
        if (code >= RANGES[i][0] && code <= RANGES[i][1])
            return true;
    return false;
}

static size_t escape_write(int32_t code, char into[13])
{
    if (code < 0x10000)
        return (size_t)snprintf(into, 13, "\\u%04x", (unsigned)code);
    unsigned high = 0xd800 + ((unsigned)(code - 0x10000) >> 10);
    unsigned low = 0xdc00 + ((unsigned)code & 0x3ff);
    return (size_t)snprintf(into, 13, "\\u%04x\\u%04x", high, low);
}

/* How many bytes from here on are plain and nothing else: nearly all of most lines. */
static size_t plain_run(const char *text, size_t size)
{
    size_t length = 0;
    while (length < size && text[length] >= 0x20 && text[length] < 0x7f)
        length++;
    return length;
}

/* Outside of strings JSON is plain ASCII, so all that is found is inside one. */
static int escaped_add(const char *text, size_t size, void *into)
{
    int32_t code = 0;
    for (size_t at = 0, step; at < size; at += step) {
        char escape[13];
        const char *part = text + at;
        step = plain_run(part, size - at);
        size_t length = step;
        if (step == 0) {
            length = step = utf8_step(part, size - at, &code);
            if (is_risky(code)) {
                length = escape_write(code, escape);
                part = escape;
            }
        }
        if (!buf_add(into, part, length))
            return -1;
    }
    return 0;
}

char *event_text(const char *event, uint64_t at, json_t *members, size_t *size)
{
    struct buf text;
    char time[TIME_TEXT], head[128];
    buf_init(&text, SIZE_MAX);
    time_text(at, time);
    int length = snprintf(head, sizeof head, "{\"event\":\"%s\",\"at\":\"%s\"%s", event, time,
                          json_object_size(must(members)) ? "," : "");
    if (length >= (int)sizeof head || !buf_add(&text, head, (size_t)length) ||
        json_dump_callback(members, escaped_add, &text, JSON_COMPACT | JSON_EMBED) != 0 ||
        !buf_add(&text, "}", 2)) /* with the zero */
        die("the event %s cannot be written as JSON", event);
    json_decref(members);
    *size = text.length - 1;
    return (char *)text.room;
}
