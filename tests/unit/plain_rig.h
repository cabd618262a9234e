#pragma once
/* A pad that lines of tertulia --plain are written on, and a model made by hand. */
#include "app/plain_words.h"
#include "base/alloc.h"
#include "base/utf8.h"
#include "core/model_make.h"
#include "core/room.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RIG_NOON UINT64_C(1763640000000) /* Thursday 20 November 2025, 12:00 UTC */
#define RIG_DAY UINT64_C(86400000)

enum { RIG_PAD = 1 << 20 };

struct rig {
    struct plain_words words;
    struct model model;
    char pad[RIG_PAD]; /* a newline behind each line */
    size_t size;
};

/* Whatever is said is one line of visible characters. */
static inline void rig_put(void *self, const char *line, size_t size)
{
    struct rig *rig = self;
    assert_true(utf8_valid(line, size));
    for (size_t i = 0; i < size; i++)
        assert_true((unsigned char)line[i] >= 0x20 && line[i] != 0x7f);
    assert_true(rig->size + size + 2 < sizeof rig->pad);
    memcpy(rig->pad + rig->size, line, size);
    memcpy(rig->pad + rig->size + size, "\n", 2);
    rig->size += size + 1;
}

static inline struct rig *rig_new(void)
{
    struct rig *rig = xcalloc(1, sizeof *rig);
    setenv("TZ", "UTC", 1);
    tzset();
    model_init(&rig->model);
    plain_words_init(&rig->words, rig_put, rig, RIG_NOON);
    rig->words.model = &rig->model;
    return rig;
}

static inline void rig_free(struct rig *rig)
{
    model_done(&rig->model);
    free(rig);
}

/* All lines since the last time. */
static inline void rig_said(struct rig *rig, const char *expected)
{
    assert_string_equal(rig->pad, expected);
    rig->size = 0;
    rig->pad[0] = '\0';
}

/* The conversation is held; `title`: what a whisper is called. */
static inline struct conversation *rig_hold(struct rig *rig, const char *name, const char *title)
{
    char *own = xstrdup(name);
    struct room room = {.name = own, .kind = name[0] == '@' ? ROOM_WHISPER : ROOM_PUBLIC};
    struct conversation *held = model_hold(&rig->model, &room, false);
    free(held->title);
    held->title = xstrdup(title);
    free(own);
    return held;
}

static inline struct id rig_id(uint8_t byte)
{
    struct id id;
    memset(id.bytes, byte, sizeof id.bytes);
    return id;
}

/* bruno says it in #everyone. */
static inline struct node_line rig_line(const char *text)
{
    return (struct node_line){.order = {.key = RIG_NOON, .author = rig_id(2), .seq = 1},
                              .conversation = ROOM_EVERYONE,
                              .kind = ENTRY_SAY,
                              .readable = true,
                              .live = true,
                              .name = "bruno",
                              .text = span_text(text),
                              .time = RIG_NOON + UINT64_C(120000)};
}
