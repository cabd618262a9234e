#pragma once
/* What model.c and model_rows.c share. */
#include "base/alloc.h"
#include "core/model_make.h"
#include "core/receipt.h"
#include "core/room.h"

#define uthash_malloc(size) xmalloc(size)
#define uthash_fatal(why) die("table: %s", why)
#include <uthash.h>

/* A conversation as the table finds it. */
struct model_place {
    UT_hash_handle hh;
    struct conversation conversation;
};

/* Somebody whose lines are held; `key` is the id, the dialect and the guest's name. */
struct model_who {
    UT_hash_handle hh;
    struct who who;
    char *key;
    size_t key_size;
    char *label;
    char *host;
    bool used; /* found to be, while the unused ones are looked for */
};

struct model_find {
    char *address;
    char *name;
    char *dialect;
};

struct model_parts {
    struct model_place *places; /* in order of name */
    struct model_who *people;
    size_t people_kept; /* when the unused ones were last dropped */
    char *name;
    uint64_t roster_changes;
    struct model_find *found;
    size_t found_count;
};

/* The rows anew. */
void model_rows_make(struct model *model, const struct roster *roster, const struct rooms *rooms);
void model_rows_free(struct model *model);
/* A copy, or NULL for NULL. */
char *model_copy(const char *text);
