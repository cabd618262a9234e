/* What guests that pass words on have heard and said lately. A table of fixed size, because they
 * may say anything: a new line takes the place of the oldest of its row, and what was forgotten so
 * is at worst heard once more. Invariant: it never grows. */
#include "base/alloc.h"
#include "core/crypto.h"
#include "dialect/guest_parts.h"

#include <stdlib.h>

enum {
    /* A minute of some hundred busy lines a second, 128 KiB. */
    ROWS = 1024,
    COLUMNS = 8,
};

struct trace {
    uint64_t tag; /* of what happened to which bytes; 0: nothing */
    uint64_t at;
};

struct echoes {
    struct trace rows[ROWS][COLUMNS];
};

/* What can happen to a line. Of the last one it matters where. */
enum fate { FATE_HEARD, FATE_SAID, FATE_CARRIED };

struct echoes *echoes_new(void)
{
    return xcalloc(1, sizeof(struct echoes));
}

void echoes_free(struct echoes *echoes)
{
    free(echoes);
}

static uint64_t tag_of(enum fate fate, uint32_t number, struct span bytes)
{
    uint8_t what[16];
    put_u64(what, fate);
    put_u64(what + 8, fate == FATE_CARRIED ? number : 0);
    struct span parts[] = {span_of(what, sizeof what), bytes};
    struct hash hash = hash_of_parts(parts, 2);
    uint64_t tag = 0;
    for (size_t i = 0; i < 8; i++)
        tag = tag << 8 | hash.bytes[i];
    return tag ? tag : 1;
}

/* The trace of this tag; else, to be taken, the oldest of its row. */
static struct trace *place_of(struct echoes *echoes, uint64_t tag)
{
    struct trace *row = echoes->rows[tag % ROWS];
    struct trace *oldest = row;
    for (size_t i = 0; i < COLUMNS; i++) {
        if (row[i].tag == tag)
            return &row[i];
        if (row[i].tag == 0 || (oldest->tag != 0 && row[i].at < oldest->at))
            oldest = &row[i];
    }
    return oldest;
}

/* Notes it, and answers whether it was so before, within `ms`. */
static bool again(struct echoes *echoes, uint64_t tag, uint64_t ms, uint64_t now_ms)
{
    struct trace *trace = place_of(echoes, tag);
    bool before = trace->tag == tag && now_ms - trace->at < ms;
    *trace = (struct trace){tag, now_ms};
    return before;
}

static bool was(const struct echoes *echoes, uint64_t tag, uint64_t ms, uint64_t now_ms)
{
    const struct trace *row = echoes->rows[tag % ROWS];
    for (size_t i = 0; i < COLUMNS; i++)
        if (row[i].tag == tag)
            return now_ms - row[i].at < ms;
    return false;
}

static void carried(struct echoes *echoes, uint32_t number, struct span bytes, uint64_t now_ms)
{
    (void)again(echoes, tag_of(FATE_CARRIED, number, bytes), 0, now_ms);
}

bool echo_ours(const struct echoes *echoes, struct span bytes, uint64_t now_ms)
{
    return was(echoes, tag_of(FATE_SAID, 0, bytes), ECHO_SAID_MS, now_ms);
}

bool echo_news(struct echoes *echoes, uint32_t number, struct span bytes, uint64_t now_ms)
{
    carried(echoes, number, bytes, now_ms);
    bool heard = again(echoes, tag_of(FATE_HEARD, 0, bytes), ECHO_AGAIN_MS, now_ms);
    return !heard && !echo_ours(echoes, bytes, now_ms);
}

void echo_said(struct echoes *echoes, uint32_t number, struct span bytes, uint64_t now_ms)
{
    carried(echoes, number, bytes, now_ms);
    (void)again(echoes, tag_of(FATE_SAID, 0, bytes), 0, now_ms);
}

void echo_passed(struct echoes *echoes, uint32_t number, struct span bytes, uint64_t now_ms)
{
    carried(echoes, number, bytes, now_ms);
    (void)again(echoes, tag_of(FATE_HEARD, 0, bytes), ECHO_AGAIN_MS, now_ms);
}

bool echo_carried(const struct echoes *echoes, uint32_t number, struct span bytes, uint64_t now_ms)
{
    return was(echoes, tag_of(FATE_CARRIED, number, bytes), ECHO_SAID_MS, now_ms);
}
