#pragma once
/* Where everything is kept: the folders, the identity's key, the lock, the history's place.
 *
 * Invariants: no key is ever overwritten, and none is used that others can read; two programs never
 * work in one folder. Every function that can fail answers NULL, or a sentence in the user's
 * language that says what happened and what to do, for free(). */
#include "core/mesh.h"

#include <stdbool.h>

struct home {
    char *data;   /* the key, the history, the lock: 0700 */
    char *config; /* settings that are written by hand; the same with --home */
    char *state; /* the debug log, reports of crashes; NULL: it cannot be had, which stops nobody */
    int lock;    /* a descriptor, or -1 */
};

/* The folders, made where they are missing: `dir`, or NULL for $XDG_DATA_HOME/tertulia and
 * $XDG_CONFIG_HOME/tertulia, $XDG_STATE_HOME/tertulia. And the lock, until home_done or the end of
 * the program, however it ends. Nothing is held where it fails. */
char *home_open(struct home *home, const char *dir) __attribute__((warn_unused_result));
void home_done(struct home *home);
/* The data folder, whether it is there or not, for free(); NULL where nothing says where it is. */
char *home_data(const char *dir);
/* The process that holds the lock in it; 0: none, as far as can be known. Nothing is made. */
uint32_t home_holder(const char *data);

/* Only the folder of the settings' file, made where it is missing, for free() in *path. */
char *home_config(const char *dir, char **path) __attribute__((warn_unused_result));

/* The key in the data folder, made where there is none: then *made. */
char *home_identity(const struct home *home, const struct sys *sys, struct identity *into,
                    bool *made) __attribute__((warn_unused_result));

/* Whether there is one. */
bool home_has_identity(const struct home *home);

/* The key of a mesh's secret, which is the first line of the file. `weak`: it can be guessed. */
char *home_secret(const char *path, struct span mesh, struct mesh_key *into, bool *weak)
    __attribute__((warn_unused_result));

/* What one is called as long as one has not chosen a name, for free(). */
char *home_login_name(void);

/* The file of the history of one mesh, for free(): tertulia.db, or for any other than the open mesh
 * called lan, tertulia-xxxxxxxx.db. */
char *home_history(const struct home *home, const struct hash *net);
