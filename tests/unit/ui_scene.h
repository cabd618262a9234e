#pragma once
/* A small world to look at, made by hand: the model that the screen reads, without a node. */
#include "base/alloc.h"
#include "core/model.h"

#include <stdlib.h>
#include <string.h>

#define SCENE_NOW UINT64_C(1763647320000) /* Thursday 20 November 2025, 14:02 UTC */
#define SCENE_MINUTE UINT64_C(60000)

enum { SCENE_PEOPLE = 16, SCENE_ROWS = 64 };

struct scene {
    struct model model;
    struct conversation rooms[8];
    size_t room_count;
    struct row *rows[SCENE_ROWS];
    struct who people[SCENE_PEOPLE];
    size_t people_count;
    uint64_t seq;
};

static inline struct id scene_id(uint8_t byte)
{
    struct id id;
    memset(id.bytes, byte, sizeof id.bytes);
    return id;
}

static inline struct conversation *scene_room(struct scene *scene, const char *name,
                                              const char *title)
{
    struct conversation *room = &scene->rooms[scene->room_count++];
    *room = (struct conversation){.name = xstrdup(name),
                                  .title = xstrdup(title),
                                  .topic = xstrdup(""),
                                  .whisper = name[0] == '@',
                                  .joined = true,
                                  .present = 7};
    room->window.following = true;
    return room;
}

static inline void scene_open(struct scene *scene, struct conversation *room)
{
    scene->model.dirty = MODEL_LINES;
    scene->model.open = room;
    scene->model.room = room->title;
    for (size_t i = 0; i < scene->model.row_count; i++) {
        struct row *row = scene->rows[i];
        row->open = row->conversation && strcmp(row->conversation, room->name) == 0;
        if (row->open)
            row->unread = row->mentions = 0;
    }
}

static inline struct row *scene_row(struct scene *scene, enum row_kind kind, const char *label,
                                    const char *conversation)
{
    struct row *row = xcalloc(1, sizeof *row);
    row->kind = kind;
    row->label = xstrdup(label);
    row->conversation = conversation ? xstrdup(conversation) : NULL;
    row->presence = PRESENCE_LINKED;
    scene->rows[scene->model.row_count++] = row;
    scene->model.rows = scene->rows;
    return row;
}

static inline struct who *scene_who(struct scene *scene, const char *label, uint8_t byte)
{
    struct who *who = &scene->people[scene->people_count++];
    *who = (struct who){.id = scene_id(byte), .label = label};
    return who;
}

static inline struct post *scene_post(struct scene *scene, struct conversation *room,
                                      const struct who *from, enum post_kind kind, uint64_t wall,
                                      const char *text)
{
    struct window *window = &room->window;
    size_t size = strlen(text);
    struct post *post = xcalloc(1, sizeof *post + size);
    post->order = (struct order){.key = wall, .seq = ++scene->seq};
    post->from = from;
    post->kind = kind;
    post->wall = wall;
    post->own = from && from->self;
    post->size = (uint32_t)size;
    memcpy(post->text, text, size);
    if (window->count == window->room) {
        window->room = window->room * 2 + 16;
        window->posts = xrealloc(window->posts, window->room, sizeof(struct post *));
    }
    window->posts[window->count++] = post;
    return post;
}

static inline struct post *scene_say(struct scene *scene, struct conversation *room,
                                     const struct who *from, int minute, const char *text)
{
    return scene_post(scene, room, from, POST_SAY, SCENE_NOW - (uint64_t)(-minute) * SCENE_MINUTE,
                      text);
}

/* The picture of UX.md. */
static inline void scene_init(struct scene *scene)
{
    *scene =
        (struct scene){.model = {.name = "ana", .tag = "k7fq", .port = 9999, .now = SCENE_NOW}};
    struct who *ana = scene_who(scene, "ana", 9);
    struct who *bruno = scene_who(scene, "bruno", 1);
    struct who *carla = scene_who(scene, "carla", 2);
    struct who *carlos = scene_who(scene, "carlos", 9);
    ana->self = true;
    carlos->guest = "carlos";
    carlos->dialect = "plain";
    carlos->host = "ana";
    struct row *row = scene_row(scene, ROW_PERSON, "bruno", "@bruno");
    row->id = bruno->id;
    row->trust = TRUST_VERIFIED;
    row->unread = row->mentions = 3;
    row = scene_row(scene, ROW_PERSON, "carla", "@carla");
    row->id = carla->id;
    row->rtt_us = 400;
    row = scene_row(scene, ROW_PERSON, "dani", "@dani");
    row->presence = PRESENCE_AWAY;
    row = scene_row(scene, ROW_PERSON, "eva", "@eva");
    row->presence = PRESENCE_GONE;
    row->seen = SCENE_NOW - 12 * SCENE_MINUTE;
    row = scene_row(scene, ROW_GUEST, "carlos", NULL);
    row->via = xstrdup("ana");
    row->dialect = xstrdup("plain");
    scene_row(scene, ROW_ROOM, "#everyone", "#everyone");
    scene_row(scene, ROW_ROOM, "#lab", "#lab")->unread = 12;
    struct conversation *everyone = scene_room(scene, "#everyone", "#everyone");
    scene_room(scene, "#lab", "#lab");
    scene_room(scene, "@bruno", "bruno");
    scene_room(scene, "@carla", "carla");
    scene_say(scene, everyone, bruno, -4, "hola a todos");
    struct post *post = scene_say(scene, everyone, ana, -3, "hi! who has the build?");
    post->stored_by = 6;
    post->of = 7;
    post = scene_say(scene, everyone, carla, -1, "I do: http://192.168.1.7/build.tar.gz");
    everyone->marked = true;
    everyone->mark = post->order;
    scene_say(scene, everyone, carlos, -1, "buenas");
    scene_say(scene, everyone, bruno, 0, "my clock is wrong again")->skew_ms = 180000;
    scene_open(scene, everyone);
}

static inline void scene_done(struct scene *scene)
{
    for (size_t i = 0; i < scene->model.row_count; i++) {
        struct row *row = scene->rows[i];
        free(row->label);
        free(row->conversation);
        free(row->via);
        free(row->dialect);
        free(row->address);
        free(row);
    }
    for (size_t i = 0; i < scene->room_count; i++) {
        struct conversation *room = &scene->rooms[i];
        for (size_t j = 0; j < room->window.count; j++)
            free(room->window.posts[j]);
        free(room->window.posts);
        free(room->name);
        free(room->title);
        free(room->topic);
    }
}

static inline void scene_progress(struct scene *scene)
{
    struct progress *progress = &scene->model.progress;
    progress->on = true;
    progress->what = message_make("scan", N_("scan %s"));
    message_add(&progress->what, "192.168.1.0/24");
    progress->done = 71;
    progress->total = 100;
    progress->found = 4;
}
